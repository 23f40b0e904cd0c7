"""Copies and conversions: clone, contiguous, to, and the methods named after types."""

from typing import Any

import numpy as np

from .. import devices, dtypes
from ..autograd.mode import special
from ..base import UNTOUCHED, TensorBase, namespace, settle
from ..kernels import complex_halves, copying
from ..kernels.conversion import convert, is_silent, quietly
from ..kernels.layout import channels_step_least, copied, dense, memory_order
from ..kernels.pointwise import LARGE
from ..kernels.sparse import SparseArray
from ..memory_format import channels_last, channels_last_3d, contiguous_format, memory_format, preserve_format
from ..warn import warn_once
from .declare import Array, composite, in_formulas, operation

_new = object.__new__

# For each format by channels: the order of dimensions in which such a tensor lies row by row in memory.
_ORDERS = {channels_last: (0, 2, 3, 1), channels_last_3d: (0, 2, 3, 4, 1)}


# ---------------------------------------------------------------------------------------------- layout
def copy_in(a: Array, layout: memory_format) -> Array:
    """A copy of an array in a memory format.

    Raises:
        RuntimeError: the array has the wrong number of dimensions for the format.
    """
    if layout is preserve_format:
        return _row_by_row(a) if a.flags.c_contiguous else _copy_preserving(a)
    order = _ORDERS.get(layout)
    if order is None:
        return _row_by_row(a)
    _check_dims(a.ndim, layout)
    back = np.argsort(order)
    return _row_by_row(a.transpose(order)).transpose(back)


def _row_by_row(a: Array) -> Array:
    return copying.in_rows(a) if a.size >= copying.SMALLEST and type(a) is np.ndarray else a.copy("C")


def _copy_preserving(a: Array) -> Array:
    if isinstance(a, SparseArray):
        return a.copy()
    order = memory_order(a.shape, a.strides)
    return _row_by_row(a.transpose(order)).transpose(np.argsort(order))


def _check_dims(ndim: int, layout: memory_format) -> None:
    if ndim != len(_ORDERS[layout]):
        raise RuntimeError(f"required rank {len(_ORDERS[layout])} tensor to use {layout._name} format")


def is_laid_out(a: Array, layout: memory_format) -> bool:
    """Whether the elements lie row by row in memory in the order of a memory format."""
    order = _ORDERS.get(layout)
    if order is None:
        return a.flags.c_contiguous
    return a.ndim == len(order) and a.transpose(order).flags.c_contiguous


def _suggested(a: Array) -> memory_format:
    """The memory format that the strides of an array suggest, with or without gaps."""
    if a.ndim not in (4, 5) or not channels_step_least(a):
        return contiguous_format
    return channels_last if a.ndim == 4 else channels_last_3d


@operation(name="_clone", aten="clone", node="CloneBackward0", function=False, method=False, tangent="linear",
           input="grad", kernel=copy_in)  # fmt: skip
def _clone(input: Array, layout: Any) -> Array:
    """A copy in a memory format."""


@composite(raw=np.copy)
def clone(input: Any, *, memory_format: Any = preserve_format) -> Any:
    """A copy through which gradients flow.

    Args:
        input: the tensor.
        memory_format: the order of the copy in memory; as it is, unless given.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.clone.html
    """
    if memory_format is not preserve_format:
        settle(input)
    return _clone(input, memory_format or preserve_format)


@composite(function=False)
def contiguous(input: Any, memory_format: Any = contiguous_format) -> Any:
    """The tensor itself if its elements lie row by row in memory (or in the order asked for), else such a copy."""
    a = settle(input)
    if a.flags.c_contiguous if memory_format is contiguous_format else is_laid_out(a, memory_format):
        return input
    return _clone(input, memory_format)


@composite(function=False)
def is_contiguous(input: Any, memory_format: Any = contiguous_format) -> bool:
    """Whether the elements lie in memory row by row, or in the order of the given memory format."""
    return is_laid_out(settle(input), memory_format)


# ---------------------------------------------------------------------------------------------- dtype
def convert_array(a: Array, dtype: dtypes.dtype) -> Array:
    """A copy of an array with elements of another type; numbers outside its range wrap around or become anything."""
    if a.dtype.kind in "cW" and dtype.category != dtypes.COMPLEX and dtype is not dtypes.bool_:
        a = complex_halves.real(a)
    elif a.dtype.kind == complex_halves.KIND and dtype is dtypes.bool_:
        return a != 0
    return convert(dense(a), dtype.numpy)


