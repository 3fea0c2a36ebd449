"""The page in a browser: nothing is wider than the window, whatever its width, but what scrolls in a box of its own."""

import re
import shutil
import subprocess
from html import escape

import pytest
from agreeing_runs import classification
from patience import PATIENCE

from dlbench.export import EXPORTERS

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTHS = (380, 800, 1400)
"""Pixels of a telephone, a tablet and a projector."""
TELL = """onload = () => {
  const pages = [...document.querySelectorAll("iframe")].map(one => one.contentDocument.documentElement)
  document.body.dataset.told = pages.map(page => page.clientWidth + " " + page.scrollWidth)
}"""
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)

pytestmark = [pytest.mark.extras, pytest.mark.skipif(BROWSER is None, reason="needs chromium")]


def test_the_page_is_no_wider_than_the_window(tmp_path):
    """On a telephone, a tablet and a projector the page itself never scrolls sideways."""
    page = escape(EXPORTERS["html"].make(classification()))
    frames = "".join(f'<iframe style="width: {width}px; border: 0" srcdoc="{page}"></iframe>' for width in WIDTHS)
    file = tmp_path / "page.html"
    file.write_text(f"<!DOCTYPE html><body><script>{TELL}</script>{frames}</body>", encoding="utf-8")
    words = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={tmp_path}",
        "--virtual-time-budget=5000",
    ]
    done = subprocess.run(
        [BROWSER, *words, "--dump-dom", file.as_uri()], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    told = re.search(r'data-told="([^"]*)"', done.stdout)

    assert told is not None
    assert told[1] == ",".join(f"{width} {width}" for width in WIDTHS)
