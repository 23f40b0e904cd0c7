"""Values as the text of a Python program."""

import base64
import pickle
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase
from ..kernels.layout import Inner
from ..ops.history import Geometry

# Arrays of more elements are kept beside the text.
_WRITTEN_OUT = 64


def array_text(array: Any, keep: Any) -> str:
    """An expression for an array, with the same order in memory.

    Args:
        array: the array.
        keep: called with an array that is too large to be written out; returns an expression for it.
    """
    if any(s == 0 and n > 1 for s, n in zip(array.strides, array.shape, strict=True)):
        index = tuple([slice(0, 1) if s == 0 else slice(None) for s in array.strides])
        return f"np.broadcast_to({array_text(array[index], keep)}, {array.shape})"
    order = sorted(range(array.ndim), key=lambda i: (-abs(array.strides[i]), i)) if array.size > 1 else []
    if order == list(range(array.ndim)) or array.size <= 1:
        return _dense(np.asarray(array), keep)
    dense = _dense(np.ascontiguousarray(np.asarray(array).transpose(order)), keep)
    back = [order.index(i) for i in range(array.ndim)]
    if isinstance(array, Inner):
        return f"inside_out({dense}, {', '.join(map(str, back))})"
    return f"{dense}.transpose({', '.join(map(str, back))})"


def _dense(array: Any, keep: Any) -> str:
    kind = array.dtype.kind
    if array.size > _WRITTEN_OUT or kind not in "fiub" or not array.size:
        if kind in "fiub" and array.size > 1 and array.flags.c_contiguous and (array == array.flat[0]).all():
            if not (kind == "f" and array.flat[0] == 0 and np.signbit(array).any()):
                return f"np.full({array.shape}, {_number(array.flat[0])}, {dtype_text(array.dtype)})"
        return str(keep(array))
    return f"np.array({_nested(array)}, {dtype_text(array.dtype)})"


def _nested(array: Any) -> str:
    if array.ndim == 0:
        return _number(array[()])
    return f"[{', '.join(_nested(a) for a in array)}]"


def _number(x: Any) -> str:
    if isinstance(x, np.floating) and not np.isfinite(x):
        return "np.nan" if np.isnan(x) else "np.inf" if x > 0 else "-np.inf"
    return str(x)


def dtype_text(dtype: Any) -> str:
    """An expression for a dtype of NumPy."""
    name = np.dtype(dtype).name
    if name == "bool":
        return "bool"
    return f"np.{name}" if hasattr(np, name) else f'np.dtype("{name}")'


def text_of(value: Any, keep: Any) -> str:
    """An expression for any value that a node may keep; see `array_text` for `keep`."""
    if isinstance(value, np.ndarray):
        return array_text(value, keep)
    if isinstance(value, TensorBase):
        return array_text(value._data, keep)
    if isinstance(value, dtypes.dtype):
        return str(value)
    if isinstance(value, np.dtype):
        return dtype_text(value)
    if isinstance(value, np.generic):
        return f"{dtype_text(value.dtype)}({_number(value)})"
    if isinstance(value, float) and not np.isfinite(value):
        return _number(np.float64(value))
    if isinstance(value, Geometry):
        slots = [f"{name}={text_of(getattr(value, name), keep)}" for name in Geometry.__slots__]
        return f"Place({', '.join(slots)})"
    if isinstance(value, slice):
        return f"slice({text_of(value.start, keep)}, {text_of(value.stop, keep)}, {text_of(value.step, keep)})"
    if isinstance(value, tuple):
        inner = ", ".join(text_of(v, keep) for v in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list):
        return f"[{', '.join(text_of(v, keep) for v in value)}]"
    if value is None or isinstance(value, (bool, int, float, complex, str)) or value is Ellipsis:
        return repr(value)
    return f'unpickled("{base64.b85encode(pickle.dumps(value)).decode()}")'
