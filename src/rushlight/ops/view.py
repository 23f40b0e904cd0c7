"""Views: operations whose result looks at the memory of their input."""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import Size, TensorBase, settle, wrap
from ..kernels import numpy_views as kernels
from ..memory_format import contiguous_format
from .arguments import need_ints, no_tensor
from .convert import _clone
from .declare import REGISTRY, Array, composite, formula, operation, view
from .dimensions import distinct, one_or_several, wrap_dim
from .sizes import Shape, infer_size, sizes
from .view_parts import alias

ndarray, special = np.ndarray, mode.special


# ---------------------------------------------------------------------------------------------- shapes
def _view_kernel(a: Array, size: Shape) -> Array:
    if a.flags.c_contiguous:
        return a.reshape(size)
    found = kernels.view(a, size)
    if found is None:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return found


@view(name="_view", aten="view", kernel=_view_kernel, node="ViewBackward0", function=False, method=False,
      input="reshape(grad, shape(input))")  # fmt: skip
def _view(input: Array, size: Any) -> Array:
    """The elements in another shape."""


@view(name="_view_rows", aten="view", kernel=np.ndarray.reshape, node="ViewBackward0", function=False, method=False,
      input="reshape(grad, shape(input))")  # fmt: skip
def _view_rows(input: Array, size: Any) -> Array:
    """The elements of an array that lies row by row in another shape, of which NumPy finds an entry of -1."""


def _rows_in(input: Any, size: tuple[Any, ...]) -> Any:
    """A view in another shape where that is plain: in rows, of integers that fit; else None, and others look at it."""
    try:
        a = input._data
    except AttributeError:  # it is no tensor, as the general way will say
        return None
    if type(a) is not ndarray or not a.flags.c_contiguous or special.count:
        return None
    new = size[0] if len(size) == 1 else size
    if type(new) is int:
        if new < -1:
            return None
    elif type(new) is tuple or type(new) is Size:
        for n in new:
            if type(n) is not int or n < -1:
                return None
    else:
        return None
    try:
        return _view_rows(input, new)
    except (TypeError, ValueError):
        return None


@view(name="_reshape_alias", kernel=_view_kernel, node="ReshapeAliasBackward0", function=False, method=False,
      input="reshape(grad, shape(input))")  # fmt: skip
def _reshape_alias(input: Array, size: Any) -> Array:
    """The elements in another shape, as `reshape` makes it of a tensor that is not contiguous."""


@operation(name="_unsafe_view", kernel=_view_kernel, function=False, method=False, tangent="linear",
           input="reshape(grad, shape(input))")  # fmt: skip
def _unsafe_view(input: Array, size: Any) -> Array:
    """The elements of a tensor that nobody else holds in another shape; not known as a view."""


_clone_op, _unsafe_view_op = REGISTRY["_clone"], REGISTRY["_unsafe_view"]


@composite(name="view", function=False)
def view_method(input: Any, *size: Any, dtype: Any = None, **named: Any) -> Any:
    """The same elements in another shape, on the same memory.

    Args:
        input: the tensor.
        size: the new shape, of which one entry may be -1, as separate integers or one sequence; or a dtype, as which
            the memory is then read.
        dtype: the dtype as a keyword.

    Raises:
        RuntimeError: the shape has another number of elements, or the strides need a copy (see `reshape`).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view.html
    """
    if size and not named and dtype is None:
        found = _rows_in(input, size)
        if found is not None:
            return found
    return viewed(input, *size, dtype=dtype, **named)


def viewed(input: Any, *size: Any, dtype: Any = None, **named: Any) -> Any:
    """What `view_method` does, of any tensor and arguments."""
    if dtype is not None or (len(size) == 1 and isinstance(size[0], dtypes.dtype)):
        return _view_dtype(input, size[0] if dtype is None else dtype)
    new = sizes("view", size, "size", named)
    shape = input._shape
    return _view(input, new if new == shape else infer_size(shape, new))


