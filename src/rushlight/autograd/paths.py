"""Which nodes a backward meets, and which of them lead to what is asked for."""

from typing import Any

from .node import Output, function_of


def discover(roots: list[Any]) -> tuple[dict[Any, int], dict[Any, tuple[Any, ...]]]:
    """For every node reachable from `roots`: how many edges lead to it, and which edges leave it."""
    waiting = dict.fromkeys(roots, 0)
    edges_of: dict[Any, tuple[Any, ...]] = {}
    stack = list(waiting)
    while stack:
        node = stack.pop()
        edges_of[node] = edges = node.edges()
        for edge in edges:
            if edge in waiting:
                waiting[edge] += 1
            elif edge is not None:
                waiting[edge] = 1
                stack.append(edge)
    return waiting, edges_of


def leading_to(edges_of: dict[Any, tuple[Any, ...]], inputs: set[Any]) -> set[Any]:
    """The nodes from which one of `inputs` can be reached, the inputs included."""
    sources: dict[Any, list[Any]] = {}
    for node, edges in edges_of.items():
        for edge in edges:
            sources.setdefault(edge, []).append(node)
    found = set(inputs)
    stack = list(inputs)
    while stack:
        for node in sources.get(stack.pop(), ()):
            if node not in found:
                found.add(node)
                stack.append(node)
    return found


def known_outputs(inputs: list[Any], edges_of: dict[Any, tuple[Any, ...]]) -> list[Any]:
    """The inputs, with the graph's own nodes for outputs where others were made that stand for the same."""
    if all(node in edges_of or type(node) is not Output for node in inputs):
        return inputs
    known = {function_of(node): node for node in edges_of if type(node) is Output}
    return [known.get(function_of(node), node) for node in inputs]
