"""Questions about metrics that are not known here: a run of someone else's parts opens all the same, and says what it lacks."""

from __future__ import annotations

from dataclasses import replace

from dlbench.metrics.metric import is_known, split_step
from dlbench.plan.questions import Compare


def unknown_text(name: str) -> str:
    """What is said of a metric that is not there."""
    return f"no metric is called '{name}' here; where it comes from a file of parts, name that by --parts"


def known_part(compare: Compare) -> tuple[Compare, list[str]]:
    """The comparison without what is not known here, and what that is, in words."""
    columns = compare.columns or []
    lacking = [column for column in columns if not is_known(split_step(column)[0])]
    named = {"metric": compare.metric, "select": compare.select}
    unknown = {key: name for key, name in named.items() if name is not None and not is_known(name)}
    if not (lacking or unknown):
        return compare, []
    kept = [column for column in columns if column not in lacking]
    names = dict.fromkeys([*unknown.values(), *(split_step(column)[0] for column in lacking)])
    without = replace(compare, columns=kept or None, **dict.fromkeys(unknown))
    return without, [unknown_text(name) for name in names]
