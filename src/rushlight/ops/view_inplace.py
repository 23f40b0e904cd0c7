"""In-place changes of what a tensor looks at: its shape, strides, or memory."""

import operator
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..autograd.failing import NotImplemented, failing
from ..autograd.leaf import AccumulateGrad, replace_leaf
from ..base import UNTOUCHED, TensorBase, bump, settle
from ..kernels import numpy_views as kernels
from .convert import copy_in
from .declare import REGISTRY, Array, composite, view
from .dimensions import wrap_dim
from .history import check_view, rebase, refresh
from .inplace import check
from .sizes import sizes
from .view_parts import as_strided, as_strided_kernel, geometry


# ---------------------------------------------------------------------------------------------- shapes
@view(name="_unsqueeze_", aten="unsqueeze_", node="UnsqueezeBackward1", function=False, method=False,
      kernel=kernels.unsqueeze, input="squeeze(grad, dim)")  # fmt: skip
def _unsqueeze(input: Array, dim: int) -> Array:
    """With a dimension of size 1 put in."""


@view(name="_squeeze_", aten="squeeze_", node="SqueezeBackward3", function=False, method=False,
      kernel=REGISTRY["_squeeze"].forward, input="reshape(grad, shape(input))")  # fmt: skip
def _squeeze(input: Array) -> Array:
    """Without the dimensions of size 1."""


@view(name="_squeeze_dim_", aten="squeeze_", node="SqueezeBackward4", function=False, method=False,
      kernel=REGISTRY["_squeeze_dim"].forward, input="unsqueeze_to(grad, dim, shape(input))")  # fmt: skip
def _squeeze_dim(input: Array, dim: int) -> Array:
    """Without one dimension, if its size is 1."""


@view(name="_squeeze_dims_", aten="squeeze_", node="SqueezeBackward5", function=False, method=False,
      kernel=REGISTRY["_squeeze_dims"].forward, input="unsqueeze_to(grad, dim, shape(input))")  # fmt: skip
def _squeeze_dims(input: Array, dim: Any) -> Array:
    """Without the given dimensions of size 1."""


@view(name="_transpose_", aten="transpose_", node="TransposeBackward1", function=False, method=False,
      kernel=REGISTRY["transpose"].forward, input="transpose(grad, dim0, dim1)")  # fmt: skip
def _transpose(input: Array, dim0: int, dim1: int) -> Array:
    """With two dimensions exchanged."""


@view(
    name="_t_",
    aten="t_",
    node="TBackward1",
    function=False,
    method=False,
    kernel=REGISTRY["t"].forward,
    input="t(grad)",
)
def _t(input: Array) -> Array:
    """The transpose of a matrix."""


@view(name="_as_strided_", aten="as_strided_", node="AsStridedBackward1", function=False, method=False, tangent=None,
      kernel=as_strided_kernel, input="as_strided_backward(grad, own, size, stride, storage_offset)")  # fmt: skip
def _as_strided(input: Array, size: Any, stride: Any, storage_offset: int, own: Any) -> Array:
    """A look at the memory by shape, strides and offset."""


def _become(input: Any, name: str, *args: Any) -> Any:
    """Makes a tensor look at its memory as the view operation `name` would."""
    op = REGISTRY[name]
    check_view(input)
    records = mode.local.grad and input._node is not None
    check(input, records)
    tangent = mode.local.dual.tangent(input) if mode.local.dual is not None else None
    array = op.forward(settle(input), *args)
    if records:
        input._node = op.recorder(1)(input, *args, array, UNTOUCHED)
    input._data = array
    input._shape = array.shape
    bump(input)
    refresh(input, input)
    if tangent is not None:
        _become(tangent, name, *args)
    return input


@composite(inplace=True)
def unsqueeze_(input: Any, dim: int) -> Any:
    """The in-place form of `unsqueeze`."""
    return _become(input, "_unsqueeze_", wrap_dim(dim, len(input._shape) + 1))


@composite(inplace=True)
def squeeze_(input: Any, dim: Any = None) -> Any:
    """The in-place form of `squeeze`."""
    if dim is None:
        return _become(input, "_squeeze_")
    return (
        _become(input, "_squeeze_dim_", dim) if isinstance(dim, int) else _become(input, "_squeeze_dims_", tuple(dim))
    )


@composite(inplace=True)
def transpose_(input: Any, dim0: int, dim1: int) -> Any:
    """The in-place form of `transpose`."""
    return _become(input, "_transpose_", dim0, dim1)


composite(inplace=True, name="swapaxes_")(transpose_)
composite(inplace=True, name="swapdims_")(transpose_)


@composite(inplace=True)
def t_(input: Any) -> Any:
    """The in-place form of `t`.

    Raises:
        RuntimeError: the tensor has more than two dimensions.
    """
    if len(input._shape) > 2:
        raise RuntimeError(f"t_() expects a tensor with <= 2 dimensions, but self is {len(input._shape)}D")
    return _become(input, "_t_")


