"""Attention."""

import math
import warnings
from typing import Any

from ... import dtypes
from ...ops import attention as ops
from ...ops.creation import zeros
from ...ops.joining import cat
from ...ops.padding import pad
from ...ops.softmax import softmax
from ...tensor import Tensor
from ._dropout import dropout
from ._linear import linear

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]

scaled_dot_product_attention = ops.scaled_dot_product_attention


# ---------------------------------------------------------------------------------------------- masks
def _canonical_mask(
    mask: Tensor | None, mask_name: str, other_type: Any, other_name: str, target_type: Any, check_other: bool = True
) -> Tensor | None:
    """A mask of booleans (True where a key takes no part) or numbers as numbers that are added to scores.

    Raises:
        AssertionError: it holds integers.
    """
    if mask is None:
        return None
    if mask.dtype is not dtypes.bool_ and not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {mask_name} are supported")
    if check_other and other_type is not None and mask.dtype is not other_type:
        warnings.warn(
            f"Support for mismatched {mask_name} and {other_name} is deprecated. Use same type for both instead.",
            stacklevel=2,
        )
    if mask.is_floating_point():
        return mask
    found: Tensor = zeros(mask.shape, dtype=target_type)
    return found.masked_fill_(mask, -math.inf)


def _dtype(t: Tensor | None) -> Any:
    return None if t is None else t.dtype


