"""What nodes show under PyTorch's names where they keep it in another form."""

import math
import re
from operator import attrgetter
from typing import Any

from ..autograd.grad_mode import no_grad
from ..base import wrap
from ..kernels.numpy_embedding_bag import MAX, quick
from ..kernels.numpy_pooling import positions
from .declare import REGISTRY
from .dimensions import Emptied, Unnamed, Unstated

_SIZE = re.compile(r"(\w+)_sym_argsize_(minus_)?(\d)")


def _indices(node: Any) -> Any:
    """One entry for each dimension up to the last one that is indexed."""
    by_dim = dict(zip(node.dims, node.indices, strict=True))
    return [by_dim.get(i) for i in range(max(by_dim) + 1)]


def _bias_sizes(node: Any) -> tuple[int, ...]:
    if len(node.edges()) < 3 and not (len(node.edges()) == 2 and node.input is None):
        return (0,)
    return (node.weight_shape[1] * node.groups if node.transposed else node.weight_shape[0],)


def _positions(node: Any) -> Any:
    """The positions of maxima; a pooling that was not asked for them keeps their numbers in the windows."""
    if not hasattr(node, "numbers"):
        return node.result1
    how = node.kernel_size, node.stride, node.padding, node.dilation
    return wrap(positions(node.numbers, node.input_shape[-2:], *how))


def _as(slot: str) -> Any:
    """What stands in a slot of another name, as the node shows it."""
    return lambda node: getattr(node, f"_saved_{slot}")


def _rounding_mode(node: Any) -> str | None:
    mode = node.operation.name.removeprefix("_div_")
    return None if mode == "unrounded" else mode


class _Of:
    """How to find something of what stands in a slot; a node that keeps nothing there does not show it."""

    def __init__(self, slot: str, find: Any):
        self.slot, self.find = slot, find

    def __call__(self, node: Any) -> Any:
        return self.find(getattr(node, f"_saved_{self.slot}" if self.slot in node.saved else self.slot))


def _sizes(slot: str) -> Any:
    """The shape of an input, where only another trace of it is kept."""
    return _Of(slot, lambda kept: tuple(kept._shape))


def _strides(slot: str) -> Any:
    return _Of(slot, lambda kept: kept.stride())


def _constant(value: Any) -> Any:
    return lambda node: value


def _asked(place: int, item: int | None = None) -> Any:
    """Part of what a resampling was asked for."""

    def found(node: Any) -> Any:
        value = node.asked[place]
        value = tuple(value) if place == 0 else value
        return value if item is None or value is None else value[item]

    return found


def _alpha(node: Any) -> Any:
    return getattr(node, "alpha", 1)


def _transposed_weight(node: Any) -> Any:
    weight = node._saved_weight
    return None if weight is None else weight.t()


def _layer_shape(node: Any) -> Any:
    return tuple(node._saved_self.shape[-node.dims :])


def _group_sizes(what: str) -> Any:
    def found(node: Any) -> int:
        shape = node._saved_self.shape
        return {"N": shape[0], "C": shape[1], "HxW": shape[2:].numel()}[what]

    return found


def _reduced(node: Any) -> tuple[int, ...]:
    """The dimensions as the program gave them; a tensor of no dimensions is reduced over its dimension 0."""
    return () if type(node.dim) in (Unnamed, Emptied) else node.dim or (0,)


def _named(node: Any) -> Any:
    """The same, or None if the program named none."""
    return None if type(node.dim) is Unnamed else _reduced(node)


def _factors(which: int, transposed: bool = False) -> Any:
    """A part of the factorization that PyTorch keeps of a matrix, made of the matrix, which is kept here.

    Args:
        which: the number of the part.
        transposed: whether real matrices that lie by rows are factored by columns.
    """

    def found(node: Any) -> Any:
        with no_grad():
            A = node._saved_A.detach()
            turned = transposed and A.is_contiguous() and not A.is_complex()
            return REGISTRY["_lu_factor_ex"].recording(A.mT if turned else A, True)[which]

    return found


