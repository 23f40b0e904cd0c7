"""``torch.overrides``: classes derived from `Tensor` say what functions do with their instances.

Such a class may define ``__torch_function__(cls, func, types, args, kwargs)``; the default calls `func` and makes its
results instances of the class. Nothing of this costs anything until a program derives a class: then `register` puts a
wrapper around every public function and method, which looks for such instances among the arguments.

Source: https://docs.pytorch.org/docs/stable/notes/extending.html#extending-torch-with-a-tensor-wrapper-type
"""

import functools
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from .autograd.mode import local
from .base import TensorBase

__all__ = [
    "BaseTorchFunctionMode",
    "TorchFunctionMode",
    "enable_reentrant_dispatch",
    "handle_torch_function",
    "has_torch_function",
    "is_tensor_like",
    "is_tensor_method_or_property",
    "wrap_torch_function",
]


class _State(threading.local):
    """What is in force in this thread.

    Attributes:
        disabled: how many contexts say that no class is asked.
        modes: the modes, the last one being asked first.
    """

    disabled = 0
    modes: tuple[Any, ...] = ()


_state = _State()
# For every type met among arguments, whether it overrides functions.
_kinds: dict[type, bool] = {}


class _Wrapped:
    """What is wrapped, and for whom.

    Attributes:
        classes: whether for a program's derived classes, which stay.
        modes: for how many modes, in all threads.
        before: the functions and methods in whose place wrappers stand: owner, name, value.
    """

    classes = False
    modes = 0
    before: list[tuple[Any, str, Any]] = []  # noqa: RUF012


_lock = threading.RLock()


class DisableTorchFunctionSubclass:
    """In the context, functions do with instances of derived classes what they do with tensors."""

    def __enter__(self) -> None:
        _state.disabled += 1

    def __exit__(self, *exc: object) -> None:
        _state.disabled -= 1


