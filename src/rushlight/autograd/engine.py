"""The engine: runs a recorded graph backwards.

Every node is newer than the nodes of its inputs, so "newest first" is an order in which each node's gradient is
complete when its turn comes. Two loops follow it:

- `run_fast` for the ordinary ``backward()``: one root, gradients waiting in the nodes' own `grad` slots. The next node
  is usually the one that just received a gradient, so it is kept in a local; a heap is used only at branches.
- `run_general` for everything else (several roots, chosen inputs, hooks on leaves, anomaly detection, another backward
  already running): gradients wait in a dictionary, and a leaf runs as soon as all that leads to it has.
"""

import itertools
import operator
import threading
from heapq import heappop, heappush, heappushpop
from typing import Any

import numpy as np

from .. import base
from ..kernels.pointwise import copied, sum_of
from ..kernels.shares import settled
from . import mode
from .hooks import HOOKED, LeafHooks
from .leaf import AccumulateGrad
from .node import MANY, ONE, TWO
from .origins import annotate
from .paths import discover, known_outputs, leading_to
from .steps import add_to_leaves, capture, node_watchers, run_hooked, run_leaf, step, taken
from .tasks import FIRST, Task, in_new_thread, tasks

ndarray = np.ndarray
_running = threading.Lock()
_NOT_OWNED = itertools.repeat(False)

# A node may call backward, whose nodes may call it again. Each level takes part of the thread's stack; after so many,
# the next one gets a thread of its own.
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
            and grad is not None
            and (not create_graph or (keep and mode.local.grad))
            and _running.acquire(False)
        ):
            try:
                leaves, task = run_fast(root, grad if create_graph else grad._data, keep, create_graph)
                add_to_leaves(leaves, create_graph)
            finally:
                _running.release()
            if task is not None:
                task.finish()
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
        or grad is None
        or (create_graph and not (keep and (not mode.special.count or mode.local.grad)))
        or not _all_leaves(root, inputs)
        or not _running.acquire(False)
    ):
        return None
    try:
        leaves, task = run_fast(root, grad if create_graph else grad._data, keep, create_graph, True)
        found = [leaf.grad for leaf in inputs]
        for leaf in leaves:
            leaf.grad = None
        if LeafHooks.alive:  # registered by what users had this backward run
            found = [capture(leaf, grad, create_graph, False) for leaf, grad in zip(inputs, found, strict=True)]
        elif not create_graph:
            found = [None if grad is None else base.wrap(settled(grad)) for grad in found]
    finally:
        _running.release()
    if task is not None:
        task.finish()
    return found


def run_one(root: Any, grad: Any, keep: bool) -> bool:
    """Runs the ordinary backward from one node, if nothing special is asked of it.

    Returns:
        Whether it ran; if not, `run` must be called.
    """
    if LeafHooks.alive or node_watchers or not _running.acquire(False):
        return False
    try:
        leaves, task = run_fast(root, grad, keep)
        add_to_leaves(leaves, False)
    finally:
        _running.release()
    if task is not None:
        task.finish()
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


def run_fast(node: Any, grad: Any, keep: bool, tensors: bool = False, captures: bool = False) -> Any:
    """Runs backward from one root to all leaves.

    Args:
        node: the root.
        grad: its gradient.
        keep: whether to keep what the nodes saved.
        tensors: whether gradients are Tensors; else arrays.
        captures: whether the leaves' gradients are handed out; else they are added to in place later, and so copied
            where others may hold them.

    Returns:
        The leaves reached, with their gradients in their `grad` slots, and the `Task`, if user code ran.
    """
    shared = tensors or captures
    add = operator.add if tensors else sum_of
    heap: list[tuple[int, Any]] = []
    leaves: list[AccumulateGrad] = []
    root, next_ = node, None
    task: Task | None = None
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
                    edge.grad = add(have, result)
                elif edge.seq:
                    if not heap:  # the next of a chain: its gradient need not wait anywhere
                        node = edge
                        grad = result
                        continue
                    edge.grad = result
                    next_ = edge
                else:
                    edge.grad = result if shared or (rule.fresh[0] and result.base is None) else copied(result)
                    leaves.append(edge)
            elif arity == TWO:
                function = rule.tensor if tensors else rule.keep if keep else rule.run
                result, other = function(node, grad)
                edge = node.next0
                have = edge.grad
                if have is not None:
                    edge.grad = add(have, result)
                elif edge.seq:
                    edge.grad = result
                    next_ = edge
                else:
                    edge.grad = result if shared or (rule.fresh[0] and result.base is None) else copied(result)
                    leaves.append(edge)
                edge = node.next1
                have = edge.grad
                if have is not None:
                    edge.grad = add(have, other)
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
                    edge.grad = other if shared or (rule.fresh[1] and other.base is None) else copied(other)
                    leaves.append(edge)
            else:
                if arity == HOOKED or rule.user:
                    # What users wrote may ask for the backward that is running.
                    if task is None:
                        task = Task([root], keep, tensors, selective=captures)
                        task.begin()
                    task.node = node
                # What hooks have seen, and pieces of one array, may be held by others as well.
                owned: Any = _NOT_OWNED
                if arity == MANY:
                    results = (rule.tensor if tensors else rule.keep if keep else rule.run)(node, grad)
                    edges = node.nexts
                    if rule.positions:
                        owned = rule.fresh
                else:
                    results = run_hooked(node, grad, keep, tensors)
                    edges = node.edges()
                undefined = []
                doubtful = []
                for i, (edge, result, fresh) in enumerate(zip(edges, results, owned)):
                    if edge is None:
                        continue
                    have = edge.grad
                    if result is None:
                        if have is None and edge.seq:
                            undefined.append(edge)
                    elif have is not None:
                        edge.grad = add(have, result)
                    elif edge.seq:
                        edge.grad = result
                        if next_ is None:
                            next_ = edge
                        elif edge.seq > next_.seq:
                            heappush(heap, (-next_.seq, next_))
                            next_ = edge
                        else:
                            heappush(heap, (-edge.seq, edge))
                    elif shared or (fresh and result.base is None):
                        edge.grad = result
                        leaves.append(edge)
                    else:
                        doubtful.append((edge, i))
                if doubtful:
                    grad = result = None
                    results = list(results)
                    for edge, i in doubtful:
                        mine = taken(results, i)
                        have = edge.grad
                        if have is None:
                            edge.grad = mine
                            leaves.append(edge)
                        else:
                            edge.grad = have + mine
                if undefined:
                    # A node may run without a gradient, and only the other loop knows when its turn is.
                    rest = dict.fromkeys(undefined)
                    for waiting in (*[entry[1] for entry in heap], next_):
                        if waiting is not None:
                            rest[waiting], waiting.grad = waiting.grad, None
                    run_general(list(rest.items()), keep, tensors, None, False, (leaves, shared, task))
                    break
            if next_ is not None:
                node = heappushpop(heap, (-next_.seq, next_))[1] if heap else next_
            elif heap:
                node = heappop(heap)[1]
            else:
                break
            grad = node.grad
            node.grad = None
    except BaseException as error:
        annotate(error, node)
        # Nothing may stay behind in the nodes: another backward would take it for its own.
        for waiting in (*leaves, *[entry[1] for entry in heap], next_, node, *node.edges()):
            if waiting is not None:
                waiting.grad = None
        raise
    finally:
        if task is not None:
            task.end()
    return leaves, task


