"""Dimensions multiplied by matrices that have few entries in a row.

An array is ``(outer, n, inner)``; its middle dimension is multiplied. Entries of row `j` of the matrix are those from
``starts[j]`` to ``starts[j + 1]``; each has a column and a weight. A piece of work is a row of the result (`inner`
elements), or, if `inner` is 1, all m elements of it.
"""

from typing import Any

from numba import types

from .builder import Real, kernel
from .simd import ahead, array_reader, integer
from .vector import fma, load, load_some, repeat, store, store_some

_numbers = array_reader(types.int64)


def rows(real: Real) -> Any:
    """Arguments: x, result, starts, columns, weights, n, m, inner."""
    read, lanes, zero = real.read, real.lanes, real.type(0)

    @kernel
    def rows(args, begin, end, thread):
        starts, columns, weights = _numbers(args, 2), _numbers(args, 3), read(args, 4)
        n, m, inner = integer(args, 5), integer(args, 6), integer(args, 7)
        for piece in range(begin, end):
            number = piece // m
            j = piece - number * m
            x, y = ahead(read(args, 0), number * n * inner), ahead(read(args, 1), piece * inner)
            first, last = starts[j], starts[j + 1]
            i = 0
            while i < inner:
                many = inner - i
                whole = repeat(zero)
                if many >= lanes:
                    for k in range(first, last):
                        whole = fma(load(x, columns[k] * inner + i), repeat(weights[k]), whole)
                    store(y, i, whole)
                else:
                    for k in range(first, last):
                        whole = fma(load_some(x, columns[k] * inner + i, many, zero), repeat(weights[k]), whole)
                    store_some(y, i, whole, many)
                i += lanes

    return rows


def columns(real: Real) -> Any:
    """Arguments: x, result, starts, columns, weights, n, m."""
    read, kind = real.read, real.type

    @kernel
    def columns(args, begin, end, thread):
        starts, columns, weights = _numbers(args, 2), _numbers(args, 3), read(args, 4)
        n, m = integer(args, 5), integer(args, 6)
        for piece in range(begin, end):
            x, y = ahead(read(args, 0), piece * n), ahead(read(args, 1), piece * m)
            k = starts[0]
            for j in range(m):
                last, whole = starts[j + 1], kind(0)
                while k < last:
                    whole += x[columns[k]] * weights[k]
                    k += 1
                y[j] = whole

    return columns
