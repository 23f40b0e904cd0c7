"""Convolutions of 3x3 filters with stride 1 by `compiled.winograd`: when that pays, and how the work is shared.

The functions return None if they met an infinity or not-a-number, which would have spread to neighbours.
"""

from typing import NamedTuple

import numpy as np

from .cache import register_bytes
from .conv_common import PACK, PLACE, Ints, carve, copy_last, is_last, pack_filters, widest_panel, zeros
from .dispatch import Kernel, Launch, get_threads
from .layout import inner

_INPUT, _GRADIENT = Kernel("winograd", "evaluate_input"), Kernel("winograd", "evaluate_gradient")
_FILTERS, _TILES = Kernel("winograd", "evaluate_filters"), Kernel("winograd", "winograd")
_WEIGHT, _UNPACK = Kernel("winograd", "winograd_weight"), Kernel("conv", "unpack")

KERNELS = PLACE, PACK, _INPUT, _FILTERS, _TILES
WEIGHT_KERNELS = PLACE, _INPUT, _GRADIENT, _WEIGHT, _UNPACK

# Sides of a tile of the result, and points at which tiles and filters are evaluated.
_SIDE = 4
_POINTS = 36

# At least so many channels in and out, and pixels of the result, for it to pay.
SMALLEST_CHANNELS = 16
SMALLEST_PIXELS = 64

# About how many bytes of a thread's evaluated tiles and products should be in its second-level cache.
_CACHE = 1 << 20

# Up to how many numbers a filter's matrix has, images are thought to be larger (see `compiled.winograd.winograd`).
WIDE = 192 * 192


def suits(
    channels: Ints, filters: Ints, pixels: int, stride: Ints, padding: Ints, dilation: Ints, itemsize: int
) -> bool:  # fmt: skip
    """Whether a convolution can be computed here and is quicker so.

    Args:
        channels: of the input and of the result.
        filters: rows and columns of a filter.
        pixels: of the result, in all images.
        stride: as of the convolution.
        padding: as of the convolution.
        dilation: as of the convolution.
        itemsize: bytes of an element.
    """
    lanes = register_bytes() // itemsize
    return (
        filters == (3, 3)
        and stride == dilation == (1, 1)
        and max(padding) <= 2
        and min(channels) >= SMALLEST_CHANNELS
        and pixels >= SMALLEST_PIXELS
        and not any(c % lanes for c in channels)
    )


class _Tiles(NamedTuple):
    """Tiles of images: how many in all, down and across."""

    total: int
    down: int
    across: int