# ---------------------------------------------------------------------------------------------- the general loop
def run_general(
    roots: list[tuple[Any, Any]], keep: bool, create_graph: bool, inputs: list[Any] | None, accumulate: bool,
    rest: tuple[list[Any], bool, Task | None] | None = None,
) -> Any:  # fmt: skip
    """Runs backward in full generality; see `run` for the arguments.

    The `rest` of what `run_fast` began has its leaves, whether their gradients may be shared with others, and its task;
    the gradients of its roots are not wrapped.
    """
    if len(tasks.stack) >= NESTED_IN_ONE_THREAD:
        return in_new_thread(run_general, roots, keep, create_graph, inputs, accumulate, rest)
    results: Any = None
    local = mode.local
    before = local.grad, local.unrecorded
    tangents = local.dual is not None and inputs is not None and not accumulate
    local.unrecorded = not create_graph and (tangents or mode.special.dispatcher is not None)
    create_graph = create_graph or local.unrecorded
    waiting, edges_of = discover([node for node, _ in roots])
    if inputs is not None:
        inputs = known_outputs(inputs, edges_of)
    useful: Any = None if inputs is None else leading_to(edges_of, set(inputs))
    captures: Any = () if inputs is None or accumulate else set(inputs)
    captured: dict[Any, Any] = {}
    grads: dict[Any, Any] = {}
    for node, grad in roots:
        have = grads.get(node)
        grad = grad if create_graph or grad is None or rest is not None else grad._data
        grads[node] = grad if have is None else have if grad is None else have + grad
    heap = [(-node.seq or -FIRST, i, node) for i, node in enumerate(grads) if not waiting[node]]
    heap.sort()
    order = len(heap)
    leaves, shared, begun = rest or (None, False, None)
    task = begun or Task(list(grads), keep, create_graph, useful, captures or None)
    task.begin()
    if create_graph:
        local.grad = not local.unrecorded
    try:
        while heap:
            node = heappop(heap)[2]
            if useful is not None and node not in useful:
                continue
            task.node = node
            edges = edges_of[node]
            if useful is not None and node in captures:
                runs = not useful.isdisjoint(edges)
                captured[node] = capture(node, grads.get(node), create_graph, runs)
                if not runs:
                    continue
            if not node.seq and isinstance(node, AccumulateGrad):
                grad = results = result = None
                if leaves is None:
                    run_leaf(node, [grads.pop(node, None)], create_graph)
                elif node in grads:
                    grad, have = grads.pop(node), node.grad
                    if have is None:
                        node.grad = grad if shared else grad.copy("K")
                        leaves.append(node)
                    else:
                        node.grad = have + grad
                continue
            grad = grads.pop(node, None)
            rule = node.rule
            if rule.arity == ONE and grad is not None and not node_watchers:
                function = rule.tensor if create_graph else rule.keep if keep else rule.run
                results = (function(node, grad),)
            else:
                results = step(node, grad, keep, create_graph)
            if create_graph and not keep:
                node.release()
            for edge, result in zip(edges, results, strict=False):
                if edge is None or (useful is not None and edge not in useful):
                    continue
                if result is not None:
                    have = grads.get(edge)
                    grads[edge] = result if have is None else have + result
                left = waiting[edge] = waiting[edge] - 1
                if not left:
                    order += 1
                    heappush(heap, (-edge.seq or -FIRST, order, edge))
    except Exception as error:
        annotate(error, task.node)
        raise
    finally:
        task.end()
        local.grad, local.unrecorded = before
    if begun is None:
        task.finish()
    return None if inputs is None else [captured.get(node) for node in inputs]
