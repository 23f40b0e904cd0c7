"""Orders of elements: compiled kernels for large arrays, NumPy's otherwise.

Functions and arguments are those of `numpy_sorting`.
"""

from typing import Any

import numpy as np

from . import numpy_sorting, numpy_statistics
from .dispatch import Kernel, get_threads, share
from .layout import laid_as
from .lookup import take_along

Array = np.ndarray

# From how many elements on the compiled kernels are worth their call, and how many of a row.
SMALLEST, SMALLEST_ROW, SMALLEST_TOPK = 4096, 32, 512

_ARGSORT, _ARGSORT_WHOLE, _TOPK, _LONGEST_RUN, _SEARCH = (
    Kernel("sorting", name, common=False) for name in ("argsort", "argsort_whole", "topk", "longest_run", "search")
)

# How many values are searched for at a time, and how many side by side (as in compiled/sorting.py).
_BLOCK, _SIDE_BY_SIDE = 4096, 64

# Letters of the types of as many bytes as integers.
_WHOLE: dict[str, np.dtype[Any]] = {"i4": np.dtype("f"), "i8": np.dtype("d")}


def take(x: Array, indices: Array, axis: int) -> Array:
    """See `numpy_sorting.take`."""
    return take_along(x, indices, axis) if x.ndim else x.copy()


def _rows(x: Array, axis: int) -> Array:
    """The array with an axis at the end, row by row."""
    return np.ascontiguousarray(x if axis == x.ndim - 1 else np.moveaxis(x, axis, -1))


def _back(found: Array, axis: int) -> Array:
    return found if axis == found.ndim - 1 else np.moveaxis(found, -1, axis).copy()


def argsort(x: Array, axis: int, descending: bool) -> Array:
    """See `numpy_sorting.argsort`."""
    if x.size < SMALLEST and x.flags.c_contiguous:
        return numpy_sorting.argsort(x, axis, descending)
    return laid_as(_argsort(x, axis, descending), x)


def _argsort(x: Array, axis: int, descending: bool) -> Array:
    usable = x.size >= SMALLEST and x.ndim > 0 and SMALLEST_ROW <= x.shape[axis] < 1 << 31
    whole = _WHOLE.get(x.dtype.str[1:])
    if not usable or (run := _ARGSORT.get(x.dtype) if whole is None else _ARGSORT_WHOLE.get(whole)) is None:
        return numpy_sorting.argsort(x, axis, descending)
    x = _rows(x, axis)
    places = np.empty(x.shape, np.int64)
    n = x.shape[-1]
    rows = x.size // n
    single = x.itemsize == 4
    room = (2 if single else 4) * n + (3 if single else 6) * 2048
    threads = get_threads() if rows > 1 else 1
    run(rows, 1 if n > 4096 else 4096 // n, x, places, n, descending, np.empty(threads * room, np.int64))
    return _back(places, axis)


def sort(x: Array, axis: int, descending: bool) -> tuple[Array, Array]:
    """See `numpy_sorting.sort`."""
    if x.size < SMALLEST and x.flags.c_contiguous:
        return numpy_sorting.sort(x, axis, descending)
    order = argsort(x, axis, descending)
    return laid_as(take(x, order, axis), x), order


def topk(x: Array, k: int, axis: int, largest: bool) -> tuple[Array, Array]:
    """See `numpy_sorting.topk`."""
    usable = x.size >= SMALLEST_TOPK and x.ndim > 0 and 0 < k <= -(-x.shape[axis] // 4)
    if not usable or (run := _TOPK.get(x.dtype)) is None:
        return numpy_sorting.topk(x, k, axis, largest)
    rows = _rows(x, axis)
    n = rows.shape[-1]
    places = np.empty((*rows.shape[:-1], k), np.int64)
    count = x.size // n
    threads = get_threads() if count > 1 else 1
    run(count, 1 if n > 4096 else 4096 // n, rows, places, n, k, not largest, np.empty(threads * k, np.int64))
    places = _back(places, axis)
    return take(x, places, axis), places


def kth(x: Array, k: int, axis: int, keepdims: bool) -> tuple[Array, Array]:
    """See `numpy_sorting.kth`."""
    return numpy_sorting.kth(x, k, axis, keepdims, argsort)


def median(x: Array, axis: int, keepdims: bool, skip_nan: bool) -> tuple[Any, Any]:
    """See `numpy_statistics.median`."""
    return numpy_statistics.median(x, axis, keepdims, skip_nan, argsort)


def mode(x: Array, axis: int, keepdims: bool) -> tuple[Any, Any]:
    """See `numpy_statistics.mode`."""
    if x.size < SMALLEST or not x.ndim or (run := _LONGEST_RUN.get(x.dtype)) is None:
        return numpy_statistics.mode(x, axis, keepdims)
    rows = _rows(x, axis)
    values, order = sort(rows, rows.ndim - 1, False)
    values, n = np.ascontiguousarray(values), rows.shape[-1]
    ends = np.empty((*rows.shape[:-1], 1), np.int64)
    run(ends.size, share(ends.size, n), values, ends, n)
    value, place = [_back(take(a, ends, rows.ndim - 1), axis) for a in (values, order)]
    return (value, place) if keepdims else (value.squeeze(axis), place.squeeze(axis))


def row_search(rows: Array, values: Array, right: bool) -> Array:
    """See `numpy_sorting.row_search`."""
    usable = values.size >= max(SMALLEST, 1) and rows.size > 0 and rows.dtype == values.dtype
    if not usable or (run := _SEARCH.get(rows.dtype)) is None:
        return numpy_sorting.row_search(rows, values, right)
    rows, values = np.ascontiguousarray(rows), np.ascontiguousarray(values)
    found = np.empty(values.shape, np.int64)
    m = values.size if rows.ndim == 1 else values.shape[-1]
    blocks = -(-m // _BLOCK)
    pieces, n = values.size // m * blocks, rows.shape[-1]
    room = np.empty(get_threads() * _SIDE_BY_SIDE, np.int64)
    many = rows.size // n if rows.ndim > 1 else 1
    run(pieces, share(pieces, min(m, _BLOCK) * n.bit_length()), rows, values, found, n, m, many, right, _BLOCK, blocks,
        room)  # fmt: skip
    return found
