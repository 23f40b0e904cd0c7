"""`Function`: operations whose forward and backward users write themselves.

The ``ctx`` that ``forward`` and ``backward`` share is the graph's node itself, so what the user stores on it lives
exactly as long as the graph.
"""

import functools
import warnings
from typing import Any

from ..base import TensorBase, wrap
from . import custom, mode
from .failing import refuse_to_differentiate
from .node import FREED, Node, function_of, output
from .saved import Packed, SavedTensor
from .versions import modification_error


class FunctionCtx:
    """What ``forward`` and ``backward`` of a `Function` share; any attribute may be added."""

    def save_for_backward(self, *tensors: Any) -> None:
        """Keeps tensors (inputs, outputs, or None) for ``backward``, where they are ``ctx.saved_tensors``."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Keeps tensors for ``jvp``.

        Raises:
            AssertionError: something else than tensors is given.
        """
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
            "`mark_shared_storage` is deprecated. Tensors with shared storages are automatically tracked. Note that "
            "calls to `set_()` are not tracked",
            FutureWarning,
            stacklevel=2,
        )

    def set_materialize_grads(self, value: bool) -> None:
        """Says whether undefined gradients reach ``backward`` as zeros (the default) or as None.

        Raises:
            TypeError: `value` is not a bool.
        """
        if not isinstance(value, bool):
            raise TypeError(
                "set_materialize_grads received an invalid combination of arguments - got (), but expected (bool)"
            )
        self.materialize_grads = value


class BackwardCFunction(Node, FunctionCtx):
    """The node of a custom function: its ``ctx``."""

    runs_on_nothing = True
    _forward_cls: Any = None
    # What forward may set; kept as class attributes so that a plain function costs no stores.
    to_save: Any = None
    dirty_tensors: Any = None
    non_differentiable: Any = None
    saved_for_forward: Any = None
    forwarding = False
    materialize_grads = True
    _materialize_non_diff_grads = True
    needs_input_grad: tuple[bool, ...] = ()
    output_count = 1
    _kept: Any = ()
    # What the user keeps under names that the engine uses, for as long as no code of the user's runs.
    _shadowed: dict[str, Any] | None = None

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
        if self.forwarding:
            return self.saved_for_forward or ()
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
        derivative = vjp if vjp is not Function.vjp else backward
        if self._shadowed is None:
            return derivative(self, *grads)
        with _Unshadowed(self):
            return derivative(self, *grads)

    def __call__(self, *grads: Any) -> Any:
        """Not to be used: such a node runs as part of a backward only.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"'{type(self).__name__}' object is not callable")

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

    def pack(self, make: Any) -> None:
        """Puts ``make(tensor, node)`` in the place of each tensor that is kept; the rule needs not know."""
        kept = []
        for entry, t in zip(self._kept, self.saved_tensors, strict=True):
            place = None if entry is None else entry[2]
            if place is None:
                place = None if t is None else t._node
            elif place < 0:
                place = None
            elif self.output_count == 1:
                place = -1
            kept.append(None if t is None else make(t, place))
        self._kept = tuple(kept)


# The slots of nodes, which a user's attributes of the same names must not overwrite.
_ENGINES = ("grad", "seq", "rule", "extra", "next0")


class _Unshadowed:
    """While the user's code runs, a node shows what the user keeps under the names of its slots."""

    __slots__ = ("before", "node")

    def __init__(self, node: Any):
        self.node = node

    def __enter__(self) -> None:
        node, mine = self.node, self.node._shadowed or {}
        self.before = {name: getattr(node, name) for name in mine}
        for name, value in mine.items():
            setattr(node, name, value)

    def __exit__(self, *exc: Any) -> None:
        node, mine = self.node, self.node._shadowed or {}
        for name in mine:
            mine[name] = getattr(node, name)
            setattr(node, name, self.before[name])


# ---------------------------------------------------------------------------------------------- what users write
class FunctionMeta(type):
    """Gives each `Function` the class of its nodes, named after it."""

    _backward_cls: Any

    def __init__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]):
        super().__init__(name, bases, attrs)
        node_class = type(name + "Backward", (BackwardCFunction,), {"_forward_cls": cls})
        node_class.__module__ = "torch.autograd.function"
        cls._backward_cls = node_class


class _SingleLevelFunction(FunctionCtx, metaclass=FunctionMeta):
    """What a user of `Function` may override."""

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Computes the result: ``forward(ctx, *inputs)``, or ``forward(*inputs)`` together with `setup_context`.

        Raises:
            NotImplementedError: a subclass has none.
        """
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Stores on `ctx` what ``backward`` needs, where ``forward`` has no ``ctx``.

        Raises:
            NotImplementedError: a subclass has none.
        """
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradient of each input of ``forward``, from those of its outputs.

        Raises:
            NotImplementedError: a subclass has none, nor `vjp`.
        """
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    # Another name of `backward`.
    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangent of the outputs, from those of the inputs (None for inputs that are no tensors).

        Raises:
            NotImplementedError: a subclass has none.
        """
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )


class Function(_SingleLevelFunction):
    """Base of custom operations: subclasses define static methods ``forward`` and ``backward``.

    Source: https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.Function
    """

    generate_vmap_rule = False

    def __init__(self, *args: Any, **kwargs: Any):
        warnings.warn(
            f"{self.__class__} should not be instantiated. Methods on autograd functions are all static, so you should "
            "invoke them on the class itself. Instantiating an autograd function will raise an error in a future "
            "version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: a Function is applied through its class.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
            "function with static forward method. (Example: https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """What the function does to a batch of inputs.

        Raises:
            NotImplementedError: the function does not say.
        """
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or set "
            "generate_vmap_rule=True."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Runs ``forward`` on the inputs and records ``backward`` for them.

        Raises:
            TypeError: the arguments are not those of ``forward``.
        """
        split = _is_setup_context_defined(cls.setup_context)
        if split:
            args = _with_defaults(cls.forward, args, kwargs)
        elif kwargs:
            args = _in_order(cls.forward, args, kwargs)
        kind = cls._backward_cls
        ctx = kind.__new__(kind)
        ctx.grad = ctx.seq = ctx.rule = ctx.extra = ctx.next0 = None
        nodes = [a._node if isinstance(a, TensorBase) else None for a in args]
        ctx.needs_input_grad = tuple([n is not None for n in nodes])
        local = mode.local
        before, forward_before = local.grad, local.forward_grad
        local.grad = local.forward_grad = False
        mode.enter()
        try:
            if split:
                found = cls.forward(*args)
                cls.setup_context(ctx, args, found)
            else:
                found = cls.forward(ctx, *args)
        finally:
            local.grad, local.forward_grad = before, forward_before
            mode.leave()
        if not (ctx.grad is ctx.seq is ctx.rule is ctx.extra is ctx.next0 is None):
            ctx._shadowed = {name: getattr(ctx, name) for name in _ENGINES if getattr(ctx, name) is not None}
            for name in _ENGINES:
                setattr(ctx, name, None)
        _check_marks(ctx)
        outputs = found if isinstance(found, tuple) else (found,)
        records = before and any(ctx.needs_input_grad)
        made = custom.link(ctx, args, nodes if records else [], outputs, split)
        if local.dual is not None:
            ctx.forwarding = True
            with _Unshadowed(ctx):
                custom.run_jvp(ctx, args, outputs, made)
            ctx.__dict__.pop("forwarding")
        for marks in ("to_save", "dirty_tensors", "non_differentiable", "saved_for_forward"):
            ctx.__dict__.pop(marks, None)
        return made if isinstance(found, tuple) else made[0]


def _is_setup_context_defined(function: Any) -> bool:
    """Whether a function's `setup_context` is its own."""
    return function is not _SingleLevelFunction.setup_context


def _with_defaults(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """All arguments of a call, with those that were left out."""
    import inspect

    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    return _in_order(function, bound.args, bound.kwargs, 0)


def _in_order(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], skip: int = 1) -> tuple[Any, ...]:
    """The arguments of a call by position.

    Args:
        function: the function.
        args, kwargs: what is given.
        skip: how many parameters come before those.

    Raises:
        TypeError: a name is unknown, given twice, or one before it is missing.
    """
    if not kwargs:
        return args
    code = function.__code__
    names = code.co_varnames[skip : code.co_argcount]
    for name in kwargs:
        if name not in names:
            raise TypeError(f"{function.__name__}() got an unexpected keyword argument '{name}'")
        if name in names[: len(args)]:
            raise TypeError(f"{function.__name__}() got multiple values for argument '{name}'")
    placed = list(args)
    for position in range(len(args), max(names.index(name) for name in kwargs) + 1):
        name = names[position]
        if name not in kwargs:
            raise TypeError(f"{function.__name__}() missing required argument: '{name}' (position {position})")
        placed.append(kwargs[name])
    return tuple(placed)


def _check_marks(ctx: Any) -> None:
    for i, t in enumerate(ctx.to_save or ()):
        if t is not None and not isinstance(t, TensorBase):
            raise TypeError(
                f"save_for_backward can only save variables, but argument {i} is of type {type(t).__name__}"
            )
    if not all(isinstance(t, TensorBase) for t in ctx.dirty_tensors or ()):
        raise RuntimeError("mark_dirty can only accept variables, but argument ")
    if not all(isinstance(t, TensorBase) for t in ctx.non_differentiable or ()):
        raise RuntimeError("mark_non_differentiable only accepts variable arguments, but got ")


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
        return refuse_to_differentiate(
            outputs if isinstance(outputs, tuple) else (outputs,),
            "trying to differentiate twice a function that was marked with @once_differentiable",
        )

    return wrapper


class InplaceFunction(Function):
    """A `Function` that was meant to be instantiated with ``inplace``; kept for programs that derive from it."""

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace


class NestedIOFunction(Function):
    """A `Function` of nested lists of tensors, as PyTorch had it once; kept for programs that name it."""
