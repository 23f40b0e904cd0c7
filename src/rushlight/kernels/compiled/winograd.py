"""Convolution with filters of 3x3 and stride 1 in a third of the multiplications, by Winograd's F(2x4, 3x3).

The result is computed in tiles of 2x4 pixels, each from 4x6 pixels of the input (see `winograd_tiles`). For all
channels and many tiles, the products at one point are a product of matrices:

    y = A' [ sum over channels of (G w G') * (B' x B) ] A          (' transposes, * multiplies element by element)

The gradient of the input is the same with turned filters. Tiles of 4x4 pixels would take a quarter fewer
multiplications, but their errors are more than twice those of the plain sum. Sums over channels are made of sums over
few of them, which makes them more accurate.
"""

from functools import cache
from typing import Any

from numba import njit

from .builder import Real, kernel
from .microkernel import ROWS, make_panel, make_width, panel_width, transpose
from .simd import address, array_at, integer, local_words, word_at
from .winograd_tiles import Tile, make_locate, make_scatter, make_scatter_kernel, transform

TILE = Tile(2, 4)
POINTS = TILE.points

SLAB = 64  # channels of filters evaluated at a time, at most
TERMS = 32  # channels summed up at a time, at most


def evaluate_input(real: Real) -> Any:
    """``B' x B`` of all tiles of images; see `winograd_tiles.make_scatter_kernel`."""
    return make_scatter_kernel(real, TILE, TILE.b)


@cache
def make_filters(real: Real) -> Any:
    """``filters(...)``: ``G w G'`` of some channels of one panel of filters, ``[point][channel][column]``.

    Element `tap` of a filter is at `source` + column * `by_column` + channel * `by_channel` + tap of the `total`
    elements of `weight`. Filters whose columns follow each other are turned by half a turn: that is the gradient of the
    input. `target` is an address, and `plane` the bytes from point to point.
    """
    lanes, size, square, turn = real.lanes, real.size, transpose(real), transform(real, TILE.g, False, False)
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
                    min(share, depth - c), result + first // lanes * POINTS * (depth * lanes * size + 64)
                    + c * wide * size, depth * wide * size + wide // lanes * 64, wide, check,
                )  # fmt: skip
                first += wide

    return evaluate_filters


@cache
def make_multiply(real: Real) -> Any:
    """``multiply(...)``: at every point, rows of evaluated tiles times a panel of evaluated filters."""
    size, panel = real.size, make_panel(real)

    @njit
    def multiply(v, v_plane, v_row, u, u_plane, m, m_plane, count, depth, slab, wide, more, rows, spare):
        targets = rows + ROWS * 8
        for point in range(POINTS):
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


@cache
def make_gather(real: Real) -> Any:
    """``gather(...)``: the tiles `first` .. `last` of a result, some columns of it, from products at all points."""
    rows, beside = TILE
    lanes, size, locate, turn = real.lanes, real.size, make_locate(*TILE), transform(real, TILE.a, False, True)

    @njit
    def gather(m, m_plane, y, trash, first, last, tiles, image, column, wide, bias, table):
        down, across = tiles
        height, breadth, columns = image
        for tile in range(first, last):
            n = tile // (down * across)
            i = (tile - n * down * across) // across
            j = tile - (n * down + i) * across
            locate(
                table, y + (n * height * breadth * columns + column) * size, i * rows, j * beside, height, breadth,
                columns * size, trash,
            )  # fmt: skip
            turn(m + (tile - first) * wide * size, m_plane, table, 0, wide // lanes, bias + column * size, 0)

    return gather


def wide(real: Real) -> Any:
    """Tiles of the result, where there are many; a piece of work is a block of tiles.

    Filters were evaluated before, by `evaluate_filters`; each block's tiles are evaluated, multiplied and interpolated
    while in the cache.

    Arguments: x, evaluated filters, y, zeros (a pixel of x), bias or zeros, room for evaluated tiles, room for
    products, checks (a register a thread); tiles, tiles down and across; height, width and channels of x; height, width
    and channels of y; rows and columns of padding; tiles in a block; bytes from point to point of evaluated tiles and
    of products; bytes a thread of both.
    """
    read, lanes, size, width = real.read, real.lanes, real.size, make_width(real)
    scatter, multiply, gather = make_scatter(real, TILE, TILE.b), make_multiply(real), make_gather(real)
    words = POINTS + 2 * ROWS
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
        slab = min(TERMS, max(16, depth // 2))
        table = room()
        for piece in range(begin, end):
            first = piece * block
            last = min(first + block, count)
            scatter(x, zeros, v, v_plane, depth * size, first, last, tiles, x_image, top, left, table, check)
            column = 0
            while column < columns:
                wide = width(columns - column)
                multiply(
                    v, v_plane, depth * size, u + column // lanes * POINTS * (depth * lanes * size + 64),
                    depth * wide * size + wide // lanes * 64, m, m_plane, last - first, depth, slab,
                    wide, 0, table + POINTS * 8, table + words * 8,
                )  # fmt: skip
                gather(
                    m, m_plane, y, m + POINTS * m_plane, first, last, tiles, y_image, column, wide, bias, table
                )  # fmt: skip
                column += wide

    return winograd_wide


def deep(real: Real) -> Any:
    """Tiles of the result, where there are few; a piece of work is a block of tiles and a widest panel.

    Tiles were evaluated before; a few channels of the filters are evaluated and multiplied while in the cache.

    Arguments: evaluated tiles, filters, y, bias or zeros, room for evaluated filters and for products, checks (a
    register a thread); tiles, tiles down and across; channels of x; height, width and channels of y; tiles in a block;
    elements of filters from column to column and from channel to channel; bytes from point to point of evaluated tiles
    and of products; bytes a thread of evaluated filters and products.
    """
    read, lanes, size, width = real.read, real.lanes, real.size, make_width(real)
    filters, gather = make_filters(real), make_gather(real)
    multiply, widest = make_multiply(real), panel_width(real)
    words = POINTS + 2 * ROWS
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
                        last - first, some, TERMS, wide, 1 if c > 0 else 0, table + POINTS * 8, table + words * 8,
                    )  # fmt: skip
                gather(
                    m, m_plane, y, m + POINTS * m_plane, first, last, tiles, y_image, column, wide, bias, table
                )  # fmt: skip
                column += wide

    return winograd_deep
