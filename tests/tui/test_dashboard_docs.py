"""docs/dashboard.md says what the dashboard is: its keys, panes, findings, themes, and commands that can be typed."""

import re
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest
from terminals import finished_run
from typer.testing import CliRunner
from verbs import app

from dlbench.analysis.diagnosis.rules import RULES, dead_units, probe_rules, saturated_units
from dlbench.analysis.diagnosis.rules.exploding_gradient import EXPLODING
from dlbench.analysis.diagnosis.rules.exploding_loss import COSTLY
from dlbench.analysis.diagnosis.rules.large_gradient import LARGE
from dlbench.analysis.diagnosis.rules.large_steps import WILD
from dlbench.analysis.diagnosis.rules.stuck import STILL
from dlbench.analysis.diagnosis.rules.vanishing_gradient import VANISHING
from dlbench.analysis.diagnosis.streak import LASTING
from dlbench.errors import ExitCode
from dlbench.plan.breakpoints import AT_EVALUATIONS, at_probes, parse
from dlbench.recipe import load
from dlbench.text.cells import BEST, CHANGED
from dlbench.tui.key_file import remapped
from dlbench.tui.keys import KEYS
from dlbench.tui.model.replay import FASTEST, SLOWEST
from dlbench.tui.open import place
from dlbench.tui.panes import TABS
from dlbench.tui.terminal import LEAST_HEIGHT, LEAST_WIDTH
from dlbench.tui.themes import PALETTES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "dashboard.md"
TEXT = PAGE.read_text(encoding="utf-8")
RECIPE = ROOT / "recipes" / "xor-nine-layers.toml"


