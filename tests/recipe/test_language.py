"""The language of the texts is the one asked for, else that of the locale."""

import pytest

from dlbench.recipe.language import LANGUAGES, WORDS, asked_language, language, word
from dlbench.report.claims import Outcome
from dlbench.report.claims.verdict import ON_THESE_SAMPLES
from dlbench.tui.panes import lesson


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "de_DE.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({}, "en"),
        ({"DLBENCH_LANG": "ko", "LC_ALL": "C.UTF-8"}, "ko"),
        ({"DLBENCH_LANG": "en", "LC_ALL": "ko_KR.UTF-8"}, "en"),
        ({"DLBENCH_LANG": "fr", "LC_ALL": "ko_KR.UTF-8"}, "ko"),
    ],
    ids=["lang", "all-first", "messages-before-lang", "c", "none", "asked", "asked-english", "asked-in-vain"],
)
def test_language_of_the_locale(monkeypatch, locale, expected):
    """What DLBENCH_LANG asks for; else Korean where the first of LC_ALL, LC_MESSAGES and LANG that is set is, else English."""
    for name in ("DLBENCH_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in locale.items():
        monkeypatch.setenv(name, value)

    assert language() == expected


def test_the_locale_asks_for_nothing(monkeypatch):
    """Data for programs go by what was asked for explicitly, never by a locale."""
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    monkeypatch.delenv("DLBENCH_LANG", raising=False)

    assert asked_language() is None


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_every_word_around_a_lesson_is_there(language):
    """Outcomes, sources, headings and the sentences of the Lesson pane have a word of their own, and no other is kept."""
    around = {*map(str, Outcome), "lecture", "theory", "measured", "Claims", "Explanation"}
    around |= {f"{outcome}{ON_THESE_SAMPLES}" for outcome in (Outcome.CONFIRMED, Outcome.REFUTED)}
    around |= {lesson.LATER, lesson.STOPPED, lesson.NONE}

    assert set(WORDS[language]) == around
    assert all(word(english, language) != english for english in around)


def test_a_word_that_nobody_translated_stays():
    """English is its own language, and whatever has no word in another one."""
    assert word("confirmed", "en") == "confirmed"
    assert word("parameters", "ko") == "parameters"
