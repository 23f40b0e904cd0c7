# ruff: noqa: D102 - the docstring of a layer says what its forward computes
"""Single steps of recurrent networks."""

import math
from typing import Any

from ...ops import recurrent as ops
from ...ops.creation import empty, zeros
from ...tensor import Tensor
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]


class RNNCellBase(Module):
    """What cells share.

    Args:
        input_size: size of the input.
        hidden_size: size of the hidden state.
        bias: whether there are biases.
        num_chunks: how many gates there are.
        device: where the parameters are made.
        dtype: of the parameters.
    """

    input_size: int
    hidden_size: int
    bias: bool
    weight_ih: Tensor
    weight_hh: Tensor

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        made = {"device": device, "dtype": dtype}
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        gates = num_chunks * hidden_size
        self.weight_ih = Parameter(empty((gates, input_size), **made))
        self.weight_hh = Parameter(empty((gates, hidden_size), **made))
        for name in ("bias_ih", "bias_hh"):
            if bias:
                setattr(self, name, Parameter(empty(gates, **made)))
            else:
                self.register_parameter(name, None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text

    def _weights(self) -> tuple[Any, ...]:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def _inputs(self, input: Tensor, hx: Tensor | None) -> tuple[Tensor, Tensor]:
        """Input and hidden state with their batch dimension; the state zeros if there is none.

        Raises:
            ValueError: one has neither one dimension nor two.
        """
        name = type(self).__name__
        for what, t in (("input", input), ("hidden", hx)):
            if t is not None and t.dim() not in (1, 2):
                raise ValueError(f"{name}: Expected {what} to be 1D or 2D, got {t.dim()}D instead")
        batched = input.dim() == 2
        if not batched:
            input = input.unsqueeze(0)
        if hx is None:
            return input, zeros(input.size(0), self.hidden_size, dtype=input.dtype)
        return input, hx if batched else hx.unsqueeze(0)


class RNNCell(RNNCellBase):
    """One step of Elman's network: ``tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)``.

    Args:
        input_size: size of the input.
        hidden_size: size of the hidden state.
        bias: whether there are biases.
        nonlinearity: ``"tanh"`` or ``"relu"``.
        device: where the parameters are made.
        dtype: of the parameters.

    Shape:
        ``(N, input_size)`` and ``(N, hidden_size)``, or without N, to the next hidden state.
    """

    nonlinearity: str

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, num_chunks=1, device=device, dtype=dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        x, h = self._inputs(input, hx)
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        step = ops.rnn_tanh_cell if self.nonlinearity == "tanh" else ops.rnn_relu_cell
        found: Tensor = step(x, h, *self._weights())
        return found if input.dim() == 2 else found.squeeze(0)


class GRUCell(RNNCellBase):
    """One step of a `GRU`.

    The arguments are those of `RNNCell`, without the nonlinearity.

    Shape:
        ``(N, input_size)`` and ``(N, hidden_size)``, or without N, to the next hidden state.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, num_chunks=3, device=device, dtype=dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        found: Tensor = ops.gru_cell(*self._inputs(input, hx), *self._weights())
        return found if input.dim() == 2 else found.squeeze(0)


class LSTMCell(RNNCellBase):
    """One step of an `LSTM`.

    The arguments are those of `RNNCell`, without the nonlinearity.

    Shape:
        ``(N, input_size)`` and twice ``(N, hidden_size)``, or without N, to the next hidden state and cell.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, num_chunks=4, device=device, dtype=dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        for i, h in enumerate(hx or ()):
            if h.dim() not in (1, 2):
                raise ValueError(f"LSTMCell: Expected hx[{i}] to be 1D or 2D, got {h.dim()}D instead")
        x, hidden = self._inputs(input, None if hx is None else hx[0])
        cell = hidden if hx is None else self._inputs(input, hx[1])[1]
        found: tuple[Tensor, Tensor] = ops.lstm_cell(x, (hidden, cell), *self._weights())
        return found if input.dim() == 2 else (found[0].squeeze(0), found[1].squeeze(0))
