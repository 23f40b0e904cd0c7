"""How a custom `Function` takes part in the graph: what becomes of its outputs, and how its backward is run."""

import warnings
from typing import Any

import numpy as np

from .. import base, dtypes
from ..base import TensorBase, View, as_view, base_of, raw_names, tensor_names, wrap
from ..kernels.shares import settled
from ..ops.history import check_view, rebase
from ..ops.inplace import check
from . import mode
from .dual_level import tangent_of
from .leaf import AccumulateGrad
from .node import MANY, Outputs, Rule, next_seq


# ---------------------------------------------------------------------------------------------- forward
def link(ctx: Any, args: tuple[Any, ...], nodes: list[Any], outputs: tuple[Any, ...], split: bool) -> tuple[Any, ...]:
    """Makes `ctx` the node of the outputs that are differentiable.

    Args:
        ctx: the node; its marks say what forward did.
        args: the inputs.
        nodes: their nodes; empty if nothing is recorded.
        outputs: what forward returned.
        split: whether forward and `setup_context` are two functions.

    Returns:
        The outputs as the user gets them: an input that is returned as it is comes out as another tensor.

    Raises:
        RuntimeError: forward changed an input that it did not return, or saved an input that it returned as it is.
    """
    records = bool(nodes)
    dirty, constant = ctx.dirty_tensors or (), ctx.non_differentiable or ()
    saved = (ctx.to_save or ()) if split else ()
    if records:
        _prepare(ctx, args, nodes, outputs, constant)
    for t in dirty:
        base.bump(t)
    made: list[Any] = []
    for i, o in enumerate(outputs):
        if not isinstance(o, TensorBase):
            made.append(o)
            continue
        is_input, modified = contains(args, o), contains(dirty, o)
        if is_input and not modified and contains(saved, o):
            raise RuntimeError(
                "An input that has been returned as-is as output is being saved for backward. This is not supported if "
                "you override setup_context. You should return and save a view of the input instead, e.g. with "
                "x.view_as(x) or setup ctx inside the forward function itself."
            )
        v: Any = o
        if not records or ctx.output_meta[i][2] is False:
            v = _constant(o, is_input, modified)
        elif modified:
            _change(ctx, o, is_input, i)
        else:
            v = _view_as_self(o) if is_input else o
            v._node = ctx.output_node(i)
        root = base_of(v)
        if root is not None and not (is_input and modified):
            v._view = View(root, "function", ctx.name())
        made.append(v)
    if records and sum(meta is not None and meta[2] for meta in ctx.output_meta) > 1:
        for v in made:
            if isinstance(v, TensorBase) and type(v._view) is View:
                v._view.made = "multi-output"
    if not all(contains(outputs, t) for t in dirty):
        raise RuntimeError(
            "Some elements marked as dirty during the forward method were not returned as output. The inputs that "
            "are modified inplace must all be outputs of the Function."
        )
    if records and ctx.to_save:
        ctx._kept = tuple([_keep(t, outputs, made, args) for t in ctx.to_save])
    if records and mode.special.count:
        mode.born(ctx)
    return tuple(made)


def contains(tensors: Any, t: Any) -> bool:
    """Whether `t` itself is among `tensors`."""
    return any(x is t for x in tensors)


def _prepare(ctx: Any, args: Any, nodes: list[Any], outputs: Any, constant: Any) -> None:
    """What a node must know of the function's inputs and outputs."""
    ctx.rule, ctx.seq, ctx.grad = RULE, next_seq(), None
    ctx.input_nodes = [n for a, n in zip(args, nodes, strict=True) if isinstance(a, TensorBase)]
    ctx.nexts = tuple([n for n in nodes if n is not None])
    ctx.input_meta = [
        (n, a._shape, a._dtype) if isinstance(a, TensorBase) else None for a, n in zip(args, nodes, strict=True)
    ]
    ctx.output_count = len(outputs)
    ctx.output_meta = [
        (o._shape, o._dtype, _is_differentiable(o, constant)) if isinstance(o, TensorBase) else None for o in outputs
    ]


def _is_differentiable(o: Any, constant: Any) -> bool:
    return isinstance(o, TensorBase) and o._dtype.category >= dtypes.FLOATING and not contains(constant, o)


def _constant(o: Any, is_input: bool, modified: bool) -> Any:
    """An output through which no gradient flows."""
    if not o.requires_grad:
        return _view_as_self(o) if is_input and not modified else o
    if is_input:
        return o.detach()
    if o._view is None:
        o.detach_()
    return o


def _view_as_self(t: Any) -> Any:
    if type(t) is not base.namespace["Tensor"]:
        before, mode.local.grad = mode.local.grad, False
        mode.enter()
        try:
            return t.view_as(t)
        finally:
            mode.local.grad = before
            mode.leave()
    alias = wrap(base.settle(t))
    as_view(alias, t)
    return alias


