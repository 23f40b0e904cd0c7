"""Gathering and scattering: reading and writing elements whose places another tensor tells."""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import UNTOUCHED, TensorBase, wrap
from ..kernels import lookup
from ..kernels import numpy_gather as kernels
from ..kernels.sparse_conversions import gather_gradient
from ..warn import warn
from . import elementwise_general as general
from .arguments import explained
from .broadcasting import expand
from .convert import to_dtype
from .declare import REGISTRY, Array, composite, formula, in_formulas, operation
from .dimensions import wrap_dim
from .joining import in_rows
from .numbers import number_for
from .out import finish_out, refuse_reading, refuse_shared
from .overlap import refuse_partial_overlap
from .overwrite import change, copying, replace
from .steps import hidden, operand, recorded
from .supported import refuse
from .view import view_method

in_formulas(lambda x, like: x.astype(like.dtype), lambda x, like: to_dtype(x, like._dtype), "as_type", aliasing=True)


# ---------------------------------------------------------------------------------------------- gather
@operation(name="_gather", aten="gather", node="GatherBackward0", function=False, method=False, kernel=lookup.gather,
           tangent="_gather(input_t, dim, index)", rows=True,
           input="scatter_zeros(grad, shape(input), dim, index)", keeps="input")  # fmt: skip
def _gather(input: Array, dim: int, index: Array) -> Array:
    """The elements whose places in one dimension an index tells."""


@operation(name="_gather_sparse", aten="gather", node="GatherBackward0", function=False, method=False,
           kernel=lookup.gather, input="sparse_gathered(grad, shape(input), dim, index)", keeps="input")  # fmt: skip
def _gather_sparse(input: Array, dim: int, index: Array) -> Array:
    """The same with a sparse gradient."""


@operation(name="sparse_gathered", function=False, method=False, kernel=gather_gradient,
           node="SparseCooTensorWithDimsAndTensorsBackward0", input="_gather(densely(grad), dim, index)")  # fmt: skip
def sparse_gathered(input: Array, size: Any, dim: int, index: Array) -> Array:
    """The gradient of `_gather_sparse`."""


@operation(name="scatter_zeros", function=False, method=False, input="_gather(grad, dim, index)")
def scatter_zeros(input: Array, size: Any, dim: int, index: Array) -> Array:
    """Zeros of a shape to which values are added where `gather` would read them."""
    found = np.zeros(size, input.dtype)
    lookup.scatter_add(found, dim, index, input)
    return found


_expand_op, _gather_op = REGISTRY["_expand"], REGISTRY["_gather"]


def _check_index(name: str, input: Any, index: Any) -> None:
    # An empty index may be of any dtype, such as the one of torch.tensor([]).
    if index._dtype is not dtypes.int64 and index._dtype is not dtypes.int32 and index._data.size:
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")


def _dims(t: Any) -> int:
    return len(t._shape) or 1


@composite()
def gather(input: Any, dim: int, index: Any, *, sparse_grad: bool = False, out: Any = None) -> Any:
    """The elements of `input` whose place in dimension `dim` the index tells, all other coordinates being equal.

    Args:
        input: the tensor.
        dim: the dimension.
        index: int64, with as many dimensions as `input` and no larger than it apart from `dim`.
        sparse_grad: whether the gradient of `input` is sparse.
        out: the tensor to write to.

    Raises:
        RuntimeError: the index has the wrong dtype or shape, or an entry out of range.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.gather.html
    """
    n = len(input._shape)
    at = dim if type(dim) is int and 0 <= dim < n else wrap_dim(dim, n)
    if index._dtype is not dtypes.int64:
        _check_index("gather", input, index)
    if index._shape != input._shape and index._data.size:
        if _dims(index) != _dims(input):
            raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
        for d, size in enumerate(index._shape):
            if n and d != at and size > input._shape[d]:
                raise RuntimeError(
                    f"Size does not match at dimension {d} expected index {list(index._shape)} to be no larger than "
                    f"self {list(input._shape)} apart from dimension {at}"
                )
    if out is not None:
        refuse_shared(out, input, shape=index._shape)
        if out._shape == index._shape:
            refuse_partial_overlap(out, index)
        elif out._data.ctypes.data != index._data.ctypes.data:
            refuse_shared(out, index, shape=index._shape)
    result = _gather_sparse(input, at, index) if sparse_grad else _gather(input, at, index)
    return result if out is None else finish_out(out, result, "gather")


