"""The classes of graph nodes, by name."""

from typing import Any

from ..autograd.failing import DelayedError as DelayedError
from ..autograd.failing import Error as Error
from ..autograd.failing import NotImplemented as NotImplemented
from ..autograd.failing import UndefinedGrad as UndefinedGrad
from ..autograd.failing import UndefinedGradBackward as UndefinedGradBackward
from ..autograd.leaf import AccumulateGrad as AccumulateGrad
from ..ops.history import CopySlices as CopySlices


def __getattr__(name: str) -> Any:
    from ..ops.declare import REGISTRY

    for operation in REGISTRY.values():
        if operation.formulas and name in (operation.node_name, operation.number_node):
            return operation.node_class(name)
    raise AttributeError(f"module 'torch._C._functions' has no attribute {name!r}")
