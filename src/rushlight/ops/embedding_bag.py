"""Sums, means and maxima of bags of rows of a table, and scaling rows down.

PyTorch has no second derivatives of bags.
"""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.grad_mode import no_grad
from ..base import wrap
from ..kernels import embedding_bag as kernels
from .declare import Array, composite, in_formulas, operation

_HIDDEN: dict[str, Any] = {"function": False, "method": False}


@operation(
    kernel=lambda weight, indices, offsets, scale, mode, samples, include_last, padding, sparse, dtype: (
        kernels.embedding_bag(weight, indices, offsets, mode, samples, include_last, padding)
    ),
    name="_embedding_bag", node="EmbeddingBagBackward0", aten="_embedding_bag", tangent="refused",
    outputs=("result", "offset2bag", "bag_size", "maximum_indices"), differentiable=("result",), **_HIDDEN,
    keeps="offsets, per_sample_weights", shows=("dtype", "scale_grad_by_freq", "sparse"),
    weight="embedding_bag_by_table(grad, shape(weight), indices, offset2bag, bag_size, maximum_indices, "
    "scale_grad_by_freq, mode, per_sample_weights, padding_idx, sparse)",
    per_sample_weights="embedding_bag_by_samples(grad, weight, indices, offset2bag, bag_size, maximum_indices, mode, "
    "padding_idx)",
)  # fmt: skip
def _embedding_bag(
    weight: Array, indices: Array, offsets: Array, scale_grad_by_freq: bool, mode: int,
    per_sample_weights: Array | None, include_last_offset: bool, padding_idx: int, sparse: bool, dtype: Any,
) -> Array:  # fmt: skip
    """Sums, means or maxima of bags of rows of `dtype`, of checked arguments."""


_WORDS = "the derivative for '_embedding_bag_backward' is not implemented."


def _refuse(grad: Any) -> Any:
    raise NotImplementedError(_WORDS)


in_formulas(_refuse, _refuse, "refuse_second_bag")


def _by_table(
    grad_output: Array, size: Any, indices: Array, bags: Array, sizes: Array, best: Array, scale: bool, mode: int,
    samples: Array | None, padding: int, sparse: bool,
) -> Array:  # fmt: skip
    table = np.broadcast_to(np.zeros((), grad_output.dtype), size)  # of which no element counts
    return kernels.embedding_bag_backward(  # type: ignore[no-any-return]
        grad_output, table, indices, bags, sizes, best, scale, mode, samples, padding, sparse, (True, False)
    )[0]


@operation(kernel=_by_table, node="EmbeddingBagBackwardBackward0", **_HIDDEN,
           grad_output="refuse_second_bag(grad)", samples="refuse_second_bag(grad)")  # fmt: skip
def embedding_bag_by_table(
    grad_output: Array, size: Any, indices: Array, bags: Array, sizes: Array, best: Array, scale: bool, mode: int,
    samples: Array | None, padding: int, sparse: bool,
) -> Array:  # fmt: skip
    """The gradient of the bags by the table of shape `size`."""


def _by_samples(
    grad_output: Array, weight: Array, indices: Array, bags: Array, sizes: Array, best: Array, mode: int, padding: int
) -> Array:
    return kernels.embedding_bag_backward(  # type: ignore[return-value]
        grad_output, weight, indices, bags, sizes, best, False, mode, None, padding, False, (False, True)
    )[1]


_NOT_TWICE = "not_implemented(grad, '_embedding_bag_per_sample_weights_backward')"


@operation(kernel=_by_samples, node="torch::autograd::NotImplemented", **_HIDDEN,
           grad_output=_NOT_TWICE, weight=_NOT_TWICE)  # fmt: skip
def embedding_bag_by_samples(
    grad_output: Array, weight: Array, indices: Array, bags: Array, sizes: Array, best: Array, mode: int, padding: int
) -> Array:
    """The gradient of the bags by the samples' weights."""


def _check_types(weight: Any, indices: Any, samples: Any) -> None:
    where = "(while checking arguments for embedding_bag)"
    for name, t in (("indices", indices),):
        if t._dtype not in (dtypes.int64, dtypes.int32):
            raise RuntimeError(
                f"Expected tensor for argument #1 '{name}' to have one of the following scalar types: Long, Int; but "
                f"got torch.{t._dtype.legacy} instead {where}"
            )
    if not weight._dtype.is_floating_point:
        raise RuntimeError(
            "Expected tensor for argument #1 'weight' to have one of the following scalar types: Half, BFloat16, "
            f"Float, Double; but got torch.{weight._dtype.legacy} instead {where}"
        )
    if samples is not None and samples._dtype is not weight._dtype:
        raise RuntimeError(
            "Expected tensor for argument #1 'weight' to have the same type as tensor for argument #1 "
            f"'per_sample_weights'; but type torch.{weight._dtype.legacy} does not equal torch.{samples._dtype.legacy} "
            f"{where}"
        )


