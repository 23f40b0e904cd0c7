"""Derivatives where functions have kinks or poles: first and second ones and tangents, beside PyTorch."""

import pytest
from beside import check


def F(t):
    return t.nn.functional


def bce(t, x):
    return F(t).binary_cross_entropy(x, t.tensor([0.0, 1, 0.5], dtype=t.float64))


SECOND = {
    "huber at its delta": (lambda t, x: F(t).huber_loss(x, x.detach() * 0), [0.0, 1, -1]),
    "smooth l1 at its beta": (lambda t, x: F(t).smooth_l1_loss(x, x.detach() * 0), [0.0, 1, -1]),
    "cross entropy of certainties": (bce, [0.0, 1, 0.5]),
    "deviation of equal numbers": (lambda t, x: x.std(), [1.0, 1, 1]),
    "norm of zeros": (lambda t, x: x.norm(), [0.0, 0]),
    "product with zeros": (lambda t, x: x.prod(), [0.0, 0, 3]),
    "running product with zeros": (lambda t, x: x.cumprod(0), [2.0, 0, 3, 0, 4]),
    "powers of zero": (lambda t, x: x**x, [0.0, 1, 2]),
    "pairs of equal rows": (lambda t, x: t.pdist(x.view(3, 1)), [1.0, 1, 3]),
}
TANGENTS = {
    "deviation of equal numbers": (lambda t, x: x.std(), [1.0, 1, 1]),
    "largest of equal numbers": (lambda t, x: x.max(), [1.0, 1, 0]),
    "norm of zeros": (lambda t, x: x.norm(), [0.0, 0]),
    "product with zeros": (lambda t, x: x.prod(), [0.0, 0, 3]),
}


@pytest.mark.parametrize("case", SECOND)
def test_second_derivatives(case):
    def scenario(t):
        function, values = SECOND[case]
        x = t.tensor(values, dtype=t.float64, requires_grad=True)
        (g,) = t.autograd.grad(function(t, x).sum(), x, create_graph=True)
        return g.detach(), t.autograd.grad((g * t.arange(1.0, len(values) + 1)).sum(), x, materialize_grads=True)

    check(scenario, strides=False)


@pytest.mark.parametrize("case", TANGENTS)
def test_tangents(case):
    def scenario(t):
        function, values = TANGENTS[case]
        x, ad = t.tensor(values, dtype=t.float64), t.autograd.forward_ad
        with ad.dual_level():
            return ad.unpack_dual(function(t, ad.make_dual(x, t.arange(1.0, len(values) + 1, dtype=t.float64)))).tangent

    check(scenario, strides=False)


@pytest.mark.parametrize("p", [2.0, 1.0, 3.0, float("inf")])
def test_distances_too_large(p):
    def scenario(t):
        x = t.tensor([[2.5, -1.5], [1e30, -1.25], [1.0, 2.0]], requires_grad=True)
        t.cdist(x, x, p).backward(t.full((3, 3), 1e30))
        return x.grad

    check(scenario)
