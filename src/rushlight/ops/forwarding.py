"""The wrapper of a function, written out with its parameters: ``*args, **kwargs`` would take three times as long.

Most calls give tensors, dimensions and flags as they should be, and NumPy's ``axis`` for ``dim`` at most. For these the
wrapper is one more call, and what it does to errors. All others go to the careful wrapper (see arguments.py).
"""

import functools
import inspect
from types import FunctionType
from typing import Any

from .formulas import define

# Stands for an argument that was not given.
ABSENT: Any = type("Absent", (), {"__slots__": (), "__repr__": lambda self: "<absent>"})()

# By the type that a parameter is annotated with, when to look at the argument more carefully.
_DOUBTS = {
    bool: "({0} is not True and {0} is not False and {0} is not DEFAULT_{0})",
    int: "(type({0}) is not int and {0} is not DEFAULT_{0})",
    float: "(type({0}) is not float and type({0}) is not int and {0} is not DEFAULT_{0})",
    str: "(type({0}) is not str and {0} is not DEFAULT_{0})",
}


def _unwritten(*args: Any, **kwargs: Any) -> Any:
    return write(wrapper)(*args, **kwargs)  # type: ignore[name-defined]  # noqa: F821


def _generic(*args: Any, **kwargs: Any) -> Any:
    return careful(*args, **kwargs)  # type: ignore[name-defined]  # noqa: F821


def forwarding(function: Any, careful: Any, explain: Any, checked: tuple[Any, ...], axis: bool) -> Any:
    """The quick wrapper of a function; it is written on its first call.

    Args:
        function: the function.
        careful: its careful wrapper.
        explain: called with an error of the function and its arguments, by position and by name; returns None, or the
            error to raise instead.
        checked: names and types of arguments that must be of a type.
        axis: whether ``axis`` is another name of ``dim``.
    """
    code = function.__code__
    if code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS) or code.co_posonlyargcount:
        return careful
    names = {"write": _write, "function": function, "careful": careful, "explain": explain, "ABSENT": ABSENT}
    made: Any = FunctionType(_unwritten.__code__, names, function.__name__)
    functools.update_wrapper(made, function)
    names |= {"wrapper": made, "checked": checked, "axis_too": axis}
    _WRAPPERS.setdefault(function, []).append(made)
    return made


_WRAPPERS: dict[Any, list[Any]] = {}


def _write(wrapper: Any) -> Any:
    """Gives a wrapper its code."""
    names = wrapper.__globals__
    function, axis = names["function"], names["axis_too"]
    code = function.__code__
    count = code.co_argcount
    parameters = code.co_varnames[: count + code.co_kwonlyargcount]
    positional, keywords = parameters[:count], parameters[count:]
    defaults = dict(zip(reversed(positional), reversed(function.__defaults__ or ()))) | (function.__kwdefaults__ or {})
    for n in parameters:
        names[f"DEFAULT_{n}"] = defaults.get(n, ABSENT)
    signed = [f"{n}=DEFAULT_{n}" for n in parameters]
    signed[count:count] = ["*more"]
    signed += ["axis=ABSENT"] * axis + ["**others"]
    doubts = ["others", "more", *(f"{n} is ABSENT" for n in parameters if n not in defaults)]
    doubts += [_DOUBTS[kind].format(n) for n, kind in names["checked"]]
    by_place = f"({''.join(f'{n}, ' for n in positional)})"
    by_name = f"{{{', '.join(f'{n!r}: {n}' for n in keywords)}}}"
    lines = [f"def {function.__name__}({', '.join(signed)}):"]
    add = lines.append
    if axis:
        add("    if axis is not ABSENT:")
        add("        if dim is DEFAULT_dim: dim = axis")
        add("        else: return function(axis=axis)  # which no function has")
    add(f"    if {' or '.join(doubts)}:")
    add(f"        args, kwargs = given(wrapper, {by_place}, {by_name})")
    add(f"        if more: return careful(*{by_place}, *more, **others)")
    add("        return careful(*args, **kwargs, **others)")
    add("    try:")
    add(f"        return function({', '.join([*positional, *(f'{n}={n}' for n in keywords)])})")
    add("    except (TypeError, AttributeError, ValueError) as error:")
    add(f"        better = explain(error, *given(wrapper, {by_place}, {by_name}))")
    add("        if better is None: raise")
    add("    raise better")
    names["given"] = _given
    made = define(f"{function.__name__} forwarding", "\n".join(lines) + "\n", names, function.__name__)
    wrapper.__code__, wrapper.__defaults__, wrapper.__kwdefaults__ = (
        made.__code__, made.__defaults__, made.__kwdefaults__
    )  # fmt: skip
    return wrapper


def _given(wrapper: Any, by_place: tuple[Any, ...], by_name: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments that a call seems to have given, by position as long as there are any: the others are defaults."""
    names = wrapper.__globals__
    positional = names["function"].__code__.co_varnames[: len(by_place)]
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for n, value in zip(positional, by_place):
        if value is not names[f"DEFAULT_{n}"]:
            if len(args) == positional.index(n):
                args.append(value)
            else:
                kwargs[n] = value
    return args, kwargs | {n: value for n, value in by_name.items() if value is not names[f"DEFAULT_{n}"]}


def intercepted(function: Any, on: bool) -> None:
    """While a function's calls are intercepted, its wrappers hand the arguments over as they were given."""
    for wrapper in _WRAPPERS.get(function, ()):
        if on:
            wrapper.own = wrapper.__code__
            wrapper.__code__ = _generic.__code__
        else:
            wrapper.__code__ = wrapper.own
