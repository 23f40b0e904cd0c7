"""What the compiled convolutions share: scratch memory, layouts, packed filters."""

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from .cache import panel_widths, register_bytes
from .dispatch import Kernel, Launch, scratch
from .pool import LINE

Ints = tuple[int, ...]

PLACE, PACK = Kernel("layout", "place"), Kernel("conv", "pack")


def carve(*wanted: tuple[int, Any]) -> list[np.ndarray]:
    """Scratch arrays of so many elements of a type each, which start at cache lines."""
    sizes = [-(-count * np.dtype(dtype).itemsize // LINE) * LINE for count, dtype in wanted]
    memory = scratch(sum(sizes), np.uint8)
    found, start = [], 0
    for (count, dtype), size in zip(wanted, sizes, strict=True):
        found.append(memory[start : start + size].view(dtype)[:count])
        start += size
    return found


def is_last(x: np.ndarray) -> bool:
    """Whether images ``(N, C, H, W)`` have their channels last in memory."""
    return x.transpose(0, 2, 3, 1).flags.c_contiguous


def copy_last(run: Launch, x: np.ndarray, target: np.ndarray, padding: Ints = (0, 0)) -> None:
    """Copies images ``(N, C, H, W)`` into an array ``(N, H, W, C)``, with zeros around them.

    Of volumes ``(N, C, D, H, W)``, the images are the planes, in the order ``(D, N)``.
    """
    (n, c, *_, h, w), (image, channel, *far, row, column) = x.shape, [s // x.itemsize for s in x.strides]
    together, many = n, n * x.shape[2] if far else n
    rows, columns = h + 2 * padding[0], w + 2 * padding[1]
    if padding == (0, 0) and (row == w * column or h == 1):
        h, w = 1, h * w
        rows, columns = h, w
    if c == 1:
        channel = 1
    length = max(64, 8192 // c)
    parts = -(-columns // length)
    run(
        many * rows * parts, 1, x, target, h, w, c, image, row, column, channel, rows, columns, *padding, length, parts,
        together, far[0] if far else 0,
    )  # fmt: skip


def whole_registers(columns: int, dtype: np.dtype[Any]) -> int:
    """Columns as a whole number of registers."""
    lanes = register_bytes() // dtype.itemsize
    return -(-columns // lanes) * lanes


def widest_panel(dtype: np.dtype[Any]) -> int:
    """Columns of the widest panel."""
    return panel_widths()[0] * register_bytes() // dtype.itemsize


@lru_cache(8)
def zeros(count: int, dtype: np.dtype[Any]) -> np.ndarray:
    """So many zeros, for reading."""
    return np.zeros(count, dtype)


def pack_filters(
    run: Launch, weight: np.ndarray, packed: np.ndarray, order: list[int], groups: int, backward: bool
) -> None:  # fmt: skip
    """Packs filters ``(K, C / groups, taps)`` into panels ``[group][panel][tap][depth][column]``.

    Args:
        run: the kernel.
        weight: the filters, contiguous.
        packed: room for them; the columns of each group are rounded up to whole registers.
        order: for each tap of a panel, its place in the filter.
        groups: the groups.
        backward: whether columns are the C / groups channels and depth the K / groups outputs, or the other way round.
    """
    k, channels = weight.shape[0] // groups, weight.shape[1]
    taps = len(order)
    filter_size = channels * taps
    places = np.empty(taps, np.int64)
    places[order] = range(taps)
    columns = channels if backward else k
    panels = -(-columns // widest_panel(weight.dtype))
    strides = (taps, filter_size) if backward else (filter_size, 0)
    counts = (taps, 1, k) if backward else (taps, channels, 1)
    run(groups * panels, 1, weight, packed, places, *strides, k * filter_size, *counts, columns, panels, weight.size)


def sum_parts(run: Launch, parts: np.ndarray, gradient: np.ndarray, count: int, groups: int) -> None:
    """Sums `count` gradients in panels (see `compiled.conv.weight_gradient`) into one laid out as the filters."""
    k, depth, *taps = gradient.shape
    columns, share = k // groups, 16
    pieces = groups * -(-columns // widest_panel(gradient.dtype)) * -(-depth // share)
    run(pieces, 1, parts, gradient, count, groups, prod(taps), depth, columns, share)
