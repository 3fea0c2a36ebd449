"""Reports of several kinds of runs, over which every format is tested: a new format is held to all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ensemble_run import folder_of
from synthetic_run import LN2, control_event, finished, make_plan, state_of

from dlbench.analysis.summary import Report, report
from dlbench.plan import Trial
from dlbench.plan.questions import Claim, Compare, Ensemble, Questions

CLAIMS = [Claim({"en": "All | is well.", "ko": "모두 | 좋다."}, "lecture", "relu", "test_accuracy", at_least=0.4)]
SEARCHED: dict[str, list[dict[str, Any]]] = {
    "sigmoid": [{"train.optimizer.lr": 0.1, "model.init": {"kind": "he"}}, {"train.optimizer.lr": 1.0}],
    "=1+1": [{"train.optimizer.lr": 0.01}],
    "a|b*c_d": [{"train.optimizer.lr": 0.01}],
}


def accurate(trial: Trial) -> dict[str, float | None]:
    """The end of a trial that classifies, another one for each variant and seed."""
    accuracy = 0.5 + trial.seed / 23 + trial.candidate / 11
    return {
        "train_loss": LN2 / (3 + trial.seed),
        "train_accuracy": accuracy,
        "test_loss": LN2 / (2 + trial.candidate),
        "test_accuracy": accuracy - 1 / 3,
    }


def classification() -> Report:
    """Three variants, a baseline, a claim."""
    plan = make_plan(["sigmoid", "relu", "tanh"], 4)
    return report(
        state_of(plan, finished(plan, accurate)), Questions(compare=Compare("test_accuracy", "relu"), claims=CLAIMS)
    )


def confused() -> Report:
    """Two variants of which it is known what they took for what."""
    plan = make_plan(["a", "b"], 2)
    events = finished(plan, accurate)
    for event in events:
        if event["kind"] == "stack":
            event |= {"class_names": ["=cat", "dog_1"]}
    for index, stack in enumerate(plan.stacks):
        test = [[[3, seed], [index, 2]] for seed, _ in enumerate(stack.trials)]
        told = {"train": None, "validation": None, "test": test}
        events.insert(-1, {"kind": "confusion", "stack": index, "step": stack.steps, **told})
    return report(state_of(plan, events), Questions(compare=Compare("test_accuracy")))


def regression() -> Report:
    """Two variants that learn numbers."""
    plan = make_plan(["wide", "deep"], 3)
    events = finished(plan, lambda trial: {"train_loss": 0.1, "test_loss": 0.3 + trial.seed / 7})
    for event in events:
        if event["kind"] == "metrics":
            many = len(event["batch_loss"])
            rmse = [0.1 * (1 + place) + event["stack"] for place in range(many)]
            event |= {"test_rmse": rmse, "train_rmse": [value / 3 for value in rmse], "test_r2": [-0.25] * many}
            event |= {"train_accuracy": None, "test_accuracy": None}
    return report(state_of(plan, events), Questions(compare=Compare("test_rmse", "wide")))


def searched() -> Report:
    """A search of which one seed diverged, and names that formats must keep."""
    plan = make_plan(SEARCHED, 3)

    def final(trial: Trial) -> dict[str, float | None]:
        lost = trial.choice.get("train.optimizer.lr") == 1.0 and trial.seed == 1
        return {"diverged_at": 60} if lost else accurate(trial)

    return report(
        state_of(plan, finished(plan, final)), Questions(compare=Compare("test_accuracy", "a|b*c_d", "train_loss"))
    )


def diverged() -> Report:
    """All seeds of a variant diverged, and one of another."""
    plan = make_plan(["calm", "wild"], 3)

    def final(trial: Trial) -> dict[str, float | None]:
        return {"diverged_at": 7} if trial.variant == "wild" or trial.seed == 2 else accurate(trial)

    return report(state_of(plan, finished(plan, final)), Questions(compare=Compare("test_accuracy", "calm")))


def steered() -> Report:
    """A trial was dropped by hand, another given a rate; no data of tests."""
    plan = make_plan(["sigmoid", "relu"], 3)
    events = finished(plan, lambda trial: {"train_loss": 0.2 + trial.seed, "train_accuracy": 0.75})
    middle = next(i for i, e in enumerate(events) if e.get("stack") == 1 and e["kind"] == "metrics" and e["step"] == 50)
    hands = [
        control_event("set_lr", 1, 60, trials=[0], lr=0.05),
        control_event("end_trial", 1, 80, trials=[2]),
    ]
    state = state_of(plan, [*events[: middle + 1], *hands, *events[middle + 1 :]])
    return report(
        state, Questions(compare=Compare("train_accuracy", "sigmoid", columns=["steps_to_solve", "train_loss@50"]))
    )


def empty() -> Report:
    """A run before its first event."""
    plan = make_plan(["sigmoid", "relu"], 2)
    return report(state_of(plan, []), Questions(compare=Compare("test_accuracy", "sigmoid"), claims=CLAIMS))


def combined(base: Path) -> Report:
    """A run with ensembles, whose predictions lie under a folder."""
    plan = make_plan(["few", "many"], 6)
    state = state_of(plan, finished(plan, accurate))
    asked = Ensemble([1, 3, 6], ["probability", "vote"], subsets=9)
    return report(state, Questions(compare=Compare("test_accuracy"), ensemble=asked), folder_of(base, plan))


KINDS = (classification, confused, regression, searched, diverged, steered, empty, combined)


def made(kind: Any, base: Path) -> Report:
    """One of them."""
    found: Report = combined(base) if kind is combined else kind()
    return found
