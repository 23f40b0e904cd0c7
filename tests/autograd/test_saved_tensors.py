"""Hooks on saved tensors as a context, beside PyTorch."""

import gc
import threading
import weakref

import pytest
from beside import check, leaf, message, scenarios
from packing import hooks, square


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


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda s: s.__name__)
def test(scenario):
    check(scenario)
