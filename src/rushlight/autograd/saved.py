"""What nodes save, as users see and replace it: handles on saved tensors, and the hooks that pack and unpack them.

A node holds what its derivative needs in plain slots. Where hooks are in force when it is made, or are registered on a
handle later, a slot holds a `Packed` instead, and the node's rule a note of that (`HookedRule.packed`): to run, a
*twin* of the node is made in whose slots the tensors are back. Nodes without hooks know nothing of all this.
"""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .. import base
from ..kernels.layout import Absent
from ..ops.saved_names import form_of, raw_slot
from . import mode
from .leaf import LEAF_RULE
from .node import FREED, Node, Twin, output
from .versions import modification, modified


class Packed:
    """A saved tensor that a pair of hooks keeps.

    Attributes:
        value: what the first hook made of the tensor.
        unpack_hook: the second hook.
        node: where the tensor's gradient goes, or None; for an output of the saving node, its position or -1.
        version: how often the tensor had been changed in place.
    """

    __slots__ = ("node", "unpack_hook", "value", "version")

    def __init__(self, tensor: Any, pack: Callable[..., Any], unpack: Callable[..., Any], node: Any):
        self.unpack_hook = unpack
        self.node = node
        self.version = tensor._versions[0]
        local = mode.local
        before, local.grad = local.grad, False
        mode.enter()
        try:
            self.value = pack(tensor)
        finally:
            local.grad = before
            mode.leave()
        if tensor._versions[0] != self.version:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook "
                "cannot be modified by in-place operations as this can lead to unexpected side-effects. Please open an "
                "issue if you need to perform in-place operations on the input to a pack hook."
            )

    def unpack(self, holder: Any) -> Any:
        """The tensor again, in its former place in the graph.

        Args:
            holder: the node that saved it.

        Raises:
            TypeError: the hook returned something else.
        """
        found = self.unpack_hook(self.value)
        if not isinstance(found, base.TensorBase):
            kind = type(found).__name__
            raise TypeError(f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {kind}")
        node = self.node
        if type(node) is int:
            node = holder if node < 0 else output(holder, node)
        if node is None and found._node is None:
            return found
        if type(found._data) is Absent:
            found = found.detach()  # type: ignore[attr-defined]
            found._node = node
            return found
        return base.wrap(found._data, node)


# ---------------------------------------------------------------------------------------------- hooks in force
class Hooks(NamedTuple):
    """A pair of hooks: `pack` gets a tensor that is saved, `unpack` what that made of it."""

    pack: Callable[..., Any]
    unpack: Callable[..., Any]

    def keep_for(self, node: Node) -> None:
        """Keeps what a new node saved."""
        node.pack(lambda tensor, place: Packed(tensor, self.pack, self.unpack, place))


def push(pack: Callable[..., Any], unpack: Callable[..., Any]) -> None:
    """From here on, what nodes made in this thread save goes through these hooks.

    Raises:
        RuntimeError: hooks are disabled.
        TypeError: a hook is no function.
    """
    if not (callable(pack) and callable(unpack)):
        raise TypeError(_arguments("_push_saved_tensors_default_hooks", "", f"{pack!r}, {unpack!r}"))
    local = mode.local
    if local.saving_refused is not None:
        raise RuntimeError(local.saving_refused)
    mode.set_saving((*local.saving, Hooks(pack, unpack)))


def pop() -> None:
    """Ends what the last `push` began.

    Raises:
        RuntimeError: there is no such thing.
    """
    if not mode.local.saving:
        raise RuntimeError("is_initialized && !tls.stack.empty() INTERNAL ASSERT FAILED")
    mode.set_saving(mode.local.saving[:-1])


def top(ignore_is_tracing: bool = False) -> Any:
    """The hooks in force, or None."""
    saving = mode.local.saving
    return (saving[-1].pack, saving[-1].unpack) if saving else None


def refuse(message: str, fail_if_non_empty: bool = True) -> None:
    """From here on, `push` raises an error with this message.

    Raises:
        RuntimeError: hooks are in force already.
    """
    if fail_if_non_empty and mode.local.saving:
        raise RuntimeError(message)
    mode.local.saving_refused = message


def allow() -> None:
    """Ends what `refuse` began."""
    mode.local.saving_refused = None


def refusal() -> str | None:
    """The message given to `refuse`, or None."""
    return mode.local.saving_refused


def allowed() -> bool:
    """Whether `push` is possible."""
    return mode.local.saving_refused is None


# ---------------------------------------------------------------------------------------------- running
def unpacked(node: Node) -> Node:
    """A twin of a node that has its saved tensors back, for its rule to run on."""
    kind = type(node)
    twin = object.__new__(kind)
    for slot in {slot for c in kind.__mro__ for slot in getattr(c, "__slots__", ()) if slot != "__weakref__"}:
        value = getattr(node, slot, mode)
        if value is not mode:
            setattr(twin, slot, value)
    twin.extra = Twin(node)
    for slot, how in node.saved.items():
        value = getattr(node, slot, None)
        if type(value) is Packed:
            counts = how == "input" or hasattr(node, slot + "_version")
            found = _back(twin, value, node, counts)
            if how == "result":
                if counts:
                    setattr(twin, slot + "_version", found._versions)
                if type(found._data) is not Absent:
                    found = found._data
            setattr(twin, slot, found)
        elif type(value) is list or type(value) is tuple:
            setattr(twin, slot, [_back(twin, v, node, True) if type(v) is Packed else v for v in value])
    return twin


def _back(twin: Any, packed: Packed, node: Node, counts: bool) -> Any:
    """A packed tensor unpacked; where its version `counts`, the rule shall find the one it expects."""
    found = packed.unpack(node)
    if counts:
        twin.version += found._versions[0] - packed.version
    return found


# ---------------------------------------------------------------------------------------------- handles
def saved_value(node: Node, name: str) -> Any:
    """What `node` saved under PyTorch's name for it (``self``, ``other``, ``result``, ``dim``, ...).

    Raises:
        AttributeError: it saves nothing of that name.
        RuntimeError: backward has freed it.
    """
    slot, form = node.slot_of(name), form_of(node, name)
    if slot is None and form is None:
        raise AttributeError(f"'{type(node).__name__}' object has no attribute '_saved_{name}'")
    value = getattr(node, slot, None) if slot else None
    if value is FREED:
        return value.used
    if form is not None:
        value = form(node)
    if slot not in node.saved:
        return _constant(name, value) if form is None or type(value) is tuple else value
    if isinstance(value, (list, tuple)):
        return tuple([_shown(node, slot, v) for v in value])
    return _shown(node, slot, value)


# Arguments that PyTorch shows as C++'s unsigned numbers: one counted from the end is large.
_UNSIGNED = {
    "dim", "dim0", "dim1", "dim2", "dims", "index", "diagonal", "ignore_index", "padding_idx", "offset", "k", "padding",
}  # fmt: skip


def _constant(name: str, value: Any) -> Any:
    """An argument that is no tensor, as a node shows it."""
    if isinstance(value, base.TensorBase):
        return value.item()  # type: ignore[attr-defined]
    return _unsigned(value) if name in _UNSIGNED else value


def _unsigned(value: Any) -> Any:
    """An integer, or each of several, as C++ shows it where it has no sign."""
    if type(value) is tuple:
        return tuple([_unsigned(v) for v in value])
    return value + 2**64 if type(value) is int and value < 0 else value


def _shown(node: Node, slot: str, value: Any) -> Any:
    if value is FREED:
        return value.used
    if type(value) is Packed:
        return value.unpack(node)
    stale = modification(node) if value is not None and hasattr(node, "version") else None
    if stale is not None and stale[0] is (getattr(node, slot + "_version", None) or value._versions):
        raise modified(node)
    if isinstance(value, np.ndarray):
        return node.result_of(slot) if node.saved[slot] == "result" else base.wrap(value)
    return value


def raw_value(node: Node, name: str) -> Any:
    """Handles on what `node` saved under PyTorch's name for it.

    Raises:
        AttributeError: it saves no tensor of that name.
    """
    slot = node.slot_of(name) or raw_slot(node, name)
    if slot not in node.saved:
        raise AttributeError(f"'{type(node).__name__}' object has no attribute '_raw_saved_{name}'")
    value = getattr(node, slot, None)
    if not isinstance(value, (list, tuple)):
        return SavedTensor(node, slot)
    form = form_of(node, name)
    if form is None:
        return tuple([SavedTensor(node, slot, i) for i in range(len(value))])
    places = iter(range(len(value)))
    return tuple([SavedTensor(node, slot, None if v is None else next(places)) for v in form(node)])


class SavedTensor:
    """A handle on one saved tensor, through which it can be read, and hooks be given that keep it."""

    __slots__ = ("_index", "_node", "_slot")

    def __init__(self, node: Node | None = None, slot: str = "", index: int | None = None):
        if node is None:
            raise RuntimeError("Trying to create a SavedTensor object from Python is forbidden.")
        self._node, self._slot, self._index = node, slot, index

    def _held(self) -> Any:
        held = self._node.held(self._slot, self._index)
        # A handle on a place in a list where nothing is saved has no index.
        return None if isinstance(held, (list, tuple)) else held

    @property
    def data(self) -> Any:
        """The saved tensor, or what a hook has made of it."""
        held = self._held()
        if held is FREED:
            return None
        return held.value if type(held) is Packed else _shown(self._node, self._slot, held)

    @property
    def unpack_hook(self) -> Any:
        """The hook that gives the tensor back, or None."""
        held = self._held()
        return held.unpack_hook if type(held) is Packed else None

    def unpack(self) -> Any:
        """The saved tensor."""
        return _shown(self._node, self._slot, self._held())

    def register_hooks(self, pack_hook: Callable[..., Any], unpack_hook: Callable[..., Any]) -> None:
        """Lets hooks keep the tensor from now on: one that packs it, at once, and one that gives it back.

        Raises:
            RuntimeError: there are hooks already, nothing is saved or was freed, or the tensor is changed by the hook.
            TypeError: a hook is no function.
        """
        if not (callable(pack_hook) and callable(unpack_hook)):
            raise TypeError(_arguments("register_hooks", "self: torch._C._autograd.SavedTensor, ", f"{self!r}, "
                                       f"{pack_hook!r}, {unpack_hook!r}"))  # fmt: skip
        held = self._held()
        if held is FREED:
            raise RuntimeError(
                "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values of the "
                "graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need "
                "to backward through the graph a second time or if you need to access saved variables after calling "
                "backward."
            )
        if type(held) is Packed:
            raise RuntimeError(
                "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only one pair of "
                "hooks is allowed at a time."
            )
        if held is None:
            raise RuntimeError("Calling register_hooks on a saved tensor with value None is forbidden")
        shown = _shown(self._node, self._slot, held)
        self._node.hold(self._slot, self._index, Packed(shown.detach(), pack_hook, unpack_hook, shown._node))


class _Alone(Node):
    """Holds one saved tensor that no operation needs."""

    __slots__ = ("tensor", "version")
    tensor: Any
    saved: ClassVar[dict[str, str]] = {"tensor": "input"}


def make_saved_tensor(tensor: Any, is_output: bool, is_inplace_on_view: bool = False) -> SavedTensor:
    """Saves a tensor as a node would, by way of the hooks in force."""
    node = _Alone()
    node.rule, node.seq, node.grad = LEAF_RULE, 0, None
    node.tensor, node.version = tensor, tensor._versions[0]
    if mode.special.count and mode.local.saving:
        mode.local.saving[-1].keep_for(node)
    return SavedTensor(node, "tensor")


SavedTensor.__module__ = "torch._C._autograd"


def _arguments(function: str, before: str, invoked: str) -> str:
    numbers = (0, 1)
    expected = ", ".join(f"arg{i}: collections.abc.Callable" for i in numbers)
    return (
        f"{function}(): incompatible function arguments. The following argument types are supported:\n"
        f"    1. ({before}{expected}) -> None\n\nInvoked with: {invoked}"
    )
