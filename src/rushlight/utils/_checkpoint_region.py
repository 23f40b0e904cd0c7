"""A part of a model that is run again in backward: placeholders for what it saved, and the tensors then computed."""

import contextlib
import weakref
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from .. import base
from ..autograd import mode, saved, tasks
from ..autograd.grad_mode import enable_grad, no_grad
from ..autograd.graph import saved_tensors_hooks


class CheckpointError(RuntimeError):
    """The second run of a checkpointed function did not do what the first one did."""


class GraphExecGroup:
    """In the context, several backwards may share what checkpoints compute again.

    They must not need the same saved tensors.

    Raises:
        RuntimeError: another group is in force.
    """

    def __enter__(self) -> "GraphExecGroup":
        if mode.local.checkpoint_group is not None:
            raise RuntimeError(
                f"GraphExecGroup contexts cannot be nested. Already inside group {mode.local.checkpoint_group}"
            )
        mode.local.checkpoint_group = self
        return self

    def __exit__(self, *args: object) -> None:
        mode.local.checkpoint_group = None

    @classmethod
    def _get_current_group(cls) -> "GraphExecGroup | None":
        return mode.local.checkpoint_group  # type: ignore[no-any-return]


class _Stop(Exception):
    """Ends the second run: all that is needed has been computed."""


class _Token:
    """A tensor of a second run is kept as long as its token is."""

    __slots__ = ("__weakref__",)


class _Place:
    """Stands in a node for a tensor that it would have saved.

    Attributes:
        tokens: for each backward, the token of the tensor computed for it, or None once it was handed out.
    """

    __slots__ = ("__weakref__", "tokens")

    def __init__(self) -> None:
        self.tokens: dict[Any, _Token | None] = {}


_TIP = """
Tip: To see a more detailed error message, either pass `debug=True` to
`torch.utils.checkpoint.checkpoint(...)` or wrap the code block
with `with torch.utils.checkpoint.set_checkpoint_debug_enabled(True):` to
enable checkpoint\u2011debug mode globally.

If this error occurs under torch.compile with automatic_dynamic_shapes enabled,
it may be because the recomputation selected a different compiled graph than the
forward pass (e.g., a dynamic graph instead of the original static graph).
To fix this, either:
  - Use torch._dynamo.mark_dynamic() to explicitly mark varying dimensions as
    dynamic upfront, avoiding the static-to-dynamic transition.
  - Call torch._C._dynamo.eval_frame._set_lru_cache(False) to disable LRU cache
    reordering, which can change which graph is checked first between forward
    and recompute.
See https://github.com/pytorch/pytorch/issues/166926 for more details and
workaround examples.
"""


