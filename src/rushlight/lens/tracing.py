"""`trace(output)`: runs backward and keeps, node by node, what it took and what the gradients are like."""

import csv
import html
import json
import math
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from .extras import extra
from .folding import size
from .model import Graph, collect, tensors_of
from .summary import as_reals, measures
from .walk import arrays_in, walk


@dataclass(slots=True)
class Row:
    """One node's turn in backward.

    Attributes:
        id: the node's id: its place in the order of backward.
        node, operation: its name, and its operation's; of a leaf, the leaf's name.
        module: the path of the module in which it was made, or None.
        line: the line of the forward pass, or None.
        seconds: how long its derivative took.
        bytes: the memory of the gradients it computed.
        saved: the memory of what it saved.
        norm, min, max: the Euclidean norm and the range of the gradient that came to it; NaN is left out of the range.
        zeros: the share of zeros in it. nans, infs: how many NaN and infinities.
        shape: its shape.
    """

    id: int
    node: str
    operation: str
    module: str | None
    line: str | None
    seconds: float
    bytes: int
    saved: int
    norm: float
    min: float
    max: float
    zeros: float
    nans: int
    infs: int
    shape: str


# What a click on the head of a column does in a notebook: the rows are sorted by it, and the other way round the next
# time.
_SORT = (
    "var b=this.closest('table').tBodies[0],d=this.dataset.d=-(this.dataset.d||1),k=r=>r.cells[%d].textContent;"
    "[...b.rows].sort((p,q)=>{var u=k(p),v=k(q);return d*(isNaN(u-v)?u.localeCompare(v):u-v)})"
    ".forEach(r=>b.appendChild(r))"
)


