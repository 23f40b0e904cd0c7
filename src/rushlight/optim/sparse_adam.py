"""Adam for sparse gradients: only the entries that have a gradient are updated."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import bump, wrap
from ..kernels.sparse import SparseArray
from ._parts import gradient
from ._settings import check_betas
from .optimizer import Optimizer, ParamsT, evaluated

__all__ = ["SparseAdam"]


class SparseAdam(Optimizer):
    """Adam (Kingma and Ba 2015) with means that move only where the gradient has entries.

    Args:
        params: dense parameters, pairs (name, parameter), or dictionaries, one for each group.
        lr: the learning rate.
        betas: how much of the means of gradients and of their squares is kept.
        eps: added to the root.
        maximize: climb instead of descend.

    Raises:
        ValueError: a setting is out of range, or a parameter is sparse.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.SparseAdam.html
    """

    def __init__(
        self, params: ParamsT, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        if not 0.0 < lr:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not 0.0 < eps:
            raise ValueError(f"Invalid epsilon value: {eps}")
        check_betas(betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        sparse = [
            [g, i] for g, group in enumerate(self.param_groups) for i, p in enumerate(group["params"]) if p.is_sparse
        ]
        if sparse:
            raise ValueError(f"Sparse params at indices {sparse}: SparseAdam requires dense parameter tensors")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients.

        Args:
            closure: computes the loss anew, and its gradients, and returns it.

        Returns:
            What the closure returned, or None.

        Raises:
            RuntimeError: a gradient is dense.
        """
        loss = None if closure is None else evaluated(closure)
        for group in self.param_groups:
            for param in group["params"]:
                grad: Any = gradient(param)
                if grad is None:
                    continue
                if not isinstance(grad, SparseArray):
                    raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
                self._update(group, param, grad.coalesce())
        return loss

    def _update(self, group: dict[str, Any], param: Any, grad: SparseArray) -> None:
        entry = self.state[param]
        if not entry:
            entry["step"] = 0
            entry["exp_avg"] = wrap(np.zeros_like(param._data))
            entry["exp_avg_sq"] = wrap(np.zeros_like(param._data))
        entry["step"] += 1
        if not grad.nnz:
            return
        mean, square, places = entry["exp_avg"]._data, entry["exp_avg_sq"]._data, tuple(grad.indices)
        values = -grad.values if group["maximize"] else grad.values
        (beta1, beta2), step = group["betas"], entry["step"]
        mean[places] += (values - mean[places]) * (1 - beta1)
        square[places] += (values * values - square[places]) * (1 - beta2)
        rate = float(group["lr"]) * math.sqrt(1 - beta2**step) / (1 - beta1**step)
        param._data[places] -= (rate * mean[places] / (np.sqrt(square[places]) + group["eps"])).astype(mean.dtype)
        bump(param)
