"""Checkpoints in checkpoints, in backwards and in groups, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: B023

import pytest
from beside import check, raised, scenarios


def nested(t):
    cp = t.utils.checkpoint.checkpoint
    import functools

    c = functools.partial(functools.partial, cp, use_reentrant=False)
    sin, exp = lambda x: x.sin(), lambda x: x.exp()
    out = []
    for f in [
        c(sin),
        c(c(sin)),
        c(lambda x: c(sin)(x) * 1),
        lambda x: c(c(lambda y: y.sin().exp()))(x),
        c(lambda x: c(sin)(x) + c(exp)(x).cos()),
        c(lambda x: c(c(sin))(c(c(exp))(x)) * x),
        c(lambda x: c(lambda y: c(lambda z: z.sin().exp())(y).cos())(x).tanh()),
    ]:
        x = t.tensor([0.5, 1.5], requires_grad=True)
        y = f(x)
        (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
        out += [y.detach(), g.detach(), t.autograd.grad(g.sum(), x)]
    return out


def same_graph(t):
    cp = t.utils.checkpoint.checkpoint
    n = [0]

    def f(x):
        n[0] += 1
        return x.sin().exp().sin().exp()

    x = t.ones(2, requires_grad=True)
    y = cp(f, x, use_reentrant=False)
    for i in range(3):
        y.sum().backward(retain_graph=True)
    z = y.sum()
    z.backward()
    return n, x.grad, raised(lambda: z.backward())


def reentrant_backward_inside(t):
    cp = t.utils.checkpoint.checkpoint
    out = []
    for stop in (True, False):

        def hook(*_):
            with t.enable_grad():
                w.sum().backward(retain_graph=True)

        x = t.ones(2, requires_grad=True)
        w = cp(lambda a: a.exp().sin(), x, use_reentrant=False, early_stop=stop)
        y = (w * 2).exp()
        y.register_hook(hook)
        y.sum().backward()
        out.append(x.grad)

        def inner(a):
            b = a.sin()
            c = b.cos()
            (g,) = t.autograd.grad(c.sum(), a, retain_graph=True)
            return c * g

        def inner2(a):
            b = a.sin()
            c = b.cos()
            (g,) = t.autograd.grad(c.sum(), a)
            return a.cos() * g

        for fn in (inner, inner2):
            x = t.tensor([0.5, 1.0], requires_grad=True)
            cp(fn, x, use_reentrant=False, early_stop=stop).sum().backward()
            out.append(x.grad)
            x = t.tensor([0.5, 1.0], requires_grad=True)
            fn(x).sum().backward()
            out.append(x.grad)
    return out


def kwargs_nest(t):
    cp = t.utils.checkpoint.checkpoint
    x = t.ones(2, requires_grad=True)

    def f(a, d, *, k, scale=2, flag=None):
        return {"o": a * d["b"][0] * k * scale, "n": [a, 3]}

    r = cp(f, x, {"b": [t.full((2,), 4.0, requires_grad=True)]}, k=t.ones(2) * 3, scale=5, use_reentrant=False)
    (r["o"] + r["n"][0]).sum().backward()
    out = [r["o"], r["n"], x.grad]

    def g(a, b, c):
        return None, a * b, "s", (a, 1)

    r = cp(g, x, 3, None, use_reentrant=False)
    r[1].sum().backward()
    out += [r[0], r[1], r[2], x.grad]

    def h(a, b):
        return a * b, 5, None, "x"

    r = cp(h, x, 3, use_reentrant=True)
    r[0].sum().backward()
    out += [r, x.grad]
    return out


def access_twice(t):
    cp = t.utils.checkpoint.checkpoint

    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a.exp()

        @staticmethod
        def backward(ctx, g):
            (a,) = ctx.saved_tensors
            (a,) = ctx.saved_tensors
            return g * a.exp()

    x = t.ones(2, requires_grad=True)
    out = [raised(lambda: cp(F.apply, x, use_reentrant=False).sum().backward())]
    y = cp(lambda a: a.sin(), x, use_reentrant=False)
    out += [y.grad_fn._saved_self, y.grad_fn._saved_self]
    y.sum().backward()
    out += [x.grad, raised(lambda: y.grad_fn._saved_self)]
    return out


def early_stop_scopes(t):
    cp = t.utils.checkpoint.checkpoint
    n = [0]

    def f(a):
        a = a.sin()
        n[0] += 1
        a = a.clone()
        n[0] += 1
        return a

    x = t.ones(2, requires_grad=True)
    out = []
    with t.utils.checkpoint.set_checkpoint_early_stop(False):
        y = cp(f, x, use_reentrant=False)
    y.sum().backward()
    out.append(n[0])
    n[0] = 0
    y = cp(f, x, use_reentrant=False)
    with t.utils.checkpoint.set_checkpoint_early_stop(False):
        y.sum().backward()
    out.append(n[0])
    n[0] = 0

    def g(a):
        n[0] += 1
        return a + 1

    y = cp(g, x, use_reentrant=False)
    y.sum().backward()
    out.append(n[0])
    return out


def groups(t):
    cp = t.utils.checkpoint.checkpoint
    G = t.utils.checkpoint.GraphExecGroup
    n = [0]

    def f(a):
        n[0] += 1
        b = a.sin()
        return b.cos(), b.exp()

    x = t.ones(2, requires_grad=True)
    out = []
    a, b = cp(f, x, use_reentrant=False)
    a.sum().backward(retain_graph=True)
    b.sum().backward()
    out.append(n[0])
    n[0] = 0
    c, d = cp(lambda q: (q.sin(), q.exp().sin()), x, use_reentrant=False)
    with G():
        c.sum().backward()
        d.sum().backward()

    def nest():
        with G():
            with G():
                pass

    out += [n[0], raised(nest).split("<")[0], x.grad]
    y = cp(lambda q: q.sin().cos(), x, use_reentrant=False)

    def overlap():
        with G():
            y.sum().backward(retain_graph=True)
            y.sum().backward(retain_graph=True)

    out.append(raised(overlap))
    return out


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
