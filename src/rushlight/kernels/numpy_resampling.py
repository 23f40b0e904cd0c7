"""Resampling of images as matrices, one for each axis: which input entries make up an output entry, and how much."""

from functools import lru_cache

import numpy as np

Array = np.ndarray


def _sources(kind: str, new: int, old: int, scale: float, align: bool) -> Array:
    """Where the output entries lie among the input entries, as PyTorch counts: in single precision."""
    places = np.arange(new, dtype=np.float32)
    step = np.float32(scale)
    if kind == "nearest":
        return np.minimum(np.floor(places * step), old - 1)
    if kind == "nearest-exact":
        return np.minimum(np.floor((places + np.float32(0.5)) * step), old - 1)
    if align:
        return places * np.float32((old - 1) / (new - 1) if new > 1 else 0.0)
    found = (places + np.float32(0.5)) * step - np.float32(0.5)
    return found if kind == "cubic" else np.maximum(found, np.float32(0))


def _cubic(t: Array) -> list[Array]:
    """The weights of the four neighbours at distances t + 1, t, 1 - t and 2 - t (convolution with a = -0.75)."""
    a = -0.75

    def inner(x: Array) -> Array:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def outer(x: Array) -> Array:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [outer(t + 1), inner(t), inner(1 - t), outer(2 - t)]


@lru_cache(maxsize=64)
def matrix(kind: str, new: int, old: int, scale: float, align: bool, dtype: np.dtype) -> Array:
    """The matrix ``(new, old)`` that resamples an axis.

    Args:
        kind: ``"nearest"``, ``"nearest-exact"``, ``"linear"`` or ``"cubic"``.
        new, old: the sizes.
        scale: the step in the input for one step in the output.
        align: whether the first and last entries of both lie over each other.
        dtype: of the matrix.
    """
    at = _sources(kind, new, old, scale, align)
    found = np.zeros((new, old), np.float64)
    rows = np.arange(new)
    first = np.floor(at).astype(np.int64)
    share = (at - first).astype(np.float64)
    if kind.startswith("nearest"):
        found[rows, first] = 1
    elif kind == "linear":
        first = np.minimum(first, old - 1)
        np.add.at(found, (rows, first), 1 - share)
        np.add.at(found, (rows, np.minimum(first + 1, old - 1)), share)
    else:
        for i, weight in enumerate(_cubic(share)):
            np.add.at(found, (rows, np.clip(first + i - 1, 0, old - 1)), weight)
    found = found.astype(dtype)
    found.flags.writeable = False
    return found


def resample(x: Array, matrices: tuple[Array, ...]) -> Array:
    """Multiplies each of the last axes by its matrix."""
    for i, m in enumerate(reversed(matrices)):
        axis = x.ndim - 1 - i
        x = np.moveaxis(np.matmul(np.moveaxis(x, axis, -1), m.T), -1, axis)
    return x if x.base is None else x.copy()
