"""What the documents say can be typed, and what they say is there is there."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner
from verbs import app

from dlbench.errors import ExitCode

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXPORTS = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/dashboard.md",
    "docs/serving.md",
    "docs/design.md",
    "docs/exports.md",
    "docs/importing.md",
    "docs/testing-recipes.md",
    "docs/reproducing.md",
    "recipes/README.md",
]


TITANIC = "".join(f"{'yes' if i % 3 else 'no'},{'fm'[i % 2]},{20 + i},{5.5 * i}\n" for i in range(40))
"""Rows of a table such as a reader may have."""


def blocks(language, text=README):
    """The code blocks of a language in a document."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(text=README):
    """Every `dlbench` command of a document's shell blocks, without its comment."""
    lines = (line for block in blocks("sh", text) for line in block.splitlines() if line.startswith("dlbench "))
    return [shlex.split(line, comments=True)[1:] for line in lines]


def needs_nets(words):
    """Whether a command asks for trained nets, which the run that others are tried on does not keep (tests/weights has one)."""
    return "safetensors" in words or words[0] == "predict"


def needs_tensorboard(words):
    """Whether a command writes with TensorBoard's library, which only the tests with others' libraries have."""
    return bool({"tensorboard", "--tensorboard"} & {*words})


def cheap(words):
    """A command of the README as it can be tested: training becomes a dry run, a look at a net that of its small version."""
    if words[0] == "probe":
        return [*words, "--quick"]
    return [*words, "--dry-run"] if words[0] == "run" and "--dry-run" not in words else words


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(words, marks=pytest.mark.extras if needs_tensorboard(words) else (), id=" ".join(words))
        for words in commands(README + EXPORTS)
        if not {"--resume", "fetch"} & {*words} and not needs_nets(words)
    ],
)
def test_commands(words, trained, monkeypatch):
    """Each command of the README and of the page about exports does what it does without an error; those that train do so on paper."""
    monkeypatch.chdir(trained.folder)
    if any("titanic" in word for word in words):
        Path("titanic.csv").write_text("survived,sex,age,fare\n" + TITANIC)
        Path("titanic.toml").unlink(missing_ok=True)
    if "titanic.toml" in words:
        CliRunner().invoke(app, ["new", "titanic.csv"])
    result = CliRunner().invoke(app, cheap(words))

    assert (result.exit_code, result.exception) == (0, None)


def test_readme_has_commands():
    """The README shows how to run, watch, look, export and resume."""
    assert {words[0] for words in commands()} >= {"list", "run", "watch", "table", "export", "parts", "data"}
    assert ["run", "--resume", "latest"] in commands()


def test_readme_names_every_verb():
    """The README's table of verbs is the list of verbs."""
    told = set(re.findall(r"^\| `dlbench ([a-z]+)", README, re.MULTILINE))
    known = {command.name or command.callback.__name__ for command in app.registered_commands}

    assert told == known | {group.name for group in app.registered_groups}


def test_readme_names_every_exit_code():
    """The README's table of exit codes is the list of exit codes."""
    rows = re.findall(r"^\| ([\d, ]+) \|", README, re.MULTILINE)

    assert {int(code) for row in rows for code in row.split(",")} == set(ExitCode)


def test_readme_recipe_runs(tmp_path):
    """The README's recipe is a recipe, its quick version too."""
    text, *_ = blocks("toml")
    recipe = tmp_path / "mine.toml"
    recipe.write_text(text)

    for arguments in ([], ["--quick"]):
        result = CliRunner().invoke(app, ["run", str(recipe), "--dry-run", *arguments])
        assert (result.exit_code, result.exception) == (0, None)


def test_readme_net_of_bricks_is_one(tmp_path):
    """The README's nested layers fit together on images."""
    _, text, *_ = blocks("toml")
    recipe = tmp_path / "bricks.toml"
    recipe.write_text(f'{text}[data]\nkind = "digits"\n[train]\nsteps = 1\n')
    result = CliRunner().invoke(app, ["show", str(recipe), "--graph"])

    assert (result.exit_code, result.exception) == (0, None)
    assert "concat" in result.output


def test_readme_screen_is_of_the_shipped_recipe():
    """The screen in the README shows the variants and the claims that the shipped recipe has."""
    (screen,) = blocks("text")
    recipe = tomllib.loads((ROOT / "recipes" / "xor-nine-layers.toml").read_text(encoding="utf-8"))

    for variant in recipe["variants"]:
        assert re.search(rf"^{re.escape(variant)} +\d+/\d+ ", screen, re.MULTILINE)
    for claim in recipe["claims"]:
        says = claim["says"]
        assert (says["en"] if isinstance(says, dict) else says) in screen


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    """Every relative link, and every picture, leads to a file or folder."""
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r'src="([^":]+)"', text)

    assert all(((ROOT / name).parent / link).exists() for link in links), links


def test_make_help_names_what_the_documents_promise():
    """Every `make` target that a document names is in the Makefile."""
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in PAGES)
    named = set(re.findall(r"^make ([a-z]+)", text, re.MULTILINE)) | set(re.findall(r"`make ([a-z]+)`", text))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert {"demo", "test", "lint", "bench", "screens", "keys"} <= named <= targets


def test_contributing_shows_code_as_it_is():
    """The part that CONTRIBUTING shows as an example stands so in the package."""
    (example,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE | re.DOTALL)

    assert example in (ROOT / "dlbench" / "parts" / "activations.py").read_text(encoding="utf-8")
