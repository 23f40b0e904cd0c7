"""Running and whole sums, products, extremes and norms along dimensions: compiled for large arrays, NumPy otherwise.

Functions and arguments are those of `numpy_reduction` and `numpy_statistics`.
"""

import math
from typing import Any

import numpy as np

from . import numpy_pointwise, numpy_reduction, numpy_statistics, reduction
from .dispatch import Kernel, get_threads, scratch, share
from .numpy_common import FEW
from .pointwise import Loop, either

Array = np.ndarray
Axes = tuple[int, ...]

# From how many elements on the compiled kernels are worth their call.
SMALLEST = 16384

# The same for the Euclidean norm of all elements, which BLAS computes for fewer.
SMALLEST_LENGTH = 1 << 17

# How many columns are a piece of work at most, and how many elements of a row.
_STRIPE, _BLOCK = 512, 16384

_SUMS = 256  # as in compiled/scans.py


def _group(family: str, *names: str) -> dict[str, Kernel]:
    return {name: Kernel(family, name, common=False) for name in names}


_SCANS = _group(
    "scans", "sum_rows", "sum_columns", "product_rows", "product_columns", "largest", "smallest", "exponentials_rows",
    "exponentials_columns",
)  # fmt: skip
_FOLDS = _group(
    "folds", "amax", "amin", "largest_size", "sum_of_sizes", "sum_of_squares", "product", "largest_places",
    "smallest_places",
)  # fmt: skip


def _usable(x: Array) -> bool:
    return x.size >= SMALLEST and x.ndim > 0 and x.dtype.char in "fd"


def _sizes(x: Array, first: int, last: int) -> tuple[int, int, int]:
    """How many elements there are before, in and after the dimensions `first` to `last`."""
    return math.prod(x.shape[:first]), math.prod(x.shape[first : last + 1]), math.prod(x.shape[last + 1 :])


