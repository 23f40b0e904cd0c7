"""Elementwise operations on many elements: here the arithmetic takes the time, and fused loops pay.

The entries made by entries.py come here from `LARGE` elements on. The result is the same as on the short path, but it
is computed by a compiled loop where there is one (`kernels.pointwise`), and so is the derivative: a node recorded here
has a rule whose formulas are one loop.
"""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import UNTOUCHED, TensorBase, namespace
from ..kernels import dispatch, pointwise
from ..kernels.layout import result_array
from .arguments import scalar
from .codegen import saves_result
from .formulas import Variant
from .operation import Operation

_LOOPS: dict[str, pointwise.Loop | None] = {}


def compute(op: Operation, arrays: tuple[np.ndarray, ...], out: np.ndarray | None = None) -> np.ndarray:
    """The result array of an elementwise operation on arrays of one type that broadcast.

    Args:
        op: the operation.
        arrays: its operands.
        out: where to put the result: the first operand itself.
    """
    name = op.name
    if name in pointwise.SIMPLE and pointwise.few(arrays):
        if out is not None and type(op.forward) is np.ufunc:
            return op.forward(*arrays, out)  # type: ignore[no-any-return]
    else:
        loop = _LOOPS[name] if name in _LOOPS else _LOOPS.setdefault(name, pointwise.forward(name))
        if loop is not None and (out is None or not any(_overlap(out, a) for a in arrays[1:])):
            made = loop(*arrays, out=out)
            if made is not None:
                return made  # type: ignore[no-any-return]
    result = op.forward(*arrays)
    if out is None:
        return result if type(result) is np.ndarray else result_array(result)
    np.copyto(out, result, casting="unsafe")
    return out


def _overlap(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays may have memory in common, but are not the same elements in the same order."""
    if not np.may_share_memory(a, b):
        return False
    return a.__array_interface__["data"] != b.__array_interface__["data"] or a.strides != b.strides


def in_place(op: Operation, input: Any, operands: tuple[Any, ...]) -> tuple[np.ndarray, ...] | None:
    """The arrays of operands whose result can be computed right into the place of the first one, or None.

    That is so for a large tensor, and another of its type and shape or a number.
    """
    mine, dtype = input._data, input._dtype
    if mine.size < namespace["LARGE"] or not dtype.plain or op.result is not None:
        return None
    arrays = [mine]
    for x in operands[1:]:
        if type(x) is int or type(x) is float:
            arrays.append(scalar(x, dtype))
        elif isinstance(x, TensorBase) and x._dtype is dtype and (x._shape == mine.shape or not x._shape):
            arrays.append(x._data)
        else:
            return None
    return tuple(arrays)


def elementwise_large(op: Operation, first: Any, second: Any, records: bool) -> Any:
    """Runs an elementwise operation on a large tensor.

    Args:
        op: the operation.
        first: the tensor.
        second: a tensor of the same type whose shape broadcasts, a 0-dim array (a number) of its type, or None.
        records: whether a node is made if an input has one.
    """
    a = first._data
    mask = int(first._node is not None)
    fit = number = False
    if second is None:
        result = compute(op, (a,))
    elif isinstance(second, np.ndarray):
        result, number = compute(op, (a, second)), True
    else:
        result = compute(op, (a, second._data))
        mask |= (second._node is not None) << 1
        fit = first._shape != second._shape
    t = _new(namespace["Tensor"])
    t._data, t._shape, t._node, t._versions, t._view = result, result.shape, None, UNTOUCHED, None
    t._dtype = first._dtype if result.dtype is a.dtype else dtypes.from_numpy(result.dtype)
    if mask and records:
        made, saves = _recorder(op, mask, fit, number)
        if made is not None:
            if saves:
                t._versions = [0]
            t._node = made(first, result, t._versions) if second is None else made(first, second, result, t._versions)
    return t


_new = object.__new__
_RECORDERS: dict[Any, Any] = {}


def _recorder(op: Operation, mask: int, fit: bool, number: bool) -> Any:
    """What makes the node, and whether it saves the result."""
    key = op.name, mask, fit, number
    found = _RECORDERS.get(key)
    if found is None:
        need = tuple(n for i, n in enumerate(op.tensors) if mask >> i & 1 and n in op.formulas)
        numbers = (op.tensors[1],) if number else ()
        variant = Variant(need, fit, numbers, large=True)
        found = (op.record(variant), saves_result(op, variant)) if need else (None, False)
        _RECORDERS[key] = found
    return found


namespace.update(
    elementwise_large=elementwise_large, compute_large=compute, LARGE=pointwise.LARGE if dispatch.enabled() else 1 << 62
)
