"""Rushlight: PyTorch's autograd, tensors, layers and optimisers in Python on NumPy."""

from .tensor import Tensor
from .ops import pointwise, creation, reduction, shape
from .ops.declare import FUNCTIONS
globals().update(FUNCTIONS)
