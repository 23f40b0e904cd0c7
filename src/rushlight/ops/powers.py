"""Powers of elements, by numbers and by corresponding elements, and their derivatives; see pointwise.py."""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.mode import unseen
from ..base import TensorBase, tensor_names, wrap
from ..kernels import numpy_pointwise as kernels
from ..kernels import power
from ..kernels.pointwise import LARGE
from ..kernels.ternary import times
from . import elementwise_general as general
from .arguments import OPERANDS, argument_error
from .convert import to_dtype
from .declare import REGISTRY, Array, composite, elementwise, formula, in_formulas, operation
from .numbers import fits, overflow
from .out import finish_out
from .supported import NO_BOOL, missing


def power_operands(input: Any, exponent: Any) -> tuple[Any, Any]:
    """A tensor in the dtype of its power by a number, and that number.

    Raises:
        RuntimeError: integers have no such power, or the number does not fit their dtype.
        NotImplementedError: the power would be of complex numbers of two halves.
    """
    if isinstance(exponent, np.generic):
        exponent = general.python_number(exponent)
    common = general.result_type(input, exponent)
    if common is dtypes.complex32:
        raise NotImplementedError("\"pow\" not implemented for 'ComplexHalf'")
    if isinstance(exponent, int) and common.category <= dtypes.INTEGRAL:
        if exponent < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        if common is not dtypes.bool_ and not fits(exponent, common):
            raise overflow(common)
    elif common.itemsize == 2 and isinstance(exponent, (int, float)) and abs(exponent) > dtypes.finfo(common).max:
        if exponent - exponent == 0:
            raise overflow(common)
    return (input if common is input._dtype else input.to(common)), exponent


_POW: dict[str, Any] = {"node": "PowBackward0", "aten": "pow", "kernel": power.pow_number}


@operation(name="_pow_number", **_POW, function=False, method=False, like="input",
           input="_scaled_power(grad, input, exponent - 1, exponent) if exponent else zeros_like(grad)",
           tangent="_scaled_power(input_t, input, exponent - 1, exponent)")  # fmt: skip
def _pow_number(input: Array, exponent: float) -> Array:
    """Each real element to a fixed power."""


@operation(name="_pow_complex", **_POW, function=False, method=False,
           input="grad * conj(_pow_complex(input, exponent - 1) * exponent) if exponent else zeros_like(grad)",
           tangent="input_t * (_pow_complex(input, exponent - 1) * exponent)")  # fmt: skip
def _pow_complex(input: Array, exponent: float) -> Array:
    """Each complex element to a fixed power."""


@operation(name="_scaled_power", node="MulBackward0", aten="mul", kernel=power.scaled_power, function=False,
           method=False, out=False, like="gradient", gradient="_scaled_power(grad, input, exponent, factor)",
           input="_scaled_power(grad * gradient, input, exponent - 1, factor * exponent)",
           tangent="_scaled_power(gradient_t, input, exponent, factor)"
                   " + _scaled_power(gradient * input_t, input, exponent - 1, factor * exponent)")  # fmt: skip
def _scaled_power(gradient: Array, input: Array, exponent: float, factor: float) -> Array:
    """``gradient * (factor * input ** exponent)`` for real numbers: what powers have as derivatives of every order."""


@elementwise(name="_pow", node="PowBackward1", aten="pow", kernel=kernels.pow_, function=False, method=False,
             check=missing("pow", NO_BOOL),
             input="where(other == 0, zeros_like(grad), grad * conj(other * _pow(input, other - 1)))",
             other="grad * conj(pow_exponent_slope(input, other, result))", keeps="result")  # fmt: skip
def _pow(input: Array, other: Array | float) -> Array:
    """Each element to the power of the corresponding one."""


@elementwise(name="_pow_base", node="PowBackward2", aten="pow", kernel=kernels.pow_base, function=False, method=False,
             check=missing("pow", NO_BOOL),
             input="grad * conj(pow_base_slope(other, input, result))")  # fmt: skip
def _pow_base(input: Array, other: Array | float) -> Array:
    """The number `other` to the power of each element."""


@formula
def pow_exponent_slope(base: Any, exponent: Any, result: Any) -> Any:
    """``result * log(base)``, but zero where ``base == 0`` and the exponent is real and not negative."""
    return where((base == 0) & nonnegative(exponent), zeros_like(result), result * log_of(base, result))  # type: ignore[name-defined]  # noqa: F821


