"""Normalization kernels against torch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

from kernels.reference import agree, array, few, gradients, normal, seeds
from rushlight.kernels import numpy_normalization as kernels


def check_gradients(found, expected):
    for a, e in zip(found, expected, strict=True):
        if e is None:
            assert a is None
        else:
            agree(a, e, 1e-7, 1e-9)


spatials = st.lists(st.integers(1, 5), max_size=3)


@few
@given(st.integers(1, 4), st.sampled_from([1, 2, 6]), spatials, st.booleans(), st.booleans(), seeds)
def test_batch_norm(n, c, spatial, scaled, shifted, seed):
    assume(n * np.prod(spatial) > 1)
    torch.manual_seed(seed)
    x = normal(n, c, *spatial)
    w, b = normal(c) if scaled else None, normal(c) if shifted else None
    mean, var = torch.randn(c, dtype=torch.float64), torch.rand(c, dtype=torch.float64)
    own_mean, own_var = array(mean).copy(), array(var).copy()
    g = torch.randn_like(x)

    y = F.batch_norm(x, mean, var, w, b, True, 0.3, 1e-3)
    out, m, inverse = kernels.batch_norm_train(array(x), array(w), array(b), own_mean, own_var, 0.3, 1e-3)
    agree(out, y)
    agree(own_mean, mean)
    agree(own_var, var)
    expected = gradients(y, [x, w, b], g)
    needs = tuple(e is not None for e in expected)
    check_gradients(kernels.batch_norm_backward(array(g), array(x), array(w), m, inverse, True, needs), expected)

    y = F.batch_norm(x, mean, var, w, b, False, 0.3, 1e-3)
    agree(kernels.batch_norm_eval(array(x), array(w), array(b), *kernels.given_statistics(own_mean, own_var, 1e-3)), y)
    inverse = 1 / np.sqrt(own_var + 1e-3)
    expected = gradients(y, [x, w, b], g)
    check_gradients(
        kernels.batch_norm_backward(array(g), array(x), array(w), own_mean, inverse, False, needs), expected
    )


def test_variance_does_not_cancel_far_from_zero():
    torch.manual_seed(0)
    x = torch.randn(64, 3, 8, 8) + 1000
    out, *_ = kernels.batch_norm_train(array(x), None, None, None, None, 0.1, 1e-5)
    exact = F.batch_norm(x.double(), None, None, training=True)
    agree(out, exact.float(), 0, 2e-4)
    out, *_ = kernels.layer_norm(array(x), 3, None, None, 1e-5)
    agree(out, F.layer_norm(x.double(), (3, 8, 8)).float(), 0, 2e-4)


@few
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.data(), st.booleans(), st.booleans(), seeds)
def test_layer_norm(shape, data, scaled, shifted, seed):
    dims = data.draw(st.integers(1, len(shape)))
    torch.manual_seed(seed)
    x = normal(*shape)
    kept = shape[len(shape) - dims :]
    w, b = normal(*kept) if scaled else None, normal(*kept) if shifted else None
    y, g = F.layer_norm(x, kept, w, b, 1e-3), torch.randn_like(x)
    out, mean, inverse = kernels.layer_norm(array(x), dims, array(w), array(b), 1e-3)
    agree(out, y)
    expected = gradients(y, [x, w, b], g)
    needs = tuple(e is not None for e in expected)
    check_gradients(kernels.layer_norm_backward(array(g), array(x), dims, mean, inverse, array(w), needs), expected)


@few
@given(st.sampled_from([(1, 1), (6, 1), (6, 2), (6, 3), (6, 6)]), spatials, st.booleans(), seeds)
def test_group_norm(channels, spatial, affine, seed):
    c, groups = channels
    torch.manual_seed(seed)
    x = normal(3, c, *spatial)
    w, b = (normal(c), normal(c)) if affine else (None, None)
    y, g = F.group_norm(x, groups, w, b, 1e-3), torch.randn_like(x)
    out, mean, inverse = kernels.group_norm(array(x), groups, array(w), array(b), 1e-3)
    agree(out, y)
    expected = gradients(y, [x, w, b], g)
    needs = tuple(e is not None for e in expected)
    check_gradients(kernels.group_norm_backward(array(g), array(x), groups, mean, inverse, array(w), needs), expected)


@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (2, 0, 4)])
def test_nothing_to_normalize(shape):
    out, mean, _ = (
        kernels.batch_norm_eval(np.zeros(shape), None, None, np.zeros(shape[1]), np.ones(shape[1])),
        0,
        0,
    )
    assert out.shape == shape
    assert mean == 0


def test_statistics_of_half_precision_are_float32():
    torch.manual_seed(0)
    x = torch.randn(16, 3, 4).half()
    out, mean, inverse = kernels.batch_norm_train(array(x), None, None, None, None, 0.1, 1e-5)
    assert (out.dtype, mean.dtype, inverse.dtype) == (np.float16, np.float32, np.float32)
    agree(out, F.batch_norm(x.float(), None, None, training=True).half(), 2e-3, 1e-3)
