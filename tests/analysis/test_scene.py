"""The scene of a lesson in a run: which trials, which step, and the sentence that tells it."""

from dataclasses import replace

import pytest
from synthetic_run import make_plan, metrics_event, probe_event, stack_event, state_of

from dlbench.analysis.diagnosis.moment import Moment, first_moment
from dlbench.analysis.diagnosis.rules import RULES
from dlbench.analysis.diagnosis.streak import LASTING
from dlbench.analysis.scene import Staged, staged
from dlbench.plan.scene import FINDINGS, LAST, OVERFITTING, STEP_WORDS, Scene
from dlbench.text.scene import WORDS, scene_sentence

FINE, VANISHED, ZERO, EXPLODED = [0.3, None, 0.2], [2e-8, None, 0.2], [0.0, None, 0.2], [9e3, None, 0.2]
SEEDS = 3


def run_of(norms, losses=None, ends=(), **units):
    """A run whose first stack has these gradient norms `[probes][trials][layers]` at steps 0, 10, 20 ...; the second is healthy.

    `units` are further measures `[layers]` of all trials.
    """
    plan, events = make_plan(["faint", "calm"], SEEDS), []
    for stack, probes in enumerate((norms, [[FINE] * SEEDS] * len(norms))):
        events.append(stack_event(stack))
        for place, own in enumerate(probes):
            loss = 0.7 if losses is None else losses[place]
            rows = [{"train_loss": loss, "test_loss": loss}] * SEEDS
            still = 1e-9 if own[0] is ZERO else 1e-3
            events += [metrics_event(stack, 10 * place, rows), probe_event(
                stack, 10 * place, own, weight_norm=[[1.0, None, 1.0]] * SEEDS, update_ratio=[[still, None, still]] * SEEDS,
                **{name: [values] * SEEDS for name, values in units.items()},
            )]  # fmt: skip
    return state_of(plan, [*events, *ends])


FADING = run_of([[FINE] * 3, [FINE, VANISHED, FINE], [FINE, VANISHED, VANISHED], [FINE, FINE, VANISHED]])
"""Of the seeds 0, 1 and 2 the second's gradient vanishes from step 10 to 20, the third's from 20 on."""


def test_a_scene_is_played_by_the_first_seed_in_which_its_step_is_found():
    """The trial is one that shows what the lesson names, beside it the same seed of the other variant."""
    found = staged(Scene(["faint", "calm"], step="vanished"), FADING)

    assert (found.trial, found.beside, found.step, found.layer) == (1, SEEDS + 1, 10, 0)
    assert found.moment == Moment(
        10, 20, (0,), ("0 dense", "output"), {"first_last_gradient_ratio": pytest.approx(1e-7)}
    )


def test_who_is_watched_stays_if_the_step_is_found_in_it():
    """A trial that shows it as well is not left for one of a lower number; one that does not is."""
    scene = Scene(["faint", "calm"], step="vanished")

    assert (staged(scene, FADING, 2).trial, staged(scene, FADING, 2).step) == (2, 20)
    assert staged(scene, FADING, 0).trial == 1
    assert staged(scene, FADING, SEEDS).trial == 1, "one of another variant is none of the scene's"


@pytest.mark.parametrize("step", [*FINDINGS, OVERFITTING, 1000, LAST])
def test_what_is_not_there_is_looked_at_as_it_stands(step):
    """As long as a step is not found, or not reached, it is the first seed at its newest step."""
    scene = Scene(["faint", "calm"], step=step)

    found = staged(scene, run_of([[FINE] * 3] * 2))

    assert replace(found, values=()) == Staged(scene, 0, SEEDS, None, None)
    assert found.values == (("0 dense", pytest.approx(0.3)), ("output", pytest.approx(0.2)))


def test_a_number_is_a_step_once_it_is_reached():
    """A scene at step 20 waits for it."""
    assert staged(Scene(["faint"], step=20), FADING).step == 20
    assert staged(Scene(["faint"], step=20), run_of([[FINE] * 3] * 2)).step is None


def test_a_run_without_its_variant_has_no_scene():
    """Variants may be others in a run than in the lesson; the second one alone is not missed."""
    assert staged(Scene(["loud"]), FADING) is None
    assert staged(Scene(["faint", "loud"]), FADING).beside is None


