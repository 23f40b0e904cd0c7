"""Objects that a thread keeps by name."""

import threading
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
