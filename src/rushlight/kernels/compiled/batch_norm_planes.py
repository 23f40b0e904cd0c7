"""Batch normalization of planes ``(N, C, P)``: each channel's numbers of a sample are side by side.

A piece of work is a channel: its sums and then its results, while its numbers are in the processor's cache.
"""

import math

from numba import njit

from .builder import Real, kernel
from .simd import ahead, double, integer
from .vector import fma, load, load_some, repeat, store, store_some, total, where, wide

# Numbers of a channel that are summed up in their own precision before sums go on in float64.
LONGEST = 8192


def _moments(real: Real):
    """``(x, samples, step, plane, center)`` -> sums of ``x - center`` and of its squares, over planes `step` apart."""
    lanes, zero = real.lanes, real.type(0)

    @njit(error_model="numpy")
    def moments(x, samples, step, plane, center):
        left, squares, since = 0.0, 0.0, 0
        a = b = c = d = repeat(zero)
        for n in range(samples):
            for first in range(0, plane, LONGEST):
                p = ahead(x, n * step + first)
                count = min(LONGEST, plane - first)
                since += count
                if since > LONGEST:
                    left += total(a + c)
                    squares += total(b + d)
                    a = b = c = d = repeat(zero)
                    since = count
                i = 0
                while i + 2 * lanes <= count:
                    v, w = load(p, i) - center, load(p, i + lanes) - center
                    a += v
                    b = fma(v, v, b)
                    c += w
                    d = fma(w, w, d)
                    i += 2 * lanes
                while i < count:
                    v = load_some(p, i, count - i, center) - center
                    a += v
                    b = fma(v, v, b)
                    i += lanes
        return left + total(a + c), squares + total(b + d)

    return moments


def _normalized(real: Real):
    """``(x, y, i, last, mean, scale, bias, least)``: ``y = (x - mean) * scale + bias`` from `i` to `last`.

    What is below `least` is replaced by it: by zero where a relu follows, by nothing where it is minus infinity.
    """
    lanes = real.lanes

    @njit
    def normalized(x, y, i, last, mean, scale, bias, least):
        while i + lanes <= last:
            v = fma(load(x, i) - mean, scale, bias)
            store(y, i, where(v < least, least, v))
            i += lanes
        if i < last:
            v = fma(load_some(x, i, last - i, mean) - mean, scale, bias)
            store_some(y, i, where(v < least, least, v), last - i)

    return normalized


def plane_forward(real: Real):
    """Normalizes by the batch's own statistics.

    Sums are taken around the mean of a channel's first numbers. Where that turns out to be far from the mean of all,
    they are taken again around that, so that nothing cancels.

    Arguments: x, y, samples, channels, numbers a plane; mean, inverse (results); weight, bias, running mean, running
    variance (each may be 0); momentum, eps, least.
    """
    read, kind, moments, normalized = real.read, real.type, _moments(real), _normalized(real)

    @kernel
    def plane_forward(args, begin, end, thread):
        samples, channels, plane = integer(args, 2), integer(args, 3), integer(args, 4)
        momentum, eps, least = double(args, 11), double(args, 12), kind(double(args, 13))
        step, count = channels * plane, samples * plane
        for c in range(begin, end):
            x, y = ahead(read(args, 0), c * plane), ahead(read(args, 1), c * plane)
            few = min(plane, 512)
            center = kind(moments(x, 1, step, few, kind(0))[0] / few)
            if not abs(center) < math.inf:
                center = kind(0)
            average, squares = 0.0, 0.0
            for attempt in range(2):
                left, squares = moments(x, samples, step, plane, center)
                away = left / count
                average = center + away
                squares -= left * away
                if not away * away * count > squares or not abs(average) < math.inf:
                    break
                center = kind(average)
            variance = squares / count
            deviation = 1 / math.sqrt(variance + eps)
            read(args, 5)[c] = m = kind(average)
            read(args, 6)[c] = kind(deviation)
            # What rounding took from the mean goes into the shift.
            slope, shift = deviation, 0.0
            if integer(args, 7) != 0:
                slope *= read(args, 7)[c]
            if integer(args, 8) != 0:
                shift += read(args, 8)[c]
            scale, bias = repeat(kind(slope)), repeat(kind(shift + (m - average) * slope))
            if integer(args, 9) != 0:
                running = read(args, 9)
                running[c] = kind((1 - momentum) * running[c] + momentum * average)
            if integer(args, 10) != 0:
                running = read(args, 10)
                running[c] = kind((1 - momentum) * running[c] + momentum * (squares / max(count - 1, 1)))
            for n in range(samples):
                normalized(x, y, n * step, n * step + plane, m, scale, bias, least)

    return plane_forward


