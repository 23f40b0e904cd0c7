"""Contractions made of products of matrices: einsum, tensordot, and products with names of their own."""

import functools
import string
import warnings
from typing import Any

import numpy as np

from ..autograd import mode
from ..base import TensorBase
from ..kernels import numpy_matmul as kernels
from ..warn import warn_once
from .data import type_name
from .declare import Array, composite, in_formulas, operation
from .dimensions import wrap_dim
from .matmul import _count, bmm, dot, mm
from .out import finish_out
from .view import _unsafe_view, _view, permute, reshape, unsqueeze

LETTERS = string.ascii_uppercase + string.ascii_lowercase


# ---------------------------------------------------------------------------------------------- named products
@composite()
def outer(input: Any, vec2: Any, *, out: Any = None) -> Any:
    """The matrix of the products of all elements of one vector with all of another.

    Raises:
        RuntimeError: an argument is no vector.
    """
    if not isinstance(vec2, TensorBase):
        raise TypeError(f"outer(): argument 'vec2' (position 2) must be Tensor, not {type_name(vec2)}")
    for name, x in (("self", input), ("vec2", vec2)):
        if len(x._shape) != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {len(x._shape)}-D")
    return finish_out(out, reshape(input, (input._shape[0], 1)) * vec2, "outer")


composite(name="ger")(outer)


@composite()
def inner(input: Any, other: Any, *, out: Any = None) -> Any:
    """The sums of products over the last dimensions of two tensors, for all combinations of the others.

    Raises:
        RuntimeError: the last dimensions differ in length.
    """
    a, b = input._shape, other._shape
    if not a or not b:
        return finish_out(out, input * other, "inner")
    if a[-1] != b[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(a)} and {list(b)}"
        )
    return finish_out(out, tensordot(input, other, dims=([-1], [-1])), "inner")


@operation(name="trace", input="diagonal_of(grad, shape(input))", tangent="linear", out=False)
def trace(input: Array) -> Array:
    """The sum of a matrix's diagonal.

    Raises:
        RuntimeError: the argument is no matrix.
    """
    if input.dtype == bool:
        raise NotImplementedError("\"trace\" not implemented for 'Bool'")
    if input.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    return np.trace(input, dtype=np.int64 if input.dtype.kind in "iub" else None)


in_formulas(
    lambda grad, shape: np.eye(*shape, dtype=grad.dtype) * grad,
    lambda grad, shape: grad * _eye(shape, grad),
    "diagonal_of",
)


def _eye(shape: tuple[int, ...], like: Any) -> Any:
    from .creation import eye

    return eye(*shape, dtype=like._dtype)


@operation(name="_cross", node="LinalgCrossBackward0", aten="linalg_cross", function=False, method=False, out=False,
           kernel=kernels.cross, input="fit_like(_cross(conj(other), grad, dim), shape(input))",
           other="fit_like(_cross(grad, conj(input), dim), shape(other))",
           tangent="_cross(input_t, other, dim) + _cross(input, other_t, dim)")  # fmt: skip
def _cross(input: Array, other: Array, dim: int) -> Array:
    """The vector products along a dimension of length 3."""


def linalg_cross(input: Any, other: Any, *, dim: int = -1, out: Any = None) -> Any:
    """The vector products of vectors of length 3 along a dimension; the others broadcast.

    Raises:
        RuntimeError: the dimension has not length 3, or the tensors differ in their numbers of dimensions.
    """
    a, b = input._shape, other._shape
    if len(a) != len(b):
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    at = wrap_dim(dim, len(a))
    if a[at] != 3 or b[at] != 3:
        raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {a[at]} and {b[at]}")
    return finish_out(out, _cross(input, other, at), "linalg_cross")


@composite()
def cross(input: Any, other: Any, dim: int | None = None, *, out: Any = None) -> Any:
    """As `torch.linalg.cross`; without a dimension along the first of length 3, which is deprecated."""
    if dim is None:
        warn_once(
            "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim explicitly "
            "or simply use torch.linalg.cross.\nThe default value of dim will change to agree with that of "
            "linalg.cross in a future release."
        )
        for i, n in enumerate(input._shape):
            if n == 3:
                dim = i
                break
        else:
            raise RuntimeError("no dimension of size 3 in input")
    return linalg_cross(input, other, dim=dim, out=out)


