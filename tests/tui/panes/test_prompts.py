"""The prompts: what they ask, what they take, what they say of a wrong answer, and that a viewer that only looks has none."""

import asyncio
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from listed_run import VARIANTS, begun, make_view
from stage import Stage, shown
from synthetic_run import control_event, make_plan
from textual.widgets import Button, Input, OptionList

from dlbench.export import EXPORTERS
from dlbench.run.folder import RunFolder
from dlbench.run.workers import Launched, Token, record
from dlbench.tui.charts.glyphs import ASCII, UNICODE
from dlbench.tui.screens.prompts import (
    ExportPrompt,
    ExportTo,
    FilterPrompt,
    SeekPrompt,
    SeekTarget,
    target,
)
from dlbench.tui.steering.prompts import (
    BreakpointPrompt,
    BreakpointRequest,
    EndTrialPrompt,
    RatePrompt,
    RateRequest,
    StopPrompt,
    learning_rate,
)
from dlbench.tui.steering.requests import breakpoints_set
from dlbench.tui.widgets.trials import TrialList

ALL = {
    "filter": FilterPrompt, "seek": SeekPrompt, "export": ExportPrompt, "stop": StopPrompt, "breakpoint": BreakpointPrompt,
    "drop": lambda: EndTrialPrompt(0), "rate": lambda: RatePrompt(0),
}  # fmt: skip
CHANGING = ("stop", "breakpoint", "drop", "rate")
STEPS = 100


def running(**options):
    """A view whose first stack of five trials is under way."""
    plan = make_plan(VARIANTS)
    for candidate in plan.candidates:
        candidate.settings.update({"train": {"optimizer": {"kind": "sgd", "lr": 0.25}}})
    return make_view(plan, begun(plan), **options)


def answer(prompt, view, *actions, size=(80, 24), glyphs=UNICODE, folder=None, read_only=False):
    """Type and click in a prompt: keys, `=text` for a field, `#id` for a button.

    Returns the answers, and the last frame with the prompt in it.
    """

    async def run():
        app = Stage(TrialList, view, glyphs=glyphs)
        app.folder, app.read_only = folder, read_only
        answers = []
        async with app.run_test(size=size) as pilot:
            await shown(pilot)
            app.push_screen(prompt, answers.append)
            await pilot.pause()
            text = app.frame()
            for action in actions:
                if action.startswith("="):
                    app.screen.query_one(Input).value = action[1:]
                elif action.startswith("#"):
                    await pilot.click(action)
                else:
                    await pilot.press(action)
                await pilot.pause()
                text = app.frame() if len(app.screen_stack) > 1 else text
            return answers, text

    return asyncio.run(run())


def inside(text):
    """What stands in the box, as one line."""
    return " ".join(" ".join(line.split("│")[1] for line in text.splitlines() if line.count("│") == 2).split())


@pytest.mark.parametrize(("size", "glyphs"), [((80, 24), UNICODE), ((60, 16), ASCII)], ids=["80x24", "60x16"])
@pytest.mark.parametrize("prompt", ALL.values(), ids=ALL)
def test_escape_leaves_every_prompt(prompt, size, glyphs):
    """Every prompt fits, is in ASCII where that is asked, and is left by Escape with no answer."""
    answers, text = answer(prompt(), running(), "escape", size=size, glyphs=glyphs)

    assert len(text.splitlines()) <= size[1]
    assert "Cancel" in text or prompt is BreakpointPrompt
    assert glyphs is UNICODE or not set(text) & set("╭╮╰╯─│·✔")
    assert answers == [None]


@pytest.mark.parametrize("prompt", ALL.values(), ids=ALL)
def test_cancel_leaves_every_prompt(prompt):
    """So does a click on Cancel."""
    assert answer(prompt(), running(), "#cancel", size=(100, 40))[0] == [None]


@pytest.mark.parametrize("name", ALL)
def test_who_only_looks_is_not_asked(name):
    """With --read-only the prompts that would change the run close themselves at once; the others ask."""
    answers, _ = answer(ALL[name](), running(), read_only=True)

    assert answers == ([None] if name in CHANGING else [])


def test_filter_works_while_it_is_typed():
    """The list follows every letter; Enter keeps the filter, Escape brings the one before back."""
    view = running()
    view.focus.filter = "sigmoid"
    answers, text = answer(FilterPrompt(), view, "=relu_he", "enter")
    kept = view.focus.filter
    _, typed = answer(FilterPrompt(), view, "=seed 3")
    during = view.focus.filter
    answer(FilterPrompt(), view, "=nothing", "escape")

    assert answers == ["relu_he"]
    assert kept == "relu_he"
    assert "/relu_he" in text
    assert "3 of 15 trials" in typed
    assert during == "seed 3"
    assert view.focus.filter == "seed 3"


