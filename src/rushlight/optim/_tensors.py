"""Optimisers that are written as their papers' formulas: operations on the tensors of one parameter.

`ArrayOptimizer` (`_arrays.py`) is for the few whose speed matters for many small parameters; here one text serves
ordinary steps and those that autograd records (``differentiable=True``).
"""

from collections.abc import Callable
from typing import Any, ClassVar

from ..autograd.grad_mode import set_grad_enabled
from ..ops.view_parts import view_as_real
from ..tensor import Tensor
from ._arrays import step_count
from .optimizer import Optimizer, _to_scalar, evaluated

_CAPTURING_DEVICES = ("cuda", "xpu", "hpu", "privateuseone", "xla")


def scalar(value: Any) -> Tensor:
    """A number as the state keeps it: in a 0-dim tensor of the default type."""
    return step_count().fill_(value)


def decayed(group: dict[str, Any], param: Tensor, grad: Tensor) -> Tensor:
    """The gradient with the weight decay in it; a decoupled decay shrinks the parameter in place instead."""
    decay = group["weight_decay"]
    if decay == 0:
        return grad
    if group.get("decoupled_weight_decay"):
        param.mul_(1 - _to_scalar(group["lr"]) * decay)
        return grad
    return grad.add(param, alpha=decay)


class TensorOptimizer(Optimizer):
    """An optimiser that is a formula on tensors: `_begin` makes a parameter's state, `_update` makes a step."""

    _later: ClassVar[dict[str, Any]] = {
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
    }
    # What would have to be on a device that can record its own work, with ``capturable=True``.
    _captured: ClassVar[str] = "params and state_steps"
    _capturing_devices: ClassVar[tuple[str, ...]] = _CAPTURING_DEVICES
    _takes_complex: ClassVar[bool] = True

    def _begin(self, group: dict[str, Any], param: Tensor, grad: Tensor) -> dict[str, Any]:
        """The state of a parameter before its first step.

        Raises:
            NotImplementedError: always; subclasses say how.
        """
        raise NotImplementedError

    def _update(self, group: dict[str, Any], param: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        """Changes one parameter and its state in place.

        Args:
            group: the settings.
            param: the parameter; a complex one, like all that belongs to it, as pairs of real numbers.
            grad: its gradient, with its sign turned when the aim is to climb.
            state: what is kept for it; "step" counts this step already.

        Raises:
            NotImplementedError: always; subclasses say how.
        """
        raise NotImplementedError

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        # Older files keep numbers where 0-dim tensors stand.
        for entry in self.state.values():
            for name in ("step", "eta", "mu"):
                if name in entry and not isinstance(entry[name], Tensor):
                    entry[name] = scalar(entry[name])

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients.

        Args:
            closure: computes the loss anew, and its gradients, and returns it.

        Returns:
            What the closure returned, or None.

        Raises:
            RuntimeError: a gradient is sparse.
        """
        loss = None if closure is None else evaluated(closure)
        with set_grad_enabled(self.defaults.get("differentiable", False)):
            for group in self.param_groups:
                for param, grad, state in self._with_gradients(group):
                    self._step(group, param, grad, state)
        return loss

    def _with_gradients(self, group: dict[str, Any]) -> list[tuple[Any, Any, dict[str, Any]]]:
        """The group's parameters that have a gradient, with it and with their state.

        Raises:
            RuntimeError: a gradient is sparse, or a parameter complex where that is not possible.
        """
        found = []
        for param in group["params"]:
            grad = param.grad
            if grad is None:
                continue
            if param.is_complex() and not self._takes_complex:
                raise RuntimeError(f"{type(self).__name__} does not support complex parameters")
            if grad.is_sparse:
                raise RuntimeError(f"{type(self).__name__} does not support sparse gradients")
            state = self.state[param]
            if not state:
                state.update(self._begin(group, param, grad))
            found.append((param, grad, state))
        return found

    def _step(self, group: dict[str, Any], param: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        if group.get("capturable"):
            raise AssertionError(
                f"If capturable=True, {self._captured} must be on supported devices: {list(self._capturing_devices)}."
            )
        if "step" in state:
            state["step"] += 1
        if group.get("maximize"):
            grad = -grad
        if param.is_complex():
            param, grad = view_as_real(param), view_as_real(grad)
            state = {name: view_as_real(kept) if kept.is_complex() else kept for name, kept in state.items()}
        self._update(group, param, grad, state)
