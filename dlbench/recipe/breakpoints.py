"""Where a recipe pauses by itself, held against the variants that there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dlbench.errors import UsageError
from dlbench.metrics.names import CURVES
from dlbench.plan import Candidate
from dlbench.plan import breakpoints as conditions
from dlbench.recipe.sections import BreakpointSection
from dlbench.recipe.source_map import KeyPath
from dlbench.recipe.tasks import not_of_task

Found = tuple[KeyPath, str]


def condition(written: BreakpointSection, variants: Sequence[str] | None) -> conditions.Breakpoint:
    """The condition with its variant; raises UsageError where no variant is called so, if it is known which there are."""
    found = conditions.parse(written.when, variants)
    return found if written.variant is None else conditions.in_variant(found, written.variant, variants)


def mistakes(
    breakpoints: Mapping[int, BreakpointSection], variants: Sequence[str], candidates: Sequence[Candidate]
) -> Iterator[Found]:
    """What is wrong with `[[breakpoints]]`, by their places in the list: variants, and what is never measured."""
    for index, written in breakpoints.items():
        place: KeyPath = ("breakpoints", index, "when" if written.variant is None else "variant")
        if written.variant is not None and conditions.parse(written.when).variant is not None:
            yield place, "'when' already names a variant; remove one"
            continue
        try:
            found = condition(written, variants)
        except UsageError as error:
            yield place, str(error)
            continue
        watched = [one for one in candidates if found.variant in {None, one.variant}]
        if watched and (lacking := _lacking(found.measure, [one.settings for one in watched])):
            yield ("breakpoints", index, "when"), f"'{found.measure}' needs {lacking}"
        elif found.measure in CURVES and (what := not_of_task(found.measure, {one.task for one in watched})):
            yield ("breakpoints", index, "when"), what


def _lacking(measure: str, watched: Sequence[dict[str, Mapping[str, int]]]) -> str | None:
    """What the settings of all that is watched leave out, without which there is no such number."""
    if measure in conditions.at_probes() and not any(settings["probes"]["points"] for settings in watched):
        return "probes.points, at how many points layers are measured"
    if measure.startswith("validation") and not any(settings["data"]["validation"] for settings in watched):
        return "data.validation, the number of samples to split off"
    return None
