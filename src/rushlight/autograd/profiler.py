"""``torch.autograd.profiler``: how long each operation and each node of backward takes.

While a profiler is on, it takes part in every operation of its thread (see mode.py) and in every node that the engine
runs.
"""

import functools
import threading
import time
from enum import Enum
from typing import Any

from ..base import TensorBase
from . import mode, steps
from .node import Outputs, next_sequence_number
from .profiler_calls import of_node, of_operation
from .profiler_util import EventList, FunctionEvent
from .profiler_util import FunctionEventAvg as FunctionEventAvg

_active: list["profile"] = []
_threads: dict[int, int] = {}


class profile:
    """Records what runs inside a ``with`` block.

    Args:
        enabled: whether to record at all.
        use_cuda, use_device, with_flops, with_stack, with_modules, use_kineto, use_cpu, experimental_config,
        acc_events,
            custom_trace_id_callback, post_processing_timeout_s, activity_filters: accepted; there is the CPU only.
        record_shapes: whether to keep the shapes of the inputs.
        profile_memory: whether to count the bytes of the results.

    Source: https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.profiler.profile
    """

    def __init__(
        self, enabled: bool = True, *, use_cuda: bool = False, use_device: Any = None, record_shapes: bool = False,
        with_flops: bool = False, profile_memory: bool = False, with_stack: bool = False, with_modules: bool = False,
        use_kineto: bool = False, use_cpu: bool = True, experimental_config: Any = None, acc_events: bool = False,
        custom_trace_id_callback: Any = None, post_processing_timeout_s: float | None = None,
        activity_filters: Any = None,
    ):  # fmt: skip
        self.enabled = enabled
        self.record_shapes = record_shapes
        self.profile_memory = profile_memory
        self.function_events: EventList | None = None
        self.entered = False
        self._events: list[FunctionEvent] = []
        self._open: list[FunctionEvent] = []
        self._start = 0

    # ------------------------------------------------------------------------------------------ recording
    def __enter__(self) -> "profile | None":
        if not self.enabled:
            return None
        if self.entered:
            raise RuntimeError("Profiler context manager is not reentrant")
        self.entered = True
        self._start = time.perf_counter_ns()
        _active.append(self)
        mode.watch(self)
        steps.node_watchers.append(self)
        return self

    def __exit__(self, *exc: Any) -> None:
        if not self.enabled:
            return
        steps.node_watchers.remove(self)
        mode.unwatch(self)
        _active.remove(self)
        while self._open:
            self.close()
        for event in self._events:
            event.time_range.end = max(event.time_range.end, event.time_range.start)
        self.function_events = EventList(self._events, self.profile_memory)

    def open(self, name: str) -> FunctionEvent:
        """Begins an event within those still open."""
        parent = self._open[-1] if self._open else None
        thread = _threads.setdefault(threading.get_ident(), len(_threads) + 1)
        event = FunctionEvent(len(self._events) + 1, name, thread, 0.0, 0.0, fwd_thread=0, cpu_parent=parent)
        if parent is not None:
            parent.cpu_children.append(event)
        self._events.append(event)
        self._open.append(event)
        event.time_range.start = (time.perf_counter_ns() - self._start) / 1e3
        return event

    def close(self) -> None:
        """Ends the event begun last."""
        self._end(self._open.pop())

    def end(self, event: FunctionEvent) -> None:
        """Ends an event, and those within it that are open still."""
        while event in self._open:
            self.close()
        if event.is_async:
            self._end(event)

    def set_aside(self, event: FunctionEvent) -> None:
        """Lets an event go on beside those that follow."""
        while event in self._open:
            self._end(self._open.pop())
        event.is_async = True

    def _end(self, event: FunctionEvent) -> None:
        event.time_range.end = (time.perf_counter_ns() - self._start) / 1e3
        if event.cpu_parent is not None:
            event.cpu_parent.cpu_memory_usage += event.cpu_memory_usage

    def around(self, operation: Any, run: Any) -> Any:
        """Takes part in an operation; see mode.py."""

        def recorded(*args: Any, **kwargs: Any) -> Any:
            shapes = [_shapes(a) for a in args] if self.record_shapes else []
            # The number that the operation's node gets, if it makes one.
            number = next_sequence_number() if mode.local.grad else -1
            before = len(self._open)

            def itself(event: FunctionEvent) -> Any:
                result = run(*args, **kwargs)
                if self.profile_memory and not operation.view:
                    event.cpu_memory_usage += _bytes(result)
                return result

            try:
                return self._play(of_operation(operation.name), f"aten::{operation.aten}", itself, shapes, number)
            finally:
                while len(self._open) > before:
                    self.close()

        return recorded

    def _play(self, calls: Any, name: str, itself: Any, shapes: list[Any], number: int) -> Any:
        """Records calls, of which one is the operation itself; returns its result."""
        result = None
        for call in calls:
            event = self.open(name if call.name == "*" else f"aten::{call.name}")
            event.sequence_nr = number
            if self.record_shapes:
                all_shapes = shapes if call.composite else []
                event.input_shapes = all_shapes if call.shapes is None else [_shown(shapes, s) for s in call.shapes]
            if call.name == "*":
                result = itself(event)
            inside = number if call.composite and call.name != "*" else -1
            found = self._play(call.inside, name, itself, shapes, inside)
            result = found if result is None else result
            self.close()
        return result

    def before(self, node: Any, grad: Any) -> None:
        """Begins the event of a node that the engine is about to run."""
        name = node.name()
        outer = self.open(f"autograd::engine::evaluate_function: {name}")
        inner = self.open(name)
        if node.seq:  # leaves have none
            inner.sequence_nr = outer.sequence_nr = node.seq
            inner.fwd_thread = outer.fwd_thread = inner.thread
        if self.record_shapes and grad is not None and not isinstance(grad, Outputs):
            inner.input_shapes = [list(grad.shape)]
        self._play(of_node(name), name, None, inner.input_shapes, -1)

    def after(self, node: Any, results: Any) -> None:
        """Ends the event of a node."""
        if self.profile_memory:
            self._open[-1].cpu_memory_usage += sum(getattr(r, "nbytes", 0) for r in results if r is not None)
        self.close()
        self.close()

    def failed(self, node: Any) -> None:
        """Ends the event of a node whose derivative raised an error."""
        self.after(node, ())

    # ------------------------------------------------------------------------------------------ results
    def _check(self) -> EventList:
        return EventList() if self.function_events is None else self.function_events

    def __repr__(self) -> str:
        return "<unfinished torch.autograd.profile>" if self.function_events is None else repr(self.function_events)

    def __str__(self) -> str:
        return "<unfinished torch.autograd.profile>" if self.function_events is None else str(self.function_events)

    def table(self, *args: Any, **kwargs: Any) -> str:
        """All events as a table; see `EventList.table`."""
        return self._check().table(*args, **kwargs)

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False
    ) -> EventList:
        """The events of each name together; see `EventList.key_averages`."""
        return self._check().key_averages(group_by_input_shape, group_by_stack_n, group_by_overload_name)

    def total_average(self) -> FunctionEventAvg:
        """All events together."""
        return self._check().total_average()

    def export_chrome_trace(self, path: str) -> None:
        """Writes the events for ``chrome://tracing`` or Perfetto."""
        self._check().export_chrome_trace(path)

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all events, none counted twice, in microseconds."""
        return self._check().self_cpu_time_total


def enabled() -> bool:
    """Whether a profiler records."""
    return bool(_active)


def kineto_available() -> bool:
    """Whether profiles can be asked for with ``use_kineto``, as in PyTorch; it makes no difference."""
    return True


def _shapes(x: Any) -> Any:
    if isinstance(x, TensorBase):
        return list(x._shape)
    if isinstance(x, (list, tuple)) and any(isinstance(t, TensorBase) for t in x):
        return [_shapes(t) for t in x]
    return []


def _shown(shapes: list[Any], which: str) -> Any:
    """The shape of one argument: at a position, transposed after ``T``; ``-`` is no tensor."""
    place = which.rstrip("T")
    if not place.isdigit() or int(place) >= len(shapes):
        return []
    shape = shapes[int(place)]
    return shape[::-1] if which.endswith("T") else shape


def _bytes(result: Any) -> int:
    if isinstance(result, (tuple, list)):
        return sum(_bytes(r) for r in result)
    return result._data.nbytes if isinstance(result, TensorBase) else 0


class ProfilerActivity(Enum):
    """What to record; there is the CPU only."""

    CPU = 0
    XPU = 1
    CUDA = 2


class record_function:
    """Gives a block of the program (or a decorated function) a name in the profile.

    Args:
        name: the name shown.
        args: a note, kept but not shown.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.profiler.record_function.html
    """

    def __init__(self, name: str, args: str | None = None):
        self.name = name
        self.args = args
        self.run_callbacks_on_exit = True
        self._events: list[tuple[profile, FunctionEvent]] = []

    def __enter__(self) -> "record_function":
        self._events = [(p, p.open(self.name)) for p in _active]
        for _, event in self._events:
            event.is_user_annotation = True
        return self

    def __exit__(self, *exc: Any) -> None:
        for p, event in self._events if self.run_callbacks_on_exit else ():
            p.end(event)

    def _call_end_callbacks_on_future(self, fut: Any) -> Any:
        """Lets the block end when a future is there, not with the ``with`` statement; returns that future.

        Raises:
            RuntimeError: that was said before.
        """
        if not self.run_callbacks_on_exit:
            raise RuntimeError("_call_end_callbacks_on_future can only be called once.")
        self.run_callbacks_on_exit = False
        for p, event in self._events:
            p.set_aside(event)

        def ended(future: Any) -> Any:
            for p, event in self._events:
                p.end(event)
            return future.value()

        return fut.then(ended)

    def __call__(self, function: Any) -> Any:
        """The function, each call of which is recorded."""

        @functools.wraps(function)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name, self.args):
                return function(*args, **kwargs)

        return decorated


class _Emitter:
    """A context that would show operations to another profiler.

    Args:
        enabled: whether it does anything.
        record_shapes: whether to show shapes.
    """

    def __init__(self, enabled: bool = True, record_shapes: bool = False):
        self.enabled = enabled
        self.entered = False
        self.record_shapes = record_shapes

    def _enter(self, name: str) -> bool:
        if self.enabled and self.entered:
            raise RuntimeError(f"{name} annotation context manager is not reentrant")
        self.entered = self.enabled
        return self.enabled

    def __exit__(self, *exc: Any) -> None:
        pass


class emit_itt(_Emitter):
    """Would show operations to Intel's profiler, which is not there."""

    def __enter__(self) -> "emit_itt | None":
        return self if self._enter("ITT") else None


class emit_nvtx(_Emitter):
    """Would show operations to NVIDIA's profiler; refused, as there is no CUDA."""

    def __enter__(self) -> "emit_nvtx | None":
        if self._enter("NVTX"):
            raise AssertionError("Torch not compiled with CUDA enabled")
        return None
