"""A checkpoint that is not what was written is found, told and passed over, and the training ends with the same bits."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from cases import Events, dense, never, plan_of, settings, trainer_of

from dlbench.engine import checkpoint as checkpoints
from dlbench.engine.resume import resumed
from dlbench.engine.trainer import Trainer
from dlbench.errors import DamagedFileError, DlbenchError
from dlbench.run.folder import previous

LAYERS = [dense(6, "tanh"), {"kind": "batch_norm"}, {"kind": "dropout", "keep": 0.7, "rate": None}]
PLAN = plan_of({"a": settings(LAYERS, steps=40, optimizer={"kind": "adam", "lr": 0.01}, every=7)}, seeds=[0, 1])


def saved_at(path: Path, *steps: int) -> Trainer:
    """Train on to each of these steps and save there, as workers do; the trainer at the last."""
    trainer, _ = trainer_of(PLAN)
    for step in steps:
        trainer.pausing.until = step
        trainer.train(lambda now, step=step: now.step >= step)
        checkpoints.save(trainer.checkpoint(), path)
    return trainer


def gone_on(path: Path) -> tuple[torch.Tensor, int, list[str]]:
    """The final weights of a training that goes on from there, the step it began at, and the notes that it wrote."""
    events = Events()
    trainer = resumed(lambda: trainer_of(PLAN, write=events)[0], path, events)
    begun = trainer.step
    trainer.train(never)
    return trainer.tensors.weights, begun, [event["text"] for event in events.of("note")]


def rewritten(**changes: Any) -> Callable[[Path], None]:
    """Damage that torch writes itself: fields of other values, in a file whose checksums fit."""

    def damage(path: Path) -> None:
        torch.save({**torch.load(path, weights_only=True), **changes}, path)

    return damage


def flipped(path: Path) -> None:
    """One bit in the middle is another."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-700]),
    "empty": lambda path: path.write_bytes(b""),
    "garbage": lambda path: path.write_bytes(random.Random(0).randbytes(5000)),
    "a flipped bit": flipped,
    "a pickle that wants to run code": lambda path: torch.save({"v": Path}, path),
    "a table": lambda path: torch.save([1, 2], path),
    "weights of one trial, which would spread": rewritten(weights=torch.zeros(1, 48)),
    "weights in double precision": rewritten(weights=torch.zeros(2, 48, dtype=torch.float64)),
    "states of other trials": rewritten(states={"exp_avg": torch.zeros(3, 48)}),
    "no buffers": rewritten(buffers={}),
    "a generator of nonsense": rewritten(generators={"dropout1": [torch.zeros(5056, dtype=torch.uint8)] * 2}),
    "losses of one trial": rewritten(losses=[0.0]),
    "a breakpoint of three trials": rewritten(watch={"train_loss < 1": {"fired": [True] * 3}}),
    "a schedule of three trials": rewritten(schedule={"judged": 7, "factor": [1.0] * 3}),
    "clipped steps of one trial": rewritten(clipped=[3]),
    "a step beyond the last": rewritten(step=41),
    "a step before the first": rewritten(step=-1),
    "a step that is no number": rewritten(step="20"),
    "time that is no number": rewritten(seconds=float("nan")),
    "an unknown field": rewritten(surprise=1),
    "other trials": rewritten(trials=["x", "y"]),
}


@pytest.fixture(scope="module")
def undisturbed() -> torch.Tensor:
    """The final weights of a training nobody broke off."""
    trainer, _ = trainer_of(PLAN)
    trainer.train(never)
    return trainer.tensors.weights


