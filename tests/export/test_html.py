"""HTML: the page says what the report says, needs nothing from elsewhere, and whatever names are in it stay text."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from agreeing_runs import KINDS, diverged, empty, made
from html_reader import parsed, tables_in
from synthetic_run import finished, make_plan, state_of

from dlbench.analysis.claims import Outcome
from dlbench.analysis.diagnosis.finding import SEVERITIES
from dlbench.analysis.summary import report, summarize
from dlbench.export import EXPORTERS
from dlbench.export.page.contents import paragraphs
from dlbench.export.page.layout import TEMPLATE, coded, environment
from dlbench.plan.questions import Claim, Compare, Lesson, Questions
from dlbench.run.atomic import write_json_atomic
from dlbench.run.folder import RunFolder, create
from dlbench.text.document import CLAIM_HEADINGS, document_of
from dlbench.words.page_words import KOREAN
from dlbench.words.printable import printable

OLD = RunFolder(Path(__file__).parents[1] / "run" / "old_runs" / "version-1")
LESSON = Lesson(
    title={"en": "Nine layers", "ko": "아홉 층"},
    question={"en": "Who learns?", "ko": "누가 배울까요?"},
    explain={"en": "Because `tanh` is steep.\n\nAnd that is all.", "ko": "tanh는 가파르기 때문입니다."},
    section="1.3",
)
NUMBERS = {"train_loss": 0.1, "train_accuracy": 1.0, "test_loss": 0.2, "test_accuracy": 0.75}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "</style></pre></svg>&lt;b>",
    "'; url(http://evil.example/x) \x1b[31m\u202e",
    "{{ 7 * 7 }} {% raw %}",
]
ENVIRONMENT = {
    "dlbench": "0.1.0",
    "commit": "0123456789abcdef0123456789abcdef01234567-dirty",
    "python": "3.11.7",
    "host": "secret-host",
    "folder": "/home/secret-user",
    "cpu": "A processor",
    "memory": 16 * 2**30,
    "packages": {"torch": "2.6.0"},
    "command": ["/home/secret-user/bin/dlbench", "run", "mine.toml", "--set", "a=b c"],
    "workers": {"s000-w0": {"device_name": "cpu", "threads": 2}, "s001-w0": {"device_name": "cpu", "threads": 2}},
}


def page(found, language="en"):
    """The page of a report, read."""
    return parsed(EXPORTERS["html"].make(found, language=language))


def run(variants, seeds=2, *, events=lambda told: told, **questions):
    """A run of some variants that ended, if no test changes its events."""
    plan = make_plan(variants, seeds)
    asked = Questions(compare=Compare("test_accuracy"), lesson=LESSON, **questions)
    return report(state_of(plan, events(finished(plan, lambda _: NUMBERS))), asked)


def in_folder(found, base, recipe="[data]\nkind = 'xor'\n", environment=ENVIRONMENT):
    """The same report of a run with a folder."""
    folder = create(base, "mine", datetime(2026, 11, 23, 15, 30, 12, tzinfo=UTC))
    folder.write_recipe(recipe)
    write_json_atomic(folder.env_file, environment)
    return replace(found, folder=folder)


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """A run with a lesson, a claim and a folder."""
    claim = Claim({"en": "They learn.", "ko": "배운다."}, "lecture", "relu", "test_accuracy", at_least=0.1)
    return in_folder(run(["sigmoid", "relu"], claims=[claim]), tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A run in which everything that a recipe, a dataset or a machine names is an attack."""
    asked = Lesson(*[" ".join(HOSTILE)] * 4)
    claims = [Claim(text, "measured", text, "test_accuracy", at_least=0.1) for text in HOSTILE]
    told = {"class_names": HOSTILE[:2]}
    found = run(
        HOSTILE, claims=claims, events=lambda events: [e | (told if e["kind"] == "stack" else {}) for e in events]
    )
    environment = dict.fromkeys(ENVIRONMENT, HOSTILE[0]) | {"packages": {HOSTILE[0]: HOSTILE[1]}, "command": HOSTILE}
    folder = tmp_path_factory.mktemp("runs")
    return in_folder(replace(found, lesson=asked), folder, "\n".join(HOSTILE), environment)


@pytest.fixture(scope="module")
def drawn(lesson):
    """The page of that run with its pictures."""
    return EXPORTERS["html"].make(lesson)


@pytest.fixture(scope="module")
def hostile_page(hostile):
    """The page of that run with its pictures."""
    return EXPORTERS["html"].make(hostile)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.usefixtures("undrawn")
