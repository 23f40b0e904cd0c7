"""Products with names of their own: outer, inner, cross, Kronecker's, the trace, and of several matrices."""

import functools
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import TensorBase, settle, wrap
from ..kernels import numpy_matmul as kernels
from ..kernels.layout import lies_in_rows
from ..kernels.numpy_views import strided, view_strides
from ..kernels.pointwise import LARGE
from ..warn import warn_once
from .arguments import explained, type_name
from .contraction import tensordot, vector_steps
from .declare import REGISTRY, Array, composite, in_formulas, operation
from .dimensions import wrap_dim
from .matmul import matrix_product, mm, vector_product
from .memory_layout import product_in_order
from .out import finish_out
from .reduction import _sum_dims
from .steps import hidden, operand, recorded
from .view import _unsafe_view, _view, reshape, unsqueeze

_sum_op, _view_op = REGISTRY["_sum_dims"], REGISTRY["_view"]
special, ndarray = mode.special, np.ndarray


# ---------------------------------------------------------------------------------------------- named products
@composite()
def outer(input: Any, vec2: Any, *, out: Any = None) -> Any:
    """The matrix of the products of all elements of one vector with all of another.

    Args:
        input: the vector whose elements the rows belong to.
        vec2: the one whose elements the columns belong to.
        out: the tensor to write to.

    Raises:
        RuntimeError: an argument is no vector.
    """
    if not isinstance(vec2, TensorBase):
        raise TypeError(f"outer(): argument 'vec2' (position 2) must be Tensor, not {type_name(vec2)}")
    own = input._shape
    if len(own) != 1 or len(vec2._shape) != 1:
        name, n = ("self", len(own)) if len(own) != 1 else ("vec2", len(vec2._shape))
        raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {n}-D")
    a, b, dtype = input._data, vec2._data, input._dtype
    recorded = input._node is not None or vec2._node is not None
    if not (recorded or special.count) and dtype.plain and dtype is vec2._dtype and a.size * b.size < LARGE:
        if type(a) is ndarray is type(b) and a.flags.c_contiguous and b.flags.c_contiguous:
            found = wrap(a[:, None] * b)
            return found if out is None else finish_out(out, found, "outer")
    shape = own[0], 1
    column: Any
    plain = recorded and not special.count and type(a) is ndarray is type(b) and a.flags.c_contiguous
    if plain and (own[0] != 1 or lies_in_rows(a)):
        column = operand(a.reshape(shape), input, _view_op.link(input._node, own, shape))
    elif mode.unseen(input, vec2):
        column = wrap(input._data.reshape(shape))
    else:
        column = reshape(input, shape)
    result = column * vec2
    return result if out is None else finish_out(out, result, "outer")


composite(name="ger")(outer)


@composite()
@explained
def inner(input: Any, other: Any, *, out: Any = None) -> Any:
    """The sums of products over the last dimensions of two tensors, for all combinations of the others.

    Args:
        input, other: the tensors; one without dimensions multiplies the other.
        out: the tensor to write to.

    Raises:
        RuntimeError: the last dimensions differ in length.
    """
    a, b = input._shape, other._shape
    if len(a) == 1 and a == b and not special.count:
        x, y = input._data, other._data
        if type(x) is ndarray is type(y) and x.flags.c_contiguous and y.flags.c_contiguous:
            if input._node is None is other._node:
                product = wrap(vector_product(x, y))
                result = operand(product._data[...], product, None)
                return result if out is None else finish_out(out, result, "inner")
            if out is None and (a != (1,) or x.strides == y.strides == (x.itemsize,)):
                if a == (1,):  # as `tensordot` does, which sums what meets a size of 1
                    input = wrap(x.copy(), _sum_op.link(input._node, a, (0,), True, None, None))
                return vector_steps(input, other)
    if not a or not b:
        return finish_out(out, input * other, "inner", converts=True)
    if a[-1] != b[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(a)} and {list(b)}"
        )
    if len(a) == len(b) == 1 and input._dtype is other._dtype and lies_in_rows(input._data):
        if lies_in_rows(other._data) and (hidden(input, other) or mode.unseen(input, other)):
            if a[0] == 1 and recorded(input, other):
                input = _sum_dims(input, (0,), True, None, None)  # as `tensordot` does
            result = vector_steps(input, other)
            return result if out is None else finish_out(out, result, "inner")
    return finish_out(out, tensordot(input, other, dims=([-1], [-1])), "inner")


