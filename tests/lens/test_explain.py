"""`explain` of tensors: their history, values and holders, one situation a test."""

import weakref

import pytest
from explained import said

import rushlight as torch
from rushlight import lens, nn


@pytest.fixture(autouse=True)
def recorded():
    with lens.record():
        yield


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