def test_a_filter_moves_what_is_looked_at():
    """A trial that does not pass gives way to the first that does; Escape, and a text that it passes, bring it back."""
    view = running()
    view.focus.trial, view.focus.follow = 1, True
    answer(FilterPrompt(), view, "=seed 3")
    first = (view.focus.trial, view.focus.follow)
    view.focus.filter, view.focus.trial, view.focus.follow = "", 1, True
    answer(FilterPrompt(), view, "=seed 3", "escape")

    assert first == (3, False)
    assert (view.focus.trial, view.focus.follow) == (1, True)
    answer(FilterPrompt(), view, "=nothing like it")
    assert view.focus.trial == 1
    answer(FilterPrompt(), view, "=seed 1", "enter")
    assert (view.focus.trial, view.focus.follow) == (1, True)


def test_all_trials_come_back_by_a_button():
    """One button takes the filter away."""
    view = running()
    view.focus.filter = "relu"

    assert answer(FilterPrompt(), view, "#all")[0] == [""]
    assert view.focus.filter == ""


@pytest.mark.parametrize(
    ("text", "place"),
    [("50", SeekTarget(step=50)), (" step=1 ", SeekTarget(step=1)), ("0", SeekTarget(step=0)), ("50 %", SeekTarget(share=0.5)),
     ("12.5%", SeekTarget(share=0.125)), ("end", SeekTarget(share=1.0)), ("START", SeekTarget(share=0.0))],
)  # fmt: skip
def test_places_of_a_replay(text, place):
    """Steps, shares and the two ends are places."""
    assert target(text, STEPS) == place


@pytest.mark.parametrize(
    ("text", "why"), [("101", "beyond the end"), ("101 %", "beyond the end"), ("", "is not a place"), ("-1", "is not a place"),
                      ("soon", "is not a place"), ("²", "is not a place"), ("1e2", "is not a place")],
)  # fmt: skip
def test_no_places_of_a_replay(text, why):
    """What is beyond the end or no place is said to be so where it was typed, and asked again."""
    answers, shown_text = answer(SeekPrompt(), running(), f"={text}", "enter")

    assert answers == []
    assert why in shown_text


@given(st.text(), st.integers(0, 10**9))
def test_any_text_is_a_place_or_is_refused(text, steps):
    """Whatever is typed is a place within the run, or refused with a reason."""
    try:
        place = target(text, steps)
    except ValueError as error:
        place = None
        reason = str(error)
    else:
        reason = ""
    assert (place is None) == bool(reason)
    if place is not None:
        assert place.step is None or 0 <= place.step <= steps
        assert place.share is None or 0 <= place.share <= 1


def test_seeking_by_a_button():
    """The ends are buttons too."""
    assert answer(SeekPrompt(), running(), "#end")[0] == [SeekTarget(share=1.0)]


def test_stop_says_what_it_does():
    """It says what is kept and how to go on; Enter is yes."""
    path = Path("results/xor/20260102-030405")
    answers, text = answer(StopPrompt(), running(), "enter", folder=RunFolder(path))

    assert answers == [True]
    assert "checkpoint" in text
    assert f"dlbench run --resume {path}" in text


def test_drop_names_its_trial():
    """It names the trial and its step; one that has ended already can only be left."""
    answers, text = answer(EndTrialPrompt(2), running(), "enter")
    gone, over = answer(EndTrialPrompt(2), make_view(), "enter")

    assert answers == [True]
    assert "sigmoid, seed 2, at step 0 of 100" in text
    assert "sigmoid, seed 2 has ended already (done)" in over
    assert gone == [None]


def test_rate_is_for_all_seeds_or_for_one():
    """Enter gives all seeds of the candidate that train another rate, the button the trial alone; what it is now is shown."""
    every, text = answer(RatePrompt(2), running(), "=1e-3", "enter")
    alone, _ = answer(RatePrompt(2), running(), "=0.5", "#one")

    assert "sigmoid, seed 2: learning rate 0.25 now" in text
    assert every == [RateRequest((0, 1, 2, 3, 4), 1e-3)]
    assert alone == [RateRequest((2,), 0.5)]


def test_rate_knows_what_was_done_before():
    """A rate that was changed by hand is the one now; trials that were dropped or have ended get none."""
    view = running()
    view.state.apply(
        [control_event("set_lr", 0, 10, trials=[2], lr=0.75), control_event("end_trial", 0, 20, trials=[4])]
    )
    answers, text = answer(RatePrompt(2), view, "=1", "enter")
    _, other = answer(RatePrompt(1), view)
    _, dropped = answer(RatePrompt(4), view)

    assert "learning rate 0.75 now" in text
    assert "learning rate 0.25 now" in other
    assert answers == [RateRequest((0, 1, 2, 3), 1.0)]
    assert "has ended already (dropped)" in dropped


@pytest.mark.parametrize(("text", "why"), [("x", "is not a number"), ("", "is not a number"), ("0", "must be positive"), ("-1", "must be positive"),
                                           ("nan", "must be positive"), ("inf", "finite")])  # fmt: skip
def test_no_rates(text, why):
    """What is no positive finite number is refused where it was typed."""
    answers, told = answer(RatePrompt(0), running(), f"={text}", "enter")

    assert answers == []
    assert why in told
    with pytest.raises(ValueError, match=why):
        learning_rate(text)


