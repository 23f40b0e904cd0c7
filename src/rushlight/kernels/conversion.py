"""Arrays with elements of another type: compiled loops where they are large, NumPy otherwise."""

import functools
from typing import Any

import numpy as np

from . import dispatch, pointwise
from .numpy_common import without_warnings

Array = np.ndarray

# Kinds and bytes of types, and the letters of `compiled.pointwise`.
_LETTERS = {"b1": "b", "f2": "e", "V2": "g", "f4": "f", "f8": "d", "u1": "B", "i4": "i", "i8": "q"}

# What floating-point numbers are converted to here. What a narrow integer is of a number out of its range, NumPy says.
_FROM_FLOAT = "begfdq"


def convert(a: Array, dtype: np.dtype[Any]) -> Array:
    """`a.astype(dtype)`; arrays keep their order in memory."""
    if type(a) is np.ndarray and a.size >= pointwise.LARGE and a.dtype != dtype:
        found = _converted(a, dtype)
        if found is not None:
            return found
    if is_silent(a.dtype, dtype):
        return a.astype(dtype)
    return quietly(a, dtype)


@without_warnings
def quietly(a: Array, dtype: np.dtype[Any]) -> Array:
    """`a.astype(dtype)` without warnings."""
    return a.astype(dtype)


@functools.cache
def is_silent(source: np.dtype[Any], target: np.dtype[Any]) -> bool:
    """Whether NumPy has no reason to warn, because a number is in the range of the target or wraps around."""
    whole = source.kind in "biu" and target.kind in "biufc" and target.char != "e"
    return whole or target.kind == "b" or (source.kind in "fc" and np.can_cast(source, target))


def _converted(a: Array, dtype: np.dtype[Any]) -> Array | None:
    """The copy that a compiled loop makes, or None where NumPy has to make it."""
    if not a.flags.c_contiguous:
        order = sorted(range(a.ndim), key=lambda i: -a.strides[i])
        a = a.transpose(order)
        if not a.flags.c_contiguous:
            return None
        found = _converted(a, dtype)
        return None if found is None else found.transpose(sorted(range(a.ndim), key=order.__getitem__))
    kernel = _kernel(a.dtype, dtype)
    run = kernel[0].get(kernel[1]) if kernel is not None else None
    if run is None:
        return None
    found = np.empty(a.shape, dtype)
    run(a.size, pointwise.piece(a.size), a, found)
    return found


@functools.cache
def _kernel(source: np.dtype[Any], target: np.dtype[Any]) -> tuple[dispatch.Kernel, np.dtype[Any]] | None:
    """The kernel that converts, and the type it computes in; None if there is none."""
    known = [_LETTERS.get(f"{d.kind}{d.itemsize}", "") for d in (source, target)]
    floating = [c for c in known if c and c in "egfd"]
    if not all(known) or not floating or (known[0] in "egfd" and known[1] not in _FROM_FLOAT):
        return None
    if not dispatch.enabled() or ("e" in known and not pointwise.converts_halves()):
        return None
    wide = "d" if "d" in floating else "f"
    first, second = ["a" if c == wide else c for c in known]
    formula = "x0 != 0" if second == "b" else "select(x0, 1, 0)" if first == "b" else "x0"
    return pointwise.kernel(f"convert_{first}_{second}", f"{first}>{second}|{formula}"), np.dtype(wide)
