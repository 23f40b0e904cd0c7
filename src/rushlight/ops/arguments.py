"""Arguments in PyTorch's words: operands, NumPy's names for parameters, and the errors for what does not fit."""

import functools
import inspect
import os
import re
import sys
import types
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .. import dtypes
from ..base import TensorBase
from .forwarding import forwarding

F = TypeVar("F", bound=Callable[..., Any])

# Stands for an argument that was not given, where PyTorch's words for that are not Python's.
MISSING: Any = type("Missing", (), {"__slots__": (), "__repr__": lambda self: "<required>"})()

# What operators take as the other operand; to anything else they answer that they do not know it.
OPERANDS = (TensorBase, int, float, complex, np.number, np.bool_)


# ---------------------------------------------------------------------------------------------- names
_MISSING = re.compile(r"(\w+)\(\) missing (\d+) required positional arguments?: (.*)")
_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "a": "input", "x": "input"}
_NUMPYS = frozenset(_NUMPY_NAMES)


def by_numpy_names(function: Any, name: str) -> Any:
    """The function with NumPy's names for its arguments beside its own, as in PyTorch: ``axis`` for ``dim``.

    Its errors are explained, too (see `explained`), under the given name if it has no other.
    """
    explains = getattr(function, "explains", None)
    return _explaining(function if explains is None else function.__wrapped__, explains or name, True)


def without_out(function: Any) -> Any:
    """The method that a function is, too, which has no ``out=`` in PyTorch: the argument has a name that is not given.

    Functions that are decorated are copied with the decorator.
    """
    if hasattr(function, "as_decorated"):
        return function.as_decorated(without_out(function.__wrapped__))
    code, cells = function.__code__, function.__closure__ or ()
    wrapped = getattr(function, "__wrapped__", None)
    if wrapped is not None:
        inner = without_out(wrapped)
        cells = tuple([types.CellType(inner) if c.cell_contents is wrapped else c for c in cells])
    if "out" in code.co_varnames:
        code = code.replace(co_varnames=tuple(["_out" if n == "out" else n for n in code.co_varnames]))
    made: Any = types.FunctionType(code, function.__globals__, function.__name__, function.__defaults__, cells)
    made.__kwdefaults__ = {"_out" if n == "out" else n: value for n, value in (function.__kwdefaults__ or {}).items()}
    functools.update_wrapper(made, function)
    if wrapped is None:
        del made.__wrapped__
        function.as_method = made  # for those who intercept its calls
    else:
        made.__wrapped__ = inner
    return made


# What Python says where something of another type is used as a tensor or an integer.
_PYTHONS = re.compile(
    r"'[\w.]+' object (has no attribute|cannot be interpreted as an integer|is not|does not)|"
    r"'.+' not supported between|(bad|unsupported) operand type|can't multiply sequence|"
    r"could not convert string|must be real number"
)
_USED = re.compile(r"'(\w+)' object has no attribute '(_\w+|n?dim|size|shape|dtype|numel|stride|detach|is_\w+|m?T|mH)'")
_TENSORS = {
    "input", "other", "index", "src", "source", "y", "x", "grad_output", "output", "weight", "bias", "target", "input1",
    "input2", "x1", "x2", "query", "key", "attn_mask", "running_mean", "running_var", "mask", "A", "B", "LU", "tau",
    "input3", "anchor", "positive", "negative", "indices", "fweights", "aweights", "hx", "var", "pos_weight", "vec2",
    "end", "data", "lengths", "offsets",
}  # fmt: skip
_INTEGERS = {"dim", "chunks", "start", "length", "k", "n", "num_groups", "groups"}
_NUMBERS = {"eps", "p", "margin", "momentum", "rcond", "tol"}


def explained(function: Any) -> Any:
    """Decorates a function: an argument of another type than it should be is named in PyTorch's words.

    That is one that is no tensor or number, as Python says when it is used, and one that is annotated as a boolean,
    number or text and is something else. Functions that take microseconds anyway have it; what it costs them
    is one more call. As ``@explained("name")`` it says another name than the function's.
    """
    if isinstance(function, str):
        return lambda f: _explaining(f, function, False)
    return _explaining(function, function.__name__, False)


