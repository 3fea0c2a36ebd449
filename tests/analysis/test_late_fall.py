"""What a loss still brings at the end of a training, however often it was looked at, and of how few steps that tells."""

from __future__ import annotations

import numpy as np
import pytest
from test_training_rules import GUESS, kinds, trained

from dlbench.analysis.diagnosis.diagnose import diagnose
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import late_share

SLOWING = GUESS * (0.7 + 0.3 * np.exp(-np.arange(9) / 6))


@pytest.mark.parametrize("count", [2, 3, 4, 8, 9, 10, 41])
def test_an_even_fall_brings_a_fifth_of_it_in_the_last_fifth(count):
    """However many evaluations there are, and whether or not a fifth of them is a whole number."""
    state = trained(GUESS * np.linspace(1.0, 0.5, count))

    assert late_share(TrainingEvidence([state.trials[0]]))[0] == pytest.approx(0.2)


def test_a_fall_that_slows_down_tells_of_too_few_steps_where_there_are_a_handful():
    """Of nine steps nobody can say that the loss has settled; of ninety times as many the same curve says nothing."""
    assert kinds(trained(SLOWING, steps=1)) == ["too-few-steps"]
    assert kinds(trained(SLOWING, steps=90)) == []


@pytest.mark.parametrize(("end", "severity"), [(0.55, "warning"), (0.45, "note")])
def test_a_net_that_has_learned_most_would_have_gained_by_more_steps(end, severity):
    """Below half of guessing's loss it is a note that the loss still falls by a fifth, above it a warning."""
    (found,) = diagnose(trained(GUESS * np.linspace(end + 1, end, 20)))[0]

    assert (found.kind, found.severity) == ("too-few-steps", severity)
