"""Matrix products without copies: the factors are read where they are.

`matmul` multiplies by the rows of the right factor, `matmul_transposed` by its columns.
"""

from functools import cache
from typing import Any

from numba import njit

from .builder import Real, kernel
from .microkernel import DOTS, ROWS, dots, make_panel, make_width, panel_width, transpose
from .simd import address, array_at, integer, local_words, word_at


@cache
def make_pack(real: Real) -> Any:
    """``pack(b, packed, depth, columns, row, column, first, last)``: columns of ``b[k, n]`` into panels.

    A panel is as wide as `make_width` says, and its rows follow each other. `row` and `column` are the bytes from row
    to row and from column to column of b; `first` is where a panel of the widest width begins.
    """
    lanes, size, width, square = real.lanes, real.size, make_width(real), transpose(real)

    @njit
    def pack(b, packed, depth, columns, row, column, first, last):
        while first < last:
            wide = width(last - first)
            here = min(wide, last - first)
            target = first * depth
            if column == size:
                for k in range(depth):
                    source = (k * row) // size + first
                    for j in range(here):
                        packed[target + k * wide + j] = b[source + j]
                    for j in range(here, wide):
                        packed[target + k * wide + j] = 0
            else:
                k = 0
                if row == size and here == wide:
                    while k + lanes <= depth:
                        for j in range(0, wide, lanes):
                            source = address(b) + (first + j) * column + k * size
                            square(source, column, address(packed) + (target + k * wide + j) * size, wide * size)
                        k += lanes
                while k < depth:
                    for j in range(here):
                        packed[target + k * wide + j] = b[(k * row + (first + j) * column) // size]
                    for j in range(here, wide):
                        packed[target + k * wide + j] = 0
                    k += 1
            first += wide

    return pack


def pack(real: Real) -> Any:
    """Packs ``b[k, n]`` into panels, one piece of work a panel of the widest width.

    Arguments: b, packed, depth, columns, bytes from row to row of b, bytes from column to column of b.
    """
    read, widest, pack_columns = real.read, panel_width(real), make_pack(real)

    @kernel
    def pack(args, begin, end, thread):
        b, packed = read(args, 0), read(args, 1)
        depth, columns = integer(args, 2), integer(args, 3)
        row, column = integer(args, 4), integer(args, 5)
        for piece in range(begin, end):
            first = piece * widest
            pack_columns(b, packed, depth, columns, row, column, first, min(first + widest, columns))

    return pack


def matmul(real: Real) -> Any:
    """``c[m, n] = a[m, k] @ b (+ bias[n])``; a piece of work is a block of c.

    The right factor is packed, or it is read where it is, a panel's width from each of its rows: then what is left of
    a row behind its whole panels comes from `rest`, packed, because a panel would read beyond the last row.

    Arguments: a, b, rest, c, bias (a whole number of registers long) or 0; rows, depth, columns; bytes from row to row
    of a, from column to column of a, from row to row of b (0 if it is packed), from row to row of c; how many rows
    (a multiple of 6) and columns (of the widest panel) a piece has.
    """
    read, size, width, panel = real.read, real.size, make_width(real), make_panel(real)
    widest = panel_width(real)
    place = local_words(2 * ROWS + 64)  # the two tables of a tile, and a row for results that nobody wants

    @kernel
    def matmul(args, begin, end, thread):
        a, b = address(read(args, 0)), address(read(args, 1))
        rest, c = address(read(args, 2)), address(read(args, 3))
        bias = 0
        if integer(args, 4) != 0:
            bias = address(read(args, 4))
        rows, depth, columns = integer(args, 5), integer(args, 6), integer(args, 7)
        a_row, a_column, b_row, c_row = integer(args, 8), integer(args, 9), integer(args, 10), integer(args, 11)
        high, broad = integer(args, 12), integer(args, 13)
        across = (columns + broad - 1) // broad
        # Rows of the right factor taken at a time, so that a panel of them stays in the second-level cache.
        slabs = (depth + 511) // 512
        table = place()
        spare = table + (2 * ROWS) * 8
        whole = columns // widest * widest
        for piece in range(begin, end):
            top, left = piece // across * high, piece % across * broad
            bottom, right = min(top + high, rows), min(left + broad, columns)
            for slab in range(slabs):
                k, beyond = depth * slab // slabs, depth * (slab + 1) // slabs
                first = left
                while first < right:
                    wide = width(right - first)
                    here = min(wide, right - first)
                    step = wide * size
                    if b_row == 0:
                        w = b + (first * depth + k * wide) * size
                    elif first < whole:
                        w, step = b + k * b_row + first * size, b_row
                    else:
                        w = rest + ((first - whole) * depth + k * wide) * size
                    row = top
                    while row < bottom:
                        for i in range(ROWS):
                            word_at(table, i, a + min(row + i, rows - 1) * a_row + k * a_column)
                            target = c + (row + i) * c_row + first * size
                            word_at(table, ROWS + i, target if row + i < rows else spare)
                        panel(
                            wide, table, 1, a_column, beyond - k, w, step, table + ROWS * 8, here,
                            bias + first * size if bias != 0 and slab == 0 else 0, 1 if slab > 0 else 0,
                        )  # fmt: skip
                        row += ROWS
                    first += wide

    return matmul


def matmul_transposed(real: Real) -> Any:
    """``c[m, n] = sum over k of a[m, k] * b[n, k] (+ bias[n])``; a piece of work is a block of c.

    Arguments: a, b, c, bias or 0; rows and columns of c, depth; bytes from row to row of a, of b, of c; how many rows
    and columns a piece has.
    """
    read, size, multiply, (high, wide) = real.read, real.size, dots(real), DOTS
    place, numbers, at = local_words(high + wide), local_words(high * wide), array_at(real.type)

    @kernel
    def matmul_transposed(args, begin, end, thread):
        a, b, c = address(read(args, 0)), address(read(args, 1)), read(args, 2)
        biased = integer(args, 3) != 0
        bias = read(args, 3) if biased else c
        rows, columns, depth = integer(args, 4), integer(args, 5), integer(args, 6)
        a_row, b_row, c_row = integer(args, 7), integer(args, 8), integer(args, 9)
        tall, broad = integer(args, 10), integer(args, 11)
        across = (columns + broad - 1) // broad
        left_rows = place()
        right_rows = left_rows + high * 8
        sums = numbers()
        found = at(sums)
        for piece in range(begin, end):
            top, left = piece // across * tall, piece % across * broad
            bottom, right = min(top + tall, rows), min(left + broad, columns)
            for column in range(left, right, wide):
                for j in range(wide):
                    word_at(right_rows, j, b + min(column + j, right - 1) * b_row)
                for row in range(top, bottom, high):
                    for i in range(high):
                        word_at(left_rows, i, a + min(row + i, bottom - 1) * a_row)
                    multiply(left_rows, right_rows, depth, sums)
                    for i in range(min(high, bottom - row)):
                        target = (row + i) * (c_row // size) + column
                        for j in range(min(wide, right - column)):
                            total = found[i * wide + j]
                            c[target + j] = total + bias[column + j] if biased else total

    return matmul_transposed
