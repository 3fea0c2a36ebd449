"""The scene of a lesson as recipes write it, held against the variants that there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar, TypeAlias

from annotated_types import Len
from pydantic import AfterValidator, PlainValidator, WithJsonSchema

from dlbench.measures.catalog import MEASURES
from dlbench.measures.older_names import newest
from dlbench.plan.scene import LAST, PANES, STEP_WORDS, Scene
from dlbench.recipe.claims import Found, no_variant
from dlbench.recipe.messages import given, listed, nearest
from dlbench.recipe.validation import worded


def _known(what: str, names: Collection[str], written: str) -> str:
    """A name, if it is one of these."""
    if (name := newest(written)) not in names:
        raise worded(f"no {what} is called '{written}'" + nearest(written, names, "there are"))
    return name


def _one_of(what: str, names: Collection[str]) -> tuple[AfterValidator, WithJsonSchema]:
    check: Callable[[str], str] = partial(_known, what, names)
    return AfterValidator(check), WithJsonSchema({"type": "string", "enum": list(names)})


def _step(written: Any) -> int | str:
    """A step, or one of the words for one."""
    if isinstance(written, str):
        return _known("step", STEP_WORDS, written)
    if not isinstance(written, int) or isinstance(written, bool) or written < 0:
        raise worded(f"takes a step from 0 up, or one of {listed(STEP_WORDS)}, not {given(written)}")
    return written


_STEP_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "enum": list(STEP_WORDS)}]}

PaneName: TypeAlias = Annotated[str, *_one_of("pane of variants", PANES)]
MeasureName: TypeAlias = Annotated[str, *_one_of("measure of layers", MEASURES)]
SceneStep: TypeAlias = Annotated[int | str, PlainValidator(_step), WithJsonSchema(_STEP_SCHEMA)]


@dataclass(frozen=True)
class SceneSection(Scene):
    """What the dashboard opens on, live and afterwards.

    variants: one variant, or two side by side, of which the first is watched: `variants = ["sigmoid", "tanh"]`.
    pane: in which picture: `pane = "gradients"`.
    measure: by which measure of layers: `measure = "gradient_norm"`.
    step: at which step: a number; the first at which the first variant's gradient has "vanished", "exploded" or is "zero", it is
        "stuck" or has "diverged", or its units are "dead" or "saturated"; that of its lowest test loss, if this rises again,
        "overfitting"; the "last": `step = "vanished"`.
    """

    WRITTEN: ClassVar[str] = "[lesson.scene]"

    variants: Annotated[list[str], Len(1, 2)]
    pane: PaneName = "gradients"
    measure: MeasureName = "gradient_norm"
    step: SceneStep = LAST


def scene_mistakes(scene: Scene, variants: Sequence[str]) -> Iterator[Found]:
    """What is wrong with a scene in a recipe of these variants."""
    for index, name in enumerate(scene.variants):
        if name not in variants:
            yield ("lesson", "scene", "variants", index), no_variant(name, variants)
        elif name in scene.variants[:index]:
            yield ("lesson", "scene", "variants", index), "a variant cannot stand beside itself"
