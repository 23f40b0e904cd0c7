"""Loops over corresponding elements, made from expressions.

`kernels.pointwise` says what a loop computes in a line such as ``ar|x0 * x1;x0 - x1``: how each operand lies, and an
expression of the operands' elements for each result. The operands:

- ``a``: an array that lies like the result, one element after the other,
- ``b``: the same of truth values,
- ``p``: an array of one element, ``s``: a number,
- ``r``: an array of one row that belongs to every row of the result,
- ``c``: an array of one element for each row; it begins again when it is used up,
- ``v``: an array of rows that do not follow one another, but lie equally far apart,
- ``w``: an array of rows that lie as far apart as three dimensions say, ``k``: one of elements that belong to a row and
  lie so; ``W``, ``K``: the same of truth values. An array tells their geometry: the sizes of the second and the third
  dimension, and for each such operand how many elements apart it lies along the three,
- ``e``, ``g``, ``f``, ``d``, ``B``, ``i``, ``q``: like ``a``, but of a type of its own (float16, bfloat16, float32,
  float64, uint8, int32, int64), whose elements are converted.

Behind the operands may stand ``>`` and such letters for the results, which are ``a`` otherwise.

A line such as ``*aas|1=x1 * x2;0=x0 - x1`` is for many arrays at once (`kernels.sweep.Sweep`): an expression is the
new value of an operand, which the expressions after it read.
"""

import ast
from typing import Any

from numba import types

from . import functions, halves, more_functions, simd
from .builder import Real, kernel

_NAMES = {name: getattr(functions, name) for name in ("exp", "expm1", "log", "log1p", "sigmoid", "tanh", "erf")}
_MORE = ("erfc", "exp2", "log2", "log10", "cosh", "sinh", "atan", "angle", "asin", "acos", "power")
_NAMES |= {name: getattr(more_functions, name) for name in _MORE} | {"near_tan": more_functions.tan}
_NAMES |= {name: getattr(simd, name) for name in ("rint", "floor", "ceil", "trunc", "sqrt", "select")}


class _Typed(ast.NodeTransformer):
    """Gives numbers in an expression the element type: as Python's own they would make all of it float64."""

    def __init__(self, names: dict[str, Any], number: Any):
        self.names, self.number = names, number

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        name = f"k{len(self.names)}"
        self.names[name] = self.number(node.value)
        return ast.Name(name, ast.Load())


def _typed(expression: str, names: dict[str, Any], number: Any) -> str:
    return ast.unparse(_Typed(names, number).visit(ast.parse(expression, mode="eval").body))


def sweep_source(text: str, names: dict[str, Any], number: Any) -> str:
    """The Python of a loop over many arrays.

    Its arguments are a table of arrays, one row for each thing that is updated and one column for each array operand; a
    table of pieces, each a row of the first table and the elements from where to where; and the numbers.
    """
    kinds, _, updates = text.partition("|")
    arrays, numbers = kinds.count("a"), kinds.count("s")
    lines = ["def loop(args, begin, end, thread):"]
    lines += ["    table, pieces = address(words(args, 0)), address(words(args, 1))"]
    lines += [f"    x{arrays + i} = real(double(args, {2 + i}))" for i in range(numbers)]
    lines += ["    for piece in range(begin, end):"]
    lines += [f"        row = integer(pieces, 3 * piece) * {arrays}"]
    lines += [f"        p{i} = read(table, row + {i})" for i in range(arrays)]
    lines += ["        for i in range(integer(pieces, 3 * piece + 1), integer(pieces, 3 * piece + 2)):"]
    lines += [f"            x{i} = load(p{i}, i)" for i in range(arrays)]
    changed = []
    for update in updates.split(";"):
        which, _, expression = update.partition("=")
        lines.append(f"            x{which} = {_typed(expression, names, number)}")
        changed.append(which)
    lines += [f"            store(p{which}, i, x{which})" for which in changed]
    return "\n".join(lines) + "\n"


_TYPES = {
    "b": types.uint8, "e": types.uint16, "g": types.uint16, "f": types.float32, "d": types.float64, "B": types.uint8,
    "i": types.int32, "q": types.int64, "W": types.uint8, "K": types.uint8,
}  # fmt: skip

# What makes a number of the element type of what was read, and the other way round.
_READ = {"b": "({}) != 0", "e": "real(from_half({}))", "g": "real(from_bfloat16({}))", "a": "{}", "v": "{}", "r": "{}",
         "w": "{}", "k": "{}", "W": "({}) != 0", "K": "({}) != 0"}  # fmt: skip