@view(name="_view_dtype", aten="view", node="ViewBackward1", function=False, method=False, recasts=True)
def _view_dtype(input: Array, dtype: Any) -> Array:
    """The memory read as elements of another type.

    Raises:
        RuntimeError: the memory of a row does not divide into such elements.
    """
    target = dtype.numpy
    old, new = input.itemsize, target.itemsize
    if old == new:
        return input.view(target)
    if not input.ndim:
        raise RuntimeError(
            "self.dim() cannot be 0 to view "
            f"{dtypes.from_numpy(input.dtype).scalar_name} as {dtype.scalar_name} (different element sizes)"
        )
    if new > old and input.shape[-1] % (new // old):
        raise RuntimeError(
            f"self.size(-1) must be divisible by {new // old} to view "
            f"{dtypes.from_numpy(input.dtype).scalar_name} as {dtype.scalar_name} (different element sizes), but got "
            f"{input.shape[-1]}"
        )
    if input.strides[-1] != old:
        raise RuntimeError(
            f"self.stride(-1) must be 1 to view {dtypes.from_numpy(input.dtype).scalar_name} as {dtype.scalar_name} "
            "(different element sizes), but got " + str(input.strides[-1] // old)
        )
    return input.view(target)


@composite(function=False)
def view_as(input: Any, other: Any) -> Any:
    """`input` in the shape of `other`; see `view`."""
    if not isinstance(other, TensorBase):
        raise no_tensor("view_as", other, "other")
    return view_method(input, other._shape)


def _reshape_array(a: Array, size: Any) -> Array:
    return a.reshape(size)


@composite(raw=_reshape_array)
def reshape(input: Any, *shape: Any, **named: Any) -> Any:
    """The same elements in another shape: a view where the strides allow it, else a copy.

    Args:
        input: the tensor.
        shape: the new shape, of which one entry may be -1.

    Raises:
        RuntimeError: the shape has another number of elements.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.reshape.html
    """
    if shape and not named:
        found = _rows_in(input, shape)
        if found is not None:
            return found
    try:
        old = input._shape
    except AttributeError:
        raise no_tensor("reshape", input) from None
    if shape and type(shape[0]) is int and shape == (-1,):
        return _reshaped(input, (input._data.size,))
    return _reshaped(input, infer_size(old, sizes("reshape", shape, "shape", named)))


def _reshaped(input: Any, new: Shape) -> Any:
    a = settle(input)
    if a.flags.c_contiguous:
        return _view(input, new)
    found = a.reshape(new)
    if found.base is a or found.base is a.base or not a.size:
        if kernels.view_strides(a.shape, a.strides, a.itemsize, new) is not None:
            return _reshape_alias(input, new)
    if special.count and not mode.unseen(input):
        return _unsafe_view(_clone(input, contiguous_format), new)
    node = None if special.count else input._node
    if node is not None:
        node = _unsafe_view_op.link(_clone_op.link(node, a.shape, contiguous_format), a.shape, new)
    return wrap(found, node)


@composite(function=False)
def reshape_as(input: Any, other: Any) -> Any:
    """`input` in the shape of `other`; see `reshape`."""
    if not isinstance(other, TensorBase):
        raise no_tensor("reshape_as", other, "other")
    return reshape(input, other._shape)


@composite()
def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """The dimensions from `start_dim` to `end_dim` as one; a view where the strides allow it.

    Raises:
        IndexError: a dimension does not exist.
        RuntimeError: `start_dim` comes after `end_dim`.
    """
    try:
        shape = input._shape
    except AttributeError:
        raise no_tensor("flatten", input) from None
    n = len(shape)
    if start_dim == 0 and end_dim == -1 and n != 1:
        a = input._data
        if type(a) is ndarray and a.flags.c_contiguous:
            return _view_rows(input, (a.size,))
    start, end = wrap_dim(start_dim, n), wrap_dim(end_dim, n)
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not n:
        return reshape(input, (1,))
    if start == end:
        return input
    count = 1
    for d in shape[start : end + 1]:
        count *= d
    return _reshaped(input, (*shape[:start], count, *shape[end + 1 :]))


@composite()
def unflatten(input: Any, dim: int, sizes: Any) -> Any:
    """One dimension split into several, of which one may be -1.

    Raises:
        RuntimeError: the sizes do not multiply to the size of the dimension.
    """
    shape = input._shape
    at = wrap_dim(dim, len(shape))
    new = tuple(sizes)
    if not new:
        raise RuntimeError("unflatten: sizes must be non-empty")
    if not shape:
        raise RuntimeError("unflatten got an unexpected error:\nDimension specified as 0 but tensor has no dimensions")
    try:
        inferred = infer_size((shape[at],), new)
    except RuntimeError as error:
        if "invalid" in str(error):
            need_ints("unflatten", "sizes", sizes, 3)
            raise RuntimeError(
                f"unflatten: Provided sizes {list(new)} don't multiply up to the size of dim {at} ({shape[at]}) in the "
                "input tensor"
            ) from None
        raise
    return view_method(input, shape[:at] + inferred + shape[at + 1 :])


@composite()
def ravel(input: Any) -> Any:
    """All elements in one dimension; a view where the strides allow it."""
    try:
        a = input._data
    except AttributeError:
        raise no_tensor("ravel", input) from None
    if type(a) is not ndarray or not a.flags.c_contiguous:
        input = input.contiguous()
        a = input._data
    return _view_rows(input, (a.size,))


# ---------------------------------------------------------------------------------------------- dimensions of size one
@formula(aliasing=True)
def unsqueeze_to(grad: Any, dim: Any, shape: Any) -> Any:
    """The gradient of `squeeze` along `dim`: the dimensions of size 1 come back."""
    return reshape(grad, shape)


@view(name="_squeeze", aten="squeeze", kernel=np.ndarray.squeeze, node="SqueezeBackward0", function=False,
      method=False, input="reshape(grad, shape(input))")  # fmt: skip
def _squeeze(input: Array) -> Array:
    """Without the dimensions of size 1."""


@view(name="_squeeze_dim", aten="squeeze", node="SqueezeBackward1", function=False, method=False,
      input="unsqueeze_to(grad, dim, shape(input))")  # fmt: skip
def _squeeze_dim(input: Array, dim: int) -> Array:
    """Without one dimension, if its size is 1."""
    try:
        return input.squeeze(dim)
    except ValueError:  # which an IndexError is, too
        wrap_dim(dim, input.ndim)
        return input[...]


@view(name="_squeeze_dims", aten="squeeze", node="SqueezeBackward2", function=False, method=False,
      input="unsqueeze_to(grad, dim, shape(input))")  # fmt: skip
def _squeeze_dims(input: Array, dim: Any) -> Array:
    """Without the given dimensions of size 1."""
    n = input.ndim
    found = distinct([wrap_dim(d, n) for d in dim])
    return np.squeeze(input, tuple([d for d in found if n and input.shape[d] == 1]))


def _squeeze_array(a: Array, dim: Any = None) -> Array:
    return np.squeeze(a) if dim is None else _squeeze_dim_array(a, dim)


def _squeeze_dim_array(a: Array, dim: Any) -> Array:
    dims = (dim,) if isinstance(dim, int) else dim
    return np.squeeze(a, tuple([d for d in dims if a.ndim and a.shape[d] == 1]))


@composite(raw=_squeeze_array)
def squeeze(input: Any, dim: Any = None) -> Any:
    """Without dimensions of size 1: all of them, or those among `dim`.

    Raises:
        IndexError: a dimension does not exist.
    """
    if dim is None:
        return _squeeze(input)
    if type(dim) is int:
        return _squeeze_dim(input, dim)
    dim = one_or_several(dim)
    return _squeeze_dim(input, dim) if isinstance(dim, int) else _squeeze_dims(input, dim)


@view(name="unsqueeze", input="squeeze(grad, dim)")
def unsqueeze(input: Array, dim: int) -> Array:
    """With a dimension of size 1 put in at `dim`.

    Raises:
        IndexError: `dim` is not within one of the dimensions.
    """
    return kernels.unsqueeze(input, wrap_dim(dim, input.ndim + 1))


# ---------------------------------------------------------------------------------------------- order of dimensions
@view(input="transpose(grad, dim0, dim1)")
def transpose(input: Array, dim0: int, dim1: int) -> Array:
    """With two dimensions exchanged.

    Args:
        input: the tensor.
        dim0, dim1: the dimensions, which may be counted from the end.

    Raises:
        IndexError: there is no such dimension.
    """
    try:
        return input.swapaxes(dim0, dim1)
    except IndexError:
        n = input.ndim
        wrap_dim(dim0, n), wrap_dim(dim1, n)
        return input[...]


composite(name="swapdims")(transpose)


@composite()
def swapaxes(input: Any, axis0: int, axis1: int) -> Any:
    """With two dimensions exchanged; see `transpose`."""
    return transpose(input, axis0, axis1)


@view(name="t", node="TBackward0", input="t(grad)")
def t(input: Array) -> Array:
    """The transpose of a matrix; a vector or number as it is.

    Raises:
        RuntimeError: there are more than two dimensions.
    """
    if input.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D")
    return input.T


@view(name="_permute", aten="permute", node="PermuteBackward0", function=False, method=False,
      input="permute(grad, inverse_order(dims))")  # fmt: skip
def _permute(input: Array, dims: Any) -> Array:
    """With the dimensions in another order."""
    return input.transpose(dims)


@formula
def inverse_order(dims: Any) -> Any:
    """The order of dimensions that undoes another."""
    n = len(dims)
    found = [0] * n
    for i, d in enumerate(dims):
        found[d % n] = i
    return tuple(found)


@composite(raw=lambda a, dims: a.transpose(dims))
def permute(input: Any, *dims: Any, **named: Any) -> Any:
    """With the dimensions in another order.

    Args:
        input: the tensor.
        dims: every dimension once, in the new order, as one sequence or as several arguments.

    Raises:
        RuntimeError: not every dimension is given exactly once.
    """
    try:
        n = len(input._shape)
    except AttributeError:
        raise no_tensor("permute", input) from None
    order = dims[0] if len(dims) == 1 else dims
    if type(order) is tuple and not named and len(order) == n:
        for d in order:
            if type(d) is not int or not 0 <= d < n:
                break
        else:
            try:
                return _permute(input, order)
            except ValueError:
                raise RuntimeError("permute(): duplicate dims are not allowed.") from None
    order = sizes("permute", dims, "dims", named)
    if len(order) != n:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {n} is not equal to len(dims) = {len(order)}"
        )
    for d in order:
        if not 0 <= d < n:
            order = tuple([wrap_dim(d, n) for d in order])
            break
    if len(set(order)) != n:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return _permute(input, order)


@composite()
def movedim(input: Any, source: Any, destination: Any) -> Any:
    """With some dimensions moved to other places, the rest in their order.

    Args:
        input: the tensor.
        source: the dimension or dimensions to move.
        destination: the places that they get, as many.

    Raises:
        RuntimeError: the lists differ in length or a dimension appears twice.
    """
    source, destination = one_or_several(source), one_or_several(destination)
    single = isinstance(source, int)
    from_, to = ([source], [destination]) if single else (list(source), list(destination))
    try:
        n = len(input._shape)
    except AttributeError:
        raise no_tensor("movedim", input) from None
    if len(from_) != len(to):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({from_} dims) should contain the same number of "
            f"dims as destination ({to} dims)"
        )
    src, dst = [wrap_dim(d, n) for d in from_], [wrap_dim(d, n) for d in to]
    if len(set(src)) != len(src):
        raise RuntimeError(f"movedim: repeated dim in `source` ({from_})")
    if len(set(dst)) != len(dst):
        raise RuntimeError(f"movedim: repeated dim in `destination` ({to})")
    if not n:
        return alias(input)
    order = [d for d in range(n) if d not in src]
    for d, s in sorted(zip(dst, src)):
        order.insert(d, s)
    return permute(input, tuple(order))


composite(name="moveaxis")(movedim)
