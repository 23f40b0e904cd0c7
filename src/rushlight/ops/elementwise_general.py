"""The general path of elementwise operations: broadcasting, promotion, numbers on either side, ``out=``.

The entries made by entries.py come here when their short path does not fit. The path is the same for all operations:
find the common dtype, convert the operands, compute, record with gradients fitted back to each input.
"""

from math import prod
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import UNTOUCHED, TensorBase, namespace, wrap
from ..kernels import complex_halves, reduction
from ..kernels.layout import dense, result_array
from ..kernels.numpy_common import FEW, narrow, widen
from .arguments import OPERANDS, TAKE_NUMBERS_AS_TENSORS, TAKE_NUMBERS_FIRST, argument_error, kept
from .convert import discards
from .declare import in_formulas, tensor_names, write_out
from .operation import Operation
from .overlap import refuse_lying_across

ndarray = np.ndarray


def result_type(*operands: Any) -> dtypes.dtype:
    """The dtype of an operation on tensors and numbers, by PyTorch's rules of category and dimension.

    Raises:
        ValueError: there is no operand.
    """
    if operands and isinstance(operands[0], TensorBase):
        usual = operands[0]._dtype
        for x in operands:
            if x._dtype is not usual if isinstance(x, TensorBase) else not keeps(usual, x):
                break
        else:
            return usual
    best: list[dtypes.dtype | None] = [None, None, None]
    for x in operands:
        if isinstance(x, TensorBase):
            level, d = (0 if x._shape else 1), x._dtype
        else:
            level, d = 2, dtypes.of_operand(python_number(x) if isinstance(x, np.generic) else x)
        have = best[level]
        best[level] = d if have is None else dtypes.promote_types(have, d)
    result: dtypes.dtype | None = None
    for d_ in best:
        if d_ is None:
            continue
        if result is None:
            result = d_
        elif d_.category > result.category:
            # What has fewer dimensions decides the category only; a floating-point type keeps its precision.
            if d_.category == dtypes.COMPLEX and result.category == dtypes.FLOATING:
                result = result.to_complex()
            else:
                result = dtypes.promote_types(result, d_)
    if result is None:
        raise ValueError("result_type() needs an operand")
    return result


def common_dtype(first: Any, second: Any) -> dtypes.dtype:
    """The `result_type` of two tensors, looked up."""
    if first._dtype is second._dtype:
        return first._dtype  # type: ignore[no-any-return]
    key = first._dtype, second._dtype, not first._shape, not second._shape
    found = _COMMON.get(key)
    if found is None:
        found = _COMMON[key] = result_type(first, second)
    return found


_COMMON: dict[tuple[Any, ...], dtypes.dtype] = {}


def keeps(dtype: dtypes.dtype, number: Any) -> bool:
    """Whether a Python number beside a tensor of `dtype` plainly leaves it that."""
    if type(number) is int:
        return dtype.category >= dtypes.INTEGRAL and -0x8000000000000000 <= number <= 0x7FFFFFFFFFFFFFFF
    return type(number) is float and dtype.category >= dtypes.FLOATING


