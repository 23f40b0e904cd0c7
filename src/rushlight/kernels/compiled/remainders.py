"""Remainders of division, exact as C's.

Where the quotient is so small that the type has all whole numbers up to it, what is left of the division is a number of
the type, and so comes exact from one multiplication and addition. Larger quotients, infinities and NaN are rare, and
left to the C library.
"""

from typing import Any

import numpy as np
from numba import njit

from .builder import Real, kernel
from .functions import INLINED
from .simd import copysign, fma, integer, load, select, store, trunc

# Elements that are computed once more where one among them is left over.
BLOCK = 256


def _remainder(real: Real, floored: bool) -> Any:
    """Arguments: x, y, result, size, and whether y has but one element."""
    read, kind, zero = real.read, real.type, real.type(0)
    whole = real.type(2.0**24 if real.code == "f" else 2.0**53)

    @njit(**INLINED)
    def divided(a, b):
        quotient = trunc(a / b)
        r = fma(-quotient, b, a)
        # Of a quotient just below a whole number the division made that number.
        r = copysign(select((r != zero) & ((r < zero) != (a < zero)), r + copysign(b, a), r), a)
        if floored:
            r = select((r != zero) & ((b < zero) != (r < zero)), r + b, r)
        return r, (abs(quotient) >= whole) | (r != r)

    @kernel
    def remainder(args, begin, end, thread):
        x, y, result = read(args, 0), read(args, 1), read(args, 2)
        size, single = integer(args, 3), integer(args, 4)
        for piece in range(begin, end):
            first = piece * BLOCK
            last = min(size, first + BLOCK)
            rest = 0
            if single != 0:
                b = y[0]
                for i in range(first, last):
                    r, left = divided(load(x, i), b)
                    rest |= left
                    store(result, i, r)
            else:
                for i in range(first, last):
                    r, left = divided(load(x, i), load(y, i))
                    rest |= left
                    store(result, i, r)
            if rest != 0:
                for i in range(first, last):
                    a, b = x[i], y[0] if single != 0 else y[i]
                    r = kind(np.fmod(float(a), float(b)))
                    if floored and r != zero and (b < zero) != (r < zero):
                        r += b
                    result[i] = r

    return remainder


def truncated(real: Real) -> Any:
    """The remainders with the sign of x; see `_remainder`."""
    return _remainder(real, False)


def floored(real: Real) -> Any:
    """The remainders with the sign of y; see `_remainder`."""
    return _remainder(real, True)
