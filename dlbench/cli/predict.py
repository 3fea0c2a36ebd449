"""`dlbench predict`: what a run's trained nets say of new data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from dlbench.cli import complete
from dlbench.cli.options import Out, OutputFile, OwnParts, Run
from dlbench.cli.output import emit_chunks, save, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlbench.export.records import Records
    from dlbench.plan import Plan
    from dlbench.weights.kept import KeptTrial
    from dlbench.weights.prediction import Prediction
    from dlbench.weights.samples import NewSamples

ONE_OF_SEEDS = "name one with --seed, or ask them all with --all-seeds"


NewData: TypeAlias = Annotated[
    Path,
    typer.Argument(metavar="DATA", help="A table, a .npz or .npy, a picture, or a folder of pictures."),
]
NetVariant: TypeAlias = Annotated[
    str | None,
    typer.Option("--variant", metavar="VARIANT", help="Which variant's net, if the run has several."),
]
NetSeed: TypeAlias = Annotated[
    int | None, typer.Option("--seed", metavar="SEED", help="Which seed's, if there are several.")
]
AllSeeds: TypeAlias = Annotated[
    bool, typer.Option("--all-seeds", help="Ask the nets of all seeds, and take the mean of what they say.")
]


def predict(
    run: Run,
    data: NewData,
    *,
    variant: NetVariant = None,
    seed: NetSeed = None,
    all_seeds: AllSeeds = False,
    file: OutputFile = None,
    out: Out = complete.RESULTS,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Let a trained net say what new data is, as CSV: the class and the probability of each, or the number.

    The run must have kept its weights (`dlbench run --save-weights`). The data is prepared exactly as that of the training
    was. Where it has a column or folders that say what is true, the accuracy goes to stderr.
    """
    from dlbench.export.records import csv_chunks
    from dlbench.plugins import require
    from dlbench.run.folder import find_run
    from dlbench.weights.kept import kept_trials, require_weights
    from dlbench.weights.prediction import judged
    from dlbench.weights.prediction import predict as predicted
    from dlbench.weights.samples import read_samples

    folder = find_run(out, run)
    plan = folder.read_plan()
    require(plan.parts, folder.name)
    require_weights(folder, plan)
    check_choice(plan, variant, seed, all_seeds=all_seeds)
    trials, notes = kept_trials(folder, plan, variant=variant, seed=seed)
    for note in notes:
        say(f"note: {note}")
    samples = read_samples(data, trials[0])
    found = predicted(trials, samples)
    chunks = csv_chunks(records_of(found, samples, trials[0]))
    if file is None:
        emit_chunks(chunks)
    else:
        save(file, (chunk.encode() for chunk in chunks))
    say(f"said by {said_by(trials)}")
    if told := judged(found, samples, trials[0].task):
        say(told)


def check_choice(plan: Plan, variant: str | None, seed: int | None, *, all_seeds: bool) -> None:
    """Raise UsageError where it is not clear which net is asked."""
    from dlbench.errors import UsageError
    from dlbench.plan import candidate_text

    if all_seeds and seed is not None:
        raise UsageError("--seed names one net, and --all-seeds takes those of all seeds; give one of the two")
    texts = {trial.candidate: candidate_text(trial) for trial in plan.trials}
    asked = [trial for trial in plan.trials if variant in {None, trial.variant, texts[trial.candidate]}]
    nets = dict.fromkeys(texts[trial.candidate] for trial in asked)
    if len(nets) > 1:
        of_seeds = "" if seed is not None or all_seeds or len(asked) == len(nets) else f"; of its seeds {ONE_OF_SEEDS}"
        raise UsageError(
            f"there are {len(nets)} nets to ask; name one with --variant: {', '.join(map(repr, nets))}{of_seeds}"
        )
    if len(asked) > 1 and seed is None and not all_seeds:
        seeds = ", ".join(str(trial.seed) for trial in asked)
        raise UsageError(f"this net was trained with the seeds {seeds}; {ONE_OF_SEEDS}")


def records_of(found: Prediction, samples: NewSamples, one: KeptTrial) -> Records:
    """A row a sample: what it is called, its class, and the numbers, by the digits that float32 has."""
    import numpy as np

    from dlbench.export.records import RecordField, Records

    names = [*one.task.source.names, *map(str, range(one.task.source.classes, one.task.outputs))]
    said = [] if found.predicted is None else [[names[number] for number in found.predicted]]
    fields = [
        RecordField("sample", "text"),
        *(RecordField("predicted", "text") for _ in said),
        *(RecordField(column, "single") for column in found.columns),
    ]
    return Records(fields, lambda: [[samples.names, *said, *found.numbers.astype(np.float32).T]])


def said_by(trials: Sequence[KeptTrial]) -> str:
    """Who was asked: `tanh, seed 3`, or how many seeds."""
    if len(trials) == 1:
        return trials[0].name
    return f"{trials[0].variant}, the mean of {len(trials)} seeds"
