"""Remainders of division: compiled for large arrays, NumPy otherwise.

Functions and arguments are those of `numpy_pointwise`.
"""

from typing import Any

import numpy as np

from . import cache, numpy_pointwise
from .dispatch import Kernel, share

Array = np.ndarray

# From how many elements on the compiled kernels are worth their call.
SMALLEST = 4096

_BLOCK = 256  # as in compiled/remainders.py

_TRUNCATED, _FLOORED = (Kernel("remainders", name, common=False) for name in ("truncated", "floored"))


def fmod(a: Array, b: Array) -> Any:
    """See `numpy_pointwise.fmod`."""
    found = _computed(_TRUNCATED, a, b) if a.size >= SMALLEST else None
    return numpy_pointwise.fmod(a, b) if found is None else found


def remainder(a: Array, b: Array) -> Any:
    """See `numpy_pointwise.remainder`."""
    found = _computed(_FLOORED, a, b) if a.size >= SMALLEST else None
    return numpy_pointwise.remainder(a, b) if found is None else found


def _computed(kernel: Kernel, a: Array, b: Array) -> Array | None:
    """What the kernel computes of an array and one of its shape or a single number; None where NumPy has to."""
    if b.dtype != a.dtype or a.dtype.char not in "fd" or (b.ndim and b.shape != a.shape):
        return None
    # Without an instruction that multiplies and adds with one rounding, the remainder would have two.
    if cache.register_bytes() == 16 or (run := kernel.get(a.dtype)) is None:
        return None
    found = np.empty(a.shape, a.dtype)
    blocks = -(-a.size // _BLOCK)
    run(blocks, share(blocks, _BLOCK), np.ascontiguousarray(a), np.ascontiguousarray(b), found, a.size, not b.ndim)
    return found
