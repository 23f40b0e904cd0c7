"""Adadelta."""

from typing import Any, ClassVar

from ..ops.creation import zeros_like
from ..tensor import Tensor
from ._settings import check_not_negative, check_rate
from ._tensors import TensorOptimizer, decayed, scalar
from .optimizer import ParamsT, _to_scalar

__all__ = ["Adadelta"]


class Adadelta(TensorOptimizer):
    """Adadelta (Zeiler 2012): steps by the gradient times the ratio of two running roots of mean squares.

    With g the gradient plus ``weight_decay * param``, ``v = rho * v + (1 - rho) * g ** 2``,
    ``delta = sqrt(u + eps) / sqrt(v + eps) * g`` and ``u = rho * u + (1 - rho) * delta ** 2``, a step is
    ``param -= lr * delta``.

    Args:
        params: parameters, pairs (name, parameter), or dictionaries, one for each group.
        lr: the factor of the steps.
        rho: how slowly the mean squares change.
        eps: added to them under the roots.
        weight_decay: the factor of the parameters that is added to their gradients.
        foreach: accepted; there is one implementation.
        capturable: refused by the first step, as on PyTorch's CPU.
        maximize: climb instead of descend.
        differentiable: whether the step is recorded by autograd.

    Raises:
        ValueError: a setting is out of its range.
    """

    _capturing_devices: ClassVar[tuple[str, ...]] = TensorOptimizer._capturing_devices[:-1]

    def __init__(
        self, params: ParamsT, lr: Any = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0,
        foreach: bool | None = None, *, capturable: bool = False, maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_rate(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        check_not_negative(epsilon=eps, weight_decay=weight_decay)
        defaults = {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _begin(self, group: dict[str, Any], param: Tensor, grad: Tensor) -> dict[str, Any]:
        return {"step": scalar(0), "square_avg": zeros_like(param), "acc_delta": zeros_like(param)}

    def _update(self, group: dict[str, Any], param: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        rho, eps = group["rho"], group["eps"]
        v, u = state["square_avg"], state["acc_delta"]
        g = decayed(group, param, grad)
        v.mul_(rho).addcmul_(g, g, value=1 - rho)
        delta = (u + eps).sqrt() / (v + eps).sqrt() * g
        u.mul_(rho).addcmul_(delta, delta, value=1 - rho)
        param.add_(delta, alpha=-_to_scalar(group["lr"]))
