"""Group normalization: kernels of its own for large channels, those of layer normalization for many small ones.

The arguments and results are those of the functions of the same names in `numpy_normalization`.
"""

from math import prod

import numpy as np

from . import layer_norm, numpy_normalization
from .dispatch import Kernel, share
from .pointwise import LARGE, Loop
from .reduction import sum_over

Array = np.ndarray

# From how many elements on the compiled kernels are quicker.
SMALLEST = LARGE

# From how many numbers in a channel of a sample on it is worth a loop of its own.
_LEAST = 32

_FORWARD, _BACKWARD = (Kernel("group_norm", name, common=False) for name in ("forward", "backward"))

_AFFINE = Loop("affine", ("x", "weight", "bias"), ("x * weight + bias",))
_SCALED = Loop("scaled", ("g", "weight"), ("g * weight",))
_ALONG = Loop("along_normal", ("g", "x", "mean", "inverse"), ("(x - mean) * inverse * g",))


def _usable(x: Array, *others: Array | None) -> bool:
    dtype = x.dtype
    return x.size >= SMALLEST and dtype.char in "fd" and all(o is None or o.dtype == dtype for o in others)


def group_norm(
    x: Array, groups: int, weight: Array | None, bias: Array | None, eps: float
) -> tuple[Array, Array, Array]:
    """Normalizes groups of channels of `x`, then scales and shifts each channel."""
    if _usable(x, weight, bias):
        n, c = x.shape[:2]
        if (done := _forward(x, groups, weight, bias, eps)) is not None:
            return done
        rows = np.ascontiguousarray(x).reshape(n * groups, -1)
        y, mean, inverse = layer_norm.layer_norm(rows, 1, None, None, eps)
        y = y.reshape(n, c, -1)
        if weight is not None or bias is not None:
            factor = np.ones(c, x.dtype) if weight is None else weight
            shift = np.zeros(c, x.dtype) if bias is None else bias
            done = _AFFINE(y, factor[:, None], shift[:, None], out=y)
            if done is None:
                return numpy_normalization.group_norm(x, groups, weight, bias, eps)
        return y.reshape(x.shape), mean.reshape(n, groups), inverse.reshape(n, groups)
    return numpy_normalization.group_norm(x, groups, weight, bias, eps)


def _forward(
    x: Array, groups: int, weight: Array | None, bias: Array | None, eps: float
) -> tuple[Array, Array, Array] | None:
    """What `group_norm` returns, or None if the channels are too small or there is no kernel."""
    (n, c), plane = x.shape[:2], prod(x.shape[2:])
    if plane < _LEAST or (run := _FORWARD.get(x.dtype)) is None:
        return None
    x = np.ascontiguousarray(x)
    y, (mean, inverse) = np.empty(x.shape, x.dtype), np.empty((2, n, groups), x.dtype)
    factors = [x if p is None else np.ascontiguousarray(p) for p in (weight, bias)]
    there = weight is not None, bias is not None
    sizes, rows = (c // groups, plane, groups), n * groups
    run(rows, share(rows, x.size // rows), x, y, *sizes, *factors, *there, mean, inverse, float(eps))
    return (y, mean, inverse) if inverse.all() else None  # else a variance is infinite


def _backward(
    g: Array, x: Array, groups: int, mean: Array, inverse: Array, weight: Array | None, needs: tuple[bool, bool, bool]
) -> tuple[Array | None, Array | None, Array | None] | None:
    """What `group_norm_backward` returns, or None if the channels are too small or there is no kernel."""
    (n, c), plane = x.shape[:2], prod(x.shape[2:])
    if plane < _LEAST or (run := _BACKWARD.get(x.dtype)) is None:
        return None
    g, x = np.ascontiguousarray(g), np.ascontiguousarray(x)
    gx, by_weight, by_bias = np.empty(x.shape if needs[0] else 0, x.dtype), np.empty((n, c)), np.empty((n, c))
    factor, sizes = x if weight is None else np.ascontiguousarray(weight), (c // groups, plane, groups)
    mean, inverse, rows = np.ascontiguousarray(mean), np.ascontiguousarray(inverse), n * groups
    results = by_weight, by_bias, bool(needs[0])
    run(rows, share(rows, x.size // rows), g, x, gx, *sizes, factor, weight is not None, mean, inverse, *results)
    whole = [np.add.reduce(p, 0).astype(x.dtype) if wanted else None
             for p, wanted in zip((by_weight, by_bias), needs[1:], strict=True)]  # fmt: skip
    return gx if needs[0] else None, whole[0], whole[1]


def group_norm_backward(
    g: Array, x: Array, groups: int, mean: Array, inverse: Array, weight: Array | None, needs: tuple[bool, bool, bool]
) -> tuple[Array | None, Array | None, Array | None]:
    """The gradients of `group_norm` with respect to `x`, `weight` and `bias` (those that `needs` asks for)."""
    if _usable(x, g, weight, mean, inverse):
        if (done := _backward(g, x, groups, mean, inverse, weight, needs)) is not None:
            return done
        (n, c), plane, kept = x.shape[:2], prod(x.shape[2:]), (x.shape[0], groups, 1)
        g, x, shape = np.ascontiguousarray(g).reshape(n, c, plane), np.ascontiguousarray(x), x.shape
        rows = x.reshape(n, groups, -1)
        along = _ALONG(g.reshape(rows.shape), rows, mean.reshape(kept), inverse.reshape(kept)) if needs[1] else rows
        scaled = g if weight is None or not needs[0] else _SCALED(g, weight[:, None])
        if along is not None and scaled is not None:
            gx = None
            if needs[0]:
                statistics = mean.reshape(-1, 1), inverse.reshape(-1, 1)
                flat = scaled.reshape(n * groups, -1), x.reshape(n * groups, -1)
                gx = layer_norm.layer_norm_backward(*flat, 1, *statistics, None, (True, False, False))[0]
            return (
                None if gx is None else gx.reshape(shape),
                sum_over(along.reshape(n, c, plane), (0, 2)) if needs[1] else None,
                sum_over(g, (0, 2)) if needs[2] else None,
            )
    return numpy_normalization.group_norm_backward(g, x, groups, mean, inverse, weight, needs)
