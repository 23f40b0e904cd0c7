"""Kernels of variances, norms, medians, modes, and running reductions."""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import complex_halves
from . import numpy_sorting as sorting
from .numpy_common import FEW, constant, count_nonzero, narrow, tame, widen, without_warnings
from .numpy_pointwise import pow_number
from .numpy_reduction import sum_over, take_along
from .numpy_special import logaddexp

Array = np.ndarray
Axes = tuple[int, ...]

_HALF = np.dtype(np.float16)


def _count(shape: Axes, axes: Axes) -> int:
    n = 1
    for a in axes:
        n *= shape[a]
    return n


@without_warnings
def variance(x: Array, axes: Axes, correction: float, keepdims: bool) -> tuple[Any, Any]:
    """The variance, by the distances from the mean, and the mean."""
    if x.dtype.kind == complex_halves.KIND:
        found, mean = variance(x.astype(np.complex64), axes, correction, keepdims)
        return narrow(found, _HALF), narrow(mean, x.dtype)
    wide = widen(x)
    found, mean = _by_distances(wide, axes, correction, keepdims)
    if wide.size != found.size and blurred(found, mean):
        first = wide[tuple([slice(0, 1) if i in axes else slice(None) for i in range(x.ndim)])]
        found, moved = _by_distances(wide - first, axes, correction, keepdims)
        mean = first.reshape(moved.shape) + moved
    return (found, mean) if wide is x else (narrow(found, x.dtype), narrow(mean, x.dtype))


def _by_distances(x: Array, axes: Axes, correction: float, keepdims: bool) -> tuple[Array, Array]:
    n = _count(x.shape, axes)
    real = x.dtype if x.dtype.kind != "c" else x.real.dtype
    mean = np.asarray(sum_over(x, axes, True) / constant(n, real))
    if real is not x.dtype and n <= correction:  # 0 / 0 in one part is NaN, whatever the other part is
        parts = [_by_distances(part, axes, correction, keepdims)[0] for part in (x.real, x.imag)]
        return parts[0] + parts[1], mean if keepdims else mean.reshape(parts[0].shape)
    apart = np.asarray(x - mean)
    if len(axes) == x.ndim and apart.size <= FEW and real is x.dtype and not keepdims:
        flat = apart.reshape(-1)
        whole = np.asarray(flat.dot(flat))
    elif real is x.dtype:
        whole = sum_over(np.multiply(apart, apart, apart), axes, keepdims)
    else:
        whole = sum_over(apart.real**2 + apart.imag**2, axes, keepdims)
    found = np.asarray(whole / constant(max(n - correction, 0), real))
    return found, mean if keepdims else mean.reshape(found.shape)


def blurred(variances: Array, means: Array) -> bool:
    """Whether a variance is so small beside its mean that it shows how the mean was rounded.

    Distances from one of the numbers have no such error: those of equal numbers are zero, as in PyTorch, which moves
    the mean from number to number.
    """
    if not variances.size:
        return False
    precision = _PRECISION[variances.dtype.char]
    if variances.size == 1:
        size = abs(means.item())
        return bool(variances.item() < size * size * precision)
    flat = means.reshape(-1)
    if least(variances) > abs(flat.dot(flat.conj() if flat.dtype.kind == "c" else flat)) * precision:
        return False  # as it is mostly, and told without another array
    sizes = np.abs(means) if means.dtype.kind == "c" else means
    return bool(count_nonzero(variances < sizes * sizes * constant(precision, variances.dtype)))


def least(x: Array) -> float:
    """The smallest of some real numbers, NaN if there is one: quicker than NumPy's `min` where they are few."""
    return x.item(x.argmin())  # type: ignore[no-any-return]


_PRECISION = {kind: float(np.finfo(kind).eps) for kind in "fd"}


def deviation(x: Array, axes: Axes, correction: float, keepdims: bool) -> tuple[Any, Any]:
    """The standard deviation and the mean; in double precision where squares are out of a type's range."""
    if x.dtype.kind == complex_halves.KIND:
        found, mean = deviation(x.astype(np.complex64), axes, correction, keepdims)
        return narrow(found, _HALF), narrow(mean, x.dtype)
    wide = widen(x)
    found, mean = variance(wide, axes, correction, keepdims)
    # What is equal to its mean has no distance from it in any precision.
    if wide.dtype.char in "fF" and wide.size != found.size and not _in_range(found):
        found, mean = variance(wide.astype("d" if wide.dtype.char == "f" else "D"), axes, correction, keepdims)
    found = np.sqrt(found)
    return (found, mean) if found.dtype is x.dtype else (narrow(found, x.real.dtype), narrow(mean, x.dtype))


