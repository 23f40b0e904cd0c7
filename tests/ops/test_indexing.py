"""Reading and writing parts of tensors beside PyTorch."""

import numpy as np
import pytest
import torch
from beside import assert_same, check, outcome
from hypothesis import given, settings
from hypothesis import strategies as st

import rushlight

from .derivatives import check_derivatives, numbers

READS = {
    "an integer": lambda m, x: x[1],
    "a negative integer": lambda m, x: x[-1, 0],
    "a slice": lambda m, x: x[1:],
    "steps": lambda m, x: x[:, ::2, 1::2],
    "everything": lambda m, x: x[:],
    "everything twice": lambda m, x: x[:, :],
    "dots": lambda m, x: x[...],
    "dots in front": lambda m, x: x[..., 0],
    "dots between": lambda m, x: x[0, ..., 1:],
    "nothing": lambda m, x: x[()],
    "None": lambda m, x: x[None, :, None, 0],
    "true": lambda m, x: x[True, :, 1:],
    "false": lambda m, x: x[False],
    "a number of a tensor": lambda m, x: x[m.tensor(1)],
    "a number of NumPy": lambda m, x: x[np.int64(1), np.array(2)],
    "a list": lambda m, x: x[[0, 1, 0]],
    "an empty list": lambda m, x: x[[]],
    "a range": lambda m, x: x[range(2)],
    "an array": lambda m, x: x[np.array([1, 1])],
    "a tensor": lambda m, x: x[m.tensor([1, 0, 1])],
    "a tensor of int32": lambda m, x: x[m.tensor([1, 0], dtype=m.int32)],
    "a tensor in the middle": lambda m, x: x[:, m.tensor([2, 0, 2])],
    "a tensor at the end": lambda m, x: x[..., m.tensor([[3, -1], [0, 0]])],
    "two tensors": lambda m, x: x[m.tensor([0, 1, 1]), m.tensor([2, 2, 2])],
    "tensors that broadcast": lambda m, x: x[m.tensor([[0], [1]]), :, m.tensor([0, 3, 3])],
    "tensors next to each other": lambda m, x: x[:, m.tensor([0, 2, 0]), m.tensor([1, 1, 1])],
    "tensors after a slice and None": lambda m, x: x[:, m.tensor([0]), None, m.tensor([1, 1])],
    "an integer and a tensor": lambda m, x: x[0, :, m.tensor([1, 1])],
    "a mask": lambda m, x: x[x > 0],
    "a mask of some dimensions": lambda m, x: x[x[:, :, 0] > 0, 1:],
    "a mask in the middle": lambda m, x: x[:, m.tensor([True, False, True])],
    "a mask and a tensor": lambda m, x: x[m.tensor([True, True]), m.tensor([0, 2])],
    "a mask of a list": lambda m, x: x[[True, False]],
    "a mask of NumPy": lambda m, x: x[np.array([False, True])],
    "two lists": lambda m, x: x[[0, 1], [0, 2]],
    "lists in a list": lambda m, x: x[[[0, 1], [0, 2]]],
    "a list of a slice": lambda m, x: x[[slice(0, 1)]],
    "slices by tensors": lambda m, x: x[m.tensor(0) : m.tensor(1)],
    "far outside": lambda m, x: x[5:, -9:100],
}


@pytest.mark.parametrize("name", READS)
def test_reading(name):
    check_derivatives(lambda F, m, x: READS[name](m, x), {"x": numbers((2, 3, 4), 0)})


@pytest.mark.parametrize("name", READS)
def test_view_or_copy_and_names(name):
    def scenario(m):
        x = m.arange(24.0).view(2, 3, 4).clone().requires_grad_()
        y = READS[name](m, x)
        node, names = y.grad_fn, []
        while node is not None:
            names.append(type(node).__name__)
            node = node.next_functions[0][0] if node.next_functions else None
        with m.no_grad():
            x.add_(100)
        return y.detach(), y._is_view(), names

    check(scenario)


