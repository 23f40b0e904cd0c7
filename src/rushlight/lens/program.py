"""`source(output)`: the recorded backward as a plain Python program."""

import ast
import base64
import inspect
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..autograd.hooks import HOOKED
from ..autograd.leaf import AccumulateGrad
from ..autograd.node import FREED, Node, Output, Outputs, derive, function_of
from ..autograd.origins import annotate, modified_since, origin_of
from ..autograd.saved import unpacked
from ..autograd.versions import modified
from ..base import TensorBase, raw_names
from ..ops.formulas import Formula, plan_of
from .definitions import Definitions
from .literals import dtype_text, text_of
from .model import Graph, collect, rule_of, tensors_of
from .walk import arrays_in, seeds_for, walk

# Up to so many bytes, arrays are written into the text.
_INLINE = 100_000


class Program:
    """A backward written out.

    Attributes:
        body: the program's text, but for the arrays that are too large to be written out in it.
        arrays: those, by name.
    """

    def __init__(self, body: str, arrays: dict[str, Any]):
        self.body, self.arrays = body, arrays

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def text(self, file: str | None = None) -> str:
        """The program.

        Args:
            file: a file from which it is to load the large arrays. By default they are in the text if they are few;
                otherwise the program says from where it would load them.
        """
        if not self.arrays:
            return self.body.replace("# <arrays>\n", "")
        if file is None and sum(a.nbytes for a in self.arrays.values()) <= _INLINE:
            lines = ["import base64", "", "kept = {"]
            for name, a in self.arrays.items():
                data = base64.b85encode(np.ascontiguousarray(a).tobytes()).decode()
                lines.append(
                    f'    "{name}": np.frombuffer(base64.b85decode("{data}"), {dtype_text(a.dtype)})'
                    f".reshape({a.shape}),"
                )
            lines.append("}")
        else:
            lines = [f'kept = np.load("{file or "backward.npz"}")']
        return self.body.replace("# <arrays>\n", "\n".join(lines) + "\n")

    def save(self, path: str) -> None:
        """Writes the program into a file, and large arrays into one beside it that ends in ``.npz``."""
        target = Path(path)
        file = None
        if sum(a.nbytes for a in self.arrays.values()) > _INLINE:
            file = target.with_suffix(".npz").name
            np.savez(target.with_suffix(".npz"), **self.arrays)
        target.write_text(self.text(file))

    def run(self) -> dict[str, Any]:
        """Runs the program.

        Returns:
            The gradients it computes, NumPy arrays by the leaves' names.
        """
        names: dict[str, Any] = {"__name__": "written", "kept": self.arrays}
        exec(compile(self.body, "<written by rushlight.lens.source>", "exec"), names)
        found: dict[str, Any] = names["gradients"]
        return found


def source(output: Any, gradient: Any = None, *, model: Any = None, names: Any = None) -> Program:
    """Writes the backward from `output` as a plain Python program on NumPy arrays.

    It holds what the forward pass saved, and one statement for each derivative, in the order in which backward computes
    them. Run by itself it gives the same gradients, bit for bit. Gradients that hooks changed stand in it as numbers.

    Args:
        output: a tensor, or several.
        gradient: with what backward begins, as in ``output.backward(gradient)``; ones by default.
        model, names: as for `collect`; they give the variables their names.

    Returns:
        A `Program`: ``str(program)`` is its text, ``program.save("backward.py")`` writes it into a file, and
        ``program.run()`` returns the gradients by the leaves' names.

    Raises:
        RuntimeError: there is no graph, it was freed, or what it saved was changed in place.
    """
    frame = inspect.currentframe()
    graph = collect(output, model=model, names=names, frame=frame.f_back if frame is not None else None)
    return _Writer(graph, tensors_of(output), gradient).write()


