"""Sparse tensors in coordinate format: making them, their parts, and what only they can do.

A sparse tensor is a `Tensor` whose elements are a `SparseArray` (kernels/sparse.py). Elementwise operations that keep
zeros, sums and products are declared where those of other tensors are.

Source: https://docs.pytorch.org/docs/stable/sparse.html
"""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, bump, make_size, tensor_names, wrap
from ..kernels import sparse as kernels
from ..kernels import sparse_conversions as conversions
from ..kernels import sparse_softmax as softmaxes
from ..kernels.sparse import SparseArray, unsupported
from ..warn import warn_once
from .declare import Array, composite, in_formulas, operation

_HIDDEN: dict[str, Any] = {"function": False, "method": False}


def sparse_array(x: Any, name: str, kind: str = "sparse coordinate tensor") -> SparseArray:
    """What a sparse tensor holds.

    Raises:
        RuntimeError: the tensor is not sparse.
    """
    array = x._data
    if type(array) is not SparseArray:
        raise RuntimeError(f"{name} expected {kind} layout but got Strided")
    return array


# ---------------------------------------------------------------------------------------------- recorded operations
def _make(values: Array, indices: Array, size: Any, coalesced: bool) -> Any:
    return SparseArray(indices, values, size, coalesced)


@operation(name="_sparse_coo", node="SparseCooTensorWithDimsAndTensorsBackward0", kernel=_make, **_HIDDEN,
           values="sparse_values(sparse_mask(grad, result))",
           aten="_sparse_coo_tensor_with_dims_and_tensors")  # fmt: skip
def _sparse_coo(values: Array, indices: Array, size: Any, coalesced: bool) -> Array:
    """A sparse tensor of its parts."""


@operation(name="sparse_values", node="ValuesBackward0", aten="values", kernel=lambda a: a.values, **_HIDDEN,
           input="with_places(grad, input)")  # fmt: skip
def sparse_values(input: Array) -> Array:
    """The entries of a sparse tensor."""


@operation(name="with_places", **_HIDDEN, values="sparse_values(sparse_mask(grad, like))",
           node="SparseCooTensorWithDimsAndTensorsBackward0")  # fmt: skip
def with_places(values: Array, like: Array) -> Array:
    """Entries in the places of another sparse tensor."""
    return like.with_values(values)  # type: ignore[attr-defined, no-any-return]


@operation(name="_coalesce", node="CoalesceBackward0", aten="_coalesce", kernel=lambda a: a.coalesce(), **_HIDDEN,
           input="grad")  # fmt: skip
def _coalesce(input: Array) -> Array:
    """Every place once."""


@operation(name="_to_dense", node="ToDenseBackward0", aten="_to_dense", **_HIDDEN,
           input="sparse_mask(grad, coalesced(input)) if masked else _to_sparse(grad)")  # fmt: skip
def _to_dense(input: Array, masked: bool) -> Array:
    """With all zeros."""
    return input.dense()  # type: ignore[attr-defined, no-any-return]


@operation(name="_to_sparse", node="ToSparseBackward1", aten="_to_sparse", **_HIDDEN, input="densely(grad)")
def _to_sparse(input: Array) -> Array:
    """The elements that are not zero."""
    return conversions.from_dense(input, input.ndim)  # type: ignore[return-value]


@operation(name="_to_sparse_dim", node="ToSparseBackward0", aten="_to_sparse", kernel=conversions.from_dense, **_HIDDEN,
           input="densely(grad)")  # fmt: skip
def _to_sparse_dim(input: Array, sparse_dim: int) -> Array:
    """The parts that are not zero everywhere, by the leading dimensions."""


@operation(name="_sparse_mask", node="SparseMaskBackward0", aten="sparse_mask", **_HIDDEN,
           input="as_layout(sparse_mask(grad, mask), sparse)")  # fmt: skip
def _sparse_mask(input: Array, mask: Array, sparse: bool) -> Array:
    """The elements in the places of a sparse tensor."""
    return conversions.masked(input, mask)  # type: ignore[arg-type, return-value]


@operation(name="_sparse_addmm", node="SparseAddmmBackward0", aten="_sparse_addmm", **_HIDDEN,
           input="grad * beta", mat1="sparse_mask(mm(grad, mat2.T) * alpha, coalesced(mat1))",
           mat2="mm(mat1.T, grad) * alpha")  # fmt: skip
def _sparse_addmm(input: Array, mat1: Array, mat2: Array, beta: Any, alpha: Any) -> Array:
    """``beta * input + alpha * (mat1 @ mat2)``, `mat1` being sparse."""
    found = kernels.product(mat1, mat2) * alpha
    return (found if beta == 0 else input * beta + found).astype(mat2.dtype, copy=False)  # type: ignore[no-any-return]


