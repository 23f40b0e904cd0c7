"""Convolution where every channel has a filter of its own: no products of matrices, one multiplication a tap."""

from typing import Any

from .builder import Real, kernel
from .simd import integer, read_words


def depthwise(real: Real) -> Any:
    """Pixels of the result on a grid; a piece of work is a row of the grid.

    Arguments: x, filters ``[tap][channel]``, y, taps (four 64-bit integers each: rows and columns from a window's first
    pixel, the same in elements of x, and the place among the filters), bias or 0; height, width and channels of x;
    elements of x an image; rows and columns from window to window; rows and columns of the grid; elements of y up to
    the grid's first pixel, then from image to image, row to row, pixel to pixel of the grid; the first tap; how
    many.
    """
    read, zero = real.read, real.type(0)

    @kernel
    def depthwise(args, begin, end, thread):
        x, filters, y, taps = read(args, 0), read(args, 1), read(args, 2), read_words(args, 3)
        biased = integer(args, 4) != 0
        bias = read(args, 4) if biased else filters
        height, width, channels, x_image = integer(args, 5), integer(args, 6), integer(args, 7), integer(args, 8)
        down, right, rows, columns = integer(args, 9), integer(args, 10), integer(args, 11), integer(args, 12)
        y_first, y_image, y_row, y_pixel = integer(args, 13), integer(args, 14), integer(args, 15), integer(args, 16)
        tap_first, tap_count = integer(args, 17), integer(args, 18)
        for piece in range(begin, end):
            image = piece // rows
            row = piece - image * rows
            for column in range(columns):
                target = y_first + image * y_image + row * y_row + column * y_pixel
                for c in range(channels):
                    y[target + c] = bias[c] if biased else zero
                h, w = row * down, column * right
                source = image * x_image + (h * width + w) * channels
                for t in range(tap_first, tap_first + tap_count):
                    if 0 <= h + taps[4 * t] < height and 0 <= w + taps[4 * t + 1] < width:
                        pixel = source + taps[4 * t + 2]
                        place = taps[4 * t + 3] * channels
                        for c in range(channels):
                            y[target + c] += x[pixel + c] * filters[place + c]

    return depthwise


def depthwise_weight(real: Real) -> Any:
    """The gradient of the filters, ``[part][tap][channel]``; a part, and a piece of work, is some rows of the gradient.

    Arguments: x, g, result, taps as of `depthwise`; height, width and channels of x; elements of x an image; rows and
    columns from window to window; rows of g an image, columns of g, rows of g in all images, rows a part, taps.
    """
    read = real.read

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
                for column in range(columns):
                    w = column * right
                    source = image * x_image + (h * width + w) * channels
                    gradient = (line * columns + column) * channels
                    for t in range(tap_count):
                        if 0 <= h + taps[4 * t] < height and 0 <= w + taps[4 * t + 1] < width:
                            pixel = source + taps[4 * t + 2]
                            target = y + taps[4 * t + 3] * channels
                            for c in range(channels):
                                result[target + c] += x[pixel + c] * g[gradient + c]

    return depthwise_weight
