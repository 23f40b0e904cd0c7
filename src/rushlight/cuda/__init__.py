"""`torch.cuda` where there is no CUDA: questions are answered with no, and requests refused, as by PyTorch's CPU build.

Source: https://docs.pytorch.org/docs/stable/cuda.html
"""

from importlib import import_module
from types import TracebackType
from typing import Any, NoReturn

from .. import devices
from ..errors import AcceleratorError as AcceleratorError
from ..errors import OutOfMemoryError as OutOfMemoryError


def _refuse(*args: Any, **kwargs: Any) -> NoReturn:
    raise AssertionError("Torch not compiled with CUDA enabled")


def is_available() -> bool:
    """Whether tensors can be put on a CUDA device."""
    return False


def is_initialized() -> bool:
    """Whether CUDA has been initialised."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether the device computes in bfloat16."""
    return False


def device_count() -> int:
    """The number of CUDA devices."""
    return 0


def get_arch_list() -> list[str]:
    """The architectures that kernels were compiled for."""
    return []


def get_rng_state_all() -> list[Any]:
    """The states of the generators of all devices."""
    return []


def set_rng_state_all(new_states: Any) -> None:
    """Sets the states of the generators of all devices, of which there are none."""
    for _ in new_states:
        _refuse()


def manual_seed(seed: int) -> None:
    """Seeds the current device's generator; without a device, nothing happens."""


def manual_seed_all(seed: int) -> None:
    """Seeds the generators of all devices; without a device, nothing happens."""


def seed() -> None:
    """Seeds the current device's generator at random; without a device, nothing happens."""


def seed_all() -> None:
    """Seeds the generators of all devices at random; without a device, nothing happens."""


def empty_cache() -> None:
    """Gives unused memory back; without a device, nothing happens."""


def memory_allocated(device: Any = None) -> int:
    """The bytes that tensors take on a device."""
    return 0


def max_memory_allocated(device: Any = None) -> int:
    """The most bytes that tensors have taken on a device."""
    return 0


def memory_reserved(device: Any = None) -> int:
    """The bytes held for tensors on a device."""
    return 0


def max_memory_reserved(device: Any = None) -> int:
    """The most bytes that were held for tensors on a device."""
    return 0


def memory_stats(device: Any = None) -> dict[str, Any]:
    """Figures about a device's memory: none."""
    return {}


def set_rng_state(new_state: Any, device: Any = "cuda") -> None:
    """Sets the state of a device's generator; without a device, nothing happens."""


class Event:
    """A mark in a stream of work.

    Raises:
        RuntimeError: always, as there is no CUDA.
    """

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False):
        raise RuntimeError(f"Tried to instantiate dummy base class {type(self).__name__}")


class Stream:
    """A stream of work.

    Raises:
        RuntimeError: always, as there is no CUDA.
    """

    def __init__(self, device: Any = None, priority: int = 0, **kwargs: Any):
        raise RuntimeError("torch.cuda.Stream requires CUDA support")


class _Nothing:
    """A context that changes nothing, since there is nothing to change."""

    def __init__(self, given: Any = None):
        self.given = given

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class StreamContext(_Nothing):
    """The context in which a stream is the current one: no change where there is no stream."""


def stream(stream: Any) -> StreamContext:
    """The context in which a stream, or None for the current one, is the current one."""
    return StreamContext(stream)


class device(_Nothing):
    """The context in which a device is the current one; on entering, a device that is not there is refused."""

    def __enter__(self) -> None:
        index = self.given if isinstance(self.given, int) else devices.device(self.given).index
        if index is not None and index >= 0:
            _refuse()


class device_of(_Nothing):
    """The context in which a tensor's device is the current one: no change for tensors on the CPU."""


default_generators: tuple[Any, ...] = ()
can_device_access_peer = mem_get_info = set_per_process_memory_fraction = set_stream = _refuse
get_sync_debug_mode = set_sync_debug_mode = _refuse
current_device = current_stream = default_stream = get_device_capability = get_device_name = _refuse
get_device_properties = get_rng_state = init = initial_seed = ipc_collect = synchronize = _refuse
set_device = _refuse


class _NoTensors(type):
    """The type of ``torch.cuda.FloatTensor`` and its like: no tensor is an instance, and none can be made."""

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"type torch.cuda.{cls.__name__} not available. Torch not compiled with CUDA enabled.")


def __getattr__(name: str) -> Any:
    if name == "amp":
        return import_module(".amp", __name__)
    from ..ops.typed_tensors import TYPED_TENSORS

    if name not in TYPED_TENSORS:
        raise AttributeError(f"module 'torch.cuda' has no attribute {name!r}")
    found = globals()[name] = _NoTensors(name, (), {"__module__": "torch.cuda"})
    return found
