"""`gradcheck` and `gradgradcheck`: derivatives against finite differences.

For a function from R^n to R^m both compare, for each pair of input and output, the n x m matrix of partial derivatives:
once by central differences, once from backward with one-hot gradients, or from forward mode with one-hot tangents. In
fast mode only the product of the matrix with a random vector on each side is compared, at the cost of a few runs.

For complex inputs the derivative compared is ``df/dx + i df/dy``, which is what PyTorch calls the gradient. Complex
outputs are compared in two runs, by their imaginary and by their real part; so are complex inputs in forward mode.

Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html
"""

import sys
import types
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .. import dtypes
from ..base import TensorBase, tensor_names
from . import forward_ad
from .api import grad
from .function import Function
from .gradcheck_comparison import Comparison, compare_backward, compare_forward, directions
from .gradcheck_messages import BATCHED, BATCHED_FORWARD, UNDEFINED_NOTES, GradcheckError
from .jacobians import (
    as_tuple,
    backward_columns,
    differentiable,
    duals,
    needing,
    needs_gradient,
    numbers,
    numerical,
    one_hot,
)

__all__ = [
    "GradcheckError",
    "get_analytical_jacobian",
    "get_numerical_jacobian",
    "get_numerical_jacobian_wrt_specific_input",
    "gradcheck",
    "gradgradcheck",
]


# ---------------------------------------------------------------------------------------------- before
def _check_inputs(inputs: tuple[Any, ...]) -> None:
    if not needing(inputs):
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    for i, x in enumerate(inputs):
        if not needs_gradient(x):
            continue
        if x._dtype not in (dtypes.float64, dtypes.complex128):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This check "
                "will likely fail if all the inputs are not of double precision floating point or complex. ",
                stacklevel=4,
            )
        if not x.is_sparse and any(s <= 0 and n > 1 for s, n in zip(x.stride(), x.shape, strict=True)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                "non-overlapping to be able to compute the numerical gradients correctly. You should call .contiguous "
                "on the input before passing it to gradcheck."
            )


def _check_outputs(outputs: Any) -> None:
    if any(isinstance(o, TensorBase) and o.is_sparse for o in as_tuple(outputs)):  # type: ignore[attr-defined]
        raise ValueError(
            "Sparse output is not supported at gradcheck yet. Please call to_dense(masked_grad=...) on the output of "
            "fn for gradcheck."
        )


# ---------------------------------------------------------------------------------------------- undefined, and batches
def _check_undefined_tangents(func: Callable[..., Any], inputs: Sequence[Any]) -> None:
    """An input without tangent must give the same as one whose tangent is zero.

    Raises:
        GradcheckError: it does not.
    """
    along, _ = directions(inputs, ())
    with forward_ad.dual_level():
        arguments, tangents = duals(inputs)
        for tangent, u in zip(tangents, along, strict=True):
            tangent.copy_(u[0].view_as(tangent))
        for i, x in enumerate(inputs):
            if not needs_gradient(x):
                continue
            given = arguments[i]
            arguments[i] = forward_ad.make_dual(x.detach(), tensor_names["zeros_like"](x.detach()))
            with_zeros = numbers(func(*arguments))
            arguments[i] = x.detach()
            without = numbers(func(*arguments))
            arguments[i] = given
            for j, (one, other) in enumerate(zip(with_zeros, without, strict=True)):
                a, b = forward_ad.unpack_dual(one).tangent, forward_ad.unpack_dual(other).tangent
                if a is not None and b is not None and not tensor_names["allclose"](a, b):
                    raise GradcheckError(
                        "Mismatch in tangent values for output with index: ", j, " when input: ", x,
                        " has an undefined tangent value. ", " Got: ", a, " but expected: ", b,
                    )  # fmt: skip


