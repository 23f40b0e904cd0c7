"""Wrong arguments of functions that PyTorch knows in several forms: finding the words of its error.

A form is written as PyTorch prints it, ``"int low, int high, tuple of ints size, *, Tensor out = None"``. Functions
take their arguments as Python functions do and raise `Mismatch` where these fit no form; the decorator `forms` then
looks for the form that was meant, if the number of arguments leaves one, and says what is wrong with it, or else lists
all forms.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from .. import devices, dtypes, random
from ..base import TensorBase
from .arguments import type_name, unbound

F = TypeVar("F", bound=Callable[..., Any])


class Mismatch(TypeError):
    """The arguments fit no form of a function."""


def is_int(value: Any) -> bool:
    """Whether a value serves as an int: no bool, but NumPy's integers and integer tensors of one element."""
    if isinstance(value, TensorBase):
        return value._data.size == 1 and value._dtype.category == dtypes.INTEGRAL
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def is_float(value: Any) -> bool:
    """Whether a value serves where a float is wanted."""
    if isinstance(value, TensorBase):
        return not value._shape and value._dtype.category != dtypes.COMPLEX
    return isinstance(value, (int, float, np.integer, np.floating))


def _is_size(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and (not value or is_int(value[0]))


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "int": is_int,
    "float": is_float,
    "bool": lambda value: isinstance(value, bool),
    "Tensor": lambda value: isinstance(value, TensorBase),
    "tuple of ints": _is_size,
    "torch.Generator": lambda value: value is None or isinstance(value, random.Generator),
    "torch.dtype": lambda value: (
        value is None or isinstance(value, dtypes.dtype) or value in (int, float, bool, complex)
    ),
    "torch.device": lambda value: value is None or isinstance(value, (str, int, devices.device)),
}


class Parameter(NamedTuple):
    """One parameter of a form."""

    kind: str
    name: str
    required: bool
    named: bool

    def accepts(self, value: Any) -> bool:
        """Whether a value is of the parameter's kind."""
        if value is None and not self.required:
            return self.kind not in ("int", "float", "bool")
        return _CHECKS[self.kind](value) if self.kind in _CHECKS else True


def _kind(value: Any) -> str:
    """The name of a value's type as PyTorch knows it."""
    for kind, name in ((dtypes.dtype, "torch.dtype"), (devices.device, "torch.device")):
        if isinstance(value, kind):
            return name
    return "torch._C.Generator" if isinstance(value, random.Generator) else type_name(value)


@functools.cache
def _parameters(form: str) -> tuple[Parameter, ...]:
    found, named = [], False
    for text in form.split(", "):
        if text == "*":
            named = True
        elif text:
            declared, _, default = text.partition(" = ")
            kind, _, name = declared.rpartition(" ")
            found.append(Parameter(kind, name, not default, named))
    return tuple(found)


def fitted(options: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Arguments as the first form takes them that they fit: those in order, and those by name.

    Raises:
        Mismatch: they fit none.
    """
    for form in options:
        parameters = _parameters(form)
        places = [p.name for p in parameters if not p.named]
        given = dict(zip(places, args))
        if len(args) > len(places) or given.keys() & kwargs.keys():
            continue
        given |= kwargs
        if given.keys() - {p.name for p in parameters} or not all([
            p.accepts(given[p.name]) if p.name in given else not p.required for p in parameters
        ]):  # fmt: skip
            continue
        ordered: list[Any] = []
        for name in places:
            if name not in given:
                break
            ordered.append(given.pop(name))
        return ordered, given
    raise Mismatch


def _wrong(function: str, form: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """What keeps arguments from fitting one form."""
    parameters = _parameters(form)
    positional = [p for p in parameters if not p.named]
    if len(args) > len(positional):
        least = sum(p.required for p in positional)
        count = str(least) if least == len(positional) else f"from {least} to {len(positional)}"
        plural = "s" if len(positional) != 1 or least != 1 else ""
        return f"{function}() takes {count} positional argument{plural} but {len(args)} were given"
    given = dict(zip((p.name for p in positional), args))
    for i, p in enumerate(parameters):
        if p.name in given or p.name in kwargs:
            if p.name in given and p.name in kwargs:
                return f"{function}() got multiple values for argument '{p.name}'"
            value = given[p.name] if p.name in given else kwargs[p.name]
            if not p.accepts(value):
                place = f" (position {i + 1})" if p.name in given else ""
                what = f"{p.kind}, not {_kind(value)}"
                if p.kind == "tuple of ints" and isinstance(value, (tuple, list)):
                    what = f"{p.kind}, but found element of type {_kind(value[0])} at pos 0"
                return f"{function}(): argument '{p.name}'{place} must be {what}"
        elif p.required:
            absent = [p.name for p in positional[i:] if p.required] or [p.name]
            plural = "s" if len(absent) == 1 else ""  # PyTorch's own way with the plural
            listed = ", ".join(f'"{name}"' for name in absent)
            return f"{function}() missing {len(absent)} required positional argument{plural}: {listed}"
    names = {p.name for p in parameters}
    unknown = next((name for name in kwargs if name not in names), None)
    return f"{function}() got an unexpected keyword argument '{unknown}'"


def message(function: str, options: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The text of the TypeError for arguments that fit none of a function's forms."""
    count = len(args) + len(kwargs)
    near = [
        form
        for form in options
        if sum(p.required for p in _parameters(form)) <= count <= len(_parameters(form)) or len(options) == 1
    ]
    if len(near) == 1:
        return _wrong(function, near[0], args, kwargs)
    shown = [_kind(value) for value in args] + [f"{name}={_kind(value)}" for name, value in reversed(kwargs.items())]
    got = ", ".join(shown) + (", " if kwargs and not args else "")
    listed = "".join(f" * ({form})\n" for form in options)
    return f"{function}() received an invalid combination of arguments - got ({got}), but expected one of:\n{listed}"


def forms(*options: str, sizes: bool = False, method: bool = False) -> Callable[[F], F]:
    """Decorates a function that raises `Mismatch` so that wrong arguments are answered in PyTorch's words.

    Args:
        options: the forms, as PyTorch prints them.
        sizes: whether the function takes a size as ``*size``, which may be given by name too.
        method: whether the first parameter is the tensor whose method it is, which the forms leave out.
    """

    def decorate(function: F) -> F:
        name = function.__name__

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                if sizes and "size" in kwargs and not args:
                    named = dict(kwargs)
                    size = named.pop("size")
                    if not _is_size(size):
                        raise Mismatch
                    return function(size, **named)
                return function(*args, **kwargs)
            except AttributeError:
                if not method or not args or isinstance(args[0], TensorBase):
                    raise
                raise unbound(name, args[0]) from None
            except TypeError as error:
                trace = error.__traceback__
                if not isinstance(error, Mismatch) and trace is not None and trace.tb_next is not None:
                    raise
            raise TypeError(message(name, options, args[1:] if method else args, kwargs))

        return call  # type: ignore[return-value]

    return decorate
