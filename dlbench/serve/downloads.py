"""Files that viewers have asked for, each to be fetched once."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass

MOST = 32
"""Files that wait; the oldest gives way."""


@dataclass(frozen=True)
class Delivery:
    """A file by the name that the browser saves it under."""

    name: str
    data: bytes


class Downloads:
    """Nothing of it is ever written to this machine's disk."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Delivery] = OrderedDict()

    def put(self, download: Delivery) -> str:
        """Keep a file; returns the key that it is fetched by."""
        key = secrets.token_urlsafe(16)
        self._waiting[key] = download
        while len(self._waiting) > MOST:
            self._waiting.popitem(last=False)
        return key

    def take(self, key: str) -> Delivery | None:
        """Hand a file out for good."""
        return self._waiting.pop(key, None)
