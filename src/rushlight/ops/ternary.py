"""Elementwise operations of three tensors: interpolation, and sums with a product or quotient."""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase
from ..kernels import numpy_pointwise
from ..kernels import ternary as kernels
from ..kernels.numpy_common import constant
from . import elementwise_general as general
from .arguments import explained, type_name
from .convert import promoted
from .creation import full_like
from .declare import REGISTRY, Array, composite, in_formulas, operation, write_out
from .matrices import tensor_formula
from .numbers import number_for
from .out import finish_out
from .overlap import refuse_lying_across
from .supported import refuse


@operation(name="_lerp_number", node="LerpBackward0", aten="lerp", function=False, method=False,
           input="fit_like(times(grad, 1 - weight.conjugate()), shape(input))",
           end="fit_like(times(grad, weight.conjugate()), shape(end))")  # fmt: skip
def _lerp_number(input: Array, end: Array, weight: float) -> Array:
    """The point between two, by a number from 0 to 1."""
    kind = input.dtype if input.dtype.itemsize > 2 else np.dtype(np.float32)
    return kernels.between(input, end, constant(weight, kind))  # type: ignore[no-any-return]


@operation(name="_lerp", node="LerpBackward1", aten="lerp", function=False, method=False,
           input="fit_like(grad * conj(1 - weight), shape(input))",
           end="fit_like(grad * conj(weight), shape(end))",
           weight="fit_like(grad * conj(end - input), shape(weight))", keeps="weight")  # fmt: skip
def _lerp(input: Array, end: Array, weight: Array) -> Array:
    """The points between corresponding ones, by numbers from 0 to 1."""
    return kernels.between(input, end, weight.astype(input.dtype))


@composite()
@explained
def lerp(input: Any, end: Any, weight: Any, *, out: Any = None) -> Any:
    """``input + weight * (end - input)``.

    Raises:
        RuntimeError: the tensors are not of one dtype, or do not broadcast.
    """
    if out is not None:
        refuse_lying_across(out, (input, end, weight))
    input, end, weight = lerp_operands(input, end, weight)
    result = _lerp(input, end, weight) if isinstance(weight, TensorBase) else _lerp_number(input, end, weight)
    if out is None:
        return result
    return finish_out(out, result, "lerp", converts=not isinstance(weight, TensorBase))


def lerp_operands(input: Any, end: Any, weight: Any) -> tuple[Any, Any, Any]:
    """The operands of `lerp` in one dtype, in which a weight without dimensions has a say.

    Raises:
        NotImplementedError: the tensors are of integers or booleans.
        RuntimeError: they are not of one dtype, or do not broadcast.
    """
    if type(weight) is float and isinstance(end, TensorBase):
        if input._dtype is end._dtype and input._dtype.plain and input._shape == end._shape:
            return input, end, weight
    for name, x in (("end", end), ("weight", weight)):
        if isinstance(x, TensorBase) and x._dtype is not input._dtype and (name == "end" or x._shape):
            have, found = (d.c_name for d in (input._dtype, x._dtype))
            raise RuntimeError(f"expected dtype {have} for `{name}` but got dtype {found}")
    shape = general.broadcast_shapes(input._shape, end._shape)
    if isinstance(weight, TensorBase):
        general.broadcast_shapes(shape, weight._shape)
    if not isinstance(weight, TensorBase):
        refuse("lerp_kernel_scalar", input, dtypes.BOOL, dtypes.INTEGRAL)
        if isinstance(weight, complex):
            number_for(weight, input._dtype)
    else:
        common = input._dtype if weight._shape else general.result_type(input, end, weight)
        if common is not input._dtype or common is not weight._dtype:
            input, end, weight = (promoted(x, common) for x in (input, end, weight))
        refuse("lerp_kernel_tensor", input, dtypes.BOOL, dtypes.INTEGRAL)
    return input, end, weight


@operation(name="_addcmul", node="AddcmulBackward0", aten="addcmul", function=False, method=False,
           kernel=kernels.add_product,
           input="fit_like(grad, shape(input))",
           tensor1="fit_like(grad * conj(times(tensor2, value)), shape(tensor1))",
           tensor2="fit_like(grad * conj(times(tensor1, value)), shape(tensor2))")  # fmt: skip
def _addcmul(input: Array, tensor1: Array, tensor2: Array, value: float) -> Array:
    """``input + value * tensor1 * tensor2`` for tensors of one dtype."""


in_formulas(numpy_pointwise.divided_by, lambda number, x: x.reciprocal() * number, "divided_by")


@operation(name="_addcdiv", node="AddcdivBackward0", aten="addcdiv", function=False, method=False,
           kernel=kernels.add_quotient,
           input="fit_like(grad, shape(input))",
           tensor1="fit_like(grad * conj(divided_by(value, tensor2)), shape(tensor1))",
           tensor2="fit_like(-grad * conj(times(tensor1, value) / (tensor2 * tensor2)), shape(tensor2))",
           keeps="tensor2",
)  # fmt: skip
def _addcdiv(input: Array, tensor1: Array, tensor2: Array, value: float) -> Array:
    """``input + value * tensor1 / tensor2`` for tensors of one dtype."""


# Of several dtypes each derivative is computed step by step, in the dtypes that the tensors in it promote to.
_MIXED: dict[str, Any] = {
    "function": False,
    "method": False,
    "input": "fit(grad, (shape(input), kinds[0]))",
}


