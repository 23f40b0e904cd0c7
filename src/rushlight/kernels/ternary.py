"""Elementwise functions of three arrays: compiled loops on large arrays, NumPy otherwise."""

from typing import Any

import numpy as np

from .numpy_common import narrow, widen
from .numpy_pointwise import times as on_numpy_times
from .pointwise import either

Array = np.ndarray


def _between(a: Array, b: Array, weight: Array) -> Any:
    """Points between `a` and `b`, counted from the nearer end, so that both ends are met exactly."""
    dtype = a.dtype
    if dtype.itemsize > 2 and not weight.ndim:
        apart = b - a
        return a + weight * apart if abs(weight.item()) < 0.5 else b - apart * (1 - weight)
    a, b, weight = widen(a), widen(b), widen(weight)
    apart = b - a
    return narrow(np.where(np.abs(weight) < 0.5, a + weight * apart, b - apart * (1 - weight)), dtype)


def _add_product(x: Array, a: Array, b: Array, value: float) -> Any:
    """``x + value * a * b``."""
    if value == 1 and x.dtype.itemsize > 2:
        return x + a * b
    wide = widen(a)
    return narrow(widen(x) + (wide if value == 1 else wide * np.asarray(value, wide.dtype)) * widen(b), x.dtype)


def _add_quotient(x: Array, a: Array, b: Array, value: float) -> Any:
    """``x + value * a / b``."""
    if value == 1 and x.dtype.itemsize > 2:
        return x + a / b
    wide = widen(a)
    return narrow(widen(x) + (wide if value == 1 else wide * np.asarray(value, wide.dtype)) / widen(b), x.dtype)


between = either(_between, "a, b, w: select(abs(w) < 0.5, a + w * (b - a), b - (b - a) * (1 - w))", "lerp")
add_product = either(_add_product, "x, a, b, value: x + a * value * b", "addcmul")
add_quotient = either(_add_quotient, "x, a, b, value: x + a * value / b", "addcdiv")

share_of_number = either(lambda x, number: np.reciprocal(x) * number, "x, number: 1 / x * number", "share_of_number")

_TIMES = either(on_numpy_times, "x, number: x * number", "times")


def times(x: Any, number: Any) -> Any:
    """See `numpy_pointwise.times`."""
    return x if type(number) in (int, float) and number == 1 else _TIMES(x, number)
