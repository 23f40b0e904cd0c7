"""The equations of `einsum`: their labels, and how two operands are contracted, worked out once for each."""

import functools
import math
import string
from typing import Any

import numpy as np

from ..autograd import mode
from ..base import wrap
from ..kernels.numpy_common import c_einsum as c_einsum
from .declare import REGISTRY
from .matmul import batch_product, products
from .memory_layout import product_in_order
from .steps import operand, product_node, recorded
from .view import _view, permute

_bmm_op, _permute_op = REGISTRY["bmm"], REGISTRY["_permute"]
_unsqueeze_op, _view_op = REGISTRY["unsqueeze"], REGISTRY["_view"]
ndarray = np.ndarray

LETTERS = string.ascii_uppercase + string.ascii_lowercase


# ---------------------------------------------------------------------------------------------- labels
def _parse(text: str, where: str, start: int) -> list[Any]:
    """The labels of one operand, with None where the ellipsis stands; `start` is its place in the equation.

    Raises:
        RuntimeError: something else than labels and one ellipsis stands there.
    """
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


@functools.lru_cache(256)
def labels_of(equation: str, dims: tuple[int, ...]) -> tuple[list[list[Any]], list[str], list[str], list[str]]:
    """The labels of operands with so many dimensions, of what an ellipsis stands for, of the result, and of all.

    Raises:
        RuntimeError: the equation is malformed, or does not fit the operands.
    """
    left, arrow, right = equation.partition("->")
    parts = left.split(",")
    if len(parts) != len(dims):
        which = "fewer" if len(dims) < len(parts) else "more"
        raise RuntimeError(f"einsum(): {which} operands were provided than specified in the equation")
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + len(part) + 1)
    inputs = [_parse(p, f"for operand {i}", starts[i]) for i, p in enumerate(parts)]
    widest = 0
    counts: dict[str, int] = {}
    for i, (labels, n) in enumerate(zip(inputs, dims, strict=True)):
        named = sum([1 for s in labels if s is not None])
        if None in labels:
            if named > n:
                raise RuntimeError(
                    f"einsum(): the number of subscripts in the equation ({named}) is more than the number of "
                    f"dimensions ({n}) for operand {i}"
                )
            widest = max(widest, n - named)
        elif named != n:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions "
                f"({n}) for operand {i} and no ellipsis was given"
            )
        for label in labels:
            if label is not None:
                counts[label] = counts.get(label, 0) + 1
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
        output = [None, *sorted([s for s, count in counts.items() if count == 1], key=LETTERS.index)]
    final = [s for label in output for s in (dots if label is None else [label])]
    summed = [s for s in sorted(counts, key=LETTERS.index) if s not in final]
    summed = ([] if None in output else dots) + summed
    return inputs, dots, final, final + summed


# ---------------------------------------------------------------------------------------------- two operands
class Two:
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
        """Whether shapes have the right lengths, are equal along shared labels, and leave something to sum."""
        if self.swapped:
            a, b = b, a
        if (len(a), len(b)) != self.dims or not all([a[i] == b[j] for i, j in self.shared]):
            return False
        return any([a[i] != 1 for i, _ in self.shared[self.counts[0] :]])

    def product(self, a: Any, b: Any) -> Any:
        """The contraction of tensors that fit, as a `bmm`."""
        x, y = (b, a) if self.swapped else (a, b)
        both, only_a, only_b = self.counts
        first, second = self.orders
        if unseen := mode.unseen(a, b):
            x, y = x._data, y._data
        x = x if first is None else x.transpose(first) if unseen else permute(x, first)
        y = y if second is None else y.transpose(second) if unseen else permute(y, second)
        lead, rows, columns = y.shape[:both], x.shape[both : both + only_a], y.shape[y.ndim - only_b :]
        inner, batch = math.prod(x.shape[both + only_a :]), math.prod(lead)
        x = x.reshape(batch, math.prod(rows), inner)
        y = y.reshape(batch, inner, math.prod(columns))
        product = _view(wrap(batch_product(x, y)) if unseen else products(x, y), (*lead, *rows, *columns))
        if self.result is None:
            return product
        product = permute(product, self.result)
        return _view(product, product._shape)


@functools.lru_cache(256)
def two(equation: str) -> Two | None:
    """The plan for an equation of two operands; None if it is unusual (or wrong)."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    a, comma, b = left.partition(",")
    if not (arrow and comma) or not all([s in LETTERS for s in a + b + right]):
        return None
    repeats = any([len(set(labels)) < len(labels) for labels in (a, b, right)])
    if repeats or not set(a) ^ set(b) <= set(right) < set(a) | set(b):
        return None
    return Two(a, b, right)


# The most multiplications that are few: those NumPy's own loop makes before a product of matrices has begun.
FEW = 2048


@functools.lru_cache(256)
def few(equation: str, a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether NumPy's own loop contracts two operands of some shapes at once, with the result row by row."""
    plan = two(equation)
    if plan is None or plan.result is not None:
        return False
    left, _, right = equation.replace(" ", "").partition("->")
    x, _, y = left.partition(",")
    sizes = dict(zip(x + y, a + b))
    if (*map(len, (x, y)),) != (len(a), len(b)) or any([sizes[s] != n for s, n in zip(x + y, a + b)]):
        return False
    if right and not plan.fits(a, b):  # elements are multiplied, and the result lies as they do
        return False
    # Where the result has a dimension of size 1, the stride there tells PyTorch's steps.
    return 0 < math.prod(sizes.values()) <= FEW and 1 not in [sizes[s] for s in right]


