r"""Text as LaTeX prints it: what TeX would obey is escaped, signs beyond ASCII are commands of known packages."""

from __future__ import annotations

import re

from dlbench.words.printable import one_line

SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "`": r"\`{}",
    # After the end of a row these two would be arguments of it.
    "[": "{[}",
    "*": "{*}",
    "±": r"$\pm$",
    "−": "$-$",
    "×": r"$\times$",
    "÷": r"$\div$",
    "∞": r"$\infty$",
    "→": r"$\rightarrow$",
    "·": r"$\cdot$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "–": "--",
    "▲": r"$\blacktriangle$",
    "◂": r"$\blacktriangleleft$",
    "✎": r"$\dagger$",
    "✔": r"$\checkmark$",
    "✖": r"$\boxtimes$",
    "\u00a0": "~",
}
"""Character -> what LaTeX prints it by; triangles, the check mark and the crossed box are of amssymb."""
LIGATURES = re.compile(r"(?<=([-',]))(?=\1)")
"""Between two signs that TeX would make one of."""
LAST_LATIN = "\u017f"
"""Up to here pdflatex has letters of its own."""
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")


def tex(text: str) -> str:
    """A text in one line, whose every sign LaTeX prints; letters of other scripts stay as they are."""
    pieces = LIGATURES.sub("\0", one_line(text)).split("\0")
    return "{}".join("".join(SIGNS.get(letter, letter) for letter in piece) for piece in pieces)


def has_accents(text: str) -> bool:
    """Whether a text has letters that need a font encoding of their own."""
    return any(not letter.isascii() and letter not in SIGNS for letter in text)


def has_other_letters(text: str) -> bool:
    """Whether a text has letters that pdflatex does not know: another engine must print them."""
    return any(letter > LAST_LATIN and letter not in SIGNS for letter in text)


def has_hangul(text: str) -> bool:
    """Whether a text has Korean letters."""
    return HANGUL.search(text) is not None
