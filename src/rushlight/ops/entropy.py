"""Loss functions of probabilities: the binary cross entropy and the divergence of Kullback and Leibler."""

from typing import Any

import numpy as np

from ..kernels import loss as loops
from ..kernels import numpy_loss as kernels
from ..kernels.numpy_pointwise import sigmoid
from .activation import floating, log_sigmoid
from .arguments import explained
from .declare import Array, composite, elementwise, in_formulas, operation
from .loss_parts import HIDDEN, MEAN, no_gradient, pair, reduced, share


@operation(kernel=floating(kernels.binary_cross_entropy, "binary_cross_entropy"), name="_binary_cross_entropy",
           node="BinaryCrossEntropyBackward0", aten="binary_cross_entropy", **HIDDEN,
           input="binary_cross_entropy_backward(grad, input, target, weight, reduction)",
           target="binary_cross_entropy_target(grad, input, weight, reduction)", keeps="target")  # fmt: skip
def _binary_cross_entropy(input: Array, target: Array, weight: Array | None, reduction: int) -> Array:
    """The cross entropy of probabilities, of tensors of one shape."""


_NEXT = "(input * input - 2 * input * target + target) / ((input + 1e-12) * (1 - input + 1e-12)) ** 2"


@elementwise(name="_bce_slope", function=False, method=False, input=f"grad * ({_NEXT})",
             target="-grad / ((input + 1e-12) * (1 - input + 1e-12))")  # fmt: skip
def _bce_slope(input: Array, target: Array) -> Array:
    """The derivative of the binary cross entropy; its own is zero where both are zero or both are one."""
    return (input - target) / np.maximum((1 - input) * input, np.float32(1e-12))


def _bce_again(grad: Any, input: Any, target: Any, weight: Any, reduction: int) -> Any:
    slope = _bce_slope(input, target)
    return share(grad, input, reduction) * (slope if weight is None else slope * weight)


def _bce_target(grad: Array, input: Array, weight: Array | None, reduction: int) -> Any:
    with np.errstate(divide="ignore"):
        slope = np.maximum(np.log1p(-input), -100) - np.maximum(np.log(input), -100)
    return kernels.spread(grad, slope if weight is None else slope * weight, reduction, input.dtype)


def _bce_target_again(grad: Any, input: Any, weight: Any, reduction: int) -> Any:
    slope = (1 - input).log().clamp(min=-100) - input.log().clamp(min=-100)
    return share(grad, input, reduction) * (slope if weight is None else slope * weight)


in_formulas(kernels.binary_cross_entropy_backward, _bce_again, "binary_cross_entropy_backward")
in_formulas(_bce_target, _bce_target_again, "binary_cross_entropy_target")


@composite(method=False, function=False)
def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: int = MEAN) -> Any:
    """``-weight * (target * log(input) + (1 - target) * log(1 - input))``, reduced; logarithms are at least -100.

    Raises:
        RuntimeError: an element of the input is not between 0 and 1, dtypes differ, or the weight requires a gradient.
    """
    no_gradient("binary_cross_entropy", weight=weight)
    if input._dtype is not target._dtype:
        raise RuntimeError(
            f"Found dtype {target._dtype.legacy.removesuffix('Tensor')} but expected "
            f"{input._dtype.legacy.removesuffix('Tensor')}"
        )
    if weight is not None and weight._shape != input._shape:
        weight = weight.expand(input._shape)
    return _binary_cross_entropy(input, target, weight, reduction)


_LOGITS = "(grad, input, target, weight, pos_weight, reduction)"


@operation(kernel=floating(loops.binary_cross_entropy_with_logits, "log_sigmoid_cpu"), name="_bce_with_logits",
           node="BinaryCrossEntropyWithLogitsBackward0", aten="binary_cross_entropy_with_logits", **HIDDEN,
           input=f"bce_with_logits_input{_LOGITS}", target=f"bce_with_logits_target{_LOGITS}")  # fmt: skip
def _bce_with_logits(
    input: Array, target: Array, weight: Array | None, pos_weight: Array | None, reduction: int
) -> Array:
    """The cross entropy of logits, of tensors of one shape."""


def _logits_slope(probability: Any, target: Any, pos_weight: Any) -> Any:
    # PyTorch's formula, which is zero where the target is `sigmoid(input)` to the last digit.
    if pos_weight is None:
        return probability - target
    positive = target * pos_weight
    return (positive + 1 - target) * probability - positive


def _logits_input(grad: Any, input: Any, target: Any, weight: Any, pos_weight: Any, reduction: int) -> Any:
    if weight is None and pos_weight is None:
        found = loops.binary_cross_entropy_with_logits_backward(grad, input, target, reduction)
        if found is not None:
            return found
    if input.dtype.itemsize == 2:
        return kernels.logits_backward_in_steps(grad, input, target, weight, pos_weight, reduction)
    slope = _logits_slope(sigmoid(input), target, pos_weight)
    return kernels.spread(grad, slope if weight is None else slope * weight, reduction, input.dtype)


def _logits_input_again(grad: Any, input: Any, target: Any, weight: Any, pos_weight: Any, reduction: int) -> Any:
    slope = _logits_slope(input.sigmoid(), target, pos_weight)
    return share(grad, input, reduction) * (slope if weight is None else slope * weight)


def _logits_target(grad: Any, input: Any, target: Any, weight: Any, pos_weight: Any, reduction: int) -> Any:
    if input.dtype.itemsize == 2:
        return kernels.logits_target_backward_in_steps(grad, input, weight, pos_weight, reduction)
    slope = -input if pos_weight is None else np.logaddexp(0, -input) * pos_weight - np.logaddexp(0, input)
    return kernels.spread(grad, slope if weight is None else slope * weight, reduction, input.dtype)


def _logits_target_again(grad: Any, input: Any, target: Any, weight: Any, pos_weight: Any, reduction: int) -> Any:
    slope = -input if pos_weight is None else log_sigmoid(-input) - log_sigmoid(input) * pos_weight
    return share(grad, input, reduction) * (slope if weight is None else slope * weight)


in_formulas(_logits_input, _logits_input_again, "bce_with_logits_input")
in_formulas(_logits_target, _logits_target_again, "bce_with_logits_target")


@composite(method=False)
@explained
def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, pos_weight: Any = None, reduction: int = MEAN
) -> Any:
    """The binary cross entropy of ``sigmoid(input)``, reduced; `pos_weight` multiplies the part of positive targets.

    Args:
        input, target: logits and probabilities of one shape.
        weight: a factor for each element.
        pos_weight: a factor for the positive part of each class.
        reduction: 0: none; 1: the mean; 2: the sum.

    Raises:
        RuntimeError: the shapes do not go together, or a factor requires a gradient.
    """
    no_gradient("binary_cross_entropy_with_logits", weight=weight, pos_weight=pos_weight)
    input, target = pair(input, target)
    weight, pos_weight = (
        w if w is None or w._shape == input._shape else w.expand(input._shape) for w in (weight, pos_weight)
    )
    return _bce_with_logits(input, target, weight, pos_weight, reduction)


@composite(method=False)
@explained
def kl_div(input: Any, target: Any, reduction: int = MEAN, *, log_target: bool = False) -> Any:
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


@operation(**HIDDEN, node="XlogyBackward0", aten="xlogy", input="grad * log(input) + grad * input / input")
def _times_own_log(input: Array) -> Array:
    """``x * log(x)``, and 0 at 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(input == 0, np.zeros((), input.dtype), input * np.log(input))
