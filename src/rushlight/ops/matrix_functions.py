"""Functions of matrices: determinants, powers, exponentials, norms, condition numbers."""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import TensorBase, tensor_names, wrap
from ..kernels import along, elimination, lapack, numpy_matrices, small_matrices
from ..kernels.batches import shared_out
from ..kernels.matrix_exponential import matrix_exponential
from ..kernels.numpy_common import narrow, widen
from ..kernels.numpy_pointwise import sgn
from ..memory_format import contiguous_format
from .arguments import explained
from .comparison import where
from .declare import REGISTRY, Array, composite, in_formulas, operation
from .dimensions import wrap_dim
from .eigen import svd, svdvals
from .extremes import _amax, amax, amin
from .matmul import matmul
from .matrices import finish, need_floating, need_matrices, need_square, of_nothing, tensor_formula
from .out import finish_out
from .solving import _inv_ex, inv, inverses
from .steps import hidden, product_node, recorded, with_result
from .supported import refuse_complex_halves
from .vector_norms import vector_norm
from .view import _view
from .view_parts import _slice

_mul_op, _sum_op, _vector_norm_op = REGISTRY["mul"], REGISTRY["_sum_dims"], REGISTRY["_vector_norm"]


# ---------------------------------------------------------------------------------------------- determinants
def _cofactors_by_inverse(x: Array, determinant: Array) -> Array:
    """The same by the inverses of regular matrices; NaN for others."""
    found = np.full(x.shape, np.nan, x.dtype)
    for i in np.ndindex(x.shape[:-2]):
        try:
            found[i] = np.conjugate(np.asarray(determinant)[i] * inverses(x[i])).T
        except np.linalg.LinAlgError:
            pass
    return found


def _cofactors_of_regular(x: Array, determinant: Array) -> Array:
    """The same for matrices that all are regular; NaN if one is not."""
    try:
        return np.conjugate(determinant[..., None, None] * inverses(x)).swapaxes(-1, -2)
    except np.linalg.LinAlgError:
        return np.full_like(x, np.nan)


def _cofactors(x: Array, determinant: Array) -> Array:
    """The conjugated cofactors of matrices: the derivative of the determinant, also of singular ones."""
    if x.dtype.itemsize == 2:  # matrices of nothing, since others are refused
        return np.ones_like(x)
    if x.shape[-1] == 1:
        return np.ones_like(x)
    if not elimination.all_finite(x):
        return elimination.cofactors(x, determinant)
    with np.errstate(all="ignore"):
        found = _cofactors_by_inverse(x, determinant) if x.ndim == 2 else _cofactors_of_regular(x, determinant)
    if np.isfinite(found).all():
        return found
    u, s, vh = np.linalg.svd(x)
    n = s.shape[-1]
    others = np.ones_like(s)
    for i in range(n):
        others[..., i] = np.prod(np.delete(s, i, -1), -1)
    sign = np.conjugate(np.linalg.det(u) * np.linalg.det(vh))
    return sign[..., None, None] * np.matmul(u * others[..., None, :], vh)


def _cofactors_tensor(x: Any, determinant: Any = None) -> Any:
    if x._shape[-1] == 1:
        return wrap(np.ones_like(x._data))
    singular = np.abs(np.linalg.det(x._data)) < 100 * np.finfo(x._data.dtype).eps
    if not singular.any():
        determinant = _det(x) if determinant is None else determinant
        return determinant.conj().unsqueeze(-1).unsqueeze(-1) * _inv_ex(x)[0].mH
    if singular.all():
        return _cofactors_of_singular(x)
    kinds = [(wrap(kind), of) for kind, of in ((~singular, _cofactors_tensor), (singular, _cofactors_of_singular))]
    found = tensor_names["zeros_like"](x)
    for kind, of in kinds:
        found = found.index_put((kind,), of(x[kind]))
    return found


def _cofactors_of_singular(x: Any) -> Any:
    """By the singular values, as https://nhigham.com/2020/06/16/what-is-the-adjugate-of-a-matrix/ explains."""
    u, s, vh = svd(x)
    sign = (_det(u) * _det(vh)).conj().unsqueeze(-1).unsqueeze(-1)
    columns = list(s.unbind(-1))
    others = [tensor_names["stack"](columns[:i] + columns[i + 1 :], -1).prod(-1) for i in range(len(columns))]
    return sign * ((u * tensor_names["stack"](others, -1).unsqueeze(-2)) @ vh)


