"""Arguments in PyTorch's words: operands, NumPy's names for parameters, and the errors for what does not fit."""

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .. import dtypes
from ..base import TensorBase

F = TypeVar("F", bound=Callable[..., Any])

# Stands for an argument that was not given, where PyTorch's words for that are not Python's.
MISSING: Any = type("Missing", (), {"__slots__": (), "__repr__": lambda self: "<required>"})()

# What operators take as the other operand; to anything else they answer that they do not know it.
OPERANDS = (TensorBase, int, float, complex, np.number, np.bool_)


# ---------------------------------------------------------------------------------------------- names
_MISSING = re.compile(r"(\w+)\(\) missing (\d+) required positional arguments?: (.*)")
_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "a": "input", "x": "input"}
_NUMPYS = frozenset(_NUMPY_NAMES)


def by_numpy_names(function: F) -> F:
    """The function with NumPy's names for its arguments beside its own, as in PyTorch: ``axis`` for ``dim``."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs and not _NUMPYS.isdisjoint(kwargs):
            for theirs, ours in _NUMPY_NAMES.items():
                if theirs in kwargs and ours not in kwargs:
                    kwargs[ours] = kwargs.pop(theirs)
        try:
            return function(*args, **kwargs)
        except (TypeError, AttributeError) as error:
            said = _MISSING.fullmatch(str(error))
            if said is None or error.__traceback__.tb_next is not None:  # type: ignore[union-attr]
                better = _explained(error, function, args, kwargs, function.__name__)
                if better is None:
                    raise
                raise better from None
        name, count, names = said.groups()
        names = names.replace("'", '"').replace(" and", ",").replace(",,", ",")
        # PyTorch's own way with the plural.
        raise TypeError(f"{name}() missing {count} required positional argument{'s' * (count == '1')}: {names}")

    return call  # type: ignore[return-value]


# What Python says where something of another type is used as a tensor or an integer.
_PYTHONS = re.compile(
    r"'[\w.]+' object (has no attribute|cannot be interpreted as an integer|is not|does not)|"
    r"'.+' not supported between|(bad|unsupported) operand type|can't multiply sequence|"
    r"could not convert string|must be real number"
)
_TENSORS = {
    "input", "other", "index", "src", "source", "y", "x", "grad_output", "output", "weight", "bias", "target", "input1",
    "input2", "x1", "x2", "query", "key", "attn_mask", "running_mean", "running_var", "mask", "A", "B", "LU", "tau",
    "input3", "anchor", "positive", "negative", "indices", "fweights", "aweights", "hx", "var", "pos_weight", "vec2",
}  # fmt: skip
_INTEGERS = {"dim", "chunks", "start", "length", "k", "n", "num_groups", "groups"}
_NUMBERS = {"eps", "p", "margin", "momentum", "rcond", "tol"}


def explained(function: Any) -> Any:
    """Decorates a function: an argument that is no tensor or number and should be one is named in PyTorch's words.

    Functions that take microseconds anyway have it; what it costs them is one more call. As ``@explained("name")`` it
    says another name than the function's.
    """
    if isinstance(function, str):
        return lambda f: _explaining(f, function)
    return _explaining(function, function.__name__)


def _explaining(function: Any, name: str) -> Any:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (TypeError, AttributeError, ValueError) as error:
            better = _explained(error, function, args, kwargs, name)
            if better is None:
                raise
        raise better

    return call


def _explained(error: Exception, function: Any, args: Any, kwargs: Any, called: str) -> TypeError | None:
    """An error of Python's own, in PyTorch's words, if an argument of another type is its cause."""
    if _PYTHONS.match(str(error)) is None:
        return None
    try:
        given = inspect.signature(function).bind_partial(*args, **kwargs)
    except TypeError:
        return None
    places = list(given.signature.parameters)
    for name, value in given.arguments.items():
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
        where = f" (position {places.index(name) + 1})" if places.index(name) < len(args) else ""
        return TypeError(f"{called}(): argument '{name}'{where} must be {what}, not {type_name(value)}")
    return None


# ---------------------------------------------------------------------------------------------- types
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
