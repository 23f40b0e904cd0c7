"""Copies between arrays of one shape whose elements lie in different orders.

Of up to six dimensions the last two are walked through here, in squares that stay in the cache whichever of the two
arrays jumps; a piece of work is a square's height of rows for one place in the others.
"""

from typing import Any

from .builder import Real, kernel
from .simd import ahead, integer
from .simd import load as load_one
from .simd import store as store_one
from .vector import load, load_some, store, store_some

# Rows and columns of a square.
SQUARE = 32


def copy(real: Real) -> Any:
    """Arguments: target, source, six sizes, six steps of the target, of the source.

    Steps are elements and may be negative.
    """
    read, lanes, zero = real.read, real.lanes, real.type(0)

    @kernel
    def copy(args, begin, end, thread):
        rows, columns = integer(args, 6), integer(args, 7)
        down, across = integer(args, 12), integer(args, 13)
        from_down, from_across = integer(args, 18), integer(args, 19)
        blocks = (rows + SQUARE - 1) // SQUARE
        for piece in range(begin, end):
            rest = piece // blocks
            top = (piece - rest * blocks) * SQUARE
            bottom = min(top + SQUARE, rows)
            to = source = 0
            for d in range(3, -1, -1):
                size = integer(args, 2 + d)
                here = rest % size
                rest //= size
                to += here * integer(args, 8 + d)
                source += here * integer(args, 14 + d)
            y, x = ahead(read(args, 0), to), ahead(read(args, 1), source)
            if across == 1 and from_across == 1:
                for i in range(top, bottom):
                    into, out_of, j = ahead(y, i * down), ahead(x, i * from_down), 0
                    while j + lanes <= columns:
                        store(into, j, load(out_of, j))
                        j += lanes
                    if j < columns:
                        store_some(into, j, load_some(out_of, j, columns - j, zero), columns - j)
                continue
            if across == 1 and from_across == -1:
                for i in range(top, bottom):
                    into, out_of = ahead(y, i * down), ahead(x, i * from_down)
                    for j in range(columns):
                        store_one(into, j, load_one(out_of, -j))
                continue
            for left in range(0, columns, SQUARE):
                right = min(left + SQUARE, columns)
                for i in range(top, bottom):
                    into, out_of = i * down, i * from_down
                    for j in range(left, right):
                        y[into + j * across] = x[out_of + j * from_across]

    return copy
