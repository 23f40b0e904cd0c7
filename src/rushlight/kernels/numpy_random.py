"""PyTorch's CPU random numbers on NumPy arrays: the same seed gives the same numbers.

`MersenneTwister` is the source of random words: mt19937 (Matsumoto and Nishimura, 1998), seeded, positioned and stored
as PyTorch's CPU generator is. The functions below turn its words into distributions. Each fills an array that it is
given, in the order of the array's memory, and takes from the source exactly as many words as PyTorch does, so that any
sequence of calls stays in step with it. Normal numbers are in `numpy_normal`.
"""

import contextlib
import math
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import random_words, sorting

if TYPE_CHECKING:
    from numpy.random import RandomState

Array = np.ndarray[Any, Any]

DEFAULT_SEED = 67280421310721
STATE_BYTES = 5056

_N = 624  # words in the state of mt19937
_HEAD = struct.Struct("<QiiQ")  # seed, words left in the block plus one, seeded, next word
_TAIL = struct.Struct("<dddi4xf?3x")  # normal x, y, rho, whether y waits to be drawn; the same in float32

_CHUNK = 1 << 15  # elements handled at a time, so that temporaries stay in the cache
FEWEST = 16  # up to so many numbers Python's arithmetic is quicker than NumPy's
_FEW = 512  # below this many words the setting-up of NumPy's bulk draws costs more than the draws


