"""`pad` in all modes: values, first and second derivatives, names of nodes, and PyTorch's words for what cannot be."""

import numpy as np
import pytest
from nn.reference import assert_close, assert_same, rushlight, torch

PADDINGS = {
    "constant": [
        ((3, 4), (1, 2)),
        ((3, 4), (1, -1, 0, 2)),
        ((2, 3, 4), (-2, -2, 1, 0, 0, 3)),
        ((4,), (0, 0)),
        ((0, 3), (1, 1)),
    ],
    "reflect": [((3, 4), (3, 2)), ((2, 3, 4), (1, 2)), ((2, 3, 4), (1, 0, 2, 1)), ((2, 3, 4, 3), (1, 1, 2, 0, 1, 2))],
    "replicate": [
        ((3, 4), (5, 0)),
        ((2, 3, 4), (-1, 3)),
        ((2, 2, 3, 4), (1, 0, 2, 1)),
        ((2, 2, 2, 3, 2), (1, 1, 2, 0, 1, 2)),
    ],
    "circular": [
        ((3, 4), (4, 1)),
        ((2, 3, 4), (-1, 2)),
        ((2, 2, 3, 4), (1, 0, 2, 3)),
        ((2, 3, 4, 3), (1, 1, -1, 0, 1, 2)),
    ],
}


@pytest.mark.parametrize(("mode", "shape", "pad"), [(m, s, p) for m, cases in PADDINGS.items() for s, p in cases])
def test_values_and_derivatives(mode, shape, pad):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape)
    results = []
    for t in (rushlight, torch):
        a = t.from_numpy(x.copy()).requires_grad_()
        out = t.nn.functional.pad(a, pad, mode)
        weights = t.from_numpy(np.random.default_rng(1).standard_normal(tuple(out.shape)))
        # Quadratic, so that the second derivative goes through the padding too.
        (g,) = t.autograd.grad((out * out * weights).sum(), a, create_graph=True)
        (h,) = t.autograd.grad((g * g).sum(), a)
        results.append((out, g, h))
    for ours, theirs in zip(*results, strict=True):
        assert_close(ours, theirs, rtol=1e-12, atol=1e-13)


def padded(shape, pad, mode, **options):
    return lambda t: t.nn.functional.pad(t.zeros(*shape), pad, mode, **options)


def name_of_node(mode, dims):
    return lambda t: (
        t.nn.functional.pad(t.zeros(*[3] * (dims + 1), requires_grad=True), [1] * 2 * dims, mode)
        .grad_fn.name()
        .split(":")[-1]
    )


CASES = {
    **{f"node_{mode}_{n}": name_of_node(mode, n) for mode in PADDINGS for n in (1, 2, 3)},
    "odd": padded((2, 3), (1,), "constant"),
    "too_many": padded((2, 3), (1,) * 6, "constant"),
    "cut_too_much": padded((2, 3), (-2, -2), "constant"),
    "cut_one_side": padded((2, 3), (-4, 2), "constant"),
    "cut_all": padded((2, 3), (-2, -1), "constant"),
    "value": padded((1, 2), (1, 1), "constant", value=2.5),
    "integer_value": lambda t: t.nn.functional.pad(t.zeros(2, dtype=t.int64), (1, 1), value=1.5),
    "bool_value": lambda t: t.nn.functional.pad(t.zeros(2, dtype=t.bool), (1, 1), value=3),
    "integers_reflected": lambda t: t.nn.functional.pad(t.tensor([[1, 2, 3]]), (1, 1), "reflect"),
    "unknown_mode": padded((2, 3), (1, 1), "mirror"),
    "value_in_reflect": padded((2, 3), (1, 1), "reflect", value=1.0),
    "zero_in_reflect": padded((2, 3), (1, 1), "reflect", value=0),
    "not_a_tensor": lambda t: t.nn.functional.pad(3, (1, 1)),
    "not_a_tuple": lambda t: t.nn.functional.pad(t.zeros(2), 3),
    "not_integers": lambda t: t.nn.functional.pad(t.zeros(2), (1.5, 1)),
    **{f"dims_{mode}": padded((3,), (1, 1), mode) for mode in ("reflect", "replicate", "circular")},
    **{f"dims_4_{mode}": padded((1, 2, 3, 3), (1, 1), mode) for mode in ("reflect", "replicate", "circular")},
    **{f"empty_batch_{mode}": padded((0, 2, 2), (1, 1), mode) for mode in ("reflect", "replicate", "circular")},
    **{f"empty_{mode}": padded((2, 2, 0), (1, 1), mode) for mode in ("reflect", "replicate", "circular")},
    "reflect_too_far": padded((2, 2, 3), (3, 1), "reflect"),
    "reflect_too_far_2": padded((2, 2, 3, 3), (1, 1, 4, 1), "reflect"),
    "reflect_too_far_3": padded((2, 2, 3, 3, 3), (1, 1, 1, 1, 4, 1), "reflect"),
    "reflect_cut_too_much": padded((2, 2, 3), (-2, -2), "reflect"),
    "replicate_cut_too_much": padded((2, 2, 3), (-2, -2), "replicate"),
    "circular_too_far": padded((2, 2, 3), (4, 1), "circular"),
    "circular_cut_too_much": padded((2, 2, 3), (-2, -2), "circular"),
}


@pytest.mark.parametrize("case", CASES)
def test_as_in_pytorch(case):
    assert_same(CASES[case])
