"""How tensors lie in memory, for tangents: a tangent lies in a memory of its own as its tensor lies in its memory."""

from typing import Any

import numpy as np

from ..base import tensor_names, wrap
from ..kernels.numpy_views import contiguous_strides, root, strided
from .declare import composite


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
