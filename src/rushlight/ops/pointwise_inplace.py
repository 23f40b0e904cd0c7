"""In-place forms of the elementwise operations whose public function is a composite, and ``+=``, ``*=`` and so on."""

from typing import Any

import numpy as np

from ..autograd import mode
from ..base import TensorBase, bump
from ..kernels.pointwise import LARGE
from . import clamping, elementary, pointwise, powers, ternary
from .arguments import MISSING, OPERANDS
from .declare import REGISTRY, apply_inplace, composite
from .inplace import array_beside, before_kernel, castable, change_inplace, check


def _form(operation: str, *operands: Any) -> Any:
    return apply_inplace(REGISTRY[operation], operands[0], operands[1:], {})


def _first_in_place(operands: Any, *given: Any) -> Any:
    """What a function makes of the operands; what may not be done in place is refused before dtypes are."""
    try:
        return operands(*given)
    except NotImplementedError as error:
        tensors = [x for x in given if isinstance(x, TensorBase)]
        if "is not supported for complex types" in str(error):
            # Said before it is known where in memory the operands lie.
            check(tensors[0], any([x._node is not None for x in tensors]))
            raise
        before_kernel(*tensors)
        raise


@composite(function=False)
def add_(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """Adds ``alpha * other``."""
    one = type(alpha) is int and alpha == 1
    if (one or type(alpha) is float) and isinstance(input, TensorBase):
        array = array_beside(input, other)
        if one and array is not None and input._data.size < LARGE:
            np.add(input._data, array, input._data)
            bump(input)
            return input
        if one:
            return _form("_add", input, other)
        if array is not None:
            np.add(input._data, array * input._dtype.numpy.type(alpha), input._data)
            bump(input)
            return input
    return _form("_add", input, other) if one else _scaled("_add_scaled", input, other, alpha)


def _scaled(operation: str, input: Any, other: Any, alpha: Any) -> Any:
    if isinstance(other, OPERANDS):
        castable(pointwise.general.result_type(input, other), input._dtype)
    _, other, alpha = pointwise.scaled(input, other, alpha)
    return _form(operation, input, other, alpha)


@composite(function=False)
def sub_(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """Subtracts ``alpha * other``."""
    if type(alpha) is int and alpha == 1:
        return _form("_sub", input, other)
    pointwise.refuse_bool_subtraction(input, other)
    return _scaled("_sub_scaled", input, other, alpha)


@composite(function=False)
def div_(input: Any, other: Any, *, rounding_mode: Any = MISSING) -> Any:
    """Divides by `other`; see `div`."""
    if rounding_mode is MISSING:
        return _form("_div", input, other)
    if rounding_mode not in (None, "trunc", "floor"):
        return pointwise.div(input, other, rounding_mode=rounding_mode)
    return _form(f"_div_{rounding_mode or 'unrounded'}", input, other)


@composite(function=False)
def pow_(input: Any, exponent: Any) -> Any:
    """Raises to a power; see `pow`."""
    if isinstance(exponent, TensorBase):
        return _form("_pow", input, exponent)
    powered, exponent = powers.power_operands(input, exponent)
    castable(powered._dtype, input._dtype)
    return _form("_pow_complex" if input._dtype.is_complex else "_pow_number", input, exponent)


@composite(function=False)
def float_power_(input: Any, exponent: Any) -> Any:
    """Raises to a power, for float64 and complex128 only; see `float_power`.

    Raises:
        RuntimeError: the tensor is of another dtype than the result.
    """
    power = powers.float_power(input, exponent)
    if power._dtype is not input._dtype:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {input._dtype.scalar_name} but the operation's result requires "
            f"dtype {power._dtype.scalar_name}"
        )
    return pow_(input, exponent)


@composite(function=False)
def abs_(input: Any) -> Any:
    """Replaces the elements by their absolute values.

    Raises:
        RuntimeError: the elements are complex, or PyTorch forbids the change in place.
    """
    if input._dtype.is_complex:
        check(input, input._node is not None)
        raise RuntimeError("In-place abs is not supported for complex tensors.")
    return _form("abs", input)


@composite(function=False)
def square_(input: Any) -> Any:
    """Squares."""
    return pow_(input, 2)


@composite(function=False)
def round_(input: Any, *, decimals: int | None = None) -> Any:
    """Rounds; see `round`."""
    if decimals is None:
        return _form("_round", input)
    elementary.check_decimals(input, decimals)
    return _form("_round_decimals", input, decimals)


@composite(function=False)
def conj_physical_(input: Any) -> Any:
    """Replaces the elements by their complex conjugates."""
    return _form("_conj_physical_", input)


@composite(function=False)
def clamp_(input: Any, min: Any = None, max: Any = None) -> Any:
    """Limits to an interval; see `clamp`."""
    form, _, given = _first_in_place(clamping.limits, "clamp_", input, min, max)
    return _form("_clamp_tensors" if form else "_clamp", input, *given)


@composite(function=False)
def clamp_min_(input: Any, min: Any) -> Any:
    """Raises to at least `min`."""
    form, _, given = _first_in_place(clamping.limits, "clamp_min_", input, min, None)
    return _form("_clamp_min" + form, input, given[0])


@composite(function=False)
def clamp_max_(input: Any, max: Any) -> Any:
    """Lowers to at most `max`."""
    form, _, given = _first_in_place(clamping.limits, "clamp_max_", input, None, max)
    return _form("_clamp_max" + form, input, given[1])


@composite(function=False)
def lerp_(input: Any, end: Any, weight: Any) -> Any:
    """Moves towards `end` by `weight`."""
    common, end, weight = _first_in_place(ternary.lerp_operands, input, end, weight)
    castable(common._dtype, input._dtype)
    return _form("_lerp" if isinstance(weight, TensorBase) else "_lerp_number", input, end, weight)


@composite(function=False)
def addcmul_(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """Adds ``value * tensor1 * tensor2``."""
    form, operands = _first_in_place(ternary.three_operands, "addcmul_", input, tensor1, tensor2, value)
    return _form("_addcmul" + form, *operands)


@composite(function=False)
def addcdiv_(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """Adds ``value * tensor1 / tensor2``."""
    form, operands = ternary.three_operands("addcdiv", input, tensor1, tensor2, value)
    return _form("_addcdiv" + form, *operands)


# The methods that declarations gave to tensors, which type checkers do not know.
_methods: Any = TensorBase

_ALIASES = {
    "subtract_": sub_, "divide_": div_, "true_divide_": div_, "clip_": clamp_, "multiply_": _methods.mul_,
    "negative_": _methods.neg_, "absolute_": abs_, "fix_": _methods.trunc_,
    "arcsin_": _methods.asin_, "arccos_": _methods.acos_, "arctan_": _methods.atan_,
    "arctan2_": _methods.atan2_, "arcsinh_": _methods.asinh_, "arccosh_": _methods.acosh_, "arctanh_": _methods.atanh_,
}  # fmt: skip
for _name, _function in _ALIASES.items():
    composite(function=False, name=_name)(_function)


def _comparison(name: str) -> Any:
    def compare(input: Any, other: Any) -> Any:
        if (
            name in _RECORDED
            and mode.local.grad
            and (input._node is not None or getattr(other, "_node", None) is not None)
        ):
            before_kernel(input, other)
            found = REGISTRY[name].recording(input.detach(), other)
            operands: tuple[Any, ...] = (input, other)
            kind = "number"
            if isinstance(other, TensorBase):
                operands, kind = (*operands, other._dtype), "tensor"
            return change_inplace(f"_{name}_{kind}", operands, lambda a: np.copyto(a, found._data))
        return _form(name, input, other)

    compare.__doc__ = f"Replaces the elements by the result of `{name}`, as numbers."
    return compare


_RECORDED = ("eq", "ne", "lt", "le", "gt", "ge")
for _name, _alias in (
    ("eq", ""), ("ne", "not_equal_"), ("lt", "less_"), ("le", "less_equal_"), ("gt", "greater_"),
    ("ge", "greater_equal_"), ("logical_and", ""), ("logical_or", ""), ("logical_xor", ""),
):  # fmt: skip
    _compare = _comparison(_name)
    composite(function=False, name=_name + "_")(_compare)
    if _alias:
        composite(function=False, name=_alias)(_compare)


@composite(function=False)
def logical_not_(input: Any) -> Any:
    """Replaces the elements by whether they are zero."""
    return _form("logical_not", input)


def _operator(method: Any) -> Any:
    def operate(input: Any, other: Any) -> Any:
        return method(input, other) if isinstance(other, OPERANDS) else NotImplemented

    operate.__doc__ = "The operator of that name, in place."
    return operate


for _name, _method in {
    "__iadd__": add_, "__isub__": sub_, "__imul__": _methods.mul_, "__itruediv__": div_, "__ipow__": pow_,
    "__ifloordiv__": _methods.floor_divide_, "__imod__": _methods.remainder_, "__iand__": _methods.bitwise_and_,
    "__ior__": _methods.bitwise_or_, "__ixor__": _methods.bitwise_xor_,
    "__ilshift__": _methods.bitwise_left_shift_, "__irshift__": _methods.bitwise_right_shift_,
}.items():  # fmt: skip
    composite(function=False, name=_name)(_operator(_method))
