"""Write docs/recipe-reference.md: every key that a recipe may have, out of what `dlbench parts` tells.

`make reference`, or `python docs/make_reference.py`; a test compares, and holds the page against the JSON Schema.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from dlbench.cli.describe import BOUNDS, Argument
from dlbench.cli.parts import SECTIONS, PartListing, all_entries
from dlbench.parts import CATALOGS
from dlbench.parts.datasets import COMMON, DATASETS

PAGE = Path(__file__).parent / "recipe-reference.md"
WIDTH = 120
WORDS = ("required", "none", "the model's")
"""What stands for a default that is no value."""

INTRO = """# Every key of a recipe

This page is made by `make reference` out of what `dlbench parts` tells; `dlbench parts train` shows a section in the \
terminal, `dlbench parts adam` a part, and `recipes/recipe.schema.json` completes and checks in editors. A recipe is one \
TOML file; [recipes/](../recipes/README.md) has many, and `dlbench new` writes one for your own data.

A part is written as its name, `"relu"`, or as a table with its arguments, `{ kind = "leaky_relu", slope = 0.1 }`."""


def page() -> str:
    """The whole page."""
    entries = all_entries()
    sections = [entry for entry in entries if entry.catalog == SECTIONS]
    blocks = [
        *filled(INTRO),
        "## Sections",
        ", ".join(f"[`{one.written}`](#{anchor(one.written)})" for one in sections),
    ]
    blocks += [block for one in sections for block in section(one)]
    for name, parts in groupby((one for one in entries if one.catalog != SECTIONS), key=lambda one: one.catalog):
        blocks += [f"## {name}", *catalog(name, list(parts))]
    return "\n\n".join(blocks) + "\n"


def section(entry: PartListing) -> Iterator[str]:
    """A section: its heading, what is said of it, its keys."""
    yield f"### `{entry.written}`"
    yield from filled(entry.doc)
    if entry.arguments:
        yield table(entry.arguments)


def catalog(name: str, parts: Sequence[PartListing]) -> Iterator[str]:
    """A catalogue: its parts with their arguments, those without in one table at its end."""
    if name in CATALOGS:
        shared = " Each also takes what [`[data]`](#data) has." if name == DATASETS.name else ""
        yield f"{CATALOGS[name].title[:1].upper()}{CATALOGS[name].title[1:]}.{shared}"
    for one in parts:
        if one.arguments:
            yield f"### `{one.name}`"
            yield from filled(one.doc)
            yield table([key for key in one.arguments if name != DATASETS.name or key.name not in COMMON])
    plain = [f"| `{one.name}` | {cell(' '.join(one.doc.split()))} |" for one in parts if not one.arguments]
    if plain and len(plain) < len(parts):
        yield "### Without arguments"
    if plain:
        yield "\n".join(["| name | what it is |", "|---|---|", *plain])


def table(arguments: Sequence[Argument]) -> str:
    """Keys with their types, bounds, defaults and what they mean."""
    rows = ["| key | takes | default | meaning |", "|---|---|---|---|"]
    for one in arguments:
        takes = one.range if is_told_in_words(one.range) else f"{one.type} {one.range}".strip()
        default = one.default or "required"
        default = default if default in WORDS else f"`{default}`"
        example = f" `{one.example}`" if one.example else ""
        rows.append(f"| `{one.name}` | {cell(takes)} | {cell(default)} | {cell(one.meaning)}{cell(example)} |")
    return "\n".join(rows)


def is_told_in_words(taken: str) -> bool:
    """Whether a range says by itself what a key takes, rather than bound its type."""
    return (taken[:1].isalpha() or taken[:1] == '"') and not taken.startswith(
        tuple(sign for sign, _ in BOUNDS.values())
    )


def cell(text: str) -> str:
    """A text that stays in its cell."""
    return escaped(text).replace("|", "\\|")


def escaped(text: str) -> str:
    """A text in which no tag begins, outside of code."""
    return "".join(
        piece if piece.startswith("`") else piece.replace("<", "&lt;") for piece in re.split("(`[^`]*`)", text)
    )


def filled(text: str) -> Iterator[str]:
    """The paragraphs of a docstring, wrapped anew; what is indented is code."""
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("    "):
            yield f"```toml\n{textwrap.dedent(paragraph)}\n```"
        else:
            yield textwrap.fill(
                escaped(" ".join(paragraph.split())), WIDTH, break_long_words=False, break_on_hyphens=False
            )


def anchor(written: str) -> str:
    """What a heading is called in links to it, by GitHub's rules."""
    return re.sub(r"[^\w-]", "", written.lower())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
