"""Padding by a constant, by reflection, by replication and around a circle."""

import math
import operator
from types import NoneType
from typing import Any

from ..base import TensorBase
from ..kernels import padding as kernels
from ..kernels.layout import like
from .arguments import explained, need_ints, type_name
from .declare import Array, composite, in_formulas, operation
from .numbers import must_fit, number_for

_HIDDEN: dict[str, Any] = {"function": False, "method": False}


def _constant_pad(input: Array, pad: tuple[int, ...], value: Any) -> Array:
    return like(kernels.constant_pad(input, pad, value), input)


@operation(kernel=_constant_pad, node="ConstantPadNdBackward0", aten="constant_pad_nd", **_HIDDEN,
           tangent="_constant_pad_nd(input_t, pad, 0)", input="constant_unpad(grad, pad)")  # fmt: skip
def _constant_pad_nd(input: Array, pad: tuple[int, ...], value: Any) -> Array:
    """A constant around a tensor."""


in_formulas(
    lambda grad, pad: kernels.constant_pad(grad, tuple(-n for n in pad)),
    lambda grad, pad: _constant_pad_nd(grad, tuple(-n for n in pad), 0),
    "constant_unpad",
)


def _edge_fold(grad_output: Array, size: tuple[int, ...], pad: tuple[int, ...], mode: str) -> Array:
    return kernels.edge_fold(grad_output, tuple(size), pad, mode)


@operation(kernel=_edge_fold, node="PadBackwardBackward0", **_HIDDEN, tangent="linear",
           grad_output="edge_pad(grad, pad, mode)")  # fmt: skip
def edge_fold(grad_output: Array, size: tuple[int, ...], pad: tuple[int, ...], mode: str) -> Array:
    """The gradient of a padding by its input of shape `size`."""


def _edge_pad(name: str, node: str) -> Any:
    """The operation that pads, under the name PyTorch's node has for it."""

    def edge_pad(input: Array, pad: tuple[int, ...], mode: str) -> Array:
        """A tensor continued beyond its border."""
        found = kernels.edge_pad(input, pad, mode)
        return like(found, input) if len(pad) == 4 and mode != "circular" else found

    fold = "edge_fold(grad, shape(input), pad, mode)"
    # PyTorch's padding around a circle is made of copies, whose gradients do not lead back to the input.
    formula = fold if name == "pad_circular" else f"attached({fold}, input)"
    return operation(name=f"_{name}", aten=name, node=node, **_HIDDEN, tangent="linear", input=formula)(edge_pad)


_EDGE = {
    (mode, n): _edge_pad(f"{word}_pad{n}d", f"{word.capitalize()}Pad{n}DBackward0")
    for mode, word in (("reflect", "reflection"), ("replicate", "replication"))
    for n in (1, 2, 3)
}
# PyTorch pads around a circle by copying into slices, and the node is called accordingly.
_CIRCULAR = _edge_pad("pad_circular", "torch::autograd::CopySlices")


def _edge_operation(mode: str, dims: int) -> Any:
    return _CIRCULAR if mode == "circular" else _EDGE[mode, dims]


