"""Exponentials of square matrices: Taylor's polynomial of a matrix made small, which is then squared.

Single precision is computed in double, since what is squared repeatedly loses digits. See N. Higham, Functions of
Matrices (2008), chapter 10, and for the evaluation of polynomials by few products M. Paterson and L. Stockmeyer,
https://doi.org/10.1137/0202007
"""

from bisect import bisect_left
from functools import cache
from math import factorial, frexp, isfinite, ldexp
from typing import Any

import numpy as np

from .matmul import FEW, bmm, mm

Array = np.ndarray

# Degrees of the polynomial, and up to which 1-norm each serves: there it is the exponential of a matrix that differs by
# less than a rounding of float64, or than 2**-29, a thirty-second of a rounding of float32.
DEGREES = (4, 8, 12, 16)
DOUBLE = (3.3971688399769617e-4, 4.9912288711153226e-2, 2.99615891381158e-1, 7.802874256626574e-1)
SINGLE = (2.1645563248149605e-2, 3.845187271909573e-1, 1.124152566154103, 2.047349978690512)

# So many powers of a matrix are at hand; the polynomial is one of the last of them.
_POWERS = 4


def matrix_exponential(x: Array) -> Array:
    """The exponentials of matrices ``(*batch, n, n)``; NaN for matrices that are not finite."""
    if x.shape[-1] == 1:
        return np.exp(x)
    single = x.dtype.char in "fF"
    limits = SINGLE if single else DOUBLE
    a = np.array(x, _WIDE.get(x.dtype.char) or np.result_type(x.dtype, np.float64), order="C")
    if x.ndim == 2:
        return _of_one(a, limits).astype(x.dtype, copy=False)
    a = a.reshape(-1, *x.shape[-2:])
    sizes = np.abs(a).sum(-2).max(-1)
    lost = ~np.isfinite(sizes)
    if lost.any():
        a[lost], sizes[lost] = 0, 0
    # `squarings` halvings bring a matrix below the last limit.
    squarings = np.maximum(np.frexp(sizes / limits[-1])[1], 0)
    most = int(squarings.max(initial=0))
    if most:
        a *= np.ldexp(1.0, -squarings)[:, None, None]
        sizes = np.ldexp(sizes, -squarings)
    degree = DEGREES[min(int(np.searchsorted(limits, sizes.max(initial=0))), len(DEGREES) - 1)]
    found = _polynomial(a, degree)
    for done in range(most):
        rest = squarings > done
        if rest.all():
            found = _product(found, found)
        else:
            found[rest] = _product(part := found[rest], part)
    found[lost] = complex(np.nan, np.nan) if x.dtype.kind == "c" else np.nan
    return found.reshape(x.shape).astype(x.dtype, copy=False)


_WIDE = {"f": np.float64, "d": np.float64}


def _of_one(a: Array, limits: tuple[float, ...]) -> Array:
    """The exponential of one matrix ``(n, n)``, which is changed."""
    size = float(np.maximum.reduce(np.add.reduce(np.abs(a), 0)))
    if not isfinite(size):
        return np.full_like(a, complex(np.nan, np.nan) if a.dtype.kind == "c" else np.nan)
    squarings = max(frexp(size / limits[-1])[1], 0)
    if squarings:
        a *= 2.0**-squarings
    degree = DEGREES[min(bisect_left(limits, ldexp(size, -squarings)), len(DEGREES) - 1)]
    found = _polynomial(a, degree)
    for _ in range(squarings):
        found = _product(found, found)
    return found


def _product(a: Array, b: Array) -> Any:
    if a.ndim > 2:
        return bmm(a, b)
    return a.dot(b) if a.size <= FEW else mm(a, b)


def _polynomial(a: Array, degree: int) -> Array:
    """Taylor's polynomial of the exponential of one or several matrices, of a multiple of four as its degree."""
    powers = [a]
    while len(powers) < _POWERS:
        powers.append(_product(powers[-1], a))
    last = powers.pop()
    # What is added in each step, but for multiples of the identity, by one product.
    n, (weights, units) = a.shape[-1], _weights(degree, a.dtype)
    sums = weights.dot(np.concatenate(powers).reshape(_POWERS - 1, -1))
    sums.reshape(len(units), -1, n * n)[:, :, :: n + 1] += units
    found = last / factorial(degree)
    for i, terms in enumerate(sums.reshape(-1, *a.shape)):
        if i:
            found = _product(found, last)
        found += terms
    return found


@cache
def _weights(degree: int, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """Of the polynomial of a degree, the factors of the lower powers in each step, and those of the identity."""
    starts = range(degree - _POWERS, -1, -_POWERS)
    weights = np.array([[1 / factorial(start + i) for i in range(1, _POWERS)] for start in starts], dtype)
    return weights, np.array([1 / factorial(start) for start in starts], dtype).reshape(-1, 1, 1)
