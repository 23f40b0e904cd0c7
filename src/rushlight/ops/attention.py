"""Scaled dot-product attention.

As in PyTorch on a CPU, the usual case is one operation, and what that does not cover is made of products and softmax.
"""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..base import wrap
from ..kernels import attention as kernels
from .arguments import explained
from .declare import Array, composite, in_formulas, operation
from .dropout import drop
from .loss import _times_number
from .softmax import _safe_softmax


@operation(
    kernel=kernels.attention, name="_scaled_dot_product_flash_attention_for_cpu", function=False, method=False,
    node="ScaledDotProductFlashAttentionForCpuBackward0", aten="_scaled_dot_product_flash_attention_for_cpu",
    outputs=("output", "logsumexp"), differentiable=("output",),
    joint=(
        "query, key, value",
        "attention_backward(grad, query, key, value, attn_mask, is_causal, scale, output, logsumexp, needs)",
    ),
)  # fmt: skip
def _fused(query: Array, key: Array, value: Array, attn_mask: Array | None, is_causal: bool, scale: float) -> Array:
    """Attention of ``(N, H, L, E)`` as one operation, of checked arguments."""


def _backward_again(
    grad: Any, query: Any, key: Any, value: Any, mask: Any, causal: bool, scale: float, output: Any, logsumexp: Any,
    needs: tuple[bool, bool, bool],
) -> tuple[Any, Any, Any]:  # fmt: skip
    heads = query.size(1)
    k, v = (x.repeat_interleave(heads // x.size(1), 1) for x in (key, value))
    if causal:
        mask = _with_causal(mask, query, key)
    weights = _weights(query * scale @ k.transpose(-2, -1), _added(mask, query))
    slopes = grad @ v.transpose(-2, -1)
    slopes = weights * (slopes - (slopes * weights).sum(-1, True)) * scale
    found = [slopes @ k, slopes.transpose(-2, -1) @ query, weights.transpose(-2, -1) @ grad]
    for i, x in ((1, key), (2, value)):
        found[i] = found[i].unflatten(1, (x.size(1), heads // x.size(1))).sum(2)
    return tuple(found)  # type: ignore[return-value]


in_formulas(kernels.attention_backward, _backward_again, "attention_backward")


def _causal(query: Any, key: Any) -> Any:
    """Which keys each query sees if it sees no later ones."""
    return wrap(np.tri(query.size(-2), key.size(-2), dtype=np.bool_))


def _with_causal(mask: Any, query: Any, key: Any) -> Any:
    seen = _causal(query, key)
    if mask is None:
        return seen
    return mask & seen if mask._dtype is dtypes.bool_ else mask.masked_fill(seen.logical_not(), -math.inf)


def _added(mask: Any, query: Any) -> Any:
    """A mask as what is added to the scores."""
    if mask is None or mask._dtype is not dtypes.bool_:
        return mask
    return mask.new_zeros(mask._shape, dtype=query._dtype).masked_fill_(mask.logical_not(), -math.inf)


def _weights(scores: Any, mask: Any) -> Any:
    """The softmax of scores; zeros for a query that sees no key."""
    return _safe_softmax(scores if mask is None else scores + mask, scores.ndim - 1)


def _check(query: Any, key: Any, value: Any, mask: Any) -> None:
    if not query._dtype is key._dtype is value._dtype:
        raise RuntimeError(
            f"Expected query, key, and value to have the same dtype, but got query.dtype: "
            f"{query._dtype.c_name} key.dtype: {key._dtype.c_name} and value.dtype: {value._dtype.c_name} instead."
        )
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError(
            f"Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: {query.ndim} "
            f"key.dim: {key.ndim} and value.dim: {value.ndim} instead."
        )
    if mask is not None and mask._dtype not in (dtypes.bool_, dtypes.float32, query._dtype):
        raise RuntimeError(
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
            f"{mask._dtype.c_name} and  query.dtype: {query._dtype.c_name} instead."
        )


def _fits_fused(query: Any, key: Any, value: Any, mask: Any, dropout_p: float, gqa: bool) -> bool:
    """Whether the one operation computes it: images of one size in rows, no dropout, a mask without gradient."""
    shapes = [t._shape for t in (query, key, value)]
    if dropout_p or any(len(s) != 4 or 0 in s for s in shapes) or not query._dtype.is_floating_point:
        return False
    (n, heads, length, width), (_, groups, keys, _), _ = shapes
    if {s[0] for s in shapes} != {n} or {s[3] for s in shapes} != {width} or shapes[2][1:3] != (groups, keys):
        return False
    if any(t.stride(3) != 1 for t in (query, key, value)):
        return False
    if groups != heads and not (gqa and heads % groups == 0):
        return False
    if mask is None:
        return True
    full = (n, heads, length, keys)
    shape = mask._shape
    fits = len(shape) in (2, 4) and all(a in (1, b) for a, b in zip(reversed(shape), reversed(full), strict=False))
    return fits and mask._node is None


@composite(method=False, function=False)
@explained
def scaled_dot_product_attention(
    query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False, *,
    scale: float | None = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    """Values averaged by how well their keys match each query: ``softmax(query @ key.T * scale) @ value``.

    Args:
        query: ``(..., L, E)``.
        key: ``(..., S, E)``.
        value: ``(..., S, Ev)``.
        attn_mask: booleans that are True where a key takes part, or numbers to add to the scores; ``(..., L, S)``.
        dropout_p: the share of weights to drop.
        is_causal: whether a query sees no later key.
        scale: ``1 / sqrt(E)`` unless given.
        enable_gqa: whether each head of the keys and values serves several heads of the queries.

    Returns:
        ``(..., L, Ev)``; zeros for a query that sees no key.

    Raises:
        RuntimeError: shapes, dtypes or options do not go together.
    """
    _check(query, key, value, attn_mask)
    if 0 in value._shape or not query.size(-2):
        # Of nothing. PyTorch lets the graph lead back to all three, and so do infinities and NaN.
        out = query.new_zeros((*query._shape[:-1], value.size(-1)))
        return out + _times_number(query.sum() + key.sum() + value.sum(), 0)
    if enable_gqa and (query.size(-3) % key.size(-3) or query.size(-3) % value.size(-3)):
        raise RuntimeError("Number of heads in key and value must divide the number of heads in ")
    factor = 1 / math.sqrt(query.size(-1)) if scale is None and query.size(-1) else scale or 1.0
    if _fits_fused(query, key, value, attn_mask, dropout_p, enable_gqa):
        return _fused(query, key, value, attn_mask, is_causal, factor)[0]
    kind = query._dtype
    if kind in (dtypes.float16, dtypes.bfloat16):
        query, key, value = query.float(), key.float(), value.float()
    if is_causal:
        if attn_mask is not None:
            raise RuntimeError(
                "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
            )
        attn_mask = _causal(query, key)
    mask = _added(attn_mask, query)
    if enable_gqa:
        key, value = (x.repeat_interleave(query.size(-3) // x.size(-3), -3) for x in (key, value))
    # PyTorch scales both sides by the root, against overflow.
    root = math.sqrt(abs(factor))
    scores = _times_number(query, math.copysign(root, factor)) @ _times_number(key.transpose(-2, -1), root)
    weights = _weights(scores, mask)
    if dropout_p:
        if not 0 <= dropout_p <= 1:
            raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p:g}")
        weights = drop(weights, dropout_p, True, False)
    result = weights @ value
    return result if result._dtype is kind else result.to(kind)
