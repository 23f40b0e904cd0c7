"""Distances between points, of two sets of them or of one."""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..kernels import distances as kernels
from .arguments import explained
from .declare import REGISTRY, Array, composite, in_formulas, operation
from .elementwise_general import broadcast_shapes
from .steps import hidden, operand


# ---------------------------------------------------------------------------------------------- of two sets
@operation(
    name="_cdist",
    rows=True,
    aten="cdist",
    node="CdistBackward0",
    function=False,
    method=False,
    out=False,
    tangent="refused",
    kernel=kernels.distances,
    x1="sum_to_size(distances_slope(grad, x1, x2, p, result), shape(x1))",
    x2="sum_to_size(distances_slope(grad.swapaxes(-1, -2), x2, x1, p, result.swapaxes(-1, -2)), shape(x2))",
)
def _cdist(x1: Array, x2: Array, p: float) -> Array:
    """The p-norm distances between the rows of two batches of matrices, which broadcast."""


@operation(
    name="_euclidean_dist",
    node="EuclideanDistBackward0",
    function=False,
    method=False,
    out=False,
    tangent="refused",
    kernel=kernels.quick_distances,
    x1="sum_to_size(euclidean_slope(grad, x1, x2, result), shape(x1))",
    x2="sum_to_size(euclidean_slope(grad.swapaxes(-1, -2), x2, x1, result.swapaxes(-1, -2)), shape(x2))",
)
def _euclidean_dist(x1: Array, x2: Array) -> Array:
    """The Euclidean distances between the rows of two matrices, by a product of matrices."""


def _slopes(apart: Any, share: Any, result: Any, p: float, sign: Any, where: Any) -> Any:
    """The derivative of distances by the differences `apart`, times `share`; zero where a distance is not smooth."""
    if p == 0:
        return apart * 0 * share
    if p == 1:
        return sign(apart) * share
    if p == math.inf:
        return sign(apart) * (abs(apart) == result) * share
    size = abs(apart)
    none = (size == 0) | (result == 0) if p < 1 else (result == 0) | (apart != apart)
    safe = where(result == 0, result * 0 + 1, result)
    if p == 2:
        return where(result == 0, apart * 0, apart * share / safe)
    powers = where(none, size * 0 + 1, size) ** (p - 1)
    return where(none, apart * 0, sign(apart) * powers * share / safe ** (p - 1))


def _distances_slope(grad: Array, x: Array, other: Array, p: float, result: Array) -> Array:
    x, other = kernels.of_one_batch(x, other)
    compiled = kernels.slopes(grad, x, other, p, result)
    if compiled is not None:
        return compiled
    if p == 2 and max(x.shape[-2], other.shape[-2]) >= kernels.MANY:
        return kernels.quick_slope(grad, x, other, result)
    if p == 0:
        return np.zeros_like(x)
    apart = x[..., :, None, :] - other[..., None, :, :]
    found = _slopes(apart, grad[..., None], result[..., None], p, np.sign, np.where)
    return np.ascontiguousarray(np.add.reduce(found, axis=-2), grad.dtype)


def _distances_slope_again(grad: Any, x: Any, other: Any, p: float, result: Any) -> Any:
    from .comparison import where

    apart = x.unsqueeze(-2) - other.unsqueeze(-3)
    return _slopes(apart, grad.unsqueeze(-1), result.unsqueeze(-1), p, lambda t: t.sign(), where).sum(-2)


in_formulas(_distances_slope, _distances_slope_again, "distances_slope")
in_formulas(
    kernels.quick_slope,
    lambda grad, x, other, result: _distances_slope_again(grad, x, other, 2, result),
    "euclidean_slope",
)


_view_op = REGISTRY["_view"]
_PRODUCT, _PRODUCT_OF_MANY = "use_mm_for_euclid_dist", "use_mm_for_euclid_dist_if_necessary"
_MODES = _PRODUCT, _PRODUCT_OF_MANY, "donot_use_mm_for_euclid_dist"


