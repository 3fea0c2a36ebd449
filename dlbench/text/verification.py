"""What came of a trial that was trained again, in lines for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dlbench.text.run_diff import WIDEST, departure_text

if TYPE_CHECKING:
    from dlbench.questions.differences import Difference
    from dlbench.questions.verification import Verification


def verification_lines(found: Verification, width: int) -> Iterator[str]:
    """The outcome, where the numbers part first, and in what the surroundings differ; the first of two is what was recorded."""
    for line in _told(found):
        yield from textwrap.wrap(line, max(min(width, WIDEST), 40), subsequent_indent="  ", break_on_hyphens=False)


def _told(found: Verification) -> Iterator[str]:
    company = f" in the company of {found.company} others" if found.company else ""
    yield f"{found.run}: {found.variant}, seed {found.seed}, trained again{company}"
    if found.until is not None:
        yield f"compared up to step {found.until:,}, at which it was changed by hand: the plan does not say what came after"
    own = found.agreement
    if found.outcome == "equal":
        yield f"equal: all {own.numbers:,} recorded numbers have the same bits"
    else:
        yield (
            f"{found.outcome}: {own.different:,} of {own.numbers:,} numbers have other bits; largest relative difference "
            f"{own.largest:.2g}, tolerance {found.tolerance:g}"
        )
    if own.departure is not None:
        yield f"first different at {departure_text(own.departure)}: the first is the recorded one"
    if own.beyond is not None and own.beyond != own.departure:
        yield f"first beyond the tolerance at {departure_text(own.beyond)}"
    yield _of_weights(found)
    yield from (f"it ended otherwise: {_difference(one)}" for one in found.ended)
    for title, differences in (("environment", found.environment), ("code", found.code)):
        yield f"{title}: {'; '.join(map(_difference, differences)) if differences else 'the same'}"


def _of_weights(found: Verification) -> str:
    own = found.weights
    if isinstance(own, str):
        return f"final weights: not compared, {own}"
    if not own.different:
        return f"final weights: all {own.numbers:,} have the same bits"
    return (
        f"final weights: {own.different:,} of {own.numbers:,} differ, first in {own.tensor}; by {own.largest:.2g} of a tensor's "
        "largest weight at most"
    )


def _difference(one: Difference) -> str:
    return f"{one.key} {one.first} against {one.second}"
