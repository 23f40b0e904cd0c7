"""`explain(tensor)`: in plain words, why a tensor has the gradient it has, or none.

The answer comes from the tensor and its graph as they are, and from what was noted of them (`recording.py`). Each of
the
functions below answers for one kind of tensor.
"""

import sys
from types import FrameType
from typing import Any

import numpy as np

from ..autograd import mode
from ..autograd.leaf import AccumulateGrad
from ..autograd.node import FREED, function_of
from ..autograd.origins import changes_of, modified_since, origin_of, path_of
from ..base import TensorBase, base_of, former_node
from ..dtypes import FLOATING
from ..ops.history import Stale, refusal
from .blame import WORDS, Arrival, Blame, Event, cause, kinds_of
from .explanation import Explanation
from .holders import holders
from .model import tensors_of
from .recording import Birth, Loss, Run, birth_of, runs_since
from .walk import walk

_RECORD = (
    "run the program under `with rushlight.lens.record():` (or `rushlight run --explain`), and the lines are known"
)


def explain(tensor: Any, output: Any = None) -> Explanation:
    """Says in plain words whether a tensor takes part in differentiation, and why its gradient is what it is.

    Args:
        tensor: the tensor.
        output: a result whose graph is still there (a loss): with it, what makes the gradient zero, NaN or infinite is
            found by a backward that only looks.

    Returns:
        An `Explanation`, which prints as text and shows itself in notebooks. It names lines as far as they were noted
        under `rushlight.lens.record()`.

    Raises:
        TypeError: `tensor` is no tensor.
    """
    if not isinstance(tensor, TensorBase):
        raise TypeError(f"explain() expects a Tensor, but got {type(tensor).__name__}")
    frame = sys._getframe(1)
    found = Explanation(_title(tensor, frame))
    t: Any = tensor
    node = former_node(t)
    root = base_of(t)
    if isinstance(t, Stale):
        _stale(found, t)
    elif root is not None and root._node is not None and (node is None or isinstance(node, AccumulateGrad)):
        _unrecorded_view(found, t)
    elif node is None:
        _without_history(found, t)
    elif isinstance(node, AccumulateGrad):
        _leaf(found, t, output)
    else:
        _result(found, t, output)
    _value(found, t)
    found.holders = holders(t, frame)
    return found


def _title(t: Any, frame: FrameType) -> str:
    name = next((k for s in (frame.f_locals, frame.f_globals) for k, v in s.items() if v is t), "this tensor")
    sizes = "×".join(map(str, t._shape)) or "scalar"
    node = former_node(t)
    kind = "a leaf" if node is None or isinstance(node, AccumulateGrad) else "a result"
    asks = "requires a gradient" if node is not None else "requires no gradient"
    dtype = str(t._dtype).removeprefix("torch.")
    return f"{name} ({sizes} {dtype}): {kind} that {asks}"


# ---------------------------------------------------------------------------------------------- no history
_LOST = {
    "detach": "its history was cut by detach()",
    "inside": "{operation}() keeps no history",
    "detach_": "its history was cut by detach_()",
    "data": "it was read through .data, which has no history",
    "tensor": "it is a copy made by torch.tensor(), which keeps no history",
    "no_grad": "it was computed by {operation}() where recording was switched off (no_grad)",
    "inference": "it was computed by {operation}() in inference mode",
    "integer": "{operation}() gives {dtype}, and gradients exist for floating-point and complex numbers only",
    "nondifferentiable": "{operation}() has no derivative",
}
_HELP = {
    "detach": "leave out detach(), or use the tensor from before it",
    "inside": "use the tensor from before it",
    "detach_": "use detach() for what should have no history, and keep the tensor itself",
    "data": "use the tensor itself instead of its .data",
    "tensor": "use the tensor itself, or .clone() for a copy that keeps its history",
    "no_grad": "compute it outside of no_grad, or under torch.enable_grad()",
    "inference": "compute it outside of inference_mode",
    "integer": "keep to floating-point numbers on the way (a softmax instead of an argmax, a sigmoid instead of a "
    "comparison)",
    "nondifferentiable": "use an operation that has a derivative, or write one with torch.autograd.Function",
}


