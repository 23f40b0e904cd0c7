"""Making tensors: from Python data, NumPy arrays, and by rule."""

from typing import Any

import numpy as np

from .. import devices, dtypes
from ..autograd.node import AccumulateGrad
from ..base import TensorBase, wrap
from .declare import composite


def finish(array: Any, requires_grad: bool) -> Any:
    """A tensor around a new array, as a leaf that requires a gradient if so asked."""
    t = wrap(array)
    if requires_grad:
        if t._dtype.category < dtypes.FLOATING:
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        t._node = AccumulateGrad(t)
    return t


@composite(method=False)
def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Any:
    """A tensor with a copy of `data`.

    Args:
        data: a number, nested sequence of numbers, NumPy array or tensor.
        dtype: the element type; found from the data unless given.
        device: where to put it.
        requires_grad: whether gradients are wanted.
        pin_memory: has no meaning on the CPU.
    """
    devices.check(device)
    array = np.array(data)
    if dtype is not None:
        array = array.astype(dtype.numpy)
    elif array.dtype.kind == "f" and not isinstance(data, (np.ndarray, np.generic)):
        array = array.astype(dtypes.get_default_dtype().numpy)
    return finish(array, requires_grad)
