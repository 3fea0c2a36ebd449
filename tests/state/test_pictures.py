"""Pictures: which records of a run count, and what a file says of one trial."""

import io
import zipfile

import numpy as np
import pytest
from synthetic_run import control_event, make_plan, stack_event, state_of

from dlbench.state import pictures
from dlbench.state.pictures import PictureReader, read_pictures

PLAN = make_plan(["sigmoid"], seeds=3)
SHAPES = {"filters": (3, 5, 4, 6), "inputs": (3, 2, 4, 6), "reconstructions": (3, 2, 4, 6)}


def told(phase, step, *, session=0, layer="dense1", file=None):
    """An event of one file of pictures."""
    event = {"kind": "pictures", "stack": 0, "layer": layer, "phase": phase, "step": step, "session": session}
    return event | {"file": f"pictures/{layer}-{phase}-{step}-{session}.npz" if file is None else file}


def seen(*events, trial=0):
    """The records of a trial, as (layer, phase, step, session)."""
    found = state_of(PLAN, [stack_event(0, session=0), *events]).trials[trial].pictures
    return [(one.layer, one.phase, one.step, one.session) for one in found]


def arrays(**changes):
    """Random images of three trials."""
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in (SHAPES | changes).items() if shape}


def written(folder, save=np.savez, **changes):
    """A file of images, and these."""
    images = arrays(**changes)
    save(folder / "it.npz", **images)
    return folder / "it.npz", images


def test_records_come_by_time():
    """Pre-training's stand before training's, each by step, however the events came."""
    assert seen(told("train", 20), told("pretrain", 900), told("train", 0), told("pretrain", 5)) == [
        ("dense1", "pretrain", 5, 0), ("dense1", "pretrain", 900, 0), ("dense1", "train", 0, 0), ("dense1", "train", 20, 0),
    ]  # fmt: skip


def test_steps_of_pretraining_are_none_of_the_stack():
    """Whatever step pre-training has reached, the stack stands where its training does."""
    state = state_of(PLAN, [stack_event(0), told("pretrain", 900)])

    assert state.stacks[0].step == 0


def test_a_later_session_voids_what_it_trains_again():
    """After a resume at step 50 what the older session has of later steps is gone; what it pre-trained stays."""
    events = [told("pretrain", 900), told("train", 50), told("train", 70), stack_event(0, 50, session=1)]

    assert seen(*events) == [("dense1", "pretrain", 900, 0), ("dense1", "train", 50, 0)]
    assert seen(*events, told("train", 60, session=1))[-1] == ("dense1", "train", 60, 1)


def test_a_later_session_voids_what_it_pretrains_again():
    """Where a later session pre-trains a layer again, the older one's records of this layer end where it begins."""
    again = [told("pretrain", step, session=0) for step in (0, 10, 20)] + [told("pretrain", 5, layer="dense2")]
    again += [stack_event(0, 0, session=1), told("pretrain", 10, session=1)]
    found = [("dense1", "pretrain", 0, 0), ("dense2", "pretrain", 5, 0), ("dense1", "pretrain", 10, 1)]

    assert seen(*again) == found
    assert seen(*again[::-1]) == found


def test_a_dropped_trial_has_no_pictures_after_its_end():
    """Of the trial that was dropped before step 30 there are the pictures up to then; the others have all."""
    events = [told("pretrain", 40), *(told("train", step) for step in (20, 30, 31))]
    events.append(control_event("end_trial", 0, 30, trials=[1]))

    assert [step for _, _, step, _ in seen(*events, trial=1)] == [40, 20, 30]
    assert [step for _, _, step, _ in seen(*events, trial=0)] == [40, 20, 30, 31]


def test_an_early_stop_hides_no_pictures():
    """A trial that stopped early keeps the pictures of that very step, and of later ones: it is the same net from then on."""
    stop = {"kind": "early_stop", "stack": 0, "session": 0, "step": 30, "trial": 1, "best_step": 20}
    events = [told("train", 20), stop, told("train", 30), told("train", 90)]

    assert [step for _, _, step, _ in seen(*events, trial=1)] == [20, 30, 90]


