"""What the context of a custom function keeps, shows and lets go, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: F841, RUF059

import gc
import weakref

import pytest
from beside import check, raised, scenarios


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


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
