"""``__torch_dispatch__``: classes and modes that say what the operations do, below autograd.

A mode (`TorchDispatchMode`), or a class of tensors that defines ``__torch_dispatch__``, is called with each operation
under its inner name (see aten_forms.py) and returns the result. What it returned is then recorded like any result, so
that autograd works with tensors whose elements only their class knows. Backward, too, runs on Tensors while such are
about, so that the handlers see its operations.

Nothing here costs anything until the first such tensor or mode: then `mode.special.dispatcher` is `around`, and the
functions that deal with arrays themselves are intercepted (interception.py), until the last is gone.
"""

import functools
import inspect
import threading
import weakref
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..autograd.hooks import LeafHooks
from ..base import UNTOUCHED, TensorBase, bump, own_version, tensor_names, wrap
from ..kernels.layout import Absent
from . import inplace
from .arguments import OPERANDS
from .aten_forms import call_of
from .declare import COMPOSITES, REGISTRY
from .decompositions import DECOMPOSITIONS
from .handled_results import finished, recorded, requires_gradient
from .handlers import active, ask, asked, below_autograd, has_handler
from .history import check_view, rebase, refresh
from .interception import Interception
from .operation import Operation
from .overloads import aten

local, special = mode.local, mode.special


# ---------------------------------------------------------------------------------------------- on and off
_lock = threading.RLock()
# The tensors alive whose classes have a handler.
_living: dict[int, Any] = {}


class _Count:
    modes = 0
    on = False


def announce(t: Any) -> None:
    """Tells that a tensor of a class with a handler was made: while it lives, operations look for such."""
    key = id(t)
    _living[key] = weakref.ref(t, lambda _: _living.pop(key, None))
    _switch_on()


def _switch_on() -> None:
    with _lock:
        if not _Count.on:
            _Count.on = True
            special.dispatcher = around
            LeafHooks.alive.append(None)  # the engine's quick loops do not know of Tensors that are not arrays
            mode.enter(more=True)
            _functions.on()
            _changes.on()


def _switch_off() -> None:
    """Ends what `_switch_on` began, if nothing needs it any more."""
    with _lock:
        if _Count.on and not _living and not _Count.modes:
            _Count.on = False
            special.dispatcher = None
            LeafHooks.alive.pop()
            mode.leave(more=True)
            _functions.off()
            _changes.off()


def push_mode(handler: Any) -> None:
    """Puts a mode in force in this thread."""
    with _lock:
        _Count.modes += 1
    active.modes = (*active.modes, handler)
    _switch_on()


def pop_mode() -> Any:
    """Takes the mode that was put in force last out of it."""
    *rest, last = active.modes
    active.modes = tuple(rest)
    with _lock:
        _Count.modes -= 1
    _switch_off()
    return last


# ---------------------------------------------------------------------------------------------- operations
@functools.cache
def _signature(op: Operation) -> inspect.Signature:
    return inspect.signature(op.declared)


def around(op: Operation, run: Callable[..., Any]) -> Callable[..., Any]:
    """What runs in the place of an operation while there are handlers."""
    if not _living and not _Count.modes:
        _switch_off()
        return run

    def dispatched(*args: Any, **kwargs: Any) -> Any:
        found = asked((*args, *kwargs.values()))
        if found is None:
            return run(*args, **kwargs)
        try:
            bound = _signature(op).bind(*args, **{k: v for k, v in kwargs.items() if k != "out"})
        except TypeError:
            return run(*args, **kwargs)  # which knows PyTorch's words for that
        bound.apply_defaults()
        given = dict(bound.arguments)
        if op.kind == "elementwise" and not all(isinstance(given[n], OPERANDS) for n in op.tensors):
            return run(*args, **kwargs)
        out = kwargs.pop("out", None)
        if op.name == "attached":
            return finished(op, given, given["value"].detach())
        decomposed = DECOMPOSITIONS.get(op.name)
        if decomposed is not None:
            return decomposed(*args, **kwargs)
        name, overload, inner_args, inner_kwargs = call_of(op, given)
        if name.endswith("_"):  # the operation in place; here it computes something new
            name = name[:-1]
            if getattr(aten, name, None) is None:
                name, overload, inner_args, inner_kwargs = op.name, "default", tuple(given.values()), {}
        if out is not None:
            inner_kwargs["out"] = out
            overload = "out" if overload == "default" else f"{overload}_out"
        result = ask(getattr(getattr(aten, name), overload), found, inner_args, inner_kwargs)
        return result if out is not None else finished(op, given, result)

    return dispatched


