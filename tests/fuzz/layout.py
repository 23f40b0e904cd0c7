"""How results lie in memory, and where PyTorch's lie otherwise because their operands lie in several ways."""

import re

import numpy as np
import torch

import rushlight
from rushlight.kernels.layout import memory_order

from .families import finite

ORDERS = "results of operands in two orders of memory lie as NumPy chooses"
ALONG_ONE = "how operands step along dimensions of size 1, which NumPy chooses, decides how a product of them lies"
ASKED = "gradients that were asked for lie row by row or as their tensor"


NOWHERE = "where there is no memory, no part lies elsewhere in it"


def of_nothing(operands):
    """Whether tensors, by name, have no elements."""
    return bool(operands) and not any(t.numel() for t in operands.values() if isinstance(t, torch.Tensor))


def strides(t):
    """The strides that count: those of dimensions along which there is something to step to."""
    return [s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1] if t.numel() else []


def lies_as_operands(line, values, name):
    """Whether one of PyTorch's results lies as its rules want it for operands that do not lie in one way.

    Args:
        line: the call, of which several operands or an expanded one are needed.
        values: PyTorch's tensors by name.
        name: the result's name.
    """
    if not isinstance(values[name], torch.Tensor):
        return False
    operands = [values[n] for n in re.findall(r"\bv\d+\b", line.partition(" = ")[2])]
    # other - input; what the target stands before
    if re.search("rsub|kl_div|hinge_embedding_loss|margin_ranking_loss", line):
        operands.reverse()
    if len(operands) == 1 and dense(operands[0]):
        return False
    return strides(values[name]) == _expected(values[name].shape, operands)


def stepping_as(t, ours):
    """One of PyTorch's tensors with the steps that NumPy takes in ours along dimensions of size 1, which none shows."""
    if not isinstance(t, torch.Tensor) or getattr(ours, "_data", None) is None or not t.numel():
        return t
    steps = [s if n > 1 else there // ours._data.itemsize
             for s, n, there in zip(t.stride(), t.shape, ours._data.strides, strict=True)]  # fmt: skip
    return t.detach().as_strided(t.shape, steps)


def writes_twice(a):
    """Whether several indices of an array mean one element."""
    places = np.arange(a.size).reshape(a.shape) * 0
    for axis, (n, stride) in enumerate(zip(a.shape, a.strides, strict=True)):
        places = places + (np.arange(n) * stride).reshape([-1 if d == axis else 1 for d in range(a.ndim)])
    return len(np.unique(places)) < a.size


def steps_along_one(run, line, before, ours, name):
    """Whether PyTorch's result lies as ours if its operands step along dimensions of size 1 as ours do.

    Kronecker products of such operands, of which the steps are not known to be PyTorch's, lie row by row.

    Args:
        run: runs a line with a library and its tensors by name.
        line: the call.
        before: PyTorch's tensors by name, before the call.
        ours: our tensors by name, after it.
        name: the result's name.
    """
    if name in before or any(t is None for t in before.values()) or not isinstance(ours[name], rushlight.Tensor):
        return False
    stepping = {n: stepping_as(t, ours.get(n)) for n, t in before.items()}
    prepared, parts = line, dict(stepping)
    for n, t in before.items():
        own = {n: t, **ours}
        run(f"p = {finite(n)}", torch, parts)
        run(f"p = {finite(n)}", rushlight, own)
        if isinstance(own.get("p"), rushlight.Tensor) and isinstance(parts.get("p"), torch.Tensor):
            prepared, parts[f"p{n}"] = prepared.replace(finite(n), f"p{n}"), stepping_as(parts["p"], own["p"])
    kind = str(ours[name].dtype).removeprefix("torch.")  # to which operands are converted
    converted = {
        n: stepping_as(t.to(getattr(torch, kind)), ours[n].to(ours[name].dtype)) if isinstance(t, torch.Tensor) else t
        for n, t in before.items()
    }
    for text, values in ((line, dict(before)), (line, stepping), (prepared, parts), (line, converted)):
        run(text, torch, values)
        if name in values and strides(values[name]) == strides(ours[name]):
            return True
    by_rows = strides(ours[name]) == strides(ours[name].contiguous())
    steps = any(1 in t.shape and t.stride() != torch.empty(t.shape).stride() for t in before.values())
    return "torch.kron(" in line and by_rows and steps


def recorded_along_one(run, line, before, ours, name):
    """Whether PyTorch's result has a node of our name if its operands step as ours do; see `steps_along_one`."""
    if any(not isinstance(t, torch.Tensor) or 1 not in t.shape for t in before.values()):
        return False
    for steps in (lambda t, n: t, lambda t, n: stepping_as(t, ours.get(n))):
        values = {n: steps(t, n).detach().requires_grad_(t.requires_grad) for n, t in before.items()}
        run(line, torch, values)
        node = getattr(values.get(name), "grad_fn", None)
        if node is not None and node.name() == getattr(ours[name].grad_fn, "name", str)():
            return True
    return False


def dense(t):
    """Whether a tensor's elements lie side by side, in some order of its dimensions."""
    expected = 1
    for s, n in sorted((s, n) for s, n in zip(t.stride(), t.shape, strict=True) if n != 1):
        if s != expected:
            return False
        expected *= n
    return True


def _expected(shape, operands):
    """The strides that PyTorch's TensorIterator gives a result of a shape, by the strides of its operands."""
    steps = []
    for t in operands:
        lead = len(shape) - t.dim()
        own = [0 if n == 1 and shape[lead + d] != 1 else s for d, (s, n) in enumerate(zip(t.stride(), t.shape))]
        steps.append((*[0] * lead, *own))
    found, step = {}, 1
    for d in reversed(memory_order(tuple(shape), *steps)):
        found[d] = step
        step *= shape[d]
    return [found[d] for d, n in enumerate(shape) if n > 1]
