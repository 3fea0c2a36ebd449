"""docs/recipe-reference.md: every key of a recipe, for readers without a terminal."""

from pathlib import Path

import pytest

from dlbench.recipe import schema

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "recipe-reference.md").read_text(encoding="utf-8")
SECTIONS = {
    "Lesson": "[lesson]",
    "Model": "[model]",
    "Output": "[model.output]",
    "Train": "[train]",
    "Claim": "[[claims]]",
}


@pytest.fixture(scope="module")
def definitions():
    """What the JSON Schema says of sections and parts."""
    return schema()["$defs"]


def rows(heading):
    """The keys in the table below a heading."""
    block = PAGE.split(f"\n### `{heading}`\n", 1)[1].split("\n#", 1)[0]
    return {line.split("`")[1] for line in block.splitlines() if line.startswith("| `")}


def test_bounds_of_a_list_stand_behind_its_type():
    """What bounds a list is no word for what a key takes."""
    assert "| `variants` | list of str length &gt;= 1, length &lt;= 2 | required |" in PAGE.replace(">=", "&gt;=")


@pytest.mark.parametrize("name", SECTIONS)
def test_page_has_the_keys_of_sections_that_the_schema_has(name, definitions):
    """No key of a section that editors know is missing."""
    assert rows(SECTIONS[name]) == set(definitions[name]["properties"])


def test_page_has_the_arguments_of_parts_that_the_schema_has(definitions):
    """No argument of a part that editors know is missing; those of all datasets stand at `[data]`."""
    common = rows("[data]")
    for name, definition in definitions.items():
        catalog, _, part = name.partition(".")
        known = set(definition.get("properties", {})) - {"kind"} - (common if catalog == "datasets" else set())
        if part and known:
            block = PAGE.split(f"\n## {catalog}\n", 1)[1].split("\n## ", 1)[0]
            table = block.split(f"\n### `{part}`\n", 1)[1].split("\n#", 1)[0]
            assert {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")} == known
