"""Parts in a recipe: their signatures become pydantic models, their settings are checked and filled in."""

from __future__ import annotations

import dataclasses
import inspect
import types
from collections.abc import Collection, Mapping
from functools import cache, partial
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    PlainValidator,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    create_model,
)

from dlbench.catalog import Part
from dlbench.errors import UsageError, meant
from dlbench.measures.older_names import OLDER_NAMES, newest
from dlbench.metrics.catalog import CLASS_METRICS, METRICS, split_step
from dlbench.metrics.names import CURVES, ENSEMBLE
from dlbench.parts import CATALOGS
from dlbench.parts.arguments import Of, PerTrial, Settings, Takes
from dlbench.parts.datasets.common import COMMON
from dlbench.plan.breakpoints import parse as parse_breakpoint
from dlbench.plan.breakpoints import pattern as breakpoint_pattern
from dlbench.recipe.elsewhere import suggestion
from dlbench.recipe.messages import few, given, listed, nearest
from dlbench.recipe.validation import StrictTable, one_sentence, reworded, worded
from dlbench.recipe.vocabulary import ConditionText, MetricName

REPEAT = inspect.Parameter("repeat", inspect.Parameter.KEYWORD_ONLY, default=1, annotation=Annotated[int, Ge(1)])
"""What every layer takes besides its own arguments: how many of it stand in a row."""

CATALOG_KEY = "x-catalog"
"""Where the schema of a field says that it names a part, until `dlbench.recipe.json_schema` makes it a reference."""

_SHARED: Mapping[str, Mapping[str, inspect.Parameter]] = {"layers": {"repeat": REPEAT}, "datasets": COMMON}
_LONGEST_STEP = 18
"""Digits of the largest step that fits into 64 bits."""
_NAMES = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def part(catalog: str) -> Any:
    """The annotation of a field that names a part: `"relu"`, or `{ kind = "leaky_relu", slope = 0.1 }`."""
    schema = {CATALOG_KEY: catalog}
    return Annotated[Any, PlainValidator(partial(settings_of, catalog)), WithJsonSchema(schema)]


def arguments(catalog: str, name: str) -> Mapping[str, inspect.Parameter]:
    """Every argument that a recipe may give to a part: its own, then those that its whole catalogue shares."""
    return {**CATALOGS[catalog][name].arguments, **_SHARED.get(catalog, {})}


@cache
def model_of(catalog: str, name: str) -> type[BaseModel]:
    """The pydantic model of a part's arguments."""
    fields: dict[str, Any] = {
        key: (translated(parameter.annotation), ... if parameter.default is parameter.empty else parameter.default)
        for key, parameter in arguments(catalog, name).items()
    }
    return create_model(name, __base__=StrictTable, **fields)


def settings_of(catalog: str, value: Any) -> Settings:
    """A part as the recipe gives it, checked, with every default; raises a `ValidationError` with all that is wrong."""
    if isinstance(value, str):
        return _settings(catalog, value, {}, ())
    if not isinstance(value, dict):
        raise worded(f'takes the name of {_one(catalog)} or a table with its "kind", not {given(value)}')
    if "kind" not in value:
        raise worded(f"needs 'kind', the name of {_one(catalog)}: {listed(CATALOGS[catalog].names, 'or')}")
    rest = {key: argument for key, argument in value.items() if key != "kind"}
    return _settings(catalog, value["kind"], rest, ("kind",))


def nested(catalog: str, settings: Settings, inner: str) -> dict[str, Any]:
    """The arguments of a part that hold parts of the catalogue `inner`."""
    return {key: settings[key] for key in _holding(catalog, settings["kind"], inner) if settings[key] is not None}


@cache
def _holding(catalog: str, name: str, inner: str) -> list[str]:
    known = arguments(catalog, name).items()
    return [key for key, parameter in known if inner in _catalogs_in(parameter.annotation)]


