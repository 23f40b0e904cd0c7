"""Arguments of a type that PyTorch does not take: the same exceptions, in the same words."""

import pytest
import torch
from beside import check, outcome, raised

import rushlight

OPTIONS = ["ones(2, {})", "zeros(2, {})", "empty(2, {})", "full((2,), 1.0, {})", "tensor([1.0], {})",
           "ones_like(x, {})", "zeros_like(x, {})", "scalar_tensor(1.0, {})"]  # fmt: skip
CALLS = [
    *[form.format(f"requires_grad={given}") for form in OPTIONS for given in ("1", "0", "'a'")],
    "ones(2, pin_memory=1)",
    "remainder(5, 3)", "remainder(5.0, 3)", "bitwise_and(5, 3)", "pow(5, 3)", "fmod(5, 3)",
    "nn.functional.cross_entropy(None, i)", "nn.functional.cross_entropy(x, [0, 1, 2])",
    "nn.functional.nll_loss('a', i)", "nn.functional.nll_loss(x, 3)", "nn.functional.layer_norm(None, (4,))",
    "nn.functional.layer_norm(x, (4,), 'a')", "nn.functional.rms_norm('a', (4,))", "nn.functional.embedding(i, None)",
    "nn.functional.embedding([0], x)", "nn.functional.prelu(x, 0.5)", "nn.functional.unfold('a', 2)",
    "nn.functional.triplet_margin_loss(x, None, x)", "nn.functional.poisson_nll_loss('a', x)",
    "nn.functional.scaled_dot_product_attention(x, None, x)", "nn.functional.bilinear(x, 3, x)",
    "nn.functional.pixel_shuffle(None, 2)",
    "index_select('a', 0, i)", "gather(x, 0, None)", "index_add(x, 0, i, 2.5)", "scatter_add(x, 0, [0], x)",
    "masked_select(x, None)", "masked_scatter(x, x > 0, 3)", "cdist(x, None)", "take(x, [1])", "cov('a')",
    "cholesky_solve(None, x)", "kron(x, 3)", "cummax('a', 0)",
    "linalg.norm(x, 2, (0, 1, 2))", "dist(x, 'a')", "logit(None)", "chunk(x, 1.5)",
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_what_is_said(call):
    def said(t):
        names = {"t": t, "x": t.arange(12.0).reshape(3, 4), "i": t.tensor([0, 1, 2])}
        return raised(lambda: eval(f"t.{call}", names))

    assert said(rushlight) == said(torch)


def test_a_storage_that_is_none():
    for t in (rushlight, torch):
        with pytest.raises(TypeError, match="invalid combination of arguments - got \\(int\\)"):
            t.ones(2).set_(1)


def test_warnings_that_are_given_once():
    def scenario(t):
        t.set_warn_always(True)
        t.chain_matmul(t.eye(2), t.eye(2))
        t.set_warn_always(False)
        t.meshgrid(t.eye(2)[0])
        return t.chain_matmul(t.eye(2), t.eye(2)), t.meshgrid(t.eye(2)[0])

    for t in (rushlight, torch):
        outcome(scenario, t)
    check(scenario)
