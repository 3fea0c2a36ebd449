"""The table in a notebook: all cells of the report, in one element of HTML that changes nothing around it."""

import re

import pytest
import recorded_runs
import torch
from agreeing_runs import KINDS, made
from html_reader import parsed, tables_in
from recorded_loops import batch, perceptron, recording
from recorded_runs import Recorded
from torch.nn.functional import cross_entropy

import dlbench
from dlbench.analysis.summary import summarize
from dlbench.errors import UsageError
from dlbench.export.page.notebook import notebook_html
from dlbench.run.folder import RunFolder
from dlbench.text.document import document_of


@pytest.mark.parametrize("kind", KINDS)
def test_every_cell_is_there(kind, tmp_path):
    """Each table of a report has its headings and cells, and diagnosis and notes every sentence, in one element."""
    found = made(kind, tmp_path)
    html = notebook_html(found)
    document = document_of(found)
    expected = [
        (one.key, [[heading.title for heading in one.headings], *([cell.joined for cell in row] for row in one.rows)])
        for one in document.tables
    ]
    told = [one.text for one in parsed(html).all("li")]

    assert [one.tag for one in parsed(html).inside if not isinstance(one, str)] == ["div"]
    assert tables_in(html) == [
        (key, [[" ".join(cell.split()) for cell in row] for row in rows]) for key, rows in expected
    ]
    assert {" ".join(line.split()) for line in (*document.diagnosis, *document.notes)} <= set(told)


def test_no_style_leaves_the_box(tmp_path):
    """Every rule of style begins with the box's own class or a theme around it, and nothing comes from elsewhere."""
    html = notebook_html(made(next(iter(KINDS)), tmp_path))
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    rules = re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))

    assert len(rules) > 10
    assert all(".dlbench.dlbench-output" in selector for rule in rules for selector in rule.split(","))
    assert "http" not in html
    assert "<script" not in html


def test_hostile_names_stay_text(tmp_path):
    """Names of variants and columns are shown, and obeyed by no browser."""
    name = '<img src=x onerror="alert(1)">'
    recorded_runs.record(tmp_path, Recorded(variant=name, curves={"</style><b>": lambda step: 0.5}))
    html = dlbench.table("mine", out=tmp_path)._repr_html_()

    assert {one.tag for one in parsed(html).all("img", "b", "script")} == set()
    assert name in parsed(html).text


@pytest.mark.parametrize(
    ("seeds", "said"),
    [((0, 1), "2 variants × 2 seeds = 4 trials"), ((0, None), "2 variants, 4 trials"), ((3,), "2 variants × 1 seed")],
    ids=["seeded", "partly", "one"],
)
def test_sizes_are_a_product_where_they_are_one(tmp_path, seeds, said):
    """Recordings without a seed are counted, and no product is claimed that is not."""
    recorded_runs.group(tmp_path, seeds=seeds)

    assert said in parsed(dlbench.table("mine", out=tmp_path)._repr_html_()).text


def test_a_name_is_found_as_on_the_command_line(tmp_path):
    """A name is the group, a path its folder; the text is what `dlbench table` prints; questions of one's own are asked."""
    recorded_runs.group(tmp_path)
    found = dlbench.table("mine", out=tmp_path)
    claim = {"says": "It reads.", "source": "measured", "variant": "he", "metric": "bleu", "better_than": "xavier"}
    questions = {"compare": {"better": {"bleu": "higher"}}, "claims": [claim]}
    asked = dlbench.table(tmp_path / "mine", questions=questions)

    assert [row.n_run for row in found.report.table.rows] == [3, 3]
    assert repr(found).splitlines()[0] == found.report.table.title
    assert "he" in repr(found)
    assert "It reads." in parsed(asked._repr_html_()).text
    assert [one.plan.seed for one in asked.report.state.trials] == [one.plan.seed for one in found.report.state.trials]


def test_what_is_not_there_is_told(tmp_path):
    """A name that nobody recorded is an error that says so."""
    with pytest.raises(UsageError, match="nobody"):
        dlbench.table("nobody", out=tmp_path)


def test_a_recipes_run_asks_itself(tmp_path):
    """Questions are for recordings: a recipe's run has its own."""
    recorded_runs.group(tmp_path)
    from synthetic_run import make_plan

    folder = RunFolder(tmp_path / "other" / "20260301-120000")
    folder.path.mkdir(parents=True)
    folder.write_plan(make_plan(["relu"]))
    with pytest.raises(UsageError, match="stands in its recipe"):
        dlbench.table(folder.path, questions={"compare": {"metric": "test_loss"}})


def test_a_recording_shows_its_group(tmp_path):
    """What `dlbench.record` gives is shown as the table of all recordings of its name, open or closed."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    shown = []
    for variant in ("one", "two"):
        with recording(tmp_path, model, optimizer, variant=variant) as run:
            loss = cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            run.log(train_loss=loss)
            shown.append(parsed(run._repr_html_()).text)
    cells = tables_in(run._repr_html_())[0][1]

    assert "still in progress" in shown[0]
    assert [row[0] for row in cells[1:]] == ["one", "two"]
    assert summarize(RunFolder(run.folder.path)).table.rows[0].n_run == 1
