"""What the batteries try is made of signatures: a part that nobody has heard of gets settings too."""

from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Interval, Lt
from part_examples import CHAIN, MODEL, example, shipped, variations

from dlbench.catalog import Catalog
from dlbench.parts import CATALOGS
from dlbench.parts.arguments import Init, Layers, Number


@pytest.fixture
def things(monkeypatch):
    """A catalogue of parts that were registered a moment ago."""
    catalog = Catalog("things", title="things")
    monkeypatch.setitem(CATALOGS, "things", catalog)
    return catalog


def test_what_has_no_default_follows_from_its_annotation(things):
    """Numbers within their bounds, words, layers; defaults stay, and what a net gives its layers is given."""

    @things.add()
    def thing(
        *,
        units: Annotated[int, Ge(1)],
        share: Annotated[Number, Interval(gt=0, lt=1)],
        below: Annotated[int, Lt(2)],
        name: str,
        layers: Layers,
        branches: list[Layers],
        init: Init | None = None,
        other: float | None = None,
        rate: float = 0.25,
    ):
        """A thing."""

    assert example("things", "thing", rate=1.0) == {
        "kind": "thing", "units": 3, "share": 0.5, "below": 1, "name": "text", "layers": CHAIN, "branches": [CHAIN, []],
        "init": MODEL["init"], "other": None, "rate": 1.0,
    }  # fmt: skip


def test_a_part_says_what_its_signature_cannot(things):
    """Where defaults alone are no part, the trait `example` has the arguments."""

    @things.add(example={"keep": 0.8})
    def thing(*, keep: float | None = None, rate: float | None = None):
        """A thing."""

    assert example("things", "thing") == {"kind": "thing", "keep": 0.8, "rate": None}


def test_other_choices_are_tried_one_at_a_time(things):
    """Every word but the default, and the other way of a switch."""

    @things.add()
    def thing(
        *, how: Literal["a", "b", "c"] = "b", bias: bool = True, size: int | Literal["full"] = 3, rate: float = 0.1
    ):
        """A thing."""

    assert variations("things", "thing") == [{"how": "a"}, {"how": "c"}, {"bias": False}, {"size": "full"}]


def test_a_part_from_elsewhere_is_not_shipped(things):
    """Oracles are promised of dlbench's own parts; those of others are left to their own."""

    @things.add()
    def thing():
        """A thing."""

    assert shipped(things) == []
    assert {"relu", "tanh"} < set(shipped(CATALOGS["activations"]))