def _in_range(variances: Array) -> bool:
    """Whether all squares from which the variances were made are far from the ends of float32's range."""
    if variances.size == 1:
        return _SMALLEST < variances.item() < math.inf  # type: ignore[no-any-return]
    return bool(variances.size and least(variances) > _SMALLEST and variances.item(variances.argmax()) < math.inf)


_SMALLEST = float(np.float32(1e-30))


def with_running_mean(found: tuple[Any, Any], x: Array, axes: Axes, keepdims: bool) -> tuple[Any, Any]:
    """A variance or deviation and the mean as PyTorch finds both: of numbers met before the last one, infinity is lost.

    It moves the mean by a part of each number's distance from it, which is infinite for those that follow.
    """
    spread, mean = found
    if not x.size or x.dtype.kind == "W" or np.isfinite(widen(mean)).all():
        return found
    if x.dtype.kind == "c":  # part by part
        means = np.empty(np.shape(mean), x.dtype)
        for part, of in ((means.real, x.real), (means.imag, x.imag)):
            part[...] = with_running_mean((spread, of.mean(axes, keepdims=keepdims)), of, axes, keepdims)[1]
        return spread, means
    infinite = np.isinf(widen(x))
    last = infinite[tuple([slice(-1, None) if i in axes else slice(None) for i in range(x.ndim)])]
    lost = infinite.any(axes, keepdims=True) & ~(last & (infinite.sum(axes, keepdims=True) == 1))
    return spread, np.where(lost if keepdims else lost.reshape(mean.shape), x.dtype.type(np.nan), mean)


def sign(x: Array) -> Array:
    """The sign of each element (its direction, for complex numbers), 0 for NaN."""
    if x.dtype.kind == "c":
        size = np.abs(x)
        return np.where(size == 0, x.dtype.type(0), x / np.where(size == 0, size.dtype.type(1), size))
    found = np.sign(x)
    missing = x != x
    if missing.any():
        found = np.where(missing, x.dtype.type(0), found)
    return found


def vector_norm(x: Array, p: float, axes: Axes, keepdims: bool) -> Any:
    """The p-norm along some axes."""
    if x.dtype.kind == complex_halves.KIND:
        return narrow(np.asarray(vector_norm(x.astype(np.complex64), p, axes, keepdims)), _HALF)
    if p == 1 and x.dtype.char in "fd":
        return sum_over(np.abs(x), axes, keepdims)
    wide = widen(x)
    real = x.real.dtype if x.dtype.kind == "c" else x.dtype
    if p != 0 and (not x.ndim or (axes and _count(x.shape, axes) == 1)):
        p = 1  # whose sizes overflow for no number
    if p == 2:
        if wide.dtype.kind == "c":
            # An infinite part makes a number infinite, also beside NaN.
            squares = np.where(np.isinf(wide), wide.real.dtype.type(np.inf), wide.real**2 + wide.imag**2)
        elif wide.dtype.char in "fd" and wide.flags.c_contiguous and not keepdims and len(axes) == x.ndim:
            flat = wide.reshape(-1)
            return narrow(np.asarray(np.sqrt(flat.dot(flat))), real)
        else:
            squares = wide * wide
        return narrow(np.sqrt(sum_over(squares, axes, keepdims)), real)
    size = np.abs(wide)
    if p == math.inf:
        if len(axes) == x.ndim and not keepdims and size.flags.c_contiguous:  # NumPy is quickest along one axis
            flat = size.reshape(-1)
            found = flat[flat.argmax()] if 0 < flat.size <= FEW else np.maximum.reduce(flat)
        else:
            found = np.maximum.reduce(size, axes, None, None, keepdims)
    elif p == -math.inf:
        found = np.minimum.reduce(size, axes, None, None, keepdims)
    elif p == 0:
        found = np.add.reduce(size != 0, axes, size.dtype, None, keepdims)
    elif p == 1:
        found = sum_over(size, axes, keepdims)
    else:
        found = _power_norm(size, p, axes, keepdims)
    return narrow(np.asarray(found), real)


@without_warnings
def _power_norm(size: Array, p: float, axes: Axes, keepdims: bool) -> Any:
    """The p-norm of numbers of which the sizes are known."""
    return sum_over(pow_number(size, p), axes, keepdims) ** constant(1 / p, size.dtype)


@without_warnings
def logsumexp(x: Array, axes: Axes, keepdims: bool) -> Any:
    """The logarithm of the sum of exponentials, relative to the largest element."""
    wide = widen(x)
    if not x.size:
        largest = np.zeros([1 if i in axes else n for i, n in enumerate(x.shape)], wide.dtype)
    else:
        largest = np.maximum.reduce(wide.real, axes, None, None, True)
        finite = np.isfinite(largest)
        if count_nonzero(finite) != finite.size:
            largest = np.where(finite, largest, largest.dtype.type(0))
    found = np.log(sum_over(np.exp(wide - largest), axes, True)) + largest
    if not keepdims:
        found = found.reshape([n for i, n in enumerate(x.shape) if i not in axes])
    return narrow(found, x.dtype)


