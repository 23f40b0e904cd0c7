"""Softmax and its logarithm along contiguous rows; a piece of work is a row."""

import math
from functools import cache
from typing import Any

from numba import njit

from .builder import Real, kernel
from .functions import exp, log
from .simd import ahead, integer
from .vector import fma, larger, largest, load, load_some, repeat, store, store_some, total

# Numbers that are summed up in their own precision before sums go on in float64.
LONGEST = 8192


@cache
def make_maximum(real: Real) -> Any:
    """``(x, count)``: the largest of some numbers; NaN if one is NaN."""
    lanes, least = real.lanes, real.type(-math.inf)

    @njit
    def maximum(x, count):
        a = b = repeat(least)
        i = 0
        while i + 2 * lanes <= count:
            a, b = larger(load(x, i), a), larger(load(x, i + lanes), b)
            i += 2 * lanes
        while i < count:
            a = larger(load_some(x, i, count - i, least), a)
            i += lanes
        return largest(larger(a, b))

    return maximum


@cache
def make_sum(real: Real) -> Any:
    """``(x, count)``: the sum of some numbers, in float64."""
    lanes, zero = real.lanes, real.type(0)

    @njit
    def add(x, count):
        whole = 0.0
        for first in range(0, count, LONGEST):
            a = b = repeat(zero)
            i, last = first, min(first + LONGEST, count)
            while i + 2 * lanes <= last:
                a, b = a + load(x, i), b + load(x, i + lanes)
                i += 2 * lanes
            while i < last:
                a += load_some(x, i, last - i, zero)
                i += lanes
            whole += total(a + b)
        return whole

    return add


def softmax(real: Real) -> Any:
    """``exp(x) / sum(exp(x))``. Arguments: x, y, numbers a row."""
    read, lanes, kind, zero = real.read, real.lanes, real.type, real.type(0)
    maximum, add = make_maximum(real), make_sum(real)

    @kernel
    def softmax(args, begin, end, thread):
        count = integer(args, 2)
        for row in range(begin, end):
            x, y = ahead(read(args, 0), row * count), ahead(read(args, 1), row * count)
            most = maximum(x, count)
            for i in range(count):
                y[i] = exp(x[i] - most)
            share = repeat(kind(1.0 / add(y, count)))
            i = 0
            while i + lanes <= count:
                store(y, i, load(y, i) * share)
                i += lanes
            if i < count:
                store_some(y, i, load_some(y, i, count - i, zero) * share, count - i)

    return softmax


def log_softmax(real: Real) -> Any:
    """``x - log(sum(exp(x)))``. Arguments: x, y, numbers a row."""
    read, lanes, kind, zero = real.read, real.lanes, real.type, real.type(0)
    maximum, add = make_maximum(real), make_sum(real)

    @kernel
    def log_softmax(args, begin, end, thread):
        count = integer(args, 2)
        for row in range(begin, end):
            x, y = ahead(read(args, 0), row * count), ahead(read(args, 1), row * count)
            most = maximum(x, count)
            for i in range(count):
                y[i] = exp(x[i] - most)
            scale = repeat(log(kind(add(y, count))))
            i = 0
            while i + lanes <= count:
                store(y, i, load(x, i) - most - scale)
                i += lanes
            if i < count:
                store_some(y, i, load_some(x, i, count - i, zero) - most - scale, count - i)

    return log_softmax


def softmax_back(real: Real) -> Any:
    """``y * (g - sum(g * y))``. Arguments: g, y, gx, numbers a row."""
    read, lanes, kind, zero = real.read, real.lanes, real.type, real.type(0)

    @kernel
    def softmax_back(args, begin, end, thread):
        count = integer(args, 3)
        for row in range(begin, end):
            g, y = ahead(read(args, 0), row * count), ahead(read(args, 1), row * count)
            gx, whole = ahead(read(args, 2), row * count), 0.0
            for first in range(0, count, LONGEST):
                a = b = repeat(zero)
                i, last = first, min(first + LONGEST, count)
                while i + 2 * lanes <= last:
                    a = fma(load(g, i), load(y, i), a)
                    b = fma(load(g, i + lanes), load(y, i + lanes), b)
                    i += 2 * lanes
                while i < last:
                    a = fma(load_some(g, i, last - i, zero), load_some(y, i, last - i, zero), a)
                    i += lanes
                whole += total(a + b)
            dot = repeat(kind(whole))
            i = 0
            while i + lanes <= count:
                store(gx, i, load(y, i) * (load(g, i) - dot))
                i += lanes
            if i < count:
                many = count - i
                store_some(gx, i, load_some(y, i, many, zero) * (load_some(g, i, many, zero) - dot), many)

    return softmax_back


def log_softmax_back(real: Real) -> Any:
    """``g - exp(y) * sum(g)``. Arguments: g, y, gx, numbers a row."""
    read, kind, add = real.read, real.type, make_sum(real)

    @kernel
    def log_softmax_back(args, begin, end, thread):
        count = integer(args, 3)
        for row in range(begin, end):
            g, y = ahead(read(args, 0), row * count), ahead(read(args, 1), row * count)
            gx = ahead(read(args, 2), row * count)
            whole = kind(add(g, count))
            for i in range(count):
                gx[i] = g[i] - exp(y[i]) * whole

    return log_softmax_back