def _mha_shape_check(
    query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None, attn_mask: Tensor | None, num_heads: int
) -> bool:
    """Whether the inputs have a batch dimension.

    Raises:
        AssertionError: their numbers of dimensions do not go together.
    """
    if query.dim() not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.dim()}-D query tensor"
        )
    batched = query.dim() == 3
    kind, n = ("batched (3-D)", 3) if batched else ("unbatched (2-D)", 2)
    if key.dim() != n or value.dim() != n:
        raise AssertionError(
            f"For {kind} `query`, expected `key` and `value` to be {n}-D"
            f" but found {key.dim()}-D and {value.dim()}-D tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.dim() != n - 1:
        raise AssertionError(
            f"For {kind} `query`, expected `key_padding_mask` to be `None` or {n - 1}-D"
            f" but found {key_padding_mask.dim()}-D tensor instead"
        )
    if attn_mask is not None:
        if attn_mask.dim() not in (2, 3):
            raise AssertionError(
                f"For {kind} `query`, expected `attn_mask` to be `None`, 2-D or 3-D"
                f" but found {attn_mask.dim()}-D tensor instead"
            )
        expected = (num_heads, query.shape[0], key.shape[0])
        if not batched and attn_mask.dim() == 3 and attn_mask.shape != expected:
            raise AssertionError(f"Expected `attn_mask` shape to be {expected} but got {attn_mask.shape}")
    return batched


def _with_batch_and_heads(mask: Tensor, sizes: tuple[int, int, int, int]) -> Tensor:
    """An attention mask as ``(1, L, S)`` or ``(N * heads, L, S)``.

    Raises:
        RuntimeError: it has another shape.
    """
    batch, heads, length, keys = sizes
    if mask.dim() not in (2, 3):
        raise RuntimeError(f"attn_mask's dimension {mask.dim()} is not supported")
    wanted = (length, keys) if mask.dim() == 2 else (batch * heads, length, keys)
    if mask.shape != wanted:
        raise RuntimeError(f"The shape of the {mask.dim()}D attn_mask is {mask.shape}, but should be {wanted}.")
    return mask.unsqueeze(0) if mask.dim() == 2 else mask


# ---------------------------------------------------------------------------------------------- projections
def _parts(projected: Tensor, count: int, width: int) -> tuple[Tensor, ...]:
    """The parts of a projection by several matrices at once."""
    stacked = projected.unflatten(-1, (count, width)).unsqueeze(0).transpose(0, -2).squeeze(-2).contiguous()
    return tuple(stacked[i] for i in range(count))


def _in_projection_packed(q: Tensor, k: Tensor, v: Tensor, w: Tensor, b: Tensor | None = None) -> tuple[Tensor, ...]:
    """Queries, keys and values by one matrix of three parts; equal inputs are projected at once."""
    width = q.size(-1)
    if k is not v:
        matrices: Any = w.chunk(3)
        biases: Any = (None,) * 3 if b is None else b.chunk(3)
        return tuple(linear(x, m, c) for x, m, c in zip((q, k, v), matrices, biases, strict=True))
    if q is k:
        return _parts(linear(q, w, b), 3, width)
    w_q, w_kv = w.split([width, width * 2])
    b_q, b_kv = (None, None) if b is None else b.split([width, width * 2])
    return linear(q, w_q, b_q), *_parts(linear(k, w_kv, b_kv), 2, width)


def _in_projection(
    q: Tensor, k: Tensor, v: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, b_q: Tensor | None = None,
    b_k: Tensor | None = None, b_v: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Queries, keys and values by a matrix each.

    Raises:
        AssertionError: a matrix or bias has another shape.
    """
    width = q.size(-1)
    for name, x, w in (("query", q, w_q), ("key", k, w_k), ("value", v, w_v)):
        if w.shape != (width, x.size(-1)):
            raise AssertionError(f"expecting {name} weights shape of {(width, x.size(-1))}, but got {w.shape}")
    for name, b in (("query", b_q), ("key", b_k), ("value", b_v)):
        if b is not None and b.shape != (width,):
            raise AssertionError(f"expecting {name} bias shape of {(width,)}, but got {b.shape}")
    return linear(q, w_q, b_q), linear(k, w_k, b_k), linear(v, w_v, b_v)


def _projected(
    inputs: tuple[Tensor, Tensor, Tensor], packed: Tensor | None, bias: Tensor | None, separate: bool,
    matrices: tuple[Tensor | None, Tensor | None, Tensor | None],
) -> tuple[Tensor, ...]:  # fmt: skip
    query, key, value = inputs
    if not separate:
        if key.shape != value.shape:
            raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
        if packed is None:
            raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
        return _in_projection_packed(query, key, value, packed, bias)
    if key.shape[:2] != value.shape[:2]:
        raise AssertionError(f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}")
    for name, m in zip("qkv", matrices, strict=True):
        if m is None:
            raise AssertionError(f"use_separate_proj_weight is True but {name}_proj_weight is None")
    biases: Any = (None,) * 3 if bias is None else bias.chunk(3)
    return _in_projection(query, key, value, *matrices, *biases)  # type: ignore[arg-type]


def _by_head(x: Tensor, static: Tensor | None, name: str, rows: int, width: int) -> Tensor:
    """Keys or values ``(S, N, E)`` as ``(N * heads, S, E / heads)``, or those that are given so.

    Raises:
        AssertionError: static ones have another shape.
    """
    if static is None:
        return x.view(x.shape[0], rows, width).transpose(0, 1)
    for d, wanted in ((0, rows), (2, width)):
        if static.size(d) != wanted:
            raise AssertionError(f"expecting {name}.size({d}) of {wanted}, but got {static.size(d)}")
    return static


# ---------------------------------------------------------------------------------------------- the whole
def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention by several heads, between a projection of the inputs and one of the result.

    Args:
        query: ``(L, N, E)`` or ``(L, E)``.
        key: ``(S, N, E)`` or ``(S, E)``.
        value: like `key`.
        embed_dim_to_check: E.
        num_heads: how many heads E is divided into.
        in_proj_weight: the matrices of queries, keys and values, ``(3 E, E)``.
        in_proj_bias: their biases, ``(3 E,)``.
        bias_k: a key added to all sequences, ``(1, 1, E)``.
        bias_v: its value.
        add_zero_attn: whether to add a key and a value of zeros.
        dropout_p: the share of weights to drop.
        out_proj_weight: the matrix of the result.
        out_proj_bias: its bias.
        training: whether to drop.
        key_padding_mask: ``(N, S)``: True (or a number added to the scores) for keys that take no part.
        need_weights: whether to return the weights.
        attn_mask: ``(L, S)`` or ``(N * num_heads, L, S)``, likewise.
        use_separate_proj_weight: whether the next three take the place of `in_proj_weight`.
        q_proj_weight: the queries' matrix.
        k_proj_weight: the keys' matrix.
        v_proj_weight: the values' matrix.
        static_k: projected keys ``(N * num_heads, S, E / num_heads)`` in place of `key`.
        static_v: projected values in place of `value`.
        average_attn_weights: whether the weights returned are means over the heads.
        is_causal: a hint that `attn_mask` lets a query see no later key.

    Returns:
        ``(L, N, E)`` or ``(L, E)``, and the weights ``(N, L, S)``, ``(N, num_heads, L, S)``, or None.

    Raises:
        AssertionError, RuntimeError: shapes do not go together.
    """
    batched = _mha_shape_check(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query = query.unsqueeze(1)
        key = key.unsqueeze(1)
        value = value.unsqueeze(1)
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    length, batch, width = query.shape
    keys = key.shape[0]
    key_padding_mask = _canonical_mask(
        key_padding_mask, "key_padding_mask", _dtype(attn_mask), "attn_mask", query.dtype
    )
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. "
            "You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and key_padding_mask is None and not need_weights:
        attn_mask = None
    else:
        attn_mask = _canonical_mask(attn_mask, "attn_mask", None, "", query.dtype, check_other=False)
        is_causal = is_causal and key_padding_mask is None
    if width != embed_dim_to_check:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim_to_check}, but got {width}")
    head = width // num_heads
    if head * num_heads != width:
        raise AssertionError(f"embed_dim {width} not divisible by num_heads {num_heads}")
    q, k, v = _projected(
        (query, key, value),
        in_proj_weight,
        in_proj_bias,
        use_separate_proj_weight,
        (q_proj_weight, k_proj_weight, v_proj_weight),
    )
    if attn_mask is not None:
        attn_mask = _with_batch_and_heads(attn_mask, (batch, num_heads, length, keys))

    added = 0
    if bias_k is not None and bias_v is not None:
        if static_k is not None:
            raise AssertionError("bias cannot be added to static key.")
        if static_v is not None:
            raise AssertionError("bias cannot be added to static value.")
        k = cat([k, bias_k.repeat(1, batch, 1)])
        v = cat([v, bias_v.repeat(1, batch, 1)])
        added += 1
    elif bias_k is not None:
        raise AssertionError("bias_k is set but bias_v is None")
    elif bias_v is not None:
        raise AssertionError("bias_v is set but bias_k is None")
    rows = batch * num_heads
    q = q.view(length, rows, head).transpose(0, 1)
    k = _by_head(k, static_k, "static_k", rows, head)
    v = _by_head(v, static_v, "static_v", rows, head)
    if add_zero_attn:
        k = cat([k, zeros(rows, 1, head, dtype=k.dtype)], dim=1)
        v = cat([v, zeros(rows, 1, head, dtype=v.dtype)], dim=1)
        added += 1
    for _ in range(added):
        attn_mask = None if attn_mask is None else pad(attn_mask, (0, 1))
        key_padding_mask = None if key_padding_mask is None else pad(key_padding_mask, (0, 1))
    keys = k.size(1)
    if key_padding_mask is not None:
        for d, wanted in enumerate((batch, keys)):
            if key_padding_mask.shape[d] != wanted:
                raise AssertionError(
                    f"Expected key_padded_mask.shape[{d}] to be {wanted}, but got {key_padding_mask.shape[d]}"
                )
        padding = key_padding_mask.view(batch, 1, 1, keys).expand(-1, num_heads, -1, -1).reshape(rows, 1, keys)
        attn_mask = padding if attn_mask is None else attn_mask + padding
    dropout_p = dropout_p if training else 0.0

    if not need_weights:
        if attn_mask is not None:
            attn_mask = attn_mask.unsqueeze(0) if len(attn_mask) == 1 else attn_mask.view(batch, num_heads, -1, keys)
        q, k, v = (x.view(batch, num_heads, -1, head) for x in (q, k, v))
        result: Tensor = scaled_dot_product_attention(q, k, v, attn_mask, dropout_p, is_causal)
        result = result.permute(2, 0, 1, 3).reshape(batch * length, width)
        result = linear(result, out_proj_weight, out_proj_bias).view(length, batch, -1)
        return result if batched else result.squeeze(1), None

    if is_causal and attn_mask is None:
        raise AssertionError("FIXME: is_causal not implemented for need_weights")
    scaled = q * math.sqrt(1.0 / float(head))
    scores = scaled.bmm(k.transpose(-2, -1)) if attn_mask is None else attn_mask.baddbmm(scaled, k.transpose(-2, -1))
    weights = softmax(scores, -1)
    if dropout_p > 0.0:
        weights = dropout(weights, p=dropout_p)
    result = weights.bmm(v).transpose(0, 1).reshape(length * batch, width)
    result = linear(result, out_proj_weight, out_proj_bias).view(length, batch, -1)
    weights = weights.view(batch, num_heads, length, keys)
    if average_attn_weights:
        weights = weights.mean(dim=1)
    return (result, weights) if batched else (result.squeeze(1), weights.squeeze(0))
