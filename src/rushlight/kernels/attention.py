"""Scaled dot-product attention: the compiled kernels from some size on, else NumPy's.

The arguments and results are those of the functions of the same names in `numpy_attention`.
"""

from typing import Any

import numpy as np

from . import numpy_attention
from .cache import register_bytes
from .dispatch import Kernel, get_threads, scratch

Array = np.ndarray

# From how many multiplications on the compiled kernels are quicker.
SMALLEST = 1 << 16

# How many queries are taken at a time: a multiple of the rows that are multiplied at once.
_BLOCK = 48

_FORWARD, _BACKWARD = Kernel("attention", "forward", common=False), Kernel("attention", "backward", common=False)


def _usable(query: Array, key: Array, value: Array) -> bool:
    n, heads, length, width = query.shape
    same = query.dtype == key.dtype == value.dtype and key.shape[1] == heads and value.shape[3] == width
    return same and n * heads * length * key.shape[2] * width >= SMALLEST and query.dtype.char in "fd"


def _rows(x: Array) -> Array:
    """The array with the elements of a row side by side."""
    return x if x.strides[-1] == x.itemsize and min(x.strides) >= 0 else np.ascontiguousarray(x)


def _steps(x: Array | None) -> tuple[int, ...]:
    return (0, 0, 0) if x is None else tuple([s // x.itemsize for s in x.strides[:3]])


def _added(mask: Array | None, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array | None:
    """A mask as numbers to add, which lies row by row and is seen in the shape of the scores."""
    if mask is None:
        return None
    if mask.dtype == np.bool_:
        mask = np.where(mask, dtype.type(0), dtype.type(-np.inf))
    if mask.shape[-1] != shape[-1]:
        mask = np.broadcast_to(mask, (*mask.shape[:-1], shape[-1]))
    return np.broadcast_to(np.ascontiguousarray(mask, dtype), shape)


def _run(
    kernel: Any, pieces: int, grain: int, room: int, arrays: list[Any], steps: list[Any], query: Array, keys: int,
    causal: bool, scale: float,
) -> None:  # fmt: skip
    _, heads, length, width = query.shape
    memory = scratch(room * get_threads(), query.dtype)
    sizes = heads, length, keys, width, _BLOCK, causal, room, type(arrays[3]) is not int
    apart = [s for x in steps for s in _steps(x)]
    kernel(pieces, grain, *arrays, memory, 0, *sizes, *apart, float(scale))


def attention(
    query: Array, key: Array, value: Array, mask: Array | None, causal: bool, scale: float
) -> tuple[Array, Array]:
    """See `numpy_attention.attention`."""
    if not _usable(query, key, value) or (run := _FORWARD.get(query.dtype)) is None:
        return numpy_attention.attention(query, key, value, mask, causal, scale)
    (n, heads, length, width), keys = query.shape, key.shape[2]
    result, sums = np.empty_like(query), np.empty((n, heads, length), query.dtype)
    q, k, v = _rows(query), _rows(key), _rows(value)
    into = result if result.strides[-1] == result.itemsize else np.empty(result.shape, result.dtype)
    added = _added(mask, (n, heads, length, keys), query.dtype)
    spare = 4 * register_bytes() // q.itemsize
    room = width * (keys + spare) + keys * (width + spare) + _BLOCK * keys + spare
    blocks = -(-length // _BLOCK)
    pieces = n * heads * blocks
    grain = blocks if n * heads >= 2 * get_threads() else max(1, pieces // (2 * get_threads()))
    arrays = [q, k, v, 0 if added is None else added, into, sums, 0, 0, 0, 0]
    _run(run, pieces, grain, room, arrays, [q, k, v, into, added, *[None] * 4], q, keys, causal, scale)
    if into is not result:
        result[...] = into
    return result, sums


def attention_backward(
    g: Array, query: Array, key: Array, value: Array, mask: Array | None, causal: bool, scale: float, result: Array,
    logsumexp: Array, needs: tuple[bool, bool, bool],
) -> tuple[Array, Array, Array]:  # fmt: skip
    """See `numpy_attention.attention_backward`."""
    usable = _usable(query, key, value) and g.dtype == query.dtype
    if not usable or (run := _BACKWARD.get(query.dtype)) is None:
        how = mask, causal, scale, result, logsumexp, needs
        return numpy_attention.attention_backward(g, query, key, value, *how)
    (n, heads, length, width), keys = query.shape, key.shape[2]
    q, k, v, g, out = (_rows(x) for x in (query, key, value, g, result))
    found = [np.empty(x.shape, x.dtype) for x in (query, key, value)]
    added = _added(mask, (n, heads, length, keys), query.dtype)
    spare = 4 * register_bytes() // q.itemsize
    room = 2 * width * (keys + spare) + (keys + 2 * _BLOCK) * (width + spare) + 2 * _BLOCK * keys + spare
    arrays = [q, k, v, 0 if added is None else added, out, np.ascontiguousarray(logsumexp), g, *found]
    _run(run, n * heads, 1, room, arrays, [q, k, v, out, added, g, *found], q, keys, causal, scale)
    return tuple(found)  # type: ignore[return-value]
