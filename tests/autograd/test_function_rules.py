"""The rules of custom functions, one by one, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: B023, E742, F841, RUF059

import gc
import warnings
import weakref

import pytest
from beside import check, raised, scenarios


def basic_graph(t):
    class MyFunction(t.autograd.Function):
        @staticmethod
        def forward(ctx, a, scalar, b):
            ctx.scalar = scalar
            ctx.save_for_backward(a, b)
            return a + scalar * b + a * b

        @staticmethod
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            return g + g * b, None, g * ctx.scalar + g * a

    x = t.tensor([1.0, 2.0], requires_grad=True)
    y = t.tensor([3.0, 4.0], requires_grad=True)
    r = MyFunction.apply(x, 2, y)
    go = t.ones(2, requires_grad=True)
    r.sum().backward(create_graph=True)
    out = [r, x.grad, y.grad, r.grad_fn.name(), type(r.grad_fn).__name__, x.grad.grad_fn.name()]
    x.grad = y.grad = None
    return out


def once_diff(t):

    once = t.autograd.function.once_differentiable

    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, a, s, b):
            ctx.s = s
            ctx.save_for_backward(a, b)
            return a + s * b + a * b

        @staticmethod
        @once
        def backward(ctx, g):
            out = t.is_grad_enabled()
            a, b = ctx.saved_tensors
            return g + g * b, None, g * ctx.s + g * a

    x = t.tensor([1.0, 2.0], requires_grad=True)
    y = t.tensor([3.0, 4.0], requires_grad=True)
    r = F.apply(x, 2, y)
    (g,) = t.autograd.grad(r.sum(), x, create_graph=True)
    return [g, type(g.grad_fn).__name__, raised(lambda: g.sum().backward())]


def returns_input(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2

    out = []
    for shape in [(1,), ()]:
        v = t.ones(shape, requires_grad=True)
        F.apply(v).backward()
        out.append(v.grad.clone())
        with t.no_grad():
            v.grad.zero_()
        F.apply(v.clone()).backward()
        out.append(v.grad)
        r = F.apply(v)
        out += [r is v, r._is_view(), r._base is None]
        out.append(raised(lambda: r.add_(1)))
        with t.no_grad():
            q = F.apply(v)
            out += [q, q is v, q.requires_grad, q._is_view()]
    return out


def returns_undefined(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return None

    x = t.ones(1, requires_grad=True)
    out = []
    F.apply(x).backward()
    out.append(x.grad)
    F.apply(x**2).backward()
    out.append(x.grad)
    F.apply(x).sum().backward()
    out.append(x.grad)
    out.append(t.autograd.grad(F.apply(x), x, allow_unused=True))
    out.append(raised(lambda: t.autograd.grad(F.apply(x), x)))
    return out


def materialize(t):
    seen = []

    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x, x.clone()

        @staticmethod
        def backward(ctx, a, b):
            seen.append((a, b))
            return a + b

    x = t.ones(2, requires_grad=True)
    a, b = F.apply(x)
    a.sum().backward()
    a, b = F.apply(x)
    b.sum().backward()
    return seen, x.grad


def dont_materialize(t):
    seen = []

    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x.clone(), x.clone()

        @staticmethod
        def backward(ctx, a, b):
            seen.append((a, b))
            return b if a is None else a

    x = t.ones(2, requires_grad=True)
    a, b = F.apply(x)
    a.sum().backward()
    a, b = F.apply(x)
    b.sum().backward()
    return seen, x.grad


def undefined_into(t):
    seen = []

    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x.clone()

        @staticmethod
        def backward(ctx, a):
            seen.append(a)
            return None

    class G(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, a):
            seen.append(a)
            return a

    x = t.ones(2, requires_grad=True)
    F.apply(F.apply(x)).sum().backward()
    out = [x.grad]
    G.apply(F.apply(x)).sum().backward()
    out.append(x.grad)
    F.apply(G.apply(F.apply(x * 2))).sum().backward()
    out.append(x.grad)
    return seen, out


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


def legacy(t):
    class F(t.autograd.Function):
        def forward(self, x):
            return x

        def backward(self, g):
            return g

    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        a = raised(lambda: F()(t.randn(3, 4)))
    return [a, raised(lambda: F.apply(t.ones(2)))]


def legacy_warn(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

    class Base:
        pass

    f = F()
    f2 = F(1, 2)
    return raised(lambda: f(t.ones(1)))


def invalid_grads(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return t.randn(10, dtype=t.float)

    x = t.ones(5, requires_grad=True)

    class G(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y, z):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g, g

    class H(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g, g, g

    class I(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return 2, g

    class J(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g, g

    class K(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return t.ones(3, 5), None, None

    class L(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return t.ones(5, dtype=t.float64)

    class M(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return t.ones(1)

    out = [raised(lambda: F.apply(x).sum().backward())]
    out.append(raised(lambda: G.apply(x, 1, 2).sum().backward()))
    out.append(raised(lambda: H.apply(x, 1).sum().backward()))
    out.append(raised(lambda: I.apply(x, x).sum().backward()))
    out.append(raised(lambda: J.apply(x, 1).sum().backward()))
    out.append(raised(lambda: K.apply(x).sum().backward()))
    out.append(x.grad)
    out.append(raised(lambda: L.apply(x).sum().backward()))
    out.append(x.grad)
    out.append(raised(lambda: M.apply(x).sum().backward()))
    out.append(x.grad)
    return out


def missing_methods(t):
    class A(t.autograd.Function):
        pass

    class B(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

    class C(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            return g

        @staticmethod
        def vjp(ctx, g):
            return g

    class D(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def vjp(ctx, g):
            return g * 2

    class E(t.autograd.Function):
        @staticmethod
        def forward(x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            return g

    class G(t.autograd.Function):
        @staticmethod
        def backward(ctx, g):
            return g

        @staticmethod
        def setup_context(ctx, i, o):
            pass

    x = t.ones(2, requires_grad=True)
    return [
        raised(lambda: A.apply(x)),
        raised(lambda: B.apply(x).sum().backward()),
        raised(lambda: C.apply(x).sum().backward()),
        t.autograd.grad(D.apply(x).sum(), x),
        raised(lambda: E.apply(x)),
        raised(lambda: G.apply(x)),
        raised(lambda: D.apply(x=x)),
        raised(lambda: D.apply()),
    ]


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


def save_outputs_inputs(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            o = x.exp()
            ctx.save_for_backward(x, None, o)
            return o

        @staticmethod
        def backward(ctx, g):
            a, b, c = ctx.saved_tensors
            seen.append(
                [a is x, b, c.grad_fn is not None and c.grad_fn.name(), c.requires_grad, a.requires_grad, a.is_leaf]
            )
            return g * c

    seen = []
    x = t.ones(2, requires_grad=True)
    y = F.apply(x)
    (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
    (gg,) = t.autograd.grad(g.sum(), x)
    return seen, g, gg, y.grad_fn.saved_tensors if False else None


def access_after_free(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            ctx.saved_tensors
            return g * 2

    class N(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = t.ones(2, requires_grad=True)
    y = F.apply(x)
    s = y.sum()
    s.backward()
    out = [raised(lambda: y.grad_fn.saved_tensors), raised(lambda: s.backward()), raised(lambda: y.sum().backward())]
    z = N.apply(x)
    s = z.sum()
    s.backward()
    out += [raised(lambda: z.sum().backward()), x.grad]
    return out


def saved_modified(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            o = x * 2
            ctx.save_for_backward(x, o)
            return o

        @staticmethod
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            return g * 2

    x = t.ones(2, requires_grad=True)
    y = x.clone()
    r = F.apply(y)
    y.add_(1)
    out = [raised(lambda: r.sum().backward())]
    y = x.clone()
    r = F.apply(y)
    r.add_(1)
    out.append(raised(lambda: r.sum().backward()))
    y = t.ones(2)
    w = t.ones(2, requires_grad=True)

    class G(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.save_for_backward(y)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            (a,) = ctx.saved_tensors
            return g * 2, None

    r = G.apply(w, y)
    y.add_(1)
    out.append(raised(lambda: r.sum().backward()))
    return out


def needs_input_grad(t):
    seen = []

    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, k, y, i):
            seen.append(ctx.needs_input_grad)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            seen.append(ctx.needs_input_grad)
            return g, None, None, None

    x = t.ones(2, requires_grad=True)
    y = t.ones(2)
    i = t.ones(2, dtype=t.int32)
    F.apply(x, 3, y, i).sum().backward()
    F.apply(y, 2, x, i).sum()
    with t.no_grad():
        F.apply(x, 2, x, i)

    class G(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * y

        @staticmethod
        def backward(ctx, g):
            seen.append(ctx.needs_input_grad)
            return g, g

    z = t.ones(2, requires_grad=True)
    t.autograd.grad(G.apply(x, z).sum(), x)
    t.autograd.grad(G.apply(x, z).sum(), z)
    t.autograd.grad(G.apply(x, z).sum(), (x, z))
    return seen


def setup_ctx(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(x, y=2):
            return x * y, x + 1

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, y = inputs
            a, b = output
            seen.append((inputs, type(output).__name__))
            ctx.save_for_backward(x)
            ctx.y = y

        @staticmethod
        def backward(ctx, a, b):
            return a * ctx.y + b, None

    seen = []
    x = t.ones(2, requires_grad=True)
    a, b = F.apply(x, 3)
    (a + b).sum().backward()
    out = [raised(lambda: F.apply(x))]

    class G(t.autograd.Function):
        @staticmethod
        def forward(x, y=2):
            return x * y

        @staticmethod
        def setup_context(ctx, inputs, output):
            seen.append((inputs, type(output).__name__))
            ctx.y = 2

        @staticmethod
        def backward(ctx, a):
            return a * ctx.y, None

    G.apply(x, 2).sum().backward()
    out.append(raised(lambda: G.apply(x).sum().backward()))

    class H(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

    out.append(raised(lambda: H.apply(x)))
    return seen, x.grad, out


def exception_passes(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            raise ValueError("hello there")

    class G(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            raise KeyError("fwd")

    class H(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            raise BaseException("base")

    x = t.ones(2, requires_grad=True)
    return [
        raised(lambda: F.apply(x).sum().backward()),
        raised(lambda: G.apply(x)),
        t.is_grad_enabled(),
        raised(lambda: H.apply(x).sum().backward()),
        x.grad,
    ]


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


def cycle(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, meta):
            o = x * 2
            ctx.meta = meta
            ctx.out = o
            return o

        @staticmethod
        def backward(ctx, g):
            return g, None

    class Foo:
        pass

    def get(with_output):
        x = t.ones(2, requires_grad=True)
        m = Foo()
        r = weakref.ref(m)
        y = F.apply(x, m)
        return r

    gc.collect()
    gc.disable()
    try:
        r = get(True)
        alive = r() is not None
        gc.collect()
        return r() is None
    finally:
        gc.enable()


def ctx_free_early(t):
    class Foo:
        pass

    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, meta):
            ctx.meta = meta
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g, None

    x = t.ones(2, requires_grad=True)
    m = Foo()
    r = weakref.ref(m)
    y = F.apply(x, m)
    del m
    a = r() is None
    del y
    return a, r() is None


def no_tensors(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, g):
            return g, g

    class G(t.autograd.Function):
        @staticmethod
        def forward(ctx):
            return t.ones(2)

        @staticmethod
        def backward(ctx, g):
            return None

    return F.apply(1, 2), G.apply(), F.apply("a", "b"), F.apply(t.ones(2), t.ones(2))


def keyword_arguments(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, k=None, *more):
            ctx.k = k
            seen.append((k, more, ctx.needs_input_grad))
            return x * 2

        @staticmethod
        def backward(ctx, g):
            seen.append(ctx.needs_input_grad)
            return g, None

    class S(t.autograd.Function):
        @staticmethod
        def forward(x, y=3):
            return x * y

        @staticmethod
        def setup_context(ctx, inputs, output):
            seen.append(inputs)
            ctx.y = inputs[1]

        @staticmethod
        def backward(ctx, g):
            return g * ctx.y, None

    seen = []
    x = t.ones(2, requires_grad=True)
    y = t.ones(2, requires_grad=True)
    out = [F.apply(x, k=y), F.apply(x=x), F.apply(t.ones(2), k=y), len(F.apply(x, k=y).grad_fn.next_functions)]
    F.apply(x, k=y).backward(t.ones(2))
    out += [x.grad, y.grad]
    out += [
        raised(f)
        for f in [
            lambda: F.apply(x, 2, 3, k=1),
            lambda: F.apply(k=1),
            lambda: F.apply(x, x=x),
            lambda: F.apply(x, z=2),
            lambda: F.apply(x, ctx=2),
        ]
    ]
    out += [S.apply(x), S.apply(x, y=5), S.apply(x=x), raised(lambda: S.apply()), raised(lambda: S.apply(x, z=4))]
    return out, seen


def split_and_saved(t):
    def make(save):
        class F(t.autograd.Function):
            @staticmethod
            def forward(x):
                return x

            @staticmethod
            def setup_context(ctx, inputs, output):
                ctx.save_for_backward(save(inputs, output))

            @staticmethod
            def backward(ctx, g):
                return g * ctx.saved_tensors[0]

        return F

    x = t.ones(2, requires_grad=True)
    return (
        raised(lambda: make(lambda i, o: o).apply(x)),
        raised(lambda: make(lambda i, o: i[0]).apply(x)),
        raised(lambda: make(lambda i, o: o).apply(t.ones(2))),
        raised(lambda: make(lambda i, o: i[0] * 2).apply(x)),
    )


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


def enable_grad_inside(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            with t.enable_grad():
                d = x.detach().requires_grad_()
                y = d * d
            ctx.save_for_backward(d, y)
            return y.detach()

        @staticmethod
        def backward(ctx, g):
            d, y = ctx.saved_tensors
            with t.enable_grad():
                return t.autograd.grad(y, d, g)[0]

    w = t.ones(3, requires_grad=True)
    F.apply(w).backward(t.ones(3))
    return w.grad


def names_of_the_engine(t):
    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.grad, ctx.seq, ctx.rule, ctx.extra, ctx.next0 = x.detach() * 5, 3, "rule", [1], {"a": 2}
            return x * 2

        @staticmethod
        def backward(ctx, g):
            seen.append([ctx.grad, ctx.seq, ctx.rule, ctx.extra, ctx.next0])
            ctx.seq += 1
            return g * ctx.grad

        @staticmethod
        def jvp(ctx, g):
            seen.append([ctx.seq, ctx.extra])
            return g * 2

    x, seen = t.ones(2, requires_grad=True), []
    y = F.apply(F.apply(x))
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    with t.autograd.forward_ad.dual_level():
        dual = t.autograd.forward_ad.make_dual(t.ones(2), t.ones(2))
        tangent = t.autograd.forward_ad.unpack_dual(F.apply(dual)).tangent
    return [x.grad, seen, tangent, y.grad_fn.next_functions[0][0].name()]


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
