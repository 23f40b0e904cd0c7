"""How `gradcheck` compares Jacobians: whole ones, or in one random direction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..base import TensorBase, tensor_names
from ..random import Generator
from .gradcheck_messages import NOT_DETERMINISTIC, SLOW_MIGHT_PASS, GradcheckError
from .jacobians import (
    as_tuple,
    backward_columns,
    differentiable,
    forward_jacobians,
    is_number,
    needing,
    needs_gradient,
    numbers,
    numerical,
    one_hot,
    slopes,
)


@dataclass
class Comparison:
    """One comparison of Jacobians: how it is made and what messages call it.

    Attributes:
        eps, atol, rtol, nondet_tol, check_grad_dtypes, fast: as in `gradcheck`.
        forward: whether in forward mode instead of by backward.
        part: ``"real"`` or ``"imaginary"`` where complex numbers are taken apart.
        complex_indices: which inputs (forward) or outputs (backward) are complex.
        masked: whether the zeros of sparse inputs stay as they are.
    """

    eps: float
    atol: float
    rtol: float
    nondet_tol: float
    check_grad_dtypes: bool
    fast: bool
    forward: bool = False
    part: str = ""
    complex_indices: Sequence[int] = ()
    masked: bool = False

    def run(self, func: Callable[..., Any], inputs: Sequence[Any], outputs: Any) -> None:
        """Compares.

        Raises:
            GradcheckError: the Jacobians do not agree.
        """
        if self.fast:
            _fast(self, func, inputs, outputs)
        else:
            _slow(self, func, inputs, outputs)

    def mismatch(self, by_tangents: Any, by_difference: Any, output: int, input: int) -> str:
        """The message about two Jacobians that do not agree."""
        prefix = ""
        if (input if self.forward else output) in self.complex_indices:
            element = "inputs" if self.forward else "outputs"
            prefix = f"While considering the {self.part} part of complex {element} only, "
        how = "computed with forward mode " if self.forward else ""
        return (
            f"{prefix}Jacobian {how}mismatch for output {output} with respect to input {input},\n"
            f"numerical:{by_difference}\nanalytical:{by_tangents}\n"
        )

    def backward(self, output: Any, inputs: Sequence[Any], seeds: Callable[[], Any]) -> list[Any]:
        """What backward gives for one output, which must be the same twice, and of the right kind.

        Raises:
            GradcheckError: it is not, or has the dtype or shape of another.
        """
        tensors = needing(inputs)
        found, types_right, sizes_right = backward_columns(output, tensors, seeds())
        again, _, _ = backward_columns(output, tensors, seeds())
        if self.check_grad_dtypes and not types_right:
            raise GradcheckError("Gradient has dtype mismatch")
        if not sizes_right:
            raise GradcheckError("Analytical gradient has incorrect size")
        for one, other in zip(found, again, strict=True):
            if one.numel() and bool((one - other).abs().max() > self.nondet_tol):
                raise GradcheckError(NOT_DETERMINISTIC.format(self.nondet_tol))
        return found

    def tangents(self, func: Callable[..., Any], inputs: Sequence[Any], outputs: Any, along: Any = None) -> Any:
        """What forward mode gives."""
        wrong = (lambda: GradcheckError("Forward AD gradient has dtype mismatch.")) if self.check_grad_dtypes else None
        return forward_jacobians(func, inputs, outputs, along, wrong)


def _close(a: Any, b: Any, rtol: float, atol: float) -> bool:
    common = tensor_names["promote_types"](a.dtype, b.dtype)
    return bool(tensor_names["allclose"](a.to(common), b.to(common), rtol, atol))


# ---------------------------------------------------------------------------------------------- the whole Jacobians
def _slow(how: Comparison, func: Callable[..., Any], inputs: Sequence[Any], outputs: Any) -> None:
    """Compares whole Jacobians.

    Raises:
        GradcheckError: they differ.
    """
    places = [i for i, x in enumerate(inputs) if needs_gradient(x)]
    by_difference = [numerical(func, inputs, i, outputs, how.eps, how.forward, masked=how.masked) for i in places]
    wanted = differentiable(outputs)
    if not wanted:
        for matrix in (m for matrices in by_difference for m in matrices):
            if bool((matrix != 0).any()):
                raise GradcheckError("Numerical gradient for function expected to be zero")
        return
    # Matrices were made for all outputs that are numbers; those without gradient are not compared.
    columns = [j for j, o in enumerate(numbers(outputs)) if o.requires_grad]
    by_tangents = how.tangents(func, inputs, outputs) if how.forward else None
    for i, j in enumerate(columns):
        if by_tangents is None:
            found = how.backward(wanted[i], inputs, partial(one_hot, wanted[i]))
        else:
            found = [matrices[j] for matrices in by_tangents]
        for k, (a, matrices) in enumerate(zip(found, by_difference, strict=True)):
            if not _close(a, matrices[j], how.rtol, how.atol):
                raise GradcheckError(how.mismatch(a, matrices[j], i, k))


# ---------------------------------------------------------------------------------------------- in one direction
def _unit(t: Any, source: Generator) -> Any:
    """A random vector of length 1, with as many elements as a tensor, of its real dtype."""
    names = tensor_names
    vector = names["rand"](t.numel(), generator=source).to(t.dtype.to_real() if t.is_complex() else t.dtype)
    return vector / vector.norm()


def directions(inputs: Sequence[Any], outputs: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """A direction for each input, two for complex ones, and a weight for each output; the same at each call."""
    source = Generator()
    along = [(_unit(x, source), _unit(x, source)) if x.is_complex() else (_unit(x, source),) for x in needing(inputs)]
    return along, [_unit(o, source) for o in outputs]


def _once(seed: Any) -> list[Any]:
    return [seed]


def _fast(how: Comparison, func: Callable[..., Any], inputs: Sequence[Any], outputs: Any) -> None:
    """Compares what Jacobians do to one random direction.

    Raises:
        GradcheckError: they differ.
    """
    wanted = differentiable(outputs)
    along, weights = directions(inputs, () if how.forward else wanted)
    places = [i for i, x in enumerate(inputs) if needs_gradient(x)]
    of_numbers = [is_number(o) for o in as_tuple(outputs)]
    by_difference = []
    for i, u in zip(places, along, strict=True):
        x = inputs[i]
        steps = [u[0].reshape(x.shape) * how.eps]
        if x.is_complex():
            steps.append(u[1].reshape(x.shape) * how.eps * 1j)
        found = slopes(func, inputs, x.data, steps, how.eps, how.forward)
        by_difference.append([f for f, kept in zip(found, of_numbers, strict=True) if kept])
    if how.forward:
        by_tangents = how.tangents(func, inputs, outputs, [u[0] for u in along])
        columns = list(range(len(numbers(outputs))))
    else:
        columns = [j for j, o in enumerate(numbers(outputs)) if o.requires_grad]
        if not columns:
            for slope in (s for found in by_difference for s in found):
                if slope.numel() and bool(slope.abs().max() > how.nondet_tol):
                    raise GradcheckError("Numerical gradient for function expected to be zero")
        by_tangents = [[] for _ in places]
        for o, v in zip(wanted, weights, strict=True):
            for products, g, u in zip(by_tangents, how.backward(o, inputs, partial(_once, v.reshape(o.shape))),
                                      along, strict=True):  # fmt: skip
                g = g[:, 0]
                products.append(g.real.dot(u[0]) + 1j * g.imag.dot(u[1]) if g.is_complex() else g.dot(u[0]))
        by_difference = [
            [(v * found[j]).sum() for v, j in zip(weights, columns, strict=True)] for found in by_difference
        ]
    for i, (expected, found) in enumerate(zip(by_difference, by_tangents, strict=True)):
        for j, (n, a) in enumerate(zip(expected, found, strict=True)):
            # The tolerance is for one element: over the elements that the direction adds up, it adds up too.
            atol = how.atol * sum(float(u.sum()) for u in along[i]) * (float(weights[j].sum()) if weights else 1.0)
            if not _close(a, n, how.rtol, atol):
                slow = _again_slowly(how, func, inputs, outputs, places[i], columns[j], i, j)
                raise GradcheckError(how.mismatch(a, n, j, i) + slow)


def _again_slowly(
    how: Comparison, func: Callable[..., Any], inputs: Sequence[Any], outputs: Any, place: int, column: int, input: int,
    output: int,
) -> str:  # fmt: skip
    """The whole Jacobians of one input and output, for the message about the fast comparison."""
    by_difference = numerical(func, inputs, place, outputs, how.eps, how.forward)[column]
    if how.forward:
        by_tangents = forward_jacobians(func, inputs, outputs)[input][column]
    else:
        o = differentiable(outputs)[output]
        by_tangents = backward_columns(o, needing(inputs), one_hot(o))[0][input]
    message = (
        "\nThe above quantities relating the numerical and analytical jacobians are computed \n"
        "in fast mode. See: https://github.com/pytorch/pytorch/issues/53876 for more background \n"
        "about fast mode. Below, we recompute numerical and analytical jacobians in slow mode:\n\n"
        f"Numerical:\n {by_difference}\n"
        f"Analytical:\n{by_tangents}\n\n"
        f"The max per-element difference (slow mode) is: {(by_difference - by_tangents).abs().max()}.\n"
    )
    return message + SLOW_MIGHT_PASS if _close(by_tangents, by_difference, how.rtol, how.atol) else message


# ---------------------------------------------------------------------------------------------- complex numbers
def _parts_of_outputs(func: Callable[..., Any], name: str) -> Callable[..., Any]:
    part = tensor_names[name]

    def of(*args: Any) -> Any:
        return tuple([part(o) if o.is_complex() else o for o in as_tuple(func(*args))])

    return of


def _parts_of_inputs(func: Callable[..., Any], inputs: Sequence[Any], name: str) -> Callable[..., Any]:
    """The function of the real (or imaginary) parts of its complex inputs; the other parts stay as they are."""

    def of(*args: Any) -> Any:
        arguments = list(args)
        for i, x in enumerate(inputs):
            if isinstance(x, TensorBase) and x._dtype.is_complex:
                whole: Any = x
                arguments[i] = args[i] + whole.imag * 1j if name == "real" else whole.real + args[i] * 1j
        return as_tuple(func(*arguments))

    return of


def compare_backward(how: Comparison, func: Callable[..., Any], inputs: tuple[Any, ...], outputs: Any) -> None:
    """Compares by backward; complex outputs are taken apart."""
    if not any(o.is_complex() for o in as_tuple(outputs)):
        return how.run(func, inputs, outputs)
    how.complex_indices = [i for i, o in enumerate(differentiable(outputs)) if o.is_complex()]
    for name, how.part in (("imag", "imaginary"), ("real", "real")):
        part = _parts_of_outputs(func, name)
        how.run(part, inputs, part(*inputs))
    return None


def compare_forward(
    how: Comparison, func: Callable[..., Any], inputs: tuple[Any, ...], outputs: Any
) -> list[tuple[Callable[..., Any], Sequence[Any]]]:
    """Compares by tangents; complex inputs are taken apart.

    Returns:
        The functions of real inputs that were compared, and their arguments.
    """
    how.complex_indices = [i for i, x in enumerate(inputs) if isinstance(x, TensorBase) and x._dtype.is_complex]
    runs: list[tuple[Callable[..., Any], Sequence[Any]]] = []
    if not how.complex_indices:
        runs.append((func, inputs))
        how.run(func, inputs, outputs)
    else:
        for name, how.part in (("imag", "imaginary"), ("real", "real")):
            of = _parts_of_inputs(func, inputs, name)
            arguments = [getattr(x, name) if i in how.complex_indices else x for i, x in enumerate(inputs)]
            how.run(of, arguments, of(*arguments))
            runs.append((of, arguments))
    return runs