def _check_offsets(offsets: Any, count: int, include_last: bool) -> None:
    starts = offsets._data
    if include_last and not starts.size:
        raise RuntimeError("include_last_offset: number of offset should be at least 1")
    if starts.size:
        if starts[0] != 0:
            kind = f"torch.{offsets._dtype.legacy}"
            raise RuntimeError(
                "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
                f"However, got {int(starts[0])}\n[ {kind}{{}} ]"
            )
        if starts[-1] > count:
            raise RuntimeError(
                f"offsets[-1] can not be greater than input's length {count} but got offsets[-1] of {int(starts[-1])}"
            )


@composite(method=False)
def embedding_bag(
    weight: Any, indices: Any, offsets: Any, scale_grad_by_freq: bool = False, mode: int = 0, sparse: bool = False,
    per_sample_weights: Any = None, include_last_offset: bool = False, padding_idx: int | None = None,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    """The sum, mean or maximum of each bag of rows of a table; zeros for an empty bag.

    Args:
        weight: the table, ``(rows, D)``.
        indices: the rows of all bags behind each other, int64 or int32.
        offsets: where each bag begins.
        scale_grad_by_freq: whether a row's gradient is divided by how often it was looked up.
        mode: 0 for sums, 1 for means, 2 for maxima.
        sparse: whether the gradient of the table is sparse.
        per_sample_weights: a factor for each index, in sums.
        include_last_offset: whether the last of the offsets is where the last bag ends.
        padding_idx: a row that does not count.

    Returns:
        The bags ``(B, D)``, and what PyTorch keeps for the derivative: the bag of each index, the bags' sizes, and the
        rows of the maxima.

    Raises:
        RuntimeError: shapes or dtypes do not go together, or an index is no row.
    """
    if weight.ndim != 2:
        raise RuntimeError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.ndim}")
    rows = weight._shape[0]
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise RuntimeError(
            f"padding_idx must be within the number of embeddings, {-rows} through {rows - 1}, but got {padding_idx}"
        )
    skipped = -1 if padding_idx is None else padding_idx % max(rows, 1)
    _check_types(weight, indices, per_sample_weights)
    _check_offsets(offsets, indices._shape[0], include_last_offset)
    if per_sample_weights is not None:
        if mode != kernels.SUM:
            raise RuntimeError("embedding_bag: per_sample_weights only supported with mode='sum'")
        if per_sample_weights.numel() != indices.numel():
            raise RuntimeError(
                "Expected per_sample_weights.value().numel() == indices.numel() to be true, but got false.  (Could "
                "this error message be improved?  If so, please report an enhancement request to PyTorch.)"
            )
    found, bags, sizes, best = _embedding_bag(
        weight, indices.contiguous(), offsets.contiguous(), scale_grad_by_freq, mode, per_sample_weights,
        include_last_offset, skipped, sparse, weight._dtype,
    )  # fmt: skip
    if mode == kernels.SUM:
        # What sums need no memory of, PyTorch leaves empty.
        sizes = wrap(np.zeros_like(sizes._data))
        if kernels.quick(weight._data.dtype, mode, skipped):
            bags = wrap(np.zeros(0, np.int64))
    return found, bags, sizes, best if mode == kernels.MAX else sizes


def _renormed(rows: Array, max_norm: float, norm_type: float) -> Array:
    """Rows scaled down so that their norm is at most `max_norm`."""
    wide = rows.astype(np.float64)
    norms = np.linalg.norm(wide, norm_type, axis=1)
    scales = np.where(norms > max_norm, max_norm / (norms + 1e-7), 1)
    return np.asarray((wide * scales[:, None]).astype(rows.dtype))


@composite(method=False)
def embedding_renorm_(input: Any, indices: Any, max_norm: float, norm_type: float) -> Any:
    """Scales the rows at `indices` down, in place, so that their norm is at most `max_norm`.

    Args:
        input: the table, ``(rows, D)``.
        indices: which rows, int64 or int32.
        max_norm: the greatest norm.
        norm_type: the p of the norm.

    Raises:
        RuntimeError: the table has not two dimensions, or `indices` are not integers.
        IndexError: an index is no row.
    """
    where = "(while checking arguments for embedding_renorm_)"
    if input.ndim != 2:
        raise RuntimeError(
            f"Expected 2-dimensional tensor, but got {input.ndim}-dimensional tensor for argument #1 'self' {where}"
        )
    if indices._dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(
            "Expected tensor for argument #2 'indices' to have one of the following scalar types: Long, Int; but got "
            f"torch.{indices._dtype.legacy} instead {where}"
        )
    chosen = np.unique(indices._data)
    shape = input._shape
    if chosen.size and not -shape[0] <= chosen[0] <= chosen[-1] < shape[0]:
        at = int(chosen[-1] if chosen[-1] >= shape[0] else chosen[0])
        raise IndexError(f"select(): index {at} out of range for tensor of size {list(shape)} at dimension 0")
    input.index_put_((wrap(chosen.astype(np.int64)),), wrap(_renormed(input._data[chosen], max_norm, norm_type)))
    return input


def renorm_without_history(weight: Any, indices: Any, max_norm: float, norm_type: float) -> None:
    """`embedding_renorm_` of a table that may require a gradient, unrecorded."""
    with no_grad():
        embedding_renorm_(weight.detach(), indices, max_norm, norm_type)
