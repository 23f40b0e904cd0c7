"""Of two things that are wrong with a call, each library may name another.

Then each, given a like call without what it named itself, must say what the other one said.
"""

import itertools
import re

REASON = "of two things that are wrong with a call PyTorch names another first"

KINDS = ("float64", "float32", "complex128", "complex32", "int64", "bool")
SHAPES = ((2, 2), (2,), (), (1, 2, 2), (1, 1, 2, 2))
# What may stand in the place of a whole number, and of several.
NUMBERS = ("0", "1", "-1", "2")
TUPLES = ("()", "(0,)", "(0, 1)")

# What of a message is about the operands: numbers, lists of them and names of types, unless these are quoted.
_OPERANDS = r"\[[^\]]*\]|-?\d+|\b(?:Bool|Byte|Char|Short|Int|Long|Half|BFloat16|Float|Double|Complex\w+)\b(?!')"


def words(error):
    """The type of an exception and its message without what is about the operands."""
    return type(error), re.sub(_OPERANDS, "", str(error).partition("\n")[0])


def says(run, lines, module, values, error):
    """Whether some call like a program's last line raises such an exception.

    Args:
        run: runs a line with a library and its tensors by name, and returns the type of the exception and itself.
        lines: the program.
        module: the library.
        values: its tensors by name, before the last line.
        error: the exception.
    """
    if lines[-1].endswith(".backward()"):
        tried = ((line, after(run, lines[:-1], module)) for line in backwards(lines[-1]))
    else:
        tried = itertools.product(calls(lines[-1]), operands(lines[-1], module, values))
    found = (run(line, module, dict(given))[1] for line, given in tried)
    return any(e is not None and words(e) == words(error) for e in found)


def after(run, lines, module):
    """The tensors by name that a program has made."""
    values = {}
    for line in lines:
        run(line, module, values)
    return values


def calls(line):
    """A line, and ones like it: without ``out=``, reading a copy of what it changes, with another number or others."""
    found = [line]
    changed = re.match(r"v\d+(?=\.\w+_\()", line)
    if changed:
        found.append(changed[0] + re.sub(rf"\b{changed[0]}\b", f"{changed[0]}.clone()", line[changed.end() :]))
    written = re.search(r", out=", line)
    if written:
        found.append(line[: written.start()] + ")")
    start = re.match(r"v\d+ = ", line)
    start = start.end() if start else 0
    for pattern, others in ((r"(?<![\w.\])])-?\d+(?![\w.\]])", NUMBERS), (r"(?<=, )\((?:-?\d+,? ?)+\)", TUPLES)):
        for place in re.finditer(pattern, line):
            if place.start() >= start:
                found += [line[: place.start()] + other + line[place.end() :] for other in others]
    return found


def operands(line, module, values):
    """A program's tensors by name, those of a line as they are and changed in one way each."""
    given = {n: values[n] for n in re.findall(r"\bv\d+\b", line) if isinstance(values.get(n), module.Tensor)}
    found = [given, {n: t.clone() for n, t in given.items()}, {n: t.detach().clone() for n, t in given.items()}]
    kinds = {*(getattr(module, k) for k in KINDS), *(t.dtype for t in given.values())}
    for kind in sorted(kinds, key=str):
        found.append({n: of_kind(t, kind) for n, t in given.items()})
        found += [given | {n: of_kind(t, kind)} for n, t in given.items() if len(given) > 1]
    for shape in (*SHAPES, *(tuple(t.shape) for t in given.values())):
        found.append({n: wanting_as(module.ones(shape).to(t.dtype), t) for n, t in given.items()})
    return found


def of_kind(t, kind):
    """A tensor of another dtype that is expanded, a view and a leaf as the given one is."""
    found = t.detach()
    for dim, (size, step) in enumerate(zip(t.shape, t.stride(), strict=True)):
        if size > 1 and not step:
            found = found.narrow(dim, 0, 1)
    found = found.to(kind)
    if t._is_view():
        found = found.expand(t.shape)
    return wanting_as(found, t)


def wanting_as(t, other):
    """A tensor that requires a gradient if another does, and then has a history if that has one."""
    if other.requires_grad and (t.dtype.is_floating_point or t.dtype.is_complex):
        t.requires_grad_()
        return t if other.is_leaf else t * 1
    return t


def backwards(line):
    """A program's backward from each of the tensors alone from which it starts."""
    names = re.search(r"\[(.*)\]", line)[1].split(", ")
    return [line.replace(f"[{', '.join(names)}]", f"[{n}]") for n in names] if len(names) > 1 else []
