"""Sparse gradients beside PyTorch: where they arise, how they add up, what hooks see, which optimisers take them."""

import warnings

import pytest
import torch
from beside import check, scenarios

import rushlight

for module in (torch, rushlight):
    module.sparse.check_sparse_tensor_invariants.disable()


def entries(t):
    return t.sparse_coo_tensor([[0, 1, 1], [2, 0, 0]], [3.0, 4.0, 5.0], (2, 3)).requires_grad_()


def dense(t, *shape):
    return t.arange(1.0, 1.0 + t.Size(shape).numel()).reshape(shape).requires_grad_()


def lookup(t, table, **options):
    rows = t.nn.functional.embedding(t.tensor([[1, 1], [0, 2]]), table, sparse=True, **options)
    return (rows * t.arange(1.0, 9.0).reshape(2, 2, 2)).sum()


def derived(t, function, *inputs):
    """The result of a function, the names along its graph, and the gradients of its inputs."""
    result = function(*inputs)
    names, node = [], result.grad_fn
    while node is not None and len(names) < 4:
        names.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    (t.sparse.sum(result) if result.is_sparse else result.sum()).backward()
    # Whether a gradient counts as coalesced depends, in PyTorch, on who else holds it.
    grads = [x.grad for x in inputs]
    return [result, names, *[g.coalesce() if g.is_sparse else g for g in grads]]


def of_making(t):
    return derived(t, lambda v: t.sparse_coo_tensor([[0, 1, 1], [2, 0, 0]], v, (2, 3)), dense(t, 3))


def of_to_dense(t):
    return derived(t, lambda s: s.to_dense(), entries(t))


def of_unmasked_to_dense(t):
    return derived(t, lambda s: s.to_dense(masked_grad=False), entries(t))


def of_coalesce(t):
    return derived(t, lambda s: s.coalesce(), entries(t))


def of_values(t):
    return derived(t, lambda s: s.coalesce().values(), entries(t))


def of_to_entries(t):
    return [*derived(t, lambda d: d.to_sparse(), dense(t, 2, 3)), *derived(t, lambda d: d.to_sparse(1), dense(t, 2, 3))]


def of_masks(t):
    mask = t.tensor([[0.0, 1, 0], [1, 0, 1]]).to_sparse()
    return derived(t, lambda d: d.sparse_mask(mask).to_dense() * 3, dense(t, 2, 3))


def of_mm(t):
    warnings.simplefilter("ignore")  # PyTorch computes some of these in another format, and says so once
    both = derived(t, t.mm, entries(t), dense(t, 3, 2))
    other = derived(t, t.mm, dense(t, 4, 2), entries(t))
    return [*both, *other, *derived(t, t.mm, entries(t), dense(t, 3, 2).detach().to_sparse().requires_grad_())[2:]]


def of_sparse_mm(t):
    return [*derived(t, t.sparse.mm, entries(t), dense(t, 3, 2))]


def of_addmm(t):
    def function(m, s, d):
        return t.sparse.addmm(m, s, d, beta=2, alpha=3)

    return derived(t, function, dense(t, 2, 2), entries(t), dense(t, 3, 2))


def of_sums(t):
    both = derived(t, lambda a, b: a + b, entries(t), entries(t))
    return [*both, *derived(t, lambda a, b: a + b, dense(t, 2, 3), entries(t))]


def of_products(t):
    return [*derived(t, lambda a: -a * 2, entries(t)), *derived(t, lambda a, b: a * b, entries(t), dense(t, 2, 3))]


def of_reductions(t):
    return [
        *derived(t, lambda a: t.sparse.sum(a), entries(t)),
        *derived(t, lambda a: t.sparse.sum(a, 0), entries(t)),
        *derived(t, lambda a: a.sum(), entries(t)),
        *derived(t, lambda a: t.sparse.sum(a, 1), entries(t)),
    ]


def of_copies(t):
    return [*derived(t, lambda a: a.clone(), entries(t)), *derived(t, lambda a: a.t(), entries(t))]


def of_embedding(t):
    a, b, c = (dense(t, 3, 2) for _ in range(3))
    lookup(t, a).backward()
    lookup(t, b, padding_idx=1).backward()
    lookup(t, c * 2).backward()
    return [a.grad, b.grad, c.grad, lookup(t, c).grad_fn.next_functions[0][0].next_functions[0][0].name()]


def of_embedding_layers(t):
    layer = t.nn.Embedding(3, 2, sparse=True)
    layer(t.tensor([2, 0])).sum().backward()
    return [layer.weight.grad.to_dense(), layer.weight.grad._indices(), layer.weight.grad.is_sparse]


def of_scaled_embedding(t):
    lookup(t, dense(t, 3, 2), scale_grad_by_freq=True).backward()


