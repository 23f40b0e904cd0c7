"""Recurrent networks: Elman's (with tanh or relu), LSTM and GRU; cells, and whole sequences, packed ones as well.

A cell is a function of the input's part of its gates, ``input @ w_ih.T + b_ih``, which is computed for all steps of a
sequence at once, of the hidden state, and of the other weights. The parameters of a network are the lists
``w_ih, w_hh[, b_ih, b_hh][, w_hr]`` of all layers, and of both directions of each, behind each other.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from .. import dtypes
from ..base import TensorBase
from .declare import composite
from .dropout import drop
from .elementary import relu
from .joining import cat, stack
from .linear import linear
from .recurrent_layer import lstm_layer
from .signatures import Mismatch, forms


class _Weights(NamedTuple):
    """The parameters of one direction of one layer."""

    w_ih: Any
    w_hh: Any
    b_ih: Any = None
    b_hh: Any = None
    w_hr: Any = None


# ---------------------------------------------------------------------------------------------- cells
def _rnn(activation: Callable[[Any], Any]) -> Callable[[Any, Any, _Weights], Any]:
    def step(gates: Any, hidden: Any, weights: _Weights) -> Any:
        return activation(linear(hidden, weights.w_hh, weights.b_hh) + gates)

    return step


def _gru(gates: Any, hidden: Any, weights: _Weights) -> Any:
    reset_i, update_i, new_i = gates.unsafe_chunk(3, -1)
    reset_h, update_h, new_h = linear(hidden, weights.w_hh, weights.b_hh).unsafe_chunk(3, -1)
    reset = (reset_h + reset_i).sigmoid()
    update = (update_h + update_i).sigmoid()
    new = (new_i + new_h * reset).tanh()
    return (hidden - new) * update + new


def _lstm(gates: Any, state: tuple[Any, Any], weights: _Weights) -> tuple[Any, Any]:
    hidden, cell = state
    gates = linear(hidden, weights.w_hh, weights.b_hh) + gates
    enter, forget, new, leave = gates.unsafe_chunk(4, -1)
    cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
    hidden = leave.sigmoid() * cell.tanh()
    return (hidden if weights.w_hr is None else linear(hidden, weights.w_hr)), cell


def _each(function: Callable[..., Any], *states: Any) -> Any:
    """A function of states, applied to hidden state and cell separately where a state has both."""
    if isinstance(states[0], tuple):
        return tuple(function(*parts) for parts in zip(*states, strict=True))
    return function(*states)


def _output(state: Any) -> Any:
    return state[0] if isinstance(state, tuple) else state


# ---------------------------------------------------------------------------------------------- one layer
def _run(step: Any, input: Any, state: Any, weights: _Weights, reverse: bool) -> tuple[Any, Any]:
    """One direction of a layer over ``(T, B, *)``: the outputs and the last state."""
    if step is _lstm and weights.w_hr is None and input._dtype is dtypes.float32 and input._data.size:
        w_ih, w_hh, b_ih, b_hh, _ = weights
        if b_ih is None:
            b_ih = b_hh = w_ih.new_zeros(len(w_ih))
        output, *last = lstm_layer(input, w_ih, w_hh, b_ih, b_hh, *state, reverse)[:3]
        return output, tuple(last)
    gates = linear(input, weights.w_ih, weights.b_ih).unbind(0)
    outputs = []
    for g in reversed(gates) if reverse else gates:
        state = step(g, state, weights)
        outputs.append(_output(state))
    return stack(outputs[::-1] if reverse else outputs, 0), state


def _run_packed(
    step: Any, input: Any, sizes: list[int], state: Any, weights: _Weights, reverse: bool
) -> tuple[Any, Any]:
    """One direction of a layer over packed steps: the packed outputs and the last state of each sequence."""
    gates = linear(input, weights.w_ih, weights.b_ih).split(sizes)
    outputs = []
    if reverse:
        # From the last step on, sequences join as they begin.
        start, state = state, _each(lambda s: s.narrow(0, 0, sizes[-1]), state)
        for g, size, before in zip(reversed(gates), reversed(sizes), [sizes[-1], *reversed(sizes)], strict=False):
            if size > before:
                state = _each(lambda s, a: cat([s, a.narrow(0, before, size - before)]), state, start)  # noqa: B023
            state = step(g, state, weights)
            outputs.append(_output(state))
        return cat(outputs[::-1]), state
    ended = []
    for g, size, before in zip(gates, sizes, [sizes[0], *sizes], strict=False):
        if size < before:
            ended.append(_each(lambda s: s.narrow(0, size, before - size), state))  # noqa: B023
            state = _each(lambda s: s.narrow(0, 0, size), state)  # noqa: B023
        state = step(g, state, weights)
        outputs.append(_output(state))
    ended.append(state)
    return cat(outputs), _each(lambda *parts: cat(parts), *reversed(ended)) if len(ended) > 1 else state


# ---------------------------------------------------------------------------------------------- all layers
class _Network(NamedTuple):
    """What the functions for whole sequences are called with, beside the sequence."""

    params: Any
    has_biases: bool
    num_layers: int
    dropout: float
    train: bool
    bidirectional: bool

    def weights(self) -> list[_Weights]:
        """The parameters of each direction of each layer.

        Raises:
            RuntimeError: there are too few or too many.
        """
        params = list(self.params)
        count = self.num_layers * (2 if self.bidirectional else 1)
        size = len(params) // count if count else 0
        if count == 0 or size * count != len(params) or size < (4 if self.has_biases else 2):
            raise RuntimeError("got an incorrect number of RNN parameters")
        found = []
        for i in range(count):
            given = params[i * size : (i + 1) * size]
            biases = given[2:4] if self.has_biases else [None, None]
            rest = given[4:] if self.has_biases else given[2:]
            found.append(_Weights(*given[:2], *biases, *rest))
        return found


def _network(step: Any, input: Any, sizes: list[int] | None, hx: Any, network: _Network) -> tuple[Any, ...]:
    """Runs a network over ``(T, B, *)``, or over packed steps of which each has its number of sequences."""
    weights = network.weights()
    directions = 2 if network.bidirectional else 1
    states = [_each(lambda h: h[i], hx) for i in range(len(weights))]  # noqa: B023
    last = []
    for layer in range(network.num_layers):
        outputs = []
        for d in range(directions):
            i = layer * directions + d
            if sizes is None:
                output, state = _run(step, input, states[i], weights[i], d == 1)
            else:
                output, state = _run_packed(step, input, sizes, states[i], weights[i], d == 1)
            outputs.append(output)
            last.append(state)
        input = outputs[0] if directions == 1 else cat(outputs, -1)
        if network.dropout and network.train and layer < network.num_layers - 1:
            input = drop(input, network.dropout, True, False)
    hidden = _each(lambda *parts: stack(parts, 0), *last)
    return (input, *hidden) if isinstance(hidden, tuple) else (input, hidden)


def _sequences(step: Any, packed: bool, args: tuple[Any, ...], names: dict[str, Any]) -> tuple[Any, ...]:
    """Runs a network as it is called: with padded sequences, or with packed ones and their batch sizes."""
    if packed:
        data, batch_sizes, hx, *rest = args
        return _network(step, data, batch_sizes.tolist(), hx, _Network(*rest, **names))
    input, hx, *rest = args
    batch_first = names.pop("batch_first") if "batch_first" in names else rest.pop()
    found, *hidden = _network(step, input.transpose(0, 1) if batch_first else input, None, hx, _Network(*rest, **names))
    return (found.transpose(0, 1) if batch_first else found), *hidden


def _declared(name: str, step: Any) -> Any:
    """The function for whole sequences of that name."""
    states = "tuple of Tensors" if name == "lstm" else "Tensor"
    rest = "tuple of Tensors params, bool has_biases, int num_layers, float dropout, bool train, bool bidirectional"

    def run(*args: Any, **kwargs: Any) -> tuple[Any, ...]:
        if len(args) + len(kwargs) != 9:
            raise Mismatch
        if "batch_sizes" in kwargs or "data" in kwargs:
            order = ("data", "batch_sizes", "hx")
            args = (*args, *(kwargs.pop(n) for n in order[len(args) :]))
            return _sequences(step, True, args, kwargs)
        args = (*args, *(kwargs.pop(n) for n in ("input", "hx")[len(args) :]))
        packed = isinstance(args[1], TensorBase) and (name == "lstm" or isinstance(args[2], TensorBase))
        return _sequences(step, packed, args, kwargs)

    run.__name__ = run.__qualname__ = name
    run.__doc__ = f"""Runs layers of `torch.nn.{name.split("_")[0].upper()}` over sequences.

    Called with ``(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)``, or for
    packed sequences with ``(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)``.

    Returns:
        The outputs of the last layer, and the last states of all layers.
    """
    checked = forms(f"Tensor data, Tensor batch_sizes, {states} hx, {rest}",
                    f"Tensor input, {states} hx, {rest}, bool batch_first")(run)  # fmt: skip
    return composite(method=False)(checked)


def _tanh(x: Any) -> Any:
    return x.tanh()


rnn_tanh = _declared("rnn_tanh", _rnn(_tanh))
rnn_relu = _declared("rnn_relu", _rnn(relu))
gru = _declared("gru", _gru)
lstm = _declared("lstm", _lstm)


# ---------------------------------------------------------------------------------------------- single steps
def _step(step: Any, input: Any, state: Any, weights: _Weights) -> Any:
    return step(linear(input, weights.w_ih, weights.b_ih), state, weights)


@composite(method=False)
def rnn_tanh_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """One step of a network with tanh: ``tanh(input @ w_ih.T + b_ih + hx @ w_hh.T + b_hh)``."""
    return _step(_rnn(_tanh), input, hx, _Weights(w_ih, w_hh, b_ih, b_hh))


@composite(method=False)
def rnn_relu_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """One step of a network with relu: ``relu(input @ w_ih.T + b_ih + hx @ w_hh.T + b_hh)``."""
    return _step(_rnn(relu), input, hx, _Weights(w_ih, w_hh, b_ih, b_hh))


@composite(method=False)
def gru_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """One step of a GRU, whose gates are in the order reset, update, new; returns the hidden state.

    Args:
        input: ``(N, features)`` or ``(features,)``.
        hx: the hidden state before.
        w_ih, w_hh: the weights of the input and of the hidden state.
        b_ih, b_hh: the biases, or None.
    """
    return _step(_gru, input, hx, _Weights(w_ih, w_hh, b_ih, b_hh))


@composite(method=False)
def lstm_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> tuple[Any, Any]:
    """One step of an LSTM, whose gates are in the order input, forget, cell, output.

    Args:
        input: ``(N, I)``.
        hx: the hidden state and the cell, ``(N, H)`` each.
        w_ih: ``(4 H, I)``.
        w_hh: ``(4 H, H)``.
        b_ih: ``(4 H,)`` or None.
        b_hh: ``(4 H,)`` or None.

    Returns:
        The hidden state and the cell.

    Raises:
        RuntimeError: there are not two states.
    """
    if len(hx) != 2:
        raise RuntimeError("lstm_cell expects two hidden states")
    return tuple(_step(_lstm, input, tuple(hx), _Weights(w_ih, w_hh, b_ih, b_hh)))  # type: ignore[return-value]
