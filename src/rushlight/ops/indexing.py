"""Square brackets: reading and writing parts of tensors.

An index is taken apart from left to right, as PyTorch does: integers, slices and None each make a view; tensors, lists
and booleans are collected and read (or written) together at the end.
"""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import UNTOUCHED, TensorBase, as_view, namespace, settle, wrap
from ..kernels import choosing, entries
from ..kernels import numpy_indexing as kernels
from ..kernels import numpy_views as kernels_of_views
from ..kernels.numpy_views import overlaps_itself
from ..memory_format import preserve_format
from ..warn import warn
from .convert import copy_in
from .declare import REGISTRY, Array, operation, unrecorded_view
from .history import refresh
from .index_parts import NO_INDEX, Parts, as_tuple, bounds
from .inplace import change_inplace
from .inplace import check as check_inplace
from .numbers import number_for
from .overlap import refuse_overlap
from .overwrite import copy_, fill_
from .view import view_method
from .view_parts import alias

_WHOLE = slice(None)
_FIRST = [tuple(range(n)) for n in range(65)]  # so many dimensions, from the first on
_new = object.__new__
ndarray, special, SMALLEST = np.ndarray, mode.special, entries.SMALLEST
may_share_memory = np.may_share_memory


# ---------------------------------------------------------------------------------------------- tensors as indices
@operation(name="_index", aten="index", node="IndexBackward0", function=False, method=False, kernel=entries.index,
           tangent="linear", input="index_backward(grad, shape(input), indices, dims)")  # fmt: skip
def _index(input: Array, indices: list[Array], dims: Any) -> Array:
    """The elements at index tensors, each of which stands at a dimension."""


@operation(name="index_backward", function=False, method=False, kernel=entries.index_backward, tangent="linear",
           input="_index(grad, indices, dims)")  # fmt: skip
def index_backward(input: Array, size: Any, indices: list[Array], dims: Any) -> Array:
    """The gradient of `_index`."""


@operation(name="_index_put", aten="index_put_", node="IndexPutBackward0", function=False, method=False,
           input="grad if accumulate else _index_put(grad, indices, zeros_of(grad, ()), dims, False)",
           values="fit_like(_index(grad, indices, dims), shape(values))")  # fmt: skip
def _index_put(input: Array, indices: list[Array], values: Array, dims: Any, accumulate: bool) -> Array:
    """With values at index tensors replaced, or added to."""
    found = copy_in(input, preserve_format)
    entries.put(found, indices, values, dims, accumulate)
    return found


# ---------------------------------------------------------------------------------------------- reading
_select_op = REGISTRY["_select"]
_slice_op = REGISTRY["_slice"]
_unsqueeze_op = REGISTRY["unsqueeze"]
_index_op = REGISTRY["_index"]


