"""Layers, losses and the functions behind them (`torch.nn`)."""

from typing import Any

from . import functional, init, modules, utils
from .modules import *
from .modules import __all__ as _layers
from .parameter import Buffer, Parameter

__all__ = [*_layers, "Buffer", "Parameter", "functional", "init", "modules", "utils"]


def __getattr__(name: str) -> Any:
    from ..torch_alias import missing

    raise AttributeError(missing("torch.nn", name))
