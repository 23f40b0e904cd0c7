"""Who is asked about operations below autograd: the modes in force, and the classes of tensors that have a handler."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from ..autograd import mode
from ..base import TensorBase
from .overloads import OpOverload

local = mode.local


# ---------------------------------------------------------------------------------------------- what is in force
class Active(threading.local):
    """What is in force in this thread.

    Attributes:
        modes: the modes, the last one being asked first.
        off: how many contexts say that nobody is asked.
    """

    modes: tuple[Any, ...] = ()
    off = 0


active = Active()
_kinds: dict[type, bool] = {}


def disabled_torch_dispatch_impl(func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """A ``__torch_dispatch__`` for classes whose instances operations shall treat as tensors."""
    return func(*args, **(kwargs or {}))


def has_handler(kind: type) -> bool:
    """Whether a class of tensors says what operations do with its instances."""
    found = _kinds.get(kind)
    if found is None:
        handler = getattr(kind, "__torch_dispatch__", None)
        found = issubclass(kind, TensorBase) and handler is not None and handler is not disabled_torch_dispatch_impl
        _kinds[kind] = found
    return found


def modes() -> tuple[Any, ...]:
    """The modes in force in this thread, the innermost last."""
    return active.modes


def count_modes() -> int:
    """How many modes are in force in this thread."""
    return len(active.modes)


def mode_at(index: int) -> Any:
    """One of the modes in force in this thread, counted from the outermost."""
    return active.modes[index]


@contextmanager
def with_modes(found: tuple[Any, ...]) -> Iterator[None]:
    """Other modes are in force in the context."""
    before, active.modes = active.modes, found
    try:
        yield
    finally:
        active.modes = before


@contextmanager
def nobody_asked() -> Iterator[None]:
    """No handler is asked in the context."""
    active.off += 1
    try:
        yield
    finally:
        active.off -= 1


# ---------------------------------------------------------------------------------------------- asking
def tensors_in(values: Iterable[Any]) -> Iterator[Any]:
    """The tensors among arguments, and in lists and tuples of them."""
    for v in values:
        if isinstance(v, TensorBase):
            yield v
        elif isinstance(v, (list, tuple)):
            yield from tensors_in(v)


def _with_handlers(values: Iterable[Any]) -> list[Any]:
    """The tensors whose classes have handlers: one of each class, derived classes first."""
    found: list[Any] = []
    for t in tensors_in(values):
        kind = type(t)
        if has_handler(kind) and all(type(f) is not kind for f in found):
            at = next((i for i, f in enumerate(found) if issubclass(kind, type(f))), len(found))
            found.insert(at, t)
    return found


def asked(values: Iterable[Any]) -> list[Any] | None:
    """The tensors with handlers among the arguments; None if nobody is to be asked."""
    if active.off:
        return None
    found = _with_handlers(values)
    return found if found or active.modes else None


@contextmanager
def below_autograd() -> Iterator[None]:
    """Nothing is recorded in the context, as nothing that handlers do is."""
    before, asked_for = local.grad, local.asked
    local.grad, local.asked = False, mode.is_grad_enabled()
    saving, local.saving = local.saving, ()
    watchers, local.watchers = local.watchers, ()
    mode.enter()
    try:
        yield
    finally:
        local.grad, local.asked, local.saving, local.watchers = before, asked_for, saving, watchers
        mode.leave()


def ask(func: OpOverload, found: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Asks the innermost mode, or the classes of the tensors, for the result of an operation.

    Raises:
        TypeError: none of them knows.
    """
    types = tuple([type(t) for t in found])
    with below_autograd():
        if active.modes:
            *outer, handler = active.modes
            with with_modes(tuple(outer)):
                result = handler.__torch_dispatch__(func, types, args, kwargs)
            if result is not NotImplemented:
                return result
        for t in found:
            result = type(t).__torch_dispatch__(func, types, args, kwargs)
            if result is not NotImplemented:
                return result
    listed = f"  - mode object {active.modes[-1]!r}\n" if active.modes else ""
    listed += "".join(f"  - tensor subclass {kind}\n" for kind in types)
    raise TypeError(
        f"Multiple dispatch failed for 'torch._ops.{func}'; all __torch_dispatch__ handlers returned NotImplemented:"
        f"\n\n{listed}\nFor more information, try re-running with TORCH_LOGS=not_implemented"
    )
