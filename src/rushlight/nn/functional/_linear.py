"""Linear maps: products with weights, convolutions, and rows of a table."""

from ...ops import conv as conv_ops
from ...ops import linear as linear_ops
from ...ops import loss as table_ops
from ...ops.embedding_bag import renorm_without_history
from ...tensor import Tensor

__all__ = [
    "bilinear",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "embedding",
    "linear",
    "one_hot",
]

linear = linear_ops.linear
bilinear = linear_ops.bilinear
conv1d = conv_ops.conv1d
conv2d = conv_ops.conv2d
conv3d = conv_ops.conv3d
conv_transpose1d = conv_ops.conv_transpose1d
conv_transpose2d = conv_ops.conv_transpose2d
conv_transpose3d = conv_ops.conv_transpose3d
one_hot = table_ops.one_hot


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Look up rows of the table `weight`.

    Args:
        input: integers of any shape.
        weight: ``(rows, columns)``.
        padding_idx: a row that gets no gradient.
        max_norm: rows that are looked up are first scaled down, in the table, to this norm.
        norm_type: the p of that norm.
        scale_grad_by_freq: divide a row's gradient by how often it occurs.
        sparse: whether to make sparse gradients.

    Returns:
        The rows, of shape ``(*input.shape, columns)``.

    Raises:
        AssertionError: `padding_idx` is no row.
        IndexError: a number in the input is no row.
    """
    if padding_idx is None:
        padding_idx = -1
    else:
        rows = weight.size(0)
        if not -rows <= padding_idx < max(rows, 1):
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx += rows if padding_idx < 0 else 0
    if max_norm is not None:
        input = input.contiguous()
        renorm_without_history(weight, input, max_norm, norm_type)
    return table_ops.embedding(weight, input, padding_idx, scale_grad_by_freq, sparse)
