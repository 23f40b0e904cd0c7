"""The profiler beside PyTorch: what it records, its averages, the very text of its tables, the Chrome trace."""

import importlib
import json
import re

import pytest
from beside import check
from torch.autograd.profiler_util import EventList as TorchEventList
from torch.autograd.profiler_util import FunctionEvent as TorchFunctionEvent

import rushlight
from rushlight.autograd.profiler_util import EventList, FunctionEvent

# Name, start and end in microseconds, place of the parent, shapes, bytes: a made-up run.
RUN = [
    ("outer", 0.0, 2_500_000.25, None, [], 300),
    ("aten::mul", 10.5, 1_200.75, 0, [[2, 3], []], 24),
    ("aten::mul", 1_300.0, 1_301.125, 0, [[4], [4]], 2048),
    ("aten::a_name_that_is_much_longer_than_the_column_for_names_allows", 1_400.0, 1_500.0, 0, [[7, 8, 9]], -5 * 2**20),
    ("MulBackward0", 2_600_000.0, 2_600_050.0, None, [[2, 3]], 3 * 2**30),
    ("aten::add", 2_600_010.0, 2_600_020.0, 4, [[2, 3], [2, 3]], 0),
    ("aten::add", 2_700_000.0, 2_700_000.5, None, [[2, 3], [2, 3]], 1),
]


def ours(memory):
    events = []
    for i, (name, start, end, parent, shapes, size) in enumerate(RUN):
        event = FunctionEvent(i, name, 1, start, end, cpu_parent=None if parent is None else events[parent])
        event.input_shapes, event.cpu_memory_usage = shapes, size
        if parent is not None:
            events[parent].cpu_children.append(event)
        events.append(event)
    return EventList(events, memory)


def theirs(memory):
    events = TorchEventList(
        [
            TorchFunctionEvent(i, name, 1, start, end, input_shapes=shapes, cpu_memory_usage=size, stack=[])
            for i, (name, start, end, _, shapes, size) in enumerate(RUN)
        ],
        profile_memory=memory,
    )
    events._build_tree()
    return events


TABLES = [
    {}, {"sort_by": "cpu_time_total"}, {"sort_by": "self_cpu_time_total", "row_limit": 2}, {"sort_by": "cpu_time"},
    {"row_limit": -1}, {"row_limit": 0}, {"header": "a header"}, {"top_level_events_only": True},
    {"header": "h", "top_level_events_only": True, "sort_by": "cpu_time_total"}, {"max_name_column_width": 20},
    {"max_name_column_width": None}, {"max_shapes_column_width": 10}, {"time_unit": "s"}, {"time_unit": "ms"},
    {"time_unit": "us"}, {"sort_by": "cpu_memory_usage"}, {"sort_by": "self_cpu_memory_usage"}, {"sort_by": "count"},
]  # fmt: skip


@pytest.mark.parametrize("options", TABLES, ids=str)
@pytest.mark.parametrize("memory", [False, True])
def test_tables(options, memory):
    assert ours(memory).table(**options) == theirs(memory).table(**options)


@pytest.mark.parametrize("options", TABLES, ids=str)
@pytest.mark.parametrize("memory", [False, True])
@pytest.mark.parametrize("by_shape", [False, True])
def test_tables_of_averages(options, memory, by_shape):
    mine = ours(memory).key_averages(group_by_input_shapes=by_shape)
    assert mine.table(**options) == theirs(memory).key_averages(group_by_input_shapes=by_shape).table(**options)


def test_averages():
    names = ["key", "count", "cpu_time", "cpu_time_total", "self_cpu_time_total", "cpu_memory_usage",
             "self_cpu_memory_usage", "input_shapes", "cpu_time_str", "cpu_time_total_str",
             "self_cpu_time_total_str"]  # fmt: skip
    for by_shape in (False, True):
        mine, other = (e(True).key_averages(group_by_input_shapes=by_shape) for e in (ours, theirs))
        assert [[getattr(e, n) for n in names] for e in mine] == [[getattr(e, n) for n in names] for e in other]
        assert [repr(e) for e in mine] == [repr(e) for e in other]
    assert repr(ours(True).total_average()) == repr(theirs(True).total_average())
    assert ours(True).self_cpu_time_total == theirs(True).self_cpu_time_total


