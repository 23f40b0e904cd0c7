"""``torch.jit``: programs written for PyTorch's compiler run as the Python that they are."""

import warnings
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

from .futures import Future

__all__ = [
    "Attribute",
    "Final",
    "annotate",
    "export",
    "fork",
    "ignore",
    "is_scripting",
    "is_tracing",
    "script",
    "script_method",
    "unused",
    "wait",
]

F = TypeVar("F")


def _deprecated(name: str, instead: str) -> None:
    warnings.warn(
        f"`torch.jit.{name}` is deprecated. Please {'switch to' if name == 'script' else 'use'} {instead}.",
        DeprecationWarning,
        stacklevel=3,
    )


def script(obj: F, optimize: Any = None, _frames_up: int = 0, _rcb: Any = None, example_inputs: Any = None) -> F:
    """The function, module or class itself: there is no compiler."""
    _deprecated("script", "`torch.compile` or `torch.export`")
    return obj


def fork(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
    """Calls a function, at once, and returns a future of what it returns."""
    _deprecated("fork", "`torch.compile` instead")
    return _fork(func, *args, **kwargs)


def wait(future: Future[Any]) -> Any:
    """The value of a future."""
    _deprecated("wait", "`torch.compile` instead")
    return _wait(future)


def _fork(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(func(*args, **kwargs))
    return future


def _wait(future: Future[Any]) -> Any:
    return future.wait()


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """A decorator that changes nothing: all functions stay Python."""
    return drop if callable(drop) else lambda function: function


unused = export = ignore


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value; its type is a note for PyTorch's compiler."""
    return the_value


class Attribute(NamedTuple):
    """A value with a note of its type for PyTorch's compiler."""

    value: Any
    type: Any


def script_method(fn: F) -> F:
    """The method itself: there is no compiler."""
    return fn


script_if_tracing = script_method


def is_scripting() -> bool:
    """False: there is no compiler."""
    return False


def is_tracing() -> bool:
    """False: there is no tracer."""
    return False
