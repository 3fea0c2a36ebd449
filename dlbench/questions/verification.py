"""One trial of a run trained again, and its numbers held against those that were recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dlbench.analysis.interventions import first_manual_change
from dlbench.analysis.summary import standing
from dlbench.errors import SetupError, UsageError
from dlbench.metrics.trial_view import Status
from dlbench.plan import WorkerPlan, candidate_text
from dlbench.questions.agreement import Agreement, agreement
from dlbench.questions.differences import Difference, differences
from dlbench.questions.surroundings import code_of, environment_of, recorded_environment
from dlbench.questions.weight_agreement import WeightAgreement, weight_agreement
from dlbench.run.atomic import write_json_atomic
from dlbench.run.environment import environment
from dlbench.run.folder import RunFolder, create
from dlbench.weights.final import final_weights

if TYPE_CHECKING:
    from dlbench.plan import Plan
    from dlbench.state.run_state import RunState
    from dlbench.state.trial_state import TrialState

Outcome = Literal["equal", "within tolerance", "different"]
Trained = tuple[RunFolder, "Plan", "TrialState"]
"""A trial with its run and the run's plan."""

ALONE_ON = ("cpu",)
"""Devices on which no bit of a trial depends on who trains beside it: there it is trained alone, elsewhere in its company."""


@dataclass(frozen=True)
class Verification:
    """What came of a trial that was trained again."""

    run: str
    variant: str
    """With its choice of a search."""
    seed: int
    company: int
    """How many trials were trained beside it."""
    tolerance: float
    """How far apart two numbers may lie, over the larger of both."""
    agreement: Agreement
    ended: list[Difference]
    """Where it came to another end, or to the same at another step."""
    environment: list[Difference]
    code: list[Difference]
    until: int | None
    """The step at which somebody changed the recorded trial by hand: later ones were not compared."""
    weights: WeightAgreement | str
    """How far the nets agree that it ended with, or why they were not compared."""

    @property
    def outcome(self) -> Outcome:
        """`equal` where every number has the same bits, `within tolerance` where all lie as near as that."""
        weights = None if isinstance(self.weights, str) else self.weights
        if self.ended or self.agreement.beyond is not None or (weights and weights.is_beyond(self.tolerance)):
            return "different"
        is_equal = self.agreement.is_equal and not (weights and weights.different)
        return "equal" if is_equal else "within tolerance"


def refuse_recorded(plan: Plan, run: str) -> None:
    """Raise UsageError where the run is a recording of someone's own loop, which dlbench cannot train."""
    if plan.recorded:
        raise UsageError(
            f"{run} was recorded of a loop of your own, and dlbench cannot train that again; run your script once more under "
            "another name, and compare both with 'dlbench diff'"
        )


def to_verify(state: RunState) -> TrialState:
    """The trial that is verified where none is named: the first that has come to its end; raises UsageError where none has."""
    found = next((one for one in state.trials if one.status.final and one.error is None), None)
    if found is None:
        raise UsageError("no trial of this run has come to its end yet; name one with --trial VARIANT,SEED")
    return found


def verified(
    folder: RunFolder,
    trial: TrialState,
    base: Path,
    train: Callable[[RunFolder], None],
    *,
    threads: int | None = None,
    tolerance: float = 0.0,
) -> Verification:
    """Train a trial again in a run of its own under `base`, as the run's plan says; compare every number of both, and their nets.

    `train` comes back when the run has ended. `threads` are in place of the plan's. Raises SetupError where the trial could not be
    trained here, UsageError where the run has recorded nothing of it.
    """
    plan = folder.read_plan()
    again = create(base, plan.recipe, datetime.now(UTC))
    if folder.recipe_file.is_file():
        again.write_recipe(folder.read_recipe())
    write_json_atomic(again.env_file, environment())
    again.write_plan(plan_again(plan, trial, threads))
    train(again)
    state = standing(again)
    twin = next(one for one in state.trials if one.plan.id == trial.plan.id)
    if not twin.status.final or twin.error is not None:
        raise SetupError(f"the trial could not be trained again: {twin.error or f'it has {twin.status}'}")
    change = first_manual_change(trial)
    until = None if change is None else change.step
    found = agreement(trial, twin, tolerance, until=until)
    if not found.numbers:
        raise UsageError(f"{folder.name} has recorded no number of this trial, so there is nothing to compare")
    envs = _of_its_worker(recorded_environment(folder), trial), recorded_environment(again)
    return Verification(
        folder.name,
        candidate_text(trial.plan),
        trial.plan.seed,
        len(state.trials) - 1,
        tolerance,
        found,
        [] if until is not None or not trial.status.final else _ends(trial, twin),
        differences(environment_of(envs[0]), environment_of(envs[1])),
        differences(code_of(envs[0], plan), code_of(envs[1], again.read_plan())),
        until,
        _weights((folder, plan, trial), (again, again.read_plan(), twin), until),
    )


def _weights(first: Trained, second: Trained, until: int | None) -> WeightAgreement | str:
    """The nets that both ended with, held against each other."""
    if until is not None:
        return "it was changed by hand"
    nets = []
    for folder, plan, trial in (first, second):
        if trial.status is not Status.OK or trial.stack.status is not Status.OK:
            return f"{'it' if trial.status is not Status.OK else 'its stack'} has not come to a regular end"
        net = final_weights(folder, plan, trial.stack.index, trial.plan.id)
        if isinstance(net, str):
            return net
        nets.append(net)
    return weight_agreement(*nets)


def plan_again(plan: Plan, trial: TrialState, threads: int | None = None) -> Plan:
    """The plan of one trial again, on the device and with the threads that it had: on a CPU alone, elsewhere with its stack."""
    place, facts = trial.stack.index, trial.stack.worker
    worker = next(one for one in plan.workers if place in one.stacks)
    device = (facts and facts.device) or worker.device
    threads = threads or (facts and facts.threads) or worker.threads
    members = [trial.index] if device in ALONE_ON else plan.stacks[place].trials
    candidates = list(dict.fromkeys(plan.trials[member].candidate for member in members))
    return replace(
        plan,
        candidates=[plan.candidates[candidate] for candidate in candidates],
        trials=[
            replace(plan.trials[member], candidate=candidates.index(plan.trials[member].candidate))
            for member in members
        ],
        stacks=[replace(plan.stacks[place], trials=list(range(len(members))))],
        workers=[WorkerPlan(device, threads, [0])],
        breakpoints=[],
        until_decided=None,
    )


def _of_its_worker(env: Mapping[str, Any], trial: TrialState) -> Mapping[str, Any]:
    """An environment with what the worker told that trained the trial last, without what others did."""
    facts, workers = trial.stack.worker, dict(env.get("workers", {}))
    own = None if facts is None else f"s{facts.session:03}-w{facts.worker}"
    return {**env, "workers": {own: workers[own]}} if own in workers else env


def _ends(first: TrialState, second: TrialState) -> list[Difference]:
    ends = [{"status": str(one.status), "step": one.step} for one in (first, second)]
    return differences(*ends)
