# ruff: noqa: D102 - the docstring of a layer says what its forward computes
"""Convolutions and transposed convolutions over one, two and three dimensions."""

from typing import Any, ClassVar

from ...tensor import Tensor
from .. import functional as F
from .._sizes import _pair, _single, _triple
from ._conv_nd import _ConvNd

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]


class _Convolution(_ConvNd):
    """What the convolutions share.

    Attributes:
        _sizes: makes one size for each dimension of what a program gives.
    """

    _sizes: ClassVar[Any]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        sizes = self._sizes
        around = padding if isinstance(padding, str) else sizes(padding)
        super().__init__(
            in_channels, out_channels, sizes(kernel_size), sizes(stride), around, sizes(dilation), False, sizes(0),
            groups, bias, padding_mode, device, dtype,
        )  # fmt: skip

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        raise NotImplementedError

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)


class Conv1d(_Convolution):
    """Slides filters over a signal: a cross-correlation, plus a bias.

    The arguments, attributes and errors are those of `Conv2d`; sizes are numbers, or tuples of one.

    Shape:
        ``(N, in_channels, L)`` or ``(in_channels, L)`` to the same with `out_channels` and
        ``(L + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1``.
    """

    _sizes = staticmethod(_single)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return self._conv(F.conv1d, input, weight, bias)


class Conv2d(_Convolution):
    """Slides filters over an image: a cross-correlation, plus a bias.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output, one filter each.
        kernel_size: size of the filters; this and the next three are one number or two, for height and width.
        stride: step between positions of a filter.
        padding: added on both sides of the input; or "valid" (none) or "same" (output as large as the input).
        dilation: distance between the elements of a filter.
        groups: number of groups of channels that are convolved separately.
        bias: whether there is a bias.
        padding_mode: what the padding holds: "zeros", "reflect", "replicate" or "circular".
        device: where the parameters are made.
        dtype: of the parameters.

    Shape:
        ``(N, in_channels, H, W)`` or ``(in_channels, H, W)`` to the same with `out_channels` and, in each dimension,
        ``(L + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1``.

    Attributes:
        weight: ``(out_channels, in_channels / groups, *kernel_size)``, drawn from ``U(-sqrt(k), sqrt(k))`` with
            ``k = groups / (in_channels * prod(kernel_size))``.
        bias: ``(out_channels,)``, drawn likewise, or None.

    Raises:
        ValueError: the channels are not divisible by `groups`, or a padding or its mode is unknown.
    """

    _sizes = staticmethod(_pair)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return self._conv(F.conv2d, input, weight, bias)


class Conv3d(_Convolution):
    """Slides filters over a volume: a cross-correlation, plus a bias.

    The arguments, attributes and errors are those of `Conv2d`; sizes are one number, or three for depth, height and
    width.

    Shape:
        ``(N, in_channels, D, H, W)`` or ``(in_channels, D, H, W)`` to the same with `out_channels` and, in each
        dimension, ``(L + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1``.
    """

    _sizes = staticmethod(_triple)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return self._conv(F.conv3d, input, weight, bias)


