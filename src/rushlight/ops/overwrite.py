"""Operations that overwrite a tensor's elements: copying, filling."""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import UNTOUCHED, TensorBase, bump
from ..kernels import complex_halves
from ..kernels.copying import fill as set_all
from ..memory_format import contiguous_format
from .convert import convert_array, copy_in, discards
from .declare import REGISTRY, Array, composite, operation
from .inplace import array_beside, change_inplace
from .numbers import must_fit, number_for
from .out import refuse_reading
from .overlap import refuse_partial_overlap

copyto = np.copyto


# ---------------------------------------------------------------------------------------------- copying
@operation(name="_copy", aten="copy_", node="torch::autograd::CopyBackwards", function=False, method=False,
           input="zeros_like(grad)", src="to_dtype(fit_like(grad, shape(src)), source)")  # fmt: skip
def _copy(input: Array, src: Array, source: Any) -> Array:
    """The elements of `src` in the shape and dtype of `input`; `source` is the dtype of `src`."""
    made = np.empty_like(input)
    _copy_into(made, src)
    return made


def _copy_into(a: Array, src: Array) -> None:
    if src.dtype.kind in "cW" and a.dtype.kind not in "cWb":
        src = complex_halves.real(src)
    if src.dtype.kind in "fV" and a.dtype.kind in "iu":
        src = convert_array(src, dtypes.from_numpy(a.dtype))
    np.copyto(a, src, "unsafe")


@composite(function=False, inplace=True)
def copy_(input: Any, other: Any, non_blocking: bool = False) -> Any:
    """Copies the elements of another tensor, which is broadcast and converted, into this one.

    Raises:
        RuntimeError: the other does not broadcast to this shape, or PyTorch forbids the change in place.
        TypeError: the other is neither a tensor nor a number.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.copy_.html
    """
    if isinstance(other, TensorBase) and isinstance(input, TensorBase):
        array = array_beside(input, other)
        if array is not None:
            copyto(input._data, array)
            bump(input)
            return input
    if not isinstance(other, TensorBase):
        if not isinstance(other, (int, float, complex)):
            raise TypeError(f"copy_(): argument 'other' (position 1) must be Tensor, not {type(other).__name__}")
        from ..base import wrap

        other = wrap(np.asarray(other))  # in full precision, whatever the default dtype is
    if other._shape != input._shape:
        _check_fits(input._shape, other._shape)
    discards(other._dtype, input._dtype)
    same = other is input
    if other._versions is input._versions and not same and other._versions is not UNTOUCHED:
        a, b = input._data, other._data
        same = a.ctypes.data == b.ctypes.data and (a.dtype, a.shape, a.strides) == (b.dtype, b.shape, b.strides)
        if not same:
            refuse_partial_overlap(input, other)
    return change_inplace("_copy", (input, other, other._dtype), lambda a: _copy_into(a, other._data), overlap=same)


def _check_fits(shape: Any, other: Any) -> None:
    from .elementwise_general import broadcast_shapes

    wide = broadcast_shapes(shape, other)
    if wide != shape:
        raise RuntimeError(f"output with shape {list(shape)} doesn't match the broadcast shape {list(wide)}")


# ---------------------------------------------------------------------------------------------- filling
@operation(name="_fill", aten="fill_", node="FillBackward2", function=False, method=False, input="zeros_like(grad)")
def _fill(input: Array, value: Any) -> Array:
    """A number everywhere."""
    return np.full_like(input, value)


@operation(name="_fill_tensor", aten="fill_", node="FillBackward3", function=False, method=False,
           input="zeros_like(grad)", value="to_dtype(fit_like(grad, shape(value)), source)")  # fmt: skip
def _fill_tensor(input: Array, value: Array, source: Any) -> Array:
    """The element of a 0-dim tensor everywhere."""
    return np.full_like(input, value)


@composite(function=False, inplace=True)
def fill_(input: Any, value: Any) -> Any:
    """Sets every element to a number, or to the element of a 0-dim tensor.

    Raises:
        RuntimeError: the tensor given has dimensions, or PyTorch forbids the change in place.
    """
    if type(value) is float and -60000 <= value <= 60000:
        array = array_beside(input, value)
        if array is not None:
            set_all(input._data, array)
            bump(input)
            return input
    if isinstance(value, TensorBase):
        if value._shape:
            raise RuntimeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {len(value._shape)} dimensions."
            )
        discards(value._dtype, input._dtype)
        return change_inplace(
            "_fill_tensor", (input, value, value._dtype), lambda a: _copy_into(a, value._data), overlap=True
        )
    if not isinstance(value, (int, float, complex, np.number, np.bool_)):
        kind = type(value).__name__
        why = f"      didn't match because some of the arguments have invalid types: (!{kind}!)\n"
        raise TypeError(
            f"fill_() received an invalid combination of arguments - got ({kind}), but expected one of:\n * (Tensor "
            f"value)\n{why} * (Number value)\n{why}"
        )
    value = value.item() if isinstance(value, np.generic) else value
    number = number_for(value, input._dtype, must_fit(input._dtype, input._data.size))
    return change_inplace("_fill", (input, value), lambda a: set_all(a, number), overlap=True)