@pytest.mark.parametrize(
    "change",
    [
        {"file": "/etc/passwd"}, {"file": "pictures/../../secret.npz"}, {"file": ""}, {"file": None}, {"phase": "later"},
        {"step": -1}, {"step": "5"}, {"layer": 7}, {"stack": 9},
    ],
    ids=str,
)  # fmt: skip
def test_an_event_that_is_none(change):
    """An event without a layer, a phase or a step, or with a file outside of the run's folder, is passed over."""
    assert seen(told("train", 5) | change) == []


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("position", [0, 2])
def test_a_file_has_the_images_of_each_trial(tmp_path, save, position):
    """Each trial's images are numpy's own slices, with an axis for the channels; a colour image keeps its channels."""
    path, images = written(tmp_path, save, filters=(3, 5, 3, 4, 6))
    found = read_pictures(path, position)

    np.testing.assert_array_equal(found.filters, images["filters"][position])
    np.testing.assert_array_equal(found.inputs, images["inputs"][position][:, np.newaxis])
    np.testing.assert_array_equal(found.reconstructions, images["reconstructions"][position][:, np.newaxis])


def test_a_file_may_have_some_of_them(tmp_path):
    """A file of filters alone is one; reconstructions that do not fit the inputs are left out."""
    alone = read_pictures(written(tmp_path, inputs=None, reconstructions=None)[0], 0)
    unlike = read_pictures(written(tmp_path, reconstructions=(3, 2, 9, 9))[0], 0)

    assert (alone.filters.shape, alone.inputs, alone.reconstructions) == ((5, 1, 4, 6), None, None)
    assert unlike.inputs is not None
    assert unlike.reconstructions is None


def test_what_is_no_picture(tmp_path, monkeypatch):
    """A file that is missing, torn anywhere, of objects, of another shape, without the trial, or too large is no picture."""
    path, _ = written(tmp_path)
    whole = path.read_bytes()
    torn = tmp_path / "torn.npz"
    for length in range(0, len(whole), 97):
        torn.write_bytes(whole[:length])
        assert read_pictures(torn, 0) is None
    with zipfile.ZipFile(tmp_path / "rubbish.npz", "w") as archive:
        archive.writestr("filters.npy", b"no array")
    np.savez(tmp_path / "objects.npz", filters=np.array([[[[None]]]], dtype=object))
    np.savez(tmp_path / "flat.npz", filters=np.zeros((3, 784)))
    np.savez(tmp_path / "none.npz", filters=np.zeros((3, 0, 4, 4)))
    for name in ("rubbish", "objects", "flat", "none", "missing"):
        assert read_pictures(tmp_path / f"{name}.npz", 0) is None
    assert read_pictures(path, 3) is None
    monkeypatch.setattr(pictures, "LARGEST", 100)
    assert read_pictures(path, 0) is None


def test_a_header_that_promises_more_than_there_is(tmp_path):
    """A member that ends before its last image is no picture."""
    text = io.BytesIO()
    np.lib.format.write_array_header_1_0(text, {"descr": "<f4", "fortran_order": False, "shape": (3, 5, 4, 6)})
    with zipfile.ZipFile(tmp_path / "it.npz", "w") as archive:
        archive.writestr("filters.npy", text.getvalue() + b"\0" * 500)

    assert read_pictures(tmp_path / "it.npz", 2) is None


def test_the_reader_keeps_the_last_few(tmp_path, monkeypatch):
    """What was looked at last is not read again until others have taken its place; a file that comes late, or anew, is read."""
    path, _ = written(tmp_path)
    asked = []
    monkeypatch.setattr(pictures, "read_pictures", lambda *one: asked.append(one) or read_pictures(*one))
    reader = PictureReader(kept=2)
    for position in (0, 0, 1, 0, 2, 0, 1):
        assert reader.read(path, position) is not None
    assert [position for _, position in asked] == [0, 1, 2, 1]

    late = tmp_path / "late.npz"
    assert reader.read(late, 0) is None
    path.rename(late)
    assert reader.read(late, 0) is not None
