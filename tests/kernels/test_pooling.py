"""Compiled pooling against PyTorch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import rushlight
from kernels.fast import compiled_always, dtypes, laid_out, layouts, needs_numba
from rushlight.kernels import numpy_pooling, pooling
from rushlight.kernels.layout import Inner, inner, lies_channels_last

pytestmark = needs_numba
always = compiled_always(pooling)

SPECIAL = {
    "plain": lambda x: x,
    "ties": np.round,
    "nan": lambda x: np.where(x > 0.5, np.nan, x),
    "infinite": lambda x: np.where(x < 0.5, -np.inf, x),
}


@st.composite
def windows(draw):
    pair = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(2))  # noqa: E731
    kernel = pair(1, 5)
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    return kernel, pair(1, 4), padding, pair(1, 2), draw(st.booleans())


@settings(max_examples=60)
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 35), st.integers(1, 12), st.integers(1, 50)), windows(),
    layouts, layouts, dtypes, st.sampled_from(sorted(SPECIAL)), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_max_pool(shape, how, layout, grad_layout, dtype, special, seed):
    kernel, stride, padding, dilation, _ = how
    outs = numpy_pooling.pool_output_shape(shape[2:], *how)
    assume(min(outs) > 0)
    for s, k, st_, p, d, m in zip(shape[2:], kernel, stride, padding, dilation, outs, strict=True):
        assume(all(any(0 <= i * st_ - p + j * d < s for j in range(k)) for i in range(m)))
    rng = np.random.default_rng(seed)
    x = SPECIAL[special](rng.standard_normal(shape)).astype(dtype)
    leaf = torch.tensor(x, requires_grad=True)
    y, indices = F.max_pool2d(leaf, *how, return_indices=True)
    g = rng.standard_normal(y.shape).astype(dtype)
    y.backward(torch.tensor(g))
    x, g = laid_out(x, layout), laid_out(g, grad_layout)
    values, numbers = pooling.max_pool(x, *how)
    np.testing.assert_array_equal(values, y.detach().numpy())
    np.testing.assert_array_equal(pooling.max_pool_values(x, *how), values)
    np.testing.assert_array_equal(numpy_pooling.positions(numbers, shape[2:], *how[:-1]), indices.numpy())
    assert values.shape == numbers.shape
    if lies_channels_last(x):
        assert lies_channels_last(values) or values.flags.c_contiguous
    gx = pooling.max_pool_backward(g, numbers, shape, *how[:-1])
    np.testing.assert_allclose(gx, leaf.grad.numpy(), 1e-5, 1e-6)


def test_what_numpy_found_goes_back_through_compiled_code():
    x = np.full((2, 3, 7, 7), -np.inf, np.float32)
    how = (3, 3), (2, 2), (1, 1), (1, 1)
    _, numbers = numpy_pooling.max_pool(x, *how, False)
    leaf = torch.tensor(x, requires_grad=True)
    F.max_pool2d(leaf, 3, 2, 1).sum().backward()
    gx = pooling.max_pool_backward(np.ones(numbers.shape, np.float32), numbers, x.shape, *how)
    np.testing.assert_array_equal(gx, leaf.grad.numpy())


def test_hidden_orders_stay_hidden():
    x = inner(laid_out(np.random.default_rng(0).standard_normal((2, 5, 6, 8)).astype(np.float32), "channels_last"))
    how = (2, 2), (2, 2), (0, 0), (1, 1)
    values, numbers = pooling.max_pool(x, *how, False)
    assert type(values) is Inner
    gx = pooling.max_pool_backward(values, numbers, x.shape, *how)
    assert type(gx) is Inner
    assert gx.strides == x.strides


@pytest.mark.parametrize("batch", [(), (3,)])
def test_the_node_keeps_numbers_and_shows_positions(batch):
    a = np.random.default_rng(0).standard_normal((*batch, 4, 9, 10)).astype(np.float32)
    found = []
    for lib in (torch, rushlight):
        x = lib.tensor(a, requires_grad=True)
        y = lib.nn.functional.max_pool2d(x, 3, 2, 1)
        places = y.grad_fn._saved_result1.numpy()
        (gx,) = lib.autograd.grad(y.pow(2).sum(), x, create_graph=True)
        (again,) = lib.autograd.grad(gx.pow(3).sum(), x)
        found.append((y.grad_fn.name(), places, gx.detach().numpy(), again.numpy()))
    assert found[0][0] == found[1][0]
    for theirs, ours in zip(*(f[1:] for f in found), strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-6)


@settings(max_examples=50)
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 35), st.integers(1, 12), st.integers(1, 50)), windows(),
    layouts, layouts, dtypes, st.booleans(), st.sampled_from([None, None, 3, -2]), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_avg_pool(shape, how, layout, grad_layout, dtype, count_include_pad, divisor, seed):
    kernel, stride, padding, _, ceil_mode = how
    assume(min(numpy_pooling.pool_output_shape(shape[2:], kernel, stride, padding, (1, 1), ceil_mode)) > 0)
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape).astype(dtype)
    x[rng.random(shape) < 0.01] = np.inf
    leaf = torch.tensor(x, requires_grad=True)
    given = kernel, stride, padding, ceil_mode, count_include_pad, divisor
    y = F.avg_pool2d(leaf, *given)
    g = rng.standard_normal(y.shape).astype(dtype)
    y.backward(torch.tensor(g))
    found = pooling.avg_pool(laid_out(x, layout), *given)
    np.testing.assert_allclose(found, y.detach().numpy(), 1e-5, 1e-6)
    gx = pooling.avg_pool_backward(laid_out(g, grad_layout), shape, *given)
    np.testing.assert_allclose(gx, leaf.grad.numpy(), 1e-5, 1e-6)


@settings(max_examples=40)
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 20)), st.tuples(*[st.integers(1, 6)] * 2),
    st.tuples(*[st.integers(1, 6)] * 2), layouts, dtypes, st.sampled_from(sorted(SPECIAL)), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_adaptive_pooling_with_equal_windows(shape, outs, window, layout, dtype, special, seed):
    rng = np.random.default_rng(seed)
    shape = (*shape, *(m * k for m, k in zip(outs, window, strict=True)))
    x = SPECIAL[special](rng.standard_normal(shape)).astype(dtype)
    leaf = torch.tensor(x, requires_grad=True)
    means, (maxima, places) = F.adaptive_avg_pool2d(leaf, outs), F.adaptive_max_pool2d(leaf, outs, return_indices=True)
    g = rng.standard_normal(means.shape).astype(dtype)
    means.backward(torch.tensor(g))
    x = laid_out(x, layout)
    np.testing.assert_allclose(pooling.adaptive_avg_pool(x, outs), means.detach().numpy(), 1e-5, 1e-6)
    np.testing.assert_allclose(pooling.adaptive_avg_pool_backward(g, shape), leaf.grad.numpy(), 1e-5, 1e-6)
    for got, wanted in zip(pooling.adaptive_max_pool(x, outs), (maxima, places), strict=True):
        np.testing.assert_array_equal(got, wanted.detach().numpy())
