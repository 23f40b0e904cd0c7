"""Slices scaled down to a greatest norm."""

from typing import Any

import numpy as np

from .. import dtypes
from ..kernels import numpy_statistics as kernels
from ..kernels.numpy_common import narrow, widen
from .declare import Array, formula, operation
from .dimensions import wrap_dim


@formula
def renorm_backward(grad: Any, input: Any, p: float, dim: int, maxnorm: float) -> Any:
    """The gradient of `renorm`: of slices that were scaled, through the norm as well."""
    axes = tuple([d for d in range(input.ndim) if d != dim % input.ndim])
    norms = _vector_norm(input, p * 1.0, axes, True, None, None)  # type: ignore[name-defined]  # noqa: F821
    along = sum_over(real_part(conj(input) * grad), axes, True)  # type: ignore[name-defined]  # noqa: F821
    inverse = 1 / (norms + 1e-7)
    through = norm_backward(along, input, norms, p, axes, True)  # type: ignore[name-defined]  # noqa: F821
    scaled = maxnorm * inverse * (grad - inverse * through)
    return where(norms > maxnorm, as_type(scaled, grad), grad)  # type: ignore[name-defined]  # noqa: F821


@operation(inplace=True, rows=True, input="renorm_backward(grad, input, p, dim, maxnorm)")
def renorm(input: Array, p: Any, dim: int, maxnorm: Any) -> Array:
    """Scales each slice along `dim` whose norm exceeds `maxnorm` down to it.

    Args:
        input: floating-point or complex numbers of at least two dimensions.
        p: the p of the norm, above 0.
        dim: the dimension along which the slices are.
        maxnorm: the greatest norm.

    Raises:
        RuntimeError: there is no such norm, the greatest norm is negative, or there are less than two dimensions.
        IndexError: there is no such dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.renorm.html
    """
    if isinstance(p, complex):
        raise RuntimeError("renorm: p must be real-valued")
    if not p > 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if isinstance(maxnorm, complex):
        raise RuntimeError("renorm: maxnorm must be real-valued")
    if not maxnorm >= 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    if input.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions")
    dim = wrap_dim(dim, input.ndim)
    if input.dtype.kind not in "fcV":
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            + dtypes.from_numpy(input.dtype).scalar_name
        )
    wide = widen(input)
    norms = kernels.vector_norm(wide, float(p), tuple(d for d in range(input.ndim) if d != dim), True)
    # The small number keeps the scaled norm from exceeding the greatest one.
    factor = np.where(norms > maxnorm, maxnorm / (norms + norms.dtype.type(1e-7)), 1).astype(norms.dtype)
    return narrow(wide * factor, input.dtype)
