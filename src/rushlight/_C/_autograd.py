"""Private names of PyTorch's autograd that are written in C++ there."""

from enum import Enum
from typing import Any

from ..autograd.grad_mode import _set_version_counter as _unsafe_set_version_counter
from ..autograd.node import next_sequence_number as _get_sequence_nr
from ..autograd.profiler import enabled as _profiler_enabled
from ..autograd.saved import SavedTensor as SavedTensor
from ..autograd.saved import allow as _saved_tensors_hooks_enable
from ..autograd.saved import allowed as _saved_tensors_hooks_is_enabled
from ..autograd.saved import make_saved_tensor as _make_saved_tensor
from ..autograd.saved import pop as _pop_saved_tensors_default_hooks
from ..autograd.saved import push as _push_saved_tensors_default_hooks
from ..autograd.saved import refusal as _saved_tensors_hooks_get_disabled_error_message
from ..autograd.saved import refuse as _saved_tensors_hooks_disable
from ..autograd.saved import top as _top_saved_tensors_default_hooks
from ..autograd.tasks import keeps_graph as _get_current_graph_task_keep_graph
from ..base import View, base_of

__all__ = [
    "CreationMeta",
    "SavedTensor",
    "_get_creation_meta",
    "_get_current_graph_task_keep_graph",
    "_get_sequence_nr",
    "_make_saved_tensor",
    "_pop_saved_tensors_default_hooks",
    "_profiler_enabled",
    "_push_saved_tensors_default_hooks",
    "_saved_tensors_hooks_disable",
    "_saved_tensors_hooks_enable",
    "_saved_tensors_hooks_get_disabled_error_message",
    "_saved_tensors_hooks_is_enabled",
    "_set_creation_meta",
    "_top_saved_tensors_default_hooks",
    "_unsafe_set_version_counter",
]


class CreationMeta(Enum):
    """How a view was made, where that limits what may be done in place; the values are those of `View.made`."""

    DEFAULT = None
    IN_CUSTOM_FUNCTION = "function"
    MULTI_OUTPUT_NODE = "multi-output"
    NO_GRAD_MODE = "no_grad"
    INFERENCE_MODE = "inference"

    def __str__(self) -> str:
        return f"CreationMeta.{self.name}"

    __repr__ = __str__


def _get_creation_meta(t: Any) -> CreationMeta:
    """How a view was made.

    Raises:
        RuntimeError: the tensor is no view.
    """
    view = t._view
    if view is None:
        raise RuntimeError(
            "Expected meta != nullptr to be true, but got false.  (Could this error message be improved?  If so, "
            "please report an enhancement request to PyTorch.)"
        )
    return CreationMeta(view.made if type(view) is View else None)


def _set_creation_meta(t: Any, meta: CreationMeta) -> None:
    """Says of a view that it was made in another way."""
    root, made = base_of(t), meta.value
    assert root is not None
    t._view = root if made is None else View(root, made)
