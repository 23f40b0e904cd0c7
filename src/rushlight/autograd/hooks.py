"""Hooks: where they are kept, and the handles that take them away again."""

import weakref
from collections import OrderedDict
from typing import Any, ClassVar

# The arity (see node.py) of a rule that is wrapped by hooks.
HOOKED = 4


class RemovableHandle:
    """Removes one hook from the dictionary it was put in; also a context manager that does so at its end.

    Args:
        hooks_dict: the ordered dictionary of hooks; only a weak reference to it is kept.
        extra_dict: a dictionary, or a list of them, that holds flags under the same number.

    Attributes:
        id: the number under which the hook is stored.
    """

    id: int
    next_id: int = 0

    def __init__(self, hooks_dict: Any, *, extra_dict: Any = None) -> None:
        self.hooks_dict_ref = weakref.ref(hooks_dict)
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1
        extras = extra_dict if isinstance(extra_dict, list) else [] if extra_dict is None else [extra_dict]
        self.extra_dict_ref: tuple[Any, ...] = tuple(weakref.ref(extra) for extra in extras)

    def remove(self) -> None:
        """Take the hook away; nothing happens when it is gone already."""
        for reference in (self.hooks_dict_ref, *self.extra_dict_ref):
            hooks = reference()
            if hooks is not None:
                hooks.pop(self.id, None)

    def __getstate__(self) -> tuple[Any, ...]:
        return (self.hooks_dict_ref(), self.id, tuple(reference() for reference in self.extra_dict_ref))

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        hooks, self.id = state[0], state[1]
        self.hooks_dict_ref = weakref.ref(OrderedDict() if hooks is None else hooks)
        RemovableHandle.next_id = max(RemovableHandle.next_id, self.id + 1)
        extras = state[2] if len(state) > 2 and state[2] is not None else ()
        self.extra_dict_ref = tuple(weakref.ref(extra) for extra in extras)

    def __enter__(self) -> "RemovableHandle":
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def add_hook(hooks: "HookDict", hook: Any) -> RemovableHandle:
    """Puts `hook` behind those in `hooks`."""
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


# Hooks in order of registration; weakly referable, so that a handle keeps nothing alive.
HookDict = OrderedDict[int, Any]


class LeafHooks:
    """The hooks of a leaf. While any exist, backward runs by the loop that waits for a leaf's whole gradient."""

    __slots__ = ("dtype", "post", "post_accumulate", "pre", "tensor")
    # As many items as there are; threads may add and take away at any time.
    alive: ClassVar[list[None]] = []
    # The dtype that gradients are converted to first, where the leaf's `grad_dtype` was set.
    dtype: Any

    def __init__(self) -> None:
        self.tensor, self.pre, self.post, self.post_accumulate = HookDict(), HookDict(), HookDict(), HookDict()
        self.dtype = None
        LeafHooks.alive.append(None)

    def __del__(self) -> None:
        # By its class, since the module is empty when the last hooks go at the end of a program.
        self.alive.pop()


class HookedRule:
    """Takes the place of a node's rule as long as the node has hooks, so that others pay nothing for them.

    Attributes:
        original: the rule itself.
        tensors: the hooks on each output tensor, by its position.
        retain: what keeps the gradient for tensors that want theirs kept.
        pre, post: hooks on the node.
        packed: whether hooks keep something that the node saved: see saved.py.
    """

    __slots__ = ("arity", "original", "packed", "post", "pre", "retain", "tensors")

    def __init__(self, original: Any):
        self.arity = HOOKED
        self.original = original
        self.tensors: dict[int, HookDict] = {}
        self.pre, self.post = HookDict(), HookDict()
        self.retain: list[Any] = []
        self.packed = False

    def hooks_on(self, index: int) -> HookDict:
        """The hooks on one output tensor."""
        if index not in self.tensors:
            self.tensors[index] = HookDict()
        return self.tensors[index]
