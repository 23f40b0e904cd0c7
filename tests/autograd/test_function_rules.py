"""The rules of custom functions, one by one, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: B023, E742, F841

import warnings

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


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