WRONG = {
    "beyond the end": lambda m, x, z: x[2],
    "beyond the start": lambda m, x, z: x[-3],
    "beyond the end of the second": lambda m, x, z: x[0, 3],
    "too many": lambda m, x, z: x[0, 0, 0, 0],
    "of a number": lambda m, x, z: z[0],
    "two of a number": lambda m, x, z: z[0, 0],
    "slice of a number": lambda m, x, z: z[1:],
    "backwards": lambda m, x, z: x[::-1],
    "backwards inside": lambda m, x, z: x[0, ::-1],
    "no step": lambda m, x, z: x[::0],
    "a float": lambda m, x, z: x[1.5],
    "a float inside": lambda m, x, z: x[:, 1.5],
    "a string": lambda m, x, z: x["a"],
    "a dictionary": lambda m, x, z: x[{}],
    "float bounds": lambda m, x, z: x[0.0:1],
    "a tensor beyond": lambda m, x, z: x[m.tensor([2])],
    "a list beyond": lambda m, x, z: x[:, [3]],
    "a tensor of floats": lambda m, x, z: x[m.tensor([1.0])],
    "a tensor of shorts": lambda m, x, z: x[m.tensor([0], dtype=m.int16)],
    "a mask of another shape": lambda m, x, z: x[m.tensor([True, False, True])],
    "a mask of another shape inside": lambda m, x, z: x[:, m.tensor([[True, False, True]])],
    "a mask of too many": lambda m, x, z: x[m.zeros(2, 3, 4, 1, dtype=m.bool)],
    "tensors that do not broadcast": lambda m, x, z: x[m.tensor([0, 1]), m.tensor([0, 1, 2])],
    "a value of another shape": lambda m, x, z: x.__setitem__(0, m.ones(5)),
    "a value of more dimensions": lambda m, x, z: x.__setitem__(0, m.ones(2, 3, 4)),
    "a list": lambda m, x, z: x.__setitem__(0, [1, 2, 3, 4]),
    "None": lambda m, x, z: x.__setitem__(0, None),
    "an array": lambda m, x, z: x.__setitem__(0, np.ones(4)),
    "a complex number": lambda m, x, z: x.__setitem__(0, 1j),
    "another dtype": lambda m, x, z: x.__setitem__([0], m.ones(4, dtype=m.long)),
    "a value that does not fit": lambda m, x, z: x.__setitem__([0], m.ones(5)),
    "a value that does not fit a mask": lambda m, x, z: x.__setitem__(x > 3, m.ones(3)),
    "writing beyond": lambda m, x, z: x.__setitem__([5], 1.0),
    "writing backwards": lambda m, x, z: x.__setitem__(slice(None, None, -1), 1),
    "writing to an expanded tensor": lambda m, x, z: x.expand(2, 2, 3, 4).__setitem__([0], 1),
    "gather of other dimensions": lambda m, x, z: x.gather(0, m.zeros(1, dtype=m.long)),
    "gather by floats": lambda m, x, z: x.gather(0, m.zeros(1, 1, 1)),
    "gather of more": lambda m, x, z: x.gather(0, m.zeros(1, 1, 5, dtype=m.long)),
    "gather beyond": lambda m, x, z: x.gather(0, m.full((1, 1, 1), 7)),
    "scatter beyond": lambda m, x, z: x.scatter(0, m.full((1, 1, 1), 7), 1.0),
    "scatter of less": lambda m, x, z: x.scatter(0, m.zeros(1, 1, 2, dtype=m.long), m.ones(1, 1, 1)),
    "scatter of another dtype": lambda m, x, z: x.scatter(0, m.zeros(1, 1, 1, dtype=m.long), m.ones(1, 1, 1).double()),
    "scatter_reduce": lambda m, x, z: x.scatter_reduce(0, m.zeros(1, 1, 1, dtype=m.long), x, "foo"),
    "index_select beyond": lambda m, x, z: x.index_select(0, m.tensor([5])),
    "index_select by floats": lambda m, x, z: x.index_select(0, m.tensor([0.0])),
    "index_select by a matrix": lambda m, x, z: x.index_select(0, m.tensor([[0]])),
    "index_add of more": lambda m, x, z: x.index_add(0, m.tensor([0]), m.ones(2, 3, 4)),
    "index_add of another shape": lambda m, x, z: x.index_add(0, m.tensor([0]), m.ones(1, 3, 5)),
    "index_copy of more": lambda m, x, z: x.index_copy(0, m.tensor([0]), m.ones(2, 3, 4)),
    "index_copy of another shape": lambda m, x, z: x.index_copy(0, m.tensor([0]), m.ones(1, 3, 5)),
    "index_fill beyond": lambda m, x, z: x.index_fill(0, m.tensor([5]), 1),
    "index_fill with a vector": lambda m, x, z: x.index_fill(0, m.tensor([0]), m.ones(2)),
    "index_put of another dtype": lambda m, x, z: x.index_put((m.tensor([0]),), m.ones(4).double()),
    "index_put at a tensor": lambda m, x, z: x.index_put(m.tensor([0]), m.ones(4)),
    "take beyond": lambda m, x, z: x.take(m.tensor([24])),
    "put of more": lambda m, x, z: x.put(m.tensor([1]), m.tensor([1.0, 2.0])),
    "masked_fill by numbers": lambda m, x, z: x.masked_fill(x, 1.0),
    "masked_fill of another shape": lambda m, x, z: x.masked_fill(m.ones(5, dtype=m.bool), 1.0),
    "masked_fill with a vector": lambda m, x, z: x.masked_fill(x > 1, m.ones(2)),
    "masked_fill_ of a wider mask": lambda m, x, z: x.masked_fill_(m.ones(2, 2, 3, 4, dtype=m.bool), 1),
    "masked_select by numbers": lambda m, x, z: x.masked_select(x),
    "masked_scatter of less": lambda m, x, z: x.masked_scatter(x > 1, m.ones(2)),
    "take_along_dim": lambda m, x, z: x.take_along_dim(m.tensor([0]), 0),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_indices(name):
    check(lambda m: WRONG[name](m, m.arange(24.0).view(2, 3, 4), m.tensor(3.0)))


def _long(m, *values):
    return m.tensor(values)


ONE = ((2, 0, 2),)
CALLS = {
    "gather": lambda m, x, y, i: x.gather(1, i),
    "gather the first": lambda m, x, y, i: m.gather(x, 0, i[:, :1] * 0 + 1),
    "take_along_dim": lambda m, x, y, i: x.take_along_dim(i[:, :, :1], 1),
    "take_along_dim of all": lambda m, x, y, i: x.take_along_dim(i),
    "scatter": lambda m, x, y, i: x.scatter(1, i[:, :1], y[:, :1]),
    "scatter a number": lambda m, x, y, i: x.scatter(1, i, 2.5),
    "scatter_add": lambda m, x, y, i: x.scatter_add(1, i, y),
    "scatter_reduce sum": lambda m, x, y, i: x.scatter_reduce(1, i, y, "sum"),
    "scatter_reduce mean": lambda m, x, y, i: x.scatter_reduce(1, i, y, "mean"),
    "scatter_reduce mean of others": lambda m, x, y, i: x.scatter_reduce(1, i, y, "mean", include_self=False),
    "scatter_reduce amax": lambda m, x, y, i: x.scatter_reduce(1, i, y, "amax"),
    "scatter_reduce amin of others": lambda m, x, y, i: x.scatter_reduce(1, i, y, "amin", include_self=False),
    "scatter_reduce prod": lambda m, x, y, i: x.scatter_reduce(1, i, y, "prod"),
    "index_select": lambda m, x, y, i: x.index_select(1, _long(m, 2, 0, 2)),
    "index_add": lambda m, x, y, i: x.index_add(1, _long(m, 2, 0, 2), y, alpha=3),
    "index_copy": lambda m, x, y, i: x.index_copy(1, _long(m, 2, 0), y[:, :2]),
    "index_fill": lambda m, x, y, i: x.index_fill(1, _long(m, 2, 0), 0.5),
    "index_fill a tensor": lambda m, x, y, i: x.index_fill(1, _long(m, 2, 0), y[0, 0, 0]),
    "index_put": lambda m, x, y, i: x.index_put((_long(m, 1, 0), _long(m, 0, 2)), y[0, :2]),
    "index_put adding": lambda m, x, y, i: x.index_put((_long(m, 1, 1, 1),), y[0], accumulate=True),
    "take": lambda m, x, y, i: x.take(m.tensor([[3, -1], [3, 0]])),
    "put": lambda m, x, y, i: x.put(_long(m, 3, 0), y[0, 0, :2]),
    "put adding": lambda m, x, y, i: x.put(_long(m, 3, 3), y[0, 0, :2], accumulate=True),
    "masked_fill": lambda m, x, y, i: x.masked_fill(x > 0, 0.5),
    "masked_fill a tensor": lambda m, x, y, i: x.masked_fill(y[0] > 0, y[0, 0, 0]),
    "masked_fill of a wider mask": lambda m, x, y, i: x[0].masked_fill(y > 0, 1.0),
    "masked_select": lambda m, x, y, i: x.masked_select(y > 0),
    "masked_select of a row": lambda m, x, y, i: x.masked_select(y[0, 0] > 0),
    "masked_scatter": lambda m, x, y, i: x.masked_scatter(x > 0, y),
    "select_scatter": lambda m, x, y, i: x.select_scatter(y[0], 0, 1),
    "slice_scatter": lambda m, x, y, i: x.slice_scatter(y[:, :2], 1, 0, 3, 2),
    "diagonal_scatter": lambda m, x, y, i: x.diagonal_scatter(y[0, 0, :3].expand(2, 3), 0, 1, 2),
}


@pytest.mark.parametrize("name", CALLS)
def test_functions_of_indices(name):
    places = np.random.default_rng(5).integers(0, 3, (2, 3, 4))
    tensors = {"x": numbers((2, 3, 4), 0), "y": numbers((2, 3, 4), 1)}
    if "scatter_reduce" not in name:
        check_derivatives(lambda F, m, x, y: CALLS[name](m, x, y, m.from_numpy(places.copy())), tensors)
    else:
        # PyTorch's second derivatives of products and means take other paths; the first ones are compared.
        check_derivatives(lambda F, m, x, y: CALLS[name](m, x, y, m.from_numpy(places.copy())), tensors, second=False)


IN_PLACE = {
    "scatter_": lambda m, x, y, i: x.scatter_(1, i[:, :1], y[:, :1]),
    "scatter_ a number": lambda m, x, y, i: x.scatter_(1, i, 2.5),
    "scatter_add_": lambda m, x, y, i: x.scatter_add_(1, i, y),
    "scatter_reduce_": lambda m, x, y, i: x.scatter_reduce_(1, i, y, "amax"),
    "index_add_": lambda m, x, y, i: x.index_add_(1, _long(m, 2, 0, 2), y),
    "index_copy_": lambda m, x, y, i: x.index_copy_(1, _long(m, 2, 0), y[:, :2]),
    "index_fill_": lambda m, x, y, i: x.index_fill_(1, _long(m, 2, 0), 0.5),
    "index_put_": lambda m, x, y, i: x.index_put_((_long(m, 1, 0), _long(m, 0, 2)), y[0, :2]),
    "index_put_ adding": lambda m, x, y, i: x.index_put_((_long(m, 1, 1, 1),), y[0], accumulate=True),
    "put_": lambda m, x, y, i: x.put_(_long(m, 3, 0), y[0, 0, :2]),
    "masked_fill_": lambda m, x, y, i: x.masked_fill_(x > 0, 0.5),
    "masked_fill_ a tensor": lambda m, x, y, i: x.masked_fill_(x > 0, y[0, 0, 0]),
    "masked_scatter_": lambda m, x, y, i: x.masked_scatter_(x > 0, y),
}


@pytest.mark.parametrize("part", [False, True])
@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place(name, part):
    places = np.random.default_rng(5).integers(0, 3, (2, 3, 4))

    def call(F, m, x, y):
        whole = x.repeat(2, 1, 1).transpose(1, 2) if part else x * 1
        made = IN_PLACE[name](m, whole[1:3].transpose(1, 2) if part else whole, y, m.from_numpy(places.copy()))
        return whole * whole, made.detach().clone(), whole._version

    check_derivatives(call, {"x": numbers((2, 3, 4), 0), "y": numbers((2, 3, 4), 1)}, second=False)


def test_a_mask_of_bytes_warns():
    check(lambda m: [m.arange(2)[m.tensor([1, 0], dtype=m.uint8)], m.arange(2)[m.tensor(1, dtype=m.uint8)]])


def test_nonzero():
    def scenario(m):
        x = m.tensor([[1, 0, 2], [0, 0, 3]])
        return [x.nonzero(), x.nonzero(as_tuple=True), m.argwhere(x > 1), m.tensor(3).nonzero(), m.tensor(0).nonzero(),
                m.tensor(3).nonzero(as_tuple=True), m.zeros(2, 0).nonzero()]  # fmt: skip

    check(scenario)


def test_rows_that_repeat_add_up():
    def scenario(m):
        rng = np.random.default_rng(0)
        w = m.from_numpy(rng.standard_normal((7, 5))).requires_grad_()
        i = m.from_numpy(rng.integers(0, 7, (40, 3)))
        (w[i] * m.from_numpy(rng.standard_normal((40, 3, 5)))).sum().backward()
        return w.grad

    check(scenario)


def test_many_rows_that_repeat_add_up():
    def scenario(m):
        rng = np.random.default_rng(0)
        w = m.from_numpy(rng.standard_normal((50, 64))).requires_grad_()
        i = m.from_numpy(rng.integers(0, 50, 3000))
        (w[i] * m.from_numpy(rng.standard_normal((3000, 64)))).sum().backward()
        return (
            w.grad,
            m.zeros(5, 300).index_add(0, i % 5, m.ones(3000, 300)),
            m.zeros(64, 50).index_add(1, i, m.ones(64, 3000)),
        )

    check(scenario)


# ---------------------------------------------------------------------------------------------- any index
@st.composite
def _index(draw):
    """A shape and an index for it, mostly a good one."""
    shape = draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
    entries, at, dots = [], 0, False
    count = draw(st.integers(1, 3))
    lengths = st.just(draw(st.integers(1, 3)))
    while at < len(shape) and len(entries) < 6:
        n = shape[at]
        kind = draw(st.sampled_from(["integer", "slice", "slice", "none", "dots", "tensor", "mask", "bool", "stop"]))
        if kind == "stop":
            break
        if kind == "none":
            entries.append(None)
            continue
        if kind == "bool" and draw(st.integers(0, 3)) == 0:
            entries.append(draw(st.booleans()))
            continue
        if kind == "dots":
            if dots:
                continue
            dots = True
            entries.append(Ellipsis)
            at += draw(st.integers(0, len(shape) - at))
            continue
        if kind == "integer":
            entries.append(draw(st.integers(-n - (n == 0), n if draw(st.integers(0, 9)) == 0 else max(n - 1, 0))))
        elif kind == "tensor" and n:
            length = draw(lengths)
            values = draw(st.lists(st.integers(-n, n - 1), min_size=length, max_size=length))
            entries.append(np.array(values if draw(st.booleans()) else [values] * count))
        elif kind == "mask" and n:
            entries.append(np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n))))
        else:
            bound = st.none() | st.integers(-5, 5)
            entries.append(slice(draw(bound), draw(bound), draw(st.none() | st.integers(1, 3))))
        at += 1
    return tuple(shape), tuple(entries)


