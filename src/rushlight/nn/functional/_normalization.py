"""Normalisation, with PyTorch's arguments and checks."""

import math
from typing import Any

from ...ops import fused
from ...ops import normalization as ops
from ...ops.memory_layout import laid_as_operands
from ...tensor import Tensor
from ._activation import relu

__all__ = [
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "normalize",
    "rms_norm",
]


def _verify_batch_size(size: Any) -> None:
    dims = tuple(size)
    if dims[0] * math.prod(dims[2:]) == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {size}")


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel (dimension 1) over all other dimensions.

    Args:
        input: ``(N, C, *)``.
        running_mean: ``(C,)``; used, or updated when `training`.
        running_var: ``(C,)``; likewise.
        weight: ``(C,)``, multiplied to the result.
        bias: ``(C,)``, added to it.
        training: use the batch's own mean and (biased) variance.
        momentum: the weight of the batch in the running statistics.
        eps: added to the variance.

    Raises:
        ValueError: there is only one value for a channel, or `eps` is too small.
    """
    _check_batch_norm(input, training, eps)
    return ops.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, True)


def _check_batch_norm(input: Tensor, training: bool, eps: float) -> None:
    if training:
        _verify_batch_size(input.shape)
        if eps <= 0.0:
            raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    elif eps < 0.0:
        raise ValueError(f"batch_norm eps must be non-negative, but got {eps}")


def batch_norm_relu(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    inplace: bool,
) -> Tensor:
    """What `relu` returns of `batch_norm`, in one pass over usual arguments: for layers (see `ops.fused`).

    Args:
        input, running_mean, running_var, weight, bias, training, momentum, eps: as of `batch_norm`.
        inplace: as of `relu`.

    Raises:
        ValueError: as of `batch_norm`.
    """
    _check_batch_norm(input, training, eps)
    if not ops.are_usual(input, training, (running_mean, running_var, weight, bias)) or 0 in input.shape:
        return relu(batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps), inplace)
    return fused.batch_norm_relu(input, weight, bias, running_mean, running_var, training, momentum, eps, inplace)


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel of each sample of ``(N, C, *)``; the arguments are those of `batch_norm`.

    Raises:
        ValueError: there is only one value for a channel.
    """
    if use_input_stats and math.prod(input.shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.size()}")
    return ops.instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, True)


def layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalise the last dimensions, of shape `normalized_shape`, then multiply by `weight` and add `bias`.

    Args:
        input: a tensor whose last dimensions are `normalized_shape`.
        normalized_shape: an integer or several.
        weight, bias: tensors of that shape.
        eps: added to the variance, under the root.
    """
    return ops.layer_norm(input, normalized_shape, weight, bias, eps)


def rms_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """Divide the last dimensions, of shape `normalized_shape`, by their root mean square; multiply by `weight`.

    Args:
        input: a tensor whose last dimensions are `normalized_shape`.
        normalized_shape: an integer or several.
        weight: a tensor of that shape.
        eps: added to the mean square; by default the dtype's smallest step at 1.
    """
    return ops.rms_norm(input, normalized_shape, weight, eps)


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalise each of `num_groups` groups of channels of each sample of ``(N, C, *)``.

    Args:
        input: ``(N, C, *)``.
        num_groups: how many groups of channels.
        weight, bias: what each channel is multiplied by, and what is added, ``(C,)``.
        eps: added to the variances.

    Raises:
        RuntimeError: the input has fewer than two dimensions.
        ValueError: there is only one value for a group.
    """
    if input.dim() < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.dim()}")
    _verify_batch_size([input.size(0) * input.size(1) // num_groups, num_groups, *input.size()[2:]])
    return ops.group_norm(input, num_groups, weight, bias, eps)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Divide by ``(k + alpha * mean of squares over size neighbouring channels) ** beta``.

    Raises:
        ValueError: the input has fewer than three dimensions.
    """
    from ._pooling import avg_pool2d, avg_pool3d
    from ._vision import pad

    ndim = input.dim()
    if ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality                          input (got {ndim} dimensions)")
    if input.numel() == 0:
        return input
    squares = input.mul(input)
    if ndim == 3:
        squares = pad(squares.unsqueeze(1), (0, 0, size // 2, (size - 1) // 2))
        means = avg_pool2d(squares, (size, 1), stride=1).squeeze(1)
    else:
        shape = input.size()
        squares = squares.view(shape[0], 1, shape[1], shape[2], -1)
        squares = pad(squares, (0, 0, 0, 0, size // 2, (size - 1) // 2))
        means = avg_pool3d(squares, (size, 1, 1), stride=1).squeeze(1).view(shape)
    divisor = means.mul(alpha).add(k).pow(beta)
    return laid_as_operands(input / divisor, input, divisor)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """Divide by the p-norm along `dim`, or by `eps` where that is greater."""
    norm = input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    if out is None:
        return laid_as_operands(input / norm, input, norm)
    from ...ops.pointwise import div

    return div(input, norm, out=out)
