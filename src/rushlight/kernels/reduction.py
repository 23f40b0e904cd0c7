"""Sums and means: compiled kernels for large arrays, NumPy's functions otherwise.

Functions and arguments are those of `numpy_reduction`.
"""

from math import prod
from typing import Any

import numpy as np

from . import numpy_reduction as on_numpy
from .dispatch import Kernel, get_threads
from .sweep import pieces

Array = np.ndarray
Axes = tuple[int, ...]

# From how many elements on a compiled sum is worth its call.
LARGE = 32768

# How many elements are one piece of work; how many rows at most are added one by one, and how many columns together.
_PIECE = 16384
_ROWS = 128
_STRIPE = 1024

# How many elements must lie side by side, at least, where sums are added up once more.
_SHORTEST = 8

_SUM_ROWS = Kernel("reduction", "sum_rows")
_SUM_LAID = Kernel("reduction", "sum_laid", common=False)
_SUM_COLUMNS = Kernel("reduction", "sum_columns")
_SQUARES = Kernel("reduction", "square_pieces")


def sum_all(x: Any) -> Any:
    """See `numpy_reduction.sum_all`."""
    if x.size >= LARGE:
        if 0 in x.strides and x.dtype.char in "fd":
            return sum_over(x, tuple(range(x.ndim)))
        found = _compiled_total(x)
        if found is not None:
            return np.asarray(found, x.dtype)
    return on_numpy.sum_all(x)


def mean_all(x: Any) -> Any:
    """See `numpy_reduction.mean_all`."""
    if x.size >= LARGE:
        found = _compiled_total(x)
        if found is not None:
            return np.asarray(found / x.size, x.dtype)
    return on_numpy.mean_all(x)


def sum_over(x: Array, axes: Axes, keepdims: bool = False) -> Any:
    """See `numpy_reduction.sum_over`."""
    if x.size >= LARGE:
        if 0 in x.strides and x.dtype.char in "fd" and type(x) is np.ndarray:
            return _sum_of_repeated(x, axes, keepdims)
        found = _compiled_sum(x, axes, keepdims)
        if found is not None:
            return found
    return on_numpy.sum_over(x, axes, keepdims)


def _sum_of_repeated(x: Array, axes: Axes, keepdims: bool) -> Any:
    """The sum of an array that repeats elements without having memory for them: each is read once."""
    times, once = 1, [slice(None)] * x.ndim
    for a in axes:
        if not x.strides[a]:
            times, once[a] = times * x.shape[a], slice(1)
    if times == 1:
        found = _compiled_sum(x, axes, keepdims)
        return on_numpy.sum_over(x, axes, keepdims) if found is None else found
    found = np.asarray(sum_over(x[tuple(once)], axes, keepdims), np.float64)
    return np.asarray(found * times + 0.0, x.dtype)  # no negative zero


def squares_of_all(arrays: list[Array]) -> float | None:
    """The sum of the squares of all elements of arrays that lie row by row, or None where NumPy has to compute it."""
    run = _SQUARES.get(arrays[0].dtype)
    if run is None:
        return None
    cuts = pieces([a.size for a in arrays])
    sums = np.empty(len(cuts))
    run(len(cuts), 1, np.array([id(a) for a in arrays], np.int64), cuts, sums)
    return float(np.add.reduce(sums))


def _compiled_total(x: Array) -> Any:
    """The sum of all elements in float64, or None where NumPy has to compute it."""
    if x.dtype.char not in "fd":
        return None
    if type(x) is np.ndarray and x.flags.c_contiguous:
        found = _rows(x, 1, x.size)
        return None if found is None else found[0]
    return _compiled_sum(x, tuple(range(x.ndim)), False)


