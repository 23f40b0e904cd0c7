"""A backward that only looks: it runs node by node, on arrays, and neither changes a ``.grad`` nor frees anything.

Hooks that may change gradients (on tensors and on nodes) run, as they are part of what backward computes. What keeps or
stores gradients (``retain_grad``, ``.grad`` of leaves, hooks that run after a leaf's gradient was accumulated) does
not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import base
from ..autograd.api import make_seeds
from ..autograd.hooks import HOOKED
from ..autograd.leaf import AccumulateGrad
from ..autograd.node import ONE, Outputs
from ..autograd.origins import annotate
from ..autograd.steps import recording, replacement, replacements, run_hooked
from .model import backward_order


@dataclass(slots=True)
class Moment:
    """One node's turn.

    Attributes:
        node: the node.
        grad: the sum of the gradients that came to it: an array, `Outputs` for a node of several outputs, or None.
        results: the gradient for each of its edges, or None; of a leaf, nothing.
    """

    node: Any
    grad: Any
    results: tuple[Any, ...]


def seeds_for(outputs: list[Any], gradient: Any = None) -> list[Any]:
    """The gradients with which a backward from `outputs` begins, as arrays.

    Args:
        outputs: the tensors.
        gradient: a tensor, or a list of them; ones if None (for an output that is no scalar: as if it were summed).

    Raises:
        RuntimeError: a gradient has another shape or kind of dtype than its output.
        TypeError: a gradient is no tensor.
    """
    given = gradient if isinstance(gradient, (list, tuple)) else [gradient] * len(outputs)
    begin = [
        base.wrap(np.ones(t._shape, t._dtype.numpy)) if g is None else g for t, g in zip(outputs, given, strict=True)
    ]
    return [seed._data for seed in make_seeds(tuple(outputs), tuple(begin))]


def walk(outputs: list[Any], gradient: Any = None) -> Iterator[Moment]:
    """Runs backward from some tensors, one node at a time, in the engine's order.

    Args:
        outputs: tensors that require a gradient.
        gradient: with what to begin; see `seeds_for`.

    Yields:
        A `Moment` after each node has run.

    Raises:
        RuntimeError: the graph was freed, a saved tensor was changed in place, or a derivative fails.
    """
    grads: dict[Any, Any] = {}
    for t, seed in zip(outputs, seeds_for(outputs, gradient), strict=True):
        have = grads.get(t._node)
        grads[t._node] = seed if have is None else have + seed
    for node in backward_order([t._node for t in outputs]):
        grad = grads.pop(node, None)
        try:
            if isinstance(node, AccumulateGrad):
                yield Moment(node, _leaf_grad(node, grad), ())
                continue
            results = _run(node, grad)
        except RuntimeError as error:
            annotate(error, node)
            raise
        yield Moment(node, grad, results)
        for edge, result in zip(node.edges(), results, strict=False):
            if edge is not None and result is not None:
                have = grads.get(edge)
                grads[edge] = result if have is None else have + result


def _run(node: Any, grad: Any) -> tuple[Any, ...]:
    """The gradients of a node's edges, without freeing what it saved."""
    rule = node.rule
    if rule.arity == HOOKED:
        retain, rule.retain = rule.retain, []
        try:
            return run_hooked(node, grad, True, False)
        finally:
            rule.retain = retain
    if grad is None and not getattr(node, "runs_on_nothing", False):
        return (None,) * len(node.edges())
    results = rule.keep(node, grad)
    return (results,) if rule.arity == ONE else tuple(results)


def _leaf_grad(leaf: Any, grad: Any) -> Any:
    """The gradient of a leaf after the hooks that may change it."""
    hooks = leaf.hooks
    if hooks is None or grad is None:
        return grad
    with recording(False):
        shown = base.wrap(grad)
        for hook in list(hooks.tensor.values()):
            shown = replacement(hook(shown), shown, hook)
        for hook in list(hooks.pre.values()):
            shown = replacements(hook((shown,)), (shown,), hook)[0]
    return shown._data


def arrays_in(grad: Any) -> dict[int, Any]:
    """The arrays of a gradient by the output they are for."""
    if grad is None:
        return {}
    return {i: g for i, g in grad.by_index.items() if g is not None} if isinstance(grad, Outputs) else {0: grad}
