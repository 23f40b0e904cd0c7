"""Random counts that take as many uniform numbers as chance wants, drawn one by one as PyTorch does."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from .numpy_random import Array, MersenneTwister, uniform64


def _endless(source: MersenneTwister) -> Iterator[float]:
    while True:
        yield from uniform64(source, 1024).tolist()


def _one_by_one(source: MersenneTwister, draw: Callable[..., float], *parameters: Array) -> Array:
    """The counts that `draw` makes of each element's parameters and uniform numbers; it uses up no more of these."""
    numbers = _endless(source.clone())
    taken = 0

    def following() -> float:
        nonlocal taken
        taken += 1
        return next(numbers)

    elements = zip(*(p.reshape(-1).tolist() for p in parameters), strict=True)
    counts = [draw(*element, following) for element in elements]
    source.words64(taken)
    return np.array(counts, np.float64).reshape(parameters[0].shape)


def _poisson(rate: float, uniform: Callable[[], float]) -> float:
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
        count = _whole((2 * a / edge + b) * u + rate + 0.43) if edge else -1
        if edge >= 0.07 and v <= certain:
            return count
        if count < 0 or (edge < 0.013 and v > edge):
            continue
        density = -rate + count * log_rate - math.lgamma(count + 1.0)
        if math.log(v) + math.log(inverse_alpha) - math.log(a / (edge * edge) + b) <= density:
            return count


def _whole(value: float) -> int:
    """A number rounded down to an integer of 64 bits, the lowest one if it is out of their range or NaN."""
    return math.floor(value) if -(2.0**63) <= value < 2.0**63 else -(2**63)


def poisson(source: MersenneTwister, rates: Array) -> Array:
    """Counts of the Poisson distribution with the given rates, finite and not negative; float64, of their shape."""
    return _one_by_one(source, _poisson, rates.astype(np.float64))


def _binomial(count: float, p: float, uniform: Callable[[], float]) -> float:
    """One count of successes in `count` trials of probability `p`."""
    if p != p:
        return p
    if count <= 0 or p <= 0:
        return 0
    if p >= 1:
        return count
    if p > 0.5:
        return count - _binomial(count, 1 - p, uniform)
    return _by_rejection(count, p, uniform) if count * p >= 10 else _by_waiting(count, p, uniform)


def _by_waiting(count: float, p: float, uniform: Callable[[], float]) -> float:
    """How many waits for a success, of geometric distribution, fit into the trials."""
    successes, trials = 0, 0.0
    while True:
        u = uniform()
        # Of zero, the logarithm is infinite, and so is the wait.
        trials += math.ceil(math.log(u) / math.log1p(-p)) if u else math.inf
        if trials > count:
            return successes
        successes += 1


def _stirling_tail(k: float) -> float:
    """The logarithm of k! less Stirling's approximation."""
    if k <= 9:
        n = k + 1
        return math.lgamma(n) - (n - 0.5) * math.log(n) + n - 0.5 * math.log(2 * math.pi)
    square = (k + 1) * (k + 1)
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)


def _by_rejection(count: float, p: float, uniform: Callable[[], float]) -> float:
    """Transformed rejection (Hoermann 1993, algorithm BTRS)."""
    deviation = math.sqrt(count * p * (1 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c = count * p + 0.5
    certain = 0.92 - 4.2 / b
    odds = p / (1 - p)
    alpha = (2.83 + 5.1 / b) * deviation
    m = math.floor((count + 1) * p)
    while True:
        u, v = uniform() - 0.5, uniform()
        edge = 0.5 - abs(u)
        k = math.floor((2 * a / edge + b) * u + c) if edge else -1
        if edge >= 0.07 and v <= certain:
            return k
        if k < 0 or k > count:
            continue
        bound = (
            (m + 0.5) * math.log((m + 1) / (odds * (count - m + 1)))
            + (count + 1) * math.log((count - m + 1) / (count - k + 1))
            + (k + 0.5) * math.log(odds * (count - k + 1) / (k + 1))
            + _stirling_tail(m) + _stirling_tail(count - m) - _stirling_tail(k) - _stirling_tail(count - k)
        )  # fmt: skip
        if math.log(v * alpha / (a / (edge * edge) + b)) <= bound:
            return k


def binomial(source: MersenneTwister, counts: Array, p: Array) -> Array:
    """Counts of successes in so many trials with the given probabilities, of one shape; float64, of that shape."""
    return _one_by_one(source, _binomial, counts.astype(np.float64), p.astype(np.float64))
