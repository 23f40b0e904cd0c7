"""Views that PyTorch says to require gradients and that lead to none."""

import re

import torch

BLIND = "views that were made before their base was asked for gradients lead to none"
BLIND_WORDS = r"^v\d+: (requires_grad False instead of True|is_leaf True instead of False)"


def of_blind_views(line, values, name):
    """Whether of a line's operands, PyTorch's by name, only views require gradients from which no gradient goes on."""
    operands = [values[n] for n in re.findall(r"\bv\d+\b", line) if n != name]
    wanting = [t for t in operands if isinstance(t, torch.Tensor) and t.requires_grad]
    return bool(wanting) and all(t._is_view() and t.view_as(t).grad_fn.next_functions[0][0] is None for t in wanting)
