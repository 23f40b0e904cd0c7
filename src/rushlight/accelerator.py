"""`torch.accelerator` on a machine without one.

Source: https://docs.pytorch.org/docs/stable/accelerator.html
"""

from typing import Any

from .devices import device


def is_available() -> bool:
    """Whether there is an accelerator."""
    return False


def device_count() -> int:
    """The number of accelerators."""
    return 0


def current_accelerator(check_available: bool = False) -> device | None:
    """The accelerator in use, or None."""
    return None


def synchronize(device: Any = None) -> None:
    """Waits for the work on an accelerator.

    Raises:
        RuntimeError: there is none.
    """
    raise RuntimeError("Cannot access accelerator device when none is available.")
