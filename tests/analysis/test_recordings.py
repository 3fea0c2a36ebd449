"""What a report says of recordings: whose seeds pair them, what they have logged, what is asked of them."""

from dataclasses import replace

import pytest
from recorded_runs import Recorded, group, record

from dlbench.analysis.summary import summarize
from dlbench.metrics.metric import LOGGED, is_known
from dlbench.metrics.trial_view import Status
from dlbench.plan.questions import Claim, Compare, Questions
from dlbench.run.group import find_shown
from dlbench.text.notes import notes_of
from dlbench.words.outcomes import Outcome

BLEU = Questions(
    compare=Compare(metric="bleu"),
    claims=[
        Claim("he reads better", "measured", "he", "bleu", better_than="xavier"),
        Claim("always", "measured", "he", "bleu", better_than="xavier", every_seed=True),
        Claim("and is good", "measured", "he", "bleu", at_least=20.0),
    ],
    better={"bleu": "higher"},
)


def report_of(base, questions=None, name="mine"):
    """The report of a name."""
    return summarize(find_shown(base, name), questions)


def test_recordings_with_seeds_are_compared_in_pairs(tmp_path):
    """The difference to the first variant is that of the pairs, with n = 3 pairs and their deviation."""
    group(tmp_path)
    found = report_of(tmp_path)
    cell = found.table.rows[1].cells["difference"]
    pairs = [
        found.state.trials[2 * seed + 1].curve("test_accuracy")[-1]
        - found.state.trials[2 * seed].curve("test_accuracy")[-1]
        for seed in range(3)
    ]

    assert (found.table.metric, found.table.baseline) == ("test_accuracy", "xavier")
    assert cell.mean == pytest.approx(sum(pairs) / 3)
    assert cell.std is not None
    assert not any("no seed" in note for note in notes_of(found))


@pytest.mark.parametrize("seeds", [(None, None, None), (0, 1, None)])
def test_without_seeds_they_are_compared_unpaired_and_that_is_said(tmp_path, seeds):
    """The difference is that of the means, without a deviation of pairs; also where only some have a seed."""
    group(tmp_path, seeds=seeds)
    found = report_of(tmp_path)
    rows = [row.cells["test_accuracy"].mean for row in found.table.rows]
    cell = found.table.rows[1].cells["difference"]

    assert cell.mean == pytest.approx(rows[1] - rows[0])
    assert (cell.std, cell.interval.low < cell.mean < cell.interval.high) == (None, True)
    assert any("Welch" in note and "no seed" in note for note in notes_of(found))


def test_metrics_of_ones_own_are_columns_that_nobody_ranks(tmp_path):
    """`bleu` comes behind all of ours with mean, deviation and interval; it has no direction, and no best mark."""
    group(tmp_path)
    found = report_of(tmp_path, Questions(compare=Compare(metric="bleu")))
    column = found.table.columns[0]
    cells = [row.cells["bleu"] for row in found.table.rows]

    assert (column.key, column.metric.better) == ("bleu", None)
    assert all(cell.n == 3 and cell.std and cell.interval for cell in cells)
    assert not any(cell.best for cell in cells)
    assert [column.key for column in report_of(tmp_path).table.columns][-1] == "bleu"


def test_what_is_said_of_a_metric_of_ones_own_is_taken(tmp_path):
    """With `better` it has a best mark, and claims are judged by it."""
    group(tmp_path)
    found = report_of(tmp_path, BLEU)

    assert [row.cells["bleu"].best for row in found.table.rows] == [False, True]
    assert [one.outcome for one in found.verdicts] == [Outcome.CONFIRMED] * 3


def test_claims_on_two_variants_without_seeds_are_judged_by_means(tmp_path):
    """Better on average is decided by Welch's interval; with every seed nothing can be, since nothing pairs them."""
    group(tmp_path, seeds=(None, None, None))
    better, always, good = report_of(tmp_path, BLEU).verdicts

    assert (better.outcome, always.outcome, good.outcome) == (Outcome.CONFIRMED, Outcome.UNDECIDED, Outcome.CONFIRMED)
    assert "no seeds say which trials are pairs" in always.text
    assert "-1" not in better.text + always.text + good.text


def test_a_lost_recording_leaves_an_unpaired_claim_undecided(tmp_path):
    """The mean of those that survive would flatter."""
    group(tmp_path, seeds=(None, None, None))
    record(tmp_path, Recorded("he", None, minute=40, diverged_at=100))
    better, *_ = report_of(tmp_path, BLEU).verdicts

    assert better.outcome is Outcome.UNDECIDED
    assert "1 without a seed diverged" in better.text


