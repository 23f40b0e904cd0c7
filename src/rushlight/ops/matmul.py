"""Products of vectors, matrices and batches of matrices."""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import TensorBase, namespace
from ..kernels import matmul as kernels
from ..kernels.sparse import SparseArray, product
from .broadcasting import _expand
from .codegen import Variant, node_class
from .data import type_name
from .declare import REGISTRY, Array, composite, formula, in_formulas, operation
from .out import finish_out
from .overwrite import replace
from .view import _unsafe_view, _view, reshape, t, unsqueeze

in_formulas(lambda x: x.mT, lambda x: x.mT, "mT", aliasing=True)
in_formulas(kernels.column_sums, lambda grad: grad.sum(0), "column_sums")


def _tensors(function: str, *arguments: tuple[str, Any]) -> None:
    for i, (name, x) in enumerate(arguments):
        if not isinstance(x, TensorBase):
            raise TypeError(f"{function}(): argument '{name}' (position {i + 1}) must be Tensor, not {type_name(x)}")


def _same_dtype(a: Array, b: Array) -> None:
    if a.dtype != b.dtype:
        names = [dtypes.from_numpy(x.dtype).c_name for x in (a, b)]
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {names[0]} != {names[1]}")
    if a.dtype.char == "?":
        raise NotImplementedError("\"addmm_impl_cpu_\" not implemented for 'Bool'")


def _matrix_product(a: Array, b: Array) -> Array:
    if a.dtype is b.dtype and a.dtype.char in "fdFD" and a.ndim == 2 == b.ndim:
        try:
            return kernels.mm(a, b)
        except ValueError:
            pass
    if a.ndim != 2:
        raise RuntimeError("self must be a matrix")
    if b.ndim != 2:
        raise RuntimeError("mat2 must be a matrix")
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]})"
        )
    _same_dtype(a, b)
    return product(a, b) if isinstance(b, SparseArray) else kernels.mm(a, b)


# ---------------------------------------------------------------------------------------------- two vectors or matrices
@operation(kernel=_matrix_product, input="mm(grad, conj(mat2.T))", mat2="mm(conj(input.T), grad)",
           tangent="mm(input_t, mat2) + mm(input, mat2_t)")  # fmt: skip
def mm(input: Array, mat2: Array) -> Array:
    """The product of two matrices.

    Args:
        input: ``(n, m)``.
        mat2: ``(m, p)``, of the same dtype.

    Returns:
        ``(n, p)``.

    Raises:
        RuntimeError: an argument is no matrix, or the shapes or dtypes do not fit.
    """


def _vector_product(a: Array, b: Array) -> Any:
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    if a.dtype != b.dtype:
        names = dtypes.from_numpy(a.dtype).scalar_name, dtypes.from_numpy(b.dtype).scalar_name
        raise RuntimeError(f"dot : expected both vectors to have same dtype, but found {names[0]} and {names[1]}")
    if a.shape != b.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a.size}] and src [{b.size}] to have the same number of "
            f"elements, but got {a.size} and {b.size} elements respectively"
        )
    if a.dtype.char == "?":
        raise NotImplementedError("\"dot\" not implemented for 'Bool'")
    return kernels.dot(a, b)


@operation(kernel=_vector_product, input="grad * conj(tensor)", tensor="grad * conj(input)",
           tangent="dot(input_t, tensor) + dot(input, tensor_t)")  # fmt: skip
def dot(input: Array, tensor: Array) -> Array:
    """The sum of the products of corresponding elements of two vectors of one dtype.

    Raises:
        RuntimeError: an argument is no vector, or lengths or dtypes differ.
    """


@operation(kernel=lambda a, b: _vector_product(np.conjugate(a), b), input="conj(grad) * other", other="grad * input",
           tangent="vdot(input_t, other) + vdot(input, other_t)")  # fmt: skip
def vdot(input: Array, other: Array) -> Array:
    """As `dot`, with the complex conjugates of the first vector's elements."""


