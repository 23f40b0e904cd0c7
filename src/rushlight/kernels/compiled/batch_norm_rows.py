"""Batch normalization of rows ``(M, C)``: the channels of one place are side by side.

The rows are cut into blocks, and each block's sums are kept in an array ``partial[block][which][channel]``, whose rows
are whole registers long; so results do not depend on the number of threads. `finish` and `finish_backward` put them
together in float64. Then all rows are gone through once more for the results.
"""

import math

from numba import float64, njit

from .batch_norm_planes import around
from .builder import Real, kernel
from .simd import ahead, array_reader, double, integer
from .vector import fma, load, load_like, load_some, repeat, store, store_some, where, wide


@njit
def _whole(x, i, count, other):
    return load(x, i)


def _moments(real: Real, take):
    """``(x, i, step, count, channels, out, c, width)``: center, and sums around it, of one register of channels."""
    kind, zero = real.type, real.type(0)

    @njit(error_model="numpy")
    def center(x, i, step, count, channels, out, c, width):
        # Around the mean of some rows here and there nothing cancels.
        few = min(8, count)
        total = repeat(zero)
        for row in range(few):
            total += take(x, i + row * (count // few) * step, channels, zero)
        total *= kind(1 / few)
        store(out, c, where(total - total == zero, total, zero))  # infinities have no differences
        store(out, width + c, repeat(zero))
        store(out, 2 * width + c, repeat(zero))

    @njit
    def four(x, i, step, channels, out, c, width):
        mean, j = load(out, c), i + 2 * step
        v, w = take(x, i, channels, zero) - mean, take(x, i + step, channels, zero) - mean
        s, t = take(x, j, channels, zero) - mean, take(x, j + step, channels, zero) - mean
        store(out, width + c, load(out, width + c) + ((v + w) + (s + t)))
        store(out, 2 * width + c, fma(v, v, fma(w, w, load(out, 2 * width + c))) + fma(s, s, t * t))

    @njit
    def one(x, i, channels, out, c, width):
        v = take(x, i, channels, zero) - load(out, c)
        store(out, width + c, load(out, width + c) + v)
        store(out, 2 * width + c, fma(v, v, load(out, 2 * width + c)))

    return center, four, one


def row_moments(real: Real):
    """A center, and the sums of what is around it and of its squares; a piece of work is a block of rows.

    Arguments: x, partial, channels, rows, rows a block, channels of a row of `partial`.
    """
    read, lanes = real.read, real.lanes
    center, four, one = _moments(real, _whole)
    center_some, four_some, one_some = _moments(real, load_some)

    @kernel
    def row_moments(args, begin, end, thread):
        x, partial = read(args, 0), read(args, 1)
        channels, rows, block, width = integer(args, 2), integer(args, 3), integer(args, 4), integer(args, 5)
        body = channels - channels % lanes
        many = channels - body
        for piece in range(begin, end):
            out, i = ahead(partial, piece * 3 * width), piece * block * channels
            count = min(block, rows - piece * block)
            for c in range(0, body, lanes):
                center(x, i + c, channels, count, lanes, out, c, width)
            if many:
                center_some(x, i + body, channels, count, many, out, body, width)
            last = i + count * channels
            while i + 3 * channels < last:
                for c in range(0, body, lanes):
                    four(x, i + c, channels, lanes, out, c, width)
                if many:
                    four_some(x, i + body, channels, many, out, body, width)
                i += 4 * channels
            while i < last:
                for c in range(0, body, lanes):
                    one(x, i + c, lanes, out, c, width)
                if many:
                    one_some(x, i + body, many, out, body, width)
                i += channels

    return row_moments


def finish(real: Real):
    """Statistics of all blocks together; a piece of work is 16 channels.

    Arguments: partial, its rows, channels, channels of a row, numbers a block, numbers a channel; moved, spread
    (float64, for use in between); mean, inverse, scale, shift (results, the last two what `row_apply` needs); weight,
    bias, running mean, running variance (each may be 0); momentum, eps.
    """
    read, kind, doubles = real.read, real.type, array_reader(float64)

    @kernel
    def finish(args, begin, end, thread):
        partial, rows, width = read(args, 0), integer(args, 1), integer(args, 3)
        block, count = integer(args, 4), integer(args, 5)
        first, last = begin * 16, min(end * 16, integer(args, 2))
        moved, spread = doubles(args, 6), doubles(args, 7)
        mean, inverse, scale, shift = read(args, 8), read(args, 9), read(args, 10), read(args, 11)
        momentum, eps = double(args, 16), double(args, 17)
        for c in range(first, last):
            moved[c] = spread[c] = 0.0
        # Far from zero, sums of means would lose digits: so means are sums of differences from the first one.
        for row in range(rows):
            many = float64(min(block, count - row * block))
            centers = ahead(partial, row * 3 * width)
            left = ahead(centers, width)
            for c in range(first, last):
                moved[c] += many * (float64(centers[c]) - float64(partial[c])) + float64(left[c])
        for c in range(first, last):
            moved[c] /= count
        for row in range(rows):
            many = float64(min(block, count - row * block))
            centers = ahead(partial, row * 3 * width)
            left, squares = ahead(centers, width), ahead(centers, 2 * width)
            for c in range(first, last):
                away = (float64(centers[c]) - float64(partial[c])) - moved[c]
                spread[c] += float64(squares[c]) + (2 * float64(left[c]) + many * away) * away
        for c in range(first, last):
            average = float64(partial[c]) + moved[c]
            # (Rounding may have made it negative; NaN stays.)
            squares = 0.0 if spread[c] < 0 else spread[c]
            deviation = 1 / math.sqrt(squares / count + eps)
            mean[c] = kind(average)
            inverse[c] = kind(deviation)
            # What rounding took from the mean goes into the shift.
            slope, moved_by = deviation, float64(mean[c]) - average
            if integer(args, 12) != 0:
                slope *= read(args, 12)[c]
            scale[c] = kind(slope)
            shift[c] = kind(moved_by * slope)
            if integer(args, 13) != 0:
                shift[c] = kind(read(args, 13)[c] + moved_by * slope)
            if integer(args, 14) != 0:
                running = read(args, 14)
                running[c] = kind((1 - momentum) * running[c] + momentum * average)
            if integer(args, 15) != 0:
                running = read(args, 15)
                running[c] = kind((1 - momentum) * running[c] + momentum * (squares / max(count - 1, 1)))

    return finish


def row_apply(real: Real):
    """``y = (x - mean) * scale + bias``, what is below `least` replaced by it; a piece of work is a row.

    Arguments: x, y, channels, mean, scale, bias, least.
    """
    read, lanes, kind, zero = real.read, real.lanes, real.type, real.type(0)

    @kernel
    def row_apply(args, begin, end, thread):
        x, y, channels = read(args, 0), read(args, 1), integer(args, 2)
        mean, scale, bias, least = read(args, 3), read(args, 4), read(args, 5), kind(double(args, 6))
        body = channels - channels % lanes
        for i in range(begin * channels, end * channels, channels):
            for c in range(0, body, lanes):
                v = fma(load(x, i + c) - load(mean, c), load(scale, c), load(bias, c))
                store(y, i + c, where(v < least, least, v))
            if body < channels:
                many = channels - body
                v = load_some(x, i + body, many, zero) - load_some(mean, body, many, zero)
                v = fma(v, load_some(scale, body, many, zero), load_some(bias, body, many, zero))
                store_some(y, i + body, where(v < least, least, v), many)

    return row_apply


def _sums(real: Real, take):
    """``(g, x, i, step, channels, mean, out, c, width)``: adds up g and ``g * (x - mean)``, of four rows and of one."""
    zero = real.type(0)
    away, _ = around(real)

    @njit
    def four(g, x, i, step, channels, mean, out, c, width):
        m, j = take(mean, c, channels, zero), i + 2 * step
        v, w = wide(take(g, i, channels, zero)), wide(take(g, i + step, channels, zero))
        s, t = wide(take(g, j, channels, zero)), wide(take(g, j + step, channels, zero))
        store(out, c, load_like(out, c, v) + ((v + w) + (s + t)))
        dot = fma(v, away(take(x, i, channels, zero), m), load_like(out, width + c, v))
        more = s * away(take(x, j, channels, zero), m)
        dot = fma(w, away(take(x, i + step, channels, zero), m), dot)
        more = fma(t, away(take(x, j + step, channels, zero), m), more)
        store(out, width + c, dot + more)

    @njit
    def one(g, x, i, channels, mean, out, c, width):
        v = wide(take(g, i, channels, zero))
        store(out, c, load_like(out, c, v) + v)
        x = away(take(x, i, channels, zero), take(mean, c, channels, zero))
        store(out, width + c, fma(v, x, load_like(out, width + c, v)))

    return four, one


def row_sums(real: Real):
    """Sums of ``g`` and of ``g * (x - mean)``, the latter up to `around`; a piece of work is a block of rows.

    Arguments: g, x, mean, partial (float64), channels, rows, rows a block, channels of a row of `partial`.
    """
    read, lanes, zero, doubles = real.read, real.lanes, real.type(0), array_reader(float64)
    four, one = _sums(real, _whole)
    four_some, one_some = _sums(real, load_some)

    @kernel
    def row_sums(args, begin, end, thread):
        g, x, mean, partial = read(args, 0), read(args, 1), read(args, 2), doubles(args, 3)
        channels, rows, block, width = integer(args, 4), integer(args, 5), integer(args, 6), integer(args, 7)
        body = channels - channels % lanes
        many = channels - body
        for piece in range(begin, end):
            out, i = ahead(partial, piece * 2 * width), piece * block * channels
            last = i + min(block, rows - piece * block) * channels
            for c in range(0, 2 * width, lanes):
                store(out, c, wide(repeat(zero)))
            while i + 3 * channels < last:
                for c in range(0, body, lanes):
                    four(g, x, i + c, channels, lanes, mean, out, c, width)
                if many:
                    four_some(g, x, i + body, channels, many, mean, out, body, width)
                i += 4 * channels
            while i < last:
                for c in range(0, body, lanes):
                    one(g, x, i + c, lanes, mean, out, c, width)
                if many:
                    one_some(g, x, i + body, many, mean, out, body, width)
                i += channels

    return row_sums


def finish_backward(real: Real):
    """Gradients of scale and shift from the sums, and the factors of `row_back`; a piece of work is 16 channels.

    Arguments: partial (float64), its rows, channels, channels of a row, numbers a channel; totals, dots (float64, for
    use in between); inverse; weight or 0; gradients of weight and bias (results); scale, slope, shift (results); mean.
    """
    read, kind, doubles = real.read, real.type, array_reader(float64)
    _, finished = around(real)

    @kernel
    def finish_backward(args, begin, end, thread):
        partial, rows, width, count = doubles(args, 0), integer(args, 1), integer(args, 3), integer(args, 4)
        first, last = begin * 16, min(end * 16, integer(args, 2))
        totals, dots, inverse = doubles(args, 5), doubles(args, 6), read(args, 7)
        grad_weight, grad_bias = read(args, 9), read(args, 10)
        scale, slope, shift, mean = read(args, 11), read(args, 12), read(args, 13), read(args, 14)
        for c in range(first, last):
            totals[c] = dots[c] = 0.0
        for row in range(rows):
            here = ahead(partial, row * 2 * width)
            there = ahead(here, width)
            for c in range(first, last):
                totals[c] += here[c]
                dots[c] += there[c]
        for c in range(first, last):
            deviation = float64(inverse[c])
            dots[c] = finished(dots[c], mean[c], totals[c])
            grad_weight[c] = kind(dots[c] * deviation)
            grad_bias[c] = kind(totals[c])
            scale[c] = kind(deviation)
            if integer(args, 8) != 0:
                scale[c] = kind(deviation * read(args, 8)[c])
            slope[c] = kind(dots[c] * deviation * deviation / count)
            shift[c] = kind(totals[c] / count)

    return finish_backward


def row_back(real: Real):
    """``gx = (g - shift - (x - mean) * slope) * scale``; a piece of work is a row.

    Arguments: g, x, gx, channels, mean, scale, slope, shift.
    """
    read, lanes, zero = real.read, real.lanes, real.type(0)

    @kernel
    def row_back(args, begin, end, thread):
        g, x, gx, channels = read(args, 0), read(args, 1), read(args, 2), integer(args, 3)
        mean, scale, slope, shift = read(args, 4), read(args, 5), read(args, 6), read(args, 7)
        body = channels - channels % lanes
        many = channels - body
        for i in range(begin * channels, end * channels, channels):
            for c in range(0, body, lanes):
                v = load(g, i + c) - load(shift, c) - (load(x, i + c) - load(mean, c)) * load(slope, c)
                store(gx, i + c, v * load(scale, c))
            if many:
                v = load_some(x, i + body, many, zero) - load_some(mean, body, many, zero)
                v *= load_some(slope, body, many, zero)
                v = load_some(g, i + body, many, zero) - load_some(shift, body, many, zero) - v
                store_some(gx, i + body, v * load_some(scale, body, many, zero), many)

    return row_back