def _given(m, entries):
    return tuple(m.from_numpy(e.copy()) if isinstance(e, np.ndarray) else e for e in entries)


def _same_layout(description):
    """Index tensors may leave their result in another order in memory: strides are not compared."""
    if isinstance(description, dict):
        return {k: _same_layout(v) for k, v in description.items() if k != "stride"}
    return [_same_layout(v) for v in description] if isinstance(description, (list, tuple)) else description


def _assert_same(scenario):
    ours, theirs = (_same_layout(outcome(scenario, m)[0]) for m in (rushlight, torch))
    assert_same(ours, theirs)


@settings(max_examples=300, deadline=None)
@given(_index())
def test_any_reading(case):
    shape, entries = case

    def scenario(m):
        x = m.arange(float(np.prod(shape))).view(shape).clone().requires_grad_()
        y = x[_given(m, entries)]
        weights = m.arange(float(y.numel())).view(y.shape)
        g = m.autograd.grad((y * weights).sum(), x)[0]
        with m.no_grad():
            before = y.detach().clone()
            x.add_(1)
        return before, y.detach(), g, y._is_view()

    _assert_same(scenario)


@settings(max_examples=300, deadline=None)
@given(_index(), st.sampled_from(["number", "tensor", "row"]))
def test_any_writing(case, kind):
    shape, entries = case

    def scenario(m):
        leaf = m.arange(float(np.prod(shape))).view(shape).clone().requires_grad_()
        x = leaf * 1
        like = x[_given(m, entries)]
        # Where one element is written twice, which value stays is not said: all values written are equal then.
        value = m.full(like.shape if kind == "tensor" else (1,), 7.0).requires_grad_()
        x[_given(m, entries)] = 7.0 if kind == "number" else value
        (x * x).sum().backward()
        return x.detach(), leaf.grad, value.grad, x._version, type(x.grad_fn).__name__

    _assert_same(scenario)


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", ["prod", "mean", "amax", "amin", "sum"])
def test_index_reduce(reduce, include_self):
    def scenario(t):
        x = t.tensor([[1.0, 2.0], [3.0, 0.5], [0.0, 4.0]], requires_grad=True)
        source = t.tensor([[3.0, 0.0], [3.0, 2.0], [1.0, 4.0], [5.0, 4.0]], requires_grad=True)
        index = t.tensor([0, 0, 2, 0])
        y = x.index_reduce(0, index, source, reduce, include_self=include_self)
        z = x.clone().index_reduce_(0, index, source, reduce, include_self=include_self)
        return y.detach(), z.detach(), [g.contiguous() for g in t.autograd.grad((y * y).sum(), (x, source))]

    check(scenario)


