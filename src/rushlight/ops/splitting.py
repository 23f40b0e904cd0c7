"""Splitting a tensor into several views of it."""

import operator
from typing import Any

from ..base import TensorBase
from ..kernels import numpy_views as kernels
from .arguments import MISSING, type_name
from .declare import Array, composite, formula, operation, view
from .dimensions import one_or_several, wrap_dim
from .signatures import is_int
from .view_parts import _slice

# ---------------------------------------------------------------------------------------------- gradients


@formula(aliasing=True)
def unbind_backward(grads: Any, dim: Any, shape: Any) -> Any:
    """The gradients of the pieces that `unbind` made, put together again; zeros where a piece has none."""
    like = first_given(grads)  # type: ignore[name-defined]
    piece = shape[:dim] + shape[dim + 1 :]
    return stack([zeros_of(like, piece) if g is None else g for g in grads], dim)  # type: ignore[name-defined]  # noqa: F821


@formula(aliasing=True)
def split_backward(grads: Any, sections: Any, dim: Any, shape: Any) -> Any:
    """The gradients of the pieces that a split made, put together again; zeros where a piece has none."""
    like = first_given(grads)  # type: ignore[name-defined]
    sizes = section_sizes(sections, shape[dim])  # type: ignore[name-defined]
    lead, tail = shape[:dim], shape[dim + 1 :]
    parts = [zeros_of(like, lead + (n,) + tail) if g is None else g for g, n in zip(grads, sizes)]  # type: ignore[name-defined]  # noqa: F821
    return cat(parts, dim)  # type: ignore[name-defined]  # noqa: F821


@formula
def first_given(grads: Any) -> Any:
    """The first gradient that is not None."""
    for g in grads:
        if g is not None:
            return g
    return None


