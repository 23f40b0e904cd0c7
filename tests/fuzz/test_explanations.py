"""What explains a difference of numbers: it must be met where it is the cause, and hide nothing else."""

import random

import numpy as np
import pytest
import torch

import rushlight

from . import rounding
from .compare import Comparison, Difference, Tally
from .known import known
from .values import near

INF, NAN = float("inf"), float("nan")
BACKWARD = "sum(v.double().sum() for v in [v9]).backward()"
FLOATS = "dtype=torch.float64).requires_grad_()"

# The reason, the function, and a program that calls it and differs for that reason.
PROGRAMS = [
    ("in their own type", "atan2", [
        f"v1 = torch.tensor([-0.615, 2.5], {FLOATS}", "v2 = torch.tensor([5, 255], dtype=torch.uint8)",
        "v9 = torch.atan2(v2, v1)", BACKWARD]),
    ("unsigned weights", "lerp", [
        f"v1 = torch.tensor([-1.8, 0.6], {FLOATS}", "v2 = torch.tensor(5, dtype=torch.uint8)",
        "v9 = torch.lerp(v1, v1, v2)", BACKWARD]),
    ("reads another place", "as_strided_scatter", [
        f"v1 = torch.tensor([-1.8, 0.6, 1.0, 2.0], {FLOATS}", "v2 = v1[::2]",
        "v9 = torch.as_strided_scatter(v2.detach(), v2, (2,), (1,)) * 2", BACKWARD]),
    ("derivative of zeta", "special.zeta", [
        f"v1 = torch.tensor([1.5, 0.6], {FLOATS}", "v2 = torch.tensor(3, dtype=torch.uint8)",
        "v9 = torch.special.zeta(v2, v1)", BACKWARD]),
    ("terms are 0", "special.zeta", [
        f"v1 = torch.tensor([1e30, 1.5], {FLOATS}", "v9 = torch.special.zeta(v1.detach(), v1)"]),
    ("terms are 0", "special.zeta", [
        f"v1 = torch.tensor([1e30, 1.5], {FLOATS}", "v9 = torch.special.zeta(v1.detach(), v1).clamp(0, 1)", BACKWARD]),
    ("NaN is a number", "mul", [
        f"v1 = torch.tensor([0.0, 1.5], {FLOATS}", "v2 = torch.special.xlogy(v1, float('nan')).nan_to_num()",
        "v9 = torch.mul(v2, 2) + torch.mul(v1, 3)", BACKWARD]),
    ("beside a large gradient", "matrix_exp", [
        f"v1 = torch.tensor([[7.65, 1.28, -0.12], [1.28, 8.45, 3.44], [-0.12, 3.44, 16.48]], {FLOATS}",
        "v9 = torch.matrix_exp(v1) * 1e14", BACKWARD]),
    ("six digits", "special.airy_ai", [
        "v1 = torch.tensor([-2.365, 0.5], dtype=torch.float64)", "v9 = torch.special.airy_ai(v1)"]),
    ("powers of two", "ldexp", [
        f"v1 = torch.tensor([-1.8, 0.6], {FLOATS}", "v2 = torch.tensor(-3)", "v9 = torch.ldexp(v1, v2)", BACKWARD]),
    ("where all numbers are equal", "native_layer_norm", [
        "v1 = torch.tensor([0.01, -2.365, 0.01, 2.385, 1.635], dtype=torch.float16).reshape((5, 1))",
        "v2 = torch.special.entr(v1)", "v9 = torch.native_layer_norm(v2, (1,), None, None, 1e-05)"]),
    ("place of an infinite number", "native_layer_norm", [
        "v1 = torch.tensor([[-2.115, -2.365, -float('inf'), -0.0], [1.0, 2.0, 3.0, 4.0]], dtype=torch.float64)",
        "v9 = torch.native_layer_norm(v1, (4,), None, None, 1e-05)[1]"]),
    ("sorted in any order", "arange", [
        f"v1 = torch.tensor({[1.0, 2.0, 0.5] * 20}, {FLOATS}", "v2 = torch.sort(v1, 0)[0]",
        "v9 = torch.mul(v2, torch.arange(60))", BACKWARD]),
    ("equal elements", "argsort", [
        f"v1 = torch.tensor({[1.0, 2.0, 0.5] * 20})", "v9 = torch.argsort(v1, 0)"]),
    ("equal elements", "multinomial", [
        "v1 = torch.tensor([1.75, 2.0, 1.625, 1.375, 2.5], dtype=torch.bfloat16)",
        "v9 = torch.multinomial(v1, 2, False, generator=torch.Generator().manual_seed(694))"]),
    ("equal elements", "topk", [
        f"v1 = torch.tensor({[1.0, 2.0, 0.5] * 20})", "v9 = torch.topk(v1, 30, 0)"]),
    ("equal elements", "kthvalue", [
        f"v1 = torch.tensor({[1.0, 2.0, 0.5] * 20}).reshape(15, 4)", "v9 = torch.kthvalue(v1, 4, 0)"]),
    ("find modes", "mode", [
        "v1 = torch.tensor([float('nan'), 1.0, 2.0])", "v9 = torch.mode(v1, dim=0)"]),
    ("vectorised code", "nn.functional.hardshrink", [
        f"v1 = torch.tensor([float('nan'), 1.5, 0.2], {FLOATS}", "v9 = torch.nn.functional.hardshrink(v1)", BACKWARD]),
    ("vectorised code", "nn.functional.elu", [
        f"v1 = torch.tensor([float('nan')] * 67, {FLOATS}", "v9 = torch.nn.functional.elu(v1)", BACKWARD]),
    ("vectorised code", "logit", [
        f"v1 = torch.tensor([-0.0] * 67, {FLOATS}", "v9 = torch.logit(v1)", BACKWARD]),
    ("infinite parts", "sub", [
        "v1 = torch.tensor([1 + 2j, 3j])", "v2 = torch.tensor([float('inf'), 2])", "v9 = torch.sub(v1, v2)"]),
    ("infinite parts", "addcdiv", [
        "v1 = torch.tensor([1 + 2j, 3j])", "v2 = torch.tensor([float('inf'), 2])", "v9 = torch.addcdiv(v1, v2, v1)"]),
    ("infinite parts", "diff", [
        "v1 = torch.log(torch.tensor([1 + 2j, 0j, 3j]))", "v9 = torch.diff(v1, dim=0)"]),
    ("nearly singular", "linalg.inv", [
        "v1 = torch.tensor([1.51, -0.24, 1.51, -0.115, 1.01, 0.885]).reshape(3, 2)",
        "v2 = torch.nn.functional.linear(v1, v1)", "v9 = torch.linalg.inv(v2)"]),
    ("nearly singular", "linalg.solve", [
        "v1 = torch.tensor([2.26, -0.365, 1.635]).reshape(3, 1)", "v2 = torch.nn.functional.linear(v1, v1)",
        "v9 = torch.linalg.solve(v2, v1)"]),
    ("zero everywhere", "mul", [
        f"v1 = torch.tensor([1.0, 4.0], {FLOATS}", "v2 = torch.tensor([float('inf'), 2.0])", "v9 = torch.mul(v1, v2)",
        "v9.sgn_()", BACKWARD]),
    ("rounded once", "nn.functional.layer_norm", [
        "v1 = torch.tensor([-0.0149] * 5 + [1.0] * 5, dtype=torch.float32).reshape(2, 5)",
        "v9 = torch.nn.functional.layer_norm(v1, (5,))"]),
    ("never wrote", "special.laguerre_polynomial_l", [
        "v1 = torch.tensor([float('nan'), 1.0])", "v2 = torch.tensor([3.0, 3.0])",
        "v9 = torch.special.laguerre_polynomial_l(v1, v2)"]),
    ("order of additions", "mul", [
        "v1 = torch.tensor([3e38, 3e38, -3e38, 3e38, -3e38], dtype=torch.bfloat16).reshape(5, 1)",
        "v2 = torch.tensor([1.0, 0.5, 0.25]).requires_grad_()", "v3 = v2 + torch.zeros(1, 3)",
        "v9 = torch.mul(v1, v3)", BACKWARD]),
    ("takes NaN for what is masked", "nn.functional.scaled_dot_product_attention", [
        "v1 = torch.tensor([float('nan'), 1.0, 2.0, 1.0], dtype=torch.float64).reshape(1, 1, 2, 2)",
        "v2 = torch.tensor([0.5, 1.0, 2.0, 1.0], dtype=torch.float64).reshape(1, 1, 2, 2)",
        "v9 = torch.nn.functional.scaled_dot_product_attention(v1, v2, v2)"]),
    ("in different orders", "nn.functional.batch_norm", [
        f"v1 = torch.tensor([-2.1, 0.1, -0.1, -0.3, -0.2, -0.5, 0.4, 2.0, -2.5], {FLOATS}",
        "v2 = torch.tensor([2.0, 1.0, -3.0, 0.5, 4.0, 1.5, 2.5, -1.0, 0.5], dtype=torch.float64).reshape(1, 3, 1, 3)",
        "v3 = torch.nn.functional.batch_norm(v1.reshape(3, 3, 1, 1).transpose(0, -1), None, None, training=True)",
        "v9 = (v3.reshape(-1) * v2.reshape(-1)).reshape(1, 3, 1, 3)", BACKWARD]),
    ("vectorised remainder", "remainder", [
        "v1 = torch.tensor([0.135] * 64, dtype=torch.float64)", "v2 = torch.tensor([5e-324] * 64, dtype=torch.float64)",
        "v9 = torch.remainder(v1, v2)"]),
    ("gradient of frexp", "mul", [
        f"v1 = torch.tensor([1e-49, 1.5], {FLOATS}", "v2 = torch.frexp(v1)", "v2 = v2[0]",
        "v9 = torch.mul(v2, 1e-49)", BACKWARD]),
    ("infinite parts", "normal", [
        "v1 = torch.log(torch.tensor([0j, 1 + 1j]))",
        "v9 = torch.normal(v1, 2.0, generator=torch.Generator().manual_seed(1))"]),
    ("normalization's derivative", "nn.functional.layer_norm", [
        f"v1 = torch.tensor([0.135, 1.385, 2.385, -0.615, -0.49], {FLOATS}",
        f"v2 = torch.tensor([-float('inf'), -0.865, 0.635, -2.49, 0.135], {FLOATS}",
        "v9 = torch.nn.functional.layer_norm(v1, (5,), v2, v2)", BACKWARD]),
    ("never wrote", "special.chebyshev_polynomial_u", [
        "v2 = torch.tensor([3.0, 3.0, 0.0])", "v9 = torch.special.chebyshev_polynomial_u(float('nan'), v2)"]),
    ("rounds more", "logsumexp", [
        "v1 = torch.tensor([-0.365, -0.99], dtype=torch.bfloat16).reshape(2, 1)", "v9 = torch.logsumexp(v1, (0, 1))"]),
]  # fmt: skip


