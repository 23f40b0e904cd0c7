"""Gathering and scattering: reading and writing elements whose places another tensor tells."""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, wrap
from ..kernels import numpy_indexing as kernels
from . import elementwise_general as general
from .convert import to_dtype
from .declare import REGISTRY, Array, composite, formula, in_formulas, operation
from .indexing import _index_put, index_tensor, put_at
from .inplace import change_inplace
from .overwrite import number_for
from .view import expand, reshape, view_method, wrap_dim

in_formulas(lambda x, like: x.astype(like.dtype), lambda x, like: to_dtype(x, like._dtype), "as_type", aliasing=True)


def _copying(change: Any) -> Any:
    """The function that changes a copy of its first argument."""

    def kernel(a: Array, *args: Any) -> Array:
        found = a.copy("C")
        change(found, *args)
        return found

    return kernel


def _change(name: str, change: Any, *operands: Any) -> Any:
    """Runs the in-place form of an operation whose kernel changes an array."""
    rest = [x._data if isinstance(x, TensorBase) else x for x in operands[1:]]
    return change_inplace(name, operands, lambda a: change(a, *rest))


def _replace(name: str, *operands: Any) -> Any:
    """Runs the in-place form of an operation by computing it and storing the result."""
    forward = REGISTRY[name].forward
    rest = [x._data if isinstance(x, TensorBase) else x for x in operands[1:]]

    def change(a: Array) -> None:
        found = forward(a, *rest)
        if found.shape != a.shape:
            raise RuntimeError(
                f"output with shape {list(a.shape)} doesn't match the broadcast shape {list(found.shape)}"
            )
        a[...] = found

    return change_inplace(name, operands, change)


def _into(out: Any, result: Any) -> Any:
    if out is None:
        return result
    if out._shape != result._shape:
        out.resize_(result._shape)
    return out.copy_(result)


# ---------------------------------------------------------------------------------------------- gather
@operation(name="_gather", aten="gather", node="GatherBackward0", function=False, method=False, kernel=kernels.gather,
           tangent="_gather(input_t, dim, index)",
           input="scatter_zeros(grad, shape(input), dim, index)")  # fmt: skip
def _gather(input: Array, dim: int, index: Array) -> Array:
    """The elements whose places in one dimension an index tells."""


@operation(name="scatter_zeros", function=False, method=False, input="_gather(grad, dim, index)")
def scatter_zeros(input: Array, size: Any, dim: int, index: Array) -> Array:
    """Zeros of a shape to which values are added where `gather` would read them."""
    found = np.zeros(size, input.dtype)
    kernels.scatter_add(found, dim, index, input)
    return found


