"""What recording a loop costs: `python -m benchmarks.recording`.

Each net is trained several times over side by side, in blocks of a few steps that take turns: plain, recorded at the defaults, and with
the hooks that people write by hand, which look at every gradient and every output at every step. Times are those of the processor, so
that what else the machine does counts for little; each round begins a recording anew, and the time of its beginning, its first probes
and its end is in it. The figures are medians over the rounds of a round's whole time over that of its plain blocks.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn

import dlbench

BLOCK_SECONDS = 0.2


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
    """One of the trainings that take turns, and the seconds of its blocks."""

    def __init__(self, kind: str, make: Callable[[], tuple[nn.Module, Tensor, Tensor]], out: str) -> None:
        torch.manual_seed(0)
        self.model, self.x, self.y = make()
        self.optimizer = torch.optim.SGD(self.model.parameters(), 0.01)
        self.kind = kind
        self.run: Any = None
        self.block(2)
        started = time.process_time()
        watched: Any = nullcontext()
        if kind == "recorded":
            watched = self.run = dlbench.record(self.model, self.optimizer, name="overhead", seed=0, out=out)
        elif kind == "every step":
            watched = hooks_of_every_step(self.model)
        self.watched = watched
        watched.__enter__()
        self.once = self.seconds = time.process_time() - started
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

    def end(self) -> None:
        """End what watched it; its time counts too."""
        started = time.process_time()
        self.watched.__exit__(None, None, None)
        took = time.process_time() - started
        self.once += took
        self.seconds += took


def round_of(make: Callable[[], tuple[nn.Module, Tensor, Tensor]], seconds: float, out: str) -> dict[str, float]:
    """Seconds of each kind of loop for the same steps, when the plain one takes about `seconds`."""
    loops = [Loop(kind, make, out) for kind in ("plain", "recorded", "every step")]
    length = max(1, int(BLOCK_SECONDS / max(loops[0].block(2) / 2, 1e-6)))
    turn = 0
    while loops[0].seconds < seconds:
        for place in range(len(loops)):
            loop = loops[(place + turn) % len(loops)]
            loop.seconds += loop.block(length)
        turn += 1
    for loop in loops:
        loop.end()
    return {loop.kind: loop.seconds for loop in loops} | {"steps": length * turn, "once": loops[1].once}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0, help="processor's time of a plain training in a round")
    parser.add_argument("--only", choices=list(NETS), nargs="*")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread, {asked.rounds} rounds of {asked.seconds:g} s")
    print(f"{'net':<20}{'ms a step':>10}{'recorded':>10}{'(rounds)':>18}{'begin and end':>15}{'hooks every step':>18}")
    _warm_up()
    for name in asked.only or NETS:
        with TemporaryDirectory() as out:
            rounds = [round_of(NETS[name], asked.seconds, out) for _ in range(asked.rounds)]
        recorded = sorted(one["recorded"] / one["plain"] - 1 for one in rounds)
        by_hand = median(one["every step"] / one["plain"] - 1 for one in rounds)
        step = median(1000 * one["plain"] / one["steps"] for one in rounds)
        once = median(1000 * one["once"] for one in rounds)
        spread = f"{100 * recorded[0]:.1f} to {100 * recorded[-1]:.1f}"
        print(
            f"{name:<20}{step:>10.3g}{100 * median(recorded):>8.1f} %{spread:>18}{once:>12.0f} ms"
            f"{100 * by_hand:>16.0f} %",
            flush=True,
        )


def _warm_up() -> None:
    """Load what the first recording of a process loads, and say what that takes."""
    model = nn.Linear(2, 2)
    started = time.process_time()
    with TemporaryDirectory() as out, dlbench.record(model, None, name="first", out=out):
        pass
    print(f"(the first recording of a process: {1000 * (time.process_time() - started):.0f} ms, not in the table)")


if __name__ == "__main__":
    main()
