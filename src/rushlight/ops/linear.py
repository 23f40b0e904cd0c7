"""Affine and bilinear maps, as layers compute them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import namespace
from ..kernels import matmul as kernels
from ..kernels.numpy_common import narrow, widen
from .added_products import addmm
from .arguments import explained
from .codegen import node_class
from .contraction import einsum
from .declare import REGISTRY, Array, composite, in_formulas, operation
from .formulas import Variant
from .matmul import matmul, matrix_product, need_tensors, not_expandable, same_dtypes
from .out import finish_out
from .view import _view, reshape, t


# ---------------------------------------------------------------------------------------------- linear
def _linear_kernel(bias: Array, x: Array, weight: Array) -> Array:
    if x.dtype is weight.dtype and x.dtype is bias.dtype:
        try:
            return kernels.linear(x, weight, bias)
        except ValueError:
            pass
    same_dtypes(bias, x, weight)
    matrix_product(x, weight.T)
    raise not_expandable(bias.shape, (x.shape[0], weight.shape[0]))


@operation(name="_linear_bias", node="AddmmBackward0", aten="addmm", function=False, method=False, out=False,
           kernel=_linear_kernel, bias="column_sums(grad)", input="mm(grad, conj(weight))",
           weight="mm(grad.T, conj(input))",
           tangent="mm(input_t, weight.T) + mm(input, weight_t.T) + bias_t")  # fmt: skip
def _linear_bias(bias: Array, input: Array, weight: Array) -> Array:
    """``input @ weight.T + bias`` for a matrix and a vector `bias`, as one operation."""


@operation(name="_linear", node="MmBackward0", aten="mm", function=False, method=False, out=False,
           kernel=lambda x, weight: matrix_product(x, weight.T), input="mm(grad, conj(weight))",
           weight="mm(grad.T, conj(input))", tangent="mm(input_t, weight.T) + mm(input, weight_t.T)")  # fmt: skip
def _linear(input: Array, weight: Array) -> Array:
    """``input @ weight.T`` for a matrix, as one operation."""


def _showing_transposes(name: str) -> None:
    """Makes the nodes of a fused operation show the transposition of the weight, which has no node of its own."""
    op = REGISTRY[name]
    plain: Any = node_class(op)

    def next_functions(self: Any) -> tuple[Any, ...]:
        found = super(plain, self).next_functions
        edge, index = found[-1]
        if edge is None:
            return found
        weight = getattr(self, "_transposed", None)
        if weight is None or weight.next0 is not edge:
            weight = _transposition(edge)
        return (*found[:-1], (weight, index))

    plain.next_functions = property(next_functions)  # type: ignore[attr-defined]
    namespace[f"{op.node_name}__{name}"] = plain


def _transposition(edge: Any) -> Any:
    from ..autograd import node

    op = REGISTRY["t"]
    rule = namespace[op.rule_name(Variant(op.inputs))]
    made = object.__new__(namespace[f"{op.node_name}__{op.name}"])
    made.rule, made.seq, made.grad, made.next0 = rule, node.next_seq(), None, edge
    return made


_showing_transposes("_linear_bias")
_showing_transposes("_linear")


def linear(input: Any, weight: Any, bias: Any = None, *, out: Any = None) -> Any:
    """``input @ weight.T + bias``, the affine map of a layer.

    Args:
        input: ``(*, in_features)``.
        weight: ``(out_features, in_features)`` or ``(in_features,)``.
        bias: ``(out_features,)`` or ``()``, if any.
        out: the tensor to write to.

    Returns:
        ``(*, out_features)``, or ``(*)`` for a weight of one dimension.

    Raises:
        RuntimeError: shapes or dtypes do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
    """
    if out is not None:
        return finish_out(out, linear(input, weight, bias), "linear")
    try:
        shape = input._shape
        if len(weight._shape) == 2:
            if bias is None:
                if len(shape) == 2:
                    return _linear(input, weight)
            elif len(bias._shape) == 1:
                if len(shape) == 2:
                    return _linear_bias(bias, input, weight)
                if input._data.flags.c_contiguous and shape:
                    rows = _view(input, (math.prod(shape[:-1]), shape[-1]))
                    return _view(_linear_bias(bias, rows, weight), (*shape[:-1], weight._shape[0]))
    except AttributeError:
        need_tensors("linear", ("input", input), ("weight", weight), *((("bias", bias),) if bias is not None else ()))
        raise
    if bias is None:
        return matmul(input, t(weight))
    if len(weight._shape) == 1 and len(shape) == 2:
        raise RuntimeError("mat2 must be a matrix, got 1-D tensor")
    if len(shape) == 2 and len(weight._shape) == 2:
        return addmm(bias, input, t(weight))
    return matmul(input, t(weight)) + bias


composite(function=False, method=False, name="linear")(linear)


# ---------------------------------------------------------------------------------------------- bilinear
def _by_left(x: Array, weight: Array) -> Array:
    """``x[b, i] weight[o, i, j]``, summed over i."""
    o, i, j = weight.shape
    return kernels.mm(x, weight.swapaxes(0, 1).reshape(i, o * j)).reshape(len(x), o, j)


def _by_right(x: Array, weight: Array) -> Array:
    """``x[b, j] weight[o, i, j]``, summed over j."""
    o, i, j = weight.shape
    return kernels.mm(x, weight.reshape(o * i, j).T).reshape(len(x), o, i)


def _by_rows(g: Array, x: Array, y: Array) -> Array:
    """``g[b, o] x[b, i] y[b, j]``, summed over b."""
    both = (g[:, :, None] * x[:, None, :]).reshape(len(g), g.shape[1] * x.shape[1])
    return kernels.mm(both.T, y).reshape(g.shape[1], x.shape[1], y.shape[1])


# Sums over all letters that the result has not: as products of matrices, which NumPy's `einsum` does not make of them.
_CONTRACTIONS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "bi,oij,bj->bo": lambda x, w, y: np.matmul(_by_left(x, w), y[:, :, None])[:, :, 0],
    "bo,oij,bj->bi": lambda g, w, y: np.matmul(g[:, None], _by_right(y, w))[:, 0],
    "bo,bi,bj->oij": _by_rows,
    "bo,bi,oij->bj": lambda g, x, w: np.matmul(g[:, None], _by_left(x, w))[:, 0],
}


def _contracted(equation: str, *arrays: Array) -> Array:
    return narrow(_CONTRACTIONS[equation](*[widen(a) for a in arrays]), arrays[0].dtype)


in_formulas(_contracted, einsum, "contract")


@operation(name="_trilinear", node="TrilinearBackward0", aten="_trilinear", function=False, method=False, out=False,
           input1="contract('bo,oij,bj->bi', grad, weight, input2)",
           weight="contract('bo,bi,bj->oij', grad, input1, input2)",
           input2="contract('bo,bi,oij->bj', grad, input1, weight)")  # fmt: skip
def _trilinear(input1: Array, weight: Array, input2: Array) -> Array:
    """For each row and each matrix of `weight`, the product of a row, the matrix and the other row."""
    return _contracted("bi,oij,bj->bo", input1, weight, input2)


@composite(method=False)
@explained
def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """``input1 @ weight[o] @ input2 + bias[o]`` for each output o.

    Args:
        input1: ``(*, in1_features)``.
        input2: ``(*, in2_features)``, with the same leading dimensions.
        weight: ``(out_features, in1_features, in2_features)``.
        bias: ``(out_features,)``, if any.

    Returns:
        ``(*, out_features)``.

    Raises:
        RuntimeError: the shapes do not fit.
    """
    a, b, w = input1._shape, input2._shape, weight._shape
    if len(a) != len(b):
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {len(a)} and {len(b)}")
    for i, (m, n) in enumerate(zip(a[:-1], b[:-1])):
        if m != n:
            raise RuntimeError(f"bilinear(): input batch dimensions do not match at dim {i}: got {m} and {n}")
    for i, (x, n) in enumerate(((a, w[1]), (b, w[2]))):
        if x[-1] != n:
            raise RuntimeError(
                f"bilinear(): input{i + 1} size does not match weight size: got {x[-1]} but expected {n}"
            )
    if bias is not None and bias._shape[0] != w[0]:
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: got {bias._shape[0]} but expected {w[0]}"
        )
    result = reshape(_trilinear(reshape(input1, (-1, a[-1])), weight, reshape(input2, (-1, b[-1]))), (*a[:-1], w[0]))
    return result if bias is None else result + bias
