# ruff: noqa: D102 - the docstring of a layer says what its forward computes
"""Layers that are linear in their input."""

import math
from typing import Any

from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = ["Bilinear", "Identity", "Linear"]


class Identity(Module):
    """Returns its input. Arguments are accepted and ignored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Linear(Module):
    r"""Computes ``input @ weight.T + bias``.

    Args:
        in_features: size of the last dimension of the input.
        out_features: size of the last dimension of the output.
        bias: whether there is a bias.
        device: where the parameters are made.
        dtype: of the parameters.

    Shape:
        ``(*, in_features)`` to ``(*, out_features)``.

    Attributes:
        weight: ``(out_features, in_features)``, drawn from ``U(-1/sqrt(in_features), 1/sqrt(in_features))``.
        bias: ``(out_features,)``, drawn likewise, or None.
    """

    in_features: int
    out_features: int
    weight: Tensor

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(empty((out_features, in_features), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        init._draw_affine(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        # Straight from the dictionary where they are there: the way by `__getattr__` costs more than a small product.
        params = self._parameters
        try:
            weight, bias = params["weight"], params["bias"]
        except KeyError:
            weight, bias = self.weight, self.bias
        return F.linear(input, weight, bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class NonDynamicallyQuantizableLinear(Linear):
    """`Linear` under the name that tells PyTorch's quantisation to leave it alone."""


class Bilinear(Module):
    r"""Computes ``x1 @ A_k @ x2 + b_k`` for every output feature k.

    Args:
        in1_features: size of the last dimension of the first input; positive.
        in2_features: size of the last dimension of the second input.
        out_features: size of the last dimension of the output.
        bias: whether there is a bias.
        device: where the parameters are made.
        dtype: of the parameters.

    Shape:
        ``(*, in1_features)`` and ``(*, in2_features)`` to ``(*, out_features)``.

    Attributes:
        weight: ``(out_features, in1_features, in2_features)``, from ``U(-1/sqrt(in1_features), 1/sqrt(in1_features))``.
        bias: ``(out_features,)``, drawn likewise, or None.

    Raises:
        ValueError: `in1_features` is not positive.
    """

    in1_features: int
    in2_features: int
    out_features: int
    weight: Tensor

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = Parameter(empty((out_features, in1_features, in2_features), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew.

        Raises:
            ValueError: there are no inputs.
        """
        if self.in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got (in1_features={self.in1_features})")
        bound = 1 / math.sqrt(self.weight.size(1))
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
