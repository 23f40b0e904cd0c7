"""Saved tensors one by one, and the handles that hooks are registered on, beside PyTorch."""

import pytest
from beside import check, leaf, message, scenarios
from packing import hooks, square


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
