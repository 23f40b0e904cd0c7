"""Loss functions of distances and of classes; those of probabilities are in `entropy`.

`reduction` is a number here: 0 for every element's loss, 1 for their mean, 2 for their sum. As in `activation`,
gradients have a form on arrays and one on Tensors.
"""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..kernels import loss as loops
from ..kernels import numpy_loss as kernels
from ..kernels.numpy_common import narrow, widen
from ..kernels.ternary import times
from .activation import constant_mask, floating, log_softmax
from .arguments import explained
from .broadcasting import broadcast_tensors
from .convert import convert_array
from .declare import Array, composite, in_formulas, operation
from .elementwise_general import result_type
from .embedding import embedding as embedding
from .embedding import one_hot as one_hot
from .entropy import binary_cross_entropy as binary_cross_entropy
from .entropy import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from .entropy import kl_div as kl_div
from .inplace import castable
from .loss_parts import HIDDEN, MEAN, NONE, SUM, no_gradient, pair, reduced, share
from .softmax import _log_softmax


# ---------------------------------------------------------------------------------------------- distances
def _distance(name: str, backward: str) -> dict[str, Any]:
    """What the losses that depend on ``input - target`` have in common."""
    return {"input": f"{name}_backward({backward})", "target": f"-{name}_backward({backward})", **HIDDEN}


@operation(kernel=floating(loops.mse_loss, "mse_cpu"), name="_mse_loss", node="MseLossBackward0", aten="mse_loss",
           **_distance("mse_loss", "grad, input, target, reduction"))  # fmt: skip
def _mse_loss(input: Array, target: Array, reduction: int) -> Array:
    """Squared differences of tensors of one shape and dtype."""


in_formulas(
    loops.mse_loss_backward,
    lambda grad, input, target, reduction: (input - target) * 2 * share(grad, input, reduction),
    "mse_loss_backward",
)


@operation(kernel=floating(loops.smooth_l1_loss, "smooth_l1_cpu"), name="_smooth_l1_loss",
node="SmoothL1LossBackward0",
           aten="smooth_l1_loss", **_distance("smooth_l1_loss", "grad, input, target, reduction, beta"))  # fmt: skip
def _smooth_l1_loss(input: Array, target: Array, reduction: int, beta: float) -> Array:
    """Differences, squared where they are below `beta`, of tensors of one shape and dtype."""


def _smooth_l1_again(grad: Any, input: Any, target: Any, reduction: int, beta: float) -> Any:
    d = input - target
    near = constant_mask(d.abs() < beta, d)
    return (near * d / beta + (1 - near) * d.detach().sign()) * share(grad, input, reduction)


in_formulas(loops.smooth_l1_loss_backward, _smooth_l1_again, "smooth_l1_loss_backward")


@operation(kernel=floating(loops.huber_loss, "huber_cpu"), name="_huber_loss", node="HuberLossBackward0",
           aten="huber_loss", **_distance("huber_loss", "grad, input, target, reduction, delta"))  # fmt: skip
def _huber_loss(input: Array, target: Array, reduction: int, delta: float) -> Array:
    """Differences, squared where they are below `delta`, of tensors of one shape and dtype."""


def _huber_of_two_types(input: Array, target: Array, common: Any, reduction: int, delta: float) -> Array:
    both = convert_array(input, common), convert_array(target, common)
    loss = floating(loops.huber_loss, "huber_cpu")(*both, NONE, delta)
    return kernels.reduced(widen(convert_array(loss, dtypes.from_numpy(input.dtype))), reduction, input.dtype)


@operation(kernel=_huber_of_two_types, name="_huber_loss_of_two_types", node="HuberLossBackward0", aten="huber_loss",
           input="as_type(huber_loss_backward(grad, input, target, reduction, delta), input)",
           target="as_type(huber_loss_backward(grad, target, input, reduction, delta), target)", **HIDDEN)  # fmt: skip
def _huber_loss_of_two_types(input: Array, target: Array, common: Any, reduction: int, delta: float) -> Array:
    """`huber_loss` of tensors of one shape in the dtype `common`, stored in that of `input` before it is reduced."""


def _huber_again(grad: Any, input: Any, target: Any, reduction: int, delta: float) -> Any:
    d = input - target
    near = constant_mask(d.abs() < delta, d)
    return (near * d + (1 - near) * d.detach().sign() * delta) * share(grad, input, reduction)


in_formulas(loops.huber_loss_backward, _huber_again, "huber_loss_backward")


@composite(method=False, function=False)
def mse_loss(input: Any, target: Any, reduction: int = MEAN) -> Any:
    """``(input - target) ** 2``, reduced."""
    return _mse_loss(*pair(input, target), reduction)