def _change(ctx: Any, t: Any, is_input: bool, index: int) -> None:
    """The history of an input that forward changed in place begins anew at this node.

    Raises:
        RuntimeError: the input is a leaf that wants a gradient, or a view that was changed for several outputs.
    """
    check_view(t, True)
    if type(t._node) is AccumulateGrad:
        raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
    if not is_input:
        warnings.warn(
            "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have been mutated "
            "should be passed to ctx.mark_dirty().",
            UserWarning,
            stacklevel=4,
        )
    if t._view is not None and ctx.output_count > 1:
        raise RuntimeError(
            "If your Function modifies inplace an input that is a view of another Tensor, your Function cannot return "
            "more than one Tensor. This is not supported by the current autograd engine. You should either make sure "
            "the input is not a view (using .clone() for example) or make your Function only return one Tensor "
            "(potentially splitting it into two Functions: one doing the inplace that returns a single Tensor and a "
            "second one that does the other operations). You can ask on the forum https://discuss.pytorch.org/ if you "
            "need help to do this change."
        )
    check(t, True)
    node, edge = ctx.output_node(index), t._node
    if base_of(t) is None and len(t._versions) == 1 and not t._retains:
        t._node = node
    else:
        rebase(t, node, ctx.nexts.index(edge) if edge in ctx.nexts else None)


def _keep(t: Any, outputs: Any, made: list[Any], args: Any) -> Any:
    """How a saved tensor is held: an output only by its memory, so that no cycle arises."""
    if t is None:
        return None
    if not contains(args, t) or contains(made, t):
        for i, (o, v) in enumerate(zip(outputs, made, strict=True)):
            if o is t or v is t:
                versions = base.own_version(t)
                return (base.settle(t), versions, None), versions[0], i if v._node is not None else -1
    return t, t._versions[0], None


# ---------------------------------------------------------------------------------------------- forward mode
def run_jvp(ctx: Any, args: tuple[Any, ...], outputs: tuple[Any, ...], made: tuple[Any, ...]) -> None:
    """Gives the results of a custom function the tangents that its ``jvp`` computes, if any input has one.

    Args:
        ctx: the node.
        args: the inputs.
        outputs: what forward returned.
        made: the results as the user gets them.

    Raises:
        RuntimeError: ``jvp`` does not return one tangent for each output, or not as the output shares memory.
    """
    level = mode.local.dual
    if level is None or not mode.local.forward_grad or mode.local.inference:
        return
    given = [tangent_of(a) if isinstance(a, TensorBase) else None for a in args]
    if all(g is None for g in given):
        return
    before = [None if g is None else g._version for g in given]
    mode.local.forward_grad = False
    try:
        found = type(ctx)._forward_cls.jvp(ctx, *_materialized(ctx, args, given))
    finally:
        mode.local.forward_grad = True
    tangents = found if isinstance(found, tuple) else (found,)
    for i, tangent in enumerate(tangents):
        if tangent is not None and not isinstance(tangent, TensorBase):
            raise RuntimeError(f"expected Variable or None (got {type(tangent).__name__}) for grad output {i}.")
    if len(tangents) != len(outputs):
        raise RuntimeError(
            f"Function's jvp returned an invalid number of forward gradients (expected {len(outputs)} but got "
            f"{len(tangents)})"
        )
    for i, (o, v, tangent) in enumerate(zip(outputs, made, tangents, strict=True)):
        if not isinstance(o, TensorBase):
            continue
        if not _is_differentiable(o, ctx.non_differentiable or ()):
            if tangent is not None:
                raise RuntimeError(
                    f"Function's jvp returned a gradient at position {i}, but  the corresponding forward output is not "
                    "a differentiable Tensor.You should return None at that position instead."
                )
        elif contains(ctx.dirty_tensors or (), o):
            at = next((i for i, a in enumerate(args) if a is o), None)
            if at is not None and given[at] is not None:
                _check_changed(tangent, given[at], before[at])
            elif tangent is not None:
                level.attach_changed(v, tangent)
        elif tangent is not None:
            of = next((g for a, g in zip(args, given, strict=True) if g is not None and _share(a, v)), None)
            if of is not None:
                _check_view(tangent, of)
            if tangent._dtype.category < dtypes.FLOATING:
                raise RuntimeError("Expected both tensor and its forward grad to be floating point or complex")
            level.attach(v, tangent)


def _materialized(ctx: Any, args: Any, given: Any) -> list[Any]:
    if not ctx.materialize_grads:
        return given  # type: ignore[no-any-return]
    return [
        wrap(np.zeros(a._shape, a._dtype.numpy)) if g is None and _is_differentiable(a, ()) else g
        for a, g in zip(args, given, strict=True)
    ]


def _share(a: Any, v: Any) -> bool:
    """Whether an output is a view of an input, or of what that is a view of."""
    if not isinstance(a, TensorBase) or v._view is None:
        return False
    root = base_of(v)
    return root is a or (a._view is not None and base_of(a) is root)