def _correction(node: Any) -> Any:
    return None if type(node.correction) is Unstated else node.correction


def _windows(*names: str) -> Any:
    """Settings of windows, of which a program may have given fewer than there are dimensions."""

    def found(name: str) -> Any:
        return lambda node: getattr(getattr(node, name), "given", getattr(node, name))

    return {name: found(name) for name in ("kernel_size", "stride", "padding", *names)}


def _lengths(slot: str) -> Any:
    return lambda node: tuple(getattr(node, slot)._data.tolist())


def _statistic(slot: str) -> Any:
    """A statistic of the input, of which there is none where it was normalized by others."""

    def found(node: Any) -> Any:
        statistic = getattr(node, f"_saved_{slot}")
        return statistic if node.training else statistic.new_empty(0)

    return found


def _bags(node: Any) -> Any:
    """The bag of each index, which quick sums do without."""
    bags = node._saved_offset2bag
    return bags[:0] if quick(node.dtype.numpy, node.mode, node.padding_idx) else bags


def _bag_sizes(node: Any) -> Any:
    sizes = node._saved_bag_size
    return sizes if node.mode else sizes.new_zeros(sizes.shape)


def _best(node: Any) -> Any:
    return node._saved_maximum_indices if node.mode == MAX else _bag_sizes(node)


# Names that several operations' nodes share.
_UNNAMED = {"dim": _named}
_SPREAD = {"dim": _named, "correction": _correction}
_FACTORED = {"LU": _factors(0, True), "pivots": _factors(1, True)}
_STATISTICS = {"result1": _as("mean"), "result2": _as("inverse")}
_OWN_STATISTICS = {"result1": _statistic("mean"), "result2": _statistic("inverse")}
_PADDING = {"padding": _as("pad")}
_PRODUCT = {f"{name}_sym_{what}": make(slot) for name, slot in (("self", "input"), ("mat2", "mat2"))
            for what, make in (("sizes", _sizes), ("strides", _strides))}  # fmt: skip
_LAYER = {
    "mat1": _as("self"), "mat2": _transposed_weight, "alpha": _constant(1), "beta": _constant(1),
    "mat1_sym_sizes": _sizes("input"), "mat1_sym_strides": _strides("input"),
    "mat2_sym_sizes": _Of("weight", lambda kept: tuple(kept.t().shape)),
    "mat2_sym_strides": _Of("weight", lambda kept: kept.t().stride()),
}  # fmt: skip
_RESAMPLED = {"self_sym_sizes": _asked(0), "output_size": _asked(1)}
_ALIGNED = {**_RESAMPLED, "align_corners": _asked(3)}


def _scales(names: str, others: dict[str, Any]) -> dict[str, Any]:
    return {**others, **{f"scales{n}": _asked(2, i) for i, n in enumerate(names.split(","))}}


