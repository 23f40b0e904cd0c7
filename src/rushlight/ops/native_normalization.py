"""Normalization with the statistics it used: the forms of PyTorch's own (`torch.native_layer_norm` and its like)."""

from typing import Any

from ..kernels import layer_norm as layer_kernels
from .arguments import explained
from .declare import Array, composite, operation
from .normalization import _batch_norm, _normalized_shape, group_norm
from .out import finish_out

_OPTIONS: dict[str, Any] = {
    "outputs": ("result", "mean", "inverse"), "differentiable": ("result",), "function": False, "method": False,
    "out": False,
}  # fmt: skip


@operation(
    name="_layer_norm_and_statistics", aten="native_layer_norm", node="NativeLayerNormBackward0",
    kernel=layer_kernels.layer_norm, keeps="bias", rows=True, **_OPTIONS,
    joint=("input, weight, bias", "layer_norm_backward(grad, input, dims, mean, inverse, weight, eps, needs)"),
)  # fmt: skip
def _layer_norm(input: Array, dims: int, weight: Array | None, bias: Array | None, eps: float) -> Array:
    """Layer normalization over the last `dims` dimensions."""


def _batch_normalized(
    input: Array, weight: Array | None, bias: Array | None, running_mean: Array | None, running_var: Array | None,
    training: bool, momentum: float, eps: float,
) -> Array:  # fmt: skip
    """Batch normalization."""


_BATCH_NORM: dict[str, Any] = {
    **_OPTIONS, "kernel": _batch_norm, "keeps": "running_mean, running_var",
    "joint": ("input, weight, bias", "batch_norm_backward(grad, input, weight, mean, inverse, training, eps, needs)"),
}  # fmt: skip
_batch_norm_and_statistics = operation(
    name="_batch_norm_and_statistics", aten="native_batch_norm", node="NativeBatchNormBackward0", **_BATCH_NORM
)(_batch_normalized)
_batch_norm_legit = operation(
    name="_batch_norm_legit", aten="_native_batch_norm_legit", node="NativeBatchNormLegitBackward0", **_BATCH_NORM
)(_batch_normalized)
_batch_norm_without_running = operation(
    name="_batch_norm_without_running", aten="_native_batch_norm_legit", node="NativeBatchNormLegitBackward1",
    **_BATCH_NORM,
)(_batch_normalized)  # fmt: skip


@composite(method=False)
@explained
def native_layer_norm(input: Any, normalized_shape: Any, weight: Any, bias: Any, eps: float) -> Any:
    """`layer_norm`, with the means and the inverses of the deviations.

    Args:
        input: the tensor.
        normalized_shape: its last sizes, over which it is normalized.
        weight, bias: factors and summands of that shape, or None.
        eps: added to the variances.

    Raises:
        RuntimeError: the shapes do not go together.
    """
    shape = _normalized_shape("native_layer_norm", input, normalized_shape, {"weight": weight, "bias": bias}, ", ")
    result, *statistics = _layer_norm(input, len(shape), weight, bias, eps)
    if all(t is None or t._dtype is input._dtype for t in (weight, bias)):
        statistics = [s.to(input._dtype) for s in statistics]
    return result, *statistics


@composite(method=False)
@explained
def native_batch_norm(
    input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, training: bool, momentum: float,
    eps: float, *, out: Any = None,
) -> Any:  # fmt: skip
    """`batch_norm`, with the means and the inverses of the deviations; in evaluation both are empty.

    Args:
        input: ``(N, C, *)``.
        weight, bias: factors and summands ``(C,)``, or None.
        running_mean, running_var: statistics ``(C,)``, used in evaluation and updated in training, or None.
        training: whether the input's own statistics are used.
        momentum: the part of new statistics in the running ones.
        eps: added to the variances.
        out: the three tensors to write to.

    Raises:
        RuntimeError: in evaluation, what is given for the statistics is no vector.
    """
    arguments = input, weight, bias, running_mean, running_var, training, momentum, eps
    return _finished(_batch_norm_and_statistics(*arguments), input, weight, training, out)


@composite(method=False)
@explained
def _native_batch_norm_legit(input: Any, weight: Any, bias: Any, *rest: Any, out: Any = None) -> Any:
    """`native_batch_norm`, with running statistics or without: (running_mean, running_var, training, momentum, eps)."""
    if len(rest) == 3:
        found = _batch_norm_without_running(input, weight, bias, None, None, *rest)
    else:
        found = _batch_norm_legit(input, weight, bias, *rest)
    return _finished(found, input, weight, rest[-3], out)


def _finished(found: Any, input: Any, weight: Any, training: bool, out: Any) -> Any:
    """The result and the statistics in PyTorch's types, stored in what was given as ``out=`` if anything was.

    Raises:
        RuntimeError: an ``out=`` is no vector.
    """
    result, *statistics = found
    if weight is None or weight._dtype is input._dtype:
        statistics = [s.to(input._dtype) for s in statistics]
    if not training:
        statistics = [s.new_empty(0) for s in statistics]
    found = result, *statistics
    if out is None:
        return found
    for given in () if training else out[1:]:
        if given.dim() != 1:
            raise RuntimeError(f"TensorAccessor expected 1 dims but tensor has {given.dim()}")
    return tuple([finish_out(o, f, "native_batch_norm") for o, f in zip(out, found, strict=True)])


@composite(method=False)
@explained
def native_group_norm(input: Any, weight: Any, bias: Any, N: int, C: int, HxW: int, group: int, eps: float) -> Any:
    """`group_norm`, with the means and the inverses of the deviations of each sample's groups.

    Args:
        input: ``(N, C, *)`` with `HxW` elements in the last dimensions.
        weight: ``(C,)`` or None.
        bias: ``(C,)`` or None.
        N, C, HxW: the sizes.
        group: how many groups.
        eps: added to the variances.

    Raises:
        RuntimeError: the input does not lie row by row, or the shapes do not go together.
    """
    if not input.is_contiguous():
        raise RuntimeError(
            "Expected X.is_contiguous(memory_format) to be true, but got false.  "
            "(Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
        )
    rows = input.reshape(N, group, C // group * HxW)
    mean = rows.mean(-1)
    inverse = ((rows - mean.unsqueeze(-1)).square().mean(-1) + eps).rsqrt()
    return group_norm(input, group, weight, bias, eps), mean, inverse
