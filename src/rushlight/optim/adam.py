"""Adam."""

from typing import Any, ClassVar

import numpy as np

from ..tensor import Tensor
from ._arrays import Array, ArrayOptimizer, Scalar, lerp
from ._settings import check_adam
from .optimizer import ParamsT, _to_scalar

__all__ = ["Adam"]


class Adam(ArrayOptimizer):
    """Adam (Kingma and Ba 2015): steps by the gradient's running mean over the root of its running mean square.

    With g the gradient, ``m = b1 * m + (1 - b1) * g`` and ``v = b2 * v + (1 - b2) * g ** 2``, step t is
    ``param -= lr / (1 - b1 ** t) * m / (sqrt(v / (1 - b2 ** t)) + eps)``.

    Args:
        params: parameters, pairs (name, parameter), or dictionaries, one for each group.
        lr: the learning rate.
        betas: b1 and b2.
        eps: added to the root.
        weight_decay: the factor of the parameters that is added to their gradients.
        amsgrad: use the greatest v so far (Reddi et al. 2018).
        foreach: accepted; there is one implementation.
        maximize: climb instead of descend.
        capturable: accepted.
        differentiable: whether the step is recorded by autograd.
        fused: accepted; there is one implementation.
        decoupled_weight_decay: multiply the parameters by ``1 - lr * weight_decay`` instead (`AdamW`).

    Raises:
        ValueError: a setting is negative, or a beta not below 1.
    """

    _later: ClassVar[dict[str, Any]] = {
        "amsgrad": False,
        "maximize": False,
        "foreach": None,
        "capturable": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
        "fused": None,
    }

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-3,
        betas: Any = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        listed = bool(foreach and not capturable)
        if listed and isinstance(lr, Tensor):
            raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
        check_adam(lr, betas, eps, weight_decay=weight_decay)
        tensors = [isinstance(beta, Tensor) for beta in betas]
        if not all(tensors) and not all(isinstance(beta, float) for beta in betas):
            raise ValueError("betas must be either both floats or both Tensors")
        if all(tensors):
            for i, beta in enumerate(betas):
                if listed:
                    raise ValueError(f"betas[{i}] as a Tensor is not supported for capturable=False and foreach=True")
                if beta.numel() != 1:
                    raise ValueError(f"Tensor betas[{i}] must be 1-element")
        defaults = {
            "lr": lr,
            "betas": tuple(map(_to_scalar, betas)),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)
        self._check_fused()

    def _names(self, group: dict[str, Any]) -> tuple[str, ...]:
        names = ("step", "exp_avg", "exp_avg_sq")
        return (*names, "max_exp_avg_sq") if group["amsgrad"] else names

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
        mean, square = kept[:2]
        beta1, beta2 = map(float, group["betas"])
        lr, decay = float(group["lr"]), float(group["weight_decay"])
        if group["maximize"]:
            grad = np.negative(grad, a)
        if decay != 0:
            if group["decoupled_weight_decay"]:
                np.multiply(param, scalar(1 - lr * decay), param)
            else:
                grad = np.add(grad, np.multiply(param, scalar(decay), b), a)
        lerp(mean, grad, 1 - beta1, scalar, b)
        np.multiply(square, scalar(beta2), square)
        np.multiply(np.multiply(grad, scalar(1 - beta2), b), grad, b)
        np.add(square, b, square)
        if len(kept) > 2:
            square = np.maximum(kept[2], square, out=kept[2])
        root = np.divide(np.sqrt(square, b), scalar((1 - beta2**step) ** 0.5), b)
        np.add(root, scalar(group["eps"]), root)
        np.divide(np.multiply(mean, scalar(lr / (1 - beta1**step)), a), root, a)
        np.subtract(param, a, param)

    def _formulas(self, group: dict[str, Any], fresh: bool) -> dict[str, str]:
        grad = "-grad" if group["maximize"] else "grad"
        formulas = {}
        if group["weight_decay"] != 0:
            if group["decoupled_weight_decay"]:
                formulas["param"] = "param * decay"
            else:
                grad = f"({grad} + param * decay)"
        # From whichever end is nearer.
        near = 1 - float(group["betas"][0]) < 0.5
        difference = f"({grad} - exp_avg)"
        formulas["exp_avg"] = f"exp_avg + {difference} * rest1" if near else f"{grad} - {difference} * beta1"
        formulas["exp_avg_sq"] = f"exp_avg_sq * beta2 + {grad} * rest2 * {grad}"
        square = "exp_avg_sq"
        if group["amsgrad"]:
            square = "max_exp_avg_sq"
            formulas[square] = "maximum(max_exp_avg_sq, exp_avg_sq)"
        param = f"({formulas['param']})" if "param" in formulas else "param"
        formulas["param"] = f"{param} - exp_avg * rate / (sqrt({square}) / correction + eps)"
        return dict(sorted(formulas.items(), key=lambda item: item[0] == "param"))

    def _numbers(self, group: dict[str, Any], step: float) -> dict[str, float]:
        beta1, beta2 = map(float, group["betas"])
        lr, decay = float(group["lr"]), float(group["weight_decay"])
        return {
            "beta1": beta1, "rest1": 1 - beta1, "beta2": beta2, "rest2": 1 - beta2, "eps": float(group["eps"]),
            "decay": 1 - lr * decay if group["decoupled_weight_decay"] else decay,
            "rate": lr / (1 - beta1**step), "correction": (1 - beta2**step) ** 0.5,
        }  # fmt: skip

    def _update_sparse(self, group: dict[str, Any], param: Any, grad: Any) -> None:
        raise RuntimeError("Adam does not support sparse gradients, please consider SparseAdam instead")

    def _update_tensors(self, group: dict[str, Any], param: Any, grad: Any, entry: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        lr, decay = _to_scalar(group["lr"]), group["weight_decay"]
        entry["step"] += 1
        step = entry["step"].item()
        if group["maximize"]:
            grad = -grad
        if isinstance(decay, Tensor) or decay != 0:
            if group["decoupled_weight_decay"]:
                param.mul_(1 - lr * decay)
            else:
                grad = grad + param.clone() * decay
        mean = entry["exp_avg"]
        mean.add_(grad - mean.clone(), alpha=1 - beta1) if isinstance(beta1, float) else mean.lerp_(grad, 1 - beta1)
        square = entry["exp_avg_sq"].mul_(beta2).add_(grad * grad * (1 - beta2))
        if group["amsgrad"]:
            square = entry["max_exp_avg_sq"].copy_(square.maximum(entry["max_exp_avg_sq"].clone()))
        root = square.sqrt() / (1 - beta2**step) ** 0.5 + group["eps"]
        param.sub_(mean.clone() * (lr / (1 - beta1**step)) / root)
