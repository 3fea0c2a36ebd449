"""Two checkouts are compared value by value: what changed, went, came or was renamed is told, and nothing else is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import dlbench
from benchmarks.compare_checkouts.__main__ import IN_FULL, MOST, cases_of, main, names_of
from benchmarks.compare_checkouts.__main__ import told as lines_of
from benchmarks.compare_checkouts.checkout import SEVERAL, Case, Said
from benchmarks.compare_checkouts.compare import Found, Kind, Rules, compare, wordings
from benchmarks.compare_checkouts.values import PARSERS, Renames, flat, of_json, renamed
from benchmarks.compare_checkouts.views import LEFT_OUT, OF_RUNS, UNSAID

TABLE = """{"columns": [{"key": "loss@5", "metric": "loss"}, {"key": "seconds"}], "notes": [],
 "rows": [{"variant": "relu", "cells": {"loss@5": {"deviation": 0.5, "n": 10}}}, {"variant": "tanh", "cells": {}}]}"""

FORMS = {
    "json": TABLE,
    "csv": "variant,loss@5_deviation\nrelu,0.5\n",
    "markdown": "# xor\n\n| variant | loss\\_deviation, step 5 |\n| --- | ---: |\n| a \\| b | 0.5 |\n\n- a note of 3\n- 4\n",
    "trials": "variant,seed,loss\nrelu,0,0.5\n",
    "lines": "variant  loss@5\n---------------\nrelu     0.5\ntanh     1.5",
}


def found(before: str, after: str, rules: Rules | None = None) -> Found:
    """What differs between two JSON texts."""
    rules = rules or Rules()
    new = flat(of_json(after))
    return compare(renamed(of_json(before), rules.renames, new), new, rules)


def told(before: str, after: str, rules: Rules | None = None) -> list[tuple[str, str]]:
    """The same as kinds and paths."""
    return [(str(one.kind), "/".join(one.path)) for one in found(before, after, rules).differences]


@pytest.mark.parametrize("form", PARSERS)
def test_what_is_the_same_agrees(form: str) -> None:
    """The same text has the same values, of which there are some, whatever its form."""
    one = flat(PARSERS[form](FORMS[form]))
    same = compare(one, flat(PARSERS[form](FORMS[form])), Rules())
    assert (same.agree, same.differences) == (len(one), [])
    assert len(one) >= 2


@pytest.mark.parametrize("form", PARSERS)
def test_a_changed_value_is_told(form: str) -> None:
    """Another number in any form is one difference, with its place, before and after."""
    changed = PARSERS[form](FORMS[form].replace("0.5", "0.25"))
    (one,) = compare(flat(PARSERS[form](FORMS[form])), flat(changed), Rules()).differences
    assert one.kind is Kind.CHANGED
    assert "0.5" in str(one.before)
    assert "0.25" in str(one.after)


def test_a_place_is_named_by_what_stands_there() -> None:
    """Rows are named by their variant, columns by their key, so that what stands before them does not matter."""
    assert told(TABLE, TABLE.replace('"n": 10', '"n": 9')) == [("changed", "rows/relu/cells/loss@5/n")]


@pytest.mark.parametrize("other", ["10.0", "1e1", '"10"', "true", "null"])
def test_numbers_are_compared_as_they_are_written(other: str) -> None:
    """10, 10.0, "10" and true are four values."""
    assert told('{"n": 10}', f'{{"n": {other}}}') == [("changed", "n")]


@pytest.mark.parametrize("form", ["json", "csv", "markdown"])
def test_a_renamed_column_agrees_under_the_map(form: str) -> None:
    """A name in keys, in composed columns and in headings is the new one where the map says so, and lost without it."""
    after = FORMS[form].replace("loss@5_deviation", "loss@5_std").replace("_deviation,", "_std,")
    after = after.replace('"deviation"', '"std"')
    new = flat(PARSERS[form](after))
    assert not compare(
        flat(PARSERS[form](FORMS[form]), names := Renames({"deviation": "std"})), new, Rules(names)
    ).differences
    without = compare(flat(PARSERS[form](FORMS[form])), new, Rules()).differences
    assert {one.kind for one in without} >= {Kind.LOST, Kind.NEW}


def test_a_renamed_metric_agrees_as_key_value_and_label() -> None:
    """A metric's name stands in keys of cells, in the columns' own values, and tells columns apart."""
    rules = Rules(Renames({"loss": "cost"}))
    assert told(TABLE, TABLE.replace("loss", "cost"), rules) == []
    assert told(TABLE, TABLE.replace("loss", "price"), rules)


def test_a_renamed_value_must_still_be_equal() -> None:
    """A map excuses the name, never the number."""
    after = TABLE.replace("deviation", "std").replace("0.5", "0.6")
    assert told(TABLE, after, Rules(Renames({"deviation": "std"}))) == [("changed", "rows/relu/cells/loss@5/std")]


def test_a_name_inside_of_a_longer_one_can_be_left_alone() -> None:
    """Whole words are renamed, and the longest name of the map counts."""
    names = Renames({"ratio": "first_last_ratio", "time_ratio": "time_ratio"})
    assert names.apply("ratio@5_low time_ratio ratios the ratio") == (
        "first_last_ratio@5_low time_ratio ratios the first_last_ratio"
    )


def test_an_old_name_that_stays_in_places_agrees_there() -> None:
    """A name that is another one in some tables and the old one in others agrees in both, and must be in one of them."""
    rules, before = Rules(Renames({"ratio": "first_last_ratio"})), '{"a": {"ratio": 1}, "b": {"ratio": 2}}'
    assert told(before, '{"a": {"first_last_ratio": 1}, "b": {"ratio": 2}}', rules) == []
    assert told(before, '{"a": {"first_last_ratio": 1}, "b": {}}', rules) == [
        ("lost", "b/first_last_ratio"),
        ("new", "b"),
    ]


def test_headings_that_break_otherwise_are_no_other_lines() -> None:
    """Of a table that people read, headings may take more lines; a row that changed is told by itself."""
    before = "xor\n  gradient\nvariant  ratio\n──────\nrelu     2.5\n\n- a note"
    after = "xor\n  first\n   last\nvariant   ratio\n────────\nrelu      {}\n\n- a note"
    view = OF_RUNS["table"]
    assert view.compare(Said(0, before, ""), Said(0, after.format("2.5"), ""), Rules()).differences == []
    (one,) = view.compare(Said(0, before, ""), Said(0, after.format("2.6"), ""), Rules()).differences
    assert (one.before, one.after) == ("relu 2.5", "relu 2.6")


def test_a_trial_that_stopped_early_may_have_been_probed_elsewhere() -> None:
    """Its last probe is left out where trained twice; that of a trial which trained to its end is compared."""
    text = "variant,seed,stopped_at,gradient_ratio\nrelu,0,,{}\nrelu,1,50,{}\n"
    view, rules = OF_RUNS["export trials"], Rules(left_out=LEFT_OUT)
    both = view.compare(Said(0, text.format(1, 2), ""), Said(0, text.format(1, 3), ""), rules)
    assert (both.left_out, both.differences) == (1, [])
    assert len(view.compare(Said(0, text.format(1, 2), ""), Said(0, text.format(4, 2), ""), rules).differences) == 1
    assert len(view.compare(Said(0, text.format(1, 2), ""), Said(0, text.format(1, 3), ""), Rules()).differences) == 1


def test_a_lost_column_is_told() -> None:
    """What is there no more is told once for each of its values, and the order of the others is not."""
    assert told('{"a": 1, "b": [2, 3]}', '{"a": 1}') == [("lost", "b/0"), ("lost", "b/1")]


def test_a_new_column_is_told_unless_it_is_permitted() -> None:
    """What was not there is a difference; a pattern permits it, and all that stands below it."""
    after = TABLE.replace('"cells": {}', '"cells": {"rmse": {"mean": 1, "n": 2}}')
    assert told(TABLE, after) == [
        ("lost", "rows/tanh/cells"),
        ("new", "rows/tanh/cells/rmse/mean"),
        ("new", "rows/tanh/cells/rmse/n"),
    ]
    assert told('{"a": {"b": 1}}', '{"a": {"b": 1, "rmse": {"n": 2}}}', Rules(new=("*/rmse",))) == []
    assert told('{"a": {"b": 1}}', '{"a": {"b": 2, "rmse": 2}}', Rules(new=("*",))) == [("changed", "a/b")]


def test_the_order_of_rows_is_a_value() -> None:
    """Rows that change places are told; a row in between is new, and changes no other's place."""
    two, swapped = '[{"variant": "a"}, {"variant": "b"}]', '[{"variant": "b"}, {"variant": "a"}]'
    assert told(two, swapped) == [("changed", "order")]
    assert told(two, '[{"variant": "a"}, {"variant": "c"}, {"variant": "b"}]') == [("new", "c/variant")]


