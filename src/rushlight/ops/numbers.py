"""Python numbers on their way into tensors."""

import math
from typing import Any

import numpy as np

from .. import dtypes


def overflow(dtype: dtypes.dtype) -> RuntimeError:
    """The error for a number that `dtype` cannot hold."""
    name = f"{dtype.numpy.name}_t" if dtype.category == dtypes.INTEGRAL and dtype is not dtypes.int32 else dtype.c_name
    return RuntimeError(f"value cannot be converted to type {name} without overflow")


def fits(value: int, dtype: dtypes.dtype) -> bool:
    """Whether an integer may stand in a tensor of an integer type; unsigned ones wrap small negative numbers around."""
    bound = 1 << (8 * dtype.itemsize - dtype.is_signed)
    return (-bound if dtype.is_signed else 1 - bound) <= value < bound


def must_fit(dtype: dtypes.dtype, count: int) -> bool:
    """Whether PyTorch asks, before it fills so many elements, if their type can hold the number.

    It does not where it fills one element of two bytes, or complex halves but one.
    """
    return (count == 1) == (dtype is dtypes.complex32) if dtype.in_halves else True


def number_for(value: Any, dtype: dtypes.dtype, bounded: bool = True) -> Any:
    """A Python number as the array of one element that stores it in a tensor of `dtype`.

    Args:
        value: the number.
        dtype: the element type. Fractions are dropped for integers, and negative integers wrap around for unsigned
            ones.
        bounded: whether a finite number may not become infinite.

    Raises:
        RuntimeError: the dtype cannot hold the number.
        OverflowError: nor can 64 bits hold the integer.
    """
    category = dtype.category
    if category == dtypes.FLOATING and type(value) is float and -60000 <= value <= 60000:
        return np.array(value, dtype.numpy)
    if type(value) is int and not -0x8000000000000000 <= value <= 0xFFFFFFFFFFFFFFFF:
        raise OverflowError("int too big to convert" if value > 0 else "can't convert negative int to unsigned")
    if isinstance(value, complex) and category in (dtypes.INTEGRAL, dtypes.FLOATING):
        if value.imag:
            raise overflow(dtype if bounded or category == dtypes.INTEGRAL else dtypes.float64)
        value = value.real
    if category == dtypes.INTEGRAL:
        if isinstance(value, float):
            info = np.iinfo(dtype.numpy)
            if not float(info.min) <= value <= float(info.max):  # NaN is outside too
                raise overflow(dtype)
        elif not fits(value, dtype):
            raise overflow(dtype)
        return np.asarray(int(value) & 0xFFFFFFFFFFFFFFFF, np.uint64).astype(dtype.numpy)
    if bounded and category >= dtypes.FLOATING and not abs(value) <= 60000 and dtype.numpy.char != "d":
        limit = dtypes.finfo(dtype.to_real()).max
        parts = (value.real, value.imag) if isinstance(value, complex) else (value,)
        if any([limit < abs(x) < math.inf for x in parts]):
            raise overflow(dtype)
    # Of integers, bfloat16 takes those of 64 bits only.
    return np.asarray(float(value) if type(value) is int and category == dtypes.FLOATING else value).astype(dtype.numpy)