def _det_backward(grad: Array, A: Array, determinant: Array) -> Array:
    return grad[..., None, None] * _cofactors(A, determinant)


def _det_backward_tensor(grad: Any, A: Any, determinant: Any) -> Any:
    """The gradient of determinants; that of matrices of no elements depends on nothing."""
    if 0 in A._shape:
        return tensor_names["zeros_like"](A)
    return grad.unsqueeze(-1).unsqueeze(-1) * _cofactors_tensor(A, determinant)


in_formulas(_det_backward, _det_backward_tensor, "det_backward")


def _pivots(x: Array) -> Array | None:
    """Numbers for each matrix whose product is its determinant, ``(n, *batch)``; None where NumPy has to find it."""
    found = small_matrices.pivots(x) if x.ndim > 2 else None
    return lapack.pivots(x) if found is None else found


def _determinant(x: Array) -> Array:
    if x.size and not elimination.all_finite(x):
        diagonal, sign = elimination.pivots(x)
        return np.asarray(np.multiply.reduce(diagonal, 0) * sign)
    if x.ndim == 2 and len(x) < lapack.SMALLEST and x.itemsize > 2:
        return numpy_matrices.det(x)  # type: ignore[no-any-return]
    if (pivots := _pivots(x)) is not None:
        return np.asarray(np.multiply.reduce(pivots, 0))
    return narrow(np.asarray(shared_out(numpy_matrices.det, 1, widen(x)), order="C"), x.dtype)


@operation(name="_det", node="LinalgDetBackward0", aten="linalg_det", function=False, method=False, out=False,
           kernel=_determinant, A="det_backward(grad, A, result)")  # fmt: skip
def _det(A: Array) -> Array:
    """The determinants of matrices."""


def det(A: Any, *, out: Any = None) -> Any:
    """The determinant of a square matrix, or of each of a batch.

    Args:
        A: ``(*, n, n)``.
        out: the tensor to write to.
    """
    need_matrices("linalg.det", A, kernel="lu_cpu")
    return finish(out, of_nothing(_det, A) if A._dtype is dtypes.complex32 else _det(A), "linalg_det")


composite()(det)


@tensor_formula
def slogdet_backward(grad_sign: Any, grad_log: Any, sign: Any, A: Any) -> Any:
    """The gradient of the sign, which varies only if it is complex, and of the logarithm."""
    factor = grad_log
    if sign._dtype.is_complex:
        factor = None if grad_log is None else grad_log.to(sign._dtype)
        if grad_sign is not None:
            turned = (grad_sign.conj() * sign).imag * -1j
            factor = turned if factor is None else factor + turned
    if factor is None:
        return None
    return factor.unsqueeze(-1).unsqueeze(-1) * _inv_ex(A.mH)[0]


@operation(name="_slogdet", node="LinalgSlogdetBackward0", aten="linalg_slogdet", function=False, method=False,
           out=False, outputs=("sign", "logabsdet"), undefined=True,
           A="slogdet_backward(grads[0], grads[1], sign, A)")  # fmt: skip
def _slogdet(A: Array) -> Any:
    """The signs of determinants and the logarithms of their absolute values."""
    if A.size and not elimination.all_finite(A):
        diagonal, sign = elimination.pivots(A)
        return np.multiply.reduce(sgn(diagonal), 0) * sign, np.add.reduce(np.log(np.abs(diagonal)), 0)
    if A.ndim == 2 and len(A) < lapack.SMALLEST:
        return numpy_matrices.slogdet(A)
    if A.dtype.kind == "f" and (pivots := _pivots(A)) is not None:
        with np.errstate(divide="ignore"):
            return np.multiply.reduce(np.sign(pivots), 0), np.add.reduce(np.log(np.abs(pivots)), 0)
    return tuple([np.asarray(f, order="C") for f in shared_out(numpy_matrices.slogdet, 1, A)])


def slogdet(A: Any, *, out: Any = None) -> Any:
    """The sign of the determinant and the logarithm of its absolute value, as ``(sign, logabsdet)``."""
    need_matrices("linalg.slogdet", A)
    return finish(out, _slogdet(A), "linalg_slogdet")


composite()(slogdet)


@composite()
def logdet(input: Any) -> Any:
    """The logarithm of the determinant; NaN where that is negative."""
    need_matrices("logdet", input)
    sign, logabsdet = _slogdet(input)
    if input._dtype.is_complex:
        return sign.log() + logabsdet
    return where(sign == -1, math.nan, logabsdet)


