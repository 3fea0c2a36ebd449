"""Tables for programs: CSV and Parquet of one set of numbers."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from agreeing_runs import KINDS, diverged, made, searched, steered
from synthetic_run import make_plan, probe_event, stack_event, state_of

from dlbench.analysis.summary import report
from dlbench.export import RECORDS, WRITERS, ExportSource
from dlbench.export.parquet_file import METADATA, write_parquet
from dlbench.export.records import RecordField, Records, csv_text, records_of, safe
from dlbench.measures.catalog import MEASURES
from dlbench.metrics.catalog import METRICS
from dlbench.plan.questions import Questions

READ = {pa.int64(): int, pa.float64(): float, pa.float32(): np.float32, pa.bool_(): {"True": True, "False": False}.get}


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def found(request, tmp_path):
    """Each kind of run."""
    return made(request.param, tmp_path)


def table_of(records: Records, **options: Any) -> pa.Table:
    """Records written as Parquet and read back."""
    file = io.BytesIO()
    write_parquet(records, file, {}, **options)
    return pq.read_table(io.BytesIO(file.getvalue()))


def lines_of(records: Records) -> list[dict[str, str]]:
    """Records written as CSV and read back."""
    return list(csv.DictReader(io.StringIO(csv_text(records))))


@pytest.mark.parametrize("name", RECORDS.names)
def test_csv_is_equal_to_parquet(found, name):
    """Every cell of the CSV, read by the type of its Parquet column, is that column's cell; empty is null and nothing else."""
    records = RECORDS[name].make(found)
    table, lines = table_of(records), lines_of(records)

    assert table.num_rows == len(lines)
    assert [safe(own) for own in table.column_names] == csv_text(records).splitlines()[0].split(",")
    for field in table.schema:
        read = READ.get(field.type)
        for line, value in zip(lines, table[field.name].to_pylist(), strict=True):
            text = line[safe(field.name)]
            if value is None:
                assert text == ""
            elif read is None:
                assert text == safe(value)
            else:
                assert read(text) == value


@pytest.mark.parametrize("name", RECORDS.names)
def test_what_is_not_there_is_null(found, name):
    """No number in Parquet is NaN."""
    table = table_of(RECORDS[name].make(found))
    floats = [table[field.name] for field in table.schema if pa.types.is_floating(field.type)]

    assert not any(value is not None and math.isnan(value) for column in floats for value in column.to_pylist())


def test_curves_are_the_trials_evaluations(found):
    """A row an evaluation of every trial, in order, with the numbers of its curves."""
    rows = table_of(RECORDS["curves"].make(found)).to_pylist()
    for trial in found.state.trials:
        own = [row for row in rows if row["trial"] == trial.plan.id]
        ends = [trial.steps, [] if trial.diverged_at is None else [s for s in trial.steps if s < trial.diverged_at]]
        steps = ends[trial.diverged_at is not None]
        if trial.dropped_at is not None:
            steps = [step for step in steps if step <= trial.dropped_at]
        assert [row["step"] for row in own] == steps
        for name in ("train_loss", "train_accuracy", "test_rmse"):
            values = [row.get(name) for row in own]
            expected = [None if math.isnan(value) else value for value in trial.curve(name)[: len(steps)].tolist()]
            assert values == expected


def test_layers_are_the_trials_probes(found):
    """A row each layer and probe of every trial, with every measure of the catalogue."""
    table = table_of(RECORDS["layers"].make(found))
    rows = table.to_pylist()
    assert table.column_names[-len(MEASURES) :] == list(MEASURES)
    for trial in found.state.trials:
        own = [row for row in rows if row["trial"] == trial.plan.id]
        norms = trial.probe("gradient_norm")
        for row in own:
            expected = float(norms[trial.probe_steps.index(row["step"]), row["place"]])
            assert row["layer"] == trial.layers[row["place"]].name
            assert row["gradient_norm"] == (None if math.isnan(expected) else expected)
        if trial.diverged_at is None and trial.idle_from is None:
            assert len(own) == len(trial.probe_steps) * len(trial.layers)