@operation(name="_sparse_sparse_mm", node="SparseSparseMatmulBackward0", kernel=kernels.product, **_HIDDEN,
           aten="_sparse_sparse_matmul", input="sparse_mask(mm(grad, mat2.T), coalesced(input))",
           mat2="sparse_mask(mm(input.T, grad), coalesced(mat2))")  # fmt: skip
def _sparse_sparse_mm(input: Array, mat2: Array) -> Array:
    """The sparse product of two sparse matrices."""


@operation(name="_sparse_sum", node="SparseSumBackward0", aten="_sparse_sum", kernel=kernels.total, **_HIDDEN,
           input="sparse_spread(grad, input, dim)")  # fmt: skip
def _sparse_sum(input: Array, dim: Any) -> Array:
    """The sum over some dimensions."""


@operation(name="sparse_spread", **_HIDDEN, grad_output="densely(sparse_total(grad, dim))")
def sparse_spread(grad_output: Array, like: Array, dim: Any) -> Array:
    """The gradient of `_sparse_sum`."""
    return conversions.spread(grad_output, like, dim, False)  # type: ignore[arg-type, return-value]


@operation(name="_sparse_softmax", node="SparseSoftmaxBackward0", aten="_sparse_softmax", **_HIDDEN,
           kernel=lambda a, dim: softmaxes.softmax(a, dim, False),
           input="sparse_softmax_backward(sparse_mask(grad, result), result, dim, False)")  # fmt: skip
def _sparse_softmax(input: Array, dim: int) -> Array:
    """The softmax of the entries along a dimension."""


@operation(name="_sparse_log_softmax", node="SparseLogSoftmaxBackward0", aten="_sparse_log_softmax", **_HIDDEN,
           kernel=lambda a, dim: softmaxes.softmax(a, dim, True),
           input="sparse_softmax_backward(sparse_mask(grad, result), result, dim, True)")  # fmt: skip
def _sparse_log_softmax(input: Array, dim: int) -> Array:
    """The logarithm of the softmax of the entries along a dimension."""


@operation(name="sparse_softmax_backward", node="NotImplemented", aten="_sparse_softmax_backward_data", **_HIDDEN,
           kernel=softmaxes.softmax_backward)  # fmt: skip
def sparse_softmax_backward(grad_output: Array, output: Array, dim: int, log: bool) -> Array:
    """The gradient of both, which has no derivative of its own."""


# ---------------------------------------------------------------------------------------------- making
class Invariants:
    """Whether places are checked to lie within the size, and whether the program has said so."""

    checked = False
    decided = False


_UNCHECKED = (
    "Sparse invariant checks are implicitly disabled. Memory errors (e.g. SEGFAULT) will occur when operating on a "
    "sparse tensor which violates the invariants, but checks incur performance overhead. To silence this warning, "
    "explicitly opt in or out. See `torch.sparse.check_sparse_tensor_invariants.__doc__` for guidance."
)


@composite(method=False)
def sparse_coo_tensor(
    indices: Any = None, values: Any = None, size: Any = None, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, check_invariants: bool | None = None, is_coalesced: bool | None = None,
) -> Any:  # fmt: skip
    """A sparse tensor with given entries.

    Args:
        indices: the places: ``(sparse_dim, nnz)`` integers; a place may occur several times, and then has the sum.
        values: the entries: ``(nnz, *dense_shape)``.
        size: the shape; as small as the indices allow if None. ``sparse_coo_tensor(size)`` has no entries.
        dtype: the type of the entries; that of `values` if None.
        device: the CPU.
        requires_grad: whether a gradient is wanted.
        check_invariants: whether to check that indices lie within `size`.
        is_coalesced: whether every place occurs once and in order.

    Raises:
        RuntimeError: the parts do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sparse_coo_tensor.html
    """
    if values is None:
        shape = tuple(size if size is not None else indices)
        kind = (dtype or dtypes.get_default_dtype()).numpy
        made = wrap(kernels.empty(shape, len(shape), kind))
        return made.requires_grad_() if requires_grad else made
    tensor, as_tensor = tensor_names["tensor"], tensor_names["as_tensor"]
    places: Any = indices if isinstance(indices, TensorBase) else tensor(indices)
    entries: Any = values if isinstance(values, TensorBase) else tensor(values)
    if dtype is not None:
        entries = as_tensor(entries, dtype=dtype)
    rows = places._data.astype(np.int64, copy=False)
    if rows.ndim != 2:
        raise RuntimeError(f"indices must be sparse_dim x nnz, but got: {list(rows.shape)}")
    array = entries._data
    if not array.ndim:
        entries, array = entries.expand(rows.shape[1]), np.broadcast_to(array, rows.shape[1:])
    if rows.shape[1] != array.shape[0]:
        raise RuntimeError(
            f"indices and values must have same nnz, but got nnz from indices: {rows.shape[1]}, nnz from values: "
            f"{array.shape[0]}"
        )
    if check_invariants is None:
        check_invariants = Invariants.checked
        if not Invariants.decided:
            warn_once(_UNCHECKED)
    if size is None or check_invariants:
        _check_negative(rows)
    if size is None:
        shape = (*(rows.max(1, initial=-1) + 1).tolist(), *array.shape[1:])
    else:
        shape = tuple(size)
        _check_shape(shape, rows, array, bool(check_invariants))
    made = _sparse_coo(entries if entries.requires_grad else entries.detach(), wrap(rows), make_size(shape),
                       bool(is_coalesced))  # fmt: skip
    return made.detach().requires_grad_() if requires_grad else made


