"""Settings side by side: what differs between the candidates is a column, what is the same for all is told once."""

from dlbench.export.page.settings import flat, settings_of
from dlbench.plan import Candidate

DENSE = {"kind": "dense", "units": 5, "activation": {"kind": "relu"}, "init": {"kind": "zeros"}, "repeat": 3}


def settings(activation="relu", lr=0.1, init=None, layers=None):
    """Settings as a plan has them."""
    own = init or {"kind": "zeros"}
    dense = DENSE | {"activation": {"kind": activation}, "init": own}
    return {
        "data": {"kind": "xor", "limit": None, "noise": 0.0},
        "model": {
            "activation": {"kind": activation},
            "init": own,
            "layers": [dense] if layers is None else layers,
            "output": {"units": 1, "init": own, "activation": {"kind": "identity"}},
        },
        "train": {"optimizer": {"kind": "sgd", "lr": lr}, "regularizers": []},
    }


def told(*every):
    """What is told of candidates with these settings."""
    return settings_of([Candidate(f"v{index}", {}, one) for index, one in enumerate(every)])


def test_one_change_is_one_column():
    """What a layer takes over from the model is told of the model alone."""
    found = told(settings(), settings("tanh", 0.01))

    assert found.differing == ("model.activation", "train.optimizer.lr")
    assert found.rows == (("v0", ("relu", "0.1")), ("v1", ("tanh", "0.01")))
    assert ("model.layers", "dense(units = 5) ×3") in found.common
    assert ("data", "xor") in found.common


def test_other_parts_are_told_with_their_arguments():
    """Where candidates differ in a part, each has its own arguments beside its name, not in columns of their own."""
    found = told(settings(init={"kind": "uniform", "low": -1.0, "high": 1.0}), settings(init={"kind": "zeros"}))

    assert found.differing == ("model.init",)
    assert found.rows == (("v0", ("uniform(low = -1.0, high = 1.0)",)), ("v1", ("zeros",)))


def test_a_layer_of_its_own_is_told():
    """A layer that does not do as the model says is told with what it does; nested layers too."""
    own = [
        DENSE | {"activation": {"kind": "tanh"}, "repeat": 1},
        {"kind": "residual", "layers": [DENSE, {"kind": "dropout"}]},
    ]

    assert flat(settings(layers=own))["model.layers"] == (
        "dense(units = 5, activation = tanh) · residual(layers = [dense(units = 5) ×3, dropout])"
    )


def test_what_nobody_sets_is_left_out():
    """Nothing and empty lists are no settings; what one candidate alone sets is a gap with the others."""
    found = told(settings(), settings() | {"evaluate": {"every": 5}})

    assert found.differing == ("evaluate.every",)
    assert [values for _, values in found.rows] == [("–",), ("5",)]
    assert not any("limit" in path or "regularizers" in path for path, _ in found.common)


def test_plans_without_settings():
    """Candidates that say nothing of their settings have none."""
    assert told({}, {}) == settings_of([Candidate("v0", {}, {}), Candidate("v1", {}, {})])
    assert told({}).common == told({}).differing == ()
