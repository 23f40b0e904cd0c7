"""Versions, and the changes that put another memory, size or history under a tensor, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: F841, RUF059

import pytest
from beside import check, raised, scenarios


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


def saved_where_no_gradient_comes(t):
    out = []
    for p in (0, 2):
        for dtype in (t.float64, t.complex128):
            x = t.ones(2, dtype=dtype, requires_grad=True)
            y = x.exp()
            z = y * y
            y.add_(1)
            out.append(raised(t.norm(z, p, 0).backward))
            y = x.exp()
            y.register_hook(lambda grad: None)
            norm = t.norm(y, p, 0)
            y.add_(1)
            out.append(raised(norm.backward))
            y = x.exp()
            norm = t.norm(y, p, 0)
            norm.backward(retain_graph=True)
            norm.backward()
            out += [raised(y.sum().abs().backward), raised(norm.backward)]
    return out


def moved_leaves(t):
    out = []
    for changes in (lambda base, view: base.add_(t.ones(3).requires_grad_()), lambda base, view: base.mul_(view.sum())):
        base = t.ones(3)
        view = base[:2]
        view.requires_grad_()
        doubled = view * 2
        doubled.sum().backward()
        changes(base, view)
        doubled = doubled * 2
        out += [view.is_leaf, view.grad_fn.name(), t.autograd.grad(doubled.sum(), doubled)[0]]
        out += [raised((view * 2).sum().backward), raised((doubled * 2).sum().backward)]
    return out


def data_of_another_layout(t):
    x = t.ones(2)
    return raised(lambda: setattr(x, "data", t.ones(2).to_sparse())), x


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
