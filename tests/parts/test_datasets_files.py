"""Datasets in files of one's own: what is written comes back, and every broken file gets one clear text."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as any_array

from dlbench.errors import SetupError
from dlbench.parts.datasets import describe, load_data

Y = np.array([0, 1, 2, 0, 1, 2])
reuse = settings(max_examples=40)
FLOATS = st.floats(-(2.0**100), 2.0**100, width=32)


def archive(path, **changes):
    """A good archive at `path` but for the changes (`None` leaves an array out)."""
    arrays = {"x_train": np.ones((6, 2)), "y_train": Y, "x_test": np.ones((6, 2)), "y_test": Y, **changes}
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return str(path)


def table(path, text):
    """A csv file of that text."""
    path.write_text(text, encoding="utf-8", newline="")
    return str(path)


@reuse
@given(x=any_array(np.float32, (6, 3), elements=FLOATS), y=st.permutations([0, 0, 1, 1, 2, 2]))
def test_npz_round_trip(tmp_path, x, y):
    """Floats come back bit for bit in their order, with their labels."""
    path = archive(
        tmp_path / "a.npz", x_train=x, y_train=np.array(y), x_test=x[::-1], y_test=np.array(y[::-1], "uint8")
    )
    arrays = load_data({"kind": "npz", "path": path})

    np.testing.assert_array_equal(x, arrays.x_train)
    np.testing.assert_array_equal(x[::-1], arrays.x_test)
    assert y == arrays.y_train.tolist()
    assert y[::-1] == arrays.y_test.tolist()


@pytest.mark.parametrize(
    ("stored", "dtype", "seen"),
    [
        ((8, 9), "uint8", (1, 8, 9)),
        ((8, 9), "float32", (8, 9)),
        ((8, 9, 3), "uint8", (3, 8, 9)),
        ((8, 9, 1), "float64", (1, 8, 9)),
        ((8, 9, 4), "float32", (4, 8, 9)),
        ((3, 8, 9), "uint8", (3, 8, 9)),
        ((3, 8, 3), "uint8", (3, 8, 3)),
        ((8, 9, 5), "uint8", (8, 9, 5)),
        ((7,), "int32", (7,)),
    ],
)
def test_npz_puts_channels_first_where_they_are_plainly_last(tmp_path, stored, dtype, seen):
    """The documented rule, by `describe` and by the arrays, value for value."""
    x = np.random.default_rng(0).integers(0, 255, (6, *stored)).astype(dtype)
    for compress in (np.savez, np.savez_compressed):
        compress(tmp_path / "a.npz", x_train=x, y_train=Y, x_test=x, y_test=Y)
        source = describe({"kind": "npz", "path": str(tmp_path / "a.npz")})
        arrays = source.load()

        moved = x if stored == seen or len(stored) == 2 else x.transpose(0, 3, 1, 2)
        scale = 255 if dtype == "uint8" else 1
        assert source.shape == seen
        np.testing.assert_allclose(moved.reshape(6, *seen) / scale, arrays.x_train, rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"x_test": None}, "has no array 'x_test'; it needs x_train, y_train, x_test, y_test and has x_train, y_train, y_test"),
        ({"x_train": np.full((6, 2), "a")}, "'x_train' holds <U1, not numbers"),
        ({"x_train": np.full((6, 2), 1j)}, "'x_train' holds complex128, not numbers"),
        ({"x_train": np.array([{}] * 6)}, "'x_train' holds object, not numbers"),
        ({"x_train": np.ones(6)}, r"'x_train' has the shape \(6,\); it needs samples first"),
        ({"x_train": np.ones((0, 2)), "y_train": Y[:0]}, r"'x_train' has the shape \(0, 2\); it needs samples first"),
        ({"x_train": np.ones((5, 2))}, "'x_train' has 5 samples, but 6 labels"),
        ({"x_test": np.ones((6, 3))}, r"'x_train' has samples of \(2,\) in float64, 'x_test' of \(3,\) in float64"),
        ({"x_test": np.ones((6, 2), "uint8")}, r"in float64, 'x_test' of \(2,\) in uint8; they must agree"),
        (
            {"y_train": Y + 1, "y_test": Y + 1},
            "the labels in 'y_train' are 1, 2, 3, those in 'y_test' 1, 2, 3; together they must be 0, 1, ... without a gap",
        ),
        ({"y_train": Y * 0}, "the labels in 'y_train' are 0, those in 'y_test' .* two in 'y_train' at least"),
        ({"y_test": Y * 0.5}, r"must be whole numbers of the shape \(samples,\), but is float64 of \(6,\); save y_test.astype"),
        ({"y_train": Y * 0.5}, r"'y_test' is int64 of \(6,\), but 'y_train' holds floats, numbers to be learned; save both alike"),
        ({"y_train": Y * 0.5, "y_test": np.ones((6, 2))}, r"'y_train' has 1 targets, 'y_test' 2; they must agree"),
        ({"y_train": Y * np.nan, "y_test": Y * 0.5}, r"'y_train' is nan at \[0\]; every target must be finite in float32"),
        ({"y_train": Y * 0.0, "y_test": Y * 0.5}, r"every sample in 'y_train' has the same target: there is nothing to learn"),
        ({"y_test": Y[:, None]}, r"but is int64 of \(6, 1\); save y_test.ravel\(\)"),
        ({"y_train": np.array(["a", "b"] * 3)}, r"'y_train' holds <U1, not numbers; `_, y = numpy.unique\(labels"),
        ({"y_train": np.eye(6, dtype=int)}, r"'y_train' must be whole numbers .* but is int64 of \(6, 6\); save y_train.argmax\(axis=1\)"),
        ({"y_train": (Y - 1).astype("uint64")}, "the labels in 'y_train' are -1, 0, 1, those"),
        ({"y_train": Y - 1}, "the labels in 'y_train' are -1, 0, 1, those"),
        ({"y_test": Y + 4}, "those in 'y_test' 4, 5, 6; together"),
    ],
)  # fmt: skip
def test_npz_says_what_is_wrong_without_loading(tmp_path, changes, says):
    """A wrong archive is refused when it is described, naming the file and the array."""
    path = archive(tmp_path / "a.npz", **changes)
    with pytest.raises(SetupError, match=f"^{path}:? .*{says}|^{path}: {says}|^{path} {says}"):
        describe({"kind": "npz", "path": path})


def test_npz_takes_a_class_that_only_the_test_set_has(tmp_path):
    """It counts as a class without a training sample, of which the notes on the data speak."""
    source = describe({"kind": "npz", "path": archive(tmp_path / "a.npz", y_test=Y + 1)})

    assert (source.classes, source.train_per_class[3]) == (4, 0)
    assert source.test_per_class[3] == (Y == 2).sum()


@pytest.mark.parametrize("dtype", ["float64", "int64", "int32"])
def test_npz_numbers_keep_their_digits_until_they_are_normalized(tmp_path, dtype):
    """Whole seconds at 1.7e9, where float32 counts in steps of 128, are as many values after normalizing as before."""
    x = (1_700_000_000 + np.arange(6)[:, None]).astype(dtype)
    path = archive(tmp_path / "a.npz", x_train=x, x_test=x)
    arrays = load_data({"kind": "npz", "path": path, "normalize": "standard"})

    np.testing.assert_allclose(arrays.x_train[:, 0], (np.arange(6) - 2.5) / np.arange(6).std(), rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
def test_npz_refuses_numbers_that_are_not_finite_and_says_where(tmp_path, bad):
    """NaN, infinity and what overflows float32 are found when loading, with their position."""
    x = np.ones((6, 2))
    x[4, 1] = bad
    path = archive(tmp_path / "a.npz", x_test=x)
    with pytest.raises(SetupError, match=r"'x_test' is (nan|inf) at \[4, 1\]; every number must be finite"):
        load_data({"kind": "npz", "path": path})


@pytest.mark.parametrize("keep", [0, 1, 30, 200, 700, -1])
def test_a_truncated_npz_is_one_clear_error(tmp_path, keep):
    """However much of the file is left, the text says that it cannot be read and what it should be."""
    path = archive(tmp_path / "a.npz")
    content = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(content[:keep])
    with pytest.raises(SetupError, match=r"cannot be read as an npz archive \(.*\); write it again with numpy.savez"):
        load_data({"kind": "npz", "path": path})


@reuse
@given(st.data())
def test_a_damaged_npz_never_raises_anything_else(tmp_path, data):
    """With any byte of the archive changed, loading works or raises `SetupError` (or refuses the size it claims)."""
    archive(tmp_path / "good.npz")
    content = bytearray((tmp_path / "good.npz").read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "bad.npz").write_bytes(content)
    text = ""
    try:
        load_data({"kind": "npz", "path": str(tmp_path / "bad.npz")})
    except (SetupError, ValueError) as error:
        text = str(error)

    assert not text or str(tmp_path / "bad.npz") in text or "GiB" in text


def test_an_archive_that_claims_a_huge_array_is_refused(tmp_path):
    """A header of a terabyte in a file of a kilobyte is an error, not an allocation."""
    path = archive(tmp_path / "a.npz")
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    members["x_train.npy"] = members["x_train.npy"].replace(b"(6, 2), }          ", b"(6, 99999999999), }")
    members["x_test.npy"] = members["x_train.npy"]
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
    with pytest.raises(ValueError, match=r"this data takes 4,470\.3 GiB of memory, but .* GiB are free here"):
        describe({"kind": "npz", "path": path})


@pytest.mark.parametrize("kind", ["npz", "csv"])
def test_a_file_is_found_from_here_and_in_the_data_folders(tmp_path, monkeypatch, kind):
    """A relative path is seen from the current folder, then from DLBENCH_DATA; without it the text says where it was sought."""
    monkeypatch.setenv("DLBENCH_DATA", str(tmp_path / "mine"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SetupError) as caught:
        describe({"kind": kind, "path": "some/file"})
    text = str(caught.value)
    assert text.startswith(
        f"no file 'some/file': looked in {tmp_path}/some, {tmp_path}/mine/some, {tmp_path}/data/some, "
    )
    assert text.endswith("; correct 'path', or set DLBENCH_DATA to the folder it lies in")

    for folder in ("mine/some", "some"):
        (tmp_path / folder).mkdir(parents=True)
        file = tmp_path / folder / "file"
        if kind == "npz":
            archive(tmp_path / "a.npz")
            (tmp_path / "a.npz").rename(file)
        else:
            table(file, "1,a\n2,a\n3,b\n4,b\n5,b\n6,b\n")
        assert describe({"kind": kind, "path": "some/file"}).classes in {2, 3}
        file.unlink()
