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

import functools
import inspect
import re
import types
from collections.abc import Callable
from operator import itemgetter
from typing import Any, TypeVar

import numpy as np

from .. import dtypes
from ..autograd import mode, node
from ..autograd.leaf import AccumulateGrad
from ..autograd.versions import versions
from ..base import TensorBase, as_view, namespace, raw_names, settle, tensor_names, wrap
from ..kernels.layout import follow, result_array
from . import codegen, tangents
from .codegen import ALIASING, Variant

Array = np.ndarray
F = TypeVar("F", bound=Callable[..., Any])

REGISTRY: dict[str, "Operation"] = {}

# Stands for an argument that was not given, where PyTorch's words for that are not Python's.
MISSING: Any = type("Missing", (), {"__slots__": (), "__repr__": lambda self: "<required>"})()

# What operators take as the other operand; to anything else they answer that they do not know it.
OPERANDS = (TensorBase, int, float, complex, np.number, np.bool_)


def _in_rows(forward: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays whose results lie row by row, whatever the order of its operands."""

    def run(*args: Any) -> Any:
        found = forward(*args)
        return tuple([rows(f) for f in found]) if type(found) is tuple else rows(found)

    def rows(found: Any) -> Any:
        if type(found) is np.ndarray and not found.flags.c_contiguous:
            return np.ascontiguousarray(found)
        return found

    return run


class Operation:
    """What a declaration declared, and the functions made from it so far.

    Attributes:
        name: the public name, such as ``"mul"``.
        number_node, number_first_node: the same where the second or first input is a number, if it differs.
        node_name: the name of its nodes' class, such as ``"MulBackward0"``.
        forward: the function of arrays that computes it.
        formulas: the derivative formula of each differentiable input.
        joint: the inputs that share one formula, whose value is the tuple of their gradients.
        tangent: the formula of the forward-mode tangent, or ``"elementwise"``, ``"linear"``, ``"zero"``,
            ``"refused"``; None where it follows from the gradients (see forward_ad.py).
        tensors, lists, optional: names of the parameters that are tensors, lists of tensors, tensors or None.
        takes_numbers: whether a Python number may stand for the second input.
        takes_number_first: whether one may stand for the first input beside a tensor.
        outputs: names of the outputs. differentiable: those which have a gradient.
        saves: names of what `forward` returns beyond the outputs, for the formulas alone.
        shows: arguments that no formula needs, but that the node keeps for those who look at it.
        result: None, or ``"bool"`` for a comparison.
        like: the input whose shape and dtype the result has, if it always has those of one.
        floating: whether integers are converted to the default floating-point type first.
        view: whether the result shares the first input's memory.
        several: whether the result is a list of arrays, as many as the arguments ask for; the node then has as many
            outputs, and `grads` in the formula is the list of their gradients.
        function, method, inplace: which forms are public.
    """

    def __init__(self, declared: Callable[..., Any], formulas: dict[str, str], options: dict[str, Any]):
        self.declared = declared
        self.name: str = options.pop("name", declared.__name__)
        names, shared = options.pop("joint", ("", ""))
        self.joint: tuple[str, ...] = tuple(names.split(", ")) if names else ()
        self.formulas = {**formulas, **dict.fromkeys(self.joint, shared)}
        kernel = options.pop("kernel", None)
        self.forward: Callable[..., Any] = kernel or declared
        if options.pop("rows", False):
            self.forward = _in_rows(self.forward)
        self.kind: str = options.pop("kind")
        self.tangent = options.pop("tangent", None)
        self.outputs: tuple[str, ...] = options.pop("outputs", ("result",))
        self.differentiable: tuple[str, ...] = options.pop("differentiable", self.outputs)
        self.saves: tuple[str, ...] = options.pop("saves", ())
        self.shows: tuple[str, ...] = options.pop("shows", ())
        self.result: str | None = options.pop("result", None)
        self.like: str | None = options.pop("like", None)
        self.floating: bool = options.pop("floating", False)
        self.check: Callable[..., None] | None = options.pop("check", None)
        self.view: bool = self.kind == "view"
        self.several: bool = options.pop("several", False)
        self.function: bool = options.pop("function", True)
        self.method: bool = options.pop("method", True)
        self.inplace: bool = options.pop("inplace", self.kind == "elementwise" and self.result is None)
        self.out: bool = options.pop("out", self.kind != "view" and self.function)
        self.operators: tuple[str, ...] = options.pop("operators", ())
        node_name = options.pop("node", _camel(self.name) + "Backward0")
        self.node_name: str = node_name.removeprefix("torch::autograd::")
        self.node_namespace: str = node_name.removesuffix(self.node_name)
        self.number_node: str | None = options.pop("number_node", None)
        self.number_first_node: str | None = options.pop("number_first_node", None)
        self.aten: str = options.pop("aten", self.name)
        if options:
            raise TypeError(f"{self.name}: unknown options {sorted(options)}")
        code = declared.__code__
        self.parameters: tuple[str, ...] = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        self.keyword_only: tuple[str, ...] = self.parameters[code.co_argcount :]
        notes = declared.__annotations__
        self.tensors = tuple(p for p in self.parameters if notes.get(p) in (Array, Array | None, Array | float))
        self.takes_numbers = any(note == Array | float for note in notes.values())
        self.takes_number_first = notes.get(self.parameters[0]) == Array | float
        self.optional = tuple(p for p in self.parameters if notes.get(p) == Array | None)
        self.lists = tuple(p for p in self.parameters if notes.get(p) in (list[Array], tuple[Array, ...]))
        self.constants = tuple(p for p in self.parameters if p not in self.tensors and p not in self.lists)
        self.inputs = tuple(p for p in self.parameters if p in self.formulas)
        # Whether gradients go to the tensors of a list, whose number each call decides.
        self.gathers = any(p in self.lists for p in self.inputs)
        self.reference = f"OP_{self.name}"
        self.kernel_name = f"KERNEL_{self.name}"
        self.plain_name = f"PLAIN_{self.name}"
        namespace[self.reference] = self
        namespace[self.kernel_name] = self.forward
        self._formulas: dict[tuple[str, bool], codegen.Formula] = {}
        self._recorders: dict[Any, Any] = {}
        self._flavours: dict[str, Any] = {}

    @property
    def public_name(self) -> str:
        """The name of the function that users call."""
        return self.aten if self.name.startswith("_") else self.name

    @property
    def doc(self) -> str:
        """The docstring that users read."""
        return self.declared.__doc__ or ""

    @property
    def signature(self) -> inspect.Signature:
        """The public signature, with ``out`` where there is one."""
        found = inspect.signature(self.declared)
        if self.out:
            extra = inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None)
            found = found.replace(parameters=[*found.parameters.values(), extra])
        return found

    @property
    def signature_text(self) -> str:
        """The parameters with their defaults, as source; defaults are looked up by name in the generated code."""
        parts = []
        for p in inspect.signature(self.declared).parameters.values():
            if p.name in self.keyword_only and "*" not in parts:
                parts.append("*")
            if p.default is inspect.Parameter.empty:
                parts.append(p.name)
            else:
                key = f"DEFAULT_{self.name}_{p.name}"
                namespace[key] = p.default
                parts.append(
                    f"{p.name}={p.default!r}"
                    if isinstance(p.default, (int, float, str, type(None)))
                    else f"{p.name}={key}"
                )
        if self.out:
            parts += [*(["*"] if "*" not in parts else []), "out=None"]
        return ", ".join(parts)

    def formula(self, name: str, real: bool = False) -> codegen.Formula:
        """The parsed formula of one input, for real numbers only if `real`."""
        found = self._formulas.get((name, real))
        if found is None:
            found = self._formulas[name, real] = codegen.Formula(self.formulas[name], real)
        return found

    @property
    def saved_outputs(self) -> set[str]:
        """The outputs that some formula reads."""
        return {n for i in self.inputs for n in self.outputs if n in self.formula(i).names}

    def rule_name(self, variant: Variant) -> str:
        """The name under which the variant's rule stands in the generated code's namespace."""
        traits = ["fit"] * variant.fit + ["complex"] * variant.complex + [f"number_{n}" for n in variant.numbers]
        traits += ["large"] * variant.large
        key = "_".join(("RULE", self.name, *variant.need, *traits))
        if key not in namespace:
            self.node_class(codegen.class_name(self, variant))
            namespace[key] = codegen.rule(self, variant)
        return key

    def node_class(self, name: str) -> type:
        """The class of the operation's nodes that has this name, made on first use."""
        key = f"{name}__{self.name}"
        if key not in namespace:
            namespace[key] = codegen.node_class(self, name)
        found: type = namespace[key]
        return found

    def tangent_rule(self, need: tuple[str, ...]) -> Any:
        """The function that computes the results' tangents from those of the inputs in `need`; None if not declared."""
        key = "tangent", need
        if key not in self._recorders:
            self._recorders[key] = tangents.tangent_rule(self, need)
        return self._recorders[key]

    def record(self, variant: Variant) -> Any:
        """The recorder of a variant."""
        found = self._recorders.get(variant)
        if found is None:
            found = self._recorders[variant] = codegen.recorder(self, variant)
        return found

    def recorder(self, mask: int) -> Any:
        """The recorder for the inputs whose bit is set in `mask`."""
        found = self._recorders.get(mask)
        if found is None:
            need = tuple(n for i, n in enumerate(self.inputs) if mask >> i & 1)
            found = self._recorders[mask] = self.record(Variant(need))
        return found

    def broadcast_recorder(self, mask: int) -> Any:
        """The recorder for two inputs of different shapes, and whether it saves the result."""
        found = self._recorders.get(("broadcast", mask))
        if found is None:
            need = tuple(n for i, n in enumerate(self.tensors) if mask >> i & 1 and n in self.formulas)
            variant = Variant(need, True)
            if need:
                found = self.record(variant), codegen.saves_result(self, variant)
            else:
                found = (lambda *arguments: None), False
            self._recorders["broadcast", mask] = found
        return found

    def entry(self, flavour: str, name: str, operator: bool = False) -> Any:
        """Compiles the operation's entry; see codegen.py."""
        if self.plain_name not in namespace:
            namespace[self.plain_name] = _entry_point(self, self.name, False, "plain")
        if self.kind == "elementwise":
            return codegen.elementwise_entry(self, flavour, name, operator)
        return codegen.operation_entry(self, flavour, name)

    def __getattr__(self, flavour: str) -> Any:
        if flavour not in ("recording", "plain", "result_type"):
            raise AttributeError(flavour)
        made: Any
        if flavour == "result_type":
            made = return_type(self.aten, self.outputs) if len(self.outputs) > 1 else None
        else:
            made = self.entry(flavour, self.name)
        setattr(self, flavour, made)
        return made

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.strip("_").split("_"))


