"""Norms of vectors, and the distance of two tensors."""

import math
from typing import Any

from .. import dtypes
from ..autograd import mode
from ..base import TensorBase, wrap
from ..kernels import along
from ..kernels import numpy_statistics as kernels
from ..warn import warn_once
from .arguments import explained, type_name
from .data import cast, given_dtype
from .declare import REGISTRY, Array, composite, formula, in_formulas, operation
from .dimensions import axes_of, need_tensor
from .elementwise_general import broadcast_shapes, result_type
from .out import finish_out
from .pointwise import refuse_bool_subtraction
from .steps import hidden, recorded, with_result


def _sign(x: Any) -> Any:
    return x.sgn() if x._dtype.is_complex else wrap(kernels.sign(x._data))


def _direction(x: Any, norm: Any) -> Any:
    from .comparison import where
    from .creation import zeros_like

    return where(norm == 0, zeros_like(x), x / norm)


in_formulas(kernels.sign, _sign, "sign_of")
in_formulas(along.sign_times, lambda x, grad: _sign(x) * grad, "sign_times")
in_formulas(along.share_of_norm, lambda x, norm, grad: grad * _direction(x, norm), "share_of_norm")
in_formulas(
    lambda x, chosen: ((x == chosen) | (x != x)).astype(chosen.dtype),
    lambda x, chosen: wrap(((x._data == chosen._data) | (x._data != x._data)).astype(chosen._data.dtype)),
    "nan_or_equal",
)


@formula
def norm_backward(grad: Any, input: Any, result: Any, p: float, axes: Any, keepdims: Any) -> Any:
    """The gradient of a vector norm, by p; where the norm has no derivative, the subgradient that PyTorch chooses."""
    if not keepdims:
        grad = with_dims(grad, axes, input.shape)  # type: ignore[name-defined]  # noqa: F821
        result = with_dims(result, axes, input.shape)  # type: ignore[name-defined]  # noqa: F821
    if p == 0:  # of a distance; the norm itself has no gradient then
        return zeros_like(input)  # type: ignore[name-defined]  # noqa: F821
    if p == 1:
        return attached(sign_times(input, grad), input)  # type: ignore[name-defined]  # noqa: F821
    none = zeros_like(result)  # type: ignore[name-defined]  # noqa: F821
    if p == 2:
        return share_of_norm(input, result, grad)  # type: ignore[name-defined]  # noqa: F821
    if p == inf or p == -inf:  # type: ignore[name-defined]  # noqa: F821
        places = nan_or_equal(abs(input), result)  # type: ignore[name-defined]  # noqa: F821
        share = places / sum_over(places, axes, True)  # type: ignore[name-defined]  # noqa: F821
        return attached(sign_of(input) * share * grad, input)  # type: ignore[name-defined]  # noqa: F821
    size = abs(input)
    if p < 1:
        slope = where(input == 0, zeros_like(input), sign_of(input) * _pow_number(size, p - 1))  # type: ignore[name-defined]  # noqa: F821
        return slope * (grad * _pow_number(result, 1 - p))  # type: ignore[name-defined]  # noqa: F821
    if p < 2:
        slope = sign_of(input) * _pow_number(size, p - 1)  # type: ignore[name-defined]  # noqa: F821
    else:
        slope = input * _pow_number(size, p - 2)  # type: ignore[name-defined]  # noqa: F821
    return slope * where(result == 0, none, grad / _pow_number(result, p - 1))  # type: ignore[name-defined]  # noqa: F821


@formula
def norm_tangent(input_t: Any, input: Any, result: Any, p: float, axes: Any, keepdims: Any) -> Any:
    """The tangent of a vector norm: the product of the gradient and the input's tangent."""
    slope = norm_backward(ones_like(result), input, result, p, axes, keepdims)  # type: ignore[name-defined]  # noqa: F821
    return sum_over(real_part(conj(slope) * input_t), axes, keepdims)  # type: ignore[name-defined]  # noqa: F821


@operation(name="_vector_norm", rows=True, node="LinalgVectorNormBackward0", aten="linalg_vector_norm", function=False,
           method=False, out=False,
           input="cast_to(norm_backward(grad, cast_to(input, dtype), result, ord, dim, keepdim), source)",
           tangent="norm_tangent(cast_to(input_t, dtype), cast_to(input, dtype), result, ord, dim, keepdim)",
           )  # fmt: skip
def _vector_norm(input: Array, ord: float, dim: Any, keepdim: bool, dtype: Any, source: Any) -> Array:
    """The norm of vectors along some dimensions, converted first unless `dtype` is None."""
    return along.vector_norm(input if dtype is None else cast(input, dtype, False), ord, dim, keepdim)


