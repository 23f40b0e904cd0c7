"""Distances between points, on arrays."""

import numpy as np

from .numpy_common import c_einsum, constant, row_sums

Array = np.ndarray


# From how many rows on Euclidean distances are computed by a product of matrices, as in PyTorch.
MANY = 26


def quick_distances(x: Array, y: Array) -> Array:
    """Euclidean `distances` by a product: quicker, but less precise for points that are close to each other."""
    squares, others = row_sums(x * x), row_sums(y * y)
    found = np.matmul(x, y.swapaxes(-1, -2)) if x.ndim > 2 else x.dot(y.T)
    np.multiply(found, constant(-2, found.dtype), found)
    np.add(found, squares[..., None] + others[..., None, :], found)
    np.maximum(found, constant(0, found.dtype), out=found)
    return np.sqrt(found, found)  # type: ignore[no-any-return]


def quick_slope(grad: Array, x: Array, other: Array, result: Array) -> Array:
    """The gradient of Euclidean distances by the points `x`, by a product."""
    shares = np.divide(grad, result, out=np.zeros_like(result), where=result != 0)
    return x * shares.sum(-1, keepdims=True) - np.matmul(shares, other)


def distances(x: Array, y: Array, p: float, maximum: np.ufunc = np.fmax) -> Array:
    """The p-norms of the differences between all rows of two (batches of) matrices.

    Args:
        x, y: the matrices.
        p: the norm.
        maximum: what finds the largest difference, with or without NaN.
    """
    apart = x[..., :, None, :] - y[..., None, :, :]
    if p == 2:
        return np.sqrt(c_einsum("...i,...i->...", apart, apart) if apart.size else apart.sum(-1))
    apart = np.abs(apart)
    if p == 1:
        return apart.sum(-1)
    if p == 0:
        return np.where(apart != apart, apart, apart != 0).sum(-1, dtype=x.dtype)
    if p == np.inf:
        return np.asarray(maximum.reduce(apart, -1, initial=0))
    return (apart**p).sum(-1) ** (1 / p)
