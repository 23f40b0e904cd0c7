"""Attention, bags of rows and connectionist temporal classification, beside PyTorch."""

import numpy as np
import pytest
import torch
from beside import check

import rushlight


def made(t, *shape, seed=0, grad=True, dtype="float64"):
    values = np.random.default_rng(seed).standard_normal(shape).astype(dtype)
    return t.from_numpy(values).requires_grad_(grad)


def inputs(t, grad=True):
    return (
        made(t, 2, 4, 3, 6, grad=grad),
        made(t, 2, 4, 5, 6, seed=1, grad=grad),
        made(t, 2, 4, 5, 6, seed=2, grad=grad),
    )


MASKS = {
    "none": lambda t: {},
    "causal": lambda t: {"is_causal": True},
    "bool": lambda t: {"attn_mask": t.tensor([[1, 0, 1, 0, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]]).bool()},
    "added": lambda t: {"attn_mask": made(t, 3, 5, seed=4, grad=False)},
    "both": lambda t: {"attn_mask": made(t, 2, 1, 3, 5, seed=4, grad=False), "is_causal": True},
    "scale": lambda t: {"scale": 0.3},
}


@pytest.mark.parametrize("name", list(MASKS))
def test_attention_in_one_operation(name):
    def scenario(t):
        q, k, v = inputs(t)
        found = t.nn.functional.scaled_dot_product_attention(q, k, v, **MASKS[name](t))
        return found, t.autograd.grad((found * found).sum(), (q, k, v))

    check(scenario, strides=False)


def test_attention_of_grouped_heads():
    def scenario(t):
        q, k, v = inputs(t)
        found = t.nn.functional.scaled_dot_product_attention(q, k[:, :2], v[:, :2], enable_gqa=True)
        return found, t.autograd.grad((found * found).sum(), (q, k, v))

    check(scenario, strides=False)


@pytest.mark.parametrize("name", ["causal", "bool", "added", "scale"])
def test_attention_of_other_shapes_and_its_second_derivative(name):
    def scenario(t):
        q, k, v = (x[:, 0] for x in inputs(t))
        options = MASKS[name](t)
        found = t.nn.functional.scaled_dot_product_attention(q, k, v, **options)
        first = t.autograd.grad((found * found).sum(), (q, k, v), create_graph=True)
        second = t.autograd.grad(sum((g * g).sum() for g in first), (q, k, v))
        return found.detach(), [g.detach() for g in first], second

    check(scenario, strides=False)


def test_the_mask_may_want_a_gradient():
    def scenario(t):
        q, k, v = inputs(t)
        mask = made(t, 3, 5, seed=4)
        found = t.nn.functional.scaled_dot_product_attention(q, k, v, mask)
        return t.autograd.grad((found * found).sum(), (q, mask))

    check(scenario)


def test_attention_drops_the_same_weights():
    def scenario(t):
        t.manual_seed(3)
        return t.nn.functional.scaled_dot_product_attention(*inputs(t, False), dropout_p=0.4)

    check(scenario)


def test_second_derivative_of_the_one_operation_is_that_of_its_parts():
    import rushlight as t

    q, k, v = inputs(t)
    second = []
    for value in (v, v + 0 * made(t, 2, 4, 5, 6, seed=9)[..., :6]):
        mask = made(t, 3, 5, seed=4, grad=len(second) == 1)  # a mask with a gradient takes the way by parts
        found = t.nn.functional.scaled_dot_product_attention(q, k, value, mask)
        first = t.autograd.grad((found * found).sum(), (q, k, v), create_graph=True)
        second.append(t.autograd.grad(sum((g * g).sum() for g in first), (q, k, v)))
    for one, parts in zip(*second, strict=True):
        np.testing.assert_allclose(one.numpy(), parts.numpy(), rtol=1e-9, atol=1e-9)


# ---------------------------------------------------------------------------------------------- bags
@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("padding", [None, 1, -2])
@pytest.mark.parametrize("last", [False, True])
def test_bags(mode, padding, last):
    def scenario(t):
        table, at = made(t, 6, 3), t.tensor([0, 1, 1, 3, 2, 5, 5])
        offsets = t.tensor([0, 2, 2, 5, 7] if last else [0, 2, 2, 5])
        bags = t.nn.functional.embedding_bag(
            at, table, offsets, mode=mode, padding_idx=padding, include_last_offset=last,
            scale_grad_by_freq=mode != "max",
        )  # fmt: skip
        rows = t.nn.functional.embedding_bag(at[:6].view(2, 3), table, mode=mode)
        return bags, t.autograd.grad((bags * bags).sum(), table), rows

    check(scenario)


def test_bags_of_weighted_rows_and_what_pytorch_keeps():
    def scenario(t):
        table, weights = made(t, 6, 3), made(t, 4, seed=1)
        at, offsets = t.tensor([4, 0, 2, 4]), t.tensor([0, 3])
        bags = t.nn.functional.embedding_bag(at, table, offsets, mode="sum", per_sample_weights=weights)
        kept = [t.embedding_bag(table, at, offsets, False, mode)[1:] for mode in (0, 1, 2)]
        return bags, t.autograd.grad((bags * bags).sum(), (table, weights)), kept

    check(scenario)