in_formulas(kernels.edge_pad, lambda grad, pad, mode: _edge_operation(mode, len(pad) // 2)(grad, pad, mode), "edge_pad")


@composite(method=False)
@explained
def constant_pad_nd(input: Any, pad: Any, value: Any = 0) -> Any:
    """Puts a constant around a tensor.

    Args:
        input: the tensor.
        pad: two numbers for each dimension, of the last one first; negative ones cut off.
        value: the constant.

    Raises:
        TypeError: the constant is no number.
        RuntimeError: there are too many numbers or an odd one, more is cut off than there is, or the dtype cannot
            hold the constant.
    """
    if len(pad) % 2:
        need_ints("constant_pad_nd", "pad", pad, 2)
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(pad)}")
    if len(pad) > 2 * input.ndim:
        raise RuntimeError(
            f"Length of pad should be no more than twice the number of dimensions of the input. Pad length is "
            f"{len(pad)} while the input has {input.ndim} dimensions."
        )
    pad = tuple(pad)
    for axis, before, after in kernels.by_axis(pad, input.ndim):
        size = input._shape[axis]
        # What PyTorch's two cuts say when they meet.
        if size + min(before, 0) + min(after, 0) < 0:
            raise RuntimeError("narrow(): length must be non-negative.")
        if size + before + after < 0:
            raise RuntimeError(
                f"The input size {size}, plus negative padding {before} and {after} resulted in a negative output "
                f"size, which is invalid. Check dimension {axis} of your input."
            )
    if isinstance(value, TensorBase) and not value._shape:
        value = value._data.item()
    if not isinstance(value, (int, float, complex, NoneType)):
        raise TypeError(f"constant_pad_nd(): argument 'value' (position 3) must be Number, not {type_name(value)}")
    if value:
        count = math.prod(n + sum(pad[2 * i : 2 * i + 2]) for i, n in enumerate(reversed(input._shape)))
        fits = must_fit(input._dtype, count)
        value = number_for(value, input._dtype, fits)[()] if max(pad, default=0) > 0 else 0
    return _constant_pad_nd(input, pad, 0 if value is None else value)


@composite(function=False, method=False)
def pad(input: Any, pad: Any, mode: str = "constant", value: Any = None) -> Any:
    """Pads the last dimensions of a tensor.

    Args:
        input: the tensor.
        pad: two numbers, (before, after), for each padded dimension, of the last one first; negative ones cut off.
        mode: "constant", "reflect", "replicate" or "circular"; but for the first, 1 to 3 dimensions are padded, and 1
            or 2 come before them.
        value: the constant, 0 by default.

    Raises:
        TypeError: `input` is not a tensor, or `pad` does not hold integers.
        RuntimeError: the numbers do not go with the shape.
        NotImplementedError: the mode is unknown, or not there for so many dimensions.
    """
    if not isinstance(input, TensorBase):
        raise TypeError(f"pad(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if not isinstance(pad, (tuple, list)):
        raise TypeError(f"pad(): argument 'pad' (position 2) must be tuple of ints, not {type(pad).__name__}")
    for i, n in enumerate(pad):
        if type(n) is int:
            continue
        if not hasattr(n, "__index__") or (isinstance(n, TensorBase) and n._shape):
            raise TypeError(
                f"pad(): argument 'pad' (position 2) must be tuple of ints, but found element of type "
                f"{type(n).__name__} at pos {i}"
            )
        pad = (*pad[:i], operator.index(n), *pad[i + 1 :])
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    ndim = len(input._shape)
    if len(pad) > 2 * ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pad)} and input of dimension {ndim}"
        )
    if mode == "constant":
        return constant_pad_nd(input, pad, float(value) if isinstance(value, int) else value)
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    dims = len(pad) // 2
    if dims not in (1, 2, 3) or ndim not in (dims + 1, dims + 2):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {ndim}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    pad = tuple([int(n) for n in pad])
    _check_edges(input._shape, pad, mode)
    return _edge_operation(mode, dims)(input, pad, mode)


def _check_edges(shape: tuple[int, ...], pad: tuple[int, ...], mode: str) -> None:
    ndim, dims = len(shape), len(pad) // 2
    # The dimensions after the batch must not be empty.
    if mode != "circular" and math.prod(shape[ndim - dims - 1 :]) == 0:
        raise RuntimeError(
            f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(shape)}"
        )
    for i, (axis, before, after) in enumerate(kernels.by_axis(pad, ndim)):
        size = shape[axis]
        if mode == "circular":
            if before > size or after > size:
                raise RuntimeError("Padding value causes wrapping around more than once.")
            if size + before + after < 0:
                raise RuntimeError("Negative padding value is resulting in an empty dimension")
        elif mode == "reflect" and (before >= size or after >= size):
            raise RuntimeError(
                f"Argument #{4 + 2 * i}: Padding size should be less than the corresponding input dimension, but got: "
                f"padding ({before}, {after}) at dimension {axis} of input {list(shape)}"
            )
    for axis, before, after in kernels.by_axis(pad, ndim):
        size = shape[axis] + before + after
        if mode != "circular" and size < 1 and dims == 1:
            raise RuntimeError(f"input (W: {shape[axis]}) is too small. Calculated output W: {size}")
