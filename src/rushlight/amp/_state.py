"""Which autocast is in force in this thread, and what it does to the arguments of operations.

Operations of one list run in the lower precision, those of another in float32, and those of a third in the widest type
of their arguments; see `_lists`. A weight that was converted once is kept, so that all its uses in one autocast region
share one conversion in the graph.
"""

import threading
import warnings
import weakref
from typing import Any

from .. import dtypes
from ..autograd import mode
from ..autograd.leaf import AccumulateGrad
from ..autograd.stash import is_cached
from ..base import TensorBase
from ..ops.arguments import type_name
from ..ops.interception import Interception
from ._lists import FLOAT32, LOWER, PROMOTE, functions

DEVICES = ("cpu", "cuda", "mtia", "maia", "xpu", "ipu", "hpu", "xla", "privateuseone", "mps")
_TYPES = (
    "cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga", "maia", "xla", "lazy",
    "vulkan", "mps", "meta", "hpu", "mtia", "privateuseone",
)  # fmt: skip


class _State(threading.local):
    """What is set in this thread.

    Attributes:
        enabled: the device types for which autocast is on.
        types: the lower precision of each device type, where it is not the usual one.
        keeps: whether conversions of weights are kept.
        depth: how many autocast contexts this thread is in.
        kept: the conversions, by the weight's identity and whether they are recorded.
    """

    def __init__(self) -> None:
        self.enabled: set[str] = set()
        self.types: dict[str, dtypes.dtype] = {}
        self.keeps = True
        self.depth = 0
        self.kept: dict[tuple[int, bool], tuple[Any, Any]] = {}


_state = _State()


# ---------------------------------------------------------------------------------------------- what users ask and set
def _device_type(function: str, device_type: Any) -> str:
    """A checked device type.

    Raises:
        TypeError: it is no string.
        RuntimeError: there is no such type.
    """
    if not isinstance(device_type, str):
        raise TypeError(
            f"{function}(): argument 'device_type' (position 1) must be str, not {type(device_type).__name__}"
        )
    if device_type not in _TYPES:
        raise RuntimeError(f"Expected one of {', '.join(_TYPES)} device type at start of device string: {device_type}")
    return device_type


def is_autocast_available(device_type: str) -> bool:
    """Whether there is an autocast for a type of device."""
    return _device_type("_is_autocast_available", device_type) in DEVICES


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether autocast is on in this thread for a type of device."""
    return _device_type("is_autocast_enabled", device_type) in _state.enabled


def is_any_autocast_enabled() -> bool:
    """Whether autocast is on in this thread for any type of device."""
    return bool(_state.enabled)


def set_autocast_enabled(device_type: Any, enabled: bool | None = None) -> None:
    """Switches autocast on or off in this thread; with one argument, that for CUDA.

    Args:
        device_type: the kind of device, or `enabled` if that is not given.
        enabled: whether autocast is on.
    """
    if enabled is None:
        device_type, enabled = "cuda", device_type
    device_type = _device_type("set_autocast_enabled", device_type)
    if device_type == "cpu" and enabled != ("cpu" in _state.enabled):
        if enabled:
            _functions.on()
            mode.watch(_OPERATIONS)
        else:
            mode.unwatch(_OPERATIONS)
            _functions.off()
    (_state.enabled.add if enabled else _state.enabled.discard)(device_type)


def get_autocast_dtype(device_type: str) -> dtypes.dtype:
    """The lower precision of autocast for a type of device.

    Raises:
        RuntimeError: there is no such type, or no autocast for it.
    """
    found = _state.types.get(_device_type("get_autocast_dtype", device_type))
    if found is None:
        if device_type not in DEVICES:
            raise RuntimeError("unsupported scalarType")
        found = dtypes.bfloat16 if device_type in ("cpu", "maia", "xla", "hpu") else dtypes.float16
    return found


def set_autocast_dtype(device_type: str, dtype: Any) -> None:
    """Sets the lower precision of autocast for a type of device, in this thread.

    Raises:
        TypeError: `dtype` is no dtype.
    """
    _device_type("set_autocast_dtype", device_type)
    if not isinstance(dtype, dtypes.dtype):
        raise TypeError(
            f"set_autocast_dtype(): argument 'dtype' (position 2) must be torch.dtype, not {type_name(dtype)}"
        )
    _state.types[device_type] = dtype


def is_autocast_cache_enabled() -> bool:
    """Whether conversions of weights are kept."""
    return _state.keeps


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Says whether conversions of weights are kept."""
    _state.keeps = enabled


def clear_autocast_cache() -> None:
    """Forgets the conversions of weights."""
    _state.kept.clear()


def autocast_increment_nesting() -> int:
    """One more autocast context is entered; returns how many there are."""
    _state.depth += 1
    return _state.depth


