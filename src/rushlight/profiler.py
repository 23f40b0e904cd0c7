"""``torch.profiler``: the profiler under its newer name."""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from .autograd import profiler as autograd_profiler
from .autograd.profiler import record_function as record_function


class ProfilerActivity(Enum):
    """What to record; there is the CPU only."""

    CPU = 0
    CUDA = 2


class profile(autograd_profiler.profile):
    """Records what runs inside a ``with`` block; see `torch.autograd.profiler.profile`.

    Args:
        activities: accepted; there is the CPU only.
        schedule: not supported.
        on_trace_ready: called with the profiler at the end.
        record_shapes: whether to keep the shapes of the inputs.
        profile_memory: whether to count the bytes of the results.
        kwargs: accepted.

    Raises:
        NotImplementedError: a schedule was given.
    """

    def __init__(
        self, *, activities: Iterable[ProfilerActivity] | None = None, schedule: Any = None,
        on_trace_ready: Callable[[Any], None] | None = None, record_shapes: bool = False, profile_memory: bool = False,
        **kwargs: Any,
    ):  # fmt: skip
        if schedule is not None:
            raise NotImplementedError("torch.profiler.profile(schedule=...) is not supported")
        super().__init__(record_shapes=record_shapes, profile_memory=profile_memory)
        self.on_trace_ready = on_trace_ready

    def __exit__(self, *exc: Any) -> None:
        super().__exit__(*exc)
        if self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def start(self) -> None:
        """Begins recording."""
        self.__enter__()

    def stop(self) -> None:
        """Ends recording."""
        self.__exit__(None, None, None)

    def step(self) -> None:
        """Does nothing: without a schedule all steps are recorded."""

    def events(self) -> Any:
        """The recorded events."""
        return self._check()
