"""Discrete Fourier transforms: compiled for many points, if their number has no prime factor above 31, else SciPy's.

Functions and arguments are those of `numpy_fourier`.
"""

from functools import cache, lru_cache
from math import isqrt, prod, sqrt
from typing import Any, NamedTuple

import numpy as np

from . import numpy_fourier
from .cache import register_bytes
from .copying import in_rows
from .dispatch import Kernel, get_threads, scratch, share
from .numpy_fourier import COUNT, NONE, ROOT

__all__ = ["COUNT", "NONE", "ROOT", "c2c", "c2r", "r2c"]

Array = np.ndarray
Axes = tuple[int, ...]

# From how many numbers on the compiled kernel is worth its call.
SMALLEST = 4096

# How many points one piece of work transforms at least and at most. Longer lines are taken for matrices.
_LEAST, MOST = 6, 2048

# How many frequencies of a long line are a piece of work.
_BLOCK = 8192

# The factors that passes transform; those above 5 all in the same way.
_RADICES = 4, 2, 5, 3, 7, 11, 13, 17, 19, 23, 29, 31

# How lines lie in memory, and what is done besides, as in compiled/fourier.py.
_ROWS, _COLUMNS, _REAL_COLUMNS = 0, 1, 2
_NOTHING, _HALF, _WHOLE, _FROM_HALF, _TWIDDLE = 0, 1, 2, 3, 4

_TRANSFORM, _SEPARATE, _JOIN = (Kernel("fourier", name, common=False) for name in ("transform", "separate", "join"))
_REAL: dict[str, np.dtype[Any]] = {
    "f": np.dtype(np.float32), "d": np.dtype(np.float64), "F": np.dtype(np.float32), "D": np.dtype(np.float64),
}  # fmt: skip


# ---------------------------------------------------------------------------------------------- tables
class _Plan(NamedTuple):
    """The factors of a number of points, and the roots of unity that each pass multiplies by."""

    factors: Array
    table: Array


def _turns(numbers: Array, points: int, dtype: np.dtype[Any]) -> Array:
    """For each number k, ``exp(-2 pi i k / points)`` as two numbers."""
    angle = (-2 * np.pi / points) * (numbers % points)
    return np.stack([np.cos(angle), np.sin(angle)], -1).astype(dtype)


def _factors(points: int) -> list[int] | None:
    """What the passes transform one after the other, or None if there is a prime factor that none transforms."""
    found = []
    for radix in _RADICES:
        while points % radix == 0:
            points //= radix
            found.append(radix)
    return found if points == 1 else None


