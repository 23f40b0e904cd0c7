"""Softmax and its logarithm along contiguous rows that are too short to fill registers.

As many rows as a register has lanes are turned, so that each is in a lane. A piece of work is so many rows.
"""

from functools import cache
from typing import Any

from numba import njit

from .builder import Real, kernel
from .copying import turn
from .functions import exp, log
from .simd import ahead, array_at, integer, local_words
from .vector import fma, larger, load, repeat, store

# Numbers that a row has at most.
SHORT = 32


@cache
def _make_turns(real: Real) -> tuple[Any, Any]:
    """Functions ``(source, target, rows, count)`` that turn rows, so that each is in a lane, and back."""
    lanes, zero = real.lanes, real.type(0)

    @njit
    def turned(x, y, rows, count):
        whole = count // lanes * lanes if rows == lanes else 0
        for j in range(0, whole, lanes):
            turn(ahead(y, j * lanes), lanes, ahead(x, j), count)
        for i in range(lanes):
            for j in range(whole, count):
                y[j * lanes + i] = x[i * count + j] if i < rows else zero

    @njit
    def back(x, y, rows, count):
        whole = count // lanes * lanes if rows == lanes else 0
        for j in range(0, whole, lanes):
            turn(ahead(y, j), count, ahead(x, j * lanes), lanes)
        for i in range(rows):
            for j in range(whole, count):
                y[i * count + j] = x[j * lanes + i]

    return turned, back


def _memory(real: Real) -> Any:
    """Memory for as many rows as a register has lanes, twice, and a number for each."""
    return local_words((2 * SHORT + 1) * real.lanes * real.size // 8)


def _make(real: Real, logarithm: bool) -> Any:
    read, lanes, kind, one, zero = real.read, real.lanes, real.type, real.type(1), real.type(0)
    at, place, (turned, back) = array_at(kind), _memory(real), _make_turns(real)

    @kernel
    def short(args, begin, end, thread):
        count, rows = integer(args, 2), integer(args, 3)
        values = at(place())
        powers, scale = ahead(values, SHORT * lanes), ahead(values, 2 * SHORT * lanes)
        for first in range(begin * lanes, min(end * lanes, rows), lanes):
            some = min(lanes, rows - first)
            turned(ahead(read(args, 0), first * count), values, some, count)
            most = load(values, 0)
            for j in range(1, count):
                most = larger(load(values, j * lanes), most)
            for j in range(count):
                store(values, j * lanes, load(values, j * lanes) - most)
            for i in range(count * lanes):
                powers[i] = exp(values[i])
            a = b = repeat(zero)
            for j in range(0, count - 1, 2):
                a, b = a + load(powers, j * lanes), b + load(powers, (j + 1) * lanes)
            if count % 2:
                a += load(powers, (count - 1) * lanes)
            store(scale, 0, a + b)
            for i in range(lanes):
                scale[i] = log(scale[i]) if logarithm else one / scale[i]
            by = load(scale, 0)
            for j in range(count):
                if logarithm:
                    store(values, j * lanes, load(values, j * lanes) - by)
                else:
                    store(values, j * lanes, load(powers, j * lanes) * by)
            back(values, ahead(read(args, 1), first * count), some, count)

    return short


def _make_back(real: Real, logarithm: bool) -> Any:
    read, lanes, kind, zero = real.read, real.lanes, real.type, real.type(0)
    at, place, (turned, back) = array_at(kind), _memory(real), _make_turns(real)

    @kernel
    def short_back(args, begin, end, thread):
        count, rows = integer(args, 3), integer(args, 4)
        g = at(place())
        y = ahead(g, SHORT * lanes)
        for first in range(begin * lanes, min(end * lanes, rows), lanes):
            some = min(lanes, rows - first)
            turned(ahead(read(args, 0), first * count), g, some, count)
            turned(ahead(read(args, 1), first * count), y, some, count)
            a = b = repeat(zero)
            for j in range(count):
                v = load(g, j * lanes)
                a, b = b, (v + a if logarithm else fma(v, load(y, j * lanes), a))
            whole = a + b
            if logarithm:
                for i in range(count * lanes):
                    y[i] = exp(y[i])
            for j in range(count):
                v, w = load(g, j * lanes), load(y, j * lanes)
                store(y, j * lanes, v - w * whole if logarithm else w * (v - whole))
            back(y, ahead(read(args, 2), first * count), some, count)

    return short_back


def softmax(real: Real) -> Any:
    """``exp(x) / sum(exp(x))``. Arguments: x, y, numbers a row, rows."""
    return _make(real, False)


def log_softmax(real: Real) -> Any:
    """``x - log(sum(exp(x)))``. Arguments: x, y, numbers a row, rows."""
    return _make(real, True)


def softmax_back(real: Real) -> Any:
    """``y * (g - sum(g * y))``. Arguments: g, y, gx, numbers a row, rows."""
    return _make_back(real, False)


def log_softmax_back(real: Real) -> Any:
    """``g - exp(y) * sum(g)``. Arguments: g, y, gx, numbers a row, rows."""
    return _make_back(real, True)
