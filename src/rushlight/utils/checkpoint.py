"""``torch.utils.checkpoint``: what the backward of a part of a model needs is computed again instead of kept.

There are two kinds. The older one, *re-entrant*, is a custom `Function` whose backward runs the part again, recorded,
and then calls backward inside backward. The other one, `Region`, changes only how tensors are saved: a placeholder is
kept for each, and when the first is asked for, the part runs again until all have been computed.

Source: https://docs.pytorch.org/docs/stable/checkpoint.html
"""

import contextlib
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .. import random
from ..amp import _state as autocast_state
from ..amp.autocast_mode import autocast
from ..autograd import mode
from ..autograd.api import backward
from ..autograd.function import Function
from ..autograd.grad_mode import enable_grad, no_grad
from ..autograd.graph import saved_tensors_hooks
from ..autograd.tasks import ImperativeEngine
from ..tensor import Tensor
from . import _checkpoint_log
from ._checkpoint_policies import CheckpointPolicy, SelectiveCheckpointContext, create_selective_checkpoint_contexts
from ._checkpoint_region import DETERMINISM_CHECKS, CheckpointError, GraphExecGroup, Region

__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "CheckpointPolicy",
    "DefaultDeviceType",
    "GraphExecGroup",
    "SelectiveCheckpointContext",
    "check_backward_validity",
    "checkpoint",
    "checkpoint_sequential",
    "create_selective_checkpoint_contexts",
    "detach_variable",
    "get_device_states",
    "noop_context_fn",
    "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
    "set_device_states",
]


# As in PyTorch, programs and pickles name these by this module.
for _kind in (CheckpointError, CheckpointPolicy, GraphExecGroup, SelectiveCheckpointContext):
    _kind.__module__ = __name__


class _Settings:
    """What `set_checkpoint_early_stop` and `set_checkpoint_debug_enabled` have set; None: what each call says."""

    early_stop: bool | None = None
    debug: bool | None = None


@contextlib.contextmanager
def _setting(name: str, value: bool | None) -> Iterator[None]:
    before = getattr(_Settings, name)
    setattr(_Settings, name, value)
    try:
        yield
    finally:
        setattr(_Settings, name, before)


def set_checkpoint_early_stop(enable: bool) -> Any:
    """In the context, says of all checkpoints whether they stop computing again as soon as they have all they need."""
    return _setting("early_stop", enable)


def set_checkpoint_debug_enabled(enabled: bool | None) -> Any:
    """In the context, says of all checkpoints whether errors list the operations; None leaves it to each call."""
    return _setting("debug", enabled)


# ---------------------------------------------------------------------------------------------- devices
class DefaultDeviceType:
    """The type of the devices whose random numbers are restored, besides the CPU's; none is there."""

    _default_device_type: str | None = None

    @staticmethod
    def set_device_type(device: str = "cuda") -> None:
        """Sets the type."""
        DefaultDeviceType._default_device_type = device

    @staticmethod
    def get_device_type() -> str:
        """The type that was set, or ``"cpu"``."""
        return DefaultDeviceType._default_device_type or "cpu"


def get_device_states(*args: Any) -> tuple[list[int], list[Any]]:
    """The devices of some tensors and the states of their generators: none but the CPU's."""
    return [], []


def set_device_states(devices: Iterable[int], states: Iterable[Any], *, device_type: str | None = None) -> None:
    """Restores what `get_device_states` returned.

    Args:
        devices, states: what that returned.
        device_type: the kind of device.
    """


def noop_context_fn() -> tuple[Any, Any]:
    """Two contexts that do nothing: the default of `checkpoint`'s ``context_fn``."""
    return contextlib.nullcontext(), contextlib.nullcontext()


class _Autocast:
    """The autocast that is in force, to be put in force again."""

    def __init__(self) -> None:
        self.options = {
            "enabled": autocast_state.is_autocast_enabled("cpu"),
            "dtype": autocast_state.get_autocast_dtype("cpu"),
            "cache_enabled": autocast_state.is_autocast_cache_enabled(),
        }

    def again(self) -> autocast:
        """A context with the same autocast."""
        return autocast("cpu", **self.options)  # type: ignore[arg-type]


@contextlib.contextmanager
def _random_numbers_of(state: Any) -> Iterator[None]:
    """The random numbers that followed a state follow again; None leaves them alone."""
    with random.fork_rng(devices=[], enabled=state is not None):
        if state is not None:
            random.set_rng_state(state)
        yield


# ---------------------------------------------------------------------------------------------- re-entrant
def detach_variable(inputs: Any) -> tuple[Any, ...]:
    """The values with their tensors detached; those that required a gradient do so as leaves.

    Raises:
        RuntimeError: `inputs` is no tuple.
    """
    if not isinstance(inputs, tuple):
        kind = type(inputs).__name__
        raise RuntimeError(f"Only tuple of tensors is supported. Got Unsupported input type: {kind}")
    return tuple([v.detach().requires_grad_(v.requires_grad) if isinstance(v, Tensor) else v for v in inputs])


def check_backward_validity(inputs: Iterable[Any]) -> None:
    """Warns if no tensor among the values requires a gradient."""
    if not any(v.requires_grad for v in inputs if isinstance(v, Tensor)):
        warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", UserWarning, stacklevel=2)


