"""``torch.autograd.graph``: the recorded graph for those who look at it."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..base import TensorBase, bump
from .hooks import LeafHooks
from .node import AccumulateGrad, Output, function_of
from .node import Node as Node


class GradientEdge(NamedTuple):
    """One output of a node, usable wherever a tensor can stand in `backward` and `grad`.

    Attributes:
        node: the operation's node.
        output_nr: which of its outputs is meant.
        ownership_token: keeps alive what the edge needs.
    """

    node: Any
    output_nr: int
    ownership_token: Any = None

    @property
    def internal_node(self) -> Any:
        """The node as edges lead to it."""
        return self.ownership_token if isinstance(self.ownership_token, Output) else self.node


def get_gradient_edge(tensor: Any) -> GradientEdge:
    """Where the gradient of a tensor goes.

    Raises:
        RuntimeError: the tensor does not require a gradient.
    """
    if not isinstance(tensor, TensorBase) or tensor._node is None:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    node, index = function_of(tensor._node)
    token = tensor._node if isinstance(tensor._node, Output) else tensor if type(node) is AccumulateGrad else None
    return GradientEdge(node, index, token)


def increment_version(tensor: Any) -> None:
    """Counts an in-place change of one or several tensors that was made where it could not be seen."""
    for t in (tensor,) if isinstance(tensor, TensorBase) else tensor:
        bump(t)


class _MultiHandle(tuple[Any, ...]):
    """The handles of one hook on several tensors."""

    def remove(self) -> None:
        """Removes the hook from all tensors."""
        for handle in self:
            handle.remove()

    def __enter__(self) -> "_MultiHandle":
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()


def register_multi_grad_hook(tensors: Sequence[Any], fn: Callable[..., Any], *, mode: str = "all") -> Any:
    """Calls `fn` once for a group of tensors.

    Args:
        tensors: the tensors; those that do not require a gradient count as None.
        fn: gets the list of gradients (``mode="all"``), or the first gradient (``mode="any"``).
        mode: ``"all"`` or ``"any"``.

    Raises:
        ValueError: `mode` is neither.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    from . import engine

    counts: dict[Any, list[Any]] = {}

    def expected(task: Any) -> int:
        return sum(t._node in task.nodes for t in tensors if t._node is not None)

    def hook_for(i: int) -> Callable[[Any], None]:
        def hook(grad: Any) -> None:
            task = engine.tasks.stack[-1] if engine.tasks.stack else None
            entry = counts.get(task)
            if entry is None:
                entry = counts[task] = [0, [None] * len(tensors)]
            entry[0] += 1
            entry[1][i] = grad
            if mode == "any":
                if entry[0] == 1:
                    fn(grad)
                if entry[0] == expected(task):
                    del counts[task]
            elif entry[0] == expected(task):
                del counts[task]
                fn(entry[1])

        return hook

    handle = _MultiHandle([t.register_hook(hook_for(i)) for i, t in enumerate(tensors) if t._node is not None])
    # How many of the tensors a backward will reach is known to the general loop only, which this asks for.
    counts[None] = [LeafHooks()]
    return handle
