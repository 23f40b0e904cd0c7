"""Entries of one dimension, read and added to, beside PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.kernels.fast import compiled_always, needs_numba

import rushlight
from rushlight.kernels import entries

pytestmark = needs_numba

always = compiled_always(entries)

WAYS = {
    "index_select": lambda library, x, dim, index, values: x.index_select(dim, index),
    "index": lambda library, x, dim, index, values: x[(slice(None),) * dim + (index,)],
    "index_add": lambda library, x, dim, index, values: x.index_add(dim, index, values),
    "index_put": lambda library, x, dim, index, values: x.index_put(
        (None,) * dim + (index,), values, accumulate=True
    ) if dim == 0 else x.index_add(dim, index, values, alpha=0.5),
}  # fmt: skip


@given(st.data())
def test_entries_are_those_of_pytorch(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(WAYS)))
    shape = data.draw(st.lists(st.integers(1, 40), min_size=1, max_size=3))
    dim = data.draw(st.integers(0, len(shape) - 1))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    a = rng.standard_normal(shape).astype(dtype)
    a.flat[rng.integers(a.size)] = data.draw(st.sampled_from([np.nan, np.inf, -0.0, 1.0]))
    low = -shape[dim] if name == "index" else 0
    index = rng.integers(low, shape[dim], data.draw(st.integers(1, 60)))
    values = rng.standard_normal((*shape[:dim], index.size, *shape[dim + 1 :])).astype(dtype)
    order = data.draw(st.permutations(range(len(shape))))
    kind = data.draw(st.sampled_from([np.int64, np.int32]))
    results = []
    for library in (torch, rushlight):
        x = library.tensor(a.transpose(order).copy()).permute(*np.argsort(order).tolist()).requires_grad_()
        v = library.tensor(values).requires_grad_()
        y = WAYS[name](library, x, dim, library.tensor(index.astype(kind)), v)
        weights = np.random.default_rng(1).standard_normal(tuple(y.shape)).astype(dtype)
        y.backward(library.tensor(weights))
        results.append([y.detach(), x.grad, *([] if v.grad is None else [v.grad])])
    for theirs, ours in zip(*results, strict=True):
        steps = [[s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1] for t in (theirs, ours)]
        assert steps[0] == steps[1]
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), 1e-5, 1e-4 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("dtype", ["int64", "int32", "float32", "float64", "bool", "int8"])
def test_every_type_is_read(dtype: str) -> None:
    a, index = np.arange(60).reshape(3, 5, 4), np.array([4, 0, 0, 2])
    for dim in (0, 1, 2):
        theirs, ours = (
            library.tensor(a).to(getattr(library, dtype)).index_select(dim, library.tensor(index % a.shape[dim]))
            for library in (torch, rushlight)
        )
        assert str(ours.dtype) == str(theirs.dtype)
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("place", [5, -1, 2**40, -6])
def test_what_is_out_of_range_is_refused(place: int) -> None:
    for call in (
        lambda library, x, i: x.index_select(1, i),
        lambda library, x, i: x[:, i],
        lambda library, x, i: x.index_add(1, i, library.ones(4, 2)),
    ):
        told = []
        for library in (torch, rushlight):
            try:
                call(library, library.ones(4, 5), library.tensor([1, place]))
                told.append(None)
            except Exception as error:
                told.append((type(error), str(error).split("\n")[0]))
        assert told[0] == told[1]


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    x, index = rushlight.randn(50, 300), rushlight.randint(0, 50, (200,))
    values = rushlight.randn(200, 300)
    before, found = rushlight.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            rushlight.set_num_threads(threads)
            found.append(x.index_add(0, index, values).numpy())
    finally:
        rushlight.set_num_threads(before)
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)
