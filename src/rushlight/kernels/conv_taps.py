"""Gradients of large filters by `compiled.conv_taps`: when that pays, and how work is shared."""

from functools import lru_cache
from math import prod

import numpy as np

from .cache import register_bytes
from .conv_common import PLACE, Ints, carve, copy_last, is_last, widest_panel
from .dispatch import Kernel, get_threads, ready

_KERNELS = PLACE, Kernel("conv_taps", "weight_by_taps", common=False)

# From how many elements on filters are large.
SMALLEST_FILTERS = 1 << 18

# From how many images on: the pixels in one place of all are a run.
FEWEST_IMAGES = 4

# Pixels in a panel, and about how many bytes of sums should be in a thread's cache.
_PIXELS, _CACHE = 128, 1 << 19


def weight_gradient(
    g: np.ndarray, x: np.ndarray, shape: Ints, stride: Ints, padding: Ints, dilation: Ints
) -> np.ndarray | None:
    """The gradient, of `shape` (K, C, R, S), from g (N, K, P, Q) and x (N, C, H, W); None if that does not suit."""
    dtype, size = x.dtype, x.itemsize
    columns, depth = shape[:2]
    taps, lanes, widest, threads = prod(shape[2:]), register_bytes() // size, widest_panel(dtype), get_threads()
    single = (*shape[2:], *stride, *padding) == (1, 1, 1, 1, 0, 0)
    if prod(shape) < SMALLEST_FILTERS or columns % lanes or not (single or x.shape[0] >= FEWEST_IMAGES):
        return None
    runs = ready(_KERNELS, dtype)
    if runs is None:
        return None
    place, compute = runs
    g, x = np.asarray(g), np.asarray(x)
    copy_x, copy_g = not is_last(x), not is_last(g)
    panels = -(-columns // widest)
    chunks = max(-(-taps * depth * widest * size // _CACHE), min(depth // 24, -(-4 * threads // panels)))
    share = -(-depth // (6 * chunks)) * 6
    together = min(g.shape[0] * (g.shape[2] * g.shape[3] if single else 1), _PIXELS)
    table, panel, sums = _PIXELS * 7, max(_PIXELS, together) * widest, taps * share * widest
    x_area, g_area, tables, packed, totals = carve(
        (x.size if copy_x else 0, dtype), (g.size if copy_g else 0, dtype), (threads * table, np.int64),
        (threads * panel, dtype), (threads * sums, dtype),
    )  # fmt: skip
    if copy_x:
        copy_last(place, x, x_area)
    if copy_g:
        copy_last(place, g, g_area)
    (images, _, *outs), (height, breadth) = g.shape, x.shape[2:]
    if single:  # every pixel is an image
        images, outs, height, breadth = images * prod(outs), [1, 1], 1, 1
    spans = _spans((height, breadth), (outs[0], outs[1]), shape[2:], stride, padding, dilation)
    row, pixel = breadth * depth * size, depth * size
    starts = [(h * row + w * pixel, (p * outs[1] + q) * columns, r, s) for h, w, p, q, r, s in spans]
    found = np.empty(shape, dtype)
    compute(
        panels * -(-depth // share), 1, x_area if copy_x else x, g_area if copy_g else g, found,
        np.array(starts, np.int64), tables, packed, totals, images, together, height * row, stride[0] * row,
        stride[1] * pixel, outs[0] * outs[1] * columns, outs[1] * columns, columns, taps, depth, columns, share,
        _PIXELS, table, panel, sums,
    )  # fmt: skip
    return found


@lru_cache(64)
def _spans(
    size: Ints, outs: Ints, filters: Ints, stride: Ints, padding: Ints, dilation: Ints
) -> list[tuple[int, int, int, int, int, int]]:
    """For each tap: the first pixel of the input and of the gradient that meet, and how many rows and columns do."""
    axes = []
    for length, out, k, s, p, d in zip(size, outs, filters, stride, padding, dilation, strict=True):
        axis = []
        for tap in range(k):
            shift = tap * d - p
            first = max(0, -(shift // s))
            last = min(out, (length - 1 - shift) // s + 1)
            axis.append((first * s + shift, first, max(0, last - first)))
        axes.append(axis)
    return [(h, w, p, q, rows, columns) for h, p, rows in axes[0] for w, q, columns in axes[1]]
