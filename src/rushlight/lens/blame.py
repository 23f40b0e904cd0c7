"""Which operation first made a gradient NaN, infinite or zero.

`Blame` follows one backward. Each gradient on its way carries the `Event` at which it became what it is: a node got a
finite gradient and computed a NaN, or got a gradient that is not zero and computed zeros. A node whose incoming
gradient
has an event passes it on. Where a leaf's gradient arrives, its events say which operations are to blame.
"""

from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..autograd.leaf import AccumulateGrad
from ..autograd.node import Output, Outputs, function_of
from ..autograd.origins import Line, origin_of, path_of
from ..base import TensorBase
from .model import formula_of, labels_of, operation_name, saved_by

KINDS = ("nan", "inf", "zero")
WORDS = {"nan": "NaN", "inf": "infinite", "zero": "zero"}
# Most events that one gradient carries of a kind.
_MOST = 3


@dataclass(slots=True)
class Event:
    """Where a gradient became NaN, infinite or zero.

    Attributes:
        kind: ``"nan"``, ``"inf"`` or ``"zero"``; ``"none"`` where a function returned no gradient.
        node: the name of the node that computed it, or None if backward began with it.
        operation, label, formula: its operation, the input whose gradient it is, and the formula.
        line, module: where in the forward pass the node was made, as far as that was noted.
        details: what was computed with: the incoming gradient and the saved tensors, in words.
        because: an earlier event that explains this one.
    """

    kind: str
    node: str | None
    operation: str = ""
    label: str = ""
    formula: str = ""
    line: Line | None = None
    module: str | None = None
    details: list[str] = field(default_factory=list)
    because: "Event | None" = None


@dataclass(slots=True)
class Arrival:
    """What came to a node: the state of its gradient (of which `KINDS` it is), and the events behind that."""

    kinds: frozenset[str]
    events: dict[str, list[Event]]


def kinds_of(grad: Any) -> frozenset[str]:
    """Which of ``"nan"``, ``"inf"``, ``"zero"`` (all of it) a gradient is."""
    arrays = [_array(g) for g in grad.by_index.values()] if isinstance(grad, Outputs) else [_array(grad)]
    arrays = [a for a in arrays if a is not None and a.size]
    if not arrays:
        return frozenset()
    found = set()
    if not any(a.any() for a in arrays):
        found.add("zero")
    else:
        for a in arrays:
            if a.dtype.kind in "fc" or a.dtype.kind == "V":
                if not np.isfinite(a.sum()):
                    if np.isnan(a).any():
                        found.add("nan")
                    if np.isinf(a).any():
                        found.add("inf")
    return frozenset(found)


def _array(grad: Any) -> Any:
    return grad._data if isinstance(grad, TensorBase) else grad


def describe(array: Any) -> str:
    """An array in a few words: its one number, or shape, range, and how many of its elements are unusual."""
    array = np.asarray(_array(array))
    if array.size == 1:
        return f"{array.reshape(-1)[0]:.6g}" if array.dtype.kind in "fiu" else str(array.reshape(-1)[0])
    words = "×".join(map(str, array.shape))
    if not array.size or array.dtype.kind not in "fiu":
        return f"{words} {array.dtype}"
    finite = array[np.isfinite(array)]
    if finite.size:
        low, high = finite.min(), finite.max()
        words += f", all {low:.4g}" if low == high and finite.size == array.size else f", from {low:.4g} to {high:.4g}"
    for name, count in (("NaN", np.isnan(array).sum()), ("infinite", np.isinf(array).sum())):
        if count:
            words += f", {count} {name}"
    zeros = array.size - np.count_nonzero(array)
    if 0 < zeros < array.size:
        words += f", {zeros} zero"
    return words


class Blame:
    """Follows one backward; see the module's docstring.

    Attributes:
        arrivals: what came to each leaf, and to each node with an event, kept as long as the node lives.
        nones: the events of nodes that returned no gradient, by the node it was for.
    """

    def __init__(self) -> None:
        self.arrivals: Any = WeakKeyDictionary()
        self.nones: Any = WeakKeyDictionary()
        self._pending: Any = WeakKeyDictionary()  # a backward that runs only a part leaves some behind
        self._now: Any = None

    def before(self, node: Any, grad: Any) -> None:
        """A node is about to run with the sum of the gradients that came to it."""
        came = self._pending.pop(node, [])
        kinds = kinds_of(grad) if grad is not None else frozenset()
        events: dict[str, list[Event]] = {}
        for kind in kinds:
            found: list[Event] = []
            for c in came:
                found += [e for e in c.events.get(kind, ()) if e not in found]
            if not found:
                found = [self._sudden(kind, node, came, grad)]
            events[kind] = found[:_MOST]
        arrival = Arrival(kinds, events)
        if events or isinstance(node, AccumulateGrad):
            self.arrivals[node] = arrival
        self._now = node, arrival, grad, () if isinstance(node, (AccumulateGrad, Output)) else saved_by(node, {})

    def _sudden(self, kind: str, node: Any, came: list[Arrival], grad: Any) -> Event:
        """A gradient that no contribution explains: the one that backward began with, or a sum."""
        if not came:
            return Event(kind, None, details=[f"backward began with a gradient that is {describe(grad)}"])
        function = function_of(node)[0]
        what = f"the {len(came)} gradients that came to {function.name()} together gave this"
        words = {"zero": f"{what}: they cancel each other", "nan": f"{what}: infinities of both signs", "inf": what}
        return _event(kind, function, None, [words[kind]])

    def after(self, node: Any, results: Any) -> None:
        """A node has run."""
        if self._now is None or self._now[0] is not node:
            return
        _, arrival, grad, saved = self._now
        self._now = None
        for i, (edge, result) in enumerate(zip(node.edges(), results, strict=False)):
            if edge is None:
                continue
            if result is None:
                if grad is not None and type(node) is not Output:
                    self.nones.setdefault(edge, []).append(_event("none", node, _label(node, i), []))
                continue
            kinds = kinds_of(result)
            events: dict[str, list[Event]] = {}
            for kind in kinds:
                inherited = arrival.events.get(kind)
                if inherited is None:
                    event = _event(kind, node, _label(node, i), _details(kind, grad, saved, result))
                    if kind == "nan" and "inf" in arrival.events:
                        event.because = arrival.events["inf"][0]
                    inherited = [event]
                events[kind] = inherited
            self._pending.setdefault(edge, []).append(Arrival(kinds, events))

    def failed(self, node: Any) -> None:
        """The backward ended with an error."""
        self._pending.clear()
        self._now = None


