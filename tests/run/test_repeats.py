"""A `dlbench repeat` at work on a group is known to whoever looks at it, and one that is gone says nothing."""

from __future__ import annotations

import json
import os

import pytest
from recorded_runs import group

from dlbench.errors import UsageError
from dlbench.launch.listing import listed
from dlbench.launch.status import is_under_way, status
from dlbench.run.group import find_shown
from dlbench.run.repeats import RepeatFile, repeats, to_come
from dlbench.tui.model.feed import Feed
from dlbench.tui.model.run_info import run_info
from dlbench.tui.model.source import FolderSource
from dlbench.tui.model.view import View


def test_between_two_trials_a_group_is_running(tmp_path):
    """All six recordings are done and three trials wait: it runs, with three to come, until the repeat has ended."""
    path = group(tmp_path)[0].path.parent
    with RepeatFile(path, 9) as file:
        file.tell(3)
        found = find_shown(tmp_path, "mine")
        during = (status(found).state, status(found).to_come, is_under_way(found), listed(found).to_come)
    after = (status(found).state, status(found).to_come, is_under_way(found), listed(found).to_come)

    assert during == ("running", 3, True, 3)
    assert after == ("done", None, False, None)
    assert not (path / "repeats").exists()


def test_a_dashboard_sees_trials_come_and_the_repeat_end(tmp_path):
    """Its view has how many are to come, as it changes and without a word in the events."""
    path = group(tmp_path)[0].path.parent
    folder, clock = find_shown(tmp_path, "mine"), iter(range(0, 10_000, 5))
    view = View(run_info(folder))
    feed, seen = Feed(view, FolderSource(folder), folder, now=lambda: float(next(clock))), []
    with RepeatFile(path, 9) as file:
        for waiting in (2, 1):
            file.tell(waiting)
            for _ in range(5):
                feed.beat()
            seen.append((view.status, view.to_come))
    for _ in range(5):
        feed.beat()

    assert [*seen, (view.status, view.to_come)] == [("running", 2), ("running", 1), ("done", None)]


def test_files_of_repeats_that_are_gone_say_nothing(tmp_path):
    """A process that is no more, a pid that another process has now, and files that are damaged are passed over."""
    folder = tmp_path / "repeats"
    folder.mkdir()
    gone = {"launcher": "local", "id": os.getpid(), "host": os.uname().nodename, "started": 1.0}
    for name, text in {
        "1": json.dumps({"token": gone, "trials": 9, "waiting": 3}),
        "2": "{",
        "3": "[]",
        "4": json.dumps({"token": gone, "trials": "many", "waiting": 3}),
    }.items():
        (folder / f"{name}.json").write_text(text)

    assert repeats(tmp_path) == []
    assert to_come(tmp_path) is None


def test_who_looks_before_anything_is_recorded_is_told(tmp_path):
    """The name of a repeat whose first trials still start is no unknown name."""
    (tmp_path / "mine").mkdir()
    with RepeatFile(tmp_path / "mine", 9) as file:
        file.tell(7)
        for name in ("mine", str(tmp_path / "mine")):
            with pytest.raises(
                UsageError, match="mine: `dlbench repeat` has begun 9 trials, and none of them has recorded"
            ):
                find_shown(tmp_path, name)