def replay(lines):
    """Runs a program; returns the reasons of the differences that were explained."""
    tally = Tally()
    Comparison(random.Random(0), tally).replay(lines)
    return tally.allowed


@pytest.mark.parametrize(("reason", "function", "lines"), PROGRAMS, ids=[f"{p[1]}-{p[0]}" for p in PROGRAMS])
def test_the_cause_is_found(reason, function, lines):
    found = replay(lines)
    assert [r for r in found if reason in r], found


@pytest.mark.parametrize(("reason", "function", "lines"), PROGRAMS, ids=[f"{p[1]}-{p[0]}" for p in PROGRAMS])
def test_a_wrong_result_is_still_found(reason, function, lines, monkeypatch):
    *place, name = function.split(".")
    module = rushlight
    for part in place:
        module = getattr(module, part)
    original = getattr(module, name)

    def wrong(*args, **kwargs):
        found = original(*args, **kwargs)
        if name == "multinomial":
            return (found + 1) % args[0].shape[0]
        if name in ("topk", "kthvalue", "mode"):
            return found[0], (found[1] + 1) % args[0].shape[0]
        return found.flip(0) if name in ("argsort", "inv", "solve") else found * 1.3 + 0.1

    monkeypatch.setattr(module, name, wrong)
    with pytest.raises(Difference):
        replay(lines)


