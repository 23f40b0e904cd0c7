"""Tensors from Python data: numbers, nested sequences, arrays."""

import struct
import warnings
from typing import Any

import numpy as np

from .. import devices, dtypes
from ..autograd import mode
from ..autograd.leaf import AccumulateGrad
from ..base import UNTOUCHED, TensorBase, bump, namespace
from ..kernels import complex_halves
from ..kernels.conversion import is_silent, quietly
from ..warn import WITHOUT_HISTORY, warn_once
from .arguments import type_name
from .declare import composite
from .numbers import fits

_new = object.__new__
_PYTHON_DTYPES = {float: dtypes.float64, int: dtypes.int64, bool: dtypes.bool_, complex: dtypes.complex128}
_NUMBERS = {float, int, bool, complex}
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
    """Refuses pinned memory, which serves transfers to accelerators only.

    Raises:
        RuntimeError: it is asked for.
    """
    if pin_memory:
        raise RuntimeError(
            "pin_memory=True requires a CUDA or other accelerator backend; no pinned memory allocator is available on "
            "this system."
        )


# ---------------------------------------------------------------------------------------------- numbers
def _element_overflow(dtype: dtypes.dtype) -> RuntimeError:
    """The same for an element of a sequence."""
    return RuntimeError(f"value cannot be converted to type {dtype.numpy.name} without overflow")


def _number_as(value: Any, dtype: dtypes.dtype) -> Any:
    """One element of a sequence as a Python number that fits `dtype`.

    Raises:
        RuntimeError: the tensor has several elements, or the number does not fit.
        TypeError: the tensor is of no integer.
    """
    if isinstance(value, TensorBase):
        if value._data.size != 1:
            if dtype.category == dtypes.INTEGRAL:
                raise TypeError("only integer tensors of a single element can be converted to an index")
            raise RuntimeError(f"a Tensor with {value._data.size} elements cannot be converted to Scalar")
        if value._node is not None and mode.is_grad_enabled():
            warn_once(WITHOUT_HISTORY)
        value = value._data.item()
    elif isinstance(value, np.generic):
        value = value.item()
    category = dtype.category
    if category == dtypes.INTEGRAL:
        if isinstance(value, float):
            info = np.iinfo(dtype.numpy)
            if not float(info.min) <= value <= float(info.max):  # NaN is outside too
                raise _element_overflow(dtype)
            return int(value)
        if not isinstance(value, int):
            raise TypeError(f"'{type_name(value)}' object cannot be interpreted as an integer")
        if not -(2**63) <= value < 2**63 and not (dtype is dtypes.uint64 and 0 <= value < 2**64):
            raise ValueError("Overflow when unpacking long long")
        if not fits(value, dtype):
            raise _element_overflow(dtype)
        return value % 2 ** (8 * dtype.itemsize) if not dtype.is_signed else value
    if category == dtypes.BOOL:
        if not isinstance(value, (int, float, complex)):
            raise TypeError(f"'{type_name(value)}' object cannot be interpreted as an integer")
        return bool(value)
    if category == dtypes.COMPLEX:
        return complex(value)
    if not isinstance(value, (float, int)):
        raise TypeError(f"must be real number, not {type_name(value)}")
    return float(value)


def number_array(value: Any, dtype: dtypes.dtype) -> np.ndarray:
    """A Python number as a 0-dim array."""
    with np.errstate(over="ignore"):
        return np.array(_number_as(value, dtype), dtype.numpy)


# ---------------------------------------------------------------------------------------------- sequences
def is_sequence(x: Any) -> bool:
    """Whether data is nested deeper here, and no number, array or text."""
    kind = type(x)
    return kind is list or kind is tuple or (
        hasattr(kind, "__getitem__")
        and not isinstance(x, (dict, np.generic, TensorBase, set))
        and hasattr(kind, "__len__")
    )  # fmt: skip


def _sizes(data: Any) -> list[int]:
    """The shape of nested sequences, read off the first item of each.

    Raises:
        ValueError: the nested sequences have too many dimensions.
    """
    sizes: list[int] = []
    while type(data) not in _NUMBERS and is_sequence(data):
        sizes.append(len(data))
        if len(sizes) > 128:
            raise ValueError(f"too many dimensions '{type_name(data)}'")
        if not sizes[-1]:
            break
        data = data[0]
    return sizes


def _infer(data: Any) -> dtypes.dtype:
    """The dtype of nested sequences: that to which all their elements can be promoted.

    Raises:
        RuntimeError: there is no dtype for such a value.
        TypeError: a value is of a kind that is no number.
    """
    kind = type(data)
    if kind in _NUMBERS:
        return dtypes.of_number(data)
    if isinstance(data, (np.ndarray, np.generic)):
        return dtypes.from_numpy(data.dtype)
    if isinstance(data, TensorBase):
        return data._dtype
    if isinstance(data, (float, int, complex)):
        return dtypes.of_number(data)
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{kind.__name__}'")
    if not is_sequence(data):
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


