"""What the tests of elementwise operations share: points, dtypes, and derivatives of both orders."""

import numpy as np
from beside import described

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64",
          "complex64", "complex128"]  # fmt: skip
DIFFERENTIABLE = ["float32", "float64", "complex128"]

ORDINARY = [0.3, -0.7, 1.9, -2.4, 0.01, 5.25]
KINKS = [0.0, -0.0, 1.0, -1.0, 0.5, 2.5]
EXTREME = [float("inf"), float("-inf"), float("nan"), 1e30, -1e-30]
COMPLEX = [0.3 + 0.4j, -0.7 + 0.2j, 1.9 - 1.1j, -2.4 - 0.6j, 0.01 + 3j, 5.25 + 0.1j]


def tensor(m, values, dtype):
    """A tensor of a dtype given by name."""
    return m.tensor(values, dtype=getattr(m, dtype))


def derivatives(m, call, *leaves, second=True):
    """The value, node and derivatives of ``call(*leaves)``, seen as a function of the leaves.

    A derivative that is zero everywhere may come as None or as zeros, by how it was computed: both are zeros here.
    """
    for leaf in leaves:
        leaf.requires_grad_()
    y = call(*leaves)
    out = {"value": described(y)}
    if 1 in y.shape:
        del out["value"]["stride"]  # any number is right for a dimension of one
    if not y.requires_grad:
        return out

    def plain(found):
        # PyTorch's zeros without memory and conjugates not yet computed become plain numbers by a sum.
        return [((m.zeros_like(x) if f is None else f.detach()) + m.zeros((), dtype=x.dtype)).numpy() for f, x in found]

    seed = weights(m, y, 1).requires_grad_()
    first = m.autograd.grad(y, leaves, seed, create_graph=second, allow_unused=True)
    out["first"] = plain(zip(first, leaves, strict=True))
    out["dtypes"] = [None if f is None else str(f.dtype) for f in first]
    if second:
        known = [f for f in first if f is not None and f.requires_grad]
        if known:
            again = m.autograd.grad(known, [*leaves, seed], [weights(m, f, 2) for f in known], allow_unused=True)
            out["second"] = plain(zip(again, [*leaves, seed], strict=True))
    return out


def weights(m, like, start):
    """Different numbers, none of them zero, in the shape and dtype of a tensor."""
    count = like.numel()
    values = np.linspace(start, start + 1, count) if count else np.zeros(0)
    if like.is_complex():
        values = values - 0.5j * values[::-1]
    return m.from_numpy(values.reshape(tuple(like.shape))).to(like.dtype)