def _explaining(function: Any, name: str, renames: bool) -> Any:
    checked = _annotated(function)
    made = forwarding(
        function,
        _careful(function, name, renames, checked),
        lambda error, args, kwargs: _explained(error, function, args, kwargs, name),
        tuple([(n, kind) for n, _, kind, _ in checked]),
        renames,
    )
    made.explains, made.as_decorated = name, lambda other: _explaining(other, name, renames)
    return made


def _careful(function: Any, name: str, renames: bool, checked: "_Checked") -> Any:
    first = min([at for _, at, _, _ in checked], default=sys.maxsize)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs and renames and not _NUMPYS.isdisjoint(kwargs):
            for theirs, ours in _NUMPY_NAMES.items():
                if theirs in kwargs and ours not in kwargs:
                    kwargs[ours] = kwargs.pop(theirs)
        count = len(args)
        if kwargs or count > first:
            for key, at, kind, default in checked:
                value = args[at] if at < count else kwargs.get(key, default)
                if type(value) is not kind and value is not default and not _FITS[kind](value):
                    where = _place(key, at, count, len(kwargs))
                    raise TypeError(
                        f"{name}(): argument '{key}'{where} must be {kind.__name__}, not {type_name(value)}"
                    )
        try:
            return function(*args, **kwargs)
        except (TypeError, AttributeError, ValueError) as error:
            trace = error.__traceback__
            said = _MISSING.fullmatch(str(error)) if trace is None or trace.tb_next is None else None
            if said is None:
                better = _explained(error, function, args, kwargs, name)
                if better is None:
                    raise
        if said is not None:
            absent, number, names = said.groups()
            names = names.replace("'", '"').replace(" and", ",").replace(",,", ",")
            plural = "s" * (number == "1")  # PyTorch's own way with it
            better = TypeError(f"{absent}() missing {number} required positional argument{plural}: {names}")
        raise better  # type: ignore[misc]

    return call


# Which values of other types an argument of a type may be given.
_FITS: dict[type, Callable[[Any], bool]] = {
    bool: lambda value: False,
    int: lambda value: type(value) is not bool and hasattr(value, "__index__"),
    float: lambda value: isinstance(value, OPERANDS),
    str: lambda value: isinstance(value, str),
}


# By the annotations that are checked, the type that is meant: None may be given where it is the default.
_MEANT: dict[Any, type] = {kind: kind for kind in _FITS} | {kind | None: kind for kind in _FITS}
_Checked = tuple[tuple[str, int, type, Any], ...]


