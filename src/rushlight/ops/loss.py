"""Loss functions, embeddings and one-hot vectors.

`reduction` is a number here: 0 for every element's loss, 1 for their mean, 2 for their sum. As in `activation`,
gradients have a form on arrays and one on Tensors.
"""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase
from ..kernels import numpy_loss as kernels
from .activation import _constant, floating, log_softmax
from .declare import Array, composite, in_formulas, operation
from .elementwise_general import result_type

_HIDDEN: dict[str, Any] = {"function": False, "method": False}
_NONE, _MEAN, _SUM = 0, 1, 2


def _share(grad: Any, x: Any, reduction: int) -> Any:
    """The gradient of each element's loss."""
    return grad / max(x.numel(), 1) if reduction == _MEAN else grad


# ---------------------------------------------------------------------------------------------- distances
def _distance(name: str, backward: str) -> dict[str, Any]:
    """What the losses that depend on ``input - target`` have in common."""
    return {"input": f"{name}_backward({backward})", "target": f"-{name}_backward({backward})", **_HIDDEN}


@operation(kernel=floating(kernels.mse_loss, "mse_cpu"), name="_mse_loss", node="MseLossBackward0", aten="mse_loss",
           **_distance("mse_loss", "grad, input, target, reduction"))  # fmt: skip
def _mse_loss(input: Array, target: Array, reduction: int) -> Array:
    """Squared differences of tensors of one shape and dtype."""


in_formulas(
    kernels.mse_loss_backward,
    lambda grad, input, target, reduction: (input - target) * 2 * _share(grad, input, reduction),
    "mse_loss_backward",
)


@operation(kernel=floating(kernels.smooth_l1_loss, "smooth_l1_cpu"), name="_smooth_l1_loss",
node="SmoothL1LossBackward0",
           aten="smooth_l1_loss", **_distance("smooth_l1_loss", "grad, input, target, reduction, beta"))  # fmt: skip
def _smooth_l1_loss(input: Array, target: Array, reduction: int, beta: float) -> Array:
    """Differences, squared where they are below `beta`, of tensors of one shape and dtype."""


def _smooth_l1_again(grad: Any, input: Any, target: Any, reduction: int, beta: float) -> Any:
    d = input - target
    near = _constant(d.abs() < beta, d)
    return (near * d / beta + (1 - near) * d.detach().sign()) * _share(grad, input, reduction)


in_formulas(kernels.smooth_l1_loss_backward, _smooth_l1_again, "smooth_l1_loss_backward")


@operation(kernel=floating(kernels.huber_loss, "huber_cpu"), name="_huber_loss", node="HuberLossBackward0",
           aten="huber_loss", **_distance("huber_loss", "grad, input, target, reduction, delta"))  # fmt: skip
def _huber_loss(input: Array, target: Array, reduction: int, delta: float) -> Array:
    """Differences, squared where they are below `delta`, of tensors of one shape and dtype."""


def _huber_again(grad: Any, input: Any, target: Any, reduction: int, delta: float) -> Any:
    d = input - target
    near = _constant(d.abs() <= delta, d)
    return (near * d + (1 - near) * d.detach().sign() * delta) * _share(grad, input, reduction)


in_formulas(kernels.huber_loss_backward, _huber_again, "huber_loss_backward")


def _pair(input: Any, target: Any) -> tuple[Any, Any]:
    """Two tensors of one shape and dtype."""
    if input._dtype is not target._dtype:
        common = result_type(input, target)
        input, target = input.to(common), target.to(common)
    if input._shape != target._shape:
        shape = np.broadcast_shapes(input._shape, target._shape)
        input, target = input.expand(shape), target.expand(shape)
    return input, target


@composite(method=False, function=False)
def mse_loss(input: Any, target: Any, reduction: int = _MEAN) -> Any:
    """``(input - target) ** 2``, reduced."""
    return _mse_loss(*_pair(input, target), reduction)


@composite(method=False, function=False)
def smooth_l1_loss(input: Any, target: Any, reduction: int = _MEAN, beta: float = 1.0) -> Any:
    """``d ** 2 / (2 beta)`` where the distance d is below `beta`, ``d - beta / 2`` elsewhere, reduced.

    Raises:
        RuntimeError: `beta` is negative.
    """
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return l1_loss(input, target, reduction)
    return _smooth_l1_loss(*_pair(input, target), reduction, beta)


