"""Elementwise functions of three arrays: compiled loops on large arrays, NumPy otherwise."""

from typing import Any

import numpy as np

from .numpy_common import narrow, widen
from .pointwise import either

Array = np.ndarray


def _between(a: Array, b: Array, weight: Array) -> Any:
    """Points between `a` and `b`, counted from the nearer end, so that both ends are met exactly."""
    dtype = a.dtype
    a, b, weight = widen(a), widen(b), widen(weight)
    apart = b - a
    if not weight.ndim and dtype.itemsize > 2:
        return a + weight * apart if abs(weight) < 0.5 else b - apart * (1 - weight)
    return narrow(np.where(np.abs(weight) < 0.5, a + weight * apart, b - apart * (1 - weight)), dtype)


def _add_product(x: Array, a: Array, b: Array, value: float) -> Any:
    """``x + value * a * b``."""
    if value == 1 and x.dtype.itemsize > 2:
        return x + a * b
    product = widen(a) * widen(b)
    return narrow(widen(x) + (product if value == 1 else product * np.asarray(value, product.dtype)), x.dtype)


def _add_quotient(x: Array, a: Array, b: Array, value: float) -> Any:
    """``x + value * a / b``."""
    if value == 1 and x.dtype.itemsize > 2:
        return x + a / b
    wide = widen(a)
    return narrow(widen(x) + (wide if value == 1 else wide * np.asarray(value, wide.dtype)) / widen(b), x.dtype)


between = either(_between, "a, b, w: select(abs(w) < 0.5, a + w * (b - a), b - (b - a) * (1 - w))", "lerp")
add_product = either(_add_product, "x, a, b, value: x + a * b * value", "addcmul")
add_quotient = either(_add_quotient, "x, a, b, value: x + a * value / b", "addcdiv")
