"""What ``rushlight warmup`` compiles beyond the kernels declared by name: loops made from formulas.

Those come into being when an operation first meets a large tensor. So the usual operations meet one here, once, while
NumPy computes.
"""

from typing import Any

from .kernels import dispatch, pointwise

# What is done to tensors `x`, `y`, to one row `r` and to one element for each row `c`.
_USUAL: tuple[Any, ...] = (
    lambda x, y, r, c: x + y, lambda x, y, r, c: x - y, lambda x, y, r, c: x * y, lambda x, y, r, c: x / y,
    lambda x, y, r, c: x + r, lambda x, y, r, c: x * r, lambda x, y, r, c: x - c, lambda x, y, r, c: x * c,
    lambda x, y, r, c: x + 2.0, lambda x, y, r, c: 2.0 - x, lambda x, y, r, c: x * 2.0, lambda x, y, r, c: x / 2.0,
    lambda x, y, r, c: -x, lambda x, y, r, c: x**2, lambda x, y, r, c: x.abs(), lambda x, y, r, c: x.sqrt(),
    lambda x, y, r, c: x.exp(), lambda x, y, r, c: x.log(), lambda x, y, r, c: x.tanh(), lambda x, y, r, c: x.sigmoid(),
    lambda x, y, r, c: x.relu(), lambda x, y, r, c: (x * 1.0).relu_(), lambda x, y, r, c: (x * 1.0).add_(y),
    lambda x, y, r, c: x.sum() + x.mean(), lambda x, y, r, c: x.sum(0), lambda x, y, r, c: x.mean(1),
)  # fmt: skip
_ACTIVATIONS = ("gelu", "silu", "leaky_relu", "elu", "softplus", "hardtanh")


def rehearse(dtype: Any) -> None:
    """Has the usual operations and optimisers declare the kernels that they use for large tensors of a type."""
    from . import nn, optim, rand

    dispatch.workshop.closed = True
    try:
        rows, columns = 64, 2 * pointwise.LARGE // 64
        x, y = (rand(rows, columns, dtype=dtype).add_(0.5).requires_grad_() for _ in range(2))
        r, c = (rand(*shape, dtype=dtype).requires_grad_() for shape in ((columns,), (rows, 1)))
        results = [usual(x, y, r, c) for usual in _USUAL]
        results += [getattr(nn.functional, name)(x) for name in _ACTIVATIONS]
        for result in results:
            result.backward(rand(result.shape, dtype=dtype))
        for made in (
            optim.SGD([x], 0.0), optim.SGD([x], 0.0, momentum=0.9), optim.SGD([x], 0.0, momentum=0.9, weight_decay=0.1),
            optim.Adam([x]), optim.AdamW([x]),
        ):  # fmt: skip
            made.step()
    finally:
        dispatch.workshop.closed = False
