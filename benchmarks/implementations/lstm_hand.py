"""An LSTM that reads digits row by row, in a loop written by hand: torch.nn.LSTM, batches by index, Adam fused."""

from __future__ import annotations

from torch import Tensor, nn

from benchmarks import mnist
from benchmarks.loops import train_in_turn
from benchmarks.timer import Timer

UNITS = 64


class RowReader(nn.Module):
    """28 rows of 28 pixels through torch's own LSTM; the answer after the last one."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(28, UNITS, batch_first=True)
        self.output = nn.Linear(UNITS, mnist.CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Logits `[batch, 10]` of `[batch, 28, 28]`."""
        states, _ = self.lstm(x)
        logits: Tensor = self.output(states[:, -1])
        return logits


def run(lap: Timer, *, samples: int, trials: int) -> None:
    """`trials` nets one after the other; a lap is an epoch of each over `samples`."""
    pixels, y = mnist.tensors(samples)
    x = pixels.view(-1, 28, 28)
    models = [RowReader() for _ in range(trials)]
    train_in_turn(lap, models, x, y)
