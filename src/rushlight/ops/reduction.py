"""Reductions."""
from typing import Any
import numpy as np
from .declare import Array, operation, composite

@operation(name="_sum", node="SumBackward0", aten="sum", function=False, method=False, input="spread(grad, shape(input))", tangent="linear")
def _sum(input: Array) -> Array:
    """The sum of all elements."""
    return np.add.reduce(input, None)

@composite()
def sum(input: Any) -> Any:
    return _sum(input)
