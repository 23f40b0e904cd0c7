"""What may be the gradient of a tensor: its type, shape and dtype."""

from typing import Any

from .. import dtypes
from ..base import TensorBase
from ..kernels.sparse import SparseArray
from .leaf import AccumulateGrad, leaf_hooks


def check_gradient(tensor: Any, grad: Any) -> None:
    """Whether `grad` may be assigned to ``tensor.grad``.

    Raises:
        TypeError: it is no tensor.
        RuntimeError: it has another dtype or shape, or is the tensor itself.
    """
    if not isinstance(grad, TensorBase):
        raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {type(grad).__name__}")
    if grad is tensor:
        raise RuntimeError("can't assign Variable as its own grad")
    wanted = tensor._grad_dtype if tensor._grad_dtype is not OWN else tensor._dtype
    if grad._dtype is not wanted and wanted is not None:
        raise RuntimeError(
            f"attempting to assign a gradient with dtype '{grad._dtype.c_name}' to a tensor with grad_dtype "
            f"'{wanted.legacy.removesuffix('Tensor')}'. The gradient must match the tensor's grad_dtype (defaults to "
            "the tensor's dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or None to "
            "allow any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break "
            "downstream systems that assume they match."
        )
    if type(tensor._data) is SparseArray and type(grad._data) is not SparseArray:
        raise RuntimeError("attempting to assign a gradient to a tensor that has data of a different type")
    if grad._shape != tensor._shape:
        raise RuntimeError(
            f"attempting to assign a gradient of size '{list(grad._shape)}' to a tensor of size "
            f"'{list(tensor._shape)}'. Please ensure that the gradient and the tensor are the same size"
        )


# Stands for a `grad_dtype` that was not set.
OWN: Any = type("Own", (), {"__slots__": ()})()


def grad_dtype(tensor: Any) -> Any:
    """The dtype that gradients of a leaf have: its own unless another was set; None where any is allowed.

    Raises:
        RuntimeError: the tensor is no leaf.
    """
    if not tensor.is_leaf:
        raise RuntimeError("grad_dtype can only be accessed on leaf tensors.")
    return tensor._dtype if tensor._grad_dtype is OWN else tensor._grad_dtype


def set_grad_dtype(tensor: Any, dtype: Any) -> None:
    """Says which dtype gradients of a leaf shall have; they are converted to it. None allows any.

    Raises:
        RuntimeError: the tensor is no leaf, has a gradient of another dtype, or `dtype` is none.
    """
    have = tensor.grad
    if not tensor.is_leaf:
        raise RuntimeError("grad_dtype can only be set on leaf tensors.")
    if dtype is not None and not isinstance(dtype, dtypes.dtype):
        raise RuntimeError(f"grad_dtype must be a torch.dtype or None, but got {type(dtype).__name__}")
    if have is not None and dtype is not None and have._dtype is not dtype:
        raise RuntimeError(
            f"Cannot set grad_dtype to '{dtype.legacy.removesuffix('Tensor')}' because there is already a gradient "
            f"with dtype '{have._dtype.c_name}'. Please clear the gradient (.grad = None) before changing "
            "grad_dtype, or ensure the new grad_dtype matches the existing gradient's dtype."
        )
    tensor._grad_dtype = dtype
    convert_gradients(tensor)


def convert_gradients(tensor: Any) -> None:
    """Lets the gradients that reach a leaf be converted to its `grad_dtype`."""
    if type(tensor._node) is AccumulateGrad and tensor._grad_dtype is not OWN:
        leaf_hooks(tensor._node).dtype = tensor._grad_dtype