@functools.lru_cache(256)
def transposition(equation: str, n: int) -> tuple[int, ...] | None:
    """The order of dimensions that an equation of one operand of `n` dimensions means; None if it means more.

    Raises:
        RuntimeError: the equation is malformed, or does not fit the operand.
    """
    (labels,), _, final, order = labels_of(equation, (n,))
    if None in labels or len(labels) != len(order) or set(labels) != set(order) or len(final) < len(order):
        return None
    return tuple([labels.index(s) for s in final])


class Way:
    """The steps of `contraction.einsum` for two operands of some shapes, none of whose labels is repeated.

    Attributes:
        steps: for each operand the operations, with the shape of each result and its other arguments.
        orders: how the dimensions of each operand's array stand when its steps are done.
        swapped: whether the second operand is the left factor.
        shapes: the shapes of the factors of a product of batches; None where elements are multiplied.
        made: the steps from the product to the result.
        lone: whether one operand alone is summed over a label, for which this is no way.
        scalar: whether the result has no dimensions.
    """

    def __init__(self, labels: list[list[str]], order: list[str], kept: int, sizes: dict[str, int]):
        self.steps: list[list[Any]] = []
        for own in labels:
            names, found, shape = list(own), [], [sizes[s] for s in own]
            for s in order:
                if s not in names:
                    names.append(s)
                    shape.append(1)
                    found.append((_unsqueeze_op, tuple(shape), len(shape) - 1))
            at = tuple([names.index(s) for s in order])
            self.steps.append([*found, (_permute_op, tuple([shape[d] for d in at]), at)])
        everything = range(len(order))
        a, b = ({d for d in everything if order[d] in own and sizes[order[d]] != 1} for own in labels)
        inner = [d for d in everything[kept:] if d in a and d in b]
        self.lone = any([(d in a) != (d in b) for d in everything[kept:]])
        both = [d for d in everything[:kept] if d in a and d in b]
        only_a = [d for d in everything[:kept] if d in a and d not in b]
        only_b = [d for d in everything[:kept] if d not in a]
        self.swapped = bool(inner and only_a and only_b and only_b[0] < only_a[0])
        if self.swapped:
            labels, only_a, only_b = labels[::-1], only_b, only_a
            self.steps.reverse()
        self.shapes: list[tuple[int, ...]] | None = None
        self.orders: list[list[int]] = []
        self.made: list[Any] = []
        if inner:
            self._matrices(labels, order, kept, sizes, (both, only_a, only_b, inner))
        self.scalar = not kept
        if len(order) > kept:
            shape = [sizes[s] for s in order[:kept]]
            self.made.append((_view_op, tuple(shape), tuple(shape)))

    def _matrices(
        self, labels: list[list[str]], order: list[str], kept: int, sizes: dict[str, int], groups: Any
    ) -> None:
        """The steps that make matrices of the aligned operands, and those from their product on."""
        both, only_a, only_b, inner = groups
        rest = [d for d in range(kept, len(order)) if d not in inner]
        lengths = [math.prod([sizes[order[d]] for d in dims]) for dims in groups]
        self.shapes = [(lengths[0], lengths[1], lengths[3]), (lengths[0], lengths[3], lengths[2])]
        orders = both + only_a + inner + only_b + rest, both + inner + only_b + only_a + rest
        for steps, own, at, shape in zip(self.steps, labels, orders, self.shapes):
            steps.append((_permute_op, tuple([steps[-1][1][d] for d in at]), tuple(at)))
            steps.append((_view_op, shape, shape))
            self.orders.append([own.index(order[d]) for d in at if order[d] in own])
        at = both + only_a + only_b + list(range(kept, len(order)))
        wide = tuple([1 if d >= kept else sizes[order[d]] for d in at])
        back = tuple([at.index(d) for d in range(len(at))])
        self.made = [(_view_op, wide, wide), (_permute_op, tuple([wide[d] for d in back]), back)]

    def product(self, a: Any, b: Any) -> Any:
        """The contraction; None where a step would be a copy."""
        pair = (b, a) if self.swapped else (a, b)
        factors = []
        for i, t in enumerate(pair):
            node, shape, array = t._node, t._shape, t._data
            if self.shapes is not None:
                array = array.transpose(self.orders[i])
                if not array.flags.c_contiguous:
                    return None
                array = array.reshape(self.shapes[i])
            for op, made, argument in self.steps[i]:
                node, shape = op.link(node, shape, argument), made
                if self.shapes is None:
                    array = op.forward(array, argument)
            factors.append(operand(array, t, node))
        x, y = factors
        if self.shapes is None:
            result = product_in_order(x, y)
        else:
            result = wrap(batch_product(x._data, y._data))
            if recorded(x, y):
                result._node = product_node(_bmm_op, x, y)
        if not self.made:
            return result
        node, shape, array = result._node, result._shape, result._data
        for op, made, argument in self.made:
            node, shape = op.link(node, shape, argument), made
            if not self.scalar:
                array = op.forward(array, argument)
        return operand(array.reshape(()) if self.scalar else array, result, node)


@functools.lru_cache(256)
def way(equation: str, a: tuple[int, ...], b: tuple[int, ...]) -> Way | None:
    """The way for an equation of two operands of these shapes; None if it is unusual.

    Raises:
        RuntimeError: the equation is malformed, or does not fit the operands.
    """
    labels, _, final, order = labels_of(equation, (len(a), len(b)))
    sizes: dict[str, int] = {}
    for own, shape in zip(labels, (a, b)):
        if None in own or len(set(own)) < len(own):
            return None
        for s, n in zip(own, shape):
            if sizes.setdefault(s, n) != n:
                return None
    found = Way(labels, order, len(final), sizes)
    return None if found.lone else found
