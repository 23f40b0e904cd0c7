"""`allow_mutation_on_saved_tensors`: a saved tensor that is about to be changed in place is copied first."""

import contextlib
from collections import defaultdict
from collections.abc import Generator
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from numpy import ndarray

from . import mode, saved

_OUTSIDE = (
    "Trying to backward outside of the 'allow_mutation_on_saved_tensors' contextin which the graph was originally "
    "recorded."
)


class _Handle:
    """Stands in the graph for a saved tensor."""

    __slots__ = ("__weakref__",)


class _AllowMutationOnSavedContext:
    """What is saved while mutation is allowed, as long as some node needs it.

    Attributes:
        original: the saved tensors that were not changed since.
        cloned: copies of those that were.
        tid_to_weakhandle: for a tensor at a version, the handle that nodes hold.
        sid_to_tid: for memory at a version, the tensors there that were saved.
    """

    def __init__(self) -> None:
        self.cloned: Any = WeakKeyDictionary()
        self.original: Any = WeakKeyDictionary()
        self.tid_to_weakhandle: Any = WeakValueDictionary()
        self.sid_to_tid: dict[Any, set[Any]] = defaultdict(set)
        self.open = True

    def clear(self) -> None:
        """Forgets everything."""
        self.cloned.clear()
        self.original.clear()
        self.tid_to_weakhandle.clear()
        self.sid_to_tid.clear()

    def pack(self, tensor: Any) -> _Handle:
        """The handle for a tensor that is being saved."""
        place = _place(tensor)
        known = id(tensor), *place
        self.sid_to_tid[place].add(known)
        handle = self.tid_to_weakhandle.get(known)
        if handle is None:
            handle = self.tid_to_weakhandle[known] = _Handle()
            self.original[handle] = tensor
        return handle

    def unpack(self, handle: _Handle) -> Any:
        """The tensor as it was when it was saved.

        Raises:
            AssertionError: it is not called where the tensor was saved.
        """
        if not self.open:
            raise AssertionError(_OUTSIDE)
        found = self.cloned.get(handle)
        if found is None:
            found = self.original.get(handle)
        if found is None:
            raise AssertionError(_OUTSIDE)
        return found

    def before_change(self, tensor: Any) -> None:
        """Copies what was saved of the memory that is about to be changed."""
        for known in self.sid_to_tid.get(_place(tensor), ()):
            handle = self.tid_to_weakhandle.get(known)
            if handle is not None and handle not in self.cloned:
                before, mode.local.grad = mode.local.grad, False
                mode.enter()
                try:
                    self.cloned[handle] = self.original.pop(handle).clone()
                finally:
                    mode.local.grad = before
                    mode.leave()


def _place(tensor: Any) -> tuple[int, int]:
    """The memory of a tensor, which all that look at it have in common, and how often it was changed."""
    memory = tensor._data
    while isinstance(getattr(memory, "base", None), ndarray):
        memory = memory.base
    return id(memory), tensor._versions[0]


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Generator[_AllowMutationOnSavedContext, None, None]:
    """Inside, tensors that were saved for backward may be changed in place; backward sees them as they were.

    Backward has to run inside as well.

    Raises:
        RuntimeError: the context is in force already.

    Source: https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.graph.allow_mutation_on_saved_tensors
    """
    local = mode.local
    context = _AllowMutationOnSavedContext()
    if local.mutating is not None:
        raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
    saved.push(context.pack, context.unpack)
    local.mutating = context
    try:
        yield context
    finally:
        local.mutating = None
        context.open = False
        saved.pop()
        context.clear()