def autocast_decrement_nesting() -> int:
    """One autocast context is left; returns how many there are."""
    _state.depth -= 1
    return _state.depth


def _deprecated(old: str, new: str) -> None:
    text = f"torch.{old} is deprecated. Please use torch.{new} instead."
    warnings.warn(text, DeprecationWarning, stacklevel=3)


def is_autocast_cpu_enabled() -> bool:
    """Whether autocast is on in this thread for the CPU."""
    _deprecated("is_autocast_cpu_enabled()", "is_autocast_enabled('cpu')")
    return is_autocast_enabled("cpu")


def set_autocast_cpu_enabled(enabled: bool) -> None:
    """Switches autocast for the CPU on or off in this thread."""
    _deprecated("set_autocast_cpu_enabled(enabled)", "set_autocast_enabled('cpu', enabled)")
    set_autocast_enabled("cpu", enabled)


def get_autocast_cpu_dtype() -> dtypes.dtype:
    """The lower precision of autocast for the CPU."""
    _deprecated("get_autocast_cpu_dtype()", "get_autocast_dtype('cpu')")
    return get_autocast_dtype("cpu")


def set_autocast_cpu_dtype(dtype: Any) -> None:
    """Sets the lower precision of autocast for the CPU."""
    _deprecated("set_autocast_cpu_dtype(dtype)", "set_autocast_dtype('cpu', dtype)")
    set_autocast_dtype("cpu", dtype)


def get_autocast_gpu_dtype() -> dtypes.dtype:
    """The lower precision of autocast for CUDA."""
    _deprecated("get_autocast_gpu_dtype()", "get_autocast_dtype('cuda')")
    return get_autocast_dtype("cuda")


def set_autocast_gpu_dtype(dtype: Any) -> None:
    """Sets the lower precision of autocast for CUDA."""
    _deprecated("set_autocast_gpu_dtype(dtype)", "set_autocast_dtype('cuda', dtype)")
    set_autocast_dtype("cuda", dtype)


# ---------------------------------------------------------------------------------------------- conversion
def _eligible(x: Any) -> bool:
    return isinstance(x, TensorBase) and x._dtype.is_floating_point and x._dtype is not dtypes.float64


def _converted(t: Any, dtype: dtypes.dtype) -> Any:
    """A tensor in another type; that of a weight in the lower precision is kept."""
    if t._dtype is dtype:
        return t
    if not (
        _state.keeps
        and type(t._node) is AccumulateGrad
        and t._dtype is dtypes.float32
        and dtype is get_autocast_dtype("cpu")
        and t._view is None
        and not is_cached(t)
    ):
        return t.to(dtype)
    key = id(t), mode.local.grad
    found = _state.kept.get(key)
    if found is None or found[0]() is not t:
        found = _state.kept[key] = weakref.ref(t), t.to(dtype)
    return found[1]


def _cast(value: Any, dtype: dtypes.dtype) -> Any:
    if _eligible(value):
        return _converted(value, dtype)
    if type(value) in (list, tuple):
        return type(value)([_cast(v, dtype) for v in value])
    return value


def _widest(values: Any, found: dtypes.dtype) -> dtypes.dtype:
    """The widest type among float32, the lower precision, and those of the values.

    Raises:
        RuntimeError: one of them is of the other lower precision.
    """
    for value in values:
        if type(value) in (list, tuple):
            found = _widest(value, found)
        elif _eligible(value) and found is not dtypes.float32:
            if value._dtype is not dtypes.float32 and value._dtype is not found:
                raise RuntimeError("Unexpected floating ScalarType in at::autocast::prioritize")
            found = value._dtype
    return found


def _with_cast(name: str, run: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Runs an operation of one of the lists on converted arguments, and what it is made of as it is."""
    if "cpu" not in _state.enabled or kwargs.get("out") is not None:
        return run(*args, **kwargs)
    lower = get_autocast_dtype("cpu")
    dtype = lower if name in LOWER else dtypes.float32 if name in FLOAT32 else _widest((*args, *kwargs.values()), lower)
    _state.enabled.discard("cpu")
    try:
        args = tuple([_cast(a, dtype) for a in args])
        kwargs = {k: _cast(v, dtype) for k, v in kwargs.items()}
        return run(*args, **kwargs)
    finally:
        _state.enabled.add("cpu")


class _Operations:
    """Takes part in every operation (see `rushlight.autograd.mode.watch`)."""

    def around(self, operation: Any, run: Any) -> Any:
        """What runs in the place of an operation."""
        name = operation.aten
        if name not in LOWER and name not in FLOAT32 and name not in PROMOTE:
            return run
        return lambda *args, **kwargs: _with_cast(name, run, args, kwargs)


_OPERATIONS = _Operations()
_functions = Interception(functions, _with_cast)
