"""Limiting elements to an interval, between numbers or corresponding elements of other tensors."""

import functools
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase
from ..kernels import choosing
from ..kernels import numpy_pointwise as kernels
from . import elementwise_general as general
from .arguments import OPERANDS, type_name
from .comparison import where
from .convert import promoted
from .declare import REGISTRY, Array, composite, in_formulas, operation, write_out
from .numbers import number_for
from .overlap import refuse_lying_across


@operation(name="_clamp", node="ClampBackward1", aten="clamp", kernel=choosing.clamp, function=False, method=False,
           input="clamp_backward(grad, input, min, max)")  # fmt: skip
def _clamp(input: Array, min: Any, max: Any) -> Array:
    """Each element limited to an interval."""


@operation(name="_clamp_min", node="ClampMinBackward0", aten="clamp_min", kernel=choosing.clamp, function=False,
           method=False, input="clamp_backward(grad, input, min, None)")  # fmt: skip
def _clamp_min(input: Array, min: Any) -> Array:
    """Each element, but at least a number."""


@operation(name="_clamp_max", node="ClampMaxBackward0", aten="clamp_max", kernel=choosing.clamp_max, function=False,
           method=False, input="clamp_backward(grad, input, None, max)")  # fmt: skip
def _clamp_max(input: Array, max: Any) -> Array:
    """Each element, but at most a number."""


@operation(name="_clamp_tensors", node="ClampBackward0", aten="clamp", kernel=choosing.clamp, function=False,
           method=False, input="fit_like(clamp_backward(grad, input, min, max), shape(input))",
           min="fit_like(only(grad, under(input, min, max)), shape(min))",
           max="fit_like(only(grad, over(input, min, max)), shape(max))")  # fmt: skip
def _clamp_tensors(input: Array, min: Array | None, max: Array | None) -> Array:
    """Each element limited by corresponding ones."""


@operation(name="_clamp_min_tensor", node="ClampMinBackward1", aten="clamp_min", kernel=choosing.clamp, function=False,
           method=False, input="fit_like(clamp_backward(grad, input, min, None), shape(input))",
           min="fit_like(only(grad, under(input, min, None)), shape(min))")  # fmt: skip
def _clamp_min_tensor(input: Array, min: Array) -> Array:
    """Each element, but at least the corresponding one."""


@operation(name="_clamp_max_tensor", node="ClampMaxBackward1", aten="clamp_max", kernel=choosing.clamp_max,
           function=False, method=False, input="fit_like(clamp_backward(grad, input, None, max), shape(input))",
           max="fit_like(only(grad, over(input, None, max)), shape(max))")  # fmt: skip
def _clamp_max_tensor(input: Array, max: Array) -> Array:
    """Each element, but at most the corresponding one."""


def _inside(input: Any, low: Any, high: Any) -> Any:
    found = True if low is None else input >= low
    return found if high is None else (input <= high) & found


def _under(input: Any, low: Any, high: Any) -> Any:
    return input < low if high is None else (input < low) & (low < high)


def _over(input: Any, low: Any, high: Any) -> Any:
    return input > high if low is None else (input > high) | (high < low)


in_formulas(
    lambda grad, mask: np.where(mask, grad, np.zeros((), grad.dtype)),
    lambda grad, mask: where(mask != 0, grad, grad.new_zeros(())),
    "only",
)
in_formulas(
    choosing.clamp_backward,
    lambda grad, input, low, high: where(_inside(input, low, high), grad, grad.new_zeros(())),
    "clamp_backward",
)
in_formulas(kernels.under, _under, "under")
in_formulas(kernels.over, _over, "over")


