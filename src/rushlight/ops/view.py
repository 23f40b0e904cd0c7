"""Views: operations whose result looks at the memory of their input."""

import operator
from typing import Any

import numpy as np

from .. import dtypes
from ..base import Size, TensorBase, wrap
from ..kernels import numpy_views as kernels
from ..memory_format import contiguous_format
from .convert import _clone
from .declare import Array, composite, formula, in_formulas, operation, view

Shape = tuple[int, ...]


# ---------------------------------------------------------------------------------------------- arguments
def wrap_dim(dim: int, ndim: int) -> int:
    """A dimension counted from the front.

    Raises:
        IndexError: there is no such dimension; a tensor without dimensions is treated as having one.
    """
    n = ndim or 1
    if not -n <= dim < n:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})")
    return dim + n if dim < 0 else dim


def sizes(name: str, given: tuple[Any, ...], argument: str = "size") -> Shape:
    """The integers of a shape given as one sequence or as separate arguments.

    Raises:
        TypeError: one of them is not an integer, or nothing is given.
    """
    if len(given) == 1 and not isinstance(given[0], int):
        one = given[0]
        if isinstance(one, (tuple, list)):
            given = tuple(one)
        elif isinstance(one, TensorBase) and one._shape:
            given = tuple(one.tolist())
    elif not given:
        raise TypeError(f'{name}() missing 1 required positional arguments: "{argument}"')
    for x in given:
        if type(x) is not int:
            return tuple([_integer(name, x, i, argument) for i, x in enumerate(given)])
    return given


def _integer(name: str, x: Any, position: int, argument: str) -> int:
    try:
        if isinstance(x, bool):
            return int(x)
        return operator.index(x)
    except TypeError:
        raise TypeError(
            f"{name}(): argument '{argument}' (position 1) must be tuple of ints, but found element of type "
            f"{type(x).__name__} at pos {position}"
        ) from None


def infer_size(shape: Shape, size: Shape) -> Shape:
    """The new shape `size` with -1 replaced by what is left of the elements of `shape`.

    Raises:
        RuntimeError: the numbers of elements differ, or -1 is ambiguous.
    """
    count = 1
    for n in shape:
        count *= n
    known, free = 1, None
    for i, n in enumerate(size):
        if n == -1:
            if free is not None:
                raise RuntimeError("only one dimension can be inferred")
            free = i
        elif n < 0:
            raise RuntimeError(f"invalid shape dimension {n} at index {i} of shape {list(size)}")
        else:
            known *= n
    if free is None:
        if known == count:
            return size
    elif known and count % known == 0:
        return size[:free] + (count // known,) + size[free + 1 :]
    elif known == 0 and count == 0:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(size)} because the unspecified dimension size -1 can "
            "be any value and is ambiguous"
        )
    raise RuntimeError(f"shape '{list(size)}' is invalid for input of size {count}")


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


@view(name="_reshape_alias", kernel=_view_kernel, node="ReshapeAliasBackward0", function=False, method=False,
      input="reshape(grad, shape(input))")  # fmt: skip
def _reshape_alias(input: Array, size: Any) -> Array:
    """The elements in another shape, as `reshape` makes it of a tensor that is not contiguous."""


@operation(name="_unsafe_view", kernel=_view_kernel, function=False, method=False, tangent="linear",
           input="reshape(grad, shape(input))")  # fmt: skip
def _unsafe_view(input: Array, size: Any) -> Array:
    """The elements of a tensor that nobody else holds in another shape; not known as a view."""


@composite(name="view", function=False)
def view_method(input: Any, *size: Any, dtype: Any = None) -> Any:
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
    if dtype is not None or (len(size) == 1 and isinstance(size[0], dtypes.dtype)):
        return _view_dtype(input, size[0] if dtype is None else dtype)
    new = sizes("view", size)
    shape = input._shape
    return _view(input, new if new == shape else infer_size(shape, new))


