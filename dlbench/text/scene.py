"""What the scene of a lesson shows, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from dlbench.measures.catalog import MEASURES
from dlbench.plan.scene import OVERFITTING
from dlbench.words.number_format import number, percent

if TYPE_CHECKING:
    from dlbench.analysis.diagnosis.moment import Moment
    from dlbench.analysis.scene import Staged
    from dlbench.state.run_state import RunState


class SceneWords(NamedTuple):
    """How a language tells scenes."""

    says: dict[str, str]
    """What is found, by the words of a scene; `exploded` knows no ratio where it is the loss, or all weights, that explode."""
    ratio: str
    """The gradient of the first layer over that of the last, behind what has exploded."""
    since: str
    until: str
    once: str
    now: str
    end: str
    within: str
    """A number in a layer."""
    beside: str
    layers: str
    """Several layers by the names of the first and the last."""


WORDS = {
    "en": SceneWords(
        says={
            "vanished": "{first}'s gradient has vanished {when}, {ratio} of {last}'s",
            "exploded": "the gradient explodes {when}",
            "zero": "no gradient at all reaches {layers} {when}",
            "stuck": "no layer moves any more {when}, and the loss is no better than guessing",
            "dead": "units of {layers} are dead {when}: their outputs are exactly zero",
            "saturated": "units of {layers} are saturated {when}",
            "diverged": "the loss is NaN or infinite {when}",
            OVERFITTING: "the test loss is lowest at step {step}, and rises from there on",
        },
        ratio=", {first}'s is {ratio} times {last}'s",
        since="from step {step} on",
        until="from step {step} to {until}",
        once="at step {step}",
        now="now",
        end="in the end",
        within="{value} at {layer}",
        beside="{beside} beside it",
        layers="{first} to {last}",
    ),
    "ko": SceneWords(
        says={
            "vanished": "{first}의 기울기가 {when} 사라져 {last}의 {ratio}배입니다",
            "exploded": "{when} 기울기가 폭발합니다",
            "zero": "{when} {layers}에 기울기가 전혀 닿지 않습니다",
            "stuck": "{when} 어느 층도 움직이지 않고, 손실은 찍을 때와 같습니다",
            "dead": "{when} {layers}의 유닛이 죽어 있습니다. 출력이 정확히 0입니다",
            "saturated": "{when} {layers}의 유닛이 포화되어 있습니다",
            "diverged": "{when} 손실이 NaN이거나 무한대입니다",
            OVERFITTING: "테스트 손실은 {step}스텝에서 가장 낮고 그 뒤로 올라갑니다",
        },
        ratio=" ({first}의 기울기가 {last}의 {ratio}배)",
        since="{step}스텝부터",
        until="{step}~{until}스텝에서",
        once="{step}스텝에서",
        now="지금",
        end="마지막에",
        within="{layer} {value}",
        beside="옆은 {beside}",
        layers="{first}~{last}",
    ),
}


def scene_sentence(staged: Staged, state: RunState, language: str) -> tuple[str, ...]:
    """The sentence of a scene, ever shorter for where there is less room.

    `sigmoid: dense1's gradient has vanished from step 0 on, 1.6e-06 of dense10's; tanh beside it`,
    `rnn at step 0: gradient norm 1.1e-03 at t=1, 0.22 at t=28; lstm beside it`.
    """
    words = WORDS.get(language, WORDS["en"])
    variant = staged.scene.variants[0]
    what = _what(staged, state, words)
    forms = (f"{variant}{what}", what.lstrip(": "))
    if staged.beside is None:
        return forms
    beside = words.beside.format(beside=state.trials[staged.beside].plan.variant)
    return f"{forms[0]}; {beside}", *forms


def _what(staged: Staged, state: RunState, words: SceneWords) -> str:
    """What is told behind the variant's name."""
    trial, asked = state.trials[staged.trial], staged.scene.step
    if staged.moment is not None:
        return f": {_found(str(asked), staged.moment, [layer.name for layer in trial.layers], words)}"
    if asked == OVERFITTING and staged.step is not None:
        return f": {words.says[OVERFITTING].format(step=f'{staged.step:,}')}"
    newest = words.end if trial.status.final else words.now
    when = newest if staged.step is None else words.once.format(step=f"{staged.step:,}")
    return f" {when}: {_read(staged, words)}".rstrip(": ")


def _read(staged: Staged, words: SceneWords) -> str:
    """What is measured: `gradient norm 1.1e-03 at dense1, 0.22 at output`, or `test loss 0.049, test accuracy 1`."""
    if staged.scene.pane == "curves":
        return ", ".join(f"{name.replace('_', ' ')} {number(value)}" for name, value in staged.values)
    measure = MEASURES.get(staged.scene.measure)
    if measure is None or not staged.values:
        return ""
    told = [(layer, percent(value) if measure.bounds else number(value)) for layer, value in staged.values]
    return f"{measure.title} {', '.join(words.within.format(layer=layer, value=value) for layer, value in told)}"


def _found(asked: str, moment: Moment, names: Sequence[str], words: SceneWords) -> str:
    """What is found at a moment, since when, and in which layers."""
    form = words.since if moment.until is None else words.once if moment.until == moment.step else words.until
    first, last = moment.ends or ("", "")
    own = [names[layer] for layer in moment.layers]
    ratio = moment.evidence.get("first_last_gradient_ratio")
    more = words.ratio if asked == "exploded" and ratio is not None else ""
    return f"{words.says[asked]}{more}".format(
        when=form.format(step=f"{moment.step:,}", until=f"{moment.until or 0:,}"),
        first=first,
        last=last,
        ratio="" if ratio is None else number(ratio),
        layers=words.layers.format(first=own[0], last=own[-1]) if own[1:] else "".join(own),
    )
