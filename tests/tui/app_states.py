"""A run in every state that a dashboard may find it in, and the words that must then be on the screen."""

from collections.abc import Callable
from dataclasses import dataclass, field

from app_runs import ends, finished_run, training_run, under_way
from tui.panes.pictured_run import begin, metrics, pretrained, probe, told, training

from dlbench.measures.catalog import MEASURES
from dlbench.tui.model.source import ListSource

ERROR = "CUDA out of memory. Tried to allocate 2.00 GiB"
KOREAN = "시그모이드 활성화"
LONG = "a-variant-with-a-name-that-nobody-would-want-to-read-twice"


@dataclass(frozen=True)
class State:
    """What has happened in a run of a plan, how its processes stand, what is looked at, and what must be told of it.

    `said` are words on the screen, by pane and everywhere (`*`); `listed` those in the list of trials.
    """

    happened: Callable = under_way
    plan: object = field(default_factory=training_run)
    status: str = "running"
    focus: dict = field(default_factory=dict)
    is_loading: bool = False
    is_replay: bool = False
    is_read_only: bool = False
    said: dict = field(default_factory=dict)
    listed: tuple = ()


class Opening(ListSource):
    """A source whose events are still being read."""

    progress = 0.4


def control(action, step, **fields):
    """Something that the first stack was asked for has taken effect."""
    return {"v": 1, "kind": "control", "id": "c1", "action": action, "stack": 0, "step": step, "error": None} | fields


def heartbeat(stack, step, *, paused):
    """A sign of life."""
    fields = {"rate": 12.5, "paused": paused, "memory": 812_000_000}
    return {"v": 1, "kind": "heartbeat", "stack": stack, "step": step} | fields


def diverging(plan):
    """The second trial's loss is NaN from step 310 on, and so is all that is measured of it."""
    yield from begin(plan, 0, 10)
    for step in range(0, 600, 50):
        evaluated, probed = metrics(plan, 0, step), probe(plan, 0, step, 10)
        if step > 310:
            for name in ("train_loss", "test_loss", "batch_loss"):
                evaluated[name][1] = None
            for name in MEASURES:
                probed[name][1] = [None] * 10
        yield from (evaluated, probed)
    yield {"v": 1, "kind": "diverged", "stack": 0, "step": 310, "trial": 1, "last_loss": 9e9}


def pretraining(plan):
    """The first layer of the first stack is pre-trained, which has come to its step 100."""
    yield from begin(plan, 0, 10)
    for step in (0, 100):
        yield pretrained(plan, 0, "0 dense", step) | {"place": 1, "layers": 9, "steps": 300}
        yield told(0, "0 dense", step, "pretrain")


def without_probes():
    """A recipe that measures no layers."""
    plan = training_run()
    for candidate in plan.candidates:
        candidate.settings["probes"] = {"points": 0, "histograms": False}
    return plan


def crashed(plan):
    """Two stacks under way, whose workers are gone; the reader of processes says so by itself."""
    return [*under_way(plan), *ends((0, 1), "crashed", 500)]


def breakpoint_hit(plan):
    """The run has paused by itself."""
    hit = {"layer": "0 dense", "when": "first_last_gradient_ratio < 1e-05", "value": 3.8e-06, "paused": True}
    return [*under_way(plan), {"v": 1, "kind": "breakpoint", "stack": 0, "step": 500, "trial": 1} | hit]


