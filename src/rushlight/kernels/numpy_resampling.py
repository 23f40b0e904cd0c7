"""Resampling of images as matrices, one for each axis: which input entries make up an output entry, and how much."""

import weakref
from functools import lru_cache
from typing import Any

import numpy as np

from rushlight.kernels.numpy_common import narrow, widen

Array = np.ndarray


def _sources(kind: str, new: int, old: int, scale: float, align: bool, dtype: np.dtype) -> Array:
    """Where the output entries lie among the input entries, as PyTorch counts: nearest ones in single precision."""
    if kind.startswith("nearest"):
        single, shift = np.arange(new, dtype=np.float32), np.float32(0.5 if kind == "nearest-exact" else 0)
        return np.minimum(np.floor((single + shift) * np.float32(scale)), old - 1)
    work: np.dtype[Any] = np.dtype(np.float64 if dtype == np.float64 else np.float32)
    places: Array = np.arange(new).astype(work)
    half = np.asarray(0.5, work)
    if align:
        return places * np.asarray((old - 1) / (new - 1) if new > 1 else 0.0, work)
    found = (places + half) * np.asarray(scale, work) - half
    return found if kind == "cubic" else np.maximum(found, 0)


def _cubic(t: Array) -> list[Array]:
    """The weights of the four neighbours at distances t + 1, t, 1 - t and 2 - t (convolution with a = -0.75)."""
    a = -0.75

    def inner(x: Array) -> Array:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def outer(x: Array) -> Array:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [outer(t + 1), inner(t), inner(1 - t), outer(2 - t)]


def _filter(kind: str, x: Array) -> Array:
    """The filters of antialiasing, by the distance in steps: a triangle, Keys's cubic with a = -0.5, or Lanczos's."""
    x = np.abs(x)
    if kind == "linear-aa":
        return np.maximum(1 - x, 0)
    if kind == "cubic-aa":
        near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
        return np.where(x < 1, near, np.where(x < 2, far, 0))
    return np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0)


_REACH = {"linear-aa": 1.0, "cubic-aa": 2.0, "lanczos-aa": 3.0}


def _smoothed(kind: str, new: int, old: int, scale: float, align: bool, dtype: np.dtype) -> Array:
    """The matrix of a resampling with antialiasing: weights sum up to one, and the filter is as wide as a step.

    An axis that keeps its size is left alone, whatever the scale.
    """
    if new == old:
        return _kept(np.eye(old, dtype=dtype), (np.arange(old), np.arange(old), np.ones(old, dtype)))
    work: np.dtype[Any] = np.dtype(np.float64 if dtype == np.float64 else np.float32)
    step = np.asarray(((old - 1) / (new - 1) if new > 1 else 0.0) if align else scale, work)
    widening = np.maximum(step, 1)
    reach = _REACH[kind] * widening
    center: Array = step * (np.arange(new) + 0.5).astype(work)[:, None]
    places = np.arange(old)
    first = np.maximum((center - reach + 0.5).astype(np.int64), 0)
    last = np.minimum((center + reach + 0.5).astype(np.int64), old)
    reached = (places >= first) & (places < last)
    weights = np.where(reached, _filter(kind, (places - center + 0.5) / widening), 0)
    totals = weights.sum(1, keepdims=True)
    found = (weights / np.where(totals == 0, 1, totals)).astype(dtype)
    rows, columns = (np.ascontiguousarray(at) for at in np.nonzero(reached))
    return _kept(found, (rows, columns, found[rows, columns]))


@lru_cache(maxsize=64)
def matrix(kind: str, new: int, old: int, scale: float, align: bool, dtype: np.dtype) -> Array:
    """The matrix ``(new, old)`` that resamples an axis.

    Args:
        kind: ``"nearest"``, ``"nearest-exact"``, ``"linear"``, ``"cubic"``; ``"linear-aa"``, ``"cubic-aa"`` or
            ``"lanczos-aa"``, whose filters widen where the output is smaller.
        new, old: the sizes.
        scale: the step in the input for one step in the output.
        align: whether the first and last entries of both lie over each other.
        dtype: of the matrix.
    """
    if kind.endswith("-aa"):
        return _smoothed(kind, new, old, scale, align, dtype)
    at = _sources(kind, new, old, scale, align, dtype)
    first = np.floor(at).astype(np.int64)
    share = (at - first).astype(np.float64)
    if kind.startswith("nearest"):
        places, weights = [first], [np.ones(new)]
    elif kind == "linear":
        first = np.minimum(first, old - 1)
        places, weights = [first, np.minimum(first + (new != old), old - 1)], [1 - share, share]
    else:
        weights = _cubic(share)
        places = [np.clip(first + i - 1, 0, old - 1) for i in range(4)]
    rows, columns, entries = np.repeat(np.arange(new), len(places)), np.stack(places, 1), np.stack(weights, 1)
    found = np.zeros((new, old), np.float64)
    np.add.at(found, (rows, columns.reshape(-1)), entries.reshape(-1))
    return _kept(found.astype(dtype), (rows, columns.reshape(-1), entries.reshape(-1).astype(dtype)))