class Region:
    """One checkpointed call: what is needed to run it again, and what such runs have computed.

    The placeholders of what it saved are known only weakly: one that is gone needs no value any more.

    Attributes:
        run_again: calls the function with the arguments given.
        arguments: the positional arguments; tensors as handles, so that a region around this one can compute them anew.
        places: weak references to the placeholders, in the order in which they were saved.
        facts: what `describe` said of the saved tensors.
        values: for each backward, the tensors computed for it by their tokens.
        counts: for each backward, how many tensors its run has saved so far.
        finished: the backwards whose run is over.
        complete: whether the first run is over.
        partial: whether the second run may differ, as part of it was differentiated during the first.
    """

    def __init__(self, run_again: Any, args: tuple[Any, ...], early_stop: bool, describe: Any, explain: Any):
        self.run_again = run_again
        self.arguments = [saved.make_saved_tensor(a, False) if isinstance(a, base.TensorBase) else a for a in args]
        self.early_stop = early_stop
        self.describe = describe
        self.explain = explain
        self.places: list[Any] = []
        self.facts: list[Any] = []
        self.values: Any = defaultdict(weakref.WeakKeyDictionary)
        self.counts: Any = defaultdict(int)
        self.finished: set[Any] = set()
        self.complete = self.partial = False

    def put_aside(self, tensor: Any) -> _Place:
        """Takes a tensor that is saved during the first run, and gives a placeholder."""
        place = _Place()
        self.places.append(weakref.ref(place))
        with no_grad():
            self.facts.append(self.describe(tensor))
        return place

    def bring_back(self, place: _Place) -> Any:
        """The tensor for a placeholder, which is computed if this backward has not done so.

        Raises:
            CheckpointError: the second run differs from the first, or the tensor is asked for twice.
        """
        try:
            return self._bring_back(place)
        except CheckpointError as error:
            if self.explain is None:
                raise
            raise CheckpointError(self.explain()) from error

    def _bring_back(self, place: _Place) -> Any:
        group = GraphExecGroup._get_current_group()
        key: Any = group
        if group is None:
            key = tasks.current_id()
            if key == -1:  # no backward is running: this one tensor is asked for
                key = object()
        if key not in self.finished:
            self._run(key)
        token = place.tokens[key]
        if token is None:
            extra = "" if group is None else (
                "Performing two backward calls that overlap (i.e. require the same saved activation in order to "
                "compute gradients) is not allowed while under the torch.utils.checkpoint.GraphExecGroup context. "
            )  # fmt: skip
            raise CheckpointError(
                "torch.utils.checkpoint: Unpack is being triggered for a tensor that was already unpacked once. "
                f"{extra}If you are calling ctx.saved_tensors in backward, make sure to do so only once. Otherwise "
                "please open an issue with details on your use case."
            )
        place.tokens[key] = None
        return self.values[key][token]

    def _run(self, key: Any) -> None:
        """Runs the function again for one backward."""
        args = [a.unpack() if isinstance(a, saved.SavedTensor) else a for a in self.arguments]
        with contextlib.suppress(_Stop):
            with saved_tensors_hooks(lambda tensor: self._collect(key, tensor), lambda tensor: tensor), enable_grad():
                self.run_again(*args)
        self.finished.add(key)
        self._compare(key)

    def _collect(self, key: Any, tensor: Any) -> Any:
        """Takes a tensor that is saved during a second run.

        Raises:
            CheckpointError: more tensors are saved than in the first run.
        """
        if tensor.requires_grad:
            tensor = tensor.detach()
        at = self.counts[key]
        self.counts[key] = at + 1
        if at >= len(self.places):
            if self.complete:
                raise CheckpointError(
                    "torch.utils.checkpoint: trying to save more tensors during recomputation than during the original "
                    f"forward pass.\n{_TIP}"
                )
            self.partial = True
            return tensor
        place = self.places[at]()
        if place is not None:
            token = place.tokens[key] = _Token()
            self.values[key][token] = tensor
        if self.early_stop and at + 1 == len(self.places):
            raise _Stop
        return tensor

    def _compare(self, key: Any) -> None:
        """Refuses a second run that did not save the same tensors as the first.

        Raises:
            CheckpointError: other tensors are saved than in the first run.
        """
        if self.partial:
            return
        if len(self.places) != self.counts[key]:
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation.\nNumber of tensors saved during forward: {len(self.places)}\nNumber of tensors saved "
                f"during recomputation: {self.counts[key]}.\n{_TIP}"
            )
        different = ""
        for i, (reference, facts) in enumerate(zip(self.places, self.facts, strict=True)):
            place = reference()
            if place is None:
                continue
            now = self.describe(self.values[key][place.tokens[key]])
            if now != facts:
                different += f"tensor at position {i}:\nsaved metadata: {facts}\nrecomputed metadata: {now}\n"
        if different:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than "
                f"during the forward pass.\n{different}.\n{_TIP}"
            )


DETERMINISM_CHECKS: dict[str, Callable[[Any], Any]] = {
    "default": lambda t: {"shape": t.shape, "dtype": t.dtype, "device": t.device},
    "none": lambda t: None,
}