class _Writer:
    """Writes one program.

    Attributes:
        names: for each leaf's or node's output, the variable of its gradient, if it has one yet.
        values: the variables of saved arrays, by what they look like in memory.
    """

    def __init__(self, graph: Graph, outputs: list[Any], gradient: Any):
        self.graph, self.outputs, self.gradient = graph, outputs, gradient
        self.taken: set[str] = {"np", "kept", "gradients"}
        self.imports: set[str] = set()
        self.data: list[str] = []
        self.code: list[str] = []
        self.arrays: dict[str, Any] = {}
        self.values: dict[Any, str] = {}
        self.held: list[Any] = []
        self.grads: dict[Any, str] = {}
        self.sizes: dict[Any, int] = {}
        self.definitions = Definitions(self._text)
        self.leaf_names = {n.node: n.parameter or f"leaf {n.id}" for n in graph.leaves}

    # ------------------------------------------------------------------------------------------ the whole
    def write(self) -> Program:
        """The program."""
        moments = walk(self.outputs, self.gradient) if self._has_hooks() else None
        for i, (t, seed) in enumerate(zip(self.outputs, seeds_for(self.outputs, self.gradient), strict=True)):
            name = self.fresh(f"grad_{self.graph.roots[i].name}")
            self.data.append(f"{name} = {self._text(seed, name)}")
            self.arrive(t._node, name, seed.size)
        for node in self.order():
            moment = next(moments) if moments is not None else None
            if type(node) is Output:
                self._pass_on(node)
            elif isinstance(node, AccumulateGrad):
                if moment is not None and node.hooks is not None and moment.grad is not None:
                    name = self.gradient_name(node)
                    self.code.append(f"{name} = {self._text(moment.grad, name)}  # as hooks changed it")
                    self.grads[node, 0] = name
            else:
                self._node(node, moment)
        return self._finish()

    def order(self) -> Iterable[Any]:
        """The nodes as backward runs them, those of single outputs included."""
        from .model import backward_order

        return backward_order([t._node for t in self.outputs])

    def _has_hooks(self) -> bool:
        return any(n.node.hooks is not None if n.is_leaf else n.node.rule.arity == HOOKED for n in self.graph.nodes)

    def _finish(self) -> Program:
        lines = ['"""A backward written out by rushlight.lens.source: it computes the gradients of the leaves."""', ""]
        lines.append("import numpy as np")
        if any(re.search(r"\btorch\.", line) for line in (*self.definitions.texts.values(), *self.data, *self.code)):
            lines += ["", "import rushlight as torch"]
        if self.imports:
            found = ", ".join(sorted(self.imports))
            line = f"from rushlight.lens.formulas import {found}"
            if len(line) > 118:
                line = "from rushlight.lens.formulas import (\n    " + ",\n    ".join(sorted(self.imports)) + ",\n)"
            lines += ["", line]
        lines += ["", "# <arrays>" if self.arrays else "", *self.definitions.texts.values()]
        lines += ["", "# What the forward pass left behind, and with what backward begins."]
        lines += [*self.data, "", "# Backward.", *self.code, ""]
        entries = [
            f'    "{name}": {self.grads[node, 0]},' for node, name in self.leaf_names.items() if (node, 0) in self.grads
        ]
        lines += ["gradients = {", *entries, "}", "", 'if __name__ == "__main__":']
        lines += ["    for name, gradient in gradients.items():", '        print(name, gradient, sep=" = ")', ""]
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
        return Program(text, self.arrays)

    # ------------------------------------------------------------------------------------------ names
    def fresh(self, wanted: str) -> str:
        """A variable's name that is not taken yet."""
        base = re.sub(r"\W+", "_", wanted).strip("_")
        if not base or base[0].isdigit():
            base = f"v_{base}"
        name, i = base, 2
        while name in self.taken or name in raw_names:
            name, i = f"{base}_{i}", i + 1
        self.taken.add(name)
        return name

    def _keeper(self, name: str) -> Any:
        def keep(array: Any) -> str:
            key = name
            while key in self.arrays:
                key += "_"
            self.arrays[key] = np.ascontiguousarray(array)
            return f'kept["{key}"]'

        return keep

    def value(self, what: Any, name: str) -> str:
        """The variable that holds a saved array, made when first asked for."""
        if what is FREED:
            return str(what.used)
        array = what._data if isinstance(what, TensorBase) else what
        key = array.__array_interface__["data"][0], array.shape, array.strides, array.dtype.str, type(array).__name__
        if key not in self.values:
            if isinstance(what, TensorBase) and what._node is not None:
                maker, index = function_of(what._node)
                if maker in self.leaf_names:
                    name = self.leaf_names[maker]
                elif maker in self.graph.ids:
                    name = self.result_name(maker, index)
            variable = self.values[key] = self.fresh(name)
            self.held.append(array)
            self.data.append(f"{variable} = {self._text(array, variable)}")
        return self.values[key]

    def result_name(self, node: Any, index: int) -> str:
        """A name for an output of a node."""
        name = f"{self.graph[self.graph.ids[node]].operation}_{self.graph.ids[node]}"
        return f"{name}_{index}" if node.outputs > 1 else name

    def gradient_name(self, node: Any, index: int = 0) -> str:
        """A new variable for a gradient."""
        if isinstance(node, AccumulateGrad):
            return self.fresh(f"grad_{self.leaf_names[node]}")
        return self.fresh(f"grad_{self.result_name(node, index)}")

    # ------------------------------------------------------------------------------------------ gradients
    def arrive(self, edge: Any, expression: str, size: int | None = None) -> None:
        """A gradient comes to a node."""
        key = function_of(edge) if type(edge) is Output else (edge, 0)
        had = self.grads.get(key)
        if had is None:
            self.grads[key] = expression
        else:
            name = self.gradient_name(*key)
            self.imports.add("add")
            self.code.append(f"{name} = add({had}, {expression})")
            self.grads[key] = name

    def _pass_on(self, node: Any) -> None:
        """Nothing needs to be written for one output of several."""

    def _came(self, node: Any) -> list[str | None]:
        count = node.outputs
        return [self.grads.get((node, i)) for i in range(count)]

    # ------------------------------------------------------------------------------------------ nodes
    def _node(self, node: Any, moment: Any) -> None:
        came = self._came(node)
        if all(c is None for c in came) and not getattr(node, "runs_on_nothing", False):
            return
        if modified_since(node) is not None:
            error = modified(node)
            annotate(error, node)
            raise error
        origin = origin_of(node)
        where = "" if origin is None else f"  {origin.line}"
        self.code += ["", f"# {node.name().removeprefix('torch::autograd::')}{where}"]
        edges = node.edges()
        if moment is not None and self._changed_by_hooks(node, moment):
            self.code.append("# (hooks changed these gradients)")
            found: list[str | None] = [
                None if r is None else self._text(r, f"hooked_{self.graph.ids[node]}") for r in moment.results
            ]
        elif node.operation is not None:
            found = self._operation(self._with_saved(node), came)
        elif hasattr(node, "_forward_cls"):
            found = self._function(node, came)
        elif hasattr(node, "geometry"):
            found = self._part_of_base(node, came)
        else:
            raise RuntimeError(f"{node.name()} cannot be written out: {getattr(node, 'message', 'it is unknown')}")
        for i, (edge, expression) in enumerate(zip(edges, found, strict=False)):
            if edge is None or expression is None:
                continue
            if not expression.isidentifier():
                name = self.gradient_name(*(function_of(edge) if type(edge) is Output else (edge, 0)))
                self.code.append(f"{name} = {expression}")
                expression = name
            self.arrive(edge, expression)

    def _changed_by_hooks(self, node: Any, moment: Any) -> bool:
        rule = node.rule
        if rule.arity != HOOKED or not (rule.pre or rule.post or any(rule.tensors.values())):
            return False
        grad = moment.grad
        plain = derive(node, grad, "keep") if arrays_in(grad) else None
        if plain is None:
            return True
        results = plain if isinstance(plain, (tuple, list)) else (plain,)
        return not all(
            (a is None and b is None)
            or (a is not None and b is not None and not isinstance(a, Outputs) and np.array_equal(a, b, equal_nan=True))
            for a, b in zip(results, moment.results, strict=False)
        )

    def _with_saved(self, node: Any) -> Any:
        """The node, or a twin that has what hooks keep for it."""
        return unpacked(node) if node.rule.arity == HOOKED and node.rule.packed else node

    def _operation(self, node: Any, came: list[str | None]) -> list[str | None]:
        """The expressions for the gradients of a declared operation's inputs."""
        op, variant = node.operation, rule_of(node).variant
        plan = plan_of(op, variant)
        names: dict[str, str] = {}
        if op.several or len(op.differentiable) > 1:
            names["grads"] = f"[{', '.join(str(c) for c in came)}]"
        else:
            names["grad"] = str(came[0])
        for n in (*plan.tensors, *plan.results, *plan.numbers):
            value = getattr(node, n)
            names[n] = "None" if value is None else self._saved(node, n, value)
        for n in plan.lists:
            names[n] = f"[{', '.join(self._saved(node, n, t) for t in getattr(node, n))}]"
        for n in plan.constants:
            names[n] = self._text(getattr(node, n), n)
        for n in plan.shapes:
            names[f"{n}_shape"] = self._text(getattr(node, f"{n}_shape"), n)
        results: list[str | None] = []
        joint: dict[str, str] = {}
        if any(n in op.joint for n in variant.need):
            text = next(f.text for n, f in zip(variant.need, plan.formulas, strict=True) if n in op.joint)
            names["needs"] = str(tuple(n in variant.need for n in op.joint))
            joint = {n: self.fresh(f"grad_{n}") if n in variant.need else self.fresh("unused") for n in op.joint}
            self.code.append(f"{', '.join(joint.values())} = {self._written(text, names)}")
        texts = [joint[n] if n in joint else f.text for n, f in zip(variant.need, plan.formulas, strict=True)]
        if variant.large:
            texts = self._fused(texts, names)
        for i, (n, text) in enumerate(zip(variant.need, texts, strict=True)):
            written = text if n in joint or text in self.taken else self._written(text, names)
            if variant.fit:
                shape, dtype = node.fit if len(texts) == 1 else node.fit[i]
                self.imports.add("fit")
                written = f'fit({written}, {tuple(shape)}, "{np.dtype(dtype.numpy).name}")'
            results.append(written)
        if op.gathers:
            return self._spread_out(node, variant, results)
        return results

    def _saved(self, node: Any, slot: str, value: Any) -> str:
        if isinstance(value, np.ndarray) and slot not in node.saved:
            return self._text(value, slot)  # a number
        real = node.extra.of if type(node.extra).__name__ == "Twin" else node
        name = self.result_name(real, 0) if slot == "result" else f"{slot}_{self.graph.ids.get(real, '')}"
        return self.value(value, name)

    def _text(self, value: Any, name: str) -> str:
        text = text_of(value, self._keeper(name))
        self.imports.update(re.findall(r"\b(unpickled|Place|inside_out)\(", text))
        return text

    def _spread_out(self, node: Any, variant: Any, results: list[str | None]) -> list[str | None]:
        """One expression for each tensor of a list."""
        op, edges = node.operation, node.edges()
        several = len(edges) - sum(n not in op.lists for n in variant.need)
        found: list[str | None] = []
        for n, r in zip(variant.need, results, strict=True):
            if n in op.lists:
                name = self.fresh(f"grads_{n}")
                self.code.append(f"{name} = {r}")
                found += [f"{name}[{i}]" for i in range(several)]
            else:
                found.append(r)
        return found

    def _fused(self, texts: list[str], names: dict[str, str]) -> list[str]:
        """Has elementwise formulas computed in one loop, as the rule for large arrays has."""
        formulas_ = list(dict.fromkeys(t for t in texts if t != "grad" and t not in self.taken))
        if not formulas_:
            return texts
        used = ["grad", *sorted({n for t in formulas_ for n in Formula(t).names if n not in raw_names and n != "grad"})]
        self.imports.add("fused")
        variables = [self.fresh("grad_part") for _ in formulas_]
        arguments = [*(repr(t) for t in formulas_), *(f"{n}={names[n]}" for n in used)]
        self.code.append(f"{', '.join(variables)} = fused({', '.join(arguments)})")
        return [variables[formulas_.index(t)] if t in formulas_ else t for t in texts]

    def _written(self, formula: str, names: dict[str, str]) -> str:
        """A formula with the program's variables in the places of its names."""
        tree = _Names(names, self.imports).visit(_expression(formula))
        return ast.unparse(ast.fix_missing_locations(tree))

    # ------------------------------------------------------------------------------------------ other nodes
    def _part_of_base(self, node: Any, came: list[str | None]) -> list[str | None]:
        """The gradients at a base of which a view was changed in place."""
        inner = node.inner
        if not isinstance(inner, Node):
            return [str(inner.used)]
        place = self.fresh("place")
        self.data.append(f"{place} = {self._text(node.geometry, 'place')}")
        whole, part = self.fresh("whole"), self.fresh("part")
        self.code.append(f"{whole}, {part} = {place}.lay_out({came[0]})")
        changed = self.fresh("grad_changed")
        self.code.append(f"{changed} = {part}.copy()")
        self.graph.ids.setdefault(inner, self.graph.ids[node])
        if inner.operation is not None:
            results = self._operation(self._with_saved(inner), [changed])
        else:
            results = self._function(inner, [changed])
        mine = None if node.position is None else results.pop(node.position)
        self.code.append(f"{part}[...] = {0 if mine is None else mine}")
        self.imports.add("dense")
        return [f"dense({whole})", *results]

    def _function(self, node: Any, came: list[str | None]) -> list[str | None]:
        """The gradients that a custom Function computes."""
        function = node._forward_cls
        name = self.definitions.of(function)
        self.taken.add(name)
        self.imports.add("run_backward")
        saved = []
        for i, entry in enumerate(node.saved_tensors):
            saved.append("None" if entry is None else self.value(entry, f"saved_{self.graph.ids[node]}_{i}"))
        grads = list(came)
        for i, meta in enumerate(node.output_meta):
            if grads[i] is None and meta is not None and node.materialize_grads:
                grads[i] = f"np.zeros({tuple(meta[0])}, {dtype_text(meta[1].numpy)})"
        arguments = [name, f"[{', '.join(str(g) for g in grads)}]"]
        if saved:
            arguments.append(f"saved=({', '.join(saved)},)")
        if node.needs_input_grad:
            arguments.append(f"needs_input_grad={node.needs_input_grad}")
        for key, value in node.__dict__.items():
            if key not in _OWN_ATTRIBUTES:
                arguments.append(f"{key}={self._text(value, key)}")
        results = self.fresh(f"grads_{name}")
        self.code.append(f"{results} = run_backward({', '.join(arguments)})")
        found: list[str | None] = []
        position = 0
        for i, meta in enumerate(node.input_meta):
            if meta is None:
                continue
            edge, shape, dtype = meta
            if edge is not None:
                self.imports.add("fit_or_none")
                found.append(f'fit_or_none({results}, {i}, {tuple(shape)}, "{np.dtype(dtype.numpy).name}")')
            position += 1
        return found


# What a custom Function's node has besides what the user put on it.
_OWN_ATTRIBUTES = {
    "rule", "seq", "grad", "next0", "extra", "input_nodes", "nexts", "input_meta", "output_count", "output_meta",
    "_kept",
    "to_save", "dirty_tensors", "non_differentiable", "saved_for_forward", "forwarding", "materialize_grads",
    "_materialize_non_diff_grads", "needs_input_grad", "metadata",
}  # fmt: skip


class _Names(ast.NodeTransformer):
    """Puts variables in the places of a formula's names, and notes which functions it calls."""

    def __init__(self, names: dict[str, str], imports: set[str]):
        self.names, self.imports = names, imports

    def visit_Name(self, name: ast.Name) -> ast.AST:
        if name.id in self.names:
            return _expression(self.names[name.id])
        function = raw_names.get(name.id)
        numpy_name = getattr(function, "__name__", "")
        if isinstance(function, np.ufunc) and getattr(np, numpy_name, None) is function:
            return _expression(f"np.{numpy_name}")
        if name.id in raw_names:
            self.imports.add(name.id)
        return name


def _expression(text: str) -> ast.AST:
    return ast.parse(text, mode="eval").body
