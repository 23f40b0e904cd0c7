"""Elements where a mask is true, in one row, and back; a piece of work is a block of the mask."""

from typing import Any

from numba import types

from .builder import Real, kernel
from .simd import ahead, array_reader, integer

_bytes = array_reader(types.uint8)
_numbers = array_reader(types.int64)


def count(real: Real) -> Any:
    """How many elements of each block are true. Arguments: mask, counts, elements, elements a block."""

    @kernel
    def count(args, begin, end, thread):
        mask, counts, size, block = _bytes(args, 0), _numbers(args, 1), integer(args, 2), integer(args, 3)
        for piece in range(begin, end):
            found = 0
            for i in range(piece * block, min(size, (piece + 1) * block)):
                found += mask[i]
            counts[piece] = found

    return count


def compress(real: Real) -> Any:
    """The elements where the mask is true.

    Arguments: x, mask, where the block's elements begin in the result (one number more than blocks), result, elements
    a block.
    """
    read = real.read

    @kernel
    def compress(args, begin, end, thread):
        x, mask, starts, y, block = read(args, 0), _bytes(args, 1), _numbers(args, 2), read(args, 3), integer(args, 4)
        for piece in range(begin, end):
            i, k, stop = piece * block, starts[piece], starts[piece + 1]
            # What is written in vain is written once more; behind the last one nothing is.
            while k < stop:
                y[k] = x[i]
                k += mask[i]
                i += 1

    return compress


def expand(real: Real) -> Any:
    """Zeros, and elements where the mask is true.

    Arguments: the elements, mask, where the block's elements begin among them, result, size, elements a block.
    """
    read, zero = real.read, real.type(0)

    @kernel
    def expand(args, begin, end, thread):
        mask, starts, y = _bytes(args, 1), _numbers(args, 2), read(args, 3)
        size, block = integer(args, 4), integer(args, 5)
        for piece in range(begin, end):
            x, k, last = ahead(read(args, 0), starts[piece]), 0, starts[piece + 1] - starts[piece] - 1
            for i in range(piece * block, min(size, (piece + 1) * block)):
                held = zero
                if last >= 0:
                    held = x[min(k, last)]
                y[i] = held if mask[i] != 0 else zero
                k += mask[i]

    return expand


def places(real: Real) -> Any:
    """The row and the column of each element where the mask is true, the rows first and then the columns.

    Arguments: mask, where the block's elements begin in the result (one number more than blocks), result, how many
    elements there are, numbers a row of the mask, elements a block.
    """

    @kernel
    def places(args, begin, end, thread):
        mask, starts, rows, columns = _bytes(args, 0), _numbers(args, 1), _numbers(args, 2), integer(args, 4)
        found, block = ahead(rows, integer(args, 3)), integer(args, 5)
        for piece in range(begin, end):
            i, k, stop = piece * block, starts[piece], starts[piece + 1]
            row = i // columns
            column = i - row * columns
            while k < stop:
                # As in `compress`, what is written in vain is written once more.
                rows[k] = row
                found[k] = column
                k += mask[i]
                i += 1
                column += 1
                if column == columns:
                    row, column = row + 1, 0

    return places
