"""Claims checked against a run: the seeds' evidence, a judgement, and a verdict in words."""

from dlbench.analysis.claims.family import judge
from dlbench.analysis.claims.verdict import Verdict
from dlbench.words.outcomes import SIGNS, Outcome

__all__ = ["SIGNS", "Outcome", "Verdict", "judge"]