@operation(name="_to_copy", node="ToCopyBackward0", function=False, method=False, input="to_dtype(grad, source)",
           tangent="to_dtype(input_t, dtype)")  # fmt: skip
def _to_copy(input: Array, dtype: Any, source: Any, layout: Any) -> Array:
    """A copy in another dtype; `source` is the input's own."""
    if layout is preserve_format and source is not dtype and source.category < dtypes.COMPLEX:
        if input.flags.c_contiguous:
            return convert(input, dtype.numpy)
    made = copied(input) if dtype is source else convert_array(input, dtype)
    return made if layout is preserve_format else copy_in(made, layout)


def to_dtype(input: Any, dtype: Any) -> Any:
    """The tensor in a dtype: itself, if it has that dtype already."""
    source = input._dtype
    if source is dtype:
        return input
    return _to_copy(input if dtype.category >= dtypes.FLOATING else input.detach(), dtype, source, preserve_format)


def promoted(input: Any, dtype: Any) -> Any:
    """The tensor in the dtype of an operation that promotes its operands.

    A change of the tensor counts as one of the copy, for the node that saves the copy.
    """
    if input._dtype is dtype:
        return input
    made = to_dtype(input, dtype)
    if input._versions is UNTOUCHED:
        input._versions = [0]
    made._versions = input._versions
    return made


def _to_dtype_array(a: Array, dtype: Any) -> Array:
    return a if a.dtype == dtype.numpy else convert_array(a, dtype)


in_formulas(_to_dtype_array, to_dtype, "to_dtype", aliasing=True)


def discards(source: dtypes.dtype, target: dtypes.dtype) -> None:
    """Warns, once, where a conversion drops imaginary parts."""
    if source.is_complex and not target.is_complex and target is not dtypes.bool_:
        warn_once("Casting complex values to real discards the imaginary part")


def _few_converted(input: Any, dtype: dtypes.dtype) -> Any:
    """A copy of few elements in another dtype, which nobody records or sees being made; None for others."""
    a = input._data
    if type(a) is not np.ndarray or a.size >= LARGE or not a.flags.c_contiguous:
        return None
    kind = dtype.numpy
    t: Any = _new(namespace["Tensor"])
    t._data = a.astype(kind) if is_silent(a.dtype, kind) else quietly(a, kind)
    t._shape, t._dtype, t._node, t._versions, t._view = a.shape, dtype, None, UNTOUCHED, None
    return t


@composite(function=False)
def to(input: Any, *args: Any, **kwargs: Any) -> Any:
    """The tensor in a dtype and on a device: itself, where nothing is to be changed.

    Forms: ``to(dtype)``, ``to(device)``, ``to(device, dtype)``, ``to(other)``; each with ``non_blocking``, ``copy`` and
    ``memory_format``.

    Raises:
        AssertionError: the device is a CUDA device.
        TypeError: the arguments have none of these forms.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html
    """
    source = input._dtype
    if len(args) == 1 and not kwargs and isinstance(args[0], dtypes.dtype):
        dtype = args[0]
        if dtype is source:
            return input
        if source.category < dtypes.COMPLEX and input._node is None and not special.more:
            if not special.count and (found := _few_converted(input, dtype)) is not None:
                return found
            return _to_copy(input, dtype, source, preserve_format)
        copy, layout = False, preserve_format
    else:
        dtype, copy, layout = _to_arguments(args, kwargs)
    if dtype is None:
        dtype = source
    if dtype is source and not copy:
        if layout is preserve_format or layout is _suggested(settle(input)):
            return input
    elif dtype is not source:
        discards(source, dtype)
    if layout is not preserve_format:
        settle(input)
    # Integers have neither gradient nor tangent.
    if dtype.category < dtypes.FLOATING and (input._node is not None or special.more):
        input = input.detach()
    return _to_copy(input, dtype, source, layout)


