"""Maxima over windows of unequal sizes that cover planes; a piece of work is a plane."""

import math
from typing import Any

from numba import types

from .builder import Real, kernel
from .simd import ahead, array_reader, integer
from .softmax import make_maximum

_numbers = array_reader(types.int64)


def maxima(real: Real) -> Any:
    """The largest number of each window, the first of equal ones and the last NaN, and its position in the plane.

    Arguments: x, values, positions, where windows begin and end along each of the two dimensions (four arrays), height
    and width of a plane, and of the result.
    """
    read, least, maximum = real.read, real.type(-math.inf), make_maximum(real)

    @kernel
    def maxima(args, begin, end, thread):
        tops, bottoms, lefts, rights = _numbers(args, 3), _numbers(args, 4), _numbers(args, 5), _numbers(args, 6)
        height, width, high, wide = integer(args, 7), integer(args, 8), integer(args, 9), integer(args, 10)
        for plane in range(begin, end):
            x, start = ahead(read(args, 0), plane * height * width), plane * high * wide
            values, positions = ahead(read(args, 1), start), ahead(_numbers(args, 2), start)
            for i in range(high):
                for j in range(wide):
                    best, place = least, tops[i] * width + lefts[j]
                    for k in range(tops[i], bottoms[i]):
                        row = k * width + lefts[j]
                        most = maximum(ahead(x, row), rights[j] - lefts[j])
                        if most > best:
                            best, place = most, row
                            while x[place] != best:
                                place += 1
                        elif most != most:
                            best, place = most, k * width + rights[j] - 1
                            while x[place] == x[place]:
                                place -= 1
                    values[i * wide + j] = best
                    positions[i * wide + j] = place

    return maxima
