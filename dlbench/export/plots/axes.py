"""Charts with axes, drawn by matplotlib, which is there where `dlbench[plot]` is installed."""

from __future__ import annotations

import importlib.util
import io
from typing import TYPE_CHECKING, Any

from dlbench.errors import SetupError
from dlbench.words.printable import one_line, to_ascii

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

DPI = 120
FAMILIES = ("Noto Sans CJK KR", "Noto Sans KR", "NanumGothic", "Malgun Gothic", "Apple SD Gothic Neo")
"""For names that matplotlib's own font has no letters for."""


def figure(width: float, height: float) -> Figure:
    """An empty figure of that many inches; raises SetupError without matplotlib."""
    if importlib.util.find_spec("matplotlib") is None:
        raise SetupError("this picture is drawn by matplotlib, which is not installed; pip install 'dlbench[plot]'")
    from matplotlib.figure import Figure

    return Figure((width, height), dpi=DPI, layout="constrained")


def image_of(drawn: Figure, title: str) -> Image:
    """A figure as an image."""
    from PIL import Image

    file = io.BytesIO()
    drawn.savefig(file, format="png")
    image = Image.open(file).convert("RGB")
    image.info["Title"] = title
    return image


def entitle(drawn: Figure, axes: Axes, title: str, subtitle: str) -> None:
    """A title over the figure, and a line in grey over its first axes."""
    drawn.suptitle(**lettered(title), x=0.01, ha="left", fontsize=12)
    axes.set_title(subtitle, loc="left", fontsize=9, color="#6a737d")


def lettered(text: str) -> dict[str, Any]:
    """A text, taken literally, and a font that has its letters, as matplotlib takes them; without such a font in ASCII."""
    from matplotlib import font_manager

    literal = one_line(text).replace("$", r"\$")
    if all(ord(letter) < 0x250 for letter in literal):
        return {"t": literal}
    there = {font.name for font in font_manager.fontManager.ttflist}
    family = next((name for name in FAMILIES if name in there), None)
    return {"t": to_ascii(literal)} if family is None else {"t": literal, "fontfamily": family}
