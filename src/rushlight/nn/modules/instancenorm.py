"""Normalisation of each channel of each sample by itself."""

import warnings
from typing import Any, ClassVar

from ...tensor import Tensor
from .. import functional as F
from .batchnorm import _NormBase

__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]


class _InstanceNorm(_NormBase):
    # How many dimensions a sample has, its channels included.
    _sample: ClassVar[int]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in (self._sample, self._sample + 1):
            raise ValueError(f"expected {self._sample}D or {self._sample + 1}D input (got {input.dim()}D input)")

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        at = input.dim() - self._sample
        if input.size(at) != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={at} to match num_features ({self.num_features}), "
                    f"but got: {input.size(at)}."
                )
            warnings.warn(
                f"input's size at dim={at} does not match num_features. You can silence this warning by not passing in "
                "num_features, which is not used because affine=False",
                stacklevel=3,
            )
        batch = input if at else input.unsqueeze(0)
        found = F.instance_norm(
            batch,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum if self.momentum is not None else 0.0,
            self.eps,
        )
        return found if at else found.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """Normalises each channel of each sequence ``(N, C, L)`` or ``(C, L)`` by its own mean and (biased) variance.

    Args:
        num_features: number of channels C.
        eps: added to the variance.
        momentum: weight of a new batch in the running statistics.
        affine: whether there is a weight and a bias to learn.
        track_running_stats: whether running statistics are kept, and used in evaluation.
        device: where parameters and buffers are made.
        dtype: of parameters and running statistics.
        bias: whether an affine layer has a bias.
    """

    _sample = 2


class InstanceNorm2d(_InstanceNorm):
    """Normalises each channel of each image ``(N, C, H, W)`` or ``(C, H, W)``; see `InstanceNorm1d`."""

    _sample = 3


class InstanceNorm3d(_InstanceNorm):
    """Normalises each channel of each volume ``(N, C, D, H, W)`` or ``(C, D, H, W)``; see `InstanceNorm1d`."""

    _sample = 4
