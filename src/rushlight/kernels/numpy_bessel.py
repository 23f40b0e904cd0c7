"""Bessel and Airy functions of arrays, computed by SciPy, with PyTorch's values at zero and at infinity."""

import functools
import math
from typing import Any

import numpy as np

from .numpy_common import narrow, tame, widen

Array = np.ndarray


def by_scipy(name: str, x: Array) -> Array:
    """A function of ``scipy.special`` in the precision of `x`."""
    if x.dtype.char in "fd":
        found = scipys(name)(x)
        return found if type(found) is np.ndarray else np.asarray(found)
    return narrow(np.asarray(scipys(name)(widen(x))), x.dtype)


@functools.cache
def scipys(name: str) -> Any:
    """A function of ``scipy.special``, which is imported when the first one is wanted."""
    import scipy.special

    return getattr(scipy.special, name)


def _named(name: str) -> Any:
    return functools.partial(by_scipy, name)


i0, i0e, i1, i1e = (_named(name) for name in ("i0", "i0e", "i1", "i1e"))
j0, j1, y0, y1 = (_named(name) for name in ("j0", "j1", "y0", "y1"))
k0, k1, k0e, k1e = (_named(name) for name in ("k0", "k1", "k0e", "k1e"))


def airy_ai(x: Array) -> Array:
    """The Airy function Ai; NaN at infinity."""
    found = np.asarray(scipys("airy")(x)[0])
    if tame(found):
        return found
    # SciPy's is NaN also far from 0, where the value is too small for any number, or the first term of its expansion.
    kind = x.dtype.type
    found = np.where((x > 200) & (x < np.inf), kind(0), found)
    if (far := x < -1e6).any():
        root = np.sqrt(-x)
        wave = np.sin(kind(2) * -x * root / kind(3) + kind(math.pi / 4)) / (kind(math.sqrt(math.pi)) * np.sqrt(root))
        found = np.where(far, wave, found)
    return np.where(np.isinf(x), kind(np.nan), found)


def spherical_j0(x: Array) -> Array:
    """``sin(x) / x``, and 1 at 0."""
    safe = np.where((x == 0) | np.isinf(x), x.dtype.type(1), x)
    return np.where(x == 0, x.dtype.type(1), np.where(np.isinf(x), x.dtype.type(0), np.sin(safe) / safe))
