"""Batch normalization: the compiled kernels from some size on, else NumPy's.

The arguments and results are those of the functions of the same names in `numpy_normalization`. Results lie in memory
like the input: contiguous, or channels last.
"""

import math
from math import prod
from typing import Any

import numpy as np

from . import numpy_normalization
from .dispatch import Kernel, ready, scratch, share
from .layout import Inner, empty, inner, lies_channels_last, ordered
from .numpy_pointwise import relu as numpy_relu

Array = np.ndarray

# From how many elements on the compiled kernels are quicker, of planes and of rows.
SMALLEST, SMALLEST_ROWS = 512, 16384

# What results below it are replaced by, without a relu and with one.
_LEAST = -math.inf, 0.0

_PLANES = (Kernel("batch_norm_planes", "plane_forward"),)
_PLANES_BACKWARD = (Kernel("batch_norm_planes", "plane_backward"),)
_PLANE_APPLY, _ROW_APPLY = Kernel("batch_norm_planes", "plane_apply"), Kernel("batch_norm_rows", "row_apply")
_ROWS = Kernel("batch_norm_rows", "row_moments"), Kernel("batch_norm_rows", "finish"), _ROW_APPLY
_ROWS_BACKWARD = (
    Kernel("batch_norm_rows", "row_sums"),
    Kernel("batch_norm_rows", "finish_backward"),
    Kernel("batch_norm_rows", "row_back"),
)


def _usable(x: Array, *parameters: Array | None) -> bool:
    dtype = x.dtype
    return x.size >= SMALLEST and all(p is None or (p.dtype == dtype and p.flags.c_contiguous) for p in parameters)


