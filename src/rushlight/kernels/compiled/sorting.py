"""Sorting rows, and the first few of each row in order; NaN counts as the largest, and equal numbers keep their order.

Numbers are compared by integers made of their bits, which have the same order.
"""

from typing import Any

from numba import njit, types

from .builder import Real, kernel
from .simd import ahead, array_reader, integer, load, select, store

_bits = {"f": array_reader(types.int32), "d": array_reader(types.int64)}
_words = array_reader(types.int64)

# The digits by which is sorted have this many bits, in short rows and in long ones, and how long is long.
_SHORT_DIGIT, _DIGIT, _LONG = 8, 11, 1024


def _key(real: Real) -> Any:
    """``(bits, back)``: a signed integer that has the order of the number with these bits, or the opposite one."""
    if real.code == "f":
        low, infinity = 0x7FFFFFFF, 0x7F800000
    else:
        low, infinity = 0x7FFFFFFFFFFFFFFF, 0x7FF0000000000000

    @njit
    def key(bits, back):
        b = types.int64(bits)
        size = b & low
        if size > infinity:
            b = low
        elif size == 0:
            b = types.int64(0)
        elif b < 0:
            b = b ^ low
        return ~b if back else b

    return key


@njit
def _whole_key(bits, back):
    """`_key` of integers."""
    b = types.int64(bits)
    return ~b if back else b


def argsort(real: Real) -> Any:
    """Where the numbers of sorted rows come from; see `_argsort`."""
    return _argsort(real, _key(real))


def argsort_whole(real: Real) -> Any:
    """The same of integers that have as many bytes as the element type."""
    return _argsort(real, _whole_key)