@composite(method=False, function=False)
def smooth_l1_loss(input: Any, target: Any, reduction: int = MEAN, beta: float = 1.0) -> Any:
    """``d ** 2 / (2 beta)`` where the distance d is below `beta`, ``d - beta / 2`` elsewhere, reduced.

    Args:
        input, target: tensors that broadcast.
        reduction: 0 for none, 1 for the mean, 2 for the sum.
        beta: where the square goes over into the absolute value.

    Raises:
        RuntimeError: `beta` is negative.
    """
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return l1_loss(input, target, reduction)
    return _smooth_l1_loss(*pair(input, target), reduction, beta)


@composite(method=False, function=False)
def huber_loss(input: Any, target: Any, reduction: int = MEAN, delta: float = 1.0) -> Any:
    """``d ** 2 / 2`` where the distance d is up to `delta`, ``delta * (d - delta / 2)`` elsewhere, reduced.

    Args:
        input, target: tensors that broadcast.
        reduction: 0 for none, 1 for the mean, 2 for the sum.
        delta: where the square goes over into the absolute value.

    Raises:
        RuntimeError: `delta` is not positive.
    """
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    if target._dtype is not input._dtype:
        common = result_type(input, target)
        castable(common, input._dtype)
        return _huber_loss_of_two_types(*broadcast_tensors(input, target), common, reduction, delta)
    return _huber_loss(*pair(input, target), reduction, delta)


@composite(method=False, function=False)
def l1_loss(input: Any, target: Any, reduction: int = MEAN) -> Any:
    """``|input - target|``, reduced."""
    return reduced((input - target).abs(), reduction)


@operation(kernel=floating(kernels.soft_margin_loss, "soft_margin"), name="_soft_margin_loss",
node="SoftMarginLossBackward0",
           aten="soft_margin_loss", **HIDDEN,
           input="soft_margin_loss_backward(grad, input, target, reduction)")  # fmt: skip
def _soft_margin_loss(input: Array, target: Array, reduction: int) -> Array:
    """``log(1 + exp(-target * input))``, reduced."""


in_formulas(
    kernels.soft_margin_loss_backward,
    lambda grad, input, target, reduction: -target * (-target * input).sigmoid() * share(grad, input, reduction),
    "soft_margin_loss_backward",
)


@composite(method=False, function=False)
@explained
def soft_margin_loss(input: Any, target: Any, reduction: int = MEAN) -> Any:
    """``log(1 + exp(-target * input))``, reduced.

    Raises:
        RuntimeError: `target` requires a gradient, which it cannot have.
    """
    no_gradient("soft_margin_loss", target=target)
    return _soft_margin_loss(*pair(input, target), reduction)


# ---------------------------------------------------------------------------------------------- classes
@operation(**HIDDEN, node="MulBackward1", aten="mul", input="times(grad, number)", tangent="linear")
def _times_number(input: Array, number: float) -> Array:
    """The product with a number, as PyTorch's own functions call it."""
    return times(input, number)  # type: ignore[no-any-return]


@operation(**HIDDEN, node="AddBackward1", aten="add", input="grad", tangent="input_t")
def _plus_number(input: Array, number: float) -> Array:
    """The sum with a number, as PyTorch's own functions call it."""
    wide = widen(input)
    return narrow(np.add(wide, np.asarray(number, wide.dtype)), input.dtype)


@operation(**HIDDEN, node="DivBackward1", aten="div", input="_by_number(grad, number)", tangent="linear")
def _by_number(input: Array, number: float) -> Array:
    """The quotient by a number, as PyTorch's own functions call it."""
    wide = widen(input)
    return narrow(np.divide(wide, np.asarray(number, wide.dtype)), input.dtype)


def plus_number(input: Any, number: float) -> Any:
    """The sum with a number: as PyTorch's own functions call it, unless the number decides the dtype."""
    return _plus_number(input, number) if input._dtype.category >= dtypes.FLOATING else input + number


_NLL: dict[str, Any] = {
    "outputs": ("result", "total_weight"),
    "differentiable": ("result",),
    "input": "attached(nll_loss_backward(grad, target, weight, reduction, ignore_index, total_weight, shape(input)), "
    "input)",
    **HIDDEN,
}


@operation(kernel=floating(loops.nll_loss, "nll_loss_out_frame"), name="_nll_loss", node="NllLossBackward0",
           aten="nll_loss_forward", **_NLL)  # fmt: skip
def _nll_loss(input: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int) -> Array:
    """Negative log likelihoods, and the total weight of the targets that count."""


@operation(kernel=floating(loops.nll_loss, "nll_loss2d_forward_out_frame"), name="_nll_loss2d",
           node="NllLoss2DBackward0", aten="nll_loss2d_forward", **_NLL)  # fmt: skip
def _nll_loss2d(input: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int) -> Array:
    """Negative log likelihoods of images, and the total weight of the targets that count."""


