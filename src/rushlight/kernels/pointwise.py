"""Elementwise operations on large arrays: formulas as loops, compiled and shared between threads.

A `Loop` computes one or several formulas in one pass over memory, where NumPy makes a pass (and an array) for every
sign in them. Its text is the formula itself, in which operations stand by their names, as in derivatives
(`ops.declare`); `MEANINGS` says what the names mean for one element. What has no meaning there stays with NumPy, and so
do operands that lie in memory too differently.
"""

import ast
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from . import dispatch
from .arrangement import arrange, laid_alike, transposed
from .layout import inner
from .memory import keep_freed_memory

# Every large result is written to new memory, so it pays from the first one on.
keep_freed_memory()

Array = np.ndarray

# From how many elements on a loop is worth its call.
LARGE = 16384

# Operations for which NumPy is limited by the cache, as a loop is, and up to how many bytes of a result several threads
# gain no more than their start takes.
SIMPLE = {
    "_add", "_sub", "_rsub", "mul", "_div", "neg", "abs", "floor", "ceil", "trunc", "_round", "maximum", "minimum",
}  # fmt: skip
FEW_BYTES = 1 << 19

# NumPy's letters of the types of 16 bits, and those of `compiled.pointwise`.
HALVES = {"e": "e", "E": "g"}
_SINGLE = np.dtype(np.float32)

# How many elements a thread takes at a time, at least and at most.
PIECE = 8192, 65536

# The functions that `compiled.pointwise` has.
_FUNCTIONS = {
    "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sigmoid", "tanh", "cosh", "sinh", "atan", "asin", "acos",
    "near_tan", "angle", "power", "erf", "erfc", "abs", "sqrt", "floor", "ceil", "trunc", "rint", "select",
}  # fmt: skip

# Names of operations and helpers in formulas: their parameters, and what they compute for one element.
MEANINGS = {
    "_add": "input, other: input + other",
    "_sub": "input, other: input - other",
    "_rsub": "input, other: other - input",
    "mul": "input, other: input * other",
    "times": "input, number: input * number",
    "_div": "input, other: input / other",
    "neg": "input: -input",
    "reciprocal": "input: 1 / input",
    "rsqrt": "input: 1 / sqrt(input)",
    "sgn": "input: select(input > 0, 1, select(input < 0, -1, 0))",
    "sign": "input: sgn(input)",
    "relu": "input: select(input < 0, 0, input)",
    "relu_backward": "grad, result: select(result <= 0, 0, grad)",
    "maximum": "input, other: select((input > other) | (input != input), input, other)",
    "minimum": "input, other: select((input < other) | (input != input), input, other)",
    "atan2": "input, other: angle(input, other)",
    "_pow": "input, other: power(input, other)",
    "pow_exponent_slope": "base, exponent, result: select((base == 0) & (exponent >= 0), 0, result * log(base))",
    "over_square_sum": "grad, input, other: select(input * input + other * other == 0, 0, "
    "grad / (input * input + other * other))",
    "share_of": "grad, a, b, lost: select(lost, 0, grad * select(a == b, 0.5, 1))",
    "chosen": "a, b, wins: wins | (b != b)",
    "where": "condition, input, other: select(condition, input, other)",
    "zeros_like": "input: 0",
    "conj": "input: input",
    "_round": "input: rint(input)",
    "frac": "input: input - trunc(input)",
}


class Unknown(Exception):
    """A formula holds what loops cannot compute."""


class _Meaning(ast.NodeTransformer):
    """Replaces what a formula calls by its meaning, and the parameters by what they are given."""

    def __init__(self, given: dict[str, ast.expr]):
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in self.given:
            raise Unknown(node.id)
        return self.given[node.id]

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        arguments = [self.visit(a) for a in node.args]
        if node.keywords or not name:
            raise Unknown(ast.unparse(node))
        if name in MEANINGS:
            parameters, _, text = MEANINGS[name].partition(": ")
            given = dict(zip(parameters.split(", "), arguments, strict=True))
            return meaning(text, given)
        if name not in _FUNCTIONS:
            raise Unknown(name)
        return ast.Call(ast.Name(name, ast.Load()), arguments, [])

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, _ALLOWED):
            raise Unknown(type(node).__name__)
        return super().generic_visit(node)


_ALLOWED = (
    ast.BinOp, ast.UnaryOp, ast.Compare, ast.Constant, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.USub, ast.BitAnd,
    ast.BitOr, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq,
)  # fmt: skip


def meaning(text: str, given: dict[str, ast.expr]) -> Any:
    """A formula in terms of the functions that loops have.

    Raises:
        Unknown: it cannot be said in these terms.
    """
    return _Meaning(given).visit(ast.parse(text, mode="eval").body)


