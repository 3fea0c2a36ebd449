"""Checked tables: strict pydantic models whose every mistake is a sentence for the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from dlbench.recipe.messages import given, reason
from dlbench.recipe.source_map import KeyPath

WORDED = "worded"
"""The type of the errors whose message is already a sentence for the user."""


class StrictTable(BaseModel):
    """Strict: no unknown keys, a text is no number, true is no number, 3 is a fine float, nan is not."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True, protected_namespaces=()
    )


class Owner(Protocol):
    """Whose keys a table holds: what to say when one is missing or unknown."""

    def missing(self, key: str) -> str:
        """The sentence for a required key that is not there."""

    def unknown(self, key: str) -> str:
        """The sentence for a key that does not belong."""

    def meant(self, key: str) -> str | None:
        """The key that a wrong one was probably meant to be."""


def reworded(error: ValidationError, owner: Owner) -> ValidationError:
    """The same error, its every message a sentence for the user; `owner` is whose keys the outermost table holds."""
    errors = error.errors(include_url=False)
    misspelt = {owner.meant(str(detail["loc"][-1])) for detail in errors if detail["type"] == "extra_forbidden"}
    kept = [detail for detail in errors if detail["type"] != "missing" or detail["loc"][-1] not in misspelt]
    return ValidationError.from_exception_data(error.title, [_worded(detail, owner) for detail in kept])


def worded(what: str, path: tuple[str | int, ...] = (), value: Any = None) -> ValidationError:
    """One mistake in words, to be raised by a validator."""
    return ValidationError.from_exception_data("", [_detail(what, path, value)])


def moved(error: ValidationError, places: Mapping[str, str]) -> ValidationError:
    """The same error, each of its mistakes at another key of the outermost table, where `places` names one."""
    return ValidationError.from_exception_data(
        error.title,
        [
            _detail(what, (places.get(str(path[0]), path[0]), *path[1:]) if path else path, None)
            for path, what in mistakes_in(error)
        ],
    )


def mistakes_in(error: ValidationError) -> list[tuple[KeyPath, str]]:
    """Every mistake in an error that `checked` raised: where, seen from the checked value, and what."""
    return [(detail["loc"], detail["msg"]) for detail in error.errors(include_url=False, include_context=False)]


def one_sentence(what: str) -> WrapValidator:
    """Make of all the errors of a union one: `takes {what}, not 3`."""

    def check(value: Any, inner: ValidatorFunctionWrapHandler) -> Any:
        try:
            return inner(value)
        except ValidationError:
            raise worded(f"takes {what}, not {given(value)}") from None

    return WrapValidator(check)


def _worded(error: ErrorDetails, owner: Owner) -> InitErrorDetails:
    path, value = error["loc"], error["input"]
    if error["type"] == WORDED:
        return _detail(error["msg"], path, value)
    if error["type"] == "missing":
        return _detail(owner.missing(str(path[-1])), path[:-1], value)
    if error["type"] == "extra_forbidden":
        return _detail(owner.unknown(str(path[-1])), path, value)
    return _detail(reason(error["type"], value, error.get("ctx", {}), error["msg"]), path, value)


def _detail(what: str, path: tuple[str | int, ...], value: Any) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError(WORDED, "{what}", {"what": what}), loc=path, input=value)