def logcumsumexp(x: Array, axis: int) -> Array:
    """The logarithms of running sums of exponentials."""
    if not x.ndim:
        return x.copy()
    if x.dtype.char in "fd":
        return np.logaddexp.accumulate(x, axis)
    wide = widen(x)
    if x.dtype.kind == "c":
        found = np.moveaxis(x.copy(), axis, 0)
        with np.errstate(all="ignore"):
            for i in range(1, len(found)):
                found[i] = logaddexp(found[i - 1], found[i])
        return np.moveaxis(found, 0, axis)
    return narrow(np.logaddexp.accumulate(wide, axis), x.dtype)


def cumsum(x: Array, axis: int) -> Array:
    """Running sums in the type of `x`."""
    if not x.ndim:
        return x.copy()
    if x.dtype.itemsize > 2:
        return np.add.accumulate(x, axis, x.dtype)
    wide = widen(x)
    return narrow(np.add.accumulate(wide, axis, wide.dtype), x.dtype)


def cumsum_reversed(x: Array, axis: int) -> Array:
    """Running sums from the end."""
    return np.flip(cumsum(np.flip(x, axis), axis), axis).copy() if x.ndim else x.copy()


def cumprod(x: Array, axis: int) -> Array:
    """Running products in the type of `x`."""
    if not x.ndim:
        return x.copy()
    wide = widen(x)
    if x.dtype.kind == "c" and not np.isfinite(x).all():
        # The product begins with 1 + 0j, which makes NaN of infinite parts.
        wide = wide.copy()
        np.moveaxis(wide, axis, 0)[:1] *= wide.dtype.type(1)
    return narrow(np.multiply.accumulate(wide, axis, wide.dtype), x.dtype)


def without_each(x: Array, axis: int | None, result: Array) -> Array:
    """For each element the conjugate of the product of the others, of all or along an axis.

    Args:
        x: the elements.
        axis: the axis, or None for all elements.
        result: their product.
    """
    if x.ndim == 0:
        return np.ones_like(x)
    if axis is None:
        return without_each(x.reshape(-1), 0, result).reshape(x.shape)
    wide = widen(x)
    if wide.dtype.kind == "c":
        wide = np.conjugate(wide)
    if not (wide == 0).any():
        with np.errstate(all="ignore"):
            whole = np.conjugate(widen(result)).reshape([1 if i == axis else n for i, n in enumerate(x.shape)])
            return narrow(whole / wide, x.dtype)
    return narrow(_before(wide, axis) * np.flip(_before(np.flip(wide, axis), axis), axis), x.dtype)


def _before(x: Array, axis: int) -> Array:
    """For each element the product of those before it."""
    result = np.ones_like(x)
    later, earlier = [slice(None)] * x.ndim, [slice(None)] * x.ndim
    later[axis], earlier[axis] = slice(1, None), slice(None, -1)
    result[tuple(later)] = np.multiply.accumulate(x[tuple(earlier)], axis)
    return result


def cumprod_backward(grad: Array, x: Array, result: Array, axis: int) -> Array:
    """The gradient of running products."""
    if x.size <= 1 or x.shape[axis] == 1:
        return grad
    g, wide, products = widen(grad), np.conjugate(widen(x)), np.conjugate(widen(result))
    with np.errstate(all="ignore"):
        zero = wide == 0
        if not zero.any():
            sums = np.flip(np.add.accumulate(np.flip(g * products, axis), axis), axis)
            return narrow(sums / wide, x.dtype)
        # Before the first zero of a row the same; after it nothing; there the products go on as if it were one.
        met = np.add.accumulate(zero, axis, np.int64)
        before, first, within = met == 0, (met == 1) & zero, met == 1
        sums = np.flip(np.add.accumulate(np.flip(np.where(before, g * products, 0), axis), axis), axis)
        onward = np.multiply.accumulate(np.where(within & ~first, wide, 1), axis)
        total = np.add.reduce(onward * np.where(within, g, 0), axis, keepdims=True)
        place = first.argmax(axis, keepdims=True)
        so_far = np.where(place == 0, 1, np.take_along_axis(products, np.maximum(place - 1, 0), axis))
        found = np.where(first, total * so_far, np.where(before, sums / wide, 0))
        return narrow(found.astype(wide.dtype, copy=False), x.dtype)


