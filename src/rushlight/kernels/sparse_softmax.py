"""Softmax of sparse arrays: over the entries that are there, as if all others were minus infinity."""

from typing import Any

import numpy as np

from .sparse import Array, SparseArray


def softmax(a: SparseArray, dim: int, log: bool) -> SparseArray:
    """The softmax along a dimension, or its logarithm; coalesced."""
    a = a.coalesce()
    largest, place = _along(a, a.values, dim, np.maximum, -np.inf)
    shifted = a.values - largest[place]
    powers = np.exp(shifted)
    sums, place = _along(a, powers, dim, np.add, 0)
    values = shifted - np.log(sums)[place] if log else powers / sums[place]
    return a.with_values(values.astype(a.dtype, copy=False))


def softmax_backward(grad: SparseArray, result: SparseArray, dim: int, log: bool) -> SparseArray:
    """The gradient of `softmax`, from one with the places of the result."""
    g, y = grad.values, result.values
    sums, place = _along(result, g if log else g * y, dim, np.add, 0)
    return result.with_values(g - np.exp(y) * sums[place] if log else y * (g - sums[place]))


def _along(a: SparseArray, values: Array, dim: int, reduce: np.ufunc, start: float) -> tuple[Array, Any]:
    """Values of the entries of an array reduced along a dimension, and where each entry finds its own."""
    if dim >= a.sparse_dim:
        axis = dim - a.sparse_dim + 1
        return reduce.reduce(values, axis=axis, keepdims=True), ...
    others = np.delete(a.indices, dim, axis=0)
    _, group = np.unique(others, axis=1, return_inverse=True)
    group = group.reshape(-1)
    found = np.full((int(group.max(initial=-1)) + 1, *values.shape[1:]), start, values.dtype)
    reduce.at(found, group, values)
    return found, group
