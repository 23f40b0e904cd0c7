"""``torch._ops``: the classes of operations by their inner names."""

from .ops.overloads import OpNamespace as _OpNamespace
from .ops.overloads import OpOverload, OpOverloadPacket

__all__ = ["HigherOrderOperator", "OpOverload", "OpOverloadPacket", "_OpNamespace"]


class HigherOrderOperator:
    """An operation on functions; there is none."""
