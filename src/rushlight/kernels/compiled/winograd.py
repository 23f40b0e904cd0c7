"""Convolution with filters of 3x3 and stride 1 in a quarter of the multiplications (Winograd's F(4x4, 3x3)).

The result is computed in tiles of 4x4 pixels, each from 6x6 pixels of the input. Both the tile and the filter are
evaluated, as polynomials in two variables, at 36 points; there the convolution is a product; and 4x4 pixels follow from
the products by interpolation. For all channels and many tiles, the products at one point are a product of matrices:

    y = A' [ sum over channels of (G w G') * (B' x B) ] A          (' transposes, * multiplies element by element)

The gradient of the input is the same with turned filters; that of the weight is
G' [sum over tiles (B' x B) * (A g A')] G.

The points are 0, +-5/8, +-3/2 and infinity. With the usual 0, +-1, +-2 and infinity errors are twice as large. Sums
over channels are made of sums over few of them, which also makes them more accurate.

Not-a-numbers and infinities would spread over a tile. Transformations note whether they met any, so that the caller can
compute the same in another way.
"""

from functools import cache
from typing import Any

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from .builder import Real, kernel
from .conv import make_unpack
from .microkernel import ROWS, Vectors, make_panel, make_width, panel_width, transpose
from .simd import I64, address, array_at, integer, local_words, word, word_at

SIDE = 4  # of a tile of the result
REACH = SIDE + 2  # of the pixels it is computed from
POINTS = (0.0, 5 / 8, -5 / 8, 3 / 2, -3 / 2)  # and infinity

SLAB = 64  # channels summed up at a time, at most

Matrix = tuple[tuple[float, ...], ...]


def _matrices() -> tuple[Matrix, Matrix, Matrix]:
    """A', G and B', from the formulas of interpolation at `POINTS` and infinity."""
    others = [[q for q in POINTS if q != p] for p in POINTS]
    a = [[p**i for p in POINTS] + [float(i == SIDE - 1)] for i in range(SIDE)]
    g = [[p**i / np.prod([p - q for q in rest]) for i in range(3)] for p, rest in zip(POINTS, others, strict=True)]
    b = [[*np.poly(rest)[::-1], 0.0] for rest in others]
    matrices = a, [*g, [0.0, 0.0, 1.0]], [*b, [*np.poly(POINTS)[::-1]]]
    made = [tuple(tuple(float(x) for x in row) for row in m) for m in matrices]
    return made[0], made[1], made[2]


def _transposed(matrix: Matrix) -> Matrix:
    return tuple(zip(*matrix, strict=True))


A, G, B = _matrices()


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
        for j in (1, 3):
            one, two = numbers[j], numbers[j + 1]
            numbers[j], numbers[j + 1] = builder.fadd(one, two), builder.fsub(one, two)
        halves = []
        for i, row in enumerate(matrix):
            half = list(row)
            for j in (1, 3):
                half[j + (i + 1) % 2] = 0.0  # even rows take sums, odd rows differences
                half[j + i % 2] = row[j]
            halves.append(half)
        return [_combine(v, half, numbers) for half in halves]
    found = [None] * rows
    for i in (0, 5):
        found[i] = _combine(v, list(matrix[i]), numbers)
    for i in (1, 3):
        even = _combine(v, [x if j % 2 == 0 else 0.0 for j, x in enumerate(matrix[i])], numbers)
        odd = _combine(v, [x if j % 2 == 1 else 0.0 for j, x in enumerate(matrix[i])], numbers)
        found[i], found[i + 1] = builder.fadd(even, odd), builder.fsub(even, odd)
    return found


