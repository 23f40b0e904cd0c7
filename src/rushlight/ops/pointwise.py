"""Arithmetic on corresponding elements: sums, products, quotients, remainders.

Each line of derivative is the textbook one; ``conj`` is there for complex numbers, whose gradient PyTorch defines as
the conjugate Wirtinger derivative, so that it points in the direction of steepest ascent.
"""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.mode import unseen
from ..base import TensorBase, wrap
from ..kernels import numpy_pointwise as kernels
from ..kernels import remainders
from ..kernels.ternary import share_of_number, times
from . import elementwise_general as general
from .arguments import MISSING, OPERANDS, argument_error, no_tensor, type_name
from .declare import REGISTRY, Array, composite, elementwise, formula, in_formulas, operation, write_out
from .numbers import number_for
from .supported import NO_BOOL, NO_COMPLEX, missing


def _no_bool_subtraction(common: dtypes.dtype, *operands: Any) -> None:
    given = [getattr(x, "_dtype", None) is dtypes.bool_ or isinstance(x, bool) for x in operands]
    if any(given):
        one = all(given)
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
            "operator instead."
            if one
            else "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a "
            "mask, use the `~` or `logical_not()` operator instead."
        )


def refuse_bool_subtraction(*operands: Any) -> None:
    """Refuses to subtract truth values.

    Raises:
        RuntimeError: an operand is one, or a tensor of them.
    """
    _no_bool_subtraction(dtypes.float32, *operands)


def _no_bool_negation(common: dtypes.dtype, *operands: Any) -> None:
    if common is dtypes.bool_:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
            "the `~` or `logical_not()` operator instead."
        )


@elementwise(name="_add", node="AddBackward0", aten="add", kernel=np.add, function=False, method=False,
             operators=("__add__", "__radd__"), input="grad", other="grad")  # fmt: skip
def _add(input: Array, other: Array | float) -> Array:
    """The sum of corresponding elements."""


@elementwise(name="_sub", node="SubBackward0", aten="sub", kernel=np.subtract, function=False, method=False,
             operators=("__sub__",), check=_no_bool_subtraction, input="grad", other="-grad")  # fmt: skip
def _sub(input: Array, other: Array | float) -> Array:
    """The difference of corresponding elements."""


@elementwise(name="_rsub", node="RsubBackward0", number_node="RsubBackward1", aten="rsub",
             kernel=kernels.rsub, function=False, method=False,
             operators=("__rsub__",), check=_no_bool_subtraction, input="-grad", other="grad")  # fmt: skip
def _rsub(input: Array, other: Array | float) -> Array:
    """`other` minus `input`."""


@operation(name="_add_scaled", shows=("alpha",), node="AddBackward0", aten="add", function=False, method=False,
           kernel=kernels.add_scaled,
           input="fit_like(grad, shape(input))",
           other="fit_like(times(grad, alpha.conjugate()), shape(other))")  # fmt: skip
def _add_scaled(input: Array, other: Array, alpha: float) -> Array:
    """``input + alpha * other`` for tensors of one dtype."""


@operation(name="_sub_scaled", shows=("alpha",), node="SubBackward0", aten="sub", function=False, method=False,
           kernel=kernels.sub_scaled,
           input="fit_like(grad, shape(input))",
           other="fit_like(times(grad, -alpha.conjugate()), shape(other))")  # fmt: skip
def _sub_scaled(input: Array, other: Array, alpha: float) -> Array:
    """``input - alpha * other`` for tensors of one dtype."""


@operation(name="_rsub_scaled", shows=("alpha",), node="RsubBackward0", aten="rsub", function=False, method=False,
           input="fit_like(times(grad, -alpha.conjugate()), shape(input))",
           other="fit_like(grad, shape(other))")  # fmt: skip
def _rsub_scaled(input: Array, other: Array, alpha: float) -> Array:
    """``other - alpha * input`` for tensors of one dtype."""
    return kernels.sub_scaled(other, input, alpha)  # type: ignore[no-any-return]


in_formulas(times, lambda grad, number: grad if number == 1 else grad * number, "times", aliasing=True)


@formula(aliasing=True)
def fit_like(grad: Any, shape: Any) -> Any:
    """The gradient of an input that was broadcast from `shape`."""
    return grad if grad.shape == shape else sum_to_size(grad, shape)  # type: ignore[name-defined]  # noqa: F821


