"""The recorded graph: nodes, what they know, and how gradients of several outputs find their node.

A `Node` is made by an operation that ran on tensors requiring gradients. It knows

- its `rule`: the derivative, specialised for the inputs that need one (see ops/codegen.py),
- its edges `next0`, `next1` or `nexts`: the nodes that take the gradients of those inputs,
- `seq`: a number that grows with every node made. An operation's inputs exist before its result, so running nodes by
  falling `seq` is a topological order, and the engine needs no other,
- what the derivative needs, in slots named like the operation's arguments.

Every edge leads to the one output of a node. Operations with several outputs get an `Output` node for each, which
passes its gradient on to the operation's node, tagged by its position.
"""

import itertools
from collections.abc import Callable
from typing import Any, ClassVar

from .. import base
from . import mode
from .hooks import HOOKED, HookedRule, LeafHooks, RemovableHandle, add_hook

_numbers = itertools.count(1)
next_seq = _numbers.__next__

# Nodes that fail are run before all others that may be run.
FAILING = 1 << 62
_failing_numbers = itertools.count(FAILING)


def next_failing_seq() -> int:
    """The number of a node that fails, which must be one of the class `Fails`.

    While there are any, backward runs by the loop that waits for a node's whole gradient: their numbers are in no
    topological order.
    """
    LeafHooks.alive.append(None)
    return next(_failing_numbers)


class Fails:
    """What nodes that fail have in common."""

    __slots__ = ()
    alive: ClassVar[list[None]] = LeafHooks.alive

    def __del__(self) -> None:
        self.alive.pop()


def next_sequence_number() -> int:
    """The number that the next node will get."""
    return int(repr(_numbers)[len("count(") : -1])


# How many inputs of a rule need a gradient: none (a leaf), one, two, or a tuple of them; or hooks wrap the rule.
LEAF, ONE, TWO, MANY = 0, 1, 2, 3


class Rule:
    """How a node turns the gradient of its output into those of its inputs.

    Attributes:
        name: the operation's name, for messages.
        arity: `ONE`, `TWO` or `MANY`: in which edges the gradients go.
        run: `run(node, grad)` on arrays; frees what the node saved.
        keep: the same, keeping it (``retain_graph=True``).
        tensor: the same on Tensors (``create_graph=True``), so that the derivative is itself recorded.
        positions: which of the operation's inputs the edges stand for.
        inputs: how many inputs the operation has.
        user: whether it is written by a user.
        variant: what the rule of a declared operation is specialised for (see ops/formulas.py), else None.
        fresh: for each edge, whether its gradient is an array that nobody else holds, if it has memory of its own
            (a view of what others hold never is).
    """

    __slots__ = ("arity", "fresh", "inputs", "keep", "name", "positions", "run", "tensor", "user", "variant")

    def __init__(
        self,
        name: str,
        arity: int,
        run: Callable[..., Any],
        keep: Callable[..., Any],
        tensor: Callable[..., Any],
        positions: tuple[int, ...] = (),
        inputs: int = 0,
        fresh: tuple[bool, ...] = (),
        user: bool = False,
    ):
        self.name = name
        self.arity = arity
        self.run = run
        self.keep = keep
        self.tensor = tensor
        self.positions = positions
        self.inputs = inputs
        self.fresh = fresh
        self.user = user
        self.variant: Any = None


