"""``torch.autograd.graph``: the recorded graph for those who look at it."""

import abc
import contextlib
import functools
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple

from ..base import TensorBase, bump
from . import metadata, mode, saved, tasks
from .api import _engine_run_backward as _engine_run_backward
from .leaf import AccumulateGrad
from .mutation import allow_mutation_on_saved_tensors as allow_mutation_on_saved_tensors
from .node import Node as _Recorded
from .node import Output, function_of, output


class Node(abc.ABC):
    """What all nodes of the graph are and can do, for ``isinstance`` and annotations.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.html
    """

    @abc.abstractmethod
    def name(self) -> str:
        """The name of the operation whose derivative this is, such as ``"MulBackward0"``."""

    @property
    @abc.abstractmethod
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """For each input of the operation, the node that gets its gradient and which output of that node it was."""

    @abc.abstractmethod
    def metadata(self) -> dict[Any, Any]:
        """A dictionary for whoever looks at the graph."""

    @property
    @abc.abstractmethod
    def _input_metadata(self) -> list[Any]:
        """The shape, dtype and device of each output."""

    @abc.abstractmethod
    def _sequence_nr(self) -> int:
        """The node's number, which grows with every node made."""

    @abc.abstractmethod
    def _register_hook_dict(self, tensor: Any) -> None:
        """Adds all hooks of a dictionary of hooks."""

    @abc.abstractmethod
    def register_hook(self, fn: Callable[..., Any]) -> Any:
        """Calls ``fn(grad_inputs, grad_outputs)`` after the node has run; what it returns replaces the former."""

    @abc.abstractmethod
    def register_prehook(self, fn: Callable[..., Any]) -> Any:
        """Calls ``fn(grad_outputs)`` before the node runs; what it returns replaces them."""

    @classmethod
    def __subclasshook__(cls, subclass: type) -> Any:
        return True if cls is Node and issubclass(subclass, _Recorded) else NotImplemented


class _Edge(NamedTuple):
    node: Any
    output_nr: int
    ownership_token: Any = None


class GradientEdge(_Edge):
    """One output of a node, usable wherever a tensor can stand in `backward` and `grad`.

    Attributes:
        node: the operation's node.
        output_nr: which of its outputs is meant.
        ownership_token: None.
        kept: what the edge keeps alive: a leaf, which its node knows only weakly, or the node of one output of many.
    """

    kept: Any = None

    @property
    def internal_node(self) -> Any:
        """The node as edges lead to it."""
        if isinstance(self.kept, Output):
            return self.kept
        return output(self.node, self.output_nr) if self.node.outputs > 1 else self.node


def get_gradient_edge(tensor: Any) -> GradientEdge:
    """Where the gradient of a tensor goes.

    Raises:
        RuntimeError: the tensor does not require a gradient.
    """
    if not isinstance(tensor, TensorBase) or tensor._node is None:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    metadata.note(tensor)
    node, index = function_of(tensor._node)
    edge = GradientEdge(node, index)
    edge.kept = tensor._node if isinstance(tensor._node, Output) else tensor if type(node) is AccumulateGrad else None
    return edge


def increment_version(tensor: Any) -> None:
    """Counts an in-place change of one or several tensors that was made where it could not be seen.

    Raises:
        RuntimeError: `tensor` is no tensor and no iterable of them.
    """
    tensors = (tensor,) if isinstance(tensor, TensorBase) else tensor
    if not hasattr(tensors, "__iter__"):
        raise RuntimeError("increment_version expect a Iterable[Tensor] as input")
    for t in tensors:
        mode.refuse_inference(t)
        bump(t)


def set_warn_on_accumulate_grad_stream_mismatch(enabled: bool) -> None:
    """Does nothing: there are no streams."""


def set_override_stale_capture_stream(enabled: bool) -> None:
    """Does nothing: there are no streams."""


def region_activation_memory_budget(budget: float) -> Any:
    """Exists for programs that name it.

    Raises:
        RuntimeError: always: there is no ``torch.compile``.
    """
    raise RuntimeError(
        "torch.autograd.graph.region_activation_memory_budget can only be used inside a torch.compile region; it has "
        "no effect in eager mode."
    )


