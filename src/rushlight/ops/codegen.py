"""Writes, in memory, the Python that an operation's declaration stands for.

Three kinds of functions are made, all on first use and all visible to a debugger (their source is in `linecache`):

- the *entry*, what the user calls: computes the result and, where an input needs a gradient, makes the node;
- the *recorder*, the node-making part on its own, for in-place forms and the general path;
- the *rule* (see autograd/node.py): the derivative formulas, once on arrays and once on Tensors, from the same text.

Recorders and rules are specialised by a `Variant`: which inputs need a gradient, whether gradients must be fitted to
the inputs' shapes and dtypes (after broadcasting or promotion), and which inputs were Python numbers.
"""

import ast
import functools
import itertools
import linecache
from typing import TYPE_CHECKING, Any, NamedTuple

from ..autograd import mode, node
from ..autograd.node import MANY, ONE, TWO
from ..autograd.versions import modified
from ..base import UNTOUCHED, namespace, own_version, raw_names, tensor_names
from ..kernels import pointwise

if TYPE_CHECKING:
    from .declare import Operation

# Calls in formulas whose result may share memory with their argument; other calls make arrays of their own.
ALIASING: set[str] = {"fit", "squeeze", "sum_to_size"}

_serial = itertools.count(1).__next__


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
    filename = f"<rushlight {title} {_serial()}>"
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


def class_name(op: "Operation", variant: Variant) -> str:
    """The name of the nodes' class for a variant: PyTorch's differs where an input is a number."""
    if not variant.numbers:
        return op.node_name
    return (op.number_node if op.tensors[1] in variant.numbers else op.number_first_node) or op.node_name


def node_class(op: "Operation", name: str | None = None) -> type:
    """The class of the operation's nodes, such as ``MulBackward0``, with a slot for everything a formula may save."""
    plan = Plan(op, Variant(op.inputs, complex=True))
    slots = [*plan.tensors, *plan.lists, *plan.results, *plan.constants, *(f"{n}_shape" for n in plan.shapes)]
    for n in op.tensors:
        if n not in slots and n in {x for f in plan.formulas for x in f.names}:
            slots.append(n)
    saved = dict.fromkeys((*plan.tensors, *plan.lists), "input")
    saved.update(dict.fromkeys(plan.results, "result"))
    slots += [f"{n}_version" for n in plan.versioned_results]
    slots += ["version"] * bool(plan.tensors or plan.lists or plan.versioned_results)
    slots += ["next1"] * (len(op.inputs) >= 2) + ["nexts"] * (len(op.inputs) > 2 or bool(op.lists))
    slots += (
        ["output_count"] * op.several + ["output_meta"] * (len(op.outputs) > 1) + ["fit"] * (op.kind == "elementwise")
    )
    body = {"__slots__": tuple(slots), "saved": saved, "__module__": "builtins", "operation": op,
            "__init__": node.not_made_by_hand}  # fmt: skip
    if op.node_namespace:
        body["namespace"] = op.node_namespace
    return type(name or op.node_name, (node.Node,), body)


# ---------------------------------------------------------------------------------------------- rules
def rule(op: "Operation", variant: Variant) -> node.Rule:
    """The rule for a variant; its three functions are compiled when first run."""
    plan = Plan(op, variant)
    arity = MANY if op.gathers or len(variant.need) > 2 else TWO if len(variant.need) == 2 else ONE
    positions = tuple(op.inputs.index(n) for n in variant.need) if not op.gathers else ()
    fresh = tuple(f.fresh for f in plan.formulas)
    inputs = 0 if op.gathers else len(op.inputs)
    made = node.Rule(op.node_name, arity, None, None, None, positions, inputs, fresh)  # type: ignore[arg-type]
    made.variant = variant

    def first(which: str) -> Any:
        def compile_and_run(n: Any, grad: Any) -> Any:
            function = _rule_function(op, variant, plan, which)
            setattr(made, which, function)
            return function(n, grad)

        return compile_and_run

    made.run, made.keep, made.tensor = first("run"), first("keep"), first("tensor")
    return made