def test_overfitting_is_where_the_test_loss_was_lowest():
    """The step is the onset that the curves mark."""
    losses = [1.0, 0.6, 0.4, 0.3, 0.4, 0.6, 0.8, 1.0]
    turned = run_of([[FINE] * 3] * len(losses), losses)

    assert staged(Scene(["faint"], step=OVERFITTING), turned).step == 30


def test_what_must_last_has_lasted_from_its_first_step_on():
    """A rule that asks for several probes in a row is dated to the first of them, and a single one is none."""
    still = run_of([[ZERO] * 3, [FINE] * 3, *[[ZERO] * 3] * LASTING])

    assert first_moment(still.trials[0], "not-learning").step == 20
    assert first_moment(still.trials[0], "zero-gradient").step == 0


SICK = {
    "vanished": run_of([[VANISHED] * 3] * 2),
    "exploded": run_of([[EXPLODED] * 3] * 2),
    "zero": run_of([[ZERO] * 3] * 2),
    "stuck": run_of([[ZERO] * 3] * LASTING),
    "dead": run_of([[FINE] * 3] * 2, zero_fraction=[0.95, None, 0.0]),
    "saturated": run_of([[FINE] * 3] * 2, saturated_fraction=[0.95, 0.99, 0.0]),
    "diverged": run_of(
        [[FINE] * 3] * 2, ends=[{"v": 1, "kind": "diverged", "stack": 0, "step": 5, "trial": 0, "last_loss": 9e9}]
    ),
    OVERFITTING: run_of([[FINE] * 3] * 8, [1.0, 0.6, 0.4, 0.3, 0.4, 0.6, 0.8, 1.0]),
    LAST: FADING,
}
"""A run in which each word is found."""


@pytest.mark.parametrize("word", STEP_WORDS)
@pytest.mark.parametrize("language", WORDS)
def test_every_word_has_its_sentence(word, language):
    """Each tells variant and step, names who stands beside if there is room, and leaves no place open."""
    found = staged(Scene(["faint", "calm"], step=word), SICK[word])
    long, short, bare = scene_sentence(found, SICK[word], language)

    assert (found.step is None) == (word == LAST)
    assert found.step is None or str(found.step) in long
    assert long.startswith(f"{short};")
    assert short == (f"faint {bare}" if word == LAST else f"faint: {bare}")
    assert "calm" in long
    assert not set("{}") & set(long)


def test_the_sentence_says_by_how_much_and_for_how_long():
    """What is over has its end, what holds has none."""
    found = staged(Scene(["faint", "calm"], step="vanished"), FADING)
    now = staged(Scene(["faint"], step="vanished"), SICK["vanished"])

    assert scene_sentence(found, FADING, "en")[0] == (
        "faint: 0 dense's gradient has vanished from step 10 to 20, 1.0e-07 of output's; calm beside it"
    )
    assert scene_sentence(now, SICK["vanished"], "en") == (
        "faint: 0 dense's gradient has vanished from step 0 on, 1.0e-07 of output's",
        "0 dense's gradient has vanished from step 0 on, 1.0e-07 of output's",
    )
    assert (
        scene_sentence(now, SICK["vanished"], "ko")[0]
        == "faint: 0 dense의 기울기가 0스텝부터 사라져 output의 1.0e-07배입니다"
    )


READ = {
    ("gradients", "gradient_norm", 10): "faint at step 10: gradient norm 0.3 at 0 dense, 0.2 at output",
    ("layers", "zero_fraction", LAST): "faint now: exact zeros 95 % at 0 dense, 0 % at output",
    ("curves", "gradient_norm", 10): "faint at step 10: test loss 0.6",
    ("curves", "gradient_norm", LAST): "faint now: test loss 0.4",
    ("compare", "gradient_norm", LAST): "faint now",
}


@pytest.mark.parametrize(
    ("asked", "told"), READ.items(), ids=lambda one: "-".join(map(str, one)) if isinstance(one, tuple) else ""
)
def test_where_nothing_is_to_be_found_the_numbers_are_told(asked, told):
    """A scene at a number, or at the last step, tells its measure in the first and the last layer, or the curves' values."""
    pane, measure, step = asked
    scene = Scene(["faint"], pane, measure, step)
    state = run_of([[FINE] * 3] * 3, [0.8, 0.6, 0.4], zero_fraction=[0.95, None, 0.0])

    assert scene_sentence(staged(scene, state), state, "en")[0] == told


def test_words_are_those_of_the_diagnosis():
    """Each word of a scene is of a kind of finding that some rule finds."""
    assert set(FINDINGS.values()) <= {rule.kind for rule in RULES}