def scaled(input: Any, other: Any, alpha: Any) -> tuple[Any, Any, Any]:
    """Two tensors in their common dtype (a number becomes one of no dimensions), and a number to multiply with.

    Raises:
        RuntimeError: `alpha` does not fit the dtype.
        TypeError: an operand is neither a tensor nor a number.
    """
    if not isinstance(input, TensorBase) or not isinstance(other, OPERANDS):
        if not isinstance(input, OPERANDS) or not isinstance(other, TensorBase):
            raise argument_error(REGISTRY["_add"], (input, other))
        input = wrap(general.number_array(input, general.result_type(input, other)))
    if isinstance(other, TensorBase) and (type(alpha) is int or type(alpha) is float) and -60000 <= alpha <= 60000:
        if input._dtype is other._dtype and input._dtype.plain and input._shape == other._shape:
            return input, other, alpha
    common = general.result_type(input, other)
    if isinstance(alpha, bool) and common is not dtypes.bool_:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, (float, complex)) and common.category < dtypes.FLOATING:
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if isinstance(alpha, complex) and not common.is_complex:
        raise RuntimeError("For non-complex input tensors, argument alpha must not be a complex number.")
    if common.category < dtypes.FLOATING:
        alpha = general.number_array(alpha, common)[()]
    else:
        number_for(alpha, common)
    if not isinstance(other, TensorBase):
        other = wrap(general.number_array(other, common))
    general.broadcast_shapes(input._shape, other._shape)
    return input.to(common), other.to(common), alpha  # type: ignore[attr-defined]


@composite(raw=kernels.add)
def add(input: Any, other: Any, *, alpha: Any = 1, out: Any = None) -> Any:
    """``input + alpha * other``.

    Args:
        input: a tensor.
        other: a tensor or number; it broadcasts against `input`.
        alpha: the number by which `other` is multiplied first.
        out: the tensor to write to.

    Raises:
        RuntimeError: the shapes do not broadcast, or `alpha` does not fit the dtype.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.add.html
    """
    if type(alpha) is int and alpha == 1:
        return _add(input, other, out=out)
    result = _add_scaled(*scaled(input, other, alpha))
    return result if out is None else write_out(REGISTRY["_add"], out, result)


@composite(raw=kernels.sub)
def sub(input: Any, other: Any, *, alpha: Any = 1, out: Any = None) -> Any:
    """``input - alpha * other``; see `add`."""
    if type(alpha) is int and alpha == 1:
        return _sub(input, other, out=out)
    refuse_bool_subtraction(input, other)
    result = _sub_scaled(*scaled(input, other, alpha))
    return result if out is None else write_out(REGISTRY["_sub"], out, result)


composite(name="subtract")(sub)


@composite(function=True, method=False)
def rsub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """``other - alpha * input``."""
    if type(alpha) is int and alpha == 1:
        return _rsub(input, other)
    refuse_bool_subtraction(input, other)
    return _rsub_scaled(*scaled(input, other, alpha))


@elementwise(
    kernel=np.multiply, operators=("__mul__", "__rmul__"), wide=True, input="grad * conj(other)",
    other="grad * conj(input)",
)  # fmt: skip
def mul(input: Array, other: Array | float) -> Array:
    """The product of corresponding elements."""


composite(name="multiply")(mul)


@elementwise(name="_div", node="DivBackward0", aten="div", kernel=np.true_divide, function=False, method=False,
             operators=("__truediv__",), floating=True, wide=True,
             input="grad / conj(other)", other="-grad * conj((input / other) / other)",
             tangent={"other": "(input_t - other_t * result) / other"})  # fmt: skip
def _div(input: Array, other: Array | float) -> Array:
    """The quotient of corresponding elements."""


_ROUNDED_DIV_KEEPS = {"input": "other", "other": "input, other"}


@elementwise(name="_div_trunc", node="DivBackward2", aten="div", kernel=kernels.div_trunc, function=False, method=False,
             wide=True, check=missing("div_trunc_cpu", NO_BOOL, NO_COMPLEX),
             input="zeros_like(grad)", other="zeros_like(grad)", keeps=_ROUNDED_DIV_KEEPS)  # fmt: skip
def _div_trunc(input: Array, other: Array | float) -> Array:
    """The quotient rounded towards zero."""


@elementwise(name="_div_floor", node="DivBackward2", aten="div", kernel=kernels.floor_divide, function=False,
             method=False, wide=True, check=missing("div_floor_cpu", NO_BOOL, NO_COMPLEX),
             input="zeros_like(grad)", other="zeros_like(grad)", keeps=_ROUNDED_DIV_KEEPS)  # fmt: skip
def _div_floor(input: Array, other: Array | float) -> Array:
    """The quotient rounded down."""


@elementwise(name="_div_unrounded", node="DivBackward2", aten="div", kernel=np.true_divide, function=False,
             method=False, floating=True, wide=True,
             input="grad / conj(other)", other="-grad * conj((input / other) / other)",
             tangent={"other": "input_t / other - other_t * (input / other) / other"})  # fmt: skip
def _div_unrounded(input: Array, other: Array | float) -> Array:
    """The quotient, of which it was said that it is not to be rounded."""


