"""Runs `dlbench` several times, each time in a process of its own that has what the first imported, and tells what they said.

A script for any checkout's interpreter, which may know nothing of benchmarks: lists of arguments on stdin, JSON on stdout.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any


def said(arguments: Sequence[str], modules: Path) -> dict[str, Any]:
    """Exit code, stdout and stderr of `dlbench ...` in a forked process, which leaves the names of its modules in a file."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        if (child := os.fork()) == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os._exit(ended(arguments, modules))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = [(file.seek(0), file.read().decode())[1] for file in (out, err)]
    return {"code": code, "out": texts[0], "errors": texts[1]}


def ended(arguments: Sequence[str], modules: Path) -> int:
    """Run the command in this process; its exit code."""
    sys.argv = ["dlbench", *arguments]
    code: Any = 0
    try:
        runpy.run_module("dlbench", run_name="__main__", alter_sys=True)
    except SystemExit as done:
        code = done.code
    finally:
        modules.write_text("\n".join(name for name in sys.modules if name != "__main__"), encoding="utf-8")
        sys.stdout.flush()
        sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


def main() -> None:
    """Run every command of stdin's list in turn."""
    with tempfile.TemporaryDirectory() as folder:
        modules, answers = Path(folder) / "modules", []
        for arguments in json.load(sys.stdin):
            answers.append(said(arguments, modules))
            for name in modules.read_text(encoding="utf-8").split():
                with suppress(ImportError):
                    importlib.import_module(name)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
