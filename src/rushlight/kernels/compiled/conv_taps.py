"""The gradient of large filters, tap by tap.

Of the nine taps of 3x3 filters, an image of 2x2 pixels with a border meets but four at each pixel. Here a tap's
gradient is summed up over just the pixels that it meets, those in one place of all images one after the other. And a
piece of work ends with its part of the gradient, laid out as filters, while its sums are in the cache.
"""

from typing import Any

from .builder import Real, kernel
from .conv import make_unpack
from .microkernel import ROWS, make_panel, make_width, panel_width
from .simd import address, array_at, integer, local_words, read_words, word_at
from .vector import load, repeat, store


def weight_by_taps(real: Real) -> Any:
    """The gradient of the filters; a piece of work is some channels and a widest panel of columns.

    Arguments: x, g, gradient; taps (four 64-bit integers each: bytes of x and elements of g up to the first pixels that
    meet, how many rows and columns of them do); room for tables, for panels and for sums;
    images, images at a time; bytes of x from image to image, down and right from pixel to pixel of g; elements of g
    from image to image, down and right; taps, depth, columns; channels in a piece, pixels in a panel;
    64-bit integers of table, elements of panel and of sums a thread.
    """
    read, lanes, size, zero = real.read, real.lanes, real.size, real.type(0)
    width, panel, unpack_panel, at = make_width(real), make_panel(real), make_unpack(real), array_at(real.type)
    widest = panel_width(real)
    local = local_words(ROWS + widest * size // 8)

    @kernel
    def weight_by_taps(args, begin, end, thread):
        x, g, gradient, spans = address(read(args, 0)), read(args, 1), read(args, 2), read_words(args, 3)
        images, together = integer(args, 7), integer(args, 8)
        x_image, x_down, x_right = integer(args, 9), integer(args, 10), integer(args, 11)
        g_image, g_down, g_right = integer(args, 12), integer(args, 13), integer(args, 14)
        taps, depth, columns = integer(args, 15), integer(args, 16), integer(args, 17)
        share, block = integer(args, 18), integer(args, 19)
        table = address(read_words(args, 4)) + thread * integer(args, 20) * 8
        packed = address(read(args, 5)) + thread * integer(args, 21) * size
        sums = address(read(args, 6)) + thread * integer(args, 22) * size
        places = table + block * ROWS * 8
        factors, totals = at(packed), at(sums)
        targets = local()
        spare = targets + ROWS * 8
        chunks = (depth + share - 1) // share
        for piece in range(begin, end):
            panels = piece // chunks
            c_first = (piece - panels * chunks) * share
            c_last = min(c_first + share, depth)
            column, stop = panels * widest, min(panels * widest + widest, columns)
            while column < stop:
                wide = width(stop - column)
                for tap in range(taps):
                    across = spans[4 * tap + 3]
                    count = spans[4 * tap + 2] * across
                    if count == 0:
                        for i in range(tap * share * wide, (tap + 1) * share * wide, lanes):
                            store(totals, i, repeat(zero))
                    for image in range(0, images, together):
                        many = min(together, images - image)
                        step = max(1, block // many)
                        for first in range(0, count, step):
                            some = min(step, count - first)
                            for u in range(some):
                                row = (first + u) // across
                                right = first + u - row * across
                                start = x + spans[4 * tap] + image * x_image
                                word_at(places, u, start + row * x_down + right * x_right)
                                source = spans[4 * tap + 1] + image * g_image + row * g_down + right * g_right + column
                                for q in range(u * many * wide, (u + 1) * many * wide, wide):
                                    for j in range(0, wide, lanes):
                                        store(factors, q + j, load(g, source + j))
                                    source += g_image
                            for c in range(c_first, c_last, ROWS):
                                for u in range(some):
                                    for i in range(ROWS):
                                        channel = min(c + i, c_last - 1)
                                        word_at(table, u * ROWS + i, integer(places, u) + channel * size)
                                for i in range(ROWS):
                                    target = sums + (tap * share + c + i - c_first) * wide * size
                                    word_at(targets, i, target if c + i < c_last else spare)
                                panel(
                                    wide, table, some, x_image, many, packed, wide * size, targets, wide, 0,
                                    1 if image + first > 0 else 0,
                                )  # fmt: skip
                unpack_panel(
                    sums, 1, 0, taps, share, wide, c_last - c_first, wide, gradient, (column * depth + c_first) * taps,
                    depth * taps,
                )  # fmt: skip
                column += wide

    return weight_by_taps