class Freed:
    """What stands in a node's slots after backward has freed them: any use of it is the error to raise."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(
            "Trying to backward through the graph a second time (or directly access saved tensors after they have "
            "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
            "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if "
            "you need to access saved tensors after calling backward."
        )

    def __getitem__(self, index: Any) -> Any:
        return self.used

    def __iter__(self) -> Any:
        return self.used

    def __bool__(self) -> bool:
        return bool(self.used)

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> Any:
        return self.used


FREED: Any = Freed()


def not_made_by_hand(node: Any, *args: Any) -> None:
    """Stands for ``__init__`` of nodes' classes.

    Raises:
        TypeError: always.
    """
    raise TypeError(f"cannot create '{type(node).__name__}' instances")


class Node:
    """One recorded operation, as ``tensor.grad_fn`` shows it."""

    __slots__ = ("__weakref__", "extra", "grad", "next0", "rule", "seq")
    rule: Any
    seq: int
    grad: Any
    next0: Any
    # Subclasses with two edges have a slot for the second, those with more one for a tuple of all.
    next1: Any
    nexts: Any
    version: int
    extra: Any
    # Names of the slots that hold tensors, and for each how it was saved ("input" or "result").
    saved: ClassVar[dict[str, str]] = {}
    operation: ClassVar[Any] = None
    output_count: int
    # The node classes that carry hooks and metadata of their own need nothing here.

    # Before the name of those node classes that PyTorch writes with their namespace.
    namespace = ""

    def name(self) -> str:
        """The name of the node's class, such as ``"MulBackward0"``."""
        return self.namespace + type(self).__name__

    def edges(self) -> tuple[Any, ...]:
        """The nodes that take this node's gradients, in the order of its rule's results."""
        arity = self.rule.arity
        if arity == HOOKED:
            arity = self.rule.original.arity
        if arity == ONE:
            return (self.next0,)
        if arity == TWO:
            return (self.next0, self.next1)
        return self.nexts if arity == MANY else ()

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """For each input of the operation, the node that gets its gradient and which output of that node it was."""
        rule = self.rule.original if self.rule.arity == HOOKED else self.rule
        found: list[tuple[Any, int]] = [(None, 0)] * (rule.inputs or len(self.edges()))
        for position, edge in zip(rule.positions or range(len(found)), self.edges(), strict=False):
            found[position] = function_of(edge)
        return tuple(found)

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dictionary for whoever looks at the graph."""
        return rare(self).metadata

    def _sequence_nr(self) -> int:
        return self.seq if self.seq < FAILING else (1 << 64) - 1

    def _set_sequence_nr(self, number: int) -> None:
        self.seq = number
        # From now on the order of numbers is no topological one, which the quick loop of the engine relies on.
        LeafHooks.alive.append(None)

    def _register_hook_dict(self, hooks: Any) -> None:
        """Adds all hooks of a dictionary of hooks on the output tensor."""
        hooked(self).hooks_on(0).update(hooks)

    def register_hook(self, hook: Callable[..., Any]) -> "RemovableHandle":
        """Calls ``hook(grad_inputs, grad_outputs)`` after the node has run; what it returns replaces the former."""
        return add_hook(hooked(self).post, hook)

    def register_prehook(self, hook: Callable[..., Any]) -> "RemovableHandle":
        """Calls ``hook(grad_outputs)`` before the node runs; what it returns replaces them."""
        return add_hook(hooked(self).pre, hook)

    def __call__(self, *grads: Any, **named: Any) -> Any:
        """Applies the node's derivative to gradients of its outputs, as Tensors.

        Returns:
            The gradient of the operation's only input; otherwise one for each input, None for those that need none.

        Raises:
            TypeError: there is not one Tensor (or None) for each output.
        """
        if named:
            raise TypeError("keyword arguments are not supported")
        count = self.outputs
        if len(grads) != count:
            raise TypeError(f"expected {count} arguments, got {len(grads)} instead")
        for i, g in enumerate(grads):
            if g is not None and not isinstance(g, base.TensorBase):
                raise TypeError(f"argument {i} is not a Variable")
        results: Any = (None,) * len(self.edges())
        if any(g is not None for g in grads):
            results = derive(self, grads[0] if count == 1 else Outputs(dict(enumerate(grads))), "tensor")
        rule = self.rule.original if self.rule.arity == HOOKED else self.rule
        if rule.arity == ONE:
            results = results if isinstance(results, tuple) else (results,)
            if rule.inputs > 1:
                results = tuple([results[0] if i in rule.positions else None for i in range(rule.inputs)])
        elif rule.inputs > len(results):
            by_position = dict(zip(rule.positions, results, strict=False))
            results = tuple([by_position.get(i) for i in range(rule.inputs)])
        return results[0] if len(results) == 1 else results

    @property
    def outputs(self) -> int:
        """How many outputs the operation had, up to the last one that has a gradient."""
        operation = self.operation
        if operation is None:
            return 1
        if operation.several:
            return self.output_count
        return max([operation.outputs.index(name) + 1 for name in operation.differentiable], default=1)

    @property
    def requires_grad(self) -> bool:
        """True: what is recorded needs a gradient."""
        return True

    @property
    def _input_metadata(self) -> tuple[Any, ...]:
        """The shape, dtype and device of each output, as far as they are known."""
        from .metadata import metadata_of

        return metadata_of(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self):#x}>"

    def __getattr__(self, name: str) -> Any:
        if name == "extra":
            return None
        if name.startswith("_saved_"):
            from .saved import saved_value

            return saved_value(self, name[7:])
        if name.startswith("_raw_saved_"):
            from .saved import raw_value

            return raw_value(self, name[11:])
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(f"cannot pickle '{type(self).__name__}' object")

    def __dir__(self) -> list[str]:
        from ..ops.saved_names import names_shown, raw_name

        found = [name for name in object.__dir__(self) if name != "saved"]
        raw = (f"_raw_saved_{raw_name(self, n)}" for n in self.saved)
        return [*found, *raw, *(f"_saved_{name}" for name in names_shown(self))]

    # ------------------------------------------------------------------------------------------ what is saved
    def slot_of(self, name: str) -> str | None:
        """The slot that holds what PyTorch calls `name`, or None."""
        name = "input" if name == "self" else name.replace("self_sym_sizes", "input_sym_sizes")
        slots = getattr(type(self), "__slots__", ())
        for slot in (name, name.replace("_sym_sizes", "_shape")):
            if slot in slots and (slot in self.saved or slot not in Node.__annotations__):
                return slot
        return None

    def result_of(self, slot: str) -> Any:
        """A saved output, or what else was computed with it, as a Tensor."""
        outputs = self.operation.differentiable
        if slot in outputs:
            return result_tensor(self, slot, self.operation.outputs.index(slot) if len(outputs) > 1 else None)
        return base.wrap(getattr(self, slot))

    def held(self, slot: str, index: int | None) -> Any:
        """What stands in a slot, or at one place of the list there."""
        value: Any = getattr(self, slot, None)
        return value if index is None or value is FREED else value[index]

    def hold(self, slot: str, index: int | None, value: Any) -> None:
        """Puts `value` in a slot, or at one place of the list there."""
        if index is not None:
            whole = list(getattr(self, slot))
            whole[index] = value
            value = whole
        setattr(self, slot, value)
        hooked(self).packed = True

    def pack(self, make: Callable[[Any, Any], Any]) -> None:
        """Puts ``make(tensor, node)`` in the place of each saved tensor."""
        found = False
        for slot, how in self.saved.items():
            value = getattr(self, slot, None)
            if how == "result" and value is not None:
                place = None
                if slot in self.operation.differentiable:
                    place = -1 if len(self.operation.differentiable) == 1 else self.operation.outputs.index(slot)
                setattr(self, slot, make(self.result_of(slot), place))
            elif isinstance(value, base.TensorBase):
                setattr(self, slot, make(value, value._node))
            elif isinstance(value, (list, tuple)):
                setattr(self, slot, [None if t is None else make(t, t._node) for t in value])
            else:
                continue
            found = True
        if found:
            hooked(self).packed = True

    def release(self) -> None:
        """Frees what is saved."""
        for slot in self.saved:
            if getattr(self, slot, None) is not None:
                setattr(self, slot, FREED)
        rule = self.rule
        if rule.arity == HOOKED:
            rule.packed = False


class Twin:
    """What the `extra` of a node says that was made for one run of another's rule: see saved.py."""

    __slots__ = ("of",)

    def __init__(self, of: Node):
        self.of = of


