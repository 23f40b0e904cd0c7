"""The gradient of filters of 3x3 with stride 1 in a quarter of the multiplications, by Winograd's F(4x4, 3x3).

It is G' [sum over tiles of (B' x B) * (A g A')] G, where x are the pixels under a tile and g is the gradient of the
tile's 4x4 pixels; see `winograd_tiles`.
"""

from typing import Any

from .builder import Real, kernel
from .conv import make_unpack
from .microkernel import ROWS, make_panel, make_width, panel_width
from .simd import address, integer, local_words, word_at
from .winograd_tiles import Tile, make_scatter, make_scatter_kernel, transform, transposed

TILE = Tile(4, 4)
POINTS = TILE.points


def evaluate_pixels(real: Real) -> Any:
    """``B' x B`` of all tiles of images; see `winograd_tiles.make_scatter_kernel`."""
    return make_scatter_kernel(real, TILE, TILE.b)


def evaluate_gradient(real: Real) -> Any:
    """``A g A'`` of all tiles of a gradient; see `winograd_tiles.make_scatter_kernel`."""
    return make_scatter_kernel(real, TILE, transposed(TILE.a))


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
    scatter_x, scatter_g = make_scatter(real, TILE, TILE.b), make_scatter(real, TILE, transposed(TILE.a))
    turn, unpack_panel = transform(real, transposed(TILE.g), False, True), make_unpack(real)
    words = POINTS + 2 * ROWS
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
        rows = table + POINTS * 8
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
                for point in range(POINTS):
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
