"""`explain`, one situation a test: the main answer, the line it names, and words that must be in it."""

import inspect
import sys
import weakref

import pytest

import rushlight as torch
from rushlight import lens, nn


@pytest.fixture(autouse=True)
def recorded():
    with lens.record():
        yield


def said(found, reason, at=None, *words):
    """Checks an explanation: its reason, the line of the calling test that contains `at`, and words of its text."""
    assert found.reason == reason, str(found)
    frame = sys._getframe(1)
    if at is not None:
        lines, start = inspect.getsourcelines(frame.f_code)
        numbers = [start + i for i, line in enumerate(lines) if at in line and "said(" not in line]
        assert len(numbers) == 1, f"{at!r} stands on {len(numbers)} lines"
        assert numbers[0] in [line.number for line in found.lines], f"line {numbers[0]}\n{found}"
        assert all(line.file == __file__ for line in found.lines)
        assert f"{__file__}:{numbers[0]}" in str(found)
        assert f"{__file__}:{numbers[0]}" in found._repr_html_()
    for word in words:
        assert word in str(found), str(found)


# ---------------------------------------------------------------------------------------------- no history
def test_data_that_never_asked():
    x = torch.tensor([1.0, 2.0])
    (x * 2).sum()
    said(lens.explain(x), "never", "x = torch.tensor", "never required", "requires_grad_()")


def test_random_data():
    x = torch.randn(3)
    said(lens.explain(x), "never", "x = torch.randn")


def test_result_of_inputs_that_never_asked():
    x = torch.ones(3)
    y = x * 2
    said(lens.explain(y), "never", "y = x * 2", "none of the inputs of mul()")


def test_frozen():
    layer = nn.Linear(2, 2)
    layer.weight.requires_grad_(False)
    said(lens.explain(layer.weight), "frozen", "requires_grad_(False)", "set to False")


def test_integers():
    x = torch.tensor([1, 2, 3])
    said(lens.explain(x), "integer_leaf", "x = torch.tensor", "int64")


def test_detached():
    x = torch.ones(3, requires_grad=True)
    y = x.detach()
    said(lens.explain(y), "detach", "y = x.detach()", "detach()")


def test_made_from_something_detached():
    x = torch.ones(3, requires_grad=True)
    y = x.exp().detach()
    z = y * 2
    w = z.sum()
    said(lens.explain(w), "detach", "y = x.exp().detach()", "what it was computed from has no history")
    said(lens.explain(w), "detach", "w = z.sum()")


def test_detached_in_place():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.detach_()
    said(lens.explain(y), "detach_", "y.detach_()")


def test_read_through_data():
    x = torch.ones(3, requires_grad=True)
    y = x.data * 2
    said(lens.explain(y), "data", "y = x.data * 2", ".data")


@pytest.mark.filterwarnings("ignore:To copy construct")
def test_copied_by_tensor():
    x = torch.ones(3, requires_grad=True)
    y = torch.tensor(x * 2)
    said(lens.explain(y), "tensor", "y = torch.tensor", "torch.tensor()")


def test_made_under_no_grad():
    x = torch.ones(3, requires_grad=True)
    with torch.no_grad():
        y = x * 2
    said(lens.explain(y), "no_grad", "y = x * 2", "mul()", "no_grad")


def test_made_by_a_function_under_no_grad():
    @torch.no_grad()
    def evaluate(x):
        return (x * 2).sum()

    y = evaluate(torch.ones(3, requires_grad=True))
    said(lens.explain(y), "no_grad", "return (x * 2).sum()")


def test_recording_switched_off():
    x = torch.ones(3, requires_grad=True)
    with torch.set_grad_enabled(False):
        y = x.exp()
    said(lens.explain(y), "no_grad", "y = x.exp()")


def test_made_in_inference_mode():
    x = torch.ones(3, requires_grad=True)
    with torch.inference_mode():
        y = x * 2
    said(lens.explain(y), "inference", "y = x * 2", "inference mode")


def test_data_made_in_inference_mode():
    with torch.inference_mode():
        x = torch.ones(3)
    said(lens.explain(x), "inference", None, "inference mode")


def test_argmax():
    scores = torch.rand(4, requires_grad=True)
    best = scores.argmax()
    said(lens.explain(best), "integer", "best = scores.argmax()", "argmax() gives torch.int64")


def test_comparison():
    x = torch.rand(4, requires_grad=True)
    hits = x > 0.5
    share = hits.float().mean()
    said(lens.explain(share), "integer", "hits = x > 0.5", "torch.bool")


def test_conversion_to_integers():
    x = torch.rand(4, requires_grad=True)
    y = x.long()
    said(lens.explain(y), "integer", "y = x.long()")


