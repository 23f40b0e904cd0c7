"""Orders of elements: NaN counts as the largest, and equal elements keep their order."""

from collections.abc import Callable

import numpy as np

from .numpy_common import count_nonzero, narrow, widen
from .numpy_reduction import take_along

Array = np.ndarray

# From how many elements on selecting is quicker than sorting.
SELECTED = 128


def argsort(x: Array, axis: int, descending: bool) -> Array:
    """Where the elements of a sorted array come from, along an axis."""
    if not x.ndim:
        return np.zeros((), np.int64)
    x = widen(x)
    if not descending:
        return x.argsort(axis, kind="stable")
    # Backwards twice, so that equal elements keep their order.
    order = np.flip(np.flip(x, axis).argsort(axis, kind="stable"), axis)
    return x.shape[axis] - 1 - order


def take(x: Array, indices: Array, axis: int) -> Array:
    """The elements at `indices` along an axis."""
    return take_along(x, indices, axis) if x.ndim else x.copy()


def sort(x: Array, axis: int, descending: bool) -> tuple[Array, Array]:
    """The sorted elements, and where they come from."""
    order = argsort(x, axis, descending)
    return take(x, order, axis), order


def topk(x: Array, k: int, axis: int, largest: bool) -> tuple[Array, Array]:
    """The `k` largest or smallest elements, in order, and where they come from."""
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    n = x.shape[axis]
    if n > 256 and 0 < k < n // 4:
        wide = widen(x)
        kept = np.argpartition(wide, n - k if largest else k - 1, axis)
        chosen = np.take(kept, np.arange(n - k, n) if largest else np.arange(k), axis)
        # In order of place first, so that equal elements keep their order.
        chosen = np.sort(chosen, axis)
        chosen = take(chosen, argsort(take(wide, chosen, axis), axis, largest), axis)
    else:
        chosen = np.take(argsort(x, axis, largest), np.arange(k), axis)
    return take(x, chosen, axis), chosen


def kth(
    x: Array, k: int, axis: int, keepdims: bool, order: Callable[[Array, int, bool], Array] = argsort
) -> tuple[Array, Array]:
    """The element that has `k` before it in order (which `order` finds), along an axis, and its place."""
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    if x.ndim == 1 and x.size >= SELECTED:
        at = place_of(x, k)
        value, place = x[at : at + 1].copy(), np.array((at,))
        return (value, place) if keepdims else (value.reshape(()), place.reshape(()))
    else:
        place = order(x, axis, False).take([k], axis)
    value = take(x, place, axis)
    return (value, place) if keepdims else (value.squeeze(axis), place.squeeze(axis))


def place_of(row: Array, k: int) -> int:
    """Where the element is that has `k` before it in order: found by its value, for which nothing has to be sorted."""
    wide = widen(row)
    parted = wide.copy()
    parted.partition(k)
    value, ahead = parted[k, ...], parted[:k]
    same = wide == value
    if count_nonzero(same):
        before = count_nonzero(ahead < value) if k else 0
    else:  # NaN, which comes last
        same, before = wide != wide, count_nonzero(ahead == ahead)
    return int(same.nonzero()[0][k - before])


def row_search(rows: Array, values: Array, right: bool) -> Array:
    """For each row of sorted numbers, where the values of the corresponding row belong."""
    rows, values = widen(rows), widen(values)
    if rows.ndim == 1:
        n = rows.size
        if 1 < n <= _SEARCHED * values.size:  # a short row is looked through for whether it is sorted, without NaN
            sound = count_nonzero(rows[1:] >= rows[:-1]) == n - 1
        else:
            sound = not n or bool(rows[-1] == rows[-1])
        if sound:
            return np.asarray(rows.searchsorted(values, "right" if right else "left"))
    # NaN in rows is found in no order by NumPy's rules; PyTorch's search takes comparisons with it for "further on". In
    # rows that are not sorted NumPy begins where the search for the value before ended.
    low = np.zeros(values.shape, np.int64)
    high = np.full(values.shape, rows.shape[-1])
    while (low < high).any():
        middle = (low + high) // 2
        place = np.minimum(middle, rows.shape[-1] - 1)
        found = rows[place] if rows.ndim == 1 else np.take_along_axis(rows, place, -1)
        before = ~(found > values) if right else ~(found >= values)
        before &= low < high
        low = np.where(before, middle + 1, low)
        high = np.where(before, high, np.where(low < high, middle, high))
    return low


def unique_elements(x: Array, return_inverse: bool, return_counts: bool) -> tuple[Array, Array, Array]:
    """The distinct elements in order; if asked for, which of them each element is, and how often each occurs."""
    if x.size > _FEW_TO_SORT and x.dtype.kind in "iu":
        least, largest = int(x.min()), int(x.max())
        if largest - least <= 4 * x.size:  # they are counted in less time than they are sorted
            wide = x.reshape(-1) if x.dtype == np.uint64 else x.reshape(-1).astype(np.int64)
            places = (wide - wide.dtype.type(least)).astype(np.int64)
            counts = np.bincount(places)
            (present,) = counts.nonzero()
            found = (present.astype(wide.dtype) + wide.dtype.type(least)).astype(x.dtype)
            if not return_inverse:
                return found, _NONE, counts[present]
            number = np.empty(counts.size, np.int64)
            number[present] = np.arange(present.size)
            return found, number[places].reshape(x.shape), counts[present]
    if return_inverse:
        found, inverse, counts = np.unique(widen(x), return_inverse=True, return_counts=True, equal_nan=False)
        return narrow(found, x.dtype), inverse.reshape(x.shape), counts
    if x.size == 1:
        return x.flatten(), _NONE, np.ones(1, np.int64) if return_counts else _NONE
    ordered = widen(x).flatten()
    ordered.sort()
    first = np.empty(x.size, bool)  # whether an element is the first of equal ones
    first[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    found = narrow(ordered[first], x.dtype)
    if not return_counts:
        return found, _NONE, _NONE
    (places,) = first.nonzero()
    counts = np.empty_like(places)
    np.subtract(places[1:], places[:-1], out=counts[:-1])
    counts[-1:] = x.size - places[-1:]
    return found, _NONE, counts


def is_among(x: Array, others: Array, invert: bool) -> Array:
    """Whether each element is one of some others, or (`invert`) none of them."""
    if others.size and x.dtype.char in _WHOLE and others.dtype.char in _WHOLE:
        low, high = others.item(others.argmin()), others.item(others.argmax())
        if high - low <= 4 * (x.size + others.size):
            # For each integer in their range, and for all below and above, whether it is one of them. What overflows
            # here is far from the range on the other side.
            found = np.full(high - low + 3, invert)
            found[_from(others, low)] = not invert
            return found.take(_from(x, low), None, None, "clip")  # type: ignore[no-any-return]
    return np.isin(x, others, invert=invert)


def _from(x: Array, low: int) -> Array:
    """How far integers are above the one before `low`."""
    return np.subtract(x, np.asarray(low) - 1, dtype=np.int64)


_WHOLE = "bhilqBHI"

# A row of more elements than this times the number of values is not looked through before it is searched.
_SEARCHED = 16

_FEW_TO_SORT = 256
_NONE = np.empty(0, np.int64)