@view(name="_view_dtype", aten="view", node="ViewBackward1", function=False, method=False)
def _view_dtype(input: Array, dtype: Any) -> Array:
    """The memory read as elements of another type."""
    target = dtype.numpy
    old, new = input.itemsize, target.itemsize
    if old == new:
        return input.view(target)
    if not input.ndim:
        raise RuntimeError(
            "self.dim() cannot be 0 to view "
            f"{dtypes.from_numpy(input.dtype).scalar_name} as {dtype.scalar_name} (different element sizes)"
        )
    if input.strides[-1] != old:
        raise RuntimeError(
            f"self.stride(-1) must be 1 to view {dtypes.from_numpy(input.dtype).scalar_name} as {dtype.scalar_name} "
            "(different element sizes), but got " + str(input.strides[-1] // old)
        )
    if new > old and input.shape[-1] % (new // old):
        raise RuntimeError(
            f"self.size(-1) must be divisible by {new // old} to view "
            f"{dtypes.from_numpy(input.dtype).scalar_name} as {dtype.scalar_name} (different element sizes), but got "
            f"{input.shape[-1]}"
        )
    return input.view(target)


@composite(function=False)
def view_as(input: Any, other: Any) -> Any:
    """`input` in the shape of `other`; see `view`."""
    return view_method(input, other._shape)


def _reshape_array(a: Array, size: Any) -> Array:
    return a.reshape(size)


@composite(raw=_reshape_array)
def reshape(input: Any, *shape: Any) -> Any:
    """The same elements in another shape: a view where the strides allow it, else a copy.

    Args:
        input: the tensor.
        shape: the new shape, of which one entry may be -1.

    Raises:
        RuntimeError: the shape has another number of elements.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.reshape.html
    """
    new = infer_size(input._shape, sizes("reshape", shape, "shape"))
    a = input._data
    if a.flags.c_contiguous:
        return _view(input, new)
    if kernels.view_strides(a.shape, a.strides, a.itemsize, new) is not None:
        return _reshape_alias(input, new)
    return _unsafe_view(_clone(input, contiguous_format), new)


@composite(function=False)
def reshape_as(input: Any, other: Any) -> Any:
    """`input` in the shape of `other`; see `reshape`."""
    return reshape(input, other._shape)


@composite()
def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """The dimensions from `start_dim` to `end_dim` as one; a view where the strides allow it.

    Raises:
        IndexError: a dimension does not exist.
        RuntimeError: `start_dim` comes after `end_dim`.
    """
    shape = input._shape
    n = len(shape)
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
    return reshape(input, (*shape[:start], count, *shape[end + 1 :]))


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
    try:
        inferred = infer_size((shape[at],), new)
    except RuntimeError as error:
        if "invalid" in str(error):
            raise RuntimeError(
                f"unflatten: Provided sizes {list(new)} don't multiply up to the size of dim {at} ({shape[at]}) in the "
                "input tensor"
            ) from None
        raise
    return view_method(input, shape[:at] + inferred + shape[at + 1 :])


@composite()
def ravel(input: Any) -> Any:
    """All elements in one dimension; a view where the strides allow it."""
    return view_method(input.contiguous(), -1)


# ---------------------------------------------------------------------------------------------- dimensions of size one
@formula(aliasing=True)
def unsqueeze_to(grad: Any, dim: Any, shape: Any) -> Any:
    """The gradient of `squeeze` along `dim`: the dimensions of size 1 come back."""
    return reshape(grad, shape)


@view(name="_squeeze", aten="squeeze", node="SqueezeBackward0", function=False, method=False,
      input="reshape(grad, shape(input))")  # fmt: skip
def _squeeze(input: Array) -> Array:
    """Without the dimensions of size 1."""
    return np.squeeze(input)


@view(name="_squeeze_dim", aten="squeeze", node="SqueezeBackward1", function=False, method=False,
      input="unsqueeze_to(grad, dim, shape(input))")  # fmt: skip
def _squeeze_dim(input: Array, dim: int) -> Array:
    """Without one dimension, if its size is 1."""
    at = wrap_dim(dim, input.ndim)
    return input[(slice(None),) * at + (0, ...)] if input.ndim and input.shape[at] == 1 else input[...]


@view(name="_squeeze_dims", aten="squeeze", node="SqueezeBackward2", function=False, method=False,
      input="unsqueeze_to(grad, dim, shape(input))")  # fmt: skip
def _squeeze_dims(input: Array, dim: Any) -> Array:
    """Without the given dimensions of size 1."""
    n = input.ndim
    found = _distinct([wrap_dim(d, n) for d in dim])
    return np.squeeze(input, tuple([d for d in found if n and input.shape[d] == 1]))


def _distinct(dims: list[int]) -> list[int]:
    for d in dims:
        if dims.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return dims


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
    return _squeeze_dim(input, dim) if isinstance(dim, int) else _squeeze_dims(input, tuple(dim))


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
    """With two dimensions exchanged."""
    n = input.ndim
    a, b = wrap_dim(dim0, n), wrap_dim(dim1, n)
    return input.swapaxes(a, b) if n else input[...]


composite(name="swapaxes")(transpose)
composite(name="swapdims")(transpose)


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
def permute(input: Any, *dims: Any) -> Any:
    """With the dimensions in another order.

    Raises:
        RuntimeError: not every dimension is given exactly once.
    """
    order = sizes("permute", dims, "dims")
    n = len(input._shape)
    if len(order) != n:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {n} is not equal to len(dims) = {len(order)}"
        )
    order = tuple([wrap_dim(d, n) for d in order])
    if len(set(order)) != n:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return _permute(input, order)


@composite()
def movedim(input: Any, source: Any, destination: Any) -> Any:
    """With some dimensions moved to other places, the rest in their order.

    Raises:
        RuntimeError: the lists differ in length or a dimension appears twice.
    """
    single = isinstance(source, int)
    from_, to = ([source], [destination]) if single else (list(source), list(destination))
    n = len(input._shape)
    if len(from_) != len(to):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({from_} dims) should contain the same number of dims "
            f"as destination ({to} dims)"
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


def _reversed(input: Any) -> Any:
    n = len(input._shape)
    if n not in (0, 2):
        import warnings

        warnings.warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw "
            "an error in a future release. Consider `x.mT` to transpose batches of matrices or "
            "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor.",
            UserWarning,
            stacklevel=2,
        )
    return permute(input, tuple(range(n - 1, -1, -1)))


