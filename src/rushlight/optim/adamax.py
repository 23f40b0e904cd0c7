"""Adamax."""

from typing import Any

from ..ops.creation import zeros_like
from ..tensor import Tensor
from ._settings import check_adam
from ._tensors import TensorOptimizer, decayed, scalar
from .optimizer import ParamsT, _to_scalar

__all__ = ["Adamax"]


class Adamax(TensorOptimizer):
    """Adamax (Kingma and Ba 2015): Adam with the greatest gradient, slowly forgotten, for the root of the mean square.

    With g the gradient plus ``weight_decay * param``, ``m = b1 * m + (1 - b1) * g`` and
    ``u = max(b2 * u, |g| + eps)``, step t is ``param -= lr / (1 - b1 ** t) * m / u``.

    Args:
        params: parameters, pairs (name, parameter), or dictionaries, one for each group.
        lr: the learning rate.
        betas: b1 and b2.
        eps: added to the gradient's size.
        weight_decay: the factor of the parameters that is added to their gradients.
        foreach: accepted; there is one implementation.
        maximize: climb instead of descend.
        differentiable: whether the step is recorded by autograd.
        capturable: refused by the first step, as on PyTorch's CPU.

    Raises:
        ValueError: a setting is out of its range.
    """

    def __init__(
        self, params: ParamsT, lr: Any = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, foreach: bool | None = None, *, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:  # fmt: skip
        check_adam(lr, betas, eps, weight_decay=weight_decay)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _begin(self, group: dict[str, Any], param: Tensor, grad: Tensor) -> dict[str, Any]:
        return {"step": scalar(0), "exp_avg": zeros_like(param), "exp_inf": zeros_like(param)}

    def _update(self, group: dict[str, Any], param: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        (beta1, beta2), t = group["betas"], state["step"].item()
        m, u = state["exp_avg"], state["exp_inf"]
        g = decayed(group, param, grad)
        m.lerp_(g, 1 - beta1)
        u.copy_((u * beta2).maximum(g.abs() + group["eps"]))
        param.addcdiv_(m, u, value=-(_to_scalar(group["lr"]) / (1 - beta1**t)))
