"""``out=``: the tensor that the caller gives for the result, its shape, and which dtypes it may have."""

import math
import warnings
from typing import Any, NoReturn

import numpy as np
from numpy.lib.array_utils import byte_bounds

from .. import dtypes
from ..autograd import mode
from ..autograd.failing import NotImplemented, failing
from ..autograd.grad_mode import no_grad
from ..autograd.leaf import AccumulateGrad
from ..base import TensorBase, bump, namespace
from . import elementwise_general as general
from . import elementwise_large
from .declare import write_out
from .history import rebase, refresh
from .inplace import castable, saved_is_kept, write
from .overlap import refuse_overlap, refuse_partly_shared

_EXACTLY = "Expected out tensor to have dtype {want.c_name}, but got {got.c_name} instead"
_FOUND = "expected scalar_type {want.scalar_name} but found {got.scalar_name}"
_MATCH = (
    "Expected the dtype for input and out to match, but got {want.scalar_name} for input's dtype and "
    "{got.scalar_name} for out's dtype."
)
_COMPLEX = "Expected object of scalar type {want.scalar_name} but got scalar type {got.scalar_name} for argument 'out'"
_NORM = "{name} expected out tensor dtype {want.scalar_name} but got: {got.scalar_name}"
_QUANTILE = "quantile() out tensor must be same dtype as the input tensor"
_SEARCH = (
    "torch.searchsorted(): output tensor's dtype is wrong, it can only be Int(int32) or Long(int64) depending on "
    "whether out_int32 flag is True, but we got output tensor's dtype {got.scalar_name} and out_int32 flag is {is_int}"
)

# Operations whose ``out=`` must have the dtype of the result, and what they say of another. All others convert.
REFUSALS = {
    **dict.fromkeys(
        [
            "neg", "abs", "sgn", "sign", "conj_physical", "floor", "ceil", "trunc", "frac", "round", "bitwise_not",
            "gelu", "hardshrink", "softplus", "softshrink", "lerp",
        ],
        "Found dtype {got.scalar_name} but expected {want.scalar_name}",
    ),
    **dict.fromkeys(["signbit", "isposinf", "isneginf"], "{name} does not support non-boolean outputs."),
    **dict.fromkeys(
        [
            "addmm", "addmv", "baddbmm", "bmm", "linear", "mm", "matmul", "linalg_cross", "max", "min", "aminmax",
            "argmax", "argmin", "softmax", "log_softmax", "topk", "sort", "msort", "index_copy", "index_add",
            "index_reduce", "sum", "nansum", "prod",
            "take_along_dim", "cumsum", "cumprod", "gather", "scatter", "scatter_add", "scatter_reduce",
            "slice_scatter", "tril", "triu", "renorm",
            "diag", "isin", "permute_copy", "linalg_vector_norm", "linalg_det", "linalg_cholesky",
            "linalg_eigvalsh", "linalg_matrix_power", "linalg_inv", "linalg_solve", "linalg_svdvals",
            "linalg_cholesky_ex", "linalg_inv_ex", "linalg_solve_ex", "linalg_lu_factor", "linalg_lu_factor_ex",
            "linalg_lu", "linalg_lu_solve", "linalg_qr", "linalg_ldl_factor", "linalg_ldl_factor_ex",
            "linalg_ldl_solve", "linalg_eigh", "linalg_svd", "linalg_slogdet", "linalg_solve_triangular",
            "lu_unpack", "triangular_solve", "qr", "svd", "avg_pool2d", "avg_pool3d",
        ],
        _EXACTLY,
    ),
    **dict.fromkeys(["cummax", "cummin", "logcumsumexp"], _FOUND),
    "native_batch_norm": "expected scalar type {want.scalar_name} but found {got.scalar_name}",
    "hash_tensor": "Expected result to be of dtype uint64, but got {got.scalar_name}",
    **dict.fromkeys(["amax", "amin"], _MATCH),
    **dict.fromkeys(["complex", "polar"], _COMPLEX),
    **dict.fromkeys(["quantile", "nanquantile"], _QUANTILE),
    **dict.fromkeys(["searchsorted", "bucketize"], _SEARCH),
    **dict.fromkeys(["dot", "vdot"], "result dtype {got.scalar_name} does not match input dtype {want.scalar_name}"),
    "addbmm": "self and mat2 must have the same dtype, but got {got.scalar_name} and {want.scalar_name}",
    "mv": (
        "addmv input tensors must have the same dtype, but got {got.scalar_name}, {want.scalar_name}, and "
        "{want.scalar_name}"
    ),
    "multi_dot": "multi_dot(): expected out tensor to have dtype {want.c_name} but got {got.c_name}",
    **dict.fromkeys(["fft_ifft", "fft_ihfft"], "Found dtype {got.scalar_name} but expected {want.scalar_name}"),
    "ormqr": (
        "torch.ormqr: Expected input and result to have the same dtype, but input has dtype{want.scalar_name} and "
        "result has dtype {got.scalar_name}"
    ),
    "linalg_matrix_norm": "linalg.matrix_norm expected out tensor dtype {want.scalar_name} but got: {got.scalar_name}",
    "linalg_vecdot": "linalg.vecdot: Expected out of dtype{want.scalar_name} but found {got.scalar_name}",
    "kthvalue": "output values must be of same type as input",
    "mode": "expected scalar type '{want.scalar_name}' but got '{got.scalar_name}' for values output",
    "float_power": (
        "the output given to float_power has dtype {got.scalar_name} but the operation's result requires dtype "
        "{want.scalar_name}"
    ),
    "heaviside": "heaviside is not yet implemented for tensors with different dtypes.",
    "nan_to_num": "nan_to_num: dtype of out: {got.scalar_name} should be same as input: {want.scalar_name}",
    "masked_select": "masked_select(): self and result must have the same scalar type",
    "index_select": "index_select(): self and result must have the same scalar type",
    "nonzero": "nonzero: Expected out tensor to have scalar type Long but got scalar type{got.scalar_name}",
    "take": (
        "take(): self and out expected to have the same dtype, but got self.dtype = {want.scalar_name} and out.dtype = "
        "{got.scalar_name}"
    ),
    **dict.fromkeys(("histc", "histogram"),
        "torch.histogram: input tensor and hist tensor should have the same dtype, but got input {want.c_name} and "
        "hist {got.c_name}"
    ),
    "log_sigmoid": "expected scalar type {want.scalar_name} but found {got.scalar_name}",
    "diff": _FOUND,
    "frexp": "torch.frexp() expects mantissa to have dtype {want.c_name} but got {got.c_name}",
    **dict.fromkeys(("tensordot", "inner"),
        "tensordot: Expected the output tensor to have dtype {want.scalar_name}, but got an output tensor with dtype "
        "{got.scalar_name}"
    ),
    "where": "Expected out type to be {want.scalar_name} but got {got.scalar_name}",
}  # fmt: skip


