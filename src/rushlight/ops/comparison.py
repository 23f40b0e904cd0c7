"""Choosing between corresponding elements, comparing them, and logic on them."""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, namespace, wrap
from ..kernels import numpy_pointwise as kernels
from ..warn import warn_once
from . import elementwise_general as general
from .declare import OPERANDS, Array, composite, elementwise, in_formulas, operation
from .supported import NO_BOOL, NO_COMPLEX, integers_only, missing, refused


# ---------------------------------------------------------------------------------------------- choosing
def _no_complex(name: str) -> Any:
    return refused(f"{name} not implemented for complex tensors.", NO_COMPLEX, RuntimeError)


@elementwise(kernel=np.maximum, check=_no_complex("maximum"), input="grad * share(input, other, input >= other)",
             other="grad * share(input, other, other >= input)")  # fmt: skip
def maximum(input: Array, other: Array) -> Array:
    """The larger of corresponding elements; NaN if either is NaN."""


@elementwise(kernel=np.minimum, check=_no_complex("minimum"), input="grad * share(input, other, input <= other)",
             other="grad * share(input, other, other <= input)")  # fmt: skip
def minimum(input: Array, other: Array) -> Array:
    """The smaller of corresponding elements; NaN if either is NaN."""


in_formulas(kernels.share, lambda a, b, chosen: chosen.to(a._dtype) * (1 - 0.5 * (a == b).to(a._dtype)), "share")


@elementwise(kernel=np.fmax, check=_no_complex("fmax"), input="grad * chosen(input, other, input >= other)",
             other="grad * chosen(other, input, input < other)")  # fmt: skip
def fmax(input: Array, other: Array) -> Array:
    """The larger of corresponding elements; a NaN loses against a number."""


@elementwise(kernel=np.fmin, check=_no_complex("fmin"), input="grad * chosen(input, other, input <= other)",
             other="grad * chosen(other, input, other < input)")  # fmt: skip
def fmin(input: Array, other: Array) -> Array:
    """The smaller of corresponding elements; a NaN loses against a number."""


in_formulas(kernels.chosen, lambda a, b, wins: (wins | (b != b)).to(a._dtype), "chosen")


@operation(name="_where", node="WhereBackward0", aten="where", kernel=np.where, function=False, method=False,
           input="fit_like(where(condition, grad, zeros_like(grad)), shape(input))",
           other="fit_like(where(condition, zeros_like(grad), grad), shape(other))",
           tangent="where(condition, input_t, other_t)")  # fmt: skip
def _where(condition: Array, input: Array, other: Array) -> Array:
    """Elements of one tensor or another."""


@composite(method=False, raw=np.where)
def where(condition: Any, input: Any = None, other: Any = None, *, out: Any = None) -> Any:
    """Elements of `input` where the condition holds, of `other` elsewhere; with the condition alone, where it holds.

    Raises:
        RuntimeError: the condition is not boolean, or the shapes do not broadcast.
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if condition._dtype is dtypes.uint8:
        warn_once(
            "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future "
            "version of PyTorch. Use a boolean condition instead."
        )
        condition = condition.to(dtypes.bool_)
    elif condition._dtype is not dtypes.bool_:
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {_scalar_name(condition)}"
        )
    common = general.result_type(input, other)
    if not isinstance(input, TensorBase):
        input = condition.new_full((), input, dtype=common)
    if not isinstance(other, TensorBase):
        other = condition.new_full((), other, dtype=common)
    general.broadcast_shapes(general.broadcast_shapes(condition._shape, input._shape), other._shape)
    result = _where(condition, input.to(common), other.to(common))
    return result if out is None else out.copy_(result)


def _scalar_name(t: Any) -> str:
    return t._dtype.legacy.removesuffix("Tensor")


@composite(function=False, name="where")
def _where_method(input: Any, condition: Any, other: Any) -> Any:
    return where(condition, input, other)


@operation(name="_clamp", node="ClampBackward1", aten="clamp", kernel=kernels.clamp, function=False, method=False,
           input="grad * inside(input, min, max)")  # fmt: skip
def _clamp(input: Array, min: Any, max: Any) -> Array:
    """Each element limited to an interval."""


in_formulas(kernels.inside, lambda x, low, high: kernels_inside(x, low, high), "inside")


def kernels_inside(x: Any, low: Any, high: Any) -> Any:
    """1 where `x` is within the limits, else 0, as a tensor that no gradient passes."""
    from ..base import wrap

    return wrap(kernels.inside(x._data, low, high))


@composite()
def clamp(input: Any, min: Any = None, max: Any = None, *, out: Any = None) -> Any:
    """Each element limited to the interval from `min` to `max` (numbers or tensors, either may be None).

    Raises:
        RuntimeError: neither limit is given.
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, TensorBase) or isinstance(max, TensorBase):
        result = input
        if min is not None:
            result = maximum(result, min)
        if max is not None:
            result = minimum(result, max)
    else:
        common = general.result_type(input, *[x for x in (min, max) if x is not None])
        result = _clamp(input.to(common), min, max)
    return result if out is None else out.copy_(result)


composite(name="clip")(clamp)


@composite()
def clamp_min(input: Any, min: Any) -> Any:
    """Each element, but at least `min`."""
    return clamp(input, min=min)