def _check_negative(rows: Array) -> None:
    low = rows.min(1, initial=0)
    if low.min(initial=0) < 0:
        dim = int(np.argmin(low))
        raise RuntimeError(f"found negative index {low[dim]} for dim {dim}")


def _check_shape(shape: tuple[int, ...], rows: Array, values: Array, places: bool = True) -> None:
    sparse, dense = rows.shape[0], values.ndim - 1
    if len(shape) != sparse + dense:
        raise RuntimeError(
            f"'len(size) == sparse_dim + dense_dim' is not satisfied: len(size) = {len(shape)}, sparse_dim = {sparse}, "
            f"dense_dim = {dense}"
        )
    if values.shape[1:] != shape[sparse:]:
        raise RuntimeError(
            f"values has incorrect size, expected {[values.shape[0], *shape[sparse:]]}, got {list(values.shape)}"
        )
    if not places:
        return
    high = rows.max(1, initial=-1)
    for dim, (top, n) in enumerate(zip(high.tolist(), shape, strict=False)):
        if top >= n:
            raise RuntimeError(f"size is inconsistent with indices: for dim {dim}, size is {n} but found index {top}")


@composite(function=False)
def to_sparse(input: Any, *args: Any, layout: Any = None, sparse_dim: int | None = None, **kwargs: Any) -> Any:
    """The tensor in coordinate format: its elements that are not zero.

    Args:
        input: the tensor; returned if it is sparse.
        args: `sparse_dim`.
        layout: ``torch.sparse_coo``.
        sparse_dim: how many leading dimensions get indices; all if None.
        kwargs: options of other layouts.

    Raises:
        NotImplementedError: another layout is asked for.
        RuntimeError: there are not that many dimensions.
    """
    if args and not isinstance(args[0], int):
        layout, args = args[0], args[1:]
    if layout is not None and str(layout) != "torch.sparse_coo":
        raise NotImplementedError(f"to_sparse: the layout {layout} is not supported")
    sparse_dim = args[0] if args else sparse_dim
    if type(input._data) is SparseArray:
        return input
    if sparse_dim is None:
        return _to_sparse(input)
    if not 0 < sparse_dim <= max(input.ndim, 1):
        raise RuntimeError(f"sparse_dim argument must be in [1,{input.ndim}] range, but {sparse_dim} is given")
    return _to_sparse_dim(input, sparse_dim)


@composite(function=False)
def to_sparse_coo(input: Any) -> Any:
    """The tensor in coordinate format; see `to_sparse`."""
    return to_sparse(input)


@composite(function=False)
def to_dense(input: Any, dtype: Any = None, *, masked_grad: bool | None = None) -> Any:
    """The tensor with all its elements in memory: itself, if it is not sparse.

    Args:
        input: the tensor.
        dtype: the type to convert to, of a tensor that is not sparse.
        masked_grad: whether the gradient of a sparse tensor has its places only (the default).

    Raises:
        RuntimeError: a dtype is given for a sparse tensor.
    """
    if type(input._data) is SparseArray:
        if dtype is not None:
            raise RuntimeError("dtype argument is not supported by sparse_to_dense")
        input = _to_dense(input, masked_grad is None or masked_grad)
    return input if dtype is None else input.to(dtype)


# ---------------------------------------------------------------------------------------------- its parts
@composite(function=False)
def indices(input: Any) -> Any:
    """The places of the entries of a coalesced sparse tensor, ``(sparse_dim, nnz)``.

    Raises:
        RuntimeError: the tensor is not sparse or not coalesced.
    """
    if not sparse_array(input, "indices").coalesced:
        raise RuntimeError("Cannot get indices on an uncoalesced tensor, please call .coalesce() first")
    return wrap(input._data.indices)