@pytest.mark.parametrize(("last", "explained"), [(-INF, True), (3.0, False)])
def test_numbers_written_in_a_line_are_of_double_precision_too(last, explained):
    line = "v9 = torch.nn.functional.conv1d(v1, torch.tensor([[[0.5, -1.0]]], dtype=torch.bfloat16))"
    x, ours, theirs = (
        torch.tensor([[numbers]], dtype=torch.bfloat16) for numbers in ([0.5, 1.0, INF], [-0.75, last], [-0.75, NAN])
    )
    reason = rounding.explained(line, {"v1": x}, ours, theirs, lambda a, b: near(a, b, 1.0, "bfloat16"))
    assert (reason is not None) == explained


@pytest.mark.parametrize(("lines", "explained"), [
    (["v1 = torch.tensor([-0.0, -0.0, 1.0], dtype=torch.float64).requires_grad_()", "v2 = torch.cumsum(v1, 0)",
      "v9 = torch.log(v2)", BACKWARD], True),  # of which the zeros have another sign
    (["v1 = torch.tensor([0.0], dtype=torch.float16).requires_grad_()", "v2 = torch.special.i0(torch.tensor([0]))",
      "v9 = v1 ** v2", BACKWARD], True),  # which is 1 in one of both
    (["v1 = torch.tensor([1.0, 2.0, 0.0], dtype=torch.float64).requires_grad_()", "v2 = torch.cumsum(v1, 0)",
      "v9 = torch.log(v2)", BACKWARD], False),
])  # fmt: skip
def test_gradients_follow_from_our_own_values(lines, explained, monkeypatch):
    tally = Tally()
    Comparison(random.Random(0), tally).replay(lines)
    assert tally.abandoned == explained
    power, log = rushlight.Tensor.__pow__, rushlight.log
    monkeypatch.setattr(rushlight.Tensor, "__pow__", lambda x, y: power(x, y) + (x - x.detach()))
    monkeypatch.setattr(rushlight, "log", lambda x: log(x) + (x - x.detach()))
    with pytest.raises(Difference):
        replay(lines)


