"""Average pooling of images.

What a window's sum is divided by depends on what counts: `share` is 0 if the border counts, -1 if it does not, and else
the divisor itself.
"""

from typing import Any

from numba import njit

from .builder import Real, kernel
from .simd import ahead, integer
from .vector import load, load_each, load_some, repeat, store, store_some


@njit
def _extent(start, size, kernel, border, share):
    """The elements of a window along one dimension that lie inside, and how many count."""
    last = min(start + kernel, size + border)
    counted = last - start
    first, last = max(start, 0), min(last, size)
    return first, last, (counted if share == 0 else last - first)


def pixels(real: Real) -> Any:
    """Means of images ``(N, H, W, C)``; a piece of work is a row of results.

    Arguments: x, y; H, W, C; the results' height and width; the windows' height, width, steps down and across, borders
    above and to the left; share.
    """
    read, lanes, kind, zero = real.read, real.lanes, real.type, real.type(0)

    @kernel
    def pixels(args, begin, end, thread):
        x, y = read(args, 0), read(args, 1)
        high, wide, channels = integer(args, 2), integer(args, 3), integer(args, 4)
        rows, columns, share = integer(args, 5), integer(args, 6), integer(args, 13)
        for piece in range(begin, end):
            n = piece // rows
            top = (piece - n * rows) * integer(args, 9) - integer(args, 11)
            h0, h1, tall = _extent(top, high, integer(args, 7), integer(args, 11), share)
            for column in range(columns):
                left = column * integer(args, 10) - integer(args, 12)
                w0, w1, broad = _extent(left, wide, integer(args, 8), integer(args, 12), share)
                divisor = repeat(kind(share if share > 0 else tall * broad))
                out = (piece * columns + column) * channels
                for c in range(0, channels, lanes):
                    many = channels - c
                    whole = many >= lanes
                    total = repeat(zero)
                    for h in range(h0, h1):
                        for w in range(w0, w1):
                            i = ((n * high + h) * wide + w) * channels + c
                            total += load(x, i) if whole else load_some(x, i, many, zero)
                    if whole:
                        store(y, out + c, total / divisor)
                    else:
                        store_some(y, out + c, total / divisor, many)

    return pixels


def pixels_back(real: Real) -> Any:
    """The gradient of `pixels`; a piece of work is a row of it. The arguments are those of `pixels`, with g and gx."""
    read, lanes, kind, zero = real.read, real.lanes, real.type, real.type(0)

    @kernel
    def pixels_back(args, begin, end, thread):
        g, gx = read(args, 0), read(args, 1)
        high, wide, channels = integer(args, 2), integer(args, 3), integer(args, 4)
        rows, columns, kh, kw = integer(args, 5), integer(args, 6), integer(args, 7), integer(args, 8)
        down, across, above, before = integer(args, 9), integer(args, 10), integer(args, 11), integer(args, 12)
        share = integer(args, 13)
        for piece in range(begin, end):
            n = piece // high
            h = piece - n * high + above
            p0, p1 = max(0, (h - kh) // down + 1), min(rows, h // down + 1)
            for column in range(wide):
                w = column + before
                q0, q1 = max(0, (w - kw) // across + 1), min(columns, w // across + 1)
                out = (piece * wide + column) * channels
                for c in range(0, channels, lanes):
                    many = channels - c
                    whole = many >= lanes
                    total = repeat(zero)
                    for p in range(p0, p1):
                        tall = _extent(p * down - above, high, kh, above, share)[2]
                        for q in range(q0, q1):
                            broad = _extent(q * across - before, wide, kw, before, share)[2]
                            divisor = repeat(kind(share if share > 0 else tall * broad))
                            i = ((n * rows + p) * columns + q) * channels + c
                            total += (load(g, i) if whole else load_some(g, i, many, zero)) / divisor
                    if whole:
                        store(gx, out + c, total)
                    else:
                        store_some(gx, out + c, total, many)

    return pixels_back


def planes(real: Real) -> Any:
    """Means of planes ``(N, H, W)``; a piece of work is a plane. The arguments are those of `pixels`, C unused."""
    read, lanes, kind, zero = real.read, real.lanes, real.type, real.type(0)

    @kernel
    def planes(args, begin, end, thread):
        high, wide = integer(args, 2), integer(args, 3)
        rows, columns, kh, kw = integer(args, 5), integer(args, 6), integer(args, 7), integer(args, 8)
        step, before, share = integer(args, 10), integer(args, 12), integer(args, 13)
        # Windows of these columns lie inside from left to right.
        inner0 = min(columns, -(-before // step))
        inner1 = max(inner0, min(columns, (wide - kw + before) // step + 1))
        for piece in range(begin, end):
            x = ahead(read(args, 0), piece * high * wide)
            for row in range(rows):
                h0, h1, tall = _extent(row * integer(args, 9) - integer(args, 11), high, kh, integer(args, 11), share)
                y = ahead(read(args, 1), (piece * rows + row) * columns)
                divisor = repeat(kind(share if share > 0 else tall * kw))
                for column in range(inner0, inner1, lanes):
                    many, total = inner1 - column, repeat(zero)
                    for h in range(h0, h1):
                        for s in range(kw):
                            total += load_each(x, h * wide + column * step - before + s, step, many)
                    store_some(y, column, total / divisor, many)
                for column in range(columns):
                    if inner0 <= column < inner1:
                        continue
                    w0, w1, broad = _extent(column * step - before, wide, kw, before, share)
                    sum_ = zero
                    for h in range(h0, h1):
                        for w in range(w0, w1):
                            sum_ += x[h * wide + w]
                    y[column] = sum_ / kind(share if share > 0 else tall * broad)

    return planes


def planes_back(real: Real) -> Any:
    """The gradient of `planes`; a piece of work is a plane. The arguments are those of `pixels_back`."""
    read, kind, zero = real.read, real.type, real.type(0)

    @kernel
    def planes_back(args, begin, end, thread):
        high, wide = integer(args, 2), integer(args, 3)
        rows, columns, kh, kw = integer(args, 5), integer(args, 6), integer(args, 7), integer(args, 8)
        share = integer(args, 13)
        for piece in range(begin, end):
            gx = ahead(read(args, 1), piece * high * wide)
            for i in range(high * wide):
                gx[i] = zero
            for row in range(rows):
                g = ahead(read(args, 0), (piece * rows + row) * columns)
                h0, h1, tall = _extent(row * integer(args, 9) - integer(args, 11), high, kh, integer(args, 11), share)
                for column in range(columns):
                    left = column * integer(args, 10) - integer(args, 12)
                    w0, w1, broad = _extent(left, wide, kw, integer(args, 12), share)
                    v = g[column] / kind(share if share > 0 else tall * broad)
                    for h in range(h0, h1):
                        for w in range(w0, w1):
                            gx[h * wide + w] += v

    return planes_back
