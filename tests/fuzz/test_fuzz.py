"""A slice of the long run: the same programs each time, so that a failure says something about the change."""

import random

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import rushlight

from .compare import Comparison, Difference, Tally, run
from .shrinking import shrink

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


def test_random_programs_run_alike():
    tally = Tally()

    # Hypothesis draws the seeds, always the same ones: what is left of differences is met once in some ten thousand
    # calls, which is for the long run to find. It does not shrink them; `shrink` leaves lines out of a program.
    @settings(max_examples=PROGRAMS, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(st.integers(0, 2**32 - 1))
    def programs(seed):
        try:
            run(seed, tally)
        except Difference as difference:
            pytest.fail(f"seed {seed}: {shrink(difference)}")

    programs()
    assert tally.calls > 3000
    assert tally.gradients > 120


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


def test_orders_of_gradients_are_compared(monkeypatch):
    lines = [
        "v1 = torch.ones(2, 3, 4, dtype=torch.float64).requires_grad_()", "v2 = torch.exp(v1)",
        "sum(v.double().sum() for v in [v2]).backward()",
    ]  # fmt: skip
    Comparison(random.Random(0), Tally()).replay(lines)
    original = rushlight.autograd.grad
    monkeypatch.setattr(
        rushlight.autograd, "grad", lambda *args, **kwargs: [g.mT.contiguous().mT for g in original(*args, **kwargs)]
    )
    with pytest.raises(Difference, match=r"gradient asked for of v1: steps \[12, 1, 3\] instead of \[12, 4, 1\]"):
        Comparison(random.Random(0), Tally()).replay(lines)


def test_results_that_share_memory_are_found(monkeypatch):
    monkeypatch.setattr(rushlight, "ceil", lambda x: rushlight.from_numpy(x.numpy()))
    lines = ["v1 = torch.tensor([1.0, 2.0])", "v2 = torch.ceil(v1)"]
    with pytest.raises(Difference, match="memory is that of v1"):
        Comparison(random.Random(0), Tally()).replay(lines)
