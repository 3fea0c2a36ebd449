"""How a recipe sets the learning rate's course: in steps, in epochs, or by what evaluations tell."""

import pytest

from dlbench.errors import RecipeError

PLATEAU = {
    "kind": "reduce_on_plateau",
    "metric": "validation_loss",
    "factor": 0.1,
    "patience": 10,
    "threshold": 1e-4,
    "threshold_mode": "rel",
    "cooldown": 0,
    "min_lr": 0.0,
}


def with_schedule(base, schedule, validation=""):
    """The tests' own recipe with a schedule, on data with a validation split where that is asked for."""
    text = base.replace("steps = 100", f"steps = 100\nschedule = {schedule}")
    return text.replace('kind = "xor"', f'kind = "digits"\n{validation}').replace(
        "layers = [", 'layers = [\n  { kind = "flatten" },'
    )


def test_a_schedule_counts_steps_unless_told_otherwise(loaded, base):
    """`unit` is filled in, and a patch may turn steps into epochs."""
    text = with_schedule(base, '{ kind = "step", every = 30 }')
    patched = loaded(text, ["train.schedule.unit=epochs"])

    assert [one.settings["train"]["schedule"]["unit"] for one in loaded(text).candidates] == ["steps", "steps"]
    assert [one.settings["train"]["schedule"]["unit"] for one in patched.candidates] == ["epochs", "epochs"]


def test_a_plateau_is_filled_in(loaded, base):
    """The defaults are those of torch's class; any metric of validation or training data may be followed."""
    text = with_schedule(base, '"reduce_on_plateau"', "validation = 100")
    assert loaded(text).candidates[0].settings["train"]["schedule"] == PLATEAU
    followed = loaded(with_schedule(base, '{ kind = "reduce_on_plateau", metric = "train_accuracy" }'))
    assert followed.candidates[0].settings["train"]["schedule"] == PLATEAU | {"metric": "train_accuracy"}


@pytest.mark.parametrize(
    ("schedule", "what"),
    [
        (
            '{ kind = "step", every = 3, unit = "epoch" }',
            "mine.toml:19: train.schedule.unit: takes 'steps' or 'epochs', not the text \"epoch\"",
        ),
        ('{ kind = "cosine", unit = "epochs" }', "train.schedule.unit: 'cosine' has no argument 'unit'"),
        (
            '"reduce_on_plateau"',
            "train.schedule: follows validation_loss, which needs data.validation, the number of samples to split off",
        ),
        (
            '{ kind = "reduce_on_plateau", metric = "test_loss" }',
            "train.schedule.metric: no metric is called 'test_loss' here; did you mean 'train_loss'?",
        ),
        (
            '{ kind = "reduce_on_plateau", metric = "train_rmse" }',
            "train.schedule.metric: 'train_rmse' is of numbers, but what is learned here is classes",
        ),
        ('{ kind = "reduce_on_plateau", factor = 1 }', "train.schedule.factor: must be less than 1, not 1"),
        ('{ kind = "reduce_on_plateau", mode = "max" }', "'reduce_on_plateau' has no argument 'mode'"),
    ],
)  # fmt: skip
def test_a_wrong_schedule_is_told_before_anything_trains(loaded, base, schedule, what):
    """Each mistake has its line, its path and a way on."""
    with pytest.raises(RecipeError) as error:
        loaded(with_schedule(base, schedule))
    assert what in str(error.value)
