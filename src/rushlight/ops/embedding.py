"""Rows of a table by their numbers, and one-hot vectors."""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase
from ..kernels import embedding as kernels
from ..kernels.numpy_loss import one_hot as one_hot_kernel
from ..kernels.sparse_conversions import rows_gradient
from .arguments import explained
from .declare import Array, composite, operation

_HIDDEN: dict[str, Any] = {"function": False, "method": False}


@operation(name="_embedding", node="EmbeddingBackward0", aten="embedding", **_HIDDEN,
           weight="embedding_backward(grad, indices, shape(weight)[0], padding_idx, scale_grad_by_freq)")  # fmt: skip
def _embedding(weight: Array, indices: Array, padding_idx: int, scale_grad_by_freq: bool) -> Array:
    """Rows of a table."""
    return kernels.embedding(weight, indices)


@operation(name="_embedding_sparse", node="EmbeddingBackward0", aten="embedding", **_HIDDEN,
           weight="sparse_rows(grad, indices, shape(weight)[0], padding_idx, scale_grad_by_freq)")  # fmt: skip
def _embedding_sparse(weight: Array, indices: Array, padding_idx: int, scale_grad_by_freq: bool) -> Array:
    """Rows of a table whose gradient is sparse."""
    return kernels.embedding(weight, indices)


@operation(kernel=rows_gradient, node="SparseCooTensorWithDimsAndTensorsBackward0", **_HIDDEN,
           grad_output="embedding_again(densely(grad), indices, padding_idx)")  # fmt: skip
def sparse_rows(grad_output: Array, indices: Array, rows: int, padding_idx: int, scale_grad_by_freq: bool) -> Array:
    """The gradient of `_embedding_sparse` by its table."""


@operation(kernel=kernels.embedding_backward, node="EmbeddingDenseBackwardBackward0", **_HIDDEN,
           grad_output="embedding_again(grad, indices, padding_idx)")  # fmt: skip
def embedding_backward(
    grad_output: Array, indices: Array, rows: int, padding_idx: int, scale_grad_by_freq: bool
) -> Array:
    """The gradient of `embedding` by its table."""


def _embedding_again(weight: Array, indices: Array, padding_idx: int) -> Array:
    rows = kernels.embedding(weight, indices)
    if padding_idx >= 0:
        rows[indices == padding_idx] = 0
    return rows


@operation(kernel=_embedding_again, node="EmbeddingBackward0", **_HIDDEN,
           weight="embedding_backward(grad, indices, shape(weight)[0], padding_idx, False)")  # fmt: skip
def embedding_again(weight: Array, indices: Array, padding_idx: int) -> Array:
    """Rows of a table, but zeros for the row `padding_idx`: what derives `embedding_backward`."""


@composite(method=False)
@explained
def embedding(
    weight: Any, indices: Any, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Any:
    """Rows of the table `weight`, ``(rows, columns)``, at `indices`: of shape ``(*indices.shape, columns)``.

    Args:
        weight: the table.
        indices: int64 or int32.
        padding_idx: a row that gets no gradient; negative for none.
        scale_grad_by_freq: whether a row's gradient is divided by how often it was looked up.
        sparse: whether the gradient of the table is sparse.

    Raises:
        RuntimeError: the table has not two dimensions, or `indices` are not integers.
        IndexError: an index is no row.
    """
    if not weight.ndim and weight.requires_grad:  # whose derivative asks for the number of rows
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    if indices._dtype is not dtypes.int64 and indices._dtype is not dtypes.int32:
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"torch.{indices._dtype.legacy} instead (while checking arguments for embedding)"
        )
    if sparse:
        return _embedding_sparse(weight, indices, padding_idx, scale_grad_by_freq)
    return _embedding(weight, indices, padding_idx, scale_grad_by_freq)


@composite(method=False, function=False)
def one_hot(input: Any, num_classes: int = -1) -> Any:
    """Ones where the last position is the number in `input`, else zeros; int64, ``(*input.shape, num_classes)``.

    Args:
        input: int64.
        num_classes: how many positions; as many as the largest number needs if -1.

    Raises:
        RuntimeError: a number is negative or too large, the dtype is another, or there is not enough memory.
    """
    from ..base import wrap

    if not isinstance(input, TensorBase):
        raise TypeError(f"one_hot(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if input._dtype is not dtypes.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    numbers = input._data
    if not numbers.size:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return wrap(np.zeros((*numbers.shape, num_classes), np.int64))
    if numbers.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes != -1 and numbers.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    classes = int(num_classes) if num_classes != -1 else int(numbers.max()) + 1
    size = 8 * numbers.size * classes
    if classes >= 1 << 63:
        raise RuntimeError("zeros: Dimension size must be non-negative.")
    if size >= 1 << 63:
        raise RuntimeError(f"Storage size calculation overflowed with sizes={[*numbers.shape, classes]}")
    try:
        return wrap(one_hot_kernel(numbers, classes))
    except MemoryError:
        raise RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
            f"allocate {size} bytes. Error code 12 (Cannot allocate memory)"
        ) from None