@composite(method=False, function=False)
def huber_loss(input: Any, target: Any, reduction: int = _MEAN, delta: float = 1.0) -> Any:
    """``d ** 2 / 2`` where the distance d is up to `delta`, ``delta * (d - delta / 2)`` elsewhere, reduced.

    Raises:
        RuntimeError: `delta` is not positive.
    """
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    return _huber_loss(*_pair(input, target), reduction, delta)


def reduced(loss: Any, reduction: int) -> Any:
    """The mean or the sum of a loss, or the loss itself."""
    return loss.mean() if reduction == _MEAN else loss.sum() if reduction == _SUM else loss


@composite(method=False, function=False)
def l1_loss(input: Any, target: Any, reduction: int = _MEAN) -> Any:
    """``|input - target|``, reduced."""
    return reduced((input - target).abs(), reduction)


@operation(kernel=floating(kernels.soft_margin_loss, "soft_margin"), name="_soft_margin_loss",
node="SoftMarginLossBackward0",
           aten="soft_margin_loss", **_HIDDEN,
           input="soft_margin_loss_backward(grad, input, target, reduction)")  # fmt: skip
def _soft_margin_loss(input: Array, target: Array, reduction: int) -> Array:
    """``log(1 + exp(-target * input))``, reduced."""


in_formulas(
    kernels.soft_margin_loss_backward,
    lambda grad, input, target, reduction: -target * (-target * input).sigmoid() * _share(grad, input, reduction),
    "soft_margin_loss_backward",
)


@composite(method=False, function=False)
def soft_margin_loss(input: Any, target: Any, reduction: int = _MEAN) -> Any:
    """``log(1 + exp(-target * input))``, reduced.

    Raises:
        RuntimeError: `target` requires a gradient, which it cannot have.
    """
    _no_gradient("soft_margin_loss", target)
    return _soft_margin_loss(*_pair(input, target), reduction)


def _no_gradient(function: str, target: Any) -> None:
    if target._node is not None:
        raise RuntimeError(
            f"The function '{function}' is not differentiable with respect to argument 'target'. This input cannot "
            f"have "
            "requires_grad True."
        )


# ---------------------------------------------------------------------------------------------- probabilities
@operation(kernel=floating(kernels.binary_cross_entropy, "binary_cross_entropy"), name="_binary_cross_entropy",
           node="BinaryCrossEntropyBackward0", aten="binary_cross_entropy", **_HIDDEN,
           input="binary_cross_entropy_backward(grad, input, target, weight, reduction)",
           target="binary_cross_entropy_target(grad, input, weight, reduction)")  # fmt: skip
def _binary_cross_entropy(input: Array, target: Array, weight: Array | None, reduction: int) -> Array:
    """The cross entropy of probabilities, of tensors of one shape."""


def _bce_again(grad: Any, input: Any, target: Any, weight: Any, reduction: int) -> Any:
    slope = (input - target) / ((1 - input) * input).clamp(min=float(np.float32(1e-12)))
    return _share(grad, input, reduction) * (slope if weight is None else slope * weight)


def _bce_target(grad: Array, input: Array, weight: Array | None, reduction: int) -> Any:
    with np.errstate(divide="ignore"):
        slope = np.maximum(np.log1p(-input), -100) - np.maximum(np.log(input), -100)
    return kernels._spread(grad, slope if weight is None else slope * weight, reduction, input.dtype)


def _bce_target_again(grad: Any, input: Any, weight: Any, reduction: int) -> Any:
    slope = (1 - input).log().clamp(min=-100) - input.log().clamp(min=-100)
    return _share(grad, input, reduction) * (slope if weight is None else slope * weight)


in_formulas(kernels.binary_cross_entropy_backward, _bce_again, "binary_cross_entropy_backward")
in_formulas(_bce_target, _bce_target_again, "binary_cross_entropy_target")


@composite(method=False, function=False)
def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: int = _MEAN) -> Any:
    """``-weight * (target * log(input) + (1 - target) * log(1 - input))``, reduced; logarithms are at least -100.

    Raises:
        RuntimeError: an element of the input is not between 0 and 1, or dtypes differ.
    """
    if input._dtype is not target._dtype:
        raise RuntimeError(
            f"Found dtype {target._dtype.legacy.removesuffix('Tensor')} but expected "
            f"{input._dtype.legacy.removesuffix('Tensor')}"
        )
    if weight is not None and weight._shape != input._shape:
        weight = weight.expand(input._shape)
    return _binary_cross_entropy(input, target, weight, reduction)


