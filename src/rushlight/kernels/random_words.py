"""Random words, normal numbers and shuffles in large numbers: compiled; None where NumPy has to make them."""

import ctypes
from typing import Any

import numpy as np

from . import cache
from .dispatch import Kernel, share

Array = np.ndarray[Any, Any]

# From how many words on it is worth its call to have them made, and to have something made of them.
MANY, MANY_USED = 512, 64

_WORDS, _UNIFORM, _BERNOULLI, _INTEGERS, _NORMAL, _SHUFFLE = (
    Kernel("random", name, "f", common=False)
    for name in ("words", "uniform", "bernoulli", "integers", "normal", "shuffle")
)
_SINGLE = np.dtype(np.float32)

_N = 624  # words in the state of mt19937


def state_of(generator: Any) -> Array | None:
    """The memory of NumPy's `MT19937`: its words and the number of the next one; None if these lie elsewhere."""
    found = np.frombuffer((ctypes.c_uint32 * (_N + 1)).from_address(generator.ctypes.state_address), np.uint32)
    told = generator.state["state"]
    return found if np.array_equal(found[:_N], told["key"]) and found[_N] == told["pos"] else None


def words(state: Array, count: int, bits: int) -> Array | None:
    """The next `count` words, cut to their lower `bits` bits."""
    if (run := _WORDS.get(_SINGLE)) is None:
        return None
    found = np.empty(count, np.uint32)
    run(1, 1, state, found, count, (1 << bits) - 1)
    return found


def uniform(state: Array, out: Array) -> bool:
    """Fills `out` (float32, in one piece) with numbers of [0, 1) of the next words' 24 bits; False if NumPy has to."""
    if (run := _UNIFORM.get(_SINGLE)) is None:
        return False
    run(1, 1, state, out, out.size)
    return True


def bernoulli(state: Array, p: Array, out: Array) -> bool:
    """Fills `out` with ones, which have the probabilities `p`, and zeros, all of float32 and in one piece.

    False, and nothing drawn, if a probability is none or NumPy has to.
    """
    if (run := _BERNOULLI.get(_SINGLE)) is None:
        return False
    run(1, 1, state, out, out.size, p)
    return out.item(0) >= 0


def integers(state: Array, out: Array, low: int, span: int) -> bool:
    """Fills `out` (int64, in one piece) with numbers of ``[low, low + span)`` of a word each; False if NumPy has to.

    There are more than one number and no more than 2**31.
    """
    if (run := _INTEGERS.get(_SINGLE)) is None:
        return False
    run(1, 1, state, np.empty(out.size, np.uint32), out, out.size, low, span)
    return True


def normal(words: Array, out: Array, mean: float, std: float, state: Array | None = None) -> bool:
    """Fills `out` (float32) with normal numbers of as many 24-bit words; False if NumPy has to.

    If there is a state, the words are drawn from it first.
    """
    # Without an instruction that multiplies and adds with one rounding, the results would be others.
    if cache.register_bytes() == 16 or (run := _NORMAL.get(_SINGLE)) is None:
        return False
    blocks, scaled = words.size // 16, mean != 0.0 or std != 1.0
    if state is None:
        run(blocks, share(blocks, 16), words, out, float(mean), float(std), scaled, words, 0)
    else:
        run(1, 1, words, out, float(mean), float(std), scaled, state, blocks)
    return True


def shuffled(state: Array, count: int) -> Array | None:
    """A random order of ``0 .. count - 1`` by one word less."""
    if (run := _SHUFFLE.get(_SINGLE)) is None:
        return None
    order = np.empty(count, np.int64)
    run(1, 1, state, np.empty(count, np.uint32), order, count)
    return order
