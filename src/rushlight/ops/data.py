"""Tensors from Python data, and back and forth between them and NumPy arrays, buffers and other libraries' tensors."""

import builtins
import warnings
from itertools import chain
from typing import Any

import numpy as np

from .. import devices, dtypes
from ..autograd import mode
from ..autograd.leaf import AccumulateGrad
from ..base import UNTOUCHED, Size, TensorBase, bump, namespace, settle
from ..warn import WITHOUT_HISTORY, warn_once
from .declare import FUNCTIONS, composite, type_name

_new = object.__new__
_float, _int, _bool, _complex = builtins.float, builtins.int, builtins.bool, builtins.complex
_PYTHON_DTYPES = {_float: dtypes.float64, _int: dtypes.int64, _bool: dtypes.bool_, _complex: dtypes.complex128}
_NUMBERS = {_float, _int, _bool, _complex}
_COPY_ADVICE = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than {}(sourceTensor)."
)


def given_dtype(function: str, dtype: Any) -> dtypes.dtype:
    """What a ``dtype=`` argument stands for: Python's number types are accepted for the widest of their kind.

    Raises:
        TypeError: it is no dtype.
    """
    if isinstance(dtype, dtypes.dtype):
        return dtype
    found = _PYTHON_DTYPES.get(dtype) if isinstance(dtype, type) else None
    if found is None:
        raise TypeError(f"{function}(): argument 'dtype' must be torch.dtype, not {type(dtype).__name__}")
    return found


def finish(array: np.ndarray, dtype: dtypes.dtype, requires_grad: Any = False) -> Any:
    """A tensor around a new array, as a leaf that requires a gradient if so asked.

    Raises:
        RuntimeError: a gradient is asked of integers or booleans.
    """
    t = _new(namespace["Tensor"])
    t._data = array
    t._shape = array.shape
    t._dtype = dtype
    t._node = None
    t._versions = UNTOUCHED
    t._view = None
    if requires_grad:
        if dtype.category < dtypes.FLOATING:
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        t._node = AccumulateGrad(t)
    if mode.special.count:
        if mode.local.inference:
            mode.mark_inference(t)
            if requires_grad:
                mode.inference_leaf(t)
        mode.tell("made", t)
    return t


def no_pinning(pin_memory: Any) -> None:
    """Refuses pinned memory, which serves transfers to accelerators only."""
    if pin_memory:
        raise RuntimeError(
            "pin_memory=True requires a CUDA or other accelerator backend; no pinned memory allocator is available on "
            "this system."
        )


# ---------------------------------------------------------------------------------------------- numbers
def overflow(dtype: dtypes.dtype, suffix: str = "") -> RuntimeError:
    """The error for a number that `dtype` cannot hold."""
    name = dtype.numpy.name if dtype.category == dtypes.INTEGRAL else dtype.scalar_name.lower()
    return RuntimeError(f"value cannot be converted to type {name}{suffix} without overflow")


def fits(value: int, dtype: dtypes.dtype) -> bool:
    """Whether an integer may stand in a tensor of an integer type; unsigned ones wrap small negative numbers around."""
    info = np.iinfo(dtype.numpy)
    return (info.min if dtype.is_signed else -_int(info.max)) <= value <= info.max


def _number_as(value: Any, dtype: dtypes.dtype) -> Any:
    """One element of a sequence as a Python number that fits `dtype`."""
    if isinstance(value, TensorBase):
        if value._data.size != 1:
            if dtype.category == dtypes.INTEGRAL:
                raise TypeError("only integer tensors of a single element can be converted to an index")
            raise RuntimeError(f"a Tensor with {value._data.size} elements cannot be converted to Scalar")
        if value._node is not None:
            warn_once(WITHOUT_HISTORY)
        value = value._data.item()
    elif isinstance(value, np.generic):
        value = value.item()
    category = dtype.category
    if category == dtypes.INTEGRAL:
        if isinstance(value, _float):
            info = np.iinfo(dtype.numpy)
            if not _float(info.min) <= value <= _float(info.max):  # NaN is outside too
                raise overflow(dtype)
            return _int(value)
        if not isinstance(value, _int):
            raise TypeError(f"'{type_name(value)}' object cannot be interpreted as an integer")
        if not -(2**63) <= value < 2**63 and not (dtype is dtypes.uint64 and 0 <= value < 2**64):
            raise ValueError("Overflow when unpacking long long")
        if not fits(value, dtype):
            raise overflow(dtype)
        return value % 2 ** (8 * dtype.itemsize) if not dtype.is_signed else value
    if category == dtypes.BOOL:
        if not isinstance(value, (_int, _float, _complex)):
            raise TypeError(f"'{type_name(value)}' object cannot be interpreted as an integer")
        return _bool(value)
    if category == dtypes.COMPLEX:
        return _complex(value)
    if not isinstance(value, (_float, _int)):
        raise TypeError(f"must be real number, not {type_name(value)}")
    return _float(value)


def number_array(value: Any, dtype: dtypes.dtype) -> np.ndarray:
    """A Python number as a 0-dim array."""
    with np.errstate(over="ignore"):
        return np.array(_number_as(value, dtype), dtype.numpy)


