"""Reductions of arrays. Narrow floating types are accumulated in float32, and long sums in float32 are sums of sums."""

import functools
import math
from typing import Any

import numpy as np

from .numpy_common import FEW, ONES, grid, narrow, ones, ones_of, widen

Axes = tuple[int, ...]
_add = np.add.reduce

# Arrays of so few elements are added as NumPy does it. In others, long sums across rows, which NumPy adds one by one,
# are made of sums of about the square root of their length.
_LONG = 512

# Rows and columns of a small matrix that are no longer than this are added as a product with ones, in half the time.
_SHORT = 64

# From how many elements on a gradient is rather seen repeated than repeated in memory.
_MANY = 32768


def sum_all(x: Any) -> Any:
    """The sum of all elements of a floating-point array, as a 0-dim array in the type of `x`."""
    kept = ONES.get(x.dtype)
    if kept is not None:
        row = kept.get(x.shape)
        if row is None and x.ndim == 1:
            row = ones(len(x), x.dtype)
        if row is not None:
            return np.array(x.dot(row))
    # Handing over the place for the result is quicker than turning a NumPy scalar into an array afterwards.
    return _add(x, None, None, np.empty((), x.dtype))


def mean_all(x: Any) -> Any:
    """The mean of all elements."""
    return _add(x, None) / (x.size or np.nan)


def sum_over(x: np.ndarray, axes: Axes, keepdims: bool = False) -> Any:
    """The sum over some axes, in the type of `x`; integers must be wide enough for it."""
    kind, dims = x.dtype, x.ndim
    if len(axes) == dims and dims > 1 and kind.itemsize > 2 and x.flags.c_contiguous and type(x) is np.ndarray:
        if 1 < x.size <= FEW and kind in ONES:
            found = np.array(x.reshape(-1).dot(ones_of(x.size, kind, False)[0]))
        else:
            found = _add(x, None, kind, np.empty((), kind))
        return found.reshape((1,) * dims) if keepdims else found
    if x.size <= FEW and dims == 2 and len(axes) == 1 and kind in ONES and type(x) is np.ndarray:
        axis = axes[0]
        count = x.shape[axis]
        if 1 < count <= _SHORT:  # the product of a negative zero with one is no sum, which is positive
            row, column = ones_of(count, kind, keepdims)
            return x.dot(column) if axis else row.dot(x)
    if kind.char == "f" and x.size <= _LONG:
        return _add(x, axes, None, None, keepdims)
    wide = widen(x)
    kind = wide.dtype
    if (kind.itemsize > 4 and kind.char != "F") or kind.kind not in "fc":
        result = _add(wide, axes, kind, None, keepdims)
    else:
        count = 1
        for a in axes:
            count *= wide.shape[a]
        pairwise = axes == (wide.ndim - 1,) or len(axes) == wide.ndim  # as NumPy adds what lies in a row
        last = wide.shape[-1] if wide.ndim - 1 in axes else 1
        if count <= 64 or ((pairwise or count <= 64 * last) and wide.flags.c_contiguous):
            result = _add(wide, axes, None, None, keepdims)
        else:
            result = _sum_long(wide, axes, keepdims)
    return result if wide is x else narrow(result, x.dtype)


def _sum_long(x: np.ndarray, axes: Axes, keepdims: bool) -> Any:
    inner: list[int] = []
    for a in sorted(axes, reverse=True):
        # Axes that NumPy adds pairwise: the last ones of an array in C order.
        if a == x.ndim - 1 - len(inner) and x.flags.c_contiguous:
            inner.append(a)
    outer = [a for a in sorted(axes, reverse=True) if a not in inner]
    if inner:
        x = _add(x, tuple(inner), None, None, True)
    for a in outer:
        x = _sum_one(x, a)
    return x if keepdims else x.reshape([n for i, n in enumerate(x.shape) if i not in axes])


