from __future__ import annotations

import io

import pytest
from each import each
from rich.cells import cell_len
from rich.console import Console
from synthetic_run import LN2, finished, make_plan, state_of

from dlbench.analysis.summary import report
from dlbench.plan.questions import Claim, Compare, Questions
from dlbench.text.cells import row_parts
from dlbench.text.notes import notes_of
from dlbench.text.printed import wrapped
from dlbench.text.table import render_text
from dlbench.text.text_table import GLUE, fold_title

CLAIMS = [
    Claim("No seed of the sigmoid net learns", "lecture", "sigmoid", "solved", at_most=0, every_seed=True),
    Claim("ReLU always learns, and this sentence is so long that it must be folded somewhere", "theory", "relu", "solved",
          at_least=0.95),
    Claim("ReLU reaches 0.95", "measured", "relu", "train_accuracy", at_least=0.95),
]  # fmt: skip


def final(trial):
    """The numbers of a trial at its end."""
    if trial.variant == "sigmoid":
        return {"train_loss": LN2, "train_accuracy": 0.5, "test_loss": LN2 + trial.seed / 1e3, "test_accuracy": 0.5}
    good = trial.seed % 3 > 0
    return {
        "train_loss": 0.01 + trial.seed / 1e3,
        "train_accuracy": 1.0 if good else 0.5,
        "test_loss": 0.2,
        "test_accuracy": 1.0,
    }


def found(names=("sigmoid", "relu", "a variant with a rather long name that goes on and on")):
    """A report with long names and three claims."""
    plan = make_plan(names, 10)
    return report(state_of(plan, finished(plan, final)), Questions(compare=Compare("solved", "sigmoid"), claims=CLAIMS))


def printed(this, width=80, *, color=True, ascii_only=False, terminal=False):
    """What stands on the screen."""
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=terminal, color_system="standard" if terminal else None)
    console.print(render_text(this, width=width, color=color, ascii=ascii_only))
    return out.getvalue()


def squeezed(text):
    """A text without its white space."""
    return "".join(text.split())


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_number_is_cut_at_any_width(width, ascii_only):
    """Every number of the table is on the screen whole, and no line is wider than the terminal."""
    this = found()
    text = printed(this, width, ascii_only=ascii_only)
    assert max(map(cell_len, text.splitlines())) <= width
    assert "…" not in text
    if not ascii_only:
        for row in this.table.rows:
            for column in this.table.columns:
                for part in row_parts(row, column):
                    assert squeezed(part) in squeezed(text)


def test_narrow_terminals_get_more_blocks_not_fewer_columns():
    """The variants' names stand in front of every block; at 80 columns there are more blocks than at 200."""
    narrow, wide = (printed(found(["sigmoid", "relu"]), width).count("\nvariant") for width in (80, 200))
    assert narrow > wide >= 1


def test_decimals_stand_under_each_other():
    """In every block, the decimal points of one column's numbers are in one place."""
    lines = printed(found(["sigmoid", "relu"]), 200).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("sigmoid"))
    sigmoid, relu = lines[first], lines[first + 1]
    points = [{i for i, letter in enumerate(line) if letter == "±"} for line in (sigmoid, relu)]
    assert points[0] & points[1]
    assert points[0] <= points[1]


def test_verdicts_have_sign_word_source_and_numbers():
    """Each claim shows its sign, its word, where it comes from, and the numbers."""
    text = printed(found(), 120)
    assert "✔ confirmed No seed of the sigmoid net learns  (lecture)" in text
    assert "✖ refuted" in text
    assert "? undecided ReLU reaches 0.95  (measured)" in text
    assert "solved 0/10, 95 % interval" in text


@pytest.mark.parametrize("width", range(50, 121, 7))
def test_intervals_stay_in_one_line(width):
    """Neither an interval nor the words for it are broken where a claim's numbers or a note go on in the next line."""
    this = found()
    lines = printed(this, width).splitlines()
    intervals = sum(verdict.text.count("95 % interval") for verdict in this.verdicts)
    intervals += sum(note.count("95 % interval") for note in notes_of(this))

    assert sum(line.count("95 % interval") for line in lines) == intervals > 2
    assert all(line.count("[") == line.count("]") for line in lines)
    assert max(map(cell_len, lines)) <= width


def test_ascii_is_ascii():
    """With `ascii` nothing else is written, and plus-minus is `+-`."""
    text = printed(found(), ascii_only=True)
    assert text.isascii()
    assert "+-" in text
    assert "+ confirmed" in text


def test_marks_tell_without_colour_what_colours_tell():
    """Without colour no colour codes are written, and the best cell still has its mark."""
    plain, colored = (printed(found(["sigmoid", "relu"]), color=color, terminal=True) for color in (False, True))
    assert "\x1b[32m" not in plain
    assert "\x1b[1;32m" not in plain
    assert "32m" in colored
    assert "▲" in plain


def test_a_run_without_numbers_is_printed():
    """Before the first event the table shows who waits."""
    plan = make_plan(["sigmoid", "relu"], 2)
    text = printed(report(state_of(plan, []), Questions(compare=Compare("solved", "sigmoid"), claims=CLAIMS)))
    assert "0/2, 2 waiting" in text
    assert text.count("? undecided") == 3
    assert "\n\n\n" not in text


@pytest.mark.parametrize(
    ("language", "ascii_only", "expected"),
    [
        ("ko", False, "✔ 확인됨    그렇다  (이론)"),
        ("ko", True, "+ confirmed so  (theory)"),
        ("en", False, "✔ confirmed so  (theory)"),
    ],
)
def test_claims_speak_the_language_of_the_terminal(language, ascii_only, expected):
    """A claim, its verdict and its source are printed in the terminal's language; in English where it has ASCII only."""
    claim = Claim({"en": "so", "ko": "그렇다"}, "theory", "a", "train_loss", at_most=1)
    this = report(
        state_of(plan := make_plan(["a"], 2), finished(plan, final)),
        Questions(compare=Compare("train_loss"), claims=[claim]),
    )
    out = io.StringIO()
    shown = render_text(this, width=80, color=False, ascii=ascii_only, language=language)
    Console(file=out, width=80).print(shown)
    assert expected in out.getvalue()


@each("width", range(20, 60))
def test_an_option_stays_with_its_value(width):
    """The seeds that a verdict names can be copied with their option at every width."""
    text = "advantage over relu in test_accuracy 0.0006; --seeds 10-1397 would decide 4 in 5 such cases"
    assert "--seeds 10-1397" in wrapped(text, width)


def test_a_heading_parts_no_number_from_its_unit():
    """However narrow its column, `95 %` and `m = 5` stay in one line."""
    assert fold_title("solved against sigmoid (95 %, m = 5)", 4) == [
        "solved",
        "against",
        "sigmoid",
        f"(95{GLUE}%,",
        f"m{GLUE}={GLUE}5)",
    ]
    assert fold_title("", 4) == [""]
