"""Products of vectors, matrices and batches of matrices."""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import TensorBase, wrap
from ..kernels import matmul as kernels
from ..kernels.sparse import SparseArray, product
from .arguments import type_name
from .broadcasting import _expand
from .declare import REGISTRY, Array, composite, in_formulas, operation
from .out import finish_out
from .steps import hidden, operand, product_node
from .view import _reshaped, _unsafe_view, _view, reshape, squeeze, t, unsqueeze

asarray = np.asarray
in_formulas(lambda x: x.mT, lambda x: x.mT, "mT", aliasing=True)
in_formulas(kernels.column_sums, lambda grad: grad.sum(0), "column_sums")


def need_tensors(function: str, *arguments: tuple[str, Any]) -> None:
    """Refuses arguments that are no tensors.

    Args:
        function: its name, for messages.
        arguments: the name and the value of each.

    Raises:
        TypeError: one is none.
    """
    for i, (name, x) in enumerate(arguments):
        if not isinstance(x, TensorBase):
            raise TypeError(f"{function}(): argument '{name}' (position {i + 1}) must be Tensor, not {type_name(x)}")


def _same_dtype(a: Array, b: Array) -> None:
    if a.dtype != b.dtype:
        names = [dtypes.from_numpy(x.dtype).c_name for x in (a, b)]
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {names[0]} != {names[1]}")
    if a.dtype.char == "?" and a.size and b.size:
        raise NotImplementedError("\"addmm_impl_cpu_\" not implemented for 'Bool'")


def same_dtypes(added: Array, mat1: Array, mat2: Array) -> None:
    """Refuses to add and multiply arrays of different dtypes.

    Raises:
        RuntimeError: one is of another dtype than `mat2`.
    """
    for name, m in (("self", added), ("mat1", mat1)):
        if m.dtype != mat2.dtype:
            names = [dtypes.from_numpy(d).scalar_name for d in (m.dtype, mat2.dtype)]
            raise RuntimeError(f"{name} and mat2 must have the same dtype, but got {names[0]} and {names[1]}")


def not_expandable(shape: tuple[int, ...], target: tuple[int, ...]) -> RuntimeError:
    """The error for an array of one shape that is to be broadcast to another and cannot."""
    lead = len(target) - len(shape)
    if lead < 0:
        return RuntimeError(
            f"expand(torch.FloatTensor{{{list(shape)}}}, size={list(target)}): the number of sizes provided "
            f"({len(target)}) must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    at = max(i for i in range(len(shape)) if shape[i] not in (1, target[lead + i]))
    return RuntimeError(
        f"The expanded size of the tensor ({target[lead + at]}) must match the existing size ({shape[at]}) at "
        f"non-singleton dimension {lead + at}.  Target sizes: {list(target)}.  Tensor sizes: {list(shape)}"
    )


def matrix_product(a: Array, b: Array) -> Array:
    """The product of two matrices.

    Raises:
        RuntimeError: they are none, or their shapes or dtypes do not fit.
    """
    if a.ndim == 2 == b.ndim and (dtype := a.dtype) is b.dtype and dtype.char in "fdFD":
        n, m = a.size, b.size
        try:
            if 1 < n <= kernels.FEW and m > 1:
                return a.dot(b)  # type: ignore[no-any-return]
            return a * b if n == 1 == m else kernels.mm(a, b)
        except ValueError:
            pass
    if a.ndim != 2:
        raise RuntimeError("self must be a matrix")
    if b.ndim != 2:
        raise RuntimeError("mat2 must be a matrix")
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]})"
        )
    _same_dtype(a, b)
    return product(a, b) if isinstance(b, SparseArray) else kernels.mm(a, b)


# ---------------------------------------------------------------------------------------------- two vectors or matrices
@operation(kernel=matrix_product, input="mm(grad, conj(mat2.T))", mat2="mm(conj(input.T), grad)",
           tangent="mm(input_t, mat2) + mm(input, mat2_t)")  # fmt: skip
def mm(input: Array, mat2: Array) -> Array:
    """The product of two matrices.

    Args:
        input: ``(n, m)``.
        mat2: ``(m, p)``, of the same dtype.

    Returns:
        ``(n, p)``.

    Raises:
        RuntimeError: an argument is no matrix, or the shapes or dtypes do not fit.
    """