def _argsort(real: Real, key_of: Any) -> Any:
    """Where the numbers of sorted rows come from, by their digits from the last to the first.

    Arguments: x, places, numbers a row, whether the largest comes first, room for each thread: twice the numbers of a
    row (four times for float64) and as many numbers as there are digits, times the values of a digit.
    """
    bits_of, single = _bits[real.code], real.code == "f"
    top = 1 << (8 * real.size - 1)
    buffers, lowest = (2, 32) if single else (4, 0)

    def sorting_by(width: int) -> Any:
        digits, values = -(-8 * real.size // width), 1 << width

        @njit
        def sort(bits, places, counts, n, back):
            a = ahead(counts, digits * values)
            b, froms, tos = ahead(a, n), ahead(a, (buffers - 2) * n), ahead(a, (buffers - 1) * n)
            for i in range(digits * values):
                counts[i] = 0
            for i in range(n):
                v = key_of(bits[i], back)
                v = ((v + top) << 32) | i if single else v ^ -top
                a[i] = v
                if not single:
                    froms[i] = i
                for d in range(digits):
                    counts[d * values + ((v >> (lowest + d * width)) & (values - 1))] += 1
            shift = lowest
            for d in range(digits):
                held = ahead(counts, d * values)
                if held[(a[0] >> shift) & (values - 1)] == n:  # all numbers have the same digit
                    shift += width
                    continue
                before = 0
                for k in range(values):
                    before, held[k] = before + held[k], before
                for i in range(n):
                    v = a[i]
                    digit = (v >> shift) & (values - 1)
                    place = held[digit]
                    held[digit] = place + 1
                    b[place] = v
                    if not single:
                        tos[place] = froms[i]
                a, b = b, a
                froms, tos = tos, froms
                shift += width
            for i in range(n):
                places[i] = a[i] & 0xFFFFFFFF if single else froms[i]

        return sort

    by_short, by_long = sorting_by(_SHORT_DIGIT), sorting_by(_DIGIT)
    room = -(-8 * real.size // _DIGIT) << _DIGIT

    @kernel
    def argsort(args, begin, end, thread):
        n, back = integer(args, 2), integer(args, 3) != 0
        counts = ahead(_words(args, 4), thread * (buffers * n + room))
        for row in range(begin, end):
            bits, places = ahead(bits_of(args, 0), row * n), ahead(_words(args, 1), row * n)
            if n < _LONG:
                by_short(bits, places, counts, n, back)
            else:
                by_long(bits, places, counts, n, back)

    return argsort


@njit
def _worse(key, place, other_key, other_place):
    """Whether the first comes later in order."""
    return key < other_key or (key == other_key and place > other_place)


@njit
def _sink(keys, places, count, key, place):
    """Puts a number into a heap whose last in order is on top, in place of that one."""
    i = 0
    while 2 * i + 1 < count:
        child = 2 * i + 1
        if child + 1 < count and _worse(keys[child + 1], places[child + 1], keys[child], places[child]):
            child += 1
        if not _worse(keys[child], places[child], key, place):
            break
        keys[i], places[i] = keys[child], places[child]
        i = child
    keys[i], places[i] = key, place


def topk(real: Real) -> Any:
    """Where the first k numbers of each row in order are.

    Arguments: x, places, numbers a row, k, whether the smallest come first, room for k numbers for each thread.
    """
    bits_of, key_of = _bits[real.code], _key(real)

    @kernel
    def topk(args, begin, end, thread):
        n, k, back = integer(args, 2), integer(args, 3), integer(args, 4) != 0
        keys = ahead(_words(args, 5), thread * k)
        for row in range(begin, end):
            bits, places = ahead(bits_of(args, 0), row * n), ahead(_words(args, 1), row * k)
            for i in range(k):
                # Grown at its end: each new one rises to where it belongs.
                key, j = key_of(bits[i], back), i
                while j > 0 and _worse(key, i, keys[(j - 1) // 2], places[(j - 1) // 2]):
                    keys[j], places[j] = keys[(j - 1) // 2], places[(j - 1) // 2]
                    j = (j - 1) // 2
                keys[j], places[j] = key, i
            for i in range(k, n):
                key = key_of(bits[i], back)
                if key > keys[0]:
                    _sink(keys, places, k, key, i)
            for m in range(k - 1, 0, -1):
                key, place = keys[m], places[m]
                last_key, last_place = keys[0], places[0]
                _sink(keys, places, m, key, place)
                keys[m], places[m] = last_key, last_place

    return topk


def longest_run(real: Real) -> Any:
    """Where in each sorted row the first of the longest runs of equal numbers ends. Arguments: x, ends, n."""
    read = real.read

    @kernel
    def longest_run(args, begin, end, thread):
        n = integer(args, 2)
        for row in range(begin, end):
            x, length, most, last = ahead(read(args, 0), row * n), 1, 1, 0
            for i in range(1, n):
                length = length + 1 if x[i] == x[i - 1] else 1
                if length > most:
                    most, last = length, i
            _words(args, 1)[row] = last

    return longest_run


# How many values are searched for side by side.
_SIDE_BY_SIDE = 64


def search(real: Real) -> Any:
    """Where values belong in rows of sorted numbers, by halving; comparisons with NaN mean "further on".

    A piece of work are the next values, of one row at most. Arguments: rows, values, places, numbers a row, values a
    row, rows of numbers (1, or as many as of values), whether a place behind equal numbers is meant, values a piece,
    pieces a row, room for `_SIDE_BY_SIDE` numbers for each thread.
    """
    read = real.read

    @kernel
    def search(args, begin, end, thread):
        n, m, right = integer(args, 3), integer(args, 4), integer(args, 6) != 0
        block, blocks = integer(args, 7), integer(args, 8)
        ends = ahead(_words(args, 9), thread * _SIDE_BY_SIDE)
        steps, size = 0, n
        while size > 0:
            steps += 1
            size //= 2
        for piece in range(begin, end):
            row = piece // blocks
            first = (piece - row * blocks) * block
            x = ahead(read(args, 0), row * n if integer(args, 5) > 1 else 0)
            for start in range(first, min(first + block, m), _SIDE_BY_SIDE):
                many = min(_SIDE_BY_SIDE, first + block - start, m - start)
                values, lows = ahead(read(args, 1), row * m + start), ahead(_words(args, 2), row * m + start)
                for j in range(many):
                    lows[j] = 0
                    ends[j] = n
                for _ in range(steps):
                    for j in range(many):
                        low, high = load(lows, j), load(ends, j)
                        middle = (low + high) >> 1
                        found, v = load(x, min(middle, n - 1)), load(values, j)
                        onward = not found > v if right else not found >= v
                        onward = onward & (low < high)
                        store(lows, j, select(onward, middle + 1, low))
                        store(ends, j, select(onward, high, min(middle, high)))

    return search