@composite()
def take_along_dim(input: Any, indices: Any, dim: int | None = None, *, out: Any = None) -> Any:
    """Like `gather`, with input and indices broadcast against each other; of the flattened input without `dim`.

    Raises:
        RuntimeError: the numbers of dimensions differ, or the indices are not integers.
    """
    if indices._dtype is not dtypes.int64:
        raise RuntimeError(
            "torch.take_along_dim(): dtype of indices should be Long but got " + indices._dtype.scalar_name
        )
    if dim is None:
        return gather(view_method(input.contiguous(), -1), 0, view_method(indices.contiguous(), -1), out=out)
    n = len(input._shape)
    if n != len(indices._shape):
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{n} dimensions for input, and {len(indices._shape)} dimensions for indices"
        )
    at = dim if type(dim) is int and 0 <= dim < n else wrap_dim(dim, n)
    size = input._shape[at] if n else 0
    if size:
        # Any integer means an entry: they are counted around and around.
        places = indices._data if kernels.all_within(indices._data, size) else indices._data % size
        seen = not (hidden(input, indices) or mode.unseen(input, indices))
        if not seen and _alike_beside(input._shape, indices._shape, at):
            found = wrap(in_rows(lookup.take_along(input._data, places, at)))
            if recorded(input):
                wide = operand(input._data, input, _expand_op.link(input._node, input._shape, input._shape))
                index = wrap(places.copy() if places is indices._data else places)
                found._node = _gather_op.recorder(1)(wide, at, index, found._data, UNTOUCHED)
            return found if out is None else finish_out(out, found, "gather", apart=(input, indices))
        # The tensor given may be changed before backward.
        indices = wrap(places.copy() if places is indices._data else places)
    shape = general.broadcast_shapes(
        input._shape[:at] + (1,) + input._shape[at + 1 :], indices._shape[:at] + (1,) + indices._shape[at + 1 :]
    )
    wide = expand(input, shape[:at] + (input._shape[at],) + shape[at + 1 :])
    return gather(wide, at, expand(indices, shape[:at] + (indices._shape[at],) + shape[at + 1 :]), out=out)


def _alike_beside(a: tuple[int, ...], b: tuple[int, ...], dim: int) -> bool:
    """Whether two shapes are the same but for a dimension."""
    return a[:dim] == b[:dim] and a[dim + 1 :] == b[dim + 1 :]


# ---------------------------------------------------------------------------------------------- scatter
@formula(aliasing=True)
def padded(grad: Any, shape: Any) -> Any:
    """A gradient of the used part of a tensor with zeros for the rest."""
    for d in range(len(shape)):
        if grad.shape[d] != shape[d]:
            whole = tuple(grad.shape[:d]) + (shape[d],) + tuple(grad.shape[d + 1 :])
            grad = slice_backward(grad, whole, d, 0, grad.shape[d], 1)  # type: ignore[name-defined]  # noqa: F821
    return grad


@operation(name="_scatter", aten="scatter", node="ScatterBackward0", function=False, method=False,
           kernel=copying(kernels.scatter), input="_scatter_value(grad, dim, index, 0)",
           src="padded(_gather(grad, dim, index), shape(src))")  # fmt: skip
def _scatter(input: Array, dim: int, index: Array, src: Array) -> Array:
    """With elements replaced by those of another tensor."""


@operation(name="_scatter_value", aten="scatter", node="ScatterBackward1", function=False, method=False,
           kernel=copying(kernels.scatter), input="_scatter_value(grad, dim, index, 0)")  # fmt: skip
def _scatter_value(input: Array, dim: int, index: Array, value: Any) -> Array:
    """With elements replaced by a number."""


def _refuse(name: str) -> Any:
    raise RuntimeError(f"derivative for {name} is not implemented")


in_formulas(_refuse, _refuse, "refuse_derivative")


@operation(name="_scatter_by", aten="scatter", node="NotImplemented", function=False, method=False,
           kernel=copying(kernels.scatter_by), input="refuse_derivative('aten::scatter.reduce')",
           src="refuse_derivative('aten::scatter.reduce')")  # fmt: skip
def _scatter_by(input: Array, dim: int, index: Array, src: Array, reduce: str) -> Array:
    """With values added to or multiplied into elements."""


def _scatter_operands(name: str, input: Any, dim: int, index: Any, src: Any) -> tuple[Any, ...]:
    at = wrap_dim(dim, len(input._shape))
    _check_index(name, input, index)
    if isinstance(src, TensorBase) and src._dtype is not input._dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    if index._data.size:
        tensor = isinstance(src, TensorBase)
        bad = _dims(index) != _dims(input) or (tensor and _dims(index) != _dims(src))
        if bad:
            other = "self tensor" if _dims(index) != _dims(input) else "src tensor"
            raise RuntimeError(f"Index tensor must have the same number of dimensions as {other}")
        for d, size in enumerate(index._shape):
            if (input._shape and d != at and size > input._shape[d]) or (
                tensor and src._shape and size > src._shape[d]
            ):
                raise RuntimeError(
                    f"Expected index {list(index._shape)} to be no larger than self {list(input._shape)} apart from "
                    f"dimension {at}" + (f" and to be no larger size than src {list(src._shape)}" if tensor else "")
                )
    return at, index


