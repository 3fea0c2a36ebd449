"""Ensembles in print and in every export: one set of numbers."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import orjson
import pytest
from ensemble_run import ended, final, folder_of, reported
from rich.cells import cell_len
from rich.console import Console, Group

from dlbench.analysis.ensembles.ensemble import QUANTITIES
from dlbench.export import EXPORTERS
from dlbench.plan.questions import Ensemble
from dlbench.text.blocks import Terminal
from dlbench.text.ensembles import COLUMNS, cell_of, ensemble_blocks, name_of
from dlbench.text.table import render_text

ASKED = Ensemble([1, 3, 6], ["probability", "vote"], subsets=9)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A report with ensembles of two variants, by probability and by vote, some of whose subsets were drawn."""
    return reported(folder_of(tmp_path_factory.mktemp("runs")), ended(), ASKED)


def printed(renderable, width):
    """What is written on a terminal of this width."""
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(renderable)
    return out.getvalue()


def squeezed(text):
    """A text without its white space."""
    return "".join(text.split())


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("width", [40, 80, 140])
def test_no_number_is_cut_at_any_width(found, width, ascii_only):
    """Every number is on the screen whole, no line is wider than the terminal, and ASCII is ASCII."""
    text = printed(Group(*ensemble_blocks(found.ensembles, Terminal(width, False, ascii_only, "en"))), width)

    assert max(map(cell_len, text.splitlines())) <= width
    assert text.isascii() or not ascii_only
    if not ascii_only:
        for _, one in found.ensembles.rows:
            for column in COLUMNS:
                for part in cell_of(one, column).parts:
                    assert squeezed(part) in squeezed(text)


def test_a_row_says_what_it_is(found):
    """Variant, members and, where there are several ways, how they are combined; drawn subsets are told with all there are."""
    lines = printed(Group(*ensemble_blocks(found.ensembles, Terminal(140, False, False, "en"))), 140).splitlines()
    row = next(line for line in lines if line.startswith("few, 3 members, vote"))

    assert "9 of 20" in row
    assert re.search(r"[+−]0\.\d{4} \[[+−]0\.\d{4}, [+−]0\.\d{4}\]", row)
    assert next(line for line in lines if line.startswith("many, 1 member, probability")).count("baseline") == 2


def test_they_stand_between_table_and_notes(found):
    """The printed report has the table, then the ensembles, then all notes; without ensembles nothing of them."""
    options = {"width": 140, "color": False, "ascii": False}
    text = printed(render_text(found, **options), 140)
    without = printed(render_text(replace(found, ensembles=None), **options), 140)

    assert text.index("few ") < text.index("\nEnsembles\n") < text.index("from leaving out one member at a time")
    assert "nsembles" not in without


def test_csv_has_every_number(found):
    """One line a row with all means, ends and intervals in full precision; what votes lack is empty."""
    lines = list(csv.DictReader(io.StringIO(EXPORTERS["ensembles"].make(found))))

    for line, (group, one) in zip(lines, found.ensembles.rows, strict=True):
        counts = [group.entry.variant, one.size, one.method, one.members, len(one.subsets), one.possible]
        assert list(line.values())[:6] == list(map(str, counts))
        for name in QUANTITIES:
            estimate = one.estimate(name)
            texts = [line[f"{name}_{part}"] for part in ("mean", "lowest", "highest", "low", "high")]
            if estimate is None:
                assert texts == [""] * 5
            else:
                ends = estimate.interval and (estimate.interval.low, estimate.interval.high)
                expected = [estimate.mean, estimate.lowest, estimate.highest, *(ends or (None, None))]
                assert [float(text) if text else None for text in texts] == expected


def test_markdown_has_the_rows_as_printed(found):
    """A table of its own with the terminal's texts, and the notes."""
    text = EXPORTERS["markdown"].make(found)

    assert "\n## Ensembles\n" in text
    for group, one in found.ensembles.rows:
        assert f"| {name_of(found.ensembles, group, one)} |" in text
        for column in COLUMNS:
            assert squeezed("".join(cell_of(one, column).parts)) in squeezed(text.replace("\\", ""))
    assert "from leaving out one member at a time" in text


def test_every_format_writes_them(found):
    """No format has NaN or Python's names in it, and JSON has as many rows as there are."""
    for part in EXPORTERS:
        assert not re.search(r"\b(nan|NaN|inf|Infinity|None)\b", part.make(found))
    assert (
        len(orjson.loads(EXPORTERS["json"].make(found))["ensembles"]["rows"]) == len(list(found.ensembles.rows)) == 12
    )


def test_a_run_without_ensembles_has_a_header_alone(tmp_path):
    """The CSV of a run that asked for none, or lost all its members, has no rows."""
    nobody = reported(folder_of(tmp_path / "a"), ended(), None)
    lost = reported(folder_of(tmp_path / "b"), ended(final=lambda trial: final(trial) | {"diverged_at": 1}), ASKED)

    assert [EXPORTERS["ensembles"].make(one).count("\n") for one in (nobody, lost)] == [1, 1]
    assert "Ensembles" not in EXPORTERS["markdown"].make(lost)
