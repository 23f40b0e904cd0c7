"""What a declaration declared: its parts, read once, and the functions made from it when first used."""

import functools
import inspect
import types
from collections.abc import Callable
from operator import itemgetter
from typing import Any

import numpy as np

from ..base import namespace
from . import codegen, entries, tangents
from .formulas import Formula, Variant

Array = np.ndarray


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
        fails: whether PyTorch lacks all of its derivatives, so that its nodes do nothing but fail.
        forward: the function of arrays that computes it.
        formulas: the derivative formula of each differentiable input.
        joint: the inputs that share one formula, whose value is the tuple of their gradients.
        tangent: the formula of the forward-mode tangent, or ``"elementwise"``, ``"linear"``, ``"zero"``,
            ``"refused"``; None where it follows from the gradients (see reverse_tangents.py).
        tensors, lists, optional: names of the parameters that are tensors, lists of tensors, tensors or None.
        takes_numbers: whether a Python number may stand for the second input.
        takes_number_first: whether one may stand for the first input beside a tensor.
        outputs: names of the outputs. differentiable: those which have a gradient.
        saves: names of what `forward` returns beyond the outputs, for the formulas alone.
        shows: arguments that no formula needs, but that the node keeps for those who look at it.
        keeps: what is saved although no formula reads it, by the input whose gradient is needed then.
        result: None, or ``"bool"`` for a comparison.
        rows: whether the results lie row by row: entries see to it, and `forward` does.
        like: the input whose shape and dtype the result has, if it always has those of one.
        floating: whether integers are converted to the default floating-point type first.
        wide: whether a second operand of no dimensions is read in float32 beside a tensor of half precision.
        once: the types of half precision whose derivative is computed in float32 and rounded at the end.
        direct: of an elementwise operation, the dtypes of integers, truth values and complex numbers on which it was
            seen to be defined and to work without a conversion.
        view: whether the result shares the first input's memory.
        recasts: of a view, whether it reads the memory as elements of another dtype.
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
        self.rows: bool = options.pop("rows", False)
        if self.rows:
            self.forward = _in_rows(self.forward)
        self.kind: str = options.pop("kind")
        self.tangent = options.pop("tangent", None)
        self.outputs: tuple[str, ...] = options.pop("outputs", ("result",))
        self.differentiable: tuple[str, ...] = options.pop("differentiable", self.outputs)
        self.saves: tuple[str, ...] = options.pop("saves", ())
        self.shows: tuple[str, ...] = options.pop("shows", ())
        kept = options.pop("keeps", {})
        kept = dict.fromkeys(self.formulas, kept) if isinstance(kept, str) else kept
        self.keeps: dict[str, set[str]] = {n: set(names.split(", ")) for n, names in kept.items()}
        self.result: str | None = options.pop("result", None)
        self.like: str | None = options.pop("like", None)
        self.floating: bool = options.pop("floating", False)
        self.wide: bool = options.pop("wide", False)
        self.once: tuple[str, ...] = tuple(options.pop("once", "").split())
        self.check: Callable[..., None] | None = options.pop("check", None)
        self.view: bool = self.kind == "view"
        self.several: bool = options.pop("several", False)
        self.recasts: bool = options.pop("recasts", False)
        undefined: bool = options.pop("undefined", False)
        self.function: bool = options.pop("function", True)
        self.method: bool = options.pop("method", True)
        self.inplace: bool = options.pop("inplace", self.kind == "elementwise" and self.result is None)
        self.out: bool = options.pop("out", self.kind != "view" and self.function)
        self.operators: tuple[str, ...] = options.pop("operators", ())
        node_name = options.pop("node", _camel(self.name) + "Backward0")
        self.node_name: str = node_name.removeprefix("torch::autograd::")
        self.node_namespace: str = node_name.removesuffix(self.node_name)
        self.fails: bool = self.node_name == "NotImplemented"
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
        # Whether gradients come as a tuple: to the tensors of a list, whose number each call decides, or perhaps None.
        self.gathers = undefined or any(p in self.lists for p in self.inputs)
        self.reference = f"OP_{self.name}"
        self.kernel_name = f"KERNEL_{self.name}"
        self.plain_name = f"PLAIN_{self.name}"
        self.direct_name = f"DIRECT_{self.name}"
        namespace[self.reference] = self
        namespace[self.kernel_name] = kernel or declared
        self.direct: set[Any] = set()
        namespace[self.direct_name] = self.direct
        self._formulas: dict[tuple[str, bool], Formula] = {}
        self._recorders: dict[Any, Any] = {}
        self._makers: dict[tuple[Any, ...], tuple[Any, bool]] = {}

    @property
    def public_name(self) -> str:
        """The name of the function that users call."""
        return self.aten if self.name.startswith("_") else self.name

    @property
    def doc(self) -> str:
        """The docstring that users read."""
        return self.declared.__doc__ or ""

    @functools.cached_property
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

    def formula(self, name: str, real: bool = False) -> Formula:
        """The parsed formula of one input, for real numbers only if `real`."""
        found = self._formulas.get((name, real))
        if found is None:
            found = self._formulas[name, real] = Formula(self.formulas[name], real)
            found.names |= self.keeps.get(name, set())
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

    def maker(self, *traits: Any) -> tuple[Any, bool]:
        """The recorder of the variant of these traits, and whether it saves the result."""
        found = self._makers.get(traits)
        if found is None:
            variant = Variant(*traits)
            found = self._makers[traits] = self.record(variant), codegen.saves_result(self, variant)
        return found

    def recorder(self, mask: int) -> Any:
        """The recorder for the inputs whose bit is set in `mask`."""
        found = self._recorders.get(mask)
        if found is None:
            need = tuple(n for i, n in enumerate(self.inputs) if mask >> i & 1)
            found = self._recorders[mask] = self.record(Variant(need))
        return found

    def fitted_recorder(self, mask: int, complex: bool = False) -> Any:
        """The recorder that fits each gradient to its input's shape and dtype, and whether it saves the result."""
        found = self._recorders.get((mask, complex))
        if found is None:
            need = tuple(n for i, n in enumerate(self.tensors) if mask >> i & 1 and n in self.formulas)
            found = self.maker(need, True, (), complex, False) if need else ((lambda *arguments: None), False)
            self._recorders[mask, complex] = found
        return found

    def entry(self, flavour: str, name: str, operator: bool = False) -> Any:
        """Compiles the operation's entry; see entries.py."""
        if self.plain_name not in namespace:
            namespace[self.plain_name] = entry_point(self, self.name, False, "plain")
        if self.kind == "elementwise":
            return entries.elementwise_entry(self, flavour, name, operator)
        return entries.operation_entry(self, flavour, name)

    def __getattr__(self, flavour: str) -> Any:
        if flavour not in ("recording", "plain", "result_type", "link", "join", "broadcast", "plain_broadcast"):
            raise AttributeError(flavour)
        made: Any
        if flavour == "result_type":
            made = return_type(self.aten, self.outputs) if len(self.outputs) > 1 else None
        elif flavour in ("link", "join"):
            made = getattr(codegen, flavour)(self)
        elif flavour in ("broadcast", "plain_broadcast"):
            made = entries.broadcast_entry(self, flavour == "broadcast")
        else:
            made = self.entry(flavour, self.name)
        setattr(self, flavour, made)
        return made

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.strip("_").split("_"))


