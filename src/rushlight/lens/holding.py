"""`memory(output)`: what backward holds, by operation and by module, and what checkpointing a module would save."""

import html
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .folding import size
from .model import Graph, GraphNode, ModuleGroup, collect


@dataclass(slots=True)
class Share:
    """What some nodes hold.

    Attributes:
        name: the operation's name, or the module's path.
        kind: the module's class; empty for operations.
        nodes: how many nodes there are.
        bytes: what they hold for backward, each memory counted once, the parameters' own not at all.
        checkpoint: of a module, how many of the graph's bytes would not be held if it were checkpointed: those that
            only
            nodes in it hold, less the inputs that the checkpoint keeps instead.
        depth: how deep the module lies.
    """

    name: str
    kind: str
    nodes: int
    bytes: int
    checkpoint: int = 0
    depth: int = 0


class Memory:
    """What a graph holds for its backward.

    Attributes:
        total: bytes of all that is saved, each memory counted once, without the parameters' own.
        operations: by operation, the greatest first.
        modules: by module, in the order in which they were called, each with those below it.
        packed: how many saved tensors are kept by hooks, whose size is not known.
        freed: whether a backward has freed some already.
    """

    def __init__(self, graph: Graph):
        self.total = graph.saved_bytes
        self.packed = sum(s.state == "packed" for n in graph.nodes for s in n.saved)
        self.freed = any(s.state == "freed" for n in graph.nodes for s in n.saved)
        by_operation: dict[str, list[GraphNode]] = {}
        for n in graph.nodes:
            if n.saved:
                by_operation.setdefault(n.operation, []).append(n)
        self.operations = [Share(name, "", len(nodes), _bytes(nodes)) for name, nodes in by_operation.items()]
        self.operations.sort(key=lambda share: -share.bytes)
        self.modules: list[Share] = []
        self._add_modules(graph, graph.modules(), 0)

    def _add_modules(self, graph: Graph, group: ModuleGroup, depth: int) -> None:
        for child in reversed(list(group.children.values())):
            ids = set(child.all_nodes())
            nodes = [graph.nodes[i] for i in ids if not graph.nodes[i].is_leaf]
            saving = _saving(graph, nodes, ids)
            self.modules.append(Share(child.path, child.kind, len(nodes), _bytes(nodes), saving, depth))
            self._add_modules(graph, child, depth + 1)

    def __str__(self) -> str:
        lines = [f"Held for backward: {size(self.total)}"]
        if self.freed:
            lines.append("A backward has freed what it used.")
        if self.packed:
            lines.append(f"Hooks keep {self.packed} more tensors (checkpoints, save_on_cpu).")
        if self.operations:
            lines += ["", f"{'operation':<28}{'nodes':>6}{'bytes':>11}{'share':>8}"]
        for s in self.operations:
            share = 100 * s.bytes / self.total if self.total else 0
            lines.append(f"{s.name:<28}{s.nodes:>6}{size(s.bytes):>11}{share:>7.0f}%")
        if self.modules:
            lines += ["", f"{'module':<44}{'nodes':>6}{'bytes':>11}{'checkpointing saves':>21}"]
        for s in self.modules:
            name = "  " * s.depth + (f"{s.name} ({s.kind})" if s.name else s.kind)
            lines.append(f"{name:<44}{s.nodes:>6}{size(s.bytes):>11}{size(s.checkpoint) if s.checkpoint else '-':>21}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def _bytes(nodes: Iterable[GraphNode]) -> int:
    return sum({s.memory: s.bytes for n in nodes for s in n.saved if s.parameter is None}.values())


def _saving(graph: Graph, nodes: list[GraphNode], ids: set[int]) -> int:
    """What would not be held if the nodes were computed anew in backward."""
    elsewhere = {s.memory for n in graph.nodes if n.id not in ids for s in n.saved}
    only_here = {}
    for n in nodes:
        computed = {e.label for e in n.edges}
        for s in n.saved:
            # What needs no gradient may have come from outside: a checkpoint keeps that.
            outside = s.kind == "input" and s.name not in computed
            if s.parameter is None and s.memory not in elsewhere and not outside:
                only_here[s.memory] = s.bytes
    inputs: dict[Any, int] = {}
    for n in nodes:
        for e in n.edges:
            target = graph.nodes[e.target]
            if e.target not in ids and not target.is_leaf:
                value = target.outputs[e.output]
                known = next((s for s in n.saved if s.kind == "input" and s.name == e.label), None)
                if known is not None and known.memory in elsewhere:
                    continue  # somebody else holds it anyway
                elements = 1
                for d in value.shape or ():
                    elements *= d
                inputs[e.target, e.output] = elements * _item(value.dtype)
    return max(sum(only_here.values()) - sum(inputs.values()), 0)


def _item(dtype: str | None) -> int:
    from .. import dtypes

    found = getattr(dtypes, dtype or "float32", dtypes.float32)
    return int(found.itemsize)


def memory(output: Any, *, model: Any = None, names: Mapping[str, Any] | None = None) -> Memory:
    """Tells what the graph of `output` holds for its backward, and who holds it.

    Args:
        output: a tensor that requires a gradient, or several of them.
        model, names: as for `collect`; modules are known from `record()` or from a `model`.

    Returns:
        A `Memory`, which prints as two tables.

    Raises:
        TypeError: `output` is no tensor.
        RuntimeError: it does not require a gradient.
    """
    return Memory(collect(output, model=model, names=names, frame=sys._getframe(1)))
