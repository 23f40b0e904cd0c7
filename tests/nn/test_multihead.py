"""`nn.MultiheadAttention` and `nn.EmbeddingBag`, beside PyTorch."""

import numpy as np
import pytest
from beside import check


def made(t, *shape, seed=0, grad=True):
    values = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    return t.from_numpy(values).requires_grad_(grad)


OPTIONS = {
    "plain": {},
    "batch first": {"batch_first": True},
    "no bias": {"bias": False},
    "added": {"add_bias_kv": True, "add_zero_attn": True},
    "sizes": {"kdim": 5, "vdim": 7},
    "dropout": {"dropout": 0.3},
}


@pytest.mark.parametrize("name", list(OPTIONS))
@pytest.mark.parametrize("weights", [True, False])
def test_attention_between_sequences(name, weights):
    def scenario(t):
        t.manual_seed(0)
        options = OPTIONS[name]
        layer = t.nn.MultiheadAttention(8, 2, **options)
        q = made(t, 3, 4, 8)
        k = made(t, 3, 4, options.get("kdim", 8), seed=1)
        v = made(t, 3, 4, options.get("vdim", 8), seed=2)
        found, share = layer(q, k, v, need_weights=weights)
        grads = t.autograd.grad((found * found).sum(), (q, k, v, *layer.parameters()))
        return found, share, grads, {k: tuple(v.shape) for k, v in layer.state_dict().items()}, repr(layer)

    check(scenario, strides=False, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("weights", [True, False])
def test_masks(weights):
    def scenario(t):
        t.manual_seed(0)
        layer = t.nn.MultiheadAttention(8, 2)
        x = made(t, 4, 3, 8)
        padding = t.tensor([[False, False, True, True], [False] * 4, [False, False, False, True]])
        seen = t.ones(4, 4).triu(1).bool()
        found = [
            layer(x, x, x, key_padding_mask=padding, need_weights=weights),
            layer(x, x, x, attn_mask=seen, key_padding_mask=padding, need_weights=weights, average_attn_weights=False),
            layer(x[:, 0], x[:, 0], x[:, 0], attn_mask=seen, need_weights=weights),
            layer(x, x, x, attn_mask=seen.expand(6, 4, 4), need_weights=weights),
        ]
        return found

    check(scenario, strides=False, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        lambda t, f: t.nn.MultiheadAttention(8, 3),
        lambda t, f: t.nn.MultiheadAttention(8, 0),
        lambda t, f: f(t.ones(2), t.ones(2), t.ones(2)),
        lambda t, f: f(t.ones(2, 8), t.ones(2, 3, 8), t.ones(2, 8)),
        lambda t, f: f(t.ones(2, 3, 8), t.ones(2, 3, 8), t.ones(4, 3, 8)),
        lambda t, f: f(t.ones(2, 3, 8), t.ones(2, 3, 8), t.ones(2, 3, 8), attn_mask=t.ones(3, 3).bool()),
        lambda t, f: f(t.ones(2, 3, 8), t.ones(2, 3, 8), t.ones(2, 3, 8), attn_mask=t.ones(2, 2).long()),
        lambda t, f: f(t.ones(2, 3, 8), t.ones(2, 3, 8), t.ones(2, 3, 8), key_padding_mask=t.ones(2, 2).bool()),
        lambda t, f: f(t.ones(2, 3, 8), t.ones(2, 3, 8), t.ones(2, 3, 8), is_causal=True),
        lambda t, f: f(t.ones(2, 3, 6), t.ones(2, 3, 6), t.ones(2, 3, 6)),
    ],
)
def test_wrong_arguments(call):
    check(lambda t: call(t, t.nn.MultiheadAttention(8, 2)))


def test_bags():
    def scenario(t):
        t.manual_seed(0)
        layer = t.nn.EmbeddingBag(6, 3, mode="sum", padding_idx=-1, max_norm=2.0, norm_type=1.0)
        at, offsets = t.tensor([0, 5, 2, 1]), t.tensor([0, 1])
        found = layer(at, offsets)
        table = t.nn.EmbeddingBag.from_pretrained(t.ones(3, 2))
        return found, layer.weight, repr(layer), repr(table), table(t.tensor([[0, 1]]))

    check(scenario)