# ---------------------------------------------------------------------------------------------- first use
def _template(*args: Any, **kwargs: Any) -> Any:
    return first_use("<key>", args, kwargs)


_WAITING: dict[str, tuple[Operation, str, bool, str, Any]] = {}


def entry_point(op: Operation, name: str, operator: bool, flavour: str = "checked") -> Any:
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


def first_use(key: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Compiles the function that waits under `key`, and runs it."""
    op, name, operator, flavour, function = _WAITING[key]
    made = op.entry(flavour, name, operator)
    function.__code__ = made.__code__
    function.__defaults__ = made.__defaults__
    function.__kwdefaults__ = made.__kwdefaults__
    return function(*args, **kwargs)


# ---------------------------------------------------------------------------------------------- several outputs
# By name, those that have been made.
RETURN_TYPES: dict[str, type] = {}


def return_type(name: str, fields: tuple[str, ...]) -> Any:
    """The named tuple that an operation with several outputs returns, such as ``torch.return_types.max``."""

    def shown(self: Any) -> str:
        inner = ",\n".join(f"{f}={v!r}" for f, v in zip(fields, self, strict=True))
        return f"torch.return_types.{name}(\n{inner})"

    body: dict[str, Any] = {"__slots__": (), "__repr__": shown, "__module__": "torch.return_types"}
    for i, f in enumerate(fields):
        body[f] = property(itemgetter(i))
    made = RETURN_TYPES[name] = type(name, (tuple,), body)
    return made