def _rule_function(op: "Operation", variant: Variant, plan: Plan, which: str) -> Any:
    tensor = which == "tensor"
    title = f"{op.node_name}_{'_'.join(variant.need)}"
    lines = [f"def {title}(node, grad):"]
    add = lines.append
    saved = [*plan.tensors, *plan.numbers, *plan.lists, *plan.results]
    for n in (*saved, *plan.constants):
        add(f"    {n} = node.{n}")
    for n in plan.shapes:
        add(f"    {n}_shape = node.{n}_shape")
    versions = [
        f"(0 if {n} is None else {n}._versions[0])" if n in op.optional else f"{n}._versions[0]" for n in plan.tensors
    ] + [f"versions({n})" for n in plan.lists]
    versions += [f"node.{n}_version[0]" for n in plan.versioned_results]
    if versions:
        add(f"    if {' + '.join(versions)} != node.version: raise modified(node)")
    if which == "run":
        freed = [
            *plan.tensors,
            *plan.numbers,
            *plan.lists,
            *plan.results,
            *(f"{n}_version" for n in plan.versioned_results),
        ]
        if freed:
            add(f"    {' = '.join('node.' + n for n in freed)} = FREED")
    if not tensor:
        for n in plan.tensors:
            add(f"    {n} = None if {n} is None else {n}._data" if n in op.optional else f"    {n} = {n}._data")
        for n in plan.lists:
            add(f"    {n} = [t._data for t in {n}]")
    else:
        for n in plan.numbers:
            add(f"    {n} = {n}.item()")
        for n in plan.results:
            if n in plan.versioned_results and n in op.differentiable:
                index = op.outputs.index(n) if len(op.differentiable) > 1 else None
                add(f"    {n} = result_tensor(node, {n!r}, {index})")
            else:
                add(f"    {n} = wrap_saved({n})")
    if op.several:
        add("    grads = [grad.get(i) for i in range(node.output_count)]")
    elif len(op.differentiable) > 1:
        add(f"    grads = [grad.get(i) for i in range({len(op.outputs)})]")
    results = [f"grad_{n}" if n in op.joint else f.text for n, f in zip(variant.need, plan.formulas, strict=True)]
    if variant.large and not tensor:
        results = _fused(title, results, lines)
    shared = [f.text for n, f in zip(variant.need, plan.formulas, strict=True) if n in op.joint]
    if shared:
        add(f"    needs = {tuple(n in variant.need for n in op.joint)}")
        add(f"    {', '.join(f'grad_{n}' for n in op.joint)} = {shared[0]}")
    if variant.fit:
        results = [f"fit({r}, node.fit{'' if len(results) == 1 else f'[{i}]'})" for i, r in enumerate(results)]
    if op.gathers:
        # A list's formula gives a list of gradients, one for each of its tensors.
        parts = [f"*({r})" if n in op.lists else f"{r}" for n, r in zip(variant.need, results, strict=True)]
        add(f"    return ({', '.join(parts)},)")
    elif len(results) > 2:
        add(f"    return ({', '.join(results)})")
    else:
        add(f"    return {', '.join(results)}")
    names = tensor_names if tensor else raw_names
    return define(f"{op.node_name} on {'Tensors' if tensor else 'arrays'}", "\n".join(lines) + "\n", names, title)


def _fused(title: str, results: list[str], lines: list[str]) -> list[str]:
    """Has formulas computed by one loop, where there is one for them; returns the names of the results."""
    texts = [r for r in dict.fromkeys(results) if r != "grad"]
    names = tuple(dict.fromkeys(["grad", *sorted({n for r in texts for n in Formula(r).names if n not in raw_names})]))
    loop = pointwise.backward(title, names, tuple(texts)) if texts else None
    if loop is None:
        return results
    key = f"LOOP_{title}_{_serial()}"
    source = f"def {title}({', '.join(names)}):\n    return {', '.join(texts)}\n"
    raw_names[key] = pointwise.Fused(loop, define(f"{title} on NumPy", source, raw_names, title))
    made = [f"grad_{i}" for i in range(len(texts))]
    lines.append(f"    {', '.join(made)} = {key}({', '.join(names)})")
    return [made[texts.index(r)] if r in texts else r for r in results]


