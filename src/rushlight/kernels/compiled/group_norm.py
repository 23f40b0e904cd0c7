"""Group normalization of samples that lie channel by channel.

A row is the channels of one group in one sample; all numbers of a channel there have the same scale and shift.
"""

from typing import Any

from numba import njit, types

from .builder import Real, kernel
from .layer_norm import LONGEST, moments_of
from .simd import ahead, array_reader, double, integer
from .vector import fma, load, load_some, repeat, store, store_some, total


def forward(real: Real) -> Any:
    """``y = (x - mean) * inverse * weight + bias``; a piece of work is a row.

    Arguments: x, y, channels a row, numbers a channel, rows a sample, weight, bias, whether there are these; means,
    inverses (results); eps.
    """
    read, lanes, kind, zero, moments = real.read, real.lanes, real.type, real.type(0), moments_of(real)

    @kernel
    def forward(args, begin, end, thread):
        channels, plane, groups = integer(args, 2), integer(args, 3), integer(args, 4)
        weight, bias, scaled, shifted = read(args, 5), read(args, 6), integer(args, 7), integer(args, 8)
        for row in range(begin, end):
            x = ahead(read(args, 0), row * channels * plane)
            mean, inverse = moments(x, channels * plane, double(args, 11))
            read(args, 9)[row] = mean
            read(args, 10)[row] = inverse
            for c in range(channels):
                which = row % groups * channels + c
                w = repeat(weight[which] if scaled else kind(1))
                b = repeat(bias[which] if shifted else kind(-0.0))
                source, y = ahead(x, c * plane), ahead(read(args, 1), (row * channels + c) * plane)
                i = 0
                while i + lanes <= plane:
                    store(y, i, fma((load(source, i) - mean) * inverse, w, b))
                    i += lanes
                if i < plane:
                    v = (load_some(source, i, plane - i, zero) - mean) * inverse
                    store_some(y, i, fma(v, w, b), plane - i)

    return forward


def backward(real: Real) -> Any:
    """Gradients of the input, and of scale and shift from each sample; a piece of work is a row.

    Arguments: g, x, gx, channels a row, numbers a channel, rows a sample, weight, whether there is one, means,
    inverses, gradients of weight and of bias (results in float64, a row for each sample), and whether gx is wanted.
    """
    read, lanes, kind, zero = real.read, real.lanes, real.type, real.type(0)
    read_wide = array_reader(types.float64)

    @njit
    def sums(g, x, plane, mean):
        """The sums of g and of g times the distance from the mean."""
        whole, dot = 0.0, 0.0
        for first in range(0, plane, LONGEST):
            a = b = c = d = repeat(zero)
            i, last = first, min(first + LONGEST, plane)
            while i + 2 * lanes <= last:
                v, w = load(g, i), load(g, i + lanes)
                a, c = a + v, c + w
                b, d = fma(v, load(x, i) - mean, b), fma(w, load(x, i + lanes) - mean, d)
                i += 2 * lanes
            while i < last:
                v = load_some(g, i, last - i, zero)
                a, b = a + v, fma(v, load_some(x, i, last - i, mean) - mean, b)
                i += lanes
            whole += total(a + c)
            dot += total(b + d)
        return whole, dot

    @kernel
    def backward(args, begin, end, thread):
        channels, plane, groups = integer(args, 3), integer(args, 4), integer(args, 5)
        weight, scaled, count = read(args, 6), integer(args, 7), channels * plane
        for row in range(begin, end):
            mean, inverse = read(args, 8)[row], read(args, 9)[row]
            whole, dot = 0.0, 0.0
            for c in range(channels):
                at, which = row * channels + c, row % groups * channels + c
                part, product = sums(ahead(read(args, 0), at * plane), ahead(read(args, 1), at * plane), plane, mean)
                read_wide(args, 10)[at] = product * inverse
                read_wide(args, 11)[at] = part
                w = weight[which] if scaled else kind(1)
                whole += w * part
                dot += w * product
            if integer(args, 12) == 0:
                continue
            shift, slope = kind(whole / count), kind(dot * inverse * inverse / count)
            for c in range(channels):
                first = (row * channels + c) * plane
                g, x, gx = ahead(read(args, 0), first), ahead(read(args, 1), first), ahead(read(args, 2), first)
                w = repeat(weight[row % groups * channels + c] if scaled else kind(1))
                i = 0
                while i + lanes <= plane:
                    store(gx, i, (load(g, i) * w - shift - (load(x, i) - mean) * slope) * inverse)
                    i += lanes
                if i < plane:
                    v = load_some(g, i, plane - i, zero) * w - shift
                    store_some(gx, i, (v - (load_some(x, i, plane - i, zero) - mean) * slope) * inverse, plane - i)

    return backward
