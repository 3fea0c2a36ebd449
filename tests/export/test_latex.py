"""LaTeX: what stands in the tables is what the report says, and TeX sets it."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from agreeing_runs import KINDS, made
from hypothesis import given
from hypothesis import strategies as st
from latex_reader import cell, tables_in, words_in
from test_exporters import REPORTS

from dlbench.export import EXPORTERS, latex_table
from dlbench.export.latex_table import PACKAGES
from dlbench.text.document import document_of
from dlbench.text.text_table import Document, Heading, TextCell, TextTable
from dlbench.words.printable import one_line
from dlbench.words.tex import SIGNS, tex

PREAMBLE = f"""\\documentclass{{article}}
\\usepackage{{{PACKAGES}}}
\\begin{{document}}
"""
NEEDED = ("pdflatex", "pdftotext")


def plain(text):
    """A text as it can be read on paper."""
    return " ".join(one_line(text).split())


@pytest.mark.parametrize("name", REPORTS)
def test_cells_are_those_of_the_report(name):
    """Every table has its rows and cells in the order of the report's, whatever signs are in them, under a key of its own."""
    found = REPORTS[name]
    tables = document_of(found).tables
    expected = [[[plain(one.joined) for one in row] for row in table.rows] for table in tables]
    shown = tables_in(EXPORTERS["latex"].make(found))

    assert [key for key, _ in shown] == [table.key for table in tables]
    assert [rows[1:] for _, rows in shown] == expected


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_notes_and_diagnosis_are_told(kind, tmp_path):
    """Every note and sentence of the diagnosis stands beneath the comparison, whatever kind of run it is."""
    found = made(kind, tmp_path)
    told = words_in(EXPORTERS["latex"].make(found)).splitlines()

    assert {plain(one) for one in (*document_of(found).notes, *document_of(found).diagnosis)} <= set(told)


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_every_text_is_printed_as_it_is(text):
    """No sign of a text is obeyed by TeX or lost: read back it is the same."""
    assert cell(tex(text)) == plain(text)


@pytest.mark.parametrize("ligature", ["--", "---", "''", ",,", "-'-'"])
def test_signs_do_not_melt_into_one(ligature):
    """Two hyphens stay two, which TeX would make a dash of."""
    assert not re.search(r"--|''|,,", tex(ligature))


def test_what_floats_is_no_higher_than_a_page():
    """A table with more rows than a page has lines goes on over pages, under its heading."""
    found = REPORTS["compared"]
    many = replace(found.table, rows=[found.table.rows[0], *[found.table.rows[1]] * 60])
    text = EXPORTERS["latex"].make(replace(found, table=many))

    assert r"\begin{table}" in EXPORTERS["latex"].make(found)
    assert r"\begin{table}" not in text
    assert len(tables_in(text)[0][1]) == 62


def test_other_letters_ask_for_another_engine():
    """Where there are Korean letters, the comment says what prints them; else it says nothing of it."""
    found = REPORTS["compared"]
    korean = EXPORTERS["latex"].make(found, language="ko")

    assert "lualatex" not in EXPORTERS["latex"].make(found)
    assert r"use lualatex or xelatex, with \usepackage{kotex}" in korean


@pytest.mark.extras
@pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason="needs pdflatex and pdftotext")
def test_tex_sets_it(tmp_path):
    """pdflatex sets the tables of every report, and every sign, without an error or a line that is too wide; each cell is there."""
    texts = [EXPORTERS["latex"].make(found) for found in REPORTS.values()]
    signs = " ".join(map(tex, [*SIGNS, "é", "ü"]))
    document = PREAMBLE + "\n\\clearpage\n".join([*texts, signs]) + "\\end{document}\n"
    (tmp_path / "tables.tex").write_text(document, encoding="utf-8")
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "tables.tex"]
    for _ in range(2):
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, errors="replace")
        assert done.returncode == 0, done.stdout[-2000:]
    subprocess.run(["pdftotext", "-layout", "tables.pdf"], cwd=tmp_path, check=True)
    seen = "".join((tmp_path / "tables.txt").read_text(encoding="utf-8").split())

    assert "Overfull" not in done.stdout
    for found in REPORTS.values():
        for row in document_of(found).tables[0].rows:
            for one in row[1:]:
                assert "".join(one.text.split()) in seen


def test_columns_may_be_called_alike(monkeypatch):
    """A class that is called as another column keeps its own cells."""
    headings = (
        Heading("true", "true, predicted:", is_number=False),
        Heading("false", "false"),
        Heading("true", "true"),
    )
    rows = tuple((TextCell(name), TextCell("1"), TextCell("2")) for name in ("false", "true"))
    told = Document("run", (TextTable("confusion", "Confusion", headings, rows),), (), ())
    monkeypatch.setattr(latex_table, "document_of", lambda *_: told)

    assert tables_in(EXPORTERS["latex"].make(REPORTS["compared"])) == [
        ("confusion", [["true, predicted:", "false", "true"], ["false", "1", "2"], ["true", "1", "2"]])
    ]
