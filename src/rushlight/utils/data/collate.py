"""From a list of samples to a batch."""

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from ...tensor import Tensor

_WRONG_TYPE = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"


def default_collate(batch: Sequence[Any]) -> Any:
    """Stacks samples: tensors, arrays and numbers along a new first dimension, dicts and sequences item by item.

    Args:
        batch: samples of one structure.

    Raises:
        TypeError: they hold something else.
        RuntimeError: sequences of different lengths.
    """
    import rushlight

    torch: Any = rushlight
    first = batch[0]
    if isinstance(first, Tensor):
        return torch.stack(list(batch), 0)
    if isinstance(first, np.ndarray):
        if first.dtype.kind in "SUO":
            raise TypeError(_WRONG_TYPE.format(first.dtype))
        return torch.stack([torch.as_tensor(b) for b in batch], 0)
    if isinstance(first, (np.bool_, np.number)):
        return torch.as_tensor(np.asarray(batch))
    if isinstance(first, float):
        return torch.tensor(batch, dtype=torch.float64)
    if isinstance(first, int):
        return torch.tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    return _map_structure(batch, default_collate)


def default_convert(data: Any) -> Any:
    """Makes tensors of the arrays in one sample, in dicts and sequences too; other things stay."""
    import rushlight as torch

    if isinstance(data, Tensor):
        return data
    if isinstance(data, (np.ndarray, np.number, np.bool_)):
        return data if isinstance(data, np.ndarray) and data.dtype.kind in "SUO" else torch.as_tensor(data)
    if isinstance(data, (str, bytes)) or not isinstance(data, (Mapping, Sequence)):
        return data
    if isinstance(data, tuple) and not hasattr(data, "_fields"):
        return [default_convert(d) for d in data]
    return _map_structure([data], lambda samples: default_convert(samples[0]))


def _map_structure(batch: Sequence[Any], function: Callable[[Sequence[Any]], Any]) -> Any:
    """A container like the samples', with `function` of the samples' items in each place.

    Raises:
        RuntimeError: the sequences have different lengths.
        TypeError: elements of such a kind make no batch.
    """
    first = batch[0]
    kind: Any = type(first)
    if isinstance(first, Mapping):
        items: Any = {k: function([d[k] for d in batch]) for k in first}
        try:
            if not isinstance(first, MutableMapping):
                return kind(items)
            # A mapping of the user's own may carry more than its items.
            clone: Any = copy.copy(first)
            clone.update(items)
            return clone
        except TypeError:
            return items
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return kind(*(function(column) for column in zip(*batch, strict=False)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        items = [function(column) for column in zip(*batch, strict=True)]
        if isinstance(first, tuple):
            return items
        try:
            if not isinstance(first, MutableSequence):
                return kind(items)
            clone = copy.copy(first)
            for i, item in enumerate(items):
                clone[i] = item
            return clone
        except TypeError:
            return items
    raise TypeError(_WRONG_TYPE.format(kind))
