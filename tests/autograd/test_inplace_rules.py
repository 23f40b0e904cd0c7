"""In-place changes of views, leaves and their data, one rule after another, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: B023, E731

import copy
import gc
import warnings
import weakref

import pytest
from beside import check, raised, scenarios


def inplace_function_on_views(t):
    class Add(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.mark_dirty(x)
            ctx.shape = y.shape
            return x.add_(y)

        @staticmethod
        def backward(ctx, g):
            return g, g.sum_to_size(ctx.shape)

    out = []
    a = t.ones(4, 5, requires_grad=True)
    b = t.ones(5, requires_grad=True)
    c = a.clone()
    v = c.narrow(0, 1, 2)
    r = Add.apply(v, b)
    out += [r is v, c.grad_fn.name(), v.grad_fn.name(), [n and n.name() for n, _ in c.grad_fn.next_functions]]
    (c * t.arange(20.0).view(4, 5)).sum().backward()
    out += [a.grad, b.grad]
    a.grad = b.grad = None
    c = a.clone()
    v = c[1]
    w = c[:, 1]
    Add.apply(v, b)
    (w * 3).sum().backward()
    out += [a.grad, b.grad]
    f = lambda a, b: (lambda c: (Add.apply(c[1:3], b), c)[1])(a.clone())
    ad, bd = a.detach().double().requires_grad_(), b.detach().double().requires_grad_()
    out += [t.autograd.gradcheck(f, (ad, bd)), t.autograd.gradgradcheck(f, (ad, bd))]
    f2 = lambda a, b: (lambda c: (Add.apply(c[1:3], b), c[2])[1])(a.clone())
    out += [t.autograd.gradcheck(f2, (ad, bd)), t.autograd.gradgradcheck(f2, (ad, bd))]
    leaf = t.ones(4, 5, requires_grad=True)
    out.append(raised(lambda: Add.apply(leaf[0], b)))
    z = t.zeros(4, 5)
    Add.apply(z[0], b)
    out += [z.requires_grad, z.grad_fn.name()]
    z.sum().backward()
    out.append(b.grad)
    with t.no_grad():
        c = a.clone()
        v = c[0]
        r = Add.apply(v, b)
        out += [r is v, r.requires_grad, c]
    return out


def complex_views(t):
    n = []

    class A(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, idx):
            ctx.idx = idx
            ctx.shape = x.shape
            return x.narrow(0, idx, 1).clone() if False else x[idx:]

        @staticmethod
        def backward(ctx, g):
            n.append("A")
            r = t.zeros(ctx.shape)
            r[ctx.idx :] = g
            return r, None

    a = t.ones(4, requires_grad=True)
    b = a * 1
    v = A.apply(b, 1)
    u = v[1:]
    out = [v._base is b, u._base is b, raised(lambda: u.mul_(2)), raised(lambda: v.mul_(2))]
    w = v * 2
    w[0] = 5
    w.sum().backward()
    out += [a.grad, n]
    x = b[:3]
    y = A.apply(x, 1)
    out += [
        y._base is b,
        raised(lambda: x.mul_(2)),
        raised(lambda: y.grad_fn),
        raised(lambda: y + 1),
        raised(lambda: b.mul_(2)),
    ]
    return out


def inplace_then_view_chain(t):
    out = []
    x = t.arange(6.0, requires_grad=True)
    y = x * 2
    v = y.view(2, 3)
    w = v.t()
    u = w[1]
    z = u.unsqueeze(0).expand(2, 2)
    u.mul_(3)
    out += [y, v, w, u, z, [q.grad_fn.name() for q in (y, v, w, u, z)]]
    (g,) = t.autograd.grad((z * t.arange(4.0).view(2, 2)).sum(), x, retain_graph=True)
    out.append(g)
    (g,) = t.autograd.grad((w * t.arange(6.0).view(3, 2)).sum(), x, retain_graph=True)
    out.append(g)
    v.add_(x.view(2, 3))
    w.mul_(2)
    out += [y, t.autograd.grad((y * x).sum(), x)]
    return out


def leaf_assignment(t):
    x = t.zeros(5, 5)
    y = t.ones(5, requires_grad=True)
    z = t.ones(5, requires_grad=True)
    x[0] = y
    x[1] = 2 * z
    out = [x.requires_grad, x.grad_fn.name(), x.is_leaf]
    x.sum().backward()
    out += [y.grad, z.grad]
    x = t.zeros(2, 2)
    x[0, 0] = t.tensor(3.0, requires_grad=True)
    x[:, 1] = y[:2]
    out += [x.grad_fn.name(), x]
    x = t.zeros(4)
    x[t.tensor([1, 2])] = y[:2]
    out += [x.grad_fn.name()]
    x[x > 0] = z[:2]
    out += [x.grad_fn.name(), x]
    x = t.zeros(4)
    x[1:3] += y[:2]
    out += [x.grad_fn.name(), x]
    with t.no_grad():
        y[0] = 7
    out += [y, y._version, y.is_leaf]

    def f():
        y[0] = 1

    out.append(raised(f))
    return out


def no_grad_version(t):
    x = t.ones(5, requires_grad=True)
    y = t.ones(5, requires_grad=True)
    z = (x * y).sum()
    with t.no_grad():
        x *= 2
    a = t.ones(5, requires_grad=True)
    b = a.exp()
    c = b.sum()
    b.detach().zero_()
    d = a.exp()
    e = d.sum()
    d.data.zero_()
    e.backward()
    return raised(z.backward), raised(c.backward), a.grad


def requires_grad_rules(t):
    out = []
    x = t.ones(2)
    out += [
        x.requires_grad_() is x,
        x.requires_grad_(False).requires_grad,
        raised(lambda: x.requires_grad_(3)),
        raised(lambda: setattr(x, "requires_grad", 3)),
        raised(lambda: setattr(x, "requires_grad", None)),
    ]
    y = t.ones(2, requires_grad=True) * 2
    out += [
        raised(lambda: y.requires_grad_(False)),
        raised(lambda: setattr(y, "requires_grad", False)),
        y.requires_grad_().requires_grad,
        raised(lambda: setattr(y, "requires_grad", True)),
    ]
    for d in (t.int64, t.bool, t.int8, t.uint8):
        out.append(raised(lambda: t.ones(2, dtype=d).requires_grad_()))
        out.append(raised(lambda: setattr(t.ones(2, dtype=d), "requires_grad", True)))
        out.append(raised(lambda: t.zeros(2, dtype=d, requires_grad=True)))
    z = t.ones(2, requires_grad=True)
    z.grad = t.ones(2)
    z.requires_grad_(False)
    out += [z.grad, z.is_leaf]
    z.requires_grad_()
    out += [z.grad]
    v = t.ones(4)[:2]
    v.requires_grad_()
    (v * 2).sum().backward()
    out += [v.grad, v.is_leaf, v._base.requires_grad]
    return out


def data_and_detach(t):
    out = []
    x = t.ones(3, requires_grad=True)
    h = []
    x.register_hook(lambda g: h.append(1))
    x.data = t.zeros(3)
    (x * 2).sum().backward()
    out += [h, x.grad]
    w = weakref.ref(x)
    x.data = t.ones(2)
    out += [w() is x, x.shape, x.grad]
    y = x * 2 if False else t.ones(2, requires_grad=True) * 2
    y.data = t.zeros(3)
    out += [y.grad_fn.name(), y.shape, y._version]
    a = t.ones(2, requires_grad=True)
    d = a.detach()
    d.requires_grad_()
    (d * a).sum().backward()
    out += [a.grad, d.grad]
    a = t.ones(2, requires_grad=True)
    b = a.detach().clone()
    c = a.data
    c.mul_(5)
    out += [a, a._version, b, c.requires_grad, c.is_leaf]
    m = t.nn.Linear(2, 2)
    m.weight.data.fill_(1)
    m.weight.data = m.weight.data * 2
    out += [m.weight, m.weight._version]
    g = t.ones(2, requires_grad=True)
    e = g * 1
    e.detach_()
    out += [e.requires_grad, e.is_leaf, e.grad_fn is None]
    e.requires_grad_()
    (e * 3).sum().backward()
    out += [e.grad, g.grad]
    base = t.ones(4)
    view = base[:2]
    base.detach_()
    out += [raised(lambda: view.detach_()), raised(lambda: base.requires_grad_()[:2].detach_())]
    p = t.ones(2, requires_grad=True)
    s = p.clone()
    v = s.view(2)
    s.detach_()
    out += [v.requires_grad, v.grad_fn.name()]
    out += [
        raised(lambda: t.ones(2).detach().data.detach_()),
        raised(lambda: t.nn.Parameter(t.ones(2)).detach_().requires_grad),
    ]
    return out


def pickled_and_copied(t):
    x = t.ones(3, requires_grad=True)
    y = x * 2
    v = x.detach()[:2]
    out = [
        raised(lambda: copy.deepcopy(y)),
        copy.deepcopy(x).requires_grad,
        copy.copy(x).requires_grad,
        copy.deepcopy(v)._is_view(),
        copy.deepcopy(x).is_leaf,
    ]
    x.grad = t.ones(3) * 2
    out += [copy.deepcopy(x).grad]
    return out


def grad_of_views(t):
    out = []
    x = t.arange(4.0, requires_grad=True)
    v = x[:2]
    v.retain_grad()
    (v * 3).sum().backward()
    out += [v.grad, x.grad, v.is_leaf]
    y = t.ones(4, requires_grad=True)
    a, b = y.split(2)
    (a * 2).sum().backward()
    out += [y.grad]
    (b * 3).sum().backward()
    out += [y.grad]
    z = t.ones(2, 2, requires_grad=True)
    r = z.unbind()
    r[0].retain_grad()
    (r[0] * r[1]).sum().backward()
    out += [z.grad, r[0].grad]
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        out.append(v.clone().grad)
        out.append(len(w))
    return out


def view_of_leaf_under_modes(t):
    out = []
    for m in (t.no_grad, t.enable_grad, t.inference_mode):
        for make in (
            lambda x: x[:2],
            lambda x: x.view(2, 2),
            lambda x: x.unbind()[0],
            lambda x: x.expand(3, 4),
            lambda x: x.chunk(2)[0],
            lambda x: x.detach(),
            lambda x: x.view_as(x),
            lambda x: x.unsqueeze(0),
            lambda x: x.data,
            lambda x: x.t(),
            lambda x: x.squeeze(),
            lambda x: x.real,
            lambda x: x.reshape(2, 2),
            lambda x: x.flatten(),
            lambda x: x.unfold(0, 2, 1),
            lambda x: x.as_strided((2,), (1,)),
            lambda x: x.diagonal() if x.dim() > 1 else x.select(0, 1),
            lambda x: x.narrow(0, 0, 2),
            lambda x: x.movedim(0, 0),
            lambda x: x.contiguous(),
            lambda x: x[None],
            lambda x: x[...],
            lambda x: x.to(t.float32),
            lambda x: x.swapaxes(0, 0),
            lambda x: t.atleast_2d(x),
        ):
            for leaf in (True, False):
                x = t.ones(4, requires_grad=True)
                if not leaf:
                    x = x.clone()
                with m():
                    v = make(x)
                out.append(
                    (v.requires_grad, v._is_view(), v.is_inference(), raised(lambda: v.add_(1))[:90], x._version)
                )
    return out


def set_grad_after_inplace(t):
    x = t.ones(3, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y += 1
    y *= 2
    out = [y.retains_grad]
    y.sum().backward()
    out += [y.grad, x.grad]
    y = x * 2
    z = y.view(3)
    z.retain_grad()
    y.mul_(2)
    y.sum().backward()
    out += [z.grad, z.retains_grad]
    y = x * 2
    z = y.view(3)
    z.retain_grad()
    z.mul_(2)
    (y + z).sum().backward()
    out += [z.grad]
    return out


def double_backward_inplace(t):
    x = t.arange(1.0, 4.0, requires_grad=True)

    def f(x):
        y = x * x
        y[1:].mul_(x[1:])
        y.add_(1)
        v = y[:2]
        v.mul_(3)
        return y

    (g,) = t.autograd.grad((f(x) ** 2).sum(), x, create_graph=True)
    (gg,) = t.autograd.grad(g.sum(), x)
    return (
        g.detach(),
        gg,
        t.autograd.gradcheck(f, (x.detach().double().requires_grad_(),)),
        t.autograd.gradgradcheck(f, (x.detach().double().requires_grad_(),)),
    )


def slices_freed(t):
    class Foo:
        pass

    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, foo):
            ctx.foo = foo
            ctx.mark_dirty(x)
            return x.mul_(1)

        @staticmethod
        def backward(ctx, g):
            return g, None

    gc.collect()
    gc.disable()
    try:
        foo = Foo()
        r = weakref.ref(foo)
        x = t.ones(3, requires_grad=True)
        c = x.clone()
        v = c[:2]
        F.apply(v, foo)
        del foo
        a = r() is None
        del v, c
        return a, r() is None
    finally:
        gc.enable()


def overlapping_writes(t):
    x = t.ones(1, 3).expand(2, 3)
    return (
        raised(lambda: x.add_(1)),
        raised(lambda: x.mul_(t.ones(2, 3, requires_grad=True))),
        raised(lambda: x.copy_(t.ones(2, 3))),
        raised(lambda: t.add(x, 1, out=x)),
        raised(lambda: x.zero_()),
        raised(lambda: x.fill_(1)),
    )


def resized_to_the_same_shape(t):
    x = t.rand(1)
    out = []
    for action in (
        lambda: x.resize_(1, 2),
        lambda: x.resize_as_(t.ones(3)),
        lambda: x.resize_(3),
        lambda: x.resize_as_(t.ones(3)),
        lambda: x.resize_(0),
    ):
        action()
        out.append((x._version, x.shape))
    return out


def refusals_in_the_order_of_pytorch(t):
    out = []

    def into_a_view_of_a_leaf_that_is_empty(value):
        x = t.zeros(3, 0, 5, requires_grad=True)
        x[-3:][0:2, ..., [0]] = value

    def through_a_mask_of_another_shape():
        t.zeros(5, 1, 3, 0, requires_grad=True).diagonal()[t.zeros(2, 0, dtype=t.bool)] = 2

    def a_number_that_does_not_fit():
        t.zeros(1, 0, dtype=t.int64)[t.tensor([True])] = t.tensor([float("-inf")])

    out.append(raised(lambda: into_a_view_of_a_leaf_that_is_empty(1.0)))
    out.append(raised(lambda: into_a_view_of_a_leaf_that_is_empty(t.zeros(3, 0, 5, dtype=t.bool))))
    out.append(raised(through_a_mask_of_another_shape))
    out.append(raised(a_number_that_does_not_fit))
    out.append(raised(lambda: t.zeros(3, dtype=t.complex128).expand(2, 3).clamp_(min=3)))
    out.append(raised(lambda: t.linalg.solve(t.eye(2), t.tensor(1.0))))
    return out


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
