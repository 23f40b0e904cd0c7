"""`record()`: the context in which the lens notes where things are made and what backward does.

Of nodes, changes in place and the backwards that free them, `autograd/origins.py` keeps the lines. Here is kept,
besides,

- of tensors without a node, the `Birth`: the line that made them, and how the history was lost if there was one;
- of each backward, a `Run`: its line, the leaves that it reached, and the operations that made gradients zero, NaN or
  infinite (`blame.py`).

What was kept stays after the block, as long as the tensors and leaves live.
"""

import sys
import weakref
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import overrides
from ..autograd import metadata, mode, origins, steps, tasks
from ..autograd.leaf import AccumulateGrad
from ..autograd.origins import Line
from ..base import TensorBase
from ..dtypes import FLOATING
from .blame import Blame, describe

# The backwards that are remembered.
_RUNS = 64
_USES = 16


@dataclass(slots=True)
class Loss:
    """How the history of a tensor was lost.

    Attributes:
        reason: ``"detach"``, ``"inside"`` (by a function that detaches), ``"detach_"``, ``"data"``, ``"tensor"``,
            ``"no_grad"``, ``"inference"``, ``"integer"`` or ``"nondifferentiable"``.
        line: where.
        operation: the operation that lost it.
        dtype: the dtype of its result.
    """

    reason: str
    line: Line | None
    operation: str
    dtype: str


@dataclass(slots=True)
class Bad:
    """Where a value first was NaN or infinite: the operation, its line, and its inputs in words."""

    kind: str
    operation: str
    line: Line | None
    inputs: list[str]


@dataclass(slots=True)
class Birth:
    """What was noted of a tensor.

    Attributes:
        operation: what made it: the operation's name, or ``"made"`` for data.
        line: where.
        loss: how its history was lost, here or further up; None if there was none.
        bad: where its value became NaN or infinite, or None.
        asked: the line where ``requires_grad`` was set last, to what, and after how many uses.
        cleared: the line where ``.grad`` was last set to None, and the number of backwards that had run by then.
        uses: the operations that read it: name, line, and whether a gradient was recorded for it.
        since: the number that the next backward had when the tensor was first noted.
    """

    operation: str
    line: Line | None
    loss: Loss | None = None
    bad: Bad | None = None
    asked: tuple[Line | None, bool, int] | None = None
    cleared: tuple[Line | None, int] | None = None
    uses: list[tuple[str, Line | None, bool]] = field(default_factory=list)
    since: int = 0


@dataclass(eq=False)
class Run:
    """One backward.

    Attributes:
        line: the line that called it.
        accumulates: whether gradients went into ``.grad``; False for ``autograd.grad``.
        limited: whether only the gradients of given inputs were computed.
        reached: the leaves whose gradient was computed and added to ``.grad``.
        handed: the nodes of the tensors whose gradients ``autograd.grad`` returned.
        error: the name of the node that failed, or None.
        blame: what made gradients zero, NaN or infinite.
    """

    number: int
    line: Line | None
    accumulates: bool
    limited: bool
    reached: Any = field(default_factory=weakref.WeakSet)
    handed: Any = field(default_factory=weakref.WeakSet)
    error: str | None = None
    blame: Blame = field(default_factory=Blame)


_births: dict[int, tuple[Any, Birth]] = {}
runs: deque[Run] = deque(maxlen=_RUNS)


def birth_of(t: Any) -> Birth | None:
    """What was noted of a tensor, or None."""
    found = _births.get(id(t))
    return found[1] if found is not None and found[0]() is t else None


def runs_since(t: Any) -> list[Run]:
    """The backwards that ran since a tensor was first noted."""
    birth = birth_of(t)
    return [r for r in runs if birth is None or r.number >= birth.since]


def _remember(t: Any, birth: Birth) -> Birth:
    key = id(t)
    birth.since = _count()

    def forget(reference: Any) -> None:
        known = _births.get(key)
        if known is not None and known[0] is reference:
            del _births[key]

    _births[key] = weakref.ref(t, forget), birth
    return birth


def _noted(t: Any) -> Birth:
    """What was noted of a tensor; of one that nothing was noted of, a new note."""
    return birth_of(t) or _remember(t, Birth("", None))