class Loop:
    """Formulas computed in one pass.

    Args:
        label: a name for those who look at the folder of kernels.
        names: the operands, in the order of the arguments.
        formulas: for each result, its formula.

    Raises:
        Unknown: there can be no such loop.
    """

    __slots__ = ("_kernels", "_text", "label", "results")

    def __init__(self, label: str, names: tuple[str, ...], formulas: tuple[str, ...]):
        given: dict[str, ast.expr] = {n: ast.Name(f"x{i}", ast.Load()) for i, n in enumerate(names)}
        self.label = label
        self.results = len(formulas)
        self._text = ";".join(ast.unparse(meaning(f, given)) for f in formulas)
        self._kernels: dict[str, dispatch.Kernel] = {}

    def __call__(self, *values: Any, out: Array | None = None) -> Any:
        """The result (a tuple, if there are several formulas), or None where NumPy has to compute it.

        Numbers of 16 bits are computed with in float32 and rounded once.

        Args:
            values: the operands, arrays of one type and numbers; they broadcast. Those after the first may be
                conditions: arrays of truth values, as large as the result.
            out: the array to write to, which lies like the first operand and may be it.
        """
        first = values[0]
        dtype = first.dtype
        if type(first) is not np.ndarray or not first.flags.c_contiguous:
            return self._arranged(values, out)
        if dtype.char in HALVES:
            return self._halves(values, out)
        kinds, shape = "a", first.shape
        for v in values[1:]:
            if type(v) is np.ndarray:
                if v.shape == shape:
                    if not v.flags.c_contiguous:
                        return self._arranged(values, out)
                    kinds += "a"
                elif not v.ndim:
                    kinds += "p"
                else:
                    return self._arranged(values, out)
                if v.dtype is not dtype and v.dtype != dtype:
                    if v.dtype.char != "?" or kinds[-1] != "a":
                        return None
                    kinds = kinds[:-1] + "b"
            elif type(v) is float:
                kinds += "s"
            elif type(v) is int:
                return self(*[float(v) if type(v) is int else v for v in values], out=out)
            else:
                return self._arranged(values, out)
        run = (self._kernels.get(kinds) or self._kernel(kinds)).get(dtype)
        if run is None:
            return None
        size = first.size
        grain = piece(size)
        if out is not None:
            run(size, grain, *values, out)
            return out
        if self.results == 1:
            result = np.empty(shape, dtype)
            run(size, grain, *values, result)
            return result
        results = tuple([np.empty(shape, dtype) for _ in range(self.results)])
        run(size, grain, *values, *results)
        return results

    def _halves(self, values: tuple[Any, ...], out: Array | None) -> Any:
        """The same for arrays of numbers of 16 bits, all of one shape and row by row, and numbers."""
        first, kinds = values[0], ""
        for v in values:
            if type(v) is float or type(v) is int:
                kinds += "s"
            elif type(v) is np.ndarray and v.dtype == first.dtype and not v.ndim:
                kinds += "s"
            elif type(v) is np.ndarray and v.dtype == first.dtype and v.shape == first.shape and v.flags.c_contiguous:
                kinds += HALVES[first.dtype.char]
            else:
                return None
        if not converts_halves():
            return None
        kinds += f">{HALVES[first.dtype.char] * self.results}"
        run = (self._kernels.get(kinds) or self._kernel(kinds)).get(_SINGLE)
        if run is None:
            return None
        made = tuple([np.empty_like(first) for _ in range(self.results)]) if out is None else (out,)
        operands = [v if kind != "s" else float(v) for kind, v in zip(kinds, values, strict=False)]
        run(first.size, piece(first.size), *operands, *made)
        return made[0] if self.results == 1 else made

    def _kernel(self, kinds: str) -> dispatch.Kernel:
        made = self._kernels[kinds] = kernel(f"{self.label}_{kinds.replace('>', '_')}", f"{kinds}|{self._text}")
        return made

    def _arranged(self, values: tuple[Any, ...], out: Array | None) -> Any:
        """The same for operands of different shapes or orders in memory."""
        found = arrange(values)
        if found is None:
            found = arrange(values := laid_alike(values, LARGE))
            if found is None:
                return None
        kinds, shape, order, back, rows, columns, numbers, dtype = found
        run = (self._kernels.get(kinds) or self._kernel(kinds)).get(dtype)
        if run is None:
            return None
        if out is None:
            made = [np.empty(shape, dtype) for _ in range(self.results)]
        else:
            made = [transposed(out, order)]
            if made[0].shape != shape or not made[0].flags.c_contiguous:
                return None
        hidden, operands = False, list[Any]()
        for v in values:
            if type(v) is np.ndarray:
                operands.append(v)
            elif isinstance(v, np.ndarray):
                hidden = True
                operands.append(v.view(np.ndarray))
            else:
                operands.append(float(v))
        if columns:
            run(rows, max(1, piece(rows * columns) // columns), *operands, columns, *numbers, *made)
        else:
            run(rows, piece(rows), *operands, *made)
        if out is not None:
            return out
        if back is not None:
            made = [m.transpose(back) for m in made]
        if hidden:
            made = [inner(m) for m in made]
        return made[0] if self.results == 1 else tuple(made)


def few(arrays: tuple[Any, ...]) -> bool:
    """Whether operands are few enough for NumPy to be as quick as several threads in a `SIMPLE` operation."""
    first = arrays[0]
    if first.nbytes >= FEW_BYTES or type(first) is not np.ndarray or not first.flags.c_contiguous:
        return False
    for a in arrays[1:]:
        if a.ndim and (a.shape != first.shape or type(a) is not np.ndarray or not a.flags.c_contiguous):
            return False
    return True


@functools.cache
def converts_halves() -> bool:
    """Whether the processor has instructions for half precision, without which they are calls of a library."""
    import llvmlite.binding as llvm

    machine = llvm.get_default_triple().split("-")[0]
    return machine in ("aarch64", "arm64") or bool(llvm.get_host_cpu_features().get("f16c"))


def piece(size: int) -> int:
    """How many of `size` elements a thread takes at a time."""
    # As few pieces as threads, if they are not too large: then each thread finds in its cache what it wrote before.
    share, (least, most) = -(-size // dispatch.get_threads()), PIECE
    return least if share < least else most if share > most else share


def kernel(label: str, text: str) -> dispatch.Kernel:
    """The handle to the kernel that `compiled.pointwise` makes of a line; the label says what it is for."""
    import hashlib

    return dispatch.Kernel("pointwise", f"{label}_{hashlib.sha256(text.encode()).hexdigest()[:12]}", text=text)


class Fused:
    """A loop, and the function of arrays that computes the same where the loop cannot."""

    __slots__ = ("fallback", "loop")

    def __init__(self, loop: Loop, fallback: Callable[..., Any]):
        self.loop, self.fallback = loop, fallback

    def __call__(self, *values: Any) -> Any:
        """The result, or the tuple of results."""
        made = self.loop(*values)
        return self.fallback(*values) if made is None else made


_COPY = Loop("copy", ("input",), ("input",))
_ADD = Loop("add", ("input", "other"), ("input + other",))


def copied(a: Array) -> Array:
    """A copy in the same order; of an array that repeats elements without having memory for them, one that has."""
    # Finding out how an array repeats its elements takes a while.
    made = _COPY(a) if a.size >= (LARGE if a.flags.c_contiguous else 16 * LARGE) else None
    return a.copy("K") if made is None else made


def copied_in_rows(a: Array) -> Any:
    """A copy that lies row by row, of an array that repeats elements without memory for them; None if NumPy has to."""
    return _COPY(a)


def add_into(total: Array, a: Array) -> None:
    """Adds an array to another in its place."""
    if total.size < LARGE or _ADD(total, a, out=total) is None:
        np.add(total, a, total)


@functools.cache
def forward(name: str) -> Loop | None:
    """The loop that computes an operation, by the operation's name, or None if there is none."""
    if name in MEANINGS:
        parameters, _, text = MEANINGS[name].partition(": ")
        return Loop(name.strip("_"), tuple(parameters.split(", ")), (text,))
    if name in _FUNCTIONS:
        return Loop(name, ("input",), (f"{name}(input)",))
    return None


def backward(label: str, names: tuple[str, ...], formulas: tuple[str, ...]) -> Loop | None:
    """The loop that computes derivatives, or None if there can be none."""
    try:
        return Loop(label, names, formulas)
    except Unknown:
        return None


def either(fallback: Callable[..., Any], text: str, label: str = "") -> Callable[..., Any]:
    """A function of arrays that runs a loop on large ones, and `fallback` otherwise.

    Args:
        fallback: the function on NumPy.
        text: its parameters, and what it computes for one element, as in `MEANINGS`.
        label: a name for the loop, if not that of the function.
    """
    parameters, _, formula = text.partition(": ")
    loop = Loop(label or fallback.__name__, tuple(parameters.split(", ")), (formula,))

    @functools.wraps(fallback)
    def compute(*values: Any) -> Any:
        if values[0].size >= LARGE and (made := loop(*values)) is not None:
            return made
        return fallback(*values)

    return compute


def sum_of(a: Any, b: Any) -> Any:
    """The sum of two gradients of one tensor: arrays, numbers, or several gradients in one object."""
    if isinstance(a, Array) and a.size >= LARGE and a.dtype is b.dtype and (made := _ADD(a, b)) is not None:
        return made
    return a + b
