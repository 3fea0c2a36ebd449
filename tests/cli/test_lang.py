"""Korean from the command line to the last claim."""

import json
import os

import pytest
from rich.cells import cell_len
from small_recipe import RECIPE
from typer.testing import CliRunner
from verbs import app

KOREAN = {"LC_ALL": "ko_KR.UTF-8"}
TEXTS = {
    'title = "A small one"': 'title = { en = "A small one", ko = "작은 것" }',
    'question = "Does it learn?"': 'question = { en = "Does it learn?", ko = "배울까요?" }',
    'explain = "It may."': 'explain = { en = "It may.", ko = "그럴 수도 있습니다." }',
    "[variants.fast]": '[variants."빠른 망"]',
    'says = "Forty steps are enough"': 'says = { en = "Forty steps are enough", ko = "마흔 걸음이면 충분하다" }',
}
MORE = """
[[claims]]
says = "Said in English alone"
source = "lecture"
variant = "slow"
metric = "train_loss"
better_than = "빠른 망"

[[claims]]
says = { ko = "세 번째 주장", en = "A third claim" }
source = "theory"
variant = "빠른 망"
metric = "train_loss"
at_most = 100
every_seed = true
"""


def korean(recipe):
    """The small recipe in both languages, with a variant that has a Korean name."""
    for english, both in TEXTS.items():
        recipe = recipe.replace(english, both)
    return recipe.replace("[quick]", f"{MORE}\n[quick]")


@pytest.fixture(scope="module")
def spoken(module_bench):
    """A bench on which the recipe in both languages has been run in a Korean locale, and (code, stdout, stderr) of that."""
    (module_bench.folder / "korean.toml").write_text(korean(RECIPE), encoding="utf-8")
    module_bench.result = module_bench("run", "korean.toml", "--device", "cpu", env=KOREAN)
    return module_bench


@pytest.fixture
def told(spoken, monkeypatch):
    """What a verb prints in that folder, in an environment."""
    monkeypatch.chdir(spoken.folder)

    def call(*words, env=None):
        result = CliRunner().invoke(app, words, env={"LC_ALL": "C.UTF-8"} | (env or {}))
        assert (result.exit_code, result.exception) == (0, None)
        return result.stdout

    return call


def column_of(line, text):
    """The cell of a line where a text begins."""
    return cell_len(line[: line.index(text)])


def test_a_run_speaks_the_language_of_the_locale(spoken):
    """Title, question, claims, the words for their verdicts and sources, and the explanation are Korean; numbers stay."""
    code, out, err = spoken.result
    assert code == 0
    assert "0.1  작은 것\n  배울까요?" in err
    assert "그럴 수도 있습니다." in err
    assert "주장" in out
    assert "✖ 반박됨    마흔 걸음이면 충분하다  (실측)" in out
    assert "✔ 확인됨    세 번째 주장  (이론)" in out
    assert "95 % interval" in out


def test_what_has_no_korean_is_english(spoken):
    """A claim in English alone is told in English among Korean ones, its source in Korean."""
    _, out, _ = spoken.result
    assert "Said in English alone  (강의)" in out


def test_wide_letters_stand_in_line(spoken):
    """Korean letters take two cells: claims begin in one column, and so do the numbers of the table's rows."""
    _, out, _ = spoken.result
    lines = out.splitlines()
    says = [column_of(line, text) for text in ("마흔", "Said", "세 번째") for line in lines if text in line]
    numbers = {column_of(line, "±") for line in lines if line.startswith(("slow ", "빠른 망 ")) and "±" in line}

    assert len(says) == 3
    assert len(set(says)) == 1
    assert all(cell_len(line) <= 80 for line in lines)
    assert len([line for line in lines if line.startswith("빠른 망 ")]) > 1
    assert numbers


@pytest.mark.parametrize(
    ("environment", "options", "expected"),
    [
        (KOREAN | {"DLBENCH_LANG": "ko"}, ("--lang", "en"), "confirmed"),
        ({"DLBENCH_LANG": "ko"}, (), "확인됨"),
        (KOREAN, ("--ascii",), "confirmed"),
    ],
    ids=["option", "variable", "ascii"],
)
def test_who_decides_on_the_language(told, environment, options, expected):
    """The option, then the variable, then the locale; where there is ASCII only, English."""
    out = told("table", "korean", *options, env=environment)

    assert f" {expected} " in out
    assert ("A third claim" in out) == (expected == "confirmed")


def test_markdown_speaks_korean(told):
    """The table as Markdown is for people."""
    markdown = told("export", "korean", "--format", "markdown", "--lang", "ko")

    assert "## 주장" in markdown
    assert "| ✔ 확인됨 | 세 번째 주장 | 이론 |" in markdown


def test_data_stay_english(told):
    """In a Korean locale JSON has the same keys, words and texts as anywhere."""
    claims = json.loads(told("table", "korean", "--json", env=KOREAN))["claims"]
    listed = json.loads(told("list", "--json", env=KOREAN))

    assert [(claim["outcome"], claim["source"]) for claim in claims][::2] == [
        ("refuted", "measured"),
        ("confirmed", "theory"),
    ]
    assert claims[0]["says"] == "Forty steps are enough"
    assert "MNIST beyond 98 %" in [one["title"] for one in listed]


def test_show_and_list_speak_korean(told):
    """The lesson of a recipe, and the titles of those that come with dlbench."""
    shown, listed = told("show", "korean.toml", env=KOREAN), told("list", "--lang", "ko")

    assert shown.startswith("0.1  작은 것\n  배울까요?\n")
    assert "그럴 수도 있습니다." in shown
    assert "과적합" in listed
    columns = {column_of(line, line.split(maxsplit=1)[0]) for line in listed.splitlines()}
    assert columns == {0}


def test_a_language_holds_for_one_call(monkeypatch):
    """Of two calls in one process the second does not speak what the first was asked for, nor is the environment changed."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    before = dict(os.environ)
    korean, english = (CliRunner().invoke(app, ["list", *options]).stdout for options in (["--lang", "ko"], []))

    assert "과적합" in korean
    assert "과적합" not in english
    assert dict(os.environ) == before


def test_a_language_that_there_is_not(spoken):
    """One line says which there are, and where the wrong one stands; exit code 2."""
    code, _, err = spoken("list", env={"DLBENCH_LANG": "de"})

    assert code == 2
    assert "DLBENCH_LANG" in err
    assert "'de' is not one of 'en', 'ko'" in err
