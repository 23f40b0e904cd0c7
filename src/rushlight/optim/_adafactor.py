"""Adafactor."""

from typing import Any, ClassVar

from ..dtypes import finfo
from ..ops.creation import zeros_like
from ..tensor import Tensor
from ._settings import check_one_element
from ._tensors import TensorOptimizer, scalar
from .optimizer import ParamsT, _to_scalar

__all__ = ["Adafactor"]


class Adafactor(TensorOptimizer):
    """Adafactor (Shazeer and Stern 2018): keeps only the row and column means of a matrix' mean square gradient.

    With G the gradient, step t first moves the row means r and the column means c of ``G ** 2`` by the share
    ``t ** beta2_decay``, and estimates ``V = r c / mean(r)`` (for a vector, the mean square itself is kept). With
    ``U = G / sqrt(V)``, it is ``param -= alpha * U / max(1, rms(U) / d)``, where
    ``alpha = max(eps2, rms(param)) * min(lr, 1 / sqrt(t))``.

    Args:
        params: parameters, pairs (name, parameter), or dictionaries, one for each group.
        lr: the greatest relative step; also the factor of the weight decay.
        beta2_decay: the power of t by which the means move.
        eps: eps1, below which ``sqrt(V)`` does not go (None: that of the type), and eps2.
        d: the root mean square above which U is clipped.
        weight_decay: the parameters are multiplied by ``1 - lr * weight_decay`` before each step.
        foreach: accepted; there is one implementation.
        maximize: climb instead of descend.

    Raises:
        ValueError: a setting is out of its range.
    """

    _later: ClassVar[dict[str, Any]] = {"foreach": None}
    _takes_complex: ClassVar[bool] = False

    def __init__(
        self, params: ParamsT, lr: Any = 1e-2, beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3), d: float = 1.0, weight_decay: float = 0.0, *,
        foreach: bool | None = None, maximize: bool = False,
    ) -> None:  # fmt: skip
        check_one_element(lr)
        if not 0.0 <= lr:
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if not 0.0 >= beta2_decay:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        for i in range(2):
            least = eps[i]
            if least is not None and not 0.0 <= least:
                raise ValueError(f"epsilon{i + 1} should be >= 0 but is: {least}")
        if not 1.0 <= d:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        if not 0.0 <= weight_decay:
            raise ValueError(f"weight_decay should be >= 0 but is: {weight_decay}")
        defaults = {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _begin(self, group: dict[str, Any], param: Tensor, grad: Tensor) -> dict[str, Any]:
        if grad.dim() < 2:
            return {"step": scalar(0), "variance": zeros_like(grad)}
        *stack, rows, columns = grad.shape
        return {
            "step": scalar(0),
            "row_var": grad.new_zeros((*stack, rows, 1)),
            "col_var": grad.new_zeros((*stack, 1, columns)),
        }

    def _update(self, group: dict[str, Any], param: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        lr, t, (eps1, eps2) = _to_scalar(group["lr"]), state["step"].item(), group["eps"]
        eps1 = finfo(param.dtype).eps if eps1 is None else eps1
        share = t ** group["beta2_decay"]
        alpha = max(eps2, _rms(param)) * min(lr, 1 / t**0.5)
        if group["weight_decay"] != 0:
            param.mul_(1 - lr * group["weight_decay"])
        if grad.dim() > 1:
            r, c = state["row_var"], state["col_var"]
            r.lerp_(_mean_square(grad, -1), share)
            c.lerp_(_mean_square(grad, -2), share)
            v = r @ c / r.mean(dim=-2, keepdim=True).clamp(min=eps1)
        else:
            v = state["variance"].lerp_(grad * grad, share)
        update = v.clamp(min=eps1 * eps1).rsqrt() * grad
        param.add_(update, alpha=-alpha / max(1.0, _rms(update) / group["d"]))


def _rms(tensor: Tensor) -> float:
    return float(tensor.norm(2).item()) / tensor.numel() ** 0.5


def _mean_square(grad: Tensor, dim: int) -> Tensor:
    return grad.norm(dim=dim, keepdim=True).square() / grad.size(dim)