def _places(x: Array, better: Array, axis: int) -> Array:
    at = _along(x.shape[axis], x.ndim, axis) if x.size <= FEW else _places_along(x.shape[axis], x.ndim, axis)
    return np.maximum.accumulate(at * better, axis)  # type: ignore[no-any-return]


def _places_along(n: int, ndim: int, axis: int) -> Array:
    """The numbers 0 to ``n - 1`` along an axis."""
    return np.arange(n).reshape([n if d == axis else 1 for d in range(ndim)])


_along = functools.lru_cache(64)(_places_along)


def _ordered(x: Array) -> bool:
    """Whether none of the elements is NaN, for sure."""
    return x.dtype.kind in "iub" or (x.dtype.char in "fd" and tame(x))


def cummax(x: Array, axis: int) -> tuple[Array, Array]:
    """The largest elements so far, NaN from the first one on, and the last places where they are."""
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    values = np.maximum.accumulate(x, axis)
    better = x >= values
    return values, _places(x, better if _ordered(x) else better | (x != x), axis)


def cummin(x: Array, axis: int) -> tuple[Array, Array]:
    """The smallest elements so far, NaN from the first one on, and the last places where they are."""
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    values = np.minimum.accumulate(x, axis)
    better = x <= values
    return values, _places(x, better if _ordered(x) else better | (x != x), axis)


def median(
    x: Array, axis: int, keepdims: bool, skip_nan: bool, argsort: Callable[..., Array] = sorting.argsort
) -> tuple[Any, Any]:
    """The middle elements in order, of two the smaller, and where they are; NaN if there is one, unless skipped."""
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    n = x.shape[axis]
    if x.ndim == 1 and n >= sorting.SELECTED:
        missing = count_nonzero(x != x)
        rank = max(n - missing - 1, 0) // 2 if skip_nan else n - missing if missing else (n - 1) // 2
        at = sorting.place_of(x, rank)
        value, place = x[at : at + 1].copy(), np.array((at,))
        return (value, place) if keepdims else (value.reshape(()), place.reshape(()))
    order = argsort(x, axis, False)
    if _ordered(x):
        middle = (n - 1) // 2
        place = order[:, middle : middle + 1] if axis == 1 else order.take([middle], axis)
        value = take_along(x, place, axis)
        return (value, place) if keepdims else (value.squeeze(axis), place.squeeze(axis))
    missing = np.add.reduce(x != x, axis, np.int64, None, True)
    if skip_nan:
        rank = np.maximum(n - missing - 1, 0) // 2
    else:
        # NaN is sorted to the end; the first of them is the answer.
        rank = np.where(missing > 0, n - missing, (n - 1) // 2)
    place = take_along(order, rank, axis)
    value = take_along(x, place, axis)
    return (value, place) if keepdims else (value.squeeze(axis), place.squeeze(axis))


def one_quantile(x: Array, q: Any, axis: int | None, keepdims: bool, interpolation: str) -> Any:
    """The value below which a fraction of the elements lies, along an axis or (None) of all; None if one is not finite.

    Args:
        x: the elements, float32 or float64.
        q: the fraction, a number of their type.
        axis: the axis.
        keepdims: whether the axes stay, with length 1.
        interpolation: what lies between two elements.
    """
    if not tame(x):
        return None
    kept = [1 if axis is None or d == axis else n for d, n in enumerate(x.shape)]
    if axis is None:
        x, axis = x.reshape(-1), 0
    rank = q * x.dtype.type(x.shape[axis] - 1)
    first = math.ceil(rank) if interpolation == "higher" else round(rank) if interpolation == "nearest" else int(rank)
    second = math.ceil(rank) if interpolation in ("linear", "midpoint") else first
    parted = np.partition(x, first if first == second else (first, second), axis)
    found = parted.take(first, axis)
    if second > first:
        weight = rank - x.dtype.type(first) if interpolation == "linear" else x.dtype.type(0.5)
        above = parted.take(second, axis)
        apart = above - found
        # Counted from the nearer end, so that both ends are met exactly.
        found = found + weight * apart if weight < 0.5 else above - apart * (1 - weight)
    return found.reshape(kept) if keepdims else found


def mode(x: Array, axis: int, keepdims: bool) -> tuple[Any, Any]:
    """The most frequent elements, of several the smallest, and their last places."""
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    values, order = sorting.sort(x, axis, False)
    v = np.moveaxis(values, axis, 0)
    run = np.ones(v.shape, np.int64)
    for i in range(1, len(v)):
        run[i] += np.where(v[i] == v[i - 1], run[i - 1], 0)
    end = np.expand_dims(run.argmax(0), axis)
    value, place = np.take_along_axis(values, end, axis), np.take_along_axis(order, end, axis)
    return (value, place) if keepdims else (value.squeeze(axis), place.squeeze(axis))
