"""Averaged stochastic gradient descent."""

from typing import Any, ClassVar

from ..ops.creation import zeros_like
from ..tensor import Tensor
from ._settings import check_not_negative, check_rate
from ._tensors import TensorOptimizer, decayed, scalar
from .optimizer import ParamsT, _to_scalar

__all__ = ["ASGD"]


class ASGD(TensorOptimizer):
    """Gradient descent that keeps the average of the parameters it went through (Polyak and Juditsky 1992).

    With g the gradient plus ``weight_decay * param``, step t is ``param = (1 - lambd * eta) * param - eta * g`` and
    ``ax += mu * (param - ax)``; the next step's are ``eta = lr / (1 + lambd * lr * t) ** alpha`` and
    ``mu = 1 / max(1, t - t0)``. The average is ``optimizer.state[param]["ax"]``.

    Args:
        params: parameters, pairs (name, parameter), or dictionaries, one for each group.
        lr: the first learning rate.
        lambd: the decay of the parameters, and how fast the learning rate falls.
        alpha: the power by which it falls.
        t0: the step at which averaging begins.
        weight_decay: the factor of the parameters that is added to their gradients.
        foreach: accepted; there is one implementation.
        maximize: climb instead of descend.
        differentiable: whether the step is recorded by autograd.
        capturable: refused by the first step, as on PyTorch's CPU.

    Raises:
        ValueError: the learning rate or the weight decay is negative.
    """

    _captured: ClassVar[str] = "params, mus, etas, and state_steps"

    def __init__(
        self, params: ParamsT, lr: Any = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6,
        weight_decay: float = 0, foreach: bool | None = None, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:  # fmt: skip
        check_rate(lr)
        check_not_negative(weight_decay=weight_decay)
        defaults = {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _begin(self, group: dict[str, Any], param: Tensor, grad: Tensor) -> dict[str, Any]:
        eta = scalar(_to_scalar(group["lr"])).detach()
        return {"step": scalar(0), "eta": eta, "mu": scalar(1), "ax": zeros_like(param)}

    def _update(self, group: dict[str, Any], param: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        t, eta, mu, average = state["step"].item(), state["eta"].item(), state["mu"], state["ax"]
        lr, lambd = _to_scalar(group["lr"]), group["lambd"]
        g = decayed(group, param, grad)
        param.mul_(1 - lambd * eta).add_(g, alpha=-eta)
        if mu.item() == 1:
            average.copy_(param)
        else:
            average.add_((param - average) * mu)
        state["eta"].fill_(lr / (1 + lambd * lr * t) ** group["alpha"])
        mu.fill_(1 / max(1, t - group["t0"]))
