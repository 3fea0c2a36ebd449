"""Hangul in Latin letters, for where no font has it. Imports nothing heavy."""

from __future__ import annotations

FIRST, LAST = "가", "힣"
"""Of the syllables that Unicode has whole."""
INITIALS = ("g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h")
VOWELS = (
    *("a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu"),
    *("eu", "ui", "i"),
)
FINALS = (
    *("", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t", "t", "ng"),
    *("t", "t", "k", "t", "p", "t"),
)


def romanized(text: str) -> str:
    """The text with each Hangul syllable spelt in Latin letters; all else stays.

    By the tables of the Revised Romanization of Korean (Ministry of Culture and Tourism, 2000), syllable by syllable, without its
    changes of sound between them. A whole syllable is 588 initials + 28 vowels + finals after 가 (Unicode, section 3.12).
    """
    return "".join(_syllable(letter) if FIRST <= letter <= LAST else letter for letter in text)


def _syllable(letter: str) -> str:
    initial, rest = divmod(ord(letter) - ord(FIRST), len(VOWELS) * len(FINALS))
    vowel, final = divmod(rest, len(FINALS))
    return INITIALS[initial] + VOWELS[vowel] + FINALS[final]
