"""The named tuples that functions with several results return, by the functions' names (`torch.return_types`)."""

from typing import Any

from .ops.declare import REGISTRY
from .ops.operation import RETURN_TYPES

__all__: list[str] = []


def __getattr__(name: str) -> Any:
    for op in REGISTRY.values():
        if op.aten == name and len(op.outputs) > 1 and op.result_type is not None:
            return op.result_type
    found = RETURN_TYPES.get(name)
    if found is None:
        raise AttributeError(f"module 'torch.return_types' has no attribute {name!r}")
    return found
