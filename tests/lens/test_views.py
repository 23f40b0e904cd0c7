"""`trace`, `step` and `memory`."""

import csv
import io
import json

import numpy as np
import pytest

import rushlight as torch
from rushlight import lens, nn


def product():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    w = torch.tensor([0.5, 0.0, 2.0], requires_grad=True)
    return x, w, ((w * x).exp() * 2).sum()


def network():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(30, 40), nn.Sequential(nn.Tanh(), nn.Linear(40, 40), nn.Sigmoid()), nn.Linear(40, 2)
    )
    with lens.record():
        loss = model(torch.randn(16, 30)).square().mean()
    return model, loss


# ---------------------------------------------------------------------------------------------- trace
def test_trace_has_the_numbers_of_each_gradient():
    x, w, y = product()
    trace = lens.trace(y, names={"x": x, "w": w})
    assert [r.node for r in trace] == ["SumBackward0", "MulBackward0", "ExpBackward0", "MulBackward0", "w", "x"]
    y.backward()
    for row, leaf in ((trace.rows[4], w), (trace.rows[5], x)):
        g = leaf.grad.numpy()
        np.testing.assert_array_equal(trace.gradients[row.operation], g)
        assert row.norm == pytest.approx(np.linalg.norm(g))
        assert (row.min, row.max) == (g.min(), g.max())
        assert row.zeros == pytest.approx((g == 0).mean())
    assert trace.rows[5].zeros == pytest.approx(1 / 3)
    assert trace.seconds == sum(r.seconds for r in trace)
    assert trace.rows[3].bytes == 24  # two gradients of three numbers


def test_trace_changes_nothing():
    x, w, y = product()
    handle = w.register_hook(lambda g: g * 10)
    middle = w * x
    middle.retain_grad()
    total = y + middle.sum()
    found = lens.trace(total, names={"w": w}).gradients["w"]
    assert x.grad is None and w.grad is None and middle.grad is None
    total.backward()
    np.testing.assert_array_equal(found, w.grad.numpy())  # hooks on tensors are part of it
    handle.remove()


def test_trace_counts_nan_and_infinities():
    x = torch.tensor([0.0, 4.0, -1.0], requires_grad=True)
    rows = lens.trace(x.sqrt().sum()).rows
    assert (rows[-1].nans, rows[-1].infs) == (1, 1)
    assert (rows[-1].min, rows[-1].max) == (0.25, float("inf"))


def test_trace_sorts_and_prints():
    _, loss = network()
    trace = lens.trace(loss)
    times = [r.seconds for r in trace.sort("seconds")]
    assert times == sorted(times, reverse=True)
    assert [r.id for r in trace.sort("id", descending=False)] == list(range(len(trace)))
    lines = str(trace).splitlines()
    assert len(lines) == len(trace) + 2 and lines[0].split()[:3] == ["id", "node", "module"]
    assert "1.1.weight" in str(trace) and "<table>" in trace._repr_html_()
    assert "and 11 more" in trace.table(2)
    with pytest.raises(ValueError, match="no column"):
        trace.sort("colour")


