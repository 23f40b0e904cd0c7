"""Distances between points and their derivatives: compiled kernels for many, NumPy's way otherwise."""

import functools
import math

import numpy as np

from . import numpy_distances as on_numpy
from .dispatch import Kernel, share
from .numpy_distances import MANY, quick_distances, quick_slope

Array = np.ndarray

__all__ = ["MANY", "distances", "of_one_batch", "pairs", "quick_distances", "quick_slope", "slopes"]

# From how many differences on compiled distances are worth their call.
SMALLEST = 1024

_DISTANCES = Kernel("distances", "distances", common=False)
_SLOPES = Kernel("distances", "slopes", common=False)

# The compiled kernel's numbers of norms.
_NORMS = {0.0: 0, 1.0: 1, 2.0: 2, 3.0: 3, math.inf: 4}


def _run(x: Array, y: Array, p: float, shape: tuple[int, ...], pairs: bool) -> Array | None:
    """Compiled distances in an array of a shape, or None where NumPy has to find them."""
    (rows, dims), count = x.shape[-2:], y.shape[-2]
    work = math.prod(shape) * dims
    if p not in _NORMS or work < SMALLEST or x.dtype != y.dtype or x.shape[:-2] != y.shape[:-2]:
        return None
    if (run := _DISTANCES.get(x.dtype)) is None:
        return None
    found = np.empty(shape, x.dtype)
    others = np.ascontiguousarray(y.swapaxes(-1, -2))
    total = x.size // dims
    run(total, share(total, work // total), np.ascontiguousarray(x), others, found, rows, count, dims, _NORMS[p], pairs)
    return found if p != 3 else np.cbrt(found)


def of_one_batch(x: Array, y: Array) -> tuple[Array, Array]:
    """Two batches of matrices, broadcast to one shape of batches."""
    if x.shape[:-2] == y.shape[:-2]:
        return x, y
    lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    return np.broadcast_to(x, lead + x.shape[-2:]), np.broadcast_to(y, lead + y.shape[-2:])


def distances(x: Array, y: Array, p: float) -> Array:
    """See `numpy_distances.distances`; the batches broadcast."""
    x, y = of_one_batch(x, y)
    if x.size * y.shape[-2] < SMALLEST:
        return on_numpy.distances(x, y, p)
    found = _run(x, y, p, (*x.shape[:-1], y.shape[-2]), False)
    return on_numpy.distances(x, y, p) if found is None else found


def pairs(x: Array, p: float) -> Array:
    """The distances between all pairs of points, row after row of the upper triangle."""
    n = len(x)
    found = _run(x, x, p, (n * (n - 1) // 2,), True)
    if found is not None:
        return found
    upper = _few_pairs(n) if n <= 64 else np.triu_indices(n, 1)
    return np.asarray(on_numpy.distances(x, x, p, np.maximum)[upper])


@functools.cache
def _few_pairs(n: int) -> tuple[Array, Array]:
    return np.triu_indices(n, 1)


def slopes(grad: Array, x: Array, y: Array, p: float, result: Array, pairs: bool = False) -> Array | None:
    """The gradient of `distances` by the points `x`, or that of `pairs`; None where NumPy has to compute it.

    Args:
        grad: the gradient by the distances.
        x, y: the points; for `pairs` the same ones.
        p: the norm.
        result: the distances.
        pairs: whether gradients and distances are those of pairs.
    """
    (rows, dims), count = x.shape[-2:], y.shape[-2]
    work = grad.size * dims
    if p not in _NORMS or not p or work < SMALLEST or x.dtype != y.dtype or x.shape[:-2] != y.shape[:-2]:
        return None
    if grad.dtype != x.dtype or (run := _SLOPES.get(x.dtype)) is None:
        return None
    found, total = np.empty(x.shape, x.dtype), x.size // dims
    grad, x, y, result = (np.ascontiguousarray(a) for a in (grad, x, y, result))
    run(total, share(total, work // total), grad, x, y, result, found, rows, count, dims, _NORMS[p], pairs)
    return found
