"""Convolutions of small images with large filters by `compiled.conv_deep`: when that pays, and how work is shared."""

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from .cache import register_bytes
from .conv_common import PLACE, Ints, carve, copy_last, is_last, widest_panel, zeros
from .dispatch import Kernel, get_threads, ready
from .layout import inner
from .pool import LINE

_KERNELS = PLACE, Kernel("conv_deep", "convolve_deep")

# From how many elements on filters are large.
SMALLEST_FILTERS = 1 << 15

# Pixels that a kernel computes at once, how many such groups at most, and how many of them for one packing of filters.
_ROWS, _MOST, _BLOCK = 6, 256, 128

# About how many bytes of packed filters should be in a thread's cache.
_CACHE = 1 << 17


def convolve(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, outs: Ints, stride: Ints, padding: Ints, dilation: Ints,
    backward: bool,
) -> np.ndarray | None:  # fmt: skip
    """The convolution of x ``(N, C, H, W)``, or the gradient of its input; None if that does not suit.

    Args:
        x: the input, or the gradient.
        weight: ``(K, C, R, S)``.
        bias: ``(K,)`` or None.
        outs: rows and columns of the result.
        stride: as of the convolution.
        padding: as of the convolution.
        dilation: as of the convolution.
        backward: whether this is the gradient of the input, and x that of the output.
    """
    dtype, size = weight.dtype, weight.itemsize
    (n, depth, *extent), taps, pixels = x.shape, prod(weight.shape[2:]), prod(outs)
    columns = weight.shape[1] if backward else weight.shape[0]
    lanes, widest, threads = register_bytes() // size, widest_panel(dtype), get_threads()
    sixes, panels = -(-n * pixels // _ROWS), -(-columns // widest)
    if not 0 < sixes <= _MOST or weight.size < SMALLEST_FILTERS or depth % lanes or columns % lanes:
        return None
    parts = [p for p in range(lanes, depth + 1, lanes) if depth % p == 0]
    slab = max((p for p in parts if p * taps * widest * size <= _CACHE), default=lanes)
    block = -(-sixes // max(-(-sixes // _BLOCK), min(sixes, -(-2 * threads // panels))))
    runs = ready(_KERNELS, dtype)
    if runs is None:
        return None
    place, compute = runs
    x, weight = np.asarray(x), np.ascontiguousarray(weight)
    entry = taps * (_ROWS + 1) + 1 + _ROWS
    run = taps if backward else taps * slab
    # A cache line lies between taps, whatever the width of a register.
    table, room = block * entry + run + lanes, (taps * slab + slab + lanes) * widest + taps * LINE // size
    copied = not is_last(x)
    area, tables, packed = carve(
        (x.size if copied else 0, dtype), (threads * table, np.int64), (threads * room, dtype)
    )  # fmt: skip
    if copied:
        copy_last(place, x, area)
        x = area
    shifts, places, steps = _plan(weight.shape[2:], outs, stride, padding, dilation, backward)
    by_column, by_depth = (taps, taps * columns) if backward else (taps * depth, taps)
    y = np.empty((n, *outs, columns), dtype)
    compute(
        panels * -(-sixes // block), 1, x, weight, y, zeros(depth, dtype), tables, packed, shifts, places,
        0 if bias is None else np.ascontiguousarray(bias), n, *extent, *steps, pixels, outs[1], taps, depth, slab,
        columns, by_column, by_depth, block, table, room, depth * size,
    )  # fmt: skip
    return inner(y.transpose(0, 3, 1, 2))


@lru_cache(64)
def _plan(filters: Ints, outs: Ints, stride: Ints, padding: Ints, dilation: Ints, backward: bool) -> Any:
    """Shifts of all taps; the pixels of the result in the order of computing; stride and step down and across."""
    sign = -1 if backward else 1
    shifts = [
        [sign * (r * dilation[0] - padding[0]), sign * (s * dilation[1] - padding[1])]
        for r in range(filters[0])
        for s in range(filters[1])
    ]
    # Where there is a step, pixels that use the same taps follow each other.
    down, right = stride if backward else (1, 1)
    places = [
        (h, w)
        for i in range(down)
        for j in range(right)
        for h in range(i, outs[0], down)
        for w in range(j, outs[1], right)
    ]
    steps = (1, down, 1, right) if backward else (stride[0], 1, stride[1], 1)
    return np.array(shifts, np.int64), np.array(places, np.int64), steps
