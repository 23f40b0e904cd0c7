"""Special functions of arrays. SciPy computes them, imported when first needed."""

import math
from typing import Any

import numpy as np

from .numpy_common import narrow, widen

Array = np.ndarray


def _by_scipy(name: str, x: Array, *before: Any) -> Array:
    import scipy.special

    return np.asarray(getattr(scipy.special, name)(*before, widen(x))).astype(x.dtype, copy=False)


def lgamma(x: Array) -> Array:
    """The logarithm of the absolute value of the gamma function."""
    found = _by_scipy("gammaln", x)
    return np.where(np.isneginf(x), x.dtype.type(np.inf), found)


def digamma(x: Array) -> Array:
    """The derivative of `lgamma`; at -0 and 0 the infinity of the opposite sign, at other poles NaN."""
    found = _by_scipy("digamma", x)
    return np.where(x == 0, np.copysign(x.dtype.type(np.inf), -x), found)


def polygamma(x: Array, n: int) -> Array:
    """The n-th derivative of `digamma`."""
    if n == 0:
        return digamma(x)
    sign = 1 if n % 2 else -1
    # Computed in double precision: the zeta function of SciPy has no other for two arguments of different types.
    import scipy.special

    found = sign * math.factorial(n) * scipy.special.zeta(float(n + 1), x.astype(np.float64))
    return np.asarray(found).astype(x.dtype)


def igamma(a: Array, x: Array) -> Array:
    """The regularised lower incomplete gamma function."""
    return _incomplete_gamma("gammainc", a, x)


def igammac(a: Array, x: Array) -> Array:
    """The regularised upper incomplete gamma function."""
    return _incomplete_gamma("gammaincc", a, x)


def _incomplete_gamma(name: str, a: Array, x: Array) -> Array:
    import scipy.special

    return np.asarray(getattr(scipy.special, name)(widen(a), widen(x))).astype(x.dtype, copy=False)


def erfinv(x: Array) -> Array:
    """The inverse of the error function; NaN outside [-1, 1]."""
    return np.copysign(_by_scipy("erfinv", x), x)


def i0(x: Array) -> Array:
    """The modified Bessel function of the first kind and order 0."""
    return _by_scipy("i0", x)


def i1(x: Array) -> Array:
    """The modified Bessel function of the first kind and order 1."""
    return _by_scipy("i1", x)


def logit(x: Array, eps: float | None) -> Array:
    """``log(x / (1 - x))``, of `x` moved into ``[eps, 1 - eps]`` if `eps` is given."""
    wide = widen(x)
    if eps is not None:
        wide = np.clip(wide, eps, 1 - eps)
    return narrow(np.log(wide / (1 - wide)), x.dtype)


def logit_slope(grad: Array, x: Array, eps: float | None) -> Array:
    """The gradient of `logit`; NaN where that is not defined, 0 where `eps` moved the element."""
    slope = grad / (x * (1 - x))
    if eps is None:
        return np.where((x < 0) | (x > 1), grad.dtype.type(np.nan), slope)
    return np.where((x < eps) | (x > 1 - eps), grad.dtype.type(0), slope)


def xlogy(x: Array, y: Array) -> Array:
    """``x * log(y)``; 0 where x is 0 and y is not NaN."""
    found = x * np.log(y)
    return np.where((x == 0) & (y == y), found.dtype.type(0), found)


def xlogy_slope(x: Array, y: Array) -> Array:
    """The derivative of `xlogy` by x."""
    return np.where((x == 0) & (y <= 0), y.dtype.type(0), np.log(y))


def sinc(x: Array) -> Array:
    """``sin(pi x) / (pi x)``; 1 at 0."""
    wide = widen(x)
    turn = wide * wide.dtype.type(np.pi)
    return narrow(np.where(wide == 0, wide.dtype.type(1), np.sin(turn) / turn), x.dtype)


def sinc_slope(x: Array) -> Array:
    """The derivative of `sinc`."""
    turn = x * x.dtype.type(np.pi)
    return np.where(x == 0, x.dtype.type(0), (np.cos(turn) * turn - np.sin(turn)) / (turn * x))


def deg2rad(x: Array) -> Array:
    """Degrees as radians."""
    return x * x.dtype.type(math.pi / 180)


def rad2deg(x: Array) -> Array:
    """Radians as degrees."""
    return x * x.dtype.type(180 / math.pi)


def sign_ratio(x: Array, y: Array) -> Array:
    """``y / x``; 0 where x is 0."""
    return np.where(x == 0, x.dtype.type(0), y / x)


def heaviside(x: Array, values: Array) -> Array:
    """0 below 0, 1 above, and the value given at 0."""
    return np.where(x == 0, values, (x > 0).astype(x.dtype))
