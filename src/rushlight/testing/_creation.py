"""`make_tensor`: random tensors for tests."""

import math
import warnings
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..base import tensor_names


def make_tensor(
    *shape: Any,
    dtype: dtypes.dtype,
    device: Any,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Any:
    """A tensor of uniformly distributed elements in ``[low, high)``.

    Args:
        shape: the shape, as integers or as one sequence of them.
        dtype: the element type.
        device: the device.
        low: the smallest element; by default 0 for booleans, -9 (but not below what the dtype holds) for others.
        high: the end of the elements; by default 2 for booleans, 10 for integers, 9 for others.
        requires_grad: whether the tensor requires a gradient.
        noncontiguous: whether the elements lie apart in memory, if there are two or more.
        exclude_zero: whether zeros are replaced: by one, or by the smallest normal number.
        memory_format: how the elements lie in memory.

    Raises:
        ValueError: the interval is empty or outside of what the dtype holds, or the options contradict each other.
        TypeError: the dtype is not supported.
    """
    if len(shape) == 1 and isinstance(shape[0], Sequence):
        shape = tuple(shape[0])
    names = tensor_names
    whole = dtype.category < dtypes.FLOATING
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "The parameters `noncontiguous` and `memory_format` are mutually exclusive, but got "
            f"noncontiguous={noncontiguous!r} and memory_format={memory_format!r}"
        )
    if requires_grad and whole:
        raise ValueError(
            f"`requires_grad=True` is not supported for boolean and integral dtypes, but got dtype={dtype!r}"
        )
    noncontiguous = noncontiguous and math.prod(shape) > 1
    if noncontiguous:
        shape = (*shape[:-1], 2 * shape[-1])
    low, high = _interval(low, high, dtype)
    if whole:
        result = names["randint"](math.ceil(low), math.ceil(high), shape, device=device, dtype=dtype)
    else:
        result = names["empty"](shape, device=device, dtype=dtype)
        elements = names["view_as_real"](result) if dtype.is_complex else result
        # What is drawn must lie in an interval whose length the dtype holds.
        if high - low >= dtypes.finfo(dtype).max:
            elements.uniform_(low / 2, high / 2).mul_(2)
        else:
            elements.uniform_(low, high)
    if noncontiguous:
        # From the second element on, so that the tensor does not begin where its memory does.
        result = result[..., 1::2]
    elif memory_format is not None:
        result = result.clone(memory_format=memory_format)
    if exclude_zero:
        result[result == 0] = 1 if whole else dtypes.finfo(dtype).tiny
    if not whole:
        result.requires_grad = requires_grad
    return result


def _interval(low: float | None, high: float | None, dtype: dtypes.dtype) -> tuple[float, float]:
    """The interval to draw from, within what the dtype holds.

    Raises:
        ValueError: a limit is NaN, or the interval is empty.
    """
    if dtype is dtypes.bool_:
        least, end, usual = 0.0, 2.0, (0, 2)
    elif dtype.category < dtypes.FLOATING:
        limits = dtypes.iinfo(dtype)
        # The last number of int64 cannot be drawn, as the interval's end would be too large.
        least, end, usual = limits.min, limits.max + (dtype is not dtypes.int64), (-9, 10)
    else:
        numbers = dtypes.finfo(dtype)
        least, end, usual = numbers.min, numbers.max, (-9, 9)
    low, high = usual[0] if low is None else low, usual[1] if high is None else high
    if any(isinstance(x, float) and math.isnan(x) for x in (low, high)):
        raise ValueError(f"`low` and `high` cannot be NaN, but got low={low!r} and high={high!r}")
    if low == high and dtype.category >= dtypes.FLOATING:
        warnings.warn(
            "Passing `low==high` to `torch.testing.make_tensor` for floating or complex types is deprecated since 2.1 "
            "and will be removed in 2.3. Use `torch.full(...)` instead.",
            FutureWarning,
            stacklevel=3,
        )
    elif low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    elif high < least or low >= end:
        raise ValueError(
            f"The value interval specified by `low` and `high` is [{low}, {high}), but {dtype} only supports "
            f"[{least}, {end})"
        )
    return min(max(low, least), end), min(max(high, least), end)
