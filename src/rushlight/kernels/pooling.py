"""Max and average pooling of images: the compiled kernels from some size on, else NumPy's.

The place of a maximum is kept as the number of the element in its window: most programs never ask for its position in
the image, which takes eight times the memory.
"""

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from . import numpy_pooling
from .dispatch import Kernel, share
from .layout import Inner, empty, inner, lies_channels_last, ordered
from .resampling import multiply

Array = np.ndarray
Ints = tuple[int, ...]

# From how many elements on the compiled kernels are quicker.
SMALLEST = 512

# The same for windows of unequal sizes.
SMALLEST_UNEQUAL = 512

# Elements of a window's row from which it is summed by itself.
_WIDE = 16

# By whether images lie channels last.
_AVG = {False: Kernel("avg_pool", "planes"), True: Kernel("avg_pool", "pixels")}
_AVG_BACK = {False: Kernel("avg_pool", "planes_back"), True: Kernel("avg_pool", "pixels_back")}
_MAXIMA, _MEANS, _SPREAD = (Kernel("adaptive_pool", name, common=False) for name in ("maxima", "means", "spread"))
_PIXELS, _PLANES = Kernel("max_pool", "pixels"), Kernel("max_pool", "planes")
_PIXELS_BACK, _PLANES_BACK = Kernel("max_pool", "pixels_back"), Kernel("max_pool", "planes_back")


def max_pool(
    x: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool
) -> tuple[Array, Array]:
    """The maximum of every window of `x`, and the number of its element in the window, counted row by row.

    The arguments are those of `numpy_pooling.max_pool`; results lie in memory like `x`.
    """
    found = _max_pool(x, kernel, stride, padding, dilation, ceil_mode)
    return found or numpy_pooling.max_pool(x, kernel, stride, padding, dilation, ceil_mode)


def max_pool_values(x: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool) -> Array:
    """The first result of `max_pool` alone."""
    found = _max_pool(x, kernel, stride, padding, dilation, ceil_mode)
    return found[0] if found else numpy_pooling.max_pool_values(x, kernel, stride, padding, dilation, ceil_mode)


