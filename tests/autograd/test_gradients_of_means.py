"""Gradients of means, which a program may change and look at as it likes, beside PyTorch: small ones and large ones."""

import pytest
from beside import check

SIZES = [(2, 3), (400, 300)]
MEANS = {
    "all": lambda t, x: x.mean(),
    "rows": lambda t, x: (x.mean(1) * t.linspace(0, 1, x.shape[0])).sum(),
    "columns": lambda t, x: (x.mean(0, keepdim=True) * t.linspace(0, 1, x.shape[1])).sum(),
    "a mean of means": lambda t, x: x.mean(0).mean(),
    "var_mean": lambda t, x: t.var_mean(x, 1)[1].sum(),
    "pooled": lambda t, x: t.nn.functional.adaptive_avg_pool1d(x, 1).sum(),
}


def changed(t, g):
    g = g.detach()
    g.view(g.shape[0], -1)
    strides = g.stride()
    g.mul_(2)
    return strides, g.sum(), g


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("mean", MEANS)
def test_gradients_asked_for_have_memory_of_their_own(mean, create_graph, shape):
    def scenario(t):
        x = t.linspace(-1, 1, shape[0] * shape[1]).reshape(shape).requires_grad_()
        (grad,) = t.autograd.grad(MEANS[mean](t, x), x, create_graph=create_graph)
        return grad.grad_fn and grad.grad_fn.name(), changed(t, grad)

    check(scenario)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("mean", MEANS)
def test_gradients_that_hooks_and_functions_see_have_memory_of_their_own(mean, shape):
    def scenario(t):
        class Seen(t.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x.clone()

            @staticmethod
            def backward(ctx, grad):
                found.append(changed(t, grad))
                return grad

        found = []
        x = t.linspace(-1, 1, shape[0] * shape[1]).reshape(shape).requires_grad_()
        y = x * 1
        y.retain_grad()
        y.register_hook(lambda g: found.append(g.stride()))
        x.register_hook(lambda g: found.append(g.stride()))
        MEANS[mean](t, y).backward()
        found.append(changed(t, y.grad))
        MEANS[mean](t, Seen.apply(x)).backward()
        return found

    check(scenario)
