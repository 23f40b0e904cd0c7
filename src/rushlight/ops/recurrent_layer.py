"""One direction of a layer of an LSTM as one operation, as PyTorch has it for sequences of float32."""

from typing import Any

from ..kernels import recurrent as kernels
from .declare import Array, in_formulas, operation
from .joining import cat, stack
from .linear import linear


def _backward_again(
    grads: Any, x: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, hidden: Any, cell: Any, reverse: bool, needs: Any
) -> tuple[Any, ...]:
    """The gradients, written with operations that can be differentiated; states are computed once more."""
    steps = len(x)
    order = range(steps - 1, -1, -1) if reverse else range(steps)
    inputs, kept = linear(x, w_ih, b_ih).unbind(0), []
    h, c = hidden, cell
    for t in order:
        enter, forget, new, leave = (linear(h, w_hh, b_hh) + inputs[t]).chunk(4, -1)
        enter, forget, new, leave = enter.sigmoid(), forget.sigmoid(), new.tanh(), leave.sigmoid()
        after = forget * c + enter * new
        kept.append((t, h, c, after.tanh(), enter, forget, new, leave))
        h, c = leave * kept[-1][3], after
    by_h, by_c = (s * 0 if g is None else g for g, s in ((grads[1], hidden), (grads[2], cell)))
    by_gates: list[Any] = [None] * steps
    states: list[Any] = [None] * steps
    for t, h, c, squashed, enter, forget, new, leave in reversed(kept):
        by_h = by_h if grads[0] is None else by_h + grads[0][t]
        by_c = by_c + by_h * leave * (1 - squashed * squashed)
        by_gates[t] = cat([
            by_c * new * enter * (1 - enter), by_c * c * forget * (1 - forget), by_c * enter * (1 - new * new),
            by_h * squashed * leave * (1 - leave),
        ], -1)  # fmt: skip
        states[t] = h
        by_h, by_c = by_gates[t] @ w_hh, by_c * forget
    flat = cat(by_gates)
    bias = flat.sum(0)
    return stack(by_gates) @ w_ih, flat.mT @ x.flatten(0, 1), flat.mT @ cat(states), bias, bias * 1, by_h, by_c


def _backward(
    grads: Any, x: Array, w_ih: Array, w_hh: Array, b_ih: Array, b_hh: Array, hidden: Array, cell: Array,
    reverse: bool, output: Array, gates: Array, cells: Array, needs: Any,
) -> tuple[Any, ...]:  # fmt: skip
    return kernels.lstm_layer_backward(grads, x, w_ih, w_hh, hidden, cell, reverse, output, gates, cells, needs)


in_formulas(
    _backward,
    lambda grads, x, w_ih, w_hh, b_ih, b_hh, hidden, cell, reverse, output, gates, cells, needs: _backward_again(
        grads, x, w_ih, w_hh, b_ih, b_hh, hidden, cell, reverse, needs
    ),
    "lstm_layer_backward",
)


@operation(
    name="_lstm_layer", node="MkldnnRnnLayerBackward0", aten="mkldnn_rnn_layer", function=False, method=False,
    out=False, outputs=("result0", "result1", "result2", "gates", "cells"),
    differentiable=("result0", "result1", "result2"),
    tangent="refused", kernel=kernels.lstm_layer,
    joint=(
        "input, weight0, weight1, weight2, weight3, hx_, cx_",
        "lstm_layer_backward(grads[:3], input, weight0, weight1, weight2, weight3, hx_, cx_, reverse, result0, gates, "
        "cells, needs)",
    ),
)  # fmt: skip
def lstm_layer(
    input: Array, weight0: Array, weight1: Array, weight2: Array, weight3: Array, hx_: Array, cx_: Array, reverse: bool
) -> Array:
    """The hidden states of all steps, the last hidden state, and the last cells."""
