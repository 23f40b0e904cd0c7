"""The constructors of old: ``torch.Tensor(...)``, ``torch.FloatTensor(...)`` and their like."""

from typing import Any

import numpy as np

from .. import devices, dtypes
from ..base import Size, TensorBase
from .arguments import type_name
from .data import finish, is_sequence, new_array
from .declare import FUNCTIONS, composite


def legacy_tensor(
    args: tuple[Any, ...], device: Any = None, dtype: dtypes.dtype | None = None, size: Any = None
) -> Any:
    """What ``torch.Tensor(...)`` and ``torch.FloatTensor(...)`` make: of sizes an empty tensor, of data one with it.

    Raises:
        TypeError: the arguments are neither sizes nor data.
        RuntimeError: a size is negative, or the device is not the CPU.
    """
    wanted = dtype or dtypes.get_default_dtype()
    if device is not None:
        where = devices.device(device)
        if where.type != "cpu":
            raise RuntimeError(f"legacy constructor expects device type: cpu but device type: {where.type} was passed")
    if size is not None:
        args = tuple(size)
    if not args:
        return finish(np.empty(0 if size is None else (), wanted.numpy), wanted)
    if len(args) == 1 and size is None:
        data = args[0]
        if isinstance(data, TensorBase):
            if dtype is not None and data._dtype is not dtype:
                raise TypeError(f"expected {_options(dtype)} (got {_options(data._dtype)})")
            return finish(data._data, data._dtype)
        if not (isinstance(data, Size) or (hasattr(data, "__index__") and not isinstance(data, (bool, np.ndarray)))):
            if isinstance(data, (str, bytes)):
                raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
            if not is_sequence(data):
                raise TypeError(f"new(): data must be a sequence (got {type_name(data)})")
            array, _ = new_array(data, wanted)
            return finish(array, wanted)
        if isinstance(data, Size):
            args = data
    for i, n in enumerate(args):
        if not hasattr(n, "__index__"):
            if i == 0:
                raise TypeError(
                    f"new() received an invalid combination of arguments - got ({', '.join(map(type_name, args))}), "
                    "but expected sizes, or data"
                )
            raise TypeError(
                f"new(): argument 'size' failed to unpack the object at pos {i + 1} with error \"type must be tuple of "
                f'ints,but got {type_name(n)}"'
            )
    shape = [n.__index__() for n in args]
    for n in shape:
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {shape}")
    return finish(np.empty(shape, wanted.numpy), wanted)


def _options(dtype: dtypes.dtype) -> str:
    return (
        f"TensorOptions(dtype={dtype.c_name}, device=cpu, layout=Strided, "
        "requires_grad=false (default), pinned_memory=false (default), memory_format=(nullopt))"
    )


class _TypedTensor(type):
    """The type of `FloatTensor` and its like: instances are the tensors of one dtype."""

    dtype: dtypes.dtype

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, TensorBase) and instance._dtype is cls.dtype

    def __call__(cls, *args: Any, device: Any = None, size: Any = None) -> Any:
        return legacy_tensor(args, device, cls.dtype, size)

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


def typed_tensor(dtype: dtypes.dtype) -> Any:
    """The old-style class of tensors of one dtype, such as ``torch.FloatTensor``."""
    said = f"Calling it makes a tensor of {dtype!r}, from sizes or data; instances are all tensors of that dtype."
    return _TypedTensor(dtype.legacy, (), {"dtype": dtype, "__module__": "torch", "__doc__": said, "is_cuda": False})


_OLD = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")
TYPED_TENSORS = {d.legacy: typed_tensor(d) for d in dtypes.ALL if d._name in _OLD}
FUNCTIONS.update(TYPED_TENSORS)


@composite(function=False)
def new(self: Any, *args: Any, device: Any = None, size: Any = None) -> Any:
    """A tensor of this one's dtype, from sizes or data, as the constructors of old take them."""
    return legacy_tensor(args, device, self._dtype, size)
