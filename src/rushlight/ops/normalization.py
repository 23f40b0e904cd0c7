"""Batch, layer, group, instance and root-mean-square normalization.

The gradients of the first three have a fast form on arrays (in `kernels.numpy_normalization`) and, for second
derivatives, a form on Tensors that is the definition written out: statistics are functions of the input there, not
constants.
"""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase
from ..kernels import group_norm as group_kernels
from ..kernels import layer_norm as layer_kernels
from ..kernels import normalization
from ..kernels.layout import Inner, is_channels_last, lies_channels_last, like, ordered
from ..kernels.numpy_normalization import given_statistics
from .arguments import explained, need_ints
from .attached import attached
from .declare import Array, composite, in_formulas, operation
from .memory_layout import product_in_order

_HIDDEN: dict[str, Any] = {"function": False, "method": False}


# ---------------------------------------------------------------------------------------------- batch normalization
def _batch_norm(
    input: Array, weight: Array | None, bias: Array | None, running_mean: Array | None, running_var: Array | None,
    training: bool, momentum: float, eps: float, relu: bool = False,
) -> tuple[Array, Array, Array]:  # fmt: skip
    if training:
        found = normalization.batch_norm_train(input, weight, bias, running_mean, running_var, momentum, eps, relu)
        return found if found[0].flags.c_contiguous else (_as_images(found[0], input), *found[1:])
    assert running_mean is not None
    assert running_var is not None
    # Copies: a later step in training mode changes the running statistics in place.
    mean, inverse = given_statistics(running_mean, running_var, eps)
    result = normalization.batch_norm_eval(input, weight, bias, mean, inverse, relu)
    return _as_images(result, input), mean, inverse


def _as_images(result: Array, input: Array) -> Array:
    """A result that lies channels last if the input does, however it steps along dimensions of size 1."""
    last = type(input) is not Inner and lies_channels_last(input)
    return ordered(result, True) if last else like(result, input)


@operation(
    kernel=_batch_norm, node="NativeBatchNormBackward0", aten="native_batch_norm",
    saves=("mean", "inverse"), keeps="running_mean, running_var", **_HIDDEN,
    joint=("input, weight, bias", "batch_norm_backward(grad, input, weight, mean, inverse, training, eps, needs)"),
)  # fmt: skip
def _native_batch_norm(
    input: Array, weight: Array | None, bias: Array | None, running_mean: Array | None, running_var: Array | None,
    training: bool, momentum: float, eps: float,
) -> Array:  # fmt: skip
    """Batch normalization of checked arguments."""


def _batch_norm_backward(
    grad: Array, input: Array, weight: Array | None, mean: Array, inverse: Array, training: bool, eps: float, needs: Any
) -> Any:
    return normalization.batch_norm_backward(grad, input, weight, mean, inverse, training, needs)


