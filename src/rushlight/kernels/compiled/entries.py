"""Entries of one dimension that a vector names, and adding to such entries.

The array is ``(outer, n, inner)``, its entries are ``(outer, m, inner)``; all m places are within 0 .. n - 1.
"""

from typing import Any

from numba import types

from .builder import Real, kernel
from .simd import ahead, array_reader, integer
from .simd import load as element
from .simd import store as put
from .vector import load, load_some, store, store_some

_numbers = array_reader(types.int64)


def take(real: Real) -> Any:
    """The entries; a piece of work is one of them, or those of a row if `inner` is 1.

    Arguments: x, places, result, n, m, inner.
    """
    read, lanes, zero = real.read, real.lanes, real.type(0)

    @kernel
    def take(args, begin, end, thread):
        places, n, m, inner = _numbers(args, 1), integer(args, 3), integer(args, 4), integer(args, 5)
        for piece in range(begin, end):
            if inner == 1:
                x, y = ahead(read(args, 0), piece * n), ahead(read(args, 2), piece * m)
                for j in range(m):
                    put(y, j, element(x, element(places, j)))
                continue
            row = piece // m
            x = ahead(read(args, 0), (row * n + places[piece - row * m]) * inner)
            y = ahead(read(args, 2), piece * inner)
            i = 0
            while i + lanes <= inner:
                store(y, i, load(x, i))
                i += lanes
            if i < inner:
                store_some(y, i, load_some(x, i, inner - i, zero), inner - i)

    return take


def add(real: Real) -> Any:
    """Entries added to those of the array, in order; a piece of work is a stripe of columns of one matrix.

    Arguments: y, places, x, n, m, inner, columns a stripe, stripes a matrix.
    """
    read, lanes, zero = real.read, real.lanes, real.type(0)

    @kernel
    def add(args, begin, end, thread):
        places, n, m, inner = _numbers(args, 1), integer(args, 3), integer(args, 4), integer(args, 5)
        stripe, stripes = integer(args, 6), integer(args, 7)
        for piece in range(begin, end):
            row = piece // stripes
            left = (piece - row * stripes) * stripe
            many = min(stripe, inner - left)
            target, source = ahead(read(args, 0), row * n * inner + left), ahead(read(args, 2), row * m * inner + left)
            if inner == 1:
                for j in range(m):
                    target[places[j]] += source[j]
                continue
            for j in range(m):
                x, y = ahead(source, j * inner), ahead(target, places[j] * inner)
                i = 0
                while i + lanes <= many:
                    store(y, i, load(y, i) + load(x, i))
                    i += lanes
                if i < many:
                    store_some(y, i, load_some(y, i, many - i, zero) + load_some(x, i, many - i, zero), many - i)

    return add
