"""The shapes and dtypes of a graph's tensors, from what the nodes happen to keep for their derivatives.

What a node saved has a shape; many derivatives keep the shape of an input; operands of elementwise operations are like
the result where nothing was broadcast. Each node so tells something of its own outputs and of the outputs of the nodes
below it, and what is known of one tells of others, until nothing new is found.
"""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.leaf import AccumulateGrad
from ..autograd.node import FREED, function_of
from ..base import TensorBase

Known = dict[tuple[Any, int], tuple[tuple[int, ...] | None, str | None]]


def infer(nodes: list[Any], outputs: list[Any]) -> Known:
    """What is known of the outputs of nodes.

    Args:
        nodes: the nodes, in the order of backward.
        outputs: the tensors from which the graph was collected.

    Returns:
        Shape and dtype name (either may be None) by node and the output's number.
    """
    known: Known = {}
    for t in outputs:
        _tell(known, t._node, t._shape, _name(t._dtype))
    for node in nodes:
        _from_itself(known, node)
    for _ in range(8):
        before = len(known), sum(v[0] is None or v[1] is None for v in known.values())
        for node in nodes:
            _from_neighbours(known, node)
        for node in reversed(nodes):
            _from_neighbours(known, node)
        if before == (len(known), sum(v[0] is None or v[1] is None for v in known.values())):
            break
    return known


def _name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def _tell(known: Known, edge: Any, shape: Any = None, dtype: str | None = None) -> None:
    if edge is not None:
        _tell_of(known, function_of(edge), shape, dtype)


def _tell_of(known: Known, key: tuple[Any, int], shape: Any, dtype: str | None) -> None:
    had = known.get(key, (None, None))
    known[key] = (
        had[0] if had[0] is not None else None if shape is None else tuple(shape),
        had[1] if had[1] is not None else dtype,
    )


def _array(value: Any) -> Any:
    if isinstance(value, TensorBase):
        return value._data
    return value if isinstance(value, np.ndarray) else None


def _from_itself(known: Known, node: Any) -> None:
    """What a node keeps of its outputs and inputs."""
    if isinstance(node, AccumulateGrad):
        _tell_of(known, (node, 0), node.array.shape, _name(dtypes.from_numpy(node.array.dtype)))
        return
    if node.extra is not None:
        for i, noted in node.extra.outputs.items():
            _tell_of(known, (node, i), noted.shape, _name(noted.dtype))
    for i, meta in enumerate(getattr(node, "output_meta", None) or ()):
        if meta is not None:
            _tell_of(known, (node, i), meta[0], _name(meta[1]))
    for meta in getattr(node, "input_meta", None) or ():
        if meta is not None:
            _tell(known, meta[0], meta[1], _name(meta[2]))
    geometry = getattr(node, "geometry", None)
    if geometry is not None and node.operation is None:
        _tell_of(known, (node, 0), geometry.base_shape, _name(dtypes.from_numpy(geometry.base_dtype)))
        _tell(known, node.nexts[0], geometry.base_shape, _name(dtypes.from_numpy(geometry.base_dtype)))
    op = node.operation
    if op is None:
        return
    for i, name in enumerate(op.outputs):
        array = _array(getattr(node, name, None))
        if array is not None and name in node.saved:
            _tell_of(known, (node, i), array.shape, _name(dtypes.from_numpy(array.dtype)))
    for name, edge in _named_edges(node):
        value = getattr(node, name, None)
        array = _array(value)
        if array is not None and not (isinstance(value, np.ndarray) and array.ndim == 0):
            _tell(known, edge, array.shape, _name(dtypes.from_numpy(array.dtype)))
        shape = getattr(node, f"{name}_shape", None)
        if isinstance(shape, tuple):
            _tell(known, edge, shape)
    fit = getattr(node, "fit", None)
    if fit is not None:
        edges = node.edges()
        for (shape, dtype), edge in zip((fit,) if len(edges) == 1 else fit, edges, strict=False):
            _tell(known, edge, shape, _name(dtype))


def _named_edges(node: Any) -> list[tuple[str, Any]]:
    """The edges of a node with the names of the inputs they belong to, but for those in lists."""
    rule = getattr(node.rule, "original", node.rule)
    if rule.variant is None or node.operation.gathers:
        return []
    return list(zip(rule.variant.need, node.edges(), strict=False))


def _from_neighbours(known: Known, node: Any) -> None:
    """What the shapes known so far say about others at this node."""
    op = node.operation
    if op is None:
        return
    edges = node.edges()
    own = known.get((node, 0), (None, None))
    if op.kind == "elementwise" and not hasattr(node, "fit"):
        for edge in edges:
            _tell(known, edge, *own)
        for edge in edges:
            _tell_of(known, (node, 0), *known.get(function_of(edge), (None, None)))
    elif op.kind == "elementwise":
        _broadcast(known, node, edges)
    elif op.like is not None:
        for name, edge in _named_edges(node):
            if name == op.like:
                _tell(known, edge, *own)
                _tell_of(known, (node, 0), *known.get(function_of(edge), (None, None)))
    elif own[1] is None or any(known.get(function_of(e), (None, None))[1] is None for e in edges if e is not None):
        # Most operations keep the type of their first input.
        first = known.get(function_of(edges[0]), (None, None)) if edges and edges[0] is not None else (None, None)
        if op.result is None and len(op.outputs) == 1:
            _tell_of(known, (node, 0), None, first[1])
            if edges:
                _tell(known, edges[0], None, own[1])


def _broadcast(known: Known, node: Any, edges: tuple[Any, ...]) -> None:
    """The result of operands that were broadcast, if all of them are known."""
    op = node.operation
    given = [known.get(function_of(e), (None, None)) for e in edges]
    for name in op.tensors:
        array = _array(getattr(node, name, None))
        if array is not None and array is not FREED:
            given.append((array.shape, _name(dtypes.from_numpy(array.dtype))))
    sizes = [shape for shape, _ in given if shape is not None]
    if len(sizes) == len(given) >= len(op.tensors):
        shape = np.broadcast_shapes(*sizes)
        kinds = {dtype for _, dtype in given}
        _tell_of(known, (node, 0), shape, kinds.pop() if len(kinds) == 1 else None)
