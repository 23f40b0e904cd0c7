"""``torch.autograd``: differentiation of what was computed."""

from typing import Any

from . import grad_mode as grad_mode
from . import graph as graph
from .anomaly_mode import detect_anomaly as detect_anomaly
from .anomaly_mode import set_detect_anomaly as set_detect_anomaly
from .api import _calculate_shape as _calculate_shape
from .api import _engine_run_backward as _engine_run_backward
from .api import _make_grads as _make_grads
from .api import backward as backward
from .api import grad as grad
from .grad_mode import _force_original_view_tracking as _force_original_view_tracking
from .grad_mode import _unsafe_preserve_version_counter as _unsafe_preserve_version_counter
from .grad_mode import enable_grad as enable_grad
from .grad_mode import enforce_grad_layout_policy as enforce_grad_layout_policy
from .grad_mode import inference_mode as inference_mode
from .grad_mode import is_view_replay_enabled as is_view_replay_enabled
from .grad_mode import is_multithreading_enabled as is_multithreading_enabled
from .grad_mode import no_grad as no_grad
from .grad_mode import set_grad_enabled as set_grad_enabled
from .grad_mode import set_multithreading_enabled as set_multithreading_enabled
from .mode import is_grad_enabled as is_grad_enabled
from .saved import SavedTensor as SavedTensor
from .variable import Variable as Variable

_LAZY = {
    "function": ("function", None),
    "Function": ("function", "Function"),
    "gradcheck": ("gradcheck", "gradcheck"),
    "gradgradcheck": ("gradcheck", "gradgradcheck"),
    "profiler": ("profiler", None),
    "functional": ("functional", None),
    "forward_ad": ("forward_ad", None),
    "profiler_util": ("profiler_util", None),
    "_profiler_enabled": ("profiler", "enabled"),
    "_functions": ("_functions", None),
    "anomaly_mode": ("anomaly_mode", None),
    "ProfilerActivity": ("profiler", "ProfilerActivity"),
    "NestedIOFunction": ("function", "NestedIOFunction"),
    "variable": ("variable", None),
}


def _is_checkpoint_valid() -> bool:
    """Whether the backward that is running in this thread is one that re-entrant checkpoints work in."""
    from .tasks import ImperativeEngine

    return ImperativeEngine.is_checkpoint_valid()


def kineto_available() -> bool:
    """Whether profiles can be asked for with ``use_kineto``, as in PyTorch; it makes no difference."""
    return True


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        import importlib

        module, attribute = _LAZY[name]
        found = importlib.import_module(f".{module}", __name__)
        found = getattr(found, attribute) if attribute else found
        globals()[name] = found
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
