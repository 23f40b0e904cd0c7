"""An index taken apart: the views that integers, slices and None make of a tensor, and the tensors read from them."""

import operator
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, wrap
from ..kernels import numpy_indexing as kernels
from ..warn import warn
from .view import unsqueeze
from .view_parts import _select, _slice

_LAST = 2**63 - 1
_TYPES_ALLOWED = (
    "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {})"
)


NO_INDEX = "tensors used as indices must be long, int, byte or bool tensors"


def index_tensor(x: Any) -> Any:
    """An index given as tensor, array or sequence as a tensor fit for indexing.

    Raises:
        IndexError: its elements are neither integers nor booleans.
    """
    if not isinstance(x, TensorBase):
        x = _tensor_of(x)
    d = x._dtype
    if d is dtypes.uint8:
        warn(
            "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.",
        )
        return wrap(x._data.astype(bool))
    if d is not dtypes.int64 and d is not dtypes.bool_ and d is not dtypes.int32:
        raise IndexError(NO_INDEX)
    return x


def _tensor_of(x: Any) -> Any:
    array = x if isinstance(x, np.ndarray) else np.asarray(_nested(x))
    if not array.size and not isinstance(x, np.ndarray):
        array = array.astype(np.int64)
    if array.dtype.kind in "US":
        raise TypeError("new(): invalid data type 'str'")
    return wrap(array)


def _nested(x: Any) -> Any:
    if isinstance(x, TensorBase):
        return x._data
    return [_nested(i) for i in x] if isinstance(x, (list, tuple, range)) else x


def as_tuple(index: Any) -> tuple[Any, ...]:
    """The index as a tuple; a list that holds sequences, slices and the like stands for one."""
    kind = type(index)
    if kind is tuple:
        return index
    if (kind is list or kind is str) and len(index) < 32:
        for x in index:
            if isinstance(x, (TensorBase, np.ndarray, list, tuple, range, slice, str)) or x is None or x is Ellipsis:
                warn(
                    "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in "
                    "pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as "
                    "tensor index, x[torch.tensor(seq)], which will result either in an error or a different result",
                )
                return tuple(index)
    return tuple(index) if isinstance(index, tuple) else (index,)


def _consumed(x: Any) -> int:
    """How many dimensions of the tensor one entry of an index stands for."""
    if x is None or x is Ellipsis or x is True or x is False:
        return 0
    if isinstance(x, TensorBase):
        return len(x._shape) if x._dtype in (dtypes.bool_, dtypes.uint8) else 1
    if isinstance(x, np.ndarray) and x.dtype in (np.bool_, np.uint8):
        return x.ndim
    return 1


def bounds(s: slice) -> tuple[int, int, int]:
    """The start, stop and step of a slice, as far as it names them; the dimension's size is not regarded.

    Raises:
        TypeError: one of them is no integer.
        ValueError: the step is not positive.
    """
    start, stop, step = s.start, s.stop, s.step
    if step is None:
        step = 1
    else:
        if type(step) is not int:
            step = _integer(step)
        if step <= 0:
            raise ValueError("step must be greater than zero" if step else "slice step cannot be zero")
    if start is None:
        start = 0
    elif type(start) is not int:
        start = _integer(start)
    if stop is None:
        stop = _LAST
    elif type(stop) is not int:
        stop = _integer(stop)
    return start, stop, step


def _integer(x: Any) -> int:
    try:
        return operator.index(x)
    except TypeError:
        raise TypeError("slice indices must be integers or None or have an __index__ method") from None


class Parts:
    """An index applied: the view that integers, slices and None make, and what tensors then read from it.

    Attributes:
        view: the tensor after all views; the input itself if there were none.
        indices, dims: the index tensors and the dimensions of `view` at which they stand.
        bytes: whether one of them was given as a tensor of bytes.

    Args:
        input: the tensor.
        index: the index.
        lone: whether the index is one slice, to read: also a slice of everything makes a view then.
    """

    __slots__ = ("bytes", "dims", "indices", "view")

    def __init__(self, input: Any, index: tuple[Any, ...], lone: bool = False):
        self.indices: list[Any] = []
        self.dims: list[int] = []
        self.bytes = False
        ndim = len(input._shape)
        if len(index) == 1 and not ndim and type(index[0]) is slice:
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        given = 0
        for x in index:
            given += _consumed(x)
        if given > ndim:
            raise IndexError(f"too many indices for tensor of dimension {ndim}")
        view = input
        dim = 0
        for place, x in enumerate(index):
            kind = type(x)
            if kind is slice:
                start, end, step = bounds(x)
                if lone or start or step != 1 or end < view._shape[dim]:
                    view = _slice(view, dim, start, end, step)
                dim += 1
            elif kind is int:
                view = self._at(view, dim, x, place)
            elif x is Ellipsis:
                dim += ndim - given
            elif x is None:
                view = unsqueeze(view, dim)
                dim += 1
            elif x is True or x is False:
                view = self._truth(view, dim, x)
                dim += 1
            elif isinstance(x, (TensorBase, np.ndarray, list, tuple, range)):
                if isinstance(x, np.ndarray):
                    x = wrap(x)
                elif isinstance(x, TensorBase) and not x._shape and x._dtype.category <= dtypes.INTEGRAL:
                    if x._dtype in (dtypes.bool_, dtypes.uint8):
                        view = self._truth(view, dim, bool(x._data))
                        dim += 1
                    else:
                        view = self._at(view, dim, int(x._data), place)
                    continue
                if isinstance(x, TensorBase) and not x._shape and x._dtype.category <= dtypes.INTEGRAL:
                    view = self._at(view, dim, int(x._data), place)
                    continue
                self.bytes |= isinstance(x, TensorBase) and x._dtype is dtypes.uint8
                t = index_tensor(x)
                self.indices.append(t)
                self.dims.append(dim)
                dim += len(t._shape) if t._dtype is dtypes.bool_ else 1
            elif kind is str:
                raise TypeError("new(): invalid data type 'str'")
            elif hasattr(x, "__index__"):
                view = self._at(view, dim, operator.index(x), place)
            else:
                raise IndexError(_TYPES_ALLOWED.format(kind.__name__))
        # Masks come last: what integers behind them select is done by then.
        for t, dim in zip(self.indices, self.dims):
            if t._dtype is dtypes.bool_ and view._shape[dim : dim + len(t._shape)] != t._shape:
                raise kernels.explain(view._shape, [t._data], [dim])
        self.view = view

    def _at(self, view: Any, dim: int, i: int, place: int) -> Any:
        size = view._shape[dim]
        if not -size <= i < size:
            raise IndexError(f"index {i} is out of bounds for dimension {place} with size {size}")
        return _select(view, dim, i)

    def _truth(self, view: Any, dim: int, value: bool) -> Any:
        self.indices.append(wrap(np.zeros(int(value), np.int64)))
        self.dims.append(dim)
        return unsqueeze(view, dim)
