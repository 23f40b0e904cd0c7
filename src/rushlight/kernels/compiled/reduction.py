"""Sums over parts of arrays.

An array is cut into pieces whose sums are kept apart, so that results do not depend on the number of threads; within a
piece four registers are added at a time, in short runs: the more numbers are added to one another, the more is rounded.
"""

from typing import Any

from numba import njit, types

from .builder import Real, kernel
from .simd import address, ahead, array_reader, integer
from .vector import load, load_some, repeat, store, store_some, total

# How many elements of a row are added in the element type.
PIECE = 16384

# How many times four registers are added before their sum goes to that of the piece.
_RUN = 32

_doubles = array_reader(types.float64)
_words = array_reader(types.int64)


def _piece(real: Real, square: bool) -> Any:
    """``piece(x, i, last)``: the sum of the elements from `i` to `last`, or of their squares."""
    lanes, zero = real.lanes, real.type(0)

    @njit
    def taken(v):
        return v * v if square else v

    @njit
    def piece(x, i, last):
        whole = repeat(zero)
        while i + 4 * lanes <= last:
            a = b = c = d = repeat(zero)
            end = min(last, i + 4 * lanes * _RUN)
            while i + 4 * lanes <= end:
                a = a + taken(load(x, i))
                b = b + taken(load(x, i + lanes))
                c = c + taken(load(x, i + 2 * lanes))
                d = d + taken(load(x, i + 3 * lanes))
                i += 4 * lanes
            whole = whole + ((a + b) + (c + d))
        while i < last:
            whole = whole + taken(load_some(x, i, last - i, zero))
            i += lanes
        return total(whole)

    return piece


def sum_rows(real: Real) -> Any:
    """Sums of rows; a piece of work is a block of a row.

    Arguments: x, a sum in float64 for each piece, elements a row, elements a block, blocks a row.
    """
    read, piece_sum = real.read, _piece(real, False)

    @kernel
    def sum_rows(args, begin, end, thread):
        x, out = read(args, 0), _doubles(args, 1)
        columns, block, blocks = integer(args, 2), integer(args, 3), integer(args, 4)
        for piece in range(begin, end):
            row = piece // blocks
            first = (piece - row * blocks) * block
            out[piece] = piece_sum(x, row * columns + first, row * columns + min(first + block, columns))

    return sum_rows


def sum_laid(real: Real) -> Any:
    """Sums of rows that lie as four dimensions say; a piece of work is a block of rows along the last of them.

    Arguments: x, a sum in float64 for each row, elements a row, how far apart they lie, rows a piece, four sizes, the
    steps along these.
    """
    read, piece_sum = real.read, _piece(real, False)

    @kernel
    def sum_laid(args, begin, end, thread):
        columns, step, block = integer(args, 2), integer(args, 3), integer(args, 4)
        rows, down = integer(args, 8), integer(args, 12)
        blocks = (rows + block - 1) // block
        for piece in range(begin, end):
            rest = piece // blocks
            top = (piece - rest * blocks) * block
            out = ahead(_doubles(args, 1), rest * rows)
            start = 0
            for d in range(2, -1, -1):
                size = integer(args, 5 + d)
                start += rest % size * integer(args, 9 + d)
                rest //= size
            for row in range(top, min(top + block, rows)):
                x = ahead(read(args, 0), start + row * down)
                result = 0.0
                if step == 1:
                    for first in range(0, columns, PIECE):
                        result += piece_sum(x, first, min(first + PIECE, columns))
                else:
                    a = b = c = d = 0.0
                    j = 0
                    while j + 4 <= columns:
                        a += x[j * step]
                        b += x[(j + 1) * step]
                        c += x[(j + 2) * step]
                        d += x[(j + 3) * step]
                        j += 4
                    while j < columns:
                        a += x[j * step]
                        j += 1
                    result = (a + b) + (c + d)
                out[row] = result

    return sum_laid


def sum_columns(real: Real) -> Any:
    """Sums across rows; a piece of work is a stripe of a block of rows.

    Arguments: x, a row of sums for each block, elements a row, rows of a matrix, rows a block, blocks a matrix, columns
    a stripe, stripes a row.
    """
    read, lanes, zero = real.read, real.lanes, real.type(0)

    @kernel
    def sum_columns(args, begin, end, thread):
        x, out = read(args, 0), read(args, 1)
        columns, rows, block, blocks = integer(args, 2), integer(args, 3), integer(args, 4), integer(args, 5)
        stripe, stripes = integer(args, 6), integer(args, 7)
        for piece in range(begin, end):
            number = piece // stripes
            matrix = number // blocks
            first = (number - matrix * blocks) * block
            start = (matrix * rows + first) * columns
            stop = (matrix * rows + min(first + block, rows)) * columns
            target = number * columns
            j = (piece - number * stripes) * stripe
            right = min(j + stripe, columns)
            while j + 4 * lanes <= right:
                a = b = c = d = repeat(zero)
                for i in range(start + j, stop, columns):
                    a = a + load(x, i)
                    b = b + load(x, i + lanes)
                    c = c + load(x, i + 2 * lanes)
                    d = d + load(x, i + 3 * lanes)
                store(out, target + j, a)
                store(out, target + j + lanes, b)
                store(out, target + j + 2 * lanes, c)
                store(out, target + j + 3 * lanes, d)
                j += 4 * lanes
            while j < right:
                a = repeat(zero)
                for i in range(start + j, stop, columns):
                    a = a + load_some(x, i, right - j, zero)
                store_some(out, target + j, a, right - j)
                j += lanes

    return sum_columns


def square_pieces(real: Real) -> Any:
    """Sums of the squares of pieces of many arrays.

    Arguments: the arrays (see `pointwise.sweep_source`), the pieces, a sum in float64 for each piece.
    """
    read, piece_sum = real.read, _piece(real, True)

    @kernel
    def square_pieces(args, begin, end, thread):
        table, pieces, out = address(_words(args, 0)), address(_words(args, 1)), _doubles(args, 2)
        for piece in range(begin, end):
            x = read(table, integer(pieces, 3 * piece))
            out[piece] = piece_sum(x, integer(pieces, 3 * piece + 1), integer(pieces, 3 * piece + 2))

    return square_pieces
