"""Parts in a recipe: their signatures become pydantic models, their settings are checked and filled in."""

from __future__ import annotations

import dataclasses
import inspect
import types
from collections.abc import Mapping
from functools import cache, partial
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge
from pydantic import (
    BaseModel,
    Field,
    PlainValidator,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    create_model,
)

from dlbench.catalog import Part, split_doc
from dlbench.errors import meant
from dlbench.parts import CATALOGS
from dlbench.parts.arguments import MetricName, Of, PerTrial, Settings, Takes
from dlbench.parts.datasets.common import COMMON, Common
from dlbench.recipe.elsewhere import suggestion
from dlbench.recipe.marked_text import condition, metric
from dlbench.recipe.messages import few, given, listed, nearest
from dlbench.recipe.validation import StrictTable, moved, one_sentence, reworded, worded
from dlbench.recipe.vocabulary import ConditionText

REPEAT = inspect.Parameter("repeat", inspect.Parameter.KEYWORD_ONLY, default=1, annotation=Annotated[int, Ge(1)])
"""What every layer takes besides its own arguments: how many of it stand in a row."""

CATALOG_KEY = "x-catalog"
"""Where the schema of a field says that it names a part, until `dlbench.recipe.json_schema` makes it a reference."""

_SHARED: Mapping[str, Mapping[str, inspect.Parameter]] = {"layers": {"repeat": REPEAT}, "datasets": COMMON}
_SHARED_MEANINGS: Mapping[str, Mapping[str, str]] = {
    "layers": {"repeat": "how many of it stand in a row, each with weights of its own."},
    "datasets": split_doc(inspect.cleandoc(Common.__doc__ or ""), COMMON)[1],
}
_ELSEWHERE = {"modules": "; one of your own is in a file that --parts names"}
_NAMES = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def part(catalog: str) -> Any:
    """The annotation of a field that names a part: `"relu"`, or `{ kind = "leaky_relu", slope = 0.1 }`."""
    schema = {CATALOG_KEY: catalog}
    return Annotated[Any, PlainValidator(partial(settings_of, catalog)), WithJsonSchema(schema)]


def arguments(catalog: str, name: str) -> Mapping[str, inspect.Parameter]:
    """Every argument that a recipe may give to a part: its own, then those that its whole catalogue shares."""
    return {**CATALOGS[catalog][name].arguments, **_SHARED.get(catalog, {})}


def meanings(catalog: str, name: str) -> Mapping[str, str]:
    """What the arguments of a part mean, as docstrings say it."""
    return {**shared_meanings(catalog), **CATALOGS[catalog][name].meanings}


def shared_meanings(catalog: str) -> Mapping[str, str]:
    """What the arguments mean that a whole catalogue shares."""
    return _SHARED_MEANINGS.get(catalog, {})


@cache
def model_of(catalog: str, name: str) -> type[BaseModel]:
    """The pydantic model of a part's arguments."""
    means = meanings(catalog, name)
    fields: dict[str, Any] = {
        key: (
            translated(parameter.annotation),
            Field(... if parameter.default is parameter.empty else parameter.default, description=means.get(key)),
        )
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
        known = nearest(name, CATALOGS[catalog].names, "there are")
        raise worded(f"no {_word(catalog)} is called '{name}'{known}{_ELSEWHERE.get(catalog, '')}", where)
    found = CATALOGS[catalog][name]
    own = _gathered(catalog, found, given_arguments)
    try:
        values = dict(model_of(catalog, name).model_validate(own))
    except ValidationError as error:
        raise reworded(error, _Arguments(catalog, found)) from None
    _try(catalog, found, values)
    return {"kind": name, **values}


def _gathered(catalog: str, found: Part[Any], given_arguments: Settings) -> Settings:
    """The arguments of a part that is made of another, which is only named: what is said of that one beside it, in one table."""
    key = found.traits.get("arguments_of")
    if key is None or not isinstance(given_arguments.get(key), str):
        return given_arguments
    own = arguments(catalog, found.name)
    (inner,) = _catalogs_in(own[key].annotation)
    rest = {name: value for name, value in given_arguments.items() if name not in own}
    try:
        made = settings_of(inner, {"kind": given_arguments[key], **rest})
    except ValidationError as error:
        raise moved(error, {"kind": key}) from None
    return {name: value for name, value in given_arguments.items() if name in own} | {key: made}


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
            return metric(mark)
        if isinstance(mark, ConditionText):
            return condition()
    kept = [mark for mark in marks if not isinstance(mark, PerTrial)]
    return Annotated[(translated(annotation), *kept)] if kept else translated(annotation)


def table(section: type[Any]) -> Any:
    """The annotation of a field that holds a table, whose keys are the fields of a dataclass."""
    hints = get_type_hints(section, include_extras=True)
    prose, means = documented(section)
    fields: dict[str, Any] = {
        entry.name: (translated(hints[entry.name]), _default(entry, means.get(entry.name)))
        for entry in dataclasses.fields(section)
    }
    model = create_model(section.__name__.removesuffix("Section"), __base__=StrictTable, __doc__=prose, **fields)

    def check(value: Any, inner: ValidatorFunctionWrapHandler) -> Any:
        if isinstance(value, section):
            return value
        try:
            return section(**dict(inner(value)))
        except ValidationError as error:
            raise reworded(error, _Section(section)) from None

    return Annotated[model, WrapValidator(check)]


def documented(section: type[Any]) -> tuple[str, dict[str, str]]:
    """What a section's docstring says of it, and of each of its keys."""
    return split_doc(inspect.cleandoc(section.__doc__ or ""), [entry.name for entry in dataclasses.fields(section)])


def _default(entry: dataclasses.Field[Any], means: str | None) -> Any:
    if entry.default_factory is not dataclasses.MISSING:
        return Field(default_factory=entry.default_factory, description=means)
    return Field(... if entry.default is dataclasses.MISSING else entry.default, description=means)


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
