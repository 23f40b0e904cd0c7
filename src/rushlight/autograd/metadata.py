"""The shape and dtype of a node's outputs, for those who ask: nodes themselves do not keep them.

They are noted when a user takes a node or an edge from a tensor, and found from the node's neighbours otherwise.
"""

from typing import Any

import numpy as np

from .. import devices, dtypes
from .leaf import AccumulateGrad
from .node import Node, function_of, rare


class InputMetadata:
    """What an output of a node was like.

    Attributes:
        shape: its sizes. dtype: its dtype. device: where it was.
        is_nested_tensor, is_cpp_nested_tensor: False.
    """

    __slots__ = ("dtype", "shape")
    is_nested_tensor = is_cpp_nested_tensor = False

    def __init__(self, shape: Any, dtype: Any):
        self.shape = list(shape)
        self.dtype = dtype

    @property
    def device(self) -> Any:
        """The CPU."""
        return devices.cpu


InputMetadata.__module__ = "torch._C._autograd"
InputMetadata.__name__ = InputMetadata.__qualname__ = "_InputMetadata"


def note(tensor: Any) -> None:
    """Remembers what the output of a node was like that `tensor` is."""
    node, index = function_of(tensor._node)
    known = rare(node).outputs
    if index not in known:
        known[index] = InputMetadata(tensor._shape, tensor._dtype)


def metadata_of(node: Node) -> tuple[Any, ...]:
    """What is known of each output of a node: an `InputMetadata`, or None."""
    return tuple([output_metadata(node, i) for i in range(node.outputs)])


def output_metadata(node: Any, index: int) -> Any:
    """What is known of one output of a node: an `InputMetadata`, or None."""
    while True:
        if isinstance(node, AccumulateGrad):
            return InputMetadata(node.array.shape, dtypes.from_numpy(node.array.dtype))
        extra = node.extra
        noted = None if extra is None else extra.outputs.get(index)
        if noted is not None:
            return noted
        made = getattr(node, "output_meta", None)
        if made is not None:
            found = made[index]
            return None if found is None else InputMetadata(*found[:2])
        if node.operation is not None and node.operation.several and extra is not None and extra.outputs:
            return _piece(node, index, next(iter(extra.outputs.values())).dtype)
        # Where nothing had to be fitted, the operands of an elementwise operation were like its result.
        if node.operation is None or node.operation.kind != "elementwise" or hasattr(node, "fit"):
            return None
        node, index = function_of(node.edges()[0])


def _piece(node: Any, index: int, dtype: Any) -> Any:
    """What one of the pieces was like that a view made of a tensor: found by taking an array without elements apart."""
    shape = getattr(node, "input_shape", None)
    if shape is None:
        return None
    whole = np.broadcast_to(np.empty((), dtype.numpy), shape)
    operation = node.operation
    given = [whole if name in operation.tensors else getattr(node, name) for name in operation.parameters]
    return InputMetadata(operation.forward(*given)[index].shape, dtype)