@pytest.mark.parametrize("kind", DAMAGES)
def test_the_checkpoint_before_a_damaged_one_is_taken(kind: str, tmp_path: Path, undisturbed: torch.Tensor) -> None:
    """Whatever became of the newest, the stack continues from the one before with the same bits, and says so in plain words."""
    path = tmp_path / "stack-0.pt"
    saved_at(path, 10, 20)
    DAMAGES[kind](path)
    weights, begun, notes = gone_on(path)

    assert torch.equal(weights, undisturbed)
    assert begun == 10
    assert len(notes) == 1
    assert notes[0].startswith("a checkpoint is damaged (stack-0.pt: ")
    assert notes[0].endswith("the stack continues from the checkpoint before it, of step 10, with the same results")
    assert "weights_only" not in notes[0]


def test_a_damaged_checkpoint_takes_the_place_of_no_sound_one(tmp_path: Path) -> None:
    """The next save does not keep the damaged one as its predecessor: it was set aside."""
    path = tmp_path / "stack-0.pt"
    saved_at(path, 10, 20)
    flipped(path)
    trainer = resumed(lambda: trainer_of(PLAN)[0], path, Events())
    checkpoints.save(trainer.checkpoint(), path)

    steps = [torch.load(file, weights_only=True)["step"] for file in (path, previous(path))]
    assert steps == [10, 10]
    assert (tmp_path / "stack-0.damaged.pt").is_file()


def test_where_both_are_damaged_the_stack_begins_anew(tmp_path: Path, undisturbed: torch.Tensor) -> None:
    """Without any sound checkpoint the stack starts at step 0, and the note names both files."""
    path = tmp_path / "stack-0.pt"
    saved_at(path, 10, 20)
    for file in (path, previous(path)):
        flipped(file)
    weights, begun, (note,) = gone_on(path)

    assert torch.equal(weights, undisturbed)
    assert begun == 0
    assert "stack-0.pt: its part" in note
    assert "stack-0.previous.pt: its part" in note
    assert note.endswith("the stack continues from its beginning, with the same results")


def test_every_changed_byte_is_found_or_changes_nothing(tmp_path: Path) -> None:
    """A bit flipped anywhere in the file is refused, or stands where nobody reads: what is loaded is then what was saved."""
    path = tmp_path / "stack-0.pt"
    trainer = saved_at(path, 10)
    whole, own = path.read_bytes(), trainer.checkpoint()
    expected, refused = str(vars(own)), 0
    places = random.Random(0)
    for place in range(0, len(whole), 37):
        changed = bytearray(whole)
        changed[place] ^= 1 << places.randrange(8)
        path.write_bytes(changed)
        try:
            found = checkpoints.load(path, own, 40)
        except DamagedFileError:
            refused += 1
        else:
            assert found is not None
            assert str(vars(found)) == expected

    assert refused > len(whole) / 37 / 2


@pytest.mark.parametrize("renames", [0, 1])
def test_killed_at_either_rename_a_whole_checkpoint_is_there(
    renames: int, tmp_path: Path, undisturbed: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first rename, and between the two, the checkpoint before is found and gone on from, without a word of damage."""
    path = tmp_path / "stack-0.pt"
    trainer = saved_at(path, 10)
    trainer.pausing.until = 20
    trainer.train(lambda now: now.step >= 20)
    rename, done = Path.replace, []

    def killed(source: Path, target: Path) -> Path:
        if len(done) == renames:
            raise KeyboardInterrupt
        done.append(target)
        return rename(source, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.save(trainer.checkpoint(), path)
    monkeypatch.undo()

    weights, begun, notes = gone_on(path)
    assert torch.equal(weights, undisturbed)
    assert (begun, notes) == (10, [])


def test_a_checkpoint_of_a_newer_version_is_refused_and_kept(tmp_path: Path) -> None:
    """What a newer dlbench saved is neither misread nor written over: the error names the way out."""
    path = tmp_path / "stack-0.pt"
    saved_at(path, 10)
    rewritten(v=2)(path)
    before = path.read_bytes()

    with pytest.raises(DlbenchError, match=r"version 2, this dlbench reads version 1; use the dlbench that made it"):
        resumed(lambda: trainer_of(PLAN)[0], path, Events())
    assert path.read_bytes() == before
