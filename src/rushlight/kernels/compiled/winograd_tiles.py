"""What Winograd's convolutions share: tiles, the matrices that go with them, and transformations of tiles.

Winograd's F(m x n, 3x3) computes m x n pixels of a result, a *tile*, from (m + 2) x (n + 2) pixels of the input. Tile
and filter are evaluated, as polynomials in two variables, at (m + 2) x (n + 2) points; there the convolution is a
product; and the pixels follow from the products by interpolation. The more points, the fewer multiplications, and the
larger the numbers that cancel in the end.

The points of four pixels are 0, +-5/8, +-3/2 and infinity: with the usual 0, +-1, +-2 and infinity errors are twice as
large. Those of two pixels are 0, +-1 and infinity.

Not-a-numbers and infinities would spread over a tile. Transformations note whether they met any, so that the caller can
compute the same in another way.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from .builder import Real, kernel
from .microkernel import Vectors
from .simd import I64, address, integer, local_words, word, word_at

Matrix = tuple[tuple[float, ...], ...]
Pair = tuple[Matrix, Matrix]  # for columns, and for rows

_POINTS = {2: (0.0, 1.0, -1.0), 4: (0.0, 5 / 8, -5 / 8, 3 / 2, -3 / 2)}  # and infinity


@cache
def _matrices(side: int) -> tuple[Matrix, Matrix, Matrix]:
    """A', G and B' of a tile's side, from the formulas of interpolation at its points and infinity."""
    points = _POINTS[side]
    others = [[q for q in points if q != p] for p in points]
    a = [[p**i for p in points] + [float(i == side - 1)] for i in range(side)]
    g = [[p**i / np.prod([p - q for q in rest]) for i in range(3)] for p, rest in zip(points, others, strict=True)]
    b = [[*np.poly(rest)[::-1], 0.0] for rest in others]
    matrices = a, [*g, [0.0, 0.0, 1.0]], [*b, [*np.poly(points)[::-1]]]
    made = [tuple(tuple(float(x) for x in row) for row in m) for m in matrices]
    return made[0], made[1], made[2]


class Tile(NamedTuple):
    """Rows and columns of a tile of the result."""

    down: int
    across: int

    @property
    def reach(self) -> tuple[int, int]:
        """Rows and columns of the pixels it is computed from, and of its points."""
        return self.down + 2, self.across + 2

    @property
    def points(self) -> int:
        """How many products make it."""
        return (self.down + 2) * (self.across + 2)

    @property
    def a(self) -> Pair:
        """The matrices of interpolation."""
        return _matrices(self.down)[0], _matrices(self.across)[0]

    @property
    def g(self) -> Pair:
        """The matrices that evaluate filters."""
        return _matrices(self.down)[1], _matrices(self.across)[1]

    @property
    def b(self) -> Pair:
        """The matrices that evaluate pixels."""
        return _matrices(self.down)[2], _matrices(self.across)[2]


def transposed(pair: Pair) -> Pair:
    """Both matrices transposed."""
    one, two = (tuple(zip(*matrix, strict=True)) for matrix in pair)
    return one, two


def _combine(v: Vectors, factors: list[float], numbers: list[Any]) -> Any:
    """The sum of factors times vectors; None if all factors are 0."""
    total = None
    for factor, number in sorted(zip(factors, numbers, strict=True), key=lambda pair: abs(pair[0]) != 1):
        if factor == 0 or number is None:
            continue
        if total is None:
            total = number if factor == 1 else v.builder.fmul(number, v.constant(factor))
        elif abs(factor) == 1:
            total = (v.builder.fadd if factor == 1 else v.builder.fsub)(total, number)
        else:
            total = v.fma(number, v.constant(factor), total)
    return total


def _apply(v: Vectors, matrix: Matrix, numbers: list[Any]) -> list[Any]:
    """The matrix times a column of vectors.

    Points p and -p make pairs of rows, or of columns, that differ in the sign of every second element. Their even and
    odd parts are computed once.
    """
    builder, rows = v.builder, len(matrix)
    if rows < len(numbers):
        numbers = list(numbers)
        pairs = range(1, len(numbers) - 1, 2)
        for j in pairs:
            one, two = numbers[j], numbers[j + 1]
            numbers[j], numbers[j + 1] = builder.fadd(one, two), builder.fsub(one, two)
        halves = []
        for i, row in enumerate(matrix):
            half = list(row)
            for j in pairs:
                half[j + (i + 1) % 2] = 0.0  # even rows take sums, odd rows differences
                half[j + i % 2] = row[j]
            halves.append(half)
        return [_combine(v, half, numbers) for half in halves]
    found = [None] * rows
    for i in (0, rows - 1):
        found[i] = _combine(v, list(matrix[i]), numbers)
    for i in range(1, rows - 1, 2):
        even = _combine(v, [x if j % 2 == 0 else 0.0 for j, x in enumerate(matrix[i])], numbers)
        odd = _combine(v, [x if j % 2 == 1 else 0.0 for j, x in enumerate(matrix[i])], numbers)
        found[i], found[i + 1] = builder.fadd(even, odd), builder.fsub(even, odd)
    return found


