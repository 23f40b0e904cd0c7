"""Entries of one dimension at the places a vector names: compiled for large arrays, NumPy otherwise.

Functions and arguments are those of `numpy_indexing`.
"""

import math
from typing import Any

import numpy as np

from . import numpy_indexing
from .dispatch import Kernel, get_threads, share

Array = np.ndarray

# From how many elements on the compiled kernels are worth their call.
SMALLEST = 16384

# The same where at least so many elements lie side by side: NumPy moves them at once.
SMALLEST_ROWS, _SHORTEST_ROW = 1 << 18, 16

_TAKE, _ADD = (Kernel("entries", name, common=False) for name in ("take", "add"))

# Letters of the types that the bytes of elements are moved as.
_MOVED = {4: "f", 8: "d"}


def _places(index: Array, n: int, negative: bool = False) -> Array | None:
    """The index as a vector of places, or None if one is out of range."""
    if not index.size:
        return None
    index = np.ascontiguousarray(index, np.int64).reshape(-1)
    if int(index.view(np.uint64).max()) < n:  # as such, negative numbers are large
        return index
    if not negative or index.min() < -n or index.max() >= n:
        return None
    return np.where(index < 0, index + n, index)


def _taken(a: Array, dim: int, index: Array, negative: bool) -> Array | None:
    """The entries, or None where NumPy has to find them, or to refuse a place."""
    code = _MOVED.get(a.itemsize)
    if not a.ndim or code is None or a.dtype.kind not in "fiu" or type(a) is not np.ndarray:
        return None
    outer, n, inner = math.prod(a.shape[:dim]), a.shape[dim], math.prod(a.shape[dim + 1 :])
    least = SMALLEST if inner < _SHORTEST_ROW else SMALLEST_ROWS
    if outer * inner * index.size < least or outer * inner == 1 or not a.flags.c_contiguous:
        return None
    if (run := _TAKE.get(np.dtype(code))) is None or (places := _places(index, n, negative)) is None:
        return None
    found = np.empty((*a.shape[:dim], *index.shape, *a.shape[dim + 1 :]), a.dtype)
    pieces, size = (outer, places.size) if inner == 1 else (outer * places.size, inner)
    run(pieces, share(pieces, size), a.view(code), places, found.view(code), n, places.size, inner)
    return found


def _added(a: Array, dim: int, index: Array, values: Array, negative: bool) -> bool:
    """Adds entries to those of an array at the places, if there is a kernel for it."""
    if a.dtype.char not in "fd" or values.dtype != a.dtype or values.size < SMALLEST or not a.flags.c_contiguous:
        return False
    outer, n, inner = math.prod(a.shape[:dim]), a.shape[dim], math.prod(a.shape[dim + 1 :])
    if outer * inner == 1 or (run := _ADD.get(a.dtype)) is None:
        return False
    if (places := _places(index, n, negative)) is None:
        return False
    stripe = max(64, -(-inner // (2 * get_threads())))
    stripes = -(-inner // stripe)
    pieces = outer * stripes
    size = places.size * min(stripe, inner)
    run(pieces, share(pieces, size), a, places, np.ascontiguousarray(values), n, places.size, inner, stripe, stripes)
    return True


def index_select(a: Array, dim: int, index: Array) -> Array:
    """See `numpy_indexing.index_select`."""
    if a.size >= SMALLEST and (found := _taken(a, dim, index, False)) is not None:
        return found
    return numpy_indexing.index_select(a, dim, index)


def index_add(a: Array, dim: int, index: Array, source: Array, alpha: Any) -> None:
    """See `numpy_indexing.index_add`."""
    if source.size < SMALLEST or alpha != 1 or not _added(a, dim, index, source, False):
        numpy_indexing.index_add(a, dim, index, source, alpha)


def index(a: Array, indices: list[Array], dims: Any) -> Array:
    """See `numpy_indexing.index`."""
    if a.size >= SMALLEST and len(indices) == 1 and indices[0].dtype.kind != "b" and 1 not in a.shape:
        one = indices[0]
        if (one.ndim < 2 or one.flags.c_contiguous) and (found := _taken(a, dims[0], one, True)) is not None:
            return found
    return numpy_indexing.index(a, indices, dims)


def put(a: Array, indices: list[Array], values: Array, dims: Any, accumulate: bool) -> None:
    """See `numpy_indexing.put`."""
    if accumulate and len(indices) == 1 and values.size >= SMALLEST and indices[0].dtype.kind != "b":
        one, dim = indices[0], dims[0]
        fits = values.shape == (*a.shape[:dim], *one.shape, *a.shape[dim + 1 :])
        if fits and not np.may_share_memory(a, values) and _added(a, dim, one, values, True):
            return
    numpy_indexing.put(a, indices, values, dims, accumulate)


def add_at_index(whole: Array, values: Array, indices: list[Array], dims: Any) -> None:
    """See `numpy_indexing.add_at_index`."""
    if len(indices) == 1 and indices[0].dtype.kind != "b" and _added(whole, dims[0], indices[0], values, True):
        return
    numpy_indexing.add_at_index(whole, values, indices, dims)


def index_backward(grad: Array, shape: Any, indices: list[Array], dims: Any) -> Array:
    """See `numpy_indexing.index_backward`."""
    whole = np.zeros(shape, grad.dtype)
    add_at_index(whole, grad, indices, dims)
    return whole