# ---------------------------------------------------------------------------------------------- recorders
def record_lines(op: "Operation", variant: Variant, indent: str, special: bool) -> list[str]:
    """The statements that make the node for a variant, from locals named like the arguments and outputs.

    Args:
        op: the operation.
        variant: the variant.
        indent: what stands before each line.
        special: whether some special mode may be in force, which then is shown the node.
    """
    plan = Plan(op, variant)
    rule_name = op.rule_name(variant)
    lines = [
        f"node = new({class_name(op, variant)}__{op.name}); node.rule = {rule_name}; node.seq = next_seq(); node.grad "
        "= None",
    ]
    need = variant.need
    if op.gathers:
        parts = [f"*[t._node for t in {n}]" if n in op.lists else f"{n}._node" for n in need]
        lines.append(f"node.nexts = ({', '.join(parts)},)")
    elif len(need) == 1:
        lines.append(f"node.next0 = {need[0]}._node")
    elif len(need) == 2:
        lines.append(f"node.next0 = {need[0]}._node; node.next1 = {need[1]}._node")
    else:
        lines.append(f"node.nexts = ({', '.join(f'{n}._node' for n in need)})")
    for n in (*plan.tensors, *plan.numbers, *plan.lists, *plan.results, *plan.constants):
        lines.append(f"node.{n} = {n}")
    for n in plan.shapes:
        lines.append(f"node.{n}_shape = [t._shape for t in {n}]" if n in op.lists else f"node.{n}_shape = {n}._shape")
    versions = [
        f"(0 if {n} is None else {n}._versions[0])" if n in op.optional else f"{n}._versions[0]" for n in plan.tensors
    ] + [f"versions({n})" for n in plan.lists]
    for n in plan.versioned_results:
        lines.append(f"node.{n}_version = {n}_version")
        versions.append(f"{n}_version[0]")
    if versions:
        lines.append(f"node.version = {' + '.join(versions)}")
    if variant.fit:
        fits = [f"({n}._shape, {n}._dtype)" for n in need]
        lines.append(f"node.fit = {fits[0] if len(fits) == 1 else '(' + ', '.join(fits) + ')'}")
    if special:
        lines.append("if special.count: born(node)")
    return [indent + line for line in lines]


@functools.cache
def saves_result(op: "Operation", variant: Variant) -> bool:
    """Whether the derivative of a variant reads an output, whose version must then be its own."""
    return bool(plan_of(op, variant).versioned_results)


def recorder(op: "Operation", variant: Variant) -> Any:
    """A function from all arguments, outputs, saved values and the outputs' versions to the node."""
    arguments = [*op.parameters, *op.outputs, *op.saves, *(f"{n}_version" for n in op.outputs)]
    lines = [f"def record_{op.name}({', '.join(arguments)}):", *record_lines(op, variant, "    ", True)]
    lines.append("    return node")
    return define(f"record {op.name}", "\n".join(lines) + "\n", namespace, f"record_{op.name}")


# ---------------------------------------------------------------------------------------------- entries
def tensor_lines(
    indent: str, data: str, shape: str, dtype: str, node_: str = "node", version: str = "UNTOUCHED"
) -> list[str]:
    """The statements that make the result Tensor `t`."""
    return [
        f"{indent}t = new(Tensor); t._data = {data}; t._shape = {shape}; t._dtype = {dtype}; t._node = {node_}; "
        f"t._versions = {version}; t._view = None"
    ]


def _recorded_result(
    op: "Operation", variant: Variant, indent: str, shape: str, dtype: str, special: bool
) -> list[str]:
    own = saves_result(op, variant)
    lines = [f"{indent}result_version = [0]"] if own else []
    lines += record_lines(op, variant, indent, special)
    lines += tensor_lines(indent, "result", shape, dtype, version="result_version" if own else "UNTOUCHED")
    return [*lines, f"{indent}return t"]


