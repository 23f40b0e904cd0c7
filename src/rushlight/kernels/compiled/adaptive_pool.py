"""Maxima and means over windows of any sizes that cover volumes; a piece of work is a volume of one channel.

Where windows begin and end is told by six arrays, two for each dimension; the depth of images is 1.
"""

import math
from typing import Any

from numba import types

from .builder import Real, kernel
from .simd import ahead, array_reader, integer, load, store
from .softmax import make_maximum, make_sum

_numbers = array_reader(types.int64)


def maxima(real: Real) -> Any:
    """The largest number of each window, the first of equal ones and the last NaN, and its position in the volume.

    Arguments: x, values, positions, where windows begin and end; height and width of x, its elements; windows along
    each dimension.
    """
    read, least, maximum = real.read, real.type(-math.inf), make_maximum(real)

    @kernel
    def maxima(args, begin, end, thread):
        fronts, backs, tops, bottoms = _numbers(args, 3), _numbers(args, 4), _numbers(args, 5), _numbers(args, 6)
        lefts, rights, height, width, size = (
            _numbers(args, 7), _numbers(args, 8), integer(args, 9), integer(args, 10), integer(args, 11),
        )  # fmt: skip
        deep, high, wide = integer(args, 12), integer(args, 13), integer(args, 14)
        for piece in range(begin, end):
            x, at = ahead(read(args, 0), piece * size), piece * deep * high * wide
            for d in range(deep):
                for i in range(high):
                    for j in range(wide):
                        best, place = least, (fronts[d] * height + tops[i]) * width + lefts[j]
                        for plane in range(fronts[d], backs[d]):
                            for k in range(tops[i], bottoms[i]):
                                row = (plane * height + k) * width + lefts[j]
                                count = rights[j] - lefts[j]
                                most = maximum(ahead(x, row), count)
                                if most > best:
                                    best, place = most, row
                                    while x[place] != best:
                                        place += 1
                                elif most != most:
                                    best, place = most, row + count - 1
                                    while x[place] == x[place]:
                                        place -= 1
                        read(args, 1)[at] = best
                        _numbers(args, 2)[at] = place
                        at += 1

    return maxima


def means(real: Real) -> Any:
    """The mean of each window.

    Arguments: x, the means, where windows begin and end; height and width of x, its elements; windows along each
    dimension.
    """
    read, kind, total = real.read, real.type, make_sum(real)

    @kernel
    def means(args, begin, end, thread):
        fronts, backs, tops, bottoms = _numbers(args, 2), _numbers(args, 3), _numbers(args, 4), _numbers(args, 5)
        lefts, rights, height, width, size = (
            _numbers(args, 6), _numbers(args, 7), integer(args, 8), integer(args, 9), integer(args, 10),
        )  # fmt: skip
        deep, high, wide = integer(args, 11), integer(args, 12), integer(args, 13)
        for piece in range(begin, end):
            x, at = ahead(read(args, 0), piece * size), piece * deep * high * wide
            for d in range(deep):
                for i in range(high):
                    for j in range(wide):
                        found, count = 0.0, rights[j] - lefts[j]
                        for plane in range(fronts[d], backs[d]):
                            for k in range(tops[i], bottoms[i]):
                                found += total(ahead(x, (plane * height + k) * width + lefts[j]), count)
                        count *= (backs[d] - fronts[d]) * (bottoms[i] - tops[i])
                        read(args, 1)[at] = kind(found / count)
                        at += 1

    return means


def spread(real: Real) -> Any:
    """The gradient of `means`.

    Arguments: gradients of the means, the gradient, where windows begin and end; height and width of x, its elements;
    windows along each dimension.
    """
    read, kind, zero = real.read, real.type, real.type(0)

    @kernel
    def spread(args, begin, end, thread):
        fronts, backs, tops, bottoms = _numbers(args, 2), _numbers(args, 3), _numbers(args, 4), _numbers(args, 5)
        lefts, rights, height, width, size = (
            _numbers(args, 6), _numbers(args, 7), integer(args, 8), integer(args, 9), integer(args, 10),
        )  # fmt: skip
        deep, high, wide = integer(args, 11), integer(args, 12), integer(args, 13)
        for piece in range(begin, end):
            x, g = ahead(read(args, 1), piece * size), ahead(read(args, 0), piece * deep * high * wide)
            for i in range(size):
                store(x, i, zero)
            for d in range(deep):
                for plane in range(fronts[d], backs[d]):
                    for i in range(high):
                        rows = (backs[d] - fronts[d]) * (bottoms[i] - tops[i])
                        for k in range(tops[i], bottoms[i]):
                            row = ahead(x, (plane * height + k) * width)
                            for j in range(wide):
                                part = g[(d * high + i) * wide + j] / kind(rows * (rights[j] - lefts[j]))
                                for place in range(lefts[j], rights[j]):
                                    store(row, place, load(row, place) + part)

    return spread
