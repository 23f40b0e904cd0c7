"""Hooks: where they are kept, and the handles that take them away again."""

import itertools
import weakref
from typing import Any

# The arity (see node.py) of a rule that is wrapped by hooks.
HOOKED = 4


class RemovableHandle:
    """Takes a hook away again, by `remove()` or at the end of a ``with`` block."""

    next_id = itertools.count().__next__

    def __init__(self, hooks: Any, hook: Any = None, *, extra_dict: Any = None, prepend: bool = False):
        self._hooks = weakref.ref(hooks) if not isinstance(hooks, dict) or type(hooks) is not dict else (lambda: hooks)
        self.id = RemovableHandle.next_id()
        if hook is not None:
            hooks[self.id] = hook
        self.hooks_dict_ref = self._hooks

    def remove(self) -> None:
        """Removes the hook; a second call does nothing."""
        hooks = self._hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> "RemovableHandle":
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()


class HookDict(dict[int, Any]):
    """Hooks in order of registration; weakly referable, so that a handle keeps nothing alive."""

    __slots__ = ("__weakref__",)


class LeafHooks:
    """The hooks of a leaf. While any exist, backward runs by the loop that waits for a leaf's whole gradient."""

    __slots__ = ("post", "post_accumulate", "pre", "tensor")
    alive = 0

    def __init__(self) -> None:
        self.tensor, self.pre, self.post, self.post_accumulate = HookDict(), HookDict(), HookDict(), HookDict()
        LeafHooks.alive += 1

    def __del__(self) -> None:
        LeafHooks.alive -= 1


class HookedRule:
    """Takes the place of a node's rule as long as the node has hooks, so that others pay nothing for them.

    Attributes:
        original: the rule itself.
        tensor: hooks on the output tensor, `(output index, hook)`.
        retain: weak references to tensors that want their gradient kept, by output index.
        pre, post: hooks on the node.
    """

    __slots__ = ("arity", "original", "post", "pre", "retain", "tensors")

    def __init__(self, original: Any):
        self.arity = HOOKED
        self.original = original
        self.tensors, self.pre, self.post = HookDict(), HookDict(), HookDict()
        self.retain: list[Any] = []
