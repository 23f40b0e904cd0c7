"""`step(output)`: walks backward one node at a time, in Python or in the terminal."""

import cmd
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .blame import describe, kinds_of
from .model import Graph, GraphNode, collect, tensors_of
from .walk import Moment, arrays_in, walk


@dataclass
class Stop:
    """A node that has just run.

    Attributes:
        number: the how manieth it is.
        node: the node; see `GraphNode`.
        grads: the gradient of each of its outputs, arrays by the output's number.
        results: for each edge, the gradient that goes out, or None.
        targets: for each edge, the node that gets it.
    """

    number: int
    node: GraphNode
    grads: dict[int, Any]
    results: list[Any]
    targets: list[GraphNode]

    @property
    def grad(self) -> Any:
        """The gradient of its first output, or None."""
        return next(iter(self.grads.values()), None)

    @property
    def norm(self) -> float:
        """The Euclidean norm of what came and of what goes out, whichever is greater."""
        arrays = [*self.grads.values(), *(a for r in self.results for a in arrays_in(r).values())]
        return max((float(np.linalg.norm(np.asarray(a).reshape(-1))) for a in arrays), default=0.0)

    @property
    def has_nan(self) -> bool:
        """Whether a gradient that came or goes out is NaN somewhere."""
        grads = [*self.grads.values(), *(a for r in self.results for a in arrays_in(r).values())]
        return any("nan" in kinds_of(g) for g in grads)

    def __str__(self) -> str:
        n = self.node
        module = f"  in {n.module or n.calls[-1].kind} ({n.calls[-1].kind})" if n.calls else ""
        lines = [f"[{self.number}] {n.name}{f' {n.title}' if n.is_leaf else ''}{module}"]
        if n.line is not None:
            lines.append(f"    made at   {n.line}")
        for i, g in self.grads.items():
            which = f" of output {i}" if len(n.outputs) > 1 else ""
            lines.append(f"    comes in  grad{which}: {describe(g)}")
        if not self.grads:
            lines.append("    comes in  nothing")
        for s in n.saved:
            what = describe(s.array) if s.array is not None else s.state
            lines.append(f"    saved     {s.name}: {what}{f' (the leaf {s.parameter})' if s.parameter else ''}")
        for name, value in n.constants.items():
            lines.append(f"    constant  {name} = {value!r:.60}")
        for edge, target, result in zip(n.edges, self.targets, self.results, strict=False):
            goes = "nothing" if result is None else "; ".join(describe(a) for a in arrays_in(result).values())
            lines.append(f"    goes out  grad of {edge.label} = {edge.formula}")
            lines.append(f"              to {target.name if not target.is_leaf else target.title}: {goes}")
        return "\n".join(lines)

    __repr__ = __str__


class Stepper:
    """A backward that stops after every node.

    It iterates over `Stop`s. `next`, `back` and `run_to` move by hand, `interact` asks in the terminal.

    Attributes:
        graph: the graph.
        gradients: the leaves' gradients so far, by name.
    """

    def __init__(self, graph: Graph, moments: Iterator[Moment]):
        self.graph, self._moments = graph, moments
        self._stops: list[Stop] = []
        self._at = -1
        self.gradients: dict[str, Any] = {}

    def __iter__(self) -> Iterator[Stop]:
        while (stop := self.next()) is not None:
            yield stop

    def __len__(self) -> int:
        return len(self.graph)

    @property
    def current(self) -> Stop | None:
        """Where it is; None before the first node."""
        return self._stops[self._at] if self._at >= 0 else None

    def next(self) -> Stop | None:
        """Goes on by one node; None if backward is at its end."""
        if self._at + 1 == len(self._stops) and not self._run():
            return None
        self._at += 1
        return self.current

    def back(self) -> Stop | None:
        """Goes back by one node; None if it is at the beginning."""
        if self._at < 0:
            return None
        self._at -= 1
        return self.current

    def run_to(
        self, where: str | Callable[[Stop], bool] | None = None, *, nan: bool = False, norm: float | None = None
    ) -> Stop | None:
        """Goes on until something happens; None if it does not.

        Args:
            where: the beginning of an operation's, node's or leaf's name, the path of a module, or a function of the
                stop.
            nan: whether to stop at the first NaN.
            norm: the norm of a gradient from which on to stop.
        """
        while (stop := self.next()) is not None:
            if (nan and stop.has_nan) or (norm is not None and not stop.norm <= norm):
                return stop
            if callable(where):
                if where(stop):
                    return stop
            elif where is not None:
                n = stop.node
                if n.operation == where or n.title == where or n.name.startswith(where) or n.module == where:
                    return stop
        return None

    def _run(self) -> bool:
        """Runs one node more, if there is one."""
        for moment in self._moments:
            id = self.graph.ids.get(moment.node)
            if id is None:  # one output of several
                continue
            n = self.graph.nodes[id]
            results = [r for e, r in zip(moment.node.edges(), moment.results, strict=False) if e is not None]
            targets = [self.graph.nodes[e.target] for e in n.edges]
            self._stops.append(Stop(len(self._stops), n, arrays_in(moment.grad), results, targets))
            if n.is_leaf and moment.grad is not None:
                self.gradients[n.title] = np.asarray(moment.grad)
            return True
        return False

    def interact(self, input: Any = None, output: Any = None) -> None:
        """Asks for commands in the terminal: ``next``, ``back``, ``run``, ``break``, ``print``, ``list``, ``quit``.

        Args:
            input, output: files to read commands from and to write to, if not those of the terminal.
        """
        shell = _Shell(self, input, output)
        if input is not None:
            shell.use_rawinput = False
        shell.cmdloop()