@formula
def section_sizes(sections: Any, size: Any) -> Any:
    """The sizes of the pieces of a dimension: `sections` itself, or pieces of that size and a rest."""
    if isinstance(sections, tuple):
        return sections
    if sections == 0 or size == 0:
        return (size,)
    return (sections,) * (size // sections) + ((size % sections,) if size % sections else ())


def _cut(a: Array, sizes: Any, dim: int) -> list[Array]:
    found, start = [], 0
    for n in sizes:
        found.append(kernels.slice_(a, dim, start, start + n, 1))
        start += n
    return found


# ---------------------------------------------------------------------------------------------- the operations
@view(name="_unbind", aten="unbind", node="UnbindBackward0", function=False, method=False, several=True,
      input="unbind_backward(grads, dim, shape(input))")  # fmt: skip
def _unbind(input: Array, dim: int) -> Any:
    """Each entry of a dimension."""
    if not dim and input.ndim > 1:
        return list(input)
    before: Any = (slice(None),) * dim
    return [input[(*before, i, ...)] for i in range(input.shape[dim])]


@composite()
def unbind(input: Any, dim: int = 0) -> tuple[Any, ...]:
    """The entries of a dimension, which they lack, as a tuple of views.

    Raises:
        IndexError: there is no such dimension.
    """
    if not input._shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return _unbind(input, wrap_dim(dim, len(input._shape)))


@view(name="_split", aten="split", node="SplitBackward0", function=False, method=False, several=True,
      input="split_backward(grads, split_size, dim, shape(input))")  # fmt: skip
def _split(input: Array, split_size: int, dim: int) -> Any:
    """Pieces of equal size and a rest."""
    return _cut(input, section_sizes(split_size, input.shape[dim]), dim)


@view(name="_split_with_sizes", aten="split_with_sizes", node="SplitWithSizesBackward0", function=False, method=False,
      several=True, input="split_backward(grads, split_sizes, dim, shape(input))")  # fmt: skip
def _split_with_sizes(input: Array, split_sizes: Any, dim: int) -> Any:
    """Pieces of given sizes."""
    return _cut(input, split_sizes, dim)


@composite(method=False)
def split(tensor: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """A dimension in pieces of one size (the last may be smaller), or of given sizes, as a tuple of views.

    Args:
        tensor: the tensor.
        split_size_or_sections: the pieces' size, or their sizes.
        dim: the dimension.

    Raises:
        RuntimeError: the sizes do not sum to the size of the dimension, or the size is negative.
    """
    if not isinstance(split_size_or_sections, int) and not (
        isinstance(split_size_or_sections, TensorBase) and not split_size_or_sections._shape
    ):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    size = operator.index(split_size_or_sections)  # type: ignore[arg-type]
    return _split(tensor, size, _dim_of_pieces(tensor, size, dim))


def _some_dims(function: str, input: Any) -> None:
    if not input._shape:
        raise RuntimeError(f"{function} expects at least a 1-dimensional tensor")


def _dim_of_pieces(input: Any, size: int, dim: int) -> int:
    """The dimension that is cut in pieces of a size, counted from the front.

    Raises:
        RuntimeError: the tensor has no dimensions, or cannot be cut in such pieces.
    """
    _some_dims("split", input)
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    at = wrap_dim(dim, len(input._shape))
    if size == 0 and input._shape[at]:
        raise RuntimeError(
            f"split_size can only be 0 if dimension size is 0, but got dimension size of {input._shape[at]}"
        )
    return at


def _dim_and_sizes(input: Any, split_sizes: Any, dim: int) -> tuple[int, tuple[int, ...]]:
    """The dimension that is cut in pieces of given sizes, counted from the front, and the sizes.

    Raises:
        RuntimeError: the tensor has no dimensions, a size is negative, or they do not sum to that of the dimension.
    """
    _some_dims("split", input)
    at = wrap_dim(dim, len(input._shape))
    given = tuple([operator.index(s) for s in split_sizes])
    if any(s < 0 for s in given):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={list(given)}"
        )
    if sum(given) != input._shape[at]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {input._shape[at]} (input tensor's size at "
            f"dimension {dim}), but got split_sizes={list(given)}"
        )
    return at, given


def _dim_and_size_of_chunks(input: Any, chunks: int, dim: int) -> tuple[int, int]:
    """The dimension that is cut in a number of pieces, counted from the front, and the size of each but the last.

    Raises:
        RuntimeError: the tensor has no dimensions, or the number is not positive.
    """
    _some_dims("chunk", input)
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    at = wrap_dim(dim, len(input._shape))
    return at, -(-input._shape[at] // chunks)


@composite(function=False, name="split")
def split_method(input: Any, split_size: Any, dim: int = 0) -> tuple[Any, ...]:
    """A dimension in pieces; see `torch.split`."""
    return split(input, split_size, dim)


@composite()
def split_with_sizes(input: Any, split_sizes: Any, dim: int = 0) -> tuple[Any, ...]:
    """A dimension in pieces of given sizes, as a tuple of views.

    Args:
        input: the tensor.
        split_sizes: the pieces' sizes.
        dim: the dimension.

    Raises:
        RuntimeError: the sizes do not sum to the size of the dimension, or one is negative.
    """
    at, given = _dim_and_sizes(input, split_sizes, dim)
    return _split_with_sizes(input, given, at)


@composite()
def chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """A dimension in at most `chunks` pieces of equal size (the last may be smaller), as a tuple of views.

    Raises:
        RuntimeError: `chunks` is not positive, or the tensor has no dimensions.
    """
    at, size = _dim_and_size_of_chunks(input, chunks, dim)
    if size == 0:
        return _split_with_sizes(input, (0,) * chunks, at)
    return _split(input, size, at)


@composite()
def tensor_split(input: Any, indices_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """A dimension in a number of nearly equal pieces, or cut at given indices, as a tuple of views.

    Args:
        input: the tensor.
        indices_or_sections: where to cut, or the number of pieces.
        dim: the dimension.

    Raises:
        RuntimeError: the number is not positive, or the tensor has no dimensions.
    """
    n = len(input._shape)
    if not n:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    at = wrap_dim(dim, n)
    size = input._shape[at]
    if isinstance(indices_or_sections, TensorBase):
        indices_or_sections = indices_or_sections.tolist()  # type: ignore[attr-defined]
    indices_or_sections = one_or_several(indices_or_sections)
    if isinstance(indices_or_sections, int):
        sections = indices_or_sections
        if sections <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {sections}")
        small, larger = divmod(size, sections)
        ends = [(i + 1) * small + min(i + 1, larger) for i in range(sections)]
    else:
        ends = [*[operator.index(i) for i in indices_or_sections], size]
    found, start = [], 0
    for end in ends:
        found.append(_slice(input, at, start, end, 1))
        start = end
    return tuple(found)


def _sections_error(name: str, given: Any, method: bool) -> TypeError:
    """The error for what is neither a number of pieces nor the places to cut at."""
    before = [] if method else ["Tensor"]
    form, why, kinds = "" if method else "Tensor input, ", "", before
    if given is not MISSING:
        kind = type_name(given)
        kinds = [*before, kind]
        if isinstance(given, (tuple, list)):
            first = type_name(given[0])
            kind = f"list of [{first}]" if isinstance(given, list) else f"tuple of ({first},)"
        shown = ", ".join([*before, f"!{kind}!"])
        why = f"      didn't match because some of the arguments have invalid types: ({shown})\n"
    return TypeError(
        f"{name}() received an invalid combination of arguments - got ({', '.join(kinds)}), but expected one of:\n"
        f" * ({form}int sections)\n{why} * ({form}tuple of ints indices)\n{why}"
    )


def _axis_split(name: str, axis: int, least: int) -> Any:
    def split(input: Any, sections: Any, method: bool) -> tuple[Any, ...]:
        several = isinstance(sections, (tuple, list))
        if not is_int(sections) and not (several and (not sections or is_int(sections[0]))):
            raise _sections_error(name, sections, method)
        n = len(input._shape)
        if n < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor with {n} dimensions!"
            )
        at = 0 if n == 1 and name == "hsplit" else axis
        if not several and (sections == 0 or input._shape[at] % sections):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {at}, but the size of the dimension "
                f"{input._shape[at]} is not divisible by the split_size {sections}!"
            )
        return tensor_split(input, sections, at)

    def function(input: Any, sections: Any = MISSING, *, indices: Any = MISSING) -> tuple[Any, ...]:
        return split(input, indices if sections is MISSING else sections, False)

    def method(input: Any, sections: Any = MISSING, *, indices: Any = MISSING) -> tuple[Any, ...]:
        return split(input, indices if sections is MISSING else sections, True)

    for form in (function, method):
        form.__name__ = form.__qualname__ = name
        form.__doc__ = f"Splits dimension {axis}; the number of pieces must divide its size. See `tensor_split`."
    composite(function=False)(method)
    return composite(method=False)(function)


hsplit = _axis_split("hsplit", 1, 1)
vsplit = _axis_split("vsplit", 0, 2)
dsplit = _axis_split("dsplit", 2, 3)


# ---------------------------------------------------------------------------------------------- copies
@operation(name="_unsafe_split_one", function=False, method=False, aten="unsafe_split", node="UnsafeSplitBackward0",
           shows=("split_size",), input="slice_backward(grad, shape(input), dim, start, end, 1)")  # fmt: skip
def _piece(input: Array, dim: int, start: int, end: int, split_size: int) -> Array:
    """One piece on the same memory, but not known as a view."""
    return kernels.slice_(input, dim, start, end, 1)


@operation(name="_unsafe_split_sizes", function=False, method=False, aten="unsafe_split_with_sizes",
           node="UnsafeSplitWithSizesBackward0",
           input="slice_backward(grad, shape(input), dim, start, end, 1)")  # fmt: skip
def _sized_piece(input: Array, dim: int, start: int, end: int) -> Array:
    """One piece on the same memory, but not known as a view."""
    return kernels.slice_(input, dim, start, end, 1)


def _pieces(piece: Any, input: Any, sizes: Any, dim: int, *asked: int) -> tuple[Any, ...]:
    found, start = [], 0
    for n in sizes:
        found.append(piece(input, dim, start, start + n, *asked))
        start += n
    return tuple(found)


@composite()
def unsafe_split(input: Any, split_size: int, dim: int = 0) -> tuple[Any, ...]:
    """Like `split`, but the pieces are tensors of their own, which may be changed in place.

    Args:
        input: the tensor.
        split_size: the pieces' size.
        dim: the dimension.

    Raises:
        RuntimeError: there are no dimensions, or the size is negative.
    """
    split_size = operator.index(split_size)
    at = _dim_of_pieces(input, split_size, dim)
    return _pieces(_piece, input, section_sizes(split_size, input._shape[at]), at, split_size)


@composite()
def unsafe_chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """Like `chunk`, but the pieces are tensors of their own, which may be changed in place.

    Args:
        input: the tensor.
        chunks: the number of pieces.
        dim: the dimension.

    Raises:
        RuntimeError: there are no dimensions, or the number is not positive.
    """
    at, size = _dim_and_size_of_chunks(input, operator.index(chunks), dim)
    return unsafe_split(input, size, at) if size else unsafe_split_with_sizes(input, [0] * chunks, at)


@composite()
def unsafe_split_with_sizes(input: Any, split_sizes: Any, dim: int = 0) -> tuple[Any, ...]:
    """Like `split_with_sizes`, but the pieces are tensors of their own, which may be changed in place.

    Args:
        input: the tensor.
        split_sizes: the pieces' sizes.
        dim: the dimension.

    Raises:
        RuntimeError: the sizes do not sum to the size of the dimension, or one is negative.
    """
    at, given = _dim_and_sizes(input, split_sizes, dim)
    return _pieces(_sized_piece, input, given, at)
