"""The backwards that are running in this thread, and the questions that hooks and debugging tools ask about them."""

import contextvars
import itertools
import threading
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any

from . import mode
from .node import Node, function_of
from .paths import discover
from .steps import recording

_next_id = itertools.count().__next__


class Task:
    """One call of backward, as those who ask the running engine see it.

    Attributes:
        id: its number.
        roots: the nodes where it began.
        keep: whether what nodes saved is kept.
        records: whether the derivatives themselves are recorded.
        captures: the nodes whose gradients are handed out, or None where gradients are accumulated.
        useful: the nodes that lead to what is asked for, or None if all do and only leaves are asked for.
        selective: whether only some gradients are asked for.
        node: the node that is running.
        callbacks: functions to call when this backward is done.
        saving: the hooks on saved tensors in force when it began.
    """

    __slots__ = (
        "callbacks", "captures", "graph", "id", "keep", "node", "records", "roots", "saving", "selective", "useful",
    )  # fmt: skip

    def __init__(
        self, roots: list[Any], keep: bool, records: bool, useful: Any = None, captures: Any = None,
        selective: bool = False,
    ):  # fmt: skip
        self.records = records
        self.id = _next_id()
        self.roots = roots
        self.keep = keep
        self.useful = useful
        self.captures = captures
        self.selective = selective or useful is not None
        self.node: Any = None
        self.callbacks: list[Callable[[], None]] = []
        self.graph: Any = None
        self.saving = mode.local.saving

    def begin(self) -> None:
        """From here on, this is the innermost backward."""
        tasks.stack.append(self)

    def end(self) -> None:
        """It no longer is; what user code in it has left in force is not."""
        tasks.stack.pop()
        if mode.local.saving is not self.saving:
            mode.set_saving(self.saving)

    def will_run(self, node: Any) -> bool:
        """Whether the node is part of this backward and not left out for leading nowhere.

        Raises:
            RuntimeError: the node is a leaf's, whose gradient is handed out.
        """
        if self.graph is None:
            self.graph = discover(self.roots)[0]
        if node not in self.graph:
            return False
        captured = self.captures is not None and (self.useful is None or any(_shown(c) is node for c in self.captures))
        if captured and not node.seq:
            raise RuntimeError(
                "A leaf node was passed to _will_engine_execute_node but we are currently running autograd.grad(). "
                "This is currently not supported."
            )
        return captured or self.useful is None or node in self.useful

    def finish(self) -> None:
        """Calls what was queued, and what that queues."""
        if self.callbacks:
            self.node = None
            self.begin()
            try:
                with recording(self.records):
                    for callback in self.callbacks:
                        callback()
            finally:
                self.end()


class _Tasks(threading.local):
    stack: list[Task]

    def __init__(self) -> None:
        self.stack = []


tasks = _Tasks()


def current() -> Task | None:
    """The innermost backward that is running in this thread."""
    stack = tasks.stack
    return stack[-1] if stack else None


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


# Leaves run first: nothing waits for them, and hooks on them are expected as soon as their gradient is complete.
FIRST = 1 << 62


# ---------------------------------------------------------------------------------------------- questions
def current_node() -> Any:
    """The node that is running in this thread, or None."""
    task = current()
    return None if task is None else _shown(task.node)


def current_id() -> int:
    """The number of the backward that is running in this thread; -1 if there is none."""
    task = current()
    return -1 if task is None else task.id


def keeps_graph() -> bool:
    """Whether the backward that is running in this thread keeps what nodes saved; True if there is none."""
    task = current()
    return True if task is None else task.keep


def graph_exec_group() -> Any:
    """The `GraphExecGroup` in force in this thread, or None."""
    return mode.local.checkpoint_group


def set_graph_exec_group(group: Any) -> None:
    """Puts a `GraphExecGroup` in force, or None."""
    mode.local.checkpoint_group = group


def execution_order() -> list[Any]:
    """The nodes of the backward that is running in this thread, in the order in which they run.

    Raises:
        RuntimeError: no backward is running, or it may use several threads.
    """
    task = current()
    if task is None:
        raise RuntimeError("_current_graph_task_execution_order should only be called during the backward pass")
    if mode.local.multithreading:
        raise RuntimeError(
            "get_current_graph_task_execution_order expects the current backward to be executed with multithreading "
            "disabled, e.g. by running:\n\n>>> with torch.autograd.set_multithreading_enabled(False):\n"
            "...     torch.autograd.grad(...)\n"
        )
    waiting, edges_of = discover(task.roots)
    heap = [(-node.seq or -FIRST, i, node) for i, node in enumerate(waiting) if not waiting[node]]
    heapify(heap)
    order = len(heap)
    captured = {_shown(node): node for node in task.captures or ()}
    found: list[Any] = []
    while heap:
        node = heappop(heap)[2]
        # The node of one output among several is no node of its own to users.
        shown = _shown(node)
        if (shown is node or shown in captured) and (task.useful is None or node in task.useful):
            found.append(shown)
        for edge in edges_of[node]:
            if edge is not None:
                waiting[edge] -= 1
                if not waiting[edge]:
                    order += 1
                    heappush(heap, (-edge.seq or -FIRST, order, edge))
    return found


def will_execute(node: Any) -> bool:
    """Whether the backward that is running in this thread runs a node.

    Raises:
        RuntimeError: no backward is running, or `node` is none.
    """
    if not isinstance(node, Node):
        raise RuntimeError(f"_will_engine_execute_node expects an grad_fn, but got {type(node).__name__}")
    task = current()
    if task is None:
        raise RuntimeError("_get_should_execute_nodes should only be called during the backward pass")
    return task.will_run(node)


def queue_callback(callback: Callable[[], None]) -> None:
    """Calls a function at the end of the backward that is running in this thread.

    Raises:
        RuntimeError: no backward is running.
    """
    task = current()
    if task is None:
        raise RuntimeError("Final callbacks can only be installed during backward pass.")
    task.callbacks.append(callback)


class ImperativeEngine:
    """The engine as an object: ``torch.autograd.Variable._execution_engine``."""

    queue_callback = staticmethod(queue_callback)

    @staticmethod
    def is_checkpoint_valid() -> bool:
        """Whether the backward that is running in this thread is one that re-entrant checkpoints work in."""
        return not any(task.selective for task in tasks.stack)


def _shown(node: Any) -> Any:
    """The node as users see it."""
    return function_of(node)[0]