def _scatter_form(input: Any, dim: int, index: Any, src: Any, value: Any, reduce: Any) -> tuple[Any, ...]:
    """Which operation a call of scatter means, its kernel, and its operands.

    Raises:
        RuntimeError: there is no such reduction.
    """
    if src is None:
        src = value
    elif not isinstance(src, TensorBase) and value is None:
        value = src
    at, index = _scatter_operands("scatter", input, dim, index, src)
    tensor = isinstance(src, TensorBase)
    if reduce is not None:
        if tensor:
            warn(
                "The reduce argument of torch.scatter with Tensor src is deprecated and will be removed in a future "
                "PyTorch release. Use torch.scatter_reduce instead for more reduction options."
            )
        if reduce not in ("add", "multiply"):
            raise RuntimeError("reduce argument must be either add or multiply.")
        given = src if tensor else wrap(number_for(src if index._data.size else 0, input._dtype))
        return "_scatter_by", kernels.scatter_by, (input, at, index, given, reduce)
    if tensor:
        return "_scatter", kernels.scatter, (input, at, index, src)
    return (
        "_scatter_value",
        kernels.scatter,
        (input, at, index, number_for(src if index._data.size else 0, input._dtype)[()]),
    )


@composite()
def scatter(
    input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None, out: Any = None
) -> Any:  # fmt: skip
    """With the elements that `gather` would read replaced by those of `src`, or by a number.

    Args:
        input: the tensor.
        dim: the dimension that the index is about.
        index: int64; where several entries mean one element, one of them wins.
        src: the values, a tensor at least as large as the index, or a number.
        value: the number as a keyword.
        reduce: None, or ``"add"`` or ``"multiply"`` to combine with the former elements (without gradients).
        out: the tensor to write to.

    Raises:
        RuntimeError: the index has the wrong dtype or shape, or an entry out of range; the dtypes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html
    """
    name, _, operands = _scatter_form(input, dim, index, src, value, reduce)
    return finish_out(out, _OPERATIONS[name](*operands), "scatter", apart=(input, index, src))


@composite(inplace=True)
def scatter_(input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None) -> Any:
    """The in-place form of `scatter`."""
    name, kernel, operands = _scatter_form(input, dim, index, src, value, reduce)
    return change(name, kernel, *operands)


_OPERATIONS = {"_scatter": _scatter, "_scatter_value": _scatter_value, "_scatter_by": _scatter_by}


@operation(name="_scatter_add", aten="scatter_add", node="ScatterAddBackward0", function=False, method=False,
           kernel=copying(lookup.scatter_add), tangent="linear", input="grad",
           src="padded(_gather(grad, dim, index), shape(src))")  # fmt: skip
def _scatter_add(input: Array, dim: int, index: Array, src: Array) -> Array:
    """With the elements of another tensor added."""


@composite()
def scatter_add(input: Any, dim: int, index: Any, src: Any, *, out: Any = None) -> Any:
    """With the elements of `src` added to those that `gather` would read; indices may repeat.

    Args:
        input: the tensor that is added to.
        dim: the dimension that the entries of `index` count along.
        index: int64, no larger than `src` in any dimension.
        src: the elements, of the dtype of `input`.
        out: the tensor to write to.

    Raises:
        RuntimeError: the index has the wrong dtype or shape, or an entry out of range; the dtypes differ.
    """
    found = _scatter_add(input, *_scatter_operands("scatter", input, dim, index, src), src)
    return finish_out(out, found, "scatter_add", apart=(input, index, src))


@composite(inplace=True)
def scatter_add_(input: Any, dim: int, index: Any, src: Any) -> Any:
    """The in-place form of `scatter_add`."""
    at, index = _scatter_operands("scatter", input, dim, index, src)
    return change("_scatter_add", lookup.scatter_add, input, at, index, src)


@operation(name="_scatter_reduce", aten="scatter_reduce", node="ScatterReduceBackward0", function=False, method=False,
           kernel=kernels.scatter_reduce,
           input="scatter_reduce_input(grad, input, dim, index, src, reduce, include_self, result)",
           src="scatter_reduce_src(grad, input, dim, index, src, reduce, include_self, result)")  # fmt: skip
def _scatter_reduce(input: Array, dim: int, index: Array, src: Array, reduce: str, include_self: bool) -> Array:
    """With the elements of another tensor reduced into elements."""


@formula
def reduce_counts(input: Any, dim: Any, index: Any, src: Any, include_self: Any) -> Any:
    """How many values took part in each element of a scattered mean."""
    start = ones_like(input) if include_self else zeros_like(input)  # type: ignore[name-defined]  # noqa: F821
    found = _scatter_add(start, dim, index, ones_like(src))  # type: ignore[name-defined]  # noqa: F821
    return where(found == 0, ones_like(found), found)  # type: ignore[name-defined]  # noqa: F821


