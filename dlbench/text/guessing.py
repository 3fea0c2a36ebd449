"""What accuracy hides: which variants do no better than one that looks at no sample."""

from __future__ import annotations

from collections.abc import Iterator

from dlbench.analysis.table import Column, Table
from dlbench.data_facts import DataFacts
from dlbench.metrics.format import number, value_format
from dlbench.state.run_state import RunState
from dlbench.text.cells import name_text
from dlbench.text.findings import by_candidate
from dlbench.words.printable import one_line


def guessing_notes(table: Table, state: RunState) -> Iterator[str]:
    """A note for each accuracy of the table that some variants do not have above that of always saying the largest class.

    That class is the largest of the training samples, and its share of the split is what saying it always gets right. Where the
    training's classes are equally large, none is the largest.
    """
    data = {stack: facts for stacks, facts in state.data.items() for stack in stacks}
    own = {candidate: data.get(trials[0].stack.index) for candidate, trials in by_candidate(state).items()}
    for column in table.columns:
        lower: dict[tuple[str, float], list[str]] = {}
        for row in table.rows:
            blind = _blind(column, own.get(row.candidate))
            mean = row.cells[column.key].mean
            if blind is not None and mean is not None and mean <= blind[1]:
                lower.setdefault(blind, []).append(name_text(row))
        for (name, share), rows in lower.items():
            guessed = number(share, value_format(column.metric, share))
            what = f"no better than by always saying '{name}', the largest class ({guessed})"
            yield f"{column.title} {what}: {'; '.join(rows)}"


def _blind(column: Column, facts: DataFacts | None) -> tuple[str, float] | None:
    """The largest class and its share of the split that a column's accuracy is of; `None` where it is none, or of no split."""
    split, _, what = column.metric.name.partition("_")
    if facts is None or column.is_difference or what != "accuracy":
        return None
    trained, asked = facts.class_counts.get("train"), facts.class_counts.get(split)
    if not trained or not asked or max(trained) == min(trained) or not sum(asked):
        return None
    largest = trained.index(max(trained))
    return one_line(facts.class_names[largest]), asked[largest] / sum(asked)