def _over_channels(x: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The dimensions but for the channels', and the shape that holds one number a channel."""
    return (0, *range(2, x.ndim)), (1, -1, *(1,) * (x.ndim - 2))


def _normal_of_channels(input: Any, mean: Any, inverse: Any, training: bool, eps: float) -> tuple[Any, Any]:
    """The normalized input and the inverse deviations, both as functions of the input where they are."""
    dims, column = _over_channels(input)
    if not training:
        inverse = inverse.view(column)
        return (input - mean.view(column)) * inverse, inverse
    count = math.prod(input.shape[d] for d in dims)
    centred = input - input.sum(dims, keepdim=True) / count
    inverse = ((centred * centred).sum(dims, keepdim=True) / count + eps).rsqrt()
    return centred * inverse, inverse


def _batch_norm_backward_again(
    grad: Any, input: Any, weight: Any, mean: Any, inverse: Any, training: bool, eps: float, needs: Any
) -> Any:
    dims, column = _over_channels(input)
    normal, inverse = _normal_of_channels(input, mean, inverse, training, eps)
    grad_input = None
    if needs[0]:
        centred = grad
        if training:
            count = math.prod(input.shape[d] for d in dims)
            along = normal * ((grad * normal).sum(dims, keepdim=True) / count)
            centred = grad - grad.sum(dims, keepdim=True) / count - along
        grad_input = centred * (inverse if weight is None else inverse * weight.view(column))
    return _connected(input, grad_input, *_affine_grads(grad, normal, weight, dims, needs))


def _connected(input: Any, *grads: Any) -> tuple[Any, ...]:
    """Gradients of one node, all recorded if the input's derivative is."""
    return tuple(None if g is None else attached(g, input) for g in grads)


def _affine_grads(grad: Any, normal: Any, weight: Any, dims: tuple[int, ...], needs: Any) -> tuple[Any, Any]:
    """The gradients of scale and shift, which were the same along `dims`."""
    kind = (grad if weight is None else weight).dtype
    grad_weight = (grad * normal).sum(dims).to(kind) if needs[1] else None
    return grad_weight, grad.sum(dims).to(kind) if needs[2] else None


in_formulas(_batch_norm_backward, _batch_norm_backward_again, "batch_norm_backward")


def are_usual(input: Any, training: bool, given: tuple[Any, ...]) -> bool:
    """Whether all that is given has the input's dtype, a usual one, and one number a channel.

    Args:
        input: the tensor to be normalized.
        training: whether it is by its own statistics.
        given: running mean, running variance, weight and bias, each perhaps None.
    """
    kind, size = input._dtype, input._shape[1:2]
    if not size or not kind.plain or (not training and (given[0] is None or given[1] is None)):
        return False
    for value in given:
        if value is not None and (value._dtype is not kind or value._shape != size):
            return False
    return True


def _check_batch_norm(input: Any, given: dict[str, Any], training: bool) -> None:
    """Raises PyTorch's errors for arguments that do not go together."""
    size = input._shape[1:2]
    channels = size[0] if size else 0
    for name in ("running_mean", "running_var"):
        if given[name] is None and not training:
            raise RuntimeError(f"{name} must be defined in evaluation mode")
        _check_count(name, given[name], channels)
    for name in ("weight", "bias"):
        _check_count(name, given[name], channels)
    if not input._dtype.is_floating_point:
        raise NotImplementedError(f"\"batch_norm\" not implemented for '{input._dtype.legacy.removesuffix('Tensor')}'")
    narrow = input._dtype.itemsize == 2
    for value in given.values():
        mixes = narrow and value is not None and value._dtype is dtypes.float32
        if value is not None and value._dtype is not input._dtype and not mixes:
            raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")


def _check_count(name: str, value: Any, channels: int) -> None:
    if value is not None and value.numel() != channels:
        raise RuntimeError(f"{name} should contain {channels} elements not {value.numel()}")


@composite(method=False)
@explained
def batch_norm(
    input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, training: bool, momentum: float, eps:
    float, cudnn_enabled: bool,
) -> Any:  # fmt: skip
    """Normalizes each channel of ``(N, C, *)``, then scales by `weight` and shifts by `bias`.

    Args:
        input: floating-point numbers.
        weight: ``(C,)`` or None.
        bias: ``(C,)`` or None.
        running_mean: ``(C,)`` or None: what is used, or moved by `momentum` towards the batch's when `training`.
        running_var: the same of the variances.
        training: whether to use the batch's own mean and (biased) variance.
        momentum: the batch's share of the new running statistics.
        eps: added to the variances.
        cudnn_enabled: has no effect.

    Raises:
        RuntimeError: sizes or dtypes do not go together.
    """
    found: object = input
    if not isinstance(found, TensorBase):
        raise TypeError(f"batch_norm(): argument 'input' (position 1) must be Tensor, not {type(found).__name__}")
    if not are_usual(input, training, (running_mean, running_var, weight, bias)):
        named = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
        _check_batch_norm(input, named, training)
    if 0 in input._shape:
        out = input.clone()
        for factor in (weight,) if weight is not None else ():
            out = out * factor.view(_over_channels(input)[1])
        return out if bias is None else out + bias.view(_over_channels(input)[1])
    momentum = 0.0 if momentum is None else momentum
    return _native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)


@composite(method=False)
@explained
def instance_norm(
    input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, use_input_stats: bool, momentum: float,
    eps: float, cudnn_enabled: bool,
) -> Any:  # fmt: skip
    """Normalizes each channel of each sample of ``(N, C, *)``; the arguments are those of `batch_norm`.

    Raises:
        RuntimeError: running statistics are to be used and are missing.
    """
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
    n, c = input._shape[:2]
    # Samples and channels together are the channels of one large sample.
    parts = [None if p is None else p.repeat(n) for p in (weight, bias, running_mean, running_var)]
    flat: Any = input.contiguous().view(1, n * c, *input._shape[2:])
    out = batch_norm(flat, parts[0], parts[1], parts[2], parts[3], use_input_stats, momentum, eps, cudnn_enabled)
    for statistic, moved in zip((running_mean, running_var), parts[2:], strict=True):
        if statistic is not None and use_input_stats:
            statistic._data[...] = moved._data.reshape(n, c).mean(axis=0)  # type: ignore[union-attr]
    return out.view(input._shape)


