"""The language of the texts is that of the locale."""

import pytest

from dlbench.recipe.language import language


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "de_DE.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({}, "en"),
    ],
    ids=["lang", "all-first", "messages-before-lang", "c", "none"],
)
def test_language_of_the_locale(monkeypatch, locale, expected):
    """Korean where the first of LC_ALL, LC_MESSAGES and LANG that is set is Korean, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in locale.items():
        monkeypatch.setenv(name, value)

    assert language() == expected