def test_trace_as_csv_and_json(tmp_path):
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    trace = lens.trace(x.sqrt().sum(), names={"x": x})
    trace.to_csv(tmp_path / "t.csv")
    with open(tmp_path / "t.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["node"] for r in rows] == ["SumBackward0", "SqrtBackward0", "x"]
    assert float(rows[-1]["max"]) == float("inf")
    assert json.loads(trace.to_json(tmp_path / "t.json"))[-1]["max"] == "inf"
    assert json.loads((tmp_path / "t.json").read_text())[1]["operation"] == "sqrt"


def test_plot_of_gradient_flow(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib draws the plot")
    _, loss = network()
    figure = lens.trace(loss).plot(tmp_path / "flow.png")
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert set(labels) == {"0.weight", "0.bias", "1.1.weight", "1.1.bias", "2.weight", "2.bias"}
    assert labels[0].startswith("0.") and labels[-1].startswith("2.")
    assert (tmp_path / "flow.png").stat().st_size > 1000


# ---------------------------------------------------------------------------------------------- step
def test_step_visits_every_node():
    x, w, y = product()
    stepper = lens.step(y, names={"x": x, "w": w})
    stops = list(stepper)
    assert [s.node.name for s in stops] == [n.name for n in lens.collect(y)]
    y.backward()
    np.testing.assert_array_equal(stepper.gradients["x"], x.grad.numpy())
    text = str(stops[3])
    assert "goes out  grad of input = grad * other" in text
    assert "saved     input: 3, from 0 to 2, 1 zero (the leaf w)" in text


def test_step_shows_the_line():
    x = torch.ones(2, requires_grad=True)
    with lens.record():
        y = x.exp()
    assert f"made at   {__file__}" in str(lens.step(y).next())


def test_back_and_forth():
    _, _, y = product()
    stepper = lens.step(y)
    first, second = stepper.next(), stepper.next()
    assert stepper.back() is first
    assert stepper.next() is second
    assert stepper.back() is first and stepper.back() is None and stepper.current is None
    assert stepper.next() is first


def test_run_to():
    x, _w, y = product()
    assert lens.step(y).run_to("exp").node.operation == "exp"
    assert lens.step(y).run_to("ExpBackward0").node.operation == "exp"
    assert lens.step(y, names={"x": x}).run_to("x").node.is_leaf
    assert lens.step(y).run_to(norm=100).norm > 100
    assert lens.step(y).run_to(lambda stop: stop.node.is_leaf).node.is_leaf
    assert lens.step(y).run_to("sin") is None
    _, loss = network()
    assert lens.step(loss).run_to("1.0").node.operation == "tanh"


def test_run_to_the_first_nan():
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    y = (x.sqrt() * torch.tensor([0.0, 1.0])).sum()
    assert lens.step(y).run_to(nan=True).node.operation == "sqrt"


def test_terminal():
    x, w, y = product()
    out = io.StringIO()
    commands = (
        "next\nn 2\nback\nprint grad\nrun exp\nprint result\nbreak norm 5\nrun\nlist\ngradients\nprint no\nquit\n"
    )
    lens.step(y, names={"x": x, "w": w}).interact(io.StringIO(commands), out)
    text = out.getvalue()
    for words in ("6 nodes.", "[0] SumBackward0", "[2] ExpBackward0", "[1] MulBackward0", "[1. 1. 1.]",
                  "breaks: norm 5.0", "->    3 MulBackward0", "nothing here is called no"):  # fmt: skip
        assert words in text, text


# ---------------------------------------------------------------------------------------------- memory
def test_memory_by_operation_and_module():
    _model, loss = network()
    found = lens.memory(loss)
    by_name = {s.name: s for s in found.operations}
    assert by_name["tanh"].bytes == 16 * 40 * 4
    assert by_name["addmm"].nodes == 3
    assert [(s.name, s.kind) for s in found.modules] == [
        ("", "Sequential"), ("0", "Linear"), ("1", "Sequential"), ("1.0", "Tanh"), ("1.1", "Linear"),
        ("1.2", "Sigmoid"), ("2", "Linear")]  # fmt: skip
    assert "Held for backward" in str(found) and "1.0 (Tanh)" in str(found) and "<pre>" in found._repr_html_()


def test_checkpointing_saves_what_is_told():
    class Block(nn.Module):
        def forward(self, x):
            return x.exp().sin().exp().sin()

    x = torch.randn(1000, requires_grad=True)
    with lens.record():
        y = Block()(x.cos()).sum()
    found = lens.memory(y)
    told = next(s for s in found.modules if s.kind == "Block")
    assert told.bytes == found.total == 8000  # two results of exp, which the sines save as well
    assert told.checkpoint == 4000  # the input of the block is kept instead
    assert lens.memory(Block()(x)).total == 8000


def test_memory_of_a_freed_graph():
    _x, _w, y = product()
    y.backward()
    found = lens.memory(y)
    assert found.total == 0 and found.freed and "has freed" in str(found)
