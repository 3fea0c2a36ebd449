"""The text of a drafted recipe: data, a net that suits it, two variants, and what each line is for."""

from __future__ import annotations

from dlbench.plan.duration import steps_per_epoch
from dlbench.recipe.drafts.model import Looked
from dlbench.recipe.drafts.toml_lines import Raw, assigned, toml
from dlbench.recipe.placeholders import without_places

ENOUGH_STEPS = 2_000
"""So many steps teach small nets most of what they will learn of small data."""

FEWEST_EPOCHS, MOST_EPOCHS = 5, 100
QUICK_STEPS = 300
QUICK_SAMPLES = 1_000
FEW_SAMPLES = 50
"""Samples below which none are spared for validation."""

VALIDATION = 0.15
UNEVEN = 0.5
"""The rarest class over the largest one below which accuracy hides what becomes of it."""


def written(name: str, data: Looked) -> str:
    """The whole recipe."""
    blocks = [_head(name, data), _data(data), _model(data), _train(data), _trials(), _variants(data), _compare(data)]
    return "\n\n".join([*blocks, _claim(data), _quick(data)]) + "\n"


def _head(name: str, data: Looked) -> str:
    learns = data.data.learns if data.data.learns != "the class" or not data.is_regression else "numbers"
    name, what = without_places(name), without_places(learns)
    lines = [
        "# Written by `dlbench new` from a look at the data; every line is yours to change.",
        "# `dlbench check` finds mistakes, `dlbench parts train` explains the keys of [train] (and so for every section),",
        "# `dlbench parts adam` those of a part; `dlbench parts` lists everything that could stand here instead.",
        "",
        "[lesson]",
        assigned("title", f"{name}: how well can {what} be told?"),
        assigned(
            "question",
            f"Does {_better(data)[1]} tell {what} better than {_baseline(data)[1]}?",
            "What is asked of the run; it stands above the table.",
        ),
    ]
    return "\n".join(lines)


def _data(data: Looked) -> str:
    source, said = data.source, data.data.said
    lines = ["[data]"]
    lines += [assigned(key, value, said.get(key, "")) for key, value in data.data.settings.items()]
    if source.train >= FEW_SAMPLES:
        comment = (
            f"So many of the {source.train:,} samples to train on are kept aside, to stop early or to pick the best by."
        )
        lines.append(assigned("validation", _validation(data), comment))
    if not data.is_image:
        lines.append(assigned("normalize", "standard", "Each feature gets mean 0 and deviation 1, as nets like it."))
    if data.is_regression:
        lines.append(
            assigned("normalize_target", "standard", "So does what is learned; errors are told in its own units.")
        )
    return "\n".join(lines)


def _validation(data: Looked) -> int:
    return int(data.source.train * VALIDATION) if data.source.train >= FEW_SAMPLES else 0


def _baseline(data: Looked) -> tuple[str, str]:
    """The simpler variant: its name, and what it is."""
    return ("dense", "a net without") if data.is_image else ("linear", "a linear one")


def _better(data: Looked) -> tuple[str, str]:
    """The other: its name, and what it is."""
    return ("conv", "a net with convolutions") if data.is_image else ("net", "a net with hidden layers")


def _model(data: Looked) -> str:
    lines = [
        "[model]",
        assigned("activation", "relu", "What every hidden layer applies to its sums."),
        assigned(
            "init",
            "torch_default",
            "How weights start; `dlbench parts inits` lists other ways; `he` suits relu.",
        ),
    ]
    flatten = '{ kind = "flatten" }, ' if len(data.source.shape) > 1 else ""
    units = 64 if data.source.train >= 500 else 16
    layers = f'[{flatten}{{ kind = "dense", units = {units} }}, {{ kind = "dense", units = {units} }}]'
    lines.append(
        assigned(
            "layers", Raw(layers), "The layers from the input on; the output layer is added, as the data needs it."
        )
    )
    return "\n".join(lines)


def _batch(data: Looked) -> int | str:
    return next((size for size in (128, 32, 8) if _learned(data) >= 20 * size), "full")


def _learned(data: Looked) -> int:
    """How many samples are trained on."""
    return data.source.train - _validation(data)


