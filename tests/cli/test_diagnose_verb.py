"""`dlbench diagnose`: the JSON that programs build on, its text, and what it says to wrong questions."""

import json
from datetime import UTC, datetime

import orjson
import pytest
from synthetic_run import make_plan, metrics_event, probe_event, stack_event
from typer.testing import CliRunner
from verbs import app

from dlbench.analysis.diagnosis.finding import SEVERITIES
from dlbench.errors import UsageError
from dlbench.plan.finding_kinds import KINDS
from dlbench.run.folder import create

FINDING = {
    "kind", "severity", "layers", "since", "until", "evidence", "says", "because", "refuted_by", "remedies",
}  # fmt: skip
USUAL, VANISHED = [0.3, None, 0.2], [2e-8, None, 0.2]


def said(base, *words):
    """What the verb prints of the run."""
    found = CliRunner().invoke(app, ["diagnose", "sick", "--out", str(base), *words], catch_exceptions=False)
    assert found.exit_code == 0
    return found.stdout


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A folder with a run of two variants, three seeds each; in one of them the gradient vanishes in two seeds."""
    base = tmp_path_factory.mktemp("results")
    plan = make_plan(["calm", "faint, deep"], 3)
    folder = create(base, "sick", datetime.now(UTC))
    folder.write_plan(plan)
    events = []
    for stack, norms in enumerate([[USUAL] * 3, [VANISHED, USUAL, VANISHED]]):
        events += [stack_event(stack), metrics_event(stack, 0, [{"train_loss": 0.7}] * 3)]
        events += [probe_event(stack, step, norms) for step in (0, 10, 20)]
        events.append({"v": 1, "kind": "end", "stack": stack, "status": "done", "error": None, "step": 100})
    lines = [orjson.dumps({"seq": seq, "time": 1e9, **event}) + b"\n" for seq, event in enumerate(events)]
    folder.events_file(0, 0).write_bytes(b"".join(lines))
    return base


def test_json_has_everyone(results):
    """Every trial and every variant is in the JSON, with an empty list where nothing was found, each finding with all its fields."""
    told = json.loads(said(results, "--json"))
    kinds = [[one["kind"] for one in trial["findings"]] for trial in told["trials"]]

    assert [(trial["variant"], trial["seed"], trial["choice"]) for trial in told["trials"]] == [
        (variant, seed, {}) for variant in ("calm", "faint, deep") for seed in range(3)
    ]
    assert kinds == [[], [], [], ["vanishing-gradient"], [], ["vanishing-gradient"]]
    assert [(one["variant"], len(one["findings"])) for one in told["variants"]] == [("calm", 0), ("faint, deep", 1)]
    (shared,) = told["variants"][1]["findings"]
    assert shared.keys() == FINDING | {"seeds", "of"}
    assert (shared["seeds"], shared["of"]) == (2, 3)
    for one in told["trials"][3]["findings"]:
        assert one.keys() == FINDING
        assert one["kind"] in KINDS
        assert one["severity"] in SEVERITIES
        assert one["because"]
        assert one["refuted_by"]
        assert all(own.keys() == {"name", "set", "says"} for own in one["remedies"])


def test_one_trial_is_told_alone(results):
    """`--trial` takes a variant, commas in its name included, and a seed; its findings alone are told."""
    told = json.loads(said(results, "--json", "--trial", "faint, deep,2"))

    assert [(one["variant"], one["seed"], len(one["findings"])) for one in told["trials"]] == [("faint, deep", 2, 1)]
    assert [(one["variant"], one["findings"][0]["of"]) for one in told["variants"]] == [("faint, deep", 1)]


def test_text_names_the_sick_and_the_healthy(results):
    """In words: the variant, how bad it is in how many seeds, why, what would refute it; then where nothing was found."""
    text = " ".join(said(results).split())

    assert "faint, deep warning: vanishing-gradient, in 2 of 3 seeds vanishing gradient: 0 dense's is" in text
    assert "because: " in text
    assert "not so if: " in text
    assert text.endswith("nothing found in calm")


@pytest.mark.parametrize(
    ("asked", "error"),
    [("calm", "'calm' has no comma"), ("clam,0", "did you mean 'calm'"), ("calm,7", "its seeds are 0, 1, 2")],
)
def test_a_trial_that_is_not_there(results, asked, error):
    """What names no trial is a mistake of the caller, told with what there is."""
    with pytest.raises(UsageError, match=error):
        said(results, "--trial", asked)