def _matrix_transpose(input: Any) -> Any:
    if not input._shape:
        return _identity_of_number(input, "mT")
    if len(input._shape) < 2:
        raise RuntimeError(
            "tensor.mT is only supported on matrices or batches of matrices. Got "
            f"{len(input._shape)}-D tensor."
        )
    return transpose(input, -2, -1)


def _identity_of_number(input: Any, name: str) -> Any:
    import warnings

    warnings.warn(
        f"Tensor.{name} is deprecated on 0-D tensors. This function is the identity in these cases.",
        UserWarning,
        stacklevel=3,
    )
    return transpose(input, 0, 0)


@composite()
def adjoint(input: Any) -> Any:
    """The conjugate transpose of the last two dimensions.

    Raises:
        RuntimeError: there are fewer than two dimensions.
    """
    if len(input._shape) < 2:
        raise RuntimeError(
            "tensor.adjoint() is only supported on matrices or batches of matrices. Got "
            f"{len(input._shape)}-D tensor."
        )
    swapped = transpose(input, -2, -1)
    return swapped.conj() if input._dtype.is_complex else swapped


def _matrix_adjoint(input: Any) -> Any:
    n = len(input._shape)
    if n not in (0, 2):
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {n}-D tensor."
            + (" For batches of matrices, consider using tensor.mH" if n > 2 else "")
        )
    return adjoint(input) if n else input.conj() if input._dtype.is_complex else input


for _name, _getter, _doc in (
    ("T", _reversed, "The tensor with its dimensions in reverse order."),
    ("mT", _matrix_transpose, "The tensor with its last two dimensions exchanged."),
    ("H", _matrix_adjoint, "The conjugate transpose of a matrix."),
    ("mH", adjoint, "The conjugate transpose of the last two dimensions."),
):
    setattr(TensorBase, _name, property(_getter, doc=_doc))


# ---------------------------------------------------------------------------------------------- repeating
@view(name="_expand", aten="expand", node="ExpandBackward0", function=False, method=False,
      input="sum_to_size(grad, shape(input))")  # fmt: skip
def _expand(input: Array, size: Any) -> Array:
    """Repeated to a shape."""
    return kernels.expand(input, size)


def _expand_array(a: Array, size: Any) -> Array:
    return kernels.expand(a, tuple(size))


