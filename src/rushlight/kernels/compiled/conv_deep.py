"""Convolution of small images with large filters, as in the last layers of a network.

There are few pixels, so filters are used only a few times, and packing all of them (see `conv`) would take as long as
multiplying by them. Here they are read as they lie: some channels of a panel at a time are packed in the cache,
and used at once for all pixels of a block.

The pixels in one place of several images are computed together, and taps that miss all of these images are left out.
"""

from functools import cache
from typing import Any

from numba import njit

from .builder import Real, kernel
from .microkernel import ROWS, make_panel, make_width, panel_width, spread, sum_registers
from .simd import address, array_at, integer, local_words, prefetch, read_words, word_at

# Words of a table's entry for one tap: where six pixels lie, and the tap's rows of the packed filters.
ENTRY = ROWS + 1


@cache
def make_pack_slab(real: Real) -> Any:
    """``pack_slab(...)``: packs some depth of a panel of filters, ``[tap][depth][column]``.

    Filters are read in runs of consecutive elements, one run for each column and outer index. `source` is the first
    element of the `total` in `filters`; `column` and `outer` are the elements from column to column and from outer to
    outer; `offsets` has for each element of a run, up to a whole register, where its row of columns goes, in bytes
    behind `target`, an address.
    """
    lanes, size, square, move, at = real.lanes, real.size, spread(real), sum_registers(real), array_at(real.type)

    @njit
    def pack_slab(filters, total, source, column, outer, run, outers, offsets, target, wide):
        for o in range(outers):
            for j in range(0, wide, lanes):
                start = source + o * outer + j * column
                place = target + (o * wide + j) * size
                if column == 1:
                    move(address(filters) + start * size, 1, 0, place)
                    continue
                for done in range(0, run, lanes):
                    if start + done + (lanes - 1) * column + lanes <= total:
                        square(
                            address(filters) + (start + done) * size, column * size, place, offsets + done * 8
                        )  # fmt: skip
                    else:
                        for i in range(done, min(done + lanes, run)):
                            row = at(place + integer(offsets, i))
                            for k in range(lanes):
                                row[k] = filters[start + i + k * column]

    return pack_slab


