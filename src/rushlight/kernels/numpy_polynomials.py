"""Orthogonal polynomials of arrays by their recurrences, with PyTorch's values outside their domain.

The degree is an array beside the argument, of the same floating-point type, whose fractions are dropped. At degrees
below zero each polynomial is 0.

Source: NIST Digital Library of Mathematical Functions, chapter 18.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .layout import copied

Array = np.ndarray


def powers(x: Array, count: int, increasing: bool) -> Array:
    """The powers of a vector from 0 to before `count` as columns, the highest first unless they are increasing."""
    found = np.empty((x.size, count), x.dtype)
    columns = found if increasing else found[:, ::-1]
    columns[:, :1] = 1
    columns[:, 1:] = x[:, None]
    np.multiply.accumulate(columns[:, 1:], 1, out=columns[:, 1:])
    return found


def degrees(n: Array) -> Array:
    """Degrees as integers; those that are none (infinities, NaN) are below zero."""
    whole = np.isfinite(n) & (np.abs(n) < 2.0**63)
    return np.where(whole, n, n.dtype.type(-1)).astype(np.int64)


def _single(n: Array, most: int = 63) -> int | None:
    """The degree, if all elements have the same and it is at most `most`: what follows for x = 0, 1, -1 is exact."""
    if n.ndim or not 0 <= (degree := n.item()) < most + 1:
        return None
    return int(degree)


@functools.cache
def _whole_numbers(dtype: np.dtype) -> list[Array]:
    """The numbers from 0 to 127 as 0-dim arrays, with which NumPy computes in half the time."""
    return [np.asarray(k, dtype) for k in range(128)]


_SCALARS: dict[type, list[Any]] = {kind: [kind(k) for k in range(128)] for kind in (np.float32, np.float64)}


def _numbers(x: Any) -> list[Any]:
    """The numbers from 0 to 127 as what NumPy is quickest to compute with beside `x`, an array or a number."""
    return _SCALARS.get(type(x)) or _whole_numbers(x.dtype)


def of_one(kernel: Callable[..., Any], x: Array, n: Array) -> Array:
    """A polynomial of one degree of one number: NumPy's numbers take a fifth of the time of its arrays."""
    return np.asarray(kernel(x.reshape(-1)[0], n), x.dtype).reshape(x.shape)


def _up_to(x: Array, degree: int, first: Array, step: Callable[[Array, Array, int], Array]) -> Array:
    """The polynomial of one degree; see `recurrence`."""
    if not degree:
        return np.ones_like(x)
    before, latest = _numbers(x)[1], first
    for k in range(1, degree):
        before, latest = latest, step(latest, before, k)
    return copied(latest) if latest is x and type(x) is Array else latest


def recurrence(x: Array, n: Array, first: Array, step: Callable[[Array, Array, int], Array]) -> Array:
    """The polynomials of degree `n` at `x` from those of degree 0, which is 1, and 1.

    Args:
        x: where.
        n: the degrees, integers of the shape of `x`.
        first: the values of degree 1.
        step: gives the next values from the latest and those before, and the degree of the latest.
    """
    highest = int(n.max(initial=0))
    if n.size and 0 < highest < 64 and n.min() == highest:
        return _up_to(x, highest, first, step)
    before, latest = np.ones_like(x), first
    result = np.where(n == 0, before, np.where(n == 1, first, np.zeros_like(x)))
    for k in range(1, highest):
        before, latest = latest, step(latest, before, k)
        # A value that is not a number stays so: it is the result of all higher degrees.
        lost = np.isnan(latest)
        result = np.where((n == k + 1) | (lost & (n > k)), latest, result)
        if lost.all() or (lost | (n <= k + 1)).all():
            break
    return result


def _doubling(x: Array, degree: int, first: Array) -> Array:
    """A Chebyshev polynomial of one degree by its recurrence."""
    doubled = x + x
    return _up_to(x, degree, first, lambda q, p, k: doubled * q - p)


