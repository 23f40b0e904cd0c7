"""Checksums of elements."""

from typing import Any

import numpy as np

from .. import dtypes
from .arguments import explained
from .declare import Array, composite, operation
from .dimensions import axes_of, need_tensor
from .out import finish_out


@operation(name="_hash_tensor", aten="hash_tensor", node="NotImplemented", function=False, method=False, out=False,
           rows=True)  # fmt: skip
def _hash_tensor(input: Array, axes: tuple[int, ...], keepdim: bool) -> Array:
    """The exclusive or of the elements' bits, as float64 or int64."""
    wide = np.float64 if input.dtype.kind in "fV" else np.uint64 if input.dtype.kind == "u" else np.int64
    bits = input.astype(wide).view(np.uint64)
    return np.bitwise_xor.reduce(bits, axis=axes, keepdims=keepdim) if input.ndim else bits


@composite()
@explained
def hash_tensor(input: Any, dim: Any = (), *, keepdim: bool = False, mode: int = 0, out: Any = None) -> Any:
    """A checksum: the exclusive or of the elements' bits, taken as float64 or int64.

    Args:
        input: real numbers.
        dim: the dimensions along which to go; all unless given.
        keepdim: whether these stay, with size 1.
        mode: 0, the exclusive or.
        out: the tensor to write to.

    Returns:
        uint64.

    Raises:
        RuntimeError: there is no such mode, or there are no elements and no dimension is given.
        IndexError: there is no such dimension, or it is empty.
        NotImplementedError: the numbers are complex.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.hash_tensor.html
    """
    need_tensor("hash_tensor", input)
    if mode != 0:
        raise RuntimeError(f"Unknown hash_tensor mode: {mode}")
    axes = axes_of(dim, input.dim())
    if not input.numel():
        if dim is None or dim == () or dim == []:
            raise RuntimeError(
                "hash_tensor: Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim "
                "with the 'dim' argument."
            )
        for d in axes:
            if input.dim() and not input.size(d):
                raise IndexError(f"hash_tensor: Expected reduction dim {d} to have non-zero size.")
    if input._dtype.category == dtypes.COMPLEX:
        raise NotImplementedError(f"\"xor_sum_cpu\" not implemented for '{input._dtype.scalar_name}'")
    return finish_out(out, _hash_tensor(input, axes, keepdim), "hash_tensor")
