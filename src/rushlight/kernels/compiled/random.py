"""Random words of mt19937 (Matsumoto and Nishimura, 1998), normal numbers made of such words, and shuffles.

The words follow from one another, so one thread computes them; but within the 624 words of a state each new one depends
on such that lie 227 or more before it, so they come a register at a time.
"""

import math
from typing import Any

import numpy as np
from numba import njit, types

from .. import cephes
from .builder import Real, kernel
from .simd import ahead, array_reader, double, exponent, fma, integer, load, mantissa, select, sqrt, store

_unsigned = array_reader(types.uint32)
_signed = array_reader(types.int32)
_singles = array_reader(types.float32)
_numbers = array_reader(types.int64)

_STATE, _MIDDLE = 624, 397
_UPPER, _LOWER, _TWIST = 0x80000000, 0x7FFFFFFF, 0x9908B0DF


@njit
def _made(state: Any) -> None:
    """The next 624 words of the state."""
    for i in range(_STATE - _MIDDLE):
        both = (state[i] & _UPPER) | (state[i + 1] & _LOWER)
        state[i] = types.uint32(state[i + _MIDDLE] ^ (both >> 1) ^ ((both & 1) * _TWIST))
    for i in range(_STATE - _MIDDLE, _STATE - 1):
        both = (state[i] & _UPPER) | (state[i + 1] & _LOWER)
        state[i] = types.uint32(state[i + _MIDDLE - _STATE] ^ (both >> 1) ^ ((both & 1) * _TWIST))
    both = (state[_STATE - 1] & _UPPER) | (state[0] & _LOWER)
    state[_STATE - 1] = types.uint32(state[_MIDDLE - 1] ^ (both >> 1) ^ ((both & 1) * _TWIST))


@njit
def _drawn(state: Any, result: Any, count: int, mask: int) -> None:
    """Writes the next `count` words, of each the bits of a mask; behind the state is the number of its next word."""
    at, done = int(state[_STATE]), 0
    while done < count:
        if at >= _STATE:
            _made(state)
            at = 0
        many = min(_STATE - at, count - done)
        source, target = ahead(state, at), ahead(result, done)
        for i in range(many):
            w = load(source, i)
            w = types.uint32(w ^ (w >> 11))
            w = types.uint32(w ^ ((w << 7) & 0x9D2C5680))
            w = types.uint32(w ^ ((w << 15) & 0xEFC60000))
            store(target, i, types.uint32((w ^ (w >> 18)) & mask))
        at += many
        done += many
    state[_STATE] = types.uint32(at)


def words(real: Real) -> Any:
    """Words one after the other.

    Arguments: the state and behind it the number of the next of its words, result, how many words, the bits wanted of
    each as a mask.
    """

    @kernel
    def words(args, begin, end, thread):
        _drawn(_unsigned(args, 0), _unsigned(args, 1), integer(args, 2), integer(args, 3))

    return words


def uniform(real: Real) -> Any:
    """Numbers of [0, 1) of 24 bits. Arguments: the state, result, how many."""

    @kernel
    def uniform(args, begin, end, thread):
        count, words, numbers = integer(args, 2), _signed(args, 1), _singles(args, 1)
        _drawn(_unsigned(args, 0), _unsigned(args, 1), count, 0xFFFFFF)
        for i in range(count):
            store(numbers, i, types.float32(load(words, i)) * _STEP)

    return uniform


def bernoulli(real: Real) -> Any:
    """Ones and zeros. Arguments: the state, result, how many, the probability of each one.

    If one of these is not between 0 and 1, nothing is drawn, and the result begins with NaN.
    """

    @kernel
    def bernoulli(args, begin, end, thread):
        count, words, numbers, chances = integer(args, 2), _signed(args, 1), _singles(args, 1), _singles(args, 3)
        wrong = 0
        for i in range(count):
            wrong += not (chances[i] >= 0 and chances[i] <= _ONE)
        if wrong:
            numbers[0] = types.float32(math.nan)
            return
        _drawn(_unsigned(args, 0), _unsigned(args, 1), count, 0xFFFFFF)
        for i in range(count):
            store(numbers, i, types.float32(types.float32(load(words, i)) * _STEP < load(chances, i)))

    return bernoulli


