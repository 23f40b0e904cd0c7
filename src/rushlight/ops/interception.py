"""Lets a mode take part in the calls of plain functions, at no cost while no mode asks for it.

Operations look for modes themselves (`autograd.mode.call`); functions made of them do not. While a mode is in force,
the *code* of each function that it asked for is one that calls the mode's handlers; the function object stays the
same, so that it makes no difference who imported it under what name. Afterwards the function has its own code again.
"""

import inspect
import threading
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from .forwarding import intercepted

# A handler is called with the function's name, what runs the function, and the arguments.
Handler = Callable[[str, Any, tuple[Any, ...], dict[str, Any]], Any]

_lock = threading.RLock()


def _trampoline(*args: Any, **kwargs: Any) -> Any:
    run: Any = "<run>"  # a constant, in whose place stands what runs
    return run(args, kwargs)


class _Point:
    """A function whose calls can be intercepted.

    Attributes:
        function: the function.
        code: its own code.
        original: a function that does what it does by itself.
        handlers: the handlers in force with the name that each is given, the last one being called first.
    """

    def __init__(self, function: FunctionType):
        self.function = function
        self.code = function.__code__
        made = FunctionType(self.code, function.__globals__, function.__name__, function.__defaults__)
        made.__kwdefaults__ = function.__kwdefaults__  # type: ignore[assignment]
        self.original = made
        self.handlers: tuple[tuple[str, Handler], ...] = ()

    def add(self, name: str, handler: Handler) -> None:
        """Calls of the function go to the handler from here on."""
        if not self.handlers:
            constants = tuple([self if c == "<run>" else c for c in _trampoline.__code__.co_consts])
            code = self.code
            self.function.__code__ = _trampoline.__code__.replace(
                co_consts=constants, co_name=code.co_name, co_qualname=code.co_qualname
            )
            intercepted(self.function, True)
        self.handlers = (*self.handlers, (name, handler))

    def remove(self, handler: Handler) -> None:
        """Ends what `add` began."""
        self.handlers = tuple([pair for pair in self.handlers if pair[1] is not handler])
        if not self.handlers:
            self.function.__code__ = self.code
            intercepted(self.function, False)

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Runs a call of the function."""
        return self._run(self.handlers, args, kwargs)

    def _run(self, handlers: tuple[tuple[str, Handler], ...], args: Any, kwargs: Any) -> Any:
        if not handlers:
            return self.original(*args, **kwargs)
        name, handler = handlers[-1]
        return handler(name, lambda *a, **k: self._run(handlers[:-1], a, k), args, kwargs)


_points: dict[FunctionType, _Point] = {}


def plain_function(function: Any) -> FunctionType | None:
    """The function that does the work behind one that may be wrapped, if its calls can be intercepted."""
    found = inspect.unwrap(function) if callable(function) else None
    return found if isinstance(found, FunctionType) and not found.__code__.co_freevars else None


class Interception:
    """A handler for the calls of some functions, as long as it is on; `on` and `off` count.

    Args:
        functions: called when the handler is first in force; gives the functions with the name of each.
        handler: what is called in their place.
    """

    def __init__(self, functions: Callable[[], Iterable[tuple[str, Any]]], handler: Handler):
        self._functions = functions
        self._handler = handler
        self._found: list[tuple[str, _Point]] | None = None
        self._count = 0

    def on(self) -> None:
        """The handler is in force until `off` was called as often as this."""
        with _lock:
            self._count += 1
            if self._count > 1:
                return
            if self._found is None:
                plain = {plain_function(function): name for name, function in self._functions()}
                both = [(n, g) for f, n in plain.items() for g in (f, getattr(f, "as_method", None))]
                self._found = [(n, _points.setdefault(g, _Point(g))) for n, g in both if g is not None]
            for name, point in self._found:
                point.add(name, self._handler)

    def off(self) -> None:
        """Ends one `on`."""
        with _lock:
            self._count -= 1
            if not self._count:
                for _, point in self._found or ():
                    point.remove(self._handler)
