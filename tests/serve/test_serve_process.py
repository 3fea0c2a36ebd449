"""`dlbench serve` as a process, opened by its link and ended by a signal."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys

import pytest
from pages import finished_run

from dlbench.errors import SetupError
from dlbench.serve.server import listen

pytestmark = pytest.mark.extras
aiohttp = pytest.importorskip("aiohttp")
PATIENCE = 120.0


def test_a_port_that_is_taken_is_told():
    """Where another program listens, there is one line that says so."""
    taken = pytest.raises(SetupError, match="choose another by --port")
    with socket.create_server(("127.0.0.1", 0)) as other, taken:
        asyncio.run(
            listen(pytest.importorskip("aiohttp.web").Application(), "127.0.0.1", other.getsockname()[1], print)
        )


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_printed_link_opens_the_dashboard_and_a_signal_ends_it_all(tmp_path, ending):
    """stdout is the link alone; a browser that follows it sees the run; Ctrl-C or SIGTERM ends server and viewers with 0."""
    run = finished_run(tmp_path)
    command = [sys.executable, "-m", "dlbench", "serve", str(run.path), "--port", "0"]
    environment = os.environ | {"TERM": "dumb", "NO_COLOR": "1"}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        link = server.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{43}", link)
        drawn = asyncio.run(_watched(link, lambda: server.send_signal(ending)))
        assert "\x1b[38;2;" in drawn  # colours are the browser's, whatever the terminal of the server can
        assert (server.wait(PATIENCE), server.stdout.read()) == (0, "")
        assert server.stderr.read().count("\n") == 1
    finally:
        server.kill()
        server.communicate()


async def _watched(link, end):
    """What a browser is drawn that follows the link; then `end` is called, and the server says goodbye."""
    origin, drawn = link.partition("/?")[0], b""
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        await browser.get(link)
        async with browser.ws_connect(f"{origin}/ws", headers={"Origin": origin}) as page:
            while b"Gradients" not in drawn:
                drawn += (await page.receive()).data
            end()
            async for message in page:
                drawn += message.data
            assert page.close_code == 1001
    return drawn.decode()