def derive(node: Any, grad: Any, which: str) -> Any:
    """Runs a node's derivative, without its hooks.

    Args:
        node: the node.
        grad: the gradient of its output, or `Outputs`.
        which: ``"run"``, ``"keep"`` or ``"tensor"``: see `Rule`.
    """
    rule = node.rule
    if rule.arity != HOOKED:
        return getattr(rule, which)(node, grad)
    if not rule.packed:
        return getattr(rule.original, which)(node, grad)
    from .saved import unpacked

    twin = unpacked(node)
    try:
        results = getattr(rule.original, which)(twin, grad)
    except ValueError:
        if which == "tensor" or rule.original.user:
            raise
        # A hook has given back something that does not fit, which Tensors say in PyTorch's words.
        rule.original.tensor(unpacked(node), base.wrap(grad))
        raise
    if which == "run":
        node.release()
    return results


def result_tensor(node: Node, slot: str = "result", index: int | None = None) -> Any:
    """The saved output of `node` as a Tensor that has the node as its `grad_fn`.

    Args:
        node: the node.
        slot: the name of the output.
        index: the output's position where the node has several, else None.
    """
    array, version = getattr(node, slot), getattr(node, slot + "_version")
    if type(node.extra) is Twin:
        node = node.extra.of
    edge = node if index is None else output(node, index)
    if isinstance(array, base.TensorBase):
        t: Any = array.detach()  # type: ignore[attr-defined]
        t._node = edge
        return t
    t = base.wrap(array, edge)
    t._versions = version
    if mode.local.dual is not None:
        mode.local.dual.attach_saved(t)
    return t


