"""Random streams: a function of (seed, purpose, place) and nothing else.

The variant and the stack are not in it. So two variants with one seed see the same batches and start from the same
underlying draws (their difference is a paired difference), and a trial draws the same numbers in whatever company.
"""

from __future__ import annotations

import hashlib

import torch


def stream_seed(seed: int, purpose: str, place: object) -> int:
    """A 63-bit seed from the first bytes of SHA-256 of `seed/purpose/place`."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{place}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def stream(seed: int, purpose: str, place: object, device: torch.device | str = "cpu") -> torch.Generator:
    """A fresh generator for one purpose at one place; draws made on the CPU are the same on every device."""
    return torch.Generator(device).manual_seed(stream_seed(seed, purpose, place))