# ---------------------------------------------------------------------------------------------- layer normalization
@operation(
    kernel=layer_kernels.layer_norm, node="NativeLayerNormBackward0", aten="native_layer_norm", rows=True,
    saves=("mean", "inverse"), keeps="bias", **_HIDDEN,
    joint=("input, weight, bias", "layer_norm_backward(grad, input, dims, mean, inverse, weight, eps, needs)"),
)  # fmt: skip
def _native_layer_norm(input: Array, dims: int, weight: Array | None, bias: Array | None, eps: float) -> Array:
    """Layer normalization over the last `dims` dimensions, of checked arguments."""


def _layer_norm_backward(
    grad: Array, input: Array, dims: int, mean: Array, inverse: Array, weight: Array | None, eps: float, needs: Any
) -> Any:
    return layer_kernels.layer_norm_backward(grad, input, dims, mean, inverse, weight, needs)


def _normal_of_rows(input: Any, dims: tuple[int, ...], eps: float) -> tuple[Any, Any, int]:
    """The input normalized over some dimensions, the inverse deviations, and over how many elements."""
    count = math.prod(input.shape[d] for d in dims)
    centred = input - input.sum(dims, keepdim=True) / count
    inverse = ((centred * centred).sum(dims, keepdim=True) / count + eps).rsqrt()
    return centred * inverse, inverse, count


def _rows_grad(grad: Any, normal: Any, inverse: Any, dims: tuple[int, ...], count: int) -> Any:
    """The gradient through `_normal_of_rows`, from what it returned."""
    along = normal * ((grad * normal).sum(dims, keepdim=True) / count)
    return inverse * (grad - grad.sum(dims, keepdim=True) / count - along)


def _layer_norm_backward_again(
    grad: Any, input: Any, dims: int, mean: Any, inverse: Any, weight: Any, eps: float, needs: Any
) -> Any:
    last, first = _last(dims), tuple(range(grad.ndim - dims))
    normal, inverse, count = _normal_of_rows(input, last, eps)
    scaled = grad if weight is None else grad * weight
    grad_input = _rows_grad(scaled, normal, inverse, last, count) if needs[0] else None
    if not first:
        # A sum over no dimensions is a sum over all of them.
        grad, normal, first = grad.unsqueeze(0), normal.unsqueeze(0), (0,)
    return _connected(input, grad_input, *_affine_grads(grad, normal, weight, first, needs))


in_formulas(_layer_norm_backward, _layer_norm_backward_again, "layer_norm_backward")


def _last(dims: int) -> tuple[int, ...]:
    return tuple(range(-dims, 0))


def _normalized_shape(function: str, input: Any, shape: Any, given: dict[str, Any], star: str) -> tuple[int, ...]:
    """Checks the shape over which `function` normalizes, and the parameters of that shape.

    Raises:
        TypeError: it is no sequence.
        RuntimeError: it does not end the input's shape, or a parameter has another.
    """
    if isinstance(shape, int):
        raise TypeError(
            f"{function}(): argument 'normalized_shape' (position 2) must be tuple of ints, not {type(shape).__name__}"
        )
    asked, shape = shape, tuple(shape)
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    for name, value in given.items():
        if value is not None and value._shape != shape:
            need_ints(function, "normalized_shape", asked, 2)
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(value._shape)} and "
                f"normalized_shape = {list(shape)}"
            )
    if input.ndim < len(shape) or input._shape[input.ndim - len(shape) :] != shape:
        need_ints(function, "normalized_shape", asked, 2)
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*{star}"
            f"{', '.join(map(str, shape))}], but got input of size{list(input._shape)}"
        )
    return shape


