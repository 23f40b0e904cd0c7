"""Forward mode at its edges, beside PyTorch: views, in-place changes, layout, levels, refusals."""

import gc
import weakref

import pytest
from beside import check, raised, scenarios
from duals import both, dual, forward, numbers


# ---------------------------------------------------------------------------------------------- views and changes
def duals_are_views_of_nothing(t):
    x, v = numbers(t, 2), t.ones(2)
    d = dual(t, x, v)
    d *= 2
    found = [both(t, x), v.clone(), both(t, d)]
    primal, tangent = both(t, d)
    found += [both(t, primal), both(t, tangent)]
    primal *= 2
    found.append([p.clone() for p in both(t, d)])
    tangent *= 2
    found.append([p.clone() for p in both(t, d)])
    return found, tangent is both(t, d)[1], v is tangent


def views_of_duals_share_the_tangent(t):
    d = dual(t)
    v = d.narrow(0, 0, 1)
    v *= 2
    return both(t, d), both(t, v)


def tensors_without_tangent_get_one_by_a_change(t):
    a, b, c = numbers(t, 3), numbers(t, 3), numbers(t, 3)
    a += dual(t)
    b[0] = dual(t)[0]
    view = c.detach()
    view += dual(t)
    return both(t, a), both(t, b), both(t, c), both(t, view)


def out_is_refused(t):
    d, plain = dual(t, t.ones(2), t.ones(2)), t.ones(2)
    calls = (
        lambda: t.add(plain, plain, out=d), lambda: t.sin(d, out=plain), lambda: t.cat([d, plain], out=t.ones(4)),
        lambda: t.sum(d, 0, out=t.ones(())), lambda: t.max(d, 0, out=(t.ones(()), t.ones((), dtype=t.int64))),
    )  # fmt: skip
    return [raised(call) for call in calls]


def earlier_views_see_the_change(t):
    base = numbers(t, 2, 3)
    row, column, turned = base[0], base[:, 1], base.t()
    row.copy_(dual(t))
    return [both(t, x) for x in (base, row, column, turned, base[1], base.reshape(-1))]


def views_of_views(t):
    base = numbers(t, 2, 3)
    flat = base.view(6)
    part = flat[2:4]
    part.mul_(dual(t, t.ones(2) * 3))
    return [both(t, x) for x in (base, flat, part)]


def complex_parts(t):
    z = t.zeros(2, dtype=t.complex64)
    z.real.copy_(dual(t)[:2])
    w = t.zeros(2, 2)
    t.view_as_complex(w).mul_(dual(t, t.tensor([1 + 2j, 3 - 1j]), t.tensor([1j, 2.0 + 0j])))
    c = dual(t, t.tensor([1 + 2j, 3 - 1j]), t.tensor([1j, 2.0 + 0j]))
    functions = (t.real, t.imag, t.view_as_real, t.abs, t.angle, t.sgn, lambda c: c.conj() * c)
    return both(t, z), both(t, w), [both(t, f(c)) for f in functions]


def results_own_their_tangents(t):
    d = dual(t)
    y, z, w = d + 1, d.clone(), d * 1
    y.mul_(3)
    z.mul_(3)
    w.zero_()
    return [both(t, x) for x in (d, y, z, w)]


def changes_broadcast(t):
    a, b = t.zeros(2, 3), t.zeros(2, 3)
    a.add_(dual(t))
    b.copy_(dual(t))
    return both(t, a), both(t, b)


def assigned_elements(t):
    a, b, c, d = t.zeros(4), t.zeros(2, 3), dual(t), t.zeros(4)
    a[1:] = dual(t)
    b[0] = dual(t)
    b[1, 2] = 5.0
    c[0] = 0
    d[t.tensor([0, 2, 3])] = dual(t)
    e, f = dual(t), t.zeros(3)
    e[e > 1] = 7.0
    f[t.tensor([True, False, True])] = dual(t)[:2]
    return [both(t, x) for x in (a, b, c, d, e, f)]


