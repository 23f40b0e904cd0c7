"""Special functions beside PyTorch: values, edges, gradients, dtypes."""

import numpy as np
import pytest
import torch
from beside import check

import rushlight

ONE = ["lgamma", "digamma", "erfinv", "i0", "logit", "sinc", "deg2rad", "rad2deg"]
TWO = ["xlogy", "logaddexp", "logaddexp2", "hypot", "copysign", "nextafter", "heaviside", "ldexp"]
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.5, np.inf, -np.inf, np.nan]


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "bool", "complex64"])
def test_one_argument(name, dtype):
    values = [0, 1, 2] if dtype in ("int64", "bool", "complex64") else EDGES
    check(lambda m: getattr(m, name)(m.tensor(values).to(getattr(m, dtype))), rtol=2e-3 if dtype == "float16" else 3e-6)


@pytest.mark.parametrize("name", ONE)
def test_gradients_of_one_argument(name):
    def scenario(m):
        x = m.tensor([0.3, 0.71, 0.05, 0.99], dtype=m.float64, requires_grad=True)
        y = getattr(m, name)(x)
        (first,) = m.autograd.grad(y.sum(), x, create_graph=True)
        return y, first.detach(), getattr(m.Tensor, name)(x)

    check(scenario)


@pytest.mark.parametrize("name", [n for n in ONE if n != "i0"])
def test_second_order(name):
    x = rushlight.tensor([0.3, 0.71, 0.05], dtype=rushlight.float64, requires_grad=True)
    assert rushlight.autograd.gradgradcheck(getattr(rushlight, name), (x,))


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_two_arguments(name, dtype):
    def scenario(m):
        x, y = (m.tensor(v).to(getattr(m, dtype)) for v in ([3.0, -2.0, 0.0, 5.0], [2.0, 1.0, 4.0, -1.0]))
        return getattr(m, name)(x, y)

    check(scenario)


@pytest.mark.parametrize("name", TWO)
def test_gradients_of_two_arguments(name):
    def scenario(m):
        x = m.tensor([0.3, 0.0, 1.9], dtype=m.float64, requires_grad=True)
        y = m.tensor([1.2, 0.5, 3.0], dtype=m.float64, requires_grad=True)
        return m.autograd.grad(getattr(m, name)(x, y).sum(), (x, y))

    check(scenario)


@pytest.mark.parametrize("name", ["xlogy", "copysign"])
def test_numbers_for_the_second_argument(name):
    check(lambda m: getattr(m, name)(m.tensor([1.0, -2.0], requires_grad=True), 3.0))


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64"])
def test_multiples_that_wrap_around(dtype):
    most = np.iinfo(dtype).max
    numbers = np.random.default_rng(0).integers(-most, most, (2, 200), dtype)
    check(lambda m: m.lcm(*m.from_numpy(numbers)))


@pytest.mark.parametrize("name", ["gcd", "lcm"])
def test_integers(name):
    check(lambda m: getattr(m, name)(m.tensor([12, -4, 0, 7]), m.tensor([18, 6, 5, 7])))
    check(lambda m: getattr(m, name)(m.ones(2), m.ones(2)))


@pytest.mark.parametrize("n", [-1, 0, 1, 2, 3])
def test_polygamma(n):
    def scenario(m):
        x = m.tensor([0.3, 1.5, 4.0], dtype=m.float64, requires_grad=True)
        y = m.polygamma(n, x)
        return y, m.autograd.grad(y.sum(), x)

    check(scenario)


@pytest.mark.parametrize("eps", [None, 1e-3, 0.1])
def test_logit_with_a_margin(eps):
    def scenario(m):
        x = m.tensor([0.0, 0.05, 0.5, 1.0, 1.5], requires_grad=True)
        y = m.logit(x, eps)
        return y, m.autograd.grad(y.sum(), x)

    check(scenario)


def test_derivative_of_ldexp_by_small_integers():
    """PyTorch raises 2 to them in their own type, where that is 0."""
    x = rushlight.tensor([1.5, 2.5], requires_grad=True)
    rushlight.ldexp(x, rushlight.tensor([-2, 20], dtype=rushlight.int8)).sum().backward()
    assert x.grad.tolist() == [0.25, 2.0**20]


@pytest.mark.parametrize("name", ["zeta", "gammainc", "gammaincc", "xlogy", "xlog1py"])
@pytest.mark.parametrize("kind", ["int64", "int16"])
def test_derivatives_beside_integers(name, kind):
    def gradient(t):
        x, y = t.tensor([2, 3, 1], dtype=getattr(t, kind)), t.tensor([1.5, 0.7, 2.0], dtype=t.float64).requires_grad_()
        getattr(t.special, name)(x, y).sum().backward()
        return y.grad.numpy()

    np.testing.assert_allclose(gradient(rushlight), gradient(torch), rtol=1e-7)