class CheckpointFunction(Function):
    """A function whose backward runs it again: the re-entrant kind."""

    @staticmethod
    def forward(ctx: Any, run_function: Any, preserve_rng_state: bool, *args: Any) -> Any:
        """Runs the function without recording it, and keeps its arguments."""
        check_backward_validity(args)
        ctx.run_function = run_function
        ctx.rng_state = random.get_rng_state() if preserve_rng_state else None
        ctx.autocast = _Autocast()
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.inputs = [None if isinstance(a, Tensor) else a for a in args]
        ctx.save_for_backward(*[args[i] for i in ctx.places])
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *args: Any) -> Any:
        """Runs the function again, recorded, and goes back through that.

        Raises:
            RuntimeError: only some gradients are asked for, or no output requires one.
        """
        if not ImperativeEngine.is_checkpoint_valid():
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` "
                "parameter to .backward(). To resolve this error, you can either set use_reentrant=False, or call "
                ".backward() without passing the `inputs` argument."
            )
        inputs = list(ctx.inputs)
        for i, t in zip(ctx.places, ctx.saved_tensors, strict=True):
            inputs[i] = t
        detached = detach_variable(tuple(inputs))
        with _random_numbers_of(ctx.rng_state), enable_grad(), ctx.autocast.again():
            outputs = ctx.run_function(*detached)
        if isinstance(outputs, Tensor):
            outputs = (outputs,)
        pairs = [(o, g) for o, g in zip(outputs, args, strict=True) if isinstance(o, Tensor) and o.requires_grad]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        backward([o for o, _ in pairs], [g for _, g in pairs])
        return (None, None, *[v.grad if isinstance(v, Tensor) else None for v in detached])


# ---------------------------------------------------------------------------------------------- what users call
_SHOULD_BE_PASSED = (
    "the use_reentrant parameter should be passed explicitly. {} is not passed. use_reentrant=False is recommended, "
    "but if you need to preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for more "
    "details on the differences between the two variants."
)


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """Calls a function without keeping what its backward needs: backward calls the function again.

    Args:
        function: the part of the model.
        args: its positional arguments.
        use_reentrant: whether to use the older kind, which knows only positional arguments, and works in a backward
            for all leaves only; True unless given, with a warning.
        context_fn: gives two contexts, for the first and the second run; not for the re-entrant kind.
        determinism_check: ``"default"`` compares shapes, dtypes and devices of both runs, ``"none"`` nothing.
        debug: whether errors list the operations of both runs; not for the re-entrant kind.
        early_stop: whether the second run ends as soon as it has computed all that is needed.
        kwargs: keyword arguments of the function, and ``preserve_rng_state`` (True): whether the second run sees the
            same random numbers.

    Raises:
        ValueError: an option does not go with another, or `determinism_check` is unknown.

    Source: https://docs.pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.checkpoint
    """
    if use_reentrant is None:
        when = "Starting in PyTorch 2.9, calling checkpoint without use_reentrant will raise an exception."
        text = _SHOULD_BE_PASSED.replace("{} is not passed.", when)
        warnings.warn(f"torch.utils.checkpoint: {text}", UserWarning, stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if not use_reentrant:
        debug = debug if _Settings.debug is None else _Settings.debug
        return _without_reentry(function, args, kwargs, preserve, context_fn, determinism_check, debug, early_stop)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if context_fn is not noop_context_fn or debug is not False:
        raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
    return CheckpointFunction.apply(function, preserve, *args)


def _without_reentry(
    function: Any, args: Any, kwargs: Any, preserve: bool, context_fn: Any, check: str, debug: bool, early_stop: bool
) -> Any:
    explain = None
    if debug:
        if context_fn is not noop_context_fn:
            raise ValueError("debug=True is incompatible with non-default context_fn")
        context_fn, explain = _checkpoint_log.contexts()
    if check not in DETERMINISM_CHECKS:
        raise ValueError(f"determinism_check should be one of {list(DETERMINISM_CHECKS)}, but got {check}")
    first, second = context_fn()
    state = random.get_rng_state() if preserve else None
    autocast_before = _Autocast()
    if not mode.is_grad_enabled():
        return function(*args, **kwargs)

    def run_again(*inputs: Any) -> None:
        with _random_numbers_of(state), autocast_before.again(), second:
            function(*inputs, **kwargs)

    if _Settings.early_stop is not None:
        early_stop = _Settings.early_stop
    region = Region(run_again, args, early_stop, DETERMINISM_CHECKS[check], explain)
    finished = False
    with saved_tensors_hooks(region.put_aside, region.bring_back), first:
        result = function(*args, **kwargs)
        finished = True
    if not finished:
        raise RuntimeError(
            "torch.utils.checkpoint: the forward context provided by context_fn suppressed an exception raised during "
            "the checkpointed forward. This is not supported because checkpoint cannot return a value for a failed "
            "forward."
        )
    region.complete = True
    return result


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """Calls modules one after the other, in segments of which all but the last are checkpointed.

    Args:
        functions: a `Sequential`, or a list of modules or functions of one argument.
        segments: how many segments to make.
        input: the argument of the first.
        use_reentrant: see `checkpoint`.
        kwargs: ``preserve_rng_state``: see `checkpoint`.

    Raises:
        ValueError: there are other keyword arguments.
    """
    if use_reentrant is None:
        text = _SHOULD_BE_PASSED.replace("{}", "In version 2.9 we will raise an exception if use_reentrant")
        warnings.warn(f"torch.utils.checkpoint.checkpoint_sequential: {text}", UserWarning, stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if hasattr(functions, "children"):
        functions = list(functions.children())

    def segment(start: int, stop: int) -> Callable[[Any], Any]:
        def run(value: Any) -> Any:
            for function in functions[start:stop]:
                value = function(value)
            return value

        return run

    size = len(functions) // segments
    last = size * (segments - 1)
    for start in range(0, last, size):
        input = checkpoint(
            segment(start, start + size), input, use_reentrant=use_reentrant, preserve_rng_state=preserve
        )
    return segment(last, len(functions))(input)