@pytest.mark.parametrize("shape", [(4, 0), (0, 3), (4, 2), (0, 0)])
@pytest.mark.parametrize("places", [(-3, 4), (0, 9), (-1,), ()])
def test_words_about_rows_that_are_not_there(shape, places):
    def scenario(t):
        table, index, found = t.zeros(shape), t.tensor(places, dtype=t.int64), []
        for call in (
            lambda: table.index_select(0, index),
            lambda: t.nn.functional.embedding(index, table),
            lambda: t.nn.functional.embedding(index.int().reshape(1, -1), table),
        ):
            try:
                found.append(call().shape)
            except (IndexError, RuntimeError) as error:
                found.append((type(error).__name__, str(error)))
        return found

    check(scenario)


# Each part of an index is a view to PyTorch, also where one look at the array makes all of them.
STEPS = [
    (slice(None),), (0, 0), (slice(None), 0), (..., None), (None,), (slice(1, 3), -1, None), (0, slice(0, 9), None),
    (..., 1), (slice(None, None, 2), ..., None, None), (slice(None), slice(None)), (1, ...), (0, None, slice(None)),
]  # fmt: skip


@pytest.mark.parametrize("index", STEPS, ids=str)
def test_each_step_of_an_index_has_a_node(index):
    def scenario(t):
        x = t.arange(24.0).reshape(2, 3, 4).requires_grad_()
        part = x.transpose(0, 1)[index]
        nodes, node = [], part.grad_fn
        while node is not None:
            nodes.append(node.name())
            node = node.next_functions[0][0] if node.next_functions else None
        (part * part).sum().backward()
        return part, nodes, x.grad, part._is_view(), part._base is x

    check(scenario)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 3, 1), (3, 1, 2)])
