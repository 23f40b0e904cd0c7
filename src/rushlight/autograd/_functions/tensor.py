"""`Resize`, a function of PyTorch's past."""

from typing import Any

from ..function import Function


class Resize(Function):
    """The elements of a tensor in another shape: ``Resize.apply(tensor, sizes)``."""

    @staticmethod
    def forward(ctx: Any, tensor: Any, sizes: Any) -> Any:  # type: ignore[override]
        """The elements in another shape.

        Raises:
            RuntimeError: there are not as many of them in that shape.
        """
        count = 1
        for n in sizes:
            count *= n
        if tensor.numel() != count:
            raise RuntimeError(
                f"requested resize to {'x'.join(map(str, sizes))} ({count} elements in total), but the given tensor "
                f"has a size of {'x'.join(map(str, tensor.size()))} ({tensor.numel()} elements). autograd's resize can "
                "only change the shape of a given tensor, while preserving the number of elements. "
            )
        ctx.sizes = tensor.size()
        return tensor.contiguous().view(*sizes).clone()

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:  # type: ignore[override]
        """The gradient in the first shape."""
        return grad_output.contiguous().view(ctx.sizes), None
