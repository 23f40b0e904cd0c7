"""Writes the entry of an operation: the function that users call.

It computes the result and, where an input needs a gradient, makes the node (see codegen.py). Its first lines look
whether a special mode is in force; its short path is for what most calls are, and the rest goes to a general function.
"""

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import mode, node
from ..base import UNTOUCHED, forget_views, namespace, own_version
from .codegen import record_lines, saves_result
from .formulas import Variant, define
from .overlap import APART

if TYPE_CHECKING:
    from .operation import Operation


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

    A function under another name than the operation's tells of wrong arguments under its own.
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
        add(f"    if out is not None: return elementwise_out({op.reference}, {passed}, out)")
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
        add(f"    if dtype in {op.direct_name}:")
        lines.extend(_direct_lines(op, f"{first}._data", f"{first}._shape", " " * 8, record, special))
        add(f"    return elementwise_general({op.reference}, {passed})")
        return _defined(op, lines, flavour, name, operator)

    add(f"    kind = type({second})")
    add("    if kind is Tensor or kind is Parameter:")
    add(f"        try: dtype = {first}._dtype")
    otherwise = _unbound(name, first) if operator else f"return elementwise_general({op.reference}, {passed})"
    add(f"        except AttributeError: {otherwise}")
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
    add(f"            return {op.reference}.{'broadcast' if record else 'plain_broadcast'}({first}, {second})")
    add(f"        if dtype is {second}._dtype and dtype in {op.direct_name} and {first}._shape == {second}._shape:")
    lines.extend(_direct_lines(op, f"{first}._data, {second}._data", f"{first}._shape", " " * 12, record, special))
    if op.takes_numbers:
        lines.extend(_number_lines(op, first, second, record, name if operator else None, dtype, special))
    if operator:
        # Equality is the one operator that knows arrays.
        other = f"equal_to_array({first}, {second})" if op.name == "eq" else "NotImplemented"
        add(f"    elif not isinstance({second}, OPERANDS): return {other}")
    add(f"    return elementwise_general({op.reference}, {passed})")
    return _defined(op, lines, flavour, name, operator)


def _defined(op: "Operation", lines: list[str], flavour: str, name: str, operator: bool) -> Any:
    """The entry of these lines; see `elementwise_entry`."""
    if name != op.name and not operator:
        lines[1:] = ["    try:", *("    " + line for line in lines[1:]), "    except TypeError as error:"]
        lines.append(f"        raise under_name(error, {op.public_name!r}, {name!r}) from None")
    return define(f"{op.name} {flavour}", "\n".join(lines) + "\n", namespace, name)


def under_name(error: TypeError, original: str, name: str) -> TypeError:
    """The error of a function that has another name, too, as it is said under that."""
    said = str(error)
    return TypeError(f"{name}{said.removeprefix(original)}") if said.startswith(f"{original}()") else error


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


def _unbound(name: str, first: str) -> str:
    """What an operator's method does if it is called by hand and its `self` is no tensor."""
    if name in ("__rsub__", "__floordiv__"):  # which PyTorch writes in Python
        return "return NotImplemented"
    return f"raise unbound({name!r}, {first}) from None"


def _number_lines(
    op: "Operation", first: str, second: str, record: bool, operator: str | None, dtype: str, special: bool
) -> list[str]:
    """The branch for a Python number as the second input."""
    kernel = op.kernel_name
    lines = ["    elif kind is float or kind is int:"]
    add = lines.append
    if operator:
        add(f"        try: dtype = {first}._dtype")
        add(f"        except AttributeError: {_unbound(operator, first)}")
    else:
        # What has no dtype goes the way of float16, which is the general one.
        add(f"        dtype = getattr({first}, '_dtype', float16)")
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
    add("            return t")
    unwanted = f" and {first}._node is None" if record and first in op.formulas else ""
    add(f"        if kind is int and dtype in {op.direct_name}{unwanted}:")
    add(f"            number = dtype.scalars.get({second})")
    add("            if number is not None:")
    return [*lines, *_direct_lines(op, f"{first}._data, number", f"{first}._shape", " " * 16, False, special)]