def _without_history(found: Explanation, t: Any) -> None:
    birth = birth_of(t)
    if birth is not None and birth.asked is not None and not birth.asked[1]:
        found.reason = "frozen"
        found.say("grad is None: requires_grad was set to False", birth.asked[0])
        found.advice.append("requires_grad_() makes it take part again, in what is computed from then on")
        return
    if birth is not None and birth.loss is not None:
        _lost(found, birth, birth.loss)
        return
    changed = _changed_without_recording(t)
    if t._versions is mode.INFERENCE:
        found.reason = "inference"
        found.say("grad is None: it was made in inference mode")
        found.advice.append(_HELP["inference"])
    elif t._dtype.category < FLOATING:
        found.reason = "integer_leaf"
        dtype = str(t._dtype).removeprefix("torch.")
        found.say(f"grad is None: {dtype} tensors have no gradient", None if birth is None else birth.line)
        found.advice.append("convert it to a floating-point type, then requires_grad_()")
    elif changed is not None:
        found.reason = "changed_unrecorded"
        found.say(
            "grad is None: it requires no gradient, and what was put into it in place was not recorded", changed.line
        )
        found.advice.append("change it outside of no_grad, where the change is recorded as an operation")
    else:
        found.reason = "never"
        line = None if birth is None else birth.line
        if birth is not None and birth.operation not in ("made", ""):
            found.say(f"grad is None: none of the inputs of {birth.operation}(), which made it, requires one", line)
            found.advice.append("requires_grad_() on the inputs whose gradient is wanted, before computing")
            return
        found.say("grad is None: it never required one", line)
        found.advice.append("requires_grad_() (or requires_grad=True where it is made), before it is used")
        if birth is None:
            found.advice.append(f"if it should have had a history: {_RECORD}")


def _unrecorded_view(found: Explanation, t: Any) -> None:
    birth = birth_of(t)
    found.reason = "no_grad_view"
    found.say("grad is None: it is a view of a tensor that requires a gradient, made where nothing was recorded",
              None if birth is None else birth.line)  # fmt: skip
    found.advice.append("make the view outside of no_grad")


def _changed_without_recording(t: Any) -> Any:
    return next((c for c in reversed(changes_of(t._versions)) if not c.recorded), None)


def _lost(found: Explanation, birth: Birth, loss: Loss) -> None:
    found.reason = loss.reason
    words = _LOST[loss.reason].format(operation=loss.operation, dtype=loss.dtype)
    if loss.line == birth.line or not birth.operation:
        found.say(f"grad is None: {words}", loss.line)
    else:
        found.say(
            f"grad is None: what it was computed from has no history: there {words.removeprefix('it ')}", loss.line
        )
        found.say("it was made from that", birth.line)
    found.advice.append(_HELP[loss.reason])


def _stale(found: Explanation, t: Any) -> None:
    found.reason = "stale_view"
    found.say("it cannot be used: " + refusal(t, t._view, "its base or another view of its base has been"))
    changes = changes_of(t._versions)
    if changes:
        found.say("its base was changed in place", changes[-1].line)
    found.advice.append("clone the view before the base is changed")


# ---------------------------------------------------------------------------------------------- leaves
def _leaf(found: Explanation, t: Any, output: Any) -> None:
    node = t._node
    birth = birth_of(t)
    runs = runs_since(t)
    total = node.total
    reached = [r for r in runs if node in r.reached]
    if total is not None:
        _gradient(found, t, total, reached, output)
        return
    handed = [r for r in runs if node in r.handed]
    used = [] if birth is None else birth.uses
    if birth is not None and birth.cleared is not None and reached and reached[-1].number < birth.cleared[1]:
        found.reason = "cleared"
        found.say("grad is None: it was set to None after the last backward (zero_grad does that)", birth.cleared[0])
        found.say("the last backward that computed it", reached[-1].line)
        found.advice.append("read .grad before zero_grad()")
        return
    nones = next((r.blame.nones[node] for r in reversed(runs) if node in r.blame.nones), None)
    if reached and nones:
        found.reason = "none_returned"
        _function_gave_none(found, nones[0])
        return
    if handed:
        found.reason = "handed"
        found.say("grad is None: torch.autograd.grad returned its gradient and stored it nowhere", handed[-1].line)
        found.advice.append("use what autograd.grad returned, or call backward()")
        return
    failed = next((r for r in reversed(runs) if r.error is not None), None)
    if failed is not None and failed is runs[-1]:
        found.reason = "failed"
        found.say(f"grad is None: backward ended with an error in {failed.error} before it came here", failed.line)
        return
    limited = next((r for r in reversed(runs) if r.limited and r.accumulates), None)
    if limited is not None and limited is runs[-1] and not reached:
        found.reason = "limited"
        found.say("grad is None: backward was limited to other tensors by its argument `inputs`", limited.line)
        found.advice.append("add this tensor to `inputs`, or leave the argument out")
        return
    if birth is not None and birth.asked is not None and birth.asked[1] and used and birth.asked[2] == len(used):
        found.reason = "asked_late"
        found.say("grad is None: it was used before it required a gradient", used[-1][1])
        found.say("requires_grad was set later", birth.asked[0])
        found.advice.append("set requires_grad before the forward pass")
        return
    if not runs:
        found.reason = "no_backward"
        found.say("grad is None: no backward has come to it" + ("" if birth is not None else " yet"))
        found.advice.append("call backward() on a result that was computed from it")
        if birth is None:
            found.advice.append(f"if one was called: it did not depend on this tensor; {_RECORD}")
        return
    _off_the_path(found, runs[-1], used)


