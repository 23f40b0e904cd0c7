"""What handlers returned, made results of operations: recorded, and known as views where they are views."""

from typing import Any

from .. import dtypes
from ..autograd import mode
from ..autograd.node import output
from ..base import UNTOUCHED, TensorBase, as_view, own_version
from ..kernels.layout import Absent
from . import elementwise_general as general
from .declare import unrecorded_view
from .decompositions import SAVED_OF_TENSORS
from .handlers import has_handler, tensors_in
from .operation import Operation

local = mode.local


def requires_gradient(value: Any) -> bool:
    """Whether an argument is a tensor that requires a gradient, or holds one."""
    if isinstance(value, (list, tuple)):
        return any(map(requires_gradient, value))
    return isinstance(value, TensorBase) and value._node is not None


def finished(op: Operation, given: dict[str, Any], result: Any) -> Any:
    """What a handler returned as the operation's result: recorded, and known as a view where it is one."""
    if op.several or len(op.outputs) > 1:
        if not isinstance(result, (tuple, list)):
            return result
        results = list(result)
    else:
        if isinstance(result, (tuple, list)) and op.saves:  # PyTorch returns what it saves as well
            result = result[0]
        if not isinstance(result, TensorBase):
            return result
        results = [result]
    inputs = set(map(id, tensors_in(given.values())))
    results = [_apart(r) if isinstance(r, TensorBase) and id(r) in inputs else r for r in results]
    need = tuple([n for n in op.inputs if requires_gradient(given[n])]) if local.grad and op.formulas else ()
    made = recorded(op, given, need, results) if need else None
    for i, t in enumerate(results):
        if not isinstance(t, TensorBase):
            continue
        if made is None:
            t._node = None
        elif op.several or len(op.differentiable) > 1:
            t._node = output(made, i) if op.several or op.outputs[i] in op.differentiable else None
        else:
            t._node = made if op.outputs[i] in op.differentiable else None
        if op.view:
            t._view = None
            if not op.formulas:
                t._versions = own_version(given[op.tensors[0]])
            elif not local.grad:
                unrecorded_view(t, given[op.tensors[0]])
            elif op.several:
                as_view(t, given[op.tensors[0]], "multi-output", op.node_name)
            else:
                as_view(t, given[op.tensors[0]])
    if op.several:
        return tuple(results)
    return results[0] if len(op.outputs) == 1 else op.result_type(results)


def _apart(t: Any) -> Any:
    """Another tensor object on the same memory, for a result that is an argument."""
    return t.detach()


def recorded(op: Operation, given: dict[str, Any], need: tuple[str, ...], results: list[Any]) -> Any:
    """The node of an operation that has been computed."""
    saving, local.saving = local.saving, ()
    makers, local.node_makers = local.node_makers, ()
    try:
        made = _node(op, given, need, results)
    finally:
        local.saving, local.node_makers = saving, makers
    for slot, how in made.saved.items():
        if how == "result" and slot in op.outputs and getattr(made, slot, None) is not None:
            t = results[op.outputs.index(slot)]
            if has_handler(type(t)):
                setattr(made, slot, t.detach())
    mode.born(made)
    return made


def _node(op: Operation, given: dict[str, Any], need: tuple[str, ...], results: list[Any]) -> Any:
    """The node, with the arrays of the results where it saves these."""
    first = results[0]
    if op.kind == "elementwise":
        operands = tuple(given[n] for n in op.tensors)
        common = general.result_type(*operands)
        if op.floating and common.category < dtypes.FLOATING:
            common = dtypes.get_default_dtype()
        made = general.record(op, need, operands, first._data, common, first)
    elif op.several:
        mask = sum(1 << i for i, n in enumerate(op.inputs) if n in need)
        made = op.recorder(mask)(*given.values(), None, UNTOUCHED)
        made.output_count = len(results)
    else:
        for n, t in zip(op.outputs, results, strict=False):
            if n in op.saved_outputs and t._versions is UNTOUCHED:
                t._versions = [0]
        mask = sum(1 << i for i, n in enumerate(op.inputs) if n in need)
        arrays = [t._data for t in results[: len(op.outputs)]]
        versions = [t._versions for t in results[: len(op.outputs)]]
        made = op.recorder(mask)(*given.values(), *arrays, *_saves(op, given), *versions)
        if len(op.outputs) > 1:
            made.output_meta = tuple([(t._shape, t._dtype) for t in results])
    return made


def _saves(op: Operation, given: dict[str, Any]) -> tuple[Any, ...]:
    """What an operation's derivative needs besides its results, computed of the arrays; None for each without arrays.

    The derivatives on Tensors, which alone run where handlers are about, find most of it themselves.
    """
    if not op.saves:
        return ()
    if any(type(t._data) is Absent for t in tensors_in(given.values())):
        found = SAVED_OF_TENSORS.get(op.name)
        return (None,) * len(op.saves) if found is None else found(given)
    arrays = {n: v._data if isinstance(v, TensorBase) else v for n, v in given.items()}
    positional = [v for n, v in arrays.items() if n not in op.keyword_only]
    found = op.forward(*positional, **{n: arrays[n] for n in op.keyword_only})
    return tuple(found[len(op.outputs) :])
