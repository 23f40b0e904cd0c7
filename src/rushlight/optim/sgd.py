"""Stochastic gradient descent."""

from typing import Any, ClassVar

import numpy as np

from ..autograd.grad_mode import no_grad
from ..tensor import Tensor
from ._arrays import Array, ArrayOptimizer, Scalar
from .optimizer import ParamsT, _to_scalar

__all__ = ["SGD"]


class SGD(ArrayOptimizer):
    """Stochastic gradient descent, with momentum where asked for.

    With g the gradient plus ``weight_decay * param``, and ``buf = momentum * buf + (1 - dampening) * g`` (g itself in
    the first step), a step is ``param -= lr * d``, where d is g without momentum, ``g + momentum * buf`` with that of
    Nesterov (Sutskever et al. 2013), and buf otherwise.

    Args:
        params: parameters, pairs (name, parameter), or dictionaries, one for each group.
        lr: the learning rate.
        momentum: how much of the last step goes into the next.
        dampening: how little of the gradient goes into the momentum.
        weight_decay: the factor of the parameters that is added to their gradients.
        nesterov: whether to use Nesterov's momentum.
        maximize: climb instead of descend.
        foreach: accepted; there is one implementation.
        differentiable: whether the step is recorded by autograd.
        fused: accepted; there is one implementation.

    Raises:
        ValueError: a setting is negative, or Nesterov's momentum is asked for without momentum or with dampening.
    """

    _later: ClassVar[dict[str, Any]] = {
        "nesterov": False,
        "maximize": False,
        "foreach": None,
        "differentiable": False,
        "fused": False,
    }

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: Any = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if weight_decay < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        self._check_fused()

    def _names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("momentum_buffer",) if group["momentum"] != 0 else ()

    def _is_fresh(self, entry: dict[str, Any]) -> bool:
        return entry.get("momentum_buffer") is None

    def _reads_params(self, group: dict[str, Any]) -> bool:
        return bool(group["weight_decay"] != 0)

    def _update(
        self,
        group: dict[str, Any],
        scalar: Scalar,
        param: Any,
        grad: Array,
        kept: list[Array],
        scratch: tuple[Array, ...],
        step: float,
        fresh: bool,
    ) -> None:
        a, b = scratch
        if group["maximize"]:
            grad = np.negative(grad, a)
        decay = float(group["weight_decay"])
        if decay != 0:
            grad = np.add(grad, np.multiply(param, scalar(decay), b), a)
        if kept:
            (buffer,) = kept
            momentum = scalar(float(group["momentum"]))
            if fresh:
                buffer[...] = grad
            else:
                np.multiply(buffer, momentum, buffer)
                dampening = group["dampening"]
                np.add(buffer, np.multiply(grad, scalar(1 - dampening), b) if dampening else grad, buffer)
            if group["nesterov"]:
                grad = np.add(grad, np.multiply(buffer, momentum, b), b)
            else:
                grad = buffer
        np.multiply(grad, scalar(float(group["lr"])), b)
        if param is not None:
            np.subtract(param, b, param)

    def _formulas(self, group: dict[str, Any], fresh: bool) -> dict[str, str]:
        grad = "-grad" if group["maximize"] else "grad"
        if group["weight_decay"] != 0:
            grad = f"({grad} + param * decay)"
        formulas = {}
        if group["momentum"] != 0:
            share = f"{grad} * rest" if group["dampening"] else grad
            formulas["momentum_buffer"] = grad if fresh else f"momentum_buffer * momentum + {share}"
            grad = f"({grad} + momentum_buffer * momentum)" if group["nesterov"] else "momentum_buffer"
        formulas["param"] = f"param - {grad} * lr"
        return formulas

    def _numbers(self, group: dict[str, Any], step: float) -> dict[str, float]:
        numbers = {"lr": group["lr"], "momentum": group["momentum"], "decay": group["weight_decay"]}
        return {"rest": 1 - group["dampening"], **{name: float(number) for name, number in numbers.items()}}

    def _update_tensors(self, group: dict[str, Any], param: Any, grad: Any, entry: dict[str, Any]) -> None:
        lr, momentum, decay = _to_scalar(group["lr"]), group["momentum"], group["weight_decay"]
        if group["maximize"]:
            grad = -grad
        if isinstance(decay, Tensor) or decay != 0:
            grad = grad + param.clone() * decay
        if momentum != 0:
            buffer = entry.get("momentum_buffer")
            if buffer is None:
                buffer = entry["momentum_buffer"] = grad.detach().clone()
            else:
                buffer.mul_(momentum).add_(grad, alpha=1 - group["dampening"])
            grad = grad.add(buffer, alpha=momentum) if group["nesterov"] else buffer
        if isinstance(lr, Tensor):
            param.sub_(grad * lr)
        else:
            param.add_(grad, alpha=-lr)

    def _update_sparse(self, group: dict[str, Any], param: Any, grad: Any) -> None:
        with no_grad():
            self._update_tensors(group, param, grad, self._state[param] if group["momentum"] else {})

    def _begin_tensors(self, group: dict[str, Any], param: Any, entry: dict[str, Any], names: tuple[str, ...]) -> None:
        """Make nothing: the first gradient begins the momentum."""
