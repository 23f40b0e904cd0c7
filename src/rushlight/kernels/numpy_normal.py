"""Normal and log-normal random numbers as PyTorch's CPU generator makes them, on NumPy arrays.

PyTorch knows two ways, both after Box and Muller (1958). A contiguous array of 16 elements or more is filled with
uniform numbers, and in each block of 16 the first eight and the last eight become eight pairs of normal numbers. Every
other array is filled one by one in float64, each pair of uniform numbers giving this number and the next.

In float32 PyTorch computes the blocks with vector instructions (AVX2) and approximations of its own: log, sin and cos
of the Cephes library (S. Moshier), with every multiplication that feeds an addition fused to it, so rounded once.
`_radius` and `_directions` reproduce these roundings: a float64 product of two float32 numbers is exact, so a float64
sum that is then rounded to float32 is the fused result.
"""

import math

import numpy as np

from . import cephes, random_words
from .numpy_random import Array, MersenneTwister, c_library, fill, fused_multiply_add, store, uniform, uniform64

_PAIRS = 1 << 14  # pairs handled at a time, so that the working arrays stay in the cache
_ALONE = 1 << 13  # up to so many numbers one thread draws words and makes numbers of them in one launch


# Constants are arrays without dimensions: NumPy takes them in a third of the time that a Python number costs.
def _int32(number: int) -> Array:
    return np.array(number, np.int32)


def _float32(number: float) -> Array:
    return np.array(number, np.float32)


def _rounded(*numbers: float) -> list[Array]:
    """Numbers rounded to float32, as float64."""
    return [np.array(np.float32(number), np.float64) for number in numbers]


_ZERO_POINT_FIVE, _ONE, _MINUS_TWO = _float32(0.5), _float32(1.0), _float32(-2.0)

_LOG_HIGHEST, *_LOG = _rounded(*cephes.LOG)
_LN2_HIGH, _LN2_LOW = (_float32(part) for part in cephes.LN2)

# 2**24, and float32 numbers taken apart: the bits of 1 and of sqrt(1/2), the bits of a fraction, the exponent of 2**24.
_FULL = _int32(1 << 24)
_SQRT_HALF, _SHIFT = _int32(0x3F3504F3), _int32(0x3F3504F3 - 0x3F800000)
_FRACTION, _FRACTION_BITS, _BIAS = _int32(0x7FFFFF), _int32(23), _int32(127 + 24)

# The angle that belongs to one step of a 24-bit uniform number; -pi / 2 in three parts, whose sum is exact in float64.
_STEP = np.array(float(np.float32(2 * np.pi)) * 2.0**-24)
_MINUS_HALF_PI = np.array(-2.0 * sum(_rounded(*cephes.QUARTER_PI)))
_EIGHTH, _QUARTER_BITS, _BIT, _SIGN_BIT, _SIGN = (_int32(n) for n in (1 << 21, 22, 1, 30, -(1 << 31)))

# One row for the cosine, one for the sine.
_HIGHEST, _MIDDLE, _LOWEST = (np.array([_rounded(*row)]).T for row in zip(cephes.COSINE, cephes.SINE, strict=True))
_MINUS_HALF = np.array(-0.5)

# Adding and subtracting 1.5 * 2**(e + 29) rounds a float64 number between 2**e and 2**(e + 1) to float32. The
# polynomials stay within one such interval after each step: C in 2**-10 and 2**-5, S in 2**-7 and 2**-3.
_MIDDLE_ROUNDER = 1.5 * 2.0 ** np.array([[19], [22]])
_LOWEST_ROUNDER = 1.5 * 2.0 ** np.array([[24], [26]])
_MIDDLE = _MIDDLE + _MIDDLE_ROUNDER
_LOWEST = _LOWEST + _LOWEST_ROUNDER

_EIGHT, _EIGHT64 = "V32", "V64"  # eight numbers as one item: what a block holds of each kind


class _Workspace:
    """Working arrays for up to `pairs` pairs, made once for a whole call, when the first of them is wanted."""

    words: Array
    a: Array
    b: Array
    x: Array
    y: Array
    z: Array
    wide: Array
    product: Array
    directions: Array

    def __init__(self, pairs: int) -> None:
        self.pairs = pairs

    def __getattr__(self, name: str) -> Array:
        pairs = self.pairs
        self.words, self.a, self.b = (np.empty(pairs, np.int32) for _ in range(3))
        self.x, self.y, self.z = (np.empty(pairs, np.float32) for _ in range(3))
        self.wide, self.product = np.empty((2, pairs)), np.empty((2, pairs))
        self.directions = np.empty((2, pairs), np.float32)
        return self.__dict__[name]  # type: ignore[no-any-return]


