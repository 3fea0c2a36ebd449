"""Settings that recordings of one variant do not share, though their numbers are averaged as those of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dlbench.errors import shortened

MOST_TOLD = 5
"""Settings, and values of each, that a note tells."""


def told_settings(recordings: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    """`he: lr differs: 0.1, 0.01`, a note for each variant; each recording is its variant and its settings."""
    by_variant: dict[str, list[Mapping[str, Any]]] = {}
    for variant, own in recordings:
        by_variant.setdefault(variant, []).append(own)
    for variant, settings in by_variant.items():
        names = dict.fromkeys(name for own in settings for name in own)
        values = {name: list(dict.fromkeys(_text(own, name) for own in settings)) for name in names}
        other = [f"{name} differs: {_listed(texts)}" for name, texts in values.items() if len(texts) > 1]
        if other:
            what = f"{variant}: {'; '.join(other[:MOST_TOLD])}{'; ...' if len(other) > MOST_TOLD else ''}"
            yield f"{what}; its numbers are taken together all the same: give each a variant of its own"


def _text(settings: Mapping[str, Any], name: str) -> str:
    return shortened(str(settings[name])) if name in settings else "not told"


def _listed(texts: list[str]) -> str:
    return ", ".join(texts[:MOST_TOLD]) + (", ..." if len(texts) > MOST_TOLD else "")
