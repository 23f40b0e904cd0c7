"""Losses and embeddings against torch."""

import itertools

import numpy as np
import pytest
from beside import check

import rushlight

from .derivatives import check_derivatives, numbers

REDUCTIONS = ["none", "mean", "sum"]
PAIRS = {
    "mse_loss": {},
    "l1_loss": {},
    "smooth_l1_loss": {"beta": 0.8},
    "huber_loss": {"delta": 0.8},
}


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", PAIRS)
def test_regression(name, reduction):
    check_derivatives(
        lambda F, m, x, t: getattr(F, name)(x, t, reduction=reduction, **PAIRS[name]),
        {"x": numbers((3, 4), 0), "t": numbers((3, 4), 1)},
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_soft_margin(reduction):
    signs = np.sign(numbers((3, 4), 1))
    check_derivatives(
        lambda F, m, x: F.soft_margin_loss(x, m.from_numpy(signs), reduction=reduction), {"x": numbers((3, 4), 0)}
    )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_gradients_of_logits_round_in_half_precision_as_in_torch(reduction, weighted, positive, dtype):
    def scenario(m):
        x, t, w, p = (
            m.from_numpy(numbers((30,), seed, kind)).to(getattr(m, dtype))
            for seed, kind in enumerate(["any", "unit", "positive", "positive"])
        )
        x, t = x.requires_grad_(), t.requires_grad_()
        loss = m.nn.functional.binary_cross_entropy_with_logits(
            x, t, w if weighted else None, reduction=reduction, pos_weight=p if positive else None
        )
        loss.backward(m.full_like(loss, 0.7))
        own = m.zeros_like(x).requires_grad_()
        m.nn.functional.binary_cross_entropy_with_logits(own, own.detach().sigmoid()).backward()
        return x.grad.tolist(), t.grad.tolist(), own.grad.tolist()

    check(scenario)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("count", [5, 100, 5000])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_gradients_of_logits_are_zero_where_the_target_is_their_sigmoid(scale, count, dtype):
    def scenario(m):
        x = (m.from_numpy(numbers((count,), 0)).to(getattr(m, dtype)) * scale).requires_grad_()
        loss = m.nn.functional.binary_cross_entropy_with_logits(x, x.detach().sigmoid())
        return m.autograd.grad(loss, x, m.full_like(loss, float("inf")))[0].tolist()

    check(scenario)
    assert np.isnan(scenario(rushlight)).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_binary_cross_entropy(reduction, weighted):
    tensors = {"x": numbers((3, 4), 0, "unit"), "t": numbers((3, 4), 1, "unit")}
    w = numbers((3, 4), 2, "positive") if weighted else None

    def weight(m):
        return None if w is None else m.from_numpy(w)

    check_derivatives(lambda F, m, x, t: F.binary_cross_entropy(x, t, weight(m), reduction=reduction), tensors)
    tensors["x"] = numbers((3, 4), 3) * 3
    check_derivatives(
        lambda F, m, x, t: F.binary_cross_entropy_with_logits(
            x, t, weight(m), reduction=reduction, pos_weight=weight(m)
        ),
        tensors,
    )


@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.parametrize("reduction", [*REDUCTIONS, "batchmean"])
@pytest.mark.filterwarnings("ignore")
def test_kl_div(reduction, log_target):
    t = np.log(numbers((3, 4), 1, "unit")) if log_target else numbers((3, 4), 1, "unit")
    check_derivatives(
        lambda F, m, x, t: F.kl_div(x, t, reduction=reduction, log_target=log_target), {"x": numbers((3, 4), 0), "t": t}
    )


@pytest.mark.parametrize("ignored", [-100, 1])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("positions", [(), (5,), (2, 3), (2, 3, 2)], ids=str)
def test_classes(positions, reduction, weighted, ignored):
    t = np.random.default_rng(1).integers(0, 4, (3, *positions))
    w = numbers((4,), 2, "positive") if weighted else None
    options = {"reduction": reduction, "ignore_index": ignored}

    def weight(m):
        return None if w is None else m.from_numpy(w)

    x = {"x": numbers((3, 4, *positions), 0)}
    check_derivatives(lambda F, m, x: F.nll_loss(x, m.from_numpy(t), weight(m), **options), x)
    check_derivatives(lambda F, m, x: F.cross_entropy(x, m.from_numpy(t), weight(m), **options), x)
    check_derivatives(lambda F, m, x: F.cross_entropy(x, m.from_numpy(t), weight(m), label_smoothing=0.2, **options), x)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_probabilities(reduction, weighted, smoothing):
    w = numbers((4,), 2, "positive") if weighted else None
    check_derivatives(
        lambda F, m, x, t: F.cross_entropy(
            x, t, None if w is None else m.from_numpy(w), reduction=reduction, label_smoothing=smoothing
        ),
        {"x": numbers((3, 4, 2), 0), "t": numbers((3, 4, 2), 1, "unit")},
    )


@pytest.mark.parametrize("options", [{}, {"padding_idx": 2}, {"scale_grad_by_freq": True}], ids=str)
def test_embedding(options):
    t = np.array([[1, 2, 4], [4, 3, 2]])
    check_derivatives(
        lambda F, m, w: F.embedding(m.from_numpy(t), w, **options),
        {"w": numbers((5, 3), 0)},
        second="scale_grad_by_freq" not in options,
    )


CALLS = {
    "one class": lambda F, m: F.cross_entropy(m.zeros(4), m.tensor(2)),
    "out of bounds": lambda F, m: F.cross_entropy(m.zeros(3, 4), m.tensor([0, 1, 4])),
    "batch": lambda F, m: F.cross_entropy(m.zeros(3, 4), m.tensor([0, 1])),
    "floating": lambda F, m: F.cross_entropy(m.zeros(3, 4), m.tensor([0.0, 1.0, 2.0])),
    "int32": lambda F, m: F.cross_entropy(m.zeros(3, 4), m.tensor([0, 1, 2], dtype=m.int32)),
    "bytes": lambda F, m: F.cross_entropy(m.zeros(3, 4), m.tensor([0, 1, 2], dtype=m.uint8)),
    "weight": lambda F, m: F.cross_entropy(m.zeros(3, 4), m.tensor([0, 1, 2]), m.ones(3)),
    "weight dtype": lambda F, m: F.nll_loss(m.zeros(3, 4), m.tensor([0, 1, 2]), m.ones(4).double()),
    "positions": lambda F, m: F.cross_entropy(m.zeros(3, 4, 5), m.zeros(3, 4, dtype=m.int64)),
    "column": lambda F, m: F.cross_entropy(m.zeros(3, 4), m.tensor([[0], [1], [2]])),
    "smoothing": lambda F, m: F.cross_entropy(m.zeros(3, 4), m.tensor([0, 1, 2]), label_smoothing=2.0),
    "ignore": lambda F, m: F.cross_entropy(m.zeros(3, 4), m.ones(3, 4), ignore_index=0),
    "integers": lambda F, m: F.cross_entropy(m.zeros(3, 4, dtype=m.int64), m.tensor([0, 1, 2])),
    "images": lambda F, m: F.nll_loss(m.zeros(3, 4, 2, 2), m.zeros(3, 2, dtype=m.int64)),
    "images size": lambda F, m: F.nll_loss(m.zeros(3, 4, 2, 2), m.zeros(3, 2, 3, dtype=m.int64)),
    "scalar": lambda F, m: F.nll_loss(m.tensor(1.0), m.tensor(0)),
    "all ignored": lambda F, m: F.cross_entropy(m.zeros(2, 4), m.tensor([-100, -100])),
    "probability": lambda F, m: F.binary_cross_entropy(m.tensor([0.5, 1.5]), m.ones(2)),
    "probability dtype": lambda F, m: F.binary_cross_entropy(m.ones(2), m.ones(2).double()),
    "mse integers": lambda F, m: F.mse_loss(m.tensor([1, 2]), m.tensor([3, 4])),
    "mse mixed": lambda F, m: (F.mse_loss(m.ones(2), m.tensor([3, 4])), F.mse_loss(m.ones(2), m.ones(2).double())),
    "huber": lambda F, m: F.huber_loss(m.ones(2), m.ones(2), delta=0.0),
    "smooth": lambda F, m: F.smooth_l1_loss(m.ones(2), m.ones(2), beta=-1.0),
    "margin target": lambda F, m: F.soft_margin_loss(m.ones(2), m.ones(2, requires_grad=True)),
    "table index": lambda F, m: F.embedding(m.tensor([7]), m.zeros(3, 2)),
    "table floating": lambda F, m: F.embedding(m.tensor([1.0]), m.zeros(3, 2)),
    "table flat": lambda F, m: F.embedding(m.tensor([1]), m.zeros(3)),
    "hot": lambda F, m: (F.one_hot(m.tensor([[1, 0], [2, 2]])), F.one_hot(m.tensor(1), 4)),
    "hot floating": lambda F, m: F.one_hot(m.tensor([1.0])),
    "hot negative": lambda F, m: F.one_hot(m.tensor([-1])),
    "hot large": lambda F, m: F.one_hot(m.tensor([3]), 2),
    "hot beyond numbers": lambda F, m: F.one_hot(m.tensor([1 << 62, 1])),
    "hot beyond memory": lambda F, m: F.one_hot(m.tensor([[1 << 53]] * 30)),
    "hot empty": lambda F, m: F.one_hot(m.tensor([], dtype=m.int64)),
    "hot empty sized": lambda F, m: F.one_hot(m.tensor([], dtype=m.int64), 3),
}


@pytest.mark.parametrize("name", CALLS)
def test_unusual_arguments(name):
    check(lambda m: CALLS[name](m.nn.functional, m))


KINDS = ("float64", "float32", "float16", "int64", "bool")


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((2, 3), ()), ((), (3,)), ((0,), (0,))])
def test_huber_loss_of_two_dtypes(shapes, reduction):
    def scenario(m):
        found = []
        for kinds in itertools.permutations(KINDS, 2):
            x, t = (
                m.from_numpy(numbers(s, i) * 2).to(getattr(m, k))
                for i, (s, k) in enumerate(zip(shapes, kinds, strict=True))
            )
            x.requires_grad_(x.is_floating_point())
            try:
                found.append(m.nn.functional.huber_loss(x, t, reduction=reduction, delta=0.8))
            except (RuntimeError, NotImplementedError) as error:
                found.append((type(error).__name__, str(error)))
        return found

    check(scenario, rtol=2e-3)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_gradients_of_huber_loss_of_two_dtypes(reduction):
    # PyTorch's derivative refuses them; they are those of the tensors converted before.
    def gradients(convert):
        x, t = (
            rushlight.tensor(numbers((2, 3), i) * 2, dtype=k).requires_grad_()
            for i, k in enumerate((rushlight.float64, rushlight.float32))
        )
        loss = rushlight.nn.functional.huber_loss(x, t.double() if convert else t, reduction=reduction, delta=0.8)
        first = rushlight.autograd.grad((loss * loss).sum(), (x, t), create_graph=True)
        return [*first, *rushlight.autograd.grad(sum((g.double() ** 2).sum() for g in first), (x, t))]

    for mine, theirs in zip(gradients(False), gradients(True), strict=True):
        assert mine.dtype is theirs.dtype
        np.testing.assert_allclose(mine.detach(), theirs.detach(), rtol=1e-5)


