"""Selective checkpoints: policies per operation, beside PyTorch."""

# ruff: noqa: B023

import functools
from importlib import import_module

import pytest
from beside import check, raised, scenarios


def module(t):
    return import_module(t.__name__ + ".utils.checkpoint")


def layers(t, x, y):
    return t.sigmoid(t.matmul(t.matmul(x, y), y)) * y


def runs(t, policy, function=None, **options):
    """The gradients, and which operations the policy saw and the second run computed."""
    m = module(t)
    computed = []

    class Note(import_module(t.__name__ + ".utils._python_dispatch").TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            computed.append(str(func))
            return func(*args, **(kwargs or {}))

    t.manual_seed(0)
    x, y = t.rand(3, 3, requires_grad=True), t.rand(3, 3, requires_grad=True)
    context_fn = functools.partial(m.create_selective_checkpoint_contexts, policy, **options)

    def noted(x, y):
        with Note():
            return (function or functools.partial(layers, t))(x, y)

    out = m.checkpoint(noted, x, y, use_reentrant=False, context_fn=context_fn)
    forward = list(computed)
    computed.clear()
    out.sum().backward()
    return [out.detach(), x.grad, y.grad, forward]


def lists_of_operations(t):
    aten = t.ops.aten
    return [runs(t, ops) for ops in ([], [aten.mm.default], [aten.mm.default, aten.sigmoid.default, aten.mul.Tensor])]


def recomputed(t):
    """How often each matrix product is computed: those that are kept only once."""
    m = module(t)
    out = []
    for ops in ([], [t.ops.aten.mm.default], [t.ops.aten.sigmoid.default]):
        counts = []

        class Product(t.autograd.Function):
            @staticmethod
            def forward(ctx, a):
                counts.append(1)
                return a * 1

            @staticmethod
            def backward(ctx, grad):
                return grad

        def f(x):
            return Product.apply(x @ x).sin().cos()

        x = t.ones(2, 2, requires_grad=True)
        y = m.checkpoint(
            f, x, use_reentrant=False, context_fn=functools.partial(m.create_selective_checkpoint_contexts, ops)
        )
        y.sum().backward()
        out += [len(counts), x.grad]
    return out


def policies(t):
    m = module(t)
    policy = m.CheckpointPolicy
    out = []
    for chosen in (policy.MUST_SAVE, policy.PREFER_SAVE, policy.MUST_RECOMPUTE, policy.PREFER_RECOMPUTE, True, False):
        seen = []

        def decide(ctx, op, *args, **kwargs):
            seen.append([ctx.is_recompute, str(op), len(args), sorted(kwargs), tuple(ctx.op_output.shape)])
            return chosen if op is t.ops.aten.mm.default else policy.PREFER_RECOMPUTE

        out += [runs(t, decide), seen, str(chosen)]
    return out


def views_and_in_place(t):
    def f(x, y):
        z = (x @ y).view(-1)[1:5]
        z = z.exp().clone()
        z.mul_(2)
        return z * y.reshape(-1)[:4]

    aten = t.ops.aten
    ops = [aten.mm.default, aten.view.default, aten.exp.default, aten.slice.Tensor]
    return [runs(t, [], f), runs(t, ops, f), runs(t, [aten.clone.default], f, allow_cache_entry_mutation=True)]


def mutated(t):
    def f(x, y):
        z = (x @ y).sin()
        z.mul_(2)
        return z.exp()

    kept = [t.ops.aten.sin.default]
    return [raised(lambda: runs(t, kept, f)), raised(lambda: runs(t, kept, f, allow_cache_entry_mutation=True))[:7]]


def wrong_policies(t):
    m = module(t)
    make = m.create_selective_checkpoint_contexts
    return [
        raised(lambda: make([t.ops.aten.mm])).replace("torch._ops", "").replace("rushlight.ops.overloads", ""),
        raised(lambda: make(["mm"])),
        raised(lambda: make(3)),
        raised(lambda: m.SelectiveCheckpointContext(True))[:9],
        [str(p) for p in m.CheckpointPolicy],
    ]


def backward_twice(t):
    m = module(t)
    x = t.ones(2, 2, requires_grad=True)
    context_fn = functools.partial(m.create_selective_checkpoint_contexts, [t.ops.aten.sin.default])
    y = m.checkpoint(lambda x: x.sin().cos().exp(), x, use_reentrant=False, context_fn=context_fn)
    y.sum().backward(retain_graph=True)
    return [raised(lambda: y.sum().backward(retain_graph=True)), x.grad]


def second_run_differs(t):
    m = module(t)
    x = t.ones(2, requires_grad=True)
    first = [True]

    def f(x):
        y = x.sin() if first else x.cos()
        first.clear()
        return y.exp().sin()

    context_fn = functools.partial(m.create_selective_checkpoint_contexts, [t.ops.aten.sin.default])
    y = m.checkpoint(f, x, use_reentrant=False, context_fn=context_fn)
    return raised(lambda: y.sum().backward())


def nested_in_a_checkpoint(t):
    m = module(t)
    out = []
    for early in (True, False):
        x = (t.arange(9.0).view(3, 3) / 20).requires_grad_()
        context_fn = functools.partial(m.create_selective_checkpoint_contexts, [t.ops.aten.mm.default])

        def inner(x):
            return m.checkpoint(lambda x: (x @ x).sin().cos(), x, use_reentrant=False, context_fn=context_fn)

        with m.set_checkpoint_early_stop(early):
            y = m.checkpoint(lambda x: inner(x.exp()).sin(), x, use_reentrant=False)
            y.sum().backward()
        out.append(x.grad)
    return out


def several_results(t):
    def f(x, y):
        values, _ = (x @ y).max(1)
        a, b = (x * y).split([1, 2])
        return values * a.sum() + b.sum()

    aten = t.ops.aten
    return [runs(t, [aten.max.dim, aten.split_with_sizes.default, aten.mm.default], f)]


def without_gradients(t):
    m = module(t)
    context_fn = functools.partial(m.create_selective_checkpoint_contexts, [t.ops.aten.sin.default])
    with t.no_grad():
        return m.checkpoint(lambda x: x.sin(), t.ones(2), use_reentrant=False, context_fn=context_fn)


@pytest.mark.parametrize("scenario", [s for s in scenarios(globals(), __name__) if s is not module])
def test_like_pytorch(scenario):
    check(scenario, strides=False, rtol=1e-5, atol=1e-6)
