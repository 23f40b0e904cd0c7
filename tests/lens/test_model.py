"""The graph as the lens sees it, and where nodes were made."""

import inspect
import sys

import numpy as np
import pytest

import rushlight as torch
from rushlight import lens, nn
from rushlight.autograd import mode


def line_of(function, text):
    """The number of the line of a function that contains a text."""
    lines, start = inspect.getsourcelines(function)
    return start + next(i for i, line in enumerate(lines) if text in line)


def test_nodes_in_the_order_of_backward():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    y = (x * w).exp().sum()
    graph = lens.collect(y, names={"x": x, "w": w})
    assert [n.name for n in graph] == ["SumBackward0", "ExpBackward0", "MulBackward0", "AccumulateGrad",
                                       "AccumulateGrad"]  # fmt: skip
    assert [n.id for n in graph] == [0, 1, 2, 3, 4]
    assert [n.title for n in graph] == ["sum", "exp", "mul", "x", "w"]
    mul = graph[2]
    assert mul.formulas == {"input": "grad * other", "other": "grad * input"}
    assert [(e.source, e.target, e.output, e.input, e.label) for e in mul.edges] == [(2, 3, 0, 0, "input"),
                                                                                    (2, 4, 0, 1, "other")]  # fmt: skip
    assert [(s.name, s.kind, s.shape, s.dtype, s.bytes, s.parameter) for s in mul.saved] == [
        ("other", "input", (2,), "float32", 8, "w"), ("input", "input", (2,), "float32", 8, "x")]  # fmt: skip
    np.testing.assert_array_equal(graph[1].saved[0].array, (x * w).exp().detach().numpy())
    assert [str(n.outputs[0]) for n in graph] == ["scalar", "2", "2", "2", "2"]
    assert graph.roots[0].node == 0
    assert graph.saved_bytes == 8  # the result of exp; x and w are the leaves' own
    assert not graph.recorded


def test_nothing_is_changed():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    lens.collect(y)
    assert x.grad is None
    y.backward()
    assert x.grad.tolist() == [2.0, 4.0]
    assert {s.state for n in lens.collect(y) for s in n.saved} == {"freed"}


def test_shared_inputs_are_one_leaf_and_several_outputs_one_node():
    x = torch.rand(4, 2, requires_grad=True)
    values, _ = x.max(0)
    a, b = values.split(1)
    graph = lens.collect([a, b.exp()])
    assert [n.operation for n in graph].count("split") == 1
    assert len(graph.leaves) == 1
    split = next(n for n in graph if n.operation == "split")
    assert [v.shape for v in split.outputs] == [(1,), (1,)]


def test_lists_name_their_tensors():
    a, b = torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)
    node = lens.collect(torch.cat([a, torch.ones(1), b]))[0]
    assert [(e.label, e.input) for e in node.edges] == [("tensors[0]", 0), ("tensors[2]", 2)]


def test_custom_functions():
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return 2 * x

        @staticmethod
        def backward(ctx, grad):
            return 2 * grad

    x = torch.ones(2, requires_grad=True)
    node = lens.collect(Twice.apply(x))[0]
    assert (node.name, node.operation) == ("TwiceBackward", "Twice")
    assert node.edges[0].formula == "Twice.backward(ctx, grad)"
    assert [(s.name, s.kind, s.shape) for s in node.saved] == [("saved_tensors[0]", "context", (2,))]


def test_parameters_and_modules_from_the_model():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))
    graph = lens.collect(model(torch.rand(4, 2)), model=model)
    assert {n.parameter for n in graph.leaves} == {"0.weight", "0.bias", "1.1.weight", "1.1.bias"}
    assert [(n.operation, n.module) for n in graph if not n.is_leaf] == [("addmm", "1.1"), ("relu", ""), ("addmm", "0")]


