"""`no_grad`, `enable_grad`, `set_grad_enabled` and `inference_mode`: whether operations are recorded."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from ..base import TensorBase, own_version
from . import mode
from .mode import is_grad_enabled

F = TypeVar("F", bound=Callable[..., Any])


class _Decorator:
    """A context manager that is also a decorator of functions, generators and coroutines."""

    def clone(self) -> Any:
        """Another one of the same kind, for one call of a decorated function."""
        return type(self)()

    def __enter__(self) -> Any:
        raise NotImplementedError

    def __exit__(self, *exc: Any) -> None:
        raise NotImplementedError

    def __call__(self, function: Any) -> Any:
        if inspect.isclass(function):
            import warnings

            warnings.warn(
                "Decorating classes is deprecated and will be disabled in future versions. You should only decorate "
                "functions or methods. To preserve the current behavior of class decoration, you can directly decorate "
                "the `__init__` method and nothing else.",
                FutureWarning,
                stacklevel=2,
            )
            function.__init__ = self(function.__init__)  # type: ignore[method-assign]
            return function
        if inspect.isgeneratorfunction(function):
            return _wrap_generator(self, function)

        @functools.wraps(function)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return function(*args, **kwargs)

        return decorated


def _wrap_generator(context: _Decorator, function: Any) -> Any:
    """The mode holds while the generator's own code runs, not while its user's does."""

    @functools.wraps(function)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        generator = function(*args, **kwargs)
        try:
            with context.clone():
                response = generator.send(None)
            while True:
                try:
                    request = yield response
                except GeneratorExit:
                    with context.clone():
                        generator.close()
                    raise
                except BaseException as error:
                    with context.clone():
                        response = generator.throw(error)
                else:
                    with context.clone():
                        response = generator.send(request)
        except StopIteration as stop:
            return stop.value

    return decorated


class _GradMode(_Decorator):
    """Sets whether operations are recorded, and puts it back."""

    mode: bool

    def __enter__(self) -> None:
        self.previous = mode.is_grad_enabled()
        mode.set_recording(self.mode)
        mode.enter()

    def __exit__(self, *exc: Any) -> None:
        mode.set_recording(self.previous)
        mode.leave()
        if self.previous and mode.local.switched_off:
            _switch(True)


class no_grad(_GradMode):
    """Operations inside are not recorded: their results do not require gradients.

    Works as a context manager and as a decorator, with or without parentheses.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html
    """

    mode = False

    def __new__(cls, function: Any = None) -> Any:
        """Make the context manager, or decorate a function given at once."""
        made = object.__new__(cls)
        return made if function is None else made(function)


class enable_grad(_GradMode):
    """Operations inside are recorded, also within `no_grad`."""

    mode = True

    def __new__(cls, function: Any = None) -> Any:
        """Make the context manager, or decorate a function given at once."""
        made = object.__new__(cls)
        return made if function is None else made(function)


class set_grad_enabled(_GradMode):
    """Sets at once whether operations are recorded; as a context manager, until its end.

    Args:
        mode: whether to record.
    """

    def __init__(self, mode: bool):
        if not isinstance(mode, bool):
            kind = type(mode).__name__
            raise TypeError(f"set_grad_enabled(): argument 'enabled' (position 1) must be bool, not {kind}")
        self.mode = mode
        self.previous = is_grad_enabled()
        _switch(mode)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        _switch(self.previous)

    def __call__(self, function: Any) -> Any:
        """As a decorator the mode holds inside the function only."""
        _switch(self.previous)
        return super().__call__(function)

    def clone(self) -> "set_grad_enabled":
        """Another one of the same kind, for one call of a decorated function."""
        return set_grad_enabled(self.mode)

    def __str__(self) -> str:
        return f"torch.autograd.grad_mode.{type(self).__name__}(mode={self.mode})"

    __repr__ = __str__


def _switch(on: bool) -> None:
    if not isinstance(on, bool):
        kind = type(on).__name__
        raise TypeError(f"set_grad_enabled(): argument 'enabled' (position 1) must be bool, not {kind}")
    # Recording switched off outside any context counts as one special mode until it is switched on again.
    local = mode.local
    if not on and not local.switched_off:
        local.switched_off = True
        mode.enter()
    elif on and local.switched_off:
        local.switched_off = False
        mode.leave()
    mode.set_recording(on)


class inference_mode(_Decorator):
    """Like `no_grad`, and tensors made inside can never take part in a recorded graph.

    Args:
        mode: whether to turn it on; False turns it off inside.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html
    """

    def __new__(cls, mode: Any = True) -> Any:
        """Make the context manager, or decorate a function given at once."""
        made = object.__new__(cls)
        made.mode = True
        return made if isinstance(mode, bool) else made(mode)

    def __init__(self, mode: bool = True):
        self.mode = mode if isinstance(mode, bool) else True

    def clone(self) -> "inference_mode":
        """Another one of the same kind, for one call of a decorated function."""
        return inference_mode(self.mode)

    def __enter__(self) -> None:
        local = mode.local
        self.previous = local.grad, local.inference, local.asked
        local.grad, local.inference, local.asked = not self.mode, self.mode, False if self.mode else None
        mode.enter(more=True)

    def __exit__(self, *exc: Any) -> None:
        local = mode.local
        local.grad, local.inference, local.asked = self.previous
        mode.leave(more=True)


def is_inference_mode_enabled() -> bool:
    """Whether inference mode is on in this thread."""
    return mode.local.inference


class _InferenceMode(inference_mode):
    """PyTorch's inner name of `inference_mode`."""


