"""Rows of a table that are looked up, and the gradient of the table by them."""

from typing import Any

from numba import types

from .builder import Real, kernel
from .simd import ahead, array_reader, integer
from .vector import load, load_some, repeat, store, store_some

_numbers = array_reader(types.int64)


def scatter(real: Real) -> Any:
    """Rows of g added to the rows of the table that `indices` name; a piece of work is `rows` rows of the table.

    Every piece looks at all indices, in order, so results do not depend on the number of threads.

    Arguments: g, indices, result, how many indices, numbers a row, rows of the table, rows a piece, an index that is
    left out.
    """
    read, lanes, zero = real.read, real.lanes, real.type(0)

    @kernel
    def scatter(args, begin, end, thread):
        indices, count, width = _numbers(args, 1), integer(args, 3), integer(args, 4)
        first, last = begin * integer(args, 6), min(end * integer(args, 6), integer(args, 5))
        result, skipped = read(args, 2), integer(args, 7)
        i = first * width
        while i + lanes <= last * width:
            store(result, i, repeat(zero))
            i += lanes
        if i < last * width:
            store_some(result, i, repeat(zero), last * width - i)
        for k in range(count):
            row = indices[k]
            if first <= row < last and row != skipped:
                g, target = ahead(read(args, 0), k * width), ahead(result, row * width)
                i = 0
                while i + lanes <= width:
                    store(target, i, load(target, i) + load(g, i))
                    i += lanes
                if i < width:
                    many = width - i
                    store_some(target, i, load_some(target, i, many, zero) + load_some(g, i, many, zero), many)

    return scatter


def gather(real: Real) -> Any:
    """Rows of a table; a piece of work is a row of the result.

    Arguments: table, indices, result, numbers a row.
    """
    read, lanes, zero = real.read, real.lanes, real.type(0)

    @kernel
    def gather(args, begin, end, thread):
        indices, width = _numbers(args, 1), integer(args, 3)
        for k in range(begin, end):
            source, target = ahead(read(args, 0), indices[k] * width), ahead(read(args, 2), k * width)
            i = 0
            while i + lanes <= width:
                store(target, i, load(source, i))
                i += lanes
            if i < width:
                store_some(target, i, load_some(source, i, width - i, zero), width - i)

    return gather
