"""Joining tensors into a larger one."""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import UNTOUCHED, TensorBase, namespace
from ..kernels import copying
from ..kernels import numpy_views as kernels
from ..kernels.layout import Inner, channels_step_least, follow
from ..memory_format import channels_last
from .arguments import explained
from .convert import copy_in, is_laid_out, to_dtype
from .declare import REGISTRY, Array, composite, formula, in_formulas, operation
from .dimensions import wrap_dim
from .operation import Operation
from .out import finish_out, refuse_recording, refuse_shared
from .steps import passing
from .view import reshape, unsqueeze

_unsqueeze_op = REGISTRY["unsqueeze"]
_new, SMALLEST = object.__new__, copying.SMALLEST
ndarray, concatenate, special = np.ndarray, np.concatenate, mode.special


# ---------------------------------------------------------------------------------------------- joining
def in_rows(a: Array) -> Array:
    """The array itself if it lies row by row in memory, else such a copy."""
    return a if a.flags.c_contiguous else a.copy("C")


@operation(name="_cat", aten="cat", node="CatBackward0", function=False, method=False, tangent="linear",
           tensors="cat_backward(grad, shape(tensors), dim)")  # fmt: skip
def _cat(tensors: list[Array], dim: int) -> Array:
    """Tensors one after the other in a dimension."""
    return _cat_arrays(tensors, dim)


@operation(name="_cat_skipping", aten="cat", node="CatBackward0", function=False, method=False, tangent="linear",
           tensors="cat_backward(grad, shape(tensors), dim)")  # fmt: skip
def _cat_skipping(tensors: list[Array], dim: int) -> Array:
    """Tensors one after the other in a dimension; those of shape (0,) may stand among tensors of more dimensions."""
    return _cat_arrays([t for t in tensors if t.shape != (0,)], dim)


@formula(aliasing=True)
def cat_backward(grad: Any, shapes: Any, dim: Any) -> Any:
    """The part of a gradient that belongs to each of the joined tensors."""
    found, start = [], 0
    for s in shapes:
        if s == (0,):
            found.append(zeros_like(grad.reshape(-1)[:0]))  # type: ignore[name-defined]  # noqa: F821
            continue
        found.append(_slice(grad, dim, start, start + s[dim], 1))  # type: ignore[name-defined]  # noqa: F821
        start += s[dim]
    return found


def _tensor_list(name: str, tensors: Any) -> list[Any]:
    if not isinstance(tensors, (list, tuple)):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    for i, t in enumerate(tensors):
        if not isinstance(t, TensorBase):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(t).__name__}")
    if not tensors and name.endswith("stack"):
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return list(tensors)


def _not_recorded(name: str, tensors: list[Any]) -> None:
    """Refuses tensors of which a gradient is required, as ``out=`` does before anything else is looked at."""
    if mode.is_grad_enabled() and any([t._node is not None for t in tensors]):
        refuse_recording(name)


def _joined(
    op: Operation, kernel: Any, tensors: Any, dim: int, least: int = 1, more: int = 0, first_step: Any = None
) -> Any:
    """Ordinary tensors of one shape and type joined, where no mode sees it; None for others.

    Args:
        op: the operation whose node the result has.
        kernel: its function of arrays.
        tensors: what the program gave.
        dim: the dimension.
        least: how many dimensions the tensors must have.
        more: how many more what is joined has.
        first_step: the operation that adds a last one to each, where it is not `op`.
    """
    if (type(tensors) is not list and type(tensors) is not tuple) or not tensors:
        return None
    if special.count and (special.more or mode.local.grad):
        return None
    kind, first = namespace["Tensor"], tensors[0]
    if type(first) is not kind:
        return None
    shape, dtype, records, arrays = first._shape, first._dtype, False, []
    ndim = len(shape)
    if dim < 0:
        dim += ndim + more
    if ndim < least or not 0 <= dim < ndim + more:
        return None
    for t in tensors:
        if type(t) is not kind or t._dtype is not dtype or (t._shape is not shape and t._shape != shape):
            return None
        a = t._data
        if type(a) is not ndarray:
            return None
        arrays.append(a)
        if t._node is not None:
            records = True
    array, node = kernel(arrays, dim), None
    if records and not special.count:
        edges = [t._node for t in tensors]
        if first_step is not None:
            edges, shape = [first_step.link(edge, shape, ndim) for edge in edges], (*shape, 1)
        node = op.link(tuple(edges), [shape] * len(edges), dim)
    t = _new(kind)
    t._data, t._shape, t._dtype, t._node, t._versions, t._view = array, array.shape, dtype, node, UNTOUCHED, None
    return t


