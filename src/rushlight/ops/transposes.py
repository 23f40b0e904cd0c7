"""Transposes of matrices as properties, and conjugate ones."""

from typing import Any

from ..base import TensorBase
from ..warn import warn_once
from .declare import composite
from .view import _permute, transpose


def _reversed(input: Any) -> Any:
    n = len(input._shape)
    if n == 2:
        return _permute(input, (1, 0))
    if not n:
        warn_once("Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases.")
    else:
        warn_once(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will "
            "throw an error in a future release. Consider `x.mT` to transpose batches of matrices or "
            "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor."
        )
    return _permute(input, tuple(range(n - 1, -1, -1)))


def _matrix_transpose(input: Any) -> Any:
    n = len(input._shape)
    if not n:
        warn_once("Tensor.mT is deprecated on 0-D tensors. This function is the identity in these cases.")
        return input
    if n == 1:
        raise RuntimeError("tensor.mT is only supported on matrices or batches of matrices. Got 1-D tensor.")
    return transpose(input, -2, -1)


@composite()
def adjoint(input: Any) -> Any:
    """The conjugate transpose of the last two dimensions.

    Raises:
        RuntimeError: there is only one dimension.
    """
    return _adjoint(input, "adjoint()")


def _adjoint(input: Any, name: str) -> Any:
    n = len(input._shape)
    if not n:
        warn_once(f"{name} is deprecated on 0-D tensors. Consider using x.conj().")
        return input.conj()
    if n == 1:
        name = name.replace("Tensor", "tensor") if name[0] == "T" else "tensor.adjoint()"
        raise RuntimeError(f"{name} is only supported on matrices or batches of matrices. Got 1-D tensor.")
    swapped = transpose(input, -2, -1)
    return swapped.conj() if input._dtype.is_complex else swapped


def _matrix_adjoint(input: Any) -> Any:
    n = len(input._shape)
    if n not in (0, 2):
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {n}-D tensor."
            + (" For batches of matrices, consider using tensor.mH" if n > 2 else "")
        )
    return _adjoint(input, "Tensor.H")


def _batch_adjoint(input: Any) -> Any:
    return _adjoint(input, "Tensor.mH")


for _name, _getter, _doc in (
    ("T", _reversed, "The tensor with its dimensions in reverse order."),
    ("mT", _matrix_transpose, "The tensor with its last two dimensions exchanged."),
    ("H", _matrix_adjoint, "The conjugate transpose of a matrix."),
    ("mH", _batch_adjoint, "The conjugate transpose of the last two dimensions."),
):
    setattr(TensorBase, _name, property(_getter, doc=_doc))
