"""In-place changes: what is allowed, and how an operation stores its result.

How a change is recorded is told in history.py.
"""

import functools
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..autograd.leaf import AccumulateGrad
from ..base import UNTOUCHED, TensorBase, View, bump, namespace, wrap
from ..kernels.layout import result_array
from . import elementwise_general as general
from . import elementwise_large as large
from .arguments import scalar, type_name
from .convert import discards
from .declare import REGISTRY
from .formulas import Variant, plan_of
from .history import check_view, rebase, refresh
from .operation import Operation
from .overlap import refuse_overlap, refuse_partial_overlap

# ---------------------------------------------------------------------------------------------- what is allowed
LEAF = "a leaf Variable that requires grad is being used in an in-place operation."


def check(t: Any, records: bool) -> None:
    """Refuses an in-place change that would make gradients wrong.

    Args:
        t: the tensor to be changed.
        records: whether the change will be part of a graph (the tensor or another operand requires a gradient).

    Raises:
        RuntimeError: with PyTorch's text for leaves, views of leaves, and views whose history cannot be rewritten.
    """
    if mode.special.count:
        saved_is_kept(t)
    if t._versions is mode.INFERENCE:
        if mode.local.grad and t._node is not None:
            raise RuntimeError(LEAF)
        mode.refuse_inference(t)
    if not mode.local.grad:
        return
    view = t._view
    if view is None:
        if type(t._node) is AccumulateGrad:
            raise RuntimeError(LEAF)
        return
    check_view(t, records)
    of = (view.base if type(view) is View else view)._node
    if (of is None and t._node is not None) or type(of) is AccumulateGrad:
        raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")
    if of is not None and type(t._node) is AccumulateGrad:
        raise RuntimeError(LEAF)


def saved_is_kept(t: Any) -> None:
    """Lets those who allow changes of saved tensors know which one is about to be changed."""
    if mode.local.mutating is not None:
        mode.local.mutating.before_change(t)
    mode.will_change(t)


# ---------------------------------------------------------------------------------------------- applying
def array_beside(input: Any, other: Any) -> Any:
    """What stands for `other` if nothing but arithmetic is left to do to `input` in place, else None.

    That is so if `other` is a number, or a tensor of the same shape and dtype; if no other tensor shares the memory of
    `input`; and if nothing is recorded.
    """
    dtype, versions = input._dtype, input._versions
    if not dtype.plain or input._view is not None or type(versions) is not list or len(versions) > 1:
        return None
    kind = type(other)
    node = None
    if kind is float or kind is int:
        found = dtype.scalars.get(other)
        if found is None:
            found = scalar(other, dtype)
    elif isinstance(other, TensorBase) and other._dtype is dtype and other._shape == input._shape:
        found = other._data
        node = other._node
    else:
        return None
    records = True
    if mode.special.count:
        if mode.special.more or mode.local.mutating is not None or mode.local.changing:
            return None
        records = mode.local.grad
    if (records and (input._node is not None or node is not None)) or 0 in input._data.strides:
        return None
    return found


