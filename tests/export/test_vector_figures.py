"""Figures as files and for pages: texts stay texts, colours are a page's, and the same run gives the same bytes."""

import math
import re
import xml.etree.ElementTree as ET
import zlib
from html import escape

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image
from plot_runs import asked_of, run_with

from dlbench.analysis.summary import summarize
from dlbench.errors import UsageError
from dlbench.export.plots import PLOTS
from dlbench.export.plots.embedded import PAGE_STYLE, comparison_svg, curves_svg, layers_svg, shared_scale
from dlbench.export.plots.lettering import EAST_ASIAN, OWN, Lettering, drawn, families
from dlbench.export.plots.rendering import FORMS, picture
from dlbench.export.plots.style import DARK, DASHES, DPI, LIGHT, MARKERS, MOST_TOGETHER, PAGE, Look, stroke

KOREAN = "시그모이드 <활성화>"
ODD = r"_b $\c$ & 'x'"
SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}href"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run with names of any script."""
    return run_with(tmp_path_factory.mktemp("vector"), variants=(KOREAN, ODD))


@pytest.fixture(scope="module")
def report(folder):
    """Its report."""
    return summarize(folder)


def texts_of(svg):
    """All texts of an SVG, lines that belong together apart."""
    return [(node.text or "").strip() for node in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("what", PLOTS.names)
def test_an_svg_says_what_it_shows_in_text(what, folder):
    """Names, numbers and titles are texts in their own letters, whatever fonts are here; nothing is fetched from elsewhere."""
    svg = picture(PLOTS[what].make, asked_of(folder), "svg").decode()
    root, texts = ET.fromstring(svg), texts_of(svg)

    assert any(KOREAN in text for text in texts)
    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert not root.findall(f".//{SVG}script")
    links = [node.get(XLINK) for node in root.iter() if node.get(XLINK)]
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)
    assert not re.search(r"\b20\d\d-\d\d", svg)
    assert "Matplotlib" not in svg


def test_an_svg_of_curves_names_series_axes_and_variants(folder):
    """The parsed file has each panel's name, the names of the axes and both variants."""
    texts = texts_of(picture(PLOTS["curves"].make, asked_of(folder), "svg").decode())

    assert {
        "train loss",
        "test loss",
        "train accuracy",
        "test accuracy",
        "step",
        "loss",
        "accuracy",
        KOREAN,
        ODD,
    } <= set(texts)


@pytest.mark.parametrize(
    ("what", "form"), [*((name, "svg") for name in PLOTS.names), *(("curves", form) for form in FORMS[1:])]
)
def test_the_same_run_gives_the_same_bytes(what, form, folder):
    """Twice the same file, whatever the settings of matplotlib on a machine; those are as before afterwards."""
    first = picture(PLOTS[what].make, asked_of(folder), form)
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "red", "svg.fonttype": "path", "text.parse_math": True}):
        before = dict(mpl.rcParams)
        assert picture(PLOTS[what].make, asked_of(folder), form) == first
        assert dict(mpl.rcParams) == before


def test_a_png_has_the_size_that_was_asked_for(folder, tmp_path):
    """Inches times dots an inch, with the title inside."""
    file = tmp_path / "it.png"
    file.write_bytes(picture(PLOTS["curves"].make, asked_of(folder, look=Look(size=(6, 5))), "png"))
    with Image.open(file) as image:
        assert image.size == (6 * DPI, 5 * DPI)
        assert image.text["Title"] == "Loss and accuracy of xor"


def test_a_pdf_is_one_page_with_fonts_inside(folder):
    """One page of the size in points, no date, texts in an embedded font."""
    pdf = picture(PLOTS["curves"].make, asked_of(folder, look=Look(size=(6, 5))), "pdf")

    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
    assert re.search(rb"/MediaBox \[ 0 0 432 360 \]", pdf)
    assert b"/FontFile2" in pdf
    assert b"CreationDate" not in pdf
    assert pdf.rstrip().endswith(b"%%EOF")
    streams = [
        zlib.decompress(body) for body in re.findall(rb"/FlateDecode.*?stream\n(.*?)\nendstream", pdf, re.DOTALL)
    ]
    assert any(b" Tf" in stream for stream in streams)


def figures(report):
    """One of each kind for a page."""
    scale = shared_scale(report)
    return [curves_svg(report), curves_svg(report, ["loss"]), comparison_svg(report), *(layers_svg(report, name, scale=scale) for name in (KOREAN, ODD))]  # fmt: skip


def test_a_page_can_hold_several_figures(report):
    """No id comes twice, every reference leads to an id of its own figure, and no rule of style reaches beyond it."""
    seen = set()
    for svg in figures(report):
        ids = re.findall(r'\bid="([^"]+)"', svg)
        assert len(ids) == len(set(ids))
        assert not seen & set(ids)
        seen |= set(ids)
        assert set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg)) <= {(own, "") for own in ids} | {
            ("", own) for own in ids
        }
        assert "<style" not in svg


