"""Gradients through views that were changed in place, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: F841

import gc

import pytest
from beside import check, raised, scenarios


def inplace_on_view_hist(t):
    out = []
    root = t.randn(2, 2, requires_grad=True)
    with t.no_grad():
        root.copy_(t.arange(4.0).view(2, 2))
    x = root.clone()
    v = x.narrow(0, 0, 1)
    v.mul_(2)
    out += [x.grad_fn.name(), v.grad_fn.name(), [a and a.name() for a, i in x.grad_fn.next_functions]]
    (g,) = t.autograd.grad(x.sum(), root)
    out.append(g)
    x = root.clone()
    v1 = x.narrow(0, 0, 1)
    v2 = v1.narrow(1, 1, 1)
    v1.mul_(2)
    out += [v2.grad_fn.name(), v1.grad_fn.name()]
    v2.mul_(root[0, 0])
    out += [x.grad_fn.name(), v1.grad_fn.name(), v2.grad_fn.name(), v1, v2, x]
    out.append(t.autograd.grad((x * t.arange(1.0, 5.0).view(2, 2)).sum(), root, retain_graph=True))
    out.append(t.autograd.grad(v1.sum(), root, retain_graph=True))
    out.append(t.autograd.grad(v2.sum(), root))
    a = t.ones(5)
    b = a[1:3]
    w = t.ones(2, requires_grad=True)
    b.mul_(w)
    out += [a.requires_grad, b.requires_grad, a.grad_fn.name()]
    out.append(t.autograd.grad(a.sum(), w))
    a = t.ones(5, requires_grad=True)
    b = a * 2
    c = b[1:4]
    d = c[1:]
    e = d.view(2, 1)
    e.fill_(3.0)
    out += [b, b.grad_fn.name(), e.grad_fn.name(), t.autograd.grad(b.sum(), a)]
    # base modified
    b = a * 2
    c = b[1:3]
    b.mul_(3)
    out += [c.grad_fn.name(), t.autograd.grad(c.sum(), a)]
    b = a * 2
    c = b[1:3]
    b[1] = 0
    out += [c.grad_fn.name(), t.autograd.grad(c.sum(), a), b._version]
    b = a * 2
    c = b.expand(2, 5)
    b.add_(1)
    out += [c.grad_fn.name(), t.autograd.grad(c.sum(), a)]
    out.append(raised(lambda: c.add_(1)))
    b = a * 2
    c = b.t()
    c.add_(1)
    out += [c.grad_fn.name(), b.grad_fn.name()]
    b = (a * 2).view(5, 1)
    c = b.squeeze()
    c.mul_(3)
    out += [t.autograd.grad(c.sum(), a)]
    b = a.view(5, 1) * 2
    c = b.squeeze()
    c.mul_(a)
    out += [t.autograd.grad(b.sum(), a)]
    b = t.zeros(5)
    b[0] = a[1]
    b[2:4] = a[:2] * 2
    b[b > 10] = 1
    out += [b, t.autograd.grad(b.sum(), a)]
    b = t.zeros(5, 5)
    b.diagonal().copy_(a)
    out += [b, t.autograd.grad((b * t.arange(25.0).view(5, 5)).sum(), a)]
    b = t.zeros(5, 5)
    b[:, 1].add_(a)
    b.t()[1].mul_(a)
    out += [b, t.autograd.grad((b * b).sum(), a)]
    return out


def weak_grad_fn(t):
    a = t.arange(10.0, requires_grad=True)
    b = a.narrow(0, 0, 2).clone().view(-1)
    b.relu_()
    c = b.clone()
    del b
    gc.collect()
    s = c.sum()
    s.backward()
    return s, a.grad


def saved_output_view(t):
    out = []
    a = t.rand(4, requires_grad=True)
    b = a.view(4).exp()
    v = b[:2]
    v.relu_()
    out.append(raised(lambda: b.sum().backward()))
    dout = t.rand(10, requires_grad=True)
    x = dout * 1
    x1 = x[:5].sigmoid_()
    x.relu_()
    out.append(raised(lambda: x.sum().backward())[:125])
    return out


def retain_views(t):
    out = []
    x = t.ones(4, requires_grad=True)
    y = x * 2
    v = y[:2]
    v.retain_grad()
    y.retain_grad()
    v.mul_(3)
    out += [v.retains_grad, y.retains_grad]
    y.backward(t.ones(4))
    out += [v.grad, y.grad, x.grad]
    x.grad = None
    y = x * 2
    y.retain_grad()
    y.mul_(3)
    y.backward(t.ones(4))
    out += [y.grad, x.grad, y.retains_grad]
    y = x * 2
    v = y[:2]
    v.retain_grad()
    y.mul_(3)
    v.backward(t.ones(2))
    out += [v.grad, v.retains_grad]
    y = x * 2
    v = y[:2]
    y.retain_grad()
    v.add_(1)
    y.backward(t.ones(4))
    out += [y.grad]
    y = x.clone()
    h = []
    y.register_hook(lambda g: h.append(("a", g)))
    y.mul_(2)
    y.register_hook(lambda g: h.append(("b", g)))
    y.backward(t.ones(4))
    out.append(h)
    y = x.clone()
    v = y[:2]
    h = []
    y.register_hook(lambda g: h.append(("base", g)))
    v.register_hook(lambda g: h.append(("v", g)))
    v.mul_(2)
    v.register_hook(lambda g: h.append(("v2", g)))
    y.register_hook(lambda g: h.append(("base2", g)))
    y.backward(t.ones(4))
    out.append(h)
    y = x.clone()
    y.retain_grad()
    y.retain_grad()
    y.backward(t.ones(4))
    out += [y.grad, raised(lambda: t.ones(1).retain_grad()), x.retain_grad(), x.retains_grad]
    y = x.clone()
    y.retain_grad()
    y.backward(t.ones(4))
    y = None
    z = x.clone()
    z.retain_grad()
    a, b = z[:2], z[2:]
    z.mul_(2)
    (a * b).backward(t.ones(2))
    out += [z.grad]
    u = t.stack([x, x])
    a, b = u.unbind(0)
    a.retain_grad()
    b.retain_grad()
    (a * b).backward(t.ones(4))
    out += [a.grad, b.grad]
    return out


def non_contig(t):
    root = t.ones(2, 3, 2).select(2, 1).t().requires_grad_(True)
    x = root.clone()
    v1 = x.narrow(0, 0, 1)
    v2 = v1.narrow(1, 1, 1)
    v2.mul_(2)
    x.sum().backward()
    return root.grad, x.stride()


def undefined_out(t):
    a = t.tensor([1.0], requires_grad=True)
    c = a.clone()
    v = c[:]
    b = t.tensor(1.0, requires_grad=True)

    class InplaceFunc(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, other):
            ctx.mark_dirty(x)
            return x.mul_(2)

        @staticmethod
        def backward(ctx, g):
            return g * 2, None

    out = InplaceFunc.apply(v, b)
    out.backward()
    return b.grad, a.grad, c.grad_fn.name(), v.grad_fn.name()


def cross_dtype(t):
    out = []
    a0 = t.rand(2, 2, dtype=t.complex64)
    a = a0.clone().requires_grad_()
    b = a.clone()
    v = t.view_as_real(b)
    v.mul_(2)
    (b.real.sum() + b.imag.sum()).backward()
    out += [a.grad, b.grad_fn.name()]
    a = t.rand(2, 2, requires_grad=True)
    a.data.fill_(2.0)
    b = a.clone()
    v = t.view_as_complex(b)
    v.mul_(3j)
    b.sum().backward()
    out += [a.grad, b]
    a = t.zeros(2, 2, dtype=t.complex64)
    w = t.ones(2, 2, requires_grad=True)
    a.real.copy_(w)
    a.imag.add_(w * 2)
    out += [a, a.grad_fn.name(), raised(lambda: a.abs().sum().backward()), w.grad]
    f = t.ones(4)
    i = f.view(t.int32)
    out += [i._is_view(), i.requires_grad]
    f.requires_grad_()
    j = f.view(t.int32)
    out += [j._is_view(), j.requires_grad, raised(lambda: j.add_(1))]
    g = f * 2
    j = g.view(t.int32)
    out += [raised(lambda: j.add_(1)), g._version]
    return out


def dtype_views(t):
    f = t.ones(4)
    i = f.view(t.int32)
    i.add_(1)
    w = t.ones(4, requires_grad=True)
    return [
        i._is_view(),
        f._version,
        f.view(t.float16)._is_view(),
        t.ones(2, dtype=t.int64)[:1]._is_view(),
        w.view(t.int32).requires_grad,
        f.view(t.float32)._is_view(),
    ]


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
