"""Packed sequences: sequences of different lengths in one tensor, step after step, without the steps that are missing.

The sequences are sorted by length, so the first `batch_sizes[t]` of them have a step t.
"""

from typing import Any

import numpy as np

from ..base import wrap
from .declare import Array, composite, operation

_HIDDEN: dict[str, Any] = {"function": False, "method": False}


def _places(batch_sizes: Array) -> tuple[Array, Array]:
    """The step and the sequence of each packed row."""
    steps = np.repeat(np.arange(len(batch_sizes)), batch_sizes)
    starts = np.cumsum(batch_sizes) - batch_sizes
    return steps, np.arange(len(steps)) - np.repeat(starts, batch_sizes)


def _pack(input: Array, batch_sizes: Array) -> Array:
    steps, rows = _places(batch_sizes[: len(input)])  # PyTorch lets lengths be too great
    return np.asarray(input[steps, rows])


@operation(kernel=_pack, name="_packed_rows", aten="_pack_padded_sequence", node="PackPaddedSequenceBackward0",
           tangent="linear", **_HIDDEN, input="unpacked_rows(grad, batch_sizes, shape(input), 0)")  # fmt: skip
def _packed_rows(input: Array, batch_sizes: Array) -> Array:
    """The rows of ``(T, B, *)`` that exist, step after step."""


def _unpack(input: Array, batch_sizes: Array, size: tuple[int, ...], value: float) -> Array:
    found = np.full(size, value, input.dtype)
    found[_places(batch_sizes)] = input
    return found


@operation(kernel=_unpack, node="PadPackedSequenceBackward0", **_HIDDEN,
           input="_packed_rows(grad, batch_sizes)")  # fmt: skip
def unpacked_rows(input: Array, batch_sizes: Array, size: tuple[int, ...], value: float) -> Array:
    """Packed rows at their places in ``(T, B, *)``, `value` elsewhere."""


@composite(method=False)
def _pack_padded_sequence(input: Any, lengths: Any, batch_first: bool) -> tuple[Any, Any]:
    """The steps of sequences that exist, in one tensor, and how many sequences have each step.

    Args:
        input: ``(T, B, *)``, or ``(B, T, *)`` with `batch_first`.
        lengths: of the sequences, falling, int64.
        batch_first: see `input`.

    Raises:
        RuntimeError: there is no sequence, or the lengths do not fit or do not fall.
    """
    if not input.numel():
        raise RuntimeError("Cannot pack empty tensors.")
    batch = input._shape[0 if batch_first else 1]
    given = lengths._data
    if len(given) != batch:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(given)} (batch_size={batch})"
        )
    if given[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if (given[1:] > given[:-1]).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you "
            "do not need ONNX exportability."
        )
    sizes = wrap(np.add.reduce(given[:, None] > np.arange(given[0]), axis=0).astype(np.int64))
    return _packed_rows(input.transpose(0, 1) if batch_first else input, sizes), sizes


@composite(method=False)
def _pad_packed_sequence(
    data: Any, batch_sizes: Any, batch_first: bool, padding_value: float, total_length: int
) -> tuple[Any, Any]:
    """Packed steps at their places in ``(T, B, *)`` or ``(B, T, *)``, and the sequences' lengths.

    Args:
        data: the packed steps.
        batch_sizes: how many sequences have each step.
        batch_first: whether the batch comes first in the result.
        padding_value: what stands in the places of steps that do not exist.
        total_length: T.
    """
    sizes = batch_sizes._data
    size = (max(total_length, len(sizes)), int(sizes[0]), *data._shape[1:])
    padded = unpacked_rows(data, batch_sizes, size, padding_value)
    lengths = wrap(np.add.reduce(sizes[:, None] > np.arange(sizes[0]), axis=0).astype(np.int64))
    return padded.transpose(0, 1) if batch_first else padded, lengths
