"""Images between memory layouts: channels first, channels last, with or without a border of zeros."""

from typing import Any

from numba import njit

from .builder import Real, kernel
from .microkernel import transpose
from .simd import address, integer


def place(real: Real) -> Any:
    """Copies images, whatever their strides, into an array with channels last; a piece of work is part of a row.

    Arguments: source, target; height, width and channels of the source; the elements from image to image, row to row,
    column to column and channel to channel of it; height and width of the target; the rows above and the columns to
    the left that stay zero, like all that the source does not cover; how many pixels long a part is, and how many of
    them there are in a row; how many images there are together, and the elements from such images to the next.
    """
    read, lanes, size, square = real.read, real.lanes, real.size, transpose(real)

    @njit
    def run(source, x, x_column, x_channel, target, y, count, channels):
        """`count` pixels of a row, from element x of the source to element y of the target."""
        if x_channel == 1:
            if x_column == channels:
                for i in range(count * channels):
                    target[y + i] = source[x + i]
            else:
                for w in range(count):
                    for c in range(channels):
                        target[y + w * channels + c] = source[x + w * x_column + c]
        elif x_column == 1 and count >= lanes and channels >= lanes:
            # The last squares overlap those before them where the sides are no multiples.
            for w in range(0, count, lanes):
                w_first = min(w, count - lanes)
                for c in range(0, channels, lanes):
                    c_first = min(c, channels - lanes)
                    square(
                        address(source) + (x + w_first + c_first * x_channel) * size, x_channel * size,
                        address(target) + (y + w_first * channels + c_first) * size, channels * size,
                    )  # fmt: skip
        else:
            for c in range(channels):
                for w in range(count):
                    target[y + w * channels + c] = source[x + w * x_column + c * x_channel]

    @kernel
    def place(args, begin, end, thread):
        source, target = read(args, 0), read(args, 1)
        height, width, channels = integer(args, 2), integer(args, 3), integer(args, 4)
        x_image, x_row, x_column, x_channel = integer(args, 5), integer(args, 6), integer(args, 7), integer(args, 8)
        rows, columns, top, left = integer(args, 9), integer(args, 10), integer(args, 11), integer(args, 12)
        length, parts, together, far = integer(args, 13), integer(args, 14), integer(args, 15), integer(args, 16)
        for piece in range(begin, end):
            line = piece // parts
            first = (piece - line * parts) * length
            last = min(first + length, columns)
            image = line // rows
            h = line - image * rows - top
            y = line * columns * channels
            inner = max(first, left)
            outer = min(last, left + width)
            if h < 0 or h >= height or inner >= outer:
                for i in range(y + first * channels, y + last * channels):
                    target[i] = 0
                continue
            for i in range(y + first * channels, y + inner * channels):
                target[i] = 0
            x = image // together * far + image % together * x_image + h * x_row + (inner - left) * x_column
            run(source, x, x_column, x_channel, target, y + inner * channels, outer - inner, channels)
            for i in range(y + outer * channels, y + last * channels):
                target[i] = 0

    return place


def channel_sums(real: Real) -> Any:
    """Sums of the rows of a matrix, many rows a piece of work: the partial sums of one piece are one row of the result.

    Arguments: source, sums; rows and columns of the source; how many rows a piece has.
    """
    read = real.read

    @kernel
    def channel_sums(args, begin, end, thread):
        source, sums = read(args, 0), read(args, 1)
        rows, columns, share = integer(args, 2), integer(args, 3), integer(args, 4)
        for piece in range(begin, end):
            y = piece * columns
            for c in range(columns):
                sums[y + c] = 0
            for row in range(piece * share, min((piece + 1) * share, rows)):
                x = row * columns
                for c in range(columns):
                    sums[y + c] += source[x + c]

    return channel_sums
