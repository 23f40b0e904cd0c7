"""`nn.functional`: losses, normalisation and distances against PyTorch, and PyTorch's words for wrong arguments."""

import warnings

import numpy as np
import pytest

from .reference import assert_close, assert_same, rushlight, torch


def arrays(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def classes(shape, n, seed=0):
    return np.random.default_rng(seed).integers(0, n, shape)


def chances(*shape, seed=0):
    return np.random.default_rng(seed).uniform(0.05, 0.95, shape).astype(np.float32)


def signs(*shape):
    return np.where(chances(*shape) > 0.5, 1, -1).astype(np.float32)


A, B = arrays((4, 5), (4, 5))
WEIGHT5 = chances(5, seed=3)
PROBABILITIES = np.exp(A) / np.exp(A).sum(1, keepdims=True)

# A call of F, whose first argument x requires a gradient; the other tensors of the call by name.
LOSSES = {
    "mse_loss(x, b{})": {"x": A, "b": B},
    "mse_loss(x, b, weight=w{})": {"x": A, "b": B, "w": chances(4, 5)},
    "l1_loss(x, b{})": {"x": A, "b": B},
    "l1_loss(x, b, weight=w{})": {"x": A, "b": B, "w": chances(4, 5)},
    "smooth_l1_loss(x, b, beta=0.5{})": {"x": A, "b": B},
    "smooth_l1_loss(x, b, beta=0{})": {"x": A, "b": B},
    "huber_loss(x, b, delta=0.7{})": {"x": A, "b": B},
    "huber_loss(x, b, weight=w{})": {"x": A, "b": B, "w": chances(4, 5)},
    "cross_entropy(x, y{})": {"x": A, "y": classes(4, 5)},
    "cross_entropy(x, y, label_smoothing=0.2{})": {"x": A, "y": classes(4, 5)},
    "cross_entropy(x, y, weight=w, ignore_index=1{})": {"x": A, "y": np.array([0, 1, 4, 1]), "w": WEIGHT5},
    "cross_entropy(x, y, weight=w, label_smoothing=0.1{})": {"x": A, "y": classes(4, 5), "w": WEIGHT5},
    "cross_entropy(x, b{})": {"x": A, "b": PROBABILITIES},
    "cross_entropy(x, b, weight=w, label_smoothing=0.1{})": {"x": A, "b": PROBABILITIES, "w": WEIGHT5},
    "cross_entropy(x, y, weight=w{}) ": {"x": arrays((2, 5, 3, 2))[0], "y": classes((2, 3, 2), 5), "w": WEIGHT5},
    "cross_entropy(x, y{}) ": {"x": arrays((5,))[0], "y": np.array(3)},
    "nll_loss(x, y{})": {"x": A, "y": classes(4, 5)},
    "nll_loss(x, y, weight=w, ignore_index=2{})": {"x": A, "y": np.array([2, 1, 4, 2]), "w": WEIGHT5},
    "nll_loss(x, y{}) ": {"x": arrays((2, 5, 3))[0], "y": classes((2, 3), 5)},
    "nll_loss(x, y{})  ": {"x": arrays((5,))[0], "y": np.array(3)},
    "binary_cross_entropy(x, b{})": {"x": chances(4, 5), "b": chances(4, 5, seed=1)},
    "binary_cross_entropy(x, b, weight=w{})": {"x": chances(4, 5), "b": chances(4, 5, seed=1), "w": WEIGHT5},
    "binary_cross_entropy_with_logits(x, b{})": {"x": A, "b": chances(4, 5)},
    "binary_cross_entropy_with_logits(x, b, weight=w, pos_weight=p{})": {
        "x": A,
        "b": chances(4, 5),
        "w": WEIGHT5,
        "p": WEIGHT5 * 2,
    },
    "kl_div(x, b{})": {"x": A, "b": PROBABILITIES},
    "kl_div(x, b, log_target=True{})": {"x": A, "b": B},
    "poisson_nll_loss(x, b{})": {"x": A, "b": chances(4, 5) * 3},
    "poisson_nll_loss(x, b, log_input=False, full=True{})": {"x": chances(4, 5), "b": chances(4, 5) * 3},
    "gaussian_nll_loss(x, b, v, full=True{})": {"x": A, "b": B, "v": chances(4, 5)},
    "gaussian_nll_loss(x, b, v{})": {"x": A, "b": B, "v": chances(4, 1)},
    "gaussian_nll_loss(x, b, v{}) ": {"x": A, "b": B, "v": chances(4)},
    "gaussian_nll_loss(x, b, 0.5{})": {"x": A, "b": B},
    "soft_margin_loss(x, s{})": {"x": A, "s": signs(4, 5)},
    "hinge_embedding_loss(x, s, margin=0.8{})": {"x": A, "s": signs(4, 5)},
    "margin_ranking_loss(x, b, s, margin=0.3{})": {"x": A, "b": B, "s": signs(4, 5)},
    "cosine_embedding_loss(x, b, s, margin=0.1{})": {"x": A, "b": B, "s": signs(4)},
    "triplet_margin_loss(x, b, c{})": {"x": A, "b": B, "c": A * 2},
    "triplet_margin_loss(x, b, c, margin=0.5, p=1, swap=True{})": {"x": A, "b": B, "c": A + B},
}


def call(t, text, given):
    tensors = {name: t.from_numpy(np.array(value)) for name, value in given.items()}
    tensors["x"].requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = eval(f"t.nn.functional.{text.strip()}", {"t": t, **tensors})
    out.sum().backward()
    return out, tensors["x"].grad


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("loss", LOSSES)
def test_loss(loss, reduction):
    text = loss.format(f", reduction='{reduction}'")
    for ours, theirs in zip(*(call(t, text, LOSSES[loss]) for t in (rushlight, torch)), strict=True):
        assert_close(ours, theirs)


OTHERS = {
    "kl_div(x, b, reduction='batchmean')": {"x": A, "b": PROBABILITIES},
    "normalize(x)": {"x": A},
    "normalize(x, p=1, dim=0)": {"x": A},
    "cosine_similarity(x, b)": {"x": A, "b": B},
    "cosine_similarity(x, b, dim=0)": {"x": A, "b": B},
    "pairwise_distance(x, b)": {"x": A, "b": B},
    "pairwise_distance(x, b, p=1, keepdim=True)": {"x": A, "b": B},
    "instance_norm(x)": {"x": arrays((2, 3, 5))[0]},
    "instance_norm(x, weight=w, bias=w)": {"x": arrays((2, 5, 3, 2))[0], "w": WEIGHT5},
    "batch_norm(x, m, v, training=False)": {"x": A, "m": WEIGHT5, "v": WEIGHT5},
    "batch_norm(x, None, None, w, w, training=True)": {"x": A, "w": WEIGHT5},
    "linear(x, w)": {"x": A, "w": WEIGHT5},
    "linear(x, w, b)": {"x": A, "w": arrays((3, 5))[0], "b": arrays((3,))[0]},
    "softmax(x, 1, dtype=t.float64)": {"x": A},
    "log_softmax(x, dim=0)": {"x": A},
    "pad(x, (1, 2))": {"x": A},
    "pad(x, (1, 2, 0, -1), value=3)": {"x": A},
    "pad(x, (1, 1), mode='reflect')": {"x": arrays((2, 3, 4))[0]},
    "local_response_norm(x, 2)": {"x": arrays((2, 4, 5))[0]},
}


@pytest.mark.parametrize("text", OTHERS)
def test_function(text):
    for ours, theirs in zip(*(call(t, text, OTHERS[text]) for t in (rushlight, torch)), strict=True):
        assert_close(ours, theirs)


def f(t):
    return t.nn.functional


WORDS = {
    "mse_sizes": lambda t: f(t).mse_loss(t.zeros(2, 1), t.zeros(2, 3)),
    "l1_sizes": lambda t: f(t).l1_loss(t.zeros(2, 1), t.zeros(2, 3)),
    "huber_sizes": lambda t: f(t).huber_loss(t.zeros(2, 1), t.zeros(2, 3)),
    "smooth_sizes": lambda t: f(t).smooth_l1_loss(t.zeros(2, 1), t.zeros(2, 3)),
    "sizes_apart": lambda t: f(t).mse_loss(t.zeros(2), t.zeros(3)),
    "no_tensor": lambda t: f(t).mse_loss(3, t.zeros(2)),
    "no_target": lambda t: f(t).l1_loss(t.zeros(2), [0.0, 0.0]),
    "reduction": lambda t: f(t).mse_loss(t.zeros(2), t.zeros(2), reduction="average"),
    "reduction_old": lambda t: f(t).mse_loss(t.ones(2), t.zeros(2), reduction="elementwise_mean"),
    "reduction_weighted": lambda t: f(t).mse_loss(t.ones(2), t.zeros(2), reduction="x", weight=t.ones(2)),
    "weight_size": lambda t: f(t).mse_loss(t.ones(2), t.zeros(2), weight=t.ones(3)),
    "size_average": lambda t: f(t).mse_loss(t.ones(2), t.zeros(2), size_average=False),
    "reduce": lambda t: f(t).cross_entropy(t.ones(2, 2), t.tensor([0, 1]), reduce=False),
    "cross_entropy_classes": lambda t: f(t).cross_entropy(t.zeros(2, 3), t.tensor([0, 3])),
    "cross_entropy_negative": lambda t: f(t).cross_entropy(t.zeros(2, 3), t.tensor([0, -1])),
    "cross_entropy_batch": lambda t: f(t).cross_entropy(t.zeros(2, 3), t.tensor([0, 1, 2])),
    "cross_entropy_dtype": lambda t: f(t).cross_entropy(t.zeros(2, 3), t.tensor([0.0, 1.0])),
    "cross_entropy_int": lambda t: f(t).cross_entropy(t.zeros(2, 3), t.tensor([0, 1], dtype=t.int32)),
    "cross_entropy_weight": lambda t: f(t).cross_entropy(t.zeros(2, 3), t.tensor([0, 1]), weight=t.ones(2)),
    "cross_entropy_smoothing": lambda t: f(t).cross_entropy(t.zeros(2, 3), t.tensor([0, 1]), label_smoothing=1.5),
    "nll_dims": lambda t: f(t).nll_loss(t.zeros(()), t.tensor(0)),
    "bce_sizes": lambda t: f(t).binary_cross_entropy(t.zeros(2), t.zeros(3)),
    "bce_range": lambda t: f(t).binary_cross_entropy(t.full((2,), 1.5), t.zeros(2)),
    "bce_logits_sizes": lambda t: f(t).binary_cross_entropy_with_logits(t.zeros(2), t.zeros(3)),
    "kl_mean": lambda t: f(t).kl_div(t.zeros(2), t.ones(2)),
    "poisson_reduction": lambda t: f(t).poisson_nll_loss(t.zeros(2), t.ones(2), reduction="x"),
    "gaussian_negative": lambda t: f(t).gaussian_nll_loss(t.zeros(2), t.ones(2), t.tensor([1.0, -1.0])),
    "gaussian_negative_number": lambda t: f(t).gaussian_nll_loss(t.zeros(2), t.ones(2), -1.0),
    "gaussian_size": lambda t: f(t).gaussian_nll_loss(t.zeros(2, 3), t.ones(2, 3), t.ones(5)),
    "gaussian_reduction": lambda t: f(t).gaussian_nll_loss(t.zeros(2), t.ones(2), t.ones(2), reduction="x"),
    "ranking_dims": lambda t: f(t).margin_ranking_loss(t.zeros(2), t.zeros(2, 1), t.ones(2)),
    "cosine_dims": lambda t: f(t).cosine_embedding_loss(t.zeros(2), t.zeros(2), t.ones(2)),
    "triplet_margin": lambda t: f(t).triplet_margin_loss(t.zeros(2), t.zeros(2), t.zeros(2), margin=-1),
    "triplet_dims": lambda t: f(t).triplet_margin_loss(t.zeros(2), t.zeros(2, 1), t.zeros(2)),
    "dropout": lambda t: f(t).dropout(t.zeros(2), p=2),
    "dropout_integers": lambda t: f(t).dropout(t.ones(2, dtype=t.int64)),
    "dropout_complex": lambda t: f(t).dropout(t.ones(2, dtype=t.complex64)),
    "dropout_channels_of_a_vector": lambda t: f(t).feature_alpha_dropout(t.ones(2), training=True),
    "dropout_eval": lambda t: f(t).dropout(t.ones(2), training=False),
    "dropout1d_dims": lambda t: f(t).dropout1d(t.zeros(2, 3, 4, 5)),
    "dropout2d_3d": lambda t: f(t).dropout2d(t.zeros(2, 3, 4)),
    "dropout2d_dims": lambda t: f(t).dropout2d(t.zeros(2, 3)),
    "dropout3d_dims": lambda t: f(t).dropout3d(t.zeros(2, 3)),
    "alpha_dropout": lambda t: f(t).alpha_dropout(t.zeros(2), p=-1),
    "glu_scalar": lambda t: f(t).glu(t.zeros(())),
    "glu_odd": lambda t: f(t).glu(t.zeros(3)),
    "hardtanh": lambda t: f(t).hardtanh(t.zeros(2), 1, 0),
    "softmax": lambda t: f(t).softmax(t.zeros(2, 2, 2)),
    "log_softmax": lambda t: f(t).log_softmax(t.zeros(2, 2)),
    "softmin": lambda t: f(t).softmin(t.zeros(2)),
    "batch_norm_eps": lambda t: f(t).batch_norm(t.zeros(2, 3), None, None, training=True, eps=0.0),
    "batch_norm_one": lambda t: f(t).batch_norm(t.zeros(1, 3), None, None, training=True),
    "instance_norm_one": lambda t: f(t).instance_norm(t.zeros(2, 3, 1)),
    "response_norm_dims": lambda t: f(t).local_response_norm(t.zeros(2, 3), 2),
    "embedding_padding": lambda t: f(t).embedding(t.tensor([0]), t.zeros(3, 2), padding_idx=5),
    "one_hot": lambda t: f(t).one_hot(t.tensor([0, 2, 1])),
    "one_hot_more": lambda t: f(t).one_hot(t.tensor([[0, 2], [1, 1]]), num_classes=5),
    "one_hot_small": lambda t: f(t).one_hot(t.tensor([0, 2]), num_classes=2),
    "one_hot_negative": lambda t: f(t).one_hot(t.tensor([0, -2])),
    "one_hot_float": lambda t: f(t).one_hot(t.tensor([0.0])),
    "gumbel_eps": lambda t: f(t).gumbel_softmax(t.zeros(2, 3), eps=1e-3).shape,
}


@pytest.mark.parametrize("case", WORDS)
def test_words_as_in_pytorch(case):
    assert_same(WORDS[case])


@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax_draws_what_pytorch_draws(hard):
    results = []
    for t in (torch, rushlight):
        t.manual_seed(3)
        results.append(t.nn.functional.gumbel_softmax(t.zeros(4, 5), tau=0.5, hard=hard))
    assert_close(results[1], results[0])


def test_names_are_pytorchs():
    F = torch.nn.functional
    assert [name for name in rushlight.nn.functional.__all__ if not hasattr(F, name)] == []
