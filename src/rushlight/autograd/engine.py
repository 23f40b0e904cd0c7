"""The engine: runs a recorded graph backwards.

Every node is newer than the nodes of its inputs, so "newest first" is an order in which each node's gradient is
complete when its turn comes. Two loops follow it:

- `run_fast` for the ordinary ``backward()``: one root, gradients waiting in the nodes' own `grad` slots. The next node
  is usually the one that just received a gradient, so it is kept in a local; a heap is used only at branches.
- `run_general` for everything else (several roots, chosen inputs, hooks on leaves, anomaly detection, another backward
  already running): gradients wait in a dictionary, and a leaf runs as soon as all that leads to it has.
"""

import contextvars
import itertools
import threading
from heapq import heappop, heappush, heappushpop
from operator import attrgetter
from typing import Any

import numpy as np

from .. import base
from . import mode
from .hooks import HOOKED, LeafHooks
from .node import ONE, TWO, AccumulateGrad, Outputs
from .steps import (
    accumulate_array,
    accumulate_tensor,
    node_watchers,
    recording,
    replacement,
    run_hooked,
    run_leaf,
    step,
)

ndarray = np.ndarray
_running = threading.Lock()


class Task:
    """One call of backward, as those who ask the running engine see it.

    Attributes:
        node: the node that is running.
        keep: whether what nodes saved is kept.
        nodes: those that will run, or have run.
        callbacks: functions to call when this backward is done.
    """

    __slots__ = ("callbacks", "keep", "node", "nodes")

    def __init__(self, keep: bool, nodes: Any):
        self.node: Any = None
        self.nodes = nodes
        self.keep = keep
        self.callbacks: list[Any] = []


class _Tasks(threading.local):
    stack: list[Task]

    def __init__(self) -> None:
        self.stack = []


tasks = _Tasks()

_NOT_OWNED = itertools.repeat(False)

# A node may call backward, whose nodes may call backward, and so on. Each level takes part of the thread's stack, so
# that after so many levels the next one gets a thread of its own.
NESTED_IN_ONE_THREAD = 32


def run(
    roots: list[tuple[Any, Any]], keep: bool, create_graph: bool, inputs: list[Any] | None, accumulate: bool
) -> Any:
    """Runs backward from `roots`.

    Args:
        roots: pairs of a node and its gradient, a Tensor.
        keep: whether to keep what the nodes saved.
        create_graph: whether to record the derivatives themselves.
        inputs: nodes whose gradients are wanted, or None for all leaves.
        accumulate: whether gradients of leaves go into their ``.grad``.

    Returns:
        For each of `inputs`, its gradient as a Tensor, or None; a leaf's only if it is not accumulated.
    """
    if len(roots) == 1:
        root, grad = roots[0]
        if inputs is not None:
            found = None if accumulate else run_to_leaves(root, grad, inputs, keep, create_graph)
            if found is not None:
                return found
        elif (
            root.seq
            and not LeafHooks.alive
            and not node_watchers
            and (mode.local.grad or not create_graph)
            and _running.acquire(False)
        ):
            try:
                leaves = run_fast(root, grad if create_graph else grad._data, keep, create_graph)
            finally:
                _running.release()
            for leaf in leaves:
                grad = leaf.grad
                leaf.grad = None
                if create_graph:
                    accumulate_tensor(leaf, grad)
                else:
                    accumulate_array(leaf, grad)
            return None
    return run_general(roots, keep, create_graph, inputs, accumulate)


def run_to_leaves(root: Any, grad: Any, inputs: list[Any], keep: bool, create_graph: bool) -> Any:
    """Runs backward from one node with respect to all the leaves it depends on, if nothing special is asked of it.

    Returns:
        For each of `inputs`, its gradient as a Tensor; None if it did not run and `run` must be called.
    """
    if (
        LeafHooks.alive
        or node_watchers
        or not root.seq
        or (create_graph and mode.special.count and not mode.local.grad)
        or not _all_leaves(root, inputs)
        or not _running.acquire(False)
    ):
        return None
    try:
        leaves = run_fast(root, grad if create_graph else grad._data, keep, create_graph, True)
    finally:
        _running.release()
    found = []
    for leaf in inputs:
        grad = leaf.grad
        found.append(grad if create_graph or grad is None else base.wrap(grad))
    for leaf in leaves:
        leaf.grad = None
    return found