_LOGITS = "(grad, input, target, weight, pos_weight, reduction)"


@operation(kernel=floating(kernels.binary_cross_entropy_with_logits, "log_sigmoid_cpu"), name="_bce_with_logits",
           node="BinaryCrossEntropyWithLogitsBackward0", aten="binary_cross_entropy_with_logits", **_HIDDEN,
           input=f"bce_with_logits_input{_LOGITS}", target=f"bce_with_logits_target{_LOGITS}")  # fmt: skip
def _bce_with_logits(
    input: Array, target: Array, weight: Array | None, pos_weight: Array | None, reduction: int
) -> Array:
    """The cross entropy of logits, of tensors of one shape."""


def _logits_input(grad: Any, input: Any, target: Any, weight: Any, pos_weight: Any, reduction: int) -> Any:
    with np.errstate(over="ignore"):
        away = 1 / (1 + np.exp(input))  # sigmoid(-input)
    positive = target if pos_weight is None else target * pos_weight
    # The derivative of log(1 + exp(-x)) is -sigmoid(-x).
    slope = (1 - target) * (1 - away) - positive * away
    return kernels._spread(grad, slope if weight is None else slope * weight, reduction, input.dtype)


def _logits_input_again(grad: Any, input: Any, target: Any, weight: Any, pos_weight: Any, reduction: int) -> Any:
    away = (-input).sigmoid()
    positive = target if pos_weight is None else target * pos_weight
    slope = (1 - target) * (1 - away) - positive * away
    return _share(grad, input, reduction) * (slope if weight is None else slope * weight)


def _logits_target(grad: Any, input: Any, target: Any, weight: Any, pos_weight: Any, reduction: int) -> Any:
    slope = -input if pos_weight is None else np.logaddexp(0, -input) * pos_weight - np.logaddexp(0, input)
    return kernels._spread(grad, slope if weight is None else slope * weight, reduction, input.dtype)


def _logits_target_again(grad: Any, input: Any, target: Any, weight: Any, pos_weight: Any, reduction: int) -> Any:
    from .activation import log_sigmoid

    slope = -input if pos_weight is None else log_sigmoid(-input) - log_sigmoid(input) * pos_weight
    return _share(grad, input, reduction) * (slope if weight is None else slope * weight)


in_formulas(_logits_input, _logits_input_again, "bce_with_logits_input")
in_formulas(_logits_target, _logits_target_again, "bce_with_logits_target")


@composite(method=False)
def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, pos_weight: Any = None, reduction: int = _MEAN
) -> Any:
    """The binary cross entropy of ``sigmoid(input)``, reduced; `pos_weight` multiplies the part of positive targets."""
    input, target = _pair(input, target)
    weight, pos_weight = (
        w if w is None or w._shape == input._shape else w.expand(input._shape) for w in (weight, pos_weight)
    )
    return _bce_with_logits(input, target, weight, pos_weight, reduction)


@composite(method=False)
def kl_div(input: Any, target: Any, reduction: int = _MEAN, *, log_target: bool = False) -> Any:
    """``target * (log(target) - input)``, reduced: how far a distribution is from log-probabilities.

    Args:
        input: log-probabilities.
        target: probabilities, or log-probabilities if `log_target`.
        reduction: 0, 1 or 2.
        log_target: what `target` holds.
    """
    if log_target:
        return reduced(target.exp() * (target - input), reduction)
    return reduced(_times_own_log(target) - target * input, reduction)


@operation(**_HIDDEN, node="XlogyBackward0", aten="xlogy", input="grad * log_plus_one(input)")
def _times_own_log(input: Array) -> Array:
    """``x * log(x)``, and 0 at 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(input == 0, np.zeros((), input.dtype), input * np.log(input))


def _log_plus_one(x: Array) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(x) + 1


in_formulas(_log_plus_one, lambda x: x.log() + 1, "log_plus_one")


# ---------------------------------------------------------------------------------------------- classes
@operation(**_HIDDEN, node="MulBackward1", aten="mul", input="grad * number", tangent="linear")
def _times_number(input: Array, number: float) -> Array:
    """The product with a number, as PyTorch's own functions call it."""
    return input * number