def _blocks(rows: int, channels: int) -> tuple[int, int, int]:
    """How many rows are summed up at a time, how often, and the channels' number in whole registers."""
    block = max(16, min(1024, -(-rows // (8 if rows <= 2048 else 32))))
    return block, -(-rows // block), -(-channels // 16) * 16


def batch_norm_train(
    x: Array,
    weight: Array | None,
    bias: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    momentum: float,
    eps: float,
    relu: bool = False,
) -> tuple[Array, Array, Array]:
    """Normalizes each channel of `x` by its own mean and variance; with `relu`, negative results are 0."""
    given = x, weight, bias, running_mean, running_var, momentum, eps
    if not _usable(x, weight, bias, running_mean, running_var):
        return _numpy_train(given, relu)
    last = lies_channels_last(x)
    dtype, channels, plane = x.dtype, x.shape[1], prod(x.shape[2:])
    rows = x.size // channels
    planes, groups = plane > 1 and not last, -(-channels // 16)
    large = planes or x.size >= SMALLEST_ROWS
    runs = ready(_PLANES if planes else _ROWS, dtype) if large else None
    if runs is None:
        return _numpy_train(given, relu)
    hidden, x, y = type(x) is Inner, ordered(x, last), empty(x.shape, dtype, last)
    mean, inverse = np.empty(channels, dtype), np.empty(channels, dtype)
    parameters = (0 if p is None else p for p in (weight, bias, running_mean, running_var))
    how, least = (*parameters, float(momentum), float(eps)), _LEAST[relu]
    if planes:
        runs[0](channels, share(channels, rows), x, y, x.shape[0], channels, plane, mean, inverse, *how, least)
    else:
        moments, finish, apply = runs
        block, blocks, width = _blocks(rows, channels)
        memory = scratch((blocks * 3 + 6) * width, dtype)
        between, partial = memory[: 4 * width].view(np.float64), memory[6 * width :]
        scale, shift = memory[4 * width : 5 * width], memory[5 * width : 6 * width]
        moments(blocks, share(blocks, block * channels), x, partial, channels, rows, block, width)
        results = mean, inverse, scale, shift
        sizes = blocks, channels, width, block, rows
        finish(groups, share(groups, 32 * blocks), partial, *sizes, between, between[width:], *results, *how)
        apply(rows, share(rows, channels), x, y, channels, mean, scale, shift, least)
    if not inverse.all():  # a variance is infinite, perhaps since it was not summed up in double precision
        y, mean, inverse = _numpy_train((x, weight, bias, None, None, momentum, eps), relu)
    return inner(y) if hidden else y, mean, inverse


def _numpy_train(given: Any, relu: bool) -> tuple[Array, Array, Array]:
    y, mean, inverse = numpy_normalization.batch_norm_train(*given)
    return numpy_relu(y) if relu else y, mean, inverse


def batch_norm_eval(
    x: Array, weight: Array | None, bias: Array | None, mean: Array, inverse: Array, relu: bool = False
) -> Array:
    """Normalizes each channel of `x` by given means and inverse deviations; with `relu`, negative results are 0."""
    if _usable(x, weight, bias, mean, inverse):
        scale = inverse if weight is None else inverse * weight
        y = _applied(x, mean, scale, np.zeros_like(scale) if bias is None else bias, relu)
        if y is not None:
            return y
    y = numpy_normalization.batch_norm_eval(x, weight, bias, mean, inverse)
    return numpy_relu(y) if relu else y


def _applied(x: Array, mean: Array, scale: Array, bias: Array, relu: bool = False) -> Array | None:
    """``(x - mean) * scale + bias`` for each channel; None while there is no kernel for it."""
    last = lies_channels_last(x)
    channels, plane = x.shape[1], prod(x.shape[2:])
    planes = plane > 1 and not last
    run = (_PLANE_APPLY if planes else _ROW_APPLY).get(x.dtype)
    if run is None:
        return None
    hidden, x, y = type(x) is Inner, ordered(x, last), empty(x.shape, x.dtype, last)
    pieces = x.size // (plane if planes else channels)
    shape = (channels, plane) if planes else (channels,)
    run(pieces, share(pieces, x.size // pieces), x, y, *shape, mean, scale, bias, _LEAST[relu])
    return inner(y) if hidden else y


def batch_norm_backward(
    g: Array, x: Array, weight: Array | None, mean: Array, inverse: Array, train: bool, needs: tuple[bool, bool, bool]
) -> tuple[Array | None, Array | None, Array | None]:
    """The gradients of batch normalization with respect to `x`, `weight` and `bias` (those that `needs` asks for)."""
    if not _usable(x, weight, mean, inverse) or g.dtype != x.dtype:
        return numpy_normalization.batch_norm_backward(g, x, weight, mean, inverse, train, needs)
    last = lies_channels_last(x)
    dtype, channels, plane = x.dtype, x.shape[1], prod(x.shape[2:])
    rows = x.size // channels
    planes, groups = plane > 1 and not last, -(-channels // 16)
    large = planes or x.size >= SMALLEST_ROWS
    runs = ready(_PLANES_BACKWARD if planes else _ROWS_BACKWARD, dtype) if large else None
    if runs is None:
        return numpy_normalization.batch_norm_backward(g, x, weight, mean, inverse, train, needs)
    hidden, x, g = type(x) is Inner, ordered(x, last), ordered(g, last)
    gx = empty(x.shape, dtype, last) if train and needs[0] else None
    grad_weight, grad_bias = np.empty(channels, dtype), np.empty(channels, dtype)
    factor = 0 if weight is None else weight
    if planes:
        into = g if gx is None else gx
        how = mean, inverse, factor, grad_weight, grad_bias, gx is not None
        runs[0](channels, share(channels, rows), g, x, into, x.shape[0], channels, plane, *how)
    else:
        sums, finish, back = runs
        block, blocks, width = _blocks(rows, channels)
        memory = scratch((blocks * 2 + 5) * width, np.float64)
        totals, dots, partial = memory[:width], memory[width : 2 * width], memory[5 * width :]
        scale, slope, shift = (memory[i * width : (i + 1) * width].view(dtype) for i in (2, 3, 4))
        sums(blocks, share(blocks, block * channels), g, x, mean, partial, channels, rows, block, width)
        results = inverse, factor, grad_weight, grad_bias, scale, slope, shift, mean
        sizes = blocks, channels, width, rows
        finish(groups, share(groups, 32 * blocks), partial, *sizes, totals, dots, *results)
        if gx is not None:
            back(rows, share(rows, channels), g, x, gx, channels, mean, scale, slope, shift)
    if needs[0] and not train:
        # (Adding -0.0 changes nothing, not even the sign of a zero.)
        scaled = inverse if weight is None else inverse * weight
        gx = _applied(g, np.zeros_like(inverse), scaled, np.full_like(inverse, -0.0))
        if gx is None:
            gx = g * scaled.reshape(-1, *(1,) * (x.ndim - 2))
    if gx is not None and hidden:
        gx = inner(gx)
    return gx, grad_weight if needs[1] else None, grad_bias if needs[2] else None