def _common_dtype(tensors: list[Any]) -> list[Any]:
    common = tensors[0]._dtype
    same = True
    for t in tensors:
        if t._dtype is not common:
            same = False
            common = dtypes.promote_types(common, t._dtype)
    return tensors if same else [to_dtype(t, common) for t in tensors]


def _are_large(arrays: Any) -> bool:
    """Whether the compiled kernel joins arrays more quickly."""
    return arrays[0].size >= SMALLEST and sum([a.size for a in arrays]) >= copying.SMALLEST_JOINED


def _cat_arrays(arrays: Any, dim: int = 0) -> Array:
    if _are_large(arrays) and all(type(a) is np.ndarray and a.flags.c_contiguous for a in arrays):
        return copying.join(arrays, dim)
    found = concatenate(arrays, dim)
    if type(found) is ndarray and found.flags.c_contiguous:
        return found
    if any(type(a) is Inner for a in arrays):
        return follow(found)
    if all(_says_channels_last(a) for a in arrays):
        return found if is_laid_out(found, channels_last) else copy_in(found, channels_last)
    return in_rows(found)


def _says_channels_last(a: Array) -> bool:
    """Whether PyTorch takes an array for one in the order of channels_last, where sizes of 1 leave it open, too."""
    return a.ndim == 4 and is_laid_out(a, channels_last) and channels_step_least(a)


@composite(method=False, raw=_cat_arrays)
def cat(tensors: Any, dim: int = 0, *, out: Any = None, axis: int | None = None) -> Any:
    """Tensors one after the other in a dimension.

    Args:
        tensors: a sequence of tensors of the same shape but for that dimension; those of shape (0,) are left out.
        dim, axis: the dimension.
        out: the tensor to write to.

    Raises:
        RuntimeError: the shapes differ, a tensor has no dimensions, or there is no tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cat.html
    """
    if out is None and axis is None and type(dim) is int:
        found = _joined(_cat_op, _cat_arrays, tensors, dim)
        if found is not None:
            return found
    given = _tensor_list("cat", tensors)
    if out is not None:
        _not_recorded("cat", given)
    if not given:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    first, dtype = given[0]._shape, given[0]._dtype
    if first and first != (0,) and all([t._shape == first and t._dtype is dtype for t in given]):
        result = _cat(given, wrap_dim(dim if axis is None else axis, len(first)))
        if out is None:
            return result
        refuse_shared(out, *given)
        return finish_out(out, result, "cat")
    given = _common_dtype(given)
    some = [t for t in given if t._shape != (0,)] or given
    first = some[0]._shape
    for i, t in enumerate(given):
        if not t._shape:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    dim = dim if axis is None else axis
    at = 0 if first == (0,) else wrap_dim(dim, len(first))
    for t in some:
        if t._shape != first:
            _check_joinable(given, first, t._shape, at)
    refuse_shared(out, *given)
    join = _cat if len(some) == len(given) or len(first) == 1 else _cat_skipping
    result = join(given, at)
    return finish_out(out, result, "cat")


def _check_joinable(given: list[Any], first: Any, shape: Any, dim: int) -> None:
    position = next(i for i, t in enumerate(given) if t._shape == shape)
    if len(shape) != len(first):
        raise RuntimeError(f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}")
    for d, (n, m) in enumerate(zip(first, shape)):
        if d != dim and n != m:
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {dim}. Expected size {n} but got size {m} for tensor "
                f"number {position} in the list."
            )


for _name in ("concat", "concatenate"):
    composite(method=False, name=_name)(cat)


@operation(name="_stack", aten="stack", node="StackBackward0", function=False, method=False, tangent="linear",
           tensors="unstack(grad, dim)")  # fmt: skip
def _stack(tensors: list[Array], dim: int) -> Array:
    """Tensors side by side in a new dimension."""
    return _stack_arrays(tensors, dim)


def _stack_arrays(tensors: list[Array], dim: int) -> Array:
    if _are_large(tensors) and all(type(a) is np.ndarray for a in tensors):
        return copying.join([np.expand_dims(a, dim) for a in tensors], dim)
    shape = tensors[0].shape
    if len(shape) == 4 and dim < 4 and all(_says_channels_last(a) for a in tensors):
        # PyTorch joins these in the dimension that is there, which keeps their order, and divides it.
        return _cat_arrays(tensors, dim).reshape(*shape[:dim], len(tensors), *shape[dim:])
    found = np.empty((*shape[:dim], len(tensors), *shape[dim:]), tensors[0].dtype)
    before: Any = (slice(None),) * dim
    for i, a in enumerate(tensors):
        found[(*before, i)] = a
    return found


