"""The rules of forward mode through custom functions, one by one, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: B023, E731, F841

import pytest
from beside import check, raised, scenarios


def make(t, fwd, jvp, **more):
    ns = {"forward": staticmethod(fwd), "jvp": staticmethod(jvp)}
    ns.update({k: staticmethod(v) for k, v in more.items()})
    return type("F", (t.autograd.Function,), ns)


fw = lambda module: __import__("importlib").import_module(module.__name__ + ".autograd.forward_ad")


def number_of_results(t):
    fa = fw(t)
    x = t.ones(2)
    out = []
    for ret in (
        lambda g: (g, g),
        lambda g: (),
        lambda g: t.ones(3),
        lambda g: g.double(),
        lambda g: t.ones(1).expand(2),
    ):
        F = make(t, lambda ctx, x: x * 2, lambda ctx, g: ret(g))

        def run():
            with fa.dual_level():
                r = F.apply(fa.make_dual(x, t.ones(2)))
                return fa.unpack_dual(r).tangent

        try:
            out.append(run())
        except Exception as e:
            out.append(type(e).__name__ + ": " + str(e))
    return out


def non_diff(t):
    fa = fw(t)
    out = []

    def fwd(ctx, x, n):
        a = x > 0
        b = x * 2
        c = x * 3
        ctx.mark_non_differentiable(c)
        return a, b, c, 5, n

    for ret in (
        lambda g: (None, g, None, None, None),
        lambda g: (g, g, None, None, None),
        lambda g: (None, g, g, None, None),
        lambda g: (None, g, None, g, None),
    ):
        F = make(t, fwd, lambda ctx, g, n: ret(g))

        def run():
            with fa.dual_level():
                r = F.apply(fa.make_dual(t.ones(2), t.ones(2)), 3)
                return [fa.unpack_dual(v).tangent for v in r[:3]]

        try:
            out.append(run())
        except Exception as e:
            out.append(type(e).__name__ + ": " + str(e))
    return out


def inplace(t):
    fa = fw(t)
    out = []

    def fwd(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2)

    for jvp in (lambda ctx, g: g.mul_(2), lambda ctx, g: g * 2, lambda ctx, g: g.mul_(2).clone(), lambda ctx, g: g):
        F = make(t, fwd, jvp)

        def run():
            with fa.dual_level():
                d = fa.make_dual(t.ones(2), t.ones(2) * 3)
                tan = fa.unpack_dual(d).tangent
                r = F.apply(d)
                return r is d, fa.unpack_dual(d).tangent, tan

        try:
            out.append(run())
        except Exception as e:
            out.append(type(e).__name__ + ": " + str(e))

    def fwd2(ctx, a, b):
        ctx.mark_dirty(a)
        return a.add_(b)

    F = make(t, fwd2, lambda ctx, g, h: h if g is None else g.add_(h))
    with fa.dual_level():
        a = t.ones(2)
        r = F.apply(a, fa.make_dual(t.ones(2), t.ones(2) * 5))
        out.append(fa.unpack_dual(a).tangent)
    G = make(
        t,
        lambda ctx, a, b: (ctx.set_materialize_grads(False), fwd2(ctx, a, b))[1],
        lambda ctx, g, h: (seen.append((g, h)), h if g is None else g.add_(h))[1],
    )
    seen = []
    with fa.dual_level():
        a = t.ones(2)
        r = G.apply(a, fa.make_dual(t.ones(2), t.ones(2) * 5))
        out.append(fa.unpack_dual(a).tangent)
    return out, seen


def views(t):
    fa = fw(t)
    out = []
    for fwd, jvp in [
        (lambda ctx, x: x[:1], lambda ctx, g: g[:1]),
        (lambda ctx, x: x[:1], lambda ctx, g: g[:1].clone()),
        (lambda ctx, x: x[:1], lambda ctx, g: t.zeros(2)[:1]),
        (lambda ctx, x: x, lambda ctx, g: g),
        (lambda ctx, x: x, lambda ctx, g: g.view_as(g)),
        (lambda ctx, x: x, lambda ctx, g: g.clone()),
        (lambda ctx, x: x.view(2), lambda ctx, g: g.view(2)),
    ]:
        F = make(t, fwd, jvp)
        for base in (False, True):

            def run():
                with fa.dual_level():
                    d = fa.make_dual(t.ones(2), t.ones(2) * 3)
                    if base:
                        d = d.view(2)
                    r = F.apply(d)
                    g = fa.unpack_dual(r).tangent
                    return g, g._is_view(), r._is_view()

            try:
                out.append(run())
            except Exception as e:
                out.append(type(e).__name__ + ": " + str(e))
    return out


def save_for_forward(t):
    fa = fw(t)
    seen = []

    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y, z):
            ctx.save_for_backward(x, y)
            ctx.save_for_forward(x, y)
            ctx.z = z
            ctx.prod = x * y
            return z * ctx.prod

        @staticmethod
        def jvp(ctx, a, b, _):
            x, y = ctx.saved_tensors
            seen.append((a, b, _))
            return ctx.z * (y * a + x * b)

        @staticmethod
        def vjp(ctx, g):
            x, y = ctx.saved_tensors
            return ctx.z * g * y, ctx.z * g * x, None

    a = t.tensor(1.0, dtype=t.float64, requires_grad=True)
    at = t.tensor(3.0, dtype=t.float64)
    b = t.tensor(2.0, dtype=t.float64, requires_grad=True)
    with fa.dual_level():
        d = fa.make_dual(a, at)
        o = F.apply(d, b, 4)
        g = fa.unpack_dual(o).tangent
        out = [g]
        o.backward()
        out += [a.grad, b.grad]

    class NoSave(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def jvp(ctx, g):
            seen.append(len(ctx.saved_tensors))
            return g * 2

    with fa.dual_level():
        NoSave.apply(fa.make_dual(t.ones(2), t.ones(2)))
        out.append(raised(lambda: NoSave.apply(fa.make_dual(t.ones(2, requires_grad=True), t.ones(2)))))

    class Nothing(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    with fa.dual_level():
        out.append(raised(lambda: Nothing.apply(fa.make_dual(t.ones(2), t.ones(2)))))
    return out, seen


def gradchecks(t):
    gc = t.autograd.gradcheck

    class Good(t.autograd.Function):
        @staticmethod
        def forward(ctx, k, x, y):
            ctx.k = k
            ctx.save_for_backward(x, y)
            ctx.save_for_forward(x, y)
            return x * y * k, x + y

        @staticmethod
        def backward(ctx, g, h):
            x, y = ctx.saved_tensors
            return None, g * y * ctx.k + h, g * x * ctx.k + h

        @staticmethod
        def jvp(ctx, _, a, b):
            x, y = ctx.saved_tensors
            return (a * y + x * b) * ctx.k, a + b

    class Bad(Good):
        @staticmethod
        def jvp(ctx, _, a, b):
            x, y = ctx.saved_tensors
            return (a * y - x * b) * ctx.k, a + b

    x = t.ones(2, dtype=t.float64, requires_grad=True)
    y = t.full((2,), 2.0, dtype=t.float64, requires_grad=True)
    return [
        gc(lambda a, b: Good.apply(3, a, b), (x, y), check_forward_ad=True),
        raised(lambda: gc(lambda a, b: Bad.apply(3, a, b), (x, y), check_forward_ad=True)).split("\n")[0],
        gc(lambda a, b: Good.apply(3, a, b), (x, y), check_forward_ad=True, check_backward_ad=False),
    ]


def materialized(t):
    fa = fw(t)
    seen = []

    def run(flag):
        class F(t.autograd.Function):
            @staticmethod
            def forward(ctx, x, y, z, i):
                ctx.set_materialize_grads(flag)
                return x + y

            @staticmethod
            def jvp(ctx, a, b, c, i):
                seen.append((a, b, c, i))
                return a

        with fa.dual_level():
            F.apply(fa.make_dual(t.ones(2), t.ones(2)), t.ones(2), 3, t.ones(2, dtype=t.int64))

    run(True)
    run(False)
    return seen


def setup_context_jvp(t):
    fa = fw(t)

    class F(t.autograd.Function):
        @staticmethod
        def forward(x, y):
            return x * y

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_forward(*inputs)
            ctx.save_for_backward(*inputs)

        @staticmethod
        def jvp(ctx, a, b):
            x, y = ctx.saved_tensors
            return a * y + b * x

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            return g * y, g * x

    x = t.ones(2, requires_grad=True)
    y = t.full((2,), 3.0)
    with fa.dual_level():
        r = F.apply(fa.make_dual(x, t.full((2,), 7.0)), y)
        g = fa.unpack_dual(r).tangent
        r.sum().backward()
    return g, x.grad, F.apply(x, y).grad_fn.saved_for_forward


def tangents_in_a_list(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def jvp(ctx, tangent):
            return [tangent, tangent]

    fa = t.autograd.forward_ad
    with fa.dual_level():
        return raised(lambda: F.apply(fa.make_dual(t.ones(2), t.ones(2))))


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