class _unsafe_preserve_version_counter(_Decorator):
    """In-place changes of some tensors inside are not counted once it ends.

    Args:
        tensors: a tensor or several.
    """

    def __init__(self, tensors: Any):
        self.tensors = (tensors,) if isinstance(tensors, TensorBase) else tuple(tensors)
        self.before = tuple([t._version for t in self.tensors])

    def clone(self) -> "_unsafe_preserve_version_counter":
        """Another one for the same tensors."""
        return _unsafe_preserve_version_counter(self.tensors)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        _set_version_counter(self.tensors, self.before)


def _set_version_counter(tensors: Any, versions: Any) -> None:
    """Says of tensors how often they were changed in place.

    Raises:
        RuntimeError: there are not as many versions as tensors, or one is negative.
    """
    if len(tensors) != len(versions):
        raise RuntimeError(f"tensors_len={len(tensors)}, versions_len={len(versions)}")
    for t, version in zip(tensors, versions, strict=True):
        if version < 0:
            raise RuntimeError(f"Cannot set a version_counter to a value below 0: {version}")
        own_version(t)[0] = version


class _force_original_view_tracking(_Decorator):
    """Says whether views changed in place are to be made again step by step, which has no effect here.

    Args:
        mode: whether they are.
    """

    def __init__(self, mode: bool):
        self.mode = mode
        local = globals()["mode"].local
        self.prev, local.replays_views = local.replays_views, mode

    def __enter__(self) -> None:
        mode.local.replays_views = self.mode

    def __exit__(self, *exc: Any) -> None:
        mode.local.replays_views = self.prev

    def clone(self) -> "_force_original_view_tracking":
        """Another one of the same kind, for one call of a decorated function."""
        return _force_original_view_tracking(self.mode)


def is_view_replay_enabled() -> bool:
    """Whether `_force_original_view_tracking` is in force."""
    return mode.local.replays_views


class enforce_grad_layout_policy(_Decorator):
    """Says whether gradients must have the layout of their tensors, which they have here in any case.

    Args:
        enable: whether they must.
    """

    def __init__(self, enable: bool = True):
        self.mode = enable

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        pass

    def clone(self) -> "enforce_grad_layout_policy":
        """Another one of the same kind, for one call of a decorated function."""
        return enforce_grad_layout_policy(self.mode)


class set_multithreading_enabled(_Decorator):
    """Says at once whether backward may use several threads; as a context manager, until its end.

    Backward runs in the calling thread in any case; what hooks may ask of it depends on this (see tasks.py).

    Args:
        mode: whether it may.
    """

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            kind = type(mode).__name__
            raise TypeError(f"set_multithreading_enabled(): argument 'enabled' (position 1) must be bool, not {kind}")
        self.mode = mode
        local = globals()["mode"].local
        self.prev, local.multithreading = local.multithreading, mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        mode.local.multithreading = self.prev

    def clone(self) -> "set_multithreading_enabled":
        """Another one of the same kind, for one call of a decorated function."""
        return set_multithreading_enabled(self.mode)


def _set_multithreading(on: bool) -> None:
    mode.local.multithreading = on


def is_multithreading_enabled() -> bool:
    """Whether backward may use several threads."""
    return mode.local.multithreading