def convolve_deep(real: Real) -> Any:
    """Pixels of the result; a piece of work is a block of them and a widest panel of columns.

    The source's pixel under a tap is at ``(pixel * stride + shift) / step``, if that is a whole number.

    Arguments: x, filters, y, zeros (`depth` of them), room for tables, room for packed filters, taps (their shifts in
    rows and columns), places (row and column of each pixel of y, in the order in which they are computed), bias or 0;
    images; height and width of x; stride and step in rows and in columns; pixels of y an image and a row; taps; depth,
    how much of it is packed at a time (a part of it in whole registers), columns (whole registers); elements of filters
    from column to column and from depth to depth; sixes of pixels in a block; words of table and elements of packed
    filters a thread.
    """
    read, lanes, size, width, panel = real.read, real.lanes, real.size, make_width(real), make_panel(real, True)
    pack_slab, widest = make_pack_slab(real), panel_width(real)
    spare_row = local_words(widest * size // 8)

    @njit
    def fill(table, targets, first, count, x, y, zeros, taps, places, shape, spare):
        """Of the pixels `first` .. `first + 6 * count`: for each six, what its live taps read, and their number."""
        images, height, width, down, down_step, right, right_step, pixels, breadth, tap_count, x_pixel, y_pixel, tap = (
            shape
        )
        row, image = first // images, first % images
        for six in range(count):
            entry = six * (tap_count * ENTRY + 1)
            live = 0
            for t in range(tap_count):
                inside = False
                place, n = row, image
                here = entry + 1 + live * ENTRY
                for i in range(ROWS):
                    source = zeros
                    if place < pixels:
                        h = places[2 * place] * down + taps[2 * t]
                        w = places[2 * place + 1] * right + taps[2 * t + 1]
                        if down_step > 1 or right_step > 1:
                            whole = h % down_step == 0 and w % right_step == 0
                            h, w = (h // down_step, w // right_step) if whole else (-1, -1)
                        if 0 <= h < height and 0 <= w < width:
                            source = x + ((n * height + h) * width + w) * x_pixel
                            inside = True
                    word_at(table, here + i, source)
                    n += 1
                    if n == images:
                        n = 0
                        place += 1
                if inside:
                    word_at(table, here + ROWS, t * tap)
                    live += 1
            word_at(table, entry, live)
            for i in range(ROWS):
                target = spare
                if row < pixels:
                    at = image * pixels + places[2 * row] * breadth + places[2 * row + 1]
                    target = y + at * y_pixel
                word_at(targets, six * ROWS + i, target)
                image += 1
                if image == images:
                    image = 0
                    row += 1

    @njit
    def advance(table, count, tap_count, step):
        """Lets all addresses of a table point `step` bytes further on."""
        for six in range(count):
            entry = six * (tap_count * ENTRY + 1)
            for t in range(integer(table, entry)):
                for i in range(ROWS):
                    place = entry + 1 + t * ENTRY + i
                    word_at(table, place, integer(table, place) + step)

    @kernel
    def convolve_deep(args, begin, end, thread):
        x, filters, y, zeros = address(read(args, 0)), read(args, 1), address(read(args, 2)), address(read(args, 3))
        tables, room = address(read_words(args, 4)), address(read(args, 5))
        taps, places, bias = read_words(args, 6), read_words(args, 7), integer(args, 8)
        if bias != 0:
            bias = address(read(args, 8))
        images, tap_count = integer(args, 9), integer(args, 18)
        depth, slab, columns = integer(args, 19), integer(args, 20), integer(args, 21)
        by_column, by_depth, block = integer(args, 22), integer(args, 23), integer(args, 24)
        sixes = (images * integer(args, 16) + ROWS - 1) // ROWS
        blocks = (sixes + block - 1) // block
        tables += thread * integer(args, 25) * 8
        packed = room + thread * integer(args, 26) * size
        targets = tables + block * (tap_count * ENTRY + 1) * 8
        offsets = targets + block * ROWS * 8
        spare = spare_row()
        # Runs go through the channels of one filter, or through the taps only.
        run, outers = (tap_count * slab, 1) if by_depth < by_column else (tap_count, slab)
        for piece in range(begin, end):
            chunk = piece // blocks
            first_six = (piece - chunk * blocks) * block
            count = min(block, sixes - first_six)
            first = chunk * widest
            last = min(first + widest, columns)
            while first < last:
                wide = width(last - first)
                # A cache line lies between taps, so that they do not compete for the same places in the cache.
                plane = slab * wide * size + 64
                shape = (
                    images, integer(args, 10), integer(args, 11), integer(args, 12), integer(args, 13),
                    integer(args, 14), integer(args, 15), integer(args, 16), integer(args, 17), tap_count,
                    integer(args, 27), columns * size, plane,
                )  # fmt: skip
                fill(
                    tables, targets, first_six * ROWS, count, x, y + first * size, zeros, taps, places, shape, spare
                )  # fmt: skip
                for i in range((run + lanes - 1) // lanes * lanes):
                    c = i // tap_count
                    # Behind a run lies what is not needed; it goes behind the packed filters.
                    tap, row = (i - c * tap_count, c) if i < run else (tap_count, i - run)
                    word_at(offsets, i, tap * plane + row * wide * size)
                for d in range(0, depth, slab):
                    pack_slab(
                        filters, columns * depth * tap_count, first * by_column + d * by_depth, by_column, by_depth,
                        run, outers, offsets, packed, wide,
                    )  # fmt: skip
                    # Meanwhile, what is packed next comes from memory.
                    ahead = address(filters) + (first * by_column + (d + slab) * by_depth) * size
                    lines, apart = (wide, by_column * size) if outers == 1 else (slab, by_depth * size)
                    length = (run if outers == 1 else wide * tap_count) * size
                    for six in range(count):
                        if d + slab < depth:
                            for i in range(six * lines // count, (six + 1) * lines // count):
                                for j in range(0, length, 64):
                                    prefetch(ahead + i * apart + j)
                        entry = tables + six * (tap_count * ENTRY + 1) * 8
                        panel(
                            wide, entry + 8, integer(entry, 0), size, slab, packed, wide * size,
                            targets + six * ROWS * 8, wide, bias + first * size if bias != 0 and d == 0 else 0,
                            1 if d > 0 else 0,
                        )  # fmt: skip
                    advance(tables, count, tap_count, slab * size)
                first += wide

    return convolve_deep
