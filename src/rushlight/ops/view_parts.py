"""Views of parts of a tensor: selections, slices, diagonals, pieces, real parts, and looks at memory by strides."""

import operator
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import TensorBase, as_view, base_of, namespace, settle, wrap
from ..kernels import complex_halves
from ..kernels import numpy_views as kernels
from .arguments import explained, need_ints, no_tensor
from .declare import REGISTRY, Array, composite, in_formulas, operation, view
from .dimensions import wrap_dim
from .sizes import Shape

_new, ndarray = object.__new__, np.ndarray


# ---------------------------------------------------------------------------------------------- parts
def _select_kernel(a: Array, dim: int, index: int) -> Array:
    n = a.ndim
    if not n:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim = wrap_dim(dim, n)
    size = a.shape[dim]
    if not -size <= index < size:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(a.shape)} at dimension {dim}")
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


@composite(name="slice", function=False, method=False)
def slice_(input: Any, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Any:
    """Every `step`-th entry of a dimension from `start` to before `end`; what ``torch.ops.aten.slice`` is.

    Raises:
        IndexError: the dimension does not exist, or the tensor has none.
        RuntimeError: the step is not positive.
    """
    n = len(input._shape)
    if not n:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    at = wrap_dim(dim, n)
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    size = input._shape[at]
    return _slice(input, at, 0 if start is None else start, size if end is None else end, step)


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
    return _slice(input, *narrowed(shape[at], at, start, length), 1)


def narrowed(size: int, at: int, start: Any, length: int) -> tuple[int, int, int]:
    """The dimension, the start counted from the front, and the end of a range of a dimension of some size.

    Raises:
        RuntimeError: the range leaves the dimension, or `start` is a tensor that is no integer.
        IndexError: `start` is out of range.
    """
    if isinstance(start, TensorBase) and (start._shape or start._dtype.category != dtypes.INTEGRAL):
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    start = operator.index(start)
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    if start < 0:
        start += size
    if length < 0 or start > size - length:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return at, start, start + length


@view(name="alias", function=False, method=False, input="grad")
def alias(input: Array) -> Array:
    """The tensor itself as a new one on the same memory."""
    return input[...]


@view(name="_make_dual", node="ViewBackward0", function=False, method=False, kernel=alias.__wrapped__, input="grad")
def _make_dual(input: Array) -> Array:
    """The tensor itself, which will get a tangent."""


@view(
    name="_fw_primal",
    node="torch::autograd::Identity",
    function=False,
    method=False,
    kernel=alias.__wrapped__,
    input="grad",
)
def _fw_primal(input: Array) -> Array:
    """The tensor itself without its tangent."""


@view(name="_diagonal", aten="diagonal", node="DiagonalBackward0", function=False, method=False,
      kernel=kernels.diagonal, input="diagonal_backward(grad, shape(input), offset, dim1, dim2)")  # fmt: skip
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
    try:
        n = len(input._shape)
    except AttributeError:
        raise no_tensor("diagonal", input) from None
    if dim1 == 0 and dim2 == 1 and n > 1:
        return _diagonal(input, offset, 0, 1)
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
@view(input="view_as_complex(contiguous_array(grad))", recasts=True)
def view_as_real(input: Array) -> Array:
    """Complex numbers as pairs of real and imaginary part, in a new last dimension.

    Raises:
        RuntimeError: the tensor is not complex.
    """
    if input.dtype.kind not in ("c", complex_halves.KIND):
        raise RuntimeError("view_as_real is only supported for complex tensors")
    if input.dtype.kind == "c" and input.size:
        return input[..., None].view(np.float32 if input.itemsize == 8 else np.float64)
    half = input.itemsize // 2
    real = input.view() if input.ndim else input
    return kernels.strided(np.asarray(complex_halves.real(real)), (*input.shape, 2), (*input.strides, half))


def _complex_kernel(a: Array) -> Array:
    if a.dtype.kind != "f":
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: "
            f"{dtypes.from_numpy(a.dtype).scalar_name}"
        )
    if not a.ndim:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if a.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    item = a.itemsize
    if a.size and a.strides[-1] != item:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    for s in a.strides[:-1]:
        if s // item % 2:
            raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    return a.view(dtypes.from_numpy(a.dtype).to_complex().numpy)[..., 0]


@view(input="view_as_real(grad)", kernel=_complex_kernel, recasts=True)
def view_as_complex(input: Array) -> Array:
    """Pairs in the last dimension as complex numbers.

    Raises:
        RuntimeError: the last dimension is not a pair next to each other in memory.
    """


in_formulas(np.ascontiguousarray, lambda x: x.contiguous(), "contiguous_array", aliasing=True)

_select_op, _pairs_op = REGISTRY["_select"], REGISTRY["view_as_real"]