def saved_tensor(value: Any) -> Any:
    """What was saved with the results as a Tensor, if it is an array."""
    return value if value is None or isinstance(value, base.TensorBase) else base.wrap(value)


class Rare:
    """What few nodes need: made when first asked for.

    Attributes:
        metadata: the user's own notes.
        outputs: what is known of the outputs: see metadata.py.
        origin: where the node was made, or None: see origins.py.
    """

    __slots__ = ("metadata", "origin", "outputs")

    def __init__(self) -> None:
        self.metadata: dict[Any, Any] = {}
        self.outputs: dict[int, Any] = {}
        self.origin: Any = None


def rare(node: Node) -> Rare:
    """The `Rare` part of a node."""
    extra = node.extra
    if extra is None:
        extra = node.extra = Rare()
    return extra


# ---------------------------------------------------------------------------------------------- several outputs
class Outputs:
    """Gradients of a node with several outputs, by position; sums like a gradient."""

    __slots__ = ("by_index",)

    def __init__(self, by_index: dict[int, Any]):
        self.by_index = by_index

    def __add__(self, other: "Outputs") -> "Outputs":
        total = dict(self.by_index)
        for i, g in other.by_index.items():
            have = total.get(i)
            total[i] = g if have is None else have if g is None else have + g
        return Outputs(total)

    def get(self, i: int) -> Any:
        """The gradient of output `i`, or None."""
        return self.by_index.get(i)


class Output(Node):
    """One output of a node that has several; `next0` is that node."""

    __slots__ = ("index",)
    index: int


def _tag(node: Any, grad: Any) -> Outputs:
    return Outputs({node.index: grad})


OUTPUT = Rule("output", ONE, _tag, _tag, _tag, (0,), 1, (False,))
_new = object.__new__


def output(node: Node, index: int) -> Output:
    """The node that stands for output `index` of `node`."""
    n = _new(Output)
    n.rule = OUTPUT
    n.seq = next_seq()
    n.grad = None
    n.next0 = node
    n.index = index
    return n


def function_of(node: Any) -> tuple[Any, int]:
    """A node as users see it: the operation's node, and which of its outputs is meant."""
    return (node.next0, node.index) if type(node) is Output else (node, 0)


def hooked(node: Node) -> HookedRule:
    """The `HookedRule` of a node, put in place on first use."""
    rule = node.rule
    if rule.arity != HOOKED:
        rule = node.rule = HookedRule(rule)
    return rule
