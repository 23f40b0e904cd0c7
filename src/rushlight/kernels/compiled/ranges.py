"""Numbers at equal distances."""

from typing import Any

from numba import types

from .builder import Real, kernel
from .simd import array_reader, double, fma, integer, store

_numbers = array_reader(types.int64)


def whole(real: Real) -> Any:
    """int64 numbers. Arguments: result, the first one, the step."""

    @kernel
    def whole(args, begin, end, thread):
        y, start, step = _numbers(args, 0), integer(args, 1), integer(args, 2)
        for i in range(begin, end):
            store(y, i, start + step * i)

    return whole


def steps(real: Real) -> Any:
    """Numbers computed in float64 as vectors: the first of each, rounded, and some steps.

    Arguments: result, the first number, the step, how many numbers a vector has (a power of two), and how many numbers
    are in vectors; the others are computed one by one.
    """
    read, kind = real.read, real.type

    @kernel
    def steps(args, begin, end, thread):
        y, start, step, mask, vectors = (
            read(args, 0),
            double(args, 1),
            double(args, 2),
            integer(args, 3) - 1,
            integer(args, 4),
        )
        for i in range(begin, end):
            j = i & mask if i < vectors else 0
            head = kind(fma(float(i - j), step, start))
            store(y, i, kind(fma(float(j), step, float(head))))

    return steps
