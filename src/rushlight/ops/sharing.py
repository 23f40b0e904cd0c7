"""Tensors that share the memory of NumPy arrays, buffers and other libraries' tensors, and the way back."""

from typing import Any

import numpy as np

from .. import devices, dtypes
from ..base import TensorBase, settle
from ..warn import warn_once
from .arguments import type_name
from .data import cast, checked_array, finish, given_dtype, new_array
from .declare import composite


@composite(method=False)
def from_numpy(ndarray: Any) -> Any:
    """A tensor that shares its memory with a NumPy array: changes of one are seen in the other.

    Raises:
        TypeError: the argument is no array, or its elements are of no type that tensors have.
        ValueError: the array's byte order or strides are not supported.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type_name(ndarray)})")
    dtype = checked_array(ndarray)
    if not ndarray.flags.writeable:
        warn_once(
            "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means "
            "writing to this tensor will result in undefined behavior. You may want to copy the array to protect its "
            "data or make it writable before converting it to a tensor. This type of warning will be suppressed for "
            "the rest of this program."
        )
    return finish(ndarray if type(ndarray) is np.ndarray else ndarray.view(np.ndarray), dtype)


@composite(method=False)
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Any:
    """`data` as a tensor that shares its memory where that is possible: tensors and NumPy arrays of the same dtype.

    A tensor keeps its history. Other arguments and errors are those of `tensor`.
    """
    devices.check(device)
    if type(data) is float and dtype is None:
        return finish(np.array(data, dtypes._default.numpy), dtypes._default)
    if dtype is not None:
        dtype = given_dtype("as_tensor", dtype)
    if isinstance(data, TensorBase):
        return data if dtype is None or dtype is data._dtype else data.to(dtype)  # type: ignore[attr-defined]
    if isinstance(data, np.ndarray):
        t = from_numpy(data)
        return t if dtype is None or dtype is t._dtype else finish(cast(data, dtype), dtype)
    array, found = new_array(data, dtype, "as_tensor")
    return finish(array, found)


@composite(method=False)
def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: Any = None, requires_grad: bool | None = None
) -> Any:
    """`obj` as a tensor, sharing its memory if possible.

    Args:
        obj: a tensor, a NumPy array or scalar, an object with ``__dlpack__`` or the buffer protocol, or what `tensor`
            accepts.
        dtype: the element type.
        device: where to put it.
        copy: True for a new memory in any case, False to refuse one, None for a copy only where needed.
        requires_grad: whether gradients are wanted; if None, as `obj` has it.

    Raises:
        ValueError: `copy` is False and a copy is needed.
    """
    devices.check(device)
    if dtype is not None:
        dtype = given_dtype("asarray", dtype)
    shared: Any = None
    if isinstance(obj, TensorBase):
        shared = obj
        if requires_grad is None and obj._node is not None:
            warn_once(
                "torch.asarray: unspecified requires_grad now defaults to obj.requires_grad instead of False. Pass "
                "requires_grad=False explicitly to get the old behavior and silence this warning."
            )
    elif isinstance(obj, np.ndarray):
        shared = from_numpy(obj)
    elif isinstance(obj, np.generic):
        shared = from_numpy(np.array(obj))
    elif hasattr(obj, "__dlpack__"):
        shared = from_dlpack(obj)
    elif isinstance(obj, (bytes, bytearray, memoryview)):
        shared = frombuffer(obj, dtype=dtype or dtypes.get_default_dtype())
    if shared is None:
        if copy is False:
            raise ValueError("can't alias arbitrary sequence into a tensor.")
        array, found = new_array(obj, dtype, "asarray")
        return finish(array, found, requires_grad)
    wanted = dtype or shared._dtype
    if wanted is not shared._dtype and copy is False:
        raise ValueError(
            f"can't alias tensor with dtype '{shared._dtype.scalar_name}' into dtype '{wanted.scalar_name}'."
        )
    result = shared
    if wanted is not shared._dtype:
        result = shared.to(wanted)
    elif copy:
        result = shared.clone()
    keep = requires_grad if requires_grad is not None else isinstance(obj, TensorBase) and obj._node is not None
    if not keep:
        return result.detach() if result._node is not None else result
    return result if result._node is not None else result.requires_grad_()


@composite(method=False)
def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Any:
    """A 1-dim tensor that shares the memory of an object with the buffer protocol.

    Args:
        buffer: the object.
        dtype: the element type.
        count: how many elements to read; all if negative.
        offset: how many bytes to skip.
        requires_grad: whether gradients are wanted.

    Raises:
        ValueError: the object has no buffer, or `count` and `offset` do not fit its length.
    """
    dtype = given_dtype("frombuffer", dtype)
    try:
        view = memoryview(buffer)
    except TypeError:
        raise ValueError("object does not implement Python buffer protocol.") from None
    length, item = view.nbytes, dtype.itemsize
    if length == 0 or count == 0:
        raise ValueError(f"both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({length} bytes) minus 1"
        )
    if count > 0 and offset + count * item > length:
        raise ValueError(
            f"requested buffer length ({count} * {item} bytes) after offset ({offset} bytes) must not be greater than "
            f"actual buffer length ({length} bytes)"
        )
    if count < 0 and (length - offset) % item:
        raise ValueError(
            f"buffer length ({length - offset} bytes) after offset ({offset} bytes) must be a multiple of element size "
            f"({item})"
        )
    if view.readonly:
        warn_once(
            "The given buffer is not writable, and PyTorch does not support non-writable tensors. This means you can "
            "write to the underlying (supposedly non-writable) buffer using the tensor. You may want to copy the "
            "buffer to protect its data or make it writable before converting it to a tensor. This type of warning "
            "will be suppressed for the rest of this program."
        )
    return finish(np.frombuffer(buffer, dtype.numpy, count, offset), dtype, requires_grad)


class _Capsule:
    """A bare DLPack capsule as an object that NumPy can import."""

    def __init__(self, capsule: Any):
        self.capsule = capsule

    def __dlpack__(self, **options: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


@composite(method=False)
def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Any:
    """A tensor that shares the memory of another library's tensor, through DLPack.

    Args:
        ext_tensor: an object with ``__dlpack__``, or a DLPack capsule.
        device: where to put it.
        copy: whether to copy the memory.

    Raises:
        RuntimeError: the object is neither, or was used before.
    """
    devices.check(device)
    if not hasattr(ext_tensor, "__dlpack__"):
        if type(ext_tensor).__name__ != "PyCapsule":
            raise RuntimeError(
                "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so "
                "you might have already constructed a tensor from it once."
            )
        ext_tensor = _Capsule(ext_tensor)
    array = np.from_dlpack(ext_tensor)
    if copy:
        array = array.copy()
    return finish(array, dtypes.from_numpy(array.dtype))


@composite(function=False)
def __dlpack__(
    self: Any, *, stream: Any = -1, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
) -> Any:
    """A DLPack capsule of the tensor, for other libraries.

    Raises:
        BufferError: the tensor requires a gradient.
        AssertionError: a stream is given, which the CPU does not have.
    """
    if self._node is not None:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if stream is not None and stream != -1:
        raise AssertionError("stream should be None on cpu.")
    data = settle(self)
    data = data if data.flags.writeable else data.copy()
    return data.__dlpack__(max_version=max_version, dl_device=dl_device, copy=copy)


@composite(function=False)
def __dlpack_device__(self: Any) -> tuple[int, int]:
    """The kind of device (1, the CPU) and its number, as DLPack has it."""
    return 1, 0


@composite(method=False)
def to_dlpack(tensor: Any) -> Any:
    """A DLPack capsule that shares the tensor's memory."""
    return tensor.__dlpack__()