@composite(method=False)
@explained
def cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: Any = "use_mm_for_euclid_dist_if_necessary") -> Any:
    """The p-norm distance between each row of one batch of matrices and each row of another.

    Args:
        x1, x2: floating-point tensors ``(..., P, M)`` and ``(..., R, M)``; the leading dimensions are broadcast.
        p: the norm, finite and above 0.
        compute_mode: ``"donot_use_mm_for_euclid_dist"`` computes all distances from differences,
            ``"use_mm_for_euclid_dist"`` Euclidean ones by a product, which is quicker and less precise; otherwise,
            those of more than 25 points are computed so.

    Returns:
        The distances ``(..., P, R)``.

    Raises:
        ValueError: there is no such mode.
        RuntimeError: the shapes do not fit.
    """
    if compute_mode not in _MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    if len(x1._shape) < 2 or len(x2._shape) < 2:
        name, t = ("X1", x1) if len(x1._shape) < 2 else ("X2", x2)
        raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {len(t._shape)}D")
    if x1._dtype.category != dtypes.FLOATING or x2._dtype.category != dtypes.FLOATING:
        name, t = ("X2", x2) if x1._dtype.is_floating_point else ("X1", x1)
        raise RuntimeError(f"cdist only supports floating-point dtypes, {name} got: {t._dtype.scalar_name}")
    if x1._dtype.itemsize == 2 and x1._data.size and x2._data.size:
        raise NotImplementedError(f"\"cdist\" not implemented for '{x1._dtype.scalar_name}'")
    if x1._shape[-1] != x2._shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {x1._shape[-1]} X2: {x2._shape[-1]}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    lead = broadcast_shapes(x1._shape[:-2], x2._shape[:-2])
    rows = max(x1._shape[-2], x2._shape[-2])
    product = compute_mode == _PRODUCT or (compute_mode == _PRODUCT_OF_MANY and rows >= kernels.MANY)
    if p == 2 and product and x1._data.size and x2._data.size:
        if len(x1._shape) == len(x2._shape) == 2 and hidden(x1, x2):
            found = _euclidean_dist(x1, x2)
            edge, shape = found._node, found._shape
            return operand(found._data[...], found, edge and _view_op.link(edge, shape, shape))
        if math.prod(lead) != 1:
            x1, x2 = [t.expand(lead + t._shape[-2:]).contiguous().view(-1, *t._shape[-2:]) for t in (x1, x2)]
        return _euclidean_dist(x1, x2).view(*lead, x1._shape[-2], x2._shape[-2])
    return _cdist(x1, x2, float(p))


# ---------------------------------------------------------------------------------------------- of one set
@operation(kernel=kernels.pairs, name="_pdist", aten="_pdist_forward", node="PdistBackward0", function=False,
           method=False, tangent="refused", input="pdist_backward(grad, input, p, result)")  # fmt: skip
def _pdist(input: Array, p: float) -> Array:
    """The p-norm distances between all pairs of rows."""


def _pdist_backward(grad: Array, input: Array, p: float, result: Array) -> Array:
    if len(input) < 2:
        return np.zeros_like(input)
    compiled = kernels.slopes(grad, input, input, p, result, pairs=True)
    if compiled is not None:
        return compiled
    pairs, n = np.triu_indices(len(input), 1), len(input)
    whole, shares = np.zeros((2, n, n), grad.dtype)
    whole[pairs], shares[pairs] = result, grad
    return _distances_slope(shares + shares.T, input, input, p, whole + whole.T)


@operation(kernel=_pdist_backward, function=False, method=False, node="PdistBackwardBackward0",
           grad_output="no_derivative('_pdist_backward')", input="no_derivative('_pdist_backward')",
           distances="no_derivative('_pdist_backward')")  # fmt: skip
def pdist_backward(grad_output: Array, input: Array, p: float, distances: Array) -> Array:
    """The gradient of `pdist`, of which PyTorch has no derivative."""


@composite(method=False)
@explained
def pdist(input: Any, p: float = 2.0) -> Any:
    """The p-norm distances between all pairs of rows of a matrix, row after row of the upper triangle.

    Raises:
        RuntimeError: the input is no matrix of floating-point numbers, or `p` is negative.
    """
    if len(input._shape) != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {len(input._shape)}D")
    if not input._dtype.is_floating_point:
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    if input._dtype.itemsize == 2 and input._shape[0] > 1:
        raise NotImplementedError(f"\"pdist\" not implemented for '{input._dtype.scalar_name}'")
    return _pdist(input, float(p))