def test_a_figure_in_a_page_takes_the_pages_looks(report):
    """It has no size, ground, font or fixed ink of its own: a view box, the page's font, and custom properties with a colour to fall back on."""
    properties = set(re.findall(r"(--plot-\w+):", PAGE_STYLE))
    for svg in figures(report):
        root = ET.fromstring(svg)
        assert root.get("viewBox")
        assert root.get("width") is root.get("height") is None
        assert svg.startswith("<svg ")
        assert svg.endswith("</svg>")
        assert set(re.findall(r"font-family: ([^;\"]+)", svg)) == {"inherit"}
        assert not any(color in svg for color in PAGE.variables.values())
        used = dict(re.findall(r"var\((--plot-\w+), (#\w{6})\)", svg))
        assert "--plot-ink" in used
        assert used.items() <= LIGHT.variables.items()
        assert set(used) <= properties
        left = set(re.findall(r"(?:fill|stroke): (#\w+)", svg))
        assert left == set(), "a colour that no page can change"
    assert PAGE_STYLE.count(LIGHT.ink) == PAGE_STYLE.count(DARK.ink) == 1


def test_a_page_tells_both_names(report):
    """The label that is read aloud is escaped, the texts are the run's own."""
    svg = layers_svg(report, ODD)

    assert escape("Gradient norm, layer by layer: xor") in svg
    assert ODD in " ".join(texts_of(svg))


def test_maps_in_a_page_can_share_a_scale(report):
    """The shared scale spans every variant's gradients, which each map's bar then shows."""
    assert shared_scale(report) == pytest.approx((1e-6, 2.0))
    assert shared_scale(report, "zero_fraction") is None
    bars = [texts_of(layers_svg(report, name, scale=(1e-4, 1e4))) for name in (KOREAN, ODD)]
    assert all({"0.0001", "10,000"} <= set(bar) for bar in bars)
    with pytest.raises(UsageError, match="did you mean"):
        layers_svg(report, KOREAN + "x")


def luminance(color):
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one, other):
    """Contrast ratio of two colours (WCAG 2.2), 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_read_on_their_ground_and_in_grey(theme):
    """Lines have 3:1 to the ground, texts 4.5:1; neighbours among the variants differ by a half in lightness, first and last too."""
    assert all(contrast(color, theme.ground) >= 3 for color in (*theme.series, theme.broken))
    assert all(contrast(color, theme.ground) >= 4.5 for color in (theme.ink, theme.faint))
    for one, other in zip(theme.series, (*theme.series[1:], theme.series[0]), strict=True):
        assert contrast(one, other) >= 1.5


DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
PROTANOPIA = np.array(
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
)
"""What linear red, green and blue become (Machado, Oliveira & Fernandes 2009, severity 1)."""


def lab(color, seen):
    """A colour in CIELAB (D65), as eyes see it that mix channels by `seen`."""
    channels = np.array([int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratios = to_xyz @ np.clip(seen @ linear, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(ratios > 0.008856, np.cbrt(ratios), 7.787 * ratios + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("seen", [np.eye(3), DEUTERANOPIA, PROTANOPIA], ids=["all", "deuteranopia", "protanopia"])
def test_colours_differ_for_every_eye(theme, seen):
    """Those that can lie in one panel with bands are clearly apart, all eight are apart, for colour-blind eyes too."""
    colors = [lab(color, seen) for color in theme.series]
    distances = {(i, j): math.dist(colors[i], colors[j]) for i in range(8) for j in range(i)}
    assert min(distances.values()) > 10
    assert min(distance for (i, _), distance in distances.items() if i < 4) > 20


def test_lines_differ_without_any_colour():
    """No two variants of one panel have the same dashes and the same marker."""
    looks = {(str(own.dash), own.marker) for own in (stroke(number, LIGHT) for number in range(MOST_TOGETHER))}
    assert len(looks) == MOST_TOGETHER == len(set(MARKERS))
    assert len(DASHES) > 3


def test_every_letter_that_is_drawn_has_a_font():
    """What has no letter here is drawn by letters that there are, never as a box; no two names get the same ones."""
    letters = Lettering()
    names = [KOREAN, "시그모이드", "日本語", "中文字", "日本語?", ODD, "Größe ± 1 · β₂", "\x1b[31m", "한글"]
    found = [letters(name) for name in names]

    assert len(set(found)) == len(names)
    assert all(drawn(text) == text for text in found)
    assert found[names.index("Größe ± 1 · β₂")] == "Größe ± 1 · β₂"
    assert "\x1b" not in "".join(found)
    if families() == [OWN]:
        assert found[names.index("한글")] == "hangeul"
        assert all(len(text) > len(name) for name, text in zip(names[:4], found, strict=False))
    else:
        assert set(families()[1:]) <= set(EAST_ASIAN)


@pytest.mark.parametrize("width", [8, 20, 60])
def test_lines_are_as_wide_as_they_are_drawn(width):
    """Words are kept whole where they fit, no line is wider than asked for in the letters that are drawn, and the rest is cut."""
    text = f"{KOREAN} on nine layers, and averyveryverylongwordthatfitsnowhere"
    letters = Lettering()
    lines = letters.lines(text, width, most=3).split("\n")
    assert len(lines) <= 3
    assert all(len(drawn(line)) <= width for line in lines)
    assert letters.lines("one two three", 8) == "one two\nthree"
    assert letters.fitted("abcdefghij", 5) == "abcd…"
    assert letters.fitted("abcde", 5) == "abcde"
