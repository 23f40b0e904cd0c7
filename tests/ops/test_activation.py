"""Activations and softmax against torch."""

import pytest
from beside import check

from .derivatives import check_derivatives, numbers

CALLS = {
    "gelu": lambda F, m, x: F.gelu(x),
    "gelu_tanh": lambda F, m, x: F.gelu(x, approximate="tanh"),
    "silu": lambda F, m, x: F.silu(x),
    "mish": lambda F, m, x: F.mish(x),
    "logsigmoid": lambda F, m, x: F.logsigmoid(x),
    "softplus": lambda F, m, x: F.softplus(x, 2, 1.5),
    "hardswish": lambda F, m, x: F.hardswish(x * 3),
    "hardsigmoid": lambda F, m, x: F.hardsigmoid(x * 3),
    "elu": lambda F, m, x: F.elu(x, 0.7),
    "celu": lambda F, m, x: F.celu(x, 0.5),
    "selu": lambda F, m, x: F.selu(x),
    "leaky_relu": lambda F, m, x: F.leaky_relu(x, 0.2),
    "relu6": lambda F, m, x: F.relu6(x * 5),
    "hardtanh": lambda F, m, x: F.hardtanh(x, -0.5, 0.7),
    "threshold": lambda F, m, x: F.threshold(x, 0.3, 5.0),
    "hardshrink": lambda F, m, x: F.hardshrink(x),
    "softshrink": lambda F, m, x: F.softshrink(x, 0.3),
    "glu": lambda F, m, x: F.glu(x, 1),
    "rrelu": lambda F, m, x: F.rrelu(x),
    "prelu": lambda F, m, x: F.prelu(x, m.tensor([0.25], dtype=m.float64)),
    "softmax": lambda F, m, x: F.softmax(x, 1),
    "softmax_front": lambda F, m, x: m.softmax(x, 0),
    "log_softmax": lambda F, m, x: F.log_softmax(x, -1),
    "softmin": lambda F, m, x: F.softmin(x, 1),
    "method": lambda F, m, x: x.softmax(-2),
    "log_method": lambda F, m, x: x.log_softmax(-2),
}


@pytest.mark.parametrize("name", CALLS)
def test_values_and_derivatives(name):
    # PyTorch lacks the second derivative of hardsigmoid.
    check_derivatives(CALLS[name], {"x": numbers((3, 4), 0)}, second=name != "hardsigmoid")


def test_prelu_of_channels():
    check_derivatives(lambda F, m, x, w: F.prelu(x, w), {"x": numbers((2, 3, 4), 0), "w": numbers((3,), 1)})


def test_rrelu_draws_as_torch():
    def scenario(m):
        m.manual_seed(3)
        x = m.from_numpy(numbers((5, 7), 0)).requires_grad_()
        y = m.nn.functional.rrelu(x, training=True)
        y.sum().backward()
        return y, x.grad, m.rand(1)

    check(scenario)


IN_PLACE = ["celu_", "elu_", "hardtanh_", "leaky_relu_", "relu_", "selu_"]
BY_ARGUMENT = ["relu6", "hardsigmoid", "silu", "mish", "hardswish", "relu"]


@pytest.mark.parametrize("name", [*IN_PLACE, *BY_ARGUMENT])
def test_in_place(name):
    def scenario(m):
        x = m.from_numpy(numbers((3, 4), 0)).requires_grad_()
        y = x * 2
        options = {} if name.endswith("_") else {"inplace": True}
        result = getattr(m.nn.functional, name)(y, **options)
        same = result is y
        (y * y).sum().backward()
        return same, y, y._version, x.grad

    check(scenario)


def test_half_precision_conversion():
    check(lambda m: m.softmax(m.tensor([1, 2, 3]), 0, dtype=m.float32))
    check(lambda m: m.nn.functional.softmax(m.tensor([1.0, 2.0], requires_grad=True), 0, dtype=m.float64))


WRONG = {
    "gelu": lambda F, m: F.gelu(m.zeros(3), approximate="other"),
    "dim": lambda F, m: F.softmax(m.zeros(3), 1),
    "softmax int": lambda F, m: F.softmax(m.tensor([1, 2]), 0),
    "softmax int front": lambda F, m: F.softmax(m.tensor([[1, 2]]), 0),
    "log_softmax int": lambda F, m: F.log_softmax(m.tensor([1, 2]), 0),
    "log_softmax int front": lambda F, m: F.log_softmax(m.tensor([[1, 2]]), 0),
    "softmax bool": lambda F, m: F.softmax(m.tensor([True]), 0),
    **{n: lambda F, m, n=n: getattr(F, n)(m.tensor([1, 2])) for n in
       ("gelu", "elu", "celu", "selu", "leaky_relu", "silu", "softplus", "logsigmoid", "hardswish", "hardsigmoid",
        "mish", "hardshrink", "softshrink", "relu6", "hardtanh", "glu")},
    "softshrink": lambda F, m: F.softshrink(m.zeros(3), -1.0),
    "hardtanh limits": lambda F, m: F.hardtanh(m.zeros(3), 2.0, 1.0),
    "rrelu": lambda F, m: F.rrelu(m.zeros(3), 1.0, 0.5),
    "glu odd": lambda F, m: F.glu(m.zeros(3)),
    "prelu": lambda F, m: F.prelu(m.zeros(2, 3), m.zeros(4)),
    "celu zero": lambda F, m: F.celu(m.zeros(3), 0.0),
    "threshold int": lambda F, m: F.threshold(m.tensor([0, 1, 2]), 0, 5),
    "scalar": lambda F, m: (F.softmax(m.tensor(2.0), 0), F.log_softmax(m.tensor(2.0), -1), F.gelu(m.tensor(2.0))),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_unusual_arguments(name):
    check(lambda m: WRONG[name](m.nn.functional, m))


@pytest.mark.parametrize("training", [False, True])
def test_rrelu_lies_row_by_row(training):
    def scenario(m):
        x = m.arange(-6.0, 6.0).reshape(3, 4).t().requires_grad_()
        y = m.nn.functional.rrelu(x, training=training)
        z = m.nn.functional.rrelu(x.detach().clone(), training=training, inplace=True)
        return y.stride(), z.stride()

    check(scenario)
