"""What profiles show of operations and nodes, beside PyTorch: calls inside calls, numbers, blocks, schedules."""

import importlib
import json
import warnings

import pytest
from beside import check, scenarios

import rushlight
from rushlight.autograd.profiler_calls import NODES, OPERATIONS, calls
from rushlight.ops.declare import REGISTRY


def profiled(t, run, **options):
    with t.autograd.profiler.profile(**options) as p:
        run()
    return p.function_events


# How PyTorch manages memory and flags of conjugation.
MEMORY = ("aten::empty", "aten::to", "aten::resolve_conj")


def outline(events, depth=3):
    """The names of the topmost events with those inside, without what PyTorch's memory management does."""

    def of(event, left):
        shown = [of(e, left - 1) for e in event.cpu_children if e.name not in MEMORY]
        return [event.name, shown] if left > 1 and shown else event.name

    return [of(e, depth) for e in events if e.cpu_parent is None]


def fixed(t, *shape, wanted=True):
    numbers = t.arange(1.0, 1.0 + t.Size(shape).numel()) / 10
    return numbers.reshape(shape).requires_grad_(wanted)


OPERATION = {
    "linear": lambda t, x, w: t.nn.functional.linear(x, w, x[0, :3]),
    "linear without bias": lambda t, x, w: t.nn.functional.linear(x, w),
    "matmul": lambda t, x, w: x @ x,
    "relu": lambda t, x, w: x.relu(),
    "softmax": lambda t, x, w: x.softmax(-1),
    "log_softmax": lambda t, x, w: x.log_softmax(-1),
    "select": lambda t, x, w: x[0],
    "transpose": lambda t, x, w: x.transpose(0, 1),
    "t": lambda t, x, w: x.t(),
    "reshape": lambda t, x, w: x.reshape(-1),
    "unsqueeze": lambda t, x, w: x.unsqueeze(0),
    "layer_norm": lambda t, x, w: t.nn.functional.layer_norm(x, (4,)),
    "conversion": lambda t, x, w: x.double(),
    "clone": lambda t, x, w: x.clone(),
}  # fmt: skip


@pytest.mark.parametrize("what", OPERATION)
def test_calls_of_operations(what):
    def scenario(t):
        x, w = fixed(t, 4, 4), fixed(t, 3, 4)
        events = profiled(t, lambda: OPERATION[what](t, x, w), record_shapes=True)
        return [outline(events), [e.input_shapes for e in events if e.cpu_parent is None]]

    check(scenario)


def test_calls_of_nodes():
    def scenario(t):
        y = t.nn.functional.linear(fixed(t, 2, 4), fixed(t, 3, 4)).relu().sum()
        events = profiled(t, y.backward)
        names = [e.name for e in events]
        found = [n for n in ("SumBackward0", "ReluBackward0", "aten::threshold_backward", "aten::mm") if n in names]
        inside = {e.name: e.cpu_parent.name for e in events if e.cpu_parent is not None and "Backward" in e.name}
        return [found, inside["SumBackward0"], inside["ReluBackward0"]]

    check(scenario)


def test_every_text_names_something():
    assert set(OPERATIONS) <= set(REGISTRY)
    for text in OPERATIONS.values():
        assert sum(c.composite for c in calls(text)) == 1
    assert all(calls(text) for text in NODES.values())


def numbers_link_operations_and_nodes(t):
    def run():
        x = t.ones(3, requires_grad=True)
        (x + x * 2).sum().backward()

    events = profiled(t, run)
    pairs = {"aten::add": "AddBackward0", "aten::mul": "MulBackward0", "aten::sum": "SumBackward0"}
    found = []
    for forward, backward in pairs.items():
        (number,) = {e.sequence_nr for e in events if e.name == forward and e.sequence_nr >= 0}
        names = sorted(e.name for e in events if e.sequence_nr == number and backward in e.name)
        found.append([forward, names])
    return found


def numbers_of_calls_inside(t):
    x, w = fixed(t, 2, 4), fixed(t, 3, 4)
    events = profiled(t, lambda: t.nn.functional.linear(x, w, fixed(t, 3)))
    return [[e.name, e.sequence_nr >= 0] for e in events if e.name in ("aten::linear", "aten::t", "aten::as_strided")]


def blocks(t):
    def run():
        with t.autograd.profiler.record_function("block"):
            t.ones(2) * 2

        @t.autograd.profiler.record_function("decorated")
        def function():
            return t.ones(2) + 1

        function()
        handle = t.ops.profiler._record_function_enter("old", None)
        try:
            t.ones(2) - 1
        finally:
            t.ops.profiler._record_function_exit(handle)

    events = profiled(t, run)
    wanted = ("block", "decorated", "old")
    inside = {e.name: [c.name for c in e.cpu_children if c.name in OPERATORS] for e in events if e.name in wanted}
    return [inside, [e.count for e in events if e.name in wanted]]


