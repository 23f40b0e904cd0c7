"""Random counts that take as many uniform numbers as chance wants, drawn one by one as PyTorch does."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from .numpy_random import Array, MersenneTwister, uniform64


def _endless(source: MersenneTwister) -> Iterator[float]:
    while True:
        yield from uniform64(source, 1024).tolist()


def _one_by_one(source: MersenneTwister, draw: Callable[[float, Callable[[], float]], int], rates: Array) -> Array:
    """The counts that `draw` makes for each rate of uniform numbers; the source ends where the last draw left off."""
    numbers = _endless(source.clone())
    taken = 0

    def following() -> float:
        nonlocal taken
        taken += 1
        return next(numbers)

    counts = [draw(rate, following) for rate in rates.reshape(-1).tolist()]
    source.words64(taken)
    return np.array(counts, np.float64).reshape(rates.shape)


def _poisson(rate: float, uniform: Callable[[], float]) -> int:
    """One count; by multiplying uniform numbers (Knuth) below 10, else by transformed rejection (Hoermann, 1993)."""
    if rate == 0:
        return 0
    if rate < 10:
        limit, product, count = math.exp(-rate), uniform(), 0
        while product > limit:
            product *= uniform()
            count += 1
        return count
    log_rate = math.log(rate)
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    certain = 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = uniform() - 0.5, uniform()
        edge = 0.5 - abs(u)
        count = math.floor((2 * a / edge + b) * u + rate + 0.43) if edge else -1
        if edge >= 0.07 and v <= certain:
            return count
        if count < 0 or (edge < 0.013 and v > edge):
            continue
        density = -rate + count * log_rate - math.lgamma(count + 1.0)
        if math.log(v) + math.log(inverse_alpha) - math.log(a / (edge * edge) + b) <= density:
            return count


def poisson(source: MersenneTwister, rates: Array) -> Array:
    """Counts of the Poisson distribution with the given rates, finite and not negative; float64, of their shape."""
    return _one_by_one(source, _poisson, rates.astype(np.float64))