def of_gather(t):
    found = []
    for shape, dim, index in [
        ((3, 2), 0, [[0, 0], [1, 1]]), ((3, 2), -1, [[0, 0], [1, 1]]), ((3,), 0, [1]), ((3,), 0, 1), ((), 0, [0]),
        ((), 0, 0),
    ]:  # fmt: skip
        x = dense(t, *shape)
        y = x.gather(dim, t.tensor(index), sparse_grad=True)
        y.backward(t.full_like(y, 2.0))
        found += [y, x.grad, x.grad.to_dense()]
    return found


def sparse_on_entries(t):
    w = dense(t, 3, 2)
    lookup(t, w).backward()
    first = w.grad
    lookup(t, w).backward()
    return [w.grad is first, w.grad]


def dense_on_entries(t):
    w = dense(t, 3, 2)
    lookup(t, w).backward()
    first = w.grad
    w.sum().backward()
    return [w.grad is first, w.grad, first]


def sparse_on_dense(t):
    w = dense(t, 3, 2)
    w.sum().backward()
    first = w.grad
    lookup(t, w).backward()
    return [w.grad is first, w.grad]


def in_one_backward(t):
    found = []
    for function in (
        lambda w: lookup(t, w) + w.sum(), lambda w: w.sum() + lookup(t, w), lambda w: lookup(t, w) + lookup(t, w),
        lambda w: (w * w).sum() + lookup(t, w * 2),
    ):  # fmt: skip
        w = dense(t, 3, 2)
        seen = []
        w.register_hook(seen.append)
        function(w).backward()
        v = dense(t, 3, 2)
        function(v).backward()
        found += [seen, w.grad, v.grad]
    return found


def recorded(t):
    w, factor = dense(t, 3, 2), t.tensor(2.0, requires_grad=True)
    (g,) = t.autograd.grad(lookup(t, w) * factor, w, create_graph=True)
    t.sparse.sum(g).backward()
    (lookup(t, w) * factor).backward(create_graph=True)
    first = w.grad
    (lookup(t, w) * factor).backward(create_graph=True)
    return [g.is_sparse, g.requires_grad, factor.grad, first.to_dense(), w.grad.to_dense(), w.grad is first]


def from_grad(t):
    w = dense(t, 3, 2)
    return t.autograd.grad(lookup(t, w), w)


def from_custom_functions(t):
    class Fixed(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, grad):
            ctx.grad = grad
            return x.sum()

        @staticmethod
        def backward(ctx, _):
            return ctx.grad, None

    def places(*where):
        return t.sparse_coo_tensor([list(where)], t.ones(len(where)), (5,))

    found = []
    for a, b in [(places(0, 3), places(1, 3)), (places(0, 3), t.ones(5)), (t.ones(5), places(4, 4))]:
        x = t.zeros(5, requires_grad=True)
        (Fixed.apply(x, a) + Fixed.apply(x, b)).backward()
        y = t.zeros(5, requires_grad=True)
        Fixed.apply(y, a).backward()
        Fixed.apply(y, b).backward()
        found += [x.grad, y.grad, a, b]
    return found


def assigned(t):
    x = dense(t, 2, 3)
    x.grad = entries(t).detach()
    return x.grad


def retained(t):
    w = dense(t, 3, 2)
    v = w * 2
    v.retain_grad()
    lookup(t, v).backward()
    return [v.grad, w.grad]


def post_accumulate(t):
    w, seen = dense(t, 3, 2), []
    w.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.clone()))
    lookup(t, w).backward()
    lookup(t, w).backward()
    return seen


SCENARIOS = [f for f in scenarios(dict(globals()), __name__) if f is not entries]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda f: f.__name__)
def test_same(scenario):
    check(scenario, strides=False)


