"""`torch.cuda` where there is no CUDA: questions are answered with no, and requests refused, as by PyTorch's CPU build.

Source: https://docs.pytorch.org/docs/stable/cuda.html
"""

from typing import Any, NoReturn


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


current_device = current_stream = default_stream = get_device_capability = get_device_name = _refuse
get_device_properties = get_rng_state = init = initial_seed = ipc_collect = synchronize = _refuse
set_device = _refuse


class _NoTensors(type):
    """The type of ``torch.cuda.FloatTensor`` and its like: no tensor is an instance, and none can be made."""

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"type torch.cuda.{cls.__name__} not available. Torch not compiled with CUDA enabled.")


def __getattr__(name: str) -> Any:
    from .ops.typed_tensors import TYPED_TENSORS

    if name not in TYPED_TENSORS:
        raise AttributeError(f"module 'torch.cuda' has no attribute {name!r}")
    found = globals()[name] = _NoTensors(name, (), {"__module__": "torch.cuda"})
    return found
