"""Convolution as a product of matrices whose rows are never gathered, only pointed at.

Images have their channels last. One output pixel is the sum, over the *taps* of the filter, of an input pixel (a row of
channels) times the tap's matrix of channels by outputs; `microkernel.tile` computes six pixels at once from a table
of the addresses of their input pixels. Pixels outside the image point at zeros.

The gradient of the input is the same with other taps: with a stride, each phase of the input's pixels has its own. The
gradient of the weight is a product whose rows are (tap, channel) and that sums over pixels.
"""

from functools import cache
from typing import Any

from numba import njit

from .builder import Real, kernel
from .microkernel import ROWS, make_panel, make_width, panel_width, sum_registers, transpose
from .simd import address, array_at, integer, local_words, read_words, word_at


@cache
def make_pack(real: Real) -> Any:
    """``pack_panel(...)``: packs one panel of filters, ``[tap][depth][column]``.

    Filters are read in runs of consecutive elements ``[inside][tap]``, one run a column and an outer index; the depth
    is the one or the other. `source` is the panel's first element of the `total` in `filters`; `column` and `outer` are
    the elements from column to column and from outer to outer; `places` has the place of each tap in the panel;
    `target` is an address; `wide` the columns of the panel and `here` those that there are.
    """
    lanes, size, square = real.lanes, real.size, transpose(real)
    move, at = sum_registers(real), array_at(real.type)
    scratch = local_words(lanes * lanes * size // 8)

    @njit
    def pack_panel(filters, total, source, column, outer, taps, inside, outers, places, target, wide, here):
        packed, turned = at(target), scratch()
        run, depth = inside * taps, inside * outers
        for j in range(0, wide, lanes):
            some = min(lanes, here - j)
            for o in range(outers):
                start = source + j * column + o * outer
                if column == 1:
                    row = o * wide + j
                    for i in range(some):
                        packed[row + i] = filters[start + i]
                    for i in range(some, lanes):
                        packed[row + i] = 0
                    continue
                for done in range(0, run, lanes):
                    count = min(lanes, run - done)
                    inner = done // taps
                    tap = done - inner * taps
                    # A square's rows reach beyond a short run, as far as there are filters.
                    whole = some == lanes and start + done + (lanes - 1) * column + lanes <= total
                    if whole:
                        square(address(filters) + (start + done) * size, column * size, turned, lanes * size)
                    for i in range(count):
                        row = (places[tap] * depth + o + inner) * wide + j
                        if whole:
                            move(turned + i * lanes * size, 1, 0, target + row * size)
                        else:
                            for k in range(some):
                                packed[row + k] = filters[start + done + i + k * column]
                            for k in range(some, lanes):
                                packed[row + k] = 0
                        tap += 1
                        if tap == taps:
                            tap = 0
                            inner += 1

    return pack_panel


def pack(real: Real) -> Any:
    """Packs filters into panels ``[panel][tap][depth][column]``; a piece of work is the widest panel of one group.

    What is a column and what is summed over depends on the direction: outputs and channels, or channels and outputs.

    Arguments: filters, packed, place of each tap in a panel (64-bit integers); elements from column to column, from
    outer to outer, from group to group; taps, depth in a run, outers, columns of a group, widest panels of a group,
    elements of the filters. See `make_pack`.
    """
    read, lanes, size, width, pack_panel = real.read, real.lanes, real.size, make_width(real), make_pack(real)
    widest = panel_width(real)

    @kernel
    def pack(args, begin, end, thread):
        filters, packed, places = read(args, 0), address(read(args, 1)), read_words(args, 2)
        column, outer, group = integer(args, 3), integer(args, 4), integer(args, 5)
        taps, inside, outers, columns = integer(args, 6), integer(args, 7), integer(args, 8), integer(args, 9)
        panels, total = integer(args, 10), integer(args, 11)
        depth = inside * outers
        padded = (columns + lanes - 1) // lanes * lanes
        for piece in range(begin, end):
            g = piece // panels
            first = (piece - g * panels) * widest
            last = min(first + widest, columns)
            while first < last:
                wide = width(last - first)
                pack_panel(
                    filters, total, g * group + first * column, column, outer, taps, inside, outers, places,
                    packed + (g * padded + first) * taps * depth * size, wide, last - first,
                )  # fmt: skip
                first += wide

    return pack


def convolve(real: Real) -> Any:
    """Pixels of the result on a grid; a piece of work is a block of them, some columns and one group.

    Arguments: x, packed filters, y, zeros (`depth` of them), room for tables, taps (three 64-bit integers each: rows
    and columns from a window's first pixel, and the same in bytes of x), bias of whole panels a group or 0;
    images, height and width of x; bytes of x from image to image, row to row, pixel to pixel;
    rows and columns from window to window; rows and columns of the grid;
    bytes of y up to the grid's first pixel, then from image to image, row to row, pixel to pixel of the grid;
    the first tap, how many taps, how many a panel holds; depth, columns of a group, groups;
    bytes from group to group of x and of y; sixes of pixels in a block, columns in a piece;
    64-bit integers of table a thread.
    """
    read, lanes, size, width, panel = real.read, real.lanes, real.size, make_width(real), make_panel(real)
    widest = panel_width(real)
    spare_row = local_words(widest * size // 8)
    # Rows of a panel that are used for all pixels of a block before the next ones. More would leave the second-level
    # cache, and sums of sums are more accurate than long ones.
    slab = 256

    @njit
    def fill(table, targets, first, count, x, y, zeros, taps, tap_first, tap_count, shape, spare):
        """Tables of the pixels `first` .. `first + 6 * count`: the addresses that each tap reads, and of the result."""
        images, height, width, x_image, x_row, x_pixel, down, right, rows, columns, y_image, y_row, y_pixel = shape
        low_h = low_w = high_h = high_w = 0
        for t in range(tap_first, tap_first + tap_count):
            low_h, high_h = min(low_h, taps[3 * t]), max(high_h, taps[3 * t])
            low_w, high_w = min(low_w, taps[3 * t + 1]), max(high_w, taps[3 * t + 1])
        image = first // (rows * columns)
        row = (first - image * rows * columns) // columns
        column = first - (image * rows + row) * columns
        for i in range(count * ROWS):
            six = i // ROWS
            entry = (six * tap_count) * ROWS + i - six * ROWS
            if image >= images:
                for t in range(tap_count):
                    word_at(table, entry + t * ROWS, zeros)
                word_at(targets, i, spare)
                continue
            h, w = row * down, column * right
            pixel = x + image * x_image + h * x_row + w * x_pixel
            word_at(targets, i, y + image * y_image + row * y_row + column * y_pixel)
            if h + low_h >= 0 and h + high_h < height and w + low_w >= 0 and w + high_w < width:
                for t in range(tap_count):
                    word_at(table, entry + t * ROWS, pixel + taps[3 * (tap_first + t) + 2])
            else:
                for t in range(tap_count):
                    tap = 3 * (tap_first + t)
                    inside = 0 <= h + taps[tap] < height and 0 <= w + taps[tap + 1] < width
                    word_at(table, entry + t * ROWS, pixel + taps[tap + 2] if inside else zeros)
            column += 1
            if column == columns:
                column = 0
                row += 1
                if row == rows:
                    row = 0
                    image += 1

    @kernel
    def convolve(args, begin, end, thread):
        x, packed, y, zeros = (
            address(read(args, 0)), address(read(args, 1)), address(read(args, 2)), address(read(args, 3)),
        )  # fmt: skip
        tables, taps = address(read_words(args, 4)), read_words(args, 5)
        bias = integer(args, 6)
        if bias != 0:
            bias = address(read(args, 6))
        shape = (
            integer(args, 7), integer(args, 8), integer(args, 9), integer(args, 10), integer(args, 11),
            integer(args, 12), integer(args, 13), integer(args, 14), integer(args, 15), integer(args, 16),
            integer(args, 18), integer(args, 19), integer(args, 20),
        )  # fmt: skip
        y += integer(args, 17)
        tap_first, tap_count, tap_all = integer(args, 21), integer(args, 22), integer(args, 23)
        depth, columns = integer(args, 24), integer(args, 25)
        x_group, y_group = integer(args, 27), integer(args, 28)
        block, chunk = integer(args, 29), integer(args, 30)
        sixes = (shape[0] * shape[8] * shape[9] + ROWS - 1) // ROWS
        blocks = (sixes + block - 1) // block
        chunks = (columns + chunk - 1) // chunk
        padded = (columns + lanes - 1) // lanes * lanes
        table = tables + thread * integer(args, 31) * 8
        targets = table + block * tap_count * ROWS * 8
        places = targets + block * ROWS * 8
        spare = spare_row()
        for piece in range(begin, end):
            outer = piece // blocks
            first_six = (piece - outer * blocks) * block
            count = min(block, sixes - first_six)
            g = outer // chunks
            first = (outer - g * chunks) * chunk
            last = min(first + chunk, columns)
            fill(
                table, targets, first_six * ROWS, count, x + g * x_group, y + g * y_group, zeros, taps, tap_first,
                tap_count, shape, spare,
            )  # fmt: skip
            while first < last:
                wide = width(last - first)
                here = min(wide, last - first)
                w = packed + ((g * padded + first) * tap_all + tap_first * wide) * depth * size
                step = wide * size
                thick = max(1, slab // max(1, depth))
                t = 0
                while True:
                    some = min(thick, tap_count - t)
                    for six in range(count):
                        for i in range(ROWS):
                            target = integer(targets, six * ROWS + i)
                            word_at(places, i, target if target == spare else target + first * size)
                        panel(
                            wide, table + (six * tap_count + t) * ROWS * 8, some, size, depth, w + t * depth * step,
                            step, places, here,
                            bias + (g * padded + first) * size if bias != 0 and t + some == tap_count else 0,
                            1 if t > 0 else 0,
                        )  # fmt: skip
                    t += some
                    if t >= tap_count:
                        break
                first += wide

    return convolve


def weight_gradient(real: Real) -> Any:
    """Products of input and gradient summed over pixels, ``[part][group][panel][tap, channel][column]``.

    A piece of work is some rows (tap, channel) of one group, the widest panel of columns, and one part of the pixels;
    parts are summed by `unpack`. Pixels come in *runs* along a row of the gradient.

    Arguments: x, g, result, offsets of the rows in bytes of x (64-bit integers), room for tables, room for panels;
    rows, columns of a group, groups; the gradient's rows an image and pixels a row; how many pixels a run has at most,
    runs a row, all runs, runs in a block, runs a part, parts;
    bytes of x from image to image, from window to window down and right, from group to group;
    elements of g from pixel to pixel and from group to group; rows in a piece;
    64-bit integers of table and elements of panel a thread.
    """
    read, lanes, size, width, panel = real.read, real.lanes, real.size, make_width(real), make_panel(real)
    widest = panel_width(real)
    local = local_words(ROWS + widest * size // 8)

    @kernel
    def weight_gradient(args, begin, end, thread):
        x, g, result, offsets = address(read(args, 0)), read(args, 1), address(read(args, 2)), read_words(args, 3)
        table, panels = address(read_words(args, 4)), read(args, 5)
        rows, columns, groups = integer(args, 6), integer(args, 7), integer(args, 8)
        height, breadth = integer(args, 9), integer(args, 10)
        length, runs_a_row, runs = integer(args, 11), integer(args, 12), integer(args, 13)
        block, share, parts = integer(args, 14), integer(args, 15), integer(args, 16)
        x_image, x_down, x_right, x_group = integer(args, 17), integer(args, 18), integer(args, 19), integer(args, 20)
        g_pixel, g_group, row_share = integer(args, 21), integer(args, 22), integer(args, 23)
        table += thread * integer(args, 24) * 8
        copy = thread * integer(args, 25)
        copied = address(panels) + copy * size
        padded = (columns + lanes - 1) // lanes * lanes
        column_shares = (columns + widest - 1) // widest
        row_shares = (rows + row_share - 1) // row_share
        targets = local()
        spare = targets + ROWS * 8
        for piece in range(begin, end):
            rest = piece // parts
            part = piece - rest * parts
            outer = rest // row_shares
            row_first = (rest - outer * row_shares) * row_share
            row_last = min(row_first + row_share, rows)
            group = outer // column_shares
            column_start = (outer - group * column_shares) * widest
            column_stop = min(column_start + widest, columns)
            y = result + (part * groups + group) * rows * padded * size
            run_first = part * share
            run_last = min(run_first + share, runs)
            run = run_first
            while run < run_last:
                some = min(block, run_last - run)
                line = run // runs_a_row
                begins = (run - line * runs_a_row) * length
                many = min(length, breadth - begins)  # where a row has several runs, a block is one run
                pixel = line * breadth + begins
                first = column_start
                while first < column_stop:
                    wide = width(column_stop - first)
                    here = min(wide, column_stop - first)
                    factors = copied
                    if g_pixel == wide:  # as good as a panel
                        factors = address(g) + (pixel * g_pixel + group * g_group + first) * size
                    else:
                        for q in range(some * many):
                            source = (pixel + q) * g_pixel + group * g_group + first
                            for j in range(here):
                                panels[copy + q * wide + j] = g[source + j]
                            for j in range(here, wide):
                                panels[copy + q * wide + j] = 0
                    for row in range(row_first, row_last, ROWS):
                        for u in range(some):
                            image = (line + u) // height
                            window = (
                                x + image * x_image + (line + u - image * height) * x_down + begins * x_right
                                + group * x_group
                            )  # fmt: skip
                            for i in range(ROWS):
                                word_at(table, u * ROWS + i, window + offsets[min(row + i, row_last - 1)])
                        for i in range(ROWS):
                            target = y + (first * rows + (row + i) * wide) * size
                            word_at(targets, i, target if row + i < row_last else spare)
                        panel(
                            wide, table, some, x_right, many, factors, wide * size, targets, wide, 0,
                            1 if run > run_first else 0,
                        )  # fmt: skip
                    first += wide
                run += some

    return weight_gradient


@cache
def make_unpack(real: Real) -> Any:
    """``unpack_panel(...)``: sums panels ``[tap][depth][column]`` into a gradient laid out as filters.

    `source` is the address of the first of `count` panels, which are `whole` bytes apart; `depth` and `wide` are their
    sides. Of them, `channels` and `here` columns go to the gradient's element `target` and after, `column` elements
    apart.
    """
    lanes, size, square = real.lanes, real.size, transpose(real)
    room, total = array_at(real.type), sum_registers(real)
    scratch = local_words(2 * lanes * lanes * size // 8)

    @njit
    def unpack_panel(source, count, whole, taps, depth, wide, channels, here, gradient, target, column):
        place = scratch()
        turned = room(place + lanes * lanes * size)
        rows = channels * taps
        for j in range(0, here, lanes):
            columns = min(lanes, here - j)
            for done in range(0, rows, lanes):
                some = min(lanes, rows - done)
                c = done // taps
                tap = done - c * taps
                for i in range(some):
                    start = source + ((tap * depth + c) * wide + j) * size
                    total(start, count, whole, place + i * lanes * size)
                    tap += 1
                    if tap == taps:
                        tap = 0
                        c += 1
                first = target + j * column + done
                if columns == lanes and some == lanes:
                    square(place, lanes * size, address(gradient) + first * size, column * size)
                else:
                    square(place, lanes * size, place + lanes * lanes * size, lanes * size)
                    for k in range(columns):
                        for i in range(some):
                            gradient[first + k * column + i] = turned[k * lanes + i]

    return unpack_panel


def unpack(real: Real) -> Any:
    """Sums parts of `weight_gradient` into a gradient laid out as filters.

    A piece of work is some channels of a widest panel of columns.

    Arguments: parts, gradient; parts, groups, taps, depth, columns of a group; channels in a piece.
    """
    read, lanes, size, width, unpack_panel = real.read, real.lanes, real.size, make_width(real), make_unpack(real)
    widest = panel_width(real)

    @kernel
    def unpack(args, begin, end, thread):
        parts, gradient = address(read(args, 0)), read(args, 1)
        count, groups, taps, depth = integer(args, 2), integer(args, 3), integer(args, 4), integer(args, 5)
        columns, share = integer(args, 6), integer(args, 7)
        padded = (columns + lanes - 1) // lanes * lanes
        rows, panels, shares = taps * depth, (columns + widest - 1) // widest, (depth + share - 1) // share
        for piece in range(begin, end):
            outer = piece // shares
            start = (piece - outer * shares) * share
            g = outer // panels
            first = (outer - g * panels) * widest
            last = min(first + widest, columns)
            while first < last:
                wide = width(last - first)
                unpack_panel(
                    parts + ((g * padded + first) * rows + start * wide) * size, count, groups * rows * padded * size,
                    taps, depth, wide, min(share, depth - start), min(wide, last - first), gradient,
                    (g * columns + first) * rows + start * taps, rows,
                )  # fmt: skip
                first += wide

    return unpack
