"""The steps of a backward: running one node, with its hooks, and adding a gradient to a leaf's."""

import threading
from sys import getrefcount
from typing import Any

import numpy as np

from .. import base
from ..kernels.copying import copy_into
from ..kernels.layout import plain
from ..kernels.pointwise import add_into, copied
from ..kernels.shares import settled
from ..kernels.sparse import SparseArray
from . import mode
from .hooks import LeafHooks
from .leaf import AccumulateGrad
from .node import HOOKED, MANY, ONE, TWO, Outputs, derive, function_of
from .versions import pass_by

ndarray = np.ndarray
# Functions called around every node by anomaly detection and the profiler: see anomaly_mode.py.
node_watchers: list[Any] = []
# Several backwards may come to one leaf at once.
_adding = threading.RLock()


def accumulate_array(leaf: AccumulateGrad, grad: Any) -> None:
    """Adds an array that nobody else holds to a leaf's gradient."""
    total = leaf.total
    if total is None:
        if type(grad) is not ndarray:
            grad = plain(grad)
            if type(grad) is SparseArray:
                grad = base.wrap(grad.with_values(np.ascontiguousarray(grad.values), False))
        elif grad.ndim > 1 and not (grad.flags.c_contiguous and leaf.array.flags.c_contiguous):
            grad = laid_out(grad, leaf.array)
        leaf.total = grad
    elif type(grad) is SparseArray or type(getattr(total, "_data", None)) is SparseArray:
        accumulate_sparse(leaf, grad)
    elif isinstance(total, ndarray):
        add_into(total, grad)
    else:
        np.add(total._data, grad, total._data)
        base.bump(total)


def accumulate_sparse(leaf: AccumulateGrad, grad: Any) -> None:
    """Adds to a leaf's gradient where one of the two is sparse: in place, unless it becomes dense by that."""
    total = leaf.total
    have = total if isinstance(total, ndarray) else total._data
    if type(have) is SparseArray and type(grad) is not SparseArray:
        leaf.total = grad + have
        return
    np.add(have, grad, out=have)
    if have is not total:
        base.bump(total)


def add_to_leaves(leaves: list[AccumulateGrad], create_graph: bool) -> None:
    """Adds the gradients that wait in the `grad` slots of leaves, and that nobody else holds, to the leaves' own."""
    if LeafHooks.alive:  # registered by what users had this backward run
        holders = [(leaf, [leaf.grad]) for leaf in leaves]
        for leaf in leaves:
            leaf.grad = None
        for leaf, holder in holders:
            run_leaf(leaf, holder, create_graph)
        return
    with _adding:
        for leaf in leaves:
            grad = leaf.grad
            leaf.grad = None
            if create_graph:
                accumulate_tensor(leaf, grad)
            else:
                accumulate_array(leaf, grad)


def _dense(a: Any) -> bool:
    """Whether an array's elements lie in memory without gaps."""
    span = a.itemsize + sum([(n - 1) * abs(s) for n, s in zip(a.shape, a.strides, strict=True) if n > 1])
    return span == a.nbytes  # type: ignore[no-any-return]


def laid_out(grad: Any, leaf: Any) -> Any:
    """A gradient in the memory layout of its leaf, where that has no gaps; row by row otherwise."""
    if grad.shape != leaf.shape or type(leaf) is not ndarray or not _dense(leaf):
        return np.ascontiguousarray(grad)
    like = np.empty_like(leaf, grad.dtype)
    if like.strides == grad.strides:
        return grad
    copy_into(like, np.asarray(grad))
    return like


def _copied(grad: Any, leaf: Any) -> Any:
    """A copy of a recorded gradient, itself recorded, in the memory layout of its leaf; see `laid_out`."""
    if type(grad._data) is SparseArray:
        return grad.clone()
    array = base.settle(grad)
    follows = array.shape == leaf.shape and type(leaf) is ndarray and _dense(leaf)
    copy: Any = base.wrap(np.empty_like(leaf if follows else array, array.dtype, order="K" if follows else "C"))
    return copy.copy_(grad)


def _own(grad: Any) -> Any:
    """A gradient that is a Tensor but not recorded, as the leaf's own: with memory of its own, if it has any."""
    found = grad.detach()
    if type(found) is base.namespace["Tensor"]:
        found = base.wrap(base.settle(found).copy())
    return found


def accumulate_tensor(leaf: AccumulateGrad, grad: Any) -> None:
    """Adds a recorded gradient to a leaf's, out of place, so that the former's graph stays true."""
    total = leaf.total
    if isinstance(total, ndarray):
        total = base.wrap(total)
    if total is not None and type(total._data) is SparseArray:
        leaf.total = grad + total if type(grad._data) is not SparseArray else total + grad
        return
    if mode.local.unrecorded:
        leaf.total = _own(grad) if total is None else total.add_(grad)
        return
    leaf.total = _copied(grad, leaf.array) if total is None else total + grad