_WRITTEN = {"a": "{}", "e": "to_half(float32({}))", "g": "to_bfloat16(float32({}))"}


def source(text: str, names: dict[str, Any], number: Any) -> str:
    """The Python of a loop; the constants in it are put into `names`."""
    head, _, expressions = text.partition("|")
    kinds, _, made = head.partition(">")
    results = [_typed(e, names, number) for e in expressions.split(";")]
    made = made or "a" * len(results)
    operands, count = range(len(kinds)), len(kinds)
    numbered = [i for i in operands if kinds[i] in "cv"]
    blocks = [i for i in operands if kinds[i] in "wkWK"]
    by_rows = bool(set("rcvwkWK") & set(kinds))
    outs = count + by_rows + len(numbered) + bool(blocks)
    read = {k: f"read_{k}" for k in _TYPES}
    lines = ["def loop(args, begin, end, thread):"]
    lines += [f"    p{i} = {read.get(kinds[i], 'read')}(args, {i})" for i in operands if kinds[i] != "s"]
    lines += [f"    o{j} = {read.get(made[j], 'read')}(args, {outs + j})" for j in range(len(results))]
    lines += [f"    x{i} = real(double(args, {i}))" for i in operands if kinds[i] == "s"]
    lines += [f"    x{i} = load(p{i}, 0)" for i in operands if kinds[i] == "p"]
    indent = "    "
    if by_rows:
        lines.append(f"    columns = integer(args, {count})")
        lines += [f"    number{i} = integer(args, {count + 1 + k})" for k, i in enumerate(numbered)]
        if blocks:
            lines.append(f"    geometry = words(args, {outs - 1})")
            lines.append("    m, n = load(geometry, 0), load(geometry, 1)")
            lines.append("    u, v, w = begin // n // m, begin // n % m, begin % n")
            for k, i in enumerate(blocks):
                lines += [f"    {axis}{i} = load(geometry, {2 + 3 * k + d})" for d, axis in enumerate("uvw")]
        lines.append("    for row in range(begin, end):")
        lines.append("        first = row * columns")
        lines += [f"        x{i} = load(p{i}, row % number{i})" for i in numbered if kinds[i] == "c"]
        lines += [f"        q{i} = ahead(p{i}, row * number{i})" for i in numbered if kinds[i] == "v"]
        lines += [f"        q{i} = ahead(p{i}, u * u{i} + v * v{i} + w * w{i})" for i in blocks]
        for i in blocks:
            if kinds[i] in "kK":
                lines.append(f"        x{i} = {_READ[kinds[i]].format(f'load(q{i}, 0)')}")
        if blocks:
            lines += ["        w += 1", "        if w == n:", "            w, v = 0, v + 1"]
            lines += ["            if v == m:", "                v, u = 0, u + 1"]
        lines.append("        for j in range(columns):")
        lines.append("            i = first + j")
        indent = "        "
    else:
        lines.append("    for i in range(begin, end):")
    indent += "    "
    for i in operands:
        kind = kinds[i]
        if kind not in "spckK":
            element = f"load(q{i}, j)" if kind in "vwW" else f"load(p{i}, {'j' if kind == 'r' else 'i'})"
            lines.append(f"{indent}x{i} = {_READ.get(kind, 'real({})').format(element)}")
    lines += [f"{indent}y{j} = {result}" for j, result in enumerate(results)]
    for j, kind in enumerate(made):
        written = _WRITTEN.get(kind, f"type_{kind}({{}})").format(f"y{j}")
        lines.append(f"{indent}store(o{j}, i, {written})")
    return "\n".join(lines) + "\n"


def make(text: str) -> Any:
    """What makes the loop of a line such as the above for an element type."""

    def made(real: Real) -> Any:
        names = {
            **_NAMES, "read": real.read, "double": simd.double, "integer": simd.integer, "real": real.type,
            "load": simd.load, "store": simd.store, "address": simd.address, "words": simd.array_reader(types.int64),
            "ahead": simd.ahead, "float32": types.float32, "from_half": halves.from_half, "to_half": halves.to_half,
            "from_bfloat16": halves.from_bfloat16, "to_bfloat16": halves.to_bfloat16,
        }  # fmt: skip
        for letter, kind in _TYPES.items():
            names |= {f"read_{letter}": simd.array_reader(kind), f"type_{letter}": kind}
        number = functions.SINGLE.number if real.code == "f" else functions.DOUBLE.number
        exec(sweep_source(text[1:], names, number) if text[0] == "*" else source(text, names, number), names)
        return kernel(names["loop"])

    return made