# By the node's class (or, after a colon, by the operation too): how to find what PyTorch calls so.
_FORMS: dict[str, dict[str, Any]] = {
    "AddBackward0": {"alpha": _alpha},
    "SubBackward0": {"alpha": _alpha},
    "RsubBackward0": {"alpha": _alpha},
    "RsubBackward1": {"alpha": _alpha},
    "MeanBackward0": {"self_sym_numel": lambda node: math.prod(node.input_shape)},
    "MeanBackward1": {"dim": _reduced, "self_sym_numel": lambda node: math.prod(node.input_shape)},
    "MulBackward1": {"other": _as("number")},
    "DivBackward1": {"other": _as("number")},
    "MmBackward0": _PRODUCT,
    "MmBackward0:_linear": {**{n: form for n, form in _LAYER.items() if n.startswith("mat2")},
        "self_sym_sizes": _sizes("input"), "self_sym_strides": _strides("input")
    },
    "AddmmBackward0:_linear_bias": _LAYER,
    "AddmmBackward0:_addmm": {
        f"{name}_sym_{what}": make(name) for name in ("mat1", "mat2")
        for what, make in (("sizes", _sizes), ("strides", _strides))
    },
    "IndexBackward0": {"indices": _indices},
    "GatherBackward0:_gather": {"sparse_grad": _constant(False)},
    "GatherBackward0:_gather_sparse": {"sparse_grad": _constant(True)},
    "EmbeddingBackward0:_embedding": {"sparse": _constant(False)},
    "EmbeddingBackward0:_embedding_sparse": {"sparse": _constant(True)},
    "ConvolutionBackward0": {"bias_sym_sizes_opt": _bias_sizes},
    "MaxPool2DWithIndicesBackward0": {"result1": _positions, **_windows("dilation")},
    "MaxPool3DWithIndicesBackward0": _windows("dilation"),
    "AvgPool2DBackward0": {"divisor_override": _as("divisor"), **_windows()},
    "AvgPool3DBackward0": {"divisor_override": _as("divisor"), **_windows()},
    "Im2ColBackward0": {"kernel_size": lambda node: node.kernel, "self_shape": lambda node: node.size},
    "DivBackward2": {"rounding_mode": _rounding_mode},
    "EluBackward0": {"scale": _constant(1), "input_scale": _constant(1)},
    "EluBackward0:selu": {
        "alpha": _constant(1.6732632423543772), "scale": _constant(1.0507009873554805), "input_scale": _constant(1),
    },
    "LinalgLuSolveBackward0": {"adjoint": _as("adjoint_")},
    "LinalgSolveTriangularBackward0": {"unitriangular": _as("unit"), "self": _as("A")},
    "LinalgSvdBackward0": {"S_sym_argsize_minus_1": lambda node: node._saved_S.shape[-1]},
    "TriangularSolveBackward0": {"unitriangular": _as("unit"), "self": _as("b")},
    "LinalgPinvBackward0": {"self": _as("A")},
    "LinalgMatrixExpBackward0": {"self": _as("A")},
    "LinalgLstsqBackward0": {"self": _as("A"), "b": _as("B")},
    "LinalgDetBackward0": _FACTORED,
    "LinalgSlogdetBackward0": _FACTORED,
    "LinalgSolveExBackward0": {"LU": _factors(0), "pivots": _factors(1)},
    "CholeskyBackward0": {"result": _as("L")},
    "CholeskyInverseBackward0": {"self": _as("L")},
    "CholeskySolveBackward0": {"self": _as("B"), "input2": _as("L")},
    "OrmqrBackward0": {"input2": _as("tau"), "input3": _as("other")},
    "StdMeanBackward0": {**_SPREAD, "result0": _as("std")},
    **dict.fromkeys(("VarBackward0", "StdBackward0", "VarMeanBackward0"), _SPREAD),
    **dict.fromkeys(("LinalgVectorNormBackward0", "NansumBackward0"), _UNNAMED),
    "AminmaxBackward0": {"dim": lambda node: None if type(node.dim) is Unnamed else _reduced(node)[0]},
    **{n: {"dim": _reduced} for n in ("SumBackward1", "LogsumexpBackward0", "AmaxBackward0", "AminBackward0")},
    "EmbeddingBagBackward0": {
        "result1": _bags, "result2": _bag_sizes, "result3": _best,
        "weight_sym_argsize_0": lambda node: (getattr(node, "weight_shape", None) or node._saved_weight.shape)[0],
    },
    "PowBackward1": {"exponent": _as("other")},
    "IndexAddBackward0": {"source_dim": _Of("source_shape", len)},
    "IndexCopyBackward0": {"source_dim": _Of("source_shape", len)},
    "NarrowCopyBackward0": {"length": lambda node: node.end - node.start},
    "AsStridedScatterBackward0": {"storage_offset": _as("offset")},
    "LogSigmoidBackward0": {"buffer": lambda node: node._saved_self.detach().abs().neg().exp()},
    "MulBackward1:special_ndtr": {"other": _constant(0.5)},
    "UnfoldBackward0": {"dimension": _as("dim")},
    "UnfoldBackward0_copy": {"dimension": _as("dim")},
    "HardtanhBackward0:relu6": {"min_val": _constant(0), "max_val": _constant(6)},
    "AsStridedBackward0": {"storage_offset": lambda node: node.asked},
    "PixelShuffleBackward0": {"upscale_factor": _as("factor")},
    "PixelUnshuffleBackward0": {"downscale_factor": _as("factor")},
    "ReflectionPad1DBackward0": _PADDING,
    "ReflectionPad2DBackward0": _PADDING,
    "ReflectionPad3DBackward0": _PADDING,
    "ReplicationPad1DBackward0": _PADDING,
    "ReplicationPad2DBackward0": _PADDING,
    "ReplicationPad3DBackward0": _PADDING,
    **dict.fromkeys(
        ("NativeBatchNormBackward0", "NativeBatchNormLegitBackward0", "NativeBatchNormLegitBackward1"), _OWN_STATISTICS
    ),
    "CtcLossBackward0": {n: _lengths(n) for n in ("input_lengths", "target_lengths")},
    "RollBackward0": {"dims": lambda node: tuple([d % 2**64 for d in node.dims])},
    "NativeLayerNormBackward0": {**_STATISTICS, "normalized_shape": _layer_shape},
    "NativeGroupNormBackward0": {
        **_STATISTICS, "group": _as("groups"), **{name: _group_sizes(name) for name in ("N", "C", "HxW")},
    },
    "UpsampleNearest1DBackward0": _scales("", _RESAMPLED),
    "UpsampleNearest2DBackward0": _scales("_h,_w", _RESAMPLED),
    "UpsampleNearest3DBackward0": _scales("_d,_h,_w", _RESAMPLED),
    "UpsampleNearestExact1DBackward0": _scales("", _RESAMPLED),
    "UpsampleNearestExact2DBackward0": _scales("_h,_w", _RESAMPLED),
    "UpsampleNearestExact3DBackward0": _scales("_d,_h,_w", _RESAMPLED),
    "UpsampleLinear1DBackward0": _scales("", _ALIGNED),
    "UpsampleBilinear2DBackward0": _scales("_h,_w", _ALIGNED),
    "UpsampleBicubic2DBackward0": _scales("_h,_w", _ALIGNED),
    "UpsampleTrilinear3DBackward0": _scales("_d,_h,_w", _ALIGNED),
}  # fmt: skip

