"""``torch.profiler``: the profiler under its newer name, and its schedules: which steps of a loop are recorded.

Source: https://docs.pytorch.org/docs/stable/profiler.html
"""

import json
import os
import socket
import time
import warnings
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from .autograd import profiler as autograd_profiler
from .autograd.profiler import ProfilerActivity as ProfilerActivity
from .autograd.profiler import record_function as record_function
from .warn import warn_once

__all__ = [
    "ProfilerAction", "ProfilerActivity", "profile", "record_function", "schedule", "supported_activities",
    "tensorboard_trace_handler",
]  # fmt: skip


class ProfilerAction(Enum):
    """What a profiler does in one step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3
    DEVICE_STOPPED = 4


_ONE_CYCLE = (
    "Warning: Profiler clears events at the end of each cycle. Only events from the current cycle will be reported. To "
    "keep events across cycles, set acc_events=True."
)
_RECORDS = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """Which of a loop's steps are recorded: in each cycle, some wait, some warm up, and some are active.

    Args:
        wait, warmup, active: how many steps of each kind a cycle has.
        repeat: how many cycles there are; without end if 0.
        skip_first: how many steps come before the first cycle.
        skip_first_wait: whether the first cycle begins without waiting.

    Returns:
        A function from the number of a step to what is done in it.

    Raises:
        AssertionError: a number is negative, or no step is active.
    """
    if wait < 0 or warmup < 0 or active <= 0 or repeat < 0 or skip_first < 0:
        raise AssertionError(
            f"Invalid profiler schedule arguments. Got wait={wait} (need >= 0), warmup={warmup} (need >= 0), "
            f"active={active} (need > 0), repeat={repeat} (need >= 0), skip_first={skip_first} (need >= 0)."
        )
    if warmup == 0:
        warnings.warn("Profiler won't be using warmup, this can skew profiler results", stacklevel=2)

    def action_in(step: int) -> ProfilerAction:
        if step < 0:
            raise AssertionError(f"Step must be non-negative. Got {step}.")
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait:
            step += wait
        cycle, place = divmod(step, wait + warmup + active)
        if (repeat and cycle >= repeat) or place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        last = place == wait + warmup + active - 1
        return ProfilerAction.RECORD_AND_SAVE if last else ProfilerAction.RECORD

    return action_in


def supported_activities() -> set[ProfilerActivity]:
    """What can be recorded: the CPU."""
    return {ProfilerActivity.CPU}


def tensorboard_trace_handler(dir_name: str, worker_name: str | None = None, use_gzip: bool = False) -> Any:
    """A function for `on_trace_ready` that writes the trace into a folder, where TensorBoard finds it.

    Args:
        dir_name: the folder, made if it is not there.
        worker_name: the beginning of the file's name; by default, the machine and the process.
        use_gzip: whether to compress the file.

    Raises:
        RuntimeError: the folder cannot be made.
    """

    def write(profiler: Any) -> None:
        try:
            os.makedirs(dir_name, exist_ok=True)
        except OSError as error:
            raise RuntimeError("Can't create directory: " + dir_name) from error
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        name = f"{worker}.{time.time_ns()}.pt.trace.json{'.gz' if use_gzip else ''}"
        profiler.export_chrome_trace(os.path.join(dir_name, name))

    return write


class profile:
    """Records what runs inside a ``with`` block, or between `start` and `stop`; all of it, or by a schedule.

    Args:
        activities: what to record; there is the CPU only.
        schedule: what to do in each step of a loop that calls `step`.
        on_trace_ready: called with the profiler whenever there is something new to look at.
        record_shapes: whether to keep the shapes of the inputs.
        profile_memory: whether to count the bytes of the results.
        acc_events: whether events of earlier cycles are kept.
        options: accepted for programs that pass them on.

    Attributes:
        profiler: the `torch.autograd.profiler.profile` of the steps recorded last.
        step_num: how often `step` was called.
        current_action: what is done in the step that runs.
    """

    def __init__(
        self, *, activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None, on_trace_ready: Callable[[Any], Any] | None = None,
        record_shapes: bool = False, profile_memory: bool = False, acc_events: bool = False, **options: Any,
    ):  # fmt: skip
        self.acc_events = acc_events
        self.activities = set(activities) if activities else supported_activities()
        self.record_steps = schedule is not None
        self.schedule = schedule or (lambda step: ProfilerAction.RECORD)
        self.on_trace_ready = on_trace_ready
        self.record_shapes, self.profile_memory = record_shapes, profile_memory
        self.options = options
        self.profiler: autograd_profiler.profile | None = None
        self.step_num = 0
        self.current_action = self.schedule(0)
        self.metadata: dict[str, str] = {}
        self._step: record_function | None = None

    # ------------------------------------------------------------------------------------------ recording
    def __enter__(self) -> "profile":
        self.start()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.stop()

    def start(self) -> None:
        """Begins the first step."""
        self._change(ProfilerAction.NONE, self.current_action)
        self._begin_step()

    def stop(self) -> None:
        """Ends the last step, and what is recorded."""
        self._end_step()
        if self.current_action in _RECORDS:
            self._stop_recording()
            if self.on_trace_ready is not None:
                self.on_trace_ready(self)

    def step(self) -> None:
        """Ends a step of the program and begins the next."""
        self._end_step()
        before = self.current_action
        self.step_num += 1
        self.current_action = self.schedule(self.step_num)
        self._change(before, self.current_action)
        self._begin_step()

    def _change(self, before: ProfilerAction, after: ProfilerAction) -> None:
        if before in _RECORDS and (before is ProfilerAction.RECORD_AND_SAVE or after not in _RECORDS):
            self._stop_recording()
            if self.on_trace_ready is not None:
                self.on_trace_ready(self)
            before = ProfilerAction.NONE
        if after in _RECORDS and before not in _RECORDS:
            former = self.profiler
            if former is not None and not self.acc_events:
                warn_once(_ONE_CYCLE)
            self._kept = list(former._check()) if former is not None and self.acc_events else []
            self.profiler = autograd_profiler.profile(
                record_shapes=self.record_shapes, profile_memory=self.profile_memory
            )
            self.profiler.__enter__()

    def _stop_recording(self) -> None:
        if self.profiler is not None and self.profiler.function_events is None:
            self.profiler.__exit__(None, None, None)
            self.profiler._check()[:0] = self._kept

    def _begin_step(self) -> None:
        if self.record_steps:
            self._step = record_function(f"ProfilerStep#{self.step_num}")
            self._step.__enter__()

    def _end_step(self) -> None:
        if self._step is not None:
            self._step.__exit__(None, None, None)
            self._step = None

    # ------------------------------------------------------------------------------------------ results
    def _recorded(self) -> autograd_profiler.profile:
        if self.profiler is None:
            raise AssertionError("Profiler must be initialized before accessing events")
        return self.profiler

    def events(self) -> Any:
        """The recorded events.

        Raises:
            AssertionError: nothing was recorded.
        """
        return self._recorded()._check()

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False
    ) -> Any:
        """The events of each name together; see `EventList.key_averages`."""
        return self._recorded().key_averages(group_by_input_shape, group_by_stack_n, group_by_overload_name)

    def export_chrome_trace(self, path: str) -> None:
        """Writes the events for ``chrome://tracing`` or Perfetto; compressed, if the name ends in ``.gz``."""
        plain = path.removesuffix(".gz")
        self._recorded().export_chrome_trace(plain)
        if plain != path:
            import gzip

            with open(plain, "rb") as source, gzip.open(path, "wb") as target:
                target.write(source.read())
            os.remove(plain)

    def export_stacks(self, path: str, metric: str = "self_cpu_time_total") -> None:
        """Writes the stacks of events, of which none are recorded."""
        open(path, "w").close()

    def add_metadata(self, key: str, value: str) -> None:
        """Keeps a note with the profile."""
        self.metadata[key] = json.dumps(value)

    def add_metadata_json(self, key: str, value: str) -> None:
        """Keeps a note, in JSON, with the profile."""
        self.metadata[key] = value
