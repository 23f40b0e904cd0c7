"""Layer normalization of contiguous rows.

Gradients of scale and shift are sums over all rows. Where the arrays fit the processor's cache, `columns` goes through
them once more for these. Otherwise `backward` keeps sums for each block of rows, in an array
``partial[block][which][column]``, and `finish` adds them up. So results do not depend on the number of threads.
"""

import math
from typing import Any

from numba import njit

from .builder import Real, kernel
from .simd import ahead, double, integer
from .softmax import LONGEST, make_sum
from .vector import fma, load, load_some, repeat, store, store_some, total


def moments_of(real: Real) -> Any:
    """``moments(x, count, eps)``: the mean of `count` numbers and the inverse of their standard deviation."""
    lanes, kind, zero, add = real.lanes, real.type, real.type(0), make_sum(real)

    @njit
    def moments(x, count, eps):
        rough = kind(add(x, count) / count)
        # What is left around the mean as it was rounded corrects both the mean and the sum of squares.
        left, squares = 0.0, 0.0
        for first in range(0, count, LONGEST):
            a = b = c = d = repeat(zero)
            i, last = first, min(first + LONGEST, count)
            while i + 2 * lanes <= last:
                v, w = load(x, i) - rough, load(x, i + lanes) - rough
                a, c = a + v, c + w
                b, d = fma(v, v, b), fma(w, w, d)
                i += 2 * lanes
            while i < last:
                v = load_some(x, i, last - i, rough) - rough
                a, b = a + v, fma(v, v, b)
                i += lanes
            left += total(a + c)
            squares += total(b + d)
        away = left / count
        variance = squares / count - away * away
        if variance < 0:
            variance = 0.0
        return kind(rough + away), kind(1.0 / math.sqrt(variance + eps))

    return moments


def forward(real: Real) -> Any:
    """``y = (x - mean) * inverse * weight + bias``; a piece of work is a row.

    Arguments: x, y, numbers a row, weight, bias; means, inverses (results); eps.
    """
    read, lanes, zero, moments = real.read, real.lanes, real.type(0), moments_of(real)

    @kernel
    def forward(args, begin, end, thread):
        count, weight, bias = integer(args, 2), read(args, 3), read(args, 4)
        eps = double(args, 7)
        for row in range(begin, end):
            x, y = ahead(read(args, 0), row * count), ahead(read(args, 1), row * count)
            mean, inverse = moments(x, count, eps)
            read(args, 5)[row] = mean
            read(args, 6)[row] = inverse
            i = 0
            while i + lanes <= count:
                store(y, i, fma((load(x, i) - mean) * inverse, load(weight, i), load(bias, i)))
                i += lanes
            if i < count:
                many = count - i
                v = (load_some(x, i, many, zero) - mean) * inverse
                store_some(y, i, fma(v, load_some(weight, i, many, zero), load_some(bias, i, many, zero)), many)

    return forward


