"""Distances and angles between vectors."""

import numpy as np

from ...autograd import mode
from ...autograd.grad_mode import no_grad
from ...kernels.numpy_common import constant
from ...ops import distances
from ...ops.arguments import explained
from ...ops.broadcasting import broadcast_tensors
from ...ops.elementwise_general import result_type
from ...ops.loss import plus_number
from ...ops.matmul import need_tensors
from ...ops.vector_norms import _norm_along, vector_norm
from ...tensor import Tensor

__all__ = ["cosine_similarity", "pairwise_distance", "pdist"]

pdist = distances.pdist


@explained
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """Return the p-norm of ``x1 - x2 + eps`` along the last dimension."""
    apart = plus_number(x1 - x2, eps)
    if p == 0:
        return apart.norm(p, -1, keepdim)
    last = (apart.ndim - 1,) if apart.ndim else ()
    return _norm_along(apart, apart.detach().norm(p, -1, keepdim), float(p), last, keepdim)  # type: ignore[no-any-return]


@explained
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Return the cosine of the angle between `x1` and `x2` along `dim`; lengths below `eps` count as `eps`.

    Raises:
        RuntimeError: the common dtype is no floating-point type.
    """
    common = result_type(x1, x2)
    if not common.is_floating_point:
        need_tensors("cosine_similarity", ("x1", x1), ("x2", x2))
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {common.scalar_name}")
    if x1.shape != x2.shape:
        x1, x2 = broadcast_tensors(x1, x2)
    x1, x2 = (x if x.is_floating_point() else x.to(common) for x in (x1, x2))
    return (x1 / _length(x1, dim, eps) * (x2 / _length(x2, dim, eps))).sum(dim)


def _length(x: Tensor, dim: int, least: float) -> Tensor:
    """The lengths of vectors, at least a number; that they are raised to it leaves no trace in the graph."""
    length = vector_norm(x, 2, dim, True)
    if not (unseen := mode.unseen(length)):
        length = length.clone()  # the norm's gradient reads the norm
    if x._dtype.plain and (unseen or not mode.special.count):
        np.maximum(length._data, constant(least, length._data.dtype), out=length._data)
    else:
        with no_grad():
            length.clamp_min_(least)
    return length  # type: ignore[no-any-return]
