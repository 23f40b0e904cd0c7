"""`backward` and `grad`: what users ask of the engine, checked and turned into roots, seeds and inputs."""

import warnings
from typing import Any

import numpy as np

from ..base import UNTOUCHED, Size, TensorBase, namespace, tensor_names, wrap
from ..warn import warn_once
from . import engine
from .metadata import output_metadata
from .mode import special


def _as_tuple(x: Any) -> tuple[Any, ...]:
    kind = type(x)
    if kind is tuple or kind is list:
        return tuple(x)
    return (x,) if isinstance(x, TensorBase) or hasattr(x, "internal_node") else tuple(x)


def _seeds_as_tuple(x: Any, count: int) -> tuple[Any, ...]:
    """Seeds for `count` outputs; a single one that is not in a sequence is for the first of them.

    Raises:
        RuntimeError: there are not as many as outputs.
    """
    given = (None,) * count if x is None else _as_tuple(x)
    if len(given) < count and not isinstance(x, TensorBase):
        raise RuntimeError(f"got {count} tensors and {len(given)} gradients")
    return given


def _edge(x: Any) -> Any:
    """The node of a tensor or of a `GradientEdge`."""
    return x._node if isinstance(x, TensorBase) else x.internal_node


def _ones(t: Any) -> Any:
    if special.dispatcher is not None:
        return tensor_names["ones_like"](t)
    seed = object.__new__(namespace["Tensor"])
    dtype = seed._dtype = t._dtype
    shape = seed._shape = t._shape
    seed._data = dtype.one.copy() if dtype.plain and not shape else np.ones(shape, dtype.numpy)
    seed._node = None
    seed._versions = UNTOUCHED
    seed._view = None
    return seed


def make_seeds(outputs: tuple[Any, ...], seeds: tuple[Any, ...], batched: bool = False) -> list[Any]:
    """The gradients of the outputs: those given, checked, or ones for scalars.

    Raises:
        RuntimeError: a seed has another shape or kind of dtype than its output, or is missing for a non-scalar.
        TypeError: a seed is neither a tensor nor None.
    """
    made = []
    for i, (t, seed) in enumerate(zip(outputs, seeds, strict=False)):
        if not (isinstance(t, TensorBase) or hasattr(t, "internal_node")):
            raise AssertionError("Expected output to be a torch.Tensor")
        if seed is None:
            if isinstance(t, TensorBase):
                needs = t._node is not None and (t._shape or not t._dtype.plain)
                made.append(_implicit(t) if needs else _ones(t))
            else:
                made.append(_implicit(_like(t)))
            continue
        if not isinstance(seed, TensorBase):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(seed).__name__}")
        if not isinstance(t, TensorBase):
            t = _like(t)
        if t is not None:
            if batched and not seed._shape:
                raise IndexError(
                    "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to "
                    "convert a 0-dim tensor to a number"
                )
            shape = seed._shape[1:] if batched else seed._shape
            if shape != t._shape:
                raise RuntimeError(_mismatch(i, shape[1:] if batched else shape, t._shape, batched))
            if t._dtype.is_complex != seed._dtype.is_complex:
                raise RuntimeError(
                    "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in "
                    f"dtype: grad_output[{i}] has a dtype of {seed._dtype} and output[{i}] has a dtype of {t._dtype}."
                )
            if t._dtype is not seed._dtype:
                seed = tensor_names["to_dtype"](seed, t._dtype)
        made.append(seed)
    return made


def _like(edge: Any) -> Any:
    """An empty tensor of the shape and dtype that the output of a gradient edge had, or None if they are not known."""
    known = output_metadata(edge.node, edge.output_nr)
    return None if known is None else wrap(np.empty(known.shape, known.dtype.numpy))


def _implicit(t: Any) -> Any:
    if t is None or t._data.size != 1:
        raise RuntimeError("grad can be implicitly created only for scalar outputs")
    if not t._dtype.is_floating_point:
        raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {t._dtype}")
    return _ones(t)


def _mismatch(i: int, seed: Any, output: Any, batched: bool) -> str:
    shapes = f"grad_output[{i}] has a shape of {Size(seed)} and output[{i}] has a shape of {Size(output)}."
    if not batched:
        return f"Mismatch in shape: {shapes}"
    return (
        "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. The "
        "sizes of the remaining dimensions are expected to match the shape of corresponding output, but a mismatch was "
        f"detected: {shapes} If you only want some tensors in `grad_output` to be considered batched, consider using "
        "vmap."
    )


