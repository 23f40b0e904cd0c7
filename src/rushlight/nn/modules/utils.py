"""What PyTorch keeps under this name: sizes for each dimension, and the prefixes of wrapped models' states."""

from typing import Any

from .._sizes import _list_with_default as _list_with_default
from .._sizes import _ntuple as _ntuple
from .._sizes import _pair as _pair
from .._sizes import _quadruple as _quadruple
from .._sizes import _reverse_repeat_tuple as _reverse_repeat_tuple
from .._sizes import _single as _single
from .._sizes import _triple as _triple

__all__ = ["consume_prefix_in_state_dict_if_present"]


def consume_prefix_in_state_dict_if_present(state_dict: dict[str, Any], prefix: str) -> None:
    """Remove `prefix` from the names in `state_dict` that begin with it, in place, also in its metadata."""
    for key in list(state_dict):
        if key.startswith(prefix):
            state_dict[key[len(prefix) :]] = state_dict.pop(key)
    metadata = getattr(state_dict, "_metadata", None)
    if metadata is None:
        return
    for key in list(metadata):
        # The entry of the prefixed module itself has no dot at its end.
        if key and (key == prefix.replace(".", "") or key.startswith(prefix)):
            metadata[key[len(prefix) :]] = metadata.pop(key)