@operation(**_HIDDEN, node="DivBackward1", aten="div", input="grad / number", tangent="linear")
def _by_number(input: Array, number: float) -> Array:
    """The quotient by a number, as PyTorch's own functions call it."""
    return np.divide(input, np.asarray(number, input.dtype))


_NLL: dict[str, Any] = {
    "outputs": ("result", "total_weight"),
    "differentiable": ("result",),
    "input": "nll_loss_backward(grad, target, weight, reduction, ignore_index, total_weight, shape(input))",
    **_HIDDEN,
}


@operation(kernel=floating(kernels.nll_loss, "nll_loss_out_frame"), name="_nll_loss", node="NllLossBackward0",
           aten="nll_loss_forward", **_NLL)  # fmt: skip
def _nll_loss(input: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int) -> Array:
    """Negative log likelihoods, and the total weight of the targets that count."""


@operation(kernel=floating(kernels.nll_loss, "nll_loss2d_forward_out_frame"), name="_nll_loss2d",
           node="NllLoss2DBackward0", aten="nll_loss2d_forward", **_NLL)  # fmt: skip
def _nll_loss2d(input: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int) -> Array:
    """Negative log likelihoods of images, and the total weight of the targets that count."""


@operation(kernel=kernels.nll_loss_backward, node="NllLossBackwardBackward0", **_HIDDEN,
           grad_output="nll_loss_total(grad, target, weight, reduction, ignore_index, total_weight)")  # fmt: skip
def nll_loss_backward(
    grad_output: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int, total_weight: Array,
    size: tuple[int, ...],
) -> Array:  # fmt: skip
    """The gradient of `nll_loss` by its input of shape `size`."""


