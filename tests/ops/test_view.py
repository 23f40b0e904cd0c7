"""Views beside PyTorch: shapes, strides, nodes, derivatives, and what is said of wrong arguments."""

import numpy as np
import pytest
import torch
from beside import check
from hypothesis import given, settings
from hypothesis import strategies as st

import rushlight

from .derivatives import check_derivatives, numbers

VIEWS = {
    "view": lambda x: x.view(6, 4),
    "view inferred": lambda x: x.view(-1, 2),
    "view of a tuple": lambda x: x.view((4, 6)),
    "view by keyword": lambda x: x.view(size=(24,)),
    "view_as": lambda x: x.view_as(x.view(3, 8)),
    "reshape": lambda x: x.reshape(6, 4),
    "reshape of what is not contiguous": lambda x: x.transpose(0, 1).reshape(6, 4),
    "reshape by strides": lambda x: x.permute(0, 2, 1).reshape(2, 4, 3, 1),
    "reshape_as": lambda x: x.reshape_as(x.view(3, 8)),
    "flatten": lambda x: x.flatten(),
    "flatten some": lambda x: x.flatten(1),
    "flatten a number": lambda x: x.sum().flatten(),
    "flatten a copy": lambda x: x.transpose(0, 1).flatten(),
    "unflatten": lambda x: x.unflatten(2, (2, -1)),
    "ravel": lambda x: x.transpose(0, 1).ravel(),
    "squeeze": lambda x: x[:, :1].squeeze(),
    "squeeze one": lambda x: x[:, :1].squeeze(1),
    "squeeze none": lambda x: x.squeeze(1),
    "squeeze some": lambda x: x[:1, :1].squeeze((0, 1)),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "unsqueeze at the end": lambda x: x.transpose(0, 2).unsqueeze(-1),
    "transpose": lambda x: x.transpose(0, 2),
    "swapaxes": lambda x: x.swapaxes(0, -1),
    "t": lambda x: x[0].t(),
    "T": lambda x: x[0].T,
    "mT": lambda x: x.mT,
    "H": lambda x: x[0].H,
    "permute": lambda x: x.permute(2, 0, 1),
    "permute by keyword": lambda x: x.permute(dims=(1, 0, 2)),
    "movedim": lambda x: x.movedim((0, 1), (2, 0)),
    "expand": lambda x: x.expand(5, -1, 3, 4),
    "expand one": lambda x: x[:, :1].expand(2, 6, 4),
    "expand_as": lambda x: x[:1].expand_as(x),
    "broadcast_to": lambda x: x.broadcast_to(2, 2, 3, 4),
    "narrow": lambda x: x.narrow(1, 1, 2),
    "select": lambda x: x.select(1, -1),
    "diagonal": lambda x: x.diagonal(1, 2, 0),
    "diagonal below": lambda x: x.diagonal(-1, 1, 2),
    "unfold": lambda x: x.unfold(2, 3, 1),
    "unfold apart": lambda x: x.unfold(1, 1, 2),
    "as_strided": lambda x: x.as_strided((3, 2), (2, 5), 1),
    "as_strided overlapping": lambda x: x.as_strided((4, 3), (1, 1)),
    "view_as_complex": lambda x: x.view(2, 3, 2, 2),
    "unbind": lambda x: x.unbind(1),
    "split": lambda x: x.split(2, 1),
    "split by sizes": lambda x: x.split([1, 3], 2),
    "chunk": lambda x: x.chunk(3, 2),
    "tensor_split": lambda x: x.tensor_split(3, 2),
    "tensor_split at": lambda x: x.tensor_split((1, 3), 2),
    "hsplit": lambda x: x.hsplit(3),
    "vsplit": lambda x: x.vsplit(2),
    "dsplit": lambda x: x.dsplit((1,)),
    "of a view of a view": lambda x: x[1:, ::2].transpose(1, 2).reshape(4, 2).t()[1:],
}


