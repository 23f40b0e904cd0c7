"""RMSprop."""

from typing import Any, ClassVar

import numpy as np

from ._arrays import Array, ArrayOptimizer, Scalar, lerp
from ._settings import check_not_negative, check_rate
from .optimizer import ParamsT, _to_scalar

__all__ = ["RMSprop"]


class RMSprop(ArrayOptimizer):
    """RMSprop (Hinton 2012): steps by the gradient over the root of the running mean of its square.

    With g the gradient plus ``weight_decay * param`` and ``v = alpha * v + (1 - alpha) * g ** 2``, a step is
    ``param -= lr * g / (sqrt(v) + eps)``; with momentum, the quotient goes through ``buf = momentum * buf + quotient``.

    Args:
        params: parameters, pairs (name, parameter), or dictionaries, one for each group.
        lr: the learning rate.
        alpha: how slowly the running mean changes.
        eps: added to the root.
        weight_decay: the factor of the parameters that is added to their gradients.
        momentum: how much of the last step goes into the next.
        centered: subtract the square of the gradient's running mean from v (Graves 2013).
        capturable: accepted.
        foreach: accepted; there is one implementation.
        maximize: climb instead of descend.
        differentiable: whether the step is recorded by autograd.

    Raises:
        ValueError: a setting is negative.
    """

    _later: ClassVar[dict[str, Any]] = {
        "momentum": 0,
        "centered": False,
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
    }

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_rate(lr)
        check_not_negative(epsilon=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _names(self, group: dict[str, Any]) -> tuple[str, ...]:
        momentum = ("momentum_buffer",) if group["momentum"] > 0 else ()
        return ("step", "square_avg", *momentum, *(("grad_avg",) if group["centered"] else ()))

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
        square = kept[0]
        alpha, decay, momentum = group["alpha"], float(group["weight_decay"]), group["momentum"]
        lr = scalar(float(group["lr"]))
        if group["maximize"]:
            grad = np.negative(grad, a)
        if decay != 0:
            grad = np.add(grad, np.multiply(param, scalar(decay), b), a)
        np.multiply(square, scalar(alpha), square)
        np.multiply(np.multiply(grad, scalar(1 - alpha), b), grad, b)
        np.add(square, b, square)
        if group["centered"]:
            mean = kept[-1]
            lerp(mean, grad, 1 - alpha, scalar, b)
            square = np.subtract(square, np.multiply(mean, mean, b), b)
        root = np.add(np.sqrt(square, b), scalar(group["eps"]), b)
        if momentum > 0:
            buffer = kept[1]
            np.multiply(buffer, scalar(momentum), buffer)
            np.add(buffer, np.divide(grad, root, b), buffer)
            np.subtract(param, np.multiply(buffer, lr, b), param)
        else:
            np.subtract(param, np.divide(np.multiply(grad, lr, a), root, a), param)

    def _formulas(self, group: dict[str, Any], fresh: bool) -> dict[str, str]:
        grad = "-grad" if group["maximize"] else "grad"
        if group["weight_decay"] != 0:
            grad = f"({grad} + param * decay)"
        formulas = {"square_avg": f"square_avg * alpha + {grad} * rest * {grad}"}
        square = "square_avg"
        if group["centered"]:
            difference = f"({grad} - grad_avg)"
            near = 1 - group["alpha"] < 0.5
            formulas["grad_avg"] = f"grad_avg + {difference} * rest" if near else f"{grad} - {difference} * alpha"
            square = "square_avg - grad_avg * grad_avg"
        root = f"(sqrt({square}) + eps)"
        if group["momentum"] > 0:
            formulas["momentum_buffer"] = f"momentum_buffer * momentum + {grad} / {root}"
            formulas["param"] = "param - momentum_buffer * lr"
        else:
            formulas["param"] = f"param - {grad} * lr / {root}"
        return formulas

    def _numbers(self, group: dict[str, Any], step: float) -> dict[str, float]:
        numbers = {"lr": "lr", "alpha": "alpha", "momentum": "momentum", "eps": "eps", "decay": "weight_decay"}
        return {"rest": 1 - float(group["alpha"]), **{name: float(group[key]) for name, key in numbers.items()}}

    def _update_tensors(self, group: dict[str, Any], param: Any, grad: Any, entry: dict[str, Any]) -> None:
        entry["step"] += 1
        alpha, lr = group["alpha"], _to_scalar(group["lr"])
        if group["maximize"]:
            grad = -grad
        if group["weight_decay"] != 0:
            grad = grad + param.clone() * group["weight_decay"]
        square = entry["square_avg"].mul_(alpha).add_(grad * grad * (1 - alpha))
        if group["centered"]:
            mean = entry["grad_avg"].mul_(alpha).add_(grad * (1 - alpha))
            square = square - mean * mean
        quotient = grad / (square.sqrt() + group["eps"])
        if group["momentum"] > 0:
            quotient = entry["momentum_buffer"].mul_(group["momentum"]).add_(quotient)
        param.sub_(quotient * lr)
