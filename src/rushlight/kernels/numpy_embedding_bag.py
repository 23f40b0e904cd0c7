"""Sums, means and maxima of bags of rows of a table, on NumPy arrays, with their gradients."""

from typing import Any

import numpy as np

from rushlight.kernels.numpy_common import narrow, widen

from .sparse import SparseArray

Array = np.ndarray

SUM, MEAN, MAX = 0, 1, 2


def bags_of(count: int, offsets: Array, include_last: bool) -> tuple[Array, int]:
    """For each of `count` places the number of its bag, and how many bags there are."""
    starts = offsets[:-1] if include_last else offsets
    return np.searchsorted(starts, np.arange(count), side="right") - 1, len(starts)


def quick(dtype: np.dtype, mode: int, padding_idx: int) -> bool:
    """Whether PyTorch has a quick way for such bags, which shows in what it says and keeps."""
    return mode != MAX and padding_idx == -1 and dtype != np.float64


def _runs(bags: Array) -> Array:
    """Where a new bag begins."""
    return np.flatnonzero(np.concatenate(([True], bags[1:] != bags[:-1]))) if bags.size else np.zeros(0, np.int64)


def embedding_bag(
    weight: Array, indices: Array, offsets: Array, mode: int, per_sample_weights: Array | None, include_last: bool,
    padding_idx: int,
) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    """The sum, mean or maximum of each bag of rows; zeros for an empty one.

    Args:
        weight: the table, ``(rows, D)``.
        indices: the rows of all bags behind each other.
        offsets: where each bag begins, and with `include_last` where the last one ends.
        mode: 0 for sums, 1 for means, 2 for maxima.
        per_sample_weights: a factor for each index (in sums), or None.
        include_last: see `offsets`.
        padding_idx: a row that does not count, or -1.

    Returns:
        The bags ``(B, D)``; the bag of each index; how many indices count in each bag; for maxima the rows where they
        were found, ``(B, D)``.

    Raises:
        RuntimeError: an index is no row.
    """
    outside = np.flatnonzero((indices < 0) | (indices >= len(weight)))
    if outside.size:
        at = int(outside[0])
        value = int(indices[at])
        if quick(weight.dtype, mode, padding_idx):
            raise RuntimeError(
                f"Index {at} of input takes value {value} which is not in the valid range [0, {len(weight)})"
            )
        raise RuntimeError(f"embedding_bag: Expected idx >= 0 && idx < num_embeddings but found idx to be {value}")
    bags, count = bags_of(len(indices), offsets, include_last)
    kept = indices != padding_idx
    chosen, within = indices[kept], bags[kept]
    rows = widen(weight[chosen])
    if per_sample_weights is not None:
        rows = rows * widen(per_sample_weights)[kept][:, None]
    starts = _runs(within)
    sizes = np.bincount(within, minlength=count).astype(np.int64)
    found = np.zeros((count, weight.shape[1]), rows.dtype)
    best = np.zeros((count, weight.shape[1]) if mode == MAX else count, np.int64)
    if starts.size:
        filled = within[starts]
        if mode == MAX:
            # A NaN stays where it comes first; a later one is never greater than what is there.
            first = rows[starts]
            found[filled] = np.where(np.isnan(first), first, np.fmax.reduceat(rows, starts))
            hits = np.where(rows == found[within], np.arange(len(rows))[:, None], len(rows) - 1)
            best[filled] = chosen[np.where(np.isnan(first), starts[:, None], np.minimum.reduceat(hits, starts))]
        else:
            found[filled] = np.add.reduceat(rows, starts)
            if mode == MEAN:
                found[filled] /= sizes[filled][:, None].astype(found.dtype)
    return narrow(found, weight.dtype), bags, sizes, best


def frequencies(indices: Array) -> Array:
    """By what PyTorch divides the gradient of each index.

    For the k-th of the rows in order that is how often the k-th of the sorted *indices* occurs, which is that row's own
    frequency only as long as no row before it occurs twice.
    """
    _, inverse = np.unique(indices, return_inverse=True)
    ordered, counts = np.sort(indices), np.bincount(indices)
    return counts[ordered[inverse]]


def _shares(wide: Array, bags: Array, sizes: Array, mode: int, samples: Array | None, kept: Array) -> Array:
    """What each index contributes to the gradient of its row."""
    within = bags[kept]
    shares = wide[within]
    if mode == MEAN:
        shares = shares / sizes[within][:, None].astype(wide.dtype)
    return shares if samples is None else shares * widen(samples)[kept][:, None]


def _sparse(
    wide: Array, weight: Array, indices: Array, bags: Array, sizes: Array, scale: bool, mode: int,
    samples: Array | None, padding: int,
) -> SparseArray:  # fmt: skip
    if mode == MAX:
        raise RuntimeError("max mode does not support sparse weights")
    if scale:
        raise RuntimeError("embedding_backward: scale_grad_by_freq not supported with sparse gradients")
    kept = indices != padding
    values = narrow(_shares(wide, bags, sizes, mode, samples, kept), weight.dtype)
    return SparseArray(indices[kept][None].astype(np.int64), values, weight.shape)


def embedding_bag_backward(
    g: Array, weight: Array, indices: Array, bags: Array, sizes: Array, best: Array, scale_grad_by_freq: bool,
    mode: int, per_sample_weights: Array | None, padding_idx: int, sparse: bool, needs: tuple[bool, bool],
) -> tuple[Any, Array | None]:  # fmt: skip
    """The gradients of `embedding_bag` by the table, which may be `sparse`, and by the samples' weights."""
    wide = widen(g)
    by_weight: Any = None
    by_samples = None
    if needs[0] and sparse:
        by_weight = _sparse(
            wide, weight, indices, bags, sizes, scale_grad_by_freq, mode, per_sample_weights, padding_idx
        )
    elif needs[0]:
        table = np.zeros(weight.shape, wide.dtype)
        if mode == MAX:
            filled = np.flatnonzero(sizes > 0)
            np.add.at(table, (best[filled], np.arange(weight.shape[1])), wide[filled])
        else:
            kept = indices != padding_idx
            shares = _shares(wide, bags, sizes, mode, per_sample_weights, kept)
            if scale_grad_by_freq:
                shares = shares / frequencies(indices)[kept][:, None].astype(wide.dtype)
            np.add.at(table, indices[kept], shares)
        by_weight = narrow(table, weight.dtype)
    if needs[1]:
        products = np.add.reduce(wide[bags] * widen(weight)[indices], axis=1)
        by_samples = narrow(np.where(indices == padding_idx, 0, products).astype(wide.dtype), weight.dtype)
    return by_weight, by_samples
