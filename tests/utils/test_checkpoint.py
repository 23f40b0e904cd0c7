"""Checkpoints: what they give, keep and run again, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: B023, E731, F841

import contextlib
import gc
import weakref

import pytest
from beside import check, raised, scenarios


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


def no_input_needs(t):
    w = t.ones(2, requires_grad=True)
    y = t.utils.checkpoint.checkpoint(lambda a: a * w, t.ones(2), use_reentrant=True)
    z = t.utils.checkpoint.checkpoint(lambda a: a * w, t.ones(2), use_reentrant=False)
    z.sum().backward()
    return y.requires_grad, z.requires_grad, w.grad


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


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