def _annotated(function: Any) -> _Checked:
    """The parameters that are annotated with one of these types: name, place (far for keywords), type and default."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    defaults = dict(zip(reversed(names), reversed(function.__defaults__ or ()))) | (function.__kwdefaults__ or {})
    return tuple([
        (n, names.index(n) if n in names else 1 << 30, _MEANT[kind], defaults.get(n, MISSING))
        for n, kind in function.__annotations__.items()
        if kind in _MEANT and n not in ("return", "reduction")  # whose words are looked up elsewhere
    ])  # fmt: skip


def _explained(error: Exception, function: Any, args: Any, kwargs: Any, called: str) -> TypeError | None:
    """An error of Python's own, in PyTorch's words, if an argument of another type is its cause."""
    if _PYTHONS.match(str(error)) is None:
        return None
    try:
        given = inspect.signature(function).bind_partial(*args, **kwargs)
    except TypeError:
        return None
    places = list(given.signature.parameters)
    used = _USED.match(str(error))

    def place(name: str) -> str:
        return _place(name, places.index(name), len(args), len(kwargs))

    for name, value in sorted(given.arguments.items(), key=lambda item: item[0] not in _TENSORS):
        if used is not None and name not in _TENSORS:
            if type(value).__name__ == used[1]:
                return TypeError(f"{called}(): argument '{name}'{place(name)} must be Tensor, not {type_name(value)}")
            for i, each in enumerate(value if isinstance(value, (list, tuple)) else ()):
                if type(each).__name__ == used[1]:
                    at = places.index(name)
                    return TypeError(f"expected Tensor as element {i} in argument {at}, but got {type_name(each)}")
        if value is given.signature.parameters[name].default:
            continue
        if name in _TENSORS and not isinstance(value, TensorBase):
            what = "Tensor"
        elif name in _INTEGERS and not hasattr(value, "__index__") and not isinstance(value, (tuple, list)):
            what = "int"
        elif name in _NUMBERS and not isinstance(value, OPERANDS):
            what = "float"
        else:
            continue
        return TypeError(f"{called}(): argument '{name}'{place(name)} must be {what}, not {type_name(value)}")
    return None


def _place(name: str, at: int, positional: int, named: int) -> str:
    """Where an argument stands, as errors say it: of those given by position, without the tensor of a method.

    Args:
        name, at: the argument, and its place among the parameters of the function.
        positional, named: how many arguments the function got; wrappers do not keep how they were given.
    """
    if at >= positional:
        return ""
    keywords, count = _call()
    return "" if name in keywords else f" (position {at + (count >= positional + named)})"


def _call() -> tuple[tuple[str, ...], int]:
    """The names in the call of ours which is running, and how many arguments it gives, as the caller's code tells."""
    import dis

    frame: Any = sys._getframe(1)
    while frame.f_code.co_filename in _WRAPPERS or frame.f_code.co_filename.startswith("<rushlight "):
        frame = frame.f_back
    found: Any = ()
    loaded: Any = ()  # what was loaded last: before a call with keywords these are their names
    count = sys.maxsize
    for step in dis.get_instructions(frame.f_code):
        if step.offset > frame.f_lasti:
            break
        if step.opname in ("CALL", "CALL_KW"):
            found, loaded, count = loaded, (), step.arg or 0
        elif step.opname == "CALL_FUNCTION_EX":
            found, loaded, count = (), (), sys.maxsize
        elif step.opname in ("KW_NAMES", "LOAD_CONST"):
            loaded = frame.f_code.co_consts[step.arg]
    return found if isinstance(found, tuple) else (), count


# The files of functions that stand between a call and the function which it calls.
_HERE = os.path.dirname(__file__)
_WRAPPERS = (
    __file__, os.path.join(_HERE, "forwarding.py"), os.path.join(_HERE, "interception.py"),
    os.path.join(os.path.dirname(_HERE), "overrides.py"),
)  # fmt: skip


# ---------------------------------------------------------------------------------------------- types
def need_ints(function: str, name: str, value: Any, place: int | None = None) -> None:
    """Refuses what is no sequence of integers, where something is wrong with the call anyway.

    Args:
        function, name: whose argument it is, and what it is called.
        value: the argument.
        place: its position, which is said if it is given by position.

    Raises:
        TypeError: it is none.
    """
    where = "" if place is None else f" (position {place})"
    text = f"{function}(): argument '{name}'{where} must be tuple of ints,"
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{text} not {type_name(value)}")
    for i, n in enumerate(value):
        if not hasattr(n, "__index__"):
            raise TypeError(f"{text} but found element of type {type_name(n)} at pos {i}")


def no_tensor(function: str, value: Any, name: str = "input", place: int = 1) -> Exception:
    """The TypeError for an argument that should be a tensor and is not, as its use has shown."""
    return TypeError(f"{function}(): argument '{name}' (position {place}) must be Tensor, not {type_name(value)}")


def unbound(name: str, given: Any) -> Exception:
    """The TypeError for an operator's method that is called by hand with something else than a tensor as `self`."""
    kind = type(given).__name__
    return TypeError(f"descriptor '{name}' for 'torch._C.TensorBase' objects doesn't apply to a '{kind}' object")


