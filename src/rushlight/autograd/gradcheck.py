"""`gradcheck` and `gradgradcheck`: derivatives against finite differences.

For a function from R^n to R^m both compare, for each pair of input and output, the n x m matrix of partial derivatives:
once by central differences, once row by row from backward with one-hot gradients. For complex inputs the derivative
compared is ``df/dx + i df/dy``, which is what PyTorch calls the gradient; complex outputs are compared in two runs, by
their imaginary and by their real part.

Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html
"""

import sys
import types
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, wrap
from .api import grad


class GradcheckError(RuntimeError):
    """A derivative does not agree with the function."""


_NOT_DETERMINISTIC = """Backward is not reentrant, i.e., running backward with same input and grad_output multiple \
times gives different values, although analytical gradient matches numerical gradient.The tolerance for nondeterminism \
was {}.

NOTE: If your op relies on non-deterministic operations i.e., it is listed here:
https://pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html
this failure might be expected.

If you are adding a new operator, please file an issue and then use one of the
workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck.
If the test
- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck
  with `nondet_tol=<tol>` as a keyword argument.
- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test
  to have `gradcheck_nondet_tol=<tol>`.
- is a Module test (e.g., in common_nn.py), then modify the corresponding
  module_test entry to have `gradcheck_nondet_tol=<tol>`
"""


def _as_tuple(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, (tuple, list)) else (x,)


def _is_number(x: Any) -> bool:
    return isinstance(x, TensorBase) and x._dtype.category >= dtypes.FLOATING


def _differentiable(outputs: Any) -> tuple[Any, ...]:
    return tuple([o for o in _as_tuple(outputs) if isinstance(o, TensorBase) and o._node is not None])


def _check_inputs(inputs: tuple[Any, ...]) -> None:
    any_needs = False
    for i, x in enumerate(inputs):
        if not isinstance(x, TensorBase) or x._node is None:
            continue
        if x._dtype not in (dtypes.float64, dtypes.complex128):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This check "
                "will likely fail if all the inputs are not of double precision floating point or complex. ",
                stacklevel=4,
            )
        if any(s == 0 and n > 1 for s, n in zip(x._data.strides, x._shape, strict=True)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                "non-overlapping to be able to compute the numerical gradients correctly. You should call .contiguous "
                "on the input before passing it to gradcheck."
            )
        any_needs = True
        x.retain_grad()  # type: ignore[attr-defined]
    if not any_needs:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )


# ---------------------------------------------------------------------------------------------- the two Jacobians
def _outputs_as_arrays(func: Callable[..., Any], inputs: tuple[Any, ...]) -> list[np.ndarray]:
    return [o._data.copy() for o in _as_tuple(func(*inputs)) if _is_number(o)]


def numerical_jacobians(func: Callable[..., Any], inputs: tuple[Any, ...], index: int, eps: float) -> list[np.ndarray]:
    """For each floating-point output, the matrix of its derivatives by one input, by central differences."""
    x = inputs[index]
    columns: list[list[np.ndarray]] = []
    for place in np.ndindex(*x._shape):
        steps = [eps] if not x._dtype.is_complex else [eps, 1j * eps]
        slopes = []
        for step in steps:
            before = x._data[place]
            x._data[place] = before + step
            high = _outputs_as_arrays(func, inputs)
            x._data[place] = before - step
            low = _outputs_as_arrays(func, inputs)
            x._data[place] = before
            slopes.append([(h - lo).reshape(-1) / (2 * eps) for h, lo in zip(high, low, strict=True)])
        columns.append([s[0] if len(s) == 1 else s[0] + 1j * s[1] for s in zip(*slopes, strict=True)])
    if not columns:
        return [np.zeros((0, o.size), o.dtype) for o in _outputs_as_arrays(func, inputs)]
    return [np.stack([c[i] for c in columns]) for i in range(len(columns[0]))]


