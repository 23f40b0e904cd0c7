"""Numbers at equal distances: compiled where there are many, NumPy otherwise."""

from functools import cache
from typing import Any

import numpy as np

from .dispatch import Kernel
from .numpy_common import constant
from .pointwise import LARGE, piece

Array = np.ndarray

DOUBLE = np.dtype(np.float64)
_LONG = np.dtype(np.longdouble)

_FAR = 1 << 62  # within which 64 bits hold all sums

_WHOLE, _STEPS = (Kernel("ranges", name, common=False) for name in ("whole", "steps"))


@cache
def _kept(dtype: np.dtype[Any]) -> Array:
    numbers = np.arange(2048, dtype=dtype)
    numbers.flags.writeable = False
    return numbers


def counting(count: int, dtype: np.dtype[Any]) -> Array:
    """The numbers 0, 1, 2, ... of a type, which nobody may write to: of few, a part of an array that is kept."""
    return _kept(dtype)[:count] if count <= 2048 else np.arange(count, dtype=dtype)


def first(count: int, dtype: np.dtype[Any]) -> Array:
    """The numbers from 0 up to, and without, `count`."""
    if count < LARGE or dtype.char not in "fdl":
        return np.arange(count, dtype=dtype)
    return whole(0, count, 1) if dtype.char == "l" else steps(0, 1, count, dtype)


def whole(start: int, end: int, step: int) -> Array:
    """`numpy.arange` of integers, int64."""
    count = len(range(start, end, step))
    if (
        count >= LARGE
        and -_FAR < start < _FAR
        and -_FAR < end < _FAR
        and (run := _WHOLE.get(np.dtype("f"))) is not None
    ):
        found = np.empty(count, np.int64)
        run(count, piece(count), found, start, step)
        return found
    return np.arange(start, end, step, np.int64)


def steps(start: Any, step: Any, count: int, dtype: np.dtype[Any]) -> Array:
    """So many floating-point numbers: products with the step, not sums of steps, rounded as PyTorch does.

    PyTorch computes vectors of numbers, two at a time: the first number of each is rounded to the type, and some steps
    are added to it. What is left at the end is computed number by number.
    """
    lanes = _lanes(dtype)
    vectors = count & -(2 * lanes)
    if count >= LARGE and (run := _STEPS.get(dtype)) is not None:
        found = np.empty(count, dtype)
        run(count, piece(count), found, float(start), float(step), lanes, vectors)
        return found
    if count <= 8 and type(step) is float and step > 0 and not (vectors or (start and dtype is DOUBLE)):
        return np.array([start + i * step for i in range(count)] if start else [i * step for i in range(count)], dtype)
    if not vectors:
        return _line(start, step, counting(count, DOUBLE), dtype)
    found = np.empty(count, dtype)
    heads = _line(start, step * lanes, counting(vectors // lanes, DOUBLE), dtype)
    wide = _LONG if dtype is DOUBLE else DOUBLE
    rows = heads.astype(wide)[:, None] + counting(lanes, wide) * constant(step, wide)
    found[:vectors] = rows.reshape(-1)
    if vectors < count:
        found[vectors:] = _line(start, step, counting(count, DOUBLE)[vectors:], dtype)
    return found


def between(start: float, end: float, count: int, dtype: np.dtype[Any], fused: bool) -> Array:
    """Several numbers from a start to an end at equal distances; products with the step are not rounded if `fused`.

    The first half is counted from the start and the second from the end, so that both ends are exact.
    """
    kind = dtype.type
    start, end = kind(start), kind(end)
    step, first = (end - start) / kind(count - 1), count // 2
    found = np.empty(count, dtype)
    if fused and dtype.char in "fd":
        start, end, step = float(start), float(end), float(step)
        numbers = counting(count - first, DOUBLE)
        low, high = _line(start, step, numbers[:first], dtype), _line(end, -step, numbers, dtype)
    else:
        apart = counting(count - first, dtype) * step
        low, high = start + apart[:first], end - apart
    found[:first] = low
    found[: first - 1 if first else None : -1] = high
    return found


def _line(start: Any, step: Any, numbers: Array, dtype: np.dtype[Any]) -> Array:
    """``start + step * numbers``, rounded once."""
    if not start and step > 0:
        return (numbers * constant(step, DOUBLE)).astype(dtype, copy=False)
    if dtype is not DOUBLE:
        return (numbers * constant(step, DOUBLE) + start).astype(dtype)
    # PyTorch's instruction does not round the product, nor do longer numbers, where the machine has such.
    return (numbers.astype(_LONG) * constant(step, _LONG) + start).astype(dtype)


@cache
def _lanes(dtype: np.dtype[Any]) -> int:
    """How many numbers of a type PyTorch computes at once on this machine."""
    has = getattr(np._core._multiarray_umath, "__cpu_features__", {})  # type: ignore[attr-defined]
    return (64 if has.get("AVX512_SKX") else 16 if has.get("NEON") else 32) // dtype.itemsize
