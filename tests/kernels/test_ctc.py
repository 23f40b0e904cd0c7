"""The compiled connectionist temporal classification beside PyTorch's."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import ctc

from .fast import as_accurate, compiled_always, needs_numba

pytestmark = needs_numba
always = compiled_always(ctc)


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_losses_and_gradients_are_those_of_pytorch(data: st.DataObject) -> None:
    steps, batch, classes = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 4)), data.draw(st.integers(2, 9))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    blank = data.draw(st.integers(0, classes - 1))
    input_lengths = rng.integers(0, steps + 1, batch)
    target_lengths = rng.integers(0, data.draw(st.integers(1, 12)), batch)
    labels = np.array([c for c in range(classes) if c != blank])
    targets = rng.choice(labels, (batch, max(1, int(target_lengths.max()))))
    if data.draw(st.booleans()):
        targets = np.concatenate([row[:n] for row, n in zip(targets, target_lengths, strict=True)])
    scores = rng.standard_normal((steps, batch, classes)) * data.draw(st.sampled_from([1, 5, 200]))
    if data.draw(st.booleans()):
        scores[rng.integers(steps), :, rng.integers(classes)] = -np.inf
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    zero_infinity, reduction = data.draw(st.booleans()), data.draw(st.sampled_from(["none", "mean", "sum"]))
    found = []
    for library, kind in ((torch, dtype), (rushlight, dtype), (torch, np.float64)):
        x = library.tensor(scores.astype(dtype).astype(kind)).requires_grad_()
        loss = library.nn.functional.ctc_loss(
            x.log_softmax(2), library.tensor(targets), library.tensor(input_lengths), library.tensor(target_lengths),
            blank, reduction, zero_infinity,
        )  # fmt: skip
        loss.sum().backward()
        found.append([loss.detach().numpy(), x.grad.numpy()])
    for theirs, ours, exact in zip(*found, strict=True):
        np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(theirs))
        finite = np.isfinite(theirs) & np.isfinite(exact)
        np.testing.assert_array_equal(ours[~np.isfinite(theirs)], theirs[~np.isfinite(theirs)])
        as_accurate(ours[finite], theirs[finite], exact[finite], terms=np.abs(scores[np.isfinite(scores)]).max())


def test_a_label_that_is_none_is_refused() -> None:
    with pytest.raises((IndexError, RuntimeError)):
        rushlight.nn.functional.ctc_loss(
            rushlight.randn(50, 2, 5).log_softmax(2), rushlight.full((2, 10), 7), [50, 50], [10, 10]
        )