# ---------------------------------------------------------------------------------------------- hooks
def run_hooked(node: Any, grad: Any, keep: bool, tensors: bool) -> tuple[Any, ...]:
    """Runs a node that has hooks: those on its tensor, those before it, its rule, those after it.

    Args:
        node: the node.
        grad: its gradient: an array, a Tensor, or `Outputs`.
        keep: whether to keep what the node saved.
        tensors: whether gradients are Tensors.
    """
    with recording(tensors):
        return _run_hooked(node, grad, keep, tensors)


class recording:
    """Hooks and custom Functions run with recording on only under ``create_graph``."""

    __slots__ = ("before", "on")

    def __init__(self, on: bool):
        self.on = on

    def __enter__(self) -> None:
        self.before, mode.local.grad = mode.local.grad, self.on and not mode.local.unrecorded
        mode.enter()

    def __exit__(self, *exc: Any) -> None:
        mode.local.grad = self.before
        mode.leave()


def _run_hooked(node: Any, grad: Any, keep: bool, tensors: bool) -> tuple[Any, ...]:
    rule = node.rule
    many = isinstance(grad, Outputs)
    as_tensor = (lambda g: g) if tensors else (lambda g: None if g is None else base.wrap(settled(g)))
    if many:
        last = max(grad.by_index)
        values = [as_tensor(grad.get(i)) for i in range(max(node.outputs, last + 1))]
    else:
        values = [as_tensor(grad)] if grad is not None else [None] * node.outputs
    for index, hooks in list(rule.tensors.items()):
        for hook in list(hooks.values()):
            values[index] = replacement(hook(values[index]), values[index], hook)
    for retain in rule.retain:
        retain(values[retain.index])
    for hook in list(rule.pre.values()):
        values = list(replacements(hook(tuple(values)), tuple(values), hook))
    raw = values if tensors else [None if v is None else v._data for v in values]
    if all(g is None for g in raw) and not getattr(node, "runs_on_nothing", False):
        if not rule.packed:
            pass_by(node, keep or tensors)
        results: Any = (None,) * len(node.edges())
    else:
        found = derive(node, Outputs(dict(enumerate(raw))) if many else raw[0], _which(keep, tensors))
        results = found if rule.original.arity >= MANY or rule.original.arity == TWO else (found,)
    if rule.post:
        # Hooks see a gradient for every input of the operation, None for those that need none.
        original = rule.original
        places = original.positions or range(len(results))
        shown: list[Any] = [None] * max(original.inputs, len(results))
        for place, r in zip(places, results, strict=False):
            shown[place] = as_tensor(r)
        for hook in list(rule.post.values()):
            shown = list(replacements(hook(tuple(shown), tuple(values)), tuple(shown), hook))
        kept = [shown[place] for place in places]
        results = kept if tensors else [None if r is None else r._data for r in kept]
    return tuple(results)


def _which(keep: bool, tensors: bool) -> str:
    return "tensor" if tensors else "keep" if keep else "run"


def replacement(found: Any, grad: Any, hook: Any) -> Any:
    """What a hook makes of a gradient.

    Args:
        found: what the hook returned; None leaves the gradient as it is.
        grad: the gradient, a Tensor or None.
        hook: the hook, for messages.

    Raises:
        TypeError: the hook returned something that is not a tensor.
        RuntimeError: it returned a tensor of another shape or dtype, or one for no gradient.
    """
    if found is None:
        return grad
    if not isinstance(found, base.TensorBase):
        raise TypeError(f"expected Variable, but hook returned '{type(found).__name__}'")
    if grad is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if found._dtype is not grad._dtype:
        kinds = f"(was {grad._dtype.type_name} got {found._dtype.type_name})"
        raise RuntimeError(f"hook '{_name(hook)}' has changed the type of value {kinds}")
    if found._shape != grad._shape:
        raise RuntimeError(f"hook '{_name(hook)}' has changed the size of value")
    return found


def replacements(found: Any, grads: tuple[Any, ...], hook: Any) -> tuple[Any, ...]:
    """What a hook on a node makes of gradients; see `replacement`.

    Raises:
        TypeError: the hook returned something that is not a tuple of tensors.
        RuntimeError: it returned the wrong number of them, or one that does not fit.
    """
    if found is None:
        return grads
    if not isinstance(found, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(found).__name__}'")
    if len(found) != len(grads):
        raise RuntimeError(
            f"hook '{_name(hook)}' has returned an incorrect number of values (got {len(found)}, but expected "
            f"{len(grads)})"
        )
    # Unlike a hook that returns None, a None in the place of a gradient takes it away.
    return tuple([None if new is None else replacement(new, old, hook) for new, old in zip(found, grads, strict=True)])


def _name(hook: Any) -> str:
    return getattr(hook, "__name__", "<unknown>")


