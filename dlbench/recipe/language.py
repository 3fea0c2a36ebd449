"""In which language people read a recipe's texts. Imports nothing heavy."""

from __future__ import annotations

import os


def language() -> str:
    """`ko` where the locale is Korean, else `en`."""
    locale = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "ko" if locale.lower().startswith("ko") else "en"
