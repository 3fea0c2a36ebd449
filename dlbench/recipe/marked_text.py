"""Texts that must name a metric or state a condition, in pydantic's terms."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema

from dlbench.errors import UsageError
from dlbench.measures.older_names import OLDER_NAMES, newest
from dlbench.metrics.catalog import CLASS_METRICS, METRICS, split_step
from dlbench.metrics.names import CURVES, ENSEMBLE
from dlbench.parts.arguments import MetricName
from dlbench.plan.breakpoints import parse as parse_breakpoint
from dlbench.plan.breakpoints import pattern as breakpoint_pattern
from dlbench.recipe.messages import nearest
from dlbench.recipe.validation import worded

_LONGEST_STEP = 18
"""Digits of the largest step that fits into 64 bits."""


def names_of(mark: MetricName) -> list[str]:
    """The metrics that a string may name."""
    curves = [name for name in CURVES if name.startswith(mark.split)]
    return (curves if mark.curves else list(METRICS)) + (list(ENSEMBLE) if mark.ensembles else [])


def metric(mark: MetricName) -> Any:
    """A string that names a metric as `mark` allows, or one of a class; where it allows steps also followed by `@step`."""
    names, at_step, of_class = names_of(mark), mark.at_step, not mark.curves
    older = [name for name, now in OLDER_NAMES.items() if now in names]
    forms: list[dict[str, Any]] = [{"type": "string", "enum": list(names)}]
    forms += [{"type": "string", "enum": older, "deprecated": True}] if older else []
    forms += [{"type": "string", "pattern": f"^({'|'.join([*names, *older])})@[0-9]+$"}] if at_step else []
    forms += [{"type": "string", "pattern": f"^({'|'.join(CLASS_METRICS)})@.+$"}] if of_class else []

    known = [*names, *(CLASS_METRICS if of_class else ())]

    def check(written: str) -> str:
        text = newest(written)
        if not (text or mark.is_needed):
            return text
        name, step = split_step(text) if at_step else (text, None)
        family, _, class_name = name.partition("@")
        if of_class and family in CLASS_METRICS:
            if not class_name:
                raise worded(f"'{family}' is of one class: write its name behind it, as in '{family}@cat'")
        elif name not in names and not (mark.logged and name.strip()):
            asked = split_step(written)[0] if at_step else written
            raise worded(f"no metric is called '{asked}' here" + nearest(family, known, "there are"))
        if step is not None and not (step.isascii() and step.isdigit() and len(step) <= _LONGEST_STEP):
            raise worded(f"'@' takes a step, as in '{name}@0', not '{step[:_LONGEST_STEP]}'")
        return text

    return Annotated[str, AfterValidator(check), WithJsonSchema({"anyOf": forms} if forms[1:] else forms[0])]


def condition() -> Any:
    """A string that states a condition of `dlbench.plan.breakpoints`."""

    def check(text: str) -> str:
        try:
            return str(parse_breakpoint(text))
        except UsageError as error:
            raise worded(str(error)) from None

    return Annotated[str, AfterValidator(check), WithJsonSchema({"type": "string", "pattern": breakpoint_pattern()})]
