"""Convolutions of 3x3 filters with stride 1 by Winograd's algorithm: when that pays, and how the work is shared.

`compiled.winograd` computes results and gradients of inputs, `compiled.winograd_weight` gradients of filters.

The functions return None if the compiled code is not ready, or if they met an infinity or not-a-number, which would
have spread to neighbours.
"""

from math import prod
from typing import NamedTuple

import numpy as np

from .cache import register_bytes
from .conv_common import (
    PLACE,
    Ints,
    carve,
    copy_last,
    is_last,
    sum_parts,
    widest_panel,
    zeros,
)
from .dispatch import Kernel, Launch, get_threads, ready
from .layout import inner

_INPUT, _FILTERS, _WIDE, _DEEP = [
    Kernel("winograd", name) for name in ("evaluate_input", "evaluate_filters", "wide", "deep")
]
_PIXELS, _GRADIENT, _WEIGHT = [
    Kernel("winograd_weight", name) for name in ("evaluate_pixels", "evaluate_gradient", "winograd_weight")
]

_WIDE_KERNELS = PLACE, _FILTERS, _WIDE
_DEEP_KERNELS = PLACE, _INPUT, _DEEP
_WEIGHT_KERNELS = PLACE, _PIXELS, _GRADIENT, _WEIGHT, Kernel("conv", "unpack")

# Rows and columns of a tile of the result, and points at which tiles and filters are evaluated, for the convolution and
# for the gradient of the filters.
_TILE, _POINTS = (2, 4), 24
_WEIGHT_TILE, _WEIGHT_POINTS = (4, 4), 36
# The gradient of the filters is off by 5e-7 to 7e-7 (relative L2), PyTorch's by 3e-7 to 2e-6, but by less where
# channels are last: by 2e-7 for 1,500 pixels, 2.8e-7 for 8,000, 5.6e-7 for 33,000. There `conv` comes here from
# `ACCURATE` pixels on, and sums up the products themselves of fewer (1.3e-7 to 2.2e-7). More than half of the error
# comes from evaluating and interpolating. Tiles of 2 x 4 take a quarter longer.

# So many tiles are summed up one after the other: with more, sums are less accurate (6e-7 with 96) and not quicker.
_SUMMED = 30

# From how many pixels on its error is below twice that of PyTorch where channels are last (1.3 to 1.6 of it).
ACCURATE = 16000

# At least so many channels in and out for it to pay.
SMALLEST_CHANNELS = 16

# From how many pixels on: most of the taps of smaller images lie outside, which `conv_deep` makes use of.
SMALLEST_IMAGE = 5

# Evaluating a filter at all points takes as long as multiplying so many tiles by it.
FILTER_COST = 20

# About how many bytes of a thread's evaluated tiles and products should be in its second-level cache.
_CACHE = 1 << 20

# From how many tiles on all filters are evaluated first, once; for fewer of them, what is evaluated should stay in the
# cache.
WIDE = 128

# Channels of large filters that are evaluated at a time.
_SLAB = 64


