"""Operations of ours that PyTorch has in parts, which handlers see."""

import math
from typing import Any

from ..base import tensor_names
from . import elementwise_general as general


def _sum_to_size(input: Any, size: Any) -> Any:
    size = tuple(size)
    lead = input.dim() - len(size)
    dims = [*range(lead), *(lead + i for i, n in enumerate(size) if n == 1 and input.shape[lead + i] != 1)]
    found = input.sum(dims, keepdim=True) if dims else input
    return found.view(size) if lead else found


def _linear_bias(bias: Any, input: Any, weight: Any) -> Any:
    return tensor_names["addmm"](bias, input, weight.t())


# What some operations are made of; PyTorch has them in these parts.
DECOMPOSITIONS: dict[str, Any] = {
    "_sum_to_size": _sum_to_size,
    "_linear": lambda input, weight: input.mm(weight.t()),
    "_linear_bias": _linear_bias,
    "_times_number": lambda input, number: input * number,
    "_by_number": lambda input, number: input / number,
    "_scaled_power": lambda gradient, input, exponent, factor: gradient * (input**exponent * factor),
    "_times_own_log": lambda input: tensor_names["xlogy"](input, input),
    "_cumsum_reversed": lambda input, dim: input.flip(dim).cumsum(dim).flip(dim),
    "_matmul_plain": lambda input, other: _matmul_plain(input, other),
    "_max_pool2d_alone": lambda *args: tensor_names["_max_pool2d"](*args)[0],
}


def _batch_norm_saves(given: dict[str, Any]) -> tuple[Any, Any]:
    if given["training"]:
        return None, None
    return given["running_mean"].detach().clone(), (given["running_var"].detach() + given["eps"]).rsqrt()


# What some derivatives on Tensors need of operations whose inputs have no elements of their own.
SAVED_OF_TENSORS = {"_native_batch_norm": _batch_norm_saves}


def _matmul_plain(input: Any, other: Any) -> Any:
    batch = general.broadcast_shapes(input._shape[:-2], other._shape[:-2])
    count = math.prod(batch)
    if other.dim() == 2:
        rows = input.reshape(count * input._shape[-2], input._shape[-1])
        return tensor_names["_unsafe_view"](rows.mm(other), (*input._shape[:-1], other._shape[-1]))
    a = input.expand(*batch, *input._shape[-2:]).reshape(count, *input._shape[-2:])
    b = other.expand(*batch, *other._shape[-2:]).reshape(count, *other._shape[-2:])
    found = tensor_names["bmm"](a, b)
    return tensor_names["_unsafe_view"](found, (*batch, *found._shape[-2:]))
