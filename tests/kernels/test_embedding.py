"""Compiled embeddings against PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.fast import as_accurate, compiled_always, dtypes, laid_out, layouts, needs_numba
from rushlight.kernels import embedding

pytestmark = needs_numba
always = compiled_always(embedding)


@settings(max_examples=40)
@given(
    st.integers(1, 50), st.integers(1, 70), st.lists(st.integers(0, 30), min_size=1, max_size=2), layouts, dtypes,
    st.booleans(), st.booleans(), st.sampled_from([np.int64, np.int32]), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_embedding_backward(rows, width, shape, layout, dtype, padded, by_frequency, kind, seed):
    rng = np.random.default_rng(seed)
    indices = rng.integers(0, rows, shape).astype(kind)
    g = rng.standard_normal((*shape, width)).astype(dtype)
    g[rng.random(g.shape) < 0.01] = np.inf
    padding = int(rng.integers(rows)) if padded else None
    found = []
    for number in (dtype, np.float64):
        table = torch.zeros(rows, width, dtype=torch.tensor(g.astype(number)).dtype, requires_grad=True)
        looked_up = torch.nn.functional.embedding(
            torch.tensor(indices), table, padding, scale_grad_by_freq=by_frequency
        )
        looked_up.backward(torch.tensor(g.astype(number)))
        found.append(table.grad.numpy())
    result = embedding.embedding_backward(
        laid_out(g, layout), indices, rows, -1 if padding is None else padding, by_frequency
    )
    np.testing.assert_array_equal(np.isfinite(result), np.isfinite(found[1]))
    as_accurate(*(np.where(np.isfinite(a), a, 0).astype(a.dtype) for a in (result, *found)))


@settings(max_examples=30)
@given(
    st.integers(1, 50), st.integers(1, 70), st.lists(st.integers(0, 30), min_size=1, max_size=2), layouts, dtypes,
    st.sampled_from([np.int64, np.int32]), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_embedding(rows, width, shape, layout, dtype, kind, seed):
    rng = np.random.default_rng(seed)
    indices = rng.integers(0, rows, shape).astype(kind)
    table = laid_out(rng.standard_normal((rows, width)).astype(dtype), layout)
    expected = torch.nn.functional.embedding(torch.tensor(indices), torch.tensor(table.copy())).numpy()
    np.testing.assert_array_equal(embedding.embedding(table, indices), expected)


@pytest.mark.parametrize("index", [-1, 5])
def test_an_index_outside_of_the_table(index):
    with pytest.raises(IndexError, match="index out of range in self"):
        embedding.embedding(np.zeros((5, 20), np.float32), np.array([0, index]))
