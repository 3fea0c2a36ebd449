"""What holds for every part of every catalogue."""

import inspect
import subprocess
import sys
from typing import Literal, get_args, get_origin

import pytest
from each import each
from pydantic import TypeAdapter

from dlbench.catalog import Catalog, snake_case
from dlbench.errors import meant
from dlbench.parts import CATALOGS, make

PARTS = [pytest.param(part, id=f"{catalog.name}-{part.name}") for catalog in CATALOGS.values() for part in catalog]
ARGUMENTS = [
    pytest.param(part, parameter, id=f"{catalog.name}-{part.name}-{name}")
    for catalog in CATALOGS.values()
    for part in catalog
    for name, parameter in part.arguments.items()
]


def test_every_catalogue_has_parts():
    """No catalogue is empty, and each is listed under its own name."""
    assert all(len(catalog) > 0 and name == catalog.name for name, catalog in CATALOGS.items())


@each("part", PARTS)
def test_the_first_line_is_a_sentence(part):
    """The first line of every docstring says in one sentence what the part is: it is the line that listings show."""
    assert part.summary.endswith(".")
    assert 20 <= len(part.summary) <= 130
    assert "\n" not in part.summary
    rest = part.doc.splitlines()[1:2]
    assert rest in ([], [""])


@each("part", PARTS)
def test_names_are_snake_case(part):
    """Parts are named as recipes write them: lower case, words joined by underscores."""
    assert part.name == snake_case(part.name) == part.name.lower()
    assert part.name.isidentifier()


@each(("part", "parameter"), ARGUMENTS)
def test_every_argument_is_annotated_within_the_vocabulary(part, parameter):
    """Every argument of every part has an annotation that a recipe's value can be checked against."""
    assert parameter.annotation is not inspect.Parameter.empty
    assert kinds(parameter.annotation) <= {bool, int, float, str, list, dict, type(None)}
    TypeAdapter(parameter.annotation)


def kinds(annotation):
    """The plain types an annotation allows."""
    if get_origin(annotation) is Literal:
        return {type(choice) for choice in get_args(annotation)}
    if hasattr(annotation, "__metadata__"):
        return kinds(annotation.__origin__)
    origin = get_origin(annotation)
    if origin in {list, dict}:
        return {origin}
    if origin is None:
        return {annotation}
    return set().union(*(kinds(inner) for inner in get_args(annotation)))


@each(("part", "parameter"), ARGUMENTS)
def test_a_default_is_valid_and_a_required_argument_is_told_of(part, parameter):
    """A default passes its argument's own check; an argument without one is named in the part's docstring."""
    if parameter.default is inspect.Parameter.empty:
        assert parameter.name in part.doc
    else:
        TypeAdapter(parameter.annotation).validate_python(parameter.default, strict=True)


def test_signatures_cost_no_torch():
    """All arguments of all parts are read in a fresh interpreter without torch or numpy's heavy friends coming in."""
    program = """
import sys
from dlbench.parts import CATALOGS
assert sum(len(part.arguments) for catalog in CATALOGS.values() for part in catalog) > 50
assert not {"torch", "sklearn", "scipy", "pyarrow"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_name_is_given_once():
    """Registering a second part under the same name is the programmer's error."""
    catalog = Catalog("things", title="things")

    def thing():
        """A thing."""

    catalog.add()(thing)
    with pytest.raises(ValueError, match="things: 'thing' is registered twice"):
        catalog.add()(thing)


def test_runtime_objects_are_no_arguments():
    """Only keyword-only parameters are a recipe's; their annotations come evaluated, with bounds."""
    arguments = CATALOGS["optimizers"]["adam"].arguments
    assert list(arguments) == ["lr", "beta1", "beta2", "eps", "weight_decay"]
    assert TypeAdapter(arguments["lr"].annotation).validate_python(0.1) == 0.1
    with pytest.raises(ValueError, match="greater than 0"):
        TypeAdapter(arguments["lr"].annotation).validate_python(0.0)
    assert CATALOGS["layers"]["flatten"].arguments == {}


@pytest.mark.parametrize(
    ("catalog", "wrong", "right"),
    [
        ("activations", "rleu", "relu"),
        ("optimizers", "adm", "adam"),
        ("inits", "xaver", "xavier"),
        ("inits", "qqq", None),
    ],
)
def test_the_nearest_name_is_found(catalog, wrong, right):
    """A mistyped name is answered with the one that was meant, and nonsense with nothing."""
    assert meant(wrong, CATALOGS[catalog].names) == right


def test_make_builds_a_part_from_its_settings():
    """Settings name the part and carry its arguments."""
    assert make("layers", {"kind": "dense", "units": 5}).units == 5
