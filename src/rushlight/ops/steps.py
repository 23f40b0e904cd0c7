"""The nodes of a function's steps, where the tensors between them need not be made.

In PyTorch's graph many a function is a chain of nodes: an inner product is two permutations, a product and a view. Its
result often takes one call of NumPy. Then only the nodes are made, each from the one before by its operation's `link`
(see codegen.py), and an `operand` for each tensor that one of them saves.
"""

import weakref
from typing import Any

import numpy as np

from ..autograd import mode
from ..base import UNTOUCHED, TensorBase, as_view, forget_views, namespace, tensor_names, wrap
from .operation import Operation

ndarray = np.ndarray
special = mode.special
new, reference = object.__new__, weakref.ref


class Part:
    """What the recorder of a function of a list of tensors asks of one whose elements it does not save.

    Attributes:
        _node: where its gradient goes, or None.
        _shape: its shape.
    """

    __slots__ = ("_node", "_shape")

    def __init__(self, node: Any, shape: tuple[int, ...]):
        self._node, self._shape = node, shape


def hidden(*tensors: Any) -> bool:
    """Whether nobody sees the tensors between the steps of a function: no mode is in force, the arrays are ordinary."""
    if special.count:
        return False
    for t in tensors:
        if type(t._data) is not ndarray:
            return False
    return True


def recorded(*tensors: Any) -> bool:
    """Whether a function of these tensors, whose steps are `hidden` or not recorded, makes nodes."""
    if special.count:
        return False
    for t in tensors:
        if t._node is not None:
            return True
    return False


def product_node(op: Operation, x: Any, y: Any) -> Any:
    """The node of an operation on two operands that does not save its result; one of them needs a gradient."""
    return op.recorder((x._node is not None) | (y._node is not None) << 1)(x, y, None, UNTOUCHED)


def with_result(op: Operation, mask: int, array: Any, *arguments: Any) -> Any:
    """The result of an operation that was computed in another way, with its node, which saves the result.

    Args:
        op: the operation.
        mask: for each of its inputs a bit that says whether it needs a gradient.
        array: the result's elements.
        arguments: the operation's arguments.
    """
    t = wrap(array)
    t._versions = [0]
    t._node = op.recorder(mask)(*arguments, t._data, t._versions)
    return t


def operand(array: np.ndarray, base: TensorBase, node: Any) -> Any:
    """A view of `base` that a node saves.

    Args:
        array: its elements, which lie in the memory of `base`.
        base: the tensor.
        node: where its gradient goes, or None.
    """
    version = base._versions
    if base._view is not None or type(version) is not list:
        t = wrap(array, node)
        as_view(t, base)
        return t
    # The same without a call: most functions have two operands.
    t = new(namespace["Tensor"])
    t._data, t._shape, t._dtype, t._node, t._view = array, array.shape, base._dtype, node, base
    if version is UNTOUCHED:
        version = base._versions = [0]
    t._versions = version
    version.append(reference(t))
    if not len(version) & 63:
        forget_views(version)
    return t


def passing(op: Operation, kernel: Any, input: Any, *arguments: Any) -> Any:
    """The result of a view operation for a function that neither gives it away nor saves it.

    Args:
        op: the operation.
        kernel: its function of arrays.
        input: the tensor.
        arguments: the operation's other arguments.
    """
    if not special.count:
        if type(input._data) is ndarray:
            edge = input._node
            return wrap(kernel(input._data, *arguments), edge and op.link(edge, input._shape, *arguments))
    elif mode.unseen(input):
        return wrap(kernel(input._data, *arguments))
    return tensor_names[op.name](input, *arguments)
