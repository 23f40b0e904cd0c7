"""Hooks on saved tensors, as a context and one by one, and the handles they are given, beside PyTorch."""

import gc
import threading
import weakref

import pytest
from beside import check, leaf, message, scenarios


def hooks(t, pack=lambda x: x, unpack=lambda x: x):
    return t.autograd.graph.saved_tensors_hooks(pack, unpack)


def square(t, x):
    """A custom Function that saves its input, nothing and its output."""

    class Square(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x * x
            ctx.save_for_backward(x, None, y)
            return y

        @staticmethod
        def backward(ctx, g):
            x, nothing, y = ctx.saved_tensors
            assert nothing is None
            return 2 * x * g + 0 * y

    return Square.apply(x)


# ---------------------------------------------------------------------------------------------- the context
def order_of_packing(t):
    seen = []
    x, y = leaf(t, 0.5, 2.0), leaf(t, 4.0, 4.0)
    with hooks(
        t, lambda v: (seen.append(("pack", v.tolist())), v)[1], lambda v: (seen.append(("unpack", v.tolist())), v)[1]
    ):
        z = (x * y).reciprocal().sum()
        seen.append("-")
    z.backward()
    return sorted(map(str, seen)), x.grad, y.grad


def what_pack_sees(t):
    seen = []
    x = leaf(t)

    def pack(v):
        seen.append((v is x, v.requires_grad, v.is_leaf, t.is_grad_enabled(), v.tolist()))
        return v

    with hooks(t, pack):
        x.exp() * x
        x * 2
        x + x
        x.sum()
        t.ones(2) * t.ones(2)
        with t.no_grad():
            x * x
    return sorted(map(str, seen))


def packed_into_numbers(t):
    x = leaf(t)
    with hooks(t, lambda v: v.tolist(), lambda v: t.tensor(v)):
        z = (x.sin() * x).exp().sum()
    z.backward()
    return x.grad


def unpack_changes_the_value(t):
    x = leaf(t)
    with hooks(t, lambda v: v, lambda v: v * 4):
        z = (x * x).sum()
    z.backward()
    return x.grad


def innermost_counts(t):
    x = leaf(t)
    with hooks(t, lambda v: v * 2):
        a = x * x
        with hooks(t, lambda v: v * 10):
            b = x * x
            with hooks(t):
                c = x * x
        d = x * x
    e = x * x
    return [t.autograd.grad(v.sum(), x) for v in (a, b, c, d, e)]


def left_before_backward(t):
    seen = []
    x = leaf(t)
    with hooks(t, lambda v: v, lambda v: (seen.append(1), v)[1]):
        z = (x * x).sum()
    z.backward()
    return seen, x.grad


def entered_in_backward(t):
    x = leaf(t)
    y = x * x
    y.register_hook(lambda g: hooks(t, lambda v: v * 100).__enter__())
    y.sum().backward(retain_graph=True)
    return t.autograd.grad((x * x).sum(), x), t._C._autograd._top_saved_tensors_default_hooks(False)


def double_backward(t):
    seen = []
    x = leaf(t)
    with hooks(t, lambda v: (seen.append("pack"), v)[1], lambda v: (seen.append("unpack"), v)[1]):
        z = (x * x * x).sum()
        (g,) = t.autograd.grad(z, x, create_graph=True)
        (h,) = t.autograd.grad(g.sum(), x)
    return g.detach(), h, seen


def double_backward_outside(t):
    x = leaf(t)
    with hooks(t, lambda v: v.detach().numpy().copy(), lambda v: t.from_numpy(v)):
        z = (x.exp() * x).sum()
    (g,) = t.autograd.grad(z, x, create_graph=True)
    (h,) = t.autograd.grad(g.sum(), x)
    return g.detach(), h


def graph_kept(t):
    seen = []
    x = leaf(t)
    with hooks(t, lambda v: v, lambda v: (seen.append(1), v)[1]):
        z = (x * x).exp().sum()
    z.backward(retain_graph=True)
    z.backward()
    return len(seen), x.grad, message(z.backward)


def custom_functions(t):
    seen = []
    x = leaf(t)
    with hooks(t, lambda v: (seen.append(v.tolist()), v)[1], lambda v: (seen.append("unpack"), v + 1)[1]):
        y = square(t, x)
    y.sum().backward()
    return seen, x.grad


def custom_function_twice(t):
    x = leaf(t)
    with hooks(t, lambda v: v, lambda v: v * 3):
        y = square(t, x)
        (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
    return g.detach(), t.autograd.grad(g.sum(), x)


def lists(t):
    seen = []
    x, y = leaf(t), leaf(t, 3.0, 4.0)
    with hooks(t, lambda v: (seen.append(v.tolist()), v)[1]):
        a = t.cat([x, y * y])
        b = t.einsum("i,i->", x, y)
        c = x[t.tensor([0, 1, 1])]
    (a.sum() + b + c.sum()).backward()
    return sorted(map(str, seen)), x.grad, y.grad


def in_place(t):
    x = leaf(t)
    with hooks(t, lambda v: v.detach().clone()):
        y = x * 1
        y.exp_()
        y.mul_(y)
        y.sin_()
        z = y.sum()
    z.backward()
    return x.grad


def views_in_place(t):
    x = leaf(t)
    with hooks(t, lambda v: v.detach().clone()):
        y = x * 1
        y[:1].exp_()
        y[1:].mul_(y[:1])
        z = (y * y).sum()
    z.backward()
    return x.grad


def operands_that_share_the_changed_memory(t):
    x = leaf(t)
    with hooks(t, lambda v: v.detach().clone()):
        y = x * 1
        y.mul_(y.detach().flip(0).flip(0))
        y.mul_(y)
        v = y.view(2)
        y.mul_(v)
        y.clamp_(0.1, 0.2)
        z = y.sum()
    z.backward()
    return x.grad


def broadcast_and_promoted(t):
    x, y = leaf(t), t.tensor([[2.0], [3.0]], dtype=t.float64, requires_grad=True)
    with hooks(t, lambda v: v.detach().clone()):
        z = (x * y / (y + x)).pow(2).sum()
    z.backward()
    return x.grad, y.grad


def layers(t):
    w, b, x = t.ones(2, 3, requires_grad=True), t.zeros(2, requires_grad=True), t.arange(6.0).reshape(2, 3)
    with hooks(t, lambda v: v.detach().clone()):
        h = t.nn.functional.linear(x, w, b)
        z = t.nn.functional.cross_entropy(t.relu(h), t.tensor([0, 1])) + t.nn.functional.softmax(h, 1).max(0)[0].sum()
    z.backward()
    return w.grad, b.grad


def another_thread(t):
    x = leaf(t)
    seen = []

    def work():
        seen.append(t.autograd.grad((x * x).sum(), x))

    with hooks(t, lambda v: v * 2):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        seen.append(t.autograd.grad((x * x).sum(), x))
    return seen


# ---------------------------------------------------------------------------------------------- wrong hooks
def wrong_hooks(t):
    x = leaf(t)

    def under(pack, unpack):
        with hooks(t, pack, unpack):
            return t.autograd.grad((x * x).sum(), x)

    def fails(v):
        raise ValueError("from a hook")

    return [
        message(lambda: under(lambda v: v.add_(1), lambda v: v))[0],
        message(lambda: under(lambda v: v.detach().add_(1), lambda v: v)),
        message(lambda: under(lambda: 3, lambda v: v))[0],
        message(lambda: under(lambda v: v, lambda: 3))[0],
        message(lambda: under(lambda v: v, lambda v: 3)),
        message(lambda: under(lambda v: v, lambda v: None)),
        message(lambda: under(lambda v: v, lambda v: v.tolist())),
        message(lambda: under(fails, lambda v: v)),
        message(lambda: under(lambda v: v, fails)),
        message(lambda: under(lambda v: v, 3))[0],
        message(lambda: under(None, None))[0],
        message(lambda: t.autograd.graph.saved_tensors_hooks(lambda v: v)),
        t.autograd.grad((x * x).sum(), x),
    ]  # fmt: skip


def errors_leave_nothing_behind(t):
    x = leaf(t)

    def fails(v):
        raise ValueError("from a hook")

    with hooks(t, lambda v: v, fails):
        z = (x * x).sum()
    first = message(z.backward)
    return first, message(z.backward), x.grad, t._C._autograd._top_saved_tensors_default_hooks(False)


# ---------------------------------------------------------------------------------------------- one by one
def registered_on_one(t):
    x, y = leaf(t), leaf(t, 3.0, 4.0)
    z = x * y
    z.grad_fn._raw_saved_self.register_hooks(lambda v: v * 2, lambda v: v * 3)
    z.grad_fn._raw_saved_other.register_hooks(lambda v: v, lambda v: v + 1)
    saved = z.grad_fn._saved_self, z.grad_fn._saved_other
    z.sum().backward()
    return saved, x.grad, y.grad


def registered_on_a_result(t):
    x = leaf(t)
    y = x.exp()
    y.grad_fn._raw_saved_result.register_hooks(
        lambda v: (v.requires_grad, v.grad_fn, v.tolist()), lambda v: t.tensor(v[2]) * 10
    )
    z = y.sum()
    saved = y.grad_fn._saved_result
    flags = saved.requires_grad, saved.grad_fn is y.grad_fn, saved.is_leaf
    z.backward()
    return flags, x.grad


def registered_wrongly(t):
    x = leaf(t)
    z = x * x
    raw = z.grad_fn._raw_saved_self
    one = raw.register_hooks(lambda v: v, lambda v: v)
    two = message(lambda: raw.register_hooks(lambda v: v, lambda v: v))
    three = message(lambda: z.grad_fn._raw_saved_self.register_hooks(lambda v: v, lambda v: v))
    four = message(lambda: z.grad_fn._raw_saved_other.register_hooks(lambda v: v.add_(1), lambda v: v))
    five = message(lambda: z.grad_fn._raw_saved_other.register_hooks(lambda v: v))[0]
    six = message(lambda: (x * x).grad_fn._raw_saved_other.register_hooks(None, None))[0]
    w = x * x
    raw = w.grad_fn._raw_saved_self
    w.sum().backward()
    return one, two, three, four, five, six, message(lambda: raw.register_hooks(lambda v: v, lambda v: v)), raw.data


def registered_on_none(t):
    x = leaf(t)
    loss = t.nn.functional.nll_loss(x.reshape(1, 2), t.tensor([0]))
    index = x.reshape(1, 2)[:, t.tensor([0])]
    return (
        loss.grad_fn._saved_weight,
        message(lambda: loss.grad_fn._raw_saved_weight.register_hooks(lambda v: v, lambda v: v)),
        [v is None for v in index.grad_fn._saved_indices],
        message(lambda: index.grad_fn._raw_saved_indices[0].register_hooks(lambda v: v, lambda v: v)),
        message(lambda: index.grad_fn._raw_saved_indices[1].register_hooks(lambda v: v, lambda v: v)),
    )


def registered_under_hooks(t):
    x = leaf(t)
    with hooks(t):
        z = x * x
    return message(lambda: z.grad_fn._raw_saved_self.register_hooks(lambda v: v, lambda v: v))


def registered_on_a_custom_function(t):
    x = leaf(t)
    y = square(t, x)
    raw = y.grad_fn._raw_saved_tensors
    raw[0].register_hooks(lambda v: v * 2, lambda v: v * 5)
    shape = len(raw), type(raw[0]).__name__, message(lambda: raw[1].register_hooks(lambda v: v, lambda v: v))
    seen = [None if v is None else v.tolist() for v in y.grad_fn.saved_tensors]
    y.sum().backward()
    return shape, seen, x.grad, message(lambda: y.grad_fn._raw_saved_tensors), message(lambda: y.grad_fn.saved_tensors)


def modified_before_registering(t):
    x = leaf(t)
    a = x * 1
    z = a * a
    a.add_(1)
    return message(lambda: z.sum().backward()), message(lambda: z.grad_fn._saved_self)


def modified_after_packing(t):
    x = leaf(t)
    with hooks(t, lambda v: v.detach().clone()):
        a = x * 1
        z = a.exp() * a
        a.add_(5)
    z.sum().backward()
    return x.grad


def handles(t):
    x = leaf(t)
    z = x * x
    raw = z.grad_fn._raw_saved_self
    return (
        raw.data is x, raw.unpack_hook, raw.unpack() is x, isinstance(raw, t._C._autograd.SavedTensor),
        message(lambda: t._C._autograd.SavedTensor()), message(lambda: t.autograd.SavedTensor()),
    )  # fmt: skip


def handle_after_hooks(t):
    x = leaf(t)
    z = x * x
    raw = z.grad_fn._raw_saved_self
    raw.register_hooks(lambda v: "packed", lambda v: t.ones(2))
    return raw.data, raw.unpack(), raw.unpack().requires_grad, callable(raw.unpack_hook)


# ---------------------------------------------------------------------------------------------- on the CPU, disabled
def on_cpu(t, pin_memory):
    x, y = leaf(t), leaf(t, 3.0, 4.0)
    with t.autograd.graph.save_on_cpu(pin_memory):
        z = (x * y).exp() * y
    z.sum().backward()
    return x.grad, y.grad


def saved_on_cpu_pinned(t):
    return on_cpu(t, True)


def saved_on_cpu(t):
    return on_cpu(t, False)


def saved_on_cpu_is_a_copy(t):
    x = leaf(t)
    with t.autograd.graph.save_on_cpu():
        a = x * 1
        z = a * a
    shared = z.grad_fn._saved_self.data_ptr() == a.data_ptr()
    with t.autograd.graph.save_on_cpu(pin_memory=True):
        z = a * a
    return shared, z.grad_fn._saved_self.data_ptr() == a.data_ptr()


def disabled(t):
    disable = t.autograd.graph.disable_saved_tensors_hooks
    private = t._C._autograd
    seen = [private._saved_tensors_hooks_is_enabled(), private._saved_tensors_hooks_get_disabled_error_message()]

    def use():
        with hooks(t):
            return "entered"

    with disable("one"):
        seen += [message(use), private._saved_tensors_hooks_is_enabled()]
        with disable("two"):
            seen += [message(use), private._saved_tensors_hooks_get_disabled_error_message()]
        seen.append(message(use))
    seen.append(message(use))

    def inside():
        with hooks(t), disable("three"):
            pass

    seen += [message(inside), message(use), message(lambda: t.autograd.graph.save_on_cpu().__enter__())]
    private._pop_saved_tensors_default_hooks()
    return seen


# ---------------------------------------------------------------------------------------------- lifetimes
def freed_after_backward(t):
    class Held:
        pass

    references = []

    def pack(v):
        held = Held()
        held.value = v.detach()
        references.append(weakref.ref(held))
        return held

    x = leaf(t)
    with hooks(t, pack, lambda held: held.value):
        z = (x.exp() * x).sum()
    alive = [r() is not None for r in references]
    z.backward()
    return alive, [r() is not None for r in references]


def freed_with_the_graph(t):
    class Held:
        pass

    references = []

    def pack(v):
        held = Held()
        held.value = v.detach()
        references.append(weakref.ref(held))
        return held

    x = leaf(t)
    with hooks(t, pack, lambda held: held.value):
        z = (x.exp() * x).sum()
        y = square(t, x)
    del z, y
    gc.collect()
    return [r() is not None for r in references]


def how_often_unpacked(t):
    seen = []
    x = leaf(t)
    with hooks(t, lambda v: v, lambda v: (seen.append(1), v)[1]):
        z = x * x
    z.grad_fn._saved_self
    one = len(seen)
    z.grad_fn._saved_self
    two = len(seen)
    t.autograd.grad(z.sum(), x)
    return one, two, len(seen)


# ---------------------------------------------------------------------------------------------- without hooks
def saved_original_or_result(t):
    x = leaf(t)
    a = x * 2
    y = a.exp()
    n = (a * a).grad_fn
    return (
        n._saved_self is a, n._saved_self is n._saved_other, y.grad_fn._saved_result is y,
        y.grad_fn._saved_result.grad_fn is y.grad_fn, y.grad_fn._saved_result.output_nr,
        (x * x).grad_fn._saved_self is x,
        y.grad_fn._saved_result._version,
    )  # fmt: skip


def version_of_a_saved_result(t):
    x = leaf(t)
    y = x.exp()
    saved = y.grad_fn._saved_result
    y.add_(1)
    return (
        saved._version,
        y._version,
        message(lambda: y.grad_fn.next_functions[0][0]._saved_result),
        message(lambda: y.sum().backward()),
    )


def detached_after_saving(t):
    x = leaf(t)
    a = x * 2
    z = a * a
    a.detach_()
    return message(lambda: z.sum().backward()), x.grad


def in_the_order_of_the_formulas(t):
    seen = []

    def pack(tensor):
        seen.append((tuple(tensor.shape), tensor.grad_fn and tensor.grad_fn.name()))
        return tensor

    x = leaf(t)
    with t.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        a, b = x * 2, x.exp()
        a * b
        a / b
        a.view(1, -1) @ b.view(-1, 1)
    return seen


def unpacked_in_another_shape(t):
    x = leaf(t)
    with t.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, lambda tensor: t.ones(5)):
        y = x * x
    return message(lambda: y.sum().backward())


def one_exit_too_many(t):
    hooks = t.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, lambda tensor: tensor)
    return [message(lambda: hooks.__exit__()).split(" at ")[0], message(lambda: leaf(t).exp().sum().backward())]


def versions_of_two(t):
    x = leaf(t)
    a = x * 1
    y = a.std()
    with t.no_grad():
        a.add_(1)
        y.add_(1)
    b = x * 1
    z = b.view(1, -1) @ b.view(-1, 1)
    b.detach().add_(1)
    return message(y.backward), message(z.sum().backward)


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda s: s.__name__)
def test(scenario):
    check(scenario)
