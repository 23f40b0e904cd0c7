"""Convolution where every channel has a filter of its own: no products of matrices, one multiplication a tap."""

from typing import Any

from .builder import Real, kernel
from .simd import ahead, integer, read_words
from .vector import fma, load, load_some, repeat, store, store_some


def depthwise(real: Real) -> Any:
    """Pixels of the result on a grid; a piece of work is a row of the grid.

    Arguments: x, filters ``[tap][channel]``, y, taps (four 64-bit integers each: rows and columns from a window's first
    pixel, the same in elements of x, and the place among the filters), bias or 0; height, width and channels of x;
    elements of x an image; rows and columns from window to window; rows and columns of the grid; elements of y up to
    the grid's first pixel, then from image to image, row to row, pixel to pixel of the grid; the first tap; how
    many.
    """
    read, lanes, zero = real.read, real.lanes, real.type(0)

    @kernel
    def depthwise(args, begin, end, thread):
        x, filters, y, taps = read(args, 0), read(args, 1), read(args, 2), read_words(args, 3)
        biased = integer(args, 4) != 0
        bias = read(args, 4) if biased else filters
        height, width, channels, x_image = integer(args, 5), integer(args, 6), integer(args, 7), integer(args, 8)
        down, right, rows, columns = integer(args, 9), integer(args, 10), integer(args, 11), integer(args, 12)
        y_first, y_image, y_row, y_pixel = integer(args, 13), integer(args, 14), integer(args, 15), integer(args, 16)
        tap_first, tap_count = integer(args, 17), integer(args, 18)
        low = high = 0
        for t in range(tap_first, tap_first + tap_count):
            low, high = min(low, taps[4 * t + 1]), max(high, taps[4 * t + 1])
        # Where all taps of a row of pixels are inside, four of them share what is read of the filters.
        first, last = (right - 1 - low) // right, min(columns, (width - 1 - high) // right + 1)
        step = right * channels
        for piece in range(begin, end):
            image = piece // rows
            row = piece - image * rows
            h, column = row * down, 0
            while column < columns:
                w = column * right
                corner = ahead(x, image * x_image + (h * width + w) * channels)
                out = ahead(y, y_first + image * y_image + row * y_row + column * y_pixel)
                i = 0
                if first <= column and column + 4 <= last:
                    while i + 2 * lanes <= channels:
                        a = load(bias, i) if biased else repeat(zero)
                        e = load(bias, i + lanes) if biased else repeat(zero)
                        b, c, d, f, g, m = a, a, a, e, e, e
                        for t in range(tap_first, tap_first + tap_count):
                            if 0 <= h + taps[4 * t] < height:
                                j, k = taps[4 * t + 2] + i, taps[4 * t + 3] * channels + i
                                p, q = load(filters, k), load(filters, k + lanes)
                                a, e = fma(load(corner, j), p, a), fma(load(corner, j + lanes), q, e)
                                j += step
                                b, f = fma(load(corner, j), p, b), fma(load(corner, j + lanes), q, f)
                                j += step
                                c, g = fma(load(corner, j), p, c), fma(load(corner, j + lanes), q, g)
                                j += step
                                d, m = fma(load(corner, j), p, d), fma(load(corner, j + lanes), q, m)
                        store(out, i, a)
                        store(out, i + lanes, e)
                        store(out, y_pixel + i, b)
                        store(out, y_pixel + i + lanes, f)
                        store(out, 2 * y_pixel + i, c)
                        store(out, 2 * y_pixel + i + lanes, g)
                        store(out, 3 * y_pixel + i, d)
                        store(out, 3 * y_pixel + i + lanes, m)
                        i += 2 * lanes
                    while i < channels:
                        left = channels - i
                        a = load_some(bias, i, left, zero) if biased else repeat(zero)
                        b, c, d = a, a, a
                        for t in range(tap_first, tap_first + tap_count):
                            if 0 <= h + taps[4 * t] < height:
                                j, k = taps[4 * t + 2] + i, taps[4 * t + 3] * channels + i
                                p = load_some(filters, k, left, zero)
                                a = fma(load_some(corner, j, left, zero), p, a)
                                b = fma(load_some(corner, j + step, left, zero), p, b)
                                c = fma(load_some(corner, j + 2 * step, left, zero), p, c)
                                d = fma(load_some(corner, j + 3 * step, left, zero), p, d)
                        store_some(out, i, a, left)
                        store_some(out, y_pixel + i, b, left)
                        store_some(out, 2 * y_pixel + i, c, left)
                        store_some(out, 3 * y_pixel + i, d, left)
                        i += lanes
                    column += 4
                    continue
                while i < channels:
                    left = channels - i
                    a = load_some(bias, i, left, zero) if biased else repeat(zero)
                    for t in range(tap_first, tap_first + tap_count):
                        if 0 <= h + taps[4 * t] < height and 0 <= w + taps[4 * t + 1] < width:
                            j, k = taps[4 * t + 2] + i, taps[4 * t + 3] * channels + i
                            a = fma(load_some(corner, j, left, zero), load_some(filters, k, left, zero), a)
                    store_some(out, i, a, left)
                    i += lanes
                column += 1

    return depthwise


