"""What a profiler recorded: events, their averages, the table, the Chrome trace. Times are in microseconds.

Source of the shapes: https://docs.pytorch.org/docs/stable/autograd.html#profiler
"""

import os
from collections.abc import Iterable
from typing import Any, NamedTuple

from ..files import replacing

_MICROSECONDS_IN = {"s": 1e6, "ms": 1e3, "us": 1.0}


def format_time(us: float) -> str:
    """A time with the unit in which it reads best."""
    for unit in ("s", "ms"):
        if us >= _MICROSECONDS_IN[unit]:
            return f"{us / _MICROSECONDS_IN[unit]:.3f}{unit}"
    return f"{us:.3f}us"


def format_share(part: float, whole: float) -> str:
    """A part as a percentage of the whole.

    Raises:
        AssertionError: there is a part of no time.
    """
    if whole == 0:
        if part != 0:
            raise AssertionError(f"Expected time_us == 0 when total_time_us == 0, but got {part}")
        return "NaN"
    return f"{part * 100.0 / whole:.2f}%"


def format_memory(count: float) -> str:
    """A number of bytes, possibly negative, with the unit in which it reads best."""
    for power, unit in ((3, "GB"), (2, "MB"), (1, "KB")):
        if abs(count) >= 1024**power:
            return f"{count * 1.0 / 1024**power:.2f} {unit}"
    return f"{count} B"


_format_time, _format_time_share, _format_memory = format_time, format_share, format_memory


class Interval:
    """A stretch of time, with ``elapsed_us()``."""

    def __init__(self, start: float, end: float):
        self.start = start
        self.end = end

    def elapsed_us(self) -> float:
        """Its length."""
        return self.end - self.start


class Kernel(NamedTuple):
    """A kernel of a GPU, of which there are none."""

    name: str
    device: int
    duration: float


class _Times:
    """The names under which times can be read, for events and averages alike."""

    device_time_total = self_device_time_total = device_time = 0.0
    cuda_time = cuda_time_total = self_cuda_time_total = 0.0
    device_memory_usage = self_device_memory_usage = 0
    overload_name = ""
    use_device = None
    node_id = -1
    is_async = is_remote = is_legacy = is_user_annotation = False
    device_type = "DeviceType.CPU"
    flops = 0
    stack: tuple[str, ...] = ()
    cpu_time_total: float
    self_cpu_time_total: float
    count: int

    @property
    def cpu_time(self) -> float:
        """The average time of a call."""
        return 0.0 if self.count == 0 else self.cpu_time_total / self.count

    cpu_time_str = property(lambda self: format_time(self.cpu_time))
    cpu_time_total_str = property(lambda self: format_time(self.cpu_time_total))
    self_cpu_time_total_str = property(lambda self: format_time(self.self_cpu_time_total))
    device_time_str = property(lambda self: format_time(self.device_time))


