"""Pooling against torch."""

import numpy as np
import pytest
from beside import check

from .derivatives import check_derivatives, numbers

CALLS = {
    "max1": ((2, 3, 9), lambda F, m, x: F.max_pool1d(x, 2)),
    "max1_indices": ((2, 3, 9), lambda F, m, x: F.max_pool1d(x, 3, 2, 1, return_indices=True)),
    "max1_single": ((3, 9), lambda F, m, x: F.max_pool1d(x, 3, stride=2, dilation=2, ceil_mode=True)),
    "max2": ((2, 3, 6, 7), lambda F, m, x: F.max_pool2d(x, 2)),
    "max2_overlapping": ((2, 3, 6, 7), lambda F, m, x: F.max_pool2d(x, 3, 2, 1)),
    "max2_indices": ((2, 3, 6, 7), lambda F, m, x: F.max_pool2d(x, (2, 3), (1, 2), return_indices=True)),
    "max2_ceil": ((2, 3, 6, 7), lambda F, m, x: F.max_pool2d(x, 3, 2, 1, 1, True)),
    "max2_single": ((3, 6, 7), lambda F, m, x: F.max_pool2d(x, 2, dilation=2)),
    "max3": ((1, 2, 4, 5, 4), lambda F, m, x: F.max_pool3d(x, 2, 1)),
    "max3_single": ((2, 4, 5, 4), lambda F, m, x: F.max_pool3d(x, 2, return_indices=True)),
    "avg1": ((2, 3, 9), lambda F, m, x: F.avg_pool1d(x, 3, 2, 1)),
    "avg1_single": ((3, 9), lambda F, m, x: F.avg_pool1d(x, 2)),
    "avg2": ((2, 3, 6, 7), lambda F, m, x: F.avg_pool2d(x, 2)),
    "avg2_uncounted": ((2, 3, 6, 7), lambda F, m, x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)),
    "avg2_divisor": ((2, 3, 6, 7), lambda F, m, x: F.avg_pool2d(x, 3, ceil_mode=True, divisor_override=5)),
    "avg2_single": ((3, 6, 7), lambda F, m, x: F.avg_pool2d(x, (2, 1), 1)),
    "avg3": ((1, 2, 4, 5, 4), lambda F, m, x: F.avg_pool3d(x, 2)),
    "adaptive_avg1": ((2, 3, 7), lambda F, m, x: F.adaptive_avg_pool1d(x, 3)),
    "adaptive_avg2": ((2, 3, 7, 5), lambda F, m, x: F.adaptive_avg_pool2d(x, (3, 2))),
    "adaptive_avg2_larger": ((2, 3, 3, 2), lambda F, m, x: F.adaptive_avg_pool2d(x, 5)),
    "adaptive_avg2_none": ((2, 3, 7, 5), lambda F, m, x: F.adaptive_avg_pool2d(x, (None, 2))),
    "adaptive_avg2_one": ((2, 3, 7, 5), lambda F, m, x: F.adaptive_avg_pool2d(x, 1)),
    "adaptive_avg2_single": ((3, 7, 5), lambda F, m, x: F.adaptive_avg_pool2d(x, 2)),
    "adaptive_avg3": ((1, 2, 4, 5, 4), lambda F, m, x: F.adaptive_avg_pool3d(x, (2, 3, 1))),
    "adaptive_avg3_one": ((1, 2, 4, 5, 4), lambda F, m, x: F.adaptive_avg_pool3d(x, 1)),
    "adaptive_max1": ((2, 3, 7), lambda F, m, x: F.adaptive_max_pool1d(x, 3)),
    "adaptive_max2": ((2, 3, 7, 5), lambda F, m, x: F.adaptive_max_pool2d(x, (3, 2), return_indices=True)),
    "adaptive_max2_single": ((3, 7, 5), lambda F, m, x: F.adaptive_max_pool2d(x, 2)),
    "adaptive_max3": ((1, 2, 4, 5, 4), lambda F, m, x: F.adaptive_max_pool3d(x, (2, 3, 1))),
}


@pytest.mark.parametrize("name", CALLS)
def test_values_and_derivatives(name):
    shape, call = CALLS[name]
    check_derivatives(call, {"x": numbers(shape, 0)})


