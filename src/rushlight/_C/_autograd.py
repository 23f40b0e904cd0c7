"""Private names of PyTorch's autograd that are written in C++ there."""

from ..autograd.grad_mode import _set_version_counter as _unsafe_set_version_counter
from ..autograd.node import next_sequence_number as _get_sequence_nr
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

__all__ = [
    "SavedTensor",
    "_get_current_graph_task_keep_graph",
    "_get_sequence_nr",
    "_make_saved_tensor",
    "_pop_saved_tensors_default_hooks",
    "_push_saved_tensors_default_hooks",
    "_saved_tensors_hooks_disable",
    "_saved_tensors_hooks_enable",
    "_saved_tensors_hooks_get_disabled_error_message",
    "_saved_tensors_hooks_is_enabled",
    "_top_saved_tensors_default_hooks",
    "_unsafe_set_version_counter",
]