def blocks(language):
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def section(title):
    """What stands under a heading."""
    (found,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    return found


def rows(heads):
    """The cells of the table that begins with some heads, a row each."""
    (body,) = re.findall(rf"^\| {re.escape(heads)} \|\n\|[-|]+\|\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines()]


def commands():
    """Every `dlbench` command of the shell blocks: (variables of its environment, its words)."""
    found = []
    for line in (line for block in blocks("sh") for line in block.splitlines()):
        words = shlex.split(line, comments=True)
        at = next((i for i, word in enumerate(words) if "=" not in word), len(words))
        if words[at : at + 1] == ["dlbench"]:
            found.append((dict(word.split("=", 1) for word in words[:at]), words[at + 1 :]))
    return found


@pytest.fixture(scope="module")
def place_with_runs(tmp_path_factory):
    """A folder under whose results lies a run that has ended, by the name of the recipe in the examples."""
    base = tmp_path_factory.mktemp("place")
    run = finished_run(base / "results").path
    shutil.copytree(run, base / "results" / "xor-nine-layers" / run.name)
    return base


@pytest.mark.parametrize(("variables", "words"), commands(), ids=" ".join)
def test_page_commands(variables, words, place_with_runs, monkeypatch):
    """Each command of the page works where there is no terminal: it prints once and ends with 0; training stays on paper."""
    monkeypatch.chdir(place_with_runs)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, [*words, "--dry-run"] if words[0] == "run" else words)

    assert (result.exit_code, result.exception) == (0, None)


def test_page_has_commands():
    """The page shows how to open a run, to look only, to replay, and what the environment can say."""
    told = [words for _, words in commands()]

    assert {words[0] for words in told} == {"run", "watch"}
    assert {"--read-only", "--replay", "--speed", "--seek", "--theme", "--ascii", "--no-mouse"} <= {
        word for words in told for word in words
    }
    assert {name for variables, _ in commands() for name in variables} == {
        "DLBENCH_THEME",
        "NO_COLOR",
        "TEXTUAL_DISABLE_KITTY_KEY",
    }


def test_page_seeks_places():
    """Every place that the page seeks is one."""
    places = [words[words.index("--seek") + 1] for _, words in commands() if "--seek" in words]

    assert [place(text, 10_000) for text in places] == [(500, 0.0), (None, 0.5)]


def test_page_panes():
    """The page's table of panes has every tab in its order."""
    assert [row[0] for row in rows("pane | what it shows | how to read it")] == [tab.title for tab in TABS]


def test_page_findings():
    """The page's table of what may be wrong has every rule, in the order in which they are told, with its limit."""
    told = dict(rows("finding | meaning"))

    assert list(told) == ["diverged", *(rule.title for rule in probe_rules())]
    assert RULES[0].kind == "diverged"
    assert f"{EXPLODING:,.0f} times" in told["exploding gradient"]
    assert f"more than {LARGE:.0f} times" in told["gradients too large"]
    assert f"more than {COSTLY:.0f} times" in told["exploding loss"]
    assert f"{VANISHING:.0e}".replace("e-0", "e-") in told["vanishing gradient"]
    assert f"{STILL:.0e}".replace("e-0", "e-") in told["stuck"]
    assert f"{WILD:.0%}".replace("%", " %") in told["steps too large"]
    assert f"{dead_units.MOST:.0%}".replace("%", " %") in told["dead units"]
    assert f"{saturated_units.MOST:.0%}".replace("%", " %") in told["saturated"]
    lasting = {rule.title for rule in probe_rules() if rule.lasting == LASTING == 3}
    assert lasting == {name for name, means in told.items() if means.startswith("in three probes in a row")}


def test_page_keys_of_your_own():
    """The page's file of keys asks for nothing in vain, and changes what it names."""
    (text,) = re.findall(r"^```toml\n(.*?)^```$", section("Keys of your own"), re.MULTILINE | re.DOTALL)
    wanted = tomllib.loads(text)
    table, problems = remapped(wanted)

    assert problems == []
    assert {now.id for was, now in zip(KEYS, table.keys, strict=True) if was != now} == set(wanted)


def test_page_breakpoints_of_a_recipe(tmp_path):
    """The page's [[breakpoints]] can be written into the shipped recipe."""
    (text,) = re.findall(r"^```toml\n(.*?)^```$", section("Breakpoints"), re.MULTILINE | re.DOTALL)
    recipe = tmp_path / "mine.toml"
    recipe.write_text(f"{RECIPE.read_text(encoding='utf-8')}\n{text}", encoding="utf-8")

    assert list(load(str(recipe)).breakpoints) == [
        "first_last_gradient_ratio < 1e-06",
        "test_loss rises 3",
        "update_ratio > 0.1 in relu",
    ]


def test_page_conditions():
    """Each condition of the page is one, each comparison stands there, and so does everything that can be watched."""
    (text,) = blocks("text")
    conditions = [re.split(r" {2,}", line)[0] for line in text.splitlines()]
    told = set(re.findall(r"`(\w+)`", section("Breakpoints")))

    assert {parse(condition, ["relu"]).comparison for condition in conditions} == {"<", "<=", ">", "rises", "falls"}
    assert set(at_probes()) <= told
    assert told >= {name for name in AT_EVALUATIONS if name.startswith(("train", "batch"))}
    assert {name.partition("_")[0] for name in AT_EVALUATIONS} - told == {"train", "batch"}


def test_page_terminal():
    """The page names every theme, the least size, the marks of what was done by hand, and the speeds of a replay."""
    assert set(re.findall(r"`([\w-]+)`", section("The terminal").partition("`T`")[0])) == {
        palette.title for palette in PALETTES
    }
    assert f"Below {LEAST_WIDTH}x{LEAST_HEIGHT}" in TEXT
    assert f"the table marks the row with `{CHANGED}`" in TEXT
    assert f"`{BEST}` appears when" in TEXT
    assert f"1/{1 / SLOWEST:.0f} to {FASTEST:,.0f}" in TEXT


def test_page_exit_codes():
    """The page's exit codes are some of those that there are, and all of signals."""
    told = {int(row[0]) for row in rows("exit code | how the dashboard ended")}

    assert told <= set(ExitCode)
    assert told >= {ExitCode.HANGUP, ExitCode.INTERRUPTED, ExitCode.TERMINATED}


def test_page_shows_every_screen():
    """Every picture that `make screens` makes is there and on the page, and no other."""
    made = set(re.findall(r'Shot\("(\w+)"', (ROOT / "docs" / "make_screens.py").read_text(encoding="utf-8")))
    shown = re.findall(r"screens/(\w+)\.svg", TEXT)

    assert set(shown) == made
    assert all(
        (PAGE.parent / "screens" / f"{name}.svg").read_text(encoding="utf-8").startswith("<svg") for name in made
    )


def test_design_keeps_textual_in_its_rooms():
    """As docs/design.md says, only the dashboard's rooms import Textual, and neither its model nor its charts do."""
    package = ROOT / "dlbench"
    users = {
        path.relative_to(package)
        for path in package.rglob("*.py")
        if re.search(r"^\s*(?:from|import) textual\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert Path("tui/app.py") in users
    assert {path.parts[0] for path in users} == {"tui", "serve"}
    assert not {path.parts[1] for path in users} & {"model", "charts", "access.py", "site.py", "messages.py"}
