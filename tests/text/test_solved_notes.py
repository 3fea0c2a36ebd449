"""Seeds that learned and forgot are told, since one column counts the end and the other the way."""

from synthetic_run import STEPS, finished, make_plan, metrics_event, state_of

from dlbench.analysis.summary import report
from dlbench.plan.questions import Compare, Questions
from dlbench.text.notes import notes_of


def told(forgets):
    """The notes on two variants of four seeds: the first two seeds learn in the middle, those in `forgets` not to the end."""
    plan = make_plan(["relu", "tanh"], 4)
    good, bad = ({"train_loss": loss, "train_accuracy": share} for loss, share in ((0.01, 1.0), (0.7, 0.5)))

    def end(trial):
        return good if trial.seed < 2 and (trial.variant, trial.seed) not in forgets else bad

    events = finished(plan, end)
    for index, event in enumerate(events):
        if event["kind"] == "metrics" and 0 < event["step"] < STEPS:
            rows = [good if plan.trials[i].seed < 2 else bad for i in plan.stacks[event["stack"]].trials]
            events[index] = metrics_event(event["stack"], event["step"], rows)
    found = report(state_of(plan, events), Questions(compare=Compare("solved", columns=["solved", "steps_to_solve"])))
    return [note for note in notes_of(found) if "on the way" in note], found


def test_who_learned_and_forgot_is_counted():
    """Where one seed of two has solved its task and lost it again, a note names the variant and how many."""
    notes, found = told({("relu", 1)})
    cells = found.table.rows[0].cells

    assert (cells["solved"].mean, cells["steps_to_solve"].n, cells["steps_to_solve"].never) == (0.25, 2, 2)
    assert notes == ["solved on the way, but no more at the end, which is what 'solved' counts: relu (1 seed)"]


def test_nothing_is_said_where_both_columns_agree():
    """Seeds that solve and stay solved, or never solve, need no words."""
    assert told(set())[0] == []
