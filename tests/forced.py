"""The compiled kernels at any size: what tests run under to meet them with small arrays."""

import os
from types import ModuleType

# Modules that choose between kernels, and the names of the sizes from which on they choose compiled ones.
THRESHOLDS = {
    "conv": ("SMALLEST",),
    "winograd": ("SMALLEST_CHANNELS", "SMALLEST_PIXELS"),
    "normalization": ("SMALLEST",),
    "pointwise": ("LARGE",),
}


def force() -> None:
    """Takes the compiled kernels at any size from now on, and waits for each to be compiled."""
    os.environ["RUSHLIGHT_FAST"] = "wait"
    import importlib

    from rushlight.base import namespace

    for family, names in THRESHOLDS.items():
        module: ModuleType = importlib.import_module(f"rushlight.kernels.{family}")
        for name in names:
            assert hasattr(module, name)
            setattr(module, name, 2 if name == "LARGE" else 1)
    namespace["LARGE"] = 2
