"""Overwriting tensors beside PyTorch: copy_, fill_, zero_, writing items, resizing, setting."""

import pytest
from beside import check

OVERWRITES = {
    "copy_": lambda t, x: x.copy_(t.arange(4.0)),
    "copy_ of integers": lambda t, x: x.copy_(t.arange(24).view(2, 3, 4)),
    "copy_ to integers": lambda t, x: t.zeros(3, dtype=t.int64).copy_(t.tensor([1.7, -1.7, 3.0])),
    "copy_ of a number": lambda t, x: x.copy_(1),
    "copy_ of itself": lambda t, x: x.copy_(x),
    "copy_ of its transpose": lambda t, x: t.arange(4.0).view(2, 2).copy_(x[:, :2, 0].clone().t()),
    "copy_ of what does not fit": lambda t, x: x.copy_(t.ones(5)),
    "copy_ of more": lambda t, x: t.zeros(3).copy_(t.zeros(2, 3)),
    "copy_ of a string": lambda t, x: x.copy_("a"),
    "copy_ to complex": lambda t, x: t.zeros(4, dtype=t.complex64).copy_(x[0, 0]),
    "fill_": lambda t, x: x.fill_(2),
    "fill_ with a tensor": lambda t, x: x.fill_(t.tensor(2)),
    "fill_ with a vector": lambda t, x: x.fill_(t.ones(2)),
    "fill_ with a complex number": lambda t, x: x.fill_(1j),
    "fill_ with a string": lambda t, x: x.fill_("a"),
    "fill_ integers": lambda t, x: t.zeros(2, dtype=t.int64).fill_(1.5),
    "fill": lambda t, x: t.fill(x, 3.0),
    "zero_": lambda t, x: x.zero_(),
    "zero_ of a part": lambda t, x: x[:, ::2].zero_(),
    "an item": lambda t, x: x.__setitem__((0, 1), 7.0),
    "an item by a bool": lambda t, x: x.__setitem__(0, True),
    "an item of integers": lambda t, x: t.zeros(3, dtype=t.int64).__setitem__(0, 1.5),
    "items by a value with ones in front": lambda t, x: x.__setitem__(0, t.ones(1, 1, 3, 4)),
    "items by None": lambda t, x: x.__setitem__((None, 0), t.arange(4.0)),
    "items by true": lambda t, x: x.__setitem__(True, 1),
    "items by false": lambda t, x: x.__setitem__(False, 1),
    "an item of an expanded tensor": lambda t, x: x.expand(2, 2, 3, 4).__setitem__(0, 1),
    "t_": lambda t, x: x[0].t_(),
    "squeeze_": lambda t, x: x[:1].squeeze_(0),
    "squeeze_ all": lambda t, x: x[:1, :1].squeeze_(),
    "squeeze_ some": lambda t, x: x[:1, :1].squeeze_((0, 1)),
    "unsqueeze_": lambda t, x: x.unsqueeze_(1),
    "swapaxes_": lambda t, x: x.swapaxes_(0, 1),
    "as_strided_": lambda t, x: x.as_strided_((2, 2), (1, 3), 2),
    "tril_": lambda t, x: x.tril_(),
    "triu_": lambda t, x: x.triu_(1),
    "tril_ of an expanded tensor": lambda t, x: x[:1].expand(2, 3, 4).tril_(),
    "triu_ of expanded rows": lambda t, x: x[:, :1].expand(2, 3, 4).triu_(1),
    "index_fill_ of an expanded tensor": lambda t, x: x[:, :1].expand(2, 3, 4).index_fill_(1, t.tensor([0]), 2.0),
}


@pytest.mark.parametrize("name", OVERWRITES)
def test_overwriting(name):
    def scenario(t):
        x = t.arange(24.0).view(2, 3, 4)
        made = OVERWRITES[name](t, x)
        return made, x, x._version

    check(scenario)


@pytest.mark.parametrize("name", ["copy_", "copy_ of integers", "fill_", "fill_ with a tensor", "zero_", "fill",
                                  "zero_ of a part", "an item", "items by None", "tril_", "unsqueeze_"])  # fmt: skip
def test_gradients(name):
    def scenario(t):
        x = t.arange(24.0).view(2, 3, 4).clone().requires_grad_()
        y = x * 1
        made = OVERWRITES[name](t, y)
        ((y if name != "fill" else made) ** 2).sum().backward()
        return type(y.grad_fn).__name__, x.grad

    check(scenario)


def resized(t):
    x = t.arange(6.0).view(2, 3)
    x.resize_(2)
    small = x.clone()
    x.resize_((2, 3))
    back = x.clone()
    x.resize_(3, 5)
    return small, back, x[0], x.shape, x.stride(), x._version


def resized_as(t):
    return t.zeros(6).resize_as_(t.zeros(2, 3)).shape


def resized_with_history(t):
    t.zeros(6, requires_grad=True).resize_(2)


def resized_wrongly(t):
    t.zeros(6).resize_(-2)


def set_to_another(t):
    x, y = t.zeros(3), t.ones(4)
    x.set_(y)
    y.fill_(5)
    return x, x._version, y._version


def set_to_a_part(t):
    return t.zeros(1).set_(t.arange(6.0), 1, (2, 2), (3, 1))


def set_to_nothing(t):
    return t.zeros(3).set_()


def set_to_another_dtype(t):
    t.zeros(3).set_(t.zeros(3, dtype=t.int64))


def a_value_that_requires_grad_to_integers(t):
    y = t.zeros(3, dtype=t.int64)
    y.copy_(t.tensor([1.0, 2.0, 3.0], requires_grad=True))
    return y


def many_in_a_row(t):
    x = t.arange(24.0).view(2, 3, 4).clone().requires_grad_()
    y = x * 1
    y.masked_fill_(y > 5, 0.0)
    y.index_fill_(0, t.tensor([0]), 1.0)
    y.index_add_(0, t.tensor([1]), x[:1])
    y.scatter_(0, t.zeros(1, 1, 1, dtype=t.int64), 9.0)
    y.index_copy_(2, t.tensor([1]), x[:, :, :1])
    y.index_put_((t.tensor([0]),), t.tensor(2.0))
    y.put_(t.tensor([3]), t.tensor([3.0]))
    y.masked_scatter_(y > 7, x)
    y.tril_()
    (y * y).sum().backward()
    return y.detach(), x.grad, y._version


SCENARIOS = (resized, resized_as, resized_with_history, resized_wrongly, set_to_another, set_to_a_part, set_to_nothing,
             set_to_another_dtype, a_value_that_requires_grad_to_integers, many_in_a_row)  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda f: f.__name__)
def test_as_torch(scenario):
    check(scenario)


@pytest.mark.parametrize("call", [
    lambda t, x: x.index_fill_(7, t.tensor([0]), 1), lambda t, x: x.index_add_(7, t.tensor([0]), x),
    lambda t, x: x.index_copy_(7, t.tensor([0]), x), lambda t, x: x.index_reduce_(7, t.tensor([0]), x, "prod"),
    lambda t, x: x.detach().index_fill_(7, t.tensor([0]), 1), lambda t, x: t.nn.functional.hardtanh_(x.detach() > 0),
    lambda t, x: t.nn.functional.hardtanh_(t.ones(2, dtype=t.complex64)),
])  # fmt: skip
def test_leaves_are_refused_before_wrong_arguments(call):
    check(lambda t: call(t, t.ones(2, 2, requires_grad=True)))
