"""`page(output, "graph.html")`: the graph as one file that a browser opens without a network.

The page shows the graph with its modules folded to a legible depth, searches it, tells of each node what it computes
and saved, and plays backward step by step. This module gathers what the page knows (`page_data`) and puts it, the style
and the scripts of the folder ``webpage_parts`` into one file.
"""

import json
import math
import os
import sys
from collections.abc import Mapping
from importlib import resources
from typing import Any

import numpy as np

from ..autograd.node import Outputs
from ..files import replacing
from .model import Graph, GraphNode, collect, tensors_of
from .summary import summary
from .walk import walk

_SCRIPTS = ("words.js", "layout.js", "view.js")


def page(
    output: Any,
    path: str | os.PathLike[str],
    *,
    model: Any = None,
    names: Mapping[str, Any] | None = None,
    gradient: Any = None,
    title: str | None = None,
) -> str:
    """Writes the graph of `output` as one self-contained HTML page.

    The page needs no network and no other file. It shows each gradient of backward, for which this function walks
    backward once, without changing any ``.grad`` and without freeing the graph; hooks on the graph run (see walk.py).
    If the graph was freed already, the page shows it without gradients and saved tensors.

    Args:
        output: a tensor that requires a gradient, or several of them in a list, tuple or dictionary.
        path: the file to write; it is replaced only when the page is complete.
        model: a module whose parameters' names the leaves get.
        names: names for leaves and outputs, as a dictionary from name to tensor.
        gradient: that of the output (of each output, in a list), with which backward begins; ones by default.
        title: the page's title; by default the output's name.

    Returns:
        The absolute path of the file.

    Raises:
        TypeError: `output` is no tensor.
        RuntimeError: it does not require a gradient, so that there is no graph; or `gradient` does not fit it.
    """
    graph = collect(output, model=model, names=names, frame=sys._getframe(1))
    data = page_data(graph, tensors_of(output), gradient)
    data["title"] = title or ", ".join(r.name for r in graph.roots)
    with replacing(path) as file:
        file.write(_fill(data).encode())
    return os.path.abspath(path)


# ---------------------------------------------------------------------------------------------- gradients
class _Watched:
    """A backward, as the page plays it.

    Attributes:
        steps: when each node runs, by its id.
        incoming: summaries of the gradients that came to a node.
        outgoing: summaries of those that left it, one for each of its edges.
    """

    def __init__(self, graph: Graph):
        self.steps = {n.id: n.id for n in graph}
        self.incoming: dict[int, list[Any]] = {}
        self.outgoing: dict[int, list[Any]] = {}

    def run(self, graph: Graph, outputs: list[Any], gradient: Any) -> None:
        """Walks backward through the graph."""
        self.steps.clear()
        for moment in walk(outputs, gradient):
            id = graph.ids.get(moment.node)
            if id is not None:
                self.steps[id] = len(self.steps)
                given = moment.grad
                came = [given.get(i) for i in range(moment.node.outputs)] if isinstance(given, Outputs) else [given]
                self.incoming[id] = [g if g is None else summary(g) for g in came]
                self.outgoing[id] = [g if g is None else summary(g) for g in moment.results]


# ---------------------------------------------------------------------------------------------- what the page knows
def page_data(graph: Graph, outputs: list[Any], gradient: Any = None) -> dict[str, Any]:
    """What the page's scripts read: nodes, edges and modules as dictionaries, with summaries of all tensors.

    Args:
        graph: the collected graph.
        outputs: the tensors from which it was collected.
        gradient: with what backward begins; ones if None.
    """
    watched = _Watched(graph)
    if not any(s.state in ("freed", "modified") for n in graph for s in n.saved):
        watched.run(graph, outputs, gradient)
    groups, group_of = _calls(graph)
    nodes = [_node(n, group_of[n.id], watched.steps.get(n.id), watched.incoming.get(n.id, [])) for n in graph]
    edges = []
    for n in graph:
        leaving = watched.outgoing.get(n.id, [])
        # A node lists a gradient for each edge it has; those that lead nowhere are not in the graph.
        places = [i for i, edge in enumerate(n.node.edges()) if edge is not None]
        for place, e in zip(places, n.edges, strict=False):
            passed = leaving[place] if place < len(leaving) else None
            edges.append({"from": e.source, "to": e.target, "name": e.label, "grad": passed})
    return {"root": graph.roots[0].node, "nodes": nodes, "edges": edges, "groups": groups}