OUT = (
    "functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad."
)


@pytest.mark.parametrize(("line", "what", "explained"), [
    ("v3 = torch.softmax(v1, 0, out=v2)", f"RuntimeError (softmax(): {OUT}) instead of None (None)", True),
    ("v3 = torch.cumsum(v1, 0, out=v2)", f"RuntimeError (cumsum(): {OUT}) instead of None (None)", False),
    ("v2 = torch.relu(v1)", "no exception instead of NotImplementedError (not implemented for 'UInt64')", True),
    ("v2 = torch.relu(v1)", "NotImplementedError (not implemented for 'UInt64') instead of None", False),
    ("v1.arcsinh_()", "v1: node AsinhBackward0 instead of AsinhBackward1", True),
    ("v1.arcsinh_()", "v1: node AsinhBackward0 instead of AcosBackward1", False),
    ("v2 = torch.asinh(v1)", "v2: node AsinhBackward0 instead of AsinhBackward1", False),
])  # fmt: skip
def test_known_words_belong_to_a_line(line, what, explained):
    assert (known([line], what) is not None) == explained


def test_products_added_to_their_own_factor_depend_on_the_order():
    lines = ["v1 = torch.arange(9.0).reshape(3, 3)", "v2 = torch.ones(3, 3)"]
    assert "order of evaluation" in str(replay([*lines, "v1.addmm_(v2, v1)"]))
    for line in ("v1.addmm_(v2, v2)", "v1.add_(v1)"):
        assert not replay([*lines, line])


@pytest.mark.parametrize(("ours", "theirs", "exact", "explained"), [
    ([INF, 1.0], [1.5e38, 1.0], [1.5e38, 1.0], True), ([2e38, 1.0], [NAN, 1.0], [2e38, 1.0], True),
    ([INF, 1.0], [1.5e30, 1.0], [1.5e30, 1.0], False), ([INF, 1.0], [1.5e38, 1.0], [2e38, 1.0], False),
    ([INF, 1.0], [1.5e38, 2.0], [1.5e38, 1.0], False), ([1e38, 1.0], [1.5e38, 1.0], [1.5e38, 1.0], False),
])  # fmt: skip
def test_sums_that_overflow_are_near_the_largest_number(ours, theirs, exact, explained):
    largest = torch.finfo(torch.float32).max
    assert rounding.overflow(*map(np.array, (ours, theirs, exact)), largest, near) == explained


@pytest.mark.parametrize(("line", "theirs", "explained"), [
    ("v9 = torch.nn.functional.multi_margin_loss(v1, torch.zeros(0, dtype=torch.int64))", 7.0, True),
    ("v9 = v1.sum() + 1", 7.0, False), ("v9 = torch.empty(()).fill_(v1.numel())", 7.0, False),
    ("v9 = v1.mean()", NAN, False),
])  # fmt: skip
def test_memory_that_pytorch_never_wrote_is_told_from_what_it_computes(line, theirs, explained):
    theirs, ours = torch.tensor(theirs), torch.full_like(torch.tensor(theirs), 3.0)
    reason = rounding.unwritten(line, {"v1": torch.zeros(0, 4)}, ours, theirs, near, None)
    assert (reason is not None) == explained
    assert not torch.are_deterministic_algorithms_enabled()
