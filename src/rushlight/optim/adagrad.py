"""Adagrad."""

from typing import Any, ClassVar

import numpy as np

from ..base import bump, wrap
from ._arrays import Array, ArrayOptimizer, Scalar, step_count
from ._settings import check_not_negative, check_rate
from .optimizer import ParamsT, _to_scalar

__all__ = ["Adagrad"]


class Adagrad(ArrayOptimizer):
    """Adagrad (Duchi et al. 2011): steps by the gradient over the root of the sum of its squares so far.

    With g the gradient plus ``weight_decay * param`` and ``s = s + g ** 2``, step t is
    ``param -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)``.

    Args:
        params: parameters, pairs (name, parameter), or dictionaries, one for each group.
        lr: the learning rate.
        lr_decay: how fast it falls.
        weight_decay: the factor of the parameters that is added to their gradients.
        initial_accumulator_value: what the sums begin with.
        eps: added to the root.
        foreach: accepted; there is one implementation.
        maximize: climb instead of descend.
        differentiable: whether the step is recorded by autograd.
        fused: accepted; there is one implementation.

    Raises:
        ValueError: a setting is negative.
    """

    _later: ClassVar[dict[str, Any]] = {
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "fused": None,
    }

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_rate(lr)
        check_not_negative(lr_decay=lr_decay, weight_decay=weight_decay)
        check_not_negative(initial_accumulator_value=initial_accumulator_value, epsilon=eps)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        self._check_fused()
        for group in self.param_groups:
            for param in group["params"]:
                self._begin(group, param, self._state[param], self._names(group))

    def _names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("step", "sum")

    def _begin(self, group: dict[str, Any], param: Any, entry: dict[str, Any], names: tuple[str, ...]) -> None:
        first = group["initial_accumulator_value"]
        entry["step"] = step_count()
        entry["sum"] = wrap(np.full_like(param._data, complex(first, first) if param.is_complex() else first))

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
        (total,) = kept
        lr = float(group["lr"]) / (1 + (step - 1) * group["lr_decay"])
        if group["maximize"]:
            grad = np.negative(grad, a)
        decay = float(group["weight_decay"])
        if decay != 0:
            grad = np.add(grad, np.multiply(param, scalar(decay), b), a)
        np.add(total, np.multiply(grad, grad, b), total)
        root = np.add(np.sqrt(total, b), scalar(group["eps"]), b)
        np.subtract(param, np.divide(np.multiply(grad, scalar(lr), a), root, a), param)

    def _formulas(self, group: dict[str, Any], fresh: bool) -> dict[str, str]:
        grad = "-grad" if group["maximize"] else "grad"
        if group["weight_decay"] != 0:
            grad = f"({grad} + param * decay)"
        return {"sum": f"sum + {grad} * {grad}", "param": f"param - {grad} * rate / (sqrt(sum) + eps)"}

    def _numbers(self, group: dict[str, Any], step: float) -> dict[str, float]:
        rate = float(group["lr"]) / (1 + (step - 1) * group["lr_decay"])
        return {"rate": rate, "eps": float(group["eps"]), "decay": float(group["weight_decay"])}

    def _update_sparse(self, group: dict[str, Any], param: Any, grad: Any) -> None:
        if group["weight_decay"] != 0:
            raise RuntimeError("weight_decay option is not compatible with sparse gradients")
        entry, g = self._state[param], grad._data.coalesce()
        if not entry:
            self._begin(group, param, entry, self._names(group))
        entry["step"] += 1
        values, places, total = g.values, tuple(g.indices), entry["sum"]._data
        total[places] += values * values
        rate = float(group["lr"]) / (1 + (entry["step"].item() - 1) * group["lr_decay"])
        rate = -rate if group["maximize"] else rate
        param._data[places] -= (rate * values / (np.sqrt(total[places]) + group["eps"])).astype(total.dtype)
        bump(param)

    def _update_tensors(self, group: dict[str, Any], param: Any, grad: Any, entry: dict[str, Any]) -> None:
        entry["step"] += 1
        lr = _to_scalar(group["lr"]) / (1 + (entry["step"].item() - 1) * group["lr_decay"])
        if group["maximize"]:
            grad = -grad
        if group["weight_decay"] != 0:
            grad = grad + param.clone() * group["weight_decay"]
        total = entry["sum"].add_(grad * grad)
        param.sub_(grad * lr / (total.sqrt() + group["eps"]))