def _make_grads(outputs: Any, grads: Any, is_grads_batched: bool) -> tuple[Any, ...]:
    """PyTorch's inner name of `make_seeds`."""
    return tuple(make_seeds(tuple(outputs), tuple(grads), is_grads_batched))


def _calculate_shape(output: Any, grad: Any, is_grads_batched: bool) -> tuple[Any, Any]:
    """The shapes of an output and of its gradient, without the batch dimension, that have to agree."""
    of = output if isinstance(output, TensorBase) else _like(output)
    return Size(of._shape), Size(grad._shape[1:] if is_grads_batched else grad._shape)


def _engine_run_backward(
    t_outputs: Any,
    grad_tensors: Any,
    keep_graph: bool,
    create_graph: bool,
    inputs: Any,
    allow_unreachable: bool = False,
    accumulate_grad: bool = False,
) -> tuple[Any, ...]:
    """Runs the engine on checked arguments, as PyTorch's inner function of this name.

    Args:
        t_outputs, grad_tensors: the roots and their gradients.
        keep_graph, create_graph: as ``retain_graph`` and ``create_graph`` of `backward`.
        inputs: what is asked for; empty for all leaves.
        allow_unreachable: whether an input may be unused.
        accumulate_grad: whether gradients go into ``.grad``.
    """
    nodes = [_edge(t) for t in inputs] or None
    roots = _roots(tuple(t_outputs), list(grad_tensors))
    found = engine.run(roots, keep_graph, create_graph, nodes, accumulate_grad)
    return () if accumulate_grad or nodes is None else _answers(inputs, found, allow_unreachable, False, create_graph)


def _roots(outputs: tuple[Any, ...], seeds: list[Any]) -> list[tuple[Any, Any]]:
    if len(outputs) != len(seeds):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(seeds)} gradients")
    roots = []
    for i, (t, seed) in enumerate(zip(outputs, seeds, strict=True)):
        node = _edge(t)
        if node is None:
            raise RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn")
        if isinstance(t, TensorBase) and seed._dtype is not t._dtype:
            seed = wrap(seed._data.astype(t._data.dtype)) if seed._node is None else seed.to(t._dtype)
        roots.append((node, seed))
    return roots


