"""`draw(output)`: a picture of the graph, drawn by Graphviz; and the same as an indented text, which needs nothing."""

import html
import os
import sys
from collections.abc import Mapping
from typing import Any

from ..files import replacing
from .extras import extra
from .folding import Box, Folded, fold, size
from .model import Graph, collect

# Fill and border of each kind of box, and what the legend says of it.
STYLES = {
    "leaf": ("#d9f2e3", "#2f8f5b", "leaf: a tensor that gets a gradient"),
    "parameter": ("#dbe9fb", "#2f6db5", "parameter"),
    "operation": ("#ffffff", "#6b7280", "operation"),
    "function": ("#fdebd3", "#c27a1a", "custom Function"),
    "module": ("#ece6fa", "#6d4fc2", "folded module"),
    "output": ("#374151", "#111827", "output, where backward begins"),
}
_FONT = "Helvetica,Arial,sans-serif"
_FADED = "#6b7280"
_GAP = '<tr><td height="3" cellpadding="0"></td></tr>'


class Drawing:
    """A picture of a graph.

    Attributes:
        graph: the graph.
        folded: the boxes that are shown.
    """

    def __init__(self, graph: Graph, folded: Folded, saved: bool, legend: bool):
        self.graph, self.folded, self.saved, self.legend = graph, folded, saved, legend

    # ------------------------------------------------------------------------------------------ files
    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the picture; the ending of `path` says how: ``.svg``, ``.png``, ``.pdf``, ``.dot`` or ``.txt``.

        Raises:
            ImportError: pygraphviz is not installed (not needed for ``.dot`` and ``.txt``).
            ValueError: the ending is another one.
        """
        ending = os.path.splitext(os.fspath(path))[1].lower().lstrip(".")
        if ending in ("dot", "gv"):
            content = self.dot().encode()
        elif ending == "txt":
            content = self.text().encode()
        elif ending in ("svg", "png", "pdf"):
            content = self.render(ending)
        else:
            raise ValueError(f"a picture is .svg, .png, .pdf, .dot or .txt, not {os.fspath(path)!r}")
        with replacing(path) as file:
            file.write(content)

    def render(self, format: str) -> bytes:
        """The picture in a format that Graphviz knows.

        Raises:
            ImportError: pygraphviz is not installed.
        """
        pygraphviz = extra("pygraphviz", "lens.draw")
        found: bytes = pygraphviz.AGraph(string=self.dot()).draw(format=format, prog="dot")
        return found

    def svg(self) -> str:
        """The picture as SVG."""
        return self.render("svg").decode()

    def _repr_svg_(self) -> str:
        return self.svg()

    # ------------------------------------------------------------------------------------------ Graphviz
    def dot(self) -> str:
        """The picture in Graphviz's language."""
        lines = [
            "digraph {",
            f'  graph [rankdir=TB, fontname="{_FONT}", fontsize=11, nodesep=0.25, ranksep=0.35, bgcolor="white", '
            "pad=0.2];",
            f'  node [shape=plain, fontname="{_FONT}", fontsize=11];',
            f'  edge [color="#9aa1ac", arrowsize=0.6, fontname="{_FONT}", fontsize=9, fontcolor="{_FADED}"];',
        ]
        lines += self._clusters((), "  ")
        for (start, end), value in self.folded.links.items():
            quiet = self.folded.boxes[start].kind in ("leaf", "parameter") or str(value) == "?"
            label = "" if quiet else f' [label=" {value}"]'
            lines.append(f'  "{start}" -> "{end}"{label};')
        if self.legend:
            lines += self._legend()
        return "\n".join([*lines, "}", ""])

    def _clusters(self, path: tuple[tuple[str, str], ...], indent: str) -> list[str]:
        """The boxes of an open module, and the modules in it."""
        lines = []
        inner: dict[Any, None] = {}
        for box in self.folded.boxes.values():
            if box.cluster == path:
                lines.append(f'{indent}"{box.key}" [label=<{self._label(box)}>];')
            elif box.cluster[: len(path)] == path:
                inner[box.cluster[: len(path) + 1]] = None
        for deeper in inner:
            name, kind = deeper[-1]
            title = f"{name} ({kind})" if name else kind
            shade = "#faf9fe" if len(deeper) % 2 else "#f4f1fc"
            lines += [
                f'{indent}subgraph "cluster {len(deeper)} {name}" {{',
                f'{indent}  label="{title}"; labeljust=l; style="rounded,filled"; color="#cfc6ec";',
                f'{indent}  fillcolor="{shade}"; fontcolor="#6d4fc2";',
                *self._clusters(deeper, indent + "  "),
                f"{indent}}}",
            ]
        return lines

    def _label(self, box: Box) -> str:
        fill, border, _ = STYLES[box.kind]
        faded = "#d1d5db" if box.kind == "output" else _FADED
        title = f"<b>{html.escape(box.title)}</b>"
        if box.kind == "output":
            title = f'<font color="white">{title}</font>'
        rows = [title]

        def small(text: str) -> None:
            rows.append(f'<font point-size="9" color="{faded}">{html.escape(text)}</font>')

        if box.kind == "module":
            kind = box.nodes[0].calls[self.folded.depth].kind
            if kind and kind != box.title:
                small(kind)
            small(_operations(box) + (f", {_elements(box)} parameters" if box.parameters else ""))
        if str(box.value) != "?":
            small(str(box.value))
        if self.saved and box.kind in ("operation", "function"):
            for s in box.nodes[0].saved:
                if s.state == "held" and s.parameter is None:
                    sizes = "×".join(map(str, s.shape or ())) or "scalar"
                    small(f"saves {s.name} {sizes} · {size(s.bytes)}")
                elif s.state != "held":
                    small(f"saved {s.name}: {s.state}")
        elif self.saved and box.kind == "module" and box.saved_bytes:
            small(f"saves {size(box.saved_bytes)}")
        cells = "".join(f'<tr><td cellpadding="1">&#160; {row} &#160;</td></tr>' for row in rows)
        style = ' style="rounded"' if box.kind in ("operation", "function", "output") else ""
        return (
            f'<table border="1" cellborder="0" cellspacing="0" cellpadding="4" bgcolor="{fill}" color="{border}"'
            f"{style}>{_GAP}{cells}{_GAP}</table>"
        )

    def _legend(self) -> list[str]:
        kinds = [k for k in STYLES if any(b.kind == k for b in self.folded.boxes.values())]

        def words(text: str) -> str:
            return f'align="left"><font point-size="9" color="{_FADED}">{html.escape(text)}</font></td></tr>'

        rows = "".join(
            f'<tr><td bgcolor="{STYLES[k][0]}" color="{STYLES[k][1]}" border="1" width="14"> </td><td border="0" '
            + words(STYLES[k][2])
            for k in kinds
        )
        notes = ["arrows: the forward pass; gradients go against them"]
        if self.graph.saved_bytes:
            notes.append(f"saved for backward: {size(self.graph.saved_bytes)}")
        rows += "".join('<tr><td border="0" colspan="2" ' + words(note) for note in notes)
        return [f'  "legend" [label=<<table border="0" cellborder="0" cellspacing="3">{rows}</table>>];']

    # ------------------------------------------------------------------------------------------ text
    def text(self) -> str:
        """The graph as a tree: each box with those it was computed from below it.

        What has one predecessor goes on at the same depth. A box that was shown already is named with an arrow.
        """
        before: dict[str, list[str]] = {}
        for start, end in self.folded.links:
            before.setdefault(end, []).append(start)
        lines: list[str] = []
        seen: set[str] = set()
        roots = [(b.key, 0) for b in self.folded.boxes.values() if b.kind == "output"]
        stack = roots[::-1]
        while stack:
            key, depth = stack.pop()
            box = self.folded.boxes[key]
            known = key in seen
            lines.append("  " * depth + ("^ " if known else "") + self._line(box, before.get(key, [])))
            if known:
                continue
            seen.add(key)
            inputs = [k for k in before.get(key, []) if self.folded.boxes[k].kind not in ("leaf", "parameter")]
            deeper = depth + (len(inputs) > 1)
            stack += [(k, deeper) for k in inputs[::-1]]
        return "\n".join(lines)

    __str__ = text

    def __repr__(self) -> str:
        return f"<drawing of {len(self.folded.boxes)} boxes: .save('graph.svg'), or print it>"

    def _line(self, box: Box, inputs: list[str]) -> str:
        words = [box.title]
        if box.kind == "module":
            words.append(f"({_operations(box)})")
        if str(box.value) != "?":
            words.append(str(box.value))
        leaves = [self.folded.boxes[k] for k in inputs if self.folded.boxes[k].kind in ("leaf", "parameter")]
        if leaves:
            words.append("<- " + ", ".join(f"{b.title} {b.value}" for b in leaves))
        if self.saved and box.saved_bytes:
            words.append(f"[saves {size(box.saved_bytes)}]")
        return " ".join(words)


