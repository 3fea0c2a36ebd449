"""What is asked of recordings, which no recipe describes: a file, or a table, with `[lesson]`, `[compare]`, `[[claims]]` ..."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, cast

from pydantic import TypeAdapter, ValidationError

from dlbench.errors import Problem, RecipeError
from dlbench.metrics.metric import METRICS
from dlbench.metrics.names import ENSEMBLE
from dlbench.parts.arguments import MetricName, Takes
from dlbench.plan.questions import Claim, Compare, Lesson, Questions
from dlbench.recipe.breakpoints import condition
from dlbench.recipe.claims import claim_mistakes
from dlbench.recipe.elsewhere import suggestion
from dlbench.recipe.messages import given
from dlbench.recipe.parts import table
from dlbench.recipe.sections import BreakpointSection, ClaimSection, CompareSection, LessonSection, plain
from dlbench.recipe.source import parse, read
from dlbench.recipe.source_map import KeyPath, line_numbers, show
from dlbench.recipe.validation import mistakes_in

Logged: TypeAlias = Annotated[str, MetricName(logged=True)]
LoggedClaim: TypeAlias = Annotated[str, MetricName(logged=True, is_needed=False)]
LoggedColumn: TypeAlias = Annotated[str, MetricName(at_step=True, logged=True)]
Directions: TypeAlias = Annotated[
    dict[str, Literal["higher", "lower"]], Takes('names with "higher" or "lower" each, such as { bleu = "higher" }')
]


@dataclass(frozen=True)
class RecordedCompareSection(CompareSection):
    """What the table of recordings compares, and against which variant.

    metric: what decides, also one that the loop logs under a name of its own: `metric = "bleu"`.
    select: of no use here, since nothing is searched: `select = "test_loss"`.
    columns: the metrics of the table, also at a step on the way: `columns = ["bleu", "val_ppl@1000"]`.
    better: which way is better of names of one's own: `better = { bleu = "higher", val_ppl = "lower" }`.
    """

    WRITTEN: ClassVar[str] = "[compare]"

    metric: Logged | None = None
    columns: list[LoggedColumn] | None = None
    better: Directions = field(default_factory=dict)


@dataclass(frozen=True)
class RecordedClaimSection(ClaimSection):
    """A sentence with a condition on a metric of a variant, also on one that the loop logs under a name of its own.

    metric: of which metric: `metric = "bleu"`.
    """

    WRITTEN: ClassVar[str] = "[[claims]]"

    metric: LoggedClaim = ""


SECTIONS = ("lesson", "compare", "claims", "breakpoints")
RECORDINGS = "recordings"
"""The key of the folder of the recordings that a file asks of, for pytest; whoever else reads it says which they are."""

_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    "lesson": TypeAdapter(table(LessonSection)),
    "compare": TypeAdapter(table(RecordedCompareSection)),
    "claims": TypeAdapter(table(RecordedClaimSection)),
    "breakpoints": TypeAdapter(table(BreakpointSection)),
}

Found: TypeAlias = tuple[KeyPath, str]


def questions_from(source: str | Path | Mapping[str, Any]) -> Questions:
    """What a TOML file, or the same as plain data, asks of recordings.

    Raises `RecipeError` with every problem at once, each with its line in a file, `UsageError` where the file cannot be read.
    """
    if isinstance(source, Mapping):
        return _checked(dict(source), "questions", {})
    text = read(Path(source))
    return _checked(parse(text, str(source)), str(source), line_numbers(text))


def breakpoints_from(source: Path | Mapping[str, Any], variant: str) -> list[str]:
    """The conditions of `[[breakpoints]]` that are watched in a variant, of questions that were found right."""
    data = source if isinstance(source, Mapping) else parse(read(source), str(source))
    written = [_ADAPTERS["breakpoints"].validate_python(one) for one in data.get("breakpoints", [])]
    found = [condition(one, None if one.variant is None else [one.variant]) for one in written]
    return [str(one) for one in found if one.variant in {None, variant}]


def recordings_of(file: Path) -> str | None:
    """The folder of the recordings that a file of questions names, as it is written there."""
    named = parse(read(file), str(file)).get(RECORDINGS)
    return named if isinstance(named, str) else None


def _checked(data: dict[str, Any], file: str, lines: Mapping[KeyPath, int]) -> Questions:
    wrong: list[Found] = [
        ((key,), f"there is no section '{key}' in questions{suggestion(key, SECTIONS, 'there are')}")
        for key in data
        if key not in {*SECTIONS, RECORDINGS}
    ]
    if not isinstance(named := data.get(RECORDINGS, "results/mine"), str) or not named.strip():
        wrong.append(
            ((RECORDINGS,), f'takes the folder of a name\'s recordings, such as "results/mine", not {given(named)}')
        )
    lesson = _section("lesson", data.get("lesson", {}), ("lesson",), wrong)
    compare = _section("compare", data.get("compare", {}), ("compare",), wrong)
    claims = _list("claims", data.get("claims", []), wrong)
    _list("breakpoints", data.get("breakpoints", []), wrong)
    wrong += _promises(lesson, compare, claims)
    if wrong:
        problems = [Problem(file, _line(path, lines), show(path), what) for path, what in wrong]
        raise RecipeError(sorted(problems, key=lambda problem: problem.line or 0))
    asked = [cast("Claim", plain(claim)).completed() for claim in claims.values()]
    better = compare.better if isinstance(compare, RecordedCompareSection) else {}
    return Questions(cast("Lesson", plain(lesson)), cast("Compare", plain(compare)), asked, better=dict(better))


def located(file: Path, wrong: Iterable[Found]) -> RecipeError:
    """What is wrong with a file of questions that was read before, each problem with its line."""
    lines = line_numbers(read(file))
    problems = [Problem(str(file), _line(path, lines), show(path), what) for path, what in wrong]
    return RecipeError(sorted(problems, key=lambda problem: problem.line or 0))


def _line(path: KeyPath, lines: Mapping[KeyPath, int]) -> int | None:
    return next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), None)


def _section(name: str, value: Any, path: KeyPath, wrong: list[Found]) -> Any:
    """A section as its dataclass, `None` where it is wrong."""
    try:
        return _ADAPTERS[name].validate_python(value)
    except ValidationError as error:
        wrong += [(path + below, what) for below, what in mistakes_in(error)]
        return None


def _list(name: str, value: Any, wrong: list[Found]) -> dict[int, Any]:
    if not isinstance(value, list):
        wrong.append(((name,), f"takes a list, written as [[{name}]], not {given(value)}"))
        return {}
    checked = {index: _section(name, one, (name, index), wrong) for index, one in enumerate(value)}
    return {index: one for index, one in checked.items() if one is not None}


def _promises(
    lesson: LessonSection | None, compare: RecordedCompareSection | None, claims: Mapping[int, Claim]
) -> Iterator[Found]:
    """What is well formed and cannot be; which variants there will be nobody knows yet."""
    better = compare.better if compare else {}
    if lesson is not None and lesson.scene is not None:
        yield ("lesson", "scene"), "is for the variants of a recipe; recordings have none until they are made"
    if compare is not None and compare.select is not None:
        yield ("compare", "select"), "picks from a search, and recordings have none"
    if compare is not None and compare.solved and (compare.solved.at_least is None) == (compare.solved.at_most is None):
        yield ("compare", "solved"), "takes exactly one of 'at_least' and 'at_most'"
    for name in better:
        if name in METRICS:
            yield (
                ("compare", "better", name),
                f"it is known which way '{name}' is better; 'better' is for names of your own",
            )
    variants = [name for claim in claims.values() for name in (claim.variant, claim.better_than) if name]
    for index, claim in claims.items():
        for path, what in claim_mistakes(claim, variants, [{}]):
            yield ("claims", index, *path), what
        if claim.better_than is not None and claim.metric and claim.metric not in METRICS.keys() | better.keys():
            what = f"nobody has said which way '{claim.metric}' is better; say it in compare.better"
            yield ("claims", index, "better_than"), what
        if claim.metric in ENSEMBLE or claim.members is not None or claim.combine is not None:
            yield ("claims", index, "metric"), "is of ensembles, for which recordings keep no answers"
