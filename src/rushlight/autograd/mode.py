"""Which special modes are in force. Operations test one number; everything else is looked at only when it is not zero.

`special.count` is the number of modes entered by any thread and not yet left: no_grad, inference mode, anomaly
detection, profiling, forward mode. What is in force in this thread says `local`.

The commonest by far is no_grad. `special.more` counts the others, so that an operation which finds none of these and
that its thread does not record goes straight to its plain form.
"""

import threading
import weakref
from collections.abc import Callable
from typing import Any

from numpy import ndarray

from ..base import UNTOUCHED, TensorBase


class Special:
    """Counts the modes in force in any thread.

    Attributes:
        count: all of them.
        more: those that do more than switch recording off or on.
        anomaly: whether anomaly detection is one of them.
        dispatcher: None, or what takes part in every operation below autograd: see ops/dispatching.py.
    """

    __slots__ = ("anomaly", "count", "dispatcher", "more")

    def __init__(self) -> None:
        self.count = 0
        self.more = 0
        self.anomaly = False
        self.dispatcher: Any = None


class Local(threading.local):
    """What is in force in this thread.

    Attributes:
        grad: whether operations are recorded; never in inference mode.
        asked: None, or in inference mode and below autograd, where nothing is recorded: whether the program has
            switched recording on, for those who ask.
        switched_off: whether ``set_grad_enabled(False)`` outside any context is in force.
        inference: whether inference mode is on.
        forward_grad: whether tangents are computed.
        multithreading: whether backward may use several threads; only asked for.
        replays_views: only asked for.
        dual: the open level of forward mode, or None.
        unrecorded: whether a backward runs on Tensors only for their tangents, and is not recorded.
        watchers: functions that take part in every operation: see `intercept`.
        node_makers: functions called with every node that is recorded: see `born`.
        saving: the hooks on saved tensors in force (see saved.py), the last one being the one that counts.
        saving_refused: None, or why there may be none.
        checkpoint_group: the `GraphExecGroup` in force, or None.
        mutating: what is told of a tensor before it is changed in place, or None.
        changing: functions called with a tensor before it is changed in place: see origins.py.
        tellers: functions called with what befalls tensors outside of operations: see `tell`.
    """

    grad = True
    asked: bool | None = None
    switched_off = False
    inference = False
    forward_grad = True
    multithreading = True
    replays_views = False
    dual: Any = None
    unrecorded = False
    watchers: tuple[Any, ...] = ()
    node_makers: tuple[Callable[[Any], None], ...] = ()
    saving: tuple[Any, ...] = ()
    saving_refused: str | None = None
    checkpoint_group: Any = None
    mutating: Any = None
    changing: tuple[Callable[[Any], None], ...] = ()
    tellers: tuple[Callable[..., None], ...] = ()


special = Special()
local = Local()
# Re-entrant, because finalizers that the garbage collector runs may leave a mode.
_lock = threading.RLock()


def enter(more: bool = False) -> None:
    """One more special mode is in force; `more` if it does not only switch recording off or on."""
    with _lock:
        special.count += 1
        special.more += more


def leave(more: bool = False) -> None:
    """One special mode less is in force."""
    with _lock:
        special.count -= 1
        special.more -= more


def is_grad_enabled() -> bool:
    """Whether operations are recorded for backward in this thread, or would be elsewhere (see `Local.asked`)."""
    return local.grad if local.asked is None else local.asked


def unseen(*tensors: Any) -> bool:
    """Whether a function may compute its result of the tensors' arrays at once: nobody sees the steps in between.

    That is so where no step is recorded, no mode but ``no_grad`` is in force, and the arrays are ordinary ones.
    """
    if special.more or (special.count and local.grad):
        return False
    for t in tensors:
        if type(t._data) is not ndarray or (t._node is not None and not special.count):
            return False
    return True


def set_recording(on: bool) -> None:
    """Switches recording on or off in this thread, without counting it as a mode."""
    if local.asked is None:
        local.grad = on
    else:
        local.asked = on


def watch(watcher: Any) -> None:
    """From now on `watcher` takes part in every operation of this thread."""
    local.watchers = (*local.watchers, watcher)
    enter(more=True)


