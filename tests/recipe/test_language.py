"""The language of the texts is the one asked for, else that of the locale."""

import pytest

from dlbench.analysis.claims import Outcome
from dlbench.analysis.claims.verdict import ON_THESE_SAMPLES
from dlbench.tui.panes import lesson
from dlbench.words.language import LANGUAGES, WORDS, readers_language, word
from dlbench.words.page_words import KOREAN


@pytest.mark.parametrize(
    ("asked", "locale", "expected"),
    [
        (None, {"LANG": "ko_KR.UTF-8"}, "ko"),
        (None, {"LANG": "ko_KR.UTF-8", "LC_ALL": "de_DE.UTF-8"}, "en"),
        (None, {"LANG": "de_DE.UTF-8", "LC_MESSAGES": "ko_KR.UTF-8"}, "ko"),
        (None, {"LANG": "C.UTF-8"}, "en"),
        (None, {}, "en"),
        ("ko", {"LC_ALL": "C.UTF-8"}, "ko"),
        ("en", {"LC_ALL": "ko_KR.UTF-8"}, "en"),
    ],
    ids=["lang", "all-first", "messages-before-lang", "c", "none", "asked", "asked-english"],
)
def test_language_of_the_locale(monkeypatch, asked, locale, expected):
    """What was asked for; else Korean where the first of LC_ALL, LC_MESSAGES and LANG that is set is, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in locale.items():
        monkeypatch.setenv(name, value)

    assert readers_language(asked) == expected


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_every_word_around_a_lesson_is_there(language):
    """Outcomes, sources, headings and the sentences of the Lesson pane have a word of their own, and no other is kept."""
    around = {*map(str, Outcome), "lecture", "theory", "measured", "Claims", "Explanation"}
    around |= {f"{outcome}{ON_THESE_SAMPLES}" for outcome in (Outcome.CONFIRMED, Outcome.REFUTED)}
    around |= {lesson.LATER, lesson.STOPPED, lesson.NONE, lesson.UNASKED}

    around |= {"Diagnosis", *KOREAN}  # a page's words have a test of their own
    assert set(WORDS[language]) == around
    assert all(word(english, language) != english for english in around)


def test_a_word_that_nobody_translated_stays():
    """English is its own language, and whatever has no word in another one."""
    assert word("confirmed", "en") == "confirmed"
    assert word("parameters", "ko") == "parameters"