def _radius(words: Array, work: _Workspace) -> Array:
    """sqrt(-2 * log(1 - u)) in float32 for u = words / 2**24."""
    n = words.size
    bits, exponents, x, y, z = work.a[:n], work.b[:n], work.x[:n], work.y[:n], work.z[:n]
    e, low = bits.view(np.float32), exponents.view(np.float32)
    wide, product = work.wide[0, :n], work.product[0, :n]
    np.subtract(_FULL, words, bits)
    x[:] = bits
    # x = 2**e * m with m from sqrt(1/2) to sqrt(2), by arithmetic on the bits of x; 1 + x is m from then on
    np.subtract(x.view(np.int32), _SHIFT, bits)
    np.right_shift(bits, _FRACTION_BITS, exponents)
    np.subtract(exponents, _BIAS, exponents)
    np.bitwise_and(bits, _FRACTION, bits)
    np.add(bits, _SQRT_HALF, bits)
    np.subtract(bits.view(np.float32), _ONE, x)
    e[:] = exponents
    wide[:] = x
    np.multiply(wide, _LOG_HIGHEST, product)
    for coefficient in _LOG[:-1]:
        np.add(product, coefficient, product)
        y[:] = product
        product[:] = y
        np.multiply(product, wide, product)
    np.add(product, _LOG[-1], product)
    y[:] = product
    np.multiply(y, x, y)
    np.multiply(x, x, z)
    product[:] = y
    wide[:] = z
    np.multiply(product, wide, product)
    np.multiply(e, _LN2_LOW, low)
    np.add(product, low, product)
    y[:] = product
    np.multiply(z, _ZERO_POINT_FIVE, z)
    np.subtract(y, z, y)
    np.add(x, y, x)
    np.multiply(e, _LN2_HIGH, e)
    np.add(x, e, x)
    np.multiply(x, _MINUS_TWO, x)
    return np.sqrt(x, x)  # type: ignore[no-any-return]


def _directions(words: Array, work: _Workspace) -> Array:
    """The cosine and the sine, shape (2, n), of 2 * pi * u in float32 for u = words / 2**24."""
    n = words.size
    quarter, swap, x, squares = work.a[:n], work.b[:n], work.y[:n], work.z[:n]
    wide, product, both = work.wide[:, :n], work.product[:, :n], work.directions[:, :n]
    # the angle, less as many right angles as leave it between -pi / 4 and pi / 4
    np.add(words, _EIGHTH, quarter)
    np.right_shift(quarter, _QUARTER_BITS, quarter)
    square, angle = wide
    np.multiply(words, _STEP, angle)
    x[:] = angle
    np.multiply(quarter, _MINUS_HALF_PI, angle)
    np.add(angle, x, angle)
    x[:] = angle
    angle[:] = x
    np.multiply(x, x, squares)
    square[:] = squares
    np.multiply(square, _HIGHEST, product)
    np.add(product, _MIDDLE, product)
    np.subtract(product, _MIDDLE_ROUNDER, product)
    np.multiply(product, square, product)
    np.add(product, _LOWEST, product)
    np.subtract(product, _LOWEST_ROUNDER, product)
    np.multiply(product, square, product)
    both[:] = product
    product[:] = both
    np.multiply(product, wide, product)
    np.multiply(square, _MINUS_HALF, square)
    np.add(product, wide, product)
    both[:] = product
    np.add(both[0], _ONE, both[0])
    # In the odd quarters cos and sin change places; cos is negative in quarters 1 and 2, sin in 2 and 3.
    cosine, sine = both.view(np.int32)
    np.bitwise_and(quarter, _BIT, swap)
    np.negative(swap, swap)
    change = squares.view(np.int32)
    np.bitwise_xor(cosine, sine, change)
    np.bitwise_and(change, swap, change)
    for row in (sine, cosine):
        np.bitwise_xor(row, change, row)
    for row in (sine, cosine):
        np.left_shift(quarter, _SIGN_BIT, change)
        np.bitwise_and(change, _SIGN, change)
        np.bitwise_xor(row, change, row)
        np.add(quarter, _BIT, quarter)
    return both