def _check_index(name: str, input: Any, index: Any) -> None:
    if index._dtype is not dtypes.int64 and index._dtype is not dtypes.int32:
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
        sparse_grad: has no effect; gradients are dense.
        out: the tensor to write to.

    Raises:
        RuntimeError: the index has the wrong dtype or shape, or an entry out of range.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.gather.html
    """
    n = len(input._shape)
    at = wrap_dim(dim, n)
    _check_index("gather", input, index)
    if index._data.size:
        if _dims(index) != _dims(input):
            raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
        for d, size in enumerate(index._shape):
            if n and d != at and size > input._shape[d]:
                raise RuntimeError(
                    f"Size does not match at dimension {d} expected index {list(index._shape)} to be no larger than self "
                    f"{list(input._shape)} apart from dimension {at}"
                )
    return _into(out, _gather(input, at, index))


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
    at = wrap_dim(dim, n)
    shape = general.broadcast_shapes(
        input._shape[:at] + (1,) + input._shape[at + 1 :], indices._shape[:at] + (1,) + indices._shape[at + 1 :]
    )
    wide = expand(input, shape[:at] + (input._shape[at],) + shape[at + 1 :])
    return gather(wide, at, expand(indices, shape[:at] + (indices._shape[at],) + shape[at + 1 :]), out=out)


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
           kernel=_copying(kernels.scatter), input="_scatter_value(grad, dim, index, 0)",
           src="padded(_gather(grad, dim, index), shape(src))")  # fmt: skip
def _scatter(input: Array, dim: int, index: Array, src: Array) -> Array:
    """With elements replaced by those of another tensor."""


@operation(name="_scatter_value", aten="scatter", node="ScatterBackward1", function=False, method=False,
           kernel=_copying(kernels.scatter), input="_scatter_value(grad, dim, index, 0)")  # fmt: skip
def _scatter_value(input: Array, dim: int, index: Array, value: Any) -> Array:
    """With elements replaced by a number."""


def _refuse(name: str) -> Any:
    raise RuntimeError(f"derivative for {name} is not implemented")


in_formulas(_refuse, _refuse, "no_derivative")


@operation(name="_scatter_by", aten="scatter", node="NotImplemented", function=False, method=False,
           kernel=_copying(kernels.scatter_by), input="no_derivative('aten::scatter.reduce')",
           src="no_derivative('aten::scatter.reduce')")  # fmt: skip
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
            if (input._shape and d != at and size > input._shape[d]) or (tensor and src._shape and size > src._shape[d]):
                raise RuntimeError(
                    f"Expected index {list(index._shape)} to be no larger than self {list(input._shape)} apart from "
                    f"dimension {at}" + (f" and to be no larger size than src {list(src._shape)}" if tensor else "")
                )
    return at, index


def _scatter_form(input: Any, dim: int, index: Any, src: Any, value: Any, reduce: Any) -> tuple[Any, ...]:
    """Which operation a call of scatter means, its kernel, and its operands."""
    if src is None:
        src = value
    elif not isinstance(src, TensorBase) and value is None:
        value = src
    at, index = _scatter_operands("scatter", input, dim, index, src)
    tensor = isinstance(src, TensorBase)
    if reduce is not None:
        if tensor:
            import warnings

            warnings.warn(
                "The reduce argument of torch.scatter with Tensor src is deprecated and will be removed in a future "
                "PyTorch release. Use torch.scatter_reduce instead for more reduction options.",
                UserWarning,
                stacklevel=3,
            )
        if reduce not in ("add", "multiply"):
            raise RuntimeError("reduce argument must be either add or multiply.")
        given = src if tensor else wrap(number_for(src, input._dtype))
        return "_scatter_by", kernels.scatter_by, (input, at, index, given, reduce)
    if tensor:
        return "_scatter", kernels.scatter, (input, at, index, src)
    return "_scatter_value", kernels.scatter, (input, at, index, number_for(src, input._dtype)[()])


@composite()
def scatter(input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None) -> Any:
    """With the elements that `gather` would read replaced by those of `src`, or by a number.

    Args:
        input: the tensor.
        dim: the dimension that the index is about.
        index: int64; where several entries mean one element, one of them wins.
        src: the values, a tensor at least as large as the index, or a number.
        value: the number as a keyword.
        reduce: None, or ``"add"`` or ``"multiply"`` to combine with the former elements (without gradients).

    Raises:
        RuntimeError: the index has the wrong dtype or shape, or an entry out of range; the dtypes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html
    """
    name, _, operands = _scatter_form(input, dim, index, src, value, reduce)
    return _OPERATIONS[name](*operands)


@composite(inplace=True)
def scatter_(input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None) -> Any:
    """The in-place form of `scatter`."""
    name, change, operands = _scatter_form(input, dim, index, src, value, reduce)
    return _change(name, change, *operands)


_OPERATIONS = {"_scatter": _scatter, "_scatter_value": _scatter_value, "_scatter_by": _scatter_by}


@operation(name="_scatter_add", aten="scatter_add", node="ScatterAddBackward0", function=False, method=False,
           kernel=_copying(kernels.scatter_add), tangent="linear", input="grad",
           src="padded(_gather(grad, dim, index), shape(src))")  # fmt: skip
def _scatter_add(input: Array, dim: int, index: Array, src: Array) -> Array:
    """With the elements of another tensor added."""


@composite()
def scatter_add(input: Any, dim: int, index: Any, src: Any) -> Any:
    """With the elements of `src` added to those that `gather` would read; indices may repeat.

    Raises:
        RuntimeError: the index has the wrong dtype or shape, or an entry out of range; the dtypes differ.
    """
    return _scatter_add(input, *_scatter_operands("scatter", input, dim, index, src), src)


@composite(inplace=True)
def scatter_add_(input: Any, dim: int, index: Any, src: Any) -> Any:
    """The in-place form of `scatter_add`."""
    at, index = _scatter_operands("scatter", input, dim, index, src)
    return _change("_scatter_add", kernels.scatter_add, input, at, index, src)


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
        grad = mine * grad / where(shared == 0, ones_like(shared), shared)  # type: ignore[name-defined]  # noqa: F821
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
        share = grad / where(shared == 0, ones_like(shared), shared)  # type: ignore[name-defined]  # noqa: F821
        return theirs * padded(_gather(share, dim, index), src.shape)
    return padded(_gather(grad, dim, index), src.shape)


def _check_reduce(reduce: str) -> None:
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")


@composite()
def scatter_reduce(input: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True) -> Any:
    """With the elements of `src` reduced into those that `gather` would read.

    Args:
        input: the tensor.
        dim: the dimension that the index is about.
        index: int64; indices may repeat.
        src: the values.
        reduce: ``"sum"``, ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self: whether the former elements take part.

    Raises:
        RuntimeError: the index has the wrong dtype or shape, or an entry out of range; the reduction is unknown.
    """
    _check_reduce(reduce)
    at, index = _scatter_operands("scatter", input, dim, index, src)
    return _scatter_reduce(input, at, index, src, reduce, include_self)


@composite(inplace=True)
def scatter_reduce_(input: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True) -> Any:
    """The in-place form of `scatter_reduce`."""
    _check_reduce(reduce)
    at, index = _scatter_operands("scatter", input, dim, index, src)
    return _replace("_scatter_reduce", input, at, index, src, reduce, include_self)


# ---------------------------------------------------------------------------------------------- one dimension
@operation(name="_index_select", aten="index_select", node="IndexSelectBackward0", function=False, method=False,
           kernel=kernels.index_select, tangent="_index_select(input_t, dim, index)",
           input="index_select_backward(grad, shape(input), dim, index)")  # fmt: skip
def _index_select(input: Array, dim: int, index: Array) -> Array:
    """Entries of a dimension."""


@formula
def index_select_backward(grad: Any, shape: Any, dim: Any, index: Any) -> Any:
    """The gradient of `index_select`: entries added up where they came from."""
    if not shape:
        return reshape(grad, shape)
    return index_backward(grad, shape, [index], (dim,))  # type: ignore[name-defined]  # noqa: F821


def _vector(name: str, index: Any) -> Any:
    if len(index._shape) > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector")
    return index if index._shape else view_method(index, 1)


@composite()
def index_select(input: Any, dim: int, index: Any, *, out: Any = None) -> Any:
    """The entries of a dimension at the indices of a vector, as a copy.

    Raises:
        IndexError: an index is out of range, or the index is not a vector.
        RuntimeError: the indices are not integers.
    """
    at = wrap_dim(dim, len(input._shape))
    if index._dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    return _into(out, _index_select(input, at, _vector("index_select", index)))


@operation(name="_index_add", aten="index_add", node="IndexAddBackward0", function=False, method=False,
           kernel=_copying(kernels.index_add), input="grad",
           source="scaled(reshape(_index_select(grad, dim, index), shape(source)), alpha)")  # fmt: skip
def _index_add(input: Array, dim: int, index: Array, source: Array, alpha: Any) -> Array:
    """With entries of another tensor added."""


@formula(aliasing=True)
def scaled(grad: Any, alpha: Any) -> Any:
    """`alpha` times a gradient."""
    return grad if alpha == 1 else grad * alpha


def _index_add_operands(input: Any, dim: int, index: Any, source: Any, alpha: Any) -> tuple[Any, ...]:
    at = wrap_dim(dim, len(input._shape))
    index = _vector("index_add_", index)
    if index._dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError("index_add_(): Expected dtype int32/int64 for index but got: " + index._dtype.scalar_name)
    if source._dtype is not input._dtype:
        raise RuntimeError(
            f"index_add_(): self ({input._dtype.scalar_name}) and source ({source._dtype.scalar_name}) must have the same "
            "scalar type"
        )
    have = source._shape[at] if source._shape else 1
    if index._data.size != have:
        raise RuntimeError(
            f"index_add_(): Number of indices ({index._data.size}) should be equal to source.size(dim): ({have}), for "
            f"dim: {at}"
        )
    if input._shape[:at] + input._shape[at + 1 :] != source._shape[:at] + source._shape[at + 1 :]:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{list(input._shape)} source.shape = {list(source._shape)}"
        )
    return input, at, index, source, alpha


@composite()
def index_add(input: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1, out: Any = None) -> Any:
    """With ``alpha`` times the entries of `source` added to those of a dimension at the indices of a vector.

    Raises:
        RuntimeError: the shapes or dtypes do not match, or an index is out of range.
    """
    return _into(out, _index_add(*_index_add_operands(input, dim, index, source, alpha)))


@composite(inplace=True)
def index_add_(input: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Any:
    """The in-place form of `index_add`."""
    return _change("_index_add", kernels.index_add, *_index_add_operands(input, dim, index, source, alpha))


@operation(name="_index_copy", aten="index_copy", node="IndexCopyBackward0", function=False, method=False,
           kernel=_copying(kernels.index_copy), input="_index_fill(grad, dim, index, 0)",
           source="reshape(_index_select(grad, dim, index), shape(source))")  # fmt: skip
def _index_copy(input: Array, dim: int, index: Array, source: Array) -> Array:
    """With entries replaced by those of another tensor."""


def _index_copy_operands(input: Any, dim: int, index: Any, source: Any) -> tuple[Any, ...]:
    at = wrap_dim(dim, len(input._shape))
    index = _vector("index_copy_", index)
    if index._dtype is not dtypes.int64:
        raise RuntimeError(f"index_copy_(): Expected a long tensor for index, but got {index._dtype.scalar_name}")
    if source._dtype is not input._dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{input._dtype.scalar_name} and (source) {source._dtype.scalar_name}"
        )
    if source._shape and input._shape:
        mine, theirs = (s[:at] + s[at + 1 :] for s in (input._shape, source._shape))
        if mine != theirs:
            raise RuntimeError(
                "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
                f"{' '.join(map(str, mine))} at dimension {at} and source slice shape: {' '.join(map(str, theirs))} at "
                f"dimension {at}."
            )
    have = source._shape[at] if source._shape else 1
    if index._data.size != have:
        raise IndexError(
            f"index_copy_(): Number of indices ({index._data.size}) should be equal to source.size(dim) ({have})"
        )
    n = input._shape[at] if input._shape else 1
    bad = index._data[(index._data < 0) | (index._data >= n)]
    if bad.size:
        raise IndexError(f"index_copy_(): index {int(bad[0])} is out of bounds for dimension {at} with size {n}")
    return input, at, index, source


@composite()
def index_copy(input: Any, dim: int, index: Any, source: Any, *, out: Any = None) -> Any:
    """With the entries of a dimension at the indices of a vector replaced by those of `source`.

    Raises:
        IndexError: an index is out of range or their number wrong.
        RuntimeError: the shapes or dtypes do not match.
    """
    return _into(out, _index_copy(*_index_copy_operands(input, dim, index, source)))


@composite(inplace=True)
def index_copy_(input: Any, dim: int, index: Any, source: Any) -> Any:
    """The in-place form of `index_copy`."""
    return _change("_index_copy", kernels.index_copy, *_index_copy_operands(input, dim, index, source))


@operation(name="_index_fill", aten="index_fill", node="IndexFillBackward0", function=False, method=False,
           kernel=_copying(kernels.index_fill), input="_index_fill(grad, dim, index, 0)")  # fmt: skip
def _index_fill(input: Array, dim: int, index: Array, value: Any) -> Array:
    """With entries set to a number."""


@operation(name="_index_fill_tensor", aten="index_fill", node="IndexFillBackward1", function=False, method=False,
           kernel=_copying(kernels.index_fill), input="_index_fill(grad, dim, index, 0)",
           value="fit_like(_index_select(grad, dim, index), shape(value))")  # fmt: skip
def _index_fill_tensor(input: Array, dim: int, index: Array, value: Array) -> Array:
    """With entries set to the element of a 0-dim tensor."""


def _index_fill_operands(input: Any, dim: int, index: Any, value: Any) -> tuple[str, tuple[Any, ...]]:
    at = wrap_dim(dim, len(input._shape))
    if index._dtype is not dtypes.int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    index = _vector("index_fill_", index)
    if isinstance(value, TensorBase):
        if value._shape:
            raise RuntimeError(
                "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{len(value._shape)} dimension(s)."
            )
        return "_index_fill_tensor", (input, at, index, to_dtype(value, input._dtype))
    return "_index_fill", (input, at, index, number_for(value, input._dtype)[()])


@composite()
def index_fill(input: Any, dim: int, index: Any, value: Any) -> Any:
    """With the entries of a dimension at the indices of a vector set to one value.

    Raises:
        IndexError: an index is out of range.
    """
    name, operands = _index_fill_operands(input, dim, index, value)
    return (_index_fill if name == "_index_fill" else _index_fill_tensor)(*operands)


@composite(inplace=True)
def index_fill_(input: Any, dim: int, index: Any, value: Any) -> Any:
    """The in-place form of `index_fill`."""
    name, operands = _index_fill_operands(input, dim, index, value)
    return _change(name, kernels.index_fill, *operands)


# ---------------------------------------------------------------------------------------------- several index tensors
@composite()
def index_put(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """With values put at the places that index tensors name, as ``input[indices] = values`` would; see `index_put_`."""
    _check_put(indices, input, values)
    tensors, dims = _placed(indices)
    return _index_put(input, tensors, values, dims, accumulate)


@composite(inplace=True)
def index_put_(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """Puts values at the places that index tensors name, or adds them, in place.

    Args:
        input: the tensor to change.
        indices: a tuple of index tensors, one for each dimension from the first; None stands for a whole dimension.
        values: a tensor of the same dtype that broadcasts to what ``input[indices]`` would give.
        accumulate: whether to add; indices may then repeat.

    Raises:
        IndexError: an index is out of range.
        RuntimeError: the values do not fit.
        TypeError: the indices are not a tuple of tensors.
    """
    _check_put(indices, input, values)
    tensors, dims = _placed(indices)
    return put_at(input, tensors, values, dims, accumulate)


def _check_put(indices: Any, input: Any, values: Any) -> None:
    if not isinstance(indices, (tuple, list)):
        raise TypeError(
            f"index_put(): argument 'indices' (position 1) must be tuple of Tensors, not {type(indices).__name__}"
        )
    if values._dtype is not input._dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {input._dtype.scalar_name} for the "
            f"destination and {values._dtype.scalar_name} for the source."
        )


def _placed(indices: Any) -> tuple[list[Any], tuple[int, ...]]:
    tensors: list[Any] = []
    dims: list[int] = []
    dim = 0
    for x in indices:
        if x is None:
            dim += 1
            continue
        t = index_tensor(x)
        tensors.append(t)
        dims.append(dim)
        dim += len(t._shape) if t._dtype is dtypes.bool_ else 1
    return tensors, tuple(dims)


# ---------------------------------------------------------------------------------------------- flat indices
@operation(name="_take", aten="take", node="TakeBackward0", function=False, method=False, kernel=kernels.take,
           input="take_backward(grad, shape(input), index)")  # fmt: skip
def _take(input: Array, index: Array) -> Array:
    """Elements by flat index."""


@operation(name="take_backward", function=False, method=False, kernel=kernels.take_backward, input="_take(grad, index)")
def take_backward(input: Array, size: Any, index: Array) -> Array:
    """The gradient of `take`."""


@composite()
def take(input: Any, index: Any, *, out: Any = None) -> Any:
    """The elements at indices into the flattened tensor, in the shape of the index.

    Raises:
        IndexError: an index is out of range.
        RuntimeError: the index is not int64.
    """
    if index._dtype is not dtypes.int64:
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {index._dtype.scalar_name}")
    return _into(out, _take(input, index))


@operation(name="_put", aten="put", node="PutBackward0", function=False, method=False, kernel=_copying(kernels.put_flat),
           input="grad if accumulate else _put(grad, index, zeros_of(grad, shape(source)), False)",
           source="reshape(_take(grad, index), shape(source))")  # fmt: skip
def _put(input: Array, index: Array, source: Array, accumulate: bool) -> Array:
    """With values at flat indices."""


def _check_put_flat(index: Any, source: Any) -> None:
    if index._data.size != source._data.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source._data.size}, index.numel() = {index._data.size}"
        )


@composite()
def put(input: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    """With values put at indices into the flattened tensor, or added.

    Raises:
        IndexError: an index is out of range or the numbers of elements differ.
    """
    _check_put_flat(index, source)
    return _put(input, index, source, accumulate)


@composite(inplace=True)
def put_(input: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    """The in-place form of `put`."""
    _check_put_flat(index, source)
    return _change("_put", kernels.put_flat, input, index, source, accumulate)


# ---------------------------------------------------------------------------------------------- masks
@operation(name="_masked_fill", aten="masked_fill", node="MaskedFillBackward0", function=False, method=False,
           kernel=kernels.masked_fill, input="fit_like(_masked_fill(grad, mask, 0), shape(input))")  # fmt: skip
def _masked_fill(input: Array, mask: Array, value: Any) -> Array:
    """With a number where the mask is true."""


@operation(name="_masked_fill_tensor", aten="masked_fill", node="MaskedFillBackward1", function=False, method=False,
           kernel=kernels.masked_fill, input="fit_like(_masked_fill(grad, mask, 0), shape(input))",
           value="fit_like(where(mask, grad, zeros_like(grad)), shape(value))")  # fmt: skip
def _masked_fill_tensor(input: Array, mask: Array, value: Array) -> Array:
    """With the element of a 0-dim tensor where the mask is true."""


def _masked_fill_operands(input: Any, mask: Any, value: Any) -> tuple[Any, ...]:
    if mask._dtype is not dtypes.bool_:
        raise RuntimeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {_C_NAMES.get(mask._dtype, 'float')}"
        )
    if isinstance(value, TensorBase):
        if value._shape:
            raise RuntimeError(
                "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{len(value._shape)} dimension(s)."
            )
        general.broadcast_shapes(mask._shape, input._shape)
        return "_masked_fill_tensor", (input, mask, to_dtype(value, input._dtype))
    general.broadcast_shapes(mask._shape, input._shape)
    return "_masked_fill", (input, mask, number_for(value, input._dtype)[()])


_C_NAMES = {
    dtypes.uint8: "unsigned char", dtypes.int8: "signed char", dtypes.int16: "short int", dtypes.int32: "int",
    dtypes.int64: "long int", dtypes.float64: "double", dtypes.float16: "c10::Half", dtypes.bfloat16: "c10::BFloat16",
    dtypes.complex64: "c10::complex<float>", dtypes.complex128: "c10::complex<double>",
}  # fmt: skip


@composite()
def masked_fill(input: Any, mask: Any, value: Any) -> Any:
    """With one value (a number or 0-dim tensor) where the mask is true; input and mask broadcast.

    Raises:
        RuntimeError: the mask is not boolean, or the shapes do not broadcast.
    """
    name, operands = _masked_fill_operands(input, mask, value)
    return (_masked_fill if name == "_masked_fill" else _masked_fill_tensor)(*operands)


@composite(inplace=True)
def masked_fill_(input: Any, mask: Any, value: Any) -> Any:
    """The in-place form of `masked_fill`; the mask must broadcast to the tensor."""
    name, operands = _masked_fill_operands(input, mask, value)
    wide = general.broadcast_shapes(mask._shape, input._shape)
    if wide != input._shape:
        raise RuntimeError(
            f"output with shape {list(input._shape)} doesn't match the broadcast shape {list(wide)}"
        )
    filled, array = operands[2]._data if isinstance(operands[2], TensorBase) else operands[2], mask._data
    return change_inplace(name, operands, lambda a: np.copyto(a, filled, "unsafe", where=array), overlap=True)


@operation(name="_masked_select", aten="masked_select", node="MaskedSelectBackward0", function=False, method=False,
           kernel=kernels.masked_select, input="masked_select_backward(grad, shape(input), mask)")  # fmt: skip
def _masked_select(input: Array, mask: Array) -> Array:
    """The elements where the mask is true."""


@operation(name="masked_select_backward", function=False, method=False, kernel=kernels.masked_select_backward,
           input="_masked_select(grad, mask)")  # fmt: skip
def masked_select_backward(input: Array, size: Any, mask: Array) -> Array:
    """The gradient of `masked_select`."""


@composite()
def masked_select(input: Any, mask: Any, *, out: Any = None) -> Any:
    """The elements where the mask is true, in one dimension; input and mask broadcast.

    Raises:
        RuntimeError: the mask is not boolean, or the shapes do not broadcast.
    """
    if mask._dtype is not dtypes.bool_:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    general.broadcast_shapes(mask._shape, input._shape)
    return _into(out, _masked_select(input, mask))


@operation(name="_masked_scatter", aten="masked_scatter", node="MaskedScatterBackward0", function=False, method=False,
           kernel=kernels.masked_scatter, input="fit_like(_masked_fill(grad, mask, 0), shape(input))",
           source="masked_scatter_backward(grad, mask, shape(source))")  # fmt: skip
def _masked_scatter(input: Array, mask: Array, source: Array) -> Array:
    """With values in order where the mask is true."""


@operation(name="masked_scatter_backward", function=False, method=False, kernel=kernels.masked_scatter_backward,
           input="_masked_scatter(zeros_of(grad, shape(input)), mask, grad)")  # fmt: skip
def masked_scatter_backward(input: Array, mask: Array, size: Any) -> Array:
    """The gradient of `masked_scatter` by its values."""


def _check_masked_scatter(input: Any, mask: Any, source: Any) -> None:
    if mask._dtype is not dtypes.bool_:
        raise RuntimeError(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask._dtype.scalar_name}"
        )
    if source._dtype is not input._dtype:
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes but got "
            f"{input._dtype.scalar_name} and {source._dtype.scalar_name}"
        )
    general.broadcast_shapes(mask._shape, input._shape)


@composite()
def masked_scatter(input: Any, mask: Any, source: Any) -> Any:
    """With the elements of `source`, in order, where the mask is true; input and mask broadcast.

    Raises:
        RuntimeError: the mask is not boolean, or there are not enough values.
    """
    _check_masked_scatter(input, mask, source)
    return _masked_scatter(input, mask, source)


@composite(inplace=True)
def masked_scatter_(input: Any, mask: Any, source: Any) -> Any:
    """The in-place form of `masked_scatter`."""
    _check_masked_scatter(input, mask, source)
    return _replace("_masked_scatter", input, mask, source)


# ---------------------------------------------------------------------------------------------- where they are
@composite()
def nonzero(input: Any, *, as_tuple: bool = False, out: Any = None) -> Any:
    """The indices of all elements that are not zero, in row-major order.

    Args:
        input: the tensor.
        as_tuple: whether to return a tensor of indices for each dimension instead of one matrix with a row for each
            element.
        out: the tensor to write to.
    """
    a = input._data
    if as_tuple:
        return tuple([wrap(i) for i in np.nonzero(a if a.ndim else a.reshape(1))])
    found = np.array(np.nonzero(a)).T if a.ndim else np.zeros((int(bool(a)), 0), np.int64)
    return _into(out, wrap(found))


@composite()
def argwhere(input: Any) -> Any:
    """The indices of all elements that are not zero, a row for each."""
    return nonzero(input)


# ---------------------------------------------------------------------------------------------- the opposite of views
@operation(name="_select_scatter", aten="select_scatter", node="SelectScatterBackward0", function=False, method=False,
           input="_select_scatter(grad, zeros_of(grad, shape(src)), dim, index)", src="_select(grad, dim, index)")  # fmt: skip
def _select_scatter(input: Array, src: Array, dim: int, index: int) -> Array:
    """With the entry at one index of a dimension replaced."""
    found = input.copy()
    found[(slice(None),) * dim + (index,)] = src
    return found


def _same_shape(name: str, expected: Any, src: Any) -> None:
    if src._shape != expected:
        raise RuntimeError(
            f"expected src to have a size equal to the {name} of self. src size = {list(src._shape)}, {name} size = "
            f"{list(expected)}"
        )


@composite()
def select_scatter(input: Any, src: Any, dim: int, index: int) -> Any:
    """A copy in which the part that `select` shows is replaced by `src`."""
    _same_shape("slice", input.select(dim, index)._shape, src)
    return _select_scatter(input, src, wrap_dim(dim, len(input._shape)), index)


@operation(name="_slice_scatter", aten="slice_scatter", node="SliceScatterBackward0", function=False, method=False,
           input="_slice_scatter(grad, zeros_of(grad, shape(src)), dim, start, end, step)",
           src="_slice(grad, dim, start, end, step)")  # fmt: skip
def _slice_scatter(input: Array, src: Array, dim: int, start: Any, end: Any, step: Any) -> Array:
    """With a range of a dimension replaced."""
    found = input.copy()
    found[(slice(None),) * dim + (slice(start, end, step),)] = src
    return found


@composite()
def slice_scatter(input: Any, src: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    """A copy in which the part that a slice shows is replaced by `src`."""
    at = wrap_dim(dim, len(input._shape))
    last = input._shape[at] if end is None else end
    expected = input._data[(slice(None),) * at + (slice(start, last, step),)].shape
    _same_shape("slice", expected, src)
    return _slice_scatter(input, src, at, 0 if start is None else start, last, step)


@operation(name="_diagonal_scatter", aten="diagonal_scatter", node="DiagonalScatterBackward0", function=False,
           method=False, input="_diagonal_scatter(grad, zeros_of(grad, shape(src)), offset, dim1, dim2)",
           src="_diagonal(grad, offset, dim1, dim2)")  # fmt: skip
def _diagonal_scatter(input: Array, src: Array, offset: int, dim1: int, dim2: int) -> Array:
    """With a diagonal replaced."""
    from ..kernels.numpy_views import diagonal

    found = input.copy()
    diagonal(found, offset, dim1, dim2)[...] = src
    return found


@composite()
def diagonal_scatter(input: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """A copy in which the part that `diagonal` shows is replaced by `src`."""
    n = len(input._shape)
    _same_shape("slice", input.diagonal(offset, dim1, dim2)._shape, src)
    return _diagonal_scatter(input, src, offset, wrap_dim(dim1, n), wrap_dim(dim2, n))
