"""Limiting gradients, by their norm or element by element."""

import types
import warnings
from collections.abc import Iterable
from typing import Any

from ...autograd.grad_mode import no_grad
from ...base import bump, wrap
from ...kernels import clipping
from ...ops.data import tensor
from ...ops.joining import stack
from ...tensor import Tensor

__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]

Tensors = Tensor | Iterable[Tensor]


def _as_list(tensors: Tensors) -> list[Any]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: Tensors) -> list[Any]:
    return [p.grad for p in _as_list(parameters) if p.grad is not None]


@no_grad()
def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """Return the norm of all tensors taken together as one vector.

    Args:
        tensors: a tensor or several.
        norm_type: the p of the norm; ``inf`` for the greatest absolute value.
        error_if_nonfinite: whether to raise where the norm is infinite or not a number.
        foreach: accepted; there is one implementation.

    Raises:
        RuntimeError: the norm is not finite, and `error_if_nonfinite`.
    """
    tensors = _as_list(tensors)
    norm_type = float(norm_type)
    if not tensors:
        return tensor(0.0)
    large = clipping.norm([t._data for t in tensors]) if norm_type == 2.0 else None
    total: Tensor = stack([t.norm(norm_type) for t in tensors]).norm(norm_type) if large is None else wrap(large)
    if error_if_nonfinite and not bool(total.isfinite()):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return total


@no_grad()
def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale all gradients, in place, by ``max_norm / (total_norm + 1e-6)`` where that is below 1.

    Args:
        parameters: a tensor or several.
        max_norm: the largest total norm allowed.
        total_norm: the norm there is.
        foreach: has no effect.
    """
    factor: Tensor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    grads = _gradients(parameters)
    if grads and clipping.scale([g._data for g in grads], factor.item()):
        for grad in grads:
            bump(grad)
        return
    for grad in grads:
        grad.mul_(factor)


@no_grad()
def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients down, in place, so that their norm as one vector is at most `max_norm`.

    Args:
        parameters: a tensor or several; those without gradient are left out.
        max_norm: the limit.
        norm_type: the p of the norm; ``inf`` for the greatest absolute value.
        error_if_nonfinite: whether to raise where the norm is infinite or not a number.
        foreach: accepted; there is one implementation.

    Returns:
        The norm before.

    Raises:
        RuntimeError: the norm is not finite, and `error_if_nonfinite`.
    """
    is_generator = isinstance(parameters, types.GeneratorType)
    parameters = _as_list(parameters)
    if is_generator and not parameters:
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3)
    total = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


def clip_grad_norm(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Do what `clip_grad_norm_` does (deprecated name)."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@no_grad()
def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Limit every element of the gradients, in place, to the range from ``-clip_value`` to ``clip_value``.

    Args:
        parameters: a tensor or several.
        clip_value: the largest absolute value allowed.
        foreach: has no effect.
    """
    limit = float(clip_value)
    grads = _gradients(parameters)
    if grads and clipping.limit([g._data for g in grads], limit):
        for grad in grads:
            bump(grad)
        return
    for grad in grads:
        grad.clamp_(min=-limit, max=limit)