class record:
    """Notes, inside a ``with`` block, where things are made and what backward does, for `explain` and the other views.

    It holds for this thread. What was noted stays with the graph after the block. Every operation takes some
    microseconds longer, and every backward about twice as long.

        with lens.record():
            loss = model(x).sum()
            loss.backward()
        print(lens.explain(model.weight))
    """

    def __init__(self) -> None:
        self._run: Run | None = None

    def __enter__(self) -> "record":
        origins.start()
        mode.watch(self)
        mode.local.tellers = (*mode.local.tellers, self.told)
        steps.node_watchers.append(self)
        return self

    def __exit__(self, *exc: Any) -> None:
        steps.node_watchers.remove(self)
        mode.local.tellers = tuple([f for f in mode.local.tellers if f != self.told])
        mode.unwatch(self)
        origins.stop()

    # ------------------------------------------------------------------------------------------ forward
    def around(self, operation: Any, run: Any) -> Any:
        """Takes part in an operation; see autograd/mode.py."""

        def noted(*args: Any, **kwargs: Any) -> Any:
            result = run(*args, **kwargs)
            inputs = list(_tensors((args, tuple(kwargs.values()))))
            results = list(_tensors(result))
            if results:
                self.seen(operation, inputs, results)
            return result

        return noted

    def seen(self, operation: Any, inputs: list[Any], results: list[Any]) -> None:
        """Notes the results of an operation."""
        line = origins.here()
        name = operation.public_name
        recorded = any(r._node is not None for r in results)
        for t in inputs:
            if t._node is None or isinstance(t._node, AccumulateGrad):
                uses = _noted(t).uses
                uses.append((name, line, recorded))
                del uses[:-_USES]
        for r in results:
            if any(r is t for t in inputs):
                continue
            if r._node is not None and r._node.seq:
                metadata.note(r)
            loss = None if r._node is not None else self._loss(name, line, inputs, r)
            _remember(r, Birth(name, line, loss, _bad(name, line, inputs, r)))

    def _loss(self, name: str, line: Line | None, inputs: list[Any], result: Any) -> Loss | None:
        wanted = any(t._node is not None for t in inputs)
        if not wanted:
            for t in inputs:
                birth = birth_of(t)
                if birth is not None and birth.loss is not None:
                    if birth.loss.reason == "inside" and birth.loss.line == line:
                        return Loss("integer", line, name, str(result._dtype))
                    return birth.loss
            return None
        reason = "nondifferentiable"
        if mode.local.inference:
            reason = "inference"
        elif not mode.local.grad:
            reason = "no_grad"
        elif result._dtype.category < FLOATING:
            reason = "integer"
        return Loss(reason, line, name, str(result._dtype))

    def told(self, what: str, t: Any, of: Any) -> None:
        """Notes what befalls a tensor outside of operations; see `mode.tell`."""
        line = origins.here()
        if what == "made":
            _remember(t, Birth("made", line, bad=_bad("made", line, [], t)))
        elif what in ("detach", "data", "tensor"):
            if of._node is not None:
                frame = sys._getframe(3)
                # Once a class was derived from Tensor, its methods are reached through a function of overrides.py.
                while frame.f_code.co_filename == overrides.__file__ and frame.f_back is not None:
                    frame = frame.f_back
                caller = frame.f_code
                reason = "inside" if what == "detach" and origins.is_ours(caller) else what
                loss: Loss | None = Loss(reason, line, caller.co_name, str(t._dtype))
                _noted(of).uses.append((what, line, False))
            else:
                birth = birth_of(of)
                loss = None if birth is None else birth.loss
            _remember(t, Birth(what, line, loss))
        elif what == "detach_":
            _noted(t).loss = Loss("detach_", line, "detach_", str(t._dtype))
        elif what == "requires_grad":
            noted = _noted(t)
            noted.asked = line, t._node is not None, len(noted.uses)
        elif what == "grad=":
            _noted(t).cleared = (line, _count()) if of is None else None

    # ------------------------------------------------------------------------------------------ backward
    def before(self, node: Any, grad: Any) -> None:
        """A node is about to run."""
        task = tasks.current()
        if task is not None and (self._run is None or self._run.number != task.id):
            self._run = next((r for r in runs if r.number == task.id), None)
            if self._run is None:
                self._run = Run(task.id, origins.here(), task.captures is None, task.useful is not None)
                self._run.handed.update(task.captures or ())
                runs.append(self._run)
        if self._run is not None:
            if isinstance(node, AccumulateGrad):
                self._run.reached.add(node)
            self._run.blame.before(node, grad)

    def after(self, node: Any, results: Any) -> None:
        """A node has run."""
        if self._run is not None:
            self._run.blame.after(node, results)

    def failed(self, node: Any) -> None:
        """A node has failed."""
        if self._run is not None:
            self._run.error = node.name()
            self._run.blame.failed(node)


def _count() -> int:
    return runs[-1].number + 1 if runs else 0


def _tensors(value: Any) -> Iterator[Any]:
    if isinstance(value, TensorBase):
        yield value
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from _tensors(v)


def _bad(name: str, line: Line | None, inputs: list[Any], result: Any) -> Bad | None:
    """Where the value of a result first was NaN or infinite, if it is."""
    array = result._data
    if array.dtype.kind not in "fc" or not array.size or np.isfinite(array.sum()):
        return None
    kind = "nan" if np.isnan(array).any() else "inf"
    if kind == "inf" and not np.isinf(array).any():
        return None
    for t in inputs:
        birth = birth_of(t)
        if birth is not None and birth.bad is not None and birth.bad.kind == kind:
            return birth.bad
        values = t._data
        if values.dtype.kind in "fc" and (np.isnan(values) if kind == "nan" else np.isinf(values)).any():
            return Bad(kind, "made", None if birth is None else birth.line, [describe(t)])
    return Bad(kind, name, line, [describe(t) for t in inputs])