@composite(function=False)
def values(input: Any) -> Any:
    """The entries of a coalesced sparse tensor, ``(nnz, *dense_shape)``.

    Raises:
        RuntimeError: the tensor is not sparse or not coalesced.
    """
    if not sparse_array(input, "values", "sparse tensor").coalesced:
        raise RuntimeError("Cannot get values on an uncoalesced tensor, please call .coalesce() first")
    return sparse_values(input)


@composite(function=False, name="_indices")
def _indices(input: Any) -> Any:
    """The places of the entries, coalesced or not."""
    return wrap(_sparse_only(input, "_indices").indices)


@composite(function=False, name="_values")
def _values(input: Any) -> Any:
    """The entries, coalesced or not, without history."""
    return wrap(_sparse_only(input, "_values").values)


@composite(function=False, name="_nnz")
def _nnz(input: Any) -> int:
    """The number of entries."""
    return _sparse_only(input, "_nnz").nnz


def _sparse_only(input: Any, name: str) -> SparseArray:
    if type(input._data) is not SparseArray:
        raise NotImplementedError(str(unsupported(name)).replace("SparseCPU", "CPU"))
    return input._data


@composite(function=False)
def sparse_dim(input: Any) -> int:
    """How many dimensions have indices; none, if the tensor is not sparse."""
    return input._data.sparse_dim if type(input._data) is SparseArray else 0


@composite(function=False)
def dense_dim(input: Any) -> int:
    """How many dimensions have none."""
    return input.ndim - sparse_dim(input)


@composite(function=False)
def is_coalesced(input: Any) -> bool:
    """Whether every place occurs once, in rising order.

    Raises:
        RuntimeError: the tensor is not sparse.
    """
    return sparse_array(input, "is_coalesced").coalesced


@composite(function=False)
def coalesce(input: Any) -> Any:
    """The same tensor with every place once, in rising order: itself, if that is so.

    Raises:
        RuntimeError: the tensor is not sparse.
    """
    return input if sparse_array(input, "coalesce").coalesced else _coalesce(input)


@composite(function=False, name="_coalesced_")
def _coalesced_(input: Any, coalesced: bool) -> Any:
    """Says of a sparse tensor whether it is coalesced."""
    _sparse_only(input, "_coalesced_").coalesced = coalesced
    return input


@composite(function=False)
def sparse_mask(input: Any, mask: Any) -> Any:
    """The elements of a tensor in the places that a sparse one has.

    Raises:
        RuntimeError: the shapes differ, or the mask is not sparse.
    """
    if type(mask._data) is not SparseArray:
        raise RuntimeError("sparse_mask(): expected mask to be sparse")
    if input._shape != mask._shape:
        raise RuntimeError("sparse_mask(): the shapes of self and mask should match")
    return _sparse_mask(input, mask.detach(), type(input._data) is SparseArray)


@composite(function=False)
def sparse_resize_(input: Any, size: Any, sparse_dim: int, dense_dim: int) -> Any:
    """Changes the shape of a sparse tensor in place; the entries stay where they are.

    Args:
        size: the shape.
        sparse_dim, dense_dim: how many dimensions the indices name, and how many each entry has.
    """
    array = _sparse_only(input, "sparse_resize_")
    _check_shape(tuple(size), array.indices, array.values)
    array.shape = input._shape = tuple(size)
    bump(input)
    return input


@composite(function=False)
def sparse_resize_and_clear_(input: Any, size: Any, sparse_dim: int, dense_dim: int) -> Any:
    """Gives a sparse tensor another shape and no entries, in place.

    Args:
        size: the shape.
        sparse_dim, dense_dim: how many dimensions the indices name, and how many each entry has.
    """
    array = _sparse_only(input, "sparse_resize_and_clear_")
    array.assign(kernels.empty(tuple(size), sparse_dim, array.dtype))
    array.shape = input._shape = tuple(size)
    bump(input)
    return input


# ---------------------------------------------------------------------------------------------- in formulas
in_formulas(
    lambda a: a.coalesce() if isinstance(a, SparseArray) else a,
    lambda x: coalesce(x) if x.is_sparse else x,
    "coalesced", aliasing=True,
)  # fmt: skip
in_formulas(
    lambda a: a.dense() if isinstance(a, SparseArray) else a, lambda x: to_dense(x, masked_grad=False), "densely",
    aliasing=True,
)  # fmt: skip
in_formulas(
    lambda a, sparse: a.dense() if isinstance(a, SparseArray) and not sparse else a,
    lambda x, sparse: x if sparse else to_dense(x, masked_grad=False),
    "as_layout", aliasing=True,
)  # fmt: skip
in_formulas(kernels.total, lambda x, dim: _sparse_sum(x, dim), "sparse_total")
in_formulas(conversions.masked, lambda x, mask: sparse_mask(x, mask), "sparse_mask")