def test_diverged_trials_have_no_rows_after_it():
    """Neither evaluations nor probes from the step on at which a trial diverged."""
    found = diverged()
    for name in ("curves", "layers"):
        rows = table_of(RECORDS[name].make(found)).to_pylist()
        assert {row["step"] for row in rows if row["variant"] == "wild"} == {0}
        assert max(row["step"] for row in rows if row["variant"] == "calm") > 90


def test_trials_have_every_metric():
    """One row a trial with each metric's own value."""
    found = steered()
    rows = table_of(RECORDS["trials"].make(found)).to_pylist()
    assert [{name: row[name] for name in METRICS} for row in rows] == [
        {name: metric.value(trial) for name, metric in METRICS.items()} for trial in found.state.trials
    ]


def test_choices_have_types():
    """A searched number is a number, a searched part is JSON, and a candidate that was not given it has none."""
    rows = table_of(RECORDS["table"].make(searched())).to_pylist()
    chosen = [row for row in rows if row["part"] == "search"]
    assert [row["train.optimizer.lr"] for row in chosen] == [0.1, 1.0, 0.01, 0.01]
    assert [row["model.init"] and json.loads(row["model.init"]) for row in chosen] == [{"kind": "he"}, None, None, None]


def test_rows_are_written_in_groups_while_they_are_made():
    """No more than a group's rows are held: the first are in the file before the last are made."""
    file = io.BytesIO()
    seen = []

    def batches():
        for place in range(40):
            seen.append(file.tell())
            yield [[place] * 5, np.full(5, np.nan)]

    write_parquet(Records([RecordField("a", "integer"), RecordField("b", "number")], batches), file, {}, rows=20)
    read = pq.ParquetFile(io.BytesIO(file.getvalue()))

    assert read.metadata.num_row_groups == 10
    assert read.read()["a"].to_pylist() == [place for place in range(40) for _ in range(5)]
    assert seen[4] > seen[3]
    assert len(set(seen)) == 10


def test_a_file_says_what_it_is_of(tmp_path):
    """The schema's metadata has recipe, table and notes; a column's has what it is."""
    file = tmp_path / "x.parquet"
    WRITERS["parquet"].make(ExportSource(steered(), "trials"), file)
    schema = pq.read_schema(file)
    told = json.loads(schema.metadata[METADATA])

    assert (told["recipe"], told["what"], told["metric"], told["baseline"]) == (
        "xor",
        "trials",
        "train_accuracy",
        "sigmoid",
    )
    assert any("set to 0.05 by hand" in note for note in told["notes"])
    assert schema.field("solved").metadata[b"description"] == METRICS["solved"].summary.encode()


def test_names_that_are_no_utf8_are_written():
    """A text with bytes that no encoding has is escaped."""
    records = records_of([RecordField("name", "text")], lambda: [["\udcff"], [None], ["한국"]])
    assert table_of(records)["name"].to_pylist() == [r"\udcff", None, "한국"]


def test_devices_are_written_to(tmp_path):
    """A pipe that a user names gets the bytes, and is still a pipe."""
    import os
    import threading

    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(Path(pipe).read_bytes()))
    reader.start()
    WRITERS["parquet"].make(ExportSource(steered()), pipe)
    reader.join(10)

    assert pipe.is_fifo()
    assert got[0].startswith(b"PAR1")


def test_missing_and_clipped_gradients_have_columns():
    """Where a recorded loop had layers without a gradient, or clipped, a column each says so of every layer and probe."""
    norms = {"gradient_missing": [[0.0, 0.0, 1.0]] * 2, "unclipped_gradient_norm": [[5.0, None, None]] * 2}
    plan = make_plan(["a"], 2)
    events = [
        stack_event(0),
        probe_event(0, 3, [[1.0, None], [2.0, None]], **norms),
        probe_event(0, 4, [[1.0, 1.0]] * 2),
    ]
    lines = lines_of(RECORDS["layers"].make(report(state_of(plan, events), Questions())))

    told = [(line["step"], line["gradient_missing"], line["unclipped_gradient_norm"]) for line in lines[:6]]
    assert told == [("3", "0.0", "5.0"), ("3", "0.0", ""), ("3", "1.0", ""), *[("4", "", "")] * 3]
