"""More mathematical functions for kernels, in the manner of `functions`: those that single operations need."""

import math
from typing import Any

import numpy as np
from numba import types

from .functions import DOUBLE, Format, _polynomial, exp, function
from .simd import fma, power_of_two, rint

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