def _off_the_path(found: Explanation, last: Run, used: list[Any]) -> None:
    recorded = [use for use in used if use[2]]
    if not used:
        found.reason = "not_used"
        found.say("grad is None: no operation has used it, so that no result depends on it")
    elif not recorded:
        found.reason = "used_unrecorded"
        name, line, _ = used[-1]
        found.say(f"grad is None: it was used only where nothing is recorded, last by {name}", line)
        found.advice.append("use the tensor itself, outside of no_grad and without detach() or .data")
    else:
        found.reason = "not_on_path"
        found.say("grad is None: it is not on the path from any output that ran backward")
        found.say(f"it was last used by {recorded[-1][0]}()", recorded[-1][1])
    found.say("the last backward", last.line)
    if found.reason == "not_on_path":
        found.advice.append("call backward() on a result that depends on it, and do not detach on the way")


def _function_gave_none(found: Explanation, event: Event) -> None:
    found.say(f"grad is None: the backward of {event.node} returned None for it", event.line)
    found.advice.append("return a gradient for that input from backward()")


# ---------------------------------------------------------------------------------------------- results
def _result(found: Explanation, t: Any, output: Any) -> None:
    function, index = function_of(t._node)
    origin = origin_of(function)
    words = f"it is output {index} of {function.name()}"
    if origin is not None and origin.calls:
        words += f", made in module {path_of(origin.calls)}"
    found.say(words, None if origin is None else origin.line)
    kept, runs = t._kept_grad, runs_since(t)
    if kept is not None:
        _gradient(found, t, kept, runs, output)
        return
    if t._retains:
        found.reason = "retained_not_reached"
        if runs:
            found.say("grad is None: retain_grad() was called, but no backward has come to it since", runs[-1].line)
        else:
            found.say("grad is None: retain_grad() was called, but no backward has come to it yet")
        found.advice.append("call backward() on a result that depends on it, after retain_grad()")
    else:
        found.reason = "not_retained"
        found.say("grad is None: it is not a leaf, and gradients are kept for leaves only")
        found.advice.append("retain_grad() before backward, or torch.autograd.grad(output, tensor)")
    copied = _copied_from_a_leaf(function)
    if copied is not None:
        name = function.operation.public_name
        found.say(f"it is not the leaf itself: {name}() made it from one, and that one gets the gradient")
        found.advice.append(f"use the result of {name}() as the leaf: .detach().requires_grad_()")
    if function.saved and any(getattr(function, slot, None) is FREED for slot in function.saved):
        freed = None if origin is None else origin.freed
        found.say("its graph was freed: another backward from here needs retain_graph=True in the first", freed)
    stale = modified_since(function) if function.seq else None
    if stale is not None:
        changed = next((c for c in changes_of(stale[0]) if c.version >= stale[1]), None)
        found.say("what its node saved was changed in place since: backward will refuse", changed and changed.line)
        found.advice.append("clone before the change, or change out of place")


def _copied_from_a_leaf(function: Any) -> Any:
    """The leaf of which a result is only a converted or scaled copy, as in ``rand(3, requires_grad=True) * 2``."""
    if function.operation is None or function.operation.public_name not in (
        "mul", "div", "add", "sub", "_to_copy", "to", "clone", "reshape", "view", "t", "transpose", "cast",
    ):  # fmt: skip
        return None
    edges = [e for e in function.edges() if e is not None]
    return edges[0] if len(edges) == 1 and isinstance(edges[0], AccumulateGrad) else None