class FunctionEvent(_Times):
    """One call of an operation, a node of the graph, or a block named by `record_function`.

    Attributes:
        id: its number, in order of start.
        name: what ran, such as ``"aten::mul"``.
        thread: the number of the thread.
        time_range: when it ran, from the start of profiling.
        cpu_parent: the event within which it ran, or None. cpu_children: those that ran within it.
        input_shapes: the shapes of its tensors, if recorded.
        cpu_memory_usage: bytes of the tensors it made, less those it freed.
        sequence_nr: the number that an operation shares with its node in backward, or -1.
        fwd_thread: the thread of that operation, for a node.
        others: anything else that PyTorch's events say of themselves.
    """

    count = 1

    def __init__(
        self, id: int, name: str, thread: int, start_us: float, end_us: float, *, fwd_thread: int | None = None,
        input_shapes: Any = None, cpu_memory_usage: int = 0, sequence_nr: int = -1, cpu_parent: Any = None,
        **others: Any,
    ):  # fmt: skip
        self.id = id
        self.name = self.trace_name = name
        self.thread = thread
        self.fwd_thread = fwd_thread
        self.time_range = Interval(start_us, end_us)
        self.cpu_parent: FunctionEvent | None = cpu_parent
        self.cpu_children: list[FunctionEvent] = []
        self.input_shapes: list[Any] = [] if input_shapes is None else input_shapes
        self.cpu_memory_usage = cpu_memory_usage
        self.sequence_nr = sequence_nr
        vars(self).update(others)

    def append_cpu_child(self, child: "FunctionEvent") -> None:
        """Adds an event that ran within this one."""
        self.cpu_children.append(child)

    def set_cpu_parent(self, parent: "FunctionEvent") -> None:
        """Says within which event this one ran."""
        self.cpu_parent = parent

    @property
    def key(self) -> str:
        """The name by which events are grouped."""
        return "ProfilerStep*" if self.name.startswith("ProfilerStep#") else self.name

    @property
    def cpu_time_total(self) -> float:  # type: ignore[override]
        """The time of the call."""
        return self.time_range.elapsed_us()

    @property
    def self_cpu_time_total(self) -> float:  # type: ignore[override]
        """The time of the call less that of the events within it."""
        return self.cpu_time_total - sum(c.cpu_time_total for c in self.cpu_children)

    @property
    def self_cpu_memory_usage(self) -> int:
        """The bytes of the call less those of the events within it."""
        return self.cpu_memory_usage - sum(c.cpu_memory_usage for c in self.cpu_children)

    def __repr__(self) -> str:
        return (
            f"<FunctionEvent id={self.id} name={self.name} overload_name={self.overload_name} "
            f"device_type={self.device_type} node_id={self.node_id} cpu_time={self.cpu_time_str} "
            f"start_us={self.time_range.start} end_us={self.time_range.end} "
            f"cpu_children={[c.id for c in self.cpu_children]} None_time={self.device_time_str} name={self.name} "
            f"thread={self.thread} input_shapes={self.input_shapes} cpu_memory_usage={self.cpu_memory_usage} "
            f"None_memory_usage={self.device_memory_usage} is_async={self.is_async} is_remote={self.is_remote} "
            f"seq_nr={self.sequence_nr} is_legacy={self.is_legacy}>"
        )


