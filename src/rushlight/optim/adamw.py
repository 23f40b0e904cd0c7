"""AdamW: Adam with decoupled weight decay."""

from typing import Any

from .adam import Adam
from .optimizer import ParamsT

__all__ = ["AdamW"]


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019).

    Args:
        params: parameters, pairs (name, parameter), or dictionaries, one for each group.
        lr: the learning rate.
        betas: how slowly the running means of gradient and square change.
        eps: added to the root of the mean square.
        weight_decay: the parameters are multiplied by ``1 - lr * weight_decay`` before each step.
        amsgrad: use the greatest mean square so far.
        maximize: climb instead of descend.
        foreach: accepted; there is one implementation.
        capturable: accepted.
        differentiable: whether the step is recorded by autograd.
        fused: accepted; there is one implementation.

    Raises:
        ValueError: a setting is negative, or a beta not below 1.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-3,
        betas: Any = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
