"""Other keys from a file: what it changes, what it asks for in vain, and that everything told of keys follows it."""

import re
import tomllib

import pytest
from each import each
from shell import played, rows, told
from textual.keys import _character_to_key

from dlbench.errors import UsageError
from dlbench.tui import key_file
from dlbench.tui.key_file import as_toml, read_keys, remapped
from dlbench.tui.key_table import KeyTable
from dlbench.tui.keys import KEYS
from dlbench.words.printable import to_ascii

SIGNS = [chr(code) for code in range(33, 127) if not chr(code).isalnum()]


def names(table):
    """The keys of every action."""
    return {key.id: key.names for key in table.keys}


BEFORE = names(KeyTable())


def changed(wanted):
    """What a file changes, and its problems."""
    table, problems = remapped(wanted)
    return {name: keys for name, keys in names(table).items() if keys != BEFORE[name]}, problems


def test_a_file_changes_what_it_names():
    """A key, several, none; two actions may change places."""
    wanted = {"pause": "a", "next_trial": ["j", "pgdn"], "copy": [], "next_measure": "M", "previous_measure": "m"}

    assert changed(wanted) == (
        {
            "pause": ["a"],
            "next_trial": ["j", "pagedown"],
            "copy": [],
            "next_measure": ["M"],
            "previous_measure": ["m"],
        },
        [],
    )


@each("sign", SIGNS)
def test_signs_are_called_as_textual_calls_them(sign):
    """Every sign of a keyboard is written as itself, or by its name."""
    for spelling in (sign, _character_to_key(sign)):
        table, problems = remapped({"help": [spelling], "filter": [], "trials": [], "slower": [], "faster": []} | FREED)
        assert problems == []
        assert names(table)["help"] == [_character_to_key(sign)]


FREED = {"one_step": [], "one_epoch": [], "previous_event": []}
"""Other actions on signs."""


@pytest.mark.parametrize(
    ("spelling", "key"),
    [("shift+q", "Q"), ("Ctrl+K".lower(), "ctrl+k"), ("ctrl+i", "tab"), ("F5", "f5"), ("Esc", "escape"), ("+", "plus")],
)
def test_other_spellings(spelling, key):
    """What a terminal cannot tell apart is one key, however it is written."""
    table, problems = remapped({"help": spelling, "next_pane": [], "close": []})

    assert problems == []
    assert names(table)["help"] == [key]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"paus": "a"}, "no action is called 'paus'; did you mean 'pause'?"),
        ({"pause": "hh"}, "pause = 'hh': there is no such key"),
        ({"pause": "hyper+a"}, "there is no such key"),
        ({"pause": 5}, "pause = 5: there is no such key"),
        ({"pause": ["a", ""]}, "there is no such key"),
        ({"pause": {"key": "a"}}, "there is no such key"),
        ({"interrupt": "a"}, "interrupt has to stay on Ctrl-C"),
        ({"pause": "ctrl+c"}, "Ctrl-C would be interrupt and pause: pause stays as before"),
        ({"pause": "m"}, "m would be next_measure and pause: pause stays as before"),
        ({"pause": "a", "stop": "a"}, "a would be pause and stop: pause and stop stay as before"),
    ],
)
def test_what_a_file_asks_for_in_vain(wanted, words):
    """One sentence says what is wrong with an entry; the action keeps its keys, the others get theirs."""
    found, problems = changed({**wanted, "sort": "f6"})

    assert len(problems) == 1
    assert words in problems[0]
    assert found == {"sort": ["f6"]}


def test_a_key_that_stays_is_not_free_for_another():
    """Where an action has to stay, whoever counted on its key stays as well, so that no key has two meanings."""
    found, problems = changed({"pause": "m", "sort": "space"})

    assert found == {}
    assert len(problems) == 2


def test_the_printed_file_makes_the_table_that_it_was_printed_of():
    """Written down and read again, the keys are the same, as they came and after a change."""
    table, _ = remapped({"pause": ["a", "ctrl+g"], "copy": [], "filter": "+"})

    for one in (KeyTable(), table):
        assert remapped(tomllib.loads(as_toml(one))) == (one, [])
    assert set(tomllib.loads(as_toml(table))) == {key.id for key in KEYS if not key.is_fixed}


def test_which_file_is_read(tmp_path, monkeypatch):
    """The file that was named, else the usual one if it is there; a named one has to be readable, one that is no TOML is told."""
    usual, other = tmp_path / "keys.toml", tmp_path / "other.toml"
    monkeypatch.setattr(key_file, "usual_file", lambda: usual)
    assert read_keys(None).table == KeyTable()
    usual.write_text('pause = "a"\n')
    other.write_text('pause = "H"\nstops = "a"\n')
    assert names(read_keys(None).table)["pause"] == ["a"]
    assert names(read_keys(other).table)["pause"] == ["H"]
    assert f"{other} asks in vain:\n- no action is called 'stops'" in read_keys(other).problem
    usual.write_bytes(b"pause = \xff")
    assert str(usual) in read_keys(None).problem
    assert read_keys(None).table == KeyTable()
    with pytest.raises(UsageError, match=r"nowhere\.toml: cannot read these keys"):
        read_keys(tmp_path / "nowhere.toml")


def test_bindings_footer_and_help_follow_the_file():
    """The new key does what the old one did, which does nothing any more; footer and help tell the new one."""
    table, _ = remapped({"next_measure": "a", "beside": [], "help": "f2"})

    async def look(app, pilot):
        before = app.view.focus.measure
        await pilot.press("m")
        assert app.view.focus.measure == before
        await pilot.press("a")
        await pilot.pause()
        assert app.view.focus.measure != before
        shown = re.split("  +", rows(app)[-1].strip())
        assert {"a Measure", "F2 Help"} <= set(shown)
        assert not any("Beside" in one for one in shown)
        await pilot.press("f2")
        await pilot.pause()
        said = re.sub(r"\s+", " ", "".join(row[4:-4] for row in rows(app)))
        assert "a shows other measures" in said
        assert "no key puts another variant beside this one" in said
        assert "a The next measure." in said
        await pilot.press("f2")
        await pilot.pause()
        assert len(app.screen_stack) == 1

    played(look, keys=table, size=(100, 240))


def test_keys_that_print_nothing_have_their_signs_in_ascii():
    """No key is told by a question mark but the one that is it."""
    told_as = [to_ascii(face) for key in KEYS for face in key.faces]

    assert [face for face in told_as if "?" in face] == ["?"]
    assert {"<-", "->", "^", "v", "shift+<-", "shift+->"} <= set(told_as)


def test_a_dashboard_says_what_its_file_asks_for_in_vain():
    """One message on opening; the dashboard is there all the same."""

    async def look(app, pilot):
        await pilot.pause()
        assert told(app) == ["keys.toml asks in vain"]
        assert "q Quit" in rows(app)[-1]

    played(look, key_problem="keys.toml asks in vain")