def _settings(catalog: str, name: Any, given_arguments: Settings, where: tuple[str, ...]) -> Settings:
    if not isinstance(name, str):
        raise worded(f"takes the name of {_one(catalog)}, not {given(name)}", where)
    if name not in CATALOGS[catalog]:
        raise worded(
            f"no {_word(catalog)} is called '{name}'" + nearest(name, CATALOGS[catalog].names, "there are"), where
        )
    found = CATALOGS[catalog][name]
    try:
        values = dict(model_of(catalog, name).model_validate(given_arguments))
    except ValidationError as error:
        raise reworded(error, _Arguments(catalog, found)) from None
    _try(catalog, found, values)
    return {"kind": name, **values}


def _try(catalog: str, found: Part[Any], values: Settings) -> None:
    """Build a class part, which may refuse arguments that do not go together."""
    if found.is_whole:
        own = {key: value for key, value in values.items() if key not in _SHARED.get(catalog, {})}
        try:
            found.make(**own)
        except ValueError as error:
            raise worded(str(error)) from None


class _Arguments:
    """Whose keys the arguments of a part are, in messages."""

    def __init__(self, catalog: str, found: Part[Any]) -> None:
        self.catalog = catalog
        self.name = found.name
        self.keys = list(arguments(catalog, found.name))

    def missing(self, key: str) -> str:
        """`'dense' needs 'units'`."""
        return f"'{self.name}' needs '{key}'"

    def unknown(self, key: str) -> str:
        """`'dense' has no argument 'unit'; did you mean 'units'?`, or which other part or place has it."""
        what = f"'{self.name}' has no argument '{key}'"
        if others := self._others(key):
            return f"{what}; {few(others)} {'has' if len(others) == 1 else 'have'}"
        return what + (suggestion(key, self.keys, "it has") or "; it takes none")

    def meant(self, key: str) -> str | None:
        """The argument that looks like it, unless it is another part's."""
        return None if self._others(key) else meant(key, self.keys)

    def _others(self, key: str) -> list[str]:
        return [other.name for other in CATALOGS[self.catalog] if key in other.arguments]


def translated(annotation: Any) -> Any:
    """The vocabulary of `dlbench.parts.arguments` and `dlbench.recipe.vocabulary` in pydantic's terms."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _translated_marks(inner[0], inner[1:])
    if origin in {Union, types.UnionType}:
        union: Any = Union[tuple(map(translated, inner))]  # noqa: UP007 - made at run time
        several = [_NAMES[kind] for kind in inner if kind in _NAMES]
        return Annotated[union, one_sentence(" or ".join(several))] if len(several) > 1 else union
    if origin is list:
        return list[translated(inner[0])]  # type: ignore[misc]
    return table(annotation) if inspect.isclass(annotation) and dataclasses.is_dataclass(annotation) else annotation


def _translated_marks(annotation: Any, marks: tuple[Any, ...]) -> Any:
    """An annotated type: `Of` makes it a part, `Takes` words its errors, bounds stay, the rest is the engine's."""
    for mark in marks:
        if isinstance(mark, Of):
            one: Any = part(mark.catalog)
            return list[one] if get_origin(annotation) is list else one
        if isinstance(mark, Takes):
            return Annotated[translated(annotation), one_sentence(mark.what)]
        if isinstance(mark, MetricName):
            return _metric(_names(mark), at_step=mark.at_step, of_class=not mark.curves)
        if isinstance(mark, ConditionText):
            return Annotated[
                str, AfterValidator(_condition), WithJsonSchema({"type": "string", "pattern": breakpoint_pattern()})
            ]
    kept = [mark for mark in marks if not isinstance(mark, PerTrial)]
    return Annotated[(translated(annotation), *kept)] if kept else translated(annotation)


def table(section: type[Any]) -> Any:
    """The annotation of a field that holds a table, whose keys are the fields of a dataclass."""
    hints = get_type_hints(section, include_extras=True)
    fields: dict[str, Any] = {
        entry.name: (translated(hints[entry.name]), _default(entry)) for entry in dataclasses.fields(section)
    }
    model = create_model(
        section.__name__.removesuffix("Section"), __base__=StrictTable, __doc__=section.__doc__, **fields
    )

    def check(value: Any, inner: ValidatorFunctionWrapHandler) -> Any:
        if isinstance(value, section):
            return value
        try:
            return section(**dict(inner(value)))
        except ValidationError as error:
            raise reworded(error, _Section(section)) from None

    return Annotated[model, WrapValidator(check)]


