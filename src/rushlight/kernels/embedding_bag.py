"""Bags of rows of a table: compiled kernels from some size on, else NumPy's.

The arguments and results are those of the functions of the same names in `numpy_embedding_bag`.
"""

from typing import Any

import numpy as np

from . import numpy_embedding_bag
from .dispatch import Kernel, get_threads, share
from .numpy_embedding_bag import MAX as MAX
from .numpy_embedding_bag import MEAN as MEAN
from .numpy_embedding_bag import SUM as SUM
from .numpy_embedding_bag import frequencies
from .numpy_embedding_bag import quick as quick

Array = np.ndarray

# From how many elements that are looked up on the compiled kernels are quicker.
SMALLEST = 64

_SUMS, _MAXIMA = Kernel("embedding_bag", "sums", common=False), Kernel("embedding_bag", "maxima", common=False)
_SUMS_BACK, _DOTS = Kernel("embedding_bag", "sums_back", common=False), Kernel("embedding_bag", "dots", common=False)


def _usable(weight: Array, indices: Array, samples: Array | None) -> bool:
    same = samples is None or samples.dtype == weight.dtype
    return same and indices.size * weight.shape[1] >= SMALLEST and weight.dtype.char in "fd"


def embedding_bag(
    weight: Array, indices: Array, offsets: Array, mode: int, per_sample_weights: Array | None, include_last: bool,
    padding_idx: int,
) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    """The sum, mean or maximum of each bag of rows; zeros for an empty one."""
    found = None
    if _usable(weight, indices, per_sample_weights):
        found = _embedding_bag(weight, indices, offsets, mode, per_sample_weights, include_last, padding_idx)
    return found or numpy_embedding_bag.embedding_bag(
        weight, indices, offsets, mode, per_sample_weights, include_last, padding_idx
    )


def _embedding_bag(
    weight: Array, indices: Array, offsets: Array, mode: int, samples: Array | None, include_last: bool, padding: int
) -> tuple[Array, Array, Array, Array] | None:
    """The result, or None where NumPy has to find it (or what is wrong with it)."""
    if (run := (_MAXIMA if mode == MAX else _SUMS).get(weight.dtype)) is None:
        return None
    indices, dtype, (rows, width) = np.ascontiguousarray(indices, np.int64), weight.dtype, weight.shape
    starts = np.append(offsets[:-1] if include_last else offsets, indices.size).astype(np.int64, copy=False)
    count = len(starts) - 1
    outside = indices.view(np.uint64).max() >= rows  # as such, negative numbers are large
    if outside or not count or starts[0] != 0 or np.subtract(starts[1:], starts[:-1]).min() < 0:
        return None
    weight, y = np.ascontiguousarray(weight), np.empty((count, width), dtype)
    bags, sizes = np.empty(indices.size, np.int64), np.empty(count, np.int64)
    shared, grain = (weight, indices, starts, y, bags, sizes), share(count, -(-indices.size // count) * width)
    if mode == MAX:
        best = np.empty(y.shape, f"i{dtype.itemsize}")
        run(count, grain, *shared, best, width, padding)
        return y, bags, sizes, best.astype(np.int64)
    factors: Any = 0 if samples is None else np.ascontiguousarray(samples)
    run(count, grain, *shared, factors, width, mode == MEAN, padding)
    return y, bags, sizes, np.zeros(count, np.int64)


def embedding_bag_backward(
    g: Array, weight: Array, indices: Array, bags: Array, sizes: Array, best: Array, scale_grad_by_freq: bool,
    mode: int, per_sample_weights: Array | None, padding_idx: int, sparse: bool, needs: tuple[bool, bool],
) -> tuple[Any, Array | None]:  # fmt: skip
    """The gradients of `embedding_bag` by the table, which may be `sparse`, and by the samples' weights."""
    back, dots = _SUMS_BACK.get(g.dtype), _DOTS.get(g.dtype) if needs[1] else None
    usable = (
        _usable(weight, indices, per_sample_weights)
        and g.dtype == weight.dtype
        and mode != MAX
        and not sparse
        and sizes.size > 0
    )
    if not usable or mode == MAX or sparse or back is None or (needs[1] and dots is None):
        return numpy_embedding_bag.embedding_bag_backward(
            g, weight, indices, bags, sizes, best, scale_grad_by_freq, mode, per_sample_weights, padding_idx, sparse,
            needs,
        )  # fmt: skip
    g, indices, (rows, width) = np.ascontiguousarray(g), np.ascontiguousarray(indices, np.int64), weight.shape
    by_weight = by_samples = None
    if needs[0]:
        factors = per_sample_weights
        if mode == MEAN:
            shares = (1 / np.maximum(sizes, 1)).astype(g.dtype)[bags]
            factors = shares if factors is None else factors * shares
        if scale_grad_by_freq:
            shares = 1 / frequencies(indices).astype(g.dtype)
            factors = shares if factors is None else factors * shares
        given: Any = 0 if factors is None else np.ascontiguousarray(factors)
        by_weight, part = np.empty((rows, width), g.dtype), -(-rows // (2 * get_threads())) or 1
        back(
            -(-rows // part), 1, g, indices, bags, by_weight, given, indices.size, width, rows, part, padding_idx
        )  # fmt: skip
    if dots is not None:
        by_samples = np.empty(indices.size, g.dtype)
        table = np.ascontiguousarray(weight)
        dots(indices.size, share(indices.size, width), g, table, indices, bags, by_samples, width, padding_idx)
    return by_weight, by_samples