@formula
def pow_base_slope(base: Any, exponent: Any, result: Any) -> Any:
    """`pow_exponent_slope` for a base that is a number, by whose logarithm half precision is multiplied unrounded."""
    return where((base == 0) & nonnegative(exponent), zeros_like(result), times(result, log_of_number(base, result)))  # type: ignore[name-defined]  # noqa: F821


in_formulas(
    kernels.nonnegative,
    lambda x: (x.real >= 0) & (x.imag == 0) if x._dtype.is_complex else x >= 0,
    "nonnegative",
)
in_formulas(
    lambda x, result: kernels.log(x.astype(result.dtype, copy=False)),
    lambda x, result: tensor_names["log"](
        to_dtype(x, result._dtype) if isinstance(x, TensorBase) else result.new_tensor(x)
    ),
    "log_of",
)


def _log_of_number(x: Any, result: Any) -> Any:
    """The logarithm of a number, complex if what it is multiplied by is so."""
    if result.dtype.kind == "c":
        return kernels.log(np.asarray(x).astype(complex))
    return kernels.log(x.astype(dtypes.get_default_dtype().numpy) if x.dtype.kind in "iub" else x)


in_formulas(
    _log_of_number,
    lambda x, result: kernels.log(np.asarray(complex(x) if result._dtype.is_complex else x)).item(),
    "log_of_number",
)


@composite(raw=kernels.pow_)
def pow(input: Any, exponent: Any, *, out: Any = None) -> Any:
    """`input` to the power of `exponent`; at least one of them is a tensor.

    Raises:
        RuntimeError: the shapes do not broadcast, or integers are raised to a negative power.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.pow.html
    """
    if isinstance(exponent, TensorBase):
        if isinstance(input, TensorBase):
            return _pow(input, exponent, out=out)
        if not isinstance(input, OPERANDS):
            raise argument_error(REGISTRY["_pow"], (input, exponent))
        return _pow_base(exponent, input, out=out)
    if not isinstance(input, TensorBase) or not isinstance(exponent, OPERANDS):
        raise argument_error(REGISTRY["_pow"], (input, exponent))
    if out is None and input._dtype.plain and (type(exponent) is int or type(exponent) is float):
        return _pow_number(input, exponent)
    input, exponent = power_operands(input, exponent)
    result = (_pow_complex if input._dtype.is_complex else _pow_number)(input, exponent)
    return finish_out(out, result, "pow", apart=(input, exponent))


@composite(function=False, name="__pow__")
def _pow_operator(input: Any, exponent: Any) -> Any:
    kind = type(exponent)
    dtype = input._dtype
    if (kind is int or kind is float) and dtype.plain:
        return _pow_number(input, exponent)
    if kind is int and 0 <= exponent <= 127 and dtype is not dtypes.bool_:  # which all other types hold
        return (_pow_complex if dtype.category == dtypes.COMPLEX else _pow_number)(input, exponent)
    if not isinstance(exponent, OPERANDS):
        return NotImplemented
    return _pow(input, exponent) if kind is type(input) else pow(input, exponent)


@composite(function=False, name="__rpow__")
def _rpow(input: Any, other: Any) -> Any:
    try:
        return _pow_base(input, other) if type(other) is float or type(other) is int else pow(other, input)
    except TypeError:
        return NotImplemented


@composite()
def float_power(input: Any, exponent: Any, *, out: Any = None) -> Any:
    """The power computed in float64 or complex128.

    Args:
        input: the bases, a tensor or a number.
        exponent: the exponents, likewise; one of both is a tensor.
        out: the tensor to write to.
    """
    if out is None and type(exponent) is float and isinstance(input, TensorBase) and input._dtype.plain:
        if unseen(input) and input._data.size < LARGE and input._data.flags.c_contiguous:
            return wrap(power.pow_number(input._data.astype(np.float64), exponent))
        return _pow_number(input.double(), exponent)  # type: ignore[attr-defined]
    # Not their common type, which an integer of 64 bits and truth values do not have.
    complex_ = any(general.result_type(x).is_complex for x in (input, exponent))
    wide = dtypes.complex128 if complex_ else dtypes.float64
    both = [x.to(wide) if isinstance(x, TensorBase) else x for x in (input, exponent)]  # type: ignore[attr-defined]
    return finish_out(out, pow(*both), "float_power")


@composite()
def square(input: Any, *, out: Any = None) -> Any:
    """The square of each element."""
    return _pow_operator(input, 2) if out is None and isinstance(input, TensorBase) else pow(input, 2, out=out)
