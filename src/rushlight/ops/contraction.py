"""Sums of products over chosen dimensions: `tensordot` and `einsum`, made of products of matrices."""

import functools
import math
from typing import Any

import numpy as np

from ..autograd import mode
from ..base import TensorBase, wrap
from ..kernels.numpy_views import contiguous_strides, strided
from .arguments import explained, type_name
from .declare import REGISTRY, composite
from .dimensions import wrap_dim
from .equations import LETTERS, c_einsum, few, labels_of, transposition, two, way
from .matmul import dot, matrix_product, mm, products, vector_product
from .memory_layout import product_in_order
from .out import finish_out
from .reduction import _sum_dims
from .sizes import Shape
from .steps import hidden, operand, product_node, recorded
from .view import _permute, _reshaped, _view, permute, reshape, unsqueeze

_permute_op, _view_op = REGISTRY["_permute"], REGISTRY["_view"]
_dot_op, _mm_op = REGISTRY["dot"], REGISTRY["mm"]
special, ndarray = mode.special, np.ndarray


# ---------------------------------------------------------------------------------------------- tensordot
@composite(method=False)
@explained
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
        dims = tuple([(d,) if isinstance(d, int) else tuple(d) for d in dims])
    plan = _planned(a._shape, b._shape, dims, a._dtype is b._dtype)
    unseen = mode.unseen(a, b)
    if plan.ones and not (unseen and plan.equal):
        for of_first, d in plan.ones:
            if of_first:
                a = _summed(a, d)
            else:
                b = _summed(b, d)
        plan = _planned(a._shape, b._shape, dims, True)
    if unseen or hidden(a, b):
        found = sums_of_products(a, b, plan)
        if found is not None:
            return found if out is None else finish_out(out, found, "tensordot")
    x, y = _permute(a, plan.orders[0]), _permute(b, plan.orders[1])
    if plan.vectors:
        if x.is_contiguous() and y.is_contiguous():
            x, y = (t if len(t._shape) == 1 else _reshaped(t, shape) for t, shape in zip((x, y), plan.factors))
            result = dot(x, y)
        else:
            result = (x.squeeze() * y.squeeze()).sum(dtype=a._dtype)
    else:
        result = mm(_reshaped(x, plan.factors[0]), _reshaped(y, plan.factors[1]))
    return finish_out(out, _view(result, plan.shape), "tensordot")


def _summed(x: Any, d: int) -> Any:
    """The sums over a dimension, which stays, in the same dtype."""
    return _sum_dims(x, (d,), True, None, None) if x._dtype.plain else x.sum(d, keepdim=True, dtype=x._dtype)


class Plan:
    """The steps of `tensordot` for some shapes and dimensions.

    Attributes:
        ones: what is summed beforehand, because it meets a dimension of size 1: whether that is of the first factor,
            and which dimension.
        equal: whether the sizes that meet are equal.
        orders: the order of each factor's dimensions.
        permuted: the shapes in that order.
        factors: the shapes of two vectors or matrices.
        vectors: whether they are vectors.
        shape: of the result.
    """

    def __init__(self, a: Shape, b: Shape, p: list[int], q: list[int]):
        pairs = [(d, e) for d, e in zip(p, q) if a[d] == 1 or b[e] == 1]
        self.ones = [(True, d) if b[e] == 1 else (False, e) for d, e in pairs]
        self.equal = all([a[d] == b[e] for d, e in zip(p, q)])
        left, right = [d for d in range(len(a)) if d not in p], [d for d in range(len(b)) if d not in q]
        self.orders = tuple(left + p), tuple(q + right)
        self.permuted = tuple([a[d] for d in self.orders[0]]), tuple([b[d] for d in self.orders[1]])
        self.shape = tuple([a[d] for d in left] + [b[d] for d in right])
        rows, inner = math.prod([a[d] for d in left]), math.prod([a[d] for d in p])
        columns = math.prod([b[d] for d in right])
        self.vectors = rows == 1 == columns
        self.factors = ((inner,), (inner,)) if self.vectors else ((rows, inner), (inner, columns))


