"""Methods that call a Python function for each element, and questions about a tensor's memory, beside PyTorch."""

import pytest
from beside import check

CALLS = {
    "apply_": lambda t, x: x.apply_(lambda v: v * 2),
    "apply_ to a part": lambda t, x: x[0].apply_(lambda v: 7),
    "apply_ transposed": lambda t, x: x.t().apply_(lambda v: v + 1),
    "apply_ to integers": lambda t, x: x.int().apply_(lambda v: v + 0.5),
    "apply_ to booleans": lambda t, x: (x > 2).apply_(lambda v: not v),
    "apply_ to complex numbers": lambda t, x: x.to(t.complex64).apply_(lambda v: v * 1j),
    "apply_ is not counted": lambda t, x: x.apply_(abs)._version,
    "apply_ of a text": lambda t, x: x.apply_(lambda v: "a"),
    "apply_ of no function": lambda t, x: x.apply_(3),
    "apply_ where a gradient is required": lambda t, x: x.requires_grad_().apply_(abs),
    "map_": lambda t, x: x.map_(x, lambda a, b: a + b),
    "map_ broadcasts": lambda t, x: x.map_(t.ones(2), lambda a, b: a + b),
    "map_ of another shape": lambda t, x: x.map_(t.ones(3), lambda a, b: a + b),
    "map_ of another dtype": lambda t, x: x.map_(x.int(), lambda a, b: a + b),
    "map_ of a number": lambda t, x: x.map_(3, lambda a, b: a),
    "map_ where a gradient is required": lambda t, x: x.map_(x.clone().requires_grad_(), lambda a, b: a),
    "map2_": lambda t, x: x.map2_(x, t.ones(2), lambda a, b, c: a + b * c),
    "reversed": lambda t, x: (reversed(x), reversed(t.tensor(1.0))),
    "reversed with a gradient": lambda t, x: reversed(x.requires_grad_()),
    "resize_as": lambda t, x: x.resize_as(x.view(4)),
    "dim_order": lambda t, x: [y.dim_order() for y in (x, x.t(), t.tensor(1.0), t.ones(2, 1, 3).transpose(0, 2))],
    "dim_order of images": lambda t, x: t.ones(2, 3, 4, 5).to(memory_format=t.channels_last).dim_order(),
    "dim_order that is not unique": lambda t, x: t.ones(1, 1).dim_order(ambiguity_check=True),
    "is_set_to": lambda t, x: [x.is_set_to(y) for y in (x, x.view(2, 2), x.view(4), x.t(), x.clone())],
    "is_set_to a number": lambda t, x: x.is_set_to(3),
}


@pytest.mark.parametrize("call", CALLS)
def test_call(call):
    def scenario(t):
        x = t.tensor([[1.0, 2], [3, 4]])
        return CALLS[call](t, x), x.detach()

    check(scenario)
