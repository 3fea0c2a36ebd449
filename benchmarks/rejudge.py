"""`python -m benchmarks.rejudge results/reference/NAME...`: the table and the verdicts of kept runs, judged anew.

What judges runs changes; runs that took hours on another machine are not trained again for it. Of a kept run there are the numbers
of each trial at its end (trials.csv): table, notes and verdicts are made of them as of a run's own events. A claim on an earlier
step is judged by the mean, the interval and the number of seeds that its kept verdict has; so is one on findings, undecided where
the run was kept before it was claimed. Runs with ensembles are to be run again.
"""

from __future__ import annotations

import csv
import json
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import tomli_w
import typer

from benchmarks.reference import write_report
from dlbench.analysis.candidate_results import candidate_results
from dlbench.analysis.claims.condition import condition_of
from dlbench.analysis.claims.family import verdicts
from dlbench.analysis.claims.judgement import Basis, every_seed_text, finding
from dlbench.analysis.claims.p_values import decide, judged
from dlbench.analysis.claims.verdict import ClaimFinding, Decision, finding_text, is_estimated
from dlbench.analysis.comparison import build_table
from dlbench.analysis.statistics.intervals import Summary, t_quantile
from dlbench.analysis.summary import Report
from dlbench.measures.older_names import renamed
from dlbench.metrics.catalog import METRICS
from dlbench.metrics.quantity import Interval
from dlbench.metrics.trial_view import TrialView
from dlbench.plan import Candidate, Plan, Stack, Trial, WorkerPlan
from dlbench.plan.questions import Claim, Questions, said
from dlbench.recipe import shipped_recipes
from dlbench.recipe.old_runs import questions_in
from dlbench.run.atomic import write_text_atomic
from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState
from dlbench.words.outcomes import Outcome

NUMBERS = ("step", "diverged_at", "stopped_at", "parameters", "seed")
UNMEASURED = "its layers were not kept, by which findings are told; run it again"
BY_MEAN = "by the kept mean, as its trials are kept at their end only"


@dataclass(frozen=True)
class KeptTrial:
    """A row of trials.csv: which trial, how it ended, and its metrics at the end."""

    variant: str
    choice: Mapping[str, Any]
    seed: int
    step: int
    diverged_at: int | None
    stopped_at: int | None
    parameters: int
    metrics: Mapping[str, float]


def kept_trials(folder: Path, choices: Sequence[Mapping[str, Any]]) -> list[KeptTrial]:
    """The rows of a kept trials.csv; `choices` are those of the recipe's search, whose values the file has as text."""
    known = {tuple(map(str, choice.values())): choice for choice in choices}
    paths = list(choices[0]) if choices else []
    with (folder / "trials.csv").open(encoding="utf-8", newline="") as file:
        return [_kept(row, known[tuple(row[path] for path in paths)] if paths else {}) for row in csv.DictReader(file)]


def _kept(row: Mapping[str, str], choice: Mapping[str, Any]) -> KeptTrial:
    row = renamed(row)
    whole = {name: int(float(row[name])) if row[name] else None for name in NUMBERS}
    metrics = {name: float(row[name]) for name in METRICS if row.get(name)}
    return KeptTrial(
        variant=row["variant"],
        choice=choice,
        seed=whole["seed"] or 0,
        step=whole["step"] or 0,
        diverged_at=whole["diverged_at"],
        stopped_at=whole["stopped_at"],
        parameters=whole["parameters"] or 0,
        metrics=metrics,
    )


def state_of(recipe: str, kept: Sequence[KeptTrial]) -> RunState:
    """A finished run with these trials, a stack a candidate: how each ended, without any record of its training."""
    groups: dict[tuple[str, str], list[int]] = {}
    for index, trial in enumerate(kept):
        groups.setdefault((trial.variant, json.dumps(trial.choice)), []).append(index)
    members = list(groups.values())
    candidates = [Candidate(kept[first].variant, dict(kept[first].choice), {}) for first, *_ in members]
    own = {index: number for number, group in enumerate(members) for index in group}
    plan = Plan(
        recipe,
        candidates,
        [Trial(str(i), one.variant, dict(one.choice), one.seed, own[i]) for i, one in enumerate(kept)],
        [Stack(group, max(kept[i].step for i in group), kept[group[0]].parameters, 1.0) for group in members],
        [WorkerPlan("cpu", 1, list(range(len(members))))],
    )
    state = RunState(plan, histograms=0)
    state.apply(list(_events(plan, kept)))
    return state


def _events(plan: Plan, kept: Sequence[KeptTrial]) -> Iterator[dict[str, Any]]:
    place = {"v": 1, "session": 0, "worker": 0, "seq": 0, "time": 0.0}
    yield place | {"kind": "run", "stacks": plan.workers[0].stacks}
    for index, stack in enumerate(plan.stacks):
        yield place | {"kind": "stack", "stack": index, "step": 0, "steps": stack.steps, "layers": []}
        for position, trial in enumerate(kept[i] for i in stack.trials):
            at = {"stack": index, "trial": position}
            if trial.diverged_at is not None:
                yield place | at | {"kind": "diverged", "step": trial.diverged_at, "last_loss": None}
            elif trial.stopped_at is not None:
                yield place | at | {"kind": "early_stop", "step": trial.stopped_at, "best_step": trial.stopped_at}
        yield place | {"kind": "end", "stack": index, "status": "done", "error": None, "step": stack.steps}