def test_written_into_under_no_grad():
    x = torch.ones(3, requires_grad=True)
    buffer = torch.zeros(3)
    with torch.no_grad():
        buffer.copy_(x)
    said(lens.explain(buffer), "changed_unrecorded", "buffer.copy_(x)", "in place was not recorded")


def test_element_set_under_no_grad():
    x = torch.ones(3, requires_grad=True)
    buffer = torch.zeros(3)
    with torch.no_grad():
        buffer[0] = x[0]
    said(lens.explain(buffer), "changed_unrecorded", "buffer[0] = x[0]")


def test_view_of_a_leaf_under_no_grad():
    x = torch.ones(3, requires_grad=True)
    with torch.no_grad():
        part = x[1:]
    said(lens.explain(part), "no_grad_view", "part = x[1:]")


def test_view_left_behind():
    x = torch.ones(4, requires_grad=True)
    y = x * 1
    with torch.no_grad():
        part = y[1:]
    y.mul_(2)
    said(lens.explain(part), "stale_view", "y.mul_(2)", "cannot be used")


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


# ---------------------------------------------------------------------------------------------- results
def test_result_that_is_not_retained():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.sum().backward()
    said(lens.explain(y), "not_retained", "y = x * 2", "MulBackward0", "retain_grad()")


def test_leaf_that_was_converted():
    w = torch.randn(3, requires_grad=True) * 0.1
    w.sum().backward()
    said(lens.explain(w), "not_retained", "w = torch.randn", "not the leaf itself", ".detach().requires_grad_()")


def test_parameter_that_was_bound_anew():
    w = torch.ones(3, requires_grad=True)
    (w * 2).sum().backward()
    w = w - 0.1 * w.grad
    said(lens.explain(w), "not_retained", "w = w - 0.1 * w.grad", "not a leaf")


def test_retained_but_not_reached():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.sum().backward()
    y.retain_grad()
    said(lens.explain(y), "retained_not_reached", "y.sum().backward()")


def test_retained():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.sum().backward()
    said(lens.explain(y), "ok", "y = x * 2", "grad is there: 3, all 1")


def test_freed_graph():
    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    y.sum().backward()
    said(lens.explain(y), "not_retained", "y.sum().backward()", "retain_graph=True")


def test_saved_and_changed():
    x = torch.ones(3, requires_grad=True)
    y = x * 1
    z = y * y
    y.add_(1)
    said(lens.explain(z), "not_retained", "y.add_(1)", "backward will refuse")


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


# ---------------------------------------------------------------------------------------------- values and holders
def test_value_that_became_nan():
    x = torch.tensor([-1.0, 1.0])
    y = x.log()
    z = y * 2
    said(lens.explain(z), "value_nan", "y = x.log()", "log() was the first")


def test_value_that_came_as_nan():
    x = torch.tensor([float("nan"), 1.0])
    y = x * 2
    said(lens.explain(y), "value_nan", "x = torch.tensor", "so were the data")


def test_value_that_overflowed():
    x = torch.tensor([100.0], requires_grad=True)
    y = x.exp()
    said(lens.explain(y), "value_inf", "y = x.exp()", "exp() was the first")


def test_what_keeps_it_alive():
    x = torch.ones(3, requires_grad=True)
    kept = {"first": x}
    y = x * x
    found = lens.explain(x)
    assert "variable x of test_what_keeps_it_alive" in found.holders
    assert any(h.startswith("MulBackward0, which saved it at") for h in found.holders)
    assert kept["first"] is x and y.requires_grad


def test_parameter_of_a_module_is_held_by_it():
    layer = nn.Linear(2, 2)
    assert "parameter weight of a Linear" in lens.explain(layer.weight).holders


def test_what_was_noted_keeps_no_graph_alive():
    x, w = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    y = (x.exp() * w).sum()
    nodes = [weakref.ref(n.node) for n in lens.collect(y) if not n.is_leaf]
    assert len(nodes) == 3
    y.backward(inputs=[x], retain_graph=True)
    torch.autograd.grad(y, w, retain_graph=True)
    y.backward()
    del y
    assert [n() for n in nodes] == [None] * 3
    birth = weakref.ref(x)
    del x
    assert birth() is None


def test_only_tensors():
    with pytest.raises(TypeError, match="expects a Tensor"):
        lens.explain(3)


class lens_off:
    """Takes back, inside its block, what the recording of the tests noted."""

    def __enter__(self):
        from rushlight.autograd import mode, steps

        self.before = mode.local.watchers, mode.local.tellers, mode.local.node_makers, list(steps.node_watchers)
        mode.local.watchers = mode.local.tellers = mode.local.node_makers = ()
        steps.node_watchers.clear()

    def __exit__(self, *exc):
        from rushlight.autograd import mode, steps

        mode.local.watchers, mode.local.tellers, mode.local.node_makers, watchers = self.before
        steps.node_watchers.extend(watchers)
