"""``__torch_dispatch__``: wrapper classes and modes, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.

import gc
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from importlib import import_module

import pytest
from beside import check, raised, scenarios
from wrappers import note_mode, unwrapped, wrapper_class

import rushlight


def python_dispatch(t):
    return import_module(t.__name__ + ".utils._python_dispatch")


def pytree(t):
    return import_module(t.__name__ + ".utils._pytree")


def noted(t, action):
    with note_mode(t)() as mode:
        action()
    return mode.seen


def what_a_mode_sees(t):
    a = t.arange(6.0).view(2, 3)
    i = t.tensor([0, 1])
    b = a > 2
    actions = [
        lambda: a + 1, lambda: 2 - a, lambda: a * a, lambda: a / 2, lambda: a @ a.mT, lambda: a.sum(),
        lambda: a.sum(1), lambda: a.mean(), lambda: a.mean(0, keepdim=True), lambda: a.max(), lambda: a.max(1),
        lambda: a.view(3, 2), lambda: a.t(), lambda: a.transpose(0, 1), lambda: a.permute(1, 0), lambda: a[0],
        lambda: a[:, 1:], lambda: a[i], lambda: a.exp().log(), lambda: a**2, lambda: a**a, lambda: 2**a,
        lambda: a == 1, lambda: a < a, lambda: t.cat([a, a]), lambda: t.stack([a, a]), lambda: a.clone(),
        lambda: a.detach(), lambda: a.expand(4, 2, 3), lambda: a.unsqueeze(0).squeeze(0), lambda: a.relu(),
        lambda: a.sigmoid(), lambda: a.softmax(0), lambda: a.log_softmax(1), lambda: t.where(b, a, a),
        lambda: a.clamp(min=1), lambda: t.zeros(2), lambda: t.ones(2, 3), lambda: t.zeros_like(a), lambda: t.rand(2),
        lambda: t.full((2,), 1.0), lambda: a.double(), lambda: t.add(a, a, alpha=2), lambda: a.item,
        lambda: t.addmm(a, a[:, :2], a), lambda: t.bmm(a[None], a.mT[None]), lambda: a.var(1), lambda: a.cumsum(0),
        lambda: a.flip(0), lambda: a.index_select(0, i), lambda: a.masked_fill(b, 0.0), lambda: a.tril(),
        lambda: a.prod(), lambda: a.prod(0), lambda: a.gather(0, i[None]), lambda: a.argmax(), lambda: a.any(),
        lambda: t.nn.functional.linear(a, a), lambda: t.nn.functional.linear(a, a, t.zeros(2)),
        lambda: t.nn.functional.gelu(a), lambda: a.split(1), lambda: a.unbind(0), lambda: a.topk(2),
        lambda: a.clone().add_(1), lambda: a.clone().mul_(a), lambda: a.clone().zero_(), lambda: a.clone().fill_(2.0),
        lambda: a.clone().copy_(a), lambda: a.clone().exp_(), lambda: t.nn.functional.embedding(i, a),
        lambda: a.sort(), lambda: a.amax(1), lambda: a.repeat(2, 1), lambda: t.dot(a[0], a[0]), lambda: a.neg().abs(),
        lambda: a.logsumexp(0), lambda: a.sum().item(),
    ]  # fmt: skip
    return [noted(t, action) for action in actions]


def names_of_operations(t):
    aten = t.ops.aten
    op, plain, packet = aten.add.Tensor, aten.mm.default, aten.add
    found = [
        str(op), repr(op), op.__name__, op.name(), op.__module__, op._schema.name, op._overloadname, str(plain),
        plain.name(), plain._schema.name, op.overloadpacket is packet, aten.add.Tensor is op, str(packet),
        repr(packet), packet.__name__, op._schema.is_mutable, aten.add_.Tensor._schema.is_mutable,
        op == aten.add.Scalar, op.namespace, aten.add_.Tensor.name(), op._opname,
    ]  # fmt: skip
    a = t.arange(4.0).view(2, 2)
    i = t.tensor([1, 0])
    found += [
        op(a, a), op(a, a, alpha=3), plain(a, a), packet(a, a), aten.sum.dim_IntList(a, [1], True), aten.sum.default(a),
        aten.view.default(a, [4]), aten.select.int(a, 0, 1), aten.slice.Tensor(a, 1, 0, 1),
        aten.index.Tensor(a, [None, i]), aten._softmax.default(a, 1, False), aten.t.default(a),
        aten.embedding.default(a, i), aten.cat.default([a, a], 1), aten.pow.Tensor_Scalar(a, 2),
        aten.mean.dim(a, [0]), aten.expand.default(a, [2, 2, 2]), aten.add_.Tensor(a.clone(), a),
        aten.permute.default(a, [1, 0]), aten.where.self(a > 1, a, a), aten.eq.Scalar(a, 1), aten.detach.default(a),
        aten._to_copy.default(a, dtype=t.float64), aten.clamp.default(a, 1, 2), aten.rsub.Scalar(a, 1),
    ]  # fmt: skip
    return [*found, raised(lambda: aten.no_such_operation)]


def wrapped_in_autograd(t):
    wrapped = wrapper_class(t)
    wrapped.seen.clear()
    x = wrapped(t.arange(6.0).view(2, 3), requires_grad=True)
    w = wrapped(t.ones(4, 3), requires_grad=True)
    y = t.nn.functional.linear(x, w)
    loss = (y * y).sum()
    names = list(wrapped.seen)
    loss.backward()
    out = [names, loss.grad_fn.name(), y.grad_fn.name(), y.requires_grad, x.is_leaf, unwrapped([x.grad, w.grad])]
    loss = (x * 2).sum()
    loss.backward()
    out.append(unwrapped(x.grad))
    (g,) = t.autograd.grad((x**3).sum(), x, create_graph=True)
    (h,) = t.autograd.grad(g.sum(), x)
    out += [g.requires_grad, unwrapped([g, h])]
    return [*out, raised(lambda: loss.backward())]


def more_derivatives(t):
    wrapped = wrapper_class(t)
    f = t.nn.functional
    functions = [
        lambda x: x.exp() + x.tanh() / (x * x + 1), lambda x: x.softmax(1) @ x.mT, lambda x: f.gelu(x).view(-1)[2:5],
        lambda x: x.max(1)[0] + x.amax(1), lambda x: x.sort(1)[0], lambda x: t.cat([x, x[:1]]).cumsum(0),
        lambda x: x.std(0), lambda x: (x + x[0]).split(1)[1],
        lambda x: x.expand(2, 2, 3).mean(0), lambda x: x.logsumexp(1), lambda x: t.where(x > 0, x, x * 3),
        lambda x: x.unbind(1)[0] * x.clone().double().float()[:, 0], lambda x: f.mse_loss(x, x * x),
        lambda x: x.clamp(0.1, 0.5), lambda x: t.einsum("ij,kj->ik", x, x), lambda x: x.masked_fill(x > 0.5, 0.0),
        lambda x: f.log_softmax(x, 1), lambda x: x.prod(1), lambda x: x.norm(), lambda x: f.silu(x).abs().sqrt(),
    ]  # fmt: skip
    out = []
    for function in functions:
        t.manual_seed(0)
        x = wrapped(t.rand(2, 3), requires_grad=True)
        y = function(x)
        out += [unwrapped(y), type(y) is wrapped]
        y.sum().backward()
        out.append(unwrapped(x.grad))
    return out


def in_place(t):
    wrapped = wrapper_class(t)
    x = wrapped(t.arange(3.0), requires_grad=True)
    y = x * 2
    version = y._version
    same = y.mul_(x)
    out = [same is y, y._version - version, unwrapped(y), y.grad_fn.name()]
    y.sum().backward()
    out.append(unwrapped(x.grad))
    z = (x * 3).exp()
    z.add_(1)
    out += [raised(lambda: z.sum().backward())[:60], raised(lambda: x.add_(1))]
    with t.no_grad():
        x.add_(1)
    return [*out, unwrapped(x.detach())]


def in_place_under_a_mode(t):
    x = t.arange(3.0, requires_grad=True)
    with note_mode(t)() as mode:
        y = x * 2
        y.mul_(x).add_(1)
        y[1:].mul_(2)
        y.sum().backward()
    return [y, x.grad, "aten.mul_.Tensor" in mode.seen, "aten.add_.Tensor" in mode.seen]


def views(t):
    wrapped = wrapper_class(t)
    x = wrapped(t.arange(6.0))
    v = x.view(2, 3)
    return [v._is_view(), v._base is x, unwrapped(v[0]), v._version, x.detach()._is_view(), x.detach() is x]


def hooks_and_kept_gradients(t):
    wrapped = wrapper_class(t)
    x = wrapped(t.arange(3.0), requires_grad=True)
    y = x * 2
    seen = []
    y.retain_grad()
    y.register_hook(lambda g: seen.append(type(g).__name__))
    x.register_hook(lambda g: g * 10)
    (y * y).sum().backward()
    return [seen, unwrapped([y.grad, x.grad])]


def saved_tensors(t):
    wrapped = wrapper_class(t)
    x = wrapped(t.arange(3.0), requires_grad=True)
    seen = []
    with t.autograd.graph.saved_tensors_hooks(lambda v: seen.append(type(v).__name__) or v, lambda v: v):
        y = x.exp() * x
    y.sum().backward()
    exp = y.grad_fn.next_functions[0][0]
    z = x.sigmoid()
    return [seen, unwrapped(x.grad), exp.name(), type(z.grad_fn._saved_result).__name__]


def custom_function(t):
    wrapped = wrapper_class(t)

    class Cube(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * 3 * x * x

    x = wrapped(t.arange(3.0), requires_grad=True)
    Cube.apply(x).sum().backward()
    return [unwrapped(x.grad)]


def not_implemented(t):
    class Refuses(t.Tensor):
        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            return NotImplemented

    x = t.Tensor._make_wrapper_subclass(Refuses, (2,), dtype=t.float64)
    error = raised(lambda: t.exp(x))
    out = [error.split("<class")[0], "Refuses" in error, list(x.shape), str(x.dtype), x.requires_grad]
    out.append(raised(lambda: t.Tensor._make_wrapper_subclass(t.Tensor, (2,)))[:9])
    return out


def arguments_of_handlers(t):
    seen = []

    class Shows(python_dispatch(t).TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            plain = pytree(t).tree_map(lambda v: "T" if isinstance(v, t.Tensor) else v, (args, kwargs))
            seen.append([str(func), str(plain[0]), sorted((plain[1] or {}).items()), len(types)])
            return func(*args, **(kwargs or {}))

    a = t.arange(6.0).view(2, 3)
    with Shows():
        a + 1
        t.add(a, a, alpha=2)
        a.sum()
        a.sum(1)
        a.sum((0, 1), keepdim=True)
        a.view(3, 2)
        a.transpose(0, 1)
        a[1]
        a.expand(2, 2, 3)
        a.softmax(1)
        t.cat([a, a])
        t.cat((a, a), 1)
        a.clamp(min=1)
        t.addmm(a, a[:, :2], a, beta=2)
        a.div(a, rounding_mode="floor")
        a.permute(1, 0)
        a.unsqueeze(-1)
    return seen


def handlers_replace_results(t):
    class Doubles(python_dispatch(t).TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            found = func(*args, **(kwargs or {}))
            return found * 2 if func is t.ops.aten.add.Tensor else found

    x = t.ones(2, requires_grad=True)
    with Doubles():
        y = x + 1
    y.sum().backward()
    return [y.detach(), y.grad_fn.name(), x.grad]


def nested_modes(t):
    order = []

    def named(name):
        class Named(python_dispatch(t).TorchDispatchMode):
            def __torch_dispatch__(self, func, types, args=(), kwargs=None):
                order.append(name)
                return func(*args, **(kwargs or {}))

        return Named()

    outer, inner = named("outer"), named("inner")
    p = python_dispatch(t)
    with outer:
        with inner:
            t.ones(2)
            stack = [m is o for m, o in zip(p._get_current_dispatch_mode_stack(), (outer, inner), strict=True)]
            current = p._get_current_dispatch_mode() is inner
            with p._pop_mode_temporarily():
                t.ones(2)
            with p._disable_current_modes():
                t.ones(2)
        order.append("-")
        t.ones(2)
    t.ones(2)

    class Fails(p.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            raise ValueError("from the mode")

    def fails():
        with Fails():
            t.ones(2)

    return [order, stack, current, p._get_current_dispatch_mode() is None, raised(fails), t.ones(2)]


def counting(t):
    class Count(python_dispatch(t).TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.found = Counter()

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            if func.overloadpacket is t.ops.aten.mm or func is t.ops.aten.addmm.default:
                a, b = args[-2:]
                self.found["flops"] += 2 * a.shape[0] * a.shape[1] * b.shape[1]
            return func(*args, **(kwargs or {}))

    m = t.nn.Sequential(t.nn.Linear(4, 8), t.nn.ReLU(), t.nn.Linear(8, 2))
    with Count() as count:
        out = m(t.ones(3, 4))
        forward = count.found["flops"]
        out.sum().backward()
    return [forward, count.found["flops"]]


def a_class_of_real_tensors(t):
    seen = []

    class Real(t.Tensor):
        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            seen.append(str(func))
            with t._C._DisableTorchDispatch():
                return func(*args, **(kwargs or {}))

    x = t.Tensor._make_subclass(Real, t.arange(3.0), True)
    y = x * 2
    y.sum().backward()
    return [seen[0], type(y).__name__ in ("Real", "Tensor"), x.requires_grad]


def dual_numbers(t):
    wrapped = wrapper_class(t)
    fw = t.autograd.forward_ad
    x, v = wrapped(t.arange(3.0)), wrapped(t.ones(3))
    with fw.dual_level():
        dual = fw.make_dual(x, v)
        parts = fw.unpack_dual(dual)
        out = [type(dual) is wrapped, unwrapped(parts.primal), unwrapped(parts.tangent)]
        y = fw.unpack_dual(dual * dual + dual.sin())
        out += [unwrapped(y.primal), unwrapped(y.tangent)]
        mixed = fw.make_dual(t.ones(3), v)
        out += [type(mixed) is t.Tensor, type(fw.unpack_dual(mixed).tangent) is wrapped]
    return out


def private_queries(t):
    c, o = t._C, import_module(t.__name__ + ".overrides")
    a = t.ones(3)
    out = [
        c._is_alias_of(a, a[1:]), c._is_alias_of(a, a.clone()), c._is_torch_function_enabled(),
        c._is_torch_function_mode_enabled(), c._len_torch_function_stack(), c._len_torch_dispatch_stack(),
        c._get_graph_exec_group(), a._is_zerotensor(),
    ]  # fmt: skip
    with o.BaseTorchFunctionMode() as f, note_mode(t)() as d:
        out += [
            c._is_torch_function_mode_enabled(), c._get_function_stack_at(0) is f, c._len_torch_dispatch_stack(),
            c._get_dispatch_stack_at(0) is d,
        ]  # fmt: skip
    x = t.ones(2, requires_grad=True)
    with c._AutoDispatchBelowAutograd():
        out.append((x * 2).requires_grad)
    v = (x * 1).view(2, 1)
    return [*out, (x * 2).requires_grad, v._view_func_unsafe(t.zeros(2))]


def trees(t):
    p = pytree(t)
    Point = namedtuple("Point", "x y")
    tree = [1, (2, {"b": 3, "a": [4]}), Point(5, None), OrderedDict(z=6, y=7), deque([8], maxlen=3),
            defaultdict(list, {"k": 9})]  # fmt: skip
    leaves, spec = p.tree_flatten(tree)
    again = p.tree_unflatten([10 * v if v else v for v in leaves], spec)
    return [
        leaves, spec.num_leaves, str(again), str(p.tree_map(lambda v: (v,), tree)), p.tree_leaves(tree),
        str(p.tree_map(lambda a, b: a + b, (1, [2]), (3, [4]))), p.tree_all(bool, [1, (2,)]), p.tree_any(bool, [0, ()]),
        str(p.tree_map_only(int, lambda v: -v, [1, "a", (2.0, 3)])), p.arg_tree_leaves(1, [2], a=(3,)),
        raised(lambda: p.tree_unflatten([1], spec))[:40], raised(lambda: p.tree_unflatten([1], 3))[:30],
        raised(lambda: p.tree_map(lambda a, b: a, (1, 2), [1, 2]))[:12], p.tree_structure((1, [2])) == spec,
        p.tree_structure((1, [2])) == p.tree_structure((3, [4])), p.tree_leaves([None, ()]),
        p.tree_flatten((1, [2, 3]), is_leaf=lambda v: isinstance(v, list))[0],
        p.tree_leaves(t.ones(2, 2).max(0)), type(p.tree_map(lambda v: v, t.ones(2, 2).max(0))).__name__,
    ]  # fmt: skip


def grad_mode_in_handlers(t):
    seen = []

    class Noting(python_dispatch(t).TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            name = str(func).split(".")[1]
            if name != "detach":  # PyTorch detaches what it saves
                with t.enable_grad():
                    inside = t.is_grad_enabled()
                seen.append((name, t.is_grad_enabled(), inside, t.is_inference_mode_enabled()))
            return func(*args, **(kwargs or {}))

    x = t.ones(2, requires_grad=True)
    with Noting():
        y = x * 2
        with t.no_grad():
            x * 3
        with t.inference_mode():
            x * 3
        y.sum().backward()
    return seen, t.is_grad_enabled(), y.requires_grad


@pytest.mark.parametrize("scenario", [s for s in scenarios(globals(), __name__)
                                      if s not in (python_dispatch, pytree)])  # fmt: skip
def test_like_pytorch(scenario):
    check(scenario, strides=False, rtol=1e-5, atol=1e-6)


def test_costs_nothing_afterwards():
    from rushlight.autograd.hooks import LeafHooks
    from rushlight.autograd.mode import special

    gc.collect()
    with note_mode(rushlight)():
        pass
    code = rushlight.zeros.__code__, rushlight.Tensor.detach.__code__
    before = special.count, special.more, len(LeafHooks.alive)
    x = wrapper_class(rushlight)(rushlight.ones(2))
    assert special.dispatcher is not None
    assert special.count == before[0] + 1
    del x
    with note_mode(rushlight)():
        pass
    assert special.dispatcher is None
    assert (special.count, special.more, len(LeafHooks.alive)) == before
    assert (rushlight.zeros.__code__, rushlight.Tensor.detach.__code__) == code