class MersenneTwister:
    """The source of random words behind a `Generator`.

    Attributes:
        seed: the seed as it was given, an unsigned 64-bit number; mt19937 itself sees its lower 32 bits.
        untouched: whether no word was taken since seeding: PyTorch's state then says 0, not 624, for the next word.
        next_normal: the second number of the last Box-Muller pair when it has not been handed out yet, else None.
    """

    __slots__ = ("_legacy", "_memory", "_raw", "next_normal", "seed", "untouched")

    def __init__(self, seed: int = DEFAULT_SEED) -> None:
        self._legacy: RandomState | None = None
        self._raw: Callable[..., Any] | None = None  # what takes the next word, or an array of so many
        self._memory: Array | None = None  # where that keeps its state, if it is known
        self.reseed(seed)

    def reseed(self, seed: int) -> None:
        """Starts the sequence that belongs to `seed` (0 <= seed < 2**64)."""
        self.seed = seed
        self.next_normal: float | None = None
        self.untouched = True
        if self._legacy is not None:
            self._legacy.seed(seed & 0xFFFFFFFF)

    def _source(self) -> "RandomState":
        """NumPy's generator, made when the first word is wanted: importing numpy.random takes a while."""
        if self._legacy is None:
            from numpy.random import MT19937, RandomState

            self._legacy = RandomState(MT19937(0))
            self._legacy.seed(self.seed & 0xFFFFFFFF)
            self._memory = random_words.state_of(self._legacy._bit_generator)
            self._raw = self._legacy._bit_generator.random_raw
        return self._legacy

    def _first_raw(self) -> Callable[..., Any]:
        return self._source()._bit_generator.random_raw  # type: ignore[no-any-return]

    def words32(self, count: int, bits: int = 32) -> Array:
        """The next `count` words as uint32, cut to their lower `bits` bits."""
        source = self._source()
        self.untouched = self.untouched and count == 0
        if count >= random_words.MANY and self._memory is not None:
            made = random_words.words(self._memory, count, bits)
            if made is not None:
                return made
        if count >= _FEW:
            return source.randint(0, 1 << bits, count, dtype=np.uint32)
        words = source._bit_generator.random_raw(count)
        if bits < 32:
            words &= _LOWEST[bits]
        return words.astype(np.uint32)

    def number(self) -> int:
        """The next word, as a number of Python's."""
        self.untouched = False
        return (self._raw or self._first_raw())()  # type: ignore[no-any-return]

    def memory(self) -> Array | None:
        """The state, for compiled kernels that draw from it themselves; None if it is not known where it lies."""
        if self._legacy is None:
            self._source()
        return self._memory

    def numbers(self, count: int) -> list[int]:
        """The next `count` words, which are so few that Python's arithmetic is quicker than NumPy's, as its numbers."""
        self.untouched = False
        return (self._raw or self._first_raw())(count).tolist()  # type: ignore[no-any-return]

    def words64(self, count: int, bits: int = 64) -> Array:
        """The next `2 * count` words in pairs, the first being the upper half, cut to their lower `bits` bits."""
        source = self._source()
        self.untouched = self.untouched and count == 0
        if 2 * count >= random_words.MANY and self._memory is not None:
            made = random_words.words(self._memory, 2 * count, 32)
            if made is not None:
                return _pairs(made, bits)
        if count >= _FEW and bits > 32:
            return source.randint(0, 1 << bits, count, dtype=np.uint64)
        if count >= _FEW:  # NumPy would take one word for a number of 32 bits or fewer
            pairs = source.randint(0, 1 << 64, count, dtype=np.uint64)
        else:
            return _pairs(source._bit_generator.random_raw(2 * count), bits)
        pairs &= np.uint64((1 << bits) - 1)
        return pairs

    def get_state(self) -> Array:
        """The state as 5056 bytes (uint8), laid out as PyTorch's `Generator.get_state` does on a 64-bit machine."""
        words = self._source()._bit_generator.state["state"]
        position = words["pos"]
        following = 0 if self.untouched else position
        left = 1 if self.untouched else _N + 1 - position
        waiting = self.next_normal
        tail = _TAIL.pack(0.0, waiting or 0.0, 0.0, waiting is not None, 0.0, False)
        head = _HEAD.pack(self.seed, left, 1, following)
        return np.frombuffer(bytearray(head + words["key"].astype("<u8").tobytes() + tail), np.uint8)

    def set_state(self, state: Array) -> None:
        """Takes up a state made by `get_state`, here or in PyTorch.

        Args:
            state: uint8, 5056 bytes.

        Raises:
            RuntimeError: for any other number of bytes, or a state in which mt19937 cannot be.
        """
        data = state.tobytes()
        if len(data) != STATE_BYTES:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {STATE_BYTES} but found the input RNG state size to be "
                f"{len(data)}"
            )
        seed, left, seeded, following = _HEAD.unpack_from(data)
        if not (seeded and 0 < left <= _N and following <= _N):
            raise RuntimeError("Invalid mt19937 state")
        _, waiting, _, is_waiting, _, _ = _TAIL.unpack_from(data, _HEAD.size + 8 * _N)
        key = np.frombuffer(data, "<u8", _N, _HEAD.size).astype(np.uint32)
        self._source().set_state(("MT19937", key, _N if left == 1 else following, 0, 0.0))
        self.seed = seed
        self.next_normal = waiting if is_waiting else None
        self.untouched = left == 1 and following == 0

    def clone(self) -> "MersenneTwister":
        """A second source in the same state."""
        twin = MersenneTwister()
        twin.set_state(self.get_state())
        return twin


def _pairs(words: Array, bits: int) -> Array:
    """Numbers of two words each, the first being the upper half, cut to their lower `bits` bits."""
    pairs = words[::2].astype(np.uint64)
    pairs <<= _UPPER
    pairs |= words[1::2]
    if bits < 64:
        pairs &= _LOWEST[bits]
    return pairs


# Numbers as arrays without dimensions, which NumPy takes in less than half the time of others.
_LOWEST = [np.array((1 << bits) - 1, np.uint64) for bits in range(65)]
_UPPER = np.array(32, np.uint64)
_STEP24, _STEP53 = np.array(2.0**-24, np.float32), np.array(2.0**-53)


def in_memory_order(array: Array) -> Array:
    """A view of `array` with its axes in the order of their strides: its elements come as they lie in memory."""
    if array.flags.c_contiguous:
        return array
    return array.transpose(sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis])))