class _Named:
    """What `write_out` asks of an operation, for functions made of several."""

    formulas = True

    def __init__(self, public_name: str, converts: bool):
        self.public_name = public_name
        self.converts = converts


def finish_out(out: Any, result: Any, name: str, converts: bool = False, apart: tuple[Any, ...] = ()) -> Any:
    """Stores the result of the function called `name` in ``out=`` if there is one.

    Args:
        out: the tensor given, or None.
        result: the result.
        name: the function's name, in the words of errors and for finding its rule about dtypes.
        converts: whether this form of the function converts the result where the others do not.
        apart: operands that may not share a part of their memory with `out`.
    """
    return result if out is None else write_out(_Named(name, converts), out, result, apart)


def several_out(out: Any, results: Any, name: str) -> Any:
    """Stores the results of an operation with several in the tuple ``out=`` if there is one."""
    if out is None:
        return results
    return type(results)([finish_out(o, r, name) for o, r in zip(out, results, strict=True)])


def refuse_shared(out: Any, *inputs: Any, shape: tuple[int, ...] | None = None) -> None:
    """Refuses an ``out=`` of an operation that reads its inputs while it writes, if they share memory.

    Args:
        out: the tensor given, or None.
        inputs: what is read.
        shape: the result's shape, if it is known: a tensor of another one would meet its inputs once it is resized.

    Raises:
        RuntimeError: that is so.
    """
    if out is None:
        return
    shared = any(out is x or np.may_share_memory(out._data, x._data) for x in inputs)
    if not shared and shape is not None and out._shape != shape and out._data.base is not None:
        shared = any(_meets_once_resized(out._data, math.prod(shape), x._data) for x in inputs)
        if shared:
            warn_resized(out, shape)
    if shared:
        raise RuntimeError(
            "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single "
            "memory location. Please clone() the tensor before performing the operation."
        )


