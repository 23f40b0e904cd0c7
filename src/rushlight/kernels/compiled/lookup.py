"""Elements whose places along a dimension are given, and adding to such places.

The array is ``(outer, n, inner)``, the places are ``(outer, m, inner)``. A place outside of the array is not looked at,
but told.
"""

from typing import Any

from numba import types

from .builder import Real, kernel
from .simd import ahead, array_reader, integer, load, select, store

_numbers = array_reader(types.int64)


def gather(real: Real) -> Any:
    """The elements at the places; a piece of work is a row of `inner` of them, or of m if `inner` is 1.

    Arguments: x, places, result, n, m, inner, and a number that becomes 1 if a place is none.
    """
    read = real.read

    @kernel
    def gather(args, begin, end, thread):
        n, m, inner, bad = integer(args, 3), integer(args, 4), integer(args, 5), 0
        many = m if inner == 1 else inner
        for piece in range(begin, end):
            places, y = ahead(_numbers(args, 1), piece * many), ahead(read(args, 2), piece * many)
            if inner == 1:
                x = ahead(read(args, 0), piece * n)
                for i in range(many):
                    place = load(places, i)
                    outside = (place < 0) | (place >= n)
                    bad |= outside
                    place = select(outside, 0, place)
                    store(y, i, load(x, place))
            else:
                x = ahead(read(args, 0), piece // m * n * inner)
                for i in range(many):
                    place = load(places, i)
                    outside = (place < 0) | (place >= n)
                    bad |= outside
                    place = select(outside, 0, place)
                    store(y, i, load(x, place * inner + i))
        if bad != 0:
            _numbers(args, 6)[0] = 1

    return gather


def scatter_add(real: Real) -> Any:
    """Elements added at the places, which all are some; a piece of work is a stripe of columns of one matrix.

    Arguments: y, places, x, n, m, inner, columns a stripe, stripes a matrix.
    """
    read = real.read

    @kernel
    def scatter_add(args, begin, end, thread):
        n, m, inner, stripe, stripes = (
            integer(args, 3), integer(args, 4), integer(args, 5), integer(args, 6), integer(args, 7),
        )  # fmt: skip
        for piece in range(begin, end):
            number = piece // stripes
            left = (piece - number * stripes) * stripe
            right = min(left + stripe, inner)
            y = ahead(read(args, 0), number * n * inner)
            places, x = ahead(_numbers(args, 1), number * m * inner), ahead(read(args, 2), number * m * inner)
            if inner == 1:
                for j in range(m):
                    y[places[j]] += x[j]
                continue
            for j in range(m):
                for i in range(j * inner + left, j * inner + right):
                    y[places[i] * inner + i - j * inner] += x[i]

    return scatter_add
