"""Convolution: the compiled kernels where they are ready and the work is large enough, else NumPy's.

The functions and their arguments are those of `numpy_conv`. The compiled path takes float32 and float64; inside, images
have their channels last, which costs a copy if they come in another layout. Signals are images of one row, and volumes
are taken plane by plane (`conv_planes`).
"""

from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from . import conv_deep, conv_planes, conv_taps, numpy_conv, winograd
from .conv_common import (
    PACK,
    PLACE,
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
from .dispatch import Kernel, Launch, get_threads, ready
from .layout import inner, is_channels_last, ordered

# From how many multiplications on the compiled path is taken.
SMALLEST = 1 << 15

# From how many elements on volumes are taken plane by plane.
SMALLEST_VOLUMES = 1 << 14

# Up to how many input channels a filter's rows, not its elements, are the taps (see `_convolve`).
_FEW_CHANNELS = 8

_SUMS, _CONVOLVE = Kernel("layout", "channel_sums"), Kernel("conv", "convolve")
_WEIGHT, _UNPACK = Kernel("conv", "weight_gradient"), Kernel("conv", "unpack")
_DEPTHWISE, _DEPTHWISE_WEIGHT = Kernel("depthwise", "depthwise"), Kernel("depthwise", "depthwise_weight")

# At most so many products are summed up one after the other: sums of sums are more accurate.
_TERMS = 256

# Pixels that a kernel computes at once.
_ROWS = 6


def conv_forward(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> np.ndarray:
    """The cross-correlation of `x` with `weight`, plus `bias`; see `numpy_conv.conv_forward`."""
    dims = len(stride)
    if dims <= 2 and x.dtype is weight.dtype and (bias is None or bias.dtype is x.dtype):
        outs = numpy_conv.conv_output_shape(x.shape[2:], weight.shape[2:], stride, padding, dilation)
        if x.shape[0] * prod(outs) * weight.size > SMALLEST:
            depthwise = _is_depthwise(weight, groups)
            if runs := ready((PLACE, PACK, _DEPTHWISE if depthwise else _CONVOLVE), x.dtype):
                if dims == 1:
                    x, weight = x[:, :, None], weight[:, :, None]
                    stride, padding, dilation, outs = (1, *stride), (0, *padding), (1, *dilation), (1, *outs)
                y = _specially(x, weight, bias, outs, stride, padding, dilation, groups, False)
                if y is None:
                    how = _forward_plan(x.shape[2:], weight.shape, outs, stride, padding, dilation)
                    shape = (x.shape[0], weight.shape[0], *outs)
                    y = (_depthwise if depthwise else _convolve)(runs, x, weight, bias, shape, how, groups)
                if dims == 1:
                    return y[:, :, 0]
                # Channels-last images or filters of the program's give results that are so to the program, too.
                shown = is_channels_last(x) or is_channels_last(weight)
                return y.view(np.ndarray) if shown else y
    elif run := _for_volumes(x, weight, dims):
        outs = numpy_conv.conv_output_shape(x.shape[2:], weight.shape[2:], stride, padding, dilation)
        return conv_planes.forward(conv_forward, run, x, weight, bias, outs, stride, padding, dilation, groups)
    y = numpy_conv.conv_forward(x, weight, bias, stride, padding, dilation, groups)
    return ordered(y, True) if dims == 2 and (is_channels_last(x) or is_channels_last(weight)) else y


def conv_grad_input(
    g: np.ndarray, weight: np.ndarray, input_shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> np.ndarray:
    """The gradient of a convolution with respect to its input; see `numpy_conv.conv_grad_input`."""
    dims = len(stride)
    if dims <= 2 and g.dtype is weight.dtype and g.shape[0] * prod(g.shape[2:]) * weight.size > SMALLEST:
        depthwise = _is_depthwise(weight, groups)
        if runs := ready((PLACE, PACK, _DEPTHWISE if depthwise else _CONVOLVE), g.dtype):
            if dims == 1:
                g, weight = g[:, :, None], weight[:, :, None]
                input_shape = (*input_shape[:2], 1, *input_shape[2:])
                stride, padding, dilation = (1, *stride), (0, *padding), (1, *dilation)
            y = _specially(g, weight, None, input_shape[2:], stride, padding, dilation, groups, True)
            if y is None:
                how = _backward_plan(g.shape[2:], weight.shape, input_shape[2:], stride, padding, dilation)
                y = (_depthwise if depthwise else _convolve)(runs, g, weight, None, input_shape, how, groups)
            return y[:, :, 0] if dims == 1 else y
    elif run := _for_volumes(g, weight, dims):
        return conv_planes.grad_input(
            conv_grad_input, run, g, weight, input_shape, stride, padding, dilation, groups
        )  # fmt: skip
    return numpy_conv.conv_grad_input(g, weight, input_shape, stride, padding, dilation, groups)


def conv_grad_weight(
    g: np.ndarray, x: np.ndarray, weight_shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> np.ndarray:
    """The gradient of a convolution with respect to its weight; see `numpy_conv.conv_grad_weight`."""
    dims = len(stride)
    if dims <= 2 and g.dtype is x.dtype and g.shape[0] * prod(g.shape[2:]) * prod(weight_shape) > SMALLEST:
        depthwise = groups == weight_shape[0] and weight_shape[1] == 1
        kernels = (PLACE, _DEPTHWISE_WEIGHT) if depthwise else (PLACE, _WEIGHT, _UNPACK)
        if runs := ready(kernels, g.dtype):
            shape = weight_shape
            if dims == 1:
                g, x, shape = g[:, :, None], x[:, :, None], (*weight_shape[:2], 1, *weight_shape[2:])
                stride, padding, dilation = (1, *stride), (0, *padding), (1, *dilation)
            # Where the program's channels are last, PyTorch sums few pixels more accurately than Winograd's algorithm.
            long = g.shape[0] * prod(g.shape[2:]) >= winograd.ACCURATE
            quick = groups == 1 and (long or not is_channels_last(x))
            if quick and winograd.suits(
                g.shape[0], shape[:2], shape[2:], g.shape[2:], stride, padding, dilation, g.itemsize, weight=True
            ):
                found = winograd.weight_gradient(g, x, shape, padding)
                if found is not None:
                    return found
            if groups == 1 and (found := conv_taps.weight_gradient(g, x, shape, stride, padding, dilation)) is not None:
                return found.reshape(weight_shape)
            compute = _depthwise_weight if depthwise else _weight_gradient
            found = compute(runs, g, x, shape, stride, padding, dilation, groups)
            return found if found.shape == weight_shape else found.reshape(weight_shape)
    elif run := _for_volumes(g, x, dims):
        return conv_planes.grad_weight(
            conv_grad_weight, run, g, x, weight_shape, stride, padding, dilation, groups
        )  # fmt: skip
    return numpy_conv.conv_grad_weight(g, x, weight_shape, stride, padding, dilation, groups)


def conv_grad_bias(g: np.ndarray) -> np.ndarray:
    """The gradient of a convolution by its bias: the sum of `g`, `(N, O, *out)`, over all but the channels."""
    last = np.asarray(g).transpose(0, *range(2, g.ndim), 1)
    if g.size > SMALLEST and last.flags.c_contiguous and (run := _SUMS.get(g.dtype)):
        columns = g.shape[1]
        rows = g.size // columns
        parts = -(-rows // 256)
        sums = np.empty((parts, columns), g.dtype)
        run(parts, 1, last, sums, rows, columns, 256)
        return np.add.reduce(sums, axis=0)
    return numpy_conv.conv_grad_bias(g)


def _for_volumes(a: np.ndarray, b: np.ndarray, dims: int) -> Launch | None:
    """The kernel with which volumes are taken plane by plane, if that pays."""
    if dims != 3 or a.dtype is not b.dtype or a.size < max(1, SMALLEST_VOLUMES) or not b.size:
        return None
    runs = ready((PLACE, PACK, _CONVOLVE, _WEIGHT, _UNPACK), a.dtype)
    return None if runs is None else runs[0]


def _specially(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, outs: Ints, stride: Ints, padding: Ints, dilation: Ints,
    groups: int, backward: bool,
) -> np.ndarray | None:  # fmt: skip
    """The forward or the gradient of the input by `winograd` or `conv_deep`, or None if neither suits."""
    if groups > 1:
        return None
    if winograd.suits(x.shape[0], weight.shape[:2], weight.shape[2:], outs, stride, padding, dilation, x.itemsize):
        around = (2 - padding[0], 2 - padding[1]) if backward else padding
        return winograd.convolve(x, weight, bias, outs, around, backward)
    return conv_deep.convolve(x, weight, bias, outs, stride, padding, dilation, backward)


def _is_depthwise(weight: np.ndarray, groups: int) -> bool:
    return groups == weight.shape[0] and weight.shape[1] == 1


# ---------------------------------------------------------------------------------------------- plans
class _Phase(NamedTuple):
    """Pixels of a result that use the same taps: every so many rows and columns, from the first on."""

    first: Ints
    step: Ints
    grid: Ints
    taps: slice


class _Plan(NamedTuple):
    """How pixels of the result come from pixels of the source.

    Attributes:
        size: rows and columns of the source.
        stride: pixels of the source from window to window.
        shifts: for each tap, in the order of packed filters, rows and columns from a window's first pixel.
        order: for each tap, in the order of packed filters, its place in the filter.
        phases: parts of the result.
        backward: whether filters are summed over their outputs instead of their channels.
    """

    size: Ints
    stride: Ints
    shifts: list[Ints]
    order: list[int]
    phases: list[_Phase]
    backward: bool


@lru_cache(256)
def _forward_plan(size: Ints, filters: Ints, outs: Ints, stride: Ints, padding: Ints, dilation: Ints) -> _Plan:
    (top, left), (down, right) = padding, dilation
    shifts: list[Ints] = [(r * down - top, s * right - left) for r in range(filters[2]) for s in range(filters[3])]
    everything = _Phase((0, 0), (1, 1), outs, slice(0, len(shifts)))
    return _Plan(size, stride, shifts, list(range(len(shifts))), [everything], False)


@lru_cache(256)
def _backward_plan(size: Ints, filters: Ints, outs: Ints, stride: Ints, padding: Ints, dilation: Ints) -> _Plan:
    """As `_forward_plan`, for the gradient of the input.

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
    return _Plan(size, (1, 1), shifts, order, phases, True)


# ---------------------------------------------------------------------------------------------- computing
def _convolve(
    runs: list[Launch], x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, shape: Ints, plan: _Plan,
    groups: int,
) -> np.ndarray:  # fmt: skip
    """A result of `shape` (N, K, P, Q) from x (N, C, H, W), channels last in memory."""
    place, pack, convolve = runs
    x, dtype, size = np.asarray(x), x.dtype, x.itemsize
    weight = np.ascontiguousarray(weight)
    n, k, *outs = shape
    c, columns = x.shape[1], k // groups
    taps, depth = len(plan.shifts), c // groups
    shifts, order, rows, extent, padding = plan.shifts, plan.order, weight, plan.size, (0, 0)
    by_rows = groups == 1 and not plan.backward and c <= _FEW_CHANNELS and _rows_are_runs(plan, weight.shape[3])
    if by_rows:
        # A row of the filter meets consecutive numbers of a padded image: they make one tap, of greater depth.
        across = weight.shape[3]
        padding = -shifts[0][0], -shifts[0][1]
        extent = extent[0] + 2 * padding[0], extent[1] + 2 * padding[1]
        shifts = [(r + padding[0], 0) for r, _ in shifts[::across]]
        taps, depth = taps // across, across * c
        order = list(range(taps))
        rows = np.ascontiguousarray(weight.transpose(0, 3, 1, 2)).reshape(k, depth, taps)
    pixel = c * size
    strides = extent[0] * extent[1] * pixel, extent[1] * pixel, pixel
    reach = np.array([(h, w, h * strides[1] + w * strides[2]) for h, w in shifts], np.int64)
    # Several taps of less depth, one behind the other, are as good as one.
    split = next((i for i in range(1, max(2, depth // 64)) if depth % i == 0 and depth // i <= _TERMS), 1)
    if split > 1:
        reach = (reach[:, None] + [(0, 0, i * (depth // split) * size) for i in range(split)]).reshape(-1, 3)
    copied = by_rows or not is_last(x)
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
        (n * prod(extent) * c if copied else 0, dtype), (groups * padded * taps * depth, dtype),
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
        convolve(
            pieces * -(-count // block), 1, x, packed, y, zeros(depth, dtype), tables, reach, room, n, *extent,
            *strides, *plan.stride, *phase.grid, (i * outs[1] + j) * y_pixel, outs[0] * outs[1] * y_pixel,
            down * outs[1] * y_pixel, right * y_pixel, first * split, some * split, taps * split, depth // split,
            columns, groups, depth * size, columns * size, block, chunk, table,
        )  # fmt: skip
    return inner(y.transpose(0, 3, 1, 2))


def _rows_are_runs(plan: _Plan, across: int) -> bool:
    """Whether the elements of a filter's row, of which there are several, lie next to each other in the image."""
    return across > 1 and plan.shifts[1][1] - plan.shifts[0][1] == 1


def _depthwise(
    runs: list[Launch], x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, shape: Ints, plan: _Plan,
    groups: int,
) -> np.ndarray:  # fmt: skip
    """As `_convolve`, where every channel is a group of its own."""
    place, _, depthwise = runs
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
        depthwise(
            n * phase.grid[0], 1, x, filters, y, taps, addend, height, width, c, height * width * c, *plan.stride,
            *phase.grid, (i * outs[1] + j) * c, outs[0] * outs[1] * c, down * outs[1] * c, right * c,
            phase.taps.start, phase.taps.stop - phase.taps.start,
        )  # fmt: skip
    return inner(y.transpose(0, 3, 1, 2))


def _reach(plan: _Plan, channels: int) -> np.ndarray:
    """The table of taps that depthwise kernels read."""
    pairs = zip(plan.shifts, plan.order, strict=True)
    return np.array([(h, w, (h * plan.size[1] + w) * channels, at) for (h, w), at in pairs], np.int64)


def _weight_gradient(
    runs: list[Launch], g: np.ndarray, x: np.ndarray, shape: Ints, stride: Ints, padding: Ints, dilation: Ints,
    groups: int,
) -> np.ndarray:  # fmt: skip
    """The gradient, of `shape` (K, C / groups, R, S), from g (N, K, P, Q) and x (N, C, H, W)."""
    place, gradient, unpack = runs
    g, x, dtype, size = np.asarray(g), np.asarray(x), x.dtype, x.itemsize
    if (*shape[2:], *stride, *padding) == (1, 1, 1, 1, 0, 0) and is_last(x) and is_last(g):
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
        (n * prod(extent) * c if copy_x else 0, dtype), (g.size if copy_g else 0, dtype),
        (threads * block * _ROWS, np.int64), (threads * block * length * widest, dtype), (parts * whole, dtype),
    )  # fmt: skip
    if copy_x:
        copy_last(place, x, x_area, padding)
        x = x_area
    if copy_g:
        copy_last(place, g, g_area)
        g = g_area
    pixel = c * size
    corner = [(r * dilation[0] * extent[1] + s * dilation[1]) * pixel for r in range(shape[2]) for s in range(shape[3])]
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


def _depthwise_weight(
    runs: list[Launch], g: np.ndarray, x: np.ndarray, shape: Ints, stride: Ints, padding: Ints, dilation: Ints,
    groups: int,
) -> np.ndarray:  # fmt: skip
    """As `_weight_gradient`, where every channel is a group of its own."""
    place, gradient = runs
    g, x = np.asarray(g), np.asarray(x)
    n, c, rows, columns = g.shape
    areas = carve(*[(0 if is_last(a) else a.size, a.dtype) for a in (x, g)])
    plan = _forward_plan(x.shape[2:], shape, (rows, columns), stride, padding, dilation)
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
