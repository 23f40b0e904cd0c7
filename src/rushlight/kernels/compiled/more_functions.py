"""More mathematical functions for kernels, in the manner of `functions`: those that single operations need."""

import math
from typing import Any

import numpy as np
from numba import types

from .functions import DOUBLE, SINGLE, Format, _polynomial, exp, function, function_of_two, log
from .simd import copysign, exponent, fma, mantissa, power_of_two, rint, sqrt

# ``atan(x) / x`` in powers of x ** 2 up to 1, and ``asin(x) / x`` up to 1/2: off by less than 2**-31.
ATAN = (
    0.0010911140738258194, -0.007199398327077151, 0.02227438022337916, -0.04435751722293435, 0.0671610839433242,
    -0.08798772088453262, 0.11054501137946247, -0.1427915961161847, 0.1999960463439233, -0.33333323935198067,
    0.9999999996282265,
)  # fmt: skip
ASIN = (
    0.037885622975997124, 0.014139460966652959, 0.03190081290628364, 0.04450308544762743, 0.0750060410563992,
    0.16666656944714536, 1.000000000254607,
)  # fmt: skip

# ``tan(x) / x`` in powers of x ** 2 up to pi / 4: off by less than 2**-33.
TAN = (
    0.0020593814313664524, -0.0006436327819168146, 0.0050442774086252385, 0.008301952336710201, 0.021994217427550772,
    0.0539528833199404, 0.1333342739872012, 0.33333331131353183, 1.00000000008439,
)  # fmt: skip

# ``log(exp(x * x) * erfc(x) / t)`` in powers of ``t = 2 / (2 + x)``, for x >= 0: off by less than 2**-26.
ERFC = (
    -0.12116548280761621, 0.8507300155289798, -2.478015730364712, 3.7840124715162142, -3.131199290148679,
    1.4101342431151167, -0.6070303483255554, 0.19758149959006818, 0.35927929060883235, 1.0012266808763224,
    -1.2655533398800975,
)  # fmt: skip


@function
def erfc(form: Format) -> Any:
    """The complementary error function."""
    if form is DOUBLE:
        return lambda x: math.erfc(x)
    tail, two, zero = _polynomial(ERFC, np.float64), np.float64(2), np.float64(0)

    def compute(x):
        # Its relative error is many times that of x * x, so this is not for float32.
        y = types.float64(x)
        a = abs(y)
        t = two / (two + a)
        small = t * exp(tail(t) - a * a)
        return types.float32(two - small if y < zero else small)

    return compute


@function
def exp2(form: Format) -> Any:
    """Two to the power of a number."""
    number, tail = form.number, _polynomial(form.exp, form.number)
    one, half = number(1), number(0.5)
    lowest, highest = number(-1080 if form is DOUBLE else -153), number(1025 if form is DOUBLE else 129)
    high, low = number(form.ln2[0]), number(form.ln2[1])

    def compute(x):
        x = lowest if x < lowest else x
        x = highest if x > highest else x
        n = rint(x)
        r = fma(x - n, high, (x - n) * low)
        p = fma(r * r, tail(r), r) + one
        # As in `exp`.
        m = rint(n * half)
        return p * power_of_two(m) * power_of_two(n - m)

    return compute


# ---------------------------------------------------------------------------------------------- by way of float64
# What follows computes float32 in float64, whose roundings and range are of no account then; float64 is C's affair.
@function
def _wide_log(form: Format) -> Any:
    """`log` in float64, as precise as float32 needs it, of what is no subnormal number."""
    tail, ln2, zero, one, two = _polynomial(SINGLE.log, np.float64), math.log(2), 0.0, 1.0, 2.0

    def compute(x):
        f = mantissa(x) - one
        s = f / (two + f)
        y = fma(exponent(x), ln2, s * fma(s * s, tail(s * s), two))
        y = x if not x < math.inf else y
        y = -math.inf if x == zero else y
        return math.nan if x < zero else y

    return compute


@function
def _wide_exp(form: Format) -> Any:
    """`exp` in float64, as precise as float32 needs it; beyond 200 it grows no more."""
    tail, log2e, ln2, one, most = _polynomial(SINGLE.exp, np.float64), 1 / math.log(2), -math.log(2), 1.0, 200.0

    def compute(x):
        x = -most if x < -most else x
        x = most if x > most else x
        n = rint(x * log2e)
        r = fma(n, ln2, x)
        return (fma(r * r, tail(r), r) + one) * power_of_two(n)

    return compute


def _logarithm(form: Format, exact: Any, base: int) -> Any:
    if form is DOUBLE:
        return lambda x: exact(x)
    factor = np.float64(1 / math.log(base))
    return lambda x: types.float32(_wide_log(types.float64(x)) * factor)


@function
def log2(form: Format) -> Any:
    """The logarithm to the base 2."""
    return _logarithm(form, math.log2, 2)


@function
def log10(form: Format) -> Any:
    """The logarithm to the base 10."""
    return _logarithm(form, math.log10, 10)