def _meets_once_resized(out: np.ndarray, count: int, x: np.ndarray) -> bool:
    """Whether `count` elements from the first of `out` on would reach `x`, which looks at the same memory."""
    low, high = byte_bounds(x)
    first = out.ctypes.data
    return low < first + count * out.itemsize and first < high and _owner(out) is _owner(x)


def _owner(array: np.ndarray) -> Any:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def refuse_reading(changed: Any, *operands: Any) -> None:
    """Refuses an in-place operation that reads what it writes, where both lie in memory without gaps.

    Raises:
        RuntimeError: that is so.
    """
    mine = changed._data
    if type(mine) is np.ndarray and mine.size and _without_gaps(mine):
        for t in operands:
            if isinstance(t, TensorBase) and t._shape and type(t._data) is np.ndarray and _without_gaps(t._data):
                refuse_shared(changed, t)


def _without_gaps(array: np.ndarray) -> bool:
    return array.flags.c_contiguous or array.flags.f_contiguous


def refuse_dtype(name: str, got: dtypes.dtype, want: dtypes.dtype) -> None:
    """Refuses a result of dtype `want` for ``out=`` of dtype `got`, if the operation does not convert to that.

    Raises:
        RuntimeError: in the operation's words.
    """
    if got is want:
        return
    words = _EXACTLY if name.endswith("_copy") else REFUSALS.get(name)
    if words is not None:
        if name == "heaviside" and got.is_complex:
            words = "heaviside is not yet implemented for complex tensors."
        raise RuntimeError(words.format(name=name, got=got, want=want, is_int=want is dtypes.int32))
    if name in ("nansum", "nanmean") and want.is_floating_point and not got.is_floating_point:
        raise NotImplementedError(f"\"nansum_cpu\" not implemented for '{got.scalar_name}'")
    if name in ("all", "any") and got is not dtypes.uint8 and got is not dtypes.bool_:
        raise RuntimeError(f"{name} only supports bool tensor for result, got: {got.scalar_name}")
    if name in ("std", "var") and got.is_complex and not want.is_complex:
        raise NotImplementedError(f"\"std_cpu\" not implemented for '{got.scalar_name}'")
    if name == "cat" and not dtypes.can_cast(want, got):
        raise TypeError(f"torch.cat(): input types can't be cast to the desired output type {got.scalar_name}")
    if name == "ldexp" and got.category < dtypes.FLOATING:
        raise RuntimeError(f"ldexp can't be cast to the desired output type {got.scalar_name}")
    castable(want, got)


def warn_resized(out: Any, shape: tuple[int, ...]) -> None:
    """Warns that a tensor given as ``out=`` takes on another shape, if it had any elements."""
    if out._data.size:
        warnings.warn(
            f"An output with one or more elements was resized since it had shape {list(out._shape)}, which does not "
            f"match the required output shape {list(shape)}. This behavior is deprecated, and in a future PyTorch "
            "release outputs will not be resized unless they have zero elements. You can explicitly reuse an out "
            "tensor t by resizing it, inplace, to zero elements with t.resize_(0).",
            UserWarning,
            stacklevel=4,
        )


def store_out(op: Any, out: Any, result: Any, apart: tuple[Any, ...] = ()) -> Any:
    """Stores a result in ``out=``, which is resized if it has another shape.

    Args:
        op: the operation.
        out: the tensor given.
        result: the result.
        apart: operands that may not share a part of their memory with `out`.

    Raises:
        RuntimeError: the result's dtype cannot be stored, an operand is in the way, or gradients are required.
        TypeError: `out` is not a tensor.
    """
    if isinstance(result, tuple):
        return op.result_type([store_out(op, o, r) for o, r in zip(out, result, strict=True)])
    name = op.public_name
    if not isinstance(out, TensorBase):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if mode.local.grad and op.formulas and (result._node is not None or out._node is not None):
        refuse_recording(name)
    dual = mode.local.dual
    if dual is not None and (dual.tangent(out) is not None or dual.tangent(result) is not None):
        raise NotImplementedError(
            f"Trying to use forward AD with {name}_out that does not support it because it is an out= function"
        )
    refuse_dtype("" if getattr(op, "converts", False) else name, out._dtype, result._dtype)
    mode.refuse_inference(out)
    if mode.special.count:
        saved_is_kept(out)
    if apart and type(out._data) is np.ndarray and out._shape == result._shape:
        refuse_partly_shared(out, apart)
    if out._shape != result._shape:
        warn_resized(out, result._shape)
        # A resized tensor lies as the result does, to the program; but what LAPACK computes, which lies row by row.
        order: Any = "K" if type(result._data) is np.ndarray and not name.startswith("linalg_") else "C"
        out._data = np.empty_like(result._data, out._data.dtype, order, False)
        out._shape = result._shape
    write(out, result._data)
    refresh(out)
    return out


