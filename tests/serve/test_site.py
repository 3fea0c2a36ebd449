"""Pages and files, as answers to what a browser asks; no server is needed for that."""

import re

import pytest

from dlbench.serve.access import Access, WebRequest
from dlbench.serve.downloads import MOST, Delivery, Downloads
from dlbench.serve.site import HEADERS, STATIC, Site

ACCESS = Access.on("127.0.0.1")
OWN = "http://localhost:8000"
SECRET_RUN = "secret-run/20260101-120000"


def site_of(*, room=True, downloads=None):
    """A site with or without room for one more."""
    return Site(ACCESS, title=f"dlbench {SECRET_RUN}", downloads=downloads or Downloads(), room=lambda: room)


def asked(path="/", *, inside=True, **other):
    """What a browser with the cookie asks, or one without."""
    cookies = {ACCESS.cookie: ACCESS.token} if inside else {}
    return WebRequest(path, **({"host": "localhost:8000", "cookies": cookies} | other))


def test_the_token_becomes_a_cookie_by_a_redirect():
    """The link answers with a redirect that has the cookie and no token; the page that it leads to goes on to the dashboard."""
    first = site_of().answer(asked(inside=False, token=ACCESS.token))
    assert first.status == 303
    assert first.headers["Location"] == "/enter"
    assert first.headers["Set-Cookie"] == ACCESS.set_cookie(asked())

    second = site_of().answer(asked("/enter", inside=False))
    assert b'content="0; url=/"' in second.body
    assert ACCESS.token.encode() not in first.body + second.body


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"inside": False}, 401),
        ({"inside": False, "token": "wrong"}, 403),
        ({"token": ""}, 403),
        ({"cookies": {ACCESS.cookie: "wrong"}}, 401),
        ({"host": "evil.example"}, 403),
        ({"host": None}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"method": "POST"}, 405),
        ({"method": "OPTIONS"}, 405),
    ],
)
@pytest.mark.parametrize("path", ["/", "/static/page.css"])
def test_strangers_are_told_nothing_of_the_run(path, wrong, status):
    """Without token or cookie, by another name, from another page or by another method there is a refusal, and no name of a run."""
    if path != "/" and "token" in wrong:
        return  # a token is asked for at the door alone
    answer = site_of().answer(asked(path, **wrong))
    assert answer.status == status
    assert SECRET_RUN.encode() not in answer.body
    assert ACCESS.token.encode() not in answer.body


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"origin": OWN, "inside": False}, 401),
        ({"origin": None}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": OWN, "host": "evil.example:8000"}, 403),
    ],
)
def test_no_websocket_opens_for_strangers(wrong, status):
    """A websocket needs the cookie, a known Host and the server's own Origin."""
    assert site_of().refuses_viewer(asked("/ws", **wrong)).status == status
    assert site_of().refuses_viewer(asked("/ws", origin=OWN)) is None


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static",
        "/static/../pyproject.toml",
        "/static/..%2f..%2fetc/passwd",
        "/static//etc/passwd",
        "/../../etc/passwd",
        "/pages/index.html",
        "/download/",
        "/download/../x",
        "/ws/",
        "/favicon.ico",
    ],
)
def test_nothing_is_served_but_by_its_name(path):
    """There is no folder to list and no way out of one."""
    assert site_of().answer(asked(path)).status == 404


def test_the_page_loads_nothing_from_elsewhere():
    """All that the page and its own files name is on this server, and the browser is told to hold them to it."""
    page = site_of().answer(asked()).body.decode()
    assert SECRET_RUN in page
    own = [site_of().answer(asked(path)).body.decode() for path in ("/static/page.css", "/static/page.js")]
    named = re.findall(r"""(?:src|href)="([^"]*)"|url\("([^"]*)"\)""", "".join([page, *own]))
    paths = {one or other for one, other in named} - {"data:,", "/"}
    assert paths == set(STATIC)
    assert 'websocket-url="ws://localhost:8000/ws"' in page
    assert "default-src 'none'" in HEADERS["Content-Security-Policy"]
    assert "http" not in HEADERS["Content-Security-Policy"]


def test_behind_tls_the_websocket_speaks_it_too():
    """A page that came by https opens no plain websocket, which browsers refuse."""
    page = site_of().answer(asked(is_secure=True)).body.decode()
    assert 'websocket-url="wss://localhost:8000/ws"' in page


def test_where_there_is_no_room_a_page_says_so_and_tries_again():
    """Both the page and the websocket are refused with 503; the page comes back by itself."""
    full = site_of(room=False)
    answer = full.answer(asked())
    assert (answer.status, full.refuses_viewer(asked("/ws", origin=OWN)).status) == (503, 503)
    assert b"All places are taken" in answer.body
    assert b'http-equiv="refresh"' in answer.body


def test_titles_are_text():
    """A run's name is never markup."""
    site = Site(ACCESS, title="<script>x</script>", downloads=Downloads(), room=lambda: True)
    assert b"<script>x" not in site.answer(asked()).body


def test_a_download_is_there_once():
    """A file is handed out once, as a file by its name; the oldest give way."""
    downloads = Downloads()
    site = site_of(downloads=downloads)
    key = downloads.put(Delivery('tä"ble.csv', b"a,b"))
    first, second = (site.answer(asked(f"/download/{key}")) for _ in range(2))
    assert (first.body, first.headers["Content-Disposition"]) == (
        b"a,b",
        "attachment; filename*=UTF-8''t%C3%A4%22ble.csv",
    )
    assert second.status == 404

    oldest, *_ = [downloads.put(Delivery("x", b"")) for _ in range(MOST + 1)]
    assert downloads.take(oldest) is None
