"""What becomes of matplotlib's SVG: texts in their own letters, no leftovers, and a form that suits any page."""

from __future__ import annotations

import hashlib
import re
from html import escape, unescape

from dlbench.export.plots.page import Page
from dlbench.export.plots.style import LIGHT, PAGE
from dlbench.words.printable import one_line

FONTS = "'DejaVu Sans', Verdana, 'Noto Sans CJK KR', 'Noto Sans KR', 'Apple SD Gothic Neo', 'Malgun Gothic', sans-serif"
"""Of a file: the widest first, because the room for texts is measured by it."""

LEFT_OUT = re.compile(r"<metadata>.*?</metadata>\s*|<\?xml.*?\?>\s*|<!DOCTYPE.*?>\s*", re.DOTALL)
GLOBAL_STYLE = re.compile(r'<defs>\s*<style type="text/css">[^<]*</style>\s*</defs>\s*')
"""It would hold for all of a page; what it says is said of this element alone."""
HEAD = re.compile(r'<svg ([^>]*?)width="[^"]*" height="[^"]*" (viewBox="[^"]*")([^>]*)>')
FAMILY = re.compile(r"font-family: [^;\"]*")
TEXT = re.compile(r"(<text [^>]*>)([^<]*)(</text>)")
PATH = re.compile(r'(?<= d=")[^"]+')
FINE = re.compile(r"(\.\d\d)\d+")
"""Decimals beyond a hundredth of a point, which nobody sees and which are half of a file."""
ID = re.compile(r'(?<= id=")([^"]+)(?=")|(?<=url\(#)([^)]+)(?=\))|(?<=href="#)([^"]+)(?=")')
OF_PAGE = {PAGE.variables[name]: f"var({name}, {color})" for name, color in LIGHT.variables.items()}
"""A stand-in for a colour -> what the page is asked for, and the colour where it says none."""


def standalone(page: Page, svg: str) -> str:
    """An SVG as a file of its own."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return head + _titled(page, FAMILY.sub(f"font-family: {FONTS}", _clean(page, svg)))


def embedded(page: Page, svg: str) -> str:
    """An SVG as an element of a page, drawn in the theme `PAGE`: its colours, font and size are the page's, its ids its own."""
    svg = HEAD.sub(r"<svg \1\2\3>", _clean(page, svg))
    svg = FAMILY.sub("font-family: inherit", svg)
    for stand_in, color in OF_PAGE.items():
        svg = svg.replace(stand_in, color)
    own = hashlib.sha256(svg.encode()).hexdigest()[:10]
    return _titled(page, ID.sub(lambda match: f"p{own}-{match[0]}", svg))


def _clean(page: Page, svg: str) -> str:
    svg = GLOBAL_STYLE.sub("", LEFT_OUT.sub("", svg))
    svg = PATH.sub(lambda match: FINE.sub(r"\1", " ".join(match[0].split())), svg)
    return TEXT.sub(lambda match: match[1] + _original(page, match[2]) + match[3], svg)


def _original(page: Page, written: str) -> str:
    drawn = unescape(written)
    return escape(page.letters.originals.get(drawn, drawn), quote=False)


def _titled(page: Page, svg: str) -> str:
    """Its name for those who hear pages, and in a window's title."""
    title = escape(one_line(page.title))
    named = f'<svg role="img" aria-label="{title}" stroke-linejoin="round" '
    return svg.replace("<svg ", named, 1).rstrip()
