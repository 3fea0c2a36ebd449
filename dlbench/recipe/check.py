"""A recipe as plain data -> everything it asks for, or everything that is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from dlbench.metrics.names import CLASSIFICATION
from dlbench.plan import Candidate
from dlbench.plan.questions import Claim, Compare, Ensemble, Lesson, Questions
from dlbench.recipe import breakpoints as breaking
from dlbench.recipe import limits
from dlbench.recipe.changes import PATCHES
from dlbench.recipe.claims import (
    claim_mistakes,
    class_mistakes,
    compare_mistakes,
    completed,
    end_mistakes,
    finding_mistakes,
    split_mistakes,
    without_steps,
)
from dlbench.recipe.elsewhere import suggestion
from dlbench.recipe.ensemble import ensemble_claim_mistakes, ensemble_mistakes
from dlbench.recipe.messages import few, given
from dlbench.recipe.parts import table
from dlbench.recipe.patch import Mistake, Origin, Tree
from dlbench.recipe.placeholders import TrainingLength
from dlbench.recipe.resolve import Resolved, Resolver
from dlbench.recipe.scenes import scene_mistakes
from dlbench.recipe.sections import (
    FRAME,
    BreakpointSection,
    ClaimSection,
    CompareSection,
    EnsembleSection,
    LessonSection,
    Trials,
    plain,
)
from dlbench.recipe.source_map import KeyPath
from dlbench.recipe.tasks import ensembles_of_tasks, task_mistakes, usual_metric
from dlbench.recipe.training import TRAINING
from dlbench.recipe.validation import mistakes_in
from dlbench.recipe.variants import Draft, expand

NAME = "name"
"""The top-level key that names a recipe whose file does not."""

_SECTIONS = (*FRAME, *TRAINING, *PATCHES)
_LARGEST = 2**63
_TOO_LARGE = "; it must fit into 64 bits"


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {
    section: TypeAdapter(table(section))
    for section in (LessonSection, CompareSection, EnsembleSection, Trials, ClaimSection, BreakpointSection)
}

Found = tuple[KeyPath, str]
T = TypeVar("T")


@dataclass
class Checked:
    """What a recipe asks for; it stands only if there are no mistakes and nothing is unavailable."""

    lesson: Lesson = field(default_factory=Lesson)
    compare: Compare = field(default_factory=Compare)
    ensemble: Ensemble | None = None
    claims: list[Claim] = field(default_factory=list)
    breakpoints: list[str] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    variants: list[str] = field(default_factory=list)
    choices: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What the search tries inside each variant, whether it fits or not: a claim on it is not wrong for another mistake's sake."""
    candidates: list[Candidate] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    unavailable: list[Mistake] = field(default_factory=list)
    notes: list[Mistake] = field(default_factory=list)
    """What runs, and is hardly meant."""
    lengths: dict[str, TrainingLength] = field(default_factory=dict)
    """How long each variant trains, where that is known."""
    drafts: list[Draft] = field(default_factory=list)
    """The candidates as they were written, each value with its origin."""

    @property
    def questions(self) -> Questions:
        """Everything that is asked of the run."""
        return Questions(self.lesson, self.compare, self.claims, self.ensemble)


def check(recipe: Tree) -> Checked:
    """Check a recipe from its sections to its last claim, and make all its candidates."""
    result, wrong = Checked(), list(_strangers(recipe.data))
    result.lesson = plain(_section(LessonSection, recipe.data, ("lesson",), wrong) or Lesson())
    result.compare = plain(_section(CompareSection, recipe.data, ("compare",), wrong) or Compare())
    if "ensemble" in recipe.data:
        asked = _section(EnsembleSection, recipe.data, ("ensemble",), wrong)
        result.ensemble = None if asked is None else plain(asked)
    result.seeds = _seeds(_section(Trials, recipe.data, ("trials",), wrong), wrong)
    claims = {index: plain(one) for index, one in _tables(ClaimSection, "claims", recipe.data, wrong).items()}
    breakpoints = _tables(BreakpointSection, "breakpoints", recipe.data, wrong)
    result.mistakes += [recipe.mistake(path, what) for path, what in wrong]
    if any(what.endswith(_TOO_LARGE) for _, what in wrong):
        return result
    resolved = _resolve_all(recipe, result)
    promises = [*_promises(recipe, result, claims, resolved)]
    promises += breaking.mistakes(breakpoints, result.variants, result.candidates) if result.variants else []
    result.mistakes += [recipe.mistake(path, what) for path, what in promises]
    result.claims = [claim.completed() for claim in claims.values()]
    if not result.mistakes:
        result.breakpoints = [str(breaking.condition(one, result.variants)) for one in breakpoints.values()]
    result.compare = completed(result.compare, result.variants, usual_metric(_tasks(resolved)))
    return result


def _tasks(resolved: list[Resolved]) -> list[str]:
    """What the variants learn, each once."""
    return list(dict.fromkeys(one.task.kind for one in resolved if one.task))


def _strangers(data: dict[str, Any]) -> Iterator[Found]:
    """Sections that there are not, sections that are no tables, and numbers that are none of TOML's."""
    for key, value in data.items():
        if key not in _SECTIONS and key != NAME:
            yield (key,), f"there is no section '{key}'{suggestion(key, _SECTIONS, 'there are')}"
        elif key == NAME and not isinstance(value, str):
            yield (key,), f"takes a text, not {given(value)}"
    for path, value in _leaves(data, ()):
        if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
            yield path, f"the number has {len(str(abs(value)))} digits{_TOO_LARGE}"


def _leaves(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))
    else:
        yield path, value


