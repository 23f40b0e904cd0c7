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

# By whether images lie channels last.
_AVG = {False: Kernel("avg_pool", "planes"), True: Kernel("avg_pool", "pixels")}
_AVG_BACK = {False: Kernel("avg_pool", "planes_back"), True: Kernel("avg_pool", "pixels_back")}
_MAXIMA = Kernel("adaptive_max_pool", "maxima", common=False)
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
    """Whether compiled kernels may pool to such sizes by windows that are not equal."""
    return bool(outs) and all(outs) and max(outs) > 1 and x.size > 0 and x.dtype.char in "fd" and type(x) is not Inner


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


def _unequal_maxima(x: Array, outs: Ints) -> tuple[Array, Array] | None:
    if x.ndim != 4 or x.size < SMALLEST_UNEQUAL or not _unequal(x, outs) or (run := _MAXIMA.get(x.dtype)) is None:
        return None
    n, c, h, w = x.shape
    values, places = np.empty((n, c, *outs), x.dtype), np.empty((n, c, *outs), np.int64)
    sides = [np.array(numpy_pooling.bounds(s, m)).T for s, m in zip((h, w), outs, strict=True)]
    bounds = [np.ascontiguousarray(side) for both in sides for side in both]
    run(n * c, share(n * c, h * w), np.ascontiguousarray(x), values, places, *bounds, h, w, *outs)
    return values, places


def adaptive_avg_pool(x: Array, outs: Ints) -> Array:
    """Means over windows that cover an image; see `numpy_pooling.adaptive_avg_pool`."""
    window = _equal_windows(x.shape[2:], outs)
    if window is not None:
        return avg_pool(x, window, window, (0, 0), False)
    if x.size >= SMALLEST_UNEQUAL and _unequal(x, outs):
        y = multiply(x, _means(x.shape[2:], outs, x.dtype))
        if y is not None:
            return y
    return numpy_pooling.adaptive_avg_pool(x, outs)


def adaptive_avg_pool_backward(g: Array, input_shape: Ints) -> Array:
    """The gradient of `adaptive_avg_pool`."""
    window = _equal_windows(input_shape[2:], g.shape[2:])
    if window is not None:
        return avg_pool_backward(g, input_shape, window, window, (0, 0), False)
    if prod(input_shape) >= SMALLEST_UNEQUAL and _unequal(g, g.shape[2:]):
        gx = multiply(g, tuple([m.T for m in _means(input_shape[2:], g.shape[2:], g.dtype)]))
        if gx is not None:
            return gx
    return numpy_pooling.adaptive_avg_pool_backward(g, input_shape)


def adaptive_max_pool(x: Array, outs: Ints) -> tuple[Array, Array]:
    """Maxima over windows that cover an image, and their positions; see `numpy_pooling.adaptive_max_pool`."""
    window = _equal_windows(x.shape[2:], outs)
    found = None if window is None else _max_pool(x, window, window, (0, 0), (1, 1), False)
    if window is None or found is None:
        return _unequal_maxima(x, outs) or numpy_pooling.adaptive_max_pool(x, outs)
    return found[0], numpy_pooling.positions(found[1], x.shape[2:], window, window, (0, 0), (1, 1))
