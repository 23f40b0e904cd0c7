"""Views: what they require, and what changes in place are allowed, one by one, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: B023, RUF059

import warnings

import pytest
from beside import check, raised, scenarios


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


def gradients_of_views_left_behind(t):
    out = []
    for unrecorded in (True, False):
        base = t.ones(2, 3, requires_grad=True) * 1
        with t.no_grad() if unrecorded else t.enable_grad():
            v = base.unbind(0)[0]
        base.mul_(2)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            out += [v.grad]
            v.grad = t.ones(3)
            out += [v.grad]
            del v.grad
            out += [v.grad, [str(w.message) for w in told], raised(lambda: v.is_leaf)]
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


def sizes_and_strides_of_wrong_dimensions(t):
    x, number = t.zeros(2, 3), t.zeros(())
    return [raised(lambda: f(d)) for f in (x.size, x.stride, number.size, number.stride) for d in (0, -3, 2, "a", 1.5)]


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)


def test_views_left_behind_have_an_output_number():
    def scenario(m):
        x = m.ones(2, 3)
        views = x.unbind()
        x.mul_(m.ones(3, requires_grad=True))
        y = m.ones(2, 3, requires_grad=True) * 1
        halves = y.split(1)
        y.mul_(2)
        return [v.output_nr for v in (*views, *halves)]

    check(scenario)
