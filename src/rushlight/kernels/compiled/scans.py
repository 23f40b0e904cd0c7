"""Running sums, products and extremes along a dimension.

An array is seen as ``(outer, n, inner)`` and worked on along its middle dimension. With an inner dimension of 1 a piece
of work is four rows side by side, because each number waits for the one before it; otherwise it is a stripe of columns
of one matrix.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types

from .builder import Real, kernel
from .functions import exp, log1p
from .simd import ahead, array_reader, integer, load, select, store

_doubles = array_reader(types.float64)
_numbers = array_reader(types.int64)


def _scan_rows(real: Real, combine: Callable[[Any, Any], Any], start: float) -> Any:
    """What is so far in a row, in float64.

    Arguments: x, y, rows, numbers a row, whether from the end.
    """
    read, kind, combine = real.read, real.type, njit(combine)

    @kernel
    def scan(args, begin, end, thread):
        rows, n = integer(args, 2), integer(args, 3)
        first, step = (n - 1, -1) if integer(args, 4) != 0 else (0, 1)
        for piece in range(begin, end):
            row = 4 * piece
            x, y = ahead(read(args, 0), row * n), ahead(read(args, 1), row * n)
            if row + 4 <= rows:
                a = b = c = d = start
                i = first
                for _ in range(n):
                    a, b = combine(a, float(load(x, i))), combine(b, float(load(x, i + n)))
                    c, d = combine(c, float(load(x, i + 2 * n))), combine(d, float(load(x, i + 3 * n)))
                    store(y, i, kind(a))
                    store(y, i + n, kind(b))
                    store(y, i + 2 * n, kind(c))
                    store(y, i + 3 * n, kind(d))
                    i += step
                continue
            for k in range(rows - row):
                a = start
                i = k * n + first
                for _ in range(n):
                    a = combine(a, float(x[i]))
                    y[i] = kind(a)
                    i += step

    return scan


def _scan_columns(real: Real, combine: Callable[[Any, Any], Any], start: float) -> Any:
    """What is so far in a column, in float64.

    Arguments: x, y, n, inner, whether from the end, columns a stripe, stripes a matrix, and room for as many numbers as
    a stripe has for each thread.
    """
    read, kind, combine = real.read, real.type, njit(combine)

    @kernel
    def scan(args, begin, end, thread):
        n, inner, stripe, stripes = integer(args, 2), integer(args, 3), integer(args, 5), integer(args, 6)
        first, step = (n - 1, -1) if integer(args, 4) != 0 else (0, 1)
        held = ahead(_doubles(args, 7), thread * stripe)
        for piece in range(begin, end):
            number = piece // stripes
            left = (piece - number * stripes) * stripe
            many = min(stripe, inner - left)
            for j in range(many):
                held[j] = start
            i = first
            for _ in range(n):
                place = (number * n + i) * inner + left
                x, y = ahead(read(args, 0), place), ahead(read(args, 1), place)
                for j in range(many):
                    now = combine(load(held, j), float(load(x, j)))
                    store(held, j, now)
                    store(y, j, kind(now))
                i += step

    return scan


def _add(a, b):
    return a + b


def _multiply(a, b):
    return a * b


def sum_rows(real: Real) -> Any:
    """Running sums in rows; see `_scan_rows`."""
    return _scan_rows(real, _add, 0.0)


def sum_columns(real: Real) -> Any:
    """Running sums down columns; see `_scan_columns`."""
    return _scan_columns(real, _add, 0.0)


def product_rows(real: Real) -> Any:
    """Running products in rows; see `_scan_rows`."""
    return _scan_rows(real, _multiply, 1.0)


def product_columns(real: Real) -> Any:
    """Running products down columns; see `_scan_columns`."""
    return _scan_columns(real, _multiply, 1.0)


def _extremes(real: Real, better: Callable[[Any, Any], Any]) -> Any:
    """The best elements so far, of equal ones the last, NaN from the first one on; and their places.

    Arguments: x, values, places, rows, n, inner, columns a stripe, stripes.
    """
    read, better = real.read, njit(better)

    @njit
    def taken(v, best):
        return better(v, best) | (v != v)

    @kernel
    def extremes(args, begin, end, thread):
        rows, n, inner = integer(args, 3), integer(args, 4), integer(args, 5)
        stripe, stripes = integer(args, 6), integer(args, 7)
        for piece in range(begin, end):
            if inner == 1:
                row = 4 * piece
                x, y = ahead(read(args, 0), row * n), ahead(read(args, 1), row * n)
                places = ahead(_numbers(args, 2), row * n)
                if row + 4 <= rows:
                    a, b, c, d = x[0], x[n], x[2 * n], x[3 * n]
                    p = q = r = s = 0
                    for i in range(n):
                        v, w = load(x, i), load(x, i + n)
                        one, two = taken(v, a), taken(w, b)
                        a, p, b, q = select(one, v, a), select(one, i, p), select(two, w, b), select(two, i, q)
                        store(y, i, a)
                        store(places, i, p)
                        store(y, i + n, b)
                        store(places, i + n, q)
                        v, w = load(x, i + 2 * n), load(x, i + 3 * n)
                        one, two = taken(v, c), taken(w, d)
                        c, r, d, s = select(one, v, c), select(one, i, r), select(two, w, d), select(two, i, s)
                        store(y, i + 2 * n, c)
                        store(places, i + 2 * n, r)
                        store(y, i + 3 * n, d)
                        store(places, i + 3 * n, s)
                    continue
                for k in range(rows - row):
                    best, place = x[k * n], 0
                    for i in range(n):
                        v = x[k * n + i]
                        one = taken(v, best)
                        best, place = select(one, v, best), select(one, i, place)
                        y[k * n + i] = best
                        places[k * n + i] = place
                continue
            number = piece // stripes
            start = number * n * inner
            x, y, places = ahead(read(args, 0), start), ahead(read(args, 1), start), ahead(_numbers(args, 2), start)
            left = (piece - number * stripes) * stripe
            right = min(left + stripe, inner)
            for j in range(left, right):
                y[j] = x[j]
                places[j] = 0
            for i in range(1, n):
                for j in range(i * inner + left, i * inner + right):
                    v, best = x[j], y[j - inner]
                    one = taken(v, best)
                    y[j] = select(one, v, best)
                    places[j] = select(one, i, places[j - inner])

    return extremes


def largest(real: Real) -> Any:
    """The largest so far; see `_extremes`."""
    return _extremes(real, lambda a, b: a >= b)


def smallest(real: Real) -> Any:
    """The smallest so far; see `_extremes`."""
    return _extremes(real, lambda a, b: a <= b)


# ---------------------------------------------------------------------------------------------- of exponentials
# How many elements of a row are worked on at a time.
_BLOCK = 256


def exponentials_rows(real: Real) -> Any:
    """The logarithms of running sums of exponentials in rows; a piece of work is a row.

    What is so far is the largest number m, and ``t``, the sum of the others' ``exp(x - m)``.

    Arguments: x, y, numbers a row, and room for twice `_BLOCK` numbers for each thread.
    """
    read, kind, zero, one = real.read, real.type, real.type(0), real.type(1)
    nothing = real.type(-np.inf)

    @kernel
    def exponentials(args, begin, end, thread):
        n = integer(args, 2)
        terms = ahead(read(args, 3), 2 * _BLOCK * thread)
        factors = ahead(terms, _BLOCK)
        for piece in range(begin, end):
            largest, sum_of_others = nothing, 0.0
            for first in range(piece * n, (piece + 1) * n, _BLOCK):
                x, y = ahead(read(args, 0), first), ahead(read(args, 1), first)
                many = min(_BLOCK, (piece + 1) * n - first)
                for i in range(many):
                    v, before = x[i], largest
                    new = (v > before) | (v != v)
                    largest = select(new, v, before)
                    y[i] = largest
                    factors[i] = select(new, zero, one)
                    terms[i] = select(new, before, v)
                for i in range(many):
                    v, m = load(terms, i), load(y, i)
                    store(terms, i, exp(select(v == m, zero, v - m)))
                for i in range(many):
                    e, kept = float(terms[i]), factors[i] != zero
                    sum_of_others = sum_of_others * select(kept, 1.0, e) + e
                    factors[i] = kind(sum_of_others)
                for i in range(many):
                    store(y, i, load(y, i) + log1p(load(factors, i)))

    return exponentials


def exponentials_columns(real: Real) -> Any:
    """The logarithms of running sums of exponentials down columns; see `exponentials_rows`.

    Arguments: x, y, n, inner, columns a stripe, stripes a matrix, and room for twice as many numbers as a stripe has
    for each thread.
    """
    read, zero, one = real.read, real.type(0), real.type(1)
    nothing = real.type(-np.inf)

    @kernel
    def exponentials(args, begin, end, thread):
        n, inner, stripe, stripes = integer(args, 2), integer(args, 3), integer(args, 4), integer(args, 5)
        held = ahead(read(args, 6), 2 * thread * stripe)
        sums = ahead(held, stripe)
        for piece in range(begin, end):
            number = piece // stripes
            left = (piece - number * stripes) * stripe
            many = min(stripe, inner - left)
            for j in range(many):
                held[j] = nothing
                sums[j] = zero
            for i in range(n):
                place = (number * n + i) * inner + left
                x, y = ahead(read(args, 0), place), ahead(read(args, 1), place)
                for j in range(many):
                    v, before, t = load(x, j), load(held, j), load(sums, j)
                    new = (v > before) | (v != v)
                    m = select(new, v, before)
                    other = select(new, before, v)
                    e = exp(select(other == m, zero, other - m))
                    t = t * select(new, e, one) + e
                    store(held, j, m)
                    store(sums, j, t)
                    store(y, j, m + log1p(t))

    return exponentials