# ---------------------------------------------------------------------------------------------- sequences
def _is_sequence(x: Any) -> bool:
    kind = type(x)
    return kind is list or kind is tuple or (
        hasattr(kind, "__getitem__")
        and not isinstance(x, (dict, np.generic, TensorBase, set))
        and hasattr(kind, "__len__")
    )  # fmt: skip


def _sizes(data: Any) -> list[int]:
    """The shape of nested sequences, read off the first item of each."""
    sizes: list[int] = []
    while _is_sequence(data):
        sizes.append(len(data))
        if len(sizes) > 128:
            raise ValueError(f"too many dimensions '{type_name(data)}'")
        if not sizes[-1]:
            break
        data = data[0]
    return sizes


def _infer(data: Any) -> dtypes.dtype:
    """The dtype of nested sequences: that to which all their elements can be promoted."""
    kind = type(data)
    if kind in _NUMBERS:
        return dtypes.of_number(data)
    if isinstance(data, (np.ndarray, np.generic)):
        return dtypes.from_numpy(data.dtype)
    if isinstance(data, TensorBase):
        return data._dtype
    if isinstance(data, (_float, _int, _complex)):
        return dtypes.of_number(data)
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{kind.__name__}'")
    if not _is_sequence(data):
        raise RuntimeError(f"Could not infer dtype of {type_name(data)}")
    if not len(data):
        return dtypes.get_default_dtype()
    found = None
    for x in data:
        mine = _infer(x)
        found = mine if found is None else dtypes.promote_types(found, mine)
        if found is dtypes.complex128:
            break
    return found  # type: ignore[return-value]


def _flatten(data: Any, sizes: list[int]) -> list[Any]:
    """The elements of nested sequences in order.

    Raises:
        ValueError: a sequence is longer or shorter than the first of its level.
        TypeError: a number stands where a sequence should.
    """
    level = [data]
    for dim, n in enumerate(sizes):
        for s in level:
            if type(s) is not list:
                if not _is_sequence(s):
                    raise TypeError("not a sequence")
            if len(s) != n:
                raise ValueError(f"expected sequence of length {n} at dim {dim} (got {len(s)})")
        level = data if dim == 0 else list(chain.from_iterable(level))
        if dim == 0 and type(level) is not list:
            level = [data[i] for i in range(n)] if not isinstance(data, (tuple, range, np.ndarray)) else list(data)
    return level


def _check(data: Any, sizes: list[int], dim: int, dtype: dtypes.dtype) -> None:
    """Raises the error of the first sequence or element that does not fit."""
    if dim == len(sizes):
        _number_as(data, dtype)
        return
    if not _is_sequence(data):
        raise TypeError("not a sequence")
    if len(data) != sizes[dim]:
        raise ValueError(f"expected sequence of length {sizes[dim]} at dim {dim} (got {len(data)})")
    for x in data:
        _check(x, sizes, dim + 1, dtype)


_BY_CATEGORY = (_complex, _float, _int, _bool)


def array_of(data: Any, dtype: dtypes.dtype | None) -> tuple[np.ndarray, dtypes.dtype]:
    """A new array with the elements of nested sequences or one number, and its dtype, found from them if not given."""
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    sizes = _sizes(data)
    if type(data) is list and len(data) and isinstance(data[0], np.ndarray):
        warn_once(
            "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting the list "
            "to a single numpy.ndarray with numpy.array() before converting to a tensor."
        )
    found: Any = dtype
    if not sizes:
        found = _infer(data) if dtype is None else dtype
        return number_array(data, found), found
    flat: Any = None
    try:
        flat = [] if 0 in sizes else _flatten(data, sizes)
        kinds = {*map(type, flat)}
    except (TypeError, ValueError):
        # The first fault in reading order is the one to name, after those of the elements' types.
        _check(data, sizes, 0, dtype or _infer(data))
        raise
    if found is None:
        if kinds <= _NUMBERS and flat:
            found = dtypes.of_number(next(k for k in _BY_CATEGORY if k in kinds)())
        else:
            found = _infer(data)
    with np.errstate(over="ignore"):
        if (
            kinds <= _NUMBERS
            and found.category not in (dtypes.INTEGRAL, dtypes.BOOL)
            and (_complex not in kinds or found.is_complex)
        ):
            return np.array(flat, found.numpy).reshape(sizes), found
        if kinds <= {_int, _bool} and found is dtypes.int64:
            try:
                return np.array(flat, found.numpy).reshape(sizes), found
            except OverflowError:
                raise ValueError("Overflow when unpacking long long") from None
        return np.array([_number_as(x, found) for x in flat], found.numpy).reshape(sizes), found


# ---------------------------------------------------------------------------------------------- arrays
def checked_array(array: np.ndarray) -> dtypes.dtype:
    """The dtype of an array of which a tensor is to be made.

    Raises:
        TypeError: tensors have no such elements.
        ValueError: its byte order or strides are not supported.
    """
    dtype = dtypes.from_numpy(array.dtype)
    if any(s < 0 for s in array.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "currently "
            "supported. (You can probably work around this by making a copy of your array  with array.copy().) "
        )
    if not array.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is "
            "currently not supported."
        )
    return dtype