def test_breakpoints_are_read_before_they_are_asked():
    """A condition is taken as the engine reads it; a wrong one is told what it lacks, in place."""
    good, _ = answer(BreakpointPrompt(), running(), "=first_last_gradient_ratio<1e-6   in relu", "enter")
    bad, text = answer(BreakpointPrompt(), running(), "=first_last_gradient_ratoi < 1", "enter")
    nobody, whose = answer(BreakpointPrompt(), running(), "=test_loss rises 3 in rleu", "enter")

    assert good == [BreakpointRequest("first_last_gradient_ratio < 1e-06 in relu", on=True)]
    assert bad == nobody == []
    assert "did you mean 'first_last_gradient_ratio'" in inside(text)
    assert "did you mean 'relu'" in inside(whose)


def test_breakpoints_that_are_set_can_be_taken_away(tmp_path):
    """Those of the recipe, and those asked for in this session and not taken back, are listed; Enter on one takes it away."""
    folder = RunFolder(tmp_path)
    record(folder, Launched(1, 0, Token("local", 1, "here", 0.0), [0], 0))
    asked = [
        ("test_loss rises 3", True, 1),
        ("zero_fraction > 0.9", True, 1),
        ("test_loss rises 3", False, 1),
        ("old < 1", True, 0),
    ]
    with folder.control_file.open("wb") as file:
        file.write(b"damaged\n")
        for when, on, session in asked:
            line = {"v": 1, "id": when, "session": session, "action": "breakpoint", "when": when, "on": on}
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    recipes = ["first_last_gradient_ratio < 1e-06"]

    assert breakpoints_set(folder, recipes) == ["first_last_gradient_ratio < 1e-06", "zero_fraction > 0.9"]
    answers, _ = answer(BreakpointPrompt(), running(breakpoints=recipes), "down", "down", "enter", folder=folder)
    assert answers == [BreakpointRequest("zero_fraction > 0.9", on=False)]


def test_export_takes_the_format_of_the_name(tmp_path):
    """Enter writes what the file's name ends in; a format's button gives the name its end."""
    entered, _ = answer(ExportPrompt(), running(), f"={tmp_path / 'a.json'}", "enter")
    pressed, _ = answer(ExportPrompt(), running(), f"={tmp_path / 'a.json'}", "#markdown")
    own, _ = answer(ExportPrompt(), running(), f"={tmp_path / 'v1.2'}", "#csv")

    assert entered == [ExportTo("json", tmp_path / "a.json")]
    assert pressed == [ExportTo("markdown", tmp_path / f"a{EXPORTERS['markdown'].traits['suffix']}")]
    assert own == [ExportTo("csv", tmp_path / "v1.2")]


def test_export_says_where_it_cannot_write(tmp_path):
    """No name, a folder, a folder that is not there, a device, an unknown end: each is told, none is taken; a file is warned of."""
    (tmp_path / "there.csv").touch()
    wrong = {
        "": "needs a name",
        f"{tmp_path}": "is a folder",
        f"{tmp_path}/no/a.csv": "there is no folder",
        "/dev/null": "device",
    }
    for text, why in wrong.items():
        answers, told = answer(ExportPrompt(), running(), f"={text}", "#csv", size=(200, 24))
        assert answers == []
        assert why in inside(told)

    _, unknown = answer(ExportPrompt(), running(), f"={tmp_path / 'a.xls'}", "enter")
    _, replaced = answer(ExportPrompt(), running(), f"={tmp_path / 'there.csv'}")
    assert "no format writes files that end in '.xls'" in unknown
    assert "will be replaced" in replaced


def test_arrows_go_through_the_buttons():
    """The arrows reach every button, so that nothing needs a mouse."""

    async def run():
        app = Stage(TrialList, running())
        async with app.run_test() as pilot:
            await shown(pilot)
            app.push_screen(ExportPrompt())
            await pilot.pause()
            reached = []
            for _ in app.screen.query(Button):
                await pilot.press("down")
                reached.append(app.screen.focused.id)
            return reached, [button.id for button in app.screen.query(Button)]

    reached, there = asyncio.run(run())

    assert reached == there


def test_lists_of_conditions_take_the_arrows():
    """In a list the arrows go from one condition to the next."""
    view = running(breakpoints=["test_loss rises 3", "zero_fraction > 0.9"])

    async def run():
        app = Stage(TrialList, view)
        async with app.run_test() as pilot:
            await shown(pilot)
            app.push_screen(BreakpointPrompt())
            await pilot.pause()
            await pilot.press("down", "down")
            return app.screen.query_one(OptionList).highlighted

    assert asyncio.run(run()) == 1


def test_two_enters_are_one_answer():
    """A second Enter that comes before the prompt has gone answers nothing more."""

    async def run():
        answers = []
        app = Stage(TrialList, running())
        async with app.run_test() as pilot:
            await shown(pilot)
            app.push_screen(RatePrompt(0), answers.append)
            await pilot.pause()
            field = app.screen.query_one(Input)
            for _ in range(2):
                field.post_message(Input.Submitted(field, field.value))
            await pilot.pause()
            return answers, len(app.screen_stack)

    assert asyncio.run(run()) == ([RateRequest((0, 1, 2, 3, 4), 0.25)], 1)
