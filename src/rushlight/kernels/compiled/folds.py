"""Products, norms and extremes along a dimension, and where the extremes are.

An array is seen as ``(outer, n, inner)`` and reduced along its middle dimension. With an inner dimension of 1 a piece
of work is a block of a row (the results of blocks are then reduced once more); otherwise it is a stripe of columns of
one matrix, into which rows are reduced.
"""

import math
from collections.abc import Callable
from typing import Any

from numba import njit, types

from .builder import Real, kernel
from .simd import ahead, array_reader, integer, select
from .vector import lane, larger, largest, load, load_some, repeat, store_some, total, where

_numbers = array_reader(types.int64)

# Numbers added up one after the other before the sum is set aside: sums of sums stay precise.
_FEW = 64


def _fold(
    real: Real,
    start: float,
    empty: float,
    what: Callable[[Any], Any],
    combine: Callable[[Any, Any], Any],
    across: Callable[[Any], Any],
) -> Any:
    """Functions of the elements, combined.

    Arguments: x, result, n, inner, columns a stripe, stripes a matrix; or, if inner is 1, elements a block and blocks a
    row.

    Args:
        real: the element type.
        start: what is combined with the first number.
        empty: an element that changes nothing.
        what: the function of an element.
        combine: of two registers one.
        across: of a register's numbers one.
    """
    read, lanes, start, empty = real.read, real.lanes, real.type(start), real.type(empty)

    @kernel
    def fold(args, begin, end, thread):
        n, inner, stripe, stripes = integer(args, 2), integer(args, 3), integer(args, 4), integer(args, 5)
        for piece in range(begin, end):
            number = piece // stripes
            x = ahead(read(args, 0), number * n * inner)
            i = (piece - number * stripes) * stripe
            if inner == 1:
                last = min(n, i + stripe)
                a = b = c = d = repeat(start)
                while i + 4 * lanes <= last:
                    a, b = combine(what(load(x, i)), a), combine(what(load(x, i + lanes)), b)
                    c, d = combine(what(load(x, i + 2 * lanes)), c), combine(what(load(x, i + 3 * lanes)), d)
                    i += 4 * lanes
                while i < last:
                    a = combine(what(load_some(x, i, last - i, empty)), a)
                    i += lanes
                read(args, 1)[piece] = across(combine(combine(a, b), combine(c, d)))
            else:
                y = ahead(read(args, 1), number * inner)
                right = min(i + stripe, inner)
                while i < right:
                    many = right - i
                    whole = repeat(start)
                    for first in range(0, n, _FEW):
                        part = repeat(start)
                        for k in range(first, min(n, first + _FEW)):
                            part = combine(what(load_some(x, k * inner + i, many, empty)), part)
                        whole = combine(part, whole)
                    store_some(y, i, whole, many)
                    i += lanes

    return fold


@njit
def _itself(v):
    return v


@njit
def _plus(a, b):
    return a + b


@njit
def _square(v):
    return v * v


@njit
def _times(a, b):
    return a * b


def amax(real: Real) -> Any:
    """The largest elements, NaN if there is one; see `_fold`."""
    return _fold(real, -math.inf, -math.inf, _itself, larger, largest)


def amin(real: Real) -> Any:
    """The negatives of the smallest elements; see `_fold`."""
    minus = real.type(-1)
    return _fold(real, -math.inf, math.inf, njit(lambda v: v * minus), larger, largest)


def largest_size(real: Real) -> Any:
    """The largest absolute values; see `_fold`."""
    return _fold(real, 0, 0, _absolute(real), larger, largest)


def sum_of_sizes(real: Real) -> Any:
    """Sums of absolute values; see `_fold`."""
    return _fold(real, 0, 0, _absolute(real), _plus, total)


def sum_of_squares(real: Real) -> Any:
    """Sums of squares; see `_fold`."""
    return _fold(real, 0, 0, _square, _plus, total)


def product(real: Real) -> Any:
    """Products; see `_fold`."""
    lanes = real.lanes

    @njit
    def across(v):
        whole = lane(v, 0)
        for i in range(1, lanes):
            whole *= lane(v, i)
        return whole

    return _fold(real, 1, 1, _itself, _times, across)


def _absolute(real: Real) -> Any:
    zero = real.type(0)
    return njit(lambda v: where(v <= zero, zero - v, v))


def _places(real: Real, better: Callable[[Any, Any], Any]) -> Any:
    """The best elements down columns, the first of equal ones, NaN before all; and their places.

    Arguments: x, values, places, n, inner, columns a stripe, stripes a matrix.
    """
    read, better = real.read, njit(better)

    @kernel
    def places(args, begin, end, thread):
        n, inner, stripe, stripes = integer(args, 3), integer(args, 4), integer(args, 5), integer(args, 6)
        for piece in range(begin, end):
            number = piece // stripes
            left = (piece - number * stripes) * stripe
            many = min(stripe, inner - left)
            x = ahead(read(args, 0), number * n * inner + left)
            y = ahead(read(args, 1), number * inner + left)
            place = ahead(_numbers(args, 2), number * inner + left)
            for j in range(many):
                y[j] = x[j]
                place[j] = 0
            for i in range(1, n):
                row = ahead(x, i * inner)
                for j in range(many):
                    v, best = row[j], y[j]
                    taken = (better(v, best) | (v != v)) & (best == best)
                    y[j] = select(taken, v, best)
                    place[j] = select(taken, i, place[j])

    return places


def largest_places(real: Real) -> Any:
    """The largest elements; see `_places`."""
    return _places(real, lambda a, b: a > b)


def smallest_places(real: Real) -> Any:
    """The smallest elements; see `_places`."""
    return _places(real, lambda a, b: a < b)
