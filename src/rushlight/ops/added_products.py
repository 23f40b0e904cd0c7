"""Products of matrices and vectors added to a tensor: `addmm` and its like."""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase
from ..kernels import matmul as kernels
from ..kernels.numpy_common import narrow, widen
from .declare import Array, composite, formula, in_formulas, operation
from .dimensions import wrap_dim
from .inplace import check
from .matmul import batch_product, matrix_product, matrix_vector, need_tensors, not_expandable, same_dtypes
from .out import finish_out
from .overwrite import replace


def _scalars(function: str, input: Any, beta: Any, alpha: Any) -> None:
    if input._dtype.category < dtypes.FLOATING:
        for name, value in (("beta", beta), ("alpha", alpha)):
            if isinstance(value, float):
                raise RuntimeError(f"For integral input tensors, argument {name} must not be a floating point number.")


def _plus(input: Array, product: Array, beta: Any, alpha: Any) -> Array:
    if alpha != 1:
        product = product * np.asarray(alpha, product.dtype)
    if beta == 0:
        return product
    lead = product.ndim - input.ndim
    if input.shape == product.shape:
        pass
    elif lead < 0 or any(n not in (1, m) for n, m in zip(input.shape, product.shape[lead:])):
        raise not_expandable(input.shape, product.shape)
    return product + (input if beta == 1 else input * np.asarray(beta, input.dtype))


_ADDED = "fit_like(times(grad, conj_of(beta)), shape(input))"
in_formulas(lambda x: np.conj(x).item(), lambda x: np.conj(x).item(), "conj_of")


@formula(aliasing=True)
def scaled(x: Any, alpha: Any) -> Any:
    """`x` times the conjugate of a number, which is usually 1."""
    return times(x, conj_of(alpha))  # type: ignore[name-defined]  # noqa: F821


@operation(name="_addmm", node="AddmmBackward0", aten="addmm", function=False, method=False, out=False, input=_ADDED,
           mat1="scaled(mm(grad, conj(mat2.T)), alpha)", mat2="scaled(mm(conj(mat1.T), grad), alpha)")  # fmt: skip
def _addmm(input: Array, mat1: Array, mat2: Array, beta: Any, alpha: Any) -> Array:
    """``beta * input + alpha * (mat1 @ mat2)``.

    Raises:
        RuntimeError: a factor is no matrix.
    """
    if input.dtype is mat1.dtype is mat2.dtype and input.dtype.char in "fd" and mat1.ndim == 2 == mat2.ndim:
        return _plus(input, matrix_product(mat1, mat2), beta, alpha)
    for name, m in (("mat1", mat1), ("mat2", mat2)):
        if m.ndim != 2:
            raise RuntimeError(f"{name} must be a matrix, got {m.ndim}-D tensor")
    same_dtypes(input, mat1, mat2)
    if input.dtype.char == "?" and mat1.shape[1] == mat2.shape[0]:
        _plus(input, np.empty((mat1.shape[0], mat2.shape[1]), bool), 1, 1)  # refuses shapes before dtypes
    if input.dtype.itemsize > 2:
        return _plus(input, matrix_product(mat1, mat2), beta, alpha)
    # Half precision is rounded once, at the end.
    return narrow(_plus(widen(input), matrix_product(widen(mat1), widen(mat2)), beta, alpha), input.dtype)


@operation(name="_addmv", node="AddmvBackward0", aten="addmv", function=False, method=False, out=False, input=_ADDED,
           mat="scaled(outer_product(grad, conj(vec)), alpha)", vec="scaled(mv(conj(mat.T), grad), alpha)")  # fmt: skip
def _addmv(input: Array, mat: Array, vec: Array, beta: Any, alpha: Any) -> Array:
    """``beta * input + alpha * (mat @ vec)``.

    Raises:
        RuntimeError: the dtypes differ.
    """
    if not input.dtype == mat.dtype == vec.dtype:
        names = [dtypes.from_numpy(x.dtype).scalar_name for x in (input, mat, vec)]
        raise RuntimeError(
            f"addmv input tensors must have the same dtype, but got {names[0]}, {names[1]}, and {names[2]}"
        )
    return _plus(input, matrix_vector(mat, vec), beta, alpha)


@operation(name="_addr", node="AddrBackward0", aten="addr", function=False, method=False, out=False, input=_ADDED,
           vec1="scaled(mv(grad, conj(vec2)), alpha)", vec2="scaled(mv(grad.T, conj(vec1)), alpha)")  # fmt: skip
def _addr(input: Array, vec1: Array, vec2: Array, beta: Any, alpha: Any) -> Array:
    """``beta * input + alpha * outer(vec1, vec2)``.

    Raises:
        RuntimeError: a factor is no vector.
    """
    if vec1.ndim != 1 or vec2.ndim != 1:
        name, v = ("vec1", vec1) if vec1.ndim != 1 else ("vec2", vec2)
        raise RuntimeError(f"addr: Expected 1-D argument {name}, but got {v.ndim}-D")
    found = kernels.add_outer(input, vec1, vec2, beta, alpha)
    if found is not None:
        return found
    turned = input.flags.f_contiguous and not input.flags.c_contiguous
    product = kernels.outer(vec2, vec1).T if turned else kernels.outer(vec1, vec2)
    return _plus(input, product, beta, alpha)


