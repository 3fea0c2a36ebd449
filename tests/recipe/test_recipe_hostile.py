"""No text whatever makes the checker fall over: it answers with problems, or with a recipe."""

import tomllib

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbench.errors import DlbenchError, RecipeError
from dlbench.parts import CATALOGS
from dlbench.recipe import load
from dlbench.recipe.changes import PATCHES
from dlbench.recipe.claims import CONDITIONS
from dlbench.recipe.sections import FRAME
from dlbench.recipe.training import TRAINING

QUIET = settings(max_examples=40)
SECTIONS = [*FRAME, *TRAINING, *PATCHES, "name", "other"]
NAMES = sorted({part.name for catalog in CATALOGS.values() for part in catalog if "download" not in part.traits})
ARGUMENTS = sorted({key for catalog in CATALOGS.values() for part in catalog for key in part.arguments})
KEYS = [
    *[
        "kind",
        "layers",
        "units",
        "repeat",
        "steps",
        "epochs",
        "batch_size",
        "optimizer",
        "activation",
        "seeds",
        "metric",
        "baseline",
        "select",
    ]
]
KEYS += [*SECTIONS, *CONDITIONS, *ARGUMENTS, "0", "1", "model.activation", "a.b", 'q"', "a", "b", "variant", "says"]
VALUES = st.one_of(
    st.sampled_from([*NAMES, "full", "train_loss", "a", ""]),
    st.integers(-2, 2**70),
    st.integers(-1, 4),
    st.floats(),
    st.booleans(),
    st.datetimes(),
)
DATA = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=20,
)
DOCUMENTS = st.dictionaries(st.sampled_from(SECTIONS), DATA, max_size=8)


def loads_or_explains(loaded, text, *arguments, **options):
    """Load a text; whatever is wrong with it must be said in one line a problem, with a line of the file."""
    try:
        loaded(text, *arguments, **options)
    except RecipeError as error:
        last = text.count("\n") + 1
        for problem in error.problems:
            assert problem.what
            assert problem.line is None or 1 <= problem.line <= last
            assert "Traceback" not in problem.what
    except DlbenchError:
        return


@QUIET
@given(document=DOCUMENTS, quick=st.booleans())
def test_any_document(document, quick, loaded):
    """Any tables of any values under the right names are checked to the end."""
    loads_or_explains(loaded, tomli_w.dumps(document), quick=quick)


@QUIET
@given(document=DOCUMENTS)
def test_any_document_over_a_right_one(document, alone, loaded):
    """A right recipe with any of its sections replaced, and any patches, is checked to the end."""
    loads_or_explains(loaded, tomli_w.dumps(tomllib.loads(alone) | document))


@QUIET
@given(at=st.integers(0, 600), length=st.integers(0, 12), new=st.text("\"'[]{}=,.#\n 0aé\\", max_size=4))
def test_any_slip_of_the_pen(at, length, new, base, loaded):
    """A right recipe with a piece of it replaced is checked to the end."""
    loads_or_explains(loaded, base[:at] + new + base[at + length :])


@QUIET
@given(path=st.text(max_size=12), value=st.text(max_size=12), seeds=st.text(max_size=4))
def test_any_words_on_the_command_line(path, value, seeds, base, loaded):
    """Any --set and --seeds are taken or explained."""
    loads_or_explains(loaded, base, [f"{path}={value}"])
    loads_or_explains(loaded, base, [f"model.{path}={value}"])
    loads_or_explains(loaded, base, seeds=seeds)


@QUIET
@given(content=st.binary(max_size=60))
def test_any_bytes(content, tmp_path):
    """A file that is no text is explained."""
    path = tmp_path / "bytes.toml"
    path.write_bytes(content)

    with pytest.raises(DlbenchError):
        load(path)