PICTURES = ("gradients", "curves", "layers")
STATES = {
    "no events yet": State(
        lambda plan: [],
        said={"*": ["STARTING"], **dict.fromkeys(PICTURES, ("Starting the workers",))},
        listed=("waiting",),
    ),
    "never started": State(
        lambda plan: [],
        status="empty",
        said={"*": ["NEVER STARTED"], **dict.fromkeys(PICTURES, ("This trial never began",))},
    ),
    "loading": State(is_loading=True, said={"*": ["LOADING 40 %"]}),
    "waiting": State(
        focus={"trial": 5, "follow": False},
        said={"*": ["LIVE"], **dict.fromkeys(PICTURES, ("waits for its turn",))},
        listed=("waiting",),
    ),
    "running": State(
        lambda plan: [*under_way(plan), heartbeat(0, 500, paused=False)],
        said={
            "*": ["LIVE", "500/1,000"],
            "gradients": ["output", "step 500"],
            "curves": ["Loss"],
            "layers": ["Gradient norm", "std"],
            "compare": ["sigmoid", "relu", "tanh"],
            "lesson": ["Why does it not learn?", "The explanation comes when the run has ended"],
            "log": ["Nothing out of the ordinary", "Console of worker 0 of 2"],
            "runs": ["pictured/20260102-030405", "shown here"],
        },
        listed=("0.0375",),
    ),
    "pre-training": State(
        pretraining,
        said={
            "*": ["LIVE", "100/300"],
            "pictures": ["Filters of 0 dense", "pre-training, step 100", "Reconstruction error"],
            "curves": ["waiting for the first evaluation"],
        },
    ),
    "paused": State(
        lambda plan: [*under_way(plan), heartbeat(0, 500, paused=True), heartbeat(1, 200, paused=True)],
        said={"*": ["PAUSED at 500"], **dict.fromkeys(PICTURES, ("Resume",))},
    ),
    "breakpoint": State(
        breakpoint_hit,
        focus={"trial": 1},
        said={"log": ["step 500: paused: first_last_gradient_ratio < 1e-05 in 0 dense"]},
    ),
    "done": State(
        finished_run,
        status="done",
        said={
            "*": ["DONE", "1,000/1,000"],
            "lesson": ["Each layer shrinks the gradient", "undecided"],
            "compare": ["Claims", "ReLU learns it"],
        },
        listed=("6/6",),
    ),
    "stopped": State(
        lambda plan: [*under_way(plan), *ends((0, 1), "stopped", 500)],
        status="stopped",
        said={"*": ["STOPPED"], "lesson": ["dlbench run --resume"]},
    ),
    "failed": State(
        lambda plan: [*begin(plan, 0, 10), *ends((0,), "failed", 0, ERROR)],
        status="failed",
        said={"*": ["FAILED"], **dict.fromkeys((*PICTURES, "log"), (ERROR,))},
        listed=("failed",),
    ),
    "failed late": State(
        lambda plan: [*under_way(plan), *ends((0, 1), "failed", 500, ERROR)],
        status="failed",
        said={"*": ["FAILED", "failed at step 500"], "gradients": ["CUDA out of memory"], "log": [ERROR]},
        listed=("0.0375",),
    ),
    "crashed": State(crashed, status="crashed", said={"*": ["CRASHED", "crashed at step 500"]}),
    "diverged": State(
        lambda plan: list(diverging(plan)),
        focus={"trial": 1},
        said={
            **dict.fromkeys((*PICTURES, "lesson", "compare"), ("diverged",)),
            "gradients": ["diverged at step 310", "×"],
            "curves": ["×"],
            "layers": ["NaN"],
            "log": ["step 310: sigmoid, seed 1 diverged, last finite loss 9e+09"],
        },
        listed=("NaN @ 310",),
    ),
    "dropped": State(
        lambda plan: [*under_way(plan), control("end_trial", 300, trials=[1])],
        focus={"trial": 1},
        said={
            "*": ["dropped at step 300"],
            **dict.fromkeys(PICTURES, ("step 250 ·",)),
            "log": ["step 300: sigmoid, seed 1 dropped"],
        },
        listed=("dropped @ 300",),
    ),
    "changed rate": State(
        lambda plan: [*under_way(plan), control("set_lr", 300, trials=[0, 1], lr=0.5)],
        said={"gradients": ["▲"], "curves": ["▲"], "log": ["step 300: learning rate 0.5 for sigmoid, seeds 0, 1"]},
    ),
    "one layer": State(
        lambda plan: training(plan, layers=1, until=500, stacks=[0]),
        said={"gradients": ["output"], "layers": ["output"]},
    ),
    "one trial": State(
        plan=training_run(["alone"], seeds=1), happened=finished_run, said={"*": ["DONE"]}, listed=("1/1",)
    ),
    "one event": State(
        lambda plan: begin(plan, 0, 10), said={"*": ["LIVE"], "curves": ["waiting for the first evaluation"]}
    ),
    "no probes": State(
        lambda plan: [*begin(plan, 0, 10), *(metrics(plan, 0, step) for step in range(0, 501, 50))],
        plan=without_probes(),
        said={
            "gradients": ["This recipe measures no layers"],
            "layers": ["This recipe measures no layers"],
            "curves": ["Loss"],
        },
    ),
    "huge": State(
        lambda plan: training(plan, layers=60, every=100, stacks=[0]),
        plan=training_run([f"variant-{index:02}" for index in range(20)], seeds=10),
        focus={"trial": 1, "layer": 59},
        said={"*": ["LIVE"], "gradients": ["output"], "layers": ["output"]},
        listed=("variant-00", "0/200"),
    ),
    "names": State(plan=training_run([KOREAN, LONG]), said={"*": ["LIVE"]}),
    "replay": State(
        is_replay=True, said={"*": ["REPLAY 1x", "0:0"], **dict.fromkeys(PICTURES, ("Pause",)), "gradients": ["output"]}
    ),
    "read-only": State(is_read_only=True, said={"*": ["read-only"]}),
}
"""By name. Where a state is told by a word in the bar, that stands in every pane."""
