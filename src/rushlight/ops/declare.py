"""The vocabulary in which operations are declared.

One declaration says all there is to know about an operation::

    @elementwise(input="grad * cos(input)", kernel=np.sin)
    def sin(input: Array) -> Array:
        '''The sine of each element (radians).'''

From it follow ``torch.sin(input, *, out=None)``, ``Tensor.sin``, ``Tensor.sin_``, the node ``SinBackward0``, the rule
for backward on arrays, the same rule on Tensors (second order), and the tangent for forward mode.

The words:

- `elementwise`: each element of the result depends on one element of each input; inputs broadcast and are promoted.
- `operation`: anything else. The function's body (or `kernel`) computes arrays from arrays.
- `view`: the result looks at the memory of the first input.
- `composite`: a plain function on Tensors, made of other operations.
- `formula`: a helper for derivative formulas, written once and usable on arrays and on Tensors.

A formula is the gradient of one input, by the input's name. In it stand: ``grad`` (the gradient of the result;
``grads``, a list, if several outputs have one), the operation's arguments, its outputs (``result`` unless ``outputs``
names them), the extra values it ``saves``, ``shape(x)`` for the shape of an input, and every operation and `formula` by
name. What a formula mentions is what the node saves, and nothing else. Where several gradients come from one
computation, a `joint` formula gives them all. The parameters that hold tensors are annotated ``Array``,
``Array | None`` or ``list[Array]``.
"""

import inspect
import itertools
import types
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .. import dtypes
from ..autograd import mode, node
from ..autograd.leaf import AccumulateGrad
from ..autograd.versions import versions
from ..base import TensorBase, as_view, namespace, pieces_of, raw_names, settle, tensor_names, wrap
from ..kernels.layout import follow, result_array
from .arguments import MISSING, OPERANDS, argument_error, by_numpy_names, scalar, unbound, without_out
from .formulas import ALIASING
from .operation import Array as Array
from .operation import Operation, entry_point, first_use

F = TypeVar("F", bound=Callable[..., Any])

REGISTRY: dict[str, "Operation"] = {}


# ---------------------------------------------------------------------------------------------- the words
def elementwise(
    *, kernel: Any = None, node: str | None = None, operators: tuple[str, ...] = (), floating: bool = False,
    result: str | None = None, check: Any = None, function: bool = True, method: bool = True,
    inplace: bool | None = None, name: str | None = None, aten: str | None = None,
    tangent: str | dict[str, str] | None = "elementwise",
    number_node: str | None = None, number_first_node: str | None = None, out: bool | None = None, wide: bool = False,
    keeps: dict[str, str] | str | None = None, once: str | None = None, **formulas: str,
) -> Callable[[Callable[..., Any]], Any]:  # fmt: skip
    """Declares an operation on corresponding elements of one or two inputs.

    Args:
        kernel: the function of arrays; the declaration's body if not given.
        node: the node's name where PyTorch's is not the operation's name with ``Backward0``.
        operators: the methods of Python operators that mean this operation.
        floating: whether integers and booleans are first converted to the default floating-point type.
        result: ``"bool"`` for comparisons.
        check: called with the input dtypes when they are unusual; raises for those not supported.
        function, method, inplace: which forms are public.
        name: the public name where it is not the function's.
        tangent: the forward-mode tangent; by default (``"elementwise"``) derived from the formulas, which must be the
            gradient multiplied by something. None where they are not that; see `operation`. A dictionary gives the
            tangent where an input has one, by its name; otherwise it is derived.
        aten: the name shown by the profiler where it differs.
        number_node, number_first_node: the node's name where the second or first input is a number, if that is another.
        out: whether there is an ``out=`` argument; that of a public function unless given.
        wide: whether a number, or a tensor of no dimensions, keeps the precision of float32 as the second operand of
            a tensor of half precision.
        keeps: as in `operation`.
        once: the types of half precision whose derivative PyTorch computes in float32 and rounds once, at the end;
            else each step of a formula is rounded.
        formulas: for each differentiable input, its gradient.
    """
    options = locals()
    return _declare("elementwise", options)