@cache
def transform(real: Real, matrix: Matrix, source_table: bool, target_table: bool) -> Any:
    """An intrinsic that computes ``matrix @ square @ matrix'`` for squares of numbers, a number for each channel.

    Its arguments, all 64-bit integers: `source`, the address of a table of the addresses of the square's elements row
    by row if `source_table`, else that of the first element; `step`, without a table, the bytes from one element to
    the next; `target` and `target_step` likewise; `registers`, how many registers' width of channels there are;
    `addend`, the address of numbers to add to all elements of the result, or 0; `check`, the address of one register:
    what is not finite makes it not-a-number.
    """
    rows, columns = len(matrix), len(matrix[0])

    @intrinsic
    def square(
        typing: Any, source: Any, step: Any, target: Any, target_step: Any, registers: Any, addend: Any, check: Any
    ) -> Any:
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            source, step, target, target_step, registers, addend, check = values
            v = Vectors(builder, real.code, real.lanes)

            def places(start: Any, step: Any, table: bool, side: int) -> list[list[Any]]:
                words = builder.inttoptr(start, I64.as_pointer())
                return [
                    [
                        v.pointer(
                            builder.load(builder.gep(words, [word(i * side + j)]))
                            if table
                            else builder.add(start, builder.mul(step, word(i * side + j)))
                        )
                        for j in range(side)
                    ]
                    for i in range(side)
                ]

            sources = places(source, step, source_table, columns)
            targets = places(target, target_step, target_table, rows)
            checked, added = v.pointer(check), v.pointer(addend)
            with cgutils.for_range(builder, registers, intp=I64) as loop:
                offset = builder.mul(loop.index, word(v.lanes * v.size))
                half = []
                for j in range(columns):
                    half.append(_apply(v, matrix, [v.load(sources[i][j], offset) for i in range(columns)]))
                if target_table:
                    more = v.load(added, offset)
                else:
                    seen = v.load(checked, word(0))
                for i in range(rows):
                    line = _apply(v, matrix, [half[j][i] for j in range(columns)])
                    for j in range(rows):
                        if target_table:
                            v.store(builder.fadd(line[j], more), targets[i][j], offset)
                        else:
                            v.store(line[j], targets[i][j], offset)
                            # Every element of the square takes part in one of these.
                            if {i, j} <= {0, 1, rows - 1}:
                                seen = v.fma(line[j], v.constant(0), seen)
                if not target_table:
                    v.store(seen, checked, word(0))
            return context.get_dummy_value()

        return types.void(*[types.int64] * 7), emit

    return square


def make_locate(side: int) -> Any:
    """``locate(...)``: fills a table with the addresses of a square of pixels, whose first row and column are given.

    Pixels outside the image have the address `outside`.
    """

    @njit
    def locate(table, image, top, left, height, width, pixel, outside):
        if top >= 0 and left >= 0 and top + side <= height and left + side <= width:
            for i in range(side):
                row = image + ((top + i) * width + left) * pixel
                for j in range(side):
                    word_at(table, i * side + j, row + j * pixel)
        else:
            for i in range(side):
                for j in range(side):
                    h, w = top + i, left + j
                    inside = 0 <= h < height and 0 <= w < width
                    word_at(table, i * side + j, image + (h * width + w) * pixel if inside else outside)

    return locate