def _node(n: GraphNode, group: int, step: int | None, grads: list[Any]) -> dict[str, Any]:
    shape = dtype = None
    if n.outputs and n.outputs[0].shape is not None:
        shape = "×".join(map(str, n.outputs[0].shape)) or "scalar"
        dtype = n.outputs[0].dtype
    line = n.line
    return {
        "id": n.id,
        "name": n.name,
        "op": n.operation,
        "label": n.title,
        "kind": "leaf" if n.is_leaf else "function" if hasattr(n.node, "_forward_cls") else "op",
        "group": group,
        "module": n.calls[-1].path or n.calls[-1].kind if n.calls else "",
        "shape": shape,
        "dtype": dtype,
        "formulas": list(n.formulas.items()),
        "saved": [
            {
                "name": s.name,
                "shape": "?" if s.shape is None else "×".join(map(str, s.shape)) or "scalar",
                "dtype": s.dtype or "",
                "bytes": s.bytes,
                "stats": None if s.array is None else summary(s.array),
            }
            for s in n.saved
        ],
        "line": line and {"file": line.file, "line": line.number, "function": line.function, "text": line.text},
        "step": step,
        "grads": grads,
    }


def _calls(graph: Graph) -> tuple[list[dict[str, Any]], dict[int, int]]:
    """The calls of modules, and in which one each node was made (-1: in none).

    A module that is called twice is two groups: the nodes of one call follow each other in time, so a group never both
    precedes and follows another node.
    """
    groups: list[dict[str, Any]] = []
    group_of: dict[int, int] = {}
    open_: list[tuple[Any, int]] = []
    for n in graph:
        if n.is_leaf:
            continue
        common = 0
        while common < min(len(open_), len(n.calls)) and open_[common][0] == n.calls[common]:
            common += 1
        del open_[common:]
        for call in n.calls[common:]:
            parent = open_[-1][1] if open_ else -1
            own = call.path.rpartition(".")[2]
            groups.append(
                {"id": len(groups), "parent": parent, "name": own or call.kind, "type": call.kind if own else ""}
            )
            open_.append((call, groups[-1]["id"]))
        group_of[n.id] = open_[-1][1] if open_ else -1

    def chain(group: int) -> list[int]:
        found = []
        while group != -1:
            found.append(group)
            group = groups[group]["parent"]
        return [*found, -1]

    # A leaf stands in the innermost module that all its users share.
    users: dict[int, list[int]] = {}
    for e in graph.edges:
        users.setdefault(e.target, []).append(group_of.get(e.source, -1))
    for n in graph:
        if n.is_leaf:
            chains = [chain(g) for g in users.get(n.id, [-1])]
            group_of[n.id] = next(g for g in chains[0] if all(g in c for c in chains))
    return groups, group_of


# ---------------------------------------------------------------------------------------------- the file
def _jsonable(value: Any) -> Any:
    """A value as JSON can say it; what it cannot, as text: ``"nan"``, ``"inf"``, ``"-inf"``."""
    if isinstance(value, dict):
        return {k: _jsonable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(v) for v in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else str(value)
    return value.item() if isinstance(value, np.generic) else value


def _fill(data: dict[str, Any]) -> str:
    """The page's text."""
    parts = resources.files(__package__) / "webpage_parts"
    scripts = "\n".join((parts / name).read_text("utf-8") for name in _SCRIPTS)
    # "<" is written as an escape, so that no text of the program can end the element that holds the data.
    text = json.dumps(_jsonable(data), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    title = data["title"].replace("&", "&amp;").replace("<", "&lt;")
    filled = {
        "@TITLE@": title,
        "@STYLE@": (parts / "style.css").read_text("utf-8"),
        "@DATA@": text,
        "@SCRIPT@": scripts,
    }
    page = (parts / "template.html").read_text("utf-8")
    pieces = []
    for mark, content in filled.items():
        before, _, page = page.partition(mark)
        pieces += [before, content]
    return "".join([*pieces, page])
