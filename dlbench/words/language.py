"""In which language people read a recipe's texts, and the words around them. Imports nothing heavy."""

from __future__ import annotations

import os

from dlbench.words.page_words import KOREAN

LANGUAGES = ("en", "ko")
"""The languages that recipes may speak."""

WORDS = {
    "ko": {
        **KOREAN,
        "Claims": "주장",
        "Diagnosis": "진단",
        "confirmed": "확인됨",
        "refuted": "반박됨",
        "undecided": "판단 보류",
        "confirmed on these samples": "이 표본에서 확인됨",
        "refuted on these samples": "이 표본에서 반박됨",
        "lecture": "강의",
        "theory": "이론",
        "measured": "실측",
        "Explanation": "해설",
        "The explanation comes when the run has ended.": "해설은 실행이 끝나면 나옵니다.",
        "The run has stopped before its end. The explanation comes when it has ended; continue with:": (
            "실행이 끝나기 전에 멈췄습니다. 해설은 끝까지 간 뒤에 나옵니다. 이어서 실행하려면:"
        ),
        "This recipe asks no question and explains nothing.": "이 레시피에는 질문도 해설도 없습니다.",
        "Nobody has asked anything of these recordings. Questions, with claims to be held to, come from a file:": (
            "이 기록들에 대한 질문이 아직 없습니다. 질문과 확인할 주장은 파일로 줍니다:"
        ),
    }
}
"""The words around a lesson's texts. Numbers, tables and messages stay English in every language, and so does all data."""


def readers_language(asked: str | None) -> str:
    """The language that was asked for; else `ko` where the locale is Korean, else `en`."""
    if asked is not None:
        return asked
    locale = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "ko" if locale.lower().startswith("ko") else "en"


def word(english: str, language: str) -> str:
    """One of the words around a lesson in a language; in English where it has none of its own."""
    return WORDS.get(language, {}).get(english, english)
