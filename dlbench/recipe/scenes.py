"""The scene of a lesson as recipes write it, held against the variants that there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeAlias

from annotated_types import Len
from pydantic import PlainValidator, WithJsonSchema

from dlbench.measures.catalog import MEASURES
from dlbench.measures.older_names import newest
from dlbench.plan.scene import LAST, PANES, STEP_WORDS, Scene
from dlbench.recipe.claims import Found, no_variant
from dlbench.recipe.messages import given, listed
from dlbench.recipe.validation import worded
from dlbench.recipe.vocabulary import known, one_of


def _step(written: Any) -> int | str:
    """A step, or one of the words for one."""
    if isinstance(written, str):
        return known("step", STEP_WORDS, newest, written)
    if not isinstance(written, int) or isinstance(written, bool) or written < 0:
        raise worded(f"takes a step from 0 up, or one of {listed(STEP_WORDS)}, not {given(written)}")
    return written


_STEP_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "enum": list(STEP_WORDS)}]}

PaneName: TypeAlias = Annotated[str, *one_of("pane of variants", PANES, newest)]
MeasureName: TypeAlias = Annotated[str, *one_of("measure of layers", MEASURES, newest)]
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
