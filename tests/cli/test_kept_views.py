"""What is kept of a finished run is what reading it anew gives, and is not used once that could be anything else."""

import os
import shutil
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import agreeing_runs
import orjson
import pytest
import recorded_runs
from synthetic_run import finished, make_plan
from typer.testing import CliRunner
from verbs import app

import dlbench
from dlbench import plugins
from dlbench.analysis.summary import report, summarize
from dlbench.cli.kept_views import DATA, TABLE, TRIALS
from dlbench.launch import listing
from dlbench.plan import UntilDecided
from dlbench.plan.questions import Compare, Questions
from dlbench.run import kept as kept_module
from dlbench.run.events import EventReader
from dlbench.run.folder import RunFolder, create
from dlbench.run.group import shown_in
from dlbench.run.kept import FOLDER, key_of
from dlbench.text.document import document_of
from dlbench.text.kept_document import as_text, document_in

OLD = Path(__file__).parents[1] / "run" / "old_runs" / "version-1"
VIEWS = {
    TABLE: [["table"], ["table", "--lang", "ko"], ["table", "--ascii"]],
    DATA: [["table", "--json"]],
    TRIALS: [["export", "--what", "trials"]],
}
"""What is kept, and the commands that show it."""


@pytest.fixture(autouse=True)
def _no_parts_of_other_tests(monkeypatch):
    """Files of parts that other tests of this process have loaded would keep anything from being kept."""
    monkeypatch.setattr(plugins, "_LOADED", {})


def written(folder, plan, events, questions):
    """The files of a run with these events."""
    folder.write_plan(replace(plan, questions=questions))
    lines = [orjson.dumps({"v": 1, "seq": seq, "time": 1e9, **event}) for seq, event in enumerate(events)]
    folder.events.mkdir(exist_ok=True)
    folder.events_file(0, 0).write_bytes(b"".join(line + b"\n" for line in lines))
    return folder.path


def of_report(kind):
    """What makes the folder of one of the runs over which every format is tested."""

    def make(base, monkeypatch):
        told = []
        state_of = agreeing_runs.state_of
        monkeypatch.setattr(
            agreeing_runs, "state_of", lambda plan, events: told.append(events) or state_of(plan, events)
        )
        monkeypatch.setattr(agreeing_runs, "report", lambda *asked: told.append(asked) or report(*asked))
        found = agreeing_runs.made(kind, base)
        events, (state, questions, *folder) = told
        place = folder[0] if folder else create(base, "kind", datetime.now(UTC))
        assert found.state is state
        return written(place, state.plan, events, questions)

    return make


def of_recordings(base, monkeypatch):
    """A group of recordings."""
    del monkeypatch
    return recorded_runs.group(base)[0].path.parent


def of_version_1(base, monkeypatch):
    """A run that an older version wrote, which has its questions in its recipe."""
    del monkeypatch
    return Path(shutil.copytree(OLD, base / "small" / "20261130-025509"))


def of_until_decided(base, monkeypatch):
    """A run that gets seeds until its claims are decided."""
    del monkeypatch
    plan = replace(make_plan(["sigmoid", "relu"], 6), until_decided=UntilDecided([0, 1, 2], 100))
    questions = Questions(compare=Compare("test_accuracy", "relu"), claims=agreeing_runs.CLAIMS)
    folder = create(base, "adding", datetime.now(UTC))
    return written(folder, plan, finished(plan, agreeing_runs.accurate), questions)


KINDS = {
    **{kind.__name__: of_report(kind) for kind in agreeing_runs.KINDS if kind is not agreeing_runs.empty},
    "recordings": of_recordings,
    "version 1": of_version_1,
    "until decided": of_until_decided,
}


def aged(path):
    """The folder as it is when what was written into it just now was written a while ago."""
    long_ago = time.time() - 100
    for file in path.rglob("*"):
        if file.stat().st_mtime > long_ago:
            os.utime(file, (long_ago,) * 2)
    return path


