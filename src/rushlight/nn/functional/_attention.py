"""Attention."""

import math

from ...ops.creation import ones, zeros_like
from ...ops.softmax import softmax
from ...tensor import Tensor
from ._dropout import dropout

__all__ = ["scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Average values by how well their keys match each query: ``softmax(query @ key.T * scale) @ value``.

    Args:
        query: ``(..., L, E)``.
        key: ``(..., S, E)``.
        value: ``(..., S, Ev)``.
        attn_mask: booleans that are True where a key takes part, or numbers to add to the scores; ``(..., L, S)``.
        dropout_p: the share of weights to drop.
        is_causal: whether a query sees no later key; excludes `attn_mask`.
        scale: ``1 / sqrt(E)`` unless given.
        enable_gqa: whether each head of the keys and values serves several heads of the queries.

    Returns:
        ``(..., L, Ev)``.

    Raises:
        RuntimeError: both a mask and `is_causal` are given.
    """
    if enable_gqa:
        heads = query.size(-3)
        key = key.repeat_interleave(heads // key.size(-3), -3)
        value = value.repeat_interleave(heads // value.size(-3), -3)
    scores = query @ key.transpose(-2, -1) * (1 / math.sqrt(query.size(-1)) if scale is None else scale)
    if is_causal:
        if attn_mask is not None:
            raise RuntimeError(
                "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
            )
        attn_mask = ones(query.size(-2), key.size(-2), dtype=query.dtype).tril() > 0
    if attn_mask is not None and str(attn_mask.dtype) == "torch.bool":
        attn_mask = zeros_like(attn_mask, dtype=query.dtype).masked_fill(~attn_mask, -math.inf)
    if attn_mask is not None:
        scores = scores + attn_mask
    return dropout(softmax(scores, -1), dropout_p) @ value