def plane_apply(real: Real):
    """``y = (x - mean) * scale + bias``, what is below `least` replaced by it; a piece of work is a plane.

    Arguments: x, y, channels, numbers a plane, mean, scale, bias, least.
    """
    read, kind, normalized = real.read, real.type, _normalized(real)

    @kernel
    def plane_apply(args, begin, end, thread):
        x, y, channels, plane = read(args, 0), read(args, 1), integer(args, 2), integer(args, 3)
        least = kind(double(args, 7))
        for piece in range(begin, end):
            c = piece % channels
            m, scale, bias = read(args, 4)[c], repeat(read(args, 5)[c]), repeat(read(args, 6)[c])
            normalized(x, y, piece * plane, piece * plane + plane, m, scale, bias, least)

    return plane_apply


def around(real: Real):
    """``(x, mean)`` -> what g is multiplied by for the sum of ``g * (x - mean)``; ``(dot, mean, whole)`` -> that sum.

    Such sums may cancel, and then the roundings of float32 terms alone are large beside them: so these are multiplied
    in float64, where products of theirs are exact. Then the mean may as well be subtracted at the end.
    """
    if real.size == 4:
        return njit(lambda x, mean: wide(x)), njit(lambda dot, mean, whole: dot - mean * whole)
    return njit(lambda x, mean: x - mean), njit(lambda dot, mean, whole: dot)


def _sums(real: Real):
    """``(g, x, samples, step, plane, mean)`` -> sums of g and of ``g * (x - mean)``, over planes `step` apart."""
    lanes, zero = real.lanes, real.type(0)
    away, finished = around(real)

    @njit(error_model="numpy")
    def sums(g, x, samples, step, plane, mean):
        a = b = c = d = wide(repeat(zero))
        for n in range(samples):
            p, q = ahead(g, n * step), ahead(x, n * step)
            i = 0
            while i + 2 * lanes <= plane:
                v, w = wide(load(p, i)), wide(load(p, i + lanes))
                a += v
                b = fma(v, away(load(q, i), mean), b)
                c += w
                d = fma(w, away(load(q, i + lanes), mean), d)
                i += 2 * lanes
            while i < plane:
                v = wide(load_some(p, i, plane - i, zero))
                a += v
                b = fma(v, away(load_some(q, i, plane - i, mean), mean), b)
                i += lanes
        whole = total(a + c)
        return whole, finished(total(b + d), mean, whole)

    return sums


def plane_backward(real: Real):
    """The gradients; ``gx = (g - shift - (x - mean) * slope) * scale``.

    Arguments: g, x, gx, samples, channels, numbers a plane; mean, inverse; weight or 0; gradients of weight and bias
    (results); whether gx is wanted.
    """
    read, lanes, kind, sums = real.read, real.lanes, real.type, _sums(real)

    @kernel
    def plane_backward(args, begin, end, thread):
        samples, channels, plane = integer(args, 3), integer(args, 4), integer(args, 5)
        step, count = channels * plane, samples * plane
        for c in range(begin, end):
            g, x, gx = (
                ahead(read(args, 0), c * plane), ahead(read(args, 1), c * plane), ahead(read(args, 2), c * plane)
            )  # fmt: skip
            mean, deviation = read(args, 6)[c], 1.0 * read(args, 7)[c]
            whole, dot = sums(g, x, samples, step, plane, mean)
            read(args, 9)[c] = kind(dot * deviation)
            read(args, 10)[c] = kind(whole)
            if integer(args, 11) == 0:
                continue
            scale, slope, shift = kind(deviation), kind(dot * deviation * deviation / count), kind(whole / count)
            if integer(args, 8) != 0:
                scale = kind(deviation * read(args, 8)[c])
            for n in range(samples):
                i, last = n * step, n * step + plane
                while i + lanes <= last:
                    store(gx, i, (load(g, i) - shift - (load(x, i) - mean) * slope) * scale)
                    i += lanes
                if i < last:
                    many = last - i
                    v = (load_some(x, i, many, mean) - mean) * slope
                    store_some(gx, i, (load_some(g, i, many, shift) - shift - v) * scale, many)

    return plane_backward
