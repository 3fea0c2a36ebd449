"""The records of an event file of TensorBoard, one after the other, by TensorBoard's own reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dlbench.errors import SetupError
from dlbench.files import open_file

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event


@dataclass
class EventFileEnd:
    """How reading a file has ended."""

    records: int = 0
    problem: str | None = None
    """Why it ended before the file did."""


def require_tensorboard() -> None:
    """Raise SetupError where the library that reads such files is not installed."""
    try:
        import tensorboard.compat.proto.event_pb2  # noqa: F401
    except ImportError:
        raise SetupError(
            "TensorBoard's files need its library; install it with `pip install 'dlbench[tensorboard]'`"
        ) from None


def records_of(path: Path, end: EventFileEnd) -> Iterator[tuple[int, Event]]:
    """Each event with its number from 1. A file that is cut off, as by a kill, or damaged ends where it is, and `end` says why.

    Raises OSError where it cannot be read.
    """
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.tensorflow_stub import errors
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import PyRecordReader_New

    open_file(path).close()  # the reader would wait for a pipe, and says nothing of its own where a file cannot be read
    reader = PyRecordReader_New(str(path))
    while True:
        try:
            reader.GetNext()
            event = Event.FromString(reader.record())
        except errors.OutOfRangeError:
            return
        except errors.DataLossError as error:
            end.problem = error.message.replace(f"{path} ", "")
            return
        except (DecodeError, MemoryError, OverflowError) as error:
            end.problem = f"record {end.records + 1} is none: {error}"
            return
        end.records += 1
        yield end.records, event
