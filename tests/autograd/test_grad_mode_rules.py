"""Grad modes as decorators of functions, classes, generators and coroutines, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.

import asyncio

import pytest
from beside import check, raised, scenarios


def deco_funcs(t):
    out = []

    @t.no_grad()
    def a():
        return t.is_grad_enabled()

    @t.no_grad
    def b():
        "doc"
        return t.is_grad_enabled()

    @t.enable_grad()
    def c():
        return t.is_grad_enabled()

    @t.enable_grad
    def d():
        return t.is_grad_enabled()

    @t.set_grad_enabled(False)
    def e():
        return t.is_grad_enabled()

    @t.set_grad_enabled(True)
    def f():
        return t.is_grad_enabled()

    out += [a(), b(), c(), d(), e(), f(), t.is_grad_enabled(), b.__name__, b.__doc__]
    with t.no_grad():
        out += [a(), b(), c(), d(), e(), f(), t.is_grad_enabled()]
    out += [
        raised(lambda: t.set_grad_enabled(1)),
        raised(lambda: t.set_grad_enabled()),
        raised(lambda: t.no_grad(1)),
        raised(lambda: t.no_grad("a")),
        str(t.set_grad_enabled(True)),
        repr(t.set_grad_enabled(True)),
        t.no_grad()(a)(),
    ]
    t.set_grad_enabled(False)
    out.append(t.is_grad_enabled())
    t.set_grad_enabled(True)
    out.append(t.is_grad_enabled())
    with t.set_grad_enabled(False):
        out.append(t.is_grad_enabled())
        with t.set_grad_enabled(True):
            out.append(t.is_grad_enabled())
        out.append(t.is_grad_enabled())
    out.append(t.is_grad_enabled())
    t.set_grad_enabled(False)(lambda: 1)
    out.append(t.is_grad_enabled())
    out.append(t.set_grad_enabled(mode=True).mode)
    g = t.no_grad()
    with g:
        with g:
            pass
        out.append(t.is_grad_enabled())
    out.append(t.is_grad_enabled())
    t.set_grad_enabled(True)
    return out


def class_deco(t):
    @t.no_grad()
    class Foo:
        def __init__(self):
            self.a = t.is_grad_enabled()

        def foo(self):
            return t.is_grad_enabled()

    f = Foo()
    return f.a, f.foo()


def class_deco2(t):
    @t.no_grad
    class Foo:
        def __init__(self):
            self.a = t.is_grad_enabled()

        def foo(self):
            return t.is_grad_enabled()

    f = Foo()
    return f.a, f.foo()


def class_deco3(t):
    @t.inference_mode()
    class Foo:
        def __init__(self):
            self.a = t.is_grad_enabled()

        def foo(self):
            return t.is_grad_enabled()

    with t.set_grad_enabled(True):

        @t.set_grad_enabled(False)
        class Bar:
            def __init__(self):
                self.a = t.is_grad_enabled()

    @t.enable_grad()
    class Baz:
        x: int = 1

    return Foo().a, Foo().foo(), Bar().a, Baz().x


def gens(t):
    out = []

    @t.no_grad()
    def g():
        for i in range(4):
            out.append(t.is_grad_enabled())
            r = yield i
            out.append(("got", r, t.is_grad_enabled()))
        return "ret"

    for i in g():
        out.append(("body", i, t.is_grad_enabled()))
    x = g()
    out.append(next(x))
    out.append(x.send(7))

    def throw():
        x.throw(ValueError("t"))

    out.append(raised(throw))
    out.append(t.is_grad_enabled())
    out.append(raised(lambda: next(x)))

    @t.enable_grad()
    def h():
        try:
            yield t.is_grad_enabled()
        except ValueError as e:
            out.append(("caught", str(e), t.is_grad_enabled()))
            yield "after"
        finally:
            out.append(("fin", t.is_grad_enabled()))

    with t.no_grad():
        y = h()
        out.append(next(y))
        out.append(t.is_grad_enabled())
        out.append(y.throw(ValueError("v")))
        y.close()
        out.append(t.is_grad_enabled())
    y = h()
    next(y)
    y.close()
    del y
    y = h()
    next(y)
    out.append(raised(lambda: y.throw(KeyboardInterrupt("k"))))

    @t.no_grad()
    def rec(n):
        if n:
            out.append(t.is_grad_enabled())
            yield from rec(n - 1)
            yield n

    with t.enable_grad():
        out.append(list(rec(3)))

    def ret():
        return (yield from g())

    z = ret()
    try:
        while 1:
            next(z)
    except StopIteration as s:
        out.append(s.value)
    return out


def coros(t):
    out = []

    @t.no_grad()
    def f(x):
        out.append(t.is_grad_enabled())
        y = yield x
        while True:
            out.append((y, t.is_grad_enabled()))
            try:
                y = yield y * 2
            except RuntimeError as e:
                out.append(("exc", str(e), t.is_grad_enabled()))
                y = yield "e"
            except GeneratorExit:
                out.append(("exit", t.is_grad_enabled()))
                raise

    c = f(1)
    out.append(next(c))
    out.append(c.send(3))
    out.append(t.is_grad_enabled())
    out.append(c.throw(RuntimeError("a")))
    out.append(c.send(5))
    c.close()
    out.append(t.is_grad_enabled())

    async def co():
        out.append(t.is_grad_enabled())
        await asyncio.sleep(0)
        out.append(t.is_grad_enabled())
        return 5

    d = t.no_grad()(co)
    out.append(asyncio.iscoroutinefunction(d))
    out.append(asyncio.run(d()))

    async def ag():
        yield t.is_grad_enabled()

    e = t.no_grad()(ag)

    async def use():
        return [v async for v in e()]

    out.append(asyncio.run(use()))
    return out


def python_fn_no_grad(t):
    out = []

    class F(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            out.append(t.is_grad_enabled())
            return x * 2

        @staticmethod
        def backward(ctx, g):
            out.append(t.is_grad_enabled())
            return g

    x = t.ones(2, requires_grad=True)
    with t.no_grad():
        y = F.apply(x)
        out += [y.requires_grad, y.grad_fn is None]
    y = F.apply(x)
    y.backward(t.ones(2))
    y = F.apply(x)
    y.backward(t.ones(2), create_graph=True)
    with t.no_grad():
        y = F.apply(x)
    out.append(raised(lambda: y.backward(t.ones(2))))
    return out


def no_grad_misc(t):
    out = []
    x = t.ones(5, 5, requires_grad=True)
    y = t.ones(5, 5) * 4
    with t.no_grad():
        w = x + y

    def adder(x, y):
        return x + y

    out += [w.requires_grad, w.grad_fn is None, raised(lambda: w.backward(t.ones(5, 5)))]
    with t.no_grad():
        x[0] = 3
        out.append(x._version)
        x.add_(1)
        out.append(x.requires_grad)
        z = t.zeros(3, requires_grad=True)
        out += [z.requires_grad, (z * 2).requires_grad]
        out.append(raised(lambda: t.add(x, x, out=x)))
    out.append(raised(lambda: t.add(x, y, out=y)))
    out.append(raised(lambda: t.add(y, y, out=x)))
    o = t.ones(1)
    out.append(raised(lambda: t.mul(x, y, out=o)))

    class M(t.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = t.nn.Parameter(t.zeros(2))

        def forward(self):
            with t.no_grad():
                self.w[0] = 1
            return self.w * 2

    m = M()
    m().sum().backward()
    out.append(m.w.grad)
    out += [t._C.is_grad_enabled() if hasattr(t._C, "is_grad_enabled") else None]
    return out


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