def getitem(input: Any, index: Any) -> Any:
    """The part of a tensor that an index names.

    Integers, slices, None and Ellipsis give a view; tensors, arrays and lists of integers or booleans give a copy.

    Raises:
        IndexError: an index is out of range, there are too many, or it is of no use as an index.
        ValueError: a slice has a step below 1.
    """
    kind = type(index)
    node: Any = None
    link: Any = as_view
    usual = not special.count
    if usual:
        node = input._node
    elif not special.more and not mode.local.grad:
        usual, link = True, unrecorded_view
    if usual:
        data = input._data
        if type(data) is not ndarray:
            data = settle(input)
        shape = input._shape
        a: Any = None
        if kind is int:
            try:
                a = data[index, ...]
            except IndexError:
                raise _bad_integer(shape, index) from None
            if node is not None:
                node = _select_op.link(node, shape, 0, index)
        elif kind is slice and shape:
            start, end, step = bounds(index)
            a = data[start:end:step]
            if not a.size:
                a = kernels_of_views.slice_(data, 0, start, end, step)
            if node is not None:
                node = _slice_op.link(node, shape, 0, start, end, step)
        elif index is None or (kind is tuple and len(index) == 2 and index[0] is Ellipsis and index[1] is None):
            dim = 0 if index is None else len(shape)
            a = kernels_of_views.unsqueeze(data, dim)
            if node is not None:
                node = _unsqueeze_op.link(node, shape, dim)
        elif kind is tuple and not (index and isinstance(index[-1], TensorBase)):
            a = _plain_view(shape, data, index)
            if a is not None and node is not None:
                node = _steps(input, index)
                if node is None:
                    a, node = None, input._node
        if a is not None:
            t = _new(namespace["Tensor"])
            t._data, t._shape, t._dtype, t._node = a, a.shape, input._dtype, node
            link(t, input)
            return t
        if kind is tuple or isinstance(index, TensorBase):
            places = _places(shape, index if kind is tuple else (index,))
            if places is not None:
                indices, dims = places
                at = indices[0]._data
                if kind is not tuple and at.dtype.char == "?":
                    a = data[at]
                elif data.size >= SMALLEST:
                    a = entries.index(data, [i._data for i in indices], dims)
                else:
                    a = kernels.index(data, [at] if len(indices) == 1 else [i._data for i in indices], dims)
                t = _new(namespace["Tensor"])
                t._data, t._shape, t._dtype, t._versions, t._view = a, a.shape, input._dtype, UNTOUCHED, None
                t._node = None if node is None else _index_op.recorder(1)(input, indices, dims, None, UNTOUCHED)
                return t
    elif kind is int and not input._shape:
        raise _bad_integer((), index)
    parts = Parts(input, as_tuple(index), lone=kind is slice)
    if parts.indices:
        return _index(parts.view, parts.indices, tuple(parts.dims))
    return alias(input) if parts.view is input else parts.view


def _places(shape: tuple[int, ...], index: tuple[Any, ...]) -> tuple[list[Any], tuple[int, ...]] | None:
    """The tensors in an index and their dimensions; None if there is more in it than places, masks and whole slices."""
    for x in index:
        if not isinstance(x, TensorBase) or x._dtype is not dtypes.int64 or not x._shape:
            break
    else:
        if 0 < len(index) <= len(shape):
            return list(index), _FIRST[len(index)]
    if len(index) == 1 and shape:
        x = index[0]
        if isinstance(x, TensorBase) and x._dtype is dtypes.bool_ and x._shape == shape:
            return [x], (0,)
    indices, dims, dim = [], [], 0
    for x in index:
        if isinstance(x, TensorBase):
            own = x._shape
            if not own:
                return None
            indices.append(x)
            dims.append(dim)
            if x._dtype is dtypes.int64:
                dim += 1
            elif x._dtype is dtypes.bool_ and own == shape[dim : dim + len(own)]:
                dim += len(own)
            else:
                return None
        elif type(x) is slice and x == _WHOLE:
            dim += 1
        else:
            return None
    return (indices, tuple(dims)) if indices and dim <= len(shape) else None


def _plain_view(shape: tuple[int, ...], data: np.ndarray, index: tuple[Any, ...]) -> Any:
    """The array by integers, slices, Ellipsis and at last None, in one step; None if there is more to it."""
    new = dots = False
    for x in index:
        kind = type(x)
        if kind is int:
            if new:
                return None
        elif kind is slice:
            step = x.step
            if (step is not None and (type(step) is not int or step <= 0)) or (new and x != _WHOLE):
                return None
        elif x is None:
            new = True
        elif x is Ellipsis:
            dots = True
        else:
            return None
    given = tuple([x for x in index if x is not None]) if new else index
    try:
        a = data[given if dots else (*given, ...)]
    except (IndexError, TypeError):
        return None
    if not a.size and data.size:
        return None  # `_slice` knows where slices of nothing begin
    if new:
        dim = 0
        for x in index:
            if x is None:
                a = kernels_of_views.unsqueeze(a, dim)
            dim += len(shape) - len(given) + 1 if x is Ellipsis else type(x) is not int
    return a


