"""Claims held against a run: evidence of the seeds, a judgement by it, and a verdict in words."""

from dlbench.report.claims.family import judge
from dlbench.report.claims.verdict import SIGNS, Outcome, Verdict

__all__ = ["SIGNS", "Outcome", "Verdict", "judge"]