def test_memory_order_of_what_is_found(shape, order):
    def scenario(t):
        x = t.arange(float(np.prod(shape))).reshape(shape).permute(order)
        a, b = x.shape[:2]
        first, second = t.arange(a) // 2, t.zeros(a, dtype=t.int64)
        return [
            x[first], x[first[:, None]], x[:, second], x[first, second], x[first, :, second], x[..., second],
            x[first[:, None], second], x[x > 1], x[:, t.ones(b, dtype=t.bool)], x[t.ones(a, b, dtype=t.bool)],
            x[first[:, None].expand(a, 2)],
        ]  # fmt: skip

    check(scenario)


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("rows", [[0.0, 1, 1, 3], [0.0, 1, np.nan, 3], [0.0, 1, 3, np.nan], [2.0, 0, 1], []], ids=str)
def test_places_among_numbers_of_which_some_are_none(rows, right):
    check(lambda t: t.searchsorted(t.tensor(rows), t.tensor([[1.0, np.nan], [np.inf, -1]]), right=right))


@pytest.mark.parametrize("places", [[[1, 2]], [[-1, 7]], [[1], [0]]], ids=str)
def test_indices_along_a_dimension_may_change_before_backward(places):
    def scenario(t):
        x, index = t.arange(6.0).reshape(2, 3).requires_grad_(), t.tensor(places)
        found = (x * 1).take_along_dim(index, 1)
        index.zero_()
        found.sum().backward()
        return found, x.grad

    check(scenario)
