"""Matrices of partial derivatives for `gradcheck`: by central differences, by backward and in forward mode.

Each is laid out with a row for every element of the input and a column for every element of the output. For a complex
input the derivative is ``df/dx + i df/dy``, which is what PyTorch calls the gradient; complex outputs are left to the
caller, who takes them apart.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from .. import dtypes
from ..base import TensorBase, tensor_names
from . import forward_ad
from .api import grad

Function = Callable[..., Any]


def as_tuple(x: Any) -> tuple[Any, ...]:
    """Tuples and lists as tuples, anything else as the tuple of it."""
    return tuple(x) if isinstance(x, (tuple, list)) else (x,)


def is_number(x: Any) -> bool:
    """Whether `x` is a tensor of floating-point or complex numbers."""
    return isinstance(x, TensorBase) and x._dtype.category >= dtypes.FLOATING


def needs_gradient(x: Any) -> bool:
    """Whether `x` is a tensor that requires a gradient."""
    return isinstance(x, TensorBase) and x._node is not None


def needing(inputs: Sequence[Any]) -> list[Any]:
    """The tensors among the inputs that require a gradient."""
    return [x for x in inputs if needs_gradient(x)]


def differentiable(outputs: Any) -> tuple[Any, ...]:
    """The outputs that require a gradient; all must be tensors."""
    return tuple([o for o in as_tuple(outputs) if o.requires_grad])


def numbers(outputs: Any) -> list[Any]:
    """The outputs that are tensors of floating-point or complex numbers."""
    return [o for o in as_tuple(outputs) if is_number(o)]


def indices(shape: Sequence[int]) -> Any:
    """The positions in a tensor of that shape, in order."""
    return itertools.product(*[range(n) for n in shape])


# ---------------------------------------------------------------------------------------------- by differences
def _slope(low: Any, high: Any, eps: float, at: Any) -> Any:
    where = "" if at is None else f"on index {at} "
    for what, of in (("shape", "shapes"), ("dtype", "dtypes")):
        one, other = getattr(low, what), getattr(high, what)
        if one != other:
            raise AssertionError(
                f"Expected `func` to return outputs with the same {what} when inputs are perturbed {where}by {eps}, "
                f"but got: {of} {one} and {other}."
            )
    return ((high - low) / (2 * eps)).detach().reshape(-1)


def slopes(
    func: Function, inputs: Sequence[Any], part: Any, steps: Sequence[Any], eps: float, forward: bool, at: Any = None
) -> list[Any]:
    """The derivatives of all outputs along a direction, by central differences.

    Args:
        func: the function.
        inputs: its arguments.
        part: the part of an input that is moved, a tensor on the same memory without history.
        steps: what is added to and taken from it: one step, or one along the real and one along the imaginary axis.
        eps: the length of the steps.
        forward: whether outputs may be complex though the input is real.
        at: the position of `part` in the input, for messages.

    Returns:
        For each output a tensor of one dimension.

    Raises:
        AssertionError: a quotient that has to be real is complex.
    """
    found = []
    for step in steps:
        before = part.clone()
        part.copy_(before - step)
        low = [o.clone() for o in as_tuple(func(*inputs))]
        part.copy_(before + step)
        high = [o.clone() for o in as_tuple(func(*inputs))]
        part.copy_(before)
        found.append([_slope(a, b, eps, at) for a, b in zip(low, high, strict=True)])
    if len(found) == 1:
        for slope in found[0]:
            if slope.is_complex() and not forward:
                raise AssertionError("Expected ds_dx to be real-valued, not complex.")
        return found[0]
    for slope in found[0]:
        if slope.is_complex():
            raise AssertionError("Expected ds_dx to be real-valued, not complex")
    return [along + across * 1j for along, across in zip(*found, strict=True)]


def numerical(
    func: Function, inputs: Sequence[Any], index: int, outputs: Any, eps: float, forward: bool = False, of: Any = None,
    masked: bool = False,
) -> list[Any]:  # fmt: skip
    """For each output of numbers, the matrix of its derivatives by one input.

    Args:
        func: the function.
        inputs: its arguments.
        index: which of them.
        outputs: what the function returns for them.
        eps: the step.
        forward: whether complex outputs are allowed.
        of: the tensor to move, where it is not that argument itself.
        masked: whether only the entries of a sparse input are moved, not its zeros.
    """
    x = inputs[index] if of is None else of
    if x.is_sparse:
        return _numerical_sparse(func, inputs, index, outputs, eps, masked)
    is_complex = x.is_complex()
    like = numbers(outputs)
    made = [o.new_zeros((x.numel(), o.numel()), dtype=x.dtype if is_complex else o.dtype) for o in like]
    data = x.data
    kept = [is_number(o) for o in as_tuple(outputs)]
    for row, at in enumerate(indices(x.shape)):
        found = slopes(func, inputs, data[at], (eps, eps * 1j) if is_complex else (eps,), eps, forward, at)
        for matrix, values in zip(made, itertools.compress(found, kept), strict=True):
            matrix[row] = values
    return made


def _numerical_sparse(
    func: Function, inputs: Sequence[Any], index: int, outputs: Any, eps: float, masked: bool
) -> list[Any]:
    """The same for a sparse input: its entries are moved, and, unless `masked`, its zeros as well."""
    x = inputs[index].detach().coalesce()
    if not masked:
        everywhere = tensor_names["ones"](x.shape, dtype=x.dtype).to_sparse(x.sparse_dim())
        x = x.sparse_mask(everywhere)
    x = x.clone().requires_grad_(inputs[index].requires_grad)
    arguments = [*inputs[:index], x, *inputs[index + 1 :]]
    values = x._values().reshape(-1)
    inside = values.numel() // max(x._nnz(), 1)
    steps = (eps, eps * 1j) if x.is_complex() else (eps,)
    like, kept = numbers(outputs), [is_number(o) for o in as_tuple(outputs)]
    made = [o.new_zeros((x.numel(), o.numel()), dtype=x.dtype if x.is_complex() else o.dtype) for o in like]
    places = x._data.keys().tolist()
    for i in range(values.numel()):
        found = slopes(func, arguments, values[i], steps, eps, False, None)
        for matrix, slope in zip(made, itertools.compress(found, kept), strict=True):
            matrix[places[i // inside] * inside + i % inside] = slope
    return made


# ---------------------------------------------------------------------------------------------- by backward
def backward_columns(output: Any, inputs: Sequence[Any], seeds: Any) -> tuple[list[Any], bool, bool]:
    """The gradients of one output for several seeds.

    Returns:
        For each input the matrix whose columns are its gradients; whether the gradients had the inputs' dtypes; and
        whether they had their shapes.

    Raises:
        AssertionError: a column has not as many elements as the input.
    """
    columns: list[list[Any]] = [[] for _ in inputs]
    for seed in seeds:
        for found, g in zip(
            columns, grad(output, inputs, seed, retain_graph=True, allow_unused=True), strict=True
        ):  # fmt: skip
            found.append(None if g is None else g.to_dense().clone())
    matrices = []
    types_right = sizes_right = True
    for x, gradients in zip(inputs, columns, strict=True):
        matrix = tensor_names["zeros"]((x.numel(), len(gradients)), dtype=x.dtype)
        for j, g in enumerate(gradients):
            if g is None:
                continue
            if g.shape != x.shape:
                sizes_right = False
            elif g.dtype != x.dtype:
                types_right = False
            if g.numel() != x.numel():
                raise AssertionError(f"Expected out_jacobian column to have {g.numel()} elements, but got {x.numel()}")
            matrix[:, j] = g.reshape(-1)
        matrices.append(matrix)
    return matrices, types_right, sizes_right


def one_hot(output: Any) -> Any:
    """For each element of an output, a seed that is one there and zero elsewhere."""
    for at in indices(output.shape):
        seed = tensor_names["zeros_like"](output.detach()).contiguous()
        seed[at] = 1.0
        yield seed


# ---------------------------------------------------------------------------------------------- in forward mode
def forward_jacobians(
    func: Function, inputs: Sequence[Any], outputs: Any, directions: Sequence[Any] | None = None,
    on_mismatch: Callable[[], Exception] | None = None,
) -> list[list[Any]]:  # fmt: skip
    """For each input that requires a gradient and each output, the derivatives from tangents.

    Args:
        func: the function.
        inputs: its arguments.
        outputs: what it returns for them.
        directions: one direction for each input, for the derivatives along it; else the whole matrices are made.
        on_mismatch: makes the error for a tangent that is complex where the output is real, or the reverse.

    Raises:
        ValueError: an input is complex.
    """
    if any(x.is_complex() for x in needing(inputs)):
        raise ValueError("Expected inputs to be non-complex for _get_analytical_jacobian_forward_ad.")
    like = numbers(outputs)
    found = []
    with forward_ad.dual_level():
        arguments, tangents = duals(inputs)

        def row() -> list[Any]:
            made = []
            for d in numbers(func(*arguments)):
                value, tangent = forward_ad.unpack_dual(d)
                if on_mismatch is not None and tangent is not None and value.is_complex() != tangent.is_complex():
                    raise on_mismatch()
                made.append(None if tangent is None else tangent.detach().reshape(-1).clone())
            return made

        for i, tangent in enumerate(tangents):
            rows = []
            if directions is not None:
                tangent.copy_(directions[i].view_as(tangent))
                rows.append(row())
                tangent.zero_()
            else:
                for at in indices(tangent.shape):
                    tangent[at] = 1.0
                    rows.append(row())
                    tangent[at] = 0.0
            matrices = []
            for j, o in enumerate(like):
                matrix = o.detach().new_zeros((len(rows), o.numel()))
                for k, values in enumerate(rows):
                    if values[j] is not None:
                        matrix[k] = values[j]
                matrices.append(matrix if directions is None else matrix[0])
            found.append(matrices)
    return found


def duals(inputs: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The inputs as dual tensors, where they require a gradient, and their tangents, which are zeros."""
    arguments, tangents = [], []
    for x in inputs:
        if needs_gradient(x):
            x = forward_ad.make_dual(x.detach(), tensor_names["zeros_like"](x.detach()))
            tangents.append(forward_ad.unpack_dual(x).tangent)
        arguments.append(x)
    return arguments, tangents
