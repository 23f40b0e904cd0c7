"""Checkpoints, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: B023, E731, F841

import contextlib
import gc
import weakref

import pytest
from beside import check, raised, scenarios


def first_lines(f):
    return raised(f).split("Tip:")[0]


def kinds_equal(t):

    cp = t.utils.checkpoint.checkpoint
    out = []
    for reentrant in (True, False):
        t.manual_seed(0)
        m = t.nn.Sequential(t.nn.Linear(4, 8), t.nn.ReLU(), t.nn.Dropout(0.5), t.nn.Linear(8, 2))
        x = t.arange(8.0).view(2, 4).requires_grad_()
        y = cp(m, x, use_reentrant=reentrant)
        y.sum().backward()
        out += [y.detach(), x.grad, [p.grad for p in m.parameters()], y.grad_fn.name()]
    return out


def warns(t):
    x = t.ones(2, requires_grad=True)
    return t.utils.checkpoint.checkpoint(lambda a: a * 2, x), t.utils.checkpoint.checkpoint_sequential(
        [t.nn.ReLU(), t.nn.ReLU()], 2, x
    )


def no_input_needs(t):
    w = t.ones(2, requires_grad=True)
    y = t.utils.checkpoint.checkpoint(lambda a: a * w, t.ones(2), use_reentrant=True)
    z = t.utils.checkpoint.checkpoint(lambda a: a * w, t.ones(2), use_reentrant=False)
    z.sum().backward()
    return y.requires_grad, z.requires_grad, w.grad


def misuse(t):
    cp = t.utils.checkpoint.checkpoint
    x = t.ones(2, requires_grad=True)
    out = [
        raised(lambda: t.autograd.grad(cp(lambda a: a * 2, x, use_reentrant=True).sum(), x)),
        raised(lambda: cp(lambda a: a * 2, x, use_reentrant=True).sum().backward(inputs=[x])),
        raised(lambda: cp(lambda a, b=1: a * b, x, b=2, use_reentrant=True)),
        raised(
            lambda: cp(
                lambda a: a,
                x,
                use_reentrant=True,
                context_fn=lambda: (contextlib.nullcontext(), contextlib.nullcontext()),
            )
        ),
        raised(lambda: cp(lambda a: a, x, use_reentrant=True, debug=True)),
        raised(lambda: cp(lambda a: a, x, use_reentrant=False, determinism_check="x")),
        raised(
            lambda: cp(
                lambda a: a,
                x,
                use_reentrant=False,
                debug=True,
                context_fn=lambda: (contextlib.nullcontext(), contextlib.nullcontext()),
            )
        ),
        raised(lambda: cp(lambda a: a.detach(), x, use_reentrant=True).sum().backward()),
        raised(lambda: t.utils.checkpoint.checkpoint_sequential([t.nn.ReLU()], 1, x, use_reentrant=True, foo=1)),
        raised(lambda: t.utils.checkpoint.detach_variable([x])),
        t.utils.checkpoint.detach_variable((x, 2)),
        raised(lambda: cp(lambda a: (a.detach(), a * 2), x, use_reentrant=True)[1].sum().backward()),
        x.grad,
        cp(lambda a: a * 2, x, use_reentrant=True, preserve_rng_state=False),
        t.utils.checkpoint.check_backward_validity((t.ones(1),)),
        t.utils.checkpoint.get_device_states(x),
        t.utils.checkpoint.DefaultDeviceType.get_device_type(),
    ]
    return out


def grad_and_inputs(t):
    cp = t.utils.checkpoint.checkpoint
    x = t.ones(2, requires_grad=True)
    w = t.full((2,), 3.0, requires_grad=True)
    f = lambda a: (a * w).sin().exp()
    out = [t.autograd.grad(cp(f, x, use_reentrant=False).sum(), x), t.autograd.grad(f(x).sum(), x)]
    cp(f, x, use_reentrant=False).sum().backward(inputs=[w])
    out += [x.grad, w.grad]
    (g,) = t.autograd.grad(cp(f, x, use_reentrant=False).sum(), x, create_graph=True)
    (gg,) = t.autograd.grad(g.sum(), x)
    (h,) = t.autograd.grad(f(x).sum(), x, create_graph=True)
    (hh,) = t.autograd.grad(h.sum(), x)
    out += [g.detach(), gg, h.detach(), hh]
    y = cp(f, x, use_reentrant=False).sum()
    out += [t.autograd.grad(y, x, retain_graph=True), t.autograd.grad(y, x), raised(lambda: t.autograd.grad(y, x))]
    return out


def counts(t):
    cp = t.utils.checkpoint.checkpoint
    out = []
    for stop in (True, False):
        n = [0]

        class C(t.autograd.Function):
            @staticmethod
            def forward(ctx, a):
                n[0] += 1
                ctx.save_for_backward(a)
                return a.sin()

            @staticmethod
            def backward(ctx, g):
                (a,) = ctx.saved_tensors
                return g * a.cos()

        x = t.ones(2, requires_grad=True)
        f = lambda a: C.apply(C.apply(a)).clone() + 1
        with t.utils.checkpoint.set_checkpoint_early_stop(stop):
            y = cp(f, x, use_reentrant=False)
        y.sum().backward()
        out.append(n[0])
        n[0] = 0

        def twice(a):
            b = C.apply(a)
            n[0] += 10
            return b

        y = cp(twice, x, use_reentrant=False, early_stop=stop)
        y.sum().backward()
        out.append(n[0])
        n[0] = 0
        y = cp(lambda a: C.apply(cp(C.apply, a, use_reentrant=False)), x, use_reentrant=False, early_stop=stop)
        y.sum().backward(retain_graph=True)
        out.append(n[0])
        y.sum().backward()
        out.append(n[0])
        n[0] = 0
        y = cp(f, x, use_reentrant=True)
        y.sum().backward()
        out.append(n[0])
    return out, x.grad


def nested(t):
    cp = t.utils.checkpoint.checkpoint
    import functools

    c = functools.partial(functools.partial, cp, use_reentrant=False)
    sin, exp = lambda x: x.sin(), lambda x: x.exp()
    out = []
    for f in [
        c(sin),
        c(c(sin)),
        c(lambda x: c(sin)(x) * 1),
        lambda x: c(c(lambda y: y.sin().exp()))(x),
        c(lambda x: c(sin)(x) + c(exp)(x).cos()),
        c(lambda x: c(c(sin))(c(c(exp))(x)) * x),
        c(lambda x: c(lambda y: c(lambda z: z.sin().exp())(y).cos())(x).tanh()),
    ]:
        x = t.tensor([0.5, 1.5], requires_grad=True)
        y = f(x)
        (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
        out += [y.detach(), g.detach(), t.autograd.grad(g.sum(), x)]
    return out


def same_graph(t):
    cp = t.utils.checkpoint.checkpoint
    n = [0]

    def f(x):
        n[0] += 1
        return x.sin().exp().sin().exp()

    x = t.ones(2, requires_grad=True)
    y = cp(f, x, use_reentrant=False)
    for i in range(3):
        y.sum().backward(retain_graph=True)
    z = y.sum()
    z.backward()
    return n, x.grad, raised(lambda: z.backward())


def reentrant_backward_inside(t):
    cp = t.utils.checkpoint.checkpoint
    out = []
    for stop in (True, False):

        def hook(*_):
            with t.enable_grad():
                w.sum().backward(retain_graph=True)

        x = t.ones(2, requires_grad=True)
        w = cp(lambda a: a.exp().sin(), x, use_reentrant=False, early_stop=stop)
        y = (w * 2).exp()
        y.register_hook(hook)
        y.sum().backward()
        out.append(x.grad)

        def inner(a):
            b = a.sin()
            c = b.cos()
            (g,) = t.autograd.grad(c.sum(), a, retain_graph=True)
            return c * g

        def inner2(a):
            b = a.sin()
            c = b.cos()
            (g,) = t.autograd.grad(c.sum(), a)
            return a.cos() * g

        for fn in (inner, inner2):
            x = t.tensor([0.5, 1.0], requires_grad=True)
            cp(fn, x, use_reentrant=False, early_stop=stop).sum().backward()
            out.append(x.grad)
            x = t.tensor([0.5, 1.0], requires_grad=True)
            fn(x).sum().backward()
            out.append(x.grad)
    return out


def kwargs_nest(t):
    cp = t.utils.checkpoint.checkpoint
    x = t.ones(2, requires_grad=True)

    def f(a, d, *, k, scale=2, flag=None):
        return {"o": a * d["b"][0] * k * scale, "n": [a, 3]}

    r = cp(f, x, {"b": [t.full((2,), 4.0, requires_grad=True)]}, k=t.ones(2) * 3, scale=5, use_reentrant=False)
    (r["o"] + r["n"][0]).sum().backward()
    out = [r["o"], r["n"], x.grad]

    def g(a, b, c):
        return None, a * b, "s", (a, 1)

    r = cp(g, x, 3, None, use_reentrant=False)
    r[1].sum().backward()
    out += [r[0], r[1], r[2], x.grad]

    def h(a, b):
        return a * b, 5, None, "x"

    r = cp(h, x, 3, use_reentrant=True)
    r[0].sum().backward()
    out += [r, x.grad]
    return out


def mismatch(t):
    cp = t.utils.checkpoint.checkpoint
    x = t.ones(2, requires_grad=True)

    def run(first, second, **k):
        state = []

        def f(a):
            state.append(1)
            return first(a) if len(state) == 1 else second(a)

        return first_lines(lambda: cp(f, x, use_reentrant=False, **k).sum().backward())

    out = [
        run(lambda a: a.sin().cos(), lambda a: a.sin()),
        run(lambda a: a.sin(), lambda a: a.sin().cos()),
        run(lambda a: a.sin(), lambda a: a.sin().cos(), early_stop=False),
        run(lambda a: a.sin(), lambda a: t.cat([a, a]).sin()),
        run(lambda a: a.sin(), lambda a: a.double().sin(), determinism_check="none")[:60],
        run(lambda a: a.sin(), lambda a: a.double().sin()),
        run(lambda a: a.sin(), lambda a: a + 1),
        run(lambda a: a.sin(), lambda a: a.exp().sin(), determinism_check="none"),
    ]
    return out


def access_twice(t):
    cp = t.utils.checkpoint.checkpoint

    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a.exp()

        @staticmethod
        def backward(ctx, g):
            (a,) = ctx.saved_tensors
            (a,) = ctx.saved_tensors
            return g * a.exp()

    x = t.ones(2, requires_grad=True)
    out = [raised(lambda: cp(F.apply, x, use_reentrant=False).sum().backward())]
    y = cp(lambda a: a.sin(), x, use_reentrant=False)
    out += [y.grad_fn._saved_self, y.grad_fn._saved_self]
    y.sum().backward()
    out += [x.grad, raised(lambda: y.grad_fn._saved_self)]
    return out


def contexts(t):
    cp = t.utils.checkpoint.checkpoint
    seen = []

    @contextlib.contextmanager
    def note(n):
        seen.append("+" + n)
        try:
            yield
        finally:
            seen.append("-" + n)

    x = t.ones(2, requires_grad=True)

    def f(a):
        seen.append("f")
        return a.sin().cos()

    y = cp(f, x, use_reentrant=False, context_fn=lambda: (note("a"), note("b")))
    seen.append("|")
    y.sum().backward()

    class Swallow:
        def __enter__(self):
            pass

        def __exit__(self, *e):
            return True

    def bad(a):
        raise ValueError("bad")

    out = [
        raised(lambda: cp(bad, x, use_reentrant=False, context_fn=lambda: (Swallow(), Swallow()))),
        raised(lambda: cp(bad, x, use_reentrant=False)),
        raised(lambda: cp(bad, x, use_reentrant=True)),
        t.is_grad_enabled(),
    ]
    with t.no_grad():
        y = cp(f, x, use_reentrant=False, context_fn=lambda: (note("a"), note("b")))
        out.append(y.requires_grad)
    state = t.get_rng_state()
    y = x * 2
    y = cp(lambda a: (a * t.rand(2)).sin(), x, use_reentrant=False)
    r1 = t.rand(2)
    y.sum().backward()
    r2 = t.rand(2)
    t.set_rng_state(state)
    b = (x * t.rand(2)).sin()
    s1 = t.rand(2)
    s2 = t.rand(2)
    out += [bool((r1 == s1).all()), bool((r2 == s2).all())]
    return seen, out


def params_outside(t):
    cp = t.utils.checkpoint.checkpoint
    w = t.ones(3, requires_grad=True)
    out = []
    for reentrant in (True, False):
        w.grad = None
        w2 = w * 2
        y = cp(lambda a: (a * w).sin(), w2, use_reentrant=reentrant)
        (y * w).sum().backward()
        out.append(w.grad)
        w.grad = None
        w2 = w * 2
        (((w2 * w).sin()) * w).sum().backward()
        out.append(w.grad)
    d = w.detach()
    y = cp(lambda a, b: a * b, d, w, use_reentrant=False)
    y.sum().backward()
    out += [w.grad, d.grad]
    y = cp(lambda a: a.detach() * w, w, use_reentrant=False)
    y.sum().backward()
    out.append(w.grad)
    return out


def identity(t):
    cp = t.utils.checkpoint.checkpoint
    seen = []

    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(b)
            return a

        @staticmethod
        def backward(ctx, g):
            seen.append(ctx.saved_tensors[0])
            return g, None

    a = t.ones(2, requires_grad=True)
    b = t.ones(2)
    F.apply(a, b).sum().backward()
    cp(F.apply, a, b, use_reentrant=False).sum().backward()
    return [s is b for s in seen]


def after_error(t):
    cp = t.utils.checkpoint.checkpoint
    x = t.ones(2, requires_grad=True)

    class E(t.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a.clone()

        @staticmethod
        def backward(ctx, g):
            raise RuntimeError("boom")

    out = []
    for reentrant in (True, False):
        y = cp(lambda a: E.apply(a.sin()), x, use_reentrant=reentrant)
        out.append(raised(lambda: y.sum().backward()))
        z = cp(lambda a: a.sin(), x, use_reentrant=reentrant)
        z.sum().backward()
        out += [x.grad, t.is_grad_enabled(), t._C._autograd._top_saved_tensors_default_hooks(True) is None]
        x.grad = None
    return out


def sequential(t):
    out = []
    for reentrant in (True, False):
        t.manual_seed(1)
        m = t.nn.Sequential(*[t.nn.Linear(3, 3) for _ in range(5)])
        x = t.ones(2, 3, requires_grad=True)
        for n in (1, 2, 3, 5):
            y = t.utils.checkpoint.checkpoint_sequential(m, n, x, use_reentrant=reentrant)
            y.sum().backward()
            out += [y.detach(), x.grad]
        y = t.utils.checkpoint.checkpoint_sequential(list(m), 2, x, use_reentrant=reentrant)
        out.append(y.detach())
    return out


def early_stop_scopes(t):
    cp = t.utils.checkpoint.checkpoint
    n = [0]

    def f(a):
        a = a.sin()
        n[0] += 1
        a = a.clone()
        n[0] += 1
        return a

    x = t.ones(2, requires_grad=True)
    out = []
    with t.utils.checkpoint.set_checkpoint_early_stop(False):
        y = cp(f, x, use_reentrant=False)
    y.sum().backward()
    out.append(n[0])
    n[0] = 0
    y = cp(f, x, use_reentrant=False)
    with t.utils.checkpoint.set_checkpoint_early_stop(False):
        y.sum().backward()
    out.append(n[0])
    n[0] = 0

    def g(a):
        n[0] += 1
        return a + 1

    y = cp(g, x, use_reentrant=False)
    y.sum().backward()
    out.append(n[0])
    return out


def with_hooks(t):
    cp = t.utils.checkpoint.checkpoint
    x = t.ones(2, requires_grad=True)
    seen = []

    def pack(a):
        seen.append("p")
        return a

    def unpack(a):
        seen.append("u")
        return a

    with t.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = cp(lambda a: a.sin().exp(), x, use_reentrant=False)
    y.sum().backward()
    out = [list(seen), x.grad]
    with t.autograd.graph.save_on_cpu():
        y = cp(lambda a: a.sin().exp(), x, use_reentrant=False)
    y.sum().backward()
    out.append(x.grad)

    def f(a):
        with t.autograd.graph.saved_tensors_hooks(pack, unpack):
            return a.sin().exp()

    seen.clear()
    y = cp(f, x, use_reentrant=False)
    y.sum().backward()
    out += [list(seen), x.grad]

    def refuse():
        with t.autograd.graph.disable_saved_tensors_hooks("no hooks here"):
            return cp(lambda a: a.sin(), x, use_reentrant=False)

    out.append(raised(refuse))
    return out


def modified_input(t):
    cp = t.utils.checkpoint.checkpoint
    w = t.ones(2, requires_grad=True)
    a = w * 2
    y = cp(lambda a: a.sin(), a, use_reentrant=False)
    a.add_(1)
    out = [raised(lambda: y.sum().backward())]
    a = w * 2
    y = cp(lambda a: a.sin(), a, use_reentrant=True)
    a.add_(1)
    out += [raised(lambda: y.sum().backward())]
    a = w * 2

    def f(a):
        b = a.clone()
        b.mul_(2)
        return b.sin()

    cp(f, a, use_reentrant=False).sum().backward()
    out.append(w.grad)
    return out


def leaks(t):
    cp = t.utils.checkpoint.checkpoint

    class Foo:
        pass

    gc.collect()
    gc.disable()
    try:
        x = t.ones(2, requires_grad=True)
        foo = Foo()
        r = weakref.ref(foo)
        y = cp(lambda a, f: a.sin(), x, foo, use_reentrant=False)
        y.sum().backward()
        del foo
        a = r() is None
        del y
        b = r() is None
        foo = Foo()
        r = weakref.ref(foo)
        y = cp(lambda a, f: a.sin(), x, foo, use_reentrant=False)
        del foo, y
        c = r() is None
    finally:
        gc.enable()
    return b, c


def groups(t):
    cp = t.utils.checkpoint.checkpoint
    G = t.utils.checkpoint.GraphExecGroup
    n = [0]

    def f(a):
        n[0] += 1
        b = a.sin()
        return b.cos(), b.exp()

    x = t.ones(2, requires_grad=True)
    out = []
    a, b = cp(f, x, use_reentrant=False)
    a.sum().backward(retain_graph=True)
    b.sum().backward()
    out.append(n[0])
    n[0] = 0
    c, d = cp(lambda q: (q.sin(), q.exp().sin()), x, use_reentrant=False)
    with G():
        c.sum().backward()
        d.sum().backward()

    def nest():
        with G():
            with G():
                pass

    out += [n[0], raised(nest).split("<")[0], x.grad]
    y = cp(lambda q: q.sin().cos(), x, use_reentrant=False)

    def overlap():
        with G():
            y.sum().backward(retain_graph=True)
            y.sum().backward(retain_graph=True)

    out.append(raised(overlap))
    return out


def debug_error(t):
    cp = t.utils.checkpoint.checkpoint
    x = t.ones(2, requires_grad=True)
    s = []

    def f(a):
        s.append(1)
        return a.sin() if len(s) == 1 else a.sin().cos().clone()

    def g(a):
        s.append(1)
        return a.sin().cos() if len(s) == 1 else a.sin()

    out = []
    e = raised(lambda: cp(g, x, use_reentrant=False, debug=True).sum().backward())
    out += ["sin" in e, "cos" in e, e.split(":")[0], "Operations executed during the original forward" in e]
    s.clear()
    with t.utils.checkpoint.set_checkpoint_debug_enabled(True):
        y = cp(g, x, use_reentrant=False)
    e = raised(lambda: y.sum().backward())
    out += ["original" in e]
    return out


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
