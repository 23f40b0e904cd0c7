"""`torch.compiler`: what programs ask of a compiler, and tell it, where there is none: everything stays Python."""

from collections.abc import Callable
from typing import Any

__all__ = [
    "allow_in_graph", "assume_constant_result", "cudagraph_mark_step_begin", "disable", "is_compiling",
    "is_dynamo_compiling", "is_exporting", "reset",
]  # fmt: skip


def is_compiling() -> bool:
    """False: nothing is compiled."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def disable(fn: Callable[..., Any] | None = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """Returns the function, which is not compiled anyway; without one, a decorator that does."""
    return (lambda function: function) if fn is None else fn


def allow_in_graph(fn: Any) -> Any:
    """Returns the function or functions as they are."""
    return fn


assume_constant_result = allow_in_graph


def reset() -> None:
    """Forgets what was compiled, which is nothing."""


cudagraph_mark_step_begin = reset