@function
def cosh(form: Format) -> Any:
    """The hyperbolic cosine."""
    if form is DOUBLE:
        return lambda x: math.cosh(x)
    one, half = np.float64(1), np.float64(0.5)

    def compute(x):
        e = _wide_exp(types.float64(abs(x)))
        return types.float32((e + one / e) * half)

    return compute


@function
def sinh(form: Format) -> Any:
    """The hyperbolic sine."""
    if form is DOUBLE:
        return lambda x: math.sinh(x)
    tail = _polynomial(tuple(1 / math.factorial(k) for k in (11, 9, 7, 5, 3)), np.float64)
    one, half = np.float64(1), np.float64(0.5)

    def compute(x):
        a = types.float64(abs(x))
        e = _wide_exp(a)
        s = a * a
        return copysign(types.float32((e - one / e) * half if a > one else fma(a * s, tail(s), a)), x)

    return compute


@function
def tan(form: Format) -> Any:
    """The tangent; of float32 up to 2 ** 50, for the sake of speed."""
    if form is DOUBLE:
        return lambda x: math.tan(x)
    tail, one, half, share = _polynomial(TAN, np.float64), np.float64(1), np.float64(0.5), np.float64(2 / math.pi)
    high, low = np.float64(-math.pi / 2), np.float64(-6.123233995736766e-17)

    def compute(x):
        y = types.float64(x)
        n = rint(y * share)
        r = fma(n, low, fma(n, high, y))
        t = r * tail(r * r)
        return types.float32(t if rint(n * half) == n * half else -one / t)

    return compute


@function
def atan(form: Format) -> Any:
    """The arc tangent."""
    if form is DOUBLE:
        return lambda x: math.atan(x)
    tail, one, quarter = _polynomial(ATAN, np.float64), np.float64(1), np.float64(math.pi / 2)

    def compute(x):
        a = types.float64(abs(x))
        t = one / a if a > one else a
        near = t * tail(t * t)
        return copysign(types.float32(quarter - near if a > one else near), x)

    return compute


@function_of_two
def angle(form: Format) -> Any:
    """``atan2(x, y)``: the angle of the point ``(y, x)``."""
    if form is DOUBLE:
        return lambda x, y: math.atan2(x, y)
    tail, one, zero = _polynomial(ATAN, np.float64), np.float64(1), np.float64(0)
    quarter, half = np.float64(math.pi / 2), np.float64(math.pi)

    def compute(x, y):
        a, b = types.float64(abs(x)), types.float64(abs(y))
        steep = a > b
        small, large = b if steep else a, a if steep else b
        t = small / large
        t = one if small == large else t  # both infinite, say
        t = zero if large == zero else t
        t = t * tail(t * t)
        t = quarter - t if steep else t
        t = half - t if copysign(one, types.float64(y)) < zero else t
        t = a + b if a != a or b != b else t
        return copysign(types.float32(t), x)

    return compute


@function
def asin(form: Format) -> Any:
    """The arc sine."""
    if form is DOUBLE:
        return lambda x: math.asin(x) if abs(x) <= 1.0 else math.nan * x
    tail, one, two, half = _polynomial(ASIN, np.float64), np.float64(1), np.float64(2), np.float64(0.5)
    quarter = np.float64(math.pi / 2)

    def compute(x):
        a = types.float64(abs(x))
        far = a > half
        square = (one - a) * half if far else a * a
        t = (sqrt(square) if far else a) * tail(square)
        return copysign(types.float32(quarter - two * t if far else t), x)

    return compute


@function
def acos(form: Format) -> Any:
    """The arc cosine."""
    if form is DOUBLE:
        return lambda x: math.acos(x) if abs(x) <= 1.0 else math.nan * x
    tail, one, two, half = _polynomial(ASIN, np.float64), np.float64(1), np.float64(2), np.float64(0.5)
    zero, quarter, whole = np.float64(0), np.float64(math.pi / 2), np.float64(math.pi)

    def compute(x):
        y = types.float64(x)
        a = abs(y)
        far = a > half
        square = (one - a) * half if far else a * a
        t = (sqrt(square) if far else y) * tail(square)
        behind = whole - two * t if y < zero else two * t
        return types.float32(behind if far else quarter - t)

    return compute


@function_of_two
def power(form: Format) -> Any:
    """``x ** y``."""
    if form is DOUBLE:
        return lambda x, y: math.pow(x, y)
    one, half, zero, nothing = np.float64(1), np.float64(0.5), np.float64(0), np.float64(math.nan)

    def compute(x, y):
        base, times = types.float64(x), types.float64(y)
        found = _wide_exp(log(abs(base)) * times)
        whole = rint(times) == times
        odd = whole and rint(times * half) != times * half
        found = copysign(found, base) if odd else found
        found = found if whole or not base < zero or base == -math.inf else nothing
        always = base == one or times == zero or (base == -one and abs(times) == math.inf)
        return types.float32(one if always else found)

    return compute