@operation(name="trace", input="diagonal_of(grad, shape(input))", tangent="linear", out=False)
def trace(input: Array) -> Array:
    """The sum of a matrix's diagonal.

    Raises:
        RuntimeError: the argument is no matrix.
    """
    if input.dtype == bool:
        raise NotImplementedError("\"trace\" not implemented for 'Bool'")
    if input.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    return np.trace(input, dtype=np.int64 if input.dtype.kind in "iub" else None)


in_formulas(
    lambda grad, shape: np.where(np.eye(*shape) == 1, grad, grad.dtype.type(0)),
    lambda grad, shape: (grad * _eye(shape, grad)).masked_fill(_eye(shape, grad) == 0, 0),
    "diagonal_of",
)


def _eye(shape: tuple[int, ...], like: Any) -> Any:
    from .creation import eye

    return eye(*shape, dtype=like._dtype)


@operation(name="_cross", node="LinalgCrossBackward0", aten="linalg_cross", function=False, method=False, out=False,
           kernel=kernels.cross, input="fit_like(_cross(conj(other), grad, dim), shape(input))",
           other="fit_like(_cross(grad, conj(input), dim), shape(other))",
           tangent="_cross(input_t, other, dim) + _cross(input, other_t, dim)")  # fmt: skip
def _cross(input: Array, other: Array, dim: int) -> Array:
    """The vector products along a dimension of length 3."""


@explained
def linalg_cross(input: Any, other: Any, *, dim: int = -1, out: Any = None) -> Any:
    """The vector products of vectors of length 3 along a dimension; the others broadcast.

    Args:
        input, other: the tensors, of one dtype.
        dim: the dimension of the vectors.
        out: the tensor to write to.

    Raises:
        IndexError: the tensors have no dimensions.
        NotImplementedError: the tensors are booleans or complex numbers of half precision.
        RuntimeError: the dimension has not length 3, or the tensors differ in their numbers of dimensions.
    """
    a, b = input._shape, other._shape
    if len(a) != len(b):
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    at = wrap_dim(dim, len(a))
    if not a:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    if a[at] != 3 or b[at] != 3:
        raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {a[at]} and {b[at]}")
    if input._dtype in (dtypes.bool_, dtypes.complex32):
        raise NotImplementedError(f"\"cross\" not implemented for '{input._dtype.scalar_name}'")
    if input._dtype is not other._dtype:
        raise RuntimeError(f"expected scalar type {input._dtype.scalar_name} but found {other._dtype.scalar_name}")
    return finish_out(out, _cross(input, other, at), "linalg_cross", apart=(input, other))


@composite()
def cross(input: Any, other: Any, dim: int | None = None, *, out: Any = None) -> Any:
    """As `torch.linalg.cross`; without a dimension along the first of length 3, which is deprecated.

    Args:
        input, other: the tensors, of one dtype.
        dim: the dimension of the vectors.
        out: the tensor to write to.

    Raises:
        RuntimeError: no dimension has length 3.
    """
    if dim is None:
        warn_once(
            "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim explicitly "
            "or simply use torch.linalg.cross.\nThe default value of dim will change to agree with that of "
            "linalg.cross in a future release."
        )
        for i, n in enumerate(input._shape):
            if n == 3:
                dim = i
                break
        else:
            raise RuntimeError("no dimension of size 3 in input")
    return linalg_cross(input, other, dim=dim, out=out)


def _spread(x: Any, shape: tuple[int, ...]) -> Any:
    """A tensor with dimensions of size 1 between its own; the strides of those, too, decide how a product lies."""
    made, array = _unsafe_view(x, shape), settle(x)
    if lies_in_rows(array):
        return made
    steps = view_strides(array.shape, array.strides, array.itemsize, shape)
    if steps is not None:
        made._data = strided(array, shape, steps)
    return made


def _steps_as_numpy(x: Array) -> bool:
    """Whether NumPy chose how an array steps along dimensions of size 1, which may be otherwise than in PyTorch."""
    return x.base is None and 1 in x.shape and not lies_in_rows(x)


@composite()
@explained
def kron(input: Any, other: Any, *, out: Any = None) -> Any:
    """The Kronecker product: every element of one tensor times the whole of the other, as blocks.

    Raises:
        TypeError: `other` is no tensor.
        RuntimeError: the blocks, which lie in memory as the operands do, do not make one tensor without a copy.
    """
    if not isinstance(other, TensorBase):
        raise TypeError(f"kron(): argument 'other' (position 2) must be Tensor, not {type_name(other)}")
    n = max(len(input._shape), len(other._shape))
    a = (1,) * (n - len(input._shape)) + tuple(input._shape)
    b = (1,) * (n - len(other._shape)) + tuple(other._shape)
    left = _spread(input, tuple([s for p in a for s in (p, 1)]))
    right = _spread(other, tuple([s for q in b for s in (1, q)]))
    blocks, shape = product_in_order(left, right), tuple([p * q for p, q in zip(a, b)])
    if _steps_as_numpy(input._data) or _steps_as_numpy(other._data):
        blocks._data = np.ascontiguousarray(blocks._data)
    return finish_out(out, _unsafe_view(blocks, shape), "kron")