CHANGES = {
    "neg_": lambda t, x: x.neg_(),
    "sub_": lambda t, x: x.sub_(dual(t)),
    "pow_": lambda t, x: x.pow_(2),
    "clamp_": lambda t, x: x.clamp_(1.5),
    "fill_": lambda t, x: x.fill_(3),
    "fill_ with a tensor": lambda t, x: x.fill_(dual(t)[0]),
    "zero_": lambda t, x: x.zero_(),
    "eq_": lambda t, x: x.eq_(1),
    "masked_fill_": lambda t, x: x.masked_fill_(x > 1, 0),
    "index_fill_": lambda t, x: x.index_fill_(0, t.tensor([0]), 9),
    "scatter_": lambda t, x: x.scatter_(0, t.tensor([0]), dual(t)),
    "scatter_add_": lambda t, x: x.scatter_add_(0, t.tensor([0, 0, 1]), dual(t)),
    "index_add_": lambda t, x: x.index_add_(0, t.tensor([0, 0, 1]), dual(t)),
    "index_copy_": lambda t, x: x.index_copy_(0, t.tensor([2, 0, 1]), dual(t)),
    "addcmul_": lambda t, x: x.addcmul_(dual(t), dual(t)),
    "lerp_": lambda t, x: x.lerp_(dual(t), 0.3),
    "atan2_": lambda t, x: x.atan2_(dual(t)),
    "unsqueeze_": lambda t, x: x.unsqueeze_(0),
    "t_": lambda t, x: x.view(3, 1).t_(),
    "normal_": lambda t, x: x.normal_().mul_(0),
    "bernoulli_": lambda t, x: x.bernoulli_(0.5).mul_(0),
    "requires_grad_": lambda t, x: x.requires_grad_(),
    "resize_": lambda t, x: x.resize_(4),
    "floor_divide_": lambda t, x: x.floor_divide(2),
    "detach_": lambda t, x: x.clone().detach_(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_tangent_after_a_change(name):
    def scenario(t):
        with forward(t).dual_level():
            x = dual(t)
            y = CHANGES[name](t, x)
            return both(t, y), both(t, x)

    check(scenario, rtol=1e-5, atol=1e-6)


# ---------------------------------------------------------------------------------------------- layout
def a_tangent_of_equal_layout_is_kept(t):
    v = t.ones(2, 3)
    return both(t, dual(t, numbers(t, 2, 3), v))[1] is v


def a_tangent_of_other_strides_is_copied(t):
    v = t.ones(3, 2)
    d = dual(t, numbers(t, 2, 3).t(), v)
    return both(t, d)[1] is v, both(t, d)[1].stride(), both(t, d[0]), both(t, d.t())


def strides_of_single_elements_do_not_matter(t):
    v = t.ones(5, 1, 5).as_strided((5, 1, 5), (5, 3, 1))
    return both(t, dual(t, t.ones(5, 1, 5), v))[1] is v


def a_tangent_lies_in_as_much_memory(t):
    v = t.ones(4)
    d = dual(t, numbers(t, 5)[:4].detach(), v)
    before = both(t, d)[1].clone()
    v *= 2
    return both(t, d)[1] is v, t.equal(both(t, d)[1], before), both(t, d.as_strided((5,), (1,), 0))


def a_tangent_lies_at_the_same_place(t):
    x, v, w = numbers(t, 5)[1:], t.ones(5)[1:], t.ones(4)
    d, e = dual(t, x, v), dual(t, x, w)
    return both(t, d)[1] is v, both(t, e)[1] is w, both(t, e)[1].storage_offset()


def expanded_tensors(t):
    d, e = dual(t, numbers(t, 1).expand(3), t.ones(3)), dual(t, numbers(t, 3), t.ones(1).expand(3))
    return both(t, d), both(t, d)[1].stride(), both(t, e), both(t, e)[1].stride()


def no_elements(t):
    d = dual(t, t.ones(0).as_strided((0, 1), (1, 1), 0), t.ones(0).as_strided((0, 1), (1, 0), 0))
    return both(t, t.diagonal(d, offset=0))


def zeros_laid_out_as_another_tensor(t):
    zeros = t.ops.aten._new_zeros_with_same_feature_meta
    pairs = [
        (t.ones(5), t.ones(2, 3, 4, dtype=t.float64)),
        (t.ones(3, 2, 4).transpose(0, 1), t.ones(2, 3, 4)),
        (t.ones(5).narrow(0, 1, 2), t.ones(2)),
        (t.ones(5).resize_(4), t.ones(4)),
        (t.tensor(1.0), t.ones(1, 2)),
    ]
    found = []
    for a, b in pairs:
        for x, y in ((a, b), (b, a)):
            for lead in range(x.dim()):
                z = zeros(x, y, self_num_batch_dims=lead)
                found.append((z, z.stride(), z.storage_offset(), len(z.storage()), z.is_contiguous()))
    return found


def views_stay_views(t):
    found = []
    for change in (lambda x, y: x.add_(y), lambda x, y: x.mul_(y), lambda x, y: x.copy_(y)):
        base = numbers(t, 2, 2)
        view = base.transpose(0, 1)
        change(view, dual(t, numbers(t, 2, 2)))
        view *= 2
        found.append(both(t, base))
    return found


def some_gradients_of_a_convolution(t):
    w, x = numbers(t, 2, 1, 3, 3), numbers(t, 1, 1, 4, 4)
    g = t.ones(1, 2, 2, 2)
    rest = (0,), (1, 1), (0, 0), (1, 1), False, (0, 0), 1
    backward = t.ops.aten.convolution_backward
    some = backward(g, x, dual(t, w), *rest, (False, True, False))
    every = backward(g, x, dual(t, w), *rest, (True, True, True))
    return some[0], both(t, some[1]), some[2], [both(t, y) for y in every]


# ---------------------------------------------------------------------------------------------- together with reverse
def gradients_of_tangents(t):
    x = numbers(t, 3).requires_grad_()
    v = t.ones(3, requires_grad=True)
    functions = (lambda a: a * a, lambda a: a.tanh(), lambda a: a.cumsum(0), lambda a: a.sort().values)
    found = []
    for f in functions:
        tangent = both(t, f(dual(t, x, v)))[1]
        found.append(t.autograd.grad(tangent.sum(), (x, v), allow_unused=True))
    return [[None if g is None else g * 1 for g in gs] for gs in found]


def tangents_of_gradients(t):
    x = numbers(t, 3).requires_grad_()
    d = dual(t, x, t.ones(3))
    functions = (
        lambda a: (a**3).sum(),
        lambda a: a.exp().sum(),
        lambda a: t.nn.functional.gelu(a).sum(),
        lambda a: a.softmax(0)[0],
        lambda a: a.prod(),
        lambda a: (a[:2] * a[1:]).sum(),
        lambda a: t.nn.functional.layer_norm(a, (3,)).pow(3).sum(),
        lambda a: (a.view(3, 1) @ a.view(1, 3)).sigmoid().sum(),
        lambda a: a.clone().mul_(a).sum(),
    )
    found = []
    for f in functions:
        for create_graph in (False, True):
            (g,) = t.autograd.grad(f(d), d, create_graph=create_graph)
            found.append([p.detach() for p in both(t, g)])
            found.append(g.requires_grad)
    return found


def backward_stores_no_tangents(t):
    x = numbers(t, 3).requires_grad_()
    (dual(t, x) ** 3).sum().backward()
    return x.grad, both(t, x.grad)[1]


def without_recording(t):
    d = dual(t, numbers(t, 3).requires_grad_())
    with t.no_grad():
        return [both(t, y) for y in (d * d, t.nn.functional.silu(d), d.sum())]


def in_inference_mode(t):
    with t.inference_mode():
        d = dual(t)
        inside = both(t, d), both(t, d * 2)
    return inside, both(t, dual(t))


def batch_norm_counts_once(t):
    norm = t.nn.BatchNorm1d(3)
    x = dual(t, numbers(t, 4, 3) ** 2)
    trained, tangent = both(t, norm(x))
    return trained.detach(), tangent.detach(), norm.running_mean, both(t, norm.eval()(x))[1].detach()


# ---------------------------------------------------------------------------------------------- results without one
def results_without_tangent(t):
    d = dual(t)
    found = d.argmax(), d.to(t.int32), d > 1, t.zeros_like(d), d.new_ones(2), d.detach(), d.data
    return [both(t, x) for x in (*found, *d.max(0), *d.sort(), *d.topk(2), d.round())]


def logarithms_of_sums(t):
    x = t.tensor([-2.0, 0.0, 3.0, 2.5, -5.0])
    v = t.tensor([1.0, -2.0, 0.5, 0.0, 3.0])
    return both(t, dual(t, x, v).logcumsumexp(0)), both(t, dual(t, x, v).logsumexp(0))


def some_without_tangent(t):
    a, b = t.ones(3), dual(t)
    mask = t.tensor([True, False, True])
    found = t.cat([a, b]), t.stack([a, b]), t.where(mask, a, b), t.addcmul(a, b, a), t.lerp(a, b, 0.3), a @ b
    return [both(t, x) for x in (*found, t.maximum(a, b), t.einsum("i,j->ij", a, b))]


def parameters_and_copies(t):
    import copy

    d = dual(t)
    return both(t, t.nn.Parameter(d))[1], both(t, copy.deepcopy(d))[1], both(t, copy.copy(d))[1]


# ---------------------------------------------------------------------------------------------- levels
def a_level_is_a_decorator(t):
    @forward(t).dual_level()
    def run():
        return both(t, dual(t) * 2)

    forward(t).exit_dual_level()
    try:
        return run()
    finally:
        forward(t).enter_dual_level()


def tangents_are_turned_off(t):
    x, v = t.ones(2), t.ones(2)
    d = dual(t, x, v)
    with forward(t)._set_fwd_grad_enabled(False):
        inside = both(t, dual(t, x, v))[1], both(t, d)[1], both(t, d * 2)[1]
    return inside, both(t, d)[1] is v


def wrong_levels(t):
    found = []
    for call in (
        lambda: forward(t).make_dual(t.ones(1), t.ones(1), level=3),
        lambda: forward(t).unpack_dual(dual(t), level=1),
        lambda: forward(t).exit_dual_level(level=2),
        lambda: forward(t).unpack_dual(1),
        lambda: forward(t).make_dual(dual(t), t.ones(3)),
        lambda: t.add(t.ones(3), dual(t), out=t.ones(3)),
        lambda: t.add(t.ones(3), t.ones(3), out=dual(t)),
        lambda: t.igamma(dual(t), t.ones(3)),
        lambda: t.heaviside(dual(t), t.ones(3)),
    ):
        try:
            found.append(call())
        except (RuntimeError, TypeError, NotImplementedError) as error:
            found.append((type(error).__name__, str(error).split("\n")[0]))
    return found


def nodes_of_duals(t):
    x = t.rand(3, requires_grad=True)
    d = dual(t, x)
    primal, _ = both(t, d)
    return d.grad_fn.name(), d._base is x, primal.grad_fn.name(), d.requires_grad, primal.requires_grad


SCENARIOS = scenarios(globals(), __name__)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda f: f.__name__)
def test_as_pytorch(scenario):
    def inside(t):
        with forward(t).dual_level():
            return scenario(t)

    check(inside, rtol=1e-5, atol=1e-6)


def test_tangents_go_with_their_tensors():
    def scenario(t):
        with forward(t).dual_level():
            x, v = t.ones(2), t.ones(2)
            d = forward(t).make_dual(x, v)
            alive = weakref.ref(v)
            del x, v
            before = alive() is not None
            del d
            gc.collect()
            return before, alive() is None

    check(scenario)


def test_unpacked_in_inference_mode():
    def scenario(t):
        out = []
        with forward(t).dual_level():
            d = dual(t, numbers(t, 3))
            with t.inference_mode():
                out.append(forward(t).unpack_dual(d).tangent)
                out.append(forward(t).unpack_dual(d * 2).tangent)
            out.append(forward(t).unpack_dual(d).tangent)
        return out

    check(scenario)


@pytest.mark.parametrize("name", ["igamma", "special.zeta", "special.gammainc"])
def test_what_has_no_tangent(name):
    def scenario(t):
        function = t
        for part in name.split("."):
            function = getattr(function, part)
        with forward(t).dual_level():
            d = dual(t, numbers(t, 3))
            return function(d, d)

    check(scenario)


PRODUCTS = {
    "number": lambda t, d: d * 2,
    "first number": lambda t, d: 2 * d,
    "tensor": lambda t, d: d * t.ones(3),
    "quotient": lambda t, d: d / 2,
    "in place": lambda t, d: d.clone().mul_(3),
    "sum": lambda t, d: d + 1,
    "power": lambda t, d: d ** t.ones(3),
    "maximum": lambda t, d: t.maximum(d, t.ones(3)),
    "lerp": lambda t, d: t.lerp(d, t.ones(3), 0.5),
    "addcmul": lambda t, d: t.addcmul(d, t.ones(3), t.ones(3)),
}


@pytest.mark.parametrize("case", PRODUCTS)
def test_a_product_s_tangent_depends_on_what_the_other_factor_s_would_be_multiplied_by(case):
    def scenario(t):
        x = numbers(t, 3).requires_grad_()
        with forward(t).dual_level():
            _, tangent = both(t, PRODUCTS[case](t, dual(t, x)))
            return tangent.detach(), tangent.requires_grad, t.autograd.grad((tangent + x).sum(), x)

    check(scenario, strides=False)


@pytest.mark.parametrize("shape", [(2, 2), (2,), ()])
def test_a_copy_into_a_tensor_without_tangent_has_a_tangent_of_its_own(shape):
    def scenario(t):
        fa = forward(t)
        with fa.dual_level():
            tangent = t.ones(shape)
            x = t.zeros(2, 2)
            x.copy_(fa.make_dual(t.zeros(shape), tangent))
            found = fa.unpack_dual(x).tangent
            x.mul_(3)
            return found is tangent, fa.unpack_dual(x).tangent, tangent

    check(scenario, strides=False)
