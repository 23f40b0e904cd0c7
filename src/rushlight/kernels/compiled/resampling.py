"""Dimensions multiplied by matrices that have few entries in a row.

An array is ``(outer, n, inner)``; its middle dimension is multiplied. Entries of row `j` of the matrix are those from
``starts[j]`` to ``starts[j + 1]``; each has a column and a weight. A piece of work of `rows` is a row of the result
(`inner` elements); of `columns`, where `inner` is 1, all m elements of it.
"""

from typing import Any

from numba import njit, types

from .builder import Real, kernel
from .simd import ahead, array_reader, integer
from .vector import fma, load, load_some, repeat, store, store_some, total

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


def _make_across(real: Real) -> Any:
    """``across(x, y, starts, columns, weights, m, single)``: a row multiplied by the matrix.

    `single` says that every row of the matrix has one entry.
    """
    kind, lanes = real.type, real.lanes

    @njit
    def across(x, y, starts, columns, weights, m, single):
        if single:
            for j in range(m):
                y[j] = x[columns[j]] * weights[j]
            return
        k = starts[0]
        for j in range(m):
            last = starts[j + 1]
            if last - k < 2:
                y[j] = x[columns[k]] * weights[k] if last > k else kind(0)
                k = last
            elif last - k >= 2 * lanes and columns[last - 1] - columns[k] == last - 1 - k:
                # A run of neighbours.
                away, many = repeat(kind(0)), repeat(kind(0))
                source = ahead(x, columns[k] - k)
                while k + 2 * lanes <= last:
                    away = fma(load(source, k), load(weights, k), away)
                    many = fma(load(source, k + lanes), load(weights, k + lanes), many)
                    k += 2 * lanes
                while k < last:
                    some = load_some(weights, k, last - k, kind(0))
                    away = fma(load_some(source, k, last - k, kind(0)), some, away)
                    k += lanes
                y[j], k = total(away + many), last
            elif last - k == 2:
                y[j] = x[columns[k]] * weights[k] + x[columns[k + 1]] * weights[k + 1]
                k = last
            else:
                whole = kind(0)
                while k < last:
                    whole += x[columns[k]] * weights[k]
                    k += 1
                y[j] = whole

    return across


def columns(real: Real) -> Any:
    """Arguments: x, result, starts, columns, weights, n, m, whether every row of the matrix has one entry."""
    read, across = real.read, _make_across(real)

    @kernel
    def columns(args, begin, end, thread):
        n, m, single = integer(args, 5), integer(args, 6), integer(args, 7) != 0
        for piece in range(begin, end):
            x, y = ahead(read(args, 0), piece * n), ahead(read(args, 1), piece * m)
            across(x, y, _numbers(args, 2), _numbers(args, 3), read(args, 4), m, single)

    return columns


def planes(real: Real) -> Any:
    """Both dimensions of images multiplied, without an array in between; a piece of work is a row of the result.

    Arguments: x, result; starts, columns and weights of the matrix for the images' columns, then of the one for their
    rows; height and width, the same of the result, whether every row of the first matrix has one entry; memory for a
    row of x for each thread, and its elements.
    """
    read, kind, lanes, across = real.read, real.type, real.lanes, _make_across(real)

    @kernel
    def planes(args, begin, end, thread):
        starts, sources, weights = _numbers(args, 2), _numbers(args, 3), read(args, 4)
        high, wide, rows, columns = integer(args, 8), integer(args, 9), integer(args, 10), integer(args, 11)
        room, before = ahead(read(args, 13), thread * integer(args, 14)), -1
        for piece in range(begin, end):
            image = piece // rows
            j = piece - image * rows
            x, y = ahead(read(args, 0), image * high * wide), ahead(read(args, 1), piece * columns)
            first, last = starts[j], starts[j + 1]
            if first == last:
                for i in range(0, columns, lanes):
                    store_some(y, i, repeat(kind(0)), columns - i)
                before = -1
                continue
            if last - first == 1 and weights[first] == kind(1):
                here = image * high + sources[first]
                if here == before:  # the row above once more
                    for i in range(0, columns, lanes):
                        store_some(y, i, load_some(ahead(y, -columns), i, columns - i, kind(0)), columns - i)
                    continue
                before, row = here, ahead(x, sources[first] * wide)
            else:
                before, row = -1, room
                for i in range(0, wide, lanes):
                    whole = repeat(kind(0))
                    if wide - i >= lanes:
                        for k in range(first, last):
                            whole = fma(load(x, sources[k] * wide + i), repeat(weights[k]), whole)
                    else:
                        for k in range(first, last):
                            some = load_some(x, sources[k] * wide + i, wide - i, kind(0))
                            whole = fma(some, repeat(weights[k]), whole)
                    store(room, i, whole)
            across(row, y, _numbers(args, 5), _numbers(args, 6), read(args, 7), columns, integer(args, 12) != 0)

    return planes