def fill(out: Array, write: Callable[[Array], None]) -> None:
    """Lets `write` fill one-dimensional pieces of `out`, one after the other in the order of memory."""
    if out.flags.c_contiguous and 0 < out.size <= _CHUNK:
        write(out.reshape(-1))
        return
    target = in_memory_order(out)
    dense = target.flags.c_contiguous
    flat = target.reshape(-1) if dense else np.empty(target.size, out.dtype)
    for start in range(0, flat.size, _CHUNK):
        write(flat[start : start + _CHUNK])
    if not dense:
        target[...] = flat.reshape(target.shape)


def store(values: Array, part: Array) -> None:
    """Writes float64 `values` as the dtype of `part`; the 16-bit floats are reached by way of float32."""
    if part.dtype.itemsize == 8:
        part[...] = values
        return
    _narrowed(values, part)


@np.errstate(over="ignore")
def _narrowed(values: Array, part: Array) -> None:
    part[...] = values.astype(np.float32) if part.dtype.itemsize == 2 else values


@np.errstate(invalid="ignore", over="ignore")
def fused_multiply_add(values: Array, scale: float, shift: float) -> Array:
    """`values * scale + shift` in float64 with one rounding at the end, from products in two parts (Dekker, 1971)."""
    product = values * scale
    split = values * 134217729.0
    upper = split - (split - values)
    lower = values - upper
    scale_split = scale * 134217729.0
    scale_upper = scale_split - (scale_split - scale)
    scale_lower = scale - scale_upper
    error = ((upper * scale_upper - product) + upper * scale_lower + lower * scale_upper) + lower * scale_lower
    total = product + shift
    part = total - product
    error += (product - (total - part)) + (shift - part)
    error[~np.isfinite(error)] = 0.0  # infinities have no parts
    return total + error


def c_library(name: str, values: Array) -> Array:
    """A function of the C library on float64 numbers, as PyTorch calls it: to the last bit for up to 256 of them.

    NumPy's own log, log1p, exp and tan are used for more: far quicker, and a unit in the last place away at times.
    """
    if values.size <= 256:
        with contextlib.suppress(OverflowError):  # Python's way of saying that a result is infinite
            results = map(getattr(math, name), values.reshape(-1).tolist())
            return np.fromiter(results, np.float64, values.size).reshape(values.shape)
    return getattr(np, name)(values)


def uniform64(source: MersenneTwister, count: int) -> Array:
    """`count` numbers of [0, 1) in float64, on a grid of 2**-53."""
    return source.words64(count, 53).view(np.int64) * _STEP53


def standard_uniform(source: MersenneTwister, out: Array) -> bool:
    """Fills a float32 `out` with numbers of [0, 1), if it is in one piece and has not so many of them; False if not."""
    size = out.size
    if size == 1:
        out.fill((source.number() & 0xFFFFFF) * 2.0**-24)
        return True
    if not out.flags.c_contiguous or not 0 < size <= _CHUNK:
        return False
    if size <= FEWEST:
        out.reshape(-1)[...] = [(word & 0xFFFFFF) * 2.0**-24 for word in source.numbers(size)]
    elif size >= random_words.MANY and (state := source.memory()) is not None and random_words.uniform(state, out):
        source.untouched = False
    else:
        words = source.words32(size, 24).view(np.int32)
        np.multiply(words, _STEP24, out=out.reshape(-1), dtype=np.float32, casting="unsafe")
    return True