def test_what_is_left_out_is_counted_and_not_told() -> None:
    """Values that two trainings cannot share are named with a reason, and only they are left out."""
    rules = Rules(left_out={"*/seconds": "time"})
    both = found('{"a": {"seconds": 1, "loss": 1}}', '{"a": {"seconds": 2, "loss": 2}}', rules)
    assert both.left_out == 1
    assert [one.path for one in both.differences] == [("a", "loss")]


def test_a_note_that_chance_brings_is_in_nobody_s_way() -> None:
    """What a probe saw or missed is no difference, wherever it stands among the notes; in an old run it is one."""
    before, after = '{"notes": ["a", "b"]}', '{"notes": ["a", "relu: exploding gradient: dense1", "c"]}'
    view, rules = OF_RUNS["table --json"], Rules(unsaid=UNSAID)
    both = view.compare(Said(0, before, ""), Said(0, after, ""), rules)
    assert [(one.kind, one.path) for one in both.differences] == [(Kind.CHANGED, ("notes", "1"))]
    assert len(view.compare(Said(0, before, ""), Said(0, after, ""), Rules()).differences) == 2


def test_notes_may_be_new_wherever_they_stand() -> None:
    """A note that the map permits moves no other; one of before that is there no more is still told."""
    before, after = '{"notes": ["a", "b"]}', '{"notes": ["a", "relu: 3 of 10 seeds: stuck", "b"]}'
    view, rules = OF_RUNS["export json"], Rules(new_texts=("*: * of * seeds: *",))
    assert view.compare(Said(0, before, ""), Said(0, after, ""), rules).differences == []
    assert view.compare(Said(0, after, ""), Said(0, before, ""), rules).differences
    assert view.compare(Said(0, after, ""), Said(0, after, ""), rules).differences == []


