"""The graph as the lens sees it: plain objects that `draw`, `page`, `trace`, `step`, `source` and `memory` share.

`collect(output)` walks the recorded graph from one or several outputs and describes every node once. It runs nothing,
frees nothing and changes nothing.

    graph = collect(loss, model=model)
    for node in graph.nodes:              # in the order in which backward runs them
        print(node.id, node.name, node.outputs, node.line)
        for edge in node.edges:           # where the node's gradients go
            print("   ", edge.label, edge.formula, "->", graph.nodes[edge.target].title)

What a `GraphNode` has:

- `id`: its place in `graph.nodes`, which is the order of backward; `name` (``"MulBackward0"``), `operation`
  (``"mul"``);
- `edges`: an `Edge` for each gradient it computes, with the input's number and name (`label`), the derivative's
  `formula`
  from the declaration, and the `target` node's id with the number of its output (`output`) that the gradient is for;
- `outputs`: shape and dtype of each result of the operation, as a `Value`; what is not known is None in it;
- `saved`: a `Saved` for each tensor that the node keeps for its derivative: name, shape, dtype, bytes, and the array;
- `constants`: the other arguments that the derivative reads (dimensions, numbers), by name;
- `parameter`: for a leaf (``AccumulateGrad``), its name: given by `names`, or found in `model`, in the modules that
  were
  recorded, or among the variables of the calling function;
- `calls` and `module`: the modules in which the node was made, and the path of the innermost one;
- `line`: the line of the forward pass.

Modules and lines are known if the graph was recorded under `rushlight.lens.record()` or anomaly detection. With a
`model`, modules are found from its parameters as far as these tell.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from types import FrameType
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.leaf import AccumulateGrad
from ..autograd.node import FREED, Node, Output, function_of
from ..autograd.origins import Call, Line, origin_of
from ..autograd.paths import discover
from ..autograd.saved import Packed
from ..autograd.tasks import FIRST
from ..base import TensorBase
from ..ops.formulas import Real
from . import naming, shapes


@dataclass(slots=True)
class Value:
    """What a tensor is like.

    Attributes:
        shape: its shape, or None if it is not known.
        dtype: the name of its element type, such as ``"float32"``, or None.
    """

    shape: tuple[int, ...] | None = None
    dtype: str | None = None

    def __str__(self) -> str:
        if self.shape is None:
            return "?"
        sizes = "×".join(map(str, self.shape)) or "scalar"
        return sizes if self.dtype in (None, "float32") else f"{sizes} {self.dtype}"


@dataclass(slots=True)
class Saved:
    """A tensor that a node keeps for its derivative.

    Attributes:
        name: its name in the formula, such as ``"other"`` or ``"result"``; with a number where it is one of a list.
        kind: ``"input"``, ``"result"`` (an output or something computed with it), or ``"context"`` (a custom
            Function's).
        shape, dtype: what it is like; None for what a hook keeps, and for what was freed.
        bytes: the size of its elements.
        array: the elements, or None where they are not at hand.
        state: ``"held"``, ``"freed"`` by a backward, ``"packed"`` by a hook, or ``"modified"`` in place since.
        memory: a number that is the same for all tensors on the same memory, so that it is counted once.
        parameter: the name of the leaf whose elements these are, or None.
    """

    name: str
    kind: str
    shape: tuple[int, ...] | None
    dtype: str | None
    bytes: int
    array: Any = field(repr=False)
    state: str = "held"
    memory: int = 0
    parameter: str | None = None


@dataclass(slots=True)
class Edge:
    """One gradient that a node computes, and where it goes.

    Attributes:
        source: the id of the node that computes it.
        target: the id of the node that gets it.
        output: which output of the target it is the gradient of.
        input: which input of the source's operation it is the gradient of.
        label: that input's name, such as ``"weight"``.
        formula: the derivative's formula, or a description of it.
    """

    source: int
    target: int
    output: int
    input: int
    label: str
    formula: str


@dataclass(slots=True)
class GraphNode:
    """One node of the graph; see the module's docstring."""

    id: int
    name: str
    operation: str
    outputs: list[Value]
    edges: list[Edge]
    saved: list[Saved]
    constants: dict[str, Any]
    node: Any = field(repr=False)
    parameter: str | None = None
    calls: tuple[Call, ...] = ()
    line: Line | None = None

    @property
    def is_leaf(self) -> bool:
        """Whether gradients end here."""
        return isinstance(self.node, AccumulateGrad)

    @property
    def module(self) -> str | None:
        """The path of the innermost module in which it was made; ``""`` for the outermost module, None for none."""
        return self.calls[-1].path if self.calls else None

    @property
    def title(self) -> str:
        """The leaf's name, or the operation's."""
        return self.parameter or ("leaf" if self.is_leaf else self.operation)

    @property
    def formulas(self) -> dict[str, str]:
        """The formula of each gradient, by the input's name."""
        return {e.label: e.formula for e in self.edges}

    @property
    def saved_bytes(self) -> int:
        """The bytes of all that it saved, each memory counted once."""
        return sum({s.memory: s.bytes for s in self.saved}.values())


@dataclass(slots=True)
class Root:
    """An output from which the graph was collected: a node's id, which of its outputs it is, and the tensor's name."""

    node: int
    output: int
    name: str


@dataclass(slots=True)
class ModuleGroup:
    """A module and the nodes made in it.

    Attributes:
        path: its name, such as ``"layer1.0"``; ``""`` for the outermost one.
        kind: its class's name.
        nodes: ids of the nodes made in it and in none of its children.
        children: the modules called in it, by path.
    """

    path: str
    kind: str
    nodes: list[int] = field(default_factory=list)
    children: dict[str, "ModuleGroup"] = field(default_factory=dict)

    def all_nodes(self) -> Iterator[int]:
        """Ids of the nodes made in it or below."""
        yield from self.nodes
        for child in self.children.values():
            yield from child.all_nodes()


@dataclass(slots=True)
class Graph:
    """A recorded graph.

    Attributes:
        nodes: in the order in which backward runs them; a node's id is its place here.
        roots: the outputs.
        ids: the id of each of autograd's nodes.
    """

    nodes: list[GraphNode]
    roots: list[Root]
    ids: dict[Any, int] = field(repr=False)

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[GraphNode]:
        return iter(self.nodes)

    def __getitem__(self, id: int) -> GraphNode:
        return self.nodes[id]

    @property
    def edges(self) -> list[Edge]:
        """All edges."""
        return [e for n in self.nodes for e in n.edges]

    @property
    def leaves(self) -> list[GraphNode]:
        """The nodes at which gradients end."""
        return [n for n in self.nodes if n.is_leaf]

    @property
    def recorded(self) -> bool:
        """Whether the lines of the forward pass are known."""
        return any(n.line is not None for n in self.nodes)

    @property
    def saved_bytes(self) -> int:
        """The bytes of all that is saved, each memory counted once, without the leaves' own."""
        return sum({s.memory: s.bytes for n in self.nodes for s in n.saved if s.parameter is None}.values())

    def modules(self) -> ModuleGroup:
        """The tree of modules; nodes made in none are those of its top, whose path and kind are ``""``."""
        top = ModuleGroup("", "")
        for n in self.nodes:
            group = top
            for call in n.calls:
                key = call.path or "(root)"
                if key not in group.children:
                    group.children[key] = ModuleGroup(call.path, call.kind)
                group = group.children[key]
            group.nodes.append(n.id)
        return top


# ---------------------------------------------------------------------------------------------- collecting
def collect(
    output: Any, *, model: Any = None, names: Mapping[str, Any] | None = None, frame: FrameType | None = None
) -> Graph:
    """Describes the graph that leads to `output`.

    Args:
        output: a tensor that requires a gradient, or several of them in a list, tuple or dictionary.
        model: a module in which the leaves are looked up by their parameters' names, and by these the modules of nodes.
        names: names for leaves (and outputs), as a dictionary from name to tensor.
        frame: a frame whose variables give names to leaves that have none otherwise.

    Raises:
        TypeError: `output` is no tensor.
        RuntimeError: it does not require a gradient, so that there is no graph.
    """
    outputs = tensors_of(output)
    names_of_leaves, root = naming.leaf_names(outputs, model, names, frame)
    order = backward_order([t._node for t in outputs])
    ids: dict[Any, int] = {}
    for node in order:
        if type(node) is not Output:
            ids[node] = len(ids)
    nodes = [_describe(node, id, ids, names_of_leaves) for node, id in ids.items()]
    known = shapes.infer(list(ids), outputs)
    for n in nodes:
        n.outputs = [Value(*known.get((n.node, i), (None, None))) for i in range(n.node.outputs)]
    naming.place_leaves(nodes, model if model is not None else root)
    if model is not None and not any(n.calls for n in nodes if not n.is_leaf):
        naming.infer_modules(nodes, model)
    variables = {id(v): k for k, v in naming.variables(names, frame).items()}
    roots = []
    for i, t in enumerate(outputs):
        function, index = function_of(t._node)
        name = variables.get(id(t)) or ("output" if len(outputs) == 1 else f"output {i}")
        roots.append(Root(ids[function], index, name))
    return Graph(nodes, roots, ids)


def tensors_of(output: Any) -> list[Any]:
    """The tensors in `output` that have a graph.

    Raises:
        TypeError: there is no tensor.
        RuntimeError: none of them requires a gradient.
    """
    found = list(_tensors_in(output))
    if not found:
        raise TypeError(f"expected a Tensor, or a list, tuple or dictionary of them, but got {type(output).__name__}")
    recorded = [t for t in found if t._node is not None]
    if not recorded:
        raise RuntimeError(
            "the tensor does not require a gradient, so there is no graph; rushlight.lens.explain(tensor) tells why"
        )
    return recorded


def _tensors_in(value: Any) -> Iterator[Any]:
    if isinstance(value, TensorBase):
        yield value
    elif isinstance(value, Mapping):
        for v in value.values():
            yield from _tensors_in(v)
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from _tensors_in(v)


def backward_order(roots: list[Any]) -> list[Any]:
    """The nodes that backward runs, in its order: newest first, leaves as soon as their gradient is complete."""
    waiting, edges_of = discover(roots)
    heap = [(-node.seq or -FIRST, i, node) for i, node in enumerate(waiting) if not waiting[node]]
    heapify(heap)
    serial = len(heap)
    order = []
    while heap:
        node = heappop(heap)[2]
        order.append(node)
        for edge in edges_of[node]:
            if edge is not None:
                waiting[edge] -= 1
                if not waiting[edge]:
                    serial += 1
                    heappush(heap, (-edge.seq or -FIRST, serial, edge))
    return order


def _describe(node: Any, id: int, ids: dict[Any, int], names: dict[Any, str]) -> GraphNode:
    origin = origin_of(node)
    parameter = None
    if isinstance(node, AccumulateGrad):
        parameter = names.get(node) or f"leaf {id}"
    return GraphNode(
        id,
        node.name().removeprefix("torch::autograd::"),
        operation_name(node),
        [],
        _edges(node, id, ids),
        saved_by(node, names),
        constants_of(node),
        node,
        parameter,
        () if origin is None else origin.calls,
        None if origin is None else origin.line,
    )


def operation_name(node: Any) -> str:
    """The name of the operation that made a node, or of the custom Function."""
    if node.operation is not None:
        return str(node.operation.public_name).lstrip("_").removesuffix("_alone")
    function = getattr(node, "_forward_cls", None)
    if function is not None:
        return str(function.__name__)
    return str(type(node).__name__.removesuffix("Backward"))


def rule_of(node: Any) -> Any:
    """The rule of a node, without its hooks."""
    return getattr(node.rule, "original", node.rule)


def labels_of(node: Any) -> list[tuple[int, str]]:
    """For each edge of a node, which of the operation's inputs it belongs to, and that one's name."""
    edges = node.edges()
    op, variant = node.operation, rule_of(node).variant
    if op is not None and variant is not None:
        found: list[tuple[int, str]] = []
        several = len(edges) - sum(n not in op.lists for n in variant.need)
        for name in variant.need:
            count = several if name in op.lists else 1
            position = op.inputs.index(name)
            found += [(position + i, f"{name}[{i}]") for i in range(count)] if name in op.lists else [(position, name)]
        return found[: len(edges)]
    inputs = getattr(node, "input_nodes", None)
    if inputs is not None:
        places = [i for i, n in enumerate(inputs) if n is not None]
        return [(i, f"input {i}") for i in places]
    inner = getattr(node, "inner", None)
    if isinstance(inner, Node):
        rest = [label for i, label in enumerate(labels_of(inner)) if i != node.position]
        return [(0, "base"), *rest]
    return [(i, f"input {i}") for i in range(len(edges))]


def formula_of(node: Any, label: str) -> str:
    """The formula by which a node computes the gradient of an input."""
    op = node.operation
    if op is not None:
        formula = " ".join(str(op.formulas.get(label.partition("[")[0], "")).split())
        variant = rule_of(node).variant
        if "conj" in formula and op.kind == "elementwise" and variant is not None and not variant.complex:
            formula = ast.unparse(Real().visit(ast.parse(formula, mode="eval")))  # real numbers have no conjugate
        return formula
    function = getattr(node, "_forward_cls", None)
    if function is not None:
        return f"{function.__name__}.backward(ctx, grad)"
    inner = getattr(node, "inner", None)
    if inner is not None:
        if label == "base":
            return "grad, with the changed part replaced by the gradient of its former value"
        return formula_of(inner, label) if isinstance(inner, Node) else ""
    return str(getattr(node, "message", ""))


def _edges(node: Any, id: int, ids: dict[Any, int]) -> list[Edge]:
    found = []
    for (position, label), edge in zip(labels_of(node), node.edges(), strict=False):
        if edge is not None:
            target, output = function_of(edge)
            found.append(Edge(id, ids[target], output, position, label, formula_of(node, label)))
    return found


# ---------------------------------------------------------------------------------------------- what is saved
def saved_by(node: Any, names: Mapping[Any, str]) -> list[Saved]:
    """What a node saved for its derivative.

    Args:
        node: the node.
        names: the names of leaves' nodes.
    """
    inner = getattr(node, "inner", None)
    if inner is not None:
        return saved_by(inner, names) if isinstance(inner, Node) else []
    found = []
    for slot, how in node.saved.items():
        value = getattr(node, slot, None)
        if isinstance(value, (list, tuple)):
            found += [_saved(f"{slot}[{i}]", how, v, names) for i, v in enumerate(value)]
        elif value is not None:
            found.append(_saved(slot, how, value, names))
    kept = getattr(node, "_kept", ())
    if kept is FREED:
        found.append(_saved("saved_tensors", "context", FREED, names))
        kept = ()
    for i, entry in enumerate(kept):
        if entry is not None:
            value = entry
            if not isinstance(entry, Packed):
                value = entry[0][0] if entry[2] is not None else entry[0]
            found.append(_saved(f"saved_tensors[{i}]", "context", value, names))
    return found


def _saved(name: str, kind: str, value: Any, names: Mapping[Any, str]) -> Saved:
    if value is FREED:
        return Saved(name, kind, None, None, 0, None, "freed")
    if isinstance(value, Packed):
        return Saved(name, kind, None, None, 0, None, "packed", id(value))
    parameter = names.get(value._node) if isinstance(value, TensorBase) else None
    array = np.asarray(value._data if isinstance(value, TensorBase) else value)
    dtype = dtypes.from_numpy(array.dtype)
    return Saved(
        name, kind, array.shape, str(dtype).removeprefix("torch."), array.nbytes, array, "held", memory_of(array),
        parameter,
    )  # fmt: skip


def memory_of(array: Any) -> int:
    """A number that is the same for all arrays that look at the same memory, while they live."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return id(array)


def constants_of(node: Any) -> dict[str, Any]:
    """The arguments that are no tensors and that a node keeps for its derivative, by name."""
    op = node.operation
    if op is None:
        return {}
    variant = rule_of(node).variant
    numbers = () if variant is None else variant.numbers
    found = {}
    for name in (*op.constants, *numbers):
        value = getattr(node, name, None)
        if value is not None and value is not FREED and hasattr(node, name):
            found[name] = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
    return found
