"""What a browser gets to see: a few pages and files, each by its exact name, and a refusal for everything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from importlib import resources
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from dlbench.serve.access import Access, WebRequest
from dlbench.serve.downloads import Downloads

STATIC = {
    "/static/textual.js": ("textual_serve", "static/js/textual.js", "text/javascript"),
    "/static/xterm.css": ("textual_serve", "static/css/xterm.css", "text/css"),
    "/static/mono.ttf": ("textual_serve", "static/fonts/RobotoMono-VariableFont_wght.ttf", "font/ttf"),
    "/static/page.css": (__package__, "pages/page.css", "text/css"),
    "/static/page.js": (__package__, "pages/page.js", "text/javascript"),
}
"""The files that are served, each with its package, place and kind: the terminal of textual-serve's page, and our own.

There are no others, and no folder to list.
"""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer: nothing from elsewhere is loaded, nobody frames the page, no token lands in a cache or in another site's log."""

AGAIN_SECONDS = 15
"""After which a page that is full tries again."""


@dataclass(frozen=True)
class SiteAnswer:
    """What a browser gets."""

    status: HTTPStatus
    body: bytes = b""
    kind: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)


class Site:
    """Answers all that is asked, but for the websocket itself, of which it says whether it may be opened."""

    def __init__(
        self,
        access: Access,
        *,
        title: str,
        downloads: Downloads,
        room: Callable[[], bool],
    ) -> None:
        self._access, self._title = access, title
        self._downloads, self._room = downloads, room

    def answer(self, asked: WebRequest) -> SiteAnswer:
        """The page or file of a path, or why there is none."""
        if (refusal := self._stranger(asked)) is not None:
            return refusal
        if asked.method not in {"GET", "HEAD"}:
            return self._message(HTTPStatus.METHOD_NOT_ALLOWED, "Only to be looked at", "This server takes nothing.")
        if asked.path == "/enter":
            return self._page(HTTPStatus.OK, "message.html", heading="One moment", text="", again=0)
        if asked.path == "/" and asked.token is not None:
            return self._enter(asked)
        if not self._access.is_let_in(asked):
            return self._locked()
        return self._inside(asked)

    def refuses_viewer(self, asked: WebRequest) -> SiteAnswer | None:
        """Why no websocket is opened, if so: browsers send an Origin with every one, and what sends none has no business here."""
        if (refusal := self._stranger(asked)) is not None:
            return refusal
        if asked.origin is None:
            return self._foreign()
        if not self._access.is_let_in(asked):
            return self._locked()
        return None if self._room() else self._full()

    def _stranger(self, asked: WebRequest) -> SiteAnswer | None:
        """Refuses whoever was led here by another name, or by another site's page."""
        if not self._access.knows(asked.host):
            text = (
                "This server is not called that. Use the address that it printed, or start it with --name and this one."
            )
            return self._message(HTTPStatus.FORBIDDEN, "Not by this name", text)
        return None if self._access.is_own(asked) else self._foreign()

    def _foreign(self) -> SiteAnswer:
        return self._message(HTTPStatus.FORBIDDEN, "Not from another page", "Only its own page may ask this server.")

    def _enter(self, asked: WebRequest) -> SiteAnswer:
        """Move the token of the URL into a cookie.

        The page between is one of our own: a browser that follows a link of another site sends no strict cookie even where that
        link leads back here by a redirect.
        """
        if not self._access.opens(asked.token):
            return self._message(
                HTTPStatus.FORBIDDEN,
                "Not this token",
                "The link is of another server, or of this one before it was restarted.",
            )
        headers = {"Location": "/enter", "Set-Cookie": self._access.set_cookie(asked)}
        return SiteAnswer(HTTPStatus.SEE_OTHER, headers=headers)

    def _inside(self, asked: WebRequest) -> SiteAnswer:
        """What those see who have the cookie."""
        if asked.path == "/":
            if not self._room():
                return self._full()
            scheme = "wss" if asked.is_secure else "ws"
            return self._page(HTTPStatus.OK, "index.html", websocket=f"{scheme}://{asked.host}/ws")
        if asked.path in STATIC:
            package, place, kind = STATIC[asked.path]
            return SiteAnswer(HTTPStatus.OK, resources.files(package).joinpath(*place.split("/")).read_bytes(), kind)
        if asked.path.startswith("/download/"):
            found = self._downloads.take(asked.path.removeprefix("/download/"))
            if found is not None:
                name = f"attachment; filename*=UTF-8''{quote(found.name)}"
                return SiteAnswer(HTTPStatus.OK, found.data, "application/octet-stream", {"Content-Disposition": name})
        return self._message(HTTPStatus.NOT_FOUND, "Not here", "There is no such page.")

    def _locked(self) -> SiteAnswer:
        text = "Open the whole link that `dlbench serve` printed, with its token; ask whoever started it."
        return self._message(HTTPStatus.UNAUTHORIZED, "A token is needed", text)

    def _full(self) -> SiteAnswer:
        text = "As many are watching as there is room for. This page tries again by itself."
        return self._page(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "message.html",
            heading="All places are taken",
            text=text,
            again=AGAIN_SECONDS,
        )

    def _message(self, status: HTTPStatus, heading: str, text: str) -> SiteAnswer:
        return self._page(status, "message.html", heading=heading, text=text, again=None)

    def _page(self, status: HTTPStatus, name: str, **filled: Any) -> SiteAnswer:
        text = (
            environment().get_template(name).render(title=self._title if name == "index.html" else "dlbench", **filled)
        )
        return SiteAnswer(status, text.encode(), "text/html")


@cache
def environment() -> Environment:
    """The templates, in which everything is escaped."""
    return Environment(
        loader=PackageLoader(__package__, "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