def uniform(source: MersenneTwister, out: Array, low: float = 0.0, high: float = 1.0) -> None:
    """Fills a floating `out` with numbers of [low, high): 53 random bits for float64, 24 for the other dtypes."""
    kind = out.dtype.char
    if kind == "f" and low == 0.0 and high == 1.0 and standard_uniform(source, out):
        return
    if kind == "d":
        standard = low == 0.0 and high == 1.0

        def write(part: Array) -> None:
            if standard:
                np.multiply(source.words64(part.size, 53).view(np.int64), _STEP53, out=part)
                return
            part[...] = fused_multiply_add(uniform64(source, part.size), high - low, low)
            part[part == high] = low

    elif kind == "f" and low == 0.0 and high == 1.0:

        def write(part: Array) -> None:
            np.copyto(part, source.words32(part.size, 24).view(np.int32), casting="unsafe")
            part *= _STEP24

    else:
        first, last = np.float32(low), np.float32(high)
        scale, shift = float(last - first) * 2.0**-24, float(first)
        bottom, top = np.asarray([low, high]).astype(np.float32).astype(out.dtype)

        def write(part: Array) -> None:
            values = source.words32(part.size, 24) * scale  # exact in float64, like the fused operation it stands for
            values += shift
            store(values.astype(np.float32), part)
            part[part == top] = bottom

    fill(out, write)


def remainder(values: Array, divisor: int) -> Array:
    """`values % divisor` in place for unsigned values; dividing and multiplying back is quicker than NumPy's `%`."""
    number = np.array(divisor, values.dtype)
    quotient = values // number
    quotient *= number
    values -= quotient
    return values


def integers(source: MersenneTwister, out: Array, low: int, high: int) -> None:
    """Fills `out`, of any real dtype, with whole numbers of [low, high); one word each, two from 2**28 numbers on."""
    span = high - low
    if span < 1 << 28 and out.size == 1 and out.dtype.char == "l":
        out.fill(low + source.number() % span)
        return
    if span < 1 << 28 and 0 < out.size <= _CHUNK and out.dtype.char == "l" and out.flags.c_contiguous:
        flat = out.reshape(-1)
        if out.size <= FEWEST:
            flat[...] = [low + word % span for word in source.numbers(out.size)]
            return
        if out.size >= random_words.MANY and span > 1 and (state := source.memory()) is not None:
            if random_words.integers(state, flat, low, span):
                source.untouched = False
                return
    draw = source.words64 if span >= 1 << 28 else source.words32
    bits = span.bit_length() - 1
    power = bits > 0 and span == 1 << bits

    def write(part: Array) -> None:
        values = draw(part.size, bits) if power else remainder(draw(part.size), span)
        wide = values.view(np.int64) if values.dtype == np.uint64 else values.astype(np.int64)
        if low:
            wide += low
        np.copyto(part, wide, casting="unsafe")

    fill(out, write)


def integers_64(source: MersenneTwister, out: Array) -> None:
    """Fills an int64, float or bfloat16 `out` with whole numbers of the full signed 64-bit range."""
    fill(out, lambda part: np.copyto(part, source.words64(part.size).view(np.int64), casting="unsafe"))


def integers_of_dtype(source: MersenneTwister, out: Array) -> None:
    """Fills `out` with whole numbers from 0 to the largest of its dtype; for floats, as far as they have no gaps."""
    dtype = out.dtype
    if dtype.kind == "b":
        integers(source, out, 0, 2)
    elif dtype == np.int64:
        fill(out, lambda part: np.copyto(part, source.words64(part.size, 63).view(np.int64)))
    elif dtype.kind in "iu":
        bits = 8 * dtype.itemsize - (dtype.kind == "i")
        fill(out, lambda part: np.copyto(part, source.words32(part.size, bits), casting="unsafe"))
    elif dtype == np.float64:
        fill(out, lambda part: np.copyto(part, remainder(source.words64(part.size), (1 << 53) + 1), casting="unsafe"))
    else:
        digits = {np.dtype(np.float32): 24, np.dtype(np.float16): 11}.get(dtype, 8)
        fill(
            out, lambda part: np.copyto(part, remainder(source.words32(part.size), (1 << digits) + 1), casting="unsafe")
        )


