"""Trained nets as files: weights as safetensors under torch's names, and beside them the code that loads them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from dlbench import __version__
from dlbench.errors import DlbenchError, UsageError
from dlbench.files import names_of
from dlbench.plan import candidate_text
from dlbench.run.folder import RunFolder, read_json
from dlbench.weights.kept import KeptTrial
from dlbench.weights.net_file import INPUTS, TARGETS, buffer_name, net_file
from dlbench.weights.torch_net import state_of, torch_net

SUFFIX = ".safetensors"
UNFIT = re.compile(r"[^\w.+-]+")
"""What has no place in a folder's name."""


def exported(trials: Sequence[KeptTrial], target: Path) -> Iterator[tuple[Path, bytes]]:
    """The files of nets with what is in them: in a folder one a candidate with `net.py` and a file a seed.

    Files of parts that the code imports are copied into it. Where `target` ends in `.safetensors`, that one file of one trial, and
    `NAME_net.py` beside it. Raises UsageError where it is of several trials, or a layer does not say how it is written with torch.
    """
    if target.suffix == SUFFIX:
        if len(trials) > 1:
            raise UsageError(
                f"{target}: one file holds one net, and these are {len(trials)}; name one with --variant and --seed, or a folder"
            )
        (one,) = trials
        yield target, safetensors(one)
        module = re.sub(r"\W|^(?=\d)", "_", target.stem) + "_net"
        yield target.with_name(f"{module}.py"), _code(one, target.name, module)
        return
    groups = [list(group) for _, group in groupby(trials, key=lambda one: one.trial.candidate)]
    names = names_of((candidate_text(own[0].candidate) for own in groups), UNFIT, "net")
    for name, own in zip(names, groups, strict=True):
        folder = target / name
        yield folder / "net.py", _code(own[0], f"seed-{own[0].trial.seed}{SUFFIX}")
        yield from ((folder / file.name, file.read_bytes()) for file in _files(own[0]))
        yield from ((folder / f"seed-{one.trial.seed}{SUFFIX}", safetensors(one)) for one in own)


def safetensors(one: KeptTrial) -> bytes:
    """A trial's net as the state of its torch module, with what it is in the metadata."""
    from safetensors.numpy import save

    state = state_of(one.blocks, one.kept.tensors)
    state |= {buffer_name(name): one.kept.data[name] for name in (*INPUTS, *TARGETS) if name in one.kept.data}
    return save({name: np.asarray(array, order="C") for name, array in state.items()}, metadata_of(one))


def _files(one: KeptTrial) -> list[Path]:
    """The files of parts that its code imports."""
    return [Path(own.file) for own in torch_net(one.blocks).imports if own.file]


def metadata_of(one: KeptTrial) -> dict[str, str]:
    """What a file of weights says of itself; texts, as the format has them."""
    source, settings = one.task.source, one.candidate.settings
    return {
        "format": "pt",
        "recipe": one.folder.recipe,
        "run": one.folder.name,
        "variant": one.trial.variant,
        "choice": json.dumps(one.trial.choice, ensure_ascii=False),
        "seed": str(one.trial.seed),
        "step": str(one.kept.step),
        "data": settings["data"]["kind"],
        "normalize": settings["data"].get("normalize", "none"),
        "shape": json.dumps(source.shape),
        "targets" if source.targets else "classes": json.dumps(source.targets or source.names, ensure_ascii=False),
        "outputs": {"softmax": "logits of a softmax", "sigmoid": "logits of logistic units"}.get(
            one.task.link, "as they are"
        ),
        "dlbench": __version__,
        "torch": _torch_of(one.folder),
    }


def _torch_of(folder: RunFolder) -> str:
    """The version of torch that the run was begun with."""
    try:
        return str(read_json(folder.env_file)["packages"]["torch"])
    except (DlbenchError, KeyError, TypeError):
        return "unknown"


def _code(one: KeptTrial, example: str, module: str = "net") -> bytes:
    about = f"{one.folder.recipe}, variant {candidate_text(one.candidate)!r}"
    return net_file(one, about, example, module).encode()