def integers(real: Real) -> Any:
    """Whole numbers. Arguments: the state, room for words, result, how many, the smallest, and how many there are."""

    @kernel
    def integers(args, begin, end, thread):
        words, numbers, count = _unsigned(args, 1), _numbers(args, 2), integer(args, 3)
        low, span = integer(args, 4), integer(args, 5)
        _drawn(_unsigned(args, 0), words, count, 0xFFFFFFFF)
        for i in range(count):
            word = load(words, i)
            quotient = types.uint32(types.int32(types.float64(word) / types.float64(span)))
            store(numbers, i, low + types.int64(types.uint32(word - quotient * types.uint32(span))))

    return integers


def shuffle(real: Real) -> Any:
    """A shuffle of ``0 .. n - 1`` by Fisher and Yates. Arguments: the state, room for n words, result, n."""

    @kernel
    def shuffle(args, begin, end, thread):
        words, order, n = _unsigned(args, 1), _numbers(args, 2), integer(args, 3)
        _drawn(_unsigned(args, 0), words, n - 1, 0xFFFFFFFF)
        for i in range(n):
            order[i] = i
        for i in range(n - 1):
            partner = i + types.int64(words[i] % types.uint32(n - i))
            order[i], order[partner] = order[partner], order[i]

    return shuffle


# `numpy_normal` says how these are used.
_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7, _L8 = (np.float32(c) for c in cephes.LOG)
_LN2_HIGH, _LN2_LOW = (np.float32(part) for part in cephes.LN2)
_C0, _C1, _C2 = (np.float32(c) for c in cephes.COSINE)
_S0, _S1, _S2 = (np.float32(c) for c in cephes.SINE)
_HALF, _ONE, _TWO, _BITS, _STEP = (np.float32(c) for c in (0.5, 1, 2, 24, 2.0**-24))
_TURN = np.float32(2 * math.pi)
_MINUS_HALF_PI = -2.0 * sum(float(np.float32(part)) for part in cephes.QUARTER_PI)


def normal(real: Real) -> Any:
    """Normal numbers of words of 24 bits, in float32, with the roundings of `numpy_normal`.

    A piece of work is 16 of them. Arguments: words, result, mean, standard deviation, whether these are not 0 and 1,
    the state, and of how many pieces the words are to be drawn from it first; 0 where they have been.
    """

    @kernel
    def normal(args, begin, end, thread):
        mean, deviation = types.float32(double(args, 2)), types.float32(double(args, 3))
        scaled, drawn = integer(args, 4), integer(args, 6)
        if drawn > 0:
            _drawn(_unsigned(args, 5), _unsigned(args, 0), 16 * drawn, 0xFFFFFF)
            end = drawn
        for piece in range(begin, end):
            words, result = ahead(_signed(args, 0), 16 * piece), ahead(_singles(args, 1), 16 * piece)
            for i in range(8):
                x = types.float32(types.int32(16777216 - load(words, i)))
                e = exponent(x) - _BITS
                x = mantissa(x) - _ONE
                y = fma(fma(fma(fma(_L0, x, _L1), x, _L2), x, _L3), x, _L4)
                y = fma(fma(fma(fma(y, x, _L5), x, _L6), x, _L7), x, _L8) * x
                z = x * x
                y = fma(y, z, e * _LN2_LOW) - z * _HALF
                radius = sqrt((x + y + e * _LN2_HIGH) * -_TWO)
                word = load(words, i + 8)
                quarter = types.int32((word + 2097152) >> 22)
                x = types.float32(word) * _STEP * _TURN
                x = types.float32(types.float64(quarter) * _MINUS_HALF_PI + types.float64(x))
                z = x * x
                c = fma(fma(fma(z, _C0, _C1), z, _C2) * z, z, z * -_HALF) + _ONE
                s = fma(fma(fma(z, _S0, _S1), z, _S2) * z, x, x)
                odd = (quarter & 1) != 0
                cosine, sine = select(odd, s, c), select(odd, c, s)
                cosine = select(((quarter + 1) & 2) != 0, -cosine, cosine) * radius
                sine = select((quarter & 2) != 0, -sine, sine) * radius
                if scaled != 0:
                    cosine, sine = fma(cosine, deviation, mean), fma(sine, deviation, mean)
                store(result, i, cosine)
                store(result, i + 8, sine)

    return normal
