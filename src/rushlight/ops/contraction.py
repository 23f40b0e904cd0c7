"""Sums of products over chosen dimensions: `tensordot` and `einsum`, made of products of matrices."""

import math
from typing import Any

from ..autograd import mode
from ..base import TensorBase, wrap
from ..kernels.numpy_views import contiguous_strides, strided
from .arguments import type_name
from .declare import REGISTRY, composite
from .dimensions import wrap_dim
from .equations import LETTERS, c_einsum, few, labels_of, transposition, two, way
from .matmul import dot, matrix_product, mm, products, vector_product
from .memory_layout import product_in_order
from .out import finish_out
from .steps import hidden, operand, product_node, recorded
from .view import _permute, _reshaped, _view, permute, reshape, unsqueeze

_permute_op, _view_op = REGISTRY["_permute"], REGISTRY["_view"]
_dot_op, _mm_op = REGISTRY["dot"], REGISTRY["mm"]
special = mode.special


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
    if a._dtype is not b._dtype:
        raise RuntimeError("both inputs should have same dtype")
    p = [wrap_dim(d, len(a._shape)) for d in first]
    q = [wrap_dim(d, len(b._shape)) for d in second]
    for i, (d, e) in enumerate(zip(p, q)):
        if a._shape[d] != b._shape[e] and a._shape[d] != 1 and b._shape[e] != 1:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a._shape[d]} in dim {first[i]} and second "
                f"has size {b._shape[e]} in dim {second[i]}"
            )
    unseen = mode.unseen(a, b)
    if not unseen or any([a._shape[d] != b._shape[e] for d, e in zip(p, q)]):
        for d, e in zip(p, q):
            # What meets a dimension of size 1 is summed beforehand.
            if b._shape[e] == 1:
                a = a.sum(d, keepdim=True, dtype=a._dtype)
            elif a._shape[d] == 1:
                b = b.sum(e, keepdim=True, dtype=b._dtype)
    if unseen or hidden(a, b):
        found = sums_of_products(a, b, p, q)
        if found is not None:
            return finish_out(out, found, "tensordot")
    left = [d for d in range(len(a._shape)) if d not in p]
    right = [d for d in range(len(b._shape)) if d not in q]
    shape = [a._shape[d] for d in left] + [b._shape[d] for d in right]
    inner_size = math.prod([a._shape[d] for d in p])
    x, y = _permute(a, tuple(left + p)), _permute(b, tuple(q + right))
    rows = math.prod([a._shape[d] for d in left])
    columns = math.prod([b._shape[d] for d in right])
    if rows == columns == 1:
        if x.is_contiguous() and y.is_contiguous():
            x, y = (t if len(t._shape) == 1 else _reshaped(t, (inner_size,)) for t in (x, y))
            result = dot(x, y)
        else:
            result = (x.squeeze() * y.squeeze()).sum(dtype=a._dtype)
    else:
        result = mm(_reshaped(x, (rows, inner_size)), _reshaped(y, (inner_size, columns)))
    return finish_out(out, _view(result, tuple(shape)), "tensordot")


def sums_of_products(a: Any, b: Any, p: list[int], q: list[int]) -> Any:
    """The sums of products over dimensions of tensors of equal sizes there, whose steps nobody sees.

    Args:
        a: the left factor.
        b: the right factor.
        p: the dimensions of `a`.
        q: those of `b`.

    Returns:
        The result; None if it takes a copy that the graph is to show.
    """
    left = [d for d in range(len(a._shape)) if d not in p]
    right = [d for d in range(len(b._shape)) if d not in q]
    rows, columns = [a._shape[d] for d in left], [b._shape[d] for d in right]
    x, y = a._data.transpose(left + p), b._data.transpose(q + right)
    inner, count, width = math.prod([a._shape[d] for d in p]), math.prod(rows), math.prod(columns)
    vectors, records = count == 1 == width, recorded(a, b)
    if (vectors or records) and not (x.flags.c_contiguous and y.flags.c_contiguous):
        return None
    first, second = ((inner,), (inner,)) if vectors else ((count, inner), (inner, width))
    m, n = x.reshape(first), y.reshape(second)
    result = wrap(vector_product(m, n) if vectors else matrix_product(m, n))
    if records:
        factors = []
        for t, order, permuted, array in ((a, left + p, x, m), (b, q + right, y, n)):
            node = _permute_op.link(t._node, t._shape, tuple(order))
            if not vectors or permuted.ndim != 1:
                node = _view_op.link(node, permuted.shape, array.shape)
            factors.append(operand(array, t, node))
        result._node = product_node(_dot_op if vectors else _mm_op, *factors)
    return _view(result, (*rows, *columns))


def vector_steps(a: Any, b: Any) -> Any:
    """The same for two vectors that lie in rows."""
    result, link = wrap(vector_product(a._data, b._data)), _permute_op.link
    if recorded(a, b):
        x = operand(a._data[...], a, link(a._node, a._shape, (0,)))
        y = operand(b._data[...], b, link(b._node, b._shape, (0,)))
        result._node = product_node(_dot_op, x, y)
    elif special.count:
        return _view(result, ())
    return operand(result._data[...], result, _view_op.link(result._node, (), ()))


