"""`Function`: operations whose forward and backward users write themselves.

The ``ctx`` that ``forward`` and ``backward`` share is the graph's node itself, so what the user stores on it lives
exactly as long as the graph.
"""

import functools
import warnings
from typing import Any

import numpy as np

from .. import base, dtypes
from ..base import TensorBase, View, as_view, base_of, raw_names, tensor_names, wrap
from . import forward_ad, mode
from .node import FREED, MANY, AccumulateGrad, Node, Outputs, Rule, function_of, modification_error, next_seq, output
from .saved import Packed, SavedTensor


class FunctionCtx:
    """What ``forward`` and ``backward`` of a `Function` share; any attribute may be added."""

    def save_for_backward(self, *tensors: Any) -> None:
        """Keeps tensors (inputs, outputs, or None) for ``backward``, where they are ``ctx.saved_tensors``."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Keeps tensors for ``jvp``."""
        for t in tensors:
            if not isinstance(t, TensorBase) and t is not None:
                raise AssertionError(
                    "save_for_forward expects all arguments to be tensors; you should save non-tensors as attributes "
                    "on ctx."
                )
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Any) -> None:
        """Says which inputs ``forward`` has changed in place; each must be returned."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Any) -> None:
        """Says which outputs have no gradient."""
        self.non_differentiable = args

    def mark_shared_storage(self, *pairs: Any) -> None:
        """Does nothing; shared memory is noticed."""
        warnings.warn(
            "mark_shared_storage is deprecated. Tensors with shared storages are automatically tracked. Note that "
            "calls to `set_()` are not tracked",
            FutureWarning,
            stacklevel=2,
        )

    def set_materialize_grads(self, value: bool) -> None:
        """Says whether undefined gradients reach ``backward`` as zeros (the default) or as None."""
        self.materialize_grads = value


class BackwardFunction(Node, FunctionCtx):
    """The node of a custom function: its ``ctx``."""

    runs_on_nothing = True
    _forward_cls: Any = None
    # What forward may set; kept as class attributes so that a plain function costs no stores.
    to_save: tuple[Any, ...] = ()
    dirty_tensors: tuple[Any, ...] = ()
    non_differentiable: tuple[Any, ...] = ()
    materialize_grads = True
    needs_input_grad: tuple[bool, ...] = ()
    saved_for_forward: tuple[Any, ...] = ()
    output_count = 1
    _kept: Any = ()

    def __getattr__(self, name: str) -> Any:
        if name == "extra":
            return None
        if name.startswith(("_saved_", "_raw_saved_")):
            return Node.__getattr__(self, name)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    __repr__ = object.__repr__

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What ``save_for_backward`` kept.

        Raises:
            RuntimeError: backward has freed them, or one was changed in place since.
        """
        kept = self._kept
        if kept is FREED:
            return kept.used
        found: list[Any] = []
        for entry in kept:
            if entry is None:
                found.append(None)
                continue
            if type(entry) is Packed:
                found.append(entry.unpack(self))
                continue
            t, version, index = entry
            if index is not None:
                array, versions, _ = t
                t = wrap(array, self.output_node(index) if index >= 0 else None)
                t._versions = versions
            if t._versions[0] != version:
                raise modification_error(t._data, t._node, t._versions[0], version)
            found.append(t)
        return tuple(found)

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """Old name of `saved_tensors`."""
        warnings.warn("'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning, stacklevel=2)
        return self.saved_tensors

    def output_node(self, index: int) -> Any:
        """The node that stands for one output."""
        return self if self.output_count == 1 else output(self, index)

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """For each tensor among the inputs, the node that gets its gradient."""
        return tuple([function_of(edge) for edge in self.input_nodes])

    def edges(self) -> tuple[Any, ...]:
        """The nodes of the inputs that need a gradient."""
        return self.nexts

    def apply(self, *grads: Any) -> Any:
        """Runs the user's ``backward`` (or ``vjp``).

        Raises:
            NotImplementedError: there is neither.
            RuntimeError: there are both.
        """
        cls = self._forward_cls
        backward, vjp = cls.backward, cls.vjp
        if backward is not Function.backward and vjp is not Function.vjp:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only "
                "implement one of them."
            )
        return (vjp if vjp is not Function.vjp else backward)(self, *grads)

    def release(self) -> None:
        """Frees what ``save_for_backward`` kept."""
        self._kept = FREED

    @property
    def outputs(self) -> int:
        """How many outputs the function has."""
        return self.output_count

    @property
    def _raw_saved_tensors(self) -> tuple[Any, ...]:
        """Handles on what ``save_for_backward`` kept.

        Raises:
            RuntimeError: backward has freed them.
        """
        if self._kept is FREED:
            return self._kept.used
        return tuple([SavedTensor(self, "saved_tensors", i) for i in range(len(self._kept))])

    def held(self, slot: str, index: Any) -> Any:
        """What is kept at one place: a `Packed`, None, or the tensor."""
        if self._kept is FREED:
            return FREED
        entry = self._kept[index]
        return entry if entry is None or type(entry) is Packed else self.saved_tensors[index]

    def hold(self, slot: str, index: Any, value: Any) -> None:
        """Puts a `Packed` at one place."""
        kept = list(self._kept)
        kept[index] = value
        self._kept = tuple(kept)

    def pack(self, make: Any) -> bool:
        """Puts ``make(tensor, node)`` in the place of each tensor that is kept; the rule needs not know."""
        kept = []
        for entry, t in zip(self._kept, self.saved_tensors, strict=True):
            place = None if entry is None else entry[2]
            if place is None and entry is not None:
                place = t._node
            elif place is not None and place >= 0 and self.output_count == 1:
                place = -1
            kept.append(None if t is None else make(t, place))
        self._kept = tuple(kept)
        return False


