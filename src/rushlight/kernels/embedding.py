"""Embeddings: the compiled kernels from some size on, else NumPy's.

The arguments and results are those of the functions of the same names in `numpy_loss`.
"""

import numpy as np

from . import numpy_loss
from .dispatch import Kernel, get_threads, share
from .numpy_common import out_of_range

Array = np.ndarray

# From how many elements that are looked up on the compiled kernels are quicker.
SMALLEST, SMALLEST_BACKWARD = 65536, 512

_GATHER, _SCATTER = Kernel("embedding", "gather"), Kernel("embedding", "scatter")


def embedding(weight: Array, indices: Array) -> Array:
    """The rows of `weight`, `(rows, D)`, that `indices` name: `(*indices, D)`.

    Raises:
        IndexError: an index is outside of the table.
        RuntimeError: that is so, and the table has no elements.
    """
    rows, width = weight.shape
    large = indices.size * width >= SMALLEST and indices.size > 0 and weight.flags.c_contiguous
    run = _GATHER.get(weight.dtype) if large else None
    if run is None:
        return numpy_loss.embedding(weight, indices)
    if not (indices.min() >= 0 and indices.max() < rows):
        raise out_of_range(weight, 0, indices)
    result = np.empty((*indices.shape, width), weight.dtype)
    indices = np.ascontiguousarray(indices, np.int64)
    run(indices.size, share(indices.size, width), weight, indices, result, width)
    return result


def embedding_backward(g: Array, indices: Array, rows: int, padding_idx: int, scale_grad_by_freq: bool) -> Array:
    """The gradient of `embedding` by its table."""
    found = None if g.size < SMALLEST_BACKWARD or scale_grad_by_freq else sums_of_rows(g, indices, rows, padding_idx)
    if found is None:
        return numpy_loss.embedding_backward(g, indices, rows, padding_idx, scale_grad_by_freq)
    return found


def sums_of_rows(g: Array, indices: Array, rows: int, padding_idx: int = -1) -> Array | None:
    """A matrix of so many rows, each the sum of the rows of `g` whose index names it; None where NumPy has to add.

    Args:
        g: shape ``(*indices.shape, D)``.
        indices: each in 0 .. rows - 1.
        rows: how many rows there are.
        padding_idx: an index that is left out.
    """
    if (run := _SCATTER.get(g.dtype)) is None:
        return None
    width = g.shape[-1]
    result = np.empty((rows, width), g.dtype)
    g, indices = np.ascontiguousarray(g), np.ascontiguousarray(indices, np.int64)
    part = -(-rows // (2 * get_threads())) or 1
    run(-(-rows // part), 1, g, indices, result, indices.size, width, rows, part, padding_idx)
    return result