def permutation(source: MersenneTwister, count: int) -> Array:
    """A random order of `0 .. count - 1` as int64: the shuffle of Fisher and Yates from the front."""
    if count >= 0xFFFFFFFF // 20:
        return _inside_out(source, count)
    if count < 2:
        return np.zeros(count, np.int64)
    if count >= random_words.MANY_USED and (state := source.memory()) is not None:
        made = random_words.shuffled(state, count)
        if made is not None:
            source.untouched = False
            return made
    words = source.words32(count - 1)
    steps = np.arange(count - 1, dtype=np.uint32)
    partners = steps + words % (np.uint32(count) - steps)
    if count > 700:
        return _swapped(partners, count)
    order = list(range(count))
    for step, partner in enumerate(partners.tolist()):
        order[step], order[partner] = order[partner], order[step]
    return np.array(order, np.int64)


def _swapped(partners: Array, count: int) -> Array:
    """What `0 .. count - 1` become when element i is swapped with element `partners[i] >= i`, for i = 0, 1, ...

    The number that a step takes from place j was put there by the latest earlier step with the partner j; that step put
    there what was at its own place. Following these links back to a place that no step had touched gives the number.
    All places are followed at once, each round doubling the length of the links.
    """
    last = count - 1
    steps = np.arange(last, dtype=np.uint64)
    ordered = partners.astype(np.uint64) << np.uint64(32)
    ordered |= steps
    ordered.sort()
    by_partner = (ordered & np.uint64(0xFFFFFFFF)).astype(np.int64)
    partner = (ordered >> np.uint64(32)).astype(np.int64)
    same = partner[1:] == partner[:-1]
    earlier = np.full(count, -1)  # the latest earlier step with the same partner
    earlier[by_partner[1:][same]] = by_partner[:-1][same]
    ends = np.append(~same, True)
    latest = np.full(count, -1)  # the latest step that put something at this place
    latest[partner[ends]] = by_partner[ends]
    own = latest == np.arange(count)
    latest[own] = earlier[own]
    origin = np.where(latest < 0, np.arange(count), latest)
    while True:
        further = origin[origin]
        if np.array_equal(further, origin):
            break
        origin = further
    chosen = np.append(partners.astype(np.int64), last)
    earlier[last] = latest[last]
    return np.where(earlier < 0, chosen, origin[earlier])


def _inside_out(source: MersenneTwister, count: int) -> Array:
    """The shuffle used from 2**32 / 20 elements on: every new element changes places with one up to itself."""
    order = np.arange(count)
    for start in range(0, count, _CHUNK):
        sizes = np.arange(start + 1, min(start + _CHUNK, count) + 1, dtype=np.uint64)
        for step, partner in enumerate((source.words64(sizes.size) % sizes).tolist(), start):
            order[step] = order[partner]
            order[partner] = step
    return order


def bernoulli(source: MersenneTwister, out: Array, p: float) -> None:
    """Fills `out`, of any real dtype, with ones, each with the probability `p`, and zeros; two words each."""
    threshold = np.uint64(int(np.ceil(p * 2.0**53)))
    fill(out, lambda part: np.copyto(part, source.words64(part.size, 53) < threshold, casting="unsafe"))


def bernoulli_of(source: MersenneTwister, p: Array) -> Array | None:
    """What `bernoulli_each` draws for probabilities in float32.

    None, and no words taken, if one is none or they are neither few nor many.
    """
    if p.size == 1:
        chance = p.item()
        if not 0.0 <= chance <= 1.0:
            return None
        one = np.empty(p.shape, np.float32)
        one.fill((source.number() & 0xFFFFFF) * 2.0**-24 < chance)
        return one
    if p.size >= random_words.MANY and p.flags.c_contiguous and (state := source.memory()) is not None:
        out = np.empty(p.shape, np.float32)
        if random_words.bernoulli(state, p, out):
            source.untouched = False
            return out
    if not 0 < p.size <= FEWEST:
        return None
    chances = p.reshape(-1).tolist()
    for chance in chances:
        if not 0.0 <= chance <= 1.0:
            return None
    ones = [(w & 0xFFFFFF) * 2.0**-24 < chance for w, chance in zip(source.numbers(len(chances)), chances)]
    return np.array(ones, np.float32).reshape(p.shape)