@lru_cache(64)
def _plan(points: int, dtype: np.dtype[Any]) -> _Plan | None:
    factors = _factors(points)
    if factors is None or not factors:
        return None
    parts, left = [], points
    for radix in factors:
        parts.append(_turns(np.outer(np.arange(left // radix), np.arange(1, radix)), left, dtype).reshape(-1))
        left //= radix
        if radix > 5:
            parts.append(_turns(np.arange(radix), radix, dtype).reshape(-1))
    return _Plan(np.array(factors, np.int64), np.concatenate(parts))


@lru_cache(16)
def _roots(points: int, dtype: np.dtype[Any]) -> Array:
    return _turns(np.arange(points // 2 + 1), points, dtype)


@lru_cache(4)
def _twiddles(rows: int, columns: int, dtype: np.dtype[Any]) -> Array:
    """What the numbers of a line that is taken for a matrix are multiplied by between the two transforms."""
    return _turns(np.outer(np.arange(rows), np.arange(columns)), rows * columns, dtype)


@cache
def _cut(points: int) -> tuple[int, int] | None:
    """The sides, about as long as each other, of the matrix that a long line is taken for; None if there is none."""
    for rows in range(isqrt(points), _LEAST, -1):
        if points % rows == 0 and _factors(rows) and points // rows <= MOST and _factors(points // rows):
            return rows, points // rows
    return None


# ---------------------------------------------------------------------------------------------- lines
def _run(
    source: Array, target: Array, outer: int, lines: int, how: tuple[int, int], slots: tuple[int, int], points: int,
    besides: int, forward: bool, factor: float, more: Array | None = None,
) -> bool:  # fmt: skip
    """Transforms all lines, `outer` blocks of `lines`, if there is a kernel for them.

    Args:
        source, target: arrays without gaps, which may be the same one.
        outer, lines: how many blocks of how many lines.
        how: how the source's and the target's lines lie.
        slots: how many real numbers a line of either has.
        points: of the complex transform.
        besides: what else is done.
        forward: the direction.
        factor: what the result is multiplied by.
        more: the table for what else is done.
    """
    dtype = _REAL[source.dtype.char]
    plan, run = _plan(points, dtype), _TRANSFORM.get(dtype)
    if plan is None or run is None:
        return False
    lanes = register_bytes() // dtype.itemsize
    blocks, room = -(-lines // lanes), max(*slots, 2 * points)
    steps = [n if way == _ROWS else lines for n, way in zip(slots, how, strict=True)]
    memory = scratch(get_threads() * 2 * room * lanes, dtype)
    more = plan.table if more is None else more
    run(outer * blocks, share(outer * blocks, 4 * points * lanes), source, target, *how, *slots, *steps, lines, blocks,
        points, plan.factors, len(plan.factors), plan.table, memory, room, besides, more,
        not forward, factor)  # fmt: skip
    return True


def _sizes(x: Array, axis: int) -> tuple[int, int]:
    """How many elements there are before a dimension and after it."""
    return prod(x.shape[:axis]), prod(x.shape[axis + 1 :])


def _suits(points: int, lines: int, dtype: np.dtype[Any]) -> bool:
    """Whether so many lines of so many points are enough for the kernel and not too long for one piece of work."""
    enough = points * lines >= SMALLEST and 2 * lines * dtype.itemsize >= register_bytes()
    return enough and _LEAST <= points <= MOST


def _complex_lines(x: Array, target: Array, axis: int, forward: bool, factor: float) -> bool:
    """The transform of complex numbers along one dimension, if there is a kernel for it."""
    n, (outer, inner), dtype = x.shape[axis], _sizes(x, axis), _REAL[x.dtype.char]
    slots = 2 * n, 2 * n
    if _suits(n, outer * inner, dtype):
        if inner == 1:
            return _run(x, target, 1, outer, (_ROWS, _ROWS), slots, n, _NOTHING, forward, factor)
        return _run(x, target, outer, inner, (_COLUMNS, _COLUMNS), slots, n, _NOTHING, forward, factor)
    return inner == 1 and n > MOST and _long_lines(x, target, outer, n, forward, factor)


def _long_lines(x: Array, target: Array, lines: int, n: int, forward: bool, factor: float) -> bool:
    """The transform of long lines of complex numbers, if there is a kernel for it.

    Each is taken for a matrix, whose columns are transformed, then, multiplied by twiddles, its rows, and which is then
    transposed (Bailey, FFTs in external or hierarchical memory, 1990).
    """
    dtype = _REAL[x.dtype.char]
    if (sides := _cut(n)) is None:
        return False
    rows, columns = sides
    first = np.empty(lines * n, x.dtype)
    slots, twiddles = (2 * rows, 2 * rows), _twiddles(rows, columns, dtype)
    done = _run(x, first, lines, columns, (_COLUMNS, _COLUMNS), slots, rows, _TWIDDLE, forward, 1.0, twiddles)
    slots = 2 * columns, 2 * columns
    return done and _run(first, target, lines, rows, (_ROWS, _COLUMNS), slots, columns, _NOTHING, forward, factor)


def _real_lines(x: Array, axis: int, onesided: bool, factor: float) -> Array | None:
    """The transform of real numbers along one dimension, or None if there is no kernel for it."""
    (outer, inner), dtype, n = _sizes(x, axis), _REAL[x.dtype.char], x.shape[axis]
    h, made = n // 2, n // 2 + 1 if onesided else n
    long = inner == 1 and h > MOST
    if n % 2 or not (long or _suits(h, outer * inner, dtype)):
        return None
    target = np.empty((*x.shape[:axis], made, *x.shape[axis + 1 :]), np.result_type(x.dtype, np.complex64))
    if long:
        spectra = np.empty((outer, h), target.dtype)
        if (run := _SEPARATE.get(dtype)) is None or not _complex_lines(
            x.reshape(outer, n).view(target.dtype), spectra, 1, True, 1.0
        ):
            return None
        blocks = -(-(h // 2 + 1) // _BLOCK)
        run(outer * blocks, 1, spectra, target, h, 2 * made, _BLOCK, blocks, _roots(n, dtype), not onesided, factor)
        return target
    how = (_ROWS, _ROWS) if inner == 1 else (_REAL_COLUMNS, _COLUMNS)
    shape = (1, outer) if inner == 1 else (outer, inner)
    besides = _HALF if onesided else _WHOLE
    done = _run(x, target, *shape, how, (n, 2 * made), h, besides, True, factor, _roots(n, dtype))
    return target if done else None


def _half_spectra(x: Array, axis: int, n: int, factor: float) -> Array | None:
    """The `n` real numbers along a dimension that have these frequencies, or None if there is no kernel for it."""
    (outer, inner), dtype, h = _sizes(x, axis), _REAL[x.dtype.char], n // 2
    long = inner == 1 and h > MOST
    if n % 2 or x.shape[axis] != h + 1 or not (long or _suits(h, outer * inner, dtype)):
        return None
    target = np.empty((*x.shape[:axis], n, *x.shape[axis + 1 :]), dtype)
    if long:
        if (run := _JOIN.get(dtype)) is None or _cut(h) is None:
            return None
        spectra = np.empty((outer, h), x.dtype)
        blocks = -(-(h // 2 + 1) // _BLOCK)
        run(outer * blocks, 1, x, spectra, h, _BLOCK, blocks, _roots(n, dtype), factor)
        return target if _complex_lines(spectra, target.reshape(outer, n).view(x.dtype), 1, False, 1.0) else None
    how = (_ROWS, _ROWS) if inner == 1 else (_COLUMNS, _REAL_COLUMNS)
    shape = (1, outer) if inner == 1 else (outer, inner)
    done = _run(x, target, *shape, how, (n + 2, n), h, _FROM_HALF, False, factor, _roots(n, dtype))
    return target if done else None


# ---------------------------------------------------------------------------------------------- dimensions
def _ready(x: Array) -> Array | None:
    """The array, row by row, if it may be one for the kernels."""
    if x.size < SMALLEST or type(x) is not np.ndarray or x.dtype.char not in _REAL:
        return None
    return x if x.flags.c_contiguous else in_rows(x)


def _factor(normalization: int, points: int) -> float:
    return 1.0 if normalization == NONE else 1 / sqrt(points) if normalization == ROOT else 1 / points


def _others(x: Array, axes: Axes, forward: bool, own: bool) -> Array:
    """The transform, unscaled, of complex numbers along axes; in their place if the array is the caller's own."""
    for axis in reversed(axes):
        target = x if own else np.empty_like(x)
        if _complex_lines(x, target, axis, forward, 1.0):
            x = target
        else:
            x = numpy_fourier.c2c(x, (axis,), NONE, forward)
        own = True
    return x


def c2c(x: Array, axes: Axes, scaling: int, forward: bool) -> Array:
    """See `numpy_fourier.c2c`."""
    if axes and (rows := _ready(x)) is not None:
        target, factor = np.empty_like(rows), _factor(scaling, prod([x.shape[d] for d in axes]))
        if _complex_lines(rows, target, axes[-1], forward, factor):
            return _others(target, axes[:-1], forward, True)
    return numpy_fourier.c2c(x, axes, scaling, forward)


def r2c(x: Array, axes: Axes, scaling: int, onesided: bool) -> Array:
    """See `numpy_fourier.r2c`."""
    if (rows := _ready(x)) is not None:
        made = _real_lines(rows, axes[-1], onesided, _factor(scaling, prod([x.shape[d] for d in axes])))
        if made is not None:
            return _others(made, axes[:-1], True, True)
    return numpy_fourier.r2c(x, axes, scaling, onesided)


def c2r(x: Array, axes: Axes, scaling: int, length: int, forward: bool = False) -> Array:
    """See `numpy_fourier.c2r`."""
    if length % 2 or (rows := _ready(x)) is None or _factors(length // 2) is None:
        return numpy_fourier.c2r(x, axes, scaling, length, forward)
    rows = _others(np.conjugate(rows) if forward else rows, axes[:-1], False, forward or rows is not x)
    factor = _factor(scaling, prod([x.shape[d] for d in axes[:-1]]) * length)
    if (made := _half_spectra(rows, axes[-1], length, factor)) is None:
        made = numpy_fourier.c2r(rows, axes[-1:], NONE, length)
        made *= made.dtype.type(factor)
    return made
