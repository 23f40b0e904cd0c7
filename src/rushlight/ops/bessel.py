"""Bessel and Airy functions of each element: `torch.special.bessel_j0` and its relatives.

Those that have no derivative in PyTorch have none here: their results require no gradient.
"""

from typing import Any

from ..dtypes import COMPLEX
from ..kernels import numpy_bessel as kernels
from .declare import Array, elementwise, formula
from .supported import full_precision, missing


# ---------------------------------------------------------------------------------------------- with derivatives
@elementwise(kernel=kernels.i0, floating=True, check=missing("i0_vml_cpu", COMPLEX), input="grad * special_i1(input)")
def i0(input: Array) -> Array:
    """The modified Bessel function of the first kind and order 0 of each element."""


@elementwise(name="special_i0e", node="SpecialI0EBackward0", kernel=kernels.i0e, floating=True, function=False,
             method=False, out=True, check=missing("i0e_cpu", COMPLEX),
             input="grad * (special_i1e(input) - sgn(input) * result)")  # fmt: skip
def i0e(input: Array) -> Array:
    """``exp(-|x|) * i0(x)`` of each element, which does not overflow."""


@elementwise(name="special_i1", kernel=kernels.i1, floating=True, function=False, method=False, out=True,
             check=missing("i1_cpu", COMPLEX), input="grad * i1_slope(input, result)")  # fmt: skip
def i1(input: Array) -> Array:
    """The modified Bessel function of the first kind and order 1 of each element."""


@elementwise(name="special_i1e", node="SpecialI1EBackward0", kernel=kernels.i1e, floating=True, function=False,
             method=False, out=True, check=missing("i1e_cpu", COMPLEX),
             input="grad * i1e_slope(input, result)")  # fmt: skip
def i1e(input: Array) -> Array:
    """``exp(-|x|) * i1(x)`` of each element, which does not overflow."""


# In these two, 1 stands for 0 where the result is divided by the input: there the slope is known.
@formula
def i1_slope(input: Any, result: Any) -> Any:
    """The derivative of `i1`; a half at zero and at NaN, as PyTorch's."""
    known = (input == 0) | (input != input)
    safe = where(known, ones_like(input), input)  # type: ignore[name-defined]  # noqa: F821
    return where(known, 0.5 * ones_like(input), i0(input) - result / safe)  # type: ignore[name-defined]  # noqa: F821


@formula
def i1e_slope(input: Any, result: Any) -> Any:
    """The derivative of `i1e`; a half at zero and at NaN, as PyTorch's."""
    known = (input == 0) | (input != input)
    safe = where(known, ones_like(input), input)  # type: ignore[name-defined]  # noqa: F821
    slope = special_i0e(input) - result * (sgn(input) + 1 / safe)  # type: ignore[name-defined]  # noqa: F821
    return where(known, 0.5 * ones_like(input), slope)  # type: ignore[name-defined]  # noqa: F821


# ---------------------------------------------------------------------------------------------- without
def _bessel(name: str, kernel: Any) -> Any:
    """Declares a function that has no derivative and is defined for float32 and float64."""
    return elementwise(name=f"special_{name}", kernel=kernel, floating=True, function=False, method=False,
                       inplace=False, out=True, check=full_precision(f"{name}_cpu"))  # fmt: skip


@_bessel("bessel_j0", kernels.j0)
def bessel_j0(input: Array) -> Array:
    """The Bessel function of the first kind and order 0 of each element."""


@_bessel("bessel_j1", kernels.j1)
def bessel_j1(input: Array) -> Array:
    """The Bessel function of the first kind and order 1 of each element."""


@_bessel("bessel_y0", kernels.y0)
def bessel_y0(input: Array) -> Array:
    """The Bessel function of the second kind and order 0 of each element."""


@_bessel("bessel_y1", kernels.y1)
def bessel_y1(input: Array) -> Array:
    """The Bessel function of the second kind and order 1 of each element."""


@_bessel("modified_bessel_i0", kernels.i0)
def modified_bessel_i0(input: Array) -> Array:
    """The modified Bessel function of the first kind and order 0 of each element; see `i0`, which has a derivative."""


@_bessel("modified_bessel_i1", kernels.i1)
def modified_bessel_i1(input: Array) -> Array:
    """The modified Bessel function of the first kind and order 1 of each element; see `i1`, which has a derivative."""


@_bessel("modified_bessel_k0", kernels.k0)
def modified_bessel_k0(input: Array) -> Array:
    """The modified Bessel function of the second kind and order 0 of each element."""


@_bessel("modified_bessel_k1", kernels.k1)
def modified_bessel_k1(input: Array) -> Array:
    """The modified Bessel function of the second kind and order 1 of each element."""


@_bessel("scaled_modified_bessel_k0", kernels.k0e)
def scaled_modified_bessel_k0(x: Array) -> Array:
    """``exp(x) * modified_bessel_k0(x)`` of each element."""


@_bessel("scaled_modified_bessel_k1", kernels.k1e)
def scaled_modified_bessel_k1(x: Array) -> Array:
    """``exp(x) * modified_bessel_k1(x)`` of each element."""


@_bessel("spherical_bessel_j0", kernels.spherical_j0)
def spherical_bessel_j0(x: Array) -> Array:
    """The spherical Bessel function of the first kind and order 0 of each element: ``sin(x) / x``."""


@_bessel("airy_ai", kernels.airy_ai)
def airy_ai(x: Array) -> Array:
    """The Airy function Ai of each element."""
