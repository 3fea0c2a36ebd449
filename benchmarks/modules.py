"""How much faster trials of a module go at once: `python -m benchmarks.modules`.

Ten seeds of small modules, forward and backward as the engine calls them: by torch.vmap, and one trial after the other. Each way is
measured five times in turn, in processor time of one thread; the least of each counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from dlbench.parts.modules.building import kept, trained
from dlbench.parts.modules.running import Ran, one_by_one, together
from dlbench.parts.products import ask_for_same_bits

SEEDS, BATCH, TURNS, SECONDS = 10, 32, 5, 0.5


def convolutions(channels: int) -> nn.Module:
    """The block of docs/extending.md, of so many channels."""
    return nn.Sequential(
        nn.Conv2d(1, channels, 3, padding=1),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(channels, 2 * channels, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )


def dense() -> nn.Module:
    """Three dense layers."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 10))


CASES: Sequence[tuple[str, Callable[[], nn.Module], int]] = [
    ("3 dense layers of 32, 8 x 8", dense, 8),
    ("2 convolutions of 4 and 8, 8 x 8", lambda: convolutions(4), 8),
    ("2 convolutions of 16 and 32, 8 x 8", lambda: convolutions(16), 8),
    ("2 convolutions of 4 and 8, 28 x 28", lambda: convolutions(4), 28),
    ("2 convolutions of 16 and 32, 28 x 28", lambda: convolutions(16), 28),
]


def stepped(build: Callable[[], nn.Module], side: int, how: Callable[..., Ran]) -> Callable[[], None]:
    """One step of all seeds, without an optimizer."""
    modules = [build() for _ in range(SEEDS)]
    weights = {name: _stacked(modules, name).requires_grad_() for name in trained(modules[0])}
    buffers = {name: torch.stack([kept(one)[name] for one in modules]) for name in kept(modules[0])}
    x = torch.randn(SEEDS, BATCH, 1, side, side)

    def step() -> None:
        ran = how(modules[0], weights, buffers, x)
        torch.autograd.grad(ran.y.square().sum(), list(weights.values()))

    return step


def _stacked(modules: Sequence[nn.Module], name: str) -> Tensor:
    return torch.stack([trained(one)[name] for one in modules])


def seconds_of(step: Callable[[], None]) -> float:
    """Processor time of a step."""
    count, started = 0, time.process_time()
    while time.process_time() - started < SECONDS:
        step()
        count += 1
    return (time.process_time() - started) / count


def main() -> None:
    """Measure and print all cases."""
    ask_for_same_bits()
    torch.set_num_threads(1)
    print(f"{'module':<40}{'at once':>10}{'in turn':>10}{'ratio':>8}")
    for name, build, side in CASES:
        ways = [stepped(build, side, how) for how in (together, one_by_one)]
        for step in ways:
            step()
        least = [min(own) for own in zip(*([seconds_of(step) for step in ways] for _ in range(TURNS)), strict=True)]
        print(f"{name:<40}{least[0] * 1e3:>7.2f} ms{least[1] * 1e3:>7.2f} ms{least[0] / least[1]:>8.2f}")


if __name__ == "__main__":
    main()
