"""Recipes that pre-train: filled in, and every mistake found before anything is trained."""

import pytest

from dlbench.errors import RecipeError

GOOD = """\
[data]
kind = "digits"

[model]
activation = "sigmoid"
layers = [{ kind = "flatten" }, { kind = "dense", units = 9, repeat = 2 }]

[train]
epochs = 3
batch_size = 10
pretrain = { kind = "rbm", epochs = 2 }
"""

WRONG = {
    "another activation": (
        [('activation = "sigmoid"', 'activation = "relu"')],
        (
            "11: train.pretrain: 'rbm' trains sigmoid units, and 'dense1' has the activation 'relu'; "
            'set model.activation = "sigmoid"'
        ),
    ),
    "a layer in between": (
        [("repeat = 2 }]", 'repeat = 2 }, { kind = "batch_norm" }, { kind = "dense", units = 9 }]')],
        (
            "11: train.pretrain: 'rbm' trains dense layers in a plain chain, and 'batch_norm1' is not one; "
            "make it a dense layer, or pre-train less with layers = 2"
        ),
    ),
    "no bias": (
        [("units = 9,", "units = 9, bias = false,")],
        "11: train.pretrain: 'rbm' trains biases too, and 'dense1' has none; remove bias = false",
    ),
    "nothing to train": (
        [(', { kind = "dense", units = 9, repeat = 2 }', "")],
        "11: train.pretrain: 'rbm' trains hidden dense layers, and there are none",
    ),
    "more layers than there are": (
        [("epochs = 2 }", "epochs = 2, layers = 3 }")],
        "11: train.pretrain: 'layers' is 3, but the net has only 2 hidden dense layers",
    ),
    "a batch that is too large": (
        [("epochs = 2 }", "batch_size = 5000 }")],
        "11: train.pretrain.batch_size: a batch of 5,000 is more than the 1,438 samples to pre-train on",
    ),
    "too many steps": (
        [("epochs = 2 }", "epochs = 100_000_000 }")],
        "11: train.pretrain.epochs: asks for 1,500,000,000 steps a layer; the limit is 100,000,000",
    ),
    "data that are no probabilities": (
        [('kind = "digits"', 'kind = "digits"\nnormalize = "standard"')],
        (
            '12: train.pretrain.visible: bernoulli units lie between 0 and 1, which data.normalize = "standard" leaves; '
            'take visible = "gaussian", or do not normalize'
        ),
    ),
    "an unknown way": (
        [('kind = "rbm"', 'kind = "rmb"')],
        "11: train.pretrain.kind: no pretraining is called 'rmb'; did you mean 'rbm'?",
    ),
    "an unknown argument": (
        [("epochs = 2", "epoch = 2")],
        "11: train.pretrain.epoch: 'rbm' has no argument 'epoch'; did you mean 'epochs'?",
    ),
    "an argument of the other": (
        [('{ kind = "rbm", epochs = 2 }', '{ kind = "autoencoder", persistent = true }')],
        "11: train.pretrain.persistent: 'autoencoder' has no argument 'persistent'; 'rbm' has",
    ),
}


def test_defaults_are_those_of_the_practical_guide(loaded):
    """Without arguments: CD-1, rate 0.1, momentum 0.5 then 0.9, weight cost 0.0002, batches of 100, weights N(0, 0.01)."""
    pretrain = loaded(GOOD).candidates[0].settings["train"]["pretrain"]

    assert pretrain == {
        "kind": "rbm",
        "layers": None,
        "epochs": 2,
        "batch_size": 100,
        "lr": 0.1,
        "momentum": 0.5,
        "final_momentum": 0.9,
        "momentum_epochs": 5,
        "weight_cost": 0.0002,
        "std": 0.01,
        "visible": "bernoulli",
        "unlabelled": "none",
        "k": 1,
        "persistent": False,
        "sample_visible": False,
        "sparsity_target": 0.05,
        "sparsity_cost": 0.0,
        "ais_chains": 0,
        "ais_temperatures": 1000,
    }


def test_nothing_is_pre_trained_unasked(loaded):
    """A recipe without the key has none."""
    text = GOOD.replace('pretrain = { kind = "rbm", epochs = 2 }\n', "")

    assert loaded(text).candidates[0].settings["train"]["pretrain"] is None


def test_layers_above_may_be_anything(loaded):
    """With `layers`, only so many need to be made for it."""
    text = GOOD.replace(
        ", repeat = 2 }]", ' }, { kind = "batch_norm" }, { kind = "dense", units = 9, activation = "relu" }]'
    )

    assert loaded(text.replace("epochs = 2 }", "layers = 1 }")).candidates


def test_more_images_than_labels(loaded):
    """A batch may be larger than what has labels, where all images are learned from."""
    text = GOOD.replace('kind = "digits"', 'kind = "digits"\nlimit = 50')

    assert loaded(text.replace("epochs = 2 }", 'batch_size = 200, unlabelled = "all" }')).candidates
    with pytest.raises(RecipeError, match="a batch of 200 is more than the 50 samples to pre-train on"):
        loaded(text.replace("epochs = 2 }", "batch_size = 200 }"))


def test_a_variant_may_pre_train_in_another_way(loaded):
    """A patch of another kind replaces the whole table, one without kind merges into it."""
    variants = '\n[variants.a]\ntrain.pretrain.k = 3\n\n[variants.b]\ntrain.pretrain = { kind = "autoencoder" }\n'
    first, second = (one.settings["train"]["pretrain"] for one in loaded(GOOD + variants).candidates)

    assert (first["k"], first["epochs"]) == (3, 2)
    assert (second["kind"], second["epochs"]) == ("autoencoder", 10)


@pytest.mark.parametrize(("changes", "said"), WRONG.values(), ids=WRONG)
def test_mistakes(changes, said, loaded):
    """Each mistake is one line that says where it is, what is wrong and what to do."""
    text = GOOD
    for old, new in changes:
        assert text.count(old) >= 1
        text = text.replace(old, new, 1)

    with pytest.raises(RecipeError) as caught:
        loaded(text)
    assert str(caught.value) == f"mine.toml:{said}"