@formula
def extreme_share(input: Any, dim: Any, index: Any, src: Any, result: Any) -> Any:
    """Which elements of input and source are the extreme, and how many share it."""
    mine = as_type(input == result, input)  # type: ignore[name-defined]  # noqa: F821
    theirs = as_type(src == padded(_gather(result, dim, index), src.shape), src)  # type: ignore[name-defined]  # noqa: F821
    return mine, theirs, _scatter_add(mine, dim, index, theirs)


@formula
def scatter_reduce_input(
    grad: Any, input: Any, dim: Any, index: Any, src: Any, reduce: Any, include_self: Any, result: Any
) -> Any:
    """The gradient of `scatter_reduce` by the tensor reduced into."""
    if reduce == "mean":
        grad = grad / reduce_counts(input, dim, index, src, include_self)
    elif reduce == "prod":
        one = where(input == 0, ones_like(input), input)  # type: ignore[name-defined]  # noqa: F821
        grad = grad * _scatter_reduce(one, dim, index, src, "prod", include_self) / one
    elif reduce != "sum":
        mine, _, shared = extreme_share(input, dim, index, src, result)
        grad = mine * (grad / shared)  # of NaN, which equals nothing, by nothing
    return grad if include_self else _scatter_value(grad, dim, index, 0)


@formula
def scatter_reduce_src(
    grad: Any, input: Any, dim: Any, index: Any, src: Any, reduce: Any, include_self: Any, result: Any
) -> Any:
    """The gradient of `scatter_reduce` by the values."""
    if reduce == "mean":
        grad = grad / reduce_counts(input, dim, index, src, include_self)
    elif reduce == "prod":
        zero = as_type(src == 0, src)  # type: ignore[name-defined]  # noqa: F821
        zeros = _scatter_add(zeros_like(input), dim, index, zero)  # type: ignore[name-defined]  # noqa: F821
        lone = (src == 0) & (_gather(zeros, dim, index) == 1)
        filled = where(lone, ones_like(src), src)  # type: ignore[name-defined]  # noqa: F821
        without = _gather(grad * _scatter_reduce(input, dim, index, filled, "prod", include_self), dim, index)
        safe = where(src == 0, ones_like(src), src)  # type: ignore[name-defined]  # noqa: F821
        return where(lone, without, _gather(grad * result, dim, index) / safe)  # type: ignore[name-defined]  # noqa: F821
    elif reduce != "sum":
        _, theirs, shared = extreme_share(input, dim, index, src, result)
        return theirs * padded(_gather(grad / shared, dim, index), src.shape)
    return padded(_gather(grad, dim, index), src.shape)


def _check_reduce(reduce: str) -> None:
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")


def _check_reducible(input: Any, index: Any, reduce: str) -> None:
    """Refuses means of booleans and extremes of complex numbers."""
    kernel = f"scatter_gather_tensor_cpu_reduce_{reduce}"
    if reduce == "mean":
        refuse(kernel if index._data.size else "div_floor_cpu", input, dtypes.BOOL)
    elif reduce in ("amax", "amin") and index._data.size:
        refuse(kernel, input, dtypes.COMPLEX)


def reducible(input: Any, dim: int, index: Any, src: Any, reduce: str) -> tuple[int, Any]:
    """The dimension counted from the front, and the index, of values that can be reduced into a tensor.

    Raises:
        RuntimeError: the index has the wrong dtype or shape, or the dtypes do not match.
        NotImplementedError: the dtype is not one that is reduced so.
    """
    at, index = _scatter_operands("scatter", input, dim, index, src)
    _check_reducible(input, index, reduce)
    return at, index


@composite()
@explained
def scatter_reduce(
    input: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True, out: Any = None
) -> Any:  # fmt: skip
    """With the elements of `src` reduced into those that `gather` would read.

    Args:
        input: the tensor.
        dim: the dimension that the index is about.
        index: int64; indices may repeat.
        src: the values.
        reduce: ``"sum"``, ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self: whether the former elements take part.
        out: the tensor to write to.

    Raises:
        RuntimeError: the index has the wrong dtype or shape, or an entry out of range; the reduction is unknown.
    """
    _check_reduce(reduce)
    at, index = reducible(input, dim, index, src, reduce)
    found = _scatter_reduce(input, at, index, src, reduce, include_self)
    return finish_out(out, found, "scatter_reduce", apart=(input, index, src))


@composite(inplace=True)
def scatter_reduce_(input: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True) -> Any:
    """The in-place form of `scatter_reduce`."""
    _check_reduce(reduce)
    at, index = reducible(input, dim, index, src, reduce)
    refuse_reading(input, index, src)
    return replace("_scatter_reduce", input, at, index, src, reduce, include_self)
