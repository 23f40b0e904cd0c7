"""Numbers at equal distances: compiled where there are many, NumPy otherwise."""

from functools import cache
from typing import Any

import numpy as np

from .dispatch import Kernel
from .numpy_common import constant
from .pointwise import LARGE, piece

Array = np.ndarray

_DOUBLE = np.dtype(np.float64)

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
    """So many floating-point numbers: products with the step, not sums of steps, rounded once from float64."""
    if count >= LARGE and (run := _STEPS.get(dtype)) is not None:
        found = np.empty(count, dtype)
        run(count, piece(count), found, float(start), float(step))
        return found
    if count <= 8 and type(step) is float and step > 0:
        return np.array([start + i * step for i in range(count)] if start else [i * step for i in range(count)], dtype)
    array = counting(count, _DOUBLE) * (constant(step, _DOUBLE) if type(step) is float else step)
    if start or step < 0:  # which makes a negative zero one
        array += start
    return array.astype(dtype, copy=False)
