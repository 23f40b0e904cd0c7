"""Resampling of images: compiled kernels for large ones, NumPy's functions otherwise.

Functions and arguments are those of `numpy_resampling`.
"""

from math import prod

import numpy as np

from . import numpy_resampling
from .dispatch import Kernel, Launch, get_threads, ready, scratch, share

Array = np.ndarray

# From how many elements of the result on the compiled kernels are worth their calls.
SMALLEST = 4096

# Matrices that have more entries a row are multiplied by BLAS.
_MOST = 16

_ROWS, _COLUMNS = Kernel("resampling", "rows", common=False), Kernel("resampling", "columns", common=False)
_PLANES = Kernel("resampling", "planes", common=False)

matrix = numpy_resampling.matrix

# Where the rows of a matrix begin, its columns and weights, by its place in memory; the matrix is kept, so that the
# place is its own.
_ENTRIES: dict[tuple[int, bool], tuple[Array, tuple[Array, Array, Array]]] = {}


def entries(m: Array) -> tuple[Array, Array, Array]:
    """Where the entries of each row begin, their columns, and they themselves."""
    key = m.ctypes.data, m.flags.c_contiguous
    found = _ENTRIES.get(key)
    if found is None or found[0].shape != m.shape or found[0].dtype != m.dtype:
        rows, columns, weights = numpy_resampling.entries(m)
        starts = np.searchsorted(rows, np.arange(len(m) + 1))
        if len(_ENTRIES) >= 64:
            _ENTRIES.clear()
        found = _ENTRIES[key] = m, (starts, columns, weights)
    return found[1]


def resample(x: Array, matrices: tuple[Array, ...]) -> Array:
    """See `numpy_resampling.resample`."""
    size = x.size
    for m in matrices:
        size = size * len(m) // max(1, m.shape[1])
    if size < SMALLEST or x.dtype.char not in "fd" or any(m.dtype != x.dtype for m in matrices):
        return numpy_resampling.resample(x, matrices)
    dense = any(len(entries(m)[1]) > _MOST * len(m) for m in matrices)
    found = None if dense else multiply(x, matrices)
    return numpy_resampling.resample(x, matrices) if found is None else found


def multiply(x: Array, matrices: tuple[Array, ...]) -> Array | None:
    """The last dimensions multiplied by matrices of the same type, or None where there is no kernel for it."""
    if (runs := ready((_ROWS, _COLUMNS, _PLANES), x.dtype)) is None:
        return None
    x = np.ascontiguousarray(x)
    lead = x.ndim - len(matrices)
    if len(matrices) == 2 and x.shape[-1] > 1 < x.shape[-2]:
        return _planes(runs[2], x, *matrices)
    for axis, m in enumerate(matrices, lead):
        starts, columns, weights = entries(m)
        outer, n, inner = prod(x.shape[:axis]), x.shape[axis], prod(x.shape[axis + 1 :])
        y = np.empty((*x.shape[:axis], len(m), *x.shape[axis + 1 :]), x.dtype)
        if inner == 1:
            how = x, y, starts, columns, weights, n, len(m), _single(starts)
            runs[1](outer, share(outer, n + len(m)), *how)
        else:
            runs[0](outer * len(m), share(outer * len(m), 2 * inner), x, y, starts, columns, weights, n, len(m), inner)
        x = y
    return x


def _single(starts: Array) -> bool:
    """Whether every row of a matrix has one entry."""
    return bool((starts[1:] - starts[:-1] == 1).all())


def _planes(run: Launch, x: Array, down: Array, across: Array) -> Array:
    """Images multiplied by a matrix for their columns and one for their rows."""
    (high, wide), (rows, columns) = x.shape[-2:], (len(down), len(across))
    y, right = np.empty((*x.shape[:-2], rows, columns), x.dtype), entries(across)
    room = -(-wide // 16) * 16
    memory, pieces = scratch(room * get_threads(), x.dtype), y.size // columns
    sizes = high, wide, rows, columns, _single(right[0])
    run(pieces, share(pieces, 2 * (wide + columns)), x, y, *entries(down), *right, *sizes, memory, room)
    return y
