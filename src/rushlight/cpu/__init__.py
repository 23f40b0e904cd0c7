"""`torch.cpu`: the CPU with the functions that other devices have.

Source: https://docs.pytorch.org/docs/stable/cpu.html
"""

import contextlib
from typing import Any

from . import amp as amp

__all__ = [
    "Stream", "StreamContext", "amp", "current_device", "current_stream", "device_count", "is_available",
    "is_initialized", "set_device", "stream", "synchronize",
]  # fmt: skip


class Stream:
    """A queue of work; a CPU has one, and does each piece at once."""

    def __init__(self, priority: int = -1):
        self.priority = priority

    def wait_stream(self, stream: "Stream") -> None:
        """Does nothing: the work is done."""


class StreamContext(contextlib.AbstractContextManager[Any]):
    """A context in which work goes to a stream."""

    def __init__(self, stream: Any):
        self.stream = stream

    def __exit__(self, *exc: object) -> None:
        return


_stream = Stream()


def is_available() -> bool:
    """True."""
    return True


def is_initialized() -> bool:
    """True."""
    return True


def synchronize(device: Any = None) -> None:
    """Waits for all work, which is done."""


def current_stream(device: Any = None) -> Stream:
    """The only stream."""
    return _stream


def stream(stream: Stream) -> StreamContext:
    """A context in which work goes to a stream."""
    return StreamContext(stream)


def device_count() -> int:
    """1."""
    return 1


def set_device(device: Any) -> None:
    """Does nothing: there is one device."""


def current_device() -> str:
    """``"cpu"``."""
    return "cpu"
