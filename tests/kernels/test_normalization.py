"""Compiled batch normalization against PyTorch: values, accuracy, layouts, NaN and infinities."""

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from kernels.fast import as_accurate, compiled_always, dtypes, laid_out, layouts, needs_numba
from rushlight.kernels import dispatch, normalization
from rushlight.kernels.layout import Inner, inner, lies_channels_last
from rushlight.kernels.numpy_normalization import given_statistics

pytestmark = needs_numba
always = compiled_always(normalization)

shapes = st.tuples(st.integers(1, 5), st.integers(1, 70), st.integers(1, 12), st.integers(1, 20))


def both(x, weight, bias, mean, var, training, g):
    """PyTorch's result, statistics and gradients in the given type and in float64."""
    found = []
    for kind in (x.dtype, np.float64):
        leaves = [
            None if a is None else torch.tensor(a.copy("C").astype(kind), requires_grad=True) for a in (x, weight, bias)
        ]
        running = [torch.tensor(a.astype(kind)) for a in (mean, var)]
        y = torch.nn.functional.batch_norm(leaves[0], *running, leaves[1], leaves[2], training, 0.2, 1e-4)
        y.backward(torch.tensor(np.ascontiguousarray(g).astype(kind)))
        grads = [None if leaf is None else leaf.grad.numpy() for leaf in leaves]
        found.append(([y.detach().numpy(), *(r.numpy() for r in running)], grads))
    return found


