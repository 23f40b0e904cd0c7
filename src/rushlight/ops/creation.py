"""Making tensors by rule: filled with a number, or with ones on a diagonal, and the places of triangles."""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase
from ..kernels.choosing import nonzero
from ..kernels.copying import fill
from ..kernels.layout import empty_as
from ..kernels.numpy_views import strided
from .arguments import type_name
from .creation_arguments import chosen, done, fill_number, laid_out, sizes
from .data import finish, given_dtype
from .declare import composite
from .numbers import number_for


def _full_array(shape: tuple[int, ...], value: Any, dtype: dtypes.dtype, memory_format: Any = None) -> np.ndarray:
    array = laid_out(np.empty, shape, dtype.numpy, memory_format)
    fill(array, value)
    return array


# ---------------------------------------------------------------------------------------------- filled
@composite(method=False)
def empty(
    *size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False, memory_format: Any = None, **other: Any,
) -> Any:  # fmt: skip
    """A tensor of some shape whose elements are whatever was in memory.

    Args:
        size: the shape, as numbers or a sequence.
        out: the tensor to write to.
        dtype: the element type, the default dtype unless given.
        layout, device, pin_memory: as everywhere; only what the CPU has.
        requires_grad: whether gradients are wanted.
        memory_format: the order of the dimensions in memory.
        other: `size` by name.

    Raises:
        TypeError: a size is no integer.
        RuntimeError: a size is negative.
    """
    shape = sizes("empty", size, _named_size("empty", other) if other else None)
    d = chosen("empty", dtype, device, pin_memory, dtypes._default, requires_grad)
    if memory_format is None and out is None:
        return finish(np.empty(shape, d.numpy), d, requires_grad)
    return done(laid_out(np.empty, shape, d.numpy, memory_format), d, requires_grad, out, dtype)


def _named_size(function: str, other: dict[str, Any]) -> Any:
    if not other:
        return None
    size = other.pop("size", None)
    for name in other:
        raise TypeError(f"{function}() got an unexpected keyword argument '{name}'")
    return size


@composite(method=False)
def zeros(
    *size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False, **other: Any,
) -> Any:  # fmt: skip
    """A tensor of zeros; the arguments are those of `empty`."""
    shape = sizes("zeros", size, _named_size("zeros", other) if other else None)
    d = chosen("zeros", dtype, device, pin_memory, dtypes._default, requires_grad)
    array = np.zeros(shape, d.numpy)
    return finish(array, d, requires_grad) if out is None else done(array, d, requires_grad, out, dtype)


@composite(method=False)
def ones(
    *size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False, **other: Any,
) -> Any:  # fmt: skip
    """A tensor of ones; the arguments are those of `empty`."""
    shape = sizes("ones", size, _named_size("ones", other) if other else None)
    d = chosen("ones", dtype, device, pin_memory, dtypes._default, requires_grad)
    return done(_full_array(shape, 1, d), d, requires_grad, out, dtype)


@composite(method=False)
def full(
    size: Any, fill_value: Any, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """A tensor with all elements equal to a number, whose kind decides the dtype unless one is given.

    Raises:
        TypeError: `size` is no sequence of integers, or `fill_value` no number.
        RuntimeError: the dtype cannot hold the number.
    """
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"full(): argument 'size' (position 1) must be tuple of ints, not {type_name(size)}")
    given = None if dtype is None else given_dtype("full", dtype)
    value, d = fill_number("full", fill_value, given if out is None else given or out._dtype, size=size)
    chosen("full", d, device, pin_memory, d, requires_grad)
    return done(_full_array(sizes("full", (size,)), value, d), d, requires_grad, out, given)


@composite(method=False)
def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Any:  # fmt: skip
    """A tensor with the given strides, in elements, whose elements are whatever was in memory.

    Args:
        size: the shape.
        stride: the strides.
    """
    d = chosen("empty_strided", dtype, device, pin_memory, dtypes._default, requires_grad)
    return finish(strided_array(tuple(size), tuple(stride), d), d, requires_grad)


