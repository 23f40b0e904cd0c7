"""Objects that a thread keeps by name, and tensors that are marked as cached."""

import threading
import weakref
from typing import Any

_kept = threading.local()


def put(key: str, value: Any) -> None:
    """Keeps an object of this thread under a name."""
    _kept.__dict__[key] = value


def has(key: str) -> bool:
    """Whether this thread keeps an object under that name."""
    return key in _kept.__dict__


def get(key: str) -> Any:
    """The object that this thread keeps under a name.

    Raises:
        RuntimeError: there is none.
    """
    if key not in _kept.__dict__:
        raise RuntimeError(
            "Expected py_objects.obj_dict_.count(key) to be true, but got false.  (Could this error message be "
            "improved?  If so, please report an enhancement request to PyTorch.)"
        )
    return _kept.__dict__[key]


def remove(key: str) -> None:
    """Keeps the object under that name no longer."""
    _kept.__dict__.pop(key, None)


# ---------------------------------------------------------------------------------------------- marked tensors
class _Cached:
    enabled = False
    tensors: dict[int, Any] = {}  # noqa: RUF012


def set_cached_enabled(on: bool) -> None:
    """Says whether tensors can be marked as cached."""
    _Cached.enabled = on


def add_cached(tensor: Any) -> None:
    """Marks a tensor as cached.

    Raises:
        RuntimeError: that is not enabled.
    """
    if not _Cached.enabled:
        raise RuntimeError(
            "cached_tensorimpls_enabled.load(std::memory_order_acquire) INTERNAL ASSERT FAILED, please report a bug to "
            "PyTorch."
        )
    number = id(tensor)
    _Cached.tensors[number] = weakref.ref(tensor, lambda _: _Cached.tensors.pop(number, None))


def is_cached(tensor: Any) -> bool:
    """Whether a tensor is marked as cached."""
    return _Cached.enabled and id(tensor) in _Cached.tensors


def remove_cached(tensor: Any) -> None:
    """Takes the mark from a tensor."""
    _Cached.tensors.pop(id(tensor), None)
