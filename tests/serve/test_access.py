"""Who may look, decided from what a browser sends."""

import pytest

from dlbench.serve.access import Access, WebRequest

LOCAL = Access.on("127.0.0.1")
OPEN = Access.on("0.0.0.0", ["class.example"])


@pytest.mark.parametrize(
    ("access", "host", "known"),
    [
        (LOCAL, "localhost:8000", True),
        (LOCAL, "LOCALHOST", True),
        (LOCAL, "127.0.0.1:9000", True),  # through `ssh -L 9000:127.0.0.1:8000`
        (LOCAL, "[::1]:8000", True),
        (LOCAL, "192.168.0.5:8000", False),
        (LOCAL, "evil.example:8000", False),
        (LOCAL, "localhost.evil.example", False),
        (LOCAL, "evil.example@localhost", False),
        (LOCAL, "127.0.0.1.evil.example", False),
        (LOCAL, "localhost/@evil.example", False),
        (LOCAL, "[::1", False),
        (LOCAL, "", False),
        (LOCAL, None, False),
        (OPEN, "192.168.0.5:8000", True),
        (OPEN, "class.example", True),
        (OPEN, "evil.example", False),
    ],
)
def test_only_names_that_cannot_be_pointed_elsewhere_are_known(access, host, known):
    """Addresses and names of this server pass; a name that anybody may point here (DNS rebinding) does not."""
    assert access.knows(host) is known


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        (None, True),
        ("http://localhost:8000", True),
        ("https://localhost:8000", True),
        ("http://localhost:9000", False),
        ("http://evil.example", False),
        ("http://localhost:8000.evil.example", False),
        ("http://localhost:8000/x", False),
        ("file://localhost:8000", False),
        ("null", False),
        ("", False),
        ("http://[", False),
    ],
)
def test_only_its_own_pages_are_its_own(origin, own):
    """An Origin is the server's own where it is the very place that was asked."""
    assert LOCAL.is_own(WebRequest("/", host="localhost:8000", origin=origin)) is own


def test_the_token_opens_and_nothing_else_does():
    """The token is random, long, and compared as a whole; letters beyond ASCII are no error."""
    assert len(LOCAL.token) >= 43
    assert LOCAL.token != Access.on("127.0.0.1").token
    assert LOCAL.opens(LOCAL.token)
    assert not any(map(LOCAL.opens, (None, "", LOCAL.token[:-1], LOCAL.token + "x", "ä\udcff")))


def test_a_cookie_is_kept_from_scripts_and_other_sites():
    """It is HttpOnly and SameSite=Strict, Secure behind TLS, and of a name that no other server shares."""
    cookie = LOCAL.set_cookie(WebRequest("/"))
    assert cookie.startswith(f"{LOCAL.cookie}={LOCAL.token};")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert "Secure" in LOCAL.set_cookie(WebRequest("/", is_secure=True)).split("; ")
    assert LOCAL.cookie != Access.on("127.0.0.1").cookie


def test_links_have_the_token_and_an_address_that_others_reach():
    """Whoever listens everywhere names an address; IPv6 stands in brackets."""
    assert LOCAL.link(8000) == f"http://127.0.0.1:8000/?token={LOCAL.token}"
    assert Access.on("::1").link(1).startswith("http://[::1]:1/")
    assert "0.0.0.0" not in OPEN.link(8000)
