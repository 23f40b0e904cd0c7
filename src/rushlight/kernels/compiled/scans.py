"""Running sums, products and extremes along a dimension.

An array is seen as ``(outer, n, inner)`` and worked on along its middle dimension. With an inner dimension of 1 a piece
of work is four rows side by side, because each number waits for the one before it; otherwise it is a stripe of columns
of one matrix.
"""

from collections.abc import Callable
from typing import Any

from numba import njit, types

from .builder import Real, kernel
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

    Arguments: x, values, places, n, inner, columns a stripe, stripes.
    """
    read, better = real.read, njit(better)

    @kernel
    def extremes(args, begin, end, thread):
        n, inner, stripe, stripes = integer(args, 3), integer(args, 4), integer(args, 5), integer(args, 6)
        for piece in range(begin, end):
            number = piece // stripes
            start = number * n * inner
            x, y, places = ahead(read(args, 0), start), ahead(read(args, 1), start), ahead(_numbers(args, 2), start)
            left = (piece - number * stripes) * stripe
            right = min(left + stripe, inner)
            for j in range(left, right):
                y[j] = x[j]
                places[j] = 0
            if inner == 1:
                best, place = x[0], 0
                for i in range(1, n):
                    v = x[i]
                    taken = better(v, best) | (v != v)
                    best, place = select(taken, v, best), select(taken, i, place)
                    y[i] = best
                    places[i] = place
            else:
                for i in range(1, n):
                    for j in range(i * inner + left, i * inner + right):
                        v, best = x[j], y[j - inner]
                        taken = better(v, best) | (v != v)
                        y[j] = select(taken, v, best)
                        places[j] = select(taken, i, places[j - inner])

    return extremes


def largest(real: Real) -> Any:
    """The largest so far; see `_extremes`."""
    return _extremes(real, lambda a, b: a >= b)


def smallest(real: Real) -> Any:
    """The smallest so far; see `_extremes`."""
    return _extremes(real, lambda a, b: a <= b)