def operation(
    *, kernel: Any = None, node: str | None = None, outputs: tuple[str, ...] = ("result",),
    differentiable: tuple[str, ...] | None = None, saves: tuple[str, ...] = (), tangent: str | None = None,
    function: bool = True, method: bool = True, inplace: bool = False, name: str | None = None, out: bool | None = None,
    aten: str | None = None, like: str | None = None, rows: bool = False, joint: tuple[str, str] | None = None,
    several: bool = False, shows: tuple[str, ...] = (), undefined: bool = False,
    keeps: dict[str, str] | str | None = None, **formulas: str,
) -> Callable[[Callable[..., Any]], Any]:  # fmt: skip
    """Declares an operation that is not elementwise.

    Args:
        kernel: the function of arrays; the declaration's body if not given. It returns the outputs, then the saves.
        node: the node's name where PyTorch's is not the operation's name with ``Backward0``.
        outputs: the outputs' names, where there are several or formulas read better so.
        differentiable: which outputs have gradients; all unless given.
        saves: what the body returns after the outputs, for formulas only.
        tangent: ``"linear"`` if the tangent is the operation applied to the input's tangent, ``"zero"`` if there is
            none to speak of, ``"refused"`` if PyTorch has none, or a formula in which ``input_t`` is the tangent of
            ``input``. If not given, it is derived from the gradients' formulas, at the cost of two backwards.
        function, method, inplace, name, out, aten: as in `elementwise`; `out` whether there is an ``out=`` argument.
        like: the input whose shape and dtype the first output always has, if there is such: it need not be asked then.
        several: whether the body returns a list of arrays, of any length, and the operation a tuple of tensors.
        shows: arguments, not tensors, that the node keeps for those who look at it, although no formula needs them.
        keeps: what the node saves beside what the formulas read, because PyTorch does: changed in place before
            backward, it is refused. By the name of the input whose gradient is needed, or for any.
        rows: whether the results lie row by row, as PyTorch promises, also where the kernel keeps its operand's order.
        joint: names of inputs, such as ``"input, weight"``, and one formula for the tuple of their gradients. In it
            ``needs`` is a tuple that says which of them are wanted; in the others' places stands None.
        undefined: whether the gradient of its one input may be None, so that the input has none (nor zeros).
        formulas: for each other differentiable input, its gradient; for a list of tensors, the list of gradients.
    """
    options = locals()
    return _declare("operation", options)


def view(
    *, kernel: Any = None, node: str | None = None, tangent: str | None = "linear", function: bool = True,
    method: bool = True, name: str | None = None, aten: str | None = None, several: bool = False,
    shows: tuple[str, ...] = (), recasts: bool = False, **formulas: str,
) -> Callable[[Callable[..., Any]], Any]:  # fmt: skip
    """Declares an operation whose result shares the memory of its first input.

    Args:
        kernel, node, tangent, function, method, name, aten, shows, formulas: as in `operation`.
        several: whether the body returns a list of arrays, of any length, and the operation a tuple of views.
        recasts: whether the view reads the memory as elements of another dtype.
    """
    options = locals()
    return _declare("view", options)


def _declare(kind: str, options: dict[str, Any]) -> Callable[[Callable[..., Any]], Any]:
    formulas = options.pop("formulas")
    options = {k: v for k, v in options.items() if v is not None}

    def register(declared: Callable[..., Any]) -> Any:
        op = Operation(declared, formulas, {**options, "kind": kind})
        REGISTRY[op.name] = op
        raw_names[op.name] = op.forward
        if op.view:
            ALIASING.add(op.name)
        public = entry_point(op, op.name, False)
        tensor_names[op.name] = public
        if op.function:
            FUNCTIONS[op.name] = public
        if op.method:
            setattr(TensorBase, op.name, public)
        for operator in op.operators:
            setattr(TensorBase, operator, entry_point(op, operator, True))
        if op.inplace and op.method:
            setattr(TensorBase, op.name + "_", _inplace_method(op))
        return public

    return register


FUNCTIONS: dict[str, Any] = {}


def composite(
    *, function: bool = True, method: bool = True, raw: Any = None, name: str | None = None, inplace: bool = False
) -> Callable[[F], F]:
    """Declares a function on Tensors that is made of other operations.

    Args:
        function, method: which forms are public.
        raw: what the name means on arrays, where formulas use it.
        name: the public name where it is not the function's.
        inplace: whether the function is the in-place form of an operation (a method only).
    """

    def register(declared: F) -> F:
        public = name or declared.__name__
        if function or public not in tensor_names:
            # A method of another signature than the function's is not what formulas mean.
            tensor_names[public] = declared
        if raw is not None:
            raw_names[public] = raw
        code = inspect.unwrap(declared).__code__
        parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        called = by_numpy_names(declared, public) if "dim" in parameters and "axis" not in parameters else declared
        if function and not inplace:
            FUNCTIONS[public] = called
        if method:
            setattr(TensorBase, public, without_out(called) if function and "out" in parameters else called)
        COMPOSITES[public] = declared
        return declared

    return register


