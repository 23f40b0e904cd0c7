"""Resilient backpropagation."""

from typing import Any

from ..ops.creation import full_like, ones_like, zeros_like
from ..tensor import Tensor
from ._settings import check_rate
from ._tensors import TensorOptimizer, scalar
from .optimizer import ParamsT, _to_scalar

__all__ = ["Rprop"]


class Rprop(TensorOptimizer):
    """Resilient backpropagation (Riedmiller and Braun 1993): steps by the gradient's sign, each element at its pace.

    Where the gradient g has kept its sign, the element's pace is multiplied by the second of `etas`; where the sign
    turned, by the first, and g counts as zero. A step is ``param -= pace * sign(g)``.

    Args:
        params: parameters, pairs (name, parameter), or dictionaries, one for each group.
        lr: the pace to begin with.
        etas: the factors of the pace.
        step_sizes: the least and the greatest pace.
        capturable: refused by the first step, as on PyTorch's CPU.
        foreach: accepted; there is one implementation.
        maximize: climb instead of descend.
        differentiable: whether the step is recorded by autograd.

    Raises:
        ValueError: the learning rate is negative, or the factors are not below and above 1.
    """

    def __init__(
        self, params: ParamsT, lr: Any = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_rate(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _begin(self, group: dict[str, Any], param: Tensor, grad: Tensor) -> dict[str, Any]:
        lr = _to_scalar(group["lr"])
        pace = full_like(grad, complex(lr, lr) if param.is_complex() else lr)
        return {"step": scalar(0), "prev": zeros_like(param), "step_size": pace}

    def _update(self, group: dict[str, Any], param: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        (slower, faster), (least, greatest) = group["etas"], group["step_sizes"]
        before, pace = state["prev"], state["step_size"]
        agreement = grad * before.clone()
        turned = agreement < 0
        factor = ones_like(grad).masked_fill(turned, slower).masked_fill(agreement > 0, faster)
        pace.mul_(factor).clamp_(least, greatest)
        g = grad.masked_fill(turned, 0)
        param.addcmul_(g.sign(), pace, value=-1)
        before.copy_(g)
