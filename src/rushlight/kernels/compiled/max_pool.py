"""Max pooling of images, with the place of each maximum in its window.

A place is the number of the element in the window, row by row, in one byte. Of equal elements the first one wins, of
NaNs the last one, as in PyTorch.
"""

from typing import Any

from numba import njit, types

from .builder import Real, kernel
from .simd import ahead, array_reader, integer
from .vector import (
    every_second,
    load,
    load_each,
    load_numbers,
    load_some,
    repeat,
    store,
    store_numbers,
    store_some,
    where,
)

_bytes = array_reader(types.uint8)


def _number(real: Real) -> Any:
    """The integers as wide as the elements, of which a register holds equally many."""
    return types.int32 if real.size == 4 else types.int64


@njit(error_model="numpy")
def _inside(start, size, kernel, step):
    """Elements ``first .. last`` of a window of `kernel` elements `step` apart, from `start` on: those inside."""
    first = 0 if start >= 0 else (step - 1 - start) // step
    last = min(kernel, (size - start + step - 1) // step)
    return first, last


def pixels(real: Real) -> Any:
    """Maxima of images ``(N, H, W, C)``; a piece of work is a row of results.

    Arguments: x, y, places; H, W, C; the results' height and width; the windows' height, width, steps down and across,
    borders above and to the left, steps within down and across.
    """
    read, lanes, number, zero = real.read, real.lanes, _number(real), real.type(0)

    @kernel
    def pixels(args, begin, end, thread):
        x, y, places = read(args, 0), read(args, 1), _bytes(args, 2)
        high, wide, channels = integer(args, 3), integer(args, 4), integer(args, 5)
        rows, columns, kh, kw = integer(args, 6), integer(args, 7), integer(args, 8), integer(args, 9)
        down, across = integer(args, 14), integer(args, 15)
        for piece in range(begin, end):
            n = piece // rows
            top = (piece - n * rows) * integer(args, 10) - integer(args, 12)
            r0, r1 = _inside(top, high, kh, down)
            for column in range(columns):
                left = column * integer(args, 11) - integer(args, 13)
                s0, s1 = _inside(left, wide, kw, across)
                out = (piece * columns + column) * channels
                for c in range(0, channels, lanes):
                    many = channels - c
                    whole = many >= lanes
                    corner = ((n * high + top) * wide + left) * channels + c
                    first = corner + (r0 * down * wide + s0 * across) * channels
                    best, place = load_some(x, first, many, zero), repeat(number(r0 * kw + s0))
                    for r in range(r0, r1):
                        for s in range(s0, s1):
                            i = corner + (r * down * wide + s * across) * channels
                            v = load(x, i) if whole else load_some(x, i, many, zero)
                            better = (v > best) | (v != v)
                            best = where(better, v, best)
                            place = where(better, number(r * kw + s), place)
                    if whole:
                        store(y, out + c, best)
                    else:
                        store_some(y, out + c, best, many)
                    store_numbers(places, out + c, place, many)

    return pixels


def pixels_back(real: Real) -> Any:
    """The gradient of `pixels` without steps within windows; a piece of work is a row of the input's gradient.

    Arguments: g, places, gx; H, W, C; g's height and width; the windows' height, width, steps down and across, borders
    above and to the left.
    """
    read, lanes, number, zero = real.read, real.lanes, _number(real), real.type(0)

    @kernel
    def pixels_back(args, begin, end, thread):
        g, places, gx = read(args, 0), _bytes(args, 1), read(args, 2)
        high, wide, channels = integer(args, 3), integer(args, 4), integer(args, 5)
        rows, columns, kh, kw = integer(args, 6), integer(args, 7), integer(args, 8), integer(args, 9)
        down, across, above, before = integer(args, 10), integer(args, 11), integer(args, 12), integer(args, 13)
        for piece in range(begin, end):
            n = piece // high
            h = piece - n * high + above
            # The windows that hold this row: those that begin at most the height of one above it.
            p0, p1 = max(0, (h - kh) // down + 1), min(rows, h // down + 1)
            for w in range(wide):
                q0, q1 = max(0, (w + before - kw) // across + 1), min(columns, (w + before) // across + 1)
                out = (piece * wide + w) * channels
                for c in range(0, channels, lanes):
                    many = channels - c
                    whole = many >= lanes
                    total = repeat(zero)
                    for p in range(p0, p1):
                        for q in range(q0, q1):
                            i = ((n * rows + p) * columns + q) * channels + c
                            wanted = number((h - p * down) * kw + w + before - q * across)
                            here = load_numbers(places, i, many, repeat(wanted)) == wanted
                            v = load(g, i) if whole else load_some(g, i, many, zero)
                            total += where(here, v, zero)
                    if whole:
                        store(gx, out + c, total)
                    else:
                        store_some(gx, out + c, total, many)

    return pixels_back


def _apart(real: Real) -> Any:
    """``(x, i, step, count)``: `count` elements that lie `step` apart, from `i` on; the rest is 0, and not read.

    That is `load_each`; but loading what lies between as well takes a fraction of the time.
    """
    lanes, zero = real.lanes, real.type(0)

    @njit
    def apart(x, i, step, count):
        if step == 1:
            return load_some(x, i, count, zero)
        if step == 2:
            reach = 2 * count - 1
            return every_second(load_some(x, i, reach, zero), load_some(x, i + lanes, reach - lanes, zero))
        return load_each(x, i, step, count)

    return apart


def planes(real: Real) -> Any:
    """Maxima of planes ``(N, H, W)``; a piece of work is a plane. The arguments are those of `pixels`, C unused."""
    read, lanes, number, apart = real.read, real.lanes, _number(real), _apart(real)

    @kernel
    def planes(args, begin, end, thread):
        high, wide = integer(args, 3), integer(args, 4)
        rows, columns, kh, kw = integer(args, 6), integer(args, 7), integer(args, 8), integer(args, 9)
        step, before = integer(args, 11), integer(args, 13)
        down, across = integer(args, 14), integer(args, 15)
        # Windows of these columns lie inside from left to right.
        inner0 = min(columns, -(-before // step))
        inner1 = max(inner0, min(columns, (wide - (kw - 1) * across - 1 + before) // step + 1))
        for piece in range(begin, end):
            x = ahead(read(args, 0), piece * high * wide)
            for row in range(rows):
                top = row * integer(args, 10) - integer(args, 12)
                r0, r1 = _inside(top, high, kh, down)
                y = ahead(read(args, 1), (piece * rows + row) * columns)
                places = ahead(_bytes(args, 2), (piece * rows + row) * columns)
                for column in range(inner0, inner1, lanes):
                    many = inner1 - column
                    corner = top * wide + column * step - before
                    best, place = apart(x, corner + r0 * down * wide, step, many), repeat(number(r0 * kw))
                    for r in range(r0, r1):
                        for s in range(kw):
                            v = apart(x, corner + r * down * wide + s * across, step, many)
                            better = (v > best) | (v != v)
                            best = where(better, v, best)
                            place = where(better, number(r * kw + s), place)
                    store_some(y, column, best, many)
                    store_numbers(places, column, place, many)
                column = 0
                while column < columns:
                    if inner0 <= column < inner1:
                        column = inner1
                        continue
                    left = column * step - before
                    s0, s1 = _inside(left, wide, kw, across)
                    highest, found = x[(top + r0 * down) * wide + left + s0 * across], r0 * kw + s0
                    for r in range(r0, r1):
                        for s in range(s0, s1):
                            v = x[(top + r * down) * wide + left + s * across]
                            if v > highest or v != v:
                                highest, found = v, r * kw + s
                    y[column] = highest
                    places[column] = found
                    column += 1

    return planes


def planes_back(real: Real) -> Any:
    """The gradient of `planes`; a piece of work is a plane. The arguments are those of `pixels_back`."""
    read, zero = real.read, real.type(0)

    @kernel
    def planes_back(args, begin, end, thread):
        high, wide = integer(args, 3), integer(args, 4)
        rows, columns, kw = integer(args, 6), integer(args, 7), integer(args, 9)
        for piece in range(begin, end):
            gx = ahead(read(args, 2), piece * high * wide)
            for i in range(high * wide):
                gx[i] = zero
            for row in range(rows):
                top = row * integer(args, 10) - integer(args, 12)
                first = (piece * rows + row) * columns
                g, places = ahead(read(args, 0), first), ahead(_bytes(args, 1), first)
                left = -integer(args, 13)
                for column in range(columns):
                    r = types.int32(places[column]) // types.int32(kw)
                    gx[(top + r) * wide + left + places[column] - r * kw] += g[column]
                    left += integer(args, 11)

    return planes_back
