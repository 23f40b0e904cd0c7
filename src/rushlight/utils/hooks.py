"""Handles that take a hook away again (`torch.utils.hooks`)."""

import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["RemovableHandle", "unserializable_hook", "warn_if_has_hooks"]

_F = TypeVar("_F", bound=Callable[..., Any])


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


def unserializable_hook(f: _F) -> _F:
    """Mark the hook `f` as one that is knowingly dropped when its tensor is saved, which silences the warning."""
    f.__torch_unserializable__ = True  # type: ignore[attr-defined]
    return f


def warn_if_has_hooks(tensor: Any) -> None:
    """Warn about every hook on `tensor` that saving it would lose."""
    import warnings

    for hook in (tensor._backward_hooks or {}).values():
        if not hasattr(hook, "__torch_unserializable__"):
            warnings.warn(
                f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, you can decorate the "
                "function with @torch.utils.hooks.unserializable_hook to suppress this warning",
                stacklevel=2,
            )
