"""Elementwise functions of arrays that NumPy does not have under one name, or not with PyTorch's conventions."""

from typing import Any

import numpy as np

from .layout import copied, dense
from .numpy_bessel import by_scipy
from .numpy_common import ONE, constant, count_nonzero, narrow, widen
from .sparse import SparseArray

Array = np.ndarray
log = np.log


def conj(x: Any) -> Any:
    """The complex conjugate; real arrays are returned as they are."""
    return np.conjugate(x) if x.dtype.kind in "cW" else x


def conj_physical(x: Array) -> Any:
    """The complex conjugate, in memory of its own."""
    return np.conjugate(x) if x.dtype.kind != "b" else copied(x)


def angle(x: Array) -> Any:
    """The angle of complex numbers; pi for negative real ones, else 0, or NaN."""
    if x.dtype.kind == "c":
        return np.ascontiguousarray(np.angle(x)) if x.ndim else np.angle(x)
    return np.where(x != x, x, np.where(x < 0, x.dtype.type(np.pi), x.dtype.type(0)))


def round_(x: Array) -> Any:
    """The nearest integer, halves to even."""
    return np.rint(x) if x.dtype.kind not in "iu" else copied(x)


def add(a: Any, b: Any, *, alpha: Any = 1) -> Any:
    """``a + alpha * b``."""
    return a + b if alpha == 1 else add_scaled(a, b, alpha)


def sub(a: Any, b: Any, *, alpha: Any = 1) -> Any:
    """``a - alpha * b``."""
    return a - b if alpha == 1 else sub_scaled(a, b, alpha)


def add_scaled(a: Any, b: Any, alpha: Any) -> Any:
    """``a + alpha * b`` of two arrays of one type; in half precision `alpha` is rounded, and the result."""
    factor = constant(alpha, b.dtype)
    if b.dtype.itemsize > 2:
        return a + b * factor
    return narrow(np.asarray(widen(a) + widen(b) * widen(factor)), b.dtype)


def sub_scaled(a: Any, b: Any, alpha: Any) -> Any:
    """``a - alpha * b`` of two arrays of one type; in half precision `alpha` is rounded, and the result."""
    factor = constant(alpha, b.dtype)
    if b.dtype.itemsize > 2:
        return a - b * factor
    return narrow(np.asarray(widen(a) - widen(b) * widen(factor)), b.dtype)


def times(x: Any, number: Any) -> Any:
    """A tensor's product with a Python number, in its own type: those that are not NumPy's become wider beside one."""
    if number == 1:
        return x
    return x * number if x.dtype.itemsize > 2 else narrow(np.asarray(widen(x) * number), x.dtype)


def divided_by(number: Any, x: Any) -> Any:
    """A Python number divided by a tensor, in the tensor's own type; half precision is rounded once."""
    wide = widen(x)
    return narrow(np.asarray(widen(np.asarray(number, x.dtype)) / wide), x.dtype)


def div(a: Any, b: Any) -> Any:
    """``a / b``."""
    return a / b


def rsub(a: Any, b: Any) -> Any:
    """``b - a``."""
    return np.subtract(b, a)


def _integer_division(a: Array, b: Array, function: Any) -> Any:
    if a.dtype.kind in "iub" and a.size and count_nonzero(b) != b.size:
        raise RuntimeError("ZeroDivisionError")
    return function(a, b)


def floor_divide(a: Array, b: Array) -> Any:
    """The quotient rounded down; division of a floating-point number by zero gives infinity or NaN."""
    if a.dtype.char in "fd" and b.dtype.char in "fd":  # NumPy's is the quotient itself there
        return np.floor_divide(a, b)
    whole = count_nonzero(b) == b.size
    if a.dtype.kind in "iub":
        if b.dtype.kind in "iub":
            return np.floor_divide(a, b) if whole else _integer_division(a, b, np.floor_divide)
        a = a.astype(b.dtype)  # as a derivative finds it saved
    result = np.floor_divide(a, b)
    return result if whole else np.where(b == 0, a / b, result)


def div_trunc(a: Array, b: Array) -> Any:
    """The quotient rounded towards zero."""
    if a.dtype.kind in "iub" and b.dtype.kind in "iub":
        return _integer_division(a, b, lambda x, y: np.floor_divide(x - np.fmod(x, y), y))
    return np.trunc(a / b)