def limits(name: str, input: Any, low: Any, high: Any) -> tuple[str, Any, tuple[Any, ...]]:
    """What clamping runs: the form of its operations, the input in the result's dtype, and the limits.

    Args:
        name: ``"clamp"``, ``"clamp_min"`` or ``"clamp_max"``.
        input: the tensor.
        low: the lower limit: a number, a tensor, or None.
        high: the upper limit.

    Raises:
        NotImplementedError: the numbers are complex.
        RuntimeError: there is no limit, the shapes do not broadcast, or the result cannot stand in place of the input.
        TypeError: the limits are neither both numbers nor both tensors.
    """
    if isinstance(input, TensorBase) and input._dtype.plain and (low is not None or high is not None):
        if _is_usual(low) and _is_usual(high):
            return "", input, (low, high)
        if _is_alike(low, input) and _is_alike(high, input):
            return "_tensor", input, (low, high)
    given = [x for x in (low, high) if x is not None]
    if not given:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    tensors = isinstance(given[0], TensorBase)
    if not isinstance(input, TensorBase) or any(
        not isinstance(x, OPERANDS) or isinstance(x, TensorBase) != tensors for x in given
    ):
        shown = [type_name(x) for x in (input, low, high)[: 3 if high is not None else 2]]
        raise TypeError(
            f"{name}() received an invalid combination of arguments - got ({', '.join(shown)}), but expected one of:\n"
            " * (Tensor input, Tensor min = None, Tensor max = None, *, Tensor out = None)\n"
            " * (Tensor input, Number min = None, Number max = None, *, Tensor out = None)\n"
        )
    if tensors:
        if input._dtype.is_complex and name.removesuffix("_") == "clamp":
            raise NotImplementedError("clamp is not supported for complex types")
        shape = input._shape
        for x in given:
            shape = general.broadcast_shapes(shape, x._shape)
        if name.endswith("_") and shape != input._shape:
            raise RuntimeError(
                f"output with shape {list(input._shape)} doesn't match the broadcast shape {list(shape)}"
            )
    elif isinstance(given[0], complex) and name.removesuffix("_") != "clamp":
        raise NotImplementedError("clamp is not supported for complex types")
    common = general.result_type(input, *given) if tensors or input._dtype.category < dtypes.FLOATING else None
    if common is None:  # Each number is promoted with the tensor.
        common = functools.reduce(dtypes.promote_types, [general.result_type(input, x) for x in given])
    if common.is_complex and input._dtype.is_floating_point and not tensors:
        raise RuntimeError("value cannot be converted to type double without overflow")
    if name.endswith("_") and not dtypes.can_cast(common, input._dtype):
        to = input._dtype.scalar_name if tensors else input._dtype.c_name
        raise RuntimeError(f"result type {common.scalar_name} can't be cast to the desired output type {to}")
    if common.is_complex and not tensors:
        raise NotImplementedError("clamp is not supported for complex types")
    if common.is_complex:
        kernel = "clamp_cpu" if len(given) == 2 else "minimum_cpu" if low is None else "maximum_cpu"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{common.scalar_name}'")
    if common is dtypes.bool_ and not (tensors and (low is None or high is None)):
        form = "" if tensors else "_scalar"
        which = "clamp" if low is not None and high is not None else "clamp_min" if high is None else "clamp_max"
        raise NotImplementedError(f"\"{which}{form}_cpu\" not implemented for 'Bool'")
    converted = []
    # Where one of two limits is NaN, so is the result, and the other does not count.
    lost = len(given) == 2 and not tensors and any(x != x for x in given)
    for x in (low, high):
        if isinstance(x, TensorBase):
            converted.append(promoted(x, common))
        else:
            number = general.python_number(x) if isinstance(x, np.generic) else x
            if number is not None and common is not dtypes.float64 and not lost:
                array = number_for(number, common)
                number = array.item() if common.category == dtypes.INTEGRAL else number
            converted.append(number)
    return "_tensor" if tensors else "", promoted(input, common), tuple(converted)


def _is_usual(limit: Any) -> bool:
    """Whether a limit is none at all, or a number that every floating-point type holds."""
    return limit is None or ((type(limit) is float or type(limit) is int) and -60000 <= limit <= 60000)


def _is_alike(limit: Any, input: Any) -> bool:
    """Whether a limit is none at all, or a tensor of the same dtype and shape."""
    return limit is None or (
        isinstance(limit, TensorBase) and limit._dtype is input._dtype and limit._shape == input._shape
    )


@composite()
def clamp(input: Any, min: Any = None, max: Any = None, *, out: Any = None) -> Any:
    """Each element limited to the interval from `min` to `max` (numbers or tensors, either may be None).

    Raises:
        RuntimeError: neither limit is given, or the shapes do not broadcast.
        TypeError: one limit is a tensor and the other a number.
    """
    if out is None and type(min) is float and isinstance(input, TensorBase) and input._dtype.plain:
        if -60000 <= min <= 60000 and (max is None or (type(max) is float and -60000 <= max <= 60000)):
            return _clamp(input, min, max)
    if out is not None:
        refuse_lying_across(out, (input, min, max))
    form, input, (low, high) = limits("clamp", input, min, max)
    result = _clamp_tensors(input, low, high) if form else _clamp(input, low, high)
    return result if out is None else write_out(REGISTRY["_clamp"], out, result)


composite(name="clip")(clamp)


@composite()
def clamp_min(input: Any, min: Any, *, out: Any = None) -> Any:
    """Each element, but at least `min`."""
    if out is not None:
        refuse_lying_across(out, (input, min))
    form, input, (low, _) = limits("clamp_min", input, min, None)
    result = _clamp_min_tensor(input, low) if form else _clamp_min(input, low)
    return result if out is None else write_out(REGISTRY["_clamp_min"], out, result)


@composite()
def clamp_max(input: Any, max: Any, *, out: Any = None) -> Any:
    """Each element, but at most `max`."""
    if out is not None:
        refuse_lying_across(out, (input, max))
    form, input, (_, high) = limits("clamp_max", input, None, max)
    result = _clamp_max_tensor(input, high) if form else _clamp_max(input, high)
    return result if out is None else write_out(REGISTRY["_clamp_max"], out, result)
