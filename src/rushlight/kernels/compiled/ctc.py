"""Connectionist temporal classification; see `kernels.numpy_ctc`. A piece of work is a sequence of the batch."""

from typing import Any

import numpy as np
from numba import njit, types

from .builder import Real, kernel
from .functions import exp, log
from .simd import ahead, array_reader, integer, load, select, store

_numbers = array_reader(types.int64)
_bytes = array_reader(types.uint8)


def _sum_of_three(real: Real) -> Any:
    """The logarithm of the sum of three numbers that are given by their logarithms."""
    zero, nothing = real.type(0), real.type(-np.inf)

    @njit
    def combined(a, b, c):
        most = select(a > b, a, b)
        most = select(most > c, most, c)
        most = select(most == nothing, zero, most)
        return log(exp(a - most) + exp(b - most) + exp(c - most)) + most

    return combined


def _steps(real: Real) -> Any:
    """The functions by which both kernels go from one step to the next.

    Rows of numbers have room for `width` places, a multiple of a register's, and for two more before and after them;
    what does not exist has the logarithm of 0.
    """
    lanes, zero, nothing, combined = real.lanes, real.type(0), real.type(-np.inf), _sum_of_three(real)

    @njit
    def cleared(row, width):
        for s in range(-2, width + 2):
            row[s] = nothing

    @njit
    def allowed(row, skips, many, width):
        """Writes what is added to what comes from two places before: 0 or the logarithm of 0."""
        cleared(row, width)
        for s in range(many):
            row[s] = zero if skips[s] != 0 else nothing

    @njit
    def on(before, allowed, way, emitted, now, width):
        """Writes the next row; one comes from `way` places on, and from twice that where it is allowed there."""
        jumps = allowed if way < 0 else ahead(allowed, 2)
        for first in range(0, width, lanes):
            for s in range(first, first + lanes):
                jump = load(before, s + 2 * way) + load(jumps, s)
                store(now, s, combined(load(before, s), load(before, s + way), jump) + load(emitted, s))

    return cleared, allowed, on


def alpha(real: Real) -> Any:
    """Logarithms of the probabilities of how targets begin, at each step.

    Arguments: log probabilities (steps, batch, classes), extended targets (batch, places), whether one may come from
    two places before, how many places exist, alpha (batch, steps, places), steps, batch, classes, places, places made
    a multiple of a register, and room for four rows for each thread.
    """
    read, (cleared, allowed, on) = real.read, _steps(real)

    @kernel
    def alpha(args, begin, end, thread):
        steps, batch, classes, places = integer(args, 5), integer(args, 6), integer(args, 7), integer(args, 8)
        width = integer(args, 9)
        row = width + 4
        emitted = ahead(read(args, 10), 4 * thread * row + 2)
        jumps, before, now = ahead(emitted, row), ahead(emitted, 2 * row), ahead(emitted, 3 * row)
        for n in range(begin, end):
            labels, many = ahead(_numbers(args, 1), n * places), _numbers(args, 3)[n]
            allowed(jumps, ahead(_bytes(args, 2), n * places), many, width)
            cleared(emitted, width)
            cleared(before, width)
            cleared(now, width)
            for t in range(steps):
                scores = ahead(read(args, 0), (t * batch + n) * classes)
                for s in range(many):
                    emitted[s] = scores[labels[s]]
                if t == 0:
                    for s in range(min(2, many)):
                        now[s] = emitted[s]
                else:
                    on(before, jumps, -1, emitted, now, width)
                found = ahead(read(args, 4), (n * steps + t) * places)
                for s in range(places):
                    found[s] = now[s]
                before, now = now, before

    return alpha


def slopes(real: Real) -> Any:
    """The gradient by the scores whose logarithms of softmax are given.

    Arguments: as of `alpha`; then how many steps each sequence has, the losses, their gradients, and the result
    (steps, batch, classes).
    """
    read, lanes, (cleared, allowed, on) = real.read, real.lanes, _steps(real)
    zero, nothing, unknown = real.type(0), real.type(-np.inf), real.type(np.nan)

    @kernel
    def slopes(args, begin, end, thread):
        steps, batch, classes, places = integer(args, 5), integer(args, 6), integer(args, 7), integer(args, 8)
        width = integer(args, 9)
        row = width + 4
        emitted = ahead(read(args, 10), 4 * thread * row + 2)
        jumps, before, now = ahead(emitted, row), ahead(emitted, 2 * row), ahead(emitted, 3 * row)
        for n in range(begin, end):
            labels, many = ahead(_numbers(args, 1), n * places), _numbers(args, 3)[n]
            length, loss, g = _numbers(args, 11)[n], read(args, 12)[n], read(args, 13)[n]
            allowed(jumps, ahead(_bytes(args, 2), n * places), many, width)
            cleared(emitted, width)
            cleared(before, width)
            cleared(now, width)
            for t in range(steps - 1, -1, -1):
                place = (t * batch + n) * classes
                scores, slope = ahead(read(args, 0), place), ahead(read(args, 14), place)
                for c in range(classes):
                    slope[c] = zero
                if t >= length:
                    continue
                for s in range(many):
                    emitted[s] = scores[labels[s]]
                if t == length - 1:
                    for s in range(max(0, many - 2), many):
                        now[s] = emitted[s]
                else:
                    on(before, jumps, 1, emitted, now, width)
                so_far = ahead(read(args, 4), (n * steps + t) * places)
                for s in range(many):
                    before[s] = so_far[s]
                # What was the row before is done with, so it holds the shares of the places in the probability.
                for first in range(0, width, lanes):
                    for s in range(first, first + lanes):
                        share = exp(load(before, s) + load(now, s) + loss - load(emitted, s))
                        store(before, s, share)
                for s in range(many):
                    slope[labels[s]] += before[s]
                    before[s] = nothing
                for s in range(many, width):
                    before[s] = nothing
                for c in range(classes):
                    lost = (load(scores, c) == nothing) | (loss == -nothing) | (loss != loss)
                    store(slope, c, select(lost, unknown, (exp(load(scores, c)) - load(slope, c)) * g))
                before, now = now, before

    return slopes