@composite(raw=kernels.div)
def div(input: Any, other: Any, *, rounding_mode: Any = MISSING, out: Any = None) -> Any:
    """The quotient of corresponding elements; integers are divided as floating-point numbers.

    Args:
        input: the dividend.
        other: the divisor, a tensor or number.
        rounding_mode: None, ``"trunc"`` (towards zero) or ``"floor"`` (down); the last two keep integers.
        out: the tensor to write to.

    Raises:
        RuntimeError: the shapes do not broadcast, or the rounding mode is none of these.
    """
    if rounding_mode is MISSING:
        return _div(input, other, out=out)
    if rounding_mode is None:
        return _div_unrounded(input, other, out=out)
    if rounding_mode == "trunc":
        return _div_trunc(input, other, out=out)
    if rounding_mode == "floor":
        return _div_floor(input, other, out=out)
    if not isinstance(rounding_mode, str):
        got = ", ".join(type_name(x) for x in (input, other))
        raise TypeError(
            f"div() received an invalid combination of arguments - got ({got}, rounding_mode="
            f"{type_name(rounding_mode)}), but expected one of:\n"
            " * (Tensor input, Tensor other, *, Tensor out = None)\n"
            " * (Tensor input, Tensor other, *, str rounding_mode, Tensor out = None)\n"
            " * (Tensor input, Number other, *, str rounding_mode)\n"
        )
    raise RuntimeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'")


composite(name="divide")(div)
composite(name="true_divide")(div)


@composite(function=False, name="__rtruediv__")
def _rtruediv(input: Any, other: Any) -> Any:
    kind = type(other)
    if (kind is float or kind is int) and input._dtype.plain and unseen(input):
        if -60000 <= other <= 60000:
            return wrap(share_of_number(input._data, other))
    return input.reciprocal() * other if isinstance(other, _DIVIDENDS) else NotImplemented


_DIVIDENDS = (*OPERANDS, np.ndarray)


composite(function=False, name="__rdiv__")(_rtruediv)


@elementwise(floating=True, kernel=kernels.reciprocal, input="-grad * conj(result * result)")
def reciprocal(input: Array) -> Array:
    """One divided by each element."""


@elementwise(
    kernel=kernels.floor_divide, node="torch::autograd::NotImplemented", operators=("__floordiv__",), wide=True,
    check=missing("div_floor_cpu", NO_BOOL, NO_COMPLEX),
    input="not_implemented(grad, 'floor_divide')", other="not_implemented(grad, 'floor_divide')",
)  # fmt: skip
def floor_divide(input: Array, other: Array | float) -> Array:
    """The quotient of corresponding elements rounded down."""


@formula
def not_implemented(grad: Any, name: str) -> Any:
    """The gradient that PyTorch does not give.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(f"derivative for aten::{name} is not implemented")


@elementwise(kernel=remainders.remainder, node="RemainderBackward1", number_node="RemainderBackward0",
             operators=("__mod__",), check=missing("remainder_cpu", NO_BOOL, NO_COMPLEX),
             input="grad", other="-grad * div_floor(input, other)")  # fmt: skip
def remainder(input: Array, other: Array | float) -> Array:
    """The remainder of division rounded down; it has the sign of `other`."""


@elementwise(kernel=remainders.fmod, node="FmodBackward1", number_node="FmodBackward0",
             check=missing("fmod_cpu", NO_BOOL, NO_COMPLEX),
             input="grad", other="-grad * div_trunc(input, other)")  # fmt: skip
def fmod(input: Array, other: Array | float) -> Array:
    """The remainder of division rounded towards zero; it has the sign of `input`."""


in_formulas(kernels.floor_divide, lambda a, b: div(a, b, rounding_mode="floor"), "div_floor")
in_formulas(kernels.div_trunc, lambda a, b: div(a, b, rounding_mode="trunc"), "div_trunc")


@composite(function=False, name="__rmod__")
def _rmod(input: Any, other: Any) -> Any:
    try:
        return remainder(other, input)
    except TypeError:
        return NotImplemented


@composite(function=False, name="__rfloordiv__")
def _rfloordiv(input: Any, other: Any) -> Any:
    return floor_divide(other, input) if isinstance(other, OPERANDS) else NotImplemented


@elementwise(kernel=np.negative, operators=("__neg__",), check=_no_bool_negation, input="-grad")
def neg(input: Array) -> Array:
    """Each element with its sign changed."""


composite(name="negative")(neg)


@composite(function=True, name="positive")
def positive(input: Any) -> Any:
    """The tensor itself.

    Raises:
        RuntimeError: the elements are booleans.
    """
    try:
        dtype = input._dtype
    except AttributeError:
        raise no_tensor("positive", input) from None
    if dtype is dtypes.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


composite(function=False, name="__pos__")(positive)
