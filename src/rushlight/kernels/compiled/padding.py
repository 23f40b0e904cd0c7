"""Padding; a piece of work is a row of the result.

Tables say for each row of the result which row of the source it is made of, and for each column which column; -1 says
that a constant stands there. Columns between the pads are copied as they are.
"""

from typing import Any

from numba import types

from .builder import Real, kernel
from .simd import ahead, array_reader, integer, load, store

_numbers = array_reader(types.int64)


def pad(real: Real) -> Any:
    """Rows of the source continued beyond their ends.

    Arguments: source, result, the constant, source rows of a plane's rows, source columns of a row's columns; rows and
    columns of a plane of the source, rows and columns of one of the result, where the copied columns begin and end.
    """
    read = real.read

    @kernel
    def pad(args, begin, end, thread):
        height, width, rows, columns = integer(args, 5), integer(args, 6), integer(args, 7), integer(args, 8)
        first, last = integer(args, 9), integer(args, 10)
        value, places = read(args, 2)[0], _numbers(args, 4)
        for piece in range(begin, end):
            plane = piece // rows
            row, y = _numbers(args, 3)[piece - plane * rows], ahead(read(args, 1), piece * columns)
            if row < 0:
                for j in range(columns):
                    store(y, j, value)
                continue
            x = ahead(read(args, 0), (plane * height + row) * width)
            for j in range(first):
                y[j] = value if places[j] < 0 else x[places[j]]
            if first < last:
                source, target = ahead(x, places[first]), ahead(y, first)
                for j in range(last - first):
                    store(target, j, load(source, j))
            for j in range(last, columns):
                y[j] = value if places[j] < 0 else x[places[j]]

    return pad
