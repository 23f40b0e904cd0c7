"""RAdam: Adam with rectified first steps."""

from typing import Any, ClassVar

from ..ops.creation import zeros_like
from ..tensor import Tensor
from ._settings import check_adam
from ._tensors import TensorOptimizer, decayed, scalar
from .optimizer import ParamsT, _to_scalar

__all__ = ["RAdam"]


class RAdam(TensorOptimizer):
    """Adam whose first steps are rectified for the variance of their mean square (Liu et al. 2020).

    With g the gradient, ``m = b1 * m + (1 - b1) * g``, ``v = b2 * v + (1 - b2) * g ** 2``, the length of the average
    ``rho = rho_inf - 2 * t * b2 ** t / (1 - b2 ** t)`` and its limit ``rho_inf = 2 / (1 - b2) - 1``, step t is
    ``param -= lr * m / (1 - b1 ** t) * r * sqrt(1 - b2 ** t) / (sqrt(v) + eps)``, where
    ``r ** 2 = (rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)``; while rho is at most 5, it is
    ``param -= lr * m / (1 - b1 ** t)``.

    Args:
        params: parameters, pairs (name, parameter), or dictionaries, one for each group.
        lr: the learning rate.
        betas: b1 and b2.
        eps: added to the root.
        weight_decay: the factor of the parameters that is added to their gradients.
        decoupled_weight_decay: multiply the parameters by ``1 - lr * weight_decay`` instead.
        foreach: accepted; there is one implementation.
        maximize: climb instead of descend.
        capturable: refused by the first step, as on PyTorch's CPU.
        differentiable: whether the step is recorded by autograd.

    Raises:
        ValueError: a setting is out of its range.
    """

    _later: ClassVar[dict[str, Any]] = {**TensorOptimizer._later, "decoupled_weight_decay": False}

    def __init__(
        self, params: ParamsT, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, decoupled_weight_decay: bool = False, *, foreach: bool | None = None,
        maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_adam(lr, betas, eps, weight_decay=weight_decay)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "foreach": foreach, "capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _begin(self, group: dict[str, Any], param: Tensor, grad: Tensor) -> dict[str, Any]:
        return {"step": scalar(0), "exp_avg": zeros_like(param), "exp_avg_sq": zeros_like(param)}

    def _update(self, group: dict[str, Any], param: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        (beta1, beta2), t = group["betas"], state["step"].item()
        m, v = state["exp_avg"], state["exp_avg_sq"]
        g = decayed(group, param, grad)
        m.lerp_(g, 1 - beta1)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        step = m / (1 - beta1**t) * _to_scalar(group["lr"])
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * t * beta2**t / (1 - beta2**t)
        if length > 5:
            step = step * ((1 - beta2**t) ** 0.5 / (v.sqrt() + group["eps"]))
            step = step * ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) ** 0.5
        param.sub_(step)
