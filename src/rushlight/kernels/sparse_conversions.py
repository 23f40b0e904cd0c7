"""Sparse arrays made from other arrays, and the gradients that are such."""

from typing import Any

import numpy as np

from .sparse import Array, SparseArray, lookup


def from_dense(a: Array, sparse_dim: int) -> SparseArray:
    """The entries of an array that are not zero, by its leading dimensions; coalesced."""
    kept = a != 0 if a.ndim == sparse_dim else (a != 0).any(tuple(range(sparse_dim, a.ndim)))
    if sparse_dim == 0:
        count = int(bool(kept))
        return SparseArray(np.empty((0, count), np.int64), a[None][:count].copy(), a.shape, True)
    indices = np.ascontiguousarray(np.argwhere(kept).T)
    return SparseArray(indices, a[tuple(indices)], a.shape, True)


def masked(a: Any, mask: SparseArray) -> SparseArray:
    """The elements of an array at the places that a sparse one has."""
    if isinstance(a, SparseArray):
        a = a.coalesce()
        places, found = lookup(mask.keys(), a)
        values = np.zeros((mask.nnz, *a.values.shape[1:]), a.dtype)
        if a.nnz:
            values[found] = a.values[places[found]]
        return mask.with_values(values)
    return mask.with_values(np.ascontiguousarray(a[tuple(mask.indices)] if mask.sparse_dim else a[None]))


def spread(grad: Any, a: SparseArray, axes: tuple[int, ...], keepdims: bool) -> SparseArray:
    """The gradient of `total` by its coalesced argument: the sums' gradients at the places that went into them."""
    a = a.coalesce()
    whole = grad.dense() if isinstance(grad, SparseArray) else grad
    if not keepdims:
        whole = np.expand_dims(whole, axes)
    return masked(np.broadcast_to(whole, a.shape), a)


def rows_gradient(grad: Array, indices: Array, rows: int, padding_idx: int, by_frequency: bool) -> SparseArray:
    """The gradient of rows taken from a table: the rows' gradients where they were taken.

    Raises:
        RuntimeError: it is to be scaled by how often rows were taken.
    """
    if by_frequency:
        raise RuntimeError("embedding_backward: scale_grad_by_freq not supported with sparse gradients")
    places, values = indices.reshape(-1).astype(np.int64), grad.reshape(-1, grad.shape[-1])
    if padding_idx >= 0:
        kept = places != padding_idx
        places, values = places[kept], values[kept]
    return SparseArray(places[None], values, (rows, grad.shape[-1]))


def gather_gradient(grad: Array, shape: tuple[int, ...], dim: int, index: Array) -> SparseArray:
    """The gradient of elements gathered along a dimension, where they were gathered."""
    if not shape:
        return SparseArray(np.empty((0, 1), np.int64), grad.reshape(1), shape)
    grad, index = np.atleast_1d(grad), np.atleast_1d(index)
    rows = list(np.indices(index.shape).reshape(index.ndim, -1))
    rows[dim % len(shape)] = index.reshape(-1)
    return SparseArray(np.stack(rows).astype(np.int64), grad.reshape(-1), shape)