# ---------------------------------------------------------------------------------------------- powers
@explained
def matrix_power(input: Any, n: int, *, out: Any = None) -> Any:
    """A square matrix to a whole power, negative ones of its inverse.

    Raises:
        RuntimeError: the input is no square matrix, or `out` of a dtype that cannot hold the result.
    """
    if len(input._shape) < 2 or input._shape[-1] != input._shape[-2]:
        need_matrices("linalg.matrix_power", input)
    if out is not None and not dtypes.can_cast(input._dtype, out._dtype):
        raise RuntimeError(
            f"matrix_power: Expected result to be safely castable from {input._dtype.scalar_name} dtype, but got "
            f"result with dtype {out._dtype.scalar_name}"
        )
    if n == 0:
        eye = wrap(np.eye(input._shape[-1], dtype=input._data.dtype))
        unit = input.clone(memory_format=contiguous_format).copy_(eye)
        return finish_out(out, unit, "linalg_matrix_power", converts=True)
    if n == 1:
        copied = input.clone(memory_format=contiguous_format)
        return finish_out(out, copied, "linalg_matrix_power", converts=True)
    base = input if n > 0 else inv(input)
    if abs(n) == 3:
        return finish_out(out, matmul(matmul(base, base), base), "linalg_matrix_power")
    left, result = abs(n), None
    while left:
        if left & 1:
            result = base if result is None else matmul(result, base)
        left >>= 1
        if left:
            base = matmul(base, base)
    copied = abs(n) >= 4 and not abs(n) & (abs(n) - 1)  # the others are written by the last product
    return finish_out(out, result, "linalg_matrix_power", converts=copied)


composite(name="matrix_power")(matrix_power)


# ---------------------------------------------------------------------------------------------- the exponential
def _expm(x: Array) -> Array:
    if not x.size:
        return x.copy()
    return matrix_exponential(x)


@tensor_formula
def matrix_exp_backward(grad: Any, A: Any) -> Any:
    """The gradient of the exponential: a block of the exponential of a matrix twice as large.

    The block is linear in `grad`, which is made as small as `A` first: the whole is halved until it is small, and
    squared as often, in which a small part would lose its digits.

    Source: Najfeld and Havel, https://doi.org/10.1006/aama.1995.1017
    """
    from .joining import cat

    n = A._shape[-1]
    size = float(np.abs(grad._data).max(initial=0)) / max(float(np.abs(A._data).max(initial=0)), 1.0)
    halvings = math.frexp(size)[1] if 1 < size < math.inf else 0
    above = cat([A.mH, grad * 0.5**halvings if halvings else grad], -1)
    below = cat([wrap(np.zeros(A._shape, A._data.dtype)), A.mH], -1)
    found = _matrix_exp(cat([above, below], -2)).narrow(-2, 0, n).narrow(-1, n, n)
    return found * 2.0**halvings if halvings else found.clone()


@operation(name="_matrix_exp", node="LinalgMatrixExpBackward0", aten="linalg_matrix_exp", function=False, method=False,
           out=False, kernel=_expm, A="matrix_exp_backward(grad, A)")  # fmt: skip
def _matrix_exp(A: Array) -> Array:
    """The exponentials of matrices."""


@explained
def matrix_exp(input: Any) -> Any:
    """The exponential of square matrices, ``sum(A^k / k!)``."""
    if len(input._shape) < 2 or input._dtype.category < dtypes.FLOATING or input._shape[-1] != input._shape[-2]:
        need_matrices("linalg.matrix_exp", input)
    if input._dtype is dtypes.complex32:
        if not input._data.size:
            return of_nothing(_matrix_exp, input)
        refuse_complex_halves("bmm", input)
    return _matrix_exp(input)


composite()(matrix_exp)


# ---------------------------------------------------------------------------------------------- others
@explained
def vander(x: Any, N: int | None = None) -> Any:
    """The matrices whose columns are the powers 0 to ``N - 1`` of the elements.

    Args:
        x: vectors.
        N: how many powers; as many as there are elements by default.

    Raises:
        RuntimeError: `N` is not greater than 1, or the dtype is boolean or of half precision.
    """
    from .joining import cat

    if x._dtype is dtypes.bool_ or x._dtype.in_halves:
        raise RuntimeError(
            "linalg.vander supports floating point, complex, and integer tensors, but got " + x._dtype.scalar_name
        )
    x = x if x._shape else x.unsqueeze(0)
    n = x._shape[-1] if N is None else N
    if n <= 1:
        raise RuntimeError("N must be greater than 1.")
    if x._dtype.category < 2:
        x = x.to(dtypes.int64)
    powers = x.unsqueeze(-1).expand(*x._shape, max(n - 1, 0)).cumprod(-1)
    return cat([wrap(np.ones((*x._shape, 1), x._data.dtype)), powers], -1)