def _unstack_array(a: Array, dim: int) -> list[Array]:
    return [kernels.select(a, dim, i) for i in range(a.shape[dim])]


_cat_op, _stack_op = REGISTRY["_cat"], REGISTRY["_stack"]

in_formulas(_unstack_array, lambda t, dim: list(t.unbind(dim)), "unstack", aliasing=True)


@composite(method=False, raw=np.stack)
def stack(tensors: Any, dim: int = 0, *, out: Any = None, axis: int | None = None) -> Any:
    """Tensors of one shape side by side in a new dimension.

    Args:
        tensors: the tensors.
        dim, axis: where the new dimension stands.
        out: the tensor to write to.

    Raises:
        RuntimeError: the shapes differ or there is no tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.stack.html
    """
    if out is None and axis is None and type(dim) is int:
        found = _joined(_stack_op, _stack_arrays, tensors, dim, 0, 1)
        if found is not None:
            return found
    given = _tensor_list("stack", tensors)
    if not given:
        raise RuntimeError("stack expects a non-empty TensorList")
    if out is not None:
        _not_recorded("stack", given)
    first = given[0]._shape
    at = wrap_dim(dim if axis is None else axis, len(first) + 1)
    for i, t in enumerate(given):
        if t._shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and {list(t._shape)} at "
                f"entry {i}"
            )
    result = _stack(_common_dtype(given), at)
    if out is not None and (out._shape != result._shape or out.is_contiguous()):
        refuse_shared(out, *given, shape=result._shape)
    return finish_out(out, result, "cat")


@composite(method=False)
def hstack(tensors: Any, *, out: Any = None) -> Any:
    """Tensors joined horizontally: in dimension 1, or in their only dimension.

    Args:
        tensors: a sequence of them.
        out: the tensor to write to.
    """
    if out is None:
        found = _joined(_cat_op, _cat_arrays, tensors, 1, 2)
        if found is not None:
            return found
    given = [t if t._shape else atleast_1d(t) for t in _tensor_list("hstack", tensors)]
    return cat(given, 0 if given and len(given[0]._shape) == 1 else 1, out=out)


@composite(method=False)
def vstack(tensors: Any, *, out: Any = None) -> Any:
    """Tensors joined vertically: in dimension 0, one-dimensional ones as rows.

    Args:
        tensors: a sequence of them.
        out: the tensor to write to.
    """
    if out is None:
        found = _joined(_cat_op, _cat_arrays, tensors, 0, 2)
        if found is not None:
            return found
    return cat([t if len(t._shape) > 1 else atleast_2d(t) for t in _tensor_list("vstack", tensors)], 0, out=out)


composite(method=False, name="row_stack")(vstack)


@composite(method=False)
def dstack(tensors: Any, *, out: Any = None) -> Any:
    """Tensors joined in dimension 2, which those with fewer dimensions get.

    Args:
        tensors: a sequence of them.
        out: the tensor to write to.
    """
    if out is None:
        found = _joined(_cat_op, _cat_arrays, tensors, 2, 3)
        if found is None:
            found = _joined(_cat_op, _deep_arrays, tensors, 2, 2, 1, _unsqueeze_op)
        if found is not None:
            return found
    return cat([_deep(t) for t in _tensor_list("dstack", tensors)], 2, out=out)


@composite(method=False)
def column_stack(tensors: Any, *, out: Any = None) -> Any:
    """Tensors joined as columns: in dimension 1, one-dimensional ones as a column each.

    Args:
        tensors: a sequence of them.
        out: the tensor to write to.
    """
    if out is None:
        found = _joined(_cat_op, _cat_arrays, tensors, 1, 2)
        if found is not None:
            return found
    given = [reshape(t, (t._data.size, 1)) if len(t._shape) < 2 else t for t in _tensor_list("column_stack", tensors)]
    return cat(given, 1, out=out)


def _deep_arrays(arrays: list[Array], dim: int) -> Array:
    return _cat_arrays([a[..., None] for a in arrays], dim)


def _deep(t: Any) -> Any:
    """A tensor as `dstack` joins it: with three dimensions at least."""
    return passing(_unsqueeze_op, _with_third, t, 2) if len(t._shape) == 2 else atleast_3d(t)


