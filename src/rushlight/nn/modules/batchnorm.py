"""Batch normalisation over two to five dimensions."""

from typing import Any

from ... import dtypes
from ...base import bump
from ...ops.creation import empty, ones, zeros
from ...ops.data import tensor
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"]


class _NormBase(Module):
    """What normalisations with running statistics share."""

    _version = 2
    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    weight: Any
    bias: Any
    running_mean: Any
    running_var: Any
    num_batches_tracked: Any

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        made = {"device": device, "dtype": dtype}
        self.register_parameter("weight", Parameter(empty(num_features, **made)) if affine else None)
        self.register_parameter("bias", Parameter(empty(num_features, **made)) if affine and bias else None)
        tracked = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, **made) if tracked else None)
        self.register_buffer("running_var", ones(num_features, **made) if tracked else None)
        self.register_buffer("num_batches_tracked", tensor(0, dtype=dtypes.int64, device=device) if tracked else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget what the running statistics have seen: mean 0, variance 1."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Forget the running statistics, and set the weight to 1 and the bias to 0."""
        self.reset_running_stats()
        if self.affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        raise NotImplementedError

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        # Version 1 did not count the batches.
        version = local_metadata.get("version")
        if (version is None or version < 2) and self.track_running_stats:
            key = prefix + "num_batches_tracked"
            if key not in state_dict:
                count = self.num_batches_tracked
                state_dict[key] = tensor(0, dtype=dtypes.int64) if count is None else count
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class _BatchNorm(_NormBase):
    """Batch normalisation for inputs of any number of dimensions."""

    def forward(self, input: Tensor) -> Tensor:
        return F.batch_norm(*self._arguments(input))

    def _arguments(self, input: Tensor) -> tuple[Any, ...]:
        """The arguments of `F.batch_norm` for this input, which is counted."""
        self._check_input_dim(input)
        average_factor = 0.0 if self.momentum is None else self.momentum
        # Straight from the dictionaries where they are there: the way by `__getattr__` is five times as long.
        params, buffers = self._parameters, self._buffers
        try:
            weight, bias = params["weight"], params["bias"]
            mean, var, count = buffers["running_mean"], buffers["running_var"], buffers["num_batches_tracked"]
        except KeyError:
            weight, bias = self.weight, self.bias
            mean, var, count = self.running_mean, self.running_var, self.num_batches_tracked
        if self.training and self.track_running_stats and count is not None:
            # What `count.add_(1)` comes to, for a number that no gradient can reach.
            count._data += 1
            bump(count)
            if self.momentum is None:
                average_factor = 1.0 / float(count)
        # The batch's own statistics are used in training, and where no others are kept.
        use_batch = self.training or (mean is None and var is None)
        if self.training and not self.track_running_stats:
            mean = var = None
        return input, mean, var, weight, bias, use_batch, average_factor, self.eps


class BatchNorm1d(_BatchNorm):
    r"""Normalises each channel to mean 0 and variance 1 over batch and signal, then scales and shifts it.

    In training the statistics are the batch's (biased variance), and running ones (unbiased variance) are updated as
    ``(1 - momentum) * running + momentum * new``; in evaluation the running ones are used.

    Args:
        num_features: number of channels C.
        eps: added to the variance.
        momentum: weight of a new batch; None for the plain average of all batches.
        affine: whether there is a weight and a bias to learn.
        track_running_stats: whether running statistics are kept.
        device: where parameters and buffers are made.
        dtype: of parameters and running statistics.
        bias: whether an affine layer has a bias.

    Shape:
        ``(N, C)`` or ``(N, C, L)`` to the same.

    Attributes:
        weight: ``(C,)``, ones at first, or None.
        bias: ``(C,)``, zeros at first, or None.
        running_mean, running_var: ``(C,)``, zeros and ones at first, or None.
        num_batches_tracked: int64 scalar, or None.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in (2, 3):
            raise ValueError(f"expected 2D or 3D input (got {input.dim()}D input)")


class BatchNorm2d(_BatchNorm):
    r"""Normalises each channel to mean 0 and variance 1 over the batch and the pixels, then scales and shifts it.

    In training the statistics are the batch's (biased variance), and running ones (unbiased variance) are updated as
    ``(1 - momentum) * running + momentum * new``; in evaluation the running ones are used.

    Args:
        num_features: number of channels C.
        eps: added to the variance.
        momentum: weight of a new batch; None for the plain average of all batches.
        affine: whether there is a weight and a bias to learn.
        track_running_stats: whether running statistics are kept.
        device: where parameters and buffers are made.
        dtype: of parameters and running statistics.
        bias: whether an affine layer has a bias.

    Shape:
        ``(N, C, H, W)`` to the same.

    Attributes:
        weight: ``(C,)``, ones at first, or None.
        bias: ``(C,)``, zeros at first, or None.
        running_mean, running_var: ``(C,)``, zeros and ones at first, or None.
        num_batches_tracked: int64 scalar, or None.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() != 4:
            raise ValueError(f"expected 4D input (got {input.dim()}D input)")


class BatchNorm3d(_BatchNorm):
    r"""Normalises each channel to mean 0 and variance 1 over the batch and the voxels, then scales and shifts it.

    In training the statistics are the batch's (biased variance), and running ones (unbiased variance) are updated as
    ``(1 - momentum) * running + momentum * new``; in evaluation the running ones are used.

    Args:
        num_features: number of channels C.
        eps: added to the variance.
        momentum: weight of a new batch; None for the plain average of all batches.
        affine: whether there is a weight and a bias to learn.
        track_running_stats: whether running statistics are kept.
        device: where parameters and buffers are made.
        dtype: of parameters and running statistics.
        bias: whether an affine layer has a bias.

    Shape:
        ``(N, C, D, H, W)`` to the same.

    Attributes:
        weight: ``(C,)``, ones at first, or None.
        bias: ``(C,)``, zeros at first, or None.
        running_mean, running_var: ``(C,)``, zeros and ones at first, or None.
        num_batches_tracked: int64 scalar, or None.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() != 5:
            raise ValueError(f"expected 5D input (got {input.dim()}D input)")


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation over the batches of several processes.

    There is one process here, so it does what `BatchNorm1d` and its like do, for inputs of any number of dimensions.

    Args:
        num_features: number of channels C.
        eps: added to the variance.
        momentum: weight of a new batch; None for the plain average of all batches.
        affine: whether there is a weight and a bias to learn.
        track_running_stats: whether running statistics are kept.
        process_group: kept.
        device: where parameters and buffers are made.
        dtype: of parameters and running statistics.
        bias: whether an affine layer has a bias.

    Shape:
        ``(N, C, *)`` to the same.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected at least 2D input (got {input.dim()}D input)")
        if input.size(1) == 0:
            raise ValueError("SyncBatchNorm number of input channels should be non-zero")

    @classmethod
    def convert_sync_batchnorm(cls, module: Any, process_group: Any = None) -> Any:
        """Replace all batch norms in a module by such layers, with the same parameters and statistics.

        Args:
            module: the module, which is changed.
            process_group: for the new layers.

        Returns:
            The module, or the layer that replaces it.
        """
        found = module
        if isinstance(module, _BatchNorm):
            found = SyncBatchNorm(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
                bias=module.bias is not None,
            )
            if module.affine:
                found.weight, found.bias = module.weight, module.bias
            found.running_mean, found.running_var = module.running_mean, module.running_var
            found.num_batches_tracked = module.num_batches_tracked
            found.training = module.training
        for name, child in module.named_children():
            found.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return found
