"""Modules without initial values (`torch.nn.utils.skip_init`)."""

import inspect
from typing import Any

from ...random import fork_rng
from ..modules.module import Module


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Any:
    """Make a module whose parameters and buffers may hold anything, and draw no random numbers for them.

    Args:
        module_cls: the class of the module.
        args, kwargs: its arguments.

    Raises:
        RuntimeError: it is not a class of modules, or it does not take a device.
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    with fork_rng():
        return module_cls(*args, **kwargs)
