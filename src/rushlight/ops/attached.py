"""Derivatives that are constant where they exist, such as those of relu: their own derivative is zero, not absent.

Under ``create_graph=True`` the first derivative must still lead back to the input, so that a second one finds it and is
zeros, as in PyTorch. `attached` makes that connection; in the ordinary backward pass it is not needed.
"""

from .declare import Array, operation


@operation(name="attached", node="AttachedBackward0", function=False, method=False, out=False,
           value="grad", to="zeros_like(to)", tangent="value_t")  # fmt: skip
def attached(value: Array, to: Array) -> Array:
    """`value` itself, as a function of `to` as well, whose derivative with respect to that is zero."""
    return value