def elementwise_entry(op: "Operation", flavour: str, name: str, operator: bool = False) -> Any:
    """The entry of an elementwise operation of one or two inputs.

    Args:
        op: the operation.
        flavour: ``"checked"`` (what users call), ``"recording"`` or ``"plain"`` (while special modes are in force).
        name: the function's name.
        operator: whether it is the method behind a Python operator, which declines operands it does not know.
    """
    first = op.tensors[0]
    second = op.tensors[1] if len(op.tensors) > 1 else None
    required = "" if operator else "=MISSING"
    arguments = [first + required, *([second + required] if second else []), *([] if operator else ["*", "out=None"])]
    passed = f"({first}, {second})" if second else f"({first},)"
    record = flavour != "plain" and bool(op.formulas)
    special = flavour == "recording"
    dtype = "bool_" if op.result == "bool" else "dtype"
    lines = [f"def {name}({', '.join(arguments)}):"]
    add = lines.append
    if flavour == "checked":
        lines += _special_lines(op, [first, *([second] if second else [])], [] if operator else ["out"])
    if not operator:
        add("    if out is not None: return elementwise_general(" + f"{op.reference}, {passed}, out)")
    kernel = op.kernel_name
    if second is None:
        add("    try: dtype = input._dtype".replace("input", first))
        add(f"    except AttributeError: raise argument_error({op.reference}, {passed}) from None")
        add("    if dtype.plain:")
        large = f"return elementwise_large({op.reference}, {first}, None, {record})"
        add(f"        if {first}._data.size >= LARGE: {large}")
        add(f"        result = {kernel}({first}._data)")
        add("        if type(result) is not ndarray: result = asarray(result)")
        if record:
            add(f"        if {first}._node is not None:")
            lines.extend(_recorded_result(op, Variant((first,)), " " * 12, f"{first}._shape", dtype, special))
        lines.extend(tensor_lines(" " * 8, "result", f"{first}._shape", dtype, "None"))
        add("        return t")
        add(f"    return elementwise_general({op.reference}, {passed})")
        return define(f"{op.name} {flavour}", "\n".join(lines) + "\n", namespace, name)

    add(f"    kind = type({second})")
    add("    if kind is Tensor or kind is Parameter:")
    if operator:
        add(f"        dtype = {first}._dtype")
    else:
        add(f"        try: dtype = {first}._dtype")
        add(f"        except AttributeError: return elementwise_general({op.reference}, {passed})")
    add(f"        if dtype is {second}._dtype and dtype.plain:")
    add(f"            shape = {first}._shape")
    large = f"return elementwise_large({op.reference}, {first}, {second}, {record})"
    add(f"            if shape is {second}._shape or shape == {second}._shape:")
    add(f"                if {first}._data.size >= LARGE: {large}")
    add(f"                result = {kernel}({first}._data, {second}._data)")
    add("                if type(result) is not ndarray: result = asarray(result)")
    if record:
        lines.extend(_record_two(op, first, second, " " * 16, dtype, special))
    lines.extend(tensor_lines(" " * 16, "result", "shape", dtype, "None"))
    add("                return t")
    add(f"            return elementwise_broadcast({op.reference}, {first}, {second}, {record})")
    if op.takes_numbers:
        lines.extend(_number_lines(op, first, second, record, operator, dtype, special))
    if operator:
        # Equality is the one operator that knows arrays.
        other = f"equal_to_array({first}, {second})" if op.name == "eq" else "NotImplemented"
        add(f"    elif not isinstance({second}, OPERANDS): return {other}")
    add(f"    return elementwise_general({op.reference}, {passed})")
    return define(f"{op.name} {flavour}", "\n".join(lines) + "\n", namespace, name)


def _special_lines(op: "Operation", positional: list[str], keywords: list[str]) -> list[str]:
    """What an entry does first: if some special mode is in force anywhere, look which."""
    args = "".join(f"{p}, " for p in positional)
    kwargs = ", ".join(f"{k!r}: {k}" for k in keywords)
    passed = ", ".join([*positional, *(f"{k}={k}" for k in keywords)])
    return [
        "    if special.count:",
        f"        if special.more or local.grad: return call({op.reference}, ({args}), {{{kwargs}}})",
        f"        return {op.plain_name}({passed})",
    ]


