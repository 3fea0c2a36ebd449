"""The house rules that a linter does not know, held against every file of the package."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from each import each

import dlbench

ROOT = Path(dlbench.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
DOCUMENTS = [
    path for folder in ("", "docs", "recipes", "benchmarks") for path in sorted((ROOT.parent / folder).glob("*.md"))
]
MOST_LINES = 300
MOST_LINES_OF_A_FUNCTION = 40
MOST_CHARACTERS = 132
"""Of a line. The formatter breaks code at 120, but no string, docstring or comment."""


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def tree_of(path: Path) -> ast.Module:
    """What a file says, parsed once for all rules."""
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path: Path) -> str:
    """A file as tests show it."""
    return path.relative_to(ROOT).as_posix()


def public(node: ast.AST) -> list[Definition]:
    """The functions and classes that others may name: not private, nor inside of anything private or of a function."""
    found = []
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, Definition) and not inner.name.startswith("_"):
            found += [inner, *(public(inner) if isinstance(inner, ast.ClassDef) else [])]
    return found


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How long a function is from its name to its end, its parameters included, its docstring left out."""
    whole, first = (function.end_lineno or 0) - function.lineno + 1, function.body[0]
    return whole - ((first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(function) else 0)


@each("path", FILES, ids=named)
def test_everything_public_says_what_it_is(path):
    """Every module, and every public function and class in it, has a docstring that begins with a sentence."""
    tree = tree_of(path)
    silent = [node.name for node in public(tree) if not ast.get_docstring(node)]

    assert ast.get_docstring(tree)
    assert silent == []


@each("path", FILES, ids=named)
def test_files_and_functions_are_short(path):
    """No file is longer than 300 lines, no function longer than 40, its docstring left out."""
    functions = [node for node in ast.walk(tree_of(path)) if isinstance(node, FUNCTIONS)]

    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    assert {node.name: lines_of(node) for node in functions if lines_of(node) > MOST_LINES_OF_A_FUNCTION} == {}


def test_every_class_name_stands_once():
    """No two classes of the package have one name, so that a name in a message or a search leads to one place."""
    places: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(named(path))

    assert len(places) > 300
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


@each("path", FILES, ids=named)
def test_lines_are_short(path):
    """No line is longer than 132 characters, docstrings, comments and texts included."""
    lines = path.read_text(encoding="utf-8").splitlines()

    assert {number: line for number, line in enumerate(lines, 1) if len(line) > MOST_CHARACTERS} == {}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT.parent).as_posix())
def test_prose_is_wrapped(path):
    """No line of a document's prose is longer than 120 characters; tables and code are as wide as they are."""
    text = re.sub(r"^ *```.*?^ *```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)

    assert [line for line in text.splitlines() if len(line) > 120 and not re.match(r" *[|<!\[]", line)] == []


def test_rules_see_the_whole_package():
    """The rules are held against every room, not against an empty list."""
    rooms = {named(path).partition("/")[0] for path in FILES}

    assert {
        "cli",
        "engine",
        "parts",
        "plan",
        "recipe",
        "state",
        "analysis",
        "text",
        "run",
        "tui",
        "launch",
        "errors.py",
    } <= rooms


def test_breaking_a_rule_would_be_noticed():
    """A class without a docstring and its method are found, what is private or inside a function is not."""
    tree = ast.parse("class A:\n  def b(self): ...\n  def _c(self): ...\ndef _d(): ...\ndef e():\n  def f(): ...")

    assert [node.name for node in public(tree)] == ["A", "b", "e"]


def test_types_are_for_everyone():
    """The package tells type checkers that it is typed."""
    assert (ROOT / "py.typed").is_file()
