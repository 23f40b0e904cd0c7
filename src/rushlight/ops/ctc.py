"""Connectionist temporal classification. PyTorch has no second derivative of it."""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, wrap
from ..kernels import ctc as kernels
from .declare import Array, composite, operation
from .loss_parts import HIDDEN, MEAN, SUM


@operation(
    kernel=lambda log_probs, targets, input_lengths, target_lengths, blank, zero_infinity: kernels.ctc_loss(
        log_probs, targets, input_lengths, target_lengths, blank
    ),
    name="_ctc", aten="_ctc_loss", node="CtcLossBackward0", outputs=("result0", "result1"), tangent="refused",
    differentiable=("result0",), **HIDDEN,
    log_probs="ctc_backward(grad, log_probs, targets, input_lengths, target_lengths, result0, result1, blank, "
    "zero_infinity)",
)  # fmt: skip
def _ctc(
    log_probs: Array, targets: Array, input_lengths: Array, target_lengths: Array, blank: int, zero_infinity: bool
) -> Array:
    """The losses of all sequences, and what their gradient begins with; of checked arguments."""


@operation(kernel=kernels.ctc_loss_backward, node="torch::autograd::NotImplemented", **HIDDEN,
           grad_output="not_implemented(grad, '_ctc_loss_backward')",
           log_probs="not_implemented(grad, '_ctc_loss_backward')")  # fmt: skip
def ctc_backward(
    grad_output: Array, log_probs: Array, targets: Array, input_lengths: Array, target_lengths: Array, loss: Array,
    alpha: Array, blank: int, zero_infinity: bool,
) -> Array:  # fmt: skip
    """The gradient of the losses by the log-probabilities."""


_WHERE = "(while checking arguments for ctc_loss_allocate_outputs)"


def _lengths(given: Any, name: str) -> Any:
    """Lengths as an int64 tensor of one dimension.

    Raises:
        RuntimeError: they are no integers.
    """
    if isinstance(given, TensorBase):
        if given._dtype.category != dtypes.INTEGRAL:
            raise RuntimeError(f"{name} must be integral")
        tensor: Any = given
        return tensor.to(dtypes.int64, copy=True).reshape(-1)  # PyTorch reads the numbers at once
    return wrap(np.array(given, np.int64).reshape(-1))


def _check(log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: int) -> None:
    if not log_probs._dtype.is_floating_point or log_probs._dtype in (dtypes.float16, dtypes.bfloat16):
        kind = log_probs._dtype.legacy.removesuffix("Tensor")
        raise NotImplementedError(f"\"ctc_loss_cpu\" not implemented for '{kind}'")
    if not log_probs.numel():
        raise RuntimeError("log_probs tensor must not be empty")
    steps, batch, classes = log_probs._shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    inputs, labels = input_lengths._data, target_lengths._data
    if len(inputs) != batch:
        raise RuntimeError("input_lengths must be of size batch_size")
    if len(labels) != batch:
        raise RuntimeError("target_lengths must be of size batch_size")
    for length in labels:
        if length < 0:
            raise RuntimeError(f"Expected target_lengths to have value at least 0, but got value {length} {_WHERE}")
    given = f"for argument #2 'targets' {_WHERE}"
    if targets.ndim == 1:
        if targets._shape[0] != labels.sum():
            raise RuntimeError(
                f"Expected tensor to have size {labels.sum()} at dimension 0, but got size {targets._shape[0]} {given}"
            )
    elif targets._shape[0] != batch:
        raise RuntimeError(
            f"Expected tensor to have size {batch} at dimension 0, but got size {targets._shape[0]} {given}"
        )
    elif targets._shape[1] < labels.max():
        raise RuntimeError(
            f"Expected tensor to have size at least {labels.max()} at dimension 1, but got size {targets._shape[1]} "
            f"{given}"
        )
    for length in inputs:
        if length < 0:
            raise RuntimeError(f"Expected input_lengths to have value at least 0, but got value {length} {_WHERE}")
        if length > steps:
            raise RuntimeError(f"Expected input_lengths to have value at most {steps}, but got value {length} {_WHERE}")


@composite(method=False)
def _ctc_loss(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: int = 0, zero_infinity: bool = False
) -> Any:
    """The loss of each sequence, ``(N,)``, and the logarithms that its gradient begins with; see `ctc_loss`."""
    inputs, labels = _lengths(input_lengths, "input_lengths"), _lengths(target_lengths, "target_lengths")
    _check(log_probs, targets, inputs, labels, blank)
    return tuple(_ctc(log_probs, targets.to(dtypes.int64), inputs, labels, blank, zero_infinity))


@composite(method=False)
def ctc_loss(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: int = 0, reduction: int = MEAN,
    zero_infinity: bool = False,
) -> Any:  # fmt: skip
    """The negative log probability of target sequences under all their alignments with the input, reduced.

    Args:
        log_probs: ``(T, N, C)`` or ``(T, C)``.
        targets: ``(N, S)``, or all sequences behind each other.
        input_lengths: how many steps each sequence has; a tensor or a tuple.
        target_lengths: how many labels each target has; likewise.
        blank: the class that is no label.
        reduction: 0, 1 (the mean of losses divided by the targets' lengths) or 2.
        zero_infinity: whether losses of targets that fit no alignment count as zero.

    Raises:
        RuntimeError: shapes, dtypes or lengths do not go together.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html
    """
    batched = log_probs.ndim == 3
    inputs, labels = _lengths(input_lengths, "input_lengths"), _lengths(target_lengths, "target_lengths")
    if not batched:
        log_probs = log_probs.unsqueeze(1)
        if targets.ndim == 1:
            targets = targets.unsqueeze(0)
    loss = _ctc_loss(log_probs, targets, inputs, labels, blank, zero_infinity)[0]
    if zero_infinity:
        from .comparison import where

        loss = where(loss == float("inf"), loss.new_zeros(()), loss)
    if reduction == MEAN:
        return (loss / labels.clamp_min(1).to(loss._dtype)).mean()
    if reduction == SUM:
        return loss.sum()
    return loss if batched else loss.squeeze(0)
