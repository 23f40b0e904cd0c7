"""L-BFGS."""

from collections.abc import Callable
from typing import Any

from ..autograd.grad_mode import enable_grad, no_grad
from ..ops.joining import cat
from ..ops.view_parts import view_as_real
from ..tensor import Tensor
from ._line_search import Point, strong_wolfe
from ._settings import check_rate
from .optimizer import Optimizer, ParamsT, _to_scalar

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """The quasi-Newton method of limited memory (Liu and Nocedal 1989).

    A step goes through several iterations. Each goes in the direction ``-H g``, where g is the gradient and H an
    estimate of the inverse second derivative from the last `history_size` changes of parameters and gradients.

    Args:
        params: parameters, or pairs (name, parameter); there is only one group.
        lr: how far to go in the direction, or where to begin the search.
        max_iter: the most iterations of a step.
        max_eval: the most evaluations of the loss in a step; a quarter more than iterations unless given.
        tolerance_grad: the gradient that counts as none.
        tolerance_change: the change of parameters or loss at which a step ends.
        history_size: how many changes to remember.
        line_search_fn: ``"strong_wolfe"``, or None to go as far as `lr` says.

    Raises:
        ValueError: the learning rate is negative, or there are several groups.
    """

    def __init__(
        self, params: ParamsT, lr: Any = 1, max_iter: int = 20, max_eval: int | None = None,
        tolerance_grad: float = 1e-7, tolerance_change: float = 1e-9, history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:  # fmt: skip
        check_rate(lr)
        defaults = {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn,
        }  # fmt: skip
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Any]:
        params: list[Any] = self.param_groups[0]["params"]
        return params

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Change the parameters by some iterations.

        Args:
            closure: computes the loss, and its gradients, anew, and returns it.

        Returns:
            The loss at the beginning.

        Raises:
            RuntimeError: there is no such line search.
        """
        with no_grad():
            return self._run(enable_grad()(closure))

    def _run(self, closure: Callable[[], Any]) -> Any:
        group = self.param_groups[0]
        lr, most, change = _to_scalar(group["lr"]), group["max_iter"], group["tolerance_change"]
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        first_loss = closure()
        loss, evaluations = float(first_loss), 1
        state["func_evals"] += 1
        grad = self._flat_gradient()
        if grad.abs().max() <= group["tolerance_grad"]:
            return first_loss
        for name in ("d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss"):
            state.setdefault(name, None)

        for iteration in range(1, most + 1):
            state["n_iter"] += 1
            first = state["n_iter"] == 1
            self._remember(state, grad, group["history_size"], first)
            d = state["d"] = -grad if first else self._direction(state, grad, group["history_size"])
            state["prev_flat_grad"], state["prev_loss"] = grad.clone(), loss
            t = state["t"] = min(1.0, 1.0 / grad.abs().sum()) * lr if first else lr
            slope = grad.dot(d)
            if slope > -change:
                break

            made = 0
            if group["line_search_fn"] is not None:
                if group["line_search_fn"] != "strong_wolfe":
                    raise RuntimeError("only 'strong_wolfe' is supported")
                start = Point(0, loss, grad, slope)
                found, made = self._search(closure, start, t, d, change, group["max_eval"] - evaluations)
                _, loss, grad, _ = found
                t = state["t"] = found.t
                self._move(t, d)
            else:
                self._move(t, d)
                if iteration != most:
                    loss, grad, made = float(closure()), self._flat_gradient(), 1
            evaluations += made
            state["func_evals"] += made

            if (
                evaluations >= group["max_eval"]
                or grad.abs().max() <= group["tolerance_grad"]
                or (d * t).abs().max() <= change
                or abs(loss - state["prev_loss"]) < change
            ):
                break
        return first_loss

    @staticmethod
    def _remember(state: dict[str, Any], grad: Tensor, size: int, first: bool) -> None:
        """Take the last step's change of parameters (s) and gradient (y) into the history."""
        if first:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return
        y, s = grad - state["prev_flat_grad"], state["d"] * state["t"]
        ys = y.dot(s)
        if ys <= 1e-10:
            return
        history = (state["old_dirs"], y), (state["old_stps"], s), (state["ro"], 1.0 / ys)
        for kept, new in history:
            if len(kept) == size:
                kept.pop(0)
            kept.append(new)
        state["H_diag"] = ys / y.dot(y)

    @staticmethod
    def _direction(state: dict[str, Any], grad: Tensor, size: int) -> Tensor:
        """``-H g``, by the two loops over the history."""
        changes = list(zip(state["old_dirs"], state["old_stps"], state["ro"], strict=True))
        weights = state.setdefault("al", [None] * size)
        q = -grad
        for i, (y, s, rho) in reversed(list(enumerate(changes))):
            weights[i] = s.dot(q) * rho
            q.add_(y, alpha=-weights[i])
        r: Tensor = q * state["H_diag"]
        for i, (y, s, rho) in enumerate(changes):
            r.add_(s, alpha=weights[i] - y.dot(r) * rho)
        return r

    def _search(
        self, closure: Callable[[], Any], start: Point, t: Any, d: Tensor, tolerance: float, limit: int
    ) -> tuple[Point, int]:
        begin = [p.clone() for p in self._params]

        def at(t: Any) -> Point:
            self._move(t, d)
            loss, grad = float(closure()), self._flat_gradient()
            for param, value in zip(self._params, begin, strict=True):
                param.copy_(value)
            return Point(t, loss, grad, grad.dot(d))

        return strong_wolfe(at, start, t, d.abs().max(), tolerance, limit)

    def _flat_gradient(self) -> Tensor:
        """The gradients of all parameters as one vector, complex numbers as two real ones."""
        parts = []
        for p in self._params:
            grad = p.new_zeros(p.shape) if p.grad is None else p.grad
            grad = grad.to_dense() if grad.is_sparse else grad
            parts.append((view_as_real(grad) if grad.is_complex() else grad).reshape(-1))
        found: Tensor = cat(parts)
        return found

    def _move(self, t: Any, d: Tensor) -> None:
        """Add ``t * d`` to the parameters."""
        start = 0
        for p in self._params:
            part = view_as_real(p) if p.is_complex() else p
            part.add_(d[start : start + part.numel()].view_as(part), alpha=t)
            start += part.numel()
