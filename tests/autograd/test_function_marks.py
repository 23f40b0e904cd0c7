"""What custom functions return and mark, one rule after another, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: E742, F841, RUF059

import pytest
from beside import check, raised, scenarios


def mark_bad(t):
    def mk(f):
        class F(t.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                f(ctx, x)
                return x.clone()

            @staticmethod
            def backward(ctx, g):
                return g

        return F

    x = t.ones(2, requires_grad=True)
    return [
        raised(lambda: mk(lambda ctx, x: ctx.mark_dirty(1)).apply(x)),
        raised(lambda: mk(lambda ctx, x: ctx.mark_non_differentiable(1)).apply(x)),
        raised(lambda: mk(lambda ctx, x: ctx.save_for_backward(1)).apply(x)),
        raised(lambda: mk(lambda ctx, x: ctx.save_for_forward(1)).apply(x)),
        raised(lambda: mk(lambda ctx, x: ctx.mark_dirty(t.ones(2))).apply(x)),
        raised(lambda: mk(lambda ctx, x: ctx.mark_dirty(x)).apply(x)),
        raised(lambda: mk(lambda ctx, x: ctx.mark_dirty(x)).apply(x.clone())),
        raised(lambda: mk(lambda ctx, x: ctx.mark_non_differentiable(x)).apply(x.clone())),
        raised(lambda: mk(lambda ctx, x: ctx.save_for_backward([x])).apply(x)),
        raised(lambda: mk(lambda ctx, x: ctx.mark_shared_storage((x, x))).apply(x)),
        raised(lambda: mk(lambda ctx, x: ctx.set_materialize_grads(1)).apply(x)),
        raised(lambda: setattr(mk, "a", 1)),
    ]


def mark_dirty_leaf(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.add_(1)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g

    x = t.ones(2, requires_grad=True)
    out = [raised(lambda: F.apply(x)), x]
    y = t.ones(2)
    r = F.apply(y)
    out += [r is y, r]
    z = t.ones(2, requires_grad=True).clone()
    r = F.apply(z)
    out += [r is z, z._version, z, z.grad_fn.next_functions[0][0].name()]
    v = t.ones(2, requires_grad=True)
    w = v.clone()
    u = w[0:1]
    r = F.apply(u)
    out += [r is u, u, w, u._version]
    w.sum().backward()
    out.append(v.grad)
    l = t.ones(2, requires_grad=True)
    out.append(raised(lambda: F.apply(l[0:1])))
    out.append(l)
    with t.no_grad():
        q = t.ones(3)
        qq = q.view(3)
    return out


def mark_dirty_not_diff(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.add_(1)
            ctx.mark_dirty(x)
            ctx.mark_non_differentiable(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g

    class G(t.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            out = a.clone()
            b.zero_()
            ctx.mark_dirty(b)
            return out, b

        @staticmethod
        def backward(ctx, g, h):
            return g, None

    x = t.ones(2, requires_grad=True).clone()
    out = [raised(lambda: F.apply(x))]
    y = t.ones(2)
    a = t.ones(2, requires_grad=True)
    r = G.apply(a, y)
    out += [r[0], r[1], r[1] is y]
    r[0].sum().backward()
    out.append(a.grad)
    i = t.ones(2, dtype=t.int64)
    r = G.apply(a, i)
    out += [r[0], r[1], r[1] is i]
    return out


def dup(t):
    class D(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            o = x * 2
            return o, o

        @staticmethod
        def backward(ctx, a, b):
            return a + b * 3

    class DI(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x, x

        @staticmethod
        def backward(ctx, a, b):
            return a + b * 5

    x = t.ones(2, requires_grad=True)
    a, b = D.apply(x)
    out = [a is b, a, b, a.output_nr, b.output_nr]
    (a * 1 + b * 10).sum().backward()
    out.append(x.grad)
    y = t.ones(2, requires_grad=True)
    c = y.clone()
    a, b = DI.apply(c)
    out += [a is c, b is c, a, a.output_nr, b.output_nr, c._version]
    (a + b * 10).sum().backward()
    out.append(y.grad)
    return out


def return_leaf(t):
    class I(t.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a, a + b

        @staticmethod
        def backward(ctx, x, y):
            return x + y, y

    hits = []
    x = t.ones(2, requires_grad=True)
    y = t.ones(2, requires_grad=True)
    q, p = I.apply(x, y)
    q.register_hook(lambda g: hits.append(g))
    (q + p).sum().backward()
    return [hits, x.grad, y.grad, q is x, q]


def return_leaf_inplace(t):
    class I(t.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.mark_dirty(a)
            return a.add_(b), b + 2

        @staticmethod
        def backward(ctx, x, y):
            return x, x + y

    x = t.ones(2)
    y = t.ones(2, requires_grad=True)
    q, p = I.apply(x, y)
    out = [q is x, q, p, x.requires_grad]
    q.sum().backward()
    out.append(y.grad)
    return out


def non_tensor_out(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, 5, "s", None, [x], x.clone()

        @staticmethod
        def backward(ctx, *g):
            seen.append(g)
            return g[0] * 2 + g[5]

    seen = []
    x = t.ones(2, requires_grad=True)
    r = F.apply(x)
    out = [r[0], r[1:4], r[4], r[5], r[0].grad_fn is r[5].grad_fn, r[5].output_nr]
    (r[0] + r[5] * 2).sum().backward()
    return out, seen, x.grad


def scalar_out(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 1

        @staticmethod
        def backward(ctx, *g):
            return g

    class G(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return None

    class H(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return [x, x * 2]

    class J(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return ()

    class K(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return (x * 2,)

    x = t.ones(2, requires_grad=True)
    return F.apply(x), G.apply(x), H.apply(x), raised(lambda: J.apply(x)), K.apply(x)


def dirty_rules(t):
    class Two(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x.mul_(2), x * 1

        @staticmethod
        def backward(ctx, a, b):
            return a * 2 + b * 2

    class Other(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x * 2
            ctx.mark_dirty(y)
            return y

        @staticmethod
        def backward(ctx, a):
            return a * 2

    class Twice(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x, x)
            return x.mul_(2)

        @staticmethod
        def backward(ctx, a):
            return a * 2

    w = t.ones(3, requires_grad=True)
    c = w.clone()
    out = [raised(lambda: Two.apply(c[:2])), Two.apply(w.clone())[0], Other.apply(w)]
    c = w.clone()
    Twice.apply(c)
    out += [c._version, c]
    p = t.ones(3)
    Twice.apply(p)
    out += [p._version]
    c = w.clone()
    v = c[:2]
    u = c[1:]
    r = Twice.apply(v)
    out += [r is v, v.grad_fn.name(), c.grad_fn.name(), u.grad_fn.name(), v._version]
    c.backward(t.ones(3))
    out += [w.grad]
    a, b = w.clone().unbind()[:2]
    out.append(raised(lambda: Twice.apply(a)))
    c = w.clone()
    c.retain_grad()
    Twice.apply(c)
    c.backward(t.ones(3))
    out += [c.grad]
    return out


def marked_constant(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            a, b, c = x * 2, x > 0, x.view(-1)
            ctx.mark_non_differentiable(a, b, c, y)
            return a, b, c, y

        @staticmethod
        def backward(ctx, *g):
            return sum(g), None

    w = t.ones(3, requires_grad=True)
    p = t.ones(3)
    r = F.apply(w, p)
    out = [r, r[3] is p, r[3]._is_view()]
    r = F.apply(w, w * 1)
    out += [[q.requires_grad for q in r], r[3]._is_view()]

    class G(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_non_differentiable(x)
            return x

        @staticmethod
        def backward(ctx, *g):
            return sum(g)

    r = G.apply(w)
    out += [r, r is w, r._is_view(), G.apply(p)._is_view(), G.apply(p) is p]
    return out


def local_inplace(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            v = x.clone()[0]
            v.add_(1)
            w = t.ones(3)
            w[0] = v[0] if v.dim() else v
            return w

        @staticmethod
        def backward(ctx, g):
            return g

    class G(t.autograd.Function):
        @staticmethod
        def forward(ctx, inp, inplace):
            view = inp.clone()[:3]
            if inplace:
                view += 2
            return view

        @staticmethod
        def backward(ctx, g):
            return g, None

    x = t.rand(3, requires_grad=True)
    out = []
    for i in (False, True):
        view = G.apply(x, i)
        out += [view.shape, view.requires_grad, view._is_view(), view.grad_fn.name()]
        (g,) = t.autograd.grad(view.sum(), x)
        out.append(g)
    r = F.apply(x)
    out += [r.shape, r.requires_grad, r._is_view()]
    return out


def materialize_non_diff(t):
    seen = []

    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            out0 = x.clone()
            out1 = x.new_full((2,), 4)
            out2 = x > 0
            ctx.mark_non_differentiable(out1)
            ctx._materialize_non_diff_grads = False
            return out0, out1, out2

        @staticmethod
        def backward(ctx, a, b, c):
            seen.append((a, b, c))
            return a

    class G(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            out0 = x.clone()
            out1 = x.new_full((2,), 4)
            out2 = x > 0
            ctx.mark_non_differentiable(out1)
            return out0, out1, out2

        @staticmethod
        def backward(ctx, a, b, c):
            seen.append((a, b, c))
            return a

    x = t.ones(2, requires_grad=True)
    F.apply(x)[0].sum().backward()
    G.apply(x)[0].sum().backward()
    return seen, x.grad, [o.requires_grad for o in F.apply(x)]


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
