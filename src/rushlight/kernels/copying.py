"""Copies of large arrays into another order in memory, by several threads."""

import functools
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from . import pointwise
from .dispatch import Kernel, share

Array = np.ndarray

# From how many elements on the compiled kernel is quicker: where the order changes, and where it does not.
SMALLEST, _SMALLEST_AS_IT_IS = 1 << 16, 1 << 19

# The same for arrays put together, and how many elements must lie side by side at least in each of these.
SMALLEST_JOINED, _SHORTEST = 1 << 20, 16

# From how many elements on several threads set them all to a number more quickly.
SMALLEST_FILLED = 1 << 18

_COPY = Kernel("copying", "copy", common=False)

_SQUARE = 32  # as in compiled/copying.py

# Elements of a row of arrays without rows.
_ROW = 1024

# Letters of the types that the bytes of elements are moved as.
_MOVED = {4: "f", 8: "d"}


def copy_into(target: Array, source: Array) -> None:
    """Copies elements of one type and shape; the arrays share no memory."""
    if target.size < SMALLEST or not _copied(target, source):
        target[...] = source


@functools.cache
def _filling() -> Kernel:
    return pointwise.kernel("fill", "s|x0")


def fill(a: Array, value: Any) -> None:
    """Sets every element to a number."""
    if a.size < SMALLEST_FILLED or a.itemsize not in _MOVED or type(a) is not np.ndarray or not a.flags.c_contiguous:
        a.fill(value)
        return
    kind = a.dtype.kind
    exact = kind == "f" or (kind in "iu" and value == 0)
    if not exact or (run := _filling().get(np.dtype(_MOVED[a.itemsize]))) is None:
        a.fill(value)
        return
    run(a.size, pointwise.piece(a.size), float(value), a.view(_MOVED[a.itemsize]))


def in_rows(a: Array) -> Array:
    """A copy of the array that lies row by row."""
    if 0 in a.strides and a.dtype.kind in "fiu" and (code := _MOVED.get(a.itemsize)) and type(a) is np.ndarray:
        # What repeats itself is read once.
        made = pointwise.copied_in_rows(a.view(code)) if a.strides[-1] in (0, a.itemsize) else None
        if made is not None:
            return made.view(a.dtype)  # type: ignore[no-any-return]
    found = np.empty(a.shape, a.dtype)
    copy_into(found, a)
    return found


def repeated(a: Array, repeats: Sequence[int]) -> Array:
    """`numpy.tile`."""
    shape = (1,) * (len(repeats) - a.ndim) + a.shape
    if a.size and a.flags.c_contiguous and sum([r != 1 for r in repeats]) == 1:
        axis = next(i for i, r in enumerate(repeats) if r != 1)
        found = a.reshape(prod(shape[:axis]), -1).repeat(repeats[axis], 0)
        return found.reshape([r * n for r, n in zip(repeats, shape, strict=True)])
    pairs = [n for pair in zip(repeats, shape, strict=True) for n in pair]
    found = np.empty(pairs, a.dtype)
    once = a.reshape([n for m in shape for n in (1, m)])
    if found.size < SMALLEST:
        found[...] = once
    else:
        copy_into(found, np.broadcast_to(once, pairs))
    return found.reshape([r * n for r, n in zip(repeats, shape, strict=True)])


def join(arrays: Sequence[Array], axis: int) -> Array:
    """`numpy.concatenate` of arrays of one type."""
    first = arrays[0]
    size = sum([a.shape[axis] for a in arrays])
    if all([a.flags.c_contiguous for a in arrays]) and (
        size * (first.size // max(first.shape[axis], 1)) < SMALLEST_JOINED or prod(first.shape[axis:]) < _SHORTEST
    ):
        return np.concatenate(arrays, axis)
    found = np.empty((*first.shape[:axis], size, *first.shape[axis + 1 :]), first.dtype)
    before, start = (slice(None),) * axis, 0
    for a in arrays:
        copy_into(found[(*before, slice(start, start + a.shape[axis]))], a)
        start += a.shape[axis]
    return found


def _copied(target: Array, source: Array) -> bool:
    """Copies by the compiled kernel, if it can."""
    code = _MOVED.get(target.itemsize)
    plain = target.dtype == source.dtype and target.dtype.kind in "fiuc" and target.shape == source.shape
    if code is None or not plain or type(source) is not np.ndarray or type(target) is not np.ndarray:
        return False
    if (run := _COPY.get(np.dtype(code))) is None:
        return False
    # Where both lie row by row, rows of any length do.
    if target.flags.c_contiguous and source.flags.c_contiguous:
        if target.size < _SMALLEST_AS_IT_IS:
            return False
        whole = target.size // _ROW * _ROW
        flat, other = target.reshape(-1), source.reshape(-1)
        flat[whole:] = other[whole:]
        target, source = flat[:whole].reshape(-1, _ROW), other[:whole].reshape(-1, _ROW)
        sizes, to, of = [1, 1, 1, 1, *target.shape], [0, 0, 0, 0, _ROW, 1], [0, 0, 0, 0, _ROW, 1]
        run(-(-len(target) // _SQUARE), 1, target, source, *sizes, *to, *of)
        return True
    size = target.itemsize
    if (
        target.size < _SMALLEST_AS_IT_IS
        and size == target.strides[-1] == source.strides[-1]
        and target.shape[-1] >= _SHORTEST
    ):
        return False  # rows stay rows, and are moved at once
    steps = _steps(target, source)
    if steps is None:
        return False
    sizes, to, of = steps
    pieces = prod(sizes[:4]) * -(-sizes[4] // _SQUARE)
    run(pieces, share(pieces, min(sizes[4], _SQUARE) * sizes[5]), target, source, *sizes, *to, *of)
    return True


def _steps(target: Array, source: Array) -> tuple[list[int], list[int], list[int]] | None:
    """Six sizes, and how far apart the elements of each array are along them, or None if more are needed.

    The last dimension is the one along which the target's elements lie closest, the one before it that of the source.
    """
    size = target.itemsize
    if any(s % size for s in (*target.strides, *source.strides)):
        return None
    dims = [d for d in zip(target.shape, target.strides, source.strides, strict=True) if d[0] != 1]
    dims.sort(key=lambda d: -abs(d[1]))
    joined: list[tuple[int, int, int]] = []
    for n, to, of in dims:
        if joined and joined[-1][1] == n * to and joined[-1][2] == n * of:
            joined[-1] = joined[-1][0] * n, to, of
        else:
            joined.append((n, to, of))
    if len(joined) > 6:
        return None
    joined = [(1, 0, 0)] * (6 - len(joined)) + joined
    if joined[5][2] != size:
        closest = min(range(5), key=lambda i: abs(joined[i][2]) if joined[i][0] > 1 else 1 << 62)
        joined[4], joined[closest] = joined[closest], joined[4]
    elif joined[4][0] < _SQUARE:
        longest = max(range(5), key=lambda i: joined[i][0])
        joined[4], joined[longest] = joined[longest], joined[4]
    found: Any = ([d[0] for d in joined], [d[1] // size for d in joined], [d[2] // size for d in joined])
    return found  # type: ignore[no-any-return]
