"""Numbers at equal distances."""

from typing import Any

from numba import types

from .builder import Real, kernel
from .simd import array_reader, double, integer, store

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
    """Numbers computed in float64. Arguments: result, the first one, the step."""
    read, kind = real.read, real.type

    @kernel
    def steps(args, begin, end, thread):
        y, start, step = read(args, 0), double(args, 1), double(args, 2)
        for i in range(begin, end):
            store(y, i, kind(step * float(i) + start))

    return steps