def shown(path, words):
    """What a verb prints of a run."""
    verb, *options = words
    done = CliRunner().invoke(app, [verb, *options, str(path)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def keeps(path):
    """What is kept of a run, by its names."""
    return {file.name: file.read_bytes() for file in (path / FOLDER).glob("*")}


@pytest.fixture
def relu(tmp_path, monkeypatch):
    """The folder of a finished run whose table is kept."""
    path = aged(of_report(agreeing_runs.classification)(tmp_path, monkeypatch))
    shown(path, ["table"])
    assert list(keeps(path)) == [TABLE]
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_is_what_reading_gives(kind, tmp_path, monkeypatch):
    """Every view of every kind of run prints the same of what was kept, with no event read, as it had printed before."""
    path = aged(KINDS[kind](tmp_path, monkeypatch))
    shutil.rmtree(path / FOLDER, ignore_errors=True)
    fresh = {}
    for words in (words for views in VIEWS.values() for words in views):
        shutil.rmtree(path / FOLDER, ignore_errors=True)
        fresh[tuple(words)] = shown(path, words)
    for name, (words, *_) in VIEWS.items():
        shown(path, words)
        assert name in keeps(path)
    monkeypatch.setattr(EventReader, "poll", None)

    assert {words: shown(path, words) for words in fresh} == fresh


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"recordings"}))
def test_a_list_of_runs_says_the_same_of_what_is_kept(kind, tmp_path, monkeypatch):
    """What `runs` says of a run that is done is kept with it, and said again without a look at its workers and events."""
    path = aged(KINDS[kind](tmp_path, monkeypatch))
    words = ["runs", "--json", "--out", str(path.parents[1])]
    fresh = CliRunner().invoke(app, words).output
    assert list(keeps(path)) == ["listed.json"]
    monkeypatch.setattr(listing, "status", None)

    assert '"state": "done"' in fresh
    assert CliRunner().invoke(app, words).output == fresh


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_comes_back_as_it_was(kind, tmp_path, monkeypatch):
    """Every cell, its number with it, every heading, note and sentence of a document is the same after it was kept."""
    found = summarize(shown_in(KINDS[kind](tmp_path, monkeypatch)))
    documents = {language: document_of(found, language) for language in ("en", "ko")}
    text = as_text(documents)

    assert {language: document_in(text.encode(), language) for language in documents} == documents
    assert document_in(text.encode(), "fr") is None


@pytest.mark.parametrize("place", ["plan.json", "events/s000-w0.jsonl", "recipe.toml", "correct/stack-0.npz", "new"])
def test_whatever_is_touched_is_read_anew(place, relu):
    """A file of the run that was changed, were it by its time alone, or is new, makes what was kept no answer any more."""
    before = keeps(relu)
    file = relu / place
    file.parent.mkdir(exist_ok=True)
    file.touch()
    aged(relu)
    shown(relu, ["table"])

    assert keeps(relu).keys() == before.keys()
    assert keeps(relu) != before


def test_another_number_in_the_events_is_in_the_table_at_once(relu):
    """Events of the same length with the same times, but another digit, are read, since nobody can set back all times."""
    file = next(relu.glob("events/*.jsonl"))
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    before, text = shown(relu, ["table"]), file.read_text()
    file.write_text(text.replace('"test_accuracy":[0.', '"test_accuracy":[9.'))
    os.utime(file, ns=times)

    assert len(file.read_text()) == len(text)
    assert shown(relu, ["table"]) != before


@pytest.mark.parametrize(
    ("change", "is_another"),
    [
        (lambda patch: None, False),
        (lambda patch: patch.setattr(dlbench, "__version__", "99"), True),
        (lambda patch: patch.setattr(dlbench, "__file__", __file__), True),
        (lambda patch: patch.setattr(sys, "version", "9.99"), True),
        (lambda patch: patch.setattr(sys, "path", []), True),
    ],
)
def test_another_dlbench_reads_anew(change, is_another, relu, monkeypatch):
    """What another version, or the same with other code or other libraries, has kept is no answer."""
    key = key_of(RunFolder(relu))
    change(monkeypatch)
    monkeypatch.setattr(kept_module, "_here", kept_module._here.__wrapped__)  # which is else looked at once

    assert (key_of(RunFolder(relu)) != key) is is_another


def test_parts_from_outside_are_heard(relu, monkeypatch):
    """Where files of parts or installed ones are loaded nothing is kept, and nothing that was kept is shown."""
    monkeypatch.setattr(plugins, "_LOADED", {plugins.PartsFile("mine.py", "0"): None})
    (relu / FOLDER / TABLE).write_bytes(b"not looked at")

    assert "test accuracy" in shown(relu, ["table"])
    assert keeps(relu) == {TABLE: b"not looked at"}