def argument_error(op: Any, args: tuple[Any, ...]) -> Exception:
    """The TypeError for the first argument that should be a tensor and is not."""
    name = op.public_name
    if op.takes_number_first:
        a, b = op.tensors
        forms = [f"(Tensor {a}, Tensor {b}", f"(Number {'self' if a == 'input' else a}, Tensor {b}",
                 f"(Tensor {a}, Number {b}"]  # fmt: skip
        got = ", ".join(type_name(x) for x in args if x is not MISSING)
        return TypeError(
            f"{name}() received an invalid combination of arguments - got ({got}), but expected one of:\n"
            + "".join(f" * {form}, *, Tensor out = None)\n" for form in forms)
        )
    absent = [p for p, a in zip(op.parameters, args, strict=False) if a is MISSING]
    if absent:
        listed = ", ".join(f'"{p}"' for p in absent)
        plural = "s" if len(absent) == 1 else ""  # PyTorch's own way with the plural
        return TypeError(f"{name}() missing {len(absent)} required positional argument{plural}: {listed}")
    if op.takes_numbers and (name not in TAKE_NUMBERS_AS_TENSORS or name == "floor_divide"):
        got = ", ".join(type_name(a) for a in args)
        second = "exponent" if name == "pow" else "other"
        forms = [f"(Tensor input, {kind} {second}, *, Tensor out = None)" for kind in ("Tensor", "Number")]
        if name == "pow":
            forms.insert(1, "(Number self, Tensor exponent, *, Tensor out = None)")
        elif name in TAKE_NUMBERS_FIRST:
            # PyTorch says what does not match where there are as many arguments as parameters.
            marked = ", ".join(k if k == "Tensor" else f"!{k}!" for k in got.split(", "))
            reason = f"\n      didn't match because some of the arguments have invalid types: ({marked})"
            forms.insert(1, "(Number self, Tensor other)" + reason * (len(args) == 2))
        return TypeError(
            f"{name}() received an invalid combination of arguments - got ({got}), but expected one of:\n"
            + "".join(f" * {form}\n" for form in forms)
        )
    for i, (p, a) in enumerate(zip(op.parameters, args, strict=False)):
        if p in op.tensors and not isinstance(a, TensorBase) and not (a is None and p in op.optional):
            return TypeError(f"{name}(): argument '{p}' (position {i + 1}) must be Tensor, not {type_name(a)}")
        if p in op.lists:
            if not isinstance(a, (list, tuple)):
                return TypeError(
                    f"{name}(): argument '{p}' (position {i + 1}) must be tuple of Tensors, not {type(a).__name__}"
                )
            for j, t in enumerate(a):
                if not isinstance(t, TensorBase):
                    return TypeError(f"expected Tensor as element {j} in argument {i}, but got {type(t).__name__}")
    return TypeError(f"{name}(): invalid arguments")


# Functions whose inputs may all be numbers, and those that take a number as the first of two.
TAKE_NUMBERS_AS_TENSORS = {"add", "sub", "mul", "div", "floor_divide"}
TAKE_NUMBERS_FIRST = {
    "remainder", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "pow",
}  # fmt: skip


def type_name(value: Any) -> str:
    """The name of a value's type as C programs know it: with its module, for the types written in C."""
    kind = type(value)
    if isinstance(value, TensorBase):
        return "Tensor"
    heap_type = 512
    if kind.__flags__ & heap_type or kind.__module__ == "builtins":
        return kind.__name__
    return f"{kind.__module__}.{kind.__name__}"


def scalar(value: Any, dtype: dtypes.dtype) -> np.ndarray:
    """A Python number as a 0-dim array of `dtype`, for the dtype's cache."""
    if type(value) is int:
        dtypes.of_operand(value)  # refuses what fits no integer type
    return kept(value, np.array(value, dtype.numpy), dtype)


def kept(value: Any, array: np.ndarray, dtype: dtypes.dtype) -> np.ndarray:
    """The array of a number, which the dtype's cache keeps from here on."""
    # 0.0 and -0.0 are equal as keys but not as numbers, so zeros are not kept.
    if value and len(dtype.scalars) < 4096:
        dtype.scalars[value] = array
    return array
