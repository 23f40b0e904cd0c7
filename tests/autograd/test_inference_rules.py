"""Inference mode and its tensors, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: B023, F841

import pytest
from beside import check, raised, scenarios


def inf_flags(t):
    out = []
    c = t.ones(2, 2, requires_grad=True)
    with t.inference_mode():
        a = t.ones(2)
        out += [
            a.is_inference(),
            t.is_inference(a),
            a.requires_grad,
            t.is_inference_mode_enabled(),
            t.is_grad_enabled(),
            c.is_inference(),
        ]
        with t.inference_mode(False):
            b = t.ones(2)
            out += [b.is_inference(), t.is_grad_enabled(), t.is_inference_mode_enabled(), (c * 2).requires_grad]
        with t.enable_grad():
            d = c * 2
            out += [d.is_inference(), d.requires_grad, t.is_grad_enabled()]
        e = c * 2
        v = c.view(4)
        out += [e.is_inference(), v.is_inference(), v.requires_grad, e.requires_grad, v._is_view()]
        f = t.zeros(2, requires_grad=True)
        out += [f.requires_grad, f.is_inference(), f.is_leaf]
        g = f + 1
        out += [g.requires_grad]
        out += [raised(lambda: t.ones(2)._version), raised(lambda: c.clone()._version)]
    out += [a.is_inference(), t.is_inference_mode_enabled(), t.is_inference(c)]
    out.append(raised(lambda: a.add_(1)))
    out.append(raised(lambda: a + 1))
    out.append(raised(lambda: a * c))
    out.append(raised(lambda: c * a))
    out.append((a + 1).is_inference())
    out.append(raised(lambda: a.requires_grad_()))
    out.append(raised(lambda: a.view(2).is_inference()))
    out.append(a.view(2).is_inference())
    out.append(raised(lambda: a.view(2).add_(1)))
    out.append(raised(lambda: a.clone().requires_grad_()))
    out.append(a.clone().is_inference())
    out.append(raised(lambda: a._version))
    out.append(a.detach().is_inference())
    out.append(raised(lambda: setattr(a, "requires_grad", True)))
    out.append(raised(lambda: setattr(a, "requires_grad", False)))
    out.append(raised(lambda: a.backward()))
    out.append(raised(lambda: f.add_(1)))
    out.append(raised(lambda: (f * 2).sum().backward()))
    out.append(raised(lambda: (f + 2).requires_grad))
    out.append(raised(lambda: t.ones(2).set_(a)))
    out.append(raised(lambda: a.data.add_(1)))
    out.append(raised(lambda: a.copy_(t.ones(2))))
    out.append(raised(lambda: a.__setitem__(0, 1)))
    with t.no_grad():
        out.append(raised(lambda: a.add_(1)))
    out.append(raised(lambda: t.add(a, 1, out=a)))
    return out


def inf_existing_session(t):
    s = t.ones(1, 2, 3, requires_grad=True)
    a = s.clone()
    b = a * a
    with t.inference_mode():
        a.add_(2)
    return raised(lambda: b.sum().backward()), a._version


def inf_functional(t):
    out = []
    for m in (True, False):
        with t.inference_mode():
            i = t.ones(2, 3, requires_grad=m)
            o = i * 2
            out += [o.is_inference(), o.requires_grad]
            p = i.view(6)
            out += [p.is_inference(), p.requires_grad, p.is_leaf]
            q = i.clone()
            q.mul_(2)
            out += [q.is_inference(), q.requires_grad]
            out.append(raised(lambda: i.mul_(3)))
        out += [
            raised(lambda: i.add(2).requires_grad),
            raised(lambda: i.mul_(2)),
            raised(lambda: i.view(6)),
            raised(lambda: i * i),
        ]
        r = raised(lambda: i.view(6).requires_grad)
        out.append(r)
        x = i.view(6)
        out += [x.is_inference(), x.requires_grad, x.is_leaf, raised(lambda: x.grad_fn)]
        y = i.add(2)
        out += [y.is_inference(), y.requires_grad, y.is_leaf]
        out += [raised(lambda: i.exp()), raised(lambda: i.t().exp())]
    return out


def inf_normal_inplace(t):
    out = []
    for m in (True, False):
        s = t.ones(2, 3, requires_grad=m)
        a = s.clone()
        with t.inference_mode():
            a.add_(2)
            out += [a.is_inference(), a.requires_grad, a._version]
        c = a.add(2)
        out += [c.requires_grad, c.is_inference(), a.grad_fn and a.grad_fn.name()]
        with t.inference_mode():
            a.mul_(2)
            v = a.view(6)
            out += [v.is_inference(), v.requires_grad, v._is_view(), v._version]
            a.mul_(2)
            v.mul_(2)
            out += [v.is_inference(), v.requires_grad, raised(lambda: v.grad_fn), raised(lambda: v.is_leaf)]
        out += [a._version, raised(lambda: v.add_(1)), raised(lambda: v.grad_fn), raised(lambda: v + 1)]
        with t.inference_mode():
            w = a.view(6)
            x = w.view(3, 2)
        out += [
            w.requires_grad,
            raised(lambda: w.mul_(2)),
            raised(lambda: x.mul_(2)),
            raised(lambda: w.view(2, 3)),
            raised(lambda: w.view(2, 3).mul_(2)),
            raised(lambda: w.exp()),
        ]
        with t.inference_mode():
            w = a.view(6)
        a.mul_(2)
        out += [raised(lambda: w.grad_fn), raised(lambda: w.sum().backward()), w.is_inference()]
        with t.inference_mode():
            leafv = s.view(6)
            l0 = s.unbind()[0]
        out += [
            leafv.requires_grad,
            leafv.is_leaf,
            raised(lambda: leafv.mul_(2)),
            raised(lambda: l0.mul_(2)),
            raised(lambda: leafv.sum().backward()),
        ]
        with t.inference_mode():
            leafv.mul_(2)
        with t.no_grad():
            raised(lambda: leafv.mul_(2))
        out.append(raised(lambda: leafv.grad_fn))
    return out


def inf_mix(t):
    out = []
    for m in (True, False):
        s = t.ones(2, 3, requires_grad=m)
        n = t.ones(2, 3)
        with t.inference_mode():
            i = t.ones(2, 3, requires_grad=m)
        out += [
            raised(lambda: i.add(s)),
            raised(lambda: s.add(i)),
            raised(lambda: i.mul(s)),
            raised(lambda: s.mul(i)),
            raised(lambda: s.clone().mul_(i)),
            raised(lambda: s.clone().add_(i)),
            raised(lambda: i.mul_(s)),
            raised(lambda: t.mul(i, s, out=n)),
            raised(lambda: i.mul(s).requires_grad),
        ]
        out += [
            raised(lambda: t.add(n, n, out=i)),
            raised(lambda: s.view_as(i)),
            raised(lambda: n.copy_(i)),
            raised(lambda: i.copy_(n)),
            raised(lambda: s.clone().copy_(i)),
            raised(lambda: t.cat([i, s])),
            raised(lambda: t.stack([s, i, i]).requires_grad),
            raised(lambda: i.matmul(s.t())),
            raised(lambda: t.where(i > 0, s, i)),
        ]
        with t.inference_mode():
            out += [
                raised(lambda: i.mul_(s)),
                raised(lambda: s.mul_(i)),
                raised(lambda: (i * s).is_inference()),
                raised(lambda: n.mul_(i)),
                n.is_inference(),
                n._version,
            ]
        with t.no_grad():
            out += [raised(lambda: i.mul(s)), raised(lambda: s.mul_(i)), raised(lambda: n.mul_(i))]
    return out


def inf_leaf_inplace(t):
    s = t.ones(2, requires_grad=True)
    with t.inference_mode():
        r = [
            raised(lambda: s.add_(1)),
            s._version,
            raised(lambda: s.requires_grad_(False)),
            raised(lambda: s.requires_grad_()),
        ]
    p = t.nn.Parameter(t.ones(2))
    with t.inference_mode():
        q = t.nn.Parameter(t.ones(2))
        r += [q.requires_grad, q.is_inference()]
    return r, raised(lambda: q * 2), raised(lambda: q.sum().backward()), raised(lambda: q.exp())


def inf_deco(t):
    out = []

    @t.inference_mode()
    def f(x):
        return x * x, t.is_inference_mode_enabled()

    @t.inference_mode
    def g(x):
        return x * x

    @t.inference_mode(mode=False)
    def h(x):
        return x * x

    @t.inference_mode(False)
    def h2(x):
        return x * x

    x = t.ones(2, requires_grad=True)
    out += [
        f(x)[0].is_inference(),
        f(x)[1],
        g(x).is_inference(),
        h(x).is_inference(),
        h(x).requires_grad,
        f.__name__,
        g.__name__,
    ]
    with t.inference_mode():
        out += [h(x).is_inference(), h2(x).requires_grad]
    gen = t.inference_mode()(lambda: (yield t.is_inference_mode_enabled()))
    out += [next(gen()), t.is_inference_mode_enabled(), raised(lambda: t.inference_mode("a"))]
    out.append(str(t.inference_mode(True).clone().mode))

    def raising():
        with t.inference_mode():
            raise ValueError("a")

    out += [raised(raising), t.is_inference_mode_enabled()]
    return out


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
