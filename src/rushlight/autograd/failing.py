"""Nodes of what has no derivative: the error comes when one is asked for."""

from typing import Any

from .node import MANY, Node, Rule, next_seq


class Error(Node):
    """The node of a result that cannot be differentiated.

    Attributes:
        message: why.
        nexts: the nodes of the inputs.
    """

    __slots__ = ("message", "nexts")
    namespace = "torch::autograd::"
    message: str


class NotImplemented(Error):
    """The node of an operation whose derivative PyTorch lacks."""

    __slots__ = ()


def _refuse(node: Any, grad: Any) -> Any:
    raise RuntimeError(node.message)


_RULE = Rule("Error", MANY, _refuse, _refuse, _refuse)


def failing(kind: type[Error], message: str, edges: tuple[Any, ...] = ()) -> Error:
    """A node that raises a RuntimeError when backward comes to it."""
    made = kind.__new__(kind)
    made.rule, made.seq, made.grad = _RULE, next_seq(), None
    made.message, made.nexts = message, edges
    return made