@pytest.mark.parametrize("name", CALLS)
def test_without_gradients(name):
    shape, call = CALLS[name]
    check(lambda m: call(m.nn.functional, m, m.from_numpy(numbers(shape, 0))))


@pytest.mark.parametrize("name", CALLS)
def test_tangents_of_leaves_that_want_no_gradient(name):
    shape, call = CALLS[name]

    def scenario(m):
        forward = m.autograd.forward_ad
        with forward.dual_level():
            dual = forward.make_dual(m.from_numpy(numbers(shape, 0)), m.from_numpy(numbers(shape, 1)))
            found = call(m.nn.functional, m, dual)
            return forward.unpack_dual(found[0] if isinstance(found, tuple) else found).tangent

    check(scenario)


WRONG = {
    "max1 dimensions": ((5,), lambda F, x: F.max_pool1d(x, 2)),
    "max2 dimensions": ((5, 5), lambda F, x: F.max_pool2d(x, 2)),
    "max2 too large": ((1, 3, 5, 5), lambda F, x: F.max_pool2d(x, 6)),
    "max2 padding": ((1, 3, 5, 5), lambda F, x: F.max_pool2d(x, 2, padding=2)),
    "max2 negative padding": ((1, 3, 5, 5), lambda F, x: F.max_pool2d(x, 2, padding=-1)),
    "max2 stride": ((1, 3, 5, 5), lambda F, x: F.max_pool2d(x, 2, stride=0)),
    "max2 kernel": ((1, 3, 5, 5), lambda F, x: F.max_pool2d(x, 0)),
    "max2 three": ((1, 3, 5, 5), lambda F, x: F.max_pool2d(x, (1, 2, 3))),
    "max2 three strides": ((1, 3, 5, 5), lambda F, x: F.max_pool2d(x, 2, (1, 2, 3))),
    "max2 three paddings": ((1, 3, 5, 5), lambda F, x: F.max_pool2d(x, 2, 1, (1, 2, 3))),
    "max2 dilation": ((1, 3, 5, 5), lambda F, x: F.max_pool2d(x, 2, dilation=0)),
    "max2 no channels": ((1, 0, 5, 5), lambda F, x: F.max_pool2d(x, 2)),
    "max2 no images": ((0, 3, 5, 5), lambda F, x: F.max_pool2d(x, 2)),
    "max3 dimensions": ((5, 5, 5), lambda F, x: F.max_pool3d(x, 2)),
    "avg1 dimensions": ((5,), lambda F, x: F.avg_pool1d(x, 2)),
    "avg2 divisor": ((1, 3, 5, 5), lambda F, x: F.avg_pool2d(x, 2, divisor_override=0)),
    "avg2 padding": ((1, 3, 5, 5), lambda F, x: F.avg_pool2d(x, 2, padding=2)),
    "avg2 too large": ((1, 3, 5, 5), lambda F, x: F.avg_pool2d(x, 6)),
    "adaptive empty": ((1, 3, 0, 5), lambda F, x: F.adaptive_avg_pool2d(x, 2)),
    "adaptive negative": ((1, 3, 5, 5), lambda F, x: F.adaptive_avg_pool2d(x, (-1, 2))),
    "adaptive max dimensions": ((5, 5), lambda F, x: F.adaptive_max_pool2d(x, 1)),
    "adaptive dimensions": ((5,), lambda F, x: F.adaptive_avg_pool1d(x, 2)),
    "adaptive3 dimensions": ((5, 5), lambda F, x: F.adaptive_avg_pool3d(x, 2)),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_shapes_and_settings(name):
    shape, call = WRONG[name]
    check(lambda m: call(m.nn.functional, m.zeros(shape)))


def test_integers_and_booleans():
    for kind in ("int64", "int32", "uint8", "bool"):
        check(lambda m, kind=kind: m.nn.functional.max_pool2d(m.ones(1, 1, 4, 4, dtype=getattr(m, kind)), 2))


def test_nan_is_the_maximum():
    x = np.where(numbers((1, 2, 6, 6), 0) > 1, np.nan, numbers((1, 2, 6, 6), 0))
    check_derivatives(lambda F, m, x: F.max_pool2d(x, 2, return_indices=True), {"x": x})
