"""Special functions of arrays. SciPy computes them, imported when first needed."""

import math
from typing import Any

import numpy as np

from .layout import in_order, laid_by, memory_order
from .numpy_bessel import by_scipy, scipys
from .numpy_common import ONE, constant, count_nonzero, narrow, tame, widen
from .numpy_pointwise import times

Array = np.ndarray


# The least double-precision number of full precision.
_TINY = 2.0**-1022


def lgamma(x: Array) -> Array:
    """The logarithm of the absolute value of the gamma function."""
    found = scipys("gammaln")(x) if x.dtype.char in "fd" else by_scipy("gammaln", x)
    if tame(found):
        return found  # type: ignore[no-any-return]
    # SciPy's is NaN at minus infinity, and infinite for numbers so small that their reciprocals are.
    found = np.where(x == constant(-np.inf, x.dtype), x.dtype.type(np.inf), found)
    return np.where((np.abs(x) < _TINY) & (x != 0), -np.log(np.abs(x)), found) if x.dtype.char == "d" else found


def digamma(x: Array) -> Array:
    """The derivative of `lgamma`; at -0 and 0 the infinity of the opposite sign, at other poles NaN."""
    # SciPy computes in double precision: single is not enough beside the poles.
    if x.dtype.char in "fd":
        found = scipys("digamma")(x)
    else:
        found = by_scipy("digamma", x.astype(np.float64)).astype(x.dtype)
    if count_nonzero(x) == x.size:
        return found  # type: ignore[no-any-return]
    return np.where(x == 0, np.copysign(x.dtype.type(np.inf), -x), found)


def polygamma(x: Array, n: int) -> Array:
    """The n-th derivative of `digamma`."""
    if n == 0:
        return digamma(x)
    if n == 1:
        return _trigamma(x)
    sign = 1 if n % 2 else -1
    # Computed in double precision: the zeta function of SciPy has no other for two arguments of different types.
    found = sign * math.factorial(n) * scipys("zeta")(float(n + 1), x.astype(np.float64))
    return np.where(np.isposinf(x), np.nan, found).astype(x.dtype)


def _trigamma(x: Array) -> Array:
    """The derivative of `digamma`, reflected below 1/2: so the poles at negative integers are large but finite."""
    wide = widen(x)
    below = wide < 0.5
    zeta = scipys("zeta")(2.0, np.where(below, 1 - wide, wide).astype(np.float64))
    pole = wide.dtype.type(np.pi) / np.sin(wide.dtype.type(np.pi) * wide)
    return narrow(np.where(below, pole * pole - zeta, zeta), x.dtype)


def igamma(a: Array, x: Array) -> Array:
    """The regularised lower incomplete gamma function."""
    return _incomplete_gamma("gammainc", a, x, 0, 1)


def igammac(a: Array, x: Array) -> Array:
    """The regularised upper incomplete gamma function."""
    return _incomplete_gamma("gammaincc", a, x, 1, 0)


def _incomplete_gamma(name: str, a: Array, x: Array, at_zero: int, at_infinity: int) -> Array:
    """One of the two; where one argument is at an end, the value is known even if the other is no number."""
    if x.dtype.char in "fd":
        found = scipys(name)(a, x)
        if tame(found):
            return found  # type: ignore[no-any-return]
    else:
        found = scipys(name)(widen(a), widen(x))
    if not count_nonzero(np.isnan(found)):
        return narrow(found, x.dtype)
    found = np.where(np.isnan(a) & np.isposinf(x), at_infinity, found)
    found = np.where((np.isnan(a) & (x == 0)) | (np.isposinf(a) & np.isnan(x)), at_zero, found)
    return narrow(found, x.dtype)


def erfinv(x: Array) -> Array:
    """The inverse of the error function; NaN outside [-1, 1]."""
    found = scipys("erfinv")(x) if x.dtype.char in "fd" else by_scipy("erfinv", x)
    return found if count_nonzero(x) == x.size else np.copysign(found, x)


def erfcx(x: Array) -> Array:
    """``exp(x**2) * erfc(x)``."""
    return by_scipy("erfcx", x)


# The numbers of which `ndtr` is made: the root of a half, 1 and a half.
_NDTR = {code: [np.array(v, code) for v in (math.sqrt(0.5), 1, 0.5)] for code in "fd"}


