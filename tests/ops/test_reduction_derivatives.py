"""Derivatives of reductions, running reductions and statistics."""

import pytest
from beside import check

FUNCTIONS = {
    "sum": lambda m, x: x.sum(),
    "sum of a dimension": lambda m, x: x.sum(-1, keepdim=True),
    "sum in another dtype": lambda m, x: x.sum(0, dtype=m.float32 if x.dtype == m.float64 else m.float64),
    "mean": lambda m, x: x.mean(),
    "mean of a dimension": lambda m, x: x.mean(0),
    "prod": lambda m, x: x.prod(),
    "prod of a dimension": lambda m, x: x.prod(-1),
    "max": lambda m, x: x.max(),
    "min": lambda m, x: x.min(),
    "max of a dimension": lambda m, x: x.max(-1)[0],
    "min of a dimension": lambda m, x: x.min(0, keepdim=True)[0],
    "amax": lambda m, x: x.amax(-1),
    "amin": lambda m, x: x.amin(),
    "aminmax": lambda m, x: sum(x.aminmax(dim=0)),
    "var": lambda m, x: x.var(),
    "var of a dimension": lambda m, x: x.var(0, correction=0),
    "std": lambda m, x: x.std(0),
    "var_mean": lambda m, x: sum(m.var_mean(x, 0)),
    "std_mean": lambda m, x: sum(m.std_mean(x)),
    "norm": lambda m, x: x.norm(),
    "norm 1": lambda m, x: x.norm(1, 0),
    "norm 3": lambda m, x: x.norm(3, -1, True),
    "norm 1.5": lambda m, x: x.norm(1.5),
    "norm inf": lambda m, x: x.norm(float("inf"), 0),
    "cumsum": lambda m, x: x.cumsum(0),
    "cumprod": lambda m, x: x.cumprod(-1),
    "cummax": lambda m, x: x.cummax(0)[0],
    "cummin": lambda m, x: x.cummin(-1)[0],
    "logsumexp": lambda m, x: x.logsumexp(0),
    "logcumsumexp": lambda m, x: x.logcumsumexp(-1),
    "median": lambda m, x: x.median(),
    "median of a dimension": lambda m, x: x.median(0)[0],
    "nanmedian": lambda m, x: x.nanmedian(),
    "mode": lambda m, x: x.mode(-1)[0],
    "quantile": lambda m, x: x.quantile(0.3, 0),
    "quantiles": lambda m, x: x.quantile(m.tensor([0.0, 0.25, 1.0], dtype=x.dtype)),
    "nansum": lambda m, x: x.nansum(0),
    "nanmean": lambda m, x: x.nanmean(),
    "dist": lambda m, x: m.dist(x, x.detach() * 0.5, 3),
}


INPUTS = {
    "numbers": [[0.5, -1.25, 2.0], [3.0, 0.25, -0.75]],
    "a zero": [[0.5, 0.0, 2.0], [3.0, 0.25, -0.75]],
    "zeros": [[0.0, 0.0, 2.0], [0.0, 0.25, -0.75]],
    "ties": [[2.0, 2.0, 1.0], [2.0, 1.0, 1.0]],
    "one row": [[1.0, 4.0, 2.0]],
}


@pytest.mark.parametrize("given_", INPUTS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives(name, given_):
    def scenario(m):
        x = m.tensor(INPUTS[given_], dtype=m.float64, requires_grad=True)
        y = FUNCTIONS[name](m, x)
        weights = m.arange(1.0, y.numel() + 1).reshape(y.shape).to(y.dtype).requires_grad_()
        (first,) = m.autograd.grad(y, x, weights, create_graph=True)
        second = m.autograd.grad((first * first * m.arange(1.0, x.numel() + 1).reshape(x.shape)).sum(), (x, weights),
                                 allow_unused=True)  # fmt: skip
        # Whether a derivative that vanishes everywhere is None or zeros depends on how it was computed.
        second = [m.zeros_like(t) if s is None else s.detach() + m.zeros_like(t) for t, s in zip((x, weights), second)]
        fast = m.autograd.grad(FUNCTIONS[name](m, x), x, weights.detach())
        return y, first.detach().contiguous(), [s.contiguous() for s in second], fast[0].contiguous()

    check(scenario, rtol=1e-9, atol=1e-9)


def test_gradient_of_a_sum_can_be_changed_and_added_to():
    def scenario(m):
        x = m.ones(5, requires_grad=True)
        x.sum().backward()
        x.grad.mul_(3)
        x.mean().backward()
        y = x * 1
        y.retain_grad()
        y.sum().backward()
        return x.grad, y.grad.clone()

    check(scenario)


def test_complex_reductions_have_gradients():
    def scenario(m):
        z = m.tensor([1 + 2j, -0.5 + 1j, 2 - 1j], dtype=m.complex128, requires_grad=True)
        out = []
        for f in (lambda t: t.sum().abs(), lambda t: t.mean().abs(), lambda t: t.prod().abs(), lambda t: t.norm(),
                  lambda t: t.norm(3), lambda t: t.norm(1), lambda t: t.var(), lambda t: t.cumsum(0).abs().sum(),
                  lambda t: t.cumprod(0).abs().sum()):  # fmt: skip
            out.append(m.autograd.grad(f(z), z)[0].contiguous())
        return out

    check(scenario)
