"""Layers whose derivative is written by hand, as PyTorch writes it."""

from typing import Any

from ...autograd.function import Function
from ...ops.creation import zeros_like


class CrossMapLRN2d(Function):
    """Division by ``(k + alpha / size * sum of squares over neighbouring channels) ** beta``.

    The sum runs along the channels: each step takes in a square in front and drops one behind. That of channel 0 is
    never dropped, in PyTorch and so here; the derivative does as if it were.
    """

    @staticmethod
    def forward(ctx: Any, input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> Any:
        """The quotient.

        Raises:
            ValueError: the input has not four dimensions.
        """
        if input.dim() != 4:
            raise ValueError(f"CrossMapLRN2d: Expected input to be 4D, got {input.dim()}D instead.")
        ctx.size, ctx.alpha, ctx.beta = size, alpha, beta
        squares, channels = input**2, input.size(1)
        ahead = int((size - 1) / 2 + 1)
        scale = zeros_like(input)
        for c in range(min(ahead, channels)):
            scale[:, 0] += squares[:, c]
        for c in range(1, channels):
            scale[:, c] = scale[:, c - 1]
            if c + ahead - 1 < channels:
                scale[:, c] += squares[:, c + ahead - 1]
            if c > ahead:
                scale[:, c] -= squares[:, c - ahead]
        ctx.scale = scale * (alpha / size) + k
        output = ctx.scale ** (-beta) * input
        ctx.save_for_backward(input, output)
        return output

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        """The gradient of the input."""
        input, output = ctx.saved_tensors
        size, channels = ctx.size, input.size(1)
        before = int(size - (size - 1) / 2)
        shape = (input.size(0), channels + size - 1, *input.shape[2:])
        ratios = input.new_zeros(shape)
        ratios.narrow(1, before, channels).copy_(grad_output * output / ctx.scale)
        sums = ratios[:, : size - 1].sum(1)
        grad = ctx.scale ** (-ctx.beta) * grad_output
        factor = 2 * ctx.alpha * ctx.beta / size
        for c in range(channels):
            sums += ratios[:, c + size - 1]
            grad[:, c] -= factor * input[:, c] * sums
            sums -= ratios[:, c]
        return grad, None, None, None, None