def test_other_words_for_the_same_numbers_are_no_other_value() -> None:
    """They are collected, alike ones counted together; where a number or a verdict's mark is another, they differ."""
    before = '["✔ 3 seeds of 10 got there", "✔ 4 seeds of 10 got there"]'
    after = '["✔ 3 of 10 seeds succeeded", "✔ 4 of 10 seeds succeeded"]'
    both = found(before, after)
    assert both.differences == []
    assert wordings(both.reworded) == {("# # seeds of # got there", "# # of # seeds succeeded"): 2}
    assert told(before, after, Rules(words=True)) == [("reworded", "0"), ("reworded", "1")]
    assert told(before, after.replace("✔ 4", "✔ 5")) == [("changed", "1")]
    assert told(before, after.replace("✔ 4", "✖ 4")) == [("changed", "1")]
    assert told('["relu"]', '["tanh"]') == [("changed", "0")]


def test_a_command_that_fails_is_one_difference() -> None:
    """Of a command that only one checkout can do, its exit code and its reason are told, not every value that is missing."""
    view = OF_RUNS["table --json"]
    both = view.compare(Said(0, TABLE, ""), Said(3, "", "error: no plan\n"), Rules())
    assert [str(one) for one in both.differences] == ["changed exit code: 0 -> 3", 'new stderr: is "error: no plan"']


def test_many_differences_are_cut_short_and_counted() -> None:
    """Of thousands of differences the first are told, and how many there are."""
    lost = found(json.dumps(list(range(1000))), "[]")
    first, *lines, last = lines_of(Case("xor"), {"table": lost}).splitlines()
    assert "1,000 lost, 1 new" in first
    assert len(lines) == MOST
    assert last == f"  table: and {1001 - MOST} more"


def test_a_rename_has_two_sides() -> None:
    """`--renamed` takes old=new, and refuses what is none."""
    assert names_of(["a=b", "deviation = std"]) == {"a": "b", "deviation": "std"}
    with pytest.raises(typer.BadParameter):
        names_of(["a=b", "nothing"])


