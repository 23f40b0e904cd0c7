"""Filling, selecting and scattering where masks are true, and the gradients, on NumPy arrays."""

from typing import Any

import numpy as np

Array = np.ndarray


def masked_fill(a: Array, mask: Array, value: Any) -> Array:
    """A copy of `a`, broadcast against the mask, with one value where the mask is true."""
    if a.shape == mask.shape:
        found = np.array(a, order="C")
        np.putmask(found, mask, value)
        return found
    shape = np.broadcast_shapes(a.shape, mask.shape)
    found = np.empty(shape, a.dtype)
    np.copyto(found, a)
    np.copyto(found, value, "unsafe", where=mask)
    return found


def masked_select(a: Array, mask: Array) -> Array:
    """The elements where the mask is true; array and mask broadcast."""
    if a.shape != mask.shape:
        a, mask = np.broadcast_arrays(a, mask)
    return a[mask] if a.ndim else a.reshape(1)[mask.reshape(1)]


def masked_select_backward(grad: Array, shape: Any, mask: Array) -> Array:
    """The gradient of `masked_select`: what was selected in its place, summed over broadcast dimensions."""
    wide = np.broadcast_shapes(shape, mask.shape)
    whole = np.zeros(wide, grad.dtype)
    whole[np.broadcast_to(mask, wide)] = grad if wide else grad.reshape(-1)[:1]
    lead = len(wide) - len(shape)
    axes = tuple(range(lead)) + tuple(lead + i for i, n in enumerate(shape) if n == 1 and wide[lead + i] != 1)
    return whole.sum(axes, keepdims=True).reshape(shape) if axes else whole


def masked_scatter(a: Array, mask: Array, source: Array) -> Array:
    """A copy of `a`, broadcast against the mask, with values in order where the mask is true.

    Raises:
        RuntimeError: there are not enough values.
    """
    shape = np.broadcast_shapes(a.shape, mask.shape)
    found = np.array(np.broadcast_to(a, shape), order="C")
    wide = np.broadcast_to(mask, shape)
    count = int(np.count_nonzero(wide))
    if source.size < count:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    found[wide] = source.reshape(-1)[:count]
    return found


def masked_scatter_backward(grad: Array, mask: Array, shape: Any) -> Array:
    """The gradient of the values of `masked_scatter`; zero for those not used."""
    found = np.zeros(shape, grad.dtype)
    values = grad[np.broadcast_to(mask, grad.shape)]
    found.reshape(-1)[: values.size] = values
    return found