def remainder(a: Array, b: Array) -> Any:
    """The remainder with the sign of the divisor."""
    if a.dtype.kind in "iub":
        return np.remainder(a, b) if count_nonzero(b) == b.size else _integer_division(a, b, np.remainder)
    found = np.remainder(a, b)
    if count_nonzero(found) != found.size and found.dtype.kind in "fV":
        # In PyTorch a remainder of zero has the sign of the dividend.
        found = np.asarray(found)
        np.copysign(found, a, out=found, where=found == 0)
    return found


def fmod(a: Array, b: Array) -> Any:
    """The remainder with the sign of the dividend."""
    return _integer_division(a, b, np.fmod)


def reciprocal(x: Array) -> Any:
    """``1 / x``."""
    return constant(1, x.dtype) / x


def log2(x: Array) -> Any:
    """The logarithm to base 2."""
    if x.dtype.kind != "c":
        return np.log2(x)
    result = np.asarray(np.log(x))
    for part in (result.real, result.imag):
        np.divide(part, np.log(2), part)
    return result


def rsqrt(x: Array) -> Any:
    """``1 / sqrt(x)``."""
    if x.dtype.itemsize == 2:
        return narrow(np.asarray(1 / np.sqrt(widen(x))), x.dtype)
    return constant(1, x.dtype) / np.sqrt(x)


def pow_number(x: Array, exponent: Any) -> Any:
    """``x ** exponent`` for one number; small whole powers are products, as in PyTorch.

    Raises:
        OverflowError: the exponent does not fit into 64 bits.
    """
    if exponent == 2:
        return np.square(x) if x.dtype.kind in "iuf" and type(x) is np.ndarray else x * x
    if exponent == 3:
        # Of float16, PyTorch's powers are those of float32.
        return x * x * x if x.dtype.char != "e" else narrow(np.asarray(np.power(widen(x), 3)), x.dtype)
    if exponent == 1:
        return copied(x)
    if exponent == 0:
        return np.ones_like(x)
    if x.dtype.kind == "V" and exponent != -2:
        return narrow(np.asarray(pow_number(widen(x), exponent)), x.dtype)
    if x.dtype.kind in "fcV":
        # Of float16, PyTorch takes no roots: they differ at -0 and at minus infinity.
        if exponent == 0.5 and x.dtype.char != "e":
            return np.sqrt(x)
        if exponent == -0.5 and x.dtype.char != "e":
            return 1 / np.sqrt(x)
        if exponent == -1:
            return 1 / x
        if exponent == -2 and x.dtype.char != "e":
            return 1 / (x * x)
        if type(exponent) is int and not -0x8000000000000000 <= exponent <= 0xFFFFFFFFFFFFFFFF:
            raise OverflowError("int too big to convert" if exponent > 0 else "can't convert negative int to unsigned")
        return np.power(x, exponent) if x.dtype.kind == "f" else complex_power(x, np.asarray(exponent, x.dtype))
    return np.power(x, np.asarray(exponent if x.dtype.kind in "iub" else float(exponent)).astype(x.dtype))


def scaled_power(gradient: Array, x: Array, exponent: Any, factor: Any) -> Any:
    """``gradient * (factor * x ** exponent)`` for real numbers; zero for factor zero, also where `x` is zero."""
    if not factor:
        return np.zeros_like(gradient)
    key = factor, x.dtype.char
    constant = _factors.get(key)
    if constant is None:
        constant = np.asarray(factor, x.dtype)
        if len(_factors) < 4096:
            _factors[key] = constant
    power = x * x if exponent == 2 else x if exponent == 1 else pow_number(x, exponent)
    return gradient * (power * constant)


# Numbers as arrays, because NumPy multiplies by those in half the time.
_factors: dict[tuple[Any, str], Array] = {}


def pow_(a: Array, b: Array) -> Any:
    """``a ** b`` elementwise; an integer to a negative power is 1, -1 or 0."""
    kind = a.dtype.kind
    if kind == "f" and b.dtype.kind != "c":
        return np.power(a, b)
    if kind == "i" and np.any(np.less(b, 0)):
        whole = np.power(a, np.maximum(b, 0))
        sign = np.where(np.bitwise_and(b, 1) == 0, 1, a)
        return np.where(np.less(b, 0), np.where(np.abs(a) == 1, sign, 0), whole).astype(a.dtype)
    return np.power(a, b) if kind != "c" and b.dtype.kind != "c" else complex_power(a, b)


def complex_power(a: Array, b: Array) -> Any:
    """``a ** b`` of complex numbers; of zero and infinities it is what C makes of their logarithm, as in PyTorch."""
    found = np.asarray(np.power(a, b))
    strange = (a == 0) | ~np.isfinite(a) | ~np.isfinite(found)
    if not np.any(strange):
        return found
    log = np.log(a.astype(found.dtype, copy=False))
    np.copyto(found, np.exp(_product_of_c(log, b.astype(found.dtype, copy=False))), where=strange)
    return found