def make_scatter(real: Real, matrix: Matrix) -> Any:
    """``scatter(...)``: transforms tiles `first` .. `last` of images into one row a tile of each point's plane."""
    side, lanes, size = len(matrix[0]), real.lanes, real.size
    locate, turn = make_locate(side), transform(real, matrix, True, False)

    @njit
    def scatter(x, zeros, target, plane, row, first, last, tiles, image, top, left, table, check):
        """`tiles`: a tuple (down, across); `image`: (height, width, channels); addresses and bytes otherwise."""
        down, across = tiles
        height, width, channels = image
        for tile in range(first, last):
            n = tile // (down * across)
            i = (tile - n * down * across) // across
            j = tile - (n * down + i) * across
            locate(
                table, x + n * height * width * channels * size, i * SIDE - top, j * SIDE - left, height, width,
                channels * size, zeros,
            )  # fmt: skip
            turn(table, 0, target + (tile - first) * row, plane, channels // lanes, 0, check)

    return scatter


def _make_scatter_kernel(real: Real, matrix: Matrix) -> Any:
    read, lanes, size = real.read, real.lanes, real.size
    scatter, room = make_scatter(real, matrix), local_words(REACH * REACH)

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


def evaluate_input(real: Real) -> Any:
    """``B' x B`` of all tiles of images, ``[point][tile][channel]``; a piece of work is some tiles.

    Arguments: x, zeros (a pixel of them), result, checks (a register a thread); tiles, tiles a piece, tiles down and
    across; height, width and channels of x; rows and columns of padding; bytes from point to point and tile to tile.
    """
    return _make_scatter_kernel(real, B)


def evaluate_gradient(real: Real) -> Any:
    """``A g A'`` of all tiles of a gradient; the arguments are those of `evaluate_input`."""
    return _make_scatter_kernel(real, _transposed(A))


def make_filters(real: Real) -> Any:
    """``filters(...)``: ``G w G'`` of some channels of one panel of filters, ``[point][channel][column]``.

    Element `tap` of a filter is at `source` + column * `by_column` + channel * `by_channel` + tap of the `total`
    elements of `weight`. Filters whose columns follow each other are turned by half a turn: that is the gradient of the
    input. `target` is an address, and `plane` the bytes from point to point.
    """
    lanes, size, square, turn = real.lanes, real.size, transpose(real), transform(real, G, False, False)
    register = lanes * size
    squares = -(-9 // lanes)
    scratch, at = local_words(9 * lanes * register // 8), array_at(real.type)

    @njit
    def filters(weight, total, source, by_column, by_channel, channels, target, plane, wide, check):
        room = scratch()
        turned = at(room)
        for j in range(0, wide, lanes):
            if by_channel == 9:
                for c in range(0, channels, lanes):
                    start = source + j * by_column + c * 9
                    for piece in range(0, 9 * lanes, lanes):
                        square(
                            address(weight) + (start + piece) * size,
                            by_column * size,
                            room + piece * register,
                            register,
                        )
                    for i in range(lanes):
                        turn(
                            room + i * 9 * register, register, target + ((c + i) * wide + j) * size, plane, 1, 0, check
                        )  # fmt: skip
            else:
                for c in range(channels):
                    start = source + j * by_column + c * by_channel
                    # Squares reach beyond the filters they turn.
                    if start + (lanes - 1) * by_column + squares * lanes <= total:
                        for piece in range(0, squares * lanes, lanes):
                            square(
                                address(weight) + (start + piece) * size, by_column * size, room + piece * register,
                                register,
                            )  # fmt: skip
                    else:
                        for i in range(lanes):
                            for tap in range(9):
                                turned[tap * lanes + i] = weight[start + i * by_column + tap]
                    turn(room + 8 * register, -register, target + (c * wide + j) * size, plane, 1, 0, check)

    return filters


def evaluate_filters(real: Real) -> Any:
    """``G w G'`` of filters, ``[panel][point][channel][column]``; a piece of work is some channels of a widest panel.

    A cache line lies between points, so that they do not compete for the same places in the cache.

    Arguments: filters, result, checks (a register a thread); channels, columns; elements of filters from column to
    column and from channel to channel; channels in a piece.
    """
    read, lanes, size, width = real.read, real.lanes, real.size, make_width(real)
    widest, filters = panel_width(real), make_filters(real)

    @kernel
    def evaluate_filters(args, begin, end, thread):
        weight, result = read(args, 0), address(read(args, 1))
        check = address(read(args, 2)) + thread * lanes * size
        depth, columns = integer(args, 3), integer(args, 4)
        by_column, by_channel, share = integer(args, 5), integer(args, 6), integer(args, 7)
        shares = (depth + share - 1) // share
        for piece in range(begin, end):
            panel = piece // shares
            c = (piece - panel * shares) * share
            first = panel * widest
            last = min(first + widest, columns)
            while first < last:
                wide = width(last - first)
                filters(
                    weight, 9 * depth * columns, first * by_column + c * by_channel, by_column, by_channel,
                    min(share, depth - c), result + first // lanes * REACH * REACH * (depth * lanes * size + 64)
                    + c * wide * size, depth * wide * size + wide // lanes * 64, wide, check,
                )  # fmt: skip
                first += wide

    return evaluate_filters


def make_multiply(real: Real) -> Any:
    """``multiply(...)``: at every point, rows of evaluated tiles times a panel of evaluated filters."""
    size, panel = real.size, make_panel(real)

    @njit
    def multiply(v, v_plane, v_row, u, u_plane, m, m_plane, count, depth, slab, wide, more, rows, spare):
        targets = rows + ROWS * 8
        for point in range(REACH * REACH):
            for c in range(0, depth, slab):
                some = min(slab, depth - c)
                for tile in range(0, count, ROWS):
                    for i in range(ROWS):
                        t = min(tile + i, count - 1)
                        word_at(rows, i, v + point * v_plane + t * v_row + c * size)
                        target = m + point * m_plane + t * wide * size
                        word_at(targets, i, target if tile + i < count else spare)
                    panel(
                        wide, rows, 1, size, some, u + point * u_plane + c * wide * size, wide * size, targets, wide, 0,
                        1 if c > 0 else more,
                    )  # fmt: skip

    return multiply


def make_gather(real: Real) -> Any:
    """``gather(...)``: the tiles `first` .. `last` of a result, some columns of it, from products at all points."""
    lanes, size, locate, turn = real.lanes, real.size, make_locate(SIDE), transform(real, A, False, True)

    @njit
    def gather(m, m_plane, y, trash, first, last, tiles, image, column, wide, bias, table):
        down, across = tiles
        height, breadth, columns = image
        for tile in range(first, last):
            n = tile // (down * across)
            i = (tile - n * down * across) // across
            j = tile - (n * down + i) * across
            locate(
                table, y + (n * height * breadth * columns + column) * size, i * SIDE, j * SIDE, height, breadth,
                columns * size, trash,
            )  # fmt: skip
            turn(m + (tile - first) * wide * size, m_plane, table, 0, wide // lanes, bias + column * size, 0)

    return gather


def wide(real: Real) -> Any:
    """Tiles of the result, from large images and small filters; a piece of work is a block of tiles.

    Filters were evaluated before, by `evaluate_filters`; each block's tiles are evaluated, multiplied and interpolated
    while in the cache.

    Arguments: x, evaluated filters, y, zeros (a pixel of x), bias or zeros, room for evaluated tiles, room for
    products, checks (a register a thread); tiles, tiles down and across; height, width and channels of x; height, width
    and channels of y; rows and columns of padding; tiles in a block; bytes from point to point of evaluated tiles and
    of products; bytes a thread of both.
    """
    read, lanes, size, width = real.read, real.lanes, real.size, make_width(real)
    scatter, multiply, gather = make_scatter(real, B), make_multiply(real), make_gather(real)
    words = REACH * REACH + 2 * ROWS
    room = local_words(words + panel_width(real) * size // 8)

    @kernel
    def winograd_wide(args, begin, end, thread):
        x, u, y, zeros = (
            address(read(args, 0)), address(read(args, 1)), address(read(args, 2)), address(read(args, 3)),
        )  # fmt: skip
        bias, v, m = address(read(args, 4)), address(read(args, 5)), address(read(args, 6))
        check = address(read(args, 7)) + thread * lanes * size
        count, tiles = integer(args, 8), (integer(args, 9), integer(args, 10))
        x_image = integer(args, 11), integer(args, 12), integer(args, 13)
        y_image = integer(args, 14), integer(args, 15), integer(args, 16)
        top, left, block = integer(args, 17), integer(args, 18), integer(args, 19)
        v_plane, m_plane = integer(args, 20), integer(args, 21)
        v += thread * integer(args, 22)
        m += thread * integer(args, 23)
        depth, columns = x_image[2], y_image[2]
        # Sums of two sums are more accurate, which counts where there are few channels.
        slab = min(SLAB, max(16, depth // 2))
        table = room()
        for piece in range(begin, end):
            first = piece * block
            last = min(first + block, count)
            scatter(x, zeros, v, v_plane, depth * size, first, last, tiles, x_image, top, left, table, check)
            column = 0
            while column < columns:
                wide = width(columns - column)
                multiply(
                    v, v_plane, depth * size, u + column // lanes * REACH * REACH * (depth * lanes * size + 64),
                    depth * wide * size + wide // lanes * 64, m, m_plane, last - first, depth, slab,
                    wide, 0, table + REACH * REACH * 8, table + words * 8,
                )  # fmt: skip
                gather(
                    m, m_plane, y, m + REACH * REACH * m_plane, first, last, tiles, y_image, column, wide, bias, table
                )  # fmt: skip
                column += wide

    return winograd_wide


def deep(real: Real) -> Any:
    """Tiles of the result, from small images and large filters; a piece of work is a block of tiles and a widest panel.

    Tiles were evaluated before; a few channels of the filters are evaluated and multiplied while in the cache.

    Arguments: evaluated tiles, filters, y, bias or zeros, room for evaluated filters and for products, checks (a
    register a thread); tiles, tiles down and across; channels of x; height, width and channels of y; tiles in a block;
    elements of filters from column to column and from channel to channel; bytes from point to point of evaluated tiles
    and of products; bytes a thread of evaluated filters and products.
    """
    read, lanes, size, width = real.read, real.lanes, real.size, make_width(real)
    filters, gather = make_filters(real), make_gather(real)
    multiply, widest = make_multiply(real), panel_width(real)
    words = REACH * REACH + 2 * ROWS
    room = local_words(words + widest * size // 8)

    @kernel
    def winograd_deep(args, begin, end, thread):
        v, weight, y, bias = address(read(args, 0)), read(args, 1), address(read(args, 2)), address(read(args, 3))
        u, m = address(read(args, 4)), address(read(args, 5))
        check = address(read(args, 6)) + thread * lanes * size
        count, tiles = integer(args, 7), (integer(args, 8), integer(args, 9))
        depth, y_image = integer(args, 10), (integer(args, 11), integer(args, 12), integer(args, 13))
        block, by_column, by_channel = integer(args, 14), integer(args, 15), integer(args, 16)
        v_plane, m_plane = integer(args, 17), integer(args, 18)
        u += thread * integer(args, 19)
        m += thread * integer(args, 20)
        columns = y_image[2]
        blocks = (count + block - 1) // block
        table = room()
        for piece in range(begin, end):
            panel = piece // blocks
            first = (piece - panel * blocks) * block
            last = min(first + block, count)
            column = panel * widest
            stop = min(column + widest, columns)
            while column < stop:
                wide = width(stop - column)
                for c in range(0, depth, SLAB):
                    some = min(SLAB, depth - c)
                    # As in `evaluate_filters`, points must not compete for the same places in the cache.
                    u_plane = some * wide * size + 64
                    filters(
                        weight, depth * columns * 9, column * by_column + c * by_channel, by_column, by_channel, some,
                        u, u_plane, wide, check,
                    )  # fmt: skip
                    multiply(
                        v + first * depth * size + c * size, v_plane, depth * size, u, u_plane, m, m_plane,
                        last - first, some, SLAB, wide, 1 if c > 0 else 0, table + REACH * REACH * 8, table + words * 8,
                    )  # fmt: skip
                gather(
                    m, m_plane, y, m + REACH * REACH * m_plane, first, last, tiles, y_image, column, wide, bias, table
                )  # fmt: skip
                column += wide

    return winograd_deep


def winograd_weight(real: Real) -> Any:
    """The gradient of the weight, ``[part][panel][tap, channel][column]`` as of `conv.weight_gradient`.

    A piece of work is one part of the tiles, some channels and a widest panel of columns. If there is but one part, the
    gradient itself is written, and there is only room for one piece a thread.

    Arguments: x, g, result, zeros (a pixel), evaluated tiles of x and of g (or room for them, unless `ready`), room for
    products, checks (a register a thread); tiles, tiles down and across; height, width and channels of x, and of g;
    rows and columns of padding; tiles a part, parts; tiles in a block; channels in a piece; columns in a piece;
    `ready`; bytes from point to point of evaluated x, of evaluated g, and of products; bytes from tile to tile of both;
    bytes a thread of evaluated x, evaluated g, products; the gradient.
    """
    read, lanes, size, width, panel = real.read, real.lanes, real.size, make_width(real), make_panel(real)
    scatter_x, scatter_g = make_scatter(real, B), make_scatter(real, _transposed(A))
    turn, unpack_panel = transform(real, _transposed(G), False, True), make_unpack(real)
    words = REACH * REACH + 2 * ROWS
    room = local_words(words + panel_width(real) * size // 8)

    @kernel
    def winograd_weight(args, begin, end, thread):
        x, g, result, zeros = (
            address(read(args, 0)), address(read(args, 1)), address(read(args, 2)), address(read(args, 3)),
        )  # fmt: skip
        v, e, m = address(read(args, 4)), address(read(args, 5)), address(read(args, 6))
        check = address(read(args, 7)) + thread * lanes * size
        count, tiles = integer(args, 8), (integer(args, 9), integer(args, 10))
        x_image = integer(args, 11), integer(args, 12), integer(args, 13)
        g_image = integer(args, 14), integer(args, 15), integer(args, 16)
        top, left, share, parts = integer(args, 17), integer(args, 18), integer(args, 19), integer(args, 20)
        block, rows_chunk, chunk, ready = integer(args, 21), integer(args, 22), integer(args, 23), integer(args, 24)
        v_plane, e_plane, m_plane = integer(args, 25), integer(args, 26), integer(args, 27)
        v_row, e_row = integer(args, 28), integer(args, 29)
        if not ready:
            v += thread * integer(args, 30)
            e += thread * integer(args, 31)
        m += thread * integer(args, 32)
        gradient = read(args, 33)
        depth, columns = x_image[2], g_image[2]
        table = room()
        rows = table + REACH * REACH * 8
        targets = rows + ROWS * 8
        spare = table + words * 8
        row_chunks = (depth + rows_chunk - 1) // rows_chunk
        for piece in range(begin, end):
            rest = piece // parts
            part = piece - rest * parts
            panels = rest // row_chunks
            c_first = (rest - panels * row_chunks) * rows_chunk
            c_last = min(c_first + rows_chunk, depth)
            stop = min(panels * chunk + chunk, columns)
            tile_last = min((part + 1) * share, count)
            for first in range(part * share, tile_last, block):
                last = min(first + block, tile_last)
                v_here, e_here = v, e
                if ready:
                    v_here, e_here = v + first * v_row, e + first * e_row
                else:
                    scatter_x(x, zeros, v, v_plane, v_row, first, last, tiles, x_image, top, left, table, check)
                    scatter_g(g, zeros, e, e_plane, e_row, first, last, tiles, g_image, 0, 0, table, check)
                for point in range(REACH * REACH):
                    column = panels * chunk
                    while column < stop:
                        wide = width(stop - column)
                        for c in range(c_first, c_last, ROWS):
                            for i in range(ROWS):
                                channel = min(c + i, c_last - 1)
                                word_at(rows, i, v_here + point * v_plane + channel * size)
                                target = (
                                    m + point * m_plane + ((channel - c_first) * chunk + column - panels * chunk) * size
                                )
                                word_at(targets, i, target if c + i < c_last else spare)
                            panel(
                                wide, rows, 1, v_row, last - first, e_here + point * e_plane + column * size, e_row,
                                targets, wide, 0, 1 if first > part * share else 0,
                            )  # fmt: skip
                        column += wide
            column = panels * chunk
            while column < stop:
                wide = width(stop - column)
                # [tap][channel][column], among all channels of the part, or alone, to be unpacked at once.
                many = depth if parts > 1 else c_last - c_first
                panel_at = result + (part * columns + column) * 9 * depth * size + c_first * wide * size
                if parts == 1:
                    panel_at = result + thread * 9 * rows_chunk * chunk * size
                for c in range(c_last - c_first):
                    for tap in range(9):
                        word_at(table, tap, panel_at + (tap * many + c) * wide * size)
                    source = m + (c * chunk + column - panels * chunk) * size
                    turn(source, m_plane, table, 0, wide // lanes, zeros, 0)
                if parts == 1:
                    unpack_panel(
                        panel_at, 1, 0, 9, many, wide, many, wide, gradient, (column * depth + c_first) * 9, depth * 9
                    )  # fmt: skip
                column += wide

    return winograd_weight
