"""The JSON Schema of a recipe, made from the sections and the catalogues; editors complete and check by it."""

from __future__ import annotations

import inspect
from typing import Any

from pydantic import TypeAdapter

from dlbench.catalog import Catalog
from dlbench.parts import CATALOGS
from dlbench.recipe.changes import PATCHES
from dlbench.recipe.parts import CATALOG_KEY, arguments, model_of, table
from dlbench.recipe.sections import Frame
from dlbench.recipe.training import TRAINING, Training

DRAFT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def schema() -> Schema:
    """The JSON Schema (draft 2020-12) of a whole recipe.

    It is looser than the checker where JSON Schema cannot follow: what a variant leaves out stands in the base, and the
    other way round, so no section is required.
    """
    definitions: Schema = {}
    properties = {**_section(Frame, definitions), **_section(Training, definitions)}
    for catalog in CATALOGS.values():
        definitions |= _catalog(catalog)
    definitions["patch"] = _patch(definitions, properties)
    return {
        "$schema": DRAFT,
        "title": "dlbench recipe",
        "description": "What to compare: data, a net, its training, variants of them, and what is claimed of it.",
        "type": "object",
        "properties": {"name": {"type": "string", "description": "The recipe's name; its file's, if absent."}}
        | properties
        | _changes(),
        "additionalProperties": False,
        "$defs": definitions,
    }


def _section(section: type[Any], definitions: Schema) -> Schema:
    """The properties of a section; the tables inside it go to the definitions."""
    raw = TypeAdapter(table(section)).json_schema(mode="validation")
    for name, inner in raw.pop("$defs", {}).items():
        definitions[name] = {
            key: value for key, value in _tidied(inner).items() if (name, key) != ("Model", "required")
        }
    properties: Schema = _tidied(raw)["properties"]
    return properties


def _catalog(catalog: Catalog[Any]) -> Schema:
    """A definition for the catalogue, by name or as a table, and one for each part."""
    parts = {f"{catalog.name}.{part.name}": _part(catalog, part.name) for part in catalog}
    short = [part.name for part in catalog if not parts[f"{catalog.name}.{part.name}"]["required"][1:]]
    tables = [{"$ref": f"#/$defs/{name}"} for name in parts]
    by_name = [{"enum": short}] if short else []
    return {catalog.name: {"description": f"{catalog.name}: {catalog.title}", "anyOf": by_name + tables}} | parts


def _part(catalog: Catalog[Any], name: str) -> Schema:
    whole = _table(catalog, name)
    key = catalog[name].traits.get("arguments_of")
    if key is None:
        return whole
    inner = CATALOGS[whole["properties"][key]["$ref"].rpartition("/")[2]]
    beside = [_beside(whole, key, _table(inner, part.name)) for part in inner]
    return {**{name: own for name, own in whole.items() if name != "additionalProperties"}, "anyOf": [*beside, whole]}


def _beside(whole: Schema, key: str, inner: Schema) -> Schema:
    """A part that is made of another one with what is said of that one beside its name."""
    own = {name: one for name, one in inner["properties"].items() if name != "kind"}
    properties = {**whole["properties"], key: inner["properties"]["kind"], **own}
    required = [*whole["required"], *inner["required"][1:]]
    return {**whole, "description": inner["description"], "properties": properties, "required": required}


def _table(catalog: Catalog[Any], name: str) -> Schema:
    raw = _tidied(model_of(catalog.name, name).model_json_schema())
    return {
        "description": catalog[name].summary,
        "type": "object",
        "properties": {"kind": {"const": name, "description": catalog[name].summary}, **raw["properties"]},
        "required": ["kind", *_required(catalog.name, name)],
        "additionalProperties": False,
    }


def _required(catalog: str, name: str) -> list[str]:
    return [key for key, one in arguments(catalog, name).items() if one.default is inspect.Parameter.empty]


def _tidied(node: Any) -> Any:
    """A schema of pydantic's as TOML needs it: references to catalogues, no titles, no null, no key that is left out."""
    if isinstance(node, list):
        return [_tidied(item) for item in node]
    if not isinstance(node, dict):
        return node
    if CATALOG_KEY in node:
        return {"$ref": f"#/$defs/{node[CATALOG_KEY]}"} | {
            key: value for key, value in node.items() if key in {"default", "description"} and value is not None
        }
    kept = {key: value for key, value in node.items() if key != "default" or value not in (None, "")}
    if isinstance(kept.get("title"), str):
        del kept["title"]
    if "anyOf" in kept:
        options = [_tidied(option) for option in kept.pop("anyOf") if option != {"type": "null"}]
        kept |= options[0] if len(options) == 1 else {"anyOf": options}
    return {key: _tidied_properties(value) if key == "properties" else _tidied(value) for key, value in kept.items()}


def _tidied_properties(properties: Schema) -> Schema:
    """The same for named properties, one of which may itself be called `title`."""
    return {name: _tidied(inner) for name, inner in properties.items()}


def _patch(definitions: Schema, properties: Schema) -> Schema:
    """A variant: any of the sections of the training in part, and the search inside it."""
    sections = {name: _described(properties[name], _in_part(definitions, properties[name])) for name in TRAINING}
    return {
        "description": "A partial recipe, laid over the base: tables merge, values and lists replace.",
        "type": "object",
        "properties": {**sections, "search": _changes()["search"]},
        "additionalProperties": False,
    }


def _in_part(definitions: Schema, section: Schema) -> Schema:
    """A section of which only some keys need to be there, and tables may be given in part."""
    loose = {"type": "object"}
    whole = definitions[section["$ref"].removeprefix("#/$defs/")]
    if "properties" not in whole:
        return {"anyOf": [{"$ref": section["$ref"]}, loose]}
    properties = {name: _described(inner, {"anyOf": [inner, loose]}) for name, inner in whole["properties"].items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _described(whole: Schema, part: Schema) -> Schema:
    """What may be given in part, described as the whole."""
    return {"description": whole["description"], **part} if "description" in whole else part


def _changes() -> Schema:
    """The sections that change others."""
    tables: dict[str, Schema] = {"variants": {"additionalProperties": {"$ref": "#/$defs/patch"}}}
    return {
        name: {"description": inspect.cleandoc(text), "type": "object", **tables.get(name, {})}
        for name, text in PATCHES.items()
    }
