"""Ending what a test has started, whoever its parent is by now."""

import contextlib
import os

import psutil


def end_all_that_name(folder):
    """Kill every process whose command line names something in this folder; returns the command lines.

    Workers are found in this way that outlived whoever started them, in sessions of their own. Whoever asks is none of
    them, nor who started the tests, though `--basetemp` may name the folder to them.
    """
    own = {process.pid for process in (psutil.Process(), *psutil.Process().parents())}
    ended = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = process.info["cmdline"] or ()  # another user's, or gone
        if process.pid not in own and any(f"{folder}{os.sep}" in f"{word}{os.sep}" for word in words):
            with contextlib.suppress(psutil.Error):
                process.kill()
                process.wait(10)
                ended.append(" ".join(words))
    return ended
