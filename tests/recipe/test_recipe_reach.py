"""What the command line changes, and which trials see it."""

import pytest

SIGMOID = "--set model.activation=sigmoid"
OWN = '[variants.a]\nmodel.activation = "relu"\n[variants.b]\nmodel.activation = "tanh"\n'
PLACES = "(variants.a.model.activation, variants.b.model.activation)"
LATER = "nothing has changed: {} comes after it"

CASES = {
    "every variant has its own": (
        OWN,
        ["model.activation=sigmoid"],
        [f"{SIGMOID}: no trial sees it, nothing has changed: variants 'a' and 'b' set their own {PLACES}"],
    ),
    "some have their own": (
        f"{OWN}[variants.c]\n",
        ["model.activation=sigmoid"],
        [f"{SIGMOID}: only variant 'c' sees it; variants 'a' and 'b' set their own {PLACES}"],
    ),
    "one item of a list": (
        "[variants.a]\nmodel.layers.0.units = 3\n",
        ["model.layers.0.units=9"],
        [
            (
                "--set model.layers.0.units=9: no trial sees it, nothing has changed: "
                "variant 'a' sets its own (variants.a.model.layers.0.units)"
            )
        ],
    ),
    "an argument of a part that is replaced whole": (
        '[variants.a]\ntrain.optimizer = "adam"\n',
        ["train.optimizer.lr=1"],
        [
            (
                "--set train.optimizer.lr=1: no trial sees it, nothing has changed: "
                "variant 'a' sets its own (variants.a.train.optimizer)"
            )
        ],
    ),
    "the other of two alternatives": (
        "[variants.a]\ntrain.epochs = 3\n[variants.b]\n",
        ["train.steps=20"],
        ["--set train.steps=20: only variant 'b' sees it; variant 'a' sets its own"],
    ),
    "a search tries its own": (
        '[search]\ntrain.optimizer.lr = [0.1, 1.0]\n[compare]\nselect = "train_loss"\n',
        ["train.optimizer.lr=3"],
        [
            (
                "--set train.optimizer.lr=3: no trial sees it, nothing has changed: "
                "variant 'base' sets its own (search.train.optimizer.lr[0], search.train.optimizer.lr[1])"
            )
        ],
    ),
    "a later option": (
        "",
        ["model.activation=tanh", "model.activation=relu", "trials.seeds=4"],
        [
            f"--set model.activation=tanh: {LATER.format('--set model.activation=relu')}",
            f"--set trials.seeds=4: {LATER.format('--seeds 2')}",
        ],
    ),
    "the quick version": (
        "[quick]\ntrain.steps = 2\n",
        ["quick.train.steps=3"],
        ["--set quick.train.steps=3: nothing has changed: [quick] is applied before it; set the key itself"],
    ),
    "all see it": ("[variants.a]\n[variants.b]\n", ["model.activation=sigmoid", "train.optimizer.lr=2"], []),
    "it is a variant's": (OWN, ["variants.a.model.activation=sigmoid", "variants.c={}"], []),
    "it is the search's": ("", ["search.train.optimizer.lr=[1, 2]", "compare.select=train_loss"], []),
    "a part of it is seen": (OWN, ['model={activation="relu", init="he"}'], []),
    "it concerns no trial": ("", ["lesson.title=other"], []),
}


@pytest.mark.parametrize("name", CASES)
def test_what_no_trial_sees(name, alone, loaded):
    """A change that some or all variants replace is told, with what replaces it; one that is seen is not."""
    more, overrides, expected = CASES[name]

    found = loaded(alone + more, overrides, seeds="2" if any("seeds" in one for one in overrides) else None)

    assert found.notes == expected


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("train.lr", "train.optimizer.lr"),
        ("train.momentum", "train.optimizer.momentum"),
        ("model.units", r"model.layers\[0\].units"),
        ("data.batch_size", "train.batch_size"),
        ("train.patience", "train.schedule.patience or train.early_stopping.patience"),
        ("train.min_delta", "train.early_stopping.min_delta"),
        ("train.validation", "data.validation"),
        ("probes.train_samples", "evaluate.train_samples"),
        ("variants.a.lr", "train.optimizer.lr"),
        ("grid.lr", "train.optimizer.lr"),
        ("lr", "train.optimizer.lr"),
        ("seeds", "trials.seeds"),
        ("train.optimizer.batch_size", "train.batch_size"),
    ],
)
def test_a_key_in_the_wrong_place(path, place, alone, loaded):
    """A key that another place of a recipe has is met with that place."""
    from dlbench.errors import RecipeError

    with pytest.raises(RecipeError, match=f"did you mean {place}"):
        loaded(alone, [f"{path}=1"])
