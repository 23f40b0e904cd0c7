"""Special functions: compiled loops on large arrays, SciPy's functions otherwise.

Functions and arguments are those of `numpy_special`. The gamma function's logarithm and its first two derivatives, of
positive numbers, are each the sum of Stirling's series for ``x + n``, where it converges quickly, and of what the
recurrence says of the n steps up from x (Abramowitz and Stegun, Handbook of Mathematical Functions, 6.1.15 and 6.1.40,
6.3.5 and 6.3.18, 6.4.6 and 6.4.12). The n steps are a polynomial ``P = x (x + 1) ... (x + n - 1)``. float32 is computed
in float64, whose range holds P.
"""

import functools
from math import log, pi
from typing import Any

import numpy as np

from . import dispatch, numpy_special, pointwise

Array = np.ndarray

_STEPS = 6

# The coefficients of P, of its first and of its second derivative, from the highest power down.
_P = np.poly(-np.arange(float(_STEPS)))
_P1, _P2 = np.polyder(_P), np.polyder(_P, 2)

# Bernoulli's numbers with the indices 2, 4, ..., 16.
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)


def _horner(coefficients: Any, x: str) -> str:
    """The text of a polynomial, its coefficients given from the highest power down."""
    text, *rest = [repr(float(c)) for c in coefficients]
    for c in rest:
        text = f"({text} * {x} + {c})"
    return text


def _series(weight: Any, y: str) -> str:
    """The text of Bernoulli's numbers times ``weight(k)``, times the powers 0, 2, 4, ... of ``1 / y``."""
    return _horner([b * weight(2 * k + 2) for k, b in enumerate(_BERNOULLI)][::-1], f"(1 / ({y} * {y}))")


_Y = f"(x0 + {float(_STEPS)})"
_LOGARITHM = (
    f"(({_Y} - 0.5) * log({_Y}) - {_Y} + {log(2 * pi) / 2!r})"
    f" + ({_series(lambda k: 1 / (k * (k - 1)), _Y)} / {_Y} - log({_horner(_P, 'x0')}))"
)
_SLOPE = (
    f"log({_Y}) - 0.5 / {_Y} - {_series(lambda k: 1 / k, _Y)} / ({_Y} * {_Y})"
    f" - {_horner(_P1, 'x0')} / {_horner(_P, 'x0')}"
)
_RATIO = f"({_horner(_P1, 'x0')} / {_horner(_P, 'x0')})"
_CURVATURE = (
    f"(1 + 0.5 / {_Y} + {_series(lambda k: 1, _Y)} / ({_Y} * {_Y})) / {_Y}"
    f" + ({_RATIO} * {_RATIO} - {_horner(_P2, 'x0')} / {_horner(_P, 'x0')})"
)
_TEXTS = {"lgamma": _LOGARITHM, "digamma": _SLOPE, "trigamma": _CURVATURE}


@functools.cache
def _kernel(name: str) -> dispatch.Kernel:
    """The kernel of a function, made when a program first wants it."""
    return pointwise.kernel(name, f"f>f|{_TEXTS[name]}")


def _computed(name: str, x: Array, rest: Any) -> Array | None:
    """What the loop computes, and `rest` for numbers that are not positive; None where `rest` has to compute all."""
    if x.size < pointwise.LARGE or x.dtype.char != "f" or type(x) is not np.ndarray:
        return None
    if (run := _kernel(name).get(np.dtype(np.float64))) is None:
        return None
    special = ~((x > 0) & (x < np.inf))
    many = np.count_nonzero(special)
    if 2 * many > x.size:
        return None
    found = np.empty(x.shape, x.dtype)
    run(x.size, pointwise.piece(x.size), np.ascontiguousarray(x), found)
    if many:
        found[special] = rest(x[special])
    return found


def lgamma(x: Array) -> Array:
    """See `numpy_special.lgamma`."""
    if x.size < pointwise.LARGE or (found := _computed("lgamma", x, numpy_special.lgamma)) is None:
        return numpy_special.lgamma(x)
    return found


def digamma(x: Array) -> Array:
    """See `numpy_special.digamma`."""
    if x.size < pointwise.LARGE or (found := _computed("digamma", x, numpy_special.digamma)) is None:
        return numpy_special.digamma(x)
    return found


def polygamma(x: Array, n: int) -> Array:
    """See `numpy_special.polygamma`."""
    if n == 0:
        return digamma(x)
    found = _computed("trigamma", x, lambda x: numpy_special.polygamma(x, 1)) if n == 1 else None
    return numpy_special.polygamma(x, n) if found is None else found


_LOGIT_SLOPE = pointwise.Loop(
    "logit_slope", ("g", "x"), ("select((x < 0) | (x > 1), (x - x) / (x - x), g / abs(x * (1 - x)))",)
)


def logit_slope(grad: Array, x: Array, eps: float | None) -> Array:
    """See `numpy_special.logit_slope`."""
    made = _LOGIT_SLOPE(grad, x) if eps is None and grad.size >= pointwise.LARGE else None
    return numpy_special.logit_slope(grad, x, eps) if made is None else made


def mvlgamma(x: Array, p: int) -> Array:
    """See `numpy_special.mvlgamma`."""
    return numpy_special.mvlgamma(x, p, lgamma if x.size >= pointwise.LARGE else numpy_special.lgamma)


_LDEXP = pointwise.Loop("ldexp", ("x", "exponent"), ("x * exp2(exponent)",))


def ldexp(x: Array, exponent: Array) -> Array:
    """See `numpy_special.ldexp`."""
    if x.size >= pointwise.LARGE and x.shape == exponent.shape:
        if x.flags.c_contiguous and exponent.flags.c_contiguous and (made := _LDEXP(x, exponent)) is not None:
            return made  # type: ignore[no-any-return]
    return numpy_special.ldexp(x, exponent)


def ldexp_whole(x: Array, exponent: Array) -> Array:
    """See `numpy_special.ldexp_whole`."""
    if x.size >= pointwise.LARGE and x.dtype.char in "fd":
        powers = np.finfo(x.dtype)
        # Powers that the type has are exact, and so is the product as far as the type has it.
        if powers.minexp <= exponent.min() and exponent.max() < powers.maxexp:
            return ldexp(x, exponent)
    return numpy_special.ldexp_whole(x, exponent)
