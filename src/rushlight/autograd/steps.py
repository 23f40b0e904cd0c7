"""The steps of a backward: running one node, with its hooks, and adding a gradient to a leaf's."""

from typing import Any

import numpy as np

from .. import base
from . import mode
from .node import HOOKED, MANY, ONE, TWO, AccumulateGrad, Outputs

ndarray = np.ndarray
# Functions called around every node by anomaly detection and the profiler: see anomaly.py.
node_watchers: list[Any] = []


def accumulate_array(leaf: AccumulateGrad, grad: Any) -> None:
    """Adds an array that nobody else holds to a leaf's gradient."""
    total = leaf.total
    if total is None:
        if type(grad) is not ndarray:
            grad = np.asarray(grad)
        elif grad.ndim > 1 and not (grad.flags.c_contiguous and leaf.array.flags.c_contiguous):
            grad = laid_out(grad, leaf.array)
        leaf.total = grad
    elif type(total) is ndarray:
        np.add(total, grad, total)
    else:
        np.add(total._data, grad, total._data)
        base.bump(total)


def laid_out(grad: Any, leaf: Any) -> Any:
    """A gradient in the memory layout of its leaf, where that has no gaps; row by row otherwise."""
    if grad.shape != leaf.shape:
        return np.ascontiguousarray(grad)
    like = np.empty_like(leaf, grad.dtype)
    if like.strides == grad.strides:
        return grad
    like[...] = grad
    return like


def accumulate_tensor(leaf: AccumulateGrad, grad: Any) -> None:
    """Adds a recorded gradient to a leaf's, out of place, so that the former's graph stays true."""
    total = leaf.total
    if type(total) is ndarray:
        total = base.wrap(total)
    leaf.total = base.tensor_names["copy_gradient"](grad) if total is None else total + grad


# ---------------------------------------------------------------------------------------------- hooks
def run_hooked(node: Any, grad: Any, results_of: Any, tensors: bool = False) -> tuple[Any, ...]:
    """Runs a node that has hooks: those on its tensor, those before it, its rule, those after it.

    Args:
        node: the node.
        grad: its gradient: an array, a Tensor, or `Outputs`.
        results_of: the function of its original rule to run.
        tensors: whether gradients are Tensors.
    """
    with recording(tensors):
        return _run_hooked(node, grad, results_of, tensors)


class recording:
    """Hooks and custom Functions run with recording on only under ``create_graph``."""

    __slots__ = ("before", "on")

    def __init__(self, on: bool):
        self.on = on

    def __enter__(self) -> None:
        self.before, mode.local.grad = mode.local.grad, self.on
        mode.enter()

    def __exit__(self, *exc: Any) -> None:
        mode.local.grad = self.before
        mode.leave()


def _run_hooked(node: Any, grad: Any, results_of: Any, tensors: bool) -> tuple[Any, ...]:
    rule = node.rule
    many = isinstance(grad, Outputs)
    as_tensor = (lambda g: g) if tensors else (lambda g: None if g is None else base.wrap(g))
    if many:
        last = max(grad.by_index)
        values = [as_tensor(grad.get(i)) for i in range(getattr(node, "output_count", last + 1))]
    else:
        values = [as_tensor(grad)]
    for hook in list(rule.tensors.values()):
        values[0] = replacement(hook(values[0]), values[0])
    for retain in rule.retain:
        retain(values[0])
    for hook in list(rule.pre.values()):
        found = hook(tuple(values))
        if found is not None:
            values = list(found) if isinstance(found, tuple) else [found]
    raw = values if tensors else [None if v is None else v._data for v in values]
    found = results_of(node, Outputs(dict(enumerate(raw))) if many else raw[0])
    results = found if rule.original.arity >= MANY or rule.original.arity == TWO else (found,)
    if rule.post:
        # Hooks see a gradient for every input of the operation, None for those that need none.
        original = rule.original
        places = original.positions or range(len(results))
        shown: list[Any] = [None] * max(original.inputs, len(results))
        for place, r in zip(places, results, strict=False):
            shown[place] = as_tensor(r)
        for hook in list(rule.post.values()):
            changed = hook(tuple(shown), tuple(values))
            if changed is not None:
                shown = list(changed) if isinstance(changed, tuple) else [changed]
        kept = [shown[place] for place in places]
        results = kept if tensors else [None if r is None else r._data for r in kept]
    return tuple(results)


def replacement(found: Any, grad: Any) -> Any:
    """What a hook on a tensor makes of its gradient.

    Raises:
        TypeError: the hook returned something that is not a tensor.
        RuntimeError: it returned a tensor of another shape.
    """
    if found is None:
        return grad
    if not isinstance(found, base.TensorBase):
        raise TypeError(f"expected Variable, but hook returned '{type(found).__name__}'")
    if grad is not None and found._shape != grad._shape:
        raise RuntimeError("hook '<unknown>' has changed the size of value")
    return found


def run_leaf(leaf: AccumulateGrad, grad: Any, create_graph: bool) -> None:
    """Runs a leaf's hooks and adds a gradient, a Tensor, to its own."""
    hooks = leaf.hooks
    if hooks is not None:
        with recording(create_graph):
            for hook in list(hooks.tensor.values()):
                grad = replacement(hook(grad), grad)
            for hook in list(hooks.pre.values()):
                found = hook((grad,))
                if found is not None:
                    grad = found[0] if isinstance(found, tuple) else found
    if create_graph:
        accumulate_tensor(leaf, grad)
    else:
        accumulate_array(leaf, grad._data.copy())
    if hooks is not None:
        with recording(create_graph):
            for hook in list(hooks.post.values()):
                hook((), (grad,))
            for hook in list(hooks.post_accumulate.values()):
                hook(leaf.variable)


def step(node: Any, grad: Any, keep: bool, create_graph: bool) -> tuple[Any, ...]:
    """Runs one node: the gradients of its edges, from the gradient of its output."""
    rule = node.rule
    hooked = rule.arity == HOOKED
    original = rule.original if hooked else rule
    if grad is None and not getattr(node, "runs_on_nothing", False):
        return (None,) * len(node.edges())
    function = original.tensor if create_graph else original.keep if keep else original.run
    for watcher in node_watchers:
        watcher.before(node, grad)
    try:
        if hooked:
            results = run_hooked(node, grad, function, create_graph)
        else:
            results = function(node, grad)
            if original.arity == ONE:
                results = (results,)
    except Exception:
        for watcher in node_watchers:
            watcher.failed(node)
        raise
    for watcher in node_watchers:
        watcher.after(node, results)
    return results
