"""`explain` of gradients: why there is none, or one that surprises, one situation a test."""

import pytest
from explained import lens_off, said

import rushlight as torch
from rushlight import lens, nn


@pytest.fixture(autouse=True)
def recorded():
    with lens.record():
        yield


# ---------------------------------------------------------------------------------------------- leaves, no gradient
def test_no_backward_yet():
    x = torch.ones(3, requires_grad=True)
    (x * 2).sum()
    said(lens.explain(x), "no_backward", None, "no backward has come to it")


def test_never_used():
    x, w = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    (x * 2).sum().backward()
    said(lens.explain(w), "not_used", "(x * 2).sum().backward()", "no operation has used it")


def test_not_on_the_path():
    x, w = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    y, z = x * 2, w * 3
    y.sum().backward()
    said(lens.explain(w), "not_on_path", "y.sum().backward()", "not on the path")
    said(lens.explain(w), "not_on_path", "y, z = x * 2, w * 3", "last used by mul()")
    assert z.requires_grad


def test_used_under_no_grad_only():
    x, w = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    with torch.no_grad():
        scale = w * 2
    (x * scale).sum().backward()
    said(lens.explain(w), "used_unrecorded", "scale = w * 2", "only where nothing is recorded")


def test_used_detached_only():
    x, w = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    (x * w.detach()).sum().backward()
    said(lens.explain(w), "used_unrecorded", "(x * w.detach())", "last by detach")


def test_cut_by_an_integer_operation():
    scores = torch.rand(4, requires_grad=True)
    table = torch.rand(4, requires_grad=True)
    table[scores.argmax()].backward()
    said(lens.explain(scores), "used_unrecorded", "table[scores.argmax()].backward()", "argmax")


def test_asked_after_the_forward_pass():
    x, w = torch.ones(3, requires_grad=True), torch.ones(3)
    loss = (x * w).sum()
    w.requires_grad_()
    loss.backward()
    said(lens.explain(w), "asked_late", "w.requires_grad_()", "before it required a gradient")
    said(lens.explain(w), "asked_late", "loss = (x * w).sum()")


def test_gradient_was_handed_out():
    x = torch.ones(3, requires_grad=True)
    torch.autograd.grad((x * 2).sum(), x)
    said(lens.explain(x), "handed", "torch.autograd.grad", "returned its gradient")


def test_backward_limited_to_others():
    x, w = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    (x * w).sum().backward(inputs=[x])
    said(lens.explain(w), "limited", "backward(inputs=[x])", "`inputs`")


def test_cleared_by_the_optimizer():
    x = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=0.1)
    (x * 2).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    said(lens.explain(x), "cleared", "optimizer.zero_grad()", "set to None")
    said(lens.explain(x), "cleared", "(x * 2).sum().backward()")


def test_cleared_by_the_module():
    layer = nn.Linear(3, 1)
    layer(torch.ones(3)).backward()
    layer.zero_grad()
    said(lens.explain(layer.weight), "cleared", "layer.zero_grad()")


def test_cleared_by_hand():
    x = torch.ones(3, requires_grad=True)
    (x * 2).sum().backward()
    x.grad = None
    said(lens.explain(x), "cleared", "x.grad = None")


def test_backward_failed_on_the_way():
    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    loss = (y * y).sum()
    y.add_(1)
    with pytest.raises(RuntimeError):
        loss.backward()
    said(lens.explain(x), "failed", "loss.backward()", "MulBackward0")


def test_function_that_returns_none():
    class Forgetful(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, grad):
            return grad, None

    x, w = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    y = Forgetful.apply(x, w)
    y.sum().backward()
    said(lens.explain(w), "none_returned", "y = Forgetful.apply(x, w)", "ForgetfulBackward returned None")


# ---------------------------------------------------------------------------------------------- gradients
def test_gradient_that_is_fine():
    x = torch.ones(3, requires_grad=True)
    (x * 2).sum().backward()
    said(lens.explain(x), "ok", None, "all 2")


def test_gradient_of_two_backwards():
    x = torch.ones(3, requires_grad=True)
    for _ in range(2):
        (x * 2).sum().backward()
    said(lens.explain(x), "accumulated", "(x * 2).sum().backward()", "sum of 2 backwards")


