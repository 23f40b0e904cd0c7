"""Tensors that only have ``__torch_dispatch__``, and modes, for either library."""

import functools


@functools.cache
def wrapper_class(t):
    """A class of tensors that hold another one, and note the operations they see."""
    tree_map = t.utils._pytree.tree_map

    class Wrapped(t.Tensor):
        seen = []  # noqa: RUF012

        @staticmethod
        def __new__(cls, elem, requires_grad=False):
            r = t.Tensor._make_wrapper_subclass(
                cls, elem.size(), strides=elem.stride(), storage_offset=elem.storage_offset(), dtype=elem.dtype,
                layout=elem.layout, device=elem.device, requires_grad=requires_grad,
            )  # fmt: skip
            r.elem = elem.detach() if requires_grad else elem
            return r

        def __repr__(self):
            return f"Wrapped({self.elem})"

        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            cls.seen.append(str(func))
            unwrapped = tree_map(lambda x: x.elem if isinstance(x, cls) else x, (args, kwargs or {}))
            found = func(*unwrapped[0], **unwrapped[1])
            return tree_map(lambda x: cls(x) if isinstance(x, t.Tensor) else x, found)

    return Wrapped


def unwrapped(value):
    """A value with the tensors that wrappers hold."""
    if isinstance(value, (tuple, list)):
        return [unwrapped(v) for v in value]
    return [type(value).__name__, value.elem.detach()] if hasattr(value, "elem") else value


@functools.cache
def note_mode(t):
    """A mode that notes the operations it sees."""
    from importlib import import_module

    class Note(import_module(t.__name__ + ".utils._python_dispatch").TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.seen = []

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            self.seen.append(str(func))
            return func(*args, **(kwargs or {}))

    return Note