def _tiles(n: int, height: int, width: int) -> _Tiles:
    down, across = -(-height // _SIDE), -(-width // _SIDE)
    return _Tiles(n * down * across, down, across)


def _plane(count: int) -> int:
    """Bytes as an odd number of cache lines: planes at even distances would fight for the same places in the cache."""
    return (-(-count // 64) | 1) * 64


def _even(count: int, most: int) -> int:
    """How many of `count` make a block so that blocks of at most `most` are about equally large, in whole sixes."""
    blocks = -(-count // max(6, most))
    return -(-count // (6 * blocks)) * 6


def convolve(
    runs: list[Launch], x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, outs: Ints, padding: Ints,
    backward: bool,
) -> np.ndarray | None:  # fmt: skip
    """The correlation of x ``(N, C, H, W)`` with filters, channels last in memory.

    Args:
        runs: the functions of `KERNELS`.
        x: the input, or the gradient.
        weight: ``(K, C, 3, 3)``; or, if `backward`, ``(C, K, 3, 3)``, to be turned.
        bias: ``(K,)`` or None.
        outs: rows and columns of the result.
        padding: zeros above and to the left of x; there are as many below and to the right as `outs` needs.
        backward: whether this is the gradient of the input.
    """
    place, pack, evaluate_input, evaluate_filters, compute = runs
    x, dtype, size = np.asarray(x), x.dtype, x.itemsize
    weight = np.ascontiguousarray(weight)
    n, c, *extent = x.shape
    k = weight.shape[1] if backward else weight.shape[0]
    threads, lanes, widest = get_threads(), register_bytes() // size, widest_panel(dtype)
    tiles = _tiles(n, *outs)
    wide = c * k <= WIDE
    panel = min(widest, k)
    if wide:
        pieces = max(1, -(-tiles.total * _POINTS * (c + panel) * size // _CACHE))
        pieces = -(-pieces // threads) * threads
        share = block = _even(tiles.total, -(-tiles.total // pieces))
        held, chunk = block, k
    else:
        panels = -(-k // widest)
        share = -(-tiles.total // max(1, 2 * threads // panels))
        block = _even(share, _CACHE // (_POINTS * panel * size))
        held, chunk = tiles.total, widest
    v_plane, m_plane = _plane(held * c * size), _plane(block * panel * size)
    v_bytes, m_bytes = _POINTS * v_plane, _POINTS * m_plane + k * size
    u_count = _POINTS * c * (k if wide else panel * threads)
    copied = not is_last(x)
    area, packed, u, v, m, checks = carve(
        (x.size if copied else 0, dtype), (9 * c * k, dtype), (u_count, dtype),
        (v_bytes * (threads if wide else 1), np.uint8), (m_bytes * threads, np.uint8), (threads * lanes, dtype),
    )  # fmt: skip
    if copied:
        copy_last(place, x, area)
        x = area
    checks.fill(0)
    pack_filters(pack, weight, packed, list(range(8, -1, -1) if backward else range(9)), 1, backward)
    if wide:
        evaluate_filters(-(-k // widest), 1, packed, u, checks, c, k)
    else:
        evaluate_input(
            -(-tiles.total // 8), 1, x, zeros(c, dtype), v, checks, tiles.total, 8, *tiles[1:], *extent, c, *padding,
            v_plane, c * size,
        )  # fmt: skip
    y = np.empty((n, *outs, k), dtype)
    compute(
        -(-tiles.total // share) * -(-k // chunk), 1, x, u if wide else packed, y, zeros(c, dtype),
        zeros(k, dtype) if bias is None else np.ascontiguousarray(bias), v, u, m, checks, *tiles, *extent, c, *outs, k,
        *padding, share, block, chunk, wide, v_plane, m_plane, v_bytes, _POINTS * c * panel * size, m_bytes,
    )  # fmt: skip
    return None if checks.any() else inner(y.transpose(0, 3, 1, 2))


def weight_gradient(runs: list[Launch], g: np.ndarray, x: np.ndarray, shape: Ints, padding: Ints) -> np.ndarray | None:
    """The gradient of filters ``(K, C, 3, 3)`` from g ``(N, K, P, Q)`` and x ``(N, C, H, W)``.

    Args:
        runs: the functions of `WEIGHT_KERNELS`.
        g: the gradient of the output.
        x: the input.
        shape: that of the result.
        padding: as of the convolution.
    """
    place, evaluate_input, evaluate_gradient, compute, unpack = runs
    g, x, dtype, size = np.asarray(g), np.asarray(x), x.dtype, x.itemsize
    n, c, *extent = x.shape
    _, k, *outs = g.shape
    threads, lanes, widest = get_threads(), register_bytes() // size, widest_panel(dtype)
    tiles = _tiles(n, *outs)
    # An odd number of cache lines from tile to tile, as from point to point.
    v_row, e_row = _plane(c * size), _plane(k * size)
    own = _POINTS * c * k * size <= _CACHE
    if own:
        chunk, rows = k, c
        parts = max(1, min(8, tiles.total // 32))
        share = -(-tiles.total // parts)
        block = _even(share, _CACHE // (_POINTS * (v_row + e_row)))
        held = block
    else:
        chunk, rows = min(k, widest), min(c, 66)
        parts = max(1, min(8, (1 << 18) // (c * k), tiles.total // 64))
        share = -(-tiles.total // parts)
        block = _even(share, 128)
        held = tiles.total
    parts = -(-tiles.total // share)
    v_plane, e_plane, m_plane = held * v_row + 64, held * e_row + 64, _plane(rows * chunk * size)
    v_bytes, e_bytes, m_bytes = [_POINTS * plane for plane in (v_plane, e_plane, m_plane)]
    each = threads if own else 1
    copy_x, copy_g = not is_last(x), not is_last(g)
    x_area, g_area, v, e, m, parted, checks = carve(
        (x.size if copy_x else 0, dtype), (g.size if copy_g else 0, dtype), (v_bytes * each, np.uint8),
        (e_bytes * each, np.uint8), (m_bytes * threads, np.uint8), (parts * 9 * c * k, dtype), (threads * lanes, dtype),
    )  # fmt: skip
    if copy_x:
        copy_last(place, x, x_area)
        x = x_area
    if copy_g:
        copy_last(place, g, g_area)
        g = g_area
    checks.fill(0)
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
        m_bytes,
    )  # fmt: skip
    found = np.empty(shape, dtype)
    unpack(k // lanes, 1, parted, found, parts, 1, 9, c, k)
    return None if checks.any() else found