@contextmanager
def metrics_of(kept: Sequence[KeptTrial]) -> Iterator[None]:
    """While it lasts, metrics are looked up among the kept numbers; at a step they are missing."""
    computed = dict(METRICS)
    METRICS.update(
        {
            name: replace(metric, function=partial(_kept_value, kept, name), several=None)
            for name, metric in computed.items()
        }
    )
    try:
        yield
    finally:
        METRICS.update(computed)


def _kept_value(kept: Sequence[KeptTrial], name: str, trial: TrialView, at_step: int | None) -> float | None:
    assert isinstance(trial, TrialState)
    return kept[trial.index].metrics.get(name) if at_step is None else None


def kept_finding(claim: Claim, verdict: Mapping[str, Any]) -> ClaimFinding:
    """What a kept verdict says of a claim by itself: as it was where every seed was asked, else by its mean and interval."""
    condition, n, value = condition_of(claim), verdict["n"], verdict["value"]
    interval = None if verdict["interval"] is None else Interval(*verdict["interval"])
    if not is_estimated(claim):
        text = verdict["text"].replace("by every seed", every_seed_text(n))
        return ClaimFinding(claim, Decision(Outcome(verdict["outcome"]), None), text, value, interval, n)
    if interval is None or value is None or n < 2:
        return ClaimFinding.nothing(claim, verdict["text"])
    if claim.is_of_findings:
        return _kept_share(claim, verdict, interval)
    half = (interval.high - interval.low) / 2

    def interval_at(alpha: float) -> Interval:
        width = half * t_quantile(n - 1, alpha) / t_quantile(n - 1)
        return Interval(value - width, value + width)

    summary = Summary(n, value, half * math.sqrt(n) / t_quantile(n - 1), interval)
    text = finding_text(summary, condition, METRICS[claim.metric], claim)
    return ClaimFinding(claim, replace(decide(interval_at, condition), why=BY_MEAN), text, value, interval, n)


def _kept_share(claim: Claim, verdict: Mapping[str, Any], interval: Interval) -> ClaimFinding:
    """What a kept verdict says of findings: which way its interval and its p point, with the advice that it gave."""
    text, _, behind = verdict["text"].partition("; p ")
    advice = next((part for part in behind.split("; ") if part.startswith(("--seeds", "more "))), "")
    decision = Decision(judged(interval, condition_of(claim)), verdict["p"], advice=advice)
    return ClaimFinding(claim, decision, text, verdict["value"], interval, verdict["n"])


def rejudge(folder: Path, today: Path) -> Report:
    """The report of a kept run, judged by what judges runs now; claims and the lesson's words are those of the recipe `today`."""
    old = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    recipe = with_claims(folder / "recipe.toml", today)
    asked = questions_in(recipe, old["recipe"])
    if asked.ensemble:
        raise typer.BadParameter(f"{folder}: ensembles are of predictions, which are not kept; run it again")
    choices = [row["choice"] for row in old["sweep"] or old["rows"] if row["choice"]]
    kept = kept_trials(folder, choices)
    state = state_of(old["recipe"], kept)
    with metrics_of(kept):
        table = build_table(state, state.plan, asked.compare)
        found = verdicts(list(_findings(state, asked, old["claims"])))
    return Report(state, table, found, asked.lesson)


def with_claims(kept: Path, today: Path) -> str:
    """Put the claims and words of the recipe `today` into the kept one, whose settings stay as they were run; its text."""
    now, recipe = (tomllib.loads(path.read_text(encoding="utf-8")) for path in (today, kept))
    said_now = {section: now[section] for section in ("lesson", "claims") if section in now}
    text = tomli_w.dumps(recipe | said_now, multiline_strings=True)
    write_text_atomic(kept, text)
    return text


def _findings(state: RunState, asked: Questions, old: Sequence[Mapping[str, Any]]) -> Iterator[ClaimFinding]:
    by_variant, kept = candidate_results(state), {(one["says"], one["variant"]): one for one in old}
    basis = Basis.of(asked.claims, asked.compare)
    for claim in asked.claims:
        if claim.is_of_findings and (said(claim.says), claim.variant) not in kept:
            yield ClaimFinding.nothing(claim, UNMEASURED)
        elif claim.at_step is not None or claim.is_of_findings:
            yield kept_finding(claim, kept[said(claim.says), claim.variant])
        else:
            yield finding(claim, by_variant, basis)


def main(folders: Annotated[list[Path], typer.Argument()]) -> None:
    """Judge these kept runs of shipped recipes anew, and write their reports."""
    shipped = {path.stem: path for path in shipped_recipes()}
    for folder in folders:
        write_report(rejudge(folder, shipped[folder.resolve().name]), folder, but=("trials",))
        print(folder)


if __name__ == "__main__":
    typer.run(main)
