"""All formats say the same of a report, cell by cell, whatever kind of run it is and however it was asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from agreeing_runs import KINDS, made
from format_readers import (
    DOCUMENTS,
    ELSEWHERE,
    NUMBERS,
    RECORDED,
    WORDS,
    numbers_in_parquet,
    printed,
)
from part_examples import shipped

from dlbench.analysis.arrangement import TableWishes, arranged
from dlbench.analysis.pivot import pivoted
from dlbench.export import EXPORTERS, RECORDS, WRITERS, csv_chunks, exported
from dlbench.metrics.format import number, value_format
from dlbench.text.cells import comparison_table
from dlbench.text.document import document_of
from dlbench.text.findings import diagnosis
from dlbench.words.printable import one_line

pytestmark = pytest.mark.usefixtures("undrawn")


def sorted_and_cut(found):
    """Its second row and those after it, from the other end, with columns that were asked for."""
    first, *_ = found.table.rows
    names = [column.key for column in found.table.columns]
    return arranged(
        found, TableWishes(columns=[*names[1:], *names[:1]], sort="-variant", filters=[f"!{first.variant}"])
    )


def laid_out(found):
    """The deciding metric by variant and by a setting that is made up for it."""
    plan = found.state.plan
    for place, one in enumerate(plan.candidates):
        one.settings.update({"model": {"odd": bool(place % 2)}} if not one.choice else {})
    key = found.table.columns[0].key if found.table.columns else found.table.metric
    other = "odd" if not found.table.sweep else "lr"
    return pivoted(found, "variant", other, key)


ASKED = {"whole": lambda found: found, "arranged": sorted_and_cut, "pivot": laid_out}


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def whole(request, tmp_path_factory):
    """Each kind of run."""
    return made(request.param, tmp_path_factory.mktemp("runs"))


@pytest.fixture(params=ASKED.values(), ids=ASKED)
def found(request, whole):
    """The same as it is, with other rows and columns, and as a pivot; a run without a number cannot be asked for one."""
    if request.param is not ASKED["whole"] and not whole.table.columns:
        pytest.skip("has no numbers")
    return request.param(whole)


def plain(text):
    """A text as it can be read, white space aside."""
    return " ".join(one_line(text).split())


def squeezed(text):
    """A text without white space."""
    return "".join(text.split())


def expected_tables(found):
    """What a format for people must have: headings and cells of every table, in order."""
    return [
        [
            [plain(heading.title) for heading in table.headings],
            *([plain(cell.joined) for cell in row] for row in table.rows),
        ]
        for table in document_of(found).tables
    ]


def test_every_format_is_read_back():
    """No format is left out: each has a reader here, or a test of its own that is there."""
    known = {*DOCUMENTS, *NUMBERS, *RECORDED, *ELSEWHERE}

    assert {*shipped(EXPORTERS), *shipped(WRITERS)} == known
    assert all((Path(__file__).parent / test).is_file() for test in ELSEWHERE.values())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_formats_for_people_have_the_same_cells(found, name):
    """Every table of the report stands in the format with the same headings, rows and cells, in the same order."""
    assert DOCUMENTS[name](EXPORTERS[name].make(found)) == expected_tables(found)


def test_the_terminal_prints_the_same_cells(found):
    """A line of the terminal is a row of the table, its cells beside each other."""
    lines = [squeezed(line) for line in printed(found).splitlines()]
    for table in document_of(found).tables:
        if table.key in {"comparison", "search", "ensembles", "pivot"}:
            for row in table.rows:
                assert squeezed("".join(plain(cell.joined) for cell in row)) in lines


@pytest.mark.parametrize("name", NUMBERS)
def test_formats_for_programs_have_the_same_numbers(found, name):
    """Mean, std, n and interval of every cell are the table's own, bit by bit, and Parquet's are the same."""
    if found.pivot is not None:
        pytest.skip("has one metric alone")
    parts = [("comparison", row) for row in found.table.rows] + [("search", row) for row in found.table.sweep]
    expected = {}
    for part, row in parts:
        cells = {column.key: row.cells[column.key] for column in found.table.all_columns}
        expected[part, row.variant, json.dumps(dict(row.choice), sort_keys=True)] = {
            key: {
                "mean": cell.mean,
                "std": cell.std,
                "n": cell.n,
                "low": cell.interval and cell.interval.low,
                "high": cell.interval and cell.interval.high,
            }
            for key, cell in cells.items()
            if cell.n or cell.never
        }

    assert NUMBERS[name](found, EXPORTERS[name].make(found)) == expected
    assert numbers_in_parquet(found) == expected


def test_what_people_read_is_what_programs_read_rounded(whole):
    """A cell of the terminal is the JSON's mean in the metric's format."""
    table = comparison_table(whole.table, whole.table.rows)
    rows = json.loads(EXPORTERS["json"].make(whole))["rows"]
    checked = 0
    for column in whole.table.columns:
        if column.is_difference or column.metric.is_share or column.is_time:
            continue
        for cell, row in zip(table.column(column.key), rows, strict=True):
            if (own := row["cells"].get(column.key)) is not None:
                assert cell.text == number(own["mean"], value_format(column.metric, own["mean"]))
                checked += 1
    assert checked or not whole.table.columns


def test_a_pivot_is_the_same_in_json_and_csv(whole):
    """Each place has the same row, column and numbers."""
    if not whole.table.columns:
        pytest.skip("has no numbers")
    found = laid_out(whole)
    key = found.pivot.column.key
    places = json.loads(EXPORTERS["json"].make(found))["pivot"]["places"]
    records = RECORDS["table"].make(found)
    lines = [
        dict(zip(records.header, row, strict=True)) for batch in records.batches() for row in zip(*batch, strict=True)
    ]

    assert EXPORTERS["csv"].make(found) == "".join(csv_chunks(records))
    assert len(lines) == len(places) == len(found.pivot.places)
    for line, place in zip(lines, places, strict=True):
        assert (line["variant"], line[found.pivot.column_path]) == (place["row"], place["column"])
        low, high = place["interval"] or (None, None)
        told = [line[f"{key}_{part}"] for part in ("mean", "std", "n", "low", "high")]
        assert told == [place["mean"], place["std"], place["n"], low, high]


@pytest.mark.parametrize("name", WORDS)
def test_the_diagnosis_is_the_same_sentences(whole, name):
    """Each sentence stands in every format that tells them, in the terminal and in the JSON."""
    told = diagnosis(whole)
    text = squeezed(WORDS[name](EXPORTERS[name].make(whole)))
    data = json.loads(EXPORTERS["json"].make(whole))["diagnosis"]

    assert all(squeezed(plain(line)) in text for line in told.lines())
    assert all(squeezed(plain(line)) in squeezed(printed(whole)) for line in told.lines())
    assert [one["says"] for one in data] == [one.text for one in told.found]


def test_verdicts_are_the_same(whole):
    """What the JSON says of each claim is what the table of claims says, in both languages."""
    outcomes = [claim["outcome"] for claim in json.loads(EXPORTERS["json"].make(whole))["claims"]]
    table = document_of(whole).table("claims")
    korean = document_of(whole, "ko").table("claims")

    assert [row[0].text.split()[1] for row in table.rows] if table else outcomes == []
    assert (table is None) == (korean is None) == (not outcomes)
    if table and korean:
        assert [row[3] for row in table.rows] == [row[3] for row in korean.rows]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_korean_changes_words_and_no_number(whole, name):
    """In Korean the same tables stand in the same order, and all but the claims are the same."""
    english, korean = (DOCUMENTS[name](exported(name, whole, language)) for language in ("en", "ko"))
    is_claims = [table.key == "claims" for table in document_of(whole).tables]

    assert len(english) == len(korean) == len(is_claims)
    for one, other, differs in zip(english, korean, is_claims, strict=True):
        assert one == other or differs
        assert len(one) == len(other)


def test_a_cell_that_differed_would_be_noticed(whole):
    """The comparison is of the numbers: another mean in one cell is another table in every format for people."""
    if not whole.table.columns:
        pytest.skip("has no numbers")
    row, column = whole.table.rows[0], whole.table.columns[0]
    cell = row.cells[column.key]
    if column.metric.is_share or cell.mean is None:
        pytest.skip("has no mean here")
    changed = replace(cell, summary=replace(cell.summary, mean=cell.mean + 0.25))
    other = replace(row, cells={**row.cells, column.key: changed})
    found = replace(whole, table=replace(whole.table, rows=[other, *whole.table.rows[1:]]))

    for name, reader in DOCUMENTS.items():
        assert reader(EXPORTERS[name].make(found)) != expected_tables(whole)
