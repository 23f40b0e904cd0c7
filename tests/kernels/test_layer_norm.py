"""Compiled layer normalization against PyTorch."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.fast import as_accurate, compiled_always, dtypes, laid_out, layouts, needs_numba
from rushlight.kernels import dispatch, layer_norm

pytestmark = needs_numba
always = compiled_always(layer_norm)


def both(x, dims, weight, bias, g):
    """PyTorch's result and gradients in the given type and in float64."""
    found = []
    for kind in (x.dtype, np.float64):
        leaves = [None if a is None else torch.tensor(a.astype(kind), requires_grad=True) for a in (x, weight, bias)]
        y = torch.nn.functional.layer_norm(leaves[0], x.shape[x.ndim - dims :], leaves[1], leaves[2], 1e-4)
        y.backward(torch.tensor(g.astype(kind)))
        found.append([y.detach().numpy(), *(None if leaf is None else leaf.grad.numpy() for leaf in leaves)])
    return found


@settings(max_examples=40)
@given(
    st.one_of(
        st.tuples(st.integers(1, 70), st.integers(1, 90)),
        st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5), st.integers(1, 40)),
        st.tuples(st.integers(1, 2), st.integers(8000, 9000)),
    ),
    st.integers(1, 2), layouts, layouts, dtypes, st.booleans(), st.booleans(), st.sampled_from([0, 3, 1e3]),
    st.booleans(), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_layer_norm(shape, dims, layout, grad_layout, dtype, scaled, shifted, away, blocked, seed):
    rng = np.random.default_rng(seed)
    x, g = (rng.standard_normal(shape) + away).astype(dtype), rng.standard_normal(shape).astype(dtype)
    kept = shape[len(shape) - dims :]
    weight = rng.standard_normal(kept).astype(dtype) if scaled else None
    bias = rng.standard_normal(kept).astype(dtype) if shifted else None
    theirs, exact = both(x, dims, weight, bias, g)
    x, g = laid_out(x, layout), laid_out(g, grad_layout)
    y, mean, inverse = layer_norm.layer_norm(x, dims, weight, bias, 1e-4)
    assert mean.shape == inverse.shape == (*shape[: len(shape) - dims], *(1,) * dims)
    needs = True, scaled, shifted
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layer_norm, "LARGEST", 0 if blocked else 1 << 20)
        found = [y, *layer_norm.layer_norm_backward(g, x, dims, mean, inverse, weight, needs)]
    if math.prod(kept) == 1:  # where the gradient is what rounding left
        found[1], theirs[1] = found[1] * 0, theirs[1] * 0
    for name, a, b, e in zip(("y", "x", "weight", "bias"), found, theirs, exact, strict=True):
        if e is None:
            assert a is None
        else:
            as_accurate(a, b, e, name, np.abs(g).max() if name == "bias" else 0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_spoils_its_row_alone(value):
    rng = np.random.default_rng(0)
    x, g = (rng.standard_normal((5, 40)).astype(np.float32) for _ in range(2))
    x[1, 3] = x[3, 39] = value
    theirs, _ = both(x, 1, x[0] * 0 + 1, None, g)
    y, mean, inverse = layer_norm.layer_norm(x, 1, x[0] * 0 + 1, None, 1e-4)
    gx, gw, _ = layer_norm.layer_norm_backward(g, x, 1, mean, inverse, x[0] * 0 + 1, (True, True, False))
    for a, e in zip((y, gx, gw), theirs, strict=False):
        np.testing.assert_array_equal(np.isnan(a), np.isnan(e))


def test_results_do_not_depend_on_the_number_of_threads():
    x = np.random.default_rng(0).standard_normal((300, 70)).astype(np.float32)
    threads, found = dispatch.get_threads(), []
    try:
        for count in (1, 3):
            dispatch.set_threads(count)
            y, mean, inverse = layer_norm.layer_norm(x, 1, None, None, 1e-4)
            found.append((y, *layer_norm.layer_norm_backward(y * x, x, 1, mean, inverse, None, (True, True, True))))
    finally:
        dispatch.set_threads(threads)
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)