def strided_array(size: tuple[int, ...], stride: tuple[int, ...], dtype: dtypes.dtype) -> np.ndarray:
    """A new array with the given strides, in elements."""
    count = 0 if 0 in size else 1 + sum([(n - 1) * s for n, s in zip(size, stride, strict=True)])
    memory = np.empty(count, dtype.numpy)
    return strided(memory, size, [s * dtype.itemsize for s in stride])


def _like(
    make: Any, function: str, input: Any, dtype: Any, device: Any, requires_grad: bool, memory_format: Any
) -> Any:
    if not isinstance(input, TensorBase):
        raise TypeError(f"{function}(): argument 'input' (position 1) must be Tensor, not {type_name(input)}")
    d = chosen(function, dtype, device, False, input._dtype, requires_grad)
    data = input._data
    if memory_format is not None and "preserve" not in str(memory_format):
        array = laid_out(np.empty, data.shape, d.numpy, memory_format)
    elif data.flags.c_contiguous:
        array = np.empty(data.shape, d.numpy)
    else:
        array = empty_as(data, d.numpy)
    return finish(make(array), d, requires_grad)


def _filled(value: Any) -> Any:
    def make(array: np.ndarray) -> np.ndarray:
        fill(array, value)
        return array

    return make


_with_zeros, _with_ones = _filled(0), _filled(1)


def _raw_like(value: Any) -> Any:
    def like(x: Any) -> np.ndarray:
        array = np.empty(x.shape, x.dtype) if x.flags.c_contiguous else empty_as(x, x.dtype)
        fill(array, value)
        return array

    return like


@composite(method=False, raw=_raw_like(0))
def zeros_like(
    input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None, pin_memory: bool = False,
) -> Any:  # fmt: skip
    """A tensor of zeros with the shape, the dtype and the order in memory of another, unless others are given."""
    return _like(_with_zeros, "zeros_like", input, dtype, device, requires_grad, memory_format)


@composite(method=False, raw=_raw_like(1))
def ones_like(
    input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None, pin_memory: bool = False,
) -> Any:  # fmt: skip
    """A tensor of ones with the shape, the dtype and the order in memory of another, unless others are given."""
    return _like(_with_ones, "ones_like", input, dtype, device, requires_grad, memory_format)


@composite(method=False, raw=lambda x: np.empty(x.shape, x.dtype))
def empty_like(
    input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None, pin_memory: bool = False,
) -> Any:  # fmt: skip
    """An uninitialised tensor with the shape, the dtype and the order in memory of another, unless others are given."""
    return _like(lambda array: array, "empty_like", input, dtype, device, requires_grad, memory_format)


@composite(method=False)
def full_like(
    input: Any, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, memory_format: Any = None, pin_memory: bool = False,
) -> Any:  # fmt: skip
    """A tensor like another with all elements equal to a number, which is converted to the dtype."""
    wanted = getattr(input, "_dtype", None) if dtype is None else given_dtype("full_like", dtype)
    value, wanted = fill_number("full_like", fill_value, wanted, size=getattr(input, "_shape", None))
    return _like(_filled(value), "full_like", input, wanted, device, requires_grad, memory_format)


def _new_filled(function: str, make: Any) -> Any:
    def method(
        self: Any, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, layout: Any = None,
        pin_memory: bool = False, **other: Any,
    ) -> Any:  # fmt: skip
        shape = sizes(function, size, _named_size(function, other) if other else None)
        d = chosen(function, dtype, device, pin_memory, self._dtype, requires_grad)
        return finish(make(shape, d), d, requires_grad)

    method.__name__ = method.__qualname__ = function
    kind = function.removeprefix("new_")
    method.__doc__ = f"A tensor as `{kind}` makes it, of this tensor's dtype unless another is given."
    return composite(function=False, name=function)(method)


new_zeros = _new_filled("new_zeros", lambda shape, d: np.zeros(shape, d.numpy))
new_ones = _new_filled("new_ones", lambda shape, d: _full_array(shape, 1, d))
new_empty = _new_filled("new_empty", lambda shape, d: np.empty(shape, d.numpy))


