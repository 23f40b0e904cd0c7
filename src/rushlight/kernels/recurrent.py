"""One direction of a layer of an LSTM over whole sequences, with its gradient.

What the input adds to the gates is one product for all steps, and so are the gradients of the weights. Steps are
compiled kernels from some size on.
"""

import numpy as np

from .dispatch import Kernel, share
from .matmul import column_sums, linear, mm
from .numpy_pointwise import sigmoid

Array = np.ndarray

# From how many cells of a step on the compiled kernels are worth their call.
SMALLEST = 256

_FORWARD, _BACKWARD = Kernel("recurrent", "forward", common=False), Kernel("recurrent", "backward", common=False)


def _step(gates: Array, before: Array, cells: Array, hidden: Array) -> None:
    """One step on NumPy: the gates become what they let through, cells and hidden states are written."""
    size = cells.shape[1]
    for first, last in ((0, 2 * size), (3 * size, 4 * size)):
        gates[:, first:last] = sigmoid(gates[:, first:last])
    enter, forget, new, leave = (gates[:, i * size : (i + 1) * size] for i in range(4))
    np.tanh(new, out=new)
    np.multiply(forget, before, out=cells)
    cells += enter * new
    np.multiply(leave, np.tanh(cells), out=hidden)


def _step_back(gates: Array, before: Array, cells: Array, by_hidden: Array, by_cells: Array, by_gates: Array) -> None:
    """The gradients of one step on NumPy; `by_cells` becomes the gradient of the cells before."""
    size = cells.shape[1]
    enter, forget, new, leave = (gates[:, i * size : (i + 1) * size] for i in range(4))
    squashed = np.tanh(cells)
    by_cells += by_hidden * leave * (1 - squashed * squashed)
    by_gates[:, :size] = by_cells * new * enter * (1 - enter)
    by_gates[:, size : 2 * size] = by_cells * before * forget * (1 - forget)
    by_gates[:, 2 * size : 3 * size] = by_cells * enter * (1 - new * new)
    by_gates[:, 3 * size :] = by_hidden * squashed * leave * (1 - leave)
    by_cells *= forget


def lstm_layer(
    x: Array, w_ih: Array, w_hh: Array, b_ih: Array, b_hh: Array, hidden: Array, cell: Array, reverse: bool
) -> tuple[Array, Array, Array, Array, Array]:
    """Runs a direction of a layer.

    Args:
        x: ``(T, B, I)``.
        w_ih, w_hh: ``(4 H, I)`` and ``(4 H, H)``, for the gates of input, forgetting, new cells and output.
        b_ih, b_hh: ``(4 H,)``.
        hidden, cell: the first states, ``(B, H)``.
        reverse: whether it begins with the last step.

    Returns:
        The hidden states of all steps ``(T, B, H)``, the last hidden state and cells, and for the gradient the gates
        ``(T, B, 4 H)`` and cells ``(T, B, H)`` of all steps.
    """
    steps, batch, width = x.shape
    size = w_hh.shape[1]
    gates = linear(x.reshape(steps * batch, width), w_ih, b_ih + b_hh).reshape(steps, batch, 4 * size)
    output, cells = (np.empty((steps, batch, size), x.dtype) for _ in range(2))
    more, across = np.empty((batch, 4 * size), x.dtype), w_hh.T
    run = _FORWARD.get(x.dtype) if batch * size >= SMALLEST else None
    grain = share(batch, 16 * size)
    h, c = np.ascontiguousarray(hidden), np.ascontiguousarray(cell)
    for t in range(steps - 1, -1, -1) if reverse else range(steps):
        np.dot(h, across, out=more)
        g, h_next, c_next = gates[t], output[t], cells[t]
        if run is None:
            g += more
            _step(g, c, c_next, h_next)
        else:
            run(batch, grain, g, more, c, c_next, h_next, size)
        h, c = h_next, c_next
    return output, h.copy(), c.copy(), gates, cells


def lstm_layer_backward(
    grads: tuple[Array | None, ...], x: Array, w_ih: Array, w_hh: Array, hidden: Array, cell: Array, reverse: bool,
    output: Array, gates: Array, cells: Array, needs: tuple[bool, ...],
) -> tuple[Array | None, ...]:  # fmt: skip
    """The gradients of `lstm_layer` by its first seven arguments.

    Args:
        grads: those of the first three results; None is zero.
        x, w_ih, w_hh, hidden, cell, reverse: its arguments.
        output, gates, cells: its results.
        needs: which gradients are wanted.
    """
    steps, batch, width = x.shape
    size = w_hh.shape[1]
    by_output, by_last, by_cell = grads
    by_h = np.zeros((batch, size), x.dtype) if by_last is None else np.array(by_last, order="C")
    by_c = np.zeros((batch, size), x.dtype) if by_cell is None else np.array(by_cell, order="C")
    by_gates = np.empty(gates.shape, gates.dtype)
    run = _BACKWARD.get(x.dtype) if batch * size >= SMALLEST else None
    grain = share(batch, 16 * size)
    first = np.ascontiguousarray(cell)
    for t in range(steps) if reverse else range(steps - 1, -1, -1):
        if by_output is not None:
            by_h += by_output[t]
        before = t + 1 if reverse else t - 1
        c = cells[before] if 0 <= before < steps else first
        if run is None:
            _step_back(gates[t], c, cells[t], by_h, by_c, by_gates[t])
        else:
            run(batch, grain, gates[t], c, cells[t], by_h, by_c, by_gates[t], size)
        np.dot(by_gates[t], w_hh, out=by_h)
    flat = by_gates.reshape(steps * batch, 4 * size)
    bias = column_sums(flat) if needs[3] or needs[4] else None
    by_w_hh = None
    if needs[2]:
        states = np.empty(output.shape, output.dtype)
        if reverse:
            states[:-1], states[-1] = output[1:], hidden
        else:
            states[1:], states[0] = output[:-1], hidden
        by_w_hh = mm(flat.T, states.reshape(steps * batch, size))
    return (
        mm(flat, w_ih).reshape(x.shape) if needs[0] else None,
        mm(flat.T, x.reshape(steps * batch, width)) if needs[1] else None,
        by_w_hh,
        bias if needs[3] else None,
        bias.copy() if needs[4] and bias is not None else None,
        by_h if needs[5] else None,
        by_c if needs[6] else None,
    )
