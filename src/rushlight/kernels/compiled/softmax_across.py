"""Softmax and its logarithm along an inner dimension of ``(outer, count, inner)``.

A piece of work is a block of `BLOCK` neighbouring columns of one of the `outer` matrices.
"""

import math
from typing import Any

from numba import njit

from .builder import Real, kernel
from .functions import exp, log
from .simd import ahead, array_at, integer, local_words

BLOCK = 128


def _make_greatest(real: Real) -> Any:
    """``greatest(x, count, inner, width, most)``: the greatest of each of `width` columns; NaN where there is one."""
    least = real.type(-math.inf)

    @njit
    def greatest(x, count, inner, width, most):
        for i in range(width):
            most[i] = least
        for row in range(count):
            line = ahead(x, row * inner)
            for i in range(width):
                v, m = line[i], most[i]
                most[i] = v if v > m or v != v else m

    return greatest


def softmax(real: Real) -> Any:
    """``exp(x) / sum(exp(x))``. Arguments: x, y, count, inner, blocks a matrix."""
    read, kind, at, place = real.read, real.type, array_at(real.type), local_words(2 * BLOCK)
    greatest = _make_greatest(real)

    @kernel
    def softmax(args, begin, end, thread):
        count, inner, blocks = integer(args, 2), integer(args, 3), integer(args, 4)
        table = place()
        most, sums = at(table), at(table + 8 * BLOCK)
        for piece in range(begin, end):
            matrix = piece // blocks
            column = (piece - matrix * blocks) * BLOCK
            width, first = min(BLOCK, inner - column), matrix * count * inner + column
            greatest(ahead(read(args, 0), first), count, inner, width, most)
            for i in range(width):
                sums[i] = kind(0)
            for row in range(count):
                x, y = ahead(read(args, 0), first + row * inner), ahead(read(args, 1), first + row * inner)
                for i in range(width):
                    y[i] = exp(x[i] - most[i])
                for i in range(width):
                    sums[i] += y[i]
            for i in range(width):
                sums[i] = kind(1) / sums[i]
            for row in range(count):
                y = ahead(read(args, 1), first + row * inner)
                for i in range(width):
                    y[i] *= sums[i]

    return softmax


def log_softmax(real: Real) -> Any:
    """``x - log(sum(exp(x)))``. Arguments: x, y, count, inner, blocks a matrix."""
    read, kind, at, place = real.read, real.type, array_at(real.type), local_words(2 * BLOCK)
    greatest = _make_greatest(real)

    @kernel
    def log_softmax(args, begin, end, thread):
        count, inner, blocks = integer(args, 2), integer(args, 3), integer(args, 4)
        table = place()
        most, sums = at(table), at(table + 8 * BLOCK)
        for piece in range(begin, end):
            matrix = piece // blocks
            column = (piece - matrix * blocks) * BLOCK
            width, first = min(BLOCK, inner - column), matrix * count * inner + column
            greatest(ahead(read(args, 0), first), count, inner, width, most)
            for i in range(width):
                sums[i] = kind(0)
            for row in range(count):
                x = ahead(read(args, 0), first + row * inner)
                for i in range(width):
                    sums[i] += exp(x[i] - most[i])
            for i in range(width):
                sums[i] = log(sums[i])
            for row in range(count):
                x, y = ahead(read(args, 0), first + row * inner), ahead(read(args, 1), first + row * inner)
                for i in range(width):
                    y[i] = x[i] - most[i] - sums[i]

    return log_softmax


def softmax_back(real: Real) -> Any:
    """``y * (g - sum(g * y))``. Arguments: g, y, gx, count, inner, blocks a matrix."""
    read, kind, at, place = real.read, real.type, array_at(real.type), local_words(BLOCK)

    @kernel
    def softmax_back(args, begin, end, thread):
        count, inner, blocks = integer(args, 3), integer(args, 4), integer(args, 5)
        sums = at(place())
        for piece in range(begin, end):
            matrix = piece // blocks
            column = (piece - matrix * blocks) * BLOCK
            width, first = min(BLOCK, inner - column), matrix * count * inner + column
            for i in range(width):
                sums[i] = kind(0)
            for start in range(first, first + count * inner, inner):
                g, y = ahead(read(args, 0), start), ahead(read(args, 1), start)
                for i in range(width):
                    sums[i] += g[i] * y[i]
            for start in range(first, first + count * inner, inner):
                g, y, gx = ahead(read(args, 0), start), ahead(read(args, 1), start), ahead(read(args, 2), start)
                for i in range(width):
                    gx[i] = y[i] * (g[i] - sums[i])

    return softmax_back


def log_softmax_back(real: Real) -> Any:
    """``g - exp(y) * sum(g)``. Arguments: g, y, gx, count, inner, blocks a matrix."""
    read, kind, at, place = real.read, real.type, array_at(real.type), local_words(BLOCK)

    @kernel
    def log_softmax_back(args, begin, end, thread):
        count, inner, blocks = integer(args, 3), integer(args, 4), integer(args, 5)
        sums = at(place())
        for piece in range(begin, end):
            matrix = piece // blocks
            column = (piece - matrix * blocks) * BLOCK
            width, first = min(BLOCK, inner - column), matrix * count * inner + column
            for i in range(width):
                sums[i] = kind(0)
            for start in range(first, first + count * inner, inner):
                g = ahead(read(args, 0), start)
                for i in range(width):
                    sums[i] += g[i]
            for start in range(first, first + count * inner, inner):
                g, y, gx = ahead(read(args, 0), start), ahead(read(args, 1), start), ahead(read(args, 2), start)
                for i in range(width):
                    gx[i] = g[i] - exp(y[i]) * sums[i]

    return log_softmax_back
