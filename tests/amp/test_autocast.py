"""Autocast and the scaling of gradients, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.

import pickle
import subprocess
import sys
import threading

import pytest
from beside import check, raised, scenarios


def matrices(t, seed=0):
    t.manual_seed(seed)
    return t.randn(3, 4), t.randn(4, 3)


def dtypes_of(t, functions):
    """The dtype of what each function returns, or its error."""
    found = []
    for f in functions:
        try:
            found.append(str(f().dtype))
        except Exception as error:
            found.append(f"{type(error).__name__}: {error}")
    return found


def _lower(t, seed=0):
    a, b = matrices(t, seed)
    v = t.randn(2, 3, 4)
    image = t.randn(1, 2, 6, 6)
    f = t.nn.functional
    return [
        lambda: t.mm(a, b), lambda: a @ b, lambda: t.matmul(v, b), lambda: t.bmm(v, v.mT), lambda: a.mm(b),
        lambda: t.addmm(b, b, a[:, :3]), lambda: t.addmm(t.zeros(3), a, b), lambda: t.baddbmm(v @ v.mT, v, v.mT),
        lambda: f.linear(a, b.mT), lambda: f.linear(a.bfloat16(), b.mT, t.zeros(3)), lambda: t.nn.Linear(4, 2)(a),
        lambda: f.conv1d(v, t.randn(2, 3, 2)), lambda: f.conv2d(image, t.randn(3, 2, 3, 3), t.zeros(3)),
        lambda: f.conv_transpose2d(image, t.randn(2, 3, 3, 3)), lambda: t.nn.Conv2d(2, 3, 3)(image),
        lambda: f.prelu(a, t.ones(1)), lambda: f.scaled_dot_product_attention(v, v, v),
        lambda: t.einsum("ij,jk->ik", a, b), lambda: t.tensordot(a, b, 1), lambda: t.inner(a, a),
        lambda: f.bilinear(a, a, t.randn(2, 4, 4)), lambda: t.mv(a, b[:, 0]), lambda: t.dot(a[0], a[0]),
        lambda: a.double() @ b.double(), lambda: t.mm(a, b, out=t.empty(3, 3)), lambda: a.half() @ b.half(),
        lambda: t.outer(a[0], a[0]), lambda: t.linalg.multi_dot([a, b]),
        lambda: t.addbmm(a @ b, v, v.mT),
    ]  # fmt: skip


def _single(t, seed=0):
    a = matrices(t, seed)[0].bfloat16()
    volume = t.randn(1, 1, 4, 4, 4).bfloat16()
    p = t.rand(3, 4).bfloat16()
    labels = t.tensor([0, 1, 2])
    f = t.nn.functional
    square = (t.eye(3) * 2).bfloat16()
    return [
        lambda: f.mse_loss(a, a), lambda: f.l1_loss(a, a), lambda: f.smooth_l1_loss(a, a), lambda: f.huber_loss(a, a),
        lambda: f.kl_div(a, a), lambda: f.cross_entropy(a, labels), lambda: f.nll_loss(a, labels),
        lambda: f.binary_cross_entropy(p, p), lambda: f.binary_cross_entropy_with_logits(a, p),
        lambda: f.soft_margin_loss(a, a), lambda: f.cosine_embedding_loss(a, a, t.ones(3)),
        lambda: f.hinge_embedding_loss(a, t.ones(3, 4)), lambda: f.margin_ranking_loss(a, a, t.ones(3, 4)),
        lambda: f.triplet_margin_loss(a, a, a), lambda: f.poisson_nll_loss(a, p), lambda: t.cdist(a, a),
        lambda: a.prod(), lambda: t.prod(a, 0), lambda: square.trace(), lambda: t.linalg.inv(square),
        lambda: t.inverse(square), lambda: f.avg_pool3d(volume, 2), lambda: f.max_pool3d(volume, 2),
        lambda: f.adaptive_avg_pool3d(volume, 2), lambda: f.pad(a[None], (1, 1), mode="reflect"),
        lambda: f.pad(a[None], (1, 1), mode="replicate"), lambda: f.pad(a[None], (1, 1)), lambda: a.quantile(0.5),
        lambda: t.linalg.cholesky(square), lambda: t.linalg.qr(square)[0], lambda: t.linalg.solve(square, square),
        lambda: t.linalg.svd(square)[1], lambda: f.softmax(a, 1), lambda: a.sum(), lambda: a.exp(), lambda: a + a,
        lambda: f.layer_norm(a, (4,)), lambda: a.std(), lambda: f.avg_pool2d(volume[0], 2),
    ]  # fmt: skip


def _widest(t, seed=0):
    a, _ = matrices(t, seed)
    half, low = a.half(), a.bfloat16()
    return [
        lambda: t.cat([a, low]), lambda: t.cat([low, low]), lambda: t.stack([low, a]), lambda: t.stack([low, low]),
        lambda: t.cat([a, a.double()]), lambda: t.cat([low, a.double()]), lambda: t.cat([half, low]),
        lambda: t.cat([a.long(), low]), lambda: t.stack([a.double(), a.double()]), lambda: t.stack([half, half]),
        lambda: t.index_copy(a, 0, t.tensor([0]), low[:1]), lambda: t.cat([a, half]),
    ]  # fmt: skip


def lists(t):
    with t.autocast("cpu", dtype=t.bfloat16):
        return [dtypes_of(t, make(t)) for make in (_lower, _single, _widest)]


def lists_outside(t):
    with t.autocast("cpu"):
        pass
    return [dtypes_of(t, make(t)) for make in (_lower, _widest)]


def lists_in_half(t):
    with t.autocast("cpu", dtype=t.float16):
        return [dtypes_of(t, make(t)) for make in (_lower, _widest)]


def settings(t):
    def seen():
        return [
            t.is_autocast_enabled("cpu"), t.is_autocast_enabled(), t.is_autocast_enabled("cuda"),
            str(t.get_autocast_dtype("cpu")), str(t.get_autocast_dtype("cuda")), t.is_autocast_cpu_enabled(),
            str(t.get_autocast_cpu_dtype()), t.is_autocast_cache_enabled(), t._C._is_any_autocast_enabled(),
        ]  # fmt: skip

    out = [seen()]
    with t.autocast("cpu", dtype=t.float16, cache_enabled=False) as entered:
        out += [seen(), type(entered).__name__]
        with t.amp.autocast("cpu", enabled=False):
            out += [seen(), str((t.ones(2, 2) @ t.ones(2, 2)).dtype)]
            with t.autocast(device_type="cpu"):
                out += [seen(), str((t.ones(2, 2) @ t.ones(2, 2)).dtype)]
        out.append(seen())
    t.set_autocast_enabled("cpu", True)
    t.set_autocast_dtype("cpu", t.float16)
    out += [seen(), str((t.ones(2, 2) @ t.ones(2, 2)).dtype)]
    t.set_autocast_enabled("cpu", False)
    t.set_autocast_dtype("cpu", t.bfloat16)
    return [*out, seen(), t.autocast_increment_nesting(), t.autocast_decrement_nesting()]


def wrong_arguments(t):
    return [
        raised(lambda: t.autocast("foo")),
        raised(lambda: t.autocast(3)),
        raised(lambda: t.autocast("meta")),
        raised(lambda: t.autocast("cpu")(3)),
        raised(lambda: t.get_autocast_dtype("foo")),
        raised(lambda: t.is_autocast_enabled(3)),
        raised(lambda: t.set_autocast_dtype("cpu", 3)),
        raised(lambda: t.amp.custom_fwd(device_type=3)),
        t.amp.is_autocast_available("cpu"),
        t.autocast("cpu", dtype=t.float32)._enabled,
        t.autocast("cuda")._enabled,
        t.autocast("cpu", dtype=t.float64, enabled=False)._enabled,
    ]


def old_names(t):
    with t.cpu.amp.autocast():
        found = str((t.ones(2, 2) @ t.ones(2, 2)).dtype)
    return found, t.cpu.amp.GradScaler().get_scale(), t.cpu.is_available(), t.cpu.current_device()


def decorated(t):
    @t.autocast("cpu")
    def product(a, b):
        """Doc."""
        return a @ b

    a, b = matrices(t)
    return str(product(a, b).dtype), product.__name__, product.__doc__, str((a @ b).dtype)


def recorded(t):
    a, w = matrices(t)
    w.requires_grad_()
    with t.autocast("cpu"):
        first, second = a @ w, a @ w
    casts = [y.grad_fn.next_functions[1][0] for y in (first, second)]
    (first.float().sum() + second.float().sum() * 2).backward()
    with t.autocast("cpu", cache_enabled=False):
        third, fourth = a @ w, a @ w
    apart = [y.grad_fn.next_functions[1][0] for y in (third, fourth)]
    return first, casts[0].name(), casts[0] is casts[1], apart[0] is apart[1], w.grad, w.grad.dtype == t.float32


def kept_under_no_grad(t):
    a, w = matrices(t)
    w.requires_grad_()
    with t.autocast("cpu"):
        with t.no_grad():
            first = a @ w
        second = a @ w
        second.sum().backward()
    return first, second, w.grad


def not_kept(t):
    """Only leaves that need a gradient, and are no views, are converted once."""
    a, _ = matrices(t)
    v = t.ones(4, 3, requires_grad=True)
    with t.autocast("cpu"):
        inner = v * 1
        ys = a @ inner, a @ inner
        zs = a @ v.view(4, 3), a @ v.view(4, 3)
    return [p.grad_fn.next_functions[1][0] is q.grad_fn.next_functions[1][0] for p, q in (ys, zs)]


def training(t):
    t.manual_seed(0)
    m = t.nn.Sequential(t.nn.Linear(4, 8), t.nn.ReLU(), t.nn.Linear(8, 3))
    optimizer = t.optim.SGD(m.parameters(), lr=0.1)
    x, y = t.arange(20.0).view(5, 4) / 10, t.tensor([0, 1, 2, 0, 1])
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        with t.autocast("cpu"):
            out = m(x)
            loss = t.nn.functional.cross_entropy(out, y)
        loss.backward()
        optimizer.step()
        losses += [str(out.dtype), loss.detach()]
    return losses, [str(p.grad.dtype) for p in m.parameters()]


def custom_functions(t):
    seen = []

    class Product(t.autograd.Function):
        @staticmethod
        @t.amp.custom_fwd(device_type="cpu")
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            seen.append(str((a @ b).dtype))
            return a @ b

        @staticmethod
        @t.amp.custom_bwd(device_type="cpu")
        def backward(ctx, grad):
            a, b = ctx.saved_tensors
            seen.append(str((grad @ b.mT).dtype))
            return (grad @ b.mT).float(), (a.mT @ grad).float()

    class Single(t.autograd.Function):
        @staticmethod
        @t.amp.custom_fwd(device_type="cpu", cast_inputs=t.float32)
        def forward(ctx, a, options):
            seen.append([str(a.dtype), str(options["b"][0].dtype), t.is_autocast_enabled("cpu")])
            return a @ a

        @staticmethod
        @t.amp.custom_bwd(device_type="cpu")
        def backward(ctx, grad):
            seen.append(t.is_autocast_enabled("cpu"))
            return grad, None

    a, b = (x.requires_grad_() for x in matrices(t))
    with t.autocast("cpu"):
        Product.apply(a, b).sum().backward()
        s = Single.apply(a[:, :3].bfloat16(), {"b": [b.bfloat16()]})
    s.sum().backward()
    Product.apply(a, b).sum().backward()
    return seen, a.grad, b.grad


def checkpointed(t):
    a, w = matrices(t)
    w.requires_grad_()
    seen = []

    def part(x, w):
        y = x @ w
        seen.append([str(y.dtype), t.is_autocast_enabled("cpu"), t.is_autocast_cache_enabled()])
        return y.float().exp()

    for reentrant in (True, False):
        with t.autocast("cpu", cache_enabled=False):
            y = t.utils.checkpoint.checkpoint(part, a, w, use_reentrant=reentrant)
        y.sum().backward()
        with t.autocast("cpu"):
            with t.autocast("cpu", enabled=False):
                y = t.utils.checkpoint.checkpoint(part, a, w, use_reentrant=reentrant)
        y.sum().backward()
    return seen, w.grad


def scaler(t):
    s = t.amp.GradScaler("cpu", init_scale=4.0, growth_interval=2)
    w = t.ones(2, requires_grad=True)
    optimizer = t.optim.SGD([w], lr=0.5)
    out = [s.state_dict(), s.is_enabled(), s.get_scale()]
    for factor in (1.0, 2.0, float("inf"), 0.5, 1.0):
        optimizer.zero_grad()
        s.scale((w * factor).sum()).backward()
        out.append(w.grad)
        s.unscale_(optimizer)
        out.append(w.grad)
        s.step(optimizer)
        s.update()
        out += [w.detach(), s.get_scale(), s._get_growth_tracker()]
    s.update(8.0)
    out.append(s.get_scale())
    s.update(t.tensor(16.0))
    other = t.amp.GradScaler("cpu")
    other.load_state_dict(s.state_dict())
    again = pickle.loads(pickle.dumps(s))
    return [*out, other.state_dict(), again.state_dict(), s.scale([w, (w, w)])[1][0], list(s.scale(iter([w])))]


def scaler_misused(t):
    s = t.amp.GradScaler("cpu")
    w = t.ones(2, requires_grad=True)
    optimizer = t.optim.SGD([w], lr=0.5)
    out = [
        raised(lambda: s.step(optimizer)), raised(lambda: s.update()), raised(lambda: s.unscale_(optimizer)),
        raised(lambda: t.amp.GradScaler("cpu", growth_factor=1.0)),
        raised(lambda: t.amp.GradScaler("cpu", backoff_factor=1.0)),
        raised(lambda: s.load_state_dict({})), raised(lambda: s.scale(3)),
        raised(lambda: s.step(optimizer, closure=lambda: None)),
    ]  # fmt: skip
    s.scale(w.sum()).backward()
    s.unscale_(optimizer)
    out += [raised(lambda: s.unscale_(optimizer)), raised(lambda: pickle.dumps(s))]
    s.step(optimizer)
    out += [raised(lambda: s.step(optimizer)), raised(lambda: s.unscale_(optimizer))]
    s.update()
    out += [raised(lambda: s.update()), raised(lambda: s.update(t.ones(2)))]
    half = t.ones(2, dtype=t.float16, requires_grad=True)
    half.grad = t.ones(2, dtype=t.float16)
    out.append(raised(lambda: s.unscale_(t.optim.SGD([half], lr=0.5))))
    out.append(raised(lambda: s.step(t.optim.SGD([t.ones(2, requires_grad=True)], lr=0.5))))
    off = t.amp.GradScaler("cpu", enabled=False)
    return [*out, off.scale(w) is w, off.get_scale(), off.state_dict(), off.update(), t.amp.GradScaler().is_enabled()]


def threads(t):
    """Autocast is in force in the thread that entered it."""
    found = []
    with t.autocast("cpu"):
        thread = threading.Thread(target=lambda: found.append(str((t.ones(2, 2) @ t.ones(2, 2)).dtype)))
        thread.start()
        thread.join()
        found.append(str((t.ones(2, 2) @ t.ones(2, 2)).dtype))
    return found


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_like_pytorch(scenario):
    check(scenario, rtol=2e-2, atol=2e-2) if scenario is training else check(scenario)


def test_costs_nothing_afterwards():
    # In a process of its own: classes that other tests derive from Tensor change the functions, too.
    program = """
import rushlight
from rushlight.autograd.mode import special

code = rushlight.nn.functional.linear.__code__, rushlight.matmul.__code__
before = special.count
with rushlight.autocast("cpu"):
    assert special.count == before + 1
    assert rushlight.nn.functional.linear.__code__ is not code[0]
assert (rushlight.nn.functional.linear.__code__, rushlight.matmul.__code__) == code
assert special.count == before
"""
    subprocess.run([sys.executable, "-c", program], check=True)