def analytical_jacobian(output: Any, inputs: Sequence[Any], scale: Any = 1.0) -> tuple[list[np.ndarray], bool, bool]:
    """For each input, the matrix of derivatives of `output` by backward; whether all sizes and dtypes were right."""
    found = [np.zeros((x._data.size, output._data.size), x._data.dtype) for x in inputs]
    sizes_right = types_right = True
    for column in range(output._data.size):
        seed = np.zeros(output._shape, output._data.dtype)
        seed.reshape(-1)[column] = scale
        for x, matrix, g in zip(
            inputs, found, grad([output], inputs, [wrap(seed)], retain_graph=True, allow_unused=True), strict=True
        ):
            if g is None:
                continue
            if g._shape != x._shape:
                sizes_right = False
                continue
            types_right &= g._dtype is x._dtype
            matrix[:, column] = g._data.reshape(-1)
    return found, sizes_right, types_right


def _mismatch(numerical: Any, analytical: Any, output: int, input: int, part: str) -> GradcheckError:
    prefix = f"While considering the {part} part of complex outputs only, " if part else ""
    return GradcheckError(
        f"{prefix}Jacobian mismatch for output {output} with respect to input {input},\n"
        f"numerical:{wrap(numerical)}\nanalytical:{wrap(analytical)}\n"
    )


def _close(a: np.ndarray, b: np.ndarray, rtol: float, atol: float) -> bool:
    return bool(np.allclose(a, b, rtol=rtol, atol=atol))


# ---------------------------------------------------------------------------------------------- the checks
def _compare(
    func: Callable[..., Any], inputs: tuple[Any, ...], eps: float, atol: float, rtol: float, nondet_tol: float,
    check_grad_dtypes: bool, part: str,
) -> None:  # fmt: skip
    outputs = _differentiable(func(*inputs))
    needing = [(i, x) for i, x in enumerate(inputs) if isinstance(x, TensorBase) and x._node is not None]
    numerical = [numerical_jacobians(lambda *a: _differentiable(func(*a)), inputs, i, eps) for i, _ in needing]
    for o, output in enumerate(outputs):
        tensors = [x for _, x in needing]
        analytical, sizes_right, types_right = analytical_jacobian(output, tensors)
        again, _, _ = analytical_jacobian(output, tensors)
        for (i, _), by_difference, by_backward, repeated in zip(needing, numerical, analytical, again, strict=True):
            if not _close(by_backward, by_difference[o], rtol, atol):
                raise _mismatch(by_difference[o], by_backward, o, i, part)
            if check_grad_dtypes and not types_right:
                raise GradcheckError("Gradient has dtype mismatch")
            if not sizes_right:
                raise GradcheckError("Analytical gradient has incorrect size")
            if np.abs(by_backward - repeated).max(initial=0.0) > nondet_tol:
                raise GradcheckError(_NOT_DETERMINISTIC.format(nondet_tol))


def _compare_parts(
    func: Callable[..., Any], inputs: tuple[Any, ...], eps: float, atol: float, rtol: float, nondet_tol: float,
    check_grad_dtypes: bool,
) -> None:  # fmt: skip
    """Complex outputs are checked by their imaginary and by their real part, which are real functions."""
    if not any(o._dtype.is_complex for o in _differentiable(func(*inputs))):
        return _compare(func, inputs, eps, atol, rtol, nondet_tol, check_grad_dtypes, "")

    def part(name: str) -> Callable[..., Any]:
        def of(*args: Any) -> Any:
            return tuple([getattr(o, name) if o._dtype.is_complex else o for o in _differentiable(func(*args))])

        return of

    _compare(part("imag"), inputs, eps, atol, rtol, nondet_tol, check_grad_dtypes, "imaginary")
    _compare(part("real"), inputs, eps, atol, rtol, nondet_tol, check_grad_dtypes, "real")
    return None


def _check_scaled_by_gradient(outputs: tuple[Any, ...], inputs: tuple[Any, ...]) -> None:
    """Backward with zero gradients must give zero gradients, of the right kind."""
    needing = [x for x in inputs if isinstance(x, TensorBase) and x._node is not None]
    zeros = [wrap(np.zeros(o._shape, o._data.dtype)) for o in outputs]
    for g, x in zip(grad(list(outputs), needing, zeros, retain_graph=True, allow_unused=True), needing, strict=True):
        if g is None:
            continue
        if np.any(g._data != 0):
            raise GradcheckError("backward not multiplied by grad_output")
        if g._shape != x._shape:
            raise GradcheckError("grad is incorrect size")


