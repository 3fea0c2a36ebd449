from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from dlbench.errors import UnwritableError
from dlbench.run.atomic import append_line, locked, replacing, write_json_atomic, write_text_atomic

REWRITER = """
import sys
from pathlib import Path
from dlbench.run.atomic import write_json_atomic
number = 0
while True:
    number += 1
    write_json_atomic(Path(sys.argv[1]), {"number": number, "padding": [number] * 20_000})
    print(number, flush=True)
"""


def test_a_file_is_whole_whenever_its_writer_is_killed(tmp_path):
    """Kill -9 in the middle of rewriting leaves the newest whole file, never a torn one."""
    path = tmp_path / "summary.json"
    for delay in (0.0, 0.003, 0.011):
        with subprocess.Popen([sys.executable, "-c", REWRITER, str(path)], stdout=subprocess.PIPE) as writer:
            written = int(writer.stdout.readline())
            time.sleep(delay)
            writer.kill()
            written = max([written, *map(int, writer.stdout.read().split())])
        assert writer.returncode == -signal.SIGKILL

        data = json.loads(path.read_text())

        assert data["number"] in {written, written + 1}
        assert data["padding"] == [data["number"]] * 20_000


def test_an_exception_leaves_the_old_file_and_no_litter(tmp_path):
    """A block that raises changes nothing on disk."""
    path = tmp_path / "recipe.toml"
    write_text_atomic(path, "old ✓\n")

    def write_half():
        with replacing(path) as file:
            file.write(b"new")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        write_half()

    assert path.read_text(encoding="utf-8") == "old ✓\n"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_json_leaves_no_file(tmp_path):
    """Data that JSON cannot hold raise before anything takes the place of the file."""
    with pytest.raises(TypeError):
        write_json_atomic(tmp_path / "x.json", {"a": object()})

    assert list(tmp_path.iterdir()) == []


def test_json_holds_no_nan(tmp_path):
    """NaN and infinity are written as null, in arrays too, so that any reader can read them."""
    write_json_atomic(tmp_path / "x.json", {"a": float("nan"), "b": np.array([np.inf, 0.5], np.float32)})

    assert json.loads((tmp_path / "x.json").read_text()) == {"a": None, "b": [None, 0.5]}


def test_new_files_are_as_readable_as_any_other(tmp_path):
    """The file gets the usual permissions, not those of a private temporary file."""
    (tmp_path / "usual").touch()
    write_text_atomic(tmp_path / "atomic", "")

    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "usual").stat().st_mode


HOLDER = """
import sys, time
from pathlib import Path
from dlbench.run.atomic import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_keeps_others_out_and_dies_with_its_holder(tmp_path):
    """While one process holds the lock another waits; kill -9 of the holder lets it go on."""
    path = tmp_path / ".lock"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        waiter = "import sys; from pathlib import Path; from dlbench.run.atomic import locked\n"
        waiter += "with locked(Path(sys.argv[1])): print('mine', flush=True)"
        with subprocess.Popen([sys.executable, "-c", waiter, str(path)], stdout=subprocess.PIPE) as other:
            with pytest.raises(subprocess.TimeoutExpired):
                other.wait(0.5)
            holder.kill()

            assert other.stdout.readline() == b"mine\n"
    with locked(path):
        pass


@pytest.mark.parametrize("before", [b"", b"whole\n", b"whole\ntorn"])
def test_an_appended_line_stands_alone(tmp_path, before):
    """Whatever a writer that died left behind, the next line is one of its own."""
    path = tmp_path / "workers.jsonl"
    path.write_bytes(before)
    append_line(path, b"next\n")

    assert path.read_bytes().splitlines() == [*before.splitlines(), b"next"]


def test_a_lock_where_nothing_can_be_written_is_told(tmp_path):
    """A folder that is gone is no mistake of dlbench's: the error has its own exit code."""
    with pytest.raises(UnwritableError, match="its folder was deleted or moved"), locked(tmp_path / "gone" / ".lock"):
        pass