@operation(name="_count_norm", rows=True, node="LinalgVectorNormBackward0", aten="linalg_vector_norm", function=False,
           method=False, out=False, undefined=True, shows=("ord", "dim", "keepdim"), keeps="input, result",
           input="None", tangent="zero")  # fmt: skip
def _count_norm(input: Array, ord: float, dim: Any, keepdim: bool, dtype: Any) -> Array:
    """The norm with p = 0, the number of elements that are not zero, which has no gradient at all."""
    return along.vector_norm(input if dtype is None else cast(input, dtype, False), ord, dim, keepdim)


@operation(name="_norm_along", node="NormBackward1", aten="norm", function=False, method=False, out=False,
           input="norm_backward(grad, input, result, p, dim, keepdim)",
           tangent="norm_tangent(input_t, input, result, p, dim, keepdim)")  # fmt: skip
def _norm_along(input: Array, norms: Array, p: float, dim: Any, keepdim: bool) -> Array:
    """Norms that were computed already, as the older function `torch.norm` of C++ records them."""
    return norms


def vector_norm(
    x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None
) -> Any:
    """The norm of vectors: of all elements, or along some dimensions.

    Args:
        x: a tensor of floating-point or complex numbers.
        ord: the p of the p-norm, also 0 (the number of non-zeros), inf (the largest) and -inf (the smallest).
        dim: one dimension, several, or None for all.
        keepdim: whether the dimensions stay, with length 1.
        dtype: the element type to convert to first.
        out: the tensor to write to.

    Raises:
        RuntimeError: the elements are integers, or there are none and the norm has no value then.
        IndexError: there is no such dimension.
    """
    if dim is dtype is out is None and not keepdim and isinstance(x, TensorBase) and x._dtype.plain:
        if (ord == 2 or ord == "fro") and (hidden(x) or mode.unseen(x)):
            if (length := along.length(x._data)) is not None:
                if not recorded(x):
                    return wrap(length)
                p, axes = ord if type(ord) is int else 2.0, axes_of(dim, len(x._shape))
                return with_result(_vector_norm_op, 1, length, x, p, axes, False, None, None)
    need_tensor("linalg_vector_norm", x)
    if x._dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got " + x._dtype.scalar_name
        )
    kind = None
    if dtype is not None:
        kind = given_dtype("linalg_vector_norm", dtype)
        kind = None if kind is x._dtype else kind
    axes = axes_of(dim, len(x._shape))
    if (ord < 0 or ord == math.inf) and not x._data.size:
        name = "inf" if ord == math.inf else f"{ord:g}"
        if dim is None or dim in ((), []):
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {name} norm on an empty tensor because the operation does not "
                "have an identity"
            )
        for d in (dim,) if isinstance(dim, int) else dim:
            if not x._shape[d]:
                raise RuntimeError(
                    f"linalg.vector_norm cannot compute the {name} norm on the dimension {d}because this dimension is "
                    "empty and the operation does not have an identity"
                )
    if type(ord) is not int:
        ord = float(ord) if isinstance(ord, (int, float)) else float(ord.item())
    if ord == 0:
        return finish_out(out, _count_norm(x, ord, axes, keepdim, kind), "linalg_vector_norm")
    return finish_out(out, _vector_norm(x, ord, axes, keepdim, kind, kind and x._dtype), "linalg_vector_norm")


@composite()
def norm(input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, out: Any = None, dtype: Any = None) -> Any:
    """The norm of a tensor seen as one vector, or of vectors or matrices along some dimensions.

    Args:
        input: the tensor.
        p: a number for the p-norm, ``"fro"`` for the Euclidean norm, ``"nuc"`` for the nuclear norm of matrices.
        dim: one dimension, several, or None for all.
        keepdim: whether the dimensions stay, with length 1.
        out: the tensor to write to.
        dtype: the element type to convert to first.

    Raises:
        RuntimeError: the norm is unknown, or the elements are integers.
    """
    if isinstance(p, str) and p not in ("fro",):
        from .matrix_functions import matrix_norm

        if dim is None:
            dim = tuple(range(len(input._shape)))
        return matrix_norm(input, p, dim, keepdim, dtype=dtype, out=out)
    return vector_norm(input, 2 if p is None or p == "fro" else p, dim, keepdim, dtype=dtype, out=out)