def suits(
    images: int, channels: Ints, filters: Ints, outs: Ints, stride: Ints, padding: Ints, dilation: Ints, itemsize: int,
    weight: bool = False,
) -> bool:  # fmt: skip
    """Whether a convolution, or the gradient of its filters, can be computed here and is quicker so.

    Args:
        images: how many.
        channels: of the input and of the result.
        filters: rows and columns of a filter.
        outs: rows and columns of the result.
        stride: as of the convolution.
        padding: as of the convolution.
        dilation: as of the convolution.
        itemsize: bytes of an element.
        weight: whether it is the gradient of the filters.
    """
    if filters != (3, 3) or max(*stride, *dilation) > 1 or max(padding) > 2 or min(channels) < SMALLEST_CHANNELS:
        return False
    if prod(outs) < SMALLEST_IMAGE or any(c % (register_bytes() // itemsize) for c in channels):
        return False
    # A pixel takes 9 multiplications.
    tile, points = (_WEIGHT_TILE, _WEIGHT_POINTS) if weight else (_TILE, _POINTS)
    return points * (_tiles(images, outs, tile).total + FILTER_COST) < 9 * images * prod(outs)


class _Tiles(NamedTuple):
    """Tiles of images: how many in all, down and across."""

    total: int
    down: int
    across: int


def _tiles(n: int, outs: Ints, tile: Ints) -> _Tiles:
    down, across = [-(-length // side) for length, side in zip(outs, tile, strict=True)]
    return _Tiles(n * down * across, down, across)


def _plane(count: int) -> int:
    """Bytes as an odd number of cache lines: planes at even distances would fight for the same places in the cache."""
    return (-(-count // 64) | 1) * 64


def _even(count: int, most: int) -> int:
    """How many of `count` make a block so that blocks of at most `most` are about equally large, in whole sixes."""
    blocks = -(-count // max(6, most))
    return -(-count // (6 * blocks)) * 6


def convolve(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, outs: Ints, padding: Ints, backward: bool
) -> np.ndarray | None:  # fmt: skip
    """The correlation of x ``(N, C, H, W)`` with filters, channels last in memory.

    Args:
        x: the input, or the gradient.
        weight: ``(K, C, 3, 3)``; or, if `backward`, ``(C, K, 3, 3)``, to be turned.
        bias: ``(K,)`` or None.
        outs: rows and columns of the result.
        padding: zeros above and to the left of x; there are as many below and to the right as `outs` needs.
        backward: whether this is the gradient of the input.
    """
    wide = _tiles(x.shape[0], outs, _TILE).total >= WIDE
    runs = ready(_WIDE_KERNELS if wide else _DEEP_KERNELS, x.dtype)
    if runs is None:
        return None
    x, weight = np.asarray(x), np.ascontiguousarray(weight)
    addend = zeros(weight.shape[1 if backward else 0], x.dtype) if bias is None else np.ascontiguousarray(bias)
    return (_wide if wide else _deep)(runs, x, weight, addend, outs, padding, backward)


def _wide(
    runs: list[Launch], x: np.ndarray, weight: np.ndarray, bias: np.ndarray, outs: Ints, padding: Ints, backward: bool
) -> np.ndarray | None:
    """`convolve` for many tiles."""
    place, evaluate_filters, compute = runs
    dtype, size = x.dtype, x.itemsize
    (n, c, *extent), k = x.shape, bias.size
    threads, lanes, panel = get_threads(), register_bytes() // size, min(widest_panel(dtype), k)
    tiles = _tiles(n, outs, _TILE)
    pieces = -(-tiles.total * _POINTS * (c + panel) * size // _CACHE)
    pieces = max(1, -(-pieces // threads)) * threads
    block = _even(tiles.total, -(-tiles.total // pieces))
    v_plane, m_plane = _plane(block * c * size), _plane(block * panel * size)
    v_bytes, m_bytes = _POINTS * v_plane, _POINTS * m_plane + panel * size
    copied = not is_last(x)
    area, u, v, m, checks = carve(
        (x.size if copied else 0, dtype), (_POINTS * (c * size + 64 // lanes) * k, np.uint8),
        (v_bytes * threads, np.uint8), (m_bytes * threads, np.uint8), (threads * lanes, dtype),
    )  # fmt: skip
    if copied:
        copy_last(place, x, area)
        x = area
    checks.fill(0)
    evaluate_filters(
        -(-k // widest_panel(dtype)) * -(-c // 16), 1, weight, u, checks, c, k, *_filter_steps(c, k, backward), 16
    )
    y = np.empty((n, *outs, k), dtype)
    compute(
        -(-tiles.total // block), 1, x, u, y, zeros(c, dtype), bias, v, m, checks, *tiles, *extent, c, *outs, k,
        *padding, block, v_plane, m_plane, v_bytes, m_bytes,
    )  # fmt: skip
    return None if checks.any() else inner(y.transpose(0, 3, 1, 2))


def _deep(
    runs: list[Launch], x: np.ndarray, weight: np.ndarray, bias: np.ndarray, outs: Ints, padding: Ints, backward: bool
) -> np.ndarray | None:
    """`convolve` for few tiles."""
    place, evaluate_input, compute = runs
    dtype, size = x.dtype, x.itemsize
    (n, c, *extent), k = x.shape, bias.size
    threads, lanes, panel = get_threads(), register_bytes() // size, min(widest_panel(dtype), k)
    tiles = _tiles(n, outs, _TILE)
    block = _even(tiles.total, _CACHE // (_POINTS * panel * size))
    v_plane, m_plane = _plane(tiles.total * c * size), _plane(block * panel * size)
    m_bytes = _POINTS * m_plane + panel * size
    u_bytes = _POINTS * (_SLAB * panel * size + 64)
    copied = not is_last(x)
    area, u, v, m, checks = carve(
        (x.size if copied else 0, dtype), (threads * u_bytes, np.uint8), (_POINTS * v_plane, np.uint8),
        (m_bytes * threads, np.uint8), (threads * lanes, dtype),
    )  # fmt: skip
    if copied:
        copy_last(place, x, area)
        x = area
    checks.fill(0)
    evaluate_input(
        -(-tiles.total // 8), 1, x, zeros(c, dtype), v, checks, tiles.total, 8, *tiles[1:], *extent, c, *padding,
        v_plane, c * size,
    )  # fmt: skip
    y = np.empty((n, *outs, k), dtype)
    compute(
        -(-tiles.total // block) * -(-k // widest_panel(dtype)), 1, v, weight, y, bias, u, m, checks, *tiles, c, *outs,
        k, block, *_filter_steps(c, k, backward), v_plane, m_plane, u_bytes, m_bytes,
    )  # fmt: skip
    return None if checks.any() else inner(y.transpose(0, 3, 1, 2))


def _filter_steps(channels: int, columns: int, backward: bool) -> Ints:
    """Elements of the filters from column to column and from channel to channel."""
    return (9, 9 * columns) if backward else (9 * channels, 9)


def weight_gradient(g: np.ndarray, x: np.ndarray, shape: Ints, padding: Ints) -> np.ndarray | None:
    """The gradient of filters ``(K, C, 3, 3)`` from g ``(N, K, P, Q)`` and x ``(N, C, H, W)``.

    Args:
        g: the gradient of the output.
        x: the input.
        shape: that of the result.
        padding: as of the convolution.
    """
    runs = ready(_WEIGHT_KERNELS, x.dtype)
    if runs is None:
        return None
    place, evaluate_input, evaluate_gradient, compute, unpack = runs
    g, x, dtype, size = np.asarray(g), np.asarray(x), x.dtype, x.itemsize
    n, c, *extent = x.shape
    _, k, *outs = g.shape
    threads, lanes, widest = get_threads(), register_bytes() // size, widest_panel(dtype)
    tiles = _tiles(n, g.shape[2:], _WEIGHT_TILE)
    # An odd number of cache lines from tile to tile, as from point to point.
    v_row, e_row = _plane(c * size), _plane(k * size)
    own = _WEIGHT_POINTS * c * k * size <= _CACHE
    if own:
        chunk, rows = k, c
        parts = max(1, min(8, tiles.total // 32))
        share = -(-tiles.total // parts)
        block = _even(share, min(_SUMMED, _CACHE // (_WEIGHT_POINTS * (v_row + e_row))))
        held = block
    else:
        chunk, rows = min(k, widest), min(c, 96)
        parts = max(1, min(8, (1 << 16) // (c * k), tiles.total // 64))
        share = -(-tiles.total // parts)
        block = _even(share, _SUMMED)
        held = tiles.total
    parts = -(-tiles.total // share)
    v_plane, e_plane, m_plane = held * v_row + 64, held * e_row + 64, _plane(rows * chunk * size)
    v_bytes, e_bytes, m_bytes = [_WEIGHT_POINTS * plane for plane in (v_plane, e_plane, m_plane)]
    each = threads if own else 1
    parted_count = 9 * (parts * c * k if parts > 1 else threads * rows * chunk)
    copy_x, copy_g = not is_last(x), not is_last(g)
    x_area, g_area, v, e, m, parted, checks = carve(
        (x.size if copy_x else 0, dtype), (g.size if copy_g else 0, dtype), (v_bytes * each, np.uint8),
        (e_bytes * each, np.uint8), (m_bytes * threads, np.uint8), (parted_count, dtype), (threads * lanes, dtype),
    )  # fmt: skip
    if copy_x:
        copy_last(place, x, x_area)
        x = x_area
    if copy_g:
        copy_last(place, g, g_area)
        g = g_area
    checks.fill(0)
    found = np.empty(shape, dtype)
    nothing = zeros(max(c, k), dtype)
    if not own:
        pieces = -(-tiles.total // 8)
        evaluate_input(
            pieces, 1, x, nothing, v, checks, tiles.total, 8, *tiles[1:], *extent, c, *padding, v_plane, v_row
        )  # fmt: skip
        evaluate_gradient(
            pieces, 1, g, nothing, e, checks, tiles.total, 8, *tiles[1:], *outs, k, 0, 0, e_plane, e_row
        )  # fmt: skip
    compute(
        parts * -(-c // rows) * -(-k // chunk), 1, x, g, parted, nothing, v, e, m, checks, *tiles, *extent, c, *outs, k,
        *padding, share, parts, block, rows, chunk, not own, v_plane, e_plane, m_plane, v_row, e_row, v_bytes, e_bytes,
        m_bytes, found,
    )  # fmt: skip
    if parts > 1:
        sum_parts(unpack, parted, found, parts, 1)
    return None if checks.any() else found