def bernoulli_each(source: MersenneTwister, out: Array, p: Array) -> None:
    """Fills `out` with ones and zeros where `p`, broadcast to `out`, holds each element's probability.

    Two words each when `p` is float64, else one.
    """
    if p.dtype.char == "f" and p.shape == out.shape:
        drawn = np.empty(out.shape, np.float32)
        if out.flags.c_contiguous and standard_uniform(source, drawn):
            np.less(drawn, p, out=out, casting="unsafe")
            return
    if out.flags.c_contiguous and p.shape == out.shape:
        target, flat = out, p.reshape(-1)
    else:
        axes = sorted(range(out.ndim), key=lambda axis: -abs(out.strides[axis]))
        target, flat = out.transpose(axes), np.broadcast_to(p, out.shape).transpose(axes).reshape(-1)
    if p.dtype.char == "d":
        ones = uniform64(source, flat.size) < flat
    else:
        ones = source.words32(flat.size, 24) * _STEP24 < flat.astype(np.float32, copy=False)
    np.copyto(target, ones.reshape(target.shape), casting="unsafe")


def exponential(source: MersenneTwister, out: Array, rate: float = 1.0) -> None:
    """Fills a floating `out` with exponentially distributed numbers: log1p(-u) * (-1 / rate)."""

    def write(part: Array) -> None:
        values = uniform64(source, part.size)
        values = c_library("log1p", np.negative(values, out=values))
        values *= -1.0 / rate
        store(values, part)

    fill(out, write)


def geometric(source: MersenneTwister, out: Array, p: float) -> None:
    """Fills `out`, of any real dtype, with the number of trials up to the first success: ceil(log(u) / log1p(-p))."""
    scale = np.log1p(-p)

    def write(part: Array) -> None:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.ceil(np.log(uniform64(source, part.size)) / scale)
            if part.dtype.kind in "iu":
                np.copyto(part, values, casting="unsafe")
            else:
                store(values, part)

    fill(out, write)


def cauchy(source: MersenneTwister, out: Array, median: float = 0.0, sigma: float = 1.0) -> None:
    """Fills a floating `out` with Cauchy-distributed numbers: median + sigma * tan(pi * (u - 1/2))."""

    def write(part: Array) -> None:
        values = c_library("tan", np.pi * (uniform64(source, part.size) - 0.5))
        if median != 0.0 or sigma != 1.0:
            values = fused_multiply_add(values, sigma, median)
        store(values, part)

    fill(out, write)


def multinomial(source: MersenneTwister, weights: Array, count: int, replacement: bool) -> Array:
    """Draws `count` indices from each row of `weights`, with the probabilities that the row is proportional to.

    Args:
        source: the random words.
        weights: floating, shape (rows, categories), finite and not negative, with a positive sum in each row.
        count: indices to draw from a row; at most the number of categories without replacement.
        replacement: whether an index may be drawn again.

    Returns:
        int64, shape (rows, count).
    """
    if replacement and count != 1:
        return _multinomial_with_replacement(source, weights, count)
    races = np.empty_like(weights)  # the categories' first arrivals: the earliest ones win
    exponential(source, races if races.flags.c_contiguous else races.T)  # in the order of memory
    with np.errstate(divide="ignore", invalid="ignore"):
        races = weights / races
    if count == 1:
        return races.argmax(-1).reshape(-1, 1)
    return sorting.topk(races, count, 1, True)[1]


def _multinomial_with_replacement(source: MersenneTwister, weights: Array, count: int) -> Array:
    rows = len(weights)
    cumulative: Array = np.cumsum(weights, axis=-1, dtype=np.float64 if weights.dtype == np.float64 else np.float32)
    cumulative = cumulative / cumulative[:, -1:]
    cumulative[:, -1] = 1
    draws = uniform64(source, rows * count).reshape(rows, count)
    found = [np.searchsorted(row.astype(np.float64), draw, side="left") for row, draw in zip(cumulative, draws)]
    return np.array(found, np.int64).reshape(rows, count)
