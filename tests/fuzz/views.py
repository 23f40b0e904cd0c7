"""Views that PyTorch says to require gradients and that lead to none."""

import re

import torch

BLIND = "views that were made before their base was asked for gradients lead to none, or to it if they were changed"
BLIND_WORDS = r"^v\d+: (requires_grad False instead of True|is_leaf True instead of False)"


def of_blind_views(line, values, name):
    """Whether of a line's operands, PyTorch's by name, only such views require gradients.

    From most of them no gradient goes on. Those that were changed before PyTorch gives a node that leads to their base.
    """
    operands = [values[n] for n in re.findall(r"\bv\d+\b", line) if n != name]
    wanting = [t for t in operands if isinstance(t, torch.Tensor) and t.requires_grad]
    return bool(wanting) and all(t._is_view() and _blind(t) for t in wanting)


def _blind(view):
    node = view.grad_fn
    if node is None:
        return view.view_as(view).grad_fn.next_functions[0][0] is None
    return view._base.is_leaf and view._version > 0 and node.name() == "AsStridedBackward0"
