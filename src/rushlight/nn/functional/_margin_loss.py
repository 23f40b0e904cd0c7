"""Losses of classes or examples that should be ahead of others, or apart from them, by a margin."""

from collections.abc import Callable
from typing import Any

from ...ops import margin_loss as ops
from ...ops.arguments import explained
from ...ops.comparison import where
from ...ops.creation import zeros_like
from ...ops.loss import plus_number
from ...tensor import Tensor
from .. import _reduction as _Reduction
from ._distance import pairwise_distance
from ._loss import _number, _reduced, _word

__all__ = [
    "cosine_embedding_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


def _checked(size_average: Any, reduce: Any, reduction: str) -> str:
    reduction = _word(size_average, reduce, reduction)
    _Reduction.get_enum(reduction)
    return reduction


@explained
def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The input where the target is 1, ``max(0, margin - input)`` where it is -1, reduced.

    Args:
        input: distances of any shape.
        target: ones and minus ones; the shapes broadcast.
        margin: from which distance on a pair of target -1 costs nothing.
        size_average: use `reduction`.
        reduce: use `reduction`.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: there is no such reduction.
    """
    reduction = _checked(size_average, reduce, reduction)
    zeros = zeros_like(input)
    far = where(target != 1, (input.new_full((), margin) - input).clamp_min(0), zeros)
    near = where(target != -1, input, zeros)
    return _reduced(far + near, reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, -target * (input1 - input2) + margin)``, reduced.

    Args:
        input1: scores.
        input2: the scores to compare with; the shapes broadcast.
        target: 1 where `input1` should be larger, -1 where `input2` should.
        margin: by how much.
        size_average: use `reduction`.
        reduce: use `reduction`.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: there is no such reduction.
        RuntimeError: the tensors differ in their number of dimensions.
    """
    reduction = _checked(size_average, reduce, reduction)
    if input1.dim() != input2.dim() or input1.dim() != target.dim():
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.size()}, input2: {input2.size()}, target: {target.size()} "
        )
    return _reduced(plus_number(-target * (input1 - input2), margin).clamp_min(0), reduction)


@explained
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``1 - cos`` where the target is 1, ``max(0, cos - margin)`` where it is -1, reduced.

    Args:
        input1: ``(N, D)`` or ``(D,)``.
        input2: like `input1`.
        target: ``(N,)`` or ``()``.
        margin: the cosine allowed.
        size_average: use `reduction`.
        reduce: use `reduction`.
        reduction: "mean", "sum" or "none".

    Raises:
        RuntimeError: the shapes do not go together.
    """
    reduction = _checked(size_average, reduce, reduction)
    if target.dim() not in (0, 1):
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if target.dim() == 1 and not input1.dim() == input2.dim() == 2:
        raise RuntimeError(
            "1D target tensor expects 2D input tensors, but found inputs with sizes "
            f"{list(input1.shape)} and {list(input2.shape)}."
        )
    if target.dim() == 0 and not input1.dim() == input2.dim() == 1:
        raise RuntimeError(
            "0D target tensor expects 1D input tensors, but found inputs with sizes "
            f"{list(input1.shape)} and {list(input2.shape)}."
        )
    tiny = 1e-12
    product = (input1 * input2).sum(target.dim())
    length1 = plus_number((input1 * input1).sum(target.dim()), tiny)
    length2 = plus_number((input2 * input2).sum(target.dim()), tiny)
    cos = product / (length1 * length2).sqrt()
    zeros = zeros_like(cos)
    near = where(target == 1, cos.new_ones(()) - cos, zeros)
    far = where(target == -1, (cos - margin).clamp_min(0), zeros)
    return _reduced(near + far, reduction)


@explained
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, dist(anchor, positive) - dist(anchor, negative) + margin)``, reduced.

    Args:
        anchor: ``(N, D)`` or ``(D,)``.
        positive: like the anchor, what should be near it.
        negative: like the anchor, what should be far from it.
        margin: positive.
        p: the distance is the p-norm of the difference.
        eps: added to the differences.
        swap: use the distance of the negative from the positive where that is smaller.
        size_average: use `reduction`.
        reduce: use `reduction`.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: the margin is not positive.
    """
    reduction = _checked(size_average, reduce, reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    dims = {"anchor": anchor.dim(), "positive": positive.dim(), "negative": negative.dim()}
    if len(set(dims.values())) > 1:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, "
            f"but got: anchor {dims['anchor']}D, positive {dims['positive']}D, and negative {dims['negative']}D inputs"
        )
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = far.minimum(pairwise_distance(positive, negative, p, eps))
    return _reduced((plus_number(near, margin) - far).clamp_min(0), reduction)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: Any = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of ``max(0, margin - input[target] + input) ** p`` without the target's, reduced.

    Args:
        input: scores ``(N, C)`` or ``(C,)``.
        target: classes ``(N,)`` or ``()``.
        p: 1 or 2.
        margin: by how much the target should be ahead.
        weight: one factor a class.
        size_average: use `reduction`.
        reduce: use `reduction`.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: `p` is another, or the weight is no vector.
        RuntimeError: shapes or dtypes do not go together, or a target is no class.
    """
    number = _number(size_average, reduce, reduction)
    if p != 1 and p != 2:
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.dim() != 1:
        raise ValueError("weight must be one-dimensional")
    return ops.multi_margin_loss(input, target, p, margin, weight, number)


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Tensor:
    """The sum over target classes t and other classes of ``max(0, 1 - input[t] + input)``, by their number, reduced.

    Args:
        input: scores ``(N, C)`` or ``(C,)``.
        target: like `input`: for each example its classes, then -1 if there are fewer than C.
        size_average: use `reduction`.
        reduce: use `reduction`.
        reduction: "mean", "sum" or "none".

    Raises:
        RuntimeError: shapes or dtypes do not go together, or a target is no class.
    """
    return ops.multilabel_margin_loss(input, target, _number(size_average, reduce, reduction))


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of the cross entropy of ``sigmoid(input)`` with the targets, reduced.

    Args:
        input: scores ``(*, C)``.
        target: zeros and ones, like `input`.
        weight: one factor a class.
        size_average: use `reduction`.
        reduce: use `reduction`.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: there is no such reduction.
    """
    if size_average is not None or reduce is not None:
        reduction = _Reduction.legacy_get_string(size_average, reduce)
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    return ops.multilabel_soft_margin_loss(input, target, weight, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, distance(anchor, positive) - distance(anchor, negative) + margin)``, reduced.

    Args:
        anchor: any number of examples.
        positive: what should be near the anchor.
        negative: what should be far from it.
        distance_function: the Euclidean distance along the last dimension unless given.
        margin: positive.
        swap: use the distance of the negative from the positive where that is smaller.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: the margin is not positive, or the reduction is another.
        RuntimeError: the tensors differ in their number of dimensions.
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    a, p, n = anchor.dim(), positive.dim(), negative.dim()
    if not a == p == n:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {a}D, positive {p}D, and negative {n}D inputs"
        )
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return _reduced((margin + near - far).clamp_min(0), reduction)
