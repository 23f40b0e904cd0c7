"""Mathematical functions for Numba kernels, written so that the compiler turns loops over them into vector code.

They take and give float32 or float64, by the type of what they are given, and contain no branch and (for float32) no
call: each condition chooses between two values that are both computed. NaN gives NaN; infinities, -0.0, overflow and
numbers too small to be normal are right. Errors are around one unit in the last place.

The methods are the classical ones: the argument is reduced to a small interval, where a polynomial takes over. See
J.-M. Muller, Elementary Functions (3rd ed. 2016), chapters 3 and 11. The polynomials of float32 are near the best ones,
those of float64 are Taylor's; tests/kernels/test_coefficients.py measures how near they come to the functions.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import overload

from .simd import copysign, exponent, fma, mantissa, power_of_two, rint


class Format(NamedTuple):
    """What the functions need to know of a floating-point type.

    Attributes:
        number: converts a number to the type.
        tiny: the least normal number. digits: bits of the significand, without the first.
        lowest, highest: where the exponential is 0 and infinity.
        ln2: the logarithm of 2 in two parts, of which the first has few enough bits that whole multiples are exact.
        exp: coefficients of ``(exp(r) - 1 - r) / r**2``, from the highest power down.
        log: coefficients of ``(log((1 + s) / (1 - s)) - 2 * s) / s**3`` in powers of ``s**2``, likewise.
    """

    number: Any
    tiny: float
    digits: int
    lowest: float
    highest: float
    ln2: tuple[float, float]
    exp: tuple[float, ...]
    log: tuple[float, ...]


def _taylor(terms: int) -> tuple[float, ...]:
    return tuple(1 / math.factorial(k + 2) for k in reversed(range(terms)))


def _area(terms: int) -> tuple[float, ...]:
    return tuple(2 / (2 * k + 3) for k in reversed(range(terms)))


SINGLE = Format(
    np.float32, 2.0**-126, 23, -104.0, 89.0, (0.693359375, -2.12194440054690583e-4),
    # Numbers of float32. For |r| <= 0.3475, half of ln 2 and what rounding adds, exp(r) is off by less than 2**-29.
    (1.9918230827897787e-4, 1.394638093188405e-3, 8.333264850080013e-3, 4.1666265577077866e-2, 0.1666666716337204, 0.5),
    _area(5),
)  # fmt: skip
DOUBLE = Format(
    np.float64, 2.0**-1022, 52, -746.0, 710.0, (0.693147180369123816490, 1.90821492927058770002e-10),
    _taylor(12), _area(11),
)  # fmt: skip

INLINED = {"forceinline": True, "error_model": "numpy"}


def function(make: Callable[[Format], Callable[..., Any]]) -> Any:
    """Declares a function of one number, made for each type by `make`; kernels call it by its name."""

    def called(x):
        raise NotImplementedError("for compiled code only")

    return _chosen(make, called, lambda x: _of_type(make, x))


def function_of_two(make: Callable[[Format], Callable[..., Any]]) -> Any:
    """Declares a function of two numbers of one type."""

    def called(x, y):
        raise NotImplementedError("for compiled code only")

    return _chosen(make, called, lambda x, y: _of_type(make, x))


def _of_type(make: Callable[[Format], Callable[..., Any]], x: Any) -> Callable[..., Any] | None:
    if isinstance(x, types.Float):
        return make(SINGLE if x.bitwidth == 32 else DOUBLE)
    return None


def _chosen(make: Callable[..., Any], called: Callable[..., Any], choose: Callable[..., Any]) -> Any:
    overload(called, jit_options=INLINED)(choose)
    called.__name__ = called.__qualname__ = make.__name__
    called.__doc__ = make.__doc__
    return called


def _polynomial(coefficients: tuple[float, ...], number: Any) -> Any:
    """A function that evaluates a polynomial, its coefficients given from the highest power down."""
    first, *rest = [number(c) for c in coefficients]
    names = {f"c{i}": c for i, c in enumerate((first, *rest))}
    text = "c0"
    for i in range(1, len(coefficients)):
        text = f"fma({text}, x, c{i})"
    made: dict[str, Any] = {}
    exec(f"def polynomial(x): return {text}", {"fma": fma, **names}, made)

    def evaluated(x):
        raise NotImplementedError("for compiled code only")

    overload(evaluated, jit_options=INLINED)(lambda x: made["polynomial"])
    return evaluated


# ---------------------------------------------------------------------------------------------- exponentials
@function
def exp(form: Format) -> Any:
    """e to the power of a number."""
    number, tail = form.number, _polynomial(form.exp, form.number)
    one, half, log2e = number(1), number(0.5), number(1 / math.log(2))
    lowest, highest = number(form.lowest), number(form.highest)
    high, low = number(-form.ln2[0]), number(-form.ln2[1])

    def compute(x):
        x = lowest if x < lowest else x
        x = highest if x > highest else x
        n = rint(x * log2e)
        r = fma(n, low, fma(n, high, x))
        p = fma(r * r, tail(r), r) + one
        # 2 ** n alone may be too large or too small for a normal number.
        m = rint(n * half)
        return p * power_of_two(m) * power_of_two(n - m)

    return compute


@function
def _normal_exp(form: Format) -> Any:
    """`exp`, where its result is a normal number."""
    number, tail = form.number, _polynomial(form.exp, form.number)
    one, log2e = number(1), number(1 / math.log(2))
    high, low = number(-form.ln2[0]), number(-form.ln2[1])

    def compute(x):
        n = rint(x * log2e)
        r = fma(n, low, fma(n, high, x))
        return (fma(r * r, tail(r), r) + one) * power_of_two(n)

    return compute


@function
def expm1(form: Format) -> Any:
    """``exp(x) - 1``, precise near zero."""
    number, tail = form.number, _polynomial(form.exp, form.number)
    one, half, two, log2e = number(1), number(0.5), number(2), number(1 / math.log(2))
    lowest, highest = number(form.lowest / 2), number(form.highest)
    high, low = number(-form.ln2[0]), number(-form.ln2[1])

    def compute(x):
        x = lowest if x < lowest else x
        x = highest if x > highest else x
        n = rint(x * log2e)
        r = fma(n, low, fma(n, high, x))
        p = fma(r * r, tail(r), r)
        scale = power_of_two(n - one)
        far = fma(p, scale, scale - half) * two
        return copysign(p, x) if n == 0 else far

    return compute


@function
def sigmoid(form: Format) -> Any:
    """The logistic function ``1 / (1 + exp(-x))``."""
    one = form.number(1)

    def compute(x):
        return one / (one + exp(-x))

    return compute


# ``(tanh(x) / x - 1) / x**2`` in powers of x ** 2: up to 0.6 the hyperbolic tangent is off by less than 2**-28.
TANH = (
    2.164197852835059e-3, -8.200063370168209e-3, 2.1709658205509186e-2, -5.394836142659187e-2, 0.13333217799663544,
    -0.3333333134651184,
)  # fmt: skip


@function
def tanh(form: Format) -> Any:
    """The hyperbolic tangent."""
    number = form.number
    one, two, highest, border = number(1), number(2), number(20), number(0.6)
    if form is DOUBLE:

        def compute(x):
            a = abs(x)
            a = highest if a > highest else a
            e = expm1(a + a)
            return copysign(e / (e + two), x)

        return compute
    near = _polynomial(TANH, number)

    def compute_single(x):
        a = abs(x)
        a = highest if a > highest else a
        s = a * a
        small = fma(a * s, near(s), a)
        large = one - two / (_normal_exp(a + a) + one)
        return copysign(large if a > border else small, x)

    return compute_single


# ---------------------------------------------------------------------------------------------- logarithms
@function
def log(form: Format) -> Any:
    """The natural logarithm."""
    number, tail = form.number, _polynomial(form.log, form.number)
    zero, one, two, half = number(0), number(1), number(2), number(0.5)
    tiny, larger, smaller = number(form.tiny), number(2.0**form.digits), number(form.digits)
    high, low = number(form.ln2[0]), number(form.ln2[1])
    infinity, nothing = number(math.inf), number(math.nan)

    def compute(x):
        normal = x * larger if x < tiny else x
        k = exponent(normal)
        k = k - smaller if x < tiny else k
        f = mantissa(normal) - one
        s = f / (two + f)
        z = s * s
        square = half * f * f
        y = fma(k, high, f - (square - fma(s, fma(z, tail(z), square), k * low)))
        y = x if not x < infinity else y
        y = -infinity if x == zero else y
        return nothing if x < zero else y

    return compute


@function
def log1p(form: Format) -> Any:
    """``log(1 + x)``, precise near zero."""
    number, tail = form.number, _polynomial(form.log, form.number)
    one, two, half = number(1), number(2), number(0.5)
    high, low = number(form.ln2[0]), number(form.ln2[1])
    infinity, nothing, tiny = number(math.inf), number(math.nan), number(form.tiny)

    def compute(x):
        u = one + x
        # What the sum lost, as a share of it.
        lost = (x - (u - one)) if x < one else (one - (u - x))
        c = lost / u
        k = exponent(u)
        f = mantissa(u) - one
        s = f / (two + f)
        z = s * s
        square = half * f * f
        y = fma(k, high, f - (square - fma(s, fma(z, tail(z), square), fma(k, low, c))))
        y = x if not x < infinity or abs(x) < tiny else y
        y = -infinity if x == -one else y
        return nothing if x < -one else y

    return compute


# ---------------------------------------------------------------------------------------------- the error function
# ``erf(x) / x - 1`` in powers of x ** 2 up to 0.93; beyond it, ``-log(1 - erf(x)) / x - 1`` in powers of x. The error
# function is off by less than 2**-26, or 2**-28.
ERF_NEAR = (
    8.345225069206208e-05, -8.137437398545444e-4, 5.200634244829416e-3, -2.685927040874958e-2, 0.11283694207668304,
    -0.37612634897232056, 0.12837916612625122,
)  # fmt: skip
ERF_FAR = (
    1.1522463864821475e-05, -3.2565437140874558e-4, 3.6537705454975367e-3, -2.3785360157489777e-2, 0.1062631607055664,
    0.6351358890533447, 0.1286521703004837,
)  # fmt: skip


@function
def erf(form: Format) -> Any:
    """The error function."""
    if form is DOUBLE:
        return lambda x: math.erf(x)
    number = form.number
    one, border = number(1), number(0.93)
    near, far = _polynomial(ERF_NEAR, number), _polynomial(ERF_FAR, number)
    most = number(4)

    def compute(x):
        a = abs(x)
        t = most if a > most else a
        small = fma(t, near(t * t), t)
        large = one - _normal_exp(-fma(t, far(t), t))
        return copysign(large if a > border else small, x)

    return compute