def _sum_one(x: np.ndarray, axis: int) -> np.ndarray:
    """The sum over one axis, kept as length 1, by blocks."""
    n = x.shape[axis]
    if n <= 64:
        return _add(x, axis, None, None, True)  # type: ignore[no-any-return]
    block = max(int(n**0.5), 32)
    whole = n // block * block
    head = (slice(None),) * axis
    parts = x[(*head, slice(0, whole))].reshape(*x.shape[:axis], whole // block, block, *x.shape[axis + 1 :])
    total = _sum_one(_add(parts, axis + 1), axis)
    if whole < n:
        total = total + _add(x[(*head, slice(whole, n))], axis, None, None, True)
    return total


def prod_over(x: np.ndarray, axes: Axes, keepdims: bool = False) -> Any:
    """The product over some axes, in the type of `x`."""
    if x.dtype.itemsize > 2:
        return np.multiply.reduce(x, axes, x.dtype, None, keepdims)
    wide = widen(x)
    return narrow(np.multiply.reduce(wide, axes, wide.dtype, None, keepdims), x.dtype)


def max_along(x: np.ndarray, axis: int, keepdims: bool) -> tuple[Any, Any]:
    """The largest elements along an axis, NaN if there is one, and where they are."""
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    return np.maximum.reduce(x, axis, None, None, keepdims), x.argmax(axis, keepdims=keepdims)


def min_along(x: np.ndarray, axis: int, keepdims: bool) -> tuple[Any, Any]:
    """The smallest elements along an axis, NaN if there is one, and where they are."""
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    return np.minimum.reduce(x, axis, None, None, keepdims), x.argmin(axis, keepdims=keepdims)


def spread(grad: Any, shape: Axes) -> Any:
    """One number as an array of a shape: filled if it is small, else seen without a memory of its own."""
    if math.prod(shape) <= FEW:
        filled = np.empty(shape, grad.dtype)
        filled[...] = grad
        return filled
    # (What np.broadcast_to does, in a sixth of its time.)
    seen = np.ndarray(shape, grad.dtype, grad, 0, (0,) * len(shape))
    seen.flags.writeable = False
    return seen


def spread_over(grad: Any, shape: Axes, axes: Axes, keepdims: bool) -> Any:
    """The gradient of a sum over some axes: `grad` repeated along them."""
    if not keepdims:
        grad = grad.reshape([1 if i in axes else n for i, n in enumerate(shape)])
    if grad.size > 4096 or math.prod(shape) > _MANY:
        return np.broadcast_to(grad, shape)
    whole = np.empty(shape, grad.dtype)
    whole[...] = grad
    return whole


def equal_places(x: Any, chosen: Any) -> Any:
    """1 where `x` is the chosen element (or both are NaN), else 0, in the dtype of `x`."""
    found = x == chosen
    if x.dtype.kind not in "iub":
        found |= (x != x) & (chosen != chosen)
    return found.astype(x.dtype)


def put_along(values: np.ndarray, indices: np.ndarray, axis: int, shape: Axes) -> np.ndarray:
    """Zeros of a shape with `values` added at `indices` along an axis."""
    result = np.zeros(shape, values.dtype)
    if not shape:
        result[...] = values.sum()
    elif values.size:
        places = grid(indices.shape)
        places[axis] = indices
        np.add.at(result, tuple(places), values)
    return result


def put_one(values: np.ndarray, indices: np.ndarray, axis: int, shape: Axes) -> np.ndarray:
    """Zeros of a shape with `values` at `indices` along an axis, none of which occurs twice."""
    result = np.zeros(shape, values.dtype)
    if not shape:
        result[...] = values.reshape(())
    elif values.size:
        np.put_along_axis(result, indices, values, axis)
    return result


def take_along(x: np.ndarray, indices: np.ndarray, axis: int) -> np.ndarray:
    """The elements of `x` at `indices` along an axis."""
    if not x.ndim:
        return np.broadcast_to(x, indices.shape).copy()
    # Places in the memory of all elements, where they are easily told: NumPy's own way takes longer than the taking.
    if x.ndim == 1:
        return x.take(indices)
    if x.flags.c_contiguous and indices.flags.c_contiguous and type(x) is np.ndarray and indices.size:
        n = x.shape[-1]
        if axis == x.ndim - 1 and indices.shape[:-1] == x.shape[:-1]:
            return x.reshape(-1).take(indices + (_few_begins if x.size <= _MANY else _begins)(x.shape))
        if axis == 0 and x.ndim == 2 and indices.shape[1] == n:
            return x.reshape(-1).take(indices * np.array(n) + np.arange(n))
    return np.take_along_axis(x, indices, axis)


def _begins(shape: tuple[int, ...]) -> np.ndarray:
    """At which place in memory each row of an array begins."""
    return np.arange(0, math.prod(shape), shape[-1]).reshape(*shape[:-1], 1)


_few_begins = functools.lru_cache(64)(_begins)
