"""The JSON Schema for editors."""

import json
import tomllib

import jsonschema
import pytest

from dlbench.parts import CATALOGS
from dlbench.recipe import schema, shipped_recipes


@pytest.fixture(scope="module")
def validator():
    """A validator of recipes."""
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


@pytest.mark.parametrize("path", shipped_recipes(), ids=lambda path: path.stem)
def test_shipped_recipes_validate(path, validator):
    """Every shipped recipe is valid by the schema, and names it on its first line."""
    text = path.read_text(encoding="utf-8")

    assert list(validator.iter_errors(tomllib.loads(text))) == []
    assert text.startswith("#:schema ./recipe.schema.json\n")


def test_base_validates(base, validator):
    """The tests' own recipe is valid by the schema."""
    assert list(validator.iter_errors(tomllib.loads(base))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[lesson]", "[lesons]"),
        ("units = 5", "unit = 5"),
        ("units = 5", 'units = "5"'),
        ("units = 5, ", ""),
        ("lr = 0.1", "lr = -1"),
        ("lr = 0.1", "rho = 0.9"),
        ('activation = "sigmoid"', 'activation = "sigmoind"'),
        ('source = "lecture"', 'source = "hearsay"'),
        ('metric = "solved"\nat_most', 'metric = "slved"\nat_most'),
        ("steps = 100", "step = 100"),
        ("[variants.relu]\nmodel", "[variants.relu]\nmodle"),
    ],
)
def test_schema_finds_mistakes(old, new, base, validator):
    """What the schema can know, it marks."""
    assert base.count(old) == 1 or old == 'activation = "sigmoid"'

    assert list(validator.iter_errors(tomllib.loads(base.replace(old, new)))) != []


@pytest.mark.parametrize("catalog", CATALOGS)
def test_every_part_is_described(catalog):
    """Each part has a definition with its first line and all its arguments."""
    definitions = schema()["$defs"]

    for part in CATALOGS[catalog]:
        definition = definitions[f"{catalog}.{part.name}"]
        assert definition["description"] == part.summary
        assert set(part.arguments) <= set(definition["properties"])


def test_schema_has_no_dangling_references():
    """Every reference has a definition."""
    made = schema()
    text = json.dumps(made)

    names = {piece.split('"', 1)[0] for piece in text.split('"#/$defs/')[1:]}
    assert names <= set(made["$defs"])
    assert "x-catalog" not in text


def properties(node, path="recipe"):
    """Every property of a schema with its place, however deep."""
    if isinstance(node, dict):
        named = node.get("properties", {})
        # A property may itself be called `properties`; then its value is no table of schemas.
        yield from ((f"{path}.{name}", inner) for name, inner in named.items() if isinstance(inner, dict))
        for key, inner in node.items():
            yield from properties(inner, path if key in {"properties", "$defs"} else f"{path}.{key}")
    elif isinstance(node, list):
        for inner in node:
            yield from properties(inner, path)


def test_every_key_is_described():
    """No key of a recipe stands in the schema without a description: editors and `dlbench parts` show it."""
    found = list(properties(schema()))
    bare = sorted({place for place, inner in found if not inner.get("description")})

    assert len(found) > 400
    assert not bare, (
        f"no description: {', '.join(bare)}. Write an entry `key: what it means.` into the docstring of the part or section; "
        "what several parts of a catalogue share can stand in its `meanings`"
    )
