"""Memory that processes share: what a process has when it is forked, both then see change."""

import mmap
from typing import Any

import numpy as np

from ..base import View, settle
from ..storage import UntypedStorage, array_from, root_of, storage_of


def is_shared(t: Any) -> bool:
    """Whether the memory that a tensor is a view of is shared."""
    return isinstance(getattr(root_of(settle(t)).base, "obj", None), mmap.mmap)


def share(t: Any) -> None:
    """Moves the memory that a tensor is a view of, and all its views, to where forked processes share it."""
    if is_shared(t) or not t._data.size:
        return
    view = t._view
    base = t if view is None else view.base if type(view) is View else view
    others = [ref() for ref in t._versions[1:]]
    tensors = {id(x): x for x in (base, t, *others) if x is not None}
    old = storage_of(settle(base))[0].bytes
    # Anonymous memory that is mapped as shared stays one and the same in processes that are forked.
    shared = np.frombuffer(mmap.mmap(-1, old.size), np.uint8)
    shared[...] = old
    for x in tensors.values():
        _, offset, strides = storage_of(settle(x))
        x._data = array_from(UntypedStorage(shared), x._dtype, offset, x._shape, strides)
