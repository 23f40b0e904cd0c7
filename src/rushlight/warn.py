"""Warnings of operations: at the line of the user's program, and some of them once in a process only."""

import os
import sys
import warnings

_PACKAGE = os.path.dirname(__file__)
# Frames between the user's line and the warning: generated code, operations, the engine, hooks, the tensor.
_PARTS = ("ops", "autograd", "nn/_backward_hook.py", "tensor.py", "base.py", "warn.py")
_MACHINERY = ("<rushlight ", *(os.path.join(_PACKAGE, *part.split("/")) for part in _PARTS))

WITHOUT_VOLATILE = "volatile was removed and now has no effect. Use `with torch.no_grad():` instead."
WITHOUT_HISTORY = (
    "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\nConsider using "
    "tensor.detach() first."
)

_seen: set[str] = set()
_always = False


def set_warn_always(b: bool, /) -> None:
    """Sets whether warnings that are given once in a process are given each time.

    Raises:
        RuntimeError: `b` is no bool.
    """
    global _always
    if not isinstance(b, bool):
        raise RuntimeError(f"setWarnOnlyOnce expects a bool, but got {type(b).__name__}")
    _always = b


def is_warn_always_enabled() -> bool:
    """Whether warnings that are given once in a process are given each time."""
    return _always


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warns at the innermost line that is not part of the operations' machinery."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_MACHINERY):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def warn_once(message: str, category: type[Warning] = UserWarning) -> None:
    """Warns the first time in this process that `message` comes up, or each time after ``set_warn_always(True)``."""
    if _always or message not in _seen:
        _seen.add(message)
        warn(message, category)
