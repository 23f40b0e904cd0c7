"""Comparing an operation with PyTorch's: values, nodes, first and second derivatives."""

import numpy as np
from beside import check


def numbers(shape, seed, kind="normal"):
    """Random numbers of a kind: "normal", "unit" (between 0 and 1) or "positive"."""
    rng = np.random.default_rng(seed)
    if kind == "unit":
        return rng.uniform(0.05, 0.95, shape)
    values = rng.standard_normal(shape)
    return np.abs(values) + 0.1 if kind == "positive" else values


def plain(m, t):
    """A gradient's numbers; its layout is PyTorch's own affair, and so is a zero that has no memory."""
    return (t.detach() + m.zeros((), dtype=t.dtype)).numpy()


def check_derivatives(call, tensors, second=True, rtol=1e-7, atol=1e-9):
    """Asserts that ``call(F, torch, **tensors)`` is as PyTorch's, with its derivatives by every floating-point tensor.

    Args:
        call: makes one tensor, or a tuple of which the first is differentiated.
        tensors: arrays by name.
        second: whether second derivatives are compared.
        rtol: how much numbers may differ.
        atol: likewise.
    """

    def scenario(m):
        given = {name: m.from_numpy(np.array(a)) for name, a in tensors.items()}
        leaves = [t.requires_grad_() for t in given.values() if t.is_floating_point()]
        results = call(m.nn.functional, m, **given)
        y = results[0] if isinstance(results, tuple) else results
        g = m.from_numpy(numbers(tuple(y.shape), 99)).to(y.dtype).requires_grad_()
        first = m.autograd.grad(y, leaves, g, create_graph=second, allow_unused=True)
        out = {"results": results}
        if second:
            total = sum((f * m.from_numpy(numbers(tuple(f.shape), i)).to(f.dtype)).sum()
                        for i, f in enumerate(first) if f is not None)  # fmt: skip
            again = m.autograd.grad(total, [*leaves, g], allow_unused=True)
            # Whether a derivative that vanishes everywhere comes as None or as zeros depends on how it was computed.
            out["second"] = [
                plain(m, m.zeros_like(leaf) if a is None else a) for a, leaf in zip(again, [*leaves, g], strict=True)
            ]
        out["first"] = [None if f is None else plain(m, f) for f in first]
        return out

    check(scenario, rtol=rtol, atol=atol)
