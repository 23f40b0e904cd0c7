"""Elements at places along a dimension that an array tells: compiled for large arrays, NumPy otherwise.

Functions and arguments are those of `numpy_gather` and `numpy_reduction`.
"""

import math

import numpy as np

from . import numpy_gather, numpy_reduction
from .dispatch import Kernel, get_threads, share

Array = np.ndarray

# From how many places on the compiled kernels are worth their call: of looking up, and of adding.
SMALLEST, SMALLEST_ADD = 256, 256

# The same where all places are known to be there, from a row and from arrays of more dimensions.
_SMALLEST_ROW, _SMALLEST_ROWS = 65536, 2048

_GATHER = Kernel("lookup", "gather", common=False)
_SCATTER = Kernel("lookup", "scatter_add", common=False)

# Letters of the types that the bytes of elements are moved as.
_MOVED = {4: "f", 8: "d"}


def _fits(shape: tuple[int, ...], index: Array, dim: int) -> bool:
    """Whether there are places for all elements of a shape but along a dimension."""
    if not shape or index.ndim != len(shape) or not shape[dim] or index.dtype.kind != "i":
        return False
    return shape[:dim] == index.shape[:dim] and shape[dim + 1 :] == index.shape[dim + 1 :]


def _moved(x: Array) -> str | None:
    return _MOVED.get(x.itemsize) if x.dtype.kind in "fiu" else None


def gather(x: Array, dim: int, index: Array) -> Array:
    """See `numpy_gather.gather`."""
    if index.size >= SMALLEST and (code := _moved(x)) is not None and _fits(x.shape, index, dim):
        found = _gather(x, dim, index, code)
        if found is not None:
            return found
    return numpy_gather.gather(x, dim, index)


def _gather(x: Array, dim: int, index: Array, code: str) -> Array | None:
    """The elements at the places, or None where NumPy has to look for them, or for the wrong place among them."""
    if (run := _GATHER.get(np.dtype(code))) is None:
        return None
    inner, m = math.prod(x.shape[dim + 1 :]), index.shape[dim]
    many = m if inner == 1 else inner
    rows = index.size // many
    found, bad = np.empty(index.shape, x.dtype), np.zeros(1, np.int64)
    x, index = np.ascontiguousarray(x).view(code), np.ascontiguousarray(index, np.int64)
    run(rows, share(rows, many), x, index, found.view(code), x.shape[dim], m, inner, bad)
    return None if bad[0] else found


def take_along(x: Array, indices: Array, axis: int) -> Array:
    """See `numpy_reduction.take_along`; all places are within the array."""
    usable = indices.size >= (_SMALLEST_ROWS if x.ndim > 1 else _SMALLEST_ROW)
    if usable and (code := _moved(x)) is not None and _fits(x.shape, indices, axis):
        found = _gather(x, axis, indices, code)
        if found is not None:
            return found
    return numpy_reduction.take_along(x, indices, axis)


def scatter_add(a: Array, dim: int, index: Array, source: Array) -> None:
    """See `numpy_gather.scatter_add`."""
    if (
        index.size >= SMALLEST_ADD
        and a.flags.c_contiguous
        and index.shape == source.shape
        and _fits(a.shape, index, dim)
    ):
        index = np.ascontiguousarray(index, np.int64)
        numpy_gather.check_range(index, a.shape[dim], dim)
        if _add(a, dim, index, source):
            return
    numpy_gather.scatter_add(a, dim, index, source)


def _add(a: Array, dim: int, index: Array, source: Array) -> bool:
    """Adds elements at places, if there is a kernel for it."""
    if a.dtype.char not in "fd" or source.dtype != a.dtype or (run := _SCATTER.get(a.dtype)) is None:
        return False
    n, m, inner = a.shape[dim], index.shape[dim], math.prod(a.shape[dim + 1 :])
    outer = index.size // (m * inner)
    stripe = max(16, -(-inner // (2 * get_threads())))
    stripes = -(-inner // stripe)
    source, index = np.ascontiguousarray(source), np.ascontiguousarray(index, np.int64)
    pieces = outer * stripes
    run(pieces, share(pieces, m * min(stripe, inner)), a, index, source, n, m, inner, stripe, stripes)
    return True


def put_along(values: Array, indices: Array, axis: int, shape: tuple[int, ...]) -> Array:
    """See `numpy_reduction.put_along`; all places are within the array."""
    if indices.size >= SMALLEST_ADD and indices.shape == values.shape and _fits(shape, indices, axis):
        found = np.zeros(shape, values.dtype)
        if _add(found, axis, indices, values):
            return found
    return numpy_reduction.put_along(values, indices, axis, shape)


def put_one(values: Array, indices: Array, axis: int, shape: tuple[int, ...]) -> Array:
    """See `numpy_reduction.put_one`; all places are within the array."""
    if indices.size >= SMALLEST_ADD and indices.shape == values.shape and _fits(shape, indices, axis):
        found = np.zeros(shape, values.dtype)
        if _add(found, axis, indices, values):
            return found
    return numpy_reduction.put_one(values, indices, axis, shape)
