"""The classes of graph nodes, by name."""

from typing import Any

from ..autograd.function import Error as DelayedError
from ..autograd.node import AccumulateGrad as AccumulateGrad

__all__ = ["AccumulateGrad", "DelayedError"]


def __getattr__(name: str) -> Any:
    from ..ops.declare import REGISTRY

    for operation in REGISTRY.values():
        if operation.formulas and name in (operation.node_name, operation.number_node):
            return operation.node_class(name)
    raise AttributeError(f"module 'torch._C._functions' has no attribute {name!r}")