def _check_undefined(func: Callable[..., Any], inputs: tuple[Any, ...]) -> None:
    """Backward must bear undefined gradients, and give undefined or zero ones where all are undefined."""
    needing = [x for x in inputs if isinstance(x, TensorBase) and x._node is not None]
    outputs = _differentiable(func(*inputs))
    if len(outputs) < 2:
        return
    for given in range(len(outputs)):
        fresh = _differentiable(func(*inputs))
        seed = wrap(np.zeros(fresh[given]._shape, fresh[given]._data.dtype))
        for g in grad([fresh[given]], needing, [seed], allow_unused=True):
            if g is not None and np.any(g._data != 0):
                raise GradcheckError(
                    "Expected all input grads to be undefined or zero when all output grads are undefined or zero. "
                    "Please "
                    'look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
                )


def _check_not_differentiable(func: Callable[..., Any], inputs: tuple[Any, ...], eps: float) -> None:
    for i, x in enumerate(inputs):
        if not _is_number(x) or x._node is None:
            continue
        for jacobian in numerical_jacobians(func, inputs, i, eps):
            if np.any(np.abs(jacobian) != 0):
                raise GradcheckError("Numerical gradient for function expected to be zero")


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
        check_batched_grad: whether to check batched gradients against one by one.
        check_batched_forward_grad: the same in forward mode.
        check_forward_ad: whether to check forward mode.
        check_backward_ad: whether to check backward.
        fast_mode: allows a quicker check; the full one is made.
        masked: for sparse layouts only.

    Returns:
        True if all agree.

    Raises:
        GradcheckError: they do not, unless `raise_exception` is false.
        ValueError: no input requires a gradient, or the options contradict each other.
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    try:
        return _gradcheck(
            func,
            _as_tuple(inputs),
            eps,
            atol,
            rtol,
            nondet_tol,
            check_undefined_grad,
            check_grad_dtypes,
            check_backward_ad,
        )
    except GradcheckError:
        if raise_exception:
            raise
        return False


def _gradcheck(
    func: Callable[..., Any], inputs: tuple[Any, ...], eps: float, atol: float, rtol: float, nondet_tol: float,
    check_undefined_grad: bool, check_grad_dtypes: bool, check_backward_ad: bool,
) -> bool:  # fmt: skip
    _check_inputs(inputs)
    outputs = _differentiable(func(*inputs))
    if not outputs:
        _check_not_differentiable(func, inputs, eps)
        return True
    if check_backward_ad:
        _compare_parts(func, inputs, eps, atol, rtol, nondet_tol, check_grad_dtypes)
        _check_scaled_by_gradient(_differentiable(func(*inputs)), inputs)
        if check_undefined_grad:
            _check_undefined(func, inputs)
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
    tensors = _as_tuple(inputs)
    if grad_outputs is None:
        random = np.random.default_rng(0)
        seeds = []
        for o in _differentiable(func(*tensors)):
            values = random.uniform(-1, 1, o._shape)
            if o._dtype.is_complex:
                values = values + 1j * random.uniform(-1, 1, o._shape)
            t = wrap(np.asarray(values, o._data.dtype))
            t.requires_grad = True
            seeds.append(t)
    else:
        seeds = list(_as_tuple(grad_outputs))
    count = len(seeds)

    def gradients(*args: Any) -> tuple[Any, ...]:
        of, given = args[:-count], args[-count:]
        needing = [x for x in of if isinstance(x, TensorBase) and x._node is not None]
        found = grad(_differentiable(func(*of)), needing, given, create_graph=True, allow_unused=True)
        return tuple([g for g in found if g is not None])

    return gradcheck(
        gradients, (*tensors, *seeds), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
        nondet_tol=nondet_tol, check_undefined_grad=check_undefined_grad, check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad, fast_mode=fast_mode,
    )  # fmt: skip


class _Module(types.ModuleType):
    """This module can be called: importing it by its full name puts it where the function of the same name was."""

    def __call__(self, *args: Any, **kwargs: Any) -> bool:
        return gradcheck(*args, **kwargs)


sys.modules[__name__].__class__ = _Module
