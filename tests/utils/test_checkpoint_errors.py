"""Checkpoints that are used wrongly, or whose second run differs from the first, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: B023

import contextlib

import pytest
from beside import check, raised, scenarios


def first_lines(f):
    return raised(f).split("Tip:")[0]


def warns(t):
    x = t.ones(2, requires_grad=True)
    return t.utils.checkpoint.checkpoint(lambda a: a * 2, x), t.utils.checkpoint.checkpoint_sequential(
        [t.nn.ReLU(), t.nn.ReLU()], 2, x
    )


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