def _direct_lines(op: "Operation", operands: str, shape: str, indent: str, record: bool, special: bool) -> list[str]:
    """Computes the result of operands whose dtype is not plain but known to need no conversion (see `Operation`).

    Those of them that may need gradients are complex.
    """
    lines = [
        f"{indent}result = {op.kernel_name}({operands})",
        f"{indent}if type(result) is not ndarray: result = asarray(result)",
    ]
    if op.result != "bool":
        lines.append(f"{indent}if result.dtype is not dtype.numpy: dtype = by_numpy[result.dtype]")
    dtype = "bool_" if op.result == "bool" else "dtype"
    if record and len(op.tensors) > 1:
        lines.append(f"{indent}shape = {shape}")
        lines += _record_two(op, op.tensors[0], op.tensors[1], indent, dtype, special, complex=True)
    elif record:
        lines.append(f"{indent}if {op.tensors[0]}._node is not None:")
        lines += _recorded_result(op, Variant(op.tensors, complex=True), indent + " " * 4, shape, dtype, special)
    return [*lines, *tensor_lines(indent, "result", shape, dtype, "None"), f"{indent}return t"]


def _record_two(
    op: "Operation", first: str, second: str, indent: str, dtype: str, special: bool, fit: bool = False,
    complex: bool = False,
) -> list[str]:  # fmt: skip
    """Records by which of the two inputs need a gradient, each case with only what it needs."""
    needs = (first, second), (first,), (second,)
    both, one, other = (Variant(need, fit, complex=complex) for need in needs)
    if second not in op.formulas:
        recorded = _recorded_result(op, one, indent + " " * 4, "shape", dtype, special)
        return [f"{indent}if {first}._node is not None:", *recorded]
    lines = [f"{indent}if {first}._node is not None:", f"{indent}    if {second}._node is not None:"]
    lines += _recorded_result(op, both, indent + " " * 8, "shape", dtype, special)
    lines += _recorded_result(op, one, indent + " " * 4, "shape", dtype, special)
    lines.append(f"{indent}if {second}._node is not None:")
    lines += _recorded_result(op, other, indent + " " * 4, "shape", dtype, special)
    return lines


def broadcast_entry(op: "Operation", record: bool) -> Any:
    """What the entry of an elementwise operation calls for two tensors of one plain dtype whose shapes differ."""
    first, second = op.tensors
    dtype = "bool_" if op.result == "bool" else "dtype"
    lines = [f"def broadcast_{op.name}({first}, {second}):"]
    add = lines.append
    add(f"    a, b, dtype = {first}._data, {second}._data, {first}._dtype")
    add("    n, m = a.size, b.size")
    add("    try:")
    add("        if n >= LARGE or m >= LARGE or (n * m >= LARGE and broadcast(a, b).size >= LARGE):")
    add(f"            return elementwise_large({op.reference}, {first}, {second}, {record})")
    add(f"        result = {op.kernel_name}(a, b)")
    add("    except ValueError:")
    add(f"        broadcast_shapes({first}._shape, {second}._shape)")
    add("        raise")
    add("    if type(result) is not ndarray: result = asarray(result)")
    add("    shape = result.shape")
    if record:
        lines.extend(_record_two(op, first, second, "    ", dtype, True, fit=True))
    lines.extend(tensor_lines("    ", "result", "shape", dtype, "None"))
    add("    return t")
    return define(f"{op.name} broadcast", "\n".join(lines) + "\n", namespace, f"broadcast_{op.name}")


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
        add(f"        {n}_data = " + (f"None if {n} is None else {n}._data" if n in op.optional else f"{n}._data"))
    for n in op.lists:
        add(f"        {n}_data = [t._data for t in {n}]")
    if not op.tensors and not op.lists:
        add("        pass")
    add(f"    except (AttributeError, TypeError): raise argument_error({op.reference}, {everything}) from None")
    if op.view:
        add(f"    if type({op.tensors[0]}_data) is not ndarray: {op.tensors[0]}_data = settle({op.tensors[0]})")
    passed = [f"{p}_data" if p in op.tensors or p in op.lists else p for p in op.parameters]
    passed = [f"{p}={a}" if p in op.keyword_only else a for p, a in zip(op.parameters, passed, strict=True)]
    add(f"    {', '.join((*op.outputs, *op.saves))} = {op.kernel_name}({', '.join(passed)})")
    if op.rows:
        for n in (*op.outputs, *op.saves):
            add(f"    if type({n}) is ndarray and not {n}.flags.c_contiguous: {n} = in_rows({n})")
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
        few = len(op.inputs) == 1 or (len(op.inputs) == 2 and not op.gathers)
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


