"""A slice of the long run: the same programs each time, so that a failure says something about the change."""

import random

import pytest
import torch

import rushlight

from .compare import Comparison, Difference, Tally, run, shrink

PROGRAMS = 600


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """PyTorch and Rushlight on one thread each."""
    before = torch.get_num_threads(), rushlight.get_num_threads()
    torch.set_num_threads(1)
    rushlight.set_num_threads(1)
    yield
    torch.set_num_threads(before[0])
    rushlight.set_num_threads(before[1])


@pytest.mark.parametrize("part", range(6))
def test_random_programs_run_alike(part):
    tally = Tally()
    for seed in range(part * PROGRAMS // 6, (part + 1) * PROGRAMS // 6):
        try:
            run(seed, tally)
        except Difference as difference:
            pytest.fail(f"seed {seed}: {shrink(difference)}")
    assert tally.calls > 500
    assert tally.gradients > 20


def test_differences_are_found():
    """The fuzzer itself: a library that answers wrongly is caught, and the program made short."""
    original = rushlight.tanh
    rushlight.tanh = lambda x: original(x) * (1 + 1e-6)
    try:
        lines = ["v1 = torch.tensor([0.5], dtype=torch.float64)", "v2 = torch.exp(v1)", "v3 = torch.tanh(v1)"]
        with pytest.raises(Difference) as found:
            Comparison(random.Random(0), Tally()).replay(lines)
        short = shrink(found.value)
        assert [line for line in short.lines if "exp" in line] == []
        assert "v3: values" in str(short)
    finally:
        rushlight.tanh = original
