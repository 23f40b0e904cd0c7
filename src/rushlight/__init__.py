"""Rushlight: PyTorch's autograd, and the tensors, layers and optimisers around it, in Python on NumPy.

``import rushlight as torch`` and a PyTorch program runs as it is. This file holds names only.
"""

import warnings as _warnings
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any

import numpy as _numpy

# PyTorch computes infinities and NaN in silence, and its programs must not fail where warnings are errors. NumPy's
# setting holds for this thread; in others, the filter keeps its warnings about our own lines from being shown.
_numpy.seterr(all="ignore")
_warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"rushlight\.")

from . import autograd as autograd
from .autograd.anomaly_mode import is_anomaly_check_nan_enabled as is_anomaly_check_nan_enabled
from .autograd.anomaly_mode import is_anomaly_enabled as is_anomaly_enabled
from .autograd.grad_mode import enable_grad as enable_grad
from .autograd.grad_mode import inference_mode as inference_mode
from .autograd.grad_mode import is_inference_mode_enabled as is_inference_mode_enabled
from .autograd.grad_mode import no_grad as no_grad
from .autograd.grad_mode import set_grad_enabled as set_grad_enabled
from .autograd.mode import is_grad_enabled as is_grad_enabled
from .base import Size as Size
from .devices import device as device
from .dtypes import *
from .dtypes import dtype as dtype
from .memory_format import channels_last as channels_last
from .memory_format import channels_last_3d as channels_last_3d
from .memory_format import contiguous_format as contiguous_format
from .memory_format import memory_format as memory_format
from .memory_format import preserve_format as preserve_format
from .tensor import Tensor as Tensor
from .layouts import layout as layout
from .layouts import sparse_bsc as sparse_bsc
from .layouts import sparse_bsr as sparse_bsr
from .layouts import sparse_coo as sparse_coo
from .layouts import sparse_csc as sparse_csc
from .layouts import sparse_csr as sparse_csr
from .layouts import strided as strided
from .warn import is_warn_always_enabled as is_warn_always_enabled
from .warn import set_warn_always as set_warn_always
from .ops import (
    activation,
    added_products,
    bessel,
    broadcasting,
    clamping,
    comparison,
    complex_parts,
    contraction,
    conv,
    convert,
    copies,
    creation,
    derived,
    distances,
    eigen,
    elementary,
    elementwise_general,
    extremes,
    factorization,
    factorized_systems,
    finite_differences,
    gamma_draws,
    gather,
    hashing,
    histograms,
    index_functions,
    indexing,
    inplace,
    joining,
    least_squares,
    linear,
    lobpcg,
    log_sums,
    loss,
    low_rank,
    masks,
    matmul,
    matrix_functions,
    memory_layout,
    normalization,
    orthogonal_polynomials,
    overwrite,
    padding,
    pointwise,
    pointwise_inplace,
    pooling,
    products,
    qr,
    queries,
    random_creation,
    random_inplace,
    random_integers,
    ranges,
    python_functions,
    reduction,
    reduction_formulas,
    removed,
    renorm,
    rolling,
    resampling,
    running,
    sampling,
    shape,
    sharing,
    sizes,
    sliding,
    solving,
    sorting,
    sparse_tensors,
    special_functions,
    spectral,
    splitting,
    statistics,
    strided_scatter,
    transposes,
    typed_tensors,
    vector_norms,
    view,
    view_inplace,
    view_parts,
    windows,
)
from .ops.declare import FUNCTIONS as _FUNCTIONS

globals().update(_FUNCTIONS)
# The families were imported to declare their operations; under their names programs look for other things of PyTorch's.
for _name, _value in list(globals().items()):
    if getattr(_value, "__name__", "").startswith(f"{__name__}.ops."):
        del globals()[_name]

e, pi, inf, nan, newaxis = _numpy.e, _numpy.pi, _numpy.inf, _numpy.nan, None

if _TYPE_CHECKING:
    # For editors: all these functions, and what loads later, in a stub that installation writes (ops/stubs.py).
    from ._functions import *  # type: ignore[no-redef]