# ---------------------------------------------------------------------------------------------- the words
def elementwise(
    *, kernel: Any = None, node: str | None = None, operators: tuple[str, ...] = (), floating: bool = False,
    result: str | None = None, check: Any = None, function: bool = True, method: bool = True,
    inplace: bool | None = None, name: str | None = None, tangent: str | None = "elementwise", aten: str | None = None,
    number_node: str | None = None, number_first_node: str | None = None, out: bool | None = None, **formulas: str,
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
            gradient multiplied by something. None where they are not that; see `operation`.
        aten: the name shown by the profiler where it differs.
        number_node, number_first_node: the node's name where the second or first input is a number, if that is another.
        out: whether there is an ``out=`` argument; that of a public function unless given.
        formulas: for each differentiable input, its gradient.
    """
    options = locals()
    return _declare("elementwise", options)


def operation(
    *, kernel: Any = None, node: str | None = None, outputs: tuple[str, ...] = ("result",),
    differentiable: tuple[str, ...] | None = None, saves: tuple[str, ...] = (), tangent: str | None = None,
    function: bool = True, method: bool = True, inplace: bool = False, name: str | None = None, out: bool | None = None,
    aten: str | None = None, like: str | None = None, rows: bool = False, joint: tuple[str, str] | None = None,
    several: bool = False, shows: tuple[str, ...] = (),
    **formulas: str,
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
        rows: whether the results lie row by row, as PyTorch promises, also where the kernel keeps its operand's order.
        joint: names of inputs, such as ``"input, weight"``, and one formula for the tuple of their gradients. In it
            ``needs`` is a tuple that says which of them are wanted; in the others' places stands None.
        formulas: for each other differentiable input, its gradient; for a list of tensors, the list of gradients.
    """
    options = locals()
    return _declare("operation", options)


def view(
    *, kernel: Any = None, node: str | None = None, tangent: str | None = "linear", function: bool = True,
    method: bool = True, name: str | None = None, aten: str | None = None, several: bool = False,
    shows: tuple[str, ...] = (), **formulas: str,
) -> Callable[[Callable[..., Any]], Any]:  # fmt: skip
    """Declares an operation whose result shares the memory of its first input.

    Args:
        kernel, node, tangent, function, method, name, aten, shows, formulas: as in `operation`.
        several: whether the body returns a list of arrays, of any length, and the operation a tuple of views.
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
        public = _entry_point(op, op.name, False)
        tensor_names[op.name] = public
        if op.function:
            FUNCTIONS[op.name] = public
        if op.method:
            setattr(TensorBase, op.name, public)
        for operator in op.operators:
            setattr(TensorBase, operator, _entry_point(op, operator, True))
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
        called = by_numpy_names(declared) if "dim" in parameters and "axis" not in parameters else declared
        if function and not inplace:
            FUNCTIONS[public] = called
        if method:
            setattr(TensorBase, public, called)
        COMPOSITES[public] = declared
        return declared

    return register


COMPOSITES: dict[str, Any] = {}

_MISSING = re.compile(r"(\w+)\(\) missing (\d+) required positional arguments?: (.*)")
_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "a": "input", "x": "input"}


def by_numpy_names(function: F) -> F:
    """The function with NumPy's names for its arguments beside its own, as in PyTorch: ``axis`` for ``dim``."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            for theirs, ours in _NUMPY_NAMES.items():
                if theirs in kwargs and ours not in kwargs:
                    kwargs[ours] = kwargs.pop(theirs)
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            said = _MISSING.fullmatch(str(error))
            if said is None or error.__traceback__.tb_next is not None:  # type: ignore[union-attr]
                raise
        name, count, names = said.groups()
        names = names.replace("'", '"').replace(" and", ",").replace(",,", ",")
        # PyTorch's own way with the plural.
        raise TypeError(f"{name}() missing {count} required positional argument{'s' * (count == '1')}: {names}")

    return call  # type: ignore[return-value]


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
def _template(*args: Any, **kwargs: Any) -> Any:
    return first_use("<key>", args, kwargs)  # type: ignore[name-defined]  # noqa: F821


_WAITING: dict[str, tuple[Operation, str, bool, str, Any]] = {}


def _entry_point(op: Operation, name: str, operator: bool, flavour: str = "checked") -> Any:
    """A function that compiles itself when first called: its identity stays, its code is replaced."""
    key = f"{op.name} {name} {flavour}"
    code = _template.__code__
    code = code.replace(
        co_consts=tuple(key if c == "<key>" else c for c in code.co_consts), co_name=name, co_qualname=name
    )
    function = types.FunctionType(code, namespace, name)
    function.__doc__ = op.doc
    function.__wrapped__ = op.declared  # type: ignore[attr-defined]
    function.__module__ = "torch"
    _WAITING[key] = op, name, operator, flavour, function
    return function


def _first_use(key: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    op, name, operator, flavour, function = _WAITING[key]
    made = op.entry(flavour, name, operator)
    function.__code__ = made.__code__
    function.__defaults__ = made.__defaults__
    function.__kwdefaults__ = made.__kwdefaults__
    return function(*args, **kwargs)


def _inplace_method(op: Operation) -> Any:
    def method(input: Any, *args: Any, **kwargs: Any) -> Any:
        return apply_inplace(op, input, args, kwargs)

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
    found = []
    if made_by is not None:
        made_by.output_count = len(arrays)
    for i, a in enumerate(arrays):
        t = wrap(a, None if made_by is None else node.output(made_by, i))
        if not op.view:
            pass
        elif recorded:
            as_view(t, input, "multi-output", op.node_name)
        else:
            unrecorded_view(t, input)
        found.append(t)
    return tuple(found)


# ---------------------------------------------------------------------------------------------- results and errors
def return_type(name: str, fields: tuple[str, ...]) -> Any:
    """The named tuple that an operation with several outputs returns, such as ``torch.return_types.max``."""

    def shown(self: Any) -> str:
        inner = ",\n".join(f"{f}={v!r}" for f, v in zip(fields, self, strict=True))
        return f"torch.return_types.{name}(\n{inner})"

    body: dict[str, Any] = {"__slots__": (), "__repr__": shown, "__module__": "torch.return_types"}
    for i, f in enumerate(fields):
        body[f] = property(itemgetter(i))
    return type(name, (tuple,), body)


def argument_error(op: Any, args: tuple[Any, ...]) -> Exception:
    """The TypeError for the first argument that should be a tensor and is not."""
    name = op.public_name
    if op.takes_number_first:
        a, b = op.tensors
        forms = [f"(Tensor {a}, Tensor {b}", f"(Number {'self' if a == 'input' else a}, Tensor {b}",
                 f"(Tensor {a}, Number {b}"]  # fmt: skip
        got = ", ".join(type_name(x) for x in args if x is not MISSING)
        return TypeError(
            f"{name}() received an invalid combination of arguments - got ({got}), but expected one of:\n"
            + "".join(f" * {form}, *, Tensor out = None)\n" for form in forms)
        )
    absent = [p for p, a in zip(op.parameters, args, strict=False) if a is MISSING]
    if absent:
        listed = ", ".join(f'"{p}"' for p in absent)
        plural = "s" if len(absent) == 1 else ""  # PyTorch's own way with the plural
        return TypeError(f"{name}() missing {len(absent)} required positional argument{plural}: {listed}")
    if op.takes_numbers and (name not in TAKE_NUMBERS_AS_TENSORS or name == "floor_divide"):
        forms = [f"(Tensor input, {kind} other, *, Tensor out = None)" for kind in ("Tensor", "Number")]
        if name in TAKE_NUMBERS_FIRST:
            forms.insert(1, "(Number self, Tensor other)")
        got = ", ".join(type_name(a) for a in args)
        return TypeError(
            f"{name}() received an invalid combination of arguments - got ({got}), but expected one of:\n"
            + "".join(f" * {form}\n" for form in forms)
        )
    for i, (p, a) in enumerate(zip(op.parameters, args, strict=False)):
        if p in op.tensors and not isinstance(a, TensorBase) and not (a is None and p in op.optional):
            return TypeError(f"{name}(): argument '{p}' (position {i + 1}) must be Tensor, not {type_name(a)}")
        if p in op.lists:
            if not isinstance(a, (list, tuple)):
                return TypeError(
                    f"{name}(): argument '{p}' (position {i + 1}) must be tuple of Tensors, not {type(a).__name__}"
                )
            for j, t in enumerate(a):
                if not isinstance(t, TensorBase):
                    return TypeError(f"expected Tensor as element {j} in argument {i}, but got {type(t).__name__}")
    return TypeError(f"{name}(): invalid arguments")


# Functions whose inputs may all be numbers, and those that take a number as the first of two.
TAKE_NUMBERS_AS_TENSORS = {"add", "sub", "mul", "div", "floor_divide"}
TAKE_NUMBERS_FIRST = {
    "remainder", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "pow",
}  # fmt: skip


def type_name(value: Any) -> str:
    """The name of a value's type as C programs know it: with its module, for the types written in C."""
    kind = type(value)
    if isinstance(value, TensorBase):
        return "Tensor"
    heap_type = 512
    if kind.__flags__ & heap_type or kind.__module__ == "builtins":
        return kind.__name__
    return f"{kind.__module__}.{kind.__name__}"


def scalar(value: Any, dtype: dtypes.dtype) -> np.ndarray:
    """A Python number as a 0-dim array of `dtype`, from the dtype's cache."""
    cache = dtype.scalars
    if type(value) is int:
        dtypes.of_operand(value)  # refuses what fits no integer type
    array = np.array(value, dtype.numpy)
    # 0.0 and -0.0 are equal as keys but not as numbers, so zeros are not kept.
    if value and len(cache) < 4096:
        cache[value] = array
    return array


def write_out(op: Any, out: Any, result: Any) -> Any:
    """Stores a result in the tensor (or tuple of tensors) given as ``out=``; see inplace.py."""
    return namespace["store_out"](op, out, result)


namespace.update(
    ndarray=np.ndarray,
    asarray=result_array,
    settle=settle,
    follow=follow,
    first_use=_first_use,
    argument_error=argument_error,
    scalar=scalar,
    write_out=write_out,
    as_view=as_view,
    unrecorded_view=unrecorded_view,
    pieces=pieces,
    from_numpy=dtypes.from_numpy,
    bool_=dtypes.bool_,
    int64=dtypes.int64,
    OPERANDS=OPERANDS,
    MISSING=MISSING,
    versions=versions,
)
for _names in (raw_names, tensor_names):
    _names.update(versions=versions, result_tensor=node.result_tensor, wrap_saved=wrap)
