"""Catalogues: the parts a recipe may name, found by name, described by their own signatures. Imports no torch."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar, get_type_hints

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Part(Generic[F]):
    """One entry of a catalogue: its name, the function or class behind it, and fixed facts about it (`traits`)."""

    name: str
    make: F
    traits: Mapping[str, Any]
    shared_meanings: Mapping[str, str] = field(default_factory=dict)
    """What arguments mean in every part of its catalogue, unless its own docstring says otherwise."""

    @cached_property
    def arguments(self) -> Mapping[str, inspect.Parameter]:
        """The arguments a recipe may give: the keyword-only ones, with evaluated annotations (`Annotated` kept)."""
        function: Any = self.make.__init__ if inspect.isclass(self.make) else self.make
        own = [one for one in inspect.signature(function).parameters.values() if one.kind is one.KEYWORD_ONLY]
        if dataclasses.is_dataclass(self.make):
            # Its fields may be those of a base in another module, where their annotations have their meaning.
            hints = get_type_hints(self.make, include_extras=True)
            return {one.name: one.replace(annotation=hints[one.name]) for one in own}
        return {one.name: one.replace(annotation=_evaluated(one.annotation, function.__globals__)) for one in own}

    @cached_property
    def is_whole(self) -> bool:
        """Whether what a recipe gives is all that a class is built of; other classes are handed runtime objects too."""
        positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        own = inspect.signature(self.make).parameters.values()
        return inspect.isclass(self.make) and not any(one.kind in positional for one in own)

    @property
    def doc(self) -> str:
        """The whole docstring, dedented."""
        return inspect.getdoc(self.make) or ""

    @cached_property
    def meanings(self) -> Mapping[str, str]:
        """What each argument means, as far as a docstring has an entry for it: its own, its bases', its catalogue's."""
        documented = reversed(self.make.__mro__) if inspect.isclass(self.make) else [self.make]
        known = dict(self.shared_meanings)
        for one in documented:
            known |= split_doc(inspect.cleandoc(one.__doc__ or ""), self.arguments)[1]
        return {name: known[name] for name in self.arguments if name in known}

    @property
    def prose(self) -> str:
        """The docstring without its entries of arguments."""
        return split_doc(self.doc, self.arguments)[0]

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.doc.partition("\n")[0]


class Catalog(Generic[F]):
    """The parts of one kind, in the order of their registration; a part is added by decorating it with `add`."""

    def __init__(self, name: str, *, title: str, meanings: Mapping[str, str] | None = None) -> None:
        """`name` is the plural that recipes' documentation uses ("activations"); `title` says in words what they are.

        `meanings` say what an argument means that several parts have; a part's docstring may say otherwise.
        """
        self.name = name
        self.title = title
        self._meanings = meanings or {}
        self._parts: dict[str, Part[F]] = {}

    def add(self, *, name: str | None = None, **traits: Any) -> Callable[[F], F]:
        """Register the decorated function or class under its own name in snake case (or `name`)."""

        def register(make: F) -> F:
            key = name or snake_case(make.__name__)
            if key in self._parts:
                raise ValueError(f"{self.name}: {key!r} is registered twice")
            self._parts[key] = Part(key, make, traits, self._meanings)
            return make

        return register

    def __getitem__(self, name: str) -> Part[F]:
        return self._parts[name]

    def __contains__(self, name: object) -> bool:
        return name in self._parts

    def __iter__(self) -> Iterator[Part[F]]:
        return iter(self._parts.values())

    def __len__(self) -> int:
        return len(self._parts)

    @property
    def names(self) -> list[str]:
        """The names of all parts."""
        return list(self._parts)


def split_doc(doc: str, names: Collection[str]) -> tuple[str, dict[str, str]]:
    """A docstring's prose, and its entries of arguments or keys: `name: what it means.`, further lines of it indented.

    Only `names` begin an entry, so that other lines may have a colon. An entry's lines are joined by spaces.
    """
    prose: list[str] = []
    entries: dict[str, list[str]] = {}
    lines: list[str] = prose
    for line in doc.splitlines():
        name, colon, text = line.partition(": ")
        if colon and name in names:
            lines = entries[name] = [text]
        elif lines is not prose and line.startswith("    "):
            lines.append(line.strip())
        else:
            lines = prose
            lines.append(line)
    text = re.sub("\n{3,}", "\n\n", "\n".join(prose)).strip()
    return text, {name: " ".join(found) for name, found in entries.items()}


def _evaluated(annotation: Any, scope: dict[str, Any]) -> Any:
    """An annotation as an object. Those of runtime objects are left alone, because they would import torch."""
    return eval(annotation, scope) if isinstance(annotation, str) else annotation  # noqa: S307


def snake_case(name: str) -> str:
    """`BatchNorm` -> `batch_norm`; names already in snake case stay."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def import_modules(package: str, first: Sequence[str] = ()) -> None:
    """Import every module of a package, those named `first` before the others, so that what is in them registers itself."""
    path = importlib.import_module(package).__path__
    for name in dict.fromkeys([*first, *(module.name for module in pkgutil.iter_modules(path))]):
        importlib.import_module(f"{package}.{name}")
