"""Write the table of keys into docs/dashboard.md, from the one table that bindings and help are made of.

`make keys`, or `python docs/make_keys.py`; a test compares.
"""

from __future__ import annotations

import re
from pathlib import Path

from dlbench.tui.key_table import KeyTable

PAGE = Path(__file__).parent / "dashboard.md"
MARKED = re.compile(r"(?<=<!-- begin of keys -->\n).*?(?=<!-- end of keys -->)", re.DOTALL)


def page() -> str:
    """The page with today's keys between the marks."""
    text, count = MARKED.subn(lambda _: f"\n{KeyTable().as_markdown()}\n\n", PAGE.read_text(encoding="utf-8"))
    assert count == 1, f"{PAGE} has {count} places for the keys"
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