@composite()
def kron(input: Any, other: Any, *, out: Any = None) -> Any:
    """The Kronecker product: every element of one tensor times the whole of the other, as blocks."""
    if not isinstance(other, TensorBase):
        raise TypeError(f"kron(): argument 'other' (position 2) must be Tensor, not {type_name(other)}")
    n = max(len(input._shape), len(other._shape))
    a = (1,) * (n - len(input._shape)) + tuple(input._shape)
    b = (1,) * (n - len(other._shape)) + tuple(other._shape)
    left = _unsafe_view(input.contiguous(), tuple([s for p in a for s in (p, 1)]))
    right = _unsafe_view(other.contiguous(), tuple([s for q in b for s in (1, q)]))  # type: ignore[attr-defined]
    return finish_out(out, _unsafe_view(left * right, tuple([p * q for p, q in zip(a, b)])), "kron")


# ---------------------------------------------------------------------------------------------- several matrices
def multi_dot(tensors: Any, *, out: Any = None) -> Any:
    """The product of two or more matrices, in the order that needs the fewest multiplications.

    Args:
        tensors: the matrices; the first may be a row and the last a column, given as vectors.
        out: the tensor to write to.

    Raises:
        RuntimeError: there are fewer than two, or the shapes do not fit.
    """
    tensors = list(tensors)
    n = len(tensors)
    if n < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {n}")
    shape: list[int] = []
    if len(tensors[0]._shape) == 1:
        tensors[0] = unsqueeze(tensors[0], 0)
    elif len(tensors[0]._shape) == 2:
        shape.append(tensors[0]._shape[0])
    else:
        raise RuntimeError(f"multi_dot(): the first tensor must be 1D or 2D but got {len(tensors[0]._shape)}D")
    if len(tensors[-1]._shape) == 1:
        tensors[-1] = unsqueeze(tensors[-1], -1)
    elif len(tensors[-1]._shape) == 2:
        shape.append(tensors[-1]._shape[1])
    else:
        raise RuntimeError(f"multi_dot(): the last tensor must be 1D or 2D but got {len(tensors[-1]._shape)}D")
    for i in range(1, n - 1):
        if len(tensors[i]._shape) != 2:
            raise RuntimeError(f"multi_dot(): tensor {i} must be 2D but got {len(tensors[i]._shape)}D")
    for i in range(n - 1):
        if tensors[i]._shape[1] != tensors[i + 1]._shape[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {list(tensors[i]._shape)} and "
                f"{list(tensors[i + 1]._shape)} cannot be multiplied"
            )
    sizes = [tensors[0]._shape[0], *[m._shape[1] for m in tensors]]
    return finish_out(out, _in_best_order(tensors, sizes).view(shape), "multi_dot")


def _in_best_order(tensors: list[Any], sizes: list[int]) -> Any:
    @functools.cache
    def cost(i: int, j: int) -> tuple[int, int]:
        if i == j:
            return 0, i
        return min((cost(i, k)[0] + cost(k + 1, j)[0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j))

    def product(i: int, j: int) -> Any:
        if i == j:
            return tensors[i]
        k = cost(i, j)[1]
        return mm(product(i, k), product(k + 1, j))

    return product(0, len(tensors) - 1)


@composite(method=False)
def chain_matmul(*matrices: Any, out: Any = None) -> Any:
    """The product of matrices; deprecated in favour of `torch.linalg.multi_dot`."""
    warnings.warn(
        "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use torch.linalg.multi_dot "
        "instead, which accepts a list of two or more tensors rather than multiple parameters.",
        UserWarning,
        stacklevel=2,
    )
    if len(matrices) == 1 and isinstance(matrices[0], (tuple, list)):
        matrices = tuple(matrices[0])
    for i, m in enumerate(matrices):
        if len(m._shape) != 2:
            raise RuntimeError(f"Tensor {i} has dimension {len(m._shape)}, expected 2-D tensor.")
    if len(matrices) == 1:
        return matrices[0].clone()
    return multi_dot(matrices, out=out)


# ---------------------------------------------------------------------------------------------- tensordot
@composite(method=False)
def tensordot(a: Any, b: Any, dims: Any = 2, out: Any = None) -> Any:
    """The sums of products over some dimensions of two tensors.

    Args:
        a: the left factor.
        b: the right factor.
        dims: how many of the last dimensions of `a` to sum with the first of `b`, or two lists of dimensions.
        out: the tensor to write to.

    Raises:
        RuntimeError: the dimensions do not match.
    """
    if isinstance(dims, TensorBase):
        dims = dims.tolist()  # type: ignore[attr-defined]
    if isinstance(dims, (tuple, list)):
        first, second = ([d] if isinstance(d, int) else list(d) for d in dims)
    else:
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(len(a._shape), len(b._shape)):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        first, second = list(range(-dims, 0)), list(range(dims))
    if len(first) != len(second):
        raise RuntimeError("both dimension lists should have same length")
    p = [wrap_dim(d, len(a._shape)) for d in first]
    q = [wrap_dim(d, len(b._shape)) for d in second]
    for i, (d, e) in enumerate(zip(p, q)):
        if a._shape[d] != b._shape[e] and a._shape[d] != 1 and b._shape[e] != 1:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a._shape[d]} in dim {first[i]} and second "
                f"has size {b._shape[e]} in dim {second[i]}"
            )
    for i, (d, e) in enumerate(zip(p, q)):
        # A dimension of size 1 meets one of another size: the latter is summed beforehand.
        if a._shape[d] != b._shape[e]:
            if a._shape[d] == 1:
                b = b.sum(e, keepdim=True)
            else:
                a = a.sum(d, keepdim=True)
    left = [d for d in range(len(a._shape)) if d not in p]
    right = [d for d in range(len(b._shape)) if d not in q]
    shape = [a._shape[d] for d in left] + [b._shape[d] for d in right]
    inner_size = _count(tuple([a._shape[d] for d in p]))
    x, y = permute(a, tuple(left + p)), permute(b, tuple(q + right))
    if not left and not right:
        result = dot(x.reshape(inner_size), y.reshape(inner_size))
    else:
        rows = _count(tuple([a._shape[d] for d in left]))
        columns = _count(tuple([b._shape[d] for d in right]))
        result = mm(x.reshape(rows, inner_size), y.reshape(inner_size, columns))
    return finish_out(out, result.view(shape), "tensordot")