@pytest.mark.parametrize("options", [["--columns", "test_loss"], ["--sort", "test_loss"], ["--filter", "variant=relu"]])
def test_what_is_asked_is_answered(options, relu):
    """A table that something was asked of is made of the events, and what is kept stays that of the plain one."""
    before, plain = keeps(relu), shown(relu, ["table"])

    assert shown(relu, ["table", *options]) != plain
    assert keeps(relu) == before


DAMAGES = {
    "empty": lambda file: file.write_bytes(b""),
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-9]),
    "a byte": lambda file: file.write_bytes(file.read_bytes()[:-2] + b"!" + file.read_bytes()[-1:]),
    "no key": lambda file: file.write_bytes(file.read_bytes().partition(b"\n")[2]),
    "a pipe": lambda file: (file.unlink(), os.mkfifo(file)),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
    "a link to nowhere": lambda file: (file.unlink(), file.symlink_to("nowhere")),
}
"""What can become of what is kept, or stand in its place."""


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_made_anew(damage, relu):
    """A damaged document, or whatever stands in its place, says nothing: the table is the same as ever."""
    before = shown(relu, ["table"])
    DAMAGES[damage](relu / FOLDER / TABLE)

    assert shown(relu, ["table"]) == before


@pytest.mark.parametrize(
    "data",
    [
        b"[]", b"null", b"\xff", b'{"en": 3}', b'{"en": ["t", [], [], [], "d"]}', b'{"en": ["t", 3, [], [], "d"]}',
        b'{"en": ["t", [["k", "t", [], [], []]], [], [], "d"]}',
        b'{"en": ["t", [["k", "t", [["a", "b", true, ""]], [[["x", "", "", "pink", null]]], []]], [], [], "d"]}',
        b'{"en": ["t", [["k", "t", [["a", "b", true, ""]], [[["x", "", "", "", "9"]]], []]], [], [], "d"]}',
        b'{"en": ["t", [["k", "t", [["a", "b", true, ""]], [[]], []]], [], [], "d"]}',
        b'{"en": ["t", [["k", "t", [[1, "b", true, ""]], [], []]], [], [], "d"]}',
        b'{"en": ' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_nothing_but_a_document_is_one(data):
    """Bytes that are no document, whoever wrote them, are none, and no error either."""
    assert document_in(data, "en") is None


def test_what_may_go_on_is_not_kept(tmp_path, monkeypatch):
    """Of a run that was not begun, was stopped, or whose events are damaged nothing is kept."""
    plan = make_plan(["sigmoid", "relu"])
    events = finished(plan, agreeing_runs.accurate)
    stopped = [*events[: len(events) // 2], {"kind": "end", "status": "stopped"}]
    folders = [
        aged(written(create(tmp_path, name, datetime.now(UTC)), plan, told, Questions()))
        for name, told in {"empty": [], "stopped": stopped, "damaged": events}.items()
    ]
    (lines,) = folders[-1].glob("events/*.jsonl")
    lines.write_bytes(lines.read_bytes().replace(b'"kind":"probe"', b'"kind":"pro"e"', 1))
    for path in map(aged, folders):
        for words in (views[0] for views in VIEWS.values()):
            shown(path, words)

        assert keeps(path) == {}


def test_a_run_that_was_just_written_is_not_kept(tmp_path, monkeypatch):
    """Where the next change could have the time of the last one, nothing is kept."""
    path = of_report(agreeing_runs.classification)(tmp_path, monkeypatch)
    shown(path, ["table"])

    assert keeps(path) == {}


@pytest.mark.parametrize("linked", ["events", FOLDER])
def test_nothing_is_kept_by_way_of_links(linked, relu):
    """A run whose files lie behind a link, where they change unseen, has no key; nor is anything written by way of one."""
    elsewhere = relu.parent / "elsewhere"
    shutil.move(relu / linked, elsewhere)
    (relu / linked).symlink_to(elsewhere)
    shutil.rmtree(relu / FOLDER) if linked != FOLDER else (elsewhere / TABLE).unlink()
    before = sorted(elsewhere.rglob("*"))

    assert "test accuracy" in shown(relu, ["table"])
    assert sorted(elsewhere.rglob("*")) == before
    assert linked == FOLDER or not (relu / FOLDER).exists()


def test_a_folder_that_cannot_be_written_is_read(tmp_path, monkeypatch):
    """Where nothing can be kept the table is printed all the same, and not a word is lost about it."""
    path = aged(of_report(agreeing_runs.classification)(tmp_path, monkeypatch))
    (path / FOLDER).write_text("in the way")
    aged(path)

    assert "test accuracy" in shown(path, ["table"])