def _view_lines(indent: str, base: str, flavour: str) -> list[str]:
    """Makes `t` known as a view of `base`: what `as_view` does, for a base that is none and had views before."""
    if flavour == "plain":
        return [f"{indent}unrecorded_view(t, {base})"]
    return [
        f"{indent}version = {base}._versions",
        f"{indent}if {base}._view is None and version is not UNTOUCHED and type(version) is list:",
        f"{indent}    t._versions = version; t._view = {base}; version.append(reference(t))",
        f"{indent}    if not len(version) & 63: forget_views(version)",
        f"{indent}else: as_view(t, {base})",
    ]


def _result_lines(op: "Operation", indent: str, recorded: bool, versions: dict[str, str], flavour: str) -> list[str]:
    lines: list[str] = []
    if recorded and len(op.outputs) > 1:
        metas = ", ".join(f"({n}.shape, by_numpy[{n}.dtype])" for n in op.outputs)
        lines.append(f"{indent}node.output_meta = ({metas})")
    for i, n in enumerate(op.outputs):
        mine = "None"
        if recorded and n in op.differentiable:
            mine = "node" if len(op.differentiable) == 1 else f"output(node, {i})"
        shape, dtype = f"{n}.shape", f"by_numpy[{n}.dtype]"
        if op.like and not i:
            shape, dtype = f"{op.like}._shape", f"{op.like}._dtype"
        elif op.view and not op.recasts:
            dtype = f"{op.tensors[0]}._dtype"
        elif op.tensors and op.tensors[0] not in op.optional:
            first = op.tensors[0]
            dtype = f"{first}._dtype if {n}.dtype is {first}_data.dtype else {dtype}"
        lines += tensor_lines(indent, n, shape, dtype, mine, versions[n])
        if op.view and op.formulas:
            lines += _view_lines(indent, op.tensors[0], flavour)
        elif op.view:  # other numbers in the same memory: no derivative leads there
            lines.append(f"{indent}t._versions = own_version({op.tensors[0]})")
        if len(op.outputs) > 1:
            lines.append(f"{indent}{n} = t")
    result = "t" if len(op.outputs) == 1 else f"{op.reference}.result_type(({', '.join(op.outputs)}))"
    if op.out:
        apart = f", ({', '.join(op.tensors)},)" if op.public_name in APART else ""
        lines.append(f"{indent}if out is not None: return write_out({op.reference}, out, {result}{apart})")
    return [*lines, f"{indent}return {result}"]


namespace.update(
    special=mode.special,
    local=mode.local,
    call=mode.call,
    broadcast=np.broadcast,
    born=mode.born,
    new=object.__new__,
    next_seq=node.next_seq,
    next_failing_seq=node.next_failing_seq,
    output=node.output,
    reference=weakref.ref,
    forget_views=forget_views,
    under_name=under_name,
    UNTOUCHED=UNTOUCHED,
    own_version=own_version,
)
