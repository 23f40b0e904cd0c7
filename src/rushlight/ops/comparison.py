"""Choosing between corresponding elements, comparing them, and logic on them."""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import TensorBase, namespace, own_version, wrap
from ..kernels import choosing
from ..kernels import numpy_pointwise as kernels
from ..kernels.numpy_common import constant
from ..warn import warn_once
from . import elementwise_general as general
from .arguments import MISSING, OPERANDS, type_name
from .declare import REGISTRY, Array, composite, elementwise, in_formulas, operation
from .out import finish_out
from .overlap import refuse_lying_across
from .supported import NO_BOOL, NO_COMPLEX, integers_only, missing, refused

choose, ndarray, special = np.where, np.ndarray, mode.special


# ---------------------------------------------------------------------------------------------- choosing
def _no_complex(name: str) -> Any:
    return refused(f"{name} not implemented for complex tensors.", NO_COMPLEX, RuntimeError)


@elementwise(kernel=np.maximum, inplace=False, check=_no_complex("maximum"),
             input="share_of(grad, input, other, less(input, other))",
             other="share_of(grad, input, other, less(other, input))")  # fmt: skip
def maximum(input: Array, other: Array) -> Array:
    """The larger of corresponding elements; NaN if either is NaN."""


@elementwise(kernel=np.minimum, inplace=False, check=_no_complex("minimum"),
             input="share_of(grad, input, other, less(other, input))",
             other="share_of(grad, input, other, less(input, other))")  # fmt: skip
def minimum(input: Array, other: Array) -> Array:
    """The smaller of corresponding elements; NaN if either is NaN."""


in_formulas(
    kernels.share_of,
    lambda grad, a, b, lost: (grad * (1 - 0.5 * (a == b).to(grad._dtype))).masked_fill(lost, 0),
    "share_of",
)


@elementwise(kernel=np.fmax, inplace=False, check=_no_complex("fmax"),
             input="where(chosen(input, other, less_equal(other, input)), grad, 0.0)",
             other="where(chosen(input, other, less_equal(other, input)), 0.0, grad)")  # fmt: skip
def fmax(input: Array, other: Array) -> Array:
    """The larger of corresponding elements; a NaN loses against a number."""


@elementwise(kernel=np.fmin, inplace=False, check=_no_complex("fmin"),
             input="where(chosen(input, other, less_equal(input, other)), grad, 0.0)",
             other="where(chosen(input, other, less_equal(input, other)), 0.0, grad)")  # fmt: skip
def fmin(input: Array, other: Array) -> Array:
    """The smaller of corresponding elements; a NaN loses against a number."""


in_formulas(kernels.less, lambda a, b: a < b, "less")
in_formulas(kernels.less_equal, lambda a, b: a <= b, "less_equal")
in_formulas(kernels.chosen, lambda a, b, wins: wins | (b != b), "chosen")


@operation(name="_where", node="WhereBackward0", aten="where", kernel=choosing.where, function=False, method=False,
           input="fit_like(where(condition, grad, 0.0), shape(input))",
           other="fit_like(where(condition, 0.0, grad), shape(other))",
           tangent="where(condition, input_t, other_t)")  # fmt: skip
def _where(condition: Array, input: Array, other: Array) -> Array:
    """Elements of one tensor or another."""


_WHERE_FORMS = (
    "Tensor condition", "Tensor condition, Tensor input, Tensor other, *, Tensor out = None",
    "Tensor condition, Number self, Tensor other", "Tensor condition, Tensor input, Number other",
    "Tensor condition, Number self, Number other",
)  # fmt: skip


def _where_error(forms: tuple[str, ...], args: list[Any]) -> TypeError:
    """The error for what fits no form of `where`: forms of as many arguments say which of them are wrong."""
    if len(args) == 1 and len(forms[0].split(", ")) == 1:
        return TypeError(f"where(): argument 'condition' (position 1) must be Tensor, not {type_name(args[0])}")
    kinds = [type_name(x) for x in args]
    listed = ""
    for form in forms:
        listed += f" * ({form})\n"
        wanted = [p.split(" ")[0] for p in form.split(", ")]
        if len(wanted) == len(args):  # PyTorch marks numbers even where one is wanted
            shown = ", ".join([k if k == w == "Tensor" else f"!{k}!" for k, w in zip(kinds, wanted, strict=True)])
            listed += f"      didn't match because some of the arguments have invalid types: ({shown})\n"
    return TypeError(
        f"where() received an invalid combination of arguments - got ({', '.join(kinds)}), but expected one of:\n"
        f"{listed}"
    )