@pytest.mark.parametrize("name", VIEWS)
def test_values_strides_nodes_and_derivatives(name):
    check_derivatives(lambda F, m, x: VIEWS[name](x), {"x": numbers((2, 3, 4), 0)})


@pytest.mark.parametrize("name", VIEWS)
def test_view_or_copy(name):
    def scenario(m):
        x = m.arange(24.0).view(2, 3, 4)
        y = VIEWS[name](x)
        y = y[0] if isinstance(y, tuple) else y
        x.add_(100)
        return y, y._is_view(), y._version, y.storage_offset()

    check(scenario)


@pytest.mark.parametrize("name", VIEWS)
def test_names_in_the_graph(name):
    def scenario(m):
        y = VIEWS[name](m.arange(24.0).view(2, 3, 4).clone().requires_grad_())
        node, names = (y[0] if isinstance(y, tuple) else y).grad_fn, []
        while node is not None:
            names.append(type(node).__name__)
            node = node.next_functions[0][0] if node.next_functions else None
        return names

    check(scenario)


@pytest.mark.parametrize("part", ["real", "imag"])
def test_parts_of_complex_numbers(part):
    def scenario(m):
        z = m.complex(m.arange(6.0).view(2, 3), m.ones(2, 3)).requires_grad_()
        y = getattr(z, part)
        (y * y).sum().backward()
        w = z.detach().clone()
        setattr(w, part, m.zeros(3))
        return y, z.grad, w, m.view_as_real(z), m.view_as_complex(m.view_as_real(z)), z.mT

    check(scenario)


def test_reading_memory_as_another_dtype():
    def scenario(m):
        x = m.arange(6.0).view(2, 3)
        return x.view(m.int32), x.view(m.int16), x.view(dtype=m.uint8), m.zeros(2, 4).view(m.float64)

    check(scenario)