def elementwise_out(op: Any, operands: tuple[Any, ...], out: Any) -> Any:
    """Computes an elementwise operation into ``out=``: at once if that is like all operands, else by a copy."""
    if (
        not mode.special.count
        and isinstance(out, TensorBase)
        and out._dtype.plain
        and out._node is None
        and op.result is None
        and type(out._versions) is list
    ):
        array = out._data
        arrays = []
        for x in operands:
            if not isinstance(x, TensorBase) or x._dtype is not out._dtype or x._node is not None:
                break
            if x._shape == out._shape:
                arrays.append(x._data)
        large = array.size >= namespace["LARGE"]
        if len(arrays) == len(operands) and type(array) is np.ndarray and (large or type(op.forward) is np.ufunc):
            if 0 in array.strides:
                refuse_overlap(out)
            # Arrays that own their memory do not share it.
            own = array.base is None
            for a in arrays:
                if a is not array and not (own and a.base is None) and np.may_share_memory(a, array):
                    break
            else:
                if large:
                    elementwise_large.compute(op, tuple(arrays), array)
                else:
                    op.forward(*arrays, array)
                bump(out)
                if len(out._versions) > 1:
                    refresh(out)
                return out
    if mode.local.grad and isinstance(out, TensorBase):
        nodes = [x._node for x in operands if isinstance(x, TensorBase) and x._node is not None]
        if op.node_name == "NotImplemented" or (not op.formulas and op.result != "bool"):
            if out._node is not None or (nodes and op.formulas):
                return _never_differentiated(op, operands, nodes, out)
        elif op.formulas and (out._node is not None or (nodes and _differentiated(op, operands))):
            refuse_recording(op.public_name)
    try:
        if op.public_name == "abs" and isinstance(out, TensorBase) and operands[0]._dtype.is_complex:
            refuse_overlap(out)
            return finish_out(out, general.elementwise_general(op, operands), "abs", converts=True)
        return general.elementwise_general(op, operands, out)
    except NotImplementedError as error:
        # PyTorch finds the result's dtype before the kernel.
        if isinstance(out, TensorBase) and general.names_kernel(error):
            common = general.result_type(*operands)
            floating = op.floating and common.category < dtypes.FLOATING
            want = dtypes.bool_ if op.result == "bool" else dtypes.get_default_dtype() if floating else common
            refuse_dtype(op.public_name, out._dtype, want)
        raise


def refuse_recording(name: str) -> NoReturn:
    """Refuses ``out=`` of a function, of which a gradient is required.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(
        f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
        "arguments requires grad."
    )


def _differentiated(op: Any, operands: tuple[Any, ...]) -> bool:
    """Whether an operation would be recorded."""
    return any([
        isinstance(x, TensorBase) and x._node is not None and n in op.formulas
        for n, x in zip(op.tensors, operands, strict=True)
    ])  # fmt: skip


def _never_differentiated(op: Any, operands: tuple[Any, ...], nodes: list[Any], out: Any) -> Any:
    """Computes into ``out=`` what PyTorch has no derivative of, which is recorded as a change of `out`."""
    former = out._node
    if type(former) is AccumulateGrad:
        refuse_recording("aten::" + op.public_name)
    with no_grad():
        elementwise_out(op, operands, out)
    edges = (*nodes, former) if former is not None else tuple(nodes)
    rebase(out, failing(NotImplemented, f"derivative for aten::{op.name} is not implemented", edges), None)
    return out


namespace.update(store_out=store_out, elementwise_out=elementwise_out)