@operation(name="_baddbmm", node="BaddbmmBackward0", aten="baddbmm", function=False, method=False, out=False,
           input=_ADDED, batch1="scaled(bmm(grad, conj(batch2.mT)), alpha)",
           batch2="scaled(bmm(conj(batch1.mT), grad), alpha)")  # fmt: skip
def _baddbmm(input: Array, batch1: Array, batch2: Array, beta: Any, alpha: Any) -> Array:
    """``beta * input + alpha * (batch1 @ batch2)`` for batches.

    Raises:
        RuntimeError: the dtypes differ.
    """
    if not input.dtype == batch1.dtype == batch2.dtype:
        names = [dtypes.from_numpy(x.dtype).c_name for x in (input, batch1, batch2)]
        raise RuntimeError(
            f"Input dtypes must be the same, got: input {names[0]}, batch1: {names[1]}, batch2: {names[2]}"
        )
    if input.dtype.itemsize > 2:
        return _plus(input, batch_product(batch1, batch2), beta, alpha)
    return narrow(_plus(widen(input), batch_product(widen(batch1), widen(batch2)), beta, alpha), input.dtype)


@operation(name="_addbmm", node="AddbmmBackward0", aten="addbmm", function=False, method=False, out=False, input=_ADDED,
           batch1="scaled(bmm(repeated(grad, shape(batch1)), conj(batch2.mT)), alpha)",
           batch2="scaled(bmm(conj(batch1.mT), repeated(grad, shape(batch2))), alpha)")  # fmt: skip
def _addbmm(input: Array, batch1: Array, batch2: Array, beta: Any, alpha: Any) -> Array:
    """``beta * input + alpha * sum(batch1 @ batch2)`` over the batch."""
    same_dtypes(input, batch1, batch2)
    # One after the other, because each addition rounds.
    for i, term in enumerate(batch_product(batch1, batch2)):
        input = _plus(input, term, 1 if i else beta, alpha)
    return input


in_formulas(
    lambda grad, shape: np.broadcast_to(grad, (shape[0], *grad.shape)),
    lambda grad, shape: grad.expand((shape[0], *grad._shape)),
    "repeated",
    aliasing=True,
)


def _sizes(name: str, input: Any, a: Any, b: Any) -> None:
    """Refuses factors in which sizes of the product are missing, in PyTorch's order.

    Raises:
        IndexError: a batch has no such dimension.
        RuntimeError: there is no matrix and vector.
    """
    if name in ("addbmm", "baddbmm"):
        for d, shape in ((0, a._shape), (1, a._shape), (2, b._shape))[name == "addbmm" :]:
            if not shape:
                raise IndexError(f"Dimension specified as {d} but tensor has no dimensions")
            wrap_dim(d, len(shape))
    elif name == "addmv" and (len(a._shape) != 2 or len(b._shape) != 1 or len(input._shape) > 1):
        sizes = ", ".join([str(len(x._shape)) for x in (input, a, b)])
        raise RuntimeError(f"vector + matrix @ vector expected, got {sizes}")


def _adding(name: str, operation: Any, first: str, second: str, text: str) -> Any:
    def function(input: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1, out: Any = None) -> Any:
        if not (isinstance(input, TensorBase) and isinstance(a, TensorBase) and isinstance(b, TensorBase)):
            need_tensors(name, ("input", input), (first, a), (second, b))
        _sizes(name, input, a, b)
        if name not in ("addmv", "addbmm", "baddbmm"):
            _scalars(name, input, beta, alpha)
        found = operation(input, a, b, beta, alpha)
        return found if out is None else finish_out(out, found, name, apart=(input, a, b))

    code = function.__code__.replace(
        co_varnames=tuple({"a": first, "b": second}.get(n, n) for n in function.__code__.co_varnames), co_name=name
    )
    function.__code__ = code
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text

    def inplace(input: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
        need_tensors(name, ("input", input), (first, a), (second, b))
        if name == "baddbmm":
            check(input, any([x._node is not None for x in (input, a, b)]))
            _sizes(name, input, a, b)
        if name not in ("addmv", "addbmm", "baddbmm"):
            _scalars(name, input, beta, alpha)
        return replace(f"_{name}", input, a, b, beta, alpha)

    inplace.__code__ = inplace.__code__.replace(
        co_varnames=tuple({"a": first, "b": second}.get(n, n) for n in inplace.__code__.co_varnames), co_name=name + "_"
    )
    inplace.__name__ = inplace.__qualname__ = name + "_"
    inplace.__doc__ = f"The in-place form of `{name}`."
    composite(name=name + "_", inplace=True)(inplace)
    return composite(name=name)(function)


addmm = _adding("addmm", _addmm, "mat1", "mat2", "``beta * input + alpha * (mat1 @ mat2)``; `input` is expanded.")
addmv = _adding("addmv", _addmv, "mat", "vec", "``beta * input + alpha * (mat @ vec)``; `input` is expanded.")
addr = _adding("addr", _addr, "vec1", "vec2", "``beta * input + alpha * outer(vec1, vec2)``; `input` is expanded.")
baddbmm = _adding(
    "baddbmm", _baddbmm, "batch1", "batch2", "``beta * input + alpha * (batch1 @ batch2)`` for batches of matrices."
)
addbmm = _adding(
    "addbmm", _addbmm, "batch1", "batch2", "``beta * input + alpha * sum(batch1 @ batch2)`` over the batch."
)