def _matrix_vector(a: Array, b: Array) -> Array:
    if a.ndim != 2 or b.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {a.ndim}, {b.ndim}")
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({a.shape[0]}), mat ({a.shape[0]}x{a.shape[1]}), vec ({b.shape[0]})"
        )
    if a.dtype != b.dtype:
        names = dtypes.from_numpy(a.dtype).scalar_name, dtypes.from_numpy(b.dtype).scalar_name
        raise RuntimeError(
            f"addmv input tensors must have the same dtype, but got {names[1]}, {names[0]}, and {names[1]}"
        )
    if a.dtype.char == "?":
        raise NotImplementedError("\"addmv_impl_cpu\" not implemented for 'Bool'")
    return kernels.mm(a, b)


@operation(kernel=_matrix_vector, input="outer_product(grad, conj(vec))", vec="mv(conj(input.T), grad)",
           tangent="mv(input_t, vec) + mv(input, vec_t)")  # fmt: skip
def mv(input: Array, vec: Array) -> Array:
    """The product of a matrix and a vector of one dtype.

    Raises:
        RuntimeError: the arguments are no matrix and vector, or the shapes or dtypes do not fit.
    """


in_formulas(kernels.outer, lambda a, b: a.unsqueeze(1) * b, "outer_product")


def _batch_product(a: Array, b: Array) -> Array:
    if a.ndim != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if b.ndim != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a.shape[0]}, {a.shape[2]}] but got: "
            f"[{b.shape[0]}, {b.shape[1]}]."
        )
    if a.dtype != b.dtype:
        names = dtypes.from_numpy(a.dtype).scalar_name, dtypes.from_numpy(b.dtype).scalar_name
        raise RuntimeError(f"expected scalar type {names[0]} but found {names[1]}")
    return kernels.bmm(a, b)


@operation(kernel=_batch_product, input="bmm(grad, conj(mat2.mT))", mat2="bmm(conj(input.mT), grad)",
           tangent="bmm(input_t, mat2) + bmm(input, mat2_t)")  # fmt: skip
def bmm(input: Array, mat2: Array) -> Array:
    """The products of corresponding matrices of two batches, ``(b, n, m)`` and ``(b, m, p)``, of one dtype.

    Raises:
        RuntimeError: an argument is no batch of matrices, or the shapes or dtypes do not fit.
    """


# ---------------------------------------------------------------------------------------------- matmul
@composite(raw=np.matmul)
def matmul(input: Any, other: Any, *, out: Any = None) -> Any:
    """The product of vectors, matrices or batches of matrices, by their numbers of dimensions.

    Two vectors give their dot product; a vector stands for a row on the left and a column on the right; the leading
    dimensions of batches broadcast.

    Args:
        input: the left factor.
        other: the right factor, of the same dtype.
        out: the tensor to write to.

    Raises:
        RuntimeError: a factor has no dimensions, or shapes or dtypes do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.matmul.html
    """
    try:
        a, b = len(input._shape), len(other._shape)
    except AttributeError:
        _tensors("matmul", ("input", input), ("other", other))
        raise
    if a == 2 and b == 2:
        result = mm(input, other)
    elif a == 1 and b == 1:
        result = dot(input, other)
    elif a == 2 and b == 1:
        result = mv(input, other)
    elif a == 1 and b == 2:
        result = _squeeze_at(mm(unsqueeze(input, 0), other), 0)
    elif a and b:
        result = _matmul_batched(input, other)
    else:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {a}D and {b}D")
    return result if out is None else finish_out(out, result, "matmul")


@operation(name="_squeeze_at", aten="squeeze_", node="SqueezeBackward4", function=False, method=False,
           input="unsqueeze(grad, dim)", tangent="linear", out=False)  # fmt: skip
def _squeeze_at(input: Array, dim: int) -> Array:
    """Without a dimension of size 1, on the same memory."""
    return input.squeeze(dim)


