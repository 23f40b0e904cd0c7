"""Wrong calls of some operators, each with one argument spoiled, raise what PyTorch's raise."""

import warnings

import pytest

from .entries import entries
from .wrong_calls import differences

# As each of the first samples has the same arguments, two are enough.
NAMES = (
    "topk", "sort", "argsort", "nonzero", "var", "std", "unique", "combinations", "cholesky_solve", "linalg.ldl_factor",
    "hash_tensor", "aminmax", "grid_sampler_2d", "index_reduce:mean", "block_diag", "nn.functional.dropout",
)  # fmt: skip
ENTRIES = {e.name: e for e in entries() if e.name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_booleans_are_no_integers(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = list(differences(ENTRIES[name], 2))
    assert found
    assert not [f for f in found if f[1] is not None and "bool ->" in f[0]]


@pytest.mark.parametrize("name", ["block_diag", "cholesky_solve", "grid_sampler_2d", "index_reduce:mean", "topk"])
def test_lists_are_no_tensors(name):
    found = list(differences(ENTRIES[name], 1))
    assert not [f for f in found if f[1] is not None and "Tensor -> [1.0]" in f[0]]