@operation(kernel=loops.nll_loss_backward, node="NllLossBackwardBackward0", **HIDDEN,
           grad_output="nll_loss_total(grad, target, weight, reduction, ignore_index, total_weight)")  # fmt: skip
def nll_loss_backward(
    grad_output: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int, total_weight: Array,
    size: tuple[int, ...],
) -> Array:  # fmt: skip
    """The gradient of `nll_loss` by its input of shape `size`."""


@operation(kernel=kernels.nll_loss_total, node="NllLossBackward0", **HIDDEN,
           input="nll_loss_backward(grad, target, weight, reduction, ignore_index, total_weight, "
                 "shape(input))")  # fmt: skip
def nll_loss_total(
    input: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int, total_weight: Array
) -> Array:
    """`nll_loss` with the total weight given: what derives `nll_loss_backward`."""


def _check_target_dtype(target: Any) -> None:
    if target._dtype is not dtypes.int64 and target._dtype is not dtypes.uint8:
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {target._dtype.legacy.removesuffix('Tensor')}"
        )


def _check_weight(input: Any, weight: Any, classes: int) -> None:
    if weight is None:
        return
    if weight.ndim != 1 or weight.numel() != classes:
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of "
            f"shape: {list(weight._shape)}"
        )
    if weight._dtype is not input._dtype:
        kinds = [t._dtype.legacy.removesuffix("Tensor") for t in (input, weight)]
        raise RuntimeError(f"expected scalar type {kinds[0]} but found {kinds[1]}")


def _nll_flat(input: Any, target: Any, weight: Any, reduction: int, ignore_index: int) -> Any:
    """`nll_loss` of ``(N, C)`` or ``(C,)``.

    Raises:
        RuntimeError: the shapes do not go together, or the weight requires a gradient.
        ValueError: there is one row of log-probabilities, but not one target.
    """
    no_gradient("nll_loss_forward", weight=weight)
    if len(target._shape) > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    _check_target_dtype(target)
    if len(input._shape) == 1 and target._shape not in ((), (1,)):
        raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {target._shape[0]}")
    if len(input._shape) == 2 and len(target._shape) == 1 and input._shape[0] != target._shape[0]:
        raise RuntimeError(f"size mismatch (got input: {list(input._shape)}, target: {list(target._shape)})")
    _check_weight(input, weight, input._shape[-1])
    if len(input._shape) == 1 and len(target._shape) == 1:
        target = target.reshape(())
    return _nll_loss(input, target, weight, reduction, ignore_index)[0]


def _nll_images(input: Any, target: Any, weight: Any, reduction: int, ignore_index: int) -> Any:
    """`nll_loss` of ``(N, C, H, W)``.

    Raises:
        RuntimeError: the shapes do not go together.
    """
    no_gradient("nll_loss2d_forward", weight=weight)
    if len(target._shape) != 3:
        raise RuntimeError(
            f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {len(target._shape)}"
        )
    _check_target_dtype(target)
    if (input._shape[0], *input._shape[2:]) != target._shape:
        raise RuntimeError(f"size mismatch (got input: {list(input._shape)} , target: {list(target._shape)}")
    _check_weight(input, weight, input._shape[1])
    return _nll_loss2d(input, target, weight, reduction, ignore_index)[0]


@composite(method=False, function=False)
def nll_loss_nd(input: Any, target: Any, weight: Any = None, reduction: int = MEAN, ignore_index: int = -100) -> Any:
    """The negative log likelihood of target classes, reduced.

    Args:
        input: log-probabilities ``(N, C, *)`` or ``(C,)``.
        target: classes ``(N, *)`` or ``()``, int64 or uint8.
        weight: a factor for each class, ``(C,)``, or None.
        reduction: 0, 1 (the mean weighted by `weight`) or 2.
        ignore_index: a target that does not count.

    Raises:
        ValueError: input and target are not equally many.
        RuntimeError: shapes or dtypes do not go together.
        IndexError: a target is no class, or there is none for no rows.
    """
    if len(input._shape) < 1:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if len(input._shape) != 1:
        n, targets = input._shape[0], target._shape[0] if target._shape else 0
        if n != targets:
            raise ValueError(f"Expected input batch_size ({n}) to match target batch_size ({targets}).")
        if not target._shape:
            raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    if len(input._shape) <= 2:
        return _nll_flat(input, target, weight, reduction, ignore_index)
    if len(input._shape) == 4:
        return _nll_images(input, target, weight, reduction, ignore_index)
    # Other numbers of positions are laid out as an image of one row.
    n, c, *positions = input._shape
    if target._shape[1:] != tuple(positions):
        raise RuntimeError(f"Expected target size {[n, *positions]}, got {list(target._shape)}")
    count = math.prod(positions)
    image = input.contiguous().view((n, c, 1, count))
    loss = _nll_images(image, target.contiguous().view((n, 1, count)), weight, reduction, ignore_index)
    return loss.view((n, *positions)) if reduction == NONE else loss