def _names(mark: MetricName) -> list[str]:
    """The metrics that a string may name."""
    curves = [name for name in CURVES if name.startswith(mark.split)]
    return (curves if mark.curves else list(METRICS)) + (list(ENSEMBLE) if mark.ensembles else [])


def _metric(names: Collection[str], *, at_step: bool, of_class: bool) -> Any:
    """A string that is one of the names, or with `of_class` a metric of one class; with `at_step` also followed by `@step`."""
    older = [name for name, now in OLDER_NAMES.items() if now in names]
    forms: list[dict[str, Any]] = [{"type": "string", "enum": list(names)}]
    forms += [{"type": "string", "enum": older, "deprecated": True}] if older else []
    forms += [{"type": "string", "pattern": f"^({'|'.join([*names, *older])})@[0-9]+$"}] if at_step else []
    forms += [{"type": "string", "pattern": f"^({'|'.join(CLASS_METRICS)})@.+$"}] if of_class else []

    known = [*names, *(CLASS_METRICS if of_class else ())]

    def check(written: str) -> str:
        text = newest(written)
        name, step = split_step(text) if at_step else (text, None)
        family, _, class_name = name.partition("@")
        if of_class and family in CLASS_METRICS:
            if not class_name:
                raise worded(f"'{family}' is of one class: write its name behind it, as in '{family}@cat'")
        elif name not in names:
            asked = split_step(written)[0] if at_step else written
            raise worded(f"no metric is called '{asked}' here" + nearest(family, known, "there are"))
        if step is not None and not (step.isascii() and step.isdigit() and len(step) <= _LONGEST_STEP):
            raise worded(f"'@' takes a step, as in '{name}@0', not '{step[:_LONGEST_STEP]}'")
        return text

    return Annotated[str, AfterValidator(check), WithJsonSchema({"anyOf": forms} if forms[1:] else forms[0])]


def _condition(text: str) -> str:
    """The text of a breakpoint, if it is one."""
    try:
        return str(parse_breakpoint(text))
    except UsageError as error:
        raise worded(str(error)) from None


def _default(entry: dataclasses.Field[Any]) -> Any:
    if entry.default_factory is not dataclasses.MISSING:
        return Field(default_factory=entry.default_factory)
    return ... if entry.default is dataclasses.MISSING else entry.default


class _Section:
    """Whose keys the fields of a section are, in messages."""

    def __init__(self, section: type[Any]) -> None:
        self.written = section.WRITTEN
        self.is_top = not self.written.startswith("[")
        self.keys = [entry.name for entry in dataclasses.fields(section)]

    def missing(self, key: str) -> str:
        """`[model] needs 'layers'`."""
        return f"{self.written} needs " + (f"[{key}]" if self.is_top else f"'{key}'")

    def unknown(self, key: str) -> str:
        """`[train] has no key 'step'; did you mean 'steps'?`, or which other place has it: `train.optimizer.lr`."""
        return f"{self.written} has no key '{key}'" + suggestion(key, self.keys, "it has", self.written.strip("[]"))

    def meant(self, key: str) -> str | None:
        """The key that looks like it."""
        return meant(key, self.keys)


def _catalogs_in(annotation: Any) -> set[str]:
    """The catalogues that an annotation names, however deep."""
    found = {annotation.catalog} if isinstance(annotation, Of) else set()
    if get_origin(annotation) is Literal:
        return found
    return found.union(*map(_catalogs_in, get_args(annotation)))


def _word(catalog: str) -> str:
    return catalog.removesuffix("es" if catalog.endswith("sses") else "s")


def _one(catalog: str) -> str:
    return f"{'an' if catalog[0] in 'aeiou' else 'a'} {_word(catalog)}"
