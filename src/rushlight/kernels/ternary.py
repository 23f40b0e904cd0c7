"""Elementwise functions of three arrays: compiled loops on large arrays, NumPy otherwise."""

from typing import Any

import numpy as np

from .pointwise import either

Array = np.ndarray


def _between(a: Array, b: Array, weight: Array) -> Any:
    """Points between `a` and `b`, counted from the nearer end, so that both ends are met exactly."""
    apart = b - a
    return np.where(np.abs(weight) < 0.5, a + weight * apart, b - apart * (1 - weight))


def _add_product(x: Array, a: Array, b: Array, value: float) -> Any:
    """``x + value * a * b``."""
    return x + a * b * value


def _add_quotient(x: Array, a: Array, b: Array, value: float) -> Any:
    """``x + value * a / b``."""
    return x + a / b * value


between = either(_between, "a, b, w: select(abs(w) < 0.5, a + w * (b - a), b - (b - a) * (1 - w))", "lerp")
add_product = either(_add_product, "x, a, b, value: x + a * b * value", "addcmul")
add_quotient = either(_add_quotient, "x, a, b, value: x + a / b * value", "addcdiv")