# Slots that PyTorch's nodes do not have, or have under another name.
_OURS = {
    "asked",
    "matrices",
    "source",
    "own",
    "number",
    "mean",
    "inverse",
    "factor",
    "pad",
    "divisor",
    "unit",
    "adjoint_",
    "numbers",
    "dims",
}
# What ours keep in place of what PyTorch's do.
_HIDDEN = {
    "MmBackward0:_linear": {"weight"},
    "AddmmBackward0:_linear_bias": {"self", "weight"},
    "AddBackward0": {"self_sym_sizes", "other_sym_sizes"},
    "SubBackward0": {"self_sym_sizes", "other_sym_sizes"},
    "ConvolutionBackward0": {"self_sym_sizes", "weight_sym_sizes"},
    "NativeLayerNormBackward0": {"eps"},
    "CatBackward0": {"tensors_sym_sizes"},
    "StackBackward0": {"tensors_sym_sizes"},
    "LinalgSolveExBackward0": {"A_sym_sizes", "B_sym_sizes"},
    "LinalgLuSolveBackward0": {"B_sym_sizes"},
    "LinalgSolveTriangularBackward0": {"A", "A_sym_sizes", "B_sym_sizes"},
    "TriangularSolveBackward0": {"b", "b_sym_sizes"},
    "LinalgPinvBackward0": {"A"},
    "LinalgMatrixExpBackward0": {"A"},
    "LinalgLstsqBackward0": {"A", "B"},
    "CholeskyBackward0": {"L"},
    "CholeskyInverseBackward0": {"L"},
    "CholeskySolveBackward0": {"B", "L", "B_sym_sizes"},
    "OrmqrBackward0": {"tau", "other"},
    "StdMeanBackward0": {"std"},
    "PowBackward1": {"other"},
    "IndexAddBackward0": {"source_sym_sizes"},
    "IndexCopyBackward0": {"source_sym_sizes"},
    "EmbeddingBagBackward0": {"offset2bag", "bag_size", "maximum_indices", "dtype", "weight_sym_sizes"},
    "NarrowCopyBackward0": {"end", "step"},
    "AsStridedScatterBackward0": {"offset"},
    "UnfoldBackward0": {"dim"},
}
# Nodes whose first input PyTorch calls so, and not "self".
_INPUT = {
    "ConvolutionBackward0", "NativeBatchNormBackward0", "NativeBatchNormLegitBackward0",
    "NativeBatchNormLegitBackward1", "NativeLayerNormBackward0", "NativeGroupNormBackward0",
    "GridSampler2DBackward0", "GridSampler3DBackward0",
}  # fmt: skip