@functools.lru_cache(256)
def _planned(a: Shape, b: Shape, dims: Any, same: bool) -> Plan:
    """The plan for two shapes and the dimensions to sum over; `same` says whether the dtypes are equal.

    Raises:
        RuntimeError: they do not go together.
    """
    if type(dims) is tuple:
        first, second = dims
    else:
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(len(a), len(b)):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        first, second = range(-dims, 0), range(dims)
    if len(first) != len(second):
        raise RuntimeError("both dimension lists should have same length")
    if not same:
        raise RuntimeError("both inputs should have same dtype")
    p, q = [wrap_dim(d, len(a)) for d in first], [wrap_dim(d, len(b)) for d in second]
    for i, (d, e) in enumerate(zip(p, q)):
        if a[d] != b[e] and a[d] != 1 and b[e] != 1:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a[d]} in dim {first[i]} and second has size "
                f"{b[e]} in dim {second[i]}"
            )
    return Plan(a, b, p, q)


def sums_of_products(a: Any, b: Any, plan: Plan) -> Any:
    """The sums of products over dimensions of tensors of equal sizes there, whose steps nobody sees.

    Args:
        a: the left factor.
        b: the right factor.
        plan: the steps.

    Returns:
        The result; None if it takes a copy that the graph is to show.
    """
    x, y = a._data.transpose(plan.orders[0]), b._data.transpose(plan.orders[1])
    vectors, records = plan.vectors, recorded(a, b)
    if (vectors or records) and not (x.flags.c_contiguous and y.flags.c_contiguous):
        return None
    first, second = plan.factors
    m, n = x.reshape(first), y.reshape(second)
    result = wrap(vector_product(m, n) if vectors else matrix_product(m, n))
    if records:
        nodes = []
        for t, order, permuted, shape in zip((a, b), plan.orders, plan.permuted, plan.factors):
            node = _permute_op.link(t._node, t._shape, order)
            nodes.append(node if vectors and len(permuted) == 1 else _view_op.link(node, permuted, shape))
        x, y = operand(m, a, nodes[0]), operand(n, b, nodes[1])
        result._node = product_node(_dot_op if vectors else _mm_op, x, y)
    return _seen(result, plan.shape)


def _seen(result: Any, shape: Shape) -> Any:
    """The product of a function's steps in its last shape, as which it is a view."""
    if special.count:
        return _view(result, shape)
    return operand(result._data.reshape(shape), result, _view_op.link(result._node, result._shape, shape))


def vector_steps(a: Any, b: Any) -> Any:
    """What `tensordot` makes of two vectors that lie in rows."""
    result = wrap(vector_product(a._data, b._data))
    if not special.count and (a._node is not None or b._node is not None):
        link = _permute_op.link
        x = operand(a._data[...], a, link(a._node, a._shape, (0,)))
        y = operand(b._data[...], b, link(b._node, b._shape, (0,)))
        result._node = product_node(_dot_op, x, y)
    return _seen(result, ())


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
    if len(args) == 3 and not special.count and type(args[0]) is str:
        found = _of_two(*args)
        if found is not None:
            return found
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


def _of_two(equation: str, a: Any, b: Any) -> Any:
    """The contraction of two operands where that is quick, no mode being in force; else None."""
    if not (isinstance(a, TensorBase) and isinstance(b, TensorBase)) or (dtype := a._dtype) is not b._dtype:
        return None
    x, y = a._data, b._data
    if type(x) is not ndarray or type(y) is not ndarray:
        return None
    if a._node is not None or b._node is not None:
        found = way(equation, a._shape, b._shape)
        return None if found is None else found.product(a, b)
    if not dtype.plain or not few(equation, a._shape, b._shape):
        return None
    product = wrap(c_einsum(equation, x, y, order="C"))
    return operand(product._data[...], product, None)


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