def _with_third(a: Array, dim: int) -> Array:
    return a[..., None]


def _atleast(name: str, doc: str, one: Any) -> Any:
    def function(*tensors: Any) -> Any:
        if len(tensors) == 1:
            if isinstance(tensors[0], TensorBase):
                return one(tensors[0])
            tensors = tuple(tensors[0])
        return tuple([one(t) for t in tensors])

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return composite(method=False)(function)


def _three(t: Any) -> Any:
    n = len(t._shape)
    if n == 0:
        return reshape(t, (1, 1, 1))
    if n == 1:
        return unsqueeze(unsqueeze(t, 0), -1)
    return unsqueeze(t, -1) if n == 2 else t


atleast_1d = _atleast(
    "atleast_1d", "Each tensor with at least one dimension.", lambda t: t if t._shape else reshape(t, (1,))
)
atleast_2d = _atleast(
    "atleast_2d",
    "Each tensor with at least two dimensions.",
    lambda t: t if len(t._shape) > 1 else unsqueeze(t, 0) if t._shape else reshape(t, (1, 1)),
)
atleast_3d = _atleast("atleast_3d", "Each tensor with at least three dimensions.", _three)


@operation(name="_block_diag", node="BlockDiagBackward0", function=False, method=False, tangent="linear",
           tensors="block_diag_backward(grad, shape(tensors))")  # fmt: skip
def _block_diag(tensors: list[Array]) -> Array:
    """Matrices along the diagonal of a larger one."""
    blocks = [np.atleast_2d(a) for a in tensors]
    found = np.zeros((sum(b.shape[0] for b in blocks), sum(b.shape[1] for b in blocks)), blocks[0].dtype)
    i = j = 0
    for b in blocks:
        found[i : i + b.shape[0], j : j + b.shape[1]] = b
        i, j = i + b.shape[0], j + b.shape[1]
    return found


@formula(aliasing=True)
def block_diag_backward(grad: Any, shapes: Any) -> Any:
    """The blocks of a gradient that belong to the matrices."""
    found, i, j = [], 0, 0
    for s in shapes:
        rows, columns = (1,) * (2 - len(s)) + tuple(s)
        block = _slice(_slice(grad, 0, i, i + rows, 1), 1, j, j + columns, 1)  # type: ignore[name-defined]  # noqa: F821
        found.append(reshape(block, s))
        i, j = i + rows, j + columns
    return found


@composite(method=False)
@explained
def block_diag(*tensors: Any) -> Any:
    """A matrix with the given matrices along its diagonal and zeros elsewhere.

    Raises:
        RuntimeError: a tensor has more than two dimensions.
    """
    for i, t in enumerate(tensors):
        if len(t._shape) > 2:
            raise RuntimeError(
                "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input "
                f"{i} has {len(t._shape)} dimensions"
            )
    return _block_diag(_common_dtype(list(tensors)))


@composite(method=False)
@explained
def _chunk_cat(tensors: Any, dim: int, num_chunks: int, *, out: Any = None) -> Any:
    """Each tensor cut into chunks along `dim`, the last filled up with zeros, and the i-th chunks of all joined, flat.

    Raises:
        RuntimeError: there is no tensor or chunk, a tensor is empty, or they do not go together.
    """
    if num_chunks < 1:
        raise RuntimeError("_chunk_cat expects positive num_chunks")
    if not tensors:
        raise RuntimeError("_chunk_cat expects a non-empty input tensor list")
    first = tensors[0]
    if dim < 0 and any(t.dim() != first.dim() for t in tensors):
        raise RuntimeError("_chunk_cat expects non-negative dim when input tensors have different ndims")
    dim = wrap_dim(dim, first.dim())
    rows = []
    for t in tensors:
        if not t.numel():
            raise RuntimeError("_chunk_cat expects non-empty tensor")
        if t._dtype is not first._dtype:
            raise RuntimeError("_chunk_cat expects all input tensors with the same dtype")
        if dim >= t.dim():
            raise RuntimeError("_chunk_cat expects dim < ndim for all input tensors")
        if t._shape[:dim] != first._shape[:dim]:
            raise RuntimeError("_chunk_cat expects same sizes of 0,...,dim-1 dimensions for all tensors")
        lead, lacking = t._shape[:dim], -t._shape[dim] % num_chunks
        if lacking:
            t = cat([t, t.new_zeros((*lead, lacking, *t._shape[dim + 1 :]))], dim)
        rows.append(t.reshape(*lead, num_chunks, -1))
    return cat(rows, dim + 1, out=out)