def cast(array: np.ndarray, dtype: dtypes.dtype, copy: bool = True) -> np.ndarray:
    """`array` in another dtype, without the warnings that NumPy gives about values that do not fit."""
    if array.dtype == dtype.numpy:
        return array.copy("K") if copy else array
    with np.errstate(all="ignore"):
        if array.dtype.kind == "c" and dtype.category < dtypes.COMPLEX:
            array = array.real
        return array.astype(dtype.numpy)


def new_array(data: Any, dtype: Any, function: str = "tensor") -> tuple[np.ndarray, dtypes.dtype]:
    """A new array with the elements of anything that `tensor` accepts."""
    if dtype is not None and type(dtype) is not dtypes.dtype:
        dtype = given_dtype(function, dtype)
    if isinstance(data, TensorBase):
        return cast(data._data, dtype or data._dtype), dtype or data._dtype
    if isinstance(data, np.generic):
        data = np.asarray(data)
    if isinstance(data, np.ndarray):
        found = checked_array(data)
        return cast(data, dtype or found), dtype or found
    return array_of(data, dtype)


@composite(method=False)
def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Any:
    """A tensor with a copy of `data`, and no history.

    Args:
        data: a number, nested sequences of numbers, a NumPy array or scalar, or a tensor.
        dtype: the element type. Unless given it is found from the data: float for Python floats (the default dtype),
            int64 for integers, bool for booleans; arrays and tensors keep theirs.
        device: where to put it.
        requires_grad: whether gradients are wanted.
        pin_memory: not available on the CPU.

    Raises:
        ValueError: sequences of one level differ in length, or an integer is too large.
        TypeError: the data is a string, or an element is no number.
        RuntimeError: no dtype can be found from the data.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
    """
    if device is not None or devices._default is not devices.cpu:
        devices.check(device)
    if pin_memory:
        no_pinning(pin_memory)
    elif dtype is None:
        kind = type(data)
        if kind is list and data:
            for x in data:
                if type(x) is not _float:
                    break
            else:
                dtype = dtypes._default
                return finish(np.array(data, dtype.numpy), dtype, requires_grad)
        elif kind is _float:
            dtype = dtypes._default
            return finish(np.array(data, dtype.numpy), dtype, requires_grad)
    if isinstance(data, TensorBase):
        warnings.warn(_COPY_ADVICE.format("torch.tensor"), UserWarning, stacklevel=2)
    array, found = new_array(data, dtype)
    made = finish(array, found, requires_grad)
    if mode.special.count and isinstance(data, TensorBase):
        mode.tell("tensor", made, data)
    return made


# ---------------------------------------------------------------------------------------------- sharing memory
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


# ---------------------------------------------------------------------------------------------- constructors of old
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
        if not (isinstance(data, Size) or (hasattr(data, "__index__") and not isinstance(data, (_bool, np.ndarray)))):
            if isinstance(data, (str, bytes)):
                raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
            if not _is_sequence(data):
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


_C_NAMES = {"int64": "long int", "int32": "int", "int16": "short int", "uint8": "unsigned char", "int8": "signed char",
            "float32": "float", "float64": "double"}  # fmt: skip


def _options(dtype: dtypes.dtype) -> str:
    return (
        f"TensorOptions(dtype={_C_NAMES.get(dtype._name, dtype._name)}, device=cpu, layout=Strided, "
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
    return _TypedTensor(dtype.legacy, (), {"dtype": dtype, "__module__": "torch", "is_cuda": False})


_OLD = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")
TYPED_TENSORS = {d.legacy: typed_tensor(d) for d in dtypes.ALL if d._name in _OLD}
FUNCTIONS.update(TYPED_TENSORS)


@composite(function=False)
def new(self: Any, *args: Any, device: Any = None, size: Any = None) -> Any:
    """A tensor of this one's dtype, from sizes or data, as the constructors of old take them."""
    return legacy_tensor(args, device, self._dtype, size)


@composite(function=False)
def new_tensor(
    self: Any, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, layout: Any = None,
    pin_memory: bool = False,
) -> Any:  # fmt: skip
    """A tensor with a copy of `data`, of this tensor's dtype unless another is given."""
    devices.check(device)
    if isinstance(data, TensorBase):
        warnings.warn(_COPY_ADVICE.format("tensor.new_tensor"), UserWarning, stacklevel=2)
    array, found = new_array(data, self._dtype if dtype is None else dtype, "new_tensor")
    return finish(array, found, requires_grad)


def store(out: Any, array: np.ndarray) -> Any:
    """Puts an array into a tensor given as ``out=``, which takes its shape."""
    if not isinstance(out, TensorBase):
        raise TypeError(f"argument 'out' must be Tensor, not {type_name(out)}")
    if out._shape != array.shape:
        out._data = np.empty(array.shape, out._data.dtype)
        out._shape = array.shape
    out._data[...] = array
    bump(out)
    return out
