"""How near the polynomials of kernels come to the functions they stand for, apart from the kernels' roundings."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy import special

from rushlight.kernels import cephes, dispatch, numpy_activation

functions = pytest.importorskip("rushlight.kernels.compiled.functions") if dispatch.enabled() else None
needs_fast = pytest.mark.skipif(functions is None, reason="the kernels need Numba")


def polynomial(coefficients, x):
    """The value in float64 of a polynomial whose coefficients are rounded to float32."""
    return np.polyval(np.array(coefficients, np.float32).astype(np.float64), x)


def worst(computed, exact):
    """The greatest relative error, as a power of two."""
    return np.log2(np.max(np.abs(computed / exact - 1)))


def between(low, high):
    points = np.linspace(low, high, 20001)
    return points[points != 0]


def test_the_logarithm_of_cephes():
    x = between(math.sqrt(0.5) - 1, math.sqrt(2) - 1)
    assert worst(x - x**2 / 2 + x**3 * polynomial(cephes.LOG, x), np.log1p(x)) < -28


def test_the_cosine_and_the_sine_of_cephes():
    x = between(-math.pi / 4, math.pi / 4)
    assert worst(1 - x**2 / 2 + x**4 * polynomial(cephes.COSINE, x**2), np.cos(x)) < -32
    assert worst(x + x**3 * polynomial(cephes.SINE, x**2), np.sin(x)) < -26


def test_the_parts_of_constants_add_up():
    assert abs(sum(float(np.float32(part)) for part in cephes.LN2) - math.log(2)) < 2.0**-39
    assert abs(sum(float(np.float32(part)) for part in cephes.QUARTER_PI) - math.pi / 4) < 2.0**-49


@needs_fast
def test_the_exponential_in_float32():
    r = between(-0.3475, 0.3475)
    assert worst(1 + r + r**2 * polynomial(functions.SINGLE.exp, r), np.exp(r)) < -29


@needs_fast
def test_the_logarithm_in_float32():
    s = between(-3 + 2 * math.sqrt(2), 3 - 2 * math.sqrt(2))
    assert worst(2 * s + s**3 * polynomial(functions.SINGLE.log, s**2), np.log1p(s) - np.log1p(-s)) < -28


@needs_fast
def test_the_hyperbolic_tangent_in_float32():
    x = between(0, 0.6)
    assert worst(x + x**3 * polynomial(functions.TANH, x**2), np.tanh(x)) < -28


@needs_fast
def test_the_error_function_in_float32():
    x = between(0, 0.93)
    assert worst(x + x * polynomial(functions.ERF_NEAR, x**2), special.erf(x)) < -26
    x = between(0.93, 4)
    assert worst(-np.expm1(-x - x * polynomial(functions.ERF_FAR, x)), special.erf(x)) < -28


@needs_fast
@pytest.mark.parametrize("form", ["SINGLE", "DOUBLE"])
def test_ln2_has_two_parts_of_which_multiples_of_the_first_are_exact(form):
    form = getattr(functions, form)
    high, low = map(form.number, form.ln2)
    with localcontext(prec=60):
        assert abs(Decimal(float(high)) + Decimal(float(low)) - Decimal(2).ln()) < 2.0 ** (-1.6 * form.digits)
    most = math.ceil(max(-form.lowest, form.highest) / math.log(2))
    mantissa = int(math.ldexp(math.frexp(float(high))[0], form.digits + 1))
    assert mantissa % (1 << most.bit_length()) == 0


@needs_fast
@pytest.mark.parametrize("k", [-16, -11, -7, -1, 1, 3, 8, 13, 16])
def test_exponential_and_logarithm_in_float64(k):
    """Exactly, since float64 cannot tell errors below its own rounding."""
    form = functions.DOUBLE
    with localcontext(prec=60):
        r = Decimal(k) / 16 * Decimal("0.3466")
        tail = sum(Decimal(c) * r**i for i, c in enumerate(reversed(form.exp)))
        assert abs((1 + r + r * r * tail) / r.exp() - 1) < Decimal(2) ** -56
        s = Decimal(k) / 16 * Decimal("0.1716")
        tail = sum(Decimal(c) * s ** (2 * i) for i, c in enumerate(reversed(form.log)))
        exact = ((1 + s) / (1 - s)).ln()
        assert abs((2 * s + s**3 * tail) / exact - 1) < Decimal(2) ** -58


@needs_fast
def test_the_complementary_error_function():
    from rushlight.kernels.compiled import more_functions

    x = np.linspace(0, 11, 20001)
    t = 2 / (2 + x)
    assert worst(t * np.exp(np.polyval(more_functions.ERFC, t)), special.erfcx(x)) < -26


@needs_fast
def test_the_tangent_the_arc_tangent_and_the_arc_sine():
    from rushlight.kernels.compiled import more_functions

    x = between(0, 1)
    assert (
        worst(x * np.polyval(more_functions.TAN, (x * math.pi / 4) ** 2), np.tan(x * math.pi / 4) * 4 / math.pi) < -33
    )
    assert worst(x * np.polyval(more_functions.ATAN, x**2), np.arctan(x)) < -31
    x = between(0, 0.5)
    assert worst(x * np.polyval(more_functions.ASIN, x**2), np.arcsin(x)) < -31


def test_the_normal_distribution_function_by_tanh():
    x = np.linspace(1e-3, 6, 20001)
    assert worst(np.tanh(x * polynomial(numpy_activation.NORMAL, x**2)), special.erf(x / np.sqrt(2))) < -25
