"""Calls with arguments that few programs give: tensors of nothing, sizes at their limits, weights with gradients."""

import numpy as np
import pytest
import torch
from beside import check

import rushlight

F = "t.nn.functional"
LEAF = "t.ones(2, 3).requires_grad_()"
CLASSES = "t.zeros(2, dtype=t.int64)"
WEIGHT = "t.ones(3).requires_grad_()"
X = "t.arange(12.0).reshape(3, 4).mT"

LINES = [
    # Weights by which a loss has no derivative.
    f"{F}.binary_cross_entropy({LEAF}, t.ones(2, 3), weight={LEAF})",
    f"{F}.binary_cross_entropy_with_logits(t.ones(2, 3), t.ones(2, 3), weight={LEAF})",
    f"{F}.binary_cross_entropy_with_logits({LEAF}, {LEAF}, pos_weight={WEIGHT})",
    f"{F}.binary_cross_entropy_with_logits({LEAF}, t.ones(2, 4), pos_weight={WEIGHT})",
    f"{F}.nll_loss({LEAF}, {CLASSES}, weight={WEIGHT})", f"{F}.cross_entropy({LEAF}, {CLASSES}, weight={WEIGHT})",
    f"{F}.nll_loss(t.ones(2, 3, 1), t.zeros(2, 1, dtype=t.int64), weight={WEIGHT})",
    f"{F}.multi_margin_loss({LEAF}, {CLASSES}, weight={WEIGHT})",
    f"{F}.cross_entropy({LEAF}, {LEAF}, weight={WEIGHT})",
    f"t.no_grad()({F}.nll_loss)({LEAF}, {CLASSES}, weight={WEIGHT})",
    f"t.no_grad()({F}.soft_margin_loss)({LEAF}, {LEAF})", f"{F}.soft_margin_loss(t.ones(2, 3), {LEAF})",
    # Slices without elements are not compared.
    *[f"t.{name}(t.zeros({shape}), dim={dim})" for name in ("unique", "unique_consecutive")
      for shape, dim in [((), 0), ((), 3), ((0,), -1), ((2, 0, 3), 0), ((2, 0, 3), 1), ((2, 0, 3), 5), ((0, 3), 1)]],
    # Windows of volumes are smaller than what they move over.
    *[f"{F}.fractional_max_pool3d(t.arange(float({n} ** 3)).reshape(1, 1, {n}, {n}, {n}), {k}, output_size={out}, "
      "_random_samples=t.full((1, 1, 3), 0.3))"
      for n, k, out in [(1, 1, 1), (2, 1, 2), (2, 1, 1), (3, 2, 2), (3, 2, 1)]],
    "t.histogramdd(t.zeros(0, 1, dtype=t.float16), [3])[0]", "t.histogram(t.zeros(0, dtype=t.bfloat16), 3)[0]",
    "t.histogramdd(t.zeros(2, 1, dtype=t.float16), [3])[0]",
    *[f"{F}.affine_grid(t.arange(6.0, dtype=t.{kind}).reshape(1, 2, 3) / 7, (1, 1, 3, 3), {align})"
      for kind in ("float16", "bfloat16") for align in (True, False)],
    # What is recorded is not written elsewhere, whatever else is wrong.
    f"t.stack([{LEAF}, {LEAF}], 5, out=t.empty(0))", f"t.stack([{LEAF}, {WEIGHT}], 0, out=t.empty(0))",
    f"t.cat([{LEAF}, {LEAF}], 5, out=t.empty(0))", f"t.vstack([{LEAF}, {WEIGHT}], out=t.empty(0))",
    f"t.dstack([{LEAF}, t.ones(3, 3)], out=t.empty(0))", "t.stack([t.ones(2), t.ones(3)], 5, out=t.empty(0))",
    # A result that is resized lies as it would without out=, and decides what is added.
    *[f"t.{call}, out=t.empty(0))" for call in [
        f"add({X}, 1", f"mul({X}, {X}", f"where({X} > 2, {X}, {X}", f"clamp({X}, 1, 3", f"exp({X}", f"diff({X}",
        f"lerp({X}, {X}, 0.5", f"cumsum({X}, 0", f"tril({X}", f"index_select({X}, 0, t.tensor([1, 0])",
        f"cat([{X}, {X}]", f"polygamma(1, {X}"]],
    f"t.sort({X}, 0, out=(t.empty(0), t.empty(0, dtype=t.int64)))",
    *[f"t.{name}(t.tensor([2.5, 0.5, 200]), 0, out=t.empty(0, dtype=t.{kind}))"
      for name in ("sum", "prod", "nansum", "cumsum") for kind in ("bool", "int32", "float64")],
    *[f"t.{name}(t.tensor([2, 0, 200]) > 0, 0, dtype=t.bool)" for name in ("sum", "nansum", "cumsum", "cumprod")],
    *[f"t.{name}(t.tensor([2, 0, 200]), 0, dtype=t.float32, out=t.empty(0, dtype=t.float64))"
      for name in ("sum", "prod", "nansum", "cumsum")],
    f"{F}.rms_norm(t.tensor(1.0), (1,))", f"{F}.rms_norm(t.tensor(1.0), ())",
    *[f"t.ones({shape}).baddbmm_(t.ones({a}), t.ones({b}))" for shape, a, b in
      [((), (), ()), (3, 3, (2, 2)), ((2, 2), (2, 2), ()), ((1, 2, 2), (1, 2, 2), (2, 2)), ((1, 2, 2),) * 3]],
    *[f"{F}.interpolate(t.ones(1, 1, 1, 5, dtype=t.{kind}), size=(3, 1), mode={mode!r}, antialias=True)"
      for kind in ("float16", "bfloat16") for mode in ("bilinear", "bicubic")],
    # One operation computes the attention of vectors that lie in rows.
    *[f"{F}.scaled_dot_product_attention(*[t.ones(1, 1, 3, 2){turned}.requires_grad_()] * 3)"
      for turned in ("", ".mT")],
    *[f"t.{name}(t.zeros(0, 1, 2, dtype=t.complex32), t.ones(2, 5, 5))" for name in ("mul", "div", "eq")],
    *[f"t.zeros(1, dtype=t.{kind}).fill_({number})" for kind in ("int16", "int8", "float16")
      for number in ("float('inf')", "1e30", "1 + 1j", "3")],
    *[f"t.{name}(t.zeros(2, dtype=t.{kind}), t.zeros(2, dtype=t.{kind}))" for name in ("complex", "polar")
      for kind in ("bfloat16", "float16", "float32", "int32")],
    "t.ones((), requires_grad=True)[...].baddbmm_(t.ones(()), t.ones(1, 1))",
    "t.cumsum(t.zeros(0, 3) > 0, 1, dtype=t.bool)", "t.cumsum(t.zeros(()) > 0, 0, dtype=t.bool)",
    *[f"{F}.hardtanh_(t.ones(2, dtype=t.{kind}))" for kind in ("bool", "uint8", "int32", "float16", "complex64")],
    "(t.zeros(2) > 0).cumsum_(0)", "(t.zeros(()) > 0).cumprod_(0)",
    "t.ones(2, dtype=t.complex64, requires_grad=True)[:].polygamma_(1)",
    "t.full((2,), 1.5, requires_grad=True).mul(1).polygamma_(1)",
    "t.empty_strided((3, 2), (3, 2), dtype=t.uint8).view(t.int32)",
    "t.empty_strided((3, 2), (3, 2), dtype=t.uint8).view(t.int16)",
]  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_line(line):
    check(lambda t: eval(line, {"t": t, "float": float}))


@pytest.mark.parametrize("grad_in_rows", [True, False])
def test_gradients_of_batch_norm_are_those_of_rows_wherever_images_and_gradients_lie(grad_in_rows):
    x = torch.linspace(-2, 2, 9, dtype=torch.float64).cos().reshape(3, 3, 1, 1).transpose(0, 3)
    g = torch.linspace(-1, 3, 9, dtype=torch.float64).sin().reshape(1, 3, 1, 3)
    rows = x.contiguous().requires_grad_()
    wanted = torch.autograd.grad(torch.nn.functional.batch_norm(rows, None, None, training=True), rows, g)[0]
    ours = rushlight.from_numpy(x.numpy()).requires_grad_()
    given = g.numpy() if grad_in_rows else g.numpy().transpose(0, 3, 2, 1).copy().transpose(0, 3, 2, 1)
    loss = rushlight.nn.functional.batch_norm(ours, None, None, training=True)
    found = rushlight.autograd.grad(loss, ours, rushlight.from_numpy(given))[0]
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-9, atol=1e-12)