@composite(method=False, raw=choosing.where)
def where(condition: Any = MISSING, input: Any = MISSING, other: Any = MISSING, *, out: Any = None) -> Any:
    """Elements of `input` where the condition holds, of `other` elsewhere; with the condition alone, where it holds.

    Raises:
        RuntimeError: the condition is not boolean, or the shapes do not broadcast.
        TypeError: the arguments are no tensors and numbers.
    """
    if out is None and isinstance(input, TensorBase) and isinstance(condition, TensorBase):
        if input._dtype.plain and condition._dtype is dtypes.bool_ and condition._shape == input._shape:
            if (quick := _chosen_at_once(condition, input, other)) is not None:
                return quick
    if input is MISSING and other is MISSING and isinstance(condition, TensorBase):
        return condition.nonzero(as_tuple=True)  # type: ignore[attr-defined]
    fits = isinstance(condition, TensorBase) and isinstance(input, OPERANDS) and isinstance(other, OPERANDS)
    if not fits:
        raise _where_error(_WHERE_FORMS, [x for x in (condition, input, other) if x is not MISSING])
    if condition._dtype is dtypes.uint8:
        warn_once(
            "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future "
            "version of PyTorch. Use a boolean condition instead."
        )
        versions, condition = own_version(condition), condition.to(dtypes.bool_)
        condition._versions = versions  # what is saved is out of date once the condition that was given changes
    elif condition._dtype is not dtypes.bool_:
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {_scalar_name(condition)}"
        )
    common = general.result_type(input, other)
    if not isinstance(input, TensorBase):
        input = _number_beside(condition, input, common)
    if not isinstance(other, TensorBase):
        other = _number_beside(condition, other, common)
    if not condition._shape == input._shape == other._shape:
        general.broadcast_shapes(general.broadcast_shapes(condition._shape, input._shape), other._shape)
    if input._dtype is not common:
        input = input.to(common)
    if other._dtype is not common:
        other = other.to(common)
    if out is not None:
        refuse_lying_across(out, (condition, input, other))
    result = _where(condition, input, other)
    return result if out is None else finish_out(out, result, "where")


def _chosen_at_once(condition: Any, input: Any, other: Any) -> Any:
    """The result for few elements, beside a number or a tensor like them; None for others."""
    x, holds, kind = input._data, condition._data, type(other)
    if special.count and (special.more or mode.local.grad):
        return None
    if x.size >= choosing.LARGE or type(x) is not ndarray or type(holds) is not ndarray:
        return None
    node = input._node
    if kind is float and -60000 <= other <= 60000:
        y = constant(other, x.dtype)
        if node is not None and not special.count:
            return _where(condition, input, wrap(y))
    elif kind is type(input) and other._dtype is input._dtype and other._shape == input._shape:
        y = other._data
        if type(y) is not ndarray:
            return None
        if (node is not None or other._node is not None) and not special.count:
            return _where(condition, input, other)
    else:
        return None
    return wrap(choose(holds, x, y))


def _number_beside(condition: Any, number: Any, dtype: dtypes.dtype) -> Any:
    if type(number) is float and dtype.plain and -60000 <= number <= 60000 and not mode.special.more:
        return wrap(np.array(number, dtype.numpy))
    # A number that is too large for half precision is not refused, but becomes infinite where it is converted.
    half = dtype.is_floating_point and dtype.itemsize == 2
    return condition.new_full((), number, dtype=dtypes.float64 if half else dtype)


def _scalar_name(t: Any) -> str:
    return t._dtype.legacy.removesuffix("Tensor")


@composite(function=False, name="where")
def _where_method(input: Any, condition: Any = MISSING, other: Any = MISSING) -> Any:
    if not isinstance(condition, TensorBase) or not isinstance(other, OPERANDS):
        forms = "Tensor condition, Tensor other", "Tensor condition, Number other"
        raise _where_error(forms, [x for x in (condition, other) if x is not MISSING])
    return where(condition, input, other)


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


def _declare_in_place(compare: str) -> None:
    """The nodes of a comparison that replaces its first input: no gradient comes from there."""

    def with_number(input: Array, other: Any) -> Array:
        return REGISTRY[compare].forward(input, other).astype(input.dtype)

    def with_tensor(input: Array, other: Array, source: Any) -> Array:
        return REGISTRY[compare].forward(input, other).astype(input.dtype)

    options: dict[str, Any] = {"aten": compare + "_", "function": False, "method": False, "input": "zeros_like(grad)"}
    name = compare.capitalize()
    operation(name=f"_{compare}_number", node=f"{name}Backward0", **options)(with_number)
    options["other"] = "to_dtype(fit_like(zeros_like(grad), shape(other)), source)"
    operation(name=f"_{compare}_tensor", node=f"{name}Backward1", **options)(with_tensor)


for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    _declare_in_place(_name)


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


@elementwise(kernel=np.isnan, result="bool", inplace=False, out=False)
def isnan(input: Array) -> Array:
    """Whether each element is NaN."""


@elementwise(kernel=np.isinf, result="bool", inplace=False, out=False)
def isinf(input: Array) -> Array:
    """Whether each element is infinite."""


@elementwise(kernel=np.isfinite, result="bool", inplace=False, out=False)
def isfinite(input: Array) -> Array:
    """Whether each element is neither infinite nor NaN."""


@elementwise(
    kernel=np.signbit, result="bool", inplace=False,
    check=refused("signbit is not implemented for complex tensors.", NO_COMPLEX),
)  # fmt: skip
def signbit(input: Array) -> Array:
    """Whether the sign bit of each element is set."""