def _steps(input: Any, index: tuple[Any, ...]) -> Any:
    """The node of the view that `_plain_view` makes, and those of the views by which PyTorch gets there; or None."""
    node, shape, dim = input._node, input._shape, 0
    for x in index:
        if type(x) is int:
            node = _select_op.link(node, shape, dim, x)
            shape = shape[:dim] + shape[dim + 1 :]
        elif x is Ellipsis:
            dim += len(input._shape) - sum([i is not None and i is not Ellipsis for i in index])
        elif x is None:
            node = _unsqueeze_op.link(node, shape, dim)
            shape = (*shape[:dim], 1, *shape[dim:])
            dim += 1
        else:
            if x != _WHOLE:
                start, end, by = bounds(x)
                if start or by != 1 or end < shape[dim]:
                    node = _slice_op.link(node, shape, dim, start, end, by)
                    shape = (*shape[:dim], len(range(shape[dim])[start:end:by]), *shape[dim + 1 :])
            dim += 1
    return None if node is input._node else node


def _bad_integer(shape: Any, index: int) -> IndexError:
    if not shape:
        return IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a "
            "0-dim tensor to a number"
        )
    return IndexError(f"index {index} is out of bounds for dimension 0 with size {shape[0]}")


# ---------------------------------------------------------------------------------------------- writing
def setitem(input: Any, index: Any, value: Any) -> None:
    """Writes a number or tensor, which is broadcast, to the part of a tensor that an index names.

    Raises:
        IndexError: as in reading.
        RuntimeError: the value does not fit, or PyTorch forbids the change in place.
        ValueError: the value is an integer that no type holds.
        TypeError: the value is neither a number nor a tensor.
    """
    dtype = input._dtype
    plain = not special.count and input._node is None and input._view is None
    write = _plain_put if isinstance(index, TensorBase) else _plain_write
    if type(value) is float and dtype.plain and -60000 <= value <= 60000:
        array = dtype.scalars.get(value)
        if array is None:
            array = np.array(value, dtype.numpy)
        if plain and write(input, index, array, dtype):
            return
        given: Any = wrap(array)
    elif isinstance(value, TensorBase):
        given = value
        if plain and value._node is None and write(input, index, value._data, value._dtype):
            return
    elif isinstance(value, (int, float, complex, np.number, np.bool_)):
        number = value.item() if isinstance(value, np.generic) else value
        if type(number) is int and not -(1 << 63) <= number < 1 << 63:
            raise ValueError("Overflow when unpacking long long")
        # PyTorch asks one element of two bytes not whether it stays finite.
        array = number_for(number, dtype, dtype.itemsize > 2)
        if plain and write(input, index, array, dtype):
            return
        given = wrap(array)
    else:
        kind = type(value)
        name = f"{kind.__module__}.{kind.__name__}" if kind.__module__ not in ("builtins", "torch") else kind.__name__
        raise TypeError(f"can't assign a {name} to a torch.{dtype.legacy}")
    if type(index) is int and not input._shape:
        raise _bad_integer((), index)
    if index is False:
        return
    try:
        parts = Parts(input, (None,) if index is True else as_tuple(index))
    except IndexError as error:
        # What PyTorch sees only after it has found that it may write.
        if error.args == (NO_INDEX,) or str(error).startswith("The shape of the mask"):
            check_inplace(input, input._node is not None or given._node is not None)
        raise
    target = parts.view
    if parts.indices:
        _put(target, parts, given, value)
    elif given._shape == target._shape:
        copy_(target, given)
    elif not given._shape:
        refuse_overlap(target)
        fill_(target, given)
    else:
        copy_(target, _stripped(given).expand(target._shape))


def _plain_write(input: Any, index: Any, values: np.ndarray, dtype: dtypes.dtype) -> bool:
    """Writes at once what has the part's shape, or a number, where the index is integers and slices; else False."""
    kind = type(index)
    version = input._versions
    if kind is slice:
        bounds(index)
    elif kind is tuple:
        for x in index:
            if type(x) is slice:
                bounds(x)
            elif type(x) is not int and x is not Ellipsis:
                return False
    elif kind is not int or not input._shape:
        return False
    if mode.INFERENCE is version or dtype.category > input._dtype.category:
        return False
    try:
        if values.ndim:
            part = index if kind is tuple else (index,)
            target = input._data[part if Ellipsis in part else (*part, ...)]
            if values.shape != target.shape:
                return False
            target[...] = values
        else:
            input._data[index] = values
    except (IndexError, TypeError):
        return False
    if version is UNTOUCHED:
        input._versions = [1]
    else:
        version[0] += 1
        if len(version) > 1:
            refresh(input)
    return True