@explained
def cond(input: Any, p: Any = None, *, out: Any = None) -> Any:
    """The condition number of matrices: the norm times that of the inverse, infinite for singular ones.

    Args:
        input: matrices, square but for the 2-norms.
        p: the norm: None or 2, -2, ``"fro"``, ``"nuc"``, 1, -1, inf or -inf.
        out: the tensor to write to.

    Raises:
        RuntimeError: the input is no matrix or batch of matrices, or there is no such norm.
    """
    if len(input._shape) < 2:
        raise RuntimeError("linalg.cond: The input tensor must have at least 2 dimensions.")
    if p is None or p in (2, -2):
        if not input._data.size and input._dtype.category < dtypes.FLOATING:
            return finish_out(out, wrap(np.zeros(input._shape[:-2], input._data.dtype)), "linalg_cond")
        values = svdvals(input)
        if values._node is None and mode.unseen(values) and values._data.size:
            first, last = values._data[..., 0], values._data[..., -1]
            found = wrap(last / first if p == -2 else first / last)
            return finish_out(out, _view(found, found._shape), "linalg_cond")
        if not values._shape[-1]:
            return finish_out(out, wrap(np.zeros(input._shape[:-2], values._data.dtype)), "linalg_cond")
        k = values._shape[-1]
        at = len(values._shape) - 1
        first, last = _slice(values, at, 0, 1, 1), _slice(values, at, k - 1, k, 1)
        return finish_out(out, (last / first if p == -2 else first / last).squeeze(-1), "linalg_cond")
    if p not in ("fro", "nuc", 1, -1, math.inf, -math.inf):
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    need_square(f"linalg.cond(ord={p})", input, square=isinstance(p, str) or input._data.size > 0)
    if not input._data.size:
        kind = input._dtype.to_real() if input._dtype.is_complex else input._dtype
        return finish_out(out, wrap(np.zeros(input._shape[:-2], kind.numpy)), "linalg_cond")
    if p == "nuc":
        values = svdvals(input)
        return finish_out(out, values.sum(-1) * values.reciprocal().sum(-1), "linalg_cond")
    need_matrices("linalg.inv", input)
    inverse, info = _inv_ex(input)
    found = matrix_norm(input, p) * matrix_norm(inverse, p)
    failed = (info._data != 0) | np.isnan(found._data)
    if failed.any():
        found = found.masked_fill(wrap(failed), math.inf)
    return finish_out(out, found, "linalg_cond")


@explained("linalg_diagonal")
def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """The diagonals of matrices.

    Args:
        A: the matrix or matrices.
        offset: which diagonal: 0 for the main one, positive for those above.
        dim1, dim2: the dimensions of the matrices.
    """
    return A.diagonal(offset, dim1, dim2)


@explained("linalg_vecdot")
def vecdot(x: Any, y: Any, *, dim: int = -1, out: Any = None) -> Any:
    """The dot products of vectors along a dimension; the first vector's elements are conjugated.

    Args:
        x, y: floating-point or complex tensors of one dtype, whose shapes broadcast.
        dim: the dimension of the vectors.
        out: the tensor to write to.

    Raises:
        RuntimeError: the dtypes differ, or are of integers.
    """
    need_floating("linalg.vecdot", x)
    if x._dtype is not y._dtype:
        raise RuntimeError(
            f"linalg.vecdot: Expected x and y to have the same dtype, but found x of type {x._dtype.scalar_name} and y "
            f"of type {y._dtype.scalar_name} instead"
        )
    if len(x._shape) == len(y._shape) == 1:  # whatever dimension is named
        return finish_out(out, tensor_names["vdot"](x, y), "linalg_vecdot")
    last = len(x._shape) - 1
    if dim in (-1, last) and x._shape == y._shape and x._shape and x._dtype.plain:
        if hidden(x, y) or mode.unseen(x, y):
            found = wrap(np.vecdot(x._data, y._data, order="C"))
            if recorded(x, y):
                found._node = _sum_op.link(product_node(_mul_op, x, y), x._shape, (last,), False, None, None)
            return finish_out(out, found, "linalg_vecdot")
    found = ((x.conj() if x._dtype.is_complex else x) * y).sum(dim)
    return finish_out(out, found, "linalg_vecdot")


