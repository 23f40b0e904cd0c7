"""Batches by looping: a function of single entries, called for each entry of a batch, its results stacked."""

import functools
from collections.abc import Callable
from typing import Any

from .base import TensorBase, tensor_names

Dims = Any


def _vmap(
    func: Callable[..., Any], in_dims: Dims = 0, out_dims: Dims = 0, allow_none_pass_through: bool = False
) -> Callable[..., Any]:
    """A function of batches, from one of single entries.

    Args:
        func: takes tensors, returns a tensor or a tuple of them.
        in_dims: the dimension of the batch in each argument, or None where an argument is the same for all entries;
            one for all arguments, or a tuple with one for each.
        out_dims: the dimension of the batch in each result.
        allow_none_pass_through: whether results may be None.

    Returns:
        The function, which calls `func` once for each entry.
    """

    @functools.wraps(func)
    def batched(*args: Any) -> Any:
        dims = in_dims if isinstance(in_dims, tuple) else (in_dims,) * len(args)
        if len(dims) != len(args):
            raise ValueError(
                f"vmap({_name(func)}, in_dims={in_dims}, ...)(<inputs>): in_dims is not compatible with the structure "
                f"of inputs. in_dims has structure {len(dims)} but inputs has structure {len(args)}."
            )
        sizes = {a.shape[d] for a, d in zip(args, dims, strict=True) if d is not None and isinstance(a, TensorBase)}  # type: ignore[attr-defined]
        if not sizes:
            raise ValueError(
                f"vmap({_name(func)}, in_dims={in_dims}, ...)(<inputs>): at least one Tensor must be given to vmap."
            )
        if len(sizes) > 1:
            raise ValueError(
                f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sorted(sizes)} "
                "for the mapped dimension"
            )
        rows = [
            func(*[a if d is None else a.select(d, i) for a, d in zip(args, dims, strict=True)])
            for i in range(sizes.pop())
        ]
        if not isinstance(rows[0], tuple):
            return _joined(rows, out_dims[0] if isinstance(out_dims, tuple) else out_dims, allow_none_pass_through)
        outs = out_dims if isinstance(out_dims, tuple) else (out_dims,) * len(rows[0])
        columns = zip(*rows, strict=True)
        return tuple([_joined(c, d, allow_none_pass_through) for c, d in zip(columns, outs, strict=True)])

    return batched


def _joined(entries: Any, dim: int, allow_none: bool) -> Any:
    if entries[0] is None and allow_none:
        return None
    if not isinstance(entries[0], TensorBase):
        raise ValueError(
            f"vmap(...): `func` must only return Tensors, got type {type(entries[0])}. Did you mean to set "
            "out_dims= to None for output?"
        )
    return tensor_names["stack"](list(entries), dim)


def _name(func: Callable[..., Any]) -> str:
    return getattr(func, "__name__", repr(func))


vmap = _vmap
