"""The engine: runs a recorded graph backwards.

Every node is newer than the nodes of its inputs, so "newest first" is an order in which each node's gradient is complete
when its turn comes. Two loops follow it:

- `run_fast` for the ordinary ``backward()``: one root, arrays, gradients waiting in the nodes' own `grad` slots. The next
  node is usually the one that just received a gradient, so it is kept in a local; a heap is used only at branches.
- `run_general` for everything else (several roots, chosen inputs, ``create_graph``, hooks on leaves, anomaly detection,
  another backward already running): gradients wait in a dictionary, and a leaf runs as soon as all that leads to it has.
"""

import threading
from heapq import heappop, heappush, heappushpop
from typing import Any

import numpy as np

from .. import base
from . import mode
from .node import HOOKED, MANY, ONE, TWO, AccumulateGrad, LeafHooks, Outputs

ndarray = np.ndarray
_running = threading.Lock()


class Task:
    """One call of backward, as those who ask the running engine see it.

    Attributes:
        node: the node that is running.
        keep: whether what nodes saved is kept.
        callbacks: functions to call when this backward is done.
    """

    __slots__ = ("callbacks", "keep", "node")

    def __init__(self, keep: bool):
        self.node: Any = None
        self.keep = keep
        self.callbacks: list[Any] = []


class _Tasks(threading.local):
    stack: list[Task]

    def __init__(self) -> None:
        self.stack = []


tasks = _Tasks()
# Functions called around every node by anomaly detection and the profiler: see anomaly.py.
node_watchers: list[Any] = []


def run(roots: list[tuple[Any, Any]], keep: bool, create_graph: bool, inputs: list[Any] | None, accumulate: bool) -> Any:
    """Runs backward from `roots`.

    Args:
        roots: pairs of a node and its gradient, a Tensor.
        keep: whether to keep what the nodes saved.
        create_graph: whether to record the derivatives themselves.
        inputs: nodes whose gradients are wanted, or None for all leaves.
        accumulate: whether gradients of leaves go into their ``.grad``.

    Returns:
        For each of `inputs`, its gradient as a Tensor or None, if they are not accumulated; else None.
    """
    if inputs is None and not create_graph and len(roots) == 1 and not LeafHooks.alive and not node_watchers:
        root, grad = roots[0]
        if type(root) is not AccumulateGrad and _running.acquire(False):
            try:
                run_fast(root, grad._data, keep)
            finally:
                _running.release()
            return None
    return run_general(roots, keep, create_graph, inputs, accumulate)


def run_fast(node: Any, grad: Any, keep: bool) -> None:
    """Runs backward on arrays from one root to all leaves."""
    heap: list[tuple[int, Any]] = []
    leaves: list[AccumulateGrad] = []
    node.grad = grad
    next_: Any = None
    try:
        while True:
            rule = node.rule
            grad = node.grad
            node.grad = None
            arity = rule.arity
            next_ = None
            if arity == ONE:
                result = rule.keep(node, grad) if keep else rule.run(node, grad)
                edge = node.next0
                have = edge.grad
                if have is not None:
                    edge.grad = have + result
                elif edge.seq:
                    edge.grad = result
                    next_ = edge
                else:
                    edge.grad = result if rule.fresh[0] else result.copy()
                    leaves.append(edge)
            elif arity == TWO:
                result, other = rule.keep(node, grad) if keep else rule.run(node, grad)
                edge = node.next0
                have = edge.grad
                if have is not None:
                    edge.grad = have + result
                elif edge.seq:
                    edge.grad = result
                    next_ = edge
                else:
                    edge.grad = result if rule.fresh[0] else result.copy()
                    leaves.append(edge)
                edge = node.next1
                have = edge.grad
                if have is not None:
                    edge.grad = have + other
                elif edge.seq:
                    edge.grad = other
                    if next_ is None:
                        next_ = edge
                    elif edge.seq > next_.seq:
                        heappush(heap, (-next_.seq, next_))
                        next_ = edge
                    else:
                        heappush(heap, (-edge.seq, edge))
                else:
                    edge.grad = other if rule.fresh[1] else other.copy()
                    leaves.append(edge)
            else:
                if arity == HOOKED:
                    results = run_hooked(node, grad, rule.original.keep if keep else rule.original.run)
                else:
                    results = rule.keep(node, grad) if keep else rule.run(node, grad)
                for edge, result in zip(node.edges(), results, strict=False):
                    if edge is None or result is None:
                        continue
                    have = edge.grad
                    if have is not None:
                        edge.grad = have + result
                    elif edge.seq:
                        edge.grad = result
                        if next_ is None:
                            next_ = edge
                        elif edge.seq > next_.seq:
                            heappush(heap, (-next_.seq, next_))
                            next_ = edge
                        else:
                            heappush(heap, (-edge.seq, edge))
                    else:
                        edge.grad = result.copy()
                        leaves.append(edge)
            if next_ is not None:
                node = heappushpop(heap, (-next_.seq, next_))[1] if heap else next_
            elif heap:
                node = heappop(heap)[1]
            else:
                break
    except BaseException:
        # Nothing may stay behind in the nodes: another backward would take it for its own.
        for waiting in (*leaves, *[entry[1] for entry in heap], next_, node, *node.edges()):
            if waiting is not None:
                waiting.grad = None
        raise
    for leaf in leaves:
        grad = leaf.grad
        leaf.grad = None
        accumulate_array(leaf, grad)