@composite(inplace=True)
def as_strided_(input: Any, size: Any, stride: Any, storage_offset: int | None = None) -> Any:
    """The in-place form of `as_strided`."""
    own = geometry(input)
    as_strided(input.detach(), size, stride, own[2] if storage_offset is None else storage_offset)
    return _become(
        input, "_as_strided_", tuple(size), tuple(stride), own[2] if storage_offset is None else storage_offset, own
    )


# ---------------------------------------------------------------------------------------------- memory
@composite(inplace=True)
def resize_(input: Any, *size: Any, memory_format: Any = None, **named: Any) -> Any:
    """Gives the tensor another shape; its elements in memory stay, and more memory is added where it does not suffice.

    Raises:
        RuntimeError: the tensor requires a gradient, or a size is negative.
    """
    new = sizes("resize_", size, "size", named)
    for n in new:
        if n < 0:
            raise RuntimeError("numel: integer multiplication overflow")
    if input._node is not None:
        raise RuntimeError("cannot resize variables that require grad")
    if mode.local.dual is not None and mode.local.dual.tangent(input) is not None:
        raise RuntimeError("cannot resize variables that has a forward grad")
    mode.refuse_inference(input)
    if memory_format is None and tuple(new) == input._shape:
        return input
    a = settle(input)
    count = 1
    for n in new:
        count *= n
    owner = kernels.root(a)
    room = (owner.nbytes - kernels.offset_in(a, owner)) // a.itemsize
    if count > room:
        # What lay in memory before stays at its place, whatever the former shape was.
        memory = np.empty(count, a.dtype)
        memory[:room] = kernels.strided(a, (room,), (a.itemsize,))
        a = memory
    array = kernels.strided(a, new, kernels.contiguous_strides(new, a.itemsize))
    if memory_format is not None:
        array = copy_in(array, memory_format)
    input._data = array
    input._shape = array.shape
    bump(input)
    return input


@composite(function=False)
def resize(input: Any, *size: Any) -> Any:
    """The elements in another shape of as many; deprecated in favour of `reshape`."""
    import warnings

    warnings.warn("non-inplace resize is deprecated", UserWarning, stacklevel=2)
    return input.reshape(*size)


@composite(function=False)
def resize_as(input: Any, other: Any) -> Any:
    """The elements in the shape of another tensor of as many; deprecated in favour of `reshape`."""
    import warnings

    warnings.warn("non-inplace resize_as is deprecated", UserWarning, stacklevel=2)
    return input.reshape(other._shape)


@composite(inplace=True)
def resize_as_(input: Any, other: Any, *, memory_format: Any = None) -> Any:
    """Gives the tensor the shape of another; see `resize_`."""
    return resize_(input, other._shape, memory_format=memory_format)


@composite(inplace=True)
def set_(input: Any, source: Any = None, storage_offset: int = 0, size: Any = None, stride: Any = None) -> Any:
    """Makes the tensor look at the memory of another (or at none).

    Args:
        input: the tensor to change.
        source: the tensor whose memory is taken.
        storage_offset, size, stride: the part of it, in elements; all of it unless given.

    Raises:
        RuntimeError: the dtypes differ.
        TypeError: the source is neither a tensor nor a storage.
    """
    if mode.local.dual is not None and mode.local.dual.tangent(input) is not None:
        raise NotImplementedError(
            "Trying to use forward AD with set_ that does not support it because it has not been implemented yet."
        )
    check(input, False)
    if source is None:
        array = np.empty(0, input._data.dtype)
    else:
        if not isinstance(source, TensorBase):
            source = source_tensor(source, input._dtype)
        if source._dtype is not input._dtype:
            raise RuntimeError(
                f"Could not set tensor of type {source._dtype.c_name} to a tensor of type {input._dtype.c_name}"
            )
        array = settle(source)
        if size is not None:
            strides = kernels.contiguous_strides(size, 1) if stride is None else stride
            base = source.storage_offset()
            array = as_strided(source.detach(), size, strides, base + operator.index(storage_offset))._data
    edges = (input._node, None if source is None else source._node) if mode.local.grad else (None, None)
    input._data = array
    input._shape = array.shape
    bump(input)
    if type(input._node) is AccumulateGrad:
        replace_leaf(input)
    if edges != (None, None):
        rebase(input, failing(NotImplemented, "derivative for set_ is not implemented", edges), 0)
    return input


def source_tensor(storage: Any, dtype: dtypes.dtype) -> Any:
    """The elements of a storage as a one-dimensional tensor.

    Raises:
        TypeError: it is none.
    """
    from ..base import wrap
    from ..storage import is_storage
    from .arguments import type_name

    if not is_storage(storage):
        raise TypeError(
            f"set_() received an invalid combination of arguments - got ({type_name(storage)}), but expected one of:\n"
            " * ()\n * (torch.Storage source)\n * (torch.Storage source, int storage_offset, tuple of ints size, tuple "
            "of ints stride = None)\n * (Tensor source)\n * (Tensor source, int storage_offset, tuple of ints size, "
            "tuple of ints stride = None)\n"
        )
    untyped = getattr(storage, "_untyped_storage", storage)
    return wrap(untyped.bytes.view(dtype.numpy))