def vector_product(a: Array, b: Array) -> Any:
    """The sum of the products of corresponding elements of two vectors.

    Raises:
        RuntimeError: they are none, or their lengths or dtypes differ.
    """
    if a.ndim == 1 == b.ndim and (dtype := a.dtype) is b.dtype and dtype.char in "fdFD":
        try:
            return asarray(a.dot(b))
        except ValueError:
            pass
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    if a.dtype != b.dtype:
        names = dtypes.from_numpy(a.dtype).scalar_name, dtypes.from_numpy(b.dtype).scalar_name
        raise RuntimeError(f"dot : expected both vectors to have same dtype, but found {names[0]} and {names[1]}")
    if a.shape != b.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a.size}] and src [{b.size}] to have the same number of "
            f"elements, but got {a.size} and {b.size} elements respectively"
        )
    if a.dtype.char == "?":
        raise NotImplementedError("\"dot\" not implemented for 'Bool'")
    return kernels.dot(a, b)


@operation(kernel=vector_product, input="grad * conj(tensor)", tensor="grad * conj(input)",
           tangent="dot(input_t, tensor) + dot(input, tensor_t)")  # fmt: skip
def dot(input: Array, tensor: Array) -> Array:
    """The sum of the products of corresponding elements of two vectors of one dtype.

    Raises:
        RuntimeError: an argument is no vector, or lengths or dtypes differ.
    """


def _conjugate_product(a: Array, b: Array) -> Any:
    return vector_product(np.conjugate(a) if a.dtype.kind in "cW" else a, b)


@operation(kernel=_conjugate_product, input="conj(grad) * other", other="grad * input",
           tangent="vdot(input_t, other) + vdot(input, other_t)")  # fmt: skip
def vdot(input: Array, other: Array) -> Array:
    """As `dot`, with the complex conjugates of the first vector's elements."""


def matrix_vector(a: Array, b: Array) -> Array:
    """The product of a matrix and a vector.

    Raises:
        RuntimeError: they are none, or their shapes or dtypes do not fit.
    """
    if a.ndim == 2 and b.ndim == 1 and (dtype := a.dtype) is b.dtype and dtype.char in "fdFD":
        n, m = a.size, b.size
        try:
            if 1 < n <= kernels.FEW and m > 1:
                return a.dot(b)  # type: ignore[no-any-return]
            return a[0] * b if n == 1 == m else kernels.mm(a, b)
        except ValueError:
            pass
    if a.ndim != 2 or b.ndim != 1:
        if not a.ndim:
            raise IndexError("Dimension specified as 0 but tensor has no dimensions")
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {a.ndim}, {b.ndim}")
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({a.shape[0]}), mat ({a.shape[0]}x{a.shape[1]}), vec ({b.shape[0]})"
        )
    if a.dtype != b.dtype:
        names = dtypes.from_numpy(a.dtype).scalar_name, dtypes.from_numpy(b.dtype).scalar_name
        raise RuntimeError(
            f"addmv input tensors must have the same dtype, but got {names[1]}, {names[0]}, and {names[1]}"
        )
    if a.dtype.char == "?" and a.size:
        raise NotImplementedError("\"addmv_impl_cpu\" not implemented for 'Bool'")
    return kernels.mm(a, b)


@operation(kernel=matrix_vector, input="outer_product(grad, conj(vec))", vec="mv(conj(input.T), grad)",
           tangent="mv(input_t, vec) + mv(input, vec_t)")  # fmt: skip
def mv(input: Array, vec: Array) -> Array:
    """The product of a matrix and a vector of one dtype.

    Raises:
        RuntimeError: the arguments are no matrix and vector, or the shapes or dtypes do not fit.
    """


in_formulas(kernels.outer, lambda a, b: a.unsqueeze(1) * b, "outer_product")


def batch_product(a: Array, b: Array) -> Array:
    """The products of the matrices of two batches.

    Raises:
        RuntimeError: they are none, or their shapes or dtypes do not fit.
    """
    if a.ndim == 3 == b.ndim and a.size <= kernels.FEW and (dtype := a.dtype) is b.dtype and dtype.char in "fdFD":
        if len(a) == len(b):
            try:
                return np.matmul(a, b, order="C")  # type: ignore[no-any-return]
            except ValueError:
                pass
    if a.ndim != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if b.ndim != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a.shape[0]}, {a.shape[2]}] but got: "
            f"[{b.shape[0]}, {b.shape[1]}]."
        )
    if a.dtype != b.dtype or a.dtype.char == "?":
        return _unusual_batches(a, b)
    return kernels.bmm(a, b)


