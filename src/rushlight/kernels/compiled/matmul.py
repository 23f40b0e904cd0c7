"""Matrix products.

The right factor is first packed into panels as wide as `microkernel.tile` reads them: all rows of the first columns,
then all rows of the next. The left factor is read where it is, by rows or by columns.
"""

from typing import Any

from .builder import Real, kernel
from .microkernel import ROWS, make_panel, make_width, panel_width, transpose
from .simd import address, integer, local_words, word_at


def pack(real: Real) -> Any:
    """Packs ``b[k, n]`` into panels, one piece of work a panel of the widest width.

    Arguments: b, packed, depth, columns, bytes from row to row of b, bytes from column to column of b.
    """
    read, lanes, size, width = real.read, real.lanes, real.size, make_width(real)
    widest, square = panel_width(real), transpose(real)

    @kernel
    def pack(args, begin, end, thread):
        b, packed = read(args, 0), read(args, 1)
        depth, columns = integer(args, 2), integer(args, 3)
        row, column = integer(args, 4), integer(args, 5)
        for piece in range(begin, end):
            first = piece * widest
            last = min(first + widest, columns)
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


def matmul(real: Real) -> Any:
    """``c[m, n] (+)= a[m, k] @ packed b (+ bias[n])``; a piece of work is 6 rows of c.

    Arguments: a, packed, c, rows, depth, columns, bytes from row to row of a, from column to column of a, from row to
    row of c, bias (a whole number of registers long) or 0, whether to add to c.
    """
    read, size, width, panel = real.read, real.size, make_width(real), make_panel(real)
    # Rows of the right factor taken at a time, so that a panel of them stays in the second-level cache.
    slab = 384
    place = local_words(2 * ROWS + 64)  # the two tables of a tile, and a row for results that nobody wants

    @kernel
    def matmul(args, begin, end, thread):
        a, packed, c = address(read(args, 0)), address(read(args, 1)), address(read(args, 2))
        rows, depth, columns = integer(args, 3), integer(args, 4), integer(args, 5)
        a_row, a_column, c_row = integer(args, 6), integer(args, 7), integer(args, 8)
        bias = integer(args, 9)
        if bias != 0:
            bias = address(read(args, 9))
        accumulate = integer(args, 10)
        table = place()
        spare = table + (2 * ROWS) * 8
        for k in range(0, depth, slab):
            thick = min(slab, depth - k)
            first = 0
            while first < columns:
                wide = width(columns - first)
                here = min(wide, columns - first)
                w = packed + (first * depth + k * wide) * size
                for block in range(begin, end):
                    for i in range(ROWS):
                        row = block * ROWS + i
                        real_row = min(row, rows - 1)
                        word_at(table, i, a + real_row * a_row + k * a_column)
                        word_at(table, ROWS + i, c + row * c_row + first * size if row < rows else spare)
                    last = 1 if k + thick == depth else 0
                    panel(
                        wide, table, 1, a_column, thick, w, wide * size, table + ROWS * 8, here,
                        bias + first * size if bias != 0 and last else 0, 1 if k > 0 else accumulate,
                    )  # fmt: skip
                first += wide

    return matmul
