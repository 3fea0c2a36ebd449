"""The diagnosis on the screen: a finding with its evidence drawn, and the prompt before its remedies are tried."""

from dataclasses import replace

import numpy as np
import pytest
from shell import make_view, played, screen

from dlbench.analysis.diagnosis.finding import Finding, Remedy
from dlbench.plan.finding_kinds import KINDS
from dlbench.tui.diagnosis_actions import DiagnosisActions
from dlbench.tui.model.evidence import OF_LAYERS, evidence_of_finding

RELU = Remedy("relu", {"model.activation": "relu"}, "its slope is 1")
FOUND = Finding(
    "vanishing-gradient",
    "alarm",
    "it vanishes",
    ("it vanishes since step 0",),
    0,
    because="Each layer shrinks it.",
    refuted_by="It would be of one size.",
    mend=lambda: (RELU,),
)


@pytest.fixture
def sick():
    """A view of which the trial that is looked at has a finding."""
    view = make_view()
    view.findings = lambda trial: [FOUND]
    return view


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_curves(kind):
    """Each kind of finding is drawn by a measure that was probed or by the losses, with as many values as steps."""
    trial = make_view().state.trials[0]

    drawn = evidence_of_finding(replace(FOUND, kind=kind), trial)

    assert drawn.title
    assert drawn.series
    assert all(len(one.steps) == len(one.middle) for one in drawn.series)
    assert OF_LAYERS.keys() <= set(KINDS)


def test_the_gradient_is_drawn_of_first_and_last_layer_and_losses_with_guessing():
    """A gradient by the numbers of the probes; of what losses tell, with what guessing costs where that is known."""
    trial = make_view().state.trials[0]
    gradient = evidence_of_finding(FOUND, trial)
    losses = evidence_of_finding(replace(FOUND, kind="overfitting"), trial)

    assert [one.name for one in gradient.series] == ["0 dense", "output"]
    np.testing.assert_allclose(gradient.series[0].middle, [1e-6, 0.5])
    assert gradient.is_logarithmic
    assert [one.name for one in losses.series] == ["train loss", "test loss", "guessing"]
    np.testing.assert_allclose(losses.series[2].middle, np.log(2))


@pytest.mark.parametrize(("size", "options"), [((120, 40), {}), ((80, 24), {"ascii": True, "no_color": True})])
def test_the_screen_tells_a_finding_with_its_picture(sick, size, options):
    """Severity, cause, what would refute it, the curves in a frame, and the remedy with its patch; Escape goes back."""

    async def look(app, pilot):
        await pilot.press("d")
        await pilot.pause()
        shown = screen(app)
        for text in ("alarm: vanishing-gradient", "because: Each layer", "not so if: It would", "0 dense", "try relu"):
            assert text in shown
        assert 'model.activation = "relu"' in shown
        assert not options or shown.isascii()
        await pilot.press("escape")
        assert len(app.screen_stack) == 1

    played(look, view=sick, size=size, **options)


@pytest.mark.parametrize(("found", "offered"), [([FOUND], True), ([replace(FOUND, mend=None)], False), ([], False)])
def test_remedies_are_offered_where_there_are_any(sick, found, offered):
    """The frame names the key that tries remedies only where a setting mends what is found."""
    sick.findings = lambda trial: found

    async def look(app, pilot):
        await pilot.press("d")
        await pilot.pause()
        shown = screen(app)
        assert ("f tries the remedies" in shown) == offered
        assert ("Nothing is found in this trial." in shown) == (not found)

    played(look, view=sick)


def test_remedies_are_tried_after_a_yes(sick, monkeypatch, tmp_path):
    """From the diagnosis `f` asks, and only `Try them` begins, with the variant that is looked at."""
    begun = []
    monkeypatch.setattr("dlbench.tui.screens.mending.diagnose", lambda state, stacks: {0: [FOUND]})
    monkeypatch.setattr(DiagnosisActions, "_start", lambda self, variant: begun.append(variant))

    async def look(app, pilot):
        app.folder = tmp_path
        await pilot.press("d", "f")
        await pilot.pause()
        assert "relu: its slope is 1" in screen(app)
        await pilot.press("escape")
        assert begun == []
        await pilot.press("f")
        await pilot.pause()
        await pilot.click("#yes")
        await app.workers.wait_for_complete()
        assert begun == ["slow"]

    played(look, view=sick)


def test_what_was_recorded_is_not_tried(sick):
    """Of a recorded loop the prompt says why, and has nothing to say yes to."""
    sick.info = replace(sick.info, plan=replace(sick.info.plan, recorded=True))

    async def look(app, pilot):
        await pilot.press("f")
        await pilot.pause()
        assert "is not trained from here" in screen(app)
        assert not app.screen.query("#yes")

    played(look, view=sick)