def test_rows_are_scaled_down_in_the_table():
    def scenario(t):
        table, at = made(t, 5, 3), t.tensor([1, 4, 1])
        rows = t.nn.functional.embedding(at, table, max_norm=0.5, norm_type=1.5)
        bags = t.nn.functional.embedding_bag(at, table, t.tensor([0, 1]), max_norm=0.3)
        return rows, bags, table, table._version

    check(scenario)


@pytest.mark.parametrize(
    "call",
    [
        lambda t, w, i: t.embedding_bag(w, i, t.tensor([1, 2])),
        lambda t, w, i: t.embedding_bag(w, i, t.tensor([0, 9])),
        lambda t, w, i: t.embedding_bag(w, i + 3, t.tensor([0])),
        lambda t, w, i: t.embedding_bag(w, i.float(), t.tensor([0])),
        lambda t, w, i: t.embedding_bag(w, i, t.tensor([0]), False, 1, False, t.ones(3).double()),
        lambda t, w, i: t.embedding_bag(w, i, t.tensor([0]), False, 0, False, None, False, 7),
        lambda t, w, i: t.embedding_bag(w.float(), i + 3, t.tensor([0])),
        lambda t, w, i: t.nn.functional.embedding_bag(i, w),
        lambda t, w, i: t.nn.functional.embedding_bag(i, w, t.tensor([0]), mode="min"),
        lambda t, w, i: t.nn.functional.embedding_bag(i, w, t.tensor([0]), per_sample_weights=t.ones(3).double()),
        lambda t, w, i: t.embedding_renorm_(t.ones(3, 2), t.tensor([5]), 1.0, 2.0),
        lambda t, w, i: t.embedding_renorm_(w, i, 1.0, 2.0),
        lambda t, w, i: t.autograd.grad(
            t.autograd.grad(
                t.nn.functional.embedding_bag(i, w, t.tensor([0])).pow(2).sum(), w, create_graph=True
            )[0].sum(), w,
        ),
        lambda t, w, i: t.nn.functional.scaled_dot_product_attention(w, w.float(), w),
        lambda t, w, i: t.nn.functional.scaled_dot_product_attention(w[0], w, w),
        lambda t, w, i: t.nn.functional.scaled_dot_product_attention(w, w, w, t.ones(4, 4).long()),
        lambda t, w, i: t.nn.functional.scaled_dot_product_attention(w, w, w, t.ones(4, 4).bool(), is_causal=True),
        lambda t, w, i: t.nn.functional.scaled_dot_product_attention(w, w, w, dropout_p=1.5),
    ],
)  # fmt: skip
def test_wrong_arguments(call):
    check(lambda t: call(t, made(t, 4, 3), t.tensor([0, 1, 1])))


# ---------------------------------------------------------------------------------------------- alignments
def sequences(t):
    scores = made(t, 6, 3, 5)
    return (
        scores,
        scores.log_softmax(2),
        t.tensor([[1, 2, 2], [3, 1, 0], [4, 4, 4]]),
        t.tensor([6, 4, 2]),
        t.tensor([3, 2, 3]),
    )


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("zero_infinity", [False, True])
@pytest.mark.parametrize("blank", [0, 3])
def test_ctc_loss(reduction, zero_infinity, blank):
    def scenario(t):
        scores, log_probs, targets, lengths, labels = sequences(t)
        loss = t.nn.functional.ctc_loss(log_probs, targets, lengths, labels, blank, reduction, zero_infinity)
        return loss, t.autograd.grad(loss.sum(), scores)

    check(scenario)


def test_ctc_loss_takes_targets_behind_each_other_and_single_sequences():
    def scenario(t):
        _, log_probs, targets, lengths, _ = sequences(t)
        flat = t.nn.functional.ctc_loss(log_probs, targets.view(-1)[:6], tuple(lengths.tolist()), (3, 0, 3))
        one = t.nn.functional.ctc_loss(log_probs[:, 0], targets[0], t.tensor(6), t.tensor(3), reduction="none")
        return flat, one, t.nn.CTCLoss(zero_infinity=True)(log_probs, targets, lengths, t.tensor([0, 0, 3]))

    check(scenario)


@pytest.mark.parametrize(
    "changed",
    [
        {"blank": 7},
        {"lengths": [6, 4]},
        {"labels": [3, 2]},
        {"lengths": [9, 4, 2]},
        {"lengths": [6, -1, 2]},
        {"labels": [4, 2, 3]},
        {"labels": [-1, 2, 3]},
    ],
)
def test_ctc_loss_refuses(changed):
    def scenario(t):
        _, log_probs, targets, lengths, labels = sequences(t)
        lengths = t.tensor(changed["lengths"]) if "lengths" in changed else lengths
        labels = t.tensor(changed["labels"]) if "labels" in changed else labels
        return t.nn.functional.ctc_loss(log_probs, targets, lengths, labels, changed.get("blank", 0))

    check(scenario)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("shape", [(2, 5, 8), (2, 3, 5, 8)])
def test_attention_in_half_precision_rounds_where_pytorch_does(dtype, shape):
    draws = np.random.RandomState(3).uniform(-9, 9, (3, *shape)).astype(np.float32)
    found = []
    for t in (rushlight, torch):
        query, key, value = t.from_numpy(draws).to(getattr(t, dtype))
        attention = t.nn.functional.scaled_dot_product_attention
        found.append(attention(query, key, value, t.ones(5, 5).tril() > 0).float().numpy())
    # One unit in the last place of the largest value.
    np.testing.assert_allclose(*found, rtol=0, atol=9 * torch.finfo(getattr(torch, dtype)).eps)