def test_dead_relu():
    x = torch.tensor([-1.0, -2.0], requires_grad=True)
    y = torch.relu(x)
    y.sum().backward()
    said(lens.explain(x), "zero", "y = torch.relu(x)", "ReluBackward0", "dead relu")


def test_clamped():
    x = torch.tensor([5.0, 6.0], requires_grad=True)
    y = x.clamp(max=1)
    y.sum().backward()
    said(lens.explain(x), "zero", "y = x.clamp(max=1)", "clamp is flat")


def test_rounded():
    x = torch.tensor([0.4, 0.6], requires_grad=True)
    y = (x * 2).round()
    y.sum().backward()
    said(lens.explain(x), "zero", "y = (x * 2).round()", "round is flat everywhere")


def test_multiplied_by_zero():
    x = torch.ones(2, requires_grad=True)
    y = x.exp() * torch.zeros(2)
    y.sum().backward()
    said(lens.explain(x), "zero", "y = x.exp() * torch.zeros(2)", "the other factor is zero")


def test_overwritten_in_place():
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.zero_()
    y.sum().backward()
    said(lens.explain(x), "zero", "y.zero_()", "overwritten")


def test_gradients_that_cancel():
    x = torch.ones(2, requires_grad=True)
    y = x * 1
    z = y - y
    z.sum().backward()
    said(lens.explain(x), "zero", "y = x * 1", "cancel")


def test_where_chose_the_other():
    x = torch.ones(2, requires_grad=True)
    y = torch.where(torch.tensor([False, False]), x, torch.zeros(2))
    y.sum().backward()
    said(lens.explain(x), "zero", "y = torch.where", "the condition chose")


def test_saturated_sigmoid():
    x = torch.tensor([200.0], requires_grad=True)
    y = torch.sigmoid(x)
    y.backward()
    said(lens.explain(x), "zero", "y = torch.sigmoid(x)", "saturated")


def test_gradient_zeroed_in_place():
    x = torch.ones(2, requires_grad=True)
    (x * 2).sum().backward()
    x.grad.zero_()
    said(lens.explain(x), "zeroed", "x.grad.zero_()", "overwritten in place")


def test_gradient_zeroed_by_the_optimizer():
    x = torch.ones(2, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=0.1)
    (x * 2).sum().backward()
    optimizer.zero_grad(set_to_none=False)
    said(lens.explain(x), "zeroed", "optimizer.zero_grad(set_to_none=False)")


def test_nan_of_a_root_at_zero():
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    y = x.sqrt()
    (y * torch.tensor([0.0, 1.0])).sum().backward()
    said(lens.explain(x), "nan", "y = x.sqrt()", "SqrtBackward0", "first at [0], where grad = 0, result = 0")


def test_nan_of_a_norm_at_zero():
    x = torch.zeros(2, requires_grad=True)
    y = (x * x).sum().sqrt()
    y.backward()
    said(lens.explain(x), "nan", "y = (x * x).sum().sqrt()", "infinite already")


def test_nan_of_the_branch_not_chosen():
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    y = x / x
    torch.where(x > 0, y, torch.zeros(2)).sum().backward()
    said(lens.explain(x), "nan", "y = x / x", "DivBackward0")


def test_infinite_gradient_of_a_logarithm():
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    y = x.log()
    y.sum().backward()
    said(lens.explain(x), "inf", "y = x.log()", "LogBackward0", "derivative of log at 0 is infinite")


def test_backward_that_began_with_nan():
    x = torch.ones(2, requires_grad=True)
    (x * 2).backward(torch.tensor([float("nan"), 1.0]))
    said(lens.explain(x), "nan", None, "backward began with a gradient")


def test_module_is_named():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with torch.no_grad():
        model[0].weight.zero_()
        model[0].bias.fill_(-1)
    model(torch.ones(1, 2)).sum().backward()
    said(lens.explain(model[0].weight), "zero", "model(torch.ones(1, 2)).sum().backward()", "in module 1 (ReLU)")


def test_found_by_walking_an_unrecorded_graph():
    with lens_off():
        x = torch.tensor([-1.0, -2.0], requires_grad=True)
        loss = torch.relu(x).sum()
        loss.backward(retain_graph=True)
    assert x.grad.tolist() == [0.0, 0.0]
    said(lens.explain(x), "zero", None, "explain(tensor, loss)")
    said(lens.explain(x, loss), "zero", None, "ReluBackward0")
    assert x.grad.tolist() == [0.0, 0.0]