def _operations(box: Box) -> str:
    count = sum(not n.is_leaf for n in box.nodes)
    return f"{count} operation{'s' * (count != 1)}"


def _elements(box: Box) -> str:
    count = 0
    for n in box.parameters:
        elements = 1
        for d in n.outputs[0].shape or ():
            elements *= d
        count += elements
    for unit in ("", " k", " M", " G"):
        if count < 1000 or unit == " G":
            return f"{count:.3g}{unit}"
        count /= 1000  # type: ignore[assignment]
    raise AssertionError


def draw(
    output: Any, depth: int | None = None, *, model: Any = None, names: Mapping[str, Any] | None = None,
    saved: bool = True, legend: bool = True,
) -> Drawing:  # fmt: skip
    """Draws the graph that leads to `output`.

    Leaves stand under their parameters' names, operations with the shape of their result and what they saved for
    backward. Operations are grouped by the modules in which they were made, if these are known: from `record()`, or
    from
    a `model`.

    Args:
        output: a tensor that requires a gradient, or several of them.
        depth: how many levels of modules to open; those below become one box each. By default as many as leave the
            picture readable.
        model, names: as for `collect`.
        saved: whether to show what operations saved.
        legend: whether to explain the colours.

    Returns:
        A `Drawing`: ``drawing.save("graph.svg")`` (or ``.png``, ``.pdf``, ``.dot``) writes it, notebooks show it, and
        ``str(drawing)`` is the graph as text.

    Raises:
        TypeError: `output` is no tensor.
        RuntimeError: it does not require a gradient.
    """
    graph = collect(output, model=model, names=names, frame=sys._getframe(1))
    return Drawing(graph, fold(graph, depth), saved, legend)
