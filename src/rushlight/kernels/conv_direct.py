"""Convolutions as products of matrices by the compiled kernels: which pixels go together, and how work is shared."""

from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .conv_common import (
    Ints,
    carve,
    copy_last,
    is_last,
    pack_filters,
    sum_parts,
    whole_registers,
    widest_panel,
    zeros,
)
from .dispatch import Launch, get_threads
from .layout import inner

# Up to how many input channels a filter's rows, not its elements, are the taps (see `convolve`).
_FEW_CHANNELS = 8

# At most so many products are summed up one after the other: sums of sums are more accurate.
_TERMS = 256

# Pixels that a kernel computes at once.
_ROWS = 6


# ---------------------------------------------------------------------------------------------- plans
class _Phase(NamedTuple):
    """Pixels of a result that use the same taps: every so many rows and columns, from the first on."""

    first: Ints
    step: Ints
    grid: Ints
    taps: slice


class Plan(NamedTuple):
    """How pixels of the result come from pixels of the source.

    Attributes:
        size: rows and columns of the source.
        stride: pixels of the source from window to window.
        shifts: for each tap, in the order of packed filters, rows and columns from a window's first pixel.
        order: for each tap, in the order of packed filters, its place in the filter.
        phases: parts of the result.
        backward: whether filters are summed over their outputs instead of their channels.
        further: for each tap, how many images further on it looks; empty if none does.
    """

    size: Ints
    stride: Ints
    shifts: list[Ints]
    order: list[int]
    phases: list[_Phase]
    backward: bool
    further: Ints = ()


