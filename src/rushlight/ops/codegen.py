"""Writes, in memory, the Python that records an operation and runs its derivative.

With the entries (entries.py) three kinds of functions are made, all on first use and all visible to a debugger (their
source is in `linecache`):

- the *entry*, what the user calls: computes the result and, where an input needs a gradient, makes the node;
- the *recorder*, the node-making part on its own, for in-place forms and the general path;
- the *rule* (see autograd/node.py): the derivative formulas, once on arrays and once on Tensors, from the same text.

Recorders and rules are specialised by a `Variant` (see formulas.py).
"""

import functools
from typing import TYPE_CHECKING, Any

from ..autograd import node
from ..autograd.node import MANY, ONE, TWO
from ..autograd.versions import modified
from ..base import namespace, raw_names, tensor_names
from ..kernels import pointwise
from .formulas import Formula, Plan, Variant, define, plan_of, serial

if TYPE_CHECKING:
    from .operation import Operation


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
    # In the order of the formulas, in which PyTorch saves them.
    tensors = [n for f in plan.formulas for n in op.tensors if n in f.names]
    saved = dict.fromkeys((*tensors, *plan.lists), "input")
    saved.update(dict.fromkeys(plan.results, "result"))
    slots += [f"{n}_version" for n in plan.versioned_results]
    slots += ["version"] * bool(plan.tensors or plan.lists or plan.versioned_results)
    slots += ["next1"] * (len(op.inputs) >= 2) + ["nexts"] * (len(op.inputs) > 2 or op.gathers)
    slots += (
        ["output_count"] * op.several + ["output_meta"] * (len(op.outputs) > 1) + ["fit"] * (op.kind == "elementwise")
    )
    body = {"__slots__": tuple(slots), "saved": saved, "__module__": "builtins", "operation": op,
            "__init__": node.not_made_by_hand}  # fmt: skip
    if op.node_namespace:
        body["namespace"] = op.node_namespace
    return type(name or op.node_name, (node.Fails, node.Node) if op.fails else (node.Node,), body)


# ---------------------------------------------------------------------------------------------- rules
def rule(op: "Operation", variant: Variant) -> node.Rule:
    """The rule for a variant; its three functions are compiled when first run."""
    plan = Plan(op, variant)
    arity = MANY if op.gathers or len(variant.need) > 2 else TWO if len(variant.need) == 2 else ONE
    # Where a node's class says that an input was a number, there is no edge for that input.
    scalar = variant.numbers if class_name(op, variant) != op.node_name else ()
    inputs = [n for n in op.inputs if n not in scalar] if not op.gathers else []
    positions = tuple([inputs.index(n) for n in variant.need]) if not op.gathers else ()
    fresh = tuple(f.fresh for f in plan.formulas)
    made = node.Rule(op.node_name, arity, None, None, None, positions, len(inputs), fresh)  # type: ignore[arg-type]
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
    if variant.fit and op.once:
        # Only what is fitted may be of half precision, and fitting rounds it.
        wide = ", ".join(["grad", *plan.tensors, *plan.results])
        add(f"    {wide} = in_single({wide}) if str(grad.dtype).removeprefix('torch.') in {op.once} else ({wide},)")
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
    key = f"LOOP_{title}_{serial()}"
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
    number = "next_failing_seq" if op.fails else "next_seq"
    lines = [
        f"node = new({class_name(op, variant)}__{op.name}); node.rule = {rule_name}; node.seq = {number}(); node.grad "
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


def link(op: "Operation") -> Any:
    """A function from the node and the shape of the only input, and the other arguments, to the operation's node.

    It is for steps whose tensors are not made (see steps.py), of operations that save none. Without a node there is
    none to make. Of an operation on a list it takes those of all tensors, some of which have a node.
    """
    (only,) = op.inputs
    made = record_lines(op, Variant(op.inputs), "    ", False)
    lines = [f"def link_{op.name}({', '.join(('edge', 'shape', *op.constants))}):"]
    if only in op.lists:
        for each, all_ in ((f"(*[t._node for t in {only}],)", "edge"), (f"[t._shape for t in {only}]", "shape")):
            made = [line.replace(each, all_) for line in made]
    else:
        made = [line.replace(f"{only}._node", "edge").replace(f"{only}._shape", "shape") for line in made]
        lines.append("    if edge is None: return None")
    return define(f"link {op.name}", "\n".join([*lines, *made, "    return node"]) + "\n", namespace, f"link_{op.name}")


def join(op: "Operation") -> Any:
    """A function from the nodes of both inputs to the operation's node, as `link`, of one that saves nothing of them.

    The inputs are of one shape and dtype; one that needs no gradient has no node.
    """
    first, second = op.inputs

    def recorded(need: tuple[str, ...], indent: str) -> list[str]:
        made = [line.replace("._node", "") for line in record_lines(op, Variant(need), indent, False)]
        return [*made, f"{indent}return node"]

    lines = [f"def join_{op.name}({first}, {second}):", f"    if {second} is None:"]
    lines += [f"        if {first} is None: return None", *recorded((first,), " " * 8)]
    lines += [f"    if {first} is None:", *recorded((second,), " " * 8), *recorded((first, second), "    ")]
    return define(f"join {op.name}", "\n".join(lines) + "\n", namespace, f"join_{op.name}")


for _names in (raw_names, tensor_names):
    _names.update(FREED=node.FREED, modified=modified)
