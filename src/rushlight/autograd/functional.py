"""Whole derivatives of functions: Jacobians, Hessians and their products with vectors (`torch.autograd.functional`)."""

from collections.abc import Callable
from typing import Any

from ..base import TensorBase
from ..ops.creation import zeros_like
from ..ops.joining import stack
from . import forward_ad, mode
from .api import grad
from .grad_mode import enable_grad, set_grad_enabled

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Tensors = tuple[Any, ...]


def _tensors(given: Any, what: str, name: str) -> Tensors:
    """What was given as a tuple of tensors.

    Raises:
        TypeError: something else than tensors was given.
    """
    found = given if isinstance(given, tuple) else (given,)
    for i, t in enumerate(found):
        if not isinstance(t, TensorBase):
            where = f"value at index {i}" if isinstance(given, tuple) else f"given {what}"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the {where} has type "
                f"{type(t)}."
            )
    return found


def _fresh(tensors: Tensors, linked: bool, differentiable: bool) -> Tensors:
    """Tensors of their own with the same elements: linked to those given where these need gradients, or leaves."""
    return tuple(
        t.view_as(t) if linked and t.requires_grad else t.detach().requires_grad_(differentiable) for t in tensors
    )


def _derivatives(outputs: Tensors, inputs: Tensors, weights: Tensors | None, **options: Any) -> Tensors:
    """`grad`, with None for every input that no output depends on."""
    chosen = [i for i, t in enumerate(outputs) if t is not None and t.requires_grad]
    if not chosen:
        return (None,) * len(inputs)
    seeds = None if weights is None else [weights[i] for i in chosen]
    return grad([outputs[i] for i in chosen], inputs, seeds, allow_unused=True, **options)


def _need_gradients(outputs: Tensors, strict: bool) -> None:
    """Refuses, if strict, outputs that are computed of something else than the inputs.

    Raises:
        RuntimeError: there are such.
    """
    for i, t in enumerate(outputs if strict else ()):
        if not t.requires_grad:
            raise RuntimeError(
                f"Output {i} of the user-provided function does not require gradients. The outputs must be "
                "computed in a differentiable manner from the input when running in strict mode."
            )


def _need_second(gradients: Tensors, strict: bool) -> None:
    """Refuses, if strict, gradients that do not depend on the inputs.

    Raises:
        RuntimeError: there are such.
    """
    for i, g in enumerate(gradients if strict else ()):
        if g is None:
            raise RuntimeError(_INDEPENDENT.format(i))
        if not g.requires_grad:
            raise RuntimeError(
                "While computing the hessian, found that the jacobian of the user-provided function with respect "
                f"to input {i} is independent of the input. This is not allowed in strict mode. You should ensure "
                "that your function is twice differentiable and that the jacobian depends on the inputs (this "
                "would be violated by a linear function for example)."
            )


_INDEPENDENT = (
    "The output of the user-provided function is independent of input {}. This is not allowed in strict mode."
)


