"""Gamma and Dirichlet draws beside PyTorch: the same numbers for the same seed, and how they follow their shapes."""

import numpy as np
import pytest
import torch
from beside import check

import rushlight

SHAPES = [0.5, 2.0, 3.0, 0.01, 1.0, 100.0, 0.0, 1e-3, 8.5, -1.0, float("nan"), 1e30]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(5))
def test_gamma_numbers(dtype, seed):
    def scenario(t):
        t.manual_seed(seed)
        shapes = t.tensor(SHAPES, dtype=getattr(t, dtype)).reshape(3, 4)
        generator = t.Generator().manual_seed(seed)
        return t._standard_gamma(shapes), t._standard_gamma(shapes.t(), generator), t.rand(1)

    check(scenario, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dirichlet_numbers(dtype):
    def scenario(t):
        t.manual_seed(3)
        shapes = t.tensor(SHAPES[:9], dtype=getattr(t, dtype)).reshape(3, 3).requires_grad_()
        found = t._sample_dirichlet(shapes)
        return found.detach(), t._sample_dirichlet(shapes[0, 0].detach()), type(found.grad_fn).__name__

    check(scenario)


def test_gradients_of_gamma_numbers():
    def scenario(t):
        t.manual_seed(1)
        shapes = t.tensor([0.5, 2.0, 3.0, 0.01, 20.0, 100.0], dtype=t.float64, requires_grad=True)
        found = t._standard_gamma(shapes)
        (found * found).sum().backward()
        return found, type(found.grad_fn).__name__, shapes.grad

    check(scenario)


def test_slopes_everywhere():
    random = np.random.default_rng(0)
    shapes = 10 ** random.uniform(-3, 3, 4000)
    far, near = shapes * 10 ** random.uniform(-1, 1, 4000), shapes * random.uniform(0.8, 1.2, 4000)
    for numbers in (far, near):
        found, wanted = (t._standard_gamma_grad(*map(t.from_numpy, (shapes, numbers))) for t in (rushlight, torch))
        np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-12)


@pytest.mark.parametrize("call", [
    lambda t: t._standard_gamma(t.tensor([1, 2])), lambda t: t._standard_gamma(t.ones(2).half()),
    lambda t: t._sample_dirichlet(t.ones(2).half()), lambda t: t._standard_gamma(1.0),
])  # fmt: skip
def test_what_is_refused(call):
    check(call)