# ---------------------------------------------------------------------------------------------- einsum
def _parse(text: str, where: str, start: int) -> list[Any]:
    """The labels of one operand, with None where the ellipsis stands; `start` is its place in the equation."""
    labels: list[Any] = []
    i = 0
    while i < len(text):
        c = text[i]
        if c == " ":
            pass
        elif c == ".":
            if None in labels:
                raise RuntimeError(f"einsum(): found '.' {where} for which an ellipsis was already found")
            if text[i : i + 3] != "...":
                raise RuntimeError(f"einsum(): found '.' {where} that is not part of any ellipsis")
            labels.append(None)
            i += 2
        elif c in LETTERS:
            labels.append(c)
        else:
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {start + i} in the equation string, subscripts must be "
                "in [a-zA-Z]"
            )
        i += 1
    return labels


def _arguments(args: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """The equation and the operands, from either form of the arguments."""
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its "
            "subscripts list"
        )
    first = args[0]
    if isinstance(first, TensorBase):

        def letters(subscripts: Any) -> str:
            return "".join(["..." if s is Ellipsis else LETTERS[s] for s in subscripts])

        operands = list(args[: len(args) // 2 * 2 : 2])
        equation = ",".join([letters(s) for s in args[1 : len(args) // 2 * 2 : 2]])
        if len(args) % 2:
            equation += "->" + letters(args[-1])
        return equation, operands
    operands = list(args[1:])
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = list(operands[0])
    if not isinstance(first, str):
        raise TypeError(f"einsum(): argument 'equation' (position 1) must be str, not {type_name(first)}")
    return first, operands


class _Two:
    """How to contract two operands none of whose labels is repeated, and whose sums go over labels that both have.

    Args:
        a, b, output: the labels of the operands and of the result.
    """

    def __init__(self, a: str, b: str, output: str):
        only_a, only_b = [s for s in output if s not in b], [s for s in output if s not in a]
        # What comes first in the result comes from the first operand.
        self.swapped = bool(only_a and only_b and output.index(only_b[0]) < output.index(only_a[0]))
        if self.swapped:
            a, b, only_a, only_b = b, a, only_b, only_a
        both = [s for s in output if s in a and s in b]
        inner = [s for s in a if s in b and s not in output]
        self.dims = len(a), len(b)
        self.shared = [(a.index(s), b.index(s)) for s in both + inner]
        orders = [a.index(s) for s in both + only_a + inner], [b.index(s) for s in both + inner + only_b]
        self.orders = [None if order == sorted(order) else tuple(order) for order in orders]
        self.counts = len(both), len(only_a), len(only_b)
        made = both + only_a + only_b
        order = [made.index(s) for s in output]
        self.result = None if order == sorted(order) else tuple(order)

    def fits(self, a: tuple[int, ...], b: tuple[int, ...]) -> bool:
        """Whether shapes are of the right lengths, and equal along the labels that both have."""
        if self.swapped:
            a, b = b, a
        return (len(a), len(b)) == self.dims and all([a[i] == b[j] for i, j in self.shared])

    def product(self, a: Any, b: Any) -> Any:
        """The contraction of tensors that fit, as a `bmm`."""
        pair = (b, a) if self.swapped else (a, b)
        x, y = (t if order is None else permute(t, order) for t, order in zip(pair, self.orders, strict=True))
        both, only_a, only_b = self.counts
        lead, rows, columns = y._shape[:both], x._shape[both : both + only_a], y._shape[len(y._shape) - only_b :]
        inner, batch = _count(x._shape[both + only_a :]), _count(lead)
        x = reshape(x, (batch, _count(rows), inner))
        y = reshape(y, (batch, inner, _count(columns)))
        product = _view(bmm(x, y), (*lead, *rows, *columns))
        if self.result is None:
            return product
        product = permute(product, self.result)
        return _view(product, product._shape)


@functools.lru_cache(256)
def _two(equation: str) -> _Two | None:
    """The plan for an equation of two operands; None if it is unusual (or wrong)."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    a, comma, b = left.partition(",")
    if not (arrow and comma) or not all([s in LETTERS for s in a + b + right]):
        return None
    repeats = any([len(set(labels)) < len(labels) for labels in (a, b, right)])
    if repeats or not set(a) ^ set(b) <= set(right) < set(a) | set(b):
        return None
    return _Two(a, b, right)


@composite(method=False)
def einsum(*args: Any) -> Any:
    """Sums of products of elements, by labels of the dimensions.

    Args:
        args: the equation, such as ``"bij,bjk->bik"``, and the tensors; or each tensor followed by the list of its
            labels as numbers, and the list of the result's labels.

    Raises:
        RuntimeError: the equation is malformed, or does not fit the tensors.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.einsum.html
    """
    equation, operands = _arguments(args)
    if len(operands) == 2 and not (mode.local.grad and any([x._node is not None for x in operands])):
        # Where no graph is to show PyTorch's steps, fewer of them do.
        a, b = operands
        plan = _two(equation)
        if plan is not None and plan.fits(a._shape, b._shape):
            return plan.product(a, b)
    left, arrow, right = equation.partition("->")
    parts = left.split(",")
    if len(parts) != len(operands):
        which = "fewer" if len(operands) < len(parts) else "more"
        raise RuntimeError(f"einsum(): {which} operands were provided than specified in the equation")
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + len(part) + 1)
    inputs = [_parse(p, f"for operand {i}", starts[i]) for i, p in enumerate(parts)]
    widest = 0
    counts: dict[str, int] = {}
    for i, (labels, x) in enumerate(zip(inputs, operands, strict=True)):
        named = sum([1 for s in labels if s is not None])
        dims = len(x._shape)
        if None in labels:
            if named > dims:
                raise RuntimeError(
                    f"einsum(): the number of subscripts in the equation ({named}) is more than the number of "
                    f"dimensions ({dims}) for operand {i}"
                )
            widest = max(widest, dims - named)
        elif named != dims:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions "
                f"({dims}) for operand {i} and no ellipsis was given"
            )
        for s in labels:
            if s is not None:
                counts[s] = counts.get(s, 0) + 1
    dots = [f".{k}" for k in range(widest)]
    if arrow:
        output = _parse(right, "for the output", len(left) + 2)
        for s in output:
            if s is not None and output.count(s) > 1:
                raise RuntimeError(f"einsum(): output subscript {s} appears more than once in the output")
            if s is not None and s not in counts:
                raise RuntimeError(
                    f"einsum(): output subscript {s} does not appear in the equation for any input operand"
                )
    else:
        output = [None, *sorted([s for s, n in counts.items() if n == 1], key=LETTERS.index)]
    final = [s for label in output for s in (dots if label is None else [label])]
    summed = [s for s in sorted(counts, key=LETTERS.index) if s not in final]
    summed = ([] if None in output else dots) + summed
    order = final + summed
    sizes: dict[str, int] = {}
    for i, (labels, x) in enumerate(zip(inputs, operands, strict=True)):
        operands[i] = _aligned(i, labels, x, order, dots, sizes)
    return _contract(operands, len(final), [sizes.get(s, 1) for s in order])


def _aligned(i: int, labels: list[Any], x: Any, order: list[str], dots: list[str], sizes: dict[str, int]) -> Any:
    """An operand with its dimensions in `order`, and dimensions of size 1 for the labels it lacks."""
    own: list[str] = []
    for s in labels:
        n = len(x._shape) - sum([1 for label in labels if label is not None])
        own.extend(dots[len(dots) - n :] if s is None else [s])
    at = 0
    names: list[str] = []
    for s in own:
        size = x._shape[at]
        if s in names:
            first = names.index(s)
            if size != x._shape[first]:
                raise RuntimeError(
                    f"einsum(): subscript {s} is repeated for operand {i} but the sizes don't match, {size} != "
                    f"{x._shape[first]}"
                )
            x = x.diagonal(0, first, at).movedim(-1, first)
            continue
        known = sizes.get(s, 1)
        if known not in (1, size) and size != 1:
            what = "the dimension covered by the ellipsis" if s.startswith(".") else f"subscript {s}"
            raise RuntimeError(
                f"einsum(): {what} has size {size} for operand {i} which does not broadcast with previously seen size "
                f"{known}"
            )
        if size != 1 or s not in sizes:
            sizes[s] = size
        names.append(s)
        at += 1
    for s in order:
        if s not in names:
            x = unsqueeze(x, len(names))
            names.append(s)
    return permute(x, tuple([names.index(s) for s in order]))


def _contract(operands: list[Any], kept: int, sizes: list[int]) -> Any:
    """Multiplies aligned operands and sums over the dimensions after the first `kept`, as soon as each can be."""
    total = len(sizes)
    while len(operands) > 1:
        i, j = _next_pair(operands, kept, sizes)
        b, a = operands.pop(j), operands.pop(i)
        done = [
            d for d in range(kept, total)
            if all([x._shape[d] == 1 for x in operands])
        ]  # fmt: skip
        operands.insert(0, _pair(a, b, done))
    result = operands[0]
    left = [d for d in range(kept, total) if result._shape[d] != 1 or total == kept]
    extra = tuple(range(kept, total))
    if left:
        return result.sum(extra)
    return reshape(result, result._shape[:kept]) if extra else result


def _next_pair(operands: list[Any], kept: int, sizes: list[int]) -> tuple[int, int]:
    """The two operands to multiply next: of three or more those whose product is the smallest."""
    if len(operands) == 2:
        return 0, 1
    best = None
    for i in range(len(operands)):
        for j in range(i + 1, len(operands)):
            work = size = 1
            for d in range(len(sizes)):
                n = max(operands[i]._shape[d], operands[j]._shape[d])
                work *= n
                if d < kept or any([operands[k]._shape[d] != 1 for k in range(len(operands)) if k not in (i, j)]):
                    size *= n
            key = (size - operands[i]._data.size - operands[j]._data.size, work)
            if best is None or key < best[0]:
                best = key, i, j
    return best[1], best[2]  # type: ignore[index]


def _pair(a: Any, b: Any, summed: list[int]) -> Any:
    """The product of two aligned operands, summed over some dimensions, which stay with size 1, as a `bmm`."""
    if not summed:
        return a * b
    shape_a, shape_b = a._shape, b._shape
    both, only_a, only_b, inner_dims = [], [], [], []
    for d in range(len(shape_a)):
        in_a, in_b = shape_a[d] != 1, shape_b[d] != 1
        if d in summed:
            if in_a and in_b:
                inner_dims.append(d)
            elif in_a:
                a = a.sum(d, keepdim=True)
            elif in_b:
                b = b.sum(d, keepdim=True)
        elif in_a and in_b:
            both.append(d)
        elif in_a:
            only_a.append(d)
        else:
            only_b.append(d)
    rest = [d for d in summed if d not in inner_dims]
    sizes = [max(p, q) for p, q in zip(a._shape, b._shape)]

    def count(dims: list[int]) -> int:
        return _count(tuple([sizes[d] for d in dims]))

    x = permute(a, tuple(both + only_a + inner_dims + only_b + rest))
    y = permute(b, tuple(both + inner_dims + only_b + only_a + rest))
    x = reshape(x, (count(both), count(only_a), count(inner_dims)))
    y = reshape(y, (count(both), count(inner_dims), count(only_b)))
    product = bmm(x, y)
    order = both + only_a + only_b + sorted(summed)
    shape = tuple([1 if d in summed else sizes[d] for d in order])
    return permute(reshape(product, shape), tuple([order.index(d) for d in range(len(order))]))
