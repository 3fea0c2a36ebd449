"""Who may look: a token that becomes a cookie, and the names under which this server may be called."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

TOKEN_BYTES = 32
LOOPBACK = "127.0.0.1"
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104  # names them, binds nothing


@dataclass(frozen=True)
class WebRequest:
    """What a browser asks, as far as the answer depends on it."""

    path: str
    method: str = "GET"
    token: str | None = None
    """Of the URL."""
    host: str | None = None
    """The header; `None` where there is none, or more than one."""
    origin: str | None = None
    cookies: dict[str, str] = field(default_factory=dict)
    is_secure: bool = False
    """A reverse proxy says that the browser speaks TLS with it."""


@dataclass(frozen=True)
class Access:
    """The token, and what the server is called.

    `listens` is the address that it is bound to. A name that anybody can point at this machine (DNS rebinding) is not among
    `names`; an address cannot be pointed elsewhere, and is believed.
    """

    listens: str = LOOPBACK
    names: frozenset[str] = frozenset()
    token: str = field(default_factory=lambda: secrets.token_urlsafe(TOKEN_BYTES))

    @classmethod
    def on(cls, listens: str, names: Iterable[str] = ()) -> Access:
        """Access to a server bound to an address; beyond the loopback it is called as the machine is, too."""
        own = set() if is_loopback(listens) else {socket.gethostname(), socket.getfqdn(), listens}
        return cls(listens, frozenset(name.lower() for name in {*own, *names}))

    @property
    def cookie(self) -> str:
        """The cookie's name, which no other server on this machine shares: cookies know no ports."""
        return f"dlbench-{hashlib.sha256(self.token.encode()).hexdigest()[:8]}"

    def link(self, port: int) -> str:
        """The address to open, with the token."""
        host = own_address() if self.listens in ANYWHERE else self.listens
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/?token={self.token}"

    def opens(self, token: str | None) -> bool:
        """Whether this is the token."""
        return token is not None and hmac.compare_digest(token.encode(errors="surrogatepass"), self.token.encode())

    def is_let_in(self, asked: WebRequest) -> bool:
        """Whether the browser has the cookie."""
        return self.opens(asked.cookies.get(self.cookie))

    def set_cookie(self, asked: WebRequest) -> str:
        """The header's value: no script reads it, no other site's page sends it, the browser's end is its end."""
        morsel: SimpleCookie = SimpleCookie({self.cookie: self.token})
        settings: dict[str, Any] = {"path": "/", "httponly": True, "samesite": "Strict", "secure": asked.is_secure}
        morsel[self.cookie].update(settings)
        return morsel[self.cookie].OutputString()

    def knows(self, host: str | None) -> bool:
        """Whether a Host header, or the place of an Origin, is a name of this server."""
        try:
            name = urlsplit(f"//{host}").hostname if host else None
        except ValueError:
            return False
        if not name or set("/@?#") & set(host or ""):
            return False
        if name in self.names or name == "localhost":
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not is_loopback(self.listens)

    def is_own(self, asked: WebRequest) -> bool:
        """Whether an Origin, where there is one, is this server itself and no other site's page."""
        if asked.origin is None:
            return True
        try:
            scheme, place = urlsplit(asked.origin)[:2]
        except ValueError:
            return False
        host = (asked.host or "").lower()
        return scheme in {"http", "https"} and place.lower() == host and asked.origin.count("/") == 2


def own_address() -> str:
    """The address under which this machine's network knows it, else its name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # of no one; nothing is sent
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what is bound to it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
