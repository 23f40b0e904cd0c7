"""Compiled softmax and its logarithm against PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.fast import as_accurate, compiled_always, dtypes, laid_out, layouts, needs_numba
from rushlight.kernels import softmax

pytestmark = needs_numba
always = compiled_always(softmax)

shapes = st.one_of(
    st.tuples(st.integers(1, 20), st.integers(1, 300)),
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 5), st.integers(1, 40)),
    st.tuples(st.integers(1, 40000)),
    st.tuples(st.integers(1024, 1100), st.integers(1, 34)),
)


@settings(max_examples=40)
@given(
    shapes, layouts, layouts, dtypes, st.sampled_from(["softmax", "log_softmax"]), st.sampled_from([1, 30, 1e4]),
    st.integers(0, 2**32 - 1), st.data(),
)  # fmt: skip
def test_softmax(shape, layout, grad_layout, dtype, name, size, seed, data):
    axis = data.draw(st.integers(0, len(shape) - 1))
    rng = np.random.default_rng(seed)
    x = (rng.standard_normal(shape) * size).astype(dtype)
    g = rng.standard_normal(shape).astype(dtype)
    found = []
    for kind in (dtype, np.float64):
        leaf = torch.tensor(x.astype(kind), requires_grad=True)
        y = getattr(torch, name)(leaf, axis)
        y.backward(torch.tensor(g.astype(kind)))
        found.append((y.detach().numpy(), leaf.grad.numpy()))
    (theirs, their_grad), (exact, exact_grad) = found
    y = getattr(softmax, name)(laid_out(x, layout), axis)
    assert y.dtype == dtype
    as_accurate(y, theirs, exact, "y")
    gx = getattr(softmax, name + "_backward")(laid_out(g, grad_layout), y, axis)
    as_accurate(gx, their_grad, exact_grad, "gradient")


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 17, 39])
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("axis", [0, 1])
def test_what_is_no_number(name, value, place, whole, axis):
    x = np.random.default_rng(0).standard_normal((40, 40)).astype(np.float32)
    x[1, slice(None) if whole else place] = value
    x = x if axis else x.T
    expected = getattr(torch, name)(torch.tensor(x), axis).numpy()
    np.testing.assert_allclose(getattr(softmax, name)(x, axis), expected, 1e-5, 1e-6)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_what_is_no_number_in_many_short_rows(name):
    x = np.random.default_rng(0).standard_normal((1030, 11)).astype(np.float32)
    x[1, 4], x[2, 9], x[1029, 10], x[8], x[9] = np.nan, np.inf, -np.inf, -np.inf, 1e30
    leaf = torch.tensor(x, requires_grad=True)
    expected = getattr(torch, name)(leaf, 1)
    expected.backward(torch.ones_like(expected))
    y = getattr(softmax, name)(x, 1)
    np.testing.assert_allclose(y, expected.detach().numpy(), 1e-5, 1e-6)
    found = getattr(softmax, name + "_backward")(np.ones_like(x), y, 1)
    np.testing.assert_allclose(found, leaf.grad.numpy(), 1e-5, 1e-5)