def run_leaf(leaf: AccumulateGrad, holder: list[Any], create_graph: bool) -> None:
    """Runs a leaf's hooks and adds a gradient to its own.

    Args:
        leaf: the leaf's node.
        holder: a list with the gradient, which is taken out of it: an array, under `create_graph` a Tensor; or None.
        create_graph: whether the derivatives are recorded.
    """
    for watcher in node_watchers:
        watcher.before(leaf, holder[0])
    hooks = leaf.hooks
    if hooks is not None:
        if not create_graph and holder[0] is not None:
            holder[0] = base.wrap(settled(holder[0]))
        with recording(create_graph):
            _run_hooked_leaf(leaf, hooks, holder, create_graph)
    elif holder[0] is not None:
        with _adding:
            accumulate_tensor(leaf, holder[0]) if create_graph else accumulate_array(leaf, taken(holder, 0))
    for watcher in node_watchers:
        watcher.after(leaf, ())


def _run_hooked_leaf(leaf: AccumulateGrad, hooks: Any, holder: list[Any], create_graph: bool) -> None:
    # The gradient is named nowhere but in the holder, so that its holders can be counted.
    if hooks.dtype is not None and holder[0] is not None:
        holder[0] = holder[0].to(hooks.dtype)
    for hook in list(hooks.tensor.values()):
        holder[0] = replacement(hook(holder[0]), holder[0], hook)
    for hook in list(hooks.pre.values()):
        holder[:] = replacements(hook((holder[0],)), (holder[0],), hook)
    if holder[0] is not None:
        with _adding:
            if create_graph:
                accumulate_tensor(leaf, holder[0])
            else:
                accumulate_array(leaf, holder[0]._data if _alone(holder) else holder[0]._data.copy())
    for hook in list(hooks.post_accumulate.values()):
        variable = leaf.variable
        if replacement(hook(variable), variable, hook) is not variable:
            raise RuntimeError("Tensor post accumulate grad hooks should return None.")
    for hook in list(hooks.post.values()):
        replacements(hook((), (holder[0],)), (), hook)


# ---------------------------------------------------------------------------------------------- whose memory it is
def _holders(arrays: list[Any], i: int) -> tuple[Any, int]:
    array = arrays[i]
    arrays[i] = None
    return array, getrefcount(array)


def _tensor_holders(holder: list[Any]) -> tuple[int, int]:
    tensor = holder[0]
    return getrefcount(tensor), getrefcount(tensor._data)


# What is counted where nobody else holds an array, which depends on how Python runs these functions.
_NOBODY = _holders([np.empty(1)], 0)[1]
_NOBODY_ELSE: list[tuple[int, int]] = []


def taken(arrays: list[Any], i: int) -> Any:
    """Takes an array out of a list: the array itself if nobody else holds it, else a copy."""
    array, holders = _holders(arrays, i)
    return array if holders == _NOBODY and array.base is None else copied(array)


def _alone(holder: list[Any]) -> bool:
    """Whether nobody else holds the Tensor in a list, or its memory."""
    if not _NOBODY_ELSE:
        _NOBODY_ELSE.append(_tensor_holders([base.wrap(np.empty(1))]))
    return _tensor_holders(holder) == _NOBODY_ELSE[0] and holder[0]._data.base is None


def capture(node: Any, grad: Any, create_graph: bool, runs: bool) -> Any:
    """The gradient of an input that was asked for, as a Tensor, or None.

    Hooks on its tensor run first, unless the node itself runs (`runs`): then they wait for that, and what is handed
    out is the gradient before them, as in PyTorch.
    """
    shown = grad if create_graph or grad is None or isinstance(grad, Outputs) else base.wrap(settled(grad))
    if runs:
        return shown
    function, index = function_of(node)
    retain: Any = ()
    if isinstance(node, AccumulateGrad):
        hooks: Any = () if node.hooks is None else list(node.hooks.tensor.values())
        if node.hooks is not None and node.hooks.dtype is not None and shown is not None:
            shown = shown.to(node.hooks.dtype)
    elif function.rule.arity == HOOKED:
        hooks = list(function.rule.tensors.get(index, {}).values())
        retain = [store for store in function.rule.retain if store.index == index]
    else:
        return shown
    with recording(create_graph):
        for hook in hooks:
            shown = replacement(hook(shown), shown, hook)
        for store in retain:
            store(shown)
    return shown


def step(node: Any, grad: Any, keep: bool, create_graph: bool) -> tuple[Any, ...]:
    """Runs one node: the gradients of its edges, from the gradient of its output."""
    rule = node.rule
    hooked = rule.arity == HOOKED
    original = rule.original if hooked else rule
    if grad is None and not hooked and not getattr(node, "runs_on_nothing", False):
        pass_by(node, keep or create_graph)
        return (None,) * len(node.edges())
    for watcher in node_watchers:
        watcher.before(node, grad)
    try:
        if hooked:
            results = run_hooked(node, grad, keep, create_graph)
        else:
            function = original.tensor if create_graph else original.keep if keep else original.run
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
