"""Random words, normal numbers and shuffles in large numbers: compiled; None where NumPy has to make them."""

import ctypes
from typing import Any

import numpy as np

from . import cache
from .dispatch import Kernel, share

Array = np.ndarray[Any, Any]

# From how many words on it is worth its call to have them made, and to have something made of them.
MANY, MANY_USED = 512, 64

_WORDS, _NORMAL, _SHUFFLE = (Kernel("random", name, "f", common=False) for name in ("words", "normal", "shuffle"))
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


def normal(words: Array, out: Array, mean: float, std: float) -> bool:
    """Fills `out` (float32) with normal numbers of as many 24-bit words; False if NumPy has to."""
    # Without an instruction that multiplies and adds with one rounding, the results would be others.
    if cache.register_bytes() == 16 or (run := _NORMAL.get(_SINGLE)) is None:
        return False
    blocks = words.size // 16
    run(blocks, share(blocks, 16), words, out, float(mean), float(std), mean != 0.0 or std != 1.0)
    return True


def shuffled(words: Array, count: int) -> Array | None:
    """A random order of ``0 .. count - 1`` by one word less."""
    if (run := _SHUFFLE.get(_SINGLE)) is None:
        return None
    order = np.empty(count, np.int64)
    run(1, 1, words, order, count)
    return order
