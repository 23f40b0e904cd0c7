"""Scaled dot-product attention on NumPy arrays, with its gradient."""

import numpy as np

from rushlight.kernels.numpy_common import narrow, widen

Array = np.ndarray


def _scores(q: Array, k: Array, mask: Array | None, causal: bool, scale: float) -> Array:
    """How well each key matches each query, with -inf where it takes no part."""
    found = np.matmul(q, k.swapaxes(-1, -2))
    found *= np.asarray(scale, q.dtype)
    if causal:
        found = np.where(np.tri(*found.shape[-2:], dtype=np.bool_), found, np.asarray(-np.inf, found.dtype))
    if mask is not None:
        if mask.dtype == np.bool_:
            return np.where(mask, found, np.asarray(-np.inf, found.dtype))
        return np.asarray(found + mask.astype(found.dtype))
    return found


def _heads(x: Array, heads: int) -> Array:
    """Keys or values, each for as many heads of the queries as share it."""
    return x if x.shape[1] == heads else np.repeat(x, heads // x.shape[1], axis=1)


def attention(
    query: Array, key: Array, value: Array, mask: Array | None, causal: bool, scale: float
) -> tuple[Array, Array]:
    """``softmax(query @ key.T * scale) @ value``; zeros for a query that sees no key.

    Args:
        query: ``(N, H, L, E)``.
        key, value: ``(N, G, S, E)``, where G divides H.
        mask: booleans or numbers to add that broadcast to ``(N, H, L, S)``, or None.
        causal: whether a query sees no later key.
        scale: the factor of the scores.

    Returns:
        ``(N, H, L, E)``, and the logarithm of the sum of the exponentials of the scores.
    """
    q, k, v = (widen(x) for x in (query, key, value))
    k, v = _heads(k, q.shape[1]), _heads(v, q.shape[1])
    scores = _scores(q, k, None if mask is None else widen(mask), causal, scale)
    most = scores.max(-1, keepdims=True)
    most = np.where(np.isneginf(most), 0, most)
    weights = np.exp(scores - most)
    total = np.add.reduce(weights, axis=-1, keepdims=True)
    result = np.empty_like(query)
    weights = widen(narrow(weights, query.dtype))  # half precision multiplies values by rounded weights
    result[...] = narrow(np.matmul(weights, v) / np.where(total == 0, 1, total), query.dtype)
    return result, np.log(total[..., 0]) + most[..., 0]


def attention_backward(
    g: Array, query: Array, key: Array, value: Array, mask: Array | None, causal: bool, scale: float, result: Array,
    logsumexp: Array, needs: tuple[bool, bool, bool],
) -> tuple[Array, Array, Array]:  # fmt: skip
    """The gradients of `attention` by queries, keys and values."""
    q, k, v, g, out = (widen(x) for x in (query, key, value, g, result))
    heads = q.shape[1]
    k, v = _heads(k, heads), _heads(v, heads)
    seen = np.where(np.isneginf(logsumexp), np.inf, logsumexp)[..., None]
    weights = np.exp(_scores(q, k, None if mask is None else widen(mask), causal, scale) - seen)
    by_v = np.matmul(weights.swapaxes(-1, -2), g)
    slopes = weights * (np.matmul(g, v.swapaxes(-1, -2)) - np.add.reduce(g * out, axis=-1, keepdims=True))
    slopes *= np.asarray(scale, slopes.dtype)
    by_q, by_k = np.matmul(slopes, k), np.matmul(slopes.swapaxes(-1, -2), q)
    if key.shape[1] != heads:
        n, _, s, e = by_k.shape
        by_k, by_v = (x.reshape(n, key.shape[1], -1, s, e).sum(2) for x in (by_k, by_v))
    return narrow(by_q, query.dtype), narrow(by_k, key.dtype), narrow(by_v, value.dtype)
