"""Bessel and Airy functions of arrays, computed by SciPy, with PyTorch's values at zero and at infinity."""

import functools
from typing import Any

import numpy as np

from .numpy_common import count_nonzero, narrow, widen

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


def i1e_slope(x: Array, result: Array) -> Array:
    """The derivative of `i1e`."""
    safe = np.where(x == 0, x.dtype.type(1), x)
    return np.where(x == 0, x.dtype.type(0.5), i0e(x) - result * (np.sign(x) + 1 / safe))


def airy_ai(x: Array) -> Array:
    """The Airy function Ai; NaN at infinity."""
    found = np.asarray(scipys("airy")(x)[0])
    endless = np.isinf(x)
    return np.where(endless, x.dtype.type(np.nan), found) if count_nonzero(endless) else found


def spherical_j0(x: Array) -> Array:
    """``sin(x) / x``, and 1 at 0."""
    safe = np.where((x == 0) | np.isinf(x), x.dtype.type(1), x)
    return np.where(x == 0, x.dtype.type(1), np.where(np.isinf(x), x.dtype.type(0), np.sin(safe) / safe))