def test_tables_and_sentences_have_their_places(kind, tmp_path):
    """Each table stands under its key, each note and sentence of the diagnosis is on the page, whatever kind of run it is."""
    document = document_of(found := made(kind, tmp_path))
    text = EXPORTERS["html"].make(found)

    assert [key for key, _ in tables_in(text)] == [table.key for table in document.tables]
    assert {*document.notes, *document.diagnosis} <= {one.text for one in parsed(text).all("li")}


@pytest.mark.parametrize(("kind", "pictures"), [(empty, 0), (diverged, 5)], ids=["empty", "diverged"])
def test_pictures_that_there_are(kind, pictures):
    """A run before its first event has no pictures; one whose seeds diverged has comparison, loss, score and each variant."""
    assert len(page(kind()).all("svg")) == pictures


def test_it_tells_lesson_claims_and_surroundings(drawn):
    """Question, explanation in paragraphs with code as code, the claim, settings, versions and the command are on the page."""
    found = parsed(drawn)
    text = found.text

    assert [one.text for one in found.all("h1")] == ["Nine layers"]
    assert "Because tanh is steep." in [one.text for one in found.all("p")]
    assert "tanh" in [one.text for one in found.all("code")]
    for told in (
        "Lecture 1.3",
        "Who learns?",
        "They learn.",
        "0.1.0 (0123456789ab, dirty)",
        "3.11.7",
        "2.6.0",
        "16.0 GiB",
    ):
        assert told in text
    assert "dlbench run mine.toml --set 'a=b c'" in text
    assert re.search(r"threads a worker\s*2\b", text)


def test_it_keeps_quiet_about_people_and_machines(drawn):
    """Neither the host nor the folders of whoever ran it are on a page that is handed out."""
    assert "secret" not in drawn


def test_the_recipe_can_be_taken_out(drawn):
    """The link beside the command holds the recipe of the run, under a file's name; and the recipe can be read on the page."""
    found = parsed(drawn)
    (link,) = [one for one in found.all("a") if "download" in one.attributes]

    assert base64.b64decode(link.attributes["href"].partition("base64,")[2]).decode() == "[data]\nkind = 'xor'\n"
    assert f"dlbench run {link.attributes['download']}" in found.text
    assert "[data] kind = 'xor'" in [one.text for one in found.all("pre")]


def references(root):
    """What a browser would fetch or go to: every reference in attributes and styles."""
    styles = [one.text for one in root.all("style")]
    for element in root.walk():
        for name, value in element.attributes.items():
            if name in {"href", "src", "xlink:href", "srcset", "action", "data", "poster", "formaction"}:
                yield element.tag, value
            if name in {"style", "fill", "stroke", "clip-path", "mask", "filter", "marker-start", "marker-end"}:
                styles.append(value)
    for style in styles:
        yield from (("url", found.strip("'\" ")) for found in re.findall(r"url\(([^)]*)\)", style))
        yield from (("import", found) for found in re.findall(r"@import[^;]*", style))


@pytest.mark.parametrize("name", ["drawn", "hostile_page"])
def test_nothing_comes_from_elsewhere(name, request):
    """No script, frame, link or handler; what is referred to is on the page itself, or written in the reference."""
    root = parsed(request.getfixturevalue(name))
    ids = [one.attributes["id"] for one in root.walk() if "id" in one.attributes]

    assert len(ids) == len(set(ids))
    assert root.all("script", "link", "iframe", "object", "embed", "base", "form", "b") == []
    assert [name for one in root.walk() for name in one.attributes if name.startswith("on")] == []
    for tag, target in references(root):
        assert target.startswith("data:") or target[1:] in ids, (tag, target)
        assert not target.startswith("data:") or tag in {"a", "image", "img"}


def test_names_stay_text(hostile_page):
    """Names that are HTML, templates or codes of a terminal can be read on the page as they are written."""
    root = parsed(hostile_page)
    names = next(table.all("th") for table in root.all("table") if table.attributes.get("data-key") == "comparison")

    assert [one.text for one in names][-len(HOSTILE) :] == [" ".join(printable(name).split()) for name in HOSTILE]
    assert not set("\x1b\u202e") & set(hostile_page)
    assert "49" not in root.all("h1")[0].text


def test_it_can_be_heard(drawn):
    """For who cannot see: the language, headings without a gap, a scope for each heading of a table, names of pictures and boxes."""
    root = parsed(drawn)
    levels = [int(one.tag[1]) for one in root.all("h1", "h2", "h3", "h4")]

    assert root.all("html")[0].attributes["lang"] == "en"
    assert levels[0] == levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert {one.attributes.get("scope") for one in root.all("th")} == {"col", "row"}
    assert root.all("svg")
    assert all(one.attributes.get("role") == "img" and one.attributes["aria-label"] for one in root.all("svg"))
    boxes = [one for one in root.walk() if one.attributes.get("class") == "scroll"]
    assert all(one.attributes["tabindex"] == "0" and one.attributes["aria-label"] for one in boxes)