OPERATORS = ("aten::mul", "aten::add", "aten::sub")


def blocks_that_end_with_a_future(t):
    future, found = t.futures.Future(), []

    def run():
        with t.autograd.profiler.record_function("block") as block:
            later = block._call_end_callbacks_on_future(future)
        found.append(later.done())
        future.set_result(3)
        found.append(later.wait())

    events = profiled(t, run)
    try:
        with t.autograd.profiler.record_function("again") as block:
            block._call_end_callbacks_on_future(t.futures.Future())
            block._call_end_callbacks_on_future(t.futures.Future())
    except RuntimeError as error:
        found.append(str(error))
    return [found, [e.count for e in events if e.name == "block"]]


def being_enabled(t):
    found = [t.autograd._profiler_enabled()]
    with t.autograd.profiler.profile():
        found.append(t.autograd._profiler_enabled())
    return [*found, t.autograd._profiler_enabled(), t.autograd.kineto_available()]


def other_profilers(t):
    found = []
    for name in ("emit_nvtx", "emit_itt"):
        try:
            with getattr(t.autograd.profiler, name)(enabled=name == "emit_nvtx") as shown:
                found.append(shown)
        except AssertionError as error:
            found.append(str(error))
    return found


def trees_from_times(t):
    util = t.autograd.profiler_util
    spans = [(0, 100), (10, 50), (20, 40), (30, 90), (60, 70), (200, 210)]
    events = util.EventList()
    events.extend(
        util.FunctionEvent(id=i, name=str(i), thread=i == 5, start_us=start, end_us=end)
        for i, (start, end) in enumerate(spans) if i != 3
    )  # fmt: skip
    events._build_tree()
    return [[e.name, [c.name for c in e.cpu_children], e.cpu_parent and e.cpu_parent.name] for e in events]


def schedules(t):
    profiler = importlib.import_module(f"{t.__name__}.profiler")
    found = []
    for numbers in ((1, 1, 2, 2, 1), (0, 1, 1, 0, 0), (2, 0, 1, 1, 3)):
        plan = profiler.schedule(
            **dict(zip(("wait", "warmup", "active", "repeat", "skip_first"), numbers, strict=True))
        )
        found.append([plan(i).name for i in range(14)])
    for wrong in ({"wait": -1, "warmup": 0, "active": 1}, {"wait": 0, "warmup": 0, "active": 0}):
        try:
            profiler.schedule(**wrong)
        except AssertionError as error:
            found.append(str(error))
    return [*found, [a.name for a in profiler.ProfilerAction]]


def scheduled_steps(t):
    profiler, seen = importlib.import_module(f"{t.__name__}.profiler"), []

    def ready(p):
        seen.append([p.step_num, sorted(e.key for e in p.key_averages() if e.key in ("aten::mul", "ProfilerStep*"))])

    plan = profiler.schedule(wait=1, warmup=1, active=2, repeat=2)
    warnings.simplefilter("ignore")  # of what is said once
    with profiler.profile(activities=[profiler.ProfilerActivity.CPU], schedule=plan, on_trace_ready=ready) as p:
        for _ in range(9):
            t.ones(2) * 2
            p.step()
    return [seen, p.step_num]


def without_schedule(t):
    profiler = importlib.import_module(f"{t.__name__}.profiler")
    p = profiler.profile(record_shapes=True)
    p.start()
    t.ones(2) * 3
    p.stop()
    (average,) = [e for e in p.key_averages(group_by_input_shape=True) if e.key == "aten::mul"]
    return [average.count, average.input_shapes, [e.name for e in p.events() if e.name == "aten::mul"]]


def nothing_recorded(t):
    return importlib.import_module(f"{t.__name__}.profiler").profile().events()


@pytest.mark.parametrize("scenario", scenarios(dict(globals()), __name__), ids=lambda f: f.__name__)
def test_same(scenario):
    check(scenario)


def test_traces_for_tensorboard(tmp_path):
    profiler = rushlight.profiler
    with profiler.profile(on_trace_ready=profiler.tensorboard_trace_handler(str(tmp_path / "logs"), "me")) as p:
        rushlight.ones(2) * 2
    (file,) = (tmp_path / "logs").iterdir()
    assert file.name.startswith("me.") and file.name.endswith(".pt.trace.json")
    assert "aten::mul" in [e["name"] for e in json.loads(file.read_text())["traceEvents"]]
    p.export_chrome_trace(str(tmp_path / "trace.json.gz"))
    assert (tmp_path / "trace.json.gz").read_bytes()[:2] == b"\x1f\x8b"
