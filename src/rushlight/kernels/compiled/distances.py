"""Distances between points, and their derivatives; a piece of work is one point.

The norm is chosen by a number: 0 counts the coordinates that differ, 1, 2 and 3 are p, 4 is the largest difference; a
coordinate that is NaN counts there only among pairs, as in PyTorch. The coordinates of the other points are read from a
transposed matrix, so that neighbours of a loop are other points; eight coordinates' terms are added to each other
before they are to the sum, which keeps roundings few.
"""

from typing import Any

from numba import njit

from .builder import Real, kernel
from .functions import INLINED
from .simd import ahead, copysign, integer, load, select, sqrt, store

# How many distances of one point are computed together: their sums stay in the first cache.
_STRIPE = 1024


def _term(real: Real, p: int) -> Any:
    zero, one = real.type(0), real.type(1)

    @njit(**INLINED)
    def term(x, y):
        d = abs(x - y)
        if p == 0:
            return select(d != d, d, select(d != zero, one, zero))
        if p == 1:
            return d
        if p == 2:
            return d * d
        return d * d * d

    return term


def _add(real: Real, p: int) -> Any:
    """``add(x, y, count, out, first, last, dims)``: the sums of all coordinates' terms, for points `first .. last`."""
    term, zero = _term(real, p), real.type(0)

    @njit
    def add(x, y, count, out, first, last, dims):
        for j in range(first, last):
            store(out, j, zero)
        k = 0
        while k + 8 <= dims:
            a, b, c, d, e, f, g, h = x[k], x[k + 1], x[k + 2], x[k + 3], x[k + 4], x[k + 5], x[k + 6], x[k + 7]
            rows = ahead(y, k * count)
            for j in range(first, last):
                low = (term(a, load(rows, j)) + term(b, load(rows, j + count))) + (
                    term(c, load(rows, j + 2 * count)) + term(d, load(rows, j + 3 * count))
                )
                high = (term(e, load(rows, j + 4 * count)) + term(f, load(rows, j + 5 * count))) + (
                    term(g, load(rows, j + 6 * count)) + term(h, load(rows, j + 7 * count))
                )
                store(out, j, out[j] + (low + high))
            k += 8
        while k < dims:
            a, row = x[k], ahead(y, k * count)
            for j in range(first, last):
                store(out, j, out[j] + term(a, load(row, j)))
            k += 1

    return add


def distances(real: Real) -> Any:
    """Distances from each point to the others of its batch.

    Arguments: x, the other points (transposed), result; points of x a batch, other points, coordinates, the norm, and
    whether they are pairs: then the other points are the same ones, and only later ones count.
    """
    read, zero = real.read, real.type(0)
    add0, add1, add2, add3 = (_add(real, p) for p in range(4))

    @kernel
    def distances(args, begin, end, thread):
        rows, count, dims, norm = integer(args, 3), integer(args, 4), integer(args, 5), integer(args, 6)
        pairs = integer(args, 7)
        for piece in range(begin, end):
            batch = piece // rows
            x, y = ahead(read(args, 0), piece * dims), ahead(read(args, 1), batch * dims * count)
            i, out = piece - batch * rows, ahead(read(args, 2), piece * count)
            left = 0
            if pairs != 0:
                left = i + 1
                # Before this row of the triangle there are `i` longer ones.
                out = ahead(read(args, 2), i * (2 * count - i - 1) // 2 - left)
            while left < count:
                right = min(left + _STRIPE, count)
                if norm == 0:
                    add0(x, y, count, out, left, right, dims)
                elif norm == 1:
                    add1(x, y, count, out, left, right, dims)
                elif norm == 2:
                    add2(x, y, count, out, left, right, dims)
                    for j in range(left, right):
                        store(out, j, sqrt(out[j]))
                elif norm == 3:
                    add3(x, y, count, out, left, right, dims)
                else:
                    for j in range(left, right):
                        store(out, j, zero)
                    for k in range(dims):
                        a, row = x[k], ahead(y, k * count)
                        for j in range(left, right):
                            d, most = abs(a - load(row, j)), out[j]
                            store(out, j, select((d > most) | ((d != d) & (pairs != 0)), d, most))
                left = right

    return distances


def slopes(real: Real) -> Any:
    """The gradient by each point, the sum over the others of their differences' derivatives.

    Arguments: gradients of the distances, x, the other points, distances, result; points of x a batch, other points,
    coordinates, the norm, and whether they are pairs: then gradients and distances are those of the triangle.
    """
    read, zero, one = real.read, real.type(0), real.type(1)

    @kernel
    def slopes(args, begin, end, thread):
        rows, count, dims, norm, pairs = (
            integer(args, 5), integer(args, 6), integer(args, 7), integer(args, 8), integer(args, 9),
        )  # fmt: skip
        for piece in range(begin, end):
            batch = piece // rows
            i = piece - batch * rows
            x, out = ahead(read(args, 1), piece * dims), ahead(read(args, 4), piece * dims)
            for k in range(dims):
                store(out, k, zero)
            for j in range(count):
                place = piece * count + j
                if pairs != 0:
                    if j == i:
                        continue
                    low, high = min(i, j), max(i, j)
                    place = low * (2 * count - low - 1) // 2 + high - low - 1
                share, size, y = (
                    read(args, 0)[place],
                    read(args, 3)[place],
                    ahead(read(args, 2), (batch * count + j) * dims),
                )
                if norm == 1:
                    for k in range(dims):
                        d = x[k] - load(y, k)
                        sign = select(d == zero, zero, copysign(one, d))
                        store(out, k, out[k] + select(d != d, d, sign) * share)
                elif norm == 2:
                    if size != zero:
                        factor = share / size
                        for k in range(dims):
                            store(out, k, out[k] + (x[k] - load(y, k)) * factor)
                elif norm == 3:
                    if size != zero:
                        factor = share / (size * size)
                        for k in range(dims):
                            d = x[k] - load(y, k)
                            store(out, k, out[k] + d * abs(d) * factor)
                else:
                    for k in range(dims):
                        d = x[k] - load(y, k)
                        sign = select(d == zero, zero, copysign(one, d))
                        over = abs(d) - size
                        chosen = select(over == zero, share, select(over != over, over, zero * share))
                        store(out, k, out[k] + select(d != d, d, sign) * chosen)

    return slopes
