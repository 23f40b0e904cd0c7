"""Compiled bags of rows beside PyTorch's: all modes, empty bags, rows that do not count, factors, NaN."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import embedding_bag

from .fast import as_accurate, compiled_always, dtypes, needs_numba

pytestmark = needs_numba
always = compiled_always(embedding_bag)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_bags(data: st.DataObject) -> None:
    rows, width, count = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 70)), data.draw(st.integers(1, 50))
    rng, dtype = np.random.default_rng(data.draw(st.integers(0, 1000))), data.draw(dtypes)
    mode = data.draw(st.sampled_from(["sum", "mean", "max"]))
    integers = data.draw(st.sampled_from([np.int64, np.int32]))
    indices = rng.integers(0, rows, count).astype(integers)
    offsets = np.sort(rng.integers(0, count + 1, data.draw(st.integers(1, 12)))).astype(integers)
    offsets[0] = 0
    table = rng.standard_normal((rows, width)).astype(dtype)
    table[rng.random(table.shape) < data.draw(st.sampled_from([0, 0.1]))] = data.draw(st.sampled_from([np.nan, np.inf]))
    factors = rng.standard_normal(count) if mode == "sum" and data.draw(st.booleans()) else None
    how: dict[str, Any] = {
        "mode": mode,
        "padding_idx": data.draw(st.sampled_from([None, 0, rows - 1])),
        "include_last_offset": data.draw(st.booleans()),
        "scale_grad_by_freq": mode != "max" and data.draw(st.booleans()),
    }
    if how["include_last_offset"]:
        offsets = np.append(offsets, integers(count))
    results = []
    for library, kind in ((torch, dtype), (rushlight, dtype), (torch, np.float64)):
        weight = library.from_numpy(table.astype(kind)).requires_grad_()
        given_factors = None if factors is None else library.from_numpy(factors.astype(dtype).astype(kind))
        if given_factors is not None:
            given_factors.requires_grad_()
        y = library.nn.functional.embedding_bag(
            library.from_numpy(indices), weight, library.from_numpy(offsets), per_sample_weights=given_factors, **how
        )
        y.backward(library.from_numpy(np.random.default_rng(1).standard_normal(y.shape).astype(kind)))
        found = [y, weight.grad, *([] if given_factors is None else [given_factors.grad])]
        results.append([t.detach().numpy() for t in found])
    for one, other, right in zip(results[1], results[0], results[2], strict=True):
        finite = np.isfinite(other)
        np.testing.assert_array_equal(one[~finite], other[~finite])
        as_accurate(one[finite], other[finite], right[finite], mode, terms=3 * count**0.5)


def test_what_a_bag_tells_of_itself() -> None:
    rng = np.random.default_rng(0)
    table, indices = rng.standard_normal((9, 5)).astype(np.float32), rng.integers(0, 9, 20)
    offsets = np.array([0, 4, 4, 11])
    for mode in (1, 2):
        theirs, ours = (
            library.embedding_bag(*map(library.from_numpy, (table, indices, offsets)), mode=mode)
            for library in (torch, rushlight)
        )
        for one, other in zip(ours[1:], theirs[1:], strict=True):
            np.testing.assert_array_equal(one.numpy(), other.numpy())
