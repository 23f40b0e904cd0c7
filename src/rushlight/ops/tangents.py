"""Forward mode from declarations: writes the rule that computes an operation's tangent; see autograd/dual_level.py."""

import ast
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import mode
from ..base import TensorBase, tensor_names, wrap
from .formulas import Real, define

if TYPE_CHECKING:
    from .operation import Operation


def tangent_rule(op: "Operation", need: tuple[str, ...]) -> Any:
    """The forward-mode rule for the inputs in `need`, on Tensors.

    A formula of an elementwise operation is the gradient multiplied by a slope, ``grad * conj(slope)``; the tangent is
    the sum of the inputs' tangents multiplied by the slopes. A linear operation is its own tangent.

    Returns:
        A function of the arguments by name, the tangents by name, and the results, or None if nothing is declared.
    """
    declared = op.tangent
    if isinstance(declared, dict):  # by the input that has one
        declared = next((text for n, text in declared.items() if n in need), "elementwise")
    if declared in (None, "zero", "refused") or not need:
        return None
    if declared == "linear":

        def linear(bound: dict[str, Any], given: dict[str, Any], result: Any) -> tuple[Any, ...]:
            arguments = {n: v for n, v in bound.items() if n != "out"}
            for n in op.inputs:
                if arguments.get(n) is not None:
                    arguments[n] = _filled(arguments[n], given[n])
            found = (op.recording if mode.local.grad else op.plain)(**arguments)
            return found if isinstance(found, tuple) else (found,)

        return linear
    if declared == "elementwise":
        terms = []
        for n in need:
            for real in (True, False):
                tree = ast.parse(op.formulas[n], mode="eval").body
                tree = _Tangent(n, real).visit(Real().visit(tree) if real else tree)
                terms.append((real, ast.unparse(tree) if real else f"conj({ast.unparse(tree)})"))
        lines = {real: " + ".join(f"({text})" for r, text in terms if r == real) for real in (True, False)}
    else:
        lines = {True: declared, False: declared}
    used = {x.id for text in lines.values() for x in ast.walk(ast.parse(text)) if isinstance(x, ast.Name)}
    reached = _reached(op, need) if declared == "elementwise" else []
    used.update(reached)
    source = ["def tangent(bound, given, result):"]
    if len(op.outputs) > 1:
        source.append(f"    {', '.join(op.outputs)} = result")
    elif op.outputs[0] in used and op.outputs[0] != "result":
        source.append(f"    {op.outputs[0]} = result")
    first = op.outputs[0] if len(op.outputs) > 1 else "result"
    for n in op.parameters:
        if n in used:
            source.append(f"    {n} = as_operand(bound.get({n!r}, DEFAULTS.get({n!r})), {n in op.tensors})")
        if f"{n}_t" in used:
            source.append(f"    {n}_t = filled(bound.get({n!r}), given[{n!r}])")
    source.append(f"    if {first}._dtype.is_complex: tangent = {lines[False]}")
    source.append(f"    else: tangent = {lines[True]}")
    source.append(f"    if tangent._shape != {first}._shape: tangent = tangent.expand({first}._shape)")
    for n in reached:
        source.append(f"    if tangent._node is None and getattr({n}, '_node', None) is not None:")
        # Only its shape and place in the graph count, not what an operation in place is about to write to it.
        source.append(f"        tangent = attached(tangent, wrap({n}._data, {n}._node))")
    others = ", None" * (len(op.outputs) - 1)
    source.append(f"    return (tangent{others},)")
    defaults = {p.name: p.default for p in op.signature.parameters.values() if p.default is not inspect.Parameter.empty}
    names = {**tensor_names, "DEFAULTS": defaults, "as_operand": _as_operand, "filled": _filled, "wrap": wrap}
    return define(f"{op.name} tangent", "\n".join(source) + "\n", names, "tangent")


def _reached(op: "Operation", need: tuple[str, ...]) -> list[str]:
    """The inputs that slopes of inputs without a tangent mention: the tangent depends on them, though by zeros."""
    slopes = [op.formula(n).names for n in op.inputs if n not in need]
    return [n for n in op.tensors if any(n in names and names.isdisjoint(_PIECEWISE) for names in slopes)]


# Slopes that are constant where they exist.
_PIECEWISE = {"share_of", "chosen"}


class _Tangent(ast.NodeTransformer):
    """Turns the formula of one input's gradient into the part of the tangent that comes from that input."""

    def __init__(self, name: str, real: bool):
        self.name = name
        self.real = real

    def visit_Name(self, name: ast.Name) -> ast.AST:
        if name.id != "grad":
            return name
        tangent = ast.Name(f"{self.name}_t", ast.Load())
        return tangent if self.real else ast.Call(ast.Name("conj", ast.Load()), [tangent], [])


def _as_operand(value: Any, tensor: bool) -> Any:
    return wrap(np.asarray(value)) if tensor and isinstance(value, (int, float, complex)) else value


def _filled(value: Any, tangent: Any) -> Any:
    """The tangent of an input, with zeros for tensors and numbers that have none."""
    if isinstance(value, (int, float, complex)):
        return 0
    if isinstance(value, TensorBase):
        return tensor_names["zeros_like"](value.detach()) if tangent is None else tangent  # type: ignore[attr-defined]
    if isinstance(value, (list, tuple)):
        return [_filled(t, g) for t, g in zip(value, tangent or [None] * len(value), strict=True)]
    return tangent
