"""What loss functions share: how the losses of many elements become one.

`reduction` is a number: 0 for every element's loss, 1 for their mean, 2 for their sum.
"""

from typing import Any

from ..autograd.mode import is_grad_enabled
from .broadcasting import broadcast_tensors
from .convert import promoted
from .elementwise_general import result_type

HIDDEN: dict[str, Any] = {"function": False, "method": False}
NONE, MEAN, SUM = 0, 1, 2


def share(grad: Any, x: Any, reduction: int) -> Any:
    """The gradient of each element's loss."""
    return grad / max(x.numel(), 1) if reduction == MEAN else grad


def no_gradient(function: str, **tensors: Any) -> None:
    """Refuses tensors that require a gradient where a loss has no derivative by them.

    Args:
        function: the function's name in PyTorch.
        tensors: the tensors, or None, by the names of their arguments.

    Raises:
        RuntimeError: one requires a gradient.
    """
    for name, t in tensors.items():
        if t is not None and t._node is not None and is_grad_enabled():
            raise RuntimeError(
                f"The function '{function}' is not differentiable with respect to argument '{name}'. This input cannot "
                "have requires_grad True."
            )


def pair(input: Any, target: Any) -> tuple[Any, Any]:
    """Two tensors of one shape and dtype."""
    if input._dtype is not target._dtype:
        common = result_type(input, target)
        input, target = promoted(input, common), promoted(target, common)
    if input._shape != target._shape:
        input, target = broadcast_tensors(input, target)
    return input, target


def reduced(loss: Any, reduction: int) -> Any:
    """The mean or the sum of a loss, or the loss itself."""
    return loss.mean() if reduction == MEAN else loss.sum() if reduction == SUM else loss