NLL = [
    ((5,), (5,), "int64"), ((5,), (0,), "int64"), ((5,), (1,), "int64"), ((5,), (), "int64"), ((0,), (0,), "int64"),
    ((5,), (4,), "float32"), ((5,), (1, 1), "int64"), ((5, 3), (), "int64"), ((1, 3), (), "int64"),
    ((0, 3), (), "int64"), ((5, 3), (4,), "float32"), ((5, 3), (5,), "int32"), ((5, 3), (5, 1), "int64"),
    ((1, 3, 2), (), "int64"), ((5, 3, 2), (5, 3), "int64"), ((5, 3, 2, 2), (5, 2, 1), "float32"),
    ((5, 3, 2, 2), (5, 2, 2), "float32"), ((), (), "int64"), ((5,), (4,), "uint8"),
]  # fmt: skip


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("shape", "classes", "kind"), NLL)
def test_targets_that_do_not_go_with_their_rows(shape, classes, kind, weighted):
    def scenario(m):
        found = []
        for name in ("nll_loss", "cross_entropy"):
            weight = m.ones(2) if weighted else None
            try:
                target = m.zeros(classes, dtype=getattr(m, kind))
                found.append(getattr(m.nn.functional, name)(m.ones(shape), target, weight))
            except (RuntimeError, ValueError, IndexError) as error:
                found.append((type(error).__name__, str(error)))
        return found

    check(scenario)
