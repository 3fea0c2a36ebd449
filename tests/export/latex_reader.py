r"""LaTeX back to cells: what a person who knows the commands would read in the tables of an export."""

import re

PRINTED = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\`{}": "`",
    "{[}": "[",
    "{*}": "*",
    r"$\pm$": "±",
    "$-$": "−",
    r"$\times$": "×",
    r"$\div$": "÷",
    r"$\infty$": "∞",
    r"$\rightarrow$": "→",
    r"$\cdot$": "·",
    r"$\leq$": "≤",
    r"$\geq$": "≥",
    r"$\blacktriangle$": "▲",
    r"$\blacktriangleleft$": "◂",
    r"$\dagger$": "✎",
    r"$\checkmark$": "✔",
    r"$\boxtimes$": "✖",
    "''": '"',
    "--": "–",
    "~": "\u00a0",
    "{}": "",
    **{f"\\{sign}": sign for sign in "{}$&#%_"},
}
"""Command -> what is seen on paper."""
COMMAND = re.compile("|".join(map(re.escape, sorted(PRINTED, key=len, reverse=True))))


def shown(tex):
    """What LaTeX prints of a piece of a table."""
    tex = re.sub(r"\\textbf\{(.*)\}", r"\1", tex)
    return COMMAND.sub(lambda match: PRINTED[match[0]], tex)


def cell(*parts):
    """What stands in a cell, white space as it is on paper."""
    return " ".join(" ".join(map(shown, parts)).split())


def words_in(text):
    """What stands beneath the tables, a note a line."""
    notes = re.findall(r"^(?:\\noindent \{\\scriptsize )?(.*?)\}?\\par$", text, re.MULTILINE)
    return "\n".join(cell(note) for note in notes)


def tables_in(text):
    """Every table of an export: its key, then its rows, headings first, blocks of columns joined."""
    found = []
    for part in re.split(r"\n\n(?=% )", text)[1:]:
        key = part.splitlines()[0].removeprefix("% ")
        first, *others = [block(match[2]) for match in BLOCK.finditer(part)]
        rows = [
            [*row, *(text for other in more for text in other[1:])] for row, *more in zip(first, *others, strict=True)
        ]
        found.append((key, rows))
    return found


BLOCK = re.compile(r"\\begin\{(tabular|longtable)\}\{.*?\}\n(.*?)\\end\{\1\}", re.DOTALL)


def block(tex):
    """The rows of one block of columns."""
    head, _, body = tex.partition("\\endfirsthead")
    if body:
        body = body.partition("\\endfoot")[2]
    else:
        head, _, body = tex.partition("\\midrule")
    titles, widths = headings(lines(head)[-1])
    return [titles, *(row(line, widths) for line in lines(body))]


def lines(tex):
    """The rows as they are written, without what ends them."""
    return [line.rpartition(r" \\")[0] for line in tex.splitlines() if re.search(r" \\\\( \\addlinespace)?$", line)]


def headings(line):
    """The titles of columns, and of how many columns of LaTeX each is."""
    pieces = re.split(r" & ", line)
    found = [re.fullmatch(r"\\multicolumn\{2\}\{c\}\{(?:\\shortstack\{(.*)\}|(.*))\}", piece) for piece in pieces]
    titles = [
        cell(piece) if match is None else cell((match[1] or match[2]).replace(r"\\", " "))
        for piece, match in zip(pieces, found, strict=True)
    ]
    return titles, [1 if match is None else 2 for match in found]


def row(line, widths):
    """A row's cells."""
    pieces = re.split(r"(?<!\\) ?& ?", line)
    assert len(pieces) == sum(widths)
    return [cell(*(pieces.pop(0) for _ in range(width))) for width in widths]