@explained
def matrix_norm(
    input: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None, out: Any = None
) -> Any:
    """The norm of matrices in two dimensions.

    Args:
        input: the tensor.
        ord: ``"fro"`` (Euclidean), ``"nuc"`` (the sum of the singular values), 2 or -2 (the largest or least singular
            value), 1 or -1 (the largest or smallest sum of a column), inf or -inf (of a row).
        dim: the two dimensions of the matrices.
        keepdim: whether the dimensions stay, with length 1.
        dtype: the element type to convert to first.
        out: the tensor to write to.

    Raises:
        RuntimeError: the norm is unknown, or `dim` is no pair.
    """
    usual = dim == (-2, -1) and not keepdim and dtype is None and out is None and isinstance(input, TensorBase)
    if usual and len(input._shape) == 2 and input._dtype.plain:
        if ord == "fro" and (hidden(input) or mode.unseen(input)):
            if (length := along.length(input._data)) is not None:
                if not recorded(input):
                    return wrap(length)
                return with_result(_vector_norm_op, 1, length, input, 2, (0, 1), False, None, None)
        if ord == 1 and input._data.size and (hidden(input) or mode.unseen(input)):
            sums = along.vector_norm(input._data, 1, (0,), False)
            if not recorded(input):
                return wrap(sums[sums.argmax()])
            return _amax(with_result(_vector_norm_op, 1, sums, input, ord, (0,), False, None, None), (0,), False)
    if isinstance(ord, str) and ord not in ("fro", "nuc"):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    if not isinstance(ord, str) and abs(ord) not in (1, 2, math.inf):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord:g} not supported.")
    if isinstance(dim, int):
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {dim}")
    if len(input._shape) < 2:
        raise RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    if dtype is None:
        need_floating("linalg.matrix_norm", input)
    if len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    if ord == "fro":
        return vector_norm(input, 2, tuple(dim), keepdim, dtype=dtype, out=out)
    if dtype is not None:
        input = input.to(dtype)
    first, second = (wrap_dim(d, len(input._shape)) for d in dim)
    if first == second:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    if ord == "nuc" or abs(ord) == 2:
        need_matrices("linalg.matrix_norm", input, square=False)
        values = svdvals(input.movedim((first, second), (-2, -1)))
        found = values.sum(-1, keepdim=keepdim) if ord == "nuc" else _extreme(values, ord, -1, keepdim)
        if keepdim:
            found = found.unsqueeze(-1).movedim((-2, -1), (first, second))
        return finish_out(out, found, "linalg_matrix_norm")
    added, chosen = (first, second) if abs(ord) == 1 else (second, first)
    sums = vector_norm(input, 1, added, keepdim)
    at = chosen - 1 if not keepdim and added < chosen else chosen
    return finish_out(out, _extreme(sums, ord, at, keepdim), "linalg_matrix_norm")


def _extreme(values: Any, ord: float, dim: int, keepdim: bool) -> Any:
    """The largest of what a norm compares (0 if there is nothing), or the least for negative `ord`."""
    if ord < 0:
        return amin(values, dim, keepdim)
    return amax(values, dim, keepdim) if values._shape[dim] else values.sum(dim, keepdim=keepdim)


@explained("linalg_norm")
def norm(A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, *, out: Any = None, dtype: Any = None) -> Any:
    """The norm of a vector or a matrix, by the number of dimensions or of `dim`; see `vector_norm` and `matrix_norm`.

    Args:
        A: the vector or matrix, or batches of them.
        ord: which norm; by default the root of the sum of squares, of all elements where `dim` is not given.
        dim: one dimension for vectors, two for matrices.
        keepdim: whether the dimensions stay, with size 1.
        out: the tensor to write to.
        dtype: of the result; the elements are converted first.

    Raises:
        RuntimeError: `ord` is given for more than two dimensions, those of the tensor or of `dim`.
    """
    if ord is None:
        return vector_norm(A, 2.0, dim, keepdim, dtype=dtype, out=out)
    dims = len(A._shape)
    if dim is None and dims not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {dims}D.")
    if isinstance(dim, (tuple, list)) and len(dim) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}")
    pair = dims == 2 if dim is None else isinstance(dim, (tuple, list)) and len(dim) == 2
    if pair or isinstance(ord, str):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype, out=out)
    return vector_norm(A, ord, dim, keepdim, dtype=dtype, out=out)
