"""Products of small matrices inside of kernels: the right factor is packed, then multiplied by some rows."""

from functools import cache
from typing import Any

from numba import njit

from .builder import Real
from .microkernel import ROWS, make_panel, make_width
from .simd import word_at

# Words that `multiply` needs for its tables, and for results that nobody wants.
TABLES = 2 * ROWS + 64

# Rows of the right factor taken at a time, so that a panel of them stays in the second-level cache.
_SLAB = 512


@cache
def make_multiply(real: Real) -> Any:
    """``multiply(table, a, a_row, a_column, rows, depth, packed, columns, c, c_row, more)``: ``c (+)= a @ b``.

    `table` are `TABLES` words; `a`, `packed` (see `matmul.make_pack`) and `c` are addresses; `a_row`, `a_column` and
    `c_row` are bytes; `more` is 1 if the product is added to c.
    """
    size, width, panel = real.size, make_width(real), make_panel(real)

    @njit
    def multiply(table, a, a_row, a_column, rows, depth, packed, columns, c, c_row, more):
        spare = table + 2 * ROWS * 8
        for start in range(0, depth, _SLAB):
            beyond = min(start + _SLAB, depth)
            first = 0
            while first < columns:
                wide = width(columns - first)
                here = min(wide, columns - first)
                w = packed + (first * depth + start * wide) * size
                for row in range(0, rows, ROWS):
                    for i in range(ROWS):
                        word_at(table, i, a + min(row + i, rows - 1) * a_row + start * a_column)
                        word_at(table, ROWS + i, c + (row + i) * c_row + first * size if row + i < rows else spare)
                    panel(
                        wide, table, 1, a_column, beyond - start, w, wide * size, table + ROWS * 8, here, 0,
                        1 if start > 0 else more,
                    )  # fmt: skip
                first += wide

    return multiply