@composite(method=False)
@explained
def layer_norm(
    input: Any,
    normalized_shape: Any,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Any:
    """Normalizes over the last dimensions, of shape `normalized_shape`, then scales by `weight` and shifts by `bias`.

    Args:
        input: floating-point numbers.
        normalized_shape: the shape of the last dimensions.
        weight: of that shape, or None.
        bias: of that shape, or None.
        eps: added to the variances.
        cudnn_enable: has no effect.

    Raises:
        RuntimeError: the shapes do not go together.
    """
    shape = normalized_shape
    if not (
        isinstance(shape, tuple)
        and shape
        and isinstance(input, TensorBase)
        and input._shape[-len(shape) :] == shape
        and (weight is None or weight._shape == shape)
        and (bias is None or bias._shape == shape)
    ):
        shape = _normalized_shape("layer_norm", input, shape, {"weight": weight, "bias": bias}, ", ")
    return _native_layer_norm(input, len(shape), weight, bias, eps)


@composite(method=False)
@explained
def rms_norm(input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """Divides by the root mean square of the last dimensions, of shape `normalized_shape`, and scales by `weight`.

    Args:
        input: floating-point numbers.
        normalized_shape: the shape of the last dimensions.
        weight: of that shape, or None.
        eps: added to the mean square; the dtype's epsilon unless given.

    Raises:
        RuntimeError: the shapes do not go together.
        ValueError: the input has no dimensions.
    """
    if not input._shape and normalized_shape:
        raise ValueError("Input tensor must have at least 1 dimensions, but got 0")
    shape = _normalized_shape("rms_norm", input, normalized_shape, {"weight": weight}, "")
    kind = input._dtype
    wide = input.to(dtypes.float32) if kind.itemsize == 2 else input
    if eps is None:
        eps = float(dtypes.finfo(wide._dtype).eps)
    mean = wide.pow(2).mean(_last(len(shape)), keepdim=True)
    out = product_in_order(wide, (mean + eps).rsqrt())
    if weight is not None:
        out = product_in_order(out, weight)
    # Images that lie channels last stay so; nothing else keeps its order.
    x = input._data
    images = is_channels_last(x) if x.ndim == 4 else x.ndim == 5 and np.moveaxis(x, 1, -1).flags.c_contiguous
    return (out if images else out.contiguous()).to(kind)


# ---------------------------------------------------------------------------------------------- group normalization
def _group_norm(input: Array, groups: int, weight: Array | None, bias: Array | None, eps: float) -> Any:
    result, *saves = group_kernels.group_norm(input, groups, weight, bias, eps)
    return like(result, input), *saves


@operation(
    kernel=_group_norm, node="NativeGroupNormBackward0", aten="native_group_norm",
    saves=("mean", "inverse"), **_HIDDEN,
    joint=("input, weight, bias", "group_norm_backward(grad, input, groups, mean, inverse, weight, eps, needs)"),
)  # fmt: skip
def _native_group_norm(input: Array, groups: int, weight: Array | None, bias: Array | None, eps: float) -> Array:
    """Group normalization of checked arguments."""


def _group_norm_backward(
    grad: Array, input: Array, groups: int, mean: Array, inverse: Array, weight: Array | None, eps: float, needs: Any
) -> Any:
    return group_kernels.group_norm_backward(grad, input, groups, mean, inverse, weight, needs)


def _group_norm_backward_again(
    grad: Any, input: Any, groups: int, mean: Any, inverse: Any, weight: Any, eps: float, needs: Any
) -> Any:
    dims, column = _over_channels(input)
    rows = (input.shape[0] * groups, math.prod(input.shape[1:]) // groups)
    normal, inverse, count = _normal_of_rows(input.reshape(rows), (1,), eps)
    grad_input = None
    if needs[0]:
        scaled = grad if weight is None else grad * weight.view(column)
        grad_input = _rows_grad(scaled.reshape(rows), normal, inverse, (1,), count).reshape(input.shape)
    return grad_input, *_affine_grads(grad, normal.reshape(input.shape), weight, dims, needs)


in_formulas(_group_norm_backward, _group_norm_backward_again, "group_norm_backward")


@composite(method=False)
@explained
def group_norm(
    input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5, cudnn_enabled: bool = True
) -> Any:
    """Normalizes groups of channels of each sample of ``(N, C, *)``, then scales by `weight` and shifts by `bias`.

    Args:
        input: floating-point numbers.
        num_groups: how many groups; it divides C.
        weight: ``(C,)`` or None.
        bias: ``(C,)`` or None.
        eps: added to the variances.
        cudnn_enabled: has no effect.

    Raises:
        RuntimeError: the channels cannot be grouped so, or a parameter has another size.
    """
    shape = list(input._shape)
    if shape[1] % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{shape} and num_groups={num_groups}"
        )
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None and value._shape != (shape[1],):
            # (Of a wrong bias PyTorch shows the weight's shape.)
            shown = value if weight is None else weight
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} "
                f"of shape "
                f"{list(shown._shape)} and input of shape {shape}"
            )
    if len(shape) != 5 and not input._data.flags.c_contiguous and not lies_channels_last(input._data):
        input = input.contiguous()
    return _native_group_norm(input, num_groups, weight, bias, eps)
