"""Derivative formulas, parsed: which names they use, and so what a node saves for them."""

import ast
import functools
import itertools
import linecache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .operation import Operation

# Calls in formulas whose result may share memory with their argument; other calls make arrays of their own.
ALIASING: set[str] = {"fit", "squeeze", "sum_to_size"}

serial = itertools.count(1).__next__


class Variant(NamedTuple):
    """What a recorder or rule is specialised for.

    Attributes:
        need: names of the inputs that need a gradient.
        fit: whether each gradient must be summed and cast to its input's shape and dtype.
        numbers: names of the inputs that were given as Python numbers (saved as 0-dim arrays).
        complex: whether numbers may be complex; elsewhere ``conj`` is left out of elementwise formulas.
        large: whether the arrays are large, so that the formulas pay as one compiled loop (`kernels.pointwise`).
    """

    need: tuple[str, ...]
    fit: bool = False
    numbers: tuple[str, ...] = ()
    complex: bool = False
    large: bool = False


def define(title: str, source: str, names: dict[str, Any], name: str) -> Any:
    """Compiles `source`, in which function `name` is defined, and keeps its text for tracebacks and debuggers."""
    filename = f"<rushlight {title} {serial()}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    local: dict[str, Any] = {}
    exec(compile(source, filename, "exec"), names, local)
    return local[name]


class Formula:
    """One parsed derivative: its text with ``shape(x)`` turned into ``x_shape``, and the names it uses.

    Args:
        text: the formula as declared.
        real: whether to leave out ``conj``.
    """

    __slots__ = ("fresh", "names", "shapes", "text")

    def __init__(self, text: str, real: bool = False):
        tree = ast.parse(text, mode="eval").body
        self.shapes: set[str] = set()
        tree = _Shapes(self.shapes).visit(tree)
        if real:
            tree = Real().visit(tree)
        self.text = ast.unparse(tree)
        self.names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        self.fresh = _is_fresh(tree)


class _Shapes(ast.NodeTransformer):
    def __init__(self, found: set[str]):
        self.found = found

    def visit_Call(self, call: ast.Call) -> ast.AST:
        if isinstance(call.func, ast.Name) and call.func.id == "shape" and isinstance(call.args[0], ast.Name):
            self.found.add(call.args[0].id)
            return ast.copy_location(ast.Name(call.args[0].id + "_shape", ast.Load()), call)
        return self.generic_visit(call)


class Real(ast.NodeTransformer):
    """Leaves ``conj`` out of a formula."""

    def visit_Call(self, call: ast.Call) -> ast.AST:
        """Puts what a call of ``conj`` is given in its place."""
        self.generic_visit(call)
        return call.args[0] if isinstance(call.func, ast.Name) and call.func.id == "conj" else call


def _is_fresh(tree: ast.AST) -> bool:
    if isinstance(tree, (ast.BinOp, ast.UnaryOp)):
        return True
    if isinstance(tree, ast.IfExp):
        return _is_fresh(tree.body) and _is_fresh(tree.orelse)
    return isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id not in ALIASING


class Plan:
    """What a variant of an operation saves, read off its formulas.

    Attributes:
        formulas: one for each needed input.
        tensors: inputs saved whole. shapes: inputs of which the shape is saved.
        results: outputs or intermediate values saved as arrays. constants: other arguments saved.
    """

    def __init__(self, op: "Operation", variant: Variant):
        real = op.kind == "elementwise" and not variant.complex
        self.formulas = [op.formula(n, real) for n in variant.need]
        used: set[str] = set().union(*(f.names for f in self.formulas)) if self.formulas else set()
        self.shapes = sorted(set().union(*(f.shapes for f in self.formulas)) if self.formulas else ())
        self.tensors = [n for n in op.tensors if n in used and n not in variant.numbers]
        self.lists = [n for n in op.lists if n in used]
        self.numbers = [n for n in variant.numbers if n in used]
        self.results = [n for n in (*op.outputs, *op.saves) if n in used]
        self.constants = [n for n in op.constants if n in used or n in op.shows]
        self.versioned_results = [n for n in op.outputs if n in used]


@functools.cache
def plan_of(op: "Operation", variant: Variant) -> Plan:
    """The plan of a variant, made once."""
    return Plan(op, variant)
