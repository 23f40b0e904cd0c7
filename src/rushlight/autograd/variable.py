"""``torch.autograd.Variable``, the old name of a tensor that can require a gradient."""

from typing import Any

from ..base import TensorBase, own_version, wrap
from ..warn import WITHOUT_VOLATILE
from .tasks import ImperativeEngine


class _VariableMeta(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, TensorBase)

    _execution_engine = ImperativeEngine()


class Variable(metaclass=_VariableMeta):
    """Makes a tensor from another one, on the same memory; every tensor is an instance of it.

    Args:
        data: the tensor.
        requires_grad: whether gradients are wanted.
        volatile: has no effect any more.
        name: must be None.

    Raises:
        TypeError: `data` is no tensor.
        ValueError: both `requires_grad` and `volatile` are true.
        RuntimeError: a gradient is wanted of integers.
    """

    def __new__(cls, data: Any = None, requires_grad: Any = False, volatile: Any = False, name: Any = None) -> Any:
        """Make the tensor.

        Raises:
            RuntimeError: a gradient of integers is required.
            TypeError: the data is no tensor.
            ValueError: it is to be volatile and to require a gradient.
        """
        if data is None:
            import numpy as np

            data = wrap(np.empty(0, np.float32))
        if not isinstance(data, TensorBase):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        if volatile:
            import warnings

            warnings.warn(WITHOUT_VOLATILE, UserWarning, stacklevel=2)
            if requires_grad:
                raise ValueError("Variable can't be volatile and require_grad at the same time!")
        if requires_grad and not (data._dtype.is_floating_point or data._dtype.is_complex):
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        made = wrap(data._data)
        made._versions = own_version(data)
        made.requires_grad = bool(requires_grad)
        return made
