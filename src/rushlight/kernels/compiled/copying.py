"""Copies between arrays of one shape whose elements lie in different orders.

Of up to six dimensions the last two are walked through here, in squares that stay in the cache whichever of the two
arrays jumps; a piece of work is a square's height of rows for one place in the others.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .builder import Real, kernel
from .simd import I32, REGISTER, ahead, integer
from .simd import load as load_one
from .simd import store as store_one
from .vector import load, load_some, store, store_some

# Rows and columns of a square.
SQUARE = 32


@intrinsic
def turn(typing: Any, target: Any, across: Any, source: Any, down: Any) -> Any:
    """Copies a square as wide as a register: element j of row i behind `source` becomes element i of row j."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        target, to_step, source, from_step = values
        size = signature.args[0].dtype.bitwidth // 8
        lanes = REGISTER // size
        kind = ir.VectorType(target.type.pointee, lanes)

        def row(pointer: Any, step: Any, i: int) -> Any:
            place = builder.gep(pointer, [builder.mul(step, ir.Constant(step.type, i))])
            return builder.bitcast(place, kind.as_pointer())

        rows = [builder.load(row(source, from_step, i), align=size) for i in range(lanes)]
        distance = 1
        while distance < lanes:
            # In each square of twice the distance, two quarters change places.
            for i in range(lanes):
                if i & distance:
                    continue
                a, b = rows[i], rows[i + distance]
                first = [n if not n & distance else lanes + (n ^ distance) for n in range(lanes)]
                second = [n ^ distance if not n & distance else lanes + n for n in range(lanes)]
                rows[i], rows[i + distance] = (
                    builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(I32, lanes), mask))
                    for mask in (first, second)
                )
            distance *= 2
        for i, vector in enumerate(rows):
            builder.store(vector, row(target, to_step, i), align=size)
        return context.get_dummy_value()

    return types.void(target, types.int64, source, types.int64), emit


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
                if across == 1 and from_down == 1 and bottom - top == SQUARE and right - left == SQUARE:
                    for i in range(top, bottom, lanes):
                        for j in range(left, right, lanes):
                            turn(ahead(y, i * down + j), down, ahead(x, i + j * from_across), from_across)
                    continue
                for i in range(top, bottom):
                    into, out_of = i * down, i * from_down
                    for j in range(left, right):
                        y[into + j * across] = x[out_of + j * from_across]

    return copy