def broadcast_shapes(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an elementwise result.

    Raises:
        RuntimeError: the shapes do not broadcast.
    """
    if a == b or not b:
        return a
    n = max(len(a), len(b))
    pairs = list(zip((1,) * (n - len(a)) + a, (1,) * (n - len(b)) + b, strict=True))
    for i in reversed(range(n)):
        p, q = pairs[i]
        if p != q and p != 1 and q != 1:
            raise RuntimeError(
                f"The size of tensor a ({p}) must match the size of tensor b ({q}) at non-singleton dimension {i}"
            )
    return tuple([q if p == 1 else p for p, q in pairs])


def names_kernel(error: NotImplementedError) -> bool:
    """Whether an error is that of PyTorch's kernels, which come after the checks of memory, shapes and dtypes."""
    return str(error).startswith('"')


def compute(op: Operation, operands: tuple[Any, ...], target: Any = None) -> tuple[np.ndarray, dtypes.dtype]:
    """The result array of an elementwise operation on tensors and numbers, and the dtype it was computed in.

    Args:
        op: the operation.
        operands: its operands.
        target: the tensor that the result will be written to, or None for a new one.
    """
    first, last = operands[0], operands[-1]
    arrays: tuple[np.ndarray, ...] | None = None
    common: Any = None
    if isinstance(first, TensorBase):
        if isinstance(last, TensorBase):
            if first._dtype is last._dtype:
                common = first._dtype
                arrays = (first._data,) if len(operands) == 1 else (first._data, last._data)
            else:
                common = common_dtype(first, last)
        elif op.takes_numbers and keeps(first._dtype, last):
            common = first._dtype
            number = common.scalars.get(last)
            arrays = first._data, kept(last, number_array(last, common), common) if number is None else number
    if common is None:
        operands = numbers_allowed(op, operands)
        common = result_type(*operands)
    if op.check is not None:
        try:
            op.check(common, *operands)
        except NotImplementedError as error:
            if not names_kernel(error):
                raise
            if target is not None:
                refuse_lying_across(target, operands)
            if len(operands) == 2:
                broadcast_shapes(*(x._shape if isinstance(x, TensorBase) else () for x in operands))
            raise
    if target is not None:
        refuse_lying_across(target, operands)
    if op.floating and common.category < dtypes.FLOATING:
        common, arrays = dtypes.get_default_dtype(), None
    if common is dtypes.complex32:
        return _of_complex_halves(op, operands), common
    if arrays is not None and common.category != dtypes.FLOATING:
        op.direct.add(common)
    if arrays is None and len(operands) == 2 and isinstance(first, TensorBase) and isinstance(last, TensorBase):
        arrays = _in_dtype(first, common), _in_dtype(last, common)
    if arrays is None:
        arrays = tuple([
            number_array(x, common) if not isinstance(x, TensorBase)
            else x._data if x._dtype is common
            else (x._data if x._data.flags.c_contiguous else dense(x._data)).astype(common.numpy)
            for x in operands
        ])  # fmt: skip
    if len(arrays) == 2 and arrays[1].ndim and arrays[0].shape != arrays[1].shape:
        broadcast_shapes(arrays[0].shape, arrays[1].shape)
    if common.itemsize == 2 and common.category == dtypes.FLOATING:
        large = arrays[0].size >= namespace["LARGE"]
        if op.wide and _keeps_precision(operands[1], common):
            second = operands[1]
            number = second._data if isinstance(second, TensorBase) else number_array(second, dtypes.float32)
            arrays = widen(arrays[0]), np.asarray(number, np.float32)
            result = namespace["compute_large"](op, arrays) if large else op.forward(*arrays)
            return result_array(narrow(result, common.numpy)), common
        if large:
            return namespace["compute_large"](op, arrays), common
    result = op.forward(*arrays)
    return (result if type(result) is np.ndarray else result_array(result)), common


# What PyTorch computes of complex32; and the kernels of other operations, where the name is not the operation's.
_KNOWS_COMPLEX_HALVES = frozenset(
    "abs add conj conj_physical conj_physical_ eq isfinite isinf isnan mul ne neg rsub sgn sub".split()
)
_KERNELS = {
    **{name: f"{name}_vml_cpu" for name in (
        "acos asin atan cos erf erfc erfinv exp expm1 i0 lgamma log log10 log1p log2 round sin sqrt tan tanh".split()
    )},
    "bitwise_left_shift": "lshift_cpu", "bitwise_right_shift": "rshift_cpu", "digamma": "digamma", "exp2": "exp2",
    "floor_divide": "div_floor_cpu", "ldexp": "pow", "pow": "pow",
}  # fmt: skip


def _of_complex_halves(op: Operation, operands: tuple[Any, ...]) -> np.ndarray:
    """The result of an operation on complex32, computed in complex64 and rounded.

    Raises:
        RuntimeError: the shapes do not broadcast.
        NotImplementedError: it is none of the few that PyTorch has a kernel for.
    """
    forward = op.forward
    if len(operands) == 2 and op.aten != "ldexp":
        broadcast_shapes(*(x._shape if isinstance(x, TensorBase) else () for x in operands))
    if op.aten == "ldexp" and not any(x._dtype is dtypes.complex32 for x in operands):
        # A product with powers of two, which are of the exponent's own type.
        operands, forward = (operands[0], np.exp2(widen(operands[1]._data))), np.multiply
    elif op.aten not in _KNOWS_COMPLEX_HALVES:
        raise NotImplementedError(f"\"{_KERNELS.get(op.aten, f'{op.aten}_cpu')}\" not implemented for 'ComplexHalf'")
    arrays = [np.asarray(x._data if isinstance(x, TensorBase) else x) for x in operands]
    found = result_array(forward(*[narrow(a, dtypes.complex32.numpy).astype(np.complex64) for a in arrays]))
    kind = {"c": dtypes.complex32, "f": dtypes.float16}.get(found.dtype.kind)
    return found if kind is None else narrow(found, kind.numpy)


def _in_dtype(t: Any, dtype: dtypes.dtype) -> np.ndarray:
    a: np.ndarray = t._data
    if t._dtype is dtype:
        return a
    return (a if a.flags.c_contiguous else dense(a)).astype(dtype.numpy)


def _keeps_precision(second: Any, common: dtypes.dtype) -> bool:
    """Whether an operand is a number, or a tensor of no dimensions and another dtype."""
    return not isinstance(second, TensorBase) or (not second._shape and second._dtype is not common)


def numbers_allowed(op: Operation, operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """The operands with NumPy's scalars as Python numbers.

    Raises:
        TypeError: an operand is neither a tensor nor a number, or the operation takes no number there.
    """
    found: list[Any] = []
    for i, x in enumerate(operands):
        if not isinstance(x, TensorBase):
            first = len(operands) == 2 and (op.aten in TAKE_NUMBERS_AS_TENSORS or (
                (op.takes_number_first or op.aten in TAKE_NUMBERS_FIRST) and isinstance(operands[1], TensorBase)
            ))  # fmt: skip
            if not isinstance(x, OPERANDS) or not op.takes_numbers or (i == 0 and not first):
                raise argument_error(op, operands)
            if isinstance(x, np.generic):
                x = python_number(x)
        found.append(x)
    return tuple(found)


def python_number(x: Any) -> Any:
    """A NumPy scalar as the Python number that PyTorch takes it for."""
    if isinstance(x, np.integer):
        return int(x)
    return complex(x) if isinstance(x, np.complex128) else float(x)


def number_array(value: Any, dtype: dtypes.dtype) -> np.ndarray:
    """A number as a 0-dim array; integers wrap around as in PyTorch instead of overflowing."""
    if dtype.category == dtypes.INTEGRAL:
        return np.asarray(int(value) & 0xFFFFFFFFFFFFFFFF, np.uint64).astype(dtype.numpy)
    return np.asarray(value).astype(dtype.numpy)


def record_fitted(op: Operation, first: Any, second: Any, t: Any, complex: bool = True) -> None:
    """Gives `t`, the result of two tensors (or of one, if `second` is None), a node whose gradients are fitted."""
    if second is None:
        made, saves = op.fitted_recorder(1, complex)
        if saves:
            t._versions = [0]
        t._node = made(first, t._data, t._versions)
        return
    made, saves = op.fitted_recorder((first._node is not None) | (second._node is not None) << 1, complex)
    if saves:
        t._versions = [0]
    t._node = made(first, second, t._data, t._versions)


def _converted_first(op: Operation, first: Any, last: Any) -> Any:
    """The result for few elements of tensors alike but for their dtypes, which become a plain one; None for others."""
    if not isinstance(first, TensorBase) or not isinstance(last, TensorBase) or first._shape != last._shape:
        return None
    common = common_dtype(first, last)
    if op.floating and common.category < dtypes.FLOATING:
        common = dtypes.get_default_dtype()
    a, b = first._data, last._data
    if not common.plain or type(a) is not ndarray or type(b) is not ndarray or a.size >= namespace["LARGE"]:
        return None
    if first._dtype is not common:
        if not a.flags.c_contiguous:
            return None
        a = a.astype(common.numpy)
    if last._dtype is not common:
        if not b.flags.c_contiguous:
            return None
        b = b.astype(common.numpy)
    t = wrap(op.forward(a, b))
    # A stale view may be read while nothing is recorded, and its node may not.
    if op.formulas and mode.local.grad and (first._node is not None or last._node is not None):
        if t._dtype.category >= dtypes.FLOATING:
            record_fitted(op, first, last, t, False)
    return t


def elementwise_general(op: Operation, operands: tuple[Any, ...], out: Any = None) -> Any:
    """Runs an elementwise operation on any operands it allows, and stores the result in `out` if that is given."""
    if out is None and len(operands) == 2 and op.check is None:
        quick = _converted_first(op, *operands)
        if quick is not None:
            return quick
    result, common = compute(op, operands, out)
    t = wrap(result)
    first, last = operands[0], operands[-1]
    recorded = op.formulas and mode.local.grad
    if recorded and not (getattr(first, "_node", None) is getattr(last, "_node", None) is None):
        tensors = (
            isinstance(first, TensorBase) and isinstance(last, TensorBase) and t._dtype.category >= dtypes.FLOATING
        )
        if tensors and not (common.plain and result.size >= namespace["LARGE"]):
            complex = common.category == dtypes.COMPLEX or t._dtype.category == dtypes.COMPLEX
            record_fitted(op, first, None if len(operands) == 1 else last, t, complex)
            return t if out is None else write_out(op, out, t)
        need = tuple([
            n for n, x in zip(op.tensors, operands, strict=True)
            if isinstance(x, TensorBase) and x._node is not None and n in op.formulas
        ])  # fmt: skip
        if need and t._dtype.category >= dtypes.FLOATING:
            t._node = record(op, need, operands, result, common, t)
    if out is None:
        return t
    if op.result == "bool" and common.is_complex and len(operands) == 2 and result.size:
        discards(common, out._dtype)
    return write_out(op, out, t)


def record(
    op: Operation, need: tuple[str, ...], operands: tuple[Any, ...], result: np.ndarray, common: Any, t: Any
) -> Any:
    """Makes the node of an elementwise operation; `t` is the tensor that carries the result's version."""
    numbers: tuple[str, ...] = ()
    saved: list[Any] = []
    # NumPy's other types do not keep their type beside Python's numbers, which formulas are full of.
    fit = not common.plain
    for n, x in zip(op.tensors, operands, strict=True):
        if isinstance(x, TensorBase):
            fit = fit or x._dtype is not t._dtype or x._shape != t._shape
            saved.append(x)
        else:
            # Formulas multiply half precision by numbers that are not rounded to it.
            half = common.itemsize == 2 and common.category == dtypes.FLOATING
            numbers += (n,)
            saved.append(number_array(x, dtypes.float32 if half else common))
    complex = common.category == dtypes.COMPLEX or t._dtype.is_complex
    large = result.size >= namespace["LARGE"] and common.plain
    made, saves = op.maker(need, fit, numbers, complex, large and not complex)
    if saves and t._versions is UNTOUCHED:
        t._versions = [0]
    return made(*saved, result, t._versions)


# ---------------------------------------------------------------------------------------------- fitting gradients
_DOUBLE = np.dtype(np.float64)


def sum_to_shape(grad: Any, shape: tuple[int, ...]) -> Any:
    """Sums an array over the dimensions along which `shape` was broadcast to the array's shape."""
    lead = grad.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(lead + i for i, n in enumerate(shape) if n == 1 and grad.shape[lead + i] != 1)
    if axes:
        dtype = grad.dtype
        if dtype.kind not in "fcV":
            grad = grad.sum(axes, keepdims=True)
        elif grad.size <= FEW and dtype.itemsize > 2:
            # Across rows NumPy adds one by one; so many numbers that may be equal are better added in double precision.
            wide = _DOUBLE if dtype.char == "f" and grad.size > 16 * prod(shape) else dtype
            grad = np.add.reduce(grad, axes, wide, None, True).astype(dtype, copy=False)
        else:
            grad = reduction.sum_over(grad, axes, True)
    return grad.reshape(shape)


def _fit_array(grad: Any, target: tuple[tuple[int, ...], dtypes.dtype]) -> Any:
    shape, dtype = target
    if grad.shape != shape:
        grad = sum_to_shape(grad, shape)
    if grad.dtype is not dtype.numpy and grad.dtype != dtype.numpy:
        if grad.dtype.kind in "cW" and dtype.category != dtypes.COMPLEX:
            grad = complex_halves.real(grad)
        grad = grad.astype(dtype.numpy)
    return grad


def _fit_tensor(grad: Any, target: tuple[tuple[int, ...], dtypes.dtype]) -> Any:
    shape, dtype = target
    if grad._shape != shape:
        grad = tensor_names["sum_to_size"](grad, shape)
    if grad._dtype is not dtype:
        if grad._dtype.is_complex and not dtype.is_complex:
            grad = tensor_names["real"](grad)
        grad = tensor_names["to_dtype"](grad, dtype)
    return grad


in_formulas(_fit_array, _fit_tensor, "fit", aliasing=True)
in_formulas(
    lambda *arrays: tuple([widen(a) for a in arrays]),
    lambda *tensors: tuple([tensor_names["to_dtype"](t, dtypes.float32) for t in tensors]),
    "in_single",
)


namespace.update(elementwise_general=elementwise_general, broadcast_shapes=broadcast_shapes)
