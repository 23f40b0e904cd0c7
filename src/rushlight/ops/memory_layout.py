"""How tensors lie in memory: results by their operands, and tangents, in a memory of their own, as their tensors."""

from typing import Any

import numpy as np

from ..base import tensor_names, wrap
from ..kernels.layout import laid_by
from ..kernels.numpy_views import contiguous_strides, root, strided
from .arguments import explained
from .declare import composite


def laid_as_operands(made: Any, *operands: Any) -> Any:
    """The result of an elementwise operation, newly made, laid in memory as PyTorch lays it by its operands' strides.

    The operations themselves do not ask their operands how they lie; functions do so whose results would show it.
    """
    made._data = laid_by(made._data, *[x._data for x in operands])
    return made


def product_in_order(a: Any, b: Any) -> Any:
    """The product of corresponding elements of two tensors, in the order of memory that PyTorch gives it."""
    return laid_as_operands(a * b, a, b)


def _memory(t: Any) -> int:
    """How many elements fit into the memory that a tensor looks at."""
    owner = root(t._data)
    return int(owner.size * owner.itemsize // t._data.itemsize)


def same_layout(t: Any, other: Any) -> bool:
    """Whether two tensors of one shape lie in memories of one size in the same way."""
    a, b = t._data, other._data
    if a.flags.c_contiguous and b.flags.c_contiguous and a.base is b.base is None:
        return True
    return (
        _memory(t) == _memory(other)
        and t.storage_offset() == other.storage_offset()
        and all([s == o or n in (0, 1) for n, s, o in zip(t._shape, t.stride(), other.stride(), strict=True)])
    )


def zeros_laid_out(like: Any, ahead: tuple[int, ...] = ()) -> Any:
    """Zeros of the dtype of a tensor, that lie in a memory as large as that of the tensor in the same way.

    Args:
        like: the tensor.
        ahead: more dimensions, in front; for each of their indices there is such a memory.
    """
    count, dtype = _memory(like), like._data.dtype
    item = dtype.itemsize
    memory = np.zeros(int(np.prod(ahead, dtype=np.int64)) * count, dtype)
    steps = [count * s for s in contiguous_strides(ahead, item)]
    own = [s * item for s in like.stride()]
    return wrap(strided(memory, (*ahead, *like._shape), (*steps, *own), like.storage_offset() * item))


tensor_names.update(same_layout=same_layout, zeros_laid_out=zeros_laid_out)


@composite(method=False)
def _new_zeros_with_same_feature_meta(input: Any, other: Any, *, self_num_batch_dims: int = 0) -> Any:
    """Zeros that lie in memory as `other` does, of its dtype.

    Args:
        input: a tensor.
        other: another.
        self_num_batch_dims: how many dimensions of `input` come before those of `other`.
    """
    return zeros_laid_out(other, tuple(input._shape[:self_num_batch_dims]))


@composite(method=False)
def _has_same_storage_numel(input: Any, other: Any) -> bool:
    """Whether the memories that two tensors look at hold equally many elements."""
    return _memory(input) == _memory(other)


@composite(method=False)
@explained
def empty_permuted(
    size: Any, physical_layout: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: Any = False,
) -> Any:  # fmt: skip
    """A tensor of whatever was in memory whose dimensions lie there in some order, from the slowest to the fastest.

    Args:
        size: the shape.
        physical_layout: the dimensions in the order in which they lie in memory.

    Raises:
        RuntimeError: the order does not name every dimension once.
    """
    shape, order = tuple(size), tuple(physical_layout)
    if len(shape) != len(order):
        raise RuntimeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = "
            f"{len(shape)} is not equal to len(physical_layout) = {len(order)}"
        )
    for i, d in enumerate(order):
        if not 0 <= d < len(shape):
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {len(shape) - 1}, but got {d} at index {i}).  "
                "NB: negative dims not currently supported; file an issue if you want it."
            )
        if d in order[:i]:
            raise RuntimeError("Duplicate dim not allowed")
    for n in shape:
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {list(shape)}")
    made = tensor_names["empty"]([shape[d] for d in order], dtype=dtype, device=device, pin_memory=pin_memory)
    return made.permute(sorted(range(len(order)), key=order.__getitem__)).detach().requires_grad_(requires_grad)