def test_lines_and_modules_that_were_recorded():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))

    def forward():
        hidden = model(torch.rand(4, 2))
        return hidden.exp()

    with lens.record():
        y = forward()
    graph = lens.collect(y)
    found = [(n.operation, n.module, n.line.number) for n in graph if not n.is_leaf]
    first, second = line_of(forward, "hidden = "), line_of(forward, "return hidden")
    assert found == [("exp", None, second), ("addmm", "1.1", first), ("relu", "1.0", first), ("addmm", "0", first)]
    assert graph[0].line.text == "return hidden.exp()"
    assert graph[0].line.file == __file__
    assert {n.parameter for n in graph.leaves} == {"0.weight", "0.bias", "1.1.weight", "1.1.bias"}
    assert [call.kind for call in graph[1].calls] == ["Sequential", "Sequential", "Linear"]
    top = graph.modules()
    assert top.nodes == [0]
    assert [g.path for g in top.children["(root)"].children.values()] == ["1", "0"]


def test_recording_ends_with_its_block():
    before = mode.special.count, mode.local.changing
    with lens.record():
        pass
    assert (mode.special.count, mode.local.changing) == before
    y = torch.ones(1, requires_grad=True) * 2
    assert lens.collect(y)[0].line is None


def test_in_place_change_names_both_lines():
    x = torch.ones(3, requires_grad=True)

    def forward():
        y = x.exp()
        z = y * y
        y.add_(1)
        return z.sum()

    with lens.record():
        z = forward()
    with pytest.raises(RuntimeError, match="modified by an inplace operation") as error:
        z.backward()
    saved, changed = error.value.__notes__
    assert f"{__file__}:{line_of(forward, 'z = y * y')}" in saved
    assert f"{__file__}:{line_of(forward, 'y.add_(1)')}" in changed


def test_step_of_an_optimizer_between_forward_and_backward_is_named():
    layers = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    optimizer = torch.optim.SGD(layers.parameters(), lr=0.1)

    def train(step):
        step()

    with lens.record():
        loss = layers(torch.ones(1, 2)).sum()
        loss.backward(retain_graph=True)
        train(optimizer.step)
        with pytest.raises(RuntimeError, match="modified by an inplace operation") as error:
            loss.backward()
    assert f"changed in place at {__file__}:{line_of(train, '    step()')}" in error.value.__notes__[1]


def test_function_whose_saved_tensor_was_changed():
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad):
            return 2 * ctx.saved_tensors[0] * grad

    def change(t):
        t.mul_(2)

    x = torch.ones(3, requires_grad=True)
    with lens.record():
        y = x * 1
        z = Square.apply(y)
        change(y)
    with pytest.raises(RuntimeError, match="modified by an inplace operation") as error:
        z.sum().backward()
    assert f"changed in place at {__file__}:{line_of(change, 't.mul_(2)')}" in error.value.__notes__[1]


def test_second_backward_names_the_first():
    def first(y):
        y.backward()

    x = torch.ones(3, requires_grad=True)
    with lens.record():
        y = (x * x).sum()
        first(y)
    with pytest.raises(RuntimeError, match="a second time") as error:
        y.backward()
    assert f"{__file__}:{line_of(first, 'y.backward()')}" in error.value.__notes__[1]


def test_any_error_in_backward_names_the_forward_line():
    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            raise ValueError("broken")

    x = torch.ones(3, requires_grad=True)
    with torch.autograd.set_detect_anomaly(True):
        y = Broken.apply(x)
    with pytest.raises(ValueError, match="broken") as error:
        y.sum().backward()
    place = f"{__file__}:{line_of(test_any_error_in_backward_names_the_forward_line, 'y = Broken.apply')}"
    assert place in error.value.__notes__[0]


def test_a_debugger_sees_the_formula():
    seen = []

    def trace(frame, event, _):
        if frame.f_code.co_name.startswith("MulBackward0") and event == "call":
            seen.append((inspect.getsource(frame.f_code), frame.f_code.co_filename))

    x, w = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0, 4.0], requires_grad=True)
    y = (x * w).sum()
    y.backward(retain_graph=True)  # writes the function
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        y.backward(retain_graph=True)
    finally:
        sys.settrace(before)
    source, file = seen[0]
    assert "def MulBackward0_input_other(node, grad):" in source and "return grad * other, grad * input" in source
    assert file.startswith("<rushlight MulBackward0 on arrays")


def test_what_has_no_graph():
    with pytest.raises(RuntimeError, match="does not require a gradient"):
        lens.collect(torch.ones(2))
    with pytest.raises(TypeError, match="expected a Tensor"):
        lens.collect(3)