@settings(max_examples=40)
@given(
    shapes, layouts, layouts, dtypes, st.booleans(), st.booleans(), st.booleans(), st.sampled_from([0, 0, 3, 1e3]),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
@example((2, 3, 40, 300), "contiguous", "channels_last", np.float32, True, True, True, 3, 0)
@example((2, 5, 50, 50), "channels_last", "contiguous", np.float32, True, True, True, 3, 0)
@example((1, 2, 8193, 1), "contiguous", "contiguous", np.float32, True, True, True, 0, 0)
@example((2, 2, 6, 18), "contiguous", "contiguous", np.float32, True, False, False, 0, 4338)
@example((2, 1, 3, 16), "channels_last", "contiguous", np.float32, True, True, False, 1e3, 3357969732)
@example((2, 1, 3, 7), "channels_last", "contiguous", np.float32, True, True, True, 1e3, 4604722)
@example((1, 49, 3, 5), "channels_last", "contiguous", np.float32, False, True, True, 0, 9)
@example((1, 49, 3, 5), "channels_last", "contiguous", np.float32, False, True, True, 0, 16)
@example((5, 1, 11, 17), "contiguous", "contiguous", np.float32, True, True, True, 1e3, 1557720369)
def test_batch_norm(shape, layout, grad_layout, dtype, scaled, shifted, training, away, seed):
    assume(shape[0] * shape[2] * shape[3] > 1)
    rng = np.random.default_rng(seed)
    c = shape[1]
    x = laid_out((rng.standard_normal(shape) + away).astype(dtype), layout)
    g = laid_out(rng.standard_normal(shape).astype(dtype), grad_layout)
    weight = rng.standard_normal(c).astype(dtype) if scaled else None
    bias = rng.standard_normal(c).astype(dtype) if shifted else None
    mean, var = rng.standard_normal(c).astype(dtype), rng.random(c).astype(dtype) + 1
    (theirs, their_grads), (exact, exact_grads) = both(x, weight, bias, mean, var, training, g)

    if training:
        # What is added up may cancel, where there are few channels or few numbers in each: so sizes of terms are given.
        before = np.abs(mean).max()
        y, m, inverse = normalization.batch_norm_train(x, weight, bias, mean, var, 0.2, 1e-4)
        for name, a, b, e in zip(("y", "mean", "var"), (y, mean, var), theirs, exact, strict=True):
            as_accurate(a, b, e, name, before if name == "mean" else 0)
    else:
        m, inverse = given_statistics(mean, var, 1e-4)
        y = normalization.batch_norm_eval(x, weight, bias, m, inverse)
        as_accurate(y, theirs[0], exact[0], "y")
    assert y.dtype == dtype
    assert lies_channels_last(y) == lies_channels_last(x)
    needs = True, scaled, shifted
    grads = normalization.batch_norm_backward(g, x, weight, m, inverse, training, needs)
    slopes = inverse if weight is None else inverse * np.abs(weight)
    for name, a, b, e in zip(("x", "weight", "bias"), grads, their_grads, exact_grads, strict=True):
        if e is None:
            assert a is None
        else:
            as_accurate(a, b, e, f"gradient of {name}", np.abs(g).max() * slopes.max() if name == "x" else 0)


@pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
def test_samples_unlike_each_other_do_not_cancel(layout):
    x = np.random.default_rng(0).standard_normal((4, 3, 30, 40)).astype(np.float32)
    x[1:] += 1000
    x[:, 1] = 7.25
    g = np.ones_like(x)
    (theirs, _), (exact, _) = both(x, None, None, np.zeros(3, np.float32), np.ones(3, np.float32), True, g)
    mean, var = np.zeros(3, np.float32), np.ones(3, np.float32)
    y, *_ = normalization.batch_norm_train(laid_out(x, layout), None, None, mean, var, 0.2, 1e-4)
    for a, b, e in zip((y, mean, var), theirs, exact, strict=True):
        as_accurate(a, b, e)


@pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("training", [True, False])
def test_what_is_no_number_spoils_its_channel_alone(layout, value, training):
    rng = np.random.default_rng(0)
    x, g = (rng.standard_normal((2, 20, 9, 5)).astype(np.float32) for _ in range(2))
    for place in ((0, 3, 0, 0), (1, 17, 8, 4), (0, 5, 4, 2)):
        x[place] = value
    mean, var = np.zeros(20, np.float32), np.ones(20, np.float32)
    (theirs, their_grads), _ = both(x, mean + 1, mean, mean, var, training, g)
    x, g = laid_out(x, layout), laid_out(g, layout)
    if training:
        y, m, inverse = normalization.batch_norm_train(x, mean + 1, mean.copy(), mean, var, 0.2, 1e-4)
    else:
        m, inverse = given_statistics(mean, var, 1e-4)
        y = normalization.batch_norm_eval(x, mean + 1, mean.copy(), m, inverse)
    for a, e in zip((y, mean, var), theirs, strict=True):
        np.testing.assert_allclose(a, e, 1e-5, 1e-5)
    grads = normalization.batch_norm_backward(g, x, mean * 0 + 1, m, inverse, training, (True, True, True))
    for a, e in zip(grads, their_grads, strict=True):
        np.testing.assert_array_equal(np.isnan(a), np.isnan(e))


@pytest.mark.parametrize("shape", [(300, 40), (4, 70, 9), (2, 3, 4, 5, 6)])
def test_other_numbers_of_dimensions(shape):
    rng = np.random.default_rng(0)
    x, g = (rng.standard_normal(shape) for _ in range(2))
    mean, var = np.zeros(shape[1]), np.ones(shape[1])
    (theirs, their_grads), _ = both(x, None, None, mean, var, True, g)
    y, m, inverse = normalization.batch_norm_train(x, None, None, mean, var, 0.2, 1e-4)
    np.testing.assert_allclose(y, theirs[0], 1e-10, 1e-12)
    gx, *_ = normalization.batch_norm_backward(g, x, None, m, inverse, True, (True, False, False))
    np.testing.assert_allclose(gx, their_grads[0], 1e-9, 1e-11)


@pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
def test_results_do_not_depend_on_the_number_of_threads(layout):
    x = laid_out(np.random.default_rng(0).standard_normal((3, 70, 30, 31)).astype(np.float32), layout)
    threads, found = dispatch.get_threads(), []
    try:
        for count in (1, 3):
            dispatch.set_threads(count)
            y, m, inverse = normalization.batch_norm_train(x, None, None, None, None, 0.2, 1e-4)
            gx, *_ = normalization.batch_norm_backward(y * x, x, None, m, inverse, True, (True, True, True))
            found.append((y, m, inverse, gx))
    finally:
        dispatch.set_threads(threads)
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


def test_hidden_orders_stay_hidden():
    x = inner(laid_out(np.random.default_rng(0).standard_normal((2, 5, 6, 7)).astype(np.float32), "channels_last"))
    y, m, inverse = normalization.batch_norm_train(x, None, None, None, None, 0.2, 1e-4)
    gx, *_ = normalization.batch_norm_backward(y, x, None, m, inverse, True, (True, False, False))
    assert type(y) is Inner
    assert type(gx) is Inner
    assert lies_channels_last(gx)
