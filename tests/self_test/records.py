"""Scenarios and trials made by hand, whose figures are known."""

from dlbench.analysis.diagnosis.finding import Finding
from dlbench.metrics.trial_view import Status
from dlbench.self_test.catalogue import Scenario, Target
from dlbench.self_test.scoring import judged
from dlbench.self_test.training import DiagnosedTrial

REACHED, MISSED = 0.95, 0.5


def finding(kind, severity="warning"):
    """A finding with nothing but its kind and severity."""
    return Finding(kind, severity, f"{kind} is told", (kind,), since=10)


def trial(*kinds, accepts=(), also=(), notes=(), name="one", held_out=False, seed=0, value=None):
    """A judged trial of which these kinds are told; sick where its scenario accepts any, and then without the target."""
    target = Target(metric="test_accuracy", at_least=0.9)
    is_sick = bool(accepts)
    scenario = Scenario(name, "made", "by hand", held_out, is_sick, accepts, also, "because", target, {})
    found = (*map(finding, kinds), *(finding(kind, "note") for kind in notes))
    number = (MISSED if is_sick else REACHED) if value is None else value
    return judged(DiagnosedTrial(scenario, seed, Status.OK, number, found))
