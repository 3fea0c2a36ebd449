"""Recordings of one name as one run: which count, what is told of the others, what their events become."""

import json
from dataclasses import replace

import numpy as np
import pytest
from recorded_runs import START, Recorded, begin, group, record
from synthetic_run import make_plan

from dlbench.analysis.summary import folded
from dlbench.errors import UsageError
from dlbench.launch.listing import listed
from dlbench.launch.status import status
from dlbench.metrics.trial_view import Status
from dlbench.run.event_line import encode_event, parse_event
from dlbench.run.events import EventWriter
from dlbench.run.folder import RunFolder, create
from dlbench.run.group import RecordingGroup, find_shown, group_in, regrouped, shown_runs
from dlbench.run.group_events import GroupReader


def test_a_group_has_a_stack_a_recording_and_a_candidate_a_variant(tmp_path):
    """Two variants of three seeds are two candidates with three trials each, in the order in which they were begun."""
    group(tmp_path)
    plan = find_shown(tmp_path, "mine").read_plan()

    assert [candidate.variant for candidate in plan.candidates] == ["xavier", "he"]
    assert [(trial.candidate, trial.seed) for trial in plan.trials] == [(c, s) for s in range(3) for c in range(2)]
    assert [stack.trials for stack in plan.stacks] == [[index] for index in range(6)]


def test_each_recording_keeps_its_own_numbers(tmp_path):
    """What a trial of the group has logged is what its recording alone has."""
    folders = group(tmp_path)
    together = folded(find_shown(tmp_path, "mine"))

    for folder, trial in zip(folders, together.trials, strict=True):
        (alone,) = folded(folder).trials
        assert trial.plan.variant == alone.plan.variant
        assert trial.curve("bleu").tolist() == alone.curve("bleu").tolist()
        np.testing.assert_array_equal(trial.probe("gradient_norm"), alone.probe("gradient_norm"))
        assert trial.status is Status.OK


def test_of_one_variant_and_seed_the_newest_finished_recording_counts(tmp_path):
    """A newer one that failed does not take its place, a newer one that came to its end does; the others are told."""
    first = record(tmp_path, Recorded("he", 1))
    failed = record(tmp_path, Recorded("he", 1, minute=1, status="failed", error="out of memory"))
    before = group_in(first.path.parent)
    last = record(tmp_path, Recorded("he", 1, minute=2))
    after = group_in(first.path.parent)

    assert [one.folder for one in before.members] == [first]
    assert f"{first.path.name}, the newest that is finished, counts, and {failed.path.name} does not" in before.notes[0]
    assert [one.folder for one in after.members] == [last]
    assert f"he, seed 1 was recorded 3 times: {last.path.name}" in after.notes[0]


def test_recordings_without_seeds_all_count(tmp_path):
    """Each is a trial of its own, with a seed and an id that no other has, and says that it has none."""
    group(tmp_path, ("he",), (None, None, None))
    trials = find_shown(tmp_path, "mine").read_plan().trials

    assert [(trial.is_seeded, trial.told_seed, trial.seed_mark) for trial in trials] == [
        (False, None, "#1"), (False, None, "#2"), (False, None, "#3"),
    ]  # fmt: skip
    assert len({trial.id for trial in trials}) == len({trial.seed for trial in trials}) == 3


def test_a_name_is_the_group_and_a_time_is_one_recording(tmp_path):
    """`mine`, `latest` and its folder name all recordings; `mine/STAMP` names one."""
    folders = group(tmp_path)
    names = ("mine", "latest", str(tmp_path / "mine"))

    assert all(isinstance(find_shown(tmp_path, name), RecordingGroup) for name in names)
    assert find_shown(tmp_path, folders[2].name) == folders[2]
    assert find_shown(tmp_path, str(folders[2].path)) == RunFolder(folders[2].path)
    with pytest.raises(UsageError, match="no run 'yours'"):
        find_shown(tmp_path, "yours")


def test_of_recordings_and_a_recipe_of_one_name_the_newest_decides(tmp_path):
    """A recipe's run that is newer is what the name means; older ones are told beside the recordings."""
    (folder,) = group(tmp_path, ("he",), (0,))
    older = _run_of_recipe(tmp_path, minute=-5)
    assert isinstance(found := find_shown(tmp_path, "mine"), RecordingGroup)
    assert any(older.name in note for note in found.notes)

    newer = _run_of_recipe(tmp_path, minute=5)
    assert find_shown(tmp_path, "mine").path == newer.path
    assert [type(one) for one in shown_runs(tmp_path)] == [RunFolder, RecordingGroup, RunFolder]
    assert find_shown(tmp_path, str(folder.path.parent)) == group_in(folder.path.parent)


def _run_of_recipe(base, minute):
    from datetime import timedelta

    folder = create(base, "mine", START + timedelta(minutes=minute))
    folder.write_recipe("name = 'mine'")
    folder.write_plan(replace(make_plan(["a"]), recipe="mine"))
    return folder


