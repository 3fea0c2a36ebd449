"""What recording a loop costs: `python -m benchmarks.recording`.

Each net is trained twice side by side, in blocks of a few steps that take turns, plain and recorded at the defaults. After a
phase they change places, since of two equal nets one may be faster by some percent for as long as the process lives: it lies
better in memory. Times are those of the processor, so that what else the machine does counts for little; each phase begins a
recording anew, and the time of its beginning, its first probes and its end is in it. The last column is for the hooks that
people write by hand, which look at every gradient and every output at every step.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn

import dlbench

BLOCK_SECONDS = 0.2

WARM_UP = 5
"""Steps that a net takes before it is measured: the first ones ask the system for memory."""

BY_HAND = 10
"""Blocks with hooks at every step."""


def perceptron() -> tuple[nn.Module, Tensor, Tensor]:
    """784 - 256 - 256 - 10 with ReLU, 128 samples a step."""
    net = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
    return net, torch.randn(128, 784), torch.randint(10, (128,))


def convolutions() -> tuple[nn.Module, Tensor, Tensor]:
    """Two convolutions and two dense layers on 28 x 28, 64 samples a step."""
    net = nn.Sequential(
        nn.Conv2d(1, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 144, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )
    return net, torch.randn(64, 1, 28, 28), torch.randint(10, (64,))


def residual() -> tuple[nn.Module, Tensor, Tensor]:
    """ResNet-18 with 11 million weights on 3 x 32 x 32, 64 samples a step."""
    from torchvision.models import resnet18

    return resnet18(num_classes=10), torch.randn(64, 3, 32, 32), torch.randint(10, (64,))


class Transformer(nn.Module):
    """Four layers of attention over 64 tokens, 128 wide."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(1000, 128)
        layer = nn.TransformerEncoderLayer(128, 4, 512, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
        self.head = nn.Linear(128, 1000)

    def forward(self, tokens: Tensor) -> Tensor:
        """Scores of the next token at each place, `[batch, 1000, tokens]`."""
        scores: Tensor = self.head(self.layers(self.embedding(tokens)))
        return scores.transpose(1, 2)


def transformer() -> tuple[nn.Module, Tensor, Tensor]:
    """Four layers of attention, 16 texts of 64 tokens a step."""
    tokens = torch.randint(1000, (16, 65))
    return Transformer(), tokens[:, :-1], tokens[:, 1:]


def xor() -> tuple[nn.Module, Tensor, Tensor]:
    """Ten dense layers of sigmoid units, four samples a step."""
    layers: list[nn.Module] = [nn.Linear(2, 10), nn.Sigmoid()]
    for _ in range(8):
        layers += [nn.Linear(10, 10), nn.Sigmoid()]
    net = nn.Sequential(*layers, nn.Linear(10, 2))
    return net, torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), torch.tensor([0, 1, 1, 0])


NETS: dict[str, Callable[[], tuple[nn.Module, Tensor, Tensor]]] = {
    "MLP": perceptron,
    "small CNN": convolutions,
    "ResNet-18": residual,
    "small transformer": transformer,
    "ten-layer XOR": xor,
}


@contextmanager
def hooks_of_every_step(model: nn.Module) -> Iterator[None]:
    """What people write by hand: norms and a histogram of every gradient, moments of every output, each fetched at once."""
    told: dict[str, Any] = {}

    def of_gradient(name: str) -> Callable[[Tensor], None]:
        def hook(gradient: Tensor) -> None:
            told[name] = gradient.norm().item(), torch.histc(gradient.float(), 64).tolist()

        return hook

    def of_output(name: str) -> Callable[..., None]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor):
                told[f"{name} out"] = output.detach().mean().item(), output.detach().std().item()

        return hook

    handles: list[Any] = [
        Tensor.register_hook(one, of_gradient(name))  # type: ignore[no-untyped-call]
        for name, one in model.named_parameters()
    ]
    handles += [one.register_forward_hook(of_output(name)) for name, one in model.named_modules() if name]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class Loop:
    """A training that takes turns with others, block by block, and may be watched meanwhile."""

    def __init__(self, make: Callable[[], tuple[nn.Module, Tensor, Tensor]]) -> None:
        torch.manual_seed(0)
        self.model, self.x, self.y = make()
        self.optimizer = torch.optim.SGD(self.model.parameters(), 0.01)
        self.run: Any = None
        self._left = time.perf_counter(), time.process_time()

    def block(self, steps: int) -> float:
        """Train so many steps; the seconds that they took."""
        if self.run is not None:
            # The time in which others had their turns is none that the recording may spend.
            left = time.perf_counter() - self._left[0], time.process_time() - self._left[1]
            self.run._budget.skip(*left)  # noqa: SLF001  # no loop but this one stops for others
        started = time.process_time()
        for _ in range(steps):
            loss = nn.functional.cross_entropy(self.model(self.x), self.y)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            self.optimizer.zero_grad()
            if self.run is not None:
                self.run.log(train_loss=loss)
        seconds = time.process_time() - started
        self._left = time.perf_counter(), time.process_time()
        return seconds

    def begin(self, out: str) -> float:
        """Be recorded from now on; the seconds that it takes to begin."""
        started = time.process_time()
        self.run = dlbench.record(self.model, self.optimizer, name="overhead", seed=0, out=out)
        self._left = time.perf_counter(), time.process_time()
        return self._left[1] - started

    def end(self) -> float:
        """Be recorded no more; the seconds that it takes to end."""
        started = time.process_time()
        self.run.close()
        self.run = None
        return time.process_time() - started