def _number_lines(
    op: "Operation", first: str, second: str, record: bool, operator: bool, dtype: str, special: bool
) -> list[str]:
    """The branch for a Python number as the second input."""
    kernel = op.kernel_name
    lines = ["    elif kind is float or kind is int:"]
    add = lines.append
    add(f"        dtype = {first}._dtype" if operator else f"        dtype = getattr({first}, '_dtype', int64)")
    add("        if dtype.plain:")
    add(f"            number = dtype.scalars.get({second})")
    add(f"            if number is None: number = scalar({second}, dtype)")
    large = f"return elementwise_large({op.reference}, {first}, number, {record and first in op.formulas})"
    add(f"            if {first}._data.size >= LARGE: {large}")
    add(f"            result = {kernel}({first}._data, number)")
    add("            if type(result) is not ndarray: result = asarray(result)")
    if record and first in op.formulas:
        add(f"            if {first}._node is not None:")
        add(f"                {second} = number")
        numbered = Variant((first,), False, (second,))
        lines.extend(_recorded_result(op, numbered, " " * 16, f"{first}._shape", dtype, special))
    lines.extend(tensor_lines(" " * 12, "result", f"{first}._shape", dtype, "None"))
    return [*lines, "            return t"]


def _record_two(op: "Operation", first: str, second: str, indent: str, dtype: str, special: bool) -> list[str]:
    """Records by which of the two inputs need a gradient, each case with only what it needs."""
    both, one, other = Variant((first, second)), Variant((first,)), Variant((second,))
    if second not in op.formulas:
        recorded = _recorded_result(op, one, indent + " " * 4, "shape", dtype, special)
        return [f"{indent}if {first}._node is not None:", *recorded]
    lines = [f"{indent}if {first}._node is not None:", f"{indent}    if {second}._node is not None:"]
    lines += _recorded_result(op, both, indent + " " * 8, "shape", dtype, special)
    lines += _recorded_result(op, one, indent + " " * 4, "shape", dtype, special)
    lines.append(f"{indent}if {second}._node is not None:")
    lines += _recorded_result(op, other, indent + " " * 4, "shape", dtype, special)
    return lines


def operation_entry(op: "Operation", flavour: str, name: str) -> Any:
    """The entry of any other operation: its signature is the declaration's, its body finds the arrays and records."""
    lines = [f"def {name}({op.signature_text}):"]
    add = lines.append
    everything = f"({''.join(f'{p}, ' for p in op.parameters)})"
    if flavour == "checked":
        positional = [p for p in op.parameters if p not in op.keyword_only]
        lines += _special_lines(op, positional, [*op.keyword_only, *(("out",) if op.out else ())])
    add("    try:")
    for n in op.tensors:
        data = f"settle({n})" if op.view else f"{n}._data"
        add(f"        {n}_data = " + (f"None if {n} is None else {data}" if n in op.optional else data))
    for n in op.lists:
        add(f"        {n}_data = [t._data for t in {n}]")
    if not op.tensors and not op.lists:
        add("        pass")
    add(f"    except (AttributeError, TypeError): raise argument_error({op.reference}, {everything}) from None")
    passed = [f"{p}_data" if p in op.tensors or p in op.lists else p for p in op.parameters]
    passed = [f"{p}={a}" if p in op.keyword_only else a for p, a in zip(op.parameters, passed, strict=True)]
    add(f"    {', '.join((*op.outputs, *op.saves))} = {op.kernel_name}({', '.join(passed)})")
    if op.tensors and op.tensors[0] not in op.optional and not op.view:
        made = ", ".join((*op.outputs, *op.saves))
        add(f"    if type({op.tensors[0]}_data) is not ndarray: {made} = follow(({made}))")
    if op.several:
        recorded = flavour != "plain"
        first = op.tensors[0]
        add("    node = None")
        if recorded and op.formulas:
            add(f"    if {first}._node is not None:")
            add(f"        node = {op.reference}.recorder(1)({', '.join(op.parameters)}, None, UNTOUCHED)")
        add(f"    return pieces({op.reference}, {first}, result, node, {recorded})")
        return define(f"{op.name} {flavour}", "\n".join(lines) + "\n", namespace, name)
    for n in op.outputs:
        add(f"    if type({n}) is not ndarray: {n} = asarray({n})")
    if flavour != "plain" and op.formulas:
        versions = {n: f"{n}_version" if n in op.saved_outputs else "UNTOUCHED" for n in op.outputs}
        tests = [
            f"any([t._node is not None for t in {n}])" if n in op.lists
            else f"({n} is not None and {n}._node is not None)" if n in op.optional
            else f"({n}._node is not None)"
            for n in op.inputs
        ]  # fmt: skip
        few = len(op.inputs) <= 2 and not op.lists
        if not few:
            add(f"    needs = {' | '.join(f'{t} << {i}' if i else t for i, t in enumerate(tests))}")
        add(f"    if {' or '.join(tests) if few else 'needs'}:")
        lines.extend(f"        {v} = [0]" for v in versions.values() if v != "UNTOUCHED")
        if not few:
            arguments = ", ".join([*op.parameters, *op.outputs, *op.saves, *versions.values()])
            recorder = f"node = {op.reference}.recorder(needs)({arguments})"
            if op.lists:
                add(f"        {recorder}")
            else:
                add(f"        if needs != {(1 << len(op.inputs)) - 1}: {recorder}")
                add("        else:")
                lines.extend(record_lines(op, Variant(op.inputs), " " * 12, flavour == "recording"))
        elif len(op.inputs) == 1:
            lines.extend(record_lines(op, Variant(op.inputs), " " * 8, flavour == "recording"))
        else:
            one, other = op.inputs
            add(f"        if not {tests[1]}:")
            lines.extend(record_lines(op, Variant((one,)), " " * 12, flavour == "recording"))
            add(f"        elif {tests[0]}:")
            lines.extend(record_lines(op, Variant((one, other)), " " * 12, flavour == "recording"))
            add("        else:")
            lines.extend(record_lines(op, Variant((other,)), " " * 12, flavour == "recording"))
        lines.extend(_result_lines(op, "        ", True, versions, flavour))
    lines.extend(_result_lines(op, "    ", False, dict.fromkeys(op.outputs, "UNTOUCHED"), flavour))
    return define(f"{op.name} {flavour}", "\n".join(lines) + "\n", namespace, name)