def _warn_create_graph(create_graph: bool) -> None:
    if create_graph:
        warn_once(
            "Using backward() with create_graph=True will create a reference cycle between the parameter and its "
            "gradient which can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid "
            "this. If you have to use this function, make sure to reset the .grad fields of your parameters to None "
            "after use to break the cycle and avoid the leak."
        )


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Computes the gradients of `tensors` with respect to the leaves and adds them to the leaves' ``.grad``.

    Args:
        tensors: a tensor, a gradient edge, or a sequence of them.
        grad_tensors: their gradients, of the same shapes; None stands for 1 at scalars.
        retain_graph: whether to keep what the graph saved, for another backward; by default as `create_graph`.
        create_graph: whether to record the derivatives themselves, for higher orders.
        grad_variables: old name of `grad_tensors`.
        inputs: tensors to which gradients are limited; nothing off their paths runs.

    Raises:
        RuntimeError: a tensor does not require a gradient, a seed does not fit, or the graph was freed.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.backward.html
    """
    if grad_variables is not None:
        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2)
        if grad_tensors is None:
            grad_tensors = grad_variables
        else:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only "
                "use `grad_tensors`."
            )
    outputs = _as_tuple(tensors)
    wanted = None
    if inputs is not None:
        wanted = _as_tuple(inputs)
        if not wanted:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
        _check_inputs(wanted)
    given = _seeds_as_tuple(grad_tensors, len(outputs))
    _warn_create_graph(create_graph)
    roots = _roots(outputs, make_seeds(outputs, given))
    if not roots:
        return
    nodes = None
    if wanted is not None:
        nodes = []
        for t in wanted:
            node = _edge(t)
            if node is None:
                raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
            if isinstance(t, TensorBase):
                t.retain_grad()  # type: ignore[attr-defined]
            nodes.append(node)
    engine.run(roots, create_graph if retain_graph is None else retain_graph, create_graph, nodes, True)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of `outputs` with respect to `inputs`, returned and not accumulated.

    Args:
        outputs: a tensor, a gradient edge, or a sequence of them.
        inputs: what to differentiate with respect to, likewise.
        grad_outputs: gradients of the outputs; None stands for 1 at scalars.
        retain_graph: whether to keep what the graph saved; by default as `create_graph`.
        create_graph: whether to record the derivatives themselves.
        only_inputs: ignored, as in PyTorch.
        allow_unused: whether an input may be unused, and its gradient None; by default as `materialize_grads`.
        is_grads_batched: whether `grad_outputs` have a leading batch dimension, for several backwards in one.
        materialize_grads: whether the gradient of an unused input is zeros instead of None.

    Raises:
        RuntimeError: an input does not require a gradient or is unused, a seed does not fit, or the graph was freed.
        ValueError: `allow_unused` and `materialize_grads` contradict each other.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    if allow_unused is None:
        allow_unused = materialize_grads
    of = (outputs,) if isinstance(outputs, TensorBase) else _as_tuple(outputs)
    wanted = (inputs,) if isinstance(inputs, TensorBase) else _as_tuple(inputs)
    keep = create_graph if retain_graph is None else retain_graph
    if grad_outputs is None and len(of) == 1 and only_inputs and not is_grads_batched:
        try:
            output = of[0]
            root = output._node
            nodes = [t._node for t in wanted]
        except AttributeError:  # a gradient edge, or an argument that is none
            root = None
        if root is not None and not output._shape and output._dtype.plain and nodes and all(nodes):
            # The ordinary case: a real scalar with respect to tensors.
            seed = _ones(output)
            results = engine.run_to_leaves(root, seed, nodes, keep, create_graph)
            if results is None:
                results = engine.run([(root, seed)], keep, create_graph, nodes, False)
            if len(results) == 1 and results[0] is not None:
                return (results[0],)
            return _answers(wanted, results, allow_unused, materialize_grads, create_graph)
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for "
            "other parts of the graph, please use torch.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    if not wanted:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    _check_inputs(wanted)
    given = _seeds_as_tuple(grad_outputs, len(of))
    if is_grads_batched:
        return _grad_batched(
            of, wanted, make_seeds(of, given, True), keep, create_graph, allow_unused, materialize_grads
        )
    seeds = make_seeds(of, given)
    roots = _roots(of, seeds)
    for t in wanted:
        if _edge(t) is None:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    if not roots:
        return _answers(wanted, [None] * len(wanted), allow_unused, materialize_grads, create_graph)
    results = engine.run(roots, keep, create_graph, [_edge(t) for t in wanted], False)
    return _answers(wanted, results, allow_unused, materialize_grads, create_graph)


def _zeros(t: Any, requires_grad: bool) -> Any:
    zeros = wrap(np.zeros_like(t._data)) if special.dispatcher is None else tensor_names["zeros_like"](t)
    zeros.requires_grad = requires_grad
    return zeros


def _check_inputs(wanted: tuple[Any, ...]) -> None:
    for t in wanted:
        if not (isinstance(t, TensorBase) or hasattr(t, "internal_node")):
            raise RuntimeError(f"all inputs have to be Tensors or GradientEdges, but got {type(t).__name__}")


def _answers(
    wanted: tuple[Any, ...], results: list[Any], allow_unused: bool, materialize_grads: bool, create_graph: bool
) -> tuple[Any, ...]:
    if any([g is None for g in results]):
        if not allow_unused:
            raise RuntimeError(
                f"The differentiated Tensor at index {[g is None for g in results].index(True)} appears to not have "
                "been used in the graph. Set allow_unused=True if this is the desired behavior."
            )
        if materialize_grads:
            if any(g is None and not isinstance(t, TensorBase) for t, g in zip(wanted, results, strict=True)):
                raise RuntimeError("materialize_grads cannot be used when the given input is a GradientEdge")
            results = [_zeros(t, create_graph) if g is None else g for t, g in zip(wanted, results, strict=True)]
    return tuple(results)


def _grad_batched(
    of: Any, wanted: Any, seeds: list[Any], keep: bool, create_graph: bool, allow_unused: bool, materialize: bool
) -> tuple[Any, ...]:
    """One backward for each entry of the seeds' leading dimension, the results stacked.

    Raises:
        ValueError: the seeds have no such dimension, or of several lengths.
    """
    if any(not s._shape for s in seeds):
        raise ValueError(
            "vmap(vjp, in_dims=0, ...)(<inputs>): Got in_dim=0 for some input, but that input is a Tensor of "
            "dimensionality 0 so expected in_dim to satisfy 0 <= in_dim < 0."
        )
    sizes = {len(s) for s in seeds}
    if len(sizes) != 1:
        raise ValueError("vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
                           f"{[len(s) for s in seeds]} for the mapped dimension")  # fmt: skip
    count = sizes.pop()
    columns = [
        grad(
            of,
            wanted,
            [s[i] for s in seeds],
            keep or i + 1 < count,
            create_graph,
            True,
            allow_unused,
            False,
            materialize,
        )
        for i in range(count)
    ]
    return tuple([None if c[0] is None else tensor_names["stack"](list(c)) for c in zip(*columns, strict=True)])