def _matmul_batched(a: Any, b: Any) -> Any:
    left, right = len(a._shape), len(b._shape)
    if (a._node is None and b._node is None) and mode.local.dual is None and left > 1 < right and a._dtype is b._dtype:
        if a._shape[-1] == b._shape[-2]:
            _broadcast(a._shape[:-2], b._shape[:-2])
            return _matmul_plain(a, b)
    if _folds(a, b):
        larger = left >= right
        t1 = a if larger else (b.mT if right > 1 else b)
        t2 = b if larger else (t(a) if left == 2 else a)
        rows = (_count(t1._shape[:-1]), t1._shape[-1])
        folded = _view(t1, rows) if t1._data.flags.c_contiguous else reshape(t1, rows)
        if len(t2._shape) == 2:
            result = _unsafe_view(mm(folded, t2), (*t1._shape[:-1], t2._shape[1]))
            return result if larger else result.mT.contiguous()
        return _unsafe_view(mv(folded, t2), t1._shape[:-1])
    x = unsqueeze(a, 0) if left == 1 else a
    y = unsqueeze(b, 1) if right == 1 else b
    lead = _broadcast(x._shape[:-2], y._shape[:-2])
    (n, m), (k, p) = x._shape[-2:], y._shape[-2:]
    count = _count(lead)
    x = reshape(_expand(x, (*lead, n, m)), (count, n, m))
    y = reshape(_expand(y, (*lead, k, p)), (count, k, p))
    shape = (*lead, *((n,) if left > 1 else ()), *((p,) if right > 1 else ()))
    return _unsafe_view(bmm(x, y), shape)


@operation(name="_matmul_plain", aten="matmul", function=False, method=False, out=False, kernel=kernels.bmm)
def _matmul_plain(input: Array, other: Array) -> Array:
    """The products of batches of matrices that need no gradient."""


def _count(shape: tuple[int, ...]) -> int:
    n = 1
    for s in shape:
        n *= s
    return n


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    if a == b:
        return a
    from .elementwise_general import broadcast_shapes

    return broadcast_shapes(a, b)


def _folds(a: Any, b: Any) -> bool:
    """Whether a batch times a matrix or vector is one product of matrices, as PyTorch decides it."""
    larger = len(a._shape) >= len(b._shape)
    t1, t2 = (a, b) if larger else (b, a)
    if len(t1._shape) < 3 or len(t2._shape) > 2:
        return False
    if t2._node is not None:
        return True
    if len(a._shape) == 2:
        return False
    data = t1._data if larger else t1._data.swapaxes(-1, -2)
    if not data.size:
        return True
    strides, shape = data.strides, data.shape
    return all(strides[i] == strides[i + 1] * shape[i + 1] for i in range(data.ndim - 2))


@composite(function=False)
def __matmul__(self: Any, other: Any) -> Any:
    if not isinstance(other, TensorBase):
        return NotImplemented
    return mm(self, other) if len(self._shape) == 2 and len(other._shape) == 2 else matmul(self, other)


@composite(function=False)
def __rmatmul__(self: Any, other: Any) -> Any:
    return matmul(other, self) if isinstance(other, TensorBase) else NotImplemented


# ---------------------------------------------------------------------------------------------- linear
def _linear_kernel(bias: Array, x: Array, weight: Array) -> Array:
    if x.dtype is weight.dtype and x.dtype is bias.dtype:
        try:
            return kernels.linear(x, weight, bias)
        except ValueError:
            pass
    _same_dtypes(bias, x, weight)
    _matrix_product(x, weight.T)
    raise _not_expandable(bias.shape, (x.shape[0], weight.shape[0]))


def _same_dtypes(added: Array, mat1: Array, mat2: Array) -> None:
    for name, m in (("self", added), ("mat1", mat1)):
        if m.dtype != mat2.dtype:
            names = [dtypes.from_numpy(d).scalar_name for d in (m.dtype, mat2.dtype)]
            raise RuntimeError(f"{name} and mat2 must have the same dtype, but got {names[0]} and {names[1]}")