@composite(function=False, raw=_expand_array)
def expand(input: Any, *size: Any, implicit: bool = False) -> Any:
    """Dimensions of size 1 repeated to a larger size without using memory; -1 keeps a size.

    Raises:
        RuntimeError: a dimension of another size than 1 would change, or there are too few sizes.
    """
    new = sizes("expand", size)
    shape = input._shape
    lead = len(new) - len(shape)
    if lead < 0:
        raise RuntimeError(
            f"expand({_type(input)}{{{list(shape)}}}, size={list(new)}): the number of sizes provided ({len(new)}) must "
            f"be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    found = list(new)
    for i in reversed(range(len(new))):
        n = new[i]
        if n == -1:
            if i < lead:
                raise RuntimeError(
                    f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {i}"
                )
            found[i] = shape[i - lead]
        elif i >= lead and n != shape[i - lead] and shape[i - lead] != 1:
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({shape[i - lead]}) at non-singleton "
                f"dimension {i}.  Target sizes: {list(new)}.  Tensor sizes: {list(shape)}"
            )
    return _expand(input, tuple(found))


def _type(t: Any) -> str:
    return f"torch.{t._dtype.legacy}"


@composite(function=False)
def expand_as(input: Any, other: Any) -> Any:
    """`input` expanded to the shape of `other`."""
    return expand(input, other._shape)


@composite()
def broadcast_to(input: Any, *size: Any) -> Any:
    """`input` expanded to a shape; see `Tensor.expand`."""
    return expand(input, *size)


@composite(method=False)
def broadcast_tensors(*tensors: Any) -> tuple[Any, ...]:
    """All tensors expanded to the shape to which they broadcast together."""
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tuple(tensors[0])
    shape = broadcast_shapes(*[x._shape for x in tensors])
    return tuple([expand(x, shape) for x in tensors])


@composite(method=False)
def broadcast_shapes(*shapes: Any) -> Size:
    """The shape to which shapes broadcast together.

    Raises:
        RuntimeError: they do not.
    """
    from .elementwise_general import broadcast_shapes as two

    found: Shape = ()
    for s in shapes:
        s = (s,) if isinstance(s, int) else tuple(s)
        try:
            found = two(found, s)
        except RuntimeError:
            raise RuntimeError(
                "Shape mismatch: objects cannot be broadcast to a single shape"
            ) from None
    return Size(found)


# ---------------------------------------------------------------------------------------------- parts
def _select_kernel(a: Array, dim: int, index: int) -> Array:
    n = a.ndim
    if not n:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim = wrap_dim(dim, n)
    size = a.shape[dim]
    if not -size <= index < size:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(a.shape)} at dimension {dim}"
        )
    return kernels.select(a, dim, index)


@view(name="_select", aten="select", node="SelectBackward0", kernel=_select_kernel, function=False, method=False,
      input="select_backward(grad, shape(input), dim, index)")  # fmt: skip
def _select(input: Array, dim: int, index: int) -> Array:
    """The part at one index of a dimension."""


@composite(raw=_select_kernel)
def select(input: Any, dim: int, index: Any) -> Any:
    """The part at one index of a dimension, which the result lacks.

    Raises:
        IndexError: the dimension or the index does not exist, or the tensor has no dimensions.
    """
    n = len(input._shape)
    return _select(input, wrap_dim(dim, n) if n else dim, operator.index(index))


@operation(name="select_backward", function=False, method=False, tangent="linear", input="_select(grad, dim, index)",
           kernel=kernels.select_backward)  # fmt: skip
def select_backward(input: Array, size: Any, dim: int, index: int) -> Array:
    """The gradient of `select`."""


@view(name="_slice", aten="slice", node="SliceBackward0", function=False, method=False, kernel=kernels.slice_,
      input="slice_backward(grad, shape(input), dim, start, end, step)")  # fmt: skip
def _slice(input: Array, dim: int, start: Any, end: Any, step: Any) -> Array:
    """A range of a dimension."""


@operation(name="slice_backward", function=False, method=False, tangent="linear", kernel=kernels.slice_backward,
           input="_slice(grad, dim, start, end, step)")  # fmt: skip
def slice_backward(input: Array, size: Any, dim: int, start: Any, end: Any, step: Any) -> Array:
    """The gradient of a slice."""


@composite()
def narrow(input: Any, dim: int, start: Any, length: int) -> Any:
    """`length` entries of a dimension from `start` on.

    Raises:
        RuntimeError: the tensor has no dimensions or the range leaves it.
        IndexError: `start` is out of range.
    """
    shape = input._shape
    if not shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    at = wrap_dim(dim, len(shape))
    size = shape[at]
    start = operator.index(start)
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    if start < 0:
        start += size
    if start > size - length:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return _slice(input, at, start, start + length, 1)