def test_korean_has_every_word():
    """Every word of the template, of verdicts, findings and tables has a Korean one, and none is kept that nobody says."""
    source = environment().loader.get_source(environment(), TEMPLATE)[0]
    told = {found for pair in re.findall(r'_\((?:"([^"]+)"|\'([^\']+)\')', source) for found in pair if found}
    layout = {"Results", "Curves", "Gradients by layer and step", "Diagnosis", "Ensembles", "Confusion", "Settings"}
    counted = {f"{{}} {noun}{s}" for noun in ("variant", "candidate", "seed", "trial") for s in ("", "s")}
    tables = {"The whole search", "Ensembles", "Run it again", *CLAIM_HEADINGS, *SEVERITIES}
    elsewhere = {"Claims", "Diagnosis", "Explanation", *map(str, Outcome)}
    said = told | layout | counted | tables

    assert said - elsewhere == set(KOREAN)
    assert all(re.search("[가-힣]", word) for word in KOREAN.values())


@pytest.mark.usefixtures("undrawn")
def test_korean_page(lesson):
    """In Korean the lesson, the claims and the words around them are Korean; numbers and notes stay as they are."""
    root = page(lesson, "ko")
    text = root.text

    assert root.all("html")[0].attributes["lang"] == "ko"
    for told in ("누가 배울까요?", "배운다.", "변형 2개 × 시드 2개 = 학습 4개", "다시 실행하기"):
        assert told in text
    assert "Who learns?" not in text


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("keep", "status", "says"),
    [("end", None, ""), ("run", None, "still in progress"), ("end", "stopped", "has stopped before its end")],
)
def test_it_says_where_the_run_stands(keep, status, says):
    """A run that is under way, or was stopped, says so and keeps its explanation; one that has ended does neither."""

    def events(told):
        last = told[-1] | ({"status": status} if status else {})
        return [*told[:-1], *([last] if keep == "end" else [])]

    text = page(run(["sigmoid", "relu"], events=events)).text

    assert (says in text) if says else ("Trials that have come to their end" not in text)
    assert ("And that is all." in text) == (not says)
    assert ("Trials that have come to their end: 2/4." in text) == bool(says)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("many", [1, 30])
def test_one_variant_and_many(many):
    """A run of one variant is a page as one of thirty is, which has a picture of each."""
    names = [f"variant {number}" for number in range(many)]
    root = page(run(names))

    assert len([one for one in root.all("figure") if one.attributes["class"] == "layers"]) == many
    assert [one.text for one in root.all("tbody")[0].all("th")] == names


@pytest.mark.usefixtures("undrawn")
def test_runs_of_the_first_version_are_exported():
    """A run of 0.1.0 has its table and its environment on the page."""
    found = summarize(OLD)
    root = page(found)

    assert len(root.all("h1")) == 1
    assert found.table.rows[0].variant in root.text
    assert "Python" in root.text


def test_the_same_report_gives_the_same_bytes(lesson, drawn):
    """Exported twice, a page is the same to the byte: it can be kept under version control."""
    assert EXPORTERS["html"].make(lesson) == drawn


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("damage", ["env", "recipe"])
def test_what_is_lost_is_left_out(damage, tmp_path):
    """Without its env.json, or its recipe, a run still has its page."""
    found = in_folder(run(["a"]), tmp_path)
    {"env": found.folder.env_file, "recipe": found.folder.recipe_file}[damage].unlink()
    text = page(found).text

    assert ("0.1.0" in text) == (damage != "env")
    assert ("mine.toml" in text) == (damage != "env")
    assert ("kind = 'xor'" in text) == (damage != "recipe")


def test_texts_of_lessons():
    """Paragraphs are parted by empty lines; what is in backticks is code, and both are escaped."""
    assert paragraphs("\na\nb\n \n\nc") == ("a\nb", "c")
    assert coded("<`a<b` `") == "&lt;<code>a&lt;b</code> `"


def luminance(color):
    """Relative luminance of `#rrggbb`, as WCAG 2.1 defines it."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_colours_have_contrast():
    """Every colour of text has a contrast of 4.5 to 1 with both grounds, by light and by dark (WCAG 2.1, AA)."""
    style = environment().loader.get_source(environment(), "page.css")[0]
    themes = [dict(re.findall(r"--(\w+): (#\w{6})", part)) for part in re.findall(r":root \{(.*?)\}", style, re.DOTALL)]

    assert len(themes) == 2
    for theme in themes:
        for text in ("ink", "faint", "link", "good", "bad", "open"):
            for ground in ("ground", "card"):
                low, high = sorted((luminance(theme[text]), luminance(theme[ground])))
                assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)