def _check_changed(tangent: Any, of: Any, version: Any) -> None:
    """Refuses a tangent that was not changed in place like its tensor.

    Raises:
        RuntimeError: it was not.
    """
    if tangent is None or tangent._version == version:
        raise RuntimeError(
            "An inplace custom Function is not modifying the forward mode gradients inplace. If the forward is "
            "modifying an input inplace, then the jvp function must modify the corresponding gradient inplace."
        )
    if tangent is not of:
        raise RuntimeError(
            "An inplace custom Function is not returning the forward mode gradients as-is. If the forward is modifying "
            "an input inplace, then the jvp function must modify the gradient inplace and return it as-is."
        )


def _check_view(tangent: Any, of: Any) -> None:
    """Refuses the tangent of a view that is no view of the input's tangent.

    Raises:
        RuntimeError: it is not.
    """
    root = base_of(tangent)
    if root is None:
        raise RuntimeError(
            "A custom Function's forward is returning a view (or an input as-is) but the jvp is not returning a view."
        )
    if of._view is not None:
        if base_of(of) is not root:
            raise RuntimeError(
                "A custom Function is returning a view but the jvp is not returning a view of the same base as the "
                "given grad input."
            )
    elif root is not of:
        raise RuntimeError(
            "A custom Function is returning a view but the jvp is not returning a view of the given grad input."
        )


# ---------------------------------------------------------------------------------------------- backward
def _run(node: Any, grad: Any, tensors: bool) -> tuple[Any, ...]:
    """The gradients of a custom node's inputs, from those of its outputs."""
    count = node.output_count
    if count == 1:
        given = [grad]
    else:
        given = [grad.get(i) if isinstance(grad, Outputs) else None for i in range(count)]
    if not tensors:
        given = [None if g is None else wrap(settled(g)) for g in given]
    if node.materialize_grads:
        for i, meta in enumerate(node.output_meta):
            if given[i] is None and meta is not None and (meta[2] or node._materialize_non_diff_grads):
                given[i] = wrap(np.zeros(meta[0], meta[1].numpy))
    local = mode.local
    before = local.grad
    local.grad = tensors and not local.unrecorded
    if not tensors:
        mode.enter()
    try:
        found = node.apply(*given)
    finally:
        local.grad = before
        if not tensors:
            mode.leave()
    return _checked(node, found if isinstance(found, tuple) else (found,), tensors)


def _checked(node: Any, found: tuple[Any, ...], tensors: bool) -> tuple[Any, ...]:
    """The gradients that go into the edges, checked against the inputs.

    Raises:
        RuntimeError: there are not as many as inputs, or one is no tensor, or belongs to no tensor.
    """
    metas = node.input_meta
    name = node.name()
    if len(found) > len(metas) and all(g is None for g in found[len(metas) :]):
        found = found[: len(metas)]
    if len(found) != len(metas):
        raise RuntimeError(
            f"function {name} returned an incorrect number of gradients (expected {len(metas)}, got {len(found)})"
        )
    results = []
    position = 0
    for i, (g, meta) in enumerate(zip(found, metas, strict=True)):
        if meta is None:
            if g is not None:
                raise RuntimeError(
                    f"function {name} returned a gradient different than None at position {i + 1}, but the "
                    "corresponding forward input was not a Variable"
                )
            continue
        if g is not None and not isinstance(g, TensorBase):
            raise RuntimeError(f"expected Variable or None (got {type(g).__name__})")
        edge, shape, dtype = meta
        if edge is not None:
            if g is not None:
                g = _fitted(g, shape, dtype, name, position, tensors)
            results.append(g)
        position += 1
    return tuple(results)


def _fitted(g: Any, shape: Any, dtype: Any, name: str, position: int, tensors: bool) -> Any:
    if g._shape != shape:
        lead = len(g._shape) - len(shape)
        if lead < 0 or any(n != 1 and n != m for n, m in zip(shape, g._shape[lead:], strict=True)):
            raise RuntimeError(
                f"Function {name} returned an invalid gradient at index {position} - got {list(g._shape)} but expected "
                f"shape compatible with {list(shape)}"
            )
    if g._dtype.is_complex and not dtype.is_complex:
        raise RuntimeError(
            "Expected isFloatingType(grad.scalar_type()) || (input_is_complex == grad_is_complex) to be true, but got "
            "false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
        )
    if g._shape == shape and g._dtype is dtype:
        return g if tensors else g._data
    fit = (tensor_names if tensors else raw_names)["fit"]
    return fit(g if tensors else g._data, (shape, dtype))


def _run_arrays(node: Any, grad: Any) -> tuple[Any, ...]:
    found = _run(node, grad, False)
    node.release()
    return found


RULE = Rule(
    "Function", MANY, _run_arrays, lambda n, g: _run(n, g, False), lambda n, g: _run(n, g, True), user=True
)  # fmt: skip