def _product_of_c(x: Array, y: Array) -> Array:
    """The product of complex numbers that is infinite where a factor is, although its parts are not numbers.

    Source: ISO/IEC 9899:1999 (C99), annex G.5.1.
    """
    a, b, c, d = x.real, x.imag, y.real, y.imag
    found = np.empty(np.broadcast_shapes(x.shape, y.shape), x.dtype)
    found.real, found.imag = a * c - b * d, a * d + b * c
    first, second = np.isinf(x), np.isinf(y)
    over = np.isinf(a * c) | np.isinf(b * d) | np.isinf(a * d) | np.isinf(b * c)
    lost = np.isnan(found.real) & np.isnan(found.imag) & (first | second | over)
    if not lost.any():
        return found
    a, b = (_unit(v, first, second | over) for v in (a, b))
    c, d = (_unit(v, second, first | over) for v in (c, d))
    found.real = np.where(lost, np.inf * (a * c - b * d), found.real)
    found.imag = np.where(lost, np.inf * (a * d + b * c), found.imag)
    return found


def _unit(part: Array, infinite: Array, beside: Array) -> Array:
    """A part of a complex number for C's product: 1 or 0 of an infinite one, and 0 for NaN beside such a one."""
    part = np.where(infinite, np.copysign(np.isinf(part).astype(part.dtype), part), part)
    return np.where(beside & np.isnan(part), np.copysign(part.dtype.type(0), part), part)


def pow_base(exponent: Array, base: Any) -> Any:
    """A number to the power of each element; it lies row by row, whatever the exponents do."""
    kind = exponent.dtype.kind
    if kind == "f" and type(base) is np.ndarray and base.dtype.kind == "f" and exponent.flags.c_contiguous:
        return np.power(base, exponent)
    if kind == "c" and base == 1:  # also of infinite exponents
        return np.ones(exponent.shape, exponent.dtype)
    if exponent.flags.c_contiguous:
        return pow_(np.asarray(base), exponent)
    found = pow_(np.broadcast_to(np.asarray(base), np.shape(exponent)), exponent)
    return np.asarray(found, order="C") if type(found) is np.ndarray else found


def nonnegative(x: Any) -> Any:
    """Whether numbers are real, and at least zero."""
    return (x.real >= 0) & (x.imag == 0) if np.iscomplexobj(x) else np.asarray(x) >= 0


def sigmoid(x: Array) -> Any:
    """The logistic function, without overflow: ``exp(-x)`` may be infinite, its reciprocal is then 0."""
    one = ONE.get(x.dtype.char)
    if one is None:
        if x.dtype.itemsize == 2:  # rounded once, at the end
            return sigmoid(x.astype(np.float32)).astype(x.dtype)
        one = constant(1.0, x.dtype)
    elif x.size > 32:
        r = np.negative(x)
        np.exp(r, out=r)
        r += one
        return np.reciprocal(r, out=r)
    return one / (one + np.exp(-x))


def erf(x: Array) -> Any:
    """The error function."""
    return by_scipy("erf", x)


def erfc(x: Array) -> Any:
    """The complementary error function."""
    return by_scipy("erfc", x)


_HALF_ZERO = np.zeros((), np.float16)
_ZEROS: dict[Any, Any] = {_HALF_ZERO.dtype: _HALF_ZERO}


def relu(x: Array) -> Any:
    """``max(x, 0)``; NaN and -0 stay."""
    zero = _ZEROS.get(x.dtype)
    if zero is None:
        zero = _ZEROS[x.dtype] = np.zeros((), x.dtype)
    # Of equal operands, which 0 and -0 are, NumPy takes the second one, of float16 the first one.
    return np.maximum(zero, x) if zero is not _HALF_ZERO else np.maximum(x, zero)


_BITS = {np.dtype(d): np.dtype(f"i{np.dtype(d).itemsize}") for d in "fde"}


def relu_backward(grad: Array, result: Array) -> Any:
    """`grad` where the result is positive or NaN, else 0, whatever `grad` is there."""
    if isinstance(grad, SparseArray):
        return grad * result.astype(bool)
    if result.size > 1024 and (bits := _BITS.get(grad.dtype)) is not None:
        # Bits times 0 or 1 are nothing or themselves, unlike infinities and NaN. It takes a tenth of the time of
        # `where`, for which the processor guesses each condition.
        return (grad.view(bits) * result.astype(bool)).view(grad.dtype)
    zero = _ZEROS.get(grad.dtype)
    if zero is None:
        zero = _ZEROS[grad.dtype] = np.zeros((), grad.dtype)
    return np.where(result, grad, zero)


