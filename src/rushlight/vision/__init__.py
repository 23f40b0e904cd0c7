"""What programs import from torchvision: models, their weights, transforms, datasets and grids of images."""

from importlib import import_module
from typing import Any

# A program that wants a model should not pay for the datasets.
_SUBMODULES = ("datasets", "models", "transforms", "utils")

__all__ = ["datasets", "models", "transforms", "utils"]
__version__ = "0.28.0"


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
