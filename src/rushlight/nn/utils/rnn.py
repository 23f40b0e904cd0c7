"""Sequences of different lengths in one tensor (`torch.nn.utils.rnn`)."""

from collections.abc import Callable
from typing import Any, NamedTuple

from ... import dtypes
from ...ops import packing
from ...ops.data import tensor
from ...ops.ranges import arange
from ...ops.sorting import sort
from ...tensor import Tensor

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


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


# ---------------------------------------------------------------------------------------------- packed
class PackedSequence_(NamedTuple):
    """The fields of a `PackedSequence`."""

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(PackedSequence_):
    """Sequences of different lengths without padding: what recurrent layers take, and return for it.

    Made by `pack_padded_sequence` and `pack_sequence`, never by hand.

    Attributes:
        data: the steps of all sequences, ``(sum of lengths, *)``: first all first steps, then all second ones.
        batch_sizes: how many sequences have each step.
        sorted_indices: how the sequences were sorted by length, or None if they were.
        unsorted_indices: what takes them back.
    """

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> "PackedSequence":
        """Takes the fields, or the first two as one tuple.

        Raises:
            AssertionError: one argument is given, which is no pair.
        """
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> "PackedSequence":
        """The sequences with their data converted as by `Tensor.to`; itself if that changes nothing."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else type(self)(data, *self[1:])

    def cpu(self, *args: Any, **kwargs: Any) -> "PackedSequence":
        """The sequences on the CPU, where they are."""
        return self.to(*args, **{**kwargs, "device": "cpu"})

    def cuda(self, *args: Any, **kwargs: Any) -> "PackedSequence":
        """Raises PyTorch's error, for there is no GPU."""
        return self.to(*args, **{**kwargs, "device": "cuda"})

    @property
    def is_cuda(self) -> bool:
        """Whether the data are on a GPU."""
        return self.data.is_cuda

    def is_pinned(self) -> bool:
        """Whether the data are in pinned memory."""
        return bool(self.data.is_pinned())


def _converter(dtype: Any) -> Callable[[PackedSequence], PackedSequence]:
    def convert(self: PackedSequence) -> PackedSequence:
        return self.to(dtype=dtype)

    convert.__doc__ = f"The sequences with data of the type {dtype}."
    return convert


for _name, _dtype in (
    ("double", dtypes.float64), ("float", dtypes.float32), ("half", dtypes.float16), ("long", dtypes.int64),
    ("int", dtypes.int32), ("short", dtypes.int16), ("char", dtypes.int8), ("byte", dtypes.uint8),
):  # fmt: skip
    setattr(PackedSequence, _name, _converter(_dtype))


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that takes another one back; None for None."""
    if permutation is None:
        return None
    found: Tensor = permutation.new_empty(permutation.shape)
    return found.scatter_(0, permutation, arange(0, permutation.numel()))


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Leaves out the padding of sequences of different lengths.

    Args:
        input: ``(T, B, *)``, or ``(B, T, *)`` with `batch_first`.
        lengths: of the sequences, a list or a tensor.
        batch_first: see `input`.
        enforce_sorted: whether the lengths fall already; otherwise the sequences are sorted.

    Raises:
        RuntimeError: there is no sequence, or the lengths do not fit or do not fall.
    """
    lengths = lengths.to(dtypes.int64) if isinstance(lengths, Tensor) else tensor(lengths, dtype=dtypes.int64)
    order = None
    if not enforce_sorted:
        lengths, order = sort(lengths, descending=True)
        input = input.index_select(0 if batch_first else 1, order)
    data, sizes = packing._pack_padded_sequence(input, lengths, batch_first)
    return PackedSequence(data, sizes, order, None)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Takes back `pack_padded_sequence`.

    Args:
        sequence: packed sequences.
        batch_first: whether the batch comes before the length in the result.
        padding_value: what fills up.
        total_length: the length of the result; that of the longest sequence by default.

    Returns:
        ``(T, B, *)`` or ``(B, T, *)``, and the lengths.

    Raises:
        ValueError: `total_length` is too short.
    """
    longest = sequence.batch_sizes.size(0)
    if total_length is not None:
        if total_length < longest:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {longest}"
            )
        longest = total_length
    padded: Tensor
    padded, lengths = packing._pad_packed_sequence(
        sequence.data, sequence.batch_sizes, batch_first, padding_value, longest
    )
    back = sequence.unsorted_indices
    if back is None:
        return padded, lengths
    return padded.index_select(0 if batch_first else 1, back), lengths[back]


def pack_sequence(sequences: Any, enforce_sorted: bool = True) -> PackedSequence:
    """Packs sequences of different lengths, tensors ``(L, *)``; see `pack_padded_sequence`."""
    lengths = tensor([s.size(0) for s in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Takes back `pack_sequence`: the sequences in their order."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
