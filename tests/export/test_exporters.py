from __future__ import annotations

import csv
import io
import re

import orjson
import pytest
from part_examples import shipped
from synthetic_run import LN2, breakpoint_event, control_event, finished, make_plan, state_of
from typer.testing import CliRunner
from verbs import app

from dlbench.analysis.summary import report
from dlbench.cli.export import TABLES
from dlbench.cli.nets import FORMAT
from dlbench.export import EXPORTERS, RECORDS, WRITERS, exported
from dlbench.metrics.catalog import METRICS
from dlbench.plan.questions import Claim, Compare, Questions
from dlbench.text.cells import CHANGED, row_parts, seeds_text
from dlbench.text.notes import notes_of

SEARCH = {
    "=cmd|' /C calc'!A0": [{"train.optimizer.lr": 0.1}, {"train.optimizer.lr": 1.0}],
    'quo"te, comma\nline': [{"train.optimizer.lr": 0.01}],
    "a|b*c_d": [{"train.optimizer.lr": 0.01}],
}
SPOKEN = {"html", "latex", "markdown"}
"""Formats for people."""
CLAIMS = [Claim("all | is\nwell", "measured", "a|b*c_d", "test_accuracy", at_least=0.1)]


def final(trial):
    """The numbers of a trial at its end."""
    if trial.choice and trial.choice.get("train.optimizer.lr") == 1.0 and trial.seed == 1:
        return {"diverged_at": 7}
    accuracy = 0.5 + trial.seed / 7 + trial.candidate / 100
    return {"train_loss": LN2 / (1 + trial.seed), "train_accuracy": accuracy, "test_accuracy": accuracy - 1 / 3}


def searched():
    """A run with a search, a diverged trial, and hostile names."""
    plan = make_plan(SEARCH, 3)
    return report(
        state_of(plan, finished(plan, final)),
        Questions(compare=Compare("test_accuracy", "a|b*c_d", "train_loss"), claims=CLAIMS),
    )


def compared():
    """A run of two variants."""
    plan = make_plan(["sigmoid", "relu"], 3)
    return report(
        state_of(plan, finished(plan, final)), Questions(compare=Compare("test_accuracy", "sigmoid"), claims=CLAIMS)
    )


def steered():
    """A run in which people set learning rates, dropped a trial, and hit a breakpoint."""
    plan = make_plan(["sigmoid", "relu"], 3)
    events = finished(plan, final)
    middle = next(i for i, e in enumerate(events) if e.get("stack") == 1 and e["kind"] == "metrics" and e["step"] == 50)
    hands = [
        control_event("set_lr", 1, 60, trials=[0, 1], lr=0.05),
        control_event("set_lr", 1, 70, trials=[0], lr=0.01),
        control_event("end_trial", 1, 80, trials=[2]),
        breakpoint_event(1, 55, 1),
    ]
    state = state_of(plan, [*events[: middle + 1], *hands, *events[middle + 1 :]])
    return report(state, Questions(compare=Compare("test_accuracy", "sigmoid"), claims=CLAIMS))


def empty():
    """A run before its first event."""
    plan = make_plan(["sigmoid", "relu"], 2)
    return report(state_of(plan, []), Questions(compare=Compare("test_accuracy", "sigmoid"), claims=CLAIMS))


REPORTS = {"searched": searched(), "compared": compared(), "steered": steered(), "empty": empty()}


@pytest.fixture(params=REPORTS.values(), ids=REPORTS)
def found(request):
    """Each of the reports."""
    return request.param


def numbers_of(cell):
    """What an export must say of a cell."""
    low, high = (None, None) if cell.interval is None else (cell.interval.low, cell.interval.high)
    return {"mean": cell.mean, "std": cell.std, "n": cell.n, "low": low, "high": high}


def parsed(text):
    """A field of a CSV file as a number."""
    return float(text) if text else None