@operation(name="_zero", aten="zero_", node="ZeroBackward0", function=False, method=False, input="zeros_like(grad)")
def _zero(input: Array) -> Array:
    """Zeros."""
    return np.zeros_like(input)


@composite(function=False, inplace=True)
def zero_(input: Any) -> Any:
    """Sets every element to zero.

    Raises:
        RuntimeError: PyTorch forbids the change in place.
    """
    return change_inplace("_zero", (input,), lambda a: set_all(a, 0), overlap=True)


@operation(name="_filled", aten="fill", node="FillBackward0", function=False, method=False, input="zeros_like(grad)")
def _filled(input: Array, value: Any) -> Array:
    """An array like another, with a number everywhere."""
    made = np.empty_like(input)
    dtype = dtypes.from_numpy(input.dtype)
    set_all(made, number_for(value, dtype, must_fit(dtype, input.size))[()])
    return made


@operation(name="_filled_by_tensor", aten="fill", node="FillBackward1", function=False, method=False,
           input="zeros_like(grad)", value="to_dtype(fit_like(grad, shape(value)), source)")  # fmt: skip
def _filled_by_tensor(input: Array, value: Array, source: Any) -> Array:
    """An array like another, with the element of a 0-dim one everywhere."""
    made = np.empty_like(input)
    _copy_into(made, value)
    return made


@composite(method=False)
def fill(input: Any, value: Any) -> Any:
    """A tensor of the shape of `input` with one value everywhere.

    Raises:
        RuntimeError: the tensor given has dimensions.
        TypeError: the value is neither a number nor a tensor.
    """
    good = isinstance(input, TensorBase), isinstance(value, (TensorBase, int, float, complex, np.number, np.bool_))
    if not all(good):
        kinds = [type(x).__name__ for x in (input, value)]
        kinds[0] = "Tensor" if good[0] else kinds[0]
        wrong = ", ".join(kind if fits else f"!{kind}!" for kind, fits in zip(kinds, good, strict=True))
        why = f"      didn't match because some of the arguments have invalid types: ({wrong})\n"
        raise TypeError(
            f"fill() received an invalid combination of arguments - got ({', '.join(kinds)}), but expected one of:\n"
            f" * (Tensor input, Tensor value)\n{why} * (Tensor input, Number value)\n{why}"
        )
    if not isinstance(value, TensorBase):
        return _filled(input, value.item() if isinstance(value, np.generic) else value)
    if value._shape:
        raise RuntimeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {len(value._shape)} dimensions."
        )
    discards(value._dtype, input._dtype)
    return _filled_by_tensor(input, value, value._dtype)


# ---------------------------------------------------------------------------------------------- in-place forms
def copying(change: Any, layout: Any = contiguous_format) -> Any:
    """The function that changes a copy of its first argument, in a memory format."""

    def kernel(a: Array, *args: Any) -> Array:
        found = np.asarray(copy_in(a, layout))  # a number has no memory to change
        change(found, *args)
        return found

    return kernel


def change(name: str, kernel: Any, *operands: Any, overlap: bool = False) -> Any:
    """Runs the in-place form of an operation whose kernel changes an array.

    Args:
        name: the operation.
        kernel: the function that changes its first argument, an array.
        operands: the operation's arguments.
        overlap: whether elements may be written that several indices mean.
    """
    refuse_reading(*operands)
    rest = [x._data if isinstance(x, TensorBase) else x for x in operands[1:]]
    return change_inplace(name, operands, lambda a: kernel(a, *rest), overlap)


def replace(name: str, *operands: Any) -> Any:
    """Runs the in-place form of an operation by computing it and storing the result."""
    forward = REGISTRY[name].forward
    rest = [x._data if isinstance(x, TensorBase) else x for x in operands[1:]]

    def store(a: Array) -> None:
        found = forward(a, *rest)
        if found.shape != a.shape:
            raise RuntimeError(
                f"output with shape {list(a.shape)} doesn't match the broadcast shape {list(found.shape)}"
            )
        a[...] = found

    return change_inplace(name, operands, store)
