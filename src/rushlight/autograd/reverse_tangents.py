"""Tangents from gradients: the derivative of the gradient by the gradient it is given is the derivative itself."""

from typing import Any

from ..base import TensorBase, tensor_names, wrap
from . import mode


def zero_tangent(t: Any) -> Any:
    """Zeros like a tensor, without history."""
    return tensor_names["zeros_like"](t.detach())


def by_reverse(operation: Any, run: Any, bound: dict[str, Any], given: dict[str, Any]) -> tuple[Any, tuple[Any, ...]]:
    """An operation's result, and its tangents from the formulas of its gradients.

    The gradient of the inputs is linear in the gradient ``u`` of the results: it is the transposed derivative applied
    to `u`. So its own derivative by `u` is the derivative itself, which is applied to the tangents.

    Args:
        operation: the operation.
        run: what runs it.
        bound: its arguments by name.
        given: the inputs' tangents by name; lists of them, with None for those that have none, for lists of tensors.
    """
    from .api import grad

    local = mode.local
    before = local.grad
    inputs: list[Any] = []
    tangents: list[Any] = []
    known = False

    def followed(t: Any, tangent: Any) -> Any:
        nonlocal known
        if not isinstance(t, TensorBase):
            return t
        known = known or t._node is not None
        if tangent is None:
            return t
        t = tensor_names["alias"](t) if before and t._node is not None else wrap(t._data)
        if t._node is None:
            t.requires_grad = True
        inputs.append(t)
        tangents.append(tangent)
        return t

    local.grad = True
    try:
        arguments = dict(bound)
        for n in operation.inputs:
            if n not in bound:
                continue
            if n in operation.lists:
                of = given[n] or [None] * len(bound[n])
                arguments[n] = [followed(t, g) for t, g in zip(bound[n], of, strict=True)]
            else:
                arguments[n] = followed(bound[n], given[n])
        result = (run if before else operation.recording)(**arguments)
        results = result if isinstance(result, tuple) else (result,)
        reached = [t for t in results if t._node is not None]
        # Their values do not matter, but where a formula takes logarithms of gradients, zeros would be in the way.
        weights = [tensor_names["ones_like"](t.detach()).requires_grad_() for t in reached]
        back = grad(reached, inputs, weights, create_graph=True, allow_unused=True) if reached else ()
        pairs = [(g, t) for g, t in zip(back, tangents, strict=bool(reached)) if g is not None and g._node is not None]
        found: Any = (None,) * len(weights)
        if pairs:
            gs, ts = zip(*pairs, strict=True)
            linked = before and (known or any([t._node is not None for t in tangents]))
            found = grad(gs, weights, ts, create_graph=linked, allow_unused=True)
    finally:
        local.grad = before
    of_reached = dict(zip(map(id, reached), found, strict=True))
    made = []
    for t in results:
        tangent = of_reached.get(id(t))
        made.append(zero_tangent(t) if tangent is None and id(t) in of_reached else tangent)
    if before and known:
        # The node has saved these in place of the inputs.
        for t, tangent in zip(inputs, tangents, strict=True):
            local.dual.attach(t, tangent)
    else:
        for t in reached:
            t._node = None
    return result, tuple(made)
