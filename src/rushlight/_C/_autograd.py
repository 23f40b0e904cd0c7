"""Private names of PyTorch's autograd that are written in C++ there."""

from ..autograd.grad_mode import _set_version_counter as _unsafe_set_version_counter
from ..autograd.node import SavedTensor as SavedTensor

__all__ = ["SavedTensor", "_unsafe_set_version_counter"]
