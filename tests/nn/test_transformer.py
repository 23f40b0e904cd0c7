"""Transformers, beside PyTorch."""

import warnings

import numpy as np
import pytest
from beside import check


def made(t, *shape, seed=0, grad=True):
    values = np.random.default_rng(seed).standard_normal(shape)
    return t.from_numpy(values).requires_grad_(grad)


OPTIONS = {
    "plain": {},
    "norm first": {"norm_first": True, "activation": "gelu"},
    "batch first": {"batch_first": True, "bias": False},
    "dropout": {"dropout": 0.2},
}


@pytest.mark.parametrize("name", list(OPTIONS))
def test_encoder_and_decoder_layers(name):
    def scenario(t):
        t.manual_seed(0)
        options = {"dropout": 0.0, "dtype": t.float64, **OPTIONS[name]}
        encoder = t.nn.TransformerEncoderLayer(8, 2, 12, **options)
        decoder = t.nn.TransformerDecoderLayer(8, 2, 12, **options)
        src, tgt = made(t, 3, 3, 8), made(t, 3, 3, 8, seed=1)
        found = decoder(tgt, encoder(src))
        grads = t.autograd.grad((found * found).sum(), (src, tgt, *encoder.parameters(), *decoder.parameters()))
        return found, grads, repr(encoder), repr(decoder), list(decoder.state_dict())

    check(scenario, strides=False)


def test_the_whole():
    def scenario(t):
        t.manual_seed(0)
        model = t.nn.Transformer(8, 2, 2, 2, 12, dropout=0.1, dtype=t.float64)
        src, tgt = made(t, 4, 3, 8), made(t, 3, 3, 8, seed=1)
        mask = t.nn.Transformer.generate_square_subsequent_mask(3, dtype=t.float64)
        padding = t.tensor([[False, False, True, True], [False] * 4, [False] * 3 + [True]])
        found = model(src, tgt, tgt_mask=mask, src_key_padding_mask=padding, memory_key_padding_mask=padding)
        grads = t.autograd.grad((found * found).sum(), (src, tgt, *model.parameters()), allow_unused=True)
        return found, grads, repr(model), mask

    check(scenario, strides=False)


@pytest.mark.parametrize("padded", [[4, 2, 3], None])
def test_padded_places_are_zeros_where_no_gradient_is_wanted(padded):
    def scenario(t):
        t.manual_seed(0)
        layer = t.nn.TransformerEncoderLayer(8, 2, 12, batch_first=True, dtype=t.float64)
        model = t.nn.TransformerEncoder(layer, 2).eval()
        src = made(t, 3, 4, 8, grad=False)
        if padded is None:
            padding = t.tensor([[True, False, False, False], [False] * 4, [False] * 4])
        else:
            padding = t.arange(4) >= t.tensor(padded).unsqueeze(1)
        with t.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's, that the tensors it does this with are a prototype
            quick = model(src, src_key_padding_mask=padding)
        return quick, model(src, src_key_padding_mask=padding).detach()

    check(scenario, strides=False)


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.nn.TransformerEncoderLayer(8, 3),
        lambda t: t.nn.TransformerDecoderLayer(8, 2, activation="tanh"),
        lambda t: t.nn.Transformer(8, 2, 1, 1, 4)(t.ones(2, 3, 8), t.ones(2, 4, 8)),
        lambda t: t.nn.Transformer(8, 2, 1, 1, 4)(t.ones(2, 3, 6), t.ones(2, 3, 6)),
        lambda t: len(t.nn.TransformerEncoder(t.nn.TransformerEncoderLayer(8, 2, norm_first=True), 1).layers),
    ],
)
def test_wrong_arguments_and_warnings(call):
    check(lambda t: call(t))