@composite(method=False, function=False)
@explained
def nll_loss(input: Any, target: Any, weight: Any = None, reduction: int = MEAN, ignore_index: int = -100) -> Any:
    """`nll_loss_nd` of ``(N, C)`` or ``(C,)``."""
    return _nll_flat(input, target, weight, reduction, ignore_index)


@composite(method=False, function=False)
def cross_entropy_loss(
    input: Any, target: Any, weight: Any = None, reduction: int = MEAN, ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """The cross entropy of logits with target classes or target probabilities, reduced.

    Args:
        input: logits ``(N, C, *)`` or ``(C,)``.
        target: classes ``(N, *)`` or ``()``; or probabilities of the input's shape.
        weight: a factor for each class, ``(C,)``, or None.
        reduction: 0, 1 or 2.
        ignore_index: a target class that does not count.
        label_smoothing: how much of the target's probability goes to all classes alike.

    Raises:
        ValueError: input and target are not equally many.
        RuntimeError: shapes, dtypes or settings do not go together.
        IndexError: a target is no class.
    """
    shape = input._shape
    if target._dtype is dtypes.int64 and weight is None and not label_smoothing and len(shape) == 2:
        if target._shape == shape[:1]:  # the usual case
            return _nll_loss(_log_softmax(input, 1), target, None, reduction, ignore_index)[0]
    if shape == target._shape:
        if not target._dtype.is_floating_point:
            raise RuntimeError(
                "Expected floating point type for target with class probabilities, got " + target._dtype.scalar_name
            )
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        return _cross_entropy_of_probabilities(input, target, weight, reduction, label_smoothing)
    if label_smoothing:
        _check_smoothing(label_smoothing)
        return _cross_entropy_smoothed(input, target, weight, reduction, ignore_index, label_smoothing)
    class_dim = 0 if len(input._shape) == 1 else 1
    return nll_loss_nd(log_softmax(input, class_dim), target, weight, reduction, ignore_index)


def _check_smoothing(label_smoothing: float) -> None:
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")


def _by_class(weight: Any, ndim: int) -> Any:
    """A factor for each class in a shape that broadcasts."""
    return weight.view((1, -1, *(1,) * (ndim - 2))) if ndim > 1 else weight


def _cross_entropy_of_probabilities(
    input: Any, target: Any, weight: Any, reduction: int, label_smoothing: float
) -> Any:
    class_dim = 0 if len(input._shape) == 1 else 1
    classes = input._shape[class_dim]
    if not target._dtype.is_floating_point:
        raise RuntimeError(f"Expected floating point type for target with class probabilities, got {target._dtype}")
    if weight is not None and (weight.ndim != 1 or weight.numel() != classes):
        raise RuntimeError(
            f"cross_entropy: weight tensor should be defined either for all {classes} classes or no classes but got "
            f"weight tensor of shape: {list(weight._shape)}"
        )
    logs = log_softmax(input, class_dim)
    if label_smoothing:
        _check_smoothing(label_smoothing)
        target = target * (1 - label_smoothing) + label_smoothing / classes
    weighted = logs * target
    if weight is not None:
        weighted = weighted * _by_class(weight, len(input._shape))
    if reduction == NONE:
        return -weighted.sum(class_dim)
    total = -weighted.sum()
    if reduction == SUM:
        return total
    return _by_number(total, input.numel() // classes if input.numel() else 0)


def _cross_entropy_smoothed(
    input: Any, target: Any, weight: Any, reduction: int, ignore_index: int, label_smoothing: float
) -> Any:
    class_dim = 0 if len(input._shape) == 1 else 1
    classes = input._shape[class_dim]
    logs = log_softmax(input, class_dim)
    nll = nll_loss_nd(logs, target, weight, reduction, ignore_index)
    smooth = -(logs.sum(class_dim) if weight is None else (logs * _by_class(weight, len(input._shape))).sum(class_dim))
    ignored = target == ignore_index
    smooth = smooth.masked_fill(ignored, 0.0)
    if reduction == SUM:
        smooth = smooth.sum()
    elif reduction == MEAN:
        if weight is None:
            counted = target.numel() - int(ignored.sum().item())
            smooth = smooth.sum() / counted if counted else smooth.sum() * math.nan
        else:
            # The mean is weighted as that of the classes is.
            kept = target.detach().masked_fill(ignored, 0)
            factors = weight.detach()[kept].masked_fill(ignored, 0.0)
            smooth = smooth.sum() / factors.sum()
    return _times_number(nll, 1 - label_smoothing) + _times_number(smooth, label_smoothing / classes)
