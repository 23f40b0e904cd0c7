"""Products of corresponding matrices; a piece of work is one product."""

from typing import Any

from .builder import Real, kernel
from .matmul import make_pack
from .products import TABLES, make_multiply
from .simd import address, ahead, integer, local_words


def bmm(real: Real) -> Any:
    """``c[i] = a[i] @ b[i]``.

    Arguments: a, b, c, room for a packed factor for each thread and its elements; rows, depth, columns; bytes from
    matrix to matrix, row to row and column to column of a, likewise of b.
    """
    read, size, pack, multiply, place = real.read, real.size, make_pack(real), make_multiply(real), local_words(TABLES)

    @kernel
    def bmm(args, begin, end, thread):
        table = place()
        packed = ahead(read(args, 3), thread * integer(args, 4))
        rows, depth, columns = integer(args, 5), integer(args, 6), integer(args, 7)
        for i in range(begin, end):
            b = ahead(read(args, 1), i * integer(args, 11) // size)
            pack(b, packed, depth, columns, integer(args, 12), integer(args, 13), 0, columns)
            a, c = address(read(args, 0)) + i * integer(args, 8), address(read(args, 2)) + i * rows * columns * size
            multiply(
                table, a, integer(args, 9), integer(args, 10), rows, depth, address(packed), columns, c,
                columns * size, 0,
            )  # fmt: skip

    return bmm