def _not_expandable(shape: tuple[int, ...], target: tuple[int, ...]) -> RuntimeError:
    lead = len(target) - len(shape)
    if lead < 0:
        return RuntimeError(
            f"expand(torch.FloatTensor{{{list(shape)}}}, size={list(target)}): the number of sizes provided "
            f"({len(target)}) must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    at = max(i for i in range(len(shape)) if shape[i] not in (1, target[lead + i]))
    return RuntimeError(
        f"The expanded size of the tensor ({target[lead + at]}) must match the existing size ({shape[at]}) at "
        f"non-singleton dimension {lead + at}.  Target sizes: {list(target)}.  Tensor sizes: {list(shape)}"
    )


@operation(name="_linear_bias", node="AddmmBackward0", aten="addmm", function=False, method=False, out=False,
           kernel=_linear_kernel, bias="column_sums(grad)", input="mm(grad, conj(weight))",
           weight="mm(grad.T, conj(input))",
           tangent="mm(input_t, weight.T) + mm(input, weight_t.T) + bias_t")  # fmt: skip
def _linear_bias(bias: Array, input: Array, weight: Array) -> Array:
    """``input @ weight.T + bias`` for a matrix and a vector `bias`, as one operation."""


@operation(name="_linear", node="MmBackward0", aten="mm", function=False, method=False, out=False,
           kernel=lambda x, weight: _matrix_product(x, weight.T), input="mm(grad, conj(weight))",
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


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """``input @ weight.T + bias``, the affine map of a layer.

    Args:
        input: ``(*, in_features)``.
        weight: ``(out_features, in_features)`` or ``(in_features,)``.
        bias: ``(out_features,)`` or ``()``, if any.

    Returns:
        ``(*, out_features)``, or ``(*)`` for a weight of one dimension.

    Raises:
        RuntimeError: shapes or dtypes do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
    """
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
                    rows = _view(input, (_count(shape[:-1]), shape[-1]))
                    return _view(_linear_bias(bias, rows, weight), (*shape[:-1], weight._shape[0]))
    except AttributeError:
        _tensors("linear", ("input", input), ("weight", weight), *((("bias", bias),) if bias is not None else ()))
        raise
    if bias is None:
        return matmul(input, t(weight))
    if len(weight._shape) == 1 and len(shape) == 2:
        raise RuntimeError("mat2 must be a matrix, got 1-D tensor")
    if len(shape) == 2 and len(weight._shape) == 2:
        return addmm(bias, input, t(weight))
    return matmul(input, t(weight)) + bias


composite(function=False, method=False, name="linear")(linear)


# ---------------------------------------------------------------------------------------------- products and sums
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
    if lead < 0 or any(n not in (1, m) for n, m in zip(input.shape, product.shape[lead:])):
        raise _not_expandable(input.shape, product.shape)
    return product + (input if beta == 1 else input * np.asarray(beta, input.dtype))


_ADDED = "fit_like(grad if beta == 1 else grad * conj_of(beta), shape(input))"
in_formulas(lambda x: np.conj(x).item(), lambda x: np.conj(x).item(), "conj_of")


@formula(aliasing=True)
def scaled(x: Any, alpha: Any) -> Any:
    """`x` times the conjugate of a number, which is usually 1."""
    return x if alpha == 1 else x * conj_of(alpha)  # type: ignore[name-defined]  # noqa: F821


@operation(name="_addmm", node="AddmmBackward0", aten="addmm", function=False, method=False, out=False, input=_ADDED,
           mat1="scaled(mm(grad, conj(mat2.T)), alpha)", mat2="scaled(mm(conj(mat1.T), grad), alpha)")  # fmt: skip
def _addmm(input: Array, mat1: Array, mat2: Array, beta: Any, alpha: Any) -> Array:
    """``beta * input + alpha * (mat1 @ mat2)``."""
    for name, m in (("mat1", mat1), ("mat2", mat2)):
        if m.ndim != 2:
            raise RuntimeError(f"{name} must be a matrix, got {m.ndim}-D tensor")
    _same_dtypes(input, mat1, mat2)
    return _plus(input, _matrix_product(mat1, mat2), beta, alpha)


@operation(name="_addmv", node="AddmvBackward0", aten="addmv", function=False, method=False, out=False, input=_ADDED,
           mat="scaled(outer_product(grad, conj(vec)), alpha)", vec="scaled(mv(conj(mat.T), grad), alpha)")  # fmt: skip
def _addmv(input: Array, mat: Array, vec: Array, beta: Any, alpha: Any) -> Array:
    """``beta * input + alpha * (mat @ vec)``."""
    if not input.dtype == mat.dtype == vec.dtype:
        names = [dtypes.from_numpy(x.dtype).scalar_name for x in (input, mat, vec)]
        raise RuntimeError(
            f"addmv input tensors must have the same dtype, but got {names[0]}, {names[1]}, and {names[2]}"
        )
    return _plus(input, _matrix_vector(mat, vec), beta, alpha)


@operation(name="_addr", node="AddrBackward0", aten="addr", function=False, method=False, out=False, input=_ADDED,
           vec1="scaled(mv(grad, conj(vec2)), alpha)", vec2="scaled(mv(grad.T, conj(vec1)), alpha)")  # fmt: skip
def _addr(input: Array, vec1: Array, vec2: Array, beta: Any, alpha: Any) -> Array:
    """``beta * input + alpha * outer(vec1, vec2)``."""
    if vec1.ndim != 1 or vec2.ndim != 1:
        name, v = ("vec1", vec1) if vec1.ndim != 1 else ("vec2", vec2)
        raise RuntimeError(f"addr: Expected 1-D argument {name}, but got {v.ndim}-D")
    return _plus(input, kernels.outer(vec1, vec2), beta, alpha)


@operation(name="_baddbmm", node="BaddbmmBackward0", aten="baddbmm", function=False, method=False, out=False,
           input=_ADDED, batch1="scaled(bmm(grad, conj(batch2.mT)), alpha)",
           batch2="scaled(bmm(conj(batch1.mT), grad), alpha)")  # fmt: skip
def _baddbmm(input: Array, batch1: Array, batch2: Array, beta: Any, alpha: Any) -> Array:
    """``beta * input + alpha * (batch1 @ batch2)`` for batches."""
    if not input.dtype == batch1.dtype == batch2.dtype:
        names = [dtypes.from_numpy(x.dtype).c_name for x in (input, batch1, batch2)]
        raise RuntimeError(
            f"Input dtypes must be the same, got: input {names[0]}, batch1: {names[1]}, batch2: {names[2]}"
        )
    return _plus(input, _batch_product(batch1, batch2), beta, alpha)


@operation(name="_addbmm", node="AddbmmBackward0", aten="addbmm", function=False, method=False, out=False, input=_ADDED,
           batch1="scaled(bmm(repeated(grad, shape(batch1)), conj(batch2.mT)), alpha)",
           batch2="scaled(bmm(conj(batch1.mT), repeated(grad, shape(batch2))), alpha)")  # fmt: skip
def _addbmm(input: Array, batch1: Array, batch2: Array, beta: Any, alpha: Any) -> Array:
    """``beta * input + alpha * sum(batch1 @ batch2)`` over the batch."""
    _same_dtypes(input, batch1, batch2)
    # One after the other, because each addition rounds.
    for i, term in enumerate(_batch_product(batch1, batch2)):
        input = _plus(input, term, 1 if i else beta, alpha)
    return input


in_formulas(
    lambda grad, shape: np.broadcast_to(grad, (shape[0], *grad.shape)),
    lambda grad, shape: grad.expand((shape[0], *grad._shape)),
    "repeated",
    aliasing=True,
)


def _adding(name: str, operation: Any, first: str, second: str, text: str) -> Any:
    def function(input: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1, out: Any = None) -> Any:
        _tensors(name, ("input", input), (first, a), (second, b))
        if name not in ("addmv", "addbmm", "baddbmm"):
            _scalars(name, input, beta, alpha)
        return finish_out(out, operation(input, a, b, beta, alpha), name)

    code = function.__code__.replace(
        co_varnames=tuple({"a": first, "b": second}.get(n, n) for n in function.__code__.co_varnames), co_name=name
    )
    function.__code__ = code
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text

    def inplace(input: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
        _tensors(name, ("input", input), (first, a), (second, b))
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


# ---------------------------------------------------------------------------------------------- bilinear
in_formulas(
    lambda equation, *arrays: np.einsum(equation, *arrays, optimize=True),
    lambda equation, *tensors: _einsum()(equation, *tensors),
    "contract",
)


def _einsum() -> Any:
    """The function `einsum`, which is declared after this file."""
    from .contraction import einsum

    return einsum


@operation(name="_trilinear", node="TrilinearBackward0", aten="_trilinear", function=False, method=False, out=False,
           input1="contract('bo,oij,bj->bi', grad, weight, input2)",
           weight="contract('bo,bi,bj->oij', grad, input1, input2)",
           input2="contract('bo,bi,oij->bj', grad, input1, weight)")  # fmt: skip
def _trilinear(input1: Array, weight: Array, input2: Array) -> Array:
    """For each row and each matrix of `weight`, the product of a row, the matrix and the other row."""
    return np.einsum("bi,oij,bj->bo", input1, weight, input2, optimize=True)


@composite(method=False)
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
