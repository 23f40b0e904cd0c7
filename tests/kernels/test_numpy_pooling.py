"""Pooling kernels against torch."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

from kernels.reference import agree, array, few, gradients, normal, seeds
from rushlight.kernels.numpy_pooling import (
    adaptive_avg_pool,
    adaptive_avg_pool_backward,
    adaptive_max_pool,
    avg_pool,
    avg_pool_backward,
    gather_planes,
    max_pool,
    max_pool_backward,
    max_pool_values,
    pool_output_shape,
    positions,
)

MAX = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVG = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
ADAPTIVE_MAX = {1: F.adaptive_max_pool1d, 2: F.adaptive_max_pool2d, 3: F.adaptive_max_pool3d}
ADAPTIVE_AVG = {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: F.adaptive_avg_pool3d}
SPECIAL = {"ties": lambda x: x.round(), "nan": lambda x: x.masked_fill(x > 0.5, torch.nan)}
SPECIAL |= {"infinite": lambda x: x.masked_fill(x < 0.5, -torch.inf), "plain": lambda x: x}


@st.composite
def cases(draw):
    dims = draw(st.sampled_from([1, 2, 2, 3]))
    numbers = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(dims))  # noqa: E731
    kernel = numbers(1, 4)
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    return numbers(1, 9), kernel, numbers(1, 4), padding, numbers(1, 2), draw(st.booleans())


@few
@given(cases(), st.sampled_from(sorted(SPECIAL)), st.sampled_from([(2, 3), (20, 30)]), seeds)
def test_max_pool(case, special, planes, seed):
    spatial, kernel, stride, padding, dilation, ceil_mode = case
    outs = pool_output_shape(*case)
    assume(min(outs) > 0)
    # A dilated window can hold nothing but padding; PyTorch's index then lies outside of the array.
    for s, k, st_, p, d, m in zip(spatial, kernel, stride, padding, dilation, outs):
        assume(all(any(0 <= i * st_ - p + j * d < s for j in range(k)) for i in range(m)))
    torch.manual_seed(seed)
    x = SPECIAL[special](torch.randn(*planes, *spatial, dtype=torch.float64)).requires_grad_()
    y, indices = MAX[len(spatial)](x, kernel, stride, padding, dilation, ceil_mode, True)
    g = torch.randn_like(y)
    values, numbers = max_pool(array(x), *case[1:])
    places = positions(numbers, spatial, *case[1:-1])
    agree(values, y, 0, 0)
    agree(places, indices, 0, 0)
    agree(max_pool_values(array(x), *case[1:]), y, 0, 0)
    agree(max_pool_backward(array(g), places, tuple(x.shape)), gradients(y, [x], g)[0])
    agree(gather_planes(array(x), places), y, 0, 0)


@pytest.mark.parametrize("planes", [2, 20])
def test_max_pool_of_a_large_window_and_of_integers(planes):
    torch.manual_seed(0)
    x = torch.randn(1, planes, 40, 40)
    y, indices = F.max_pool2d(x, 18, 3, return_indices=True)
    how = (18, 18), (3, 3), (0, 0), (1, 1)
    values, numbers = max_pool(array(x), *how, False)
    agree(values, y, 0, 0)
    agree(positions(numbers, (40, 40), *how), indices, 0, 0)
    whole = torch.randint(-9, 9, (1, 2, 7, 7))
    how = (3, 3), (2, 2), (1, 1), (1, 1)
    values, numbers = max_pool(array(whole), *how, False)
    got = values, positions(numbers, (7, 7), *how)
    for a, e in zip(got, F.max_pool2d(whole, 3, 2, 1, return_indices=True)):
        agree(a, e, 0, 0)


@few
@given(cases(), st.booleans(), st.sampled_from([None, 3]), seeds)
def test_avg_pool(case, count_include_pad, divisor, seed):
    spatial, kernel, stride, padding, _, ceil_mode = case
    dims = len(spatial)
    assume(min(pool_output_shape(spatial, kernel, stride, padding, (1,) * dims, ceil_mode)) > 0)
    assume(dims < 3 or all(k <= s for k, s in zip(kernel, spatial)))  # which PyTorch refuses
    torch.manual_seed(seed)
    x = normal(2, 3, *spatial)
    divisor = divisor if dims > 1 else None
    override = {} if dims == 1 else {"divisor_override": divisor}
    y = AVG[dims](x, kernel, stride, padding, ceil_mode, count_include_pad, **override)
    g = torch.randn_like(y)
    how = kernel, stride, padding, ceil_mode, count_include_pad, divisor
    agree(avg_pool(array(x), *how), y)
    agree(avg_pool_backward(array(g), tuple(x.shape), *how), gradients(y, [x], g)[0])


@few
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 6)), min_size=1, max_size=3), seeds)
def test_adaptive_pools(sizes, seed):
    spatial, outs = zip(*sizes)
    torch.manual_seed(seed)
    x = normal(2, 3, *spatial)
    y = ADAPTIVE_AVG[len(outs)](x, outs)
    g = torch.randn_like(y)
    agree(adaptive_avg_pool(array(x), outs), y)
    agree(adaptive_avg_pool_backward(array(g), tuple(x.shape)), gradients(y, [x], g)[0])
    for z in (x, x.detach().round(), x.detach().masked_fill(x > 0.8, torch.nan)):
        values, places = adaptive_max_pool(array(z), outs)
        expected, indices = ADAPTIVE_MAX[len(outs)](z, outs, True)
        agree(values, expected, 0, 0)
        agree(places, indices, 0, 0)


@pytest.mark.parametrize("shape", [(0, 3, 6, 6), (2, 0, 6, 6)])
def test_no_images_or_no_channels(shape):
    x = torch.zeros(shape)
    values, numbers = max_pool(array(x), (2, 2), (2, 2), (0, 0), (1, 1), False)
    places = positions(numbers, (6, 6), (2, 2), (2, 2), (0, 0), (1, 1))
    assert values.shape == places.shape == (*shape[:2], 3, 3)
    assert max_pool_backward(values, places, shape).shape == shape
    assert gather_planes(array(x), places).shape == values.shape
    assert avg_pool(array(x), (2, 2), (2, 2), (0, 0), False).shape == values.shape
    assert adaptive_avg_pool(array(x), (2, 2)).shape == (*shape[:2], 2, 2)
    assert adaptive_avg_pool(array(x), (1, 1)).shape == (*shape[:2], 1, 1)