def _blocks32(words: Array, out: Array, mean: float, std: float, work: _Workspace) -> None:
    """Makes float32 normal numbers of 24-bit words; both contiguous, of the same size, a multiple of 16."""
    if words.size >= random_words.MANY_USED and random_words.normal(words, out, mean, std):
        return
    halves = words.view(_EIGHT)
    n = words.size // 2
    chosen = work.words[:n]
    eights = chosen.view(_EIGHT)
    eights[:] = halves[::2]
    radius = _radius(chosen, work)
    eights[:] = halves[1::2]
    pair = _directions(chosen, work)
    np.multiply(pair, radius, pair)
    if std != 1.0 or mean != 0.0:
        product = work.product[:, :n]
        product[:] = pair
        product *= float(np.float32(std))
        product += float(np.float32(mean))
        pair[:] = product
    results = out.view(_EIGHT)
    results[::2] = pair[0].view(_EIGHT)
    results[1::2] = pair[1].view(_EIGHT)


def _blocks64(words: Array, out: Array, mean: float, std: float) -> None:
    """Makes float64 normal numbers of 53-bit words; both contiguous, of the same size, a multiple of 16."""
    halves, results = words.view(_EIGHT64), out.view(_EIGHT64)
    first, second = (halves[half::2].copy().view(np.int64) * 2.0**-53 for half in (0, 1))
    radius = np.sqrt(-2.0 * c_library("log", 1.0 - first))
    angle = 2.0 * np.pi * second
    for half, function in enumerate((np.cos, np.sin)):
        numbers = radius * function(angle)
        if std != 1.0 or mean != 0.0:
            numbers = fused_multiply_add(numbers, std, mean)
        results[half::2] = numbers.view(_EIGHT64)