def test_folders_that_are_no_recordings_stand_in_nobodys_way(tmp_path):
    """Empty folders and files are passed over; a torn plan, and one of several trials, are told and left out."""
    (folder,) = group(tmp_path, ("he",), (0,))
    base = folder.path.parent
    (base / "empty").mkdir()
    (base / "notes.txt").write_text("read me")
    for name, text in {"torn": '{"recipe"', "list": "[]"}.items():
        (base / name).mkdir()
        (base / name / "plan.json").write_text(text)
    other = record(tmp_path, Recorded("he", 7, minute=9))
    data = json.loads(other.plan_file.read_text())
    other.plan_file.write_text(json.dumps(data | {"stacks": data["stacks"] + [data["stacks"][0] | {"trials": []}]}))

    found = find_shown(tmp_path, "mine")
    assert [one.folder.path.name for one in found.members] == [folder.path.name]
    assert {note.split()[0] for note in found.notes} == {"torn", "list", other.path.name}


def test_events_of_a_stack_that_no_recording_has_touch_no_other(tmp_path):
    """A file that tells of stack 1 tells nothing of the group's second recording."""
    group(tmp_path, ("xavier", "he"), (0,))
    intruder = record(tmp_path, Recorded("lecun", 0, minute=9, status=None))
    with EventWriter(intruder.events_file(1, 0)) as writer:
        writer.write("run", session=1, worker=0, stacks=[1], host="nowhere", pid=1, started=1.0)
        writer.write("metrics", stack=1, step=100, bleu=[99.0], seconds=1.0)
        writer.write("end", stack=1, step=100, status="failed", error="not mine")
        writer.write("pictures", stack=0, step=1, layer="net.0", phase="train", file="../../secret.npz")

    state = folded(find_shown(tmp_path, "mine"))
    assert [trial.status for trial in state.trials[:2]] == [Status.OK, Status.OK]
    assert 99.0 not in state.trials[1].curve("bleu")
    assert state.stacks[2].told_pictures == []


def test_what_is_lost_is_told_of_the_recording_that_lost_it(tmp_path):
    """A torn file of one recording is counted under its folder's name; the others are whole."""
    folders = group(tmp_path)
    path = folders[3].events_file(0, 0)
    path.write_bytes(path.read_bytes()[:-40])
    reader = GroupReader(find_shown(tmp_path, "mine"))
    reader.poll()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:5], b"nonsense\n", *lines[6:]]))
    again = GroupReader(find_shown(tmp_path, "mine"))
    again.poll()

    assert reader.problems == {}  # a torn last line is one that is not yet written
    assert again.problems == {f"{folders[3].path.name}/{path.name}": 1}


def test_a_recording_of_a_newer_version_hides_no_other(tmp_path):
    """Its events are told as lost, and those of the others are read."""
    folders = group(tmp_path)
    path = folders[0].events_file(0, 0)
    first = parse_event(path.read_bytes().splitlines(keepends=True)[0])
    path.write_bytes(encode_event({**first, "v": 99}))

    state = folded(find_shown(tmp_path, "mine"))
    assert state.unreadable == {f"{folders[0].path.name}/events": 1}
    assert [trial.status for trial in state.trials[1:]] == [Status.OK] * 5


def test_two_recordings_at_once_are_read_as_they_grow(tmp_path):
    """Events of two writers arrive in the trials of their own recordings, whatever the order of their lines."""
    folders = [record(tmp_path, Recorded(variant, 0, status=None, steps=0)) for variant in ("a", "b")]
    reader = GroupReader(find_shown(tmp_path, "mine"))
    state = folded(find_shown(tmp_path, "mine"))
    reader.poll()
    writers = [EventWriter(folder.events_file(1, 0)) for folder in folders]
    for step in (10, 20):
        for place, writer in enumerate(writers):
            if step == 10:
                begin(writer, Recorded())
            writer.write("metrics", stack=0, step=step, seconds=1.0, bleu=[float(step + place)])
            writer.flush()
            state.apply(reader.poll(max_seconds=5))
    for writer in writers:
        writer.close()

    assert [trial.curve("bleu")[-2:].tolist() for trial in state.trials] == [[10.0, 20.0], [11.0, 21.0]]


def test_a_group_is_one_entry_of_the_list_with_how_many_are_at_work(tmp_path):
    """Six recordings of which one is being written are one line: running, with one at work."""
    import os

    from dlbench.run.processes import token_of
    from dlbench.run.workers import Launched
    from dlbench.run.workers import record as record_worker

    folders = group(tmp_path)
    live = record(tmp_path, Recorded("he", 9, minute=60, status=None))
    record_worker(live, Launched(0, 0, token_of(os.getpid()), [0], 0))
    (entry,) = [listed(one) for one in shown_runs(tmp_path)]

    assert (entry.run, entry.state, entry.trials) == ("mine", "running", 7)
    assert (entry.recordings, entry.at_work) == (len(folders) + 1, 1)
    assert [worker.stacks for worker in status(find_shown(tmp_path, "mine")).alive] == [[6]]


def test_a_group_grows_and_keeps_the_places_of_its_trials(tmp_path):
    """A recording that joins is seen, comes last, and moves no other; without one the group stays the object it was."""
    group(tmp_path)
    before = find_shown(tmp_path, "mine")
    assert regrouped(before) is None

    record(tmp_path, Recorded("lecun", 0, minute=50))
    after = regrouped(before)
    assert after.read_plan().trials[:6] == before.read_plan().trials
    assert [trial.variant for trial in after.read_plan().trials[6:]] == ["lecun"]
