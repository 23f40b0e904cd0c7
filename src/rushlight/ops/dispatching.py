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
import math
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..autograd.hooks import LeafHooks
from ..autograd.node import output
from ..base import UNTOUCHED, TensorBase, as_view, bump, own_version, tensor_names, wrap
from ..kernels.layout import Absent
from . import elementwise_general as general
from . import inplace
from .aten_forms import call_of
from .declare import COMPOSITES, OPERANDS, REGISTRY, Operation, unrecorded_view
from .history import check_view, rebase, refresh
from .interception import Interception
from .overloads import OpOverload, aten

local, special = mode.local, mode.special


# ---------------------------------------------------------------------------------------------- what is in force
class _Active(threading.local):
    """What is in force in this thread.

    Attributes:
        modes: the modes, the last one being asked first.
        off: how many contexts say that nobody is asked.
    """

    modes: tuple[Any, ...] = ()
    off = 0


_active = _Active()
_lock = threading.RLock()
# The tensors alive whose classes have a handler.
_living: dict[int, Any] = {}
_kinds: dict[type, bool] = {}


class _Count:
    modes = 0
    on = False


def disabled_torch_dispatch_impl(func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """A ``__torch_dispatch__`` for classes whose instances operations shall treat as tensors."""
    return func(*args, **(kwargs or {}))


def has_handler(kind: type) -> bool:
    """Whether a class of tensors says what operations do with its instances."""
    found = _kinds.get(kind)
    if found is None:
        handler = getattr(kind, "__torch_dispatch__", None)
        found = issubclass(kind, TensorBase) and handler is not None and handler is not disabled_torch_dispatch_impl
        _kinds[kind] = found
    return found


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
            LeafHooks.alive += 1  # the engine's quick loops do not know of Tensors that are not arrays
            mode.enter(more=True)
            _functions.on()
            _changes.on()


def _switch_off() -> None:
    """Ends what `_switch_on` began, if nothing needs it any more."""
    with _lock:
        if _Count.on and not _living and not _Count.modes:
            _Count.on = False
            special.dispatcher = None
            LeafHooks.alive -= 1
            mode.leave(more=True)
            _functions.off()
            _changes.off()


def push_mode(handler: Any) -> None:
    """Puts a mode in force in this thread."""
    with _lock:
        _Count.modes += 1
    _active.modes = (*_active.modes, handler)
    _switch_on()


def pop_mode() -> Any:
    """Takes the mode that was put in force last out of it."""
    *rest, last = _active.modes
    _active.modes = tuple(rest)
    with _lock:
        _Count.modes -= 1
    _switch_off()
    return last


def modes() -> tuple[Any, ...]:
    """The modes in force in this thread, the innermost last."""
    return _active.modes


def count_modes() -> int:
    """How many modes are in force in this thread."""
    return len(_active.modes)


def mode_at(index: int) -> Any:
    """One of the modes in force in this thread, counted from the outermost."""
    return _active.modes[index]


@contextmanager
def with_modes(found: tuple[Any, ...]) -> Iterator[None]:
    """Other modes are in force in the context."""
    before, _active.modes = _active.modes, found
    try:
        yield
    finally:
        _active.modes = before


@contextmanager
def nobody_asked() -> Iterator[None]:
    """No handler is asked in the context."""
    _active.off += 1
    try:
        yield
    finally:
        _active.off -= 1


# ---------------------------------------------------------------------------------------------- asking
def _tensors_in(values: Iterable[Any]) -> Iterator[Any]:
    for v in values:
        if isinstance(v, TensorBase):
            yield v
        elif isinstance(v, (list, tuple)):
            yield from _tensors_in(v)


def _with_handlers(values: Iterable[Any]) -> list[Any]:
    """The tensors whose classes have handlers: one of each class, derived classes first."""
    found: list[Any] = []
    for t in _tensors_in(values):
        kind = type(t)
        if has_handler(kind) and all(type(f) is not kind for f in found):
            at = next((i for i, f in enumerate(found) if issubclass(kind, type(f))), len(found))
            found.insert(at, t)
    return found


def _asked(values: Iterable[Any]) -> list[Any] | None:
    """The tensors with handlers among the arguments; None if nobody is to be asked."""
    if _active.off:
        return None
    found = _with_handlers(values)
    return found if found or _active.modes else None


@contextmanager
def below_autograd() -> Iterator[None]:
    """Nothing is recorded in the context, as nothing that handlers do is."""
    before, local.grad = local.grad, False
    saving, local.saving = local.saving, ()
    watchers, local.watchers = local.watchers, ()
    mode.enter()
    try:
        yield
    finally:
        local.grad, local.saving, local.watchers = before, saving, watchers
        mode.leave()


def ask(func: OpOverload, found: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Asks the innermost mode, or the classes of the tensors, for the result of an operation.

    Raises:
        TypeError: none of them knows.
    """
    types = tuple([type(t) for t in found])
    with below_autograd():
        if _active.modes:
            *outer, handler = _active.modes
            with with_modes(tuple(outer)):
                result = handler.__torch_dispatch__(func, types, args, kwargs)
            if result is not NotImplemented:
                return result
        for t in found:
            result = type(t).__torch_dispatch__(func, types, args, kwargs)
            if result is not NotImplemented:
                return result
    listed = f"  - mode object {_active.modes[-1]!r}\n" if _active.modes else ""
    listed += "".join(f"  - tensor subclass {kind}\n" for kind in types)
    raise TypeError(
        f"Multiple dispatch failed for 'torch._ops.{func}'; all __torch_dispatch__ handlers returned NotImplemented:"
        f"\n\n{listed}\nFor more information, try re-running with TORCH_LOGS=not_implemented"
    )


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
        found = _asked((*args, *kwargs.values()))
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
            return _finished(op, given, given["value"].detach())
        decomposed = _DECOMPOSED.get(op.name)
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
        return result if out is not None else _finished(op, given, result)

    return dispatched


def _requires(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_requires, value))
    return isinstance(value, TensorBase) and value._node is not None


def _finished(op: Operation, given: dict[str, Any], result: Any) -> Any:
    """What a handler returned as the operation's result: recorded, and known as a view where it is one."""
    if op.several or len(op.outputs) > 1:
        if not isinstance(result, (tuple, list)):
            return result
        results = list(result)
    else:
        if not isinstance(result, TensorBase):
            return result
        results = [result]
    inputs = set(map(id, _tensors_in(given.values())))
    results = [_apart(r) if isinstance(r, TensorBase) and id(r) in inputs else r for r in results]
    need = tuple([n for n in op.inputs if _requires(given[n])]) if local.grad and op.formulas else ()
    made = _recorded(op, given, need, results) if need else None
    for i, t in enumerate(results):
        if not isinstance(t, TensorBase):
            continue
        if made is None:
            t._node = None
        elif op.several or len(op.differentiable) > 1:
            t._node = output(made, i) if op.several or op.outputs[i] in op.differentiable else None
        else:
            t._node = made if op.outputs[i] in op.differentiable else None
        if op.view:
            t._view = None
            if not op.formulas:
                t._versions = own_version(given[op.tensors[0]])
            elif not local.grad:
                unrecorded_view(t, given[op.tensors[0]])
            elif op.several:
                as_view(t, given[op.tensors[0]], "multi-output", op.node_name)
            else:
                as_view(t, given[op.tensors[0]])
    if op.several:
        return tuple(results)
    return results[0] if len(op.outputs) == 1 else op.result_type(results)


def _apart(t: Any) -> Any:
    """Another tensor object on the same memory, for a result that is an argument."""
    return t.detach()


def _recorded(op: Operation, given: dict[str, Any], need: tuple[str, ...], results: list[Any]) -> Any:
    """The node of an operation that has been computed."""
    saving, local.saving = local.saving, ()
    makers, local.node_makers = local.node_makers, ()
    try:
        made = _node(op, given, need, results)
    finally:
        local.saving, local.node_makers = saving, makers
    for slot, how in made.saved.items():
        if how == "result" and slot in op.outputs and getattr(made, slot, None) is not None:
            t = results[op.outputs.index(slot)]
            if has_handler(type(t)):
                setattr(made, slot, t.detach())
    mode.born(made)
    return made


def _node(op: Operation, given: dict[str, Any], need: tuple[str, ...], results: list[Any]) -> Any:
    """The node, with the arrays of the results where it saves these."""
    first = results[0]
    if op.kind == "elementwise":
        operands = tuple(given[n] for n in op.tensors)
        common = general.result_type(*operands)
        if op.floating and common.category < dtypes.FLOATING:
            common = dtypes.get_default_dtype()
        made = general.record(op, need, operands, first._data, common, first)
    elif op.several:
        mask = sum(1 << i for i, n in enumerate(op.inputs) if n in need)
        made = op.recorder(mask)(*given.values(), None, UNTOUCHED)
        made.output_count = len(results)
    else:
        for n, t in zip(op.outputs, results, strict=False):
            if n in op.saved_outputs and t._versions is UNTOUCHED:
                t._versions = [0]
        mask = sum(1 << i for i, n in enumerate(op.inputs) if n in need)
        arrays = [t._data for t in results[: len(op.outputs)]]
        versions = [t._versions for t in results[: len(op.outputs)]]
        made = op.recorder(mask)(*given.values(), *arrays, *_saves(op, given), *versions)
        if len(op.outputs) > 1:
            made.output_meta = tuple([(t._shape, t._dtype) for t in results])
    return made


def _saves(op: Operation, given: dict[str, Any]) -> tuple[Any, ...]:
    """What an operation's derivative needs besides its results, computed of the arrays."""
    if not op.saves:
        return ()
    arrays = {n: v._data if isinstance(v, TensorBase) else v for n, v in given.items()}
    positional = [v for n, v in arrays.items() if n not in op.keyword_only]
    found = op.forward(*positional, **{n: arrays[n] for n in op.keyword_only})
    return tuple(found[len(op.outputs) :])


# ---------------------------------------------------------------------------------------------- made of others
def _sum_to_size(input: Any, size: Any) -> Any:
    size = tuple(size)
    lead = input.dim() - len(size)
    dims = [*range(lead), *(lead + i for i, n in enumerate(size) if n == 1 and input.shape[lead + i] != 1)]
    found = input.sum(dims, keepdim=True) if dims else input
    return found.view(size) if lead else found


def _linear_bias(bias: Any, input: Any, weight: Any) -> Any:
    return tensor_names["addmm"](bias, input, weight.t())


# What some operations are made of; PyTorch has them in these parts.
_DECOMPOSED: dict[str, Any] = {
    "_sum_to_size": _sum_to_size,
    "_linear": lambda input, weight: input.mm(weight.t()),
    "_linear_bias": _linear_bias,
    "_times_number": lambda input, number: input * number,
    "_by_number": lambda input, number: input / number,
    "_scaled_power": lambda gradient, input, exponent, factor: gradient * (input**exponent * factor),
    "_times_own_log": lambda input: tensor_names["xlogy"](input, input),
    "_cumsum_reversed": lambda input, dim: input.flip(dim).cumsum(dim).flip(dim),
    "_matmul_plain": lambda input, other: _matmul_plain(input, other),
}


def _matmul_plain(input: Any, other: Any) -> Any:
    batch = general.broadcast_shapes(input._shape[:-2], other._shape[:-2])
    count = math.prod(batch)
    if other.dim() == 2:
        rows = input.reshape(count * input._shape[-2], input._shape[-1])
        return tensor_names["_unsafe_view"](rows.mm(other), (*input._shape[:-1], other._shape[-1]))
    a = input.expand(*batch, *input._shape[-2:]).reshape(count, *input._shape[-2:])
    b = other.expand(*batch, *other._shape[-2:]).reshape(count, *other._shape[-2:])
    found = tensor_names["bmm"](a, b)
    return tensor_names["_unsafe_view"](found, (*batch, *found._shape[-2:]))


# ---------------------------------------------------------------------------------------------- functions of arrays
def _function(name: str, run: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Runs a function that is no operation, and is not recorded."""
    found = _asked((*args, *kwargs.values()))
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
    overload = "default" if name != "arange" else ("default", "start", "start_step")[min(len(args), 3) - 1]
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
    for name, function in tensor_names.items():
        # The helpers of formulas that look at arrays; no gradient goes through them.
        known = name in REGISTRY or name in COMPOSITES or not isinstance(function, FunctionType)
        if not known and {"_data", "wrap"} <= _names_in(function.__code__):
            yield name, function
    yield "detach", Tensor.detach
    yield "_local_scalar_dense", Tensor.item
    for name in _NUMBERS:
        yield name, vars(Tensor)[name]


_functions = Interception(_array_functions, _function)


# ---------------------------------------------------------------------------------------------- changes in place
def _change(name: str, run: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Runs an in-place operation: `apply_inplace` or `change_inplace`, by `name`."""
    if name == "apply_inplace":
        op, input, rest, options = args
        found = _asked((input, *rest, *options.values())) if isinstance(input, TensorBase) else None
        if found is None:
            return run(*args, **kwargs)
        bound = _signature(op).bind(input, *rest, **options)
        bound.apply_defaults()
        operands = tuple(bound.arguments.values())
    else:
        operation, operands, *_ = args
        op = REGISTRY[operation]
        found = _asked(operands)
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
        need = tuple([n for n, x in zip(op.parameters, operands, strict=True) if n in op.inputs and _requires(x)])
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
    made = _recorded(op, given, need, [input])
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
