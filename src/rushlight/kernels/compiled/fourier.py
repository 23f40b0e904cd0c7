"""Discrete Fourier transforms of many lines at once, as many as a vector register has lanes.

A piece of work is such a group of lines. Their numbers are brought into scratch memory, where the real parts of one
point of all lines fill one register, and the imaginary parts the next: two `slots` a point. There the transform is a
few passes, one for each factor of the number of points, in the order that leaves the frequencies sorted (Stockham's;
Van Loan, Computational Frameworks for the Fast Fourier Transform, 1992, section 1.7). No pass has to shuffle numbers in
a register.

Lines of real numbers are taken for half as many complex ones, and their spectra separated afterwards.
"""

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import njit
from numba.extending import intrinsic

from .builder import Real, kernel
from .copying import turn
from .simd import I32, ahead, double, integer, read_words
from .vector import every_second, fma, load, repeat, store


def _shuffled(order: Callable[[int], list[int]]) -> Any:
    """An intrinsic of two vectors that gives lanes of theirs, numbered through, in an order."""

    @intrinsic
    def shuffled(typing: Any, a: Any, b: Any) -> Any:
        def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
            lanes = sig.args[0].lanes
            return builder.shuffle_vector(*values, ir.Constant(ir.VectorType(I32, lanes), order(lanes)))

        return a(a, a), emit

    return shuffled


