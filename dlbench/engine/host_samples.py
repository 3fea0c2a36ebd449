"""Samples that stay on the host, in memory or on disk, until some of them go to the device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeAlias, TypeVar

import torch
from torch import Tensor

from dlbench.parts.datasets.samples import OnDisk

T = TypeVar("T")


class HostSamples:
    """Stands for a tensor `[samples, *shape]` in float32 on a `device` that does not hold it; choosing rows moves nothing."""

    def __init__(self, samples: OnDisk | Tensor, device: torch.device) -> None:
        self._samples, self.device = samples, device
        self.shape = torch.Size(samples.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def chosen(self, at: Tensor) -> HostSamples:
        """Some of them, at positions `[k]`."""
        at = at.cpu()
        return HostSamples(
            self._samples[at] if isinstance(self._samples, Tensor) else self._samples[at.numpy()], self.device
        )

    def read(self, at: Tensor | slice) -> Tensor:
        """Some of them on the host, as they best go to the device; any thread may ask."""
        if isinstance(self._samples, Tensor):
            found = self._samples[at] if isinstance(at, slice) else self._samples.index_select(0, at.cpu())
        else:
            found = torch.from_numpy(self._samples.gather(at if isinstance(at, slice) else at.cpu().numpy()))
        return found.pin_memory() if self.device.type == "cuda" else found

    def arrived(self, found: Tensor) -> Tensor:
        """What was read, on the device; the host does not wait for pinned memory to be copied."""
        return found.to(self.device, non_blocking=True)


Held: TypeAlias = Tensor | HostSamples
"""Samples `[samples, *shape]` on the device, or to be brought there."""


def whole(x: Held) -> Tensor:
    """All samples on the device, for what needs them all at once."""
    return x if isinstance(x, Tensor) else x.arrived(x.read(slice(None)))


def at_once(x: Held, at: Tensor) -> Tensor:
    """Some samples on the device, at positions `[k]`."""
    return x.index_select(0, at) if isinstance(x, Tensor) else x.arrived(x.read(at))


def without_repeats(at: Tensor) -> tuple[Tensor, Tensor | None]:
    """Positions each once, in ascending order, and where in them those of `at` stand; as they are where none comes twice.

    Trials of one seed see the same samples: these are read once.
    """
    once, places = torch.unique(at.cpu(), return_inverse=True)
    return (once, places) if len(once) < len(at) else (at, None)


def pieces(x: Held, size: int) -> Iterator[Tensor]:
    """All samples on the device in their order, `size` at a time; the next ones are read while the last are used."""
    if isinstance(x, Tensor):
        yield from torch.split(x, size)
        return
    ahead: ReadAhead[Tensor] = ReadAhead()
    for start in range(0, len(x), size):
        following = start + size
        yield x.arrived(
            ahead.take(
                start,
                _reading(x, start, size),
                (following, _reading(x, following, size)) if following < len(x) else None,
            )
        )


def _reading(x: HostSamples, start: int, size: int) -> Callable[[], Tensor]:
    return lambda: x.read(slice(start, start + size))


class ReadAhead(Generic[T]):
    """Reads what will be asked for next in a thread of its own, while what was read last is used."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._waiting: tuple[int, Future[T]] | None = None

    def take(self, place: int, read: Callable[[], T], following: tuple[int, Callable[[], T]] | None = None) -> T:
        """What is read for a `place`, now or ahead of time; `following` is begun, the place that is asked for next."""
        waiting = self._waiting
        now = waiting[1] if waiting is not None and waiting[0] == place else self._thread.submit(read)
        self._waiting = None if following is None else (following[0], self._thread.submit(following[1]))
        return now.result()
