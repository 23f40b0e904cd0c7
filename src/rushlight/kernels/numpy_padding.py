"""Padding of NumPy arrays, by a constant or by elements of the array itself, and its transpose.

`padding` holds two numbers for each padded dimension, (before, after), of the last dimension first; negative ones cut
off.
"""

from typing import Any

import numpy as np

from .copying import copy_into

Array = np.ndarray
Ints = tuple[int, ...]


def by_axis(padding: Ints, ndim: int) -> list[tuple[int, int, int]]:
    """The padded dimensions as (axis, before, after), the last one first."""
    return [(ndim - 1 - i // 2, padding[i], padding[i + 1]) for i in range(0, len(padding), 2)]


def constant_pad(x: Array, padding: Ints, value: Any = 0) -> Array:
    """`x` with a constant around it."""
    shape = list(x.shape)
    source, target = [slice(None)] * x.ndim, [slice(None)] * x.ndim
    for axis, before, after in by_axis(padding, x.ndim):
        n = shape[axis]
        shape[axis] = n + before + after
        source[axis] = slice(max(-before, 0), n - max(-after, 0))
        target[axis] = slice(max(before, 0), shape[axis] - max(after, 0))
    out = np.full(shape, np.asarray(value).astype(x.dtype))
    out[tuple(target)] = x[tuple(source)]
    return out


def source_index(n: int, before: int, after: int, mode: str) -> Array:
    """Which element of a dimension of size `n` stands at each place of the padded one."""
    place = np.arange(-before, n + after)
    if mode == "replicate":
        return np.clip(place, 0, n - 1)
    if mode == "circular":
        # What is left after the cuts goes around.
        start, left = max(-before, 0), n - max(-before, 0) - max(-after, 0)
        return start + (place - start) % max(left, 1)
    # The mirrors stand on the first and the last element.
    return (n - 1) - np.abs((n - 1) - np.abs(place))


def edge_pad(x: Array, padding: Ints, mode: str) -> Array:
    """`x` continued by its mirror image ("reflect"), its border ("replicate") or its other side ("circular")."""
    if min(padding, default=0) < 0:
        for axis, before, after in by_axis(padding, x.ndim):
            x = x.take(source_index(x.shape[axis], before, after, mode), axis)
        return x
    axes = by_axis(padding, x.ndim)
    shape, inside = list(x.shape), [slice(None)] * x.ndim
    for axis, before, after in axes:
        shape[axis] += before + after
        inside[axis] = slice(before, before + x.shape[axis])
    out = np.empty(shape, x.dtype)
    copy_into(out[tuple(inside)], x)
    # What stands in a corner is copied along one dimension to the border, and from there along the other.
    for axis, before, after in axes:
        if not before and not after:
            continue
        n, places = x.shape[axis], out.swapaxes(axis, 0)
        index = before + source_index(n, before, after, mode)
        for border in (slice(0, before), slice(before + n, None)):
            places[border] = places[index[border]]
    return out


def edge_fold(g: Array, shape: Ints, padding: Ints, mode: str) -> Array:
    """The transpose of `edge_pad`: every element goes back, and is added, to where it came from.

    Args:
        g: like the padded array.
        shape: of the array that was padded.
        padding: as for `edge_pad`.
        mode: as for `edge_pad`.
    """
    for axis, before, after in by_axis(padding, g.ndim):
        n = shape[axis]
        if not (before or after):
            continue
        cut = before < 0 or after < 0
        sums = (np.zeros if cut else np.empty)((*g.shape[:axis], n, *g.shape[axis + 1 :]), g.dtype)
        to, out = np.moveaxis(sums, axis, 0), np.moveaxis(g, axis, 0)
        # The places between the pads map one to one; only those of the pads are added one by one.
        first, last = max(before, 0), len(out) - max(after, 0)
        copy_into(to[first - before : last - before], out[first:last])
        index = source_index(n, before, after, mode)
        for place in (*range(first), *range(last, len(out))):
            to[index[place]] += out[place]
        g = sums
    return g
