"""Two operations computed in one pass over memory, and recorded as the two that they are.

The result of the first is never written down. So these functions are for callers who know that nobody can ask for it:
layers that call both operations, in modes in which nothing looks at operations one by one (see `one_pass`).
"""

from typing import Any

import numpy as np

from ..autograd import mode
from ..autograd.hooks import HOOKED
from ..base import UNTOUCHED, bump, namespace
from ..kernels.layout import follow
from ..kernels.pointwise import LARGE, Loop
from . import elementwise_general as general
from . import normalization
from .declare import REGISTRY

_BATCH_NORM = REGISTRY["_native_batch_norm"]
_ADD = REGISTRY["_add"]
_RELU = REGISTRY["relu"]
_ADD_RELU = Loop("add_relu", ("input", "other"), ("relu(_add(input, other))",))
_new = object.__new__


def one_pass() -> bool:
    """Whether no mode is in force, but perhaps no_grad, so that nothing is told of an operation."""
    special, local = mode.special, mode.local
    return not special.count or not (special.more or local.grad or local.changing or local.mutating is not None)


def batch_norm_relu(
    input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, training: bool, momentum: float, eps:
    float, inplace: bool,
) -> Any:  # fmt: skip
    """The relu, perhaps in place, of what `batch_norm` returns; the arguments are checked ones of `batch_norm`.

    Args:
        input, weight, bias, running_mean, running_var: of one dtype, float32 or float64; the input has elements.
        training, momentum, eps: as of `batch_norm`.
        inplace: whether the result's version is that of a tensor changed once.
    """
    tensors = input, weight, bias, running_mean, running_var
    arrays: Any = [None if t is None else t._data for t in tensors]
    arrays += training, momentum, eps, True
    result, mean, inverse = normalization._batch_norm(*arrays)
    if type(input._data) is not np.ndarray:
        result, mean, inverse = follow((result, mean, inverse))
    normal = _tensor(result, input._dtype, [1] if inplace else UNTOUCHED)
    needs = 0
    if mode.local.grad:
        for i, t in enumerate(tensors[:3]):
            if t is not None and t._node is not None:
                needs |= 1 << i
    if not needs:
        return normal
    given = *tensors, training, momentum, eps, result, mean, inverse, UNTOUCHED
    normal._node = _BATCH_NORM.recorder(needs)(*given)
    active = normal if inplace else _tensor(result, input._dtype, UNTOUCHED)
    active._node = general.record(_RELU, ("input",), (normal,), result, input._dtype, active)
    return active


def add_relu_(input: Any, other: Any) -> bool:
    """Adds `other` to `input` and takes the relu, both in place, where that is plain.

    Args:
        input: a result that no view looks at and no hook waits for.
        other: a tensor of its shape and dtype, float32 or float64, in memory of its own.

    Returns:
        Whether it was done; else nothing has changed.
    """
    array, versions, node = input._data, input._versions, input._node
    if (
        input._dtype is not other._dtype
        or not input._dtype.plain
        or array.shape != other._data.shape
        or array.size < LARGE
        or input._view is not None
        or (versions is not UNTOUCHED and (type(versions) is not list or len(versions) > 1))
        or (node is not None and (not node.seq or node.rule.arity == HOOKED))
        or np.may_share_memory(array, other._data)
        or _ADD_RELU(array, other._data, out=array) is None
    ):
        return False
    bump(input)
    if mode.local.grad and (need := tuple(n for n, t in (("input", input), ("other", other)) if t._node is not None)):
        input._node = general.record(_ADD, need, (input, other), array, input._dtype, input)
    bump(input)
    if mode.local.grad and input._node is not None:
        input._node = general.record(_RELU, ("input",), (input,), array, input._dtype, input)
    return True


def _tensor(array: Any, dtype: Any, versions: Any) -> Any:
    t = _new(namespace["Tensor"])
    t._data, t._shape, t._dtype, t._node, t._versions, t._view = array, array.shape, dtype, None, versions, None
    return t