def accumulate_array(leaf: AccumulateGrad, grad: Any) -> None:
    """Adds an array that nobody else holds to a leaf's gradient."""
    total = leaf.total
    if total is None:
        leaf.total = grad if type(grad) is ndarray else np.asarray(grad)
    elif type(total) is ndarray:
        np.add(total, grad, total)
    else:
        np.add(total._data, grad, total._data)
        base.bump(total)


def accumulate_tensor(leaf: AccumulateGrad, grad: Any) -> None:
    """Adds a recorded gradient to a leaf's, out of place, so that the former's graph stays true."""
    total = leaf.total
    if type(total) is ndarray:
        total = base.wrap(total)
    leaf.total = grad if total is None else total + grad


# ---------------------------------------------------------------------------------------------- hooks
def run_hooked(node: Any, grad: Any, results_of: Any, tensors: bool = False) -> tuple[Any, ...]:
    """Runs a node that has hooks: those on its tensor, those before it, its rule, those after it.

    Args:
        node: the node.
        grad: its gradient: an array, a Tensor, or `Outputs`.
        results_of: the function of its original rule to run.
        tensors: whether gradients are Tensors.
    """
    before, mode.local.grad = mode.local.grad, tensors
    if not tensors:
        mode.enter()
    try:
        return _run_hooked(node, grad, results_of, tensors)
    finally:
        mode.local.grad = before
        if not tensors:
            mode.leave()


def _run_hooked(node: Any, grad: Any, results_of: Any, tensors: bool) -> tuple[Any, ...]:
    rule = node.rule
    many = isinstance(grad, Outputs)
    as_tensor = (lambda g: g) if tensors else (lambda g: None if g is None else base.wrap(g))
    if many:
        last = max(grad.by_index)
        values = [as_tensor(grad.get(i)) for i in range(getattr(node, "output_count", last + 1))]
    else:
        values = [as_tensor(grad)]
    for hook in list(rule.tensors.values()):
        values[0] = replacement(hook(values[0]), values[0])
    for retain in rule.retain:
        retain(values[0])
    for hook in list(rule.pre.values()):
        found = hook(tuple(values))
        if found is not None:
            values = list(found) if isinstance(found, tuple) else [found]
    raw = values if tensors else [None if v is None else v._data for v in values]
    found = results_of(node, Outputs(dict(enumerate(raw))) if many else raw[0])
    results = found if rule.original.arity >= MANY or rule.original.arity == TWO else (found,)
    if rule.post:
        shown = tuple([as_tensor(r) for r in results])
        for hook in list(rule.post.values()):
            changed = hook(shown, tuple(values))
            if changed is not None:
                shown = changed if isinstance(changed, tuple) else (changed,)
        results = shown if tensors else tuple([None if r is None else r._data for r in shown])
    return tuple(results)


def replacement(found: Any, grad: Any) -> Any:
    """What a hook on a tensor makes of its gradient.

    Raises:
        TypeError: the hook returned something that is not a tensor.
        RuntimeError: it returned a tensor of another shape.
    """
    if found is None:
        return grad
    if not isinstance(found, base.TensorBase):
        raise TypeError(f"expected Variable, but hook returned '{type(found).__name__}'")
    if grad is not None and found._shape != grad._shape:
        raise RuntimeError("hook '<unknown>' has changed the size of value")
    return found


def run_leaf(leaf: AccumulateGrad, grad: Any, create_graph: bool) -> None:
    """Runs a leaf's hooks and adds a gradient, a Tensor, to its own."""
    hooks = leaf.hooks
    if hooks is not None:
        for hook in list(hooks.tensor.values()):
            grad = replacement(hook(grad), grad)
        for hook in list(hooks.pre.values()):
            found = hook((grad,))
            if found is not None:
                grad = found[0] if isinstance(found, tuple) else found
    if create_graph:
        accumulate_tensor(leaf, grad)
    else:
        accumulate_array(leaf, grad._data.copy())
    if hooks is not None:
        for hook in list(hooks.post.values()):
            hook((), (grad,))
        for hook in list(hooks.post_accumulate.values()):
            if hook(leaf.variable) is not None:
                raise RuntimeError("Tensor post accumulate grad hooks should return None.")


