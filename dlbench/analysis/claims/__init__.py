"""Claims held against a run: evidence of the seeds, a judgement by it, and a verdict in words."""

from dlbench.analysis.claims.family import judge
from dlbench.analysis.claims.verdict import SIGNS, Outcome, Verdict

__all__ = ["SIGNS", "Outcome", "Verdict", "judge"]
