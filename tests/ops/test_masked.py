"""`torch.masked` beside PyTorch: values, gradients, masks that broadcast, errors."""

import pytest
import torch
from beside import check

REDUCTIONS = ["sum", "prod", "amax", "amin", "mean", "var", "std", "logsumexp"]
ALONG = ["cumsum", "cumprod", "softmax", "log_softmax", "softmin", "median", "argmax", "argmin"]


def inputs(m):
    x = m.tensor([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]], dtype=m.float64, requires_grad=True)
    return x, m.tensor([[True, False, True], [True, True, False]])


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("dim", [None, 0, (0, 1), -1])
def test_reductions(name, dim):
    def scenario(m):
        x, mask = inputs(m)
        found = [getattr(m.masked, name)(x, dim, keepdim=k, mask=chosen) for k in (False, True)
                 for chosen in (mask, mask[0], None)]  # fmt: skip
        return [(y, m.autograd.grad(y.sum(), x)) for y in found]

    check(scenario, strides=False)


@pytest.mark.parametrize("name", ALONG)
def test_along_a_dimension(name):
    def scenario(m):
        x, mask = inputs(m)
        y = getattr(m.masked, name)(x, 1, mask=mask)
        kind = m.int32 if name.startswith(("arg", "cum")) else m.float32
        whole = getattr(m.masked, name)(m.tensor([[3, 1, 2]]).to(kind), 1, mask=mask[:1])
        return y, whole, m.autograd.grad(y.nan_to_num(neginf=0).sum(), x) if y.requires_grad else None

    check(scenario, strides=False)


@pytest.mark.parametrize("ord", [2.0, 1, 0, float("inf"), -float("inf")])
def test_norms(ord):
    def scenario(m):
        x, mask = inputs(m)
        return m.masked.norm(x, ord, 1, mask=mask), m.masked.normalize(x, ord, 1, mask=mask)

    check(scenario, strides=False)


@pytest.mark.parametrize(
    "line",
    [
        "sum(x, (0, 0))", "sum(x, 2)", "sum(x, mask=mask[None])", "mean(x > 0)", "mean(x, dtype=m.int64)",
        "var(x, 0, True, correction=1)", "amax(x > 0, mask=mask)", "median((x * 2).int(), mask=mask & False)",
        "sum(x > 0, mask=mask)", "logaddexp(x, x * 2, input_mask=mask, other_mask=~mask)", "sum(x.detach().int(), 1)",
    ],
)  # fmt: skip
def test_cases(line):
    check(lambda m: eval(f"m.masked.{line}", {"m": m, **dict(zip(("x", "mask"), inputs(m)))}), strides=False)


def test_names():
    import rushlight

    assert set(torch.masked.__all__) - {"as_masked_tensor", "is_masked_tensor", "masked_tensor", "MaskedTensor"} <= set(
        rushlight.masked.__all__
    )