class FunctionEventAvg(_Times):
    """All events of one key together."""

    def __init__(self) -> None:
        self.key: str | None = None
        self.count = 0
        self.cpu_time_total = 0.0
        self.self_cpu_time_total = 0.0
        self.cpu_memory_usage = 0
        self.self_cpu_memory_usage = 0
        self.input_shapes: Any = None
        self.cpu_children: list[FunctionEvent] | None = None
        self.cpu_parent: FunctionEvent | None = None

    def add(self, other: Any) -> "FunctionEventAvg":
        """Counts an event (or another average) in."""
        if self.key is None:
            self.key = other.key
            self.cpu_parent, self.cpu_children = other.cpu_parent, other.cpu_children
            self.input_shapes = other.input_shapes
        self.count += other.count
        for name in ("cpu_time_total", "self_cpu_time_total", "cpu_memory_usage", "self_cpu_memory_usage"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    __iadd__ = add

    def __repr__(self) -> str:
        return (
            f"<FunctionEventAvg key={self.key} self_cpu_time={self.self_cpu_time_total_str} "
            f"cpu_time={self.cpu_time_str}  self_cuda_time=0.000us cuda_time=0.000us input_shapes={self.input_shapes} "
            f"cpu_memory_usage={self.cpu_memory_usage} cuda_memory_usage=0>"
        )


class EventList(list[Any]):
    """A list of events or averages."""

    def __init__(self, events: Iterable[Any] = (), profile_memory: bool = False, with_flops: bool = False):
        super().__init__(events)
        self._profile_memory = profile_memory

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all events, none counted twice."""
        return sum(e.self_cpu_time_total for e in self)

    def _build_tree(self) -> None:
        """Finds out which events lie within which, by their threads and times."""
        for thread in {e.thread: None for e in self}:
            inside: list[Any] = []
            mine = [e for e in self if e.thread == thread and not e.is_async]
            for event in sorted(mine, key=lambda e: (e.time_range.start, -e.time_range.end)):
                while inside and (
                    event.time_range.start >= inside[-1].time_range.end
                    or event.time_range.end > inside[-1].time_range.end
                ):
                    inside.pop()
                if inside:
                    inside[-1].append_cpu_child(event)
                    event.set_cpu_parent(inside[-1])
                inside.append(event)

    def key_averages(
        self, group_by_input_shapes: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False
    ) -> "EventList":
        """The events of each name together, or of each name and input shapes."""
        groups: dict[Any, FunctionEventAvg] = {}
        for event in self:
            key = (event.key, str(event.input_shapes) if group_by_input_shapes else "")
            groups.setdefault(key, FunctionEventAvg()).add(event)
        found = EventList(groups.values(), self._profile_memory)
        if not group_by_input_shapes:
            for average in found:
                average.input_shapes = ""
        return found

    def total_average(self) -> FunctionEventAvg:
        """All events together."""
        total = FunctionEventAvg()
        for event in self:
            total += event
            total.key = None
        total.key = "Total"
        return total

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
        time_unit: str | None = None,
    ) -> str:
        """The events as a table.

        Args:
            sort_by: the attribute to sort by, the largest first, such as ``"cpu_time_total"``.
            row_limit: how many rows at most.
            max_src_column_width, max_name_column_width, max_shapes_column_width: widths of columns at most.
            header: a line above the table.
            top_level_events_only: whether to leave out events within others.
            time_unit: ``"s"``, ``"ms"`` or ``"us"`` for all times; by default each has its own.
        """
        if not self:
            return ""
        events = self if sort_by is None else sorted(
            self, key=lambda e: getattr(e, sort_by.replace("cuda", "device")), reverse=True
        )  # fmt: skip
        whole = sum(e.self_cpu_time_total for e in events)
        name_width = min(max(len(e.key) for e in events) + 4, max_name_column_width or 1 << 30)
        columns = [("Name", name_width)]
        titles = ["Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg"]
        titles += ["CPU Mem", "Self CPU Mem"] if self._profile_memory else []
        columns += [(title, 12) for title in (*titles, "# of Calls")]
        shapes = any(e.input_shapes is not None and len(e.input_shapes) > 0 for e in events)
        shapes_width = min(max(len(str(e.input_shapes)) for e in events) + 4, max_shapes_column_width or 1 << 30)
        if shapes:
            columns.append(("Input Shapes", shapes_width))

        def time(us: float) -> str:
            return format_time(us) if time_unit is None else f"{us / _MICROSECONDS_IN[time_unit]:.3f}{time_unit}"

        def line(cells: Iterable[Any]) -> str:
            return "".join(f"{cell!s:>{width}}  " for cell, (_, width) in zip(cells, columns, strict=True))

        rule = "".join("-" * width + "  " for _, width in columns)
        double = "=" * (sum(width + 2 for _, width in columns) - 2)
        lines = [double, header] if header is not None else []
        if top_level_events_only:
            lines += [double, "This report only display top-level ops statistics"]
        lines += [rule, line(title for title, _ in columns), rule]
        shown = [e for e in events if not (top_level_events_only and e.cpu_parent is not None)]
        for e in shown[: None if row_limit < 0 else row_limit]:
            name = e.key
            if max_name_column_width is not None and len(name) >= max_name_column_width - 3:
                name = name[: max_name_column_width - 3] + "..."
            cells = [name, format_share(e.self_cpu_time_total, whole), time(e.self_cpu_time_total)]
            cells += [format_share(e.cpu_time_total, whole), time(e.cpu_time_total), time(e.cpu_time)]
            if self._profile_memory:
                cells += [format_memory(e.cpu_memory_usage), format_memory(e.self_cpu_memory_usage)]
            cells.append(str(e.count))
            if shapes:
                cells.append(str(e.input_shapes)[:shapes_width])
            lines.append(line(cells))
        lines += [rule, f"Self CPU time total: {time(whole)}"]
        return "".join(text + "\n" for text in lines if text is not None)

    def __str__(self) -> str:
        return self.table()

    def export_chrome_trace(self, path: str) -> None:
        """Writes the events for ``chrome://tracing`` or Perfetto."""
        import json

        process = os.getpid()
        entries = [
            {
                "ph": "X", "cat": "user_annotation" if e.is_user_annotation else "cpu_op", "name": e.name,
                "pid": process, "tid": e.thread, "ts": e.time_range.start, "dur": e.time_range.elapsed_us(),
                "args": {"External id": e.id, "Sequence number": e.sequence_nr, "Input Dims": e.input_shapes},
            }
            for e in self
        ]  # fmt: skip
        found = {"schemaVersion": 1, "displayTimeUnit": "ms", "traceEvents": entries, "traceName": path}
        with replacing(path) as file:
            file.write(json.dumps(found).encode())


FormattedTimesMixin = _Times