def _section(section: type[T], data: dict[str, Any], path: KeyPath, wrong: list[Found]) -> T | None:
    """A section as its dataclass, all its defaults where it is absent, `None` where it is wrong."""
    return _checked(section, data.get(str(path[0]), {}), path, wrong)


def _checked(section: type[T], value: Any, path: KeyPath, wrong: list[Found]) -> T | None:
    try:
        found: T = _ADAPTERS[section].validate_python(value)
    except ValidationError as error:
        wrong += [(path + below, what) for below, what in mistakes_in(error)]
        return None
    return found


def _seeds(trials: Trials | None, wrong: list[Found]) -> list[int]:
    """The seeds; one where the section is wrong, so that the rest can be checked."""
    path, asked = ("trials", "seeds"), trials.seeds if trials else 1
    count = asked if isinstance(asked, int) else len(asked)
    if too_many := limits.beyond(count, limits.TRIALS, "seeds"):
        wrong.append((path, too_many))
    elif isinstance(asked, int):
        return list(range(asked))
    elif not asked:
        wrong.append((path, "needs at least one seed"))
    elif twice := [seed for seed, times in Counter(asked).items() if times > 1]:
        wrong.append((path, f"names the seed {twice[0]} more than once"))
    else:
        return asked
    return [0]


def _tables(section: type[T], key: str, data: dict[str, Any], wrong: list[Found]) -> dict[int, T]:
    """The tables of a list such as `[[claims]]` that are well formed, by their place in the list."""
    value = data.get(key, [])
    if not isinstance(value, list):
        wrong.append(((key,), f"takes a list, written as [[{key}]], not {given(value)}"))
        return {}
    checked = {index: _checked(section, one, (key, index), wrong) for index, one in enumerate(value)}
    return {index: one for index, one in checked.items() if one is not None}


def _resolve_all(recipe: Tree, result: Checked) -> list[Resolved]:
    """Resolve every draft into `result`; each mistake is said once, at the place that brings it."""
    expansion = expand(recipe, len(result.seeds))
    base = recipe.only(TRAINING)
    drafts = result.drafts = list(expansion.drafts(base))
    for draft in drafts:
        result.choices.setdefault(draft.variant, []).append(draft.choice)
    result.variants = list(result.choices)
    result.mistakes += dict.fromkeys(expansion.mistakes)
    resolver = Resolver(predictions="ensemble" in recipe.data)
    resolved = resolver.resolve([draft.tree.data for draft in drafts])
    result.mistakes += _gathered(drafts, [found.mistakes for found in resolved])
    result.unavailable += _gathered(drafts, [found.unavailable for found in resolved])
    result.notes += _gathered(drafts, [found.notes for found in resolved])
    for draft, found in zip(drafts, resolved, strict=True):
        if found.settings is not None:
            task = found.task.kind if found.task else CLASSIFICATION
            result.candidates.append(Candidate(draft.variant, draft.choice, found.settings, task))
            result.lengths.setdefault(draft.variant, found.length)
    total = limits.BYTES_PER_PARAMETER * len(result.seeds) * sum(found.parameters for found in resolved)
    if not result.mistakes and (too_many := limits.beyond(total, limits.BYTES, "bytes in all trials together")):
        result.mistakes.append(recipe.mistake((), f"{too_many} ({limits.BYTES_PER_PARAMETER} a parameter)"))
    return resolved


def _gathered(drafts: list[Draft], found: list[list[Found]]) -> Iterator[Mistake]:
    """The mistakes of all drafts, each once; where the base fits only some variants, these are named."""
    having: dict[Mistake, dict[str, None]] = {}
    for draft, mistakes in zip(drafts, found, strict=True):
        for path, what in mistakes:
            having.setdefault(draft.tree.mistake(path, what), {})[draft.variant] = None
    everywhere = len({draft.variant for draft in drafts})
    for mistake, variants in having.items():
        if len(variants) == everywhere or not _is_base(mistake.origin):
            yield mistake
        else:
            which = f"variant{'s' if len(variants) > 1 else ''} {few(list(variants))}"
            yield Mistake(mistake.origin, f"{mistake.what} (in {which})")


def _is_base(origin: Origin) -> bool:
    """Whether something was written for all variants alike."""
    path = origin.path[1:] if origin.path[:1] == ("quick",) else origin.path
    return not path or path[0] in TRAINING


def _promises(recipe: Tree, result: Checked, claims: Mapping[int, Claim], resolved: list[Resolved]) -> Iterator[Found]:
    """What `[compare]` and the claims say that cannot be."""
    if not result.variants:
        return
    yield from compare_mistakes(result.compare, result.variants, has_search="search" in recipe.data)
    if result.lesson.scene is not None:
        yield from scene_mistakes(result.lesson.scene, result.variants)
    if result.ensemble is not None:
        yield from ensemble_mistakes(result.ensemble, len(result.seeds), result.candidates)
        yield from ensembles_of_tasks(result.candidates)
    for index, claim in claims.items():
        for path, what in claim_mistakes(claim, result.variants, result.choices.get(claim.variant, [])):
            yield ("claims", index, *path), what
        for path, what in ensemble_claim_mistakes(claim, result.ensemble, len(result.seeds)):
            yield ("claims", index, *path), what
    yield from finding_mistakes(claims, result.candidates)
    yield from task_mistakes(without_steps(result.compare, claims), _tasks(resolved))
    sources = [one.source for one in resolved if one.source]
    yield from split_mistakes(result.compare, claims, sources)
    yield from class_mistakes(result.compare, claims, sources)
    yield from end_mistakes(result.compare, claims, min((one.earliest_end for one in resolved), default=0))