@composite(function=False)
def new_full(
    self: Any, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    layout: Any = None, pin_memory: bool = False,
) -> Any:  # fmt: skip
    """A tensor of a shape with all elements equal to a number, of this tensor's dtype unless another is given.

    Args:
        size: the shape.
        fill_value: the number.
    """
    d = chosen("new_full", dtype, device, pin_memory, self._dtype, requires_grad)
    value, d = fill_number("new_full", fill_value, d, size=size)
    return finish(_full_array(sizes("new_full", (size,)), value, d), d, requires_grad)


@composite(function=False)
def new_empty_strided(
    self: Any, size: Any, stride: Any, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """An uninitialised tensor with the given strides, of this tensor's dtype unless another is given.

    Args:
        size: the shape.
        stride: the strides.
    """
    return empty_strided(
        size, stride, dtype=dtype or self._dtype, device=device, requires_grad=requires_grad, pin_memory=pin_memory
    )


@composite(method=False)
def scalar_tensor(
    s: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False,
) -> Any:  # fmt: skip
    """A number as a 0-dim tensor of the default dtype, unless another is given.

    Raises:
        TypeError: `s` is no number.
        RuntimeError: the dtype cannot hold it.
    """
    if isinstance(s, TensorBase) and not s._shape:
        s = s._data.item()
    if not isinstance(s, (int, float, complex)):
        raise TypeError(f"scalar_tensor(): argument 's' (position 1) must be Number, not {type_name(s)}")
    d = chosen("scalar_tensor", dtype, device, pin_memory, dtypes._default, requires_grad)
    return finish(_full_array((), number_for(s, d, bounded=d.itemsize != 2), d), d, requires_grad)


# ---------------------------------------------------------------------------------------------- matrices
@composite(method=False)
def eye(
    n: Any, m: Any = None, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """The matrix of `n` rows and `m` columns (`n` unless given) with ones on its diagonal.

    Raises:
        RuntimeError: a size is negative.
        TypeError: a size is no integer.
    """
    plain = type(n) is int and n >= 0 and m is None
    for i, (name, x) in enumerate(() if plain else (("n", n), ("m", n if m is None else m))):
        if not hasattr(x, "__index__"):
            raise TypeError(f"eye(): argument '{name}' (position {i + 1}) must be int, not {type_name(x)}")
        if x.__index__() < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {x}")
    d = chosen("eye", dtype, device, pin_memory, dtypes._default if out is None else out._dtype, requires_grad)
    columns = n if m is None else m
    array = np.zeros((n, columns), d.numpy)
    array.reshape(-1)[: columns * columns : columns + 1].fill(1)
    return done(array, d, requires_grad, out, dtype)


def _indices(function: str, find: Any, row: int, col: int, offset: int, dtype: Any, device: Any) -> Any:
    for name, n in (("row", row), ("col", col)):
        if n < 0:
            raise RuntimeError(f"{name} must be non-negative, got{n}")
    d = chosen(function, dtype, device, False, dtypes.int64)
    if d.category != dtypes.INTEGRAL:
        raise NotImplementedError(f"\"{function}\" not implemented for '{d.scalar_name}'")
    return finish(nonzero(find(row, col, offset)).astype(d.numpy, copy=False), d)


@composite(method=False)
def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None,
    pin_memory: bool = False,
) -> Any:  # fmt: skip
    """The row and column numbers of a matrix's lower triangle, as a tensor of two rows.

    Args:
        row, col: the numbers of rows and columns.
        offset: which diagonal is the last: 0 for the main one, positive for those above.
    """
    return _indices("tril_indices", lambda *sizes: np.tri(*sizes, bool), row, col, offset, dtype, device)


@composite(method=False)
def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None,
    pin_memory: bool = False,
) -> Any:  # fmt: skip
    """The row and column numbers of a matrix's upper triangle, as a tensor of two rows.

    Args:
        row, col: the numbers of rows and columns.
        offset: which diagonal is the first: 0 for the main one, positive for those above.
    """
    return _indices(
        "triu_indices", lambda row, col, first: ~np.tri(row, col, first - 1, bool), row, col, offset, dtype, device
    )