def apply_inplace(op: Operation, input: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Computes an operation and puts the result in the place of its first input.

    Raises:
        TypeError: an argument is missing or no tensor.
    """
    if (
        op.kind == "elementwise"
        and op.result is None
        and not kwargs
        and len(args) == len(op.tensors) - 1
        and (op.takes_numbers or not args or isinstance(args[0], TensorBase))
    ):
        other = array_beside(input, args[0] if args else 1) if isinstance(input, TensorBase) else None
        if other is not None:
            array, kernel = input._data, op.forward
            operands = (array, other) if args else (array,)
            if array.size >= namespace["LARGE"]:
                large.compute(op, operands, array)
            elif type(kernel) is np.ufunc:
                kernel(*operands, array)
            else:
                array[...] = kernel(*operands)
            bump(input)
            return input
    if not isinstance(input, TensorBase):
        raise TypeError(f"{op.name}_(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if "out" in kwargs:
        raise TypeError(f"{op.name}_() got an unexpected keyword argument 'out'")
    if op.kind == "elementwise":
        names = op.tensors
        operands = (input, *args, *[kwargs[n] for n in names[1 + len(args) :] if n in kwargs])
        if len(operands) != len(names):
            raise TypeError(f'{op.name}_() missing 1 required positional arguments: "{names[-1]}"')
        if not op.takes_numbers:
            for i, (n, x) in enumerate(zip(names[1:], operands[1:], strict=True)):
                if not isinstance(x, TensorBase):
                    raise TypeError(
                        f"{op.name}_(): argument '{n}' (position {i + 1}) must be Tensor, not {type_name(x)}"
                    )
    else:
        names = op.parameters
        if not kwargs and not op.keyword_only and len(args) + 1 == len(names):
            operands = (input, *args)
        else:
            bound = op.signature.bind(input, *args, **kwargs)
            bound.apply_defaults()
            operands = tuple([bound.arguments[p] for p in names])
    if input._versions is not UNTOUCHED:
        for x in operands[1:]:
            if isinstance(x, TensorBase) and x is not input and x._versions is input._versions:
                refuse_partial_overlap(input, x)
    recorded = bool(op.formulas) or op.result != "bool"
    if recorded:
        check_view(input)
    need: tuple[str, ...] = ()
    if mode.local.grad and op.formulas:
        need = tuple(
            n for n, x in zip(names, operands, strict=True)
            if isinstance(x, TensorBase) and x._node is not None and n in op.formulas
        )  # fmt: skip
    if recorded:
        check(input, bool(need))
    tangent = new_tangent(op, names, operands) if mode.special.count else None
    _change(op, input, names, operands, need)
    if tangent is not None:
        mode.local.dual.replace(input, tangent)
    return input


def former(t: Any) -> Any:
    """A copy of a tensor before it is changed, for a derivative that reads it."""
    copy = wrap(t._data.copy(), t._node)
    if mode.local.dual is not None:
        mode.local.dual.copy(t, copy)
    return copy


def hooked_operands(operands: tuple[Any, ...], input: Any) -> tuple[Any, ...]:
    """The operands of an in-place operation, for which hooks on saved tensors are in force.

    Those that look at memory which is about to be changed are copied: hooks are given them when the operation is
    recorded, after the change, and have to see what they were before.
    """
    first, *others = operands
    versions = None if input._versions is UNTOUCHED else input._versions
    return first, *[
        former(x) if x is input or (isinstance(x, TensorBase) and x._versions is versions) else x for x in others
    ]


def new_tangent(op: Operation, names: Any, operands: tuple[Any, ...]) -> Any:
    """The tangent that the first operand will have after an in-place operation, or None: see dual_level.py."""
    dual = mode.local.dual
    return None if dual is None else dual.inplace_tangent(op, dict(zip(names, operands, strict=True)))


def _change(op: Operation, input: Any, names: Any, operands: tuple[Any, ...], need: tuple[str, ...]) -> None:
    """Computes and stores the result of an in-place operation, and records it."""
    common = input._dtype
    direct = large.in_place(op, input, operands) if op.kind == "elementwise" else None
    saves: tuple[Any, ...] = ()
    result: Any = None
    if direct is None:
        result, common, saves = _computed(op, input, operands)
    original = input
    read = read_by(op, need) if need else ()
    if 0 in read:
        # The derivative reads the values from before the change; of another operand, even if it is the same tensor, it
        # would read those from after it, and refuses to.
        original = former(input)
    if need and mode.special.count and mode.local.saving:
        operands = hooked_operands(operands, input)
    if direct is None:
        write(input, result)
    else:
        refuse_overlap(input)
        large.compute(op, direct, input._data)
        bump(input)
    if not need:
        refresh(input)
        return
    operands = (original, *operands[1:])
    if op.kind == "elementwise":
        made = general.record(op, need, operands, input._data, common, _Own(input))
    else:
        versions = [_own(input)] * len(op.outputs)
        made = op.record(Variant(need))(*operands, input._data, *saves, *versions)
    _expect_former(made, operands, read, input)
    rebase(input, made, 0 if names[0] in need else None)


def _computed(op: Operation, input: Any, operands: tuple[Any, ...]) -> tuple[Any, Any, tuple[Any, ...]]:
    """The result of an operation that may take the place of `input`, the dtype it was computed in, and what it saves.

    Raises:
        RuntimeError: the result is of another shape, or of a dtype that is not converted to that of `input`.
    """
    common = input._dtype
    saves: tuple[Any, ...] = ()
    if op.kind == "elementwise":
        try:
            result, common = general.compute(op, operands, input)
        except NotImplementedError as error:
            if not general.names_kernel(error):
                raise
            before_kernel(input, *operands[1:])
            if op.result != "bool":
                castable(general.result_type(*operands), input._dtype)
            raise
    else:
        positional = operands[: len(operands) - len(op.keyword_only)]
        keywords = {p: operands[op.parameters.index(p)] for p in op.keyword_only}
        found = op.forward(*[x._data if isinstance(x, TensorBase) else x for x in positional], **keywords)
        result, *rest = found if op.saves else (found,)
        saves = tuple(rest)
        result = result_array(result)
    kind = dtypes.bool_ if op.result == "bool" else dtypes.from_numpy(result.dtype)
    _keeps_shape(input, result.shape)
    if op.result != "bool":
        if kind is not input._dtype:
            refuse_overlap(input)
            castable(kind, input._dtype)
    elif common.is_complex and len(operands) == 2 and result.size:
        discards(common, input._dtype)
    return result, common, saves


def _keeps_shape(input: Any, shape: Any) -> None:
    if shape != input._shape:
        refuse_overlap(input)
        raise RuntimeError(f"output with shape {list(input._shape)} doesn't match the broadcast shape {list(shape)}")


def before_kernel(input: Any, *others: Any) -> None:
    """Refuses what PyTorch refuses in place before it finds that it has no kernel for a dtype.

    Args:
        input: the tensor to be changed.
        others: the other operands; those that are tensors broadcast.

    Raises:
        RuntimeError: the tensor may not be changed, overlaps itself, or is smaller than the result.
    """
    tensors = [x for x in others if isinstance(x, TensorBase)]
    check_view(input)
    check(input, any([x._node is not None for x in (input, *tensors)]))
    refuse_overlap(input)
    shape = input._shape
    for x in tensors:
        shape = general.broadcast_shapes(shape, x._shape)
    _keeps_shape(input, shape)


def _expect_former(made: Any, operands: tuple[Any, ...], read: tuple[int, ...], input: Any) -> None:
    """Lets backward notice that other tensors on the changed memory are no longer what the derivative needs.

    Args:
        made: the node, recorded after the change.
        operands: the operation's arguments.
        read: which of them its derivative reads.
        input: the tensor that was changed.
    """
    for i in read:
        x = operands[i]
        if isinstance(x, TensorBase) and x._versions is input._versions:
            made.version -= 1


@functools.cache
def read_by(op: Operation, need: tuple[str, ...]) -> tuple[int, ...]:
    """Which arguments the derivatives by the inputs named read."""
    tensors = plan_of(op, Variant(need, complex=True)).tensors
    return tuple([i for i, n in enumerate(op.parameters) if n in tensors])


def change_inplace(name: str, operands: tuple[Any, ...], change: Any, overlap: bool = False) -> Any:
    """Changes the elements of the first operand by a function of its array, and records the change as an operation.

    Args:
        name: the operation whose result the elements become.
        operands: its arguments, all of them; the first is the tensor to change.
        change: called with the tensor's array, which it changes.
        overlap: whether elements may be written that several indices mean.
    """
    input = operands[0]
    versions = input._versions
    if not mode.special.count and input._view is None and type(versions) is list and len(versions) == 1:
        for x in operands:
            if isinstance(x, TensorBase) and x._node is not None:
                break
        else:
            # Nothing is recorded and no view looks: the elements are all that changes.
            if not overlap:
                refuse_overlap(input)
            change(input._data)
            bump(input)
            return input
    op = REGISTRY[name]
    check_view(input)
    need: tuple[str, ...] = ()
    if mode.local.grad and input._dtype.category >= dtypes.FLOATING:
        need = tuple([n for n in op.inputs if operands[op.parameters.index(n)]._node is not None])
    check(input, bool(need))
    if not overlap:
        refuse_overlap(input)
    tangent = new_tangent(op, op.parameters, operands) if mode.special.count else None
    read = read_by(op, need) if need else ()
    if 0 in read:
        # The derivative reads the values from before the change.
        operands = (former(input), *operands[1:])
    if need and mode.special.count and mode.local.saving:
        operands = hooked_operands(operands, input)
    change(input._data)
    bump(input)
    if need:
        made = op.record(Variant(need))(*operands, input._data, _own(input))
        _expect_former(made, operands, read, input)
        rebase(input, made, 0 if op.parameters[0] in need else None)
    else:
        refresh(input)
    if tangent is not None:
        mode.local.dual.replace(input, tangent)
    return input


class _Own:
    """The shape, dtype and version that a recorder reads of its result."""

    def __init__(self, t: Any):
        self._shape, self._dtype, self._versions = t._shape, t._dtype, _own(t)


def _own(t: Any) -> list[Any]:
    if t._versions is UNTOUCHED:
        t._versions = [0]
    return t._versions


def write(t: Any, array: Any) -> None:
    """Stores an array in the memory of `t` and counts the change."""
    refuse_overlap(t)
    np.copyto(t._data, array, casting="unsafe")
    bump(t)


def castable(result: dtypes.dtype, to: dtypes.dtype) -> None:
    """Refuses to store results of one dtype in a tensor of another that PyTorch does not convert them to.

    Raises:
        RuntimeError: the dtype `to` is of a lower category.
    """
    if not dtypes.can_cast(result, to):
        raise RuntimeError(
            f"result type {result.scalar_name} can't be cast to the desired output type {to.scalar_name}"
        )


namespace.update(apply_inplace=apply_inplace)