@composite()
def clamp_max(input: Any, max: Any) -> Any:
    """Each element, but at most `max`."""
    return clamp(input, max=max)


# ---------------------------------------------------------------------------------------------- comparison and logic
@elementwise(kernel=np.equal, result="bool", operators=("__eq__",))
def eq(input: Array, other: Array | float) -> Array:
    """Whether corresponding elements are equal."""


def _equal_to_array(input: Any, other: Any) -> Any:
    known = isinstance(other, np.ndarray) and other.dtype.kind in "biufc"
    return eq(input, wrap(other)) if known else NotImplemented


namespace["equal_to_array"] = _equal_to_array


@elementwise(kernel=np.not_equal, result="bool", operators=("__ne__",))
def ne(input: Array, other: Array | float) -> Array:
    """Whether corresponding elements differ."""


@elementwise(kernel=np.less, result="bool", operators=("__lt__",), check=missing("lt_cpu", NO_COMPLEX))
def lt(input: Array, other: Array | float) -> Array:
    """Whether elements are less than the corresponding ones."""


@elementwise(kernel=np.less_equal, result="bool", operators=("__le__",), check=missing("le_cpu", NO_COMPLEX))
def le(input: Array, other: Array | float) -> Array:
    """Whether elements are at most the corresponding ones."""


@elementwise(kernel=np.greater, result="bool", operators=("__gt__",), check=missing("gt_cpu", NO_COMPLEX))
def gt(input: Array, other: Array | float) -> Array:
    """Whether elements are greater than the corresponding ones."""


@elementwise(kernel=np.greater_equal, result="bool", operators=("__ge__",), check=missing("ge_cpu", NO_COMPLEX))
def ge(input: Array, other: Array | float) -> Array:
    """Whether elements are at least the corresponding ones."""


for _name, _function in (("not_equal", ne), ("less", lt), ("less_equal", le), ("greater", gt), ("greater_equal", ge)):
    composite(name=_name)(_function)


@elementwise(kernel=np.logical_and, result="bool")
def logical_and(input: Array, other: Array) -> Array:
    """Whether both corresponding elements are non-zero."""


@elementwise(kernel=np.logical_or, result="bool")
def logical_or(input: Array, other: Array) -> Array:
    """Whether at least one of corresponding elements is non-zero."""


@elementwise(kernel=np.logical_xor, result="bool")
def logical_xor(input: Array, other: Array) -> Array:
    """Whether exactly one of corresponding elements is non-zero."""


@elementwise(kernel=np.logical_not, result="bool")
def logical_not(input: Array) -> Array:
    """Whether each element is zero."""


@elementwise(operators=("__and__", "__rand__"), **integers_only("bitwise_and_cpu", np.bitwise_and))
def bitwise_and(input: Array, other: Array | float) -> Array:
    """The bits set in both corresponding integers."""


@elementwise(operators=("__or__", "__ror__"), **integers_only("bitwise_or_cpu", np.bitwise_or))
def bitwise_or(input: Array, other: Array | float) -> Array:
    """The bits set in at least one of corresponding integers."""


@elementwise(operators=("__xor__", "__rxor__"), **integers_only("bitwise_xor_cpu", np.bitwise_xor))
def bitwise_xor(input: Array, other: Array | float) -> Array:
    """The bits set in exactly one of corresponding integers."""


@elementwise(**integers_only("bitwise_not_cpu", np.invert))
def bitwise_not(input: Array) -> Array:
    """The bits of each integer inverted; the opposite, for booleans."""


@composite(function=False, name="__invert__")
def _invert(input: Any) -> Any:
    if input._dtype.category > dtypes.INTEGRAL:
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return bitwise_not(input)


@elementwise(operators=("__lshift__",), **integers_only("lshift_cpu", np.left_shift, NO_BOOL))
def bitwise_left_shift(input: Array, other: Array | float) -> Array:
    """Each integer shifted left by the corresponding number of bits."""


@elementwise(operators=("__rshift__",), **integers_only("rshift_cpu", np.right_shift, NO_BOOL))
def bitwise_right_shift(input: Array, other: Array | float) -> Array:
    """Each integer shifted right by the corresponding number of bits."""


@composite(function=False, name="__rlshift__")
def _rlshift(input: Any, other: Any) -> Any:
    return bitwise_left_shift(other, input) if isinstance(other, OPERANDS) else NotImplemented


@composite(function=False, name="__rrshift__")
def _rrshift(input: Any, other: Any) -> Any:
    return bitwise_right_shift(other, input) if isinstance(other, OPERANDS) else NotImplemented


@elementwise(kernel=np.isnan, result="bool", inplace=False)
def isnan(input: Array) -> Array:
    """Whether each element is NaN."""


@elementwise(kernel=np.isinf, result="bool", inplace=False)
def isinf(input: Array) -> Array:
    """Whether each element is infinite."""


@elementwise(kernel=np.isfinite, result="bool", inplace=False)
def isfinite(input: Array) -> Array:
    """Whether each element is neither infinite nor NaN."""


@elementwise(
    kernel=np.signbit, result="bool", inplace=False,
    check=refused("signbit is not implemented for complex tensors.", NO_COMPLEX),
)  # fmt: skip
def signbit(input: Array) -> Array:
    """Whether the sign bit of each element is set."""