@view(name="alias", function=False, method=False, input="grad")
def alias(input: Array) -> Array:
    """The tensor itself as a new one on the same memory."""
    return input[...]


@view(name="_diagonal", aten="diagonal", node="DiagonalBackward0", function=False, method=False, kernel=kernels.diagonal,
      input="diagonal_backward(grad, shape(input), offset, dim1, dim2)")  # fmt: skip
def _diagonal(input: Array, offset: int, dim1: int, dim2: int) -> Array:
    """The diagonals of matrices."""


@operation(name="diagonal_backward", function=False, method=False, tangent="linear", kernel=kernels.diagonal_backward,
           input="_diagonal(grad, offset, dim1, dim2)")  # fmt: skip
def diagonal_backward(input: Array, size: Any, offset: int, dim1: int, dim2: int) -> Array:
    """The gradient of `diagonal`."""


@composite()
def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """The diagonals of the matrices in two dimensions, as the last dimension of the result.

    Args:
        input: the tensor.
        offset: above (positive) or below (negative) the main diagonal.
        dim1, dim2: the two dimensions.

    Raises:
        RuntimeError: both are the same dimension.
    """
    n = len(input._shape)
    a, b = wrap_dim(dim1, n), wrap_dim(dim2, n)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return _diagonal(input, offset, a, b)


@view(name="_unfold", aten="unfold", node="UnfoldBackward0", function=False, method=False, kernel=kernels.unfold,
      input="unfold_backward(grad, shape(input), dim, size, step)")  # fmt: skip
def _unfold(input: Array, dim: int, size: int, step: int) -> Array:
    """Sliding pieces."""


@operation(name="unfold_backward", function=False, method=False, tangent="linear", kernel=kernels.unfold_backward,
           input="_unfold(grad, dim, piece, step)")  # fmt: skip
def unfold_backward(input: Array, size: Any, dim: int, piece: int, step: int) -> Array:
    """The gradient of `unfold`."""


@composite(function=False)
def unfold(input: Any, dimension: int, size: int, step: int) -> Any:
    """All pieces of `size` entries that begin every `step` entries of a dimension, as a new last dimension.

    Raises:
        RuntimeError: the size is larger than the dimension or negative, or the step not positive.
    """
    n = len(input._shape)
    at = wrap_dim(dimension, n)
    have = input._shape[at] if n else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > have:
        raise RuntimeError(f"maximum size for tensor at dimension {at} is {have} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return _unfold(input, at, size, step)


# ---------------------------------------------------------------------------------------------- complex numbers
@view(input="view_as_complex(contiguous_array(grad))")
def view_as_real(input: Array) -> Array:
    """Complex numbers as pairs of real and imaginary part, in a new last dimension.

    Raises:
        RuntimeError: the tensor is not complex.
    """
    if input.dtype.kind != "c":
        raise RuntimeError("view_as_real is only supported for complex tensors")
    half = input.itemsize // 2
    real = input.view() if input.ndim else input
    return kernels.strided(
        np.asarray(real.real), (*input.shape, 2), (*input.strides, half)
    )


def _complex_kernel(a: Array) -> Array:
    kind = {4: np.complex64, 8: np.complex128}.get(a.itemsize)
    if a.dtype.kind != "f" or kind is None:
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: "
            f"{dtypes.from_numpy(a.dtype).scalar_name}"
        )
    if not a.ndim:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if a.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    item = a.itemsize
    if a.strides[-1] != item:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    for s in a.strides[:-1]:
        if s // item % 2:
            raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    return a.view(kind)[..., 0]


@view(input="view_as_real(grad)", kernel=_complex_kernel)
def view_as_complex(input: Array) -> Array:
    """Pairs in the last dimension as complex numbers.

    Raises:
        RuntimeError: the last dimension is not a pair next to each other in memory.
    """


in_formulas(np.ascontiguousarray, lambda x: x.contiguous(), "contiguous_array", aliasing=True)


def _real(input: Any) -> Any:
    if not input._dtype.is_complex:
        return input
    return _select(view_as_real(input), len(input._shape), 0)


