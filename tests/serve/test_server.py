"""The real server, asked by aiohttp's own client."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from pages import finished_run, seen, viewers_of

from dlbench.serve.access import Access
from dlbench.serve.messages import LARGEST
from dlbench.serve.server import make_server, make_site
from dlbench.serve.site import HEADERS

pytestmark = pytest.mark.extras
aiohttp = pytest.importorskip("aiohttp")
asking = pytest.importorskip("aiohttp.test_utils")

PATIENCE = 120.0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that has ended."""
    return finished_run(tmp_path_factory.mktemp("runs"))


class Served:
    """A server with one client, which is let in."""

    def __init__(self, client, access, viewers, broken):
        self.client, self.access, self.viewers, self.broken = client, access, viewers, broken
        self.origin = f"http://{client.host}:{client.port}"

    async def watch(self, **headers):
        """A websocket with a dashboard."""
        return await self.client.ws_connect("/ws?width=90&height=30", headers={"Origin": self.origin} | headers)

    async def shows(self, socket, text, drawn=b""):
        """Wait until the websocket has drawn a text."""
        async with asyncio.timeout(PATIENCE):
            while text.encode() not in drawn:
                message = await socket.receive()
                assert message.type in {aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT}, message
                drawn += message.data if isinstance(message.data, bytes) else b""

    async def closed(self, socket):
        """Wait until the server ends a websocket; returns its code."""
        async with asyncio.timeout(PATIENCE):
            while not socket.closed:
                await socket.receive()
        return socket.close_code

    async def is_well(self):
        """A new viewer sees the run, and nothing broke."""
        async with asyncio.timeout(PATIENCE):
            while not self.viewers.has_room:  # noqa: ASYNC110  # nobody tells  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.01)
        async with await self.watch() as socket:
            await self.shows(socket, "Gradients")
        assert self.broken == []


@asynccontextmanager
async def served(run, *, most=5, let_in=True):
    """The server on a free port of this machine."""
    access = Access.on("127.0.0.1")
    async with viewers_of(run, most=most) as (viewers, broken):
        app = make_server(make_site(access, viewers, run.name), viewers)
        cookies = {access.cookie: access.token} if let_in else {}
        async with asking.TestClient(
            asking.TestServer(app), cookies=cookies, cookie_jar=aiohttp.CookieJar(unsafe=True)
        ) as client:
            yield Served(client, access, viewers, broken)


def test_the_link_leads_to_the_dashboard_and_nothing_else_does(run):
    """By the link's redirect and cookie a browser is in; without, with a wrong one, or with another method it is not."""

    async def visit():
        async with served(run, let_in=False) as one:
            get = one.client.get
            for path in ("/", "/ws", "/static/textual.js", "/download/x", "/nowhere"):
                assert (await get(path, headers={"Origin": one.origin})).status == 401
            assert (await get("/?token=wrong")).status == 403
            first = await get(f"/?token={one.access.token}", allow_redirects=False)
            assert (first.status, first.headers["Location"]) == (303, "/enter")
            assert (await get("/enter")).status == 200

            page = await get("/")
            assert page.status == 200
            assert run.name in await page.text()
            assert all(page.headers[name] == value for name, value in HEADERS.items())
            for path in ("/static/textual.js", "/static/xterm.css", "/static/mono.ttf", "/static/page.js"):
                assert (await get(path)).status == 200
            assert (await one.client.post("/")).status == 405
            async with await one.watch() as socket:
                await one.shows(socket, "Gradients")
            await one.is_well()

    asyncio.run(visit())


def test_other_names_and_other_pages_are_refused(run):
    """A wrong Host (DNS rebinding) or Origin gets neither page nor websocket, the cookie notwithstanding."""

    async def visit():
        async with served(run) as one:
            for wrong in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
                assert (await one.client.get("/", headers=wrong)).status == 403
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await one.watch(**wrong)
                assert refused.value.status == 403
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await one.client.ws_connect("/ws")
            assert refused.value.status == 403
            assert (await one.client.get("/ws", headers={"Origin": one.origin})).status == 426

    asyncio.run(visit())