@dataclass
class Seconds:
    """What a phase took, or several together: the same steps plain and recorded, and beginning and end, which are in the latter."""

    plain: float = 0.0
    recorded: float = 0.0
    once: float = 0.0
    steps: int = 0

    @property
    def overhead(self) -> float:
        """What recording adds, as a share of the plain loop's time."""
        return self.recorded / self.plain - 1

    def __add__(self, other: Seconds) -> Seconds:
        own = astuple(self)
        return Seconds(*(one + more for one, more in zip(own, astuple(other), strict=True)))


def phase(plain: Loop, recorded: Loop, length: int, seconds: float, out: str | None) -> Seconds:
    """Train two loops in turn until the plain one has taken so long; without `out` nothing is recorded."""
    found = Seconds()
    if out is not None:
        found.once = recorded.begin(out)
    while found.plain < seconds:
        for is_plain in (True, False) if found.steps // length % 2 else (False, True):
            took = (plain if is_plain else recorded).block(length)
            if is_plain:
                found.plain += took
            else:
                found.recorded += took
        found.steps += length
    if out is not None:
        found.once += recorded.end()
    found.recorded += found.once
    return found


def round_of(pair: tuple[Loop, Loop], length: int, seconds: float, out: str | None) -> Seconds:
    """Two phases, between which the loops change places: where a net happens to lie in memory cancels out."""
    first, second = pair
    return phase(first, second, length, seconds, out) + phase(second, first, length, seconds, out)


def by_hand(plain: Loop, watched: Loop, length: int) -> float:
    """What hooks at every step add, as a share of the plain loop's time, in `BY_HAND` blocks of each."""
    took = [0.0, 0.0]
    with hooks_of_every_step(watched.model):
        for _ in range(BY_HAND):
            for place, loop in enumerate((plain, watched)):
                took[place] += loop.block(length)
    return took[1] / took[0] - 1


def measured(name: str, rounds: int, seconds: float, *, nothing: bool) -> str:
    """A line of the table."""
    pair = Loop(NETS[name]), Loop(NETS[name])
    for loop in pair:
        loop.block(WARM_UP)
    length = max(1, round(BLOCK_SECONDS * WARM_UP / max(pair[0].block(WARM_UP), 1e-6)))
    pair[1].block(WARM_UP)
    with TemporaryDirectory() as out:
        found = [round_of(pair, length, seconds, None if nothing else out) for _ in range(rounds)]
    whole = sum(found, Seconds())
    overheads = sorted(100 * one.overhead for one in found)
    spread = f"{overheads[0]:.1f} to {overheads[-1]:.1f}"
    step, once = 1000 * whole.plain / whole.steps, 1000 * whole.once / (2 * rounds)
    hooks = 100 * by_hand(*pair, length)
    return f"{name:<20}{step:>10.3g}{100 * whole.overhead:>8.1f} %{spread:>18}{once:>12.0f} ms{hooks:>16.0f} %"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=12.0, help="processor's time of the plain training in a phase")
    parser.add_argument("--only", choices=list(NETS), nargs="*")
    parser.add_argument(
        "--nothing", action="store_true", help="record neither loop, which tells how far the figures are to be trusted"
    )
    asked = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread, {asked.rounds} rounds of two phases of {asked.seconds:g} s")
    print(f"{'net':<20}{'ms a step':>10}{'recorded':>10}{'(rounds)':>18}{'begin and end':>15}{'hooks every step':>18}")
    _warm_up()
    for name in asked.only or NETS:
        print(measured(name, asked.rounds, asked.seconds, nothing=asked.nothing), flush=True)


def _warm_up() -> None:
    """Load what the first recording of a process loads, and say what that takes."""
    model = nn.Linear(2, 2)
    started = time.process_time()
    with TemporaryDirectory() as out, dlbench.record(model, None, name="first", out=out):
        pass
    print(f"(the first recording of a process: {1000 * (time.process_time() - started):.0f} ms, not in the table)")


if __name__ == "__main__":
    main()
