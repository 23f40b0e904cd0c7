"""Nodes of what has no derivative: the error comes when one is asked for."""

from typing import Any

from ..base import TensorBase, settle, wrap
from .leaf import AccumulateGrad
from .node import MANY, Fails, Node, Rule, next_failing_seq, next_seq, output


class Error(Fails, Node):
    """The node of a result that cannot be differentiated.

    Attributes:
        message: why.
        nexts: the nodes of the inputs.
        output_count: how many results it has.
    """

    __slots__ = ("message", "nexts", "output_count")
    namespace = "torch::autograd::"
    message: str

    @property
    def outputs(self) -> int:
        """How many results it has."""
        return self.output_count


class NotImplemented(Error):
    """The node of an operation whose derivative PyTorch lacks."""

    __slots__ = ()


def _refuse(node: Any, grad: Any) -> Any:
    raise RuntimeError(node.message)


_RULE = Rule("Error", MANY, _refuse, _refuse, _refuse)


def failing(kind: type[Error], message: str, edges: tuple[Any, ...] = ()) -> Error:
    """A node that raises a RuntimeError when backward comes to it."""
    made = kind.__new__(kind)
    made.rule, made.seq, made.grad = _RULE, next_failing_seq(), None
    made.message, made.nexts, made.output_count = message, edges, 1
    return made


class DelayedError:
    """The identity on some tensors, which cannot be differentiated.

    Args:
        message: what the error will say, a text or bytes.
        num_inputs: how many tensors there will be.
    """

    def __init__(self, message: str | bytes, num_inputs: int):
        self.message = message.decode() if isinstance(message, bytes) else message

    def __call__(self, *tensors: Any) -> Any:
        """The tensors on the same memory, as results of a node that fails."""
        edges = tuple([None if t is None else t._node for t in tensors])
        node = failing(Error, self.message, edges) if any(e is not None for e in edges) else None
        return _results(node, tensors)


def _results(node: Any, tensors: tuple[Any, ...]) -> Any:
    if node is not None:
        node.output_count = len(tensors)
    if len(tensors) == 1:
        return wrap(settle(tensors[0]), node)
    return tuple([
        None if t is None else wrap(settle(t), None if node is None else output(node, i)) for i, t in enumerate(tensors)
    ])  # fmt: skip


def refuse_to_differentiate(tensors: tuple[Any, ...], message: str) -> Any:
    """The tensors, or None for None, as results whose derivative is an error, and that ask for one."""
    leaves = []
    for t in tensors:
        leaf = None if t is None else wrap(settle(t))
        if leaf is not None:
            leaf._node = AccumulateGrad(leaf)
        leaves.append(leaf)
    return DelayedError(message, len(leaves))(*leaves)


class UndefinedGradBackward(Node):
    """The node of a result whose gradient goes nowhere."""

    __slots__ = ("nexts",)
    namespace = "torch::autograd::"


def _nothing(node: Any, grad: Any) -> Any:
    return (None,) * len(node.nexts)


_NOTHING = Rule("UndefinedGrad", MANY, _nothing, _nothing, _nothing)


class UndefinedGrad:
    """The identity on a tensor, behind which there is no gradient."""

    def __call__(self, *tensors: Any) -> Any:
        """The tensor on the same memory.

        Raises:
            TypeError: there is not just one.
        """
        if len(tensors) != 1:
            raise TypeError(f"expected 1 arguments, got {len(tensors)} instead")
        tensor: TensorBase = tensors[0]
        if tensor._node is None:
            return wrap(settle(tensor))
        node = UndefinedGradBackward()
        node.rule, node.seq, node.grad, node.nexts = _NOTHING, next_seq(), None, (tensor._node,)
        return wrap(settle(tensor), node)