def run_scalar(root: Any, grad: Any, keep: bool) -> bool:
    """Runs the ordinary backward from one node, if nothing special is asked of it.

    Returns:
        Whether it ran; if not, `run` must be called.
    """
    if LeafHooks.alive or node_watchers or not _running.acquire(False):
        return False
    try:
        leaves = run_fast(root, grad, keep)
    finally:
        _running.release()
    for leaf in leaves:
        grad = leaf.grad
        leaf.grad = None
        accumulate_array(leaf, grad)
    return True


def _all_leaves(root: Any, inputs: list[Any]) -> bool:
    """Whether `inputs` are just the leaves that `root` depends on, so that every node is on a path to one."""
    while root.rule.arity == ONE:
        root = root.next0
        if not root.seq:
            return len(inputs) == 1 and root is inputs[0]
    seen = {root}
    stack = [root]
    left = len(inputs)
    wanted = inputs if left < 8 else set(inputs)
    while stack:
        node = stack.pop()
        for edge in (node.next0,) if node.rule.arity == ONE else node.edges():
            if edge not in seen and edge is not None:
                seen.add(edge)
                if edge.seq:
                    stack.append(edge)
                elif edge in wanted:
                    left -= 1
                else:
                    return False
    return not left


def run_fast(node: Any, grad: Any, keep: bool, tensors: bool = False, captures: bool = False) -> list[AccumulateGrad]:
    """Runs backward from one root to all leaves.

    Args:
        node: the root.
        grad: its gradient.
        keep: whether to keep what the nodes saved.
        tensors: whether gradients are Tensors; else arrays.
        captures: whether the leaves' gradients are handed out; else they are added to in place later, and so copied
            where others may hold them.

    Returns:
        The leaves reached, with their gradients in their `grad` slots.
    """
    shared = tensors or captures
    heap: list[tuple[int, Any]] = []
    leaves: list[AccumulateGrad] = []
    next_: Any = None
    try:
        while True:
            rule = node.rule
            arity = rule.arity
            next_ = None
            if arity == ONE:
                result = rule.tensor(node, grad) if tensors else rule.keep(node, grad) if keep else rule.run(node, grad)
                edge = node.next0
                have = edge.grad
                if have is not None:
                    edge.grad = have + result
                elif edge.seq:
                    if not heap:  # the next of a chain: its gradient need not wait anywhere
                        node = edge
                        grad = result
                        continue
                    edge.grad = result
                    next_ = edge
                else:
                    edge.grad = result if shared or (rule.fresh[0] and result.base is None) else result.copy("K")
                    leaves.append(edge)
            elif arity == TWO:
                function = rule.tensor if tensors else rule.keep if keep else rule.run
                result, other = function(node, grad)
                edge = node.next0
                have = edge.grad
                if have is not None:
                    edge.grad = have + result
                elif edge.seq:
                    edge.grad = result
                    next_ = edge
                else:
                    edge.grad = result if shared or (rule.fresh[0] and result.base is None) else result.copy("K")
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
                    edge.grad = other if shared or (rule.fresh[1] and other.base is None) else other.copy("K")
                    leaves.append(edge)
            else:
                hooked = arity == HOOKED
                original = rule.original if hooked else rule
                function = original.tensor if tensors else original.keep if keep else original.run
                results = run_hooked(node, grad, function, tensors) if hooked else function(node, grad)
                # What hooks have seen, and pieces of one array, may be held by others as well.
                owned = rule.fresh if not hooked and rule.positions else _NOT_OWNED
                for edge, result, fresh in zip(node.edges(), results, owned, strict=False):
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
                        edge.grad = result if shared or (fresh and result.base is None) else result.copy("K")
                        leaves.append(edge)
            if next_ is not None:
                node = heappushpop(heap, (-next_.seq, next_))[1] if heap else next_
            elif heap:
                node = heappop(heap)[1]
            else:
                break
            grad = node.grad
            node.grad = None
    except BaseException:
        # Nothing may stay behind in the nodes: another backward would take it for its own.
        for waiting in (*leaves, *[entry[1] for entry in heap], next_, node, *node.edges()):
            if waiting is not None:
                waiting.grad = None
        raise
    return leaves


# ---------------------------------------------------------------------------------------------- the general loop
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
    found = set(inputs)
    for node in sorted(edges_of, key=_by_age):
        if not found.isdisjoint(edges_of[node]):
            found.add(node)
    return found


_by_age = attrgetter("seq")
# Leaves run first: nothing waits for them, and hooks on them are expected as soon as their gradient is complete.
_FIRST = 1 << 62