def _imag(input: Any) -> Any:
    if not input._dtype.is_complex:
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return _select(view_as_real(input), len(input._shape), 1)


@composite(method=False, raw=lambda a: a.real)
def real(input: Any) -> Any:
    """The real parts, as a view; a real tensor itself."""
    return _real(input)


@composite(method=False, raw=lambda a: a.imag)
def imag(input: Any) -> Any:
    """The imaginary parts, as a view.

    Raises:
        RuntimeError: the tensor is not complex.
    """
    return _imag(input)


def _assign_part(part: Any) -> Any:
    return lambda input, value: part(input).copy_(value if isinstance(value, TensorBase) else wrap(np.asarray(value)))


TensorBase.real = property(_real, _assign_part(_real), doc="The real parts; see `torch.real`.")  # type: ignore[attr-defined]
TensorBase.imag = property(_imag, _assign_part(_imag), doc="The imaginary parts; see `torch.imag`.")  # type: ignore[attr-defined]


# ---------------------------------------------------------------------------------------------- by strides
def geometry(input: Any) -> tuple[Shape, Shape, int]:
    """Shape, strides and offset of a tensor within the memory it shares with its base, in elements."""
    return input._shape, input.stride(), input.storage_offset()


def _as_strided_kernel(a: Array, size: Any, stride: Any, storage_offset: int, own: Any) -> Array:
    item = a.itemsize
    return kernels.strided(a, size, [s * item for s in stride], (storage_offset - own[2]) * item)


@view(name="_as_strided", aten="as_strided", node="AsStridedBackward0", function=False, method=False,
      kernel=_as_strided_kernel, tangent=None,
      input="as_strided_backward(grad, own, size, stride, storage_offset)")  # fmt: skip
def _as_strided(input: Array, size: Any, stride: Any, storage_offset: int, own: Any) -> Array:
    """A look at the memory by shape, strides and offset; `own` are those of the input."""


@operation(name="as_strided_backward", function=False, method=False, kernel=kernels.as_strided_backward,
           input="as_strided_again(grad, own, size, stride, storage_offset)")  # fmt: skip
def as_strided_backward(input: Array, own: Any, size: Any, stride: Any, storage_offset: int) -> Array:
    """The gradient of `as_strided`."""


def _look(grad: Array, own: Any, size: Any, stride: Any, offset: int) -> Array:
    """The same look at another array, laid out in memory like the first one was."""
    shape, strides, start = own
    reach = max([start + sum((n - 1) * s for n, s in zip(shape, strides)),
                 offset + sum((n - 1) * s for n, s in zip(size, stride))])  # fmt: skip
    memory = np.zeros(reach + 1, grad.dtype)
    item = grad.itemsize
    kernels.strided(memory, shape, [s * item for s in strides], start * item)[...] = grad
    return kernels.strided(memory, size, [s * item for s in stride], offset * item)


@operation(name="as_strided_again", function=False, method=False, kernel=_look,
           input="as_strided_backward(grad, own, size, stride, storage_offset)")  # fmt: skip
def as_strided_again(input: Array, own: Any, size: Any, stride: Any, storage_offset: int) -> Array:
    """What `as_strided` shows of a tensor that lies in memory as `own` says."""


@composite()
def as_strided(input: Any, size: Any, stride: Any, storage_offset: int | None = None) -> Any:
    """A look at the tensor's memory by shape, strides and offset, all in elements.

    Raises:
        RuntimeError: the look would leave the memory, a stride is negative, or the lengths differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.as_strided.html
    """
    own = geometry(input)
    size, stride = tuple(size), tuple(stride)
    offset = own[2] if storage_offset is None else storage_offset
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    for s in stride:
        if s < 0:
            raise RuntimeError(
                "as_strided: Negative strides are not supported at the moment, got strides: " + str(list(stride))
            )
    a = input._data
    owner = kernels.root(a)
    item = a.itemsize
    if 0 not in size:
        start = kernels.offset_in(a, owner) - own[2] * item
        last = (offset + sum((n - 1) * s for n, s in zip(size, stride)) + 1) * item
        room = owner.size * owner.itemsize - start
        if last > room or offset < 0:
            raise RuntimeError(
                f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize {item} "
                f"requiring a storage size of {last} are out of bounds for storage of size {room}"
            )
    return _as_strided(input, size, stride, offset, own)
