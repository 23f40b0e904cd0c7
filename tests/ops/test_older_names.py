"""Functions under older or rarer names, beside PyTorch."""

import pytest
from beside import check

CALLS = {
    "range": lambda m: [m.range(1, 4), m.range(0, 1, 0.25), m.range(5, 1, -2, dtype=m.int64), m.range(3, 3)],
    "range_wrong_way": lambda m: m.range(4, 1),
    "range_standing": lambda m: m.range(1, 4, 0),
    "range_infinite": lambda m: m.range(1, float("inf")),
    "logit_": lambda m: m.logit_(m.tensor([0.5, 0.9])),
    "nan_to_num_": lambda m: m.nan_to_num_(m.tensor([float("nan"), 1.0]), 3.0),
    "addmv_": lambda m: m.addmv_(m.zeros(2), m.ones(2, 3), m.ones(3)),
    "matrix_rank": lambda m: m.matrix_rank(m.ones(2, 2)),
    "solve": lambda m: m.solve(m.ones(2, 2), m.ones(2, 2)),
    "solve_method": lambda m: m.ones(2, 2).solve(m.ones(2, 2)),
    "lstsq": lambda m: m.lstsq(m.ones(2, 2), m.ones(2, 2)),
    "symeig": lambda m: m.ones(2, 2).symeig(),
    "eig": lambda m: m.ones(2, 2).eig(),
    "channels": lambda m: m.native_channel_shuffle(m.arange(8.0).view(1, 4, 1, 2), 2),
    "sizes": lambda m: [
        m.sym_max(3, 4), m.sym_max(3, 4.5), m.sym_min(3, 4.5), m.sym_min(2, 1), m.sym_not(True), m.sym_int(-3.7),
        m.sym_float(3), m.sym_sqrt(4), m.sym_sum([1, 2, 3]), m.sym_ite(False, 1, 2),
    ],
    "poisson": lambda m: [m.poisson_nll_loss(m.ones(3), m.ones(3), True, False, 1e-8, r) for r in range(3)],
    "by_default": lambda m: [
        m.hinge_embedding_loss(m.ones(2), m.tensor([1, -1])),
        m.triplet_margin_loss(m.ones(2, 3), m.zeros(2, 3), m.eye(2, 3)),
        m.cosine_embedding_loss(m.ones(2, 3), m.eye(2, 3), m.tensor([1, -1])),
    ],
    "hinge": lambda m: [m.hinge_embedding_loss(m.ones(2), m.tensor([1, -1]), 1.5, r) for r in range(3)],
    "ranking": lambda m: m.margin_ranking_loss(m.ones(2), m.zeros(2), m.tensor([1, -1])),
    "cosine": lambda m: m.cosine_embedding_loss(m.ones(2, 3), m.eye(2, 3), m.tensor([1, -1]), 0.1, 2),
    "triplet": lambda m: m.triplet_margin_loss(m.ones(2, 3), m.zeros(2, 3), m.eye(2, 3), 0.5, 1.0, reduction=0),
    "typename": lambda m: [m.typename(m.ones(2)), m.typename(3), m.typename(m.nn.Linear(1, 1))],
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_calls(name):
    check(CALLS[name], rtol=1e-5)


@pytest.mark.parametrize("pad", [0, 2])
def test_convolution_over_time(pad):
    def scenario(m):
        m.manual_seed(0)
        x, w, b = m.randn(5, 2, 3), m.randn(3, 3, 4), m.randn(4)
        for t in (x, w, b):
            t.requires_grad_()
        y = m.conv_tbc(x, w, b, pad)
        grads = m.autograd.grad(y.square().sum(), (x, w, b))
        return [y.detach(), y.stride(), *(g.contiguous() for g in grads)]

    check(scenario, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shapes", [((5, 3), (3, 3, 4), (4,)), ((5, 2, 3), (3, 4), (4,)), ((5, 2, 3), (3, 2, 4), (4,)),
                                    ((5, 2, 3), (3, 3, 4), (4, 1)), ((5, 2, 3), (3, 3, 4), (3,))])  # fmt: skip
def test_convolution_over_time_refuses(shapes):
    check(lambda m: m.conv_tbc(*(m.ones(s) for s in shapes)))


def debug_modes(m, *modes):
    try:
        found = []
        for mode in modes:
            m.set_deterministic_debug_mode(mode)
            found.append([m.get_deterministic_debug_mode(), m.are_deterministic_algorithms_enabled(),
                          m.is_deterministic_algorithms_warn_only_enabled()])  # fmt: skip
        return found
    finally:
        m.set_deterministic_debug_mode(0)


@pytest.mark.parametrize("modes", [(0, 1, 2), ("warn", "error", "default"), ("none",), (3,), (1.5,)])
def test_deterministic_debug_mode(modes):
    check(lambda m: debug_modes(m, *modes))