def depthwise_weight(real: Real) -> Any:
    """The gradient of the filters, ``[part][tap][channel]``; a part, and a piece of work, is some rows of the gradient.

    Arguments: x, g, result, taps as of `depthwise`; height, width and channels of x; elements of x an image; rows and
    columns from window to window; rows of g an image, columns of g, rows of g in all images, rows a part, taps.
    """
    read, lanes, zero = real.read, real.lanes, real.type(0)

    @kernel
    def depthwise_weight(args, begin, end, thread):
        x, g, result, taps = read(args, 0), read(args, 1), read(args, 2), read_words(args, 3)
        height, width, channels, x_image = integer(args, 4), integer(args, 5), integer(args, 6), integer(args, 7)
        down, right, rows, columns = integer(args, 8), integer(args, 9), integer(args, 10), integer(args, 11)
        lines, share, tap_count = integer(args, 12), integer(args, 13), integer(args, 14)
        for piece in range(begin, end):
            y = piece * tap_count * channels
            for i in range(tap_count * channels):
                result[y + i] = 0
            for line in range(piece * share, min((piece + 1) * share, lines)):
                image = line // rows
                h = (line - image * rows) * down
                source = ahead(x, image * x_image + h * width * channels)
                gradient = ahead(g, line * columns * channels)
                for t in range(tap_count):
                    across = taps[4 * t + 1]
                    if not 0 <= h + taps[4 * t] < height:
                        continue
                    # The columns whose pixel under this tap is inside.
                    first = max(0, (right - 1 - across) // right)
                    last = min(columns, (width - 1 - across) // right + 1)
                    target = ahead(result, y + taps[4 * t + 3] * channels)
                    step, start = right * channels, taps[4 * t + 2]
                    i = 0
                    while i + 4 * lanes <= channels:
                        a, b = load(target, i), load(target, i + lanes)
                        c, d = load(target, i + 2 * lanes), load(target, i + 3 * lanes)
                        for column in range(first, last):
                            j, k = start + column * step + i, column * channels + i
                            a = fma(load(source, j), load(gradient, k), a)
                            b = fma(load(source, j + lanes), load(gradient, k + lanes), b)
                            c = fma(load(source, j + 2 * lanes), load(gradient, k + 2 * lanes), c)
                            d = fma(load(source, j + 3 * lanes), load(gradient, k + 3 * lanes), d)
                        store(target, i, a)
                        store(target, i + lanes, b)
                        store(target, i + 2 * lanes, c)
                        store(target, i + 3 * lanes, d)
                        i += 4 * lanes
                    while i < channels:
                        left = channels - i
                        a = load_some(target, i, left, zero)
                        for column in range(first, last):
                            j, k = start + column * step + i, column * channels + i
                            a = fma(load_some(source, j, left, zero), load_some(gradient, k, left, zero), a)
                        store_some(target, i, a, left)
                        i += lanes

    return depthwise_weight