# ---------------------------------------------------------------------------------------------- several matrices
def multi_dot(tensors: Any, *, out: Any = None) -> Any:
    """The product of two or more matrices, in the order that needs the fewest multiplications.

    Args:
        tensors: the matrices; the first may be a row and the last a column, given as vectors.
        out: the tensor to write to.

    Raises:
        RuntimeError: there are fewer than two, or the shapes do not fit.
    """
    tensors = list(tensors)
    n = len(tensors)
    if n == 3 and not special.count and all([type(m._data) is ndarray and m._data.ndim == 2 for m in tensors]):
        x, y, z = tensors
        if x._node is y._node is z._node is None and x._shape[1] == y._shape[0] and y._shape[1] == z._shape[0]:
            sizes = [*x._shape, *z._shape]
            product = wrap(_in_best_order([x._data, y._data, z._data], sizes, matrix_product))
            result = operand(product._data.view(), product, None)
            return result if out is None else finish_out(out, result, "multi_dot")
    if n < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {n}")
    shape: list[int] = []
    if len(tensors[0]._shape) == 1:
        tensors[0] = unsqueeze(tensors[0], 0)
    elif len(tensors[0]._shape) == 2:
        shape.append(tensors[0]._shape[0])
    else:
        raise RuntimeError(f"multi_dot(): the first tensor must be 1D or 2D but got {len(tensors[0]._shape)}D")
    if len(tensors[-1]._shape) == 1:
        tensors[-1] = unsqueeze(tensors[-1], -1)
    elif len(tensors[-1]._shape) == 2:
        shape.append(tensors[-1]._shape[1])
    else:
        raise RuntimeError(f"multi_dot(): the last tensor must be 1D or 2D but got {len(tensors[-1]._shape)}D")
    for i in range(1, n - 1):
        if len(tensors[i]._shape) != 2:
            raise RuntimeError(f"multi_dot(): tensor {i} must be 2D but got {len(tensors[i]._shape)}D")
    for i in range(n - 1):
        if tensors[i]._shape[1] != tensors[i + 1]._shape[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {list(tensors[i]._shape)} and "
                f"{list(tensors[i + 1]._shape)} cannot be multiplied"
            )
    sizes = [tensors[0]._shape[0], *[m._shape[1] for m in tensors]]
    if mode.unseen(*tensors):
        found = wrap(_in_best_order([m._data for m in tensors], sizes, matrix_product))
    else:
        found = _in_best_order(tensors, sizes, mm)
    found = _view(found, tuple(shape))
    return found if out is None else finish_out(out, found, "multi_dot")


def _in_best_order(tensors: list[Any], sizes: list[int], mm: Any) -> Any:
    if len(tensors) == 3:
        # Of equally good places PyTorch cuts three matrices at the last, and more at the first.
        (a, b, c), (p, q, r, s) = tensors, sizes
        return mm(mm(a, b), c) if p * r * (q + s) <= q * s * (r + p) else mm(a, mm(b, c))

    @functools.cache
    def cost(i: int, j: int) -> tuple[int, int]:
        if i == j:
            return 0, i
        parts = range(i, j)
        costs = [(cost(i, k)[0] + cost(k + 1, j)[0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in parts]
        return min(costs, key=lambda pair: pair[0])

    def product(i: int, j: int) -> Any:
        if i == j:
            return tensors[i]
        k = cost(i, j)[1]
        return mm(product(i, k), product(k + 1, j))

    return product(0, len(tensors) - 1)


@composite(method=False)
def chain_matmul(*matrices: Any, out: Any = None) -> Any:
    """The product of matrices; deprecated in favour of `torch.linalg.multi_dot`.

    Raises:
        RuntimeError: a tensor is not a matrix.
    """
    warn_once(
        "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use torch.linalg.multi_dot "
        "instead, which accepts a list of two or more tensors rather than multiple parameters."
    )
    if len(matrices) == 1 and isinstance(matrices[0], (tuple, list)):
        matrices = tuple(matrices[0])
    for i, m in enumerate(matrices):
        if len(m._shape) != 2:
            raise RuntimeError(f"Tensor {i} has dimension {len(m._shape)}, expected 2-D tensor.")
    if len(matrices) == 1:
        return matrices[0].clone()
    return multi_dot(matrices, out=out)