def test_the_demo_is_compared_in_full() -> None:
    """Every recipe is compared in its quick version, that of `make demo` as it stands too."""
    assert [str(case) for case in cases_of(["xor", IN_FULL])] == [f"{IN_FULL}.full", "xor.quick", f"{IN_FULL}.quick"]


TOY = """
import json, pathlib, sys
verb, *rest = sys.argv[1:]
if verb == "run":
    folder = pathlib.Path(rest[-1]) / rest[0] / "20260101-000000"
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(json.dumps({{"by": "{name}"}}))
elif verb in ("show", "probe", "table") and "--json" in rest or "json" in rest:
    print(json.dumps({{"loss": {loss}, "seconds": {loss}, "a": {{"seconds": {loss}}}}}))
elif "csv" in rest or "trials" in rest or "ensembles" in rest:
    print("variant,loss\\nrelu,1")
else:
    print("loss 1")
"""


def checkout(folder: Path, loss: float) -> Path:
    """A repository whose `dlbench` trains in no time, and says this loss of everything."""
    package = folder / "dlbench"
    package.mkdir(parents=True)
    (folder / "recipes").mkdir()
    (folder / "recipes" / "xor.toml").write_text("", encoding="utf-8")
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "__main__.py").write_text(TOY.format(name=folder.name, loss=loss), encoding="utf-8")
    identity = ["-c", "user.name=toy", "-c", "user.email=toy@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "toy"]):
        subprocess.run(["git", "-C", str(folder), *identity, *command], check=True, capture_output=True)
    return folder


@pytest.mark.extras
def test_checkouts_are_trained_and_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whole commands of two checkouts: what differs in own and in old runs is told and ends with 1; kept runs are used again."""
    before, after = checkout(tmp_path / "before", 0.5), checkout(tmp_path / "after", 0.25)
    keep = tmp_path / "keep"
    with pytest.raises(typer.Exit) as different:
        main(before, after, keep=keep)
    out = capsys.readouterr().out
    assert different.value.exit_code == 1
    assert "xor.quick" in out
    assert "  table --json: changed loss: 0.5 -> 0.25" in out
    assert "  table --json, old run: changed loss: 0.5 -> 0.25" in out
    assert "  table --json, old run: changed a/seconds: 0.5 -> 0.25" in out
    assert "  table --json: changed a/seconds" not in out

    runs = {path: json.loads(path.read_text())["by"] for path in keep.rglob("plan.json")}
    assert sorted(runs.values()) == ["after", "before"]
    times = [path.stat().st_mtime_ns for path in runs]
    with pytest.raises(typer.Exit) as same:
        main(before, before, keep=keep)
    assert "none differ" in capsys.readouterr().out
    assert same.value.exit_code == 0
    assert [path.stat().st_mtime_ns for path in runs] == times
    with pytest.raises(typer.BadParameter):
        main(before, tmp_path)


@pytest.mark.extras
def test_a_checkout_that_trains_nothing_still_reads_old_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --old-runs AFTER has no run of its own, and differs by what it says of BEFORE's."""
    before, after = checkout(tmp_path / "before", 0.5), checkout(tmp_path / "after", 0.25)
    with pytest.raises(typer.Exit):
        main(before, after, keep=tmp_path / "keep", old_runs=True)
    out = capsys.readouterr().out
    assert len(list((tmp_path / "keep").rglob("plan.json"))) == 1
    assert "  table --json, old run: changed loss: 0.5 -> 0.25" in out
    assert "  table --json: changed loss" not in out


def test_commands_end_as_they_do_from_a_shell(tmp_path: Path) -> None:
    """Commands that share one start each have their own output and the exit code that a shell would see."""
    asked = [["--version"], ["table", str(tmp_path)], ["list", "--json"]]
    done = subprocess.run(
        [sys.executable, str(SEVERAL)], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    version, refused, listed = json.loads(done.stdout)
    assert (version["code"], version["out"].split()[-1]) == (0, dlbench.__version__)
    assert (refused["code"], refused["out"]) == (2, "")
    assert str(tmp_path) in refused["errors"]
    assert IN_FULL in listed["out"]
