"""What the private names below autograd show, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: B023

import pytest
from beside import check, raised, scenarios


def described_graph(fn):
    return "None" if fn is None else f"{fn.name()}({', '.join(described_graph(f) for f, _ in fn.next_functions)})"


def undefined_and_delayed(t):
    f = t._C._functions
    seen = []

    class Id(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            seen.append(g)
            return g

    class Idn(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x

        @staticmethod
        def backward(ctx, g):
            seen.append(g)
            return g

    x = t.ones(2, requires_grad=True)
    u = f.UndefinedGrad()(x)
    u.backward(t.ones(2))
    out = [u.grad_fn.name(), x.grad]
    f.UndefinedGrad()(Id.apply(x)).backward(t.ones(2))
    out.append(x.grad)
    x.grad = None
    f.UndefinedGrad()(Idn.apply(x)).backward(t.ones(2))
    out += [x.grad, raised(lambda: f.UndefinedGrad()(x, x))]
    d = f.DelayedError("blah", 1)(x)
    out += [d.grad_fn.name(), raised(lambda: d.backward(t.ones(2)))]
    a, b = f.DelayedError("blah", 2)(x, x * 2)
    out += [b.output_nr, described_graph(b.grad_fn), raised(lambda: a.backward(t.ones(2)))]
    return out, seen, f.DelayedError("blah", 1)(t.ones(2))


def graphs_of_gradients(t):
    once = t.autograd.function.once_differentiable

    def forward(ctx, a, s, b):
        ctx.s = s
        ctx.save_for_backward(a, b)
        return a + s * b + a * b

    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return g + g * b, None, g * ctx.s + g * a

    out = []
    for back in (backward, once(backward)):
        F = type("F", (t.autograd.Function,), {"forward": staticmethod(forward), "backward": staticmethod(back)})
        x = t.ones(2, requires_grad=True)
        y = t.ones(2, requires_grad=True)
        r = F.apply(x, 2, y)
        r.backward(t.ones(2, requires_grad=True), create_graph=True)
        out += [described_graph(v.grad_fn) for v in (r, x.grad, y.grad)] + [
            x.grad.grad_fn.next_functions[1][1],
            y.grad.grad_fn.next_functions[1][1],
        ]
        out.append(raised(lambda: x.grad.sum().backward()))
        x.grad = y.grad = None
    return out


def creation_meta(t):
    c = t._C._autograd
    x = t.ones(2, requires_grad=True)

    class Id(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return g

    with t.no_grad():
        v = x[:1]
    with t.inference_mode():
        w = x[:1]
    out = [str(c._get_creation_meta(a)) for a in (x[:1], x.unbind()[0], v, w, Id.apply(x))] + [
        raised(lambda: c._get_creation_meta(x))
    ]
    b = x.clone()
    with t.no_grad():
        u = b[:1]
    c._set_creation_meta(u, c.CreationMeta.DEFAULT)
    out += [raised(lambda: u.mul_(2)), str(c._get_creation_meta(u))]
    return out


def view_func(t):
    b = t.arange(6.0).view(2, 3)
    v = b[1:, ::2]
    n = t.arange(10.0, 16.0).view(2, 3)
    return v._view_func(n), b._view_func(n), v._view_func(n.t()), b.view(6)[2:4].view(2, 1)._view_func(n)


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