def test_an_unknown_column():
    def error(events):
        with pytest.raises(AttributeError) as caught:
            events.table(sort_by="nonsense")
        return str(caught.value)

    assert error(ours(False)) == error(theirs(False))


def test_nothing_recorded():
    assert EventList().table() == TorchEventList([]).table()


def program(t):
    x = t.ones(2, 3, requires_grad=True)
    y = (x.sin() * x).exp()
    y.sum().backward()
    return x.grad


def names(events):
    """The names of operations that users wrote; PyTorch's operations call others of its own."""
    known = re.compile("mine|aten::(sin|mul|exp|sum)$|.*Backward0|.*AccumulateGrad")
    inner = ("aten", "Sin", "Mul", "Exp")
    written = [e.name for e in events if e.cpu_parent is None or not e.cpu_parent.name.startswith(inner)]
    return [name for name in written if known.match(name)]


def test_what_is_recorded():
    def scenario(t):
        with t.autograd.profiler.profile() as profile:
            program(t)
        return names(profile.function_events), profile.key_averages().table().count("# of Calls")

    check(scenario)


def test_the_calls_are_counted():
    def scenario(t):
        with t.autograd.profiler.profile(record_shapes=True) as profile:
            for n in (2, 2, 3):
                t.ones(n).sin()
        grouped = profile.key_averages(group_by_input_shape=True)
        counts = {str(e.input_shapes): e.count for e in grouped if e.key == "aten::sin"}
        return counts, [e.count for e in profile.key_averages() if e.key == "aten::sin"]

    check(scenario)


def test_memory():
    def scenario(t):
        with t.autograd.profiler.profile(profile_memory=True) as profile:
            kept = [t.ones(1000).sin(), t.ones(10, dtype=t.float64).exp()]
        sizes = {e.name: e.cpu_memory_usage for e in profile.function_events if e.name in ("aten::sin", "aten::exp")}
        return sizes, len(kept), "CPU Mem" in profile.table(), "CPU Mem" in profile.key_averages().table()

    check(scenario)


def test_record_function():
    def scenario(t):
        x = t.ones(2)

        @t.autograd.profiler.record_function("decorated")
        def work(n):
            """What it does."""
            return x * n

        with t.autograd.profiler.profile() as profile:
            with t.autograd.profiler.record_function("outer"):
                with t.autograd.profiler.record_function("inner"):
                    x.sin()
                work(2)
            work(3)
        found = {}
        for e in profile.function_events:
            if e.name in ("outer", "inner", "decorated"):
                parent = e.cpu_parent.name if e.cpu_parent else None
                found.setdefault(e.name, []).append((parent, [c.name for c in e.cpu_children][:1]))
        return found, work.__name__, work.__doc__

    check(scenario)


def test_record_function_without_a_profiler():
    def scenario(t):
        with t.autograd.profiler.record_function("nobody looks"):
            return t.ones(2) * 2

    check(scenario)


def test_not_enabled():
    def scenario(t):
        with t.autograd.profiler.profile(enabled=False) as profile:
            t.ones(2).sin()
        return profile

    check(scenario)


def test_before_the_end():
    def scenario(t):
        with t.autograd.profiler.profile() as profile:
            return str(profile), repr(profile)

    def averages(t):
        with t.autograd.profiler.profile() as profile:
            profile.total_average()
            return profile.key_averages(), profile.table(), profile.self_cpu_time_total

    def again(t):
        with t.autograd.profiler.profile() as profile, profile:
            pass

    check(scenario)
    check(averages)
    check(again)


def test_an_error_within():
    def scenario(t):
        try:
            with t.autograd.profiler.profile() as profile:
                t.ones(2).sin()
                raise KeyError("mine")
        except KeyError:
            return [e.name for e in profile.function_events if e.name == "aten::sin"]

    check(scenario)