class _Shell(cmd.Cmd):
    """The commands of `Stepper.interact`."""

    prompt = "(lens) "

    def __init__(self, stepper: Stepper, input: Any, output: Any):
        super().__init__(stdin=input, stdout=output)
        self.stepper = stepper
        self.breaks: dict[str, Any] = {}
        self.intro = f"{len(stepper)} nodes. next, back, run [name], break nan|norm X|op NAME, print, list, quit; help"

    def say(self, text: Any) -> None:
        """Writes a line."""
        self.stdout.write(f"{text}\n")

    def show(self, stop: Stop | None, otherwise: str = "backward is at its end") -> None:
        """Writes where backward is."""
        self.say(otherwise if stop is None else stop)

    def emptyline(self) -> bool:
        """An empty line goes on."""
        self.do_next("")
        return False

    def do_next(self, arg: str) -> None:
        """Goes on: next [how many nodes]."""
        stop = None
        for _ in range(int(arg) if arg.isdigit() else 1):
            stop = self.stepper.next()
        self.show(stop)

    def do_back(self, arg: str) -> None:
        """Goes back: back [how many nodes]."""
        stop = None
        for _ in range(int(arg) if arg.isdigit() else 1):
            stop = self.stepper.back()
        self.show(stop, "at the beginning")

    def do_run(self, arg: str) -> None:
        """Runs on, to an operation, node, module or leaf (run mul), or to what `break` set."""
        name = arg or self.breaks.get("op")
        self.show(self.stepper.run_to(name, nan="nan" in self.breaks, norm=self.breaks.get("norm")))

    def do_break(self, arg: str) -> None:
        """Sets where `run` stops: break nan, break norm 100, break op mul; break alone clears."""
        what, _, value = arg.partition(" ")
        if not arg:
            self.breaks.clear()
        elif what == "nan":
            self.breaks["nan"] = True
        elif what == "norm" and value.replace(".", "", 1).replace("e", "", 1).replace("-", "", 1).isdigit():
            self.breaks["norm"] = float(value)
        elif what == "op" and value:
            self.breaks["op"] = value
        else:
            self.say("break nan, break norm X, or break op NAME")
            return
        self.say("breaks: " + (", ".join(f"{k} {v}" if v is not True else k for k, v in self.breaks.items()) or "none"))

    def do_print(self, arg: str) -> None:
        """Prints numbers: print (all of the stop), print grad, print NAME (what was saved), print out LABEL."""
        stop = self.stepper.current
        if stop is None:
            self.say("at the beginning")
            return
        if not arg:
            self.say(stop)
            return
        if arg == "grad":
            for g in stop.grads.values():
                self.say(np.asarray(g))
            return
        label = arg.removeprefix("out ").strip()
        if arg.startswith("out"):
            for edge, result in zip(stop.node.edges, stop.results, strict=False):
                if label in ("out", edge.label):
                    self.say(result)
            return
        for s in stop.node.saved:
            if s.name == arg:
                self.say(s.array)
                return
        self.say(f"nothing here is called {arg}")

    def do_list(self, arg: str) -> None:
        """Lists the nodes around."""
        at = -1 if self.stepper.current is None else self.stepper.current.node.id
        for n in self.stepper.graph.nodes[max(at - 5, 0) : at + 7]:
            self.say(f"{'->' if n.id == at else '  '} {n.id:4} {n.name} {n.title if n.is_leaf else ''}".rstrip())

    def do_gradients(self, arg: str) -> None:
        """Prints the leaves' gradients so far."""
        for name, g in self.stepper.gradients.items():
            self.say(f"{name}: {describe(g)}")

    def do_quit(self, arg: str) -> bool:
        """Ends."""
        return True

    do_n, do_b, do_r, do_p, do_l, do_q, do_EOF = do_next, do_back, do_run, do_print, do_list, do_quit, do_quit


def step(output: Any, gradient: Any = None, *, model: Any = None, names: Mapping[str, Any] | None = None) -> Stepper:
    """Walks backward from `output`, one node at a time.

        for stop in lens.step(loss):
            print(stop)                          # what comes in, what was saved, what goes out where
        lens.step(loss).run_to(nan=True)         # where the first NaN appears
        lens.step(loss).interact()               # in the terminal

    Neither is a ``.grad`` changed nor the graph freed.

    Args:
        output: a tensor that requires a gradient, or several of them.
        gradient: with what backward begins; ones by default.
        model, names: as for `collect`.

    Raises:
        TypeError: `output` is no tensor.
        RuntimeError: it does not require a gradient. While it goes, whatever backward raises.
    """
    graph = collect(output, model=model, names=names, frame=sys._getframe(1))
    return Stepper(graph, walk(tensors_of(output), gradient))
