"""Orthogonal polynomials of each element: `torch.special.chebyshev_polynomial_t` and its relatives.

The degree is a number or a tensor that broadcasts; below zero the result is 0. As in PyTorch there are no derivatives:
results require no gradient.
"""

import functools
from collections.abc import Callable
from typing import Any

from ..kernels import numpy_polynomials as kernels
from ..kernels.layout import laid_by
from .declare import Array, elementwise
from .supported import full_precision


def _polynomial(kernel: Any) -> Callable[[Any], Any]:
    """Declares a polynomial under its name in `torch.special`, for float32 and float64."""

    @functools.wraps(kernel)
    def computed(x: Array, n: Array) -> Array:
        if x.size == 1 and not n.ndim:
            return kernels.of_one(kernel, x, n)
        found = kernel(x, n)
        return found if found.ndim < 2 else laid_by(found, x, n)

    def declare(declared: Any) -> Any:
        name = declared.__name__
        return elementwise(name=f"special_{name}", kernel=computed, floating=True, function=False, method=False,
                           inplace=False, out=True, check=full_precision(f"{name}_cpu"))(declared)  # fmt: skip

    return declare


@_polynomial(kernels.chebyshev_t)
def chebyshev_polynomial_t(x: Array | float, n: Array | float) -> Array:
    """The Chebyshev polynomial of the first kind and degree `n`, with ``T_n(cos a) = cos(n a)``."""


@_polynomial(kernels.chebyshev_u)
def chebyshev_polynomial_u(x: Array | float, n: Array | float) -> Array:
    """The Chebyshev polynomial of the second kind and degree `n`, with ``U_n(cos a) = sin((n + 1) a) / sin(a)``."""


@_polynomial(kernels.chebyshev_v)
def chebyshev_polynomial_v(x: Array | float, n: Array | float) -> Array:
    """The Chebyshev polynomial of the third kind and degree `n`: ``V_n(cos a) = cos((n + 1/2) a) / cos(a / 2)``."""


@_polynomial(kernels.chebyshev_w)
def chebyshev_polynomial_w(x: Array | float, n: Array | float) -> Array:
    """The Chebyshev polynomial of the fourth kind and degree `n`: ``W_n(cos a) = sin((n + 1/2) a) / sin(a / 2)``."""


@_polynomial(kernels.shifted_chebyshev_t)
def shifted_chebyshev_polynomial_t(x: Array | float, n: Array | float) -> Array:
    """The Chebyshev polynomial of the first kind and degree `n` of ``2x - 1``."""


@_polynomial(kernels.shifted_chebyshev_u)
def shifted_chebyshev_polynomial_u(x: Array | float, n: Array | float) -> Array:
    """The Chebyshev polynomial of the second kind and degree `n` of ``2x - 1``."""


@_polynomial(kernels.shifted_chebyshev_v)
def shifted_chebyshev_polynomial_v(x: Array | float, n: Array | float) -> Array:
    """The Chebyshev polynomial of the third kind and degree `n` of ``2x - 1``."""


@_polynomial(kernels.shifted_chebyshev_w)
def shifted_chebyshev_polynomial_w(x: Array | float, n: Array | float) -> Array:
    """The Chebyshev polynomial of the fourth kind and degree `n` of ``2x - 1``."""


@_polynomial(kernels.hermite_h)
def hermite_polynomial_h(x: Array | float, n: Array | float) -> Array:
    """The physicists' Hermite polynomial of degree `n`, orthogonal under the weight ``exp(-x**2)``."""


@_polynomial(kernels.hermite_he)
def hermite_polynomial_he(x: Array | float, n: Array | float) -> Array:
    """The probabilists' Hermite polynomial of degree `n`, orthogonal under the weight ``exp(-x**2 / 2)``."""


@_polynomial(kernels.laguerre_l)
def laguerre_polynomial_l(x: Array | float, n: Array | float) -> Array:
    """The Laguerre polynomial of degree `n`, orthogonal under the weight ``exp(-x)`` on the positive numbers."""


@_polynomial(kernels.legendre_p)
def legendre_polynomial_p(x: Array | float, n: Array | float) -> Array:
    """The Legendre polynomial of degree `n`, orthogonal on [-1, 1]."""
