"""Bessel and Airy functions of arrays, computed by SciPy, with PyTorch's values at zero and at infinity."""

import functools
from typing import Any

import numpy as np

from .numpy_common import narrow, widen

Array = np.ndarray


def by_scipy(name: str, x: Array) -> Array:
    """A function of ``scipy.special`` in the precision of `x`."""
    import scipy.special

    return narrow(np.asarray(getattr(scipy.special, name)(widen(x))), x.dtype)


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
    import scipy.special

    return np.where(np.isinf(x), x.dtype.type(np.nan), scipy.special.airy(x)[0])


def spherical_j0(x: Array) -> Array:
    """``sin(x) / x``, and 1 at 0."""
    safe = np.where((x == 0) | np.isinf(x), x.dtype.type(1), x)
    return np.where(x == 0, x.dtype.type(1), np.where(np.isinf(x), x.dtype.type(0), np.sin(safe) / safe))
