"""Recurrent networks and packed sequences, beside PyTorch."""

import numpy as np
import pytest
from beside import check

NETWORKS = ["RNN", "GRU", "LSTM"]
OPTIONS = {
    "one layer": {},
    "deep": {"num_layers": 2, "dropout": 0.4},
    "both ways": {"num_layers": 2, "bidirectional": True},
    "no bias": {"bias": False, "batch_first": True},
}


def made(t, *shape, seed=0, grad=True):
    values = np.random.default_rng(seed).standard_normal(shape).astype(np.float64)
    return t.from_numpy(values).requires_grad_(grad)


def flat(found):
    return [x for f in found for x in (f if isinstance(f, tuple) else (f,))]


def gradients(t, outputs, inputs):
    return t.autograd.grad(sum((o * o).sum() for o in outputs), inputs)


def summary(outputs):
    """Values without node names: PyTorch has LSTMs of another library, as one node."""
    return [o.detach() for o in outputs]


@pytest.mark.parametrize("options", list(OPTIONS))
@pytest.mark.parametrize("name", NETWORKS)
def test_sequences(name, options):
    def scenario(t):
        t.manual_seed(0)
        layer = getattr(t.nn, name)(3, 4, dtype=t.float64, **OPTIONS[options])
        x = made(t, 5, 2, 3)
        found = flat(layer(x))
        shapes = {k: tuple(v.shape) for k, v in layer.state_dict().items()}
        return summary(found), gradients(t, found, (x, *layer.parameters())), shapes, repr(layer)

    check(scenario, strides=False)


@pytest.mark.parametrize("name", NETWORKS)
def test_states_and_single_sequences(name):
    def scenario(t):
        t.manual_seed(0)
        layer = getattr(t.nn, name)(3, 4, 2, bidirectional=True, dtype=t.float64)
        x, h = made(t, 5, 2, 3), made(t, 4, 2, 4, seed=1)
        state = (h, made(t, 4, 2, 4, seed=2)) if name == "LSTM" else h
        found = flat(layer(x, state))
        one = flat(layer(x[:, 0], tuple(s[:, 0] for s in state) if name == "LSTM" else h[:, 0]))
        return summary(found), summary(one), gradients(t, found + one, (x, h))

    check(scenario, strides=False)


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("in_order", [False, True])
def test_packed_sequences(name, both, in_order):
    def scenario(t):
        t.manual_seed(0)
        layer = getattr(t.nn, name)(3, 4, 2, bidirectional=both, dtype=t.float64)
        x = made(t, 5, 3, 3)
        lengths = [5, 3, 1] if in_order else [2, 5, 3]
        packed = t.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=in_order)
        output, state = layer(packed)
        padded, back = t.nn.utils.rnn.pad_packed_sequence(output, total_length=6)
        found = [padded, *(state if name == "LSTM" else (state,))]
        return summary(found), back, output.batch_sizes, gradients(t, found, (x, *layer.parameters()))

    check(scenario, strides=False)


def test_packed_states():
    def scenario(t):
        t.manual_seed(0)
        layer = t.nn.LSTM(3, 4, proj_size=2, dtype=t.float64)
        x, h, c = made(t, 5, 3, 3), made(t, 1, 3, 2, seed=1), made(t, 1, 3, 4, seed=2)
        packed = t.nn.utils.rnn.pack_padded_sequence(x, t.tensor([2, 5, 3]), enforce_sorted=False)
        output, state = layer(packed, (h, c))
        return summary([output.data, *state]), gradients(t, [output.data, *state], (x, h, c)), repr(layer)

    check(scenario, strides=False)


def test_packing():
    def scenario(t):
        rnn = t.nn.utils.rnn
        sequences = [made(t, 2, 2), made(t, 4, 2, seed=1), made(t, 1, 2, seed=2)]
        packed = rnn.pack_sequence(sequences, enforce_sorted=False)
        padded, lengths = rnn.pad_packed_sequence(packed, batch_first=True, padding_value=-1.0)
        back = rnn.unpack_sequence(packed)
        return tuple(packed), padded, lengths, summary(back), packed.float().data.dtype, gradients(t, back, sequences)

    check(scenario, strides=False)


@pytest.mark.parametrize("options", [{}, {"bias": False}])
@pytest.mark.parametrize("name", ["RNNCell", "GRUCell", "LSTMCell"])
def test_cells(name, options):
    def scenario(t):
        t.manual_seed(0)
        cell = getattr(t.nn, name)(3, 4, dtype=t.float64, **options)
        x, h = made(t, 2, 3), made(t, 2, 4, seed=1)
        state = (h, made(t, 2, 4, seed=2)) if name == "LSTMCell" else h
        found = flat([cell(x, state), cell(x), cell(x[0])])
        return found, gradients(t, found, (x, h, *cell.parameters())), repr(cell)

    check(scenario, strides=False)


def test_relu_networks():
    def scenario(t):
        t.manual_seed(0)
        layer, cell = t.nn.RNN(3, 4, nonlinearity="relu"), t.nn.RNNCell(3, 4, nonlinearity="relu")
        x = made(t, 5, 2, 3).float()
        return layer(x), cell(x[0]), repr(layer), repr(cell)

    check(scenario, strides=False, rtol=1e-5, atol=1e-6)


def test_functions_of_torch():
    def scenario(t):
        t.manual_seed(0)
        layer = t.nn.GRU(3, 4, dtype=t.float64)
        x, h = made(t, 5, 2, 3), made(t, 1, 2, 4, seed=1)
        weights = list(layer.parameters())
        return t.gru(x, h, weights, True, 1, 0.0, False, False, False), t.gru_cell(x[0], h[0], *weights)

    check(scenario, strides=False)


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: t.nn.RNN(3, 0),
        lambda t, x: t.nn.RNN(3.0, 4),
        lambda t, x: t.nn.RNN(3, 4, nonlinearity="sin"),
        lambda t, x: t.nn.GRU(3, 4, proj_size=1),
        lambda t, x: t.nn.LSTM(3, 4, proj_size=4),
        lambda t, x: t.nn.LSTM(3, 4, dropout=1.5),
        lambda t, x: repr(t.nn.LSTM(3, 4, dropout=0.5)),
        lambda t, x: t.nn.LSTM(3, 4)(x.double()),
        lambda t, x: t.nn.LSTM(3, 4)(x[..., :2]),
        lambda t, x: t.nn.LSTM(3, 4)(x[None]),
        lambda t, x: t.nn.RNN(3, 4)(x[None]),
        lambda t, x: t.nn.GRU(3, 4)(x, t.ones(1, 3, 4)),
        lambda t, x: t.nn.GRU(3, 4)(x, t.ones(2, 4)),
        lambda t, x: t.nn.LSTM(3, 4)(x, (t.ones(1, 2, 4), t.ones(1, 3, 4))),
        lambda t, x: t.nn.LSTM(3, 4)(x, (t.ones(2, 4), t.ones(2, 4))),
        lambda t, x: t.nn.GRUCell(3, 4)(x),
        lambda t, x: t.nn.LSTMCell(3, 4)(x[0], (t.ones(1, 1, 1), t.ones(1))),
        lambda t, x: t.nn.utils.rnn.pack_padded_sequence(x, [3, 5]),
        lambda t, x: t.nn.utils.rnn.pack_padded_sequence(x, [3]),
        lambda t, x: t.nn.utils.rnn.pack_padded_sequence(x, [3, 0]),
        lambda t, x: t.gru(),
    ],
)
def test_wrong_arguments(call):
    check(lambda t: call(t, t.ones(5, 2, 3)))