def _chebyshev(x: Array, n: Array, first: Array, above: int, direct: Callable[[], Array]) -> Array:
    """A Chebyshev polynomial: inside (-1, 1) by its form of angles if the degree is above some, else by recurrence.

    At 1 and -1, where high degrees would take as many steps, `_at_ends` gives the values.
    """
    doubled = x + x
    inside = n > above
    if inside.any():
        n = np.where(inside & (np.abs(x) <= 1), -1, n)
        inside &= np.abs(x) < 1
    found = recurrence(x, n, first, lambda q, p, k: doubled * q - p)
    return np.where(inside, direct().astype(x.dtype), found) if inside.any() else found


def _angle(x: Array) -> Array:
    """The angle with the cosine `x`, in double precision: high degrees multiply its error."""
    return np.arccos(x.astype(np.float64))  # type: ignore[no-any-return]


def _alternating(n: Array, dtype: np.dtype) -> Array:
    return np.where(n % 2 == 0, dtype.type(1), dtype.type(-1))


def _spread(x: Array, n: Array) -> tuple[Array, Array]:
    """Arguments and integer degrees, broadcast to one shape."""
    x, whole = np.broadcast_arrays(x, degrees(n))
    return x, whole


def chebyshev_t(x: Array, n: Array) -> Array:
    """Of the first kind: ``T_n(cos a) = cos(n a)``."""
    if (degree := _single(n, 6)) is not None:
        return _doubling(x, degree, x)
    x, n = _spread(x, n)
    found = _chebyshev(x, n, x, 6, lambda: np.cos(n * _angle(x)))
    return _at_ends(x, n, found, 1, _alternating(n, x.dtype))


def chebyshev_u(x: Array, n: Array) -> Array:
    """Of the second kind: ``U_n(cos a) = sin((n + 1) a) / sin(a)``."""
    if (degree := _single(n, 8)) is not None:
        return _doubling(x, degree, x + x)
    x, n = _spread(x, n)

    def direct() -> Array:
        angle = _angle(x)
        return np.sin((n + 1) * angle) / np.sin(angle)

    found = _chebyshev(x, n, x + x, 8, direct)
    return _at_ends(x, n, found, n + 1, (n + 1) * _alternating(n, x.dtype))


def chebyshev_v(x: Array, n: Array) -> Array:
    """Of the third kind: ``V_n(cos a) = cos((n + 1/2) a) / cos(a / 2)``."""
    if (degree := _single(n, 8)) is not None:
        return _doubling(x, degree, x + x - 1)
    x, n = _spread(x, n)

    def direct() -> Array:
        angle = _angle(x)
        return np.cos((n + 0.5) * angle) / np.cos(angle / 2)

    found = _chebyshev(x, n, x + x - 1, 8, direct)
    return _at_ends(x, n, found, 1, (2 * n + 1) * _alternating(n, x.dtype))


def chebyshev_w(x: Array, n: Array) -> Array:
    """Of the fourth kind: ``W_n(cos a) = sin((n + 1/2) a) / sin(a / 2)``."""
    if (degree := _single(n, 8)) is not None:
        return _doubling(x, degree, x + x + 1)
    x, n = _spread(x, n)

    def direct() -> Array:
        angle = _angle(x)
        return np.sin((n + 0.5) * angle) / np.sin(angle / 2)

    found = _chebyshev(x, n, x + x + 1, 8, direct)
    return _at_ends(x, n, found, 2 * n + 1, _alternating(n, x.dtype))


def _at_ends(x: Array, n: Array, found: Array, right: Array | int, left: Array) -> Array:
    """The values with exact ones at 1 and -1."""
    for end, values in ((1, right), (-1, left)):
        there = x == end
        if there.any():
            found = np.where(there, values, found).astype(x.dtype, copy=False)
    below = n < 0
    return np.where(below, x.dtype.type(0), found) if below.any() else found


# On [0, 1] instead of [-1, 1].
def shifted_chebyshev_t(x: Array, n: Array) -> Array:
    """``T_n(2x - 1)``."""
    return chebyshev_t(x + x - 1, n)


def shifted_chebyshev_u(x: Array, n: Array) -> Array:
    """``U_n(2x - 1)``."""
    return chebyshev_u(x + x - 1, n)


