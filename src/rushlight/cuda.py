"""``torch.cuda`` as it is on a build without CUDA: programs that ask first, and fall back to the CPU, run unchanged."""

from typing import Any

_MISSING = "Torch not compiled with CUDA enabled"


def is_available() -> bool:
    """False: there is no CUDA device."""
    return False


def is_initialized() -> bool:
    """False: CUDA is never initialised."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False: there is no CUDA device."""
    return False


def device_count() -> int:
    """Zero."""
    return 0


def memory_allocated(device: Any = None) -> int:
    """Zero bytes."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def manual_seed(seed: int) -> None:
    """Does nothing, as there is no generator to seed."""


manual_seed_all = manual_seed


def empty_cache() -> None:
    """Does nothing."""


def _refuse(name: str) -> Any:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError(_MISSING)

    refuse.__name__ = name
    refuse.__doc__ = "Raises AssertionError: this build has no CUDA."
    return refuse


init = _refuse("init")
current_device = _refuse("current_device")
get_device_name = _refuse("get_device_name")
get_device_properties = _refuse("get_device_properties")
get_device_capability = _refuse("get_device_capability")
get_rng_state = _refuse("get_rng_state")
synchronize = _refuse("synchronize")
set_device = _refuse("set_device")
ipc_collect = _refuse("ipc_collect")
