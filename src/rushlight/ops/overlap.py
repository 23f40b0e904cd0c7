"""What may not be written to, because several of its elements, or an operand, lie where it lies."""

from typing import Any

import numpy as np

from ..base import TensorBase
from ..kernels.numpy_views import overlaps_itself, overlaps_partly

# Operations of a declared kernel whose ``out=`` may not share a part of its memory with an operand.
APART = frozenset(["gelu", "hardshrink", "nan_to_num", "renorm", "softplus", "softshrink"])


def refuse_partial_overlap(t: Any, operand: Any) -> None:
    """Refuses to write to a tensor from another that looks at a part of the same memory, or in another order.

    Raises:
        RuntimeError: that is so.
    """
    if overlaps_partly(t._data, operand._data):
        raise RuntimeError(
            "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single "
            "memory location. Please clone() the tensor before performing the operation."
        )


def refuse_overlap(t: Any) -> None:
    """Refuses to write to a tensor of which several indices mean the same element, as expanded ones do.

    Raises:
        RuntimeError: the tensor is one of those.
    """
    if 0 in t._data.strides and overlaps_itself(t._data):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )


def refuse_partly_shared(out: Any, operands: tuple[Any, ...]) -> None:
    """Refuses a result's tensor that lies partly where an operand lies, or in another order.

    Raises:
        RuntimeError: that is so.
    """
    for x in operands:
        if isinstance(x, TensorBase) and x is not out and type(x._data) is np.ndarray:
            if np.may_share_memory(x._data, out._data):
                refuse_partial_overlap(out, x)


def refuse_lying_across(out: Any, operands: tuple[Any, ...]) -> None:
    """Refuses a result's tensor that overlaps itself, lies partly where an operand lies, or in another order.

    So is an operand refused as the tensor of a result of another shape.

    Raises:
        RuntimeError: that is so.
    """
    if type(getattr(out, "_data", None)) is not np.ndarray:
        return
    refuse_overlap(out)
    refuse_partly_shared(out, operands)
    if any([x is out for x in operands]):
        _refuse_growth(out, operands)


def _refuse_growth(out: Any, operands: tuple[Any, ...]) -> None:
    try:
        shape = np.broadcast_shapes(*[x._shape for x in operands if isinstance(x, TensorBase)])
    except ValueError:
        return  # which is said elsewhere
    if shape != out._shape:
        raise RuntimeError(f"output with shape {list(out._shape)} doesn't match the broadcast shape {list(shape)}")
