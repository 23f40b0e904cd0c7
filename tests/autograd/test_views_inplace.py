"""In-place changes of views and of their bases beside PyTorch: history, refusals, gradients."""

import pytest
from beside import check, scenarios


def leaf(t):
    return t.arange(24.0).view(2, 3, 4).clone().requires_grad_()


def names(y, depth=7):
    """The graph behind a tensor, as nested lists of names."""

    def of(node, depth):
        if node is None or not depth:
            return None
        return [type(node).__name__, *[of(n, depth - 1) for n, _ in node.next_functions]]

    return of(y.grad_fn, depth)


def gradient(x, y):
    (y * y).sum().backward()
    return x.grad


# ---------------------------------------------------------------------------------------------- history
def a_view_changed(t):
    x = leaf(t)
    y = x * 1
    v, w = y[0], y[1]
    v.mul_(2)
    return names(v), names(y), names(w), v._version, gradient(x, y)


def a_base_changed(t):
    x = leaf(t)
    y = x * 1
    v = y[0]
    y.mul_(3)
    return names(v), names(y), gradient(x, v)


def a_view_of_a_view(t):
    x = leaf(t)
    y = x * 1
    v = y.view(6, 4)[1:].t()[::2]
    v.mul_(3)
    return names(v), names(y), y._version, gradient(x, y)


def views_far_down(t):
    x = leaf(t)
    y = x * 1
    a = y[0]
    b = a.view(-1)
    c = b[2:4]
    c.zero_()
    return names(a), names(b), names(c), names(y), gradient(x, y)


def apart_in_memory(t):
    x = leaf(t)
    y = x * 1
    y[:, 1].mul_(2)
    y.transpose(0, 2)[1:, ::2].mul_(3)
    y.diagonal(0, 1, 2).add_(1)
    return gradient(x, y)


def a_base_that_is_transposed(t):
    x = leaf(t)
    y = x.transpose(0, 2) * 1
    y[1:, 0].mul_(2)
    y.permute(1, 2, 0)[0].exp_()
    return gradient(x, y)


def another_view_sees_it(t):
    x = leaf(t)
    y = x * 1
    v, w = y[0], y[0:1]
    v.mul_(2)
    return gradient(x, w)


def a_value_from_elsewhere(t):
    x, w = leaf(t), t.ones(4, requires_grad=True)
    y = x * 1
    y[0].copy_(w)
    y[1, 0] = w * 2
    g = gradient(x, y)
    return names(y), g, w.grad


def a_base_without_history(t):
    x = leaf(t)
    y = t.zeros(2, 3, 4)
    v = y[0]
    v.mul_(x[1])
    before = y.requires_grad
    v.add_(x[1])
    return before, names(v), names(y), gradient(x, y)


def a_base_that_gets_history(t):
    y = t.zeros(2, 3, 4)
    v = y[0]
    y.copy_(leaf(t))
    return names(v), v.requires_grad


def items_changed(t):
    x = leaf(t)
    y = x * 1
    y[0] += 1
    y[:, 1] *= 2
    y[0, 0, 0] = 0.0
    y[1] = y[0] * 3
    return names(y, 12), y._version, gradient(x, y)


def items_by_tensors(t):
    x = leaf(t)
    y = x * 1
    y[t.tensor([0, 1]), t.tensor([1, 2])] = 5.0
    y[y > 20] = x.sum()
    y[0, t.tensor([0])] = x[1, 1]
    y[:] = y * 2
    y[...] = y[:1]
    return names(y, 4), gradient(x, y)


def a_view_added_to_itself(t):
    x = leaf(t)
    y = x * 1
    v = y[0]
    v += v
    return names(v), gradient(x, y)


def second_order(t):
    x = (leaf(t) / 10).detach().double().requires_grad_()
    y = x.transpose(0, 2) * 1
    y[1:].mul_(x.sum() * 0.1)
    y[:, 0].exp_()
    g = t.autograd.grad((y**3).sum(), x, create_graph=True)[0]
    return g.tolist(), t.autograd.grad((g * g).sum(), x)[0].tolist()