def _joined(level: list[Any]) -> list[Any]:
    """The elements of sequences, one after the other."""
    found: list[Any] = []
    for s in level:
        found.extend(s)  # (`+=` would leave NumPy's arrays to add themselves)
    return found


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
                if not is_sequence(s):
                    raise TypeError("not a sequence")
            if len(s) != n:
                raise ValueError(f"expected sequence of length {n} at dim {dim} (got {len(s)})")
        level = data if dim == 0 else _joined(level)
        if dim == 0 and type(level) is not list:
            level = [data[i] for i in range(n)] if not isinstance(data, (tuple, range, np.ndarray)) else list(data)
    return level


def _of_floats(data: list[Any]) -> tuple[np.ndarray, dtypes.dtype] | None:
    """What `array_of` makes of a list of Python floats, or of lists of as many each, in a usual dtype; else None."""
    first, usual = data[0], dtypes._default
    flat, shape = data, None
    if type(first) is list:
        n, flat = len(first), []
        for row in data:
            if type(row) is not list or len(row) != n:
                return None
            flat += row
        shape = (len(data), n)
    if not flat or not usual.plain or [*map(type, flat)].count(float) != len(flat):
        return None
    values = np.frombuffer(struct.pack(f"{len(flat)}d", *flat))
    values = quietly(values, usual.numpy) if usual is dtypes.float32 else values.copy()
    return (values if shape is None else values.reshape(shape)), usual


def _check(data: Any, sizes: list[int], dim: int, dtype: dtypes.dtype) -> None:
    """Raises the error of the first sequence or element that does not fit."""
    if dim == len(sizes):
        _number_as(data, dtype)
        return
    if not is_sequence(data):
        raise TypeError("not a sequence")
    if len(data) != sizes[dim]:
        raise ValueError(f"expected sequence of length {sizes[dim]} at dim {dim} (got {len(data)})")
    for x in data:
        _check(x, sizes, dim + 1, dtype)


_BY_CATEGORY = (complex, float, int, bool)


def array_of(data: Any, dtype: dtypes.dtype | None) -> tuple[np.ndarray, dtypes.dtype]:
    """A new array with the elements of nested sequences or one number, and its dtype, found from them if not given.

    Raises:
        TypeError: an element is no number.
        ValueError: the sequences are ragged, or a number does not fit.
        RuntimeError: no dtype can be inferred.
    """
    if dtype is None and type(data) is list and data:
        made = _of_floats(data)
        if made is not None:
            return made
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
        usual = dtypes._default if dtype is None else dtype
        if flat and usual.plain and [*map(type, flat)].count(float) == len(flat):
            values = np.frombuffer(struct.pack(f"{len(flat)}d", *flat))
            return cast(values, usual).reshape(sizes), usual
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
            and (complex not in kinds or found.is_complex)
        ):
            return np.array(flat, found.numpy).reshape(sizes), found
        if kinds <= {int, bool} and found is dtypes.int64:
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
    strides = array.strides
    if strides and min(strides) < 0:
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
    if array.dtype.kind not in "cW" and is_silent(array.dtype, dtype.numpy):
        return array.astype(dtype.numpy)
    if array.dtype.kind in "biuf" and dtype.numpy.kind in "biufc":
        return quietly(array, dtype.numpy)
    with np.errstate(all="ignore"):
        if array.dtype.kind in "cW" and dtype.category < dtypes.COMPLEX:
            array = complex_halves.real(array)
        return array.astype(dtype.numpy)


def new_array(data: Any, dtype: Any, function: str = "tensor") -> tuple[np.ndarray, dtypes.dtype]:
    """A new array with the elements of anything that `tensor` accepts."""
    if dtype is not None and type(dtype) is not dtypes.dtype:
        dtype = given_dtype(function, dtype)
    if type(data) is list:
        return array_of(data, dtype)
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
    if requires_grad is not False and type(requires_grad) is not bool and requires_grad is not None:
        raise TypeError(f"tensor(): argument 'requires_grad' must be bool, not {type_name(requires_grad)}")
    if pin_memory:
        no_pinning(pin_memory)
    elif dtype is None:
        kind = type(data)
        if kind is list and data:
            for x in data:
                if type(x) is not float:
                    break
            else:
                dtype = dtypes._default
                return finish(np.array(data, dtype.numpy), dtype, requires_grad)
        elif kind is float:
            dtype = dtypes._default
            return finish(np.array(data, dtype.numpy), dtype, requires_grad)
    if isinstance(data, TensorBase):
        warnings.warn(_COPY_ADVICE.format("torch.tensor"), UserWarning, stacklevel=2)
    array, found = new_array(data, dtype)
    made = finish(array, found, requires_grad)
    if mode.special.count and isinstance(data, TensorBase):
        mode.tell("tensor", made, data)
    return made


# ---------------------------------------------------------------------------------------------- constructors of old
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
    """Puts an array into a tensor given as ``out=``, which takes its shape.

    Raises:
        TypeError: `out` is no tensor.
    """
    if not isinstance(out, TensorBase):
        raise TypeError(f"argument 'out' must be Tensor, not {type_name(out)}")
    if out._shape != array.shape:
        out._data = np.empty(array.shape, out._data.dtype)
        out._shape = array.shape
    out._data[...] = array
    bump(out)
    return out