def _fill_blocks(source: MersenneTwister, out: Array, mean: float, std: float) -> None:
    """Fills a contiguous `out` of 16 elements or more by blocks; the last 16 are drawn anew when blocks do not fit."""
    flat = out.reshape(-1)
    kind = flat.dtype.char
    double, single = kind == "d", kind == "f"
    rest = flat.size % 16
    whole = flat.size - rest
    if single and not rest and random_words.MANY_USED <= whole <= _ALONE and (state := source.memory()) is not None:
        words = np.empty(whole, np.uint32)
        if random_words.normal(words, flat, mean, std, state):
            source.untouched = False
            return
    work = None if double else _Workspace(min(_PAIRS, whole // 2) + 8)
    for start in range(0, whole, 2 * _PAIRS):
        stop = min(start + 2 * _PAIRS, whole)
        last = stop == whole and rest > 0
        size = stop - start + 16 * last
        wasted = rest if last and (double or single) else 0  # the 16-bit floats draw for whole blocks only
        words = (source.words64 if double else source.words32)(size + wasted, 53 if double else 24)
        if wasted:
            words = np.concatenate((words[: size - 16], words[-16:]))
        numbers = np.empty(size, flat.dtype) if last or not (double or single) else flat[start:stop]
        if work is None:
            _blocks64(words, numbers, mean, std)
        elif single:
            _blocks32(words, numbers, mean, std, work)
        else:
            wide = np.empty(size, np.float32)
            _blocks32(words, wide, mean, std, work)
            numbers[...] = wide
        if last:
            flat[-16:] = numbers[-16:]
            flat[start : flat.size - 16] = numbers[: flat.size - 16 - start]
        elif not single and not double:
            flat[start:stop] = numbers


def _serial(source: MersenneTwister, count: int, mean: float, std: float) -> Array:
    """`count` float64 numbers one by one: the one that waits from the last call, then pairs, leaving an odd one."""
    waiting = source.next_normal
    taken = count > 0 and waiting is not None
    pairs = (count - taken + 1) // 2
    if 0 < count <= 16 and mean == 0.0 and std == 1.0:
        return np.array(_few(source, count, pairs, waiting))
    uniforms = uniform64(source, 2 * pairs).reshape(pairs, 2)
    numbers = np.empty(2 * pairs + taken)
    if taken:
        numbers[0] = waiting
        source.next_normal = None
    radius, angle = np.sqrt(-2.0 * c_library("log1p", -uniforms[:, 1])), 2.0 * np.pi * uniforms[:, 0]
    np.multiply(radius, np.cos(angle), out=numbers[taken::2])
    np.multiply(radius, np.sin(angle), out=numbers[taken + 1 :: 2])
    if numbers.size > count:
        source.next_normal = float(numbers[-1])
    numbers = numbers[:count]
    return numbers if mean == 0.0 and std == 1.0 else fused_multiply_add(numbers, std, mean)


_LOWEST_53, _TURN = (1 << 53) - 1, 2.0 * math.pi


def _few(source: MersenneTwister, count: int, pairs: int, waiting: float | None) -> list[float]:
    """What `_serial` draws of a few standard normal numbers, in Python's arithmetic, which rounds as NumPy's does."""
    numbers = [] if waiting is None else [waiting]
    source.next_normal = None
    if pairs:
        words = source.numbers(4 * pairs)
        for at in range(0, 4 * pairs, 4):
            a, b, c, d = words[at : at + 4]
            angle = _TURN * (((a << 32 | b) & _LOWEST_53) * 2.0**-53)
            radius = math.sqrt(-2.0 * math.log1p(-(((c << 32 | d) & _LOWEST_53) * 2.0**-53)))
            numbers += radius * math.cos(angle), radius * math.sin(angle)
    if len(numbers) > count:
        source.next_normal = numbers.pop()
    return numbers


def standard_normal(source: MersenneTwister) -> float:
    """One number of the standard normal distribution: the one that waits, or the first of a pair of which one waits."""
    return float(_serial(source, 1, 0.0, 1.0)[0])


def normal(source: MersenneTwister, out: Array, mean: float = 0.0, std: float = 1.0) -> None:
    """Fills a floating `out` with normally distributed numbers.

    Args:
        source: the random words. A contiguous `out` of 16 elements or more takes one word for each element (two in
            float64) and 16 more when the size is no multiple of 16; every other takes four words for two elements.
        out: the array to fill.
        mean: the centre of the distribution.
        std: its standard deviation, not negative.
    """
    if out.size >= 16 and out.flags.c_contiguous:
        _fill_blocks(source, out, mean, std)
    elif mean == 0.0 and std == 1.0 and 0 < out.size and out.dtype.char in "fd" and out.flags.c_contiguous:
        waiting = source.next_normal
        pairs = (out.size - (waiting is not None) + 1) // 2
        numbers = _few(source, out.size, pairs, waiting)  # which are in the range of float32
        if out.size == 1:
            out.fill(numbers[0])
        else:
            out.reshape(-1)[...] = numbers
    else:
        fill(out, lambda part: store(_serial(source, part.size, mean, std), part))


def log_normal(source: MersenneTwister, out: Array, mean: float = 1.0, std: float = 2.0) -> None:
    """Fills a floating `out` with exponentials of normally distributed numbers, drawn one by one in float64."""
    fill(out, lambda part: store(c_library("exp", _serial(source, part.size, mean, std)), part))


def truncated_normal(
    source: MersenneTwister, out: Array, mean: float, std: float, low: float, high: float, redraw: bool
) -> None:
    """Fills a floating `out` with normal numbers between `low` and `high`, by drawing until all are accepted.

    Args:
        source: the random words.
        out: the array to fill.
        mean, std: of the distribution before it is cut off.
        low, high: the bounds.
        redraw: whether to draw normal numbers and to draw those beyond the bounds again, which is good if these are
            few; else uniform numbers are drawn, and accepted with a probability proportional to the density.
    """
    drawn = np.empty_like(out)
    if redraw:
        bottom, top = np.array([low, high], out.dtype)
        normal(source, out, mean, std)
        while (outside := (out < bottom) | (out > top)).any():
            normal(source, drawn, mean, std)
            np.copyto(out, drawn, where=outside)
        return
    wide = np.dtype(np.float64) if out.dtype == np.float64 else np.dtype(np.float32)
    highest = -0.5 * ((max(low, min(mean, high)) - mean) / std) ** 2

    def rounded(values: Array) -> Array:
        """Values as the dtype of `out` has them; 16-bit floats are computed in float32 and rounded at each step."""
        return values.astype(out.dtype, copy=False).astype(wide, copy=False)

    def log_density(numbers: Array) -> Array:
        z: Array = rounded(rounded(np.subtract(numbers, wide.type(mean), dtype=wide)) / wide.type(std))
        return rounded(rounded(rounded(z * z) * wide.type(-0.5)) - wide.type(highest))

    def too_rare(density: Array) -> Array:
        uniform(source, drawn)
        with np.errstate(divide="ignore"):
            return rounded(np.log(rounded(drawn))) > density

    uniform(source, out, low, high)
    candidates = np.empty_like(out)
    waiting = too_rare(log_density(out))
    while waiting.any():
        uniform(source, candidates, low, high)
        np.copyto(out, candidates, where=waiting)
        waiting &= too_rare(log_density(candidates))