def changed_without_recording(t):
    y = leaf(t) * 1
    v = y[0]
    with t.no_grad():
        v.mul_(2)
    return names(v), names(y), y._version


def parts_of_complex_numbers(t):
    x = t.complex(t.arange(3.0), t.ones(3)).requires_grad_()
    y = x * 1
    v = t.view_as_real(y)
    v[:, 0].mul_(2)
    y.imag.add_(1)
    z = t.view_as_complex(leaf(t)[0].reshape(3, 2, 2) * 1)
    z.mul_(2j)
    y.sum().abs().backward()
    return names(v), names(y), names(z), x.grad


def hooks_on_views(t):
    x, seen = leaf(t), []
    y = x * 1
    v = y[0]
    v.register_hook(lambda g: seen.append(g.sum().item()))
    v.mul_(2)
    v.sum().backward()
    return seen


def shapes_changed(t):
    x = leaf(t)
    y = x * 1
    v = y[0]
    v.t_()
    w = y[1]
    y.unsqueeze_(0)
    y.transpose_(0, 1)
    y.squeeze_()
    w.mul_(2)
    return names(v), names(w), names(y), y.shape, y.stride(), y._version, gradient(x, y)


def shapes_of_a_leaf(t):
    leaf(t).unsqueeze_(0)


def looks_changed(t):
    x = leaf(t)
    y = x * 1
    y.as_strided_((3, 2), (2, 5), 1)
    return names(y), y, gradient(x, y)


# ---------------------------------------------------------------------------------------------- refusals
def a_leaf(t):
    leaf(t).mul_(2)


def a_leaf_that_is_a_view(t):
    t.zeros(4).view(2, 2).requires_grad_().mul_(2)


def a_view_of_a_leaf(t):
    leaf(t)[0].mul_(2)


def an_item_of_a_leaf(t):
    leaf(t)[0] = 1


def a_view_made_before(t):
    x = t.zeros(2, 3)
    v = x[0]
    x.requires_grad_()
    v.mul_(2)


def a_view_made_without_grad(t):
    y = leaf(t) * 1
    with t.no_grad():
        v = y[0]
    v.mul_(2)


def a_leafs_view_made_and_changed_without_grad(t):
    x = leaf(t)
    with t.no_grad():
        v = x[0]
        v.mul_(2)
    return v.requires_grad, x._version, v._version


def a_plain_view_made_without_grad(t):
    y = t.zeros(2, 3, 4)
    with t.no_grad():
        v = y[0]
    v.mul_(2)
    v.mul_(leaf(t)[0])


def one_of_several_views(t):
    (leaf(t) * 1).unbind()[1].mul_(2)


def one_of_a_leafs_several_views(t):
    leaf(t).unbind()[0].mul_(2)


def one_of_several_pieces(t):
    (leaf(t) * 1).split(1)[1].add_(1)


def one_of_several_pieces_of_sizes(t):
    (leaf(t) * 1).split([1, 1])[1].add_(1)


def a_view_of_one_of_several(t):
    (leaf(t) * 1).split(1)[0][0].mul_(2)


def one_of_several_changed_without_grad(t):
    y = leaf(t) * 1
    a, b = y.chunk(2)
    with t.no_grad():
        b.add_(1)
    return names(a)


def several_views_made_without_grad(t):
    y = leaf(t) * 1
    with t.no_grad():
        b = y.chunk(2)[1]
    b.add_(1)


def several_views_and_their_base(t):
    y = leaf(t) * 1
    a, _ = y.unbind()
    y.mul_(2)
    return names(a)


def several_views_without_history(t):
    y = t.zeros(2, 3)
    a, _ = y.unbind()
    a.add_(1)
    return y, a._version


def several_views_get_history(t):
    a, _ = t.zeros(2, 3, 4).unbind()
    a.mul_(leaf(t)[0])


def a_view_made_in_inference_mode(t):
    y = leaf(t) * 1
    with t.inference_mode():
        v = y[0]
    v.mul_(2)


