"""The one place where text becomes safe to send out: to a terminal, a file for other programs, or a log.

Names, lessons, paths, errors and notes come from files and command lines, and may hold what moves a cursor, writes the
clipboard or turns the direction of reading round. Whatever prints sends its text through here.
"""

from __future__ import annotations

import re
from typing import Any

_INVISIBLE = "\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u2028-\u202e\u2066-\u2069\ud800-\udfff"
"""Controls of C0 but the line feed, DEL and those of C1, separators of lines and paragraphs, the marks and overrides of the
direction of reading, and halves of surrogate pairs, as which Python keeps bytes that are no UTF-8."""

_IN_LINES = re.compile(f"[{_INVISIBLE}]")
_IN_A_LINE = re.compile(f"[\n{_INVISIBLE}]")
_SHORT = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}


def printable(text: str) -> str:
    r"""The text with every character that a terminal would obey as an escape that can be seen: `\x1b`, `\u202e`, `\t`.

    Line feeds stay. Nothing is left out, so that two names stay two; what is safe already comes back as it is.
    """
    return text if text.isprintable() else _IN_LINES.sub(_escape, text)


def one_line(text: str) -> str:
    r"""The same where only one line has room, such as a name in a table: a line feed becomes `\n`."""
    return text if text.isprintable() else _IN_A_LINE.sub(_escape, text)


def literal(text: str) -> str:
    r"""The same for JSON and TOML, whose strings say `\u001b`: a reader gets back what was written. Line feeds stay."""
    return text if text.isprintable() else _IN_LINES.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def json_text(data: Any, *, indented: bool = True) -> str:
    """Plain data, dataclasses, paths and numpy arrays as JSON that a terminal can show; NaN becomes `null`."""
    import orjson

    options = orjson.OPT_SERIALIZE_NUMPY | (orjson.OPT_INDENT_2 if indented else 0)
    try:
        found = orjson.dumps(data, default=_known, option=options)
    except TypeError:
        # A text with bytes that are no UTF-8: rare, and slow to replace.
        found = orjson.dumps(_encodable(data), default=_known, option=options)
    return literal(found.decode())


def _known(value: Any) -> Any:
    """What orjson does not know itself, as text."""
    return printable(str(value))


def _encodable(data: Any) -> Any:
    """The same data with texts that UTF-8 has."""
    if isinstance(data, str):
        return printable(data)
    if isinstance(data, dict):
        return {_encodable(key): _encodable(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_encodable(value) for value in data]
    fields = getattr(data, "__dataclass_fields__", None)
    if fields is not None and not isinstance(data, type):
        return {name: _encodable(getattr(data, name)) for name in fields}
    return data


def _escape(match: re.Match[str]) -> str:
    letter = match[0]
    return _SHORT.get(letter) or (f"\\x{ord(letter):02x}" if letter < "\u0100" else f"\\u{ord(letter):04x}")


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
        "←": "<-",
        "↑": "^",
        "↓": "v",
        "…": "~",
        "×": "x",
        "÷": "/",
    }
)


def to_ascii(text: str) -> str:
    """The same text for a terminal that has ASCII only; letters of other scripts become question marks."""
    return text.translate(ASCII).encode("ascii", "replace").decode()