@operation(kernel=kernels.nll_loss_total, node="NllLossBackward0", **_HIDDEN,
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
    """`nll_loss` of ``(N, C)`` or ``(C,)``."""
    if target.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if input.ndim == 2 and target.ndim == 1 and input._shape[0] != target._shape[0]:
        raise RuntimeError(f"size mismatch (got input: {list(input._shape)}, target: {list(target._shape)})")
    _check_weight(input, weight, input._shape[-1])
    _check_target_dtype(target)
    if input.ndim == 1 and target.ndim == 1:
        return _nll_loss(input.unsqueeze(0), target, weight, reduction, ignore_index)[0]
    return _nll_loss(input, target, weight, reduction, ignore_index)[0]


def _nll_images(input: Any, target: Any, weight: Any, reduction: int, ignore_index: int) -> Any:
    """`nll_loss` of ``(N, C, H, W)``."""
    if target.ndim != 3:
        raise RuntimeError(
            f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {target.ndim}"
        )
    if (input._shape[0], *input._shape[2:]) != target._shape:
        raise RuntimeError(f"size mismatch (got input: {list(input._shape)} , target: {list(target._shape)}")
    _check_weight(input, weight, input._shape[1])
    _check_target_dtype(target)
    return _nll_loss2d(input, target, weight, reduction, ignore_index)[0]


@composite(method=False, function=False)
def nll_loss_nd(input: Any, target: Any, weight: Any = None, reduction: int = _MEAN, ignore_index: int = -100) -> Any:
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
        IndexError: a target is no class.
    """
    if input.ndim < 1:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if input.ndim != 1 and input._shape[0] != (target._shape[0] if target.ndim else 1):
        raise ValueError(
            f"Expected input batch_size ({input._shape[0]}) to match target batch_size "
            f"({target._shape[0] if target.ndim else 1})."
        )
    if input.ndim <= 2:
        return _nll_flat(input, target, weight, reduction, ignore_index)
    if input.ndim == 4:
        return _nll_images(input, target, weight, reduction, ignore_index)
    # Other numbers of positions are laid out as an image of one row.
    n, c, *positions = input._shape
    if target._shape[1:] != tuple(positions):
        raise RuntimeError(f"Expected target size {[n, *positions]}, got {list(target._shape)}")
    count = math.prod(positions)
    image = input.contiguous().view((n, c, 1, count))
    loss = _nll_images(image, target.contiguous().view((n, 1, count)), weight, reduction, ignore_index)
    return loss.view((n, *positions)) if reduction == _NONE else loss


@composite(method=False, function=False)
def nll_loss(input: Any, target: Any, weight: Any = None, reduction: int = _MEAN, ignore_index: int = -100) -> Any:
    """`nll_loss_nd` of ``(N, C)`` or ``(C,)``."""
    return _nll_flat(input, target, weight, reduction, ignore_index)


@composite(method=False, function=False)
def cross_entropy_loss(
    input: Any, target: Any, weight: Any = None, reduction: int = _MEAN, ignore_index: int = -100,
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
    if input._shape == target._shape and target._dtype.is_floating_point:
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        return _cross_entropy_of_probabilities(input, target, weight, reduction, label_smoothing)
    if label_smoothing:
        _check_smoothing(label_smoothing)
        return _cross_entropy_smoothed(input, target, weight, reduction, ignore_index, label_smoothing)
    class_dim = 0 if input.ndim == 1 else 1
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
    class_dim = 0 if input.ndim == 1 else 1
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
        weighted = weighted * _by_class(weight, input.ndim)
    if reduction == _NONE:
        return -weighted.sum(class_dim)
    total = -weighted.sum()
    if reduction == _SUM:
        return total
    return _by_number(total, input.numel() // classes if input.numel() else 0)


def _cross_entropy_smoothed(
    input: Any, target: Any, weight: Any, reduction: int, ignore_index: int, label_smoothing: float
) -> Any:
    class_dim = 0 if input.ndim == 1 else 1
    classes = input._shape[class_dim]
    logs = log_softmax(input, class_dim)
    nll = nll_loss_nd(logs, target, weight, reduction, ignore_index)
    smooth = -(logs.sum(class_dim) if weight is None else (logs * _by_class(weight, input.ndim)).sum(class_dim))
    ignored = target == ignore_index
    smooth = smooth.masked_fill(ignored, 0.0)
    if reduction == _SUM:
        smooth = smooth.sum()
    elif reduction == _MEAN:
        if weight is None:
            counted = target.numel() - int(ignored.sum().item())
            smooth = smooth.sum() / counted if counted else smooth.sum() * math.nan
        else:
            # The mean is weighted as that of the classes is.
            kept = target.detach().masked_fill(ignored, 0)
            factors = weight.detach()[kept].masked_fill(ignored, 0.0)
            smooth = smooth.sum() / factors.sum()
    return _times_number(nll, 1 - label_smoothing) + _times_number(smooth, label_smoothing / classes)


# ---------------------------------------------------------------------------------------------- tables
@operation(name="_embedding", node="EmbeddingBackward0", aten="embedding", **_HIDDEN,
           weight="embedding_backward(grad, indices, shape(weight)[0], padding_idx, scale_grad_by_freq)")  # fmt: skip
def _embedding(weight: Array, indices: Array, padding_idx: int, scale_grad_by_freq: bool) -> Array:
    """Rows of a table."""
    return kernels.embedding(weight, indices)


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
def embedding(
    weight: Any, indices: Any, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Any:
    """Rows of the table `weight`, ``(rows, columns)``, at `indices`: of shape ``(*indices.shape, columns)``.

    Args:
        weight: the table.
        indices: int64 or int32.
        padding_idx: a row that gets no gradient; negative for none.
        scale_grad_by_freq: whether a row's gradient is divided by how often it was looked up.
        sparse: must be False: there are no sparse tensors.

    Raises:
        RuntimeError: the table has not two dimensions, or `indices` are not integers.
        IndexError: an index is no row.
    """
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    if indices._dtype is not dtypes.int64 and indices._dtype is not dtypes.int32:
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"torch.{indices._dtype.legacy} instead (while checking arguments for embedding)"
        )
    if sparse:
        raise NotImplementedError("embedding: sparse gradients need sparse tensors, which Rushlight does not have")
    return _embedding(weight, indices, padding_idx, scale_grad_by_freq)


@composite(method=False, function=False)
def one_hot(input: Any, num_classes: int = -1) -> Any:
    """Ones where the last position is the number in `input`, else zeros; int64, ``(*input.shape, num_classes)``.

    Args:
        input: int64.
        num_classes: how many positions; as many as the largest number needs if -1.

    Raises:
        RuntimeError: a number is negative or too large, or the dtype is another.
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
    return wrap(kernels.one_hot(numbers, num_classes))