OPTIMISERS = [
    ("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "momentum": 0.9}), ("SGD", {"lr": 0.1, "maximize": True}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.1}), ("SparseAdam", {}), ("SparseAdam", {"lr": 0.1, "maximize": True}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1}), ("Adagrad", {"weight_decay": 0.1}), ("Adam", {}), ("AdamW", {}),
    ("RMSprop", {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "settings"), OPTIMISERS)
def test_optimisers(name, settings):
    def scenario(t):
        w, other = dense(t, 3, 2), dense(t, 2, 2)
        optimizer = getattr(t.optim, name)([w, other] if name != "SparseAdam" else [w], **settings)
        for step in range(3):
            optimizer.zero_grad()
            (lookup(t, w, padding_idx=step) + other.sum()).backward()
            optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        return [w.detach(), other.detach(), w.grad.to_dense(), [k for s in optimizer.state.values() for k in s]]

    check(scenario, strides=False)


def test_sparse_adam_refuses():
    def scenario(t):
        w, found = dense(t, 3, 2), []
        optimizer = t.optim.SparseAdam([w])
        w.sum().backward()
        for action in (
            optimizer.step, lambda: t.optim.SparseAdam([entries(t)]), lambda: t.optim.SparseAdam([w], lr=0),
            lambda: t.optim.SparseAdam([w], betas=(1.0, 0)), lambda: t.optim.SparseAdam([w], eps=0),
        ):  # fmt: skip
            try:
                action()
            except (RuntimeError, ValueError) as error:
                found.append(f"{type(error).__name__}: {error}")
        return found

    check(scenario)


def test_dense_and_sparse_steps_by_turns():
    def scenario(t):
        w = dense(t, 3, 2)
        optimizer = t.optim.SGD([w], lr=0.1)
        for step in range(4):
            optimizer.zero_grad()
            (lookup(t, w) if step % 2 else (w * w).sum()).backward()
            optimizer.step()
        return w.detach()

    check(scenario)


def checked(t, function, masked, tensor=None, **options):
    if tensor is None:
        tensor = t.tensor([[0.0, 2.0], [3.0, 0.0]], dtype=t.float64).to_sparse().requires_grad_()
    try:
        return t.autograd.gradcheck(function(t), (tensor,), masked=masked, **options)
    except (RuntimeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


FUNCTIONS = {
    "to_dense": lambda t: lambda x: x.to_dense(),
    "unmasked to_dense": lambda t: lambda x: x.to_dense(masked_grad=False),
    "sum": lambda t: lambda x: x.sum(),
    "sparse sum": lambda t: lambda x: t.sparse.sum(x),
    "product": lambda t: lambda x: (x * x).to_dense(masked_grad=True),
    "sparse output": lambda t: lambda x: x * 2,
    "matrix product": lambda t: lambda x: t.sparse.mm(x, t.ones(2, 2, dtype=t.float64)),
}


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("what", FUNCTIONS)
def test_gradcheck(what, masked):
    check(lambda t: checked(t, FUNCTIONS[what], masked))


@pytest.mark.parametrize("fast", [True, False])
def test_gradcheck_of_dense_inputs(fast):
    def scenario(t):
        x = t.tensor([[0.5, 2.0], [3.0, 0.7]], dtype=t.float64, requires_grad=True)
        functions = [
            lambda t: lambda x: x.to_sparse().to_dense(),
            lambda t: lambda x: t.sparse_coo_tensor([[0, 2]], x).to_dense(),
            lambda t: lambda x: t.sparse_coo_tensor([[0, 2]], x).coalesce().values() * x,
            lambda t: lambda x: x.to_sparse(),
        ]
        return [checked(t, f, True, x, fast_mode=fast) for f in functions]

    check(scenario)


BAGS = [
    {"mode": "sum"}, {"mode": "mean"}, {"mode": "max"}, {"mode": "sum", "scale_grad_by_freq": True},
    {"mode": "sum", "padding_idx": 1}, {"mode": "mean", "padding_idx": 2},
    {"mode": "sum", "per_sample_weights": [0.5, 1.0, 2.0]},
]  # fmt: skip


@pytest.mark.parametrize("options", BAGS, ids=str)
def test_bags(options):
    def scenario(t):
        given, w = dict(options), dense(t, 3, 2)
        if "per_sample_weights" in given:
            given["per_sample_weights"] = t.tensor(given["per_sample_weights"])
        bags = t.nn.functional.embedding_bag(t.tensor([1, 2, 1]), w, t.tensor([0, 2]), sparse=True, **given)
        (bags * dense(t, 2, 2).detach()).sum().backward()
        return w.grad

    check(scenario, strides=False)


def test_anomalies():
    def scenario(t):
        w, found = dense(t, 3, 2), []
        warnings.simplefilter("ignore")
        with t.autograd.detect_anomaly():
            lookup(t, w).backward()
            found.append(w.grad.to_dense())
            try:
                (lookup(t, w) * float("nan")).backward()
            except RuntimeError as error:
                found.append(str(error))
        return found

    check(scenario)


def test_references_of_gradients():
    def scenario(t):
        found = []
        for create_graph in (False, True):
            for sparse_first, sparse_then in ((True, False), (False, False), (True, True), (False, True)):
                first, then = (
                    t.sparse_coo_tensor([[1, 1]], [1.0, 1.0]) if sparse else t.tensor([1.5, 1.5])
                    for sparse in (sparse_first, sparse_then)
                )  # fmt: skip
                x = t.tensor([1.5, 1.5], requires_grad=True)
                x.grad = first
                before = x.grad
                x.backward(then, create_graph=create_graph)
                found.append([before is x.grad, x.grad.to_dense(), then.to_dense()])
        return found

    check(scenario)


def test_gradients_apart_in_memory_are_copied():
    def scenario(t):
        class Spread(t.autograd.Function):
            @staticmethod
            def forward(ctx, a, b):
                return a + b

            @staticmethod
            def backward(ctx, g):
                made = t.sparse_coo_tensor([[0, 1]], t.ones(1).expand(2, 3), (4, 3))
                Spread.place = made._values().data_ptr()
                return made, made

        a, b = t.zeros(4, 3, requires_grad=True), t.zeros(4, 3, requires_grad=True)
        out = Spread.apply(a, b).sum()
        out.backward(retain_graph=True)
        shared = [x.grad._values().data_ptr() == Spread.place for x in (a, b)]
        out.backward()
        return shared, a.grad.to_dense(), b.grad.to_dense()

    check(scenario)
