"""``torch.autograd.profiler``: how long each operation and each node of backward takes.

While a profiler is on, it takes part in every operation of its thread (see mode.py) and in every node that the engine
runs.
"""

import functools
import threading
import time
from typing import Any

from ..base import TensorBase
from . import mode, steps
from .node import Outputs
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
        event = self._open.pop()
        event.time_range.end = (time.perf_counter_ns() - self._start) / 1e3
        if event.cpu_parent is not None:
            event.cpu_parent.cpu_memory_usage += event.cpu_memory_usage

    def around(self, operation: Any, run: Any) -> Any:
        """Takes part in an operation; see mode.py."""

        def recorded(*args: Any, **kwargs: Any) -> Any:
            event = self.open(f"aten::{operation.aten}")
            if self.record_shapes:
                event.input_shapes = [_shapes(a) for a in args]
            try:
                result = run(*args, **kwargs)
                if self.profile_memory and not operation.view:
                    event.cpu_memory_usage += _bytes(result)
                first = result[0] if isinstance(result, tuple) and result else result
                if isinstance(first, TensorBase) and first._node is not None:
                    event.sequence_nr = first._node.seq
                return result
            finally:
                self.close()

        return recorded

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


def _bytes(result: Any) -> int:
    if isinstance(result, (tuple, list)):
        return sum(_bytes(r) for r in result)
    return result._data.nbytes if isinstance(result, TensorBase) else 0


class record_function:
    """Gives a block of the program (or a decorated function) a name in the profile.

    Args:
        name: the name shown.
        args: a note, kept but not shown.
    """

    def __init__(self, name: str, args: str | None = None):
        self.name = name
        self.args = args

    def __enter__(self) -> "record_function":
        self._profilers = list(_active)
        for p in self._profilers:
            p.open(self.name).is_user_annotation = True
        return self

    def __exit__(self, *exc: Any) -> None:
        for p in self._profilers:
            p.close()

    def __call__(self, function: Any) -> Any:
        """The function, each call of which is recorded."""

        @functools.wraps(function)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name, self.args):
                return function(*args, **kwargs)

        return decorated