def cells_of(line):
    """The cells of a line of a Markdown table, unescaped."""
    return [re.sub(r"\\(.)", r"\1", cell).strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("part", EXPORTERS, ids=lambda part: part.name)
def test_every_format_writes_every_report(part, found):
    """Every format writes a finished, a searched and an empty run, ends its last line, and has no NaN or Python names."""
    text = part.make(found)
    assert text.endswith("\n")
    assert part.traits["suffix"].startswith(".")
    words = text.replace("NaN or infinit", "")  # what findings say
    assert not re.search(r"\b(nan|NaN|inf|Infinity|None)\b", words)


def test_csv_has_every_number_of_the_table(found):
    """Every mean, deviation, n and interval of the table stands in the CSV in full precision, and nothing else does."""
    table = found.table
    lines = list(csv.DictReader(io.StringIO(EXPORTERS["csv"].make(found))))
    assert len(lines) == len(table.rows) + len(table.sweep)
    for line, row in zip(lines, [*table.rows, *table.sweep], strict=True):
        assert line["variant"].removeprefix("'") == row.variant
        assert int(line["n_ok"]) == row.n_ok
        assert int(line["n_diverged"]) == row.counts.get("diverged", 0)
        assert int(line["n_dropped"]) == row.counts.get("dropped", 0)
        assert int(line["n_changed"]) == row.n_changed
        for column in table.all_columns:
            for name, expected in numbers_of(row.cells[column.key]).items():
                assert parsed(line[f"{column.key}_{name}"]) == expected


def test_csv_texts_are_no_formulas():
    """A variant whose name begins like a formula reaches a spreadsheet as text; quotes, commas and line ends survive."""
    lines = list(csv.DictReader(io.StringIO(EXPORTERS["csv"].make(REPORTS["searched"]))))
    assert [line["variant"] for line in lines[:3]] == ["'=cmd|' /C calc'!A0", 'quo"te, comma\nline', "a|b*c_d"]


def test_trials_has_every_metric_of_every_trial(found):
    """One row a trial, in the plan's order, with each metric's own value."""
    lines = list(csv.DictReader(io.StringIO(EXPORTERS["trials"].make(found))))
    assert len(lines) == len(found.state.trials)
    for line, trial in zip(lines, found.state.trials, strict=True):
        assert (line["trial"], line["status"]) == (trial.plan.id, trial.status)
        assert int(line["seed"]) == trial.plan.seed
        assert {name: parsed(line[name]) for name in METRICS} == {name: m.value(trial) for name, m in METRICS.items()}


def test_trials_tells_what_was_done_by_hand():
    """The steps and rates that were set, and where a trial was dropped; nothing where nobody did anything."""
    lines = list(csv.DictReader(io.StringIO(EXPORTERS["trials"].make(REPORTS["steered"]))))
    told = [(line["status"], line["dropped_at"], line["changed_at"], line["changed_lr"]) for line in lines]
    assert told[:3] == [("ok", "", "", "")] * 3
    assert told[3:] == [("ok", "", "60;70", "0.05;0.01"), ("ok", "", "60", "0.05"), ("dropped", "80", "", "")]


def test_json_tells_what_was_done_by_hand():
    """Every change, drop and breakpoint with its trial and step."""
    data = orjson.loads(EXPORTERS["json"].make(REPORTS["steered"]))
    assert [(one["variant"], one["seed"], one["step"], one["lr"]) for one in data["interventions"]] == [
        ("relu", 0, 60, 0.05), ("relu", 0, 70, 0.01), ("relu", 1, 60, 0.05),
    ]  # fmt: skip
    assert data["dropped"] == [{"variant": "relu", "choice": {}, "seed": 2, "step": 80}]
    (hit,) = data["breakpoints"]
    assert (hit["seed"], hit["step"], hit["layer"], hit["when"]) == (1, 55, "0 dense", "gradient_norm < 1e-06")
    assert [row["n_changed"] for row in data["rows"]] == [0, 2]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("name", EXPORTERS.names)
def test_data_are_the_same_in_every_language(name):
    """Only formats for people speak the language that is asked for; unasked they speak English."""
    english, korean = (exported(name, REPORTS["searched"], language) for language in ("en", "ko"))

    assert english == EXPORTERS[name].make(REPORTS["searched"])
    assert (english == korean) == (name not in SPOKEN)
    assert ("주장" in korean) == (name in SPOKEN)


def test_markdown_marks_what_was_changed():
    """The changed row has its mark, and the note that explains it stands beneath."""
    text = EXPORTERS["markdown"].make(REPORTS["steered"])
    assert f"| relu {CHANGED} | 2/3, 1 dropped |" in text
    assert f"- {CHANGED} lr of relu (seeds 0, 1) set to 0.05 by hand at step 60" in text


def test_json_has_every_number_of_the_table(found):
    """The JSON holds each cell that has a number, exactly, and the claims with their verdicts."""
    data = orjson.loads(EXPORTERS["json"].make(found))
    columns = {column.key for column in found.table.all_columns}
    for ours, rows in ((data["rows"], found.table.rows), (data["sweep"], found.table.sweep)):
        for line, row in zip(ours, rows, strict=True):
            assert (line["variant"], line["choice"]) == (row.variant, dict(row.choice))
            assert set(line["cells"]) == {
                key for key, cell in row.cells.items() if cell.n or (cell.never and key in columns)
            }
            for key, cell in line["cells"].items():
                low, high = cell["interval"] or (None, None)
                assert {"low": low, "high": high} | {k: cell[k] for k in ("mean", "std", "n")} == numbers_of(
                    row.cells[key]
                )
    assert [claim["outcome"] for claim in data["claims"]] == [str(verdict.outcome) for verdict in found.verdicts]
    assert data["notes"] == notes_of(found)


def test_markdown_prints_the_cells_of_the_terminal(found):
    """Every row is one line of as many cells as the header, with the texts that the terminal shows."""
    table = found.table
    lines = [cells_of(line) for line in EXPORTERS["markdown"].make(found).splitlines() if line.startswith("|")]
    header, rule, *body = lines
    columns = [column for column in table.columns if any(row.cells[column.key].n for row in table.rows)]
    assert len(header) == len(rule) == 2 + len(columns)
    for line, row in zip(body, table.rows, strict=False):
        parts = [" ".join(filter(None, row_parts(row, column))) for column in columns]
        assert line[1:] == [seeds_text(row), *parts]
    verdict = lines[-1]
    assert verdict[1] == "all | is well"


def test_help_names_every_format():
    """What `export --help` says of formats and tables are the catalogues of them, which are not imported to say it."""
    told = " ".join(CliRunner().invoke(app, ["export", "--help"]).stdout.split())
    formats = [name for name in (*shipped(EXPORTERS), *shipped(WRITERS), FORMAT) if name not in TABLES]

    for names, behind in ((formats, "; default"), (shipped(RECORDS), ".")):
        (listed,) = [found for found in re.findall(r"[a-z, ]+ or [a-z]+" + behind, told) if names[0] in found]
        assert set(re.findall("[a-z]+", listed)) - {"or", "default", "of", "csv", "and"} == set(names) - {"csv"}


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        (" =1+1", "' =1+1"),
        ("\u00a0 @x", "'\u00a0 @x"),
        ("-x", "'-x"),
        ("  +x", "'  +x"),
        ("\uff1d1", "'\uff1d1"),
        ("\t=1", r"\t=1"),
        ("\r=1", r"\r=1"),
        ("-0.5", "-0.5"),
        ("+1e-3", "+1e-3"),
        ("-1+1", "'-1+1"),
        (-0.5, "-0.5"),
        ("a=b", "a=b"),
        ("", ""),
        (None, ""),
    ],
)
def test_cells_that_are_no_formulas(value, cell):
    """A text that a spreadsheet would calculate, blanks before it or not, gets an apostrophe; numbers stay numbers."""
    from dlbench.export.records import RecordField, csv_text, records_of

    text = csv_text(records_of([RecordField("a", "text"), RecordField("b", "text")], lambda: [[value, "x"]]))
    assert list(csv.reader(text.splitlines()))[1] == [cell, "x"]