def _epochs(data: Looked, steps: int, samples: int) -> int:
    """How many epochs of so many samples make so many steps."""
    epochs = round(steps / steps_per_epoch({"batch_size": _batch(data)}, samples))
    return max(FEWEST_EPOCHS, min(MOST_EPOCHS, epochs))


def _train(data: Looked) -> str:
    lines = [
        "[train]",
        assigned(
            "optimizer",
            Raw('{ kind = "adam", lr = 0.001 }'),
            "If it does not learn, change the learning rate first: ten times more, ten times less.",
        ),
        assigned("batch_size", _batch(data), "Samples a step."),
        assigned("epochs", _epochs(data, ENOUGH_STEPS, _learned(data)), "Passes over the training samples."),
    ]
    if _validation(data):
        lines += [
            "# Ends a trial after 10 evaluations without a better validation loss, at its best one:",
            "# early_stopping = { patience = 10 }",
        ]
    if data.rarest < UNEVEN:
        lines += ["# Classes differ in size; this makes each weigh the same:", '# class_weights = "balanced"']
    return "\n".join(lines)


def _trials() -> str:
    return "\n".join(
        [
            "[trials]",
            assigned(
                "seeds", 5, "Each variant is trained so often, from other weights; the table says what that proves."
            ),
        ]
    )


def _variants(data: Looked) -> str:
    """Two: the base, and the simpler one that it must beat."""
    flatten = '{ kind = "flatten" }' if len(data.source.shape) > 1 else ""
    baseline, better = _baseline(data)[0], _better(data)[0]
    lines = ["# What is compared: each variant changes the recipe above."]
    if data.is_image:
        lines += [
            f"[variants.{baseline}]",
            "",
            f"[variants.{better}]",
            "# The numbers are places in `layers`: convolutions, each with a pooling, come before the others.",
            "model.layers.insert = [",
            '    { at = 0, kind = "conv", channels = 16, kernel = 3 },',
            '    { at = 0, kind = "max_pool", kernel = 2 },',
            '    { at = 0, kind = "conv", channels = 32, kernel = 3 },',
            '    { at = 0, kind = "max_pool", kernel = 2 },',
            "]",
        ]
    else:
        lines += [
            f"[variants.{baseline}]",
            "# No hidden layer: what a weighted sum of the features can tell.",
            assigned("model.layers", Raw(f"[{flatten}]")),
            "",
            f"[variants.{better}]",
        ]
    return "\n".join(lines)


def _metric(data: Looked) -> str:
    return "test_rmse" if data.is_regression else "test_accuracy"


def _compare(data: Looked) -> str:
    columns = ["train_rmse", "test_r2"] if data.is_regression else ["train_accuracy", "test_loss"]
    columns += ["balanced_accuracy"] if data.rarest < UNEVEN else []
    return "\n".join(
        [
            "[compare]",
            assigned("metric", _metric(data), "What decides; `dlbench parts metrics` lists all."),
            assigned("baseline", _baseline(data)[0], "What the others are held against."),
            assigned("columns", columns, "What else the table shows."),
        ]
    )


def _claim(data: Looked) -> str:
    better, baseline = _better(data), _baseline(data)
    return "\n".join(
        [
            "# A claim is confirmed or refuted by the run; take the # away to have yours judged.",
            "# [[claims]]",
            f'# says = "{better[1][0].upper()}{better[1][1:]} does better than {baseline[1]}"',
            '# source = "measured"',
            f'# variant = "{better[0]}"',
            f'# metric = "{_metric(data)}"',
            f'# better_than = "{baseline[0]}"',
        ]
    )


def _quick(data: Looked) -> str:
    lines = ["[quick]", "# What `--quick` changes, to see in seconds whether everything works.", "trials.seeds = 2"]
    lines.append(f"train.epochs = {_epochs(data, QUICK_STEPS, min(QUICK_SAMPLES, _learned(data)))}")
    if _learned(data) > QUICK_SAMPLES:
        lines.append(f"data.limit = {toml(QUICK_SAMPLES)}")
    return "\n".join(lines)
