"""Layer normalization: the compiled kernels from some size on, else NumPy's.

The arguments and results are those of the functions of the same names in `numpy_normalization`.
"""

from math import prod

import numpy as np

from . import numpy_normalization
from .dispatch import Kernel, ready, scratch, share

Array = np.ndarray

# From how many elements on the compiled kernels are quicker.
SMALLEST, SMALLEST_BACKWARD = 512, 2048

# Up to how many elements the arrays stay in the processor's cache, so that going through them twice is quicker than
# keeping sums for each block of rows.
LARGEST = 1 << 18

_FORWARD = Kernel("layer_norm", "forward")
_BACKWARD = Kernel("layer_norm", "backward"), Kernel("layer_norm", "finish"), Kernel("layer_norm", "columns")


def _usable(smallest: int, x: Array, *parameters: Array | None) -> bool:
    dtype = x.dtype
    return x.size >= smallest and all(p is None or (p.dtype == dtype and p.flags.c_contiguous) for p in parameters)


def layer_norm(x: Array, dims: int, weight: Array | None, bias: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Normalizes over the last `dims` dimensions of `x`, then scales and shifts by `weight` and `bias`."""
    if not _usable(SMALLEST, x, weight, bias) or (run := _FORWARD.get(x.dtype)) is None:
        return numpy_normalization.layer_norm(x, dims, weight, bias, eps)
    x, dtype, lead = np.ascontiguousarray(x), x.dtype, x.shape[: x.ndim - dims]
    rows = prod(lead)
    count, kept = x.size // rows, (*lead, *(1,) * dims)
    y, mean, inverse = np.empty(x.shape, dtype), np.empty(kept, dtype), np.empty(kept, dtype)
    weight = np.ones(count, dtype) if weight is None else weight
    bias = np.full(count, -0.0, dtype) if bias is None else bias
    run(rows, share(rows, count), x, y, count, weight, bias, mean, inverse, float(eps))
    if not inverse.all():  # a variance is infinite
        return numpy_normalization.layer_norm(x, dims, weight, bias, eps)
    return y, mean, inverse


def layer_norm_backward(
    g: Array, x: Array, dims: int, mean: Array, inverse: Array, weight: Array | None, needs: tuple[bool, bool, bool]
) -> tuple[Array | None, Array | None, Array | None]:
    """The gradients of `layer_norm` with respect to `x`, `weight` and `bias` (those that `needs` asks for)."""
    usable = g.dtype == x.dtype and _usable(SMALLEST_BACKWARD, x, weight, mean, inverse)
    if not usable or (runs := ready(_BACKWARD, x.dtype)) is None:
        return numpy_normalization.layer_norm_backward(g, x, dims, mean, inverse, weight, needs)
    backward, finish, columns = runs
    x, g, dtype, shape = np.ascontiguousarray(x), np.ascontiguousarray(g), x.dtype, x.shape
    rows, kept = inverse.size, shape[x.ndim - dims :]
    count = x.size // rows
    gx = np.empty(shape, dtype) if needs[0] else None
    factor = np.ones(count, dtype) if weight is None else weight
    sums = needs[1] or needs[2]
    blocked = sums and x.size > LARGEST
    block = max(1, min(1024, -(-rows // 32)))
    blocks, width, groups = -(-rows // block), -(-count // 16) * 16, -(-count // 64)
    partial = scratch(blocks * 2 * width if blocked else 0, dtype)
    left = np.empty(rows, dtype)
    into, sizes = g if gx is None else gx, (rows, count, block)
    how = mean, inverse, partial, width, gx is not None, blocked, left, bool(needs[1])
    if gx is not None or blocked or needs[1]:
        backward(blocks, share(blocks, block * count), g, x, into, *sizes, factor, *how)
    if not sums:
        return gx, None, None
    grad_weight, grad_bias = np.empty(kept, dtype), np.empty(kept, dtype)
    if blocked:
        finish(groups, share(groups, 128 * blocks), partial, blocks, width, count, grad_weight, grad_bias)
    else:
        columns(groups, share(groups, 64 * rows), g, x, rows, count, mean, inverse, left, grad_weight, grad_bias)
    return gx, grad_weight if needs[1] else None, grad_bias if needs[2] else None