def unwatch(watcher: Any) -> None:
    """Ends what `watch` began."""
    kept = list(local.watchers)
    for i in reversed(range(len(kept))):
        if kept[i] is watcher:
            del kept[i]
            break
    local.watchers = tuple(kept)
    leave(more=True)


def on_nodes(function: Callable[[Any], None]) -> None:
    """From now on `function` is called with every node recorded in this thread."""
    local.node_makers = (*local.node_makers, function)
    enter()


def off_nodes(function: Callable[[Any], None]) -> None:
    """Ends what `on_nodes` began."""
    kept = list(local.node_makers)
    kept.remove(function)
    local.node_makers = tuple(kept)
    leave()


def born(node: Any) -> None:
    """Shows a new node to those who asked for it; called only while some special mode is in force."""
    for function in local.node_makers:
        function(node)
    if local.saving:
        local.saving[-1].keep_for(node)


def will_change(t: Any) -> None:
    """Shows a tensor that is about to be changed in place to those who asked for it."""
    for function in local.changing:
        function(t)


def tell(what: str, t: Any, of: Any = None) -> None:
    """Shows what befalls a tensor outside of operations to those who asked for it.

    Called only while some special mode is in force.

    Args:
        what: ``"made"``, ``"detach"``, ``"detach_"``, ``"data"``, ``"data="``, ``"tensor"``, ``"requires_grad"``,
            ``"grad="``.
        t: the tensor that it happens to, or that comes of it.
        of: the tensor it comes from, or the new gradient.
    """
    for function in local.tellers:
        function(what, t, of)


def set_saving(hooks: tuple[Any, ...]) -> None:
    """Sets which hooks on saved tensors are in force in this thread."""
    more = len(hooks) - len(local.saving)
    local.saving = hooks
    for _ in range(abs(more)):
        enter() if more > 0 else leave()


def call(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Runs an operation while some special mode is in force somewhere."""
    records = local.grad and not (inference_leaves and _only_inference(operation, args, kwargs))
    run: Callable[..., Any] = operation.recording if records else operation.plain
    if special.dispatcher is not None:
        run = special.dispatcher(operation, run)
    for watcher in local.watchers:
        run = watcher.around(operation, run)
    result = run(*args, **kwargs)
    if local.inference:
        mark_inference(result)
    return result


class InferenceVersion(list[Any]):
    """The version of tensors made in inference mode: nothing may record them."""

    def __getitem__(self, index: Any) -> Any:
        raise RuntimeError(
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
            "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use "
            "it in autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
        )


INFERENCE = InferenceVersion([0])


def mark_inference(result: Any) -> None:
    """Marks new tensors as made in inference mode."""
    if isinstance(result, (tuple, list)):
        for r in result:
            mark_inference(r)
    elif isinstance(result, TensorBase) and result._versions is UNTOUCHED:
        result._versions = INFERENCE


def refuse_inference(t: TensorBase) -> None:
    """Refuses to change a tensor of inference mode outside of it.

    Raises:
        RuntimeError: it is one of those.
    """
    if t._versions is INFERENCE and not local.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a "
            "normal tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
        )


# The tensors made in inference mode that say they require a gradient: there is hardly ever one.
inference_leaves: set[int] = set()


def inference_leaf(t: Any) -> None:
    """Notes that a tensor of inference mode requires a gradient, which is a special mode for as long as it lives."""
    if id(t) not in inference_leaves:
        inference_leaves.add(id(t))
        enter(more=True)
        weakref.finalize(t, _forget, id(t))


def _forget(key: int) -> None:
    inference_leaves.discard(key)
    leave(more=True)


def _only_inference(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether all inputs of an operation were made in inference mode: then it is not recorded."""
    given = {**dict(zip(operation.parameters, args, strict=False)), **kwargs}
    inputs = [given[n] for n in operation.tensors if n in given and given[n] is not None]
    for n in operation.lists:
        inputs += given.get(n, ())
    return all(isinstance(t, TensorBase) and t._versions is INFERENCE for t in inputs)
