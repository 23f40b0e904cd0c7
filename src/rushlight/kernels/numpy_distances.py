"""Distances between points, on arrays."""

import numpy as np

Array = np.ndarray


def distances(x: Array, y: Array, p: float) -> Array:
    """The p-norms of the differences between all rows of two (batches of) matrices."""
    apart = np.abs(x[..., :, None, :] - y[..., None, :, :])
    if p == 2:
        return np.sqrt(np.einsum("...i,...i->...", apart, apart) if apart.size else apart.sum(-1))
    if p == 1:
        return apart.sum(-1)
    if p == 0:
        return (apart != 0).sum(-1).astype(x.dtype)
    if p == np.inf:
        return apart.max(-1, initial=0)
    return (apart**p).sum(-1) ** (1 / p)