@operation(name="_addcmul_mixed", node="AddcmulBackward0", aten="addcmul", **_MIXED,
           tensor1="fit(slope_by_factor(grad, tensor2, value), (shape(tensor1), kinds[1]))",
           tensor2="fit(slope_by_factor(grad, tensor1, value), (shape(tensor2), kinds[2]))")  # fmt: skip
def _addcmul_mixed(input: Array, tensor1: Array, tensor2: Array, value: float, common: Any, kinds: Any) -> Array:
    """``input + value * tensor1 * tensor2`` for tensors of the dtypes `kinds`, computed in the dtype `common`."""
    return kernels.add_product(*(x.astype(common.numpy) for x in (input, tensor1, tensor2)), value)  # type: ignore[no-any-return]


@operation(name="_addcdiv_mixed", node="AddcdivBackward0", aten="addcdiv", **_MIXED,
           tensor1="fit(slope_by_dividend(grad, tensor2, value), (shape(tensor1), kinds[1]))",
           tensor2="fit(slope_by_divisor(grad, tensor1, tensor2, value), (shape(tensor2), kinds[2]))",
           keeps="tensor2")  # fmt: skip
def _addcdiv_mixed(input: Array, tensor1: Array, tensor2: Array, value: float, common: Any, kinds: Any) -> Array:
    """``input + value * tensor1 / tensor2`` for tensors of the dtypes `kinds`, computed in the dtype `common`."""
    return kernels.add_quotient(*(x.astype(common.numpy) for x in (input, tensor1, tensor2)), value)  # type: ignore[no-any-return]


@tensor_formula
def slope_by_factor(grad: Any, factor: Any, value: Any) -> Any:
    """The gradient by one factor of `addcmul` from the other."""
    return grad * (factor * value).conj()


@tensor_formula
def slope_by_dividend(grad: Any, divisor: Any, value: Any) -> Any:
    """The gradient of `addcdiv` by the dividend."""
    return grad * full_like(divisor, value).div_(divisor).conj()


@tensor_formula
def slope_by_divisor(grad: Any, dividend: Any, divisor: Any, value: Any) -> Any:
    """The gradient of `addcdiv` by the divisor."""
    return -grad * ((dividend * value) / (divisor * divisor)).conj()


def _are_alike(a: Any, b: Any, c: Any) -> bool:
    """Whether three tensors are of one shape and one usual dtype; False if one is no tensor."""
    try:
        return a._dtype is b._dtype is c._dtype and a._dtype.plain and a._shape == b._shape == c._shape
    except AttributeError:
        return False


def three_operands(name: str, input: Any, tensor1: Any, tensor2: Any, value: Any) -> tuple[str, tuple[Any, ...]]:
    """Which form of `addcmul` and `addcdiv` computes with these operands, and its arguments.

    Raises:
        RuntimeError: the tensors do not broadcast, or are integers to be divided.
        TypeError: one of them is no tensor.
    """
    given = (input, tensor1, tensor2)
    if not (isinstance(input, TensorBase) and isinstance(tensor1, TensorBase) and isinstance(tensor2, TensorBase)):
        i, p, x = next(
            (i, p, x) for i, (p, x) in enumerate(zip(("input", "tensor1", "tensor2"), given, strict=True), 1)
            if not isinstance(x, TensorBase)
        )  # fmt: skip
        raise TypeError(f"{name}(): argument '{p}' (position {i}) must be Tensor, not {type_name(x)}")
    if _are_alike(*given):
        return "", (*given, value)
    if name == "addcdiv" and tensor1._dtype.category < dtypes.FLOATING and tensor2._dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a "
            "true division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value "
            "* torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / "
            "tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: (input + "
            "value * tensor1 / tensor2), for all dtypes."
        )
    common = general.result_type(*given)
    shape = general.broadcast_shapes(input._shape, tensor1._shape)
    general.broadcast_shapes(shape, tensor2._shape)
    if common is dtypes.bool_:
        raise NotImplementedError(f"\"{name.rstrip('_')}_cpu_out\" not implemented for 'Bool'")
    if common.category <= dtypes.INTEGRAL:
        value = number_for(value, common).item()
    if input._dtype is tensor1._dtype is tensor2._dtype:
        return "", (*given, value)
    return "_mixed", (*given, value, common, (input._dtype, tensor1._dtype, tensor2._dtype))


@composite()
def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1, out: Any = None) -> Any:
    """``input + value * tensor1 * tensor2``."""
    if out is None and _are_alike(input, tensor1, tensor2):
        return _addcmul(input, tensor1, tensor2, value)
    if out is not None:
        refuse_lying_across(out, (input, tensor1, tensor2))
    form, operands = three_operands("addcmul", input, tensor1, tensor2, value)
    result = (_addcmul_mixed if form else _addcmul)(*operands)
    return result if out is None else write_out(REGISTRY["_addcmul"], out, result)


@composite()
def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1, out: Any = None) -> Any:
    """``input + value * tensor1 / tensor2``.

    Raises:
        RuntimeError: integers were to be divided.
    """
    if out is None and _are_alike(input, tensor1, tensor2):
        return _addcdiv(input, tensor1, tensor2, value)
    if out is not None:
        refuse_lying_across(out, (input, tensor1, tensor2))
    form, operands = three_operands("addcdiv", input, tensor1, tensor2, value)
    result = (_addcdiv_mixed if form else _addcdiv)(*operands)
    return result if out is None else write_out(REGISTRY["_addcdiv"], out, result)
