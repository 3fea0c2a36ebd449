"""Every part of every catalogue, checked and filled in by its signature."""

import inspect
import subprocess
import sys
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

import annotated_types
import pytest
from each import each
from pydantic import ValidationError

from dlbench.catalog import Catalog
from dlbench.parts import CATALOGS
from dlbench.parts.arguments import Of
from dlbench.recipe import parts as recipe_parts
from dlbench.recipe.parts import arguments, settings_of
from dlbench.recipe.validation import mistakes_in

EVERY = [(catalog.name, part.name) for catalog in CATALOGS.values() for part in catalog]


def sample(annotation):
    """A value that an argument without a default takes."""
    if get_origin(annotation) is Annotated:
        kind, *marks = get_args(annotation)
        inner = next((mark.catalog for mark in marks if isinstance(mark, Of)), None)
        return settings_of(inner, CATALOGS[inner].names[0]) if inner and get_origin(kind) is dict else sample(kind)
    if get_origin(annotation) in {Union, UnionType}:
        return sample(get_args(annotation)[0])
    return {int: 5, float: 0.5, str: "text", list: []}[get_origin(annotation) or annotation]


def needed(catalog, name):
    """Arguments with which a part can be made, whole ones where the part refuses what the types alone allow."""
    known = arguments(catalog, name).items()
    given = {key: sample(one.annotation) for key, one in known if one.default is inspect.Parameter.empty}
    flatten = settings_of("layers", "flatten")
    whole = {
        "dropout": {"keep": 0.5},
        "residual": {"layers": [flatten]},
        "sequential": {"layers": [flatten]},
        "split": {"branches": [[flatten], []]},
    }
    return given | whole.get(name, {})


def said(catalog, value):
    """The mistakes in a part."""
    with pytest.raises(ValidationError) as caught:
        settings_of(catalog, value)
    return mistakes_in(caught.value)


@each(("catalog", "name"), EVERY)
def test_defaults_are_filled_in(catalog, name):
    """The settings of a part hold its kind and every argument, with the signature's defaults."""
    given = needed(catalog, name)

    settings = settings_of(catalog, {"kind": name, **given})

    known = arguments(catalog, name)
    assert list(settings) == ["kind", *known]
    assert settings["kind"] == name
    for key, one in known.items():
        default = one.default
        if key not in given and not isinstance(default, (dict, list)):
            assert settings[key] == default, key


@each(("catalog", "name"), EVERY)
def test_settings_are_stable(catalog, name):
    """Settings that are given again come back the same, nulls left out."""
    settings = settings_of(catalog, {"kind": name, **needed(catalog, name)})

    again = settings_of(catalog, {key: value for key, value in settings.items() if value is not None})

    assert again == settings


@each(("catalog", "name"), EVERY)
def test_unknown_argument(catalog, name):
    """An argument that no part has is refused at its own place."""
    (mistake,) = said(catalog, {"kind": name, **needed(catalog, name), "qqq": 1})

    path, what = mistake
    assert path == ("qqq",)
    assert what.startswith(f"'{name}' has no argument 'qqq'; it ")


def bounds():
    """Every lower bound in a signature."""
    for catalog, name in EVERY:
        for key, one in arguments(catalog, name).items():
            for mark in _marks(one.annotation):
                for attribute in ("ge", "gt"):
                    limit = getattr(mark, attribute, None)
                    if limit is not None:
                        yield catalog, name, key, attribute, limit


def _marks(annotation):
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        return marks if inner in {int, float} else []
    return (
        [mark for inner in get_args(annotation) for mark in _marks(inner)] if type(None) in get_args(annotation) else []
    )


@each(("catalog", "name", "key", "attribute", "limit"), list(bounds()))
def test_bounds_are_kept(catalog, name, key, attribute, limit):
    """A number below an argument's bound, or on an open one, is refused with the bound."""
    wrong = limit - 1 if attribute == "ge" else limit
    words = "at least" if attribute == "ge" else "more than"
    given = {key: value for key, value in needed(catalog, name).items() if name != "dropout"}

    mistakes = said(catalog, {"kind": name, **given, key: wrong})

    assert ((key,), f"must be {words} {limit:g}, not {wrong}") in mistakes


def test_battery_sees_bounds():
    """The battery above is not empty."""
    assert len(list(bounds())) > 20


@pytest.mark.parametrize("wrong", [3, 1.5, True, [], ["relu"]])
@pytest.mark.parametrize("catalog", CATALOGS)
def test_neither_name_nor_table(catalog, wrong):
    """A part is a name or a table, and says so."""
    ((path, what),) = said(catalog, wrong)

    assert path == ()
    assert what.startswith("takes the name of a")


@pytest.fixture
def toys(monkeypatch):
    """A catalogue with every kind of annotation, in which parts hold parts."""
    catalog = Catalog("toys", title="to play with")

    @catalog.add()
    def ball(*, size: Annotated[float, annotated_types.Gt(0)] = 1.0, names: list[str] | None = None):
        """Round."""

    @catalog.add()
    def box(
        *,
        inside: list[Annotated[list[dict], recipe_parts.Of("toys")]],
        lid: Annotated[dict, recipe_parts.Of("toys")] | None = None,
        label: int | str = 0,
    ):
        """Holds lists of toys."""

    monkeypatch.setitem(CATALOGS, "toys", catalog)
    return catalog


def test_parts_in_parts(toys):
    """Parts inside of parts, and lists of lists of them, are filled in too."""
    settings = settings_of("toys", {"kind": "box", "inside": [["ball"], [{"kind": "ball", "size": 2}]], "lid": "ball"})

    ball = {"kind": "ball", "size": 1.0, "names": None}
    assert settings["inside"] == [[ball], [{**ball, "size": 2.0}]]
    assert settings["lid"] == ball
    assert settings["label"] == 0


def test_mistakes_in_parts_in_parts(toys):
    """Mistakes deep inside carry their whole path, all of them at once."""
    wrong = {"kind": "box", "inside": [["bal"], [{"kind": "ball", "size": 0, "names": [1]}]], "lid": 3, "label": True}

    assert said("toys", wrong) == [
        (("inside", 0, 0), "no toy is called 'bal'; did you mean 'ball'?"),
        (("inside", 1, 0, "size"), "must be more than 0, not 0"),
        (("inside", 1, 0, "names", 0), "takes a text, not 1"),
        (("lid",), 'takes the name of a toy or a table with its "kind", not 3'),
        (("label",), "takes a whole number or a text, not true"),
    ]


def test_import_is_light():
    """Naming recipes costs no pydantic, loading one costs no torch."""
    script = (
        "import sys; import dlbench.recipe as r; r.shipped_recipes(); assert 'pydantic' not in sys.modules;"
        "r.schema(); import dlbench.recipe.loading; assert 'pydantic' in sys.modules; assert 'torch' not in sys.modules"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