def disabled_torch_function_impl(func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """A ``__torch_function__`` for classes whose instances functions shall treat as tensors."""
    with DisableTorchFunctionSubclass():
        return func(*args, **(kwargs or {}))


def default(cls: Any, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """What `Tensor`'s own ``__torch_function__`` does: calls `func`, and makes the results instances of `cls`."""
    if not all(issubclass(cls, kind) for kind in types):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        return _converted(func(*args, **(kwargs or {})), cls)


def _converted(result: Any, cls: Any) -> Any:
    if isinstance(result, TensorBase):
        return result if isinstance(result, cls) else result.as_subclass(cls)  # type: ignore[attr-defined]
    if isinstance(result, (tuple, list)) and not hasattr(result, "numel"):
        return type(result)([_converted(r, cls) for r in result])
    return result


# ---------------------------------------------------------------------------------------------- dispatch
def _overrides(kind: Any) -> bool:
    found = _kinds.get(kind)
    if found is None:
        own = getattr(kind, "__torch_function__", None)
        plain = getattr(_tensor(), "__torch_function__").__func__  # noqa: B009
        derived = issubclass(kind, TensorBase) and _is_foreign(kind)
        found = own is not None and own is not disabled_torch_function_impl
        found = found and (derived or getattr(own, "__func__", None) is not plain)
        # PyTorch's own tensors ask PyTorch, which would ask us again.
        found = found and (issubclass(kind, TensorBase) or kind.__module__.partition(".")[0] != "torch")
        _kinds[kind] = found
    return found


def _overriding(values: Iterable[Any]) -> list[Any]:
    """The arguments that override functions: one of each type, derived types first."""
    found: list[Any] = []
    for value in values:
        kind = type(value)
        if kind is list or kind is tuple:
            inner = _overriding(value)
        elif _overrides(kind):
            inner = [value]
        else:
            continue
        for v in inner:
            if all(type(v) is not type(f) for f in found):
                at = next((i for i, f in enumerate(found) if issubclass(type(v), type(f))), len(found))
                found.insert(at, v)
    return found


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether one of the values overrides functions."""
    return not _state.disabled and bool(_overriding(relevant_args))


def handle_torch_function(public_api: Any, relevant_args: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
    """Asks the classes of the values that override functions what `public_api` does.

    Raises:
        TypeError: none of them knows.
    """
    return _ask(public_api, _overriding(relevant_args), args, kwargs)


def _ask(function: Any, overriding: list[Any], args: Any, kwargs: Any, operator: bool = False) -> Any:
    types = tuple([type(v) for v in overriding])
    for v in overriding:
        result = type(v).__torch_function__(function, types, args, kwargs or None)
        if result is not NotImplemented:
            return result
    if operator:
        return NotImplemented
    listed = "".join(f"  - tensor subclass {kind}\n" for kind in types)
    raise TypeError(
        f"Multiple dispatch failed for '{getattr(function, 'public', function.__name__)}'; all __torch_function__ "
        f"handlers returned NotImplemented:\n\n{listed}\nFor more information, try re-running with "
        "TORCH_LOGS=not_implemented"
    )


def _ask_mode(function: Any, args: Any, kwargs: Any, operator: bool) -> Any:
    """Asks the innermost mode what a function does; the mode is out of force meanwhile.

    Raises:
        TypeError: the mode returns `NotImplemented`.
    """
    found = [] if _state.disabled else _overriding((*args, *kwargs.values()))
    before = _state.modes
    *outer, mode = before
    _state.modes = tuple(outer)
    try:
        result = mode.__torch_function__(function, tuple([type(v) for v in found]), args, kwargs or None)
        if result is not NotImplemented:
            return result
        if found:
            return _ask(function, found, args, kwargs, operator)
    finally:
        _state.modes = before
    raise TypeError(
        f"Multiple dispatch failed for '{getattr(function, 'public', function.__name__)}'; all __torch_function__ "
        f"handlers returned NotImplemented:\n\n  - mode object {mode!r}\n\nFor more information, try re-running with "
        "TORCH_LOGS=not_implemented"
    )


def _overridable(function: Any, public: str, operator: bool = False, shown: Any = None) -> Any:
    """The function, for which instances of derived classes may stand.

    Args:
        function: the function.
        public: its name in messages.
        operator: whether it is the method of a Python operator.
        shown: the function that handlers are given in its place.
    """

    @functools.wraps(function)
    def dispatch(*args: Any, **kwargs: Any) -> Any:
        if _state.modes:
            return _ask_mode(shown or dispatch, args, kwargs, operator)
        if not _state.disabled:
            found = _overriding((*args, *kwargs.values()) if kwargs else args)
            if found:
                return _ask(shown or dispatch, found, args, kwargs, operator)
        return function(*args, **kwargs)

    dispatch.__name__ = public.rpartition(".")[2]
    dispatch.public = public  # type: ignore[attr-defined]
    return dispatch


# ---------------------------------------------------------------------------------------------- modes
class TorchFunctionMode:
    """While its context is in force, its ``__torch_function__`` is called with every function and method.

    A derived class defines ``__torch_function__(self, func, types, args, kwargs)``, which returns the result;
    ``func(*args, **kwargs)`` computes it. The mode itself is out of force meanwhile.

    Source: https://docs.pytorch.org/docs/stable/notes/extending.html#extending-all-torch-api-with-modes
    """

    inner: "TorchFunctionMode"

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The result of a function.

        Raises:
            NotImplementedError: always; subclasses say how.
        """
        raise NotImplementedError

    def __enter__(self) -> Any:
        _push_mode(self)
        return self

    def __exit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        _pop_mode()

    @classmethod
    def push(cls, *args: Any, **kwargs: Any) -> Any:
        """An instance; an older way to make one."""
        warnings.warn(
            "`Mode.push()` is no longer necessary and can be replaced with just `with Mode()`", UserWarning,
            stacklevel=2,
        )  # fmt: skip
        return cls(*args, **kwargs)


class BaseTorchFunctionMode(TorchFunctionMode):
    """A mode that leaves functions as they are."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The result of a function."""
        return func(*args, **(kwargs or {}))


def _push_mode(mode: Any) -> None:
    with _lock:
        _Wrapped.modes += 1
        _wrap_everything()
    _state.modes = (*_state.modes, mode)


def _pop_mode() -> Any:
    *rest, last = _state.modes
    _state.modes = tuple(rest)
    with _lock:
        _Wrapped.modes -= 1
        if not _Wrapped.modes and not _Wrapped.classes:
            while _Wrapped.before:
                setattr(*_Wrapped.before.pop())
    return last


@contextmanager
def _pop_mode_temporarily() -> Iterator[Any]:
    mode = _pop_mode()
    try:
        yield mode
    finally:
        _push_mode(mode)


def _get_current_function_mode() -> Any:
    """The innermost mode, or None."""
    return _state.modes[-1] if _state.modes else None


def _get_current_function_mode_stack() -> list[Any]:
    """The modes in force, the innermost last."""
    return list(_state.modes)


def count_modes() -> int:
    """How many modes are in force in this thread."""
    return len(_state.modes)


def mode_at(index: int) -> Any:
    """One of the modes in force in this thread, counted from the outermost."""
    return _state.modes[index]


def is_mode_enabled() -> bool:
    """Whether a mode is in force in this thread."""
    return bool(_state.modes)


def is_enabled() -> bool:
    """Whether derived classes are asked in this thread."""
    return not _state.disabled


class DisableTorchFunction(DisableTorchFunctionSubclass):
    """In the context, neither derived classes nor modes are asked."""

    def __enter__(self) -> None:
        super().__enter__()
        self._before, _state.modes = _state.modes, ()

    def __exit__(self, *exc: object) -> None:
        _state.modes = self._before
        super().__exit__(*exc)


# ---------------------------------------------------------------------------------------------- activation
# The methods that Python operators mean, by the names that handlers are given.
_OPERATORS = {
    "add": ("__add__", "__radd__"), "sub": ("__sub__",), "mul": ("__mul__", "__rmul__"), "div": ("__truediv__",),
    "matmul": ("__matmul__",), "eq": ("__eq__",), "ne": ("__ne__",), "lt": ("__lt__",), "le": ("__le__",),
    "gt": ("__gt__",), "ge": ("__ge__",), "neg": ("__neg__",), "abs": ("__abs__",), "pow": ("__pow__",),
    "add_": ("__iadd__",), "sub_": ("__isub__",), "mul_": ("__imul__",), "div_": ("__itruediv__",),
}  # fmt: skip
_PROPERTIES = ("T", "mT", "H", "mH", "real", "imag", "data")


def register(cls: type) -> None:
    """Called for every class derived from `Tensor`: from a program's first one on, functions look for such classes."""
    if not _Wrapped.classes and _is_foreign(cls):
        with _lock:
            _Wrapped.classes = True
            _wrap_everything()


def _is_foreign(cls: type) -> bool:
    return cls.__module__.partition(".")[0] not in ("rushlight", "torch", "torchvision")


def _tensor() -> Any:
    from .tensor import Tensor

    return Tensor


def _wrap(owner: Any, name: str, value: Any) -> None:
    _Wrapped.before.append((owner, name, vars(owner)[name]))
    setattr(owner, name, value)


def _wrap_everything() -> None:
    if _Wrapped.before:
        return
    from . import nn

    tensor = _tensor()
    operators = {o: name for name, group in _OPERATORS.items() for o in group}
    for owner in reversed(tensor.__mro__[:-1]):
        for name, value in list(vars(owner).items()):
            if isinstance(value, FunctionType) and (owner is TensorBase or not name.startswith("_")):
                if name not in operators:
                    operator = name.startswith(("__r", "__i"))
                    _wrap(owner, name, _overridable(value, f"torch.Tensor.{name}", operator))
            elif isinstance(value, property) and name in _PROPERTIES:
                getter = _overridable(value.fget, f"torch.Tensor.{name}.__get__")
                _wrap(owner, name, property(getter, value.fset, value.fdel, value.__doc__))
    for operator_name, name in operators.items():
        method = vars(TensorBase).get(operator_name)
        if method is not None:
            _wrap(TensorBase, operator_name, _overridable(method, operator_name, True, getattr(tensor, name)))
    import rushlight

    _wrap_module(rushlight, "torch")
    _wrap_module(nn.functional, "torch.nn.functional")


def _wrap_module(module: Any, public: str) -> None:
    from .ops.declare import FUNCTIONS

    for name, value in list(vars(module).items()):
        ours = isinstance(value, FunctionType) and not name.startswith("_")
        if ours and (FUNCTIONS.get(name) is value or public != "torch"):
            _wrap(module, name, _overridable(value, f"{public}.{name}"))


@contextmanager
def enable_reentrant_dispatch() -> Iterator[None]:
    """In the context, a ``__torch_dispatch__`` handler's operations are recorded, as those of any program are."""
    before, local.grad = local.grad, True
    try:
        yield
    finally:
        local.grad = before


# ---------------------------------------------------------------------------------------------- questions
def is_tensor_like(inp: Any) -> bool:
    """Whether a value is a tensor, or of a class with a ``__torch_function__``."""
    return isinstance(inp, TensorBase) or hasattr(type(inp), "__torch_function__")


def is_tensor_method_or_property(func: Callable[..., Any]) -> bool:
    """Whether a function that a handler was given is a method or property of tensors."""
    return getattr(func, "public", "").startswith("torch.Tensor.")


def wrap_torch_function(dispatcher: Callable[..., Iterable[Any]]) -> Callable[[Any], Any]:
    """Lets a function of one's own be overridden by the arguments that `dispatcher` picks of those it is given."""

    def inner(function: Any) -> Any:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            relevant = dispatcher(*args, **kwargs)
            if has_torch_function(relevant):
                return handle_torch_function(wrapped, relevant, *args, **kwargs)
            return function(*args, **kwargs)

        return wrapped

    return inner
