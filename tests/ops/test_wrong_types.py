"""Arguments of a type that PyTorch does not take: the same exceptions, in the same words."""

import inspect

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
    "topk(x, True)", "topk(x, k=True)", "topk(x)", "topk()", "topk(x, 2, 1, 1)", "topk(x, 2, 1, sorted=1)",
    "softmax('a', dim=1)", "softmax(x)", "chunk(x, chunks=2.5)", "chunk(x, True)", "chunk(x, dim=1)",
    "unbind(x, True)", "x.unbind(dim=True)", "x.topk(2, out=None)", "kthvalue(x)",
    *[f"{f}({a})" for f in ["flatten", "ravel", "real", "conj", "positive", "isreal", "frexp", "diag", "diagonal",
                            "nonzero", "argwhere", "resolve_conj", "nn.functional.silu", "nn.functional.relu6",
                            "nn.functional.hardtanh", "nn.functional.dropout", "fliplr", "flipud",
                            "nn.functional.alpha_dropout", "linalg.diagonal"]
      for a in ("'a'", "None", "1.5")],
    "nn.functional.dropout(3, 0.5, False)", "nn.functional.threshold('a', 1, 2)", "reshape('a', (3,))",
    "reshape(1.5, (-1,))", "permute('a', (0, 1))", "flip(None, (0,))", "tile('a', (2,))", "roll('a', 1)",
    "broadcast_to('a', (3,))", "broadcast_tensors(x, 1)", "as_strided(1, (2,), (1,))",
    "linalg.cross(x, 1)", "linalg.vecdot(x, 'a')",
    "linalg.vecdot('a', x)", "linalg.solve(x, 'a')", "segment_reduce('a', 'sum', lengths=i)",
    "segment_reduce(x, 'sum', lengths='a')", "nn.functional.cosine_similarity('a', x)",
    "nn.functional.cosine_similarity(x, 1)", "Tensor.item(1.5)", "Tensor.uniform_('a')", "Tensor.normal_(None)",
    "Tensor.cauchy_(2)", "Tensor.exponential_([1])", "Tensor.geometric_('a', 0.5)",
    "select(x, True, 0)",
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_what_is_said(call):
    def said(t):
        names = {"t": t, "x": t.arange(12.0).reshape(3, 4), "i": t.tensor([0, 1, 2])}
        return raised(lambda: eval(call if call.startswith("x.") else f"t.{call}", names))

    assert said(rushlight) == said(torch)


TYPES = ["lerp('a', x, 0.5)", "masked_fill(1.5, x > 0, 1.0)", "tensordot(x, 1, ([0], [0]))", "movedim('a', 0, 1)",
         "broadcast_tensors([x, 'a'])", "nn.functional.max_unpool2d(x, 'a', 2)", "meshgrid('a')",
         "linalg.norm('a', 2)", "expand_as(x, 'a')"]  # fmt: skip


@pytest.mark.parametrize("call", TYPES)
def test_which_type_of_exception(call):
    def kind(t):
        return raised(lambda: eval(f"t.{call}", {"t": t, "x": t.ones(2, 3)})).partition(":")[0]

    assert kind(rushlight) == kind(torch)


def test_names_of_numpy():
    def scenario(t):
        x = t.arange(12.0).reshape(3, 4)
        return t.softmax(a=x, axis=0), x.softmax(axis=1), t.var(x=x, axis=1, keepdims=True), t.topk(k=2, x=x, axis=0)[0]

    check(scenario)


@pytest.mark.parametrize("name", ["topk", "softmax", "layer_norm"])
def test_signatures_of_what_is_written_on_first_use(name):
    function = getattr(rushlight, name, None) or getattr(rushlight.nn.functional, name)
    before = inspect.signature(function)
    with pytest.raises(TypeError):
        function()
    assert inspect.signature(function) == before
    assert "names" not in before.parameters


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
