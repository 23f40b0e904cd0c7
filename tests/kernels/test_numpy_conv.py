"""Convolution kernels against torch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

from kernels.reference import agree, array, few, gradients, normal, seeds
from rushlight.kernels.numpy_conv import (
    conv_forward,
    conv_grad_bias,
    conv_grad_input,
    conv_grad_weight,
    conv_output_shape,
)

CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


@st.composite
def cases(draw):
    dims = draw(st.sampled_from([1, 2, 2, 3]))
    numbers = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(dims))  # noqa: E731
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    channels, outs = groups * draw(st.sampled_from([1, 2, 9])), groups * draw(st.sampled_from([1, 2, 9]))
    stride = numbers(1, 3) if draw(st.booleans()) else (1,) * dims
    kernel, padding, dilation = numbers(1, 3), numbers(0, 3), numbers(1, 2)
    # One dimension is long in some cases: large planes are gathered in another way than small ones.
    spatial = numbers(1, 7) if draw(st.booleans()) else (*numbers(1, 7)[1:], draw(st.integers(1, 300)))
    extra = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation))
    return draw(st.integers(0, 3)), channels, outs, groups, spatial, kernel, stride, padding, dilation, extra


@few
@given(cases(), seeds)
def test_convolution_and_its_gradients(case, seed):
    n, channels, outs, groups, spatial, kernel, stride, padding, dilation, extra = case
    assume(min(conv_output_shape(spatial, kernel, stride, padding, dilation)) > 0)
    torch.manual_seed(seed)
    x, w, b = normal(n, channels, *spatial), normal(outs, channels // groups, *kernel), normal(outs)
    y = CONV[len(spatial)](x, w, b, stride, padding, dilation, groups)
    g = torch.randn_like(y)
    gx, gw, gb = gradients(y, [x, w, b], g)
    how = stride, padding, dilation, groups
    got = conv_forward(array(x), array(w), array(b), *how)
    agree(got, y)
    assert got.flags.c_contiguous
    agree(conv_grad_input(array(g), array(w), tuple(x.shape), *how), gx)
    agree(conv_grad_weight(array(g), array(x), tuple(w.shape), *how), gw)
    agree(conv_grad_bias(array(g)), gb)
    reach = [
        st * (m - 1) - 2 * p + d * (k - 1) + e
        for st, m, p, d, k, e in zip(stride, y.shape[2:], padding, dilation, kernel, extra)
    ]
    if n and min(reach) >= 0:
        transposed = TRANSPOSE[len(spatial)](g, w, None, stride, padding, extra, groups, dilation)
        agree(conv_grad_input(array(g), array(w), tuple(transposed.shape), *how), transposed)


def test_many_images_are_done_in_blocks():
    torch.manual_seed(0)
    for shape, weight in [((70, 16, 12, 12), (24, 16, 3, 3)), ((9, 4, 40, 40), (5, 4, 3, 3))]:
        x, w = normal(*shape), normal(*weight)
        y = F.conv2d(x, w, None, 2, 1)
        g = torch.randn_like(y)
        gx, gw = gradients(y, [x, w], g)
        how = (2, 2), (1, 1), (1, 1), 1
        agree(conv_forward(array(x), array(w), None, *how), y)
        agree(conv_grad_input(array(g), array(w), tuple(x.shape), *how), gx)
        agree(conv_grad_weight(array(g), array(x), tuple(w.shape), *how), gw)


def test_operands_need_not_be_contiguous():
    torch.manual_seed(0)
    x, w, g = torch.randn(8, 9, 10, 2), torch.randn(3, 3, 10, 4), torch.randn(8, 9, 4, 2)
    x, w, g = x.permute(3, 2, 0, 1), w.permute(3, 2, 0, 1), g.permute(3, 2, 0, 1)
    x.requires_grad_()
    w.requires_grad_()
    y = F.conv2d(x, w, padding=1)
    gx, gw = gradients(y, [x, w], g)
    how = (1, 1), (1, 1), (1, 1), 1
    agree(conv_forward(array(x), array(w), None, *how), y, 1e-4, 1e-5)
    agree(conv_grad_input(array(g), array(w), tuple(x.shape), *how), gx, 1e-4, 1e-5)
    agree(conv_grad_weight(array(g), array(x), tuple(w.shape), *how), gw, 1e-4, 1e-4)


@pytest.mark.parametrize("channels", [2, 16])
def test_nan_reaches_only_the_windows_that_hold_it(channels):
    torch.manual_seed(0)
    x, w = torch.randn(1, channels, 6, 6), torch.randn(3, channels, 3, 3)
    x[0, 1, 2, 2] = float("nan")
    x[0, 0, 5, 5] = float("inf")
    agree(conv_forward(array(x), array(w), None, (1, 1), (0, 0), (1, 1), 1), F.conv2d(x, w), 1e-4, 1e-5)


def test_half_precision_is_computed_in_float32():
    torch.manual_seed(0)
    x, w = torch.randn(2, 8, 6, 6).half(), torch.randn(4, 8, 3, 3).half()
    got = conv_forward(array(x), array(w), None, (1, 1), (1, 1), (1, 1), 1)
    assert got.dtype == np.float16
    agree(got, F.conv2d(x.float(), w.float(), padding=1).half(), 2e-3, 1e-3)