def sgn(x: Array) -> Any:
    """``x / |x|``, 0 at 0 and, for real numbers, at NaN; a boolean itself. Infinite complex numbers give NaN."""
    kind = x.dtype.kind
    if kind == "b":
        return copied(x)
    if kind == "c":
        size = np.abs(x)
        return np.where(size == 0, size, x / size.astype(x.dtype))
    result = np.sign(x)
    if kind == "V":
        result = np.add(result, result.dtype.type(0))  # the sign of a zero has none
    if kind in "fV" and not isinstance(result, SparseArray) and count_nonzero(missing := result != result):
        result = np.asarray(result)
        result[missing] = 0
    return result


def frac(x: Array) -> Any:
    """The fraction with the sign of `x`."""
    return x - np.trunc(x)


def round_decimals(x: Array, decimals: int) -> Any:
    """Rounded to a number of decimals by scaling, halves to even."""
    dtype, x = x.dtype, widen(x)
    scale = x.dtype.type(10.0 ** abs(decimals))
    to, back = (np.multiply, np.divide) if decimals >= 0 else (np.divide, np.multiply)
    found = np.asarray(to(x, scale))
    return narrow(back(np.rint(found, found), scale, found), dtype)


def share_of(grad: Array, a: Array, b: Array, lost: Array) -> Any:
    """The part of a gradient that goes to one of two elements: nothing if it lost, a half for ties, else all."""
    kind = grad.dtype.type
    a, b = _as_compared(a, b)
    return np.where(lost, kind(0), grad * np.where(a == b, kind(0.5), kind(1)))


def _as_compared(a: Array, b: Array) -> tuple[Array, Array]:
    """Two arrays in the type in which PyTorch compares them: one of no dimensions takes that of the other."""
    if a.dtype is not b.dtype and a.dtype.kind in "fV" and b.dtype.kind in "fV":
        if a.ndim and not b.ndim:
            return a, b.astype(a.dtype)
        if b.ndim and not a.ndim:
            return a.astype(b.dtype), b
    return a, b


def less(a: Array, b: Array) -> Any:
    """Whether elements are less than the corresponding ones."""
    a, b = _as_compared(a, b)
    return np.less(a, b)


def less_equal(a: Array, b: Array) -> Any:
    """Whether elements are less than the corresponding ones, or equal."""
    a, b = _as_compared(a, b)
    return np.less_equal(a, b)


def chosen(a: Array, b: Array, wins: Array) -> Any:
    """Whether an element wins or the other is NaN."""
    return np.asarray(wins | (b != b))


_NUMBERS = (float, int)


def clamp(x: Array, low: Any, high: Any = None) -> Any:
    """`x` limited to an interval; NaN stays, and so does a zero that equals a number as a limit."""
    # Of a zero and a negative zero NumPy gives the second, but in float16 the first.
    half = x.dtype.char == "e"
    if low is not None:
        low = constant(low, x.dtype) if type(low) in _NUMBERS else np.asarray(low, x.dtype)
        x = np.maximum(x, low) if half or low.ndim else np.maximum(low, x)
    if high is not None:
        high = constant(high, x.dtype) if type(high) in _NUMBERS else np.asarray(high, x.dtype)
        x = np.minimum(x, high) if half or high.ndim else np.minimum(high, x)
    return x


def clamp_max(x: Array, high: Any) -> Any:
    """`x`, but at most `high`; NaN stays."""
    return clamp(x, None, high)


def inside(x: Array, low: Any, high: Any) -> Any:
    """1 where `x` is within the limits, else 0, in the dtype of `x`."""
    result = x <= high if low is None else x >= low
    return (result if low is None or high is None else result & (x <= high)).astype(x.dtype)


def under(x: Array, low: Any, high: Any) -> Any:
    """1 where the lower limit was taken, else 0, in the dtype of `x`."""
    result = x < low
    return (result if high is None else result & (low < high)).astype(x.dtype)


def over(x: Array, low: Any, high: Any) -> Any:
    """1 where the upper limit was taken, else 0, in the dtype of `x`; it prevails where the limits cross."""
    result = x > high
    return (result if low is None else result | (high < low)).astype(x.dtype)


def frexp(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mantissas and exponents of two; C's library says which exponents infinities and NaN have."""
    mantissa, exponent = np.frexp(widen(dense(x)))
    return narrow(mantissa, x.dtype), narrow(exponent, np.dtype(np.int32))