def a_tensor_made_in_inference_mode(t):
    with t.inference_mode():
        y = t.zeros(2)
    y.mul_(2)


def a_view_detached(t):
    (leaf(t) * 1)[0].detach_()


def an_expanded_tensor(t):
    t.zeros(3).expand(2, 3).add_(1)


def copying_to_an_expanded_tensor(t):
    t.zeros(3).expand(2, 3).copy_(t.ones(2, 3))


# ---------------------------------------------------------------------------------------------- versions
def versions_shared(t):
    y = leaf(t) * 1
    v, d, raw = y[0], y.detach(), y.data
    v.mul_(2)
    d.mul_(2)
    raw.mul_(2)
    return y._version, v._version, d._version, raw._version, y.detach()


def names_of(y):
    found, node = [], y.grad_fn
    while node is not None:
        found.append(node.name())
        node = node.next_functions[0][0]
    return found


def complex_views_of_views(t):
    x = t.arange(16.0, dtype=t.float64).reshape(4, 2, 2).requires_grad_()
    y = x * 1
    looks = [t.view_as_complex(y), t.view_as_complex(y.reshape(-1, 2)), t.view_as_complex(y[1:3].transpose(0, 1)),
             t.view_as_complex(y.reshape(2, 2, 4)[..., 2:])]  # fmt: skip
    looks += [looks[0].t(), t.view_as_complex(y)[1:]]
    y.mul_(x)
    weights = t.linspace(0, 1, 4, dtype=t.float64)
    sum((v.real.reshape(-1)[:4] * weights + v.imag.reshape(-1)[:4] * weights**2).sum() for v in looks).backward()
    return [*[names_of(v) for v in looks], x.grad, *[t.view_as_real(v) for v in looks]]


def complex_views_of_no_numbers(t):
    y = t.zeros(5, 0, requires_grad=True) * 1
    look = t.view_as_complex(y.reshape(-1, 2))
    y.mul_(2)
    return names_of(look), look.shape


def a_complex_view_of_a_view_changed(t):
    x = t.arange(12.0, dtype=t.float64).reshape(3, 4).requires_grad_()
    y = x * 1
    t.view_as_complex(y[1:, 2:]).mul_(2 + 1j)
    (y * y).sum().backward()
    return names_of(y)[0], y, x.grad


def real_views_of_views(t):
    x = t.arange(8.0, dtype=t.float64).reshape(2, 4).to(t.complex128).requires_grad_()
    y = x * 1
    looks = [t.view_as_real(y), t.view_as_real(y[1]), t.view_as_real(y.t()), t.view_as_real(y)[0], y.real, y.imag[0]]
    y.mul_(x)
    sum((v * (1 + i)).sum() for i, v in enumerate(looks)).backward()
    return [*[v.grad_fn.name() for v in looks], x.grad.real, x.grad.imag, *looks]


def a_saved_tensor_changed(t):
    y = leaf(t) * 2
    z = y * y
    y.mul_(2)
    z.sum().backward()


def a_saved_tensors_view_changed(t):
    y = leaf(t) * 2
    z = y * y
    y[0] = 2
    z.sum().backward()


def a_saved_result_changed(t):
    y = leaf(t).exp()
    y.add_(1)
    y.sum().backward()


def a_saved_tensor_changed_through_detach(t):
    y = leaf(t) * 2
    z = y * y
    y.detach()[0].zero_()
    z.sum().backward()


def a_saved_tensor_changed_through_data(t):
    x = leaf(t)
    y = x * 2
    z = y * y
    y.data.zero_()
    z.sum().backward()
    return x.grad


def an_index_changed(t):
    i = t.tensor([0, 1])
    y = (leaf(t) * 2)[:, i]
    i.add_(1)
    y.sum().backward()


@pytest.mark.parametrize(
    "scenario", [f for f in scenarios(globals(), __name__) if f not in (leaf, names_of)], ids=lambda f: f.__name__
)
def test_as_torch(scenario):
    check(scenario)
