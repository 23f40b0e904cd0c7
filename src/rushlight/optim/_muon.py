"""Muon: momentum, made orthogonal."""

import math
from typing import Any, ClassVar

from ..ops.creation import zeros_like
from ..tensor import Tensor
from ._settings import check_one_element
from ._tensors import TensorOptimizer
from .optimizer import ParamsT, _to_scalar

__all__ = ["Muon"]

# The polynomial a x + b x ** 3 + c x ** 5 by which each of Newton and Schulz' steps brings singular values near 1.
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class Muon(TensorOptimizer):
    """Muon (Jordan 2024): steps by the matrix that is nearest to the momentum among those with singular values of 1.

    With g the gradient and ``m = momentum * m + (1 - momentum) * g``, the matrix u nearest to m (to the mean of g and m
    when `nesterov`) is found, roughly, by Newton and Schulz' iteration in bfloat16, and a step is
    ``param = (1 - lr * weight_decay) * param - rate * u``.

    Args:
        params: matrices, pairs (name, matrix), or dictionaries, one for each group.
        lr: the learning rate.
        weight_decay: the parameters are multiplied by ``1 - lr * weight_decay``.
        momentum: how slowly the running mean of the gradient changes.
        nesterov: whether to look ahead by one step.
        ns_coefficients: the coefficients of the iteration's polynomial.
        eps: the least norm by which the momentum is divided before the iteration.
        ns_steps: the number of steps of the iteration.
        adjust_lr_fn: how the rate depends on the shape (A, B): ``"original"`` (and None) is
            ``lr * sqrt(max(1, A / B))``, ``"match_rms_adamw"`` is ``lr * 0.2 * sqrt(max(A, B))``.

    Raises:
        ValueError: a setting is out of its range, or a parameter is not a matrix.
    """

    _later: ClassVar[dict[str, Any]] = {}
    _takes_complex: ClassVar[bool] = False

    def __init__(
        self, params: ParamsT, lr: Any = 1e-3, weight_decay: float = 0.1, momentum: float = 0.95,
        nesterov: bool = True, ns_coefficients: tuple[float, float, float] = COEFFICIENTS, eps: float = 1e-7,
        ns_steps: int = 5, adjust_lr_fn: str | None = None,
    ) -> None:  # fmt: skip
        check_one_element(lr)
        for name, value in {"Learning rate": lr, "momentum": momentum, "weight decay": weight_decay}.items():
            if not 0.0 <= value:
                raise ValueError(f"{name} should be >= 0 but is: {value}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        defaults = {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn,
        }  # fmt: skip
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        f"Muon only supports 2D parameters whereas we found a parameter with size: {p.size()}"
                    )

    def _begin(self, group: dict[str, Any], param: Tensor, grad: Tensor) -> dict[str, Any]:
        return {"momentum_buffer": zeros_like(grad)}

    def _update(self, group: dict[str, Any], param: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        lr, momentum, mean = _to_scalar(group["lr"]), group["momentum"], state["momentum_buffer"]
        mean.lerp_(grad, 1 - momentum)
        ahead = grad.lerp(mean, momentum) if group["nesterov"] else mean
        update = orthogonal(ahead, group["ns_coefficients"], group["ns_steps"], group["eps"])
        param.mul_(1 - lr * group["weight_decay"])
        param.add_(update, alpha=-(lr * _scale(group["adjust_lr_fn"], *param.shape)))


def _scale(rule: str | None, rows: int, columns: int) -> float:
    if rule == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / columns))


def orthogonal(matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """Nearly the matrix of orthogonal rows or columns that is nearest to `matrix`, in bfloat16.

    Raises:
        ValueError: there are not three coefficients, or too many steps.
    """
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    tall = matrix.size(0) > matrix.size(1)
    x = matrix.bfloat16()
    x = x.t() if tall else x
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        square = x @ x.t()
        x = x.addmm(square.addmm(square, square, beta=b, alpha=c), x, beta=a)
    return x.t() if tall else x