class _ConvTransposeNd(_ConvNd):
    """What the transposed convolutions share."""

    _sizes: ClassVar[Any]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        sizes = self._sizes
        super().__init__(
            in_channels, out_channels, sizes(kernel_size), sizes(stride), sizes(padding), sizes(dilation), True,
            sizes(output_padding), groups, bias, padding_mode, device, dtype,
        )  # fmt: skip

    def _output_padding(
        self,
        input: Tensor,
        output_size: Any,
        stride: Any,
        padding: Any,
        kernel_size: Any,
        num_spatial_dims: int,
        dilation: Any = None,
    ) -> Any:
        """The output padding with which the output gets the size `output_size`.

        Raises:
            ValueError: there is no such output, or the size has another number of dimensions.
        """
        if output_size is None:
            return self.output_padding
        n = num_spatial_dims
        others = 2 if input.dim() == n + 2 else 1
        if len(output_size) == others + n:
            output_size = output_size[others:]
        if len(output_size) != n:
            raise ValueError(
                f"ConvTranspose{n}D: for {input.dim()}D input, output_size must have {n} "
                f"or {others + n} elements (got {len(output_size)})"
            )
        dilation = dilation or (1,) * n
        smallest = [
            (input.size(d + others) - 1) * stride[d] - 2 * padding[d] + dilation[d] * (kernel_size[d] - 1) + 1
            for d in range(n)
        ]
        largest = [low + stride[d] - 1 for d, low in enumerate(smallest)]
        for size, low, high in zip(output_size, smallest, largest, strict=True):
            if not low <= size <= high:
                raise ValueError(
                    f"requested an output size of {output_size}, but valid sizes range "
                    f"from {smallest} to {largest} (for an input of {input.size()[2:]})"
                )
        return [size - low for size, low in zip(output_size, smallest, strict=True)]

    def _transposed(self, function: Any, n: int, input: Tensor, output_size: Any) -> Tensor:
        if self.padding_mode != "zeros":
            raise ValueError(f"Only `zeros` padding mode is supported for ConvTranspose{n}d")
        output_padding = self._output_padding(
            input, output_size, self.stride, self.padding, self.kernel_size, n, self.dilation
        )
        return function(  # type: ignore[no-any-return]
            input, self.weight, self.bias, self.stride, self.padding, output_padding, self.groups, self.dilation
        )


class ConvTranspose1d(_ConvTransposeNd):
    """The gradient of `Conv1d` with respect to its input, as a layer of its own.

    The arguments, attributes and errors are those of `ConvTranspose2d`; sizes are numbers, or tuples of one.

    Shape:
        ``(N, in_channels, L)`` or ``(in_channels, L)`` to the same with `out_channels` and
        ``(L - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1``; or as `output_size`,
        the second argument of forward, says.
    """

    _sizes = staticmethod(_single)

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        return self._transposed(F.conv_transpose1d, 1, input, output_size)


class ConvTranspose2d(_ConvTransposeNd):
    """The gradient of `Conv2d` with respect to its input, as a layer of its own.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: size of the filters; this, stride, paddings and dilation are one number, or two for height and
            width.
        stride: step between the places where a filter is put in the output.
        padding: how much is cut from both sides of the output.
        output_padding: added to one side of the output's size.
        groups: number of groups of channels that are convolved separately.
        bias: whether there is a bias.
        dilation: distance between the elements of a filter.
        padding_mode: "zeros", the only one there is.
        device: where the parameters are made.
        dtype: of the parameters.

    Shape:
        ``(N, in_channels, H, W)`` or ``(in_channels, H, W)`` to the same with `out_channels` and, in each dimension,
        ``(L - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1``; or as `output_size`,
        the second argument of forward, says.

    Attributes:
        weight: ``(in_channels, out_channels / groups, *kernel_size)``, drawn from ``U(-sqrt(k), sqrt(k))`` with
            ``k = groups / (out_channels * prod(kernel_size))``.
        bias: ``(out_channels,)``, drawn likewise, or None.

    Raises:
        ValueError: the channels are not divisible by `groups`, or another padding mode is asked for.
    """

    _sizes = staticmethod(_pair)

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        return self._transposed(F.conv_transpose2d, 2, input, output_size)


class ConvTranspose3d(_ConvTransposeNd):
    """The gradient of `Conv3d` with respect to its input, as a layer of its own.

    The arguments, attributes and errors are those of `ConvTranspose2d`; sizes are one number, or three for depth,
    height and width.

    Shape:
        ``(N, in_channels, D, H, W)`` or ``(in_channels, D, H, W)`` to the same with `out_channels` and, in each
        dimension, ``(L - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1``; or as
        `output_size`, the second argument of forward, says.
    """

    _sizes = staticmethod(_triple)

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        return self._transposed(F.conv_transpose3d, 3, input, output_size)
