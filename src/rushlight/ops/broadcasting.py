"""Views that repeat a tensor without using memory, and the shapes to which tensors broadcast."""

from typing import Any

from ..base import Size, TensorBase
from ..kernels import numpy_views as kernels
from .arguments import no_tensor, type_name
from .declare import Array, composite, view
from .elementwise_general import broadcast_shapes as broadcast_two
from .sizes import Shape, sizes


# ---------------------------------------------------------------------------------------------- repeating
@view(name="_expand", aten="expand", node="ExpandBackward0", function=False, method=False,
      input="sum_to_size(grad, shape(input))")  # fmt: skip
def _expand(input: Array, size: Any) -> Array:
    """Repeated to a shape."""
    return kernels.expand(input, size)


def _expand_array(a: Array, size: Any) -> Array:
    return kernels.expand(a, tuple(size))


@composite(function=False, raw=_expand_array)
def expand(input: Any, *size: Any, implicit: bool = False, **named: Any) -> Any:
    """Dimensions of size 1 repeated to a larger size without using memory; -1 keeps a size.

    Raises:
        RuntimeError: a dimension of another size than 1 would change, or there are too few sizes.
    """
    new = sizes("expand", size, "size", named)
    shape = input._shape
    lead = len(new) - len(shape)
    if lead < 0:
        raise RuntimeError(
            f"expand({_type(input)}{{{list(shape)}}}, size={list(new)}): the number of sizes provided ({len(new)}) "
            f"must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    found = list(new)
    for i in reversed(range(len(new))):
        n = new[i]
        if n == -1:
            if i < lead:
                raise RuntimeError(
                    f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {i}"
                )
            found[i] = shape[i - lead]
        elif i >= lead and n != shape[i - lead] and shape[i - lead] != 1:
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({shape[i - lead]}) at "
                f"non-singleton dimension {i}.  Target sizes: {list(new)}.  Tensor sizes: {list(shape)}"
            )
    return _expand(input, tuple(found))


def _type(t: Any) -> str:
    return f"torch.{t._dtype.legacy}"


@composite(function=False)
def expand_as(input: Any, other: Any) -> Any:
    """`input` expanded to the shape of `other`."""
    if not isinstance(other, TensorBase):
        raise no_tensor("expand_as", other, "other")
    return expand(input, other._shape)


@composite()
def broadcast_to(input: Any, *size: Any, **named: Any) -> Any:
    """`input` expanded to a shape; see `Tensor.expand`."""
    if not isinstance(input, TensorBase):
        raise no_tensor("broadcast_to", input)
    return expand(input, sizes("broadcast_to", size, "size", named))


@composite(method=False)
def broadcast_tensors(*tensors: Any) -> tuple[Any, ...]:
    """All tensors expanded to the shape to which they broadcast together."""
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tuple(tensors[0])
    shape: Shape = ()
    for i, x in enumerate(tensors):
        if not isinstance(x, TensorBase):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type_name(x)}")
        shape = broadcast_two(shape, x._shape)
    return tuple([x if x._shape == shape else _expand(x, shape) for x in tensors])


@composite(method=False)
def broadcast_shapes(*shapes: Any) -> Size:
    """The shape to which shapes broadcast together.

    Raises:
        RuntimeError: they do not.
    """
    from .elementwise_general import broadcast_shapes as two

    found: Shape = ()
    for i, s in enumerate(shapes):
        s = (s,) if isinstance(s, int) else tuple(s)
        try:
            found = two(found, s)
        except RuntimeError:
            d = next(d for d in range(1, len(s) + 1) if s[-d] != 1 and found[-d] not in (1, s[-d]))
            raise RuntimeError(
                f"Attempting to broadcast a dimension of length {s[-d]} at {-d}! Mismatching argument at index {i} "
                f"had {s}; but expected shape should be broadcastable to {list(found)}"
            ) from None
    return Size(found)
