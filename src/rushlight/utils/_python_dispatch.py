"""`TorchDispatchMode`: a context that sees, and may replace, every operation below autograd.

Source: https://docs.pytorch.org/docs/stable/notes/extending.html#extending-all-torch-api-with-modes
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from ..base import TensorBase
from ..ops import dispatching, handlers

__all__ = ["BaseTorchDispatchMode", "TorchDispatchMode", "is_traceable_wrapper_subclass", "transform_subclass"]


class TorchDispatchMode:
    """While its context is in force, its ``__torch_dispatch__`` is called with every operation.

    A derived class defines ``__torch_dispatch__(self, func, types, args, kwargs)``, which returns the operation's
    result; ``func(*args, **kwargs)`` computes it. The mode itself is out of force meanwhile.

    Source: https://github.com/pytorch/pytorch/blob/main/torch/utils/_python_dispatch.py
    """

    def __init__(self, _dispatch_key: Any = None):
        if _dispatch_key is not None:
            self.__dict__["_dispatch_key"] = _dispatch_key

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The result of an operation.

        Raises:
            NotImplementedError: always; subclasses say how.
        """
        raise NotImplementedError

    def __enter__(self) -> Any:
        dispatching.push_mode(self)
        return self

    def __exit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        dispatching.pop_mode()

    @classmethod
    def push(cls, *args: Any, **kwargs: Any) -> Any:
        """An instance; an older way to make one."""
        return cls(*args, **kwargs)

    @classmethod
    def is_infra_mode(cls) -> bool:
        """False: there are none."""
        return False


class BaseTorchDispatchMode(TorchDispatchMode):
    """A mode that leaves operations as they are."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The result of an operation."""
        return func(*args, **(kwargs or {}))


def _get_current_dispatch_mode() -> Any:
    """The innermost mode, or None."""
    modes = handlers.modes()
    return modes[-1] if modes else None


def _get_current_dispatch_mode_stack() -> list[Any]:
    """The modes in force, the innermost last."""
    return list(handlers.modes())


def is_in_torch_dispatch_mode(include_infra_modes: bool = True) -> bool:
    """Whether a mode is in force."""
    return bool(handlers.modes())


def any_torch_dispatch_mode_on_stack() -> bool:
    """Whether a mode is in force."""
    return bool(handlers.modes())


def _push_mode(mode: Any) -> None:
    dispatching.push_mode(mode)


def _pop_mode(k: Any = None) -> Any:
    return dispatching.pop_mode()


@contextlib.contextmanager
def _pop_mode_temporarily(k: Any = None) -> Iterator[Any]:
    """In the context, the innermost mode is out of force."""
    mode = dispatching.pop_mode()
    try:
        yield mode
    finally:
        dispatching.push_mode(mode)


@contextlib.contextmanager
def _disable_current_modes() -> Iterator[list[Any]]:
    """In the context, no mode is in force."""
    before = handlers.modes()
    with handlers.with_modes(()):
        yield list(before)


def is_traceable_wrapper_subclass(t: object) -> bool:
    """Whether a value is of a class of tensors that can be taken apart into others and put together again."""
    return (
        isinstance(t, TensorBase)
        and type(t) is not TensorBase
        and hasattr(t, "__tensor_flatten__")
        and hasattr(t, "__tensor_unflatten__")
    )


def is_traceable_wrapper_subclass_type(t: type) -> bool:
    """Whether a class is one of `is_traceable_wrapper_subclass`."""
    return issubclass(t, TensorBase) and hasattr(t, "__tensor_flatten__") and hasattr(t, "__tensor_unflatten__")


def transform_subclass(
    t: Any, callback: Callable[[str, Any], Any], outer_size: Any = None, outer_stride: Any = None
) -> Any:
    """The same kind of tensor made of what `callback` gives for each of the tensors it is made of, by attribute."""
    attributes, context = t.__tensor_flatten__()
    parts = {name: callback(name, getattr(t, name)) for name in attributes}
    size = t.size() if outer_size is None else outer_size
    stride = t.stride() if outer_stride is None else outer_stride
    return type(t).__tensor_unflatten__(parts, context, size, stride)


def return_and_correct_aliasing(func: Any, args: Any, kwargs: Any, out: Any) -> Any:
    """What a handler of a wrapper class returns: the first argument where the operation changed that in place."""
    if func._schema.is_mutable:
        found = (kwargs or {}).get("out")
        return args[0] if found is None else found
    return out
