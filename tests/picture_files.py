"""Folders of pictures for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image


def write(
    folder: Path, classes: Mapping[str, int], *, suffix: str = ".png", mode: str = "RGB", size: tuple[int, int] = (9, 7)
) -> None:
    """So many random pictures of each class, `size` being height and width, at `folder/CLASS/0.png` and so on."""
    random = np.random.default_rng(len(str(folder.name)))
    for name, count in classes.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            pixels = random.integers(0, 256, (*size, 3), dtype=np.uint8)
            Image.fromarray(pixels).convert(mode).save(folder / name / f"{index}{suffix}")
