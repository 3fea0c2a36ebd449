"""`[train] loss`: what it may be, and what is said where it cannot."""

from __future__ import annotations

import pytest

from dlbench.errors import RecipeError


def test_the_loss_of_classes_is_cross_entropy(base, loaded):
    """A recipe that names none learns by cross-entropy, and its settings say so; one that names one by that."""
    found = loaded(base)
    named = loaded(base.replace("steps = 100", 'steps = 100\nloss = "mse"'))

    assert [one.settings["train"]["loss"] for one in found.candidates] == [{"kind": "cross_entropy"}] * 2
    assert [one.settings["train"]["loss"] for one in named.candidates] == [{"kind": "mse"}] * 2


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        ('"crossentropy"', "no loss is called 'crossentropy'; did you mean 'cross_entropy'?"),
        ("3", 'takes the name of a loss or a table with its "kind", not 3'),
        ('{ kind = "mse", delta = 1 }', "'mse' has no argument 'delta'; 'huber' has"),
        ('{ kind = "huber", delta = 0 }', "must be more than 0, not 0"),
        ('"l1"', "'l1' is not a loss for classes; take 'cross_entropy', 'bce' or 'mse'"),
    ],
)
def test_a_wrong_loss_is_one_clear_error(loss, message, base, loaded):
    """One error at the line of the loss: an unknown name, a stranger's argument, a loss that is not for classes."""
    with pytest.raises(RecipeError) as error:
        loaded(base.replace("steps = 100", f"steps = 100\nloss = {loss}"))

    (problem,) = error.value.problems
    assert (problem.line, problem.what) == (17, message)
