"""Sequences of different lengths in one tensor (`torch.nn.utils.rnn`)."""

from typing import Any

from ...tensor import Tensor

__all__ = ["pad_sequence", "unpad_sequence"]


def pad_sequence(
    sequences: Any, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Stacks sequences of different lengths, the shorter ones filled up.

    Args:
        sequences: tensors ``(L, *)``, alike but for L.
        batch_first: whether the batch comes before the length in the result.
        padding_value: what fills up.
        padding_side: ``"right"`` or ``"left"``.

    Returns:
        ``(T, B, *)`` or ``(B, T, *)``, T the greatest length.

    Raises:
        RuntimeError: there is no sequence, or the side is another.
    """
    if isinstance(sequences, Tensor):
        sequences = sequences.unbind(0)
    elif not hasattr(sequences, "__iter__"):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: " + str(type(sequences))
        )
    given = tuple(sequences)
    if not given:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    longest = max(s.size(0) for s in given)
    size = (len(given), longest) if batch_first else (longest, len(given))
    found = given[0].new_full((*size, *given[0].shape[1:]), padding_value)
    by_batch = found if batch_first else found.transpose(0, 1)
    for i, s in enumerate(given):
        start = longest - s.size(0) if padding_side == "left" else 0
        by_batch[i, start : start + s.size(0)] = s
    return found


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """Takes back `pad_sequence`: the sequences of the given lengths."""
    by_batch = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [s[: int(n)] for s, n in zip(by_batch, lengths, strict=True)]
