"""What came of a trial that was trained again, as plain data."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlbench.questions.verification import Verification


def verification_as_data(found: Verification) -> dict[str, Any]:
    """Everything that the text says; of two values `first` is the recorded one."""
    own = found.agreement
    return {
        "run": found.run,
        "variant": found.variant,
        "seed": found.seed,
        "outcome": found.outcome,
        "company": found.company,
        "tolerance": found.tolerance,
        "until": found.until,
        "numbers": own.numbers,
        "different": own.different,
        "largest_relative_difference": own.largest,
        "first_different": None if own.departure is None else asdict(own.departure),
        "first_beyond_tolerance": None if own.beyond is None else asdict(own.beyond),
        "weights": {"not_compared": found.weights} if isinstance(found.weights, str) else asdict(found.weights),
        "ended": [asdict(one) for one in found.ended],
        "environment": [asdict(one) for one in found.environment],
        "code": [asdict(one) for one in found.code],
    }