def test_the_newest_recordings_questions_count(tmp_path):
    """What an older one asked is replaced; questions that a caller gives replace both."""
    group(tmp_path, questions=Questions(compare=Compare(metric="train_loss")))
    record(tmp_path, Recorded("he", 5, minute=40, questions=BLEU))

    assert report_of(tmp_path).table.metric == "bleu"
    assert report_of(tmp_path, Questions(compare=Compare(metric="test_accuracy"))).table.metric == "test_accuracy"


def test_names_of_a_loop_stay_as_they_are_and_in_its_order(tmp_path):
    """Columns and what decides follow the order of logging, and no name is put into other words."""
    curves = {"loss_g": lambda step: 1.0, "loss_d": lambda step: 2.0, "d_x": lambda step: 3.0}
    record(tmp_path, Recorded("base", 1, curves=curves))
    found = report_of(tmp_path)

    assert found.table.metric == "loss_g"
    assert [one.heading for one in found.table.columns if one.metric.name in curves] == ["loss_g", "loss_d", "d_x"]


def test_another_report_forgets_what_was_logged(tmp_path):
    """What one group has logged is known of no other: there a name is as unknown as ever."""
    group(tmp_path)
    group(tmp_path, name="yours")
    record(tmp_path, Recorded("he", 9, name="other", curves={"val_ppl": lambda step: 30.0}))
    report_of(tmp_path)
    assert is_known("bleu")
    report_of(tmp_path, name="other")
    assert sorted(LOGGED) == ["val_ppl"]
    assert not is_known("bleu")


def test_how_recordings_end_is_told(tmp_path):
    """Done, failed, stopped, diverged, and gone without a word: each trial has its own status, and its error in a note."""
    ends = {"done": Status.OK, "failed": Status.FAILED, "stopped": Status.STOPPED, None: Status.CRASHED}
    for minute, status in enumerate(ends):
        error = "ValueError: no more data" if status == "failed" else None
        folder = record(tmp_path, Recorded("he", minute, status=status, error=error, minute=minute))
        if status is None:
            text = folder.events_file(0, 0).read_text()
            assert '"host":"nowhere"' in text
    record(tmp_path, Recorded("he", 9, diverged_at=100, minute=9))
    _age_events(find_shown(tmp_path, "mine"))
    found = report_of(tmp_path)

    assert [trial.status for trial in found.state.trials] == [*ends.values(), Status.DIVERGED]
    assert "he: 1 of 5 seeds failed: ValueError: no more data" in notes_of(found)


def _age_events(folder):
    """Let every event be of a day ago, so that nobody who is silent can be at work; the lines' sums stay right."""
    from dlbench.run.event_line import encode_event, parse_event

    for _, _, path in folder.events_files():
        lines = [parse_event(line) for line in path.read_bytes().splitlines(keepends=True)]
        path.write_bytes(b"".join(encode_event({**line, "time": line["time"] - 86400}) for line in lines))


def test_unknown_steps_have_no_share_and_no_time_left(tmp_path):
    """Nobody knows how long a recorded loop trains: no progress before its end, no time left, its step as it is."""
    record(tmp_path, Recorded("he", 0, status=None))
    record(tmp_path, Recorded("he", 1, minute=1))
    running, done = find_state(tmp_path).stacks

    assert (running.progress, running.eta, running.step, running.steps) == (0.0, None, 200, 200)
    assert (done.progress, done.eta, done.step) == (1.0, None, 200)


def find_state(base):
    """The state of the group, without asking any process."""
    from dlbench.analysis.summary import folded

    return folded(find_shown(base, "mine"))


def test_accuracies_in_per_cent_are_told(tmp_path):
    """`test_accuracy = 98.3` is no share: the interval that ends at 1 is said to."""
    record(tmp_path, Recorded("he", 0, curves={"test_accuracy": lambda step: 98.3}))
    assert any("test_accuracy was logged with numbers above 1" in note for note in notes_of(report_of(tmp_path)))


def test_different_settings_of_a_variant_are_told(tmp_path):
    """Recordings of one variant are taken together, and the settings in which they differ are named."""
    for minute, lr in enumerate((0.1, 0.01)):
        record(tmp_path, Recorded("he", minute, minute=minute, settings={"lr": lr, "width": 64}))
    assert any("he: lr differs: 0.1, 0.01" in note for note in notes_of(report_of(tmp_path)))


def test_one_recording_is_reported_alone(tmp_path):
    """By its time it is a run with one trial, whatever stands beside it."""
    folders = group(tmp_path)
    found = summarize(find_shown(tmp_path, folders[1].name))
    assert [replace(trial.plan, id="") for trial in found.trials] == [replace(folders[1].read_plan().trials[0], id="")]