@lru_cache(256)
def forward_plan(size: Ints, filters: Ints, outs: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Plan:
    """Each pixel of the result has the taps of the whole filter."""
    (top, left), (down, right) = padding, dilation
    shifts: list[Ints] = [(r * down - top, s * right - left) for r in range(filters[2]) for s in range(filters[3])]
    everything = _Phase((0, 0), (1, 1), outs, slice(0, len(shifts)))
    return Plan(size, stride, shifts, list(range(len(shifts))), [everything], False)


def looking_further(plan: Plan, further: Ints) -> Plan:
    """The plan of several filters, one behind the other, each of which looks so many images further on."""
    each, count = len(plan.shifts), len(further)
    everything = plan.phases[0]._replace(taps=slice(0, each * count))
    return plan._replace(
        shifts=plan.shifts * count, order=list(range(each * count)), phases=[everything],
        further=tuple([i for i in further for _ in range(each)]),
    )  # fmt: skip


@lru_cache(256)
def backward_plan(size: Ints, filters: Ints, outs: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Plan:
    """As `forward_plan`, for the gradient of the input.

    Row h of the result takes row p of the gradient by row r of the filter where
    ``p * stride + r * dilation == h + padding``: which r do, depends on the remainder of h by the stride.
    """
    places = []
    for length, k, s, p, d in zip(outs, filters[2:], stride, padding, dilation, strict=True):
        axis = []
        for first in range(s):
            axis.append(((length - first + s - 1) // s, [r for r in range(k) if (first + p - r * d) % s == 0]))
        places.append(axis)
    shifts: list[Ints] = []
    order: list[int] = []
    phases = []
    for i, (rows, row_taps) in enumerate(places[0]):
        for j, (columns, column_taps) in enumerate(places[1]):
            start = len(shifts)
            for r in row_taps:
                for t in column_taps:
                    down = (i + padding[0] - r * dilation[0]) // stride[0]
                    right = (j + padding[1] - t * dilation[1]) // stride[1]
                    shifts.append((down, right))
                    order.append(r * filters[3] + t)
            phases.append(_Phase((i, j), stride, (rows, columns), slice(start, len(shifts))))
    return Plan(size, (1, 1), shifts, order, phases, True)


# ---------------------------------------------------------------------------------------------- computing
def convolve(
    runs: list[Launch], x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, shape: Ints, plan: Plan,
    groups: int,
) -> np.ndarray:  # fmt: skip
    """A result of `shape` (N, K, P, Q) from x (N, C, H, W), channels last in memory.

    Where the plan looks at images further on, x has as many more of them.
    """
    place, pack, run = runs
    x, dtype, size = np.asarray(x), x.dtype, x.itemsize
    weight = np.ascontiguousarray(weight)
    n, k, *outs = shape
    c, columns = x.shape[1], k // groups
    taps, depth = len(plan.shifts), c // groups
    shifts, order, rows, extent, padding = plan.shifts, plan.order, weight, plan.size, (0, 0)
    further = plan.further or (0,) * taps
    by_rows = groups == 1 and not plan.backward and c <= _FEW_CHANNELS and _rows_are_runs(plan, weight.shape[3])
    if by_rows:
        # A row of the filter meets consecutive numbers of a padded image: they make one tap, of greater depth.
        across = weight.shape[3]
        padding = -shifts[0][0], -shifts[0][1]
        extent = extent[0] + 2 * padding[0], extent[1] + 2 * padding[1]
        shifts = [(r + padding[0], 0) for r, _ in shifts[::across]]
        further = further[::across]
        taps, depth = taps // across, across * c
        order = list(range(taps))
        rows = np.ascontiguousarray(weight.transpose(0, 3, 1, 2)).reshape(k, depth, taps)
    pixel = c * size
    strides = extent[0] * extent[1] * pixel, extent[1] * pixel, pixel
    reach = np.array(
        [(h, w, i * strides[0] + h * strides[1] + w * strides[2]) for (h, w), i in zip(shifts, further, strict=True)],
        np.int64,
    )
    # Several taps of less depth, one behind the other, are as good as one.
    split = next((i for i in range(1, max(2, depth // 64)) if depth % i == 0 and depth // i <= _TERMS), 1)
    if split > 1:
        reach = (reach[:, None] + [(0, 0, i * (depth // split) * size) for i in range(split)]).reshape(-1, 3)
    copied = (by_rows and padding != (0, 0)) or not is_last(x)
    padded, widest = whole_registers(columns, dtype), widest_panel(dtype)
    threads = get_threads()
    sixes = [-(-n * prod(phase.grid) // _ROWS) for phase in plan.phases]
    spans = [(0, taps)] if by_rows else [(p.taps.start, p.taps.stop - p.taps.start) for p in plan.phases]
    most = max(count for _, count in spans) * split
    chunk = max(1, (1 << 20) // (taps * depth * widest * size)) * widest
    pieces = groups * -(-columns // chunk)
    block = max(1, min(16, 4096 // max(1, most), max(sixes) * pieces // (4 * threads)))
    table = block * (most + 1) * _ROWS + _ROWS
    area, packed, tables = carve(
        (len(x) * prod(extent) * c if copied else 0, dtype), (groups * padded * taps * depth, dtype),
        (threads * table, np.int64),
    )  # fmt: skip
    if copied:
        copy_last(place, x, area, padding)
        x = area
    pack_filters(pack, rows, packed, order, groups, plan.backward)
    y = np.empty((n, *outs, k), dtype)
    room: Any = 0
    if bias is not None:
        room = np.zeros((groups, padded), dtype)
        room[:, :columns] = bias.reshape(groups, columns)
    y_pixel = k * size
    for phase, (first, some), count in zip(plan.phases, spans, sixes, strict=True):
        (i, j), (down, right) = phase.first, phase.step
        run(
            pieces * -(-count // block), 1, x, packed, y, zeros(depth, dtype), tables, reach, room, n, *extent,
            *strides, *plan.stride, *phase.grid, (i * outs[1] + j) * y_pixel, outs[0] * outs[1] * y_pixel,
            down * outs[1] * y_pixel, right * y_pixel, first * split, some * split, taps * split, depth // split,
            columns, groups, depth * size, columns * size, block, chunk, table,
        )  # fmt: skip
    return inner(y.transpose(0, 3, 1, 2))


def _rows_are_runs(plan: Plan, across: int) -> bool:
    """Whether the elements of a filter's row, of which there are several, lie next to each other in the image."""
    return across > 1 and plan.shifts[1][1] - plan.shifts[0][1] == 1


def depthwise(
    runs: list[Launch], x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, shape: Ints, plan: Plan,
    groups: int,
) -> np.ndarray:  # fmt: skip
    """As `convolve`, where every channel is a group of its own."""
    place, _, run = runs
    x, dtype = np.asarray(x), x.dtype
    n, c, *outs = shape
    if not is_last(x):
        (area,) = carve((x.size, dtype))
        copy_last(place, x, area)
        x = area
    filters = np.ascontiguousarray(weight.reshape(c, -1).T)
    y = np.empty((n, *outs, c), dtype)
    height, width = plan.size
    taps = _reach(plan, c)
    addend = 0 if bias is None else np.ascontiguousarray(bias)
    for phase in plan.phases:
        (i, j), (down, right) = phase.first, phase.step
        run(
            n * phase.grid[0], 1, x, filters, y, taps, addend, height, width, c, height * width * c, *plan.stride,
            *phase.grid, (i * outs[1] + j) * c, outs[0] * outs[1] * c, down * outs[1] * c, right * c,
            phase.taps.start, phase.taps.stop - phase.taps.start,
        )  # fmt: skip
    return inner(y.transpose(0, 3, 1, 2))


def _reach(plan: Plan, channels: int) -> np.ndarray:
    """The table of taps that depthwise kernels read."""
    (height, width), further = plan.size, plan.further or (0,) * len(plan.order)
    taps = zip(plan.shifts, plan.order, further, strict=True)
    return np.array([(h, w, ((i * height + h) * width + w) * channels, at) for (h, w), at, i in taps], np.int64)


def weight_gradient(
    runs: list[Launch], g: np.ndarray, x: np.ndarray, shape: Ints, stride: Ints, padding: Ints, dilation: Ints,
    groups: int, further: Ints = (0,),
) -> np.ndarray:  # fmt: skip
    """The gradient, of `shape` (K, C / groups, R, S), from g (N, K, P, Q) and x (N, C, H, W).

    Where there are several numbers in `further`, the taps are those of several filters of so many rows together, each
    of which looks so many images further on.
    """
    place, gradient, unpack = runs
    g, x, dtype, size = np.asarray(g), np.asarray(x), x.dtype, x.itemsize
    if (*shape[2:], *stride, *padding) == (1, 1, 1, 1, 0, 0) and len(x) == len(g) and is_last(x) and is_last(g):
        # To a filter of one pixel, all pixels of all images are one row.
        g, x = [a.transpose(0, 2, 3, 1).reshape(1, 1, -1, a.shape[1]).transpose(0, 3, 1, 2) for a in (g, x)]
    n, k, height, breadth = g.shape
    columns, depth = k // groups, shape[1]
    c, taps = x.shape[1], shape[2] * shape[3]
    extent = x.shape[2] + 2 * padding[0], x.shape[3] + 2 * padding[1]
    padded, widest, threads = whole_registers(columns, dtype), widest_panel(dtype), get_threads()
    # About 128 pixels at a time: a panel of so many rows stays in the first-level cache.
    length = breadth if breadth <= 192 else -(-breadth // -(-breadth // 128))
    runs_a_row = -(-breadth // length)
    count = n * height * runs_a_row
    block = 1 if runs_a_row > 1 else min(count, max(1, 128 // length))
    rows = taps * depth
    whole = groups * rows * padded
    parts = max(1, min(8, (1 << 20) // whole, count // (4 * block)))
    share = -(-count // (parts * block)) * block
    parts = -(-count // share)
    panels = -(-columns // widest)
    row_shares = max(1, min(-(-8 // (parts * groups * panels)), rows // 48))
    row_share = -(-rows // (row_shares * _ROWS)) * _ROWS
    copy_x, copy_g = padding != (0, 0) or not is_last(x), not is_last(g)
    x_area, g_area, table, panel, result = carve(
        (len(x) * prod(extent) * c if copy_x else 0, dtype), (g.size if copy_g else 0, dtype),
        (threads * block * _ROWS, np.int64), (threads * block * length * widest, dtype), (parts * whole, dtype),
    )  # fmt: skip
    if copy_x:
        copy_last(place, x, x_area, padding)
        x = x_area
    if copy_g:
        copy_last(place, g, g_area)
        g = g_area
    pixel = c * size
    across = [s * dilation[1] for s in range(shape[3])]
    down = [r * dilation[0] for r in range(shape[2] // len(further))]
    corner = [((i * extent[0] + h) * extent[1] + w) * pixel for i in further for h in down for w in across]
    offsets = np.add.outer(np.array(corner, np.int64), np.arange(depth) * size)
    gradient(
        parts * groups * panels * -(-rows // row_share), 1, x, g, result, offsets, table, panel, rows, columns, groups,
        height, breadth, length, runs_a_row, count, block, share, parts, extent[0] * extent[1] * pixel,
        stride[0] * extent[1] * pixel, stride[1] * pixel, depth * size, k, columns, row_share, block * _ROWS,
        block * length * widest,
    )  # fmt: skip
    found = np.empty(shape, dtype)
    sum_parts(unpack, result, found, parts, groups)
    return found


def depthwise_weight(
    runs: list[Launch], g: np.ndarray, x: np.ndarray, shape: Ints, stride: Ints, padding: Ints, dilation: Ints,
    groups: int, further: Ints = (0,),
) -> np.ndarray:  # fmt: skip
    """As `weight_gradient`, where every channel is a group of its own."""
    place, gradient = runs
    g, x = np.asarray(g), np.asarray(x)
    n, c, rows, columns = g.shape
    areas = carve(*[(0 if is_last(a) else a.size, a.dtype) for a in (x, g)])
    filters = (*shape[:2], shape[2] // len(further), shape[3])
    plan = forward_plan(x.shape[2:], filters, (rows, columns), stride, padding, dilation)
    if len(further) > 1:
        plan = looking_further(plan, further)
    for area, source in zip(areas, (x, g), strict=True):
        if area.size:
            copy_last(place, source, area)
    taps, share = shape[2] * shape[3], max(1, -(-n * rows // 16))
    parts = -(-n * rows // share)
    result = np.empty((parts, taps, c), g.dtype)
    height, width = x.shape[2:]
    gradient(
        parts, 1, areas[0] if areas[0].size else x, areas[1] if areas[1].size else g, result, _reach(plan, c), height,
        width, c, height * width * c, *stride, rows, columns, n * rows, share, taps,
    )  # fmt: skip
    return np.ascontiguousarray(np.add.reduce(result, axis=0).T)
