"""Bags of rows of a table: their sums, means and maxima, and the gradients of sums and means."""

from typing import Any

from numba import types

from .builder import Real, kernel
from .simd import ahead, array_reader, integer
from .vector import fma, load, load_some, repeat, store, store_some, total, where

_numbers = array_reader(types.int64)


def _number(real: Real) -> Any:
    """The integers as wide as the elements, of which a register holds equally many."""
    return types.int32 if real.size == 4 else types.int64


def sums(real: Real) -> Any:
    """The sums (or means) of bags; a piece of work is a bag.

    Arguments: table, indices, where each bag begins (and the last one ends), result, for each index its bag, how many
    count in each bag, factors or 0, numbers a row, whether means are wanted, a row that does not count.
    """
    read, kind, lanes = real.read, real.type, real.lanes

    @kernel
    def sums(args, begin, end, thread):
        table, indices, starts, bags = read(args, 0), _numbers(args, 1), _numbers(args, 2), _numbers(args, 4)
        weighted, width, skipped = integer(args, 6) != 0, integer(args, 7), integer(args, 9)
        factors = read(args, 6) if weighted else table
        for bag in range(begin, end):
            y, first, last = ahead(read(args, 3), bag * width), starts[bag], starts[bag + 1]
            many = 0
            for k in range(first, last):
                bags[k] = bag
                many += 1 if indices[k] != skipped else 0
            _numbers(args, 5)[bag] = many
            divided = integer(args, 8) != 0 and many > 0
            for i in range(0, width, lanes):
                left = width - i
                whole = repeat(kind(0))
                for k in range(first, last):
                    if indices[k] != skipped:
                        place = indices[k] * width + i
                        row = load(table, place) if left >= lanes else load_some(table, place, left, kind(0))
                        whole = fma(row, repeat(factors[k]), whole) if weighted else whole + row
                if divided:
                    whole = whole / kind(many)
                if left >= lanes:
                    store(y, i, whole)
                else:
                    store_some(y, i, whole, left)

    return sums


def maxima(real: Real) -> Any:
    """The maxima of bags, of equal ones the first; a piece of work is a bag.

    What is not a number is no maximum unless it comes first, as in PyTorch.

    Arguments: table, indices, where each bag begins (and the last one ends), result, for each index its bag, how many
    count in each bag, the rows of the maxima as integers of the elements' width, numbers a row, a row that does not
    count.
    """
    read, kind, lanes, number = real.read, real.type, real.lanes, _number(real)
    read_rows = array_reader(number)

    @kernel
    def maxima(args, begin, end, thread):
        table, indices, starts, bags = read(args, 0), _numbers(args, 1), _numbers(args, 2), _numbers(args, 4)
        width, skipped = integer(args, 7), integer(args, 8)
        for bag in range(begin, end):
            y, rows = ahead(read(args, 3), bag * width), ahead(read_rows(args, 6), bag * width)
            first, last = starts[bag], starts[bag + 1]
            many = 0
            for k in range(first, last):
                bags[k] = bag
                many += 1 if indices[k] != skipped else 0
            _numbers(args, 5)[bag] = many
            for i in range(0, width, lanes):
                left, seen = width - i, 0
                best, where_found = repeat(kind(0)), repeat(number(0))
                for k in range(first, last):
                    if indices[k] != skipped:
                        row = load_some(table, indices[k] * width + i, left, kind(0))
                        if seen == 0:
                            best, where_found, seen = row, repeat(number(indices[k])), 1
                        else:
                            where_found = where(row > best, number(indices[k]), where_found)
                            best = where(row > best, row, best)
                store_some(y, i, best, left)
                store_some(rows, i, where_found, left)

    return maxima


def sums_back(real: Real) -> Any:
    """The gradient of sums by the table; a piece of work is `part` of its rows.

    Every piece looks at all indices, in order, so results do not depend on the number of threads.

    Arguments: g, indices, for each index its bag, result, factors or 0, how many indices, numbers a row, rows of the
    table, rows a piece, a row that does not count.
    """
    read, kind, lanes = real.read, real.type, real.lanes

    @kernel
    def sums_back(args, begin, end, thread):
        indices, bags, result = _numbers(args, 1), _numbers(args, 2), read(args, 3)
        weighted, count, width = integer(args, 4) != 0, integer(args, 5), integer(args, 6)
        factors = read(args, 4) if weighted else result
        first, last = begin * integer(args, 8), min(end * integer(args, 8), integer(args, 7))
        skipped = integer(args, 9)
        for i in range(first * width, last * width):
            result[i] = kind(0)
        for k in range(count):
            row = indices[k]
            if first <= row < last and row != skipped:
                g, target = ahead(read(args, 0), bags[k] * width), ahead(result, row * width)
                factor = repeat(factors[k] if weighted else kind(1))
                i = 0
                while i + lanes <= width:
                    store(target, i, fma(load(g, i), factor, load(target, i)))
                    i += lanes
                if i < width:
                    left = width - i
                    old = load_some(target, i, left, kind(0))
                    store_some(target, i, fma(load_some(g, i, left, kind(0)), factor, old), left)

    return sums_back


def dots(real: Real) -> Any:
    """The gradient of sums by their factors; a piece of work is an index.

    Arguments: g, table, indices, for each index its bag, result, numbers a row, a row that does not count.
    """
    read, kind, lanes = real.read, real.type, real.lanes

    @kernel
    def dots(args, begin, end, thread):
        indices, bags, width = _numbers(args, 2), _numbers(args, 3), integer(args, 5)
        for k in range(begin, end):
            g, row = ahead(read(args, 0), bags[k] * width), ahead(read(args, 1), indices[k] * width)
            whole = repeat(kind(0))
            if indices[k] != integer(args, 6):
                for i in range(0, width, lanes):
                    left = width - i
                    whole = fma(load_some(g, i, left, kind(0)), load_some(row, i, left, kind(0)), whole)
            read(args, 4)[k] = total(whole)

    return dots