Entries = tuple[Array, Array, Array]

# The shapes and entries of the matrices that exist, by their places in memory.
_ENTRIES: dict[int, tuple[tuple[int, ...], Entries]] = {}


def _kept(m: Array, entries: Entries) -> Array:
    """A matrix that is not changed, whose entries are known while it exists."""
    m.flags.writeable = False
    place = m.ctypes.data
    _ENTRIES[place] = m.shape, entries
    weakref.finalize(m, _ENTRIES.pop, place).atexit = False
    return m


def entries(m: Array) -> Entries:
    """The rows, columns and weights of the entries of a matrix, or of its transpose, row after row.

    The entries of a made matrix are all that PyTorch multiplies by, zeros too, of which infinite elements make NaN; an
    element at the edge may be in a row more than once.
    """
    shape, found = _ENTRIES.get(m.ctypes.data, ((), None))
    if found is not None and m.shape == shape and m.flags.c_contiguous:
        return found
    if found is not None and m.shape == shape[::-1]:
        columns, rows, weights = found
        order = np.argsort(rows, kind="stable")
        return rows[order], columns[order], weights[order]
    rows, columns = (np.ascontiguousarray(places) for places in np.nonzero(m))
    return rows, columns, m[rows, columns]


def _resample_bytes(x: Array, matrices: tuple[Array, ...]) -> Array:
    """The same for images of bytes, in whole numbers.

    The weights are multiples of the finest power of two that keeps them below 2^15, and every axis is rounded.
    """
    for i, m in enumerate(reversed(matrices)):
        axis = x.ndim - 1 - i
        bits = next((b for b in range(22) if int(0.5 + m.max() * 2 ** (b + 1)) >= 2**15), 22)
        weights = np.trunc(m * 2**bits + np.copysign(0.5, m)).astype(np.int32)
        sums = np.matmul(np.moveaxis(x, axis, -1).astype(np.int32), weights.T)
        x = np.moveaxis(np.clip((sums + (1 << (bits - 1))) >> bits, 0, 255), -1, axis)
    return x.astype(np.uint8)


def _by_entries(x: Array, m: Array) -> Array:
    """The last axis multiplied by a matrix, entry by entry: what is not among them hides infinite elements and NaN."""
    found = np.zeros((*x.shape[:-1], len(m)), np.result_type(x, m))
    for row, column, weight in zip(*entries(m), strict=True):
        found[..., row] += x[..., column] * weight
    return found


def _choice(m: Array) -> Array | None:
    """Which elements a matrix takes as they are, with the signs of their zeros; None if it weighs or adds any."""
    shape, found = _ENTRIES.get(m.ctypes.data, ((), None))
    if found is None or m.shape != shape or len(found[1]) != len(m) or not m.flags.c_contiguous:
        return None
    return found[1] if (found[2] == 1).all() else None


def resample(x: Array, matrices: tuple[Array, ...]) -> Array:
    """Multiplies each of the last axes by its matrix, the matrices of half-precision images being wider."""
    if x.dtype == np.uint8 and matrices[0].dtype.kind == "f":
        return _resample_bytes(x, matrices)
    dtype, x = x.dtype, widen(x)
    for i, m in enumerate(reversed(matrices)):
        axis = x.ndim - 1 - i
        if (chosen := _choice(m)) is not None:
            x = x.take(chosen, axis)
            continue
        last = np.moveaxis(x, axis, -1)
        x = np.moveaxis(np.matmul(last, m.T) if np.isfinite(last).all() else _by_entries(last, m), -1, axis)
    return narrow(x if x.base is None else x.copy(), dtype)