def backward(real: Real) -> Any:
    """Gradients of the input, and of scale and shift by blocks of rows; a piece of work is a block.

    Arguments: g, x, gx, rows, numbers a row, rows a block, weight, means, inverses, partial, its width (whole
    registers); whether gx is wanted, and whether the others are, by blocks; what rounding took from the means (a
    result), and whether it is wanted.
    """
    read, lanes, kind, zero = real.read, real.lanes, real.type, real.type(0)

    @kernel
    def backward(args, begin, end, thread):
        rows, count, block, weight = integer(args, 3), integer(args, 4), integer(args, 5), read(args, 6)
        width = integer(args, 10)
        for piece in range(begin, end):
            by_weight = ahead(read(args, 9), piece * 2 * width)
            by_bias = ahead(by_weight, width)
            if integer(args, 12) != 0:
                for i in range(0, 2 * width, lanes):
                    store(by_weight, i, repeat(zero))
            for row in range(piece * block, min(rows, (piece + 1) * block)):
                g, x = ahead(read(args, 0), row * count), ahead(read(args, 1), row * count)
                mean, inverse = read(args, 7)[row], read(args, 8)[row]
                left = zero
                if integer(args, 14) != 0:
                    rest = 0.0
                    for first in range(0, count, LONGEST):
                        a = b = repeat(zero)
                        i, last = first, min(first + LONGEST, count)
                        while i + 2 * lanes <= last:
                            a, b = a + (load(x, i) - mean), b + (load(x, i + lanes) - mean)
                            i += 2 * lanes
                        while i < last:
                            a += load_some(x, i, last - i, mean) - mean
                            i += lanes
                        rest += total(a + b)
                    left = kind(rest / count)
                    read(args, 13)[row] = left
                if integer(args, 12) != 0:
                    i = 0
                    while i + lanes <= count:
                        v = load(g, i)
                        store(by_weight, i, fma(v, (load(x, i) - mean - left) * inverse, load(by_weight, i)))
                        store(by_bias, i, load(by_bias, i) + v)
                        i += lanes
                    if i < count:
                        v = load_some(g, i, count - i, zero)
                        normal = (load_some(x, i, count - i, zero) - mean - left) * inverse
                        store(by_weight, i, fma(v, normal, load(by_weight, i)))
                        store(by_bias, i, load(by_bias, i) + v)
                if integer(args, 11) == 0:
                    continue
                whole, dot = 0.0, 0.0
                for first in range(0, count, LONGEST):
                    a = b = c = d = repeat(zero)
                    i, last = first, min(first + LONGEST, count)
                    while i + 2 * lanes <= last:
                        v, w = load(g, i) * load(weight, i), load(g, i + lanes) * load(weight, i + lanes)
                        a, c = a + v, c + w
                        b, d = fma(v, load(x, i) - mean, b), fma(w, load(x, i + lanes) - mean, d)
                        i += 2 * lanes
                    while i < last:
                        many = last - i
                        v = load_some(g, i, many, zero) * load_some(weight, i, many, zero)
                        a, b = a + v, fma(v, load_some(x, i, many, zero) - mean, b)
                        i += lanes
                    whole += total(a + c)
                    dot += total(b + d)
                dot -= left * whole
                slope = dot * inverse * inverse / count
                shift, slope = kind(whole / count - left * slope), kind(slope)
                gx = ahead(read(args, 2), row * count)
                i = 0
                while i + lanes <= count:
                    v = load(g, i) * load(weight, i) - shift - (load(x, i) - mean) * slope
                    store(gx, i, v * inverse)
                    i += lanes
                if i < count:
                    many = count - i
                    v = load_some(g, i, many, zero) * load_some(weight, i, many, zero) - shift
                    v -= (load_some(x, i, many, zero) - mean) * slope
                    store_some(gx, i, v * inverse, many)

    return backward


def finish(real: Real) -> Any:
    """Sums of the blocks' gradients of scale and shift; a piece of work is 64 columns.

    Arguments: partial, blocks, width, numbers a row, gradients of weight and of bias (results).
    """
    read, lanes, zero = real.read, real.lanes, real.type(0)

    @kernel
    def finish(args, begin, end, thread):
        partial, blocks, width, count = read(args, 0), integer(args, 1), integer(args, 2), integer(args, 3)
        for which in range(2):
            result = read(args, 4 + which)
            for i in range(begin * 64, min(end * 64, count), lanes):
                # Sums of sums: they stay small.
                whole = repeat(zero)
                for first in range(0, blocks, 16):
                    part = repeat(zero)
                    for piece in range(first, min(first + 16, blocks)):
                        part += load(partial, (2 * piece + which) * width + i)
                    whole += part
                store_some(result, i, whole, count - i)

    return finish


def columns(real: Real) -> Any:
    """Gradients of scale and shift from all rows; a piece of work is 64 columns.

    Arguments: g, x, rows, numbers a row, means, inverses, what rounding took from the means, gradients of weight and of
    bias (results).
    """
    read, lanes, zero = real.read, real.lanes, real.type(0)

    @kernel
    def columns(args, begin, end, thread):
        g, x, rows, count = read(args, 0), read(args, 1), integer(args, 2), integer(args, 3)
        means, inverses, lefts = read(args, 4), read(args, 5), read(args, 6)
        for i in range(begin * 64, min(end * 64, count), lanes):
            many = count - i
            by_weight = by_bias = repeat(zero)
            for first in range(0, rows, 128):
                a = b = repeat(zero)
                for row in range(first, min(first + 128, rows)):
                    v, w = load_some(g, row * count + i, many, zero), load_some(x, row * count + i, many, zero)
                    a = fma(v, (w - means[row] - lefts[row]) * inverses[row], a)
                    b += v
                by_weight += a
                by_bias += b
            store_some(read(args, 7), i, by_weight, many)
            store_some(read(args, 8), i, by_bias, many)

    return columns