def _to_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, bool, Any]:
    layout = kwargs.pop("memory_format", None) or preserve_format
    device, dtype = kwargs.pop("device", None), kwargs.pop("dtype", None)
    copy, other = kwargs.pop("copy", False), kwargs.pop("other", None)
    kwargs.pop("non_blocking", None)
    rest = list(args)
    if rest and isinstance(rest[0], TensorBase):
        other = rest.pop(0)
    elif rest and isinstance(rest[0], dtypes.dtype):
        dtype = rest.pop(0)
    elif rest and (rest[0] is None or isinstance(rest[0], (str, int, devices.device))):
        device = rest.pop(0)
        if rest and (rest[0] is None or isinstance(rest[0], dtypes.dtype)):
            dtype = rest.pop(0)
    if len(rest) > 1:
        copy = rest[1]
    if kwargs or len(rest) > 2 or (rest and not isinstance(rest[0], bool)):
        got = [type(x).__name__ if not isinstance(x, dtypes.dtype) else "torch.dtype" for x in args]
        got += [f"{k}={type(v).__name__}" for k, v in kwargs.items()]
        raise TypeError(
            f"to() received an invalid combination of arguments - got ({', '.join(got)}), but expected one of:\n"
            " * (torch.device device = None, torch.dtype dtype = None, bool non_blocking = False, bool copy = False, "
            "*, torch.memory_format memory_format = None)\n"
            " * (torch.dtype dtype, bool non_blocking = False, bool copy = False, *, torch.memory_format "
            "memory_format = None)\n"
            " * (Tensor tensor, bool non_blocking = False, bool copy = False, *, torch.memory_format memory_format = "
            "None)\n"
        )
    if other is not None:
        dtype = other._dtype
    if device is not None:
        devices.check(device)
    return dtype, bool(copy), layout


def _conversion(name: str, target: Any) -> None:
    def method(input: Any, memory_format: Any = preserve_format) -> Any:
        if memory_format is preserve_format:
            if (source := input._dtype) is target:
                return input
            if source.category < dtypes.COMPLEX and not special.more:
                if input._node is None and not special.count:
                    if (found := _few_converted(input, target)) is not None:
                        return found
                if input._node is not None and target.category < dtypes.FLOATING:
                    input = input.detach()
                return _to_copy(input, target, source, preserve_format)
            return to(input, target)
        return to(input, target, memory_format=memory_format)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"The tensor in dtype ``{target}``; itself, if it has that dtype already."
    composite(function=False)(method)


for _name, _target in {
    **dtypes.ALIASES, "bfloat16": dtypes.bfloat16, "bool": dtypes.bool_, "char": dtypes.int8, "byte": dtypes.uint8,
}.items():  # fmt: skip
    _conversion(_name, _target)


@composite(function=False)
def type_as(input: Any, other: Any) -> Any:
    """The tensor in the dtype of `other`."""
    return to(input, other._dtype)


@composite(function=False, name="type")
def type_(input: Any, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of the tensor's type, such as ``"torch.FloatTensor"``; with a type given, the tensor in that type.

    Raises:
        ValueError: the name is no type's.
    """
    if dtype is None:
        return f"torch.{'sparse.' if input.is_sparse else ''}{input._dtype.legacy}"
    if isinstance(dtype, str):
        for d in dtypes.ALL:
            if dtype == f"torch.{d.legacy}":
                return to(input, d)
        raise ValueError(f"invalid type: '{dtype}'")
    found = getattr(dtype, "dtype", dtype) if not isinstance(dtype, dtypes.dtype) else dtype
    if isinstance(found, dtypes.dtype):
        return to(input, found)
    if isinstance(dtype, type):
        raise ValueError(f"invalid type: '{dtype.__name__}'")
    raise TypeError("dtype must be a type, str, or dtype object")


# ---------------------------------------------------------------------------------------------- devices
@composite(function=False)
def cpu(input: Any, memory_format: Any = preserve_format) -> Any:
    """The tensor itself, which is on the CPU."""
    return to(input, memory_format=memory_format)


@composite(function=False)
def cuda(input: Any, device: Any = None, non_blocking: bool = False, memory_format: Any = preserve_format) -> Any:
    """Refuses: this build has the CPU only.

    Raises:
        AssertionError: always.
    """
    devices.check("cuda" if device is None or isinstance(device, int) else device)
    return input