def _label(node: Any, i: int) -> str:
    labels = labels_of(node)
    return labels[i][1] if i < len(labels) else f"input {i}"


def _event(kind: str, node: Any, label: str | None, details: list[str]) -> Event:
    origin = origin_of(node)
    return Event(
        kind, node.name(), operation_name(node), label or "", "" if label is None else formula_of(node, label),
        None if origin is None else origin.line, path_of(origin.calls) if origin is not None and origin.calls else None,
        details,
    )  # fmt: skip


def _details(kind: str, grad: Any, saved: Any, result: Any) -> list[str]:
    """What a derivative was computed from, and for NaN and infinities the numbers at the first place of one."""
    values = [("grad", grad), *[(s.name, s.array) for s in saved if s.array is not None]]
    values = [(name, np.asarray(_array(v))) for name, v in values if v is not None and not isinstance(v, Outputs)]
    found = [f"{name}: {describe(v)}" for name, v in values]
    result = np.asarray(_array(result))
    if kind == "zero" or result.size == 1:
        return found
    bad = np.isnan(result) if kind == "nan" else np.isinf(result)
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    at = []
    for name, v in values:
        try:
            there = np.broadcast_to(v, result.shape)[place]
        except ValueError:
            continue
        at.append(f"{name} = {there:.6g}" if there.dtype.kind in "fiu" else f"{name} = {there}")
    if at:
        found.append(f"first at [{', '.join(map(str, place))}], where {', '.join(at)}")
    return found


# What makes the derivative of an operation zero, NaN or infinite, in words.
CAUSES: dict[str, dict[str, str]] = {
    "zero": {
        "relu": "relu is flat where its input is not positive: all of it was (a dead relu)",
        "relu6": "relu6 is flat below 0 and above 6", "hardtanh": "hardtanh is flat outside its bounds",
        "clamp": "clamp is flat where it cut the value off", "clamp_min": "clamp is flat where it cut the value off",
        "clamp_max": "clamp is flat where it cut the value off", "threshold": "it is flat below the threshold",
        "sign": "sign is flat everywhere", "round": "round is flat everywhere", "floor": "floor is flat everywhere",
        "ceil": "ceil is flat everywhere", "trunc": "trunc is flat everywhere", "sgn": "sgn is flat",
        "mul": "the other factor is zero", "sigmoid": "sigmoid is saturated: its result is 0 or 1",
        "tanh": "tanh is saturated: its result is -1 or 1", "softmax": "softmax is saturated",
        "zero": "the elements were overwritten with zeros", "fill": "the elements were overwritten",
        "copy": "the elements were overwritten", "masked_fill": "all the elements were overwritten",
        "where": "the condition chose the other tensor everywhere", "dropout": "all elements were dropped",
        "native_dropout": "all elements were dropped", "pow": "the derivative of this power is zero here",
        "prod": "two factors are zero", "exp": "exp has underflowed to zero",
    },
    "nan": {
        "sqrt": "the derivative of sqrt at 0 is infinite, and 0 times infinity is NaN (add a small "
        "number under the root)",
        "div": "0 was divided by 0", "pow": "the derivative of this power is infinite at 0, or not a number below it",
        "log": "0 times infinity: the derivative of log at 0 is infinite", "where": "a NaN of the branch not chosen",
        "linalg_vector_norm": "the norm is zero: its derivative has no direction there",
        "norm": "the norm is zero: its derivative has no direction there", "std": "the deviation is zero",
        "mul": "0 times infinity", "atan2": "both arguments are zero", "asin": "outside of -1 to 1",
        "acos": "outside of -1 to 1",
    },
    "inf": {
        "sqrt": "the derivative of sqrt at 0 is infinite (add a small number under the root)",
        "rsqrt": "the derivative of rsqrt at 0 is infinite", "log": "the derivative of log at 0 is infinite",
        "div": "it was divided by zero", "reciprocal": "it was divided by zero",
        "pow": "the derivative of this power is infinite at 0", "exp": "exp has overflowed",
        "asin": "the derivative is infinite at -1 and 1", "acos": "the derivative is infinite at -1 and 1",
        "mul": "the product overflows",
    },
}  # fmt: skip


def cause(event: Event) -> str:
    """Why an operation's derivative is zero, NaN or infinite, where there is a usual reason; else an empty string."""
    name = event.operation.rstrip("_")
    return CAUSES.get(event.kind, {}).get(name, "")