# ---------------------------------------------------------------------------------------------- functions of arrays
def _function(name: str, run: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Runs a function that is no operation, and is not recorded."""
    found = asked((*args, *kwargs.values()))
    if found is None:
        return run(*args, **kwargs)
    if name in _NUMBERS:
        if args[0]._data.size != 1:
            return run(*args)
        return _NUMBERS[name](args[0].item())
    wants = bool(kwargs.pop("requires_grad", False))
    if name in _SHAPED and args and all(isinstance(a, int) for a in args):
        args = (list(args),)
    if name in _MADE:
        args = tuple([list(a) if isinstance(a, tuple) else a for a in args])
    kwargs = {k: v for k, v in kwargs.items() if v is not None}
    overload = "memory_format" if name == "empty" else "default"
    if name == "arange":
        overload = ("default", "start", "start_step")[min(len(args), 3) - 1]
    result = ask(getattr(getattr(aten, name), overload), found, args, kwargs)
    if name == "detach" and isinstance(result, TensorBase):
        if result is args[0]:
            return result
        result._node = None
        result._versions = own_version(args[0]) if has_handler(type(result)) else result._versions
    return result.requires_grad_() if wants else result


_NUMBERS = {"__bool__": bool, "__int__": int, "__float__": float, "__complex__": complex, "__index__": int}
_SHAPED = {"zeros", "ones", "empty", "rand", "randn"}
_MADE = """zeros ones empty full zeros_like ones_like empty_like full_like rand_like randn_like new_zeros new_ones
    new_empty new_full rand randn randint randperm arange linspace eye bernoulli multinomial""".split()


def _names_in(code: CodeType) -> set[str]:
    """The names of globals and attributes that a function uses."""
    inner = [_names_in(c) for c in code.co_consts if isinstance(c, CodeType)]
    return set(code.co_names).union(*inner)


def _array_functions() -> Iterator[tuple[str, Any]]:
    from ..tensor import Tensor

    for name in _MADE:
        if name in COMPOSITES:
            yield name, COMPOSITES[name]
    composites = set(COMPOSITES.values())  # which stand in formulas under other names, too
    for name, function in tensor_names.items():
        # The helpers of formulas that look at arrays; no gradient goes through them.
        known = name in REGISTRY or not isinstance(function, FunctionType) or function in composites
        if not known and {"_data", "wrap"} <= _names_in(function.__code__):
            yield name, function
    yield "detach", Tensor.detach
    yield "_local_scalar_dense", Tensor.item
    for name in _NUMBERS:
        yield name, getattr(Tensor, name)


_functions = Interception(_array_functions, _function)


# ---------------------------------------------------------------------------------------------- changes in place
def _change(name: str, run: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Runs an in-place operation: `apply_inplace` or `change_inplace`, by `name`."""
    if name == "apply_inplace":
        op, input, rest, options = args
        found = asked((input, *rest, *options.values())) if isinstance(input, TensorBase) else None
        if found is None:
            return run(*args, **kwargs)
        bound = _signature(op).bind(input, *rest, **options)
        bound.apply_defaults()
        operands = tuple(bound.arguments.values())
    else:
        operation, operands, *_ = args
        op = REGISTRY[operation]
        found = asked(operands)
        if found is None:
            return run(*args, **kwargs)
        input = operands[0]
    inner, overload, inner_args, inner_kwargs = call_of(op, dict(zip(op.parameters, operands, strict=True)))
    packet = getattr(aten, inner if inner.endswith("_") else inner + "_", None)
    if packet is None:
        return run(*args, **kwargs)  # an operation of ours that nobody knows
    func = getattr(packet, overload)
    check_view(input)
    need: tuple[str, ...] = ()
    if local.grad and op.formulas and input._dtype.category >= dtypes.FLOATING:
        need = tuple(
            [n for n, x in zip(op.parameters, operands, strict=True) if n in op.inputs and requires_gradient(x)]
        )
    inplace.check(input, bool(need))
    before = input
    if need:
        before = wrap(input._data, input._node)
        if 0 in inplace.read_by(op, need):
            # The derivative reads the values from before the change.
            with below_autograd():
                before = tensor_names["clone"](input)
            before._node = input._node
    ask(func, found, inner_args, inner_kwargs)
    if has_handler(type(input)):
        bump(input)
    if not need:
        refresh(input)
        return input
    given = {n: before if x is input else x for n, x in zip(op.parameters, operands, strict=True)}
    made = recorded(op, given, need, [input])
    rebase(input, made, 0 if op.parameters[0] in need else None)
    return input


_changes = Interception(
    lambda: (("apply_inplace", inplace.apply_inplace), ("change_inplace", inplace.change_inplace)), _change
)


# ---------------------------------------------------------------------------------------------- making
def wrapper(
    cls: Any, size: Any, strides: Any = None, storage_offset: Any = None, memory_format: Any = None,
    dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
    dispatch_sizes_strides_policy: str | None = None, dispatch_device: bool = False, dispatch_layout: bool = False,
    storage_size: int | None = None,
) -> Any:  # fmt: skip
    """A tensor of a class with a handler, with a shape and dtype but no elements of its own.

    Raises:
        TypeError: the class has no ``__torch_dispatch__``.
    """
    if not has_handler(cls):
        raise TypeError(f"_make_wrapper_subclass requires that the class ({cls.__name__}) defines __torch_dispatch__. ")
    shape = tuple(size)
    kind = dtype or dtypes.get_default_dtype()
    if strides is None:
        array = np.zeros(shape, kind.numpy)
    else:
        # Nobody reads these zeros: they only have the shape and strides, and take no memory before they are touched.
        extent = 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True) if n)
        item = kind.numpy.itemsize
        flat = np.zeros(max(extent, 1), kind.numpy)
        array = np.ndarray(shape, kind.numpy, flat, 0, [s * item for s in strides])
    t = object.__new__(cls)
    t._data, t._shape, t._dtype = array.view(Absent), shape, kind
    t._node, t._versions, t._view = None, UNTOUCHED, None
    announce(t)
    if requires_grad:
        t.requires_grad_()
    return t