COMPOSITES: dict[str, Any] = {}


def formula(declared: F | None = None, *, aliasing: bool = False) -> Any:
    """Declares a helper for formulas: the names in it mean array functions or operations, by what it is given.

    Args:
        declared: the function; in its body, operations and other formulas stand by their names.
        aliasing: whether its result may be (or look at) one of its arguments.
    """
    if declared is None:
        return lambda f: formula(f, aliasing=aliasing)
    name = declared.__name__
    _unused(name)
    function: Any = declared
    for names in (raw_names, tensor_names):
        made = types.FunctionType(function.__code__, names, name, function.__defaults__)
        made.__kwdefaults__ = function.__kwdefaults__
        names[name] = made
    if aliasing:
        ALIASING.add(name)
    return tensor_names[name]


def _unused(name: str) -> None:
    if name in raw_names:
        raise TypeError(f"{name} has a meaning in formulas already")


def in_formulas(raw: Any, tensor: Any, name: str, aliasing: bool = False) -> None:
    """Gives `name` its two meanings in formulas where one text cannot say both."""
    _unused(name)
    raw_names[name] = raw
    tensor_names[name] = tensor
    if aliasing:
        ALIASING.add(name)


# ---------------------------------------------------------------------------------------------- first use
def _inplace_method(op: Operation) -> Any:
    def method(input: Any, *args: Any, **kwargs: Any) -> Any:
        return namespace["apply_inplace"](op, input, args, kwargs)

    method.__name__ = method.__qualname__ = op.name + "_"
    method.__doc__ = f"The in-place form of `{op.name}`: the result takes the place of the tensor's elements."
    return method


def apply_inplace(op: Operation, input: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Runs an operation's in-place form; see inplace.py."""
    return namespace["apply_inplace"](op, input, args, kwargs)


def unrecorded_view(t: Any, input: Any) -> None:
    """Makes `t`, the result of an operation that is not recorded, known as a view of `input`.

    If its base requires a gradient it does so, too, as a leaf of its own: where it came from was not recorded.
    """
    as_view(t, input, "inference" if mode.local.inference else "no_grad")
    view = t._view
    if view is not None and view.base._node is not None:
        t._node = AccumulateGrad(t)


def pieces(op: Operation, input: Any, arrays: list[Any], made_by: Any, recorded: bool) -> tuple[Any, ...]:
    """The tensors, mostly views, that an operation with several of them returns.

    Args:
        op: the operation.
        input: the tensor whose memory they look at, if they are views.
        arrays: their arrays.
        made_by: the operation's node, or None.
        recorded: whether operations are being recorded.
    """
    nodes: Any = itertools.repeat(None)
    if made_by is not None:
        made_by.output_count = len(arrays)
        nodes = [node.output(made_by, i) for i in range(len(arrays))]
    if op.view and recorded:
        return tuple(pieces_of(input, arrays, nodes, op.node_name))
    found = [wrap(a, n) for a, n in zip(arrays, nodes)]
    if op.view:
        for t in found:
            unrecorded_view(t, input)
    return tuple(found)


def write_out(op: Any, out: Any, result: Any, apart: tuple[Any, ...] = ()) -> Any:
    """Stores a result in the tensor (or tuple of tensors) given as ``out=``; see out.py."""
    return namespace["store_out"](op, out, result, apart)


namespace.update(
    ndarray=np.ndarray,
    asarray=result_array,
    in_rows=np.ascontiguousarray,
    settle=settle,
    follow=follow,
    first_use=first_use,
    argument_error=argument_error,
    unbound=unbound,
    scalar=scalar,
    write_out=write_out,
    as_view=as_view,
    unrecorded_view=unrecorded_view,
    pieces=pieces,
    by_numpy=dtypes.BY_NUMPY,
    bool_=dtypes.bool_,
    float16=dtypes.float16,
    OPERANDS=OPERANDS,
    MISSING=MISSING,
    versions=versions,
)
for _names in (raw_names, tensor_names):
    _names.update(versions=versions, result_tensor=node.result_tensor, wrap_saved=node.saved_tensor)
