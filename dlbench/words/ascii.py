"""Texts for terminals that have ASCII only."""

from __future__ import annotations

ASCII = str.maketrans(
    {
        "±": "+-",
        "–": "-",
        "−": "-",
        "·": ".",
        "▲": "*",
        "∞": "inf",
        "✔": "+",
        "✖": "x",
        "◂": "<",
        "✎": "~",
        "→": "->",
        "×": "x",
        "÷": "/",
    }
)


def to_ascii(text: str) -> str:
    """The same text for a terminal that has ASCII only; letters of other scripts become question marks."""
    return text.translate(ASCII).encode("ascii", "replace").decode()