WRONG = {
    "another number of elements": lambda m, x, v, z: x.view(5, 5),
    "two free sizes": lambda m, x, v, z: x.view(-1, -1),
    "what does not divide": lambda m, x, v, z: x.view(-1, 5),
    "a negative size": lambda m, x, v, z: x.view(-2, 5),
    "ambiguous": lambda m, x, v, z: x[:0].view(0, -1),
    "strides": lambda m, x, v, z: x.transpose(0, 2).view(-1),
    "a float for a shape": lambda m, x, v, z: x.view(1.5),
    "no shape": lambda m, x, v, z: x.view(),
    "a float in a shape": lambda m, x, v, z: x.view(2, 3.5),
    "reshape": lambda m, x, v, z: x.reshape(5),
    "reshape to nothing": lambda m, x, v, z: x.reshape(),
    "reshape to a string": lambda m, x, v, z: x.reshape("a"),
    "too few dimensions": lambda m, x, v, z: x.permute(0, 1),
    "a dimension twice": lambda m, x, v, z: x.permute(0, 0, 1),
    "no such dimension": lambda m, x, v, z: x.transpose(0, 5),
    "squeeze": lambda m, x, v, z: x.squeeze(5),
    "squeeze twice": lambda m, x, v, z: x.squeeze((0, 0)),
    "unsqueeze": lambda m, x, v, z: x.unsqueeze(5),
    "expand": lambda m, x, v, z: x.expand(3, 3, 4),
    "expand to less": lambda m, x, v, z: x.expand(4),
    "expand by what is not there": lambda m, x, v, z: x.expand(-1, 2, 3, 4),
    "flatten backwards": lambda m, x, v, z: x.flatten(2, 1),
    "unflatten": lambda m, x, v, z: x.unflatten(0, (3,)),
    "unflatten to nothing": lambda m, x, v, z: x.unflatten(0, ()),
    "select": lambda m, x, v, z: x.select(0, 5),
    "select of a number": lambda m, x, v, z: z.select(0, 0),
    "narrow": lambda m, x, v, z: x.narrow(0, 1, 5),
    "narrow outside": lambda m, x, v, z: x.narrow(0, 5, 1),
    "narrow of a number": lambda m, x, v, z: z.narrow(0, 0, 1),
    "diagonal": lambda m, x, v, z: x.diagonal(0, 0, 0),
    "t": lambda m, x, v, z: x.t(),
    "t_": lambda m, x, v, z: x.t_(),
    "mT": lambda m, x, v, z: v.mT,
    "H": lambda m, x, v, z: x.H,
    "unfold": lambda m, x, v, z: x.unfold(0, 5, 1),
    "unfold by zero": lambda m, x, v, z: x.unfold(0, 1, 0),
    "as_strided outside": lambda m, x, v, z: x.as_strided((5, 5), (10, 10)),
    "as_strided backwards": lambda m, x, v, z: x.as_strided((5, 5), (-1, 10)),
    "as_strided in part": lambda m, x, v, z: x.as_strided((5, 5), (1,)),
    "chunk": lambda m, x, v, z: x.chunk(0),
    "split": lambda m, x, v, z: x.split(-1),
    "split by sizes": lambda m, x, v, z: x.split([1, 2]),
    "split of a number": lambda m, x, v, z: z.split(1),
    "unbind of a number": lambda m, x, v, z: z.unbind(),
    "hsplit": lambda m, x, v, z: x.hsplit(2),
    "vsplit": lambda m, x, v, z: v.vsplit(2),
    "tensor_split": lambda m, x, v, z: v.tensor_split(0),
    "movedim": lambda m, x, v, z: x.movedim((0, 1), (0,)),
    "movedim twice": lambda m, x, v, z: x.movedim((0, 0), (0, 1)),
    "view_as_complex": lambda m, x, v, z: m.view_as_complex(x),
    "view_as_real": lambda m, x, v, z: m.view_as_real(x),
    "imag": lambda m, x, v, z: x.imag,
    "broadcast_tensors": lambda m, x, v, z: m.broadcast_tensors(x, v),
    "broadcast_shapes": lambda m, x, v, z: m.broadcast_shapes((2, 3), (4,)),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name):
    check(lambda m: WRONG[name](m, m.arange(24.0).view(2, 3, 4), m.arange(5.0), m.tensor(3.0)))


# ---------------------------------------------------------------------------------------------- any shape, any strides
@st.composite
def _layouts(draw):
    """A shape, an order of dimensions, steps and a new shape of as many elements."""
    shape = draw(st.lists(st.sampled_from([1, 2, 3, 4]), min_size=1, max_size=4))
    order = draw(st.permutations(range(len(shape))))
    steps = [draw(st.sampled_from([1, 1, 2])) for _ in shape]
    sizes = [-(-shape[d] // steps[d]) for d in order]
    left, new = int(np.prod(sizes)), []
    while left > 1 and len(new) < 4:
        new.append(draw(st.sampled_from([k for k in range(1, left + 1) if left % k == 0])))
        left //= new[-1]
    return shape, order, steps, [*new, left]


@settings(max_examples=150, deadline=None)
@given(_layouts())
def test_reshape_is_a_view_exactly_when_torch_makes_one(layout):
    shape, order, steps, new = layout
    found = []
    for m in (rushlight, torch):
        x = m.arange(float(np.prod(shape))).view(shape).permute(order)
        x = x[tuple(slice(None, None, steps[d]) for d in order)]
        y = x.reshape(new)
        shared = y.data_ptr() == x.data_ptr()
        try:
            x.view(new)
            viewed = True
        except RuntimeError as error:
            viewed = str(error)
        # The stride of a dimension of size 1 says nothing.
        strides = [[s for s, n in zip(z.stride(), z.shape, strict=True) if n > 1] for z in (x, y)]
        found.append((y.tolist(), strides, shared, viewed, x.is_contiguous()))
    assert found[0] == found[1]