# The second, fourth, ... of the numbers of two vectors; their first and their second halves, in turns one of each.
_every_other = _shuffled(lambda n: list(range(1, 2 * n, 2)))
_zipped_low = _shuffled(lambda n: [i // 2 + i % 2 * n for i in range(n)])
_zipped_high = _shuffled(lambda n: [n // 2 + i // 2 + i % 2 * n for i in range(n)])

# How lines lie in memory: one after the other, or side by side as complex or as real numbers.
ROWS, COLUMNS, REAL_COLUMNS = 0, 1, 2

# What is done besides: the spectrum of real lines, half of it or all, is made of that of complex ones; half a spectrum
# is made one of complex lines; each number is multiplied by one of a table.
NOTHING, HALF, WHOLE, FROM_HALF, TWIDDLE = 0, 1, 2, 3, 4


def _make_passes(real: Real) -> Any:
    """``passes(x, y, points, factors, count, table, re, im)``: whether the transform of what is in x is in y."""
    kind, lanes = real.type, real.lanes
    slot = 2 * lanes
    sine3 = kind(math.sqrt(0.75))
    cosine5, cosine5b = kind(math.cos(0.4 * math.pi)), kind(math.cos(0.8 * math.pi))
    sine5, sine5b = kind(math.sin(0.4 * math.pi)), kind(math.sin(0.8 * math.pi))
    half, none = kind(-0.5), kind(0)

    @njit
    def put(y, at, re, im, r, i, w, which):
        """Stores a number multiplied by a factor of the table."""
        c, d = repeat(w[2 * which]), repeat(w[2 * which + 1])
        store(y, at + re, fma(r, c, i * repeat(-w[2 * which + 1])))
        store(y, at + im, fma(r, d, i * c))

    @njit
    def twos(x, y, w, m, s, re, im):
        for p in range(m):
            for q in range(s):
                a, o = slot * (q + s * p), slot * (q + 2 * s * p)
                b = a + slot * s * m
                ar, ai, br, bi = load(x, a + re), load(x, a + im), load(x, b + re), load(x, b + im)
                store(y, o + re, ar + br)
                store(y, o + im, ai + bi)
                put(y, o + slot * s, re, im, ar - br, ai - bi, w, p)

    @njit
    def threes(x, y, w, m, s, re, im):
        by_half, sine = repeat(half), repeat(sine3)
        for p in range(m):
            for q in range(s):
                a, o = slot * (q + s * p), slot * (q + 3 * s * p)
                b, c = a + slot * s * m, a + 2 * slot * s * m
                ar, ai, br, bi = load(x, a + re), load(x, a + im), load(x, b + re), load(x, b + im)
                cr, ci = load(x, c + re), load(x, c + im)
                tr, ti = br + cr, bi + ci
                ur, ui = fma(tr, by_half, ar), fma(ti, by_half, ai)
                vr, vi = (br - cr) * sine, (bi - ci) * sine
                store(y, o + re, ar + tr)
                store(y, o + im, ai + ti)
                put(y, o + slot * s, re, im, ur + vi, ui - vr, w, 2 * p)
                put(y, o + 2 * slot * s, re, im, ur - vi, ui + vr, w, 2 * p + 1)

    @njit
    def fours(x, y, w, m, s, re, im):
        for p in range(m):
            for q in range(s):
                a, o, far = slot * (q + s * p), slot * (q + 4 * s * p), slot * s * m
                b, c, d = a + far, a + 2 * far, a + 3 * far
                ar, ai, br, bi = load(x, a + re), load(x, a + im), load(x, b + re), load(x, b + im)
                cr, ci, dr, di = load(x, c + re), load(x, c + im), load(x, d + re), load(x, d + im)
                sr, si, tr, ti = ar + cr, ai + ci, ar - cr, ai - ci
                ur, ui, vr, vi = br + dr, bi + di, br - dr, bi - di
                store(y, o + re, sr + ur)
                store(y, o + im, si + ui)
                put(y, o + slot * s, re, im, tr + vi, ti - vr, w, 3 * p)
                put(y, o + 2 * slot * s, re, im, sr - ur, si - ui, w, 3 * p + 1)
                put(y, o + 3 * slot * s, re, im, tr - vi, ti + vr, w, 3 * p + 2)

    @njit
    def fives(x, y, w, m, s, re, im):
        c1, c2, s1, s2 = repeat(cosine5), repeat(cosine5b), repeat(sine5), repeat(sine5b)
        for p in range(m):
            for q in range(s):
                a, o, far = slot * (q + s * p), slot * (q + 5 * s * p), slot * s * m
                b, c, d, e = a + far, a + 2 * far, a + 3 * far, a + 4 * far
                ar, ai, br, bi = load(x, a + re), load(x, a + im), load(x, b + re), load(x, b + im)
                cr, ci, dr, di = load(x, c + re), load(x, c + im), load(x, d + re), load(x, d + im)
                er, ei = load(x, e + re), load(x, e + im)
                tr, ti, ur, ui = br + er, bi + ei, cr + dr, ci + di
                fr, fi, gr, gi = br - er, bi - ei, cr - dr, ci - di
                store(y, o + re, ar + (tr + ur))
                store(y, o + im, ai + (ti + ui))
                hr, hi = fma(tr, c1, fma(ur, c2, ar)), fma(ti, c1, fma(ui, c2, ai))
                kr, ki = fma(fr, s1, gr * s2), fma(fi, s1, gi * s2)
                put(y, o + slot * s, re, im, hr + ki, hi - kr, w, 4 * p)
                put(y, o + 4 * slot * s, re, im, hr - ki, hi + kr, w, 4 * p + 3)
                hr, hi = fma(tr, c2, fma(ur, c1, ar)), fma(ti, c2, fma(ui, c1, ai))
                kr, ki = fr * s2 - gr * s1, fi * s2 - gi * s1
                put(y, o + 2 * slot * s, re, im, hr + ki, hi - kr, w, 4 * p + 1)
                put(y, o + 3 * slot * s, re, im, hr - ki, hi + kr, w, 4 * p + 2)

    @njit
    def odds(x, y, w, m, s, radix, turns, re, im):
        """Any odd factor, from sums and differences of numbers equally far from the ends, which are left in x."""
        far, some = slot * s * m, radix // 2
        for p in range(m):
            for q in range(s):
                a, o = slot * (q + s * p), slot * (q + radix * s * p)
                ar, ai = load(x, a + re), load(x, a + im)
                tr, ti = ar, ai
                for j in range(1, some + 1):
                    b, c = a + j * far, a + (radix - j) * far
                    br, bi, cr, ci = load(x, b + re), load(x, b + im), load(x, c + re), load(x, c + im)
                    tr, ti = tr + (br + cr), ti + (bi + ci)
                    store(x, b + re, br + cr)
                    store(x, b + im, bi + ci)
                    store(x, c + re, br - cr)
                    store(x, c + im, bi - ci)
                store(y, o + re, tr)
                store(y, o + im, ti)
                for k in range(1, some + 1):
                    hr, hi, kr, ki, turn = ar, ai, repeat(none), repeat(none), 0
                    for j in range(1, some + 1):
                        turn += k
                        turn -= radix if turn >= radix else 0
                        b, c = a + j * far, a + (radix - j) * far
                        cosine, sine = repeat(turns[2 * turn]), repeat(turns[2 * turn + 1])
                        hr, hi = fma(load(x, b + re), cosine, hr), fma(load(x, b + im), cosine, hi)
                        kr, ki = fma(load(x, c + re), sine, kr), fma(load(x, c + im), sine, ki)
                    which = (radix - 1) * p
                    put(y, o + slot * s * k, re, im, hr - ki, hi + kr, w, which + k - 1)
                    put(y, o + slot * s * (radix - k), re, im, hr + ki, hi - kr, w, which + radix - k - 1)

    @njit
    def passes(x, y, points, factors, count, table, re, im):
        m, s, first, swapped = points, 1, 0, False
        for stage in range(count):
            radix = factors[stage]
            m //= radix
            source, target, w = (y, x, ahead(table, first)) if swapped else (x, y, ahead(table, first))
            if radix == 4:
                fours(source, target, w, m, s, re, im)
            elif radix == 2:
                twos(source, target, w, m, s, re, im)
            elif radix == 3:
                threes(source, target, w, m, s, re, im)
            elif radix == 5:
                fives(source, target, w, m, s, re, im)
            else:
                odds(source, target, w, m, s, radix, ahead(w, 2 * m * (radix - 1)), re, im)
                first += 2 * radix
            first += 2 * m * (radix - 1)
            s *= radix
            swapped = not swapped
        return swapped

    return passes


def _make_moves(real: Real) -> tuple[Any, Any]:
    """Functions that bring `slots` of a group of `count` lines into scratch memory, and out of it."""
    kind, lanes = real.type, real.lanes

    @njit
    def place(j, i, how, step):
        """Where slot j of line i is, of lines side by side."""
        return j * step + i if how == 2 else (j // 2 * step + i) * 2 + j % 2

    @njit
    def bring(x, source, how, slots, step, count):
        """`step` is how far rows lie apart, or how many columns there are."""
        if how == 0:  # ROWS
            whole = slots // lanes * lanes if count == lanes else 0
            for j in range(0, whole, lanes):
                turn(ahead(x, j * lanes), lanes, ahead(source, j), step)
            for i in range(count):
                for j in range(whole, slots):
                    x[j * lanes + i] = source[i * step + j]
            for i in range(count, lanes):
                for j in range(slots):
                    x[j * lanes + i] = kind(0)
        elif count == lanes:
            if how == 1:  # COLUMNS
                for j in range(slots // 2):
                    a, b = load(source, 2 * j * step), load(source, 2 * j * step + lanes)
                    store(x, 2 * j * lanes, every_second(a, b))
                    store(x, (2 * j + 1) * lanes, _every_other(a, b))
            else:
                for j in range(slots):
                    store(x, j * lanes, load(source, j * step))
        else:
            for j in range(slots):
                for i in range(lanes):
                    x[j * lanes + i] = source[place(j, i, how, step)] if i < count else kind(0)

    @njit
    def take(x, target, how, slots, step, count):
        if how == 0:
            whole = slots // lanes * lanes if count == lanes else 0
            for j in range(0, whole, lanes):
                turn(ahead(target, j), step, ahead(x, j * lanes), lanes)
            for i in range(count):
                for j in range(whole, slots):
                    target[i * step + j] = x[j * lanes + i]
        elif count == lanes:
            if how == 1:
                for j in range(slots // 2):
                    r, i = load(x, 2 * j * lanes), load(x, (2 * j + 1) * lanes)
                    store(target, 2 * j * step, _zipped_low(r, i))
                    store(target, 2 * j * step + lanes, _zipped_high(r, i))
            else:
                for j in range(slots):
                    store(target, j * step, load(x, j * lanes))
        else:
            for j in range(slots):
                for i in range(count):
                    target[place(j, i, how, step)] = x[j * lanes + i]

    return bring, take


def _make_spectra(real: Real) -> tuple[Any, Any, Any]:
    """The steps between the spectra of real lines and of half as long complex ones, and the products with a table."""
    lanes = real.lanes
    slot, zero, one_half = 2 * lanes, real.type(0), real.type(0.5)

    @njit
    def separated(x, y, h, w, whole):
        """The spectra of real lines of 2 h numbers, of those of h complex numbers in x."""
        half = repeat(one_half)
        for k in range(h // 2 + 1):
            a, b = k * slot, (h - k) * slot if k else 0
            ar, ai, br, bi = load(x, a), load(x, a + lanes), load(x, b), load(x, b + lanes)
            er, ei, dr, di = half * (ar + br), half * (ai - bi), half * (ai + bi), half * (br - ar)
            c, d = repeat(w[2 * k]), repeat(w[2 * k + 1])
            tr, ti = fma(dr, c, di * repeat(-w[2 * k + 1])), fma(dr, d, di * c)
            sr, si, ur, ui = er + tr, ei + ti, er - tr, ei - ti
            store(y, k * slot, sr)
            store(y, k * slot + lanes, si)
            store(y, (h - k) * slot, ur)
            store(y, (h - k) * slot + lanes, repeat(zero) - ui)
            if whole and k:
                store(y, (2 * h - k) * slot, sr)
                store(y, (2 * h - k) * slot + lanes, repeat(zero) - si)
                store(y, (h + k) * slot, ur)
                store(y, (h + k) * slot + lanes, ui)

    @njit
    def joined(x, y, h, w):
        """The reverse: the spectra of h complex numbers, of h + 1 frequencies of real lines in x, twice as large."""
        for k in range(h // 2 + 1):
            a, b = k * slot, (h - k) * slot
            ar, ai, br, bi = load(x, a), load(x, a + lanes), load(x, b), load(x, b + lanes)
            if k == 0:  # these have no imaginary parts
                ai = bi = repeat(zero)
            er, ei, dr, di = ar + br, ai - bi, ar - br, ai + bi
            c, d = repeat(w[2 * k]), repeat(w[2 * k + 1])
            tr, ti = fma(dr, d, repeat(zero) - di * c), fma(dr, c, di * d)
            if k:
                store(y, b, er - tr)
                store(y, b + lanes, ti - ei)
            store(y, a, er + tr)
            store(y, a + lanes, ei + ti)

    @njit
    def multiplied(x, h, w, step, count, re, im):
        """Each number multiplied by its own of a table that lies side by side."""
        for j in range(h):
            for i in range(count):
                r, g = x[j * slot + re + i], x[j * slot + im + i]
                c, d = w[2 * (j * step + i)], w[2 * (j * step + i) + 1]
                x[j * slot + re + i] = r * c - g * d
                x[j * slot + im + i] = r * d + g * c

    return separated, joined, multiplied


def transform(real: Real) -> Any:
    """Lines of which a piece of work are as many as a register has lanes.

    Arguments: source, target, how both lie, slots of both, how long their rows are or how many columns they have, lines
    in a block, pieces in it, points, factors, how many, their table, scratch memory, slots in a half of a thread's,
    what to do besides, its table, whether inverse, and a factor.
    """
    read, kind, lanes = real.read, real.type, real.lanes
    passes, (bring, take) = _make_passes(real), _make_moves(real)
    separated, joined, multiplied = _make_spectra(real)

    @kernel
    def transform(args, begin, end, thread):
        how_source, how_target = integer(args, 2), integer(args, 3)
        slots, made, length, made_length = integer(args, 4), integer(args, 5), integer(args, 6), integer(args, 7)
        lines, blocks, points = integer(args, 8), integer(args, 9), integer(args, 10)
        factors, count, table = read_words(args, 11), integer(args, 12), read(args, 13)
        room, besides, more = integer(args, 15), integer(args, 16), read(args, 17)
        inverse, factor = integer(args, 18), kind(double(args, 19))
        scratch = ahead(read(args, 14), 2 * room * lanes * thread)
        re, im = (lanes, 0) if inverse else (0, lanes)
        for piece in range(begin, end):
            outer = piece // blocks
            first = (piece - outer * blocks) * lanes
            some = min(lanes, lines - first)
            x, y = scratch, ahead(scratch, room * lanes)
            start = outer * lines
            source = read(args, 0)
            if how_source == 0:
                source = ahead(source, (start + first) * length)
            else:
                source = ahead(source, start * slots + (2 * first if how_source == 1 else first))
            bring(x, source, how_source, slots, length, some)
            if besides == 3:
                joined(x, y, points, more)
                x, y = y, x
            if passes(x, y, points, factors, count, table, re, im):
                x, y = y, x
            if besides == 1 or besides == 2:
                separated(x, y, points, more, besides == 2)
                x, y = y, x
            elif besides == 4:
                multiplied(x, points, ahead(more, 2 * first), lines, some, re, im)
            if factor != 1:
                by = repeat(factor)
                for j in range(made):
                    store(x, j * lanes, load(x, j * lanes) * by)
            target = read(args, 1)
            if how_target == 0:
                target = ahead(target, (start + first) * made_length)
            else:
                target = ahead(target, start * made + (2 * first if how_target == 1 else first))
            take(x, target, how_target, made, made_length, some)

    return transform


def separate(real: Real) -> Any:
    """`separated` for lines too long for one piece of work.

    Arguments: source, target, h, numbers of a line of the target, frequencies a piece, pieces a line, the table,
    whether whole, and a factor.
    """
    read, kind = real.read, real.type

    @kernel
    def separate(args, begin, end, thread):
        h, length, block, blocks = integer(args, 2), integer(args, 3), integer(args, 4), integer(args, 5)
        w, whole, half = read(args, 6), integer(args, 7), kind(0.5) * kind(double(args, 8))
        for piece in range(begin, end):
            line = piece // blocks
            first = (piece - line * blocks) * block
            x, y = ahead(read(args, 0), 2 * h * line), ahead(read(args, 1), length * line)
            for k in range(first, min(first + block, h // 2 + 1)):
                j = h - k if k else 0
                ar, ai, br, bi = x[2 * k], x[2 * k + 1], x[2 * j], x[2 * j + 1]
                er, ei, dr, di = half * (ar + br), half * (ai - bi), half * (ai + bi), half * (br - ar)
                c, d = w[2 * k], w[2 * k + 1]
                tr, ti = dr * c - di * d, dr * d + di * c
                y[2 * (h - k)], y[2 * (h - k) + 1] = er - tr, ti - ei
                y[2 * k], y[2 * k + 1] = er + tr, ei + ti
                if whole and k:
                    y[2 * (2 * h - k)], y[2 * (2 * h - k) + 1] = er + tr, -(ei + ti)
                    y[2 * (h + k)], y[2 * (h + k) + 1] = er - tr, ei - ti

    return separate


def join(real: Real) -> Any:
    """`joined` for such lines.

    Arguments: source, target, h, frequencies a piece, pieces a line, the table, and a factor.
    """
    read, kind = real.read, real.type

    @kernel
    def join(args, begin, end, thread):
        h, block, blocks = integer(args, 2), integer(args, 3), integer(args, 4)
        w, factor = read(args, 5), kind(double(args, 6))
        for piece in range(begin, end):
            line = piece // blocks
            first = (piece - line * blocks) * block
            x, y = ahead(read(args, 0), 2 * (h + 1) * line), ahead(read(args, 1), 2 * h * line)
            for k in range(first, min(first + block, h // 2 + 1)):
                j = h - k
                ar, ai, br, bi = x[2 * k], x[2 * k + 1], x[2 * j], x[2 * j + 1]
                if k == 0:  # these have no imaginary parts
                    ai = bi = kind(0)
                er, ei, dr, di = factor * (ar + br), factor * (ai - bi), factor * (ar - br), factor * (ai + bi)
                c, d = w[2 * k], w[2 * k + 1]
                tr, ti = dr * d - di * c, dr * c + di * d
                if k:
                    y[2 * j], y[2 * j + 1] = er - tr, ti - ei
                y[2 * k], y[2 * k + 1] = er + tr, ei + ti

    return join