class _Call:
    """A function's inputs and outputs, ready to be differentiated.

    Attributes:
        inputs, outputs: tuples of tensors.
        one_input, one_output: whether the user deals in single tensors.
    """

    def __init__(
        self, name: str, func: Callable[..., Any], inputs: Any, create_graph: bool, strict: bool, vector: Any, of: str
    ):
        self.create_graph = create_graph
        self.strict = strict
        self.one_input = not isinstance(inputs, tuple)
        with enable_grad():
            self.inputs = _fresh(_tensors(inputs, "inputs", name), create_graph, True)
            if of == "inputs":
                self.vector = self._vector(vector, name, self.inputs, self.one_input, of)
            found = func(*self.inputs)
            self.one_output = not isinstance(found, tuple)
            self.outputs = _tensors(found, "outputs of the user-provided function", name)
            _need_gradients(self.outputs, strict)
            if of == "outputs":
                self.vector = self._vector(vector, name, self.outputs, self.one_output, of)

    def _vector(self, vector: Any, name: str, like: Tensors, one: bool, of: str) -> Tensors | None:
        if vector is None:
            if len(like) != 1 or like[0].numel() != 1:
                meant = (
                    "the input to the user-provided function is a single Tensor with a single element."
                    if of == "inputs"
                    else "the user-provided function returns a single Tensor with a single element."
                )
                raise RuntimeError(f"The vector v can only be None if {meant}")
            return None
        found = _fresh(_tensors(vector, "v", name), self.create_graph, False)
        if len(found) != len(like):
            if one:
                raise RuntimeError("The given v should contain a single Tensor.")
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(found)}.")
        for i, (v, t) in enumerate(zip(found, like, strict=True)):
            if v.shape != t.shape:
                entry = "" if one else f"Entry {i} in "
                raise RuntimeError(f"{entry}v has invalid size: should be {t.shape} but got {v.shape}.")
        return found

    def need_scalar(self, name: str) -> None:
        """Refuses functions with other outputs than one number.

        Raises:
            RuntimeError: the function is one.
        """
        if not self.one_output:
            raise RuntimeError(f"The function given to {name} should return a single Tensor")
        if self.outputs[0].numel() != 1:
            raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")

    def first_derivatives(self) -> Tensors:
        """The gradients of the outputs, which can be differentiated again."""
        with enable_grad():
            found = _derivatives(self.outputs, self.inputs, None, create_graph=True)
        _need_second(found, self.strict)
        return found

    def products(
        self, outputs: Tensors, by: Tensors, like: Tensors, weights: Tensors | None, of: str, missing: str
    ) -> Tensors:
        """Gradients, zeros (or an error, when strict) for what nothing depends on.

        Args:
            outputs: what is differentiated.
            by: with respect to what.
            like: tensors of the shapes of the results.
            weights: the vector.
            of: ``"jacobian"`` or ``"hessian"``, for messages.
            missing: the message about what `outputs` do not depend on.

        Raises:
            RuntimeError: there is such, if strict.
        """
        with set_grad_enabled(self.create_graph or mode.is_grad_enabled()):
            found = _derivatives(outputs, by, weights, create_graph=self.create_graph)
            for i, g in enumerate(found):
                if g is None and self.strict:
                    raise RuntimeError(missing.format(i))
                if self.strict and self.create_graph and not g.requires_grad:
                    raise RuntimeError(
                        f"The {of} of the user-provided function is independent of input {i}. This is not allowed in "
                        "strict mode when create_graph=True."
                    )
            return tuple(zeros_like(t) if g is None else g for g, t in zip(found, like, strict=True))

    def finish(self, tensors: Tensors, one: bool) -> Any:
        """What the user gets: without history unless asked for, and single if the user deals in single tensors."""
        done = tensors if self.create_graph else tuple(t.detach() for t in tensors)
        return done[0] if one else done


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The product of a vector with the Jacobian of a function.

    Args:
        func: a function of tensors to a tensor or a tuple of them.
        inputs: a tensor or a tuple of them.
        v: the vector, shaped as the outputs; may be left out for a single number.
        create_graph: whether the results can be differentiated further.
        strict: whether to refuse outputs that do not depend on an input, instead of returning zeros.

    Returns:
        The function's outputs and the product, shaped as the inputs.

    Raises:
        RuntimeError: the shapes do not fit, or `strict` and there is no dependence.
        TypeError: something is no tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.vjp.html
    """
    call = _Call("vjp", func, inputs, create_graph, strict, v, "outputs")
    found = call.products(call.outputs, call.inputs, call.inputs, call.vector, "jacobian", _INDEPENDENT)
    return call.finish(call.outputs, call.one_output), call.finish(found, call.one_input)


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The product of the Jacobian of a function with a vector, by differentiating the backward pass.

    Args:
        func: a function of tensors to a tensor or a tuple of them.
        inputs: a tensor or a tuple of them.
        v: the vector, shaped as the inputs; may be left out for a single number.
        create_graph: whether the results can be differentiated further.
        strict: whether to refuse outputs that do not depend on an input, instead of returning zeros.

    Returns:
        The function's outputs and the product, shaped as the outputs.

    Raises:
        TypeError: an input is no tensor.
        RuntimeError: `v` does not fit, or, if strict, an output depends on no input.
    """
    call = _Call("jvp", func, inputs, create_graph, strict, v, "inputs")
    with enable_grad():
        # The backward pass is linear in these, so their values are of no account.
        weights = tuple(zeros_like(t).requires_grad_() for t in call.outputs)
        back = _derivatives(call.outputs, call.inputs, weights, create_graph=True)
    if strict:
        for i, g in enumerate(back):
            if g is None:
                raise RuntimeError(_INDEPENDENT.format(i))
            if not g.requires_grad:
                raise RuntimeError(
                    f"The gradient with respect to input {i} is independent of the inputs of the user-provided "
                    "function. This is not allowed in strict mode."
                )
    text = (
        "The gradient with respect to the input is independent of entry {} in the grad_outputs when using the double "
        "backward trick to compute forward mode gradients. This is not allowed in strict mode."
    )
    found = call.products(back, weights, call.outputs, call.vector, "jacobian", text)
    return call.finish(call.outputs, call.one_output), call.finish(found, call.one_output)


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """All partial derivatives of a function, one backward pass for each element of its outputs.

    Args:
        func: a function of tensors to a tensor or a tuple of them.
        inputs: a tensor or a tuple of them.
        create_graph: whether the result can be differentiated further.
        strict: whether to refuse outputs that do not depend on an input, instead of returning zeros.
        vectorize: has no effect on the result.
        strategy: ``"reverse-mode"``, or ``"forward-mode"`` with the same result.

    Returns:
        For one input and one output a tensor of the output's shape followed by the input's; a tuple over the inputs
        or the outputs where these are tuples, and a tuple over the outputs of tuples over the inputs where both are.

    Raises:
        RuntimeError: `strict` and an output does not depend on an input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.jacobian.html
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs '
            'than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode":
        if create_graph:
            raise NotImplementedError(
                'torch.autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` are not '
                'supported together (yet). Please either set `create_graph=False` or `strategy="reverse-mode"`.'
            )
        return _by_tangents(func, inputs, strict, vectorize)
    call = _Call("jacobian", func, inputs, create_graph, strict, None, "")
    if vectorize and strict:
        raise RuntimeError(
            "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. "
            "Please either set `strict=False` or `vectorize=False`."
        )
    with enable_grad():
        rows = _batched_rows(call) if vectorize else [_rows(call, i, out) for i, out in enumerate(call.outputs)]
        found = tuple(call.finish(r, call.one_input) for r in rows)
    return found[0] if call.one_output else found


def _construct_standard_basis_for(tensors: Tensors, tensor_numels: tuple[int, ...]) -> Tensors:
    """The identity matrix cut into one block of columns for each tensor, of the tensor's type.

    Args:
        tensors: the tensors.
        tensor_numels: how many elements each has.

    Returns:
        For each a matrix of as many rows as there are elements in all, and as many columns as the tensor has.

    Raises:
        AssertionError: there are no tensors, or not as many numbers.
    """
    if len(tensors) != len(tensor_numels):
        raise AssertionError(
            "Expected tensors and tensor_numels to have the same length, but got "
            f"{len(tensors)} and {len(tensor_numels)}"
        )
    if not tensors:
        raise AssertionError("Expected at least one tensor")
    blocks = []
    before = 0
    for t, count in zip(tensors, tensor_numels, strict=True):
        block = t.new_zeros(sum(tensor_numels), count)
        block.diagonal(-before).fill_(1)
        blocks.append(block)
        before += count
    return tuple(blocks)


def _by_tangents(func: Callable[..., Any], inputs: Any, strict: bool, vectorize: bool) -> Any:
    """The Jacobian column by column, in forward mode.

    Raises:
        RuntimeError: it should be strict.
        NotImplementedError: an input is no tensor.
    """
    if strict:
        raise RuntimeError(
            'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are not supported '
            'together (yet). Please either set `strict=False` or `strategy="reverse-mode"`.'
        )
    given = _tensors(inputs, "inputs", "jacobian")
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly implemented for "
            "`vectorize=True`."
        )
    counts = tuple(t.numel() for t in given)
    basis = _construct_standard_basis_for(given, counts)
    columns: list[list[Any]] = []
    for row in range(sum(counts)):
        with forward_ad.dual_level():
            duals = [forward_ad.make_dual(t, b[row].view_as(t)) for t, b in zip(given, basis, strict=True)]
            outputs = func(*duals)
            unpacked = [forward_ad.unpack_dual(t) for t in _tensors(outputs, "outputs", "None")]
            columns.append([zeros_like(p) if t is None else t for p, t in unpacked])
    if not columns:
        outputs = func(*given)
    one_output = not isinstance(outputs, tuple)
    found = []
    for i, out in enumerate(outputs if isinstance(outputs, tuple) else (outputs,)):
        whole = stack([c[i] for c in columns], 0) if columns else out.new_zeros((0, *out.shape))
        parts = zip(whole.split(counts, 0), given, strict=True)
        last = (*range(1, whole.dim()), 0)
        shaped = tuple(p.permute(last).reshape((*out.shape, *t.shape)) for p, t in parts)
        found.append(shaped if isinstance(inputs, tuple) else shaped[0])
    return found[0] if one_output else tuple(found)


def _batched_rows(call: _Call) -> list[Tensors]:
    """For each output, the derivatives of its elements by each input, from one batch of gradients."""
    counts = tuple(t.numel() for t in call.outputs)
    basis = _construct_standard_basis_for(call.outputs, counts)
    flat = tuple(t.reshape(-1) for t in call.outputs)
    found = _derivatives(flat, call.inputs, basis, create_graph=call.create_graph, is_grads_batched=True)
    whole = [
        zeros_like(t).expand((sum(counts), *t.shape)) if g is None else g
        for g, t in zip(found, call.inputs, strict=True)
    ]
    parts = zip(*[g.split(counts, dim=0) for g in whole], strict=True)
    return [
        tuple(p.view(out.shape + t.shape) for p, t in zip(part, call.inputs, strict=True))
        for part, out in zip(parts, call.outputs, strict=True)
    ]


def _rows(call: _Call, i: int, out: Any) -> Tensors:
    """The derivatives of the elements of one output by each input.

    Raises:
        RuntimeError: one does not depend on an input, if strict.
    """
    rows: list[list[Any]] = [[] for _ in call.inputs]
    flat = out.reshape(-1)
    for j in range(out.numel()):
        found = _derivatives((flat[j],), call.inputs, None, retain_graph=True, create_graph=call.create_graph)
        for k, (g, t) in enumerate(zip(found, call.inputs, strict=True)):
            if g is None and call.strict:
                raise RuntimeError(
                    f"Output {i} of the user-provided function is independent of input {k}. This is not allowed in "
                    "strict mode."
                )
            if call.strict and call.create_graph and not g.requires_grad:
                raise RuntimeError(
                    f"The jacobian of the user-provided function is independent of input {i}. This is not allowed in "
                    "strict mode when create_graph=True."
                )
            rows[k].append(zeros_like(t) if g is None else g)
    return tuple(stack(r, 0).view(out.shape + t.shape) for r, t in zip(rows, call.inputs, strict=True))


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """All second partial derivatives of a function to one number.

    Args:
        func: a function of tensors to a tensor of one element.
        inputs: a tensor or a tuple of them.
        create_graph: whether the result can be differentiated further.
        strict: whether to refuse derivatives that do not depend on an input, instead of returning zeros.
        vectorize: has no effect on the result.
        outer_jacobian_strategy: as `strategy` of `jacobian`.

    Returns:
        For one input a tensor of its shape twice over; for a tuple a tuple of tuples.

    Raises:
        RuntimeError: the function returns something else, or `strict` and there is no dependence.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.hessian.html
    """
    one = not isinstance(inputs, tuple)
    given = _tensors(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def scalar(*tensors: Any) -> Any:
        out = func(*tensors)
        _need_gradients(_tensors(out, "outputs of the user-provided function", "hessian"), strict)
        if isinstance(out, tuple):
            raise RuntimeError("The function given to hessian should return a single Tensor")
        if out.numel() != 1:
            raise RuntimeError("The Tensor returned by the function given to hessian should contain a single element")
        return out.squeeze()

    def first(*tensors: Any) -> Tensors:
        if outer_jacobian_strategy == "forward-mode":
            tensors = tuple(t.requires_grad_(True) for t in tensors)
        found: Tensors = jacobian(scalar, tensors, create_graph=True)
        _need_second(found, strict)
        return found

    rows = jacobian(first, given, create_graph, strict, vectorize, outer_jacobian_strategy)
    return rows[0][0] if one else rows


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The product of a vector with the Hessian of a function to one number; the arguments are those of `jvp`."""
    call = _Call("vhp", func, inputs, create_graph, strict, v, "inputs")
    call.need_scalar("vhp")
    first = call.first_derivatives()
    text = "The jacobian of the user-provided function is independent of input {}. This is not allowed in strict mode."
    found = call.products(first, call.inputs, call.inputs, call.vector, "hessian", text)
    return call.finish(call.outputs, True), call.finish(found, call.one_input)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The product of the Hessian of a function to one number with a vector; the arguments are those of `jvp`.

    By differentiating the product `vhp` once more, as in PyTorch; `vhp` gives the same at less cost where the Hessian
    is symmetric.
    """
    call = _Call("hvp", func, inputs, create_graph, strict, v, "inputs")
    call.need_scalar("hvp")
    first = call.first_derivatives()
    with enable_grad():
        weights = tuple(zeros_like(t).requires_grad_() for t in call.inputs)
        second = _derivatives(first, call.inputs, weights, create_graph=True)
    text = (
        "The hessian of the user-provided function is independent of entry {} in the grad_jacobian. This is not "
        "allowed in strict mode as it prevents from using the double backward trick to replace forward mode AD."
    )
    found = call.products(second, weights, call.inputs, call.vector, "hessian", text)
    return call.finish(call.outputs, True), call.finish(found, call.one_input)
