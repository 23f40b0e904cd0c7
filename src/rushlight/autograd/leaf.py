"""The ends of the graph: the nodes of leaves, which own their gradients."""

import weakref
from collections.abc import Callable
from typing import Any

from .. import base
from . import mode
from .hooks import HookDict, LeafHooks, RemovableHandle, add_hook
from .node import LEAF, Node, Rule, function_of, hooked


def _no_rule(node: Any, grad: Any) -> Any:
    raise AssertionError("a leaf has no derivative")


LEAF_RULE = Rule("AccumulateGrad", LEAF, _no_rule, _no_rule, _no_rule)


class AccumulateGrad(Node):
    """The end of the graph at a leaf: owns the leaf's ``.grad`` and knows the leaf only weakly.

    Attributes:
        total: the accumulated gradient: None, an array, or a Tensor once somebody has looked at it.
        hooks: None or `LeafHooks`.
    """

    __slots__ = ("array", "hooks", "total", "variable_ref")
    namespace = "torch::autograd::"

    def __init__(self, variable: Any = None):
        if variable is None:
            raise RuntimeError("Cannot construct")
        self.rule = LEAF_RULE
        self.seq = 0
        self.grad = None
        self.total: Any = None
        self.hooks: LeafHooks | None = None
        self.variable_ref = weakref.ref(variable)
        self.array = variable._data

    @property
    def variable(self) -> Any:
        """The leaf tensor."""
        variable = self.variable_ref()
        if variable is None:
            variable = base.wrap(self.array, self)
            self.variable_ref = weakref.ref(variable)
        return variable

    def edges(self) -> tuple[Any, ...]:
        """None: a leaf is an end."""
        return ()

    def _sequence_nr(self) -> int:
        return 2**64 - 1

    def __call__(self, *grads: Any) -> Any:
        """Adds a gradient, a Tensor, to the leaf's."""
        from .steps import run_leaf

        if len(grads) != 1 or not isinstance(grads[0], base.TensorBase):
            return super().__call__(*grads)
        run_leaf(self, [grads[0] if mode.local.grad else grads[0]._data], mode.local.grad)
        return ()

    def register_hook(self, hook: Callable[..., Any]) -> "RemovableHandle":
        """Calls ``hook((), grad_outputs)`` after the gradient was accumulated."""
        return add_hook(leaf_hooks(self).post, hook)

    def register_prehook(self, hook: Callable[..., Any]) -> "RemovableHandle":
        """Calls ``hook(grad_outputs)`` before the gradient is accumulated; what it returns replaces them."""
        return add_hook(leaf_hooks(self).pre, hook)


class FormerLeaf(AccumulateGrad):
    """The node that a leaf had before it was given other memory: its gradients still go to the leaf."""

    __slots__ = ()

    @property
    def total(self) -> Any:  # type: ignore[override]
        """The gradient accumulated in the leaf's present node."""
        return self.variable._node.total

    @total.setter
    def total(self, value: Any) -> None:
        self.variable._node.total = value


class MovedLeaf(AccumulateGrad):
    """The node that a leaf had which has a history by now: a view whose base was changed in place and recorded."""

    __slots__ = ()

    @property
    def total(self) -> Any:  # type: ignore[override]
        """Nothing: no gradient can be accumulated.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("leaf variable has been moved into the graph interior")


def replace_leaf(variable: Any) -> None:
    """Gives a leaf a new node, with the gradient and the hooks of the former."""
    former = variable._node
    node = variable._node = AccumulateGrad(variable)
    node.total, node.hooks = former.total, former.hooks
    former.total = None
    former.__class__ = FormerLeaf


# ---------------------------------------------------------------------------------------------- hooks
def leaf_hooks(node: AccumulateGrad) -> LeafHooks:
    """The hooks of a leaf's node, made on first use."""
    if node.hooks is None:
        node.hooks = LeafHooks()
    return node.hooks


def set_tensor_hooks(node: Any, hooks: Any) -> None:
    """Lets the hooks on the tensor that a node stands for be those of a dictionary."""
    if isinstance(node, AccumulateGrad):
        leaf_hooks(node).tensor = hooks
    else:
        function, index = function_of(node)
        hooked(function).tensors[index] = hooks


def tensor_hooks(node: Any) -> HookDict:
    """The hooks on the tensor that a node stands for, made on first use."""
    if isinstance(node, AccumulateGrad):
        return leaf_hooks(node).tensor
    function, index = function_of(node)
    return hooked(function).hooks_on(index)