# ---------------------------------------------------------------------------------------------- saved tensors
class saved_tensors_hooks:
    """What nodes save while this context is in force goes through two functions; the innermost context counts.

    Args:
        pack_hook: gets each tensor that is saved; what it returns is kept instead.
        unpack_hook: gets what `pack_hook` returned, when it is needed, and returns a tensor of the same content.

    Source: https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.graph.saved_tensors_hooks
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        saved.push(self.pack_hook, self.unpack_hook)

    def __exit__(self, *exc: Any) -> None:
        saved.pop()


class save_on_cpu(saved_tensors_hooks):
    """What nodes save while this context is in force is kept on the CPU, where it is already.

    Args:
        pin_memory: whether to keep copies, as PyTorch does in memory pinned for a GPU.
        device_type: where the tensors come from.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(tensor: Any) -> tuple[Any, Any]:
            return tensor.device, tensor.detach().clone() if pin_memory else tensor.cpu()

        def unpack(packed: tuple[Any, Any]) -> Any:
            device, tensor = packed
            return tensor.to(device, non_blocking=pin_memory)

        super().__init__(pack, unpack)


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Generator[None, None, None]:
    """Refuses `saved_tensors_hooks` inside.

    Args:
        error_message: the text of the error.

    Raises:
        RuntimeError: hooks are in force already.
    """
    before = saved.refusal()
    saved.refuse(error_message)
    try:
        yield
    finally:
        if before is None:
            saved.allow()
        else:
            saved.refuse(before)


# ---------------------------------------------------------------------------------------------- hooks on groups
class _MultiHandle:
    """The handles of one hook on several tensors."""

    def __init__(self, handles: tuple[Any, ...]) -> None:
        self.handles = handles

    def remove(self) -> None:
        """Removes the hook from all tensors."""
        for handle in self.handles:
            handle.remove()

    def __getstate__(self) -> tuple[Any, ...]:
        return self.handles

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.handles = state


def register_multi_grad_hook(tensors: Sequence[Any], fn: Callable[..., Any], *, mode: str = "all") -> Any:
    """Calls `fn` once in each backward that computes gradients of a group of tensors.

    Args:
        tensors: the tensors, or gradient edges for ``mode="all"``.
        fn: gets the list of gradients once all have been computed that this backward computes, with None for the others
            (``mode="all"``), or the first gradient (``mode="any"``).
        mode: ``"all"`` or ``"any"``.

    Raises:
        ValueError: `mode` is neither.
        AssertionError: a tensor does not require a gradient.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    register = _for_all if mode == "all" else _for_any
    return _MultiHandle(register(tensors, fn))


def _for_all(tensors: Sequence[Any], fn: Callable[..., Any]) -> tuple[Any, ...]:
    nodes = [t._node if isinstance(t, TensorBase) else t.internal_node for t in tensors]
    if None in nodes:
        raise AssertionError("Expected gradient function to be set")
    lock = threading.Lock()
    # By the number of the backward: how many gradients are still to come, and those that came.
    running: dict[int, list[Any]] = {}

    def hook(grad: Any, i: int) -> None:
        task: Any = tasks.current()
        with lock:
            entry = running.get(task.id)
            if entry is None:
                entry = running[task.id] = [sum([task.will_run(node) for node in nodes]), [None] * len(nodes)]
            entry[0] -= 1
            entry[1][i] = grad
            done = not entry[0]
            if done:
                del running[task.id]
        if done:
            fn(entry[1])

    return tuple([t.register_hook(functools.partial(hook, i=i)) for i, t in enumerate(tensors)])


def _for_any(tensors: Sequence[Any], fn: Callable[..., Any]) -> tuple[Any, ...]:
    lock = threading.Lock()
    ran: set[int] = set()

    @functools.wraps(fn)
    def hook(grad: Any) -> None:
        task: Any = tasks.current()
        with lock:
            first = task.id not in ran
            ran.add(task.id)
        if first:
            fn(grad)

    return tuple([t.register_hook(hook) for t in tensors if t.requires_grad])


# ---------------------------------------------------------------------------------------------- the log
def __getattr__(name: str) -> Any:
    if name == "log":
        from .logs import log

        return log
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# Only a program that logs may want to read what backward runs.
if "logging" in sys.modules:
    from . import logs as logs
