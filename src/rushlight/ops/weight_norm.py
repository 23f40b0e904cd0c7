"""Weights as a direction and a length: weight normalization (Salimans and Kingma 2016)."""

from typing import Any

import numpy as np

from .. import dtypes
from ..kernels.numpy_common import narrow, widen
from .declare import Array, composite, formula, operation


@composite(method=False)
def norm_except_dim(v: Any, pow: int = 2, dim: int = 0) -> Any:
    """The norms of the slices of `v` along `dim`, with ones for the other dimensions; of all of it if `dim` is -1.

    Args:
        v: the tensor.
        pow: which norm.
        dim: the dimension that is kept.

    Raises:
        IndexError: there is no such dimension.
    """
    if dim == -1:
        return v.norm(pow)
    n, last = v.size(dim if dim in (0, v.ndim - 1) else 0), v.ndim - 1
    if dim == 0:
        return v.contiguous().view(n, -1).norm(pow, 1).view(n, *[1] * last)
    if dim == last:
        return v.contiguous().view(-1, n).norm(pow, 0).view(*[1] * last, n)
    return norm_except_dim(v.transpose(0, dim), pow, 0).transpose(0, dim)


def _rows(v: Array, dim: int) -> tuple[Array, int]:
    """`v` as a matrix, and the axis of it over which the norms are: `dim` is the first or the last dimension."""
    return (v.reshape(v.shape[0], -1), 1) if dim == 0 else (v.reshape(-1, v.shape[-1]), 0)


@formula
def weight_norm_grads(grad: Any, v: Any, g: Any, dim: int, needs: Any) -> Any:
    """The gradients of `v` and `g` through ``g * v / norm(v)``."""
    axis = 1 if dim == 0 else 0
    size = (v.shape[0], -1) if dim == 0 else (-1, v.shape[-1])
    rows, given = v.reshape(size), grad.reshape(size)
    length = (rows * rows).sum(axis, keepdims=True) ** 0.5
    along = (rows * given).sum(axis, keepdims=True)
    factor = g.reshape(length.shape) / length
    grad_v = (factor * (given - rows * (along / (length * length)))).reshape(v.shape) if needs[0] else None
    return grad_v, (along / length).reshape(g.shape) if needs[1] else None


@operation(
    outputs=("result", "norms"), differentiable=("result",), method=False, out=False, tangent="refused",
    joint=("v, g", "weight_norm_grads(grad, v, g, dim, needs)"),
)  # fmt: skip
def _weight_norm_interface(v: Array, g: Array, dim: int = 0) -> tuple[Array, Array]:
    """``g * v / norm(v)`` with a norm for each slice along the first or last dimension, and these norms.

    Raises:
        RuntimeError: the dtypes differ.
    """
    if v.dtype != g.dtype:
        names = [dtypes.from_numpy(x.dtype).scalar_name for x in (v, g)]
        raise RuntimeError(f"expected scalar type {names[0]} but found {names[1]}")
    rows, axis = _rows(widen(v), dim)
    norms = np.sqrt((rows * rows).sum(axis, keepdims=True))
    result = rows * (widen(g).reshape(norms.shape) / norms)
    return narrow(result, v.dtype).reshape(v.shape), norms.reshape(g.shape)


@composite(method=False)
def _weight_norm(v: Any, g: Any, dim: int = 0) -> Any:
    """``g * v / norm_except_dim(v, 2, dim)``: what `torch.nn.utils.parametrizations.weight_norm` computes."""
    if dim in (0, v.ndim - 1):
        return _weight_norm_interface(v, g, dim)[0]
    return v * (g / norm_except_dim(v, 2, dim))