def _result_lines(op: "Operation", indent: str, recorded: bool, versions: dict[str, str], flavour: str) -> list[str]:
    lines: list[str] = []
    if recorded and len(op.outputs) > 1:
        metas = ", ".join(f"({n}.shape, from_numpy({n}.dtype))" for n in op.outputs)
        lines.append(f"{indent}node.output_meta = ({metas})")
    for i, n in enumerate(op.outputs):
        mine = "None"
        if recorded and n in op.differentiable:
            mine = "node" if len(op.differentiable) == 1 else f"output(node, {i})"
        shape, dtype = f"{n}.shape", f"from_numpy({n}.dtype)"
        if op.like and not i:
            shape, dtype = f"{op.like}._shape", f"{op.like}._dtype"
        elif op.tensors and op.tensors[0] not in op.optional:
            first = op.tensors[0]
            dtype = f"{first}._dtype if {n}.dtype is {first}_data.dtype else {dtype}"
        lines += tensor_lines(indent, n, shape, dtype, mine, versions[n])
        if op.view and op.formulas:
            lines.append(f"{indent}{'unrecorded_view' if flavour == 'plain' else 'as_view'}(t, {op.tensors[0]})")
        elif op.view:  # other numbers in the same memory: no derivative leads there
            lines.append(f"{indent}t._versions = own_version({op.tensors[0]})")
        if len(op.outputs) > 1:
            lines.append(f"{indent}{n} = t")
    result = "t" if len(op.outputs) == 1 else f"{op.reference}.result_type(({', '.join(op.outputs)}))"
    if op.out:
        lines.append(f"{indent}if out is not None: return write_out({op.reference}, out, {result})")
    return [*lines, f"{indent}return {result}"]


namespace.update(
    special=mode.special,
    local=mode.local,
    call=mode.call,
    born=mode.born,
    new=object.__new__,
    next_seq=node.next_seq,
    output=node.output,
    UNTOUCHED=UNTOUCHED,
    own_version=own_version,
)
for _names in (raw_names, tensor_names):
    _names.update(FREED=node.FREED, modified=modified)