# ---------------------------------------------------------------------------------------------- running backward
def _run(node: Any, grad: Any, tensors: bool) -> tuple[Any, ...]:
    """The gradients of a custom node's inputs, from those of its outputs."""
    count = node.output_count
    if count == 1:
        given = [grad]
    else:
        given = [grad.get(i) if isinstance(grad, Outputs) else None for i in range(count)]
    if not tensors:
        given = [None if g is None else wrap(g) for g in given]
    if node.materialize_grads:
        for i, meta in enumerate(node.output_meta):
            if given[i] is None and meta is not None:
                given[i] = wrap(np.zeros(meta[0], meta[1].numpy))
    local = mode.local
    before = local.grad
    local.grad = tensors
    if not tensors:
        mode.enter()
    try:
        found = node.apply(*given)
    finally:
        local.grad = before
        if not tensors:
            mode.leave()
    return _checked(node, found if isinstance(found, tuple) else (found,), tensors)


def _checked(node: Any, found: tuple[Any, ...], tensors: bool) -> tuple[Any, ...]:
    """The gradients that go into the edges, checked against the inputs."""
    metas = node.input_meta
    name = node.name()
    if len(found) > len(metas) and all(g is None for g in found[len(metas) :]):
        found = found[: len(metas)]
    if len(found) != len(metas):
        raise RuntimeError(
            f"function {name} returned an incorrect number of gradients (expected {len(metas)}, got {len(found)})"
        )
    results = []
    position = 0
    for i, (g, meta) in enumerate(zip(found, metas, strict=True)):
        if meta is None:
            if g is not None:
                raise RuntimeError(
                    f"function {name} returned a gradient different than None at position {i + 1}, but the "
                    "corresponding forward input was not a Variable"
                )
            continue
        if g is not None and not isinstance(g, TensorBase):
            raise RuntimeError(f"expected Variable or None (got {type(g).__name__})")
        edge, shape, dtype = meta
        if edge is not None:
            if g is not None:
                g = _fitted(g, shape, dtype, name, position, tensors)
            results.append(g)
        position += 1
    return tuple(results)


def _fitted(g: Any, shape: Any, dtype: Any, name: str, position: int, tensors: bool) -> Any:
    if g._shape != shape:
        lead = len(g._shape) - len(shape)
        if lead < 0 or any(n != 1 and n != m for n, m in zip(shape, g._shape[lead:], strict=True)):
            raise RuntimeError(
                f"Function {name} returned an invalid gradient at index {position} - got {list(g._shape)} but expected "
                f"shape compatible with {list(shape)}"
            )
    if g._shape == shape and g._dtype is dtype:
        return g if tensors else g._data
    fit = (tensor_names if tensors else raw_names)["fit"]
    return fit(g if tensors else g._data, (shape, dtype))


def _run_arrays(node: Any, grad: Any) -> tuple[Any, ...]:
    found = _run(node, grad, False)
    node.release()
    return found


