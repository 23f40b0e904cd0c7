# ruff: noqa: D102 - the docstring of a layer says what its forward computes
"""One layer of a transformer: attention, and a small network that sees one place at a time.

Source: A. Vaswani et al., Attention Is All You Need, 2017; R. Xiong et al., On Layer Normalization in the Transformer
Architecture, 2020, for `norm_first`.
"""

import inspect
from collections.abc import Callable
from typing import Any

from ...tensor import Tensor
from .. import functional as F
from ..functional._attention import _canonical_mask, _dtype
from .activation import GELU, ReLU
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .multihead import MultiheadAttention
from .normalization import LayerNorm

__all__ = ["TransformerDecoderLayer", "TransformerEncoderLayer"]

Activation = str | Callable[[Tensor], Tensor]


def _is(function: Any, other: Any) -> bool:
    """Whether two functions are the same, perhaps as wrapped for classes derived from Tensor."""
    return callable(function) and inspect.unwrap(function) is inspect.unwrap(other)


def _get_activation_fn(activation: str) -> Callable[[Tensor], Tensor]:
    if activation == "relu":
        return F.relu
    if activation == "gelu":
        return F.gelu
    raise RuntimeError(f"activation should be relu/gelu, not {activation}")


class _Layer(Module):
    """What both kinds of layers share: attention to oneself, and the network of two linear layers."""

    self_attn: MultiheadAttention
    linear1: Linear
    linear2: Linear
    dropout: Dropout
    norm1: LayerNorm
    norm2: LayerNorm
    dropout1: Dropout
    dropout2: Dropout
    norm_first: bool
    activation: Callable[[Tensor], Tensor]

    # The attentions of a layer; each of them, and then the network, has a normalization and a dropout of its own.
    _attentions: tuple[str, ...]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        made: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        for name in self._attentions:
            setattr(self, name, MultiheadAttention(d_model, nhead, dropout=dropout, batch_first=batch_first, **made))
        self.linear1 = Linear(d_model, dim_feedforward, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **made)
        self.norm_first = norm_first
        parts = range(1, len(self._attentions) + 2)
        for i in parts:
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, **made))
        for i in parts:
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = _get_activation_fn(activation) if isinstance(activation, str) else activation

    def _attended(
        self, attention: Module, x: Tensor, memory: Tensor, mask: Tensor | None, padding: Tensor | None, causal: bool
    ) -> Tensor:
        found: Tensor = attention(
            x, memory, memory, attn_mask=mask, key_padding_mask=padding, is_causal=causal, need_weights=False
        )[0]
        return found

    def _sa_block(
        self, x: Tensor, attn_mask: Tensor | None, key_padding_mask: Tensor | None, is_causal: bool = False
    ) -> Tensor:
        found: Tensor = self.dropout1(self._attended(self.self_attn, x, x, attn_mask, key_padding_mask, is_causal))
        return found

    def _fed_forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.linear2(self.dropout(self.activation(self.linear1(x))))
        return found


class TransformerEncoderLayer(_Layer):
    """Attention of a sequence to itself, then a small network at each place; both added to what comes in.

    Args:
        d_model: size of each place.
        nhead: number of heads.
        dim_feedforward: inner size of the small network.
        dropout: the share of elements dropped.
        activation: ``"relu"``, ``"gelu"`` or a function.
        layer_norm_eps: added to variances.
        batch_first: whether the batch comes before the length.
        norm_first: whether to normalize before attention and network instead of behind.
        bias: whether linear layers and normalizations have biases.
        device: where the parameters are made.
        dtype: of the parameters.

    Shape:
        ``(S, N, E)``, with `batch_first` ``(N, S, E)``, or ``(S, E)``, to the same.
    """

    _attentions = ("self_attn",)

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        how = dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype
        super().__init__(d_model, nhead, *how)
        # PyTorch's mark for its quick way.
        self.activation_relu_or_gelu = 0
        if _is(self.activation, F.relu) or isinstance(self.activation, ReLU):
            self.activation_relu_or_gelu = 1
        elif _is(self.activation, F.gelu) or isinstance(self.activation, GELU):
            self.activation_relu_or_gelu = 2

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        padding = _canonical_mask(src_key_padding_mask, "src_key_padding_mask", _dtype(src_mask), "src_mask", src.dtype)
        mask = _canonical_mask(src_mask, "src_mask", None, "", src.dtype, check_other=False)
        x = src
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), mask, padding, is_causal)
            return x + self._ff_block(self.norm2(x))
        x = self.norm1(x + self._sa_block(x, mask, padding, is_causal))
        found: Tensor = self.norm2(x + self._ff_block(x))
        return found

    def _ff_block(self, x: Tensor) -> Tensor:
        found: Tensor = self.dropout2(self._fed_forward(x))
        return found


class TransformerDecoderLayer(_Layer):
    """Attention of a sequence to itself, then to another one, then a small network; each added to what comes in.

    The arguments are those of `TransformerEncoderLayer`.

    Shape:
        ``(T, N, E)`` and the other sequence ``(S, N, E)``, with `batch_first` the batch first, to ``(T, N, E)``.
    """

    multihead_attn: MultiheadAttention
    norm3: LayerNorm
    dropout3: Dropout

    _attentions = ("self_attn", "multihead_attn")

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        own = tgt_mask, tgt_key_padding_mask, tgt_is_causal
        other = memory_mask, memory_key_padding_mask, memory_is_causal
        x = tgt
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), *own)
            x = x + self._mha_block(self.norm2(x), memory, *other)
            return x + self._ff_block(self.norm3(x))
        x = self.norm1(x + self._sa_block(x, *own))
        x = self.norm2(x + self._mha_block(x, memory, *other))
        found: Tensor = self.norm3(x + self._ff_block(x))
        return found

    def _mha_block(
        self, x: Tensor, mem: Tensor, attn_mask: Tensor | None, key_padding_mask: Tensor | None, is_causal: bool = False
    ) -> Tensor:
        found: Tensor = self.dropout2(
            self._attended(self.multihead_attn, x, mem, attn_mask, key_padding_mask, is_causal)
        )
        return found

    def _ff_block(self, x: Tensor) -> Tensor:
        found: Tensor = self.dropout3(self._fed_forward(x))
        return found