def _unusual_batches(a: Array, b: Array) -> Array:
    """The products of batches of two dtypes or of booleans, which are computed only where there is nothing to add.

    Raises:
        NotImplementedError: they are booleans.
        RuntimeError: the dtypes differ.
    """
    if not a.size or not b.size:
        return np.zeros((*a.shape[:2], b.shape[2]), b.dtype)
    if a.dtype.char == "?":
        raise NotImplementedError("\"bmm\" not implemented for 'Bool'")
    names = dtypes.from_numpy(a.dtype).scalar_name, dtypes.from_numpy(b.dtype).scalar_name
    raise RuntimeError(f"expected scalar type {names[0]} but found {names[1]}")


@operation(kernel=batch_product, input="bmm(grad, conj(mat2.mT))", mat2="bmm(conj(input.mT), grad)",
           tangent="bmm(input_t, mat2) + bmm(input, mat2_t)")  # fmt: skip
def bmm(input: Array, mat2: Array) -> Array:
    """The products of corresponding matrices of two batches, ``(b, n, m)`` and ``(b, m, p)``, of one dtype.

    Raises:
        RuntimeError: an argument is no batch of matrices, or the shapes or dtypes do not fit.
    """


@operation(name="_bmm_of_two_dtypes", node="BmmBackward0", aten="bmm", function=False, method=False, out=False,
           input="cast_to(bmm(grad, conj(mat2.mT)), source)", mat2="bmm(conj(input.mT), grad)")  # fmt: skip
def _bmm_of_two_dtypes(input: Array, mat2: Array, source: Any) -> Array:
    """`bmm` of nothing, whose factors have different dtypes; `source` is the first one's, and its gradient's."""
    return batch_product(input, mat2)


def products(x: Any, y: Any) -> Any:
    """`bmm`, also of nothing whose factors have different dtypes.

    Raises:
        RuntimeError: the factors do not fit, or the product is to be recorded and has no dtype with gradients.
    """
    if x._dtype is y._dtype:
        return bmm(x, y)
    result = _bmm_of_two_dtypes(x, y, x._dtype)
    if result._node is not None and result._dtype.category < dtypes.FLOATING:
        raise RuntimeError(f"Autograd not support dtype: {result._dtype.scalar_name}")
    return result


_bmm_op, _expand_op = REGISTRY["bmm"], REGISTRY["_expand"]
_view_op, _unsafe_view_op = REGISTRY["_view"], REGISTRY["_unsafe_view"]
special = mode.special


# ---------------------------------------------------------------------------------------------- matmul
@composite(raw=np.matmul)
def matmul(input: Any, other: Any, *, out: Any = None) -> Any:
    """The product of vectors, matrices or batches of matrices, by their numbers of dimensions.

    Two vectors give their dot product; a vector stands for a row on the left and a column on the right; the leading
    dimensions of batches broadcast.

    Args:
        input: the left factor.
        other: the right factor, of the same dtype.
        out: the tensor to write to.

    Raises:
        RuntimeError: a factor has no dimensions, or shapes or dtypes do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.matmul.html
    """
    try:
        a, b = len(input._shape), len(other._shape)
    except AttributeError:
        need_tensors("matmul", ("input", input), ("other", other))
        raise
    if a == 2 and b == 2:
        result = mm(input, other)
    elif a == 1 and b == 1:
        result = dot(input, other)
    elif a == 2 and b == 1:
        result = mv(input, other)
    elif a == 1 and b == 2:
        result = _squeeze_at(mm(unsqueeze(input, 0), other), 0)
    elif a == 3 == b and input._node is None is other._node and not special.count:
        result = bmm(input, other) if input._shape[0] == other._shape[0] else _matmul_batched(input, other)
    elif a and b:
        result = _matmul_batched(input, other)
    else:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {a}D and {b}D")
    return result if out is None else finish_out(out, result, "matmul")


@operation(name="_squeeze_at", aten="squeeze_", node="SqueezeBackward4", function=False, method=False,
           input="unsqueeze_to(grad, dim, shape(input))", tangent="linear", out=False)  # fmt: skip
def _squeeze_at(input: Array, dim: int) -> Array:
    """Without a dimension of size 1, on the same memory."""
    return input.squeeze(dim)


