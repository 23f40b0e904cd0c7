"""The arguments of functions that make tensors: sizes, dtypes, fill values, memory formats, ``out=``."""

import math
from typing import Any

import numpy as np

from .. import devices, dtypes
from ..base import TensorBase
from .arguments import type_name
from .data import finish, given_dtype, no_pinning, store
from .numbers import must_fit, number_for


def sizes(function: str, args: tuple[Any, ...], size: Any = None) -> tuple[int, ...]:
    """The shape that a function was given, as numbers one by one or as a sequence of them.

    Raises:
        TypeError: something is no integer, or there are arguments too many.
        RuntimeError: a size is negative.
    """
    if size is not None:
        args = (size, *args)
    for n in args:
        if type(n) is not int or n < 0:
            break
    else:
        if args:
            return args
    if not args:
        raise TypeError(f'{function}() missing 1 required positional arguments: "size"')
    first = args[0]
    if isinstance(first, (tuple, list)):
        if len(args) > 1:
            raise TypeError(f"{function}() takes 1 positional argument but {len(args)} were given")
        args = first  # type: ignore[assignment]
    elif not hasattr(first, "__index__") or isinstance(first, bool):
        raise TypeError(f"{function}(): argument 'size' (position 1) must be tuple of ints, not {type_name(first)}")
    for n in args:
        if type(n) is not int or n < 0:
            args = tuple([m if type(m) is int else _size(function, m, i) for i, m in enumerate(args)])
            break
    else:
        return tuple(args)
    for n in args:
        if n < 0:
            raise RuntimeError(f"{function}: Dimension size must be non-negative.")
    return tuple(args)


def _size(function: str, n: Any, i: int) -> int:
    if not hasattr(n, "__index__"):
        raise TypeError(
            f"{function}(): argument 'size' failed to unpack the object at pos {i + 1} with error \"type must be "
            "tuple of "
            f'ints,but got {type_name(n)}"'
        )
    return n.__index__()  # type: ignore[no-any-return]


def chosen(
    function: str, dtype: Any, device: Any, pin_memory: Any, otherwise: dtypes.dtype, requires_grad: Any = False
) -> dtypes.dtype:
    """The dtype to make a tensor of, after a look at the other options.

    Raises:
        TypeError: an option is of another type than PyTorch takes.
    """
    if device is not None or devices._default is not devices.cpu:
        devices.check(device)
    if requires_grad is not False:
        boolean(function, "requires_grad", requires_grad)
    if pin_memory is not False:
        boolean(function, "pin_memory", pin_memory)
        no_pinning(pin_memory)
    if dtype is None:
        return otherwise
    return dtype if type(dtype) is dtypes.dtype else given_dtype(function, dtype)


def boolean(function: str, name: str, value: Any) -> None:
    """Refuses what is given for an option that is on or off, and is neither.

    Raises:
        TypeError: it is neither.
    """
    if value is not None and not isinstance(value, bool):
        raise TypeError(f"{function}(): argument '{name}' must be bool, not {type_name(value)}")


def done(array: np.ndarray, dtype: dtypes.dtype, requires_grad: bool, out: Any, given: Any) -> Any:
    """The tensor around a new array, or `out` with its elements.

    Raises:
        RuntimeError: the dtype `given` is not that of `out`.
    """
    if out is None:
        return finish(array, dtype, requires_grad)
    if given is not None and given is not out._dtype:
        raise RuntimeError(
            f"dtype {dtype.scalar_name} does not match dtype of out parameter ({out._dtype.scalar_name})"
        )
    return store(out, array)


def _order(memory_format: Any, dims: int) -> tuple[int, ...] | None:
    """The dimensions from the slowest to the fastest, where a memory format asks for another order than the usual.

    Raises:
        RuntimeError: the number of dimensions is not that of the format.
    """
    name = str(memory_format)
    if not name.startswith("torch.channels_last"):
        return None
    rank = 5 if name.endswith("3d") else 4
    if dims != rank:
        raise RuntimeError(f"required rank {rank} tensor to use {name.removeprefix('torch.')} format")
    return (0, *range(2, rank), 1)


def laid_out(make: Any, shape: tuple[int, ...], numpy: Any, memory_format: Any) -> np.ndarray:
    """An array made by ``make(shape, dtype)``, in a memory format."""
    order = None if memory_format is None else _order(memory_format, len(shape))
    if order is None:
        return make(shape, numpy)  # type: ignore[no-any-return]
    array = make(tuple([shape[i] for i in order]), numpy)
    return array.transpose(np.argsort(order))  # type: ignore[no-any-return]


def fill_number(
    function: str, value: Any, dtype: dtypes.dtype | None, position: int = 2, size: Any = None
) -> tuple[Any, dtypes.dtype]:
    """A fill value as a number that fits the dtype, which is found from the value if not given.

    Args:
        function: the function's name, for messages.
        value: the number.
        dtype: the dtype, or None.
        position: the argument's position, for messages.
        size: the shape of what will be filled, which decides whether the number must fit.

    Raises:
        TypeError: the value is no number.
        RuntimeError: the dtype cannot hold it.
    """
    if type(value) is float and -60000 <= value <= 60000 and (dtype is None or dtype.plain):
        return value, dtype or dtypes._default
    if isinstance(value, TensorBase) and not value._shape and value._node is None:
        value = value._data.item()
    elif isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, (int, float, complex)):
        raise TypeError(
            f"{function}(): argument 'fill_value' (position {position}) must be Number, not {type_name(value)}"
        )
    dtype = dtypes.of_number(value) if dtype is None else dtype
    count = math.prod(size) if isinstance(size, tuple) else 2
    return number_for(value, dtype, must_fit(dtype, count))[()], dtype