@pytest.mark.parametrize(
    "path",
    [
        b"/static/../../../../etc/passwd",
        b"/static/%2e%2e/%2e%2e/etc/passwd",
        b"/static/..%2f..%2fetc%2fpasswd",
        b"/static/",
        b"//etc/passwd",
        b"/static/\\..\\..\\etc",
        b"/static/textual.js%00.css",
    ],
)
def test_no_path_leads_out(run, path):
    """Paths as an attacker writes them byte by byte find nothing."""

    async def visit():
        async with served(run) as one:
            reader, writer = await asyncio.open_connection(one.client.host, one.client.port)
            cookie = f"{one.access.cookie}={one.access.token}".encode()
            writer.write(
                b"GET %s HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\nConnection: close\r\n\r\n" % (path, cookie)
            )
            answer = await reader.read()
            writer.close()
            assert answer.split(b" ")[1] in {b"404", b"400"}, answer[:200]
            assert b"root:" not in answer

    asyncio.run(visit())


def test_places_are_limited_and_given_back(run):
    """Beyond the limit pages and websockets get 503; as soon as one leaves there is room again."""

    async def visit():
        async with served(run, most=2) as one:
            async with await one.watch() as first, await one.watch() as second:
                await one.shows(first, "Gradients")
                await one.shows(second, "Gradients")
                full = await one.client.get("/")
                assert full.status == 503
                assert "All places are taken" in await full.text()
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await one.watch()
                assert refused.value.status == 503
            await one.is_well()

    asyncio.run(visit())


def test_two_hundred_connections_are_survived(run):
    """Two hundred websockets at once: as many as there is room for are served, all others refused, and it goes on."""

    async def visit():
        async with served(run, most=5) as one:
            found = await asyncio.gather(*(one.watch() for _ in range(200)), return_exceptions=True)
            sockets = [each for each in found if not isinstance(each, Exception)]
            refused = [each.status for each in found if isinstance(each, aiohttp.WSServerHandshakeError)]
            assert (len(sockets), refused) == (5, [503] * 195)
            await asyncio.gather(*(one.shows(socket, "Gradients") for socket in sockets))
            await asyncio.gather(*(socket.close() for socket in sockets))
            await one.is_well()

    asyncio.run(visit())


def test_hostile_frames_are_survived(run):
    """What is too large, or no frame at all, ends its own connection; what is garbage is passed over, and then ends it too."""

    async def visit():
        async with served(run) as one:
            large = await one.watch()
            await large.send_str('["stdin", "' + "x" * LARGEST + '"]')
            assert await one.closed(large) == 1009

            broken = await one.watch()
            broken._writer.transport.write(b"\xff\xff\xff\xff\xff\xff")
            assert await one.closed(broken) in {1002, 1006}

            binary = await one.watch()
            for _ in range(30):
                await binary.send_bytes(b"\x00\xff" * 100)
            await one.closed(binary)
            await one.is_well()

    asyncio.run(visit())


def test_half_requests_hold_nothing_up(run):
    """Two hundred connections that never finish their request keep nobody else from watching."""

    async def visit():
        async with served(run) as one:
            open_ones = [await asyncio.open_connection(one.client.host, one.client.port) for _ in range(200)]
            for _, writer in open_ones:
                writer.write(b"GET / HTTP/1.1\r\nHost: loc")
            await one.is_well()
            for _, writer in open_ones:
                writer.close()

    asyncio.run(visit())


def test_a_table_is_downloaded_and_the_folder_stays(run):
    """`s` hands the screen to the browser, once; the run's folder is as before."""

    async def visit():
        async with served(run) as one, await one.watch() as socket:
            await one.shows(socket, "Gradients")
            await socket.send_json(["stdin", "s"])
            async with asyncio.timeout(PATIENCE):
                while (message := await socket.receive()).type is not aiohttp.WSMsgType.TEXT:
                    pass
            kind, key = message.json()
            assert kind == "deliver_file_start"
            file = await one.client.get(f"/download/{key}")
            assert "attachment" in file.headers["Content-Disposition"]
            assert (await file.text()).startswith("<svg")
            assert (await one.client.get(f"/download/{key}")).status == 404

    before = seen(run)
    asyncio.run(visit())
    assert seen(run) == before


def test_the_end_of_the_server_ends_every_viewer(run):
    """When the server shuts down every page is told so, and no dashboard is left."""

    async def visit():
        async with served(run) as one:
            sockets = [await one.watch() for _ in range(3)]
            await asyncio.gather(*(one.shows(socket, "Gradients") for socket in sockets))
            ending = asyncio.create_task(one.client.server.close())
            assert [await one.closed(socket) for socket in sockets] == [1001] * 3
            await ending
            assert one.viewers.readers.followers == []

    asyncio.run(visit())