def ndtr(x: Array) -> Array:
    """The standard normal distribution function, as the error function gives it: 0 far below 0."""
    if x.ndim and (numbers := _NDTR.get(x.dtype.char)) is not None:
        root, one, half = numbers
        found = scipys("erf")(x * root)
        if x.size <= 32:  # for which NumPy takes longer in place
            return (found + one) * half  # type: ignore[no-any-return]
        found += one
        found *= half
        return found  # type: ignore[no-any-return]
    wide = widen(x)
    half, one = constant(0.5, wide.dtype), constant(1, wide.dtype)
    return narrow((one + by_scipy("erf", wide * np.sqrt(half))) * half, x.dtype)


def ndtri(x: Array) -> Array:
    """The inverse of the standard normal distribution function; NaN outside [0, 1]."""
    return by_scipy("ndtri", x)


def log_ndtr(x: Array) -> Array:
    """The logarithm of the standard normal distribution function."""
    return by_scipy("log_ndtr", x)


def entr(x: Array) -> Array:
    """``-x * log(x)``; 0 at 0 and minus infinity below. In half precision the logarithm is rounded, too."""
    if x.dtype.itemsize > 2:
        return by_scipy("entr", x)
    found = np.where(x > 0, -x * np.log(x), x * 0)
    return np.where(x < 0, x.dtype.type(-np.inf), found)


def zeta(x: Array, q: Array) -> Array:
    """The Hurwitz zeta function; NaN for infinite `q`, and 0 where all terms of its series are too small."""
    # SciPy computes in double precision.
    found = scipys("zeta")(x, q)
    if tame(found):
        if tame(q):
            return found  # type: ignore[no-any-return]
    else:
        # Of such terms SciPy makes NaN where its factors overflow.
        none = np.isnan(found) & (x > 1) & (x < np.inf) & (q > 1) & (np.power(q, -x) == 0)
        found = np.where(none, x.dtype.type(0), found) if none.any() else found
    endless = q == constant(np.inf, q.dtype)
    return np.where(endless & (x > 1), x.dtype.type(np.nan), found) if count_nonzero(endless) else found


def mvlgamma(x: Array, p: int, lgamma: Any = lgamma) -> Array:
    """The logarithm of the multivariate gamma function of dimension `p`, by a logarithm of the usual one."""
    wide = widen(x)
    total = wide.dtype.type(0)
    for i in range(p):
        total = total + widen(narrow(lgamma(widen(narrow(wide - wide.dtype.type(i / 2), x.dtype))), x.dtype))
    return narrow(total, x.dtype) + x.dtype.type(p * (p - 1) / 4 * math.log(math.pi))


def mvlgamma_slope(x: Array, p: int) -> Array:
    """The derivative of `mvlgamma`."""
    return digamma(x[..., None] - np.arange(p, dtype=x.dtype) / 2).sum(-1)


def logit(x: Array, eps: float | None) -> Array:
    """``log(x / (1 - x))``, of `x` moved into ``[eps, 1 - eps]`` if `eps` is given."""
    one = ONE.get(x.dtype.char)
    if one is None:
        one = constant(1, x.dtype)
    if eps is not None:
        low, high = constant(eps, x.dtype), constant(1 - eps, x.dtype)
        x = np.where(x < low, low, np.where(x > high, high, x))
    odds = one - x
    if x.size <= 32:
        return np.log(x / odds)  # type: ignore[no-any-return]
    return np.log(np.divide(x, odds, odds), odds)


def logit_slope(grad: Array, x: Array, eps: float | None) -> Array:
    """The gradient of `logit`; NaN where that is not defined, 0 where `eps` moved the element."""
    slope = grad / (x * (1 - x))
    slope = np.where((x == 0) | (x == 1), grad * grad.dtype.type(np.inf), slope)
    if eps is None:
        return np.where((x < 0) | (x > 1), grad.dtype.type(np.nan), slope)
    return np.where((x < eps) | (x > 1 - eps), grad.dtype.type(0), slope)


def xlogy(x: Array, y: Array) -> Array:
    """``x * log(y)``; 0 where x is 0 and y is not NaN."""
    if x.size <= 32 >= y.size and x.dtype.char in "fd":  # so few that calls cost more than arithmetic
        return scipys("xlogy")(x, y)  # type: ignore[no-any-return]
    found = x * np.log(y)
    if count_nonzero(x) == x.size:
        return found
    return np.where((x == 0) & (y == y), found.dtype.type(0), found)