# Submodules and names that load when first used, so that importing the package is quick: name -> (module, attribute).
_LAZY: dict[str, tuple[str, str | None]] = {
    "lens": ("lens", None),
    **{name: (name, None) for name in ("nn", "optim", "utils", "vision", "hub", "linalg", "fft", "random", "profiler")},
    **{name: (name, None) for name in ("testing", "special", "signal", "masked", "func")},
    **{name: (name, None) for name in ("jit", "futures", "multiprocessing", "sparse")},
    "Future": ("futures", "Future"),
    **{name: ("serialization", name) for name in ("save", "load")},
    **{name: ("printing", name) for name in ("set_printoptions",)},
    **{name: ("devices", name) for name in ("get_default_device", "set_default_device")},
    **{name: (name, None) for name in ("serialization", "storage", "_utils", "_ops", "_logging")},
    **{name: ("storage", name) for name in ("TypedStorage", "UntypedStorage", "is_storage")},
    **{name: ("random", name) for name in ("Generator", "default_generator", "manual_seed", "seed", "initial_seed",
                                           "get_rng_state", "set_rng_state")},
    **{name: (name, None) for name in ("_C", "overrides", "accelerator", "backends", "cuda", "version")},
    **{name: ("threads", name) for name in ("get_num_threads", "set_num_threads", "get_num_interop_threads",
                                            "set_num_interop_threads", "use_deterministic_algorithms",
                                            "are_deterministic_algorithms_enabled",
                                            "is_deterministic_algorithms_warn_only_enabled",
                                            "set_float32_matmul_precision", "get_float32_matmul_precision")},
    **{name: ("nn.functional", name) for name in ("cosine_similarity", "pairwise_distance")},
    **{name: (name, None) for name in ("amp", "cpu")},
    **{name: ("nn.functional._loss_by_number", name) for name in ("cosine_embedding_loss", "hinge_embedding_loss",
                                                                  "margin_ranking_loss", "poisson_nll_loss",
                                                                  "triplet_margin_loss")},
    **{name: ("ops.symbolic", name) for name in ("sym_float", "sym_int", "sym_ite", "sym_max", "sym_min", "sym_not",
                                                 "sym_sqrt", "sym_sum")},
    **{name: ("threads", name) for name in ("get_deterministic_debug_mode", "set_deterministic_debug_mode",
                                            "set_flush_denormal")},
    "GradScaler": ("amp.grad_scaler", "GradScaler"),
    "range": ("ops.ranges", "range_"),
    "typename": ("nn.modules.module", "typename"),
    "autocast": ("amp.autocast_mode", "autocast"),
    **{name: ("amp._state", name) for name in ("autocast_decrement_nesting", "autocast_increment_nesting",
                                               "clear_autocast_cache", "get_autocast_cpu_dtype",
                                               "get_autocast_dtype", "get_autocast_gpu_dtype",
                                               "is_autocast_cache_enabled", "is_autocast_cpu_enabled",
                                               "is_autocast_enabled", "set_autocast_cache_enabled",
                                               "set_autocast_cpu_dtype", "set_autocast_cpu_enabled",
                                               "set_autocast_dtype", "set_autocast_enabled",
                                               "set_autocast_gpu_dtype")},
    **{name: ("amp.grad_scaler", name) for name in ("_amp_foreach_non_finite_check_and_unscale_",
                                                    "_amp_update_scale_")},
    **{name: ("ops.recurrent", name) for name in ("rnn_tanh", "rnn_relu", "gru", "lstm", "rnn_tanh_cell",
                                                  "rnn_relu_cell", "gru_cell", "lstm_cell")},
    **{name: ("ops.packing", name) for name in ("_pack_padded_sequence", "_pad_packed_sequence")},
    **{name: ("ops.dropout", name) for name in ("dropout", "dropout_", "alpha_dropout", "alpha_dropout_",
                                                "feature_dropout", "feature_dropout_", "feature_alpha_dropout",
                                                "feature_alpha_dropout_")},
    **{name: ("ops.weight_norm", name) for name in ("_weight_norm", "_weight_norm_interface", "norm_except_dim")},
    **{name: ("ops.native_normalization", name) for name in ("_native_batch_norm_legit", "native_batch_norm",
                                                             "native_group_norm", "native_layer_norm")},
    "segment_reduce": ("ops.segments", "segment_reduce"),
    "native_dropout": ("ops.dropout", "native_dropout"),
    **{name: ("ops.ctc", name) for name in ("_ctc_loss", "ctc_loss")},
    **{name: ("ops.embedding_bag", name) for name in ("embedding_bag", "embedding_renorm_")},
    **{name: ("ops.grid", name) for name in ("affine_grid_generator", "grid_sampler", "grid_sampler_2d",
                                             "grid_sampler_3d")},
    "install_as_torch": ("torch_alias", "install_as_torch"),
    "load_ipython_extension": ("torch_alias", "load_ipython_extension"),
    "unload_ipython_extension": ("torch_alias", "unload_ipython_extension"),
    "__version__": ("torch_version", "__version__"),
    **{name: (name, None) for name in ("compiler", "functional", "return_types", "torch_version", "types")},
    **{name: ("errors", name) for name in ("AcceleratorError", "OutOfMemoryError")},
    **{name: ("ops.symbolic", name) for name in ("SymBool", "SymFloat", "SymInt")},
    **{name: ("overrides", name) for name in ("DisableTorchFunction", "DisableTorchFunctionSubclass")},
    **{name: ("_C", name) for name in ("has_lapack", "has_mkl", "has_openmp", "has_spectral")},
    "set_anomaly_enabled": ("autograd.anomaly_mode", "switch"),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    found = _LAZY.get(name)
    if found is None:
        if name.startswith("_foreach_"):
            from .ops.foreach import function, names

            if name in names():
                globals()[name] = made = function(name)
                return made
        from .torch_alias import missing

        raise AttributeError(missing("torch", name))
    import importlib

    module = importlib.import_module(f".{found[0]}", __name__)
    value = module if found[1] is None else getattr(module, found[1])
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
