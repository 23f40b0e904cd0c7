"""Gamma-distributed numbers, drawn one by one as PyTorch draws them, and how they follow their parameter."""

import math

import numpy as np

from .numpy_bessel import scipys
from .numpy_normal import standard_normal
from .numpy_random import MersenneTwister, uniform64

Array = np.ndarray

_THIRD, _SQUEEZE = float(np.float32(1) / np.float32(3)), float(np.float32(0.0331))


def _one(source: MersenneTwister, alpha: np.floating) -> float:
    """A number of the gamma distribution of shape `alpha`, by rejection; NaN for negative ones.

    Source: G. Marsaglia and W. W. Tsang, A simple method for generating gamma variables, 2000.
    """
    kind, scale = alpha.dtype.type, 1.0
    if alpha < 1:
        if alpha == 0:
            return 0.0
        scale = _power(1 - float(uniform64(source, 1)[0]), float(kind(1) / alpha))
        alpha = alpha + kind(1)
    d = float(alpha - kind(_THIRD))
    c = 1 / math.sqrt(9 * d) if d > 0 else math.nan
    while True:
        x = standard_normal(source)
        y = 1 + c * x
        if y <= 0:
            continue
        v = y * y * y
        u, square = 1 - float(uniform64(source, 1)[0]), x * x
        if u < 1 - _SQUEEZE * square * square or math.log(u) < 0.5 * square + d * (1 - v + math.log(v)):
            return scale * d * v


def _power(x: float, exponent: float) -> float:
    try:
        return math.pow(x, exponent)
    except (OverflowError, ValueError):
        return math.inf


def gamma(source: MersenneTwister, alpha: Array) -> Array:
    """Numbers of the gamma distributions of shapes `alpha`, at least the smallest normal number of the dtype."""
    with np.errstate(all="ignore"):
        drawn = np.array([_one(source, a) for a in alpha.ravel()], np.float64).reshape(alpha.shape)
        return np.fmax(drawn.astype(alpha.dtype), np.finfo(alpha.dtype).tiny)


def dirichlet(source: MersenneTwister, alpha: Array) -> Array:
    """Numbers of Dirichlet distributions, whose parameters stand in the last dimension: gamma numbers by their sum."""
    drawn = gamma(source, alpha.astype(np.float64))
    whole = drawn.sum(-1, keepdims=True) if drawn.ndim else drawn
    one = alpha.dtype.type(1)
    return np.clip((drawn / whole).astype(alpha.dtype), np.finfo(alpha.dtype).tiny, np.nextafter(one, one - one))


# ---------------------------------------------------------------------------------------------- the derivative
# A rational approximation in log(x / alpha) (rows) and log(alpha): four coefficients above, four below.
_COEFFICIENTS = np.array([
    [0.16009398, -0.094634809, 0.025146376, -0.0030648343, 1, 0.32668115, 0.10406089, 0.0014179084],
    [0.53487893, 0.1298071, 0.065735949, -0.0015649758, 0.16639465, 0.020070113, -0.0035938915, -0.00058392623],
    [0.040121004, -0.0065914022, -0.0026286047, -0.0013441777, 0.017050642, -0.0021309326, 0.00085092367,
     -1.5247877e-07],
])  # fmt: skip


def gamma_slope(alpha: Array, x: Array) -> Array:
    """How a gamma-distributed number `x` grows with its shape `alpha`, if its rank among all stays as it is.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#gamma; M. Figurnov et al., Implicit
        reparameterization gradients, 2018.
    """
    a, y = np.broadcast_arrays(alpha.astype(np.float64), x.astype(np.float64))
    low, large = y < 0.8, a > 8
    near = (0.9 * a <= y) & (y <= 1.1 * a)
    with np.errstate(all="ignore"):
        found = np.select(
            [low, large & near, large], [_by_series(a, y), _near_its_mean(a, y), _by_saddle_point(a, y)],
            _by_fraction(a, y),
        )  # fmt: skip
    return found.astype(alpha.dtype)


def _by_series(a: Array, x: Array) -> Array:
    """The slope at small numbers, from the power series of the distribution's integral."""
    term, first, second = np.ones_like(a), 1 / a, 1 / (a * a)
    for i in range(1, 6):
        term = term * (-x / i)
        first = first + term / (a + i)
        second = second + term / ((a + i) * (a + i))
    power = x**a
    density = x ** (a - 1) * np.exp(-x)
    by_alpha = (np.log(x) - scipys("digamma")(a)) * (power * first) - power * second
    slope = -by_alpha / density
    return np.where(np.isnan(slope), 0.0, slope)


def _near_its_mean(a: Array, x: Array) -> Array:
    """The slope for a large shape where the saddle point's formula cancels."""
    above = 1440 * (a * a) + 6 * x * (53 - 120 * x) - 65 * x * x / a + a * (107 + 3600 * x)
    return (1 + 24 * a * (1 + 12 * a)) * above / (1244160 * (a * a) * (a * a))


def _by_saddle_point(a: Array, x: Array) -> Array:
    """The slope for a large shape, from Rice's expansion."""
    root, ratio = np.sqrt(8 * a), np.log(x / a)
    far, bend = root / (a - x), (x - a - a * ratio) ** -1.5
    inner = ratio * np.where(x < a, far - bend, far + bend) - np.sqrt(2 / a) * (a + x) / ((a - x) * (a - x))
    stirling = 1 + 1 / (12 * a) * (1 + 1 / (24 * a))
    return -stirling * (x * inner) / root


def _by_fraction(a: Array, x: Array) -> Array:
    """The slope anywhere else."""
    u, v = np.log(x / a)[..., None], np.log(a)
    c = _COEFFICIENTS[0] + u * (_COEFFICIENTS[1] + u * _COEFFICIENTS[2])
    above, below = (
        c[..., i] + v * (c[..., i + 1] + v * (c[..., i + 2] + v * c[..., i + 3])) for i in (0, 4)
    )  # fmt: skip
    return np.exp(above / below)