@cache
def transform(real: Real, matrices: Pair, source_table: bool, target_table: bool) -> Any:
    """An intrinsic that computes ``one @ numbers @ two'`` for rectangles of numbers, a number for each channel.

    Its arguments, all 64-bit integers: `source`, the address of a table of the addresses of the rectangle's elements
    row by row if `source_table`, else that of the first element; `step`, without a table, the bytes from one element to
    the next; `target` and `target_step` likewise; `registers`, how many registers' width of channels there are;
    `addend`, the address of numbers to add to all elements of the result, or 0; `check`, the address of one register:
    what is not finite makes it not-a-number.
    """
    one, two = matrices

    @intrinsic
    def square(
        typing: Any, source: Any, step: Any, target: Any, target_step: Any, registers: Any, addend: Any, check: Any
    ) -> Any:
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            source, step, target, target_step, registers, addend, check = values
            # Among loops around it, the compiler would keep less in registers.
            builder.function.attributes.add("noinline")
            v = Vectors(builder, real.code, real.lanes)

            def places(start: Any, step: Any, table: bool, rows: int, columns: int) -> list[list[Any]]:
                words = builder.inttoptr(start, I64.as_pointer())
                return [
                    [
                        v.pointer(
                            builder.load(builder.gep(words, [word(i * columns + j)]))
                            if table
                            else builder.add(start, builder.mul(step, word(i * columns + j)))
                        )
                        for j in range(columns)
                    ]
                    for i in range(rows)
                ]

            sources = places(source, step, source_table, len(one[0]), len(two[0]))
            targets = places(target, target_step, target_table, len(one), len(two))
            checked, added = v.pointer(check), v.pointer(addend)
            with cgutils.for_range(builder, registers, intp=I64) as loop:
                offset = builder.mul(loop.index, word(v.lanes * v.size))
                half = []
                for j in range(len(two[0])):
                    half.append(_apply(v, one, [v.load(sources[i][j], offset) for i in range(len(one[0]))]))
                if target_table:
                    more = v.load(added, offset)
                else:
                    seen = v.load(checked, word(0))
                for i in range(len(one)):
                    line = _apply(v, two, [half[j][i] for j in range(len(two[0]))])
                    for j in range(len(two)):
                        if target_table:
                            v.store(builder.fadd(line[j], more), targets[i][j], offset)
                        else:
                            v.store(line[j], targets[i][j], offset)
                            # Every element of the rectangle takes part in one of these.
                            if i in (0, 1, len(one) - 1) and j in (0, 1, len(two) - 1):
                                seen = v.fma(line[j], v.constant(0), seen)
                if not target_table:
                    v.store(seen, checked, word(0))
            return context.get_dummy_value()

        return types.void(*[types.int64] * 7), emit

    return square


@cache
def make_locate(rows: int, columns: int) -> Any:
    """``locate(...)``: fills a table with the addresses of a rectangle of pixels, whose first row and column are given.

    Pixels outside the image have the address `outside`.
    """

    @njit
    def locate(table, image, top, left, height, width, pixel, outside):
        if top >= 0 and left >= 0 and top + rows <= height and left + columns <= width:
            for i in range(rows):
                row = image + ((top + i) * width + left) * pixel
                for j in range(columns):
                    word_at(table, i * columns + j, row + j * pixel)
        else:
            for i in range(rows):
                for j in range(columns):
                    h, w = top + i, left + j
                    inside = 0 <= h < height and 0 <= w < width
                    word_at(table, i * columns + j, image + (h * width + w) * pixel if inside else outside)

    return locate


@cache
def make_scatter(real: Real, tile: Tile, matrices: Pair) -> Any:
    """``scatter(...)``: transforms tiles `first` .. `last` of images into one row a tile of each point's plane."""
    rows, columns, lanes, size = tile.down, tile.across, real.lanes, real.size
    locate = make_locate(len(matrices[0][0]), len(matrices[1][0]))
    turn = transform(real, matrices, True, False)

    @njit
    def scatter(x, zeros, target, plane, row, first, last, tiles, image, top, left, table, check):
        """`tiles`: a tuple (down, across); `image`: (height, width, channels); addresses and bytes otherwise."""
        down, across = tiles
        height, width, channels = image
        for at in range(first, last):
            n = at // (down * across)
            i = (at - n * down * across) // across
            j = at - (n * down + i) * across
            locate(
                table, x + n * height * width * channels * size, i * rows - top, j * columns - left, height, width,
                channels * size, zeros,
            )  # fmt: skip
            turn(table, 0, target + (at - first) * row, plane, channels // lanes, 0, check)

    return scatter


def make_scatter_kernel(real: Real, tile: Tile, matrices: Pair) -> Any:
    """A kernel that transforms all tiles of images, ``[point][tile][channel]``; a piece of work is some tiles.

    Arguments: x, zeros (a pixel of them), result, checks (a register a thread); tiles, tiles a piece, tiles down and
    across; height, width and channels of x; rows and columns of padding; bytes from point to point and tile to tile.
    """
    read, lanes, size = real.read, real.lanes, real.size
    scatter, room = make_scatter(real, tile, matrices), local_words(tile.points)

    @kernel
    def spread(args, begin, end, thread):
        x, zeros, target = address(read(args, 0)), address(read(args, 1)), address(read(args, 2))
        check = address(read(args, 3)) + thread * lanes * size
        count, share = integer(args, 4), integer(args, 5)
        tiles = integer(args, 6), integer(args, 7)
        image = integer(args, 8), integer(args, 9), integer(args, 10)
        top, left, plane, row = integer(args, 11), integer(args, 12), integer(args, 13), integer(args, 14)
        table = room()
        for piece in range(begin, end):
            first = piece * share
            scatter(
                x, zeros, target + first * row, plane, row, first, min(first + share, count), tiles, image, top, left,
                table, check,
            )  # fmt: skip

    return spread
