"""A large table is read once, and what was kept of it is used only where it is whole and still true."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from csv_files import write

from dlbench.parts.datasets.csv_file import csv, store
from dlbench.parts.datasets.csv_file.options import MISSING_WORDS, CsvOptions
from dlbench.parts.datasets.csv_file.prepare import prepare

OPTIONS = CsvOptions(
    answer=-1, is_target=False, label_as="auto", header="auto", delimiter="auto", decimal="auto", encoding="auto", ignore=(), text="one_hot",
    ordinal=(), missing="mean", missing_indicator=True, missing_words=MISSING_WORDS,
)  # fmt: skip


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A file that counts as large, in a machine with a cache of its own."""
    monkeypatch.setattr(store, "LARGE", 1)
    monkeypatch.setattr(store, "cache", lambda: tmp_path / "cache")
    write(
        tmp_path / "t.csv",
        "v,w,kind\n" + "".join(f"{'' if i == 3 else i / 3},{'xyz'[i % 3]},{'ab'[i % 2]}\n" for i in range(30)),
    )
    return tmp_path / "t.csv"


class Counting:
    """`prepare`, counted."""

    def __init__(self):
        self.calls = 0

    def __call__(self, file, options):
        self.calls += 1
        return prepare(file, options)


def test_the_second_process_maps_what_the_first_has_prepared(table):
    """The file is read once, and the arrays come back bit for bit, mapped."""
    reading = Counting()
    tables = [store.prepared(table, OPTIONS, reading) for _ in range(3)]
    fresh = prepare(table, OPTIONS)

    assert reading.calls == 1
    for kept in tables:
        assert isinstance(kept.numbers, np.memmap)
        np.testing.assert_array_equal(kept.rows(np.arange(30)), fresh.rows(np.arange(30)))
        assert (kept.features, kept.class_names, kept.notes) == (fresh.features, fresh.class_names, fresh.notes)


@pytest.mark.parametrize("change", ["content", "same size and time", "options"])
def test_what_has_changed_is_read_anew(table, change):
    """Another content, be it of the same size with the old time put back, and other options are other tables."""
    reading = Counting()
    store.prepared(table, OPTIONS, reading)
    state = table.stat()
    table.write_text(table.read_text().replace(",x,", ",q,") + ("9,x,a\n" if change == "content" else ""))
    if change == "same size and time":
        os.utime(table, ns=(state.st_atime_ns, state.st_mtime_ns))
    options = replace(OPTIONS, missing="median") if change == "options" else OPTIONS
    again = store.prepared(table, options, reading)

    assert reading.calls == 2
    assert "w=q" in again.feature_names


@pytest.mark.parametrize("name", ["numbers.npy", "codes.npy", "y.npy", "table.json"])
@pytest.mark.parametrize("damage", ["cut", "gone", "garbage"])
def test_a_damaged_cache_costs_only_time(table, name, damage):
    """What a crash or a full disk has left is never believed: the table is read anew and kept anew."""
    reading = Counting()
    store.prepared(table, OPTIONS, reading)
    (file,) = (table.parent / "cache" / "tables").glob(f"*/{name}")
    content = file.read_bytes()
    file.unlink()
    if damage != "gone":
        file.write_bytes(content[: len(content) // 2] if damage == "cut" else b"garbage")
    again = store.prepared(table, OPTIONS, reading)
    store.prepared(table, OPTIONS, reading)

    assert reading.calls == 2
    np.testing.assert_array_equal(again.rows(np.arange(30)), prepare(table, OPTIONS).rows(np.arange(30)))


def test_without_a_cache_the_table_is_read_all_the_same(table, monkeypatch):
    """A full disk or a folder that cannot be written is no error, and leaves nothing behind."""

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    kept = store.prepared(table, OPTIONS, prepare)

    assert kept.numbers.shape == (30, 2)
    assert not list((table.parent / "cache" / "tables").iterdir())


def test_only_the_tables_used_last_are_kept(table):
    """Older ones and what a killed process left half written make room."""
    for share in range(store.KEPT + 3):
        store.prepared(table, replace(OPTIONS, missing_words=("", f"word {share}")), prepare)
    folder = table.parent / "cache" / "tables"
    abandoned = folder / ".x.tmp"
    abandoned.mkdir()
    os.utime(abandoned, (0, 0))
    store.prepared(table, OPTIONS, prepare)

    assert len(list(folder.iterdir())) == store.KEPT


def test_a_small_table_is_not_kept(table, monkeypatch):
    """Reading it again is as fast as finding it."""
    monkeypatch.setattr(store, "LARGE", 1 << 20)
    csv(path=str(table), text="one_hot", missing="mean")

    assert not (table.parent / "cache").exists()