def _compiled_sum(x: Array, axes: Axes, keepdims: bool) -> Any:
    """The sum over some axes, or None where NumPy has to compute it."""
    code = x.dtype.char
    if code not in "fd":
        return None
    y = x.view(np.ndarray) if type(x) is not np.ndarray else x
    which = [i in axes for i in range(x.ndim)]
    order = None
    if not y.flags.c_contiguous:
        order = sorted(range(y.ndim), key=lambda i: -abs(y.strides[i]))
        y, which = y.transpose(order), [which[i] for i in order]
    # Neighbouring dimensions with the same fate are as one, if they lie so.
    sizes: list[int] = []
    steps: list[int] = []
    fates: list[bool] = []
    for n, step, reduced in zip(y.shape, y.strides, which, strict=True):
        if n == 1:
            continue
        if fates and fates[-1] == reduced and steps[-1] == n * step:
            sizes[-1] *= n
            steps[-1] = step
        else:
            sizes.append(n)
            steps.append(step)
            fates.append(reduced)
    found = _partly(y, sizes, steps, fates)
    if found is None:
        return None
    result = found.astype(x.dtype, copy=False).reshape([1 if r else n for n, r in zip(y.shape, which, strict=True)])
    if order is not None:
        result = np.ascontiguousarray(result.transpose(sorted(range(len(order)), key=order.__getitem__)))
    return result if keepdims else result.reshape([n for i, n in enumerate(x.shape) if i not in axes])


def _partly(y: Array, sizes: list[int], steps: list[int], fates: list[bool]) -> Array | None:
    """The sums, in some type, of an array of these sizes and steps along the dimensions whose fate that is."""
    if not any(fates) or not y.size:
        return None
    if fates[-1]:
        rows, columns = y.size // sizes[-1], sizes[-1]
        if len(fates) > 3 and columns < _SHORTEST:
            return None
        found = _rows(y, rows, columns) if y.flags.c_contiguous else _rows_laid(y, sizes, steps)
        left = sizes[:-1]
    elif y.flags.c_contiguous and (len(fates) < 4 or sizes[-1] >= _SHORTEST):
        found = _columns(y, y.size // (sizes[-2] * sizes[-1]), sizes[-2], sizes[-1])
        left = [*sizes[:-2], sizes[-1]]
        fates = [*fates[:-2], False]
    else:
        return None
    others = tuple([i for i, reduced in enumerate(fates[: len(left)]) if reduced])
    if found is None or not others:
        return found
    return np.add.reduce(found.reshape(left), others, np.float64)  # type: ignore[no-any-return]


def _rows_laid(y: Array, sizes: list[int], steps: list[int]) -> Array | None:
    """The sums of rows of any array of up to five dimensions, of which the last is that of the rows."""
    item = y.itemsize
    if len(sizes) > 5 or any(s % item for s in steps) or (run := _SUM_LAID.get(y.dtype)) is None:
        return None
    fill = 5 - len(sizes)
    sizes, steps = [1] * fill + sizes, [0] * fill + [s // item for s in steps]
    *outer, rows, columns = sizes
    sums = np.empty(y.size // columns)
    block = max(1, min(_PIECE // columns, -(-len(sums) // (4 * get_threads()))))
    pieces = prod(outer) * -(-rows // block)
    run(pieces, max(1, _PIECE // (block * columns)), y, sums, columns, steps[4], block, *outer, rows, *steps[:4])
    return sums


def _rows(y: Array, rows: int, columns: int) -> Array | None:
    run = _SUM_ROWS.get(y.dtype)
    if run is None:
        return None
    blocks = -(-columns // _PIECE)
    sums = np.empty(rows * blocks)
    run(rows * blocks, max(1, _PIECE // columns), y, sums, columns, _PIECE, blocks)
    return sums if blocks == 1 else np.add.reduce(sums.reshape(rows, blocks), 1)


def _columns(y: Array, matrices: int, rows: int, columns: int) -> Array | None:
    run = _SUM_COLUMNS.get(y.dtype)
    if run is None:
        return None
    block, stripe = min(rows, _ROWS), min(columns, _STRIPE)
    blocks, stripes = -(-rows // block), -(-columns // stripe)
    sums = np.empty((matrices, blocks, columns), y.dtype)
    grain = max(1, _PIECE // (block * stripe))
    run(matrices * blocks * stripes, grain, y, sums, columns, rows, block, blocks, stripe, stripes)
    return sums if blocks == 1 else np.add.reduce(sums, 1, np.float64)