# ---------------------------------------------------------------------------------------------- the general loop
def count_edges(roots: list[Any]) -> dict[Any, int]:
    """For every node reachable from `roots`, how many edges lead to it."""
    counts = dict.fromkeys(roots, 0)
    stack = list(counts)
    while stack:
        for edge in stack.pop().edges():
            if edge is None:
                continue
            if edge in counts:
                counts[edge] += 1
            else:
                counts[edge] = 1
                stack.append(edge)
    return counts


def leading_to(nodes: dict[Any, int], inputs: set[Any]) -> set[Any]:
    """Those of `nodes` from which one of `inputs` can be reached, the inputs included."""
    found = set(inputs)
    for node in sorted(nodes, key=lambda n: n.seq):
        if node not in found and any(edge in found for edge in node.edges()):
            found.add(node)
    return found


def run_general(
    roots: list[tuple[Any, Any]], keep: bool, create_graph: bool, inputs: list[Any] | None, accumulate: bool
) -> Any:
    """Runs backward in full generality; see `run` for the arguments."""
    counts = count_edges([node for node, _ in roots])
    wanted = None if inputs is None else set(inputs)
    needed = None if wanted is None else leading_to(counts, wanted)
    captured: dict[Any, Any] = {}
    grads: dict[Any, Any] = {}
    for node, grad in roots:
        have = grads.get(node)
        grad = grad if create_graph else grad._data
        grads[node] = grad if have is None else have + grad
    # Leaves run first: nothing waits for them, and hooks on them are expected early.
    heap = [(-node.seq if node.seq else -(1 << 62), i, node) for i, node in enumerate(grads) if not counts[node]]
    heap.sort()
    task = Task(keep)
    tasks.stack.append(task)
    before = mode.local.grad
    if before != create_graph:
        mode.local.grad = create_graph
        mode.enter()
    order = len(heap)
    try:
        while heap:
            node = heappop(heap)[2]
            grad = grads.pop(node, None)
            task.node = node
            if wanted is not None and node in wanted:
                grad = capture(node, grad, create_graph, captured, accumulate)
                if type(node) is AccumulateGrad or not _any_needed(node, needed):
                    results: Any = ()
                else:
                    results = step(node, grad, keep, create_graph)
            elif type(node) is AccumulateGrad:
                if grad is not None and wanted is None:
                    run_leaf(node, grad if create_graph else base.wrap(grad), create_graph)
                results = ()
            elif needed is not None and node not in needed:
                results = ()
            else:
                results = step(node, grad, keep, create_graph)
            edges = node.edges()
            for i, edge in enumerate(edges):
                if edge is None:
                    continue
                result = results[i] if i < len(results) else None
                if result is not None and (needed is None or edge in needed):
                    have = grads.get(edge)
                    grads[edge] = result if have is None else have + result
                counts[edge] -= 1
                if not counts[edge]:
                    order += 1
                    heappush(heap, (-edge.seq if edge.seq else -(1 << 62), order, edge))
        for callback in task.callbacks:
            callback()
    finally:
        tasks.stack.pop()
        if before != create_graph:
            mode.local.grad = before
            mode.leave()
    return None if inputs is None or accumulate else [captured.get(node) for node in inputs]


def _any_needed(node: Any, needed: Any) -> bool:
    return any(edge in needed for edge in node.edges())


def capture(node: Any, grad: Any, create_graph: bool, captured: dict[Any, Any], accumulate: bool) -> Any:
    """Keeps (or accumulates) the gradient of an input that was asked for; hooks on its tensor run first."""
    if grad is None:
        return None
    shown = grad if create_graph else grad if isinstance(grad, Outputs) else base.wrap(grad)
    if type(node) is AccumulateGrad:
        if accumulate:
            run_leaf(node, shown, create_graph)
            return grad
        if node.hooks is not None:
            for hook in list(node.hooks.tensor.values()):
                shown = replacement(hook(shown), shown)
    elif node.rule.arity == HOOKED:
        for hook in list(node.rule.tensors.values()):
            shown = replacement(hook(shown), shown)
    if accumulate:
        for retain in [] if node.rule.arity != HOOKED else node.rule.retain:
            retain(shown)
    captured[node] = shown
    return grad


def step(node: Any, grad: Any, keep: bool, create_graph: bool) -> tuple[Any, ...]:
    """Runs one node: the gradients of its edges, from the gradient of its output."""
    rule = node.rule
    arity = rule.arity
    for watcher in node_watchers:
        watcher.before(node, grad)
    if grad is None and not getattr(node, "runs_on_nothing", False):
        results: tuple[Any, ...] = (None,) * len(node.edges())
    elif arity == HOOKED:
        original = rule.original
        function = original.tensor if create_graph else original.keep if keep else original.run
        results = run_hooked(node, grad, function, create_graph)
    else:
        function = rule.tensor if create_graph else rule.keep if keep else rule.run
        found = function(node, grad)
        results = (found,) if arity == ONE else found
    for watcher in node_watchers:
        watcher.after(node, results)
    return results