# ---------------------------------------------------------------------------------------------- gradients
def _gradient(found: Explanation, t: Any, total: Any, reached: list[Run], output: Any) -> None:
    array = total._data if isinstance(total, TensorBase) else np.asarray(total)
    kinds = kinds_of(array)
    if not kinds:
        found.reason = "ok"
        found.say(f"grad is there: {_about(array)}")
        if len(reached) > 1 and isinstance(t._node, AccumulateGrad):
            birth = birth_of(t)
            cleared = birth.cleared[1] if birth is not None and birth.cleared is not None else -1
            since = [r for r in reached if r.number >= cleared]
            if len(since) > 1:
                found.reason = "accumulated"
                found.say(f"it is the sum of {len(since)} backwards", since[-1].line)
                found.advice.append("zero_grad() before each backward, if a sum is not wanted")
        return
    kind = next(k for k in ("nan", "inf", "zero") if k in kinds)
    if kind == "zero":
        versions = total._versions if isinstance(total, TensorBase) else None
        changed = changes_of(versions) if versions is not None else []
        if changed:
            found.reason = "zeroed"
            found.say(
                "grad is zero: it was overwritten in place (zero_() or zero_grad(set_to_none=False))", changed[-1].line
            )
            return
    found.reason = kind
    found.say(f"grad is {WORDS[kind]}: {_about(array)}")
    events = _events_for(t, kind, reached, output)
    if not events:
        found.advice.append(f"explain(tensor, loss) finds the operation if the graph is there; else {_RECORD}")
    for event in events:
        _tell(found, event)


def _about(array: Any) -> str:
    from .blame import describe

    words = describe(array)
    zeros = array.size - np.count_nonzero(array)
    if array.size > 1 and 0 < zeros < array.size:
        words += f" ({100 * zeros / array.size:.0f} % of it)"
    return words


def _events_for(t: Any, kind: str, reached: list[Run], output: Any) -> list[Event]:
    node = t._node
    arrivals: list[Arrival] = []
    if output is not None:
        blame = Blame()
        try:
            for moment in walk(tensors_of(output)):
                blame.before(moment.node, moment.grad)
                blame.after(moment.node, moment.results)
        except RuntimeError:
            return []
        arrivals = [blame.arrivals[node]] if node in blame.arrivals else []
    for run in reversed(reached):
        if node in run.blame.arrivals:
            arrivals.append(run.blame.arrivals[node])
    for arrival in arrivals:
        if kind in arrival.events:
            return arrival.events[kind]
    return []


def _tell(found: Explanation, event: Event) -> None:
    if event.node is None:
        found.say(event.details[0])
        return
    where = f" in module {event.module}" if event.module else ""
    if not event.label:
        found.say(f"{event.details[0]}{where}", event.line)
        return
    words = f"{event.node}{where} was the first to make it {WORDS[event.kind]}"
    words += f" (gradient of `{event.label}`: {event.formula})"
    why = cause(event)
    found.say(words + (f": {why}" if why else ""), event.line, event.details)
    if event.because is not None:
        found.say("the gradient that came to it was infinite already:")
        _tell(found, event.because)


# ---------------------------------------------------------------------------------------------- values
def _value(found: Explanation, t: Any) -> None:
    """Where the tensor's own elements became NaN or infinite."""
    array = t._data
    if array.dtype.kind not in "fc" or not array.size or np.isfinite(array).all():
        return
    kind = "nan" if np.isnan(array).any() else "inf"
    if found.reason in ("ok", "not_retained", "no_backward", "never"):
        found.reason = f"value_{kind}"
    birth = birth_of(t)
    bad = None if birth is None else birth.bad
    if bad is None:
        found.say(f"its own value is {WORDS[kind]}")
        found.advice.append(_RECORD)
    elif bad.operation == "made":
        found.say(f"its own value is {WORDS[kind]}: so were the data that went in", bad.line)
    else:
        found.say(
            f"its own value is {WORDS[kind]}: {bad.operation}() was the first to make it so", bad.line,
            [f"input: {words}" for words in bad.inputs],
        )  # fmt: skip