# ---------------------------------------------------------------------------------------------- einsum
def _arguments(args: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """The equation and the operands, from either form of the arguments.

    Raises:
        TypeError: the equation is no string.
        ValueError: there are no operands.
    """
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
    if len(args) == 3 and not special.count and few(*args):
        product = wrap(c_einsum(*[x if type(x) is str else x._data for x in args], order="C"))
        return operand(product._data.view(), product, None)
    if len(args) == 2 and type(args[0]) is str and isinstance(args[1], TensorBase):
        dims = transposition(args[0], len(args[1]._shape))
        if dims is not None:
            return _permute(args[1], dims)
    equation, operands = _arguments(args)
    if len(operands) == 2 and not (mode.local.grad and any([x._node is not None for x in operands])):
        # Where no graph is to show PyTorch's steps, fewer of them do.
        a, b = operands
        plan = two(equation)
        if plan is not None and a._dtype is b._dtype and a._dtype.plain and plan.fits(a._shape, b._shape):
            return plan.product(a, b)
    if len(operands) == 2 and hidden(*operands) and operands[0]._dtype is operands[1]._dtype:
        found = way(equation, operands[0]._shape, operands[1]._shape)
        result = None if found is None else found.product(*operands)
        if result is not None:
            return result
    inputs, dots, final, order = labels_of(equation, tuple([len(x._shape) for x in operands]))
    sizes: dict[str, int] = {}
    for i, (labels, x) in enumerate(zip(inputs, operands, strict=True)):
        operands[i] = _aligned(i, labels, x, order, dots, sizes)
    return _contract(operands, len(final), [sizes.get(s, 1) for s in order])


def _aligned(i: int, labels: list[Any], x: Any, order: list[str], dots: list[str], sizes: dict[str, int]) -> Any:
    """An operand with its dimensions in `order`, and dimensions of size 1 for the labels it lacks.

    Raises:
        RuntimeError: sizes of one label differ.
    """
    if set(labels) == set(order) and len(labels) == len(order):
        if all([sizes.get(s, size) == size for s, size in zip(labels, x._shape, strict=True)]):
            sizes.update(zip(labels, x._shape))
            return _permute(x, tuple([labels.index(s) for s in order]))
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
    single = len(operands) == 1
    while len(operands) > 1:
        i, j = _next_pair(operands, kept, sizes)
        b, a = operands.pop(j), operands.pop(i)
        done = [
            d for d in range(kept, total)
            if all([x._shape[d] == 1 for x in operands])
        ]  # fmt: skip
        operands.insert(0, _pair(a, b, done))
    result = operands[0]
    extra = tuple(range(kept, total))
    if extra and (single or any([result._shape[d] != 1 for d in extra])):
        return result.sum(extra)
    return _view(result, result._shape[:kept]) if extra else result


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


def _summed_out(x: Any, dim: int) -> Any:
    """The sums over a dimension, which stays with size 1 and the stride that a new tensor has there."""
    made = x.sum(dim, keepdim=True)
    made._data = strided(made._data, made._shape, contiguous_strides(made._shape, made._data.itemsize))
    return made


def _pair(a: Any, b: Any, summed: list[int]) -> Any:
    """The product of two aligned operands, summed over some dimensions, which stay with size 1, as a `bmm`."""
    shape_a, shape_b = a._shape, b._shape
    both, only_a, only_b, inner_dims = [], [], [], []
    for d in range(len(shape_a)):
        in_a, in_b = shape_a[d] != 1, shape_b[d] != 1
        if d in summed:
            if in_a and in_b:
                inner_dims.append(d)
            elif in_a:
                a = _summed_out(a, d)
            elif in_b:
                b = _summed_out(b, d)
        elif in_a and in_b:
            both.append(d)
        elif in_a:
            only_a.append(d)
        else:
            only_b.append(d)
    if not inner_dims:
        return product_in_order(a, b)
    if only_a and only_b and only_b[0] < only_a[0]:
        # What comes first in the result comes from the first operand.
        a, b, only_a, only_b = b, a, only_b, only_a
    rest = [d for d in summed if d not in inner_dims]
    sizes = [q if p == 1 else p for p, q in zip(a._shape, b._shape)]

    def size(dims: list[int]) -> int:
        return math.prod([sizes[d] for d in dims])

    x = permute(a, tuple(both + only_a + inner_dims + only_b + rest))
    y = permute(b, tuple(both + inner_dims + only_b + only_a + rest))
    x = reshape(x, (size(both), size(only_a), size(inner_dims)))
    y = reshape(y, (size(both), size(inner_dims), size(only_b)))
    product = products(x, y)
    order = both + only_a + only_b + sorted(summed)
    shape = tuple([1 if d in summed else sizes[d] for d in order])
    return permute(reshape(product, shape), tuple([order.index(d) for d in range(len(order))]))