class Trace:
    """What a backward did, a `Row` for each node.

    Attributes:
        rows: in the order of backward, or as sorted.
        seconds: how long all derivatives took together.
        gradients: the gradients of the leaves by name, as NumPy arrays.
    """

    def __init__(self, rows: list[Row], gradients: dict[str, Any], leaves: list[Row]):
        self.rows, self.gradients, self._leaves = rows, gradients, leaves
        self.seconds = sum(r.seconds for r in rows)

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def sort(self, by: str, descending: bool = True) -> "Trace":
        """The same with rows in the order of a column, such as ``"seconds"`` or ``"norm"``.

        Raises:
            ValueError: there is no such column.
        """
        if by not in _COLUMNS:
            raise ValueError(f"there is no column {by!r}; the columns are {', '.join(_COLUMNS)}")
        empty = [r for r in self.rows if getattr(r, by) is None]
        known = [r for r in self.rows if getattr(r, by) is not None]
        known.sort(key=lambda r: (str(getattr(r, by)) if isinstance(getattr(r, by), str) else getattr(r, by)),
                   reverse=descending)  # fmt: skip
        return Trace(known + empty, self.gradients, self._leaves)

    # ------------------------------------------------------------------------------------------ shown
    def __str__(self) -> str:
        return self.table()

    __repr__ = __str__

    def table(self, rows: int | None = None) -> str:
        """The rows as a table of text, or the first `rows` of them."""
        head = f"{'id':>4} {'node':<28}{'module':<18}{'gradient':>14}{'ms':>9}{'memory':>10}"
        lines = [head + f"{'norm':>11}{'min':>11}{'max':>11}{'zeros':>7}{'bad':>6}"]
        for r in self.rows[:rows]:
            bad = r.nans + r.infs
            lines.append(
                f"{r.id:>4} {r.node[:27]:<28}{(r.module or '')[:17]:<18}{r.shape[:13]:>14}{1e3 * r.seconds:>9.3f}"
                f"{size(r.bytes):>10}{r.norm:>11.3g}{r.min:>11.3g}{r.max:>11.3g}{100 * r.zeros:>6.0f}%{bad or '':>6}"
            )
        left = len(self.rows) - (len(self.rows) if rows is None else rows)
        if left > 0:
            lines.append(f"... and {left} more")
        lines.append(f"{len(self.rows)} nodes, {1e3 * self.seconds:.3f} ms")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        names = ["id", "node", "module", "shape", "seconds", "bytes", "norm", "min", "max", "zeros", "nans", "infs"]
        head = "".join(
            f'<th style="cursor:pointer" title="sort" onclick="{html.escape(_SORT % i)}">{n}</th>'
            for i, n in enumerate(names)
        )
        body = []
        for r in self.rows:
            cells = []
            for n in names:
                value = getattr(r, n)
                text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
                cells.append(f"<td>{html.escape(text)}</td>")
            color = ' style="background:#fde2e2"' if r.nans or r.infs else ""
            body.append(f"<tr{color}>{''.join(cells)}</tr>")
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"

    # ------------------------------------------------------------------------------------------ kept
    def to_csv(self, path: Any) -> None:
        """Writes the rows as comma-separated values."""
        with open(path, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            writer.writerows([getattr(r, c) for c in _COLUMNS] for r in self.rows)

    def to_json(self, path: Any = None) -> str:
        """The rows as JSON, written into a file if there is a `path`; NaN and infinities stand in it as text."""
        rows = [
            {k: str(v) if isinstance(v, float) and not np.isfinite(v) else v for k, v in asdict(r).items()}
            for r in self.rows
        ]
        text = json.dumps(rows, indent=1)
        if path is not None:
            with open(path, "w") as file:
                file.write(text)
        return text

    def plot(self, path: Any = None) -> Any:
        """Plots how the gradient flows: for each leaf, in the order of the forward pass, the size of its gradient.

        Bars show the root mean square of the gradient's elements on a logarithmic scale, ticks their greatest absolute
        value. Gradients that are zero or not finite are marked.

        Args:
            path: where to save the plot, if anywhere.

        Returns:
            The figure of matplotlib.

        Raises:
            ImportError: matplotlib is not installed.
        """
        matplotlib = extra("matplotlib", "the plot of lens.trace")
        from matplotlib.figure import Figure

        names = [r.operation for r in self._leaves][::-1]
        means, greatest, colors = [], [], []
        for name in names:
            g = np.abs(np.asarray(self.gradients[name], np.float64)).reshape(-1)
            bad = not np.isfinite(g).all()
            mean = float(np.sqrt(np.mean(np.square(g)))) if g.size and not bad else 0.0
            means.append(mean)
            greatest.append(float(g.max()) if g.size and not bad else 0.0)
            colors.append("#c62828" if bad else "#b0b6c0" if mean == 0 else "#2f6db5")
        positive = [m for m in means if m > 0]
        floor = min(positive) / 10 if positive else 1e-12
        figure = Figure(figsize=(7.5, max(2.0, 0.9 + 0.22 * len(names))), layout="constrained")
        axes = figure.subplots()
        places = np.arange(len(names))
        axes.barh(places, [max(m, floor) for m in means], color=colors, height=0.7)
        marks = [(p, g) for p, g in zip(places, greatest, strict=True) if g > 0]
        axes.plot([g for _, g in marks], [p for p, _ in marks], "|", color="#111827", markersize=8)
        for p, m, c in zip(places, means, colors, strict=True):
            if m == 0:
                axes.text(
                    floor, float(p), " not finite" if c == "#c62828" else " zero", va="center", fontsize=8, color=c
                )
        axes.set_xscale("log")
        axes.set_yticks(places, names, fontsize=8)
        axes.invert_yaxis()
        axes.set_xlim(left=floor)
        axes.set_xlabel("root mean square of the gradient (tick: its greatest element)")
        axes.set_title("Gradient flow, from the input (top) to the output", fontsize=10)
        axes.grid(axis="x", alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        if path is not None:
            with matplotlib.rc_context({"svg.fonttype": "none"}):  # text in SVG stays text
                figure.savefig(path, dpi=120)
        return figure


_COLUMNS = [f.name for f in fields(Row)]


def trace(output: Any, gradient: Any = None, *, model: Any = None, names: Mapping[str, Any] | None = None) -> Trace:
    """Runs backward from `output` and keeps what each node took and what gradient came to it.

    Neither is a ``.grad`` changed nor the graph freed. It costs about as much as a backward.

    Args:
        output: a tensor that requires a gradient, or several of them.
        gradient: with what backward begins; ones by default.
        model, names: as for `collect`.

    Returns:
        A `Trace`: it prints as a table; `sort`, `plot`, `to_csv` and `to_json` do more.

    Raises:
        TypeError: `output` is no tensor.
        RuntimeError: it does not require a gradient, or its graph was freed.
    """
    graph = collect(output, model=model, names=names, frame=sys._getframe(1))
    rows: list[Row] = []
    leaves: list[Row] = []
    gradients: dict[str, Any] = {}
    moments = walk(tensors_of(output), gradient)
    while True:
        start = time.perf_counter()
        moment = next(moments, None)
        seconds = time.perf_counter() - start
        if moment is None:
            return Trace(rows, gradients, leaves)
        id = graph.ids.get(moment.node)
        if id is None:  # one output of several
            continue
        row = _row(graph, id, moment, seconds)
        rows.append(row)
        if graph.nodes[id].is_leaf and moment.grad is not None:
            leaves.append(row)
            gradients[row.operation] = np.asarray(moment.grad)


def _row(graph: Graph, id: int, moment: Any, seconds: float) -> Row:
    n = graph.nodes[id]
    arrays = list(arrays_in(moment.grad).values())
    made = {_memory(a): a.nbytes for r in moment.results for a in arrays_in(r).values()}
    came = {_memory(a) for a in arrays}
    bytes_ = sum(count for memory, count in made.items() if memory not in came)
    found = [measures(as_reals(a)) for a in arrays]
    elements = sum(a.size for a in arrays)
    return Row(
        id, n.parameter or n.name if n.is_leaf else n.name, n.title, n.module, None if n.line is None else str(n.line),
        seconds, bytes_, n.saved_bytes,
        math.hypot(*[m.norm for m in found]),
        min((m.low for m in found), default=0.0), max((m.high for m in found), default=0.0),
        sum(m.zeros for m in found) / elements if elements else 0.0,
        sum(m.nans for m in found), sum(m.infs for m in found),
        " ".join("×".join(map(str, a.shape)) or "scalar" for a in arrays),
    )  # fmt: skip


def _memory(array: Any) -> int:
    return int(array.__array_interface__["data"][0])
