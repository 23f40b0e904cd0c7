"""Weights of convolutions in another order in memory (`torch.nn.utils.memory_format`)."""

from typing import Any, TypeVar

from ..modules.conv import Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d
from ..modules.module import Module

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"]

M = TypeVar("M", bound=Module)


def _convert(module: Module, memory_format: Any, kinds: Any) -> None:
    for part in module.modules():
        if isinstance(part, kinds):
            weight: Any = part._parameters["weight"]
            weight.data = weight.detach().clone(memory_format=memory_format)


def convert_conv2d_weight_memory_format(module: M, memory_format: Any) -> M:
    """Put the weights of all two-dimensional convolutions in the module into `memory_format`, and return the module."""
    _convert(module, memory_format, (Conv2d, ConvTranspose2d))
    return module


def convert_conv3d_weight_memory_format(module: M, memory_format: Any) -> M:
    """Put the weights of all three-dimensional convolutions in the module into `memory_format`, and return it."""
    _convert(module, memory_format, (Conv3d, ConvTranspose3d))
    return module