def run_general(
    roots: list[tuple[Any, Any]], keep: bool, create_graph: bool, inputs: list[Any] | None, accumulate: bool
) -> Any:
    """Runs backward in full generality; see `run` for the arguments."""
    if len(tasks.stack) >= NESTED_IN_ONE_THREAD:
        return in_new_thread(run_general, roots, keep, create_graph, inputs, accumulate)
    waiting, edges_of = discover([node for node, _ in roots])
    wanted: Any = None if inputs is None else set(inputs)
    needed: Any = waiting if wanted is None else leading_to(edges_of, wanted)
    captured: dict[Any, Any] = {}
    grads: dict[Any, Any] = {}
    for node, grad in roots:
        have = grads.get(node)
        grad = grad if create_graph else grad._data
        grads[node] = grad if have is None else have + grad
    heap = [(-node.seq or -_FIRST, i, node) for i, node in enumerate(grads) if not waiting[node]]
    heap.sort()
    order = len(heap)
    task = Task(keep, waiting.keys() & needed if wanted is not None else waiting)
    tasks.stack.append(task)
    local = mode.local
    before = local.grad
    if create_graph:
        local.grad = True
    try:
        while heap:
            node = heappop(heap)[2]
            if node not in needed:
                continue
            grad = grads.pop(node, None)
            task.node = node
            edges = edges_of[node]
            if wanted is not None and node in wanted:
                runs = not (wanted.isdisjoint(edges) and needed.isdisjoint(edges))
                capture(node, grad, create_graph, captured, accumulate, runs)
                if not runs:
                    continue
            if not edges and type(node) is AccumulateGrad:
                if wanted is None and grad is not None:
                    for watcher in node_watchers:
                        watcher.before(node, grad)
                    run_leaf(node, grad if create_graph else base.wrap(grad), create_graph)
                    for watcher in node_watchers:
                        watcher.after(node, ())
                continue
            rule = node.rule
            if rule.arity == ONE and grad is not None and not node_watchers:
                function = rule.tensor if create_graph else rule.keep if keep else rule.run
                results: Any = (function(node, grad),)
            else:
                results = step(node, grad, keep, create_graph)
            for edge, result in zip(edges, results, strict=False):
                if edge not in needed:
                    continue
                if result is not None:
                    have = grads.get(edge)
                    grads[edge] = result if have is None else have + result
                left = waiting[edge] = waiting[edge] - 1
                if not left:
                    order += 1
                    heappush(heap, (-edge.seq or -_FIRST, order, edge))
        for callback in task.callbacks:
            callback()
    finally:
        tasks.stack.pop()
        local.grad = before
    return None if inputs is None else [captured.get(node) for node in inputs]


def in_new_thread(function: Any, *arguments: Any) -> Any:
    """Calls a function in a thread of its own, under the modes of this one, and returns or raises what it does."""
    modes = dict(mode.local.__dict__)
    outcome: list[Any] = []

    def body() -> None:
        mode.local.__dict__.update(modes)
        try:
            outcome.extend((function(*arguments), None))
        except BaseException as error:
            outcome.extend((None, error))

    thread = threading.Thread(target=contextvars.copy_context().run, args=(body,))
    thread.start()
    thread.join()
    error = outcome.pop()
    try:
        if error is not None:
            raise error
        return outcome.pop()
    finally:
        del error  # its traceback leads to this frame


def capture(node: Any, grad: Any, create_graph: bool, captured: dict[Any, Any], accumulate: bool, runs: bool) -> None:
    """Keeps (or accumulates) the gradient of an input that was asked for.

    Hooks on its tensor run first, unless the node itself runs (`runs`): then they wait for that, and what is kept is
    the gradient before them, as in PyTorch.
    """
    if grad is None:
        return
    shown = grad if create_graph or isinstance(grad, Outputs) else base.wrap(grad)
    if type(node) is AccumulateGrad:
        if accumulate:
            run_leaf(node, shown, create_graph)
            return
        hooks = None if node.hooks is None else node.hooks.tensor
        retain: list[Any] = []
    else:
        hooked = node.rule.arity == HOOKED
        hooks = node.rule.tensors if hooked and not runs else None
        retain = node.rule.retain if hooked and not runs else []
    if hooks:
        with recording(create_graph):
            for hook in list(hooks.values()):
                shown = replacement(hook(shown), shown)
    if accumulate:
        for store in retain:
            store(shown)
    captured[node] = shown