def _matmul_batched(a: Any, b: Any) -> Any:
    left, right = len(a._shape), len(b._shape)
    if (a._node is None and b._node is None) and mode.local.dual is None and left > 1 < right and a._dtype is b._dtype:
        if a._dtype.category and a._shape[-1] == b._shape[-2]:
            _broadcast(a._shape[:-2], b._shape[:-2])
            return _matmul_plain(a, b)
    lead = a._shape[:-2]
    if lead and lead == b._shape[:-2] and a._dtype is b._dtype and a._shape[-1] == b._shape[-2] and hidden(a, b):
        if (a._node is not None or b._node is not None) and a._data.flags.c_contiguous and b._data.flags.c_contiguous:
            return _recorded_batches(a, b, lead)
    if left == 3 == right and (a._shape[0] == 1) != (b._shape[0] == 1):
        # One matrix beside several, whose gradient would be the sum of as many.
        if a._shape[0] == 1 and a._node is not None:
            return matmul(squeeze(a, 0), b)
        if b._shape[0] == 1 and b._node is not None:
            return matmul(a, squeeze(b, 0))
    if _folds(a, b):
        larger = left >= right
        t1 = a if larger else (b.mT if right > 1 else b)
        t2 = b if larger else (t(a) if left == 2 else a)
        rows = (math.prod(t1._shape[:-1]), t1._shape[-1])
        folded = _view(t1, rows) if t1._data.flags.c_contiguous else reshape(t1, rows)
        if len(t2._shape) == 2:
            result = _unsafe_view(mm(folded, t2), (*t1._shape[:-1], t2._shape[1]))
            return result if larger else result.mT.contiguous()
        return _unsafe_view(mv(folded, t2), t1._shape[:-1])
    x = unsqueeze(a, 0) if left == 1 else a
    y = unsqueeze(b, 1) if right == 1 else b
    lead = _broadcast(x._shape[:-2], y._shape[:-2])
    (n, m), (k, p) = x._shape[-2:], y._shape[-2:]
    count = math.prod(lead)
    x = _reshaped(_expand(x, (*lead, n, m)), (count, n, m))
    y = _reshaped(_expand(y, (*lead, k, p)), (count, k, p))
    shape = (*lead, *((n,) if left > 1 else ()), *((p,) if right > 1 else ()))
    return _unsafe_view(products(x, y), shape)


def _recorded_batches(a: Any, b: Any, lead: tuple[int, ...]) -> Any:
    """The products of batches of matrices that lie row by row, by the steps of the general way."""
    factors = []
    for factor in (a, b):
        shape = factor._shape
        array = factor._data if len(lead) == 1 else factor._data.reshape(math.prod(lead), *shape[-2:])
        node = _view_op.link(_expand_op.link(factor._node, shape, shape), shape, array.shape)
        factors.append(operand(array, factor, node))
    x, y = factors
    product = batch_product(x._data, y._data)
    shape = (*lead, a._shape[-2], b._shape[-1])
    return wrap(product.reshape(shape), _unsafe_view_op.link(product_node(_bmm_op, x, y), product.shape, shape))


@operation(name="_matmul_plain", aten="matmul", function=False, method=False, out=False, kernel=kernels.bmm)
def _matmul_plain(input: Array, other: Array) -> Array:
    """The products of batches of matrices that need no gradient."""


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    if a == b:
        return a
    from .elementwise_general import broadcast_shapes

    return broadcast_shapes(a, b)


def _folds(a: Any, b: Any) -> bool:
    """Whether a batch times a matrix or vector is one product of matrices, as PyTorch decides it."""
    larger = len(a._shape) >= len(b._shape)
    t1, t2 = (a, b) if larger else (b, a)
    if len(t1._shape) < 3 or len(t2._shape) > 2:
        return False
    if t2._node is not None:
        return True
    if len(a._shape) == 2:
        return False
    data = t1._data if larger else t1._data.swapaxes(-1, -2)
    if not data.size:
        return True
    strides, shape = data.strides, data.shape
    return all(strides[i] == strides[i + 1] * shape[i + 1] for i in range(data.ndim - 2))


@composite(function=False)
def __matmul__(self: Any, other: Any) -> Any:
    if not isinstance(other, TensorBase):
        return NotImplemented
    return mm(self, other) if len(self._shape) == 2 and len(other._shape) == 2 else matmul(self, other)


@composite(function=False)
def __rmatmul__(self: Any, other: Any) -> Any:
    return matmul(other, self) if isinstance(other, TensorBase) else NotImplemented
