"""NAdam: Adam with Nesterov's momentum."""

from typing import Any, ClassVar

from ..ops.creation import zeros_like
from ..tensor import Tensor
from ._settings import check_adam
from ._tensors import TensorOptimizer, decayed, scalar
from .optimizer import ParamsT, _to_scalar

__all__ = ["NAdam"]


class NAdam(TensorOptimizer):
    """Adam with Nesterov's momentum (Dozat 2016).

    With g the gradient, ``m = b1 * m + (1 - b1) * g``, ``v = b2 * v + (1 - b2) * g ** 2``, the momenta
    ``mu[t] = b1 * (1 - 0.96 ** (t * momentum_decay) / 2)`` and ``p[t] = mu[1] * ... * mu[t]``, step t is
    ``param -= lr * ((1 - mu[t]) / (1 - p[t]) * g + mu[t + 1] / (1 - p[t + 1]) * m) / (sqrt(v / (1 - b2 ** t)) + eps)``.

    Args:
        params: parameters, pairs (name, parameter), or dictionaries, one for each group.
        lr: the learning rate.
        betas: b1 and b2.
        eps: added to the root.
        weight_decay: the factor of the parameters that is added to their gradients.
        momentum_decay: how fast the momentum rises to b1.
        decoupled_weight_decay: multiply the parameters by ``1 - lr * weight_decay`` instead.
        foreach: accepted; there is one implementation.
        maximize: climb instead of descend.
        capturable: refused by the first step, as on PyTorch's CPU.
        differentiable: whether the step is recorded by autograd.

    Raises:
        ValueError: a setting is out of its range.
    """

    _later: ClassVar[dict[str, Any]] = {**TensorOptimizer._later, "decoupled_weight_decay": False}
    _captured: ClassVar[str] = "params, mu_products and state_steps"

    def __init__(
        self, params: ParamsT, lr: Any = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *,
        foreach: bool | None = None, maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_adam(lr, betas, eps, weight_decay=weight_decay, momentum_decay=momentum_decay)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for entry in self.state.values():
            if "mu_product" in entry and not isinstance(entry["mu_product"], Tensor):
                entry["mu_product"] = scalar(entry["mu_product"])

    def _begin(self, group: dict[str, Any], param: Tensor, grad: Tensor) -> dict[str, Any]:
        return {
            "step": scalar(0), "mu_product": scalar(1), "exp_avg": zeros_like(param), "exp_avg_sq": zeros_like(param),
        }  # fmt: skip

    def _update(self, group: dict[str, Any], param: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        (beta1, beta2), t, lr = group["betas"], state["step"].item(), _to_scalar(group["lr"])
        m, v = state["exp_avg"], state["exp_avg_sq"]
        g = decayed(group, param, grad)
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (k * group["momentum_decay"])) for k in (t, t + 1))
        state["mu_product"] *= mu
        product = state["mu_product"].item()
        m.lerp_(g, 1 - beta1)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        root = (v / (1 - beta2**t)).sqrt() + group["eps"]
        param.addcdiv_(g * (-lr * (1 - mu) / (1 - product)), root)
        param.addcdiv_(m * (-lr * mu_next / (1 - product * mu_next)), root)
