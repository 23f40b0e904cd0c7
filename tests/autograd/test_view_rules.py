"""The rules of views and in-place changes, one by one, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: B023, F841, RUF059

import gc

import pytest
from beside import check, raised, scenarios


def V(f, **k):
    return f


def rg_of_views(t):
    out = []
    x = t.ones(4, requires_grad=True)
    with t.no_grad():
        v = x.view(-1)
        out.append(v.requires_grad)
    out += [v.requires_grad, v.grad_fn is None, v.is_leaf, v._is_view(), v._base is x]
    y = t.zeros(4)
    v = y[:2]
    y.requires_grad_()
    out += [v.requires_grad, v.is_leaf]
    w = t.ones(4, requires_grad=True)
    y = t.zeros(4)
    v = y[:2]
    y.mul_(w)
    out += [v.requires_grad, v.is_leaf, v.grad_fn.name(), v.requires_grad]
    y = t.zeros(4)
    v = y[:2]
    u = y[1:]
    v.mul_(w[:2])
    out += [
        v.requires_grad,
        y.requires_grad,
        u.requires_grad,
        u.is_leaf,
        v.is_leaf,
        y.is_leaf,
        y.grad_fn.name(),
        u.grad_fn.name(),
        v.grad_fn.name(),
        u._version,
        v._version,
        y._version,
    ]
    y = t.zeros(4)
    with t.no_grad():
        v = y[:2]
    y.mul_(w)
    out += [v.requires_grad, raised(lambda: v.grad_fn), raised(lambda: v + 1), v.requires_grad]
    return out


def no_grad_view_inplace(t):
    out = []
    x = t.ones(4, requires_grad=True)
    with t.no_grad():
        v = x[:2]
    out.append(raised(lambda: v.add_(1)))
    c = x.clone()
    with t.no_grad():
        v = c[:2]
    out += [v.requires_grad, raised(lambda: v.add_(1))]
    with t.no_grad():
        v.add_(1)
    out += [
        c,
        v.requires_grad,
        raised(lambda: v.grad_fn),
        raised(lambda: v + 1),
        raised(lambda: v.add_(1)),
        c._version,
        raised(lambda: v.is_leaf),
    ]
    with t.no_grad():
        out += [v.tolist(), v.mul_(3).tolist(), (v.view(2, 1) * 2).tolist()]
    y = t.zeros(4)
    with t.no_grad():
        v = y[:2]
    v.add_(1)
    out += [v, y]
    out.append(raised(lambda: v.mul_(t.ones(2, requires_grad=True))))
    with t.no_grad():
        v = c.view(4).view(2, 2)
    out.append(raised(lambda: v.add_(1)))
    with t.no_grad():
        a, b = c.unbind(0)[:2]
    out.append(raised(lambda: a.add_(1)))
    with t.no_grad():
        v = c.view(4)
    u = v.view(2, 2)
    out += [u.requires_grad, raised(lambda: u.add_(1))]
    a, b = c.view(2, 2).unbind(0)
    with t.no_grad():
        z = a.view(2)
    out.append(raised(lambda: z.add_(1)))
    z = a.view(2)
    out.append(raised(lambda: z.add_(1)))
    out.append(raised(lambda: a.add_(1)))
    with t.no_grad():
        v = c.view(4)
    c.add_(1)
    out.append(raised(lambda: v.grad_fn))
    out.append(raised(lambda: v.add_(1)))
    return out


def multi_output(t):
    out = []
    for f in ["unbind", "split", "chunk", "split_with_sizes", "tensor_split", "hsplit", "vsplit"]:
        x = t.ones(4, 4, requires_grad=True)
        c = x.clone()
        arg = {
            "unbind": (0,),
            "split": (2,),
            "chunk": (2,),
            "split_with_sizes": ([2, 2],),
            "tensor_split": (2,),
            "hsplit": (2,),
            "vsplit": (2,),
        }[f]
        r = getattr(c, f)(*arg)
        out += [f, r[0].grad_fn.name(), r[1].output_nr, raised(lambda: r[0].add_(1)), raised(lambda: r[1].mul_(2))]
        r = getattr(c, f)(*arg)
        c.add_(1)
        out += [raised(lambda: r[1].grad_fn.name()), raised(lambda: r[0] * 2), r[0].requires_grad]
        y = t.ones(4, 4)
        r = getattr(y, f)(*arg)
        out += [raised(lambda: r[0].add_(1)), raised(lambda: r[1].mul_(t.ones(1, requires_grad=True))), y.requires_grad]
        leaf = t.ones(4, 4, requires_grad=True)
        out.append(raised(lambda: getattr(leaf, f)(*arg)[0].zero_()))
        with t.no_grad():
            getattr(leaf, f)(*arg)[0].zero_()
        out.append(leaf)
    return out


def view_of_leaf(t):
    x = t.ones(4, requires_grad=True)
    out = [
        raised(lambda: x[:2].add_(1)),
        raised(lambda: x.add_(1)),
        raised(lambda: x.view(2, 2)[0].mul_(2)),
        raised(lambda: x.__setitem__(0, 1)),
        raised(lambda: x.zero_()),
        raised(lambda: x.copy_(t.ones(4))),
        raised(lambda: x.unsqueeze_(0)),
        raised(lambda: x.resize_(2)),
        raised(lambda: x.set_(t.ones(2))),
        raised(lambda: x.t_()),
        raised(lambda: x.normal_()),
        raised(lambda: x.fill_(2)),
        raised(lambda: x.detach()[0].add_(1)),
        raised(lambda: x.clamp_(0)),
        raised(lambda: t.nn.functional.relu(x, inplace=True)),
        raised(lambda: x.requires_grad_(False)[0].add_(1)),
        x._version,
    ]
    x.requires_grad_()
    with t.no_grad():
        x.add_(1)
        x[0] = 5
        x[:2].mul_(2)
    return out, x, x._version, x.is_leaf


def versions(t):
    out = []
    x = t.ones(4)
    v = x[:2]
    d = x.detach()
    dt = x.data
    c = x.clone()
    out += [x._version]
    v.add_(1)
    out += [x._version, v._version, d._version, dt._version]
    d.mul_(2)
    out += [x._version, v._version, d._version, dt._version]
    dt.add_(1)
    out += [x._version, v._version, d._version, dt._version]
    x.data.add_(1)
    out += [x._version]
    x[0] = 3
    out += [x._version]
    x[x > 0] = 3
    out += [x._version]
    x[t.tensor([0, 1])] = 3
    out += [x._version]
    x.data = t.zeros(3)
    out += [x._version, v._version, d._version, x]
    x.add_(1)
    out += [x._version, v._version, d._version]
    y = t.ones(4)
    y._version
    y.resize_(2)
    out.append(y._version)
    y.resize_(8)
    out.append(y._version)
    y.set_(t.zeros(3))
    out.append(y._version)
    y.unsqueeze_(0)
    out.append(y._version)
    y.t_()
    out.append(y._version)
    y.squeeze_()
    out.append(y._version)
    y.requires_grad_()
    y.detach_()
    out.append(y._version)
    z = t.ones(3)
    t.add(z, 1, out=z)
    out.append(z._version)
    z.normal_()
    out.append(z._version)
    z.uniform_()
    z.copy_(z)
    out.append(z._version)
    z.zero_()
    z.fill_(3)
    out.append(z._version)
    z += 1
    out.append(z._version)
    z.index_fill_(0, t.tensor([0]), 2.0)
    z.masked_fill_(z > 1, 1.0)
    out.append(z._version)
    z.scatter_(0, t.tensor([0]), 1.0)
    out.append(z._version)
    z.swapaxes_(0, 0)
    out.append(z._version)
    z.requires_grad_(False)
    out.append(z._version)
    p = t.nn.Parameter(t.ones(3))
    with t.no_grad():
        p.add_(1)
    out.append(p._version)
    t._C._autograd._unsafe_set_version_counter((p,), (7,)) if hasattr(t._C, "_autograd") else None
    out.append(p._version)
    with t.autograd._unsafe_preserve_version_counter(p):
        with t.no_grad():
            p.mul_(2)
    out.append(p._version)
    t.autograd.graph.increment_version(p)
    out.append(p._version)
    t.autograd.graph.increment_version([p, z])
    out += [p._version, z._version]

    return out


def data_attr(t):
    out = []
    x = t.ones(3, requires_grad=True)
    xid = id(x)
    x.data = t.zeros(4)
    out += [x, x.requires_grad, x.is_leaf, id(x) == xid]
    out.append(raised(lambda: setattr(x, "data", t.ones(3, dtype=t.int64))))
    out.append(raised(lambda: setattr(x, "data", 3)))
    out.append(raised(lambda: setattr(x, "data", None)))
    x.data = t.zeros(2, dtype=t.float64)
    out += [x]
    y = t.ones(3)
    y.data = t.ones(2, dtype=t.int64)
    out.append(y)
    h = []
    w = t.ones(3, requires_grad=True)
    a = w * 2
    b = w * 3
    b.data = t.tensor([5.0, 5.0, 5.0])
    b.register_hook(lambda g: h.append(g))
    (b * b).backward(t.ones(3))
    out += [w.grad, h, b]
    del_err = raised(lambda: delattr(y, "data"))
    out.append(del_err)
    z = t.ones(4)
    v = z[:2]
    v.data = t.zeros(3)
    out += [v._is_view(), v, z]
    w = t.ones(3, requires_grad=True)
    q = w * 1
    w.data.add_(1)
    q.backward(t.ones(3))
    out.append(w.grad)
    q = w * w
    w.data.mul_(3)
    q.backward(t.ones(3))
    out += [w.grad, w.data.requires_grad, w.data.grad_fn is None]
    sp = raised(lambda: setattr(x, "data", t.ones(2, requires_grad=True)))
    out += [sp, x.requires_grad]
    return out


def detach_stuff(t):
    out = []
    x = t.ones(4, requires_grad=True)
    y = x * 2
    yd = y.detach()
    out += [yd.requires_grad, yd.is_leaf, yd._is_view(), yd._version, yd._base is None]
    out.append(raised(lambda: yd.resize_(1)))
    out.append(raised(lambda: yd.resize_as_(t.ones(2))))
    out.append(raised(lambda: yd.set_(t.ones(2))))
    out.append(raised(lambda: yd.unsqueeze_(0)))
    out.append(raised(lambda: yd.t_()))
    out.append(raised(lambda: y.detach().set_()))
    out.append(raised(lambda: y.detach().transpose_(0, 0)))
    v = y[:2]
    out.append(raised(lambda: v.detach_()))
    out.append(raised(lambda: y.view(4).detach_()))
    y.detach_()
    out += [y.requires_grad, y.is_leaf, y.grad_fn is None]
    z = t.ones(4)
    out.append(raised(lambda: z[:2].detach_()))
    out.append(raised(lambda: z.detach_()))
    x.detach_()
    out += [x.requires_grad]
    s = t.ones(2, requires_grad=True)
    q = s.sigmoid()
    q.detach().zero_()
    out.append(raised(lambda: q.sum().backward()))
    q = s.sigmoid()
    d = q.detach()
    q.add_(1)
    out += [d._version]
    u = s.clone()
    a, b = u.unbind()
    out.append(raised(lambda: a.detach_()))
    out.append(raised(lambda: y.detach().requires_grad_().sum().backward()))
    q = s * 2
    vv = q[:1]
    q.detach_()
    out += [vv.requires_grad, vv.grad_fn.name(), q.requires_grad]
    return out


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


def leaf_errors(t):
    x = t.zeros(1, requires_grad=True)
    y = x.view_as(x)
    return [
        raised(lambda: y.add_(1)),
        raised(lambda: x.view(-1).__iadd__(1)),
        raised(lambda: x.expand(2).add_(1)),
        raised(lambda: x.unbind()[0].add_(1)),
        raised(lambda: x.real.add_(1)),
    ]


def multi_safe(t):
    out = []
    for f in [lambda x: x.unbind(), lambda x: x.split(1), lambda x: x.split_with_sizes((1, 1)), lambda x: x.chunk(2)]:
        a = t.randn(2, 2, requires_grad=True)
        c = a + 1
        v = f(c)
        s1, s2 = v
        s3 = c.narrow(0, 0, 1)
        out.append(
            [
                raised(lambda: s1.mul_(s2)),
                raised(lambda: s3.mul_(3)),
                raised(lambda: (s1 + 1).sum().backward()),
                raised(lambda: (c * 2).sum().backward()),
            ]
        )
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


def then_no_grad(t):
    a = t.ones(3, requires_grad=True)
    b = a * 2
    c = b.view_as(b)
    c[0][()] = 3
    with t.no_grad():
        c.grad_fn
        n = c.grad_fn.name()
        c.view_as(c)
        d = c[1:]
        e = d.grad_fn is None
    return n, e, d.requires_grad


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


def not_rg_inplace(t):
    out = []
    a = t.rand(4, 5)
    b = a[:1]
    c = a[1:]
    w = t.ones(5, requires_grad=True)
    c.add_(w)
    out += [b.requires_grad, a.requires_grad]
    a = t.ones(4, dtype=t.int64)
    out.append(raised(lambda: a.add_(t.ones(4, requires_grad=True))))
    a = t.ones(4)
    a.copy_(t.ones(4, requires_grad=True))
    out += [a.requires_grad]
    a = t.ones(4)
    a += t.ones(4, requires_grad=True)
    out += [a.requires_grad, a.is_leaf, a.requires_grad_(True) is a, raised(lambda: a.requires_grad_(False))]
    a = t.ones(4, dtype=t.int64)
    a.copy_(t.ones(4, requires_grad=True))
    out += [a.requires_grad]
    return out


def views_of_views_count(t):
    n = []

    class Vw(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.view_as(x)

        @staticmethod
        def backward(ctx, g):
            n.append(1)
            return g

    x = t.ones(2, requires_grad=True)
    y = x.clone()
    v = Vw.apply(y)
    out = [v._is_view(), v._base is y, v.grad_fn.name(), raised(lambda: v.add_(1))]
    y = x.clone()
    v = Vw.apply(y)
    y.add_(1)
    out += [raised(lambda: v.grad_fn), raised(lambda: v.sum().backward()), n]
    y = x.clone()
    v = Vw.apply(y)
    u = v.view(2)
    out += [raised(lambda: u.mul_(2))]
    y = x.clone()
    u = y.view(2)
    v = Vw.apply(u)
    out += [v._base is y, raised(lambda: v.mul_(2)), raised(lambda: u.mul_(2)), raised(lambda: v.grad_fn)]

    class Id(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            n.append(1)
            return g

    y = x.clone()
    v = Id.apply(y)
    out += [v is y, v._is_view(), v._base is y, raised(lambda: v.add_(1))]

    class Two(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x[:1], x[1:]

        @staticmethod
        def backward(ctx, a, b):
            n.append(1)
            return t.cat([a, b])

    y = x.clone()
    a, b = Two.apply(y)
    out += [a._is_view(), a._base is y, raised(lambda: a.add_(1)), raised(lambda: b.add_(1)), a.grad_fn.name()]
    y = x.clone()
    a, b = Two.apply(y)
    y.add_(1)
    out += [raised(lambda: a.grad_fn), raised(lambda: b + 1)]
    leaf = t.ones(2, requires_grad=True)
    v = Vw.apply(leaf)
    out += [raised(lambda: v.add_(1))]
    plain = t.ones(2)
    v = Vw.apply(plain)
    out += [v._is_view(), raised(lambda: v.add_(1)), plain, raised(lambda: v.add_(leaf))]

    class NoGradView(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.view_as(x)

        @staticmethod
        def backward(ctx, g):
            return g

    with t.no_grad():
        y = x.clone()
        v = NoGradView.apply(x)
        out += [v.requires_grad, v._is_view()]
    out.append(raised(lambda: v.add_(1)))
    return out


def stale_after_no_grad(t):
    out = []
    x = t.ones(4, requires_grad=True)
    c = x.clone()
    with t.no_grad():
        v = c[:2]
        c.add_(1)
    out += [v.requires_grad, raised(lambda: v.grad_fn), raised(lambda: v + 1), repr(v)]
    a, b = c.split(2)
    with t.no_grad():
        a.add_(1)
    out += [
        a.requires_grad,
        raised(lambda: a.grad_fn),
        raised(lambda: a * b),
        raised(lambda: b.grad_fn),
        type(a).__name__,
        isinstance(a, t.Tensor),
        a.requires_grad_().requires_grad,
    ]
    a, b = c.split(2)
    with t.no_grad():
        c.add_(1)
        out.append(a + b)
    out += [
        raised(lambda: t.stack([a, b])),
        raised(lambda: a.backward(t.ones(2))),
        raised(lambda: a.detach() + 1),
        raised(lambda: a.register_hook(lambda g: g)),
        raised(lambda: t.autograd.grad(x.sum(), a)),
    ]
    with t.no_grad():
        v = c[:2]
    c.detach().add_(1)
    out += [v.requires_grad, raised(lambda: v.grad_fn)]
    with t.no_grad():
        v = x[:2]
        v.add_(1)
    out += [v.requires_grad, raised(lambda: v.grad_fn), raised(lambda: v.clone()), raised(lambda: v.add_(1)), x]
    return out


def views_and_new_requirements(t):
    out = []
    x = t.ones(4, requires_grad=True)
    y = t.ones(4)
    v = y[:2]
    y.requires_grad_()
    out += [raised(lambda: v.add_(1)), v.requires_grad, y._version]
    y = t.ones(4)
    v = y[:2]
    v.requires_grad_()
    out += [raised(lambda: v.add_(1)), raised(lambda: y.add_(1)), v.requires_grad, v.is_leaf, y.requires_grad]
    y = t.ones(4)
    v = y[:2]
    v.requires_grad_()
    y.add_(x)
    out += [v.grad_fn.name(), v.is_leaf]
    y = t.zeros(4)
    v = y[:2]
    y.mul_(x)
    v.grad_fn
    y.detach_()
    out += [v.requires_grad, v.grad_fn.name()]
    return out


def set_and_resize(t):
    out = []
    x = t.ones(4, requires_grad=True)
    y = x * 2
    y.set_(t.ones(3))
    out += [
        y.grad_fn.name(),
        y._version,
        y,
        [a and a.name() for a, _ in y.grad_fn.next_functions],
        raised(lambda: y.sum().backward()),
    ]
    y = x * 2
    y.set_()
    out += [y.grad_fn.name()]
    z = t.ones(4)
    z.set_(x * 2)
    out += [z.grad_fn.name(), z.requires_grad]
    y = x * 2
    v = y[:2]
    v.set_(t.ones(3))
    out += [v.grad_fn.name(), v._is_view(), v._version, y._version]
    y = t.ones(4)
    v = y[:2]
    y.set_(t.ones(3))
    out += [v._is_view(), v._version, v]
    y = t.ones(4)
    q = y * x
    y.set_(t.ones(4) * 3)
    out.append(raised(lambda: q.sum().backward()))
    with t.no_grad():
        x.set_(t.ones(5))
    out += [x, x._version]
    x.sum().backward()
    out.append(x.grad.tolist())
    out += [
        raised(lambda: x.set_(t.ones(2))),
        raised(lambda: x.resize_(2)),
        raised(lambda: (x * 2).resize_(4)),
        raised(lambda: x[:2].resize_(3)),
    ]
    b = x.clone()
    v = b[:2]
    v.unsqueeze_(0)
    v.mul_(2)
    out += [v.grad_fn.name(), b.grad_fn.name(), b]
    b = x.clone()
    v = b.unbind()[0]
    out.append(raised(lambda: v.unsqueeze_(0)))
    out += [raised(lambda: x.squeeze_()), raised(lambda: x[0].unsqueeze_(0))]
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


def data_of_another_layout(t):
    x = t.ones(2)
    return raised(lambda: setattr(x, "data", t.ones(2).to_sparse())), x


def sizes_and_strides_of_wrong_dimensions(t):
    x, number = t.zeros(2, 3), t.zeros(())
    return [raised(lambda: f(d)) for f in (x.size, x.stride, number.size, number.stride) for d in (0, -3, 2, "a", 1.5)]


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