def _plain_put(input: Any, index: Any, values: np.ndarray, dtype: dtypes.dtype) -> bool:
    """Writes a number where a mask like the tensor is true, or what fits to places; False if it is another index."""
    a, at, shape, version = input._data, index._data, values.shape, input._versions
    if dtype is not input._dtype or mode.INFERENCE is version or len(version) > 1:
        return False
    if type(a) is not ndarray or type(at) is not ndarray or not at.ndim or 0 in a.strides or not _apart(at, a):
        return False
    if index._dtype is dtypes.bool_ and index._shape == input._shape and not shape:
        if a.size < SMALLEST:
            a[at] = values
        else:
            choosing.fill_where(a, at, values)
    elif index._dtype is dtypes.int64 and input._shape and a.size:
        if shape and (shape != index._shape + input._shape[1:] or not _apart(values, a)):
            return False
        if values.size:
            try:
                a[at] = values
            except IndexError:
                raise kernels.explain(a.shape, [at], (0,)) from None
    else:
        return False
    if version is UNTOUCHED:
        input._versions = [1]
    else:
        version[0] += 1
    return True


def _apart(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays have no memory in common."""
    if a.base is None and b.base is None:
        return a is not b
    return not may_share_memory(a, b)


def _stripped(given: Any) -> Any:
    """The value without leading dimensions of size 1."""
    shape = given._shape
    lead = 0
    while lead < len(shape) and shape[lead] == 1:
        lead += 1
    return view_method(given, shape[lead:]) if lead else given


def of_two_dtypes(target: Any, indices: list[Any], given: Any, dims: Any) -> RuntimeError:
    """The error for values of another dtype than the tensor they are put into.

    Raises:
        IndexError: the indices do not fit, which is said first.
        RuntimeError: the values' shape does not fit, which is said first.
    """
    arrays = [t._data if t._dtype is dtypes.bool_ or not target._data.size else t._data * 0 for t in indices]
    kernels.put(np.empty_like(target._data), arrays, given._data, dims, False)
    return RuntimeError(
        f"Index put requires the source and destination dtypes match, got {target._dtype.scalar_name} for the "
        f"destination and {given._dtype.scalar_name} for the source."
    )


def _put(target: Any, parts: Parts, given: Any, value: Any) -> None:
    # One number is filled in by one mask, whatever its dtype.
    filled = given._data.size == 1 and len(parts.indices) == 1 and parts.indices[0]._dtype is dtypes.bool_
    if filled and parts.bytes:
        raise RuntimeError("masked_fill_ only supports boolean masks, but got mask with dtype unsigned char")
    if value is given and given._dtype is not target._dtype and not filled:
        # What is wrong with the tensor is said first.
        check_inplace(target, target._node is not None or given._node is not None)
        raise of_two_dtypes(target, parts.indices, given, parts.dims)
    if filled and given._dtype is not target._dtype:
        number_for(given._data.item(), target._dtype)
    if target is not parts.view or len(given._shape) > 0:
        given = _stripped(given)
    put_at(target, parts.indices, given, tuple(parts.dims), False)


def put_at(target: Any, indices: list[Any], values: Any, dims: Any, accumulate: bool) -> Any:
    """Writes values at index tensors in place; see `Tensor.index_put_`."""
    arrays = [t._data for t in indices]
    if overlaps_itself(target._data):
        warn(
            "Use of index_put_ on expanded tensors is deprecated. Please clone() the tensor before performing this "
            "operation. This also applies to advanced indexing e.g. tensor[indices] = tensor",
        )
    return change_inplace(
        "_index_put",
        (target, indices, values, dims, accumulate),
        lambda a: entries.put(a, arrays, values._data, dims, accumulate),
        overlap=True,
    )


_methods: Any = TensorBase
_methods.__getitem__ = getitem
_methods.__setitem__ = setitem