def _max_pool(
    x: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool
) -> tuple[Array, Array] | None:
    # (With steps within windows and a border, some windows may hold nothing.)
    if x.size < SMALLEST or x.ndim != 4 or prod(kernel) > 256 or (max(dilation) > 1 and any(padding)):
        return None
    last = lies_channels_last(x)
    run = (_PIXELS if last else _PLANES).get(x.dtype)
    if run is None:
        return None
    n, c, h, w = x.shape
    rows, columns = numpy_pooling.pool_output_shape((h, w), kernel, stride, padding, dilation, ceil_mode)
    hidden, x, y = type(x) is Inner, ordered(x, last), empty((n, c, rows, columns), x.dtype, last)
    numbers = empty(y.shape, np.dtype(np.uint8), last)
    pieces = n * rows if last else n * c
    run(
        pieces,
        share(pieces, x.size // pieces),
        x,
        y,
        numbers,
        h,
        w,
        c,
        rows,
        columns,
        *kernel,
        *stride,
        *padding,
        *dilation,
    )
    return inner(y) if hidden else y, numbers


def max_pool_backward(
    g: Array, numbers: Array, input_shape: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints
) -> Array:
    """The gradient of `max_pool`: each element of `g` goes where the maximum was."""
    if len(input_shape) == 4 and g.size and numbers.dtype == np.uint8 and max(dilation) == 1:
        last = lies_channels_last(numbers)
        if prod(input_shape) >= SMALLEST and (run := (_PIXELS_BACK if last else _PLANES_BACK).get(g.dtype)) is not None:
            n, c, h, w = input_shape
            gx = empty(input_shape, g.dtype, last)
            hidden, g, numbers = type(g) is Inner, ordered(g, last), ordered(numbers, last)
            pieces = n * h if last else n * c
            run(
                pieces,
                share(pieces, gx.size // pieces),
                g,
                numbers,
                gx,
                h,
                w,
                c,
                *g.shape[2:],
                *kernel,
                *stride,
                *padding,
            )
            return inner(gx) if hidden else gx
    places = numpy_pooling.positions(numbers, input_shape[2:], kernel, stride, padding, dilation)
    return numpy_pooling.max_pool_backward(g, places, input_shape)


def _share(count_include_pad: bool, divisor: int | None) -> int | None:
    """How compiled kernels are told what a sum is divided by; None for a divisor that they do not take."""
    if divisor is None:
        return 0 if count_include_pad else -1
    return divisor if divisor > 0 else None


def avg_pool(
    x: Array, kernel: Ints, stride: Ints, padding: Ints, ceil_mode: bool, count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:  # fmt: skip
    """The mean of every window of `x`; the arguments are those of `numpy_pooling.avg_pool`."""
    last, divisor = lies_channels_last(x), _share(count_include_pad, divisor_override)
    large = x.ndim == 4 and x.size >= SMALLEST and divisor is not None
    if not large or (run := _AVG[last].get(x.dtype)) is None:
        how = kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
        return numpy_pooling.avg_pool(x, *how)
    n, c, h, w = x.shape
    outs = numpy_pooling.pool_output_shape((h, w), kernel, stride, padding, (1, 1), ceil_mode)
    hidden, x, y = type(x) is Inner, ordered(x, last), empty((n, c, *outs), x.dtype, last)
    pieces = n * outs[0] if last else n * c
    run(pieces, share(pieces, x.size // pieces), x, y, h, w, c, *outs, *kernel, *stride, *padding, divisor)
    return inner(y) if hidden else y


def avg_pool_backward(
    g: Array, input_shape: Ints, kernel: Ints, stride: Ints, padding: Ints, ceil_mode: bool,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Array:  # fmt: skip
    """The gradient of `avg_pool`; the arguments are those of `numpy_pooling.avg_pool_backward`."""
    last, divisor = lies_channels_last(g), _share(count_include_pad, divisor_override)
    large = len(input_shape) == 4 and prod(input_shape) >= SMALLEST and g.size and divisor is not None
    if not large or (run := _AVG_BACK[last].get(g.dtype)) is None:
        how = kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
        return numpy_pooling.avg_pool_backward(g, input_shape, *how)
    n, c, h, w = input_shape
    hidden, g, gx = type(g) is Inner, ordered(g, last), empty(input_shape, g.dtype, last)
    pieces = n * h if last else n * c
    how = *g.shape[2:], *kernel, *stride, *padding, divisor
    run(pieces, share(pieces, gx.size // pieces), g, gx, h, w, c, *how)
    return inner(gx) if hidden else gx


def _equal_windows(spatial: Ints, outs: Ints) -> Ints | None:
    """The size of the windows of an adaptive pooling if all are equal and several, so that it is an ordinary one."""
    if len(outs) != 2 or not all(outs) or any(s % m for s, m in zip(spatial, outs, strict=True)) or outs == (1, 1):
        return None
    return tuple([s // m for s, m in zip(spatial, outs, strict=True)])


def _unequal(x: Array, outs: Ints) -> bool:
    """Whether compiled kernels may pool to such sizes by windows that need not be equal."""
    return bool(outs) and all(outs) and x.size > 0 and x.dtype.char in "fd" and type(x) is not Inner


def _by_windows(kernel: Kernel, x: Array, spatial: Ints, outs: Ints) -> Any:
    """A function of a kernel's arrays that pools adaptively as it says, or None where NumPy has to.

    Args:
        kernel: one of those for windows of any sizes.
        x: an argument, which tells the type.
        spatial: the sizes of images or volumes.
        outs: how many windows there are along each dimension.
    """
    if len(spatial) not in (2, 3) or not _unequal(x, outs) or (run := kernel.get(x.dtype)) is None:
        return None
    edges, (_, height, width), windows = _edges(spatial, outs), (1, *spatial)[-3:], (1, *outs)[-3:]

    def pool(*arrays: Array) -> None:
        planes = prod(x.shape[:2])
        run(planes, share(planes, prod(spatial)), *arrays, *edges, height, width, prod(spatial), *windows)

    return pool


@lru_cache(maxsize=64)
def _edges(spatial: Ints, outs: Ints) -> tuple[Array, ...]:
    """Where the windows along each of three dimensions begin and end."""
    sides = [np.array(numpy_pooling.bounds(s, m)).T for s, m in zip((1, *spatial)[-3:], (1, *outs)[-3:], strict=True)]
    return tuple([np.ascontiguousarray(side) for both in sides for side in both])


@lru_cache(maxsize=64)
def _means(spatial: Ints, outs: Ints, dtype: np.dtype[Any]) -> tuple[Array, ...]:
    """The matrices that take means over the windows of an adaptive pooling."""
    found = []
    for size, out in zip(spatial, outs, strict=True):
        m = np.zeros((out, size), dtype)
        for i, (start, stop) in enumerate(numpy_pooling.bounds(size, out)):
            m[i, start:stop] = 1 / (stop - start)
        found.append(m)
    return tuple(found)


def _row_by_row(x: Array, spatial: Ints, outs: Ints) -> bool:
    """Whether means are taken row by row: windows are wide, and pixels of a row lie side by side."""
    wide = max(outs) > 1 and spatial[-1] >= _WIDE * outs[-1]
    return wide and prod(spatial) >= SMALLEST_UNEQUAL and not lies_channels_last(x)


def adaptive_avg_pool(x: Array, outs: Ints) -> Array:
    """Means over windows that cover an image; see `numpy_pooling.adaptive_avg_pool`."""
    spatial = x.shape[2:]
    if _row_by_row(x, spatial, outs) and (pool := _by_windows(_MEANS, x, spatial, outs)) is not None:
        pool(np.ascontiguousarray(x), found := np.empty((*x.shape[:2], *outs), x.dtype))
        return found
    window = _equal_windows(spatial, outs)
    if window is not None:
        return avg_pool(x, window, window, (0, 0), False)
    if x.size >= SMALLEST_UNEQUAL and max(outs) > 1 and _unequal(x, outs):
        y = multiply(x, _means(spatial, outs, x.dtype))
        if y is not None:
            return y
    return numpy_pooling.adaptive_avg_pool(x, outs)


def adaptive_avg_pool_backward(g: Array, input_shape: Ints) -> Array:
    """The gradient of `adaptive_avg_pool`."""
    spatial, outs = input_shape[2:], g.shape[2:]
    if _row_by_row(g, spatial, outs) and (pool := _by_windows(_SPREAD, g, spatial, outs)) is not None:
        pool(np.ascontiguousarray(g), found := np.empty(input_shape, g.dtype))
        return found
    window = _equal_windows(spatial, outs)
    if window is not None:
        return avg_pool_backward(g, input_shape, window, window, (0, 0), False)
    if prod(input_shape) >= SMALLEST_UNEQUAL and max(outs) > 1 and _unequal(g, outs):
        gx = multiply(g, tuple([m.T for m in _means(spatial, outs, g.dtype)]))
        if gx is not None:
            return gx
    return numpy_pooling.adaptive_avg_pool_backward(g, input_shape)


def adaptive_max_pool(x: Array, outs: Ints) -> tuple[Array, Array]:
    """Maxima over windows that cover an image, and their positions; see `numpy_pooling.adaptive_max_pool`."""
    window = _equal_windows(x.shape[2:], outs)
    found = None if window is None else _max_pool(x, window, window, (0, 0), (1, 1), False)
    if window is not None and found is not None:
        return found[0], numpy_pooling.positions(found[1], x.shape[2:], window, window, (0, 0), (1, 1))
    pool = _by_windows(_MAXIMA, x, x.shape[2:], outs) if x.size >= SMALLEST_UNEQUAL else None
    if pool is None:
        return numpy_pooling.adaptive_max_pool(x, outs)
    values, places = np.empty((*x.shape[:2], *outs), x.dtype), np.empty((*x.shape[:2], *outs), np.int64)
    pool(np.ascontiguousarray(x), values, places)
    return values, places
