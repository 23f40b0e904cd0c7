"""A graph with its modules folded: the boxes that a picture shows, and the links between them.

Modules below a chosen depth become one box each; one that was called several times, such as a shared activation, a box
for each call whose operations are not connected. Leaves inside a folded module are part of its box.
"""

from dataclasses import dataclass, field
from typing import Any

from .model import Graph, GraphNode, Value

# So many boxes are still readable; the depth is chosen by that.
READABLE = 40


@dataclass
class Box:
    """What a picture shows as one.

    Attributes:
        key: its name in the picture.
        kind: ``"leaf"``, ``"parameter"``, ``"operation"``, ``"function"`` (a custom one), ``"module"`` (folded), or
            ``"output"``.
        title: what stands in it first.
        nodes: the graph's nodes that it stands for.
        cluster: the paths of the open modules around it, the outermost first, with their classes.
        value: shape and dtype of what comes out of it.
    """

    key: str
    kind: str
    title: str
    nodes: list[GraphNode] = field(default_factory=list)
    cluster: tuple[tuple[str, str], ...] = ()
    value: Value = field(default_factory=Value)

    @property
    def saved_bytes(self) -> int:
        """The bytes of what its nodes saved, without the leaves' own."""
        return sum({s.memory: s.bytes for n in self.nodes for s in n.saved if s.parameter is None}.values())

    @property
    def parameters(self) -> list[GraphNode]:
        """The leaves in it."""
        return [n for n in self.nodes if n.is_leaf]


@dataclass
class Folded:
    """The boxes by key, in the order of the forward pass, and for each link what flows on it in the forward pass."""

    boxes: dict[str, Box]
    links: dict[tuple[str, str], Value]
    depth: int


def fold(graph: Graph, depth: int | None = None) -> Folded:
    """Folds the modules of a graph.

    Args:
        graph: the graph.
        depth: how many levels of modules to open; None for as many as leave the picture readable. 0 shows modules that
            were called from outside as one box each.
    """
    deepest = max((len(n.calls) for n in graph.nodes), default=0)
    if depth is not None:
        return _folded(graph, depth)
    for tried in range(deepest, -1, -1):
        found = _folded(graph, tried)
        if len(found.boxes) <= READABLE or tried == (1 if deepest > 1 else 0):
            return found
    return _folded(graph, 0)


def _folded(graph: Graph, depth: int) -> Folded:
    boxes: dict[str, Box] = {}
    place: dict[int, str] = {}
    parts = _parts(graph, depth)
    for n in reversed(graph.nodes):
        box = _box_of(n, depth)
        if box.kind == "module":
            box.key += parts[n.id]
        box = boxes.setdefault(box.key, box)
        box.nodes.append(n)
        place[n.id] = box.key
    links: dict[tuple[str, str], Value] = {}
    for n in reversed(graph.nodes):
        for e in n.edges:
            ends = place[e.target], place[n.id]
            if ends[0] != ends[1]:
                outputs = graph.nodes[e.target].outputs
                links.setdefault(ends, outputs[e.output] if e.output < len(outputs) else Value())
        box = boxes[place[n.id]]
        if n.outputs:
            box.value = n.outputs[0]
    for i, root in enumerate(graph.roots):
        key = f"output {i}"
        outputs = graph.nodes[root.node].outputs
        value = outputs[root.output] if root.output < len(outputs) else Value()
        boxes[key] = Box(key, "output", root.name, [], (), value)
        links[place[root.node], key] = value
    return Folded(boxes, links, depth)


def _parts(graph: Graph, depth: int) -> dict[int, str]:
    """For each node in a folded module, a suffix that tells the module's unconnected parts from each other."""
    parent = list(range(len(graph.nodes)))

    def top(i: int) -> int:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    def module(n: GraphNode) -> str | None:
        return n.calls[depth].path if len(n.calls) > depth else None

    for n in graph.nodes:
        for e in n.edges:
            if module(n) is not None and module(n) == module(graph.nodes[e.target]):
                parent[top(e.target)] = top(n.id)
    numbers: dict[Any, int] = {}
    counts: dict[str | None, int] = {}
    for n in reversed(graph.nodes):
        key = module(n), top(n.id)
        if key not in numbers:
            numbers[key] = counts[key[0]] = counts.get(key[0], -1) + 1
    return {n.id: f" #{numbers[module(n), top(n.id)]}" for n in graph.nodes}


def _box_of(n: GraphNode, depth: int) -> Box:
    calls = tuple((c.path, c.kind) for c in n.calls)
    if len(calls) > depth:
        path, kind = calls[depth]
        return Box(f"module {path}", "module", path or kind, cluster=calls[:depth])
    if n.is_leaf:
        kind = "parameter" if calls or "." in n.title or _is_parameter(n.node) else "leaf"
        return Box(f"node {n.id}", kind, n.title, cluster=calls)
    kind = "function" if hasattr(n.node, "_forward_cls") else "operation"
    return Box(f"node {n.id}", kind, n.operation, cluster=calls)


def _is_parameter(leaf: Any) -> bool:
    return type(leaf.variable_ref()).__name__ == "Parameter"


def size(bytes_: float) -> str:
    """A number of bytes, such as ``"1.2 MB"``."""
    for unit in ("B", "kB", "MB", "GB"):
        if bytes_ < 1000 or unit == "GB":
            return f"{bytes_:.0f} {unit}" if unit == "B" or bytes_ >= 100 else f"{bytes_:.1f} {unit}"
        bytes_ /= 1000
    raise AssertionError
