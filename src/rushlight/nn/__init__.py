"""Layers, losses and the functions behind them (`torch.nn`)."""

from typing import Any

from . import attention, functional, init, modules, parallel, utils
from .modules import *
from .modules import __all__ as _layers
from .parallel import DataParallel
from .parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter

__all__ = [
    *_layers,
    "Buffer",
    "DataParallel",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "attention",
    "functional",
    "init",
    "modules",
    "parallel",
    "utils",
]


def __getattr__(name: str) -> Any:
    if name == "grad":
        from importlib import import_module

        return import_module(".grad", __name__)
    from ..torch_alias import missing

    raise AttributeError(missing("torch.nn", name))