def _real(input: Any) -> Any:
    return complex_part(input, 0) if input._dtype.is_complex else input


def _imag(input: Any) -> Any:
    if not input._dtype.is_complex:
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return complex_part(input, 1)


def complex_part(input: Any, index: int) -> Any:
    """The real or imaginary parts of complex numbers, which stand at an index in the last dimension of their pairs."""
    shape, dtype, node = input._shape, input._dtype, input._node
    if mode.special.count:
        return _select(view_as_real(input), len(shape), index)
    a = input._data
    if type(a) is not ndarray:
        a = settle(input)
    if dtype is dtypes.complex64:
        a, dtype = a.imag if index else a.real, dtypes.float32
    elif dtype is dtypes.complex128:
        a, dtype = a.imag if index else a.real, dtypes.float64
    else:
        a, dtype = complex_halves.imag(a) if index else complex_halves.real(a), dtypes.float16
    t: Any = _new(namespace["Tensor"])
    t._data, t._shape, t._dtype, t._node = a, shape, dtype, None
    if node is not None:
        t._node = _select_op.link(_pairs_op.link(node, shape), (*shape, 2), len(shape), index)
    as_view(t, input)
    return t


@composite(method=False, raw=lambda a: a.real)
def real(input: Any) -> Any:
    """The real parts, as a view; a real tensor itself."""
    try:
        dtype = input._dtype
    except AttributeError:
        raise no_tensor("real", input) from None
    return complex_part(input, 0) if dtype.is_complex else input


@composite(method=False, raw=lambda a: a.imag)
def imag(input: Any) -> Any:
    """The imaginary parts, as a view.

    Raises:
        RuntimeError: the tensor is not complex.
    """
    return complex_part(input, 1) if input._dtype.is_complex else _imag(input)


def _assign_part(part: Any) -> Any:
    return lambda input, value: part(input).copy_(value if isinstance(value, TensorBase) else wrap(np.asarray(value)))


TensorBase.real = property(_real, _assign_part(_real), doc="The real parts; see `torch.real`.")  # type: ignore[attr-defined]
TensorBase.imag = property(_imag, _assign_part(_imag), doc="The imaginary parts; see `torch.imag`.")  # type: ignore[attr-defined]


# ---------------------------------------------------------------------------------------------- by strides
def geometry(input: Any) -> tuple[Shape, Shape, int]:
    """Shape, strides and offset of a tensor within the memory it shares with its base, in elements."""
    return input._shape, input.stride(), input.storage_offset()


def as_strided_kernel(a: Array, size: Any, stride: Any, storage_offset: int, own: Any, asked: Any = None) -> Array:
    """The view of given sizes and strides, counted in elements from the start of the memory that `a` looks at."""
    item = a.itemsize
    return kernels.strided(a, size, [s * item for s in stride], (storage_offset - own[2]) * item)


@view(name="_as_strided", aten="as_strided", node="AsStridedBackward0", function=False, method=False,
      kernel=as_strided_kernel, shows=("asked",),
      input="as_strided_backward(grad, own, size, stride, storage_offset)")  # fmt: skip
def _as_strided(input: Array, size: Any, stride: Any, storage_offset: int, own: Any, asked: Any = None) -> Array:
    """A look at the memory by shape, strides and offset; `own` are those of the input, `asked` the offset given."""


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


@composite(function=False)
def _view_func(input: Any, new_base: Any) -> Any:
    """What a view shows, of another tensor that lies in memory like its base; None if it is no view or does not fit."""
    root = base_of(input)
    if root is None or new_base._dtype is not root._dtype or new_base._shape != root._shape:
        return None
    if input._dtype is not root._dtype or new_base.stride() != root.stride():
        return None
    size, stride, offset = geometry(input)
    return as_strided(new_base, size, stride, offset - root.storage_offset() + new_base.storage_offset())


def _view_func_unsafe(input: Any, new_base: Any) -> Any:
    return _view_func(input, new_base)


composite(function=False)(_view_func_unsafe)


@composite()
@explained
def as_strided(input: Any, size: Any, stride: Any, storage_offset: int | None = None) -> Any:
    """A look at the tensor's memory by shape, strides and offset, all in elements.

    Args:
        input: the tensor.
        size: the shape.
        stride: the steps in memory.
        storage_offset: where the first element lies; where the tensor's lies unless given.

    Raises:
        RuntimeError: the look would leave the memory, a stride is negative, or the lengths differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.as_strided.html
    """
    own = geometry(input)
    asked = size, stride
    size, stride = tuple(size), tuple(stride)
    offset = own[2] if storage_offset is None else storage_offset
    if len(size) != len(stride):
        need_ints("as_strided", "size", asked[0], 2)
        need_ints("as_strided", "stride", asked[1], 3)
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
    return _as_strided(input, size, stride, offset, own, storage_offset)