def shifted_chebyshev_v(x: Array, n: Array) -> Array:
    """``V_n(2x - 1)``."""
    return chebyshev_v(x + x - 1, n)


def shifted_chebyshev_w(x: Array, n: Array) -> Array:
    """``W_n(2x - 1)``."""
    return chebyshev_w(x + x - 1, n)


# The degrees up to which PyTorch computes Hermite polynomials.
_HERMITE_LIMIT = {4: 128, 8: 512}


def _hermite(x: Array, n: Array, scale: int) -> Array:
    number = _numbers(x)
    first = number[scale] * x
    # The product is not rounded before the difference, as in one fused instruction: single precision needs that here.
    one = type(x) is not Array
    factor = np.float64(first) if one else first.astype(np.float64)

    def step(q: Array, p: Array, k: int) -> Array:
        times = number[scale * k] if k < 64 else scale * k
        found = factor * q - times * p
        return x.dtype.type(found) if one else found.astype(x.dtype)

    if (degree := _single(n)) is not None:
        return _up_to(x, degree, first, step)
    x, n = _spread(x, n)
    high = n > _HERMITE_LIMIT[x.dtype.itemsize]
    found = recurrence(x, np.where(high, -1, n), scale * x, step)
    return np.where(high, x.dtype.type(np.nan), found)


def hermite_h(x: Array, n: Array) -> Array:
    """The physicists' Hermite polynomial."""
    return _hermite(x, n, 2)


def hermite_he(x: Array, n: Array) -> Array:
    """The probabilists' Hermite polynomial."""
    return _hermite(x, n, 1)


# The degree above which SciPy's compiled recurrences are used where values stay finite: each step takes as long there
# as one element's in PyTorch, while NumPy's calls would take a thousand times that.
_HIGH = 1000


def _by_scipy(name: str, x: Array, n: Array) -> Array:
    """A polynomial of SciPy's in double precision; the time taken grows with the degree."""
    import scipy.special

    found: Array = getattr(scipy.special, name)(n, x.astype(np.float64))
    return found


def laguerre_l(x: Array, n: Array) -> Array:
    """The Laguerre polynomial."""
    number = _numbers(x)

    def step(q: Array, p: Array, k: int) -> Array:
        if k >= 63:
            return ((2 * k + 1 - x) * q - k * p) / (k + 1)
        return ((number[2 * k + 1] - x) * q - number[k] * p) / number[k + 1]

    if (degree := _single(n)) is not None:
        return _up_to(x, degree, number[1] - x, step)
    x, n = _spread(x, n)
    high = n > _HIGH
    found = recurrence(x, np.where(high, -1, n), 1 - x, step)
    if high.any():
        # Left of 0 the values grow as exp(2 sqrt(-nx)), right of it they oscillate as high as exp(x / 2); PyTorch makes
        # NaN of what overflows.
        most = np.finfo(x.dtype).max
        lost = (n * np.clip(-x, 0, 1) > 160_000) | (x > 2 * np.log(most))
        values = _by_scipy("eval_laguerre", x, np.where(high & ~lost & (x != 0), n, 0))
        lost |= np.abs(values) * (2.0 * n) > most
        found = np.where(high, np.where(lost, np.nan, values), found).astype(x.dtype)
    return np.where((x == 0) & (n >= 0), x.dtype.type(1), found)


def legendre_p(x: Array, n: Array) -> Array:
    """The Legendre polynomial."""
    number = _numbers(x)

    def step(q: Array, p: Array, k: int) -> Array:
        if k >= 63:
            return ((2 * k + 1) * x * q - k * p) / (k + 1)
        return (number[2 * k + 1] * x * q - number[k] * p) / number[k + 1]

    if (degree := _single(n)) is not None:
        return _up_to(x, degree, x, step)
    x, n = _spread(x, n)
    high = (n > _HIGH) & (np.abs(x) <= 1)
    found = recurrence(x, np.where(high, -1, n), x, step)
    if high.any():
        values = _by_scipy("eval_legendre", x, np.where(high & (np.abs(x) < 1), n, 0))
        found = np.where(high, values, found).astype(x.dtype)
    return _at_ends(x, n, found, 1, _alternating(n, x.dtype))