def xlog1py(x: Array, y: Array) -> Array:
    """``x * log(1 + y)``; 0 where x is 0 and y is not NaN."""
    if x.size <= 32 >= y.size and x.dtype.char in "fd":  # so few that calls cost more than arithmetic
        return scipys("xlog1py")(x, y)  # type: ignore[no-any-return]
    wide = widen(y)
    found = x * narrow(np.log1p(wide), x.dtype)
    if count_nonzero(x) == x.size:
        return found
    return np.where((x == 0) & (y == y), found.dtype.type(0), found)


def xlog1py_backward(grad: Array, x: Array, y: Array) -> Array:
    """The gradient of `xlog1py` by x; 0 where `grad` is."""
    return np.where((x == 0) & (y <= -1), grad.dtype.type(0), xlog1py(grad, y.astype(grad.dtype)))


def xlogy_backward(grad: Array, x: Array, y: Array) -> Array:
    """The gradient of `xlogy` by x; 0 where `grad` is."""
    return np.where((x == 0) & (y <= 0), grad.dtype.type(0), xlogy(grad, y.astype(grad.dtype)))


def sinc(x: Array) -> Array:
    """``sin(pi x) / (pi x)``; 1 at 0."""
    wide = widen(x)
    turn = wide * wide.dtype.type(np.pi)
    return narrow(np.where(wide == 0, wide.dtype.type(1), np.sin(turn) / turn), x.dtype)


def sinc_backward(grad: Array, x: Array) -> Array:
    """`grad` times the derivative of `sinc`; 0 where the square of `x` is."""
    turn, square = times(x, math.pi), times(x * x, math.pi)
    slope = (np.cos(turn) * turn - np.sin(turn)) / square
    return np.where(square == 0, x.dtype.type(0), grad * np.conjugate(slope))


# NumPy multiplies by arrays in half the time.
_RADIAN, _DEGREES = (
    {np.dtype(d): np.asarray(factor, d) for d in "fd"} for factor in (math.pi / 180, 180 / math.pi)
)  # fmt: skip


def deg2rad(x: Array) -> Array:
    """Degrees as radians."""
    factor = _RADIAN.get(x.dtype)
    return times(x, math.pi / 180) if factor is None else x * factor


def rad2deg(x: Array) -> Array:
    """Radians as degrees."""
    factor = _DEGREES.get(x.dtype)
    return times(x, 180 / math.pi) if factor is None else x * factor


def sign_ratio(x: Array, y: Array) -> Array:
    """``y / x``; 0 where x is 0."""
    return np.where(x == 0, x.dtype.type(0), y / x)


def heaviside(x: Array, values: Array) -> Array:
    """0 below 0 and for NaN, 1 above, and the value given at 0."""
    if x.dtype.kind == "f":
        found = np.heaviside(x, values)
        # Nothing but NaN, of `x` or where it is 0 of the values, makes the result one.
        if not count_nonzero(found != found):
            return found
        return np.where(x != x, x.dtype.type(0), found)
    return np.where(x == 0, values, (x > 0).astype(x.dtype))


def ldexp(x: Array, exponent: Array) -> Array:
    """``x * 2 ** exponent``."""
    found = x * np.exp2(exponent)
    if found.ndim < 2 or (x.flags.c_contiguous and exponent.flags.c_contiguous):
        return found
    # In PyTorch it lies in memory as its first operand does.
    return in_order(found, memory_order(found.shape, np.broadcast_to(x, found.shape).strides))


def ldexp_whole(x: Array, exponent: Array) -> Array:
    """``x * 2 ** exponent`` for whole exponents, without the power of two; exponents and `x` are of one type."""
    # Two functions take a fifth of the time of `numpy.clip`.
    whole = np.asarray(np.minimum(np.maximum(widen(exponent), -9999), 9999)).astype(np.int32)
    return laid_by(narrow(np.asarray(np.ldexp(widen(x), whole)), x.dtype), x, exponent)


def logaddexp(a: Array, b: Array) -> Array:
    """The logarithm of the sum of two exponentials; of complex ones, relative to the one with the larger real part."""
    if a.dtype.kind != "c":
        return np.logaddexp(a, b)
    first = a.real >= b.real
    larger, smaller = np.where(first, a, b), np.where(first, b, a)
    found = larger + np.log1p(np.exp(smaller - larger))
    both = np.isinf(smaller.real) & (larger.real == smaller.real)
    if not both.any():
        return found
    # Both exponentials are 0, or both are infinite.
    found = np.where(both & (larger.real > 0), np.log(np.exp(a) + np.exp(b)), found)
    return np.where(both & (larger.real < 0) & ~np.isnan(a + b), smaller, found)