def _of(table: dict[str, Any], node: Any) -> Any:
    """What a table says of a node: of its operation, or of its class."""
    kind, operation = type(node).__name__, node.operation
    found = None if operation is None else table.get(f"{kind}:{operation.name}")
    return found or table.get(kind, {})


def names_shown(node: Any) -> list[str]:
    """What PyTorch calls the values that a node has saved."""
    forms, found = _of(_FORMS, node), []
    for slot in (*node.saved, *(() if node.operation is None else node.operation.constants)):
        if (slot not in _OURS or (slot == "inverse" and not forms)) and node.slot_of(slot) is not None:
            found.append("self" if slot == "input" and type(node).__name__ not in _INPUT else slot)
    for slot in getattr(type(node), "__slots__", ()):
        if slot.endswith("_shape"):
            found.append(slot.replace("input_", "self_", 1).removesuffix("_shape") + "_sym_sizes")
    forms = [name for name, form in forms.items() if not isinstance(form, _Of) or hasattr(node, form.slot)]
    return sorted({*found, *forms}.difference(_of(_HIDDEN, node)))


# By the node's class: which slots PyTorch calls otherwise.
_NAMES = {
    "MmBackward0:_linear": {"weight": "mat2"},
    "AddmmBackward0:_linear_bias": {"input": "mat1", "weight": "mat2"},
    "NativeBatchNormBackward0": {"mean": "result1", "inverse": "result2"},
    "NativeBatchNormLegitBackward0": {"mean": "result1", "inverse": "result2"},
    "NativeBatchNormLegitBackward1": {"mean": "result1", "inverse": "result2"},
    "NativeLayerNormBackward0": {"mean": "result1", "inverse": "result2"},
    "NativeGroupNormBackward0": {"mean": "result1", "inverse": "result2"},
}


def raw_name(node: Any, slot: str) -> str:
    """What PyTorch calls a saved tensor that stands in a slot."""
    return _of(_NAMES, node).get(slot) or ("self" if slot == "input" and type(node).__name__ not in _INPUT else slot)


def raw_slot(node: Any, name: str) -> str | None:
    """The slot of a saved tensor that PyTorch calls `name`, if it is one that we call otherwise."""
    return next((slot for slot in node.saved if raw_name(node, slot) == name), None)


def form_of(node: Any, name: str) -> Any:
    """How to find what `node` shows under `name`: a function of the node, or None."""
    forms = _of(_FORMS, node)
    if name in forms:
        return forms[name]
    size = _SIZE.fullmatch(name)
    if size is None:
        return None
    tensor, minus, number = size.groups()
    slot = ("input" if tensor == "self" else tensor) + "_shape"
    shape = forms.get(tensor + "_shape")
    if shape is None:
        if slot not in getattr(type(node), "__slots__", ()):
            return None
        shape = attrgetter(slot)
    return lambda n: shape(n)[-int(number) if minus else int(number)]
