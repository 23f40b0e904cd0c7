"""What the nodes of some less usual operations are called, beside PyTorch."""

import pytest
from beside import check

CASES = {
    "fill": lambda t, x: t.fill(x, 2),
    "fill by a tensor": lambda t, x: t.fill(x, x.sum()),
    "fill in place": lambda t, x: x.clone().fill_(2),
    "dot products": lambda t, x: t.linalg.vecdot(x, x),
    "a dot product": lambda t, x: t.linalg.vecdot(x[0], x[1]),
    "sum to a row": lambda t, x: x.sum_to_size(1, 2),
    "sum to a vector": lambda t, x: x.sum_to_size(2),
    "second power": lambda t, x: t.linalg.matrix_power(x, 2),
    "third power": lambda t, x: t.linalg.matrix_power(x, 3),
    "fifth power": lambda t, x: t.linalg.matrix_power(x, 5),
}


@pytest.mark.parametrize("case", CASES)
def test_names(case):
    def scenario(t):
        x = t.arange(1.0, 5.0).view(2, 2).requires_grad_()
        y = CASES[case](t, x * 1)
        names = [None if node is None else node.name() for node, _ in y.grad_fn.next_functions]
        (y * y).sum().backward()
        return y.detach(), y.grad_fn.name(), names, x.grad

    check(scenario, strides=False)


def test_padding_around_a_circle():
    check(lambda t: t.nn.functional.pad(t.ones(1, 1, 3, requires_grad=True), (1, 1), "circular").grad_fn.name())


@pytest.mark.parametrize("value", [2, 2.5, True, 1j, 1000, "x", [1]], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "int8", "bool", "complex64"])
def test_filled(dtype, value):
    check(lambda t: t.fill(t.ones(2).to(getattr(t, dtype)), t.tensor(value) if value == [1] else value))
