"""Private names of PyTorch's own that its users' programs and tests reach for, each where Rushlight has it.

PyTorch keeps here what is written in C++. This module is a table only: what is not listed does not exist.
"""

from importlib import import_module
from typing import Any

_WHERE: dict[str, tuple[str, str | None]] = {
    "_autograd": ("_C._autograd", None),
    "_functions": ("_C._functions", None),
    "TensorBase": ("base", "TensorBase"),
    "_TensorBase": ("base", "TensorBase"),
    "Size": ("base", "Size"),
    "Generator": ("random", "Generator"),
    "dtype": ("dtypes", "dtype"),
    "device": ("devices", "device"),
    "memory_format": ("memory_format", "memory_format"),
    "_InferenceMode": ("autograd.grad_mode", "_InferenceMode"),
    "_set_grad_enabled": ("autograd.grad_mode", "_switch"),
    "DisableTorchFunctionSubclass": ("overrides", "DisableTorchFunctionSubclass"),
    "DisableTorchFunction": ("overrides", "DisableTorchFunction"),
    "_disabled_torch_function_impl": ("overrides", "disabled_torch_function_impl"),
    "_FunctionBase": ("autograd.function", "FunctionCtx"),
    "_is_view_replay_enabled": ("autograd.grad_mode", "is_view_replay_enabled"),
    "set_anomaly_enabled": ("autograd.anomaly_mode", "switch"),
    "is_grad_enabled": ("autograd.mode", "is_grad_enabled"),
    "is_inference_mode_enabled": ("autograd.grad_mode", "is_inference_mode_enabled"),
    "is_anomaly_enabled": ("autograd.anomaly_mode", "is_anomaly_enabled"),
    "is_anomaly_check_nan_enabled": ("autograd.anomaly_mode", "is_anomaly_check_nan_enabled"),
    "_current_autograd_node": ("autograd.tasks", "current_node"),
    "_current_graph_task_id": ("autograd.tasks", "current_id"),
    "_current_graph_task_execution_order": ("autograd.tasks", "execution_order"),
    "_will_engine_execute_node": ("autograd.tasks", "will_execute"),
    "_is_multithreading_enabled": ("autograd.grad_mode", "is_multithreading_enabled"),
    "_MultithreadingEnabled": ("autograd.grad_mode", "set_multithreading_enabled"),
    "_WeakTensorRef": ("_utils", "WeakTensorRef"),
    "_EngineBase": ("autograd.tasks", "ImperativeEngine"),
    "_ImperativeEngine": ("autograd.tasks", "ImperativeEngine"),
    "_LegacyVariableBase": ("autograd.variable", "Variable"),
    "_is_fwd_grad_enabled": ("autograd.forward_ad", "_is_fwd_grad_enabled"),
    "_set_fwd_grad_enabled": ("autograd.forward_ad", "_set_forward_grad"),
    "_set_multithreading_enabled": ("autograd.grad_mode", "_set_multithreading"),
    "Future": ("futures", "Future"),
    "_get_obj_in_tls": ("autograd.stash", "get"),
    "_is_key_in_tls": ("autograd.stash", "has"),
    "_stash_obj_in_tls": ("autograd.stash", "put"),
    "_remove_obj_from_tls": ("autograd.stash", "remove"),
    **{
        name: ("amp._state", name)
        for name in (
            "autocast_decrement_nesting",
            "autocast_increment_nesting",
            "clear_autocast_cache",
            "get_autocast_dtype",
            "is_autocast_cache_enabled",
            "is_autocast_enabled",
            "set_autocast_cache_enabled",
            "set_autocast_dtype",
            "set_autocast_enabled",
        )
    },
    "_is_any_autocast_enabled": ("amp._state", "is_any_autocast_enabled"),
    "_is_autocast_available": ("amp._state", "is_autocast_available"),
    "_disabled_torch_dispatch_impl": ("ops.handlers", "disabled_torch_dispatch_impl"),
    "_AutoDispatchBelowAutograd": ("ops.handlers", "below_autograd"),
    "_AutoDispatchBelowADInplaceOrView": ("ops.handlers", "below_autograd"),
    "_get_graph_exec_group": ("autograd.tasks", "graph_exec_group"),
    "_set_graph_exec_group": ("autograd.tasks", "set_graph_exec_group"),
    "_is_alias_of": ("ops.queries", "is_alias_of"),
    "_is_torch_function_enabled": ("overrides", "is_enabled"),
    "_is_torch_function_mode_enabled": ("overrides", "is_mode_enabled"),
    "_len_torch_function_stack": ("overrides", "count_modes"),
    "_get_function_stack_at": ("overrides", "mode_at"),
    "_push_on_torch_function_stack": ("overrides", "_push_mode"),
    "_pop_torch_function_stack": ("overrides", "_pop_mode"),
    "_DisableTorchDispatch": ("ops.handlers", "nobody_asked"),
    "_len_torch_dispatch_stack": ("ops.handlers", "count_modes"),
    "_get_dispatch_stack_at": ("ops.handlers", "mode_at"),
    "_push_on_torch_dispatch_stack": ("ops.dispatching", "push_mode"),
    "_pop_torch_dispatch_stack": ("ops.dispatching", "pop_mode"),
    "_set_deterministic_algorithms": ("threads", "use_deterministic_algorithms"),
    "_get_deterministic_algorithms": ("threads", "are_deterministic_algorithms_enabled"),
    "_get_deterministic_algorithms_warn_only": ("threads", "is_deterministic_algorithms_warn_only_enabled"),
    "_set_float32_matmul_precision": ("threads", "set_float32_matmul_precision"),
    "_get_float32_matmul_precision": ("threads", "get_float32_matmul_precision"),
    "_set_default_dtype": ("dtypes", "set_default_dtype"),
    "_set_warnAlways": ("warn", "set_warn_always"),
    "_get_warnAlways": ("warn", "is_warn_always_enabled"),
    "_set_cached_tensors_enabled": ("autograd.stash", "set_cached_enabled"),
    "_add_cached_tensor": ("autograd.stash", "add_cached"),
    "_is_cached_tensor": ("autograd.stash", "is_cached"),
    "_remove_cached_tensor": ("autograd.stash", "remove_cached"),
}


# What this build has: SciPy's LAPACK, and none of the libraries and devices of PyTorch's other builds.
has_lapack = has_spectral = True
_has_cuda = _has_mps = _has_mkldnn = _has_mtia = _has_xpu = has_mkl = has_openmp = False
_GLIBCXX_USE_CXX11_ABI = True


def _get_tracing_state() -> None:
    """None: nothing is traced."""


def __getattr__(name: str) -> Any:
    found = _WHERE.get(name)
    if found is None:
        from ..torch_alias import missing

        raise AttributeError(missing("torch._C", name))
    module = import_module(f"..{found[0]}", __name__)
    value = module if found[1] is None else getattr(module, found[1])
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
