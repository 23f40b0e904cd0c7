"""Random numbers from compiled kernels: PyTorch's numbers to the bit, from any state and into any state."""

from collections.abc import Callable, Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import random_words

from .fast import needs_numba

pytestmark = needs_numba


@pytest.fixture(autouse=True, scope="module")
def many_are_few() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHLIGHT_FAST", "wait")
        patch.setattr(random_words, "MANY", 16)
        patch.setattr(random_words, "MANY_USED", 16)
        yield


DRAWS: dict[str, Callable[[Any, int], Any]] = {
    "rand": lambda torch, n: torch.rand(n),
    "rand, float64": lambda torch, n: torch.rand(n, dtype=torch.float64),
    "rand, float16": lambda torch, n: torch.rand(n, dtype=torch.float16),
    "randn": lambda torch, n: torch.randn(n),
    "randn, float16": lambda torch, n: torch.randn(n, dtype=torch.float16),
    "normal_": lambda torch, n: torch.empty(n).normal_(1.5, 0.25),
    "randperm": lambda torch, n: torch.randperm(n),
    "randint": lambda torch, n: torch.randint(-5, 100, (n,)),
    "randint of a power": lambda torch, n: torch.randint(0, 64, (n,)),
    "randint of nearly all words": lambda torch, n: torch.randint(3, 2**28, (n,)),
    "randint of one": lambda torch, n: torch.randint(7, 8, (n,)),
    "randint of 64 bits": lambda torch, n: torch.randint(0, 2**40, (n,)),
    "random_": lambda torch, n: torch.empty(n, dtype=torch.int64).random_(),
    "bernoulli": lambda torch, n: torch.bernoulli(torch.full((n,), 0.3)),
    "bernoulli of each": lambda torch, n: torch.bernoulli(torch.linspace(0, 1, n)),
    "bernoulli, out": lambda torch, n: torch.bernoulli(torch.linspace(0, 1, n), out=torch.empty(n)),
    "bernoulli_": lambda torch, n: torch.empty(n).bernoulli_(0.3),
    "dropout": lambda torch, n: torch.nn.functional.dropout(torch.ones(n), 0.3),
}


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(sorted(DRAWS)), st.integers(1, 3000)), min_size=1, max_size=4),
       st.integers(0, 2**40))  # fmt: skip
def test_numbers_and_state_are_those_of_pytorch(draws: list[tuple[str, int]], seed: int) -> None:
    torch.manual_seed(seed)
    rushlight.manual_seed(seed)
    for name, n in draws:
        theirs = DRAWS[name](torch, n).numpy()
        np.testing.assert_array_equal(DRAWS[name](rushlight, n).numpy(), theirs, err_msg=name)
    np.testing.assert_array_equal(rushlight.get_rng_state().numpy(), torch.get_rng_state().numpy())


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan"), float("inf")])
def test_wrong_probabilities_are_refused(wrong: float) -> None:
    for library in (torch, rushlight):
        p = library.full((100,), 0.5)
        p[70] = wrong
        with pytest.raises(RuntimeError, match="Expected p_in >= 0 && p_in <= 1"):
            library.bernoulli(p)


def test_a_state_is_taken_up_where_it_was_left() -> None:
    rushlight.manual_seed(3)
    rushlight.rand(1000)
    state = rushlight.get_rng_state()
    first = rushlight.rand(2000).numpy()
    rushlight.manual_seed(4)
    rushlight.randn(777)
    rushlight.set_rng_state(state)
    np.testing.assert_array_equal(rushlight.rand(2000).numpy(), first)


def test_normal_numbers_in_blocks_of_both_libraries() -> None:
    torch.manual_seed(11)
    rushlight.manual_seed(11)
    np.testing.assert_array_equal(rushlight.randn(300, 1001).numpy(), torch.randn(300, 1001).numpy())
