"""Powers by fixed numbers, and what goes with them: compiled loops on large arrays, NumPy's functions otherwise.

Functions and arguments are those of `numpy_pointwise`.
"""

from typing import Any

import numpy as np

from . import numpy_pointwise as on_numpy
from . import pointwise

Array = np.ndarray

# Exponents that are products, quotients and roots.
_POWERS = {
    1: "x", 2: "x * x", 3: "x * x * x", 0.5: "sqrt(x)", -0.5: "1 / sqrt(x)", -1: "1 / x", -2: "1 / (x * x)",
}  # fmt: skip
_NAMES = {e: f"{'minus_' * (e < 0)}{str(abs(e)).replace('.', '_')}" for e in _POWERS}
_POWER = {e: pointwise.Loop(f"power_{_NAMES[e]}", ("x",), (text,)) for e, text in _POWERS.items() if e != 1}
_SCALED = {
    e: pointwise.Loop(f"scaled_power_{_NAMES[e]}", ("g", "x", "factor"), (f"g * ({text} * factor)",))
    for e, text in _POWERS.items()
}


_ANY = pointwise.Loop("power", ("x", "exponent"), ("power(x, exponent)",))
_ANY_SCALED = pointwise.Loop("scaled_power", ("g", "x", "exponent", "factor"), ("g * (power(x, exponent) * factor)",))


def _is_any(x: Array, exponent: Any) -> bool:
    """Whether an exponent is like any other, and a number of the type of `x`."""
    return x.dtype.char in "fd" and bool(exponent) and (type(exponent) is float or abs(exponent) < 1 << 24)


def pow_number(x: Array, exponent: Any) -> Any:
    """See `numpy_pointwise.pow_number`."""
    if x.size >= pointwise.LARGE:
        if exponent == 2 and pointwise.few((x,)):
            return np.square(x)
        made = None
        if exponent in _POWER:
            made = _POWER[exponent](x)
        elif exponent != 1 and _is_any(x, exponent):
            made = _ANY(x, float(exponent))
        if made is not None:
            return made
    return on_numpy.pow_number(x, exponent)


def scaled_power(gradient: Array, x: Array, exponent: Any, factor: Any) -> Any:
    """See `numpy_pointwise.scaled_power`."""
    if x.size >= pointwise.LARGE and factor:
        made = None
        if exponent in _SCALED:
            made = _SCALED[exponent](gradient, x, float(factor))
        elif _is_any(x, exponent):
            made = _ANY_SCALED(gradient, x, float(exponent), float(factor))
        if made is not None:
            return made
    return on_numpy.scaled_power(gradient, x, exponent, factor)