def test_an_error_in_backward_closes_the_events():
    def scenario(t):
        class Fails(t.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 1

            @staticmethod
            def backward(ctx, g):
                raise ValueError("mine")

        x = t.ones(2, requires_grad=True)
        with t.autograd.profiler.profile() as profile:
            with pytest.raises(ValueError):
                Fails.apply(x).sum().backward()
            with t.autograd.profiler.record_function("after"):
                x.sin()
        return [e.cpu_parent for e in profile.function_events if e.name == "after"]

    check(scenario)


def test_nothing_changes_under_the_profiler():
    def scenario(t):
        with t.autograd.profiler.profile(record_shapes=True, profile_memory=True):
            inside = program(t)
        return inside, program(t)

    check(scenario)


def test_parents_enclose_their_children():
    with rushlight.autograd.profiler.profile() as profile:
        with rushlight.autograd.profiler.record_function("outer"):
            program(rushlight)
    for e in profile.function_events:
        assert e.time_range.start <= e.time_range.end
        for child in e.cpu_children:
            assert child.cpu_parent is e
            assert e.time_range.start <= child.time_range.start <= child.time_range.end <= e.time_range.end
    assert profile.self_cpu_time_total == pytest.approx(
        sum(e.cpu_time_total for e in profile.function_events if e.cpu_parent is None)
    )


@pytest.mark.parametrize("kind", ["autograd", "profiler"])
def test_chrome_trace(kind, tmp_path):
    def entries(t):
        profile = t.autograd.profiler.profile if kind == "autograd" else t.profiler.profile
        options = {"record_shapes": True}
        with profile(**options) as p:
            with t.autograd.profiler.record_function("mine"):
                t.ones(2).sin()
        path = tmp_path / "trace.json"
        p.export_chrome_trace(str(path))
        found = json.loads(path.read_text())
        events = {e["name"]: e for e in found["traceEvents"] if e["ph"] == "X" and e["name"] in ("mine", "aten::sin")}
        return found["displayTimeUnit"], {
            name: (e["cat"], sorted({"ts", "dur", "pid", "tid", "args"} & e.keys())) for name, e in events.items()
        }

    check(entries)


def test_the_newer_profiler():
    def scenario(t):
        ready = []
        with t.profiler.profile(
            activities=[t.profiler.ProfilerActivity.CPU], on_trace_ready=lambda p: ready.append(type(p).__name__),
            record_shapes=True,
        ) as p:  # fmt: skip
            with t.profiler.record_function("mine"):
                t.ones(3).sin()
            p.step()
        found = [e.name for e in p.events() if e.name in ("mine", "aten::sin")]
        return ready, found, [e.count for e in p.key_averages() if e.key == "aten::sin"]

    def by_hand(t):
        p = t.profiler.profile(activities=[t.profiler.ProfilerActivity.CPU])
        p.start()
        t.ones(3).sin()
        p.stop()
        return [e.key for e in p.key_averages() if e.key == "aten::sin"]

    check(scenario)
    check(by_hand)


def test_events_made_by_hand_add_up():
    def scenario(t):
        util = importlib.import_module(t.__name__ + ".autograd.profiler_util")
        average = util.FunctionEventAvg()
        average.add(util.FunctionEvent(id=0, node_id=0, name="foo", thread=0, start_us=10, end_us=15))
        average.add(util.FunctionEvent(id=1, node_id=0, name="foo", thread=0, start_us=20, end_us=30))
        average.add(average)
        names = "key count cpu_time_total self_cpu_time_total device_time_total cpu_time".split()
        return [getattr(average, name) for name in names], util._format_time(1500.0), util._format_memory(2048)

    check(scenario)


def test_operations_and_their_nodes_share_a_number():
    def scenario(t):
        profiler = importlib.import_module(t.__name__ + ".autograd.profiler")
        with profiler.profile() as p:
            on = t.autograd._profiler_enabled()
            x = t.ones(2, 2, requires_grad=True)
            (x + x).sum().backward()
        events = {e.name: e for e in reversed(p.function_events)}
        found = [on, t.autograd._profiler_enabled(), events["torch::autograd::AccumulateGrad"].sequence_nr]
        for forward, node in (("aten::add", "AddBackward0"), ("aten::sum", "SumBackward0")):
            inner, outer = events[node], events["autograd::engine::evaluate_function: " + node]
            operation = events[forward]
            found.append(operation.sequence_nr == inner.sequence_nr == outer.sequence_nr)
            found += [operation.fwd_thread, inner.fwd_thread == operation.thread]
        return found

    check(scenario)