@composite(method=False)
def frobenius_norm(input: Any, dim: Any, keepdim: bool = False, *, out: Any = None) -> Any:
    """The Euclidean norm along one or two dimensions, or of all of the tensor if there are none.

    Args:
        input: the tensor.
        dim: the dimensions.
        keepdim: whether they stay, with length 1.
        out: the tensor to write to.

    Raises:
        RuntimeError: there are more dimensions.
    """
    warn_once(
        "at::frobenius_norm is deprecated and it is just left for JIT compatibility. It will be removed in a future "
        "PyTorch release. Please use `linalg.vector_norm(A, 2., dim, keepdim)` instead"
    )
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    if len(dims) > 2:
        raise RuntimeError(f"Expected at most 2 dimensions, but got {len(dims)} dimensions instead.")
    return vector_norm(input, 2, dims, keepdim, out=out)


@composite(method=False)
def nuclear_norm(input: Any, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The sum of the singular values of matrices in two dimensions, the last ones unless given.

    Args:
        input: the tensor.
        dim: the dimensions.
        keepdim: whether they stay, with length 1.
        out: the tensor to write to.
    """
    from .matrix_functions import matrix_norm

    warn_once(
        "at::nuclear_norm is deprecated and it is just left for JIT compatibility. It will be removed in a future "
        "PyTorch release. Please use `linalg.matrix_norm(A, 'nuc', dim, keepdim)` instead"
    )
    if isinstance(dim, bool):
        dim, keepdim = None, dim
    return matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim, out=out)


@operation(name="_dist", node="DistBackward0", aten="dist", function=False, method=False, out=False,
           input="fit_like(norm_of_difference(grad, input, other, result, p), shape(input))",
           other="fit_like(-norm_of_difference(grad, input, other, result, p), shape(other))")  # fmt: skip
def _dist(input: Array, other: Array, p: float) -> Array:
    """The norm of the difference."""
    difference = input - other
    return along.vector_norm(difference, p, tuple(range(difference.ndim)), False)


@operation(
    name="_dist_of_two_dtypes", node="DistBackward0", aten="dist", function=False, method=False, out=False,
    input="cast_to(fit_like(norm_of_difference(grad, cast_to(input, common), cast_to(other, common), result, p), "
          "shape(input)), kinds[0])",
    other="cast_to(fit_like(-norm_of_difference(grad, cast_to(input, common), cast_to(other, common), result, p), "
          "shape(other)), kinds[1])",
)  # fmt: skip
def _dist_of_two_dtypes(input: Array, other: Array, p: float, common: Any, kinds: Any) -> Array:
    """The norm of the difference of tensors of two dtypes, which backward reads as they are."""
    difference = input.astype(common.numpy) - other.astype(common.numpy)
    return along.vector_norm(difference, p, tuple(range(difference.ndim)), False)


@formula
def norm_of_difference(grad: Any, input: Any, other: Any, result: Any, p: float) -> Any:
    """The gradient of the norm of a difference."""
    difference = input - other
    return norm_backward(grad, difference, result, p, tuple(range(difference.ndim)), False)


_dist_op, _vector_norm_op = REGISTRY["_dist"], REGISTRY["_vector_norm"]


@composite()
@explained
def dist(input: Any, other: Any, p: Any = 2) -> Any:
    """The p-norm of the difference of two tensors, which broadcast.

    Args:
        input, other: the tensors.
        p: which norm.

    Raises:
        RuntimeError: the shapes do not broadcast, or the numbers are no floating-point or complex ones.
    """
    quick = p == 2 and isinstance(input, TensorBase) and isinstance(other, TensorBase) and input._dtype.plain
    if quick and input._dtype is other._dtype and input._shape == other._shape:
        if (hidden(input, other) or mode.unseen(input, other)) and (
            length := along.distance(input._data, other._data)
        ) is not None:
            if not recorded(input, other):
                return wrap(length)
            mask = (input._node is not None) | (other._node is not None) << 1
            return with_result(_dist_op, mask, length, input, other, p if type(p) is int else float(p))
    if not isinstance(other, TensorBase):
        raise TypeError(f"dist(): argument 'other' (position 2) must be Tensor, not {type_name(other)}")
    if input._dtype is not other._dtype or input._dtype is dtypes.bool_:
        refuse_bool_subtraction(input, other)
    broadcast_shapes(input._shape, other._shape)
    common = result_type(input, other)
    if common.category < dtypes.FLOATING:
        raise RuntimeError(
            f"norm(): input dtype should be either floating point or complex. Got {common.scalar_name} instead."
        )
    p = p if type(p) is int else float(p)
    if input._dtype is not other._dtype:
        return _dist_of_two_dtypes(input, other, p, common, (input._dtype, other._dtype))
    return _dist(input, other, p)
