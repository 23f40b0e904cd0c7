"""What keeps a tensor alive."""

import gc
import sys
from types import FrameType
from typing import Any

from ..autograd.node import Node
from ..autograd.origins import origin_of


def holders(t: Any, frame: FrameType | None) -> list[str]:
    """What refers to a tensor, in words: variables, attributes, containers, and nodes that saved it.

    Args:
        t: the tensor.
        frame: the frame of whoever asks; its variables and those of its callers are looked at.
    """
    found: list[str] = []
    seen: set[int] = set()
    while frame is not None:
        scope = frame.f_locals
        where = "" if scope is frame.f_globals else f" of {frame.f_code.co_name}"
        if id(scope) not in seen:
            seen.add(id(scope))
            found += [f"variable {k}{where}" for k, v in scope.items() if v is t and not k.startswith("_")]
        frame = frame.f_back
    for holder in gc.get_referrers(t):
        if isinstance(holder, Node):
            origin = origin_of(holder)
            found.append(f"{holder.name()}, which saved it" + (f" at {origin.line}" if origin is not None else ""))
        elif isinstance(holder, (list, tuple, set)):
            found += [f"{type(holder).__name__} {name}" for name in _names_of(holder)]
        elif isinstance(holder, dict):
            found += _in_dictionary(holder, t)
    return list(dict.fromkeys(found))


def _in_dictionary(holder: dict[Any, Any], t: Any) -> list[str]:
    keys = [k for k, v in holder.items() if v is t]
    for owner in gc.get_referrers(holder):
        if getattr(owner, "__dict__", None) is holder and not isinstance(owner, type(sys)):
            return [f"attribute {k} of a {type(owner).__name__}" for k in keys]
        if isinstance(owner, dict) and owner.get("_parameters") is holder:
            module = next((m for m in gc.get_referrers(owner) if getattr(m, "__dict__", None) is owner), None)
            return [f"parameter {k} of a {type(module).__name__}" for k in keys]
    return [f"{name}[{k!r}]" for name in _names_of(holder) for k in keys]


def _names_of(value: Any) -> list[str]:
    """The global variables that are a container."""
    found = []
    for scope in gc.get_referrers(value):
        if isinstance(scope, dict) and "__name__" in scope:
            found += [k for k, v in scope.items() if v is value and isinstance(k, str) and not k.startswith("_")]
    return found
