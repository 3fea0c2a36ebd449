"""Hangul in Latin letters, by words whose spelling others have told."""

import pytest

from dlbench.words.romanized import romanized


@pytest.mark.parametrize(
    ("hangul", "latin"),
    [
        ("서울", "seoul"),
        ("부산", "busan"),
        ("제주도", "jejudo"),
        ("한글", "hangeul"),
        ("김치", "gimchi"),
        ("까치", "kkachi"),
        ("원", "won"),
        ("의자", "uija"),
        ("힣", "hit"),
        ("가나다라", "ganadara"),
        ("a=0.1, tanh", "a=0.1, tanh"),
        ("", ""),
    ],
)
def test_words_are_spelt_as_their_cities_signs(hangul, latin):
    """Whole syllables are spelt by the Revised Romanization; all that is no Hangul stays."""
    assert romanized(hangul) == latin


def test_every_syllable_has_letters():
    """Each of the 11,172 syllables is spelt with Latin letters, and with a vowel."""
    for code in range(0xAC00, 0xD7A4):
        latin = romanized(chr(code))
        assert latin.isascii()
        assert latin.isalpha()
        assert set(latin) & set("aeiou")