RULE = Rule(
    "Function", MANY, _run_arrays, lambda n, g: _run(n, g, False), lambda n, g: _run(n, g, True),
    user=True,
)  # fmt: skip


# ---------------------------------------------------------------------------------------------- running forward
class FunctionMeta(type):
    """Gives each `Function` the class of its nodes, named after it."""

    def __init__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]):
        super().__init__(name, bases, attrs)
        node_class = type(name + "Backward", (BackwardFunction,), {"_forward_cls": cls})
        node_class.__module__ = "torch.autograd.function"
        cls._backward_cls = node_class


class Function(metaclass=FunctionMeta):
    """Base of custom operations: subclasses define static methods ``forward`` and ``backward``.

    Source: https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.Function
    """

    generate_vmap_rule = False
    _backward_cls: Any

    def __init__(self, *args: Any, **kwargs: Any):
        warnings.warn(
            f"{self.__class__} should not be instantiated. Methods on autograd functions are all static, so you should "
            "invoke them on the class itself. Instantiating an autograd function will raise an error in a future "
            "version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: a Function is applied through its class."""
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
            "function with static forward method. (Example: https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Computes the result: ``forward(ctx, *inputs)``, or ``forward(*inputs)`` together with `setup_context`."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Stores on `ctx` what ``backward`` needs, where ``forward`` has no ``ctx``."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradient of each input of ``forward``, from those of its outputs."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    @staticmethod
    def vjp(ctx: Any, *grad_outputs: Any) -> Any:
        """Another name of `backward`."""
        return Function.backward(ctx, *grad_outputs)

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangent of the outputs, from those of the inputs (None for inputs that are no tensors)."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Runs ``forward`` on the inputs and records ``backward`` for them."""
        if kwargs:
            raise TypeError("apply() takes no keyword arguments")
        ctx = cls._backward_cls.__new__(cls._backward_cls)  # type: ignore[call-overload]
        nodes = [a._node if isinstance(a, TensorBase) else None for a in args]
        ctx.needs_input_grad = tuple([n is not None for n in nodes])
        local = mode.local
        records = local.grad and any(ctx.needs_input_grad)
        before = local.grad
        local.grad = False
        mode.enter()
        try:
            if cls.setup_context is not Function.setup_context:
                found = cls.forward(*args)
                cls.setup_context(ctx, args, found)
            else:
                found = cls.forward(ctx, *args)
        finally:
            local.grad = before
            mode.leave()
        _check_marks(ctx)
        outputs = found if isinstance(found, tuple) else (found,)
        if local.dual is not None:
            made = _record(ctx, args, nodes, outputs) if records else _unrecorded(ctx, args, outputs)
            ctx._kept = ctx._kept or tuple(
                [None if t is None else (t, t._versions[0], None) for t in ctx.saved_for_forward]
            )
            forward_ad.run_jvp(cls, ctx, args, made)
            return made if isinstance(found, tuple) else made[0]
        if not any(isinstance(o, TensorBase) for o in outputs):
            return found
        made = _record(ctx, args, nodes, outputs) if records else _unrecorded(ctx, args, outputs)
        return made if isinstance(found, tuple) else made[0]


def _check_marks(ctx: Any) -> None:
    for i, t in enumerate(ctx.to_save):
        if t is not None and not isinstance(t, TensorBase):
            raise TypeError(
                f"save_for_backward can only save variables, but argument {i} is of type {type(t).__name__}"
            )
    if not all(isinstance(t, TensorBase) for t in ctx.dirty_tensors):
        raise RuntimeError("mark_dirty can only accept variables, but argument ")
    if not all(isinstance(t, TensorBase) for t in ctx.non_differentiable):
        raise RuntimeError("mark_non_differentiable only accepts variable arguments, but got ")


def _contains(tensors: Any, t: Any) -> bool:
    return any(x is t for x in tensors)


def _unrecorded(ctx: Any, args: Any, outputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Outputs where no gradient is wanted; an input that is returned as it is comes out as another tensor."""
    return tuple([
        o if not _contains(args, o) or not isinstance(o, TensorBase) or _contains(ctx.dirty_tensors, o) else _alias(o)
        for o in outputs
    ])  # fmt: skip


def _alias(t: Any) -> Any:
    alias = wrap(t._data)
    as_view(alias, t)
    return alias


def _record(ctx: Any, args: Any, nodes: list[Any], outputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Makes `ctx` the node of the outputs that are differentiable."""
    for t in ctx.dirty_tensors:
        if not _contains(outputs, t):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that "
                "are modified inplace must all be outputs of the Function."
            )
        if type(t._node) is AccumulateGrad:
            raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
    ctx.rule = RULE
    ctx.seq = next_seq()
    ctx.grad = None
    ctx.input_nodes = [n for a, n in zip(args, nodes, strict=True) if isinstance(a, TensorBase)]
    ctx.nexts = tuple([n for n in nodes if n is not None])
    ctx.input_meta = [
        (n, a._shape, a._dtype) if isinstance(a, TensorBase) else None for a, n in zip(args, nodes, strict=True)
    ]
    ctx.output_count = len(outputs)
    ctx.output_meta = [(o._shape, o._dtype) if isinstance(o, TensorBase) else None for o in outputs]
    made: list[Any] = []
    kept_outputs: dict[int, int] = {}
    name = type(ctx).__name__.removesuffix("Backward")
    for i, o in enumerate(outputs):
        if not isinstance(o, TensorBase):
            made.append(o)
            continue
        if _contains(ctx.non_differentiable, o) or o._dtype.category < dtypes.FLOATING:
            made.append(_alias(o) if _contains(args, o) and not _contains(ctx.dirty_tensors, o) else o)
            if made[-1] is o:
                o._node = None
            continue
        if _contains(made, o):
            made.append(next(m for m in made if m is o))
            continue
        original = o
        if _contains(ctx.dirty_tensors, o):
            base.bump(o)
            _rebase(ctx, args, o, i)
        else:
            if _contains(args, o):
                o = _alias(o)
            elif o._node is not None and o._node is not ctx:
                o = _alias(o)
            root = base_of(o)
            if root is not None:
                o._view = View(root, "function", name)
            o._node = ctx.output_node(i)
        kept_outputs[id(original)] = i
        kept_outputs[id(o)] = i
        made.append(o)
    ctx._kept = tuple([_keep(t, kept_outputs, args) for t in ctx.to_save])
    if ctx.to_save:
        del ctx.to_save
    if mode.special.count:
        mode.born(ctx)
    for marks in ("dirty_tensors", "non_differentiable"):
        ctx.__dict__.pop(marks, None)
    return tuple(made)


def _keep(t: Any, outputs: dict[int, int], args: Any) -> Any:
    """How a saved tensor is held: an output only by its memory, so that no cycle arises."""
    if t is None:
        return None
    index = outputs.get(id(t))
    if index is not None and not _contains(args, t):
        versions = base.own_version(t)
        return (t._data, versions, None), versions[0], index
    return t, t._versions[0], None


def _rebase(ctx: Any, args: Any, t: Any, index: int) -> None:
    """The history of an input that forward changed in place begins anew at this node."""
    from ..ops.inplace import check, rebase

    node = ctx.output_node(index)
    check(t, True)
    if base_of(t) is None and len(t._versions) == 1:
        t._node = node
        return
    edge = t._node
    rebase(t, node, ctx.nexts.index(edge) if edge in ctx.nexts else None)


def once_differentiable(function: Any) -> Any:
    """Declares that a ``backward`` cannot itself be differentiated: its results raise an error if that is tried."""

    @functools.wraps(function)
    def wrapper(ctx: Any, *args: Any) -> Any:
        before, mode.local.grad = mode.local.grad, False
        mode.enter()
        try:
            outputs = function(ctx, *args)
        finally:
            mode.local.grad = before
            mode.leave()
        if not mode.local.grad or not any(isinstance(a, TensorBase) and a._node is not None for a in args):
            return outputs
        alone = not isinstance(outputs, tuple)
        marked = [None if o is None else _delayed_error(o) for o in ((outputs,) if alone else outputs)]
        return marked[0] if alone else tuple(marked)

    return wrapper


class Error(Node):
    """The node of a result that cannot be differentiated."""

    __slots__ = ("nexts",)
    namespace = "torch::autograd::"


def _refuse(node: Any, grad: Any) -> Any:
    raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


_ERROR_RULE = Rule("Error", MANY, _refuse, _refuse, _refuse)


def _delayed_error(t: Any) -> Any:
    result = wrap(t._data)
    n = result._node = Error()
    n.rule, n.seq, n.grad, n.nexts = _ERROR_RULE, next_seq(), None, ()
    return result


NestedIOFunction = InplaceFunction = Function