def _stripes(inner: int) -> tuple[int, int]:
    """How many columns are a piece of work, and how many pieces these are."""
    stripe = min(_STRIPE, max(16, -(-inner // (2 * get_threads()))))
    return stripe, -(-inner // stripe)


# ---------------------------------------------------------------------------------------------- so far
def _scan(what: str, x: Array, axis: int, back: bool = False) -> Array | None:
    if not _usable(x):
        return None
    outer, n, inner = _sizes(x, axis, axis)
    if inner == 1:
        run = _SCANS[f"{what}_rows"].get(x.dtype)
    else:
        run = _SCANS[f"{what}_columns"].get(x.dtype)
    if run is None:
        return None
    x = np.ascontiguousarray(x)
    y = np.empty(x.shape, x.dtype)
    if inner == 1:
        run(-(-outer // 4), share(-(-outer // 4), 4 * n), x, y, outer, n, back)
    else:
        stripe, stripes = _stripes(inner)
        held = scratch(get_threads() * stripe, np.float64)
        run(outer * stripes, share(outer * stripes, n * stripe), x, y, n, inner, back, stripe, stripes, held)
    return y


def cumsum(x: Array, axis: int) -> Array:
    """See `numpy_statistics.cumsum`."""
    if x.size >= SMALLEST and (made := _scan("sum", x, axis)) is not None:
        return made
    return numpy_statistics.cumsum(x, axis)


def cumsum_reversed(x: Array, axis: int) -> Array:
    """See `numpy_statistics.cumsum_reversed`."""
    if x.size >= SMALLEST and (made := _scan("sum", x, axis, back=True)) is not None:
        return made
    return numpy_statistics.cumsum_reversed(x, axis)


def cumprod(x: Array, axis: int) -> Array:
    """See `numpy_statistics.cumprod`."""
    if x.size >= SMALLEST and (made := _scan("product", x, axis)) is not None:
        return made
    return numpy_statistics.cumprod(x, axis)


def cumprod_backward(grad: Array, x: Array, result: Array, axis: int) -> Array:
    """See `numpy_statistics.cumprod_backward`."""
    several = x.size > 1 and x.shape[axis] > 1  # of one, the gradient does not depend on the number, not even on NaN
    if several and _usable(x) and x.all() and (sums := _scan("sum", grad * result, axis, back=True)) is not None:
        return np.divide(sums, x, out=sums)
    return numpy_statistics.cumprod_backward(grad, x, result, axis)


def _extremes(what: str, x: Array, axis: int) -> tuple[Array, Array] | None:
    run = _SCANS[what].get(x.dtype) if _usable(x) else None
    if run is None:
        return None
    x = np.ascontiguousarray(x)
    outer, n, inner = _sizes(x, axis, axis)
    values, places = np.empty(x.shape, x.dtype), np.empty(x.shape, np.int64)
    stripe, stripes = _stripes(inner)
    pieces, size = (-(-outer // 4), 4 * n) if inner == 1 else (outer * stripes, n * stripe)
    run(pieces, share(pieces, size), x, values, places, outer, n, inner, stripe, stripes)
    return values, places


def cummax(x: Array, axis: int) -> tuple[Array, Array]:
    """See `numpy_statistics.cummax`."""
    if x.size >= SMALLEST and (made := _extremes("largest", x, axis)) is not None:
        return made
    return numpy_statistics.cummax(x, axis)


def cummin(x: Array, axis: int) -> tuple[Array, Array]:
    """See `numpy_statistics.cummin`."""
    if x.size >= SMALLEST and (made := _extremes("smallest", x, axis)) is not None:
        return made
    return numpy_statistics.cummin(x, axis)


def logcumsumexp(x: Array, axis: int) -> Array:
    """See `numpy_statistics.logcumsumexp`."""
    if x.size < SMALLEST or not _usable(x):
        return numpy_statistics.logcumsumexp(x, axis)
    outer, n, inner = _sizes(x, axis, axis)
    run = _SCANS["exponentials_rows" if inner == 1 else "exponentials_columns"].get(x.dtype)
    if run is None:
        return numpy_statistics.logcumsumexp(x, axis)
    x = np.ascontiguousarray(x)
    y = np.empty(x.shape, x.dtype)
    if inner == 1:
        run(outer, share(outer, n), x, y, n, scratch(get_threads() * 2 * _SUMS, x.dtype))
    else:
        stripe, stripes = _stripes(inner)
        held = scratch(get_threads() * 2 * stripe, x.dtype)
        run(outer * stripes, share(outer * stripes, n * stripe), x, y, n, inner, stripe, stripes, held)
    return y


# ---------------------------------------------------------------------------------------------- altogether
def _fold(what: str, combine: np.ufunc, x: Array, axes: Any, keepdims: bool) -> Array | None:
    """What a kernel computes over dimensions that follow each other, or None where NumPy has to compute it.

    Results of blocks are put together by `combine`.
    """
    if not _usable(x):
        return None
    over = sorted(range(x.ndim) if axes is None else axes)
    if not over or over[-1] - over[0] != len(over) - 1 or (run := _FOLDS[what].get(x.dtype)) is None:
        return None
    outer, n, inner = _sizes(x, over[0], over[-1])
    stripe, stripes = _stripes(inner) if inner > 1 else (min(n, _BLOCK), -(-n // _BLOCK))
    pieces = outer * stripes
    found = np.empty(pieces if inner == 1 else outer * inner, x.dtype)
    run(pieces, share(pieces, stripe * n if inner > 1 else stripe), np.ascontiguousarray(x), found, n, inner, stripe,
        stripes)  # fmt: skip
    if inner == 1 and stripes > 1:
        found = combine.reduce(found.reshape(outer, stripes), 1, np.float64).astype(x.dtype)
    kept = [1 if i in over else m for i, m in enumerate(x.shape)]
    return found.reshape(kept if keepdims else [m for i, m in enumerate(x.shape) if i not in over])


def prod_over(x: Array, axes: Axes, keepdims: bool = False) -> Any:
    """See `numpy_reduction.prod_over`."""
    if x.size >= SMALLEST and (made := _fold("product", np.multiply, x, axes, keepdims)) is not None:
        return made
    return numpy_reduction.prod_over(x, axes, keepdims)


def amax(x: Array, axes: Axes | None, keepdims: bool = False) -> Any:
    """The largest elements over some axes (None: all), NaN if there is one."""
    if _whole(x, axes, keepdims):
        flat = x.reshape(-1)
        return flat[flat.argmax()] if 0 < flat.size <= FEW else np.maximum.reduce(flat)
    if x.size >= SMALLEST and (made := _fold("amax", np.maximum, x, axes, keepdims)) is not None:
        return made
    return np.maximum.reduce(x, axes, None, None, keepdims)


def amin(x: Array, axes: Axes | None, keepdims: bool = False) -> Any:
    """The smallest elements over some axes (None: all), NaN if there is one."""
    if _whole(x, axes, keepdims):
        flat = x.reshape(-1)
        return flat[flat.argmin()] if 0 < flat.size <= FEW else np.minimum.reduce(flat)
    if x.size >= SMALLEST and (made := _fold("amin", np.maximum, x, axes, keepdims)) is not None:
        return -made
    return np.minimum.reduce(x, axes, None, None, keepdims)


def _whole(x: Array, axes: Axes | None, keepdims: bool) -> bool:
    """Whether all elements, which lie row by row, give one: NumPy is quickest then, but not along several axes."""
    return not keepdims and x.ndim > 1 and (axes is None or len(axes) == x.ndim) and x.flags.c_contiguous


_NORMS = {2: ("sum_of_squares", np.add), 1: ("sum_of_sizes", np.add), math.inf: ("largest_size", np.maximum)}


def vector_norm(x: Array, p: float, axes: Axes, keepdims: bool) -> Any:
    """See `numpy_statistics.vector_norm`."""
    if p == 2 and 1 < x.size < SMALLEST_LENGTH and len(axes) == x.ndim and not keepdims and x.dtype.char in "fd":
        if (found := length(x)) is not None:
            return found
    if x.size >= SMALLEST and p in _NORMS and (made := _fold(*_NORMS[p], x, axes, keepdims)) is not None:
        return np.sqrt(made) if p == 2 else made
    return numpy_statistics.vector_norm(x, p, axes, keepdims)


def length(x: Array) -> Array | None:
    """The Euclidean norm of all of few elements, which lie row by row; None if they are other ones."""
    n = x.size
    if not 1 < n < SMALLEST_LENGTH or type(x) is not np.ndarray or not x.flags.c_contiguous:
        return np.asarray(np.abs(x.item()), x.dtype) if n == 1 else None
    flat = x.reshape(-1)
    return np.array(math.sqrt(flat.dot(flat)), x.dtype)


def distance(x: Array, y: Array) -> Array | None:
    """The Euclidean norm of all elements of a difference; None where `length` is."""
    if x.size < SMALLEST_LENGTH:
        return length(np.subtract(x, y))
    made = _DIFFERENCE(x, y)
    return vector_norm(np.subtract(x, y) if made is None else made, 2, tuple(range(x.ndim)), False)


_DIFFERENCE = Loop("sub", ("input", "other"), ("input - other",))
_POWERS = Loop("exp_relative", ("x", "largest"), ("exp(x - largest)",))


relative_powers = either(
    lambda x, result, g: g * numpy_pointwise.conj(np.exp(x - result)), "x, result, g: exp(x - result) * g",
    "logsumexp_backward",
)  # fmt: skip


_SQUARES = Loop("squared_distance", ("x", "mean"), ("(x - mean) * (x - mean)",))


def variance(x: Array, axes: Axes, correction: float, keepdims: bool) -> tuple[Any, Any]:
    """See `numpy_statistics.variance`."""
    if x.size < SMALLEST or not _usable(x):
        return numpy_statistics.variance(x, axes, correction, keepdims)
    n = math.prod([x.shape[a] for a in axes])
    with np.errstate(all="ignore"):
        mean = np.asarray(reduction.sum_over(x, axes, True) / x.dtype.type(n))
        if n == x.size < SMALLEST_LENGTH and type(x) is np.ndarray and x.flags.c_contiguous:
            apart = np.subtract(x, mean).reshape(-1)
            whole = np.asarray(apart.dot(apart)).reshape(mean.shape)
        elif (squares := _SQUARES(x, mean)) is None:
            return numpy_statistics.variance(x, axes, correction, keepdims)
        else:
            whole = reduction.sum_over(squares, axes, True)
        found = np.asarray(whole / x.dtype.type(max(n - correction, 0)))
        if numpy_statistics.blurred(found, mean):
            return numpy_statistics.variance(x, axes, correction, keepdims)
    if not keepdims:
        shape = [n for i, n in enumerate(x.shape) if i not in axes]
        found, mean = found.reshape(shape), mean.reshape(shape)
    return found, mean


def deviation(x: Array, axes: Axes, correction: float, keepdims: bool) -> tuple[Any, Any]:
    """See `numpy_statistics.deviation`."""
    if x.size >= SMALLEST and _usable(x):
        found, mean = variance(x, axes, correction, keepdims)
        if x.dtype.char == "d" or (found.size and found.min() > 1e-30 and found.max() < np.inf):
            return np.sqrt(found), mean
    return numpy_statistics.deviation(x, axes, correction, keepdims)


distance_times = either(
    lambda x, mean, scale, g: numpy_pointwise.times(g, scale) * (x - mean),
    "x, mean, scale, g: (x - mean) * scale * g",
    "var_backward",
)


sign_times = either(lambda x, g: numpy_statistics.sign(x) * g, "x, g: sgn(x) * g", "norm_1_backward")


share_of_norm = either(
    lambda x, norm, g: g * np.where(norm == 0, np.zeros_like(x), x / norm),
    "x, norm, g: select(norm == 0, 0, x / norm) * g",
    "norm_2_backward",
)


def logsumexp(x: Array, axes: Axes, keepdims: bool) -> Any:
    """See `numpy_statistics.logsumexp`."""
    if axes and _usable(x):
        largest = amax(x, axes, True)
        largest = np.where(np.isfinite(largest), largest, x.dtype.type(0))
        if (powers := _POWERS(x, largest)) is not None:
            with np.errstate(divide="ignore"):
                found = np.log(reduction.sum_over(powers, axes, True)) + largest
            return found if keepdims else found.reshape([n for i, n in enumerate(x.shape) if i not in axes])
    return numpy_statistics.logsumexp(x, axes, keepdims)


# ---------------------------------------------------------------------------------------------- with their places
def _with_places(what: str, x: Array, axis: int, keepdims: bool) -> tuple[Array, Array] | None:
    if not _usable(x):
        return None
    outer, n, inner = _sizes(x, axis, axis)
    if inner == 1 or (run := _FOLDS[what].get(x.dtype)) is None:  # NumPy is quick along the last dimension
        return None
    shape = [*x.shape[:axis], *([1] if keepdims else []), *x.shape[axis + 1 :]]
    values, places = np.empty(shape, x.dtype), np.empty(shape, np.int64)
    stripe, stripes = _stripes(inner)
    pieces = outer * stripes
    run(pieces, share(pieces, n * stripe), np.ascontiguousarray(x), values, places, n, inner, stripe, stripes)
    return values, places


def max_along(x: Array, axis: int, keepdims: bool) -> tuple[Any, Any]:
    """See `numpy_reduction.max_along`."""
    if x.size >= SMALLEST and (made := _with_places("largest_places", x, axis, keepdims)) is not None:
        return made
    return numpy_reduction.max_along(x, axis, keepdims)


def min_along(x: Array, axis: int, keepdims: bool) -> tuple[Any, Any]:
    """See `numpy_reduction.min_along`."""
    if x.size >= SMALLEST and (made := _with_places("smallest_places", x, axis, keepdims)) is not None:
        return made
    return numpy_reduction.min_along(x, axis, keepdims)