class _Undefined(Function):
    """The identity, which takes the gradient away."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """The tensor itself."""
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        """No gradient."""
        return None


def _check_undefined_gradients(func: Callable[..., Any], inputs: Sequence[Any]) -> None:
    """Backward must bear undefined gradients, and give undefined or zero ones where all are undefined or zero.

    Raises:
        GradcheckError: it does not.
    """
    tensors = needing(inputs)
    outputs = differentiable(func(*inputs))
    trials = [[_Undefined.apply(o) for o in outputs]]
    if len(outputs) > 1:
        for i in range(len(outputs)):
            trials.append([_Undefined.apply(o) if i == j else o for j, o in enumerate(differentiable(func(*inputs)))])
    # From several roots, the engine follows undefined gradients to the end: hooks and functions may see them.
    other = tensor_names["zeros"](1, requires_grad=True) * 1
    for trial in trials:
        try:
            seeds = [_zeros(o) for o in (*trial, other)]
            found = grad((*trial, other), tensors, seeds, retain_graph=True, allow_unused=True)
        except RuntimeError as error:
            _warn_of_undefined()
            raise GradcheckError(
                f"Expected backward function to handle undefined output grads. {UNDEFINED_NOTES}"
            ) from error
        if any(g is not None and not bool((g.to_dense() == 0).all()) for g in found):
            _warn_of_undefined()
            raise GradcheckError(
                "Expected all input grads to be undefined or zero when all output grads are undefined or zero. "
                + UNDEFINED_NOTES
            )


def _warn_of_undefined() -> None:
    warnings.warn(
        "Backwards compatibility: New undefined gradient support checking feature is enabled by default, but it may "
        "break existing callers of this function. If this is true for you, you can call this function with "
        '"check_undefined_grad=False" to disable the feature',
        stacklevel=2,
    )


def _zeros(t: Any) -> Any:
    return tensor_names["zeros_like"](t.detach()).contiguous()


def _check_scaled_by_gradient(outputs: tuple[Any, ...], inputs: Sequence[Any], masked: bool) -> None:
    """Backward with zero gradients must give zero gradients, of the right kind.

    Raises:
        GradcheckError: it does not.
    """
    tensors = needing(inputs)
    found = grad(outputs, tensors, [_zeros(o) for o in outputs], allow_unused=True) if outputs else ()
    for g, x in zip(found, tensors, strict=bool(outputs)):
        if g is None:
            continue
        whole = g.to_dense()
        if not (bool(tensor_names["allclose"](whole, _zeros(whole))) if masked else bool((whole == 0).all())):
            raise GradcheckError("backward not multiplied by grad_output")
        if g.dtype != x.dtype:
            raise GradcheckError("grad is incorrect type")
        if g.shape != x.shape:
            raise GradcheckError("grad is incorrect size")


def _compare_batch(expected: Any, batch: Callable[[], Any], text: str, output: int | None) -> None:
    """Compares results that were computed one by one with those of a batch.

    Args:
        expected: the results one by one.
        batch: computes those of the batch.
        text: the message about a failure.
        output: which output the gradients belong to, or None for tangents.

    Raises:
        GradcheckError: they differ, or the latter fail.
    """
    try:
        found = batch()
    except RuntimeError as error:
        raise GradcheckError(f"While computing batched gradients, got: {error}\n\n{text}") from error
    for i, (a, b) in enumerate(zip(found, expected, strict=True)):
        if not tensor_names["allclose"](a, b):
            shown = f"For output {i if output is None else output} and input {i}:\n\n{text}\n\n"
            raise GradcheckError(f"{shown}Got:\n{a}\n\nExpected:\n{b}")


def _check_batched_tangents(func: Callable[..., Any], inputs: tuple[Any, ...]) -> None:
    """Two runs, and one run of both at once: as tangents are linear, of their sum."""
    for i, x in enumerate(inputs):
        if not needs_gradient(x):
            continue

        def run(tangent: Any, i: int = i, x: Any = x) -> list[Any]:
            with forward_ad.dual_level():
                arguments = [y.detach() if isinstance(y, TensorBase) else y for y in inputs]  # type: ignore[attr-defined]
                arguments[i] = forward_ad.make_dual(x.detach(), tangent)
                found = [forward_ad.unpack_dual(o) for o in as_tuple(func(*arguments)) if o is not None]
                return [_zeros(p) if t is None else t for p, t in found]

        one, other = (tensor_names["randn_like"](x.detach()) for _ in range(2))
        expected = [a + b for a, b in zip(run(one), run(other), strict=True)]
        _compare_batch(expected, partial(run, one + other), BATCHED_FORWARD, None)


def _check_batched_gradients(output: Any, index: int, inputs: Sequence[Any]) -> None:
    tensors = needing(inputs)
    seeds = tensor_names["stack"]([tensor_names["randn_like"](output.detach()) for _ in range(2)])

    def run(seed: Any, batched: bool) -> list[Any]:
        found = grad(output, tensors, seed, retain_graph=True, allow_unused=True, is_grads_batched=batched)
        like = [x.detach().expand(2, *x.shape) if batched else x for x in tensors]
        return [_zeros(x) if g is None else g for g, x in zip(found, like, strict=True)]

    expected = [tensor_names["stack"](list(g)) for g in zip(*[run(s, False) for s in seeds], strict=True)]
    _compare_batch(expected, lambda: run(seeds, True), BATCHED, index)


# ---------------------------------------------------------------------------------------------- what users call
def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Checks the gradients of `func` at `inputs` against finite differences.

    Args:
        func: takes tensors, returns a tensor or a tuple of them.
        inputs: a tensor or a tuple; those of float64 or complex128 that require a gradient are checked.
        eps: the step of the differences.
        atol: how far derivatives may be apart, absolutely.
        rtol: and relatively.
        raise_exception: whether to raise where they disagree; else False is returned.
        nondet_tol: how far two runs of backward may be apart.
        check_undefined_grad: whether to try backward with some outputs' gradients undefined.
        check_grad_dtypes: whether gradients must have the dtype of their inputs.
        check_batched_grad: whether gradients of two seeds at once must be those of each.
        check_batched_forward_grad: the same of tangents.
        check_forward_ad: whether to check forward mode.
        check_backward_ad: whether to check backward.
        fast_mode: whether to compare the Jacobians in one random direction only, which takes a few runs of `func`.
        masked: whether gradients of zeros may be zero up to rounding; matters for sparse layouts only.

    Returns:
        True if all agree.

    Raises:
        GradcheckError: they do not, unless `raise_exception` is false.
        AssertionError: the options contradict each other, or the function returns other shapes or dtypes after a small
            change of its inputs.
        RuntimeError: elements of an input share memory.
        ValueError: no input requires a gradient.
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    how = Comparison(eps, atol, rtol, nondet_tol, check_grad_dtypes, fast_mode)
    try:
        arguments = as_tuple(inputs)
        _check_inputs(arguments)
        outputs = func(*arguments)
        _check_outputs(outputs)
        if any(x.is_sparse for x in needing(arguments)):
            how.fast, how.masked = False, bool(masked)
        wanted = differentiable(outputs)
        if check_backward_ad:
            compare_backward(how, func, arguments, outputs)
        if check_forward_ad:
            how.forward = True
            for of, real in compare_forward(how, func, arguments, outputs):
                if check_undefined_grad:
                    _check_undefined_tangents(of, real)
        if check_batched_forward_grad:
            _check_batched_tangents(func, arguments)
        if check_backward_ad:
            if check_batched_grad:
                for i, o in enumerate(wanted):
                    _check_batched_gradients(o, i, arguments)
            _check_scaled_by_gradient(wanted, arguments, bool(masked))
            if check_undefined_grad:
                _check_undefined_gradients(func, arguments)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Checks second derivatives: the gradients of `func`, as functions of the inputs and of the outputs' gradients.

    Args:
        func: takes tensors, returns a tensor or a tuple of them.
        inputs: a tensor or a tuple.
        grad_outputs: gradients of the outputs; random ones unless given.
        gen_non_contig_grad_outputs: whether the random ones are laid out non-contiguously.
        check_fwd_over_rev: whether to check forward mode over backward.
        check_rev_over_rev: whether to check backward over backward.
        eps, atol, rtol, raise_exception, nondet_tol, check_undefined_grad, check_grad_dtypes, check_batched_grad,
            fast_mode, masked: as in `gradcheck`.

    Returns:
        True if all agree.

    Raises:
        GradcheckError: they do not, unless `raise_exception` is false.
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    if check_undefined_grad and not check_rev_over_rev:
        raise AssertionError("Setting check_undefined_grad=True requires check_rev_over_rev to be True")
    if check_batched_grad and not check_rev_over_rev:
        raise AssertionError("Setting check_batched_grad=True requires check_rev_over_rev to be True")
    arguments = as_tuple(inputs)
    if grad_outputs is None:
        from ..testing import make_tensor

        seeds = tuple(
            [
                make_tensor(o.shape, dtype=o.dtype, device="cpu", low=-1, high=1, requires_grad=True,
                            noncontiguous=gen_non_contig_grad_outputs)
                for o in differentiable(func(*arguments))
            ]
        )  # fmt: skip
    else:
        seeds = as_tuple(grad_outputs)
    count = len(seeds)
    needed = [needs_gradient(x) for x in (*arguments, *seeds)]

    def gradients(*args: Any) -> tuple[Any, ...]:
        given = [x.requires_grad_() if needs else x for x, needs in zip(args, needed, strict=True)]
        of, weights = given[: len(args) - count], given[len(args) - count :]
        by = [x for x, needs in zip(of, needed, strict=False) if needs]
        found = grad(differentiable(func(*of)), by, weights, create_graph=True, allow_unused=True)
        return tuple([g for g in found if g is not None])

    return gradcheck(
        gradients, (*arguments, *seeds), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
        nondet_tol=nondet_tol, check_undefined_grad=check_undefined_grad, check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad, fast_mode=fast_mode, check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev, masked=masked,
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------- old names
def _deprecated(name: str, stacklevel: int = 3) -> None:
    warnings.warn(
        f"`{name}` was part of PyTorch's private API and not meant to be exposed. We are deprecating it and it will be "
        "removed in a future version of PyTorch. If you have a specific use for this or feature request for this to be "
        "a stable API, please file us an issue at https://github.com/pytorch/pytorch/issues/new",
        FutureWarning,
        stacklevel=stacklevel,
    )


def get_numerical_jacobian_wrt_specific_input(
    fn: Callable[..., Any], input_idx: int, inputs: Any, outputs: Any, eps: float, input: Any = None,
    is_forward_ad: bool = False,
) -> tuple[Any, ...]:  # fmt: skip
    """The derivatives of each output by one input, by central differences."""
    return tuple(numerical(fn, as_tuple(inputs), input_idx, outputs, eps, is_forward_ad, input))


def get_numerical_jacobian(
    fn: Callable[..., Any], inputs: Any, target: Any = None, eps: float = 1e-3, grad_out: float = 1.0
) -> tuple[Any, ...]:
    """Deprecated: the derivatives of the first output of ``fn(inputs)`` by each input, by central differences.

    Raises:
        ValueError: `grad_out` is not 1, or the output is complex.
    """
    _deprecated("get_numerical_jacobian")
    if grad_out != 1.0:
        raise ValueError(
            "Expected grad_out to be 1.0. get_numerical_jacobian no longer supports values of grad_out != 1.0."
        )
    given = as_tuple(inputs)

    def spread(*args: Any) -> Any:
        return fn(args)

    outputs = as_tuple(spread(*given))
    if any(o.is_complex() for o in outputs):
        raise ValueError(
            "Expected output to be non-complex. get_numerical_jacobian no longer supports functions that return "
            "complex outputs."
        )
    of = as_tuple(inputs if target is None else target)
    return tuple([numerical(spread, given, i, outputs, eps, of=x)[0] for i, x in enumerate(of) if needs_gradient(x)])


def get_analytical_jacobian(inputs: Any, output: Any, nondet_tol: float = 0.0, grad_out: float = 1.0) -> Any:
    """Deprecated: the derivatives of `output` by each input, by backward.

    Returns:
        The matrices; whether two runs agreed; whether the gradients had the right sizes; and the right dtypes.

    Raises:
        ValueError: `grad_out` is not 1, or the output is complex.
    """
    _deprecated("get_analytical_jacobian")
    if grad_out != 1.0:
        raise ValueError(
            "Expected grad_out to be 1.0. get_analytical_jacobian no longer supports values of grad_out != 1.0."
        )
    if output.is_complex():
        raise ValueError(
            "Expected output to be non-complex. get_analytical_jacobian no longer supports functions that return "
            "complex outputs."
        )
    tensors = needing(as_tuple(inputs))
    found, types_right, sizes_right = backward_columns(output, tensors, one_hot(output))
    again, _, _ = backward_columns(output, tensors, one_hot(output))
    same = all(not a.numel() or bool((a - b).abs().max() <= nondet_tol) for a, b in zip(found, again, strict=True))
    return tuple(found), same, sizes_right, types_right


class _Module(types.ModuleType):
    """This module can be called: importing it by its full name puts it where the function of the same name was."""

    def __call__(self, *args: Any, **kwargs: Any) -> bool:
        return gradcheck(*args, **kwargs)


sys.modules[__name__].__class__ = _Module
